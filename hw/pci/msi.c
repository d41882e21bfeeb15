/*
 * Message-signalled interrupts, the capability (PCI Local Bus 3.0, 6.8.1):
 * 64-bit address, per-vector masks.
 */
#include <assert.h>

#include "hw/pci/pci_internal.h"
#include "util/bits.h"
#include "util/log.h"

/* Of a device, by requester: bus 15..8, slot and function 7..0. */
void pci_send_message(struct pci_function *f, uint64_t address,
                      uint32_t data)
{
    struct dma *dma = f->bus->host->dma;
    uint16_t requester =
        (uint16_t)(pci_bus_number(f->bus) << 8 | f->devfn);
    uint64_t unused;

    address = align_down(address, 4);
    if (!pci_mastering(f)) {
        guest_error("%s: interrupt message with bus mastering off", f->name);
    } else if (bus_ram(dma->bus, address, 4, &unused)) {
        uint8_t bytes[4] = {(uint8_t)data, (uint8_t)(data >> 8),
                            (uint8_t)(data >> 16), (uint8_t)(data >> 24)};
        dma_write(dma, address, bytes, sizeof(bytes));
    } else {
        bus_write(dma->bus, address, 4, BUS_DMA_FROM(requester), data);
    }
}

/* Vectors that the guest lets the function use. */
static unsigned enabled_vectors(const struct pci_function *f)
{
    unsigned control = pci_config_get(f, f->msi.cap + PCI_MSI_CONTROL, 2);
    unsigned log2 = control >> PCI_MSI_ENABLED_SHIFT & 7;
    unsigned count = 1u << (log2 > 5 ? 5 : log2);

    return count < f->msi.vectors ? count : f->msi.vectors;
}

/* The low bits of the data tell vectors apart. */
static void send(struct pci_function *f, unsigned vector)
{
    unsigned cap = f->msi.cap, count = enabled_vectors(f);
    uint64_t address = pci_config_get(f, cap + PCI_MSI_ADDRESS, 4);
    uint32_t data = pci_config_get(f, cap + PCI_MSI_DATA, 2);

    address |= (uint64_t)pci_config_get(f, cap + PCI_MSI_ADDRESS + 4, 4)
               << 32;
    pci_send_message(f, address, (data & ~(count - 1)) | vector % count);
}

/* Send those that wait and need not. */
static void update(struct pci_function *f)
{
    struct pci_msi *msi = &f->msi;
    uint32_t mask = pci_config_get(f, msi->cap + PCI_MSI_MASK, 4);
    uint32_t due = msi->enabled ? msi->pending & ~mask : 0;

    msi->pending &= ~due;
    for (; due; due &= due - 1) {
        send(f, (unsigned)ctz32(due));
    }
    pci_config_set(f, msi->cap + PCI_MSI_PENDING, 4, msi->pending);
}

void pci_msi_notify(struct pci_function *f, unsigned vector)
{
    if (!pci_msi_enabled(f) || vector >= f->msi.vectors) {
        return;
    }
    pthread_mutex_lock(&f->msi_lock);
    f->msi.pending |= (uint32_t)BIT(vector);
    update(f);
    pthread_mutex_unlock(&f->msi_lock);
}

void pci_msi_config_changed(struct pci_function *f)
{
    if (!f->msi.cap) {
        return;
    }
    pthread_mutex_lock(&f->msi_lock);
    bool enabled = pci_config_get(f, f->msi.cap + PCI_MSI_CONTROL, 2) &
                   PCI_MSI_ENABLE;
    __atomic_store_n(&f->msi.enabled, enabled, __ATOMIC_RELEASE);
    if (!enabled) {
        f->msi.pending = 0;
    }
    update(f);
    pthread_mutex_unlock(&f->msi_lock);
}

bool pci_msi_enabled(const struct pci_function *f)
{
    return __atomic_load_n(&f->msi.enabled, __ATOMIC_ACQUIRE);
}

void pci_add_msi(struct pci_function *f, unsigned vectors)
{
    unsigned cap = pci_add_capability(f, PCI_CAP_MSI, PCI_MSI_SIZE);
    unsigned log2 = (unsigned)ctz32(vectors);

    assert(is_power_of_2(vectors) && vectors <= 32);
    f->msi.cap = cap;
    f->msi.vectors = vectors;
    pci_config_set(f, cap + PCI_MSI_CONTROL, 2,
                   PCI_MSI_64 | PCI_MSI_MASKABLE |
                       log2 << PCI_MSI_CAPABLE_SHIFT);
    pci_config_set_writable(f, cap + PCI_MSI_CONTROL, 2,
                            PCI_MSI_ENABLE | 7 << PCI_MSI_ENABLED_SHIFT);
    pci_config_set_writable(f, cap + PCI_MSI_ADDRESS, 4, ~UINT32_C(3));
    pci_config_set_writable(f, cap + PCI_MSI_ADDRESS + 4, 4, ~UINT32_C(0));
    pci_config_set_writable(f, cap + PCI_MSI_DATA, 2, 0xffff);
    pci_config_set_writable(f, cap + PCI_MSI_MASK, 4,
                            (uint32_t)mask64((int)vectors));
}
