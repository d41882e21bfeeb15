/*
 * The first level and what concerns both: contexts, filling, invalidation.
 *
 * Invalidation by address clears the address's slot in every context of
 * the regime, whatever its ASID: over-invalidation costs a second-level
 * hit.  One page of a mapping larger than 4 KiB stands for all of it; a
 * small filter per context tells whether such a mapping could have been
 * used around the address, and only then the context is swept.
 */
#include "softmmu/tlb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "softmmu/tlb_internal.h"
#include "util/populate.h"

/* Above this many pages a range is cleared by visiting every slot. */
#define RANGE_PAGES 512

/* A bit of tlb.global_low stands for this much, as a power of two. */
#define GLOBAL_BITS 30

_Static_assert(sizeof(struct tlb_key) == sizeof(uint64_t), "packed key");

/* ---- contexts ---- */

static struct tlb_slot *victim_of(struct tlb_context *ctx, unsigned i)
{
    return &ctx->victim[i % TLB_VICTIMS];
}

static void clear_slot(struct tlb_context *ctx, unsigned i)
{
    struct tlb_slot *victim = victim_of(ctx, i);

    ctx->slot[i].read.tag = victim->read.tag = tlb_tag_none(i);
    ctx->slot[i].write.tag = victim->write.tag = tlb_tag_none(i);
    ctx->page_id[i] = 0;
}

/* Iterate over the slots filled since the last reset. */
#define FOR_EACH_TOUCHED(ctx, i)                                         \
    for (unsigned w_ = 0; w_ < ARRAY_SIZE((ctx)->touched); w_++)         \
        for (uint64_t b_ = (ctx)->touched[w_], i;                        \
             b_ && (i = w_ * 64 + ctz64(b_), true); b_ &= b_ - 1)

/* The slots of a context that was never used, and its constants. */
static void clear_first(struct tlb_context *ctx)
{
    enum {
        SIZE = sizeof(ctx->slot) + sizeof(ctx->victim) + sizeof(ctx->page_id)
    };
    uintptr_t start = align_down((uintptr_t)ctx->slot, TLB_PAGE_SIZE);

    _Static_assert(offsetof(struct tlb_context, page_id) +
                   sizeof(ctx->page_id) ==
                   offsetof(struct tlb_context, slot) + SIZE, "one piece");
    populate((void *)start, align_down(SIZE, TLB_PAGE_SIZE));
    for (unsigned i = 0; i < TLB_ENTRIES; i++) {
        clear_slot(ctx, i);
    }
    ctx->constants = (struct tlb_constants){
#define LIMIT(size) .limit_##size = TLB_PAGE_SIZE - size,
        TLB_LIMITS(LIMIT)
#undef LIMIT
        .offset_mask = (TLB_ENTRIES - 1) * sizeof(ctx->slot[0]),
    };
    ctx->cleared = true;
}

static void reset_context(struct tlb_context *ctx)
{
    if (!ctx->cleared) {
        clear_first(ctx);
    }
    FOR_EACH_TOUCHED(ctx, i) {
        clear_slot(ctx, i);
    }
    memset(ctx->touched, 0, sizeof(ctx->touched));
    memset(ctx->local, 0, sizeof(ctx->local));
    if (ctx->block_sizes) {
        memset(ctx->blocks, 0, sizeof(ctx->blocks));
        ctx->block_sizes = 0;
        ctx->block_bits = 0;
    }
}

static unsigned least_recently_used(const struct tlb *tlb)
{
    unsigned oldest = 0;
    for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
        const struct tlb_context *ctx = &tlb->contexts[i];
        if (!ctx->in_use) {
            return i;
        }
        if (ctx->last_used < tlb->contexts[oldest].last_used) {
            oldest = i;
        }
    }
    return oldest;
}

/* The context used last that differs from `key` in the ASID only. */
static const struct tlb_context *relative_of(const struct tlb *tlb,
                                             const struct tlb_key *key)
{
    const struct tlb_context *found = NULL;
    struct tlb_key like = *key;

    for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
        const struct tlb_context *ctx = &tlb->contexts[i];

        like.asid = ctx->key.asid;
        if (ctx->in_use && tlb_pack_key(&ctx->key) == tlb_pack_key(&like) &&
            (!found || ctx->last_used > found->last_used)) {
            found = ctx;
        }
    }
    return found;
}

/* A new address space has the global part of another one in common: a
 * kernel's own pages. */
