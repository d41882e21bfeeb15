/*
 * Exclusives and atomic read-modify-writes: inline on the host address, after
 * a check of the write TLB; pairs of words in C.
 *
 * With a single vCPU nothing needs a lock prefix.
 */
#include "cpu/jit/slowpath.h"
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/mem.h"

static unsigned slow_op(const struct ir_insn *in)
{
    switch (in->op) {
    case IR_LOAD_EX:
    case IR_LOAD_EX2:
        return SLOW_LOAD_EX;
    case IR_STORE_EX:
    case IR_STORE_EX2:
        return SLOW_STORE_EX;
    case IR_RMW:
        return SLOW_RMW;
    default:
        return SLOW_CAS;
    }
}

static bool is_pair(const struct ir_insn *in)
{
    return in->op == IR_LOAD_EX2 || in->op == IR_STORE_EX2;
}

static unsigned size_of(const struct ir_insn *in)
{
    return ir_type_size(in->type) << is_pair(in);
}

static unsigned atomic_desc(const struct ir_insn *in)
{
    return SLOW_ATOMIC | (is_pair(in) ? SLOW_PAIR : 0) |
           (in->aux & IR_MEM_UNPRIV ? SLOW_UNPRIV : 0) |
           (in->aux & IR_MEM_REVERSED ? SLOW_REVERSED : 0) |
           __builtin_ctz(size_of(in)) << SLOW_SIZE_SHIFT |
           slow_op(in) << SLOW_OP_SHIFT |
           (in->op == IR_RMW ? in->imm << SLOW_RMW_SHIFT : 0);
}

/* Everything in C: the slow path without a fast one. */
static void call(struct backend_thread *t, ir_ref i,
                      const struct ir_insn *in)
{
    struct slow_path *s;
    struct stored value[2];
    unsigned count = 0;
    int va, tmp, dst = NO_REG, second = NO_REG;

    fl_clobber(t);
    va = ra_use(t, in->a, true);
    tmp = ra_temp(t, GPR_SCRATCH, 0);
    if (in->b != IR_NONE) {
        mem_stored(t, in->b, IR_I64, &value[count++]);
    }
    if (in->c != IR_NONE) {
        mem_stored(t, in->c, IR_I64, &value[count++]);
    }
    ra_release_all(t, in);
    ra_free_temp(t, tmp); /* results come when it has served */
    if (t->val[i].left) {
        dst = ra_def(t, i, NO_REG, 0);
    }
    if (in->op == IR_LOAD_EX2 && t->val[i + 1].left) {
        second = ra_def(t, i + 1, NO_REG, 0);
    }
    s = mem_slow_path(t, in, va, atomic_desc(in));
    s->tmp = tmp;
    s->value_count = count;
    memcpy(s->value, value, sizeof(value));
    s->dst[0] = dst;
    s->dst[1] = second;
    s->from[0] = x_jmp32(&t->as);
    s->back = t->as.p;
}

/* -- inline ------------------------------------------------------------ */

/* Registers and places of an inline atomic. */
struct atomic {
    struct slow_path *s;
    unsigned size;
    int va, t1, t2, dst;
    struct stored b, c;
    struct x64_rm host;  /* what t1 and va make after the check */
};

/* Choose them all; `rax`: cmpxchg will need it.  The result's register may
 * be any of the others, so it is written last. */
static void begin(struct backend_thread *t, struct atomic *k, ir_ref i,
                  const struct ir_insn *in, bool rax)
{
    unsigned count = 0;

    fl_clobber(t);
    if (rax) {
        ra_take(t, RAX);
    }
    k->size = size_of(in);
    k->va = ra_use_in(t, in->a, true, 0xffff & ~(rax ? REG_BIT(RAX) : 0));
    k->t1 = ra_temp(t, GPR_SCRATCH, 0);
    k->t2 = ra_temp(t, GPR_SCRATCH, 0);
    k->host = rm_index(k->t1, k->va, 0, 0);
    if (in->b != IR_NONE) {
        mem_stored(t, in->b, IR_I64, &k->b);
        count++;
    }
    if (in->c != IR_NONE) {
        mem_stored(t, in->c, IR_I64, &k->c);
        count++;
    }
    ra_release_all(t, in);
    ra_free_temp(t, k->t1);
    ra_free_temp(t, k->t2);
    if (rax) {
        ra_free_temp(t, RAX);
    }
    k->dst = ra_def(t, i, NO_REG, 0);
    k->s = mem_slow_path(t, in, k->va, atomic_desc(in));
    k->s->tmp = k->t2;
    k->s->value_count = count;
    k->s->value[0] = k->b;
    k->s->value[1] = k->c;
    k->s->dst[0] = k->dst;
}

