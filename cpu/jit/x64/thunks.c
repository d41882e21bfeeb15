/*
 * Fixed code at the head of the code cache: the way in and out of
 * generated code, slow paths, calls of C helpers.  Everything that names an
 * address of this process is here, so that units themselves are free of
 * them.
 *
 * All of it runs on the stack of calls (emit_control.c), whose pointer is
 * aligned to 16 bytes, less the return address where it is called.
 */
#include <assert.h>
#include <stdlib.h>

#include "cpu/jit/x64/x64.h"
#include "util/bits.h"

#define THUNK_AREA (512 * 1024)
/* Slow paths give way to helpers, which must fit. */
#define SLOW_AREA (256 * 1024)
#define THUNK_MAX 512

static struct x64_rm field(size_t offset)
{
    return rm_vcpu((int)offset);
}

static void clear32(struct asm_buf *a, struct x64_rm m)
{
    x_op(a, X_MOV_IMM, 0, m);
    x_imm32(a, 0);
}

/* Store or load the pinned registers of a set. */
static void pinned(struct asm_buf *a, uint32_t set, bool store)
{
    for (unsigned n = 0; n < 32; n++) {
        int reg = x64_pinned[n];

        if (!reg || !(set & REG_BIT(reg))) {
            continue;
        }
        if (store) {
            x_store(a, field(VCPU_R(n)), reg);
        } else {
            x_load(a, reg, field(VCPU_R(n)));
        }
    }
    for (unsigned n = 0; n < 32; n++) {
        int reg = x64_pinned_vec[n];

        if (reg && (set & REG_BIT(reg))) {
            /* movaps, whatever the host: no upper halves are in use. */
            x_op(a, (store ? 0x29 : 0x28) | X_0F, reg - XMM0,
                 field(VCPU_V(n)));
        }
    }
}

/* Sticky bits of MXCSR into vcpu.fp.flags; the denormal operand (bit 1) has
 * no counterpart.  `clear`: they start anew.  Changes rax, rcx, flags. */
static void merge_fp(struct asm_buf *a, bool clear)
{
    struct x64_rm flags = field(offsetof(struct vcpu, fp.flags));
    struct x64_rm mxcsr = rm_frame(FRAME_MXCSR);
    uint8_t *none;

    _Static_assert(FP_IOC == 1 && FP_DZC == 2 && FP_OFC == 4 &&
                   FP_UFC == 8 && FP_IXC == 16, "bits 0, 2..5 of MXCSR");
    x_op(a, X_MXCSR, 3, mxcsr);
    x_load32(a, RAX, mxcsr);
    x_alu_imm(a, ALU_AND, 0, rm_reg(RAX), 0x3d);
    none = x_jcc8(a, CC_E);
    x_mov32(a, RCX, RAX);
    x_shift_imm(a, 5, 0, RCX, 1);
    x_alu_imm(a, ALU_AND, 0, rm_reg(RAX), 1);
    x_alu(a, ALU_OR, 0, RAX, rm_reg(RCX));
    x_op(a, X_ALU_STORE(ALU_OR), RAX, flags);
    if (clear) {
        x_op(a, X_MOV_IMM, 0, mxcsr);
        x_imm32(a, MXCSR_START);
        x_op(a, X_MXCSR, 2, mxcsr);
    }
    x_here8(a, none);
}

static void call_c(struct asm_buf *a, const void *fn)
{
    x_mov_imm(a, RAX, (uintptr_t)fn);
    x_op(a, X_CALL_RM, 2, rm_reg(RAX));
}

/* `counter`: of the function, or -1.  Changes flags. */
static void call_counted(struct asm_buf *a, const void *fn, int counter)
{
    if (counter >= 0) {
        x_load(a, RAX, field(offsetof(struct vcpu, helper_calls)));
        x_alu_imm(a, ALU_ADD, X_W, rm_mem(RAX, 8 * counter), 1);
    }
    call_c(a, fn);
}

static void vcpu_to_rdi(struct asm_buf *a)
{
    x_op(a, X_LEA | X_W, RDI, rm_mem(REG_VCPU, -VCPU_BASE));
}

/* -- in and out -------------------------------------------------------- */

static const uint8_t saved[] = { RBX, RBP, R12, R13, R14, R15 };

/* Between those and the stack of calls, whose lowest entry leads to
 * `stack_end`: it is never taken off. */
#define BELOW_STACK 24
#define STACK_ROOM (256 * 16)

