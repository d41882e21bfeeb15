/*
 * What the emitters of floating point share.  Host code is emitted only
 * where vcpu.fp is known to hold the default mode (ir_unit.fp_default), and
 * there it gives Arm's results and flags but for
 *
 * - NaNs: which of several, and the sign of the default one;
 * - the underflow flag of a result that rounds up to the least normal number
 *   (tiny before rounding, but not after, which is what the host looks at).
 *
 * Ops that can meet these test their result and go out of line (fp_fix).
 */
#ifndef CPU_JIT_X64_FP_H
#define CPU_JIT_X64_FP_H

#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/vec.h"

/* Opcodes without prefix: | fp_prefix(). */
enum {
    F_ADD = 0x58 | X_0F, F_MUL = 0x59 | X_0F, F_SUB = 0x5c | X_0F,
    F_MIN = 0x5d | X_0F, F_DIV = 0x5e | X_0F, F_MAX = 0x5f | X_0F,
    F_SQRT = 0x51 | X_0F, F_AND = 0x54 | X_0F, F_OR = 0x56 | X_0F,
    F_CMP = 0xc2 | X_0F, F_UCOMIS = 0x2e | X_0F, F_COMIS = 0x2f | X_0F,
    F_MOVMSK = 0x50 | X_0F,
    V_MOVDDUP = 0x12 | X_0F | X_F2,
};

/* Predicates of F_CMP; those from 8 up need AVX. */
enum { CMP_EQ, CMP_LT, CMP_LE, CMP_UNORD, CMP_NLT = 5, CMP_EQ_UNORD = 8 };

/* The op has host code here. */
static inline bool fp_fast(const struct backend_thread *t,
                           const struct ir_insn *in)
{
    return t->u->fp_default &&
           (in->type == IR_F32 || in->type == IR_F64);
}

/* One element. */
static inline bool fp_scalar(const struct ir_insn *in)
{
    return v_shape(in) == IR_S ||
           (v_shape(in) == IR_D && in->type == IR_F64);
}

static inline unsigned fp_prefix(const struct ir_insn *in)
{
    if (fp_scalar(in)) {
        return in->type == IR_F64 ? X_F2 : X_F3;
    }
    return in->type == IR_F64 ? X_66 : 0;
}

/* That of UCOMIS and of packed ops. */
static inline unsigned fp_packed_prefix(const struct ir_insn *in)
{
    return in->type == IR_F64 ? X_66 : 0;
}

static inline int fp_fraction_bits(const struct ir_insn *in)
{
    return in->type == IR_F64 ? 52 : 23;
}

static inline uint64_t fp_power_of_two(const struct ir_insn *in, int n)
{
    return in->type == IR_F64 ? (uint64_t)(1023 + n) << 52
                              : (uint64_t)(127 + n) << 23;
}

/* The operands of an op, in the host's order. */
struct fp_operands {
    struct x64_rm m[3];
    unsigned count;
    uint32_t regs;  /* those that are registers */
    bool cut;       /* the result must be cleared above its shape */
};

/* The value is zero above `bytes`. */
bool fp_zero_above(const struct backend_thread *t, ir_ref ref,
                   unsigned bytes);

/* Fetch the operands for the op: all in registers, but the last if
 * `memory`.  For shape D upper halves are made to raise no flags: zero, or
 * copies of the lower ones if `copies`. */
struct fp_operands fp_use(struct backend_thread *t, const struct ir_insn *in,
                          bool copies, bool memory);
/* A result that overwrites no operand; they are released. */
int fp_def(struct backend_thread *t, ir_ref i, const struct ir_insn *in,
           const struct fp_operands *o);
/* Clear dst above the op's elements. */
void fp_cut(struct backend_thread *t, const struct ir_insn *in, int dst);

/* The test of a result: what it needs is allocated before the result is. */
struct fp_test {
    int tmp, tmp2, general;
    bool tiny;
};
struct fp_test fp_test_begin(struct backend_thread *t,
                             const struct ir_insn *in, bool tiny);
void fp_test_end(struct backend_thread *t, const struct ir_insn *in,
                 const struct fp_test *test, int dst,
                 const struct fp_operands *o);
/* A jump to the op in C on condition cc. */
struct fp_fix *fp_fix(struct backend_thread *t, const struct ir_insn *in,
                      int cc, int dst, const struct fp_operands *o);
/* To C unless the scalar operand is less than 2^exponent, and a number. */
struct fp_fix *fp_guard(struct backend_thread *t, const struct ir_insn *in,
                        int exponent, int tmp, int bound, int dst,
                        const struct fp_operands *o);
/* dst := a, a scalar less than 2^fp_fraction_bits(), rounded to integral,
 * ties away, without any flag. */
void fp_round_away(struct backend_thread *t, const struct ir_insn *in,
                   int dst, int a, int tmp, int tmp2);

#endif
