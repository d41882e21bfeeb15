/*
 * Floating point arithmetic; see fp.h.
 */
#include "cpu/jit/x64/fp.h"

#include <assert.h>

#include "cpu/ir/interp.h"

/* -- operands ---------------------------------------------------------- */

bool fp_zero_above(const struct backend_thread *t, ir_ref ref,
                   unsigned bytes)
{
    const struct ir_insn *in = &t->u->insn[ref];
    unsigned shape = v_shape(in);

    switch (in->op) {
    case IR_GET:
    case IR_LOAD:
    case IR_LOAD2:
    case IR_SECOND:
    case IR_FCVT:
    case IR_ITOF_R:
        return ir_type_size(in->type) <= bytes;
    case IR_VLOAD8:
        return true;
    case IR_FCVTN:
    case IR_VNARROW:
        return bytes >= 8;
    case IR_SELECT:
        return fp_zero_above(t, in->b, bytes) &&
               fp_zero_above(t, in->c, bytes);
    case IR_VCONST:
        return in->imm == 0 ||
               (shape != IR_Q && in->imm <= mask64(8 * (int)bytes));
    case IR_VDUP:
    case IR_VDUPL:
    case IR_FABS:
    case IR_FNEG:
    case IR_FADD:
    case IR_FSUB:
    case IR_FMUL:
    case IR_FDIV:
    case IR_FSQRT:
    case IR_FMULADD:
    case IR_FMAX:
    case IR_FMIN:
    case IR_FMAXNM:
    case IR_FMINNM:
    case IR_FRINT:
    case IR_ITOF:
    case IR_FTOI:
        return shape == IR_S   ? 1u << v_log2(in) <= bytes
               : shape == IR_D ? bytes >= 8
                               : false;
    default:
        return false;
    }
}

/* Copy the low half of the operand into the high one. */
static struct x64_rm copy_low(struct backend_thread *t, struct x64_rm m)
{
    int tmp = v_temp(t);

    v_op1(t, V_MOVDDUP, tmp, m);
    return rm_reg(tmp);
}

struct fp_operands fp_use(struct backend_thread *t, const struct ir_insn *in,
                          bool copies, bool memory)
{
    const ir_ref ref[3] = { in->a, in->b, in->c };
    unsigned bytes = fp_scalar(in) ? 1u << v_log2(in) : 8;
    struct fp_operands o = { 0 };
    bool clean = true;

    while (o.count < 3 && ref[o.count] != IR_NONE) {
        clean = clean && fp_zero_above(t, ref[o.count], bytes);
        o.count++;
    }
    for (unsigned k = 0; k < o.count; k++) {
        o.m[k] = memory && k == o.count - 1 ? ra_use_vec_rm(t, ref[k])
                                    : rm_reg(ra_use_vec(t, ref[k]));
    }
    o.cut = v_shape(in) != IR_Q && !clean;
    if (v_shape(in) == IR_D && !fp_scalar(in) && (copies || !clean)) {
        o.cut = true;
        for (unsigned k = 0; k < o.count; k++) {
            o.m[k] = copy_low(t, o.m[k]);
        }
    }
    for (unsigned k = 0; k < o.count; k++) {
        o.regs |= v_bit(o.m[k]);
    }
    return o;
}

int fp_def(struct backend_thread *t, ir_ref i, const struct ir_insn *in,
           const struct fp_operands *o)
{
    ra_release_all(t, in);
    return ra_def_vec(t, i, NO_REG, o->regs);
}

void fp_cut(struct backend_thread *t, const struct ir_insn *in, int dst)
{
    if (v_shape(in) == IR_S && in->type == IR_F32) {
        v_op2_imm(t, V_INSERTPS, dst, dst, rm_reg(dst), 0xe);
    } else {
        v_op1(t, V_MOVQ, dst, rm_reg(dst));
    }
}

/* -- results ----------------------------------------------------------- */

struct fp_fix *fp_fix(struct backend_thread *t, const struct ir_insn *in,
                      int cc, int dst, const struct fp_operands *o)
{
    struct fp_fix *f = &t->fix[t->fix_count++];

    *f = (struct fp_fix){ .in = in, .dst = dst, .operands = o->count };
    memcpy(f->operand, o->m, sizeof(f->operand));
    f->from[0] = x_jcc32(&t->as, cc);
    f->back = t->as.p;
    return f;
}

struct fp_test fp_test_begin(struct backend_thread *t,
                             const struct ir_insn *in, bool tiny)
{
    struct fp_test test = { .tiny = tiny };

    if (tiny || !fp_scalar(in)) {
        test.tmp = v_temp(t);
    }
    if (!fp_scalar(in)) {
        test.general = ra_temp(t, GPR_SCRATCH, 0);
        if (tiny && !t->host.avx) {
            test.tmp2 = v_temp(t);
        }
    }
    return test;
}

