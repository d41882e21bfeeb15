/*
 * One Arm processor in AArch64 state.
 *
 * Embeds struct vcpu (registers, flags, FP mode); everything else that the
 * architecture defines is here under its manual name.  Owned by the vCPU's
 * thread, except the interrupt lines (any thread).
 */
#ifndef CPU_ARM_ARM_CPU_H
#define CPU_ARM_ARM_CPU_H

#include "cpu/arm/features.h"
#include "cpu/arm/mmu.h"
#include "cpu/arm/mmu_tables.h"
#include "cpu/arm/sve.h"
#include "cpu/cpu.h"
#include "cpu/vcpu.h"

/* Bits of the context flags, part of the key of every block: what the
 * translation of an instruction depends on besides its bytes. */
enum {
    CTX_EL_SHIFT = 0,        /* bits 1..0: exception level */
    CTX_SPSEL = 1 << 2,      /* r[31] is SP_ELx (only MSR SPSel cares) */
    CTX_ZVA_EL0 = 1 << 2,    /* at EL0, where SPSel is 0: SCTLR.DZE */
    CTX_FP_TRAP = 1 << 3,    /* FP/SIMD traps ... */
    CTX_FP_TRAP_SHIFT = 4,   /* ... to this EL (bits 5..4); else: */
    CTX_FP_MODE = 1 << 4,    /* FPCR has FZ, DN or AHP, or traps: no fast
                                host arithmetic */
    CTX_FP_RMODE = 1 << 5,   /* FPCR.RMode is not round-to-nearest */
    CTX_ALIGN = 1 << 6,      /* SCTLR.A, or MMU off: unaligned faults */
    CTX_SS_ACTIVE = 1 << 7,  /* software step or breakpoints: one
                                instruction a block */
    CTX_BTYPE_CHECK = 1 << 8, /* guarded pages may be in use (BTI) */
    CTX_UNPRIV = 1 << 9,     /* at EL1: LDTR and STTR use EL0 permissions */
    CTX_DAIF_EL0 = 1 << 9,   /* at EL0: it may touch DAIF (SCTLR.UMA) */
    CTX_SP_ALIGN = 1 << 10,  /* SP is not aligned to 16 bytes and SCTLR.SA
                                wants it: accesses by it fault */
    CTX_UPPER = 1 << 11,     /* at EL0 and EL1: EL2 or EL3 may trap system
                                registers and the like; at EL2 and EL3:
                                HCR_EL2.E2H */
    CTX_PAUTH = 1 << 12,     /* some SCTLR.EnI? key is enabled */
    CTX_BIG_ENDIAN = 1 << 13,/* data accesses are big-endian (EE/E0E) */
    CTX_SVE = 1 << 14,       /* SVE instructions do not trap, and writes of
                                vector registers clear the rest of Z */
    CTX_COUNT = 1 << 15,     /* instructions are counted (vcpu.retired) */
    CTX_BITS = 16,
};
_Static_assert(CTX_BITS <= JUMP_CACHE_BITS, "see struct jump_cache_entry");

/* The exception level that FP/SIMD traps to, 0: none. */
static inline unsigned arm_ctx_fp_trap(uint32_t context)
{
    return context & CTX_FP_TRAP ? context >> CTX_FP_TRAP_SHIFT & 3 : 0;
}


/* Exception classes, ESR_ELx.EC (D17.2.37). */
enum arm_ec {
    EC_UNKNOWN = 0x00, EC_WFX = 0x01, EC_FP_TRAP = 0x07, EC_PAUTH = 0x09,
    EC_BTI = 0x0d, EC_ILLEGAL_STATE = 0x0e, EC_SVC = 0x15, EC_HVC = 0x16,
    EC_SMC = 0x17, EC_SYSREG = 0x18, EC_SVE_TRAP = 0x19, EC_ERET = 0x1a,
    EC_PAC_FAIL = 0x1c,
    EC_IABORT_LOWER = 0x20, EC_IABORT_SAME = 0x21, EC_PC_ALIGN = 0x22,
    EC_DABORT_LOWER = 0x24, EC_DABORT_SAME = 0x25, EC_SP_ALIGN = 0x26,
    EC_MOPS = 0x27,
    EC_FP_EXCEPTION = 0x2c, EC_SERROR = 0x2f,
    EC_BREAKPOINT_LOWER = 0x30, EC_STEP_LOWER = 0x32,
    EC_WATCHPOINT_LOWER = 0x34, EC_BRK = 0x3c,
};

