/* Integers: FPRoundInt, FPRoundIntN, FPToFixed, FPToFixedJS, FixedToFP. */
#include "cpu/fp/core.h"

/* Integer magnitude of a finite n * 2^fbits under 2^64; *inexact when it
 * differs from the value. */
FP_INLINE uint64_t fp_to_magnitude(struct fp_num n, int fbits, unsigned rmode,
                                   bool *inexact)
{
    int exp = n.exp + fbits;
    uint64_t mag = 0;
    uint64_t rest = 0;
    if (exp >= 63) {
        mag = n.frac;
    } else if (exp >= 0) {
        mag = n.frac >> (63 - exp);
        rest = n.frac << (exp + 1);
    } else {
        rest = fp_shift_right_jam(n.frac, -1 - exp);
    }
    *inexact = rest != 0;
    return mag + fp_round_up(rmode, n.sign, mag & 1, rest);
}

/* The exact value of a magnitude that fits the significand. */
FP_INLINE uint64_t fp_from_magnitude(struct fp_format f, bool sign,
                                     uint64_t mag)
{
    if (mag == 0) {
        return fp_zero(f, sign);
    }
    int exp = 63 - clz64(mag);
    uint64_t biased = (uint64_t)(exp + fp_bias(f)) << f.frac_bits;
    uint64_t frac = f.frac_bits >= exp ? mag << (f.frac_bits - exp)
                                       : mag >> (exp - f.frac_bits);
    return fp_zero(f, sign) | (biased + frac - BIT(f.frac_bits));
}

FP_INLINE uint64_t fp_round_int_op(struct fp_format f, uint64_t bits,
                                   unsigned rmode, bool exact,
                                   struct fp_status *s)
{
    struct fp_num n = fp_unpack(f, bits, s);
    if (n.cls & FP_NAN) {
        return fp_nan1(f, n, s);
    }
    if (n.cls != FP_FINITE || n.exp >= f.frac_bits) {
        return n.bits;
    }
    bool inexact;
    uint64_t mag = fp_to_magnitude(n, 0, rmode, &inexact);
    if (inexact && exact) {
        s->flags |= FP_IXC;
    }
    return fp_from_magnitude(f, n.sign, mag);
}

/* Largest magnitude a `width` bit integer holds for this sign. */
FP_INLINE uint64_t fp_int_limit(int width, bool is_unsigned, bool sign)
{
    if (is_unsigned) {
        return sign ? 0 : mask64(width);
    }
    return mask64(width - 1) + sign;
}

FP_INLINE uint64_t fp_round_intn_op(struct fp_format f, uint64_t bits,
                                    int intsize, unsigned rmode,
                                    struct fp_status *s)
{
    struct fp_num n = fp_unpack(f, bits, s);
    if (n.cls == FP_ZERO) {
        return n.bits;
    }
    if (n.cls == FP_FINITE && n.exp < 64) {
        bool inexact;
        uint64_t mag = fp_to_magnitude(n, 0, rmode, &inexact);
        if (mag <= fp_int_limit(intsize, false, n.sign)) {
            s->flags |= inexact ? FP_IXC : 0;
            return fp_from_magnitude(f, n.sign, mag);
        }
    }
    s->flags |= FP_IOC;
    return fp_from_magnitude(f, true, BIT(intsize - 1));
}

FP_INLINE uint64_t fp_to_int_op(struct fp_format f, uint64_t bits, int width,
                                bool is_unsigned, int fbits, unsigned rmode,
                                struct fp_status *s)
{
    struct fp_num n = fp_unpack(f, bits, s);
    uint64_t limit = fp_int_limit(width, is_unsigned, n.sign);
    bool inexact = false;
    uint64_t mag = 0;
    if (n.cls & FP_NAN) {
        s->flags |= FP_IOC;
        return 0;
    }
    if (n.cls == FP_FINITE && n.exp + fbits < 64) {
        mag = fp_to_magnitude(n, fbits, rmode, &inexact);
    }
    if (mag > limit || n.cls == FP_INF ||
        (n.cls == FP_FINITE && n.exp + fbits >= 64)) {
        s->flags |= FP_IOC;
        mag = limit;
    } else if (inexact) {
        s->flags |= FP_IXC;
    }
    return (n.sign ? -mag : mag) & mask64(width);
}

FP_INLINE uint64_t fp_from_int_op(struct fp_format f, uint64_t v, int width,
                                  bool is_unsigned, int fbits,
                                  struct fp_status *s)
{
    bool sign = !is_unsigned && (v >> (width - 1) & 1);
    uint64_t mag = (sign ? -v : v) & mask64(width);
    if (mag == 0) {
        return 0;
    }
    int lead = clz64(mag);
    return fp_round(f, sign, 63 - lead - fbits, mag << lead, s);
}

#define FP_INTEGER(w, type, f)                                                \
    type fp##w##_round_int(type a, unsigned rmode, bool exact,                \
                           struct fp_status *s)                               \
    {                                                                         \
        return (type)fp_round_int_op(f, a, rmode, exact, s);                  \
    }                                                                         \
    uint64_t fp##w##_to_int(type a, int width, bool is_unsigned, int fbits,   \
                            unsigned rmode, struct fp_status *s)              \
    {                                                                         \
        return fp_to_int_op(f, a, width, is_unsigned, fbits, rmode, s);       \
    }                                                                         \
    type fp##w##_from_int(uint64_t v, int width, bool is_unsigned, int fbits, \
                          struct fp_status *s)                                \
    {                                                                         \
        return (type)fp_from_int_op(f, v, width, is_unsigned, fbits, s);      \
    }

FP_WIDTHS(FP_INTEGER)

uint32_t fp32_round_intn(uint32_t a, int intsize, unsigned rmode,
                         struct fp_status *s)
{
    return (uint32_t)fp_round_intn_op(FP_SINGLE, a, intsize, rmode, s);
}

uint64_t fp64_round_intn(uint64_t a, int intsize, unsigned rmode,
                         struct fp_status *s)
{
    return fp_round_intn_op(FP_DOUBLE, a, intsize, rmode, s);
}

/* The low 32 bits of a finite number truncated towards zero. */
static uint32_t fp_truncate_mod32(struct fp_num n, bool *inexact)
{
    uint32_t mag = 0;
    *inexact = false;
    if (n.exp < 64) {
        mag = (uint32_t)fp_to_magnitude(n, 0, FP_RZ, inexact);
    } else if (n.exp < 63 + 32) {
        mag = (uint32_t)(n.frac << (n.exp - 63));
    }
    return n.sign ? -mag : mag;
}

uint32_t fp64_to_int_js(uint64_t a, bool *z, struct fp_status *s)
{
    struct fp_num n = fp_unpack(FP_DOUBLE, a, s);
    *z = a == 0;
    if (n.cls == FP_ZERO) {
        return 0;
    }
    if (n.cls != FP_FINITE) {
        s->flags |= FP_IOC;
        return 0;
    }
    bool inexact;
    uint32_t result = fp_truncate_mod32(n, &inexact);
    bool fits = n.exp < 31;
    if (n.exp == 31 && n.sign) {
        /* -2^31 down to, not including, -2^31 - 1. */
        fits = n.frac >> 32 == BIT(31);
    }
    if (!fits) {
        s->flags |= FP_IOC;
    } else if (inexact) {
        s->flags |= FP_IXC;
    } else {
        *z = true;
    }
    return result;
}