static void share_global(struct tlb_context *ctx,
                         const struct tlb_context *from)
{
    for (unsigned w = 0; w < ARRAY_SIZE(ctx->touched); w++) {
        uint64_t shared = from->touched[w] & ~from->local[w];

        ctx->touched[w] = shared;
        for (; shared; shared &= shared - 1) {
            unsigned i = w * 64 + (unsigned)ctz64(shared);

            ctx->slot[i] = from->slot[i];
            ctx->page_id[i] = from->page_id[i];
            ctx->page_va[i] = from->page_va[i];
        }
    }
    memcpy(ctx->blocks, from->blocks, sizeof(ctx->blocks));
    ctx->block_sizes = from->block_sizes;
    ctx->block_bits = from->block_bits;
}

struct tlb_context *tlb_context(struct tlb *tlb, const struct tlb_key *key)
{
    uint64_t packed = tlb_pack_key(key);
    uint8_t *hint = &tlb->hint[(key->asid ^ key->el << 4 ^ key->pan << 5 ^
                                key->regime << 1 ^ key->vmid << 2) %
                               TLB_HINTS];
    unsigned i = *hint;

    if (tlb->keys[i] != packed) {
        for (i = 0; i < TLB_CONTEXTS && tlb->keys[i] != packed; i++) {
        }
        if (i == TLB_CONTEXTS) {
            i = least_recently_used(tlb);
            tlb->stats.recycled += tlb->contexts[i].in_use;
            reset_context(&tlb->contexts[i]);
            tlb->device_stamp++;
            tlb->contexts[i].in_use = false;
            const struct tlb_context *from = relative_of(tlb, key);
            if (from) {
                share_global(&tlb->contexts[i], from);
            }
            tlb->families |= BIT(key->regime & TLB_REGIME_FAMILY);
            tlb->contexts[i].key = *key;
            tlb->contexts[i].in_use = true;
            tlb->used += i == tlb->used;
            tlb->keys[i] = packed;
        }
        *hint = (uint8_t)i;
    }
    tlb->contexts[i].last_used = ++tlb->head.tick;
    return &tlb->contexts[i];
}

