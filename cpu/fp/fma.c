/* Fused operations: FPMulAdd, FPMulAddH, FPRecipStepFused, FPRSqrtStepFused,
 * and BFDotAdd. */
#include "cpu/fp/core.h"

FP_INLINE fp_u128 fp_wide(uint64_t hi)
{
    return (fp_u128)hi << 64;
}

/* (c + a * b) / 2^halve, rounded once, for finite a and b, not zero, and a c
 * that is zero or finite. */
FP_INLINE uint64_t fp_fma_finite(struct fp_format f, struct fp_num c,
                                 struct fp_num a, struct fp_num b, int halve,
                                 struct fp_status *s)
{
    fp_u128 big = (fp_u128)a.frac * b.frac;
    int exp = a.exp + b.exp + 1;
    bool sign = a.sign ^ b.sign;
    if (!(big >> 127)) {
        big <<= 1;
        exp--;
    }
    /* At most 106 bits are in use, so one place is free for the carry; only
     * an alignment by more than 20 loses any. */
    big >>= 1;
    if (c.cls == FP_FINITE) {
        fp_u128 small = fp_wide(c.frac) >> 1;
        if (exp < c.exp || (exp == c.exp && big < small)) {
            fp_u128 product = big;
            big = small;
            small = fp_shift_right_jam128(product, c.exp - exp);
            exp = c.exp;
            big = sign == c.sign ? big + small : big - small;
            sign = c.sign;
        } else {
            small = fp_shift_right_jam128(small, exp - c.exp);
            big = sign == c.sign ? big + small : big - small;
        }
        if (big == 0) {
            return fp_exact_zero(f, s);
        }
    }
    uint64_t hi = (uint64_t)(big >> 64);
    int lead = hi ? clz64(hi) : 64 + clz64((uint64_t)big);
    big <<= lead;
    hi = (uint64_t)(big >> 64) | ((uint64_t)big != 0);
    return fp_round(f, sign, exp + 1 - lead - halve, hi, s);
}

/* (c + a * b) / 2^halve without NaNs or infinity * zero. */
FP_INLINE uint64_t fp_fma_num(struct fp_format f, struct fp_num c,
                              struct fp_num a, struct fp_num b, int halve,
                              struct fp_status *s)
{
    unsigned product = a.cls | b.cls;
    bool sign = a.sign ^ b.sign;
    if (product & FP_INF) {
        if (c.cls == FP_INF && c.sign != sign) {
            return fp_invalid(f, s);
        }
        return fp_inf(f, sign);
    }
    if (c.cls == FP_INF) {
        return c.bits;
    }
    if (product == FP_FINITE) {
        return fp_fma_finite(f, c, a, b, halve, s);
    }
    if (c.cls == FP_ZERO) {
        return c.sign == sign ? c.bits : fp_exact_zero(f, s);
    }
    return fp_round(f, c.sign, c.exp - halve, c.frac, s);
}

FP_INLINE bool fp_is_inf_times_zero(struct fp_num a, struct fp_num b)
{
    return (a.cls | b.cls) == (FP_INF | FP_ZERO);
}

/* Anything but finite factors and a finite or zero addend. */
FP_INLINE uint64_t fp_muladd_special(struct fp_format f, struct fp_num c,
                                     struct fp_num a, struct fp_num b,
                                     struct fp_status *s)
{
    bool invalid = fp_is_inf_times_zero(a, b);
    if (invalid && c.cls != FP_SNAN) {
        return fp_invalid(f, s);
    }
    if ((c.cls | a.cls | b.cls) & FP_NAN) {
        return fp_nan3(f, c, a, b, s);
    }
    return fp_fma_num(f, c, a, b, 0, s);
}

FP_INLINE uint64_t fp_muladd_op(struct fp_format f, uint64_t cbits,
                                uint64_t abits, uint64_t bbits,
                                struct fp_status *s)
{
    struct fp_num c = fp_unpack(f, cbits, s);
    struct fp_num a = fp_unpack(f, abits, s);
    struct fp_num b = fp_unpack(f, bbits, s);
    if ((a.cls | b.cls) == FP_FINITE && c.cls <= FP_FINITE) {
        return fp_fma_finite(f, c, a, b, 0, s);
    }
    return fp_muladd_special(f, c, a, b, s);
}

/* (addend - a * b) / 2^halve; infinity * zero gives `undefined`. A NaN `a`
 * is negated as well. */
FP_INLINE uint64_t fp_step_fused(struct fp_format f, uint64_t addend,
                                 uint64_t undefined, uint64_t abits,
                                 uint64_t bbits, int halve, struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, abits ^ fp_sign_bit(f), s);
    struct fp_num b = fp_unpack(f, bbits, s);
    if ((a.cls | b.cls) & FP_NAN) {
        return fp_nan2(f, a, b, s);
    }
    if (fp_is_inf_times_zero(a, b)) {
        return undefined;
    }
    return fp_fma_num(f, fp_unpack(f, addend, s), a, b, halve, s);
}

#define FP_FUSED(w, type, f)                                                 \
    type fp##w##_muladd(type addend, type a, type b, struct fp_status *s)    \
    {                                                                        \
        return (type)fp_muladd_op(f, addend, a, b, s);                       \
    }                                                                        \
    type fp##w##_recps(type a, type b, struct fp_status *s)                  \
    {                                                                        \
        return (type)fp_step_fused(f, fp_two(f), fp_two(f), a, b, 0, s);     \
    }                                                                        \
    type fp##w##_rsqrts(type a, type b, struct fp_status *s)                 \
    {                                                                        \
        return (type)fp_step_fused(f, fp_three(f), fp_one_and_half(f), a, b, \
                                   1, s);                                    \
    }

FP_WIDTHS(FP_FUSED)

/* A half precision factor as a single precision one. */
FP_INLINE struct fp_num fp_widen(struct fp_num n)
{
    if (n.cls & FP_NAN) {
        /* The class stays: fp_nan3() must see a signalling one as such. */
        n.bits = fp_nan_convert(FP_HALF, FP_SINGLE, n.bits);
    }
    return n;
}

uint32_t fp32_muladd_half(uint32_t addend, uint16_t a, uint16_t b,
                          struct fp_status *s)
{
    struct fp_num nc = fp_unpack(FP_SINGLE, addend, s);
    struct fp_num na = fp_widen(fp_unpack(FP_HALF, a, s));
    struct fp_num nb = fp_widen(fp_unpack(FP_HALF, b, s));
    return (uint32_t)fp_muladd_special(FP_SINGLE, nc, na, nb, s);
}

uint32_t fp32_bfdot(uint32_t addend, uint32_t a, uint32_t b)
{
    struct fp_status s = {.rmode = FP_RO_INF, .fz = true, .dn = true};
    uint32_t low = fp32_mul(a << 16, b << 16, &s);
    uint32_t high = fp32_mul(a & 0xffff0000, b & 0xffff0000, &s);
    return fp32_add(addend, fp32_add(low, high, &s), &s);
}
