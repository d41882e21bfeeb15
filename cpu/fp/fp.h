/* Arm floating point on raw bit patterns: the result, and the FPSR flags, of
 * the Arm ARM's shared/functions/float pseudocode for FPCR.AH == 0.
 *
 * Integer arithmetic only: host rounding mode and host flags are neither read
 * nor changed, so any thread may call with any MXCSR; files build with
 * -mgeneral-regs-only. No state outside the struct fp_status handed in.
 */
#ifndef CPU_FP_FP_H
#define CPU_FP_FP_H

#include <stdbool.h>
#include <stdint.h>

/* FP_RN..FP_RZ are FPCR.RMode values; the others belong to instructions. */
enum fp_rmode {
    FP_RN = 0,     /* nearest, ties to even */
    FP_RP = 1,     /* towards plus infinity */
    FP_RM = 2,     /* towards minus infinity */
    FP_RZ = 3,     /* towards zero */
    FP_RA = 4,     /* nearest, ties away: FCVTA*, FRINTA */
    FP_RO = 5,     /* to odd: FCVTXN */
    FP_RO_INF = 6, /* to odd, overflow to infinity: BFDOT */
};

/* Cumulative exception bits, as in FPSR. */
enum fp_flag {
    FP_IOC = 1,
    FP_DZC = 2,
    FP_OFC = 4,
    FP_UFC = 8,
    FP_IXC = 16,
    FP_IDC = 128,
};

/* NZCV nibbles that fpN_compare() returns. */
enum fp_nzcv {
    FP_GT = 0x2,
    FP_UNORDERED = 0x3,
    FP_EQ = 0x6,
    FP_LT = 0x8,
};

struct fp_status {
    uint8_t rmode;  /* enum fp_rmode; FP_RA is not for arithmetic */
    bool fz;        /* flush f32 and f64: inputs set IDC, results UFC */
    bool fz16;      /* flush f16: inputs silently, results set UFC */
    bool dn;        /* every NaN result is the default NaN */
    bool ahp;       /* alternative half precision, fpN_to_fpM only */
    uint32_t flags; /* enum fp_flag, only ever set */
};

/* Status for these FPCR bits, no flags set. */
struct fp_status fp_status_from_fpcr(uint32_t fpcr);

/* The operations every width has: w is 16, 32 or 64. */
#define FP_DECLARE(w, type)                                                    \
    type fp##w##_add(type a, type b, struct fp_status *s);                     \
    type fp##w##_sub(type a, type b, struct fp_status *s);                     \
    type fp##w##_mul(type a, type b, struct fp_status *s);                     \
    type fp##w##_div(type a, type b, struct fp_status *s);                     \
    type fp##w##_sqrt(type a, struct fp_status *s);                            \
    /* addend + a * b, one rounding (FPMulAdd; callers negate operands) */     \
    type fp##w##_muladd(type addend, type a, type b, struct fp_status *s);     \
    /* multiply with infinity * zero == 2 */                                   \
    type fp##w##_mulx(type a, type b, struct fp_status *s);                    \
    type fp##w##_abd(type a, type b, struct fp_status *s);                     \
    type fp##w##_max(type a, type b, struct fp_status *s);                     \
    type fp##w##_min(type a, type b, struct fp_status *s);                     \
    /* a quiet NaN loses to a number */                                        \
    type fp##w##_maxnm(type a, type b, struct fp_status *s);                   \
    type fp##w##_minnm(type a, type b, struct fp_status *s);                   \
    /* 8 bit estimates of 1/a and 1/sqrt(a); FRECPX exponent estimate */       \
    type fp##w##_recpe(type a, struct fp_status *s);                           \
    type fp##w##_rsqrte(type a, struct fp_status *s);                          \
    type fp##w##_recpx(type a, struct fp_status *s);                           \
    /* 2 - a * b and (3 - a * b) / 2, one rounding */                          \
    type fp##w##_recps(type a, type b, struct fp_status *s);                   \
    type fp##w##_rsqrts(type a, type b, struct fp_status *s);                  \
    /* FSCALE: a * 2^by; FLOGB: the exponent, an integer */                   \
    type fp##w##_scale(type a, int64_t by, struct fp_status *s);               \
    type fp##w##_logb(type a, struct fp_status *s);                            \
    /* enum fp_nzcv; `signal`: quiet NaNs set IOC too (FCMPE) */               \
    unsigned fp##w##_compare(type a, type b, bool signal,                      \
                             struct fp_status *s);                             \
    /* FCMEQ is quiet; FCMGE, FCMGT and FACGE, FACGT signal */                 \
    bool fp##w##_cmp_eq(type a, type b, struct fp_status *s);                  \
    bool fp##w##_cmp_ge(type a, type b, struct fp_status *s);                  \
    bool fp##w##_cmp_gt(type a, type b, struct fp_status *s);                  \
    bool fp##w##_cmp_acge(type a, type b, struct fp_status *s);                \
    bool fp##w##_cmp_acgt(type a, type b, struct fp_status *s);                \
    /* FRINT*: rmode FP_RN..FP_RA; `exact` (FRINTX) sets IXC on a change */    \
    type fp##w##_round_int(type a, unsigned rmode, bool exact,                 \
                           struct fp_status *s);                               \
    /* Fixed point of `width` 16, 32 or 64 bits, `fbits` 0..width of them   */ \
    /* fractional. to_int saturates and zero-extends; from_int reads the    */ \
    /* low `width` bits of v and rounds by s->rmode.                        */ \
    uint64_t fp##w##_to_int(type a, int width, bool is_unsigned, int fbits,    \
                            unsigned rmode, struct fp_status *s);              \
    type fp##w##_from_int(uint64_t v, int width, bool is_unsigned, int fbits,  \
                          struct fp_status *s);

