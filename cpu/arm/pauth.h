/*
 * Pointer authentication (Arm ARM D8.10), with the algorithm and at the level
 * that the model's ID registers name: QARMA5, QARMA3, or an IMPLEMENTATION
 * DEFINED one, which here is a fast keyed mix.
 */
#ifndef CPU_ARM_PAUTH_H
#define CPU_ARM_PAUTH_H

#include "cpu/arm/arm_cpu.h"
#include "cpu/ir/ir.h"

/* ORDER arm_cpu.apkey */
enum pauth_key { PAUTH_IA, PAUTH_IB, PAUTH_DA, PAUTH_DB, PAUTH_GA };

/* What comes with the values 1 to 5 of ID_AA64ISAR1_EL1.APA and its like. */
enum pauth_level {
    PAUTH_BASIC = 1, /* FEAT_PAuth */
    PAUTH_EPAC,      /* no code for what is no address */
    PAUTH_2,         /* codes are exclusive-or'ed in */
    PAUTH_FPAC,      /* AUT* with a wrong code raises an exception */
    PAUTH_FPAC_COMBINED, /* and so do RETA*, BRA*, LDRA* */
};

/* To be called when TCR or SCTLR may have changed. */
void pauth_follow(struct arm_cpu *cpu);

/* Of (pointer, modifier, key): add a code to the pointer; check and remove it
 * (a wrong one gives an address that faults).  Both leave the pointer alone
 * when the key is disabled. */
extern const struct ir_helper pauth_add_helper, pauth_check_helper;
/* The latter, with an exception for a wrong code. */
extern const struct ir_helper pauth_check_fault_helper;
/* Of (pointer, whether it is of data): remove the code unchecked. */
extern const struct ir_helper pauth_strip_helper;
/* Raises the exception when EL2 or EL3 traps the use of this key now. */
extern const struct ir_helper pauth_trap_helper;
/* PACGA, of two values: a code of 32 bits in the upper half. */
extern const struct ir_helper pauth_generic_helper;

#endif
