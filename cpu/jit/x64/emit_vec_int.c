/*
 * Vector ops that work element by element.  Where an element size has no
 * host instruction worth it, the op is called in C.
 */
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/vec.h"

const uint32_t v_family[VF_COUNT][4] = {
    [VF_AND] = { V_PAND, V_PAND, V_PAND, V_PAND },
    [VF_OR] = { V_POR, V_POR, V_POR, V_POR },
    [VF_XOR] = { V_PXOR, V_PXOR, V_PXOR, V_PXOR },
    [VF_ADD] = { V_PADDB, V_PADDW, V_PADDD, V_PADDQ },
    [VF_SUB] = { V_PSUBB, P(f9), P(fa), P(fb) },
    [VF_MUL] = { 0, P(d5), P38(40), 0 },
    [VF_MINU] = { P(da), P38(3a), P38(3b), 0 },
    [VF_MAXU] = { P(de), P38(3e), P38(3f), 0 },
    [VF_MINS] = { P38(38), P(ea), P38(39), 0 },
    [VF_MAXS] = { P38(3c), P(ee), P38(3d), 0 },
    [VF_CMPEQ] = { V_PCMPEQB, P(75), V_PCMPEQD, P38(29) },
    [VF_CMPGTS] = { V_PCMPGTB, P(65), P(66), V_PCMPGTQ },
};

/* -- one instruction --------------------------------------------------- */

/* Multiplication of 64-bit elements out of 32-bit ones. */
static void mul64(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), b = ra_use_vec(t, in->b);
    int x = v_temp(t), y = v_temp(t), dst;

    v_shift(t, V_SHIFT + 2, V_SRL, x, a, 32);
    v_op2(t, V_PMULUDQ, x, x, rm_reg(b));
    v_shift(t, V_SHIFT + 2, V_SRL, y, b, 32);
    v_op2(t, V_PMULUDQ, y, y, rm_reg(a));
    v_op2(t, V_PADDQ, x, x, rm_reg(y));
    v_shift(t, V_SHIFT + 2, V_SLL, x, x, 32);
    dst = v_def(t, i, in, a, REG_BIT(b) & ~REG_BIT(a));
    v_op2(t, V_PMULUDQ, dst, a, rm_reg(b));
    v_op2(t, V_PADDQ, dst, dst, rm_reg(x));
    v_cut(t, in, dst);
}

/* Bytes: products of the even and of the odd ones, as 16-bit elements. */
static void mul8(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    uint64_t low = v_splat(1, 0xff);
    int a = ra_use_vec(t, in->a), b = ra_use_vec(t, in->b);
    int x = v_temp(t), y = v_temp(t), dst;

    v_shift(t, V_SHIFT, V_SRL, x, a, 8);
    v_shift(t, V_SHIFT, V_SRL, y, b, 8);
    v_op2(t, V_PMULLW, x, x, rm_reg(y));
    v_shift(t, V_SHIFT, V_SLL, x, x, 8);
    dst = v_def(t, i, in, a, REG_BIT(b) & ~REG_BIT(a));
    v_op2(t, V_PMULLW, dst, a, rm_reg(b));
    v_op2_const(t, V_PAND, dst, dst, low, low);
    v_op2(t, V_POR, dst, dst, rm_reg(x));
    v_cut(t, in, dst);
}

/* x := a > b in 64-bit elements, by pcmpgtq; y is changed. */
static void greater64(struct backend_thread *t, bool is_signed, int x, int y,
                      int a, int b)
{
    uint64_t sign = BIT(63);

    if (is_signed) {
        v_op2(t, V_PCMPGTQ, x, a, rm_reg(b));
        return;
    }
    v_op2_const(t, V_PXOR, x, a, sign, sign);
    v_op2_const(t, V_PXOR, y, b, sign, sign);
    v_op2(t, V_PCMPGTQ, x, x, rm_reg(y));
}

/* The other operand ^ ((a > b) & (a ^ b)). */
static void minmax64(struct backend_thread *t, ir_ref i,
                     const struct ir_insn *in)
{
    bool is_signed = in->op == IR_VMAXS || in->op == IR_VMINS;
    bool max = in->op == IR_VMAXS || in->op == IR_VMAXU;
    int a = ra_use_vec(t, in->a), b = ra_use_vec(t, in->b);
    int x = v_temp(t), y = v_temp(t), dst;

    greater64(t, is_signed, x, y, a, b);
    v_op2(t, V_PXOR, y, a, rm_reg(b));
    v_op2(t, V_PAND, x, x, rm_reg(y));
    dst = v_def(t, i, in, max ? b : a, 0);
    v_op2(t, V_PXOR, dst, max ? b : a, rm_reg(x));
    v_cut(t, in, dst);
}

