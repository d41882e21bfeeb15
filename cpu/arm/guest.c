/*
 * A64 as the engine's guest; see guest.h.  The context flags are made here,
 * in one place, from the registers they stand for.
 */
#include "cpu/arm/guest.h"

#include <string.h>

#include "cpu/arm/disas.h"
#include "cpu/arm/exception.h"
#include "cpu/arm/mmu_cpu.h"
#include "cpu/arm/pauth.h"
#include "cpu/arm/pmu.h"
#include "cpu/arm/route.h"
#include "cpu/arm/self_debug.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"
#include "cpu/arm/translate.h"
#include "util/bits.h"
#include "util/clock.h"

#define SCTLR_M BIT(0)
#define SCTLR_A BIT(1)
#define SCTLR_NAA BIT(6)
#define SCTLR_SA BIT(3)
#define SCTLR_SA0 BIT(4)
#define SCTLR_UMA BIT(9)
#define SCTLR_DZE BIT(14)
#define SCTLR_E0E BIT(24)
#define SCTLR_EE BIT(25)
#define SCTLR_PAUTH (BIT(31) | BIT(30) | BIT(27) | BIT(13)) /* EnIA.. */

#define VTCR_VS BIT(19)
#define TCR_A1 BIT(22)
#define TCR_AS BIT(36)

#define FPCR_RMODE (3u << 22)
#define FPCR_MODE (1u << 26 | 1u << 25 | 1u << 24 | 1u << 19)

/* How long WFE sleeps at most: nobody may tell it that a lock is free. */
#define WFE_SLEEP_NS 50000

/* -- the TLB ------------------------------------------------------------- */

/* Stage 1 of EL1 and EL0 is off. */
static bool is_el1_off(const struct arm_cpu *cpu, uint64_t hcr)
{
    bool host_only = (hcr & (HCR_TGE | HCR_E2H)) == HCR_TGE;

    return !(cpu->mmu_el[1].sctlr & SCTLR_M) || (hcr & HCR_DC) || host_only;
}

/* What the EL1&0 regime has that the others have not. */
static struct tlb_key key_of_el1(const struct arm_cpu *cpu)
{
    uint64_t hcr = arm_hcr(cpu);

    return (struct tlb_key){
        .vmid = !arm_el2_enabled(cpu) ? 0
                : cpu->vttbr_el2 >> 48 &
                      (cpu->vtcr_el2 & VTCR_VS ? 0xffff : 0xff),
        .regime = arm_regime(cpu, 1) |
                  (hcr & (HCR_VM | HCR_DC) ? ARM_REGIME_STAGE2 : 0),
        .mmu_off = is_el1_off(cpu, hcr),
    };
}

struct tlb_key arm_tlb_key(const struct arm_cpu *cpu, unsigned el, bool pan)
{
    const struct mmu_regs *m = arm_mmu(cpu, el);
    uint64_t ttbr = m->tcr & TCR_A1 ? m->ttbr1 : m->ttbr0;
    struct tlb_key key = {
        .regime = arm_regime(cpu, el),
        .mmu_off = !(m->sctlr & SCTLR_M),
    };

    if (arm_regime_el(cpu, el) == 1) {
        key = key_of_el1(cpu);
    }
    if (key.mmu_off) {
        key.regime |= ARM_REGIME_OFF;
    } else if (m->regime == MMU_EL1_0) {
        key.asid = ttbr >> 48 & (m->tcr & TCR_AS ? 0xffff : 0xff);
        key.pan = el > 0 && pan;
    }
    key.el = (uint8_t)el;
    return key;
}

/* The two exception levels that generated code changes between: EL0 and the
 * one that takes its exceptions, or a higher one by itself. */
void arm_select_tlb(struct arm_cpu *cpu)
{
    struct arm_switch *fast = &cpu->fast;
    struct vcpu *vcpu = &cpu->vcpu;
    bool pan = cpu->pstate_misc & PSTATE_PAN;
    unsigned upper = cpu->el > 0 ? cpu->el : arm_regime_el(cpu, 0);
    struct tlb_key key = arm_tlb_key(cpu, 0, false);

    if (vcpu->parallel) {
        bool two = cpu->el >= 2 && !arm_is_host(cpu); /* EL0's and its own */

        shootdown_set_asid(cpu->system->shootdown, vcpu->index,
                           two           ? SHOOTDOWN_ANY_ASID
                           : key.mmu_off ? SHOOTDOWN_NO_ASID
                                         : key.asid);
    }
    fast->key[0] = tlb_pack_key(&key);
    vcpu->tlb_unpriv = fast->tlb[0] = tlb_context(vcpu->mmu, &key);
    key = arm_tlb_key(cpu, upper, true);
    fast->key[2] = tlb_pack_key(&key);
    pan = pan && key.pan;
    key.pan = false;
    fast->key[1] = tlb_pack_key(&key);
    key.pan = pan;
    vcpu->tlb = cpu->el > 0 ? tlb_context(vcpu->mmu, &key) : fast->tlb[0];
    if (cpu->el > 0) {
        fast->tlb[1 + pan] = vcpu->tlb;
    }
}

