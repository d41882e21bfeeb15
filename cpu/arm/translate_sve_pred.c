/*
 * SVE: predicates, and the comparisons that make them; see translate_sve.h.
 * Predicates are words with a bit for each byte of a vector.
 */
#include "cpu/arm/translate_sve.h"

#define S(v) sve_s(esz, v)
#define P(n) ARM_OFF(sve.p[n])

/* -- logical operations -------------------------------------------------- */

static ir_ref get_p(struct a64_ctx *s, unsigned n)
{
    return ir_get(s->u, IR_I64, P(n));
}

SVE_RUN(test)
{
    (void)vcpu, (void)word;
    return sve_test(x, y);
}
static const struct ir_helper help_test = {
    "sve_test", {.call = run_test}, 3, 0,
};

/* Set the flags by predicate `result` under the mask g. */
static void test(struct a64_ctx *s, ir_ref g, ir_ref result)
{
    sve_set_nzcv(s, ir_call(s->u, &help_test, sve_const(s, 0), g, result));
}

static void logical(struct a64_ctx *s, const struct a64_arg_sve_plog *a,
                    enum ir_opcode op, bool invert, bool flags)
{
    ir_ref g = get_p(s, (unsigned)a->pg);
    ir_ref r = ir_bin(s->u, op, IR_I64, get_p(s, (unsigned)a->pn),
                      get_p(s, (unsigned)a->pm));

    r = ir_bin(s->u, invert ? IR_ANDN : IR_AND, IR_I64, g, r);
    ir_set(s->u, IR_I64, P(a->pd), r);
    if (flags) {
        test(s, g, r);
    }
}

