/* cpu/fp: Arm corner cases by table, ordinary arithmetic against the host's
 * in the four rounding modes, half precision against double. */
#include <check.h>
#include <fenv.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cpu/fp/fp.h"
#include "util/bits.h"

enum { RP = 1 << 22, RM = 2 << 22, RZ = 3 << 22 };
enum { FZ16 = 1 << 19, FZ = 1 << 24, DN = 1 << 25, AHP = 1 << 26 };
enum { ROUNDS = 20000 };

#define F32_INF 0x7f800000
#define F32_MAX 0x7f7fffff
#define F32_QNAN 0x7fc00000
#define F64_INF UINT64_C(0x7ff0000000000000)
#define F64_QNAN UINT64_C(0x7ff8000000000000)

struct unary32 {
    uint32_t (*op)(uint32_t, struct fp_status *);
    uint32_t fpcr, a, result, flags;
};

static const struct unary32 unary32[] = {
    {fp32_sqrt, 0, 0x80000000, 0x80000000, 0},
    {fp32_sqrt, 0, 0xbf800000, F32_QNAN, FP_IOC},
    {fp32_sqrt, 0, 0xffc12345, 0xffc12345, 0},
    {fp32_sqrt, 0, 0x00000001, 0x1a3504f3, FP_IXC},
    {fp32_sqrt, FZ, 0x80000001, 0x80000000, FP_IDC},
    {fp32_recpe, 0, 0x3f800000, 0x3f7f8000, 0},
    {fp32_recpe, 0, 0x80000000, 0xff800000, FP_DZC},
    {fp32_recpe, 0, 0x001fffff, F32_INF, FP_OFC | FP_IXC},
    {fp32_recpe, RZ, 0x801fffff, 0xff7fffff, FP_OFC | FP_IXC},
    {fp32_recpe, RP, 0x801fffff, 0xff7fffff, FP_OFC | FP_IXC},
    {fp32_recpe, 0, 0x00200000, 0x7f7f8000, 0},
    {fp32_recpe, 0, 0x7e800000, 0x007fc000, 0},
    {fp32_recpe, 0, 0x7f000000, 0x003fe000, 0},
    {fp32_recpe, FZ, 0xfe800000, 0x80000000, FP_UFC},
    {fp32_rsqrte, 0, 0x3f800000, 0x3f7f8000, 0},
    {fp32_rsqrte, 0, 0x40800000, 0x3eff8000, 0},
    {fp32_rsqrte, 0, 0x80000000, 0xff800000, FP_DZC},
    {fp32_rsqrte, 0, 0xff800000, F32_QNAN, FP_IOC},
    {fp32_rsqrte, 0, F32_INF, 0, 0},
    {fp32_recpx, 0, 0x40490fdb, 0x3f800000, 0},
    {fp32_recpx, FZ, 0x80000001, 0xff000000, FP_IDC},
    {fp32_recpx, 0, 0xff800000, 0x80000000, 0},
    {fp32_recpx, DN, 0xff812345, F32_QNAN, FP_IOC},
};

START_TEST(fp_unary_table)
{
    const struct unary32 *t = &unary32[_i];
    struct fp_status s = fp_status_from_fpcr(t->fpcr);
    ck_assert_uint_eq(t->op(t->a, &s), t->result);
    ck_assert_uint_eq(s.flags, t->flags);
}
END_TEST

struct binary32 {
    uint32_t (*op)(uint32_t, uint32_t, struct fp_status *);
    uint32_t fpcr, a, b, result, flags;
};

