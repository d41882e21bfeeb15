/* Immediates of SVE that both the translator and the disassembler read. */
#ifndef CPU_ARM_SVE_IMM_H
#define CPU_ARM_SVE_IMM_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bits.h"

/* DecodeBitMasks() of N:immr:imms for 64 bits; false: reserved. */
static inline bool sve_bit_mask(unsigned imm13, uint64_t *mask)
{
    unsigned n = imm13 >> 12, immr = imm13 >> 6 & 63, imms = imm13 & 63;
    unsigned code = n << 6 | (~imms & 63);

    if (code < 2) {
        return false;
    }
    unsigned size = 1u << (31 - (unsigned)clz32(code));
    unsigned s = imms & (size - 1), r = immr & (size - 1);

    if (s == size - 1) {
        return false;
    }
    uint64_t m = mask64(s + 1);
    if (r) {
        m = (m >> r | m << (size - r)) & mask64(size);
    }
    for (unsigned e = size; e < 64; e *= 2) {
        m |= m << e;
    }
    *mask = m;
    return true;
}

#endif
