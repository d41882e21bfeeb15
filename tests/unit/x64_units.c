#include "tests/unit/x64_units.h"

#include "util/bits.h"

/* -- integers and state ------------------------------------------------ */

static void gen_int(struct gen *g)
{
    static const enum ir_opcode binary[] = {
        IR_ADD, IR_ADD, IR_SUB, IR_SUB, IR_AND, IR_OR, IR_XOR, IR_ANDN,
        IR_ORN, IR_XORN, IR_MUL, IR_UDIV, IR_SDIV, IR_SHL, IR_SHR, IR_SAR,
        IR_ROR,
    };
    static const enum ir_opcode unary[] = {
        IR_NOT, IR_NEG, IR_CLZ, IR_RBIT, IR_BSWAP,
    };
    enum ir_type type = width(g);
    unsigned size = type == IR_I64 ? 64 : 32, lsb = pick(g, size);
    ir_ref a = any_int(g), b = any_int(g), v;

    switch (pick(g, 10)) {
    case 0:
        v = ir_emit(g->u, unary[pick(g, ARRAY_SIZE(unary))], type, 0, a,
                    IR_NONE, IR_NONE, 0);
        break;
    case 1:
        v = ir_bfxu(g->u, type, a, lsb, 1 + pick(g, size - lsb));
        break;
    case 2:
        v = ir_bfxs(g->u, type, a, lsb, 1 + pick(g, size - lsb));
        break;
    case 3:
        v = ir_bfi(g->u, type, a, b, lsb, 1 + pick(g, size - lsb));
        break;
    case 4:
        v = ir_emit(g->u, IR_EXTR, type, 0, a, b, IR_NONE, lsb);
        break;
    case 5:
        v = ir_emit(g->u, IR_CRC32, IR_I8 + pick(g, 4), pick(g, 2), a, b,
                    IR_NONE, 0);
        break;
    case 6:
        v = ir_emit(g->u, pick(g, 2) ? IR_MULHU : IR_MULHS, IR_I64, 0, a, b,
                    IR_NONE, 0);
        break;
    default:
        v = ir_emit(g->u, binary[pick(g, ARRAY_SIZE(binary))], type, 0, a,
                    b, IR_NONE, 0);
    }
    keep_int(g, v);
}

static void gen_get(struct gen *g)
{
    unsigned n = pick(g, 32);

    switch (pick(g, 8)) {
    case 0:
        g->flags[pick(g, POOL)] = ir_get_flags(g->u);
        break;
    case 1:
        keep_vec(g, ir_get(g->u, IR_V128, VCPU_V(n)));
        break;
    case 2:
        keep_vec(g, ir_get(g->u, IR_F16 + pick(g, 4), VCPU_V(n)));
        break;
    case 3:
        keep_int(g, ir_get(g->u, IR_I8 + pick(g, 4), VCPU_R(n)));
        break;
    default:
        keep_int(g, ir_get(g->u, width(g), VCPU_R(n)));
    }
}

static void gen_set(struct gen *g)
{
    unsigned n = pick(g, 32);

    switch (pick(g, 10)) {
    case 0:
        ir_set_flags(g->u, any_flags(g));
        break;
    case 1:
        ir_set(g->u, IR_V128, VCPU_V(n), any_vec(g));
        break;
    case 2:
        /* A part of a register. */
        ir_set(g->u, IR_F16 + pick(g, 4), VCPU_V(n), any_vec(g));
        break;
    case 3:
        ir_set(g->u, IR_I8 + pick(g, 2), VCPU_R(n), any_int(g));
        break;
    case 4:
        ir_set_home(g->u, HOME_R + n, ir_low(g->u, any_int(g)));
        break;
    default:
        ir_set(g->u, width(g), VCPU_R(n), any_int(g));
    }
}

/* x + 1 or x, by the carry. */
static void gen_increment(struct gen *g, enum ir_type type, ir_ref f)
{
    ir_ref x = any_int(g), plus;

    plus = ir_emit(g->u, IR_ADD, type, 0, x, ir_const(g->u, type, 1), IR_NONE,
                   0);
    keep_int(g, ir_emit(g->u, IR_SELECT, type, IR_HS + pick(g, 2), f, plus,
                        x, 0));
}

/* If f says so, the flags of another comparison, else others. */
static ir_ref gen_compare(struct gen *g, enum ir_type type, ir_ref f)
{
    ir_ref v = ir_emit(g->u, pick(g, 2) ? IR_SUB : IR_ADD, type, 0,
                       any_int(g), any_int(g), IR_NONE, 0);

    v = ir_flags_of(g->u, type, v);
    return ir_emit(g->u, IR_SELECT, IR_FLAGS, pick(g, 16), f, v,
                   any_flags(g), 0);
}