static void compare(struct backend_thread *t, const struct ir_insn *in,
                    int dst, int a, struct x64_rm b, unsigned predicate)
{
    v_op2_imm(t, F_CMP | fp_prefix(in), dst, a, b, predicate);
}

/* tmp := the elements of dst that are NaN, or the least normal. */
static void test_elements(struct backend_thread *t, const struct ir_insn *in,
                          const struct fp_test *test, int dst,
                          uint64_t magnitude, uint64_t least)
{
    unsigned predicate = t->host.avx ? CMP_EQ_UNORD : CMP_EQ;

    if (!test->tiny) {
        if (!t->host.avx) {
            x_movdqa(t, test->tmp, rm_reg(dst));
            dst = test->tmp;
        }
        v_op2_imm(t, F_CMP | fp_packed_prefix(in), test->tmp, dst,
                  rm_reg(dst), CMP_UNORD);
        return;
    }
    v_op2_const(t, F_AND, test->tmp, dst, magnitude, magnitude);
    v_op2(t, F_CMP | fp_prefix(in), test->tmp, test->tmp,
          pool_const(t, least, least));
    x_byte(&t->as, predicate);
    pool_used(t, 1);
    if (!t->host.avx) {
        x_movdqa(t, test->tmp2, rm_reg(dst));
        compare(t, in, test->tmp2, test->tmp2, rm_reg(test->tmp2),
                CMP_UNORD);
        v_op2(t, F_OR, test->tmp, test->tmp, rm_reg(test->tmp2));
    }
}

void fp_test_end(struct backend_thread *t, const struct ir_insn *in,
                 const struct fp_test *test, int dst,
                 const struct fp_operands *o)
{
    unsigned log2 = v_log2(in), prefix = fp_packed_prefix(in);
    uint64_t magnitude = v_splat(log2, mask64((8 << log2) - 1));
    uint64_t least = v_splat(log2, BIT(in->type == IR_F64 ? 52 : 23));
    int cc = CC_E; /* equal or unordered */

    if (!fp_scalar(in)) {
        test_elements(t, in, test, dst, magnitude, least);
        v_op1(t, F_MOVMSK | prefix, test->general, rm_reg(test->tmp));
        x_rr(&t->as, X_TEST, test->general, test->general);
        cc = CC_NE;
    } else if (test->tiny) {
        v_op2_const(t, F_AND, test->tmp, dst, magnitude, magnitude);
        v_op1(t, F_UCOMIS | prefix, test->tmp, pool_const(t, least, least));
        pool_used(t, 0);
    } else {
        v_op1(t, F_UCOMIS | prefix, dst, rm_reg(dst));
        cc = CC_P;
    }
    fp_fix(t, in, cc, dst, o);
}

/* -- the op in C, behind the unit -------------------------------------- */

static void put_operand(struct backend_thread *t, const struct fp_fix *f,
                        unsigned n)
{
    struct x64_rm slot = rm_frame(FRAME_ARG + 16 * n), m = f->operand[n];

    if (m.mem) {
        /* dst is about to be overwritten, or free. */
        assert(f->dst >= XMM0);
        x_movdqa(t, f->dst, m);
        m = rm_reg(f->dst);
    }
    if (m.base >= XMM0) {
        x_movdqa_store(t, slot, m.base);
    } else {
        x_store(&t->as, slot, m.base);
    }
}

static void emit_fix(struct backend_thread *t, const struct fp_fix *f)
{
    struct asm_buf *as = &t->as;
    const void *fn = (const void *)(uintptr_t)ir_vec_ops[f->in->op];
    uint64_t desc = ir_vec_desc(f->in);
    struct x64_rm result = rm_frame(FRAME_ARG + 48);

    for (unsigned n = 0; n < 2 && f->from[n]; n++) {
        x_fix32(f->from[n], as->p);
    }
    for (unsigned n = 0; n < f->operands; n++) {
        put_operand(t, f, n);
    }
    x_op(as, X_MOV_IMM, 0, rm_frame(FRAME_DESC));
    x_imm32(as, (uint32_t)desc);
    x_op(as, X_MOV_IMM, 0, rm_frame(FRAME_DESC + 4));
    x_imm32(as, desc >> 32);
    call_outside(t, thunk_exact(t->b, fn, ir_op_info[f->in->op].name), -1);
    if (f->dst >= XMM0) {
        x_movdqa(t, f->dst, result);
    } else {
        x_load(as, f->dst, result);
    }
    x_fix32(x_jmp32(as), f->back);
}