/* A syndrome: EC:IL:ISS as in ESR_ELx[31:0].  IL is 1 for A64. */
#define ARM_SYNDROME(ec, iss) \
    ((uint32_t)(ec) << 26 | UINT32_C(1) << 25 | ((iss) & 0x1ffffff))

enum { PSTATE_F = 1 << 6, PSTATE_I = 1 << 7, PSTATE_A = 1 << 8,
       PSTATE_D = 1 << 9, PSTATE_IL = 1 << 20, PSTATE_SS = 1 << 21,
       PSTATE_PAN = 1 << 22, PSTATE_UAO = 1 << 23, PSTATE_DIT = 1 << 24,
       PSTATE_TCO = 1 << 25, PSTATE_SSBS = 1 << 12 };

struct arm_model;
struct qarma;
struct arm_timer { uint64_t cval; uint32_t ctl; };
/* ORDER cpu_timer (cpu/cpu.h) */
enum { ARM_TIMER_PHYS, ARM_TIMER_VIRT, ARM_TIMER_HYP, ARM_TIMER_SEC,
       ARM_TIMER_HYP_VIRT, ARM_TIMERS };

/* Self-hosted debug (self_debug.c). */
struct arm_debug {
    uint64_t bvr[6], bcr[6]; /* ORDER ID_AA64DFR0_EL1.BRPs, WRPs */
    uint64_t wvr[4], wcr[4];
    uint64_t claim, mdccint;
    bool breakpoints;        /* some are enabled */
    uint8_t exclusive;       /* the instruction under software step is a
                                load-exclusive */
    bool step_begins;        /* it has not begun */
    uint64_t step_pc;        /* its address */
};

/* Performance monitors (pmu.h). */
#define ARM_PMU_COUNTERS 6 /* PMCR_EL0.N */
#define ARM_PMU_CYCLES ARM_PMU_COUNTERS /* index of the cycle counter */
struct arm_pmu {
    uint64_t control;    /* PMCR_EL0: the writable bits */
    /* A bit for each event counter, bit 31 for the cycle counter. */
    uint64_t enabled, overflowed, interrupts;
    uint64_t userenr, selr;
    uint64_t counter[ARM_PMU_COUNTERS + 1]; /* as of `since` */
    uint32_t type[ARM_PMU_COUNTERS + 1]; /* PMEVTYPER<n>_EL0, PMCCFILTR_EL0 */
    uint64_t part;       /* of 64 cycles, with PMCR_EL0.D */
    uint64_t since_ns;   /* of the machine's time */
    uint64_t since_insns; /* vcpu.retired */
    uint32_t running;    /* set of indices: count at this exception level */
    bool by_level;       /* others count at EL0 than at the level above */
    bool insns;          /* some count instructions, at whatever level */
    bool level;          /* of pmu_irq */
};

#define ARM_SAMPLES 8

/* For explanations (explain.c): where it was, and the last synchronous
 * exceptions, but for SVC, with how often each came in a row. */
struct arm_trace {
    uint64_t pc[ARM_SAMPLES];
    unsigned samples;
    struct arm_traced {
        uint64_t elr, far, count;
        uint32_t esr;
        uint8_t from; /* exception level */
    } last, before;
};

/*
 * What guest.c context() found, kept for changes between EL0 and the level
 * above it that generated code makes without it (exception.c): EL1, or EL2
 * when EL0 is its.
 */
struct arm_switch {
    uint64_t key[3];     /* packed: EL0, upper, upper with PAN */
    struct tlb_context *tlb[3]; /* of these, if they still are */
    uint32_t flags[2];   /* context flags of EL0 and upper, but for those
                            that come from SPSel, UAO and SP */
    uint8_t sp_mask[2];  /* bits of SP that must be clear (SCTLR.SA, SA0) */
    uint8_t upper;       /* the level */
    bool direct;         /* it takes EL0's and its own exceptions, and they
                            return from it; else all this is of one level */
};

/* Where the code of a pointer goes (pauth.c). */
struct pauth_place {
    uint64_t all;    /* all bits that are no address: code and bit 55 */
    uint64_t code;   /* 0 when the key is disabled, as is `all` */
};

struct arm_cpu {
    struct vcpu vcpu; /* first */
    struct arm_switch fast;

    const struct arm_model *model;
    bool feature[A64_FEAT_COUNT];
    bool has_el2, has_el3;
    bool has_vhe;          /* HCR_EL2.E2H */

    /* PSTATE besides NZCV. */
    uint32_t daif;         /* PSTATE_D | A | I | F bits */
    uint8_t el, spsel;
    uint32_t pstate_misc;  /* PAN, UAO, DIT, TCO, SSBS, IL, SS bits */
    uint32_t btype;        /* PSTATE.BTYPE */

