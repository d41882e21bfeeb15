/*
 * A64 branches and exception generation: Arm ARM C4.1.
 *
 * An unconditional branch ends the unit; a conditional one leaves it by a
 * side exit and translation goes on with the next instruction.
 */
#include "cpu/arm/exception.h"
#include "cpu/arm/psci.h"
#include "cpu/arm/route.h"
#include "cpu/arm/semihosting.h"
#include "cpu/arm/system.h"
#include "cpu/arm/translate.h"
#include "cpu/arm/translate_pauth.h"
#include "cpu/arm/translate_row.h"

static uint64_t target_of(const struct a64_ctx *s, int words)
{
    return s->pc + (uint64_t)((int64_t)words * 4);
}

static bool end(struct a64_ctx *s)
{
    s->after |= A64_ENDED;
    return true;
}

/* Conditional branches that a unit goes on behind. */
#define MAX_SIDE_EXITS 3

static bool branched(struct a64_ctx *s)
{
    if (s->u->branches < MAX_SIDE_EXITS || s->u->region) {
        return true;
    }
    ir_exit(s->u, s->pc + 4);
    return end(s);
}

/* -- immediate ----------------------------------------------------------- */

A64_ROW(B, branch)
{
    ir_exit(s->u, target_of(s, a->imm));
    return end(s);
}

static void link(struct a64_ctx *s)
{
    a64_set_r(s, true, 30, ir_pc(s->u, s->pc + 4));
}

A64_ROW(BL, branch)
{
    link(s);
    ir_exit_call(s->u, target_of(s, a->imm), s->pc + 4);
    return end(s);
}

A64_ROW(B_cond, bcond)
{
    if (a->cond >= IR_AL) {
        ir_exit(s->u, target_of(s, a->imm));
        return end(s);
    }
    ir_brcc(s->u, (enum ir_cc)a->cond, ir_get_flags(s->u),
            target_of(s, a->imm));
    return branched(s);
}

/* The hint that it goes the same way as before is of no use here. */
A64_ROW(BC_cond, bcond)
{
    return a64_trans_B_cond(s, a);
}

static bool compare_branch(struct a64_ctx *s, const struct a64_arg_cbz *a,
                           bool if_zero)
{
    ir_brz(s->u, a64_type(a->sf), a64_r(s, a->sf, a->rt), if_zero,
           target_of(s, a->imm));
    return branched(s);
}

A64_ROW(CBZ, cbz)
{
    return compare_branch(s, a, true);
}

A64_ROW(CBNZ, cbz)
{
    return compare_branch(s, a, false);
}

static bool test_branch(struct a64_ctx *s, const struct a64_arg_tbz *a,
                        bool if_zero)
{
    ir_ref bit = ir_bini(s->u, IR_AND, IR_I64, a64_r(s, true, a->rt),
                         UINT64_C(1) << a->bit);

    ir_brz(s->u, IR_I64, bit, if_zero, target_of(s, a->imm));
    return branched(s);
}

A64_ROW(TBZ, tbz)
{
    return test_branch(s, a, true);
}

A64_ROW(TBNZ, tbz)
{
    return test_branch(s, a, false);
}

/* -- register ------------------------------------------------------------ */

/* What PSTATE.BTYPE says of how the next instruction was reached. */
static void set_btype(struct a64_ctx *s, unsigned btype)
{
    if (s->context & CTX_BTYPE_CHECK) {
        ir_set(s->u, IR_I32, ARM_OFF(btype), ir_const(s->u, IR_I32, btype));
    }
}

static bool branch_register(struct a64_ctx *s, ir_ref target, unsigned rn)
{
    set_btype(s, rn == 16 || rn == 17 ? 1 : 3);
    ir_exit_indirect(s->u, target, IR_JUMP, 0);
    return end(s);
}

static bool branch_link(struct a64_ctx *s, ir_ref target)
{
    set_btype(s, 2);
    link(s);
    ir_exit_indirect(s->u, target, IR_JUMP_CALL, s->pc + 4);
    return end(s);
}

