/*
 * What EL2 and EL3 say at this moment: security state, HCR_EL2 as it takes
 * effect, and which translation regime an exception level uses (Arm ARM
 * D1.2, D8.1, D19.2.48).  All of it is computed from the registers; nothing
 * here changes state.  Secure EL2 (FEAT_SEL2) is not implemented.
 */
#ifndef CPU_ARM_LEVELS_H
#define CPU_ARM_LEVELS_H

#include "cpu/arm/arm_cpu.h"
#include "util/bits.h"

/* HCR_EL2. */
#define HCR_VM BIT(0)
#define HCR_SWIO BIT(1)
#define HCR_PTW BIT(2)
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_VF BIT(6)
#define HCR_VI BIT(7)
#define HCR_VSE BIT(8)
#define HCR_FB BIT(9)
#define HCR_BSU (BIT(10) | BIT(11))
#define HCR_DC BIT(12)
#define HCR_TWI BIT(13)
#define HCR_TWE BIT(14)
#define HCR_TID0 BIT(15)
#define HCR_TID1 BIT(16)
#define HCR_TID2 BIT(17)
#define HCR_TID3 BIT(18)
#define HCR_TSC BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR BIT(21)
#define HCR_TSW BIT(22)
#define HCR_TPC BIT(23)
#define HCR_TPU BIT(24)
#define HCR_TTLB BIT(25)
#define HCR_TVM BIT(26)
#define HCR_TGE BIT(27)
#define HCR_TDZ BIT(28)
#define HCR_HCD BIT(29)
#define HCR_TRVM BIT(30)
#define HCR_RW BIT(31)
#define HCR_CD BIT(32)
#define HCR_ID BIT(33)
#define HCR_E2H BIT(34)
#define HCR_TLOR BIT(35)
#define HCR_TERR BIT(36)
#define HCR_TEA BIT(37)
#define HCR_APK BIT(40)
#define HCR_API BIT(41)
#define HCR_FWB BIT(46)
#define HCR_FIEN BIT(47)
#define HCR_ENSCXT BIT(53)

/* SCR_EL3. */
#define SCR_NS BIT(0)
#define SCR_IRQ BIT(1)
#define SCR_FIQ BIT(2)
#define SCR_EA BIT(3)
#define SCR_RES1 (BIT(4) | BIT(5))
#define SCR_SMD BIT(7)
#define SCR_HCE BIT(8)
#define SCR_SIF BIT(9)
#define SCR_RW BIT(10)
#define SCR_ST BIT(11)
#define SCR_TWI BIT(12)
#define SCR_TWE BIT(13)
#define SCR_TLOR BIT(14)
#define SCR_TERR BIT(15)
#define SCR_APK BIT(16)
#define SCR_API BIT(17)
#define SCR_ENSCXT BIT(25)

/* CPTR_EL2 without E2H, CPTR_EL3. */
#define CPTR_TZ BIT(8) /* of CPTR_EL2 */
#define CPTR_EZ BIT(8) /* of CPTR_EL3, its inverse */
#define CPTR_TFP BIT(10)
#define CPTR_TCPAC BIT(31)

/* MDCR_EL2, and MDCR_EL3 where it has the same. */
#define MDCR_HPMN UINT64_C(31)
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM BIT(6)
#define MDCR_HPME BIT(7)
#define MDCR_TDE BIT(8)
#define MDCR_TDA BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA BIT(11)
#define MDCR_HPMD BIT(17) /* with FEAT_PMUv3p1 */
#define MDCR_HCCD BIT(23) /* with FEAT_PMUv3p5 */
#define MDCR_HLP BIT(26)
/* MDCR_EL3. */
#define MDCR_SPME BIT(17)
#define MDCR_SCCD BIT(23)

