/*
 * Dot products and products of matrices: bytes (FEAT_DotProd, FEAT_I8MM) and
 * bfloat16 (FEAT_BF16); see translate_simd.h.  Called from generated code:
 * integer registers only.
 */
#include "cpu/arm/helper_simd.h"

/* -- bytes --------------------------------------------------------------- */

static uint32_t product(const union vec *a, unsigned n, const union vec *b,
                        unsigned m, unsigned how)
{
    int x = how & SIMD_SOURCE_U ? a->b[n] : a->sb[n];
    int y = how & SIMD_UNSIGNED ? b->b[m] : b->sb[m];

    return (uint32_t)(x * y);
}

VCALL(dot)
{
    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n++) {
        uint32_t sum = c->s[n];

        for (unsigned k = 4 * n; k < 4 * n + 4; k++) {
            sum += product(a, k, b, k, extra(imm));
        }
        result->s[n] = sum;
    }
}
HELPER(dot, 3)

/* a's two rows times b's two rows, each of eight. */
VCALL(matrix_product)
{
    *result = *c;
    for (unsigned n = 0; n < 4; n++) {
        for (unsigned k = 0; k < 8; k++) {
            result->s[n] += product(a, 8 * (n / 2) + k, b, 8 * (n % 2) + k,
                                    extra(imm));
        }
    }
}
HELPER(matrix_product, 3)

/* -- bfloat16 ------------------------------------------------------------ */

VCALL(bfdot)
{
    unsigned count = shape(imm) == IR_Q ? 4 : 2;

    *result = (union vec){0};
    for (unsigned n = 0; n < count; n++) {
        result->s[n] = fp32_bfdot(c->s[n], a->s[n], b->s[n]);
    }
}
HELPER(bfdot, 3)

/* a's two rows times b's two rows, each of two pairs. */
VCALL(bfmmla)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t sum = c->s[n];

        for (unsigned k = 0; k < 2; k++) {
            sum = fp32_bfdot(sum, a->s[2 * (n / 2) + k],
                             b->s[2 * (n % 2) + k]);
        }
        result->s[n] = sum;
    }
}
HELPER(bfmmla, 3)

/* A bfloat16 is the upper half of a single. */
VCALL(bfmlal)
{
    unsigned top = extra(imm) & SIMD_FML_HIGH ? 1 : 0;

    for (unsigned n = 0; n < 4; n++) {
        unsigned k = 2 * n + top;

        result->s[n] = fp32_muladd(c->s[n], (uint32_t)a->h[k] << 16,
                                   (uint32_t)b->h[k] << 16, &vcpu->fp);
    }
}
HELPER_FP(bfmlal, 3)

VCALL(bfcvt)
{
    unsigned count = shape(imm) == IR_S ? 1 : 4;

    *result = (union vec){0};
    for (unsigned n = 0; n < count; n++) {
        result->h[n] = fp32_to_bf16(a->s[n], &vcpu->fp);
    }
}
HELPER_FP(bfcvt, 1)
