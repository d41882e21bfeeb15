#include "pc-bios/guest/mmu.h"

#include <stddef.h>

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/sysreg.h"

/* Tables are at levels 1 to 3, 512 entries each. */
enum { TABLES = 24, ENTRIES = 512 };

#define VALID 1ull
#define TABLE_OR_PAGE 2ull
#define ATTR_NORMAL (0ull << 2)
#define ATTR_DEVICE (1ull << 2)
#define AP_READ_ONLY (2ull << 6)
#define INNER_SHAREABLE (3ull << 8)
#define ACCESSED (1ull << 10)
#define XN (3ull << 53) /* PXN and UXN */
#define ADDRESS 0x0000fffffffff000ull

#define MAIR 0x04ffull /* 0: normal write-back, 1: device nGnRE */

#define SCTLR_M (1ull << 0)
#define SCTLR_C (1ull << 2)
#define SCTLR_I (1ull << 12)

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used = 1; /* the first is the root */

static uint64_t *next_table(uint64_t *entry)
{
    if (!(*entry & VALID)) {
        if (tables_used == TABLES) {
            return NULL;
        }
        *entry = (uint64_t)tables[tables_used++] | TABLE_OR_PAGE | VALID;
    }
    return *entry & TABLE_OR_PAGE ? (uint64_t *)(*entry & ADDRESS) : NULL;
}

static uint64_t descriptor(unsigned attributes)
{
    uint64_t d = VALID | ACCESSED | INNER_SHAREABLE;

    d |= attributes & MMU_DEVICE ? ATTR_DEVICE | XN : ATTR_NORMAL;
    d |= attributes & MMU_READ_ONLY ? AP_READ_ONLY : 0;
    d |= attributes & MMU_NO_EXECUTE ? XN : 0;
    return d;
}

/* The entry that maps va in a block of at most this size. */
static uint64_t *entry_for(uint64_t va, uint64_t pa, uint64_t size,
                           uint64_t *block)
{
    uint64_t *table = tables[0];

    for (unsigned shift = 30;; shift -= 9) {
        uint64_t *entry = &table[va >> shift & (ENTRIES - 1)];

        *block = 1ull << shift;
        if (shift == 12 ||
            (size >= *block && (va | pa) % *block == 0)) {
            return entry;
        }
        table = next_table(entry);
        if (!table) {
            return NULL;
        }
    }
}

bool mmu_map(uint64_t va, uint64_t pa, uint64_t size, unsigned attributes)
{
    while (size) {
        uint64_t block;
        uint64_t *entry = entry_for(va, pa, size, &block);

        if (!entry) {
            return false;
        }
        *entry = pa | descriptor(attributes) |
                 (block == 4096 ? TABLE_OR_PAGE : 0);
        va += block;
        pa += block;
        size -= block;
    }
    barrier_dsb();
    barrier_isb();
    return true;
}

void mmu_unmap(uint64_t va, uint64_t size)
{
    for (; size; va += 4096, size -= 4096) {
        uint64_t block;
        uint64_t *entry = entry_for(va, 0xfff, 4096, &block);

        if (entry) {
            *entry = 0;
        }
        barrier_dsb();
        __asm__ volatile("tlbi vaae1is, %0" ::"r"(va >> 12) : "memory");
    }
    barrier_dsb();
    barrier_isb();
}

bool mmu_map_board(void)
{
    bool ok = mmu_map(0, 0, 1ull << 30, MMU_DEVICE);

    for (unsigned i = 0; i < board.memory_count; i++) {
        const struct board_memory *memory = &board.memory[i];

        ok = ok && mmu_map(memory->base, memory->base, memory->size, 0);
    }
    return ok;
}

void mmu_enable(void)
{
    uint64_t range = sysreg_read(id_aa64mmfr0_el1) & 15;

    sysreg_write(mair_el1, MAIR);
    /* 39 bits by TTBR0, inner shareable write-back walks, no TTBR1. */
    sysreg_write(tcr_el1, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 |
                              (range > 5 ? 5 : range) << 32);
    sysreg_write(ttbr0_el1, tables[0]);
    barrier_isb();
    __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" ::: "memory");
    sysreg_write(sctlr_el1,
                 sysreg_read(sctlr_el1) | SCTLR_M | SCTLR_C | SCTLR_I);
    barrier_isb();
}
