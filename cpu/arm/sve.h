/*
 * The Scalable Vector Extension: its part of a processor's state, and what
 * of it others ask for.
 *
 * Bits 127..0 of Z0..Z31 are vcpu.v[], as they are of V0..V31.  What lies
 * beyond the vector length in effect is zero in every Z and P, always: code
 * that writes a V need only clear what `high` has, and only where SVE may be
 * used (CTX_SVE).
 */
#ifndef CPU_ARM_SVE_H
#define CPU_ARM_SVE_H

#include "cpu/vcpu.h"

struct arm_cpu;
struct sysreg;

#define SVE_MAX_BYTES 64u
/* Quarters of SVE_MAX_BYTES: 128, 256, 384, 512 bits. */
#define SVE_LENGTHS (SVE_MAX_BYTES / 16)

struct arm_sve {
    union vec high[32][SVE_LENGTHS - 1];
    uint64_t p[16], ffr;   /* a bit for each byte of a vector */
    uint64_t zcr[4];       /* ZCR_EL1 .. ZCR_EL3 */
    uint8_t vl;            /* bytes of a vector now */
};

/* The vector length follows ZCR_ELx and the exception level. */
void sve_follow(struct arm_cpu *cpu);

/* Bytes of the longest vector that the model has. */
unsigned sve_max_bytes(unsigned lengths);

/* All after a reset. */
void sve_reset(struct arm_cpu *cpu);

#endif
