/*
 * A64 data processing on general registers: Arm ARM C4.1 "Data processing
 * -- immediate" and "-- register".  One line an instruction, one generator
 * a family.
 */
#include "cpu/arm/translate.h"
#include "cpu/arm/translate_row.h"
#include "cpu/ir/interp.h"
#include "util/bits.h"

/* -- add and subtract ----------------------------------------------------- */

/* rd = a op b, and NZCV of that; register 31 is zero. */
static bool set_flags(struct a64_ctx *s, enum ir_opcode op, bool sf,
                      unsigned rd, ir_ref a, ir_ref b)
{
    enum ir_type t = a64_type(sf);
    ir_ref r = ir_emit(s->u, op, t, 0, a, b, IR_NONE, 0);
    ir_ref f = ir_flags_of(s->u, t, r);

    a64_set_r(s, sf, rd, r);
    ir_set_flags(s->u, f);
    return true;
}

A64_FAMILY bool add_sub_imm(struct a64_ctx *s, enum ir_opcode op, bool flags,
                            const struct a64_arg_addsub_imm *a)
{
    enum ir_type t = a64_type(a->sf);
    uint64_t imm = (uint64_t)a->imm << (a->sh ? 12 : 0);
    ir_ref n = a64_sp(s, a->rn);

    if (flags) {
        return set_flags(s, op, a->sf, a->rd, n, ir_const(s->u, t, imm));
    }
    a64_set_sp(s, a->sf, a->rd, ir_bini(s->u, op, t, n, imm));
    return true;
}

/* Register rm shifted by a constant: LSL, LSR, ASR, ROR. */
A64_FAMILY ir_ref shifted(struct a64_ctx *s, bool sf, unsigned rm,
                          unsigned kind, unsigned amount)
{
    static const enum ir_opcode op[] = {IR_SHL, IR_SHR, IR_SAR, IR_ROR};
    ir_ref m = a64_r(s, sf, rm);

    return amount ? ir_bini(s->u, op[kind], a64_type(sf), m, amount) : m;
}

/* Of sums and logical operations. */
A64_FAMILY bool op_shift(struct a64_ctx *s, enum ir_opcode op, bool flags,
                         const struct a64_arg_rrr_shift *a)
{
    ir_ref n = a64_r(s, a->sf, a->rn);
    ir_ref m = shifted(s, a->sf, a->rm, a->shift, a->imm);

    if (flags) {
        return set_flags(s, op, a->sf, a->rd, n, m);
    }
    a64_set_r(s, a->sf, a->rd, ir_bin(s->u, op, a64_type(a->sf), n, m));
    return true;
}

/* ExtendReg(): option is UXTB..UXTX, SXTB..SXTX. */
static ir_ref extended(struct a64_ctx *s, bool sf, unsigned rm,
                       unsigned option, unsigned shift)
{
    enum ir_type t = a64_type(sf);
    unsigned width = 8u << (option & 3);
    ir_ref v = a64_r(s, sf, rm);

    if (width < (sf ? 64u : 32u)) {
        v = option & 4 ? ir_bfxs(s->u, t, v, 0, width)
                       : ir_bfxu(s->u, t, v, 0, width);
    }
    return ir_bini(s->u, IR_SHL, t, v, shift);
}

static bool add_sub_ext(struct a64_ctx *s, enum ir_opcode op, bool flags,
                        const struct a64_arg_rrr_ext *a)
{
    ir_ref n = a64_sp(s, a->rn);
    ir_ref m = extended(s, a->sf, a->rm, a->option, a->imm);

    if (flags) {
        return set_flags(s, op, a->sf, a->rd, n, m);
    }
    a64_set_sp(s, a->sf, a->rd, ir_bin(s->u, op, a64_type(a->sf), n, m));
    return true;
}

static bool add_sub_carry(struct a64_ctx *s, enum ir_opcode op, bool flags,
                          const struct a64_arg_rrr *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref n = a64_r(s, a->sf, a->rn), m = a64_r(s, a->sf, a->rm);
    ir_ref r = ir_emit(s->u, op, t, 0, n, m, ir_get_flags(s->u), 0);

    if (flags) {
        ir_ref f = ir_flags_of(s->u, t, r);

        ir_set_flags(s->u, f);
    }
    a64_set_r(s, a->sf, a->rd, r);
    return true;
}

