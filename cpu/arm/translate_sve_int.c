/*
 * SVE and SVE2 on integers, where each element of the result comes from the
 * elements of the operands at its place; see translate_sve.h.  Those that
 * widen or narrow are in translate_sve_wide.c.
 */
#include "cpu/arm/translate_sve.h"

#include "cpu/arm/sve_imm.h"
#include "cpu/fp/fp.h"

#define S(v) sve_s(esz, v)
#define BITS sve_bits(esz)
/* Wider than any sum or product of two elements. */
#define W(v) ((sve_int128)S(v))
#define WU(v) ((sve_int128)(v))

/* -- arithmetic ---------------------------------------------------------- */

SVE_OP(add, n + m)
SVE_OP(sub, n - m)
SVE_OP(smax, S(n) > S(m) ? n : m)
SVE_OP(umax, n > m ? n : m)
SVE_OP(smin, S(n) < S(m) ? n : m)
SVE_OP(umin, n < m ? n : m)
SVE_OP(sabd, S(n) > S(m) ? n - m : m - n)
SVE_OP(uabd, n > m ? n - m : m - n)
SVE_OP(saba, a + (S(n) > S(m) ? n - m : m - n))
SVE_OP(uaba, a + (n > m ? n - m : m - n))
SVE_OP(mul, n * m)
SVE_OP(smulh, W(n) * W(m) >> BITS)
SVE_OP(umulh, (sve_uint128)n * m >> BITS)
SVE_OP_OF(sdiv, 2, 0,
          m == 0 ? 0 : S(m) == -1 ? -n : (uint64_t)(S(n) / S(m)))
SVE_OP_OF(udiv, 2, 0, m == 0 ? 0 : n / m)
SVE_OP(mla, a + n * m)
SVE_OP(mls, a - n * m)
SVE_OP(sqadd, sve_saturate_s(esz, W(n) + W(m)))
SVE_OP(uqadd, sve_saturate_u(esz, WU(n) + WU(m)))
SVE_OP(sqsub, sve_saturate_s(esz, W(n) - W(m)))
SVE_OP(uqsub, sve_saturate_u(esz, WU(n) - WU(m)))
SVE_OP(suqadd, sve_saturate_s(esz, W(n) + WU(m)))
SVE_OP(usqadd, sve_saturate_u(esz, WU(n) + W(m)))
/* Immediates are unsigned, for signed saturation too. */
SVE_OP(sub_from, m - n)
SVE_OP(sqadd_u, sve_saturate_s(esz, W(n) + WU(m)))
SVE_OP(sqsub_u, sve_saturate_s(esz, W(n) - WU(m)))
SVE_OP(shadd, (W(n) + W(m)) >> 1)
SVE_OP(uhadd, (WU(n) + WU(m)) >> 1)
SVE_OP(srhadd, (W(n) + W(m) + 1) >> 1)
SVE_OP(urhadd, (WU(n) + WU(m) + 1) >> 1)
SVE_OP(shsub, (W(n) - W(m)) >> 1)
SVE_OP(uhsub, (WU(n) - WU(m)) >> 1)

/* (2nm + (c << width) + rounding) >> width, saturated. */
SVE_INLINE uint64_t double_high(unsigned esz, sve_int128 product, uint64_t a,
                                bool round)
{
    sve_int128 v = (W(a) << (BITS - 1)) + product;

    if (round) {
        v += (sve_int128)1 << (BITS - 2);
    }
    return sve_saturate_s(esz, v >> (BITS - 1));
}

SVE_OP(sqdmulh, double_high(esz, W(n) * W(m), 0, false))
SVE_OP(sqrdmulh, double_high(esz, W(n) * W(m), 0, true))
SVE_OP(sqrdmlah, double_high(esz, W(n) * W(m), a, true))
SVE_OP(sqrdmlsh, double_high(esz, -(W(n) * W(m)), a, true))

SVE_INLINE uint64_t carryless(unsigned bits, uint64_t n, uint64_t m)
{
    uint64_t product = 0;

    for (unsigned k = 0; k < bits; k++) {
        product ^= m >> k & 1 ? n << k : 0;
    }
    return product;
}

SVE_OP(pmul, carryless(8, n, m))

