/* Reset of one processor. */
#include "cpu/arm/arm_cpu.h"

#include <string.h>

#include "cpu/arm/exception.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/self_debug.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"
#include "util/bits.h"
#include "util/log.h"

/* -- reset (Arm ARM D1.9.1) ---------------------------------------------- */

/* SPAN, nTWE, nTWI, as in the parts: mostly UNKNOWN to the architecture, but
 * programs add to what they find. */
#define SCTLR_EL1_RESET (BIT(23) | BIT(18) | BIT(16))

static void reset_mmu(struct arm_cpu *cpu)
{
    static const enum mmu_regime regimes[] = {
        [1] = MMU_EL1_0, [2] = MMU_EL2, [3] = MMU_EL3,
    };
    uint64_t mmfr0 = cpu->model->ARM_ID_AA64MMFR0;
    uint64_t mmfr1 = cpu->model->ARM_ID_AA64MMFR1;
    uint64_t mmfr2 = cpu->model->ARM_ID_AA64MMFR2;

    for (unsigned el = 1; el <= 3; el++) {
        cpu->mmu_el[el] = (struct mmu_regs){
            .regime = regimes[el],
            .pa_bits = arm_model_pa_bits(cpu->model),
            .hafdbs = arm_id_field(mmfr1, 0) > 0,
            .hpds = arm_id_field(mmfr1, 12) > 0,
            .pauth = cpu->feature[A64_FEAT_PAUTH],
            .bti = cpu->feature[A64_FEAT_BTI],
            .no_16k = !(arm_model_page_sizes(cpu->model) & 0x4000),
            .small_va = arm_id_field(mmfr2, 28) > 0,
            .lva = arm_id_field(mmfr2, 16) > 0,
            .lpa2 = arm_id_field(mmfr0, 28) == 1,
            .e0pd = arm_id_field(mmfr2, 60) > 0,
            .epan = arm_id_field(mmfr1, 20) > 2,
            .xnx = arm_id_field(mmfr1, 28) > 0,
            .tables = &cpu->tables,
            .tlb = cpu->vcpu.mmu,
        };
        arm_set_sctlr(cpu, el, el == 1 ? SCTLR_EL1_RESET : 0);
    }
    tlb_invalidate(cpu->vcpu.mmu, &(struct tlb_inval){.kind = TLB_INVAL_ALL});
}

/* Those above EL1, and what firmware would have done to them before it
 * started `el`: everything below EL3 is Non-secure and may do all. */
static void reset_levels(struct arm_cpu *cpu, unsigned el)
{
    cpu->hcr_el2 = HCR_RW;
    cpu->cptr_el2 = 0x33ff;
    cpu->mdcr_el2 = ARM_PMU_COUNTERS; /* HPMN */
    cpu->vpidr_el2 = cpu->model->midr;
    cpu->vmpidr_el2 = cpu->mpidr;
    cpu->cnthctl_el2 = 3; /* EL1PCEN, EL1PCTEN */
    cpu->scr_el3 = SCR_RES1 | SCR_RW;
    if (el < 3) {
        cpu->scr_el3 |= SCR_NS | SCR_HCE | SCR_APK | SCR_API | SCR_ENSCXT;
    }
    if (el < 2) {
        cpu->hcr_el2 |= HCR_APK | HCR_API | HCR_ENSCXT;
    }
}

/* What the guest sees of the registers from `first` up to `last`. */
#define CLEAR(cpu, first, last)                                           \
    memset(&(cpu)->first, 0,                                              \
           offsetof(struct arm_cpu, last) - offsetof(struct arm_cpu, first))

void arm_cpu_reset(struct arm_cpu *cpu, uint64_t pc, uint64_t arg,
                   unsigned el)
{
    struct vcpu *vcpu = &cpu->vcpu;

    memset(vcpu->r, 0, sizeof(vcpu->r));
    memset(vcpu->v, 0, sizeof(vcpu->v));
    vcpu->flags = IR_FLAG_B;
    vcpu->saturated = 0;
    vcpu->excl_addr = VCPU_EXCL_NONE;
    vcpu->fp = fp_status_from_fpcr(0);
    CLEAR(cpu, daif, timer);
    for (unsigned n = 0; n < ARM_TIMERS; n++) {
        cpu->timer[n] = (struct arm_timer){0, 0};
    }
    cpu->cntvoff = 0;
    cpu->event = false;
    memset(&cpu->debug, 0, sizeof(cpu->debug));
    arm_debug_follow(cpu);
    cpu->pmu = (struct arm_pmu){.level = cpu->pmu.level}; /* timer_arm() */
    memset(&cpu->trace, 0, sizeof(cpu->trace));
    cpu->stepping = cpu->waiting = cpu->wait_is_event = false;
    cpu->wait_is_timed = false;

    cpu->daif = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
    cpu->oslsr = 2; /* locked */
    cpu->cntfrq = cpu->system->model.cntfrq;
    cpu->rvbar = pc;
    cpu->el = (uint8_t)el;
    cpu->spsel = 1;
    vcpu->r[0] = arg;
    vcpu->pc = pc;
    reset_levels(cpu, el);
    sve_reset(cpu);
    reset_mmu(cpu);
    timer_arm(cpu);
    if (log_on(LOG_CPU_RESET)) {
        FILE *f = log_lock(LOG_CPU_RESET);

        if (f) {
            fprintf(f, "CPU Reset (CPU %u)\n", vcpu->index);
            arm_cpu_dump(vcpu, f, log_on(LOG_FPU));
            log_unlock(f);
        }
    }
}
