/* What the user has left open (zero, NULL), with its default. */
#ifndef UTIL_OR_ELSE_H
#define UTIL_OR_ELSE_H

#include <stdint.h>

static inline uint32_t or_else(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

static inline const char *text_or_else(const char *text,
                                       const char *otherwise)
{
    return text ? text : otherwise;
}

#endif
