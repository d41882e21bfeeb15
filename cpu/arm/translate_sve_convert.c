/*
 * SVE floating point between formats, matrices, and the tables for
 * trigonometric functions and powers; see translate_sve.h.
 */
#include "cpu/arm/translate_sve.h"

#include "cpu/fp/fp.h"

#define FP IR_HELPER_FP_STATUS
#define FPS (&vcpu->fp)
#define BITS sve_bits(esz)

/* -- conversions --------------------------------------------------------- */

/* A row of its own helper, on elements of 16, 32 or 64 bits. */
#define CONVERT(row, esz_, expr)                                          \
    SVE_OP_OF(row, esz_, FP, expr)                                        \
    SVE_ROW(row, sve_pdn, row)
#define H(v) (uint16_t)(v)
#define S(v) (uint32_t)(v)
/* The halves of the larger element. */
#define TOP(v) ((v) >> BITS / 2)
#define INTO_TOP(v) (a & mask64(BITS / 2)) | (uint64_t)(v) << BITS / 2

/* FPConvertSVE(): FPCR.AHP does not count. */
#define HALF(call)                                                        \
    ({                                                                    \
        struct fp_status plain = vcpu->fp;                                \
        plain.ahp = false;                                                \
        uint64_t result_ = call;                                          \
        vcpu->fp.flags = plain.flags;                                     \
        result_;                                                          \
    })

CONVERT(FCVT_sh, 2, HALF(fp32_to_fp16(S(n), &plain)))
CONVERT(FCVT_hs, 2, HALF(fp16_to_fp32(H(n), &plain)))
CONVERT(FCVT_dh, 3, HALF(fp64_to_fp16(n, &plain)))
CONVERT(FCVT_hd, 3, HALF(fp16_to_fp64(H(n), &plain)))
CONVERT(FCVT_ds, 3, fp64_to_fp32(n, FPS))
CONVERT(FCVT_sd, 3, fp32_to_fp64(S(n), FPS))
CONVERT(FCVTX_ds, 3, fp64_to_fp32_odd(n, FPS))
CONVERT(BFCVT_z, 2, fp32_to_bf16(S(n), FPS))
CONVERT(FCVTXNT, 3, INTO_TOP(fp64_to_fp32_odd(n, FPS)))
CONVERT(FCVTNT_sh, 2, INTO_TOP(HALF(fp32_to_fp16(S(n), &plain))))
CONVERT(FCVTNT_ds, 3, INTO_TOP(fp64_to_fp32(n, FPS)))
CONVERT(BFCVTNT, 2, INTO_TOP(fp32_to_bf16(S(n), FPS)))
CONVERT(FCVTLT_hs, 2, HALF(fp16_to_fp32(H(TOP(n)), &plain)))
CONVERT(FCVTLT_sd, 3, fp32_to_fp64(S(TOP(n)), FPS))