TRANS(ADD_imm, addsub_imm, add_sub_imm(s, IR_ADD, false, a))
TRANS(ADDS_imm, addsub_imm, add_sub_imm(s, IR_ADD, true, a))
TRANS(SUB_imm, addsub_imm, add_sub_imm(s, IR_SUB, false, a))
TRANS(SUBS_imm, addsub_imm, add_sub_imm(s, IR_SUB, true, a))
TRANS(ADD_shift, rrr_shift, op_shift(s, IR_ADD, false, a))
TRANS(ADDS_shift, rrr_shift, op_shift(s, IR_ADD, true, a))
TRANS(SUB_shift, rrr_shift, op_shift(s, IR_SUB, false, a))
TRANS(SUBS_shift, rrr_shift, op_shift(s, IR_SUB, true, a))
TRANS(ADD_ext, rrr_ext, add_sub_ext(s, IR_ADD, false, a))
TRANS(ADDS_ext, rrr_ext, add_sub_ext(s, IR_ADD, true, a))
TRANS(SUB_ext, rrr_ext, add_sub_ext(s, IR_SUB, false, a))
TRANS(SUBS_ext, rrr_ext, add_sub_ext(s, IR_SUB, true, a))
TRANS(ADC, rrr, add_sub_carry(s, IR_ADC, false, a))
TRANS(ADCS, rrr, add_sub_carry(s, IR_ADC, true, a))
TRANS(SBC, rrr, add_sub_carry(s, IR_SBC, false, a))
TRANS(SBCS, rrr, add_sub_carry(s, IR_SBC, true, a))

/* -- logical -------------------------------------------------------------- */

/* DecodeBitMasks() for logical immediates; false when reserved. */
static bool bit_mask(bool n, unsigned imms, unsigned immr, uint64_t *mask)
{
    /* By which the low 1 << k bits are repeated in all 64. */
    static const uint64_t copies[] = {
        0, UINT64_C(0x5555555555555555), UINT64_C(0x1111111111111111),
        UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001),
        UINT64_C(0x0000000100000001), 1,
    };
    unsigned size_bits = n << 6 | (~imms & 0x3f);

    if (size_bits < 2) {
        return false;
    }
    unsigned k = 31 - clz32(size_bits), size = 1u << k;
    unsigned ones = (imms & (size - 1)) + 1, rotate = immr & (size - 1);

    if (ones == size) {
        return false;
    }
    *mask = ror64(mask64((int)ones) * copies[k], rotate);
    return true;
}

A64_FAMILY bool logic_imm(struct a64_ctx *s, enum ir_opcode op, bool flags,
                          const struct a64_arg_logic_imm *a)
{
    enum ir_type t = a64_type(a->sf);
    uint64_t mask;

    if (!bit_mask(a->n, a->imms, a->immr, &mask)) {
        return false;
    }
    ir_ref n = a64_r(s, a->sf, a->rn);
    if (flags) {
        return set_flags(s, op, a->sf, a->rd, n, ir_const(s->u, t, mask));
    }
    a64_set_sp(s, a->sf, a->rd, ir_bini(s->u, op, t, n, mask));
    return true;
}

/* MOV and MVN are ORR and ORN with register 31, and more frequent. */
A64_FAMILY bool or_shift(struct a64_ctx *s, bool invert,
                         const struct a64_arg_rrr_shift *a)
{
    if (a->rn != 31) {
        return op_shift(s, invert ? IR_ORN : IR_OR, false, a);
    }
    ir_ref m = shifted(s, a->sf, a->rm, a->shift, a->imm);
    a64_set_r(s, a->sf, a->rd,
              invert ? ir_un(s->u, IR_NOT, a64_type(a->sf), m) : m);
    return true;
}

TRANS(AND_imm, logic_imm, logic_imm(s, IR_AND, false, a))
TRANS(ORR_imm, logic_imm, logic_imm(s, IR_OR, false, a))
TRANS(EOR_imm, logic_imm, logic_imm(s, IR_XOR, false, a))
TRANS(ANDS_imm, logic_imm, logic_imm(s, IR_AND, true, a))
TRANS(AND_shift, rrr_shift, op_shift(s, IR_AND, false, a))
TRANS(BIC_shift, rrr_shift, op_shift(s, IR_ANDN, false, a))
TRANS(ORR_shift, rrr_shift, or_shift(s, false, a))
TRANS(ORN_shift, rrr_shift, or_shift(s, true, a))
TRANS(EOR_shift, rrr_shift, op_shift(s, IR_XOR, false, a))
TRANS(EON_shift, rrr_shift, op_shift(s, IR_XORN, false, a))
TRANS(ANDS_shift, rrr_shift, op_shift(s, IR_AND, true, a))
TRANS(BICS_shift, rrr_shift, op_shift(s, IR_ANDN, true, a))

