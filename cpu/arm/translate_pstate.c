/*
 * A64 fields of PSTATE, by MSR (immediate), as system registers and the
 * condition flags: Arm ARM C4.1 "PSTATE", C5.2.
 */
#include "cpu/arm/translate_pstate.h"

#include "cpu/arm/a64_trans.h"
#include "cpu/arm/exception.h"
#include "cpu/arm/self_debug.h"
#include "cpu/arm/guest.h"

static bool end_with_new_context(struct a64_ctx *s)
{
    ir_exit_loop(s->u, VCPU_EXIT_STATE, s->pc + 4);
    s->after |= A64_ENDED;
    return true;
}

static ir_ref const64(struct a64_ctx *s, uint64_t value)
{
    return ir_const(s->u, IR_I64, value);
}

/* -- condition flags ----------------------------------------------------- */

static ir_ref get_nzcv(struct a64_ctx *s)
{
    return ir_un(s->u, IR_FLAGS_TO_NZCV, IR_I32, ir_get_flags(s->u));
}

static void set_nzcv(struct a64_ctx *s, ir_ref nzcv)
{
    ir_set_flags(s->u, ir_un(s->u, IR_NZCV_TO_FLAGS, IR_FLAGS, nzcv));
}

enum { NZCV_N = 31, NZCV_Z = 30, NZCV_C = 29, NZCV_V = 28 };

static ir_ref nzcv_bit(struct a64_ctx *s, ir_ref nzcv, int bit)
{
    return ir_bfxu(s->u, IR_I32, nzcv, (unsigned)bit, 1);
}

static ir_ref place(struct a64_ctx *s, ir_ref bit, int at)
{
    return ir_bini(s->u, IR_SHL, IR_I32, bit, (uint64_t)at);
}

static ir_ref or_(struct a64_ctx *s, ir_ref a, ir_ref b)
{
    return ir_bin(s->u, IR_OR, IR_I32, a, b);
}

static ir_ref and_not(struct a64_ctx *s, ir_ref a, ir_ref b)
{
    return ir_bin(s->u, IR_ANDN, IR_I32, a, b);
}

A64_ROW(CFINV, none)
{
    (void)a;
    set_nzcv(s, ir_bini(s->u, IR_XOR, IR_I32, get_nzcv(s), 1u << NZCV_C));
    return true;
}

/* N = !C & !Z, Z = Z & C, C = C | Z, V = !C & Z. */
A64_ROW(XAFLAG, none)
{
    ir_ref nzcv = get_nzcv(s);
    ir_ref z = nzcv_bit(s, nzcv, NZCV_Z), c = nzcv_bit(s, nzcv, NZCV_C);
    ir_ref any = or_(s, c, z);
    ir_ref none = ir_bini(s->u, IR_XOR, IR_I32, any, 1);

    (void)a;
    nzcv = or_(s, place(s, none, NZCV_N),
               place(s, ir_bin(s->u, IR_AND, IR_I32, z, c), NZCV_Z));
    nzcv = or_(s, nzcv, place(s, any, NZCV_C));
    set_nzcv(s, or_(s, nzcv, place(s, and_not(s, z, c), NZCV_V)));
    return true;
}

/* N = 0, Z = Z | V, C = C & !V, V = 0. */
A64_ROW(AXFLAG, none)
{
    ir_ref nzcv = get_nzcv(s);
    ir_ref z = nzcv_bit(s, nzcv, NZCV_Z), c = nzcv_bit(s, nzcv, NZCV_C);
    ir_ref v = nzcv_bit(s, nzcv, NZCV_V);

    (void)a;
    set_nzcv(s, or_(s, place(s, or_(s, z, v), NZCV_Z),
                    place(s, and_not(s, c, v), NZCV_C)));
    return true;
}

/* -- DAIF ---------------------------------------------------------------- */

#define DAIF_MASK (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

static uint64_t look_for_interrupts(struct vcpu *vcpu, uint64_t a,
                                    uint64_t b, uint64_t c)
{
    (void)a, (void)b, (void)c;
    vcpu_request(vcpu, VCPU_REQ_IRQ);
    return 0;
}

static const struct ir_helper interrupts_helper = {
    "look_for_interrupts", {.call = look_for_interrupts}, 0, 0,
};

/*
 * After DAIF has changed.  While no line is active and MDSCR_EL1.SS and MDE
 * are clear, which is the rule, go on with the next unit.
 */
