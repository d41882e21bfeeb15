/*
 * Regions: where values are best computed (hints.h).
 *
 * Until a register is written again it is a good place, too, for a value that
 * it would have been SET to, had anybody seen that: hot loops on integers
 * have more values than the host has registers.
 */
#include "cpu/ir/hints.h"
#include "cpu/ir/passes.h"

/* A SET that went away. */
struct hidden {
    ir_ref value;
    uint16_t at;
    uint8_t home;
};

struct hints {
    struct ir_unit *u;
    uint16_t used[IR_MAX_INSNS]; /* of a value: where it is last */
    uint16_t set[HOMES];         /* where the last SET was that its value's
                                    op does now */
    struct hidden hidden[IR_MAX_INSNS];
    unsigned hides;
};

/* The SET that op `value` does is about to be hidden by the one at n. */
static void hide(struct hints *h, unsigned n, ir_ref value)
{
    const struct ir_insn *i = &h->u->insn[value];
    unsigned at = h->set[i->hint];

    if (i->op != IR_GET && h->u->insn[n].a > at) {
        h->hidden[h->hides++] = (struct hidden){value, (uint16_t)at, i->hint};
    }
}

static void note_set(struct hints *h, unsigned n)
{
    struct ir_insn *i = &h->u->insn[n];
    uint32_t seen = ir_hints_seen(h->u, i->home);
    uint32_t last = h->u->last_set[i->home];

    if (last >= seen) {
        unsigned hidden = last - h->u->first - 1;

        if (h->u->insn[hidden].set) {
            hide(h, n, (ir_ref)hidden);
        }
        ir_hints_hide(h->u, last);
    } else {
        last = seen;
    }
    if (ir_hints_set(h->u, i->a, i->home, last)) {
        h->set[i->home] = (uint16_t)n;
        i->op = IR_NOP;
        i->a = IR_NONE;
    } else {
        ir_hints_set_by(h->u, n, i->home);
    }
}

static void note_use(struct hints *h, unsigned n, ir_ref r)
{
    if (r < IR_FIRST_CONST) {
        h->used[r] = (uint16_t)n;
    }
}

static void note(struct hints *h, unsigned n)
{
    struct ir_insn *i = &h->u->insn[n];

    note_use(h, n, i->a);
    note_use(h, n, i->b);
    note_use(h, n, i->c);
    if (i->op == IR_SET && i->home != NO_HOME) {
        note_set(h, n);
    } else if (i->op == IR_SET || i->op == IR_GET) {
        ir_hints_use(h->u, n, ir_home_around(i->imm));
    } else if (ir_is_barrier(i)) {
        ir_hints_barrier(h->u, n);
    }
}

void ir_pass_hints(struct ir_unit *u)
{
    struct hints h = {.u = u};

    ir_hints_begin(u);
    for (unsigned n = 0; n < u->count; n++) {
        note(&h, n);
    }
    for (const struct hidden *s = h.hidden; s < h.hidden + h.hides; s++) {
        if (u->insn[s->value].hint == NO_HOME && h.used[s->value] > s->at) {
            u->insn[s->value].hint = s->home;
        }
    }
}
