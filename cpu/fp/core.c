/* FPCR decoding and NaN selection. */
#include "cpu/fp/core.h"

struct fp_status fp_status_from_fpcr(uint32_t fpcr)
{
    return (struct fp_status){
        .rmode = extract32(fpcr, 22, 2),
        .fz16 = extract32(fpcr, 19, 1),
        .fz = extract32(fpcr, 24, 1),
        .dn = extract32(fpcr, 25, 1),
        .ahp = extract32(fpcr, 26, 1),
    };
}

uint64_t fp_nan1(struct fp_format f, struct fp_num a, struct fp_status *s)
{
    if (a.cls == FP_SNAN) {
        s->flags |= FP_IOC;
    }
    return s->dn ? fp_default_nan(f) : a.bits | BIT(f.frac_bits - 1);
}

uint64_t fp_nan2(struct fp_format f, struct fp_num a, struct fp_num b,
                 struct fp_status *s)
{
    bool second = a.cls != FP_SNAN && (b.cls == FP_SNAN || !(a.cls & FP_NAN));
    return fp_nan1(f, second ? b : a, s);
}

uint64_t fp_nan3(struct fp_format f, struct fp_num a, struct fp_num b,
                 struct fp_num c, struct fp_status *s)
{
    const struct fp_num *operand[] = {&a, &b, &c};
    const struct fp_num *nan = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(operand); i++) {
        if (operand[i]->cls == FP_SNAN) {
            nan = operand[i];
            break;
        }
        if (!nan && operand[i]->cls == FP_QNAN) {
            nan = operand[i];
        }
    }
    return fp_nan1(f, *nan, s);
}

uint64_t fp_nan_convert(struct fp_format from, struct fp_format to,
                        uint64_t bits)
{
    uint64_t frac = bits << (64 - from.frac_bits) >> (64 - to.frac_bits);
    return fp_default_nan(to) | fp_zero(to, bits & fp_sign_bit(from)) | frac;
}
