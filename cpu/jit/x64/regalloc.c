/*
 * Register allocation, on the fly: each op asks for its operands in
 * registers and for a register for its result while it is emitted.
 *
 * Three rules keep it honest.
 * - What an op uses is locked until the op ends (ra_end_op), even after
 *   ra_release(): only the result may reuse a released operand's register.
 *   Spill slots given back by an op become free at its end.
 * - Guest registers are always exact: a SET stores at once.  A value equal
 *   to a guest register has it as `home` and costs nothing to evict.
 * - Nothing here emits an instruction that changes EFLAGS.
 */
#include "cpu/jit/x64/x64.h"

#include <assert.h>

#include "util/bits.h"

static bool is_pinned_home(unsigned home)
{
    return home < HOME_V && x64_pinned[home];
}

struct x64_rm rm_home(unsigned home)
{
    if (home < HOME_V) {
        return rm_vcpu(VCPU_R(home));
    }
    if (home < HOME_FLAGS) {
        return rm_vcpu(VCPU_V(home - HOME_V));
    }
    return rm_vcpu(offsetof(struct vcpu, flags));
}

static bool has_backing(const struct value *v)
{
    return v->spill || (v->state & VAL_CONST) || v->home != NO_HOME;
}

void ra_begin(struct backend_thread *t)
{
    t->free = GPR_SCRATCH | XMM_SCRATCH;
    t->lock = t->temps = 0;
    memset(t->reg_owner, 0xff, sizeof(t->reg_owner));
    memset(t->home_owner, 0xff, sizeof(t->home_owner));
    memset(t->spill_free, 0xff, sizeof(t->spill_free));
    t->dead_spills = 0;
    t->fl = t->zf = IR_NONE;
    t->fl_hold = false;
}

/* -- spill slots --------------------------------------------------------- */

unsigned ra_spill_slot(struct backend_thread *t)
{
    for (unsigned k = 0; k < SPILL_SLOTS / 64; k++) {
        if (t->spill_free[k]) {
            int bit = ctz64(t->spill_free[k]);

            t->spill_free[k] &= ~BIT(bit);
            return 64 * k + bit + 1;
        }
    }
    t->failed = true;
    return 1;
}

static void free_spill(struct backend_thread *t, struct value *v)
{
    if (v->spill && !(v->state & VAL_CROSSES)) {
        assert(t->dead_spills < ARRAY_SIZE(t->dead_spill));
        t->dead_spill[t->dead_spills++] = v->spill - 1;
        v->spill = 0;
    }
}

void ra_give_spill(struct backend_thread *t, ir_ref i, unsigned slot)
{
    t->val[i].spill = slot;
}

static void spill(struct backend_thread *t, struct value *v)
{
    v->spill = ra_spill_slot(t);
    if (v->reg >= XMM0) {
        x_movdqa_store(t, rm_spill(v->spill), v->reg);
    } else {
        x_store(&t->as, rm_spill(v->spill), v->reg);
    }
}

void ra_spill_now(struct backend_thread *t, ir_ref ref)
{
    struct value *v = &t->val[ref];

    if (v->spill || (v->state & VAL_CONST)) {
        return;
    }
    if (v->state & VAL_VEC) {
        ra_use_vec(t, ref);
    } else if (v->state & VAL_FLAGS) {
        fl_packed(t, ref);
    } else {
        ra_use(t, ref, true);
    }
    spill(t, v);
}

/* -- registers ------------------------------------------------------------ */

static uint32_t next_random(struct backend_thread *t)
{
    t->seed = t->seed * 6364136223846793005u + 1442695040888963407u;
    return t->seed >> 33;
}

/* One of the registers of a set that is not empty.  rax last: LAHF, DIV
 * and CMPXCHG want it. */
static int pick(struct backend_thread *t, uint32_t set)
{
    uint32_t best = set & ~REG_BIT(RAX);

    if (t->random_registers) {
        for (unsigned n = next_random(t) % __builtin_popcount(set); n; n--) {
            set &= set - 1;
        }
        return ctz32(set);
    }
    return ctz32(best ? best : set);
}

static void drop_reg(struct backend_thread *t, struct value *v)
{
    t->reg_owner[v->reg] = IR_NONE;
    t->free |= REG_BIT(v->reg);
    v->reg = NO_REG;
}

/* Free a register of the set: cheaply if possible. */
static int evict(struct backend_thread *t, uint32_t set)
{
    uint32_t cheap = 0;
    struct value *v;
    int reg;

    set &= ~(t->free | t->lock | t->temps);
    assert(set);
    for (uint32_t m = set; m; m &= m - 1) {
        if (has_backing(&t->val[t->reg_owner[ctz32(m)]])) {
            cheap |= m & -m;
        }
    }
    reg = pick(t, cheap && !t->random_registers ? cheap : set);
    v = &t->val[t->reg_owner[reg]];
    if (!has_backing(v)) {
        spill(t, v);
    }
    drop_reg(t, v);
    return reg;
}

