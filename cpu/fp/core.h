/* Unpacked numbers, NaN rules and rounding shared by cpu/fp: FPUnpack,
 * FPProcessNaN* and FPRoundBase of the Arm ARM, generic over the format.
 *
 * Everything hot is inline with a constant format, so each public function
 * is compiled for its width; raw operands travel as uint64_t.
 */
#ifndef CPU_FP_CORE_H
#define CPU_FP_CORE_H

#include "cpu/fp/fp.h"
#include "util/bits.h"

#define FP_INLINE static inline __attribute__((always_inline))

__extension__ typedef unsigned __int128 fp_u128;

struct fp_format {
    uint8_t exp_bits;
    uint8_t frac_bits;
};

static const struct fp_format FP_HALF = {5, 10};
static const struct fp_format FP_SINGLE = {8, 23};
static const struct fp_format FP_DOUBLE = {11, 52};
static const struct fp_format FP_BFLOAT = {8, 7};

/* Expand X(width, type, format) for each width of FP_DECLARE. */
#define FP_WIDTHS(X)           \
    X(16, uint16_t, FP_HALF)   \
    X(32, uint32_t, FP_SINGLE) \
    X(64, uint64_t, FP_DOUBLE)

/* One bit each, so that the classes of several operands can be or-ed. */
enum fp_class {
    FP_ZERO = 1,
    FP_FINITE = 2, /* and not zero */
    FP_INF = 4,
    FP_QNAN = 8,
    FP_SNAN = 16,
    FP_NAN = FP_QNAN | FP_SNAN,
};

struct fp_num {
    uint64_t bits; /* the operand, after any flush to zero */
    uint64_t frac; /* FP_FINITE: bit 63 set, value frac * 2^(exp - 63) */
    int exp;
    uint8_t cls;
    bool sign;
};

FP_INLINE uint64_t fp_sign_bit(struct fp_format f)
{
    return BIT(f.exp_bits + f.frac_bits);
}

FP_INLINE int fp_exp_max(struct fp_format f)
{
    return (1 << f.exp_bits) - 1;
}

FP_INLINE int fp_bias(struct fp_format f)
{
    return (1 << (f.exp_bits - 1)) - 1;
}

FP_INLINE uint64_t fp_zero(struct fp_format f, bool sign)
{
    return sign ? fp_sign_bit(f) : 0;
}

FP_INLINE uint64_t fp_inf(struct fp_format f, bool sign)
{
    return fp_zero(f, sign) | (uint64_t)fp_exp_max(f) << f.frac_bits;
}

FP_INLINE uint64_t fp_max_normal(struct fp_format f, bool sign)
{
    return fp_inf(f, sign) - 1;
}

FP_INLINE uint64_t fp_default_nan(struct fp_format f)
{
    return fp_inf(f, false) | BIT(f.frac_bits - 1);
}

FP_INLINE uint64_t fp_invalid(struct fp_format f, struct fp_status *s)
{
    s->flags |= FP_IOC;
    return fp_default_nan(f);
}

FP_INLINE uint64_t fp_two(struct fp_format f)
{
    return (uint64_t)(fp_bias(f) + 1) << f.frac_bits;
}

FP_INLINE uint64_t fp_three(struct fp_format f)
{
    return fp_two(f) | BIT(f.frac_bits - 1);
}

FP_INLINE uint64_t fp_one_and_half(struct fp_format f)
{
    return (uint64_t)fp_bias(f) << f.frac_bits | BIT(f.frac_bits - 1);
}

/* The flush control that governs this format. */
FP_INLINE bool fp_flushes(struct fp_format f, const struct fp_status *s)
{
    return f.exp_bits == FP_HALF.exp_bits ? s->fz16 : s->fz;
}

FP_INLINE uint64_t fp_shift_right_jam(uint64_t v, int n)
{
    if (n <= 0) {
        return v;
    }
    return n < 64 ? v >> n | (v << (64 - n) != 0) : v != 0;
}

FP_INLINE fp_u128 fp_shift_right_jam128(fp_u128 v, int n)
{
    if (n <= 0) {
        return v;
    }
    return n < 128 ? v >> n | (v << (128 - n) != 0) : v != 0;
}

/* Zero, a denormal, an infinity or a NaN into *n; FPUnpackBase(). */
FP_INLINE void fp_unpack_special(struct fp_format f, struct fp_num *n,
                                 bool flush, struct fp_status *s)
{
    uint64_t frac = n->bits & mask64(f.frac_bits);
    if (n->exp != 0) {
        n->cls = frac == 0                     ? FP_INF
                 : frac & BIT(f.frac_bits - 1) ? FP_QNAN
                                               : FP_SNAN;
    } else if (frac == 0 || flush) {
        if (frac && f.exp_bits != FP_HALF.exp_bits) {
            s->flags |= FP_IDC;
        }
        n->cls = FP_ZERO;
        n->bits = fp_zero(f, n->sign);
    } else {
        int shift = clz64(frac);
        n->cls = FP_FINITE;
        n->frac = frac << shift;
        n->exp = 64 - f.frac_bits - fp_bias(f) - shift;
    }
}

