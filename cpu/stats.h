/*
 * What the engine counts, for -d stats: one table (stats.c) says what each
 * number is called, where it is kept and what it means.  Everything counted
 * here costs far more than the counting; fast paths count nothing.
 */
#ifndef CPU_STATS_H
#define CPU_STATS_H

#include <stdint.h>
#include <stdio.h>

/* Of one vCPU, by its own thread. */
struct engine_stats {
    uint64_t translations, guest_insns, host_bytes, translate_ns;
    uint64_t copies, revived, copied_again, lost, loads;
    uint64_t lookups, searches, links, linked, jump_cache_fills, retries;
    uint64_t exits[8]; /* by enum vcpu_exit */
    uint64_t waits, reentries, moves, moved;
};

/* Likewise, what is counted below the run loop; in struct vcpu. */
#define STATS_EXCEPTIONS 80
struct vcpu_stats {
    uint64_t slow_loads, slow_stores, slow_unpriv, slow_checks;
    uint64_t slow_atomic[4]; /* by enum slow_op */
    /* By the guest's own numbers, see guest_ops.exception_name. */
    uint64_t exceptions[STATS_EXCEPTIONS];
};

struct backend;
struct vcpu;

#define STATS_MAX_CPUS 8
struct stats_view {
    unsigned cpus;
    const struct engine_stats *engine[STATS_MAX_CPUS];
    const struct vcpu *vcpu[STATS_MAX_CPUS];
    const struct backend *backend; /* NULL: interpreter */
    const char *(*exception_name)(unsigned number);
};

/* One line for each number that is not 0: its name, a column for each vCPU,
 * what it means.  While the vCPUs run the numbers are not of one moment. */
void stats_print(const struct stats_view *view, FILE *f);

#endif
