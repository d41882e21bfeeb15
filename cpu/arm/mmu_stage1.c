/*
 * Stage 1 (Arm ARM D8): everything that distinguishes regimes, address
 * ranges and granules is read from TCR into `struct walk` before the first
 * descriptor; and the permissions of stage 1's leaf (D8.4).
 */
#include "cpu/arm/mmu_walk.h"

#include "cpu/arm/mmu_tables.h"
#include "util/bits.h"

#define SCTLR_WXN BIT(19)
#define SCTLR_EE BIT(25)
#define SCTLR_EPAN BIT(57)

#define HCR_DC BIT(12)

#define DESC_NS BIT(5)
#define DESC_AP_EL0 BIT(6)
#define DESC_AP_READ_ONLY DESC_AP_BIT7
#define DESC_NG BIT(11)
#define DESC_GP BIT(50)
#define DESC_PXN BIT(53)
#define DESC_UXN BIT(54) /* XN in regimes of one exception level */
#define DESC_PXN_TABLE BIT(59)
#define DESC_UXN_TABLE BIT(60)
#define DESC_AP_TABLE_NO_EL0 BIT(61)
#define DESC_AP_TABLE_READ_ONLY BIT(62)

/* ---- registers ---- */

/* Where TCR keeps the fields of one address range; -1: there is none. */
struct range_fields {
    uint8_t tsz, sh, tg, tbi, hpd, tbid;
    int8_t epd, e0pd;
};

struct tcr_layout {
    struct range_fields range[2]; /* by bit 55 of the address */
    uint8_t ps, ha, hd, ds;
};

#define ONE_RANGE                                                          \
    {                                                                      \
        .range = {{.tsz = 0, .sh = 12, .tg = 14, .tbi = 20, .hpd = 24,     \
                   .tbid = 29, .epd = -1, .e0pd = -1}},                    \
        .ps = 16, .ha = 21, .hd = 22, .ds = 32,                            \
    }

static const struct tcr_layout tcr_layouts[] = {
    [MMU_EL1_0] = {
        .range = {
            {.tsz = 0, .sh = 12, .tg = 14, .tbi = 37, .hpd = 41, .tbid = 51,
             .epd = 7, .e0pd = 55},
            {.tsz = 16, .sh = 28, .tg = 30, .tbi = 38, .hpd = 42, .tbid = 52,
             .epd = 23, .e0pd = 56},
        },
        .ps = 32, .ha = 39, .hd = 40, .ds = 59,
    },
    [MMU_EL2] = ONE_RANGE,
    [MMU_EL3] = ONE_RANGE,
};

/* Reserved encodings of TG0 and TG1 select 4 KiB. */
static const uint8_t granule_bits[2][4] = {
    {12, 16, 14, 12},
    {12, 14, 12, 16},
};

static uint8_t page_bits(const struct mmu_regs *regs, bool upper,
                         const struct range_fields *f)
{
    return walk_page_bits(
        regs, granule_bits[upper][extract64(regs->tcr, f->tg, 2)]);
}

static bool is_upper(const struct mmu_regs *regs, uint64_t va)
{
    return regs->regime == MMU_EL1_0 && extract64(va, 55, 1);
}

static bool is_tagged(const struct mmu_regs *regs,
                      const struct range_fields *f, bool is_instruction)
{
    return extract64(regs->tcr, f->tbi, 1) &&
           !(is_instruction && regs->pauth &&
             extract64(regs->tcr, f->tbid, 1));
}

static uint64_t strip(uint64_t va, bool upper)
{
    return upper ? va | ~mask64(56) : va & mask64(56);
}

uint64_t mmu_strip_tag(const struct mmu_regs *regs, bool is_instruction,
                       uint64_t va)
{
    bool upper = is_upper(regs, va);

    return is_tagged(regs, &tcr_layouts[regs->regime].range[upper],
                     is_instruction) ? strip(va, upper) : va;
}

static unsigned least_tsz(const struct mmu_regs *regs, unsigned bits,
                          bool wide)
{
    return wide || (bits == 16 && regs->lva) ? 12 : 16;
}

static unsigned most_tsz(const struct mmu_regs *regs, unsigned bits)
{
    return !regs->small_va ? 39 : bits == 16 ? 47 : 48;
}

/* 52-bit descriptors of 4 and 16 KiB. */
static bool is_wide(const struct mmu_regs *regs, unsigned bits)
{
    return bits != 16 && regs->lpa2 &&
           extract64(regs->tcr, tcr_layouts[regs->regime].ds, 1);
}

unsigned mmu_tsz(const struct mmu_regs *regs, bool upper)
{
    const struct tcr_layout *layout = &tcr_layouts[regs->regime];
    bool half = upper && regs->regime == MMU_EL1_0;
    const struct range_fields *range = &layout->range[half];
    unsigned bits = page_bits(regs, half, range);
    unsigned tsz = (unsigned)extract64(regs->tcr, range->tsz, 6);
    unsigned least = least_tsz(regs, bits, is_wide(regs, bits));
    unsigned most = most_tsz(regs, bits);

    return tsz < least ? least : tsz > most ? most : tsz;
}