void emit_fp_fixes(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->fix_count; n++) {
        if (t->as.p + OP_ROOM > t->as.end) {
            t->full = true;
            return;
        }
        emit_fix(t, &t->fix[n]);
    }
}

/* -- arithmetic -------------------------------------------------------- */

/* code: the opcode; extra: the result may be tiny. */
void emit_farith(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned op = x64_row(t)->code | fp_prefix(in);
    struct fp_operands o;
    struct fp_test test;
    struct x64_rm a, b;
    int dst;

    if (!fp_fast(t, in)) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    o = fp_use(t, in, in->op == IR_FDIV, true);
    test = fp_test_begin(t, in, x64_row(t)->extra);
    a = o.m[0];
    b = o.m[1];
    if (o.cut && fp_scalar(in) && !b.mem && (in->op == IR_FADD ||
                                            in->op == IR_FMUL) &&
        fp_zero_above(t, in->b, 1u << v_log2(in))) {
        /* The rest of the result is that of the first operand; what NaN
         * comes out does not matter. */
        a = o.m[1];
        b = o.m[0];
        o.cut = false;
    } else if (fp_scalar(in) &&
               fp_zero_above(t, in->a, 1u << v_log2(in))) {
        o.cut = false;
    }
    dst = fp_def(t, i, in, &o);
    v_op2(t, op, dst, a.base, b);
    if (o.cut) {
        fp_cut(t, in, dst);
    }
    fp_test_end(t, in, &test, dst, &o);
}

void emit_fsqrt(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct fp_operands o;
    struct fp_test test;
    int dst;

    if (!fp_fast(t, in)) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    o = fp_use(t, in, false, false);
    test = fp_test_begin(t, in, false);
    dst = fp_def(t, i, in, &o);
    if (fp_scalar(in)) {
        v_op2(t, F_SQRT | fp_prefix(in), dst, o.m[0].base, o.m[0]);
    } else {
        v_op1(t, F_SQRT | fp_prefix(in), dst, o.m[0]);
    }
    if (o.cut) {
        fp_cut(t, in, dst);
    }
    fp_test_end(t, in, &test, dst, &o);
}

/* FMA3: the last digits of the opcode say which operand is overwritten:
 * 213 and 231 the second factor and the addend. */
void emit_fmuladd(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    static const uint8_t form[4] = { 0xa8, 0xac, 0xaa, 0xae };
    unsigned bytes = 1u << v_log2(in), op = form[v_extra(in)];
    const ir_ref ref[3] = { in->a, in->b, in->c };
    struct fp_operands o;
    struct fp_test test;
    unsigned over = 0;
    int dst;

    _Static_assert(IR_NEG_PRODUCT == 1 && IR_NEG_ADDEND == 2, "form[]");
    if (!fp_fast(t, in) || !t->host.fma) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    o = fp_use(t, in, false, true);
    test = fp_test_begin(t, in, true);
    if (fp_scalar(in)) {
        /* The rest of the result is that of the overwritten operand. */
        for (unsigned k = 0; k < (o.m[2].mem ? 1 : 3) && o.cut; k++) {
            if (fp_zero_above(t, ref[k], bytes)) {
                over = k;
                o.cut = false;
            }
        }
        op |= 1;
    }
    op |= X_0F38 | X_66 | (in->type == IR_F64 ? X_W : 0);
    dst = fp_def(t, i, in, &o);
    x_movdqa(t, dst, o.m[over]);
    if (over == 0) {
        v_op2(t, op + 0x10, dst, o.m[1].base, o.m[2]);
    } else {
        v_op2(t, op, dst, o.m[3 - over].base, o.m[0]);
    }
    if (o.cut) {
        fp_cut(t, in, dst);
    }
    fp_test_end(t, in, &test, dst, &o);
}

/* -- least and greatest ------------------------------------------------ */

/* The host gives the second operand when both are zeros (or one is NaN,
 * which is tested for first): both orders, and'ed or or'ed, make of +0 and
 * -0 what is wanted. */
