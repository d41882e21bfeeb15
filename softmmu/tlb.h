/*
 * Virtual memory as one vCPU sees it.
 *
 * First level: small direct-mapped tables that generated code reads inline,
 * one `struct tlb_context` per (translation regime, exception level, PAN,
 * ASID, VMID).  A change of address space or exception level selects another
 * context and flushes nothing.  Second level: one larger table per vCPU,
 * tagged with regime, ASID, VMID and the global bit.  Behind it the page table
 * walker that the processor hands in.
 *
 * Keys of first-level entries are the virtual page *including* the top
 * byte, so that tagged addresses (TBI) hit without being stripped: slow
 * paths strip.  Only Normal, RAM-backed pages get entries; Device memory,
 * pages that are watched and read-only pages (write table) have none and
 * come to the slow path by the same compare.
 *
 * Hit test for an access of `size` bytes at va (index = va >> 12 & mask):
 *     (entry.tag ^ va) <= 4096 - size   (unsigned)
 * which also rejects accesses that cross the page; the host address is
 * entry.addend + va.  Each context has the test's constants at hand.
 *
 * Every function here runs on the owning vCPU's thread.  Other vCPUs ask
 * for invalidation through tlb_shootdown.h.
 */
#ifndef SOFTMMU_TLB_H
#define SOFTMMU_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "softmmu/bus.h"
#include "softmmu/page_ids.h"

#define TLB_PAGE_BITS 12
/* Regimes that agree in these bits are invalidated as one; the others say how
 * the regime is used (tables or not, one stage or two). */
#define TLB_REGIME_FAMILY 7
/* Compilers run through thousands of pages of their own code and data: 4096
 * slots take a tenth less time than 1024. */
#define TLB_INDEX_BITS 12
#define TLB_ENTRIES (1 << TLB_INDEX_BITS)
#define TLB_VICTIMS 512 /* a power of two below that */
#define TLB_CONTEXTS 32
#define TLB_BLOCK_FILTER 2048 /* bits */

struct tlb_entry {
    uint64_t tag;     /* virtual page address, or tlb_tag_none() */
    uint64_t addend;  /* host address = addend + va (modulo 2^64) */
};

/* Tag of an empty slot: an address that belongs in another slot, so that
 * no access that comes to this one can match, whatever its size. */
static inline uint64_t tlb_tag_none(unsigned index)
{
    return (uint64_t)(~index & (TLB_ENTRIES - 1)) << TLB_PAGE_BITS;
}

static inline unsigned tlb_index(uint64_t va)
{
    return va >> TLB_PAGE_BITS & (TLB_ENTRIES - 1);
}

enum tlb_access { TLB_READ, TLB_WRITE, TLB_EXEC };

/*
 * What a context translates for.  `regime` and `space` are the processor's
 * own numbers: the TLB only compares them.
 */
struct tlb_key {
    uint16_t asid;
    uint16_t vmid;
    uint8_t regime;   /* translation regime: EL1&0, EL2, EL3, MMU off ... */
    uint8_t el;       /* permissions are those of this exception level */
    uint8_t pan;      /* privileged access to EL0 pages is denied */
    uint8_t mmu_off;  /* stage 1 is off: the user of this context checks
                         alignment itself where the walker says Device, so
                         RAM gets first-level entries all the same */
};

/*
 * The hit test's constants.  Code that has them in memory is shorter than
 * code that holds them, and most code runs too rarely to stay in the host's
 * caches: they lie right before the slots, where one byte reaches them.
 */
#define TLB_LIMITS(SIZE)                                                  \
    SIZE(1) SIZE(2) SIZE(4) SIZE(8) SIZE(12) SIZE(16) SIZE(20) SIZE(24)   \
    SIZE(28) SIZE(32) SIZE(40) SIZE(48) SIZE(56) SIZE(64) SIZE(96)
struct tlb_constants {
#define TLB_LIMIT(size) uint64_t limit_##size;
    TLB_LIMITS(TLB_LIMIT)
#undef TLB_LIMIT
    uint64_t offset_mask; /* of a slot, in bytes from the first one */
};

/* First-level tables as generated code sees them.  ORDER tlb_context:
 * jit/x64 takes the offsets with offsetof. */
