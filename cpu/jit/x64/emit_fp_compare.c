/*
 * Floating point comparisons; see fp.h.  The host's compare exactly as
 * Arm's do, invalid operation included: UCOMIS and equality are quiet,
 * COMIS and the orders are not.
 */
#include "cpu/jit/x64/fp.h"

/* How the first op that uses the flags wants them. */
static bool wants_swapped(const struct backend_thread *t, ir_ref i)
{
    unsigned end = i + 8u < t->u->count ? i + 8u : t->u->count;

    for (unsigned k = i + 1u; k < end; k++) {
        const struct ir_insn *in = &t->u->insn[k];

        if (in->a == i && (in->op == IR_BRCC || in->op == IR_SETCC ||
                           in->op == IR_SELECT)) {
            return fl_prefers_swapped(in->aux);
        }
    }
    return false;
}

void emit_fcmp(struct backend_thread *t, ir_ref i, const struct ir_insn *in)
{
    unsigned op = (v_extra(in) ? F_COMIS : F_UCOMIS) | fp_packed_prefix(in);
    bool swapped = wants_swapped(t, i);
    struct x64_rm second;
    int first;

    if (!fp_fast(t, in)) {
        emit_vec_call(t, i, in);
        return;
    }
    fl_clobber(t);
    first = ra_use_vec(t, swapped ? in->b : in->a);
    second = ra_use_vec_rm(t, swapped ? in->a : in->b);
    v_op1(t, op, first, second);
    ra_release_all(t, in);
    if (t->val[i].left) {
        t->fl = i;
        t->fl_kind = swapped ? FL_FP_SWAPPED : FL_FP;
    }
}

/* code: the predicate; extra: with the operands swapped. */
void emit_fcmp_mask(struct backend_thread *t, ir_ref i,
                    const struct ir_insn *in)
{
    bool swap = x64_row(t)->extra;
    struct fp_operands o;
    int first, dst;

    if (!fp_fast(t, in)) {
        emit_vec_call(t, i, in);
        return;
    }
    o = fp_use(t, in, false, !swap);
    first = o.m[swap].base;
    dst = fp_def(t, i, in, &o);
    v_op2_imm(t, F_CMP | fp_prefix(in), dst, first, o.m[!swap],
              x64_row(t)->code);
    if (v_shape(in) != IR_Q) {
        fp_cut(t, in, dst);
    }
}