#define LOGICAL(name, op, invert)                                         \
    SVE_TRANS(name##_p, sve_plog)                                         \
    {                                                                     \
        if (a64_sve_access(s)) {                                          \
            logical(s, a, op, invert, false);                             \
        }                                                                 \
        return true;                                                      \
    }                                                                     \
    SVE_TRANS(name##S_p, sve_plog)                                        \
    {                                                                     \
        if (a64_sve_access(s)) {                                          \
            logical(s, a, op, invert, true);                              \
        }                                                                 \
        return true;                                                      \
    }
LOGICAL(AND, IR_AND, false)
LOGICAL(BIC, IR_ANDN, false)
LOGICAL(EOR, IR_XOR, false)
LOGICAL(ORR, IR_OR, false)
LOGICAL(ORN, IR_ORN, false)
LOGICAL(NOR, IR_OR, true)
LOGICAL(NAND, IR_AND, true)

SVE_TRANS(SEL_p, sve_plog)
{
    if (!a64_sve_access(s)) {
        return true;
    }
    ir_ref g = get_p(s, (unsigned)a->pg);
    ir_ref yes = ir_bin(s->u, IR_AND, IR_I64, get_p(s, (unsigned)a->pn), g);
    ir_ref no = ir_bin(s->u, IR_ANDN, IR_I64, get_p(s, (unsigned)a->pm), g);

    ir_set(s->u, IR_I64, P(a->pd), ir_bin(s->u, IR_OR, IR_I64, yes, no));
    return true;
}

/* -- breaks -------------------------------------------------------------- */

/* Up to the lowest bit of `at`, with it or without; all when there is none. */
static uint64_t up_to(uint64_t at, bool with)
{
    uint64_t first = at & -at;

    return at == 0 ? UINT64_MAX : with ? first | (first - 1) : first - 1;
}

static bool is_last(uint64_t g, uint64_t n)
{
    return g && (n >> (63 - clz64(g)) & 1);
}

/* imm: what a break is. */
enum { AFTER = 1, MERGE = 2, PAIR = 4, NEXT = 8 };

static uint64_t broken(const struct arm_cpu *cpu,
                       const struct sve_operands *o)
{
    const uint64_t *p = cpu->sve.p;
    uint64_t g = p[o->g], n = p[o->n];

    if (o->imm & NEXT) {
        return is_last(g, n) ? p[o->d] : 0;
    }
    if (o->imm & PAIR) {
        return is_last(g, n) ? g & up_to(p[o->m] & g, o->imm & AFTER) : 0;
    }
    uint64_t r = g & up_to(n & g, o->imm & AFTER);
    return o->imm & MERGE ? r | (p[o->d] & ~g) : r;
}

SVE_RUN(brk)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    uint64_t g = o.imm & NEXT ? sve_all(cpu) : cpu->sve.p[o.g];

    cpu->sve.p[o.d] = broken(cpu, &o);
    return sve_test(g, cpu->sve.p[o.d]);
}
SVE_HELPER(brk, 0)

SVE_ROW(BRKA_z, sve_pp, brk, o.imm = AFTER)
SVE_ROW(BRKA_m, sve_pp, brk, o.imm = AFTER | MERGE)
SVE_ROW_S(BRKAS, sve_pp, brk, o.imm = AFTER)
SVE_ROW(BRKB_z, sve_pp, brk, o.imm = 0)
SVE_ROW(BRKB_m, sve_pp, brk, o.imm = MERGE)
SVE_ROW_S(BRKBS, sve_pp, brk, o.imm = 0)
SVE_ROW(BRKN, sve_pp, brk, o.imm = NEXT)
SVE_ROW_S(BRKNS, sve_pp, brk, o.imm = NEXT)
SVE_ROW(BRKPA, sve_plog, brk, o.imm = PAIR | AFTER)
SVE_ROW_S(BRKPAS, sve_plog, brk, o.imm = PAIR | AFTER)
SVE_ROW(BRKPB, sve_plog, brk, o.imm = PAIR)
SVE_ROW_S(BRKPBS, sve_plog, brk, o.imm = PAIR)

/* -- one element after the other ----------------------------------------- */

SVE_TRANS(PTEST, sve_ptest)
{
    if (a64_sve_access(s)) {
        test(s, get_p(s, (unsigned)a->pg), get_p(s, (unsigned)a->pn));
    }
    return true;
}

SVE_RUN(pfirst)
{
    uint64_t *p = arm_cpu(vcpu)->sve.p;
    struct sve_operands o = sve_unpack(word);
    uint64_t g = p[o.g];

    p[o.d] |= g & -g;
    return sve_test(g, p[o.d]);
}
SVE_HELPER(pfirst, 0)
SVE_ROW_S(PFIRST, sve_pgd, pfirst)

SVE_RUN(pnext)
{
    uint64_t *p = arm_cpu(vcpu)->sve.p;
    struct sve_operands o = sve_unpack(word);
    uint64_t g = p[o.g] & sve_each(o.esz), last = p[o.d] & sve_each(o.esz);
    uint64_t later = g;

    if (last) {
        unsigned top = 63 - (unsigned)clz64(last);
        later = g & ~mask64(top + 1);
    }
    p[o.d] = later & -later;
    return sve_test(g, p[o.d]);
}
SVE_HELPER(pnext, 0)
SVE_ROW_S(PNEXT, sve_pgd, pnext)

/* -- the first-fault register -------------------------------------------- */

static bool move_p(struct a64_ctx *s, unsigned to, ir_ref value)
{
    ir_set(s->u, IR_I64, to, value);
    return true;
}

SVE_TRANS(PFALSE, sve_pd)
{
    return !a64_sve_access(s) || move_p(s, P(a->pd), sve_const(s, 0));
}

SVE_TRANS(RDFFR, sve_pd)
{
    return !a64_sve_access(s) ||
           move_p(s, P(a->pd), ir_get(s->u, IR_I64, ARM_OFF(sve.ffr)));
}

SVE_TRANS(WRFFR, sve_pn)
{
    return !a64_sve_access(s) ||
           move_p(s, ARM_OFF(sve.ffr), get_p(s, (unsigned)a->pn));
}

SVE_RUN(setffr)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    (void)word;
    cpu->sve.ffr = sve_all(cpu);
    return 0;
}
SVE_HELPER(setffr, 0)
SVE_ROW(SETFFR, sve_none, setffr)

SVE_RUN(rdffr)
{
    struct arm_sve *sve = &arm_cpu(vcpu)->sve;
    struct sve_operands o = sve_unpack(word);
    uint64_t g = sve->p[o.g];

    sve->p[o.d] = sve->ffr & g;
    return sve_test(g, sve->p[o.d]);
}
SVE_HELPER(rdffr, 0)
SVE_ROW(RDFFR_p, sve_pgd, rdffr)
SVE_ROW_S(RDFFRS, sve_pgd, rdffr)

