/* What the load and store files share. */
#ifndef CPU_ARM_TRANSLATE_MEM_H
#define CPU_ARM_TRANSLATE_MEM_H

#include "cpu/arm/translate.h"

/* A vector register's low B, H, S, D or all of it (esz 0..4). */
ir_ref a64_load_vec(struct a64_ctx *s, unsigned esz, ir_ref at);
void a64_store_vec(struct a64_ctx *s, unsigned esz, ir_ref at, ir_ref value);

#endif
