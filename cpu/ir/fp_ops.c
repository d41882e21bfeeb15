/* FP ops over cpu/fp, mode and flags in vcpu->fp; see vec_ops.h. */
#include "cpu/ir/vec_ops.h"

#include "cpu/fp/fp.h"
#include "util/bits.h"

#define FP_OP(name)                                                       \
    void ir_op_##name(struct vcpu *vcpu, union vec *result,               \
                      const union vec *a,                                 \
                      const union vec *b __attribute__((unused)),         \
                      const union vec *c __attribute__((unused)),         \
                      uint64_t desc)

/* Expand EACH(width, field) with result zeroed, `fp` the status and `count`
 * the elements of the shape. */
#define FP_BY_TYPE(EACH)                                                  \
    struct fp_status *fp __attribute__((unused)) = &vcpu->fp;             \
    unsigned count = ir_desc_count(desc);                                 \
                                                                          \
    *result = (union vec){0};                                             \
    switch (ir_desc_type(desc)) {                                         \
    case IR_F16:                                                          \
        for (unsigned n = 0; n < count; n++) {                            \
            EACH(16, h)                                                   \
        }                                                                 \
        break;                                                            \
    case IR_F32:                                                          \
        for (unsigned n = 0; n < count; n++) {                            \
            EACH(32, s)                                                   \
        }                                                                 \
        break;                                                            \
    default:                                                              \
        for (unsigned n = 0; n < count; n++) {                            \
            EACH(64, d)                                                   \
        }                                                                 \
        break;                                                            \
    }

/* -- arithmetic ---------------------------------------------------------- */

#define ADD(w, f) result->f[n] = fp##w##_add(a->f[n], b->f[n], fp);
#define SUB(w, f) result->f[n] = fp##w##_sub(a->f[n], b->f[n], fp);
#define MUL(w, f) result->f[n] = fp##w##_mul(a->f[n], b->f[n], fp);
#define DIV(w, f) result->f[n] = fp##w##_div(a->f[n], b->f[n], fp);
#define MULX(w, f) result->f[n] = fp##w##_mulx(a->f[n], b->f[n], fp);
#define MAX(w, f) result->f[n] = fp##w##_max(a->f[n], b->f[n], fp);
#define MIN(w, f) result->f[n] = fp##w##_min(a->f[n], b->f[n], fp);
#define MAXNM(w, f) result->f[n] = fp##w##_maxnm(a->f[n], b->f[n], fp);
#define MINNM(w, f) result->f[n] = fp##w##_minnm(a->f[n], b->f[n], fp);
#define RECPS(w, f) result->f[n] = fp##w##_recps(a->f[n], b->f[n], fp);
#define RSQRTS(w, f) result->f[n] = fp##w##_rsqrts(a->f[n], b->f[n], fp);
#define SQRT(w, f) result->f[n] = fp##w##_sqrt(a->f[n], fp);
#define RECPE(w, f) result->f[n] = fp##w##_recpe(a->f[n], fp);
#define RSQRTE(w, f) result->f[n] = fp##w##_rsqrte(a->f[n], fp);
#define RECPX(w, f) result->f[n] = fp##w##_recpx(a->f[n], fp);

FP_OP(FADD) { FP_BY_TYPE(ADD) }
FP_OP(FSUB) { FP_BY_TYPE(SUB) }
FP_OP(FMUL) { FP_BY_TYPE(MUL) }
FP_OP(FDIV) { FP_BY_TYPE(DIV) }
FP_OP(FMULX) { FP_BY_TYPE(MULX) }
FP_OP(FMAX) { FP_BY_TYPE(MAX) }
FP_OP(FMIN) { FP_BY_TYPE(MIN) }
FP_OP(FMAXNM) { FP_BY_TYPE(MAXNM) }
FP_OP(FMINNM) { FP_BY_TYPE(MINNM) }
FP_OP(FRECPS) { FP_BY_TYPE(RECPS) }
FP_OP(FRSQRTS) { FP_BY_TYPE(RSQRTS) }
FP_OP(FSQRT) { FP_BY_TYPE(SQRT) }
FP_OP(FRECPE) { FP_BY_TYPE(RECPE) }
FP_OP(FRSQRTE) { FP_BY_TYPE(RSQRTE) }
FP_OP(FRECPX) { FP_BY_TYPE(RECPX) }

#define SIGN(w) ((uint##w##_t)BIT(w - 1))
#define ABS(w, f) result->f[n] = a->f[n] & (uint##w##_t)~SIGN(w);
#define NEG(w, f) result->f[n] = a->f[n] ^ SIGN(w);

FP_OP(FABS) { FP_BY_TYPE(ABS) }
FP_OP(FNEG) { FP_BY_TYPE(NEG) }

/* Operands are negated before, so that NaNs come out as after FPNeg(). */
#define MULADD(w, f)                                                      \
    uint##w##_t addend = a->f[n], x = b->f[n];                            \
    addend ^= neg & IR_NEG_ADDEND ? SIGN(w) : 0;                          \
    x ^= neg & IR_NEG_PRODUCT ? SIGN(w) : 0;                              \
    result->f[n] = fp##w##_muladd(addend, x, c->f[n], fp);

FP_OP(FMULADD)
{
    unsigned neg = ir_desc_extra(desc);

    FP_BY_TYPE(MULADD)
}

/* Rounding of FRINT, FTOI: 7 is the current mode. */
static unsigned rounding(const struct vcpu *vcpu, unsigned mode)
{
    return mode == 7 ? vcpu->fp.rmode : mode;
}

