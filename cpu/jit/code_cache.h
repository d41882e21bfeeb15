/*
 * Memory for generated code and for what describes it.
 *
 * One piece of memory, mapped twice: executable and writable, never both at
 * one address.  It is handed out in chunks; each vCPU fills a chunk of its
 * own without a lock.  Metadata (struct block, links, sites, IR) lies in a
 * mapping of its own, a part for each chunk, and dies with the chunk.
 *
 * What conditional exits jump to until they are linked, a call of the run loop
 * each, lies at the end of their chunk: it would take room in the host's
 * caches between code that runs.  Behind each call is where its link is.
 *
 * Chunks of three classes do not mix, for their units live for different
 * times: originals, which were translated; copies for another address, which
 * cost a tenth of that and mostly die with a process; and regions.
 *
 * The life of a chunk: FREE -> FILLING -> LIVE -> RETIRED -> LIMBO -> FREE.
 * The oldest originals are retired: they are no longer entered, but copied
 * into a new chunk when they are wanted again.  So what is in use moves on and
 * what ran once stays behind.  The oldest retired chunk is evicted: nothing
 * leads to its blocks any more, and it is reused once every vCPU has been in
 * its run loop since and has forgotten its jump cache (epochs).  Copies and
 * regions are evicted without having been retired.
 *
 * Regions and copies have few chunks before the first is evicted, copies more
 * when those that were evicted are made again.  Originals have all that the
 * others do not use, and give it back when they fill more.
 */
#ifndef CPU_JIT_CODE_CACHE_H
#define CPU_JIT_CODE_CACHE_H

#include "cpu/jit/backend.h"

#define CODE_CHUNK_SIZE (512u << 10)
#define CODE_CHUNK_BLOCKS 4096

/* A chunk's blocks lie one behind the other, in the order of their code.  For
 * every CODE_GRAIN bytes of it: the last block that starts before (or the first
 * of all), how far from here in INDEX_UNITs. */
#define CODE_GRAIN 128
#define CODE_UNIT 8
#define INDEX_UNIT 16
struct code_index {
    uint16_t before[CODE_CHUNK_SIZE / CODE_GRAIN + 1];
};

enum code_class { CODE_ORIGINALS, CODE_COPIES, CODE_REGIONS, CODE_CLASSES };

struct code_chunk {
    uint8_t *rw;
    const uint8_t *rx;
    size_t used;
    size_t ready;           /* up to here its memory is there */
    uint64_t born;          /* order of allocation */
    uint64_t free_epoch;    /* reusable when every vCPU has seen this */
    enum {
        CHUNK_FREE, CHUNK_FILLING, CHUNK_LIVE, CHUNK_RETIRED, CHUNK_LIMBO,
        CHUNK_PREPARED /* free, but code_cache_prepare() is at it */
    } state;
    enum code_class class;
    unsigned blocks;
    _Atomic unsigned stubs; /* at its end, from there on backwards */
    struct code_index *index; /* at the start of its metadata */
    size_t meta_used, meta_ready;
    _Atomic size_t meta_listed; /* up to here its blocks are whole */
};

struct code_cache;

/* For at most `size` bytes of units, which are reserved, not committed. */
struct code_cache *code_cache_new(size_t size, unsigned cpus,
                                  struct error **err);
void code_cache_free(struct code_cache *c);

/* Have some memory ready of the chunks that are taken next: a little at a
 * time, for a thread that has time while others translate.  False: it all
 * is. */
bool code_cache_prepare(struct code_cache *c);

/* The most blocks that it can hold, all from *base on. */
size_t code_cache_blocks(const struct code_cache *c, const void **base);

/* The first chunk, where the back end puts its thunks. */
struct jit_buffer code_cache_head(struct code_cache *c);

/* What eviction asks of the engine. */
struct code_cache_user {
    /* See that the chunk's blocks are not entered any more. */
    void (*retire)(void *opaque, struct code_chunk *chunk);
    /* See that nothing leads to them. */
    void (*evict)(void *opaque, struct code_chunk *chunk);
    /* Make every vCPU pass its run loop soon, and there forget(). */
    void (*kick)(void *opaque);
    /* Forget what this vCPU remembers of doomed code. */
    void (*forget)(void *opaque, unsigned cpu);
    void *opaque;
};

/* What a vCPU has put into its chunk of copies. */
struct code_demand {
    unsigned units;
    unsigned lost;          /* made again after it was evicted */
};

/* A fresh chunk for vCPU `cpu`, which has filled `old` (or NULL), as *demand
 * says if it was of copies (else NULL); may evict.  Only in the run loop, with
 * no pointer to a block held. */
struct code_chunk *code_cache_chunk(struct code_cache *c, unsigned cpu,
                                    enum code_class class,
                                    struct code_chunk *old,
                                    const struct code_demand *demand,
                                    const struct code_cache_user *user);

/*
 * The vCPU is in its run loop, holding no block nor a jump cache entry from
 * before `epoch`: it read the epoch first and served its requests then (the
 * kick that goes with an eviction comes before the epoch).  Asleep: counts
 * as always there.
 */
uint64_t code_cache_epoch(const struct code_cache *c);
void code_cache_pass(struct code_cache *c, unsigned cpu, uint64_t epoch);
void code_cache_sleep(struct code_cache *c, unsigned cpu, bool asleep);

/* Every other of the vCPUs 0 .. cpus-1 sleeps, and those that wake wait until
 * release: true.  Else false. */
bool code_cache_hold(struct code_cache *c, unsigned cpu, unsigned cpus);
void code_cache_release(struct code_cache *c);

/* Room in the chunk for one more unit; false: take a new chunk. */
bool code_chunk_room(const struct code_chunk *chunk, struct jit_buffer *out);
/* Take `size` bytes for the code of `block`, entered into the chunk's list. */
void code_chunk_commit(struct code_chunk *chunk, struct block *block,
                       size_t size);
/* Metadata of the next block, with the chunk's life; 16-byte aligned, not
 * cleared. */
void *code_chunk_alloc(struct code_chunk *chunk, size_t size);

/* Stubs (backend_place_stubs()) with the chunk's life: where more of them end,
 * of a block, after its code_chunk_alloc(), in room that code_chunk_room()
 * left; and that there are so many more, whose links are found from
 * chunk->index on. */
struct jit_buffer code_chunk_stubs(const struct code_chunk *chunk);
void code_chunk_add_stubs(struct code_chunk *chunk, unsigned count);

/* The blocks in the order in which they were made: the first, the next, or
 * NULL. */
struct block *code_chunk_first(const struct code_chunk *chunk);
struct block *code_chunk_next(const struct code_chunk *chunk,
                              const struct block *b);

/* The link from whose stub something returns to `rx`, or NULL. */
struct block_link *code_cache_find_link(const struct code_cache *c,
                                        const uint8_t *rx);
/* The block in whose code something returns to `rx`, or NULL. */
struct block *code_cache_find(struct code_cache *c, const uint8_t *rx);
/* Whether `rx` lies in a chunk that will be reused when every vCPU that is
 * not asleep has forgotten it. */
bool code_cache_is_doomed(const struct code_cache *c, const uint8_t *rx);
uint8_t *code_cache_rw(struct code_cache *c, const uint8_t *rx);

/* For statistics, of a class: bytes of code and of metadata in use, the bytes
 * of chunks that may be used before some are evicted, and how many chunks
 * were. */
struct code_cache_figures {
    size_t code, metadata, limit;
    uint64_t evicted;
};
struct code_cache_figures code_cache_figures(const struct code_cache *c,
                                             enum code_class class);

#endif
