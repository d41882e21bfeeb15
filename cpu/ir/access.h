/*
 * Cold units: one CHECK for several accesses off one base, found while the
 * unit is being built (access.c).
 */
#ifndef CPU_IR_ACCESS_H
#define CPU_IR_ACCESS_H

#include "cpu/ir/ir.h"

/* Something happens that no translation outlives: what is noted of bases is
 * of ops before. */
static inline void ir_share_nothing(struct ir_unit *u)
{
    u->shared_from = u->first + u->count;
}

#endif
