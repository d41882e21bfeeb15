/* Bit fields, rounding, byte order and checked arithmetic. */
#ifndef UTIL_BITS_H
#define UTIL_BITS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (UINT64_C(1) << (n))

#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))

/* `length` bits of `value` from bit `start`; length 1..32 or 1..64. */
static inline uint32_t extract32(uint32_t value, int start, int length)
{
    return (value >> start) & (~UINT32_C(0) >> (32 - length));
}

static inline uint64_t extract64(uint64_t value, int start, int length)
{
    return (value >> start) & (~UINT64_C(0) >> (64 - length));
}

static inline int32_t sextract32(uint32_t value, int start, int length)
{
    return (int32_t)(value << (32 - length - start)) >> (32 - length);
}

static inline int64_t sextract64(uint64_t value, int start, int length)
{
    return (int64_t)(value << (64 - length - start)) >> (64 - length);
}

static inline uint64_t deposit64(uint64_t value, int start, int length,
                                 uint64_t field)
{
    uint64_t mask = (~UINT64_C(0) >> (64 - length)) << start;
    return (value & ~mask) | ((field << start) & mask);
}

/* One step of a sum of words: for any `sum` different words give different
 * results, for any word different sums. */
static inline uint64_t sum_step(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
    return sum ^ sum >> 32;
}

static inline uint64_t mask64(int length)
{
    return length == 0 ? 0 : ~UINT64_C(0) >> (64 - length);
}

static inline uint32_t ror32(uint32_t v, unsigned n)
{
    n &= 31;
    return n ? v >> n | v << (32 - n) : v;
}

static inline uint64_t ror64(uint64_t v, unsigned n)
{
    n &= 63;
    return n ? v >> n | v << (64 - n) : v;
}

static inline bool is_power_of_2(uint64_t v)
{
    return v && !(v & (v - 1));
}

static inline uint64_t align_down(uint64_t v, uint64_t to)
{
    return v & ~(to - 1);
}

/* `to` is a power of two; the caller excludes overflow. */
static inline uint64_t align_up(uint64_t v, uint64_t to)
{
    return align_down(v + to - 1, to);
}

/* A little-endian word at any address. */
static inline uint32_t load_le32(const void *p)
{
    const uint8_t *b = (const uint8_t *)p;
    return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline int clz64(uint64_t v) { return v ? __builtin_clzll(v) : 64; }
static inline int ctz64(uint64_t v) { return v ? __builtin_ctzll(v) : 64; }
static inline int clz32(uint32_t v) { return v ? __builtin_clz(v) : 32; }
static inline int ctz32(uint32_t v) { return v ? __builtin_ctz(v) : 32; }

#endif
