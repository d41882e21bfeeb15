/*
 * The emitters, one or more ops each; ops.c says which.
 */
#ifndef CPU_JIT_X64_EMIT_H
#define CPU_JIT_X64_EMIT_H

#include "cpu/jit/x64/x64.h"

/* The row of the op being emitted. */
static inline const struct x64_op *x64_row(const struct backend_thread *t)
{
    return &x64_ops[t->in->op];
}

#define EMITTER(name) \
    void emit_##name(struct backend_thread *t, ir_ref i, \
                     const struct ir_insn *in);
#define EMITTERS(E)                                                     \
    /* emit_state.c */                                                  \
    E(vconst) E(get) E(set)                                             \
    /* emit_int.c, emit_bits.c */                                       \
    E(add) E(sub) E(and) E(or) E(adc) E(alun) E(unary) E(mul) E(mulh)   \
    E(div) E(shift) E(extr) E(clz) E(rbit) E(bfx) E(bfi) E(crc32)       \
    /* emit_flags.c */                                                  \
    E(flags_of) E(setcc) E(select) E(selnz) E(flags_to_nzcv)            \
    E(nzcv_to_flags)                                                    \
    /* emit_mem.c, emit_check.c */                                      \
    E(load) E(store) E(second) E(fence) E(check)                        \
    /* emit_atomic.c */                                                 \
    E(load_ex) E(store_ex) E(load_ex2) E(store_ex2) E(rmw) E(cas)       \
    /* emit_control.c */                                                \
    E(label) E(brcc) E(brz) E(exit) E(exit_indirect) E(exit_loop)       \
    /* emit_call.c */                                                   \
    E(call) E(vcall) E(vec_call) E(crc32_call)                          \
    /* emit_vec_int.c */                                                \
    E(vbin) E(vandn) E(vorn) E(vnot) E(vsel) E(vneg) E(vabs)            \
    E(vcmp) E(vavg) E(vabd) E(vcnt) E(vclz) E(vpmul) E(fsign)           \
    E(aes_round) E(aes_mix)                                             \
    /* emit_vec_shift.c, emit_vec_sat.c */                              \
    E(vshift) E(vshlv) E(vsat)                                          \
    /* emit_fp.c, emit_fp_compare.c, emit_fp_convert.c */               \
    E(farith) E(fsqrt) E(fmuladd) E(fminmax) E(frint) E(fcmp)           \
    E(fcmp_mask) E(fcvt) E(fcvtl) E(fcvtn) E(ftoi) E(ftoi_r) E(itof)    \
    E(itof_r)                                                           \
    /* emit_vec_move.c */                                               \
    E(vrev) E(vaddp) E(vaddlp) E(vaddv) E(vwiden) E(vnarrow)            \
    E(vconcat) E(vdup) E(vdupl) E(vins) E(vinsl) E(vgetl) E(vext)       \
    E(vzip) E(vuzp) E(vtrn) E(vtbl)

EMITTERS(EMITTER)

#undef EMITTER

#endif
