/*
 * Regions: translate addresses once for several accesses.
 *
 * Accesses off one base between two labels (struct fields, frames, LDP
 * after LDP) share one CHECK of all they touch.  Its failure leaves for a
 * block of its own at the first of them, where each access is made singly,
 * so that faults and devices stay exact.
 *
 * Where the address moves slowly in the innermost loop, a CHECK or a lone
 * access remembers the page that it found last (IR_CHECK_KEEP, IR_MEM_KEEP):
 * what follows does not wait for the TLB.
 */
#include "cpu/ir/passes.h"

#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

#define MAX_GROUPS 64
#define MAX_KEPT 32
#define MAX_SPAN 256

/* How far a register may move in one round of its loop, and how much an
 * index may vary: else the page changes too often to be remembered. */
#define MAX_STRIDE 128
#define MAX_RANGE_BITS 12
#define NOT_SLOW 64

struct group {
    ir_ref root;
    uint16_t first;    /* its first access */
    int lo, hi;        /* bytes from root */
    unsigned count;
    uint8_t flags;     /* IR_CHECK_* */
    ir_ref check;      /* in the new list */
};

/* A loop in the order of addresses. */
struct loop {
    unsigned first, last; /* positions */
    uint32_t unsteady;    /* registers that jump about in it */
    uint32_t set;         /* registers that change in it */
};

struct checks {
    struct ir_unit *u;
    struct loop loop[IR_MAX_EDGES];
    unsigned loops;
    uint16_t group_of[IR_MAX_INSNS]; /* of an access: 1 + group */
    int16_t offset[IR_MAX_INSNS];
    struct group group[MAX_GROUPS];
    unsigned groups, kept;
    unsigned open;     /* groups from here on are of this segment */
    ir_ref moved[IR_MAX_INSNS];
    struct ir_insn out[IR_MAX_INSNS];
    unsigned out_count;
};

/* -- addresses ----------------------------------------------------------- */

static bool constant(const struct ir_unit *u, ir_ref r, uint64_t *imm)
{
    *imm = u->insn[r].imm;
    return u->insn[r].op == IR_CONST;
}

/* Nothing between the two GETs of a register can write it. */
static bool same_get(const struct ir_unit *u, ir_ref r, ir_ref s)
{
    ir_ref from = r < s ? r : s, to = r < s ? s : r;

    for (ir_ref n = from; n < to; n++) {
        const struct ir_insn *i = &u->insn[n];

        if (i->op == IR_LABEL || i->op == IR_CALL ||
            (i->op == IR_SET && i->imm / 8 == u->insn[r].imm / 8)) {
            return false;
        }
    }
    return true;
}

/* The same value, computed twice: what indexes an array for a load and again
 * for a store. */
static bool same_value(const struct ir_unit *u, ir_ref r, ir_ref s,
                       unsigned patience)
{
    const struct ir_insn *i = &u->insn[r], *k = &u->insn[s];

    if (r == s) {
        return true;
    }
    if (r == IR_NONE || s == IR_NONE || patience == 0 || i->op != k->op ||
        i->type != k->type || i->aux != k->aux || i->imm != k->imm) {
        return false;
    }
    switch (i->op) {
    case IR_GET:
        return i->imm < VCPU_R(32) && same_get(u, r, s);
    case IR_CONST:
        return true;
    case IR_ADD:
    case IR_SUB:
    case IR_AND:
    case IR_SHL:
    case IR_BFXU:
    case IR_BFXS:
        return same_value(u, i->a, k->a, patience - 1) &&
               same_value(u, i->b, k->b, patience - 1);
    default:
        return false;
    }
}

