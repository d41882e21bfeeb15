/*
 * All blocks of a machine: look-up by key, by guest page, links between
 * them, and death.  Look-up takes no lock; everything else takes the
 * table's own.
 */
#ifndef CPU_JIT_BLOCK_TABLE_H
#define CPU_JIT_BLOCK_TABLE_H

#include "cpu/jit/code_cache.h"

#define BLOCK_TABLE_CPUS 9 /* and the thread that forms regions */

struct block_table;

struct code_view;

/* How the table reaches the code: NULL functions for the interpreter. */
struct block_table_ops {
    /* An exit of *from leads to `target`, or (NULL) nowhere. */
    void (*link)(void *opaque, const struct block *from,
                 const struct block_link *link, const uint8_t *target);
    void (*kill)(void *opaque, struct block *block);
    /* For block_move().  The address of *block has just become `delta` more,
     * and its page has another identity. */
    void (*move)(void *opaque, struct block *block, uint64_t delta);
    /* The identity of the view's page at `va`; 0: not known. */
    uint32_t (*number)(void *opaque, const struct code_view *view,
                       uint64_t va);
    /* Whether an address space is known to use that view. */
    bool (*in_use)(void *opaque, const struct code_view *view);
    void *opaque;
};

/* Of blocks in that cache.  NULL: no memory, errno says why. */
struct block_table *block_table_new(struct bus *bus,
                                    const struct code_cache *cache,
                                    const struct block_table_ops *ops);
void block_table_free(struct block_table *t);

/* Have some memory ready for when there are more blocks: a little at a time,
 * for a thread that has time. */
void block_table_prepare(struct block_table *t);

/* The block at `pc` in a page with that identity (page_ids.h), which says
 * what is mapped there. */
struct block *block_find(const struct block_table *t, uint64_t pc,
                         uint32_t context, uint32_t page_id);

/* Whether a block may begin where the exit leads, as far as that is known
 * without searching: false is right but for what others do meanwhile. */
bool block_may_follow(const struct block_link *link);

/* Whether this block was evicted lately, as far as is remembered: the origin
 * at that place, or a copy at pc. */
bool origin_was_evicted(const struct block_table *t, uint64_t pa,
                        uint32_t context);
bool copy_was_evicted(const struct block_table *t, uint64_t pa, uint64_t pc,
                      uint32_t context);

/* What is known where a block is about to be made. */
struct block_start {
    bool first;             /* the page held no code so far */
    unsigned up_to;         /* bytes in which no other block begins */
    /* A block of the same guest code at whatever VA, or NULL: to be copied.
     * It may be dead, but not for its code having changed. */
    const struct block *origin;
};

/* What insertion links, so that it need not be left by to be linked. */
struct block_ways {
    struct block *from;      /* its exits to the new block; or NULL */
    /* For each exit of the new block: the identity of the page to which it
     * leads, if another; 0: not known.  Or NULL: none are linked. */
    const uint32_t *page_id;
    unsigned linked;         /* so many more were */
};

/*
 * Insertion in two steps, so that an invalidation between reading the
 * guest's bytes and inserting is noticed: begin marks the page as holding
 * code and says what is being translated, `bytes` from the key's pa at most and
 * in that page.  Insert ends that, and refuses (false) if any of it was
 * invalidated meanwhile.  When another vCPU was faster with the same key,
 * *block is replaced by its block.  `ways` may be NULL.
 */
struct block_start block_begin(struct block_table *t, unsigned cpu,
                               const struct block *key, unsigned bytes);
bool block_insert(struct block_table *t, unsigned cpu, struct block **block,
                  struct block_ways *ways);

/*
 * Likewise for a region in place of a block: begin refuses (false) when the
 * page holds no code, so the block has died.  Replace inserts instead of the
 * block with the same key; NULL: it only ends what begin began.  False:
 * nothing was inserted.
 */
bool block_begin_region(struct block_table *t, unsigned cpu, uint64_t pa,
                        unsigned bytes);
bool block_replace(struct block_table *t, unsigned cpu, struct block *region);

/*
 * Have blocks of the same guest code at another VA, of which nobody seems to
 * make use there, move so that they are for `pc`; block_move.c says what comes
 * along.  Returns how many did; whether there is a block at pc now is seen by
 * block_find().  Only while no other vCPU can run any code, and none is
 * entered through an address from before (a jump cache: ops.move()).
 */
unsigned block_move(struct block_table *t, uint64_t pc, uint64_t pa,
                    uint32_t page_id);

/* Link an exit to its target, unless it is linked or either died or moved
 * away: false. */
bool block_link(struct block_table *t, struct block_link *link,
                struct block *to);

/* The exits that lead to the block lead nowhere: who comes asks anew. */
void block_unlink_in(struct block_table *t, struct block *b);

/* Kill the blocks that overlap guest physical [pa, pa + size).  True if there
 * were any. */
bool block_kill_range(struct block_table *t, uint64_t pa, uint64_t size);
/*
 * Any code may have changed (IC IALLU): block_recheck_all marks every page
 * that holds code, block_recheck kills what differs from the bytes it was
 * made from when such a page is next entered.  The caller sees to it that
 * every vCPU comes by (guarded entries fail after TLB_INVAL_PAGE_IDS).
 */
void block_recheck_all(struct block_table *t);
void block_recheck(struct block_table *t, uint64_t pa);

/* For code_cache_user: the chunk's blocks are only copied from; not even
 * that. */
void block_retire_chunk(struct block_table *t, struct code_chunk *chunk);
void block_evict_chunk(struct block_table *t, struct code_chunk *chunk);

uint32_t block_source_hash(const uint8_t *code, unsigned bytes);
unsigned block_count(const struct block_table *t);

#endif
