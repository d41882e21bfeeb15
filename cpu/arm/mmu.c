/*
 * Stage 1 of VMSAv8-64 (Arm ARM D8).  Everything that distinguishes
 * regimes, address ranges and granules is read from TCR into `struct walk`
 * before the first descriptor; the walk itself knows only that.  Stage 2
 * would be another way to fill it and another set of permissions.
 */
#include "cpu/arm/mmu.h"

#include "cpu/arm/mmu_tables.h"
#include "util/bits.h"

#define SCTLR_WXN BIT(19)
#define SCTLR_EE BIT(25)

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1)
#define DESC_PAGE 3u /* at level 3 */
#define DESC_AP_EL0 BIT(6)
#define DESC_AP_READ_ONLY BIT(7)
#define DESC_AF BIT(10)
#define DESC_NG BIT(11)
#define DESC_GP BIT(50)
#define DESC_DBM BIT(51)
#define DESC_PXN BIT(53)
#define DESC_UXN BIT(54) /* XN in regimes of one exception level */
#define DESC_PXN_TABLE BIT(59)
#define DESC_UXN_TABLE BIT(60)
#define DESC_AP_TABLE_NO_EL0 BIT(61)
#define DESC_AP_TABLE_READ_ONLY BIT(62)

/* Attempts to update a descriptor that others keep changing. */
#define MAX_UPDATES 64

/* One translation: what the registers say, then what the tables said. */
struct walk {
    struct bus *bus;
    unsigned cpu;
    struct mmu_tables *tables; /* or NULL: none are remembered */
    uint64_t stamp;            /* of what may be remembered now */
    uint64_t va; /* stripped */
    enum tlb_access access;
    const struct tlb_key *key;

    uint64_t base;        /* of the first table */
    unsigned page_bits;   /* granule: 12, 14 or 16 */
    unsigned input_bits;  /* of the address range */
    unsigned output_bits; /* of physical addresses */
    bool in_range;        /* va belongs to a range that is enabled */
    bool has_el0;         /* the regime has EL0 permissions and ASIDs */
    bool big_endian;
    bool wxn;
    bool update_af, update_dirty;
    bool ignore_table_attrs;
    bool bti;
    uint64_t mair;

    uint64_t table_attrs; /* bits 63..59 of the tables passed, or-ed */
    uint64_t desc_pa;     /* of the leaf */
    uint64_t desc;        /* the leaf */
    unsigned level;
};

/* ---- registers ---- */

/* Where TCR keeps the fields of one address range. */
struct range_fields {
    uint8_t tsz, tg, tbi, hpd, tbid;
    int8_t epd; /* -1: none */
};

struct tcr_layout {
    struct range_fields range[2]; /* by bit 55 of the address */
    uint8_t ps, ha, hd;
    bool two_ranges;
};

static const struct tcr_layout tcr_layouts[] = {
    [MMU_EL1_0] = {
        .range = {
            {.tsz = 0, .tg = 14, .tbi = 37, .hpd = 41, .tbid = 51, .epd = 7},
            {.tsz = 16, .tg = 30, .tbi = 38, .hpd = 42, .tbid = 52, .epd = 23},
        },
        .ps = 32, .ha = 39, .hd = 40, .two_ranges = true,
    },
    [MMU_EL2] = {
        .range = {
            {.tsz = 0, .tg = 14, .tbi = 20, .hpd = 24, .tbid = 29, .epd = -1},
        },
        .ps = 16, .ha = 21, .hd = 22,
    },
    [MMU_EL3] = {
        .range = {
            {.tsz = 0, .tg = 14, .tbi = 20, .hpd = 24, .tbid = 29, .epd = -1},
        },
        .ps = 16, .ha = 21, .hd = 22,
    },
};

/* Reserved encodings of TG0 and TG1 select 4 KiB. */
static const uint8_t granule_bits[2][4] = {
    {12, 16, 14, 12},
    {12, 14, 12, 16},
};

static const uint8_t ps_bits[8] = {32, 36, 40, 42, 44, 48, 48, 48};

