/*
 * QARMA-64 (Avanzi, "The QARMA Block Cipher Family", 2017), the tweakable
 * cipher of pointer authentication: QARMA5 is the Arm ARM's ComputePAC() with
 * four of its rounds and the S-box sigma 2, QARMA3 with two and sigma 1.
 *
 * Made for speed, as it runs on every call and return of a kernel: a round's
 * S-box, shuffle and mixing are eight looks into tables of 2 KiB.
 */
#ifndef CPU_ARM_QARMA_H
#define CPU_ARM_QARMA_H

#include <stdint.h>

#include "cpu/ir/ir.h"

struct qarma;

enum qarma_kind { QARMA3, QARMA5 };

/* `rounds` as the paper counts them: 3 and 5, up to 5. */
struct qarma *qarma_new(enum qarma_kind sbox, unsigned rounds);
void qarma_free(struct qarma *q);

/* w0 and k0 are the key's upper and lower half.  For helpers that keep all
 * registers. */
IR_KEEPS_REGISTERS uint64_t qarma_encrypt(const struct qarma *q, uint64_t w0,
                                          uint64_t k0, uint64_t text,
                                          uint64_t tweak);

#endif