void emit_vbin(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned op = v_family[x64_row(t)->code][v_log2(in)];
    struct x64_rm b;
    int a, dst;

    if (!op) {
        (in->op != IR_VMUL      ? minmax64
         : in->type == IR_I64   ? mul64
                                : mul8)(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec_rm(t, in->b);
    dst = v_def(t, i, in, a, v_bit(b) & ~REG_BIT(a));
    v_op2(t, op, dst, a, b);
    v_cut(t, in, dst);
}

/* a & ~b: pandn complements its first operand. */
void emit_vandn(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int b = ra_use_vec(t, in->b), dst;
    struct x64_rm a = ra_use_vec_rm(t, in->a);

    dst = v_def(t, i, in, b, v_bit(a) & ~REG_BIT(b));
    v_op2(t, V_PANDN, dst, b, a);
    v_cut(t, in, dst);
}

static int ones(struct backend_thread *t)
{
    int tmp = v_temp(t);

    v_const(t, tmp, UINT64_MAX, UINT64_MAX);
    return tmp;
}

void emit_vorn(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), tmp = ones(t), dst;
    struct x64_rm b = ra_use_vec_rm(t, in->b);

    v_op2(t, V_PXOR, tmp, tmp, b);
    dst = v_def(t, i, in, a, 0);
    v_op2(t, V_POR, dst, a, rm_reg(tmp));
    v_cut(t, in, dst);
}

void emit_vnot(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), tmp = ones(t), dst;

    dst = v_def(t, i, in, a, 0);
    v_op2(t, V_PXOR, dst, a, rm_reg(tmp));
    v_cut(t, in, dst);
}

/* c ^ (a & (b ^ c)) */
void emit_vsel(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int c = ra_use_vec(t, in->c), b = ra_use_vec(t, in->b);
    int tmp = v_temp(t), dst;
    struct x64_rm a = ra_use_vec_rm(t, in->a);

    v_op2(t, V_PXOR, tmp, b, rm_reg(c));
    v_op2(t, V_PAND, tmp, tmp, a);
    dst = v_def(t, i, in, c, 0);
    v_op2(t, V_PXOR, dst, c, rm_reg(tmp));
    v_cut(t, in, dst);
}

void emit_vneg(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct x64_rm a = ra_use_vec_rm(t, in->a);
    int tmp = v_temp(t), dst;

    v_const(t, tmp, 0, 0);
    dst = v_def(t, i, in, NO_REG, v_bit(a));
    v_op2(t, v_family[VF_SUB][v_log2(in)], dst, tmp, a);
    v_cut(t, in, dst);
}

/* (a ^ sign) - sign */
static void abs64(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), sign = v_temp(t), dst;

    v_const(t, sign, 0, 0);
    v_op2(t, V_PCMPGTQ, sign, sign, rm_reg(a));
    dst = v_def(t, i, in, a, 0);
    v_op2(t, V_PXOR, dst, a, rm_reg(sign));
    v_op2(t, P(fb), dst, dst, rm_reg(sign));
    v_cut(t, in, dst);
}

void emit_vabs(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint32_t pabs[4] = { P38(1c), P38(1d), P38(1e), 0 };
    unsigned op = pabs[v_log2(in)];
    struct x64_rm a;
    int dst;

    if (!op) {
        abs64(t, i, in);
        return;
    }
    a = ra_use_vec_rm(t, in->a);
    dst = v_def(t, i, in, NO_REG, 0);
    v_op1(t, op, dst, a);
    v_cut(t, in, dst);
}

/* -- comparisons without an instruction -------------------------------- */

/* 64-bit: a > b as pcmpgtq, a >= b as the opposite of b > a. */
static void compare64(struct backend_thread *t, ir_ref i,
                      const struct ir_insn *in)
{
    bool is_signed = in->op == IR_VCMPGES, greater = in->op == IR_VCMPGTU;
    int a = ra_use_vec(t, greater ? in->a : in->b);
    int b = ra_use_vec(t, greater ? in->b : in->a);
    int x = v_temp(t), y = v_temp(t), dst;

    greater64(t, is_signed, x, y, a, b);
    dst = v_def(t, i, in, NO_REG, 0);
    if (greater) {
        x_movdqa(t, dst, rm_reg(x));
    } else {
        v_const(t, y, UINT64_MAX, UINT64_MAX);
        v_op2(t, V_PXOR, dst, x, rm_reg(y));
    }
    v_cut(t, in, dst);
}

