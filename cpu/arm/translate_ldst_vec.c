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

static struct ir_address offset(struct ir_address base, unsigned bytes)
{
    base.offset += (int32_t)bytes;
    return base;
}

/* -- multiple structures -------------------------------------------------- */

/*
 * Structures go to and from memory as whole vectors, which are unzipped and
 * zipped: far less code than element by element.  Where alignment is
 * checked, which is that of an element, they go singly.
 */

static void load_elements(struct a64_ctx *s,
                          const struct a64_arg_ldst_mult *a,
                          struct ir_address base, ir_ref value[4])
{
    unsigned esz = (unsigned)a->esz, selem = (unsigned)a->selem;
    unsigned elements = (a->q ? 16u : 8u) >> esz;

    for (unsigned r = 0; r < selem; r++) {
        value[r] = ir_vconst(s->u, IR_Q, 0);
    }
    for (unsigned e = 0; e < elements; e++) {
        for (unsigned r = 0; r < selem; r++) {
            struct ir_address at = offset(base, (e * selem + r) << esz);
            ir_ref v = a64_load(s, esz, 0, at);

            value[r] = ir_vec(s->u, IR_VINS, element(esz), IR_Q, 0, value[r],
                              v, IR_NONE, e);
        }
    }
}

/* From `rt` on. */
static void store_elements(struct a64_ctx *s,
                           const struct a64_arg_ldst_mult *a, unsigned rt,
                           struct ir_address base)
{
    unsigned esz = (unsigned)a->esz, selem = (unsigned)a->selem;
    unsigned elements = (a->q ? 16u : 8u) >> esz;

    for (unsigned e = 0; e < elements; e++) {
        for (unsigned r = 0; r < selem; r++) {
            struct ir_address at = offset(base, (e * selem + r) << esz);
            ir_ref v = ir_vec(s->u, IR_VGETL, element(esz), IR_Q, 0,
                              a64_v(s, (rt + r) & 31), IR_NONE, IR_NONE, e);

            a64_store(s, esz, 0, at, v);
        }
    }
}

static ir_ref uzp(struct a64_ctx *s, unsigned esz, ir_ref a, ir_ref b,
                  unsigned part)
{
    return ir_vec(s->u, IR_VUZP, element(esz), IR_Q, 0, a, b, IR_NONE, part);
}

static ir_ref zip(struct a64_ctx *s, unsigned esz, ir_ref a, ir_ref b,
                  unsigned part)
{
    return ir_vec(s->u, IR_VZIP, element(esz), IR_Q, 0, a, b, IR_NONE, part);
}

/* The 16 bytes that `index` names of the 48 of v; 0 where it names none. */
static ir_ref pick_bytes(struct a64_ctx *s, const uint8_t index[16],
                         const ir_ref v[3])
{
    ir_ref zero = ir_vconst(s->u, IR_Q, 0), r = zero, which;
    uint64_t half[2] = {0, 0};

    for (unsigned k = 0; k < 16; k++) {
        half[k / 8] |= (uint64_t)index[k] << (k % 8 * 8);
    }
    which = ir_vec(s->u, IR_VCONCAT, IR_I64, IR_Q, 0,
                   ir_vconst(s->u, IR_D, half[0]),
                   ir_vconst(s->u, IR_D, half[1]), IR_NONE, 0);
    for (unsigned n = 0; n < 3; n++) {
        r = ir_vec(s->u, IR_VTBL, IR_I8, IR_Q, 0, v[n], which, r, 16 * n);
    }
    return r;
}

/* `in`: structures as they lie in memory, 16 bytes each; `out`: their
 * registers.  With q false these have 8 bytes, and zeros. */
static void split_threes(struct a64_ctx *s, unsigned esz, bool q,
                         const ir_ref in[4], ir_ref out[4])
{
    unsigned size = 1u << esz;
    uint8_t index[16];

    for (unsigned r = 0; r < 3; r++) {
        for (unsigned k = 0; k < 16; k++) {
            unsigned at = (k / size * 3 + r) * size + k % size;

            index[k] = (uint8_t)(k < 8 || q ? at : 0xff);
        }
        out[r] = pick_bytes(s, index, in);
    }
}

