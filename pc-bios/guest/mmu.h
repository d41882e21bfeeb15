/* Stage 1 translation at EL1: 4 KiB granule, 39-bit addresses, TTBR0. */
#ifndef PC_BIOS_GUEST_MMU_H
#define PC_BIOS_GUEST_MMU_H

#include <stdbool.h>
#include <stdint.h>

/* Attributes of a mapping; none of them is readable and writable normal
   memory that may be executed. */
enum {
    MMU_DEVICE = 1,
    MMU_READ_ONLY = 2,
    MMU_NO_EXECUTE = 4,
};

/* Map with the largest blocks that fit; size in bytes, all of it multiples
   of 4 KiB.  False when the tables are used up. */
bool mmu_map(uint64_t va, uint64_t pa, uint64_t size, unsigned attributes);
void mmu_unmap(uint64_t va, uint64_t size);

/* Devices below 1 GiB and all memory of the board, one to one. */
bool mmu_map_board(void);

/* On every CPU: turn on translation and caches. */
void mmu_enable(void);

#endif
