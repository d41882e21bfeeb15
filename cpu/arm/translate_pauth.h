/* Pointer authentication as other front end files need it. */
#ifndef CPU_ARM_TRANSLATE_PAUTH_H
#define CPU_ARM_TRANSLATE_PAUTH_H

#include "cpu/arm/pauth.h"
#include "cpu/arm/translate.h"

/* Emit: `ptr` checked with `key`. */
ir_ref a64_authenticate(struct a64_ctx *s, enum pauth_key key, ir_ref ptr,
                        ir_ref modifier);

#endif
