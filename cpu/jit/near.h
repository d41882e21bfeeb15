/*
 * Pointers in 32 bits between parts of what describes translated code, which
 * lie in one mapping: how far it is from where the pointer is kept.  So one is
 * not copied with the structure that it is in.
 */
#ifndef CPU_JIT_NEAR_H
#define CPU_JIT_NEAR_H

#include <stddef.h>
#include <stdint.h>

struct near {
    int32_t distance; /* in NEAR_UNITs, 0: NULL */
};

#define NEAR_UNIT 4 /* bytes: both ends are aligned to it, within 8 GiB */

static inline void *near_get(const struct near *n)
{
    return n->distance ? (char *)(uintptr_t)n +
                         (ptrdiff_t)n->distance * NEAR_UNIT
                       : NULL;
}

static inline void near_set(struct near *n, const void *to)
{
    n->distance = to ? (int32_t)(((const char *)to - (const char *)n) /
                                 NEAR_UNIT)
                     : 0;
}

#endif
