/*
 * One unit into host code: entries, a backward scan, a forward pass, and
 * what lies behind the unit.
 *
 *   pad      mov rax, pc; jmp relookup        (PAD_SIZE bytes)
 *   guarded  cmp [page id], id; jne pad
 *   polled   cmp [request], 0; jne pad
 *   entry    the ops
 *            slow paths, stubs of links, constants
 *
 * A dead block gets a short jump to its pad written over each entry: two
 * bytes that lie within an aligned eight, and within one instruction.
 */
#include <assert.h>
#include <stdlib.h>

#include "cpu/jit/x64/emit.h"
#include "util/bits.h"

/* -- backward: uses and hints ------------------------------------------ */

/* What the rest of the unit does to general register n (one bit each). */
struct scan {
    struct backend_thread *t;
    uint32_t dead;        /* is overwritten before anything can see it */
    uint32_t pending;     /* is SET next to next[n], whose definition has
                             not been reached yet */
    ir_ref next[32];
    bool labels;
};

/* Some op may leave the unit or look at registers here. */
static bool is_barrier(const struct ir_insn *in)
{
    unsigned props = ir_op_info[in->op].props;

    if (props & IR_P_CALL) {
        const struct ir_helper *h =
            (const struct ir_helper *)(uintptr_t)in->imm;

        return h->flags & (IR_HELPER_EXITS | IR_HELPER_REGS);
    }
    return (props & (IR_P_MEM | IR_P_EXIT)) || in->op == IR_LABEL;
}

bool val_is_zext(const struct backend_thread *t, ir_ref ref)
{
    const struct ir_insn *in = &t->u->insn[ref];

    switch (in->op) {
    case IR_CONST:
        return in->imm <= UINT32_MAX;
    case IR_LOAD:
    case IR_LOAD2:
    case IR_SECOND:
        return in->type <= IR_I32 && !(in->aux & IR_MEM_SIGN64);
    case IR_SETCC:
    case IR_CRC32:
    case IR_LOAD_EX:
    case IR_LOAD_EX2:
    case IR_RMW:
    case IR_CAS:
        return in->type <= IR_I32 || in->op == IR_SETCC ||
               in->op == IR_CRC32;
    case IR_VGETL:
        return in->type <= IR_I32 && in->aux >> 8 != 2;
    case IR_FTOI_R:
        return in->aux >> 8 == IR_I32;
    default:
        return in->type <= IR_I32;
    }
}

static void forget_pending(struct scan *s, uint32_t set)
{
    for (uint32_t m = s->pending & set; m; m &= m - 1) {
        s->t->val[s->next[ctz32(m)]].hint = NO_HOME;
    }
    s->pending &= ~set;
}

/* False: the SET has no effect. */
static bool scan_set(struct scan *s, const struct ir_insn *in)
{
    unsigned home = home_of(in->type, in->imm);
    struct value *v = &s->t->val[in->a];
    uint32_t bit;

    if (in->imm >= VCPU_R(32)) {
        return true;
    }
    bit = 1u << in->imm / 8;
    if (home == NO_HOME) {
        s->dead &= ~bit;
        forget_pending(s, bit);
        return true;
    }
    if (s->dead & bit) {
        return false;
    }
    s->dead |= bit;
    if (x64_pinned[home] && s->t->u->insn[in->a].op != IR_CONST &&
        (in->type == IR_I64 || val_is_zext(s->t, in->a))) {
        if (v->hint != NO_HOME) {
            s->pending &= ~(1u << v->hint);
        }
        v->hint = home;
        s->next[home] = in->a;
        s->pending |= bit;
    }
    return true;
}

static void scan_get(struct scan *s, const struct ir_insn *in)
{
    if (in->imm < VCPU_R(32)) {
        uint32_t bit = 1u << in->imm / 8;

        s->dead &= ~bit;
        forget_pending(s, bit);
    }
}

static uint8_t value_state(const struct ir_insn *in)
{
    enum ir_class c = ir_op_info[in->op].result;

    if (c == IR_C_TYPE) {
        c = in->type == IR_FLAGS     ? IR_C_FLAGS
          : ir_type_is_vec(in->type) ? IR_C_VEC
                                     : IR_C_INT;
    }
    return (c == IR_C_VEC ? VAL_VEC : c == IR_C_FLAGS ? VAL_FLAGS : 0) |
           (in->op == IR_CONST ? VAL_CONST : 0);
}

