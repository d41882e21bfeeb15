/*
 * Taking exceptions and returning from them (Arm ARM D1.10, D1.11), AArch64
 * only.  On the vCPU's thread, between units or from a helper.
 */
#ifndef CPU_ARM_EXCEPTION_H
#define CPU_ARM_EXCEPTION_H

#include "cpu/arm/arm_cpu.h"
#include "cpu/ir/ir.h"

/* Which of the four entries of a vector group. */
enum arm_vector { ARM_VECTOR_SYNC, ARM_VECTOR_IRQ, ARM_VECTOR_FIQ,
                  ARM_VECTOR_SERROR };

/* PSTATE as an exception would save it in SPSR_ELx. */
uint64_t arm_pstate(const struct arm_cpu *cpu);

/* Change exception level and SPSel; the stack pointer follows. */
void arm_set_el(struct arm_cpu *cpu, unsigned el, unsigned spsel);

/* Enter the handler at `target`; ELR = return_pc.  `syndrome` counts for
 * ARM_VECTOR_SYNC and SERROR.  Leaves FAR_ELx alone. */
void arm_take_exception(struct arm_cpu *cpu, enum arm_vector vector,
                        unsigned target, uint32_t syndrome,
                        uint64_t return_pc);

/* Take the synchronous exception of vcpu.exit (FAULT or EXCEPTION), or make
 * the return (RETURN). */
void arm_deliver(struct arm_cpu *cpu);

/* An instruction fetch at vcpu.pc failed with vcpu.fault. */
void arm_take_fetch_fault(struct arm_cpu *cpu);

/* Faults of the PC itself: misaligned, tagged, illegal state, software
 * step.  True: look up again. */
bool arm_check_pc(struct arm_cpu *cpu);

/* Take an interrupt if one is pending and not masked. */
bool arm_take_interrupt(struct arm_cpu *cpu);
/* One is pending, masked or not. */
bool arm_interrupt_pending(const struct arm_cpu *cpu);

/* From a helper: raise a data abort for `fault`; `maintenance` for cache
 * maintenance and AT (ISS.CM). */
void arm_raise_data_abort(struct arm_cpu *cpu, const struct mem_fault *fault,
                          bool maintenance);

/* ERET to `target`: sets vcpu.pc and PSTATE.  An interrupt that this unmasks
 * is requested. */
void arm_exception_return(struct arm_cpu *cpu, uint64_t target);

/*
 * Helpers for the last instruction of a unit: do it all where the context
 * that results is known (struct arm_switch), else leave for the run loop,
 * which does.  The unit has stored SP to its home, takes the result as the
 * new SP, sets the condition flags of a return and goes on at vcpu.target.
 */
/* Arguments: syndrome, return address, NZCV in bits 31..28. */
extern const struct ir_helper arm_enter_helper;
/* Argument: the target. */
extern const struct ir_helper arm_return_helper;

/* After a change of PSTATE.PAN at EL1.  Argument: the next instruction. */
extern const struct ir_helper arm_pan_helper;

/* Make vcpu.jump_key, tlb and tlb_unpriv those of the present state, when only
 * EL, SP and PSTATE have changed; false: needs guest_ops.context(). */
bool arm_switch_context(struct arm_cpu *cpu);

/* exception_log.c; after the event, `from` the exception level before. */
void arm_log_exception(const struct arm_cpu *cpu, enum arm_vector vector,
                       unsigned from, uint32_t syndrome);
void arm_log_return(const struct arm_cpu *cpu);

/* Its place in vcpu.stats.exceptions[]: synchronous ones by their exception
 * class, the others behind them. */
static inline unsigned arm_exception_number(enum arm_vector vector,
                                            uint32_t syndrome)
{
    _Static_assert(STATS_EXCEPTIONS > 64 + ARM_VECTOR_SERROR, "room");
    return vector == ARM_VECTOR_SYNC ? syndrome >> 26 : 64 + vector;
}
const char *arm_exception_name(unsigned number);

/* The instruction under software step has completed. */
void arm_step_advance(struct arm_cpu *cpu);

#endif
