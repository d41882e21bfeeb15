/*
 * The passes over a unit, in order, and the one that drops what nobody
 * reads.
 */
#include "cpu/ir/passes.h"

#include "util/bits.h"

void ir_passes_cold(struct ir_unit *u)
{
    ir_pass_dead(u);
}

void ir_passes_region(struct ir_unit *u)
{
    ir_pass_dead(u);
}

/* Turn an op into one that does nothing: a constant nobody uses. */
static void drop(struct ir_unit *u, struct ir_insn *i)
{
    const ir_ref operand[] = {i->a, i->b, i->c, i->d};

    for (unsigned n = 0; n < ARRAY_SIZE(operand); n++) {
        if (operand[n] != IR_NONE) {
            u->insn[operand[n]].uses--;
        }
    }
    *i = (struct ir_insn){.op = IR_CONST, .type = IR_I64, .a = IR_NONE,
                          .b = IR_NONE, .c = IR_NONE, .d = IR_NONE};
}

static bool sets_flags(const struct ir_insn *i)
{
    return i->op == IR_SET && i->imm == offsetof(struct vcpu, flags);
}

/* Something outside the unit may look at the flags here. */
static bool observes_flags(const struct ir_insn *i)
{
    unsigned props = ir_op_info[i->op].props;

    if (props & (IR_P_MEM | IR_P_EXIT)) {
        return true;
    }
    if (i->op == IR_CALL) {
        const struct ir_helper *h = (void *)(uintptr_t)i->imm;
        return h->flags & (IR_HELPER_EXITS | IR_HELPER_REGS);
    }
    return i->op == IR_LABEL ||
           (i->op == IR_GET && i->imm == offsetof(struct vcpu, flags));
}

void ir_pass_dead(struct ir_unit *u)
{
    bool flags_dead = false;

    for (unsigned n = u->count; n-- > 0;) {
        struct ir_insn *i = &u->insn[n];

        if (sets_flags(i)) {
            if (flags_dead) {
                drop(u, i);
            }
            flags_dead = true;
        } else if (observes_flags(i)) {
            flags_dead = false;
        } else if (i->uses == 0 && i->op != IR_CONST &&
                   (ir_op_info[i->op].props & IR_P_PURE)) {
            drop(u, i);
        }
    }
}
