/* hw/pci: configuration space, BARs, interrupts, bridges; no processor. */
#include <check.h>
#include <libfdt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hw/pci/pci.h"
#include "hw/pci/pcie_host.h"
#include "hw/pci/root_port.h"
#include "hw/pci/testdev.h"
#include "softmmu/bus.h"
#include "util/bits.h"

Suite *pci_suite(void);

#define ECAM UINT64_C(0x4010000000)
#define PIO UINT64_C(0x3eff0000)
#define MMIO UINT64_C(0x10000000)
#define MMIO64 UINT64_C(0x8000000000)
#define DOORBELL UINT64_C(0x08020000)
#define RAM UINT64_C(0x40000000)
#define NOWHERE UINT64_C(0xffffffff)

static const struct pcie_layout layout = {
    .ecam = {ECAM, 0x10000000},
    .io = {PIO, 0x10000},
    .memory32 = {MMIO, 0x2eff0000},
    .memory64 = {MMIO64, 0x8000000000},
};

static struct bus *bus;
static struct ram *ram;
static struct dma dma;
static struct pcie_host *host;
static struct pci_bus *root;
static bool lines[PCIE_INTX_PINS];

/* The last message. */
static struct {
    unsigned count, requester;
    uint32_t data;
} bell;

static void set_line(void *opaque, unsigned n, bool level)
{
    (void)opaque;
    lines[n] = level;
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
    bell.count++;
    bell.requester = access.cpu;
    bell.data = (uint32_t)value;
}

static const struct mmio_ops bell_ops = {
    .read = bell_read, .write = bell_write, .min_size = 4, .max_size = 4,
    .messages = true};

/* A device: 4 KiB of memory, 32 bytes of I/O, 64-bit 16 KiB, MSI-X. */
struct toy {
    struct pci_function pci;
    uint8_t bytes[0x4000];
    unsigned resets, written;
};

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

static struct toy *new_toy(void)
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

static struct toy *add_toy(struct pci_bus *on, int devfn)
{
    struct toy *toy = new_toy();

    ck_assert(pci_plug(on, &toy->pci, devfn, NULL));
    return toy;
}

static void setup(void)
{
    struct irq intx[PCIE_INTX_PINS];

    memset(&bell, 0, sizeof(bell));
    memset(lines, 0, sizeof(lines));
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        intx[i] = (struct irq){set_line, NULL, i};
    }
    bus = bus_new();
    ram = ram_new("ram", 1 << 20, NULL);
    bus_map_ram(bus, RAM, ram);
    bus_map_mmio(bus, DOORBELL, 0x1000, "bell", &bell_ops, NULL);
    dma = (struct dma){.bus = bus};
    host = pcie_create(bus, &dma, &layout, intx);
    root = pcie_find_bus(host, NULL, NULL);
}

static void teardown(void)
{
    pcie_free(host);
    bus_free(bus);
    ram_free(ram);
}

/* Accesses -------------------------------------------------------------- */

static uint64_t rd(uint64_t pa, unsigned size)
{
    uint64_t value;

    ck_assert(bus_read(bus, pa, size, 0, &value));
    return value;
}

static void wr(uint64_t pa, unsigned size, uint64_t value)
{
    ck_assert(bus_write(bus, pa, size, 0, value));
}

static uint64_t config(unsigned number, int devfn)
{
    return ECAM + ((uint64_t)number << 20) + ((uint64_t)devfn << 12);
}

/* Of slot 1 on the root bus, unless said otherwise. */
#define C config(0, PCI_DEVFN(1, 0))

static void place_bars(uint64_t c)
{
    wr(c + 0x10, 4, 0x1000);
    wr(c + 0x14, 4, MMIO + 0x10000);
    wr(c + 0x18, 4, MMIO + 0x20000);
    wr(c + 0x20, 4, 0x00000000);
    wr(c + 0x24, 4, 0x80);
    wr(c + 4, 2, 7);
}

static unsigned find_cap(uint64_t c, uint8_t id)
{
    unsigned at = (unsigned)rd(c + 0x34, 1);

    while (at && rd(c + at, 1) != id) {
        at = (unsigned)rd(c + at + 1, 1);
    }
    ck_assert(at);
    return at;
}

/* Configuration space --------------------------------------------------- */

