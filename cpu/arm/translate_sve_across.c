/*
 * SVE on integers across elements: reductions, pairs, matches, histograms;
 * bit permutations and cryptography; see translate_sve.h.
 */
#include "cpu/arm/translate_sve.h"

#include "cpu/arm/translate_simd.h"
#include "cpu/ir/vec_ops.h"

#define S(v) sve_s(esz, v)

/* -- operations by number ------------------------------------------------ */

enum { ADD, SMAX, UMAX, SMIN, UMIN, OR, XOR, AND, SADD };

static uint64_t combine(unsigned op, unsigned esz, uint64_t a, uint64_t b)
{
    switch (op) {
    case SMAX:
        return S(a) > S(b) ? a : b;
    case UMAX:
        return a > b ? a : b;
    case SMIN:
        return S(a) < S(b) ? a : b;
    case UMIN:
        return a < b ? a : b;
    case OR:
        return a | b;
    case XOR:
        return a ^ b;
    case AND:
        return a & b;
    case SADD:
        return a + (uint64_t)S(b);
    default:
        return a + b;
    }
}

static uint64_t identity(unsigned op, unsigned esz)
{
    switch (op) {
    case SMAX:
        return BIT(sve_bits(esz) - 1);
    case SMIN:
        return mask64(sve_bits(esz) - 1);
    case UMIN:
    case AND:
        return mask64(sve_bits(esz));
    default:
        return 0;
    }
}

/* -- reductions ---------------------------------------------------------- */

SVE_RUN(reduce)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    unsigned esz = r.o.esz, op = (unsigned)r.o.imm;
    uint64_t v = identity(op, esz);

    for (unsigned k = 0; k < r.vl >> esz; k++) {
        if (r.active >> (k << esz) & 1) {
            v = combine(op, esz, v, sve_get(&r.n, esz, k));
        }
    }
    memset(&r.d, 0, sizeof(r.d));
    if (op == ADD || op == SADD) {
        r.d.d[0] = v;
    } else {
        sve_set(&r.d, esz, 0, v);
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(reduce, 0)
#define REDUCE(row, op) SVE_ROW(row, sve_pdn, reduce, o.imm = (op))
REDUCE(SADDV_z, SADD)
REDUCE(UADDV_z, ADD)
REDUCE(SMAXV_z, SMAX)
REDUCE(UMAXV_z, UMAX)
REDUCE(SMINV_z, SMIN)
REDUCE(UMINV_z, UMIN)
REDUCE(ORV_z, OR)
REDUCE(EORV_z, XOR)
REDUCE(ANDV_z, AND)

static uint64_t pair(struct vcpu *vcpu, unsigned op, unsigned esz,
                     uint64_t n, uint64_t m)
{
    (void)vcpu;
    return combine(op, esz, n, m);
}

SVE_RUN(pairs)
{
    sve_pairs(vcpu, word, pair);
    return 0;
}
SVE_HELPER(pairs, 0)
SVE_ROW(ADDP_zp, sve_pdm, pairs, o.imm = ADD)
SVE_ROW(SMAXP_zp, sve_pdm, pairs, o.imm = SMAX)
SVE_ROW(UMAXP_zp, sve_pdm, pairs, o.imm = UMAX)
SVE_ROW(SMINP_zp, sve_pdm, pairs, o.imm = SMIN)
SVE_ROW(UMINP_zp, sve_pdm, pairs, o.imm = UMIN)

/* -- matches ------------------------------------------------------------- */

/* How many elements of m in the 128 bits of element k are as n's. */
static unsigned matches(const struct sve_run *r, unsigned k)
{
    unsigned esz = r->o.esz, in_segment = 16u >> esz;
    unsigned first = k & ~(in_segment - 1), found = 0;

    for (unsigned j = first; j < first + in_segment; j++) {
        found += sve_get(&r->n, esz, k) == sve_get(&r->m, esz, j);
    }
    return found;
}

/* imm: those that do not match. */
SVE_RUN(match)
{
    struct sve_run r;
    uint64_t result = 0;

    sve_begin(&r, vcpu, word, 0);
    for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
        if ((r.active >> (k << r.o.esz) & 1) &&
            (matches(&r, k) != 0) != r.o.imm) {
            result |= BIT(k << r.o.esz);
        }
    }
    arm_cpu(vcpu)->sve.p[r.o.d] = result;
    return sve_test(r.active & sve_each(r.o.esz), result);
}
SVE_HELPER(match, 0)
SVE_ROW_S(MATCH, sve_ppnm, match, o.imm = 0)
SVE_ROW_S(NMATCH, sve_ppnm, match, o.imm = 1)

