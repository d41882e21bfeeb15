/*
 * Flags: a FLAGS value is in EFLAGS (thread->fl says which, and how), in a
 * register or memory in packed form (ir.h), or several of these.
 *
 * Packed form as made here: bits 15..8 are LAHF's image of a subtraction's
 * flags, bits 7..0 are 0 or 1 (overflow); what is above bit 15 of a
 * register means nothing.
 */
#include "cpu/jit/x64/int.h"

#include <assert.h>

#include "cpu/ir/interp.h"

/* Turn the carry into a borrow: cmc and stc change nothing else. */
static void to_sub(struct backend_thread *t)
{
    if (t->fl_kind == FL_ADD) {
        x_cmc(&t->as);
    } else if (t->fl_kind == FL_LOGIC) {
        x_stc(&t->as);
    }
    t->fl_kind = FL_SUB;
}

/* eax := packed form of the outcome of ucomis; leaves the flags alone. */
static void pack_fp(struct backend_thread *t)
{
    static const uint32_t less = IR_FLAG_N | IR_FLAG_B;
    bool swapped = t->fl_kind == FL_FP_SWAPPED;
    const struct {
        uint8_t cc;
        uint32_t flags;
    } step[] = {
        { CC_B, swapped ? 0 : less }, { CC_E, IR_FLAG_Z }, { CC_P, IR_FLAG_V },
    };

    x_mov_imm(&t->as, RAX, swapped ? less : 0);
    for (unsigned k = 0; k < 3; k++) {
        x_op(&t->as, X_CMOV + step[k].cc, RAX,
             pool_const(t, step[k].flags, 0));
        pool_used(t, 0);
    }
}

static bool fl_is_fp(const struct backend_thread *t)
{
    return t->fl_kind >= FL_FP;
}

/* al, ah := packed form of EFLAGS. */
static void pack(struct backend_thread *t)
{
    if (fl_is_fp(t)) {
        pack_fp(t);
        return;
    }
    to_sub(t);
    x_lahf(&t->as);
    x_setcc(&t->as, CC_O, RAX);
}

int fl_packed(struct backend_thread *t, ir_ref ref)
{
    const struct value *v = &t->val[ref];

    if (t->fl != ref || v->reg != NO_REG || v->home != NO_HOME || v->spill ||
        (v->state & VAL_CONST)) {
        return ra_use(t, ref, false);
    }
    ra_take(t, RAX);
    pack(t);
    ra_def_in(t, ref, RAX);
    return RAX;
}

int fl_pack_temp(struct backend_thread *t, ir_ref ref)
{
    if (t->fl != ref || t->val[ref].reg != NO_REG) {
        return ra_use(t, ref, false);
    }
    if (t->free & REG_BIT(RAX)) {
        t->lock |= REG_BIT(RAX); /* nobody else's until the op's end */
    } else {
        ra_take(t, RAX);
    }
    pack(t);
    return RAX;
}

bool fl_is_precious(const struct backend_thread *t)
{
    const struct value *v = &t->val[t->fl];

    return v->left && v->reg == NO_REG && v->home == NO_HOME && !v->spill &&
           !(v->state & VAL_CONST);
}

void fl_clobber_value(struct backend_thread *t)
{
    if (fl_is_precious(t)) {
        fl_packed(t, t->fl);
        t->lock &= ~REG_BIT(RAX); /* not this op's business */
    }
    t->fl = NOBODY;
}

/* EFLAGS := the packed value, as after a subtraction. */
static void unpack(struct backend_thread *t, ir_ref ref)
{
    fl_clobber(t);
    ra_use_fixed(t, ref, false, RAX);
    x_byte(&t->as, 0x04); /* add al, 127: overflows when al is 1 */
    x_byte(&t->as, 127);
    x_sahf(&t->as);
    ra_free_temp(t, RAX);
    t->fl = ref;
    t->fl_kind = FL_SUB;
}

/* Condition cc (even, without its lowest bit) is one bit of the packed
 * form: which, and whether it is inverted. */
static uint32_t single_bit(enum ir_cc cc, bool *inverted)
{
    *inverted = false;
    switch (cc & ~1u) {
    case IR_EQ:
        return IR_FLAG_Z;
    case IR_HS:
        *inverted = true;
        return IR_FLAG_B;
    case IR_MI:
        return IR_FLAG_N;
    case IR_VS:
        return IR_FLAG_V;
    default:
        return 0;
    }
}