START_TEST(host_bridge)
{
    ck_assert_uint_eq(rd(ECAM, 4), 0x00081b36);
    ck_assert_uint_eq(rd(ECAM, 2), 0x1b36);
    ck_assert_uint_eq(rd(ECAM + 2, 2), 0x0008);
    ck_assert_uint_eq(rd(ECAM + 3, 1), 0x00);
    ck_assert_uint_eq(rd(ECAM, 8), 0x00081b36);
    ck_assert_uint_eq(rd(ECAM + 8, 4), 0x06000000);
    ck_assert_uint_eq(rd(ECAM + 0x2c, 4), 0x11001af4);
    /* No extended space: conventional. */
    ck_assert_uint_eq(rd(ECAM + 0x100, 4), 0xffffffff);
}
END_TEST

START_TEST(nothing_there)
{
    static const unsigned sizes[] = {1, 2, 4, 8};

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint64_t ones = mask64(8 * (int)sizes[i]);
        ck_assert_uint_eq(rd(C, sizes[i]), ones);
        ck_assert_uint_eq(rd(config(255, 255) + 0xff8, sizes[i]), ones);
        wr(C, sizes[i], 0);
        ck_assert_uint_eq(rd(MMIO + 0x100, sizes[i]), ones);
        ck_assert_uint_eq(rd(MMIO64 + 0x100, sizes[i]), ones);
        ck_assert_uint_eq(rd(PIO + 0x100, sizes[i]), ones);
        wr(PIO + 0x100, sizes[i], 1);
        wr(MMIO64 + 0x7ffffffff8, sizes[i], 1);
    }
}
END_TEST

START_TEST(header)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);

    ck_assert_uint_eq(toy->pci.devfn, PCI_DEVFN(1, 0));
    ck_assert_uint_eq(rd(C, 4), 0x56781234);
    ck_assert_uint_eq(rd(C + 8, 4), 0x02000003);
    ck_assert_uint_eq(rd(C + 0x2c, 4), 0xdef09abc);
    ck_assert_uint_eq(rd(C + 0x3d, 1), 1);
    wr(C, 4, 0);
    wr(C + 0x2c, 8, 0);
    ck_assert_uint_eq(rd(C, 4), 0x56781234);
    wr(C + 4, 2, 0xffff);
    ck_assert_uint_eq(rd(C + 4, 2), 0x0507);
    wr(C + 5, 1, 0);
    ck_assert_uint_eq(rd(C + 4, 2), 0x0007);
    wr(C + 0x3c, 1, 0x5a);
    ck_assert_uint_eq(rd(C + 0x3c, 2), 0x015a);
    ck_assert_uint_gt(toy->written, 0);
    pcie_reset(host);
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(C + 4, 4), 0x00100000);
    ck_assert_uint_eq(rd(C + 0x3c, 2), 0x0100);
}
END_TEST

START_TEST(capability_list)
{
    add_toy(root, PCI_ANY_SLOT);
    ck_assert_uint_eq(rd(C + 6, 2) & 0x10, 0x10);
    unsigned msix = find_cap(C, PCI_CAP_MSIX);
    ck_assert_uint_eq(msix, 0x40);
    ck_assert_uint_eq(rd(C + msix + 2, 2), 2); /* three vectors */
    ck_assert_uint_eq(rd(C + msix + 4, 4), 1); /* in BAR 1 */
    ck_assert_uint_eq(rd(C + msix + 8, 4), 0x801);
    unsigned msi = find_cap(C, PCI_CAP_MSI);
    ck_assert_uint_eq(rd(C + msi + 2, 2), 0x184);
}
END_TEST

START_TEST(multifunction)
{
    add_toy(root, PCI_DEVFN(2, 0));
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(2, 0)) + 0x0e, 1), 0);
    add_toy(root, PCI_DEVFN(2, 3));
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(2, 0)) + 0x0e, 1), 0x80);
    pcie_reset(host);
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(2, 0)) + 0x0e, 1), 0x80);
}
END_TEST

START_TEST(addresses)
{
    static const struct {
        const char *text;
        int devfn;
    } rows[] = {
        {"4", PCI_DEVFN(4, 0)},    {"04.0", PCI_DEVFN(4, 0)},
        {"1f.7", PCI_DEVFN(31, 7)}, {"0x1.1", PCI_DEVFN(1, 1)},
        {"20", -2}, {"1.8", -2}, {"1.", -2}, {"x", -2}, {"1.1.1", -2},
        {"", -2}, {"-1", -2}, {NULL, PCI_ANY_SLOT},
    };
    struct error *err = NULL;
    int devfn;

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        bool good = pci_parse_address(rows[i].text, &devfn, &err);
        ck_assert_int_eq(good, rows[i].devfn != -2);
        if (good) {
            ck_assert_int_eq(devfn, rows[i].devfn);
        } else {
            ck_assert_ptr_nonnull(err);
            error_free(err);
            err = NULL;
        }
    }
}
END_TEST

