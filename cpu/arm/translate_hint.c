/* A64 hints and barriers: Arm ARM C4.1 "Hints", "Barriers". */
#include <sched.h>

#include "cpu/arm/a64_trans.h"
#include "cpu/arm/route.h"
#include "cpu/arm/system.h"
#include "cpu/arm/translate.h"
#include "util/bits.h"
#include "util/clock.h"

static ir_ref const64(struct a64_ctx *s, uint64_t value)
{
    return ir_const(s->u, IR_I64, value);
}

/* -- hints --------------------------------------------------------------- */

#define TRANS_NOP(row, args)                                              \
    bool a64_trans_##row(struct a64_ctx *s, const struct a64_arg_##args *a) \
    {                                                                     \
        (void)s, (void)a;                                                 \
        return true;                                                      \
    }

TRANS_NOP(NOP, none)
TRANS_NOP(CSDB, none)
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

bool a64_trans_YIELD(struct a64_ctx *s, const struct a64_arg_none *a)
{
    (void)a;
    if (s->cpu->vcpu.parallel) {
        ir_call(s->u, &yield_helper, IR_NONE, IR_NONE, IR_NONE);
    }
    return true;
}

/* ISS of EC 0x01: COND as for an instruction without one, TI. */
#define WFX_ISS(is_wfe) (1u << 24 | 14u << 20 | (is_wfe))

/* WFE in a row that only yield before they sleep: whoever holds the lock
 * that the guest spins on is about to let go of it. */
#define WFE_SPINS 100
#define WFE_SPIN_NS 1000000

static bool is_trapped(struct arm_cpu *cpu, bool is_wfe)
{
    unsigned el = arm_route_wfx(cpu, is_wfe);

    if (el > 0) {
        arm_raise_to(cpu, el, ARM_SYNDROME(EC_WFX, WFX_ISS(is_wfe)));
    }
    return el > 0;
}

static uint64_t wfi(struct vcpu *vcpu, uint64_t next_pc, uint64_t b,
                    uint64_t c)
{
    (void)b, (void)c;
    if (!is_trapped(arm_cpu(vcpu), false)) {
        vcpu->pc = next_pc;
        vcpu->exit = VCPU_EXIT_WAIT;
    } else {
        vcpu->pc = next_pc - 4;
    }
    return 0;
}

static uint64_t wfe(struct vcpu *vcpu, uint64_t next_pc, uint64_t b,
                    uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    uint64_t now = clock_monotonic_ns();

    (void)b, (void)c;
    if (__atomic_exchange_n(&cpu->event, false, __ATOMIC_ACQ_REL)) {
        return 0;
    }
    if (is_trapped(cpu, true)) {
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
static const struct ir_helper sev_helper = {"sev", {.call = sev}, 0, 0};

bool a64_trans_WFI(struct a64_ctx *s, const struct a64_arg_none *a)
{
    bool may_trap = s->el == 0 || (s->el == 1 && s->cpu->has_el2) ||
                    (s->el < 3 && s->cpu->has_el3);

    (void)a;
    if (may_trap) {
        ir_call(s->u, &wfi_helper, ir_pc(s->u, s->pc + 4), IR_NONE, IR_NONE);
    }
    ir_exit_loop(s->u, VCPU_EXIT_WAIT, s->pc + 4);
    s->ended = true;
    return true;
}

bool a64_trans_WFE(struct a64_ctx *s, const struct a64_arg_none *a)
{
    (void)a;
    ir_call(s->u, &wfe_helper, ir_pc(s->u, s->pc + 4), IR_NONE, IR_NONE);
    return true;
}

bool a64_trans_SEV(struct a64_ctx *s, const struct a64_arg_none *a)
{
    (void)a;
    ir_call(s->u, &sev_helper, IR_NONE, IR_NONE, IR_NONE);
    return true;
}

bool a64_trans_SEVL(struct a64_ctx *s, const struct a64_arg_none *a)
{
    (void)a;
    ir_set(s->u, IR_I8, ARM_OFF(event), ir_const(s->u, IR_I32, 1));
    return true;
}

/* -- barriers ------------------------------------------------------------ */

bool a64_trans_CLREX(struct a64_ctx *s, const struct a64_arg_barrier *a)
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

bool a64_trans_DMB(struct a64_ctx *s, const struct a64_arg_barrier *a)
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

bool a64_trans_DSB(struct a64_ctx *s, const struct a64_arg_barrier *a)
{
    bool is_full = (a->crm & 3) == 3 || (a->crm & 3) == 0;

    fence(s, a->crm);
    if (is_full && s->cpu->vcpu.parallel) {
        ir_call(s->u, &dsb_helper, IR_NONE, IR_NONE, IR_NONE);
    }
    return true;
}

/* What follows may have been rewritten. */
bool a64_trans_ISB(struct a64_ctx *s, const struct a64_arg_barrier *a)
{
    (void)a;
    ir_exit_anew(s->u, s->pc + 4);
    s->ended = true;
    return true;
}
