/*
 * Regions: guest registers in other host registers than everywhere else,
 * chosen by how often the region uses them.
 *
 * A host register that is given away (struct remap) keeps its usual guest
 * register in memory while the region runs.  Whatever leaves the region, and
 * every call of C, finds the usual assignment: the registers are exchanged
 * around it, by a subroutine of the unit where speed does not matter.
 * A guest register that keeps its usual host register costs nothing.
 */
#include "cpu/jit/x64/x64.h"

#include "util/bits.h"

/* -- choosing ----------------------------------------------------------- */

/* Uses of each home, those in loops counting more. */
static void weigh(const struct ir_unit *u, uint32_t weight[HOMES])
{
    unsigned shift = 0;

    for (unsigned n = 0; n < u->count; n++) {
        const struct ir_insn *in = &u->insn[n];
        unsigned home;

        if (in->op == IR_LABEL) {
            shift = 3 * (in->aux >> IR_LABEL_DEPTH_SHIFT);
            continue;
        }
        home = in->op == IR_GET || in->op == IR_SET ? ir_home_around(in->imm)
                                                    : NO_HOME;
        if (home < HOME_FLAGS) {
            weight[home] += 1u << shift;
        }
        if (in->set && in->hint < HOME_FLAGS) {
            weight[in->hint] += 1u << shift;
        }
    }
}

/* The heaviest home of the class that is in memory, or NO_HOME. */
static unsigned heaviest(const struct backend_thread *t,
                         const uint32_t *weight, unsigned first)
{
    unsigned best = NO_HOME;

    for (unsigned h = first; h < first + 32; h++) {
        if (!t->home_reg[h] && weight[h] &&
            (best == NO_HOME || weight[h] > weight[best])) {
            best = h;
        }
    }
    return best;
}

/* The lightest one that owns its usual register, or NO_HOME. */
static unsigned lightest(const struct backend_thread *t,
                         const uint32_t *weight, unsigned first)
{
    unsigned best = NO_HOME;

    for (unsigned h = first; h < first + 32; h++) {
        if (t->home_reg[h] && t->home_reg[h] == x64_usual_reg(h) &&
            (best == NO_HOME || weight[h] < weight[best])) {
            best = h;
        }
    }
    return best;
}

/* An exchange costs a few instructions at each end. */
static bool pays(uint32_t gain, uint32_t loss)
{
    return gain > loss + loss / 2 + 4;
}

static void choose_class(struct backend_thread *t, const uint32_t *weight,
                         unsigned first)
{
    for (;;) {
        unsigned in = heaviest(t, weight, first);
        unsigned out = lightest(t, weight, first);

        if (in == NO_HOME || out == NO_HOME ||
            !pays(weight[in], weight[out])) {
            return;
        }
        t->home_reg[in] = t->home_reg[out];
        t->home_reg[out] = 0;
        t->remap[t->remaps++] = (struct remap){
            .reg = t->home_reg[in], .usual = out, .home = in,
        };
    }
}

/* For tests: as if the uses were others. */
static void randomise(struct backend_thread *t, uint32_t weight[HOMES])
{
    for (unsigned h = 0; h < HOME_FLAGS; h++) {
        weight[h] = 1u << ra_random(t) % 8;
    }
}

void region_usual(struct backend_thread *t)
{
    for (unsigned h = 0; h < HOME_FLAGS; h++) {
        t->home_reg[h] = x64_usual_reg(h);
    }
    t->home_reg[HOME_FLAGS] = 0;
    t->remaps = 0;
}

static void choose(struct backend_thread *t)
{
    uint32_t weight[HOMES] = { 0 };

    if (t->random_registers) {
        randomise(t, weight);
    } else {
        weigh(t->u, weight);
    }
    choose_class(t, weight, HOME_R);
    choose_class(t, weight, HOME_V);
}

void region_choose(struct backend_thread *t)
{
    if (t->remaps) {
        region_usual(t);
    }
    if (t->u->region) {
        choose(t);
    }
}

/* -- exchanging --------------------------------------------------------- */

static void enter(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->remaps; n++) {
        const struct remap *r = &t->remap[n];

        home_move(t, r->usual, r->reg, true);
        home_move(t, r->home, r->reg, false);
    }
}

void region_leave(struct backend_thread *t)
{
    for (unsigned n = 0; n < t->remaps; n++) {
        const struct remap *r = &t->remap[n];

        home_move(t, r->home, r->reg, true);
        home_move(t, r->usual, r->reg, false);
    }
}

void region_begin(struct backend_thread *t)
{
    uint8_t *over;

    t->check_slots = 0;
    if (!t->u->region) {
        return;
    }
    check_count(t);
    check_forget(t);
    if (!t->remaps) {
        return;
    }
    enter(t);
    over = x_jmp32(&t->as);
    t->leave_sub = t->as.p;
    region_leave(t);
    x_ret(&t->as);
    t->enter_sub = t->as.p;
    enter(t);
    x_ret(&t->as);
    x_fix32(over, t->as.p);
}

void call_outside(struct backend_thread *t, const uint8_t *rx, int site)
{
    if (t->remaps) {
        x_call_to(&t->as, t->leave_sub);
    }
    call_thunk(t, rx);
    if (site >= 0) {
        add_site(t, (unsigned)site);
    }
    if (t->remaps) {
        x_call_to(&t->as, t->enter_sub);
    }
}