/* The base is where it was, mostly.  What has been asked for meanwhile is
 * seen at the next poll. */
static void set_stack(struct asm_buf *a)
{
    uint8_t *same, *quiet;

    x_alu(a, ALU_CMP, X_W, RSP, field(offsetof(struct vcpu, stack_base)));
    same = x_jcc8(a, CC_E);
    x_store(a, field(offsetof(struct vcpu, stack_base)), RSP);
    x_op(a, X_LEA | X_W, RAX, rm_mem(RSP, -STACK_ROOM));
    x_store(a, field(offsetof(struct vcpu, stack_low)), RAX);
    x_op(a, X_XCHG | X_W, RAX, field(offsetof(struct vcpu, stack_limit)));
    x_alu_imm(a, ALU_CMP, 0, field(offsetof(struct vcpu, request)), 0);
    quiet = x_jcc8(a, CC_E);
    x_op(a, X_MOV_IMM | X_W, 0, field(offsetof(struct vcpu, stack_limit)));
    x_imm32(a, -1);
    x_here8(a, quiet);
    x_here8(a, same);
}

static void load_tlb(struct asm_buf *a)
{
    x_load(a, REG_TLB, field(offsetof(struct vcpu, tlb)));
    x_alu_imm(a, ALU_SUB, X_W, rm_reg(REG_TLB), -TLB_BASE);
}

/* enter(vcpu, entry) */
static void thunk_enter(struct asm_buf *a, const uint8_t *stack_end)
{
    for (unsigned k = 0; k < ARRAY_SIZE(saved); k++) {
        x_push(a, saved[k]);
    }
    x_alu_imm(a, ALU_SUB, X_W, rm_reg(RSP), BELOW_STACK);
    x_mov_imm(a, RAX, (uintptr_t)stack_end);
    x_store(a, rm_mem(RSP, 0), RAX);
    x_op(a, X_LEA | X_W, REG_VCPU, rm_mem(RDI, VCPU_BASE));
    set_stack(a);
    load_tlb(a);
    x_mov(a, RAX, RSI);
    x_op(a, X_MOV_IMM, 0, rm_frame(FRAME_MXCSR));
    x_imm32(a, MXCSR_START);
    x_op(a, X_MXCSR, 2, rm_frame(FRAME_MXCSR));
    pinned(a, ~0u, false);
    x_op(a, X_CALL_RM, 4, rm_reg(RAX));
}

/* Jumped to: return to the run loop. */
static void thunk_leave(struct asm_buf *a)
{
    pinned(a, ~0u, true);
    merge_fp(a, false);
    x_load(a, RSP, field(offsetof(struct vcpu, stack_base)));
    x_alu_imm(a, ALU_ADD, X_W, rm_reg(RSP), BELOW_STACK);
    for (unsigned k = ARRAY_SIZE(saved); k-- > 0;) {
        x_pop(a, saved[k]);
    }
    x_ret(a);
}

/* Look up anew, or serve a request first.  Called: where from says which
 * pc. */
static void thunk_relookup(struct asm_buf *a, const uint8_t *leave)
{
    x_pop(a, RDX);
    x_store(a, field(offsetof(struct vcpu, host_return)), RDX);
    x_alu(a, ALU_XOR, 0, RCX, rm_reg(RCX));
    x_alu_imm(a, ALU_CMP, 0, field(offsetof(struct vcpu, request)), 0);
    x_setcc(a, CC_NE, RCX);
    _Static_assert(VCPU_EXIT_NONE == 0 && VCPU_EXIT_REQUEST == 1, "setcc");
    x_store32(a, field(offsetof(struct vcpu, exit)), RCX);
    x_jmp_to(a, leave);
}

/* A poll found the stack below its limit: if nothing is requested, begin a
 * new one.  The order is that of vcpu_served(). */
static void drop_calls(struct asm_buf *a)
{
    uint8_t *above;

    x_alu(a, ALU_CMP, X_W, RSP, field(offsetof(struct vcpu, stack_limit)));
    above = x_jcc8(a, CC_AE);
    x_load(a, RAX, field(offsetof(struct vcpu, stack_low)));
    x_op(a, X_XCHG | X_W, RAX, field(offsetof(struct vcpu, stack_limit)));
    x_pop(a, RAX);
    x_load(a, RSP, field(offsetof(struct vcpu, stack_base)));
    x_push(a, RAX);
    x_here8(a, above);
}

