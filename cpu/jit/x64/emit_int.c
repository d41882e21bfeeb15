/*
 * Integer ops.  `w` is X_W for 64-bit operands, else 0; a 32-bit
 * instruction clears the upper half of its destination, as the IR wants.
 */
#include "cpu/jit/x64/int.h"

#include "cpu/jit/x64/emit.h"

static bool is_const(const struct backend_thread *t, ir_ref ref)
{
    return t->val[ref].state & VAL_CONST;
}

/* The operand is a constant that fits a sign-extended immediate. */
static bool small_const(const struct backend_thread *t, ir_ref ref, unsigned w,
                        int32_t *imm)
{
    uint64_t v;

    if (!val_const(t, ref, &v)) {
        return false;
    }
    if (w && (int64_t)v != (int32_t)v) {
        return false;
    }
    *imm = (int32_t)v;
    return true;
}

static void mov_rm(struct backend_thread *t, unsigned w, int dst,
                   struct x64_rm src)
{
    if (src.mem || src.base != dst) {
        x_value(&t->as, X_MOV_LOAD | w, dst, src);
    }
}

int int_def(struct backend_thread *t, ir_ref i, const struct ir_insn *in,
            unsigned w, struct x64_rm a, uint32_t avoid)
{
    int dst;

    ra_release_all(t, in);
    dst = ra_def(t, i, a.mem ? NO_REG : a.base, avoid);
    mov_rm(t, w, dst, a);
    return dst;
}

/* -- add, sub, and, or, xor -------------------------------------------- */

bool int_only_tested(struct backend_thread *t, ir_ref i)
{
    const struct ir_insn *in = &t->u->insn[i], *next = in + 1;

    return t->val[i].left == 1 && i + 1u < t->u->count &&
           (next->op == IR_BRZ || next->op == IR_BRNZ) && next->a == i &&
           next->type == in->type;
}

bool int_adds_by_sub(const struct backend_thread *t, const struct ir_insn *in)
{
    unsigned w = int_width(in);
    int32_t imm;

    return in->op == IR_ADD && !is_const(t, in->a) &&
           small_const(t, in->b, w, &imm) && imm && imm != INT32_MIN;
}

/* One use of the operands of an op of two is over. */
static inline void release_two(struct backend_thread *t,
                               const struct ir_insn *in)
{
    t->free |= ra_let_go(t, in->a) | ra_let_go(t, in->b);
}

/* The immediate with which op `n` stands for the addition or for itself. */
static int32_t imm_for(const struct ir_insn *in, unsigned n, int32_t imm)
{
    return in->op == IR_ADD && n == ALU_SUB ? -imm : imm;
}

/* cmp or test, n ALU_SUB or ALU_AND: nobody wants the result. */
static void emit_compare(struct backend_thread *t, const struct ir_insn *in,
                         unsigned n)
{
    bool test = n == ALU_AND;
    unsigned w = int_width(in);
    struct x64_rm a = ra_use_rm(t, in->a, w), b;
    int32_t imm;

    if (small_const(t, in->b, w, &imm)) {
        imm = imm_for(in, n, imm);
        if (test) {
            x_test_imm(&t->as, w, a, imm);
        } else if (imm == 0 && !a.mem) {
            /* The same flags: no borrow, no overflow. */
            x_test(&t->as, w, a.base);
        } else {
            x_alu_imm(&t->as, ALU_CMP, w, a, imm);
        }
    } else if (a.mem || test) {
        int r = ra_use(t, in->b, w);

        x_op1(&t->as, (test ? X_TEST : X_ALU_STORE(ALU_CMP)) | w, r, a);
    } else {
        b = ra_use_rm(t, in->b, w);
        x_value(&t->as, X_ALU(ALU_CMP) | w, a.base, b);
    }
    release_two(t, in);
}

/* The value has just been computed by an op that sets ZF. */
static void sets_zf(struct backend_thread *t, ir_ref i)
{
    t->zf = i;
    t->zf_cc = CC_E;
}

