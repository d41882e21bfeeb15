/*
 * Where last-level tables are: what a walk need not read again.
 *
 * As the architecture's own caches of table descriptors: only valid ones
 * are kept, for an ASID and a VMID, until an invalidation that is not of
 * last-level entries only (Arm ARM D8.13.5).  Each vCPU has its own, on its
 * thread; each stage of translation has its own.
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

struct mmu_tables {
    struct mmu_table slot[MMU_TABLES];
};

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