/* a >= b: max(a, b) == a.  a > b (extra): not min(a, b) == a. */
void emit_vcmp(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in), op = v_family[x64_row(t)->code][log2];
    bool invert = x64_row(t)->extra;
    int a, tmp, all = 0, dst;
    struct x64_rm b;

    if (!op) {
        compare64(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec_rm(t, in->b);
    tmp = v_temp(t);
    if (invert) {
        all = ones(t);
    }
    v_op2(t, op, tmp, a, b);
    dst = v_def(t, i, in, a, 0);
    v_op2(t, v_family[VF_CMPEQ][log2], dst, a, rm_reg(tmp));
    if (invert) {
        v_op2(t, V_PXOR, dst, dst, rm_reg(all));
    }
    v_cut(t, in, dst);
}

/* -- others ------------------------------------------------------------ */

/* Bytes and 16-bit elements: the host has the unsigned rounded average;
 * signed ones have their sign bits flipped around it, truncated ones are one
 * less where the operands differ in bit 0. */
static void avg_small(struct backend_thread *t, ir_ref i,
                      const struct ir_insn *in)
{
    unsigned log2 = v_log2(in);
    uint64_t sign = v_splat(log2, BIT((8 << log2) - 1));
    uint64_t one = v_splat(log2, 1);
    int a = ra_use_vec(t, in->a), b = ra_use_vec(t, in->b);
    int x = v_temp(t), y = v_temp(t), dst;

    if (in->op == IR_VAVGS) {
        v_op2_const(t, V_PXOR, x, a, sign, sign);
        v_op2_const(t, V_PXOR, y, b, sign, sign);
        v_op2(t, log2 ? P(e3) : P(e0), x, x, rm_reg(y));
        v_op2_const(t, V_PXOR, x, x, sign, sign);
    } else {
        v_op2(t, log2 ? P(e3) : P(e0), x, a, rm_reg(b));
    }
    if (v_extra(in) == 0) {
        v_op2(t, V_PXOR, y, a, rm_reg(b));
        v_op2_const(t, V_PAND, y, y, one, one);
        v_op2(t, v_family[VF_SUB][log2], x, x, rm_reg(y));
    }
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, 0);
    x_movdqa(t, dst, rm_reg(x));
    v_cut(t, in, dst);
}