/* The value that the address is a constant away from. */
static ir_ref root_of(const struct ir_unit *u, ir_ref r, int *offset)
{
    *offset = 0;
    for (;;) {
        const struct ir_insn *i = &u->insn[r];
        uint64_t imm;

        if ((i->op != IR_ADD && i->op != IR_SUB) || i->type != IR_I64 ||
            !constant(u, i->b, &imm) ||
            (int64_t)imm > MAX_SPAN || (int64_t)imm < -MAX_SPAN) {
            return r;
        }
        *offset += i->op == IR_ADD ? (int)imm : -(int)imm;
        r = i->a;
    }
}

static bool is_access(const struct ir_insn *i)
{
    const unsigned special = IR_MEM_ACQUIRE | IR_MEM_RELEASE |
                             IR_MEM_ALIGNED | IR_MEM_UNPRIV |
                             IR_MEM_REVERSED;

    return ir_is_plain_access(i->op) && !(i->aux & special);
}

static bool is_store(const struct ir_insn *i)
{
    return i->op == IR_STORE || i->op == IR_STORE2 || i->op == IR_VSTORE8;
}

static int access_size(const struct ir_insn *i)
{
    int size = i->op == IR_VLOAD8 || i->op == IR_VSTORE8
                   ? 1 : (int)ir_type_size(i->type);

    return i->op == IR_LOAD2 || i->op == IR_STORE2 ? 2 * size : size;
}

/* -- loops --------------------------------------------------------------- */

/* A SET of a register to itself, a little further on. */
static bool is_step(const struct ir_unit *u, const struct ir_insn *set)
{
    int offset;
    const struct ir_insn *root = &u->insn[root_of(u, set->a, &offset)];

    if (u->insn[set->a].type == IR_I32 && u->insn[set->a].op != IR_GET) {
        const struct ir_insn *i = &u->insn[set->a];
        uint64_t imm;

        return (i->op == IR_ADD || i->op == IR_SUB) &&
               constant(u, i->b, &imm) &&
               (int32_t)imm <= MAX_STRIDE && (int32_t)imm >= -MAX_STRIDE &&
               u->insn[i->a].op == IR_GET && u->insn[i->a].imm == set->imm;
    }
    return offset <= MAX_STRIDE && offset >= -MAX_STRIDE &&
           root->op == IR_GET && root->imm == set->imm;
}

static void note_sets(const struct ir_unit *u, struct loop *l)
{
    for (unsigned n = l->first; n <= l->last; n++) {
        const struct ir_insn *i = &u->insn[n];

        if (i->op == IR_SET && i->imm < VCPU_R(32)) {
            l->set |= 1u << i->imm / 8;
            l->unsteady |= is_step(u, i) ? 0 : 1u << i->imm / 8;
        }
        if (i->op == IR_CALL) {
            l->set = l->unsteady = UINT32_MAX;
        }
    }
}

static void find_loops(struct checks *c)
{
    const struct ir_unit *u = c->u;

    for (unsigned n = 0; n < u->count; n++) {
        const struct ir_insn *i = &u->insn[n];
        ir_ref label = ir_has_edge(i->op) ? u->edge[ir_edge_of(i)].label
                                          : IR_NONE;

        if (label != IR_NONE && label <= n) {
            struct loop *l = &c->loop[c->loops++];

            *l = (struct loop){.first = label, .last = n};
            note_sets(u, l);
        }
    }
}

/* The smallest around position n, or NULL. */
static const struct loop *loop_around(const struct checks *c, unsigned n)
{
    const struct loop *best = NULL;

    for (unsigned k = 0; k < c->loops; k++) {
        const struct loop *l = &c->loop[k];

        if (l->first <= n && n <= l->last &&
            (!best || l->last - l->first < best->last - best->first)) {
            best = l;
        }
    }
    return best;
}

/* An address that is the same in each round: what is read there, and is a
 * pointer, most often is, too. */
static bool is_fixed(const struct ir_unit *u, const struct loop *l, ir_ref r)
{
    int offset;
    const struct ir_insn *root = &u->insn[root_of(u, r, &offset)];

    return root->op == IR_CONST || root->op == IR_PC ||
           (root->op == IR_GET && root->imm < VCPU_R(32) &&
            !(l->set >> root->imm / 8 & 1));
}

