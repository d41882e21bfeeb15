/*
 * Names of addresses, for people who look at profiles.  Filled on one
 * thread, looked up on any once sorted.
 */
#ifndef UTIL_SYMBOLS_H
#define UTIL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbols;

struct symbols *symbols_new(void);
void symbols_free(struct symbols *s);

/* A copy of the first `length` bytes of `name`. */
void symbols_add(struct symbols *s, uint64_t address, const char *name,
                 size_t length);
/* After the last one. */
void symbols_sort(struct symbols *s);
size_t symbols_count(const struct symbols *s);

/* The name at or, within SYMBOLS_REACH bytes, below `address`, and how far
 * below; NULL if there is none. */
#define SYMBOLS_REACH (1u << 20)
const char *symbols_find(const struct symbols *s, uint64_t address,
                         uint64_t *offset);

#endif