START_TEST(plug_errors)
{
    struct toy *toy = new_toy();
    struct error *err = NULL;

    add_toy(root, PCI_DEVFN(1, 0));
    ck_assert(!pci_plug(root, &toy->pci, PCI_DEVFN(1, 0), &err));
    ck_assert_ptr_nonnull(strstr(err->message, "taken by toy"));
    error_free(err);
    err = NULL;
    for (unsigned i = 2; i < 32; i++) {
        add_toy(root, PCI_ANY_SLOT);
    }
    ck_assert(!pci_plug(root, &toy->pci, PCI_ANY_SLOT, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "no free slot"));
    error_free(err);
    err = NULL;
    ck_assert_ptr_null(pcie_find_bus(host, "rp9", &err));
    error_free(err);
    toy_free(&toy->pci);
}
END_TEST

/* BARs ------------------------------------------------------------------ */

START_TEST(bar_sizing)
{
    add_toy(root, PCI_ANY_SLOT);
    for (unsigned reg = 0x10; reg < 0x28; reg += 4) {
        wr(C + reg, 4, 0xffffffff);
    }
    ck_assert_uint_eq(rd(C + 0x10, 4), 0xffffffe1);
    ck_assert_uint_eq(rd(C + 0x14, 4), 0xfffff000);
    ck_assert_uint_eq(rd(C + 0x18, 4), 0xfffff000);
    ck_assert_uint_eq(rd(C + 0x1c, 4), 0);
    ck_assert_uint_eq(rd(C + 0x20, 4), 0xffffc00c);
    ck_assert_uint_eq(rd(C + 0x24, 4), 0xffffffff);
    wr(C + 0x20, 8, 0);
    ck_assert_uint_eq(rd(C + 0x20, 8), 0xc);
}
END_TEST

START_TEST(bar_decoding)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);

    place_bars(C);
    wr(MMIO + 0x20010, 4, 0x11223344);
    ck_assert_uint_eq(load_le32(toy->bytes + 0x10), 0x11223344);
    ck_assert_uint_eq(rd(PIO + 0x1010, 2), 0x3344);
    ck_assert_uint_eq(rd(MMIO64 + 0x10, 8), 0x11223344);
    wr(MMIO64 + 0x3ff8, 8, UINT64_C(0x0102030405060708));
    ck_assert_uint_eq(rd(MMIO64 + 0x3ff8, 8), UINT64_C(0x0102030405060708));
    /* Across the end of I/O BAR and beyond. */
    ck_assert_uint_eq(rd(PIO + 0x1020, 4), NOWHERE);

    wr(C + 4, 2, 6); /* no I/O */
    ck_assert_uint_eq(rd(PIO + 0x1010, 2), 0xffff);
    ck_assert_uint_eq(rd(MMIO + 0x20010, 1), 0x44);
    wr(C + 4, 2, 5); /* no memory */
    ck_assert_uint_eq(rd(PIO + 0x1010, 2), 0x3344);
    ck_assert_uint_eq(rd(MMIO + 0x20010, 1), 0xff);
    ck_assert_uint_eq(rd(MMIO64 + 0x10, 4), NOWHERE);

    wr(C + 4, 2, 7);
    wr(C + 0x18, 4, MMIO + 0x30000); /* move */
    ck_assert_uint_eq(rd(MMIO + 0x20010, 4), NOWHERE);
    ck_assert_uint_eq(rd(MMIO + 0x30010, 4), 0x11223344);
    wr(C + 0x18, 4, RAM); /* where no window leads */
    ck_assert_uint_eq(rd(MMIO + 0x30010, 4), NOWHERE);
    ck_assert_uint_eq(rd(RAM + 0x10, 4), 0);
    wr(C + 0x24, 4, 0xffffffff);
    wr(C + 0x20, 4, 0xffffffff); /* ends at 2^64 */
}
END_TEST

