/*
 * Traps of system registers and instructions to EL2 and EL3 (Arm ARM
 * D17.2.48 and the other controls' pages), as two tables: what belongs
 * together, by encoding, and which bits of which controls trap it.
 */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/levels.h"

enum trap_class {
    CLASS_NONE = SYSREG_NO_TRAP,
    CLASS_VM, CLASS_TID1, CLASS_TID2, CLASS_TID3, CLASS_ACTLR,
    CLASS_IMPDEF, CLASS_KEYS, CLASS_DEBUG, CLASS_OS_LOCK, CLASS_DEBUG_ROM,
    CLASS_PMU, CLASS_PMCR, CLASS_CPACR, CLASS_CPTR, CLASS_SET_WAY,
    CLASS_TO_POC, CLASS_TO_POU, CLASS_TLBI, CLASS_ZVA, CLASS_LOR,
    CLASS_TIMER, CLASS_GIC, CLASS_ERROR, CLASS_SCXTNUM,
};

/* Fields of an encoding that a row compares. */
#define ANY_OP2 0xfff8
#define ANY_CRM 0xff80 /* and any op2 */
#define ALL 0xffff
#define OP0_OP1_CRN(op0, op1, crn) SYSREG(op0, op1, crn, 0, 0)

static const struct pattern {
    uint16_t value, mask;
    uint8_t class; /* enum trap_class */
} patterns[] = {
    {SYSREG(1, 0, 7, 1, 0), ALL, CLASS_TO_POU},     /* IC IALLUIS */
    {SYSREG(1, 0, 7, 5, 0), ALL, CLASS_TO_POU},     /* IC IALLU */
    {SYSREG(1, 0, 7, 6, 1), ALL, CLASS_TO_POC},     /* DC IVAC */
    {SYSREG(1, 0, 7, 6, 2), ALL, CLASS_SET_WAY},    /* DC ISW */
    {SYSREG(1, 0, 7, 10, 2), ALL, CLASS_SET_WAY},   /* DC CSW */
    {SYSREG(1, 0, 7, 14, 2), ALL, CLASS_SET_WAY},   /* DC CISW */
    {OP0_OP1_CRN(1, 0, 8), ANY_CRM, CLASS_TLBI},
    {SYSREG(1, 3, 7, 4, 1), ALL, CLASS_ZVA},
    {SYSREG(1, 3, 7, 5, 1), ALL, CLASS_TO_POU},     /* IC IVAU */
    {SYSREG(1, 3, 7, 11, 1), ALL, CLASS_TO_POU},    /* DC CVAU */
    {SYSREG(1, 3, 7, 10, 1), ALL, CLASS_TO_POC},    /* DC CVAC */
    {SYSREG(1, 3, 7, 12, 1), ALL, CLASS_TO_POC},    /* DC CVAP */
    {SYSREG(1, 3, 7, 13, 1), ALL, CLASS_TO_POC},    /* DC CVADP */
    {SYSREG(1, 3, 7, 14, 1), ALL, CLASS_TO_POC},    /* DC CIVAC */
    {SYSREG(2, 0, 1, 0, 0), ALL, CLASS_DEBUG_ROM},  /* MDRAR_EL1 */
    {OP0_OP1_CRN(2, 0, 1), ANY_CRM, CLASS_OS_LOCK},
    {OP0_OP1_CRN(2, 0, 0), ANY_CRM, CLASS_DEBUG},
    {OP0_OP1_CRN(2, 0, 7), ANY_CRM, CLASS_DEBUG},
    {OP0_OP1_CRN(2, 3, 0), ANY_CRM, CLASS_DEBUG},
    {SYSREG(3, 0, 0, 0, 6), ALL, CLASS_TID1},       /* REVIDR_EL1 */
    {SYSREG(3, 0, 0, 0, 0), ANY_OP2, CLASS_NONE},
    {OP0_OP1_CRN(3, 0, 0), ANY_CRM, CLASS_TID3},
    {SYSREG(3, 0, 1, 0, 0), ALL, CLASS_VM},         /* SCTLR_EL1 */
    {SYSREG(3, 0, 1, 0, 1), ALL, CLASS_ACTLR},
    {SYSREG(3, 0, 1, 0, 2), ALL, CLASS_CPACR},
    {SYSREG(3, 0, 2, 0, 0), ANY_OP2, CLASS_VM},     /* TTBR, TCR */
    {OP0_OP1_CRN(3, 0, 2), ANY_CRM, CLASS_KEYS},
    {SYSREG(3, 0, 5, 3, 0), ANY_OP2, CLASS_ERROR},  /* ERRIDR_EL1 */
    {OP0_OP1_CRN(3, 0, 5), ANY_CRM, CLASS_VM},      /* AFSR, ESR */
    {SYSREG(3, 0, 6, 0, 0), ALL, CLASS_VM},         /* FAR_EL1 */
    {OP0_OP1_CRN(3, 0, 9), ANY_CRM, CLASS_PMU},
    {SYSREG(3, 0, 10, 2, 0), ALL, CLASS_VM},        /* MAIR_EL1 */
    {SYSREG(3, 0, 10, 3, 0), ALL, CLASS_VM},        /* AMAIR_EL1 */
    {SYSREG(3, 0, 10, 4, 0), ANY_OP2, CLASS_LOR},
    {SYSREG(3, 0, 13, 0, 1), ALL, CLASS_VM},        /* CONTEXTIDR_EL1 */
    {SYSREG(3, 0, 13, 0, 7), ALL, CLASS_SCXTNUM},
    {SYSREG(3, 3, 13, 0, 7), ALL, CLASS_SCXTNUM},
    {SYSREG(3, 1, 0, 0, 7), ALL, CLASS_TID1},       /* AIDR_EL1 */
    {OP0_OP1_CRN(3, 1, 0), ANY_CRM, CLASS_TID2},    /* CCSIDR, CLIDR */
    {SYSREG(3, 2, 0, 0, 0), ALL, CLASS_TID2},       /* CSSELR_EL1 */
    {SYSREG(3, 3, 0, 0, 1), ALL, CLASS_TID2},       /* CTR_EL0 */
    {SYSREG(3, 3, 9, 12, 0), ALL, CLASS_PMCR},
    {OP0_OP1_CRN(3, 3, 9), ANY_CRM, CLASS_PMU},
    {SYSREG(3, 3, 14, 8, 0), 0xffc0, CLASS_PMU},    /* CRm 8 to 15 */
    {OP0_OP1_CRN(3, 3, 14), ANY_CRM, CLASS_TIMER},
    {OP0_OP1_CRN(3, 7, 14), ANY_CRM, CLASS_TIMER},
    {SYSREG(3, 0, 4, 6, 0), ALL, CLASS_GIC},        /* ICC_PMR_EL1 */
    {SYSREG(3, 0, 12, 8, 0), 0xffc0, CLASS_GIC},    /* ICC_*_EL1 */
    {SYSREG(3, 4, 1, 1, 2), ALL, CLASS_CPTR},       /* CPTR_EL2 */
    {SYSREG(3, 0, 11, 0, 0), 0xc780, CLASS_IMPDEF}, /* any op1 */
    {SYSREG(3, 0, 15, 0, 0), 0xc780, CLASS_IMPDEF},
};

