/*
 * Saturating addition and subtraction.  Whether anything saturated is seen
 * by comparing with the result modulo 2^n.
 */
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/vec.h"

enum { V_PTEST = P38(17) };

static bool is_add(const struct ir_insn *in)
{
    return in->op == IR_VADDSATU || in->op == IR_VADDSATS;
}

/* The wrapped result. */
static void wrap(struct backend_thread *t, const struct ir_insn *in, int dst,
                 int a, int b)
{
    v_op2(t, v_family[is_add(in) ? VF_ADD : VF_SUB][v_log2(in)], dst, a,
          rm_reg(b));
}

/* Bytes and 16-bit elements: one instruction. */
static void saturate_small(struct backend_thread *t, const struct ir_insn *in,
                           int dst, int a, int b)
{
    static const uint32_t ops[4][2] = {
        { P(dc), P(dd) }, { P(ec), P(ed) }, { P(d8), P(d9) },
        { P(e8), P(e9) },
    };

    v_op2(t, ops[in->op - IR_VADDSATU][v_log2(in)], dst, a, rm_reg(b));
}

/* dst := all ones where the elements of src are negative. */
static void signs(struct backend_thread *t, unsigned log2, int dst, int src)
{
    if (log2 == 2) {
        v_shift(t, V_SHIFT + 1, V_SRA, dst, src, 31);
    } else {
        v_const(t, dst, 0, 0);
        v_op2(t, V_PCMPGTQ, dst, dst, rm_reg(src));
    }
}

/* Signed: where an addition overflows the result's sign differs from both
 * operands', where a subtraction does from a's, which differs from b's. */
static void saturate_signed(struct backend_thread *t,
                            const struct ir_insn *in, int dst, int a, int b,
                            int w, int tmp)
{
    unsigned log2 = v_log2(in);
    uint64_t max = v_splat(log2, mask64((8 << log2) - 1));

    v_op2(t, V_PXOR, tmp, a, rm_reg(w));
    v_op2(t, V_PXOR, dst, b, rm_reg(is_add(in) ? w : a));
    v_op2(t, V_PAND, dst, dst, rm_reg(tmp));
    signs(t, log2, tmp, dst);
    /* w ^ (tmp & (w ^ saturated)) */
    signs(t, log2, dst, a);
    v_op2_const(t, V_PXOR, dst, dst, max, max);
    v_op2(t, V_PXOR, dst, dst, rm_reg(w));
    v_op2(t, V_PAND, dst, dst, rm_reg(tmp));
    v_op2(t, V_PXOR, dst, dst, rm_reg(w));
}

/* 32-bit unsigned: a + min(b, ~a), max(a, b) - b. */
static void saturate_unsigned32(struct backend_thread *t,
                                const struct ir_insn *in, int dst, int a,
                                int b, int tmp)
{
    if (is_add(in)) {
        v_const(t, tmp, UINT64_MAX, UINT64_MAX);
        v_op2(t, V_PXOR, tmp, tmp, rm_reg(a));
        v_op2(t, v_family[VF_MINU][2], tmp, tmp, rm_reg(b));
        v_op2(t, V_PADDD, dst, a, rm_reg(tmp));
    } else {
        v_op2(t, v_family[VF_MAXU][2], tmp, a, rm_reg(b));
        v_op2(t, v_family[VF_SUB][2], dst, tmp, rm_reg(b));
    }
}

/* 64-bit unsigned: a > w where an addition wrapped, w > a where a
 * subtraction did; compared with the sign bits flipped. */
static void saturate_unsigned64(struct backend_thread *t,
                                const struct ir_insn *in, int dst, int a,
                                int w, int tmp)
{
    uint64_t sign = BIT(63);
    int greater = is_add(in) ? a : w, less = is_add(in) ? w : a;

    v_op2_const(t, V_PXOR, dst, greater, sign, sign);
    v_op2_const(t, V_PXOR, tmp, less, sign, sign);
    v_op2(t, V_PCMPGTQ, dst, dst, rm_reg(tmp));
    if (is_add(in)) {
        v_op2(t, V_POR, dst, dst, rm_reg(w));
    } else {
        v_op2(t, V_PANDN, dst, dst, rm_reg(w));
    }
}

void emit_vsat(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in);
    bool is_signed = in->op == IR_VADDSATS || in->op == IR_VSUBSATS;
    int a, b, w, tmp, dst;
    uint8_t *none;

    fl_clobber(t);
    a = ra_use_vec(t, in->a);
    b = ra_use_vec(t, in->b);
    w = v_temp(t);
    tmp = v_temp(t);
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, REG_BIT(a) | REG_BIT(b));
    wrap(t, in, w, a, b);
    if (log2 < 2) {
        saturate_small(t, in, dst, a, b);
    } else if (is_signed) {
        saturate_signed(t, in, dst, a, b, w, tmp);
    } else if (log2 == 2) {
        saturate_unsigned32(t, in, dst, a, b, tmp);
    } else {
        saturate_unsigned64(t, in, dst, a, w, tmp);
    }
    v_op2(t, V_PXOR, w, w, rm_reg(dst));
    v_cut(t, in, w);
    v_cut(t, in, dst);
    v_op1(t, V_PTEST, w, rm_reg(w));
    none = x_jcc8(&t->as, CC_E);
    x_op(&t->as, X_MOV_IMM, 0, rm_vcpu(offsetof(struct vcpu, saturated)));
    x_imm32(&t->as, 1);
    x_here8(&t->as, none);
}