/* In how many low bits the value varies from round to round, but for slow
 * movement: 0 for a steady register; NOT_SLOW: it jumps. */
static unsigned range_bits(const struct ir_unit *u, const struct loop *l,
                           ir_ref r, unsigned patience)
{
    const struct ir_insn *i = &u->insn[r];
    unsigned a, b;
    uint64_t imm;

    if (patience == 0) {
        return NOT_SLOW;
    }
    switch (i->op) {
    case IR_CONST:
    case IR_PC:
        return 0;
    case IR_GET:
        return i->imm < VCPU_R(32) && !(l->unsteady >> i->imm / 8 & 1)
                   ? 0 : NOT_SLOW;
    case IR_LOAD:
        if (i->type == IR_I64 && is_fixed(u, l, i->a)) {
            return 0;
        }
        return i->type == IR_I8 && !(i->aux & (IR_MEM_SIGN32 |
                                               IR_MEM_SIGN64))
                   ? 8 : NOT_SLOW;
    case IR_BFXU:
    case IR_BFXS:
        /* The whole of a W register, extended, goes where that goes. */
        return i->imm == 32 << 8 ? range_bits(u, l, i->a, patience - 1)
             : i->imm >> 8 < MAX_RANGE_BITS ? (unsigned)(i->imm >> 8)
                                            : NOT_SLOW;
    case IR_AND:
        return constant(u, i->b, &imm) && imm && imm < 4096
                   ? 64 - (unsigned)clz64(imm) : NOT_SLOW;
    case IR_SHL:
        a = range_bits(u, l, i->a, patience - 1);
        return constant(u, i->b, &imm) && imm <= 4 && a < NOT_SLOW
                   ? a + (a ? (unsigned)imm : 0) : NOT_SLOW;
    case IR_ADD:
    case IR_SUB:
        a = range_bits(u, l, i->a, patience - 1);
        b = range_bits(u, l, i->b, patience - 1);
        return a > b ? a : b;
    default:
        return NOT_SLOW;
    }
}

static bool moves_slowly(const struct checks *c, const struct group *g)
{
    const struct loop *l = loop_around(c, g->first);

    return l && range_bits(c->u, l, g->root, 8) < MAX_RANGE_BITS;
}

/* -- groups -------------------------------------------------------------- */

static struct group *group_for(struct checks *c, ir_ref root, int lo, int hi)
{
    struct group *g;

    for (unsigned n = c->open; n < c->groups; n++) {
        g = &c->group[n];
        if ((hi > g->hi ? hi : g->hi) - (lo < g->lo ? lo : g->lo) <=
                MAX_SPAN &&
            same_value(c->u, g->root, root, 6)) {
            return g;
        }
    }
    if (c->groups == MAX_GROUPS) {
        return NULL;
    }
    g = &c->group[c->groups++];
    *g = (struct group){.root = root, .lo = lo, .hi = hi};
    return g;
}

static void note_access(struct checks *c, unsigned n)
{
    const struct ir_insn *i = &c->u->insn[n];
    int offset;
    ir_ref root = root_of(c->u, i->a, &offset);
    int end = offset + access_size(i);
    struct group *g;

    if (c->u->insn[root].op == IR_CONST ||
        offset < -MAX_SPAN || end > MAX_SPAN) {
        return;
    }
    g = group_for(c, root, offset, end);
    if (!g) {
        return;
    }
    if (g->count++ == 0) {
        g->first = (uint16_t)n;
    }
    g->lo = offset < g->lo ? offset : g->lo;
    g->hi = end > g->hi ? end : g->hi;
    g->flags |= is_store(i) ? IR_CHECK_WRITE : 0;
    c->group_of[n] = (uint16_t)(1 + (g - c->group));
    c->offset[n] = (int16_t)offset;
}

