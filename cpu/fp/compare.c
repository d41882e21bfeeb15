/* FPCompare*, FPMax, FPMin, FPMaxNum, FPMinNum. */
#include "cpu/fp/core.h"

/* Ordered like the values of non-NaNs; both zeros give 0. */
FP_INLINE int64_t fp_key(struct fp_format f, struct fp_num n)
{
    int64_t mag = (int64_t)(n.bits & (fp_sign_bit(f) - 1));
    return n.sign ? -mag : mag;
}

/* Unpacks both; true and flags IOC as asked when either is a NaN. */
FP_INLINE bool fp_unordered(struct fp_format f, uint64_t abits, uint64_t bbits,
                            bool signal, int64_t *akey, int64_t *bkey,
                            struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, abits, s);
    struct fp_num b = fp_unpack(f, bbits, s);
    unsigned cls = a.cls | b.cls;
    if (cls & (signal ? FP_NAN : FP_SNAN)) {
        s->flags |= FP_IOC;
    }
    *akey = fp_key(f, a);
    *bkey = fp_key(f, b);
    return cls & FP_NAN;
}

FP_INLINE unsigned fp_compare_op(struct fp_format f, uint64_t a, uint64_t b,
                                 bool signal, struct fp_status *s)
{
    int64_t ka, kb;
    if (fp_unordered(f, a, b, signal, &ka, &kb, s)) {
        return FP_UNORDERED;
    }
    return ka == kb ? FP_EQ : ka < kb ? FP_LT : FP_GT;
}

FP_INLINE bool fp_eq_op(struct fp_format f, uint64_t a, uint64_t b,
                        struct fp_status *s)
{
    int64_t ka, kb;
    return !fp_unordered(f, a, b, false, &ka, &kb, s) && ka == kb;
}

FP_INLINE bool fp_ge_op(struct fp_format f, uint64_t a, uint64_t b,
                        struct fp_status *s)
{
    int64_t ka, kb;
    return !fp_unordered(f, a, b, true, &ka, &kb, s) && ka >= kb;
}

FP_INLINE bool fp_gt_op(struct fp_format f, uint64_t a, uint64_t b,
                        struct fp_status *s)
{
    int64_t ka, kb;
    return !fp_unordered(f, a, b, true, &ka, &kb, s) && ka > kb;
}

FP_INLINE uint64_t fp_abs(struct fp_format f, uint64_t a)
{
    return a & (fp_sign_bit(f) - 1);
}

/* `number`: a quiet NaN against anything else but one counts as the infinity
 * that loses (FPMaxNum, FPMinNum). */
FP_INLINE uint64_t fp_minmax_op(struct fp_format f, uint64_t abits,
                                uint64_t bbits, bool max, bool number,
                                struct fp_status *s)
{
    struct fp_num a = fp_unpack(f, abits, s);
    struct fp_num b = fp_unpack(f, bbits, s);
    if ((a.cls | b.cls) & FP_NAN) {
        if (number && !((a.cls | b.cls) & FP_SNAN) && a.cls != b.cls) {
            return a.cls == FP_QNAN ? b.bits : a.bits;
        }
        return fp_nan2(f, a, b, s);
    }
    int64_t ka = fp_key(f, a);
    int64_t kb = fp_key(f, b);
    if (ka == kb) { /* equal, or zeros of either sign */
        return max ? a.bits & b.bits : a.bits | b.bits;
    }
    return (ka > kb) == max ? a.bits : b.bits;
}

#define FP_COMPARE(w, type, f)                                                 \
    unsigned fp##w##_compare(type a, type b, bool signal, struct fp_status *s) \
    {                                                                          \
        return fp_compare_op(f, a, b, signal, s);                              \
    }                                                                          \
    bool fp##w##_cmp_eq(type a, type b, struct fp_status *s)                   \
    {                                                                          \
        return fp_eq_op(f, a, b, s);                                           \
    }                                                                          \
    bool fp##w##_cmp_ge(type a, type b, struct fp_status *s)                   \
    {                                                                          \
        return fp_ge_op(f, a, b, s);                                           \
    }                                                                          \
    bool fp##w##_cmp_gt(type a, type b, struct fp_status *s)                   \
    {                                                                          \
        return fp_gt_op(f, a, b, s);                                           \
    }                                                                          \
    bool fp##w##_cmp_acge(type a, type b, struct fp_status *s)                 \
    {                                                                          \
        return fp_ge_op(f, fp_abs(f, a), fp_abs(f, b), s);                     \
    }                                                                          \
    bool fp##w##_cmp_acgt(type a, type b, struct fp_status *s)                 \
    {                                                                          \
        return fp_gt_op(f, fp_abs(f, a), fp_abs(f, b), s);                     \
    }

FP_WIDTHS(FP_COMPARE)

#define FP_MINMAX(w, type, f)                                \
    type fp##w##_max(type a, type b, struct fp_status *s)    \
    {                                                        \
        return (type)fp_minmax_op(f, a, b, true, false, s);  \
    }                                                        \
    type fp##w##_min(type a, type b, struct fp_status *s)    \
    {                                                        \
        return (type)fp_minmax_op(f, a, b, false, false, s); \
    }                                                        \
    type fp##w##_maxnm(type a, type b, struct fp_status *s)  \
    {                                                        \
        return (type)fp_minmax_op(f, a, b, true, true, s);   \
    }                                                        \
    type fp##w##_minnm(type a, type b, struct fp_status *s)  \
    {                                                        \
        return (type)fp_minmax_op(f, a, b, false, true, s);  \
    }

FP_WIDTHS(FP_MINMAX)