/* No op has a fourth operand. */
static void count_uses(struct backend_thread *t, const struct ir_insn *in)
{
    if (in->a != IR_NONE) {
        t->val[in->a].left++;
    }
    if (in->b != IR_NONE) {
        t->val[in->b].left++;
    }
    if (in->c != IR_NONE) {
        t->val[in->c].left++;
    }
}

static void scan_one(struct scan *s, unsigned i)
{
    const struct ir_insn *in = &s->t->u->insn[i];
    struct value *v = &s->t->val[i];
    bool live = true;

    v->state = value_state(in);
    if (!v->left && (ir_op_info[in->op].props & IR_P_PURE)) {
        return;
    }
    if (v->hint != NO_HOME) {
        /* Found its definition: from here on nothing can spoil it. */
        s->pending &= ~(1u << v->hint);
    }
    if (in->op == IR_SET) {
        live = scan_set(s, in);
    } else if (in->op == IR_GET) {
        scan_get(s, in);
    } else if (is_barrier(in)) {
        s->dead = 0;
        forget_pending(s, ~0u);
        s->labels |= in->op == IR_LABEL;
    }
    if (live) {
        count_uses(s->t, in);
    } else {
        v->state = VAL_DEAD;
    }
}

/* Mark what is live across a LABEL. */
static void scan_labels(struct backend_thread *t)
{
    unsigned label = 0;

    for (unsigned i = 0; i < t->u->count; i++) {
        const struct ir_insn *in = &t->u->insn[i];
        const ir_ref ref[3] = { in->a, in->b, in->c };

        if (in->op == IR_LABEL) {
            label = i;
        }
        for (unsigned k = 0; k < 3; k++) {
            if (ref[k] != IR_NONE && ref[k] < label) {
                t->val[ref[k]].state |= VAL_CROSSES;
            }
        }
    }
}

static void scan(struct backend_thread *t)
{
    static const struct value fresh = {
        .reg = NO_REG, .home = NO_HOME, .alt = NO_HOME, .hint = NO_HOME,
    };
    struct scan s = { .t = t };

    for (unsigned i = 0; i < t->u->count; i++) {
        t->val[i] = fresh;
    }
    for (unsigned i = t->u->count; i-- > 0;) {
        scan_one(&s, i);
    }
    if (s.labels) {
        scan_labels(t);
    }
}

/* -- forward ----------------------------------------------------------- */

static void emit_entries(struct backend_thread *t, uint32_t page_id)
{
    struct asm_buf *as = &t->as;
    int page = tlb_index(t->u->pc) * 4 +
               offsetof(struct tlb_context, page_id);
    uint8_t *pad;

    x_nop(as, -(uintptr_t)as->p & 15);
    pad = as->p;
    x_mov_imm(as, RAX, t->u->pc);
    jump_thunk(t, t->b->relookup);
    assert(as->p <= pad + PAD_SIZE);
    while (as->p < pad + PAD_SIZE) {
        x_byte(as, 0xcc);
    }
    t->guarded = as->p;
    x_op(as, X_ALU_IMM32, ALU_CMP, rm_mem(REG_TLB, page));
    x_imm32(as, page_id);
    x_jcc8_to(as, CC_NE, pad);
    t->polled = as->p;
    x_alu_imm(as, ALU_CMP, 0, rm_vcpu(offsetof(struct vcpu, request)), 0);
    x_jcc8_to(as, CC_NE, pad);
    t->entry = as->p;
}

static void emit_op(struct backend_thread *t, unsigned i)
{
    const struct ir_insn *in = &t->u->insn[i];
    struct value *v = &t->val[i];

    if (v->state == VAL_DEAD ||
        (!v->left && (ir_op_info[in->op].props & IR_P_PURE))) {
        return;
    }
    t->row = &x64_ops[in->op];
    if (t->row->emit) {
        t->row->emit(t, i, in);
    } else {
        emit_vec_call(t, i, in);
    }
    if ((v->state & VAL_CROSSES) && v->left) {
        ra_spill_now(t, i);
    }
    ra_end_op(t);
    t->fl_hold = false;
}

static void emit_ops(struct backend_thread *t)
{
    for (unsigned i = 0; i < t->u->count; i++) {
        if (t->as.p + OP_ROOM > t->as.end) {
            t->full = true;
            return;
        }
        emit_op(t, i);
    }
}

