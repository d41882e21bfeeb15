/*
 * A64 Advanced SIMD "shift by immediate" (operands of one width) and
 * "modified immediate", with the scalar forms (Arm ARM C4.1).
 */
#include "cpu/arm/translate_simd.h"

#include "util/bits.h"

/* -- shifts -------------------------------------------------------------- */

/* Amounts: a left shift is imm; a right shift, or a number of fraction
 * bits, counts down from the width. */
#define LEFT ((unsigned)a->imm)
#define RIGHT (simd_bits((unsigned)a->esz) - (unsigned)a->imm)

static ir_ref shift(const struct simd *o, enum ir_opcode op, ir_ref v,
                    unsigned by)
{
    return by ? simd_op1(o, op, simd_int(o->esz), v, by) : v;
}

static void set_or_add(const struct simd *o, bool accumulate, ir_ref r)
{
    simd_set(o, accumulate ? simd_op2(o, IR_VADD, simd_int(o->esz),
                                      simd_d(o), r, 0)
                           : r);
}

static void shift_right(const struct simd *o, enum ir_opcode op,
                        bool accumulate, unsigned by)
{
    set_or_add(o, accumulate, shift(o, op, simd_n(o), by));
}

/* Rounding adds the last bit shifted out. */
static void shift_rounded(const struct simd *o, enum ir_opcode op,
                          bool accumulate, unsigned by)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref n = simd_n(o), last = shift(o, IR_VSHRU, n, by - 1);

    last = simd_op2(o, IR_VAND, t, last, simd_const(o, o->esz, 1), 0);
    set_or_add(o, accumulate,
               simd_op2(o, IR_VADD, t, shift(o, op, n, by), last, 0));
}

static void shift_left(const struct simd *o, unsigned by)
{
    ir_ref v = simd_n(o);

    /* A shift by zero still clears what lies above the shape. */
    simd_set(o, by ? shift(o, IR_VSHL, v, by)
                   : simd_op2(o, IR_VOR, simd_int(o->esz), v, v, 0));
}

/* The bits of d that the shift did not reach stay. */
static void shift_insert(const struct simd *o, enum ir_opcode op,
                         unsigned by)
{
    unsigned bits = simd_bits(o->esz);
    uint64_t ones = mask64((int)bits);
    uint64_t mask = op == IR_VSHL ? ones << by & ones
                                  : mask64((int)(bits - by));

    simd_set(o, ir_vec(o->s->u, IR_VSEL, simd_int(o->esz), o->shape, 0,
                       simd_const(o, o->esz, mask),
                       shift(o, op, simd_n(o), by), simd_d(o), 0));
}

static void shift_saturated(const struct simd *o, unsigned how, unsigned by)
{
    simd_set(o, simd_call(o, &a64_helper_shift, simd_n(o),
                          simd_const(o, o->esz, by), IR_NONE,
                          how | SIMD_SATURATE));
}

#define VS(row, function, ...)                                            \
    TRANS(row##_vi, v_rri, function(&V_RR, __VA_ARGS__))                  \
    TRANS(row##_si, s_rri, function(&S_RR, __VA_ARGS__))

VS(SSHR, shift_right, IR_VSHRS, false, RIGHT)
VS(USHR, shift_right, IR_VSHRU, false, RIGHT)
VS(SSRA, shift_right, IR_VSHRS, true, RIGHT)
VS(USRA, shift_right, IR_VSHRU, true, RIGHT)
VS(SRSHR, shift_rounded, IR_VSHRS, false, RIGHT)
VS(URSHR, shift_rounded, IR_VSHRU, false, RIGHT)
VS(SRSRA, shift_rounded, IR_VSHRS, true, RIGHT)
VS(URSRA, shift_rounded, IR_VSHRU, true, RIGHT)
VS(SHL, shift_left, LEFT)
VS(SRI, shift_insert, IR_VSHRU, RIGHT)
VS(SLI, shift_insert, IR_VSHL, LEFT)
VS(SQSHL, shift_saturated, 0, LEFT)
VS(UQSHL, shift_saturated, SIMD_UNSIGNED | SIMD_SOURCE_U, LEFT)
VS(SQSHLU, shift_saturated, SIMD_UNSIGNED, LEFT)

/* -- modified immediate -------------------------------------------------- */

/* AdvSIMDExpandImm() but for floating point (cmode 15). */
static uint64_t expand(bool op, unsigned cmode, uint64_t imm8)
{
    uint64_t v = 0;

    switch (cmode >> 1) {
    case 0:
    case 1:
    case 2:
    case 3:
        return simd_replicate(2, imm8 << (8 * (cmode >> 1)));
    case 4:
    case 5:
        return simd_replicate(1, imm8 << (8 * (cmode >> 1 & 1)));
    case 6:
        return simd_replicate(2, cmode & 1 ? imm8 << 16 | 0xffff
                                           : imm8 << 8 | 0xff);
    default:
        if (!op) {
            return simd_replicate(0, imm8);
        }
        for (int n = 0; n < 8; n++) {
            v |= (imm8 >> n & 1 ? UINT64_C(0xff) : 0) << (8 * n);
        }
        return v;
    }
}

#define EXPANDED expand(a->op, (unsigned)a->cmode, (uint64_t)a->imm)

static void set_const(struct a64_ctx *s, bool q, unsigned rd, uint64_t v)
{
    a64_set_v(s, rd, ir_vconst(s->u, SHAPE(q), v));
}

static void modify(struct a64_ctx *s, enum ir_opcode op, bool q, unsigned rd,
                   uint64_t v)
{
    a64_set_v(s, rd, ir_vec(s->u, op, IR_I64, SHAPE(q), 0, a64_v(s, rd),
                            ir_vconst(s->u, SHAPE(q), v), IR_NONE, 0));
}

static void set_fp_const(struct a64_ctx *s, const struct a64_arg_v_fmov *a)
{
    unsigned esz = (unsigned)a->esz;
    uint64_t v = a64_fp_immediate(esz, (unsigned)a->imm);

    set_const(s, a->q, (unsigned)a->rd, simd_replicate(esz, v));
}

TRANS(MOVI, v_modimm, set_const(s, a->q, a->rd, EXPANDED))
TRANS(MVNI, v_modimm, set_const(s, a->q, a->rd, ~EXPANDED))
TRANS(ORR_vi, v_modimm, modify(s, IR_VOR, a->q, a->rd, EXPANDED))
TRANS(BIC_vi, v_modimm, modify(s, IR_VANDN, a->q, a->rd, EXPANDED))
TRANS(FMOV_vi, v_fmov, set_fp_const(s, a))
