/*
 * A64 scalar floating point: Arm ARM C4.1 "Scalar Floating-Point and
 * Advanced SIMD", FP half.  One line an instruction, one generator a family.
 */
#include "cpu/arm/translate_simd.h"
#include "cpu/ir/interp.h"
#include "util/bits.h"

/* Rounding as IR_FRINT and IR_FTOI take it. */
enum { ROUND_N, ROUND_P, ROUND_M, ROUND_Z, ROUND_A, ROUND_CURRENT = 7,
       ROUND_EXACT = 8 };

/* The scalar in element 0 of v, the rest zero. */
static ir_ref low_element(struct a64_ctx *s, unsigned esz, ir_ref v)
{
    return ir_vec(s->u, IR_VDUPL, simd_int(esz), IR_S, 0, v, IR_NONE,
                  IR_NONE, 0);
}

static ir_ref element_const(struct a64_ctx *s, uint64_t bits)
{
    return ir_vconst(s->u, IR_D, bits);
}

/* -- data processing ----------------------------------------------------- */

static void one_source(const struct simd *o, enum ir_opcode op, uint64_t imm)
{
    simd_set(o, simd_op1(o, op, simd_float(o->esz), simd_n(o), imm));
}

static void two_source(const struct simd *o, enum ir_opcode op)
{
    simd_set(o, simd_op2(o, op, simd_float(o->esz), simd_n(o), simd_m(o), 0));
}

static void multiply_negate(const struct simd *o)
{
    enum ir_type t = simd_float(o->esz);
    ir_ref p = simd_op2(o, IR_FMUL, t, simd_n(o), simd_m(o), 0);

    simd_set(o, simd_op1(o, IR_FNEG, t, p, 0));
}

static void move(const struct simd *o)
{
    simd_set(o, low_element(o->s, o->esz, simd_n(o)));
}

static void multiply_add(const struct simd *o, unsigned ra, unsigned neg)
{
    simd_set(o, ir_vec(o->s->u, IR_FMULADD, simd_float(o->esz), o->shape, neg,
                       a64_v(o->s, ra), simd_n(o), simd_m(o), 0));
}

static void convert(struct a64_ctx *s, const struct a64_arg_fcvt *a)
{
    a64_set_v(s, a->rd,
              ir_vec(s->u, IR_FCVT, simd_float(a->to), IR_S, 0,
                     a64_v(s, a->rn), IR_NONE, IR_NONE,
                     simd_float(a->from)));
}

/* FRINT32*, FRINT64*. */
static void round_sized(const struct simd *o, unsigned how)
{
    simd_set(o, simd_call(o, &a64_helper_frint_sized, simd_n(o), IR_NONE,
                          IR_NONE, how));
}

TRANS(FMOV_s, s_rr, move(&S_RR))
TRANS(FABS_s, s_rr, one_source(&S_RR, IR_FABS, 0))
TRANS(FNEG_s, s_rr, one_source(&S_RR, IR_FNEG, 0))
TRANS(FSQRT_s, s_rr, one_source(&S_RR, IR_FSQRT, 0))
TRANS(FCVT, fcvt, convert(s, a))
TRANS(FRINTN_s, s_rr, one_source(&S_RR, IR_FRINT, ROUND_N))
TRANS(FRINTP_s, s_rr, one_source(&S_RR, IR_FRINT, ROUND_P))
TRANS(FRINTM_s, s_rr, one_source(&S_RR, IR_FRINT, ROUND_M))
TRANS(FRINTZ_s, s_rr, one_source(&S_RR, IR_FRINT, ROUND_Z))
TRANS(FRINTA_s, s_rr, one_source(&S_RR, IR_FRINT, ROUND_A))
TRANS(FRINTX_s, s_rr,
      one_source(&S_RR, IR_FRINT, ROUND_CURRENT | ROUND_EXACT))
TRANS(FRINTI_s, s_rr, one_source(&S_RR, IR_FRINT, ROUND_CURRENT))
TRANS(FRINT32Z_s, s_rr, round_sized(&S_RR, ROUND_Z))
TRANS(FRINT32X_s, s_rr, round_sized(&S_RR, ROUND_CURRENT))
TRANS(FRINT64Z_s, s_rr, round_sized(&S_RR, ROUND_Z | 16))
TRANS(FRINT64X_s, s_rr, round_sized(&S_RR, ROUND_CURRENT | 16))

TRANS(FMUL_s, s_rrr, two_source(&S_RRR, IR_FMUL))
TRANS(FDIV_s, s_rrr, two_source(&S_RRR, IR_FDIV))
TRANS(FADD_s, s_rrr, two_source(&S_RRR, IR_FADD))
TRANS(FSUB_s, s_rrr, two_source(&S_RRR, IR_FSUB))
TRANS(FMAX_s, s_rrr, two_source(&S_RRR, IR_FMAX))
TRANS(FMIN_s, s_rrr, two_source(&S_RRR, IR_FMIN))
TRANS(FMAXNM_s, s_rrr, two_source(&S_RRR, IR_FMAXNM))
TRANS(FMINNM_s, s_rrr, two_source(&S_RRR, IR_FMINNM))
TRANS(FNMUL_s, s_rrr, multiply_negate(&S_RRR))

