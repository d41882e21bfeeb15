/*
 * Appending ops to a unit; see build.h.
 */
#include "cpu/ir/build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/ir/access.h"
#include "util/bits.h"

#define UNPAREN(...) __VA_ARGS__
const struct ir_op_info ir_op_info[IR_OPCODES] = {
#define OP(name_, result_, operands_, props_)                       \
    [IR_##name_] = {#name_, result_, {UNPAREN operands_},           \
                    (uint8_t)(props_)},
#include "cpu/ir/ir_ops.h"
#undef OP
};

static void forget_values(struct ir_unit *u)
{
    memset(u->known, 0xff, sizeof(u->known));
}

ir_ref ir_label(struct ir_unit *u, uint64_t pc, unsigned aux)
{
    u->at = (uint16_t)((pc - u->pc) / 4);
    forget_values(u);
    return ir_emit(u, IR_LABEL, IR_VOID, aux, IR_NONE, IR_NONE, IR_NONE, 0);
}

void ir_begin(struct ir_unit *u, uint64_t pc, uint32_t context)
{
    u->pc = pc;
    u->context = context;
    u->guest_insns = u->guest_bytes = 0;
    u->count = u->const_count = u->edge_count = 0;
    u->at = u->branches = 0;
    u->region = u->singly = u->shares = u->fp_default = false;
    memcpy(u->known, u->entry, sizeof(u->known));
    ir_hints_begin(u);
    ir_share_nothing(u);
}

void ir_begin_region(struct ir_unit *u, uint64_t pc, uint32_t context)
{
    ir_begin(u, pc, context);
    u->region = true;
    forget_values(u);
}

/* -- folding ------------------------------------------------------------ */

static bool fold_un(enum ir_opcode op, uint64_t a, uint64_t *out)
{
    switch (op) {
    case IR_NOT:
        *out = ~a;
        return true;
    case IR_NEG:
        *out = -a;
        return true;
    default:
        return false;
    }
}

static bool fold_bin(enum ir_opcode op, enum ir_type type, uint64_t a,
                     uint64_t b, uint64_t *out)
{
    unsigned mask = type == IR_I64 ? 63 : 31;

    switch (op) {
    case IR_ADD:
        *out = a + b;
        return true;
    case IR_SUB:
        *out = a - b;
        return true;
    case IR_AND:
        *out = a & b;
        return true;
    case IR_OR:
        *out = a | b;
        return true;
    case IR_XOR:
        *out = a ^ b;
        return true;
    case IR_ANDN:
        *out = a & ~b;
        return true;
    case IR_ORN:
        *out = a | ~b;
        return true;
    case IR_XORN:
        *out = a ^ ~b;
        return true;
    case IR_MUL:
        *out = a * b;
        return true;
    case IR_SHL:
        *out = a << (b & mask);
        return true;
    case IR_SHR:
        *out = (type == IR_I64 ? a : (uint32_t)a) >> (b & mask);
        return true;
    case IR_SAR:
        *out = type == IR_I64 ? (uint64_t)((int64_t)a >> (b & mask))
                              : (uint64_t)((int32_t)a >> (b & mask));
        return true;
    case IR_ROR:
        *out = type == IR_I64 ? ror64(a, b & 63) : ror32((uint32_t)a, b & 31);
        return true;
    default:
        return false;
    }
}

bool ir_is_zero_extended(const struct ir_insn *i)
{
    switch (i->op) {
    case IR_CONST:
        return i->imm <= UINT32_MAX;
    case IR_LOAD:
    case IR_LOAD2:
    case IR_SECOND:
        return i->type <= IR_I32 && !(i->aux & IR_MEM_SIGN64);
    case IR_SETCC:
    case IR_CRC32:
        return true;
    case IR_VGETL: /* extra 2: sign-extended to 64 bits */
        return i->type <= IR_I32 && i->aux >> 8 != 2;
    case IR_FTOI_R:
        return i->aux >> 8 == IR_I32;
    default:
        return i->type <= IR_I32;
    }
}

static inline bool is_zero_extended(const struct ir_unit *u, ir_ref r)
{
    return ir_is_zero_extended(&u->insn[r]);
}

/* `a op b` is `a` when b is the constant `b`, for which
 * is_special(). */
static bool is_identity(enum ir_opcode op, enum ir_type type, uint64_t b)
{
    uint64_t ones = type == IR_I64 ? UINT64_MAX : UINT32_MAX;

    switch (op) {
    case IR_ADD:
    case IR_SUB:
    case IR_OR:
    case IR_XOR:
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
    case IR_ROR:
    case IR_ANDN:
        return b == 0;
    case IR_AND:
    case IR_ORN:
        return b == ones;
    case IR_MUL:
        return b == 1;
    default:
        return false;
    }
}

