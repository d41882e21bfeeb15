#include "tests/unit/pci_rig.h"

#include <stdlib.h>
#include <string.h>

#include "hw/pci/root_port.h"

static const struct pcie_layout layout = {
    .ecam = {ECAM, 0x10000000},
    .io = {PIO, 0x10000},
    .memory32 = {MMIO, 0x2eff0000},
    .memory64 = {MMIO64, 0x8000000000},
};

struct pci_rig pci_rig;

/* The machine ------------------------------------------------------------ */

static void set_line(void *opaque, unsigned n, bool level)
{
    (void)opaque;
    pci_rig.lines[n] = level;
}

static uint64_t bell_read(void *device, struct bus_access access)
{
    (void)device;
    (void)access;
    return 0;
}

static void bell_write(void *device, struct bus_access access,
                       uint64_t value)
{
    (void)device;
    ck_assert_uint_eq(access.offset, 0x40);
    pci_rig.bell.count++;
    pci_rig.bell.requester = access.cpu;
    pci_rig.bell.data = (uint32_t)value;
}

static const struct mmio_ops bell_ops = {
    .read = bell_read, .write = bell_write, .min_size = 4, .max_size = 4,
    .messages = true};

void pci_rig_setup(void)
{
    struct irq intx[PCIE_INTX_PINS];

    memset(&pci_rig.bell, 0, sizeof(pci_rig.bell));
    memset(pci_rig.lines, 0, sizeof(pci_rig.lines));
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        intx[i] = (struct irq){set_line, NULL, i};
    }
    pci_rig.bus = bus_new();
    pci_rig.ram = ram_new("ram", 1 << 20, NULL);
    bus_map_ram(pci_rig.bus, RAM, pci_rig.ram);
    bus_map_mmio(pci_rig.bus, DOORBELL, 0x1000, "bell", &bell_ops, NULL);
    pci_rig.dma = (struct dma){.bus = pci_rig.bus};
    pci_rig.host = pcie_create(pci_rig.bus, &pci_rig.dma, &layout, intx);
    pci_rig.root = pcie_find_bus(pci_rig.host, NULL, NULL);
}

void pci_rig_teardown(void)
{
    pcie_free(pci_rig.host);
    bus_free(pci_rig.bus);
    ram_free(pci_rig.ram);
}

/* The device ------------------------------------------------------------- */

static uint64_t toy_read(void *opaque, struct bus_access access)
{
    struct toy *toy = opaque;
    uint64_t value = 0;

    ck_assert(access.size <= 4);
    memcpy(&value, toy->bytes + access.offset, access.size);
    return value;
}

static void toy_write(void *opaque, struct bus_access access, uint64_t value)
{
    struct toy *toy = opaque;

    ck_assert(access.size <= 4 && access.offset + access.size <= 0x4000);
    memcpy(toy->bytes + access.offset, &value, access.size);
}

static const struct mmio_ops toy_bar = {
    .read = toy_read, .write = toy_write, .max_size = 4};

static void toy_reset(struct pci_function *f)
{
    container_of(f, struct toy, pci)->resets++;
}

static void toy_written(struct pci_function *f, unsigned offset,
                        unsigned size)
{
    (void)offset;
    (void)size;
    container_of(f, struct toy, pci)->written++;
}

static void toy_free(struct pci_function *f)
{
    pci_function_destroy(f);
    free(container_of(f, struct toy, pci));
}

static const struct pci_function_ops toy_ops = {
    .reset = toy_reset, .config_written = toy_written, .free = toy_free};

struct toy *pci_rig_new_toy(void)
{
    static const struct pci_ids ids = {0x1234, 0x5678, 0x9abc, 0xdef0,
                                       0x020000, 3};
    struct toy *toy = calloc(1, sizeof(*toy));

    pci_function_init(&toy->pci, "toy", &ids, &toy_ops);
    pci_add_bar(&toy->pci, 0, PCI_BAR_IO, 32, &toy_bar, toy);
    pci_add_msix(&toy->pci, 1, 3);
    pci_add_bar(&toy->pci, 2, 0, 0x1000, &toy_bar, toy);
    pci_add_bar(&toy->pci, 4, PCI_BAR_64 | PCI_BAR_PREFETCH, 0x4000,
                &toy_bar, toy);
    pci_add_msi(&toy->pci, 4);
    pci_use_intx(&toy->pci);
    return toy;
}

struct toy *pci_rig_add_toy(struct pci_bus *on, int devfn)
{
    struct toy *toy = pci_rig_new_toy();

    ck_assert(pci_plug(on, &toy->pci, devfn, NULL));
    return toy;
}

void pci_rig_place_bars(uint64_t c)
{
    wr(c + 0x10, 4, 0x1000);
    wr(c + 0x14, 4, MMIO + 0x10000);
    wr(c + 0x18, 4, MMIO + 0x20000);
    wr(c + 0x20, 4, 0x00000000);
    wr(c + 0x24, 4, 0x80);
    wr(c + 4, 2, 7);
}

struct pci_bus *pci_rig_add_port(const char *id)
{
    struct root_port_config c = {.id = id, .slot = 1};

    ck_assert(root_port_create(pci_rig.root, PCI_ANY_SLOT, &c, NULL));
    struct pci_bus *behind = pcie_find_bus(pci_rig.host, id, NULL);
    ck_assert_ptr_nonnull(behind);
    return behind;
}