/* (a | b) - ((a ^ b) >> 1), truncated (a & b) + ((a ^ b) >> 1) */
void emit_vavg(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned digit = in->op == IR_VAVGS ? V_SRA : V_SRL;
    bool rounded = v_extra(in);
    int a, b, x, dst;

    if (v_log2(in) < 2) {
        avg_small(t, i, in);
        return;
    }
    if (v_log2(in) == 3) {
        emit_vec_call(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec(t, in->b);
    x = v_temp(t);
    v_op2(t, V_PXOR, x, a, rm_reg(b));
    v_shift(t, V_SHIFT + 1, digit, x, x, 1);
    dst = v_def(t, i, in, a, REG_BIT(b) & ~REG_BIT(a));
    v_op2(t, rounded ? V_POR : V_PAND, dst, a, rm_reg(b));
    v_op2(t, v_family[rounded ? VF_SUB : VF_ADD][2], dst, dst, rm_reg(x));
    v_cut(t, in, dst);
}

/* ((a - b) ^ mask) - mask with mask = b > a */
static void abd64(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), b = ra_use_vec(t, in->b);
    int x = v_temp(t), y = v_temp(t), dst;

    greater64(t, in->op == IR_VABDS, x, y, b, a);
    dst = v_def(t, i, in, a, REG_BIT(b) & ~REG_BIT(a));
    v_op2(t, P(fb), dst, a, rm_reg(b));
    v_op2(t, V_PXOR, dst, dst, rm_reg(x));
    v_op2(t, P(fb), dst, dst, rm_reg(x));
    v_cut(t, in, dst);
}

/* max - min */
void emit_vabd(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in);
    int a, b, tmp, dst;

    if (log2 == 3) {
        abd64(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec(t, in->b);
    tmp = v_temp(t);
    v_op2(t, v_family[x64_row(t)->extra][log2], tmp, a, rm_reg(b));
    dst = v_def(t, i, in, a, REG_BIT(b) & ~REG_BIT(a));
    v_op2(t, v_family[x64_row(t)->code][log2], dst, a, rm_reg(b));
    v_op2(t, v_family[VF_SUB][log2], dst, dst, rm_reg(tmp));
    v_cut(t, in, dst);
}

/* Set bits of bytes: a table of nibbles. */
void emit_vcnt(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint64_t lo = UINT64_C(0x0302020102010100);
    static const uint64_t hi = UINT64_C(0x0403030203020201);
    uint64_t nibble = v_splat(0, 15);
    int a = ra_use_vec(t, in->a), x = v_temp(t), y = v_temp(t), dst;

    v_shift(t, V_SHIFT, V_SRL, x, a, 4);
    v_op2_const(t, V_PAND, x, x, nibble, nibble);
    v_const(t, y, lo, hi);
    v_op2(t, V_PSHUFB, y, y, rm_reg(x));
    v_op2_const(t, V_PAND, x, a, nibble, nibble);
    dst = v_def(t, i, in, NO_REG, 0);
    v_const(t, dst, lo, hi);
    v_op2(t, V_PSHUFB, dst, dst, rm_reg(x));
    v_op2(t, V_PADDB, dst, dst, rm_reg(y));
    v_cut(t, in, dst);
}

/* Leading zeros of bytes by a table of nibbles; of wider elements out of
 * those of their halves: the lower counts where the upper is all zeros. */
void emit_vclz(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint64_t lo = UINT64_C(0x0101010102020304);
    uint64_t nibble = v_splat(0, 15), four = v_splat(0, 4);
    int a = ra_use_vec(t, in->a), x = v_temp(t), y = v_temp(t);
    int z = v_temp(t), dst;

    v_shift(t, V_SHIFT, V_SRL, x, a, 4);
    v_op2_const(t, V_PAND, x, x, nibble, nibble);
    v_const(t, y, lo, 0);
    v_op2(t, V_PSHUFB, y, y, rm_reg(x));
    v_op2_const(t, V_PAND, x, a, nibble, nibble);
    v_const(t, z, lo, 0);
    v_op2(t, V_PSHUFB, z, z, rm_reg(x));
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, 0);
    v_op2_const(t, V_PCMPEQB, x, y, four, four);
    v_op2(t, V_PAND, z, z, rm_reg(x));
    v_op2(t, V_PADDB, y, y, rm_reg(z));
    for (unsigned log2 = 0; log2 < v_log2(in); log2++) {
        unsigned bits = 8u << log2;
        uint64_t all = v_splat(log2 + 1, bits);
        uint64_t low = v_splat(log2 + 1, mask64((int)bits));

        v_shift(t, V_SHIFT + log2, V_SRL, x, y, bits);
        v_op2_const(t, V_PAND, y, y, low, low);
        v_op2_const(t, v_family[VF_CMPEQ][log2 + 1], z, x, all, all);
        v_op2(t, V_PAND, y, y, rm_reg(z));
        v_op2(t, v_family[VF_ADD][log2 + 1], y, y, rm_reg(x));
    }
    x_movdqa(t, dst, rm_reg(y));
    v_cut(t, in, dst);
}

void emit_vpmul(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct x64_rm b;
    int a, dst;

    if (in->type != IR_I64 || !t->host.pclmul) {
        emit_vec_call(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec_rm(t, in->b);
    dst = v_def(t, i, in, a, v_bit(b) & ~REG_BIT(a));
    v_op2_imm(t, V_PCLMULQDQ, dst, a, b, 0);
}

/* FABS, FNEG: the sign bit. */
void emit_fsign(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in);
    uint64_t sign = v_splat(log2, BIT((8 << log2) - 1));
    bool negate = in->op == IR_FNEG;
    int a = ra_use_vec(t, in->a), dst;

    dst = v_def(t, i, in, a, 0);
    v_op2_const(t, negate ? V_PXOR : V_PAND, dst, a, negate ? sign : ~sign,
                negate ? sign : ~sign);
    v_cut(t, in, dst);
}

/* -- AES --------------------------------------------------------------- */

/* Arm adds the key first, the host last: exclusive or, then a last round
 * with key 0. */
void emit_aes_round(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in)
{
    int a, zero, dst;
    struct x64_rm b;

    if (!t->host.aes) {
        emit_vec_call(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec_rm(t, in->b);
    zero = v_temp(t);
    v_const(t, zero, 0, 0);
    dst = v_def(t, i, in, a, v_bit(b) & ~REG_BIT(a));
    v_op2(t, V_PXOR, dst, a, b);
    v_op2(t, x64_row(t)->code, dst, dst, rm_reg(zero));
}

/* MixColumns alone: undo the last round, do a full one. */
void emit_aes_mix(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    int a, zero, dst;

    if (!t->host.aes) {
        emit_vec_call(t, i, in);
        return;
    }
    a = ra_use_vec(t, in->a);
    zero = v_temp(t);
    dst = v_def(t, i, in, a, 0);
    if (in->op == IR_AESIMC) {
        v_op1(t, V_AESIMC, dst, rm_reg(a));
        return;
    }
    v_const(t, zero, 0, 0);
    v_op2(t, V_AESDECLAST, dst, a, rm_reg(zero));
    v_op2(t, V_AESENC, dst, dst, rm_reg(zero));
}
