/*
 * See share.h.
 */
#include "cpu/ir/share.h"

#include "cpu/ir/build.h"

/* Bytes that a CHECK is of, at most: the more, the more often they lie in
 * two pages. */
#define MAX_SPAN 256

/* The value that the address is a constant away from. */
static ir_ref root_of(const struct ir_unit *u, struct ir_address at,
                      int *offset)
{
    int64_t off = at.offset;
    ir_ref r = at.base;

    for (;;) {
        const struct ir_insn *i = &u->insn[r];
        uint64_t imm;

        if (i->op != IR_ADD || i->type != IR_I64 ||
            !ir_is_const(u, i->b, &imm) || imm + 4096 > 8192) {
            break;
        }
        off += (int64_t)imm;
        r = i->a;
    }
    *offset = (int)off;
    return r;
}

/* Nothing of the guest instruction has happened before op n. */
static bool is_first_effect(const struct ir_unit *u, unsigned n)
{
    for (unsigned k = n; k-- > 0 && u->insn[k].insn == u->insn[n].insn;) {
        if (!(ir_op_info[u->insn[k].op].props & IR_P_PURE) ||
            u->insn[k].set) {
            return false;
        }
    }
    return true;
}

static void update(struct ir_unit *u, const struct ir_base *b)
{
    struct ir_insn *check = &u->insn[b->check];

    check->aux = b->flags;
    check->imm = ir_check_imm(b->edge, b->lo, (unsigned)(b->hi - b->lo));
}

/* The second access: from here on there is a CHECK. */
static bool begin(struct ir_unit *u, struct ir_base *b)
{
    struct ir_insn *check = &u->insn[b->check], *first = check + 1;

    if (u->edge_count + 16 > IR_MAX_EDGES || !is_first_effect(u, b->check)) {
        return false;
    }
    b->edge = (uint16_t)u->edge_count;
    u->edge[u->edge_count++] = (struct ir_edge){
        .pc = ir_insn_pc(u->pc, check->insn), .label = IR_NONE,
        .flags = IR_NONE, .same_page = true, .singly = true,
    };
    check->op = IR_CHECK;
    check->type = IR_I64;
    check->a = b->root;
    check->b = IR_NONE;
    first->a = b->check;
    first->aux |= IR_MEM_HOST;
    first->imm = (uint64_t)(int64_t)b->offset;
    b->begun = true;
    return true;
}

/* Whether the access may be one of those off `b`; then it is. */
static inline bool joins(struct ir_unit *u, struct ir_base *b, ir_ref root,
                         int lo, int hi, bool store)
{
    if (b->root != root) {
        return false;
    }
    lo = lo < b->lo ? lo : b->lo;
    hi = hi > b->hi ? hi : b->hi;
    if (hi - lo > MAX_SPAN ||
        (store && !(b->flags & IR_CHECK_WRITE) &&
         b->branches != u->branches) ||
        (!b->begun && !begin(u, b))) {
        return false;
    }
    b->lo = (int16_t)lo;
    b->hi = (int16_t)hi;
    b->flags |= store ? IR_CHECK_WRITE : 0;
    update(u, b);
    return true;
}

struct ir_shared ir_share(struct ir_unit *u, struct ir_address at,
                          unsigned flags, unsigned size, bool store)
{
    int lo;
    ir_ref root = root_of(u, at, &lo), address;
    int hi = lo + (int)size;
    struct ir_base *b = &u->base[root % IR_BASES];

    if (joins(u, b, root, lo, hi, store)) {
        return (struct ir_shared){b->check, flags | IR_MEM_HOST,
                                  (uint64_t)(int64_t)lo};
    }
    address = ir_address(u, at);
    if (!ir_is_constant(root) && lo == (int16_t)lo && hi == (int16_t)hi) {
        /* Nobody else knows of that addition. */
        *b = (struct ir_base){
            .root = root, .lo = (int16_t)lo, .hi = (int16_t)hi,
            .offset = (int16_t)lo, .branches = u->branches,
            .flags = IR_CHECK_FILL |
                     (store ? IR_CHECK_WRITE | IR_CHECK_SURE : 0),
            .check = at.offset ? address
                               : ir_append(u, IR_NOP, IR_VOID, 0, IR_NONE,
                                           IR_NONE, IR_NONE, 0),
        };
    }
    return (struct ir_shared){address, flags, 0};
}
