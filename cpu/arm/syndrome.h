/* What ESR_ELx tells of a data abort (Arm ARM D17.2.37). */
#ifndef CPU_ARM_SYNDROME_H
#define CPU_ARM_SYNDROME_H

#include "cpu/arm/arm_cpu.h"

/* ISS of an abort of the instruction at vcpu.pc; `maintenance` for cache
 * maintenance and AT. */
uint32_t arm_data_abort_iss(struct arm_cpu *cpu,
                            const struct mem_fault *fault, bool maintenance);

/* ISS[24:14] of a load or store, from its encoding: ISV, SAS, SSE, SRT, SF,
 * AR; 0 of those that have none. */
uint32_t arm_access_iss(uint32_t insn);

#endif