static const struct binary32 binary32[] = {
    /* NaNs: a signalling one first, then operand order. */
    {fp32_add, 0, 0x7fc00001, 0xffc00002, 0x7fc00001, 0},
    {fp32_add, 0, 0x7fc00001, 0xff800002, 0xffc00002, FP_IOC},
    {fp32_add, 0, 0x7f800001, 0xff800002, 0x7fc00001, FP_IOC},
    {fp32_add, DN, 0x3f800000, 0xff800002, F32_QNAN, FP_IOC},
    {fp32_sub, 0, 0x3f800000, 0xffc00002, 0xffc00002, 0},
    {fp32_abd, 0, 0x3f800000, 0xffc00002, 0x7fc00002, 0},
    {fp32_sub, 0, F32_INF, F32_INF, F32_QNAN, FP_IOC},
    /* Zeros. */
    {fp32_sub, 0, 0x3f800000, 0x3f800000, 0, 0},
    {fp32_sub, RM, 0x3f800000, 0x3f800000, 0x80000000, 0},
    {fp32_add, RM, 0, 0x80000000, 0x80000000, 0},
    {fp32_add, 0, 0x80000000, 0x80000000, 0x80000000, 0},
    /* Overflow, by rounding mode. */
    {fp32_add, 0, F32_MAX, F32_MAX, F32_INF, FP_OFC | FP_IXC},
    {fp32_add, RZ, F32_MAX, F32_MAX, F32_MAX, FP_OFC | FP_IXC},
    {fp32_mul, RP, 0xff7fffff, F32_MAX, 0xff7fffff, FP_OFC | FP_IXC},
    {fp32_mul, RM, 0xff7fffff, F32_MAX, 0xff800000, FP_OFC | FP_IXC},
    /* Tiny before rounding, though it rounds to the least normal. */
    {fp32_mul, 0, 0x00ffffff, 0x3f000000, 0x00800000, FP_UFC | FP_IXC},
    {fp32_mul, 0, 0x00fffffe, 0x3f000000, 0x007fffff, 0},
    /* Flush to zero. */
    {fp32_add, FZ, 0x00000001, 0x80000002, 0, FP_IDC},
    {fp32_mul, FZ, 0x80ffffff, 0x3f000000, 0x80000000, FP_UFC},
    {fp32_div, FZ, 0x3f800000, 0x00000001, F32_INF, FP_IDC | FP_DZC},
    {fp32_div, 0, 0, 0x80000000, F32_QNAN, FP_IOC},
    {fp32_div, 0, 0xbf800000, 0, 0xff800000, FP_DZC},
    {fp32_div, 0, F32_INF, 0x80000000, 0xff800000, 0},
    {fp32_mul, 0, F32_INF, 0, F32_QNAN, FP_IOC},
    {fp32_mulx, 0, F32_INF, 0x80000000, 0xc0000000, 0},
    {fp32_max, 0, 0x80000000, 0, 0, 0},
    {fp32_min, 0, 0, 0x80000000, 0x80000000, 0},
    {fp32_max, 0, 0xbf800000, F32_QNAN, F32_QNAN, 0},
    {fp32_maxnm, 0, 0xbf800000, F32_QNAN, 0xbf800000, 0},
    {fp32_minnm, FZ, F32_QNAN, 0x80000001, 0x80000000, FP_IDC},
    {fp32_minnm, 0, F32_QNAN, 0x7f800001, 0x7fc00001, FP_IOC},
    {fp32_minnm, 0, 0x7fc00001, 0x7fc00002, 0x7fc00001, 0},
    /* 2 - a * b, (3 - a * b) / 2: the first operand's NaN changes sign. */
    {fp32_recps, 0, 0x3f800000, 0x3f800000, 0x3f800000, 0},
    {fp32_recps, 0, F32_INF, 0x80000000, 0x40000000, 0},
    {fp32_recps, 0, F32_INF, 0x3f800000, 0xff800000, 0},
    {fp32_recps, 0, 0x7fc00001, 0x3f800000, 0xffc00001, 0},
    {fp32_recps, RM, 0x3f800000, 0x40000000, 0x80000000, 0},
    {fp32_rsqrts, 0, 0x3f800000, 0x3f800000, 0x3f800000, 0},
    {fp32_rsqrts, 0, 0, F32_INF, 0x3fc00000, 0},
    {fp32_rsqrts, 0, 0x7f000000, 0x40000000, 0xff000000, FP_IXC},
    {fp32_recps_a32, FZ | DN, 0x3f800000, 0x3f800000, 0x3f800000, 0},
    {fp32_recps_a32, FZ | DN, F32_INF, 0, 0x40000000, 0},
    {fp32_rsqrts_a32, FZ | DN, 0, F32_INF, 0x3fc00000, 0},
    {fp32_rsqrts_a32, FZ | DN, 0x7f000000, 0x40000000, 0xff800000,
     FP_OFC | FP_IXC},
};

