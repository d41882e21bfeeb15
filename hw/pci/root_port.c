/*
 * The root port: a type 1 header whose bus numbers and windows bus.c
 * interprets, and the capabilities that make it a PCI Express port.
 *
 * The slot is one for hot-plug, with a power switch, but nothing comes or
 * goes: the only event is that a command has been carried out.  A device
 * whose slot is switched off is reset and answers no more.  Error reporting
 * and ACS registers are kept and have no effect.
 */
#include "hw/pci/root_port.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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
    bool interrupting; /* as last told */
};

static void add_header(struct pci_function *f)
{
    f->config[PCI_HEADER_TYPE] = PCI_HEADER_BRIDGE;
    /* The subsystem's place is another one's in this header. */
    pci_config_set(f, PCI_SUBSYSTEM_VENDOR, 4, 0);
    pci_config_set_writable(f, PCI_PRIMARY_BUS, 4, 0x00ffffff);

    /* Windows; the low digit of each register says how wide they are. */
    pci_config_set_writable(f, PCI_IO_BASE, 2, 0xf0f0);
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
    /* Up to 16 GT/s and 32 lanes, L0s; its state is reported. */
    pci_config_set(f, cap + PCIE_LINK_CAP, 4, 0x00300604 | c->port << 24);
    pci_config_set(f, cap + PCIE_LINK_CAP2, 4, 0x0000001e);
    pci_config_set(f, cap + PCIE_LINK_CONTROL2, 2, 0x0004);
    pci_config_set_writable(f, cap + PCIE_ROOT_CONTROL, 2, 0x0007);
    pci_config_set(f, cap + PCIE_DEVICE_CAP2, 4,
                   PCIE_DEVICE_CAP2_ARI | PCIE_DEVICE_CAP2_PREFIXES);
    pci_config_set_writable(f, cap + PCIE_DEVICE_CONTROL2, 2, 0x0020);
}

/* With a device that has power, as fast as that; alone, as we can. */
static void show_link(struct pci_function *f, bool up)
{
    pci_config_set(f, f->express_cap + PCIE_LINK_STATUS, 2,
                   up ? 0x0011 | PCIE_LINK_STATUS_UP : 0x0204);
}

static void add_slot(struct pci_function *f, const struct root_port_config *c)
{
    unsigned cap = f->express_cap;

    show_link(f, false);
    pci_config_set(f, cap + PCIE_SLOT_CAP, 4,
                   c->slot << SLOT_NUMBER_SHIFT | PCIE_SLOT_CAP_PARTS |
                       (c->no_hotplug ? 0 : PCIE_SLOT_CAP_HOTPLUG));
    pci_config_set(f, cap + PCIE_SLOT_CONTROL, 2,
                   PCIE_SLOT_CONTROL_ATTENTION_OFF |
                       PCIE_SLOT_CONTROL_POWER_LED |
                       PCIE_SLOT_CONTROL_POWER_OFF);
    pci_config_set_writable(f, cap + PCIE_SLOT_CONTROL, 2, 0x0fff);
    pci_config_set_clearable(f, cap + PCIE_SLOT_STATUS, 2,
                             PCIE_SLOT_EVENTS |
                                 PCIE_SLOT_STATUS_LINK_CHANGED);
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
    /* ECRC, several headers: can be switched on. */
    pci_config_set(f, cap + 0x18, 4, 0x000002a0);
    pci_config_set_writable(f, cap + 0x18, 4, 0x00000540);
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

/* The slot (7.8.9 to 7.8.11) ---------------------------------------------- */

/* Something was there when the machine was made: its slot has power. */
static void root_port_plugged(struct pci_function *f)
{
    unsigned cap = f->express_cap;

    show_link(f, true);
    pci_config_set(f, cap + PCIE_SLOT_STATUS, 2, PCIE_SLOT_STATUS_PRESENT);
    pci_config_set(f, cap + PCIE_SLOT_CONTROL, 2,
                   PCIE_SLOT_CONTROL_ATTENTION_OFF |
                       PCIE_SLOT_CONTROL_POWER_LED_ON);
    memcpy(f->initial, f->config, sizeof(f->initial));
}

static void root_port_update(struct root_port *s)
{
    struct pci_function *f = &s->pci;
    unsigned control =
        pci_config_get(f, f->express_cap + PCIE_SLOT_CONTROL, 2);
    unsigned status = pci_config_get(f, f->express_cap + PCIE_SLOT_STATUS, 2);
    bool interrupt = (control & PCIE_SLOT_CONTROL_INTERRUPT) &&
                     (control & status & PCIE_SLOT_EVENTS);

    pci_intx_set(f, interrupt && !pci_msix_enabled(f));
    if (interrupt && !s->interrupting) {
        pci_msix_notify(f, 0);
    }
    s->interrupting = interrupt;
}

/* Every write to the control register is a command. */
static void carry_out(struct root_port *s)
{
    struct pci_function *f = &s->pci;
    unsigned cap = f->express_cap;
    unsigned control = pci_config_get(f, cap + PCIE_SLOT_CONTROL, 2);
    unsigned status = pci_config_get(f, cap + PCIE_SLOT_STATUS, 2);
    bool on = !(control & PCIE_SLOT_CONTROL_POWER_OFF);
    bool present = status & PCIE_SLOT_STATUS_PRESENT;

    if (control & PCIE_SLOT_CONTROL_LOCK) {
        status ^= PCIE_SLOT_STATUS_LOCKED;
        control &= ~(unsigned)PCIE_SLOT_CONTROL_LOCK;
        pci_config_set(f, cap + PCIE_SLOT_CONTROL, 2, control);
    }
    if (present && on == s->child.off) {
        pci_bus_set_power(&s->child, on);
        show_link(f, on);
    }
    pci_config_set(f, cap + PCIE_SLOT_STATUS, 2,
                   status | PCIE_SLOT_STATUS_COMPLETED);
}

static void root_port_written(struct pci_function *f, unsigned offset,
                              unsigned size)
{
    struct root_port *s = container_of(f, struct root_port, pci);
    unsigned control = f->express_cap + PCIE_SLOT_CONTROL;

    if (offset < control + 2 && control < offset + size) {
        carry_out(s);
    }
    root_port_update(s);
}

static void root_port_reset(struct pci_function *f)
{
    struct root_port *s = container_of(f, struct root_port, pci);

    s->interrupting = false;
    if (s->child.off) {
        pci_bus_set_power(&s->child, true);
    }
}

static void root_port_free(struct pci_function *f)
{
    pci_function_destroy(f);
    free(container_of(f, struct root_port, pci));
}

static const struct pci_function_ops root_port_ops = {
    .reset = root_port_reset,
    .config_written = root_port_written,
    .plugged = root_port_plugged,
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
    if (pci_bus_takes_msi(bus)) {
        pci_add_msix(f, 0, MSIX_VECTORS);
    }
    add_express(f, config);
    add_slot(f, config);
    add_error_reporting(f);
    add_access_control(f);
    pci_use_intx(f);
    if (!pci_plug(bus, f, devfn, err)) {
        root_port_free(f);
        return false;
    }
    return true;
}
