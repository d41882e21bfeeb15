/*
 * Blocks by a number that follows from their key: an open hash table whose
 * slots hold 32 bits of the hash, so that neither a search for what is not
 * there nor the table's growth touches a block.
 *
 * Searches take no lock, changes are under the owner's.  A search that meets a
 * change may miss a block that is there, and may find one that just left: its
 * owner compares whole keys, and looks again under the lock before it inserts.
 */
#ifndef CPU_JIT_BLOCK_SET_H
#define CPU_JIT_BLOCK_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "cpu/jit/block.h"

struct block_set {
    const uint8_t *base;     /* of the blocks: a slot counts from there */
    /* A slot: tag in the upper half, below it the distance from `base` in
     * BLOCK_SET_UNITs; 0 is free.  The table of 2^n slots begins at slot
     * 2^n; one table is in use, the others have no memory. */
    _Atomic uint64_t *slot;
    _Atomic unsigned bits;
    unsigned count, most_bits;
    size_t ready;            /* bytes of the next table that have memory */
};

#define BLOCK_SET_UNIT 16    /* bytes: alignment of blocks */

/* At most `most` blocks, all within 2^36 bytes from `base`.  False: no
 * memory, errno says why. */
bool block_set_init(struct block_set *s, const void *base, size_t most);
void block_set_free(struct block_set *s);

void block_set_add(struct block_set *s, uint32_t tag, struct block *b);
/* A piece of the next table to be given memory (populate()) while others add
 * blocks: when it is used it should be there.  NULL: it is, or not needed
 * yet. */
#define BLOCK_SET_PIECE (256u << 10)
void *block_set_piece(struct block_set *s);
/* `b` is there. */
void block_set_remove(struct block_set *s, uint32_t tag,
                      const struct block *b);

/* The tag of code at `address` in an address space.  Neighbours get slots
 * near each other, as they are wanted at about the same time: sixteen
 * instructions, of which dense code has two or three blocks, a line of the
 * host's caches.  Of more the lines would be full and searches long. */
static inline uint32_t block_set_tag(uint64_t space, uint64_t address)
{
    uint64_t h = (address >> 6) * UINT64_C(0x9e3779b97f4a7c15) ^
                 space * UINT64_C(0xc2b2ae3d27d4eb4f);

    h = (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(h >> 36) << 4 | (address >> 2 & 15);
}

/* Where a search for the tag begins in a table of 2^bits slots. */
static inline size_t block_set_home(uint32_t tag, unsigned bits)
{
    return (size_t)(tag >> (35 - bits)) << 3 | ((tag ^ tag >> 3) & 7);
}

/* A search. */
struct block_probe {
    _Atomic uint64_t *table;
    size_t at, mask;
    uint32_t tag;
};

static inline struct block_probe block_set_probe(const struct block_set *s,
                                                 uint32_t tag)
{
    unsigned bits = s->bits;
    size_t slots = (size_t)1 << bits;

    return (struct block_probe){
        s->slot + slots, block_set_home(tag, bits), slots - 1, tag,
    };
}

/* A search or an addition is to come. */
static inline void block_set_prefetch(const struct block_set *s, uint32_t tag)
{
    struct block_probe p = block_set_probe(s, tag);

    __builtin_prefetch((const void *)&p.table[p.at]);
}

/* The next block with that tag, or NULL. */
static inline struct block *block_set_next(const struct block_set *s,
                                           struct block_probe *p)
{
    for (;;) {
        uint64_t slot = p->table[p->at];

        if (!slot) {
            return NULL;
        }
        p->at = (p->at + 1) & p->mask;
        if (slot >> 32 == p->tag) {
            return (struct block *)(uintptr_t)(s->base +
                                               (uint64_t)(uint32_t)slot *
                                               BLOCK_SET_UNIT);
        }
    }
}

#endif
