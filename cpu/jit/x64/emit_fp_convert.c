/*
 * Floating point conversions; see fp.h.
 */
#include "cpu/jit/x64/fp.h"

enum {
    F_CVT = 0x5a | X_0F,           /* between single and double */
    F_CVTDQ2PS = 0x5b | X_0F,
    F_CVTPS2DQ = 0x5b | X_0F | X_66,
    F_CVTTPS2DQ = 0x5b | X_0F | X_F3,
    F_CVTSI2S = 0x2a | X_0F,       /* from general register */
    F_CVTS2SI = 0x2d | X_0F,
    F_CVTTS2SI = 0x2c | X_0F,
    F_CVTPH2PS = P38(13),
    F_CVTPS2PH = P3A(1d),
};

/* -- between formats --------------------------------------------------- */

/* From half precision: exact, and NaNs come out as Arm's. */
static void from_half(struct backend_thread *t, ir_ref i,
                      const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), dst;

    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, 0);
    v_op2_const(t, V_PAND, dst, a, 0xffff, 0);
    v_op1(t, F_CVTPH2PS, dst, rm_reg(dst));
    if (in->type == IR_F64) {
        v_op1(t, F_CVT, dst, rm_reg(dst));
    }
}

/* To half precision.  Whether a result is tiny is a question here, too. */
static void to_half(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in)
{
    bool single = in->op == IR_FCVT;
    struct fp_operands o = { .count = 1 };
    int tmp, general, dst;

    fl_clobber(t);
    o.m[0] = rm_reg(ra_use_vec(t, in->a));
    tmp = v_temp(t);
    general = ra_temp(t, GPR_SCRATCH, 0);
    o.regs = v_bit(o.m[0]);
    dst = fp_def(t, i, in, &o);
    if (single) {
        v_op2_imm(t, V_INSERTPS, tmp, o.m[0].base, o.m[0], 0xe);
    } else {
        x_movdqa(t, tmp, o.m[0]);
    }
    /* The result is the second operand. */
    v_op1(t, F_CVTPS2PH, tmp, rm_reg(dst));
    x_byte(&t->as, 0);
    v_op2_const(t, V_PAND, tmp, dst, v_splat(1, 0x7fff), v_splat(1, 0x7fff));
    v_op2_const(t, V_PCMPEQW, tmp, tmp, v_splat(1, 0x400), v_splat(1, 0x400));
    v_op1(t, V_PMOVMSKB, general, rm_reg(tmp));
    x_rr(&t->as, X_TEST, general, general);
    fp_fix(t, in, CC_NE, dst, &o);
}

/* Packed conversions of a value and a zero, so that the rest is zero. */
void emit_fcvt(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    bool widen = in->type == IR_F64;
    enum ir_type from = in->imm;
    struct fp_operands o = { .count = 1 };
    struct fp_test test;
    int dst;

    if (t->u->fp_default && t->host.f16c && from == IR_F16) {
        from_half(t, i, in);
        return;
    }
    if (t->u->fp_default && t->host.f16c && from == IR_F32 &&
        in->type == IR_F16) {
        to_half(t, i, in);
        return;
    }
    if (!fp_fast(t, in) || from == IR_F16) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    o.m[0] = rm_reg(ra_use_vec(t, in->a));
    if (!widen) {
        test = fp_test_begin(t, in, true);
    }
    if (!fp_zero_above(t, in->a, ir_type_size(from))) {
        int tmp = v_temp(t);

        if (widen) {
            v_op2_imm(t, V_INSERTPS, tmp, o.m[0].base, o.m[0], 0xe);
        } else {
            v_op1(t, V_MOVQ, tmp, o.m[0]);
        }
        o.m[0] = rm_reg(tmp);
    }
    o.regs = v_bit(o.m[0]);
    dst = fp_def(t, i, in, &o);
    v_op1(t, F_CVT | (widen ? 0 : X_66), dst, o.m[0]);
    if (!widen) {
        fp_test_end(t, in, &test, dst, &o);
    }
}

/* T to twice T: exact, and NaNs come out as Arm's. */
void emit_fcvtl(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned op = in->type == IR_F16 ? F_CVTPH2PS : F_CVT;
    struct x64_rm a;
    int dst;

    if (!t->u->fp_default || (in->type == IR_F16 && !t->host.f16c)) {
        emit_vec_call(t, i, in);
        return;
    }
    if (in->imm) {
        int tmp = v_temp(t);

        v_op1(t, V_PSHUFD, tmp, rm_reg(ra_use_vec(t, in->a)));
        x_byte(&t->as, 0xee);
        a = rm_reg(tmp);
    } else {
        a = ra_use_vec_rm(t, in->a);
    }
    dst = v_def(t, i, in, NO_REG, 0);
    v_op1(t, op, dst, a);
}

