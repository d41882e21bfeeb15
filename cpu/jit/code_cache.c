/*
 * Chunks of generated code; see code_cache.h.
 */
#include "cpu/jit/code_cache.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/bits.h"
#include "util/populate.h"

/* Largest code of one unit, and largest metadata, of the interpreter's as of
 * generated code: a chunk with less left counts as full. */
#define UNIT_ROOM (BLOCK_MAX_CODE + 8)
#define STUBS_ROOM (IR_MAX_EDGES * BACKEND_STUB_SIZE)
#define META_ROOM (IR_MAX_INSNS * sizeof(struct ir_insn) + (64u << 10))
/* More is hardly needed: code takes more. */
#define META_SIZE (2 * CODE_CHUNK_SIZE)
_Static_assert(META_SIZE / INDEX_UNIT - 1 <= UINT16_MAX,
               "struct code_index");
/* Where the first one lies in a chunk's metadata. */
#define FIRST_BLOCK \
    ((sizeof(struct code_index) + INDEX_UNIT - 1) / INDEX_UNIT * INDEX_UNIT)
#define EPOCH_ASLEEP UINT64_MAX
/* Memory is asked for in such pieces: a call costs less than sixteen page
 * faults. */
#define POPULATE_STEP (64u << 10)
#define POPULATE_AHEAD (4u << 10)
/* Metadata of as many units as a chunk mostly holds. */
#define META_USUAL (5 * POPULATE_STEP)
/* Of the chunks that are taken next so many have their memory in time: one
 * can be taken while the next is being prepared, and then the one behind it
 * would be. */
#define CHUNKS_READY 2
#define HOST_PAGE (4u << 10)
#define HOST_LINE 64u
/* Lines of code, and of metadata, that most units do not exceed. */
#define USUAL_LINES 4
/* Chunks in use before the first is evicted, at first: bytes by class.
 * Originals have what the others leave. */
static const unsigned first_limit[CODE_CLASSES] = {
    [CODE_COPIES] = 4u << 20,
    [CODE_REGIONS] = 8u << 20,
};
/* The part of their chunks that is retired before the first is evicted.
 * Where it is larger, what is used again is known better; where it is
 * smaller, a program fits that is nearly as large as the cache. */
#define RETIRED_PART 8
/* Demand is looked at over about so many: that a program starts anew what has
 * not run for long is no reason to keep everything. */
#define DEMAND_CHUNKS 16
/* Copies get no more than this part of all chunks. */
#define COPIES_PART 4

struct code_cache {
    uint8_t *rw;
    const uint8_t *rx;
    uint8_t *meta;            /* META_SIZE for each chunk */
    unsigned chunks, cpus;
    struct code_chunk *chunk; /* [0] is the head */
    pthread_mutex_t lock;     /* chunk states, and what follows */
    struct class {
        unsigned first;       /* its limit at first */
        unsigned limit;       /* see limit_of(); not of originals */
        unsigned used;        /* chunks that are not free */
        uint64_t evicted;
    } class[CODE_CLASSES];
    struct code_demand demand; /* of copies: sums that fade away */
    uint64_t births;
    _Atomic uint64_t epoch;
    _Atomic uint64_t *seen;   /* per vCPU */
    _Atomic bool held;        /* who is asleep stays so */
};

static size_t code_bytes(const struct code_cache *c)
{
    return (size_t)c->chunks * CODE_CHUNK_SIZE;
}

static size_t meta_bytes(const struct code_cache *c)
{
    return (size_t)c->chunks * META_SIZE;
}

/*
 * The same pages for writing and for running: mremap() of no bytes gives
 * shared memory another address.  Anonymous memory and no file, for perf
 * looks names of code up (perfmap.h) in what it takes for anonymous only.
 */