START_TEST(bars_overlap)
{
    struct toy *first = add_toy(root, PCI_ANY_SLOT);
    struct toy *second = add_toy(root, PCI_ANY_SLOT);
    uint64_t c2 = config(0, PCI_DEVFN(2, 0));

    first->bytes[0] = 1;
    second->bytes[0] = 2;
    place_bars(c2);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 2);
    place_bars(C);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 1);
    wr(C + 4, 2, 0);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 2);
}
END_TEST

/* Interrupts ------------------------------------------------------------ */

START_TEST(intx_swizzle)
{
    struct toy *toys[6];

    for (unsigned i = 1; i < ARRAY_SIZE(toys); i++) {
        toys[i] = add_toy(root, PCI_ANY_SLOT);
        pci_intx_set(&toys[i]->pci, true);
        ck_assert(lines[i % 4]);
    }
    /* Slots 1 and 5 share. */
    pci_intx_set(&toys[1]->pci, false);
    ck_assert(lines[1]);
    ck_assert_uint_eq(rd(C + 6, 2) & 8, 0);
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(5, 0)) + 6, 2) & 8, 8);
    wr(config(0, PCI_DEVFN(5, 0)) + 4, 2, PCI_COMMAND_INTX_DISABLE);
    ck_assert(!lines[1]);
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(5, 0)) + 6, 2) & 8, 8);
    wr(config(0, PCI_DEVFN(5, 0)) + 4, 2, 0);
    ck_assert(lines[1]);
    pcie_reset(host);
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        ck_assert(!lines[i]);
    }
}
END_TEST

static void msix_entry(unsigned vector, uint64_t address, uint32_t data,
                       bool masked)
{
    uint64_t e = MMIO + 0x10000 + 16 * vector;

    wr(e, 8, address);
    wr(e + 8, 4, data);
    wr(e + 12, 4, masked);
}

#define MSIX_CONTROL (C + find_cap(C, PCI_CAP_MSIX) + 2)
#define MSIX_PENDING (MMIO + 0x10800)

START_TEST(msix_sends)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);

    place_bars(C);
    ck_assert_uint_eq(rd(MMIO + 0x1000c, 4), 1); /* masked at reset */
    msix_entry(2, DOORBELL + 0x40, 77, false);
    pci_msix_notify(&toy->pci, 2);
    ck_assert_uint_eq(bell.count, 0); /* disabled */
    wr(MSIX_CONTROL, 2, 0x8000);
    ck_assert(pci_msix_enabled(&toy->pci));
    ck_assert_uint_eq(bell.count, 0);
    pci_msix_notify(&toy->pci, 2);
    ck_assert_uint_eq(bell.count, 1);
    ck_assert_uint_eq(bell.data, 77);
    ck_assert_uint_eq(bell.requester, BUS_DMA_FROM(PCI_DEVFN(1, 0)));
    pci_msix_notify(&toy->pci, 3); /* there is none */
    pci_msix_notify(&toy->pci, 0xffff);
    ck_assert_uint_eq(bell.count, 1);
    wr(C + 4, 2, 3); /* not a master any more */
    pci_msix_notify(&toy->pci, 2);
    ck_assert_uint_eq(bell.count, 1);
}
END_TEST

START_TEST(msix_masks)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);

    place_bars(C);
    msix_entry(0, DOORBELL + 0x40, 50, true);
    msix_entry(1, DOORBELL + 0x40, 51, false);
    wr(MSIX_CONTROL, 2, 0x8000);
    pci_msix_notify(&toy->pci, 0);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(bell.count, 0);
    ck_assert_uint_eq(rd(MSIX_PENDING, 8), 1);
    wr(MMIO + 0x1000c, 4, 0xfffffffe);
    ck_assert_uint_eq(rd(MMIO + 0x1000c, 4), 0);
    ck_assert_uint_eq(bell.count, 1);
    ck_assert_uint_eq(bell.data, 50);
    ck_assert_uint_eq(rd(MSIX_PENDING, 4), 0);

    wr(MSIX_CONTROL, 2, 0xc000); /* mask all */
    pci_msix_notify(&toy->pci, 0);
    pci_msix_notify(&toy->pci, 1);
    ck_assert_uint_eq(bell.count, 1);
    ck_assert_uint_eq(rd(MSIX_PENDING, 4), 3);
    wr(MSIX_PENDING, 4, 0); /* read-only */
    wr(MMIO + 0x10ffc, 4, 1);
    wr(MSIX_CONTROL, 2, 0x8000);
    ck_assert_uint_eq(bell.count, 3);
    ck_assert_uint_eq(rd(MSIX_PENDING, 4), 0);
    pcie_reset(host);
    ck_assert(!pci_msix_enabled(&toy->pci));
}
END_TEST

