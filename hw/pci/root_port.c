/*
 * The root port: a type 1 header whose bus numbers and windows bus.c
 * interprets, and the capabilities that make it a PCI Express port.
 *
 * No hot-plug: what is behind the port is there from the start, so that the
 * slot's status never changes and the port's interrupt never fires.
 * Error reporting and ACS registers are kept and have no effect.
 */
#include "hw/pci/root_port.h"

#include <assert.h>
#include <stdlib.h>

#include "hw/pci/pci_internal.h"
#include "util/bits.h"

#define ROOT_PORT_ID 0x000c
#define ROOT_PORT_CLASS 0x060400
#define MSIX_VECTORS 1

#define EXTENDED_AER 0x0001
#define AER_SIZE 0x48
#define EXTENDED_ACS 0x000d
#define ACS_SIZE 8

#define SLOT_NUMBER_SHIFT 19

struct root_port {
    struct pci_function pci;
    struct pci_bus child;
};

static void add_header(struct pci_function *f)
{
    f->config[PCI_HEADER_TYPE] = PCI_HEADER_BRIDGE;
    /* The subsystem's place is another one's in this header. */
    pci_config_set(f, PCI_SUBSYSTEM_VENDOR, 4, 0);
    pci_config_set_writable(f, PCI_PRIMARY_BUS, 4, 0x00ffffff);

    /* Windows; the low digit of each register says how wide they are. */
    pci_config_set(f, PCI_IO_BASE, 2, 0x0101);
    pci_config_set_writable(f, PCI_IO_BASE, 2, 0xf0f0);
    pci_config_set_writable(f, PCI_IO_BASE_UPPER, 4, 0xffffffff);
    pci_config_set_writable(f, PCI_MEMORY_BASE, 4, 0xfff0fff0);
    pci_config_set(f, PCI_PREFETCH_BASE, 4, 0x00010001);
    pci_config_set_writable(f, PCI_PREFETCH_BASE, 4, 0xfff0fff0);
    pci_config_set_writable(f, PCI_PREFETCH_BASE_UPPER, 4, 0xffffffff);
    pci_config_set_writable(f, PCI_PREFETCH_LIMIT_UPPER, 4, 0xffffffff);
    pci_config_set_writable(f, PCI_BRIDGE_CONTROL, 2, 0x005f);
}

static void add_express(struct pci_function *f,
                        const struct root_port_config *c)
{
    pcie_add_express(f, PCIE_TYPE_ROOT_PORT);
    unsigned cap = f->express_cap;

    /* A slot is implemented, bit 8. */
    pci_config_set(f, cap + PCIE_CAPABILITIES, 2,
                   2 | PCIE_TYPE_ROOT_PORT << 4 | 0x0100);
    pci_config_set(f, cap + PCIE_LINK_CAP, 4,
                   0x00200011 | c->port << 24); /* link active is reported */
    pci_config_set(f, cap + PCIE_SLOT_CAP, 4,
                   c->slot << SLOT_NUMBER_SHIFT);
    pci_config_set_writable(f, cap + PCIE_ROOT_CONTROL, 2, 0x0007);
    pci_config_set(f, cap + PCIE_DEVICE_CAP2, 4, 0x20); /* ARI */
    pci_config_set_writable(f, cap + PCIE_DEVICE_CONTROL2, 2, 0x0020);
}

/* Advanced error reporting (7.10): masks and severities at their defaults. */
static void add_error_reporting(struct pci_function *f)
{
    unsigned cap = pcie_add_extended(f, EXTENDED_AER, 2, AER_SIZE);

    pci_config_set_clearable(f, cap + 0x04, 4, 0x03fff030);
    pci_config_set_writable(f, cap + 0x08, 4, 0x03fff030);
    pci_config_set(f, cap + 0x0c, 4, 0x00462030);
    pci_config_set_writable(f, cap + 0x0c, 4, 0x03fff030);
    pci_config_set_clearable(f, cap + 0x10, 4, 0x0000f1c1);
    pci_config_set(f, cap + 0x14, 4, 0x0000e000);
    pci_config_set_writable(f, cap + 0x14, 4, 0x0000f1c1);
    pci_config_set_writable(f, cap + 0x2c, 4, 0x00000007);
}

/* Access control (7.16): everything that keeps functions apart, which they
 * are in any case. */
static void add_access_control(struct pci_function *f)
{
    unsigned cap = pcie_add_extended(f, EXTENDED_ACS, 1, ACS_SIZE);

    pci_config_set(f, cap + 4, 2, 0x005f);
    pci_config_set_writable(f, cap + 6, 2, 0x005f);
}

/* Is something on the link? */
static void show_presence(struct pci_function *f, bool present)
{
    unsigned status = f->express_cap + PCIE_SLOT_STATUS;
    unsigned link = f->express_cap + PCIE_LINK_STATUS;

    pci_config_set(f, status, 2, present ? PCIE_SLOT_STATUS_PRESENT : 0);
    pci_config_set(f, link, 2, present ? 0x2011 : 0x0011);
}

static void root_port_reading(struct pci_function *f, unsigned offset,
                              unsigned size)
{
    (void)offset;
    (void)size;
    show_presence(f, f->child->functions[0] != NULL);
}

static void root_port_free(struct pci_function *f)
{
    pci_function_destroy(f);
    free(container_of(f, struct root_port, pci));
}

static const struct pci_function_ops root_port_ops = {
    .config_reading = root_port_reading,
    .free = root_port_free,
};

static const struct pci_ids root_port_ids = {
    .vendor = PCI_VENDOR_REDHAT,
    .device = ROOT_PORT_ID,
    .class_code = ROOT_PORT_CLASS,
};

bool root_port_create(struct pci_bus *bus, int devfn,
                      const struct root_port_config *config,
                      struct error **err)
{
    if (!pci_bus_is_root(bus)) {
        error_set(err, "pcie-root-port goes on bus pcie.0, not on %s",
                  bus->name);
        return false;
    }
    struct root_port *s = calloc(1, sizeof(*s));
    assert(s);
    struct pci_function *f = &s->pci;

    pci_function_init(f, "pcie-root-port", &root_port_ids, &root_port_ops);
    f->child = &s->child;
    pci_bus_init(&s->child, bus->host, f, config->id);
    add_header(f);
    unsigned subsystem = pci_add_capability(f, PCI_CAP_SUBSYSTEM, 8);
    pci_config_set(f, subsystem + 4, 2, PCI_VENDOR_REDHAT);
    pci_add_msix(f, 0, MSIX_VECTORS);
    add_express(f, config);
    add_error_reporting(f);
    add_access_control(f);
    pci_use_intx(f);
    if (!pci_plug(bus, f, devfn, err)) {
        root_port_free(f);
        return false;
    }
    return true;
}
