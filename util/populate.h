/*
 * Memory that is about to be used, all of it: the kernel is asked for its
 * pages at once, which costs a part of a fault for each.
 */
#ifndef UTIL_POPULATE_H
#define UTIL_POPULATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* As far as the kernel can; whole pages. */
static inline void populate(void *start, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    (void)madvise(start, size, MADV_POPULATE_WRITE);
#else
    (void)start, (void)size;
#endif
}

/* Likewise of memory that is there, but not yet in this mapping of it, which is
 * only read or executed. */
static inline void populate_view(const void *start, size_t size)
{
#ifdef MADV_POPULATE_READ
    (void)madvise((void *)(uintptr_t)start, size, MADV_POPULATE_READ);
#else
    (void)start, (void)size;
#endif
}

#endif