START_TEST(fp_binary_table)
{
    const struct binary32 *t = &binary32[_i];
    struct fp_status s = fp_status_from_fpcr(t->fpcr);
    ck_assert_uint_eq(t->op(t->a, t->b, &s), t->result);
    ck_assert_uint_eq(s.flags, t->flags);
}
END_TEST

struct muladd64 {
    uint32_t fpcr;
    uint64_t addend, a, b, result;
    uint32_t flags;
};

#define ONE UINT64_C(0x3ff0000000000000)

static const struct muladd64 muladd64[] = {
    /* The product's last bit survives: (1+e)(1-e) - 1 = -e^2. */
    {0, ONE | BIT(63), ONE + 1, ONE - 2, 0xb970000000000000, 0},
    {0, F64_QNAN | 5, F64_INF, 0, F64_QNAN, FP_IOC},
    {0, F64_INF | 5, F64_INF, 0, F64_QNAN | 5, FP_IOC},
    {0, F64_QNAN | 5, F64_QNAN | 6, ONE, F64_QNAN | 5, 0},
    {0, F64_QNAN | 5, ONE, F64_INF | 6, F64_QNAN | 6, FP_IOC},
    {DN, ONE, F64_QNAN | 6, ONE, F64_QNAN, 0},
    {0, F64_INF, F64_INF, ONE | BIT(63), F64_QNAN, FP_IOC},
    {0, 0, BIT(63), ONE, 0, 0},
    {RM, ONE, ONE, ONE | BIT(63), BIT(63), 0},
    {FZ, 1, ONE, 1, 0, FP_IDC},
    {0, 1, 0, ONE, 1, 0},
    {RP, ONE, 1, 1, ONE + 1, FP_IXC},
    {0, 0, 1, 1, 0, FP_UFC | FP_IXC},
    {FZ, 0, BIT(52), BIT(52), 0, FP_UFC},
};

START_TEST(fp_muladd_table)
{
    const struct muladd64 *t = &muladd64[_i];
    struct fp_status s = fp_status_from_fpcr(t->fpcr);
    ck_assert_uint_eq(fp64_muladd(t->addend, t->a, t->b, &s), t->result);
    ck_assert_uint_eq(s.flags, t->flags);
}
END_TEST

struct to_int {
    uint64_t a;
    uint8_t width;
    bool is_unsigned;
    uint8_t fbits, rmode;
    uint64_t result;
    uint32_t flags;
};

static const struct to_int to_int[] = {
    {0x4004000000000000, 32, false, 0, FP_RN, 2, FP_IXC},
    {0x4004000000000000, 32, false, 0, FP_RA, 3, FP_IXC},
    {0xc004000000000000, 32, false, 0, FP_RM, 0xfffffffd, FP_IXC},
    {0xc004000000000000, 32, false, 0, FP_RZ, 0xfffffffe, FP_IXC},
    {0x4004000000000000, 64, true, 4, FP_RZ, 40, 0},
    {F64_QNAN, 64, false, 0, FP_RZ, 0, FP_IOC},
    {F64_INF | BIT(63), 64, false, 0, FP_RZ, BIT(63), FP_IOC},
    {F64_INF, 32, true, 32, FP_RZ, 0xffffffff, FP_IOC},
    {0xbfe0000000000000, 32, true, 0, FP_RZ, 0, FP_IXC},
    {0xbfe0000000000000, 32, true, 0, FP_RM, 0, FP_IOC},
    {0xc1e0000000000000, 32, false, 0, FP_RZ, 0x80000000, 0},
    {0xc1e0000000100000, 32, false, 0, FP_RZ, 0x80000000, FP_IXC},
    {0x41e0000000000000, 32, false, 0, FP_RZ, 0x7fffffff, FP_IOC},
    {0x43f0000000000000, 64, true, 0, FP_RZ, UINT64_MAX, FP_IOC},
    {0x43efffffffffffff, 64, true, 0, FP_RZ, UINT64_MAX << 11, 0},
    {0x40e0000000000000, 16, false, 0, FP_RZ, 0x7fff, FP_IOC},
    {1, 64, false, 64, FP_RP, 1, FP_IXC},
};

