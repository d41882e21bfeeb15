/* Conversion between precisions: FPConvert, FPConvertBF. */
#include "cpu/fp/core.h"

/* f16 operands and results ignore FZ16 here (FPUnpackCV, FPRoundCV). */
FP_INLINE bool fp_flushes_cv(struct fp_format f, const struct fp_status *s)
{
    return f.exp_bits != FP_HALF.exp_bits && s->fz;
}

FP_INLINE uint64_t fp_convert(struct fp_format from, struct fp_format to,
                              uint64_t bits, unsigned rmode,
                              struct fp_status *s)
{
    bool alt_from = from.exp_bits == FP_HALF.exp_bits && s->ahp;
    bool alt_to = to.exp_bits == FP_HALF.exp_bits && s->ahp;
    struct fp_num n =
        fp_unpack_as(from, bits, fp_flushes_cv(from, s), alt_from, s);
    if (n.cls == FP_FINITE) {
        return fp_round_as(to, rmode, fp_flushes_cv(to, s), alt_to, n.sign,
                           n.exp, n.frac, s);
    }
    if (n.cls == FP_ZERO) {
        return fp_zero(to, n.sign);
    }
    if (n.cls == FP_SNAN || alt_to) {
        s->flags |= FP_IOC;
    }
    if (n.cls == FP_INF) {
        return alt_to ? fp_zero(to, n.sign) | (fp_sign_bit(to) - 1)
                      : fp_inf(to, n.sign);
    }
    if (alt_to) {
        return fp_zero(to, n.sign);
    }
    return s->dn ? fp_default_nan(to) : fp_nan_convert(from, to, bits);
}

uint32_t fp16_to_fp32(uint16_t a, struct fp_status *s)
{
    return (uint32_t)fp_convert(FP_HALF, FP_SINGLE, a, s->rmode, s);
}

uint64_t fp16_to_fp64(uint16_t a, struct fp_status *s)
{
    return fp_convert(FP_HALF, FP_DOUBLE, a, s->rmode, s);
}

uint16_t fp32_to_fp16(uint32_t a, struct fp_status *s)
{
    return (uint16_t)fp_convert(FP_SINGLE, FP_HALF, a, s->rmode, s);
}

uint64_t fp32_to_fp64(uint32_t a, struct fp_status *s)
{
    return fp_convert(FP_SINGLE, FP_DOUBLE, a, s->rmode, s);
}

uint16_t fp64_to_fp16(uint64_t a, struct fp_status *s)
{
    return (uint16_t)fp_convert(FP_DOUBLE, FP_HALF, a, s->rmode, s);
}

uint32_t fp64_to_fp32(uint64_t a, struct fp_status *s)
{
    return (uint32_t)fp_convert(FP_DOUBLE, FP_SINGLE, a, s->rmode, s);
}

uint32_t fp64_to_fp32_odd(uint64_t a, struct fp_status *s)
{
    return (uint32_t)fp_convert(FP_DOUBLE, FP_SINGLE, a, FP_RO, s);
}

uint16_t fp32_to_bf16(uint32_t a, struct fp_status *s)
{
    return (uint16_t)fp_convert(FP_SINGLE, FP_BFLOAT, a, s->rmode, s);
}
