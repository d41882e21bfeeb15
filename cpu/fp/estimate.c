/* Reciprocal and square root estimates: FPRecipEstimate, FPRSqrtEstimate,
 * FPRecpX, UnsignedRecipEstimate, UnsignedRSqrtEstimate. */
#include "cpu/fp/core.h"

/* RecipEstimate(): a is 256..511 for 0.5..1, the result 256..511 for 1..2. */
static unsigned fp_recip_estimate(unsigned a)
{
    unsigned b = (1u << 19) / (2 * a + 1);
    return (b + 1) / 2;
}

/* RecipSqrtEstimate(): a is 128..511 for 0.25..1, the result 256..511. The
 * largest b in 512..1023 with a * b^2 < 2^28 is found bit by bit. */
static unsigned fp_rsqrt_estimate(unsigned a)
{
    a = a < 256 ? 2 * a + 1 : 2 * (a | 1);
    unsigned b = 512;
    for (unsigned bit = 256; bit; bit >>= 1) {
        if (a * (b + bit) * (b + bit) < 1u << 28) {
            b += bit;
        }
    }
    return (b + 1) / 2;
}

/* |1/a| is 2^(emax+1) or more. */
FP_INLINE uint64_t fp_recpe_overflow(struct fp_format f, bool sign,
                                     struct fp_status *s)
{
    s->flags |= FP_OFC | FP_IXC;
    return fp_overflow_to_inf(s->rmode, sign) ? fp_inf(f, sign)
                                              : fp_max_normal(f, sign);
}

FP_INLINE uint64_t fp_recpe_op(struct fp_format f, uint64_t bits,
                               struct fp_status *s)
{
    struct fp_num n = fp_unpack(f, bits, s);
    int bias = fp_bias(f);
    if (n.cls & FP_NAN) {
        return fp_nan1(f, n, s);
    }
    if (n.cls == FP_INF) {
        return fp_zero(f, n.sign);
    }
    if (n.cls == FP_ZERO) {
        s->flags |= FP_DZC;
        return fp_inf(f, n.sign);
    }
    if (n.exp < -bias - 1) {
        return fp_recpe_overflow(f, n.sign, s);
    }
    if (n.exp >= bias - 1 && fp_flushes(f, s)) {
        s->flags |= FP_UFC;
        return fp_zero(f, n.sign);
    }
    uint64_t estimate = fp_recip_estimate((unsigned)(n.frac >> 55));
    int biased = bias - 1 - n.exp;
    uint64_t mag = estimate << (f.frac_bits - 8);
    /* The leading one of `mag` carries into the exponent of a normal. */
    if (biased > 0) {
        mag += (uint64_t)(biased - 1) << f.frac_bits;
    } else {
        mag >>= 1 - biased;
    }
    return fp_zero(f, n.sign) | mag;
}

FP_INLINE uint64_t fp_rsqrte_op(struct fp_format f, uint64_t bits,
                                struct fp_status *s)
{
    struct fp_num n = fp_unpack(f, bits, s);
    if (n.cls & FP_NAN) {
        return fp_nan1(f, n, s);
    }
    if (n.cls == FP_ZERO) {
        s->flags |= FP_DZC;
        return fp_inf(f, n.sign);
    }
    if (n.sign) {
        return fp_invalid(f, s);
    }
    if (n.cls == FP_INF) {
        return 0;
    }
    /* Odd exponents scale to 0.5..1, even ones to 0.25..0.5. */
    int odd = n.exp & 1;
    uint64_t estimate = fp_rsqrt_estimate((unsigned)(n.frac >> (56 - odd)));
    int exp = (-2 - n.exp + odd) / 2;
    return ((uint64_t)(exp + fp_bias(f) - 1) << f.frac_bits) +
           (estimate << (f.frac_bits - 8));
}

FP_INLINE uint64_t fp_recpx_op(struct fp_format f, uint64_t bits,
                               struct fp_status *s)
{
    struct fp_num n = fp_unpack(f, bits, s);
    uint64_t exp_field = fp_inf(f, false);
    if (n.cls & FP_NAN) {
        return fp_nan1(f, n, s);
    }
    if ((bits & exp_field) == 0) {
        return fp_zero(f, n.sign) | (exp_field - BIT(f.frac_bits));
    }
    return fp_zero(f, n.sign) | (~bits & exp_field);
}

#define FP_ESTIMATE(w, type, f)                      \
    type fp##w##_recpe(type a, struct fp_status *s)  \
    {                                                \
        return (type)fp_recpe_op(f, a, s);           \
    }                                                \
    type fp##w##_rsqrte(type a, struct fp_status *s) \
    {                                                \
        return (type)fp_rsqrte_op(f, a, s);          \
    }                                                \
    type fp##w##_recpx(type a, struct fp_status *s)  \
    {                                                \
        return (type)fp_recpx_op(f, a, s);           \
    }

FP_WIDTHS(FP_ESTIMATE)

uint32_t fp_urecpe(uint32_t a)
{
    return a >> 31 ? fp_recip_estimate(a >> 23) << 23 : ~UINT32_C(0);
}

uint32_t fp_ursqrte(uint32_t a)
{
    return a >> 30 ? fp_rsqrt_estimate(a >> 23) << 23 : ~UINT32_C(0);
}
