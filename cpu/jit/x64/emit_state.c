/*
 * Guest state: GET and SET.  What is a whole general or vector register or
 * the flags is the allocator's business (a value's home); everything else
 * is a plain access to struct vcpu.
 */
#include "cpu/jit/x64/emit.h"

#include <assert.h>

void home_move(struct backend_thread *t, unsigned home, int reg, bool store)
{
    struct x64_rm m = rm_home(home);

    if (reg >= XMM0 && store) {
        x_movdqa_store(t, m, reg);
    } else if (reg >= XMM0) {
        x_movdqa(t, reg, m);
    } else if (store) {
        x_store(&t->as, m, reg);
    } else {
        x_load(&t->as, reg, m);
    }
}

/* A home's host register to memory, or from there. */
static void home_sync(struct backend_thread *t, unsigned home, bool store)
{
    home_move(t, home, home_reg(t, home), store);
}

/* -- GET --------------------------------------------------------------- */

/* A load of `type` from memory, zero-extended, into a fresh register. */
static void load_plain(struct backend_thread *t, ir_ref i, enum ir_type type,
                       struct x64_rm from)
{
    static const uint32_t load[] = {
        [IR_I8] = X_MOVZX8, [IR_I16] = X_MOVZX16, [IR_I32] = X_MOV_LOAD,
        [IR_I64] = X_MOV_LOAD | X_W, [IR_FLAGS] = X_MOVZX16,
    };

    if (ir_type_is_vec(type)) {
        int dst = ra_def_vec(t, i, NO_REG, 0);
        int tmp = type == IR_F16 ? ra_temp(t, GPR_SCRATCH, 0) : 0;

        vec_load(t, type, dst, from, tmp);
    } else {
        x_op(&t->as, load[type], ra_def(t, i, NO_REG, 0), from);
    }
}

/* A copy of what another value is known to be, too, or what is in memory. */
static void get_home(struct backend_thread *t, ir_ref i, enum ir_type type,
                     unsigned home)
{
    ir_ref owner = t->home_owner[home];
    int from = home_reg(t, home);

    if (!from && home_is_owned(t, home) && t->val[owner].reg != NO_REG) {
        from = t->val[owner].reg;
    }
    if (!from) {
        load_plain(t, i, type, rm_home(home));
    } else if (t->val[i].state & VAL_VEC) {
        x_movdqa(t, ra_def_vec(t, i, NO_REG, 0), rm_reg(from));
    } else {
        x_op1(&t->as, X_MOV_LOAD | X_W, ra_def(t, i, NO_REG, 0),
              rm_reg(from));
    }
}

/* The value can stay where it is; not so where another value is known to be, or
 * where it is in memory and best loaded into a register. */
static bool get_in_place(struct backend_thread *t, ir_ref i,
                         const struct ir_insn *in)
{
    struct value *v = &t->val[i];
    int reg = home_reg(t, in->home);

    if (home_is_owned(t, in->home) || (!reg && home_reg(t, in->hint))) {
        return false;
    }
    v->reg = reg ? reg : NO_REG;
    v->home = in->home;
    t->home_owner[in->home] = i;
    return true;
}

void emit_get(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned home = in->home;

    if (home != NO_HOME) {
        if (!get_in_place(t, i, in)) {
            get_home(t, i, in->type, home);
        }
        return;
    }
    home = ir_home_around(in->imm);
    if (home != NO_HOME && home_reg(t, home)) {
        home_sync(t, home, true);
    }
    load_plain(t, i, in->type, rm_vcpu(in->imm));
}

/* -- SET --------------------------------------------------------------- */

/* The register now equals the value: it may serve as its place. */
static inline void settle(struct backend_thread *t, ir_ref ref, unsigned home)
{
    struct value *v = &t->val[ref];

    if (!v->left || (v->spill && (v->state & VAL_NARROW))) {
        /* A spill slot of a narrow value is not clean, either. */
        return;
    }
    if (v->state & VAL_NARROW) {
        /* Only this register is clean above bit 31. */
        ra_leave_homes(t, ref);
        v->state &= ~VAL_NARROW;
    }
    ra_add_home(t, ref, home);
}

/* The home := the value; neither has anything that is in the way. */
static inline void set_plainly(struct backend_thread *t, ir_ref ref,
                               unsigned home, int reg)
{
    struct value *v = &t->val[ref];

    if (reg) {
        x_value(&t->as, X_MOV_LOAD | X_W, reg,
                v->reg != NO_REG ? rm_reg(v->reg) : rm_home(v->home));
    } else {
        x_store(&t->as, rm_vcpu(VCPU_R((int)home)), v->reg);
    }
    t->free |= ra_let_go_of(v);
    if (v->left) {
        ra_add_home(t, ref, home);
    }
}

/* The value is in a register, all of it, and the home in memory. */
static void store_general(struct backend_thread *t, ir_ref ref, unsigned home)
{
    const struct value *v = &t->val[ref];

    t->lock |= REG_BIT(v->reg);
    ra_clobber_home(t, home);
    x_store(&t->as, rm_home(home), v->reg);
    ra_release(t, ref);
    if (v->left) {
        ra_add_home(t, ref, home);
    }
}

