/* Powers of two: FPScale() and FPLogB() of the Arm ARM. */
#include "cpu/fp/core.h"

/* Beyond these every number over- or underflows. */
enum { MOST = 5000 };

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
    by = by > MOST ? MOST : by < -MOST ? -MOST : by;
    return fp_round(f, a.sign, a.exp + (int)by, a.frac, s);
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