static void gen_flags(struct gen *g)
{
    static const enum ir_opcode ops[] = {
        IR_ADD, IR_SUB, IR_SUB, IR_AND, IR_OR, IR_XOR, IR_ANDN, IR_ADC,
        IR_SBC, IR_ORN, IR_MUL,
    };
    enum ir_opcode op = ops[pick(g, ARRAY_SIZE(ops))];
    enum ir_type type = width(g);
    ir_ref f, v, a = any_int(g), b = any_int(g);
    bool carry = op == IR_ADC || op == IR_SBC;

    switch (pick(g, 8)) {
    case 0:
        keep_int(g, ir_emit(g->u, IR_FLAGS_TO_NZCV, IR_I32, 0, any_flags(g),
                            IR_NONE, IR_NONE, 0));
        return;
    case 1:
        f = ir_emit(g->u, IR_NZCV_TO_FLAGS, IR_FLAGS, 0, a, IR_NONE, IR_NONE,
                    0);
        break;
    case 2:
        f = ir_emit(g->u, IR_SELECT, IR_FLAGS, pick(g, 16), any_flags(g),
                    any_flags(g), any_flags(g), 0);
        break;
    default:
        f = carry ? any_flags(g) : IR_NONE;
        v = ir_emit(g->u, op, type, 0, a, b, f, 0);
        f = ir_flags_of(g->u, type, v);
        if (pick(g, 2)) {
            keep_int(g, v);
        }
        if (pick(g, 4) == 0) {
            gen_increment(g, type, f);
        }
        if (pick(g, 4) == 0) {
            f = gen_compare(g, type, f);
        }
    }
    g->flags[pick(g, POOL)] = f;
    if (pick(g, 2)) {
        ir_set_flags(g->u, f);
    }
}

static void gen_select(struct gen *g)
{
    switch (pick(g, 4)) {
    case 0:
        keep_int(g, ir_emit(g->u, IR_SETCC, IR_I64, pick(g, 16),
                            any_flags(g), IR_NONE, IR_NONE, 0));
        break;
    case 1:
        keep_int(g, ir_emit(g->u, IR_SELNZ, width(g), 0, any_int(g),
                            any_int(g), any_int(g), 0));
        break;
    case 2:
        keep_vec(g, ir_emit(g->u, IR_SELECT, IR_V128, pick(g, 16),
                            any_flags(g), any_vec(g), any_vec(g), 0));
        break;
    default:
        keep_int(g, ir_emit(g->u, IR_SELECT, width(g), pick(g, 16),
                            any_flags(g), any_int(g), any_int(g), 0));
    }
}

/* -- memory ------------------------------------------------------------ */

/* Mostly inside, sometimes across its ends. */
static ir_ref address(struct gen *g, unsigned align)
{
    unsigned mask = pick(g, 40) ? 0x3fff : 0xffff;
    ir_ref a;

    if (g->base != IR_NONE && pick(g, 2)) {
        return ir_bini(g->u, IR_ADD, IR_I64, g->base,
                       align * (uint64_t)pick(g, 256 / align) - 128);
    }
    if (pick(g, 4) == 0) {
        return ir_const(g->u, IR_I64,
                        RIG_RAM + align_down(pick(g, mask), align));
    }
    a = ir_bini(g->u, IR_AND, IR_I64, any_int(g), align_down(mask, align));
    a = ir_bini(g->u, IR_ADD, IR_I64, a, RIG_RAM + 8 * pick(g, 2));
    g->base = align == 1 || align >= 8 ? a : g->base;
    return a;
}

/* Of a plain access. */
static struct ir_address place(struct gen *g)
{
    if (g->base != IR_NONE && pick(g, 3) == 0) {
        return (struct ir_address){g->base, (int32_t)pick(g, 256) - 128};
    }
    return ir_at(address(g, 1));
}

static unsigned mem_flags(struct gen *g)
{
    return (pick(g, 16) ? 0 : IR_MEM_ALIGNED) |
           (pick(g, 8) ? 0 : IR_MEM_UNPRIV) |
           (pick(g, 8) ? 0 : IR_MEM_ACQUIRE);
}

/* Of pairs. */
static unsigned whole(struct gen *g, bool vec)
{
    return vec || pick(g, 2) ? 0 : IR_MEM_WHOLE;
}

