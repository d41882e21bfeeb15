/*
 * The x86-64 back end against the IR interpreter: random units.
 *
 * Every failure prints the unit and its seed; X64_SEED=n runs that one
 * alone, verbosely, X64_UNITS=n sets how many are made.
 */
#include "cpu/jit/code_cache.h"
#include "tests/unit/x64_rig.h"

Suite *x64_random_suite(void);

#define POOL 12

struct gen {
    struct rig *rig;
    struct ir_unit *u;
    uint64_t *seed;
    ir_ref ints[POOL], flags[POOL], vecs[POOL];
    unsigned insn;
    bool in_loop;
    ir_ref base;     /* an address that was used, or IR_NONE */
};

static unsigned pick(struct gen *g, unsigned n)
{
    return rig_pick(g->seed, n);
}

static enum ir_type width(struct gen *g)
{
    return pick(g, 2) ? IR_I64 : IR_I32;
}

static ir_ref any_int(struct gen *g)
{
    if (pick(g, 12) == 0) {
        return ir_pc(g->u, RIG_PC + 4 * (uint64_t)pick(g, 4000));
    }
    return pick(g, 5) ? g->ints[pick(g, POOL)]
                      : ir_const(g->u, IR_I64, rig_value(g->seed));
}

static ir_ref any_flags(struct gen *g)
{
    if (pick(g, 12) == 0) {
        return ir_const(g->u, IR_FLAGS, ir_flags_pack(pick(g, 16)));
    }
    return g->flags[pick(g, POOL)];
}

static ir_ref any_vec(struct gen *g)
{
    return g->vecs[pick(g, POOL)];
}

static void keep_int(struct gen *g, ir_ref v)
{
    g->ints[pick(g, POOL)] = v;
}

static void keep_vec(struct gen *g, ir_ref v)
{
    g->vecs[pick(g, POOL)] = v;
}

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
        keep_vec(g, ir_emit(g->u, IR_GET, IR_F16 + pick(g, 4), 0, IR_NONE,
                            IR_NONE, IR_NONE, VCPU_V(n)));
        break;
    case 3:
        keep_int(g, ir_emit(g->u, IR_GET, IR_I8 + pick(g, 4), 0, IR_NONE,
                            IR_NONE, IR_NONE, VCPU_R(n)));
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
        /* A part of a vector register, which the builder knows nothing
         * of. */
        ir_emit(g->u, IR_SET, IR_F16 + pick(g, 4), 0, any_vec(g), IR_NONE,
                IR_NONE, VCPU_V(n));
        g->u->vec_value[n] = IR_NONE;
        break;
    case 3:
        ir_emit(g->u, IR_SET, IR_I8 + pick(g, 2), 0, any_int(g), IR_NONE,
                IR_NONE, VCPU_R(n));
        g->u->reg_value[n] = IR_NONE;
        break;
    default:
        ir_set(g->u, width(g), VCPU_R(n), any_int(g));
    }
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

