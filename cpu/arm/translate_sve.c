/*
 * SVE: access, and what has general registers for its operands or counts
 * elements; see translate_sve.h.
 */
#include "cpu/arm/translate_sve.h"

#include "cpu/arm/models.h"
#include "cpu/arm/route.h"

/* -- access -------------------------------------------------------------- */

#define FP_TRAP_ISS (1u << 24 | 14u << 20)

/* CPACR_EL1.ZEN comes before FPEN (CheckSVEEnabled()). */
static uint64_t trap(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    unsigned el = arm_sve_trap_el(cpu, cpu->el);
    uint32_t syndrome = ARM_SYNDROME(EC_SVE_TRAP, 0);

    (void)a, (void)b, (void)c;
    if (!el) {
        el = arm_fp_trap_el(cpu, cpu->el);
        syndrome = ARM_SYNDROME(EC_FP_TRAP, FP_TRAP_ISS);
    }
    arm_raise_to(cpu, el > 1 ? el : 0, syndrome);
    return 0;
}

static const struct ir_helper trap_helper = {
    "sve_trap", {.call = trap}, 0, IR_HELPER_EXITS,
};

bool a64_sve_access(struct a64_ctx *s)
{
    if (s->context & CTX_SVE) {
        return true;
    }
    ir_call(s->u, &trap_helper, IR_NONE, IR_NONE, IR_NONE);
    ir_exit(s->u, s->pc);
    s->after |= A64_ENDED;
    return false;
}

void a64_clear_high(struct a64_ctx *s, unsigned n)
{
    unsigned most = sve_max_bytes(s->cpu->model->sve_lengths);

    for (unsigned k = 1; k < most / 16; k++) {
        ir_set(s->u, IR_V128, ARM_OFF(sve.high[0][0]) +
                                  sizeof(s->cpu->sve.high[0]) * n +
                                  16 * (k - 1),
               ir_vconst(s->u, IR_Q, 0));
    }
}

/* -- calls --------------------------------------------------------------- */

static ir_ref or_zero(struct a64_ctx *s, unsigned scalar)
{
    return scalar == IR_NONE ? sve_const(s, 0) : (ir_ref)scalar;
}

ir_ref sve_emit(struct a64_ctx *s, const struct ir_helper *helper,
                const struct sve_operands *o)
{
    return ir_call(s->u, helper, sve_const(s, sve_pack(o)),
                   or_zero(s, o->x), or_zero(s, o->y));
}

void sve_set_nzcv(struct a64_ctx *s, ir_ref nzcv)
{
    ir_set_flags(s->u, ir_un(s->u, IR_NZCV_TO_FLAGS, IR_FLAGS, nzcv));
}

/* -- the vector length --------------------------------------------------- */

/* imm times the bytes of a vector, or of a predicate. */
static ir_ref multiple(struct a64_ctx *s, int imm, bool predicate)
{
    ir_ref vl = ir_get(s->u, IR_I8, ARM_OFF(sve.vl));

    if (predicate) {
        vl = ir_bini(s->u, IR_SHR, IR_I64, vl, 3);
    }
    return ir_bin(s->u, IR_MUL, IR_I64, vl, sve_const(s, (uint64_t)imm));
}

static bool add_multiple(struct a64_ctx *s, const struct a64_arg_sve_rri *a,
                         bool predicate)
{
    if (a64_sve_access(s)) {
        a64_set_sp(s, true, (unsigned)a->rd,
                   ir_bin(s->u, IR_ADD, IR_I64,
                          a64_sp(s, (unsigned)a->rn),
                          multiple(s, a->imm, predicate)));
    }
    return true;
}

SVE_TRANS(ADDVL, sve_rri)
{
    return add_multiple(s, a, false);
}

SVE_TRANS(ADDPL, sve_rri)
{
    return add_multiple(s, a, true);
}

SVE_TRANS(RDVL, sve_ri)
{
    if (a64_sve_access(s)) {
        a64_set_r(s, true, (unsigned)a->rd, multiple(s, a->imm, false));
    }
    return true;
}

/* -- counts of elements -------------------------------------------------- */

/* DecodePredCount(): of `elements`, how many the pattern names. */
static unsigned pattern_count(unsigned pattern, unsigned elements)
{
    unsigned fixed;

    switch (pattern) {
    case 0: /* POW2 */
        return BIT(31 - (unsigned)clz32(elements));
    case 29: /* MUL4 */
        return elements - elements % 4;
    case 30: /* MUL3 */
        return elements - elements % 3;
    case 31: /* ALL */
        return elements;
    default:
        fixed = pattern <= 8    ? pattern
                : pattern <= 13 ? 16u << (pattern - 9)
                                : 0;
        return fixed <= elements ? fixed : 0;
    }
}