static inline bool is_special(uint64_t b)
{
    return b + 1 <= 1 || b == UINT32_MAX;
}

ir_ref ir_un(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
             ir_ref a)
{
    uint64_t va, out;

    if (ir_is_const(u, a, &va) && fold_un(op, va, &out)) {
        return ir_const(u, type, out);
    }
    return ir_append(u, op, type, 0, a, IR_NONE, IR_NONE, 0);
}

/* An address and a constant make an address; else IR_NONE. */
static inline ir_ref fold_pc(struct ir_unit *u, enum ir_opcode op,
                             enum ir_type type, ir_ref a, uint64_t b)
{
    uint64_t address = u->insn[a].imm;

    if (!ir_is_constant(a) || u->insn[a].op != IR_PC || type != IR_I64) {
        return IR_NONE;
    }
    return op == IR_ADD ? ir_pc(u, address + b)
         : op == IR_SUB ? ir_pc(u, address - b) : IR_NONE;
}

ir_ref ir_bin(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
              ir_ref a, ir_ref b)
{
    uint64_t va, vb, out;
    bool const_a = ir_is_const(u, a, &va), const_b = ir_is_const(u, b, &vb);

    if (const_a && const_b && fold_bin(op, type, va, vb, &out)) {
        return ir_const(u, type, out);
    }
    if (const_a && !const_b && (ir_op_info[op].props & IR_P_COMM)) {
        ir_ref t = a;
        a = b;
        b = t;
        const_b = true;
        vb = va;
    }
    if (const_b) {
        if (type == IR_I32) {
            vb = (uint32_t)vb;
        }
        if ((is_special(vb) || vb == 1) && is_identity(op, type, vb) &&
            (type == IR_I64 || is_zero_extended(u, a))) {
            return a;
        }
        ir_ref r = fold_pc(u, op, type, a, vb);
        if (r != IR_NONE) {
            return r;
        }
    }
    return ir_append(u, op, type, 0, a, b, IR_NONE, 0);
}

static inline ir_ref append_with_imm(struct ir_unit *u, enum ir_opcode op,
                                     enum ir_type type, ir_ref a,
                                     uint64_t imm)
{
    return ir_append(u, op, type, 0, a, ir_const(u, type, imm), IR_NONE, 0);
}

/* It may be less than an op.  Not inline: what most often happens calls
 * nobody. */
static __attribute__((noinline)) ir_ref
fold_with_imm(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
              ir_ref a, uint64_t imm)
{
    uint64_t va, out;

    if (ir_is_const(u, a, &va) && fold_bin(op, type, va, imm, &out)) {
        return ir_const(u, type, out);
    }
    if (is_special(imm) && is_identity(op, type, imm) &&
        (type == IR_I64 || is_zero_extended(u, a))) {
        return a;
    }
    ir_ref r = fold_pc(u, op, type, a, imm);
    return r != IR_NONE ? r : append_with_imm(u, op, type, a, imm);
}

ir_ref ir_bini(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
               ir_ref a, uint64_t imm)
{
    if (type == IR_I32) {
        imm = (uint32_t)imm;
    }
    return ir_is_constant(a) || is_special(imm)
               ? fold_with_imm(u, op, type, a, imm)
               : append_with_imm(u, op, type, a, imm);
}

static ir_ref bitfield(struct ir_unit *u, enum ir_opcode op,
                       enum ir_type type, ir_ref a, ir_ref b, unsigned lsb,
                       unsigned width)
{
    assert(width >= 1 && lsb + width <= (type == IR_I64 ? 64 : 32));
    return ir_append(u, op, type, 0, a, b, IR_NONE, lsb | width << 8);
}

ir_ref ir_bfxu(struct ir_unit *u, enum ir_type type, ir_ref a, unsigned lsb,
               unsigned width)
{
    uint64_t va;

    if (ir_is_const(u, a, &va)) {
        return ir_const(u, type, extract64(va, lsb, width));
    }
    if (lsb == 0 && (width == 64 || (width == 32 && is_zero_extended(u, a)))) {
        return a;
    }
    return bitfield(u, IR_BFXU, type, a, IR_NONE, lsb, width);
}

ir_ref ir_bfxs(struct ir_unit *u, enum ir_type type, ir_ref a, unsigned lsb,
               unsigned width)
{
    uint64_t va;

    if (ir_is_const(u, a, &va)) {
        return ir_const(u, type, (uint64_t)sextract64(va, lsb, width));
    }
    return bitfield(u, IR_BFXS, type, a, IR_NONE, lsb, width);
}

