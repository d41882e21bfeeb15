/*
 * What was evicted lately: hashes that are remembered until another takes
 * their place.  A wrong answer of either kind is possible and harmless.
 * Adding is under the owner's lock, asking is not.
 */
#ifndef CPU_JIT_GHOSTS_H
#define CPU_JIT_GHOSTS_H

#include <stdbool.h>
#include <stdint.h>

#define GHOST_BITS 16

struct ghosts {
    uint16_t tag[1 << GHOST_BITS]; /* 0: none */
};

static inline uint16_t ghost_tag(uint64_t hash)
{
    return (uint16_t)(hash >> 32 | 1);
}

static inline void ghosts_add(struct ghosts *g, uint64_t hash)
{
    __atomic_store_n(&g->tag[hash >> (64 - GHOST_BITS)], ghost_tag(hash),
                     __ATOMIC_RELAXED);
}

static inline bool ghosts_has(const struct ghosts *g, uint64_t hash)
{
    return __atomic_load_n(&g->tag[hash >> (64 - GHOST_BITS)],
                           __ATOMIC_RELAXED) == ghost_tag(hash);
}

#endif
