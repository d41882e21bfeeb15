/*
 * A64 dot products and products of matrices: FEAT_DotProd, FEAT_I8MM,
 * FEAT_BF16 (Arm ARM C4.1 "Advanced SIMD three-register extension", "vector
 * x indexed element").
 */
#include "cpu/arm/translate_simd.h"

#define M a64_v(s, a->rm)
/* Group a->index of 1 << esz bytes everywhere. */
#define GROUP(esz) simd_dup(&V_RRR, esz, M, a->index)
/* Always of 128 bits. */
#define Q_RRR ((struct simd){s, 2, IR_Q, a->rd, a->rn, a->rm})

/* d += n by m. */
static void accumulate(const struct simd *o, const struct ir_helper *helper,
                       unsigned how, ir_ref m)
{
    simd_set(o, simd_call(o, helper, simd_n(o), m, simd_d(o), how));
}

#define BOTH_U (SIMD_UNSIGNED | SIMD_SOURCE_U)
#define DOT(row, how)                                                     \
    TRANS(row##_v, v_rrr, accumulate(&V_RRR, &a64_helper_dot, how, M))
#define DOT_ELEMENT(row, how)                                             \
    TRANS(row##_ve, v_rre,                                                \
          accumulate(&V_RRR, &a64_helper_dot, how, GROUP(2)))

DOT(SDOT, 0)
DOT(UDOT, BOTH_U)
DOT(USDOT, SIMD_SOURCE_U)
DOT_ELEMENT(SDOT, 0)
DOT_ELEMENT(UDOT, BOTH_U)
DOT_ELEMENT(USDOT, SIMD_SOURCE_U)
DOT_ELEMENT(SUDOT, SIMD_UNSIGNED)

#define MATRIX(row, how)                                                  \
    TRANS(row, c_rrr,                                                     \
          accumulate(&Q_RRR, &a64_helper_matrix_product, how, M))

MATRIX(SMMLA, 0)
MATRIX(UMMLA, BOTH_U)
MATRIX(USMMLA, SIMD_SOURCE_U)

TRANS(BFDOT_v, v_rrr, accumulate(&V_RRR, &a64_helper_bfdot, 0, M))
TRANS(BFDOT_ve, v_rre, accumulate(&V_RRR, &a64_helper_bfdot, 0, GROUP(2)))
TRANS(BFMMLA, c_rrr, accumulate(&Q_RRR, &a64_helper_bfmmla, 0, M))

/* BFMLALB, BFMLALT: q chooses which of each pair. */
#define TOP (a->q ? SIMD_FML_HIGH : 0)
TRANS(BFMLAL_v, v_rrr, accumulate(&Q_RRR, &a64_helper_bfmlal, TOP, M))
TRANS(BFMLAL_ve, v_rre,
      accumulate(&Q_RRR, &a64_helper_bfmlal, TOP,
                 simd_dup(&Q_RRR, 1, M, a->index)))

static void convert(const struct simd *o)
{
    ir_ref v = simd_call(o, &a64_helper_bfcvt, simd_n(o), IR_NONE, IR_NONE,
                         0);

    if (o->shape == IR_Q) { /* BFCVTN2 */
        v = ir_vec(o->s->u, IR_VCONCAT, IR_I64, IR_Q, 0, simd_d(o), v,
                   IR_NONE, 0);
    }
    simd_set(o, v);
}

TRANS(BFCVTN_v, v_rr, convert(&V_RR))
TRANS(BFCVT, rr_64, convert(&((struct simd){s, 1, IR_S, a->rd, a->rn, 0})))