/* Called by a block's pad.  What is left of a unit before another is entered
 * are the guest registers. */
static void thunk_pad(struct asm_buf *a, const uint8_t *relookup)
{
    uint32_t set = GPR_VOLATILE | XMM_PINNED;
    uint8_t *requested, *alone, *elsewhere;

    drop_calls(a);
    x_alu_imm(a, ALU_CMP, 0, field(offsetof(struct vcpu, request)), 0);
    requested = x_jcc32(a, CC_NE);
    x_load(a, RAX, field(offsetof(struct vcpu, reenter)));
    x_rr(a, X_TEST | X_W, RAX, RAX);
    alone = x_jcc32(a, CC_E);
    pinned(a, set, true);
    x_load(a, RSI, rm_mem(RSP, 0));
    vcpu_to_rdi(a);
    x_alu_imm(a, ALU_SUB, X_W, rm_reg(RSP), 8);
    x_op(a, X_CALL_RM, 2, rm_reg(RAX));
    x_alu_imm(a, ALU_ADD, X_W, rm_reg(RSP), 8);
    pinned(a, set, false);
    x_rr(a, X_TEST | X_W, RAX, RAX);
    elsewhere = x_jcc32(a, CC_E);
    x_alu_imm(a, ALU_ADD, X_W, rm_reg(RSP), 8);
    x_op(a, X_CALL_RM, 4, rm_reg(RAX));
    x_fix32(requested, a->p);
    x_fix32(alone, a->p);
    x_fix32(elsewhere, a->p);
    x_jmp_to(a, relookup);
}

/* Called by the stub of a link. */
static void thunk_edge(struct asm_buf *a, const uint8_t *leave)
{
    x_pop(a, RDX);
    x_store(a, field(offsetof(struct vcpu, host_return)), RDX);
    clear32(a, field(offsetof(struct vcpu, exit)));
    x_jmp_to(a, leave);
}

/* Look rax up in the jump cache: on a hit go to the guarded entry of its
 * block. */
static void look_up(struct asm_buf *a, const uint8_t *miss)
{
    a->p += x64_jump_cache(a->p);
    x_jcc_to(a, CC_NE, miss);
    x_op(a, X_CALL_RM, 4, rm_jump_code());
}

/*
 * A return with rax = pc, to another place than that of the last call: that of
 * an earlier one in this context, or of none.  rcx: 0 where entries are of
 * this context.
 */
static void thunk_other_return(struct asm_buf *a, const uint8_t *miss)
{
    uint8_t *again, *next, *none, *mark, *found, *foreign;

    x_mov(a, RDX, RSP);
    x_alu(a, ALU_XOR, 0, RCX, rm_reg(RCX));
    again = a->p;
    x_alu(a, ALU_CMP, X_W, RDX, field(offsetof(struct vcpu, stack_base)));
    none = x_jcc8(a, CC_E);
    x_test_imm(a, 0, rm_mem(RDX, 8), 1);
    mark = x_jcc8(a, CC_NE);
    x_rr(a, X_TEST | X_W, RCX, RCX);
    foreign = x_jcc8(a, CC_NE);
    x_alu(a, ALU_CMP, X_W, RAX, rm_mem(RDX, 8));
    found = x_jcc8(a, CC_E);
    x_here8(a, foreign);
    next = a->p;
    x_alu_imm(a, ALU_ADD, X_W, rm_reg(RDX), 16);
    x_jmp_to(a, again);
    x_here8(a, mark);
    x_load(a, RCX, rm_mem(RDX, 8));
    x_alu_imm(a, ALU_XOR, X_W, rm_reg(RCX), 1);
    x_alu(a, ALU_XOR, X_W, RCX, field(offsetof(struct vcpu, jump_key)));
    x_jmp_to(a, next);
    x_here8(a, found);
    x_mov(a, RSP, RDX);
    x_ret(a);
    x_here8(a, none);
    x_mov(a, RSP, RDX);
    look_up(a, miss);
}

/* Returned to from the lowest entry of the stack of calls, rax = pc. */
static void thunk_stack_end(struct asm_buf *a, const uint8_t *miss)
{
    x_alu_imm(a, ALU_SUB, X_W, rm_reg(RSP), 8);
    look_up(a, miss);
}