/* irq_lines: the wires, and what HCR_EL2.VI, VF and VSE make of them. */
enum {
    ARM_LINE_IRQ = 1 << CPU_LINE_IRQ, ARM_LINE_FIQ = 1 << CPU_LINE_FIQ,
    ARM_LINE_VIRQ = 1 << CPU_LINE_VIRQ, ARM_LINE_VFIQ = 1 << CPU_LINE_VFIQ,
    ARM_LINE_VI = 1 << 4, ARM_LINE_VF = 1 << 5, ARM_LINE_VSE = 1 << 6,
};

/*
 * tlb_key.regime: one of these, with ARM_REGIME_OFF when its stage 1 is off
 * (SCTLR_ELx.M, HCR_EL2.DC and TGE) and ARM_REGIME_STAGE2 when stage 2
 * follows (HCR_EL2.VM, DC).
 */
enum arm_regime {
    ARM_REGIME_EL1_0,   /* Non-secure, or of a processor without EL3 */
    ARM_REGIME_EL2,
    ARM_REGIME_EL3,
    ARM_REGIME_EL2_0,   /* EL2 with HCR_EL2.E2H; EL0 too with TGE */
    ARM_REGIME_S_EL1_0, /* Secure EL1 and EL0 */
    ARM_REGIME_OFF = 8,
    ARM_REGIME_STAGE2 = 16,
    ARM_REGIME_MASK = 7,
};

/* EL1 and EL0 are Secure, or would be. */
static inline bool arm_is_secure_below_el3(const struct arm_cpu *cpu)
{
    return cpu->has_el3 && !(cpu->scr_el3 & SCR_NS);
}

/* The processor is in Secure state. */
static inline bool arm_is_secure(const struct arm_cpu *cpu)
{
    return cpu->el == 3 || arm_is_secure_below_el3(cpu);
}

/* EL2 is there in the current Security state of the levels below EL3. */
static inline bool arm_el2_enabled(const struct arm_cpu *cpu)
{
    return cpu->has_el2 && !arm_is_secure_below_el3(cpu);
}

/* The other value of HCR_EL2, for arm_hcr(): E2H and TGE at once, or E2H or
 * TGE alone. */
uint64_t arm_hcr_of_host(uint64_t hcr);

/*
 * HCR_EL2 as it takes effect on EL1 and EL0: 0 when EL2 is not enabled; with
 * TGE without the fields that it switches off, or with those that it implies.
 */
static inline uint64_t arm_hcr(const struct arm_cpu *cpu)
{
    if (!arm_el2_enabled(cpu)) {
        return 0;
    }
    return cpu->hcr_el2 & (HCR_TGE | HCR_E2H) ? arm_hcr_of_host(cpu->hcr_el2)
                                              : cpu->hcr_el2;
}

/* Both E2H and TGE: EL0 belongs to EL2. */
static inline bool arm_is_host(const struct arm_cpu *cpu)
{
    const uint64_t both = HCR_E2H | HCR_TGE;

    return arm_el2_enabled(cpu) && (cpu->hcr_el2 & both) == both;
}

/* The level whose registers translate for `el`: 1, 2 or 3. */
static inline unsigned arm_regime_el(const struct arm_cpu *cpu, unsigned el)
{
    return el > 0 ? el : arm_is_host(cpu) ? 2 : 1;
}

static inline const struct mmu_regs *arm_mmu(const struct arm_cpu *cpu,
                                             unsigned el)
{
    return &cpu->mmu_el[arm_regime_el(cpu, el)];
}

/* That of EL1, also when EL0 belongs to EL2. */
static inline enum arm_regime arm_regime_of_el1(const struct arm_cpu *cpu)
{
    return arm_is_secure_below_el3(cpu) ? ARM_REGIME_S_EL1_0
                                        : ARM_REGIME_EL1_0;
}

/* The regime of `el`, without OFF and STAGE2. */
enum arm_regime arm_regime(const struct arm_cpu *cpu, unsigned el);

/* The registers of a key's stage 1. */
const struct mmu_regs *arm_mmu_of_key(const struct arm_cpu *cpu,
                                      const struct tlb_key *key);

#endif
