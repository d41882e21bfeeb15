/*
 * Leaving a unit: edges that the run loop links, indirect jumps through the
 * jump cache, labels inside regions.
 */
#include "cpu/jit/x64/emit.h"

#include <assert.h>

static void jump_thunk(struct backend_thread *t, const uint8_t *rx)
{
    x_jmp_to(&t->as, as_rw(t, rx));
    add_thunk_reloc(t);
}

void load_pc(struct backend_thread *t, int reg, uint64_t pc)
{
    x_byte(&t->as, 0x48 | reg >> 3);
    x_byte(&t->as, 0xb8 | (reg & 7));
    t->pc_reloc[t->pc_relocs++] = t->as.p - t->as.start;
    x_imm64(&t->as, pc);
}

void add_site(struct backend_thread *t, unsigned insn)
{
    t->sites[t->site_count++] = (struct block_site){
        .host = t->as.p - t->as.start, .insn = insn,
    };
}

/* -- edges ------------------------------------------------------------- */

static uint8_t *jump(struct backend_thread *t, int cc)
{
    return cc == ALWAYS ? x_jmp32(&t->as) : x_jcc32(&t->as, cc);
}

/*
 * Have `size` bytes that are patched while other threads run them, behind
 * `before` others, in an aligned eight.  It takes no NOP in front of a unit's
 * first instruction, which has two bytes or more for backend_kill().
 */
static void align_patch(struct backend_thread *t, unsigned before,
                        unsigned size)
{
    unsigned at = (uintptr_t)(t->as.p + before) & 7;

    _Static_assert(PAD_SIZE == 5, "entries lie at a multiple of eight");
    x_nop(&t->as, (8 - at) & -(unsigned)(at > 8 - size));
}

/* On a condition. */
static uint8_t *patched_jump(struct backend_thread *t, int cc)
{
    align_patch(t, 2, 4);
    return x_jcc32(&t->as, cc);
}

static void edge_to_label(struct backend_thread *t, int cc, unsigned label)
{
    t->label_use[t->label_uses++] = (struct label_use){
        .disp = jump(t, cc), .label = label,
    };
}

unsigned exit_stub(struct backend_thread *t, unsigned edge)
{
    ir_ref flags = t->u->edge[edge].flags;
    struct exit_stub *s = &t->exit_stub[t->exit_stubs];

    *s = (struct exit_stub){ .edge = edge, .flags = EXIT_FLAGS_STORED };
    if (flags != IR_NONE) {
        fl_describe(t, flags, s);
        ra_release(t, flags);
    }
    return t->exit_stubs++;
}

static struct block_link *add_link(struct backend_thread *t,
                                   const struct ir_edge *e, uint8_t *disp)
{
    struct block_link *l = &t->links[t->link_count];
    int64_t target = (int64_t)(e->pc - t->u->pc);

    assert(target == (int32_t)target);
    *l = (struct block_link){
        .target = (int32_t)target, .patch = disp - t->as.start,
        .index = t->link_count, .same_page = e->same_page,
        .backward = e->backward, .singly = e->singly,
    };
    t->link_count++;
    return l;
}

/* One that is in place: it calls the run loop until it is linked. */
static void add_link_here(struct backend_thread *t, const struct ir_edge *e,
                          bool turns)
{
    struct block_link *l = add_link(t, e, t->as.p + 1);

    call_thunk(t, t->b->edge);
    l->turns = turns;
}

/* Nothing falls through to behind it. */
static void emit_last_link(struct backend_thread *t, const struct ir_edge *e)
{
    align_patch(t, 0, 5);
    add_link_here(t, e, true);
}

void emit_link(struct backend_thread *t, int cc, unsigned edge)
{
    const struct ir_edge *e = &t->u->edge[edge];

    if (cc == ALWAYS) {
        emit_last_link(t, e);
    } else {
        add_link(t, e, patched_jump(t, cc))->stub = true;
    }
}

/* -- calls ------------------------------------------------------------- */

/*
 * A guest's call is one of the host, too, so that the host's processor
 * predicts where its return goes.  On the stack: where the host returns to,
 * and the guest's return address, a multiple of 4, by which it is found.
 * There may be more or fewer calls than returns: what is found above the
 * right entry is taken off, and where none is right all are
 * (thunk_other_return); polls limit the size.  Nobody returns to what was
 * called in another context: who switches to one leaves a mark, an entry with
 * the key (vcpu.jump_key) of the context below it, plus 1.  Who leaves
 * generated code leaves an empty stack, so that no address on it can be of
 * code whose memory was given to other code.
 */