/* A register out of `set` that is free; `also` may be taken although it is
 * locked. */
static int alloc(struct backend_thread *t, uint32_t set, uint32_t also)
{
    uint32_t m = t->free & set & (~t->lock | also);
    int reg = m ? pick(t, m) : evict(t, set);

    t->free &= ~REG_BIT(reg);
    return reg;
}

int ra_temp(struct backend_thread *t, uint32_t set, uint32_t avoid)
{
    int reg = alloc(t, set & ~avoid, 0);

    t->temps |= REG_BIT(reg);
    t->lock |= REG_BIT(reg);
    return reg;
}

void ra_free_temp(struct backend_thread *t, int reg)
{
    if (t->temps & REG_BIT(reg)) {
        t->temps &= ~REG_BIT(reg);
        t->free |= REG_BIT(reg);
    }
}

static void own(struct backend_thread *t, ir_ref ref, int reg)
{
    t->val[ref].reg = reg;
    if ((GPR_SCRATCH | XMM_SCRATCH) & REG_BIT(reg)) {
        t->reg_owner[reg] = ref;
        t->free &= ~REG_BIT(reg);
    }
}

/* Move the value out of scratch register `reg`. */
static void move_away(struct backend_thread *t, int reg)
{
    ir_ref ref = t->reg_owner[reg];
    struct value *v = &t->val[ref];
    uint32_t to = t->free & ~t->lock & GPR_SCRATCH;

    if (!has_backing(v) && to) {
        int dst = pick(t, to);

        x_mov(&t->as, dst, reg);
        drop_reg(t, v);
        own(t, ref, dst);
        return;
    }
    if (!has_backing(v)) {
        spill(t, v);
    }
    drop_reg(t, v);
}

void ra_take(struct backend_thread *t, int reg)
{
    uint32_t bit = REG_BIT(reg);

    assert(!(t->temps & bit));
    t->lock |= bit;
    if (!(t->free & bit)) {
        move_away(t, reg);
    }
    t->free &= ~bit;
    t->temps |= bit;
}

void ra_end_op(struct backend_thread *t)
{
    t->free |= t->temps;
    t->temps = t->lock = 0;
    while (t->dead_spills) {
        unsigned slot = t->dead_spill[--t->dead_spills];

        t->spill_free[slot / 64] |= BIT(slot % 64);
    }
}

/* -- operands --------------------------------------------------------------- */

void ra_load_const(struct backend_thread *t, int reg, uint64_t imm)
{
    if (imm == 0 && t->fl == IR_NONE && !t->fl_hold) {
        x_alu(&t->as, ALU_XOR, 0, reg, rm_reg(reg));
        t->zf = IR_NONE;
    } else {
        x_mov_imm(&t->as, reg, imm);
    }
}

void ra_drop(struct backend_thread *t, ir_ref ref)
{
    struct value *v = &t->val[ref];

    if (v->reg != NO_REG && t->reg_owner[v->reg] == ref) {
        drop_reg(t, v);
    }
}

/* Bring the value into reg, wherever it is; its places do not change. */
void ra_load(struct backend_thread *t, ir_ref ref, int reg)
{
    struct value *v = &t->val[ref];
    unsigned w = v->state & VAL_NARROW ? 0 : X_W;
    struct x64_rm from;

    if (v->reg == reg) {
        return;
    }
    if (v->state & VAL_CONST && v->reg == NO_REG) {
        ra_load_const(t, reg, t->u->insn[ref].imm);
        return;
    }
    from = v->reg != NO_REG ? rm_reg(v->reg)
         : v->spill         ? rm_spill(v->spill)
                            : rm_home(v->home);
    if (reg >= XMM0) {
        x_movdqa(t, reg, from.mem ? from : rm_reg(v->reg));
    } else if (v->state & VAL_FLAGS && from.mem && !v->spill) {
        x_op(&t->as, X_MOVZX16, reg, from);
    } else {
        x_op(&t->as, X_MOV_LOAD | w, reg, from);
    }
}

static void leave_home(struct backend_thread *t, struct value *v)
{
    if (v->home != NO_HOME) {
        if (is_pinned_home(v->home)) {
            v->reg = NO_REG;
        }
        t->home_owner[v->home] = IR_NONE;
        v->home = NO_HOME;
    }
    if (v->alt != NO_HOME) {
        t->home_owner[v->alt] = IR_NONE;
        v->alt = NO_HOME;
    }
}

