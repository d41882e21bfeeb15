/*
 * Building PCI functions: header, BARs, capabilities; plugging and reset.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/pci/pci_internal.h"
#include "util/bits.h"
#include "util/log.h"

#define COMMAND_WRITABLE                                             \
    (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |      \
     PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)

void pci_function_init(struct pci_function *f, const char *name,
                       const struct pci_ids *ids,
                       const struct pci_function_ops *ops)
{
    memset(f, 0, sizeof(*f));
    f->name = name;
    f->ops = ops;
    f->next_cap = PCI_CONFIG_HEADER_SIZE;
    f->next_extended = PCIE_EXTENDED;
    pthread_mutex_init(&f->msi_lock, NULL);

    pci_config_set(f, PCI_VENDOR_ID, 2, ids->vendor);
    pci_config_set(f, PCI_DEVICE_ID, 2, ids->device);
    pci_config_set(f, PCI_REVISION, 1, ids->revision);
    pci_config_set(f, PCI_CLASS, 3, ids->class_code);
    pci_config_set(f, PCI_SUBSYSTEM_VENDOR, 2, ids->subsystem_vendor);
    pci_config_set(f, PCI_SUBSYSTEM, 2, ids->subsystem);
    pci_config_set_writable(f, PCI_COMMAND, 2, COMMAND_WRITABLE);
    pci_config_set_writable(f, PCI_CACHE_LINE_SIZE, 1, 0xff);
    pci_config_set_writable(f, PCI_INTERRUPT_LINE, 1, 0xff);
}

void pci_function_destroy(struct pci_function *f)
{
    pci_msix_free(f);
    free(f->rom);
    pthread_mutex_destroy(&f->msi_lock);
}

void pci_add_bar(struct pci_function *f, unsigned n, unsigned type,
                 uint64_t size, const struct mmio_ops *ops, void *opaque)
{
    unsigned reg = PCI_BAR0 + 4 * n;
    uint64_t writable = ~(size - 1);

    assert(n < PCI_BARS && is_power_of_2(size) && !f->bars[n].size);
    assert(size >= (type & PCI_BAR_IO ? 4 : 16));
    f->bars[n] = (struct pci_bar){size, (uint8_t)type, ops, opaque};
    pci_config_set(f, reg, 4, type);
    pci_config_set_writable(f, reg, 4, (uint32_t)writable);
    if (type & PCI_BAR_64) {
        assert(n + 1 < PCI_BARS && !f->bars[n + 1].size);
        pci_config_set_writable(f, reg + 4, 4, (uint32_t)(writable >> 32));
    }
}

unsigned pci_add_capability(struct pci_function *f, uint8_t id,
                            unsigned size)
{
    unsigned offset = f->next_cap;

    assert(offset + size <= PCI_CONFIG_SIZE);
    f->next_cap = (uint16_t)align_up(offset + size, 4);
    f->config[offset] = id;
    f->config[offset + 1] = f->config[PCI_CAPABILITIES];
    f->config[PCI_CAPABILITIES] = (uint8_t)offset;
    f->config[PCI_STATUS] |= PCI_STATUS_CAPABILITIES;
    return offset;
}

unsigned pcie_add_extended(struct pci_function *f, uint16_t id,
                           unsigned version, unsigned size)
{
    unsigned offset = f->next_extended;

    assert(f->express && offset + size <= PCIE_CONFIG_SIZE);
    f->next_extended = (uint16_t)align_up(offset + size, 4);
    pci_config_set(f, offset, 4, id | version << 16);
    if (f->last_extended) {
        uint32_t last = pci_config_get(f, f->last_extended, 4);
        pci_config_set(f, f->last_extended, 4, last | offset << 20);
    }
    f->last_extended = (uint16_t)offset;
    return offset;
}

void pcie_add_express(struct pci_function *f, unsigned type)
{
    unsigned cap = pci_add_capability(f, PCI_CAP_EXPRESS, PCIE_CAP_SIZE);
    uint32_t device_cap = PCIE_DEVICE_CAP_ROLE_ERRORS;

    if (type == PCIE_TYPE_ENDPOINT) {
        device_cap |= PCIE_DEVICE_CAP_FLR;
    }
    f->express = true;
    f->express_cap = cap;
    pci_config_set(f, cap + PCIE_CAPABILITIES, 2, 2 | type << 4);
    pci_config_set(f, cap + PCIE_DEVICE_CAP, 4, device_cap);
    /* Error reporting, payload and request sizes: kept, without effect. */
    pci_config_set_writable(f, cap + PCIE_DEVICE_CONTROL, 2, 0x7fff);
    pci_config_set_clearable(f, cap + PCIE_DEVICE_STATUS, 2, 0x000f);
    pci_config_set(f, cap + PCIE_DEVICE_CAP2, 4, PCIE_DEVICE_CAP2_PREFIXES);
    /* A link of 2.5 GT/s, one lane, which is up and may sleep (L0s). */
    pci_config_set(f, cap + PCIE_LINK_CAP, 4, 0x411);
    pci_config_set_writable(f, cap + PCIE_LINK_CONTROL, 2, 0x00c0);
    pci_config_set(f, cap + PCIE_LINK_STATUS, 2, 0x11);
}

