/*
 * Memory that is about to be used, all of it: the kernel is asked for its
 * pages at once, which costs a part of a fault for each.
 */
#ifndef UTIL_POPULATE_H
#define UTIL_POPULATE_H

#include <stddef.h>
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

#endif