struct tlb_context {
    struct tlb_constants constants;
    /* Both ways to a page lie in one line of the host's caches. */
    _Alignas(64) struct tlb_slot {
        struct tlb_entry read, write;
    } slot[TLB_ENTRIES];
    /* What a page found in its slot goes to the place here that it shares
     * with other slots, of which the slow path takes it back: pages that
     * want one slot in turn need not be looked up each time. */
    struct tlb_slot victim[TLB_VICTIMS];
    /* Instruction side: identity of the (VA page, PA page, attributes)
     * that the page maps to now (page_ids.h), 0 = unknown.  Compared by
     * the guarded entry of every block, always at the slot of its VA. */
    uint32_t page_id[TLB_ENTRIES];
    /* VA page of page_id[i]; checked by the slow path only. */
    uint64_t page_va[TLB_ENTRIES];
    struct tlb_key key;
    uint64_t last_used;
    bool in_use;
    bool cleared;  /* the empty slots say so */
    /* Slots filled since the last reset, one bit each: a reset or sweep
     * visits only these. */
    uint64_t touched[TLB_ENTRIES / 64];
    /* Those of them that something not global was filled into. */
    uint64_t local[TLB_ENTRIES / 64];
    /* Filter of the mappings larger than 4 KiB that slots were filled
     * from: never a false negative.  block_sizes: bit n = some of 2^n
     * bytes. */
    uint64_t blocks[TLB_BLOCK_FILTER / 64];
    uint64_t block_sizes;
    unsigned block_bits; /* bits set in blocks[] */
};

static inline const struct tlb_entry *
tlb_entry_of(const struct tlb_context *ctx, uint64_t va, bool write)
{
    const struct tlb_slot *slot = &ctx->slot[tlb_index(va)];

    return write ? &slot->write : &slot->read;
}

/* One translation, as the walker finds it and the second level keeps it. */
struct tlb_page {
    uint64_t pa;          /* page-aligned (4 KiB granule of the result) */
    bool secure;          /* ... of the Secure address space */
    uint64_t block_size;  /* bytes mapped by the descriptor: a power of
                             two >= 4 KiB, pa is va modulo this */
    bool global;          /* not tagged with the ASID */
    bool device;          /* Device memory: no first-level entry, unaligned
                             accesses fault */
    bool guarded;         /* BTI guarded page */
    bool user;            /* EL0 has access: key.pan denies it to EL1+ */
    /* Permissions by exception level 0 and 1+ (PAN applied by key). */
    uint8_t perm_el0, perm_el1; /* TLB_PERM_* */
    /* A walker may withhold the write bit (dirty state not set yet): an
     * access that the permissions deny is walked for again. */
    uint8_t attr;         /* memory type as in a byte of MAIR */
    uint8_t shareability; /* as in a descriptor's SH */
};

enum { TLB_PERM_R = 1, TLB_PERM_W = 2, TLB_PERM_X = 4 };

/* Why an access failed.  `status` is the processor's own fault code (an
 * ISS fault status code for Arm), passed through untouched. */
struct mem_fault {
    uint64_t va;
    uint64_t ipa;         /* stage 2 faults */
    uint32_t status;
    uint8_t access;       /* enum tlb_access */
    uint8_t stage;        /* 1 or 2 */
    bool s1ptw;           /* fault on a stage 1 table walk */
    bool external;        /* external abort from the bus */
    bool retry;           /* none at all: tlb_code_ops.before refused */
    bool watch;           /* none either: tlb_watch_fn, which gave `va` */
};

/* Fault codes that the TLB itself raises, handed in by the processor. */
struct tlb_codes {
    uint32_t alignment;
    uint32_t external;    /* synchronous external abort, not on a walk */
    uint32_t permission;  /* | level 3..0: level is added by the walker */
};

/*
 * Walk the tables for `va` (top byte already handled by the walker
 * itself).  Fills *page on success; on failure fills *fault and returns
 * false.  Permission checks for `access` and key->el are the walker's.
 */
struct tlb;
typedef bool tlb_walk_fn(void *cpu, const struct tlb_key *key, uint64_t va,
                         enum tlb_access access, struct tlb_page *page,
                         struct mem_fault *fault);
/* Strip the address tag: the VA that TLBI, the second level and the walker
 * use. */
typedef uint64_t tlb_strip_fn(void *cpu, const struct tlb_key *key,
                              uint64_t va);

/* `ids` is the machine's, shared by its vCPUs; it outlives the TLB.
 * Mapping or unmapping RAM on the bus later needs TLB_INVAL_ALL on every
 * vCPU: entries hold host addresses. */
