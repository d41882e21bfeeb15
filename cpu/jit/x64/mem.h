/*
 * What plain and atomic accesses share (emit_mem.c, emit_slow.c).
 */
#ifndef CPU_JIT_X64_MEM_H
#define CPU_JIT_X64_MEM_H

#include "cpu/jit/x64/x64.h"

/* A slow path for the access at `va`, with jumps and values to fill in. */
struct slow_path *mem_slow_path(struct backend_thread *t,
                                const struct ir_insn *in, int va,
                                unsigned desc);

/* The first-level TLB: t1 := host address minus va, or off to the slow
 * path.  t2 is changed. */
void mem_check(struct backend_thread *t, struct slow_path *s, int t1, int t2,
               unsigned size, unsigned aux, bool write);

/* The same for any address, in register va: t2 := the tag xor va; the result is
 * the displacement of the jump for those that are not there. */
uint8_t *mem_look_up(struct backend_thread *t, int va, int t1, int t2,
                     unsigned size, bool write);

/* Vector registers that hold something behind this op; save or restore
 * them around C. */
uint32_t mem_live_vectors(const struct backend_thread *t);
void mem_save_vectors(struct backend_thread *t, uint32_t set, bool save);

/* Type of an access, I8 for one byte of a vector. */
static inline enum ir_type mem_vec_type(const struct ir_insn *in)
{
    return in->op == IR_VLOAD8 || in->op == IR_VSTORE8 ? IR_I8 : in->type;
}

/* The instruction that loads an integer. */
static inline unsigned mem_load_op(const struct ir_insn *in)
{
    static const uint32_t zero[] = {
        [IR_I8] = X_MOVZX8, [IR_I16] = X_MOVZX16, [IR_I32] = X_MOV_LOAD,
        [IR_I64] = X_MOV_LOAD | X_W,
    };
    static const uint32_t sign32[] = {
        [IR_I8] = X_MOVSX8, [IR_I16] = X_MOVSX16, [IR_I32] = X_MOV_LOAD,
        [IR_I64] = X_MOV_LOAD | X_W,
    };
    static const uint32_t sign64[] = {
        [IR_I8] = X_MOVSX8 | X_W, [IR_I16] = X_MOVSX16 | X_W,
        [IR_I32] = X_MOVSXD | X_W, [IR_I64] = X_MOV_LOAD | X_W,
    };
    static const uint32_t *const op[4] = {
        zero, [IR_MEM_SIGN32] = sign32, [IR_MEM_SIGN64] = sign64,
        [IR_MEM_SIGN32 | IR_MEM_SIGN64] = sign64,
    };

    return op[in->aux & 3][in->type];
}

/* The one that stores it. */
static inline unsigned mem_store_op(enum ir_type type)
{
    static const uint32_t store[] = {
        [IR_I8] = X_MOV_STORE8, [IR_I16] = X_MOV_STORE16,
        [IR_I32] = X_MOV_STORE, [IR_I64] = X_MOV_STORE | X_W,
    };

    return store[type];
}

/* A register for what is loaded, and its load; tmp: for F16 only. */
int mem_def_loaded(struct backend_thread *t, ir_ref i, uint32_t avoid);
void mem_load_one(struct backend_thread *t, const struct ir_insn *in,
                  int dst, struct x64_rm from, int tmp);
/* A pair that others may look at in one piece, `xmm` a scratch register: the
 * host reads and writes sixteen aligned bytes at once (from AVX on it says
 * so).  second: NO_REG where nobody wants it. */
bool mem_is_whole(const struct backend_thread *t, const struct ir_insn *in);
void mem_load_whole(struct backend_thread *t, const struct ir_insn *in,
                    int xmm, int dst, int second, struct x64_rm from);
void mem_store_whole(struct backend_thread *t, const struct stored value[2],
                     int xmm, struct x64_rm to, int tmp);
/* Lock an operand where it is, if enough registers are left. */
void mem_hold_stored(struct backend_thread *t, ir_ref ref);
void mem_store_one(struct backend_thread *t, const struct stored *s,
                   struct x64_rm to, int tmp);

/* Where an operand is, without moving it, into *s: to be called when all
 * registers of the op are chosen. */
void mem_stored(struct backend_thread *t, ir_ref ref, enum ir_type type,
                struct stored *s);
/* Emit its move into a general register. */
void mem_load_stored(struct backend_thread *t, const struct stored *s,
                     int dst);

#endif
