/*
 * The vector, FP and cryptography ops as C functions: ir_op_NAME of type
 * ir_vec_fn (interp.h), gathered in ir_vec_ops[].
 *
 *   vec_ops.c    integer arithmetic, element by element
 *   vec_move.c   across elements: pairs, widths, permutations
 *   fp_ops.c     floating point, over cpu/fp
 *   aes_ops.c    AES rounds
 *
 * Integer arithmetic only, as these are called from generated code with
 * guest values in the host's vector registers.
 */
#ifndef CPU_IR_VEC_OPS_H
#define CPU_IR_VEC_OPS_H

#include "cpu/ir/interp.h"

/* One row an op that is implemented here. */
#define IR_VEC_OPS(X)                                                     \
    X(VAND) X(VOR) X(VXOR) X(VANDN) X(VORN) X(VNOT) X(VSEL)               \
    X(VADD) X(VSUB) X(VMUL) X(VNEG) X(VABS)                               \
    X(VSHL) X(VSHRU) X(VSHRS) X(VSHLVU) X(VSHLVS)                         \
    X(VMINU) X(VMAXU) X(VMINS) X(VMAXS)                                   \
    X(VCMPEQ) X(VCMPGTS) X(VCMPGES) X(VCMPGTU) X(VCMPGEU)                 \
    X(VADDSATU) X(VADDSATS) X(VSUBSATU) X(VSUBSATS)                       \
    X(VAVGU) X(VAVGS) X(VABDU) X(VABDS) X(VCNT) X(VCLZ)                   \
    X(VREV) X(VADDP) X(VADDLPU) X(VADDLPS) X(VADDV)                       \
    X(VWIDENU) X(VWIDENS) X(VNARROW) X(VCONCAT) X(VPMUL)                  \
    X(VDUP) X(VDUPL) X(VINS) X(VINSL) X(VGETL)                            \
    X(VEXT) X(VZIP) X(VUZP) X(VTRN) X(VTBL)                               \
    X(FADD) X(FSUB) X(FMUL) X(FDIV) X(FSQRT) X(FMULADD) X(FMULX)          \
    X(FMAX) X(FMIN) X(FMAXNM) X(FMINNM) X(FABS) X(FNEG)                   \
    X(FRECPE) X(FRSQRTE) X(FRECPS) X(FRSQRTS) X(FRECPX) X(FRINT)          \
    X(FCMPEQ) X(FCMPGE) X(FCMPGT) X(FCMP) X(FCVT) X(FCVTL) X(FCVTN)       \
    X(FTOI) X(ITOF) X(FTOI_R) X(ITOF_R)                                   \
    X(AESE) X(AESD) X(AESMC) X(AESIMC)

#define IR_VEC_DECLARE(name) ir_vec_fn ir_op_##name;
IR_VEC_OPS(IR_VEC_DECLARE)
#undef IR_VEC_DECLARE

/* The parts of desc (interp.h). */
static inline enum ir_type ir_desc_type(uint64_t desc)
{
    return (enum ir_type)(desc & 0xff);
}

/* log2 of the element size in bytes. */
static inline unsigned ir_desc_log2(uint64_t desc)
{
    enum ir_type t = ir_desc_type(desc);

    return t >= IR_F16 ? t - IR_F16 + 1u : t - IR_I8 + 0u;
}

static inline unsigned ir_desc_extra(uint64_t desc)
{
    return desc >> 16 & 0xff;
}

static inline uint32_t ir_desc_imm(uint64_t desc)
{
    return (uint32_t)(desc >> 32);
}

/* Bytes and elements that the shape covers. */
static inline unsigned ir_desc_bytes(uint64_t desc)
{
    unsigned shape = desc >> 8 & 0xff;

    return shape == IR_Q ? 16 : shape == IR_D ? 8 : 1u << ir_desc_log2(desc);
}

static inline unsigned ir_desc_count(uint64_t desc)
{
    return ir_desc_bytes(desc) >> ir_desc_log2(desc);
}

/* Element n of 1 << log2 bytes, zero-extended. */
static inline uint64_t vec_get(const union vec *v, unsigned log2, unsigned n)
{
    switch (log2) {
    case 0:
        return v->b[n];
    case 1:
        return v->h[n];
    case 2:
        return v->s[n];
    default:
        return v->d[n];
    }
}

static inline int64_t vec_get_signed(const union vec *v, unsigned log2,
                                     unsigned n)
{
    switch (log2) {
    case 0:
        return v->sb[n];
    case 1:
        return v->sh[n];
    case 2:
        return v->ss[n];
    default:
        return v->sd[n];
    }
}

static inline void vec_set(union vec *v, unsigned log2, unsigned n,
                           uint64_t value)
{
    switch (log2) {
    case 0:
        v->b[n] = (uint8_t)value;
        break;
    case 1:
        v->h[n] = (uint16_t)value;
        break;
    case 2:
        v->s[n] = (uint32_t)value;
        break;
    default:
        v->d[n] = value;
        break;
    }
}

#endif
