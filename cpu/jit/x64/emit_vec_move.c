/*
 * Vector ops that move elements: widths, pairs, permutations.  A byte
 * shuffle with a constant is the general tool; its mask (bytes with bit 7
 * set give 0) also does the zeroing of a D shape.
 */
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/vec.h"

/* A byte shuffle's mask, filled element by element. */
union mask {
    uint64_t d[2];
    uint8_t b[16];
};

#define MASK_ZERO { { UINT64_C(0x8080808080808080), \
                      UINT64_C(0x8080808080808080) } }

static void put(union mask *m, unsigned log2, unsigned dst, unsigned src)
{
    for (unsigned k = 0; k < 1u << log2; k++) {
        m->b[(dst << log2) + k] = (src << log2) + k;
    }
}

static unsigned shape_bytes(const struct ir_insn *in)
{
    return v_shape(in) == IR_Q ? 16 : 8;
}

static unsigned count(const struct ir_insn *in)
{
    return v_shape(in) == IR_S ? 1 : shape_bytes(in) >> v_log2(in);
}

static void shuffle(struct backend_thread *t, int dst, int a,
                    const union mask *m)
{
    v_op2_const(t, V_PSHUFB, dst, a, m->d[0], m->d[1]);
}

static void emit_shuffle(struct backend_thread *t, ir_ref i,
                         const struct ir_insn *in, const union mask *m)
{
    int a = ra_use_vec(t, in->a), dst = v_def(t, i, in, a, 0);

    shuffle(t, dst, a, m);
}

/* x := a's low half below b's low half. */
static int low_halves(struct backend_thread *t, const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), tmp = v_temp(t);

    v_op2(t, V_PUNPCKLQDQ, tmp, a, ra_use_vec_rm(t, in->b));
    return tmp;
}

/* -- one operand ------------------------------------------------------- */

void emit_vrev(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    union mask m = MASK_ZERO;
    unsigned group = in->imm / (8u << v_log2(in));

    for (unsigned n = 0; n < count(in); n++) {
        put(&m, v_log2(in), n, n ^ (group - 1));
    }
    emit_shuffle(t, i, in, &m);
}

/* 32-bit or 64-bit element n of a as a scalar. */
static void take_element(struct backend_thread *t, unsigned log2, int dst,
                         int a, unsigned n)
{
    if (log2 == 2) {
        v_op2_imm(t, V_INSERTPS, dst, a, rm_reg(a), n << 6 | 0xe);
    } else if (n) {
        v_shift(t, V_SHIFT_BYTES, V_SRLDQ, dst, a, 8);
    } else {
        v_op1(t, V_MOVQ, dst, rm_reg(a));
    }
}

void emit_vdupl(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    bool single = v_shape(in) == IR_S ||
                  (v_shape(in) == IR_D && in->type == IR_I64);
    unsigned log2 = v_log2(in), n = in->imm;
    union mask m = MASK_ZERO;

    if (log2 >= 2 && (single || v_shape(in) == IR_Q)) {
        int a = ra_use_vec(t, in->a), dst;

        ra_release_all(t, in);
        dst = ra_def_vec(t, i, NO_REG, t->host.avx ? 0 : REG_BIT(a));
        if (single) {
            take_element(t, log2, dst, a, n);
        } else {
            v_op1(t, V_PSHUFD, dst, rm_reg(a));
            x_byte(&t->as, log2 == 2 ? n * 0x55 : n ? 0xee : 0x44);
        }
        return;
    }
    for (unsigned n = 0; n < count(in); n++) {
        put(&m, v_log2(in), n, in->imm);
    }
    emit_shuffle(t, i, in, &m);
}

void emit_vnarrow(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    union mask m = MASK_ZERO;

    for (unsigned n = 0; n < 8u >> v_log2(in); n++) {
        put(&m, v_log2(in), n, 2 * n);
    }
    emit_shuffle(t, i, in, &m);
}

/* code: the widening of bytes; the next sizes are 3 and 5 further. */
void emit_vwiden(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint8_t step[3] = { 0, 3, 5 };
    unsigned op = x64_row(t)->code + step[v_log2(in)];
    int a, tmp, dst;

    if (!in->imm) {
        struct x64_rm m = ra_use_vec_rm(t, in->a);

        dst = v_def(t, i, in, NO_REG, 0);
        v_op1(t, op, dst, m);
        return;
    }
    a = ra_use_vec(t, in->a);
    tmp = v_temp(t);
    v_op1(t, V_PSHUFD, tmp, rm_reg(a));
    x_byte(&t->as, 0xee);
    dst = v_def(t, i, in, NO_REG, 0);
    v_op1(t, op, dst, rm_reg(tmp));
}