/* A region has its own way with calls inside it, and only so many links. */
static bool can_call(const struct backend_thread *t)
{
    return t->u->edge_count + t->landings < IR_MAX_EDGES;
}

static void push_call(struct backend_thread *t)
{
    x_push(&t->as, x64_pinned[30]);
}

static void push_mark(struct backend_thread *t, uint64_t key)
{
    struct asm_buf *as = &t->as;

    x_push_imm(as, (int32_t)key | 1);
    x_op(as, X_LEA | X_W, RDX, rm_mem(RM_RIP, 0));
    x_fix32(as->p - 4, as_rw(t, t->b->marked_return));
    add_thunk_reloc(t);
    x_push(as, RDX);
}

/* Where the host returns to: go on at `back`. */
static void emit_landing(struct backend_thread *t, uint64_t back)
{
    const struct ir_edge edge = { .pc = back };

    t->landings++;
    x_pop(&t->as, RCX);
    emit_last_link(t, &edge);
}

static void emit_call_edge(struct backend_thread *t, const struct ir_edge *e)
{
    push_call(t);
    align_patch(t, 1, 4);
    add_link_here(t, e, false);
    emit_landing(t, e->back);
}

/* To another unit; a call is never conditional. */
static void emit_way_out(struct backend_thread *t, int cc, unsigned n)
{
    const struct ir_edge *e = &t->u->edge[n];

    if (e->back && can_call(t)) {
        emit_call_edge(t, e);
    } else {
        emit_link(t, cc, n);
    }
}

static void emit_edge(struct backend_thread *t, int cc, unsigned n)
{
    const struct ir_edge *e = &t->u->edge[n];

    if (e->label != IR_NONE) {
        edge_to_label(t, cc, e->label);
        return;
    }
    if (t->u->region) {
        unsigned stub = exit_stub(t, n);

        t->exit_stub[stub].disp = jump(t, cc);
        return;
    }
    if (e->pc == t->u->pc && e->same_page && !t->u->singly && !e->back) {
        /* A loop: to this unit's own polled entry, never unlinked. */
        x_fix32(jump(t, cc), t->polled);
        return;
    }
    emit_way_out(t, cc, n);
}

void emit_exit(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    if (t->u->edge[in->imm].label != i + 1) {
        emit_edge(t, ALWAYS, in->imm);
    }
}

void emit_brcc(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    int cc = fl_condition(t, in->a, in->aux);

    (void)i;
    ra_release(t, in->a);
    emit_edge(t, cc, in->imm);
}

void emit_brz(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned w = in->type == IR_I64 ? X_W : 0;
    int cc = CC_E;

    (void)i;
    if (t->zf == in->a && t->u->insn[in->a].type == in->type) {
        cc = t->zf_cc;
    } else {
        struct x64_rm a;

        fl_clobber(t);
        a = ra_use_rm(t, in->a, w);
        if (a.mem) {
            x_alu_imm(&t->as, ALU_CMP, w, a, 0);
        } else {
            x_test(&t->as, w, a.base);
        }
    }
    ra_release(t, in->a);
    emit_edge(t, in->op == IR_BRNZ ? cc ^ 1 : cc, in->imm);
}

/* -- other exits ------------------------------------------------------- */

unsigned x64_jump_cache(uint8_t *p)
{
    enum {
        JUMP_KEY = offsetof(struct vcpu, jump_key) - VCPU_BASE,
        KEY = offsetof(struct vcpu, jump_cache[0].key) - VCPU_BASE,
    };
    static const uint8_t code[] = {
        0x8b, 0xc8,                                 /* mov ecx, eax */
        0xc1, 0xe1, 2,                              /* shl ecx, 2 */
        0x81, 0xe1, X_IMM32((JUMP_CACHE_ENTRIES - 1) << 4), /* and ecx */
        0x48, 0x8b, 0x55, JUMP_KEY,                 /* mov rdx, [key] */
        0x48, 0x33, 0xd0,                           /* xor rdx, rax */
        0x48, 0x3b, 0x94, 0x0d, X_IMM32(KEY),       /* cmp rdx, [entry] */
    };

    _Static_assert(REG_VCPU == RBP && JUMP_KEY < 128, "as encoded");
    memcpy(p, code, sizeof(code));
    return sizeof(code);
}

