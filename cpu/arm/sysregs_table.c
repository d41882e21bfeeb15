/*
 * The system registers that an Armv8.0 processor (and `max`) has, by
 * encoding (Arm ARM D17.1): rows in rising order, which sysreg_find() and a
 * unit test rely on.
 */
#include "cpu/arm/sysregs.h"

#include "util/bits.h"

#define FIELD(field) .offset = ARM_OFF(field)

/* DBGBVR<n>_EL1, DBGBCR<n>_EL1; DBGWVR<n>_EL1, DBGWCR<n>_EL1. */
#define PAIR(n, op2, kind, value, control)                                \
    {SYSREG(2, 0, 0, n, op2), EL1_RW, .name = "DBG" kind "VR" #n "_EL1",  \
     .flags = SYSREG_END, FIELD(debug.value[n]),                          \
     .write = sysreg_dbg##value##_write},                                 \
    {SYSREG(2, 0, 0, n, (op2) + 1), EL1_RW,                               \
     .name = "DBG" kind "CR" #n "_EL1", .flags = SYSREG_END,              \
     FIELD(debug.control[n]), .write = sysreg_dbg##control##_write}
#define BREAKPOINT(n) PAIR(n, 4, "B", bvr, bcr)
#define WATCHPOINT(n) PAIR(n, 6, "W", wvr, wcr)

/* What is not allocated of the ID space reads as zero. */
#define ID(crm, op2, text)                                                \
    {SYSREG(3, 0, 0, crm, op2), EL1_R, .name = text,                      \
     .flags = SYSREG_CONST, .read = sysreg_id_read}
#define ID_ROW(crm, n0, n1, n2, n3, n4, n5, n6, n7)                       \
    ID(crm, 0, n0), ID(crm, 1, n1), ID(crm, 2, n2), ID(crm, 3, n3),       \
    ID(crm, 4, n4), ID(crm, 5, n5), ID(crm, 6, n6), ID(crm, 7, n7)

/* Those of the levels above, by what must exist besides a GICv3. */
#define GIC_UPPER(op1, crm, op2, text, who, what)                         \
    {SYSREG(3, op1, 12, crm, op2), who, .name = text, .needs = what,      \
     .read = sysreg_icc_read, .write = sysreg_icc_write}
#define ICH_R(crm, op2, text)                                             \
    GIC_UPPER(4, crm, op2, text, EL2_R, NEEDS_GICV3_EL2)
#define ICH_RW(crm, op2, text)                                            \
    GIC_UPPER(4, crm, op2, text, EL2_RW, NEEDS_GICV3_EL2)

/* TVAL, CTL and CVAL of a timer of the levels above. */
#define TIMER(op1, crm, name3, who, what)                                 \
    {SYSREG(3, op1, 14, crm, 0), who, .name = name3(TVAL), .needs = what, \
     .read = sysreg_cnt_tval_read, .write = sysreg_cnt_tval_write},       \
    {SYSREG(3, op1, 14, crm, 1), who, .name = name3(CTL), .needs = what,  \
     .read = sysreg_cnt_ctl_read, .write = sysreg_cnt_ctl_write},         \
    {SYSREG(3, op1, 14, crm, 2), who, .name = name3(CVAL), .needs = what, \
     .read = sysreg_cnt_cval_read, .write = sysreg_cnt_cval_write}
#define CNTHP_NAME(part) "CNTHP_" #part "_EL2"
#define CNTHV_NAME(part) "CNTHV_" #part "_EL2"
#define CNTPS_NAME(part) "CNTPS_" #part "_EL1"

#define LOR(op2, text, who)                                               \
    {SYSREG(3, 0, 10, 4, op2), who, .name = text, .needs = NEEDS_FEAT(LOR)}

#define ICC(crn, crm, op2, text, who)                                     \
    {SYSREG(3, 0, crn, crm, op2), who, .name = text,                      \
     .needs = NEEDS_GICV3, .read = sysreg_icc_read,                       \
     .write = sysreg_icc_write}
/* PMEVCNTR<n>_EL0, PMEVTYPER<n>_EL0. */
#define EVENT_COUNTER(n)                                                  \
    {SYSREG(3, 3, 14, 8, n), EL0_RW, .name = "PMEVCNTR" #n "_EL0",        \
     .needs = NEEDS_PMU, .trap = TRAP_PMU_EVENTS,                         \
     .read = sysreg_pmevcntr_read, .write = sysreg_pmevcntr_write}
#define EVENT_TYPE(n)                                                     \
    {SYSREG(3, 3, 14, 12, n), EL0_RW, .name = "PMEVTYPER" #n "_EL0",      \
     .needs = NEEDS_PMU, .trap = TRAP_PMU, .flags = SYSREG_END,           \
     .read = sysreg_pmevtyper_read, .write = sysreg_pmevtyper_write}

#define ICC_R(crn, crm, op2, text) ICC(crn, crm, op2, text, EL1_R)
#define ICC_W(crn, crm, op2, text) ICC(crn, crm, op2, text, EL1_W)
#define ICC_RW(crn, crm, op2, text) ICC(crn, crm, op2, text, EL1_RW)

const struct sysreg sysregs[] = {
    {SYSREG(2, 0, 0, 0, 2), EL1_RW, .name = "OSDTRRX_EL1"},
    BREAKPOINT(0), WATCHPOINT(0),
    BREAKPOINT(1), WATCHPOINT(1),
    {SYSREG(2, 0, 0, 2, 0), EL1_RW, .name = "MDCCINT_EL1",
     FIELD(debug.mdccint)},
    {SYSREG(2, 0, 0, 2, 2), EL1_RW, .name = "MDSCR_EL1", .flags = SYSREG_END,
     FIELD(mdscr_el1), .write = sysreg_mdscr_write},
    BREAKPOINT(2), WATCHPOINT(2),
    {SYSREG(2, 0, 0, 3, 2), EL1_RW, .name = "OSDTRTX_EL1"},
    BREAKPOINT(3), WATCHPOINT(3),
    BREAKPOINT(4),
    BREAKPOINT(5),
    {SYSREG(2, 0, 0, 6, 2), EL1_RW, .name = "OSECCR_EL1"},
    {SYSREG(2, 0, 1, 0, 0), EL1_R, .name = "MDRAR_EL1"},
    {SYSREG(2, 0, 1, 0, 4), EL1_W, .name = "OSLAR_EL1", .flags = SYSREG_END,
     .write = sysreg_oslar_write},
    {SYSREG(2, 0, 1, 1, 4), EL1_R, .name = "OSLSR_EL1",
     .read = sysreg_oslsr_read},
    {SYSREG(2, 0, 1, 3, 4), EL1_RW, .name = "OSDLR_EL1", .flags = SYSREG_END,
     FIELD(osdlr), .write = sysreg_osdlr_write},
    {SYSREG(2, 0, 1, 4, 4), EL1_RW, .name = "DBGPRCR_EL1"},
    {SYSREG(2, 0, 7, 8, 6), EL1_RW, .name = "DBGCLAIMSET_EL1",
     .read = sysreg_claimset_read, .write = sysreg_claimset_write},
    {SYSREG(2, 0, 7, 9, 6), EL1_RW, .name = "DBGCLAIMCLR_EL1",
     FIELD(debug.claim), .write = sysreg_claimclr_write},
    {SYSREG(2, 0, 7, 14, 6), EL1_R, .name = "DBGAUTHSTATUS_EL1"},
    {SYSREG(2, 3, 0, 1, 0), EL0_R, .name = "MDCCSR_EL0", .trap = TRAP_DEBUG},
    {SYSREG(2, 3, 0, 4, 0), EL0_RW, .name = "DBGDTR_EL0", .trap = TRAP_DEBUG},
    {SYSREG(2, 3, 0, 5, 0), EL0_RW, .name = "DBGDTRRX_EL0",
     .trap = TRAP_DEBUG},
    {SYSREG(3, 0, 0, 0, 0), EL1_R, .name = "MIDR_EL1", .flags = SYSREG_CONST,
     .read = sysreg_midr_read},
    {SYSREG(3, 0, 0, 0, 5), EL1_R, .name = "MPIDR_EL1",
     .read = sysreg_mpidr_read},
    {SYSREG(3, 0, 0, 0, 6), EL1_R, .name = "REVIDR_EL1", .flags = SYSREG_CONST,
     .read = sysreg_revidr_read},
    ID_ROW(1, "ID_PFR0_EL1", "ID_PFR1_EL1", "ID_DFR0_EL1", "ID_AFR0_EL1",
           "ID_MMFR0_EL1", "ID_MMFR1_EL1", "ID_MMFR2_EL1", "ID_MMFR3_EL1"),
    ID_ROW(2, "ID_ISAR0_EL1", "ID_ISAR1_EL1", "ID_ISAR2_EL1", "ID_ISAR3_EL1",
           "ID_ISAR4_EL1", "ID_ISAR5_EL1", "ID_MMFR4_EL1", "ID_ISAR6_EL1"),
    ID_ROW(3, "MVFR0_EL1", "MVFR1_EL1", "MVFR2_EL1", "reserved", "ID_PFR2_EL1",
           "ID_DFR1_EL1", "ID_MMFR5_EL1", "reserved"),
    ID_ROW(4, "ID_AA64PFR0_EL1", "ID_AA64PFR1_EL1", "reserved", "reserved",
           "ID_AA64ZFR0_EL1", "ID_AA64SMFR0_EL1", "reserved", "reserved"),
    ID_ROW(5, "ID_AA64DFR0_EL1", "ID_AA64DFR1_EL1", "reserved", "reserved",
           "ID_AA64AFR0_EL1", "ID_AA64AFR1_EL1", "reserved", "reserved"),
    ID_ROW(6, "ID_AA64ISAR0_EL1", "ID_AA64ISAR1_EL1", "ID_AA64ISAR2_EL1",
           "reserved", "reserved", "reserved", "reserved", "reserved"),
    ID_ROW(7, "ID_AA64MMFR0_EL1", "ID_AA64MMFR1_EL1", "ID_AA64MMFR2_EL1",
           "ID_AA64MMFR3_EL1", "reserved", "reserved", "reserved", "reserved"),
    {SYSREG(3, 0, 1, 0, 0), EL1_RW, .name = "SCTLR_EL1",
     .flags = SYSREG_E2H | SYSREG_END,
     FIELD(mmu_el[1].sctlr), .write = sysreg_sctlr_write},
    {SYSREG(3, 0, 1, 0, 1), EL1_RW, .name = "ACTLR_EL1"},
    {SYSREG(3, 0, 1, 0, 2), EL1_RW, .name = "CPACR_EL1",
     .flags = SYSREG_E2H | SYSREG_END,
     FIELD(cpacr_el1), .write = sysreg_cpacr_write},
    {SYSREG(3, 0, 1, 2, 0), EL1_RW, .name = "ZCR_EL1",
     .needs = NEEDS_FEAT(SVE), .flags = SYSREG_E2H | SYSREG_END | SYSREG_SVE,
     FIELD(sve.zcr[1]), .mask = 15},
    {SYSREG(3, 0, 2, 0, 0), EL1_RW, .name = "TTBR0_EL1",
     .flags = SYSREG_E2H | SYSREG_TLB,
     FIELD(mmu_el[1].ttbr0), .write = sysreg_ttbr0_write},
    {SYSREG(3, 0, 2, 0, 1), EL1_RW, .name = "TTBR1_EL1",
     .flags = SYSREG_E2H | SYSREG_TLB,
     FIELD(mmu_el[1].ttbr1), .write = sysreg_ttbr1_write},
    {SYSREG(3, 0, 2, 0, 2), EL1_RW, .name = "TCR_EL1",
     .flags = SYSREG_E2H | SYSREG_END,
     FIELD(mmu_el[1].tcr), .write = sysreg_tcr_write},
    {SYSREG(3, 0, 2, 1, 0), EL1_RW, .name = "APIAKeyLo_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[0][0])},
    {SYSREG(3, 0, 2, 1, 1), EL1_RW, .name = "APIAKeyHi_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[0][1])},
    {SYSREG(3, 0, 2, 1, 2), EL1_RW, .name = "APIBKeyLo_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[1][0])},
    {SYSREG(3, 0, 2, 1, 3), EL1_RW, .name = "APIBKeyHi_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[1][1])},
    {SYSREG(3, 0, 2, 2, 0), EL1_RW, .name = "APDAKeyLo_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[2][0])},
    {SYSREG(3, 0, 2, 2, 1), EL1_RW, .name = "APDAKeyHi_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[2][1])},
    {SYSREG(3, 0, 2, 2, 2), EL1_RW, .name = "APDBKeyLo_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[3][0])},
    {SYSREG(3, 0, 2, 2, 3), EL1_RW, .name = "APDBKeyHi_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[3][1])},
    {SYSREG(3, 0, 2, 3, 0), EL1_RW, .name = "APGAKeyLo_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[4][0])},
    {SYSREG(3, 0, 2, 3, 1), EL1_RW, .name = "APGAKeyHi_EL1",
     .needs = NEEDS_FEAT(PAUTH), FIELD(apkey[4][1])},
    {SYSREG(3, 0, 4, 0, 0), EL1_RW, .name = "SPSR_EL1",
     .flags = SYSREG_E2H, FIELD(spsr_el[1]),
     .mask = UINT32_MAX},
    {SYSREG(3, 0, 4, 0, 1), EL1_RW, .name = "ELR_EL1",
     .flags = SYSREG_E2H, FIELD(elr_el[1])},
    {SYSREG(3, 0, 4, 1, 0), EL1_RW, .name = "SP_EL0", .view = VIEW_SP_EL0},
    {SYSREG(3, 0, 4, 2, 0), EL1_RW, .name = "SPSel", .view = VIEW_SPSEL},
    {SYSREG(3, 0, 4, 2, 2), EL1_R, .name = "CurrentEL",
     .view = VIEW_CURRENT_EL},
    {SYSREG(3, 0, 4, 2, 3), EL1_RW, .name = "PAN", .needs = NEEDS_FEAT(PAN),
     .view = VIEW_PAN},
    {SYSREG(3, 0, 4, 2, 4), EL1_RW, .name = "UAO", .needs = NEEDS_FEAT(UAO),
     .view = VIEW_UAO},
    ICC_RW(4, 6, 0, "ICC_PMR_EL1"),
    {SYSREG(3, 0, 5, 1, 0), EL1_RW, .name = "AFSR0_EL1",
     .flags = SYSREG_E2H, FIELD(afsr0_el[1])},
    {SYSREG(3, 0, 5, 1, 1), EL1_RW, .name = "AFSR1_EL1",
     .flags = SYSREG_E2H, FIELD(afsr1_el[1])},
    {SYSREG(3, 0, 5, 2, 0), EL1_RW, .name = "ESR_EL1",
     .flags = SYSREG_E2H, FIELD(esr_el[1]),
     .mask = UINT32_MAX},
    {SYSREG(3, 0, 5, 3, 0), EL1_R, .name = "ERRIDR_EL1",
     .needs = NEEDS_FEAT(RAS)},
    {SYSREG(3, 0, 6, 0, 0), EL1_RW, .name = "FAR_EL1",
     .flags = SYSREG_E2H, FIELD(far_el[1])},
    {SYSREG(3, 0, 7, 4, 0), EL1_RW, .name = "PAR_EL1", FIELD(par_el1)},
    {SYSREG(3, 0, 9, 14, 1), EL1_RW, .name = "PMINTENSET_EL1",
     .needs = NEEDS_PMU, .read = sysreg_pm_bits_read,
     .write = sysreg_pm_set_write},
    {SYSREG(3, 0, 9, 14, 2), EL1_RW, .name = "PMINTENCLR_EL1",
     .needs = NEEDS_PMU, .read = sysreg_pm_bits_read,
     .write = sysreg_pm_clear_write},
    {SYSREG(3, 0, 9, 14, 6), EL1_R, .name = "PMMIR_EL1",
     .needs = NEEDS_PMU_V3P4},
    {SYSREG(3, 0, 10, 2, 0), EL1_RW, .name = "MAIR_EL1",
     .flags = SYSREG_E2H | SYSREG_TLB,
     FIELD(mmu_el[1].mair), .write = sysreg_mair_write},
    {SYSREG(3, 0, 10, 3, 0), EL1_RW, .name = "AMAIR_EL1",
     .flags = SYSREG_E2H, FIELD(amair_el[1])},
    /* LORID_EL1 says that there are no regions. */
    LOR(0, "LORSA_EL1", EL1_RW), LOR(1, "LOREA_EL1", EL1_RW),
    LOR(2, "LORN_EL1", EL1_RW), LOR(3, "LORC_EL1", EL1_RW),
    LOR(7, "LORID_EL1", EL1_R),
    {SYSREG(3, 0, 12, 0, 0), EL1_RW, .name = "VBAR_EL1",
     .flags = SYSREG_E2H, FIELD(vbar_el[1]),
     .mask = ~UINT64_C(0x7ff)},
    {SYSREG(3, 0, 12, 0, 1), EL1_R, .name = "RVBAR_EL1", FIELD(rvbar),
     .needs = NEEDS_NO_EL2},
    {SYSREG(3, 0, 12, 0, 2), EL1_RW, .name = "RMR_EL1",
     .needs = NEEDS_NO_EL2, .read = sysreg_one_read},
    {SYSREG(3, 0, 12, 1, 0), EL1_R, .name = "ISR_EL1",
     .read = sysreg_isr_read},
    {SYSREG(3, 0, 12, 1, 1), EL1_RW, .name = "DISR_EL1",
     .needs = NEEDS_FEAT(RAS), .read = sysreg_disr_read,
     .write = sysreg_disr_write},
    ICC_R(12, 8, 0, "ICC_IAR0_EL1"),
    ICC_W(12, 8, 1, "ICC_EOIR0_EL1"),
    ICC_R(12, 8, 2, "ICC_HPPIR0_EL1"),
    ICC_RW(12, 8, 3, "ICC_BPR0_EL1"),
    ICC_RW(12, 8, 4, "ICC_AP0R0_EL1"),
    ICC_RW(12, 9, 0, "ICC_AP1R0_EL1"),
    ICC_W(12, 11, 1, "ICC_DIR_EL1"),
    ICC_R(12, 11, 3, "ICC_RPR_EL1"),
    ICC_W(12, 11, 5, "ICC_SGI1R_EL1"),
    ICC_W(12, 11, 6, "ICC_ASGI1R_EL1"),
    ICC_W(12, 11, 7, "ICC_SGI0R_EL1"),
    ICC_R(12, 12, 0, "ICC_IAR1_EL1"),
    ICC_W(12, 12, 1, "ICC_EOIR1_EL1"),
    ICC_R(12, 12, 2, "ICC_HPPIR1_EL1"),
    ICC_RW(12, 12, 3, "ICC_BPR1_EL1"),
    ICC_RW(12, 12, 4, "ICC_CTLR_EL1"),
    ICC_RW(12, 12, 5, "ICC_SRE_EL1"),
    ICC_RW(12, 12, 6, "ICC_IGRPEN0_EL1"),
    ICC_RW(12, 12, 7, "ICC_IGRPEN1_EL1"),
    {SYSREG(3, 0, 13, 0, 1), EL1_RW, .name = "CONTEXTIDR_EL1",
     .flags = SYSREG_E2H,
     FIELD(contextidr_el[1]), .mask = UINT32_MAX},
    {SYSREG(3, 0, 13, 0, 4), EL1_RW, .name = "TPIDR_EL1", FIELD(tpidr_el[1])},
    {SYSREG(3, 0, 13, 0, 7), EL1_RW, .name = "SCXTNUM_EL1",
     .needs = NEEDS_FEAT(SCXTNUM), .flags = SYSREG_E2H, FIELD(scxtnum_el[1])},
    {SYSREG(3, 0, 14, 1, 0), EL1_RW, .name = "CNTKCTL_EL1",
     .flags = SYSREG_E2H,
     FIELD(cntkctl_el1)},
    {SYSREG(3, 1, 0, 0, 0), EL1_R, .name = "CCSIDR_EL1",
     .read = sysreg_ccsidr_read},
    {SYSREG(3, 1, 0, 0, 1), EL1_R, .name = "CLIDR_EL1", .flags = SYSREG_CONST,
     .read = sysreg_clidr_read},
    {SYSREG(3, 1, 0, 0, 7), EL1_R, .name = "AIDR_EL1"},
    {SYSREG(3, 1, 11, 0, 2), EL1_RW, .name = "L2CTLR_EL1",
     .needs = NEEDS_CORTEX, .read = sysreg_l2ctlr_read},
    {SYSREG(3, 1, 11, 0, 3), EL1_RW, .name = "L2ECTLR_EL1",
     .needs = NEEDS_CORTEX},
    {SYSREG(3, 1, 15, 0, 0), EL1_RW, .name = "L2ACTLR_EL1",
     .needs = NEEDS_CORTEX},
    {SYSREG(3, 1, 15, 2, 0), EL1_RW, .name = "CPUACTLR_EL1",
     .needs = NEEDS_CORTEX},
    {SYSREG(3, 1, 15, 2, 1), EL1_RW, .name = "CPUECTLR_EL1",
     .needs = NEEDS_CORTEX},
    {SYSREG(3, 1, 15, 2, 2), EL1_RW, .name = "CPUMERRSR_EL1",
     .needs = NEEDS_CORTEX},
    {SYSREG(3, 1, 15, 2, 3), EL1_RW, .name = "L2MERRSR_EL1",
     .needs = NEEDS_CORTEX},
    {SYSREG(3, 1, 15, 3, 0), EL1_R, .name = "CBAR_EL1", .needs = NEEDS_CORTEX},
    {SYSREG(3, 2, 0, 0, 0), EL1_RW, .name = "CSSELR_EL1", FIELD(csselr_el1),
     .write = sysreg_csselr_write},
    {SYSREG(3, 3, 0, 0, 1), EL0_R, .name = "CTR_EL0", .trap = TRAP_CTR,
     .flags = SYSREG_CONST, .read = sysreg_ctr_read},
    {SYSREG(3, 3, 0, 0, 7), EL0_R, .name = "DCZID_EL0",
     .read = sysreg_dczid_read},
    {SYSREG(3, 3, 2, 4, 0), EL0_R, .name = "RNDR", .needs = NEEDS_FEAT(RNG),
     .flags = SYSREG_NZCV, .read = sysreg_random_read},
    {SYSREG(3, 3, 2, 4, 1), EL0_R, .name = "RNDRRS", .needs = NEEDS_FEAT(RNG),
     .flags = SYSREG_NZCV, .read = sysreg_random_read},
    {SYSREG(3, 3, 4, 2, 0), EL0_RW, .name = "NZCV", .view = VIEW_NZCV},
    {SYSREG(3, 3, 4, 2, 1), EL0_RW, .name = "DAIF", .view = VIEW_DAIF},
    {SYSREG(3, 3, 4, 2, 5), EL0_RW, .name = "DIT", .needs = NEEDS_FEAT(DIT),
     .view = VIEW_DIT},
    {SYSREG(3, 3, 4, 2, 6), EL0_RW, .name = "SSBS", .needs = NEEDS_FEAT(SSBS2),
     .view = VIEW_SSBS},
    {SYSREG(3, 3, 4, 4, 0), EL0_RW, .name = "FPCR",
     .flags = SYSREG_FP | SYSREG_END, .read = sysreg_fpcr_read,
     .write = sysreg_fpcr_write},
    {SYSREG(3, 3, 4, 4, 1), EL0_RW, .name = "FPSR", .flags = SYSREG_FP,
     .read = sysreg_fpsr_read, .write = sysreg_fpsr_write},
    {SYSREG(3, 3, 9, 12, 0), EL0_RW, .name = "PMCR_EL0", .needs = NEEDS_PMU,
     .trap = TRAP_PMU, .flags = SYSREG_END, .read = sysreg_pmcr_read,
     .write = sysreg_pmcr_write},
    {SYSREG(3, 3, 9, 12, 1), EL0_RW, .name = "PMCNTENSET_EL0",
     .needs = NEEDS_PMU, .trap = TRAP_PMU, .flags = SYSREG_END,
     .read = sysreg_pm_bits_read, .write = sysreg_pm_set_write},
    {SYSREG(3, 3, 9, 12, 2), EL0_RW, .name = "PMCNTENCLR_EL0",
     .needs = NEEDS_PMU, .trap = TRAP_PMU, .flags = SYSREG_END,
     .read = sysreg_pm_bits_read, .write = sysreg_pm_clear_write},
    {SYSREG(3, 3, 9, 12, 3), EL0_RW, .name = "PMOVSCLR_EL0",
     .needs = NEEDS_PMU, .trap = TRAP_PMU, .read = sysreg_pm_bits_read,
     .write = sysreg_pm_clear_write},
    {SYSREG(3, 3, 9, 12, 4), EL0_W, .name = "PMSWINC_EL0", .needs = NEEDS_PMU,
     .trap = TRAP_PMU_SWINC, .write = sysreg_pmswinc_write},
    {SYSREG(3, 3, 9, 12, 5), EL0_RW, .name = "PMSELR_EL0", .needs = NEEDS_PMU,
     .trap = TRAP_PMU_SELECT, FIELD(pmu.selr), .mask = 31},
    {SYSREG(3, 3, 9, 12, 6), EL0_R, .name = "PMCEID0_EL0", .needs = NEEDS_PMU,
     .trap = TRAP_PMU, .read = sysreg_pmceid_read},
    {SYSREG(3, 3, 9, 12, 7), EL0_R, .name = "PMCEID1_EL0", .needs = NEEDS_PMU,
     .trap = TRAP_PMU, .read = sysreg_pmceid_read},
    {SYSREG(3, 3, 9, 13, 0), EL0_RW, .name = "PMCCNTR_EL0", .needs = NEEDS_PMU,
     .trap = TRAP_PMU_CYCLES, .read = sysreg_pmccntr_read,
     .write = sysreg_pmccntr_write},
    {SYSREG(3, 3, 9, 13, 1), EL0_RW, .name = "PMXEVTYPER_EL0",
     .needs = NEEDS_PMU, .trap = TRAP_PMU, .flags = SYSREG_END,
     .read = sysreg_pmxevtyper_read, .write = sysreg_pmxevtyper_write},
    {SYSREG(3, 3, 9, 13, 2), EL0_RW, .name = "PMXEVCNTR_EL0",
     .needs = NEEDS_PMU, .trap = TRAP_PMU_EVENTS,
     .read = sysreg_pmxevcntr_read, .write = sysreg_pmxevcntr_write},
    {SYSREG(3, 3, 9, 14, 0), EL0_R_EL1_RW, .name = "PMUSERENR_EL0",
     .needs = NEEDS_PMU, FIELD(pmu.userenr), .mask = 15},
    {SYSREG(3, 3, 9, 14, 3), EL0_RW, .name = "PMOVSSET_EL0",
     .needs = NEEDS_PMU, .trap = TRAP_PMU, .read = sysreg_pm_bits_read,
     .write = sysreg_pm_set_write},
    {SYSREG(3, 3, 13, 0, 2), EL0_RW, .name = "TPIDR_EL0", FIELD(tpidr_el[0])},
    {SYSREG(3, 3, 13, 0, 3), EL0_R_EL1_RW, .name = "TPIDRRO_EL0",
     FIELD(tpidrro_el0)},
    {SYSREG(3, 3, 13, 0, 7), EL0_RW, .name = "SCXTNUM_EL0",
     .needs = NEEDS_FEAT(SCXTNUM), .trap = TRAP_SCXTNUM,
     FIELD(scxtnum_el[0])},
    {SYSREG(3, 3, 14, 0, 0), EL0_R_EL1_RW, .name = "CNTFRQ_EL0",
     .trap = TRAP_CNTFRQ, FIELD(cntfrq), .write = sysreg_cntfrq_write},
    {SYSREG(3, 3, 14, 0, 1), EL0_R, .name = "CNTPCT_EL0", .trap = TRAP_CNTPCT,
     .read = sysreg_cntct_read},
    {SYSREG(3, 3, 14, 0, 2), EL0_R, .name = "CNTVCT_EL0", .trap = TRAP_CNTVCT,
     .read = sysreg_cntct_read},
    {SYSREG(3, 3, 14, 0, 5), EL0_R, .name = "CNTPCTSS_EL0",
     .needs = NEEDS_FEAT(ECV), .trap = TRAP_CNTPCT, .read = sysreg_cntct_read},
    {SYSREG(3, 3, 14, 0, 6), EL0_R, .name = "CNTVCTSS_EL0",
     .needs = NEEDS_FEAT(ECV), .trap = TRAP_CNTVCT, .read = sysreg_cntct_read},
    {SYSREG(3, 3, 14, 2, 0), EL0_RW, .name = "CNTP_TVAL_EL0",
     .flags = SYSREG_E2H,
     .trap = TRAP_CNTP, .read = sysreg_cnt_tval_read,
     .write = sysreg_cnt_tval_write},
    {SYSREG(3, 3, 14, 2, 1), EL0_RW, .name = "CNTP_CTL_EL0",
     .flags = SYSREG_E2H, .trap = TRAP_CNTP,
     .read = sysreg_cnt_ctl_read, .write = sysreg_cnt_ctl_write},
    {SYSREG(3, 3, 14, 2, 2), EL0_RW, .name = "CNTP_CVAL_EL0",
     .flags = SYSREG_E2H,
     .trap = TRAP_CNTP, .read = sysreg_cnt_cval_read,
     .write = sysreg_cnt_cval_write},
    {SYSREG(3, 3, 14, 3, 0), EL0_RW, .name = "CNTV_TVAL_EL0",
     .flags = SYSREG_E2H,
     .trap = TRAP_CNTV, .read = sysreg_cnt_tval_read,
     .write = sysreg_cnt_tval_write},
    {SYSREG(3, 3, 14, 3, 1), EL0_RW, .name = "CNTV_CTL_EL0",
     .flags = SYSREG_E2H, .trap = TRAP_CNTV,
     .read = sysreg_cnt_ctl_read, .write = sysreg_cnt_ctl_write},
    {SYSREG(3, 3, 14, 3, 2), EL0_RW, .name = "CNTV_CVAL_EL0",
     .flags = SYSREG_E2H,
     .trap = TRAP_CNTV, .read = sysreg_cnt_cval_read,
     .write = sysreg_cnt_cval_write},
    EVENT_COUNTER(0), EVENT_COUNTER(1), EVENT_COUNTER(2), EVENT_COUNTER(3),
    EVENT_COUNTER(4), EVENT_COUNTER(5),
    EVENT_TYPE(0), EVENT_TYPE(1), EVENT_TYPE(2), EVENT_TYPE(3), EVENT_TYPE(4),
    EVENT_TYPE(5),
    {SYSREG(3, 3, 14, 15, 7), EL0_RW, .name = "PMCCFILTR_EL0",
     .needs = NEEDS_PMU, .trap = TRAP_PMU, .flags = SYSREG_END,
     .read = sysreg_pmccfiltr_read, .write = sysreg_pmccfiltr_write},
#include "cpu/arm/sysregs_table_upper.inc"
};

const unsigned sysreg_count = ARRAY_SIZE(sysregs);
