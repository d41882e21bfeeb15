/* The nearest of several names, for "did you mean". */
#ifndef UTIL_NEAREST_H
#define UTIL_NEAREST_H

#include <stddef.h>

/*
 * The candidate that `name` was most likely meant to be, or NULL when none
 * is close: letters left out, added, changed or swapped with a neighbour,
 * up to one in three, ignoring case; or a prefix of exactly one candidate.
 * `candidates` are `count` pointers to char, `stride` bytes apart (so that
 * the name column of a table can be searched); NULL ones are skipped.
 */
const char *nearest_in_table(const char *name, const void *candidates,
                             size_t count, size_t stride);

/* The same over a NULL-terminated list. */
const char *nearest_name(const char *name, const char *const *candidates);

#endif