struct tlb *tlb_new(struct bus *bus, struct page_ids *ids,
                    unsigned cpu_index, void *cpu, tlb_walk_fn *walk,
                    tlb_strip_fn *strip, const struct tlb_codes *codes)
{
    struct tlb *tlb =
        mmap(NULL, sizeof(*tlb), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (tlb == MAP_FAILED) {
        abort();
    }
    tlb->bus = bus;
    tlb->ids = ids;
    tlb->cpu_index = cpu_index;
    tlb->cpu = cpu;
    tlb->walk = walk;
    tlb->strip = strip;
    tlb->codes = *codes;
    tlb->clock = 1;
    tlb->all_stamp = 1;
    tlb->device_stamp = 1;
    tlb->head.tables = 1;
    for (unsigned i = 0; i < TLB_CONTEXTS; i++) {
        tlb->keys[i] = TLB_NO_KEY; /* its slots: when it is first used */
    }
    return tlb;
}

void tlb_free(struct tlb *tlb)
{
    if (tlb) {
        munmap(tlb, sizeof(*tlb));
    }
}

const struct tlb_stats *tlb_stats(const struct tlb *tlb)
{
    return &tlb->stats;
}

/* ---- filling ---- */

static unsigned filter_bit(uint64_t va, unsigned size_bits)
{
    uint64_t block = tlb_untag(va) >> size_bits << size_bits | size_bits;
    return (block * UINT64_C(0x9e3779b97f4a7c15)) >> 53;
}

_Static_assert(TLB_BLOCK_FILTER == 1 << (64 - 53), "filter_bit() range");

static void touch(struct tlb_context *ctx, uint64_t va,
                  const struct tlb_page *page)
{
    unsigned i = tlb_index(va);
    ctx->touched[i / 64] |= BIT(i % 64);
    ctx->local[i / 64] |= page->global ? 0 : BIT(i % 64);

    if (page->block_size > TLB_PAGE_SIZE) {
        unsigned bits = ctz64(page->block_size);
        unsigned n = filter_bit(va, bits);
        ctx->block_sizes |= BIT(bits);
        ctx->block_bits += !(ctx->blocks[n / 64] & BIT(n % 64));
        ctx->blocks[n / 64] |= BIT(n % 64);
    }
}

static bool may_write(const struct tlb *tlb, const struct ram *ram,
                      const uint8_t *host)
{
    if (ram->readonly) {
        return false;
    }
    if (!tlb->strict) {
        return true;
    }
    uint64_t page = (uint64_t)(host - ram->host) >> RAM_PAGE_BITS;
    return !(__atomic_load_n(&ram->flags[page], __ATOMIC_RELAXED) &
             RAM_PAGE_CODE);
}

/* No tag of a page that comes to this slot, nor to its place for victims: they
 * change places as they are. */
static bool is_none(uint64_t tag, unsigned i)
{
    return tlb_index(tag) != i;
}

static bool is_of_other(uint64_t tag, unsigned i, uint64_t page)
{
    return tag != page && !is_none(tag, i);
}

/* Have slot i hold nothing but what leads to this page. */
static void make_way(struct tlb_context *ctx, unsigned i, uint64_t page)
{
    struct tlb_slot *slot = &ctx->slot[i];

    if (!is_of_other(slot->read.tag, i, page) &&
        !is_of_other(slot->write.tag, i, page)) {
        return;
    }
    *victim_of(ctx, i) = *slot;
    if (slot->read.tag != page) {
        slot->read.tag = tlb_tag_none(i);
    }
    if (slot->write.tag != page) {
        slot->write.tag = tlb_tag_none(i);
    }
}

bool tlb_l1_recall(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                   bool write)
{
    unsigned i = tlb_index(va);
    struct tlb_slot *victim = victim_of(ctx, i), *slot = &ctx->slot[i];
    const struct tlb_entry *entry = write ? &victim->write : &victim->read;

    if (entry->tag != (va & TLB_PAGE_MASK)) {
        return false;
    }
    struct tlb_slot other = *slot;
    *slot = *victim;
    *victim = other;
    tlb->stats.recalled++;
    return true;
}

/*
 * Slots that the access did not ask for are filled too when empty: most
 * pages that are written are also read.
 */
void tlb_l1_fill(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                 enum tlb_access access, const struct tlb_page *page,
                 const struct ram *ram, uint8_t *host)
{
    const struct tlb_key *key = &ctx->key;
    unsigned i = tlb_index(va);
    unsigned perm = key->el ? page->perm_el1 : page->perm_el0;
    uint64_t tag = va & TLB_PAGE_MASK;
    struct tlb_entry entry = {tag, (uintptr_t)host - tag};

    if ((page->device && !key->mmu_off) || tlb_is_watched(tlb, va)) {
        return;
    }
    if (key->pan && key->el && page->user) {
        return;
    }
    touch(ctx, va, page);
    make_way(ctx, i, tag);
    if ((perm & TLB_PERM_R) &&
        (access == TLB_READ || is_none(ctx->slot[i].read.tag, i))) {
        ctx->slot[i].read = entry;
    }
    if ((perm & TLB_PERM_W) &&
        (access == TLB_WRITE || is_none(ctx->slot[i].write.tag, i)) &&
        may_write(tlb, ram, host)) {
        ctx->slot[i].write = entry;
    }
}

void tlb_l1_set_page_id(struct tlb_context *ctx, uint64_t va,
                        const struct tlb_page *page, uint32_t id)
{
    unsigned i = tlb_index(va);
    touch(ctx, va, page);
    ctx->page_va[i] = va & TLB_PAGE_MASK;
    ctx->page_id[i] = id;
}

/* ---- invalidation ---- */

static void clear_slot_if_in(struct tlb_slot *slot, unsigned i, uint64_t va,
                             uint64_t size)
{
    if (tlb_untag(slot->read.tag) - va < size) {
        slot->read.tag = tlb_tag_none(i);
    }
    if (tlb_untag(slot->write.tag) - va < size) {
        slot->write.tag = tlb_tag_none(i);
    }
}

/* Clear slot i where it maps an address in [va, va + size). */
static void clear_if_in(struct tlb_context *ctx, unsigned i, uint64_t va,
                        uint64_t size)
{
    clear_slot_if_in(&ctx->slot[i], i, va, size);
    clear_slot_if_in(victim_of(ctx, i), i, va, size);
    if (tlb_untag(ctx->page_va[i]) - va < size) {
        ctx->page_id[i] = 0;
    }
}

static void sweep(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                  uint64_t size)
{
    tlb->stats.sweeps++;
    /* A filter this full is wrong too often: start it afresh. */
    if (ctx->block_bits > TLB_BLOCK_FILTER / 4) {
        reset_context(ctx);
        return;
    }
    FOR_EACH_TOUCHED(ctx, i) {
        clear_if_in(ctx, i, va, size);
    }
}

/* Blocks of 2^bits bytes of which [va, va + size) holds any part. */
static void clear_blocks(struct tlb *tlb, struct tlb_context *ctx,
                         unsigned bits, uint64_t va, uint64_t size)
{
    uint64_t first = va >> bits;
    uint64_t last = (va + size - 1) >> bits;
    uint64_t count = ((last - first) & mask64(64 - bits)) + 1;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t block = (first + i) << bits;
        unsigned n = filter_bit(block, bits);
        if (ctx->blocks[n / 64] & BIT(n % 64)) {
            sweep(tlb, ctx, block, BIT(bits));
        }
    }
}

