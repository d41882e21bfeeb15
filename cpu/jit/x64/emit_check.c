/*
 * CHECK: one translation for several accesses, and the accesses that rely
 * on it (IR_MEM_HOST).
 *
 * A CHECK or access that keeps what it found has a slot in the frame: tag
 * and addend as in the TLB, and a limit that (tag xor address) is below on a
 * hit, zero while the slot is empty.  Whatever invalidates TLB entries
 * happens outside of regions, so slots are empty at their entry and behind
 * calls.
 */
#include "cpu/jit/x64/emit.h"
#include "cpu/jit/x64/mem.h"
#include "cpu/jit/x64/vec.h"

#include <assert.h>

#define SLOT_TAG 0
#define SLOT_ADDEND 8
#define SLOT_LIMIT 16

static struct x64_rm slot(unsigned n, int field)
{
    return rm_frame(FRAME_CHECK + CHECK_SLOT_SIZE * (int)n + field);
}

void check_forget(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->check_slots; n++) {
        x_op(&t->as, X_MOV_IMM | X_W, 0, slot(n, SLOT_LIMIT));
        x_imm32(&t->as, 0);
    }
}

void check_count(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->u->count; n++) {
        const struct ir_insn *in = &t->u->insn[n];

        t->check_slots += in->op == IR_CHECK
                        ? (in->aux & IR_CHECK_KEEP) != 0
                        : ir_is_plain_access(in->op) &&
                          (in->aux & IR_MEM_KEEP);
    }
    if (t->check_slots > CHECK_SLOTS) {
        t->failed = true;
        t->check_slots = 0;
    }
}

/* t1 := the addend, or off by the jump that is returned. */
static uint8_t *look_up(struct backend_thread *t, const struct check *c)
{
    return mem_look_up(t, c->va, c->t1, c->t2, c->size, c->write);
}

/* Behind a cold unit: the TLB does not have the page.  The way out is hardly
 * ever taken, and out of the way by itself. */
static void emit_fill(struct backend_thread *t, const struct check *c)
{
    struct asm_buf *as = &t->as;

    x_fix32(c->miss, as->p);
    mem_save_vectors(t, c->xmm, true);
    x_mov_imm(as, c->t2, c->size | c->flags << SLOW_CHECK_SHIFT);
    call_thunk(t, thunk_fill(t->b, c->va, c->t1, c->t2));
    mem_save_vectors(t, c->xmm, false);
    x_jcc_back(as, CC_NE, c->back);
    emit_link(t, ALWAYS, c->edge);
}

/* Behind the unit: a slot does not have the page. */
static void emit_refill(struct backend_thread *t, const struct check *c)
{
    struct asm_buf *as = &t->as;

    uint8_t *miss;

    x_fix32(c->miss, as->p);
    miss = look_up(t, c);
    if (c->slow) {
        c->slow->from[c->from] = miss;
    } else {
        t->exit_stub[c->stub].disp = miss;
    }
    x_alu(as, ALU_XOR, X_W, c->t2, rm_reg(c->va));
    x_store(as, slot(c->slot, SLOT_TAG), c->t2);
    x_store(as, slot(c->slot, SLOT_ADDEND), c->t1);
    x_op(as, X_MOV_IMM | X_W, 0, slot(c->slot, SLOT_LIMIT));
    x_imm32(as, 4096 - c->size + 1);
    x_fix32(x_jmp32(as), c->back);
}

void emit_refills(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->checks; n++) {
        if (t->as.p + OP_ROOM > t->as.end) {
            t->full = true;
            return;
        }
        if (!t->u->region) {
            emit_fill(t, &t->check[n]);
        } else {
            emit_refill(t, &t->check[n]);
        }
    }
}

static void use_slot(struct backend_thread *t, struct check *c)
{
    struct asm_buf *as = &t->as;

    c->slot = t->check_slot++;
    x_load(as, c->t2, slot(c->slot, SLOT_TAG));
    x_alu(as, ALU_XOR, X_W, c->t2, rm_reg(c->va));
    x_alu(as, ALU_CMP, X_W, c->t2, slot(c->slot, SLOT_LIMIT));
    c->miss = x_jcc32(as, CC_AE);
    x_load(as, c->t1, slot(c->slot, SLOT_ADDEND));
    c->back = as->p;
    t->checks++;
}

/* The next check, filled in where it is; t->checks counts it if it wants
 * anything behind the unit. */
static struct check *new_check(struct backend_thread *t, int va, int t1,
                               int t2, unsigned size, bool write)
{
    struct check *c = &t->check[t->checks];

    c->slow = NULL;
    c->va = va;
    c->t1 = t1;
    c->t2 = t2;
    c->size = size;
    c->write = write;
    return c;
}

void check_kept(struct backend_thread *t, struct slow_path *s, unsigned n,
                int t1, int t2, unsigned size, bool write)
{
    struct check *c = new_check(t, s->va, t1, t2, size, write);

    c->slow = s;
    c->from = n;
    use_slot(t, c);
}

/* A miss is filled. */
static void check_cold(struct backend_thread *t, const struct ir_insn *in,
                       struct check *c)
{
    c->edge = ir_edge_of(in);
    c->flags = in->aux;
    if (forced_slow(t)) {
        emit_link(t, ALWAYS, c->edge);
    } else {
        c->miss = look_up(t, c);
        c->back = t->as.p;
        c->xmm = mem_live_vectors(t);
        t->checks++;
    }
}

