/*
 * One unit into host code: entries, a backward scan, a forward pass, and
 * what lies behind the unit.
 *
 *   pad      call relookup                    (PAD_SIZE bytes)
 *   guarded  cmp [page id], id; jne pad
 *   polled   cmp rsp, [stack_limit]; jb pad
 *   entry    (a region: exchange registers, subroutines that do)
 *            the ops
 *            slow paths, stubs of links, constants
 *
 * A dead block gets a short jump to its pad written over each entry: two
 * bytes that lie within an aligned eight, and within one instruction.
 */
#include <assert.h>
#include <stdlib.h>

#include "cpu/jit/x64/emit.h"
#include "util/bits.h"

/* -- backward: uses ----------------------------------------------------- */

/* What the value of such an op begins as. */
static unsigned state_of(unsigned op, unsigned type)
{
    const struct ir_op_info *info = &ir_op_info[op];
    bool by_type = info->result == IR_C_TYPE;
    bool vec = by_type ? ir_type_is_vec(type) : info->result == IR_C_VEC;
    bool flags = by_type ? type == IR_FLAGS : info->result == IR_C_FLAGS;
    bool constant = op == IR_CONST || op == IR_PC;

    return (vec ? VAL_VEC : 0) | (flags ? VAL_FLAGS : 0) |
           (constant ? VAL_CONST : 0) | (op == IR_PC ? VAL_PC : 0) |
           (constant || (info->props & IR_P_PURE) ? 0 : VAL_LIVE);
}

static void note_states(struct backend_thread *t)
{
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        for (unsigned type = 0; type < IR_TYPES; type++) {
            t->state[op | type << 8] = state_of(op, type);
        }
    }
}

/* The same, looked up by both at once. */
static inline unsigned scan_state(const struct backend_thread *t,
                                  const struct ir_insn *in)
{
    uint16_t op_and_type;

    _Static_assert(offsetof(struct ir_insn, type) ==
                   offsetof(struct ir_insn, op) + 1, "as one");
    memcpy(&op_and_type, &in->op, sizeof(op_and_type));
    return t->state[op_and_type];
}

/* Mark what is live across a LABEL. */
static void scan_labels(struct backend_thread *t)
{
    unsigned label = 0;

    for (unsigned i = 0; i < t->u->count; i++) {
        const struct ir_insn *in = &t->u->insn[i];
        const ir_ref ref[4] = {
            in->a, in->b, in->c,
            ir_has_edge(in->op) ? t->u->edge[ir_edge_of(in)].flags
                                 : IR_NONE,
        };

        if (in->op == IR_LABEL) {
            label = i;
        }
        for (unsigned k = 0; k < 4; k++) {
            if (ref[k] < label) {
                t->val[ref[k]].state |= VAL_CROSSES;
            }
        }
    }
}

/* What edges out of a region take with them. */
static void scan_edges(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->u->edge_count; n++) {
        t->val[t->u->edge[n].flags].left++;
    }
}

/* In steps, as scan_begin(). */
static void scan_consts(struct backend_thread *t)
{
    const struct ir_insn *in = t->u->insn + IR_FIRST_CONST;
    struct value *v = t->val + IR_FIRST_CONST, *end = v + t->u->const_count;

    _Static_assert(IR_MAX_CONSTS % 4 == 0, "steps of four");
    while (v < end) {
        #pragma GCC unroll 4
        for (unsigned n = 0; n < 4; n++, v++, in++) {
            *v = NO_VALUE;
            v->state = scan_state(t, in);
        }
    }
}

/* No branch in here depends on the code: it would often be mispredicted. */
static void scan_ops(struct backend_thread *t)
{
    const struct ir_insn *in = t->u->insn + t->u->count;
    struct value *val = t->val, *v = val + t->u->count;

    while (v-- > val) {
        unsigned left = v->left + (--in)->set;
        unsigned state = scan_state(t, in) | (left + UINT16_MAX) >> 16;
        unsigned live = state & VAL_LIVE;

        _Static_assert(VAL_LIVE == 1, "what is added to uses");
        v->left = left;
        v->state = state;
        val[in->a].left += live;
        val[in->b].left += live;
        val[in->c].left += live;
    }
}