static void check(struct backend_thread *t, struct atomic *k,
                  const struct ir_insn *in, bool write)
{
    mem_check(t, k->s, k->t1, k->t2, k->size, in->aux | IR_MEM_ALIGNED,
              write);
}

/* Opcode bits for the size: `op8` is the byte form. */
static unsigned sized(unsigned size, unsigned op, unsigned op8)
{
    return size == 1 ? op8 : op | (size == 2 ? X_66 : size == 8 ? X_W : 0);
}

static void locked(struct backend_thread *t, unsigned op, int reg,
                   struct x64_rm m)
{
    x_op(&t->as, op | (t->b->parallel ? X_LOCK : 0), reg, m);
}

static void cmpxchg(struct backend_thread *t, const struct atomic *k, int reg)
{
    locked(t, sized(k->size, X_CMPXCHG, X_CMPXCHG8), reg, k->host);
}

/* dst := src zero-extended from the size. */
static void extend(struct backend_thread *t, unsigned size, int dst,
                   struct x64_rm src)
{
    static const uint32_t load[] = {
        [1] = X_MOVZX8, [2] = X_MOVZX16, [4] = X_MOV_LOAD,
        [8] = X_MOV_LOAD | X_W,
    };

    x_op(&t->as, load[size], dst, src);
}

/* The operand in a register: its own or `tmp`. */
static int in_register(struct backend_thread *t, const struct stored *s,
                       int tmp)
{
    if (!s->is_const && !s->m.mem && !s->narrow) {
        return s->m.base;
    }
    mem_load_stored(t, s, tmp);
    return tmp;
}

static struct x64_rm excl(size_t offset)
{
    return rm_vcpu((int)offset);
}

static void close_monitor(struct backend_thread *t)
{
    _Static_assert(VCPU_EXCL_NONE == UINT64_MAX, "-1");
    x_op(&t->as, X_MOV_IMM | X_W, 0,
         excl(offsetof(struct vcpu, excl_addr)));
    x_imm32(&t->as, -1);
}

static void set_monitor(struct backend_thread *t, int va, unsigned size)
{
    x_store(&t->as, excl(offsetof(struct vcpu, excl_addr)), va);
    x_op(&t->as, X_MOV_IMM, 0, excl(offsetof(struct vcpu, excl_size)));
    x_imm32(&t->as, size);
}

void emit_load_ex(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    struct atomic k;

    begin(t, &k, i, in, false);
    check(t, &k, in, false);
    extend(t, k.size, k.t2, k.host);
    set_monitor(t, k.va, k.size);
    x_store(as, excl(offsetof(struct vcpu, excl_value)), k.t2);
    x_mov(as, k.dst, k.t2);
    k.s->back = as->p;
}

void emit_store_ex(struct backend_thread *t, ir_ref i,
                   const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    uint8_t *fail[2], *done;
    struct atomic k;

    begin(t, &k, i, in, true);
    x_alu(as, ALU_CMP, X_W, k.va, excl(offsetof(struct vcpu, excl_addr)));
    fail[0] = x_jcc8(as, CC_NE);
    x_alu_imm(as, ALU_CMP, 0, excl(offsetof(struct vcpu, excl_size)),
              k.size);
    fail[1] = x_jcc8(as, CC_NE);
    check(t, &k, in, true);
    x_load(as, RAX, excl(offsetof(struct vcpu, excl_value)));
    cmpxchg(t, &k, in_register(t, &k.b, k.t2));
    x_setcc(as, CC_NE, k.dst);
    x_rr(as, X_MOVZX8, k.dst, k.dst);
    done = x_jmp8(as);
    x_here8(as, fail[0]);
    x_here8(as, fail[1]);
    x_mov_imm(as, k.dst, 1);
    x_here8(as, done);
    close_monitor(t);
    k.s->back = as->p;
}