bool arm_walk(void *opaque, const struct tlb_key *key, uint64_t va,
              enum tlb_access access, struct tlb_page *page,
              struct mem_fault *fault)
{
    struct arm_cpu *cpu = opaque;

    bool found = arm_mmu_translate(cpu, key, va, access, MMU_FOR_ACCESS, page,
                                   fault);

    if (found && page->guarded && !cpu->guarded_seen) {
        /* From now on code is translated with checks of BTYPE. */
        cpu->guarded_seen = true;
        vcpu_request(&cpu->vcpu, VCPU_REQ_IRQ);
    }
    return found;
}

uint64_t arm_strip(void *opaque, const struct tlb_key *key, uint64_t va)
{
    const struct arm_cpu *cpu = opaque;

    return mmu_strip_tag(arm_mmu_of_key(cpu, key), false, va);
}

/* -- the context --------------------------------------------------------- */

static uint32_t flag(bool condition, uint32_t bits)
{
    return condition ? bits : 0;
}

/* Unaligned accesses of `el` fault: stage 1 is off, which makes all memory
 * Device, but with HCR_EL2.DC. */
static bool is_aligned(const struct arm_cpu *cpu, unsigned el)
{
    uint64_t sctlr = arm_mmu(cpu, el)->sctlr;

    if (sctlr & SCTLR_A) {
        return true;
    }
    if (arm_regime_el(cpu, el) != 1) {
        return !(sctlr & SCTLR_M);
    }
    uint64_t hcr = arm_hcr(cpu);
    return is_el1_off(cpu, hcr) && !(hcr & HCR_DC);
}

/* FEAT_LSE2: what lies in sixteen aligned bytes; with nAA ordered accesses
 * whatever they lie in. */
bool arm_allow_unaligned(void *opaque, uint64_t va, unsigned size,
                         bool atomic)
{
    const struct arm_cpu *cpu = opaque;

    if (!cpu->feature[A64_FEAT_LSE2] || is_aligned(cpu, cpu->el)) {
        return false;
    }
    return (va & 15) + size <= 16 ||
           (!atomic && (arm_mmu(cpu, cpu->el)->sctlr & SCTLR_NAA));
}

static uint32_t context_of_sctlr(const struct arm_cpu *cpu, unsigned el)
{
    uint64_t sctlr = arm_mmu(cpu, el)->sctlr;

    return flag(is_aligned(cpu, el), CTX_ALIGN) |
           flag(sctlr & (el == 0 ? SCTLR_E0E : SCTLR_EE), CTX_BIG_ENDIAN) |
           flag((sctlr & SCTLR_PAUTH) && cpu->feature[A64_FEAT_PAUTH],
                CTX_PAUTH) |
           flag(el == 0 && (sctlr & SCTLR_UMA), CTX_DAIF_EL0) |
           flag(el == 0 && (sctlr & SCTLR_DZE), CTX_ZVA_EL0);
}

/* Those of the system registers. */
static uint32_t context_of_registers(const struct arm_cpu *cpu, unsigned el)
{
    unsigned fp_trap = arm_fp_trap_el(cpu, el);
    bool upper = el < 2 ? sysreg_any_upper_trap(cpu)
                        : cpu->hcr_el2 & HCR_E2H;
    bool sve = cpu->feature[A64_FEAT_SVE] && !fp_trap &&
               !arm_sve_trap_el(cpu, el);

    uint32_t fp = fp_trap
                      ? CTX_FP_TRAP | fp_trap << CTX_FP_TRAP_SHIFT
                      : flag(cpu->fpcr & FPCR_MODE, CTX_FP_MODE) |
                            flag(cpu->fpcr & FPCR_RMODE, CTX_FP_RMODE);

    return el << CTX_EL_SHIFT | fp |
           flag(cpu->pmu.insns, CTX_COUNT) |
           flag(cpu->guarded_seen, CTX_BTYPE_CHECK) |
           flag(sve, CTX_SVE) |
           flag(upper, CTX_UPPER) | context_of_sctlr(cpu, el);
}

static uint8_t sp_mask(const struct arm_cpu *cpu, unsigned el)
{
    uint64_t sa = el == 0 ? SCTLR_SA0 : SCTLR_SA;

    return arm_mmu(cpu, el)->sctlr & sa ? 15 : 0;
}

/* And those of PSTATE and SP, with fast->flags[] and sp_mask[] made. */
static uint32_t context_flags(const struct arm_cpu *cpu)
{
    const struct arm_switch *fast = &cpu->fast;
    bool has_el0 = cpu->el == 1 || (cpu->el == 2 && arm_is_host(cpu));
    bool unpriv = has_el0 && !(cpu->pstate_misc & PSTATE_UAO);

    return fast->flags[cpu->el > 0] |
           flag(cpu->spsel && cpu->el > 0, CTX_SPSEL) |
           flag(cpu->step_active || arm_breakpoints_enabled(cpu),
                CTX_SS_ACTIVE) |
           flag(unpriv, CTX_UNPRIV) |
           flag(cpu->vcpu.r[31] & fast->sp_mask[cpu->el > 0],
                CTX_SP_ALIGN);
}