/* `alt`: alternative half precision, which has no infinities or NaNs. */
FP_INLINE struct fp_num fp_unpack_as(struct fp_format f, uint64_t bits,
                                     bool flush, bool alt, struct fp_status *s)
{
    struct fp_num n = {
        .bits = bits,
        .frac = BIT(63) | bits << (63 - f.frac_bits),
        .exp = (int)(bits >> f.frac_bits) & fp_exp_max(f),
        .cls = FP_FINITE,
        .sign = bits & fp_sign_bit(f),
    };
    if (n.exp == 0 || (n.exp == fp_exp_max(f) && !alt)) {
        fp_unpack_special(f, &n, flush, s);
    } else {
        n.exp -= fp_bias(f);
    }
    return n;
}

FP_INLINE struct fp_num fp_unpack(struct fp_format f, uint64_t bits,
                                  struct fp_status *s)
{
    return fp_unpack_as(f, bits, fp_flushes(f, s), false, s);
}

/* Does rounding step the magnitude away from zero? `rest` is the discarded
 * part as a fraction of an ulp, scaled by 2^64; `odd` the last bit kept. */
FP_INLINE bool fp_round_up(unsigned rmode, bool sign, bool odd, uint64_t rest)
{
    switch (rmode) {
    case FP_RN:
        return rest > BIT(63) || (rest == BIT(63) && odd);
    case FP_RA:
        return rest >= BIT(63);
    case FP_RP:
        return rest && !sign;
    case FP_RM:
        return rest && sign;
    default:
        return false;
    }
}

FP_INLINE bool fp_overflow_to_inf(unsigned rmode, bool sign)
{
    switch (rmode) {
    case FP_RP:
        return !sign;
    case FP_RM:
        return sign;
    case FP_RZ:
    case FP_RO:
        return false;
    default:
        return true;
    }
}

/* FPRoundBase() of frac * 2^(exp - 63): bit 63 of frac is set, its bit 0 may
 * stand for any number of lost bits. Tininess is detected before rounding. */
FP_INLINE uint64_t fp_round_as(struct fp_format f, unsigned rmode, bool flush,
                               bool alt, bool sign, int exp, uint64_t frac,
                               struct fp_status *s)
{
    int shift = 63 - f.frac_bits;
    int biased = exp + fp_bias(f);
    bool tiny = biased <= 0;
    if (tiny) {
        if (flush) {
            s->flags |= FP_UFC;
            return fp_zero(f, sign);
        }
        frac = fp_shift_right_jam(frac, 1 - biased);
        biased = 1;
    }
    uint64_t rest = frac << (64 - shift);
    frac >>= shift;
    if (rest == 0) {
        tiny = false;
    } else if (rmode == FP_RO || rmode == FP_RO_INF) {
        frac |= 1;
    } else if (fp_round_up(rmode, sign, frac & 1, rest)) {
        frac++;
    }
    /* The leading one of a normal number, or of a denormal or a significand
     * that rounded up to one, carries into the exponent. */
    uint64_t mag = ((uint64_t)(biased - 1) << f.frac_bits) + frac;
    int limit = fp_exp_max(f) + alt;
    if (mag >> f.frac_bits >= (uint64_t)limit) {
        if (alt) {
            s->flags |= FP_IOC;
            return fp_sign_bit(f) - 1 + fp_zero(f, sign);
        }
        s->flags |= FP_OFC | FP_IXC;
        return fp_overflow_to_inf(rmode, sign) ? fp_inf(f, sign)
                                               : fp_max_normal(f, sign);
    }
    if (rest) {
        s->flags |= tiny ? FP_UFC | FP_IXC : FP_IXC;
    }
    return fp_zero(f, sign) | mag;
}

FP_INLINE uint64_t fp_round(struct fp_format f, bool sign, int exp,
                            uint64_t frac, struct fp_status *s)
{
    return fp_round_as(f, s->rmode, fp_flushes(f, s), false, sign, exp, frac,
                       s);
}

/* The zero that x - x gives. */
FP_INLINE uint64_t fp_exact_zero(struct fp_format f, const struct fp_status *s)
{
    return fp_zero(f, s->rmode == FP_RM);
}

/* FPProcessNaN, FPProcessNaNs, FPProcessNaNs3: the NaN result of operands of
 * which at least one is a NaN. A signalling NaN wins, then operand order. */
uint64_t fp_nan1(struct fp_format f, struct fp_num a, struct fp_status *s);
uint64_t fp_nan2(struct fp_format f, struct fp_num a, struct fp_num b,
                 struct fp_status *s);
uint64_t fp_nan3(struct fp_format f, struct fp_num a, struct fp_num b,
                 struct fp_num c, struct fp_status *s);
/* FPConvertNaN: quiet, keeping sign and the payload's top bits. */
uint64_t fp_nan_convert(struct fp_format from, struct fp_format to,
                        uint64_t bits);

#endif