/* Test one bit of a packed value that is not in EFLAGS. */
static int test_bit(struct backend_thread *t, ir_ref ref, enum ir_cc cc,
                    uint32_t bit, bool inverted)
{
    struct x64_rm m;

    fl_clobber(t);
    m = ra_where(t, ref);
    if (m.mem) {
        m.disp += bit > 0xff;
        x_op(&t->as, X_GRP3_8, 0, m);
        x_byte(&t->as, bit > 0xff ? bit >> 8 : bit);
    } else {
        x_test_imm(&t->as, 0, m, bit);
    }
    return (cc & 1) == inverted ? CC_NE : CC_E;
}

static int known_condition(struct backend_thread *t, bool holds)
{
    fl_clobber(t);
    x_alu(&t->as, ALU_CMP, 0, RAX, rm_reg(RAX));
    return holds ? CC_E : CC_NE;
}

/* NONE is not a condition of x86. */
enum { NONE = 0xff };

static int fp_condition(const struct backend_thread *t, enum ir_cc cc)
{
    static const uint8_t straight[14] = {
        NONE, NONE, NONE, NONE, NONE, NONE, CC_P, CC_NP,
        NONE, NONE, CC_AE, CC_B, CC_A, CC_BE,
    };
    static const uint8_t swapped[14] = {
        NONE, NONE, CC_BE, CC_A, CC_A, CC_BE, CC_P, CC_NP,
        CC_B, CC_AE, NONE, NONE, NONE, NONE,
    };

    return (t->fl_kind == FL_FP ? straight : swapped)[cc];
}

bool fl_prefers_swapped(enum ir_cc cc)
{
    return (cc >= IR_HS && cc <= IR_PL) || cc == IR_HI || cc == IR_LS;
}

static int eflags_condition(struct backend_thread *t, enum ir_cc cc)
{
    static const uint8_t x86[14] = {
        CC_E, CC_NE, CC_AE, CC_B, CC_S, CC_NS, CC_O, CC_NO,
        CC_A, CC_BE, CC_GE, CC_L, CC_G, CC_LE,
    };
    bool carry = cc == IR_HS || cc == IR_LO;

    if (t->fl_kind == FL_SUB) {
        return x86[cc];
    }
    if (fl_is_fp(t)) {
        return fp_condition(t, cc);
    }
    if (t->fl_kind == FL_ADD && carry) {
        return x86[cc] ^ 1;
    }
    if (carry || cc == IR_HI || cc == IR_LS) {
        to_sub(t);
    }
    return x86[cc];
}

/* Test what fl_keep_condition() has kept. */
static int kept_condition(struct backend_thread *t, ir_ref ref)
{
    struct x64_rm m;

    fl_clobber(t);
    m = ra_where(t, ref);
    x_op(&t->as, X_GRP3_8, 0, m);
    x_byte(&t->as, 1);
    return CC_NE;
}

/* Not just by EFLAGS as they are. */
static int other_condition(struct backend_thread *t, ir_ref ref,
                           enum ir_cc cc)
{
    uint64_t imm;
    bool inverted;
    uint32_t bit = single_bit(cc, &inverted);

    if (t->fl == ref && fl_is_fp(t) && cc < IR_AL &&
        fp_condition(t, cc) == NONE) {
        fl_packed(t, ref);
        t->fl = NOBODY;
    }
    if (t->val[ref].state & VAL_FOLDED) {
        return kept_condition(t, ref);
    }
    if (cc >= IR_AL) {
        return known_condition(t, true);
    }
    if (val_const(t, ref, &imm)) {
        return known_condition(t, ir_cc_holds(cc, imm));
    }
    if (t->fl != ref) {
        if (bit && t->val[ref].left == 1) {
            return test_bit(t, ref, cc, bit, inverted);
        }
        unpack(t, ref);
    }
    return eflags_condition(t, cc);
}

int fl_condition(struct backend_thread *t, ir_ref ref, enum ir_cc cc)
{
    int x86 = t->fl == ref && t->fl_kind == FL_SUB && cc < IR_AL
            ? eflags_condition(t, cc) : other_condition(t, ref, cc);

    t->lock |= LOCK_EFLAGS;
    return x86;
}

