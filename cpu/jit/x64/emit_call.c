/*
 * Calls of C: helpers, and ops that have no host code.
 *
 * A call goes through a thunk (thunks.c) that saves the guest registers
 * which C functions destroy.  Arguments travel in scratch registers, which
 * the thunk moves to where the C ABI wants them:
 *   helpers       rdi, rdx, rcx -> a, b, c; result in rax
 *   vector calls  rdi result, rdx a, rcx b, rax c; FRAME_DESC the constant
 */
#include "cpu/jit/x64/emit.h"

#include <assert.h>

#include "cpu/ir/interp.h"

/* -- helpers on integers ----------------------------------------------- */

static void call_int(struct backend_thread *t, ir_ref i,
                     const struct ir_insn *in, const struct ir_helper *h)
{
    static const uint8_t arg_reg[3] = { RDI, RDX, RCX };
    const ir_ref arg[3] = { in->a, in->b, in->c };

    fl_clobber(t);
    for (unsigned k = 0; k < 3; k++) {
        if (arg[k] != IR_NONE) {
            ra_use_fixed(t, arg[k], true, arg_reg[k]);
        }
    }
    ra_release_all(t, in);
    ra_flush(t, GPR_SCRATCH | (h->flags & IR_HELPER_NO_FP ? 0 : XMM_SCRATCH),
             h->flags & IR_HELPER_REGS);
    if (h->flags & IR_HELPER_KEEPS) {
        call_thunk(t, thunk_helper(t->b, h));
    } else {
        call_outside(t, thunk_helper(t->b, h),
                     h->flags & IR_HELPER_EXITS ? t->in->insn : -1);
        check_forget(t);
    }
    if (t->val[i].left) {
        if (!(t->temps & REG_BIT(RAX))) {
            ra_take(t, RAX);
        }
        ra_def_in(t, i, RAX);
        if (in->type == IR_I32) {
            t->val[i].state |= VAL_NARROW;
        }
    }
}

void emit_call(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    call_int(t, i, in, (const struct ir_helper *)(uintptr_t)in->imm);
}

/* CRC-32 with the polynomial that the host has no instruction for. */
static uint64_t crc32_helper(struct vcpu *vcpu, uint64_t crc, uint64_t data,
                             uint64_t bytes)
{
    uint32_t c = crc;

    (void)vcpu;
    for (; bytes--; data >>= 8) {
        c ^= data & 0xff;
        for (int bit = 0; bit < 8; bit++) {
            c = c >> 1 ^ (-(c & 1) & 0xedb88320);
        }
    }
    return c;
}

void emit_crc32_call(struct backend_thread *t, ir_ref i,
                     const struct ir_insn *in)
{
    static const struct ir_helper helper = {
        .name = "crc32", .call = crc32_helper, .nargs = 3,
    };

    fl_clobber(t);
    ra_use_fixed(t, in->a, false, RDI);
    ra_use_fixed(t, in->b, in->type == IR_I64, RDX);
    ra_take(t, RCX);
    x_mov_imm(&t->as, RCX, ir_type_size(in->type));
    ra_release_all(t, in);
    ra_flush(t, GPR_SCRATCH | XMM_SCRATCH, false);
    call_outside(t, thunk_helper(t->b, &helper), -1);
    ra_take(t, RAX);
    ra_def_in(t, i, RAX);
}

/* -- ops on vectors ---------------------------------------------------- */

/* Where the operand is in memory, put there if need be; n numbers the
 * argument slots.  Integers and flags always go to a slot. */
static struct x64_rm memory_operand(struct backend_thread *t, ir_ref ref,
                                    unsigned n)
{
    struct value *v = &t->val[ref];
    struct x64_rm slot = rm_frame(FRAME_ARG + 16 * n);

    if (!(v->state & VAL_VEC)) {
        int reg = v->state & VAL_FLAGS ? fl_packed(t, ref)
                                       : ra_use(t, ref, true);

        x_store(&t->as, slot, reg);
        return slot;
    }
    if (v->spill) {
        return rm_spill(v->spill);
    }
    if (v->home != NO_HOME && !home_reg(t, v->home)) {
        return rm_home(v->home);
    }
    x_movdqa_store(t, slot, ra_use_vec(t, ref));
    return slot;
}

static void load_address(struct backend_thread *t, int reg, struct x64_rm m,
                         bool present)
{
    if (present) {
        x_op(&t->as, X_LEA | X_W, reg, m);
    } else {
        x_alu(&t->as, ALU_XOR, 0, reg, rm_reg(reg));
    }
}

static void set_desc(struct backend_thread *t, uint64_t desc)
{
    struct x64_rm to = rm_frame(FRAME_DESC);

    if ((int64_t)desc == (int32_t)desc) {
        x_op(&t->as, X_MOV_IMM | X_W, 0, to);
        x_imm32(&t->as, desc);
    } else {
        x_mov_imm(&t->as, RAX, desc);
        x_store(&t->as, to, RAX);
    }
}

/* Call a vector function; the result is left in a spill slot. */
static void call_vec(struct backend_thread *t, ir_ref i,
                     const struct ir_insn *in, const uint8_t *thunk,
                     uint64_t desc, unsigned flags)
{
    const ir_ref arg[3] = { in->a, in->b, in->c };
    struct x64_rm m[3] = { { 0 } }, result;
    unsigned slot = 0;

    fl_clobber(t);
    for (unsigned k = 0; k < 3; k++) {
        if (arg[k] != IR_NONE) {
            m[k] = memory_operand(t, arg[k], k);
        }
    }
    if (t->val[i].left) {
        slot = ra_spill_slot(t);
    }
    result = slot ? rm_spill(slot) : rm_frame(FRAME_ARG + 48);
    ra_release_all(t, in);
    ra_flush(t, GPR_SCRATCH | (flags & IR_HELPER_NO_FP ? 0 : XMM_SCRATCH),
             flags & IR_HELPER_REGS);
    set_desc(t, desc);
    load_address(t, RDI, result, true);
    load_address(t, RDX, m[0], in->a != IR_NONE);
    load_address(t, RCX, m[1], in->b != IR_NONE);
    load_address(t, RAX, m[2], in->c != IR_NONE);
    call_outside(t, thunk, flags & IR_HELPER_EXITS ? t->in->insn : -1);
    if (slot) {
        ra_give_spill(t, i, slot);
    }
}

void emit_vcall(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    const struct ir_helper *h = (const struct ir_helper *)(uintptr_t)in->imm;

    const void *fn = (const void *)(uintptr_t)h->vcall;

    call_vec(t, i, in, thunk_vector(t->b, fn, h->flags, h->name), in->aux,
             h->flags);
}

void emit_vec_call(struct backend_thread *t, ir_ref i,
                   const struct ir_insn *in)
{
    ir_vec_fn *fn = ir_vec_ops[in->op];

    assert(fn);
    call_vec(t, i, in, thunk_vector(t->b, (const void *)(uintptr_t)fn,
                                    IR_HELPER_NO_FP,
                                    ir_op_info[in->op].name),
             ir_vec_desc(in), IR_HELPER_NO_FP);
}