static bool branch_return(struct a64_ctx *s, ir_ref target)
{
    ir_exit_indirect(s->u, target, IR_JUMP_RETURN, 0);
    return end(s);
}

#define R(n) a64_r(s, true, (unsigned)(n))
#define SP(n) a64_sp(s, (unsigned)(n))
#define ZERO ir_const(s->u, IR_I64, 0)
#define AUTH(key, ptr, modifier) a64_authenticate(s, PAUTH_##key, ptr, modifier)

TRANS(BR, reg_n, branch_register(s, R(a->rn), a->rn))
TRANS(BLR, reg_n, branch_link(s, R(a->rn)))
TRANS(RET, reg_n, branch_return(s, R(a->rn)))
TRANS(BRAAZ, reg_n, branch_register(s, AUTH(IA, R(a->rn), ZERO), a->rn))
TRANS(BRABZ, reg_n, branch_register(s, AUTH(IB, R(a->rn), ZERO), a->rn))
TRANS(BRAA, breg_auth,
      branch_register(s, AUTH(IA, R(a->rn), SP(a->rm)), a->rn))
TRANS(BRAB, breg_auth,
      branch_register(s, AUTH(IB, R(a->rn), SP(a->rm)), a->rn))
TRANS(BLRAAZ, reg_n, branch_link(s, AUTH(IA, R(a->rn), ZERO)))
TRANS(BLRABZ, reg_n, branch_link(s, AUTH(IB, R(a->rn), ZERO)))
TRANS(BLRAA, breg_auth, branch_link(s, AUTH(IA, R(a->rn), SP(a->rm))))
TRANS(BLRAB, breg_auth, branch_link(s, AUTH(IB, R(a->rn), SP(a->rm))))
TRANS(RETAA, none, branch_return(s, AUTH(IA, R(30), SP(31))))
TRANS(RETAB, none, branch_return(s, AUTH(IB, R(30), SP(31))))

/* -- exceptions ---------------------------------------------------------- */

static bool return_from_exception(struct a64_ctx *s, ir_ref target)
{
    a64_store_sp(s);

    ir_ref sp = ir_call(s->u, &arm_return_helper, target, IR_NONE, IR_NONE);
    ir_ref spsr = ir_get(s->u, IR_I32, ARM_OFF(spsr_el[0]) + 8 * s->el);

    ir_set_flags(s->u, ir_un(s->u, IR_NZCV_TO_FLAGS, IR_FLAGS, spsr));
    a64_end_with_sp(s, sp);
    return true;
}

/* At EL0 UNDEFINED. */
#define ELR ir_get(s->u, IR_I64, ARM_OFF(elr_el[s->el]))
TRANS(ERET, none, s->el > 0 && return_from_exception(s, ELR))
TRANS(ERETAA, none,
      s->el > 0 && return_from_exception(s, AUTH(IA, ELR, SP(31))))
TRANS(ERETAB, none,
      s->el > 0 && return_from_exception(s, AUTH(IB, ELR, SP(31))))

static bool raise(struct a64_ctx *s, enum arm_ec ec, int imm)
{
    a64_raise(s, ARM_SYNDROME(ec, (uint32_t)imm));
    return true;
}

A64_ROW(SVC, exc)
{
    return raise(s, EC_SVC, a->imm);
}

A64_ROW(BRK, exc)
{
    return raise(s, EC_BRK, a->imm);
}

static uint64_t semihosting(struct vcpu *vcpu, uint64_t pc, uint64_t b,
                            uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    bool done = semihosting_call(cpu);

    (void)b, (void)c;
    vcpu->pc = done ? pc + 4 : pc;
    vcpu->exit = VCPU_EXIT_STATE;
    if (done) {
        arm_step_advance(cpu);
    }
    return 0;
}

static const struct ir_helper semihosting_helper = {
    "semihosting", {.call = semihosting}, 1,
    IR_HELPER_EXITS | IR_HELPER_REGS | IR_HELPER_SETS_PC,
};