START_TEST(msix_anywhere)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);

    place_bars(C);
    wr(MSIX_CONTROL, 2, 0x8000);
    msix_entry(0, RAM + 0x123, 0xdeadbeef, false); /* memory, aligned */
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(rd(RAM + 0x120, 4), 0xdeadbeef);
    /* Into itself, configuration space, nowhere. */
    msix_entry(0, MMIO + 0x1000c, 1, false);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(rd(MMIO + 0x1000c, 4), 0);
    msix_entry(0, C + 4, 0, false);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(rd(C + 4, 2), 7);
    msix_entry(0, UINT64_C(0xfffffffffffffffc), 1, false);
    pci_msix_notify(&toy->pci, 0);
}
END_TEST

START_TEST(msi_sends)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);
    uint64_t msi = C + find_cap(C, PCI_CAP_MSI);

    wr(C + 4, 2, 4);
    wr(msi + 4, 8, DOORBELL + 0x40);
    wr(msi + 12, 2, 0x63);
    pci_msi_notify(&toy->pci, 0);
    ck_assert_uint_eq(bell.count, 0);
    wr(msi + 2, 2, 1 | 2 << 4); /* four vectors */
    pci_msi_notify(&toy->pci, 2);
    ck_assert_uint_eq(bell.data, 0x62);
    wr(msi + 16, 4, 0xffffffff);
    ck_assert_uint_eq(rd(msi + 16, 4), 0xf);
    pci_msi_notify(&toy->pci, 1);
    pci_msi_notify(&toy->pci, 9);
    ck_assert_uint_eq(bell.count, 1);
    ck_assert_uint_eq(rd(msi + 20, 4), 2);
    wr(msi + 16, 4, 0);
    ck_assert_uint_eq(bell.count, 2);
    ck_assert_uint_eq(bell.data, 0x61);
    wr(msi + 2, 2, 1 | 7 << 4); /* more than there are */
    pci_msi_notify(&toy->pci, 3);
    ck_assert_uint_eq(bell.data, 0x63);
    wr(msi + 2, 2, 1); /* one: all share it */
    pci_msi_notify(&toy->pci, 3);
    ck_assert_uint_eq(bell.data, 0x63);
}
END_TEST

START_TEST(expansion_rom)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);

    ck_assert_ptr_eq(pci_bus_newest(root), &toy->pci);
    wr(C + 0x30, 4, 0xffffffff);
    ck_assert_uint_eq(rd(C + 0x30, 4), 0); /* there is none */
    pci_add_rom(&toy->pci, "\x55\xaaROM", 5, 4096);
    wr(C + 0x30, 4, 0xffffffff);
    ck_assert_uint_eq(rd(C + 0x30, 4), 0xfffff001);
    place_bars(C);
    wr(C + 0x30, 4, MMIO + 0x30000);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 1), 0xff); /* switched off */
    wr(C + 0x30, 4, MMIO + 0x30001);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 4), 0x4f52aa55);
    wr(MMIO + 0x30000, 4, 0);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 2), 0xaa55);
    ck_assert_uint_eq(rd(MMIO + 0x30ff8, 8), 0);
    wr(C + 4, 2, 0);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 1), 0xff);
    pci_set_multifunction(&toy->pci);
    ck_assert_uint_eq(rd(C + 0x0e, 1), 0x80);
}
END_TEST

/* Bridges --------------------------------------------------------------- */

static struct pci_bus *add_port(const char *id)
{
    struct root_port_config c = {.id = id, .slot = 1};

    ck_assert(root_port_create(root, PCI_ANY_SLOT, &c, NULL));
    struct pci_bus *behind = pcie_find_bus(host, id, NULL);
    ck_assert_ptr_nonnull(behind);
    return behind;
}

