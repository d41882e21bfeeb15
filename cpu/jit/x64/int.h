/*
 * What the emitters of integer ops share.  `w` is X_W for 64-bit operands,
 * else 0; a 32-bit instruction clears the upper half of its destination,
 * as the IR wants.
 */
#ifndef CPU_JIT_X64_INT_H
#define CPU_JIT_X64_INT_H

#include "cpu/jit/x64/x64.h"

static inline unsigned int_width(const struct ir_insn *in)
{
    return in->type == IR_I64 ? X_W : 0;
}

/* The result's register, not in `avoid`, with operand `a` moved there;
 * releases the operands. */
int int_def(struct backend_thread *t, ir_ref i, const struct ir_insn *in,
            unsigned w, struct x64_rm a, uint32_t avoid);

/* The next op is a branch on this value, and its only user. */
bool int_only_tested(struct backend_thread *t, ir_ref i);

/* An addition whose flags are wanted is done as a subtraction: their CF is
 * the borrow then, as in the packed form. */
bool int_adds_by_sub(const struct backend_thread *t,
                     const struct ir_insn *in);

#endif
