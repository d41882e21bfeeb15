/*
 * Vector instructions for the emitters: one spelling for SSE and AVX.
 * Registers are the allocator's numbers (XMM0 + n); memory operands of
 * v_op1 and v_op2 are 16-byte aligned unless the opcode says otherwise.
 */
#ifndef CPU_JIT_X64_VEC_H
#define CPU_JIT_X64_VEC_H

#include "cpu/jit/x64/x64.h"
#include "util/bits.h"

enum {
    V_MOVAPS = 0x28 | X_0F,
    V_MOVAPS_STORE = 0x29 | X_0F,
    V_MOVUPS = 0x10 | X_0F,
    V_MOVUPS_STORE = 0x11 | X_0F,
    V_MOVD = 0x6e | X_0F | X_66,       /* from r/m32; | X_W from r/m64 */
    V_MOVD_STORE = 0x7e | X_0F | X_66,
    V_MOVQ = 0x7e | X_0F | X_F3,       /* from xmm/m64, rest zero */
    V_MOVQ_STORE = 0xd6 | X_0F | X_66,
    V_PEXTRB = 0x14 | X_0F3A | X_66,   /* to r/m, imm8 */
    V_PEXTRW = 0x15 | X_0F3A | X_66,
    V_PXOR = 0xef | X_0F | X_66,
    V_PCMPEQD = 0x76 | X_0F | X_66,
};

/* dst := op(m) */
void v_op1(struct backend_thread *t, unsigned op, int dst, struct x64_rm m);
/* dst := op(a, m); without AVX m must not be dst unless a is too. */
void v_op2(struct backend_thread *t, unsigned op, int dst, int a,
           struct x64_rm m);
/* dst := constant */
void v_const(struct backend_thread *t, int dst, uint64_t lo, uint64_t hi);

#endif