static bool is_in_range(uint64_t va, unsigned bits, bool upper)
{
    return upper ? (va | mask64((int)bits)) == ~UINT64_C(0)
                 : !(va & ~mask64((int)bits));
}

/* E0PD keeps EL0 out of a range, as EPD all. */
static void read_disabled(struct mmu_range *range,
                          const struct range_fields *f,
                          const struct mmu_regs *regs)
{
    bool all = f->epd >= 0 && extract64(regs->tcr, f->epd, 1);

    range->disabled[1] = all;
    range->disabled[0] = all || (f->e0pd >= 0 && regs->e0pd &&
                                 extract64(regs->tcr, f->e0pd, 1));
}

static int8_t first_level(const struct mmu_shape *s)
{
    int stride = s->page_bits - 3;

    return (int8_t)(4 - (s->input_bits - s->page_bits + stride - 1) / stride);
}

static void read_shape(struct mmu_shape *shape, const struct range_fields *f,
                       const struct mmu_regs *regs, bool upper)
{
    const struct tcr_layout *layout = &tcr_layouts[regs->regime];
    uint64_t tcr = regs->tcr;
    unsigned tsz = (unsigned)extract64(tcr, f->tsz, 6);

    *shape = (struct mmu_shape){
        .page_bits = page_bits(regs, upper, f),
        .input_bits = (uint8_t)(64 - tsz),
    };
    shape->wide = is_wide(regs, shape->page_bits);
    shape->wide_64k = shape->page_bits == 16 && regs->pa_bits == 52;
    walk_set_output(shape, (unsigned)extract64(tcr, layout->ps, 3),
                    regs->pa_bits);
    /* TxSZ out of bounds is a translation fault (D8.2.8 lets us). */
    shape->valid = tsz >= least_tsz(regs, shape->page_bits, shape->wide) &&
                   tsz <= most_tsz(regs, shape->page_bits);
    shape->first_level = first_level(shape);
    shape->update_af = regs->hafdbs && extract64(tcr, layout->ha, 1);
    shape->update_dirty = shape->update_af && extract64(tcr, layout->hd, 1);
    shape->ignore_table_attrs = regs->hpds && extract64(tcr, f->hpd, 1);
}

static void read_control(struct mmu_range *range,
                         const struct mmu_regs *regs, bool upper)
{
    const struct range_fields *f = &tcr_layouts[regs->regime].range[upper];

    range->regs = regs;
    range->control = regs->tcr;
    read_shape(&range->shape, f, regs, upper);
    read_disabled(range, f, regs);
    range->tagged[0] = is_tagged(regs, f, false);
    range->tagged[1] = is_tagged(regs, f, true);
}

/* Of the range that `va` is in; `room` is for one that is not kept. */
static const struct mmu_range *find_range(const struct mmu_regs *regs,
                                          bool upper, struct mmu_range *room)
{
    struct mmu_range *range =
        regs->tables ? &regs->tables->range[regs->regime][upper] : room;

    if (!regs->tables || !mmu_range_holds(range, regs, regs->tcr)) {
        read_control(range, regs, upper);
    }
    return range;
}

/* The range is the one that the address is in, by bit 55. */
static void read_registers(struct walk *w, const struct mmu_range *range,
                           bool upper)
{
    const struct mmu_request *request = w->request;
    const struct mmu_regs *regs = request->regs;
    bool tagged = range->tagged[request->access == TLB_EXEC];

    w->va = tagged ? strip(request->va, upper) : request->va;
    w->shape = range->shape;
    walk_set_base(w, upper ? regs->ttbr1 : regs->ttbr0);
    w->valid = w->shape.valid && !range->disabled[request->key->el > 0] &&
               is_in_range(w->va, w->shape.input_bits, upper);
    w->big_endian = regs->sctlr & SCTLR_EE;
}

/* ---- the leaf ---- */

static void set_permissions_without_el0(const struct walk *w, bool writable,
                                        struct tlb_page *page)
{
    bool xn = (w->desc & DESC_UXN) || (w->table_attrs & DESC_UXN_TABLE) ||
              ((w->request->regs->sctlr & SCTLR_WXN) && writable);

    page->perm_el1 = TLB_PERM_R | (writable ? TLB_PERM_W : 0) |
                     (xn ? 0 : TLB_PERM_X);
    page->perm_el0 = 0;
}

