/*
 * See translate_mem.h.
 */
#include "cpu/arm/translate_mem.h"

/* -- reversal ------------------------------------------------------------- */

ir_ref a64_reverse(struct a64_ctx *s, unsigned esz, enum ir_opcode shift,
                   ir_ref value)
{
    return ir_bini(s->u, shift, IR_I64,
                   ir_un(s->u, IR_BSWAP, IR_I64, value), 64 - (8u << esz));
}

/* The same in each element of a vector, esz 0..4. */
static ir_ref order_vec(struct a64_ctx *s, unsigned esz, ir_ref value)
{
    if (!a64_is_big_endian(s) || esz == 0) {
        return value;
    }
    value = ir_vec(s->u, IR_VREV, IR_I8, IR_Q, 0, value, IR_NONE, IR_NONE,
                   esz == 4 ? 64 : 8u << esz);
    return esz < 4 ? value
                   : ir_vec(s->u, IR_VEXT, IR_I8, IR_Q, 0, value, value,
                            IR_NONE, 8);
}

/* -- integers ------------------------------------------------------------- */

#define SIGNED (IR_MEM_SIGN32 | IR_MEM_SIGN64)

/* What a load without SIGN32 and SIGN64 gave, as one with `flags` gives. */
static ir_ref loaded(struct a64_ctx *s, unsigned esz, unsigned flags,
                     ir_ref value)
{
    return a64_reverse(s, esz, flags & SIGNED ? IR_SAR : IR_SHR, value);
}

ir_ref a64_load_reversed(struct a64_ctx *s, unsigned esz, unsigned flags,
                         struct ir_address at)
{
    return loaded(s, esz, flags,
                  ir_load(s->u, a64_mem_type(esz), flags & ~(unsigned)SIGNED,
                          at));
}

ir_ref a64_load2_reversed(struct a64_ctx *s, unsigned esz, unsigned flags,
                          struct ir_address at, ir_ref *second)
{
    ir_ref first = ir_load2(s->u, a64_mem_type(esz),
                            flags & ~(unsigned)SIGNED, at, second);

    *second = loaded(s, esz, flags, *second);
    return loaded(s, esz, flags, first);
}

/* -- vectors -------------------------------------------------------------- */

static enum ir_type vec_type(unsigned esz)
{
    return IR_F16 + esz - 1;
}

static ir_ref load_raw(struct a64_ctx *s, unsigned esz, struct ir_address at)
{
    if (esz == 0) {
        return ir_emit(s->u, IR_VLOAD8, IR_V128, a64_mem_flags(s),
                       ir_address(s->u, at), IR_NONE, IR_NONE, 0);
    }
    return ir_load(s->u, vec_type(esz), a64_mem_flags(s), at);
}

static void store_raw(struct a64_ctx *s, unsigned esz, struct ir_address at,
                      ir_ref value)
{
    if (esz == 0) {
        ir_emit(s->u, IR_VSTORE8, IR_V128, a64_mem_flags(s),
                ir_address(s->u, at), value, IR_NONE, 0);
    } else {
        ir_store(s->u, vec_type(esz), a64_mem_flags(s), at, value);
    }
}

ir_ref a64_load_vec(struct a64_ctx *s, unsigned esz, struct ir_address at)
{
    return order_vec(s, esz, load_raw(s, esz, at));
}

void a64_store_vec(struct a64_ctx *s, unsigned esz, struct ir_address at,
                   ir_ref value)
{
    store_raw(s, esz, at, order_vec(s, esz, value));
}

ir_ref a64_load2_vec(struct a64_ctx *s, unsigned esz, struct ir_address at,
                     ir_ref *second)
{
    ir_ref first = ir_load2(s->u, vec_type(esz), a64_mem_flags(s), at,
                            second);

    *second = order_vec(s, esz, *second);
    return order_vec(s, esz, first);
}

void a64_store2_vec(struct a64_ctx *s, unsigned esz, struct ir_address at,
                    ir_ref first, ir_ref second)
{
    first = order_vec(s, esz, first);
    second = order_vec(s, esz, second);
    ir_store2(s->u, vec_type(esz), a64_mem_flags(s), at, first, second);
}

ir_ref a64_load_elements(struct a64_ctx *s, bool q, unsigned esz,
                         struct ir_address at)
{
    return order_vec(s, esz, load_raw(s, q ? 4 : 3, at));
}

void a64_store_elements(struct a64_ctx *s, bool q, unsigned esz,
                        struct ir_address at, ir_ref value)
{
    store_raw(s, q ? 4 : 3, at, order_vec(s, esz, value));
}