/* In large steps, one for most units; what lies behind them is not in use. */
static void scan_begin(struct backend_thread *t)
{
#define FOUR NO_VALUE, NO_VALUE, NO_VALUE, NO_VALUE
    static const struct value step[] = { FOUR, FOUR, FOUR, FOUR };
#undef FOUR
    struct value *end = t->val + t->u->count;

    for (struct value *v = t->val; v < end; v += ARRAY_SIZE(step)) {
        memcpy(v, step, sizeof(step));
    }
}

static void scan(struct backend_thread *t)
{
    scan_begin(t);
    scan_consts(t);
    t->val[IR_NONE].left = 1;
    if (t->u->region) {
        scan_edges(t);
    }
    scan_ops(t);
    if (t->u->region) {
        scan_labels(t);
    }
}

/* -- forward ----------------------------------------------------------- */

/* Where the guard has its displacement and its page id. */
#define GUARD_DISP 3
#define GUARD_ID 7
/* Offsets of the entries, of which each but the last is a comparison and a
 * jump to the pad. */
#define GUARDED PAD_SIZE
#define POLLED (GUARDED + 13)
#define ENTRY (POLLED + 6)

enum { LIMIT = offsetof(struct vcpu, stack_limit) - VCPU_BASE };
static const uint8_t entry_code[32] = {
    0xe8, 0, 0, 0, 0,                           /* call relookup */
    0x41, 0x81, 0xbe, 0, 0, 0, 0, 0, 0, 0, 0,   /* cmp [r14 + x], id */
    0x75, (uint8_t)-POLLED,                     /* jne pad */
    0x48, 0x3b, 0x65, LIMIT,                    /* cmp rsp, [limit] */
    0x72, (uint8_t)-ENTRY,                      /* jb pad */
};

static int guard_disp(uint64_t pc)
{
    return (int)(tlb_index(pc) * 4 +
                 offsetof(struct tlb_context, page_id)) - TLB_BASE;
}

static void emit_entries(struct backend_thread *t, uint32_t page_id)
{
    struct asm_buf *as = &t->as;
    uint8_t *pad = as->p;

    _Static_assert(REG_TLB == R14 && REG_VCPU == RBP && LIMIT < 128 &&
                   PAD_SIZE == 5, "as encoded");
    _Static_assert((GUARDED & 7) < 7 && (POLLED & 7) < 7 && (ENTRY & 7) < 7,
                   "what backend_kill writes lies in an aligned eight");
    assert(((uintptr_t)pad & 7) == 0); /* also for patched jumps */
    call_thunk(t, t->b->relookup);
    memcpy(pad + PAD_SIZE, entry_code + PAD_SIZE,
           sizeof(entry_code) - PAD_SIZE);
    x_disp32(pad + GUARDED + GUARD_DISP, guard_disp(t->u->pc));
    x_disp32(pad + GUARDED + GUARD_ID, (int32_t)page_id);
    t->guarded = pad + GUARDED;
    t->polled = pad + POLLED;
    t->entry = as->p = pad + ENTRY;
}

/* The op SETs a register to its value, which most often is there already. */
static inline void set_result(struct backend_thread *t, ir_ref i,
                              const struct ir_insn *in)
{
    if (t->home_owner[in->hint] == i && !(t->val[i].state & VAL_NARROW)) {
        ra_release(t, i);
    } else {
        set_home(t, i, in->hint);
        ra_end_op(t);
    }
}

static inline void emit_op(struct backend_thread *t, unsigned i,
                           const struct ir_insn *in)
{
    t->in = in;
    x64_ops[in->op].emit(t, i, in);
    if ((t->val[i].state & VAL_CROSSES) && t->val[i].left) {
        ra_spill_now(t, i);
    }
    ra_end_op(t);
    if (in->set) {
        set_result(t, (ir_ref)i, in);
    }
}

/* As many as there is room for whatever they are, again and again: most often
 * that is all. */