/* imm of the operands: pattern | multiplier << 8. */
static uint64_t count(const struct arm_cpu *cpu, const struct sve_operands *o)
{
    unsigned pattern = (unsigned)o->imm & 31, mul = (unsigned)o->imm >> 8;

    return (uint64_t)mul * pattern_count(pattern, cpu->sve.vl >> o->esz);
}

SVE_RUN(count)
{
    struct sve_operands o = sve_unpack(word);

    return count(arm_cpu(vcpu), &o);
}
SVE_HELPER(count, 0)

SVE_RUN(ptrue)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    unsigned bytes = (unsigned)count(cpu, &o) << o.esz;
    uint64_t all = sve_all(cpu) & sve_each(o.esz);

    cpu->sve.p[o.d] = all & mask64(bytes);
    return sve_test(cpu->sve.p[o.d], cpu->sve.p[o.d]);
}
SVE_HELPER(ptrue, 0)

#define SVE_OF_sve_cntz                                                   \
    SVE_CALL(.d = Z(zd), .n = Z(zd), .g = SVE_ALL, .esz = Z(esz),         \
             .imm = a->pat | (a->mul + 1) << 8)
#define SVE_OF_sve_cntr                                                   \
    SVE_CALL(.esz = Z(esz), .imm = a->pat | (a->mul + 1) << 8)
#define SVE_OF_sve_ptrue                                                  \
    SVE_CALL(.d = Z(pd), .esz = Z(esz), .imm = a->pat | 1 << 8)

SVE_ROW(PTRUE, sve_ptrue, ptrue)
SVE_ROW_S(PTRUES, sve_ptrue, ptrue)
SVE_ROW_R(CNT_c, sve_cntr, count)

/* How a count changes a register; in `n` of the operands. */
enum { DOWN = 1, SATURATE = 2, UNSIGNED = 4, NARROW = 8 };

static uint64_t changed(unsigned how, unsigned esz, uint64_t v, uint64_t by)
{
    sve_int128 from = how & UNSIGNED ? (sve_int128)sve_u(esz, v)
                                     : (sve_int128)sve_s(esz, v);
    sve_int128 to = how & DOWN ? from - (sve_int128)by
                               : from + (sve_int128)by;

    return how & UNSIGNED ? sve_saturate_u(esz, to) : sve_saturate_s(esz, to);
}

/* x: the register; the narrow form is of 32 bits, extended. */
static uint64_t change_register(unsigned how, uint64_t x, uint64_t by)
{
    if (!(how & SATURATE)) {
        return how & DOWN ? x - by : x + by;
    }
    uint64_t v = changed(how, how & NARROW ? 2 : 3, x, by);

    if (!(how & NARROW)) {
        return v;
    }
    return how & UNSIGNED ? (uint32_t)v : (uint64_t)(int32_t)v;
}

static void change_vector(struct arm_cpu *cpu, const struct sve_operands *o,
                          unsigned how, uint64_t by)
{
    union sve_z z;

    sve_read(cpu, o->d, &z);
    for (unsigned k = 0; k < (unsigned)cpu->sve.vl >> o->esz; k++) {
        uint64_t v = sve_get(&z, o->esz, k);

        sve_set(&z, o->esz, k,
                how & SATURATE ? changed(how, o->esz, v, by)
                               : change_register(how, v, by));
    }
    sve_write(cpu, o->d, &z);
}

SVE_RUN(change_r)
{
    struct sve_operands o = sve_unpack(word);

    return change_register(o.n, x, count(arm_cpu(vcpu), &o));
}
SVE_HELPER(change_r, 0)

SVE_RUN(change_z)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);

    change_vector(cpu, &o, o.n, count(cpu, &o));
    return 0;
}
SVE_HELPER(change_z, 0)