/* EL0 and `upper` take what happens there, and nobody else: no traps of
 * exceptions, and debug exceptions go the same way. */
static bool is_direct(const struct arm_cpu *cpu, unsigned upper)
{
    if (upper == 2) {
        return arm_is_host(cpu);
    }
    bool elsewhere = arm_el2_enabled(cpu) &&
                     ((cpu->hcr_el2 & HCR_TGE) || (cpu->mdcr_el2 & MDCR_TDE));
    return upper == 1 && !elsewhere;
}

static void context(struct vcpu *vcpu)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct arm_switch *fast = &cpu->fast;
    unsigned upper = cpu->el > 0 ? cpu->el : arm_regime_el(cpu, 0);

    if (cpu->waiting) {
        cpu->waiting = false;
        timer_arm(cpu);
    }
    cpu->step_active = arm_step_enabled(cpu);
    arm_select_tlb(cpu);
    pauth_follow(cpu);
    sve_follow(cpu);
    pmu_follow(cpu);
    fast->upper = (uint8_t)upper;
    fast->direct = is_direct(cpu, upper);
    fast->flags[0] = context_of_registers(cpu, 0);
    fast->flags[1] = context_of_registers(cpu, upper);
    fast->sp_mask[0] = sp_mask(cpu, 0);
    fast->sp_mask[1] = sp_mask(cpu, upper);
    vcpu->jump_key = vcpu_key(context_flags(cpu));
}

/* A check at the head belongs to indirect branches, not to the loop; a region
 * may leave before an instruction that has been counted. */
static bool has_regions(uint32_t context)
{
    return !(context & (CTX_SS_ACTIVE | CTX_SP_ALIGN | CTX_BTYPE_CHECK |
                        CTX_COUNT));
}

/* -- events -------------------------------------------------------------- */

static void fetch_fault(struct vcpu *vcpu)
{
    arm_take_fetch_fault(arm_cpu(vcpu));
}

static bool check_pc(struct vcpu *vcpu)
{
    return arm_check_pc(arm_cpu(vcpu));
}

static bool deliver(struct vcpu *vcpu)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    arm_deliver(cpu);
    return arm_switch_context(cpu);
}

static bool interrupts(struct vcpu *vcpu, bool timer)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    if (__atomic_exchange_n(&cpu->remapped, false, __ATOMIC_ACQ_REL)) {
        tlb_invalidate(vcpu->mmu,
                       &(struct tlb_inval){.kind = TLB_INVAL_ALL});
    }
    if (timer) {
        timer_arm(cpu);
    }
    arm_take_interrupt(cpu);
    bool checks = cpu->fast.flags[0] & CTX_BTYPE_CHECK;
    return !cpu->waiting && checks == cpu->guarded_seen &&
           arm_switch_context(cpu);
}

/* WFI wakes for interrupts whether masked or not, WFE for events too. */
static bool should_wake(struct vcpu *vcpu, uint64_t *deadline_ns)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    uint64_t deadline = timer_update(cpu);

    if (cpu->wait_is_timed && cpu->wait_until_ns < deadline) {
        deadline = cpu->wait_until_ns;
    }
    cpu->wait_is_timed = false;

    if (arm_interrupt_pending(cpu)) {
        return true;
    }
    if (cpu->wait_is_event &&
        __atomic_exchange_n(&cpu->event, false, __ATOMIC_ACQ_REL)) {
        cpu->wait_is_event = false;
        return true;
    }
    if (cpu->wait_is_event) {
        uint64_t latest = clock_monotonic_ns() + WFE_SLEEP_NS;
        deadline = deadline < latest ? deadline : latest;
    }
    cpu->wait_is_event = false;
    cpu->waiting = true;
    if (cpu->timer_next_ns != UINT64_MAX) {
        cpu->timer_next_ns = UINT64_MAX;
        timer_service_order(&cpu->system->timers, vcpu->index, UINT64_MAX);
    }
    *deadline_ns = deadline;
    return false;
}

static int disas(const uint8_t *code, uint64_t pc, char *out, size_t size)
{
    a64_disas(load_le32(code), pc, out, size);
    return 4;
}

const struct guest_ops arm_guest_ops = {
    .context = context,
    .translate = a64_translate,
    .has_regions = has_regions,
    .fetch_fault = fetch_fault,
    .check_pc = check_pc,
    .deliver = deliver,
    .interrupts = interrupts,
    .should_wake = should_wake,
    .disas = disas,
    .exception_name = arm_exception_name,
    .dump = arm_cpu_dump,
};