/* -- moves and addresses -------------------------------------------------- */

A64_FAMILY bool move_wide(struct a64_ctx *s, bool invert,
                          const struct a64_arg_movewide *a)
{
    uint64_t v = (uint64_t)a->imm << (16 * a->hw);

    a64_set_r(s, true, a->rd,
              ir_const(s->u, a64_type(a->sf), invert ? ~v : v));
    return true;
}

static bool move_keep(struct a64_ctx *s, const struct a64_arg_movewide *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref imm = ir_const(s->u, t, (uint64_t)a->imm);

    a64_set_r(s, a->sf, a->rd,
              ir_bfi(s->u, t, a64_r(s, a->sf, a->rd), imm,
                     16 * (unsigned)a->hw, 16));
    return true;
}

static bool address(struct a64_ctx *s, unsigned rd, uint64_t value)
{
    a64_set_r(s, true, rd, ir_pc(s->u, value));
    return true;
}

TRANS(MOVN, movewide, move_wide(s, true, a))
TRANS(MOVZ, movewide, move_wide(s, false, a))
TRANS(MOVK, movewide, move_keep(s, a))
TRANS(ADR, pcrel, address(s, a->rd, s->pc + (uint64_t)(int64_t)a->imm))
TRANS(ADRP, pcrel, address(s, a->rd, align_down(s->pc, 4096) +
                                         ((uint64_t)(int64_t)a->imm << 12)))

/* -- bit fields ----------------------------------------------------------- */

static bool bitfield_move(struct a64_ctx *s, bool is_signed,
                          const struct a64_arg_bitfield *a)
{
    enum ir_type t = a64_type(a->sf);
    unsigned size = a->sf ? 64 : 32;
    unsigned r = (unsigned)a->immr, m = (unsigned)a->imms;
    ir_ref n = a64_r(s, a->sf, a->rn), v;

    if (m == size - 1) { /* LSR, ASR */
        v = ir_bini(s->u, is_signed ? IR_SAR : IR_SHR, t, n, r);
    } else if (m >= r) {
        v = is_signed ? ir_bfxs(s->u, t, n, r, m - r + 1)
                      : ir_bfxu(s->u, t, n, r, m - r + 1);
    } else {
        if (m + 1 != r) { /* else LSL: nothing above the field survives */
            n = is_signed ? ir_bfxs(s->u, t, n, 0, m + 1)
                          : ir_bfxu(s->u, t, n, 0, m + 1);
        }
        v = ir_bini(s->u, IR_SHL, t, n, size - r);
    }
    a64_set_r(s, a->sf, a->rd, v);
    return true;
}

static bool bitfield_insert(struct a64_ctx *s,
                            const struct a64_arg_bitfield *a)
{
    enum ir_type t = a64_type(a->sf);
    unsigned size = a->sf ? 64 : 32;
    unsigned r = (unsigned)a->immr, m = (unsigned)a->imms;
    ir_ref d = a64_r(s, a->sf, a->rd), n = a64_r(s, a->sf, a->rn);

    if (m >= r) {
        n = ir_bini(s->u, IR_SHR, t, n, r);
        n = ir_bfi(s->u, t, d, n, 0, m - r + 1);
    } else {
        n = ir_bfi(s->u, t, d, n, size - r, m + 1);
    }
    a64_set_r(s, a->sf, a->rd, n);
    return true;
}

static bool extract_registers(struct a64_ctx *s,
                              const struct a64_arg_extract *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref n = a64_r(s, a->sf, a->rn), m = a64_r(s, a->sf, a->rm), v;

    if (a->rn == a->rm) {
        v = ir_bini(s->u, IR_ROR, t, n, (uint64_t)a->imm);
    } else if (a->imm == 0) {
        v = m;
    } else {
        v = ir_emit(s->u, IR_EXTR, t, 0, n, m, IR_NONE, (uint64_t)a->imm);
    }
    a64_set_r(s, a->sf, a->rd, v);
    return true;
}

