/*
 * Following the tables (Arm ARM D8.2, D8.3): from the first table to the
 * leaf, which is the same for both stages and all granules, and the updates
 * of the leaf by hardware (D8.4.5, D8.4.6).
 */
#include "cpu/arm/mmu_walk.h"

#include "cpu/arm/mmu_log.h"
#include "cpu/arm/mmu_tables.h"
#include "util/bits.h"
#include "util/log.h"

#define DESC_VALID BIT(0)
#define DESC_TABLE BIT(1)
#define DESC_PAGE 3u /* at level 3 */

/* Attempts to update a descriptor that others keep changing. */
#define MAX_UPDATES 64

/* ---- registers ---- */

static const uint8_t ps_bits[8] = {32, 36, 40, 42, 44, 48, 52, 52};

void walk_set_output(struct mmu_shape *shape, unsigned ps, unsigned pa_bits)
{
    unsigned most = shape->wide || shape->page_bits == 16 ? 52 : 48;

    if (most > pa_bits) {
        most = pa_bits;
    }
    shape->output_bits = (uint8_t)(ps_bits[ps] < most ? ps_bits[ps] : most);
    shape->wide_base = shape->wide || (shape->wide_64k && ps >= 6);
}

void walk_set_base(struct walk *w, uint64_t ttbr)
{
    w->base = ttbr & (mask64(48) & ~1);
    if (w->shape.wide_base) {
        w->base = (ttbr & mask64(48) & ~mask64(6)) |
                  extract64(ttbr, 2, 4) << 48;
    }
}

/* ---- tables ---- */

static uint64_t swap_if(bool big_endian, uint64_t desc)
{
    return big_endian ? __builtin_bswap64(desc) : desc;
}

/* Fault codes have two bits for the level; three kinds know -1. */
static uint32_t at_level(uint32_t kind, int level)
{
    if (level >= 0) {
        return kind | (uint32_t)level;
    }
    return kind == MMU_TRANSLATION    ? MMU_TRANSLATION_M1
           : kind == MMU_ADDRESS_SIZE ? MMU_ADDRESS_SIZE_M1
                                      : MMU_EXTERNAL_ON_WALK_M1;
}

/* The address space that the next table lies in. */
static struct bus *bus_of(const struct walk *w)
{
    struct bus *bus = w->request->bus;

    return w->stage == 1 && w->request->secure &&
                   !(w->table_attrs & DESC_NS_TABLE)
               ? bus_secure(bus) : bus;
}

/* Where the table entry at `ipa` is, for a read or an update; *page holds
 * the stage 2 translation. */
static uint32_t find_entry(const struct walk *w, uint64_t ipa,
                           enum tlb_access access, struct tlb_page *page)
{
    uint32_t status = mmu_stage2(w->request, ipa, access, true, page);

    if (status != MMU_NO_FAULT) {
        *w->fault_ipa = ipa;
        status |= MMU_STAGE2_FAULT | MMU_S1PTW;
    }
    return status;
}

/* The descriptor at `address`; *size is how much of the table around it is
 * in one piece. */
static uint32_t read_descriptor(struct walk *w, uint64_t address,
                                uint64_t *size)
{
    uint64_t raw;

    w->desc_pa = address;
    *size = UINT64_MAX;
    if (w->nested) {
        struct tlb_page page;
        uint32_t status = find_entry(w, address, TLB_READ, &page);

        if (status != MMU_NO_FAULT) {
            return status;
        }
        w->desc_pa = page.pa | (address & mask64(TLB_PAGE_BITS));
        *size = page.block_size;
    }
    if (!bus_read(bus_of(w), w->desc_pa, 8, w->request->cpu, &raw)) {
        return at_level(MMU_EXTERNAL_ON_WALK, w->level);
    }
    w->desc = swap_if(w->big_endian, raw);
    return MMU_NO_FAULT;
}

static unsigned level_shift(const struct walk *w, int level)
{
    unsigned bits = w->shape.page_bits;

    return bits + (unsigned)(3 - level) * (bits - 3);
}