struct tlb *tlb_new(struct bus *bus, struct page_ids *ids,
                    unsigned cpu_index, void *cpu, tlb_walk_fn *walk,
                    tlb_strip_fn *strip, const struct tlb_codes *codes);
void tlb_free(struct tlb *tlb);

/* The context for `key`, least recently used recycled.  The pointer stays
 * valid until the next tlb_context() that recycles it: callers re-select
 * on every change of key. */
struct tlb_context *tlb_context(struct tlb *tlb, const struct tlb_key *key);

/* What the owner of a context does inline: see tlb_context(). */
struct tlb_head {
    uint64_t tick;   /* for least recently used */
    uint64_t tables; /* see tlb_table_stamp() */
};

/* Whether global translations of [va, va + size) may be held: an address
 * space that is not selected shares none but these.  Never false after a
 * walk that found one has read its descriptor. [any thread] */
bool tlb_may_be_global(const struct tlb *tlb, uint64_t va, uint64_t size);

/* Changes with every invalidation that concerns what a walker remembers of
 * tables; never 0. */
static inline uint64_t tlb_table_stamp(const struct tlb *tlb)
{
    return ((const struct tlb_head *)tlb)->tables;
}

static inline uint64_t tlb_pack_key(const struct tlb_key *key)
{
    uint64_t packed;

    __builtin_memcpy(&packed, key, sizeof(packed));
    return packed;
}

/* Whether `ctx`, once handed out for this packed key, still is for it; then
 * it counts as handed out again. */
static inline bool tlb_context_again(struct tlb *tlb,
                                     struct tlb_context *ctx, uint64_t key)
{
    if (!ctx || tlb_pack_key(&ctx->key) != key) {
        return false;
    }
    ctx->last_used = ++((struct tlb_head *)tlb)->tick;
    return true;
}

/* Flags of slow-path accesses. */
enum {
    TLB_ALIGNED = 1 << 0,   /* fault when not size-aligned, but for
                               tlb_allow_unaligned() */
    TLB_NO_FILL = 1 << 1,   /* leave the first level alone (debugger) */
    TLB_PAIR = 1 << 2,      /* two elements of size/2: alignment, and the
                               accesses a device sees, are theirs */
    TLB_NORMAL = 1 << 3,    /* alignment fault in Device memory */
};

/*
 * Slow-path accesses: first level miss, page crossing, devices.  `size` is
 * 1, 2, 4, 8, 16 or 32 bytes, `data` little-endian bytes.  False: *fault
 * says why and nothing was written (a store that crosses pages translates
 * both before it writes; a bus that refuses the later part of a split
 * access is the exception).  A size-aligned access to RAM of up to 8 bytes
 * is one host access.
 */
bool tlb_load(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
              unsigned size, unsigned flags, void *data,
              struct mem_fault *fault);
bool tlb_store(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
               unsigned size, unsigned flags, const void *data,
               struct mem_fault *fault);

/*
 * Have the first level translate `size` bytes at va that are about to be
 * accessed, without an access: the entry's addend, or 0 where it cannot, as
 * they lie in two pages, are no RAM, fault, or are to be watched.  `sure`:
 * the first of the accesses is a store, so that a walk may set the dirty
 * state; else only a page that can be written without comes for `write`.
 */
uint64_t tlb_fill(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                  unsigned size, bool write, bool sure);

/*
 * Host address for an atomic access of `size` bytes (size-aligned) to RAM
 * with write permission if `write`; NULL + *fault when it faults.  Nothing
 * but RAM supports it: the rest gives codes->external.  A fault that a read
 * would meet as well is reported as one of a read.  After a write the caller
 * says tlb_atomic_done().
 */
void *tlb_host_for_atomic(struct tlb *tlb, struct tlb_context *ctx,
                          uint64_t va, unsigned size, bool write,
                          struct mem_fault *fault);
void tlb_atomic_done(struct tlb *tlb);

/* Translate for the instruction side.  On success *pa is the physical
 * address of va, *host the host address of va, *page_id the identity for
 * the guarded entry, entered into ctx->page_id[].  *page_id is 0 when
 * identities ran out: such code must not be linked to by id.  A fetch from
 * anything but RAM is an external abort. */
bool tlb_fetch(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
               uint64_t *pa, const uint8_t **host, uint32_t *page_id,
               struct mem_fault *fault);
/* Where va lies and the flags of its page (enum ram_page_flag), if that is RAM
 * which may be read and is not watched; the first level has it from now on.
 * Without a fault. */