/* rax = pc (and for exit_loop ecx = exit). */
static void thunk_out(struct asm_buf *a, const uint8_t *leave, bool has_exit)
{
    if (!has_exit) {
        x_alu(a, ALU_XOR, 0, RCX, rm_reg(RCX));
    }
    x_store(a, field(offsetof(struct vcpu, pc)), RAX);
    x_store32(a, field(offsetof(struct vcpu, exit)), RCX);
    x_op(a, X_MOV_IMM | X_W, 0, field(offsetof(struct vcpu, host_return)));
    x_imm32(a, 0);
    x_jmp_to(a, leave);
}

/* Behind a call of C: leave if it wants to.  The return address on the
 * stack names the instruction (below another one when `nested`), unless the
 * callee has set the pc. */
static void leave_if_exit(struct asm_buf *a, const uint8_t *leave,
                          bool sets_pc, bool nested)
{
    uint8_t *stay;

    x_alu_imm(a, ALU_CMP, 0, field(offsetof(struct vcpu, exit)), 0);
    stay = x_jcc8(a, CC_E);
    x_pop(a, RDX);
    if (nested) {
        x_pop(a, RDX);
    }
    if (sets_pc) {
        x_alu(a, ALU_XOR, 0, RDX, rm_reg(RDX));
    }
    x_store(a, field(offsetof(struct vcpu, host_return)), RDX);
    x_jmp_to(a, leave);
    x_here8(a, stay);
    x_ret(a);
}

/* -- slow paths -------------------------------------------------------- */

/* eax = description, the caller's rax pushed; keeps every general register
 * but what C preserves anyway. */
static void slow_call(struct asm_buf *a, const void *fn, bool nested)
{
    static const uint8_t scratch[] = { RCX, RDX, RDI };

    for (unsigned k = 0; k < ARRAY_SIZE(scratch); k++) {
        x_push(a, scratch[k]);
    }
    pinned(a, GPR_VOLATILE | XMM_PINNED, true);
    if (!nested) {
        x_push(a, RAX); /* alignment */
    }
    x_mov32(a, RSI, RAX);
    x_op(a, X_LEA | X_W, RDX, rm_frame(FRAME_ARG));
    vcpu_to_rdi(a);
    call_c(a, fn);
    if (!nested) {
        x_pop(a, RAX);
    }
    pinned(a, GPR_VOLATILE | XMM_PINNED, false);
    for (unsigned k = ARRAY_SIZE(scratch); k-- > 0;) {
        x_pop(a, scratch[k]);
    }
    x_pop(a, RAX);
}

static void slow_common(struct asm_buf *a, const void *fn,
                        const uint8_t *leave, bool nested)
{
    slow_call(a, fn, nested);
    leave_if_exit(a, leave, false, nested);
}

/* For thunk_fill(): arg[0] is the address, then the entry's addend; ZF: there
 * is none.  What lies in two pages, over and over where it is a frame
 * of the stack, needs no C. */
static void thunk_check(struct backend *b, struct asm_buf *a, ptrdiff_t delta)
{
    struct x64_rm arg = rm_frame(FRAME_ARG);
    uint8_t *in_page;

    b->slow_check = a->p + delta;
    x_push(a, RAX);
    x_load32(a, RAX, rm_frame(FRAME_ARG));
    x_alu_imm(a, ALU_AND, 0, rm_reg(RAX), (1 << TLB_PAGE_BITS) - 1);
    x_op(a, X_ALU(ALU_ADD) | X_66, RAX, rm_frame(FRAME_DESC));
    x_alu_imm(a, ALU_CMP, 0, rm_reg(RAX), 1 << TLB_PAGE_BITS);
    in_page = x_jcc8(a, CC_BE);
    x_pop(a, RAX);
    x_op(a, X_MOV_IMM | X_W, 0, arg);
    x_imm32(a, 0);
    x_alu_imm(a, ALU_CMP, X_W, arg, 0);
    x_ret(a);
    x_here8(a, in_page);
    x_load32(a, RAX, rm_frame(FRAME_DESC));
    slow_call(a, jit_slow_check, true);
    x_alu_imm(a, ALU_CMP, X_W, arg, 0);
    x_ret(a);
}