/* Own a copy of the value with a clean upper half. */
static void widen(struct backend_thread *t, ir_ref ref, uint32_t set)
{
    struct value *v = &t->val[ref];
    int reg = v->reg;

    if (reg == NO_REG || !(REG_BIT(reg) & set & GPR_SCRATCH)) {
        reg = alloc(t, set, 0);
        ra_load(t, ref, reg);
        if (v->reg != NO_REG && REG_BIT(v->reg) & GPR_SCRATCH) {
            drop_reg(t, v);
        }
        leave_home(t, v);
        own(t, ref, reg);
    } else {
        x_mov32(&t->as, reg, reg);
        leave_home(t, v);
    }
    free_spill(t, v);
    v->state &= ~VAL_NARROW;
}

int ra_use_in(struct backend_thread *t, ir_ref ref, bool wide, uint32_t set)
{
    struct value *v = &t->val[ref];
    int reg;

    if ((v->state & VAL_NARROW) && (wide || v->reg == NO_REG)) {
        widen(t, ref, set & GPR_SCRATCH);
    } else if (v->reg == NO_REG || !(set & REG_BIT(v->reg))) {
        reg = alloc(t, set & (GPR_SCRATCH | XMM_SCRATCH), 0);
        ra_load(t, ref, reg);
        if (v->reg != NO_REG && (GPR_SCRATCH & REG_BIT(v->reg))) {
            drop_reg(t, v);
        } else if (v->reg != NO_REG) {
            leave_home(t, v);
        }
        own(t, ref, reg);
    }
    t->lock |= REG_BIT(v->reg);
    return v->reg;
}

int ra_use(struct backend_thread *t, ir_ref ref, bool wide)
{
    return ra_use_in(t, ref, wide, 0xffff);
}

int ra_use_vec(struct backend_thread *t, ir_ref ref)
{
    return ra_use_in(t, ref, false, XMM_SCRATCH);
}

static bool in_memory(const struct value *v)
{
    return v->reg == NO_REG && v->left == 1 &&
           (v->spill || v->home != NO_HOME);
}

struct x64_rm ra_use_rm(struct backend_thread *t, ir_ref ref, bool wide)
{
    struct value *v = &t->val[ref];

    if (in_memory(v) && !(wide && (v->state & VAL_NARROW))) {
        return v->spill ? rm_spill(v->spill) : rm_home(v->home);
    }
    return rm_reg(ra_use(t, ref, wide));
}

struct x64_rm ra_use_vec_rm(struct backend_thread *t, ir_ref ref)
{
    struct value *v = &t->val[ref];

    if (in_memory(v)) {
        return v->spill ? rm_spill(v->spill) : rm_home(v->home);
    }
    return rm_reg(ra_use_vec(t, ref));
}

struct x64_rm ra_where(struct backend_thread *t, ir_ref ref)
{
    struct value *v = &t->val[ref];

    if (v->reg != NO_REG) {
        t->lock |= REG_BIT(v->reg);
        return rm_reg(v->reg);
    }
    if (v->state & VAL_CONST) {
        return rm_reg(ra_use(t, ref, false));
    }
    return v->spill ? rm_spill(v->spill) : rm_home(v->home);
}

void ra_use_fixed(struct backend_thread *t, ir_ref ref, bool wide, int reg)
{
    struct value *v = &t->val[ref];

    if (v->reg == reg && v->left == 1) {
        /* Dies here: the op may overwrite it. */
        t->lock |= REG_BIT(reg);
        if (wide && (v->state & VAL_NARROW)) {
            x_mov32(&t->as, reg, reg);
        }
        drop_reg(t, v);
        v->reg = reg;
        t->free &= ~REG_BIT(reg);
        t->temps |= REG_BIT(reg);
        return;
    }
    ra_take(t, reg);
    ra_load(t, ref, reg);
}

void ra_release(struct backend_thread *t, ir_ref ref)
{
    struct value *v = &t->val[ref];

    assert(v->left > 0);
    if (--v->left) {
        return;
    }
    if (v->reg != NO_REG && t->reg_owner[v->reg] == ref) {
        drop_reg(t, v);
    }
    leave_home(t, v);
    free_spill(t, v);
    if (t->fl == ref) {
        t->fl = IR_NONE;
    }
}

void ra_release_all(struct backend_thread *t, const struct ir_insn *in)
{
    const ir_ref ref[4] = { in->a, in->b, in->c, in->d };

    for (unsigned k = 0; k < 4; k++) {
        if (ref[k] != IR_NONE) {
            ra_release(t, ref[k]);
        }
    }
}

/* -- results ------------------------------------------------------------------ */

