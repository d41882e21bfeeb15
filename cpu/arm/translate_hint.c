/* A64 hints and barriers: Arm ARM C4.1 "Hints", "Barriers". */
#include <sched.h>

#include "cpu/arm/a64_trans.h"
#include "cpu/arm/route.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"
#include "cpu/arm/timer.h"
#include "cpu/arm/translate.h"
#include "util/bits.h"
#include "util/clock.h"

static ir_ref const64(struct a64_ctx *s, uint64_t value)
{
    return ir_const(s->u, IR_I64, value);
}

/* -- hints --------------------------------------------------------------- */

#define TRANS_NOP(row, args)                                              \
    A64_ROW(row, args)                                                    \
    {                                                                     \
        (void)s, (void)a;                                                 \
        return true;                                                      \
    }

TRANS_NOP(NOP, none)
TRANS_NOP(CSDB, none)
TRANS_NOP(DGH, none) /* nothing is gathered */
TRANS_NOP(BTI, hint) /* checked where a unit begins */
TRANS_NOP(HINT, hint)
TRANS_NOP(SB, none)  /* nothing runs ahead */

static uint64_t yield(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)vcpu, (void)a, (void)b, (void)c;
    sched_yield();
    return 0;
}

static const struct ir_helper yield_helper = {"yield", {.call = yield}, 0, 0};

A64_ROW(YIELD, none)
{
    (void)a;
    if (s->cpu->vcpu.parallel) {
        ir_call(s->u, &yield_helper, IR_NONE, IR_NONE, IR_NONE);
    }
    return true;
}

/* ISS of EC 0x01: COND as for an instruction without one, TI; RN and RV of
 * those with a register. */
#define WFX_ISS(is_wfe) (1u << 24 | 14u << 20 | (is_wfe))
#define WFXT_ISS(is_wfe, rn) (WFX_ISS(is_wfe) | (rn) << 5 | 1u << 2 | 1u << 1)

/* WFE in a row that only yield before they sleep: whoever holds the lock
 * that the guest spins on is about to let go of it. */
#define WFE_SPINS 100
#define WFE_SPIN_NS 1000000

static bool is_trapped(struct arm_cpu *cpu, bool is_wfe, uint32_t iss)
{
    unsigned el = arm_route_wfx(cpu, is_wfe);

    if (el > 0) {
        arm_raise_to(cpu, el, ARM_SYNDROME(EC_WFX, iss));
    }
    return el > 0;
}

static uint64_t wfi(struct vcpu *vcpu, uint64_t next_pc, uint64_t b,
                    uint64_t c)
{
    (void)b, (void)c;
    if (!is_trapped(arm_cpu(vcpu), false, WFX_ISS(0))) {
        vcpu->pc = next_pc;
        vcpu->exit = VCPU_EXIT_WAIT;
    } else {
        vcpu->pc = next_pc - 4;
    }
    return 0;
}

static uint64_t wait_for_event(struct arm_cpu *cpu, uint64_t next_pc,
                               uint32_t iss)
{
    struct vcpu *vcpu = &cpu->vcpu;
    uint64_t now = clock_monotonic_ns();

    if (__atomic_exchange_n(&cpu->event, false, __ATOMIC_ACQ_REL)) {
        return 0;
    }
    if (is_trapped(cpu, true, iss)) {
        vcpu->pc = next_pc - 4;
        return 0;
    }
    if (now - cpu->wfe_last_ns > WFE_SPIN_NS) {
        cpu->wfe_streak = 0;
    }
    cpu->wfe_last_ns = now;
    if (cpu->wfe_streak++ < WFE_SPINS) {
        sched_yield();
        return 0;
    }
    cpu->wait_is_event = true;
    vcpu->pc = next_pc;
    vcpu->exit = VCPU_EXIT_WAIT;
    return 0;
}

static uint64_t wfe(struct vcpu *vcpu, uint64_t next_pc, uint64_t b,
                    uint64_t c)
{
    (void)b, (void)c;
    return wait_for_event(arm_cpu(vcpu), next_pc, WFX_ISS(1));
}

/* Until the counter that CNTVCT_EL0 reads here reaches `count`. */
static void set_timeout(struct arm_cpu *cpu, uint64_t count)
{
    cpu->wait_until_ns = timer_virtual_ns(cpu, count);
    cpu->wait_is_timed = true;
}

static uint64_t wfet(struct vcpu *vcpu, uint64_t next_pc, uint64_t count,
                     uint64_t rn)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    if (timer_virtual_ns(cpu, count) <= clock_monotonic_ns()) {
        return 0;
    }
    wait_for_event(cpu, next_pc, WFXT_ISS(1, (uint32_t)rn));
    if (vcpu->exit == VCPU_EXIT_WAIT) {
        set_timeout(cpu, count);
    }
    return 0;
}

static uint64_t wfit(struct vcpu *vcpu, uint64_t next_pc, uint64_t count,
                     uint64_t rn)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    vcpu->pc = next_pc;
    if (timer_virtual_ns(cpu, count) <= clock_monotonic_ns()) {
        return 0;
    }
    if (is_trapped(cpu, false, WFXT_ISS(0, (uint32_t)rn))) {
        vcpu->pc = next_pc - 4;
    } else {
        set_timeout(cpu, count);
        vcpu->exit = VCPU_EXIT_WAIT;
    }
    return 0;
}

