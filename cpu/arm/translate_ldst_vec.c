/*
 * A64 Advanced SIMD loads and stores of structures: LD1..LD4, ST1..ST4,
 * single structures and replicating loads (C4.1 "Advanced SIMD load/store
 * ...").
 *
 * A load collects all its data before it writes the first register.
 */
#include "cpu/arm/a64_trans.h"
#include "cpu/arm/translate.h"
#include "cpu/arm/translate_mem.h"

static enum ir_type element(unsigned esz)
{
    return IR_I8 + esz;
}

/* Post-index: by rm, or by `bytes` when rm is 31. */
static void write_back(struct a64_ctx *s, int post, int rn, int rm,
                       unsigned bytes, ir_ref base)
{
    if (post) {
        ir_ref by = rm == 31 ? ir_const(s->u, IR_I64, bytes)
                             : a64_r(s, true, (unsigned)rm);

        a64_set_sp(s, true, (unsigned)rn,
                   ir_bin(s->u, IR_ADD, IR_I64, base, by));
    }
}

static ir_ref offset(struct a64_ctx *s, ir_ref base, unsigned bytes)
{
    return ir_bini(s->u, IR_ADD, IR_I64, base, bytes);
}

/* -- multiple structures -------------------------------------------------- */

/* Interleaved registers are made by loading whole vectors and unzipping
 * would change the access size that a device or a fault sees; elements are
 * loaded singly, as the architecture describes them. */
static void load_interleaved(struct a64_ctx *s,
                             const struct a64_arg_ldst_mult *a, ir_ref base,
                             ir_ref value[4])
{
    unsigned esz = (unsigned)a->esz, selem = (unsigned)a->selem;
    unsigned elements = (a->q ? 16u : 8u) >> esz;

    for (unsigned r = 0; r < selem; r++) {
        value[r] = ir_vconst(s->u, IR_Q, 0);
    }
    for (unsigned e = 0; e < elements; e++) {
        for (unsigned r = 0; r < selem; r++) {
            ir_ref at = offset(s, base, (e * selem + r) << esz);
            ir_ref v = ir_load(s->u, element(esz), a64_mem_flags(s), at);

            value[r] = ir_vec(s->u, IR_VINS, element(esz), IR_Q, 0, value[r],
                              v, IR_NONE, e);
        }
    }
}

static void store_interleaved(struct a64_ctx *s,
                              const struct a64_arg_ldst_mult *a, ir_ref base)
{
    unsigned esz = (unsigned)a->esz, selem = (unsigned)a->selem;
    unsigned elements = (a->q ? 16u : 8u) >> esz;

    for (unsigned e = 0; e < elements; e++) {
        for (unsigned r = 0; r < selem; r++) {
            ir_ref at = offset(s, base, (e * selem + r) << esz);
            ir_ref v = ir_vec(s->u, IR_VGETL, element(esz), IR_Q, 0,
                              a64_v(s, ((unsigned)a->rt + r) & 31), IR_NONE,
                              IR_NONE, e);

            ir_store(s->u, element(esz), a64_mem_flags(s), at, v);
        }
    }
}

static bool load_multiple(struct a64_ctx *s,
                          const struct a64_arg_ldst_mult *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn), value[4];
    unsigned registers = (unsigned)(a->rpt * a->selem);
    unsigned bytes = a->q ? 16 : 8;

    if (a->selem == 1) {
        for (unsigned r = 0; r < registers; r++) {
            value[r] = a64_load_vec(s, a->q ? 4 : 3,
                                    offset(s, base, r * bytes));
        }
    } else {
        load_interleaved(s, a, base, value);
    }
    write_back(s, a->post, a->rn, a->rm, registers * bytes, base);
    for (unsigned r = 0; r < registers; r++) {
        a64_set_v(s, ((unsigned)a->rt + r) & 31, value[r]);
    }
    return true;
}

static bool store_multiple(struct a64_ctx *s,
                           const struct a64_arg_ldst_mult *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn);
    unsigned registers = (unsigned)(a->rpt * a->selem);
    unsigned bytes = a->q ? 16 : 8;

    if (a->selem == 1) {
        for (unsigned r = 0; r < registers; r++) {
            a64_store_vec(s, a->q ? 4 : 3, offset(s, base, r * bytes),
                          a64_v(s, ((unsigned)a->rt + r) & 31));
        }
    } else {
        store_interleaved(s, a, base);
    }
    write_back(s, a->post, a->rn, a->rm, registers * bytes, base);
    return true;
}

/* -- single structures ---------------------------------------------------- */

static bool load_single(struct a64_ctx *s, const struct a64_arg_ldst_one *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn), value[4];
    unsigned esz = (unsigned)a->esz, registers = (unsigned)a->xregs + 1;

    for (unsigned r = 0; r < registers; r++) {
        value[r] = ir_load(s->u, element(esz), a64_mem_flags(s),
                           offset(s, base, r << esz));
    }
    write_back(s, a->post, a->rn, a->rm, registers << esz, base);
    for (unsigned r = 0; r < registers; r++) {
        unsigned v = ((unsigned)a->rt + r) & 31;

        a64_set_v(s, v, ir_vec(s->u, IR_VINS, element(esz), IR_Q, 0,
                               a64_v(s, v), value[r], IR_NONE,
                               (unsigned)a->index));
    }
    return true;
}

static bool store_single(struct a64_ctx *s, const struct a64_arg_ldst_one *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn);
    unsigned esz = (unsigned)a->esz, registers = (unsigned)a->xregs + 1;

    for (unsigned r = 0; r < registers; r++) {
        ir_ref v = ir_vec(s->u, IR_VGETL, element(esz), IR_Q, 0,
                          a64_v(s, ((unsigned)a->rt + r) & 31), IR_NONE,
                          IR_NONE, (unsigned)a->index);

        ir_store(s->u, element(esz), a64_mem_flags(s),
                 offset(s, base, r << esz), v);
    }
    write_back(s, a->post, a->rn, a->rm, registers << esz, base);
    return true;
}

static bool load_replicate(struct a64_ctx *s,
                           const struct a64_arg_ldst_repl *a)
{
    ir_ref base = a64_sp(s, true, (unsigned)a->rn), value[4];
    unsigned esz = (unsigned)a->esz, registers = (unsigned)a->xregs + 1;

    for (unsigned r = 0; r < registers; r++) {
        value[r] = ir_load(s->u, element(esz), a64_mem_flags(s),
                           offset(s, base, r << esz));
    }
    write_back(s, a->post, a->rn, a->rm, registers << esz, base);
    for (unsigned r = 0; r < registers; r++) {
        a64_set_v(s, ((unsigned)a->rt + r) & 31,
                  ir_vec(s->u, IR_VDUP, element(esz), a->q ? IR_Q : IR_D, 0,
                         value[r], IR_NONE, IR_NONE, 0));
    }
    return true;
}

#define TRANS_V(row, args, call)                                     \
    bool a64_trans_##row(struct a64_ctx *s, const struct a64_arg_##args *a) \
    {                                                                \
        return !a64_fp_access(s) || call;                            \
    }

TRANS_V(LD_mult, ldst_mult, load_multiple(s, a))
TRANS_V(ST_mult, ldst_mult, store_multiple(s, a))
TRANS_V(LD_one, ldst_one, load_single(s, a))
TRANS_V(ST_one, ldst_one, store_single(s, a))
TRANS_V(LD_repl, ldst_repl, load_replicate(s, a))