/* dst := a op imm */
static void emit_with_imm(struct backend_thread *t, ir_ref i,
                          const struct ir_insn *in, unsigned n, int32_t imm)
{
    unsigned w = int_width(in);
    struct x64_rm a = ra_use_rm(t, in->a, w);
    int dst;

    release_two(t, in);
    dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
    mov_rm(t, w, dst, a);
    x_alu_reg_imm(&t->as, n, w, dst, imm_for(in, n, imm));
}

/* dst := a op b, none a constant */
static void emit_with_value(struct backend_thread *t, ir_ref i,
                            const struct ir_insn *in, unsigned n)
{
    unsigned w = int_width(in);
    struct x64_rm a = ra_use_rm(t, in->a, w);
    struct x64_rm b = ra_use_rm(t, in->b, w);
    int into = home_reg(t, in->hint), dst;

    if (n != ALU_SUB && !b.mem &&
        ((into && into == b.base) ||
         (t->val[in->b].left == 1 && t->val[in->a].left > 1))) {
        struct x64_rm swap = a;

        a = b;
        b = swap;
    }
    release_two(t, in);
    dst = ra_def(t, i, a.mem ? NO_REG : a.base,
                 b.mem ? 0 : REG_BIT(b.base) &
                             ~(a.mem ? 0 : REG_BIT(a.base)));
    mov_rm(t, w, dst, a);
    x_value(&t->as, X_ALU(n) | w, dst, b);
}

static void emit_alu(struct backend_thread *t, ir_ref i,
                     const struct ir_insn *in, unsigned n)
{
    int32_t imm;

    fl_clobber(t);
    if (small_const(t, in->b, int_width(in), &imm)) {
        emit_with_imm(t, i, in, n, imm);
    } else {
        emit_with_value(t, i, in, n);
    }
    sets_zf(t, i);
}

/* a + b, a in a register, where nobody wants the flags: EFLAGS and a stay as
 * they are if they are still of use. */
static void add_values(struct backend_thread *t, ir_ref i,
                       const struct ir_insn *in)
{
    unsigned w = int_width(in);
    int a = ra_use(t, in->a, w), b = ra_use(t, in->b, w), dst;

    release_two(t, in);
    dst = ra_def(t, i, a, 0);
    if (fl_in_use(t) || dst != a) {
        x_op1(&t->as, X_LEA | w, dst, rm_index(a, b, 0, 0));
    } else {
        x_op1(&t->as, X_ALU(ALU_ADD) | w, dst, rm_reg(b));
        sets_zf(t, i);
    }
}

/* a + imm or a - imm, likewise. */
static inline void add_imm(struct backend_thread *t, ir_ref i,
                           const struct ir_insn *in, unsigned n, int32_t imm)
{
    unsigned w = int_width(in);
    int a = ra_use(t, in->a, w), dst;

    release_two(t, in);
    dst = ra_def(t, i, a, 0);
    if (fl_in_use(t) || dst != a) {
        x_op1(&t->as, X_LEA | w, dst, rm_mem(a, n == ALU_SUB ? -imm : imm));
    } else {
        x_alu_reg_imm(&t->as, n, w, dst, imm);
        sets_zf(t, i);
    }
}

static bool is_scaled(const struct backend_thread *t, ir_ref ref)
{
    return t->val[ref].state & VAL_FOLDED;
}

/* a + (b << n), where the shift has left its operands to be used here. */
static void emit_scaled(struct backend_thread *t, ir_ref i,
                        const struct ir_insn *in)
{
    bool first = is_scaled(t, in->a);
    const struct ir_insn *shift = &t->u->insn[first ? in->a : in->b];
    unsigned w = int_width(in);
    uint64_t n = 0;
    int a, b, dst;

    val_const(t, shift->b, &n);
    a = ra_use(t, first ? in->b : in->a, w);
    b = ra_use(t, shift->a, w);
    release_two(t, shift);
    release_two(t, in);
    dst = ra_def(t, i, a, 0);
    x_op1(&t->as, X_LEA | w, dst, rm_index(a, b, (int)n, 0));
}