static int def(struct backend_thread *t, ir_ref i, int prefer, uint32_t set,
               uint32_t avoid)
{
    struct value *v = &t->val[i];
    int reg = v->hint == NO_HOME ? 0 : x64_pinned[v->hint];

    if (reg && !(avoid & REG_BIT(reg))) {
        ra_clobber_home(t, HOME_R + v->hint);
        ra_set_home(t, i, HOME_R + v->hint);
        v->reg = reg;
        return reg;
    }
    set &= ~avoid;
    if (prefer != NO_REG && (t->free & set & REG_BIT(prefer)) &&
        !t->random_registers) {
        reg = prefer;
        t->free &= ~REG_BIT(reg);
    } else {
        reg = alloc(t, set, ~0u);
    }
    t->lock |= REG_BIT(reg);
    own(t, i, reg);
    if (!v->left) {
        /* Wanted for its side effects only. */
        t->reg_owner[reg] = IR_NONE;
        t->temps |= REG_BIT(reg);
        v->reg = NO_REG;
    }
    return reg;
}

int ra_def(struct backend_thread *t, ir_ref i, int prefer, uint32_t avoid)
{
    return def(t, i, prefer, GPR_SCRATCH, avoid);
}

int ra_def_vec(struct backend_thread *t, ir_ref i, int prefer,
               uint32_t avoid)
{
    return def(t, i, prefer, XMM_SCRATCH, avoid);
}

void ra_def_in(struct backend_thread *t, ir_ref i, int reg)
{
    if (t->val[i].left) {
        assert(t->temps & REG_BIT(reg));
        t->temps &= ~REG_BIT(reg);
        own(t, i, reg);
    }
}

/* -- guest registers ------------------------------------------------------------ */

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
            spill(t, v);
        } else {
            spill_home(t, v);
        }
        return;
    }
    to = alloc(t, set, 0);
    ra_load(t, ref, to);
    v->state &= ~VAL_NARROW;
    own(t, ref, to);
}

/* The other home becomes the home. */
static void promote(struct value *v)
{
    if (is_pinned_home(v->home)) {
        v->reg = NO_REG;
    }
    v->home = v->alt;
    v->alt = NO_HOME;
    if (is_pinned_home(v->home)) {
        v->reg = x64_pinned[v->home];
    }
}

void ra_clobber_home(struct backend_thread *t, unsigned home)
{
    ir_ref ref = t->home_owner[home];
    struct value *v;

    if (ref == IR_NONE) {
        return;
    }
    v = &t->val[ref];
    t->home_owner[home] = IR_NONE;
    if (v->alt == home) {
        v->alt = NO_HOME;
        return;
    }
    if (v->alt != NO_HOME) {
        promote(v);
        return;
    }
    if (v->left && !v->spill && !(v->state & VAL_CONST) && t->fl != ref &&
        (v->reg == NO_REG || is_pinned_home(home))) {
        move_out(t, ref);
    }
    if (is_pinned_home(home) && v->reg == x64_pinned[home]) {
        v->reg = NO_REG;
    }
    v->home = NO_HOME;
}

void ra_set_home(struct backend_thread *t, ir_ref ref, unsigned home)
{
    struct value *v = &t->val[ref];

    leave_home(t, v);
    v->home = home;
    t->home_owner[home] = ref;
}

void ra_leave_homes(struct backend_thread *t, ir_ref ref)
{
    leave_home(t, &t->val[ref]);
}

void ra_add_home(struct backend_thread *t, ir_ref ref, unsigned home)
{
    struct value *v = &t->val[ref];
    unsigned first = home, second = v->home;

    if (v->alt != NO_HOME) {
        t->home_owner[v->alt] = IR_NONE;
    }
    if (second != NO_HOME && !is_pinned_home(home)) {
        first = second;
        second = home;
    }
    if (is_pinned_home(first)) {
        ra_drop(t, ref);
        v->reg = x64_pinned[first];
    }
    v->home = first;
    v->alt = second;
    t->home_owner[home] = ref;
}

/* No value may rely on a guest register any more. */
static void flush_homes(struct backend_thread *t)
{
    for (unsigned h = 0; h < HOMES; h++) {
        struct value *v;

        if (t->home_owner[h] == IR_NONE) {
            continue;
        }
        v = &t->val[t->home_owner[h]];
        if (v->left && !v->spill && !(v->state & VAL_CONST)) {
            if (v->reg != NO_REG) {
                spill(t, v);
            } else {
                spill_home(t, v);
            }
        }
        leave_home(t, v);
    }
}

void ra_flush(struct backend_thread *t, uint32_t set, bool regs)
{
    for (uint32_t m = set & ~t->free & ~t->temps; m; m &= m - 1) {
        struct value *v = &t->val[t->reg_owner[ctz32(m)]];

        if (!has_backing(v)) {
            spill(t, v);
        }
        drop_reg(t, v);
    }
    if (regs) {
        flush_homes(t);
    }
}
