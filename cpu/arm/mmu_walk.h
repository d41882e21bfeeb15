/*
 * What the files of the walker share: one translation by one stage's tables.
 *
 * mmu_stage1.c and mmu_stage2.c read their registers into a struct walk,
 * which is all that the walk itself (mmu_walk.c) knows; mmu.c puts the two
 * stages together.
 */
#ifndef CPU_ARM_MMU_WALK_H
#define CPU_ARM_MMU_WALK_H

#include "cpu/arm/mmu.h"
#include "cpu/arm/mmu_tables.h"
#include "util/bits.h"

/* No status: the walk goes on. */
#define MMU_NO_FAULT UINT32_MAX
/* With the status of a fault: it is stage 2's; of a table of stage 1. */
#define MMU_STAGE2_FAULT 0x100
#define MMU_S1PTW 0x200

/* Of both stages' leaf descriptors. */
#define DESC_AP_BIT7 BIT(7) /* read-only at stage 1, writable at stage 2 */
#define DESC_AF BIT(10)
#define DESC_DBM BIT(51)

/* Bits of struct walk.table_attrs. */
#define DESC_NS_TABLE BIT(63)

/* One translation: what the registers say, then what the tables said.  Whoever
 * makes one sets all of the former. */
struct walk {
    const struct mmu_request *request;
    struct mmu_tables *tables; /* or NULL: none are remembered */
    uint64_t stamp;            /* of what may be remembered now */
    uint64_t va;               /* stripped; an IPA at stage 2 */
    enum tlb_access access;
    /* What translates the addresses of tables: stage 2, or NULL. */
    const struct mmu_stage2 *nested;
    uint64_t *fault_ipa;       /* for faults of that */

    uint64_t base;        /* of the first table */
    uint64_t table_attrs; /* bits 63..59 of the tables passed, or-ed */
    uint64_t table_ipa;   /* of the last table, before stage 2 */
    uint64_t desc_pa;     /* of the leaf */
    uint64_t desc;        /* the leaf */
    struct mmu_shape shape;
    int8_t level;
    uint8_t stage;
    bool keeps_dirty;     /* only asks whether it could be written */
    bool valid;           /* the registers allow this va */
    bool big_endian;
};

/*
 * Find the leaf of w->va and put the address into *page; `fill` adds the rest
 * and says whether the access is permitted.  Updates the leaf as the
 * registers ask.
 */
typedef bool walk_fill_fn(const struct walk *w, struct tlb_page *page);
uint32_t walk_translate(struct walk *w, walk_fill_fn *fill,
                        struct tlb_page *page);

/* A granule that is not there is taken for 4 KiB, as reserved ones are. */
static inline uint8_t walk_page_bits(const struct mmu_regs *regs, uint8_t bits)
{
    return bits == 14 && regs->no_16k ? 12 : bits;
}

/* Set the output size of *shape, which has the granule, from the field PS; and
 * the base of `w`, which has its shape, from TTBR or VTTBR. */
void walk_set_output(struct mmu_shape *shape, unsigned ps, unsigned pa_bits);
void walk_set_base(struct walk *w, uint64_t ttbr);

/* The leaf says that nothing was written yet, or that nothing may be. */
static inline bool walk_is_clean(const struct walk *w)
{
    return !(w->desc & DESC_AP_BIT7) == (w->stage == 2);
}

/* mmu_stage1.c: *page is zero before. */
uint32_t mmu_stage1(const struct mmu_request *request,
                    struct tlb_page *page, uint64_t *fault_ipa);

/* mmu_stage2.c: `page` is what stage 2 alone says: of its permissions those
 * for EL0 and EL1, as `attr` its memory type (0 to 15, MemAttr). */
uint32_t mmu_stage2(const struct mmu_request *request, uint64_t ipa,
                    enum tlb_access access, bool is_table,
                    struct tlb_page *page);

/* mmu_attr.c: the memory type of a page of stage 1 under stage 2's. */
void mmu_combine_attr(const struct mmu_stage2 *stage2, bool is_instruction,
                      struct tlb_page *page, const struct tlb_page *second);

#endif
