/*
 * System registers: one table (sysregs_table.c) says of each register its
 * encoding, its name, who may touch it and what stands behind it; the
 * translator (translate_system.c) turns MRS and MSR into IR by it.
 *
 * The functions run on the vCPU's thread.
 */
#ifndef CPU_ARM_SYSREGS_H
#define CPU_ARM_SYSREGS_H

#include "cpu/arm/arm_cpu.h"

/* As in the instruction from bit 5 up, op0 in full. */
#define SYSREG(op0, op1, crn, crm, op2) \
    ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* Who may: read at EL n is bit 2n, write bit 2n+1.  EL2 and EL3 may what
 * EL1 may. */
enum {
    EL0_R = 0x55, EL0_W = 0xaa, EL0_RW = 0xff,
    EL1_R = 0x54, EL1_W = 0xa8, EL1_RW = 0xfc,
    EL0_R_EL1_RW = EL0_R | EL1_RW,
    EL2_R = 0x50, EL2_W = 0xa0, EL2_RW = 0xf0,
    EL3_R = 0x40, EL3_W = 0x80, EL3_RW = 0xc0,
    EL1_EL3_RW = 0xcc, /* not EL2 */
};

/* What must be implemented for the register to exist: 0, a feature
 * (NEEDS_FEAT) or one of these. */
enum sysreg_needs {
    NEEDS_GICV3 = 128, /* the CPU interface of a GICv3 */
    NEEDS_PMU,
    NEEDS_PMU_V3P4,
    NEEDS_CORTEX,      /* IMPLEMENTATION DEFINED ones of the A53/A57/A72 */
    NEEDS_GICV3_UPPER, /* with EL2 or EL3, with EL2, with EL3 */
    NEEDS_GICV3_EL2,
    NEEDS_GICV3_EL3,
    NEEDS_EL2,         /* or EL3, to which it is RES0 without EL2 */
    NEEDS_EL3,
    NEEDS_VHE,
    NEEDS_NO_EL2,      /* nor EL3 */
    NEEDS_NO_EL3,      /* but EL2 */
};
#define NEEDS_FEAT(name) (A64_FEAT_##name + 1)

/* Controls that trap an access from EL0 to EL1. */
enum sysreg_trap {
    TRAP_NONE,
    TRAP_CTR,          /* SCTLR_EL1.UCT */
    TRAP_CACHE,        /* SCTLR_EL1.UCI */
    TRAP_DCZ,          /* SCTLR_EL1.DZE */
    TRAP_DEBUG,        /* MDSCR_EL1.TDCC */
    TRAP_PMU,          /* PMUSERENR_EL0.EN */
    TRAP_PMU_CYCLES,   /* ... or CR, for reads */
    TRAP_PMU_SWINC,    /* ... or SW, for writes */
    TRAP_PMU_EVENTS,   /* ... or ER, for reads */
    TRAP_PMU_SELECT,   /* ... or ER */
    TRAP_RCTX,         /* SCTLR_EL1.EnRCTX */
    TRAP_SCXTNUM,      /* SCTLR_EL1.TSCXT */
    TRAP_CNTFRQ,       /* CNTKCTL_EL1.EL0PCTEN or EL0VCTEN */
    TRAP_CNTPCT,       /* CNTKCTL_EL1.EL0PCTEN */
    TRAP_CNTVCT,       /* CNTKCTL_EL1.EL0VCTEN */
    TRAP_CNTP,         /* CNTKCTL_EL1.EL0PTEN */
    TRAP_CNTV,         /* CNTKCTL_EL1.EL0VTEN */
};

/* Registers that the translator knows itself (fields of PSTATE and SP). */
enum sysreg_view {
    VIEW_NONE, VIEW_NZCV, VIEW_DAIF, VIEW_CURRENT_EL, VIEW_SPSEL,
    VIEW_SP_EL0, VIEW_PAN, VIEW_UAO, VIEW_DIT, VIEW_SSBS,
};

