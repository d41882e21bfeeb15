/*
 * What the load and store files share: accesses in the byte order that
 * SCTLR_ELx.EE or E0E gives data (BigEndian(), Mem[]).  The IR's accesses
 * are little-endian; here bytes are reversed behind loads and before stores.
 * Nothing is emitted for a register in little-endian contexts.
 *
 * esz: log2 of an element's bytes.  `flags`: IR_MEM_* beside those that
 * every access of the context carries.
 */
#ifndef CPU_ARM_TRANSLATE_MEM_H
#define CPU_ARM_TRANSLATE_MEM_H

#include "cpu/arm/translate.h"

static inline bool a64_is_big_endian(const struct a64_ctx *s)
{
    return s->context & CTX_BIG_ENDIAN;
}

/* Big-endian data: the low 1 << esz bytes of an integer, reversed; shift: SHR
 * or SAR, which extends them.  Loads likewise. */
ir_ref a64_reverse(struct a64_ctx *s, unsigned esz, enum ir_opcode shift,
                   ir_ref value);
ir_ref a64_load_reversed(struct a64_ctx *s, unsigned esz, unsigned flags,
                         struct ir_address at);
ir_ref a64_load2_reversed(struct a64_ctx *s, unsigned esz, unsigned flags,
                          struct ir_address at, ir_ref *second);

/* The low 1 << esz bytes of an integer, reversed if data is big-endian, and
 * zero-extended. */
static inline ir_ref a64_order(struct a64_ctx *s, unsigned esz, ir_ref value)
{
    return a64_is_big_endian(s) ? a64_reverse(s, esz, IR_SHR, value) : value;
}

/* One integer. */
static inline ir_ref a64_load(struct a64_ctx *s, unsigned esz,
                              unsigned flags, struct ir_address at)
{
    flags |= a64_mem_flags(s);
    return a64_is_big_endian(s)
               ? a64_load_reversed(s, esz, flags, at)
               : ir_load(s->u, a64_mem_type(esz), flags, at);
}

static inline void a64_store(struct a64_ctx *s, unsigned esz,
                             unsigned flags, struct ir_address at,
                             ir_ref value)
{
    ir_store(s->u, a64_mem_type(esz), flags | a64_mem_flags(s), at,
             a64_order(s, esz, value));
}

/* Two, esz 2 or 3. */
static inline unsigned a64_pair_flags(const struct a64_ctx *s)
{
    return a64_mem_flags(s) |
           (s->cpu->feature[A64_FEAT_LSE2] ? IR_MEM_WHOLE : 0);
}

static inline ir_ref a64_load2(struct a64_ctx *s, unsigned esz,
                               unsigned flags, struct ir_address at,
                               ir_ref *second)
{
    flags |= a64_pair_flags(s);
    return a64_is_big_endian(s)
               ? a64_load2_reversed(s, esz, flags, at, second)
               : ir_load2(s->u, a64_mem_type(esz), flags, at, second);
}

static inline void a64_store2(struct a64_ctx *s, unsigned esz,
                              struct ir_address at, ir_ref first,
                              ir_ref second)
{
    first = a64_order(s, esz, first);
    second = a64_order(s, esz, second);
    ir_store2(s->u, a64_mem_type(esz), a64_pair_flags(s), at, first, second);
}

/* A vector register's low B, H, S, D or all of it (esz 0..4). */
ir_ref a64_load_vec(struct a64_ctx *s, unsigned esz, struct ir_address at);
void a64_store_vec(struct a64_ctx *s, unsigned esz, struct ir_address at,
                   ir_ref value);
/* Two, esz 2..4. */
ir_ref a64_load2_vec(struct a64_ctx *s, unsigned esz, struct ir_address at,
                     ir_ref *second);
void a64_store2_vec(struct a64_ctx *s, unsigned esz, struct ir_address at,
                    ir_ref first, ir_ref second);

/* The low 8 or 16 (`q`) bytes of a register as elements, esz 0..3. */
ir_ref a64_load_elements(struct a64_ctx *s, bool q, unsigned esz,
                         struct ir_address at);
void a64_store_elements(struct a64_ctx *s, bool q, unsigned esz,
                        struct ir_address at, ir_ref value);

#endif