static void gen_load(struct gen *g)
{
    static const enum ir_type types[] = {
        IR_I8, IR_I16, IR_I32, IR_I64, IR_F16, IR_F32, IR_F64, IR_V128,
    };
    enum ir_type type = types[pick(g, ARRAY_SIZE(types))];
    bool vec = ir_type_is_vec(type);
    unsigned sign = vec || type == IR_I64 ? 0 : pick(g, 3);
    ir_ref a, b;

    if (pick(g, 3) == 0 && type >= IR_I32 && type != IR_F16) {
        a = ir_load2(g->u, type,
                     (mem_flags(g) & ~IR_MEM_ALIGNED) | whole(g, vec) |
                         (sign & IR_MEM_SIGN64),
                     place(g), &b);
        (vec ? keep_vec : keep_int)(g, b);
    } else if (pick(g, 10) == 0) {
        a = ir_emit(g->u, IR_VLOAD8, IR_I8, mem_flags(g), address(g, 1),
                    IR_NONE, IR_NONE, 0);
        vec = true;
    } else {
        a = ir_load(g->u, type, mem_flags(g) | sign, place(g));
    }
    (vec ? keep_vec : keep_int)(g, a);
}

static void gen_store(struct gen *g)
{
    static const enum ir_type types[] = {
        IR_I8, IR_I16, IR_I32, IR_I64, IR_F16, IR_F32, IR_F64, IR_V128,
    };
    enum ir_type type = types[pick(g, ARRAY_SIZE(types))];
    bool vec = ir_type_is_vec(type);
    unsigned flags = mem_flags(g) | (pick(g, 6) ? 0 : IR_MEM_RELEASE);
    ir_ref a = vec ? any_vec(g) : any_int(g);

    if (pick(g, 3) == 0 && type >= IR_I32 && type != IR_F16) {
        ir_store2(g->u, type, (flags & ~IR_MEM_ALIGNED) | whole(g, vec),
                  place(g), a, vec ? any_vec(g) : any_int(g));
    } else if (vec && pick(g, 6) == 0) {
        ir_emit(g->u, IR_VSTORE8, IR_I8, flags, address(g, 1), a, IR_NONE,
                0);
    } else {
        ir_store(g->u, type, flags, place(g), a);
    }
}

static void gen_atomic(struct gen *g)
{
    enum ir_type type = IR_I8 + pick(g, 4);
    unsigned size = ir_type_size(type);
    ir_ref a = address(g, pick(g, 30) ? 16 : 1), v = IR_NONE, w;

    if (pick(g, 2)) {
        a = ir_const(g->u, IR_I64, RIG_RAM + 0x200);
    }
    switch (pick(g, 7)) {
    case 0:
        v = ir_emit(g->u, IR_LOAD_EX, type, 0, a, IR_NONE, IR_NONE, 0);
        break;
    case 1:
        v = ir_emit(g->u, IR_STORE_EX, type, 0, a, any_int(g), IR_NONE, 0);
        break;
    case 2:
        v = ir_emit(g->u, IR_RMW, type, 0, a, any_int(g), IR_NONE,
                    pick(g, 9));
        break;
    case 3:
        v = ir_emit(g->u, IR_CAS, type, 0, a, any_int(g), any_int(g), 0);
        break;
    case 4:
        ir_fence(g->u, pick(g, 3));
        return;
    case 5:
        type = size < 4 ? IR_I32 : type;
        v = ir_emit(g->u, IR_LOAD_EX2, type, 0, a, IR_NONE, IR_NONE, 0);
        w = ir_emit(g->u, IR_SECOND, type, 0, v, IR_NONE, IR_NONE, 0);
        keep_int(g, w);
        break;
    default:
        type = size < 4 ? IR_I32 : type;
        v = ir_emit(g->u, IR_STORE_EX2, type, 0, a, any_int(g), any_int(g),
                    0);
    }
    keep_int(g, v);
}

/* -- units ------------------------------------------------------------- */

static void gen_insn(struct gen *g)
{
    ir_insn(g->u, RIG_PC + 4 * g->insn++);
}

static void gen_branch(struct gen *g)
{
    uint64_t target = RIG_RAM + 4 * (1 + pick(g, 4000)) + 0x2000;

    switch (pick(g, 3)) {
    case 0:
        ir_brcc(g->u, pick(g, 16), any_flags(g), target);
        break;
    case 1:
        ir_brz(g->u, width(g), any_int(g), pick(g, 2), target);
        break;
    default:
        ir_brz(g->u, IR_I64,
               ir_bfxu(g->u, IR_I64, any_int(g), pick(g, 64), 1),
               pick(g, 2), target);
    }
}