static unsigned mem_flags(struct gen *g)
{
    return (pick(g, 16) ? 0 : IR_MEM_ALIGNED) |
           (pick(g, 8) ? 0 : IR_MEM_UNPRIV) |
           (pick(g, 8) ? 0 : IR_MEM_ACQUIRE);
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
        a = ir_load2(g->u, type, mem_flags(g) & ~IR_MEM_ALIGNED,
                     address(g, 1), &b);
        (vec ? keep_vec : keep_int)(g, b);
    } else if (pick(g, 10) == 0) {
        a = ir_emit(g->u, IR_VLOAD8, IR_I8, mem_flags(g), address(g, 1),
                    IR_NONE, IR_NONE, 0);
        vec = true;
    } else {
        a = ir_load(g->u, type, mem_flags(g) | sign, address(g, 1));
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
        ir_store2(g->u, type, flags & ~IR_MEM_ALIGNED, address(g, 1), a,
                  vec ? any_vec(g) : any_int(g));
    } else if (vec && pick(g, 6) == 0) {
        ir_emit(g->u, IR_VSTORE8, IR_I8, flags, address(g, 1), a, IR_NONE,
                0);
    } else {
        ir_store(g->u, type, flags, address(g, 1), a);
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

/* -- calls ------------------------------------------------------------- */

/* Destroys everything that the C ABI lets a function destroy. */
static void destroy(void)
{
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n\tmovdqa %%xmm0, %%xmm1\n\t"
                     "movdqa %%xmm0, %%xmm2\n\tmovdqa %%xmm0, %%xmm3\n\t"
                     "movdqa %%xmm0, %%xmm4\n\tmovdqa %%xmm0, %%xmm5\n\t"
                     "movdqa %%xmm0, %%xmm6\n\tmovdqa %%xmm0, %%xmm7\n\t"
                     "movdqa %%xmm0, %%xmm8\n\tmovdqa %%xmm0, %%xmm9\n\t"
                     "movdqa %%xmm0, %%xmm10\n\tmovdqa %%xmm0, %%xmm11\n\t"
                     "movdqa %%xmm0, %%xmm12\n\tmovdqa %%xmm0, %%xmm13\n\t"
                     "movdqa %%xmm0, %%xmm14\n\tmovdqa %%xmm0, %%xmm15\n\t"
                     "mov $-1, %%rdi\n\tmov %%rdi, %%rsi\n\t"
                     "mov %%rdi, %%r8\n\tmov %%rdi, %%r9\n\t"
                     "mov %%rdi, %%r10\n\tmov %%rdi, %%r11\n\t"
                     "mov %%rdi, %%rcx\n\tmov %%rdi, %%rdx"
                     ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                     "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                     "xmm12", "xmm13", "xmm14", "xmm15", "rdi", "rsi", "r8",
                     "r9", "r10", "r11", "rcx", "rdx", "cc");
}

static uint64_t pure(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)vcpu;
    destroy();
    return a * 3 + (b ^ c);
}

static uint64_t uses_regs(struct vcpu *vcpu, uint64_t a, uint64_t b,
                          uint64_t c)
{
    unsigned n = a & 31;

    vcpu->r[n] += vcpu->r[b & 31] + c;
    vcpu->v[n].d[1] ^= vcpu->v[c & 31].d[0];
    vcpu->flags ^= a & FLAG_BITS;
    destroy();
    return vcpu->r[(a >> 8) & 31];
}

static uint64_t may_exit(struct vcpu *vcpu, uint64_t a, uint64_t b,
                         uint64_t c)
{
    destroy();
    if ((a & 15) == 3) {
        vcpu->exit = VCPU_EXIT_EXCEPTION;
        vcpu->syndrome = b + c;
    }
    return a;
}

static uint64_t may_exit_with_pc(struct vcpu *vcpu, uint64_t a, uint64_t b,
                                 uint64_t c)
{
    vcpu->r[b & 31] = c;
    destroy();
    if ((a & 15) == 3) {
        vcpu->exit = VCPU_EXIT_STATE;
        vcpu->pc = 0x40005678;
    }
    return a;
}

static void vec_call(struct vcpu *vcpu, union vec *result,
                     const union vec *a, const union vec *b,
                     const union vec *c, uint64_t imm)
{
    (void)vcpu;
    result->d[0] = (a ? a->d[0] : 1) + (b ? b->d[1] : 2) + imm;
    result->d[1] = (c ? c->d[1] : 3) ^ (a ? a->d[1] : 4);
    destroy();
}

static const struct ir_helper helpers[] = {
    { .name = "pure", .call = pure, .nargs = 3 },
    { .name = "uses_regs", .call = uses_regs, .nargs = 3,
      .flags = IR_HELPER_REGS },
    { .name = "may_exit", .call = may_exit, .nargs = 3,
      .flags = IR_HELPER_EXITS },
    { .name = "may_exit_with_pc", .call = may_exit_with_pc, .nargs = 3,
      .flags = IR_HELPER_EXITS | IR_HELPER_REGS | IR_HELPER_SETS_PC |
               IR_HELPER_TLB },
};
static const struct ir_helper vec_helper = {
    .name = "vec_call", .vcall = vec_call, .nargs = 3,
};

