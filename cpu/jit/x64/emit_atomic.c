/*
 * Exclusives and atomic read-modify-writes: the common ones inline on the
 * host address, after a check of the write TLB; the rest in C.
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
           __builtin_ctz(size_of(in)) << SLOW_SIZE_SHIFT |
           slow_op(in) << SLOW_OP_SHIFT |
           (in->op == IR_RMW ? in->imm << SLOW_RMW_SHIFT : 0);
}

/* Everything in C: the slow path without a fast one. */
void emit_atomic_call(struct backend_thread *t, ir_ref i,
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
        value[count++] = mem_stored(t, in->b, IR_I64);
    }
    if (in->c != IR_NONE) {
        value[count++] = mem_stored(t, in->c, IR_I64);
    }
    ra_release_all(t, in);
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

void emit_load_ex(struct backend_thread *t, ir_ref i,
                  const struct ir_insn *in)
{
    emit_atomic_call(t, i, in);
}

void emit_store_ex(struct backend_thread *t, ir_ref i,
                   const struct ir_insn *in)
{
    emit_atomic_call(t, i, in);
}

void emit_rmw(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    emit_atomic_call(t, i, in);
}

void emit_cas(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    emit_atomic_call(t, i, in);
}