/* From integers of `bits`, and to them: a narrow one is extended. */
#define FROM_INTEGER(suffix, esz_, bits, to)                              \
    CONVERT(SCVTF_##suffix, esz_, fp##to##_from_int(n, bits, false, 0, FPS)) \
    CONVERT(UCVTF_##suffix, esz_, fp##to##_from_int(n, bits, true, 0, FPS))
FROM_INTEGER(zhh, 1, 16, 16)
FROM_INTEGER(zsh, 2, 32, 16)
FROM_INTEGER(zdh, 3, 64, 16)
FROM_INTEGER(zss, 2, 32, 32)
FROM_INTEGER(zds, 3, 64, 32)
FROM_INTEGER(zsd, 3, 32, 64)
FROM_INTEGER(zdd, 3, 64, 64)

#define TO_INTEGER(suffix, esz_, value, from, bits)                       \
    CONVERT(FCVTZS_##suffix, esz_,                                        \
            sve_s(bits == 16 ? 1 : bits == 32 ? 2 : 3,                    \
                  fp##from##_to_int(value, bits, false, 0, FP_RZ, FPS)))  \
    CONVERT(FCVTZU_##suffix, esz_,                                        \
            fp##from##_to_int(value, bits, true, 0, FP_RZ, FPS))
TO_INTEGER(zhh, 1, H(n), 16, 16)
TO_INTEGER(zhs, 2, H(n), 16, 32)
TO_INTEGER(zhd, 3, H(n), 16, 64)
TO_INTEGER(zss, 2, S(n), 32, 32)
TO_INTEGER(zsd, 3, S(n), 32, 64)
TO_INTEGER(zds, 3, n, 64, 32)
TO_INTEGER(zdd, 3, n, 64, 64)

/* -- products of narrower numbers ---------------------------------------- */

#define LONG(name, n_half, m_half)                                        \
    SVE_OP_OF(name, 2, FP,                                                \
              fp32_muladd_half(S(a), n_half, m_half, FPS))
LONG(fmlalb, H(n), H(m))
LONG(fmlalt, H(TOP(n)), H(TOP(m)))
LONG(fmlslb, H(n) ^ 0x8000, H(m))
LONG(fmlslt, H(TOP(n)) ^ 0x8000, H(TOP(m)))
/* A bfloat16 is the upper half of a single. */
SVE_OP_OF(bfmlalb, 2, FP, fp32_muladd(S(a), S(n << 16), S(m << 16), FPS))
SVE_OP_OF(bfmlalt, 2, FP,
          fp32_muladd(S(a), S(n) & 0xffff0000, S(m) & 0xffff0000, FPS))
SVE_OP_OF(bfdot, 2, 0, fp32_bfdot(S(a), S(n), S(m)))

#define LONG_ROWS(row, name)                                              \
    SVE_ROW(row##_z, sve_dnm, name)                                       \
    SVE_ROW(row##_zx, sve_dnmi, name, o.second = SVE_HALF)
LONG_ROWS(FMLALB, fmlalb)
LONG_ROWS(FMLALT, fmlalt)
LONG_ROWS(FMLSLB, fmlslb)
LONG_ROWS(FMLSLT, fmlslt)
LONG_ROWS(BFMLALB, bfmlalb)
LONG_ROWS(BFMLALT, bfmlalt)
SVE_ROW(BFDOT_z, sve_dnm, bfdot)
SVE_ROW(BFDOT_zx, sve_dnmi, bfdot, o.second = SVE_ELEMENT)

/* -- matrices ------------------------------------------------------------ */

/* Rows of two pairs, in each 128 bits. */
SVE_RUN(bfmmla)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    for (unsigned k = 0; k < r.vl / 4; k++) {
        unsigned segment = k & ~3u;

        for (unsigned j = 0; j < 2; j++) {
            r.d.s[k] = fp32_bfdot(r.d.s[k], r.n.s[segment + (k & 2) + j],
                                  r.m.s[segment + 2 * (k & 1) + j]);
        }
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(bfmmla, 0)
SVE_ROW(BFMMLA_z, sve_dnm, bfmmla)

static uint64_t fp_add(unsigned esz, uint64_t a, uint64_t b,
                       struct fp_status *s)
{
    return esz == 2 ? fp32_add(S(a), S(b), s) : fp64_add(a, b, s);
}

static uint64_t fp_mul(unsigned esz, uint64_t a, uint64_t b,
                       struct fp_status *s)
{
    return esz == 2 ? fp32_mul(S(a), S(b), s) : fp64_mul(a, b, s);
}

/* Matrices of two by two elements; each sum is rounded by itself. */
SVE_RUN(fmmla)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    unsigned esz = r.o.esz;

    if (r.vl < 4u << esz) {
        arm_raise(cpu, ARM_SYNDROME(EC_UNKNOWN, 0));
        return 0;
    }
    sve_read(cpu, r.o.d, &r.d);
    /* What does not fill a matrix stays as no matrix: zero. */
    memset(r.d.b + (r.vl & ~((4u << esz) - 1)), 0, r.vl & ((4u << esz) - 1));
    for (unsigned k = 0; k < r.vl >> esz && k < (r.vl >> (esz + 2)) * 4;
         k++) {
        unsigned n = (k & ~3u) + (k & 2), m = (k & ~3u) + 2 * (k & 1);
        uint64_t x = fp_mul(esz, sve_get(&r.n, esz, n),
                            sve_get(&r.m, esz, m), FPS);
        uint64_t y = fp_mul(esz, sve_get(&r.n, esz, n + 1),
                            sve_get(&r.m, esz, m + 1), FPS);

        sve_set(&r.d, esz, k,
                fp_add(esz, sve_get(&r.d, esz, k), fp_add(esz, x, y, FPS),
                       FPS));
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(fmmla, FP | IR_HELPER_EXITS)
SVE_ROW(FMMLA_s, sve_dnm, fmmla)
SVE_ROW(FMMLA_d, sve_dnm, fmmla)

/* -- trigonometric functions and powers ---------------------------------- */

/* FPTrigMAddFixed(): by size and index, sine's, then cosine's. */
static const uint64_t trig[4][16] = {
    [1] = {0x3c00, 0xb155, 0x2030, 0, 0, 0, 0, 0,
           0x3c00, 0xb800, 0x293a, 0, 0, 0, 0, 0},
    [2] = {0x3f800000, 0xbe2aaaab, 0x3c088886, 0xb95008b9, 0x36369d6d, 0, 0,
           0, 0x3f800000, 0xbf000000, 0x3d2aaaa6, 0xbab60705, 0x37cd37cc, 0,
           0, 0},
    [3] = {0x3ff0000000000000, 0xbfc5555555555543, 0x3f8111111110f30c,
           0xbf2a01a019b92fc6, 0x3ec71de351f3d22b, 0xbe5ae5e2b60f7b91,
           0x3de5d8408868552f, 0, 0x3ff0000000000000, 0xbfe0000000000000,
           0x3fa5555555555536, 0xbf56c16c16c13a0b, 0x3efa01a019b1e8d8,
           0xbe927e4f7282f468, 0x3e21ee96d2641b13, 0xbda8f76380fbb401},
};

static uint64_t muladd(unsigned esz, uint64_t a, uint64_t n, uint64_t m,
                       struct fp_status *s)
{
    return esz == 1   ? fp16_muladd(H(a), H(n), H(m), s)
           : esz == 2 ? fp32_muladd(S(a), S(n), S(m), s)
                      : fp64_muladd(a, n, m, s);
}

static uint64_t ftmad(unsigned esz, uint64_t n, uint64_t m, unsigned index,
                      struct fp_status *s)
{
    index += m >> (BITS - 1) & 1 ? 8 : 0;
    return muladd(esz, trig[esz][index], n, m & mask64(BITS - 1), s);
}

static bool is_nan(unsigned esz, uint64_t v)
{
    static const uint64_t infinity[] = {0, 0x7c00, 0x7f800000,
                                        UINT64_C(0x7ff0000000000000)};

    return (v & mask64(BITS - 1)) > infinity[esz];
}

/* The square, which bit 0 of m gives its sign. */
static uint64_t ftsmul(unsigned esz, uint64_t n, uint64_t m,
                       struct fp_status *s)
{
    uint64_t v = esz == 1 ? fp16_mul(H(n), H(n), s) : fp_mul(esz, n, n, s);

    return is_nan(esz, v) ? v
                          : (v & mask64(BITS - 1)) | (m & 1) << (BITS - 1);
}

/* n or 1.0, with the sign turned over: the low bits of m say. */
static uint64_t ftssel(unsigned esz, uint64_t n, uint64_t m)
{
    uint64_t v = m & 1 ? trig[esz][0] : n;

    return v ^ (m >> 1 & 1) << (BITS - 1);
}

/* 2^(n/64) without its leading one, in units of 2^-52. */
static const uint64_t powers[64] = {
    0x0000000000000, 0x02c9a3e778061, 0x059b0d3158574,
    0x0874518759bc8, 0x0b5586cf9890f, 0x0e3ec32d3d1a2,
    0x11301d0125b51, 0x1429aaea92de0, 0x172b83c7d517b,
    0x1a35beb6fcb75, 0x1d4873168b9aa, 0x2063b88628cd6,
    0x2387a6e756238, 0x26b4565e27cdd, 0x29e9df51fdee1,
    0x2d285a6e4030b, 0x306fe0a31b715, 0x33c08b26416ff,
    0x371a7373aa9cb, 0x3a7db34e59ff7, 0x3dea64c123422,
    0x4160a21f72e2a, 0x44e086061892d, 0x486a2b5c13cd0,
    0x4bfdad5362a27, 0x4f9b2769d2ca7, 0x5342b569d4f82,
    0x56f4736b527da, 0x5ab07dd485429, 0x5e76f15ad2148,
    0x6247eb03a5585, 0x6623882552225, 0x6a09e667f3bcd,
    0x6dfb23c651a2f, 0x71f75e8ec5f74, 0x75feb564267c9,
    0x7a11473eb0187, 0x7e2f336cf4e62, 0x82589994cce13,
    0x868d99b4492ed, 0x8ace5422aa0db, 0x8f1ae99157736,
    0x93737b0cdc5e5, 0x97d829fde4e50, 0x9c49182a3f090,
    0xa0c667b5de565, 0xa5503b23e255d, 0xa9e6b5579fdbf,
    0xae89f995ad3ad, 0xb33a2b84f15fb, 0xb7f76f2fb5e47,
    0xbcc1e904bc1d2, 0xc199bdd85529c, 0xc67f12e57d14b,
    0xcb720dcef9069, 0xd072d4a07897c, 0xd5818dcfba487,
    0xda9e603db3285, 0xdfc97337b9b5f, 0xe502ee78b3ff6,
    0xea4afa2a490da, 0xefa1bee615a27, 0xf50765b6e4540,
    0xfa7c1819e90d8,
};

/* FPExpA(): a half has 32 powers and the exponent in the bits above. */
static uint64_t fexpa(unsigned esz, uint64_t n)
{
    unsigned index_bits = esz == 1 ? 5 : 6;
    unsigned exponent_bits = esz == 1 ? 5 : esz == 2 ? 8 : 11;
    unsigned fraction = BITS - 1 - exponent_bits, drop = 52 - fraction;
    uint64_t v = powers[(n & mask64((int)index_bits)) << (6 - index_bits)];

    v = drop ? (v + BIT(drop - 1)) >> drop : v;
    return (n >> index_bits & mask64((int)exponent_bits)) << fraction | v;
}

SVE_OP_OF(ftmad, 1, FP, ftmad(esz, n, m, (unsigned)imm, FPS))
SVE_OP_OF(ftsmul, 1, FP, ftsmul(esz, n, m, FPS))
SVE_OP_H(ftssel, ftssel(esz, n, m))
SVE_OP_H(fexpa, fexpa(esz, n))
SVE_ROW(FTMAD, sve_dmi, ftmad)
SVE_ROW(FTSMUL_z, sve_dnm, ftsmul)
SVE_ROW(FTSSEL, sve_dnm, ftssel)
SVE_ROW(FEXPA, sve_dn, fexpa)