static void gen_call(struct gen *g)
{
    const struct ir_helper *h = &helpers[pick(g, ARRAY_SIZE(helpers))];
    ir_ref v;

    if (pick(g, 3) == 0) {
        v = ir_vcall(g->u, &vec_helper, pick(g, 4) ? any_vec(g) : IR_NONE,
                     pick(g, 4) ? any_vec(g) : IR_NONE,
                     pick(g, 4) ? any_vec(g) : IR_NONE, pick(g, 65536));
        keep_vec(g, v);
        return;
    }
    v = ir_call(g->u, h, any_int(g), any_int(g), any_int(g));
    keep_int(g, v);
}

/* -- vectors ----------------------------------------------------------- */

/* What a vector op's imm may be. */
enum imm_kind {
    IMM_NONE, IMM_LEFT, IMM_RIGHT, IMM_REV, IMM_HALF, IMM_ELEMENT,
    IMM_INSERT, IMM_BYTES, IMM_TABLE, IMM_FRINT, IMM_FCVT, IMM_FTOI, IMM_ITOF,
};

/* `types`: mask of enum ir_type; `shapes`: mask of enum ir_shape. */
struct vec_row {
    uint8_t op, args, shapes, imm;
    uint16_t types;
    bool extra;
};

#define I8 (1 << IR_I8)
#define I16 (1 << IR_I16)
#define I32 (1 << IR_I32)
#define I64 (1 << IR_I64)
#define INTS (I8 | I16 | I32 | I64)
#define FPS (1 << IR_F16 | 1 << IR_F32 | 1 << IR_F64)
#define DQ (1 << IR_D | 1 << IR_Q)
#define Q (1 << IR_Q)
#define SDQ (DQ | 1 << IR_S)