static const struct range_fields *
range_of(const struct mmu_regs *regs, uint64_t va, bool *upper)
{
    const struct tcr_layout *layout = &tcr_layouts[regs->regime];
    *upper = layout->two_ranges && extract64(va, 55, 1);
    return &layout->range[*upper];
}

uint64_t mmu_strip_tag(const struct mmu_regs *regs, bool is_instruction,
                       uint64_t va)
{
    bool upper;
    const struct range_fields *range = range_of(regs, va, &upper);
    bool tagged = extract64(regs->tcr, range->tbi, 1);

    if (is_instruction && regs->pauth &&
        extract64(regs->tcr, range->tbid, 1)) {
        tagged = false;
    }
    if (!tagged) {
        return va;
    }
    return upper ? va | ~mask64(56) : va & mask64(56);
}

/* TxSZ out of bounds behaves as the nearest bound (D8.2.8 lets us). */
static unsigned input_bits(const struct mmu_regs *regs, unsigned tsz,
                           unsigned page_bits)
{
    unsigned most = !regs->small_va ? 39 : page_bits == 16 ? 47 : 48;
    return 64 - (tsz < 16 ? 16 : tsz > most ? most : tsz);
}

static bool is_in_range(uint64_t va, unsigned bits, bool upper)
{
    return upper ? (va | mask64((int)bits)) == ~UINT64_C(0)
                 : !(va & ~mask64((int)bits));
}

static void read_registers(struct walk *w, const struct mmu_regs *regs)
{
    const struct tcr_layout *layout = &tcr_layouts[regs->regime];
    uint64_t tcr = regs->tcr;
    bool upper;
    const struct range_fields *range = range_of(regs, w->va, &upper);

    w->base = (upper ? regs->ttbr1 : regs->ttbr0) & (mask64(48) & ~1);
    w->page_bits = granule_bits[upper][extract64(tcr, range->tg, 2)];
    w->input_bits =
        input_bits(regs, (unsigned)extract64(tcr, range->tsz, 6),
                   w->page_bits);
    w->in_range = is_in_range(w->va, w->input_bits, upper) &&
                  (range->epd < 0 || !extract64(tcr, range->epd, 1));
    w->output_bits = ps_bits[extract64(tcr, layout->ps, 3)];
    if (w->output_bits > regs->pa_bits) {
        w->output_bits = regs->pa_bits;
    }
    w->has_el0 = regs->regime == MMU_EL1_0;
    w->big_endian = regs->sctlr & SCTLR_EE;
    w->wxn = regs->sctlr & SCTLR_WXN;
    w->update_af = regs->hafdbs && extract64(tcr, layout->ha, 1);
    w->update_dirty = w->update_af && extract64(tcr, layout->hd, 1);
    w->ignore_table_attrs = regs->hpds && extract64(tcr, range->hpd, 1);
    w->bti = regs->bti;
    w->mair = regs->mair;
}

/* ---- tables ---- */

/* 0, or the status of the fault: level in bits 1..0. */
#define NO_FAULT UINT32_MAX

static uint64_t swap_if(bool big_endian, uint64_t desc)
{
    return big_endian ? __builtin_bswap64(desc) : desc;
}

static bool read_descriptor(const struct walk *w, uint64_t pa,
                            uint64_t *desc)
{
    uint64_t raw;
    if (!bus_read(w->bus, pa, 8, w->cpu, &raw)) {
        return false;
    }
    *desc = swap_if(w->big_endian, raw);
    return true;
}

static bool is_block_level(const struct walk *w, unsigned level)
{
    return level == 2 || (level == 1 && w->page_bits == 12);
}

static bool is_too_large(const struct walk *w, uint64_t pa)
{
    return pa >> w->output_bits;
}

static unsigned level_shift(const struct walk *w, unsigned level)
{
    return w->page_bits + (3 - level) * (w->page_bits - 3);
}

