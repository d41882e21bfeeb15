/*
 * A PCI Express host on a bus with some memory and a doorbell for messages,
 * and a device to plug into it.  Accesses are a processor's.
 *
 * There is one, made and taken down by the fixtures.
 */
#ifndef TESTS_UNIT_PCI_RIG_H
#define TESTS_UNIT_PCI_RIG_H

#include <check.h>

#include "hw/pci/pci.h"
#include "hw/pci/pcie_host.h"
#include "softmmu/bus.h"
#include "util/bits.h"

#define ECAM UINT64_C(0x4010000000)
#define PIO UINT64_C(0x3eff0000)
#define MMIO UINT64_C(0x10000000)
#define MMIO64 UINT64_C(0x8000000000)
#define DOORBELL UINT64_C(0x08020000)
#define RAM UINT64_C(0x40000000)
#define NOWHERE UINT64_C(0xffffffff)

struct pci_rig {
    struct bus *bus;
    struct ram *ram; /* 1 MiB at RAM */
    struct dma dma;
    struct pcie_host *host;
    struct pci_bus *root;
    bool lines[PCIE_INTX_PINS];
    /* The last message. */
    struct {
        unsigned count, requester;
        uint32_t data;
    } bell;
};
extern struct pci_rig pci_rig;

/* Fixtures. */
void pci_rig_setup(void);
void pci_rig_teardown(void);

/* Accesses --------------------------------------------------------------- */

static inline uint64_t rd(uint64_t pa, unsigned size)
{
    uint64_t value;

    ck_assert(bus_read(pci_rig.bus, pa, size, 0, &value));
    return value;
}

static inline void wr(uint64_t pa, unsigned size, uint64_t value)
{
    ck_assert(bus_write(pci_rig.bus, pa, size, 0, value));
}

static inline uint64_t config(unsigned number, int devfn)
{
    return ECAM + ((uint64_t)number << 20) + ((uint64_t)devfn << 12);
}

/* Of slot 1 on the root bus, unless said otherwise. */
#define C (ECAM + (1 << 15))

/* Offset of the first capability with this id, which must be there. */
static inline unsigned find_cap(uint64_t c, uint8_t id)
{
    unsigned at = (unsigned)rd(c + 0x34, 1);

    while (at && rd(c + at, 1) != id) {
        at = (unsigned)rd(c + at + 1, 1);
    }
    ck_assert(at);
    return at;
}

/* The device ------------------------------------------------------------- */

/* A device: 4 KiB of memory, 32 bytes of I/O, 64-bit 16 KiB, MSI-X. */
struct toy {
    struct pci_function pci;
    uint8_t bytes[0x4000];
    unsigned resets, written;
};

/* One, not plugged yet, and one that is. */
struct toy *pci_rig_new_toy(void);
struct toy *pci_rig_add_toy(struct pci_bus *on, int devfn);

/* Map its BARs: I/O at 0x1000, MSI-X, memory and 64-bit memory at MMIO +
 * 0x10000, MMIO + 0x20000 and MMIO64; and switch it on. */
void pci_rig_place_bars(uint64_t c);

/* Of its table, with the BARs there. */
static inline void msix_entry(unsigned vector, uint64_t address,
                              uint32_t data, bool masked)
{
    uint64_t e = MMIO + 0x10000 + 16 * vector;

    wr(e, 8, address);
    wr(e + 8, 4, data);
    wr(e + 12, 4, masked);
}

/* A root port in the next slot; returns the bus behind it. */
struct pci_bus *pci_rig_add_port(const char *id);

#endif
