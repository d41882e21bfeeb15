/*
 * Regions: where values are best computed (hints.h).
 *
 * Until a register is written again it is a good place, too, for a value that
 * it would have been SET to, had anybody seen that: hot loops on integers
 * have more values than the host has registers.
 */
#include "cpu/ir/hints.h"
#include "cpu/ir/passes.h"

#include <string.h>

/* A SET that went away. */
struct hidden {
    ir_ref value;
    uint16_t at;
    uint8_t home;
};

struct hints {
    struct ir_unit *u;
    uint16_t used[IR_MAX_INSNS]; /* of a value: where it is last */
    struct hidden hidden[IR_MAX_INSNS];
    unsigned hides;
};

/* The SET before the one at n is about to go away. */
static void hide(struct hints *h, unsigned n, unsigned set)
{
    const struct ir_insn *i = &h->u->insn[set];
    const struct ir_insn *value = &h->u->insn[i->a];

    if (value->hint == i->home && value->op != IR_GET &&
        h->u->insn[n].a > set) {
        h->hidden[h->hides++] = (struct hidden){i->a, (uint16_t)set, i->home};
    }
}

static void note_set(struct hints *h, unsigned n)
{
    struct ir_insn *i = &h->u->insn[n];
    unsigned hidden = ir_hints_hidden(h->u, i->home);

    if (hidden) {
        hide(h, n, hidden - 1);
    }
    ir_hints_set(h->u, n, i->home);
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
    i->hint = NO_HOME;
    if (i->op == IR_SET && i->home != NO_HOME) {
        note_set(h, n);
    } else if (i->op == IR_SET || i->op == IR_GET) {
        ir_hints_part(h->u, n, ir_home_around(i->imm));
    } else if (ir_is_barrier(i)) {
        ir_hints_barrier(h->u, n);
    }
}

void ir_pass_hints(struct ir_unit *u)
{
    struct hints h = {.u = u};

    memset(u->touched, 0, sizeof(u->touched));
    u->barrier = 0;
    for (unsigned n = 0; n < u->count; n++) {
        note(&h, n);
    }
    for (const struct hidden *s = h.hidden; s < h.hidden + h.hides; s++) {
        if (u->insn[s->value].hint == NO_HOME && h.used[s->value] > s->at) {
            u->insn[s->value].hint = s->home;
        }
    }
}
