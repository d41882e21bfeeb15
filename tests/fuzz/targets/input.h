/*
 * The fuzzer's bytes as numbers and pieces: what a target makes of its input.
 * Behind the end everything is zero, so that no input is refused.
 */
#ifndef TESTS_FUZZ_TARGETS_INPUT_H
#define TESTS_FUZZ_TARGETS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
    const uint8_t *at, *end;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline size_t in_left(const struct input *in)
{
    return (size_t)(in->end - in->at);
}

static inline bool in_more(const struct input *in)
{
    return in->at < in->end;
}

/* `size` bytes, 1 to 8, little-endian. */
static inline uint64_t in_number(struct input *in, unsigned size)
{
    uint64_t value = 0;
    size_t n = in_left(in) < size ? in_left(in) : size;

    memcpy(&value, in->at, n);
    in->at += n;
    return value;
}

static inline uint8_t in_u8(struct input *in)
{
    return (uint8_t)in_number(in, 1);
}

static inline uint16_t in_u16(struct input *in)
{
    return (uint16_t)in_number(in, 2);
}

static inline uint32_t in_u32(struct input *in)
{
    return (uint32_t)in_number(in, 4);
}

static inline uint64_t in_u64(struct input *in)
{
    return in_number(in, 8);
}

/* Up to *size bytes; *size is how many there are. */
static inline const uint8_t *in_bytes(struct input *in, size_t *size)
{
    const uint8_t *bytes = in->at;

    *size = in_left(in) < *size ? in_left(in) : *size;
    in->at += *size;
    return bytes;
}

#endif
