/* SVE: elements moved to other places; see translate_sve.h. */
#include "cpu/arm/translate_sve.h"

/* -- interleaving -------------------------------------------------------- */

/* esz 4 here: elements of 128 bits. */
static void copy_element(union sve_z *to, unsigned esz, unsigned k,
                         const union sve_z *from, unsigned at)
{
    if (esz == 4) {
        to->q[k] = from->q[at];
    } else {
        sve_set(to, esz, k, sve_get(from, esz, at));
    }
}

enum { ZIP1, ZIP2, UZP1, UZP2, TRN1, TRN2 };

/* Which element comes to place k: of n, or behind them of m. */
static unsigned permuted(unsigned how, unsigned k, unsigned count)
{
    unsigned odd = how & 1;

    switch (how & ~1u) {
    case ZIP1:
        return k / 2 + odd * (count / 2) + k % 2 * count;
    case UZP1:
        return 2 * k + odd;
    default:
        return (k & ~1u) + odd + k % 2 * count;
    }
}

/* An odd element of 128 bits at the end is not part of a pair: zero. */
SVE_RUN(permute)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    if (sve_unpack(word).esz == 4 && cpu->sve.vl < 32) {
        arm_raise(cpu, ARM_SYNDROME(EC_UNKNOWN, 0));
        return 0;
    }
    sve_begin(&r, vcpu, word, 0);
    unsigned esz = r.o.esz, count = r.vl >> esz & ~1u;

    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < count; k++) {
        unsigned at = permuted((unsigned)r.o.imm, k, count);

        copy_element(&r.d, esz, k, at < count ? &r.n : &r.m, at % count);
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(permute, IR_HELPER_EXITS)

#define INTERLEAVE(row, how)                                              \
    SVE_ROW(row##_z, sve_dnm, permute, o.imm = (how))                     \
    SVE_ROW(row##_q, sve_dnm, permute, o.imm = (how))
INTERLEAVE(ZIP1, ZIP1)
INTERLEAVE(ZIP2, ZIP2)
INTERLEAVE(UZP1, UZP1)
INTERLEAVE(UZP2, UZP2)
INTERLEAVE(TRN1, TRN1)
INTERLEAVE(TRN2, TRN2)

/* -- the whole vector ---------------------------------------------------- */

SVE_RUN(ext)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    unsigned from = (unsigned)r.o.imm < r.vl ? (unsigned)r.o.imm : 0;

    memset(&r.d, 0, sizeof(r.d));
    memcpy(r.d.b, r.n.b + from, r.vl - from);
    memcpy(r.d.b + (r.vl - from), r.m.b, from);
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(ext, 0)
SVE_ROW(EXT_zd, sve_dmi, ext)
SVE_ROW(EXT_z, sve_dni, ext, o.m = (o.n + 1) & 31)

SVE_RUN(rev)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0, count = r.vl >> r.o.esz; k < count; k++) {
        copy_element(&r.d, r.o.esz, k, &r.n, count - 1 - k);
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(rev, 0)
SVE_ROW(REV_z, sve_dn, rev)

/* One element everywhere. */
SVE_RUN(dup)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    if ((unsigned)r.o.imm < r.vl >> r.o.esz) {
        for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
            copy_element(&r.d, r.o.esz, k, &r.n, (unsigned)r.o.imm);
        }
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(dup, 0)
SVE_ROW(DUP_zx, sve_dni, dup)

/* Element 0 of n at the end of d, which moves up; imm: x instead. */
SVE_RUN(insr)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    memcpy(r.d.b + (1u << r.o.esz), r.n.b, r.vl - (1u << r.o.esz));
    sve_set(&r.d, r.o.esz, 0, r.o.imm ? x : sve_get(&r.m, r.o.esz, 0));
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(insr, 0)
SVE_ROW(INSR_v, sve_dm, insr, o.imm = 0)
SVE_ROW(INSR_r, sve_dr, insr, o.imm = 1,
        o.x = a64_r(s, true, (unsigned)a->rn))

/* A half widened; imm: 1 the upper one, 2 unsigned. */
SVE_RUN(unpk)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    unsigned count = r.vl >> r.o.esz, first = r.o.imm & 1 ? count : 0;

    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < count; k++) {
        uint64_t v = sve_get(&r.n, r.o.esz - 1, first + k);

        sve_set(&r.d, r.o.esz, k,
                r.o.imm & 2 ? v : (uint64_t)sve_s(r.o.esz - 1, v));
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(unpk, 0)
SVE_ROW(SUNPKLO, sve_dn, unpk, o.imm = 0)
SVE_ROW(SUNPKHI, sve_dn, unpk, o.imm = 1)
SVE_ROW(UUNPKLO, sve_dn, unpk, o.imm = 2)
SVE_ROW(UUNPKHI, sve_dn, unpk, o.imm = 3)

/* -- tables -------------------------------------------------------------- */

/* imm: 1 the table is n and the next, 2 beyond it d stays. */
SVE_RUN(tbl)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    unsigned esz = r.o.esz, count = r.vl >> esz;

    sve_read(cpu, (r.o.n + 1) & 31, &r.a);
    sve_read(cpu, r.o.d, &r.d);
    for (unsigned k = 0; k < count; k++) {
        uint64_t at = sve_get(&r.m, esz, k);

        if (at < count) {
            copy_element(&r.d, esz, k, &r.n, (unsigned)at);
        } else if ((r.o.imm & 1) && at < 2 * count) {
            copy_element(&r.d, esz, k, &r.a, (unsigned)at - count);
        } else if (!(r.o.imm & 2)) {
            sve_set(&r.d, esz, k, 0);
        }
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(tbl, 0)
SVE_ROW(TBL_z, sve_dnm, tbl, o.imm = 0)
SVE_ROW(TBL2_z, sve_dnm, tbl, o.imm = 1)
SVE_ROW(TBX_z, sve_dnm, tbl, o.imm = 2)

/* -- by a predicate ------------------------------------------------------ */

SVE_RUN(sel)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
        if (r.active >> (k << r.o.esz) & 1) {
            copy_element(&r.m, r.o.esz, k, &r.n, k);
        }
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.m);
    return 0;
}
SVE_HELPER(sel, 0)
SVE_ROW(SEL_z, sve_pdnm, sel)

SVE_RUN(compact)
{
    struct sve_run r;
    unsigned to = 0;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
        if (r.active >> (k << r.o.esz) & 1) {
            copy_element(&r.d, r.o.esz, to++, &r.n, k);
        }
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(compact, 0)
SVE_ROW(COMPACT, sve_pdn, compact)

/* n from the first active element to the last, then the lowest of m. */
SVE_RUN(splice)
{
    struct sve_run r;
    unsigned bytes = 0;

    sve_begin(&r, vcpu, word, 0);
    uint64_t active = r.active & sve_each(r.o.esz);

    memset(&r.d, 0, sizeof(r.d));
    if (active) {
        unsigned first = (unsigned)ctz64(active);

        bytes = 63 - (unsigned)clz64(active) - first + (1u << r.o.esz);
        memcpy(r.d.b, r.n.b + first, bytes);
    }
    memcpy(r.d.b + bytes, r.m.b, r.vl - bytes);
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(splice, 0)
SVE_ROW(SPLICE_d, sve_pdm, splice)
SVE_ROW(SPLICE_z, sve_pdn, splice, o.m = (o.n + 1) & 31)

/* The last active element, or that behind it (imm 1). */
static unsigned last_active(const struct sve_run *r)
{
    unsigned esz = r->o.esz, count = r->vl >> esz;
    uint64_t active = r->active & sve_each(esz);
    unsigned last = active ? (63 - (unsigned)clz64(active)) >> esz
                           : count - 1;

    return r->o.imm & 1 ? (last + 1) % count : last;
}

/* To a general register; imm bit 1: x when none is active. */
SVE_RUN(last_r)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    if ((r.o.imm & 2) && !(r.active & sve_each(r.o.esz))) {
        return sve_u(r.o.esz, x);
    }
    return sve_get(&r.n, r.o.esz, last_active(&r));
}
SVE_HELPER(last_r, 0)
SVE_ROW_R(LASTA_r, sve_prn, last_r, o.imm = 1)
SVE_ROW_R(LASTB_r, sve_prn, last_r, o.imm = 0)
SVE_ROW_R(CLASTA_r, sve_prm, last_r, o.imm = 3,
          o.x = a64_r(s, true, (unsigned)a->rd))
SVE_ROW_R(CLASTB_r, sve_prm, last_r, o.imm = 2,
          o.x = a64_r(s, true, (unsigned)a->rd))

/* To element 0; imm bit 1: d's when none is active, bit 2: everywhere. */
SVE_RUN(last_v)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    bool none = !(r.active & sve_each(r.o.esz));

    memset(&r.d, 0, sizeof(r.d));
    if (r.o.imm & 2) {
        sve_read(cpu, r.o.d, &r.a);
    }
    if ((r.o.imm & 4) && none) {
        return 0;
    }
    for (unsigned k = 0; k < (r.o.imm & 4 ? r.vl >> r.o.esz : 1); k++) {
        if ((r.o.imm & 2) && none) {
            copy_element(&r.d, r.o.esz, 0, &r.a, 0);
        } else {
            copy_element(&r.d, r.o.esz, k, &r.n, last_active(&r));
        }
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(last_v, 0)
SVE_ROW(LASTA_v, sve_pdn, last_v, o.imm = 1)
SVE_ROW(LASTB_v, sve_pdn, last_v, o.imm = 0)
SVE_ROW(CLASTA_v, sve_pdm, last_v, o.imm = 3, o.n = o.m)
SVE_ROW(CLASTB_v, sve_pdm, last_v, o.imm = 2, o.n = o.m)
SVE_ROW(CLASTA_z, sve_pdm, last_v, o.imm = 7, o.n = o.m)
SVE_ROW(CLASTB_z, sve_pdm, last_v, o.imm = 6, o.n = o.m)

/* Element 0 of V where active. */
SVE_RUN(cpy_v)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    sve_read(cpu, r.o.d, &r.d);
    for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
        if (r.active >> (k << r.o.esz) & 1) {
            copy_element(&r.d, r.o.esz, k, &r.n, 0);
        }
    }
    sve_write(cpu, r.o.d, &r.d);
    return 0;
}
SVE_HELPER(cpy_v, 0)
SVE_ROW(CPY_v, sve_pdn, cpy_v)