static void clear_range(struct tlb *tlb, struct tlb_context *ctx,
                        uint64_t va, uint64_t size)
{
    if (size > RANGE_PAGES * TLB_PAGE_SIZE) {
        /* Widened so that it holds every block that it touches. */
        unsigned bits =
            ctx->block_sizes ? 63 - clz64(ctx->block_sizes) : TLB_PAGE_BITS;
        uint64_t start = va >> bits << bits;
        uint64_t length = va - start + size;
        sweep(tlb, ctx, start, align_up(length, BIT(bits)));
        return;
    }
    for (uint64_t done = 0; done < size; done += TLB_PAGE_SIZE) {
        unsigned i = tlb_index(va + done);
        if (ctx->touched[i / 64] & BIT(i % 64)) {
            clear_if_in(ctx, i, va, size);
        }
    }
    for (uint64_t sizes = ctx->block_sizes; sizes; sizes &= sizes - 1) {
        clear_blocks(tlb, ctx, ctz64(sizes), va, size);
    }
}

static void clear_page_ids(struct tlb_context *ctx)
{
    memset(ctx->page_id, 0, sizeof(ctx->page_id));
}

static void invalidate_context(struct tlb *tlb, struct tlb_context *ctx,
                               const struct tlb_inval *inval)
{
    bool same_regime =
        tlb_inval_has(inval, ctx->key.regime, ctx->key.vmid);

    switch (inval->kind) {
    case TLB_INVAL_ALL:
        reset_context(ctx);
        break;
    case TLB_INVAL_REGIME:
        if (same_regime) {
            reset_context(ctx);
        }
        break;
    case TLB_INVAL_ASID:
        if (same_regime && ctx->key.asid == inval->asid) {
            reset_context(ctx);
        }
        break;
    case TLB_INVAL_VA:
    case TLB_INVAL_VA_ALL:
        if (same_regime) {
            clear_range(tlb, ctx, inval->va, inval->size);
        }
        break;
    case TLB_INVAL_PAGE_IDS:
        clear_page_ids(ctx);
        break;
    case TLB_INVAL_WRITES:
        break;
    }
}

void tlb_invalidate(struct tlb *tlb, const struct tlb_inval *request)
{
    /* Field by field: as a whole it would wait until it has been written. */
    struct tlb_inval inval = {
        .kind = request->kind,
        .regime = request->regime & TLB_REGIME_FAMILY,
        .all_vmids = request->all_vmids,
        .asid = request->asid,
        .vmid = request->vmid,
        .leaf = request->leaf,
        .va = tlb_untag(request->va) & TLB_PAGE_MASK,
        .size = request->size,
    };

    tlb->stats.invalidations++;
    if (inval.kind == TLB_INVAL_WRITES) {
        tlb_drop_writes(tlb, inval.va);
        return;
    }
    tlb->device_stamp++;
    tlb->head.tables += inval.kind != TLB_INVAL_PAGE_IDS && !inval.leaf;
    if (inval.size < TLB_PAGE_SIZE) {
        inval.size = TLB_PAGE_SIZE;
    }
    /* Addresses are 56 bits and a sign: more is everything. */
    if (inval.size > BIT(56)) {
        inval.size = BIT(56);
    }
    tlb_l2_invalidate(tlb, &inval);
    for (unsigned i = 0; i < tlb->used; i++) {
        invalidate_context(tlb, &tlb->contexts[i], &inval);
    }
    if (inval.kind == TLB_INVAL_ALL) {
        tlb_forget_known(tlb);
    }
    if (inval.kind == TLB_INVAL_ALL ||
        (inval.kind == TLB_INVAL_REGIME && inval.all_vmids &&
         tlb->families == BIT(inval.regime))) {
        __atomic_store_n(&tlb->global_low, 0, __ATOMIC_RELEASE);
    }
}

/* ---- global translations ---- */

/* Upper half: a kernel's, global as a rule. */
static bool is_high(uint64_t va)
{
    return va >> 55 & 1;
}

