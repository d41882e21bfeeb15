/*
 * One row's measurement, in the guest and on the host alike: says when the
 * work begins, and afterwards what it took.
 */
#ifndef TESTS_BENCH_ROW_H
#define TESTS_BENCH_ROW_H

#include <stdint.h>

/* Prints "@begin NAME", starts the clocks.  With ROW_TALK in the environment
 * it waits for a line of input in between: who looks at the emulator may take
 * his time. */
void row_begin(const char *name);

/* Stops the clocks, prints "@end NAME WALL CPU SUM" (nanoseconds; CPU is this
 * process with the children it has waited for); with ROW_TALK waits for
 * another line. */
void row_end(const char *name, uint64_t sum);

#endif
