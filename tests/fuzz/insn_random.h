/* Random numbers which a seed repeats: splitmix64. */
#ifndef TESTS_FUZZ_INSN_RANDOM_H
#define TESTS_FUZZ_INSN_RANDOM_H

#include <stdint.h>

static uint64_t random_state;

static inline uint64_t random64(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline unsigned random_below(unsigned n)
{
    return (unsigned)(random64() >> 32) % n;
}

#endif
