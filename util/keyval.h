/*
 * Option strings: "virtio-blk-pci,drive=d0,write-cache=on".
 *
 * Elements are separated by commas; ",," inside a value is one comma.  The
 * first element may be a bare value, which belongs to the option's implied
 * key; later a bare "word" means word=on and a bare "noword" word=off.  A key
 * may come again: look-ups see the last, keyval_each() sees all.  Text that
 * begins with '{' is a JSON object instead: true/false become on/off, nested
 * objects "outer.inner" keys, arrays of scalars (or of {"str": scalar})
 * repeated keys, arrays of other objects "outer.0.inner", null a key that
 * only keyval_null() sees.
 *
 * Reading a key marks it as known; after the reader has asked for all it
 * knows, keyval_check() finds what the user wrote in vain.
 */
#ifndef UTIL_KEYVAL_H
#define UTIL_KEYVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

struct keyval;

/* `implied_key` may be NULL: then no bare first value is accepted. */
struct keyval *keyval_parse(const char *text, const char *implied_key,
                            struct error **err);
struct keyval *keyval_new(void);
void keyval_free(struct keyval *kv);

/* Append a pair; it overrides earlier ones of that key. */
void keyval_set(struct keyval *kv, const char *key, const char *value);

/* Own `memory`, which came from malloc(), as long as kv lives. */
void *keyval_keep(struct keyval *kv, void *memory);

/* Append all pairs of `from`: options given twice ("-M virt -M its=off"). */
void keyval_merge(struct keyval *kv, const struct keyval *from);

/* The user wrote a bare "help" or "?". */
bool keyval_help(const struct keyval *kv);

/* The last value of `key`, or NULL.  Strings live as long as kv. */
const char *keyval_get(struct keyval *kv, const char *key);

/* The user wrote null, in JSON, for `key`. */
bool keyval_null(struct keyval *kv, const char *key);

/* Every value of `key` in order: start with *position = 0; NULL ends. */
const char *keyval_each(struct keyval *kv, const char *key,
                        size_t *position);

/* Every pair in order, whatever its key; marks nothing. */
bool keyval_pair(const struct keyval *kv, size_t n, const char **key,
                 const char **value);

/* Mark every key below "PREFIX." as known, for a nested reader. */
void keyval_allow_prefix(struct keyval *kv, const char *prefix);

/* Those keys, marked so, without the prefix, for a reader that checks them by
 * itself; NULL when there are none.  It lives as long as kv. */
struct keyval *keyval_below(struct keyval *kv, const char *prefix);

/*
 * Typed look-ups: an absent key leaves *result alone and succeeds.
 * A size takes a suffix (see parse_size), `unit` bytes when there is none.
 */
bool keyval_bool(struct keyval *kv, const char *key, bool *result,
                 struct error **err);
bool keyval_uint(struct keyval *kv, const char *key, uint64_t max,
                 uint64_t *result, struct error **err);
bool keyval_size(struct keyval *kv, const char *key, uint64_t unit,
                 uint64_t *result, struct error **err);

/* One of the names of a NULL-terminated list; *result is its index. */
bool keyval_enum(struct keyval *kv, const char *key,
                 const char *const *names, unsigned *result,
                 struct error **err);

/* False when a key was never asked for; suggests the nearest one that was. */
bool keyval_check(const struct keyval *kv, struct error **err);

/* The value spellings by themselves; false when `text` is not one. */

/* on/off, yes/no, true/false, y/n. */
bool parse_bool(const char *text, bool *result);
/* Decimal, or hexadecimal after 0x. */
bool parse_uint(const char *text, uint64_t *result);
/* "64", "1.5G", "0x1000", "20m": b k m g t p e, powers of 1024. */
bool parse_size(const char *text, uint64_t unit, uint64_t *result);

#endif