static const struct vec_row vec_rows[] = {
    { IR_VAND, 2, DQ, 0, I64, 0 }, { IR_VOR, 2, DQ, 0, I8, 0 },
    { IR_VXOR, 2, DQ, 0, I8, 0 }, { IR_VANDN, 2, DQ, 0, I8, 0 },
    { IR_VORN, 2, DQ, 0, I8, 0 }, { IR_VNOT, 1, DQ, 0, I8, 0 },
    { IR_VSEL, 3, DQ, 0, I8, 0 },
    { IR_VADD, 2, SDQ, 0, INTS, 0 }, { IR_VSUB, 2, SDQ, 0, INTS, 0 },
    { IR_VMUL, 2, DQ, 0, INTS, 0 }, { IR_VNEG, 1, SDQ, 0, INTS, 0 },
    { IR_VABS, 1, SDQ, 0, INTS, 0 },
    { IR_VSHL, 1, SDQ, IMM_LEFT, INTS, 0 },
    { IR_VSHRU, 1, SDQ, IMM_RIGHT, INTS, 0 },
    { IR_VSHRS, 1, SDQ, IMM_RIGHT, INTS, 0 },
    { IR_VSHLVU, 2, SDQ, 0, INTS, 0 }, { IR_VSHLVS, 2, SDQ, 0, INTS, 0 },
    { IR_VMINU, 2, DQ, 0, INTS, 0 }, { IR_VMAXU, 2, DQ, 0, INTS, 0 },
    { IR_VMINS, 2, DQ, 0, INTS, 0 }, { IR_VMAXS, 2, DQ, 0, INTS, 0 },
    { IR_VCMPEQ, 2, SDQ, 0, INTS, 0 }, { IR_VCMPGTS, 2, SDQ, 0, INTS, 0 },
    { IR_VCMPGES, 2, SDQ, 0, INTS, 0 }, { IR_VCMPGTU, 2, SDQ, 0, INTS, 0 },
    { IR_VCMPGEU, 2, SDQ, 0, INTS, 0 },
    { IR_VADDSATU, 2, SDQ, 0, INTS, 0 }, { IR_VADDSATS, 2, SDQ, 0, INTS, 0 },
    { IR_VSUBSATU, 2, SDQ, 0, INTS, 0 }, { IR_VSUBSATS, 2, SDQ, 0, INTS, 0 },
    { IR_VAVGU, 2, DQ, 0, I8 | I16 | I32, 1 },
    { IR_VAVGS, 2, DQ, 0, I8 | I16 | I32, 1 },
    { IR_VABDU, 2, DQ, 0, INTS, 0 }, { IR_VABDS, 2, DQ, 0, INTS, 0 },
    { IR_VCNT, 1, DQ, 0, I8, 0 }, { IR_VCLZ, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VREV, 1, DQ, IMM_REV, I8 | I16 | I32, 0 },
    { IR_VADDP, 2, DQ, 0, INTS, 0 },
    { IR_VADDLPU, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VADDLPS, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VADDV, 1, DQ, 0, INTS, 0 },
    { IR_VWIDENU, 1, Q, IMM_HALF, I8 | I16 | I32, 0 },
    { IR_VWIDENS, 1, Q, IMM_HALF, I8 | I16 | I32, 0 },
    { IR_VNARROW, 1, DQ, 0, I8 | I16 | I32, 0 },
    { IR_VCONCAT, 2, Q, 0, I64, 0 },
    { IR_VPMUL, 2, DQ, 0, I8, 0 }, { IR_VPMUL, 2, Q, 0, I64, 0 },
    { IR_VDUPL, 1, SDQ, IMM_ELEMENT, INTS, 0 },
    { IR_VINSL, 2, Q, IMM_INSERT, INTS, 0 },
    { IR_VEXT, 2, DQ, IMM_BYTES, I8, 0 },
    { IR_VZIP, 2, DQ, IMM_HALF, INTS, 0 },
    { IR_VUZP, 2, DQ, IMM_HALF, INTS, 0 },
    { IR_VTRN, 2, DQ, IMM_HALF, INTS, 0 },
    { IR_VTBL, 3, DQ, IMM_TABLE, I8, 0 },
    { IR_AESE, 2, Q, 0, I8, 0 }, { IR_AESD, 2, Q, 0, I8, 0 },
    { IR_AESMC, 1, Q, 0, I8, 0 }, { IR_AESIMC, 1, Q, 0, I8, 0 },
    { IR_FABS, 1, SDQ, 0, FPS, 0 }, { IR_FNEG, 1, SDQ, 0, FPS, 0 },
    { IR_FADD, 2, SDQ, 0, FPS, 0 }, { IR_FSUB, 2, SDQ, 0, FPS, 0 },
    { IR_FMUL, 2, SDQ, 0, FPS, 0 }, { IR_FDIV, 2, SDQ, 0, FPS, 0 },
    { IR_FMAX, 2, SDQ, 0, FPS, 0 }, { IR_FMINNM, 2, SDQ, 0, FPS, 0 },
    { IR_FMIN, 2, SDQ, 0, FPS, 0 }, { IR_FMAXNM, 2, SDQ, 0, FPS, 0 },
    { IR_FMULX, 2, SDQ, 0, FPS, 0 }, { IR_FRECPS, 2, SDQ, 0, FPS, 0 },
    { IR_FRSQRTS, 2, SDQ, 0, FPS, 0 },
    { IR_FRINT, 1, SDQ, IMM_FRINT, FPS, 0 },
    { IR_FCVT, 1, 1 << IR_S, IMM_FCVT, FPS, 0 },
    { IR_FCVTL, 1, Q, IMM_HALF, 1 << IR_F16 | 1 << IR_F32, 0 },
    { IR_FCVTN, 1, 1 << IR_D, 0, 1 << IR_F16 | 1 << IR_F32, 0 },
    { IR_FTOI, 1, SDQ, IMM_FTOI, FPS, 0 },
    { IR_ITOF, 1, SDQ, IMM_ITOF, FPS, 0 },
    { IR_FSQRT, 1, SDQ, 0, FPS, 0 }, { IR_FMULADD, 3, SDQ, 0, FPS, 1 },
    { IR_FCMPEQ, 2, SDQ, 0, FPS, 0 }, { IR_FCMPGE, 2, SDQ, 0, FPS, 0 },
    { IR_FCMPGT, 2, SDQ, 0, FPS, 0 },
};

