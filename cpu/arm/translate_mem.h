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

/* The low 1 << esz bytes of an integer, reversed if data is big-endian, and
 * zero-extended. */
ir_ref a64_order(struct a64_ctx *s, unsigned esz, ir_ref value);

/* One integer. */
ir_ref a64_load(struct a64_ctx *s, unsigned esz, unsigned flags,
                struct ir_address at);
void a64_store(struct a64_ctx *s, unsigned esz, unsigned flags,
               struct ir_address at, ir_ref value);
/* Two, esz 2 or 3. */
ir_ref a64_load2(struct a64_ctx *s, unsigned esz, unsigned flags,
                 struct ir_address at, ir_ref *second);
void a64_store2(struct a64_ctx *s, unsigned esz, struct ir_address at,
                ir_ref first, ir_ref second);

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