#define ROUND(w, f)                                                       \
    result->f[n] = fp##w##_round_int(a->f[n], mode, exact, fp);

FP_OP(FRINT)
{
    unsigned mode = rounding(vcpu, ir_desc_imm(desc) & 7);
    bool exact = ir_desc_imm(desc) & 8;

    FP_BY_TYPE(ROUND)
}

/* -- comparison ---------------------------------------------------------- */

#define MASK(w, test) ((uint##w##_t)(0 - (uint64_t)(test)))
#define CMPEQ(w, f)                                                       \
    result->f[n] = MASK(w, fp##w##_cmp_eq(a->f[n], b->f[n], fp));
#define CMPGE(w, f)                                                       \
    result->f[n] = MASK(w, fp##w##_cmp_ge(a->f[n], b->f[n], fp));
#define CMPGT(w, f)                                                       \
    result->f[n] = MASK(w, fp##w##_cmp_gt(a->f[n], b->f[n], fp));

FP_OP(FCMPEQ) { FP_BY_TYPE(CMPEQ) }
FP_OP(FCMPGE) { FP_BY_TYPE(CMPGE) }
FP_OP(FCMPGT) { FP_BY_TYPE(CMPGT) }

FP_OP(FCMP)
{
    bool signal = ir_desc_extra(desc);
    struct fp_status *fp = &vcpu->fp;
    unsigned nzcv;

    switch (ir_desc_type(desc)) {
    case IR_F16:
        nzcv = fp16_compare(a->h[0], b->h[0], signal, fp);
        break;
    case IR_F32:
        nzcv = fp32_compare(a->s[0], b->s[0], signal, fp);
        break;
    default:
        nzcv = fp64_compare(a->d[0], b->d[0], signal, fp);
        break;
    }
    *result = (union vec){.d = {ir_flags_pack(nzcv)}};
}

/* -- conversion ---------------------------------------------------------- */

static uint64_t convert(uint64_t v, enum ir_type from, enum ir_type to,
                        struct fp_status *fp)
{
    if (from == IR_F16) {
        return to == IR_F32 ? fp16_to_fp32((uint16_t)v, fp)
                            : fp16_to_fp64((uint16_t)v, fp);
    }
    if (from == IR_F32) {
        return to == IR_F16 ? fp32_to_fp16((uint32_t)v, fp)
                            : fp32_to_fp64((uint32_t)v, fp);
    }
    return to == IR_F16 ? fp64_to_fp16(v, fp) : fp64_to_fp32(v, fp);
}

FP_OP(FCVT)
{
    enum ir_type from = (enum ir_type)ir_desc_imm(desc);

    *result = (union vec){0};
    result->d[0] = convert(vec_get(a, from - IR_F16 + 1u, 0), from,
                           ir_desc_type(desc), &vcpu->fp);
}

FP_OP(FCVTL)
{
    enum ir_type from = ir_desc_type(desc);
    unsigned log2 = ir_desc_log2(desc), count = 8u >> log2;
    unsigned first = ir_desc_imm(desc) ? count : 0;

    for (unsigned n = 0; n < count; n++) {
        vec_set(result, log2 + 1, n,
                convert(vec_get(a, log2, first + n), from, from + 1,
                        &vcpu->fp));
    }
}

FP_OP(FCVTN)
{
    enum ir_type to = ir_desc_type(desc);
    unsigned log2 = ir_desc_log2(desc), count = 8u >> log2;

    *result = (union vec){0};
    for (unsigned n = 0; n < count; n++) {
        uint64_t v = vec_get(a, log2 + 1, n);

        vec_set(result, log2, n,
                ir_desc_imm(desc) ? fp64_to_fp32_odd(v, &vcpu->fp)
                                  : convert(v, to + 1, to, &vcpu->fp));
    }
}

/* imm of FTOI and ITOF: fraction bits | rounding << 8 | unsigned << 12. */
#define TO_INT(w, f)                                                      \
    result->f[n] = (uint##w##_t)fp##w##_to_int(                           \
        a->f[n], w, imm >> 12 & 1, imm & 0xff,                            \
        rounding(vcpu, imm >> 8 & 7), fp);
#define FROM_INT(w, f)                                                    \
    result->f[n] = fp##w##_from_int(a->f[n], w, imm >> 12 & 1,            \
                                    imm & 0xff, fp);

FP_OP(FTOI)
{
    uint32_t imm = ir_desc_imm(desc);

    FP_BY_TYPE(TO_INT)
}

FP_OP(ITOF)
{
    uint32_t imm = ir_desc_imm(desc);

    FP_BY_TYPE(FROM_INT)
}

/* The general register's width, from `extra`. */
static int general_width(uint64_t desc)
{
    return ir_desc_extra(desc) == IR_I32 ? 32 : 64;
}

#define TO_GENERAL(w, f)                                                  \
    result->d[0] = fp##w##_to_int(a->f[n], width, imm >> 12 & 1,          \
                                  imm & 0xff,                             \
                                  rounding(vcpu, imm >> 8 & 7), fp);
#define FROM_GENERAL(w, f)                                                \
    result->f[n] = fp##w##_from_int(a->d[0], width, imm >> 12 & 1,        \
                                    imm & 0xff, fp);

FP_OP(FTOI_R)
{
    uint32_t imm = ir_desc_imm(desc);
    int width = general_width(desc);

    FP_BY_TYPE(TO_GENERAL)
}

FP_OP(ITOF_R)
{
    uint32_t imm = ir_desc_imm(desc);
    int width = general_width(desc);

    FP_BY_TYPE(FROM_GENERAL)
}
