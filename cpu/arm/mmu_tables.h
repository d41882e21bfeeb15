/*
 * What a walk need not read again: where last-level tables are, and what the
 * control registers say.
 *
 * The former as the architecture's own caches of table descriptors: only valid
 * ones are kept, for an ASID and a VMID, until an invalidation that is not of
 * last-level entries only (Arm ARM D8.13.5).  The latter until the register has
 * another value.  Each vCPU has its own, on its thread; each stage of
 * translation has its own.
 */
#ifndef CPU_ARM_MMU_TABLES_H
#define CPU_ARM_MMU_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "softmmu/tlb.h"

#define MMU_TABLES 64

struct mmu_table {
    uint64_t base;   /* of the first table, from TTBR */
    uint64_t block;  /* va without the bits that the table translates */
    uint64_t stamp;  /* tlb_table_stamp() */
    uint64_t tag;    /* of the key, and how many bits it translates */
    uint64_t attrs;  /* of the tables passed, or-ed */
    uint64_t ipa;    /* of the table, before stage 2 */
    uint64_t pa;
    const uint64_t *host;
};

/* The tables of one range of addresses. */
struct mmu_shape {
    int8_t first_level;      /* -1 to 3 */
    uint8_t page_bits;       /* granule: 12, 14 or 16 */
    uint8_t input_bits;      /* of the address range */
    uint8_t output_bits;     /* of physical addresses */
    bool valid;              /* sizes are within bounds */
    bool wide;               /* 52-bit descriptors of 4 and 16 KiB (TCR.DS) */
    bool wide_64k;           /* of 64 KiB (FEAT_LPA) */
    bool wide_base;          /* so is TTBR */
    bool update_af, update_dirty;
    bool ignore_table_attrs;
};

/* All that TCR or VTCR says of a range. */
struct mmu_range {
    const struct mmu_regs *regs; /* whose, with a model's features; NULL: */
    uint64_t control;            /* nothing was read yet */
    struct mmu_shape shape;
    bool tagged[2];   /* an address has a tag: of data, of an instruction */
    bool disabled[2]; /* for EL0; for others */
};

struct mmu_tables {
    struct mmu_table slot[MMU_TABLES];
    struct mmu_range range[3][2]; /* by enum mmu_regime; lower, upper */
};

static inline bool mmu_range_holds(const struct mmu_range *range,
                                   const struct mmu_regs *regs,
                                   uint64_t control)
{
    return range->regs == regs && range->control == control;
}

static inline struct mmu_table *
mmu_table_slot(struct mmu_tables *tables, const struct tlb_key *key,
               uint64_t va, unsigned bits)
{
    return &tables->slot[(va >> bits ^ key->asid) % MMU_TABLES];
}

static inline uint64_t mmu_table_tag(const struct tlb_key *key, unsigned bits)
{
    return key->asid | (uint64_t)key->vmid << 16 |
           (uint64_t)key->regime << 32 | (uint64_t)bits << 40;
}

/* The table that translates the low `bits` bits of `va`, or NULL. */
static inline const struct mmu_table *
mmu_table_find(struct mmu_tables *tables, const struct tlb_key *key,
               uint64_t base, uint64_t va, unsigned bits, uint64_t stamp)
{
    const struct mmu_table *t = mmu_table_slot(tables, key, va, bits);

    return t->stamp == stamp && t->block == va >> bits && t->base == base &&
                   t->tag == mmu_table_tag(key, bits)
               ? t : NULL;
}

#endif
