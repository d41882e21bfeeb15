/*
 * Controls that EL2 and EL3 have over the levels below them (Arm ARM
 * D17.2.48 HCR_EL2, D17.2.117 SCR_EL3 and their neighbours): what of them
 * is implemented, and what a write of them changes at once.
 */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/pmu.h"
#include "cpu/arm/models.h"

static void forget_translations(struct arm_cpu *cpu)
{
    tlb_invalidate(cpu->vcpu.mmu, &(struct tlb_inval){.kind = TLB_INVAL_ALL});
}

/* -- EL2 ----------------------------------------------------------------- */

/* Those that stage 2 was used with; VM is part of the key. */
#define HCR_IN_STAGE2 (HCR_PTW | HCR_CD | HCR_ID | HCR_DC | HCR_FWB)

static uint64_t hcr_writable(const struct arm_cpu *cpu)
{
    /* VM to TDZ, TRVM, CD and ID; HCD only without EL3. */
    uint64_t bits = 0x35fffffff & ~HCR_HCD;

    bits |= cpu->has_el3 ? 0 : HCR_HCD;
    bits |= cpu->has_vhe ? HCR_E2H : 0;
    bits |= arm_id_field(cpu->model->ARM_ID_AA64MMFR2, 40) ? HCR_FWB : 0;
    bits |= cpu->feature[A64_FEAT_LOR] ? HCR_TLOR : 0;
    bits |= cpu->feature[A64_FEAT_RAS] ? HCR_TERR | HCR_TEA : 0;
    bits |= cpu->feature[A64_FEAT_PAUTH] ? HCR_APK | HCR_API : 0;
    bits |= cpu->feature[A64_FEAT_SCXTNUM] ? HCR_ENSCXT : 0;
    return bits;
}

static void follow_virtual_lines(struct arm_cpu *cpu)
{
    uint32_t set = (cpu->hcr_el2 & HCR_VI ? ARM_LINE_VI : 0) |
                   (cpu->hcr_el2 & HCR_VF ? ARM_LINE_VF : 0) |
                   (cpu->hcr_el2 & HCR_VSE ? ARM_LINE_VSE : 0);
    uint32_t clear = ~set & (ARM_LINE_VI | ARM_LINE_VF | ARM_LINE_VSE);

    __atomic_fetch_or(&cpu->irq_lines, set, __ATOMIC_SEQ_CST);
    __atomic_fetch_and(&cpu->irq_lines, ~clear, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&cpu->irq_lines, __ATOMIC_SEQ_CST)) {
        vcpu_request(&cpu->vcpu, VCPU_REQ_IRQ);
    }
}

/* AArch32 is not implemented: RW is 1. */
void arm_set_hcr(struct arm_cpu *cpu, uint64_t value)
{
    uint64_t old = cpu->hcr_el2;

    cpu->hcr_el2 = (value & hcr_writable(cpu)) | HCR_RW;
    cpu->mmu_el[2].regime = value & HCR_E2H && cpu->has_vhe ? MMU_EL1_0
                                                            : MMU_EL2;
    /* A hypervisor switches stage 2 off and on again as it was. */
    bool has_stage2 = cpu->hcr_el2 & (HCR_VM | HCR_DC);
    uint64_t stage2 = cpu->hcr_el2 & HCR_IN_STAGE2;

    if (((old ^ cpu->hcr_el2) & HCR_E2H) ||
        (has_stage2 && stage2 != cpu->hcr_stage2)) {
        forget_translations(cpu);
    }
    if (has_stage2) {
        cpu->hcr_stage2 = stage2;
    }
    follow_virtual_lines(cpu);
}

void sysreg_hcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                      uint64_t value)
{
    (void)r;
    arm_set_hcr(cpu, value);
}

#define CPTR_RES1 UINT64_C(0x33ff)
#define CPTR_FPEN (BIT(21) | BIT(20))

/* Its shape is that of CPACR_EL1 with E2H. */
void sysreg_cptr_el2_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    bool sve = cpu->feature[A64_FEAT_SVE];
    uint64_t zen = sve ? BIT(16) | BIT(17) : 0, tz = sve ? BIT(8) : 0;

    (void)r;
    cpu->cptr_el2 = cpu->hcr_el2 & HCR_E2H
                        ? value & (CPTR_TCPAC | CPTR_FPEN | zen)
                        : (value & (CPTR_TCPAC | CPTR_TFP | tz)) |
                              (CPTR_RES1 & ~tz);
}

/* HPMN, TPMCR, TPM, HPME, TDE, TDA, TDOSA, TDRA. */
#define MDCR_EL2_WRITABLE UINT64_C(0xfff)
/* EPMAD, SPME, SDD, SPD32, TDOSA, TDA, TPM. */
#define MDCR_EL3_WRITABLE UINT64_C(0x00238640)

void sysreg_mdcr_el2_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    unsigned pmu = pmu_version(cpu);

    (void)r;
    cpu->mdcr_el2 = value & (MDCR_EL2_WRITABLE |
                             (pmu >= PMU_V3P1 ? MDCR_HPMD : 0) |
                             (pmu >= PMU_V3P5 ? MDCR_HCCD | MDCR_HLP : 0));
}

/* VTTBR_EL2 and VTCR_EL2. */
void sysreg_stage2_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    if ((r->encoding & 7) == 0) {
        cpu->vttbr_el2 = value;
    } else if (cpu->vtcr_el2 != value) {
        cpu->vtcr_el2 = value;
        forget_translations(cpu);
    }
    arm_select_tlb(cpu);
}

/* -- EL3 ----------------------------------------------------------------- */

void sysreg_scr_write(struct arm_cpu *cpu, const struct sysreg *r,
                      uint64_t value)
{
    uint64_t old = cpu->scr_el3;
    uint64_t bits = SCR_NS | SCR_IRQ | SCR_FIQ | SCR_EA | SCR_SMD | SCR_SIF |
                    SCR_ST | SCR_TWI | SCR_TWE;

    (void)r;
    bits |= cpu->has_el2 ? SCR_HCE : 0;
    bits |= cpu->feature[A64_FEAT_LOR] ? SCR_TLOR : 0;
    bits |= cpu->feature[A64_FEAT_RAS] ? SCR_TERR : 0;
    bits |= cpu->feature[A64_FEAT_PAUTH] ? SCR_APK | SCR_API : 0;
    bits |= cpu->feature[A64_FEAT_SCXTNUM] ? SCR_ENSCXT : 0;
    cpu->scr_el3 = (value & bits) | SCR_RES1 | SCR_RW;
    if ((old ^ cpu->scr_el3) & SCR_NS) {
        arm_gic_moved(cpu);
    }
}

void sysreg_mdcr_el3_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    cpu->mdcr_el3 = value & (MDCR_EL3_WRITABLE |
                             (pmu_version(cpu) >= PMU_V3P5 ? MDCR_SCCD : 0));
}

void sysreg_cptr_el3_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    cpu->cptr_el3 = value & (CPTR_TCPAC | CPTR_TFP |
                             (cpu->feature[A64_FEAT_SVE] ? BIT(8) : 0));
}
