/* What the files of the TLB share: tlb.c (first level, invalidation),
 * tlb_l2.c (second level), tlb_access.c (slow-path accesses), tlb_fetch.c
 * (instruction side). */
#ifndef SOFTMMU_TLB_INTERNAL_H
#define SOFTMMU_TLB_INTERNAL_H

#include "softmmu/tlb.h"
#include "util/bits.h"

#define TLB_PAGE_SIZE UINT64_C(4096)
#define TLB_PAGE_MASK (~(TLB_PAGE_SIZE - 1))

/*
 * Second level: one set-associative table for mappings of every size, each
 * entry a whole block.  An invalidation by ASID, regime or all moves the
 * clock; an entry older than the last one that concerns it is dead.
 */
#define L2_SET_BITS 11
#define L2_SETS (1u << L2_SET_BITS)
#define L2_WAYS 4

/* Bits of l2_set.who, the tag besides the address. */
#define L2_ASID UINT64_C(0xffff)
#define L2_VMID_SHIFT 16
#define L2_REGIME_SHIFT 32
#define L2_MMU_OFF BIT(40)
#define L2_SIZE_SHIFT 48 /* log2 of the block size */
#define L2_GLOBAL BIT(62)
#define L2_VALID BIT(63)

struct l2_data {
    uint64_t stamp;
    struct ram *ram;      /* where the last access found it; may be NULL */
    struct tlb_page page; /* of the whole block: pa is its start */
};

struct l2_set {
    _Alignas(64) uint64_t tag[L2_WAYS]; /* block address */
    uint64_t who[L2_WAYS];
    struct l2_data data[L2_WAYS];
};

#define TLB_HINTS 64

/* A page of a device, found again without the second level (tlb_access.c). */
#define TLB_DEVICES 16

struct device_slot {
    uint64_t va;           /* page, tag included */
    uint64_t pa;
    uint64_t stamp;        /* tlb.device_stamp when it was filled */
    const struct tlb_context *ctx;
    uint8_t perm;          /* TLB_PERM_R | TLB_PERM_W */
    struct bus_window window;
};

/* Where a page of code lies, found again by its identity (tlb_fetch.c). */
#define TLB_KNOWN 256

struct known_page {
    uint64_t va;           /* page, tag included */
    uint64_t pa;
    const uint8_t *host;
    uint32_t id;           /* 0: free */
};

struct tlb {
    struct tlb_head head;        /* first */
    struct tlb_context contexts[TLB_CONTEXTS];
    uint64_t keys[TLB_CONTEXTS]; /* packed key, TLB_NO_KEY = not in use */
    uint8_t hint[TLB_HINTS];     /* where a key was found, by its hash */

    struct bus *bus;
    struct page_ids *ids;
    unsigned cpu_index;
    void *cpu;
    tlb_walk_fn *walk;
    tlb_strip_fn *strip;
    struct tlb_codes codes;

    uint8_t families; /* that a context was for: a bit each */
    unsigned used;    /* contexts that ever were, the first ones */

    /* Where below the middle of the address space there are global
     * translations: a bit for each GiB, modulo 64.  [written by the owner,
     * read by any thread] */
    uint64_t global_low;

    struct tlb_range watches[TLB_WATCHES];
    unsigned watch_count;
    tlb_watch_fn *watch;
    tlb_unaligned_fn *unaligned; /* or NULL */

    bool strict;
    struct tlb_code_ops code_ops;
    void *code_opaque;
    /* Of an atomic access to a page with code, until it is done. */
    uint64_t atomic_pa;
    unsigned atomic_size;

    struct tlb_stats stats;

    struct device_slot device[TLB_DEVICES];
    uint64_t device_stamp;  /* moves on with every invalidation */
    struct known_page known[TLB_KNOWN];

    uint64_t clock;
    uint64_t all_stamp;
    uint64_t regime_stamp[TLB_REGIME_FAMILY + 1]; /* of every VMID */
    uint64_t vmid_stamp[65536];
    uint64_t asid_stamp[65536];
    uint64_t sizes;        /* bit n = L2 may hold mappings of 2^n bytes */
    unsigned next_victim;
    struct l2_set sets[L2_SETS];
};

#define TLB_NO_KEY UINT64_MAX

/* The address without its tag, as a signed 56-bit number: one form for
 * every kind of tagging. */
static inline uint64_t tlb_untag(uint64_t va)
{
    return (uint64_t)((int64_t)(va << 8) >> 8);
}

static inline bool tlb_hit(const struct tlb_entry *entry, uint64_t va,
                           unsigned size)
{
    return (entry->tag ^ va) <= TLB_PAGE_SIZE - size;
}

static inline bool tlb_inval_has(const struct tlb_inval *inval,
                                 unsigned regime, unsigned vmid)
{
    return (regime & TLB_REGIME_FAMILY) == inval->regime &&
           (inval->all_vmids || vmid == inval->vmid);
}

/* First level (tlb.c). */

/* The page of `va` holds a watched address. */
bool tlb_is_watched(const struct tlb *tlb, uint64_t va);

/* Enter the page of `va` where `page` allows it; `host` is the host
 * address of its first byte. */
void tlb_l1_fill(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                 enum tlb_access access, const struct tlb_page *page,
                 const struct ram *ram, uint8_t *host);
/* Back into its slot, if another page's entries took that: the page's entry,
 * for stores or for loads, and the other one.  False: it is not there. */
bool tlb_l1_recall(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                   bool write);
/* A walk has found a global translation.  True: it was not announced that
 * there is one, now it is; what was read before may have been invalidated
 * by one who did not know, so the walk is to be done again. */
bool tlb_note_global(struct tlb *tlb, uint64_t va,
                     const struct tlb_page *page);
void tlb_l1_set_page_id(struct tlb_context *ctx, uint64_t va,
                        const struct tlb_page *page, uint32_t id);

/* Second level (tlb_l2.c).  `va` is stripped.  Pointers are valid until
 * the next insertion. */
struct l2_data *tlb_l2_find(struct tlb *tlb, const struct tlb_key *key,
                            uint64_t va);
struct l2_data *tlb_l2_insert(struct tlb *tlb, const struct tlb_key *key,
                              uint64_t va, const struct tlb_page *page);
void tlb_l2_invalidate(struct tlb *tlb, const struct tlb_inval *inval);

/* Both levels (tlb_access.c). */

/* The mapping of `va`, walked for if need be; *offset is va's place in the
 * block.  NULL: *fault says why it may not be accessed so. */
struct l2_data *tlb_find_mapping(struct tlb *tlb,
                                 const struct tlb_context *ctx, uint64_t va,
                                 enum tlb_access kind, uint64_t *offset,
                                 struct mem_fault *fault);
/* The RAM that holds the page of `pa`, remembered in the mapping; NULL: there
 * is none. */
struct ram *tlb_ram_at(struct tlb *tlb, struct l2_data *mapping, uint64_t pa);

/* Instruction side (tlb_fetch.c). */

/* RAM may lie elsewhere now. */
void tlb_forget_known(struct tlb *tlb);

#endif
