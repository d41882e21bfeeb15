/* The second level: see struct l2_set in tlb_internal.h. */
#include "softmmu/tlb_internal.h"

/* Above this many pages a range is invalidated by visiting every entry. */
#define L2_RANGE_PAGES 512

static uint64_t pack_who(const struct tlb_key *key, unsigned size_bits)
{
    return L2_VALID | key->asid | (uint64_t)key->vmid << L2_VMID_SHIFT |
           (uint64_t)key->regime << L2_REGIME_SHIFT |
           (key->mmu_off ? L2_MMU_OFF : 0) |
           (uint64_t)size_bits << L2_SIZE_SHIFT;
}

/* Global entries match every ASID. */
static bool who_matches(uint64_t who, uint64_t wanted)
{
    uint64_t differ = who ^ wanted;
    return !(differ & ~(L2_GLOBAL | L2_ASID)) &&
           (!(differ & L2_ASID) || (who & L2_GLOBAL));
}

static struct l2_set *set_of(struct tlb *tlb, uint64_t block,
                             unsigned size_bits)
{
    uint64_t n = block >> size_bits;
    return &tlb->sets[(n ^ n >> L2_SET_BITS) & (L2_SETS - 1)];
}

static inline unsigned regime_of(uint64_t who)
{
    return (unsigned)extract64(who, L2_REGIME_SHIFT, 8);
}

static inline unsigned vmid_of(uint64_t who)
{
    return (unsigned)extract64(who, L2_VMID_SHIFT, 16);
}

static inline bool is_live(const struct tlb *tlb, uint64_t who,
                           uint64_t stamp)
{
    return stamp == tlb->clock ||
           (stamp >= tlb->all_stamp &&
            stamp >= tlb->regime_stamp[regime_of(who) & TLB_REGIME_FAMILY] &&
            stamp >= tlb->vmid_stamp[vmid_of(who)] &&
            ((who & L2_GLOBAL) || stamp >= tlb->asid_stamp[who & L2_ASID]));
}

struct l2_data *tlb_l2_find(struct tlb *tlb, const struct tlb_key *key,
                            uint64_t va)
{
    uint64_t any_size = pack_who(key, 0);

    for (uint64_t sizes = tlb->sizes; sizes; sizes &= sizes - 1) {
        unsigned bits = ctz64(sizes);
        uint64_t block = va >> bits << bits;
        uint64_t wanted = any_size | (uint64_t)bits << L2_SIZE_SHIFT;
        struct l2_set *set = set_of(tlb, block, bits);

        for (unsigned i = 0; i < L2_WAYS; i++) {
            if (set->tag[i] == block && who_matches(set->who[i], wanted) &&
                is_live(tlb, set->who[i], set->data[i].stamp)) {
                return &set->data[i];
            }
        }
    }
    return NULL;
}

/* The way that already holds this mapping, else a dead one, else any. */
static unsigned choose_way(struct tlb *tlb, struct l2_set *set,
                           uint64_t block, uint64_t wanted)
{
    unsigned victim = L2_WAYS;

    for (unsigned i = 0; i < L2_WAYS; i++) {
        if (set->tag[i] == block && who_matches(set->who[i], wanted)) {
            return i;
        }
        if (!set->who[i] ||
            !is_live(tlb, set->who[i], set->data[i].stamp)) {
            victim = i;
        }
    }
    return victim < L2_WAYS ? victim : tlb->next_victim++ % L2_WAYS;
}

struct l2_data *tlb_l2_insert(struct tlb *tlb, const struct tlb_key *key,
                              uint64_t va, const struct tlb_page *page)
{
    assert(page->block_size >= TLB_PAGE_SIZE &&
           is_power_of_2(page->block_size));

    /* A mapping of another size may be in the way: break-before-make was
     * not kept, or the walker changed its mind. */
    for (struct l2_data *old; (old = tlb_l2_find(tlb, key, va));) {
        old->stamp = 0;
    }

    unsigned bits = ctz64(page->block_size);
    uint64_t block = va >> bits << bits;
    uint64_t who = pack_who(key, bits);
    struct l2_set *set = set_of(tlb, block, bits);
    unsigned way = choose_way(tlb, set, block, who);

    set->tag[way] = block;
    set->who[way] = who | (page->global ? L2_GLOBAL : 0);
    struct l2_data *data = &set->data[way];
    data->stamp = tlb->clock;
    data->ram = NULL;
    data->page = *page;
    data->page.pa = page->pa >> bits << bits;
    tlb->sizes |= BIT(bits);
    return data;
}

static bool inval_concerns(const struct tlb_inval *inval, uint64_t who)
{
    return tlb_inval_has(inval, regime_of(who), vmid_of(who)) &&
           (inval->kind == TLB_INVAL_VA_ALL || (who & L2_GLOBAL) ||
            (who & L2_ASID) == inval->asid);
}

static void drop_block(struct tlb *tlb, const struct tlb_inval *inval,
                       uint64_t block, unsigned bits)
{
    struct l2_set *set = set_of(tlb, block, bits);
    for (unsigned i = 0; i < L2_WAYS; i++) {
        if (set->tag[i] == block &&
            extract64(set->who[i], L2_SIZE_SHIFT, 6) == bits &&
            inval_concerns(inval, set->who[i])) {
            set->who[i] = 0;
        }
    }
}

static void drop_range_by_sweep(struct tlb *tlb,
                                const struct tlb_inval *inval)
{
    for (unsigned i = 0; i < L2_SETS * L2_WAYS; i++) {
        struct l2_set *set = &tlb->sets[i / L2_WAYS];
        unsigned way = i % L2_WAYS;
        uint64_t size = BIT(extract64(set->who[way], L2_SIZE_SHIFT, 6));
        uint64_t from_start = set->tag[way] - inval->va;

        if (set->who[way] && inval_concerns(inval, set->who[way]) &&
            (from_start < inval->size || -from_start < size)) {
            set->who[way] = 0;
        }
    }
}

static void drop_range(struct tlb *tlb, const struct tlb_inval *inval)
{
    if (inval->size > L2_RANGE_PAGES * TLB_PAGE_SIZE) {
        drop_range_by_sweep(tlb, inval);
        return;
    }
    for (uint64_t sizes = tlb->sizes; sizes; sizes &= sizes - 1) {
        unsigned bits = ctz64(sizes);
        uint64_t first = inval->va >> bits;
        uint64_t last = (inval->va + inval->size - 1) >> bits;
        uint64_t count = ((last - first) & mask64(64 - bits)) + 1;

        for (uint64_t i = 0; i < count; i++) {
            drop_block(tlb, inval, (first + i) << bits, bits);
        }
    }
}

void tlb_l2_invalidate(struct tlb *tlb, const struct tlb_inval *inval)
{
    switch (inval->kind) {
    case TLB_INVAL_ALL:
        tlb->all_stamp = ++tlb->clock;
        tlb->sizes = 0;
        break;
    case TLB_INVAL_REGIME:
        *(inval->all_vmids ? &tlb->regime_stamp[inval->regime]
                           : &tlb->vmid_stamp[inval->vmid]) = ++tlb->clock;
        break;
    case TLB_INVAL_ASID:
        /* Regimes share stamps of VMIDs and ASIDs: harmless. */
        tlb->asid_stamp[inval->asid] = ++tlb->clock;
        break;
    case TLB_INVAL_VA:
    case TLB_INVAL_VA_ALL:
        drop_range(tlb, inval);
        break;
    case TLB_INVAL_PAGE_IDS:
    case TLB_INVAL_WRITES:
        break;
    }
}
