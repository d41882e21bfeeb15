/*
 * Register allocation, on the fly: each op asks for its operands in
 * registers and for a register for its result while it is emitted.
 *
 * Four rules keep it honest.
 * - What an op uses is locked until the op ends (ra_end_op), even after
 *   ra_release(): only the result may reuse a released operand's register.
 *   Spill slots given back by an op become free behind it.
 * - Guest registers are always exact: a SET stores at once.  A value equal
 *   to a guest register has it as `home` and costs nothing to evict.
 * - A value whose last use is over has given back its register and its slot;
 *   its home, or EFLAGS, are found to be free when another one wants them.
 * - Nothing here emits an instruction that changes EFLAGS while they hold
 *   anything (thread->fl, LOCK_EFLAGS).
 */
#include "cpu/jit/x64/regalloc.h"

#include <assert.h>

#include "util/bits.h"

bool ra_has_backing(const struct value *v)
{
    return v->spill || (v->state & VAL_CONST) || v->home != NO_HOME;
}

/* In pieces so small that the compiler copies them without a loop, of which
 * the host would mispredict the end. */
static inline void set_entered(struct value *to, const struct value *from)
{
    memcpy(to + HOME_R, from + HOME_R, (HOME_V - HOME_R) * sizeof(*to));
    memcpy(to + HOME_V, from + HOME_V, (HOME_FLAGS - HOME_V) * sizeof(*to));
    memcpy(to + HOME_FLAGS, from + HOME_FLAGS,
           (HOMES + 1 - HOME_FLAGS) * sizeof(*to));
}

void ra_begin(struct backend_thread *t)
{
    t->free = GPR_SCRATCH | XMM_SCRATCH;
    t->liked = ~REG_BIT(RAX);
    t->lock = t->temps = 0;
    memset(t->reg_owner, 0xff, 32 * sizeof(*t->reg_owner));
    memset(t->spill_free, 0xff, sizeof(t->spill_free));
    t->dead_spills = 0;
    t->spilled = false;
    t->fl = NOBODY;
    t->zf = IR_NONE;
    region_choose(t);
    set_entered(t->val + IR_FIRST_ENTRY, t->entered);
    if (!t->u->region) {
        memcpy(t->home_owner, t->entered_owner, sizeof(t->home_owner));
        return;
    }
    for (unsigned h = 0; h < HOMES; h++) {
        t->home_owner[h] = NOBODY;
    }
}

void ra_thread_begin(struct backend_thread *t)
{
    for (unsigned h = 0; h < HOMES; h++) {
        struct value *v = &t->entered[h];

        *v = NO_VALUE;
        v->home = h;
        v->reg = home_reg(t, h) ? home_reg(t, h) : NO_REG;
        v->state = h < HOME_V ? 0 : h < HOME_FLAGS ? VAL_VEC : VAL_FLAGS;
        t->entered_owner[h] = IR_FIRST_ENTRY + h;
    }
    t->entered[HOMES] = NO_VALUE; /* NOBODY */
    t->val[IR_NONE] = NO_VALUE;
}

/* -- spill slots ------------------------------------------------------- */

/* Slots that ops before this one gave back are free. */
static void free_dead_spills(struct backend_thread *t)
{
    if (t->dead_since == t->in) {
        return;
    }
    while (t->dead_spills) {
        unsigned slot = t->dead_spill[--t->dead_spills];

        t->spill_free[slot / 64] |= BIT(slot % 64);
    }
    t->dead_since = t->in;
}

unsigned ra_spill_slot(struct backend_thread *t)
{
    free_dead_spills(t);
    t->spilled = true;
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
        free_dead_spills(t);
        assert(t->dead_spills < ARRAY_SIZE(t->dead_spill));
        t->dead_spill[t->dead_spills++] = v->spill - 1;
        v->spill = 0;
    }
}

void ra_give_spill(struct backend_thread *t, ir_ref i, unsigned slot)
{
    t->val[i].spill = slot;
}

void ra_spill(struct backend_thread *t, struct value *v)
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
    ra_spill(t, v);
}

/* -- registers --------------------------------------------------------- */

uint32_t ra_random(struct backend_thread *t)
{
    t->seed = t->seed * 6364136223846793005u + 1442695040888963407u;
    return t->seed >> 33;
}

void ra_drop_reg(struct backend_thread *t, struct value *v)
{
    t->reg_owner[v->reg] = IR_NONE;
    t->free |= REG_BIT(v->reg);
    v->reg = NO_REG;
}

/* Cheaply if possible. */
int ra_evict(struct backend_thread *t, uint32_t set)
{
    uint32_t cheap = 0;
    struct value *v;
    int reg;

    set &= ~(t->free | t->lock | t->temps);
    assert(set);
    for (uint32_t m = set; m; m &= m - 1) {
        if (ra_has_backing(&t->val[t->reg_owner[ctz32(m)]])) {
            cheap |= m & -m;
        }
    }
    reg = ra_pick(t, cheap && !t->random_registers ? cheap : set);
    v = &t->val[t->reg_owner[reg]];
    if (!ra_has_backing(v)) {
        ra_spill(t, v);
    }
    ra_drop_reg(t, v);
    return reg;
}

/* A register out of `set` that is free; `also` may be taken although it is
 * locked. */
int ra_alloc(struct backend_thread *t, uint32_t set, uint32_t also)
{
    uint32_t m = t->free & set & (~t->lock | also);
    int reg = m ? ra_pick(t, m) : ra_evict(t, set);

    t->free &= ~REG_BIT(reg);
    return reg;
}