/* -- sums -------------------------------------------------------------- */

/* Neighbours: phadd for 16 and 32 bits, packing for 8, unpacking for 64. */
static void add_pairs(struct backend_thread *t, unsigned log2, int dst,
                      int a, int b, int tmp)
{
    uint64_t low = v_splat(1, 0xff);

    switch (log2) {
    case 0:
        v_shift(t, V_SHIFT, V_SRL, tmp, b, 8);
        v_op2(t, V_PADDB, tmp, tmp, rm_reg(b));
        v_op2_const(t, V_PAND, tmp, tmp, low, low);
        v_shift(t, V_SHIFT, V_SRL, dst, a, 8);
        v_op2(t, V_PADDB, dst, dst, rm_reg(a));
        v_op2_const(t, V_PAND, dst, dst, low, low);
        v_op2(t, V_PACKUSWB, dst, dst, rm_reg(tmp));
        break;
    case 3:
        v_op2(t, V_PUNPCKHQDQ, tmp, a, rm_reg(b));
        v_op2(t, V_PUNPCKLQDQ, dst, a, rm_reg(b));
        v_op2(t, V_PADDQ, dst, dst, rm_reg(tmp));
        break;
    default:
        v_op2(t, log2 == 1 ? V_PHADDW : V_PHADDD, dst, a, rm_reg(b));
    }
}

void emit_vaddp(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int a, b, tmp = v_temp(t), dst;

    if (v_shape(in) == IR_Q) {
        a = ra_use_vec(t, in->a);
        b = ra_use_vec(t, in->b);
    } else {
        a = b = low_halves(t, in);
    }
    ra_release_all(t, in);
    /* a is read after dst is written. */
    dst = ra_def_vec(t, i, NO_REG, REG_BIT(a) | REG_BIT(b));
    add_pairs(t, v_log2(in), dst, a, b, tmp);
    v_cut(t, in, dst);
}

void emit_vaddlp(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    bool is_signed = in->op == IR_VADDLPS;
    unsigned log2 = v_log2(in), bits = 8u << log2;
    uint64_t one = v_splat(log2, 1), low = v_splat(log2 + 1, mask64(bits));
    int a = ra_use_vec(t, in->a), tmp = v_temp(t), dst;

    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, REG_BIT(a));
    if (is_signed && log2 == 2) {
        /* The host multiplies, signed, the even elements. */
        v_shift(t, V_SHIFT + 2, V_SRL, tmp, a, 32);
        v_op2_const(t, V_PMULDQ, tmp, tmp, one, one);
        v_op2_const(t, V_PMULDQ, dst, a, one, one);
        v_op2(t, V_PADDQ, dst, dst, rm_reg(tmp));
    } else if (log2 == 0 && is_signed) {
        v_const(t, dst, one, one);
        v_op2(t, V_PMADDUBSW, dst, dst, rm_reg(a));
    } else if (log2 == 0 || is_signed) {
        v_op2_const(t, log2 ? V_PMADDWD : V_PMADDUBSW, dst, a, one, one);
    } else {
        v_shift(t, V_SHIFT + log2, V_SRL, tmp, a, bits);
        v_op2_const(t, V_PAND, dst, a, low, low);
        v_op2(t, log2 == 1 ? V_PADDD : V_PADDQ, dst, dst, rm_reg(tmp));
    }
    v_cut(t, in, dst);
}

/* Fold halves onto each other until one element is left. */
void emit_vaddv(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in), bytes = shape_bytes(in);
    uint64_t mask = mask64(8 << log2);
    int a = ra_use_vec(t, in->a), tmp = v_temp(t), dst;

    ra_release_all(t, in);
    dst = ra_def_vec(t, i, a, 0);
    x_movdqa(t, dst, rm_reg(a));
    if (log2 == 0) {
        /* Sums of eight bytes, then as 64-bit elements. */
        v_const(t, tmp, 0, 0);
        v_op2(t, V_PSADBW, dst, dst, rm_reg(tmp));
        log2 = 3;
    }
    while (bytes > 1u << log2) {
        bytes /= 2;
        v_shift(t, V_SHIFT_BYTES, V_SRLDQ, tmp, dst, bytes);
        v_op2(t, v_family[VF_ADD][log2], dst, dst, rm_reg(tmp));
    }
    v_op2_const(t, V_PAND, dst, dst, mask, 0);
}