/* Those who sleep look again; the others find the event at their WFE. */
static uint64_t sev(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct cpu_system *system = arm_cpu(vcpu)->system;

    (void)a, (void)b, (void)c;
    for (unsigned n = 0; n < system->count; n++) {
        __atomic_store_n(&system->cpu[n]->event, true, __ATOMIC_RELEASE);
        if (n != vcpu->index) {
            engine_request(system->engine, n, VCPU_REQ_IRQ);
        }
    }
    return 0;
}

static const struct ir_helper wfi_helper = {
    "wfi", {.call = wfi}, 1, IR_HELPER_EXITS | IR_HELPER_SETS_PC,
};
static const struct ir_helper wfe_helper = {
    "wfe", {.call = wfe}, 1, IR_HELPER_EXITS | IR_HELPER_SETS_PC,
};
static const struct ir_helper wfit_helper = {
    "wfit", {.call = wfit}, 3, IR_HELPER_EXITS | IR_HELPER_SETS_PC,
};
static const struct ir_helper wfet_helper = {
    "wfet", {.call = wfet}, 3, IR_HELPER_EXITS | IR_HELPER_SETS_PC,
};
static const struct ir_helper sev_helper = {"sev", {.call = sev}, 0, 0};

A64_ROW(WFI, none)
{
    bool may_trap = s->el == 0 || (s->el == 1 && s->cpu->has_el2) ||
                    (s->el < 3 && s->cpu->has_el3);

    (void)a;
    if (may_trap) {
        ir_call(s->u, &wfi_helper, ir_pc(s->u, s->pc + 4), IR_NONE, IR_NONE);
    }
    ir_exit_loop(s->u, VCPU_EXIT_WAIT, s->pc + 4);
    s->after |= A64_ENDED;
    return true;
}

A64_ROW(WFE, none)
{
    (void)a;
    ir_call(s->u, &wfe_helper, ir_pc(s->u, s->pc + 4), IR_NONE, IR_NONE);
    return true;
}

static bool wait_timed(struct a64_ctx *s, const struct ir_helper *helper,
                       unsigned rn)
{
    ir_call(s->u, helper, ir_pc(s->u, s->pc + 4), a64_r(s, true, rn),
            const64(s, rn));
    return true;
}

A64_ROW(WFIT, reg_d)
{
    return wait_timed(s, &wfit_helper, (unsigned)a->rd);
}

A64_ROW(WFET, reg_d)
{
    return wait_timed(s, &wfet_helper, (unsigned)a->rd);
}

A64_ROW(SEV, none)
{
    (void)a;
    ir_call(s->u, &sev_helper, IR_NONE, IR_NONE, IR_NONE);
    return true;
}

A64_ROW(SEVL, none)
{
    (void)a;
    ir_set(s->u, IR_I8, ARM_OFF(event), ir_const(s->u, IR_I32, 1));
    return true;
}

/* Nothing raises physical SErrors; a pending virtual one that is masked is
 * deferred. */
static uint64_t esb(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    const uint64_t pending = HCR_AMO | HCR_VSE;

    (void)a, (void)b, (void)c;
    if (cpu->el < 2 && (arm_hcr(cpu) & pending) == pending &&
        (cpu->daif & PSTATE_A)) {
        cpu->vdisr_el2 = BIT(31) | cpu->vsesr_el2;
        arm_set_hcr(cpu, cpu->hcr_el2 & ~HCR_VSE);
    }
    return 0;
}

static const struct ir_helper esb_helper = {
    "esb", {.call = esb}, 0, IR_HELPER_TLB,
};

A64_ROW(ESB, none)
{
    (void)a;
    if (s->el < 2 && s->cpu->has_el2) {
        ir_call(s->u, &esb_helper, IR_NONE, IR_NONE, IR_NONE);
    }
    return true;
}

/* -- barriers ------------------------------------------------------------ */

A64_ROW(CLREX, barrier)
{
    (void)a;
    ir_set(s->u, IR_I64, offsetof(struct vcpu, excl_addr),
           const64(s, VCPU_EXCL_NONE));
    return true;
}

/* Bits 1..0 of CRm: 1 loads, 2 stores, else both. */
static void fence(struct a64_ctx *s, int crm)
{
    ir_fence(s->u, (crm & 3) == 1   ? IR_FENCE_LD
                   : (crm & 3) == 2 ? IR_FENCE_ST
                                    : IR_FENCE_FULL);
}

A64_ROW(DMB, barrier)
{
    fence(s, a->crm);
    return true;
}

/* Completes the TLBIs that this vCPU has broadcast. */
static uint64_t dsb(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a, (void)b, (void)c;
    shootdown_wait(arm_cpu(vcpu)->system->shootdown, vcpu->index);
    return 0;
}

static const struct ir_helper dsb_helper = {
    "dsb", {.call = dsb}, 0, IR_HELPER_TLB,
};

A64_ROW(DSB, barrier)
{
    bool is_full = (a->crm & 3) == 3 || (a->crm & 3) == 0;

    fence(s, a->crm);
    if (is_full && s->cpu->vcpu.parallel) {
        ir_call(s->u, &dsb_helper, IR_NONE, IR_NONE, IR_NONE);
    }
    return true;
}

/* What follows may have been rewritten. */
A64_ROW(ISB, barrier)
{
    (void)a;
    ir_exit_anew(s->u, s->pc + 4);
    s->after |= A64_ENDED;
    return true;
}