FP_DECLARE(16, uint16_t)
FP_DECLARE(32, uint32_t)
FP_DECLARE(64, uint64_t)

#undef FP_DECLARE

/* FRINT32Z/X, FRINT64Z/X: intsize is 32 or 64. */
uint32_t fp32_round_intn(uint32_t a, int intsize, unsigned rmode,
                         struct fp_status *s);
uint64_t fp64_round_intn(uint64_t a, int intsize, unsigned rmode,
                         struct fp_status *s);

/* FCVT between precisions. Those from or to half honour `ahp`, not `fz16`. */
uint32_t fp16_to_fp32(uint16_t a, struct fp_status *s);
uint64_t fp16_to_fp64(uint16_t a, struct fp_status *s);
uint16_t fp32_to_fp16(uint32_t a, struct fp_status *s);
uint64_t fp32_to_fp64(uint32_t a, struct fp_status *s);
uint16_t fp64_to_fp16(uint64_t a, struct fp_status *s);
uint32_t fp64_to_fp32(uint64_t a, struct fp_status *s);
/* FCVTXN: as fp64_to_fp32, rounding to odd whatever s->rmode is. */
uint32_t fp64_to_fp32_odd(uint64_t a, struct fp_status *s);

/* FJCVTZS: value modulo 2^32; *z is the PSTATE.Z the instruction sets. */
uint32_t fp64_to_int_js(uint64_t a, bool *z, struct fp_status *s);

/* FMLAL, FMLSL: addend + a * b with half precision a and b. */
uint32_t fp32_muladd_half(uint32_t addend, uint16_t a, uint16_t b,
                          struct fp_status *s);

/* BFCVT. */
uint16_t fp32_to_bf16(uint32_t a, struct fp_status *s);
/* BFDOT, BFMMLA: addend + a[0]*b[0] + a[1]*b[1], pairs of bfloat16 packed low
 * element first. Ignores FPCR and sets no flags (FEAT_EBF16 absent). */
uint32_t fp32_bfdot(uint32_t addend, uint32_t a, uint32_t b);

/* URECPE, URSQRTE: fixed point estimates. */
uint32_t fp_urecpe(uint32_t a);
uint32_t fp_ursqrte(uint32_t a);

/* AArch32 VRECPS, VRSQRTS: two roundings. */
uint16_t fp16_recps_a32(uint16_t a, uint16_t b, struct fp_status *s);
uint32_t fp32_recps_a32(uint32_t a, uint32_t b, struct fp_status *s);
uint16_t fp16_rsqrts_a32(uint16_t a, uint16_t b, struct fp_status *s);
uint32_t fp32_rsqrts_a32(uint32_t a, uint32_t b, struct fp_status *s);

#endif
