/*
 * A64 Advanced SIMD on integers, operands of one width: "three same", "two
 * register miscellaneous", "across lanes" and their scalar forms (Arm ARM
 * C4.1).  The other groups: translate_simd_wide.c (widths that differ),
 * _imm.c (shifts, immediates), _move.c, _fp.c; translate_matrix.c.
 */
#include "cpu/arm/translate_simd.h"

/* -- three same ---------------------------------------------------------- */

static void binary(const struct simd *o, enum ir_opcode op)
{
    simd_set(o, simd_op2(o, op, simd_int(o->esz), simd_n(o), simd_m(o), 0));
}

/* Bitwise: d = n op m. */
static void select_bits(const struct simd *o, unsigned mask, unsigned yes,
                        unsigned no)
{
    struct a64_ctx *s = o->s;

    simd_set(o, ir_vec(s->u, IR_VSEL, IR_I8, o->shape, 0, a64_v(s, mask),
                       a64_v(s, yes), a64_v(s, no), 0));
}

/* d = d accumulate (n op m). */
static void accumulate(const struct simd *o, enum ir_opcode op,
                       enum ir_opcode accumulate, ir_ref m)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref r = simd_op2(o, op, t, simd_n(o), m, 0);

    simd_set(o, simd_op2(o, accumulate, t, simd_d(o), r, 0));
}

static void average(const struct simd *o, enum ir_opcode op, bool round)
{
    simd_set(o, ir_vec(o->s->u, op, simd_int(o->esz), o->shape, round,
                       simd_n(o), simd_m(o), IR_NONE, 0));
}

/* (n - m) >> 1 is the rounded average of n and ~m; unsigned, that is too
 * large by half the range. */
static void halving_subtract(const struct simd *o, bool is_unsigned)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref m = simd_op1(o, IR_VNOT, t, simd_m(o), 0);
    ir_ref r = ir_vec(o->s->u, is_unsigned ? IR_VAVGU : IR_VAVGS, t, o->shape,
                      1, simd_n(o), m, IR_NONE, 0);

    if (is_unsigned) {
        ir_ref top = simd_const(o, o->esz, UINT64_C(1)
                                               << (simd_bits(o->esz) - 1));
        r = simd_op2(o, IR_VXOR, t, r, top, 0);
    }
    simd_set(o, r);
}

static void test_bits(const struct simd *o)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref r = simd_op2(o, IR_VAND, t, simd_n(o), simd_m(o), 0);

    r = simd_op2(o, IR_VCMPEQ, t, r, simd_const(o, 0, 0), 0);
    simd_set(o, simd_op1(o, IR_VNOT, t, r, 0));
}

/* Adjacent elements of n, then of m. */
static void pairwise(const struct simd *o, enum ir_opcode op)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref n = simd_n(o), m = simd_m(o);
    ir_ref even = simd_op2(o, IR_VUZP, t, n, m, 0);
    ir_ref odd = simd_op2(o, IR_VUZP, t, n, m, 1);

    simd_set(o, simd_op2(o, op, t, even, odd, 0));
}

static void shift(const struct simd *o, unsigned how)
{
    simd_set(o, simd_call(o, &a64_helper_shift, simd_n(o), simd_m(o), IR_NONE,
                          how));
}

/* SQDMULH, SQRDMULH, SQRDMLAH, SQRDMLSH. */
static void double_mul_high(const struct simd *o, unsigned how, ir_ref m)
{
    ir_ref d = how & (SIMD_DMUL_ADD | SIMD_DMUL_SUB) ? simd_d(o) : IR_NONE;

    simd_set(o, simd_call(o, &a64_helper_double_mul_high, simd_n(o), m, d,
                          how));
}