static bool is_block_level(const struct walk *w, int level)
{
    switch (level) {
    case 2:
        return true;
    case 1:
        return w->shape.page_bits == 12 || w->shape.wide || w->shape.wide_64k;
    case 0:
        return w->shape.page_bits == 12 && w->shape.wide;
    default:
        return false;
    }
}

static bool is_too_large(const struct walk *w, uint64_t pa)
{
    return pa >> w->shape.output_bits;
}

/* The address in a descriptor, of a page or table of 2^bits bytes. */
static uint64_t address_in(const struct walk *w, uint64_t desc,
                           unsigned bits)
{
    if (w->shape.wide) {
        return (desc & mask64(50) & ~mask64((int)bits)) |
               extract64(desc, 8, 2) << 50;
    }
    return (desc & mask64(48) & ~mask64((int)bits)) |
           (w->shape.wide_64k ? extract64(desc, 12, 4) << 48 : 0);
}

/* The leaf `desc` of the last level. */
static uint32_t last_leaf(struct walk *w, uint64_t desc_pa, uint64_t desc)
{
    w->level = 3;
    w->desc_pa = desc_pa;
    w->desc = desc;
    return (desc & 3) == DESC_PAGE ? MMU_NO_FAULT : MMU_TRANSLATION | 3;
}

/* By a last-level table that was found before; false if there is none. */
static bool walk_again(struct walk *w, uint32_t *status)
{
    unsigned shift = w->shape.page_bits, bits = 2 * shift - 3;
    const struct mmu_table *t =
        w->tables ? mmu_table_find(w->tables, w->request->key, w->base,
                                   w->va, bits, w->stamp)
                  : NULL;

    if (!t) {
        return false;
    }
    uint64_t index = extract64(w->va, (int)shift, (int)shift - 3);
    uint64_t raw = __atomic_load_n(&t->host[index], __ATOMIC_ACQUIRE);

    w->table_attrs = t->attrs;
    w->table_ipa = t->ipa;
    *status = last_leaf(w, t->pa + index * 8, swap_if(w->big_endian, raw));
    return true;
}

/* The last-level table that the descriptor was read from, when it lies in
 * one piece of RAM: `size` bytes of it do. */
static void remember_table(const struct walk *w, uint64_t size)
{
    unsigned bits = 2 * w->shape.page_bits - 3;
    uint64_t pa = align_down(w->desc_pa, BIT(w->shape.page_bits)), offset;

    if (!w->tables || w->shape.input_bits <= bits ||
        size < BIT(w->shape.page_bits)) {
        return;
    }
    struct ram *ram = bus_ram(bus_of(w), pa, BIT(w->shape.page_bits), &offset);

    if (ram && !ram->readonly) {
        const struct tlb_key *key = w->request->key;

        *mmu_table_slot(w->tables, key, w->va, bits) = (struct mmu_table){
            .base = w->base, .block = w->va >> bits, .stamp = w->stamp,
            .tag = mmu_table_tag(key, bits), .attrs = w->table_attrs,
            .ipa = w->table_ipa, .pa = pa,
            .host = (const uint64_t *)(ram->host + offset),
        };
    }
}

/* Follow the tables to the leaf. */
static uint32_t walk_tables(struct walk *w)
{
    unsigned top = w->shape.input_bits; /* address bits not yet translated */
    uint64_t table = w->base, size;
    uint32_t status;

    if (walk_again(w, &status)) {
        return status;
    }
    w->table_attrs = 0;
    for (w->level = w->shape.first_level;; w->level++) {
        unsigned shift = level_shift(w, w->level);
        unsigned index_bits = top - shift;
        uint64_t index = extract64(w->va, shift, index_bits);

        if (is_too_large(w, table)) {
            /* The table's address came from the level before, or TTBR. */
            return w->level == w->shape.first_level
                       ? MMU_ADDRESS_SIZE
                       : at_level(MMU_ADDRESS_SIZE, w->level - 1);
        }
        w->table_ipa = table & ~mask64((int)index_bits + 3);
        status = read_descriptor(w, w->table_ipa + index * 8, &size);
        if (status != MMU_NO_FAULT) {
            return status;
        }
        if (w->level == 3) {
            remember_table(w, size);
            return last_leaf(w, w->desc_pa, w->desc);
        }
        if (!(w->desc & DESC_VALID)) {
            return at_level(MMU_TRANSLATION, w->level);
        }
        if (!(w->desc & DESC_TABLE)) {
            return is_block_level(w, w->level)
                       ? MMU_NO_FAULT
                       : at_level(MMU_TRANSLATION, w->level);
        }
        if (!w->shape.ignore_table_attrs) {
            w->table_attrs |= w->desc;
        }
        w->table_attrs |= w->desc & DESC_NS_TABLE;
        table = address_in(w, w->desc, w->shape.page_bits);
        top = shift;
    }
}

