/*
 * Blocks by a number; see block_set.h.  Linear probing; what leaves is closed
 * up behind.
 */
#include "cpu/jit/block_set.h"

#include <assert.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "util/populate.h"

#define MIN_BITS 16

/* Slots for so many blocks: half of them stay free. */
static unsigned bits_for(size_t blocks)
{
    unsigned bits = MIN_BITS;

    while (((size_t)1 << bits) / 2 < blocks) {
        bits++;
    }
    return bits;
}

static size_t all_bytes(const struct block_set *s)
{
    return ((size_t)2 << s->most_bits) * sizeof(*s->slot);
}

bool block_set_init(struct block_set *s, const void *base, size_t most)
{
    *s = (struct block_set){
        .base = base, .bits = MIN_BITS, .most_bits = bits_for(most),
    };
    s->slot = mmap(NULL, all_bytes(s), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if ((void *)s->slot == MAP_FAILED) {
        return false;
    }
    /* The first few thousand blocks touch all of it. */
    populate((void *)(s->slot + ((size_t)1 << MIN_BITS)),
             sizeof(*s->slot) << MIN_BITS);
    return true;
}

void block_set_free(struct block_set *s)
{
    munmap((void *)s->slot, all_bytes(s));
}

/* Into the first free slot from its home on. */
static void put(const struct block_set *s, uint64_t slot)
{
    struct block_probe p = block_set_probe(s, (uint32_t)(slot >> 32));

    while (p.table[p.at]) {
        p.at = (p.at + 1) & p.mask;
    }
    atomic_store_explicit(&p.table[p.at], slot, memory_order_release);
}

/* Slots that are taken over at once. */
#define RUN 64

/* Which of them are free no host foresees: no branch asks. */
static void put_run(const struct block_set *s, const _Atomic uint64_t *old)
{
    uint64_t taken[RUN];
    unsigned count = 0;

    for (unsigned n = 0; n < RUN; n++) {
        taken[count] = old[n];
        count += taken[count] != 0;
    }
    for (unsigned n = 0; n < count; n++) {
        put(s, taken[n]);
    }
}

/* Half of them stay free. */
static size_t most_now(const struct block_set *s)
{
    return ((size_t)1 << s->bits) / 2;
}

void *block_set_piece(struct block_set *s)
{
    size_t slots = (size_t)2 << s->bits;
    uint8_t *next = (uint8_t *)(s->slot + slots) + s->ready;

    if (s->count < most_now(s) / 4 * 3 || s->bits == s->most_bits ||
        s->ready == slots * sizeof(*s->slot)) {
        return NULL;
    }
    s->ready += BLOCK_SET_PIECE;
    return next;
}

/* Whoever searches the old table meanwhile finds less and less there. */
static void grow(struct block_set *s)
{
    size_t slots = (size_t)1 << s->bits;
    size_t bytes = 2 * slots * sizeof(*s->slot);
    _Atomic uint64_t *old = s->slot + slots;

    /* All its pages are about to be used, in no order. */
    populate((uint8_t *)(s->slot + 2 * slots) + s->ready, bytes - s->ready);
    s->ready = 0;
    s->bits++;
    for (size_t n = 0; n < slots; n += RUN) {
        put_run(s, old + n);
    }
    madvise((void *)old, slots * sizeof(*old), MADV_DONTNEED);
}

void block_set_add(struct block_set *s, uint32_t tag, struct block *b)
{
    uint64_t distance = (uint64_t)((const uint8_t *)b - s->base);

    assert(distance % BLOCK_SET_UNIT == 0);
    if (++s->count > most_now(s)) {
        grow(s);
    }
    put(s, (uint64_t)tag << 32 | distance / BLOCK_SET_UNIT);
}

/* Whether a block with this home may not be moved to `hole`, from `at`: a
 * search for it would begin behind. */
static bool stays(size_t home, size_t hole, size_t at)
{
    return hole <= at ? hole < home && home <= at
                      : hole < home || home <= at;
}

void block_set_remove(struct block_set *s, uint32_t tag,
                      const struct block *b)
{
    struct block_probe p = block_set_probe(s, tag);
    size_t hole, at;

    while (block_set_next(s, &p) != b) {
    }
    hole = at = (p.at - 1) & p.mask;
    for (;;) {
        at = (at + 1) & p.mask;
        uint64_t slot = p.table[at];
        if (!slot) {
            break;
        }
        if (!stays(block_set_home((uint32_t)(slot >> 32), s->bits), hole,
                   at)) {
            atomic_store_explicit(&p.table[hole], slot,
                                  memory_order_release);
            hole = at;
        }
    }
    atomic_store_explicit(&p.table[hole], 0, memory_order_release);
    s->count--;
}
