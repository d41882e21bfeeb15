/*
 * Integer Advanced SIMD operations for which the IR has no op; see
 * translate_simd.h.  Called from generated code: integer registers only.
 */
#include "cpu/arm/helper_simd.h"

__extension__ typedef __int128 int128;

static int128 get(const union vec *v, unsigned esz, unsigned n,
                  bool is_unsigned)
{
    return is_unsigned ? (int128)vec_get(v, esz, n)
                       : (int128)vec_get_signed(v, esz, n);
}

static uint64_t saturate(struct vcpu *vcpu, int128 v, unsigned bits,
                         bool is_unsigned)
{
    int128 high = ((int128)1 << (is_unsigned ? bits : bits - 1)) - 1;
    int128 low = is_unsigned ? 0 : -high - 1;

    if (v < low || v > high) {
        vcpu->saturated = 1;
        v = v < low ? low : high;
    }
    return (uint64_t)v;
}

/* -- shifts -------------------------------------------------------------- */

/* floor((v + rounding) / 2^by); |v| < 2^64, so that 66 is like any more. */
static int128 shift_right(int128 v, unsigned by, bool round)
{
    by = by > 66 ? 66 : by;
    if (round && by) {
        v += (int128)1 << (by - 1);
    }
    return v >> by;
}

/* v * 2^by, for by up to the width; beyond, a value out of every range. */
static int128 shift_left(int128 v, unsigned by, unsigned bits, bool saturates)
{
    if (by < bits) {
        return v * ((int128)1 << by);
    }
    if (v == 0 || !saturates) {
        return 0;
    }
    return v < 0 ? -((int128)1 << 126) : (int128)1 << 126;
}

VCALL(shift)
{
    unsigned esz = element_size(imm), bits = 8u << esz, how = extra(imm);

    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n++) {
        int by = (int8_t)vec_get(b, esz, n);
        int128 v = get(a, esz, n, how & SIMD_SOURCE_U);

        v = by < 0 ? shift_right(v, (unsigned)-by, how & SIMD_ROUND)
                   : shift_left(v, (unsigned)by, bits, how & SIMD_SATURATE);
        vec_set(result, esz, n,
                how & SIMD_SATURATE
                    ? saturate(vcpu, v, bits, how & SIMD_UNSIGNED)
                    : (uint64_t)v);
    }
}
HELPER(shift, 2)

VCALL(shift_narrow)
{
    unsigned esz = element_size(imm), how = extra(imm), by = how >> 4;
    unsigned count = shape(imm) == IR_S ? 1 : 8u >> esz;

    *result = (union vec){0};
    for (unsigned n = 0; n < count; n++) {
        int128 v = get(a, esz + 1, n, how & SIMD_SOURCE_U);

        v = shift_right(v, by, how & SIMD_ROUND);
        vec_set(result, esz, n,
                saturate(vcpu, v, 8u << esz, how & SIMD_UNSIGNED));
    }
}
HELPER(shift_narrow, 1)

/* -- arithmetic ---------------------------------------------------------- */

VCALL(double_mul_high)
{
    unsigned esz = element_size(imm), bits = 8u << esz, how = extra(imm);

    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n++) {
        int128 v = 2 * get(a, esz, n, false) * get(b, esz, n, false);

        if (how & SIMD_DMUL_SUB) {
            v = -v;
        }
        if (how & (SIMD_DMUL_ADD | SIMD_DMUL_SUB)) {
            v += get(c, esz, n, false) * ((int128)1 << bits);
        }
        v = shift_right(v, bits, how & SIMD_ROUND);
        vec_set(result, esz, n, saturate(vcpu, v, bits, false));
    }
}
HELPER(double_mul_high, 3)

VCALL(add_mixed)
{
    unsigned esz = element_size(imm);
    bool is_unsigned = extra(imm) & SIMD_UNSIGNED;

    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n++) {
        int128 v = get(a, esz, n, !is_unsigned) + get(b, esz, n, is_unsigned);

        vec_set(result, esz, n, saturate(vcpu, v, 8u << esz, is_unsigned));
    }
}
HELPER(add_mixed, 2)

VCALL(pmull_bytes)
{
    for (unsigned n = 0; n < 8; n++) {
        unsigned product = 0;

        for (unsigned k = 0; k < 8; k++) {
            product ^= (b->b[n] >> k & 1) * ((unsigned)a->b[n] << k);
        }
        result->h[n] = (uint16_t)product;
    }
}
HELPER(pmull_bytes, 2)

/* -- bits and estimates -------------------------------------------------- */

/* The bits of each byte reversed. */
static uint64_t reverse_in_bytes(uint64_t v)
{
    v = (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
    v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
    return (v >> 4 & 0x0f0f0f0f0f0f0f0f) | (v & 0x0f0f0f0f0f0f0f0f) << 4;
}

VCALL(rbit)
{
    result->d[0] = reverse_in_bytes(a->d[0]);
    result->d[1] = shape(imm) == IR_Q ? reverse_in_bytes(a->d[1]) : 0;
}
HELPER(rbit, 1)

VCALL(urecpe)
{
    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n++) {
        result->s[n] = fp_urecpe(a->s[n]);
    }
}
HELPER(urecpe, 1)

VCALL(ursqrte)
{
    *result = (union vec){0};
    for (unsigned n = 0; n < element_count(imm); n++) {
        result->s[n] = fp_ursqrte(a->s[n]);
    }
}
HELPER(ursqrte, 1)
