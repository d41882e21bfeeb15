/*
 * Building a unit: append ops, with constant folding and simple identities
 * done on the way, and reads of registers replaced by the value last read
 * or written (get/set elimination is thereby part of building).
 *
 * Functions return the value's ref; the ones for ops without a value
 * return IR_NONE.  When the unit is full (ir_room() 0) the front end
 * ends it; the builder asserts.
 */
#ifndef CPU_IR_BUILD_H
#define CPU_IR_BUILD_H

#include <assert.h>

#include "cpu/ir/hints.h"

/* Start an empty unit at pc. */
void ir_begin(struct ir_unit *u, uint64_t pc, uint32_t context);
/* The same for a region: nothing is known of registers. */
void ir_begin_region(struct ir_unit *u, uint64_t pc, uint32_t context);

/* So many guest instructions (<= 512 ops and constants, 8 edges each) surely
 * fit yet. */
static inline unsigned ir_room(const struct ir_unit *u)
{
    _Static_assert(IR_MAX_INSNS <= IR_MAX_CONSTS, "one test for both");
    unsigned used = u->count + u->const_count;
    unsigned ops = used < IR_MAX_INSNS ? (IR_MAX_INSNS - used) / 512 : 0;
    unsigned edges = (IR_MAX_EDGES - u->edge_count) / 8;

    return ops < edges ? ops : edges;
}

/* An op that is no barrier (ir_is_barrier()), of the whole of a home. */
static inline ir_ref ir_append_home(struct ir_unit *u, enum ir_opcode op,
                                    enum ir_type type, unsigned aux,
                                    ir_ref a, ir_ref b, ir_ref c,
                                    unsigned home, uint64_t imm)
{
    unsigned r = u->count++;

    assert(r < IR_MAX_INSNS);
    struct ir_insn *i = &u->insn[r];
    i->op = (uint8_t)op;
    i->type = (uint8_t)type;
    i->a = a;
    i->b = b;
    i->insn = u->at;
    i->c = c;
    i->home = (uint8_t)home;
    i->hint = NO_HOME;
    i->aux = (uint16_t)aux;
    i->set = false;
    i->unused = 0;
    i->imm = imm;
    return (ir_ref)r;
}

/* ... and of none. */
static inline ir_ref ir_append(struct ir_unit *u, enum ir_opcode op,
                               enum ir_type type, unsigned aux, ir_ref a,
                               ir_ref b, ir_ref c, uint64_t imm)
{
    return ir_append_home(u, op, type, aux, a, b, c, NO_HOME, imm);
}

/* The general form; absent operands are IR_NONE.  No folding. */
static inline ir_ref ir_emit(struct ir_unit *u, enum ir_opcode op,
                             enum ir_type type, unsigned aux, ir_ref a,
                             ir_ref b, ir_ref c, uint64_t imm)
{
    ir_ref r = ir_append(u, op, type, aux, a, b, c, imm);

    if (ir_is_barrier_op(op, aux, imm)) {
        ir_hints_barrier(u, r);
    }
    return r;
}

/* The rest of it is the same in all units (ir_unit_new()). */
static inline ir_ref ir_new_const(struct ir_unit *u, enum ir_opcode op,
                                  enum ir_type type, uint64_t imm)
{
    unsigned r = IR_FIRST_CONST + u->const_count++;

    assert(r < IR_FIRST_CONST + IR_MAX_CONSTS);
    struct ir_insn *i = &u->insn[r];
    i->op = (uint8_t)op;
    i->type = (uint8_t)type;
    i->imm = imm;
    return (ir_ref)r;
}

static inline ir_ref ir_const(struct ir_unit *u, enum ir_type type,
                              uint64_t value)
{
    return ir_new_const(u, IR_CONST, type,
                        type == IR_I32 ? (uint32_t)value : value);
}

/* A guest address that depends on where the unit is (IR_PC). */
static inline ir_ref ir_pc(struct ir_unit *u, uint64_t address)
{
    return ir_new_const(u, IR_PC, IR_I64, address);
}

static inline bool ir_is_const(const struct ir_unit *u, ir_ref r,
                               uint64_t *value)
{
    if (!ir_is_constant(r) || u->insn[r].op != IR_CONST) {
        return false;
    }
    *value = u->insn[r].imm;
    return true;
}

/* Integer ops with folding. */
ir_ref ir_un(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
             ir_ref a);
ir_ref ir_bin(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
              ir_ref a, ir_ref b);
/* b is the constant `imm`. */
ir_ref ir_bini(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
               ir_ref a, uint64_t imm);
ir_ref ir_bfxu(struct ir_unit *u, enum ir_type type, ir_ref a, unsigned lsb,
               unsigned width);
ir_ref ir_bfxs(struct ir_unit *u, enum ir_type type, ir_ref a, unsigned lsb,
               unsigned width);
ir_ref ir_bfi(struct ir_unit *u, enum ir_type type, ir_ref a, ir_ref b,
              unsigned lsb, unsigned width);

