/*
 * A64 loads and stores of general and vector registers: Arm ARM C4.1
 * "Loads and stores".  Structures (LD1 ...) are in translate_ldst_vec.c,
 * exclusives and atomics in translate_atomic.c.
 *
 * In every access the registers are written after the last thing that can
 * fault, the base after the data, so that a fault leaves them as they were.
 */
#include "cpu/arm/translate.h"
#include "cpu/arm/translate_mem.h"
#include "cpu/arm/translate_row.h"

/* -- addresses ----------------------------------------------------------- */

/* Addressing modes as the manual encodes them; 0 and 2 are offsets. */
enum { MODE_POST = 1, MODE_PRE = 3 };

struct address {
    ir_ref base;
    int32_t offset; /* of the access, from there */
    int32_t step;   /* by how much the base moves then */
};

static inline struct address immediate(struct a64_ctx *s, unsigned rn,
                                       unsigned mode, int32_t offset)
{
    return (struct address){
        .base = a64_sp(s, rn), .offset = mode == MODE_POST ? 0 : offset,
        .step = mode & 1 ? offset : 0,
    };
}

/* Base plus register: option UXTW, LSL, SXTW, SXTX. */
static struct address indexed(struct a64_ctx *s, unsigned rn, unsigned rm,
                              unsigned option, unsigned shift)
{
    ir_ref base = a64_sp(s, rn), m = a64_r(s, true, rm);

    if (!(option & 1)) {
        m = option & 4 ? ir_bfxs(s->u, IR_I64, m, 0, 32)
                       : ir_bfxu(s->u, IR_I64, m, 0, 32);
    }
    m = ir_bini(s->u, IR_SHL, IR_I64, m, shift);
    return (struct address){.base = ir_bin(s->u, IR_ADD, IR_I64, base, m)};
}

static inline struct ir_address at(struct address a)
{
    return (struct ir_address){a.base, a.offset};
}

static inline bool write_back(struct a64_ctx *s, unsigned rn,
                              struct address address)
{
    if (address.step) {
        a64_set_sp(s, true, rn,
                   ir_bini(s->u, IR_ADD, IR_I64, address.base,
                           (uint64_t)(int64_t)address.step));
    }
    return true;
}

/* -- one register -------------------------------------------------------- */

A64_FAMILY bool load(struct a64_ctx *s, unsigned esz, unsigned flags, bool sf,
                 unsigned rn, unsigned rt, struct address address)
{
    ir_ref v = a64_load(s, esz, flags, at(address));

    write_back(s, rn, address);
    a64_set_r(s, sf, rt, v);
    return true;
}

static unsigned sign(bool sf)
{
    return sf ? IR_MEM_SIGN64 : IR_MEM_SIGN32;
}

A64_FAMILY bool store(struct a64_ctx *s, unsigned esz, unsigned flags,
                  unsigned rn, unsigned rt, struct address address)
{
    a64_store(s, esz, flags, at(address), a64_r(s, true, rt));
    return write_back(s, rn, address);
}

static bool load_vec(struct a64_ctx *s, unsigned esz, unsigned rn,
                     unsigned rt, struct address address)
{
    ir_ref v = a64_load_vec(s, esz, at(address));

    write_back(s, rn, address);
    a64_set_v(s, rt, v);
    return true;
}

static bool store_vec(struct a64_ctx *s, unsigned esz, unsigned rn,
                      unsigned rt, struct address address)
{
    a64_store_vec(s, esz, at(address), a64_v(s, rt));
    return write_back(s, rn, address);
}

#define TRANS_V(row, args, call) TRANS(row, args, !a64_fp_access(s) || call)

#define UNPRIV (s->context & CTX_UNPRIV ? IR_MEM_UNPRIV : 0)
#define IMM immediate(s, a->rn, a->mode, a->imm)
#define UIMM immediate(s, a->rn, 0, a->imm << a->esz)
#define REG indexed(s, a->rn, a->rm, a->option, a->s ? a->esz : 0)

TRANS(STR_imm, ldst_imm, store(s, a->esz, 0, a->rn, a->rt, IMM))
TRANS(STR_uimm, ldst_uimm, store(s, a->esz, 0, a->rn, a->rt, UIMM))
TRANS(STR_reg, ldst_reg, store(s, a->esz, 0, a->rn, a->rt, REG))
TRANS(STTR, ldst_imm, store(s, a->esz, UNPRIV, a->rn, a->rt, IMM))
TRANS(LDR_imm, ldst_imm, load(s, a->esz, 0, true, a->rn, a->rt, IMM))
TRANS(LDR_uimm, ldst_uimm, load(s, a->esz, 0, true, a->rn, a->rt, UIMM))
TRANS(LDR_reg, ldst_reg, load(s, a->esz, 0, true, a->rn, a->rt, REG))
TRANS(LDTR, ldst_imm, load(s, a->esz, UNPRIV, true, a->rn, a->rt, IMM))
TRANS(LDRS_imm, lds_imm,
      load(s, a->esz, sign(a->sf), a->sf, a->rn, a->rt, IMM))
