/*
 * Cold units: one CHECK for several accesses off one base, found while the
 * unit is being built.
 *
 * Before the first access off a base (a prologue's first STP, the first
 * field of a structure) is the addition of its offset, or an empty op.  When
 * another one comes, that becomes a CHECK of all they touch, and grows with
 * each that follows.  Its failure leaves for a unit where each access is made
 * singly, so faults and devices stay exact.  Regions have a pass of their own
 * (pass_checks.c).
 */
#ifndef CPU_IR_SHARE_H
#define CPU_IR_SHARE_H

#include "cpu/ir/ir.h"

/* What an access is to be emitted with. */
struct ir_shared {
    ir_ref address;
    unsigned flags;  /* IR_MEM_* */
    uint64_t imm;
};

/* The plain access of `size` bytes that is appended next. */
struct ir_shared ir_share(struct ir_unit *u, struct ir_address at,
                          unsigned flags, unsigned size, bool store);

/* Something happens that no translation outlives. */
static inline void ir_share_nothing(struct ir_unit *u)
{
    for (unsigned n = 0; n < IR_BASES; n++) {
        u->base[n].root = IR_NONE;
    }
}

#endif
