/*
 * What the files of vector helpers share: how one is written, and the parts
 * of the immediate that simd_call() (translate_simd.h) makes.
 */
#ifndef CPU_ARM_HELPER_SIMD_H
#define CPU_ARM_HELPER_SIMD_H

#include "cpu/arm/translate_simd.h"
#include "cpu/ir/vec_ops.h"
#include "util/bits.h"

/* The head of a function that sets *result from *a, *b, *c. */
#define VCALL(name)                                                       \
    static void name(struct vcpu *vcpu __attribute__((unused)),           \
                     union vec *result, const union vec *a,               \
                     const union vec *b __attribute__((unused)),          \
                     const union vec *c __attribute__((unused)),          \
                     uint64_t imm __attribute__((unused)))

/* a64_helper_FUNCTION; with `_fp` for one that works on vcpu->fp. */
#define SIMD_HELPER(function, args, more)                                 \
    const struct ir_helper a64_helper_##function = {                      \
        .name = #function, .vcall = function, .nargs = args,              \
        .flags = IR_HELPER_NO_FP | (more)};
#define HELPER(function, args) SIMD_HELPER(function, args, 0)
#define HELPER_FP(function, args)                                         \
    SIMD_HELPER(function, args, IR_HELPER_FP_STATUS)

static inline unsigned element_size(uint64_t imm)
{
    return imm & 3;
}

static inline unsigned shape(uint64_t imm)
{
    return imm >> 2 & 3;
}

static inline unsigned extra(uint64_t imm)
{
    return (unsigned)imm >> 4;
}

static inline unsigned element_count(uint64_t imm)
{
    return shape(imm) == IR_S ? 1
                              : (shape(imm) == IR_Q ? 16u : 8u) >>
                                    element_size(imm);
}

#endif
