/* Add, subtract, multiply, divide, square root (FPAdd, FPSub, FPMul, FPMulX,
 * FPDiv, FPSqrt). */
#include "cpu/fp/core.h"

/* (a + b) / 2^halve for operands that are finite and not zero. */
FP_INLINE uint64_t fp_add_finite(struct fp_format f, struct fp_num a,
                                 struct fp_num b, int halve,
                                 struct fp_status *s)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.frac < b.frac)) {
        struct fp_num t = a;
        a = b;
        b = t;
    }
    /* Significands have 11 or more clear low bits: only alignment by more
     * than those loses any, and then at most one leading bit cancels. */
    uint64_t big = a.frac >> 1;
    uint64_t small = fp_shift_right_jam(b.frac >> 1, a.exp - b.exp);
    uint64_t sum = a.sign == b.sign ? big + small : big - small;
    if (sum == 0) {
        return fp_exact_zero(f, s);
    }
    int lead = clz64(sum);
    return fp_round(f, a.sign, a.exp + 1 - lead - halve, sum << lead, s);
}

FP_INLINE uint64_t fp_add_num(struct fp_format f, struct fp_num a,
                              struct fp_num b, int halve, struct fp_status *s)
{
    unsigned cls = a.cls | b.cls;
    if (cls == FP_FINITE) {
        return fp_add_finite(f, a, b, halve, s);
    }
    if (cls & FP_INF) {
        if (a.cls == b.cls && a.sign != b.sign) {
            return fp_invalid(f, s);
        }
        return fp_inf(f, a.cls == FP_INF ? a.sign : b.sign);
    }
    if (cls == FP_ZERO) {
        return a.sign == b.sign ? a.bits : fp_exact_zero(f, s);
    }
    if (a.cls == FP_ZERO) {
        a = b;
    }
    return fp_round(f, a.sign, a.exp - halve, a.frac, s);
}

/* a + b, or a - b when `negate`; a NaN b keeps its own sign. */
FP_INLINE uint64_t fp_add_op(struct fp_format f, uint64_t abits, uint64_t bbits,
                             bool negate, struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, abits, s);
    struct fp_num b = fp_unpack(f, bbits, s);
    if ((a.cls | b.cls) & FP_NAN) {
        return fp_nan2(f, a, b, s);
    }
    b.sign ^= negate;
    return fp_add_num(f, a, b, 0, s);
}

FP_INLINE uint64_t fp_abd_op(struct fp_format f, uint64_t a, uint64_t b,
                             struct fp_status *s)
{
    return fp_add_op(f, a, b, true, s) & ~fp_sign_bit(f);
}

/* `extended`: infinity * zero is 2, not invalid (FPMulX). */
FP_INLINE uint64_t fp_mul_op(struct fp_format f, uint64_t abits, uint64_t bbits,
                             bool extended, struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, abits, s);
    struct fp_num b = fp_unpack(f, bbits, s);
    unsigned cls = a.cls | b.cls;
    bool sign = a.sign ^ b.sign;
    if (cls == FP_FINITE) {
        fp_u128 p = (fp_u128)a.frac * b.frac;
        uint64_t hi = (uint64_t)(p >> 64) | ((uint64_t)p != 0);
        int lead = !(hi >> 63);
        return fp_round(f, sign, a.exp + b.exp + 1 - lead, hi << lead, s);
    }
    if (cls & FP_NAN) {
        return fp_nan2(f, a, b, s);
    }
    if (cls == (FP_INF | FP_ZERO)) {
        return extended ? fp_two(f) | fp_zero(f, sign) : fp_invalid(f, s);
    }
    return cls & FP_INF ? fp_inf(f, sign) : fp_zero(f, sign);
}

/* Quotient of two significands with bit 0 standing for the remainder; its
 * weight of one is returned in *point. */
FP_INLINE uint64_t fp_div_frac(struct fp_format f, uint64_t a, uint64_t b,
                               int *point)
{
    if (f.frac_bits <= 23) {
        /* 24 bit significands: 62 bit dividend, quotient above 2^37. */
        *point = 38;
        a = a >> 40 << 38;
        b >>= 40;
        return a / b | (a % b != 0);
    }
    fp_u128 n = (fp_u128)a << 62;
    uint64_t q = (uint64_t)(n / b);
    *point = 62;
    return q | ((uint64_t)n - q * b != 0);
}