START_TEST(fp_to_int_table)
{
    const struct to_int *t = &to_int[_i];
    struct fp_status s = {0};
    ck_assert_uint_eq(
        fp64_to_int(t->a, t->width, t->is_unsigned, t->fbits, t->rmode, &s),
        t->result);
    ck_assert_uint_eq(s.flags, t->flags);
}
END_TEST

START_TEST(fp_from_int)
{
    struct fp_status s = {0};
    ck_assert_uint_eq(fp64_from_int(UINT64_MAX, 64, false, 0, &s),
                      ONE | BIT(63));
    ck_assert_uint_eq(fp32_from_int(0x80000000, 32, false, 31, &s), 0xbf800000);
    ck_assert_uint_eq(fp16_from_int(0xffff0001, 16, true, 0, &s), 0x3c00);
    ck_assert_uint_eq(s.flags, 0);
    ck_assert_uint_eq(fp64_from_int(UINT64_MAX, 64, true, 0, &s),
                      0x43f0000000000000);
    ck_assert_uint_eq(s.flags, FP_IXC);
    ck_assert_uint_eq(fp16_from_int(70000, 32, false, 0, &s), 0x7c00);
    ck_assert_uint_eq(s.flags, FP_OFC | FP_IXC);
    s = fp_status_from_fpcr(FZ16);
    ck_assert_uint_eq(fp16_from_int(1, 64, false, 64, &s), 0);
    ck_assert_uint_eq(s.flags, FP_UFC);
}
END_TEST

START_TEST(fp_round_int)
{
    struct fp_status s = {0};
    ck_assert_uint_eq(fp32_round_int(0x3f000000, FP_RN, false, &s), 0);
    ck_assert_uint_eq(fp32_round_int(0x3f000000, FP_RA, false, &s), 0x3f800000);
    ck_assert_uint_eq(fp32_round_int(0xbf000000, FP_RP, false, &s), 0x80000000);
    ck_assert_uint_eq(s.flags, 0);
    ck_assert_uint_eq(fp32_round_int(0xbf000000, FP_RM, true, &s), 0xbf800000);
    ck_assert_uint_eq(s.flags, FP_IXC);
    ck_assert_uint_eq(fp64_round_intn(F64_INF, 32, FP_RZ, &s),
                      0xc1e0000000000000);
    ck_assert_uint_eq(fp32_round_intn(0x5f000000, 64, FP_RZ, &s), 0xdf000000);
    ck_assert_uint_eq(s.flags, FP_IXC | FP_IOC);
}
END_TEST

START_TEST(fp_compares)
{
    struct fp_status s = {0};
    ck_assert_uint_eq(fp32_compare(0, 0x80000000, true, &s), FP_EQ);
    ck_assert_uint_eq(fp32_compare(0xbf800000, 0x80000001, true, &s), FP_LT);
    ck_assert_uint_eq(fp32_compare(1, 0x80000001, true, &s), FP_GT);
    ck_assert_uint_eq(fp32_compare(F32_QNAN, 0, false, &s), FP_UNORDERED);
    ck_assert(!fp32_cmp_eq(F32_QNAN, F32_QNAN, &s));
    ck_assert(fp32_cmp_acgt(0xc0000000, 0x3f800000, &s));
    ck_assert_uint_eq(s.flags, 0);
    ck_assert_uint_eq(fp32_compare(F32_QNAN, 0, true, &s), FP_UNORDERED);
    ck_assert_uint_eq(s.flags, FP_IOC);
    s = fp_status_from_fpcr(FZ);
    ck_assert_uint_eq(fp64_compare(1, BIT(63) | 2, false, &s), FP_EQ);
    ck_assert_uint_eq(s.flags, FP_IDC);
}
END_TEST

