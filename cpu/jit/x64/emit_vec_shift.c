/*
 * Shifts of vector elements.
 */
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/vec.h"

/* -- shifts by a constant ---------------------------------------------- */

/* Bytes: 16-bit shifts, then what came from the neighbour is cut off. */
static void shift_bytes(struct backend_thread *t, unsigned digit, int dst,
                        int a, unsigned n)
{
    uint64_t mask = v_splat(0, digit == V_SLL ? 0xff << n : 0xff >> n);
    uint64_t sign = v_splat(0, 0x80 >> n);

    v_shift(t, V_SHIFT, digit == V_SLL ? V_SLL : V_SRL, dst, a, n);
    v_op2_const(t, V_PAND, dst, dst, mask, mask);
    if (digit == V_SRA) {
        v_op2_const(t, V_PXOR, dst, dst, sign, sign);
        v_op2_const(t, V_PSUBB, dst, dst, sign, sign);
    }
}

/* 64-bit arithmetic: the sign's copies, moved up, or'ed in. */
static void shift_sra64(struct backend_thread *t, int dst, int a, int tmp,
                        unsigned n)
{
    v_const(t, tmp, 0, 0);
    v_op2(t, V_PCMPGTQ, tmp, tmp, rm_reg(a));
    v_shift(t, V_SHIFT + 2, V_SLL, tmp, tmp, 64 - n);
    v_shift(t, V_SHIFT + 2, V_SRL, dst, a, n);
    v_op2(t, V_POR, dst, dst, rm_reg(tmp));
}

void emit_vshift(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in), bits = 8u << log2, n = in->imm;
    unsigned digit = x64_row(t)->code;
    int a = ra_use_vec(t, in->a), tmp = v_temp(t), dst;

    dst = v_def(t, i, in, a, 0);
    if (n >= bits && digit == V_SRA) {
        n = bits - 1;
    }
    if (n >= bits) {
        v_const(t, dst, 0, 0);
        return;
    }
    if (n == 0) {
        x_movdqa(t, dst, rm_reg(a));
    } else if (log2 == 0) {
        shift_bytes(t, digit, dst, a, n);
    } else if (log2 == 3 && digit == V_SRA) {
        shift_sra64(t, dst, a, tmp, n);
    } else {
        v_shift(t, V_SHIFT + log2 - 1, digit, dst, a, n);
    }
    v_cut(t, in, dst);
}

/* -- shifts by elements ------------------------------------------------ */

/*
 * AVX2 shifts by elements, and gives zero (or signs) for counts that are too
 * great.  The count is the low byte: left by it as unsigned, or right by its
 * negative as unsigned, and one of the two gives zero unless both counts
 * are zero.
 */

enum {
    V_PSLLV = P38(47), V_PSRLV = P38(45), V_PSRAV = P38(46),
};

/* Registers to work with. */
struct shift_temps {
    int left, right, count, tmp;
};

static void shift_logical(struct backend_thread *t, unsigned log2, int dst,
                          int a, int b, const struct shift_temps *r)
{
    unsigned w = log2 == 3 ? X_W : 0;
    uint64_t byte = v_splat(log2, 0xff);

    v_op2_const(t, V_PAND, r->count, b, byte, byte);
    v_op2(t, V_PSLLV | w, r->left, a, rm_reg(r->count));
    v_const(t, r->right, 0, 0);
    v_op2(t, v_family[VF_SUB][log2], r->count, r->right, rm_reg(b));
    v_op2_const(t, V_PAND, r->count, r->count, byte, byte);
    v_op2(t, V_PSRLV | w, r->right, a, rm_reg(r->count));
    v_op2(t, V_POR, dst, r->left, rm_reg(r->right));
}

/* Signed: the right shift is of a ^ sign, and its result ^ sign; left ones
 * are chosen by the count's sign. */
static void shift_signed(struct backend_thread *t, unsigned log2, int dst,
                         int a, int b, const struct shift_temps *r)
{
    unsigned w = log2 == 3 ? X_W : 0, sub = v_family[VF_SUB][log2];
    unsigned greater = v_family[VF_CMPGTS][log2];
    uint64_t byte = v_splat(log2, 0xff), sign = v_splat(log2, 0x80);
    int zero = r->left, tmp = r->tmp;

    /* right := a shifted right by -b */
    v_const(t, zero, 0, 0);
    v_op2(t, sub, r->count, zero, rm_reg(b));
    v_op2_const(t, V_PAND, r->count, r->count, byte, byte);
    v_op2(t, greater, tmp, zero, rm_reg(a));
    v_op2(t, V_PXOR, r->right, a, rm_reg(tmp));
    v_op2(t, V_PSRLV | w, r->right, r->right, rm_reg(r->count));
    v_op2(t, V_PXOR, r->right, r->right, rm_reg(tmp));
    /* left, and tmp := the count is negative */
    v_op2_const(t, V_PAND, r->count, b, byte, byte);
    v_op2(t, V_PSLLV | w, r->left, a, rm_reg(r->count));
    v_op2_const(t, V_PAND, tmp, r->count, sign, sign);
    v_op2_const(t, v_family[VF_CMPEQ][log2], tmp, tmp, sign, sign);
    v_op2(t, V_PXOR, r->right, r->right, rm_reg(r->left));
    v_op2(t, V_PAND, r->right, r->right, rm_reg(tmp));
    v_op2(t, V_PXOR, dst, r->left, rm_reg(r->right));
}

/* 16-bit elements: the odd ones and the even ones as 32-bit elements. */
static void shift16(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in, int a, int b,
                    const struct shift_temps *r)
{
    bool is_signed = in->op == IR_VSHLVS;
    unsigned digit = is_signed ? V_SRA : V_SRL;
    uint64_t low = v_splat(2, 0xffff);
    int x = v_temp(t), y = v_temp(t), dst;

    v_shift(t, V_SHIFT + 1, digit, x, a, 16);
    v_shift(t, V_SHIFT + 1, V_SRL, y, b, 16);
    (is_signed ? shift_signed : shift_logical)(t, 2, y, x, y, r);
    v_shift(t, V_SHIFT + 1, V_SLL, y, y, 16);
    v_shift(t, V_SHIFT + 1, V_SLL, x, a, 16);
    v_shift(t, V_SHIFT + 1, digit, x, x, 16);
    (is_signed ? shift_signed : shift_logical)(t, 2, x, x, b, r);
    ra_free_temp(t, r->left);
    dst = v_def(t, i, in, NO_REG, 0);
    v_op2_const(t, V_PAND, dst, x, low, low);
    v_op2(t, V_POR, dst, dst, rm_reg(y));
    v_cut(t, in, dst);
}

void emit_vshlv(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in);
    struct shift_temps r;
    int a, b, dst;

    if (!t->host.avx2 || log2 == 0) {
        emit_vec_call(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec(t, in->b);
    r = (struct shift_temps){ v_temp(t), v_temp(t), v_temp(t), v_temp(t) };
    if (log2 == 1) {
        shift16(t, i, in, a, b, &r);
        return;
    }
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, REG_BIT(a) | REG_BIT(b));
    (in->op == IR_VSHLVS ? shift_signed : shift_logical)(t, log2, dst, a, b,
                                                         &r);
    v_cut(t, in, dst);
}
