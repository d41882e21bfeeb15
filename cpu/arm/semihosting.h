/*
 * Semihosting calls: HLT #0xF000 with the operation in W0 and its parameter,
 * most often the address of a block of 64-bit fields, in X1; the result goes
 * to X0.  On the calling vCPU's thread.
 */
#ifndef CPU_ARM_SEMIHOSTING_H
#define CPU_ARM_SEMIHOSTING_H

#include "cpu/arm/arm_cpu.h"

#define SEMIHOSTING_HLT 0xf000

struct semihosting; /* cpu/semihosting.h */

/* Whether that HLT is a call at this exception level, or UNDEFINED. */
bool semihosting_is_on(const struct arm_cpu *cpu, unsigned el);

/* The call; false: it has to be asked again, nothing has happened. */
bool semihosting_call(struct arm_cpu *cpu);

/* What calls leave behind: open files. */
struct semihosting_state;
struct semihosting_state *semihosting_new(const struct semihosting *host);
void semihosting_free(struct semihosting_state *s); /* NULL is allowed */
void semihosting_reset(struct semihosting_state *s);

#endif
