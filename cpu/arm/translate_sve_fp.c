/*
 * SVE floating point, over cpu/fp; see translate_sve.h.  Only active elements
 * are computed, so that others set no flags.
 */
#include "cpu/arm/translate_sve.h"

#include "cpu/arm/translate_simd.h"
#include "cpu/fp/fp.h"

#define FP IR_HELPER_FP_STATUS
#define FPS (&vcpu->fp)
#define BITS sve_bits(esz)
#define NEG(v) ((v) ^ BIT(BITS - 1))

/* fp_NAME(esz, ...) of the three sizes. */
#define BY_SIZE(name, parameters, h, s, d)                                \
    SVE_INLINE uint64_t fp_##name parameters                              \
    {                                                                     \
        switch (esz) {                                                    \
        case 1:                                                           \
            return (uint64_t)fp16_##name h;                               \
        case 2:                                                           \
            return (uint64_t)fp32_##name s;                               \
        default:                                                          \
            return (uint64_t)fp64_##name d;                               \
        }                                                                 \
    }
#define FP1(name)                                                         \
    BY_SIZE(name, (unsigned esz, uint64_t n, struct fp_status *s),        \
            ((uint16_t)n, s), ((uint32_t)n, s), (n, s))
#define FP2(name)                                                         \
    BY_SIZE(name,                                                         \
            (unsigned esz, uint64_t n, uint64_t m, struct fp_status *s),  \
            ((uint16_t)n, (uint16_t)m, s), ((uint32_t)n, (uint32_t)m, s), \
            (n, m, s))
FP1(sqrt)
FP1(recpe)
FP1(rsqrte)
FP1(recpx)
FP1(logb)
FP2(add)
FP2(sub)
FP2(mul)
FP2(div)
FP2(mulx)
FP2(abd)
FP2(max)
FP2(min)
FP2(maxnm)
FP2(minnm)
FP2(recps)
FP2(rsqrts)
FP2(cmp_eq)
FP2(cmp_ge)
FP2(cmp_gt)
FP2(cmp_acge)
FP2(cmp_acgt)
BY_SIZE(muladd,
        (unsigned esz, uint64_t a, uint64_t n, uint64_t m,
         struct fp_status *s),
        ((uint16_t)a, (uint16_t)n, (uint16_t)m, s),
        ((uint32_t)a, (uint32_t)n, (uint32_t)m, s), (a, n, m, s))
BY_SIZE(compare,
        (unsigned esz, uint64_t n, uint64_t m, struct fp_status *s),
        ((uint16_t)n, (uint16_t)m, false, s),
        ((uint32_t)n, (uint32_t)m, false, s), (n, m, false, s))
BY_SIZE(scale, (unsigned esz, uint64_t n, int64_t by, struct fp_status *s),
        ((uint16_t)n, by, s), ((uint32_t)n, by, s), (n, by, s))
BY_SIZE(round_int,
        (unsigned esz, uint64_t n, unsigned mode, bool exact,
         struct fp_status *s),
        ((uint16_t)n, mode, exact, s), ((uint32_t)n, mode, exact, s),
        (n, mode, exact, s))

/* Elements of 16 bits and up. */
#define OP(name, expr) SVE_OP_OF(name, 1, FP, expr)

/* -- arithmetic ---------------------------------------------------------- */

OP(fadd, fp_add(esz, n, m, FPS))
OP(fsub, fp_sub(esz, n, m, FPS))
OP(fsubr, fp_sub(esz, m, n, FPS))
OP(fmul, fp_mul(esz, n, m, FPS))
OP(fdiv, fp_div(esz, n, m, FPS))
OP(fmulx, fp_mulx(esz, n, m, FPS))
OP(fabd, fp_abd(esz, n, m, FPS))
OP(fmax, fp_max(esz, n, m, FPS))
OP(fmin, fp_min(esz, n, m, FPS))
OP(fmaxnm, fp_maxnm(esz, n, m, FPS))
OP(fminnm, fp_minnm(esz, n, m, FPS))
OP(fscale, fp_scale(esz, n, sve_s(esz, m), FPS))
OP(frecps, fp_recps(esz, n, m, FPS))
OP(frsqrts, fp_rsqrts(esz, n, m, FPS))
OP(fmla, fp_muladd(esz, a, n, m, FPS))
OP(fmls, fp_muladd(esz, a, NEG(n), m, FPS))
OP(fnmla, fp_muladd(esz, NEG(a), NEG(n), m, FPS))
OP(fnmls, fp_muladd(esz, NEG(a), n, m, FPS))
OP(fsqrt, fp_sqrt(esz, n, FPS))
OP(frecpe, fp_recpe(esz, n, FPS))
OP(frsqrte, fp_rsqrte(esz, n, FPS))
OP(frecpx, fp_recpx(esz, n, FPS))
OP(flogb, fp_logb(esz, n, FPS))