static void emit_ops(struct backend_thread *t)
{
    const struct ir_insn *in = t->u->insn;
    unsigned i = 0;

    while (i < t->u->count) {
        unsigned room = (unsigned)(t->as.end - t->as.p) / OP_ROOM;
        unsigned left = t->u->count - i, end = i + (room < left ? room : left);

        if (!room) {
            t->full = true;
            return;
        }
        for (; i < end; i++, in++) {
            if (t->val[i].state & VAL_LIVE) {
                emit_op(t, i, in);
            }
        }
    }
}

static void begin(struct backend_thread *t, const struct ir_unit *u,
                  struct jit_buffer *code)
{
    /* Aligned as it will be, for its constants and loops. */
    size_t skip = ((uintptr_t)code->rx - (uintptr_t)t->draft) &
                  (DRAFT_ALIGN - 1);
    size_t room = code->size < BLOCK_MAX_CODE ? code->size : BLOCK_MAX_CODE;
    uint8_t *start = t->draft + skip;

    t->u = u;
    t->as = (struct asm_buf){
        .p = start, .start = start, .end = start + room,
    };
    t->rx_delta = code->rx - start;
    t->slow_count = t->link_count = t->site_count = 0;
    t->thunk_relocs = t->pc_relocs = 0;
    t->pool_count = t->pool_uses = t->label_uses = t->fix_count = 0;
    t->exit_stubs = t->poll_stubs = t->landings = 0;
    t->checks = t->check_slot = 0;
    t->full = t->failed = false;
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
    region_begin(t);
    emit_ops(t);
    if (!t->full) {
        emit_refills(t);
    }
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
    memcpy(code->rw, as->start, result->code_size);
    result->pad = CALL_SIZE;
    result->guarded = t->guarded - as->start;
    result->polled = t->polled - as->start;
    result->entry = t->entry - as->start;
    result->links = t->links;
    result->link_count = t->link_count;
    result->sites = t->sites;
    result->site_count = t->site_count;
    result->thunk_reloc = t->thunk_reloc;
    result->thunk_relocs = t->thunk_relocs;
    result->pc_reloc = t->pc_reloc;
    result->pc_relocs = t->pc_relocs;
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
        note_states(t);
        region_usual(t);
        ra_thread_begin(t);
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

typedef uint16_t __attribute__((aligned(1), may_alias)) unaligned16;
typedef int32_t __attribute__((aligned(1), may_alias)) unaligned32;

/* Write opcode and displacement, at `disp`, of a jump or call at once. */
static void turn(uint8_t *disp, uint8_t opcode, int32_t value)
{
    unsigned shift = 8 * ((uintptr_t)(disp - 1) & 7);
    uint64_t *eight = (void *)align_down((uintptr_t)disp, 8);
    uint64_t mask = UINT64_C(0xffffffffff) << shift;
    uint64_t bits = (uint64_t)(uint32_t)value << 8 | opcode;

    assert(shift <= 24);
    __atomic_store_n(eight, (*eight & ~mask) | bits << shift,
                     __ATOMIC_RELEASE);
}

/* The displacement that leads there; NULL: to the stub or the run loop. */
static int32_t link_disp(const struct backend *b,
                         const struct block_link *link, const uint8_t *rx,
                         const uint8_t *target)
{
    if (!target && link->stub) {
        return link->to_stub;
    }
    return (int32_t)((target ? target : b->edge) - (rx + link->patch + 4));
}

void backend_link(const struct backend *b, const struct jit_buffer *code,
                  const struct block_link *link, const uint8_t *target)
{
    uint8_t *at = code->rw + link->patch;
    int32_t disp = link_disp(b, link, code->rx, target);

    assert(((uintptr_t)at & 7) <= BACKEND_PATCH_MOST);
    if (link->turns) {
        turn(at, target ? JMP_REL32 : CALL_REL32, disp);
    } else {
        /* x86 does this atomically: the bytes lie in an aligned eight. */
        *(volatile unaligned32 *)(void *)at = disp;
    }
}

unsigned backend_place_stubs(const struct backend *b,
                             const struct jit_buffer *stubs,
                             const struct jit_buffer *code,
                             struct block_link *links, unsigned count,
                             const void *base)
{
    int32_t to_link = (int32_t)((uint8_t *)links - (const uint8_t *)base);
    struct jit_buffer stub = *stubs;

    _Static_assert(BACKEND_STUB == CALL_SIZE, "a call");
    for (struct block_link *l = links; l < links + count; l++) {
        if (l->stub) {
            stub.rw -= BACKEND_STUB_SIZE;
            stub.rx -= BACKEND_STUB_SIZE;
            stub.rw[0] = CALL_REL32;
            x_disp32(stub.rw + 1, (int32_t)(b->edge - (stub.rx + CALL_SIZE)));
            x_disp32(stub.rw + BACKEND_STUB, to_link);
            l->to_stub = (int32_t)(stub.rx - (code->rx + l->patch + 4));
            x_disp32(code->rw + l->patch, l->to_stub);
        }
        to_link += sizeof(*l);
    }
    return (unsigned)((size_t)(stubs->rw - stub.rw) / BACKEND_STUB_SIZE);
}

void backend_forget_stubs(uint8_t *code, const struct block *b)
{
    const struct block_link *link = block_links(b);

    for (unsigned n = 0; n < b->link_count; n++, link++) {
        if (link->stub) {
            x_disp32(code + link->patch, 0);
        }
    }
}

static void add32(uint8_t *at, int32_t delta)
{
    int32_t v;

    memcpy(&v, at, 4);
    v += delta;
    memcpy(at, &v, 4);
}

static void add64(uint8_t *at, uint64_t delta)
{
    uint64_t v;

    memcpy(&v, at, 8);
    v += delta;
    memcpy(at, &v, 8);
}

void backend_rebase(uint8_t *code, const struct block *b, uint64_t pc_delta)
{
    const uint16_t *reloc = block_relocs(b) + b->thunk_relocs;
    int32_t disp = guard_disp(b->pc);

    memcpy(code + b->guarded + GUARD_DISP, &disp, 4);
    memcpy(code + b->guarded + GUARD_ID, &b->page_id, 4);
    for (unsigned n = 0; n < b->pc_relocs; n++) {
        add64(code + *reloc++, pc_delta);
    }
}

void backend_relocate(const struct backend *backend, uint8_t *code,
                      const struct block *b, ptrdiff_t code_delta,
                      uint64_t pc_delta)
{
    const uint16_t *reloc = block_relocs(b);
    const struct block_link *link = block_links(b);

    /* What backend_kill() writes over. */
    memcpy(code + b->guarded, entry_code + GUARDED, 2);
    memcpy(code + b->polled, entry_code + POLLED, 2);
    memcpy(code + b->entry, &b->head, sizeof(b->head));
    for (unsigned n = 0; n < b->thunk_relocs; n++) {
        add32(code + *reloc++, (int32_t)-code_delta);
    }
    for (unsigned n = 0; n < b->link_count; n++, link++) {
        backend_link(backend, &(struct jit_buffer){code, b->code, 0}, link,
                     NULL);
    }
    backend_rebase(code, b, pc_delta);
}


/* Short jump from `from` to the pad. */
static void kill_entry(struct jit_buffer *code, uint32_t guarded,
                       uint32_t from)
{
    int8_t disp = (int)guarded - PAD_SIZE - (int)(from + 2);
    uint16_t jump = 0xeb | (uint8_t)disp << 8;

    /* x86 does this atomically: the bytes lie in an aligned eight. */
    *(volatile unaligned16 *)(code->rw + from) = jump;
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
                        unsigned slow_every, uint64_t seed)
{
    t->random_registers = random_registers;
    t->slow_every = slow_every;
    t->seed = seed;
}

void backend_test_features(struct backend_thread *t,
                           const struct x64_features *host)
{
    t->host = *host;
}

void backend_test_baseline(struct backend_thread *t, bool baseline)
{
    t->host = t->b->host;
    if (baseline) {
        t->host = (struct x64_features){ 0 };
    }
}