/* -- permutations -------------------------------------------------------- */

/* Element k of a predicate: the bits of its bytes. */
static uint64_t get_bits(uint64_t p, unsigned esz, unsigned k)
{
    return p >> (k << esz) & mask64(1u << esz);
}

/* Which element of n (or of m, those above) comes to place k. */
enum { ZIP1, ZIP2, UZP1, UZP2, TRN1, TRN2 };

static unsigned permuted(unsigned how, unsigned k, unsigned count)
{
    unsigned odd = how & 1;

    switch (how & ~1u) {
    case ZIP1:
        return k / 2 + odd * (count / 2) + k % 2 * count;
    case UZP1:
        return 2 * k + odd; /* of both, one behind the other */
    default:
        return (k & ~1u) + odd + k % 2 * count;
    }
}

SVE_RUN(permute_p)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    unsigned count = (unsigned)cpu->sve.vl >> o.esz;
    uint64_t r = 0;

    for (unsigned k = 0; k < count; k++) {
        unsigned at = permuted((unsigned)o.imm, k, count);
        uint64_t from = cpu->sve.p[at < count ? o.n : o.m];

        r |= get_bits(from, o.esz, at % count) << (k << o.esz);
    }
    cpu->sve.p[o.d] = r;
    return 0;
}
SVE_HELPER(permute_p, 0)
SVE_ROW(ZIP1_p, sve_ppnp, permute_p, o.imm = ZIP1)
SVE_ROW(ZIP2_p, sve_ppnp, permute_p, o.imm = ZIP2)
SVE_ROW(UZP1_p, sve_ppnp, permute_p, o.imm = UZP1)
SVE_ROW(UZP2_p, sve_ppnp, permute_p, o.imm = UZP2)
SVE_ROW(TRN1_p, sve_ppnp, permute_p, o.imm = TRN1)
SVE_ROW(TRN2_p, sve_ppnp, permute_p, o.imm = TRN2)

SVE_RUN(rev_p)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    unsigned count = (unsigned)cpu->sve.vl >> o.esz;
    uint64_t r = 0;

    for (unsigned k = 0; k < count; k++) {
        r |= get_bits(cpu->sve.p[o.n], o.esz, count - 1 - k) << (k << o.esz);
    }
    cpu->sve.p[o.d] = r;
    return 0;
}
SVE_HELPER(rev_p, 0)
SVE_ROW(REV_p, sve_pn1, rev_p)

/* imm: the upper half. */
SVE_RUN(punpk)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    unsigned half = cpu->sve.vl / 2u;
    uint64_t from = cpu->sve.p[o.n] >> (o.imm ? half : 0), r = 0;

    for (unsigned k = 0; k < half; k++) {
        r |= (from >> k & 1) << 2 * k;
    }
    cpu->sve.p[o.d] = r;
    return 0;
}
SVE_HELPER(punpk, 0)
SVE_ROW(PUNPKLO, sve_pn1, punpk, o.imm = 0)
SVE_ROW(PUNPKHI, sve_pn1, punpk, o.imm = 1)

/* -- loops --------------------------------------------------------------- */

/* imm of a WHILE. */
enum { GREATER = 1, OR_EQUAL = 2, IS_UNSIGNED = 4, IS_64 = 8 };

/* How often a counter at `from`, counted towards `to`, is still before it. */
static uint64_t steps(unsigned how, unsigned esz, uint64_t from, uint64_t to)
{
    bool is_unsigned = how & IS_UNSIGNED;
    uint64_t top = is_unsigned ? mask64((int)sve_bits(esz))
                               : mask64((int)sve_bits(esz) - 1);
    uint64_t end = how & GREATER ? ~top : top; /* beyond it wraps around */

    end = is_unsigned && (how & GREATER) ? 0 : end;
    from = is_unsigned ? sve_u(esz, from) : (uint64_t)S(from);
    to = is_unsigned ? sve_u(esz, to) : (uint64_t)S(to);
    if (from == to) {
        return !(how & OR_EQUAL) ? 0 : to == end ? UINT64_MAX : 1;
    }
    bool less = is_unsigned ? from < to : (int64_t)from < (int64_t)to;
    if (less == !!(how & GREATER)) {
        return 0;
    }
    uint64_t count = less ? to - from : from - to;
    return !(how & OR_EQUAL) ? count
           : to == end       ? UINT64_MAX
                             : count + 1;
}