void emit_fcvtn(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct fp_operands o = { .count = 1 };
    struct fp_test test;
    int dst;

    if (t->u->fp_default && t->host.f16c && in->type == IR_F16) {
        to_half(t, i, in);
        return;
    }
    if (!fp_fast(t, in) || in->imm) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    o.m[0] = rm_reg(ra_use_vec(t, in->a));
    o.regs = v_bit(o.m[0]);
    test = fp_test_begin(t, in, true);
    dst = fp_def(t, i, in, &o);
    v_op1(t, F_CVT | X_66, dst, o.m[0]);
    fp_test_end(t, in, &test, dst, &o);
}

/* -- to integers ------------------------------------------------------- */

/* imm of FTOI and ITOF. */
static unsigned fraction_bits(const struct ir_insn *in)
{
    return in->imm & 0xff;
}

static unsigned rounding(const struct ir_insn *in)
{
    unsigned mode = in->imm >> 8 & 7;

    return mode == 7 ? 0 : mode;
}

static bool is_unsigned(const struct ir_insn *in)
{
    return in->imm >> 12 & 1;
}

/* The host's conversion: to nearest or toward zero. */
static unsigned to_int_op(const struct ir_insn *in)
{
    return (rounding(in) == 3 ? F_CVTTS2SI : F_CVTS2SI) |
           (in->type == IR_F64 ? X_F2 : X_F3);
}

/* The host gives the most negative integer for what is out of range: that
 * one is left to C, with flags that are right so far. */
static struct fp_fix *to_signed(struct backend_thread *t,
                                const struct ir_insn *in, unsigned w,
                                int general, int dst,
                                const struct fp_operands *o)
{
    v_op1(t, to_int_op(in) | w, general, o->m[0]);
    x_alu_imm(&t->as, ALU_CMP, w, rm_reg(general), 1);
    return fp_fix(t, in, CC_O, dst, o);
}

/* Only between -1 and the bound, which is tested first: an inexact result
 * must not be flagged when it is out of range. */
static void to_unsigned(struct backend_thread *t, const struct ir_insn *in,
                        int dst, int tmp, const struct fp_operands *o)
{
    unsigned ucomis = F_UCOMIS | fp_packed_prefix(in);
    uint64_t sign = BIT((8 << v_log2(in)) - 1);
    int bound = v_extra(in) == IR_I64 ? 63 : 32;
    struct fp_fix *fix;

    v_const(t, tmp, fp_power_of_two(in, 0) | sign, 0);
    v_op1(t, ucomis, o->m[0].base, rm_reg(tmp));
    fix = fp_fix(t, in, CC_BE, dst, o);
    v_const(t, tmp, fp_power_of_two(in, bound), 0);
    v_op1(t, ucomis, tmp, o->m[0]);
    fix->from[1] = x_jcc32(&t->as, CC_BE);
    v_op1(t, to_int_op(in) | X_W, dst, o->m[0]);
    fix->back = t->as.p;
}

/* Up, down or ties away: numbers that surely fit, rounded first. */
static void to_rounded(struct backend_thread *t, const struct ir_insn *in,
                       int dst, int tmp, int tmp2,
                       const struct fp_operands *o)
{
    unsigned w = v_extra(in) == IR_I64 ? X_W : 0;
    unsigned truncate = F_CVTTS2SI | (in->type == IR_F64 ? X_F2 : X_F3) | w;
    unsigned round = P3A(0a) + (in->type == IR_F64);
    int exponent = fp_fraction_bits(in), rounded = v_temp(t);
    int a = o->m[0].base;
    struct fp_fix *fix;

    exponent = exponent > 30 && !w ? 30 : exponent;
    fix = fp_guard(t, in, exponent, tmp, tmp2, dst, o);
    if (rounding(in) == 4) {
        v_op1(t, truncate, dst, rm_reg(a)); /* for Inexact */
        fp_round_away(t, in, rounded, a, tmp, tmp2);
    } else {
        v_op2_imm(t, round, rounded, a, rm_reg(a), rounding(in) == 1 ? 2 : 1);
    }
    v_op1(t, truncate, dst, rm_reg(rounded));
    fix->back = t->as.p;
}