static bool changed_daif(struct a64_ctx *s, bool may_unmask)
{
    if (may_unmask) {
        ir_ref pending = ir_get(s->u, IR_I32, ARM_OFF(irq_lines));
        ir_ref mdscr = ir_get(s->u, IR_I64, ARM_OFF(mdscr_el1));

        mdscr = ir_bini(s->u, IR_AND, IR_I64, mdscr, MDSCR_SS | MDSCR_MDE);
        ir_brz(s->u, IR_I64, ir_bin(s->u, IR_OR, IR_I64, pending, mdscr),
               true, s->pc + 4);
        ir_call(s->u, &interrupts_helper, IR_NONE, IR_NONE, IR_NONE);
        return end_with_new_context(s);
    }
    /* Masking D ends a software step of EL1. */
    return !(s->context & CTX_SS_ACTIVE) || end_with_new_context(s);
}

static ir_ref get_daif(struct a64_ctx *s)
{
    return ir_get(s->u, IR_I32, ARM_OFF(daif));
}

static void set_daif(struct a64_ctx *s, ir_ref daif)
{
    ir_set(s->u, IR_I32, ARM_OFF(daif), daif);
}

/* EL0 needs SCTLR.UMA. */
static bool may_use_daif(const struct a64_ctx *s)
{
    return s->el > 0 || (s->context & CTX_DAIF_EL0);
}

static bool trap_immediate(struct a64_ctx *s, int imm, int op2)
{
    a64_raise(s, sysreg_syndrome((uint16_t)SYSREG(0, 3, 4, imm, op2), 31,
                                 false));
    return true;
}

A64_ROW(MSR_i_DAIFSET, pstate)
{
    if (!may_use_daif(s)) {
        return trap_immediate(s, a->imm, 6);
    }
    set_daif(s, ir_bini(s->u, IR_OR, IR_I32, get_daif(s),
                        (uint64_t)a->imm << 6));
    return changed_daif(s, false);
}

A64_ROW(MSR_i_DAIFCLR, pstate)
{
    if (!may_use_daif(s)) {
        return trap_immediate(s, a->imm, 7);
    }
    set_daif(s, ir_bini(s->u, IR_AND, IR_I32, get_daif(s),
                        DAIF_MASK & ~((uint64_t)a->imm << 6)));
    return changed_daif(s, a->imm & 11);
}

/* -- other fields -------------------------------------------------------- */

static void set_misc(struct a64_ctx *s, uint32_t bit, ir_ref value)
{
    ir_ref old = ir_get(s->u, IR_I32, ARM_OFF(pstate_misc));

    old = ir_bini(s->u, IR_AND, IR_I32, old, (uint32_t)~bit);
    value = ir_bini(s->u, IR_AND, IR_I32, value, bit);
    ir_set(s->u, IR_I32, ARM_OFF(pstate_misc), or_(s, old, value));
}

static bool set_pan(struct a64_ctx *s, ir_ref value)
{
    set_misc(s, PSTATE_PAN, value);
    ir_call(s->u, &arm_pan_helper, ir_pc(s->u, s->pc + 4), IR_NONE, IR_NONE);
    return true;
}

static bool set_uao(struct a64_ctx *s, ir_ref value)
{
    set_misc(s, PSTATE_UAO, value);
    return end_with_new_context(s);
}

static uint64_t call_spsel(struct vcpu *vcpu, uint64_t spsel, uint64_t b,
                           uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    (void)b, (void)c;
    arm_set_el(cpu, cpu->el, spsel & 1);
    return 0;
}

static const struct ir_helper spsel_helper = {
    "set_spsel", {.call = call_spsel}, 1, IR_HELPER_REGS,
};

static bool set_spsel(struct a64_ctx *s, ir_ref value)
{
    ir_call(s->u, &spsel_helper, value, IR_NONE, IR_NONE);
    return end_with_new_context(s);
}

/* The context that results is known but for the alignment of the new SP. */
static bool set_spsel_to(struct a64_ctx *s, unsigned spsel)
{
    uint32_t context = s->context ^ CTX_SPSEL;

    if (!(s->context & CTX_SPSEL) == !spsel) {
        return true;
    }
    if (s->context & (CTX_SP_ALIGN | CTX_SS_ACTIVE)) {
        return set_spsel(s, const64(s, spsel));
    }
    a64_store_sp(s);

    ir_ref sp = ir_get(s->u, IR_I64,
                       ARM_OFF(sp_el[0]) + 8 * (spsel ? s->el : 0));
    ir_set(s->u, IR_I8, ARM_OFF(spsel), ir_const(s->u, IR_I32, spsel));
    ir_set(s->u, IR_I64, VCPU_R(31), sp);
    a64_end_in_context(s, context, sp);
    return true;
}

