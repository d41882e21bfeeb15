/*
 * A64 Advanced SIMD on integers of two widths: "three different", narrowing
 * and widening moves, widening by element (Arm ARM C4.1).
 *
 * o->esz is the narrow size.  Long results take all of d; narrow ones its
 * lower half, zeroing the rest, or with Q its upper half (the "2" forms).
 */
#include "cpu/arm/translate_simd.h"

static ir_ref wide2(const struct simd *o, enum ir_opcode op, ir_ref a,
                    ir_ref b)
{
    return ir_vec(o->s->u, op, simd_int(o->esz + 1),
                  o->shape == IR_S ? IR_S : IR_Q, 0, a, b, IR_NONE, 0);
}

static ir_ref wide1(const struct simd *o, enum ir_opcode op, ir_ref a,
                    unsigned imm)
{
    return ir_vec(o->s->u, op, simd_int(o->esz + 1),
                  o->shape == IR_S ? IR_S : IR_Q, 0, a, IR_NONE, IR_NONE,
                  imm);
}

static bool is_second(const struct simd *o)
{
    return o->shape == IR_Q;
}

/* The half of v that the instruction reads, widened by `op`. */
static ir_ref widen(const struct simd *o, enum ir_opcode op, ir_ref v)
{
    return ir_vec(o->s->u, op, simd_int(o->esz), IR_Q, 0, v, IR_NONE, IR_NONE,
                  is_second(o));
}

/* Set d to the low 64 bits of v. */
static void set_narrow(const struct simd *o, ir_ref v)
{
    if (is_second(o)) {
        v = ir_vec(o->s->u, IR_VCONCAT, IR_I64, IR_Q, 0, simd_d(o), v,
                   IR_NONE, 0);
    }
    simd_set(o, v);
}

/* -- long ---------------------------------------------------------------- */

/* d = widen(n) op widen(m), or d accumulate that. */
static void long_op(const struct simd *o, enum ir_opcode widening,
                    enum ir_opcode op, enum ir_opcode accumulate, ir_ref m)
{
    ir_ref n = widen(o, widening, simd_n(o));
    ir_ref r = wide2(o, op, n, widen(o, widening, m));

    simd_set(o, accumulate ? wide2(o, accumulate, simd_d(o), r) : r);
}

/* d = n op widen(m). */
static void wide_op(const struct simd *o, enum ir_opcode widening,
                    enum ir_opcode op)
{
    simd_set(o, wide2(o, op, simd_n(o), widen(o, widening, simd_m(o))));
}

/* Twice the product, saturated; then accumulated with saturation.  Doubling
 * saturates only for the square of the least number. */
static void double_mul_long(const struct simd *o, enum ir_opcode accumulate,
                            ir_ref m)
{
    /* A scalar is the lowest element of the lower half. */
    ir_ref n = widen(o, IR_VWIDENS, simd_n(o));
    ir_ref p = wide2(o, IR_VMUL, n, widen(o, IR_VWIDENS, m));

    p = wide2(o, IR_VADDSATS, p, p);
    simd_set(o, accumulate ? wide2(o, accumulate, simd_d(o), p) : p);
}

static void multiply_carryless(const struct simd *o)
{
    ir_ref n = simd_half(o, simd_n(o), is_second(o));
    ir_ref m = simd_half(o, simd_m(o), is_second(o));

    simd_set(o, o->esz == 3
                    ? ir_vec(o->s->u, IR_VPMUL, IR_I64, IR_Q, 0, n, m,
                             IR_NONE, 0)
                    : simd_call(o, &a64_helper_pmull_bytes, n, m, IR_NONE,
                                0));
}

/* The element multiplies in a register of its own size. */
#define V_ELEMENT simd_dup(&V_RRR, a->esz, a64_v(s, a->rm), a->index)
#define S_ELEMENT simd_dup(&S_RRR, a->esz, a64_v(s, a->rm), a->index)

/* Signed and unsigned: rows SNAME_v and UNAME_v. */
#define LONG(name, op, accumulate)                                        \
    TRANS(S##name##_v, v_rrr,                                             \
          long_op(&V_RRR, IR_VWIDENS, op, accumulate, a64_v(s, a->rm)))   \
    TRANS(U##name##_v, v_rrr,                                             \
          long_op(&V_RRR, IR_VWIDENU, op##_FOR_U, accumulate,             \
                  a64_v(s, a->rm)))
#define IR_VADD_FOR_U IR_VADD
#define IR_VSUB_FOR_U IR_VSUB
#define IR_VMUL_FOR_U IR_VMUL
#define IR_VABDS_FOR_U IR_VABDU
#define NONE ((enum ir_opcode)0)

LONG(ADDL, IR_VADD, NONE)
LONG(SUBL, IR_VSUB, NONE)
LONG(ABDL, IR_VABDS, NONE)
LONG(ABAL, IR_VABDS, IR_VADD)
LONG(MULL, IR_VMUL, NONE)
LONG(MLAL, IR_VMUL, IR_VADD)
LONG(MLSL, IR_VMUL, IR_VSUB)
TRANS(SADDW_v, v_rrr, wide_op(&V_RRR, IR_VWIDENS, IR_VADD))
TRANS(UADDW_v, v_rrr, wide_op(&V_RRR, IR_VWIDENU, IR_VADD))
TRANS(SSUBW_v, v_rrr, wide_op(&V_RRR, IR_VWIDENS, IR_VSUB))
TRANS(USUBW_v, v_rrr, wide_op(&V_RRR, IR_VWIDENU, IR_VSUB))
TRANS(PMULL_v, v_rrr, multiply_carryless(&V_RRR))

