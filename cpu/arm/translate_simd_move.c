/*
 * A64 Advanced SIMD data movement: "table lookup", "permute", "extract",
 * "copy" and "scalar copy" (Arm ARM C4.1).
 */
#include "cpu/arm/translate_simd.h"

/* -- permutations -------------------------------------------------------- */

static void permute(const struct simd *o, enum ir_opcode op, unsigned part)
{
    simd_set(o, simd_op2(o, op, simd_int(o->esz), simd_n(o), simd_m(o),
                         part));
}

TRANS(ZIP1, v_rrr, permute(&V_RRR, IR_VZIP, 0))
TRANS(ZIP2, v_rrr, permute(&V_RRR, IR_VZIP, 1))
TRANS(UZP1, v_rrr, permute(&V_RRR, IR_VUZP, 0))
TRANS(UZP2, v_rrr, permute(&V_RRR, IR_VUZP, 1))
TRANS(TRN1, v_rrr, permute(&V_RRR, IR_VTRN, 0))
TRANS(TRN2, v_rrr, permute(&V_RRR, IR_VTRN, 1))

static void extract(struct a64_ctx *s, const struct a64_arg_v_ext *a)
{
    a64_set_v(s, a->rd,
              ir_vec(s->u, IR_VEXT, IR_I8, SHAPE(a->q), 0, a64_v(s, a->rn),
                     a64_v(s, a->rm), IR_NONE, (uint64_t)a->imm));
}

TRANS(EXT, v_ext, extract(s, a))

/* len + 1 table registers from rn on, wrapping; `r` where none applies. */
static void lookup(struct a64_ctx *s, const struct a64_arg_v_tbl *a,
                   ir_ref r)
{
    ir_ref index = a64_v(s, a->rm);

    for (unsigned n = 0; n <= (unsigned)a->len; n++) {
        r = ir_vec(s->u, IR_VTBL, IR_I8, SHAPE(a->q), 0,
                   a64_v(s, (a->rn + n) & 31), index, r, 16 * n);
    }
    a64_set_v(s, a->rd, r);
}

TRANS(TBL, v_tbl, lookup(s, a, ir_vconst(s->u, IR_Q, 0)))
TRANS(TBX, v_tbl, lookup(s, a, a64_v(s, a->rd)))

/* -- copies -------------------------------------------------------------- */

static void duplicate(struct a64_ctx *s, unsigned esz, enum ir_shape shape,
                      unsigned rd, unsigned rn, unsigned index)
{
    a64_set_v(s, rd, ir_vec(s->u, IR_VDUPL, simd_int(esz), shape, 0,
                            a64_v(s, rn), IR_NONE, IR_NONE, index));
}

static void duplicate_general(struct a64_ctx *s, const struct a64_arg_v_rr *a)
{
    a64_set_v(s, a->rd,
              ir_vec(s->u, IR_VDUP, simd_int(a->esz), SHAPE(a->q), 0,
                     a64_r(s, a->esz == 3, a->rn), IR_NONE, IR_NONE, 0));
}

static void insert_general(struct a64_ctx *s,
                           const struct a64_arg_v_ins_g *a)
{
    a64_set_v(s, a->rd,
              ir_vec(s->u, IR_VINS, simd_int(a->esz), IR_Q, 0,
                     a64_v(s, a->rd), a64_r(s, a->esz == 3, a->rn), IR_NONE,
                     (uint64_t)a->index));
}

static void insert_element(struct a64_ctx *s,
                           const struct a64_arg_v_ins_e *a)
{
    a64_set_v(s, a->rd,
              ir_vec(s->u, IR_VINSL, simd_int(a->esz), IR_Q, 0,
                     a64_v(s, a->rd), a64_v(s, a->rn), IR_NONE,
                     (uint64_t)(a->index | a->index2 << 4)));
}

static void move_to_general(struct a64_ctx *s, const struct a64_arg_v_mov *a,
                            bool is_signed)
{
    ir_ref v = ir_vec(s->u, IR_VGETL, simd_int(a->esz), IR_S, 0,
                      a64_v(s, a->rn), IR_NONE, IR_NONE, (uint64_t)a->index);

    if (is_signed) {
        v = ir_bfxs(s->u, a64_type(a->sf), v, 0,
                    simd_bits((unsigned)a->esz));
    }
    a64_set_r(s, a->sf, a->rd, v);
}

TRANS(DUP_ve, v_dup,
      duplicate(s, a->esz, SHAPE(a->q), a->rd, a->rn, a->index))
TRANS(DUP_se, s_dup, duplicate(s, a->esz, IR_S, a->rd, a->rn, a->index))
TRANS(DUP_g, v_rr, duplicate_general(s, a))
TRANS(INS_g, v_ins_g, insert_general(s, a))
TRANS(INS_e, v_ins_e, insert_element(s, a))
TRANS(SMOV, v_mov, move_to_general(s, a, true))
TRANS(UMOV, v_mov, move_to_general(s, a, false))