/* An immediate has the field's value in bit 0. */
static ir_ref immediate(struct a64_ctx *s, int imm, uint32_t bit)
{
    return ir_const(s->u, IR_I32, imm & 1 ? bit : 0);
}

A64_ROW(MSR_i_PAN, pstate)
{
    return s->el > 0 && set_pan(s, immediate(s, a->imm, PSTATE_PAN));
}

A64_ROW(MSR_i_UAO, pstate)
{
    return s->el > 0 && set_uao(s, immediate(s, a->imm, PSTATE_UAO));
}

A64_ROW(MSR_i_SPSEL, pstate)
{
    return s->el > 0 && set_spsel_to(s, a->imm & 1);
}

A64_ROW(MSR_i_DIT, pstate)
{
    set_misc(s, PSTATE_DIT, immediate(s, a->imm, PSTATE_DIT));
    return true;
}

A64_ROW(MSR_i_SSBS, pstate)
{
    set_misc(s, PSTATE_SSBS, immediate(s, a->imm, PSTATE_SSBS));
    return true;
}

/* -- as system registers ------------------------------------------------- */

static bool trap_daif(struct a64_ctx *s, const struct sysreg *r, unsigned rt,
                      bool is_read)
{
    a64_raise(s, sysreg_syndrome(r->encoding, rt, is_read));
    return true;
}

static ir_ref read_misc(struct a64_ctx *s, uint32_t bit)
{
    return ir_bini(s->u, IR_AND, IR_I32,
                   ir_get(s->u, IR_I32, ARM_OFF(pstate_misc)), bit);
}

bool a64_read_view(struct a64_ctx *s, const struct sysreg *r, unsigned rt)
{
    ir_ref value = IR_NONE;

    switch ((enum sysreg_view)r->view) {
    case VIEW_NONE:
        return false;
    case VIEW_NZCV:
        value = get_nzcv(s);
        break;
    case VIEW_DAIF:
        if (!may_use_daif(s)) {
            return trap_daif(s, r, rt, true);
        }
        value = get_daif(s);
        break;
    case VIEW_CURRENT_EL:
        value = const64(s, s->el << 2);
        break;
    case VIEW_SPSEL:
        value = const64(s, s->context & CTX_SPSEL ? 1 : 0);
        break;
    case VIEW_SP_EL0:
        if (!(s->context & CTX_SPSEL)) {
            return false;
        }
        value = ir_get(s->u, IR_I64, ARM_OFF(sp_el[0]));
        break;
    case VIEW_PAN:
        value = read_misc(s, PSTATE_PAN);
        break;
    case VIEW_UAO:
        value = read_misc(s, PSTATE_UAO);
        break;
    case VIEW_DIT:
        value = read_misc(s, PSTATE_DIT);
        break;
    case VIEW_SSBS:
        value = read_misc(s, PSTATE_SSBS);
        break;
    }
    a64_set_r(s, true, rt, value);
    return true;
}

bool a64_write_view(struct a64_ctx *s, const struct sysreg *r, unsigned rt)
{
    if (r->view == VIEW_SP_EL0 && !(s->context & CTX_SPSEL)) {
        return false;
    }
    ir_ref value = a64_r(s, true, rt);

    switch ((enum sysreg_view)r->view) {
    case VIEW_NZCV:
        set_nzcv(s, value);
        return true;
    case VIEW_DAIF:
        if (!may_use_daif(s)) {
            return trap_daif(s, r, rt, false);
        }
        set_daif(s, ir_bini(s->u, IR_AND, IR_I32, value, DAIF_MASK));
        return changed_daif(s, true);
    case VIEW_SPSEL:
        return set_spsel(s, value);
    case VIEW_SP_EL0:
        ir_set(s->u, IR_I64, ARM_OFF(sp_el[0]), value);
        return true;
    case VIEW_PAN:
        return set_pan(s, value);
    case VIEW_UAO:
        return set_uao(s, value);
    case VIEW_DIT:
        set_misc(s, PSTATE_DIT, value);
        return true;
    case VIEW_SSBS:
        set_misc(s, PSTATE_SSBS, value);
        return true;
    case VIEW_NONE:
    case VIEW_CURRENT_EL:
        break;
    }
    return false;
}