/* A miss leaves. */
static void check_in_region(struct backend_thread *t,
                            const struct ir_insn *in, struct check *c)
{
    c->stub = exit_stub(t, ir_edge_of(in));
    if (forced_slow(t)) {
        t->exit_stub[c->stub].disp = x_jmp32(&t->as);
    } else if (in->aux & IR_CHECK_KEEP) {
        use_slot(t, c);
    } else {
        t->exit_stub[c->stub].disp = look_up(t, c);
    }
}

/* The value is the host address of guest address a. */
void emit_check(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int lo = ir_check_lo(in), base, va, t1, t2;
    struct check *c;

    fl_clobber(t);
    va = base = ra_use(t, in->a, true);
    t1 = ra_temp(t, GPR_SCRATCH, 0);
    t2 = ra_temp(t, GPR_SCRATCH, 0);
    if (lo) {
        va = ra_temp(t, GPR_SCRATCH, 0);
        x_op(&t->as, X_LEA | X_W, va, rm_mem(base, lo));
    }
    c = new_check(t, va, t1, t2, ir_check_size(in),
                  in->aux & IR_CHECK_WRITE);
    if (in->aux & IR_CHECK_FILL) {
        check_cold(t, in, c);
    } else {
        check_in_region(t, in, c);
    }
    x_alu(&t->as, ALU_ADD, X_W, t1, rm_reg(base));
    ra_release(t, in->a);
    ra_def_in(t, i, t1);
}

/* -- accesses ----------------------------------------------------------- */

/* Both are wanted. */
static void host_load_pair(struct backend_thread *t, ir_ref i,
                           const struct ir_insn *in, int base)
{
    struct x64_rm from = rm_mem(base, (int)in->imm);
    int dst;

    if (mem_is_whole(t, in)) {
        int xmm = ra_temp(t, XMM_SCRATCH, 0);

        ra_release(t, in->a);
        dst = mem_def_loaded(t, i, 0);
        mem_load_whole(t, in, xmm, dst,
                       mem_def_loaded(t, i + 1, REG_BIT(dst)), from);
        return;
    }
    dst = mem_def_loaded(t, i, REG_BIT(base));
    mem_load_one(t, in, dst, from, NO_REG);
    from.disp += (int)ir_type_size(in->type);
    ra_release(t, in->a);
    mem_load_one(t, in, mem_def_loaded(t, i + 1, REG_BIT(dst)), from, NO_REG);
}

void emit_host_load(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in)
{
    int base = ra_use(t, in->a, true), tmp = NO_REG;

    if (in->op == IR_LOAD2 && t->val[i + 1].left) {
        host_load_pair(t, i, in, base);
        return;
    }
    ra_release(t, in->a);
    if (t->val[i].state & VAL_VEC) {
        enum ir_type type = mem_vec_type(in);

        if (ir_type_size(type) < 4) {
            tmp = ra_temp(t, GPR_SCRATCH, 0);
        }
        vec_load(t, type, ra_def_vec(t, i, NO_REG, 0),
                 rm_mem(base, (int)in->imm), tmp);
    } else {
        x_any_mem(&t->as, mem_load_op(in), ra_def(t, i, NO_REG, 0), base,
                  (int)in->imm);
    }
}

/* In a general register, to be stored as it is there. */
static inline bool is_ready(const struct value *v, enum ir_type type)
{
    return v->reg < XMM0 && !(type == IR_I64 && v->state & VAL_NARROW);
}

/* From anywhere. */
static void host_store_one(struct backend_thread *t, ir_ref ref,
                           enum ir_type type, struct x64_rm to, int tmp)
{
    const struct value *v = &t->val[ref];
    struct stored s;

    if (is_ready(v, type)) {
        x_any_mem(&t->as, mem_store_op(type), v->reg, to.base, to.disp);
    } else {
        mem_stored(t, ref, type, &s);
        mem_store_one(t, &s, to, tmp);
    }
}

static void host_store_whole(struct backend_thread *t,
                             const struct ir_insn *in, struct x64_rm to,
                             int tmp)
{
    int xmm = ra_temp(t, XMM_SCRATCH, 0);
    struct stored value[2];

    mem_stored(t, in->b, in->type, &value[0]);
    mem_stored(t, in->c, in->type, &value[1]);
    mem_store_whole(t, value, xmm, to, tmp);
}

/* What needs registers on the way. */
static void host_store_by(struct backend_thread *t, const struct ir_insn *in,
                          int base)
{
    enum ir_type type = mem_vec_type(in);
    struct x64_rm to = rm_mem(base, (int)in->imm);
    bool pair = in->op == IR_STORE2;
    int tmp;

    mem_hold_stored(t, in->b);
    if (pair) {
        mem_hold_stored(t, in->c);
    }
    tmp = ra_temp(t, GPR_SCRATCH, 0);
    if (mem_is_whole(t, in)) {
        host_store_whole(t, in, to, tmp);
        return;
    }
    host_store_one(t, in->b, type, to, tmp);
    if (pair) {
        to.disp += (int)ir_type_size(type);
        host_store_one(t, in->c, type, to, tmp);
    }
}

void emit_host_store(struct backend_thread *t, const struct ir_insn *in)
{
    const struct value *b = &t->val[in->b], *c = &t->val[in->c];
    int base = ra_use(t, in->a, true), at = (int)in->imm;
    enum ir_type type = in->type;
    bool pair = in->op == IR_STORE2;

    if (!is_ready(b, type) ||
        (pair && (!is_ready(c, type) || mem_is_whole(t, in)))) {
        host_store_by(t, in, base);
    } else {
        x_any_mem(&t->as, mem_store_op(type), b->reg, base, at);
        if (pair) {
            x_any_mem(&t->as, mem_store_op(type), c->reg, base,
                      at + (int)ir_type_size(type));
        }
    }
    ra_release_all(t, in);
}