TRANS(LDRS_uimm, lds_uimm,
      load(s, a->esz, sign(a->sf), a->sf, a->rn, a->rt, UIMM))
TRANS(LDRS_reg, lds_reg,
      load(s, a->esz, sign(a->sf), a->sf, a->rn, a->rt, REG))
TRANS(LDTRS, lds_imm,
      load(s, a->esz, sign(a->sf) | UNPRIV, a->sf, a->rn, a->rt, IMM))

TRANS_V(STR_v_imm, ldst_imm, store_vec(s, a->esz, a->rn, a->rt, IMM))
TRANS_V(STR_v_uimm, ldst_uimm, store_vec(s, a->esz, a->rn, a->rt, UIMM))
TRANS_V(STR_v_reg, ldst_reg, store_vec(s, a->esz, a->rn, a->rt, REG))
TRANS_V(LDR_v_imm, ldst_imm, load_vec(s, a->esz, a->rn, a->rt, IMM))
TRANS_V(LDR_v_uimm, ldst_uimm, load_vec(s, a->esz, a->rn, a->rt, UIMM))
TRANS_V(LDR_v_reg, ldst_reg, load_vec(s, a->esz, a->rn, a->rt, REG))

/* Prefetches have no effect here. */
TRANS(PRFM_uimm, ldst_uimm, ((void)s, (void)a, true))
TRANS(PRFM_reg, ldst_reg, ((void)s, (void)a, true))
TRANS(PRFM_lit, ldlits, ((void)s, (void)a, true))
TRANS(PRFUM, ldst_imm, ((void)s, (void)a, true))

/* -- literal -------------------------------------------------------------- */

static struct address literal(struct a64_ctx *s, int64_t words)
{
    return (struct address){
        .base = ir_pc(s->u, s->pc + (uint64_t)(words * 4)),
    };
}

#define LIT literal(s, a->imm)

TRANS(LDR_lit, ldlit, load(s, a->esz, 0, true, 31, a->rt, LIT))
TRANS(LDRSW_lit, ldlits, load(s, 2, IR_MEM_SIGN64, true, 31, a->rt, LIT))
TRANS_V(LDR_v_lit, ldlit, load_vec(s, a->esz, 31, a->rt, LIT))

/* -- pairs ---------------------------------------------------------------- */

static bool load_pair(struct a64_ctx *s, unsigned flags,
                      const struct a64_arg_ldpair *a)
{
    struct address p = immediate(s, a->rn, a->mode,
                                 a->imm * (1 << a->esz));
    ir_ref second, first = a64_load2(s, a->esz, flags, at(p), &second);

    write_back(s, a->rn, p);
    a64_set_r(s, true, a->rt, first);
    a64_set_r(s, true, a->rt2, second);
    return true;
}

static bool store_pair(struct a64_ctx *s, const struct a64_arg_ldpair *a)
{
    struct address p = immediate(s, a->rn, a->mode,
                                 a->imm * (1 << a->esz));

    a64_store2(s, a->esz, at(p), a64_r(s, true, a->rt),
               a64_r(s, true, a->rt2));
    return write_back(s, a->rn, p);
}

static bool load_pair_vec(struct a64_ctx *s, const struct a64_arg_ldpair *a)
{
    struct address p = immediate(s, a->rn, a->mode,
                                 a->imm * (1 << a->esz));
    ir_ref second, first = a64_load2_vec(s, a->esz, at(p), &second);

    write_back(s, a->rn, p);
    a64_set_v(s, a->rt, first);
    a64_set_v(s, a->rt2, second);
    return true;
}

static bool store_pair_vec(struct a64_ctx *s, const struct a64_arg_ldpair *a)
{
    struct address p = immediate(s, a->rn, a->mode,
                                 a->imm * (1 << a->esz));

    a64_store2_vec(s, a->esz, at(p), a64_v(s, a->rt), a64_v(s, a->rt2));
    return write_back(s, a->rn, p);
}

TRANS(LDP, ldpair, load_pair(s, 0, a))
TRANS(LDPSW, ldpair, load_pair(s, IR_MEM_SIGN64, a))
TRANS(STP, ldpair, store_pair(s, a))
TRANS_V(LDP_v, ldpair, load_pair_vec(s, a))
TRANS_V(STP_v, ldpair, store_pair_vec(s, a))