START_TEST(fp_half_conversions)
{
    struct fp_status s = {0};
    ck_assert_uint_eq(fp32_to_fp16(0x7f812345, &s), 0x7e09);
    ck_assert_uint_eq(s.flags, FP_IOC);
    s = fp_status_from_fpcr(AHP);
    ck_assert_uint_eq(fp16_to_fp32(0x7fff, &s), 0x47ffe000);
    ck_assert_uint_eq(fp32_to_fp16(0x47ffe000, &s), 0x7fff);
    ck_assert_uint_eq(s.flags, 0);
    ck_assert_uint_eq(fp32_to_fp16(0xff800000, &s), 0xffff);
    ck_assert_uint_eq(fp32_to_fp16(0xffc00000, &s), 0x8000);
    ck_assert_uint_eq(fp32_to_fp16(0x48000000, &s), 0x7fff);
    ck_assert_uint_eq(s.flags, FP_IOC);
    /* FZ16 is for arithmetic only. */
    s = fp_status_from_fpcr(FZ16);
    ck_assert_uint_eq(fp16_to_fp32(1, &s), 0x33800000);
    ck_assert_uint_eq(fp16_add(1, 1, &s), 0);
    ck_assert_uint_eq(s.flags, 0);
    ck_assert_uint_eq(fp32_muladd_half(0x3f800000, 0x4000, 0xc200, &s),
                      0xc0a00000);
}
END_TEST

START_TEST(fp_other_conversions)
{
    struct fp_status s = fp_status_from_fpcr(RP);
    bool z;
    ck_assert_uint_eq(fp64_to_fp32_odd(ONE + 1, &s), 0x3f800001);
    ck_assert_uint_eq(fp64_to_fp32_odd(F64_INF - 1, &s), F32_MAX);
    ck_assert_uint_eq(s.flags, FP_OFC | FP_IXC);
    s.flags = 0;
    ck_assert_uint_eq(fp64_to_int_js(0xc1e0000000000000, &z, &s), 0x80000000);
    ck_assert(z);
    ck_assert_uint_eq(fp64_to_int_js(BIT(63), &z, &s), 0);
    ck_assert(!z);
    ck_assert_uint_eq(s.flags, 0);
    ck_assert_uint_eq(fp64_to_int_js(0x41f0000000300000, &z, &s), 3);
    ck_assert(!z);
    ck_assert_uint_eq(s.flags, FP_IOC);
    ck_assert_uint_eq(fp32_to_bf16(0x3f808000, &s), 0x3f81);
    ck_assert_uint_eq(fp32_bfdot(0x3f800000, 0x40003f80, 0x40403f80),
                      0x41000000);
    ck_assert_uint_eq(fp_urecpe(0x80000000), 0xff800000);
    ck_assert_uint_eq(fp_urecpe(0x7fffffff), 0xffffffff);
    ck_assert_uint_eq(fp_ursqrte(0x40000000), 0xff800000);
}
END_TEST

/* A deterministic source of operands that meet: exponents near one another
 * and at both ends, significands with long runs. */
static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t next_operand(int exp_bits, int frac_bits)
{
    uint64_t r = next_random();
    uint64_t max = mask64(exp_bits);
    uint64_t exp[] = {max / 2, max / 2 + r % 32, next_random() & max,
                      r % 3,   max - r % 3,      max / 2 - r % 60};
    uint64_t frac = next_random() & mask64(frac_bits);
    uint64_t run = mask64(frac_bits) >> (r >> 32) % frac_bits;
    uint64_t fracs[] = {frac, frac, frac & run, frac & ~run, run};
    return (r >> 63) << (exp_bits + frac_bits) |
           (exp[(r >> 16) % 6] & max) << frac_bits | fracs[(r >> 8) % 5];
}

static const int host_modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD,
                                 FE_TOWARDZERO};

static uint32_t host_flags(void)
{
    int e = fetestexcept(FE_ALL_EXCEPT);
    return (e & FE_INVALID ? FP_IOC : 0) | (e & FE_DIVBYZERO ? FP_DZC : 0) |
           (e & FE_OVERFLOW ? FP_OFC : 0) | (e & FE_UNDERFLOW ? FP_UFC : 0) |
           (e & FE_INEXACT ? FP_IXC : 0);
}

static const char host_ops[] = "+-*/rf";

/* One host operation between volatile accesses, so that it stays between
 * the calls that set up and read the floating point environment. */
#define HOST_OP(name, type, root, fused)              \
    static type name(char op, type a, type b, type c) \
    {                                                 \
        volatile type x = a, y = b, z = c, r = 0;     \
        feclearexcept(FE_ALL_EXCEPT);                 \
        switch (op) {                                 \
        case '+':                                     \
            r = x + y;                                \
            break;                                    \
        case '-':                                     \
            r = x - y;                                \
            break;                                    \
        case '*':                                     \
            r = x * y;                                \
            break;                                    \
        case '/':                                     \
            r = x / y;                                \
            break;                                    \
        case 'r':                                     \
            r = root(x);                              \
            break;                                    \
        default:                                      \
            r = fused(x, y, z);                       \
        }                                             \
        return r;                                     \
    }

