/*
 * What the files of FP, Advanced SIMD and cryptography share: operand
 * accessors over a64_ctx and the vector helpers.
 *
 * The decode tables exclude every reserved combination of these groups, so
 * that the functions here cannot fail: TRANS() checks access, then emits.
 */
#ifndef CPU_ARM_TRANSLATE_SIMD_H
#define CPU_ARM_TRANSLATE_SIMD_H

#include "cpu/arm/a64_trans.h"
#include "cpu/arm/translate.h"

/* One row: its function, with the access check in front. */
#define TRANS(row, args, call)                                            \
    A64_ROW(row, args)                                                    \
    {                                                                     \
        if (a64_fp_access(s)) {                                           \
            call;                                                         \
        }                                                                 \
        return true;                                                      \
    }

/* An operation's element size and shape with its registers. */
struct simd {
    struct a64_ctx *s;
    unsigned esz; /* log2 of the element size */
    enum ir_shape shape;
    unsigned rd, rn, rm;
};

#define SHAPE(q) ((q) ? IR_Q : IR_D)
/* From the arguments of v_* and s_* formats. */
#define V_RRR ((struct simd){s, a->esz, SHAPE(a->q), a->rd, a->rn, a->rm})
#define V_RR ((struct simd){s, a->esz, SHAPE(a->q), a->rd, a->rn, 0})
#define S_RRR ((struct simd){s, a->esz, IR_S, a->rd, a->rn, a->rm})
#define S_RR ((struct simd){s, a->esz, IR_S, a->rd, a->rn, 0})

static inline enum ir_type simd_int(unsigned esz)
{
    return (enum ir_type)(IR_I8 + esz);
}

static inline enum ir_type simd_float(unsigned esz)
{
    return (enum ir_type)(IR_F16 + esz - 1);
}

static inline unsigned simd_bits(unsigned esz)
{
    return 8u << esz;
}

/* v, of the element's width, in each element. */
static inline uint64_t simd_replicate(unsigned esz, uint64_t v)
{
    static const uint64_t ones[] = {
        UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001),
        UINT64_C(0x0000000100000001), 1,
    };

    return v * ones[esz];
}

static inline ir_ref simd_const(const struct simd *o, unsigned esz,
                                uint64_t v)
{
    return ir_vconst(o->s->u, o->shape == IR_Q ? IR_Q : IR_D,
                     simd_replicate(esz, v));
}

static inline ir_ref simd_n(const struct simd *o)
{
    return a64_v(o->s, o->rn);
}

static inline ir_ref simd_m(const struct simd *o)
{
    return a64_v(o->s, o->rm);
}

static inline ir_ref simd_d(const struct simd *o)
{
    return a64_v(o->s, o->rd);
}

static inline void simd_set(const struct simd *o, ir_ref v)
{
    a64_set_v(o->s, o->rd, v);
}

/* The 64 bits of v that are its high half, or its low ones, in the low
 * half; the rest is not defined. */
static inline ir_ref simd_half(const struct simd *o, ir_ref v, bool high)
{
    return high ? ir_vec(o->s->u, IR_VDUPL, IR_I64, IR_S, 0, v, IR_NONE,
                         IR_NONE, 1)
                : v;
}

/* Element `index` of v everywhere. */
static inline ir_ref simd_dup(const struct simd *o, unsigned esz, ir_ref v,
                              unsigned index)
{
    return ir_vec(o->s->u, IR_VDUPL, simd_int(esz), o->shape, 0, v, IR_NONE,
                  IR_NONE, index);
}

/* Ops with o's shape on elements of type t. */
static inline ir_ref simd_op1(const struct simd *o, enum ir_opcode op,
                              enum ir_type t, ir_ref a, uint64_t imm)
{
    return ir_vec(o->s->u, op, t, o->shape, 0, a, IR_NONE, IR_NONE, imm);
}

static inline ir_ref simd_op2(const struct simd *o, enum ir_opcode op,
                              enum ir_type t, ir_ref a, ir_ref b,
                              uint64_t imm)
{
    return ir_vec(o->s->u, op, t, o->shape, 0, a, b, IR_NONE, imm);
}

/*
 * Vector helpers (helper_simd.c, helper_crypto.c).  Their immediate is esz
 * | shape << 2 | extra << 4.
 */
