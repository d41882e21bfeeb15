/*
 * Guest memory that is there before the guest is.
 *
 * The first store to a page costs a fault of the host, often more than what
 * the guest does with the page.  Operating systems hand pages out in the order
 * of their addresses, so a thread asks the host for those that come next:
 * behind a piece of memory to which the guest stores for the first time, for
 * the two pieces that follow.  It asks once for each, so that a guest which
 * touches a little everywhere has two pieces too many for each place.
 *
 * ram_ahead_stored() is for any thread, the rest for who made it.
 */
#ifndef SOFTMMU_RAM_AHEAD_H
#define SOFTMMU_RAM_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of a piece: time for the thread to wake up and to be done with the
 * next. */
#define RAM_AHEAD_BITS 17
#define RAM_AHEAD_SIZE (UINT64_C(1) << RAM_AHEAD_BITS)

enum {
    RAM_AHEAD_STORED = 1 << 0, /* the guest has come */
    RAM_AHEAD_ASKED = 1 << 1,  /* the thread has been asked for it */
};

struct ram_ahead {
    uint8_t *host;
    struct ram_ahead_thread *thread;
    size_t whole;    /* pieces that are; a last one may not be */
    uint8_t piece[]; /* RAM_AHEAD_*, atomic */
};

/* For private memory of `size` bytes at `host`; NULL: it comes when touched. */
struct ram_ahead *ram_ahead_new(uint8_t *host, uint64_t size);
void ram_ahead_free(struct ram_ahead *a);

/* The whole pieces in there have been given back to the host. */
void ram_ahead_forget(struct ram_ahead *a, uint64_t offset, uint64_t size);

/* The guest comes to a piece. */
void ram_ahead_come(struct ram_ahead *a, size_t piece);

/* The guest stores to a page, at `offset`, for the first time in a while; `a`
 * may be NULL. */
static inline void ram_ahead_stored(struct ram_ahead *a, uint64_t offset)
{
    size_t n = offset >> RAM_AHEAD_BITS;

    if (a && !(__atomic_load_n(&a->piece[n], __ATOMIC_RELAXED) &
               RAM_AHEAD_STORED)) {
        ram_ahead_come(a, n);
    }
}

#endif