void emit_ftoi_r(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned w = v_extra(in) == IR_I64 ? X_W : 0;
    struct fp_operands o = { .count = 1 };
    int dst, tmp, tmp2;

    if (!fp_fast(t, in) || fraction_bits(in) ||
        (rounding(in) != 3 && is_unsigned(in))) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    o.m[0] = rm_reg(ra_use_vec(t, in->a));
    tmp = v_temp(t);
    tmp2 = v_temp(t);
    ra_release_all(t, in);
    dst = ra_def(t, i, NO_REG, 0);
    if (is_unsigned(in)) {
        to_unsigned(t, in, dst, tmp, &o);
    } else if (rounding(in) != 3 && rounding(in) != 0) {
        to_rounded(t, in, dst, tmp, tmp2, &o);
    } else {
        to_signed(t, in, w, dst, dst, &o);
    }
}

/* Single precision, whole vectors. */
static void to_int_packed(struct backend_thread *t, ir_ref i,
                          const struct ir_insn *in)
{
    unsigned op = rounding(in) == 3 ? F_CVTTPS2DQ : F_CVTPS2DQ;
    uint64_t lowest = v_splat(2, BIT(31));
    struct fp_operands o = fp_use(t, in, false, false);
    int tmp = v_temp(t), general = ra_temp(t, GPR_SCRATCH, 0);
    int dst = fp_def(t, i, in, &o);

    v_op1(t, op, dst, o.m[0]);
    v_op2_const(t, V_PCMPEQD, tmp, dst, lowest, lowest);
    if (o.cut) {
        fp_cut(t, in, dst);
    }
    v_op1(t, F_MOVMSK, general, rm_reg(tmp));
    x_rr(&t->as, X_TEST, general, general);
    fp_fix(t, in, CC_NE, dst, &o);
}

/* Double precision, two elements. */
static void to_int_pair(struct backend_thread *t, ir_ref i,
                        const struct ir_insn *in)
{
    struct fp_operands o = fp_use(t, in, false, false), high = o;
    int tmp = v_temp(t), general = ra_temp(t, GPR_SCRATCH, 0);
    int dst = fp_def(t, i, in, &o);
    struct fp_fix *fix;

    v_op2(t, V_PUNPCKHQDQ, tmp, o.m[0].base, o.m[0]);
    fix = to_signed(t, in, X_W, general, dst, &o);
    v_op1(t, V_MOVD | X_W, dst, rm_reg(general));
    high.m[0] = rm_reg(tmp);
    v_op1(t, to_int_op(in) | X_W, general, high.m[0]);
    x_alu_imm(&t->as, ALU_CMP, X_W, rm_reg(general), 1);
    fix->from[1] = x_jcc32(&t->as, CC_O);
    v_op2_imm(t, V_PINSRD | X_W, dst, dst, rm_reg(general), 1);
    fix->back = t->as.p;
}

static void to_int_scalar(struct backend_thread *t, ir_ref i,
                          const struct ir_insn *in)
{
    unsigned w = in->type == IR_F64 ? X_W : 0;
    struct fp_operands o = fp_use(t, in, false, false);
    int general = ra_temp(t, GPR_SCRATCH, 0);
    int dst = fp_def(t, i, in, &o);
    struct fp_fix *fix = to_signed(t, in, w, general, dst, &o);

    v_op1(t, V_MOVD | w, dst, rm_reg(general));
    fix->back = t->as.p;
}

void emit_ftoi(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    if (!fp_fast(t, in) || fraction_bits(in) || is_unsigned(in) ||
        (rounding(in) != 3 && rounding(in))) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    if (fp_scalar(in)) {
        to_int_scalar(t, i, in);
    } else if (in->type == IR_F32) {
        to_int_packed(t, i, in);
    } else {
        to_int_pair(t, i, in);
    }
}

/* -- from integers ----------------------------------------------------- */

/* dst, of which the rest is zero, times 2^-n: exact. */
static void scale(struct backend_thread *t, const struct ir_insn *in, int dst)
{
    unsigned n = fraction_bits(in);
    uint64_t factor = v_splat(v_log2(in), fp_power_of_two(in, -(int)n));

    if (n) {
        v_op2_const(t, F_MUL | fp_prefix(in), dst, dst, factor, factor);
    }
}

/* dst := general, of `w`; `clear` it above first. */
static void from_int(struct backend_thread *t, const struct ir_insn *in,
                     unsigned w, int dst, int general)
{
    v_const(t, dst, 0, 0);
    v_op2(t, F_CVTSI2S | (in->type == IR_F64 ? X_F2 : X_F3) | w, dst, dst,
          rm_reg(general));
}