void emit_fminmax(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    unsigned op = x64_row(t)->code | fp_prefix(in), join = x64_row(t)->extra;
    struct fp_operands o;
    int a, b, tmp, general = 0, dst;
    struct fp_fix *fix;

    if (!fp_fast(t, in)) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    o = fp_use(t, in, false, false);
    a = o.m[0].base;
    b = o.m[1].base;
    tmp = v_temp(t);
    if (!fp_scalar(in)) {
        general = ra_temp(t, GPR_SCRATCH, 0);
    }
    dst = fp_def(t, i, in, &o);
    if (fp_scalar(in)) {
        v_op1(t, F_UCOMIS | fp_packed_prefix(in), a, rm_reg(b));
        fix = fp_fix(t, in, CC_P, dst, &o);
    } else {
        compare(t, in, tmp, a, rm_reg(b), CMP_UNORD);
        v_op1(t, F_MOVMSK | fp_prefix(in), general, rm_reg(tmp));
        x_rr(&t->as, X_TEST, general, general);
        fix = fp_fix(t, in, CC_NE, dst, &o);
    }
    v_op2(t, op, tmp, b, rm_reg(a));
    v_op2(t, op, dst, a, rm_reg(b));
    v_op2(t, join, dst, dst, rm_reg(tmp));
    if (o.cut) {
        fp_cut(t, in, dst);
    }
    fix->back = t->as.p;
}

/* -- rounding to integral ---------------------------------------------- */

struct fp_fix *fp_guard(struct backend_thread *t, const struct ir_insn *in,
                        int exponent, int tmp, int bound, int dst,
                        const struct fp_operands *o)
{
    uint64_t magnitude = mask64((8 << v_log2(in)) - 1);

    v_op2_const(t, F_AND, tmp, o->m[0].base, magnitude, magnitude);
    v_const(t, bound, fp_power_of_two(in, exponent), 0);
    v_op1(t, F_UCOMIS | fp_packed_prefix(in), bound, rm_reg(tmp));
    return fp_fix(t, in, CC_BE, dst, o);
}

/* Toward zero, and a step away where half or more was cut off: every step
 * is exact, and zeros keep their sign. */
void fp_round_away(struct backend_thread *t, const struct ir_insn *in,
                   int dst, int a, int tmp, int tmp2)
{
    unsigned op = P3A(0a) + (in->type == IR_F64), prefix = fp_prefix(in);
    uint64_t sign = BIT((8 << v_log2(in)) - 1);
    uint64_t half = fp_power_of_two(in, -1), one = fp_power_of_two(in, 0);

    v_op2_imm(t, op, dst, a, rm_reg(a), 3 | 8);
    v_op2(t, F_SUB | prefix, tmp, a, rm_reg(dst));
    v_op2_const(t, F_AND, tmp, tmp, ~sign, ~sign);
    /* Half a unit or more: not less than it. */
    v_op2(t, F_CMP | prefix, tmp, tmp, pool_const(t, half, 0));
    x_byte(&t->as, CMP_NLT);
    pool_used(t, 1);
    v_op2_const(t, F_AND, tmp, tmp, one, 0);
    v_op2_const(t, F_AND, tmp2, a, sign, 0);
    v_op2(t, F_OR, tmp, tmp, rm_reg(tmp2));
    v_op2(t, F_ADD | prefix, dst, dst, rm_reg(tmp));
}

static void round_away(struct backend_thread *t, ir_ref i,
                       const struct ir_insn *in)
{
    struct fp_operands o;
    struct fp_fix *fix;
    int tmp, tmp2, dst;

    fl_clobber(t);
    o = fp_use(t, in, false, false);
    tmp = v_temp(t);
    tmp2 = v_temp(t);
    dst = fp_def(t, i, in, &o);
    fix = fp_guard(t, in, fp_fraction_bits(in), tmp, tmp2, dst, &o);
    fp_round_away(t, in, dst, o.m[0].base, tmp, tmp2);
    if (o.cut) {
        fp_cut(t, in, dst);
    }
    fix->back = t->as.p;
}

/* The host's rounding is exact in every respect, but has no ties away. */
void emit_frint(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint8_t mode[8] = { [1] = 2, [2] = 1, [3] = 3 };
    unsigned op = P3A(08) + (in->type == IR_F64) + 2 * fp_scalar(in);
    unsigned imm = mode[in->imm & 7] | (in->imm & 8 ? 0 : 8);
    struct fp_operands o;
    int dst;

    if (!fp_fast(t, in) || ((in->imm & 7) == 4 && !fp_scalar(in))) {
        emit_vec_call(t, i, in);
        return;
    }
    if ((in->imm & 7) == 4) {
        round_away(t, i, in);
        return;
    }
    o = fp_use(t, in, false, false);
    dst = fp_def(t, i, in, &o);
    if (fp_scalar(in)) {
        v_op2(t, op, dst, o.m[0].base, o.m[0]);
    } else {
        v_op1(t, op, dst, o.m[0]);
    }
    x_byte(&t->as, imm);
    if (o.cut) {
        fp_cut(t, in, dst);
    }
}
