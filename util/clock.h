/*
 * Host clocks.  All times are nanoseconds in uint64_t; any thread.
 */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdint.h>

#define NS_PER_SEC UINT64_C(1000000000)

/* CLOCK_MONOTONIC: the time base of guest clocks and timers. */
uint64_t clock_monotonic_ns(void);

/* CLOCK_REALTIME since 1970: for real-time clocks only. */
uint64_t clock_realtime_ns(void);

#endif