/* Both forms, with predicate and without, and others by their suffix. */
#define BOTH(row, name)                                                   \
    SVE_ROW(row##_zp, sve_pdm, name)                                      \
    SVE_ROW(row##_z, sve_dnm, name)
#define REVERSED(row, name) SVE_ROW(row, sve_pdm, name, sve_swap(&o))
#define IMMEDIATE(row, name)                                              \
    SVE_ROW(row, sve_di, name, sve_scalar(s, &o, sve_u(o.esz,             \
                                                       (uint64_t)o.imm)))
#define SHIFTED_IMMEDIATE(row, name)                                      \
    SVE_ROW(row, sve_dish, name, sve_scalar(s, &o, (uint64_t)o.imm))

BOTH(ADD, add)
BOTH(SUB, sub)
REVERSED(SUBR_zp, sub)
SVE_ROW(SMAX_zp, sve_pdm, smax)
SVE_ROW(UMAX_zp, sve_pdm, umax)
SVE_ROW(SMIN_zp, sve_pdm, smin)
SVE_ROW(UMIN_zp, sve_pdm, umin)
SVE_ROW(SABD_zp, sve_pdm, sabd)
SVE_ROW(UABD_zp, sve_pdm, uabd)
SVE_ROW(SABA_z, sve_dnm, saba)
SVE_ROW(UABA_z, sve_dnm, uaba)
BOTH(MUL, mul)
BOTH(SMULH, smulh)
BOTH(UMULH, umulh)
SVE_ROW(PMUL_z, sve_dnm, pmul)
SVE_ROW(SDIV_zp, sve_pdm, sdiv)
SVE_ROW(UDIV_zp, sve_pdm, udiv)
REVERSED(SDIVR_zp, sdiv)
REVERSED(UDIVR_zp, udiv)
SVE_ROW(MLA_zp, sve_pdnm, mla)
SVE_ROW(MLS_zp, sve_pdnm, mls)
SVE_ROW(MAD_zp, sve_pdam, mla)
SVE_ROW(MSB_zp, sve_pdam, mls)
BOTH(SQADD, sqadd)
BOTH(UQADD, uqadd)
BOTH(SQSUB, sqsub)
BOTH(UQSUB, uqsub)
REVERSED(SQSUBR_zp, sqsub)
REVERSED(UQSUBR_zp, uqsub)
SVE_ROW(SUQADD_zp, sve_pdm, suqadd)
SVE_ROW(USQADD_zp, sve_pdm, usqadd)
SVE_ROW(SHADD_zp, sve_pdm, shadd)
SVE_ROW(UHADD_zp, sve_pdm, uhadd)
SVE_ROW(SRHADD_zp, sve_pdm, srhadd)
SVE_ROW(URHADD_zp, sve_pdm, urhadd)
SVE_ROW(SHSUB_zp, sve_pdm, shsub)
SVE_ROW(UHSUB_zp, sve_pdm, uhsub)
REVERSED(SHSUBR_zp, shsub)
REVERSED(UHSUBR_zp, uhsub)

SHIFTED_IMMEDIATE(ADD_zi, add)
SHIFTED_IMMEDIATE(SUB_zi, sub)
SVE_ROW(SUBR_zi, sve_dish, sub_from, sve_scalar(s, &o, (uint64_t)o.imm))
SHIFTED_IMMEDIATE(UQADD_zi, uqadd)
SHIFTED_IMMEDIATE(UQSUB_zi, uqsub)
SVE_ROW(SQADD_zi, sve_dish, sqadd_u, sve_scalar(s, &o, (uint64_t)o.imm))
SVE_ROW(SQSUB_zi, sve_dish, sqsub_u, sve_scalar(s, &o, (uint64_t)o.imm))
IMMEDIATE(SMAX_zi, smax)
IMMEDIATE(UMAX_zi, umax)
IMMEDIATE(SMIN_zi, smin)
IMMEDIATE(UMIN_zi, umin)
IMMEDIATE(MUL_zi, mul)

#define ELEMENT(row, name)                                                \
    SVE_ROW(row##_zx, sve_dnmi, name, o.second = SVE_ELEMENT)
ELEMENT(MUL, mul)
ELEMENT(MLA, mla)
ELEMENT(MLS, mls)
ELEMENT(SQDMULH, sqdmulh)
ELEMENT(SQRDMULH, sqrdmulh)
ELEMENT(SQRDMLAH, sqrdmlah)
ELEMENT(SQRDMLSH, sqrdmlsh)
SVE_ROW(SQDMULH_z, sve_dnm, sqdmulh)
SVE_ROW(SQRDMULH_z, sve_dnm, sqrdmulh)
SVE_ROW(SQRDMLAH_z, sve_dnm, sqrdmlah)
SVE_ROW(SQRDMLSH_z, sve_dnm, sqrdmlsh)

/* -- bits ---------------------------------------------------------------- */

SVE_OP(orr, n | m)
SVE_OP(eor, n ^ m)
SVE_OP(and, n & m)
SVE_OP(bic, n & ~m)
SVE_OP(eor3, n ^ m ^ a)
SVE_OP(bcax, n ^ (m & ~a))
SVE_OP(bsl, (n & a) | (m & ~a))
SVE_OP(bsl1n, (~n & a) | (m & ~a))
SVE_OP(bsl2n, (n & a) | (~m & ~a))
SVE_OP(nbsl, ~((n & a) | (m & ~a)))

BOTH(ORR, orr)
BOTH(EOR, eor)
BOTH(AND, and)
BOTH(BIC, bic)
SVE_ROW(EOR3_z, sve_dmk, eor3)
SVE_ROW(BCAX_z, sve_dmk, bcax)
SVE_ROW(BSL_z, sve_dmk, bsl)
SVE_ROW(BSL1N_z, sve_dmk, bsl1n)
SVE_ROW(BSL2N_z, sve_dmk, bsl2n)
SVE_ROW(NBSL_z, sve_dmk, nbsl)

static bool bit_mask(struct a64_ctx *s, const struct a64_arg_sve_logimm *a,
                     const struct ir_helper *helper)
{
    struct sve_operands o = SVE_OF_sve_logimm;
    uint64_t mask;

    if (!sve_bit_mask((unsigned)a->imm, &mask)) {
        return false;
    }
    if (a64_sve_access(s)) {
        sve_scalar(s, &o, mask);
        sve_emit(s, helper, &o);
    }
    return true;
}

SVE_OP(fill, m)
#define BIT_MASK(row, name)                                               \
    SVE_TRANS(row, sve_logimm)                                            \
    {                                                                     \
        return bit_mask(s, a, &help_##name);                              \
    }
BIT_MASK(ORR_zi, orr)
BIT_MASK(EOR_zi, eor)
BIT_MASK(AND_zi, and)
BIT_MASK(DUPM, fill)

/* -- shifts -------------------------------------------------------------- */

SVE_INLINE uint64_t rotate_right(unsigned esz, uint64_t v, unsigned by)
{
    by %= BITS;
    return by ? v >> by | v << (BITS - by) : v;
}

/* v by a signed amount, negative to the right; |v| < 2^64. */
SVE_INLINE sve_int128 shift(unsigned esz, sve_int128 v, int64_t by,
                            bool round, bool saturate)
{
    if (by < 0) {
        by = by < -66 ? 66 : -by;
        v += round ? (sve_int128)1 << (by - 1) : 0;
        return v >> by;
    }
    if (by < (int64_t)BITS) {
        return v * ((sve_int128)1 << by);
    }
    if (v == 0 || !saturate) {
        return 0;
    }
    return v < 0 ? -((sve_int128)1 << 126) : (sve_int128)1 << 126;
}

#define SHIFT(v, by, round) shift(esz, v, by, round, false)
#define SHIFT_SAT(v, by, round) shift(esz, v, by, round, true)

SVE_OP(asr, S(n) >> (m < BITS ? m : BITS - 1))
SVE_OP(lsr, m < BITS ? n >> m : 0)
SVE_OP(lsl, m < BITS ? n << m : 0)
SVE_OP(asrd, (W(n) + (S(n) < 0 ? ((sve_int128)1 << m) - 1 : 0)) >> m)
SVE_OP(srshl, SHIFT(W(n), S(m), true))
SVE_OP(urshl, SHIFT(WU(n), S(m), true))
SVE_OP(sqshl, sve_saturate_s(esz, SHIFT_SAT(W(n), S(m), false)))
SVE_OP(uqshl, sve_saturate_u(esz, SHIFT_SAT(WU(n), S(m), false)))
SVE_OP(sqrshl, sve_saturate_s(esz, SHIFT_SAT(W(n), S(m), true)))
SVE_OP(uqrshl, sve_saturate_u(esz, SHIFT_SAT(WU(n), S(m), true)))
SVE_OP(sqshlu, sve_saturate_u(esz, SHIFT_SAT(W(n), (int64_t)m, false)))
SVE_OP(srshr, SHIFT(W(n), -(int64_t)m, true))
SVE_OP(urshr, SHIFT(WU(n), -(int64_t)m, true))
SVE_OP(ssra, a + (uint64_t)SHIFT(W(n), -(int64_t)m, false))
SVE_OP(usra, a + (uint64_t)SHIFT(WU(n), -(int64_t)m, false))
SVE_OP(srsra, a + (uint64_t)SHIFT(W(n), -(int64_t)m, true))
SVE_OP(ursra, a + (uint64_t)SHIFT(WU(n), -(int64_t)m, true))
SVE_OP(sri, m < BITS ? n >> m | (a & ~(mask64(BITS) >> m)) : a)
SVE_OP(sli, n << m | (a & mask64(m)))
SVE_OP(xar, rotate_right(esz, n ^ m, (unsigned)imm))

SVE_ROW(ASR_zp, sve_pdm, asr)
SVE_ROW(LSR_zp, sve_pdm, lsr)
SVE_ROW(LSL_zp, sve_pdm, lsl)
REVERSED(ASRR_zp, asr)
REVERSED(LSRR_zp, lsr)
REVERSED(LSLR_zp, lsl)
SVE_ROW(ASR_zpw, sve_pdm, asr, o.second = SVE_WIDE)
SVE_ROW(LSR_zpw, sve_pdm, lsr, o.second = SVE_WIDE)
SVE_ROW(LSL_zpw, sve_pdm, lsl, o.second = SVE_WIDE)
SVE_ROW(ASR_zw, sve_dnm, asr, o.second = SVE_WIDE)
SVE_ROW(LSR_zw, sve_dnm, lsr, o.second = SVE_WIDE)
SVE_ROW(LSL_zw, sve_dnm, lsl, o.second = SVE_WIDE)
SVE_ROW(ASR_zi, sve_dni, asr, SVE_RIGHT)
SVE_ROW(LSR_zi, sve_dni, lsr, SVE_RIGHT)
SVE_ROW(LSL_zi, sve_dni, lsl, SVE_LEFT)
SVE_ROW(ASR_zpi, sve_pdi, asr, SVE_RIGHT)
SVE_ROW(LSR_zpi, sve_pdi, lsr, SVE_RIGHT)
SVE_ROW(LSL_zpi, sve_pdi, lsl, SVE_LEFT)
SVE_ROW(ASRD_zpi, sve_pdi, asrd, SVE_RIGHT)
SVE_ROW(SQSHL_zpi, sve_pdi, sqshl, SVE_LEFT)
SVE_ROW(UQSHL_zpi, sve_pdi, uqshl, SVE_LEFT)
SVE_ROW(SQSHLU_zpi, sve_pdi, sqshlu, SVE_LEFT)
SVE_ROW(SRSHR_zpi, sve_pdi, srshr, SVE_RIGHT)
SVE_ROW(URSHR_zpi, sve_pdi, urshr, SVE_RIGHT)
SVE_ROW(SSRA_z, sve_dni, ssra, SVE_RIGHT)
SVE_ROW(USRA_z, sve_dni, usra, SVE_RIGHT)
SVE_ROW(SRSRA_z, sve_dni, srsra, SVE_RIGHT)
SVE_ROW(URSRA_z, sve_dni, ursra, SVE_RIGHT)
SVE_ROW(SRI_z, sve_dni, sri, SVE_RIGHT)
SVE_ROW(SLI_z, sve_dni, sli, SVE_LEFT)
SVE_ROW(XAR_z, sve_dmi, xar, o.imm = (8 << a->esz) - a->imm)
SVE_ROW(SRSHL_zp, sve_pdm, srshl)
SVE_ROW(URSHL_zp, sve_pdm, urshl)
REVERSED(SRSHLR_zp, srshl)
REVERSED(URSHLR_zp, urshl)
SVE_ROW(SQSHL_zp, sve_pdm, sqshl)
SVE_ROW(UQSHL_zp, sve_pdm, uqshl)
REVERSED(SQSHLR_zp, sqshl)
REVERSED(UQSHLR_zp, uqshl)
SVE_ROW(SQRSHL_zp, sve_pdm, sqrshl)
SVE_ROW(UQRSHL_zp, sve_pdm, uqrshl)
REVERSED(SQRSHLR_zp, sqrshl)
REVERSED(UQRSHLR_zp, uqrshl)

/* -- one operand --------------------------------------------------------- */

SVE_INLINE uint64_t leading_zeros(unsigned esz, uint64_t v)
{
    return (v ? (unsigned)clz64(v) : 64) - (64 - BITS);
}

/* The elements of this size, in each of 1 << esz bytes, reversed. */
SVE_INLINE uint64_t reverse(unsigned esz, unsigned part, uint64_t v)
{
    uint64_t r = 0;

    for (unsigned at = 0; at < BITS; at += part) {
        r = r << part | (v >> at & mask64(part));
    }
    return r;
}

SVE_OP(move, n)
SVE_OP(sxtb, (int8_t)n)
SVE_OP(uxtb, (uint8_t)n)
SVE_OP(sxth, (int16_t)n)
SVE_OP(uxth, (uint16_t)n)
SVE_OP(sxtw, (int32_t)n)
SVE_OP(uxtw, (uint32_t)n)
SVE_OP(abs, S(n) < 0 ? -n : n)
SVE_OP(neg, -n)
SVE_OP(sqabs, sve_saturate_s(esz, S(n) < 0 ? -W(n) : W(n)))
SVE_OP(sqneg, sve_saturate_s(esz, -W(n)))
SVE_OP(cls, leading_zeros(esz, sve_u(esz, n ^ (uint64_t)(S(n) >> 1))) - 1)
SVE_OP(clz, leading_zeros(esz, n))
SVE_OP(cnt, __builtin_popcountll(n))
SVE_OP(cnot, n == 0)
SVE_OP(not, ~n)
SVE_OP(fabs, n & mask64(BITS - 1))
SVE_OP(fneg, n ^ BIT(BITS - 1))
SVE_OP(rbit, reverse(esz, 1, n))
SVE_OP(revb, reverse(esz, 8, n))
SVE_OP(revh, reverse(esz, 16, n))
SVE_OP(revw, reverse(esz, 32, n))
SVE_OP(urecpe, fp_urecpe((uint32_t)n))
SVE_OP(ursqrte, fp_ursqrte((uint32_t)n))

SVE_ROW(MOVPRFX_z, sve_dn, move)
SVE_ROW(MOVPRFX_zpm, sve_pdn, move)
SVE_ROW(MOVPRFX_zpz, sve_pdn, move, o.zero = true)
SVE_ROW(SXTB_zp, sve_pdn, sxtb)
SVE_ROW(UXTB_zp, sve_pdn, uxtb)
SVE_ROW(SXTH_zp, sve_pdn, sxth)
SVE_ROW(UXTH_zp, sve_pdn, uxth)
SVE_ROW(SXTW_zp, sve_pdn, sxtw)
SVE_ROW(UXTW_zp, sve_pdn, uxtw)
SVE_ROW(ABS_zp, sve_pdn, abs)
SVE_ROW(NEG_zp, sve_pdn, neg)
SVE_ROW(SQABS_zp, sve_pdn, sqabs)
SVE_ROW(SQNEG_zp, sve_pdn, sqneg)
SVE_ROW(CLS_zp, sve_pdn, cls)
SVE_ROW(CLZ_zp, sve_pdn, clz)
SVE_ROW(CNT_zp, sve_pdn, cnt)
SVE_ROW(CNOT_zp, sve_pdn, cnot)
SVE_ROW(NOT_zp, sve_pdn, not)
SVE_ROW(FABS_zp, sve_pdn, fabs)
SVE_ROW(FNEG_zp, sve_pdn, fneg)
SVE_ROW(RBIT_z, sve_pdn, rbit)
SVE_ROW(REVB_z, sve_pdn, revb)
SVE_ROW(REVH_z, sve_pdn, revh)
SVE_ROW(REVW_z, sve_pdn, revw)
SVE_ROW(URECPE_zp, sve_pdn, urecpe)
SVE_ROW(URSQRTE_zp, sve_pdn, ursqrte)

/* -- addresses ----------------------------------------------------------- */

SVE_OP(adr, n + (m << imm))
SVE_OP(adr_sxtw, n + ((uint64_t)(int32_t)m << imm))
SVE_OP(adr_uxtw, n + ((uint64_t)(uint32_t)m << imm))

SVE_ROW(ADR_z, sve_dnmi, adr)
SVE_ROW(ADR_sxtw, sve_dnmi, adr_sxtw)
SVE_ROW(ADR_uxtw, sve_dnmi, adr_uxtw)