/* Halting debug is not implemented: UNDEFINED, but for semihosting. */
A64_ROW(HLT, exc)
{
    if (a->imm != SEMIHOSTING_HLT || !semihosting_is_on(s->cpu, s->el)) {
        return false;
    }
    ir_call(s->u, &semihosting_helper, ir_pc(s->u, s->pc),
            IR_NONE, IR_NONE);
    ir_exit_loop(s->u, VCPU_EXIT_STATE, s->pc + 4);
    return end(s);
}

static uint64_t psci(struct vcpu *vcpu, uint64_t next_pc, uint64_t b,
                     uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    (void)b, (void)c;
    vcpu->pc = next_pc;
    vcpu->exit = VCPU_EXIT_STATE;
    arm_step_advance(cpu);
    psci_call(cpu);
    return 0;
}

static const struct ir_helper psci_helper = {
    "psci", {.call = psci}, 1,
    IR_HELPER_EXITS | IR_HELPER_REGS | IR_HELPER_SETS_PC,
};

static bool firmware_call(struct a64_ctx *s)
{
    ir_call(s->u, &psci_helper, ir_pc(s->u, s->pc + 4), IR_NONE,
            IR_NONE);
    ir_exit_loop(s->u, VCPU_EXIT_STATE, s->pc + 4);
    return end(s);
}

static bool is_conduit(const struct a64_ctx *s, int conduit)
{
    return s->el > 0 && (int)s->cpu->system->config.psci == conduit;
}

/* A call that goes to `el`, or is UNDEFINED. */
static uint64_t call_level(struct arm_cpu *cpu, unsigned el, enum arm_ec ec,
                           uint64_t imm)
{
    if (el > 0) {
        arm_raise_to(cpu, el, ARM_SYNDROME(ec, (uint32_t)imm));
    } else {
        arm_raise(cpu, ARM_SYNDROME(EC_UNKNOWN, 0));
    }
    return 0;
}

static uint64_t hvc(struct vcpu *vcpu, uint64_t imm, uint64_t b, uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    (void)b, (void)c;
    return call_level(cpu, arm_route_hvc(cpu), EC_HVC, imm);
}

static uint64_t smc(struct vcpu *vcpu, uint64_t imm, uint64_t b, uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    (void)b, (void)c;
    return call_level(cpu, arm_route_smc(cpu), EC_SMC, imm);
}

/* An SMC that would be a firmware call. */
static uint64_t smc_trap(struct vcpu *vcpu, uint64_t imm, uint64_t b,
                         uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    (void)b, (void)c;
    if (arm_traps_smc(cpu)) {
        arm_raise_to(cpu, 2, ARM_SYNDROME(EC_SMC, (uint32_t)imm));
    }
    return 0;
}

static const struct ir_helper hvc_helper = {
    "hvc", {.call = hvc}, 1, IR_HELPER_EXITS,
};
static const struct ir_helper smc_helper = {
    "smc", {.call = smc}, 1, IR_HELPER_EXITS,
};
static const struct ir_helper smc_trap_helper = {
    "smc_trap", {.call = smc_trap}, 1, IR_HELPER_EXITS,
};

static bool level_call(struct a64_ctx *s, const struct ir_helper *helper,
                       int imm)
{
    ir_call(s->u, helper, ir_const(s->u, IR_I64, (uint64_t)imm), IR_NONE,
            IR_NONE);
    ir_exit_loop(s->u, VCPU_EXIT_STATE, s->pc);
    return end(s);
}

A64_ROW(HVC, exc)
{
    if (is_conduit(s, CPU_PSCI_HVC)) {
        return firmware_call(s);
    }
    return s->el > 0 && s->cpu->has_el2 && level_call(s, &hvc_helper, a->imm);
}

A64_ROW(SMC, exc)
{
    if (is_conduit(s, CPU_PSCI_SMC)) {
        if (s->cpu->has_el2) {
            ir_call(s->u, &smc_trap_helper,
                    ir_const(s->u, IR_I64, (uint64_t)a->imm), IR_NONE,
                    IR_NONE);
        }
        return firmware_call(s);
    }
    return s->el > 0 && s->cpu->has_el3 && level_call(s, &smc_helper, a->imm);
}
