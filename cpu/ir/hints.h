/*
 * Where values are best computed, and SETs that nobody sees.
 *
 * A value that a guest register is SET to, with nothing between its
 * definition and the SET that could see the difference, is best computed
 * right into that register: its `hint`.  A SET that is overwritten before
 * anything can see it goes away.
 *
 * Both are known as soon as the SET is there, from what was last done to the
 * register, which the unit keeps.  In a cold unit the builder sees to it; in
 * a region a pass does (pass_hints.c), when the others have changed what lies
 * between.
 */
#ifndef CPU_IR_HINTS_H
#define CPU_IR_HINTS_H

#include "cpu/ir/ir.h"

/* Op n looks at registers, or leaves the unit. */
static inline void ir_hints_barrier(struct ir_unit *u, unsigned n)
{
    u->barrier = (uint16_t)(n + 1);
}

/* Op n is a GET from within this home, or a SET of a part of it. */
static inline void ir_hints_part(struct ir_unit *u, unsigned n,
                                 unsigned home)
{
    if (home != NO_HOME) {
        u->touched[home] = (uint16_t)(n + 1);
    }
}

/* 1 + the SET of this home that one appended now hides, or 0. */
static inline unsigned ir_hints_hidden(const struct ir_unit *u,
                                       unsigned home)
{
    unsigned last = u->touched[home];

    return last > u->barrier && u->insn[last - 1].op == IR_SET &&
           u->insn[last - 1].home == home ? last : 0;
}

/* Op n is a SET of the whole of this home. */
static inline void ir_hints_set(struct ir_unit *u, unsigned n, unsigned home)
{
    ir_ref a = u->insn[n].a;
    unsigned last = u->touched[home], hidden = ir_hints_hidden(u, home);

    if (hidden) {
        struct ir_insn *set = &u->insn[hidden - 1];

        if (u->insn[set->a].hint == home) {
            u->insn[set->a].hint = NO_HOME;
        }
        set->op = IR_NOP;
        set->a = IR_NONE;
    }
    if (a + 1u >= last && a + 1u >= u->barrier &&
        u->insn[a].hint == NO_HOME && u->insn[n].type != IR_I32) {
        u->insn[a].hint = (uint8_t)home;
    }
    u->touched[home] = (uint16_t)(n + 1);
}

#endif
