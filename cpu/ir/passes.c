/*
 * The passes over a unit, in order, and the one that drops what nobody
 * reads.
 */
#include "cpu/ir/passes.h"

#include <string.h>

#include "util/bits.h"

/* The back end's liveness drops what is dead. */
void ir_passes_cold(struct ir_unit *u)
{
    (void)u;
}

void ir_passes_region(struct ir_unit *u)
{
    ir_pass_dead(u);
}

static void count_uses(const struct ir_unit *u, uint16_t *uses)
{
    memset(uses, 0, u->count * sizeof(*uses));
    for (unsigned n = 0; n < u->count; n++) {
        const ir_ref operand[] = {u->insn[n].a, u->insn[n].b, u->insn[n].c};

        for (unsigned k = 0; k < ARRAY_SIZE(operand); k++) {
            if (operand[k] != IR_NONE) {
                uses[operand[k]]++;
            }
        }
    }
}

/* Turn an op into one that does nothing: a constant nobody uses. */
static void drop(struct ir_insn *i, uint16_t *uses)
{
    const ir_ref operand[] = {i->a, i->b, i->c};

    for (unsigned n = 0; n < ARRAY_SIZE(operand); n++) {
        if (operand[n] != IR_NONE) {
            uses[operand[n]]--;
        }
    }
    *i = (struct ir_insn){.op = IR_CONST, .type = IR_I64, .a = IR_NONE,
                          .b = IR_NONE, .c = IR_NONE, .insn = i->insn};
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
    uint16_t uses[IR_MAX_INSNS];
    bool flags_dead = false;

    count_uses(u, uses);
    for (unsigned n = u->count; n-- > 0;) {
        struct ir_insn *i = &u->insn[n];

        if (sets_flags(i)) {
            if (flags_dead) {
                drop(i, uses);
            }
            flags_dead = true;
        } else if (observes_flags(i)) {
            flags_dead = false;
        } else if (uses[n] == 0 && i->op != IR_CONST &&
                   (ir_op_info[i->op].props & IR_P_PURE)) {
            drop(i, uses);
        }
    }
}