TRANS(FMADD_s, s_rrrr, multiply_add(&S_RRR, a->ra, 0))
TRANS(FMSUB_s, s_rrrr, multiply_add(&S_RRR, a->ra, IR_NEG_PRODUCT))
TRANS(FNMADD_s, s_rrrr,
      multiply_add(&S_RRR, a->ra, IR_NEG_PRODUCT | IR_NEG_ADDEND))
TRANS(FNMSUB_s, s_rrrr, multiply_add(&S_RRR, a->ra, IR_NEG_ADDEND))

/* -- integers and general registers -------------------------------------- */

/* imm of IR_FTOI and IR_ITOF. */
#define HOW(rounding, is_unsigned) ((rounding) << 8 | (is_unsigned) << 12)

static void to_general(struct a64_ctx *s, bool sf, unsigned esz, unsigned rd,
                       unsigned rn, unsigned how)
{
    ir_ref v = ir_vec(s->u, IR_FTOI_R, simd_float(esz), IR_S, a64_type(sf),
                      a64_v(s, rn), IR_NONE, IR_NONE, how);

    a64_set_r(s, sf, rd, v);
}

static void from_general(struct a64_ctx *s, bool sf, unsigned esz,
                         unsigned rd, unsigned rn, unsigned how)
{
    ir_ref v = ir_vec(s->u, IR_ITOF_R, simd_float(esz), IR_S, a64_type(sf),
                      a64_r(s, sf, rn), IR_NONE, IR_NONE, how);

    a64_set_v(s, rd, v);
}

#define TO_GENERAL(how) to_general(s, a->sf, a->esz, a->rd, a->rn, how)
#define FROM_GENERAL(how) from_general(s, a->sf, a->esz, a->rd, a->rn, how)
#define FBITS (64 - a->imm)

TRANS(SCVTF_gx, fcvt_gx, FROM_GENERAL(HOW(ROUND_CURRENT, 0) | FBITS))
TRANS(UCVTF_gx, fcvt_gx, FROM_GENERAL(HOW(ROUND_CURRENT, 1) | FBITS))
TRANS(FCVTZS_gx, fcvt_gx, TO_GENERAL(HOW(ROUND_Z, 0) | FBITS))
TRANS(FCVTZU_gx, fcvt_gx, TO_GENERAL(HOW(ROUND_Z, 1) | FBITS))
TRANS(SCVTF_g, fcvt_g, FROM_GENERAL(HOW(ROUND_CURRENT, 0)))
TRANS(UCVTF_g, fcvt_g, FROM_GENERAL(HOW(ROUND_CURRENT, 1)))
TRANS(FCVTNS_g, fcvt_g, TO_GENERAL(HOW(ROUND_N, 0)))
TRANS(FCVTNU_g, fcvt_g, TO_GENERAL(HOW(ROUND_N, 1)))
TRANS(FCVTAS_g, fcvt_g, TO_GENERAL(HOW(ROUND_A, 0)))
TRANS(FCVTAU_g, fcvt_g, TO_GENERAL(HOW(ROUND_A, 1)))
TRANS(FCVTPS_g, fcvt_g, TO_GENERAL(HOW(ROUND_P, 0)))
TRANS(FCVTPU_g, fcvt_g, TO_GENERAL(HOW(ROUND_P, 1)))
TRANS(FCVTMS_g, fcvt_g, TO_GENERAL(HOW(ROUND_M, 0)))
TRANS(FCVTMU_g, fcvt_g, TO_GENERAL(HOW(ROUND_M, 1)))
TRANS(FCVTZS_g, fcvt_g, TO_GENERAL(HOW(ROUND_Z, 0)))
TRANS(FCVTZU_g, fcvt_g, TO_GENERAL(HOW(ROUND_Z, 1)))

/* Sets Z when the conversion was exact and in range; N, C, V are zero. */
static void convert_javascript(struct a64_ctx *s,
                               const struct a64_arg_rr_64 *a)
{
    ir_ref v = ir_vec(s->u, IR_VGETL, IR_I64, IR_S, 0, a64_v(s, a->rn),
                      IR_NONE, IR_NONE, 0);
    ir_ref r = ir_call(s->u, &a64_helper_fjcvtzs, v, IR_NONE, IR_NONE);
    ir_ref z = ir_bini(s->u, IR_SHR, IR_I64, r, 2);

    z = ir_bini(s->u, IR_AND, IR_I32, z, 1u << 30);
    ir_set_flags(s->u, ir_un(s->u, IR_NZCV_TO_FLAGS, IR_FLAGS, z));
    a64_set_r(s, false, a->rd, ir_bfxu(s->u, IR_I32, r, 0, 32));
}

