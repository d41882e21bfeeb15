/*
 * How interrupt controllers and the power controller reach a processor
 * without knowing it: the board fills these in from cpu/.
 */
#ifndef HW_CORE_CPU_PORT_H
#define HW_CORE_CPU_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/irq.h"

/* What a GIC drives, per processor.  All [any thread]. */
struct cpu_port {
    struct irq irq, fiq, virq, vfiq;
    uint64_t mpidr; /* affinity, MPIDR_EL1 layout */
};

#endif
