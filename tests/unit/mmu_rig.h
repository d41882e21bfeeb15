/*
 * A RAM with translation tables in it, and the registers that lead to them.
 *
 * There is one, made and taken down by the fixtures.
 */
#ifndef TESTS_UNIT_MMU_RIG_H
#define TESTS_UNIT_MMU_RIG_H

#include <check.h>

#include "cpu/arm/mmu.h"
#include "util/bits.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE (16u << 20)

#define VALID_TABLE UINT64_C(3)
#define AF BIT(10)
#define AP(n) ((uint64_t)(n) << 6) /* of stage 2, too */
#define NG BIT(11)
#define DBM BIT(51)
#define PXN BIT(53)
#define UXN BIT(54)
#define NS_TABLE BIT(63)
#define NS BIT(5)
#define ATTR(n) ((uint64_t)(n) << 2)

struct mmu_granule {
    unsigned bits, tg0, tg1;
};

#define MMU_GRANULES 3
extern const struct mmu_granule mmu_granules[MMU_GRANULES];

struct mmu_rig {
    struct bus *bus;
    struct ram *ram;
    uint64_t next_table;
    struct mmu_regs regs;
    struct mmu_stage2 stage2;
    bool has_stage2, secure;
    enum mmu_purpose purpose;
    struct tlb_key key;
    /* Of the last walk. */
    struct tlb_page page;
    struct mem_fault fault;
};
extern struct mmu_rig mmu;

/* Fixtures. */
void mmu_rig_setup(void);
void mmu_rig_teardown(void);

/* Registers with both ranges of 64 - tsz bits and empty root tables. */
void use_granule(const struct mmu_granule *g, unsigned tsz);

/* The same of stage 2: 64 - tsz bits, from `level` on; `concatenated` tables
 * in a row as the root. */
void use_stage2(const struct mmu_granule *g, unsigned tsz, int level,
                unsigned concatenated);

uint64_t new_table(unsigned bits);
uint64_t *descriptor(uint64_t pa);
unsigned shift_of(unsigned bits, int level);
/* First level whose table has an index for `input` address bits. */
int start_level(unsigned bits, unsigned input);

/* The descriptor for va at `level`, tables above it created on the way
 * with `attrs` in them. */
uint64_t *slot(unsigned bits, unsigned tsz, uint64_t va, int level,
               uint64_t attrs);
uint64_t *slot2(unsigned bits, unsigned tsz, int first, uint64_t ipa,
                int level);

static inline uint64_t leaf(int level, uint64_t pa, uint64_t attrs)
{
    return pa | attrs | (level == 3 ? 3 : 1);
}

/* A walk: result in mmu.page and mmu.fault. */
bool walk(uint64_t va, enum tlb_access access);

#endif
