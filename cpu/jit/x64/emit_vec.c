/*
 * Vectors: moves, constants, and (vec_int.c) the ops themselves.
 */
#include "cpu/jit/x64/vec.h"

#include <assert.h>

#include "cpu/jit/x64/emit.h"

/* op dst, a, m in VEX form, or op dst, m with a ignored. */
static void sse(struct backend_thread *t, unsigned op, int dst, int a,
                struct x64_rm m)
{
    if (!m.mem && m.base >= XMM0) {
        m.base -= XMM0;
    }
    if (t->host.avx) {
        x_vex(&t->as, op, dst & 15, a & 15, m);
    } else {
        x_op(&t->as, op, dst & 15, m);
    }
}

void v_op1(struct backend_thread *t, unsigned op, int dst, struct x64_rm m)
{
    sse(t, op, dst, 0, m);
}

void v_op2(struct backend_thread *t, unsigned op, int dst, int a,
           struct x64_rm m)
{
    if (!t->host.avx && dst != a) {
        assert(m.mem || m.base != dst);
        x_movdqa(t, dst, rm_reg(a));
    }
    sse(t, op, dst, a, m);
}

void x_movdqa(struct backend_thread *t, int dst, struct x64_rm src)
{
    if (src.mem || src.base != dst) {
        sse(t, V_MOVAPS, dst, 0, src);
    }
}

void x_movdqa_store(struct backend_thread *t, struct x64_rm dst, int src)
{
    sse(t, V_MOVAPS_STORE, src, 0, dst);
}

void vec_load(struct backend_thread *t, enum ir_type type, int dst,
              struct x64_rm from, int tmp)
{
    switch (type) {
    case IR_I8:
    case IR_F16:
        x_op(&t->as, type == IR_I8 ? X_MOVZX8 : X_MOVZX16, tmp, from);
        sse(t, V_MOVD, dst, 0, rm_reg(tmp));
        break;
    case IR_F32:
        sse(t, V_MOVD, dst, 0, from);
        break;
    case IR_F64:
        sse(t, V_MOVQ, dst, 0, from);
        break;
    default:
        sse(t, V_MOVUPS, dst, 0, from);
    }
}

void vec_store(struct backend_thread *t, enum ir_type type,
               struct x64_rm to, int src)
{
    switch (type) {
    case IR_I8:
    case IR_F16:
        sse(t, type == IR_I8 ? V_PEXTRB : V_PEXTRW, src, 0, to);
        x_byte(&t->as, 0);
        break;
    case IR_F32:
        sse(t, V_MOVD_STORE, src, 0, to);
        break;
    case IR_F64:
        sse(t, V_MOVQ_STORE, src, 0, to);
        break;
    default:
        sse(t, V_MOVUPS_STORE, src, 0, to);
    }
}

/* -- pieces of ops ----------------------------------------------------- */

void v_op2_imm(struct backend_thread *t, unsigned op, int dst, int a,
               struct x64_rm m, unsigned imm)
{
    v_op2(t, op, dst, a, m);
    x_byte(&t->as, imm);
}

void v_op2_const(struct backend_thread *t, unsigned op, int dst, int a,
                 uint64_t lo, uint64_t hi)
{
    v_op2(t, op, dst, a, pool_const(t, lo, hi));
    pool_used(t, 0);
}

void v_shift(struct backend_thread *t, unsigned op, unsigned digit, int dst,
             int src, unsigned n)
{
    if (t->host.avx) {
        x_vex(&t->as, op, digit, dst & 15, rm_reg(src & 15));
    } else {
        x_movdqa(t, dst, rm_reg(src));
        x_op(&t->as, op, digit, rm_reg(dst & 15));
    }
    x_byte(&t->as, n);
}

int v_temp(struct backend_thread *t)
{
    return ra_temp(t, XMM_SCRATCH, 0);
}

void v_cut(struct backend_thread *t, const struct ir_insn *in, int dst)
{
    enum ir_shape shape = v_shape(in);

    if (shape == IR_D || (shape == IR_S && v_log2(in) == 3)) {
        v_op1(t, V_MOVQ, dst, rm_reg(dst));
    } else if (shape == IR_S) {
        v_op2_const(t, V_PAND, dst, dst, mask64(8 << v_log2(in)), 0);
    }
}

int v_def(struct backend_thread *t, ir_ref i, const struct ir_insn *in,
          int prefer, uint32_t avoid)
{
    ra_release_all(t, in);
    return ra_def_vec(t, i, prefer, t->host.avx ? 0 : avoid);
}

/* -- constants --------------------------------------------------------- */

struct x64_rm pool_const(struct backend_thread *t, uint64_t lo, uint64_t hi)
{
    unsigned k;

    for (k = 0; k < t->pool_count; k++) {
        if (t->pool[k].v[0] == lo && t->pool[k].v[1] == hi) {
            break;
        }
    }
    if (k == MAX_POOL) {
        t->failed = true;
        k = 0;
    } else if (k == t->pool_count) {
        t->pool[t->pool_count++] = (struct pool_entry){ { lo, hi } };
    }
    /* Resolved by emit_pool(): the displacement carries the index. */
    return rm_mem(RM_RIP, k);
}

void pool_used(struct backend_thread *t, unsigned tail)
{
    if (t->pool_uses == ARRAY_SIZE(t->pool_use)) {
        t->failed = true;
        return;
    }
    t->pool_use[t->pool_uses++] = (struct pool_use){ t->as.disp, tail };
}

void emit_pool(struct backend_thread *t)
{
    struct asm_buf *as = &t->as;
    uint8_t *base;

    if (!t->pool_count) {
        return;
    }
    if (as->p + 16 * (t->pool_count + 1) > as->end) {
        t->full = true;
        return;
    }
    while ((uintptr_t)as->p & 15) {
        x_byte(as, 0xcc);
    }
    base = as->p;
    for (unsigned k = 0; k < t->pool_count; k++) {
        x_imm64(as, t->pool[k].v[0]);
        x_imm64(as, t->pool[k].v[1]);
    }
    for (unsigned k = 0; k < t->pool_uses; k++) {
        struct pool_use *use = &t->pool_use[k];
        int32_t entry;

        memcpy(&entry, use->disp, 4);
        x_fix32(use->disp, base + 16 * entry - use->tail);
    }
}

void v_const(struct backend_thread *t, int dst, uint64_t lo, uint64_t hi)
{
    if (lo == 0 && hi == 0) {
        sse(t, V_PXOR, dst, dst, rm_reg(dst));
    } else if (lo == UINT64_MAX && hi == UINT64_MAX) {
        sse(t, V_PCMPEQD, dst, dst, rm_reg(dst));
    } else {
        sse(t, V_MOVAPS, dst, 0, pool_const(t, lo, hi));
        pool_used(t, 0);
    }
}

void emit_vconst(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned shape = in->aux & 0xff;
    unsigned bits = 8 * ir_type_size(in->type);
    uint64_t lo = in->imm, hi = shape == IR_Q ? in->imm : 0;

    if (shape == IR_S && bits < 64) {
        lo &= (UINT64_C(1) << bits) - 1;
    }
    v_const(t, ra_def_vec(t, i, NO_REG, 0), lo, hi);
}
