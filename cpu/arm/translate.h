/*
 * What the A64 front end's files share: the state of one translation and
 * the register accessors.  Semantics live in translate_int.c (data
 * processing), translate_branch.c (branches, exceptions, system),
 * translate_ldst.c, translate_fp.c, translate_simd.c, translate_crypto.c;
 * the generated decoder calls the functions of their rows (A64_ROW).
 *
 * A trans function appends the instruction's meaning to s->u and returns
 * true; false means the encoding is reserved (nothing may have been
 * emitted then): the caller raises Undefined.
 */
#ifndef CPU_ARM_TRANSLATE_H
#define CPU_ARM_TRANSLATE_H

#include "cpu/arm/arm_cpu.h"
#include "cpu/ir/build.h"

/* What a family of frequent instructions has in common, a copy for each of
 * them: the instruction's fields are values there. */
#define A64_FAMILY static inline __attribute__((always_inline))

struct a64_ctx {
    struct ir_unit *u;
    const struct arm_cpu *cpu; /* model and features only */
    uint64_t pc;               /* of the instruction */
    uint32_t insn;
    uint32_t context;          /* CTX_* */
    unsigned el;
    unsigned counted;          /* CTX_COUNT: instructions in the open run */
    ir_ref count;              /* ... and the constant that says so */
    unsigned first_op;         /* ... what the last of them appended */
    unsigned after;            /* A64_*: what it asks for */
};

/* What the driver does after an instruction; nothing, after most. */
enum {
    A64_ENDED = 1 << 0,      /* the unit has ended */
    A64_SP_CHANGED = 1 << 1, /* it does if SP is misaligned now */
};

/* Register 31 is zero (r) or the stack pointer (sp).  `sf` picks I64 or
 * I32; a 32-bit write clears the upper half.  What is read is all 64 bits, of
 * which ops of type I32 take the lower half. */
static inline enum ir_type a64_type(bool sf)
{
    return sf ? IR_I64 : IR_I32;
}

ir_ref a64_zero(struct a64_ctx *s, bool sf);

static inline ir_ref a64_r(struct a64_ctx *s, bool sf, unsigned n)
{
    return n == 31 ? a64_zero(s, sf) : ir_get_home(s->u, HOME_R + n);
}

static inline ir_ref a64_sp(struct a64_ctx *s, unsigned n)
{
    return ir_get_home(s->u, HOME_R + n);
}

static inline void a64_set_r(struct a64_ctx *s, bool sf, unsigned n,
                             ir_ref value)
{
    if (n != 31) {
        ir_set_home(s->u, HOME_R + n, sf ? value : ir_low(s->u, value));
    }
}

/* Whether `value` as SP leaves SP aligned to 16 bytes where it was. */
bool a64_keeps_sp_aligned(const struct a64_ctx *s, ir_ref value);

static inline void a64_set_sp(struct a64_ctx *s, bool sf, unsigned n,
                              ir_ref value)
{
    if (n == 31 && !(sf && a64_keeps_sp_aligned(s, value))) {
        s->after |= A64_SP_CHANGED;
    }
    ir_set_home(s->u, HOME_R + n, sf ? value : ir_low(s->u, value));
}

/* Zn above its low 128 bits becomes zero. */
void a64_clear_high(struct a64_ctx *s, unsigned n);

static inline ir_ref a64_v(struct a64_ctx *s, unsigned n)
{
    return ir_get_home(s->u, HOME_V + n);
}

static inline void a64_set_v(struct a64_ctx *s, unsigned n, ir_ref value)
{
    ir_set_home(s->u, HOME_V + n, value);
    if (s->context & CTX_SVE) {
        a64_clear_high(s, n);
    }
}

/* Emit: take a synchronous exception with this syndrome, PC at this
 * instruction; ends the unit. */
void a64_raise(struct a64_ctx *s, uint32_t syndrome);

/* Around a helper that changes exception level (exception.h): SP to its home;
 * the new SP, and go on where the helper says. */
void a64_store_sp(struct a64_ctx *s);
void a64_end_with_sp(struct a64_ctx *s, ir_ref sp);

/* The unit ends; its context becomes `context`, with CTX_SP_ALIGN or without
 * as is right for `sp`. */
void a64_end_in_context(struct a64_ctx *s, uint32_t context, ir_ref sp);

/* The same for SVE instructions. */
bool a64_sve_access(struct a64_ctx *s);

/* True when FP/SIMD may be used here; else has emitted the trap: the trans
 * function then returns true at once. */
bool a64_fp_access(struct a64_ctx *s);

/* Memory type of an element of 1 << size bytes, integer side. */
static inline enum ir_type a64_mem_type(unsigned size)
{
    return IR_I8 + size;
}

/* Flags every memory access of this context carries (alignment ...). */
static inline unsigned a64_mem_flags(const struct a64_ctx *s)
{
    return s->context & CTX_ALIGN ? IR_MEM_ALIGNED : 0;
}

/* Translate a unit (guest_ops.translate). */
void a64_translate(struct vcpu *vcpu, struct ir_unit *u, uint64_t pc,
                   uint32_t context, const uint8_t *code, unsigned bytes);

#endif