static void split(struct a64_ctx *s, unsigned esz, unsigned selem, bool q,
                  const ir_ref in[4], ir_ref out[4])
{
    ir_ref even[2], odd[2];
    unsigned last = q ? 1 : 0;

    if (selem == 3) {
        split_threes(s, esz, q, in, out);
        return;
    }
    for (unsigned k = 0; k <= last && selem == 4; k++) {
        even[k] = uzp(s, esz, in[2 * k], in[2 * k + 1], 0);
        odd[k] = uzp(s, esz, in[2 * k], in[2 * k + 1], 1);
    }
    for (unsigned r = 0; r < selem; r++) {
        const ir_ref *from = selem == 2 ? in : r & 1 ? odd : even;
        unsigned part = selem == 2 ? r : r / 2;

        out[r] = uzp(s, esz, from[0], from[last], part);
        if (!q) {
            out[r] = ir_vec(s->u, IR_VDUPL, IR_I64, IR_S, 0, out[r], IR_NONE,
                            IR_NONE, 0);
        }
    }
}

static void join_threes(struct a64_ctx *s, unsigned esz, const ir_ref in[4],
                        ir_ref out[4])
{
    unsigned size = 1u << esz;
    uint8_t index[16];

    for (unsigned n = 0; n < 3; n++) {
        for (unsigned k = 0; k < 16; k++) {
            unsigned at = 16 * n + k, e = at / size;

            index[k] = (uint8_t)(e % 3 * 16 + e / 3 * size + at % size);
        }
        out[n] = pick_bytes(s, index, in);
    }
}

static void join(struct a64_ctx *s, unsigned esz, unsigned selem,
                 const ir_ref in[4], ir_ref out[4])
{
    if (selem == 3) {
        join_threes(s, esz, in, out);
        return;
    }
    for (unsigned n = 0; n < selem; n += 2) {
        ir_ref even = in[0], odd = in[1];

        if (selem == 4) {
            even = zip(s, esz, in[0], in[2], n / 2);
            odd = zip(s, esz, in[1], in[3], n / 2);
        }
        out[n] = zip(s, esz, even, odd, 0);
        out[n + 1] = zip(s, esz, even, odd, 1);
    }
}

static void load_interleaved(struct a64_ctx *s,
                             const struct a64_arg_ldst_mult *a,
                             struct ir_address base, ir_ref value[4])
{
    unsigned bytes = (a->q ? 16u : 8u) * (unsigned)a->selem;
    ir_ref in[4];

    if (a64_mem_flags(s) & IR_MEM_ALIGNED) {
        load_elements(s, a, base, value);
        return;
    }
    for (unsigned n = 0; n < 4; n++) {
        in[n] = 16 * n >= bytes
                    ? in[0]
                    : a64_load_elements(s, bytes - 16 * n >= 16,
                                        (unsigned)a->esz,
                                        offset(base, 16 * n));
    }
    split(s, (unsigned)a->esz, (unsigned)a->selem, a->q, in, value);
}

static void store_interleaved(struct a64_ctx *s,
                              const struct a64_arg_ldst_mult *a,
                              struct ir_address base)
{
    unsigned bytes = (a->q ? 16u : 8u) * (unsigned)a->selem;
    ir_ref in[4], out[4];

    if (a64_mem_flags(s) & IR_MEM_ALIGNED) {
        store_elements(s, a, (unsigned)a->rt, base);
        return;
    }
    for (unsigned r = 0; r < 4; r++) {
        in[r] = a64_v(s, ((unsigned)a->rt + r) & 31);
    }
    join(s, (unsigned)a->esz, (unsigned)a->selem, in, out);
    for (unsigned n = 0; 16 * n < bytes; n++) {
        a64_store_elements(s, bytes - 16 * n >= 16, (unsigned)a->esz,
                           offset(base, 16 * n), out[n]);
    }
}