START_TEST(port_header)
{
    add_port("rp1");
    ck_assert_uint_eq(rd(C, 4), 0x000c1b36);
    ck_assert_uint_eq(rd(C + 8, 4), 0x06040000);
    ck_assert_uint_eq(rd(C + 0x0e, 1), 1);
    wr(C + 0x1c, 2, 0xffff);
    ck_assert_uint_eq(rd(C + 0x1c, 2), 0xf0f0);
    wr(C + 0x20, 8, UINT64_MAX);
    ck_assert_uint_eq(rd(C + 0x20, 8), UINT64_C(0xfff1fff1fff0fff0));
    ck_assert_uint_eq(rd(C + 0x100, 4) & 0xffff, 1);
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);
    ck_assert_uint_eq(rd(C + exp + 2, 2), 0x142);
    ck_assert_uint_eq(rd(C + exp + 0x1a, 2), 0); /* the slot is empty */
}
END_TEST

START_TEST(port_routes)
{
    struct toy *toy = add_toy(add_port("rp1"), PCI_ANY_SLOT);
    uint64_t c = config(5, 0);

    toy->bytes[0] = 0x42;
    ck_assert_uint_eq(rd(C + find_cap(C, PCI_CAP_EXPRESS) + 0x1a, 2), 0x40);
    ck_assert_uint_eq(rd(c, 4), NOWHERE);
    wr(C + 0x18, 4, 0x050500);
    ck_assert_uint_eq(rd(c, 4), 0x56781234);
    ck_assert_uint_eq(rd(config(6, 0), 4), NOWHERE);
    ck_assert_uint_eq(rd(config(5, 8), 4), NOWHERE);

    place_bars(c);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff); /* no window yet */
    wr(C + 0x20, 4, 0x10001000);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff); /* nor enabled */
    wr(C + 4, 2, 7);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0x42);
    ck_assert_uint_eq(rd(MMIO64, 1), 0xff);
    wr(C + 0x24, 4, 0x00010001);
    wr(C + 0x28, 8, UINT64_C(0x0000008000000080));
    ck_assert_uint_eq(rd(MMIO64, 1), 0x42);
    ck_assert_uint_eq(rd(PIO + 0x1000, 1), 0xff);
    wr(C + 0x1c, 2, 0x1010);
    ck_assert_uint_eq(rd(PIO + 0x1000, 1), 0x42);
    wr(C + 0x20, 4, 0x10001010); /* base above limit: closed */
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff);

    /* Interrupts: slot 0 behind slot 1; requester of bus 5. */
    pci_intx_set(&toy->pci, true);
    ck_assert(lines[1]);
    wr(C + 0x20, 4, 0x10001000);
    msix_entry(0, DOORBELL + 0x40, 7, false);
    wr(c + find_cap(c, PCI_CAP_MSIX) + 2, 2, 0x8000);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(bell.requester, BUS_DMA_FROM(0x500));

    wr(C + 0x3e, 2, 0x40); /* reset of the secondary bus */
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(c + 4, 2), 0);
    ck_assert(!lines[1]);
}
END_TEST

/* Commands of a hot-plug driver: each completes, with an interrupt; without
 * power the device is reset and gone. */
START_TEST(port_slot)
{
    struct toy *toy = add_toy(add_port("rp1"), PCI_ANY_SLOT);
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);
    uint64_t control = C + exp + 0x18, status = C + exp + 0x1a;

    ck_assert_uint_eq(rd(C + exp + 0x14, 4), 0x000a007b);
    ck_assert_uint_eq(rd(control, 2), 0x01c0);
    ck_assert_uint_eq(rd(status, 2), 0x0040);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2), 0x2011);
    wr(C + 0x18, 4, 0x010100);
    ck_assert_uint_eq(rd(config(1, 0), 4), 0x56781234);

    wr(control, 2, 0x01f0); /* interrupt when completed */
    ck_assert_uint_eq(rd(status, 2), 0x0050);
    ck_assert(lines[1]);
    wr(status, 2, 0x0010);
    ck_assert_uint_eq(rd(status, 2), 0x0040);
    ck_assert(!lines[1]);
    wr(control, 2, 0x09f0); /* the lock toggles */
    ck_assert_uint_eq(rd(control, 2), 0x01f0);
    ck_assert_uint_eq(rd(status, 2), 0x00d0);

    wr(control, 2, 0x07f0); /* off */
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(config(1, 0), 4), NOWHERE);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2) & 0x2000, 0);
    wr(control, 2, 0x01f0);
    ck_assert_uint_eq(rd(config(1, 0), 4), 0x56781234);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2), 0x2011);
    wr(control, 2, 0x07f0);
    pcie_reset(host);
    ck_assert_uint_eq(rd(control, 2), 0x01c0);
    wr(C + 0x18, 4, 0x010100);
    ck_assert_uint_eq(rd(config(1, 0), 4), 0x56781234);
}
END_TEST

