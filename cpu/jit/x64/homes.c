/*
 * Guest registers as places of values.  A value's home is the guest register
 * that it equals at present; of two, one that owns a host register comes
 * first, and then value.reg is that host register.
 */
#include "cpu/jit/x64/regalloc.h"

#include "util/bits.h"

/* Copy a value from its home to a spill slot, without a register. */
static void spill_home(struct backend_thread *t, struct value *v)
{
    unsigned words = v->state & VAL_VEC ? 2 : 1;
    struct x64_rm from = rm_home(v->home), to;

    v->spill = ra_spill_slot(t);
    to = rm_spill(v->spill);
    for (; words--; from.disp += 8, to.disp += 8) {
        x_op(&t->as, X_PUSH_RM, 6, from);
        x_op(&t->as, X_POP_RM, 0, to);
    }
}

/* The value's home is about to go: give it another place.  In the middle
 * of an op that has locked all registers, that is a spill slot. */
static void move_out(struct backend_thread *t, ir_ref ref)
{
    struct value *v = &t->val[ref];
    uint32_t set = v->state & VAL_VEC ? XMM_SCRATCH : GPR_SCRATCH;
    int to;

    if (!(set & ~t->lock & ~t->temps)) {
        if (v->reg != NO_REG) {
            ra_spill(t, v);
        } else {
            spill_home(t, v);
        }
        return;
    }
    to = ra_alloc(t, set, 0);
    ra_load(t, ref, to);
    v->state &= ~VAL_NARROW;
    ra_own(t, ref, to);
}

/* The other home becomes the home. */
static void promote(struct backend_thread *t, struct value *v)
{
    if (is_pinned_home(t, v->home)) {
        v->reg = NO_REG;
    }
    v->home = v->alt;
    v->alt = NO_HOME;
    if (is_pinned_home(t, v->home)) {
        v->reg = home_reg(t, v->home);
    }
}

void ra_clobber_owned(struct backend_thread *t, unsigned home)
{
    ir_ref ref = t->home_owner[home];
    struct value *v = &t->val[ref];

    t->home_owner[home] = NOBODY;
    if (v->alt == home) {
        v->alt = NO_HOME;
        return;
    }
    if (v->alt != NO_HOME) {
        promote(t, v);
        return;
    }
    if (v->left && !v->spill && !(v->state & VAL_CONST) && t->fl != ref &&
        (v->reg == NO_REG || is_pinned_home(t, home))) {
        move_out(t, ref);
    }
    if (is_pinned_home(t, home) && v->reg == home_reg(t, home)) {
        v->reg = NO_REG;
    }
    v->home = NO_HOME;
}

void ra_leave_homes(struct backend_thread *t, ir_ref ref)
{
    ra_leave_home(t, &t->val[ref]);
}

void ra_add_home(struct backend_thread *t, ir_ref ref, unsigned home)
{
    struct value *v = &t->val[ref];
    unsigned first = home, second = v->home;

    if (v->alt != NO_HOME) {
        t->home_owner[v->alt] = NOBODY;
    }
    if (second != NO_HOME && !is_pinned_home(t, home)) {
        first = second;
        second = home;
    }
    if (is_pinned_home(t, first)) {
        t->free |= REG_BIT(v->reg & 31) & (GPR_SCRATCH | XMM_SCRATCH);
        v->reg = home_reg(t, first);
    }
    v->home = first;
    v->alt = second;
    t->home_owner[home] = ref;
}

/* No value may rely on a guest register any more. */
static void flush_homes(struct backend_thread *t)
{
    for (unsigned h = 0; h < HOMES; h++) {
        struct value *v = &t->val[t->home_owner[h]];

        if (!v->left) {
            continue;
        }
        if (!v->spill && !(v->state & VAL_CONST)) {
            if (v->reg != NO_REG) {
                ra_spill(t, v);
            } else {
                spill_home(t, v);
            }
        }
        ra_leave_home(t, v);
    }
}

void ra_flush(struct backend_thread *t, uint32_t set, bool regs)
{
    for (uint32_t m = set & ~t->free & ~t->temps; m; m &= m - 1) {
        struct value *v = &t->val[t->reg_owner[ctz32(m)]];

        if (!ra_has_backing(v)) {
            ra_spill(t, v);
        }
        ra_drop_reg(t, v);
    }
    if (regs) {
        flush_homes(t);
    }
}