/* -- elements and general registers ------------------------------------ */

void emit_vdup(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint32_t broadcast[4] = {
        V_PBROADCASTB, V_PBROADCASTW, V_PBROADCASTD, V_PBROADCASTQ,
    };
    unsigned log2 = v_log2(in);
    int a = ra_use(t, in->a, log2 == 3), dst;
    union mask m = MASK_ZERO;

    ra_release_all(t, in);
    dst = ra_def_vec(t, i, NO_REG, 0);
    v_op1(t, V_MOVD | (log2 == 3 ? X_W : 0), dst, rm_reg(a));
    if (v_shape(in) == IR_S && log2 >= 2) {
        return;
    }
    if (t->host.avx2) {
        v_op1(t, broadcast[log2], dst, rm_reg(dst));
        v_cut(t, in, dst);
        return;
    }
    for (unsigned n = 0; n < count(in); n++) {
        put(&m, log2, n, 0);
    }
    shuffle(t, dst, dst, &m);
}

static const uint32_t pinsr[4] = {
    V_PINSRB, V_PINSRW, V_PINSRD, V_PINSRD | X_W,
};

void emit_vins(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in);
    int b = ra_use(t, in->b, log2 == 3), a = ra_use_vec(t, in->a), dst;

    dst = v_def(t, i, in, a, 0);
    v_op2_imm(t, pinsr[log2], dst, a, rm_reg(b), in->imm);
}

void emit_vinsl(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in), to = in->imm & 15, from = in->imm >> 4;
    int a = ra_use_vec(t, in->a), b = ra_use_vec(t, in->b), tmp = 0, dst;

    if (log2 < 2) {
        tmp = ra_temp(t, GPR_SCRATCH, 0);
        v_op1(t, log2 ? V_PEXTRW : V_PEXTRB, b, rm_reg(tmp));
        x_byte(&t->as, from);
    }
    ra_release_all(t, in);
    dst = ra_def_vec(t, i, a, REG_BIT(b) & ~REG_BIT(a));
    if (log2 < 2) {
        v_op2_imm(t, pinsr[log2], dst, a, rm_reg(tmp), to);
    } else if (log2 == 2) {
        v_op2_imm(t, V_INSERTPS, dst, a, rm_reg(b), from << 6 | to << 4);
    } else if (to == 1) {
        v_op2_imm(t, V_SHUFPD, dst, a, rm_reg(b), from << 1);
    } else {
        /* b's element below a's upper half. */
        tmp = v_temp(t);
        v_op2_imm(t, V_SHUFPD, tmp, b, rm_reg(a), from | 2);
        x_movdqa(t, dst, rm_reg(tmp));
    }
}

void emit_vgetl(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint32_t pextr[4] = {
        V_PEXTRB, V_PEXTRW, V_PEXTRD, V_PEXTRD | X_W,
    };
    static const uint32_t sign[3] = { X_MOVSX8, X_MOVSX16, X_MOVSXD };
    unsigned log2 = v_log2(in), extra = v_extra(in);
    int a = ra_use_vec(t, in->a), dst;

    ra_release_all(t, in);
    dst = ra_def(t, i, NO_REG, 0);
    if (in->imm == 0 && log2 >= 2) {
        v_op1(t, V_MOVD_STORE | (log2 == 3 ? X_W : 0), a, rm_reg(dst));
    } else {
        v_op1(t, pextr[log2], a, rm_reg(dst));
        x_byte(&t->as, in->imm);
    }
    if ((extra == 1 && log2 < 2) || (extra == 2 && log2 < 3)) {
        x_op(&t->as, sign[log2] | (extra == 2 ? X_W : 0), dst, rm_reg(dst));
    }
}

/* -- two operands ------------------------------------------------------ */

void emit_vconcat(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    int a = ra_use_vec(t, in->a), dst;
    struct x64_rm b = ra_use_vec_rm(t, in->b);

    dst = v_def(t, i, in, a, v_bit(b) & ~REG_BIT(a));
    v_op2(t, V_PUNPCKLQDQ, dst, a, b);
}

void emit_vext(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int b, dst, tmp;
    struct x64_rm a;

    if (v_shape(in) == IR_D) {
        tmp = low_halves(t, in);
        dst = v_def(t, i, in, NO_REG, 0);
        v_shift(t, V_SHIFT_BYTES, V_SRLDQ, dst, tmp, in->imm);
        v_cut(t, in, dst);
        return;
    }
    b = ra_use_vec(t, in->b);
    a = ra_use_vec_rm(t, in->a);
    dst = v_def(t, i, in, b, v_bit(a) & ~REG_BIT(b));
    v_op2_imm(t, V_PALIGNR, dst, b, a, in->imm);
}