START_TEST(port_slot_empty)
{
    add_port("rp1");
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);

    ck_assert_uint_eq(rd(C + exp + 0x18, 2), 0x07c0);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2) & 0x2000, 0);
    wr(C + exp + 0x18, 2, 0x00f0);
    ck_assert_uint_eq(rd(C + exp + 0x1a, 2), 0x0010);
}
END_TEST

START_TEST(port_errors)
{
    struct pci_bus *behind = add_port("rp1");
    struct root_port_config c = {.id = "rp2"};
    struct toy *toy = new_toy();
    struct error *err = NULL;

    ck_assert(!root_port_create(behind, PCI_ANY_SLOT, &c, &err));
    error_free(err);
    err = NULL;
    ck_assert(!pci_plug(behind, &toy->pci, PCI_DEVFN(1, 0), &err));
    error_free(err);
    ck_assert(pci_plug(behind, &toy->pci, PCI_ANY_SLOT, NULL));
}
END_TEST

START_TEST(function_level_reset)
{
    struct toy *toy = new_toy();

    pcie_add_express(&toy->pci, PCIE_TYPE_ENDPOINT);
    pci_add_power_management(&toy->pci);
    ck_assert(pci_plug(root, &toy->pci, PCI_ANY_SLOT, NULL));
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);
    place_bars(C);
    ck_assert_uint_eq(rd(C + 0x100, 4), 0);
    ck_assert_uint_eq(rd(C + exp + 4, 4) >> 28, 1);
    wr(C + exp + 9, 1, 0x80);
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(C + 4, 2), 0);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff);

    /* So does waking from D3hot, but not from less. */
    unsigned power = find_cap(C, PCI_CAP_POWER) + 4;
    wr(C + power, 2, 2);
    wr(C + power, 2, 0);
    wr(C + power, 2, 3);
    wr(C + 4, 2, 7);
    ck_assert_uint_eq(toy->resets, 1);
    wr(C + power, 2, 0);
    ck_assert_uint_eq(toy->resets, 2);
    ck_assert_uint_eq(rd(C + 4, 2), 0);
}
END_TEST

/* pci-testdev as kvm-unit-tests use it ---------------------------------- */

static unsigned run_tests(uint64_t base)
{
    unsigned passed = 0;

    for (;; passed++) {
        wr(base, 1, passed);
        unsigned width = (unsigned)rd(base + 1, 1);
        if (rd(base + 12, 4) || width != 1) {
            return passed;
        }
        uint64_t offset = rd(base + 4, 4);
        uint32_t data = (uint32_t)rd(base + 8, 4);
        for (unsigned i = 0; i < 16; i++) {
            wr(base + offset, 1, data);
        }
        ck_assert_uint_eq(rd(base + 12, 4), 16);
    }
}

START_TEST(testdev)
{
    struct error *err = NULL;

    ck_assert(!pci_testdev_create(root, PCI_ANY_SLOT, 12345, &err));
    error_free(err);
    ck_assert(pci_testdev_create(root, PCI_ANY_SLOT, 1 << 20, NULL));
    ck_assert_uint_eq(rd(C, 4), 0x00051b36);
    wr(C + 0x10, 8, MMIO | UINT64_C(0x1000) << 32);
    wr(C + 0x18, 8, MMIO64);
    wr(C + 4, 2, 3);
    ck_assert_uint_eq(run_tests(MMIO), 3);
    ck_assert_uint_eq(run_tests(PIO + 0x1000), 3);
    ck_assert_uint_eq(rd(MMIO + 0x1000 - 4, 4), 0);
    ck_assert_uint_eq(rd(MMIO64, 4), NOWHERE);
}
END_TEST

/* Device tree ----------------------------------------------------------- */

static uint32_t cell(const void *prop, unsigned n)
{
    return fdt32_ld((const fdt32_t *)prop + n);
}

