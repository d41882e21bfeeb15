/* PCI functions of a board, where firmware would have put them. */
#ifndef TESTS_FUZZ_SHARED_PCI_H
#define TESTS_FUZZ_SHARED_PCI_H

#include "tests/fuzz/shared/board.h"

#define PCI_ECAM UINT64_C(0x4010000000)
#define PCI_IO UINT64_C(0x3eff0000)
#define PCI_MEMORY UINT64_C(0x10000000)

static inline uint64_t pci_config(unsigned bus, unsigned slot)
{
    return PCI_ECAM + ((uint64_t)bus << 20) + (slot << 15);
}

/* BARs of the function, one after the other: I/O from `*io`, memory from
 * `*memory`; then decode and master.  Returns them in bars[6]. */
void pci_assign(struct board *b, uint64_t config, uint32_t *io,
                uint32_t *memory, uint64_t bars[6]);

/* The root port in `slot` leads to bus 1, with a piece of each window. */
void pci_open_bridge(struct board *b, unsigned slot);

#endif