static void jump_thunk_if(struct backend_thread *t, int cc,
                          const uint8_t *rx)
{
    x_jcc_to(&t->as, cc, as_rw(t, rx));
    add_thunk_reloc(t);
}

static void emit_return(struct backend_thread *t)
{
    struct asm_buf *as = &t->as;

    x_alu(as, ALU_CMP, X_W, RAX, rm_mem(RSP, 8));
    jump_thunk_if(t, CC_NE, t->b->other_return);
    x_ret(as);
}

/* Hit: the guarded entry of the target.  Miss: the thunk wants the target
 * in rax. */
void emit_exit_indirect(struct backend_thread *t, ir_ref i,
                        const struct ir_insn *in)
{
    struct asm_buf *as = &t->as;

    (void)i;
    t->fl = NOBODY;
    ra_use_fixed(t, in->a, true, RAX);
    ra_release(t, in->a);
    region_leave(t);
    ra_take(t, RCX);
    ra_take(t, RDX);
    if (in->aux == IR_JUMP_RETURN) {
        emit_return(t);
        return;
    }
    if (in->aux == IR_JUMP_SWITCH) {
        push_mark(t, in->imm);
    }
    as->p += x64_jump_cache(as->p);
    jump_thunk_if(t, CC_NE, t->b->indirect_miss);
    if (in->aux == IR_JUMP_CALL && can_call(t)) {
        push_call(t);
        x_op(as, X_CALL_RM, 2, rm_jump_code());
        emit_landing(t, in->imm);
    } else {
        x_op(as, X_CALL_RM, 4, rm_jump_code());
    }
}

void emit_exit_loop(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in)
{
    (void)i;
    region_leave(t);
    load_pc(t, RAX, in->imm);
    x_mov_imm(&t->as, RCX, in->aux);
    jump_thunk(t, t->b->exit_loop);
}

/* Heads of a region's loops: the host fetches so many bytes at once, and a
 * short loop takes up to twice as long where it begins in the middle of
 * them. */
#define LOOP_ALIGN DRAFT_ALIGN

/*
 * A LABEL is reached from several places: values that are live across it
 * are in their spill slots since they were defined (VAL_CROSSES), and
 * nothing else is known.
 */
void emit_label(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    fl_clobber(t);
    ra_flush(t, GPR_SCRATCH | XMM_SCRATCH, true);
    if (t->u->region && (in->aux & IR_LABEL_POLL)) {
        x_nop(&t->as, -(uintptr_t)t->as.p & (LOOP_ALIGN - 1));
    }
    t->label_at[i] = t->as.p - t->as.start;
    if (in->aux & IR_LABEL_POLL) {
        x_alu_imm(&t->as, ALU_CMP, 0,
                  rm_vcpu(offsetof(struct vcpu, request)), 0);
        t->poll_stub[t->poll_stubs++] = (struct poll_stub){
            .disp = x_jcc32(&t->as, CC_NE), .insn = in->insn,
        };
    }
}

/* -- behind the unit --------------------------------------------------- */

/* A request: leave for the label's guest instruction. */
static void emit_poll_stub(struct backend_thread *t,
                           const struct poll_stub *s)
{
    x_fix32(s->disp, t->as.p);
    region_leave(t);
    call_thunk(t, t->b->relookup);
    add_site(t, s->insn);
}

static void emit_exit_stub(struct backend_thread *t,
                           const struct exit_stub *s)
{
    x_fix32(s->disp, t->as.p);
    if (s->flags != EXIT_FLAGS_STORED) {
        fl_restore_packed(t, s);
        x_op(&t->as, X_MOV_STORE16, RAX, rm_home(HOME_FLAGS));
    }
    region_leave(t);
    emit_way_out(t, ALWAYS, s->edge);
}

static void emit_region_stubs(struct backend_thread *t)
{
    for (unsigned k = 0; k < t->poll_stubs && !t->full; k++) {
        emit_poll_stub(t, &t->poll_stub[k]);
        t->full = t->as.p + OP_ROOM > t->as.end;
    }
    for (unsigned k = 0; k < t->exit_stubs && !t->full; k++) {
        emit_exit_stub(t, &t->exit_stub[k]);
        t->full = t->as.p + OP_ROOM > t->as.end;
    }
}

void emit_stubs(struct backend_thread *t)
{
    struct asm_buf *as = &t->as;

    emit_region_stubs(t);
    for (unsigned k = 0; k < t->label_uses; k++) {
        struct label_use *use = &t->label_use[k];

        x_fix32(use->disp, as->start + t->label_at[use->label]);
    }
}