/* Elements from the first on, or from the last on downwards. */
SVE_RUN(loop)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    unsigned how = (unsigned)o.imm, count = (unsigned)cpu->sve.vl >> o.esz;
    uint64_t n = steps(how, how & IS_64 ? 3 : 2, x, y);
    uint64_t all = sve_all(cpu) & sve_each(o.esz);
    int bytes = (int)((n < count ? (unsigned)n : count) << o.esz);

    cpu->sve.p[o.d] = how & GREATER ? all & ~mask64(cpu->sve.vl - bytes)
                                    : all & mask64(bytes);
    return sve_test(all, cpu->sve.p[o.d]);
}
SVE_HELPER(loop, 0)

/* As far as no element of one overlaps with one of the other: imm: WHILERW,
 * in both directions. */
SVE_RUN(no_conflict)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    uint64_t all = sve_all(cpu) & sve_each(o.esz);
    uint64_t apart = y >= x ? y - x : o.imm ? x - y : 0;

    apart >>= o.esz;
    if (apart != 0 && apart < cpu->sve.vl) {
        cpu->sve.p[o.d] = all & mask64((unsigned)apart << o.esz > 64
                                           ? 64
                                           : (unsigned)apart << o.esz);
    } else {
        cpu->sve.p[o.d] = all;
    }
    return sve_test(all, cpu->sve.p[o.d]);
}
SVE_HELPER(no_conflict, 0)

#define SVE_OF_sve_while                                                  \
    SVE_CALL(.d = Z(pd), .esz = Z(esz), .imm = a->sf ? IS_64 : 0)
#define WHILE(row, name, how)                                             \
    SVE_ROW_S(row, sve_while, name, o.imm |= (how),                       \
              o.x = a64_r(s, true, (unsigned)a->rn),                      \
              o.y = a64_r(s, true, (unsigned)a->rm))
WHILE(WHILEGE, loop, GREATER | OR_EQUAL)
WHILE(WHILEGT, loop, GREATER)
WHILE(WHILELT, loop, 0)
WHILE(WHILELE, loop, OR_EQUAL)
WHILE(WHILEHS, loop, IS_UNSIGNED | GREATER | OR_EQUAL)
WHILE(WHILEHI, loop, IS_UNSIGNED | GREATER)
WHILE(WHILELO, loop, IS_UNSIGNED)
WHILE(WHILELS, loop, IS_UNSIGNED | OR_EQUAL)
WHILE(WHILERW, no_conflict, 0)
SVE_ROW_S(WHILEWR, sve_while, no_conflict, o.imm = 0,
          o.x = a64_r(s, true, (unsigned)a->rn),
          o.y = a64_r(s, true, (unsigned)a->rm))

/* N: the loop ends; V: neither that nor C.  Z and C stay. */
static void terminate(struct a64_ctx *s, const struct a64_arg_sve_cterm *a,
                      bool if_equal)
{
    ir_ref old = ir_un(s->u, IR_FLAGS_TO_NZCV, IR_I32, ir_get_flags(s->u));
    ir_ref not_c = ir_bini(s->u, IR_XOR, IR_I32,
                           ir_bfxu(s->u, IR_I32, old, 29, 1), 1);
    ir_ref v = ir_bini(s->u, IR_SHL, IR_I32, not_c, 28);
    ir_ref n = ir_const(s->u, IR_I32, UINT32_C(1) << 31);
    ir_ref differ = ir_bin(s->u, IR_XOR, a64_type(a->sf),
                           a64_r(s, a->sf, (unsigned)a->rn),
                           a64_r(s, a->sf, (unsigned)a->rm));
    ir_ref top = ir_emit(s->u, IR_SELNZ, IR_I64, 0, differ,
                         if_equal ? v : n, if_equal ? n : v, 0);
    ir_ref kept = ir_bini(s->u, IR_AND, IR_I32, old, UINT32_C(3) << 29);

    sve_set_nzcv(s, ir_bin(s->u, IR_OR, IR_I32, kept, top));
}