void fl_keep_chosen(struct backend_thread *t, ir_ref i)
{
    const struct ir_insn *select = &t->u->insn[i + 2];
    ir_ref ref = t->fl;
    int cc, reg;

    if (i + 2u >= t->u->count || select->op != IR_SELECT ||
        select->type != IR_FLAGS || select->a != ref ||
        !(t->val[i + 2].state & VAL_LIVE) || select->aux >= IR_AL ||
        t->val[ref].left != 1 || !fl_is_precious(t) || fl_is_fp(t)) {
        return;
    }
    cc = fl_condition(t, ref, select->aux);
    reg = ra_temp(t, GPR_SCRATCH, 0);
    x_setcc(&t->as, cc, reg);
    ra_def_in(t, ref, reg);
    t->lock &= ~REG_BIT(reg); /* not this op's business */
    t->val[ref].state |= VAL_FOLDED;
    t->fl = NOBODY;
    t->lock &= ~LOCK_EFLAGS;
}

/* Whether EFLAGS' CF is the opposite of what is wanted. */
static bool carry_differs(struct backend_thread *t, bool borrow)
{
    switch (t->fl_kind) {
    case FL_SUB:
        return !borrow;
    case FL_ADD:
        return borrow;
    default:
        if (borrow) {
            x_stc(&t->as);
        }
        return false;
    }
}

/* CF := the borrow or the carry; whether it is the borrow. */
static bool any_carry(struct backend_thread *t, ir_ref ref)
{
    if (t->fl != ref) {
        fl_clobber(t);
        /* 16 bits wide, as it was stored. */
        x_op(&t->as, X_BT_IMM | X_66, 4, ra_where(t, ref));
        x_byte(&t->as, 8);
        return true;
    }
    return t->fl_kind == FL_SUB;
}

void fl_carry(struct backend_thread *t, ir_ref ref, bool borrow)
{
    uint64_t imm;

    if (t->fl == ref && fl_is_fp(t)) {
        fl_packed(t, ref);
        t->fl = NOBODY;
    }
    if (t->fl == ref) {
        if (t->val[ref].left > 1) {
            fl_packed(t, ref);
        }
        if (carry_differs(t, borrow)) {
            x_cmc(&t->as);
        }
    } else if (val_const(t, ref, &imm)) {
        fl_clobber(t);
        x_stc(&t->as);
        if (!(imm & IR_FLAG_B) == borrow) {
            x_cmc(&t->as);
        }
    } else {
        any_carry(t, ref);
        if (!borrow) {
            x_cmc(&t->as);
        }
    }
    t->fl = NOBODY;
    t->zf = IR_NONE;
    t->lock |= LOCK_EFLAGS;
}

/* -- at exits ---------------------------------------------------------- */

void fl_describe(struct backend_thread *t, ir_ref ref, struct exit_stub *s)
{
    const struct value *v = &t->val[ref];
    uint64_t imm;

    s->flags = EXIT_FLAGS_PACKED;
    if (v->home == HOME_FLAGS) {
        s->flags = EXIT_FLAGS_STORED;
    } else if (val_const(t, ref, &imm)) {
        s->flags = EXIT_FLAGS_CONST;
        s->imm = imm;
    } else if (v->reg != NO_REG) {
        s->packed = rm_reg(v->reg);
    } else if (v->spill) {
        s->packed = rm_spill(v->spill);
    } else {
        assert(t->fl == ref);
        s->flags = EXIT_FLAGS_EFLAGS;
        s->kind = t->fl_kind;
    }
}

void fl_restore_packed(struct backend_thread *t, const struct exit_stub *s)
{
    if (s->flags == EXIT_FLAGS_CONST) {
        x_mov_imm(&t->as, RAX, s->imm);
    } else if (s->flags == EXIT_FLAGS_PACKED) {
        x_op(&t->as, X_MOV_LOAD, RAX, s->packed);
    } else {
        t->fl_kind = s->kind;
        pack(t);
    }
}

/* -- ops --------------------------------------------------------------- */

void emit_flags_of(struct backend_thread *t, ir_ref i,
                   const struct ir_insn *in)
{
    /* Of what leaves them in EFLAGS. */
    static const uint8_t kind[IR_OPCODES] = {
        [IR_SUB] = FL_SUB, [IR_SBC] = FL_SUB,
        [IR_ADD] = FL_ADD, [IR_ADC] = FL_ADD,
        [IR_AND] = FL_LOGIC, [IR_OR] = FL_LOGIC, [IR_XOR] = FL_LOGIC,
        [IR_ANDN] = FL_LOGIC,
    };
    const struct ir_insn *of = &t->u->insn[in->a];
    unsigned k = kind[of->op];

    if (of->op == IR_ADD && int_adds_by_sub(t, of)) {
        k = FL_SUB;
    } else if (k == FL_NOT) {
        int r;

        fl_clobber(t);
        r = ra_use(t, in->a, false);
        x_test(&t->as, in->type == IR_I64 ? X_W : 0, r);
        k = FL_LOGIC;
    }
    t->fl_kind = k;
    t->fl = i;
    ra_release(t, in->a);
}

