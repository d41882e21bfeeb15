/*
 * Which exception level takes what (Arm ARM D1.3.1, D1.3.6), from the
 * registers of EL2 and EL3.  Pure functions of the processor's state.
 */
#ifndef CPU_ARM_ROUTE_H
#define CPU_ARM_ROUTE_H

#include "cpu/arm/exception.h"
#include "cpu/arm/levels.h"

/* SPSR_ELx.M. */
#define SPSR_M_SP BIT(0)
#define SPSR_M_AARCH32 BIT(4)

/* A synchronous exception of this level that no control sends elsewhere. */
static inline unsigned arm_route(const struct arm_cpu *cpu)
{
    return cpu->el > 1 ? cpu->el
           : cpu->el == 0 && (arm_hcr(cpu) & HCR_TGE) ? 2 : 1;
}

/* BRK, breakpoints, watchpoints and software step: MDCR_EL2.TDE. */
unsigned arm_route_debug(const struct arm_cpu *cpu);

/* An abort: those of stage 2 are EL2's. */
unsigned arm_route_abort(const struct arm_cpu *cpu,
                         const struct mem_fault *fault);

/* FP and SIMD at `el`: the level that they trap to, or 0 (CPACR_EL1.FPEN,
 * CPTR_EL2 in both of its shapes, CPTR_EL3). */
unsigned arm_fp_trap_el(const struct arm_cpu *cpu, unsigned el);
/* Likewise SVE (ZEN, TZ, EZ), where FP does not trap. */
unsigned arm_sve_trap_el(const struct arm_cpu *cpu, unsigned el);

struct arm_interrupt {
    enum arm_vector vector;
    unsigned target;
    bool virtual_error; /* HCR_EL2.VSE, which it clears */
};

/* The interrupt that would be taken now, of these lines (irq_lines). */
bool arm_pick_interrupt(const struct arm_cpu *cpu, uint32_t lines,
                        struct arm_interrupt *interrupt);

/* Whether WFI ends: one is pending, masked or not. */
bool arm_wakes(const struct arm_cpu *cpu, uint32_t lines);

/* ISR_EL1: A, I and F as this level sees them. */
uint32_t arm_pending_masks(const struct arm_cpu *cpu, uint32_t lines);

/* SPSR_ELx.M names a state to which this level may return (D1.4.5);
 * AArch64 only. */
static inline bool arm_is_legal_return(const struct arm_cpu *cpu,
                                       uint64_t spsr)
{
    unsigned el = spsr >> 2 & 3;

    if ((spsr & SPSR_M_AARCH32) || (spsr & 2) || el > cpu->el) {
        return false;
    }
    switch (el) {
    case 0:
        return !(spsr & SPSR_M_SP);
    case 1:
        return !(arm_el2_enabled(cpu) && (cpu->hcr_el2 & HCR_TGE));
    case 2:
        return arm_el2_enabled(cpu);
    default:
        return true;
    }
}

/*
 * HVC and SMC: the level that takes them, 0: UNDEFINED.  An SMC that goes
 * to EL2 is a trap: it returns to itself.
 */
unsigned arm_route_hvc(const struct arm_cpu *cpu);
unsigned arm_route_smc(const struct arm_cpu *cpu);
/* HCR_EL2.TSC: also of calls that stand in for firmware. */
bool arm_traps_smc(const struct arm_cpu *cpu);

/* WFI or WFE here traps to this level, or 0. */
unsigned arm_route_wfx(const struct arm_cpu *cpu, bool is_wfe);

/* Pointer authentication with an enabled key traps to this level, or 0. */
unsigned arm_route_pauth(const struct arm_cpu *cpu);

#endif