/* Guest state.  `offset` into struct vcpu (VCPU_R(n), VCPU_V(n), ...). */
ir_ref ir_get(struct ir_unit *u, enum ir_type type, unsigned offset);
void ir_set(struct ir_unit *u, enum ir_type type, unsigned offset,
            ir_ref value);
/* The whole of a home. */
ir_ref ir_get_unknown(struct ir_unit *u, unsigned home);
void ir_set_home(struct ir_unit *u, unsigned home, ir_ref value);
static inline ir_ref ir_get_home(struct ir_unit *u, unsigned home)
{
    ir_ref r = u->known[home];

    return r != IR_NONE ? r : ir_get_unknown(u, home);
}
/* The low 32 bits of a value, the others zero. */
ir_ref ir_low(struct ir_unit *u, ir_ref value);

/* Flags: ir_flags_of must follow the emission of `a` at once, so `a` comes
 * from ir_emit (the folding builders may return an older value). */
ir_ref ir_flags_of(struct ir_unit *u, enum ir_type type, ir_ref a);
ir_ref ir_get_flags(struct ir_unit *u);
void ir_set_flags(struct ir_unit *u, ir_ref flags);
ir_ref ir_setcc(struct ir_unit *u, enum ir_cc cc, ir_ref flags);
ir_ref ir_select(struct ir_unit *u, enum ir_type type, enum ir_cc cc,
                 ir_ref flags, ir_ref yes, ir_ref no);

/* Memory (access.c); `flags` are IR_MEM_*. */
ir_ref ir_access(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
                 unsigned flags, struct ir_address at, ir_ref b, ir_ref c);
static inline ir_ref ir_load(struct ir_unit *u, enum ir_type type,
                             unsigned flags, struct ir_address at)
{
    return ir_access(u, IR_LOAD, type, flags, at, IR_NONE, IR_NONE);
}
static inline void ir_store(struct ir_unit *u, enum ir_type type,
                            unsigned flags, struct ir_address at,
                            ir_ref value)
{
    ir_access(u, IR_STORE, type, flags, at, value, IR_NONE);
}
/* Returns the first, *second gets the other. */
ir_ref ir_load2(struct ir_unit *u, enum ir_type type, unsigned flags,
                struct ir_address at, ir_ref *second);
static inline void ir_store2(struct ir_unit *u, enum ir_type type,
                             unsigned flags, struct ir_address at,
                             ir_ref first, ir_ref second)
{
    ir_access(u, IR_STORE2, type, flags, at, first, second);
}
/* The address as a value. */
ir_ref ir_address(struct ir_unit *u, struct ir_address at);

static inline struct ir_address ir_at(ir_ref base)
{
    return (struct ir_address){base, 0};
}

/* Vector ops: aux = shape, `extra` goes to aux bits 15..8. */
ir_ref ir_vec(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
              enum ir_shape shape, unsigned extra, ir_ref a, ir_ref b,
              ir_ref c, uint64_t imm);
ir_ref ir_vconst(struct ir_unit *u, enum ir_shape shape, uint64_t imm);
ir_ref ir_vcall(struct ir_unit *u, const struct ir_helper *helper,
                ir_ref a, ir_ref b, ir_ref c, uint16_t imm);

/* Calls.  After a helper with IR_HELPER_REGS known register values are
 * forgotten. */
ir_ref ir_call(struct ir_unit *u, const struct ir_helper *helper, ir_ref a,
               ir_ref b, ir_ref c);

/* What is appended from here on is of the guest instruction at pc. */
static inline void ir_insn(struct ir_unit *u, uint64_t pc)
{
    u->at = (uint16_t)((pc - u->pc) / 4);
}

/* All guest instructions from pc on, up to the last that something has been
 * appended of, are in the unit. */
static inline void ir_end(struct ir_unit *u, uint64_t pc)
{
    uint16_t first = (uint16_t)((pc - u->pc) / 4);

    u->guest_insns += (uint16_t)(u->at - first) + 1u;
    u->guest_bytes = 4 * (u->at + 1u);
}

/* Control. */
/* Where the guest instruction at pc begins; aux = IR_LABEL_*. */
ir_ref ir_label(struct ir_unit *u, uint64_t pc, unsigned aux);
unsigned ir_edge(struct ir_unit *u, uint64_t target);
void ir_brcc(struct ir_unit *u, enum ir_cc cc, ir_ref flags,
             uint64_t target);
void ir_brz(struct ir_unit *u, enum ir_type type, ir_ref a, bool if_zero,
            uint64_t target);
void ir_exit(struct ir_unit *u, uint64_t target);
/* A call that returns to `back`. */
void ir_exit_call(struct ir_unit *u, uint64_t target, uint64_t back);
/* For code that is to be looked up anew (ir_edge.anew). */
void ir_exit_anew(struct ir_unit *u, uint64_t target);
/* `more`: see enum ir_jump. */
void ir_exit_indirect(struct ir_unit *u, ir_ref target, enum ir_jump kind,
                      uint64_t more);
/* Leave for the run loop with vcpu.pc = pc. */
void ir_exit_loop(struct ir_unit *u, enum vcpu_exit why, uint64_t pc);
void ir_fence(struct ir_unit *u, enum ir_fence kind);

#endif