static void begin(struct backend_thread *t, const struct ir_unit *u,
                  struct jit_buffer *code)
{
    t->u = u;
    t->as = (struct asm_buf){
        .p = code->rw, .start = code->rw, .end = code->rw + code->size,
    };
    t->rx_delta = code->rx - code->rw;
    t->slow_count = t->link_count = t->site_count = 0;
    t->pool_count = t->pool_uses = t->label_uses = t->fix_count = 0;
    t->full = t->failed = false;
    t->insn = 0;
    ra_begin(t);
}

bool backend_compile(struct backend_thread *t, const struct ir_unit *u,
                     uint32_t page_id, struct jit_buffer *code,
                     struct jit_result *result)
{
    struct asm_buf *as = &t->as;

    *result = (struct jit_result){ 0 };
    begin(t, u, code);
    if (code->size < OP_ROOM) {
        return false;
    }
    scan(t);
    emit_entries(t, page_id);
    emit_ops(t);
    if (!t->full) {
        emit_slow_paths(t);
    }
    if (!t->full) {
        emit_fp_fixes(t);
    }
    if (!t->full) {
        emit_stubs(t);
    }
    if (!t->full) {
        emit_pool(t);
    }
    result->too_complex = t->failed;
    if (t->full || t->failed) {
        return false;
    }
    result->code_size = as->p - as->start;
    result->guarded = t->guarded - as->start;
    result->polled = t->polled - as->start;
    result->entry = t->entry - as->start;
    result->links = t->links;
    result->link_count = t->link_count;
    result->sites = t->sites;
    result->site_count = t->site_count;
    return true;
}

/* -- the rest of backend.h --------------------------------------------- */

struct backend *backend_new(struct jit_buffer *code, size_t *used,
                            bool parallel, struct error **err)
{
    struct backend *b = calloc(1, sizeof(*b));

    if (!b) {
        error_set(err, "out of memory for the translator");
        return NULL;
    }
    b->parallel = parallel;
    b->thunks = *code;
    pthread_mutex_init(&b->lock, NULL);
    if (!target_detect(&b->host)) {
        error_set(err, "this processor lacks SSE4.2, CMPXCHG16B or LAHF, "
                  "which the translator needs; use -accel interp");
    } else if (!thunks_emit(b)) {
        error_set(err, "the code cache is too small for the translator's "
                  "own code; use a larger one");
    } else {
        *used = thunks_area();
        return b;
    }
    backend_free(b);
    return NULL;
}

void backend_free(struct backend *b)
{
    if (b) {
        pthread_mutex_destroy(&b->lock);
        free(b);
    }
}

struct backend_thread *backend_thread_new(struct backend *b)
{
    struct backend_thread *t = calloc(1, sizeof(*t));

    if (t) {
        t->b = b;
        t->host = b->host;
    }
    return t;
}

void backend_thread_free(struct backend_thread *t)
{
    free(t);
}

void backend_enter(struct backend *b, struct vcpu *vcpu,
                   const uint8_t *entry)
{
    b->enter(vcpu, entry);
}

const void *backend_jump_miss(const struct backend *b)
{
    return b->indirect_miss;
}

void backend_patch_jump(struct jit_buffer *at, const uint8_t *target)
{
    int32_t disp = target - (at->rx + 4);

    assert(((uintptr_t)at->rw & 3) == 0);
    __atomic_store_n((int32_t *)(void *)at->rw, disp, __ATOMIC_RELEASE);
}

/* Short jump from `from` to the pad. */
static void kill_entry(struct jit_buffer *code, uint32_t guarded,
                       uint32_t from)
{
    int8_t disp = (int)guarded - PAD_SIZE - (int)(from + 2);
    uint16_t jump = 0xeb | (uint8_t)disp << 8;

    /* x86 does this atomically: the bytes lie in an aligned eight. */
    *(volatile uint16_t *)(void *)(code->rw + from) = jump;
}

void backend_kill(struct backend *b, struct jit_buffer *code,
                  uint32_t guarded, uint32_t polled, uint32_t entry)
{
    (void)b;
    kill_entry(code, guarded, guarded);
    kill_entry(code, guarded, polled);
    kill_entry(code, guarded, entry);
}

void backend_test_hooks(struct backend_thread *t, bool random_registers,
                        bool force_slow, uint64_t seed)
{
    t->random_registers = random_registers;
    t->force_slow = force_slow;
    t->seed = seed;
}

void backend_test_baseline(struct backend_thread *t, bool baseline)
{
    t->host = t->b->host;
    if (baseline) {
        t->host = (struct x64_features){ 0 };
    }
}
