/* The fields of PSTATE and the stack pointer as system registers. */
#ifndef CPU_ARM_TRANSLATE_PSTATE_H
#define CPU_ARM_TRANSLATE_PSTATE_H

#include "cpu/arm/sysregs.h"
#include "cpu/arm/translate.h"

/* MRS and MSR of a row with a view; false: UNDEFINED here. */
bool a64_read_view(struct a64_ctx *s, const struct sysreg *r, unsigned rt);
bool a64_write_view(struct a64_ctx *s, const struct sysreg *r, unsigned rt);

#endif