static bool map_all(struct code_cache *c)
{
    size_t size = code_bytes(c);
    void *rw = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void *rx = rw == MAP_FAILED ? rw : mremap(rw, 0, size, MREMAP_MAYMOVE);
    void *meta = mmap(NULL, meta_bytes(c), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (rx == MAP_FAILED || meta == MAP_FAILED ||
        mprotect(rx, size, PROT_READ | PROT_EXEC) < 0) {
        return false;
    }
    c->rw = rw;
    c->rx = rx;
    c->meta = meta;
    return true;
}

/* Everybody fills one, and some can be evicted meanwhile. */
static unsigned least_limit(unsigned cpus)
{
    return cpus + 2;
}

static void set_limits(struct code_cache *c)
{
    unsigned least = least_limit(c->cpus);
    unsigned room = (c->chunks - CODE_CLASSES * least) / CODE_CLASSES;

    c->class[CODE_ORIGINALS].first = c->chunks - 1;
    for (unsigned n = CODE_ORIGINALS + 1; n < CODE_CLASSES; n++) {
        unsigned want = first_limit[n] / CODE_CHUNK_SIZE;

        c->class[n].first = want < least          ? least
                            : want < least + room ? want
                                                  : least + room;
        c->class[n].limit = c->class[n].first;
        c->class[CODE_ORIGINALS].first -= c->class[n].first;
    }
}

/* Chunks that the class may have in use before some are evicted. */
static unsigned limit_of(const struct code_cache *c, enum code_class class)
{
    unsigned limit = c->chunks - 1;

    if (class != CODE_ORIGINALS) {
        return c->class[class].limit;
    }
    for (unsigned n = CODE_ORIGINALS + 1; n < CODE_CLASSES; n++) {
        const struct class *other = &c->class[n];
        unsigned claim = other->used + least_limit(c->cpus);

        limit -= claim < other->limit ? claim : other->limit;
    }
    return limit;
}

struct code_cache *code_cache_new(size_t size, unsigned cpus,
                                  struct error **err)
{
    struct code_cache *c = calloc(1, sizeof(*c));
    unsigned least = CODE_CLASSES * least_limit(cpus) + cpus;
    size_t chunks = size / CODE_CHUNK_SIZE;

    c->chunks = (unsigned)(chunks < least ? least : chunks) + 1;
    if (!map_all(c)) {
        error_set_errno(err, errno, "cannot map %zu bytes for generated "
                        "code; try a smaller -accel jit,tb-size=, or -accel "
                        "interp", code_bytes(c));
        free(c);
        return NULL;
    }
    c->cpus = cpus;
    set_limits(c);
    c->chunk = calloc(c->chunks, sizeof(*c->chunk));
    c->seen = calloc(cpus, sizeof(*c->seen));
    for (unsigned n = 0; n < c->chunks; n++) {
        struct code_chunk *chunk = &c->chunk[n];

        chunk->rw = c->rw + (size_t)n * CODE_CHUNK_SIZE;
        chunk->rx = c->rx + (size_t)n * CODE_CHUNK_SIZE;
        chunk->index = (void *)(c->meta + (size_t)n * META_SIZE);
    }
    for (unsigned n = 0; n < cpus; n++) {
        c->seen[n] = EPOCH_ASLEEP;
    }
    c->chunk[0].state = CHUNK_FILLING; /* never evicted */
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void populate_step(uint8_t *start, size_t *ready)
{
    populate(start + *ready, POPULATE_STEP);
    *ready += POPULATE_STEP;
}

/* The first `used` bytes from `start` are in use, of `size`. */
static void stay_ahead(uint8_t *start, size_t used, size_t size,
                       size_t *ready)
{
    while (used + POPULATE_AHEAD > *ready && *ready < size) {
        populate_step(start, ready);
    }
}

/* The first of those taken next whose memory is not all there. */
static struct code_chunk *to_prepare(struct code_cache *c)
{
    unsigned ready = 0;

    for (unsigned n = 1; n < c->chunks && ready < CHUNKS_READY; n++) {
        struct code_chunk *chunk = &c->chunk[n];

        if (chunk->state != CHUNK_FREE) {
            continue;
        }
        if (chunk->ready < CODE_CHUNK_SIZE ||
            chunk->meta_ready < META_USUAL) {
            return chunk;
        }
        ready++;
    }
    return NULL;
}

bool code_cache_prepare(struct code_cache *c)
{
    pthread_mutex_lock(&c->lock);
    struct code_chunk *chunk = to_prepare(c);
    if (chunk) {
        chunk->state = CHUNK_PREPARED;
    }
    pthread_mutex_unlock(&c->lock);
    if (!chunk) {
        return false;
    }
    if (chunk->ready < CODE_CHUNK_SIZE) {
        populate_step(chunk->rw, &chunk->ready);
        populate_view(chunk->rx + chunk->ready - POPULATE_STEP,
                      POPULATE_STEP);
    }
    if (chunk->meta_ready < META_USUAL) {
        populate_step((uint8_t *)chunk->index, &chunk->meta_ready);
    }
    pthread_mutex_lock(&c->lock);
    chunk->state = CHUNK_FREE;
    pthread_mutex_unlock(&c->lock);
    return true;
}

void code_cache_free(struct code_cache *c)
{
    munmap(c->rw, code_bytes(c));
    munmap((void *)c->rx, code_bytes(c));
    munmap(c->meta, meta_bytes(c));
    pthread_mutex_destroy(&c->lock);
    free(c->chunk);
    free((void *)c->seen);
    free(c);
}

size_t code_cache_blocks(const struct code_cache *c, const void **base)
{
    *base = c->meta;
    return (size_t)c->chunks * CODE_CHUNK_BLOCKS;
}

struct jit_buffer code_cache_head(struct code_cache *c)
{
    return (struct jit_buffer){c->rw, c->rx, CODE_CHUNK_SIZE};
}

/* -- epochs -------------------------------------------------------------- */

uint64_t code_cache_epoch(const struct code_cache *c)
{
    return c->epoch;
}

void code_cache_pass(struct code_cache *c, unsigned cpu, uint64_t epoch)
{
    c->seen[cpu] = epoch;
}

void code_cache_sleep(struct code_cache *c, unsigned cpu, bool asleep)
{
    c->seen[cpu] = asleep ? EPOCH_ASLEEP : c->epoch;
    while (!asleep && c->held) {
        c->seen[cpu] = EPOCH_ASLEEP;
        while (c->held) {
            sched_yield(); /* for less than a millisecond */
        }
        c->seen[cpu] = c->epoch;
    }
}

bool code_cache_hold(struct code_cache *c, unsigned cpu, unsigned cpus)
{
    bool alone = true;

    if (atomic_exchange(&c->held, true)) {
        return false;
    }
    for (unsigned n = 0; n < cpus; n++) {
        alone &= n == cpu || c->seen[n] == EPOCH_ASLEEP;
    }
    if (!alone) {
        c->held = false;
    }
    return alone;
}

void code_cache_release(struct code_cache *c)
{
    c->held = false;
}

static bool everyone_saw(const struct code_cache *c, uint64_t epoch)
{
    for (unsigned n = 0; n < c->cpus; n++) {
        if (c->seen[n] < epoch) {
            return false;
        }
    }
    return true;
}

/* -- chunks -------------------------------------------------------------- */

/* What there is of them; `retired` of one class. */
struct census {
    unsigned retired, free;
    struct code_chunk *free_chunk; /* the first, whose memory is there */
};

/* After those in limbo that nobody can be in were returned. */
static struct census count_chunks(struct code_cache *c, enum code_class class)
{
    struct census census = {0};

    for (unsigned n = 1; n < c->chunks; n++) {
        struct code_chunk *chunk = &c->chunk[n];

        if (chunk->state == CHUNK_LIMBO &&
            everyone_saw(c, chunk->free_epoch)) {
            chunk->blocks = 0;
            chunk->used = 0;
            chunk->stubs = 0;
            chunk->meta_listed = 0;
            chunk->state = CHUNK_FREE;
            c->class[chunk->class].used--;
        }
        if (chunk->state == CHUNK_FREE) {
            census.free_chunk = census.free_chunk ? census.free_chunk
                                                  : chunk;
        }
        if (chunk->state == CHUNK_FREE || chunk->state == CHUNK_PREPARED) {
            census.free++;
        } else if (chunk->class == class) {
            census.retired += chunk->state == CHUNK_RETIRED;
        }
    }
    return census;
}

static struct code_chunk *oldest(struct code_cache *c, enum code_class class,
                                 unsigned state)
{
    struct code_chunk *found = NULL;

    for (unsigned n = 1; n < c->chunks; n++) {
        struct code_chunk *chunk = &c->chunk[n];

        if (chunk->state == state && chunk->class == class &&
            (!found || chunk->born < found->born)) {
            found = chunk;
        }
    }
    return found;
}

static void add_slowly(unsigned *sum, unsigned value)
{
    *sum += value - *sum / DEMAND_CHUNKS;
}

/* Another chunk of copies was filled.  Where too much had to be copied again
 * lately, use more memory: faster than it is filled, so that little is
 * evicted. */
static void adapt(struct code_cache *c, const struct code_demand *demand)
{
    struct class *class = &c->class[CODE_COPIES];
    struct code_demand *sum = &c->demand;
    unsigned most = c->chunks / COPIES_PART;

    add_slowly(&sum->units, demand->units);
    add_slowly(&sum->lost, demand->lost);
    for (unsigned n = 0; n < 2; n++) {
        class->limit += sum->lost > sum->units / 6 && class->limit < most;
    }
}

/* Originals are retired as soon as some will have to be evicted. */
static struct code_chunk *to_retire(struct code_cache *c,
                                    enum code_class class,
                                    const struct census *census)
{
    unsigned limit = limit_of(c, class);
    unsigned want = limit / RETIRED_PART + c->cpus;
    struct code_chunk *chunk = NULL;

    if (class == CODE_ORIGINALS &&
        c->class[class].used + want > limit + census->retired) {
        chunk = oldest(c, class, CHUNK_LIVE);
    }
    if (chunk) {
        chunk->state = CHUNK_RETIRED;
    }
    return chunk;
}

/* The one that goes next of its class. */
static struct code_chunk *last_in_use(struct code_cache *c,
                                      enum code_class class)
{
    struct code_chunk *chunk = oldest(c, class, CHUNK_RETIRED);

    return chunk ? chunk : oldest(c, class, CHUNK_LIVE);
}

/* Where no more are free: of the class that uses most beyond its first limit,
 * which gives back what it borrowed. */
static struct code_chunk *call_in(struct code_cache *c)
{
    struct code_chunk *found = NULL;
    int most = INT_MIN;

    for (unsigned n = 0; n < CODE_CLASSES; n++) {
        int beyond = (int)(c->class[n].used - c->class[n].first);
        struct code_chunk *chunk = beyond > most ? last_in_use(c, n) : NULL;

        if (chunk) {
            found = chunk;
            most = beyond;
        }
    }
    if (most > 0 && c->class[found->class].limit) {
        c->class[found->class].limit--;
    }
    return found;
}

/* That everybody finds one at once when the time comes. */
static struct code_chunk *to_evict(struct code_cache *c,
                                   enum code_class class,
                                   const struct census *census)
{
    bool many = c->class[class].used + c->cpus > limit_of(c, class);
    unsigned state = class == CODE_ORIGINALS ? CHUNK_RETIRED : CHUNK_LIVE;
    struct code_chunk *chunk = many ? oldest(c, class, state) : NULL;

    if (census->free < c->cpus) {
        chunk = chunk ? chunk : call_in(c);
    }
    if (chunk) {
        chunk->state = CHUNK_LIMBO;
        chunk->free_epoch = EPOCH_ASLEEP;
        c->class[chunk->class].evicted++;
    }
    return chunk;
}

static void take(struct code_cache *c, struct code_chunk *chunk,
                 enum code_class class)
{
    chunk->state = CHUNK_FILLING;
    chunk->class = class;
    c->class[class].used++;
    chunk->born = c->births++;
    chunk->meta_used = FIRST_BLOCK;
    chunk->meta_listed = FIRST_BLOCK;
    chunk->index->before[0] = FIRST_BLOCK / INDEX_UNIT;
}

static void evict(struct code_cache *c, struct code_chunk *victim,
                  const struct code_cache_user *user)
{
    user->evict(user->opaque, victim);
    user->kick(user->opaque);
    victim->free_epoch = ++c->epoch;
}

/* One attempt: NULL when another vCPU has to come by first. */
static struct code_chunk *try_chunk(struct code_cache *c,
                                    enum code_class class,
                                    const struct code_cache_user *user)
{
    pthread_mutex_lock(&c->lock);
    struct census census = count_chunks(c, class);
    struct code_chunk *chunk = census.free_chunk;
    if (chunk) {
        take(c, chunk, class);
        census.free--;
    }
    struct code_chunk *victim = to_evict(c, class, &census);
    struct code_chunk *aging = to_retire(c, class, &census);
    pthread_mutex_unlock(&c->lock);
    if (aging) {
        user->retire(user->opaque, aging);
    }
    if (victim) {
        evict(c, victim, user);
    }
    return chunk;
}

/* It is full: the host gets back what was made ready for more metadata than
 * its units have.  The piece that they end in is gone over again. */
static void trim(struct code_chunk *chunk)
{
    size_t used = align_up(chunk->meta_used, HOST_PAGE);

    if (used < chunk->meta_ready) {
        madvise((uint8_t *)chunk->index + used, chunk->meta_ready - used,
                MADV_DONTNEED);
        chunk->meta_ready = align_down(used, POPULATE_STEP);
    }
}

struct code_chunk *code_cache_chunk(struct code_cache *c, unsigned cpu,
                                    enum code_class class,
                                    struct code_chunk *old,
                                    const struct code_demand *demand,
                                    const struct code_cache_user *user)
{
    if (old) {
        trim(old);
        pthread_mutex_lock(&c->lock);
        old->state = CHUNK_LIVE;
        if (demand) {
            adapt(c, demand);
        }
        pthread_mutex_unlock(&c->lock);
    }
    for (;;) {
        uint64_t epoch = c->epoch;

        if (c->seen[cpu] != epoch) {
            user->forget(user->opaque, cpu);
            code_cache_pass(c, cpu, epoch);
        }
        struct code_chunk *chunk = try_chunk(c, class, user);
        if (chunk) {
            return chunk;
        }
        usleep(50); /* another vCPU has not come by yet */
    }
}

/* Where its stubs begin. */
static size_t first_stub(const struct code_chunk *chunk)
{
    return CODE_CHUNK_SIZE -
           BACKEND_STUB_SIZE * atomic_load_explicit(&chunk->stubs,
                                                    memory_order_relaxed);
}

bool code_chunk_room(const struct code_chunk *chunk, struct jit_buffer *out)
{
    size_t end = chunk ? first_stub(chunk) - STUBS_ROOM : 0;

    if (!chunk || chunk->used + UNIT_ROOM > end ||
        chunk->meta_used + META_ROOM > META_SIZE ||
        chunk->blocks == CODE_CHUNK_BLOCKS) {
        return false;
    }
    *out = (struct jit_buffer){chunk->rw + chunk->used,
                               chunk->rx + chunk->used, end - chunk->used};
    return true;
}

struct jit_buffer code_chunk_stubs(const struct code_chunk *chunk)
{
    size_t end = first_stub(chunk);

    return (struct jit_buffer){chunk->rw + end, chunk->rx + end, 0};
}

void code_chunk_add_stubs(struct code_chunk *chunk, unsigned count)
{
    /* Others come upon them when they run the block's code. */
    atomic_store_explicit(&chunk->stubs, chunk->stubs + count,
                          memory_order_relaxed);
}

__attribute__((target("prfchw")))
void code_chunk_commit(struct code_chunk *chunk, struct block *block,
                       size_t size)
{
    size_t end = align_up(chunk->used + size, CODE_UNIT);
    size_t at = (size_t)((uint8_t *)block - (uint8_t *)chunk->index);

    for (size_t k = chunk->used / CODE_GRAIN + 1; k * CODE_GRAIN <= end;
         k++) {
        chunk->index->before[k] = (uint16_t)(at / INDEX_UNIT);
    }
    block->room = (uint16_t)((chunk->meta_used - at) / INDEX_UNIT);
    chunk->blocks++;
    /* Seen by code_cache_find() on other vCPUs. */
    atomic_store_explicit(&chunk->meta_listed, chunk->meta_used,
                          memory_order_release);
    chunk->used = end;
    stay_ahead(chunk->rw, end, CODE_CHUNK_SIZE, &chunk->ready);
    /* The lines that the next unit is going to fill: they are in no cache of
     * this processor, and who reads back what waits to be written there waits
     * as well.  (In a function of its own gcc takes it for nothing.) */
    const uint8_t *meta = (const uint8_t *)chunk->index + chunk->meta_used;
#pragma GCC unroll 4
    for (unsigned k = 1; k <= USUAL_LINES; k++) {
        __builtin_prefetch(chunk->rw + end + k * HOST_LINE, 1);
        __builtin_prefetch(meta + k * HOST_LINE, 1);
    }
    __builtin_prefetch(chunk->rw + first_stub(chunk) - HOST_LINE, 1);
}

void *code_chunk_alloc(struct code_chunk *chunk, size_t size)
{
    uint8_t *meta = (uint8_t *)chunk->index;
    void *p = meta + chunk->meta_used;

    chunk->meta_used += align_up(size, INDEX_UNIT);
    stay_ahead(meta, chunk->meta_used, META_SIZE, &chunk->meta_ready);
    return p;
}

/* The block `at` so many bytes of the metadata, or NULL behind the last. */
static struct block *block_at(const struct code_chunk *chunk, size_t at)
{
    return at < chunk->meta_listed
               ? (struct block *)((uint8_t *)chunk->index + at) : NULL;
}

struct block *code_chunk_first(const struct code_chunk *chunk)
{
    return block_at(chunk, FIRST_BLOCK);
}

struct block *code_chunk_next(const struct code_chunk *chunk,
                              const struct block *b)
{
    return block_at(chunk, (size_t)((uint8_t *)(uintptr_t)b -
                                    (uint8_t *)chunk->index) +
                           (size_t)b->room * INDEX_UNIT);
}

/* Where something returns to; the head has no blocks. */
static struct code_chunk *chunk_of(const struct code_cache *c,
                                   const uint8_t *rx)
{
    return rx > c->rx + CODE_CHUNK_SIZE && rx < c->rx + code_bytes(c)
               ? &c->chunk[(size_t)(rx - c->rx) / CODE_CHUNK_SIZE] : NULL;
}

struct block_link *code_cache_find_link(const struct code_cache *c,
                                        const uint8_t *rx)
{
    struct code_chunk *chunk = chunk_of(c, rx);
    uint32_t distance;

    if (!chunk || rx < chunk->rx + first_stub(chunk)) {
        return NULL;
    }
    memcpy(&distance, rx, sizeof(distance));
    return (struct block_link *)((uint8_t *)chunk->index + distance);
}

struct block *code_cache_find(struct code_cache *c, const uint8_t *rx)
{
    struct code_chunk *chunk = chunk_of(c, rx);
    size_t offset = chunk ? (size_t)(rx - chunk->rx) : 0;

    if (offset == 0) {
        return NULL;
    }
    /* A block that starts below rx, mostly the one; else one behind it.  Each
     * that is looked at is in no cache of the host's. */
    struct block *b = block_at(
        chunk, (size_t)chunk->index->before[(offset - 1) / CODE_GRAIN] *
               INDEX_UNIT);
    while (b && rx > b->code + b->code_size) {
        b = code_chunk_next(chunk, b);
    }
    return b && rx > b->code ? b : NULL;
}

bool code_cache_is_doomed(const struct code_cache *c, const uint8_t *rx)
{
    return c->chunk[(size_t)(rx - c->rx) / CODE_CHUNK_SIZE].state ==
           CHUNK_LIMBO;
}

uint8_t *code_cache_rw(struct code_cache *c, const uint8_t *rx)
{
    return c->rw + (rx - c->rx);
}

struct code_cache_figures code_cache_figures(const struct code_cache *c,
                                             enum code_class class)
{
    struct code_cache_figures f = {
        .limit = (size_t)limit_of(c, class) * CODE_CHUNK_SIZE,
        .evicted = c->class[class].evicted,
    };

    for (unsigned n = 1; n < c->chunks; n++) {
        if (c->chunk[n].state != CHUNK_FREE && c->chunk[n].class == class) {
            f.code += c->chunk[n].used + CODE_CHUNK_SIZE -
                      first_stub(&c->chunk[n]);
            f.metadata += c->chunk[n].meta_used;
        }
    }
    return f;
}