void emit_setcc(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int cc = fl_condition(t, in->a, in->aux);
    int dst;

    ra_release(t, in->a);
    dst = ra_def(t, i, NO_REG, 0);
    x_setcc(&t->as, cc, dst);
    x_rr(&t->as, X_MOVZX8, dst, dst);
}

/* A general or FLAGS value in a register, flags untouched. */
static struct x64_rm select_operand(struct backend_thread *t, ir_ref ref,
                                    unsigned w)
{
    if (t->val[ref].state & VAL_FLAGS) {
        return rm_reg(fl_packed(t, ref));
    }
    return ra_use_rm(t, ref, w);
}

static void select_vec(struct backend_thread *t, ir_ref i,
                       const struct ir_insn *in)
{
    int cc = fl_condition(t, in->a, in->aux);
    int b = ra_use_vec(t, in->b), c = ra_use_vec(t, in->c);
    uint8_t *over;
    int dst;

    ra_release_all(t, in);
    dst = ra_def_vec(t, i, c, REG_BIT(b));
    x_movdqa(t, dst, rm_reg(c));
    over = x_jcc8(&t->as, cc ^ 1);
    x_movdqa(t, dst, rm_reg(b));
    x_here8(&t->as, over);
}

bool fl_adds_carry(const struct backend_thread *t, ir_ref i)
{
    const struct ir_insn *in = &t->u->insn[i], *next = in + 1;
    ir_ref x = next->b == i ? next->c : next->b;
    uint64_t one;

    return i + 1u < t->u->count && next->op == IR_SELECT &&
           (next->aux == IR_HS || next->aux == IR_LO) &&
           next->type == in->type && (t->val[i + 1].state & VAL_LIVE) &&
           val_const(t, in->b, &one) && one == 1 && t->val[i].left == 1 &&
           x != i && x == in->a && !((t->val[x].state |
                                      t->val[next->a].state) & VAL_CONST) &&
           (t->fl != next->a ||
            (!fl_is_fp(t) &&
             (t->val[next->a].left == 1 || !fl_is_precious(t))));
}

/* x + 1 or x, by the carry or the borrow. */
static void select_carry(struct backend_thread *t, ir_ref i,
                         const struct ir_insn *in)
{
    bool first = t->val[in->b].state & VAL_FOLDED;
    const struct ir_insn *plus = &t->u->insn[first ? in->b : in->c];
    unsigned w = in->type == IR_I64 ? X_W : 0;
    bool by_borrow = (in->aux == IR_LO) == first;
    bool adds = by_borrow == any_carry(t, in->a);
    struct x64_rm x;
    int dst;

    t->lock |= LOCK_EFLAGS;
    ra_release_all(t, plus);
    x = ra_use_rm(t, plus->a, w);
    ra_release_all(t, in);
    dst = ra_def(t, i, x.mem ? NO_REG : x.base, 0);
    if (x.mem || dst != x.base) {
        x_op1(&t->as, X_MOV_LOAD | w, dst, x);
    }
    x_alu_imm(&t->as, adds ? ALU_ADC : ALU_SBB, w, rm_reg(dst),
              adds ? 0 : -1);
    t->fl = NOBODY;
    t->zf = IR_NONE;
}

void emit_select(struct backend_thread *t, ir_ref i,
                 const struct ir_insn *in)
{
    bool flags = in->type == IR_FLAGS;
    unsigned w = in->type == IR_I64 ? X_W : 0;
    struct x64_rm yes, no;
    int cc, dst;

    if (t->val[i].state & VAL_VEC) {
        select_vec(t, i, in);
        return;
    }
    if ((t->val[in->b].state | t->val[in->c].state) & VAL_FOLDED) {
        select_carry(t, i, in);
        return;
    }
    if (flags) {
        fl_packed(t, in->b);
        fl_packed(t, in->c);
    }
    cc = fl_condition(t, in->a, in->aux);
    yes = select_operand(t, in->b, w);
    no = select_operand(t, in->c, w);
    ra_release_all(t, in);
    if (!yes.mem && no.mem) {
        struct x64_rm swap = yes;

        yes = no;
        no = swap;
        cc ^= 1;
    }
    dst = ra_def(t, i, no.mem ? NO_REG : no.base,
                 yes.mem ? 0 : REG_BIT(yes.base));
    if (no.mem || dst != no.base) {
        x_op1(&t->as, X_MOV_LOAD | w, dst, no);
    }
    x_op(&t->as, (X_CMOV + cc) | w, dst, yes);
}