/* -- pairs ------------------------------------------------------------- */

static struct x64_rm excl_half(unsigned n)
{
    return excl(offsetof(struct vcpu, excl_value) + 8 * n);
}

/* Sixteen bytes at once: the host does so from AVX on. */
void emit_load_ex2(struct backend_thread *t, ir_ref i,
                   const struct ir_insn *in)
{
    struct atomic k;
    int both, second = NO_REG;

    if (size_of(in) != 16 || (t->b->parallel && !t->host.avx)) {
        call(t, i, in);
        return;
    }
    both = ra_temp(t, XMM_SCRATCH, 0);
    begin(t, &k, i, in, false);
    if (t->val[i + 1].left) {
        second = ra_def(t, i + 1, NO_REG, 0);
    }
    k.s->dst[1] = second;
    check(t, &k, in, false);
    x_movdqa(t, both, k.host);
    _Static_assert(offsetof(struct vcpu, excl_value) % 16 == 0, "movdqa");
    x_movdqa_store(t, excl_half(0), both);
    set_monitor(t, k.va, 16);
    x_load(&t->as, k.dst, excl_half(0));
    if (second != NO_REG) {
        x_load(&t->as, second, excl_half(1));
    }
    k.s->back = t->as.p;
}

/* What is stored, in the frame: every scratch register has its part in the
 * comparison. */
static void keep_pair(struct backend_thread *t, const struct ir_insn *in,
                      struct stored kept[2])
{
    const ir_ref value[2] = { in->b, in->c };

    for (unsigned n = 0; n < 2; n++) {
        struct stored s;

        mem_stored(t, value[n], IR_I64, &s);

        kept[n] = (struct stored){
            .type = IR_I64, .m = rm_frame(FRAME_ARG + 16 + 16 * (int)n),
        };
        mem_load_stored(t, &s, RAX);
        x_store(&t->as, kept[n].m, RAX);
    }
}

/* cmpxchg16b: rdx:rax with [rdi], rcx:rbx instead; rbx is lent. */
static void swap_pair(struct backend_thread *t, const struct stored kept[2])
{
    struct asm_buf *as = &t->as;
    struct x64_rm lent = rm_frame(FRAME_ARG + 48);

    x_op(as, X_LEA | X_W, RDI, rm_index(RCX, RDI, 0, 0));
    x_load(as, RAX, excl_half(0));
    x_load(as, RDX, excl_half(1));
    x_store(as, lent, RBX);
    x_load(as, RBX, kept[0].m);
    x_load(as, RCX, kept[1].m);
    locked(t, X_CMPXCHG16, 1, rm_mem(RDI, 0));
    x_load(as, RBX, lent);
    x_setcc(as, CC_NE, RAX);
    x_rr(as, X_MOVZX8, RAX, RAX);
}

void emit_store_ex2(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;
    uint8_t *fail[2], *done;
    struct stored kept[2];
    struct slow_path *s;

    if (size_of(in) != 16) {
        call(t, i, in);
        return;
    }
    fl_clobber(t);
    ra_use_fixed(t, in->a, true, RDI);
    ra_take(t, RAX);
    ra_take(t, RCX);
    ra_take(t, RDX);
    keep_pair(t, in, kept);
    ra_release_all(t, in);
    s = mem_slow_path(t, in, RDI, atomic_desc(in));
    s->tmp = RCX;
    s->value_count = 2;
    memcpy(s->value, kept, sizeof(kept));
    s->dst[0] = RAX;
    x_alu(as, ALU_CMP, X_W, RDI, excl(offsetof(struct vcpu, excl_addr)));
    fail[0] = x_jcc32(as, CC_NE);
    x_alu_imm(as, ALU_CMP, 0, excl(offsetof(struct vcpu, excl_size)), 16);
    fail[1] = x_jcc32(as, CC_NE);
    mem_check(t, s, RCX, RDX, 16, in->aux | IR_MEM_ALIGNED, true);
    swap_pair(t, kept);
    done = x_jmp8(as);
    x_fix32(fail[0], as->p);
    x_fix32(fail[1], as->p);
    x_mov_imm(as, RAX, 1);
    x_here8(as, done);
    close_monitor(t);
    s->back = as->p;
    ra_def_in(t, i, RAX);
}