static void gen_end(struct gen *g)
{
    switch (pick(g, 3)) {
    case 0:
        ir_exit(g->u, 0x40002000);
        break;
    case 1:
        ir_exit_indirect(g->u, any_int(g), IR_JUMP, 0);
        break;
    default:
        ir_exit_loop(g->u, VCPU_EXIT_STATE, RIG_PC + 4 * g->insn);
    }
}

static void gen_steps(struct gen *g, unsigned length, uint32_t only);

/* A forward branch to a LABEL: what is computed between is not known
 * behind. */
static void gen_label(struct gen *g)
{
    unsigned edge = ir_edge(g->u, RIG_PC + 4 * g->insn + 64);
    struct gen saved = *g;

    if (g->u->edge_count > 8 || !g->u->region) {
        return;
    }
    if (pick(g, 2)) {
        ir_emit(g->u, IR_BRNZ, width(g), 0, any_int(g), IR_NONE, IR_NONE,
                edge);
    } else {
        ir_emit(g->u, IR_BRCC, IR_VOID, pick(g, 14), any_flags(g), IR_NONE,
                IR_NONE, edge);
    }
    gen_steps(g, 1 + pick(g, 8), UINT32_MAX);
    saved.insn = g->insn;
    *g = saved;
    gen_insn(g);
    g->u->edge[edge].label = ir_label(g->u, ir_insn_pc(RIG_PC, g->u->at),
                                      pick(g, 4) << IR_LABEL_DEPTH_SHIFT |
                                          pick(g, 2));
}

/* A loop of up to four rounds, counted where no other step writes. */
static void gen_loop(struct gen *g)
{
    const unsigned counter = offsetof(struct vcpu, fault_address);
    ir_ref label, left;
    unsigned edge;

    if (g->in_loop || g->u->edge_count > 8 || !g->u->region) {
        return;
    }
    g->in_loop = true;
    ir_set(g->u, IR_I64, counter, ir_const(g->u, IR_I64, 1 + pick(g, 4)));
    gen_insn(g);
    label = ir_label(g->u, ir_insn_pc(RIG_PC, g->u->at),
                     IR_LABEL_POLL | pick(g, 4) << IR_LABEL_DEPTH_SHIFT);
    gen_steps(g, 1 + pick(g, 12), UINT32_MAX);
    left = ir_bini(g->u, IR_SUB, IR_I64,
                   ir_get(g->u, IR_I64, counter), 1);
    ir_set(g->u, IR_I64, counter, left);
    edge = ir_edge(g->u, RIG_PC);
    g->u->edge[edge].label = label;
    ir_emit(g->u, IR_BRNZ, IR_I64, 0, left, IR_NONE, IR_NONE, edge);
    g->in_loop = false;
}

static void (*const steps[])(struct gen *) = {
    gen_int, gen_int, gen_int, gen_get, gen_get, gen_set, gen_set, gen_flags,
    gen_flags, gen_select, gen_load, gen_store, gen_atomic, gen_call,
    gen_insn, gen_branch, gen_vec, gen_vec, gen_vec, gen_label, gen_loop,
};

/* `only`: a mask of the steps to use. */
static void gen_steps(struct gen *g, unsigned length, uint32_t only)
{
    for (unsigned n = 0; n < length; n++) {
        unsigned k = pick(g, ARRAY_SIZE(steps));

        if (only >> k & 1) {
            steps[k](g);
        }
    }
}

void gen_unit(struct ir_unit *u, uint64_t *seed, uint32_t only, bool shares)
{
    struct gen g = { .u = u, .seed = seed, .base = IR_NONE };
    unsigned length = 1 + pick(&g, 60);

    if (!shares && pick(&g, 4)) {
        ir_begin_region(u, RIG_PC, 0);
    } else {
        ir_begin(u, RIG_PC, 0);
    }
    u->shares = shares;
    u->fp_default = pick(&g, 4);
    gen_insn(&g);
    for (unsigned n = 0; n < POOL; n++) {
        g.ints[n] = ir_get(u, IR_I64, VCPU_R(pick(&g, 32)));
        g.flags[n] = ir_get_flags(u);
        g.vecs[n] = ir_get(u, IR_V128, VCPU_V(pick(&g, 32)));
    }
    gen_steps(&g, length, only);
    gen_end(&g);
}
