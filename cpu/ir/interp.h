/*
 * The IR interpreter: -accel interp, and the oracle of the translator.
 */
#ifndef CPU_IR_INTERP_H
#define CPU_IR_INTERP_H

#include "cpu/ir/ir.h"

/*
 * Run one unit, whose head is at vcpu->pc.  On return vcpu->pc is where to
 * go on (or the instruction that faulted, with vcpu->exit saying so;
 * vcpu->exit is VCPU_EXIT_NONE for an ordinary edge).
 */
void ir_interpret(struct vcpu *vcpu, const struct ir_insn *insn,
                  unsigned count, const struct ir_insn *consts,
                  unsigned const_count, const struct ir_edge *edges);

/*
 * Vector and FP ops as C functions, shared with the translator for ops it
 * has no host code for.  desc = type | aux << 8 | imm << 32.  Integer and
 * flags operands are in ->d[0] of their vec; integer and flags results in
 * result->d[0].  Absent operands are NULL.  result aliases no operand.
 * NULL for ops that are not vector or FP ops.
 */
typedef void ir_vec_fn(struct vcpu *vcpu, union vec *result,
                       const union vec *a, const union vec *b,
                       const union vec *c, uint64_t desc);
extern ir_vec_fn *const ir_vec_ops[IR_OPCODES];

static inline uint64_t ir_vec_desc(const struct ir_insn *i)
{
    return i->type | (uint64_t)i->aux << 8 | i->imm << 32;
}

/* Whether condition cc holds in packed flags. */
bool ir_cc_holds(enum ir_cc cc, uint32_t flags);
uint32_t ir_flags_pack(unsigned nzcv); /* N:Z:C:V in bits 3..0 */
unsigned ir_flags_unpack(uint32_t flags);

#endif