/* The bits of global_low for a range of the lower half. */
static uint64_t global_bits(uint64_t va, uint64_t size)
{
    uint64_t first = va >> GLOBAL_BITS;
    uint64_t count = ((va + size - 1) >> GLOBAL_BITS) - first + 1;
    uint64_t bits = count < 64 ? mask64((unsigned)count) : UINT64_MAX;
    unsigned turn = first & 63;

    return bits << turn | bits >> ((64 - turn) & 63);
}

bool tlb_may_be_global(const struct tlb *tlb, uint64_t va, uint64_t size)
{
    if (is_high(va) || is_high(va + size - 1) || size > BIT(55)) {
        return true;
    }
    return __atomic_load_n(&tlb->global_low, __ATOMIC_SEQ_CST) &
           global_bits(va, size);
}

bool tlb_note_global(struct tlb *tlb, uint64_t va,
                     const struct tlb_page *page)
{
    uint64_t bits = global_bits(align_down(va, page->block_size),
                                page->block_size);

    if (is_high(va) || !(bits & ~tlb->global_low)) {
        return false;
    }
    __atomic_fetch_or(&tlb->global_low, bits, __ATOMIC_SEQ_CST);
    return true;
}

/* ---- code pages (strict mode) ---- */

static void drop_write(struct tlb_slot *slot, unsigned i, uint64_t host)
{
    if (slot->write.addend + slot->write.tag == host) {
        slot->write.tag = tlb_tag_none(i);
    }
}

void tlb_drop_writes(struct tlb *tlb, uint64_t pa)
{
    uint64_t offset;
    pa &= TLB_PAGE_MASK;
    struct ram *ram =
        bus_ram(bus_secure(tlb->bus), pa, TLB_PAGE_SIZE, &offset);
    if (!ram) {
        return;
    }
    uint64_t host = (uintptr_t)ram->host + offset;
    for (unsigned c = 0; c < TLB_CONTEXTS; c++) {
        struct tlb_context *ctx = &tlb->contexts[c];
        FOR_EACH_TOUCHED(ctx, i) {
            drop_write(&ctx->slot[i], i, host);
            drop_write(victim_of(ctx, i), i, host);
        }
    }
}

void tlb_set_strict(struct tlb *tlb, bool strict,
                    const struct tlb_code_ops *ops, void *opaque)
{
    tlb->code_ops = *ops;
    tlb->code_opaque = opaque;
    for (unsigned c = 0; strict && !tlb->strict && c < TLB_CONTEXTS; c++) {
        struct tlb_context *ctx = &tlb->contexts[c];
        FOR_EACH_TOUCHED(ctx, i) {
            ctx->slot[i].write.tag = tlb_tag_none(i);
            victim_of(ctx, i)->write.tag = tlb_tag_none(i);
        }
    }
    tlb->strict = strict;
}

/* ---- watching ---- */

bool tlb_is_watched(const struct tlb *tlb, uint64_t va)
{
    uint64_t page = tlb_untag(va) & TLB_PAGE_MASK;

    for (unsigned n = 0; n < tlb->watch_count; n++) {
        const struct tlb_range *w = &tlb->watches[n];

        if (page <= w->last && w->first <= page + (TLB_PAGE_SIZE - 1)) {
            return true;
        }
    }
    return false;
}

void tlb_allow_unaligned(struct tlb *tlb, tlb_unaligned_fn *fn)
{
    tlb->unaligned = fn;
}

static void drop_watched(const struct tlb *tlb, struct tlb_slot *slot,
                         unsigned i)
{
    if (tlb_is_watched(tlb, slot->read.tag)) {
        slot->read.tag = tlb_tag_none(i);
    }
    if (tlb_is_watched(tlb, slot->write.tag)) {
        slot->write.tag = tlb_tag_none(i);
    }
}

void tlb_set_watches(struct tlb *tlb, const struct tlb_range *ranges,
                     unsigned count, tlb_watch_fn *fn)
{
    tlb->watch_count = count;
    tlb->watch = fn;
    for (unsigned n = 0; n < count; n++) {
        tlb->watches[n] = ranges[n];
    }
    tlb->device_stamp++;
    for (unsigned c = 0; count && c < TLB_CONTEXTS; c++) {
        struct tlb_context *ctx = &tlb->contexts[c];

        FOR_EACH_TOUCHED(ctx, i) {
            drop_watched(tlb, &ctx->slot[i], i);
            drop_watched(tlb, victim_of(ctx, i), i);
        }
    }
}
