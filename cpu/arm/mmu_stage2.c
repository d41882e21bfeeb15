/*
 * Stage 2 (Arm ARM D8.2.11, D8.4.4): from the addresses that a guest at EL1
 * takes for physical ones to those that are.
 */
#include "cpu/arm/mmu_walk.h"

#include "cpu/arm/mmu_tables.h"
#include "util/bits.h"

#define HCR_PTW BIT(2)
#define HCR_FWB BIT(46)

#define VTCR_DS BIT(32)

#define DESC_S2AP_READ BIT(6)
#define DESC_S2AP_WRITE DESC_AP_BIT7

/* ---- registers ---- */

/* Reserved encodings of TG0 select 4 KiB. */
static const uint8_t granule_bits[4] = {12, 16, 14, 12};

/* By granule and SL0, and SL2 for 4 KiB with DS. */
static bool find_first_level(struct mmu_shape *s, const struct mmu_regs *regs,
                             uint64_t vtcr)
{
    static const int8_t of_4k[4] = {2, 1, 0, 3}, of_others[4] = {3, 2, 1, 0};
    unsigned sl0 = (unsigned)extract64(vtcr, 6, 2);

    if (s->page_bits != 12) {
        s->first_level = of_others[sl0];
        return s->first_level > 1 ||
               (s->first_level == 1 &&
                regs->pa_bits >= (s->page_bits == 14 ? 42 : 44)) ||
               (s->first_level == 0 && s->wide);
    }
    if (s->wide && extract64(vtcr, 33, 1)) {
        s->first_level = -1;
        return sl0 == 0;
    }
    s->first_level = of_4k[sl0];
    return (s->first_level > 0 || regs->pa_bits >= 44) &&
           (s->first_level < 3 || regs->small_va);
}

/* The first table may be up to sixteen in a row. */
static bool is_size_valid(const struct mmu_shape *s,
                          const struct mmu_regs *regs)
{
    unsigned stride = s->page_bits - 3u;
    unsigned least = (unsigned)(3 - s->first_level) * stride + s->page_bits + 1;
    unsigned max_tsz = !regs->small_va ? 39 : s->page_bits == 16 ? 47 : 48;
    unsigned most = s->wide || s->page_bits == 16 ? 52 : 48;

    if (most > regs->pa_bits) {
        most = regs->pa_bits;
    }
    return s->input_bits >= 64 - max_tsz && s->input_bits <= most &&
           s->input_bits >= least && s->input_bits <= least + stride + 3;
}

static void read_control(struct mmu_shape *shape,
                         const struct mmu_regs *regs, uint64_t vtcr)
{
    *shape = (struct mmu_shape){
        .page_bits =
            walk_page_bits(regs, granule_bits[extract64(vtcr, 14, 2)]),
        .input_bits = (uint8_t)(64 - extract64(vtcr, 0, 6)),
    };
    shape->wide = shape->page_bits != 16 && regs->lpa2 && (vtcr & VTCR_DS);
    shape->wide_64k = shape->page_bits == 16 && regs->pa_bits == 52;
    walk_set_output(shape, (unsigned)extract64(vtcr, 16, 3), regs->pa_bits);
    shape->valid = find_first_level(shape, regs, vtcr) &&
                   is_size_valid(shape, regs);
    shape->update_af = regs->hafdbs && extract64(vtcr, 21, 1);
    shape->update_dirty = shape->update_af && extract64(vtcr, 22, 1);
}

static void read_registers(struct walk *w, const struct mmu_stage2 *s)
{
    const struct mmu_regs *regs = w->request->regs;
    struct mmu_range room, *range = s->tables ? &s->tables->range[0][0]
                                              : &room;

    if (!s->tables || !mmu_range_holds(range, regs, s->vtcr)) {
        read_control(&range->shape, regs, s->vtcr);
        range->regs = regs;
        range->control = s->vtcr;
    }
    w->shape = range->shape;
    walk_set_base(w, s->vttbr);
    w->valid = w->shape.valid && !(w->va >> w->shape.input_bits);
    w->big_endian = s->big_endian;
}

/* ---- the leaf ---- */

/* XN[1:0]: may EL0, may EL1 fetch. */
static uint8_t may_fetch(const struct walk *w, bool el0)
{
    unsigned xn = (unsigned)extract64(w->desc, 53, 2);

    if (!w->request->regs->xnx) {
        return xn & 2 ? 0 : TLB_PERM_X;
    }
    return xn == 0 || xn == (el0 ? 1 : 3) ? TLB_PERM_X : 0;
}

static bool is_device(const struct walk *w)
{
    unsigned type = (unsigned)extract64(w->desc, 2, 4);

    return w->request->stage2->hcr & HCR_FWB ? type < 4 : !(type & 0xc);
}

static void set_page(const struct walk *w, struct tlb_page *page)
{
    bool writable = !walk_is_clean(w) ||
                    (w->shape.update_dirty && (w->desc & DESC_DBM));
    uint8_t perm = (w->desc & DESC_S2AP_READ ? TLB_PERM_R : 0) |
                   (writable ? TLB_PERM_W : 0);

    page->perm_el0 = perm | may_fetch(w, true);
    page->perm_el1 = perm | may_fetch(w, false);
    page->attr = (uint8_t)extract64(w->desc, 2, 4);
    page->shareability = (uint8_t)(
        w->shape.wide ? extract64(w->request->stage2->vtcr, 12, 2)
                : extract64(w->desc, 8, 2));
}

static bool fill(const struct walk *w, struct tlb_page *page)
{
    static const uint8_t needed[] = {
        [TLB_READ] = TLB_PERM_R,
        [TLB_WRITE] = TLB_PERM_W,
        [TLB_EXEC] = TLB_PERM_X,
    };

    set_page(w, page);
    return (w->request->key->el ? page->perm_el1 : page->perm_el0) &
           needed[w->access];
}

/* With PTW tables of stage 1 must not lie in Device memory. */
static bool fill_for_table(const struct walk *w, struct tlb_page *page)
{
    if ((w->request->stage2->hcr & HCR_PTW) && is_device(w)) {
        return false;
    }
    set_page(w, page);
    return page->perm_el1 & (w->access == TLB_WRITE ? TLB_PERM_W
                                                    : TLB_PERM_R);
}

uint32_t mmu_stage2(const struct mmu_request *request, uint64_t ipa,
                    enum tlb_access access, bool is_table,
                    struct tlb_page *page)
{
    const struct mmu_stage2 *s = request->stage2;
    const struct tlb *tlb = request->regs->tlb;
    struct tlb_key key = *request->key; /* whatever the ASID */
    struct mmu_request mine = *request;
    struct walk w = {
        .request = &mine,
        .tables = s->tables,
        .stamp = s->tables ? tlb_table_stamp(tlb) : 0,
        .va = ipa,
        .access = access,
        .keeps_dirty = request->purpose != MMU_FOR_ACCESS && !is_table,
        .stage = 2,
    };

    key.asid = 0;
    mine.key = &key;
    *page = (struct tlb_page){0};
    read_registers(&w, s);
    return walk_translate(&w, is_table ? fill_for_table : fill, page);
}
