/*
 * SVE2 on integers whose operands have half the result's width or twice it,
 * dot products, and complex numbers; see translate_sve.h.
 *
 * Bottom and top: the halves of an element of the wider size, which is what
 * the loops go by.
 */
#include "cpu/arm/translate_sve.h"

#define S(v) sve_s(esz, v)
#define W(v) ((sve_int128)S(v))
#define BITS sve_bits(esz)
#define HALF (BITS / 2)

/* The bottom (t = 0) or top half of v. */
#define HU(v, t) ((v) >> (t) * HALF & mask64(HALF))
#define HS(v, t) ((uint64_t)sve_s(esz - 1, HU(v, t)))

/* NAME##b and NAME##t from a macro of (t). */
#define BOTTOM_TOP(name, of)                                              \
    SVE_OP_H(name##b, of(0))                                              \
    SVE_OP_H(name##t, of(1))
#define ROWS_BT(row, format, name, ...)                                   \
    SVE_ROW(row##B, format, name##b, ##__VA_ARGS__)                       \
    SVE_ROW(row##T, format, name##t, ##__VA_ARGS__)
#define ROWS_BT_Z(row, name)                                              \
    SVE_ROW(row##B_z, sve_dnm, name##b)                                   \
    SVE_ROW(row##T_z, sve_dnm, name##t)
#define ROWS_BT_ZX(row, name)                                             \
    ROWS_BT_Z(row, name)                                                  \
    SVE_ROW(row##B_zx, sve_dnmi, name##b, o.second = SVE_HALF)            \
    SVE_ROW(row##T_zx, sve_dnmi, name##t, o.second = SVE_HALF)

/* -- longer -------------------------------------------------------------- */

#define DISTANCE(x, y) ((int64_t)(x) > (int64_t)(y) ? (x) - (y) : (y) - (x))

#define SADDL(t) HS(n, t) + HS(m, t)
#define UADDL(t) HU(n, t) + HU(m, t)
#define SSUBL(t) HS(n, t) - HS(m, t)
#define USUBL(t) HU(n, t) - HU(m, t)
#define SABDL(t) DISTANCE(HS(n, t), HS(m, t))
#define UABDL(t) DISTANCE(HU(n, t), HU(m, t))
#define SABAL(t) a + SABDL(t)
#define UABAL(t) a + UABDL(t)
#define SMULL(t) HS(n, t) * HS(m, t)
#define UMULL(t) HU(n, t) * HU(m, t)
#define SMLAL(t) a + HS(n, t) * HS(m, t)
#define UMLAL(t) a + HU(n, t) * HU(m, t)
#define SMLSL(t) a - HS(n, t) * HS(m, t)
#define UMLSL(t) a - HU(n, t) * HU(m, t)
#define SADDW(t) n + HS(m, t)
#define UADDW(t) n + HU(m, t)
#define SSUBW(t) n - HS(m, t)
#define USUBW(t) n - HU(m, t)
BOTTOM_TOP(saddl, SADDL)
BOTTOM_TOP(uaddl, UADDL)
BOTTOM_TOP(ssubl, SSUBL)
BOTTOM_TOP(usubl, USUBL)
BOTTOM_TOP(sabdl, SABDL)
BOTTOM_TOP(uabdl, UABDL)
BOTTOM_TOP(sabal, SABAL)
BOTTOM_TOP(uabal, UABAL)
BOTTOM_TOP(smull, SMULL)
BOTTOM_TOP(umull, UMULL)
BOTTOM_TOP(smlal, SMLAL)
BOTTOM_TOP(umlal, UMLAL)
BOTTOM_TOP(smlsl, SMLSL)
BOTTOM_TOP(umlsl, UMLSL)
BOTTOM_TOP(saddw, SADDW)
BOTTOM_TOP(uaddw, UADDW)
BOTTOM_TOP(ssubw, SSUBW)
BOTTOM_TOP(usubw, USUBW)
SVE_OP_H(saddlbt, HS(n, 0) + HS(m, 1))
SVE_OP_H(ssublbt, HS(n, 0) - HS(m, 1))
SVE_OP_H(ssubltb, HS(n, 1) - HS(m, 0))
SVE_OP_H(sadalp, a + HS(n, 0) + HS(n, 1))
SVE_OP_H(uadalp, a + HU(n, 0) + HU(n, 1))

ROWS_BT_Z(SADDL, saddl)
ROWS_BT_Z(UADDL, uaddl)
ROWS_BT_Z(SSUBL, ssubl)
ROWS_BT_Z(USUBL, usubl)
ROWS_BT_Z(SABDL, sabdl)
ROWS_BT_Z(UABDL, uabdl)
ROWS_BT(SABAL, sve_dnm, sabal)
ROWS_BT(UABAL, sve_dnm, uabal)
ROWS_BT_ZX(SMULL, smull)
ROWS_BT_ZX(UMULL, umull)
ROWS_BT_ZX(SMLAL, smlal)
ROWS_BT_ZX(UMLAL, umlal)
ROWS_BT_ZX(SMLSL, smlsl)
ROWS_BT_ZX(UMLSL, umlsl)
ROWS_BT(SADDW, sve_dnm, saddw)
ROWS_BT(UADDW, sve_dnm, uaddw)
ROWS_BT(SSUBW, sve_dnm, ssubw)
ROWS_BT(USUBW, sve_dnm, usubw)
SVE_ROW(SADDLBT_z, sve_dnm, saddlbt)
SVE_ROW(SSUBLBT_z, sve_dnm, ssublbt)
SVE_ROW(SSUBLTB_z, sve_dnm, ssubltb)
SVE_ROW(SADALP_z, sve_pdn, sadalp)
SVE_ROW(UADALP_z, sve_pdn, uadalp)

#define SSHLL(t) HS(n, t) << m
#define USHLL(t) HU(n, t) << m
BOTTOM_TOP(sshll, SSHLL)
BOTTOM_TOP(ushll, USHLL)
ROWS_BT(SSHLL, sve_dni, sshll, SVE_LEFT, o.esz++)
ROWS_BT(USHLL, sve_dni, ushll, SVE_LEFT, o.esz++)

SVE_INLINE uint64_t carryless(unsigned bits, uint64_t n, uint64_t m)
{
    uint64_t product = 0;

    for (unsigned k = 0; k < bits; k++) {
        product ^= m >> k & 1 ? n << k : 0;
    }
    return product;
}

#define PMULL(t) carryless(HALF, HU(n, t), HU(m, t))
BOTTOM_TOP(pmull, PMULL)
ROWS_BT_Z(PMULL, pmull)

/* Doubled products, saturated, and their sums, saturated again. */
#define DOUBLE(x, y)                                                      \
    (sve_int128)(int64_t)sve_saturate_s(                                  \
        esz, 2 * (sve_int128)(int64_t)(x) * (int64_t)(y))
#define DMLAL(x, y) sve_saturate_s(esz, W(a) + W(DOUBLE(x, y)))
#define DMLSL(x, y) sve_saturate_s(esz, W(a) - W(DOUBLE(x, y)))
#define SQDMULL(t) DOUBLE(HS(n, t), HS(m, t))
#define SQDMLAL(t) DMLAL(HS(n, t), HS(m, t))
#define SQDMLSL(t) DMLSL(HS(n, t), HS(m, t))
BOTTOM_TOP(sqdmull, SQDMULL)
BOTTOM_TOP(sqdmlal, SQDMLAL)
BOTTOM_TOP(sqdmlsl, SQDMLSL)
SVE_OP_H(sqdmlalbt, DMLAL(HS(n, 0), HS(m, 1)))
SVE_OP_H(sqdmlslbt, DMLSL(HS(n, 0), HS(m, 1)))
ROWS_BT_ZX(SQDMULL, sqdmull)
ROWS_BT_ZX(SQDMLAL, sqdmlal)
ROWS_BT_ZX(SQDMLSL, sqdmlsl)
SVE_ROW(SQDMLALBT, sve_dnm, sqdmlalbt)
SVE_ROW(SQDMLSLBT, sve_dnm, sqdmlslbt)

/* -- shorter ------------------------------------------------------------- */

/* The result in the bottom with zero above, or in the top. */
#define BOTTOM(v) (uint64_t)(v) & mask64(HALF)
#define TOP(v) (a & mask64(HALF)) | (uint64_t)(v) << HALF
#define NARROW(name, expr)                                                \
    SVE_OP_H(name##b, BOTTOM(expr))                                       \
    SVE_OP_H(name##t, TOP(expr))
#define ROUNDING(by) ((sve_int128)1 << ((by) - 1))
#define SSHR W(n) >> m
#define SRSHR (W(n) + ROUNDING(m)) >> m
#define USHR n >> m
#define URSHR ((sve_int128)n + ROUNDING(m)) >> m
NARROW(shrn, USHR)
NARROW(rshrn, URSHR)
NARROW(sqshrn, sve_saturate_s(esz - 1, SSHR))
NARROW(sqrshrn, sve_saturate_s(esz - 1, SRSHR))
NARROW(uqshrn, sve_saturate_u(esz - 1, USHR))
NARROW(uqrshrn, sve_saturate_u(esz - 1, URSHR))
NARROW(sqshrun, sve_saturate_u(esz - 1, SSHR))
NARROW(sqrshrun, sve_saturate_u(esz - 1, SRSHR))
NARROW(sqxtn, sve_saturate_s(esz - 1, W(n)))
NARROW(uqxtn, sve_saturate_u(esz - 1, (sve_int128)n))
NARROW(sqxtun, sve_saturate_u(esz - 1, W(n)))
NARROW(addhn, sve_u(esz, n + m) >> HALF)
NARROW(raddhn, sve_u(esz, n + m + BIT(HALF - 1)) >> HALF)
NARROW(subhn, sve_u(esz, n - m) >> HALF)
NARROW(rsubhn, sve_u(esz, n - m + BIT(HALF - 1)) >> HALF)

#define SHIFTED(row, name) ROWS_BT(row, sve_dni, name, SVE_RIGHT, o.esz++)
SHIFTED(SHRN, shrn)
SHIFTED(RSHRN, rshrn)
SHIFTED(SQSHRN, sqshrn)
SHIFTED(SQRSHRN, sqrshrn)
SHIFTED(UQSHRN, uqshrn)
SHIFTED(UQRSHRN, uqrshrn)
SHIFTED(SQSHRUN, sqshrun)
SHIFTED(SQRSHRUN, sqrshrun)
ROWS_BT(SQXTN, sve_dn, sqxtn, o.esz++)
ROWS_BT(UQXTN, sve_dn, uqxtn, o.esz++)
ROWS_BT(SQXTUN, sve_dn, sqxtun, o.esz++)
ROWS_BT(ADDHN, sve_dnm, addhn)
ROWS_BT(RADDHN, sve_dnm, raddhn)
ROWS_BT(SUBHN, sve_dnm, subhn)
ROWS_BT(RSUBHN, sve_dnm, rsubhn)

/* -- sums of products ---------------------------------------------------- */

/* Part k of an element of four. */
SVE_INLINE uint64_t quarter(unsigned esz, uint64_t v, unsigned k,
                            bool is_signed)
{
    uint64_t q = v >> k * (BITS / 4) & mask64(BITS / 4);

    return is_signed ? (uint64_t)sve_s(esz - 2, q) : q;
}

SVE_INLINE uint64_t dot(unsigned esz, uint64_t n, uint64_t m, bool n_signed,
                        bool m_signed)
{
    uint64_t sum = 0;

    for (unsigned k = 0; k < 4; k++) {
        sum += quarter(esz, n, k, n_signed) * quarter(esz, m, k, m_signed);
    }
    return sum;
}

SVE_OP_OF(sdot, 2, 0, a + dot(esz, n, m, true, true))
SVE_OP_OF(udot, 2, 0, a + dot(esz, n, m, false, false))
SVE_OP_OF(usdot, 2, 0, a + dot(esz, n, m, false, true))
SVE_OP_OF(sudot, 2, 0, a + dot(esz, n, m, true, false))
SVE_ROW(SDOT_z, sve_dnm, sdot)
SVE_ROW(UDOT_z, sve_dnm, udot)
SVE_ROW(USDOT_z, sve_dnm, usdot)
SVE_ROW(SDOT_zx, sve_dnmi, sdot, o.second = SVE_ELEMENT)
SVE_ROW(UDOT_zx, sve_dnmi, udot, o.second = SVE_ELEMENT)
SVE_ROW(USDOT_zx, sve_dnmi, usdot, o.second = SVE_ELEMENT)
SVE_ROW(SUDOT_zx, sve_dnmi, sudot, o.second = SVE_ELEMENT)

/* Real and imaginary parts of two complex products; rot in imm >> 8. */
SVE_INLINE uint64_t complex_dot(unsigned esz, uint64_t n, uint64_t m,
                                unsigned rot)
{
    unsigned swapped = rot & 1;
    bool subtract = (rot & 1) == rot >> 1;
    uint64_t sum = 0;

    for (unsigned k = 0; k < 4; k += 2) {
        uint64_t real = quarter(esz, n, k, true) *
                        quarter(esz, m, k + swapped, true);
        uint64_t other = quarter(esz, n, k + 1, true) *
                         quarter(esz, m, k + !swapped, true);

        sum += subtract ? real - other : real + other;
    }
    return sum;
}

SVE_OP_OF(cdot, 2, 0, a + complex_dot(esz, n, m, (unsigned)imm >> 8))
SVE_ROW(CDOT, sve_dnmi, cdot, o.imm = a->imm << 8)
SVE_ROW(CDOT_zx, sve_dnmix, cdot)

/* Matrices of two rows of eight bytes in each 128 bits; imm: n, m signed. */
SVE_RUN(mmla)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    for (unsigned k = 0; k < r.vl / 4; k++) {
        unsigned n = (k / 4 * 2 + k / 2 % 2), m = (k / 4 * 2 + k % 2);
        uint64_t x = r.n.d[n], y = r.m.d[m];
        bool ns = r.o.imm & 1, ms = r.o.imm & 2;

        r.d.s[k] += (uint32_t)dot(2, (uint32_t)x, (uint32_t)y, ns, ms) +
                    (uint32_t)dot(2, x >> 32, y >> 32, ns, ms);
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(mmla, 0)
SVE_ROW(SMMLA_z, sve_dnm, mmla, o.imm = 3)
SVE_ROW(UMMLA_z, sve_dnm, mmla, o.imm = 0)
SVE_ROW(USMMLA_z, sve_dnm, mmla, o.imm = 2)

/* -- complex numbers: pairs of elements ---------------------------------- */

/* One part of a result: from that of the accumulator and a product. */
static uint64_t accumulate(unsigned esz, uint64_t a, uint64_t n, uint64_t m,
                           bool subtract, bool doubling)
{
    sve_int128 product = W(n) * W(m);

    product = subtract ? -product : product;
    if (!doubling) {
        return a + (uint64_t)product;
    }
    product += (W(a) << (BITS - 1)) + ((sve_int128)1 << (BITS - 2));
    return sve_saturate_s(esz, product >> (BITS - 1));
}

/* CMLA and SQRDCMLAH; the rotation is imm >> 8 & 3. */
enum {
    DOUBLING = 1 << 16,
    INDEXED = 1 << 17, /* m is pair imm & 255 of each 128 bits */
};

SVE_RUN(cmla)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    unsigned esz = r.o.esz, rot = (unsigned)r.o.imm >> 8 & 3, first = rot & 1;
    bool doubling = r.o.imm & DOUBLING;
    unsigned pairs = 8u >> esz; /* in 128 bits */

    for (unsigned k = 0; k < r.vl >> esz; k += 2) {
        unsigned at = r.o.imm & INDEXED
                          ? 2 * (k / 2 / pairs * pairs + (r.o.imm & 255))
                          : k;
        uint64_t n = sve_get(&r.n, esz, k + first);
        uint64_t same = sve_get(&r.m, esz, at + first);
        uint64_t other = sve_get(&r.m, esz, at + !first);

        sve_set(&r.d, esz, k,
                accumulate(esz, sve_get(&r.d, esz, k), n, same,
                           (rot & 1) != rot >> 1, doubling));
        sve_set(&r.d, esz, k + 1,
                accumulate(esz, sve_get(&r.d, esz, k + 1), n, other,
                           rot >> 1, doubling));
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(cmla, 0)
SVE_ROW(CMLA, sve_dnmi, cmla, o.imm = a->imm << 8)
SVE_ROW(CMLA_zx, sve_dnmix, cmla, o.second = SVE_REGISTER, o.imm |= INDEXED)
SVE_ROW(SQRDCMLAH, sve_dnmi, cmla, o.imm = a->imm << 8 | DOUBLING)
SVE_ROW(SQRDCMLAH_zx, sve_dnmix, cmla, o.second = SVE_REGISTER,
        o.imm |= DOUBLING | INDEXED)

/* imm: by 270 degrees, else 90; bit 1: saturating. */
SVE_RUN(cadd)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    unsigned esz = r.o.esz;
    bool back = r.o.imm & 1, saturate = r.o.imm & 2;

    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < r.vl >> esz; k++) {
        sve_int128 n = W(sve_get(&r.n, esz, k));
        sve_int128 m = W(sve_get(&r.m, esz, k ^ 1));
        sve_int128 v = (k & 1) == back ? n - m : n + m;

        sve_set(&r.d, esz, k, saturate ? sve_saturate_s(esz, v)
                                       : (uint64_t)v);
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(cadd, 0)
SVE_ROW(CADD, sve_dmi, cadd)
SVE_ROW(SQCADD, sve_dmi, cadd, o.imm |= 2)

/* -- pairs of elements --------------------------------------------------- */

/* Sums of the bottoms and of n's bottom or top (imm bit 0) with the carries
 * in m's tops; the carries into the tops.  imm bit 1: n inverted. */
SVE_RUN(adcl)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    unsigned esz = r.o.esz;

    for (unsigned k = 0; k < r.vl >> esz; k += 2) {
        uint64_t n = sve_get(&r.n, esz, k + (r.o.imm & 1));

        n = r.o.imm & 2 ? sve_u(esz, ~n) : n;
        sve_uint128 sum = (sve_uint128)sve_get(&r.d, esz, k) + n +
                          (sve_get(&r.m, esz, k + 1) & 1);

        sve_set(&r.d, esz, k, (uint64_t)sum);
        sve_set(&r.d, esz, k + 1, (uint64_t)(sum >> BITS));
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(adcl, 0)
SVE_ROW(ADCLB, sve_dnm, adcl, o.imm = 0)
SVE_ROW(ADCLT, sve_dnm, adcl, o.imm = 1)
SVE_ROW(SBCLB, sve_dnm, adcl, o.imm = 2)
SVE_ROW(SBCLT, sve_dnm, adcl, o.imm = 3)

/* n's bottoms with m's tops, or (imm) the other way round. */
SVE_RUN(eorbt)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    for (unsigned k = (unsigned)r.o.imm; k < r.vl >> r.o.esz; k += 2) {
        sve_set(&r.d, r.o.esz, k, sve_get(&r.n, r.o.esz, k) ^
                                      sve_get(&r.m, r.o.esz, k ^ 1));
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(eorbt, 0)
SVE_ROW(EORBT, sve_dnm, eorbt, o.imm = 0)
SVE_ROW(EORTB, sve_dnm, eorbt, o.imm = 1)
