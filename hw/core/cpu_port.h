/*
 * How interrupt controllers and the power controller reach a processor
 * without knowing it: the board fills these in from cpu/.
 */
#ifndef HW_CORE_CPU_PORT_H
#define HW_CORE_CPU_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/core/irq.h"

/* What a GIC drives, per processor.  All [any thread]. */
struct cpu_port {
    struct irq irq, fiq, virq, vfiq;
    uint64_t mpidr; /* affinity, MPIDR_EL1 layout */
};

/*
 * The GICv3 CPU interface as system registers: the GIC hands these to the
 * processor (cpu/arm registers them under the S3_x names).  `reg` is the
 * 16-bit op0:op1:CRn:CRm:op2 encoding as in an MRS (op0 in bits 15..14,
 * op1 13..11, CRn 10..7, CRm 6..3, op2 2..0).  Called on the vCPU's thread.
 */
struct gic_cpu_if {
    uint64_t (*read)(void *opaque, unsigned cpu, uint16_t reg);
    void (*write)(void *opaque, unsigned cpu, uint16_t reg, uint64_t value);
    void *opaque;
};

#endif