/* ---- the leaf ---- */

/*
 * Write `desc` over the leaf (access flag, dirty state).  False with
 * NO_FAULT in *status: it has changed meanwhile, walk again.
 */
static bool update_leaf(struct walk *w, uint64_t desc, uint32_t *status)
{
    uint64_t offset;
    struct ram *ram = bus_ram(bus_of(w), w->desc_pa, 8, &offset);

    if (w->nested) {
        uint64_t in_table = w->desc_pa & mask64((int)w->shape.page_bits);
        struct tlb_page page;

        *status = find_entry(w, w->table_ipa | in_table, TLB_WRITE, &page);
        if (*status != MMU_NO_FAULT) {
            return false;
        }
    }
    if (!ram || ram->readonly) {
        *status = MMU_UNSUPPORTED_UPDATE;
        return false;
    }
    uint64_t expected = swap_if(w->big_endian, w->desc);
    *status = MMU_NO_FAULT;
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

    if (w->access == TLB_WRITE && w->shape.update_dirty && !w->keeps_dirty &&
        (desc & DESC_DBM) && walk_is_clean(w)) {
        desc ^= DESC_AP_BIT7;
    }
    return desc;
}

/* One attempt: NO_FAULT with *again set when it has to be repeated. */
static uint32_t attempt(struct walk *w, walk_fill_fn *fill,
                        struct tlb_page *page, bool *again)
{
    uint32_t status = walk_tables(w);

    *again = false;
    if (status != MMU_NO_FAULT) {
        return status;
    }
    unsigned shift = level_shift(w, w->level);
    uint64_t block = address_in(w, w->desc, shift);

    page->pa = block | (w->va & mask64((int)shift) & ~mask64(TLB_PAGE_BITS));
    page->block_size = BIT(shift);
    if (is_too_large(w, page->pa)) {
        return at_level(MMU_ADDRESS_SIZE, w->level);
    }
    if (!(w->desc & DESC_AF) && !w->shape.update_af) {
        return MMU_ACCESS_FLAG | (uint32_t)w->level;
    }
    bool permitted = fill(w, page);
    uint64_t desc = permitted ? updated_leaf(w) : w->desc | DESC_AF;
    if (desc != w->desc && !update_leaf(w, desc, &status)) {
        *again = status == MMU_NO_FAULT;
        return status;
    }
    if (!permitted) {
        return MMU_PERMISSION | (uint32_t)w->level;
    }
    if (walk_is_clean(w)) {
        /* The first write walks again and sets the dirty state. */
        page->perm_el0 &= ~TLB_PERM_W;
        page->perm_el1 &= ~TLB_PERM_W;
    }
    return MMU_NO_FAULT;
}

uint32_t walk_translate(struct walk *w, walk_fill_fn *fill,
                        struct tlb_page *page)
{
    uint32_t status = MMU_TRANSLATION;
    bool again = w->valid;

    w->desc_pa = 0;
    for (unsigned i = 0; again && i < MAX_UPDATES; i++) {
        status = attempt(w, fill, page, &again);
    }
    if (again) {
        status = MMU_ACCESS_FLAG | (uint32_t)w->level;
    }
    if (log_on(LOG_MMU)) {
        mmu_log_walk(w, status, page);
    }
    return status;
}