enum sysreg_flags {
    SYSREG_END = 1 << 0,   /* a write changes the context: ends the unit */
    SYSREG_TLB = 1 << 1,   /* a write may change vcpu.tlb */
    SYSREG_FP = 1 << 2,    /* FPCR, FPSR: vcpu.fp; CPACR_EL1.FPEN traps */
    SYSREG_CONST = 1 << 3, /* read is known when translating */
    SYSREG_NZCV = 1 << 4,  /* a read sets PSTATE.NZCV to zero */
    SYSREG_E2H = 1 << 5,   /* at EL2 with HCR_EL2.E2H its name is that of
                              EL2's, and there is another name for it: see
                              sysreg_redirect() */
    SYSREG_SVE = 1 << 6,   /* trapped as SVE instructions are */
};

struct sysreg {
    uint16_t encoding;
    uint8_t access;        /* EL0_R ... */
    uint8_t needs, trap, view, flags;
    const char *name;
    uint32_t offset;       /* of a uint64_t in struct arm_cpu, 0: none */
    /* A plain register has no function: reads give the field (0 without
     * one), writes change the bits of `mask` (0: all) and are ignored
     * without a field. */
    uint64_t mask;
    uint64_t (*read)(struct arm_cpu *cpu, const struct sysreg *r);
    void (*write)(struct arm_cpu *cpu, const struct sysreg *r,
                  uint64_t value);
};

/* The table, by rising encoding. */
extern const struct sysreg sysregs[];
extern const unsigned sysreg_count;

/* The row, or NULL: not allocated, or `cpu` does not have it. */
const struct sysreg *sysreg_find(const struct arm_cpu *cpu,
                                 uint16_t encoding);

/*
 * What an encoding means at EL2 and above with HCR_EL2.E2H (D8.1.7): EL1's
 * names mean EL2's registers at EL2, while *_EL12 and *_EL02 mean EL1's and
 * EL0's.  0: not allocated.
 */
uint16_t sysreg_redirect(uint16_t encoding, unsigned el);

/* The exception level in the name of a register with op1 0, 4 or 6. */
static inline unsigned sysreg_el(const struct sysreg *r)
{
    unsigned op1 = r->encoding >> 11 & 7;

    return op1 == 6 ? 3 : op1 == 4 ? 2 : 1;
}

uint64_t sysreg_read(struct arm_cpu *cpu, const struct sysreg *r);
void sysreg_write(struct arm_cpu *cpu, const struct sysreg *r,
                  uint64_t value);

/* SCTLR_EL1, 2 or 3, and HCR_EL2, as by MSR. */
void arm_set_sctlr(struct arm_cpu *cpu, unsigned el, uint64_t value);
void arm_set_hcr(struct arm_cpu *cpu, uint64_t value);

/* Whether `trap` keeps EL0 from this access. */
bool sysreg_is_trapped(const struct arm_cpu *cpu, enum sysreg_trap trap,
                       bool is_read);

/* sysregs_traps.c, also for system instructions: which traps of EL2 and EL3
 * are for what has this encoding, as a number below 256, which takes a search:
 * for when code is translated; by that the level that traps this access now,
 * or 0; whether any trap may be on, CTX_UPPER of EL0 and EL1. */
#define SYSREG_NO_TRAP 0
unsigned sysreg_trap_class(uint16_t encoding);
unsigned sysreg_upper_trap(const struct arm_cpu *cpu, unsigned trap_class,
                           uint16_t encoding, bool is_read);
bool sysreg_any_upper_trap(const struct arm_cpu *cpu);

/* Of those, for the timers' registers and for the GIC's. */
unsigned sysreg_timer_trap(const struct arm_cpu *cpu, uint16_t encoding);
unsigned sysreg_gic_trap(const struct arm_cpu *cpu, uint16_t encoding);

/* Security state or EL3 has changed: a GIC with two Security states signals
 * by it. */
void arm_gic_moved(struct arm_cpu *cpu);

/* Syndrome of a trapped MRS, MSR or SYS (EC 0x18). */
static inline uint32_t sysreg_syndrome(uint16_t encoding, unsigned rt,
                                       bool is_read)
{
    unsigned op0 = encoding >> 14, op1 = encoding >> 11 & 7,
             crn = encoding >> 7 & 15, crm = encoding >> 3 & 15,
             op2 = encoding & 7;

    return ARM_SYNDROME(EC_SYSREG, op0 << 20 | op2 << 17 | op1 << 14 |
                                       crn << 10 | rt << 5 | crm << 1 |
                                       is_read);
}

