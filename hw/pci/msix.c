/*
 * MSI-X (PCI Local Bus 3.0, 6.8.2): a table of messages and an array of
 * pending bits, in a BAR of their own.
 *
 * The table is kept as the guest sees it.  Bit 0 of an entry's control word
 * masks it, MSI-X control masks all; a masked message waits as a pending
 * bit and goes out when neither holds any more.
 *
 * BAR: table at 0; pending bits in the second half, from 2 KiB.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hw/pci/pci_internal.h"
#include "util/bits.h"
#include "util/log.h"

#define ENTRY_SIZE 16
#define ENTRY_DATA 8
#define ENTRY_CONTROL 12
#define ENTRY_MASKED 1
#define MAX_VECTORS 2048
#define MIN_BAR 4096

static uint8_t *entry(const struct pci_msix *x, unsigned vector)
{
    return x->table + vector * ENTRY_SIZE;
}

static bool masked(const struct pci_msix *x, unsigned vector)
{
    return x->masked || (entry(x, vector)[ENTRY_CONTROL] & ENTRY_MASKED);
}

static void send(struct pci_function *f, unsigned vector)
{
    const uint8_t *e = entry(&f->msix, vector);
    uint64_t address = load_le32(e) | (uint64_t)load_le32(e + 4) << 32;

    pci_send_message(f, address, load_le32(e + ENTRY_DATA));
}

/* Send the vector if it waits and need not. */
static void update(struct pci_function *f, unsigned vector)
{
    struct pci_msix *x = &f->msix;
    uint64_t *word = &x->pending[vector / 64];

    if ((*word & BIT(vector % 64)) && x->enabled && !masked(x, vector)) {
        *word &= ~BIT(vector % 64);
        send(f, vector);
    }
}

static void update_all(struct pci_function *f)
{
    for (unsigned i = 0; i < f->msix.vectors; i++) {
        update(f, i);
    }
}

bool pci_msix_enabled(const struct pci_function *f)
{
    return __atomic_load_n(&f->msix.enabled, __ATOMIC_ACQUIRE);
}

void pci_msix_notify(struct pci_function *f, unsigned vector)
{
    if (!pci_msix_enabled(f) || vector >= f->msix.vectors) {
        return;
    }
    pthread_mutex_lock(&f->msi_lock);
    f->msix.pending[vector / 64] |= BIT(vector % 64);
    update(f, vector);
    pthread_mutex_unlock(&f->msi_lock);
}

void pci_msix_config_changed(struct pci_function *f)
{
    uint32_t control = pci_config_get(f, f->msix.cap + PCI_MSIX_CONTROL, 2);

    pthread_mutex_lock(&f->msi_lock);
    __atomic_store_n(&f->msix.enabled, (control & PCI_MSIX_ENABLE) != 0,
                     __ATOMIC_RELEASE);
    f->msix.masked = control & PCI_MSIX_MASK_ALL;
    update_all(f);
    pthread_mutex_unlock(&f->msi_lock);
}

/* The BAR --------------------------------------------------------------- */

static uint32_t read_word(const struct pci_msix *x, unsigned offset)
{
    if (offset < x->vectors * ENTRY_SIZE) {
        return load_le32(x->table + offset);
    }
    unsigned bit = (offset - x->pending_offset) * 8;
    if (offset >= x->pending_offset && bit < x->vectors) {
        return (uint32_t)(x->pending[bit / 64] >> (bit % 64));
    }
    return 0;
}

static void write_word(struct pci_function *f, unsigned offset,
                       uint32_t value)
{
    struct pci_msix *x = &f->msix;

    if (offset >= x->vectors * ENTRY_SIZE) {
        guest_error("%s: write at 0x%x of the MSI-X BAR, beyond the table",
                    f->name, offset);
        return;
    }
    if (offset % ENTRY_SIZE == ENTRY_CONTROL) {
        value &= ENTRY_MASKED;
    }
    for (unsigned i = 0; i < 4; i++) {
        x->table[offset + i] = (uint8_t)(value >> (8 * i));
    }
    update(f, offset / ENTRY_SIZE);
}

static uint64_t bar_read(void *device, struct bus_access access)
{
    struct pci_function *f = device;
    unsigned offset = (unsigned)access.offset;

    pthread_mutex_lock(&f->msi_lock);
    uint64_t value = read_word(&f->msix, offset);
    if (access.size == 8) {
        value |= (uint64_t)read_word(&f->msix, offset + 4) << 32;
    }
    pthread_mutex_unlock(&f->msi_lock);
    return value;
}

static void bar_write(void *device, struct bus_access access, uint64_t value)
{
    struct pci_function *f = device;
    unsigned offset = (unsigned)access.offset;

    pthread_mutex_lock(&f->msi_lock);
    write_word(f, offset, (uint32_t)value);
    if (access.size == 8) {
        write_word(f, offset + 4, (uint32_t)(value >> 32));
    }
    pthread_mutex_unlock(&f->msi_lock);
}

static const struct mmio_ops bar_ops = {
    .read = bar_read, .write = bar_write, .min_size = 4, .max_size = 8};

/* Reset, creation ------------------------------------------------------- */

void pci_msix_reset(struct pci_function *f)
{
    struct pci_msix *x = &f->msix;

    if (!x->cap) {
        return;
    }
    pthread_mutex_lock(&f->msi_lock);
    __atomic_store_n(&x->enabled, false, __ATOMIC_RELEASE);
    x->masked = false;
    memset(x->table, 0, x->vectors * ENTRY_SIZE);
    memset(x->pending, 0, (x->vectors + 63) / 64 * sizeof(*x->pending));
    for (unsigned i = 0; i < x->vectors; i++) {
        entry(x, i)[ENTRY_CONTROL] = ENTRY_MASKED;
    }
    pthread_mutex_unlock(&f->msi_lock);
}

void pci_msix_free(struct pci_function *f)
{
    free(f->msix.table);
    free(f->msix.pending);
}

static uint64_t half_size(unsigned vectors)
{
    uint64_t half = MIN_BAR / 2;

    while (half < vectors * ENTRY_SIZE) {
        half *= 2;
    }
    return half;
}

void pci_add_msix(struct pci_function *f, unsigned bar, unsigned vectors)
{
    struct pci_msix *x = &f->msix;
    uint64_t half = half_size(vectors);

    assert(vectors >= 1 && vectors <= MAX_VECTORS && !x->cap);
    x->vectors = vectors;
    x->pending_offset = (unsigned)half;
    x->table = calloc(vectors, ENTRY_SIZE);
    x->pending = calloc((vectors + 63) / 64, sizeof(*x->pending));
    assert(x->table && x->pending);
    pci_add_bar(f, bar, 0, 2 * half, &bar_ops, f);

    x->cap = pci_add_capability(f, PCI_CAP_MSIX, PCI_MSIX_SIZE);
    pci_config_set(f, x->cap + PCI_MSIX_CONTROL, 2, vectors - 1);
    pci_config_set_writable(f, x->cap + PCI_MSIX_CONTROL, 2,
                            PCI_MSIX_ENABLE | PCI_MSIX_MASK_ALL);
    pci_config_set(f, x->cap + PCI_MSIX_TABLE, 4, bar);
    pci_config_set(f, x->cap + PCI_MSIX_PENDING, 4,
                   x->pending_offset | bar);
    pci_msix_reset(f);
}