static inline ir_ref simd_call(const struct simd *o,
                               const struct ir_helper *helper, ir_ref a,
                               ir_ref b, ir_ref c, unsigned extra)
{
    return ir_vcall(o->s->u, helper, a, b, c,
                    (uint16_t)(o->esz | o->shape << 2 | extra << 4));
}

/* `extra` of the saturating and rounding shifts. */
enum {
    SIMD_UNSIGNED = 1, /* the result is unsigned */
    SIMD_ROUND = 2,
    SIMD_SATURATE = 4,
    SIMD_SOURCE_U = 8, /* the source is unsigned */
};

/* Shift a by b's signed low bytes. */
extern const struct ir_helper a64_helper_shift;
/* Shift the double-width a right by extra >> 4 and narrow: saturating. */
extern const struct ir_helper a64_helper_shift_narrow;
/* (2ab + (c << width)) >> width.  SIMD_ROUND. extra bit 2, 3: c is added, or
 * the product subtracted from it. */
enum { SIMD_DMUL_ADD = 4, SIMD_DMUL_SUB = 8 };
extern const struct ir_helper a64_helper_double_mul_high;
/* a accumulated into b: SUQADD, or USQADD with SIMD_UNSIGNED. */
extern const struct ir_helper a64_helper_add_mixed;
/* Bytes, c + ...: sums of products of groups of four, and the 2x8 matrix a
 * times b's transpose.  SIMD_SOURCE_U: a is unsigned, SIMD_UNSIGNED: b is. */
extern const struct ir_helper a64_helper_dot;
extern const struct ir_helper a64_helper_matrix_product;
/* Widening carry-less product of the low eight bytes. */
extern const struct ir_helper a64_helper_pmull_bytes;
extern const struct ir_helper a64_helper_rbit;
extern const struct ir_helper a64_helper_urecpe;
extern const struct ir_helper a64_helper_ursqrte;

/* VFPExpandImm() of imm8. */
uint64_t a64_fp_immediate(unsigned esz, unsigned imm8);

/* Floating point: esz is that of the elements.
 * extra = rotation / 90. */
extern const struct ir_helper a64_helper_fcadd;
extern const struct ir_helper a64_helper_fcmla; /* c + a * b */
/* c + a * b of half precision; extra: 1 upper half, 2 negated product,
 * 4 b is one element everywhere. */
enum { SIMD_FML_HIGH = 1, SIMD_FML_SUB = 2, SIMD_FML_INDEXED = 4 };
extern const struct ir_helper a64_helper_fmlal;
/* c + ... of bfloat16: sums of products of pairs, the 2x4 matrix a times b's
 * transpose, and products of one of each pair (extra: 1 the upper). */
extern const struct ir_helper a64_helper_bfdot;
extern const struct ir_helper a64_helper_bfmmla;
extern const struct ir_helper a64_helper_bfmlal;
/* Single precision to bfloat16: four, or with IR_S one. */
extern const struct ir_helper a64_helper_bfcvt;
/* extra: rounding mode | 16: to 64 bits, else 32 | 8 inexact. */
extern const struct ir_helper a64_helper_frint_sized;
/* Not a vector helper: result in bits 31..0, Z in bit 32. */
extern const struct ir_helper a64_helper_fjcvtzs;

/* Cryptography: destination, n, m as the instruction names them. */
#define A64_CRYPTO_HELPERS(X)                                             \
    X(sha1c) X(sha1p) X(sha1m) X(sha1su0) X(sha1su1) X(sha1h)             \
    X(sha256h) X(sha256h2) X(sha256su0) X(sha256su1)                      \
    X(sha512h) X(sha512h2) X(sha512su0) X(sha512su1)                      \
    X(sm3partw1) X(sm3partw2) X(sm3ss1)                                   \
    X(sm3tt1a) X(sm3tt1b) X(sm3tt2a) X(sm3tt2b) X(sm4e) X(sm4ekey)
#define A64_CRYPTO_DECLARE(name)                                          \
    extern const struct ir_helper a64_helper_##name;
A64_CRYPTO_HELPERS(A64_CRYPTO_DECLARE)
#undef A64_CRYPTO_DECLARE

#endif