void pci_add_power_management(struct pci_function *f)
{
    unsigned cap = pci_add_capability(f, PCI_CAP_POWER, 8);

    pci_config_set(f, cap + PCI_POWER_CAPABILITIES, 2, PCI_POWER_VERSION);
    f->power_cap = cap;
    pci_config_set_writable(f, cap + PCI_POWER_CONTROL, 2, PCI_POWER_STATE);
}

void pci_use_intx(struct pci_function *f)
{
    pci_config_set(f, PCI_INTERRUPT_PIN, 1, 1);
}

/* Plugging -------------------------------------------------------------- */

bool pci_parse_address(const char *text, int *devfn, struct error **err)
{
    unsigned slot, function = 0;
    int end = 0, more = 0;

    *devfn = PCI_ANY_SLOT;
    if (!text) {
        return true;
    }
    bool good = sscanf(text, "%x%n.%x%n", &slot, &end, &function, &more) >= 1;
    if (!good || text[more ? more : end] || slot > 31 || function > 7) {
        error_set(err, "addr=%s: expected SLOT.FUNCTION in hexadecimal, "
                  "00.0 to 1f.7", text);
        return false;
    }
    *devfn = PCI_DEVFN((int)slot, (int)function);
    return true;
}

/* A link behind a port has but one device on it. */
static unsigned bus_slots(const struct pci_bus *bus)
{
    return bus->bridge ? 1 : 32;
}

static int free_slot(const struct pci_bus *bus)
{
    for (unsigned slot = 0; slot < bus_slots(bus); slot++) {
        if (!bus->functions[PCI_DEVFN(slot, 0)]) {
            return (int)PCI_DEVFN(slot, 0);
        }
    }
    return -1;
}

static bool check_place(const struct pci_bus *bus, int devfn,
                        struct error **err)
{
    if (devfn < 0) {
        error_set(err, "bus %s has no free slot; add a pcie-root-port and "
                  "give bus=ID", bus->name);
        return false;
    }
    if (PCI_SLOT(devfn) >= (int)bus_slots(bus)) {
        error_set(err, "bus %s is the link of a port, which has slot 0 only, "
                  "not %x", bus->name, PCI_SLOT(devfn));
        return false;
    }
    if (bus->functions[devfn]) {
        error_set(err, "addr=%02x.%x on bus %s is taken by %s",
                  PCI_SLOT(devfn), PCI_FUNCTION(devfn), bus->name,
                  bus->functions[devfn]->name);
        return false;
    }
    return true;
}

static unsigned count_bars(const struct pci_function *f)
{
    unsigned count = 0;

    for (unsigned n = 0; n < PCI_BARS; n++) {
        count += f->bars[n].size != 0;
    }
    return count;
}

void pci_set_multifunction(struct pci_function *f)
{
    f->config[PCI_HEADER_TYPE] |= PCI_HEADER_MULTIFUNCTION;
    f->initial[PCI_HEADER_TYPE] |= PCI_HEADER_MULTIFUNCTION;
}

