/*
 * Configuration space of one function (PCI Local Bus 3.0 chapter 6).
 *
 * Every register is bytes with three masks: what a write stores, what
 * writing one clears, and what reset restores.  What a register means is
 * read off the bytes after each write, by those it concerns.
 */
#include "hw/pci/pci_internal.h"

#include <assert.h>

#include "util/bits.h"
#include "util/log.h"

static uint32_t bytes_get(const uint8_t *bytes, unsigned offset,
                          unsigned size)
{
    uint32_t value = 0;

    assert(offset + size <= PCIE_CONFIG_SIZE && size <= 4);
    for (unsigned i = 0; i < size; i++) {
        value |= (uint32_t)bytes[offset + i] << (8 * i);
    }
    return value;
}

static void bytes_set(uint8_t *bytes, unsigned offset, unsigned size,
                      uint32_t value)
{
    assert(offset + size <= PCIE_CONFIG_SIZE && size <= 4);
    for (unsigned i = 0; i < size; i++) {
        bytes[offset + i] = (uint8_t)(value >> (8 * i));
    }
}

uint32_t pci_config_get(const struct pci_function *f, unsigned offset,
                        unsigned size)
{
    return bytes_get(f->config, offset, size);
}

void pci_config_set(struct pci_function *f, unsigned offset, unsigned size,
                    uint32_t value)
{
    bytes_set(f->config, offset, size, value);
}

void pci_config_set_writable(struct pci_function *f, unsigned offset,
                             unsigned size, uint32_t mask)
{
    bytes_set(f->writable, offset, size, mask);
}

void pci_config_set_clearable(struct pci_function *f, unsigned offset,
                              unsigned size, uint32_t mask)
{
    bytes_set(f->clearable, offset, size, mask);
}

/* One access ------------------------------------------------------------
 *
 * With the host's lock held; offset + size within the function's space. */

static uint32_t config_read(struct pci_function *f, unsigned offset,
                            unsigned size)
{
    /* The interrupt status bit follows the line, not the mask (6.2.3). */
    if (__atomic_load_n(&f->intx, __ATOMIC_RELAXED)) {
        f->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
    } else {
        f->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
    }
    return bytes_get(f->config, offset, size);
}

static void command_changed(struct pci_function *f)
{
    __atomic_store_n(&f->mastering,
                     (f->config[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0,
                     __ATOMIC_RELEASE);
    pci_intx_update(f);
}

/* What depends on the bytes just written. */
static void config_changed(struct pci_function *f, unsigned offset,
                           unsigned size)
{
    if (pci_touches(offset, size, PCI_COMMAND, 2)) {
        command_changed(f);
    }
    if (pci_touches(offset, size, PCI_COMMAND, 2) ||
        pci_touches(offset, size, PCI_BAR0, 4 * PCI_BARS) ||
        (f->rom && pci_touches(offset, size, PCI_ROM_ADDRESS, 4)) ||
        (f->child && pci_touches(offset, size, PCI_PRIMARY_BUS,
                                 PCI_CAPABILITIES - PCI_PRIMARY_BUS))) {
        pci_map_update(f->bus->host);
    }
    if (f->msi.cap && pci_touches(offset, size, f->msi.cap, PCI_MSI_SIZE)) {
        pci_msi_config_changed(f);
    }
    if (f->msix.cap &&
        pci_touches(offset, size, f->msix.cap, PCI_MSIX_SIZE)) {
        pci_msix_config_changed(f);
    }
}

static void config_write(struct pci_function *f, unsigned offset,
                         unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        uint8_t stored = f->writable[offset + i];
        uint8_t *place = &f->config[offset + i];
        *place = (uint8_t)((*place & ~stored) | (byte & stored));
        *place &= (uint8_t)~(byte & f->clearable[offset + i]);
    }
    config_changed(f, offset, size);
}

/* Accesses from outside ------------------------------------------------- */

/* Who answers; NULL also for the extended space of those without. */
static struct pci_function *find(struct pcie_host *host, unsigned bus_number,
                                 unsigned devfn, unsigned offset)
{
    pthread_mutex_lock(&host->lock);
    struct pci_bus *bus = pci_bus_find(host, bus_number);
    struct pci_function *f = bus ? bus->functions[devfn] : NULL;
    pthread_mutex_unlock(&host->lock);
    return f && (f->express || offset < PCI_CONFIG_SIZE) ? f : NULL;
}

uint32_t pci_host_config_read(struct pcie_host *host, unsigned bus_number,
                              unsigned devfn, unsigned offset, unsigned size)
{
    struct pci_function *f = find(host, bus_number, devfn, offset);

    if (!f) {
        return (uint32_t)mask64(8 * (int)size);
    }
    if (f->ops->config_reading) {
        f->ops->config_reading(f, offset, size);
    }
    pthread_mutex_lock(&host->lock);
    uint32_t value = config_read(f, offset, size);
    pthread_mutex_unlock(&host->lock);
    return value;
}

/* The power state; 0 for functions that have none. */
static unsigned power_state(const struct pci_function *f)
{
    return f->power_cap ? pci_config_get(f, f->power_cap + PCI_POWER_CONTROL,
                                         2) & PCI_POWER_STATE
                        : 0;
}

/* Registers whose effect is the reset of something. */
static void reset_on_request(struct pci_function *f, unsigned offset,
                             unsigned size, uint32_t value)
{
    unsigned control = f->express_cap + PCIE_DEVICE_CONTROL;
    unsigned flr = control + 1;

    if (f->express_cap && pci_touches(offset, size, flr, 1) &&
        (value >> (8 * (flr - offset)) & (PCIE_DEVICE_CONTROL_FLR >> 8)) &&
        (pci_config_get(f, f->express_cap + PCIE_DEVICE_CAP, 4) &
         PCIE_DEVICE_CAP_FLR)) {
        pci_function_reset(f);
    }
    if (f->child && pci_touches(offset, size, PCI_BRIDGE_CONTROL, 1) &&
        (f->config[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_CONTROL_RESET)) {
        pci_bus_reset(f->child);
    }
}

void pci_host_config_write(struct pcie_host *host, unsigned bus_number,
                           unsigned devfn, unsigned offset, unsigned size,
                           uint32_t value)
{
    struct pci_function *f = find(host, bus_number, devfn, offset);

    if (!f) {
        guest_error("pci: write to configuration space of %02x:%02x.%x, "
                    "where there is nothing", bus_number, PCI_SLOT(devfn),
                    PCI_FUNCTION(devfn));
        return;
    }
    pthread_mutex_lock(&host->lock);
    unsigned state = power_state(f);
    config_write(f, offset, size, value);
    /* Leaving D3hot ends as after power-on (PCI Power Management 1.2, 5.4). */
    bool woken = state == PCI_POWER_D3HOT && power_state(f) != state;
    pthread_mutex_unlock(&host->lock);
    if (woken) {
        pci_function_reset(f);
    }
    reset_on_request(f, offset, size, value);
    if (f->ops->config_written) {
        f->ops->config_written(f, offset, size);
    }
}