    /* Banked by exception level; the current SP is vcpu.r[31] and its
     * home here is stale. */
    uint64_t sp_el[4], elr_el[4];
    uint64_t spsr_el[4], esr_el[4], far_el[4], vbar_el[4];
    uint64_t afsr0_el[4], afsr1_el[4], contextidr_el[4], tpidr_el[4];
    uint64_t tpidrro_el0, par_el1, csselr_el1, mdscr_el1, cntkctl_el1;
    uint64_t actlr_el[4], amair_el[4], cpacr_el1, oslsr, osdlr;
    /* EL2, as written: what takes effect of HCR_EL2 is arm_hcr(). */
    uint64_t hcr_el2, cptr_el2, mdcr_el2, cnthctl_el2, hpfar_el2;
    uint64_t vsesr_el2, vdisr_el2, disr_el1; /* FEAT_RAS */
    uint64_t scxtnum_el[4];
    uint64_t hcr_stage2;   /* of HCR_EL2 what stage 2 was last used with */
    uint64_t vttbr_el2, vtcr_el2, vpidr_el2, vmpidr_el2;
    /* EL3. */
    uint64_t scr_el3, cptr_el3, mdcr_el3;
    /* SCTLR, TCR, TTBR0/1, MAIR; none of EL0 (levels.h has whose counts). */
    struct mmu_regs mmu_el[4];
    uint64_t apkey[5][2];  /* IA IB DA DB GA: lo, hi */
    uint32_t fpcr;         /* FPSR is vcpu.fp.flags and vcpu.saturated */

    struct arm_timer timer[ARM_TIMERS];
    uint64_t cntfrq, cntvoff;
    struct irq timer_irq[ARM_TIMERS], pmu_irq;
    uint64_t timer_next_ns; /* next deadline told to the timer thread, which
                               may have passed */
    uint8_t timer_levels;   /* of timer_irq, a bit each */

    uint32_t irq_lines;     /* atomic: ARM_LINE_* (levels.h) */
    bool remapped;          /* atomic: the bus has changed, drop the TLB */
    bool event;             /* event register of WFE */

    uint64_t mpidr, rvbar;
    uint64_t dczid, ctr;
    struct arm_debug debug;
    struct arm_pmu pmu;

    struct mmu_tables tables, stage2_tables;

    bool step_active;       /* software step applies (context()) */
    bool stepping;          /* its one instruction has been started */
    bool waiting;           /* went to sleep in WFI or WFE */
    bool wait_is_event;     /* ... in WFE */
    bool wait_is_timed;     /* ... in WFET or WFIT, until: */
    uint64_t wait_until_ns;
    unsigned wfe_streak;    /* WFEs with nothing in between */
    uint64_t wfe_last_ns;
    bool guarded_seen;      /* a guarded page (BTI) has been mapped */
    struct arm_trace trace;
    struct cpu_system *system;

    const struct qarma *qarma; /* or NULL: pauth.c's own algorithm */
    unsigned pauth_level;      /* enum pauth_level */
    struct arm_sve sve;

    struct pauth_place pauth_place[4][2]; /* IA IB DA DB: lower, upper half
                                             of addresses; pauth_follow() */
    uint64_t pauth_tcr, pauth_sctlr;      /* what they were made of */
    enum mmu_regime pauth_regime;
};

static inline struct arm_cpu *arm_cpu(struct vcpu *vcpu)
{
    return (struct arm_cpu *)vcpu;
}

/* Offset for IR_GET/IR_SET. */
#define ARM_OFF(field) offsetof(struct arm_cpu, field)

/* vcpu.syndrome: ESR_ELx, and above it the exception level that takes it,
 * or 0 when the class says it all (route.h). */
#define ARM_SYNDROME_EL_SHIFT 32

/*
 * Raise a synchronous exception from a helper: it is taken by the run loop
 * with vcpu.pc at this instruction; at exception level `el` if not 0.
 */
static inline void arm_raise_to(struct arm_cpu *cpu, unsigned el,
                                uint32_t syndrome)
{
    cpu->vcpu.syndrome = syndrome | (uint64_t)el << ARM_SYNDROME_EL_SHIFT;
    cpu->vcpu.exit = VCPU_EXIT_EXCEPTION;
}

static inline void arm_raise(struct arm_cpu *cpu, uint32_t syndrome)
{
    arm_raise_to(cpu, 0, syndrome);
}

#endif