/* Structures of one element each: a register. */
static ir_ref load_whole(struct a64_ctx *s, const struct a64_arg_ldst_mult *a,
                         struct ir_address at)
{
    ir_ref value[4];

    if (!(a64_mem_flags(s) & IR_MEM_ALIGNED)) {
        return a64_load_elements(s, a->q, (unsigned)a->esz, at);
    }
    load_elements(s, a, at, value);
    return value[0];
}

static void store_whole(struct a64_ctx *s, const struct a64_arg_ldst_mult *a,
                        unsigned rt, struct ir_address at)
{
    if (a64_mem_flags(s) & IR_MEM_ALIGNED) {
        store_elements(s, a, rt, at);
    } else {
        a64_store_elements(s, a->q, (unsigned)a->esz, at, a64_v(s, rt));
    }
}

static bool load_multiple(struct a64_ctx *s,
                          const struct a64_arg_ldst_mult *a)
{
    ir_ref base = a64_sp(s, (unsigned)a->rn), value[4];
    unsigned registers = (unsigned)(a->rpt * a->selem);
    unsigned bytes = a->q ? 16 : 8;

    if (a->selem == 1) {
        for (unsigned r = 0; r < registers; r++) {
            value[r] = load_whole(s, a, offset(ir_at(base), r * bytes));
        }
    } else {
        load_interleaved(s, a, ir_at(base), value);
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
    ir_ref base = a64_sp(s, (unsigned)a->rn);
    unsigned registers = (unsigned)(a->rpt * a->selem);
    unsigned bytes = a->q ? 16 : 8;

    if (a->selem == 1) {
        for (unsigned r = 0; r < registers; r++) {
            store_whole(s, a, ((unsigned)a->rt + r) & 31,
                        offset(ir_at(base), r * bytes));
        }
    } else {
        store_interleaved(s, a, ir_at(base));
    }
    write_back(s, a->post, a->rn, a->rm, registers * bytes, base);
    return true;
}

/* -- single structures ---------------------------------------------------- */

static bool load_single(struct a64_ctx *s, const struct a64_arg_ldst_one *a)
{
    ir_ref base = a64_sp(s, (unsigned)a->rn), value[4];
    unsigned esz = (unsigned)a->esz, registers = (unsigned)a->xregs + 1;

    for (unsigned r = 0; r < registers; r++) {
        value[r] = a64_load(s, esz, 0, offset(ir_at(base), r << esz));
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
    ir_ref base = a64_sp(s, (unsigned)a->rn);
    unsigned esz = (unsigned)a->esz, registers = (unsigned)a->xregs + 1;

    for (unsigned r = 0; r < registers; r++) {
        ir_ref v = ir_vec(s->u, IR_VGETL, element(esz), IR_Q, 0,
                          a64_v(s, ((unsigned)a->rt + r) & 31), IR_NONE,
                          IR_NONE, (unsigned)a->index);

        a64_store(s, esz, 0, offset(ir_at(base), r << esz), v);
    }
    write_back(s, a->post, a->rn, a->rm, registers << esz, base);
    return true;
}

static bool load_replicate(struct a64_ctx *s,
                           const struct a64_arg_ldst_repl *a)
{
    ir_ref base = a64_sp(s, (unsigned)a->rn), value[4];
    unsigned esz = (unsigned)a->esz, registers = (unsigned)a->xregs + 1;

    for (unsigned r = 0; r < registers; r++) {
        value[r] = a64_load(s, esz, 0, offset(ir_at(base), r << esz));
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
    A64_ROW(row, args)                                               \
    {                                                                \
        return !a64_fp_access(s) || call;                            \
    }

TRANS_V(LD_mult, ldst_mult, load_multiple(s, a))
TRANS_V(ST_mult, ldst_mult, store_multiple(s, a))
TRANS_V(LD_one, ldst_one, load_single(s, a))
TRANS_V(ST_one, ldst_one, store_single(s, a))
TRANS_V(LD_repl, ldst_repl, load_replicate(s, a))
