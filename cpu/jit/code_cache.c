/*
 * Chunks of generated code; see code_cache.h.
 */
#include "cpu/jit/code_cache.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/bits.h"

#define ARENA_PAGE_SIZE (64u << 10)
/* Largest code of one unit: a chunk with less left counts as full. */
#define UNIT_ROOM (BLOCK_MAX_CODE + 8)
#define EPOCH_ASLEEP UINT64_MAX
/* Memory is asked for in such pieces: a call costs less than sixteen page
 * faults. */
#define POPULATE_STEP (64u << 10)
#define POPULATE_AHEAD (4u << 10)

struct arena_page {
    struct arena_page *next;
    uint8_t bytes[] __attribute__((aligned(16)));
};

struct code_cache {
    uint8_t *rw;
    const uint8_t *rx;
    size_t size;
    unsigned chunks, cpus;
    struct code_chunk *chunk; /* [0] is the head */
    pthread_mutex_t lock;     /* chunk states */
    uint64_t births;
    _Atomic uint64_t epoch;
    _Atomic uint64_t *seen;   /* per vCPU */
};

/*
 * The same pages for writing and for running: mremap() of no bytes gives
 * shared memory another address.  Anonymous memory and no file, for perf
 * looks names of code up (perfmap.h) in what it takes for anonymous only.
 */
static bool map_twice(struct code_cache *c, size_t size)
{
    void *rw = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void *rx = rw == MAP_FAILED ? rw : mremap(rw, 0, size, MREMAP_MAYMOVE);

    if (rx == MAP_FAILED || mprotect(rx, size, PROT_READ | PROT_EXEC) < 0) {
        return false;
    }
    c->rw = rw;
    c->rx = rx;
    return true;
}

struct code_cache *code_cache_new(size_t size, unsigned cpus,
                                  struct error **err)
{
    struct code_cache *c = calloc(1, sizeof(*c));