/* These are not inline, nor are they parts of one another: set_home() is for
 * what most often happens, and each needs few registers. */

/* A constant that is in no register. */
static __attribute__((noinline)) void
set_const(struct backend_thread *t, ir_ref ref, unsigned home, int reg)
{
    uint64_t imm = t->u->insn[ref].imm;
    bool is_pc = t->val[ref].state & VAL_PC;

    if (!reg && (is_pc || (int64_t)imm != (int32_t)imm)) {
        ra_use(t, ref, true);
        store_general(t, ref, home);
        return;
    }
    ra_clobber_home(t, home);
    ra_release(t, ref);
    if (is_pc) {
        ra_load(t, ref, reg);
        settle(t, ref, home);
    } else if (reg) {
        ra_load_const(t, reg, imm);
    } else {
        x_op(&t->as, X_MOV_IMM | X_W, 0, rm_home(home));
        x_imm32(&t->as, imm);
    }
}

static __attribute__((noinline)) void
set_general(struct backend_thread *t, ir_ref ref, unsigned home)
{
    unsigned w = t->val[ref].state & VAL_NARROW ? 0 : X_W;
    int reg = home_reg(t, home);
    struct x64_rm from;

    if (!reg) {
        ra_use(t, ref, true);
        store_general(t, ref, home);
    } else {
        from = ra_where(t, ref);
        ra_clobber_home(t, home);
        x_value(&t->as, X_MOV_LOAD | w, reg, from);
        ra_release(t, ref);
        settle(t, ref, home);
    }
}

static __attribute__((noinline)) void
set_flags(struct backend_thread *t, ir_ref ref)
{
    struct x64_rm to = rm_home(HOME_FLAGS);
    uint64_t imm;
    int src;

    if (val_const(t, ref, &imm)) {
        ra_clobber_home(t, HOME_FLAGS);
        x_op(&t->as, X_MOV_IMM, 0, to);
        x_imm32(&t->as, imm);
        ra_release(t, ref);
        return;
    }
    src = fl_pack_temp(t, ref);
    ra_clobber_home(t, HOME_FLAGS);
    x_op(&t->as, X_MOV_STORE16, src, to);
    ra_release(t, ref);
    if (t->val[ref].left) {
        ra_add_home(t, ref, HOME_FLAGS);
    }
}

static __attribute__((noinline)) void
set_vec(struct backend_thread *t, ir_ref ref, unsigned home)
{
    int reg = home_reg(t, home), src;

    if (reg) {
        struct x64_rm from = ra_where(t, ref);

        ra_clobber_home(t, home);
        x_movdqa(t, reg, from);
    } else {
        src = ra_use_vec(t, ref);
        ra_clobber_home(t, home);
        x_movdqa_store(t, rm_home(home), src);
    }
    ra_release(t, ref);
    settle(t, ref, home);
}

/* Anything else: a plain store, with care for a register around it. */
static __attribute__((noinline)) void
set_plain(struct backend_thread *t, const struct ir_insn *in)
{
    static const uint32_t store[] = {
        [IR_I8] = X_MOV_STORE8, [IR_I16] = X_MOV_STORE16,
        [IR_I32] = X_MOV_STORE, [IR_I64] = X_MOV_STORE | X_W,
        [IR_FLAGS] = X_MOV_STORE,
    };
    unsigned home = ir_home_around(in->imm);
    struct x64_rm to = rm_vcpu(in->imm);
    int src = ir_type_is_vec(in->type)
            ? ra_use_vec(t, in->a)
            : ra_use(t, in->a, in->type == IR_I64);

    if (home != NO_HOME) {
        ra_clobber_home(t, home);
        if (home_reg(t, home)) {
            home_sync(t, home, true);
        }
    }
    if (ir_type_is_vec(in->type)) {
        vec_store(t, in->type, to, src);
    } else {
        x_op(&t->as, store[in->type], src, to);
    }
    if (home != NO_HOME && home_reg(t, home)) {
        home_sync(t, home, false);
    }
    ra_release(t, in->a);
}

void set_home(struct backend_thread *t, ir_ref ref, unsigned home)
{
    const struct value *v = &t->val[ref];
    int reg = home_reg(t, home);

    if (home >= HOME_FLAGS) {
        set_flags(t, ref);
    } else if (home >= HOME_V) {
        set_vec(t, ref, home);
    } else if ((v->state & VAL_CONST) && v->reg == NO_REG) {
        set_const(t, ref, home, reg);
    } else if (home_is_owned(t, home) || t->spilled ||
               (v->state & VAL_NARROW) || (!reg && v->reg == NO_REG)) {
        set_general(t, ref, home);
    } else {
        set_plainly(t, ref, home, reg);
    }
}

void emit_set(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    (void)i;
    if (in->home == NO_HOME) {
        set_plain(t, in);
    } else {
        set_home(t, in->a, in->home);
    }
}