FP_INLINE uint64_t fp_div_op(struct fp_format f, uint64_t abits, uint64_t bbits,
                             struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, abits, s);
    struct fp_num b = fp_unpack(f, bbits, s);
    bool sign = a.sign ^ b.sign;
    if ((a.cls | b.cls) == FP_FINITE) {
        int point;
        uint64_t q = fp_div_frac(f, a.frac, b.frac, &point);
        int lead = clz64(q);
        return fp_round(f, sign, a.exp - b.exp + 63 - point - lead, q << lead,
                        s);
    }
    if ((a.cls | b.cls) & FP_NAN) {
        return fp_nan2(f, a, b, s);
    }
    if (a.cls == b.cls) {
        return fp_invalid(f, s);
    }
    if (a.cls == FP_INF) {
        return fp_inf(f, sign);
    }
    if (b.cls == FP_ZERO) {
        s->flags |= FP_DZC;
        return fp_inf(f, sign);
    }
    return fp_zero(f, sign);
}

/* Root of a significand in 1..4 with weight one at bit 60, as frac: one bit
 * per step, the remainder (below 8 units) doubling each time. */
FP_INLINE uint64_t fp_sqrt_frac(struct fp_format f, uint64_t x)
{
    uint64_t root = 0;
    for (int bit = 60; bit >= 58 - f.frac_bits; bit--) {
        /* Without a branch, which would be mispredicted half the time. */
        uint64_t t = 2 * root + BIT(bit);
        uint64_t fits = -(uint64_t)(t <= x);
        x = (x - (t & fits)) << 1;
        root |= BIT(bit) & fits;
    }
    return root << 3 | (x != 0);
}

FP_INLINE uint64_t fp_sqrt_op(struct fp_format f, uint64_t bits,
                              struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, bits, s);
    if (a.cls & FP_NAN) {
        return fp_nan1(f, a, s);
    }
    if (a.cls == FP_ZERO) {
        return a.bits;
    }
    if (a.sign) {
        return fp_invalid(f, s);
    }
    if (a.cls == FP_INF) {
        return a.bits;
    }
    int odd = a.exp & 1;
    return fp_round(f, false, (a.exp - odd) / 2,
                    fp_sqrt_frac(f, a.frac >> (3 - odd)), s);
}

#define FP_ARITH(w, type, f)                               \
    type fp##w##_add(type a, type b, struct fp_status *s)  \
    {                                                      \
        return (type)fp_add_op(f, a, b, false, s);         \
    }                                                      \
    type fp##w##_sub(type a, type b, struct fp_status *s)  \
    {                                                      \
        return (type)fp_add_op(f, a, b, true, s);          \
    }                                                      \
    type fp##w##_abd(type a, type b, struct fp_status *s)  \
    {                                                      \
        return (type)fp_abd_op(f, a, b, s);                \
    }                                                      \
    type fp##w##_mul(type a, type b, struct fp_status *s)  \
    {                                                      \
        return (type)fp_mul_op(f, a, b, false, s);         \
    }                                                      \
    type fp##w##_mulx(type a, type b, struct fp_status *s) \
    {                                                      \
        return (type)fp_mul_op(f, a, b, true, s);          \
    }                                                      \
    type fp##w##_div(type a, type b, struct fp_status *s)  \
    {                                                      \
        return (type)fp_div_op(f, a, b, s);                \
    }                                                      \
    type fp##w##_sqrt(type a, struct fp_status *s)         \
    {                                                      \
        return (type)fp_sqrt_op(f, a, s);                  \
    }

FP_WIDTHS(FP_ARITH)

/* AArch32 FPRecipStep and FPRSqrtStep: (addend - a * b) / 2^halve. */
FP_INLINE uint64_t fp_step_a32(struct fp_format f, uint64_t addend,
                               uint64_t abits, uint64_t bbits, int halve,
                               struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, abits, s);
    struct fp_num b = fp_unpack(f, bbits, s);
    uint64_t product = 0;
    if ((a.cls | b.cls) & FP_NAN) {
        return fp_nan2(f, a, b, s);
    }
    if ((a.cls | b.cls) != (FP_INF | FP_ZERO)) {
        product = fp_mul_op(f, abits, bbits, false, s);
    }
    struct fp_num p = fp_unpack(f, product ^ fp_sign_bit(f), s);
    return fp_add_num(f, fp_unpack(f, addend, s), p, halve, s);
}

#define FP_STEP_A32(w, type, f)                                  \
    type fp##w##_recps_a32(type a, type b, struct fp_status *s)  \
    {                                                            \
        return (type)fp_step_a32(f, fp_two(f), a, b, 0, s);      \
    }                                                            \
    type fp##w##_rsqrts_a32(type a, type b, struct fp_status *s) \
    {                                                            \
        return (type)fp_step_a32(f, fp_three(f), a, b, 1, s);    \
    }

FP_STEP_A32(16, uint16_t, FP_HALF)
FP_STEP_A32(32, uint32_t, FP_SINGLE)