/* and with a mask of whole bytes from bit 0. */
static bool emit_mask(struct backend_thread *t, ir_ref i,
                      const struct ir_insn *in)
{
    uint64_t imm;
    unsigned op;
    struct x64_rm a;
    int dst;

    if (!val_const(t, in->b, &imm)) {
        return false;
    }
    op = imm == 0xff                             ? X_MOVZX8
       : imm == 0xffff                           ? X_MOVZX16
       : imm == UINT32_MAX && in->type == IR_I64 ? X_MOV_LOAD
                                                 : 0;
    if (!op) {
        return false;
    }
    a = ra_use_rm(t, in->a, false);
    release_two(t, in);
    dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
    x_op(&t->as, op, dst, a);
    return true;
}

static void emit_neg(struct backend_thread *t, ir_ref i,
                     const struct ir_insn *in)
{
    unsigned w = int_width(in);
    struct x64_rm b = ra_use_rm(t, in->b, w);
    int dst = int_def(t, i, in, w, b, 0);

    x_op1(&t->as, X_GRP3 | w, 3, rm_reg(dst));
}

/* A constant operand is the second one: in *swapped, if it is not. */
static inline const struct ir_insn *
const_last(const struct backend_thread *t, const struct ir_insn *in,
           struct ir_insn *swapped)
{
    if (!is_const(t, in->a)) {
        return in;
    }
    *swapped = *in;
    swapped->a = in->b;
    swapped->b = in->a;
    return swapped;
}

/* a - b in general */
static void emit_difference(struct backend_thread *t, ir_ref i,
                            const struct ir_insn *in)
{
    uint64_t imm;

    if (val_const(t, in->a, &imm) && imm == 0) {
        fl_clobber(t);
        emit_neg(t, i, in);
    } else {
        emit_alu(t, i, in, ALU_SUB);
    }
}

/* The flags are wanted. */
static void emit_with_flags(struct backend_thread *t, ir_ref i,
                            const struct ir_insn *in, unsigned n)
{
    fl_keep_condition(t, i);
    if (t->val[i].left == 1 && (n == ALU_SUB || n == ALU_AND)) {
        fl_clobber(t);
        emit_compare(t, in, n);
    } else if (n == ALU_SUB) {
        emit_difference(t, i, in);
    } else {
        emit_alu(t, i, in, n);
    }
}

/* The first operand can be one of lea: if not, it is in memory. */
static bool is_for_lea(const struct backend_thread *t,
                       const struct ir_insn *in)
{
    return t->val[in->a].reg != NO_REG || fl_in_use(t);
}

/* Nobody wants the flags, and no operand is folded. */
static inline void emit_sum(struct backend_thread *t, ir_ref i,
                            const struct ir_insn *in)
{
    int32_t imm;

    if (!is_for_lea(t, in)) {
        emit_alu(t, i, in, ALU_ADD);
    } else if (small_const(t, in->b, int_width(in), &imm)) {
        add_imm(t, i, in, ALU_ADD, imm);
    } else {
        add_values(t, i, in);
    }
}

/* What few additions are. */
static __attribute__((noinline)) void
add_oddly(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct ir_insn swapped;

    if (fl_wanted(t, i)) {
        unsigned n = int_adds_by_sub(t, in) ? ALU_SUB : ALU_ADD;

        emit_with_flags(t, i, const_last(t, in, &swapped), n);
    } else if (is_scaled(t, in->a) || is_scaled(t, in->b)) {
        emit_scaled(t, i, in);
    } else if (fl_is_carry(t, i)) {
        t->val[i].state |= VAL_FOLDED;
    } else {
        emit_sum(t, i, const_last(t, in, &swapped));
    }
}