/* Which of controls[] a set of bits is of. */
enum control { HCR, MDCR_2, CPTR_2, SCR, MDCR_3, CPTR_3, CONTROLS };

struct trap_bits {
    uint8_t control;
    uint64_t read, write;
};

#define BOTH(control, bits) {control, bits, bits}
#define NO_TRAP {0, 0, 0}

static const struct trap_row {
    struct trap_bits el2, el3;
} rows[] = {
    [CLASS_NONE] = {NO_TRAP, NO_TRAP},
    [CLASS_TIMER] = {NO_TRAP, NO_TRAP}, /* sysreg_timer_trap() */
    [CLASS_GIC] = {NO_TRAP, NO_TRAP},   /* sysreg_gic_trap() */
    [CLASS_VM] = {{HCR, HCR_TRVM, HCR_TVM}, NO_TRAP},
    [CLASS_TID1] = {BOTH(HCR, HCR_TID1), NO_TRAP},
    [CLASS_TID2] = {BOTH(HCR, HCR_TID2), NO_TRAP},
    [CLASS_TID3] = {BOTH(HCR, HCR_TID3), NO_TRAP},
    [CLASS_ACTLR] = {BOTH(HCR, HCR_TACR), NO_TRAP},
    [CLASS_IMPDEF] = {BOTH(HCR, HCR_TIDCP), NO_TRAP},
    [CLASS_KEYS] = {BOTH(HCR, HCR_APK), BOTH(SCR, SCR_APK)},
    [CLASS_DEBUG] = {BOTH(MDCR_2, MDCR_TDA), BOTH(MDCR_3, MDCR_TDA)},
    [CLASS_OS_LOCK] = {BOTH(MDCR_2, MDCR_TDOSA), BOTH(MDCR_3, MDCR_TDOSA)},
    [CLASS_DEBUG_ROM] = {BOTH(MDCR_2, MDCR_TDRA), BOTH(MDCR_3, MDCR_TDA)},
    [CLASS_PMU] = {BOTH(MDCR_2, MDCR_TPM), BOTH(MDCR_3, MDCR_TPM)},
    [CLASS_PMCR] = {BOTH(MDCR_2, MDCR_TPM | MDCR_TPMCR),
                    BOTH(MDCR_3, MDCR_TPM)},
    [CLASS_CPACR] = {BOTH(CPTR_2, CPTR_TCPAC), BOTH(CPTR_3, CPTR_TCPAC)},
    [CLASS_CPTR] = {NO_TRAP, BOTH(CPTR_3, CPTR_TCPAC)},
    [CLASS_SET_WAY] = {BOTH(HCR, HCR_TSW), NO_TRAP},
    [CLASS_TO_POC] = {BOTH(HCR, HCR_TPC), NO_TRAP},
    [CLASS_TO_POU] = {BOTH(HCR, HCR_TPU), NO_TRAP},
    [CLASS_TLBI] = {BOTH(HCR, HCR_TTLB), NO_TRAP},
    [CLASS_ZVA] = {BOTH(HCR, HCR_TDZ), NO_TRAP},
    [CLASS_ERROR] = {BOTH(HCR, HCR_TERR), BOTH(SCR, SCR_TERR)},
    [CLASS_SCXTNUM] = {BOTH(HCR, HCR_ENSCXT), BOTH(SCR, SCR_ENSCXT)},
    [CLASS_LOR] = {BOTH(HCR, HCR_TLOR), BOTH(SCR, SCR_TLOR)},
};