#define CHANGES(row, how)                                                 \
    SVE_ROW(row##_cz, sve_cntz, change_z, o.n = (how))                    \
    SVE_ROW_R(row##_c, sve_cntr, change_r,                                \
              o.n = (how) | (a->sf ? 0 : NARROW),                         \
              o.x = a64_r(s, true, (unsigned)a->rd))
CHANGES(INC, 0)
CHANGES(DEC, DOWN)
CHANGES(SQINC, SATURATE)
CHANGES(SQDEC, SATURATE | DOWN)
CHANGES(UQINC, SATURATE | UNSIGNED)
CHANGES(UQDEC, SATURATE | UNSIGNED | DOWN)

/* -- counts of true elements --------------------------------------------- */

static uint64_t count_true(const struct arm_cpu *cpu, unsigned esz,
                           unsigned g, unsigned n)
{
    uint64_t p = sve_p(cpu, g) & sve_p(cpu, n) & sve_each(esz);

    return (uint64_t)__builtin_popcountll(p);
}

SVE_RUN(cntp)
{
    struct sve_operands o = sve_unpack(word);

    return count_true(arm_cpu(vcpu), o.esz, o.g, o.n);
}
SVE_HELPER(cntp, 0)

SVE_RUN(incp_r)
{
    struct sve_operands o = sve_unpack(word);

    return change_register(o.n, x,
                           count_true(arm_cpu(vcpu), o.esz, SVE_ALL, o.m));
}
SVE_HELPER(incp_r, 0)

SVE_RUN(incp_z)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);

    change_vector(cpu, &o, o.n, count_true(cpu, o.esz, SVE_ALL, o.m));
    return 0;
}
SVE_HELPER(incp_z, 0)

#define SVE_OF_sve_cntp                                                   \
    SVE_CALL(.g = Z(pg), .n = Z(pn), .esz = Z(esz))
#define SVE_OF_sve_incpr SVE_CALL(.m = Z(pm), .esz = Z(esz))
#define SVE_OF_sve_incpz                                                  \
    SVE_CALL(.d = Z(zd), .m = Z(pm), .esz = Z(esz))

SVE_ROW_R(CNTP, sve_cntp, cntp)
#define CHANGES_P(row, how)                                               \
    SVE_ROW(row##_z, sve_incpz, incp_z, o.n = (how))                      \
    SVE_ROW_R(row##_r, sve_incpr, incp_r,                                 \
              o.n = (how) | (a->sf ? 0 : NARROW),                         \
              o.x = a64_r(s, true, (unsigned)a->rd))
CHANGES_P(INCP, 0)
CHANGES_P(DECP, DOWN)
CHANGES_P(SQINCP, SATURATE)
CHANGES_P(SQDECP, SATURATE | DOWN)
CHANGES_P(UQINCP, SATURATE | UNSIGNED)
CHANGES_P(UQDECP, SATURATE | UNSIGNED | DOWN)

/* -- INDEX, DUP and the like --------------------------------------------- */

/* x, x + y, x + 2y ... */
SVE_RUN(index)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    union sve_z z = {{0}};

    for (unsigned k = 0; k < (unsigned)cpu->sve.vl >> o.esz; k++) {
        sve_set(&z, o.esz, k, x + k * y);
    }
    sve_write(cpu, o.d, &z);
    return 0;
}
SVE_HELPER(index, 0)

#define SVE_OF_sve_dimm2 SVE_CALL(.d = Z(zd), .esz = Z(esz))
#define SVE_OF_sve_dri SVE_CALL(.d = Z(zd), .esz = Z(esz))
#define SVE_OF_sve_drr SVE_CALL(.d = Z(zd), .esz = Z(esz))
#define X(field) a64_r(s, true, (unsigned)a->field)
#define IMM(field) sve_const(s, (uint64_t)a->field)
SVE_ROW(INDEX_ii, sve_dimm2, index, o.x = IMM(imm), o.y = IMM(imm2))
SVE_ROW(INDEX_ri, sve_dri, index, o.x = X(rn), o.y = IMM(imm))
SVE_ROW(INDEX_ir, sve_dri, index, o.x = IMM(imm), o.y = X(rn))
SVE_ROW(INDEX_rr, sve_drr, index, o.x = X(rn), o.y = X(rm))

SVE_OP(second, m)
#define SP_OR_X(field)                                                    \
    o.second = SVE_SCALAR, o.x = a64_sp(s, (unsigned)a->field)
SVE_ROW(DUP_zr, sve_dr, second, SP_OR_X(rn))
SVE_ROW(CPY_r, sve_pdr, second, SP_OR_X(rn))
SVE_ROW(DUP_zi, sve_dish, second, sve_scalar(s, &o, (uint64_t)o.imm))
SVE_ROW(CPY_mi, sve_pdish, second, sve_scalar(s, &o, (uint64_t)o.imm))
SVE_ROW(CPY_zi, sve_pdish, second, sve_scalar(s, &o, (uint64_t)o.imm),
        o.zero = true)