void ra_own(struct backend_thread *t, ir_ref ref, int reg)
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

    if (!ra_has_backing(v) && to) {
        int dst = ra_pick(t, to);

        x_mov(&t->as, dst, reg);
        ra_drop_reg(t, v);
        ra_own(t, ref, dst);
        return;
    }
    if (!ra_has_backing(v)) {
        ra_spill(t, v);
    }
    ra_drop_reg(t, v);
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

/* -- operands ---------------------------------------------------------- */

void ra_load_const(struct backend_thread *t, int reg, uint64_t imm)
{
    if (imm == 0 && !fl_in_use(t) && !(t->lock & LOCK_EFLAGS)) {
        x_alu(&t->as, ALU_XOR, 0, reg, rm_reg(reg));
        t->zf = IR_NONE;
    } else {
        x_mov_imm(&t->as, reg, imm);
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
    if (v->state & VAL_CONST && v->reg == NO_REG &&
        !(v->state & VAL_PC && v->home != NO_HOME)) {
        if (v->state & VAL_PC) {
            load_pc(t, reg, t->u->insn[ref].imm);
        } else {
            ra_load_const(t, reg, t->u->insn[ref].imm);
        }
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
        x_value(&t->as, X_MOV_LOAD | w, reg, from);
    }
}

/* Own a copy of the value with a clean upper half. */
static void widen(struct backend_thread *t, ir_ref ref, uint32_t set)
{
    struct value *v = &t->val[ref];
    int reg = v->reg;

    if (reg == NO_REG || !(REG_BIT(reg) & set & GPR_SCRATCH)) {
        reg = ra_alloc(t, set, 0);
        ra_load(t, ref, reg);
        if (v->reg != NO_REG && REG_BIT(v->reg) & GPR_SCRATCH) {
            ra_drop_reg(t, v);
        }
        ra_leave_home(t, v);
        ra_own(t, ref, reg);
    } else {
        x_mov32(&t->as, reg, reg);
        ra_leave_home(t, v);
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
        reg = ra_alloc(t, set & (GPR_SCRATCH | XMM_SCRATCH), 0);
        ra_load(t, ref, reg);
        if (v->reg != NO_REG && (GPR_SCRATCH & REG_BIT(v->reg))) {
            ra_drop_reg(t, v);
        } else if (v->reg != NO_REG) {
            ra_leave_home(t, v);
        }
        ra_own(t, ref, reg);
    }
    t->lock |= REG_BIT(v->reg);
    return v->reg;
}

int ra_use_vec(struct backend_thread *t, ir_ref ref)
{
    return ra_use_in(t, ref, false, XMM_SCRATCH | XMM_PINNED);
}

static bool in_memory(const struct value *v)
{
    return v->reg == NO_REG && v->left == 1 &&
           (v->spill || v->home != NO_HOME);
}

struct x64_rm ra_use_memory(struct backend_thread *t, ir_ref ref, bool wide)
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
    if (!v->spill && v->home == NO_HOME) {
        return rm_reg(ra_use(t, ref, false)); /* a constant */
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
        ra_drop_reg(t, v);
        t->free &= ~REG_BIT(reg);
        t->temps |= REG_BIT(reg);
        return;
    }
    ra_take(t, reg);
    ra_load(t, ref, reg);
}

void ra_release_spilled(struct backend_thread *t, struct value *v)
{
    if (!v->left) {
        free_spill(t, v);
    }
}

/* -- results ----------------------------------------------------------- */

/* Into the guest register that it is best computed in, which is free for
 * it. */
static inline int def_home(struct backend_thread *t, ir_ref i, unsigned home,
                           int reg)
{
    struct value *v = &t->val[i];

    v->home = home;
    v->reg = reg;
    t->home_owner[home] = i;
    return reg;
}

/* These two are not inline: each way of ra_def() needs few registers. */
static __attribute__((noinline)) int
def_over(struct backend_thread *t, ir_ref i, unsigned home, int reg)
{
    ra_clobber_owned(t, home);
    return def_home(t, i, home, reg);
}

static __attribute__((noinline)) int
def_scratch(struct backend_thread *t, ir_ref i, int prefer, uint32_t set)
{
    struct value *v = &t->val[i];
    uint32_t bit, m = t->free & set;
    int reg = prefer;

    if (t->random_registers) {
        t->liked = ra_random(t);
        prefer = NO_REG;
    }
    if (!(m & REG_BIT(prefer & 31))) { /* nor is that of NO_REG ever free */
        reg = m ? ra_pick(t, m) : ra_evict(t, set);
    }
    bit = REG_BIT(reg);
    t->free &= ~bit;
    t->lock |= bit;
    if (v->left) {
        v->reg = reg;
        t->reg_owner[reg] = i;
    } else {
        t->temps |= bit; /* wanted for its side effects only */
    }
    return reg;
}

static inline int def(struct backend_thread *t, ir_ref i, int prefer,
                      uint32_t set, uint32_t avoid)
{
    unsigned hint = t->u->insn[i].hint;
    int reg = home_reg(t, hint);

    return !reg || (avoid & REG_BIT(reg)) ? def_scratch(t, i, prefer,
                                                        set & ~avoid)
         : home_is_owned(t, hint)         ? def_over(t, i, hint, reg)
                                          : def_home(t, i, hint, reg);
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
        ra_own(t, i, reg);
    }
}