static void move_to_general(struct a64_ctx *s, bool sf, unsigned esz,
                            unsigned rd, unsigned rn, unsigned index)
{
    a64_set_r(s, sf, rd,
              ir_vec(s->u, IR_VGETL, simd_int(esz), IR_S, 0, a64_v(s, rn),
                     IR_NONE, IR_NONE, index));
}

static void move_from_general(struct a64_ctx *s,
                              const struct a64_arg_fcvt_g *a)
{
    a64_set_v(s, a->rd,
              ir_vec(s->u, IR_VDUP, simd_int(a->esz), IR_S, 0,
                     a64_r(s, a->sf, a->rn), IR_NONE, IR_NONE, 0));
}

static void insert_high(struct a64_ctx *s, const struct a64_arg_rr_64 *a)
{
    a64_set_v(s, a->rd,
              ir_vec(s->u, IR_VINS, IR_I64, IR_Q, 0, a64_v(s, a->rd),
                     a64_r(s, true, a->rn), IR_NONE, 1));
}

TRANS(FJCVTZS, rr_64, convert_javascript(s, a))
TRANS(FMOV_tog, fcvt_g, move_to_general(s, a->sf, a->esz, a->rd, a->rn, 0))
TRANS(FMOV_tog_hi, rr_64, move_to_general(s, true, 3, a->rd, a->rn, 1))
TRANS(FMOV_fromg, fcvt_g, move_from_general(s, a))
TRANS(FMOV_fromg_hi, rr_64, insert_high(s, a))

/* -- compare, select, immediate ------------------------------------------ */

static ir_ref compare(struct a64_ctx *s, unsigned esz, bool signal, ir_ref n,
                      ir_ref m)
{
    return ir_vec(s->u, IR_FCMP, simd_float(esz), IR_S, signal, n, m, IR_NONE,
                  0);
}

static void compare_registers(struct a64_ctx *s, bool signal,
                              const struct a64_arg_fcmp *a)
{
    ir_set_flags(s->u, compare(s, a->esz, signal, a64_v(s, a->rn),
                               a64_v(s, a->rm)));
}

static void compare_zero(struct a64_ctx *s, bool signal,
                         const struct a64_arg_fcmp_z *a)
{
    ir_set_flags(s->u, compare(s, a->esz, signal, a64_v(s, a->rn),
                               element_const(s, 0)));
}

/* NZCV = cond ? flags of the comparison : nzcv.  No exception may come of a
 * comparison that is not made: it is one of zeros then. */
static void conditional_compare(struct a64_ctx *s, bool signal,
                                const struct a64_arg_fccmp *a)
{
    ir_ref old = ir_get_flags(s->u), zero = element_const(s, 0);
    ir_ref n = ir_select(s->u, IR_V128, a->cond, old, a64_v(s, a->rn), zero);
    ir_ref m = ir_select(s->u, IR_V128, a->cond, old, a64_v(s, a->rm), zero);
    ir_ref yes = compare(s, a->esz, signal, n, m);
    ir_ref no = ir_const(s->u, IR_FLAGS, ir_flags_pack((unsigned)a->nzcv));

    ir_set_flags(s->u, ir_select(s->u, IR_FLAGS, a->cond, old, yes, no));
}

static void conditional_select(struct a64_ctx *s,
                               const struct a64_arg_fcsel *a)
{
    ir_ref v = ir_select(s->u, IR_V128, a->cond, ir_get_flags(s->u),
                         a64_v(s, a->rn), a64_v(s, a->rm));

    a64_set_v(s, a->rd, low_element(s, a->esz, v));
}

/* VFPExpandImm(): sign, exponent NOT(b):Replicate(b):cd, fraction efgh. */
uint64_t a64_fp_immediate(unsigned esz, unsigned imm8)
{
    static const struct {
        uint8_t exponent, fraction; /* bits of the format */
    } format[] = {[1] = {5, 10}, [2] = {8, 23}, [3] = {11, 52}};
    unsigned e = format[esz].exponent, f = format[esz].fraction;
    uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1;
    uint64_t repeated = b ? mask64((int)e - 3) : 0;
    uint64_t exponent = (b ^ 1) << (e - 1) | repeated << 2 | (imm8 >> 4 & 3);

    return sign << (e + f) | exponent << f | (uint64_t)(imm8 & 15) << (f - 4);
}

static void move_immediate(struct a64_ctx *s,
                           const struct a64_arg_fmov_imm *a)
{
    a64_set_v(s, a->rd,
              element_const(s, a64_fp_immediate(a->esz, (unsigned)a->imm)));
}

TRANS(FCMP, fcmp, compare_registers(s, false, a))
TRANS(FCMPE, fcmp, compare_registers(s, true, a))
TRANS(FCMP_z, fcmp_z, compare_zero(s, false, a))
TRANS(FCMPE_z, fcmp_z, compare_zero(s, true, a))
TRANS(FCCMP, fccmp, conditional_compare(s, false, a))
TRANS(FCCMPE, fccmp, conditional_compare(s, true, a))
TRANS(FCSEL, fcsel, conditional_select(s, a))
TRANS(FMOV_imm_s, fmov_imm, move_immediate(s, a))