#define LONG_ELEMENT(row, widening, accumulate)                           \
    TRANS(row##_ve, v_rre,                                                \
          long_op(&V_RRR, widening, IR_VMUL, accumulate, V_ELEMENT))

LONG_ELEMENT(SMULL, IR_VWIDENS, NONE)
LONG_ELEMENT(UMULL, IR_VWIDENU, NONE)
LONG_ELEMENT(SMLAL, IR_VWIDENS, IR_VADD)
LONG_ELEMENT(UMLAL, IR_VWIDENU, IR_VADD)
LONG_ELEMENT(SMLSL, IR_VWIDENS, IR_VSUB)
LONG_ELEMENT(UMLSL, IR_VWIDENU, IR_VSUB)

#define DOUBLE_LONG(row, accumulate)                                      \
    TRANS(row##_v, v_rrr,                                                 \
          double_mul_long(&V_RRR, accumulate, a64_v(s, a->rm)))           \
    TRANS(row##_ss, s_rrr,                                                \
          double_mul_long(&S_RRR, accumulate, a64_v(s, a->rm)))           \
    TRANS(row##_ve, v_rre, double_mul_long(&V_RRR, accumulate, V_ELEMENT)) \
    TRANS(row##_se, s_rre, double_mul_long(&S_RRR, accumulate, S_ELEMENT))

DOUBLE_LONG(SQDMULL, NONE)
DOUBLE_LONG(SQDMLAL, IR_VADDSATS)
DOUBLE_LONG(SQDMLSL, IR_VSUBSATS)

/* n shifted left by a constant after widening. */
static void shift_left_long(const struct simd *o, enum ir_opcode widening,
                            unsigned by)
{
    ir_ref r = widen(o, widening, simd_n(o));

    simd_set(o, by ? wide1(o, IR_VSHL, r, by) : r);
}

TRANS(SHLL_v, v_rr,
      shift_left_long(&V_RR, IR_VWIDENU, simd_bits((unsigned)a->esz)))
TRANS(SSHLL_vi, v_rri, shift_left_long(&V_RR, IR_VWIDENS, a->imm))
TRANS(USHLL_vi, v_rri, shift_left_long(&V_RR, IR_VWIDENU, a->imm))

/* -- narrow -------------------------------------------------------------- */

/* v >> by, rounded, into the narrow elements of d. */
static void shift_narrow(const struct simd *o, ir_ref v, unsigned by,
                         bool round)
{
    if (round) {
        ir_ref half = ir_vconst(o->s->u, IR_Q,
                                simd_replicate(o->esz + 1,
                                               UINT64_C(1) << (by - 1)));
        v = wide2(o, IR_VADD, v, half);
    }
    if (by) {
        v = wide1(o, IR_VSHRU, v, by);
    }
    set_narrow(o, ir_vec(o->s->u, IR_VNARROW, simd_int(o->esz), IR_D, 0, v,
                         IR_NONE, IR_NONE, 0));
}

/* The high halves of n op m. */
static void high_narrow(const struct simd *o, enum ir_opcode op, bool round)
{
    shift_narrow(o, wide2(o, op, simd_n(o), simd_m(o)), simd_bits(o->esz),
                 round);
}

static void saturating_narrow(const struct simd *o, unsigned how,
                              unsigned by)
{
    set_narrow(o, simd_call(o, &a64_helper_shift_narrow, simd_n(o), IR_NONE,
                            IR_NONE, how | by << 4));
}

/* Right shift amount of an immediate. */
#define RIGHT (simd_bits((unsigned)a->esz) - (unsigned)a->imm)
#define U (SIMD_UNSIGNED | SIMD_SOURCE_U)

TRANS(ADDHN_v, v_rrr, high_narrow(&V_RRR, IR_VADD, false))
TRANS(RADDHN_v, v_rrr, high_narrow(&V_RRR, IR_VADD, true))
TRANS(SUBHN_v, v_rrr, high_narrow(&V_RRR, IR_VSUB, false))
TRANS(RSUBHN_v, v_rrr, high_narrow(&V_RRR, IR_VSUB, true))
TRANS(XTN_v, v_rr, shift_narrow(&V_RR, a64_v(s, a->rn), 0, false))
TRANS(SHRN_vi, v_rri, shift_narrow(&V_RR, a64_v(s, a->rn), RIGHT, false))
TRANS(RSHRN_vi, v_rri, shift_narrow(&V_RR, a64_v(s, a->rn), RIGHT, true))

#define SATURATING(row, how)                                              \
    TRANS(row##_v, v_rr, saturating_narrow(&V_RR, how, 0))                \
    TRANS(row##_ss, s_rr, saturating_narrow(&S_RR, how, 0))
#define SATURATING_SHIFT(row, how)                                        \
    TRANS(row##_vi, v_rri, saturating_narrow(&V_RR, how, RIGHT))          \
    TRANS(row##_si, s_rri, saturating_narrow(&S_RR, how, RIGHT))

SATURATING(SQXTN, 0)
SATURATING(UQXTN, U)
SATURATING(SQXTUN, SIMD_UNSIGNED)
SATURATING_SHIFT(SQSHRN, 0)
SATURATING_SHIFT(UQSHRN, U)
SATURATING_SHIFT(SQSHRUN, SIMD_UNSIGNED)
SATURATING_SHIFT(SQRSHRN, SIMD_ROUND)
SATURATING_SHIFT(UQRSHRN, SIMD_ROUND | U)
SATURATING_SHIFT(SQRSHRUN, SIMD_ROUND | SIMD_UNSIGNED)