static uint32_t vec_imm(struct gen *g, const struct vec_row *row,
                        unsigned log2, enum ir_shape shape)
{
    static const uint8_t others[3][2] = {
        { IR_F32, IR_F64 }, { IR_F16, IR_F64 }, { IR_F16, IR_F32 },
    };
    unsigned bits = 8u << log2, elements = 16u >> log2;

    switch (row->imm) {
    case IMM_LEFT:
        return pick(g, bits);
    case IMM_RIGHT:
        return 1 + pick(g, bits);
    case IMM_REV:
        return bits << (1 + pick(g, 3 - log2));
    case IMM_HALF:
        return pick(g, 2);
    case IMM_ELEMENT:
        return pick(g, elements);
    case IMM_INSERT:
        return pick(g, elements) | pick(g, elements) << 4;
    case IMM_BYTES:
        return pick(g, shape == IR_Q ? 16 : 8);
    case IMM_TABLE:
        return 16 * pick(g, 4);
    case IMM_FRINT:
        return pick(g, 6) == 5 ? 7 | 8 * pick(g, 2) : pick(g, 5);
    case IMM_FCVT:
        return others[log2 - 1][pick(g, 2)];
    case IMM_FTOI:
        return (pick(g, 2) ? 3 : pick(g, 5)) << 8 | pick(g, 2) << 12 |
               (pick(g, 4) ? 0 : pick(g, bits + 1));
    case IMM_ITOF:
        return 7 << 8 | pick(g, 2) << 12 |
               (pick(g, 2) ? 0 : pick(g, bits + 1));
    default:
        return 0;
    }
}

static unsigned one_of(struct gen *g, unsigned mask)
{
    unsigned n;

    do {
        n = pick(g, 16);
    } while (!(mask >> n & 1));
    return n;
}

static void gen_vec_op(struct gen *g)
{
    const struct vec_row *row = &vec_rows[pick(g, ARRAY_SIZE(vec_rows))];
    enum ir_type type = one_of(g, row->types);
    enum ir_shape shape = one_of(g, row->shapes);
    unsigned log2 = __builtin_ctz(ir_type_size(type));

    /* One 64-bit element is Q or S only. */
    if (shape == IR_D && log2 == 3 && row->op != IR_VAND) {
        shape = row->shapes & 1 << IR_S ? IR_S : IR_Q;
    }
    keep_vec(g, ir_vec(g->u, row->op, type, shape,
                       row->extra ? pick(g, row->op == IR_FMULADD ? 4 : 2)
                                  : 0,
                       any_vec(g), row->args > 1 ? any_vec(g) : IR_NONE,
                       row->args > 2 ? any_vec(g) : IR_NONE,
                       vec_imm(g, row, log2, shape)));
}

