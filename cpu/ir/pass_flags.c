/*
 * Regions: store flags only where somebody can see them.
 *
 * A SET of the flags whose value is seen only by the world behind exits
 * moves into the edges that lead there (ir_edge.flags), and one that nobody
 * sees goes away.  Faults and calls see them, and so do blocks of the region
 * that may fault or exit before they set them anew.  The poll of a LABEL
 * does not: where it interrupts code that sets the flags before it reads
 * them, whoever gets to see the old ones has no use for them.
 */
#include "cpu/ir/passes.h"

#include <string.h>

/* Who wants the flags from here on. */
enum need {
    NEED_NOBODY,
    NEED_EXITS,   /* edges out of the region only */
    NEED_MEMORY,  /* someone who looks into struct vcpu */
};

struct flow {
    struct ir_unit *u;
    bool wanted[IR_MAX_INSNS]; /* at each LABEL */
    bool rewrite;
    /* Edges out of the region since the last SET, when scanning backward. */
    uint16_t edge[IR_MAX_EDGES];
    unsigned edges;
};

static bool sets_flags(const struct ir_insn *i)
{
    return i->op == IR_SET && i->imm == offsetof(struct vcpu, flags);
}

static bool sees_flags(const struct ir_insn *i)
{
    if (i->op == IR_CALL || i->op == IR_VCALL) {
        const struct ir_helper *h = (const void *)(uintptr_t)i->imm;
        return h->flags & (IR_HELPER_EXITS | IR_HELPER_REGS);
    }
    if (ir_op_info[i->op].props & IR_P_MEM) {
        return !ir_is_host_access(i);
    }
    return i->op == IR_EXIT_INDIRECT || i->op == IR_EXIT_LOOP ||
           (i->op == IR_GET && i->imm == offsetof(struct vcpu, flags));
}

static enum need more(enum need a, enum need b)
{
    return a > b ? a : b;
}

static enum need at_edge(struct flow *f, const struct ir_insn *i,
                         enum need need)
{
    const struct ir_edge *e = &f->u->edge[ir_edge_of(i)];

    if (i->op == IR_EXIT) {
        need = NEED_NOBODY;
        f->edges = 0;
    }
    if (e->label != IR_NONE) {
        return f->wanted[e->label] ? NEED_MEMORY : need;
    }
    f->edge[f->edges++] = (uint16_t)ir_edge_of(i);
    return more(need, NEED_EXITS);
}

static void drop(struct ir_insn *i)
{
    i->op = IR_NOP;
    i->a = IR_NONE;
}

static enum need at_set(struct flow *f, struct ir_insn *i, enum need need)
{
    if (f->rewrite && need != NEED_MEMORY) {
        for (unsigned n = 0; n < f->edges; n++) {
            f->u->edge[f->edge[n]].flags = i->a;
        }
        drop(i);
    }
    f->edges = 0;
    return NEED_NOBODY;
}

/* One walk backward; true when it has learned something of a label. */
static bool walk(struct flow *f)
{
    enum need need = NEED_NOBODY;
    bool changed = false;

    f->edges = 0;
    for (unsigned n = f->u->count; n-- > 0;) {
        struct ir_insn *i = &f->u->insn[n];

        if (sets_flags(i)) {
            need = at_set(f, i, need);
        } else if (ir_has_edge(i->op)) {
            need = at_edge(f, i, need);
        } else if (i->op == IR_LABEL) {
            bool wanted = need != NEED_NOBODY;
            changed |= wanted != f->wanted[n];
            f->wanted[n] = wanted;
            need = wanted ? NEED_MEMORY : NEED_NOBODY;
            f->edges = 0;
        } else if (sees_flags(i)) {
            need = NEED_MEMORY;
        }
    }
    return changed;
}

void ir_pass_flags(struct ir_unit *u)
{
    struct flow f = {.u = u};

    while (walk(&f)) {
    }
    f.rewrite = true;
    walk(&f);
}