/* Guests look for functions 1 to 7 only when function 0 says so. */
static void mark_multifunction(struct pci_bus *bus, unsigned devfn)
{
    unsigned first = devfn & ~7u;
    bool several = false;

    for (unsigned i = 1; i < 8; i++) {
        several |= bus->functions[first + i] != NULL;
    }
    for (unsigned i = 0; i < 8 && several; i++) {
        if (bus->functions[first + i]) {
            pci_set_multifunction(bus->functions[first + i]);
        }
    }
}

bool pci_plug(struct pci_bus *bus, struct pci_function *f, int devfn,
              struct error **err)
{
    if (devfn == PCI_ANY_SLOT) {
        devfn = free_slot(bus);
    }
    if (!check_place(bus, devfn, err)) {
        return false;
    }
    f->bus = bus;
    f->devfn = (uint8_t)devfn;
    bus->functions[devfn] = f;
    memcpy(f->initial, f->config, sizeof(f->initial));
    mark_multifunction(bus, (unsigned)devfn);
    if (bus->bridge && bus->bridge->ops->plugged) {
        bus->bridge->ops->plugged(bus->bridge);
    }
    f->intx_pin = pci_intx_host_pin(f);
    pci_map_reserve(bus->host, count_bars(f));
    bus->newest = f;
    return true;
}

/* Expansion ROMs (PCI Local Bus 3.0, 6.2.5.2) ---------------------------- */

static uint64_t rom_read(void *opaque, struct bus_access access)
{
    const struct pci_function *f = opaque;
    uint64_t value = 0;

    memcpy(&value, f->rom + access.offset, access.size);
    return value;
}

static void rom_write(void *opaque, struct bus_access access, uint64_t value)
{
    const struct pci_function *f = opaque;

    (void)value;
    guest_error("%s: write to its ROM at 0x%llx", f->name,
                (unsigned long long)access.offset);
}

static const struct mmio_ops rom_ops = {.read = rom_read,
                                        .write = rom_write};

void pci_add_rom(struct pci_function *f, const void *data, size_t length,
                 uint64_t size)
{
    assert(is_power_of_2(size) && size >= 2048 && length <= size && f->bus);
    f->rom = calloc(1, size);
    assert(f->rom);
    memcpy(f->rom, data, length);
    f->bars[PCI_ROM] = (struct pci_bar){size, 0, &rom_ops, f};
    pci_config_set_writable(f, PCI_ROM_ADDRESS, 4,
                            (uint32_t)~(size - 1) | PCI_ROM_ENABLE);
    pci_map_reserve(f->bus->host, 1);
}

/* Reset and removal ----------------------------------------------------- */

void pci_function_reset(struct pci_function *f)
{
    struct pcie_host *host = f->bus->host;

    pci_intx_set(f, false);
    pthread_mutex_lock(&host->lock);
    memcpy(f->config, f->initial, sizeof(f->config));
    __atomic_store_n(&f->mastering, false, __ATOMIC_RELEASE);
    pci_intx_update(f);
    pci_map_update(host);
    pci_msi_config_changed(f);
    pci_msix_reset(f);
    pthread_mutex_unlock(&host->lock);
    if (f->ops->reset) {
        f->ops->reset(f);
    }
}

void pci_bus_reset(struct pci_bus *bus)
{
    for (unsigned i = 0; i < ARRAY_SIZE(bus->functions); i++) {
        struct pci_function *f = bus->functions[i];
        if (f && f->child) {
            pci_bus_reset(f->child);
        }
        if (f) {
            pci_function_reset(f);
        }
    }
}

void pci_bus_free_functions(struct pci_bus *bus)
{
    for (unsigned i = 0; i < ARRAY_SIZE(bus->functions); i++) {
        struct pci_function *f = bus->functions[i];
        if (!f) {
            continue;
        }
        if (f->child) {
            pci_bus_free_functions(f->child);
        }
        bus->functions[i] = NULL;
        if (f->ops->free) {
            f->ops->free(f);
        }
    }
}
