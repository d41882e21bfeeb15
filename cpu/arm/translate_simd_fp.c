/*
 * A64 Advanced SIMD floating point: the FP rows of "three same", "two
 * register miscellaneous", "across lanes", "shift by immediate", "by
 * element" and their scalar forms (Arm ARM C4.1).
 */
#include "cpu/arm/translate_simd.h"

/* Rounding as IR_FRINT and IR_FTOI take it. */
enum { ROUND_N, ROUND_P, ROUND_M, ROUND_Z, ROUND_A, ROUND_CURRENT = 7,
       ROUND_EXACT = 8 };

static enum ir_type element(const struct simd *o)
{
    return simd_float(o->esz);
}

/* -- three same ---------------------------------------------------------- */

static void binary(const struct simd *o, enum ir_opcode op, ir_ref m)
{
    simd_set(o, simd_op2(o, op, element(o), simd_n(o), m, 0));
}

static void multiply_add(const struct simd *o, unsigned neg, ir_ref m)
{
    simd_set(o, ir_vec(o->s->u, IR_FMULADD, element(o), o->shape, neg,
                       simd_d(o), simd_n(o), m, 0));
}

static void absolute_difference(const struct simd *o)
{
    ir_ref r = simd_op2(o, IR_FSUB, element(o), simd_n(o), simd_m(o), 0);

    simd_set(o, simd_op1(o, IR_FABS, element(o), r, 0));
}

static void compare_absolute(const struct simd *o, enum ir_opcode op)
{
    ir_ref n = simd_op1(o, IR_FABS, element(o), simd_n(o), 0);
    ir_ref m = simd_op1(o, IR_FABS, element(o), simd_m(o), 0);

    simd_set(o, simd_op2(o, op, element(o), n, m, 0));
}

/* Adjacent elements of n, then of m. */
static void pairwise(const struct simd *o, enum ir_opcode op)
{
    ir_ref n = simd_n(o), m = simd_m(o);
    ir_ref even = simd_op2(o, IR_VUZP, simd_int(o->esz), n, m, 0);
    ir_ref odd = simd_op2(o, IR_VUZP, simd_int(o->esz), n, m, 1);

    simd_set(o, simd_op2(o, op, element(o), even, odd, 0));
}

/* FMLAL, FMLSL: single precision d, half precision n and m. */
static void multiply_add_long(const struct simd *o, unsigned how, ir_ref m)
{
    simd_set(o, simd_call(o, &a64_helper_fmlal, simd_n(o), m, simd_d(o),
                          how));
}

static void complex_op(const struct simd *o, const struct ir_helper *helper,
                       unsigned rotation, ir_ref m)
{
    simd_set(o, simd_call(o, helper, simd_n(o), m, simd_d(o), rotation));
}