TRANS(SBFM, bitfield, bitfield_move(s, true, a))
TRANS(UBFM, bitfield, bitfield_move(s, false, a))
TRANS(BFM, bitfield, bitfield_insert(s, a))
TRANS(EXTR, extract, extract_registers(s, a))

/* -- two sources, one source ---------------------------------------------- */

static bool two_source(struct a64_ctx *s, enum ir_opcode op,
                       const struct a64_arg_rrr *a)
{
    a64_set_r(s, a->sf, a->rd,
              ir_bin(s->u, op, a64_type(a->sf), a64_r(s, a->sf, a->rn),
                     a64_r(s, a->sf, a->rm)));
    return true;
}

static bool one_source(struct a64_ctx *s, enum ir_opcode op,
                       const struct a64_arg_rr *a)
{
    a64_set_r(s, a->sf, a->rd,
              ir_un(s->u, op, a64_type(a->sf), a64_r(s, a->sf, a->rn)));
    return true;
}

/* Swap the bytes of each half-word. */
static bool reverse_bytes_16(struct a64_ctx *s, const struct a64_arg_rr *a)
{
    enum ir_type t = a64_type(a->sf);
    uint64_t low = UINT64_C(0x00ff00ff00ff00ff);
    ir_ref n = a64_r(s, a->sf, a->rn);
    ir_ref down = ir_bini(s->u, IR_AND, t, ir_bini(s->u, IR_SHR, t, n, 8),
                          low);
    ir_ref up = ir_bini(s->u, IR_SHL, t, ir_bini(s->u, IR_AND, t, n, low), 8);

    a64_set_r(s, a->sf, a->rd, ir_bin(s->u, IR_OR, t, down, up));
    return true;
}

static bool reverse_bytes_32(struct a64_ctx *s, const struct a64_arg_rr_64 *a)
{
    ir_ref v = ir_un(s->u, IR_BSWAP, IR_I64, a64_r(s, true, a->rn));

    a64_set_r(s, true, a->rd, ir_bini(s->u, IR_ROR, IR_I64, v, 32));
    return true;
}

/* Leading sign bits: leading zeros of what differs from the sign. */
static bool count_sign_bits(struct a64_ctx *s, const struct a64_arg_rr *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref n = a64_r(s, a->sf, a->rn);
    ir_ref sign = ir_bini(s->u, IR_SAR, t, n, a->sf ? 63 : 31);
    ir_ref v = ir_bini(s->u, IR_SHL, t, ir_bin(s->u, IR_XOR, t, n, sign), 1);

    v = ir_un(s->u, IR_CLZ, t, ir_bini(s->u, IR_OR, t, v, 1));
    a64_set_r(s, a->sf, a->rd, v);
    return true;
}

static bool crc(struct a64_ctx *s, bool castagnoli,
                const struct a64_arg_crc *a)
{
    ir_ref n = a64_r(s, false, a->rn), m = a64_r(s, a->esz == 3, a->rm);

    a64_set_r(s, false, a->rd,
              ir_emit(s->u, IR_CRC32, a64_mem_type((unsigned)a->esz),
                      castagnoli, n, m, IR_NONE, 0));
    return true;
}

TRANS(UDIV, rrr, two_source(s, IR_UDIV, a))
TRANS(SDIV, rrr, two_source(s, IR_SDIV, a))
TRANS(LSLV, rrr, two_source(s, IR_SHL, a))
TRANS(LSRV, rrr, two_source(s, IR_SHR, a))
TRANS(ASRV, rrr, two_source(s, IR_SAR, a))
TRANS(RORV, rrr, two_source(s, IR_ROR, a))
TRANS(CRC32, crc, crc(s, false, a))
TRANS(CRC32C, crc, crc(s, true, a))
TRANS(RBIT, rr, one_source(s, IR_RBIT, a))
TRANS(REV, rr, one_source(s, IR_BSWAP, a))
TRANS(CLZ, rr, one_source(s, IR_CLZ, a))
TRANS(REV16, rr, reverse_bytes_16(s, a))
TRANS(REV32, rr_64, reverse_bytes_32(s, a))
TRANS(CLS, rr, count_sign_bits(s, a))

/* -- multiply ------------------------------------------------------------- */

