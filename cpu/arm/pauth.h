/*
 * Pointer authentication (Arm ARM D8.10) with an IMPLEMENTATION DEFINED
 * algorithm: a fast keyed mix instead of QARMA.  ID registers say so (APA
 * and GPA 0, API and GPI 1).
 */
#ifndef CPU_ARM_PAUTH_H
#define CPU_ARM_PAUTH_H

#include "cpu/arm/arm_cpu.h"
#include "cpu/ir/ir.h"

/* ORDER arm_cpu.apkey */
enum pauth_key { PAUTH_IA, PAUTH_IB, PAUTH_DA, PAUTH_DB, PAUTH_GA };

/* To be called when TCR or SCTLR may have changed. */
void pauth_follow(struct arm_cpu *cpu);

/* Of (pointer, modifier, key): add a code to the pointer; check and remove it
 * (a wrong one gives an address that faults).  Both leave the pointer alone
 * when the key is disabled. */
extern const struct ir_helper pauth_add_helper, pauth_check_helper;
/* Of (pointer, whether it is of data): remove the code unchecked. */
extern const struct ir_helper pauth_strip_helper;
/* PACGA, of two values: a code of 32 bits in the upper half. */
extern const struct ir_helper pauth_generic_helper;

#endif
