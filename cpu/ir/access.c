/*
 * Building a unit: memory accesses.
 *
 * Cold units have one CHECK for several accesses off one base.  Before the
 * first of them (a prologue's first STP, the first field of a structure) is
 * the addition of its offset, or an empty op.  When another one comes, that
 * becomes a CHECK of all they touch, and grows with each that follows.  Its
 * failure leaves for a unit where each access is made singly, so faults and
 * devices stay exact.  Regions have a pass of their own (pass_checks.c).
 */
#include "cpu/ir/access.h"

#include "cpu/ir/build.h"

/* Bytes that a CHECK is of, at most: the more, the more often they lie in
 * two pages. */
#define MAX_SPAN 256

/* The value, no constant, that the address is a constant away from. */
static ir_ref root_of(const struct ir_unit *u, struct ir_address at,
                      int *offset)
{
    int64_t off = at.offset;
    ir_ref r = at.base;

    for (;;) {
        const struct ir_insn *i = &u->insn[r];
        uint64_t imm;

        if (i->op != IR_ADD || i->type != IR_I64 || ir_is_constant(i->a) ||
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

/* What it is of can be said of a CHECK, however much that grows. */
static bool is_near(int lo)
{
    return lo >= INT16_MIN + MAX_SPAN && lo <= INT16_MAX;
}

static void update(struct ir_unit *u, const struct ir_base *b)
{
    struct ir_insn *check = &u->insn[b->check];

    check->aux = b->flags;
    check->imm = ir_check_imm(b->edge, b->lo, (unsigned)(b->hi - b->lo));
}

/* The second access: from here on there is a CHECK. */
static inline bool begin(struct ir_unit *u, struct ir_base *b)
{
    struct ir_insn *check = &u->insn[b->check], *first = check + 1;

    if (u->edge_count + 16 > IR_MAX_EDGES || !is_near(b->lo) ||
        !is_first_effect(u, b->check)) {
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
    if ((b->root != root) | (b->at < u->shared_from)) {
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
    b->lo = lo;
    b->hi = hi;
    b->flags |= store ? IR_CHECK_WRITE : 0;
    update(u, b);
    return true;
}

/* The first access off a base. */
static inline void note(struct ir_unit *u, struct ir_base *b, ir_ref root,
                        ir_ref check, int lo, int hi, bool store)
{
    b->at = u->first + check;
    b->root = root;
    b->check = check;
    b->lo = b->offset = lo;
    b->hi = hi;
    b->branches = u->branches;
    b->flags = IR_CHECK_FILL | (store ? IR_CHECK_WRITE | IR_CHECK_SURE : 0);
    b->begun = false;
}

ir_ref ir_address(struct ir_unit *u, struct ir_address at)
{
    return at.offset ? ir_bini(u, IR_ADD, IR_I64, at.base,
                               (uint64_t)(int64_t)at.offset)
                     : at.base;
}

/* What may become a CHECK: nobody else knows of this addition. */
static inline ir_ref append_room(struct ir_unit *u, struct ir_address at)
{
    return at.offset ? ir_append(u, IR_ADD, IR_I64, 0, at.base,
                                 ir_const(u, IR_I64,
                                          (uint64_t)(int64_t)at.offset),
                                 IR_NONE, 0)
                     : ir_append(u, IR_NOP, IR_VOID, 0, IR_NONE, IR_NONE,
                                 IR_NONE, 0);
}

static inline int bytes_of(enum ir_opcode op, enum ir_type type)
{
    bool pair = op == IR_LOAD2 || op == IR_STORE2;

    return (int)ir_type_size(type) << pair;
}

#define NOT_SHARED (IR_MEM_ACQUIRE | IR_MEM_RELEASE | IR_MEM_ALIGNED | \
                    IR_MEM_UNPRIV)

ir_ref ir_access(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
                 unsigned flags, struct ir_address at, ir_ref b, ir_ref c)
{
    ir_ref r;

    if (u->shares && !(flags & NOT_SHARED) && !ir_is_constant(at.base)) {
        bool store = op == IR_STORE || op == IR_STORE2;
        int lo;
        ir_ref root = root_of(u, at, &lo);
        int hi = lo + bytes_of(op, type);
        struct ir_base *base = &u->base[root % IR_BASES];

        if (joins(u, base, root, lo, hi, store)) {
            return ir_append(u, op, type, flags | IR_MEM_HOST, base->check, b,
                             c, (uint64_t)(int64_t)lo);
        }
        r = append_room(u, at);
        note(u, base, root, r, lo, hi, store);
        r = at.offset ? r : at.base;
    } else {
        r = ir_address(u, at);
    }
    r = ir_append(u, op, type, flags, r, b, c, 0);
    ir_hints_barrier(u, r);
    return r;
}

ir_ref ir_load2(struct ir_unit *u, enum ir_type type, unsigned flags,
                struct ir_address at, ir_ref *second)
{
    ir_ref r = ir_access(u, IR_LOAD2, type, flags, at, IR_NONE, IR_NONE);

    *second = ir_append(u, IR_SECOND, type, flags, r, IR_NONE, IR_NONE, 0);
    return r;
}