bool tlb_find_ram(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                  uint64_t *pa, uint8_t *flags);
/* Likewise whether it is, and no more. */
bool tlb_reads_directly(struct tlb *tlb, struct tlb_context *ctx, uint64_t va);

/* The identity that the page `id` of `va` would have at new_va (page_ids.h);
 * 0: not known. */
uint32_t tlb_page_id_at(struct tlb *tlb, uint64_t va, uint64_t pa,
                        uint32_t id, uint64_t new_va);
/* Whether a context has the page `id` at `va`. [also another thread, while the
 * owner's waits] */
bool tlb_has_page_id(const struct tlb *tlb, uint64_t va, uint32_t id);

/* Translate only (AT instructions, debugger, cache maintenance). */
bool tlb_translate(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                   enum tlb_access access, struct tlb_page *page,
                   struct mem_fault *fault);

/*
 * Invalidation on this vCPU.  Over-invalidation is allowed, under never.
 * `va` has its tag stripped.
 */
struct tlb_inval {
    enum {
        TLB_INVAL_ALL,      /* everything */
        TLB_INVAL_REGIME,   /* all of one regime and VMID */
        TLB_INVAL_ASID,     /* non-global entries of one ASID */
        TLB_INVAL_VA,       /* a page, one ASID and global */
        TLB_INVAL_VA_ALL,   /* a page, every ASID */
        TLB_INVAL_PAGE_IDS, /* only page_id[] of every context (IC IALLU) */
        TLB_INVAL_WRITES,   /* tlb_drop_writes() of the physical page va */
    } kind;
    uint8_t regime;         /* a family, TLB_REGIME_FAMILY */
    bool all_vmids;         /* whatever the VMID */
    uint16_t asid, vmid;
    bool leaf;              /* tables that a walker remembers stay valid */
    uint64_t va;            /* start of the range, page-aligned */
    uint64_t size;          /* bytes, at least 4096 */
};

void tlb_invalidate(struct tlb *tlb, const struct tlb_inval *inval);

/* Pages whose RAM_PAGE_CODE state or watchpoints changed: drop the write
 * entries for this physical page (strict self-modifying code mode). */
void tlb_drop_writes(struct tlb *tlb, uint64_t pa);

/*
 * Strict mode: stores to pages that hold code (RAM_PAGE_CODE) come to the
 * slow path, which tells before and after it writes.
 */
struct tlb_code_ops {
    /* False: do not write; the access fails with fault->retry and nothing
     * else in it, the instruction is to be run again. */
    bool (*before)(void *opaque, uint64_t pa, uint64_t size);
    void (*after)(void *opaque, uint64_t pa, uint64_t size);
};
void tlb_set_strict(struct tlb *tlb, bool strict,
                    const struct tlb_code_ops *ops, void *opaque);

/*
 * Watching: pages that hold an address of these ranges have no first-level
 * entries, and when nothing else is wrong with an access to one of them the
 * processor is asked.  The ranges replace those before; addresses are without
 * a tag (as signed 56-bit numbers).
 */
#define TLB_WATCHES 16
struct tlb_range {
    uint64_t first, last;
};

enum { TLB_WATCH_LOAD = 1, TLB_WATCH_STORE = 2 };

/* True: the access (an atomic one is asked for as a load, then as a store)
 * fails with fault->watch, and *at is the fault's address. */
typedef bool tlb_watch_fn(void *cpu, const struct tlb_key *key, uint64_t va,
                          unsigned size, unsigned kinds, uint64_t *at);

void tlb_set_watches(struct tlb *tlb, const struct tlb_range *ranges,
                     unsigned count, tlb_watch_fn *fn);

/*
 * An access that had to be aligned is not: whether the processor allows it all
 * the same.  Never asked of Device memory; `atomic`: by
 * tlb_host_for_atomic(), whose address then is no more aligned.
 */
typedef bool tlb_unaligned_fn(void *cpu, uint64_t va, unsigned size,
                              bool atomic);

void tlb_allow_unaligned(struct tlb *tlb, tlb_unaligned_fn *fn);

/* Counters for -d stats. */
struct tlb_stats {
    uint64_t load_misses, store_misses, fetch_misses, l2_misses, walks;
    uint64_t recalled; /* not counted as misses */
    uint64_t device, crossing, recycled;
    uint64_t invalidations, sweeps;
};
const struct tlb_stats *tlb_stats(const struct tlb *tlb);

#endif
