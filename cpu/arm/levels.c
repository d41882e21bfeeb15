/* What EL2 and EL3 say; see levels.h. */
#include "cpu/arm/levels.h"

/* With E2H and TGE these behave as 0 for all purposes but reading. */
#define HCR_NOT_OF_HOST                                                     \
    (HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_VF |   \
     HCR_VI | HCR_VSE | HCR_FB | HCR_BSU | HCR_DC | HCR_TWI | HCR_TWE |     \
     HCR_TID0 | HCR_TID1 | HCR_TID2 | HCR_TID3 | HCR_TSC | HCR_TIDCP |      \
     HCR_TACR | HCR_TSW | HCR_TPC | HCR_TPU | HCR_TTLB | HCR_TVM | HCR_TDZ | \
     HCR_TRVM | HCR_CD | HCR_ID | HCR_TLOR | HCR_TERR | HCR_TEA | HCR_FIEN)

uint64_t arm_hcr_of_host(uint64_t hcr)
{
    switch (hcr & (HCR_E2H | HCR_TGE)) {
    case HCR_E2H | HCR_TGE:
        return hcr & ~HCR_NOT_OF_HOST;
    case HCR_TGE:
        /* Virtual interrupts are off; the physical ones go to EL2. */
        hcr &= ~(HCR_VF | HCR_VI | HCR_VSE | HCR_DC | HCR_FB);
        return hcr | HCR_FMO | HCR_IMO | HCR_AMO;
    default:
        return hcr;
    }
}

enum arm_regime arm_regime(const struct arm_cpu *cpu, unsigned el)
{
    switch (arm_regime_el(cpu, el)) {
    case 3:
        return ARM_REGIME_EL3;
    case 2:
        return cpu->hcr_el2 & HCR_E2H ? ARM_REGIME_EL2_0 : ARM_REGIME_EL2;
    default:
        return arm_regime_of_el1(cpu);
    }
}

const struct mmu_regs *arm_mmu_of_key(const struct arm_cpu *cpu,
                                      const struct tlb_key *key)
{
    static const uint8_t el[ARM_REGIME_MASK + 1] = {
        [ARM_REGIME_EL1_0] = 1,
        [ARM_REGIME_EL2] = 2,
        [ARM_REGIME_EL3] = 3,
        [ARM_REGIME_EL2_0] = 2,
        [ARM_REGIME_S_EL1_0] = 1,
    };

    return &cpu->mmu_el[el[key->regime & ARM_REGIME_MASK]];
}