ir_ref ir_bfi(struct ir_unit *u, enum ir_type type, ir_ref a, ir_ref b,
              unsigned lsb, unsigned width)
{
    uint64_t va, vb, mask = (UINT64_MAX >> (64 - width)) << lsb;

    if (ir_is_const(u, a, &va) && ir_is_const(u, b, &vb)) {
        return ir_const(u, type, (va & ~mask) | (vb << lsb & mask));
    }
    return bitfield(u, IR_BFI, type, a, b, lsb, width);
}

/* -- guest state ------------------------------------------------------- */

static enum ir_type home_type(unsigned home)
{
    return home < HOME_V ? IR_I64 : home < HOME_FLAGS ? IR_V128 : IR_FLAGS;
}

static struct ir_insn get_of(enum ir_type type, uint64_t offset,
                             unsigned home)
{
    return (struct ir_insn){
        .op = IR_GET, .type = (uint8_t)type, .a = IR_NONE, .b = IR_NONE,
        .c = IR_NONE, .home = (uint8_t)home, .hint = NO_HOME, .imm = offset,
    };
}

struct ir_unit *ir_unit_new(void)
{
    struct ir_unit *u = calloc(1, sizeof(*u));

    if (!u) {
        return NULL;
    }
    for (unsigned n = 0; n < IR_MAX_CONSTS; n++) {
        u->insn[IR_FIRST_CONST + n] = (struct ir_insn){
            .a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .home = NO_HOME,
            .hint = NO_HOME,
        };
    }
    for (unsigned h = 0; h < HOMES; h++) {
        u->entry[h] = (ir_ref)(IR_FIRST_ENTRY + h);
        u->insn[u->entry[h]] = get_of(home_type(h), ir_home_offset(h), h);
    }
    return u;
}

ir_ref ir_get_unknown(struct ir_unit *u, unsigned home)
{
    ir_ref r = ir_append_home(u, IR_GET, home_type(home), 0, IR_NONE, IR_NONE,
                              IR_NONE, home, ir_home_offset(home));

    ir_hints_use(u, r, home);
    return u->known[home] = r;
}

ir_ref ir_get(struct ir_unit *u, enum ir_type type, unsigned offset)
{
    unsigned home = ir_home_of(type, offset);
    ir_ref r;

    if (home != NO_HOME) {
        return ir_get_home(u, home);
    }
    r = ir_append(u, IR_GET, type, 0, IR_NONE, IR_NONE, IR_NONE, offset);
    ir_hints_use(u, r, ir_home_around(offset));
    return r;
}

ir_ref ir_low(struct ir_unit *u, ir_ref value)
{
    return is_zero_extended(u, value) ? value
                                      : ir_bfxu(u, IR_I32, value, 0, 32);
}

/* Not inline, nor is the next one: what most often happens calls nobody. */
static __attribute__((noinline)) void
set_by_op(struct ir_unit *u, unsigned home, ir_ref value)
{
    ir_ref r = ir_append_home(u, IR_SET, home_type(home), 0, value, IR_NONE,
                              IR_NONE, home, ir_home_offset(home));

    ir_hints_set_by(u, r, home);
}

static __attribute__((noinline)) void
set_over(struct ir_unit *u, unsigned home, ir_ref value)
{
    uint32_t hidden = u->last_set[home];

    ir_hints_hide(u, hidden);
    if (!ir_hints_set(u, value, home, hidden)) {
        set_by_op(u, home, value);
    }
}

void ir_set_home(struct ir_unit *u, unsigned home, ir_ref value)
{
    if (u->known[home] == value) {
        return;
    }
    u->known[home] = value;
    if (u->region) {
        set_by_op(u, home, value);
        return;
    }
    uint32_t seen = ir_hints_seen(u, home);

    if (u->last_set[home] >= seen) {
        set_over(u, home, value);
    } else if (!ir_hints_set(u, value, home, seen)) {
        set_by_op(u, home, value);
    }
}

void ir_set(struct ir_unit *u, enum ir_type type, unsigned offset,
            ir_ref value)
{
    unsigned home = ir_home_of(type, offset);
    ir_ref r;

    if (home != NO_HOME) {
        ir_set_home(u, home, value);
        return;
    }
    home = ir_home_around(offset);
    r = ir_append(u, IR_SET, type, 0, value, IR_NONE, IR_NONE, offset);
    ir_hints_use(u, r, home);
    if (home != NO_HOME) {
        u->known[home] = IR_NONE;
    }
}

ir_ref ir_flags_of(struct ir_unit *u, enum ir_type type, ir_ref a)
{
    assert(a + 1u == u->count);
    return ir_emit(u, IR_FLAGS_OF, type, 0, a, IR_NONE, IR_NONE, 0);
}

ir_ref ir_get_flags(struct ir_unit *u)
{
    return ir_get_home(u, HOME_FLAGS);
}

