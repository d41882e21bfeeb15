/*
 * Inside the register allocator (regalloc.c, homes.c).
 */
#ifndef CPU_JIT_X64_REGALLOC_H
#define CPU_JIT_X64_REGALLOC_H

#include "cpu/jit/x64/x64.h"

static inline bool is_pinned_home(const struct backend_thread *t,
                                  unsigned home)
{
    return t->home_reg[home] != 0;
}

/* The value need not be spilled when it loses its scratch register. */
bool ra_has_backing(const struct value *v);
/* A free register of the set, by eviction if need be; `also` may be taken
 * although they are locked. */
int ra_alloc(struct backend_thread *t, uint32_t set, uint32_t also);
/* The register is the value's place. */
void ra_own(struct backend_thread *t, ir_ref ref, int reg);
/* Store the value, which is in a register, to a fresh slot. */
void ra_spill(struct backend_thread *t, struct value *v);
/* The value leaves its scratch register. */
void ra_drop_reg(struct backend_thread *t, struct value *v);
/* The value's homes are no longer its places. */
static inline void ra_leave_home(struct backend_thread *t, struct value *v)
{
    if (v->home != NO_HOME) {
        if (is_pinned_home(t, v->home)) {
            v->reg = NO_REG;
        }
        t->home_owner[v->home] = NOBODY;
        v->home = NO_HOME;
    }
    if (v->alt != NO_HOME) {
        t->home_owner[v->alt] = NOBODY;
        v->alt = NO_HOME;
    }
}

#endif