/* value != 0 ? b : c */
void emit_selnz(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned w = in->type == IR_I64 ? X_W : 0;
    struct x64_rm yes, no;
    int a, dst;

    fl_clobber(t);
    a = ra_use(t, in->a, w);
    x_test(&t->as, w, a);
    t->lock |= LOCK_EFLAGS;
    yes = rm_reg(ra_use(t, in->b, w));
    no = ra_use_rm(t, in->c, w);
    ra_release_all(t, in);
    dst = ra_def(t, i, no.mem ? NO_REG : no.base, REG_BIT(yes.base));
    x_op1(&t->as, X_MOV_LOAD | w, dst, no);
    x_op(&t->as, (X_CMOV + CC_NE) | w, dst, yes);
}

#define PACKED_MASK (IR_FLAG_N | IR_FLAG_Z | IR_FLAG_B | IR_FLAG_V)

/* The mask happens to have the order N Z !C V. */
void emit_flags_to_nzcv(struct backend_thread *t, ir_ref i,
                        const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    int src, dst, tmp;

    fl_clobber(t);
    src = fl_packed(t, in->a);
    tmp = ra_temp(t, GPR_SCRATCH, 0);
    ra_release(t, in->a);
    dst = ra_def(t, i, NO_REG, REG_BIT(src));
    if (t->host.bmi2) {
        x_mov_imm(as, tmp, PACKED_MASK);
        x_vex(as, X_PEXT, dst, src, rm_reg(tmp));
        x_alu_imm(as, ALU_XOR, 0, rm_reg(dst), 2);
        x_shift_imm(as, 4, 0, dst, 28);
        return;
    }
    /* N and Z */
    x_mov32(as, dst, src);
    x_alu_imm(as, ALU_AND, 0, rm_reg(dst), IR_FLAG_N | IR_FLAG_Z);
    x_shift_imm(as, 4, 0, dst, 16);
    /* C */
    x_mov32(as, tmp, src);
    x_op(as, X_GRP3, 2, rm_reg(tmp));
    x_alu_imm(as, ALU_AND, 0, rm_reg(tmp), IR_FLAG_B);
    x_shift_imm(as, 4, 0, tmp, 21);
    x_alu(as, ALU_OR, 0, dst, rm_reg(tmp));
    /* V */
    x_mov32(as, tmp, src);
    x_shift_imm(as, 4, 0, tmp, 31);
    x_shift_imm(as, 5, 0, tmp, 3);
    x_alu(as, ALU_OR, 0, dst, rm_reg(tmp));
}

void emit_nzcv_to_flags(struct backend_thread *t, ir_ref i,
                        const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    int src, dst, tmp;

    fl_clobber(t);
    src = ra_use(t, in->a, false);
    tmp = ra_temp(t, GPR_SCRATCH, 0);
    ra_release(t, in->a);
    dst = ra_def(t, i, NO_REG, REG_BIT(src));
    if (t->host.bmi2) {
        x_mov32(as, dst, src);
        x_shift_imm(as, 5, 0, dst, 28);
        x_alu_imm(as, ALU_XOR, 0, rm_reg(dst), 2);
        x_mov_imm(as, tmp, PACKED_MASK);
        x_vex(as, X_PDEP, dst, dst, rm_reg(tmp));
        return;
    }
    x_mov32(as, dst, src);
    x_shift_imm(as, 5, 0, dst, 16);
    x_alu_imm(as, ALU_AND, 0, rm_reg(dst), IR_FLAG_N | IR_FLAG_Z);
    x_mov32(as, tmp, src);
    x_op(as, X_GRP3, 2, rm_reg(tmp));
    x_shift_imm(as, 5, 0, tmp, 21);
    x_alu_imm(as, ALU_AND, 0, rm_reg(tmp), IR_FLAG_B);
    x_alu(as, ALU_OR, 0, dst, rm_reg(tmp));
    x_mov32(as, tmp, src);
    x_shift_imm(as, 5, 0, tmp, 28);
    x_alu_imm(as, ALU_AND, 0, rm_reg(tmp), IR_FLAG_V);
    x_alu(as, ALU_OR, 0, dst, rm_reg(tmp));
}