void emit_add(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned a = t->val[in->a].state, b = t->val[in->b].state;

    if (in[1].op == IR_FLAGS_OF || in[1].op == IR_SELECT ||
        ((a | b) & VAL_FOLDED) || (a & VAL_CONST)) {
        add_oddly(t, i, in);
    } else {
        emit_sum(t, i, in);
    }
}

void emit_sub(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int32_t imm;

    if (fl_wanted(t, i)) {
        emit_with_flags(t, i, in, ALU_SUB);
    } else if (is_for_lea(t, in) &&
               small_const(t, in->b, int_width(in), &imm) &&
               imm != INT32_MIN) {
        add_imm(t, i, in, ALU_SUB, imm);
    } else {
        emit_difference(t, i, in);
    }
}

void emit_and(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct ir_insn swapped;

    in = const_last(t, in, &swapped);
    if (fl_wanted(t, i)) {
        emit_with_flags(t, i, in, ALU_AND);
    } else if (int_only_tested(t, i)) {
        fl_clobber(t);
        emit_compare(t, in, ALU_AND);
        sets_zf(t, i);
    } else if (!emit_mask(t, i, in)) {
        emit_alu(t, i, in, ALU_AND);
    }
}

void emit_or(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct ir_insn swapped;
    unsigned n = x64_row(t)->code;

    in = const_last(t, in, &swapped);
    if (fl_wanted(t, i)) {
        emit_with_flags(t, i, in, n);
    } else {
        emit_alu(t, i, in, n);
    }
}

void emit_adc(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned w = int_width(in), n = x64_row(t)->code;
    int32_t imm;
    bool has_imm = small_const(t, in->b, w, &imm);
    struct x64_rm a, b = { 0 };
    int dst;

    if (t->as.p == t->entry) {
        /* stc and cmc are too short to come first (backend_kill). */
        x_nop(&t->as, 2);
    }
    fl_carry(t, in->c, n == ALU_SBB);
    a = ra_use_rm(t, in->a, w);
    if (!has_imm) {
        b = ra_use_rm(t, in->b, w);
    }
    dst = int_def(t, i, in, w, a, has_imm || b.mem ? 0 : REG_BIT(b.base) &
                   ~(a.mem ? 0 : REG_BIT(a.base)));
    if (has_imm) {
        x_alu_imm(&t->as, n, w, rm_reg(dst), imm);
    } else {
        x_alu(&t->as, n, w, dst, b);
    }
}

/* -- with a complement: a & ~b, a | ~b, a ^ ~b ------------------------- */

void emit_alun(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    unsigned w = int_width(in), n = x64_row(t)->code;
    struct x64_rm a;
    int32_t imm;
    int b, dst;

    fl_clobber(t);
    if (small_const(t, in->b, w, &imm)) {
        a = ra_use_rm(t, in->a, w);
        dst = int_def(t, i, in, w, a, 0);
        x_alu_imm(as, n, w, rm_reg(dst), ~imm);
        return;
    }
    b = ra_use(t, in->b, w);
    a = ra_use_rm(t, in->a, w);
    ra_release_all(t, in);
    if (n == ALU_AND && t->host.bmi1) {
        dst = ra_def(t, i, NO_REG, 0);
        x_vex(as, X_ANDN | w, dst, b, a);
        return;
    }
    dst = ra_def(t, i, b, a.mem || a.base == b ? 0 : REG_BIT(a.base));
    if (!a.mem && a.base == b) {
        /* The same value twice: 0 or -1. */
        int tmp = ra_temp(t, GPR_SCRATCH, REG_BIT(dst));

        x_op1(as, X_MOV_LOAD | w, tmp, a);
        a = rm_reg(tmp);
    }
    mov_rm(t, w, dst, rm_reg(b));
    x_op1(as, X_GRP3 | w, 2, rm_reg(dst));
    x_alu(as, n, w, dst, a);
}