/* The leaf `desc` of the last level. */
static uint32_t last_leaf(struct walk *w, uint64_t desc_pa, uint64_t desc)
{
    w->level = 3;
    w->desc_pa = desc_pa;
    w->desc = desc;
    return (desc & 3) == DESC_PAGE ? NO_FAULT : MMU_TRANSLATION | 3;
}

/* By a last-level table that was found before; false if there is none. */
static bool walk_again(struct walk *w, uint32_t *status)
{
    unsigned shift = w->page_bits, bits = 2 * shift - 3;
    const struct mmu_table *t =
        w->tables ? mmu_table_find(w->tables, w->key, w->base, w->va, bits,
                                   w->stamp)
                  : NULL;

    if (!t) {
        return false;
    }
    uint64_t index = extract64(w->va, (int)shift, (int)shift - 3);
    uint64_t raw = __atomic_load_n(&t->host[index], __ATOMIC_ACQUIRE);

    w->table_attrs = t->attrs;
    *status = last_leaf(w, t->pa + index * 8, swap_if(w->big_endian, raw));
    return true;
}

/* The last-level table at `pa`, when it lies in RAM. */
static void remember_table(const struct walk *w, uint64_t pa)
{
    unsigned bits = 2 * w->page_bits - 3;
    uint64_t offset;
    struct ram *ram = w->tables && w->input_bits > bits
                          ? bus_ram(w->bus, pa, BIT(w->page_bits), &offset)
                          : NULL;

    if (ram && !ram->readonly) {
        *mmu_table_slot(w->tables, w->key, w->va, bits) = (struct mmu_table){
            .base = w->base, .block = w->va >> bits, .stamp = w->stamp,
            .tag = mmu_table_tag(w->key, bits), .attrs = w->table_attrs,
            .pa = pa, .host = (const uint64_t *)(ram->host + offset),
        };
    }
}

/* Follow the tables to the leaf. */
static uint32_t walk_tables(struct walk *w)
{
    unsigned stride = w->page_bits - 3;
    unsigned top = w->input_bits; /* address bits not yet translated */
    unsigned levels = (top - w->page_bits + stride - 1) / stride;
    uint64_t table = w->base;
    uint32_t status;

    if (walk_again(w, &status)) {
        return status;
    }
    w->table_attrs = 0;
    for (w->level = 4 - levels;; w->level++) {
        unsigned shift = level_shift(w, w->level);
        unsigned index_bits = top - shift;
        uint64_t index = extract64(w->va, shift, index_bits);

        if (is_too_large(w, table)) {
            /* The table's address came from the level before, or TTBR. */
            bool first = w->level == 4 - levels;
            return MMU_ADDRESS_SIZE | (first ? 0 : w->level - 1);
        }
        table &= ~mask64((int)index_bits + 3);
        w->desc_pa = table + index * 8;
        if (!read_descriptor(w, w->desc_pa, &w->desc)) {
            return MMU_EXTERNAL_ON_WALK | w->level;
        }
        if (w->level == 3) {
            remember_table(w, table);
            return last_leaf(w, w->desc_pa, w->desc);
        }
        if (!(w->desc & DESC_VALID)) {
            return MMU_TRANSLATION | w->level;
        }
        if (!(w->desc & DESC_TABLE)) {
            return is_block_level(w, w->level) ? NO_FAULT
                                               : MMU_TRANSLATION | w->level;
        }
        if (!w->ignore_table_attrs) {
            w->table_attrs |= w->desc;
        }
        table = w->desc & mask64(48) & ~mask64((int)w->page_bits);
        top = shift;
    }
}

/* ---- the leaf ---- */

