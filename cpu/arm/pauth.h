/*
 * Pointer authentication (Arm ARM D8.10) with an IMPLEMENTATION DEFINED
 * algorithm: a fast keyed mix instead of QARMA.  ID registers say so (APA
 * and GPA 0, API and GPI 1).
 */
#ifndef CPU_ARM_PAUTH_H
#define CPU_ARM_PAUTH_H

#include "cpu/arm/arm_cpu.h"

/* ORDER arm_cpu.apkey */
enum pauth_key { PAUTH_IA, PAUTH_IB, PAUTH_DA, PAUTH_DB, PAUTH_GA };

/* Add a code to `ptr`; check and remove it (a wrong one gives an address
 * that faults).  Both leave ptr alone when the key is disabled. */
uint64_t pauth_add(const struct arm_cpu *cpu, enum pauth_key key,
                   uint64_t ptr, uint64_t modifier);
uint64_t pauth_check(const struct arm_cpu *cpu, enum pauth_key key,
                     uint64_t ptr, uint64_t modifier);
/* Remove the code unchecked. */
uint64_t pauth_strip(const struct arm_cpu *cpu, bool is_data, uint64_t ptr);
/* PACGA: a code of 32 bits in the upper half. */
uint64_t pauth_generic(const struct arm_cpu *cpu, uint64_t a, uint64_t b);

#endif