/* As called from a unit, or (nested) from a thunk that a unit called. */
static void thunks_slow(struct backend *b, struct asm_buf *a,
                        const uint8_t *leave, ptrdiff_t delta, bool nested)
{
    const uint8_t *common = a->p;

    slow_common(a, jit_slow_plain, leave, nested);
    for (unsigned k = 0; k < SLOW_THUNKS; k++) {
        if ((k & SLOW_SIZE_MASK) > 5) {
            continue;
        }
        b->slow[nested][k] = a->p + delta;
        x_push(a, RAX);
        x_mov_imm(a, RAX, k);
        x_jmp_to(a, common);
    }
    b->slow_atomic[nested] = a->p + delta;
    x_push(a, RAX);
    x_load32(a, RAX, rm_frame(FRAME_DESC));
    slow_common(a, jit_slow_atomic, leave, nested);
}

/* -- helpers ----------------------------------------------------------- */

/* Code for calling `fn`; see emit_call.c for the arguments. */
static void thunk_call(struct asm_buf *a, const void *fn, unsigned flags,
                       bool vector, const uint8_t *leave, int counter)
{
    uint32_t set = flags & IR_HELPER_REGS    ? ~0u
                   : flags & IR_HELPER_NO_FP ? GPR_VOLATILE
                                             : GPR_VOLATILE | XMM_PINNED;

    pinned(a, set, true);
    x_mov(a, RSI, RDI);
    if ((flags & IR_HELPER_FP_STATUS) && !vector) {
        /* Vector helpers only add to the flags. */
        x_mov(a, R8, RCX);
        merge_fp(a, true);
        x_mov(a, RCX, R8);
    }
    if (vector) {
        x_mov(a, R8, RAX);
        x_load(a, R9, rm_frame(FRAME_DESC));
    }
    vcpu_to_rdi(a);
    x_alu_imm(a, ALU_SUB, X_W, rm_reg(RSP), 8);
    call_counted(a, fn, counter);
    x_alu_imm(a, ALU_ADD, X_W, rm_reg(RSP), 8);
    if (flags & IR_HELPER_TLB) {
        load_tlb(a);
    }
    pinned(a, set, false);
    if (flags & IR_HELPER_EXITS) {
        leave_if_exit(a, leave, flags & IR_HELPER_SETS_PC, false);
    } else {
        x_ret(a);
    }
}

/* IR_HELPER_KEEPS: only the argument's register is to be kept here. */
static void thunk_call_keeping(struct asm_buf *a, const void *fn,
                               int counter)
{
    x_push(a, RSI);
    x_mov(a, RSI, RDI);
    vcpu_to_rdi(a);
    call_counted(a, fn, counter);
    x_pop(a, RSI);
    x_ret(a);
}

/* As slow_common(), for the function of a vector op.  Arguments and, behind
 * them, the result are in the frame. */
static void thunk_call_exact(struct asm_buf *a, const void *fn, int counter)
{
    static const uint8_t keep[] = { RAX, RCX, RDX, RDI };

    for (unsigned k = 0; k < ARRAY_SIZE(keep); k++) {
        x_push(a, keep[k]);
    }
    x_alu_imm(a, ALU_SUB, X_W, rm_reg(RSP), 8);
    pinned(a, GPR_VOLATILE, true);
    vcpu_to_rdi(a);
    x_op(a, X_LEA | X_W, RSI, rm_frame(FRAME_ARG + 48));
    x_op(a, X_LEA | X_W, RDX, rm_frame(FRAME_ARG));
    x_op(a, X_LEA | X_W, RCX, rm_frame(FRAME_ARG + 16));
    x_op(a, X_LEA | X_W, R8, rm_frame(FRAME_ARG + 32));
    x_load(a, R9, rm_frame(FRAME_DESC));
    call_counted(a, fn, counter);
    pinned(a, GPR_VOLATILE, false);
    x_alu_imm(a, ALU_ADD, X_W, rm_reg(RSP), 8);
    for (unsigned k = ARRAY_SIZE(keep); k-- > 0;) {
        x_pop(a, keep[k]);
    }
    x_ret(a);
}

/* The entry of a key, or the empty one where it belongs. */
static struct keyed_thunk *find(struct backend *b, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    unsigned k = hash >> 52;

    _Static_assert(KEYED_THUNKS == 1 << 12, "hash >> 52");
    for (;; k = (k + 1) & (KEYED_THUNKS - 1)) {
        struct keyed_thunk *h = &b->keyed[k];
        uint64_t found = atomic_load_explicit(&h->key, memory_order_acquire);

        if (!found || found == key) {
            return h;
        }
    }
}

static const uint8_t *known(struct backend *b, uint64_t key)
{
    struct keyed_thunk *h = find(b, key);

    return atomic_load_explicit(&h->key, memory_order_acquire) ? h->code
                                                               : NULL;
}