SVE_RUN(histseg)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < r.vl; k++) {
        r.d.b[k] = (uint8_t)matches(&r, k);
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(histseg, 0)
SVE_ROW(HISTSEG, sve_dnm, histseg)

/* Of the active elements up to each, how many of m are as n's there. */
SVE_RUN(histcnt)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < r.vl >> r.o.esz; k++) {
        uint64_t found = 0, v = sve_get(&r.n, r.o.esz, k);

        for (unsigned j = 0; j <= k; j++) {
            found += (r.active >> (j << r.o.esz) & 1) &&
                     v == sve_get(&r.m, r.o.esz, j);
        }
        if (r.active >> (k << r.o.esz) & 1) {
            sve_set(&r.d, r.o.esz, k, found);
        }
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(histcnt, 0)
SVE_ROW(HISTCNT, sve_pdnm, histcnt)

/* -- bit permutations ---------------------------------------------------- */

/* The bits of n that m selects, in the lowest places. */
static uint64_t extract(uint64_t n, uint64_t m)
{
    uint64_t r = 0;

    for (unsigned to = 0; m; m &= m - 1) {
        r |= (n >> ctz64(m) & 1) << to++;
    }
    return r;
}

static uint64_t deposit(uint64_t n, uint64_t m)
{
    uint64_t r = 0;

    for (; m; m &= m - 1, n >>= 1) {
        r |= (n & 1) << ctz64(m);
    }
    return r;
}

static uint64_t bit_group(unsigned esz, uint64_t n, uint64_t m)
{
    unsigned count = (unsigned)__builtin_popcountll(m);
    uint64_t rest = extract(n, sve_u(esz, ~m));

    return extract(n, m) | (count < 64 ? rest << count : 0);
}

SVE_OP(bext, extract(n, m))
SVE_OP(bdep, deposit(n, m))
SVE_OP(bgrp, bit_group(esz, n, m))
SVE_ROW(BEXT, sve_dnm, bext)
SVE_ROW(BDEP, sve_dnm, bdep)
SVE_ROW(BGRP, sve_dnm, bgrp)

/* -- cryptography: Advanced SIMD's on each 128 bits ---------------------- */

enum { AESE, AESD, AESMC, AESIMC, SM4E, SM4EKEY };

static void crypt(struct vcpu *vcpu, unsigned op, union vec *d,
                  const union vec *n, const union vec *m)
{
    switch (op) {
    case AESE:
        ir_op_AESE(vcpu, d, n, m, NULL, 0);
        break;
    case AESD:
        ir_op_AESD(vcpu, d, n, m, NULL, 0);
        break;
    case AESMC:
        ir_op_AESMC(vcpu, d, n, NULL, NULL, 0);
        break;
    case AESIMC:
        ir_op_AESIMC(vcpu, d, n, NULL, NULL, 0);
        break;
    case SM4E:
        a64_helper_sm4e.vcall(vcpu, d, n, m, NULL, 0);
        break;
    default:
        a64_helper_sm4ekey.vcall(vcpu, d, d, n, m, 0);
    }
}

SVE_RUN(crypto)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < r.vl / 16; k++) {
        crypt(vcpu, (unsigned)r.o.imm, &r.d.q[k], &r.n.q[k], &r.m.q[k]);
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(crypto, 0)
SVE_ROW(AESE_z, sve_dm, crypto, o.imm = AESE)
SVE_ROW(AESD_z, sve_dm, crypto, o.imm = AESD)
SVE_ROW(AESMC_z, sve_d, crypto, o.imm = AESMC)
SVE_ROW(AESIMC_z, sve_d, crypto, o.imm = AESIMC)
SVE_ROW(SM4E_z, sve_dm, crypto, o.imm = SM4E)
SVE_ROW(SM4EKEY_z, sve_dnm, crypto, o.imm = SM4EKEY)

SVE_OP(rax1, n ^ (m << 1 | m >> 63))
SVE_ROW(RAX1_z, sve_dnm, rax1)

/* Carry-less products of doublewords; imm: the upper of each pair. */
SVE_RUN(pmull_q)
{
    struct sve_run r;

    sve_begin(&r, vcpu, word, 0);
    memset(&r.d, 0, sizeof(r.d));
    for (unsigned k = 0; k < r.vl / 8; k += 2) {
        uint64_t n = r.n.d[k + (unsigned)r.o.imm];
        uint64_t m = r.m.d[k + (unsigned)r.o.imm];

        for (unsigned bit = 0; bit < 64; bit++) {
            if (m >> bit & 1) {
                r.d.d[k] ^= n << bit;
                r.d.d[k + 1] ^= bit ? n >> (64 - bit) : 0;
            }
        }
    }
    sve_write(arm_cpu(vcpu), r.o.d, &r.d);
    return 0;
}
SVE_HELPER(pmull_q, 0)
SVE_ROW(PMULLB_q, sve_dnm, pmull_q, o.imm = 0)
SVE_ROW(PMULLT_q, sve_dnm, pmull_q, o.imm = 1)