void emit_vzip(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    static const uint32_t low[4] = { P(60), P(61), P(62), V_PUNPCKLQDQ };
    static const uint32_t high[4] = { P(68), P(69), P(6a), V_PUNPCKHQDQ };
    bool quad = v_shape(in) == IR_Q;
    unsigned log2 = v_log2(in);
    int a = ra_use_vec(t, in->a), dst;
    struct x64_rm b = ra_use_vec_rm(t, in->b);

    dst = v_def(t, i, in, a, v_bit(b) & ~REG_BIT(a));
    v_op2(t, quad && in->imm ? high[log2] : low[log2], dst, a, b);
    if (!quad && in->imm) {
        v_shift(t, V_SHIFT_BYTES, V_SRLDQ, dst, dst, 8);
    } else {
        v_cut(t, in, dst);
    }
}

/* Even or odd elements of b:a. */
void emit_vuzp(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in), part = in->imm;
    union mask m = MASK_ZERO;
    int a, b, tmp, dst;

    if (log2 == 3) {
        emit_vzip(t, i, in);
        return;
    }
    for (unsigned n = 0; n < 8u >> log2; n++) {
        put(&m, log2, n, 2 * n + part);
    }
    if (v_shape(in) == IR_D) {
        tmp = low_halves(t, in);
        dst = v_def(t, i, in, NO_REG, 0);
        shuffle(t, dst, tmp, &m);
        return;
    }
    a = ra_use_vec(t, in->a);
    b = ra_use_vec(t, in->b);
    tmp = v_temp(t);
    if (log2 == 2) {
        dst = v_def(t, i, in, a, REG_BIT(b) & ~REG_BIT(a));
        v_op2_imm(t, V_SHUFPS, dst, a, rm_reg(b), part ? 0xdd : 0x88);
        return;
    }
    shuffle(t, tmp, b, &m);
    dst = v_def(t, i, in, a, 0);
    shuffle(t, dst, a, &m);
    v_op2(t, V_PUNPCKLQDQ, dst, dst, rm_reg(tmp));
}

/* Even (odd) elements of a below those of b, pair by pair. */
void emit_vtrn(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned log2 = v_log2(in), bits = 8u << log2, part = in->imm;
    uint64_t keep;
    int a, b, tmp, dst;

    if (log2 == 3) {
        emit_vzip(t, i, in);
        return;
    }
    keep = v_splat(log2 + 1, mask64(bits) << (part ? bits : 0));
    a = ra_use_vec(t, in->a);
    b = ra_use_vec(t, in->b);
    tmp = v_temp(t);
    if (part) {
        v_op2_const(t, V_PAND, tmp, b, keep, keep);
        dst = v_def(t, i, in, a, 0);
        v_shift(t, V_SHIFT + log2, V_SRL, dst, a, bits);
    } else {
        v_shift(t, V_SHIFT + log2, V_SLL, tmp, b, bits);
        dst = v_def(t, i, in, a, 0);
        v_op2_const(t, V_PAND, dst, a, keep, keep);
    }
    v_op2(t, V_POR, dst, dst, rm_reg(tmp));
    v_cut(t, in, dst);
}

/* Indices from 16 up get bit 7 by a saturating addition. */
void emit_vtbl(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    const struct ir_insn *rest = &t->u->insn[in->c];
    bool zero = rest->op == IR_VCONST && rest->imm == 0;
    uint64_t base = v_splat(0, in->imm), high = v_splat(0, 0x70);
    int a = ra_use_vec(t, in->a), b = ra_use_vec(t, in->b), c = 0;
    int index = v_temp(t), outside = v_temp(t), dst;

    if (!zero) {
        c = ra_use_vec(t, in->c);
    }
    if (in->imm) {
        v_op2_const(t, V_PSUBB, index, b, base, base);
        b = index;
    }
    v_op2_const(t, V_PADDUSB, index, b, high, high);
    if (!zero) {
        v_const(t, outside, 0, 0);
        v_op2(t, V_PCMPGTB, outside, outside, rm_reg(index));
        v_op2(t, V_PAND, outside, outside, rm_reg(c));
    }
    dst = v_def(t, i, in, a, 0);
    v_op2(t, V_PSHUFB, dst, a, rm_reg(index));
    if (!zero) {
        v_op2(t, V_POR, dst, dst, rm_reg(outside));
    }
    v_cut(t, in, dst);
}
