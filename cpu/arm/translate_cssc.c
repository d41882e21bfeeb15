/*
 * A64 common short sequences (FEAT_CSSC): absolute value, minimum, maximum,
 * counts of bits.  PSTATE.NZCV stays as it is.
 */
#include "cpu/arm/translate.h"
#include "cpu/arm/translate_row.h"

/* n where `cc` holds for n compared with m, else m. */
static ir_ref choose(struct a64_ctx *s, enum ir_type t, enum ir_cc cc,
                     ir_ref n, ir_ref m)
{
    ir_ref difference = ir_emit(s->u, IR_SUB, t, 0, n, m, IR_NONE, 0);
    ir_ref flags = ir_flags_of(s->u, t, difference);

    return ir_select(s->u, t, cc, flags, n, m);
}

static bool two_registers(struct a64_ctx *s, enum ir_cc cc,
                          const struct a64_arg_rrr *a)
{
    ir_ref n = a64_r(s, a->sf, a->rn), m = a64_r(s, a->sf, a->rm);

    a64_set_r(s, a->sf, a->rd, choose(s, a64_type(a->sf), cc, n, m));
    return true;
}

static bool with_immediate(struct a64_ctx *s, enum ir_cc cc,
                           const struct a64_arg_rri *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref n = a64_r(s, a->sf, (unsigned)a->rn);
    ir_ref m = ir_const(s->u, t, (uint64_t)(int64_t)a->imm);

    a64_set_r(s, a->sf, (unsigned)a->rd, choose(s, t, cc, n, m));
    return true;
}

static bool absolute(struct a64_ctx *s, const struct a64_arg_rr *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref n = a64_r(s, a->sf, a->rn);
    ir_ref sign = ir_bini(s->u, IR_SAR, t, n, a->sf ? 63 : 31);
    ir_ref r = ir_bin(s->u, IR_XOR, t, n, sign);

    a64_set_r(s, a->sf, a->rd, ir_bin(s->u, IR_SUB, t, r, sign));
    return true;
}

static bool trailing_zeros(struct a64_ctx *s, const struct a64_arg_rr *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref reversed = ir_un(s->u, IR_RBIT, t, a64_r(s, a->sf, a->rn));

    a64_set_r(s, a->sf, a->rd, ir_un(s->u, IR_CLZ, t, reversed));
    return true;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* v & mask, the mask's byte in each byte. */
static ir_ref masked(struct a64_ctx *s, enum ir_type t, ir_ref v,
                     uint64_t byte)
{
    return ir_bini(s->u, IR_AND, t, v, byte * EACH_BYTE);
}

/* Counts of pairs, of fours, of bytes; their sum in the top byte. */
static bool count_ones(struct a64_ctx *s, const struct a64_arg_rr *a)
{
    enum ir_type t = a64_type(a->sf);
    ir_ref v = a64_r(s, a->sf, a->rn);
    ir_ref part = masked(s, t, ir_bini(s->u, IR_SHR, t, v, 1), 0x55);

    v = ir_bin(s->u, IR_SUB, t, v, part);
    part = masked(s, t, ir_bini(s->u, IR_SHR, t, v, 2), 0x33);
    v = ir_bin(s->u, IR_ADD, t, masked(s, t, v, 0x33), part);
    v = ir_bin(s->u, IR_ADD, t, v, ir_bini(s->u, IR_SHR, t, v, 4));
    v = masked(s, t, v, 0x0f);
    v = ir_bini(s->u, IR_MUL, t, v, EACH_BYTE);
    a64_set_r(s, a->sf, a->rd,
              ir_bini(s->u, IR_SHR, t, v, a->sf ? 56 : 24));
    return true;
}

TRANS(SMAX_reg, rrr, two_registers(s, IR_GT, a))
TRANS(UMAX_reg, rrr, two_registers(s, IR_HI, a))
TRANS(SMIN_reg, rrr, two_registers(s, IR_LT, a))
TRANS(UMIN_reg, rrr, two_registers(s, IR_LO, a))
TRANS(SMAX_imm, rri, with_immediate(s, IR_GT, a))
TRANS(UMAX_imm, rri, with_immediate(s, IR_HI, a))
TRANS(SMIN_imm, rri, with_immediate(s, IR_LT, a))
TRANS(UMIN_imm, rri, with_immediate(s, IR_LO, a))
TRANS(ABS, rr, absolute(s, a))
TRANS(CTZ, rr, trailing_zeros(s, a))
TRANS(CNT, rr, count_ones(s, a))