#define V3(row, call) TRANS(row, v_rrr, call)
/* The vector row and its scalar form. */
#define VS3(row, function, ...)                                           \
    TRANS(row##_v, v_rrr, function(&V_RRR, __VA_ARGS__))                  \
    TRANS(row##_ss, s_rrr, function(&S_RRR, __VA_ARGS__))

V3(AND_v, binary(&V_RRR, IR_VAND))
V3(BIC_v, binary(&V_RRR, IR_VANDN))
V3(ORR_v, a->rn == a->rm && a->q ? a64_set_v(s, a->rd, a64_v(s, a->rn))
                                 : binary(&V_RRR, IR_VOR))
V3(ORN_v, binary(&V_RRR, IR_VORN))
V3(EOR_v, binary(&V_RRR, IR_VXOR))
V3(BSL_v, select_bits(&V_RRR, a->rd, a->rn, a->rm))
V3(BIT_v, select_bits(&V_RRR, a->rm, a->rn, a->rd))
V3(BIF_v, select_bits(&V_RRR, a->rm, a->rd, a->rn))

VS3(ADD, binary, IR_VADD)
VS3(SUB, binary, IR_VSUB)
V3(MUL_v, binary(&V_RRR, IR_VMUL))
V3(MLA_v, accumulate(&V_RRR, IR_VMUL, IR_VADD, a64_v(s, a->rm)))
V3(MLS_v, accumulate(&V_RRR, IR_VMUL, IR_VSUB, a64_v(s, a->rm)))
V3(PMUL_v, binary(&V_RRR, IR_VPMUL))
V3(SMAX_v, binary(&V_RRR, IR_VMAXS))
V3(UMAX_v, binary(&V_RRR, IR_VMAXU))
V3(SMIN_v, binary(&V_RRR, IR_VMINS))
V3(UMIN_v, binary(&V_RRR, IR_VMINU))
V3(SABD_v, binary(&V_RRR, IR_VABDS))
V3(UABD_v, binary(&V_RRR, IR_VABDU))
V3(SABA_v, accumulate(&V_RRR, IR_VABDS, IR_VADD, a64_v(s, a->rm)))
V3(UABA_v, accumulate(&V_RRR, IR_VABDU, IR_VADD, a64_v(s, a->rm)))

VS3(CMEQ, binary, IR_VCMPEQ)
VS3(CMGT, binary, IR_VCMPGTS)
VS3(CMGE, binary, IR_VCMPGES)
VS3(CMHI, binary, IR_VCMPGTU)
VS3(CMHS, binary, IR_VCMPGEU)
TRANS(CMTST_v, v_rrr, test_bits(&V_RRR))
TRANS(CMTST_ss, s_rrr, test_bits(&S_RRR))

VS3(SQADD, binary, IR_VADDSATS)
VS3(UQADD, binary, IR_VADDSATU)
VS3(SQSUB, binary, IR_VSUBSATS)
VS3(UQSUB, binary, IR_VSUBSATU)
V3(SHADD_v, average(&V_RRR, IR_VAVGS, false))
V3(UHADD_v, average(&V_RRR, IR_VAVGU, false))
V3(SRHADD_v, average(&V_RRR, IR_VAVGS, true))
V3(URHADD_v, average(&V_RRR, IR_VAVGU, true))
V3(SHSUB_v, halving_subtract(&V_RRR, false))
V3(UHSUB_v, halving_subtract(&V_RRR, true))

V3(ADDP_v, binary(&V_RRR, IR_VADDP))
V3(SMAXP_v, pairwise(&V_RRR, IR_VMAXS))
V3(UMAXP_v, pairwise(&V_RRR, IR_VMAXU))
V3(SMINP_v, pairwise(&V_RRR, IR_VMINS))
V3(UMINP_v, pairwise(&V_RRR, IR_VMINU))

#define U (SIMD_UNSIGNED | SIMD_SOURCE_U)
VS3(SSHL, binary, IR_VSHLVS)
VS3(USHL, binary, IR_VSHLVU)
VS3(SRSHL, shift, SIMD_ROUND)
VS3(URSHL, shift, SIMD_ROUND | U)
VS3(SQSHL, shift, SIMD_SATURATE)
VS3(UQSHL, shift, SIMD_SATURATE | U)
VS3(SQRSHL, shift, SIMD_SATURATE | SIMD_ROUND)
VS3(UQRSHL, shift, SIMD_SATURATE | SIMD_ROUND | U)

VS3(SQDMULH, double_mul_high, 0, a64_v(s, a->rm))
VS3(SQRDMULH, double_mul_high, SIMD_ROUND, a64_v(s, a->rm))
VS3(SQRDMLAH, double_mul_high, SIMD_ROUND | SIMD_DMUL_ADD, a64_v(s, a->rm))
VS3(SQRDMLSH, double_mul_high, SIMD_ROUND | SIMD_DMUL_SUB, a64_v(s, a->rm))

/* -- by element ---------------------------------------------------------- */

/* Element a->index of m everywhere. */
#define V_ELEMENT simd_dup(&V_RRR, a->esz, a64_v(s, a->rm), a->index)
#define S_ELEMENT simd_dup(&S_RRR, a->esz, a64_v(s, a->rm), a->index)

static void multiply_element(const struct simd *o, ir_ref m)
{
    simd_set(o, simd_op2(o, IR_VMUL, simd_int(o->esz), simd_n(o), m, 0));
}

#define VS_ELEMENT(row, how)                                              \
    TRANS(row##_ve, v_rre, double_mul_high(&V_RRR, how, V_ELEMENT))       \
    TRANS(row##_se, s_rre, double_mul_high(&S_RRR, how, S_ELEMENT))

TRANS(MUL_ve, v_rre, multiply_element(&V_RRR, V_ELEMENT))
TRANS(MLA_ve, v_rre, accumulate(&V_RRR, IR_VMUL, IR_VADD, V_ELEMENT))
TRANS(MLS_ve, v_rre, accumulate(&V_RRR, IR_VMUL, IR_VSUB, V_ELEMENT))
VS_ELEMENT(SQDMULH, 0)
VS_ELEMENT(SQRDMULH, SIMD_ROUND)
VS_ELEMENT(SQRDMLAH, SIMD_ROUND | SIMD_DMUL_ADD)
VS_ELEMENT(SQRDMLSH, SIMD_ROUND | SIMD_DMUL_SUB)

/* -- two-register miscellaneous ------------------------------------------ */

static void unary(const struct simd *o, enum ir_opcode op, uint64_t imm)
{
    simd_set(o, simd_op1(o, op, simd_int(o->esz), simd_n(o), imm));
}

static void helper1(const struct simd *o, const struct ir_helper *helper)
{
    simd_set(o, simd_call(o, helper, simd_n(o), IR_NONE, IR_NONE, 0));
}

static void compare_zero(const struct simd *o, enum ir_opcode op, bool swap)
{
    ir_ref n = simd_n(o), zero = simd_const(o, 0, 0);

    simd_set(o, simd_op2(o, op, simd_int(o->esz), swap ? zero : n,
                         swap ? n : zero, 0));
}

/* Leading bits equal to the sign, without it: those zero in x ^ x >> 1. */
static void count_sign_bits(const struct simd *o)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref n = simd_n(o), r = simd_op1(o, IR_VSHRS, t, n, 1);

    r = simd_op1(o, IR_VCLZ, t, simd_op2(o, IR_VXOR, t, n, r, 0), 0);
    simd_set(o, simd_op2(o, IR_VSUB, t, r, simd_const(o, o->esz, 1), 0));
}

/* 0 - n saturates for the one n for which |n| does. */
static void saturating_negate(const struct simd *o, bool absolute)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref n = simd_n(o);
    ir_ref r = simd_op2(o, IR_VSUBSATS, t, simd_const(o, 0, 0), n, 0);

    simd_set(o, absolute ? simd_op2(o, IR_VMAXS, t, n, r, 0) : r);
}

static void add_mixed(const struct simd *o, unsigned how)
{
    simd_set(o, simd_call(o, &a64_helper_add_mixed, simd_n(o), simd_d(o),
                          IR_NONE, how));
}

/* Sums of adjacent elements, twice as wide. */
static void add_long_pairs(const struct simd *o, enum ir_opcode op,
                           bool accumulate)
{
    ir_ref r = simd_op1(o, op, simd_int(o->esz), simd_n(o), 0);

    if (accumulate) {
        r = simd_op2(o, IR_VADD, simd_int(o->esz + 1), simd_d(o), r, 0);
    }
    simd_set(o, r);
}

#define V2(row, call) TRANS(row, v_rr, call)
#define VS2(row, function, ...)                                           \
    TRANS(row##_v, v_rr, function(&V_RR, __VA_ARGS__))                    \
    TRANS(row##_ss, s_rr, function(&S_RR, __VA_ARGS__))

V2(REV64_v, unary(&V_RR, IR_VREV, 64))
V2(REV32_v, unary(&V_RR, IR_VREV, 32))
V2(REV16_v, unary(&V_RR, IR_VREV, 16))
V2(SADDLP_v, add_long_pairs(&V_RR, IR_VADDLPS, false))
V2(UADDLP_v, add_long_pairs(&V_RR, IR_VADDLPU, false))
V2(SADALP_v, add_long_pairs(&V_RR, IR_VADDLPS, true))
V2(UADALP_v, add_long_pairs(&V_RR, IR_VADDLPU, true))
VS2(SUQADD, add_mixed, 0)
VS2(USQADD, add_mixed, SIMD_UNSIGNED)
V2(CLS_v, count_sign_bits(&V_RR))
V2(CLZ_v, unary(&V_RR, IR_VCLZ, 0))
V2(CNT_v, unary(&V_RR, IR_VCNT, 0))
V2(NOT_v, unary(&V_RR, IR_VNOT, 0))
V2(RBIT_v, helper1(&V_RR, &a64_helper_rbit))
V2(URECPE_v, helper1(&V_RR, &a64_helper_urecpe))
V2(URSQRTE_v, helper1(&V_RR, &a64_helper_ursqrte))
VS2(ABS, unary, IR_VABS, 0)
VS2(NEG, unary, IR_VNEG, 0)
VS2(SQABS, saturating_negate, true)
VS2(SQNEG, saturating_negate, false)

#define VSZ(row, op, swap)                                                \
    TRANS(row##_vz, v_rr, compare_zero(&V_RR, op, swap))                  \
    TRANS(row##_sz, s_rr, compare_zero(&S_RR, op, swap))

VSZ(CMGT, IR_VCMPGTS, false)
VSZ(CMGE, IR_VCMPGES, false)
VSZ(CMEQ, IR_VCMPEQ, false)
VSZ(CMLE, IR_VCMPGES, true)
VSZ(CMLT, IR_VCMPGTS, true)

/* -- across lanes -------------------------------------------------------- */

static void sum(const struct simd *o)
{
    simd_set(o, simd_op1(o, IR_VADDV, simd_int(o->esz), simd_n(o), 0));
}

static void sum_long(const struct simd *o, enum ir_opcode op)
{
    ir_ref r = simd_op1(o, op, simd_int(o->esz), simd_n(o), 0);

    simd_set(o, simd_op1(o, IR_VADDV, simd_int(o->esz + 1), r, 0));
}

/* Fold the upper half onto the lower until one element is left. */
static void reduce(const struct simd *o, enum ir_opcode op)
{
    enum ir_type t = simd_int(o->esz);
    ir_ref r = simd_n(o);

    for (unsigned half = o->shape == IR_Q ? 8 : 4; half >= 1u << o->esz;
         half /= 2) {
        enum ir_shape last = half == 1u << o->esz ? IR_S : o->shape;
        ir_ref upper = simd_op2(o, IR_VEXT, IR_I8, r, r, half);

        r = ir_vec(o->s->u, op, t, last, 0, r, upper, IR_NONE, 0);
    }
    simd_set(o, r);
}

static void sum_pair(const struct simd *o)
{
    simd_set(o, ir_vec(o->s->u, IR_VADDV, IR_I64, IR_Q, 0, simd_n(o), IR_NONE,
                       IR_NONE, 0));
}

V2(ADDV, sum(&V_RR))
V2(SADDLV, sum_long(&V_RR, IR_VADDLPS))
V2(UADDLV, sum_long(&V_RR, IR_VADDLPU))
V2(SMAXV, reduce(&V_RR, IR_VMAXS))
V2(UMAXV, reduce(&V_RR, IR_VMAXU))
V2(SMINV, reduce(&V_RR, IR_VMINS))
V2(UMINV, reduce(&V_RR, IR_VMINU))
TRANS(ADDP_sp, s_rr, sum_pair(&S_RR))
