/*
 * Random units for the tests of the back end: every opcode, with what it may
 * have, on values that were made before.
 */
#ifndef TESTS_UNIT_X64_UNITS_H
#define TESTS_UNIT_X64_UNITS_H

#include "cpu/ir/interp.h"
#include "tests/unit/x64_rig.h"

#define POOL 12

/* What a unit that grows has so far. */
struct gen {
    struct ir_unit *u;
    uint64_t *seed;
    ir_ref ints[POOL], flags[POOL], vecs[POOL];
    unsigned insn;
    bool in_loop;
    ir_ref base; /* an address that was used, or IR_NONE */
};

static inline unsigned pick(struct gen *g, unsigned n)
{
    return rig_pick(g->seed, n);
}

static inline enum ir_type width(struct gen *g)
{
    return pick(g, 2) ? IR_I64 : IR_I32;
}

static inline ir_ref any_int(struct gen *g)
{
    if (pick(g, 12) == 0) {
        return ir_pc(g->u, RIG_PC + 4 * (uint64_t)pick(g, 4000));
    }
    return pick(g, 5) ? g->ints[pick(g, POOL)]
                      : ir_const(g->u, IR_I64, rig_value(g->seed));
}

static inline ir_ref any_flags(struct gen *g)
{
    if (pick(g, 12) == 0) {
        return ir_const(g->u, IR_FLAGS, ir_flags_pack(pick(g, 16)));
    }
    return g->flags[pick(g, POOL)];
}

static inline ir_ref any_vec(struct gen *g)
{
    return g->vecs[pick(g, POOL)];
}

static inline void keep_int(struct gen *g, ir_ref v)
{
    g->ints[pick(g, POOL)] = v;
}

static inline void keep_vec(struct gen *g, ir_ref v)
{
    g->vecs[pick(g, POOL)] = v;
}

/* Add a call, an operation on vectors. */
void gen_call(struct gen *g);
void gen_vec(struct gen *g);

/* A whole unit; `only`: a mask of the kinds of steps to use; `shares`: it is
 * cold, and its accesses share CHECKs. */
void gen_unit(struct ir_unit *u, uint64_t *seed, uint32_t only, bool shares);

/* A function for calls, which destroys what it may. */
uint64_t gen_pure(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c);

#endif
