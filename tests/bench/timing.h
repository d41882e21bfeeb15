/* What the bare-metal programs share: the clock and a line of the report. */
#ifndef TESTS_BENCH_TIMING_H
#define TESTS_BENCH_TIMING_H

#include <stdint.h>

#include "pc-bios/guest/print.h"
#include "pc-bios/guest/timer.h"

static inline uint64_t nanoseconds(uint64_t ticks)
{
    return ticks * 1000 / (timer_hz() / 1000000);
}

static inline void report(const char *name, const char *kind, uint64_t ns,
                          uint64_t sum)
{
    print("%s %s %lu %016lx\n", name, kind, ns, sum);
}

/* The best of some runs, for one of `per` events. */
static inline void time_it(const char *name, const char *kind, int runs,
                           uint64_t per, uint64_t (*run)(void))
{
    uint64_t best = UINT64_MAX, sum = 0;

    while (runs--) {
        __asm__ volatile("tlbi vmalle1\n dsb sy\n isb"); /* QEMU's TLB grows
                                                            at a flush only */
        uint64_t start = timer_now();
        sum = run();
        uint64_t took = timer_now() - start;
        best = took < best ? took : best;
    }
    report(name, kind, nanoseconds(best) / per, sum);
}

#endif
