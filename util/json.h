/*
 * A strict JSON reader (RFC 8259): for -device '{...}' and the like.
 *
 * The whole text is one value; duplicate keys, trailing commas, comments,
 * control characters in strings, \u0000 and bytes that are not UTF-8 are
 * errors.  Numbers keep their spelling, so that 64-bit integers stay exact.
 */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define JSON_MAX_DEPTH 64

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    enum json_kind kind;
    char *key;          /* when it is a member of an object, else NULL */
    char *text;         /* a number's spelling or a string's UTF-8 */
    struct json *first; /* members or elements, in order */
    struct json *next;  /* its successor in the same array or object */
};

/* NULL and a sentence with the offset on bad input. */
struct json *json_parse(const char *text, size_t length, struct error **err);
void json_free(struct json *value);

/* Member of an object by key, or NULL; `object` may be any kind or NULL. */
const struct json *json_get(const struct json *object, const char *key);

/* The text of a JSON_STRING, else NULL (`value` may be NULL). */
const char *json_string(const struct json *value);

/* An integer that fits; false for every other value. */
bool json_int(const struct json *value, int64_t *result);
bool json_uint(const struct json *value, uint64_t *result);

#endif