    if (!map_twice(c, size)) {
        error_set_errno(err, errno, "cannot map %zu bytes for generated "
                        "code; try -accel interp", size);
        free(c);
        return NULL;
    }
    c->size = size;
    c->cpus = cpus;
    c->chunks = (unsigned)(size / CODE_CHUNK_SIZE);
    c->chunk = calloc(c->chunks, sizeof(*c->chunk));
    c->seen = calloc(cpus, sizeof(*c->seen));
    for (unsigned n = 0; n < c->chunks; n++) {
        c->chunk[n].rw = c->rw + (size_t)n * CODE_CHUNK_SIZE;
        c->chunk[n].rx = c->rx + (size_t)n * CODE_CHUNK_SIZE;
    }
    for (unsigned n = 0; n < cpus; n++) {
        c->seen[n] = EPOCH_ASLEEP;
    }
    c->chunk[0].state = CHUNK_FILLING; /* never evicted */
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

/* Have the kernel make these pages before they are touched, if it can. */
static void populate(void *start, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    madvise(start, size, MADV_POPULATE_WRITE);
#else
    (void)start, (void)size;
#endif
}

static void free_metadata(struct code_chunk *chunk)
{
    while (chunk->arena) {
        struct arena_page *next = chunk->arena->next;
        free(chunk->arena);
        chunk->arena = next;
    }
    free(chunk->index);
    chunk->index = NULL;
    chunk->blocks = 0;
    chunk->used = 0;
}

void code_cache_free(struct code_cache *c)
{
    for (unsigned n = 0; n < c->chunks; n++) {
        free_metadata(&c->chunk[n]);
    }
    munmap(c->rw, c->size);
    munmap((void *)c->rx, c->size);
    pthread_mutex_destroy(&c->lock);
    free(c->chunk);
    free((void *)c->seen);
    free(c);
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

/* Free chunks after those in limbo that nobody can be in were returned. */
static unsigned collect(struct code_cache *c, struct code_chunk **free_chunk)
{
    unsigned count = 0;

    for (unsigned n = 1; n < c->chunks; n++) {
        struct code_chunk *chunk = &c->chunk[n];

        if (chunk->state == CHUNK_LIMBO &&
            everyone_saw(c, chunk->free_epoch)) {
            free_metadata(chunk);
            chunk->state = CHUNK_FREE;
        }
        if (chunk->state == CHUNK_FREE) {
            *free_chunk = *free_chunk ? *free_chunk : chunk;
            count++;
        }
    }
    return count;
}

static struct code_chunk *oldest(struct code_cache *c)
{
    struct code_chunk *found = NULL;

    for (unsigned n = 1; n < c->chunks; n++) {
        struct code_chunk *chunk = &c->chunk[n];

        if (chunk->state == CHUNK_LIVE &&
            (!found || chunk->born < found->born)) {
            found = chunk;
        }
    }
    return found;
}

struct code_chunk *code_cache_chunk(struct code_cache *c, unsigned cpu,
                                    struct code_chunk *old,
                                    const struct code_cache_user *user)
{
    for (;;) {
        struct code_chunk *chunk = NULL, *victim = NULL;
        uint64_t epoch = c->epoch;

        user->forget(user->opaque, cpu);
        code_cache_pass(c, cpu, epoch);
        pthread_mutex_lock(&c->lock);
        if (old) {
            old->state = CHUNK_LIVE;
            old = NULL;
        }
        unsigned count = collect(c, &chunk);
        if (chunk) {
            chunk->state = CHUNK_FILLING;
            chunk->born = c->births++;
            chunk->index = malloc(sizeof(*chunk->index));
            chunk->index->before[0] = 0;
        }
        if (count <= c->cpus + 1) {
            victim = oldest(c);
            if (victim) {
                victim->state = CHUNK_LIMBO;
                victim->free_epoch = EPOCH_ASLEEP;
            }
        }
        pthread_mutex_unlock(&c->lock);
        if (victim) {
            user->evict(user->opaque, victim);
            user->kick(user->opaque);
            victim->free_epoch = ++c->epoch;
        }
        if (chunk) {
            return chunk;
        }
        usleep(50); /* another vCPU has not come by yet */
    }
}

bool code_chunk_room(const struct code_chunk *chunk, struct jit_buffer *out)
{
    if (!chunk || CODE_CHUNK_SIZE - chunk->used < UNIT_ROOM ||
        chunk->blocks == CODE_CHUNK_BLOCKS) {
        return false;
    }
    *out = (struct jit_buffer){chunk->rw + chunk->used,
                               chunk->rx + chunk->used,
                               CODE_CHUNK_SIZE - chunk->used};
    return true;
}

void code_chunk_commit(struct code_chunk *chunk, struct block *block,
                       size_t size)
{
    size_t end = align_up(chunk->used + size, 8);
    unsigned n = chunk->blocks;

    for (size_t k = chunk->used / CODE_GRAIN + 1; k * CODE_GRAIN <= end;
         k++) {
        chunk->index->before[k] = (uint16_t)n;
    }
    chunk->index->block[n] = block;
    chunk->blocks = n + 1; /* seen by code_cache_find on other vCPUs */
    chunk->used = end;
    if (end + POPULATE_AHEAD > chunk->ready &&
        chunk->ready < CODE_CHUNK_SIZE) {
        populate(chunk->rw + chunk->ready, POPULATE_STEP);
        chunk->ready += POPULATE_STEP;
    }
}

void *code_chunk_alloc(struct code_chunk *chunk, size_t size)
{
    size = align_up(size, 16);
    if (!chunk->arena ||
        chunk->arena_used + size > ARENA_PAGE_SIZE - sizeof(*chunk->arena)) {
        size_t room = size > ARENA_PAGE_SIZE / 2
                          ? size + sizeof(struct arena_page)
                          : ARENA_PAGE_SIZE;
        struct arena_page *page = aligned_alloc(4096, align_up(room, 4096));

        populate(page, align_up(room, 4096));
        page->next = chunk->arena;
        chunk->arena = page;
        chunk->arena_used = 0;
    }
    void *p = chunk->arena->bytes + chunk->arena_used;
    chunk->arena_used += size;
    return p;
}

struct block *code_cache_find(struct code_cache *c, const uint8_t *rx)
{
    if (rx < c->rx + CODE_CHUNK_SIZE || rx >= c->rx + c->size) {
        return NULL;
    }
    struct code_chunk *chunk = &c->chunk[(size_t)(rx - c->rx) /
                                         CODE_CHUNK_SIZE];
    unsigned count = chunk->blocks;
    size_t offset = (size_t)(rx - chunk->rx);

    if (count == 0 || offset == 0) {
        return NULL;
    }
    /* A block that starts below rx, then the last one. */
    unsigned n = chunk->index->before[(offset - 1) / CODE_GRAIN];
    while (n + 1 < count && chunk->index->block[n + 1]->code < rx) {
        n++;
    }
    struct block *b = chunk->index->block[n];
    return rx <= b->code + b->code_size ? b : NULL;
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

size_t code_cache_used(const struct code_cache *c)
{
    size_t used = 0;

    for (unsigned n = 0; n < c->chunks; n++) {
        used += c->chunk[n].used;
    }
    return used;
}