/* Where the next one goes; the lock is held until it is finished. */
static struct asm_buf begin(struct backend *b)
{
    pthread_mutex_lock(&b->lock);
    return (struct asm_buf){ .p = b->thunks.rw + b->thunks_used };
}

static const uint8_t *finish(struct backend *b, uint64_t key,
                             enum thunk_kind kind, unsigned flags,
                             const uint8_t *end, const char *name)
{
    struct keyed_thunk *h = find(b, key);
    const uint8_t *code = b->thunks.rx + b->thunks_used;

    if (!atomic_load_explicit(&h->key, memory_order_relaxed)) {
        h->code = code;
        h->kind = kind;
        h->flags = flags;
        if (b->perfmap) {
            perfmap_thunk(b->perfmap, code,
                          (size_t)(end - (b->thunks.rw + b->thunks_used)),
                          name);
        }
        b->thunks_used = align_up(end - b->thunks.rw, 16);
        b->keyed_count++;
        atomic_store_explicit(&h->key, key, memory_order_release);
    }
    pthread_mutex_unlock(&b->lock);
    return h->code;
}

/* The number of the counter for calls of a function, -1: none.  Under the
 * lock. */
static int new_counter(struct backend *b, const char *name)
{
    if (!b->count_calls || b->helper_count == BACKEND_MAX_HELPERS) {
        return -1;
    }
    b->helper_name[b->helper_count] = name;
    return (int)b->helper_count++;
}

static const uint8_t *thunk(struct backend *b, const void *key,
                            const void *fn, unsigned flags,
                            enum thunk_kind kind, const char *name)
{
    const uint8_t *code = known(b, (uintptr_t)key);
    struct asm_buf a;

    if (code) {
        return code;
    }
    a = begin(b);
    /* Helpers are a fixed number of C objects. */
    assert(b->keyed_count < KEYED_THUNKS - 1 &&
           b->thunks_used + THUNK_MAX <= THUNK_AREA);
    int counter = new_counter(b, name);
    if (kind == THUNK_EXACT) {
        thunk_call_exact(&a, fn, counter);
    } else if (flags & IR_HELPER_KEEPS) {
        thunk_call_keeping(&a, fn, counter);
    } else {
        thunk_call(&a, fn, flags, kind == THUNK_VECTOR,
                   b->leave - (b->thunks.rx - b->thunks.rw), counter);
    }
    return finish(b, (uintptr_t)key, kind, flags, a.p, name);
}

/* Rarely: out of the way of those who find it. */
static __attribute__((noinline)) const uint8_t *
new_slow(struct backend_thread *t, const struct slow_path *s, uint64_t key)
{
    struct backend *b = t->b;
    const uint8_t *code;

    if (b->thunks_used > SLOW_AREA || b->keyed_count > KEYED_THUNKS / 2) {
        return NULL;
    }
    struct asm_buf unit = t->as;
    unsigned relocs = t->thunk_relocs; /* the thunk does not move */
    ptrdiff_t delta = t->rx_delta;
    t->as = begin(b);
    t->rx_delta = b->thunks.rx - b->thunks.rw;
    slow_body(t, s, true);
    x_ret(&t->as);
    code = finish(b, key, THUNK_SLOW, 0, t->as.p,
                  s->desc & SLOW_STORE ? "slow-store" : "slow-load");
    t->as = unit;
    t->rx_delta = delta;
    t->thunk_relocs = relocs;
    return code;
}

const uint8_t *thunk_slow(struct backend_thread *t, const struct slow_path *s)
{
    uint64_t key = slow_key(s);
    const uint8_t *code = key ? known(t->b, key) : NULL;

    return code || !key ? code : new_slow(t, s, key);
}

/* ORDER: va 3..0, addend 7..4, desc 11..8; bits 63 and 62 tell it from an
 * address and from slow_key(). */
#define FILL_KEY ((uint64_t)3 << 62)

static bool is_scratch(unsigned reg)
{
    return GPR_SCRATCH >> reg & 1;
}