HOST_OP(host_op32, float, sqrtf, fmaf)
HOST_OP(host_op64, double, sqrt, fma)

#define OUR_OP(w, type)                                    \
    static type our_op##w(char op, type a, type b, type c, \
                          struct fp_status *s)             \
    {                                                      \
        switch (op) {                                      \
        case '+':                                          \
            return fp##w##_add(a, b, s);                   \
        case '-':                                          \
            return fp##w##_sub(a, b, s);                   \
        case '*':                                          \
            return fp##w##_mul(a, b, s);                   \
        case '/':                                          \
            return fp##w##_div(a, b, s);                   \
        case 'r':                                          \
            return fp##w##_sqrt(a, s);                     \
        default:                                           \
            return fp##w##_muladd(c, a, b, s);             \
        }                                                  \
    }

OUR_OP(16, uint16_t)
OUR_OP(32, uint32_t)
OUR_OP(64, uint64_t)

/* NaN results and their flags are Arm's own. A result that rounded up to the
 * least normal is tiny for Arm, not for a host that checks after rounding. */
#define AGAINST_HOST(w, type, htype, exp_bits, frac_bits)                     \
    static void against_host##w(int mode)                                     \
    {                                                                         \
        for (int i = 0; i < ROUNDS; i++) {                                    \
            type v[3];                                                        \
            htype h[3], hr;                                                   \
            for (int j = 0; j < 3; j++) {                                     \
                v[j] = (type)next_operand(exp_bits, frac_bits);               \
            }                                                                 \
            memcpy(h, v, sizeof(h));                                          \
            char op = host_ops[i % 6];                                        \
            fesetround(host_modes[mode]);                                     \
            hr = host_op##w(op, h[0], h[1], h[2]);                            \
            uint32_t hf = host_flags();                                       \
            fesetround(FE_TONEAREST);                                         \
            struct fp_status s = {.rmode = (uint8_t)mode};                    \
            type want, got = our_op##w(op, v[0], v[1], v[2], &s);             \
            memcpy(&want, &hr, sizeof(want));                                 \
            if (isnan(hr)) {                                                  \
                ck_assert((got & (BIT(exp_bits + frac_bits) - 1)) >           \
                          mask64(exp_bits) << frac_bits);                     \
                continue;                                                     \
            }                                                                 \
            if ((want & (BIT(exp_bits + frac_bits) - 1)) == BIT(frac_bits)) { \
                hf = (hf & ~FP_UFC) | (s.flags & FP_UFC);                     \
            }                                                                 \
            ck_assert_msg(got == want && s.flags == hf,                       \
                          "%c mode %d: %" PRIx64 " %" PRIx64 " %" PRIx64      \
                          ": got %" PRIx64 " flags %x, host %" PRIx64 " %x",  \
                          op, mode, (uint64_t)v[0], (uint64_t)v[1],           \
                          (uint64_t)v[2], (uint64_t)got, s.flags,             \
                          (uint64_t)want, hf);                                \
        }                                                                     \
    }

AGAINST_HOST(32, uint32_t, float, 8, 23)
AGAINST_HOST(64, uint64_t, double, 11, 52)

START_TEST(fp_host_arithmetic)
{
    seed = UINT64_C(88172645463325252) + (unsigned)_i;
    against_host32(_i);
    against_host64(_i);
}
END_TEST