/* -- read-modify-write ------------------------------------------------- */

/* t2 := what op makes of the old value in rax. */
static void combine(struct backend_thread *t, const struct atomic *k,
                    enum ir_rmw op)
{
    static const uint8_t keep_old[] = {
        [IR_RMW_SMAX] = CC_G, [IR_RMW_SMIN] = CC_L,
        [IR_RMW_UMAX] = CC_A, [IR_RMW_UMIN] = CC_B,
    };
    struct asm_buf *as = &t->as;

    mem_load_stored(t, &k->b, k->t2);
    switch (op) {
    case IR_RMW_CLR:
        x_op(as, X_GRP3 | X_W, 2, rm_reg(k->t2));
        x_alu(as, ALU_AND, X_W, k->t2, rm_reg(RAX));
        break;
    case IR_RMW_EOR:
        x_alu(as, ALU_XOR, X_W, k->t2, rm_reg(RAX));
        break;
    case IR_RMW_SET:
        x_alu(as, ALU_OR, X_W, k->t2, rm_reg(RAX));
        break;
    default:
        x_op(as, sized(k->size, X_ALU(ALU_CMP),
                       X_ALU8(ALU_CMP) | X_REG8 | X_RM8), RAX,
             rm_reg(k->t2));
        x_op(as, (X_CMOV + keep_old[op]) | X_W, k->t2, rm_reg(RAX));
    }
}

/* Nobody wants the old value: one locked instruction. */
static bool rmw_without_result(struct backend_thread *t,
                               const struct atomic *k, enum ir_rmw op)
{
    static const uint8_t alu[] = {
        [IR_RMW_CLR] = ALU_AND, [IR_RMW_EOR] = ALU_XOR,
        [IR_RMW_SET] = ALU_OR,
    };

    if (op == IR_RMW_ADD || op > IR_RMW_SET) {
        return false;
    }
    mem_load_stored(t, &k->b, k->t2);
    if (op == IR_RMW_CLR) {
        x_op(&t->as, X_GRP3 | X_W, 2, rm_reg(k->t2));
    }
    locked(t, sized(k->size, X_ALU_STORE(alu[op]),
                    X_ALU8_STORE(alu[op]) | X_REG8), k->t2, k->host);
    return true;
}

static void rmw_loop(struct backend_thread *t, const struct atomic *k,
                     enum ir_rmw op)
{
    uint8_t *again;

    extend(t, k->size, RAX, k->host);
    again = t->as.p;
    combine(t, k, op);
    cmpxchg(t, k, k->t2);
    x_jcc8_to(&t->as, CC_NE, again);
    x_mov(&t->as, k->dst, RAX);
}

void emit_rmw(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    enum ir_rmw op = in->imm;
    bool simple = op == IR_RMW_ADD || op == IR_RMW_SWP;
    bool wanted = t->val[i].left;
    struct atomic k;

    begin(t, &k, i, in, !simple);
    check(t, &k, in, true);
    if (simple) {
        mem_load_stored(t, &k.b, k.t2);
        if (op == IR_RMW_ADD) {
            locked(t, sized(k.size, X_XADD, X_XADD8), k.t2, k.host);
        } else {
            x_op(&t->as, sized(k.size, X_XCHG, X_XCHG8), k.t2, k.host);
        }
        if (wanted) {
            extend(t, k.size, k.dst, rm_reg(k.t2));
        }
    } else if (wanted || !rmw_without_result(t, &k, op)) {
        rmw_loop(t, &k, op);
    }
    k.s->back = t->as.p;
}

void emit_cas(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    struct atomic k;

    begin(t, &k, i, in, true);
    check(t, &k, in, true);
    mem_load_stored(t, &k.b, RAX);
    cmpxchg(t, &k, in_register(t, &k.c, k.t2));
    extend(t, k.size, k.dst, rm_reg(RAX));
    k.s->back = t->as.p;
}
