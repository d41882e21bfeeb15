/*
 * Self-hosted debug (Arm ARM D2): when debug exceptions are generated,
 * breakpoints and watchpoints.  On the vCPU's thread.
 *
 * Where no breakpoint is enabled nothing is done for them.  While one is,
 * code is translated one instruction a unit (CTX_SS_ACTIVE), each of which
 * looks at its address first.  Pages with an enabled watchpoint have no
 * first-level TLB entry, so that each access to them asks (tlb_set_watches()).
 */
#ifndef CPU_ARM_SELF_DEBUG_H
#define CPU_ARM_SELF_DEBUG_H

#include "cpu/arm/arm_cpu.h"
#include "cpu/ir/ir.h"

#define MDSCR_SS UINT64_C(1)
#define MDSCR_MDE UINT64_C(0x8000)

/* Instruction and data fault status of debug exceptions. */
#define DEBUG_STATUS 0x22

/* The level that takes debug exceptions (but BRK's of higher levels). */
unsigned arm_debug_target_el(const struct arm_cpu *cpu);

/* Software step applies at this exception level. */
bool arm_step_enabled(const struct arm_cpu *cpu);

/* A breakpoint may match at this exception level. */
bool arm_breakpoints_enabled(const struct arm_cpu *cpu);

/* Before an instruction of CTX_SS_ACTIVE.  Of its address and whether it is a
 * load or store: raises the exception when a breakpoint matches; leaves when
 * it would be a second one in a software step. */
extern const struct ir_helper arm_debug_helper;

/* To be called when MDSCR_EL1, a lock, or a breakpoint's or watchpoint's
 * registers have changed. */
void arm_debug_follow(struct arm_cpu *cpu);

#endif