/* Functions of the table, by the file that has them. */
#define READS(name) \
    uint64_t name(struct arm_cpu *cpu, const struct sysreg *r);
#define WRITES(name) \
    void name(struct arm_cpu *cpu, const struct sysreg *r, uint64_t value);

/* sysregs_id.c */
READS(sysreg_id_read)
READS(sysreg_midr_read)
READS(sysreg_revidr_read)
READS(sysreg_mpidr_read)
READS(sysreg_ctr_read)
READS(sysreg_dczid_read)
READS(sysreg_clidr_read)
READS(sysreg_ccsidr_read)
WRITES(sysreg_csselr_write)
READS(sysreg_l2ctlr_read)

/* sysregs_control.c */
WRITES(sysreg_sctlr_write)
WRITES(sysreg_cpacr_write)
WRITES(sysreg_tcr_write)
WRITES(sysreg_ttbr0_write)
WRITES(sysreg_ttbr1_write)
WRITES(sysreg_mair_write)
READS(sysreg_isr_read)
READS(sysreg_disr_read)
WRITES(sysreg_disr_write)
READS(sysreg_one_read)
READS(sysreg_random_read)
READS(sysreg_fpcr_read)
WRITES(sysreg_fpcr_write)
READS(sysreg_fpsr_read)
WRITES(sysreg_fpsr_write)

/* sysregs_levels.c */
WRITES(sysreg_hcr_write)
WRITES(sysreg_cptr_el2_write)
WRITES(sysreg_mdcr_el2_write)
WRITES(sysreg_stage2_write)
WRITES(sysreg_scr_write)
WRITES(sysreg_mdcr_el3_write)
WRITES(sysreg_cptr_el3_write)

/* sysregs_debug.c */
WRITES(sysreg_oslar_write)
READS(sysreg_oslsr_read)
READS(sysreg_claimset_read)
WRITES(sysreg_claimset_write)
WRITES(sysreg_claimclr_write)
WRITES(sysreg_osdlr_write)
WRITES(sysreg_mdscr_write)
WRITES(sysreg_dbgbvr_write)
WRITES(sysreg_dbgbcr_write)
WRITES(sysreg_dbgwvr_write)
WRITES(sysreg_dbgwcr_write)

/* sysregs_pmu.c */
READS(sysreg_pmcr_read)
WRITES(sysreg_pmcr_write)
READS(sysreg_pm_bits_read)
WRITES(sysreg_pm_set_write)
WRITES(sysreg_pm_clear_write)
WRITES(sysreg_pmswinc_write)
READS(sysreg_pmceid_read)
READS(sysreg_pmccntr_read)
WRITES(sysreg_pmccntr_write)
READS(sysreg_pmccfiltr_read)
WRITES(sysreg_pmccfiltr_write)
READS(sysreg_pmxevtyper_read)
WRITES(sysreg_pmxevtyper_write)
READS(sysreg_pmxevcntr_read)
WRITES(sysreg_pmxevcntr_write)
READS(sysreg_pmevtyper_read)
WRITES(sysreg_pmevtyper_write)
READS(sysreg_pmevcntr_read)
WRITES(sysreg_pmevcntr_write)

/* sysregs_gic.c */
READS(sysreg_icc_read)
WRITES(sysreg_icc_write)

/* sysregs_timer.c; the timer is in the encoding */
WRITES(sysreg_cntfrq_write)
WRITES(sysreg_cntvoff_write)
WRITES(sysreg_cnthctl_write)
READS(sysreg_cntct_read)
READS(sysreg_cnt_tval_read)
WRITES(sysreg_cnt_tval_write)
READS(sysreg_cnt_ctl_read)
WRITES(sysreg_cnt_ctl_write)
READS(sysreg_cnt_cval_read)
WRITES(sysreg_cnt_cval_write)

#undef READS
#undef WRITES

#endif
