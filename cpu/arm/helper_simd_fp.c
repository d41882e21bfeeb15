/*
 * Floating-point operations for which the IR has no op, over cpu/fp; see
 * translate_simd.h.  Called from generated code: integer registers only.
 */
#include "cpu/arm/helper_simd.h"

static uint64_t negate(unsigned esz, uint64_t v)
{
    return v ^ UINT64_C(1) << ((8u << esz) - 1);
}

static uint64_t add(unsigned esz, uint64_t a, uint64_t b,
                    struct fp_status *fp)
{
    switch (esz) {
    case 1:
        return fp16_add((uint16_t)a, (uint16_t)b, fp);
    case 2:
        return fp32_add((uint32_t)a, (uint32_t)b, fp);
    default:
        return fp64_add(a, b, fp);
    }
}

static uint64_t multiply_add(unsigned esz, uint64_t addend, uint64_t a,
                             uint64_t b, struct fp_status *fp)
{
    switch (esz) {
    case 1:
        return fp16_muladd((uint16_t)addend, (uint16_t)a, (uint16_t)b, fp);
    case 2:
        return fp32_muladd((uint32_t)addend, (uint32_t)a, (uint32_t)b, fp);
    default:
        return fp64_muladd(addend, a, b, fp);
    }
}

/* -- complex numbers: pairs (real, imaginary) ---------------------------- */

/* a + b turned by 90 or 270 degrees. */
VCALL(fcadd)
{
    unsigned esz = element_size(imm), rotation = extra(imm);

    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n += 2) {
        uint64_t real = vec_get(b, esz, n + 1);
        uint64_t imaginary = vec_get(b, esz, n);

        if (rotation == 1) {
            real = negate(esz, real);
        } else {
            imaginary = negate(esz, imaginary);
        }
        vec_set(result, esz, n,
                add(esz, vec_get(a, esz, n), real, &vcpu->fp));
        vec_set(result, esz, n + 1,
                add(esz, vec_get(a, esz, n + 1), imaginary, &vcpu->fp));
    }
}
HELPER_FP(fcadd, 2)

/* c + part of a times b: the real part for a rotation by 0 or 180 degrees,
 * else the imaginary one. */
VCALL(fcmla)
{
    unsigned esz = element_size(imm), rotation = extra(imm);
    unsigned part = rotation & 1;

    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n += 2) {
        uint64_t x = vec_get(a, esz, n + part);
        uint64_t real = vec_get(b, esz, n + part);
        uint64_t imaginary = vec_get(b, esz, n + 1 - part);

        if (rotation == 1 || rotation == 2) {
            real = negate(esz, real);
        }
        if (rotation >= 2) {
            imaginary = negate(esz, imaginary);
        }
        vec_set(result, esz, n,
                multiply_add(esz, vec_get(c, esz, n), x, real, &vcpu->fp));
        vec_set(result, esz, n + 1,
                multiply_add(esz, vec_get(c, esz, n + 1), x, imaginary,
                             &vcpu->fp));
    }
}
HELPER_FP(fcmla, 3)

/* -- half precision into single, sized rounding -------------------------- */

VCALL(fmlal)
{
    unsigned how = extra(imm);
    unsigned count = shape(imm) == IR_Q ? 4 : 2;
    unsigned first = how & SIMD_FML_HIGH ? count : 0;

    *result = (union vec){0};
    for (unsigned n = 0; n < count; n++) {
        uint16_t x = a->h[first + n];
        uint16_t y = b->h[how & SIMD_FML_INDEXED ? 0 : first + n];

        if (how & SIMD_FML_SUB) {
            x ^= 0x8000;
        }
        result->s[n] = fp32_muladd_half(c->s[n], x, y, &vcpu->fp);
    }
}
HELPER_FP(fmlal, 3)

VCALL(frint_sized)
{
    unsigned how = extra(imm), mode = how & 7;
    int size = how & 16 ? 64 : 32;

    mode = mode == 7 ? vcpu->fp.rmode : mode;
    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n++) {
        if ((imm & 3) == 2) {
            result->s[n] = fp32_round_intn(a->s[n], size, mode, &vcpu->fp);
        } else {
            result->d[n] = fp64_round_intn(a->d[n], size, mode, &vcpu->fp);
        }
    }
}
HELPER_FP(frint_sized, 1)

static uint64_t fjcvtzs(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    bool zero;
    uint32_t v = fp64_to_int_js(a, &zero, &vcpu->fp);

    (void)b;
    (void)c;
    return v | (uint64_t)zero << 32;
}

const struct ir_helper a64_helper_fjcvtzs = {
    .name = "fjcvtzs", .call = fjcvtzs, .nargs = 1,
    .flags = IR_HELPER_NO_FP | IR_HELPER_FP_STATUS};