unsigned sysreg_trap_class(uint16_t encoding)
{
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        const struct pattern *p = &patterns[i];

        if ((encoding & p->mask) == p->value) {
            return p->class;
        }
    }
    return CLASS_NONE;
}

/* A control such that a bit of 1 traps: those of pointer authentication and
 * SCXTNUM_ELx are the other way round. */
static uint64_t control(const struct arm_cpu *cpu, enum control control)
{
    bool hosted = arm_hcr(cpu) & HCR_TGE;

    switch (control) {
    case HCR:
        return (arm_hcr(cpu) | (arm_is_host(cpu) ? HCR_ENSCXT : 0)) ^
               (HCR_APK | HCR_API | HCR_ENSCXT);
    case MDCR_2:
        return cpu->mdcr_el2 |
               (hosted ? MDCR_TDA | MDCR_TDOSA | MDCR_TDRA : 0);
    case CPTR_2:
        return cpu->cptr_el2;
    case SCR:
        return cpu->scr_el3 ^ (SCR_APK | SCR_API | SCR_ENSCXT);
    case MDCR_3:
        return cpu->mdcr_el3;
    case CPTR_3:
        return cpu->cptr_el3;
    case CONTROLS:
        break;
    }
    return 0;
}

static bool traps(const struct arm_cpu *cpu, const struct trap_bits *bits,
                  bool is_read)
{
    uint64_t mask = is_read ? bits->read : bits->write;

    return mask && (control(cpu, bits->control) & mask);
}

unsigned sysreg_upper_trap(const struct arm_cpu *cpu, unsigned class,
                           uint16_t encoding, bool is_read)
{
    const struct trap_row *row = &rows[class];

    if (class == CLASS_NONE || (!cpu->has_el2 && !cpu->has_el3)) {
        return 0;
    }
    if (class == CLASS_TIMER) {
        return sysreg_timer_trap(cpu, encoding);
    }
    if (class == CLASS_GIC) {
        return sysreg_gic_trap(cpu, encoding);
    }
    if (cpu->el < 2 && arm_el2_enabled(cpu) &&
        traps(cpu, &row->el2, is_read)) {
        return 2;
    }
    return cpu->has_el3 && cpu->el < 3 && traps(cpu, &row->el3, is_read)
               ? 3 : 0;
}

/* Of HCR_EL2, all that the rows above name. */
#define HCR_TRAPS                                                          \
    (HCR_TRVM | HCR_TVM | HCR_TID1 | HCR_TID2 | HCR_TID3 | HCR_TACR |      \
     HCR_TIDCP | HCR_TSW | HCR_TPC | HCR_TPU | HCR_TTLB | HCR_TDZ |        \
     HCR_TLOR | HCR_TERR)
#define HCR_PAUTH (HCR_APK | HCR_API)

bool sysreg_any_upper_trap(const struct arm_cpu *cpu)
{
    if (cpu->has_el3) {
        return true;
    }
    if (!arm_el2_enabled(cpu)) {
        return false;
    }
    bool pauth = cpu->feature[A64_FEAT_PAUTH] &&
                 (cpu->hcr_el2 & HCR_PAUTH) != HCR_PAUTH;
    bool scxtnum = cpu->feature[A64_FEAT_SCXTNUM] &&
                   !(cpu->hcr_el2 & HCR_ENSCXT);
    return pauth || scxtnum || (arm_hcr(cpu) & (HCR_TRAPS | HCR_TGE)) ||
           (cpu->mdcr_el2 & (MDCR_TPMCR | MDCR_TPM | MDCR_TDA | MDCR_TDOSA |
                             MDCR_TDRA)) ||
           (cpu->cptr_el2 & CPTR_TCPAC);
}