#define M a64_v(s, a->rm)
#define V3(row, op) TRANS(row##_v, v_rrr, binary(&V_RRR, op, M))
#define VS3(row, op)                                                      \
    V3(row, op)                                                           \
    TRANS(row##_ss, s_rrr, binary(&S_RRR, op, M))

V3(FADD, IR_FADD)
V3(FSUB, IR_FSUB)
V3(FMUL, IR_FMUL)
V3(FDIV, IR_FDIV)
V3(FMAX, IR_FMAX)
V3(FMIN, IR_FMIN)
V3(FMAXNM, IR_FMAXNM)
V3(FMINNM, IR_FMINNM)
VS3(FMULX, IR_FMULX)
VS3(FRECPS, IR_FRECPS)
VS3(FRSQRTS, IR_FRSQRTS)
VS3(FCMEQ, IR_FCMPEQ)
VS3(FCMGE, IR_FCMPGE)
VS3(FCMGT, IR_FCMPGT)
TRANS(FACGE_v, v_rrr, compare_absolute(&V_RRR, IR_FCMPGE))
TRANS(FACGE_ss, s_rrr, compare_absolute(&S_RRR, IR_FCMPGE))
TRANS(FACGT_v, v_rrr, compare_absolute(&V_RRR, IR_FCMPGT))
TRANS(FACGT_ss, s_rrr, compare_absolute(&S_RRR, IR_FCMPGT))
TRANS(FABD_v, v_rrr, absolute_difference(&V_RRR))
TRANS(FABD_ss, s_rrr, absolute_difference(&S_RRR))
TRANS(FMLA_v, v_rrr, multiply_add(&V_RRR, 0, M))
TRANS(FMLS_v, v_rrr, multiply_add(&V_RRR, IR_NEG_PRODUCT, M))
TRANS(FADDP_v, v_rrr, pairwise(&V_RRR, IR_FADD))
TRANS(FMAXP_v, v_rrr, pairwise(&V_RRR, IR_FMAX))
TRANS(FMINP_v, v_rrr, pairwise(&V_RRR, IR_FMIN))
TRANS(FMAXNMP_v, v_rrr, pairwise(&V_RRR, IR_FMAXNM))
TRANS(FMINNMP_v, v_rrr, pairwise(&V_RRR, IR_FMINNM))

#define FML(row, how)                                                     \
    TRANS(row##_v, v_rrr, multiply_add_long(&V_RRR, how, M))              \
    TRANS(row##_ve, v_rre,                                                \
          multiply_add_long(&V_RRR, (how) | SIMD_FML_INDEXED, V_ELEMENT))
#define V_ELEMENT simd_dup(&V_RRR, a->esz, M, a->index)
#define S_ELEMENT simd_dup(&S_RRR, a->esz, M, a->index)

FML(FMLAL, 0)
FML(FMLSL, SIMD_FML_SUB)
FML(FMLAL2, SIMD_FML_HIGH)
FML(FMLSL2, SIMD_FML_HIGH | SIMD_FML_SUB)

/* FCADD's one bit is 90 or 270 degrees; an element of FCMLA is a pair. */
TRANS(FCADD_v, v_rrr_rot,
      complex_op(&V_RRR, &a64_helper_fcadd, a->rot ? 3 : 1, M))
TRANS(FCMLA_v, v_rrr_rot,
      complex_op(&V_RRR, &a64_helper_fcmla, a->rot, M))
TRANS(FCMLA_ve, v_rre_rot,
      complex_op(&V_RRR, &a64_helper_fcmla, a->rot,
                 simd_dup(&V_RRR, a->esz + 1, M, a->index)))

#define VS_ELEMENT(row, function, arg)                                    \
    TRANS(row##_ve, v_rre, function(&V_RRR, arg, V_ELEMENT))              \
    TRANS(row##_se, s_rre, function(&S_RRR, arg, S_ELEMENT))

VS_ELEMENT(FMUL, binary, IR_FMUL)
VS_ELEMENT(FMULX, binary, IR_FMULX)
VS_ELEMENT(FMLA, multiply_add, 0)
VS_ELEMENT(FMLS, multiply_add, IR_NEG_PRODUCT)

/* -- two-register miscellaneous, fixed point ----------------------------- */

static void unary(const struct simd *o, enum ir_opcode op, unsigned imm)
{
    simd_set(o, simd_op1(o, op, element(o), simd_n(o), imm));
}

static void compare_zero(const struct simd *o, enum ir_opcode op, bool swap)
{
    ir_ref n = simd_n(o), zero = simd_const(o, 0, 0);

    simd_set(o, simd_op2(o, op, element(o), swap ? zero : n,
                         swap ? n : zero, 0));
}

/* FRINT32*, FRINT64*. */
static void round_sized(const struct simd *o, unsigned how)
{
    simd_set(o, simd_call(o, &a64_helper_frint_sized, simd_n(o), IR_NONE,
                          IR_NONE, how));
}

/* To elements twice as wide, from the lower or with Q the upper half. */
static void convert_long(const struct simd *o)
{
    simd_set(o, ir_vec(o->s->u, IR_FCVTL, element(o), IR_Q, 0, simd_n(o),
                       IR_NONE, IR_NONE, o->shape == IR_Q));
}

static void convert_narrow(const struct simd *o, bool to_odd)
{
    ir_ref v = ir_vec(o->s->u, IR_FCVTN, element(o), IR_D, 0, simd_n(o),
                      IR_NONE, IR_NONE, to_odd);

    if (o->shape == IR_Q) {
        v = ir_vec(o->s->u, IR_VCONCAT, IR_I64, IR_Q, 0, simd_d(o), v,
                   IR_NONE, 0);
    }
    simd_set(o, v);
}

/* The scalar FCVTXN converts one element only. */
static void convert_narrow_scalar(const struct simd *o)
{
    ir_ref n = ir_vec(o->s->u, IR_VDUPL, IR_I64, IR_S, 0, simd_n(o), IR_NONE,
                      IR_NONE, 0);

    simd_set(o, ir_vec(o->s->u, IR_FCVTN, element(o), IR_D, 0, n, IR_NONE,
                       IR_NONE, 1));
}

#define V2(row, op, imm) TRANS(row##_v, v_rr, unary(&V_RR, op, imm))
#define VS2(row, op, imm)                                                 \
    V2(row, op, imm)                                                      \
    TRANS(row##_ss, s_rr, unary(&S_RR, op, imm))
/* imm of IR_FTOI and IR_ITOF. */
#define HOW(rounding, is_unsigned) ((rounding) << 8 | (is_unsigned) << 12)
#define FIXED(row, op, how)                                               \
    TRANS(row##_vx, v_rri, unary(&V_RR, op, (how) | FBITS))               \
    TRANS(row##_sx, s_rri, unary(&S_RR, op, (how) | FBITS))
#define FBITS (simd_bits((unsigned)a->esz) - (unsigned)a->imm)

V2(FABS, IR_FABS, 0)
V2(FNEG, IR_FNEG, 0)
V2(FSQRT, IR_FSQRT, 0)
VS2(FRECPE, IR_FRECPE, 0)
VS2(FRSQRTE, IR_FRSQRTE, 0)
TRANS(FRECPX_ss, s_rr, unary(&S_RR, IR_FRECPX, 0))
V2(FRINTN, IR_FRINT, ROUND_N)
V2(FRINTP, IR_FRINT, ROUND_P)
V2(FRINTM, IR_FRINT, ROUND_M)
V2(FRINTZ, IR_FRINT, ROUND_Z)
V2(FRINTA, IR_FRINT, ROUND_A)
V2(FRINTX, IR_FRINT, ROUND_CURRENT | ROUND_EXACT)
V2(FRINTI, IR_FRINT, ROUND_CURRENT)
TRANS(FRINT32Z_v, v_rr, round_sized(&V_RR, ROUND_Z))
TRANS(FRINT32X_v, v_rr, round_sized(&V_RR, ROUND_CURRENT))
TRANS(FRINT64Z_v, v_rr, round_sized(&V_RR, ROUND_Z | 16))
TRANS(FRINT64X_v, v_rr, round_sized(&V_RR, ROUND_CURRENT | 16))
VS2(FCVTNS, IR_FTOI, HOW(ROUND_N, 0))
VS2(FCVTNU, IR_FTOI, HOW(ROUND_N, 1))
VS2(FCVTPS, IR_FTOI, HOW(ROUND_P, 0))
VS2(FCVTPU, IR_FTOI, HOW(ROUND_P, 1))
VS2(FCVTMS, IR_FTOI, HOW(ROUND_M, 0))
VS2(FCVTMU, IR_FTOI, HOW(ROUND_M, 1))
VS2(FCVTZS, IR_FTOI, HOW(ROUND_Z, 0))
VS2(FCVTZU, IR_FTOI, HOW(ROUND_Z, 1))
VS2(FCVTAS, IR_FTOI, HOW(ROUND_A, 0))
VS2(FCVTAU, IR_FTOI, HOW(ROUND_A, 1))
VS2(SCVTF, IR_ITOF, HOW(ROUND_CURRENT, 0))
VS2(UCVTF, IR_ITOF, HOW(ROUND_CURRENT, 1))
FIXED(SCVTF, IR_ITOF, HOW(ROUND_CURRENT, 0))
FIXED(UCVTF, IR_ITOF, HOW(ROUND_CURRENT, 1))
FIXED(FCVTZS, IR_FTOI, HOW(ROUND_Z, 0))
FIXED(FCVTZU, IR_FTOI, HOW(ROUND_Z, 1))
TRANS(FCVTL_v, v_rr, convert_long(&V_RR))
TRANS(FCVTN_v, v_rr, convert_narrow(&V_RR, false))
TRANS(FCVTXN_v, v_rr, convert_narrow(&V_RR, true))
TRANS(FCVTXN_ss, s_rr, convert_narrow_scalar(&S_RR))

#define VSZ(row, op, swap)                                                \
    TRANS(row##_vz, v_rr, compare_zero(&V_RR, op, swap))                  \
    TRANS(row##_sz, s_rr, compare_zero(&S_RR, op, swap))

/* CMGT_sz and its like of the integer group are other rows. */
VSZ(FCMGT, IR_FCMPGT, false)
VSZ(FCMGE, IR_FCMPGE, false)
VSZ(FCMEQ, IR_FCMPEQ, false)
VSZ(FCMLE, IR_FCMPGE, true)
VSZ(FCMLT, IR_FCMPGT, true)

/* -- across lanes -------------------------------------------------------- */

/* The manual's order matters for NaNs: pairs of neighbours, then pairs of
 * those, until one element is left.  Where a step has fewer elements than
 * fill 64 bits it makes them twice, raising nothing new. */
static void reduce(const struct simd *o, enum ir_opcode op, unsigned count)
{
    ir_ref r = simd_n(o);
    enum ir_shape shape = o->shape == IR_Q && count > 2 ? IR_Q : IR_D;

    if (o->shape == IR_S) { /* a pair: 64-bit elements fill a register */
        shape = o->esz == 3 ? IR_Q : IR_D;
    }
    for (; count > 1; count /= 2, shape = IR_D) {
        ir_ref even = ir_vec(o->s->u, IR_VUZP, simd_int(o->esz), shape, 0, r,
                             r, IR_NONE, 0);
        ir_ref odd = ir_vec(o->s->u, IR_VUZP, simd_int(o->esz), shape, 0, r,
                            r, IR_NONE, 1);

        r = ir_vec(o->s->u, op, element(o), count == 2 ? IR_S : IR_D, 0, even,
                   odd, IR_NONE, 0);
    }
    simd_set(o, r);
}

#define ACROSS(row, op)                                                   \
    TRANS(row##V, v_rr, reduce(&V_RR, op, (a->q ? 16u : 8u) >> a->esz))   \
    TRANS(row##P_sp, s_rr, reduce(&S_RR, op, 2))

ACROSS(FMAX, IR_FMAX)
ACROSS(FMIN, IR_FMIN)
ACROSS(FMAXNM, IR_FMAXNM)
ACROSS(FMINNM, IR_FMINNM)
TRANS(FADDP_sp, s_rr, reduce(&S_RR, IR_FADD, 2))