static void gen_vec(struct gen *g)
{
    enum ir_type type = IR_I8 + pick(g, 4);
    unsigned element = pick(g, 16 >> (type - IR_I8));
    enum ir_shape shape = pick(g, 2) ? IR_Q : IR_D;

    switch (pick(g, 12)) {
    case 0:
        keep_vec(g, ir_vconst(g->u, shape,
                              pick(g, 2) ? rig_value(g->seed)
                                         : -(uint64_t)pick(g, 2)));
        break;
    case 1:
        keep_vec(g, ir_vec(g->u, IR_VDUP, type,
                           pick(g, 3) ? shape : IR_S, 0, any_int(g),
                           IR_NONE, IR_NONE, 0));
        break;
    case 2:
        keep_vec(g, ir_vec(g->u, IR_VINS, type, IR_Q, 0, any_vec(g),
                           any_int(g), IR_NONE, element));
        break;
    case 3:
        keep_int(g, ir_vec(g->u, IR_VGETL, type, IR_Q,
                           type == IR_I64   ? 0
                           : type == IR_I32 ? 2 * pick(g, 2)
                                            : pick(g, 3),
                           any_vec(g), IR_NONE, IR_NONE, element));
        break;
    case 4:
        g->flags[pick(g, POOL)] =
            ir_vec(g->u, IR_FCMP, IR_F16 + pick(g, 3), IR_S, pick(g, 2),
                   any_vec(g), any_vec(g), IR_NONE, 0);
        break;
    case 5:
        keep_int(g, ir_vec(g->u, IR_FTOI_R, IR_F16 + pick(g, 3), IR_S,
                           IR_I32 + pick(g, 2), any_vec(g), IR_NONE,
                           IR_NONE, (pick(g, 2) ? 3 : pick(g, 5)) << 8 |
                           pick(g, 2) << 12));
        break;
    case 6:
        keep_vec(g, ir_vec(g->u, IR_ITOF_R, IR_F16 + pick(g, 3), IR_S,
                           IR_I32 + pick(g, 2), any_int(g), IR_NONE,
                           IR_NONE, 7 << 8 | pick(g, 2) << 12 |
                           (pick(g, 3) ? 0 : pick(g, 33))));
        break;
    default:
        gen_vec_op(g);
    }
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
        ir_exit_indirect(g->u, any_int(g), false);
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

    if (g->u->edge_count > 8) {
        return;
    }
    g->u->region = true;
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

    if (g->in_loop || g->u->edge_count > 8) {
        return;
    }
    g->in_loop = true;
    g->u->region = true;
    ir_emit(g->u, IR_SET, IR_I64, 0,
            ir_const(g->u, IR_I64, 1 + pick(g, 4)), IR_NONE, IR_NONE,
            counter);
    gen_insn(g);
    label = ir_label(g->u, ir_insn_pc(RIG_PC, g->u->at),
                     IR_LABEL_POLL | pick(g, 4) << IR_LABEL_DEPTH_SHIFT);
    gen_steps(g, 1 + pick(g, 12), UINT32_MAX);
    left = ir_bini(g->u, IR_SUB, IR_I64,
                   ir_emit(g->u, IR_GET, IR_I64, 0, IR_NONE, IR_NONE,
                           IR_NONE, counter), 1);
    ir_emit(g->u, IR_SET, IR_I64, 0, left, IR_NONE, IR_NONE, counter);
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

static void gen_unit(struct gen *g, uint32_t only)
{
    unsigned length = 1 + pick(g, 60);

    ir_begin(g->u, RIG_PC, 0);
    g->u->fp_default = pick(g, 4);
    gen_insn(g);
    for (unsigned n = 0; n < POOL; n++) {
        g->ints[n] = ir_get(g->u, IR_I64, VCPU_R(pick(g, 32)));
        g->flags[n] = ir_get_flags(g->u);
        g->vecs[n] = ir_get(g->u, IR_V128, VCPU_V(pick(g, 32)));
    }
    gen_steps(g, length, only);
    gen_end(g);
}

/* The same unit, so much further on. */
static void move_unit(struct ir_unit *u, uint64_t delta)
{
    u->pc += delta;
    for (unsigned n = 0; n < u->count; n++) {
        u->insn[n].imm += u->insn[n].op == IR_EXIT_LOOP ? delta : 0;
    }
    for (unsigned n = 0; n < u->const_count; n++) {
        struct ir_insn *i = &u->insn[IR_FIRST_CONST + n];

        i->imm += i->op == IR_PC ? delta : 0;
    }
    for (unsigned n = 0; n < u->edge_count; n++) {
        u->edge[n].pc += delta;
    }
}

/* Compile with the hooks that the number stands for. */
static bool compile_as(struct rig *rig, uint64_t number, uint32_t page_id,
                       struct jit_buffer *code, struct jit_result *result)
{
    backend_test_hooks(rig->thread, number & 2,
                       (number & 12) == 12 ? 1 + number / 16 % 3 : 0, number);
    return backend_compile(rig->thread, rig->unit, page_id, code, result);
}

/* A copy for another address is what the compiler makes there. */
static struct block *check_copy(struct rig *rig, struct code_chunk *chunk,
                                const struct block *key,
                                const struct block *origin, uint64_t number)
{
    struct jit_buffer code;
    struct jit_result result;
    uint8_t *bytes;

    ck_assert(code_chunk_room(chunk, &code));
    struct block *copy = block_clone(chunk, key, &code, origin);

    ck_assert_ptr_nonnull(copy);
    bytes = malloc(copy->code_size);
    memcpy(bytes, code.rw, copy->code_size);
    move_unit(rig->unit, copy->pc - origin->pc);
    ck_assert(compile_as(rig, number, key->page_id, &code, &result));
    ck_assert_uint_eq(copy->code_size, result.code_size);
    ck_assert_msg(!memcmp(bytes, code.rw, copy->code_size),
                  "the copy differs: X64_SEED=%llu",
                  (unsigned long long)number);
    for (unsigned n = 0; n < copy->link_count; n++) {
        ck_assert_uint_eq(block_links(copy)[n].target,
                          result.links[n].target);
    }
    free(bytes);
    /* As death does. */
    memset(code.rw + copy->guarded, 0xeb, 2);
    memset(code.rw + copy->polled, 0xeb, 2);
    memset(code.rw + copy->entry, 0xeb, 2);
    return copy;
}

/* Of a block, then of the copy when that is dead. */
static void check_chunk(struct rig *rig, struct code_chunk *chunk,
                        uint64_t number)
{
    struct block key = { .pc = RIG_PC, .page_id = 7 };
    struct jit_buffer code;
    struct jit_result result;
    struct block *block;

    ck_assert(code_chunk_room(chunk, &code));
    if (!compile_as(rig, number, key.page_id, &code, &result)) {
        return;
    }
    block = block_new(chunk, &key, &code, &result);
    for (int n = 0; n < 2; n++) {
        key.pc += UINT64_C(0x5555000123456000);
        key.page_id += 0x12345678;
        block = check_copy(rig, chunk, &key, block, number);
    }
}

static void nothing(void *opaque, unsigned cpu)
{
    (void)opaque, (void)cpu;
}

static void check_copies(struct rig *rig, uint64_t number)
{
    static const struct code_cache_user user = { .forget = nothing };
    static const struct code_demand none;
    struct error *err = NULL;
    struct code_cache *cache = code_cache_new(2u << 20, 1, &err);

    ck_assert_ptr_nonnull(cache);
    check_chunk(rig, code_cache_chunk(cache, 0, CODE_ORIGINALS, NULL, &none,
                                      &user),
                number);
    code_cache_free(cache);
}

static void run_one(struct rig *rig, uint64_t number)
{
    uint64_t seed = number * UINT64_C(0x123456789abcdef1);
    struct gen g = {
        .rig = rig, .u = rig->unit, .seed = &seed, .base = IR_NONE,
    };
    uint32_t only = number & 8 ? UINT32_MAX : rig_random(&seed);

    backend_test_baseline(rig->thread, number & 1);
    backend_test_hooks(rig->thread, number & 2,
                       (number & 12) == 12 ? 1 + number / 16 % 3 : 0, number);
    rig_randomise(rig, &seed);
    rig->vcpu->excl_addr = VCPU_EXCL_NONE;
    tlb_invalidate(rig->tlb, &(struct tlb_inval){ .kind = TLB_INVAL_ALL });
    rig->vcpu->saturated = 0;
    rig->vcpu->fp.flags = 0;
    gen_unit(&g, only);
    rig->pass = number & 16 && rig->unit->region ? ir_pass_flags : NULL;
    if (number & 32 && (number & 12) != 12 && rig->unit->region) {
        ir_pass_checks(rig->unit);
    }
    if (getenv("X64_TRACE")) {
        fprintf(stderr, "%llu\n", (unsigned long long)number);
    }
    if (!rig_run(rig)) {
        ck_abort_msg("differs: X64_SEED=%llu", (unsigned long long)number);
    }
    if (number % 8 < 3) {
        check_copies(rig, number);
    }
}

START_TEST(random_units)
{
    const char *one = getenv("X64_SEED"), *many = getenv("X64_UNITS");
    unsigned count = many ? strtoul(many, NULL, 0) : 3000;
    struct rig *rig = rig_new(_i & 1);

    if (one) {
        rig->verbose = true;
        run_one(rig, strtoull(one, NULL, 0));
    } else {
        for (unsigned n = 0; n < count; n++) {
            run_one(rig, (uint64_t)_i * 10000000 + n);
        }
    }
    rig_free(rig);
}
END_TEST

/* What death overwrites is part of a displacement here. */
START_TEST(copies_of_a_call)
{
    static const struct ir_helper helper = { .name = "pure", .call = pure };
    struct rig *rig = rig_new(false);

    ir_begin(rig->unit, RIG_PC, 0);
    ir_insn(rig->unit, RIG_PC);
    ir_call(rig->unit, &helper, IR_NONE, IR_NONE, IR_NONE);
    ir_exit(rig->unit, 0x40002000);
    check_copies(rig, 0);
    rig_free(rig);
}
END_TEST

Suite *x64_random_suite(void)
{
    Suite *s = suite_create("x64_random");
    TCase *tc = tcase_create("units");

    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, random_units, 0, 4);
    tcase_add_test(tc, copies_of_a_call);
    suite_add_tcase(s, tc);
    return s;
}