SVE_TRANS(CTERMEQ, sve_cterm)
{
    if (a64_sve_access(s)) {
        terminate(s, a, true);
    }
    return true;
}

SVE_TRANS(CTERMNE, sve_cterm)
{
    if (a64_sve_access(s)) {
        terminate(s, a, false);
    }
    return true;
}

/* -- comparisons --------------------------------------------------------- */

SVE_COMPARE_OF(eq, 0, 0, n == sve_u(esz, m))
SVE_COMPARE_OF(ne, 0, 0, n != sve_u(esz, m))
SVE_COMPARE_OF(ge, 0, 0, S(n) >= S(m))
SVE_COMPARE_OF(gt, 0, 0, S(n) > S(m))
SVE_COMPARE_OF(hs, 0, 0, n >= m)
SVE_COMPARE_OF(hi, 0, 0, n > m)
SVE_ROW_S(CMPEQ_z, sve_ppnm, eq)
SVE_ROW_S(CMPNE_z, sve_ppnm, ne)
SVE_ROW_S(CMPGE_z, sve_ppnm, ge)
SVE_ROW_S(CMPGT_z, sve_ppnm, gt)
SVE_ROW_S(CMPHS_z, sve_ppnm, hs)
SVE_ROW_S(CMPHI_z, sve_ppnm, hi)

/* Elements with doublewords, or with an immediate; imm: */
enum { EQ, NE, GE, GT, LE, LT, HS, HI, LO, LS };

static bool holds(int relation, int64_t s, uint64_t u, uint64_t m)
{
    switch (relation) {
    case EQ:
        return s == (int64_t)m;
    case NE:
        return s != (int64_t)m;
    case GE:
        return s >= (int64_t)m;
    case GT:
        return s > (int64_t)m;
    case LE:
        return s <= (int64_t)m;
    case LT:
        return s < (int64_t)m;
    case HS:
        return u >= m;
    case HI:
        return u > m;
    case LO:
        return u < m;
    default:
        return u <= m;
    }
}

static uint64_t compare(struct vcpu *vcpu, uint64_t word, const uint64_t *m,
                        unsigned words)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_operands o = sve_unpack(word);
    uint64_t g = sve_p(cpu, o.g) & sve_each(o.esz), result = 0;
    union sve_z n;

    sve_read(cpu, o.n, &n);
    for (unsigned k = 0; k < (unsigned)cpu->sve.vl >> o.esz; k++) {
        uint64_t v = sve_get(&n, o.esz, k);

        if ((g >> (k << o.esz) & 1) &&
            holds(o.imm, sve_s(o.esz, v), v, m[(k << o.esz) / 8 % words])) {
            result |= BIT(k << o.esz);
        }
    }
    cpu->sve.p[o.d] = result;
    return sve_test(g, result);
}

SVE_RUN(compare_wide)
{
    union sve_z m;

    sve_read(arm_cpu(vcpu), sve_unpack(word).m, &m);
    return compare(vcpu, word, m.d, SVE_MAX_BYTES / 8);
}
SVE_HELPER(compare_wide, 0)

SVE_RUN(compare_imm)
{
    return compare(vcpu, word, &x, 1);
}
SVE_HELPER(compare_imm, 0)

#define WIDE(row, relation)                                               \
    SVE_ROW_S(row##_zw, sve_ppnm, compare_wide, o.imm = (relation))       \
    SVE_ROW_S(row##_zi, sve_ppni, compare_imm,                            \
              o.x = sve_const(s, (uint64_t)(int64_t)a->imm),              \
              o.imm = (relation))
WIDE(CMPEQ, EQ)
WIDE(CMPNE, NE)
WIDE(CMPGE, GE)
WIDE(CMPGT, GT)
WIDE(CMPLE, LE)
WIDE(CMPLT, LT)
WIDE(CMPHS, HS)
WIDE(CMPHI, HI)
WIDE(CMPLO, LO)
WIDE(CMPLS, LS)
