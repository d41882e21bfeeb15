/*
 * The work that is timed: fixed amounts with a checksum, the same source
 * for the guest and for the host (the limit).
 */
#ifndef TESTS_BENCH_KERNELS_H
#define TESTS_BENCH_KERNELS_H

#include <stdint.h>

struct kernel {
    const char *name;
    const char *kind;   /* "int", "fp", "simd" */
    uint64_t (*run)(void);
};

extern const struct kernel kernels[];
extern const unsigned kernel_count;

#endif
