/* Powers of two: FPScale() and FPLogB() of the Arm ARM. */
#include "cpu/fp/core.h"

/* Exponents beyond which every number over- or underflows. */
enum { LEAST = -3000, MOST = 2000 };

FP_INLINE uint64_t fp_scale(struct fp_format f, uint64_t bits, int64_t by,
                            struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, bits, s);

    if (a.cls & FP_NAN) {
        return fp_nan1(f, a, s);
    }
    if (a.cls != FP_FINITE) {
        return a.bits;
    }
    by = by > 2 * MOST ? 2 * MOST : by < 2 * LEAST ? 2 * LEAST : by;
    int exp = a.exp + (int)by;
    return fp_round(f, a.sign, exp > MOST ? MOST : exp < LEAST ? LEAST : exp,
                    a.frac, s);
}

FP_INLINE uint64_t fp_logb(struct fp_format f, uint64_t bits,
                           struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, bits, s);

    if (a.cls == FP_FINITE) {
        return (uint64_t)(int64_t)a.exp;
    }
    if (a.cls == FP_INF) {
        return fp_sign_bit(f) - 1;
    }
    s->flags |= FP_IOC;
    return fp_sign_bit(f);
}

#define FP_SCALE(w, type, format)                                              \
    type fp##w##_scale(type a, int64_t by, struct fp_status *s)                \
    {                                                                          \
        return (type)fp_scale(format, a, by, s);                               \
    }                                                                          \
    type fp##w##_logb(type a, struct fp_status *s)                             \
    {                                                                          \
        return (type)fp_logb(format, a, s);                                    \
    }
FP_WIDTHS(FP_SCALE)