static bool multiply_add(struct a64_ctx *s, enum ir_opcode op,
                         const struct a64_arg_rrrr *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref p = ir_bin(s->u, IR_MUL, t, a64_r(s, a->sf, a->rn),
                      a64_r(s, a->sf, a->rm));

    a64_set_r(s, a->sf, a->rd,
              ir_bin(s->u, op, t, a64_r(s, a->sf, a->ra), p));
    return true;
}

static bool multiply_add_long(struct a64_ctx *s, enum ir_opcode op,
                              bool is_signed, const struct a64_arg_rrrr_64 *a)
{
    ir_ref n = a64_r(s, true, a->rn), m = a64_r(s, true, a->rm);

    n = is_signed ? ir_bfxs(s->u, IR_I64, n, 0, 32)
                  : ir_bfxu(s->u, IR_I64, n, 0, 32);
    m = is_signed ? ir_bfxs(s->u, IR_I64, m, 0, 32)
                  : ir_bfxu(s->u, IR_I64, m, 0, 32);
    a64_set_r(s, true, a->rd,
              ir_bin(s->u, op, IR_I64, a64_r(s, true, a->ra),
                     ir_bin(s->u, IR_MUL, IR_I64, n, m)));
    return true;
}

static bool multiply_high(struct a64_ctx *s, enum ir_opcode op,
                          const struct a64_arg_rrr_64 *a)
{
    a64_set_r(s, true, a->rd,
              ir_bin(s->u, op, IR_I64, a64_r(s, true, a->rn),
                     a64_r(s, true, a->rm)));
    return true;
}

TRANS(MADD, rrrr, multiply_add(s, IR_ADD, a))
TRANS(MSUB, rrrr, multiply_add(s, IR_SUB, a))
TRANS(SMADDL, rrrr_64, multiply_add_long(s, IR_ADD, true, a))
TRANS(SMSUBL, rrrr_64, multiply_add_long(s, IR_SUB, true, a))
TRANS(UMADDL, rrrr_64, multiply_add_long(s, IR_ADD, false, a))
TRANS(UMSUBL, rrrr_64, multiply_add_long(s, IR_SUB, false, a))
TRANS(SMULH, rrr_64, multiply_high(s, IR_MULHS, a))
TRANS(UMULH, rrr_64, multiply_high(s, IR_MULHU, a))

/* -- conditional ---------------------------------------------------------- */

enum csel_kind { CSEL_PLAIN, CSEL_INC, CSEL_INV, CSEL_NEG };

/* rd = cond ? rn : f(rm). */
static bool conditional_select(struct a64_ctx *s, enum csel_kind kind,
                               const struct a64_arg_csel *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref yes, no, r;

    if (a->rn == 31 && a->rm == 31 && a->cond < IR_AL &&
        (kind == CSEL_INC || kind == CSEL_INV)) { /* CSET, CSETM */
        r = ir_setcc(s->u, a->cond ^ 1, ir_get_flags(s->u));
        if (kind == CSEL_INV) {
            r = ir_un(s->u, IR_NEG, t, r);
        }
        a64_set_r(s, a->sf, a->rd, r);
        return true;
    }
    yes = a64_r(s, a->sf, a->rn);
    no = a->rm == a->rn ? yes : a64_r(s, a->sf, a->rm);
    if (kind == CSEL_INC) {
        no = ir_bini(s->u, IR_ADD, t, no, 1);
    } else if (kind != CSEL_PLAIN) {
        no = ir_un(s->u, kind == CSEL_INV ? IR_NOT : IR_NEG, t, no);
    }
    r = ir_select(s->u, t, a->cond, ir_get_flags(s->u), yes, no);
    a64_set_r(s, a->sf, a->rd, r);
    return true;
}

/* NZCV = cond ? flags of n op m : nzcv. */
static bool conditional_compare(struct a64_ctx *s, enum ir_opcode op,
                                bool sf, unsigned cond, unsigned nzcv,
                                ir_ref n, ir_ref m)
{
    enum ir_type t = a64_type(sf);
    ir_ref old = ir_get_flags(s->u);
    ir_ref no = ir_const(s->u, IR_FLAGS, ir_flags_pack(nzcv));
    ir_ref r = ir_emit(s->u, op, t, 0, n, m, IR_NONE, 0);
    ir_ref yes = ir_flags_of(s->u, t, r);

    ir_set_flags(s->u, ir_select(s->u, IR_FLAGS, cond, old, yes, no));
    return true;
}

