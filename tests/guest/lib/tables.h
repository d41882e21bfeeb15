/* Translation tables of any granule; the test writes the descriptors. */
#ifndef TESTS_GUEST_LIB_TABLES_H
#define TESTS_GUEST_LIB_TABLES_H

#include <stdint.h>

/* Descriptor fields (Arm ARM, VMSAv8-64 descriptor formats). */
#define D_BLOCK 1ull
#define D_PAGE 3ull
#define D_TABLE 3ull
#define D_NORMAL (0ull << 2)
#define D_DEVICE (1ull << 2)
#define D_EL0 (1ull << 6)       /* AP[1] */
#define D_READ_ONLY (1ull << 7) /* AP[2] */
#define D_SHARED (3ull << 8)
#define D_AF (1ull << 10)
#define D_NG (1ull << 11)
#define D_PXN (1ull << 53)
#define D_UXN (1ull << 54)
#define D_TABLE_PXN (1ull << 59)
#define D_TABLE_UXN (1ull << 60)
#define D_TABLE_NO_EL0 (1ull << 61)
#define D_TABLE_READ_ONLY (1ull << 62)

/* Normal memory that EL1 may read, write and execute. */
#define D_RAM (D_NORMAL | D_SHARED | D_AF | D_UXN)

/* TCR_EL1 for TTBR0 and TTBR1 alike: inner shareable, write-back walks. */
#define TCR_WALK0 (1ull << 8 | 1ull << 10 | 3ull << 12)
#define TCR_WALK1 (1ull << 24 | 1ull << 26 | 3ull << 28)
#define TCR_EPD1 (1ull << 23)
#define TCR_IPS_40 (2ull << 32)
#define TCR_A1 (1ull << 22)
#define TCR_ASID16 (1ull << 36)
#define TCR_TBI0 (1ull << 37)
#define TCR_TG0_4K (0ull << 14)
#define TCR_TG0_16K (2ull << 14)
#define TCR_TG0_64K (1ull << 14)
#define TCR_TG1_4K (2ull << 30)

struct space {
    unsigned shift;   /* 12, 14 or 16 */
    unsigned va_bits;
    uint64_t *root;
};

/* Start over: all tables are free. */
void tables_reset(void);
struct space tables_new(unsigned shift, unsigned va_bits);

/* The descriptor for va at a level, above it table descriptors. */
uint64_t *tables_entry(const struct space *space, uint64_t va,
                       unsigned level);
unsigned tables_first_level(const struct space *space);
uint64_t tables_block(const struct space *space, unsigned level);

/* All descriptors from little-endian to big-endian or back; MMU off. */
void tables_reverse(void);

/* Devices below 1 GiB and 256 MiB of memory, one to one, by level 2 blocks. */
void tables_identity(const struct space *space);

/* tcr: everything but T0SZ. */
void mmu_on(const struct space *space, uint64_t tcr);
void mmu_off(void);

#define tlbi(op) \
    __asm__ volatile("dsb ish\n tlbi " #op "\n dsb ish\n isb" ::: "memory")
#define tlbi_va(op, value) \
    __asm__ volatile("dsb ish\n tlbi " #op ", %0\n dsb ish\n isb" ::"r"( \
                         (uint64_t)(value)) \
                     : "memory")

#endif
