/* The other CPUs: each visit starts, races and stops all of them. */
#ifndef PC_BIOS_GUEST_SMP_H
#define PC_BIOS_GUEST_SMP_H

#include <stdbool.h>
#include <stdint.h>

enum { SMP_ROUNDS = 5000 };

/* What one visit found. */
struct smp_result {
    unsigned arrived;      /* other CPUs that reported in */
    unsigned interrupted;  /* of these, took our interrupt */
    unsigned off;          /* of these, are off again */
    uint64_t count;        /* increments counted in the race */
    uint64_t expected;
    int error;             /* last PSCI CPU_ON that failed, or 0 */
    unsigned error_cpu;
};

/* On the boot CPU; every wait in it is bounded. */
void smp_visit(struct smp_result *result);

#endif