/* Permissions of the leaf under those of its tables (D8.4). */
static void find_permissions(const struct walk *w, struct tlb_page *page)
{
    bool writable = !(w->desc & DESC_AP_READ_ONLY) ||
                    (w->update_dirty && (w->desc & DESC_DBM));
    bool el0 = w->desc & DESC_AP_EL0;
    bool xn = (w->desc & DESC_UXN) || (w->table_attrs & DESC_UXN_TABLE);
    bool pxn = (w->desc & DESC_PXN) || (w->table_attrs & DESC_PXN_TABLE);

    if (w->table_attrs & DESC_AP_TABLE_READ_ONLY) {
        writable = false;
    }
    if (!w->has_el0) {
        page->perm_el1 = TLB_PERM_R | (writable ? TLB_PERM_W : 0) |
                         (xn || (w->wxn && writable) ? 0 : TLB_PERM_X);
        page->perm_el0 = 0;
        return;
    }
    if (w->table_attrs & DESC_AP_TABLE_NO_EL0) {
        el0 = false;
    }
    bool el0_writable = el0 && writable;
    bool el0_xn = xn || (w->wxn && el0_writable);
    /* What EL0 can write EL1 never executes. */
    bool el1_xn = pxn || el0_writable || (w->wxn && writable);

    page->perm_el0 = (el0 ? TLB_PERM_R : 0) |
                     (el0_writable ? TLB_PERM_W : 0) |
                     (el0_xn ? 0 : TLB_PERM_X);
    page->perm_el1 = TLB_PERM_R | (writable ? TLB_PERM_W : 0) |
                     (el1_xn ? 0 : TLB_PERM_X);
}

static bool is_permitted(const struct walk *w, const struct tlb_page *page)
{
    static const uint8_t needed[] = {
        [TLB_READ] = TLB_PERM_R,
        [TLB_WRITE] = TLB_PERM_W,
        [TLB_EXEC] = TLB_PERM_X,
    };
    uint8_t perm = w->key->el ? page->perm_el1 : page->perm_el0;

    if (w->key->pan && w->key->el && w->access != TLB_EXEC &&
        (page->perm_el0 & (TLB_PERM_R | TLB_PERM_W))) {
        return false;
    }
    return perm & needed[w->access];
}

static void fill_page(const struct walk *w, struct tlb_page *page)
{
    unsigned shift = level_shift(w, w->level);
    uint64_t block = w->desc & mask64(48) & ~mask64((int)shift);

    page->pa = block | (w->va & mask64((int)shift) & ~mask64(TLB_PAGE_BITS));
    page->block_size = BIT(shift);
    page->global = !w->has_el0 || !(w->desc & DESC_NG);
    page->guarded = w->bti && (w->desc & DESC_GP);
    page->attr =
        (uint8_t)(w->mair >> (8 * extract64(w->desc, 2, 3)));
    page->device = !(page->attr & 0xf0);
    page->shareability = (uint8_t)extract64(w->desc, 8, 2);
    find_permissions(w, page);
}

/*
 * Write `desc` over the leaf (access flag, dirty state).  False with
 * NO_FAULT in *status: it has changed meanwhile, walk again.
 */
static bool update_leaf(struct walk *w, uint64_t desc, uint32_t *status)
{
    uint64_t offset;
    struct ram *ram = bus_ram(w->bus, w->desc_pa, 8, &offset);

    if (!ram || ram->readonly) {
        *status = MMU_UNSUPPORTED_UPDATE;
        return false;
    }
    uint64_t expected = swap_if(w->big_endian, w->desc);
    *status = NO_FAULT;
    if (!__atomic_compare_exchange_n(
            (uint64_t *)(ram->host + offset), &expected,
            swap_if(w->big_endian, desc), false, __ATOMIC_SEQ_CST,
            __ATOMIC_SEQ_CST)) {
        return false;
    }
    w->desc = desc;
    return true;
}

/* The leaf as it must be after this access. */
static uint64_t updated_leaf(const struct walk *w)
{
    uint64_t desc = w->desc | DESC_AF;
    if (w->access == TLB_WRITE && w->update_dirty && (desc & DESC_DBM)) {
        desc &= ~DESC_AP_READ_ONLY;
    }
    return desc;
}