/* Permissions of the leaf under those of its tables (D8.4). */
static void set_permissions(const struct walk *w, struct tlb_page *page)
{
    uint64_t sctlr = w->request->regs->sctlr;
    bool writable = !walk_is_clean(w) ||
                    (w->shape.update_dirty && (w->desc & DESC_DBM));
    bool el0 = (w->desc & DESC_AP_EL0) &&
               !(w->table_attrs & DESC_AP_TABLE_NO_EL0);
    bool xn = (w->desc & DESC_UXN) || (w->table_attrs & DESC_UXN_TABLE);
    bool pxn = (w->desc & DESC_PXN) || (w->table_attrs & DESC_PXN_TABLE);
    bool wxn = sctlr & SCTLR_WXN;

    if (w->table_attrs & DESC_AP_TABLE_READ_ONLY) {
        writable = false;
    }
    if (w->request->regs->regime != MMU_EL1_0) {
        set_permissions_without_el0(w, writable, page);
        return;
    }
    bool el0_writable = el0 && writable;
    bool el0_xn = xn || (wxn && el0_writable);
    /* What EL0 can write EL1 never executes. */
    bool el1_xn = pxn || el0_writable || (wxn && writable);

    page->perm_el0 = (el0 ? TLB_PERM_R : 0) |
                     (el0_writable ? TLB_PERM_W : 0) |
                     (el0_xn ? 0 : TLB_PERM_X);
    page->perm_el1 = TLB_PERM_R | (writable ? TLB_PERM_W : 0) |
                     (el1_xn ? 0 : TLB_PERM_X);
    page->user = el0 || (!el0_xn && w->request->regs->epan &&
                         (sctlr & SCTLR_EPAN));
}

static bool is_permitted(const struct walk *w, const struct tlb_page *page)
{
    static const uint8_t needed[] = {
        [TLB_READ] = TLB_PERM_R,
        [TLB_WRITE] = TLB_PERM_W,
        [TLB_EXEC] = TLB_PERM_X,
    };
    const struct tlb_key *key = w->request->key;
    uint8_t perm = key->el ? page->perm_el1 : page->perm_el0;

    if (key->pan && key->el && w->access != TLB_EXEC && page->user) {
        return false;
    }
    return perm & needed[w->access];
}

/* With 52-bit descriptors TCR says what is shared. */
static uint8_t shareability(const struct walk *w)
{
    const struct mmu_regs *regs = w->request->regs;
    bool upper = is_upper(regs, w->va);

    return (uint8_t)(w->shape.wide
                         ? extract64(regs->tcr,
                                     tcr_layouts[regs->regime].range[upper].sh,
                                     2)
                         : extract64(w->desc, 8, 2));
}

static bool fill(const struct walk *w, struct tlb_page *page)
{
    const struct mmu_regs *regs = w->request->regs;
    /* Of a Secure regime, by a table in Non-secure memory. */
    bool left = w->table_attrs & DESC_NS_TABLE;

    page->secure = w->request->secure && !left && !(w->desc & DESC_NS);
    page->global = regs->regime != MMU_EL1_0 ||
                   (!(w->desc & DESC_NG) && !(left && w->request->secure));
    page->guarded = regs->bti && (w->desc & DESC_GP);
    page->attr = (uint8_t)(regs->mair >> (8 * extract64(w->desc, 2, 3)));
    page->device = !(page->attr & 0xf0);
    page->shareability = shareability(w);
    set_permissions(w, page);
    return is_permitted(w, page);
}

/* Stage 1 is off (D8.2.10): identity, Device-nGnRnE for data (fetches,
 * which would be Normal, do not ask); with HCR_EL2.DC Normal. */
static uint32_t translate_flat(const struct mmu_request *request,
                               uint64_t va, struct tlb_page *page)
{
    bool normal = request->stage2 && (request->stage2->hcr & HCR_DC);

    if (va >> request->regs->pa_bits) {
        return MMU_ADDRESS_SIZE;
    }
    *page = (struct tlb_page){
        .pa = va & ~mask64(TLB_PAGE_BITS),
        .secure = request->secure,
        .block_size = BIT(TLB_PAGE_BITS),
        .global = true,
        .device = !normal,
        .attr = normal ? 0xff : 0x00,
        .shareability = normal ? 0 : 2,
        .perm_el0 = TLB_PERM_R | TLB_PERM_W | TLB_PERM_X,
        .perm_el1 = TLB_PERM_R | TLB_PERM_W | TLB_PERM_X,
    };
    return MMU_NO_FAULT;
}

uint32_t mmu_stage1(const struct mmu_request *request,
                    struct tlb_page *page, uint64_t *fault_ipa)
{
    const struct mmu_regs *regs = request->regs;
    bool upper = is_upper(regs, request->va);
    struct mmu_range room;
    struct walk w; /* as a whole it takes longer to clear than to fill */

    if (request->key->mmu_off) {
        return translate_flat(request,
                              mmu_strip_tag(regs, request->access == TLB_EXEC,
                                            request->va), page);
    }
    w.request = request;
    w.tables = regs->tables;
    w.stamp = regs->tables ? tlb_table_stamp(regs->tlb) : 0;
    w.access = request->access;
    w.keeps_dirty = request->purpose != MMU_FOR_ACCESS;
    w.nested = request->stage2;
    w.fault_ipa = fault_ipa;
    w.stage = 1;
    read_registers(&w, find_range(regs, upper, &room), upper);
    return walk_translate(&w, fill, page);
}