/* Nothing of the first access's guest instruction has happened before it. */
static bool is_first_effect(const struct ir_unit *u, const struct group *g)
{
    for (unsigned n = g->first; n-- > 0;) {
        const struct ir_insn *i = &u->insn[n];

        if (i->op == IR_LABEL || i->insn != u->insn[g->first].insn) {
            return true;
        }
        if (!(ir_op_info[i->op].props & IR_P_PURE)) {
            return false;
        }
    }
    return true;
}

static void find_groups(struct checks *c)
{
    const struct ir_unit *u = c->u;

    for (unsigned n = 0; n < u->count; n++) {
        const struct ir_insn *i = &u->insn[n];

        if (i->op == IR_LABEL || i->op == IR_CALL || i->op == IR_VCALL) {
            c->open = c->groups;
        } else if (is_access(i)) {
            note_access(c, n);
        }
    }
    for (unsigned n = 0; n < c->groups; n++) {
        struct group *g = &c->group[n];

        if (c->kept < MAX_KEPT && moves_slowly(c, g)) {
            g->flags |= IR_CHECK_KEEP;
        }
        if (g->count > 1 && !is_first_effect(u, g)) {
            g->count = 0;
        }
        c->kept += g->count && (g->flags & IR_CHECK_KEEP);
    }
}

/* -- rewriting ----------------------------------------------------------- */

static ir_ref moved(const struct checks *c, ir_ref r)
{
    return r >= IR_FIRST_CONST ? r : c->moved[r];
}

static ir_ref append(struct checks *c, const struct ir_insn *i)
{
    c->out[c->out_count] = *i;
    return (ir_ref)c->out_count++;
}

static void append_check(struct checks *c, struct group *g)
{
    struct ir_unit *u = c->u;
    const struct ir_insn *first = &u->insn[g->first];
    struct ir_insn check = {
        .op = IR_CHECK, .type = IR_I64, .aux = g->flags,
        .a = moved(c, g->root), .b = IR_NONE, .c = IR_NONE,
        .insn = first->insn, .home = NO_HOME, .hint = NO_HOME,
        .imm = ir_check_imm(u->edge_count, g->lo, (unsigned)(g->hi - g->lo)),
    };

    u->edge[u->edge_count++] = (struct ir_edge){
        .pc = ir_insn_pc(u->pc, first->insn), .label = IR_NONE,
        .flags = IR_NONE, .same_page = true, .singly = true,
    };
    g->check = append(c, &check);
}

static void rewrite(struct checks *c)
{
    struct ir_unit *u = c->u;

    for (unsigned n = 0; n < u->count; n++) {
        struct ir_insn i = u->insn[n];
        struct group *g = c->group_of[n] ? &c->group[c->group_of[n] - 1]
                                         : NULL;

        if (g && g->count > 1 && n == g->first) {
            append_check(c, g);
        }
        i.a = moved(c, i.a);
        i.b = moved(c, i.b);
        i.c = moved(c, i.c);
        if (g && g->count > 1) {
            i.a = g->check;
            i.aux |= IR_MEM_HOST;
            i.imm = (uint64_t)c->offset[n];
        } else if (g && g->count && (g->flags & IR_CHECK_KEEP)) {
            i.aux |= IR_MEM_KEEP;
        }
        c->moved[n] = append(c, &i);
    }
    for (unsigned n = 0; n < u->edge_count; n++) {
        if (u->edge[n].label != IR_NONE) {
            u->edge[n].label = c->moved[u->edge[n].label];
        }
    }
    memcpy(u->insn, c->out, c->out_count * sizeof(*c->out));
    u->count = c->out_count;
}

void ir_pass_checks(struct ir_unit *u)
{
    struct checks *c;

    if (u->count + MAX_GROUPS > IR_MAX_INSNS ||
        u->edge_count + MAX_GROUPS > IR_MAX_EDGES) {
        return;
    }
    c = calloc(1, sizeof(*c));
    c->u = u;
    find_loops(c);
    find_groups(c);
    rewrite(c);
    free(c);
}