/* One attempt: NO_FAULT with *again set when it has to be repeated. */
static uint32_t translate(struct walk *w, struct tlb_page *page, bool *again)
{
    uint32_t status = walk_tables(w);

    *again = false;
    if (status != NO_FAULT) {
        return status;
    }
    fill_page(w, page);
    if (is_too_large(w, page->pa)) {
        return MMU_ADDRESS_SIZE | w->level;
    }
    if (!(w->desc & DESC_AF) && !w->update_af) {
        return MMU_ACCESS_FLAG | w->level;
    }
    bool permitted = is_permitted(w, page);
    uint64_t desc = permitted ? updated_leaf(w) : w->desc | DESC_AF;
    if (desc != w->desc && !update_leaf(w, desc, &status)) {
        *again = status == NO_FAULT;
        return status;
    }
    if (!permitted) {
        return MMU_PERMISSION | w->level;
    }
    if (w->desc & DESC_AP_READ_ONLY) {
        /* Clean: the first write walks again and sets the dirty state. */
        page->perm_el0 &= ~TLB_PERM_W;
        page->perm_el1 &= ~TLB_PERM_W;
    }
    return NO_FAULT;
}

/* Stage 1 is off (D8.2.10): identity, Device-nGnRnE for data (fetches,
 * which would be Normal, do not ask). */
static uint32_t translate_flat(const struct walk *w, unsigned pa_bits,
                               struct tlb_page *page)
{
    if (w->va >> pa_bits) {
        return MMU_ADDRESS_SIZE;
    }
    *page = (struct tlb_page){
        .pa = w->va & ~mask64(TLB_PAGE_BITS),
        .block_size = BIT(TLB_PAGE_BITS),
        .global = true,
        .device = true,
        .attr = 0x00,
        .shareability = 2,
        .perm_el0 = TLB_PERM_R | TLB_PERM_W | TLB_PERM_X,
        .perm_el1 = TLB_PERM_R | TLB_PERM_W | TLB_PERM_X,
    };
    return NO_FAULT;
}

bool mmu_walk(const struct mmu_regs *regs, struct bus *bus, unsigned cpu,
              const struct tlb_key *key, uint64_t va, enum tlb_access access,
              struct tlb_page *page, struct mem_fault *fault)
{
    struct walk w = {
        .bus = bus,
        .cpu = cpu,
        .tables = regs->tables,
        .stamp = regs->tables ? tlb_table_stamp(regs->tlb) : 0,
        .va = mmu_strip_tag(regs, access == TLB_EXEC, va),
        .access = access,
        .key = key,
    };
    uint32_t status;

    *page = (struct tlb_page){0};
    if (key->mmu_off) {
        status = translate_flat(&w, regs->pa_bits, page);
    } else {
        read_registers(&w, regs);
        status = MMU_TRANSLATION;
        bool again = w.in_range;
        for (unsigned i = 0; again && i < MAX_UPDATES; i++) {
            status = translate(&w, page, &again);
        }
        if (again) {
            status = MMU_ACCESS_FLAG | w.level;
        }
    }
    if (status == NO_FAULT) {
        return true;
    }
    *fault = (struct mem_fault){
        .va = va,
        .status = status,
        .access = (uint8_t)access,
        .stage = 1,
        .external = (status & ~3u) == MMU_EXTERNAL_ON_WALK,
    };
    return false;
}

/* ---- PAR_EL1 ---- */

#define PAR_F BIT(0)
#define PAR_PTW BIT(8)
#define PAR_S BIT(9)
#define PAR_RES1 BIT(11)

uint64_t mmu_par(const struct tlb_page *page, const struct mem_fault *fault)
{
    if (fault) {
        return PAR_F | (uint64_t)(fault->status & 0x3f) << 1 |
               (fault->s1ptw ? PAR_PTW : 0) |
               (fault->stage == 2 ? PAR_S : 0) | PAR_RES1;
    }
    /* Device and Normal Non-cacheable are outer shareable whatever the
     * descriptor says. */
    bool outer = page->device || page->attr == 0x44;
    uint64_t shareability = outer ? 2 : page->shareability;
    return (page->pa & mask64(48) & ~mask64(TLB_PAGE_BITS)) |
           (uint64_t)page->attr << 56 | PAR_RES1 | shareability << 7;
}
