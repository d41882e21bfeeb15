/*
 * Where values are best computed, and SETs that nobody sees.
 *
 * A value that a guest register is SET to, with nothing between its
 * definition and the SET that could see the difference, is best computed
 * right into that register, its `hint`: there is no SET then, the op that
 * defines the value does it.  A SET that is overwritten before anything can
 * see it goes away.
 *
 * Both are known as soon as the SET is due, from what was last done to the
 * register, which the unit keeps.  In a cold unit the builder sees to it; in
 * a region a pass does (pass_hints.c), when the others have changed what lies
 * between.
 */
#ifndef CPU_IR_HINTS_H
#define CPU_IR_HINTS_H

#include <string.h>

#include "cpu/ir/ir.h"

/* What was noted before is nothing any more. */
static inline void ir_hints_begin(struct ir_unit *u)
{
    if (u->first > UINT32_MAX - 2 * (IR_MAX_INSNS + 1)) {
        memset(u->last_set, 0, sizeof(u->last_set));
        memset(u->last_use, 0, sizeof(u->last_use));
        memset(u->base, 0, sizeof(u->base));
        u->first = 0;
    }
    u->first += IR_MAX_INSNS + 1;
    u->barrier = u->first;
}

/* Op n looks at registers, or leaves the unit. */
static inline void ir_hints_barrier(struct ir_unit *u, unsigned n)
{
    u->barrier = u->first + n + 1;
}

/* Op n is a GET from within this home, or a SET of a part of it. */
static inline void ir_hints_use(struct ir_unit *u, unsigned n, unsigned home)
{
    if (home != NO_HOME) {
        u->last_use[home] = u->first + n + 1;
    }
}

/* Op n SETs the whole of this home. */
static inline void ir_hints_set_by(struct ir_unit *u, unsigned n,
                                   unsigned home)
{
    u->last_set[home] = u->first + n + 1;
}

/* The last op that might have seen a SET of this home: one that it does itself
 * or that comes behind it is hidden by the next. */
static inline uint32_t ir_hints_seen(const struct ir_unit *u, unsigned home)
{
    uint32_t use = u->last_use[home], barrier = u->barrier;

    return use > barrier ? use : barrier;
}

/* The op whose SET of this home is the last, `set`, which nobody has seen, is
 * hidden by one that is due now. */
static inline void ir_hints_hide(struct ir_unit *u, uint32_t set)
{
    struct ir_insn *i = &u->insn[set - u->first - 1];

    if (i->op == IR_SET) {
        i->op = IR_NOP;
        i->a = IR_NONE;
    } else {
        i->hint = NO_HOME;
        i->set = false;
    }
}

/* A SET of this home to the value is due; what it hides has gone.  False: it
 * takes an op.  `last`: the last SET, even a hidden one, or what would have
 * seen it.  No value from before that is SET by its own op: what the last SET
 * was of may be computed there yet (pass_hints.c). */
static inline bool ir_hints_set(struct ir_unit *u, ir_ref value,
                                unsigned home, uint32_t last)
{
    struct ir_insn *i = &u->insn[value];
    uint32_t before = last - u->first;

    if (value + 1u - before > u->count - before || i->hint != NO_HOME) {
        return false;
    }
    i->hint = (uint8_t)home;
    i->set = true;
    ir_hints_set_by(u, value, home);
    return true;
}

#endif
