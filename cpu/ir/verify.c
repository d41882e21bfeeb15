/*
 * The structural check of a unit, run between passes in test builds.
 */
#include "cpu/ir/passes.h"

/* Class of the value that instruction `n` defines. */
static enum ir_class result_class(const struct ir_unit *u, ir_ref n)
{
    const struct ir_insn *i = &u->insn[n];
    enum ir_class c = ir_op_info[i->op].result;

    if (c != IR_C_TYPE) {
        return c;
    }
    if (i->type == IR_FLAGS) {
        return IR_C_FLAGS;
    }
    return ir_type_is_vec(i->type) ? IR_C_VEC : IR_C_INT;
}

static enum ir_class operand_class(const struct ir_insn *i, unsigned n)
{
    enum ir_class c = ir_op_info[i->op].operand[n];

    if (c != IR_C_TYPE) {
        return c;
    }
    if (i->type == IR_FLAGS) {
        return IR_C_FLAGS;
    }
    return ir_type_is_vec(i->type) ? IR_C_VEC : IR_C_INT;
}

static bool operand_optional(const struct ir_insn *i)
{
    return i->op == IR_CALL || i->op == IR_VCALL;
}

/* It may be used by instruction n. */
static bool is_defined(const struct ir_unit *u, ir_ref r, unsigned n)
{
    return r < n || (unsigned)r - IR_FIRST_CONST < u->const_count ||
           (!u->region && (unsigned)r - IR_FIRST_ENTRY < HOMES);
}

static const char *check_operands(const struct ir_unit *u, unsigned n)
{
    const struct ir_insn *i = &u->insn[n];
    const ir_ref operand[3] = {i->a, i->b, i->c};

    for (unsigned k = 0; k < 3; k++) {
        enum ir_class want = operand_class(i, k);

        if (operand[k] == IR_NONE) {
            if (want != IR_C_NONE && !operand_optional(i)) {
                return "an operand is missing";
            }
            continue;
        }
        if (want == IR_C_NONE) {
            return "an operand too many";
        }
        if (!is_defined(u, operand[k], n)) {
            return "a value is used before it is defined";
        }
        if (result_class(u, operand[k]) != want) {
            return "an operand is of the wrong class";
        }
    }
    return NULL;
}

static const char *check_edge(const struct ir_unit *u, unsigned n,
                              const struct ir_edge *e)
{
    if (e->label != IR_NONE &&
        (e->label >= u->count || u->insn[e->label].op != IR_LABEL)) {
        return "an edge leads to no label";
    }
    if (e->flags != IR_NONE &&
        (!is_defined(u, e->flags, n) || e->label != IR_NONE || !u->region ||
         result_class(u, e->flags) != IR_C_FLAGS)) {
        return "an edge has flags that it cannot have";
    }
    return NULL;
}

/* Whether an op does anything to the home but a SET of the whole of it. */
static bool spoils(const struct ir_insn *i, unsigned home)
{
    if (i->op == IR_GET || i->op == IR_SET) {
        return ir_home_around(i->imm) == home &&
               (i->op == IR_GET || i->home != home);
    }
    return ir_is_barrier(i);
}

/* Whether an op SETs the whole of the home. */
static bool sets(const struct ir_insn *i, unsigned home)
{
    return i->op == IR_SET ? i->home == home : i->set && i->hint == home;
}

static enum ir_class home_class(unsigned home)
{
    return home < HOME_V ? IR_C_INT
         : home < HOME_FLAGS ? IR_C_VEC : IR_C_FLAGS;
}

static const char *check_home(const struct ir_unit *u, unsigned n)
{
    const struct ir_insn *i = &u->insn[n];

    if (i->op == IR_GET || i->op == IR_SET) {
        if (i->home != ir_home_of(i->type, i->imm)) {
            return "a GET or SET does not know its home";
        }
    }
    if (i->set) {
        return i->hint < HOMES && result_class(u, n) == home_class(i->hint)
                   ? NULL : "an op cannot SET what it SETs";
    }
    for (unsigned k = n + 1; i->hint != NO_HOME; k++) {
        if (k == u->count || spoils(&u->insn[k], i->hint)) {
            return "a value's hint is spoiled";
        }
        if (sets(&u->insn[k], i->hint)) {
            break;
        }
    }
    return NULL;
}

static const char *check_place(const struct ir_unit *u, unsigned n)
{
    const struct ir_insn *i = &u->insn[n];

    switch (i->op) {
    case IR_FLAGS_OF:
        return i->a + 1u == n ? NULL : "FLAGS_OF is not behind its operand";
    case IR_SECOND:
        return i->a + 1u == n ? NULL : "SECOND is not behind its load";
    case IR_CHECK:
        if (u->region && (i->aux & IR_CHECK_FILL)) {
            return "a CHECK of a region fills the TLB";
        }
        /* fall through */
    case IR_BRCC:
    case IR_BRZ:
    case IR_BRNZ:
    case IR_EXIT:
        return ir_edge_of(i) < u->edge_count
                   ? check_edge(u, n, &u->edge[ir_edge_of(i)])
                   : "an edge does not exist";
    default:
        return ir_is_host_access(i) && u->insn[i->a].op != IR_CHECK
                   ? "an access has no CHECK" : NULL;
    }
}

const char *ir_verify(const struct ir_unit *u)
{
    const char *problem = NULL;

    if (u->count == 0) {
        return "the unit is empty";
    }
    for (unsigned n = 0; n < u->count && !problem; n++) {
        if (u->insn[n].op >= IR_OPCODES) {
            return "an op does not exist";
        }
        problem = check_operands(u, n);
        if (!problem) {
            problem = check_place(u, n);
        }
        if (!problem) {
            problem = check_home(u, n);
        }
    }
    if (!problem &&
        !(ir_op_info[u->insn[u->count - 1].op].props & IR_P_END)) {
        problem = "the unit does not end with an exit";
    }
    return problem;
}
