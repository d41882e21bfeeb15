/* Pseudo-random numbers, the same in every run (Marsaglia's xorshift). */
#ifndef TESTS_UNIT_RANDOM64_H
#define TESTS_UNIT_RANDOM64_H

#include <stdint.h>

static inline uint64_t random64(void)
{
    static uint64_t state = 88172645463325252;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

#endif