const uint8_t *thunk_fill_of_key(struct backend *b, uint64_t key)
{
    int va = key & 15, addend = key >> 4 & 15, desc = key >> 8 & 15;
    const uint8_t *code = known(b, key);
    struct asm_buf a;

    if (code) {
        return code;
    }
    if (key >> 12 != FILL_KEY >> 12 || !is_scratch((unsigned)addend) ||
        !is_scratch((unsigned)desc)) {
        return NULL;
    }
    a = begin(b);
    /* There is one for each three registers at most. */
    assert(b->keyed_count < KEYED_THUNKS - 1 &&
           b->thunks_used + THUNK_MAX <= THUNK_AREA);
    x_store(&a, rm_frame(FRAME_ARG), va);
    x_store32(&a, rm_frame(FRAME_DESC), desc);
    x_call_to(&a, b->slow_check - (b->thunks.rx - b->thunks.rw));
    x_load(&a, addend, rm_frame(FRAME_ARG));
    x_ret(&a);
    return finish(b, key, THUNK_FILL, 0, a.p, "slow-check");
}

const uint8_t *thunk_fill(struct backend *b, int va, int addend, int desc)
{
    return thunk_fill_of_key(b, FILL_KEY | (unsigned)(va | addend << 4 |
                                                      desc << 8));
}

const uint8_t *thunk_helper(struct backend *b, const struct ir_helper *h)
{
    return thunk(b, h, (const void *)(uintptr_t)h->call, h->flags,
                 THUNK_HELPER, h->name);
}

const uint8_t *thunk_vector(struct backend *b, const void *fn,
                            unsigned flags, const char *name)
{
    return thunk(b, fn, fn, flags, THUNK_VECTOR, name);
}

const uint8_t *thunk_exact(struct backend *b, const void *fn,
                           const char *name)
{
    return thunk(b, (const char *)fn + 1, fn, 0, THUNK_EXACT, name);
}

/* -- all together ------------------------------------------------------ */

bool thunks_emit(struct backend *b)
{
    ptrdiff_t delta = b->thunks.rx - b->thunks.rw;
    struct asm_buf a = { .p = b->thunks.rw };
    const uint8_t *leave;

    if (b->thunks.size < THUNK_AREA) {
        return false;
    }
    leave = a.p;
    b->leave = leave + delta;
    thunk_leave(&a);
    const uint8_t *relookup = a.p;
    thunk_relookup(&a, leave);
    b->relookup = a.p + delta;
    thunk_pad(&a, relookup);
    b->edge = a.p + delta;
    thunk_edge(&a, leave);
    b->indirect_miss = a.p + delta;
    const uint8_t *miss = a.p;
    thunk_out(&a, leave, false);
    b->exit_loop = a.p + delta;
    thunk_out(&a, leave, true);
    b->marked_return = a.p + delta; /* by the host, half taken off */
    x_alu_imm(&a, ALU_SUB, X_W, rm_reg(RSP), 8);
    b->other_return = a.p + delta;
    thunk_other_return(&a, miss);
    const uint8_t *stack_end = a.p + delta;
    thunk_stack_end(&a, miss);
    b->enter = (void (*)(struct vcpu *, const uint8_t *))(uintptr_t)
        (a.p + delta);
    thunk_enter(&a, stack_end);
    b->slow_code = a.p + delta;
    thunks_slow(b, &a, leave, delta, false);
    thunks_slow(b, &a, leave, delta, true);
    thunk_check(b, &a, delta);
    b->thunks_used = align_up(a.p - b->thunks.rw, 16);
    return true;
}

/* -- for those who measure --------------------------------------------- */

const char *backend_helper_name(const struct backend *b, unsigned n)
{
    return n < b->helper_count ? b->helper_name[n] : NULL;
}

void backend_observe(struct backend *b, struct perfmap *map, bool count)
{
    const struct {
        const uint8_t *code;
        const char *name;
    } fixed[] = {
        /* in the order of thunks_emit() */
        {b->leave, "leave"},
        {b->relookup, "relookup"},
        {b->edge, "edge"},
        {b->indirect_miss, "indirect-miss"},
        {b->exit_loop, "exit-loop"},
        {b->other_return, "other-return"},
        {(const uint8_t *)(uintptr_t)b->enter, "enter"},
        {b->slow_code, "slow-access"},
    };
    const uint8_t *end = b->thunks.rx + b->thunks_used;

    b->perfmap = map;
    b->count_calls = count;
    for (unsigned n = ARRAY_SIZE(fixed); map && n-- > 0;) {
        perfmap_thunk(map, fixed[n].code, (size_t)(end - fixed[n].code),
                      fixed[n].name);
        end = fixed[n].code;
    }
}

size_t thunks_area(void)
{
    return THUNK_AREA;
}