void emit_itof_r(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    bool wide = v_extra(in) == IR_I64;
    struct fp_operands o = { .count = 1 };
    struct fp_fix *fix = NULL;
    int a, dst;

    if (!fp_fast(t, in)) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    a = ra_use(t, in->a, wide || is_unsigned(in));
    o.m[0] = rm_reg(a);
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, 0);
    if (wide && is_unsigned(in)) {
        x_rr(&t->as, X_TEST | X_W, a, a);
        fix = fp_fix(t, in, CC_S, dst, &o);
    }
    if (!wide && is_unsigned(in) && !ir_is_zero_extended(&t->u->insn[in->a])) {
        int tmp = ra_temp(t, GPR_SCRATCH, 0);

        x_mov32(&t->as, tmp, a);
        a = tmp;
    }
    from_int(t, in, wide || is_unsigned(in) ? X_W : 0, dst, a);
    scale(t, in, dst);
    if (fix) {
        fix->back = t->as.p;
    }
}

/* Upper and lower halves apart, which are exact; then one rounding. */
static void from_unsigned_packed(struct backend_thread *t, int dst, int a,
                                 int tmp)
{
    uint64_t low = v_splat(2, 0xffff), shift = v_splat(2, 0x47800000);

    v_shift(t, V_SHIFT + 1, V_SRL, tmp, a, 16);
    v_op1(t, F_CVTDQ2PS, tmp, rm_reg(tmp));
    v_op2_const(t, F_MUL, tmp, tmp, shift, shift);
    v_op2_const(t, V_PAND, dst, a, low, low);
    v_op1(t, F_CVTDQ2PS, dst, rm_reg(dst));
    v_op2(t, F_ADD, dst, dst, rm_reg(tmp));
}

static void from_int_packed(struct backend_thread *t, ir_ref i,
                            const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), tmp = v_temp(t), dst;

    if (v_shape(in) == IR_D) {
        /* What is above must raise no flags. */
        v_op1(t, V_MOVQ, tmp, rm_reg(a));
        a = tmp;
        tmp = v_temp(t);
    }
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, REG_BIT(a));
    if (is_unsigned(in)) {
        from_unsigned_packed(t, dst, a, tmp);
    } else {
        v_op1(t, F_CVTDQ2PS, dst, rm_reg(a));
    }
    scale(t, in, dst);
}

static void from_int_pair(struct backend_thread *t, ir_ref i,
                          const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), tmp = v_temp(t);
    int general = ra_temp(t, GPR_SCRATCH, 0), dst;

    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, REG_BIT(a));
    v_op1(t, V_MOVD_STORE | X_W, a, rm_reg(general));
    from_int(t, in, X_W, dst, general);
    v_op1(t, V_PEXTRD | X_W, a, rm_reg(general));
    x_byte(&t->as, 1);
    from_int(t, in, X_W, tmp, general);
    v_op2(t, V_PUNPCKLQDQ, dst, dst, rm_reg(tmp));
    scale(t, in, dst);
}

static void from_int_scalar(struct backend_thread *t, ir_ref i,
                            const struct ir_insn *in)
{
    bool wide = in->type == IR_F64;
    unsigned w = wide ? X_W : 0;
    struct fp_operands o = { .count = 1 };
    int general = ra_temp(t, GPR_SCRATCH, 0), dst;
    struct fp_fix *fix = NULL;

    o.m[0] = rm_reg(ra_use_vec(t, in->a));
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, v_bit(o.m[0]));
    v_op1(t, V_MOVD_STORE | w, o.m[0].base, rm_reg(general));
    if (wide && is_unsigned(in)) {
        x_rr(&t->as, X_TEST | X_W, general, general);
        fix = fp_fix(t, in, CC_S, dst, &o);
    }
    from_int(t, in, is_unsigned(in) ? X_W : w, dst, general);
    scale(t, in, dst);
    if (fix) {
        fix->back = t->as.p;
    }
}

void emit_itof(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    if (!fp_fast(t, in) || (in->type == IR_F64 && is_unsigned(in) &&
                            !fp_scalar(in))) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    if (fp_scalar(in)) {
        from_int_scalar(t, i, in);
    } else if (in->type == IR_F32) {
        from_int_packed(t, i, in);
    } else {
        from_int_pair(t, i, in);
    }
}