#define BOTH(row, name)                                                   \
    SVE_ROW(row##_zp, sve_pdm, name)                                      \
    SVE_ROW(row##_z, sve_dnm, name)
#define REVERSED(row, name) SVE_ROW(row, sve_pdm, name, sve_swap(&o))
BOTH(FADD, fadd)
BOTH(FSUB, fsub)
BOTH(FMUL, fmul)
REVERSED(FSUBR_zp, fsub)
SVE_ROW(FDIV_zp, sve_pdm, fdiv)
REVERSED(FDIVR_zp, fdiv)
SVE_ROW(FMULX_zp, sve_pdm, fmulx)
SVE_ROW(FABD_zp, sve_pdm, fabd)
SVE_ROW(FMAX_zp, sve_pdm, fmax)
SVE_ROW(FMIN_zp, sve_pdm, fmin)
SVE_ROW(FMAXNM_zp, sve_pdm, fmaxnm)
SVE_ROW(FMINNM_zp, sve_pdm, fminnm)
SVE_ROW(FSCALE_zp, sve_pdm, fscale)
SVE_ROW(FRECPS_z, sve_dnm, frecps)
SVE_ROW(FRSQRTS_z, sve_dnm, frsqrts)
SVE_ROW(FMLA_zp, sve_pdnm, fmla)
SVE_ROW(FMLS_zp, sve_pdnm, fmls)
SVE_ROW(FNMLA_zp, sve_pdnm, fnmla)
SVE_ROW(FNMLS_zp, sve_pdnm, fnmls)
SVE_ROW(FMAD_zp, sve_pdam, fmla)
SVE_ROW(FMSB_zp, sve_pdam, fmls)
SVE_ROW(FNMAD_zp, sve_pdam, fnmla)
SVE_ROW(FNMSB_zp, sve_pdam, fnmls)
SVE_ROW(FSQRT_zp, sve_pdn, fsqrt)
SVE_ROW(FRECPX_zp, sve_pdn, frecpx)
SVE_ROW(FLOGB, sve_pdn, flogb)
SVE_ROW(FRECPE_z, sve_dn, frecpe)
SVE_ROW(FRSQRTE_z, sve_dn, frsqrte)
SVE_ROW(FMUL_zx, sve_dnmi, fmul, o.second = SVE_ELEMENT)
SVE_ROW(FMLA_zx, sve_dnmi, fmla, o.second = SVE_ELEMENT)
SVE_ROW(FMLS_zx, sve_dnmi, fmls, o.second = SVE_ELEMENT)

/* VFPExpandImm() of these numbers. */
enum { ZERO = -1, HALF = 0x60, ONE = 0x70, TWO = 0x00 };

static uint64_t constant(int esz, int number)
{
    return number == ZERO ? 0 : a64_fp_immediate((unsigned)esz,
                                                 (unsigned)number);
}

#define IMMEDIATE(row, name, no, yes)                                     \
    SVE_ROW(row##_zpi, sve_pdi, name,                                     \
            sve_scalar(s, &o, constant(a->esz, a->imm ? yes : no)))
IMMEDIATE(FADD, fadd, HALF, ONE)
IMMEDIATE(FSUB, fsub, HALF, ONE)
IMMEDIATE(FSUBR, fsubr, HALF, ONE)
IMMEDIATE(FMUL, fmul, HALF, TWO)
IMMEDIATE(FMAX, fmax, ZERO, ONE)
IMMEDIATE(FMIN, fmin, ZERO, ONE)
IMMEDIATE(FMAXNM, fmaxnm, ZERO, ONE)
IMMEDIATE(FMINNM, fminnm, ZERO, ONE)

SVE_OP_H(fill, m)
SVE_ROW(FDUP, sve_di, fill, sve_scalar(s, &o, constant(a->esz, a->imm)))
SVE_ROW(FCPY, sve_pdi, fill, sve_scalar(s, &o, constant(a->esz, a->imm)))

/* imm: the mode, 7 is FPCR's; 8 exact. */
OP(frint, fp_round_int(esz, n, (imm & 7) == 7 ? FPS->rmode : (unsigned)imm & 7,
                       imm & 8, FPS))
#define FRINT(row, mode) SVE_ROW(row##_zp, sve_pdn, frint, o.imm = (mode))
FRINT(FRINTN, FP_RN)
FRINT(FRINTP, FP_RP)
FRINT(FRINTM, FP_RM)
FRINT(FRINTZ, FP_RZ)
FRINT(FRINTA, FP_RA)
FRINT(FRINTX, 7 | 8)
FRINT(FRINTI, 7)

/* -- comparisons --------------------------------------------------------- */

#define COMPARE(name, expr) SVE_COMPARE_OF(name, 1, FP, expr)
COMPARE(eq, fp_cmp_eq(esz, n, m, FPS))
COMPARE(ne, !fp_cmp_eq(esz, n, m, FPS))
COMPARE(ge, fp_cmp_ge(esz, n, m, FPS))
COMPARE(gt, fp_cmp_gt(esz, n, m, FPS))
COMPARE(le, fp_cmp_ge(esz, m, n, FPS))
COMPARE(lt, fp_cmp_gt(esz, m, n, FPS))
COMPARE(acge, fp_cmp_acge(esz, n, m, FPS))
COMPARE(acgt, fp_cmp_acgt(esz, n, m, FPS))
COMPARE(uo, fp_compare(esz, n, m, FPS) == FP_UNORDERED)
SVE_ROW(FCMEQ_z, sve_ppnm, eq)
SVE_ROW(FCMNE_z, sve_ppnm, ne)
SVE_ROW(FCMGE_z, sve_ppnm, ge)
SVE_ROW(FCMGT_z, sve_ppnm, gt)
SVE_ROW(FCMUO_z, sve_ppnm, uo)
SVE_ROW(FACGE_z, sve_ppnm, acge)
SVE_ROW(FACGT_z, sve_ppnm, acgt)
#define WITH_ZERO(row, name)                                              \
    SVE_ROW(row##_zz, sve_ppn, name, sve_scalar(s, &o, 0))
WITH_ZERO(FCMEQ, eq)
WITH_ZERO(FCMNE, ne)
WITH_ZERO(FCMGE, ge)
WITH_ZERO(FCMGT, gt)
WITH_ZERO(FCMLE, le)
WITH_ZERO(FCMLT, lt)

/* -- across elements ----------------------------------------------------- */

enum { ADD, MAX, MIN, MAXNM, MINNM };

static uint64_t combine(unsigned op, unsigned esz, uint64_t n, uint64_t m,
                        struct fp_status *s)
{
    switch (op) {
    case MAX:
        return fp_max(esz, n, m, s);
    case MIN:
        return fp_min(esz, n, m, s);
    case MAXNM:
        return fp_maxnm(esz, n, m, s);
    case MINNM:
        return fp_minnm(esz, n, m, s);
    default:
        return fp_add(esz, n, m, s);
    }
}

/* What stands for inactive elements: 0, an infinity, the default NaN. */
static uint64_t identity(unsigned op, unsigned esz)
{
    static const uint64_t infinity[] = {0, 0x7c00, 0x7f800000,
                                        UINT64_C(0x7ff0000000000000)};
    static const uint64_t nan[] = {0, 0x7e00, 0x7fc00000,
                                   UINT64_C(0x7ff8000000000000)};

    switch (op) {
    case ADD:
        return 0;
    case MAX:
        return NEG(infinity[esz]);
    case MIN:
        return infinity[esz];
    default:
        return nan[esz];
    }
}

/* Neighbours combined, then these, of as many elements as a power of two
 * (Reduce()). */
SVE_RUN(reduce)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    unsigned esz = r.o.esz, op = (unsigned)r.o.imm, count = r.vl >> esz;
    unsigned all = count & (count - 1) ? SVE_MAX_BYTES >> esz : count;

    for (unsigned k = 0; k < all; k++) {
        if (k >= count || !(r.active >> (k << esz) & 1)) {
            sve_set(&r.n, esz, k, identity(op, esz));
        }
    }
    for (unsigned half = all / 2; half > 0; half /= 2) {
        for (unsigned k = 0; k < half; k++) {
            sve_set(&r.n, esz, k,
                    combine(op, esz, sve_get(&r.n, esz, 2 * k),
                            sve_get(&r.n, esz, 2 * k + 1), FPS));
        }
    }
    memset(&r.d, 0, sizeof(r.d));
    sve_set(&r.d, esz, 0, sve_get(&r.n, esz, 0));
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(reduce, FP)
#define REDUCE(row, op) SVE_ROW(row##_z, sve_pdn, reduce, o.imm = (op))
REDUCE(FADDV, ADD)
REDUCE(FMAXV, MAX)
REDUCE(FMINV, MIN)
REDUCE(FMAXNMV, MAXNM)
REDUCE(FMINNMV, MINNM)

/* One after the other. */
SVE_RUN(fadda)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    uint64_t sum = sve_get(&r.n, r.o.esz, 0);

    for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
        if (r.active >> (k << r.o.esz) & 1) {
            sum = fp_add(r.o.esz, sum, sve_get(&r.m, r.o.esz, k), FPS);
        }
    }
    memset(&r.d, 0, sizeof(r.d));
    sve_set(&r.d, r.o.esz, 0, sum);
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(fadda, FP)
SVE_ROW(FADDA, sve_pdm, fadda)

static uint64_t pair(struct vcpu *vcpu, unsigned op, unsigned esz,
                     uint64_t n, uint64_t m)
{
    return combine(op, esz, n, m, FPS);
}

SVE_RUN(pairs)
{
    sve_pairs(vcpu, word, pair);
    return 0;
}
SVE_HELPER(pairs, FP)
SVE_ROW(FADDP_zp, sve_pdm, pairs, o.imm = ADD)
SVE_ROW(FMAXP_zp, sve_pdm, pairs, o.imm = MAX)
SVE_ROW(FMINP_zp, sve_pdm, pairs, o.imm = MIN)
SVE_ROW(FMAXNMP_zp, sve_pdm, pairs, o.imm = MAXNM)
SVE_ROW(FMINNMP_zp, sve_pdm, pairs, o.imm = MINNM)

/* -- complex numbers ----------------------------------------------------- */

/* imm: by 270 degrees, else 90. */
SVE_RUN(fcadd)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    unsigned esz = r.o.esz;

    for (unsigned k = 0; k < r.vl >> esz; k++) {
        uint64_t m = sve_get(&r.m, esz, k ^ 1);

        if (r.active >> (k << esz) & 1) {
            m = (k & 1) == (unsigned)r.o.imm ? NEG(m) : m;
            sve_set(&r.d, esz, k, fp_add(esz, sve_get(&r.n, esz, k), m,
                                         FPS));
        }
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(fcadd, FP)
SVE_ROW(FCADD_zp, sve_pdmi, fcadd)

/* The real or imaginary part of n times m; the rotation is imm >> 8 & 3. */
enum { INDEXED = 1 << 16 }; /* m is pair imm & 255 of each 128 bits */

SVE_RUN(fcmla)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    unsigned esz = r.o.esz, rot = (unsigned)r.o.imm >> 8 & 3, part = rot & 1;
    unsigned in_segment = 16u >> esz;

    for (unsigned k = 0; k < r.vl >> esz; k++) {
        unsigned odd = k & 1, pair = k & ~1u;
        bool negative = odd ? rot >= 2 : rot == 1 || rot == 2;

        if (!(r.active >> (k << esz) & 1)) {
            continue;
        }
        if (r.o.imm & INDEXED) {
            pair = (k & ~(in_segment - 1)) + 2 * (r.o.imm & 255);
        }
        uint64_t n = sve_get(&r.n, esz, (k & ~1u) + part);
        uint64_t m = sve_get(&r.m, esz, pair + (part ^ odd));

        sve_set(&r.d, esz, k,
                fp_muladd(esz, sve_get(&r.d, esz, k), n,
                          negative ? NEG(m) : m, FPS));
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(fcmla, FP)
SVE_ROW(FCMLA_zp, sve_pdnmi, fcmla, o.imm = a->imm << 8)
SVE_ROW(FCMLA_zx, sve_dnmix, fcmla, o.second = SVE_REGISTER, o.imm |= INDEXED)