static bool compare_reg(struct a64_ctx *s, enum ir_opcode op,
                        const struct a64_arg_ccmp_reg *a)
{
    return conditional_compare(s, op, a->sf, (unsigned)a->cond,
                               (unsigned)a->nzcv, a64_r(s, a->sf, a->rn),
                               a64_r(s, a->sf, a->rm));
}

static bool compare_imm(struct a64_ctx *s, enum ir_opcode op,
                        const struct a64_arg_ccmp_imm *a)
{
    return conditional_compare(s, op, a->sf, (unsigned)a->cond,
                               (unsigned)a->nzcv, a64_r(s, a->sf, a->rn),
                               ir_const(s->u, a64_type(a->sf),
                                        (uint64_t)a->imm));
}

TRANS(CSEL, csel, conditional_select(s, CSEL_PLAIN, a))
TRANS(CSINC, csel, conditional_select(s, CSEL_INC, a))
TRANS(CSINV, csel, conditional_select(s, CSEL_INV, a))
TRANS(CSNEG, csel, conditional_select(s, CSEL_NEG, a))
TRANS(CCMN_reg, ccmp_reg, compare_reg(s, IR_ADD, a))
TRANS(CCMP_reg, ccmp_reg, compare_reg(s, IR_SUB, a))
TRANS(CCMN_imm, ccmp_imm, compare_imm(s, IR_ADD, a))
TRANS(CCMP_imm, ccmp_imm, compare_imm(s, IR_SUB, a))

/* -- flag manipulation (FEAT_FlagM) --------------------------------------- */

static ir_ref get_nzcv(struct a64_ctx *s)
{
    return ir_un(s->u, IR_FLAGS_TO_NZCV, IR_I32, ir_get_flags(s->u));
}

static bool set_nzcv(struct a64_ctx *s, ir_ref nzcv)
{
    ir_set_flags(s->u, ir_un(s->u, IR_NZCV_TO_FLAGS, IR_FLAGS, nzcv));
    return true;
}

static bool rotate_into_flags(struct a64_ctx *s, const struct a64_arg_rmif *a)
{
    uint32_t mask = (uint32_t)a->mask << 28;
    ir_ref v = ir_bini(s->u, IR_ROR, IR_I64, a64_r(s, true, a->rn),
                       (uint64_t)a->imm);

    v = ir_bini(s->u, IR_AND, IR_I32, ir_bini(s->u, IR_SHL, IR_I32, v, 28),
                mask);
    ir_ref old = ir_bini(s->u, IR_AND, IR_I32, get_nzcv(s), ~mask);
    return set_nzcv(s, ir_bin(s->u, IR_OR, IR_I32, old, v));
}

/* N and Z of the low 8 or 16 bits, V if bit 8 or 16 differs from N. */
static bool evaluate_into_flags(struct a64_ctx *s,
                                const struct a64_arg_setf *a)
{
    unsigned width = a->esz ? 16 : 8;
    ir_ref r = a64_r(s, false, a->rn);
    ir_ref low = ir_bfxu(s->u, IR_I32, r, 0, width);
    ir_ref n = ir_bfxu(s->u, IR_I32, r, width - 1, 1);
    ir_ref v = ir_bin(s->u, IR_XOR, IR_I32, n,
                      ir_bfxu(s->u, IR_I32, r, width, 1));
    ir_ref z = ir_emit(s->u, IR_SELNZ, IR_I32, 0, low,
                       ir_const(s->u, IR_I32, 0),
                       ir_const(s->u, IR_I32, 1u << 30), 0);
    ir_ref out = ir_bini(s->u, IR_AND, IR_I32, get_nzcv(s), 1u << 29);

    out = ir_bin(s->u, IR_OR, IR_I32, out, z);
    out = ir_bin(s->u, IR_OR, IR_I32, out,
                 ir_bini(s->u, IR_SHL, IR_I32, n, 31));
    out = ir_bin(s->u, IR_OR, IR_I32, out,
                 ir_bini(s->u, IR_SHL, IR_I32, v, 28));
    return set_nzcv(s, out);
}

TRANS(RMIF, rmif, rotate_into_flags(s, a))
TRANS(SETF, setf, evaluate_into_flags(s, a))