/* not, neg, bswap */
void emit_unary(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    unsigned w = int_width(in);
    int dst;

    if (x64_row(t)->code == 3) {
        fl_clobber(t);
    }
    dst = int_def(t, i, in, w, ra_use_rm(t, in->a, w), 0);
    if (in->op == IR_BSWAP) {
        if (w || dst & 8) {
            x_byte(as, 0x40 | (w ? 8 : 0) | dst >> 3);
        }
        x_byte(as, 0x0f);
        x_byte(as, 0xc8 | (dst & 7));
    } else {
        x_op1(as, X_GRP3 | w, x64_row(t)->code, rm_reg(dst));
    }
}

/* -- multiply and divide ----------------------------------------------- */

void emit_mul(struct backend_thread *t, ir_ref i, const struct ir_insn *insn)
{
    struct ir_insn in = *insn;
    unsigned w = int_width(&in);
    struct x64_rm a, b;
    int32_t imm;
    int dst;

    if (is_const(t, in.a)) {
        in.a = insn->b;
        in.b = insn->a;
    }
    fl_clobber(t);
    a = ra_use_rm(t, in.a, w);
    if (small_const(t, in.b, w, &imm)) {
        bool byte = imm == (int8_t)imm;

        ra_release_all(t, &in);
        dst = ra_def(t, i, a.mem ? NO_REG : a.base, 0);
        x_op(&t->as, (byte ? X_IMUL_IMM8 : X_IMUL_IMM32) | w, dst, a);
        if (byte) {
            x_byte(&t->as, imm);
        } else {
            x_imm32(&t->as, imm);
        }
        return;
    }
    b = ra_use_rm(t, in.b, w);
    if (!b.mem && (a.mem || (t->val[in.b].left == 1 &&
                             t->val[in.a].left > 1))) {
        struct x64_rm swap = a;

        a = b;
        b = swap;
    }
    dst = int_def(t, i, &in, w, a, b.mem ? 0 : REG_BIT(b.base) &
                   ~(a.mem ? 0 : REG_BIT(a.base)));
    x_op(&t->as, X_IMUL | w, dst, b);
}

/* High half; code: /4 mul, /5 imul. */
void emit_mulh(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    uint32_t pair = REG_BIT(RAX) | REG_BIT(RDX);
    int b;

    fl_clobber(t);
    ra_use_fixed(t, in->a, true, RAX);
    ra_take(t, RDX);
    b = ra_use_in(t, in->b, true, 0xffff & ~pair);
    x_op(&t->as, X_GRP3 | X_W, x64_row(t)->code, rm_reg(b));
    ra_release_all(t, in);
    ra_def_in(t, i, RDX);
}

void emit_div(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    uint32_t pair = REG_BIT(RAX) | REG_BIT(RDX);
    unsigned w = int_width(in);
    bool is_signed = in->op == IR_SDIV;
    uint8_t *by_zero, *done = NULL;
    int b;

    fl_clobber(t);
    ra_use_fixed(t, in->a, w, RAX);
    ra_take(t, RDX);
    b = ra_use_in(t, in->b, w, 0xffff & ~pair);
    x_test(as, w, b);
    x_op(as, (X_CMOV + CC_E) | w, RAX, rm_reg(b));
    by_zero = x_jcc8(as, CC_E);
    if (is_signed) {
        uint8_t *divide;

        x_alu_imm(as, ALU_CMP, w, rm_reg(b), -1);
        divide = x_jcc8(as, CC_NE);
        x_op1(as, X_GRP3 | w, 3, rm_reg(RAX));
        done = x_jmp8(as);
        x_here8(as, divide);
        if (w) {
            x_byte(as, 0x48);
        }
        x_byte(as, 0x99); /* cdq, cqo */
    } else {
        x_alu(as, ALU_XOR, 0, RDX, rm_reg(RDX));
    }
    x_op1(as, X_GRP3 | w, is_signed ? 7 : 6, rm_reg(b));
    x_here8(as, by_zero);
    if (done) {
        x_here8(as, done);
    }
    ra_release_all(t, in);
    ra_def_in(t, i, RAX);
}