START_TEST(device_tree)
{
    struct fdt_builder *fdt = fdt_builder_new();
    int length;

    fdt->gic_phandle = 0x8002;
    fdt->msi_phandle = 0x8003;
    pcie_fdt(host, fdt, 3);
    int node = fdt_path_offset(fdt->blob, "/pcie@10000000");
    ck_assert_int_ge(node, 0);
    const void *p = fdt_getprop(fdt->blob, node, "interrupt-map", &length);
    ck_assert_int_eq(length, 640);
    /* Slot 2, INTC# is shared interrupt 3 + (2 + 2) % 4. */
    ck_assert_uint_eq(cell(p, 100), 0x1000);
    ck_assert_uint_eq(cell(p, 103), 3);
    ck_assert_uint_eq(cell(p, 104), 0x8002);
    ck_assert_uint_eq(cell(p, 108), 3);
    p = fdt_getprop(fdt->blob, node, "ranges", &length);
    ck_assert_int_eq(length, 84);
    ck_assert_uint_eq(cell(p, 14), 0x03000000);
    ck_assert_uint_eq(cell(p, 15), 0x80);
    p = fdt_getprop(fdt->blob, node, "msi-map", &length);
    ck_assert_uint_eq(cell(p, 1), 0x8003);
    p = fdt_getprop(fdt->blob, node, "bus-range", &length);
    ck_assert_uint_eq(cell(p, 1), 255);
    fdt_builder_free(fdt);
}
END_TEST

/* A guest that does anything -------------------------------------------- */

static uint64_t random64(void)
{
    static uint64_t state = 88172645463325252;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t random_address(void)
{
    static const uint64_t bases[] = {ECAM, PIO, MMIO, MMIO64};
    uint64_t base = bases[random64() % ARRAY_SIZE(bases)];

    if (base == ECAM) {
        return config(random64() % 4, (int)(random64() % 64)) +
               random64() % 0x200;
    }
    return base + (random64() % 8 ? random64() % 0x40000
                                  : random64() % 0x10000) %
                      (base == PIO ? 0x10000 : 0x40000);
}

static uint64_t random_value(void)
{
    static const uint64_t values[] = {
        0, 7, 0xffffffff, 0x05050501, MMIO, MMIO64 >> 32, DOORBELL + 0x40,
        UINT64_MAX, 0x10001000, 0xc000, 0x8000, 0x100, 0x0101};

    return random64() % 4 ? values[random64() % ARRAY_SIZE(values)]
                          : random64();
}

START_TEST(random_accesses)
{
    struct toy *toys[3];

    toys[0] = add_toy(root, PCI_ANY_SLOT);
    toys[1] = add_toy(add_port("rp1"), PCI_ANY_SLOT);
    add_port("rp2");
    toys[2] = add_toy(root, PCI_DEVFN(1, 1));
    pci_testdev_create(root, PCI_ANY_SLOT, 0, NULL);
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t value, pa = random_address();
        unsigned size = 1u << random64() % 4;
        struct pci_function *f = &toys[random64() % 3]->pci;

        bus_write(bus, pa, size, 0, random_value());
        bus_read(bus, random_address(), size, 0, &value);
        pci_msix_notify(f, random64() % 4);
        pci_msi_notify(f, random64() % 6);
        pci_intx_set(f, random64() % 2);
    }
    pcie_reset(host);
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        ck_assert(!lines[i]);
    }
}
END_TEST

/* One moves a BAR while others read it: its contents or nothing. */
static bool stop;

static void *reader(void *opaque)
{
    (void)opaque;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        uint64_t value = rd(MMIO + 0x20000, 4);
        ck_assert(value == 0x5a5a5a5a || value == NOWHERE);
    }
    return NULL;
}

START_TEST(moving_bar)
{
    struct toy *toy = add_toy(root, PCI_ANY_SLOT);
    pthread_t thread;

    memset(toy->bytes, 0x5a, sizeof(toy->bytes));
    place_bars(C);
    stop = false;
    pthread_create(&thread, NULL, reader, NULL);
    for (unsigned i = 0; i < 20000; i++) {
        wr(C + 0x18, 4, MMIO + 0x10000 * (1 + i % 3));
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}
END_TEST

Suite *pci_suite(void)
{
    const TTest *const tests[] = {
        host_bridge,     nothing_there,  header,         capability_list,
        multifunction,   addresses,      plug_errors,    bar_sizing,
        bar_decoding,    bars_overlap,   intx_swizzle,   msix_sends,
        msix_masks,      msix_anywhere,  msi_sends,      port_header,
        expansion_rom,   port_routes,    port_slot,      port_slot_empty,
        port_errors,     function_level_reset,           testdev,
        device_tree,     random_accesses, moving_bar,
    };
    Suite *suite = suite_create("pci");
    TCase *tcase = tcase_create("pci");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