void ir_set_flags(struct ir_unit *u, ir_ref flags)
{
    ir_set_home(u, HOME_FLAGS, flags);
}

ir_ref ir_setcc(struct ir_unit *u, enum ir_cc cc, ir_ref flags)
{
    if (cc >= IR_AL) {
        return ir_const(u, IR_I64, 1);
    }
    return ir_emit(u, IR_SETCC, IR_I64, cc, flags, IR_NONE, IR_NONE, 0);
}

ir_ref ir_select(struct ir_unit *u, enum ir_type type, enum ir_cc cc,
                 ir_ref flags, ir_ref yes, ir_ref no)
{
    if (cc >= IR_AL && (type != IR_I32 || is_zero_extended(u, yes))) {
        return yes;
    }
    return ir_emit(u, IR_SELECT, type, cc, flags, yes, no, 0);
}

/* -- vectors, calls ------------------------------------------------------ */

ir_ref ir_vec(struct ir_unit *u, enum ir_opcode op, enum ir_type type,
              enum ir_shape shape, unsigned extra, ir_ref a, ir_ref b,
              ir_ref c, uint64_t imm)
{
    return ir_emit(u, op, type, shape | extra << 8, a, b, c, imm);
}

ir_ref ir_vconst(struct ir_unit *u, enum ir_shape shape, uint64_t imm)
{
    return ir_emit(u, IR_VCONST, IR_I64, shape, IR_NONE, IR_NONE, IR_NONE,
                   imm);
}

ir_ref ir_vcall(struct ir_unit *u, const struct ir_helper *helper, ir_ref a,
                ir_ref b, ir_ref c, uint16_t imm)
{
    ir_share_nothing(u);
    return ir_emit(u, IR_VCALL, IR_V128, imm, a, b, c, (uintptr_t)helper);
}

ir_ref ir_call(struct ir_unit *u, const struct ir_helper *helper, ir_ref a,
               ir_ref b, ir_ref c)
{
    ir_ref r = ir_emit(u, IR_CALL, IR_I64, 0, a, b, c, (uintptr_t)helper);

    ir_share_nothing(u);
    if (helper->flags & IR_HELPER_REGS) {
        forget_values(u);
    }
    return r;
}

/* -- control ------------------------------------------------------------ */

unsigned ir_edge(struct ir_unit *u, uint64_t target)
{
    uint64_t source = ir_insn_pc(u->pc, u->at);

    assert(u->edge_count < IR_MAX_EDGES);
    struct ir_edge *e = &u->edge[u->edge_count];
    e->pc = target;
    e->back = 0;
    e->label = IR_NONE;
    e->flags = IR_NONE;
    e->same_page = target >> 12 == u->pc >> 12;
    e->backward = target <= source;
    e->singly = false;
    e->anew = false;
    return u->edge_count++;
}

void ir_brcc(struct ir_unit *u, enum ir_cc cc, ir_ref flags, uint64_t target)
{
    unsigned edge = ir_edge(u, target);

    u->branches++;
    ir_emit(u, IR_BRCC, IR_VOID, cc, flags, IR_NONE, IR_NONE, edge);
}

void ir_brz(struct ir_unit *u, enum ir_type type, ir_ref a, bool if_zero,
            uint64_t target)
{
    unsigned edge = ir_edge(u, target);

    u->branches++;
    ir_emit(u, if_zero ? IR_BRZ : IR_BRNZ, type, 0, a, IR_NONE, IR_NONE,
            edge);
}

void ir_exit(struct ir_unit *u, uint64_t target)
{
    unsigned edge = ir_edge(u, target);
    ir_emit(u, IR_EXIT, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, edge);
}

void ir_exit_call(struct ir_unit *u, uint64_t target, uint64_t back)
{
    ir_exit(u, target);
    u->edge[u->edge_count - 1].back = back;
}

void ir_exit_anew(struct ir_unit *u, uint64_t target)
{
    ir_exit(u, target);
    u->edge[u->edge_count - 1].anew = true;
}

void ir_exit_indirect(struct ir_unit *u, ir_ref target, enum ir_jump kind,
                      uint64_t more)
{
    ir_emit(u, IR_EXIT_INDIRECT, IR_I64, kind, target, IR_NONE, IR_NONE,
            more);
}

void ir_exit_loop(struct ir_unit *u, enum vcpu_exit why, uint64_t pc)
{
    ir_emit(u, IR_EXIT_LOOP, IR_VOID, why, IR_NONE, IR_NONE, IR_NONE, pc);
}

void ir_fence(struct ir_unit *u, enum ir_fence kind)
{
    ir_emit(u, IR_FENCE, IR_VOID, kind, IR_NONE, IR_NONE, IR_NONE, 0);
}