static void check_conversions(uint64_t a, int mode)
{
    volatile double x;
    volatile int64_t integer = (int64_t)a;
    struct fp_status s = {.rmode = (uint8_t)mode};
    memcpy((void *)&x, &a, sizeof(a));
    fesetround(host_modes[mode]);
    volatile float narrow = (float)x;
    volatile double wide = narrow;
    volatile double from64 = (double)integer;
    volatile float from32 = (float)integer;
    volatile int64_t to64 = fabs(x) < 0x1p63 ? llrint(x) : 0;
    fesetround(FE_TONEAREST);
    uint32_t b32;
    uint64_t b64;
    if (!isnan(x)) {
        memcpy(&b32, (const void *)&narrow, sizeof(b32));
        memcpy(&b64, (const void *)&wide, sizeof(b64));
        ck_assert_uint_eq(fp64_to_fp32(a, &s), b32);
        ck_assert_uint_eq(fp32_to_fp64(b32, &s), b64);
    }
    memcpy(&b64, (const void *)&from64, sizeof(b64));
    memcpy(&b32, (const void *)&from32, sizeof(b32));
    ck_assert_uint_eq(fp64_from_int(a, 64, false, 0, &s), b64);
    ck_assert_uint_eq(fp32_from_int(a, 64, false, 0, &s), b32);
    if (fabs(x) < 0x1p63) {
        ck_assert_int_eq(
            (int64_t)fp64_to_int(a, 64, false, 0, (unsigned)mode, &s), to64);
    }
}

START_TEST(fp_host_conversions)
{
    seed = UINT64_C(362436069362436069) + (unsigned)_i;
    for (int i = 0; i < ROUNDS; i++) {
        check_conversions(next_operand(11, 52), _i);
        check_conversions(next_random() >> (i & 63), _i);
    }
}
END_TEST

/* Double holds a half's sum, difference and product exactly, and enough of
 * a quotient or root for the second rounding to be harmless. */
START_TEST(fp_half_arithmetic)
{
    seed = UINT64_C(521288629521288629) + (unsigned)_i;
    for (int i = 0; i < ROUNDS; i++) {
        uint16_t a = (uint16_t)next_operand(5, 10);
        uint16_t b = (uint16_t)next_operand(5, 10);
        char op = host_ops[i % 5];
        struct fp_status s = {.rmode = (uint8_t)_i};
        struct fp_status t = {.rmode = (uint8_t)_i};
        uint64_t wa = fp16_to_fp64(a, &t);
        /* A signalling NaN that the root ignores must not count. */
        uint64_t wb = op == 'r' ? 0 : fp16_to_fp64(b, &t);
        uint16_t want = fp64_to_fp16(our_op64(op, wa, wb, 0, &t), &t);
        uint16_t got = our_op16(op, a, b, 0, &s);
        if ((want & 0x7fff) > 0x7c00) {
            ck_assert_uint_gt(got & 0x7fff, 0x7c00);
        } else {
            ck_assert_uint_eq(got, want);
            ck_assert_uint_eq(s.flags, t.flags);
        }
    }
}
END_TEST

START_TEST(fp_half_round_trip)
{
    for (unsigned i = 0; i < 0x10000; i++) {
        struct fp_status s = {0};
        uint16_t quiet = (uint16_t)((i & 0x7fff) > 0x7c00 ? i | 0x200 : i);
        ck_assert_uint_eq(fp32_to_fp16(fp16_to_fp32((uint16_t)i, &s), &s),
                          quiet);
        ck_assert_uint_eq(fp64_to_fp16(fp16_to_fp64((uint16_t)i, &s), &s),
                          quiet);
        s.ahp = true;
        ck_assert_uint_eq(fp32_to_fp16(fp16_to_fp32((uint16_t)i, &s), &s), i);
    }
}
END_TEST

Suite *fp_suite(void)
{
    Suite *suite = suite_create("fp");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, fp_unary_table, 0, ARRAY_SIZE(unary32));
    tcase_add_loop_test(tables, fp_binary_table, 0, ARRAY_SIZE(binary32));
    tcase_add_loop_test(tables, fp_muladd_table, 0, ARRAY_SIZE(muladd64));
    tcase_add_loop_test(tables, fp_to_int_table, 0, ARRAY_SIZE(to_int));
    tcase_add_test(tables, fp_from_int);
    tcase_add_test(tables, fp_round_int);
    tcase_add_test(tables, fp_compares);
    tcase_add_test(tables, fp_half_conversions);
    tcase_add_test(tables, fp_other_conversions);
    suite_add_tcase(suite, tables);
    TCase *host = tcase_create("random");
    tcase_add_loop_test(host, fp_host_arithmetic, 0, 4);
    tcase_add_loop_test(host, fp_host_conversions, 0, 4);
    tcase_add_loop_test(host, fp_half_arithmetic, 0, 4);
    tcase_add_test(host, fp_half_round_trip);
    suite_add_tcase(suite, host);
    return suite;
}
