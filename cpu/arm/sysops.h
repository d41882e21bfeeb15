/*
 * System instructions (SYS): cache maintenance, address translation and
 * TLB invalidation (Arm ARM C5.3 to C5.5).  One table of rows; on the vCPU's
 * thread.
 */
#ifndef CPU_ARM_SYSOPS_H
#define CPU_ARM_SYSOPS_H

#include "cpu/arm/sysregs.h"

enum sysop_flags {
    SYSOP_EL0 = 1 << 0,  /* EL0 may, unless trapped */
    SYSOP_TLB = 1 << 1,  /* changes TLB contents */
    SYSOP_ZVA = 1 << 2,  /* DC ZVA, which the translator knows itself */
    SYSOP_END = 1 << 3,  /* the code behind it is looked up anew */
};

struct sysop {
    uint16_t encoding;   /* SYSREG(1, op1, CRn, CRm, op2) */
    uint8_t flags;
    uint8_t trap;        /* enum sysreg_trap, of EL0 */
    uint8_t needs;       /* as in struct sysreg; SYSOP_NEEDS_* */
    const char *name;
    /* May raise an exception. */
    void (*run)(struct arm_cpu *cpu, const struct sysop *op, uint64_t x);
};

enum {
    SYSOP_NEEDS_DPB = 200, SYSOP_NEEDS_DPB2,
    SYSOP_NEEDS_TLBIOS, SYSOP_NEEDS_TLBIRANGE,
    SYSOP_NEEDS_EL2, SYSOP_NEEDS_EL2_TLBIOS, SYSOP_NEEDS_EL2_TLBIRANGE,
};

/* The lowest exception level that may; op1 says it for all but EL0. */
static inline unsigned sysop_least_el(const struct sysop *op)
{
    unsigned op1 = op->encoding >> 11 & 7;

    return op->flags & SYSOP_EL0 ? 0 : op1 == 4 ? 2 : op1 == 6 ? 3 : 1;
}

/* By rising encoding, as far as `cpu` has it, or NULL. */
const struct sysop *sysop_find(const struct arm_cpu *cpu, uint16_t encoding);

extern const struct sysop sysops[];
extern const unsigned sysop_count;

/* sysops_tlbi.c */
void sysop_tlbi_all(struct arm_cpu *cpu, const struct sysop *op, uint64_t x);
void sysop_tlbi_va(struct arm_cpu *cpu, const struct sysop *op, uint64_t x);
void sysop_tlbi_asid(struct arm_cpu *cpu, const struct sysop *op,
                     uint64_t x);
void sysop_tlbi_range(struct arm_cpu *cpu, const struct sysop *op,
                      uint64_t x);
void sysop_tlbi_stage2(struct arm_cpu *cpu, const struct sysop *op,
                       uint64_t x);

/* sysops_at.c: of EL1 and EL0, stage 1 or both; of EL2 or EL3 */
void sysop_at_el1(struct arm_cpu *cpu, const struct sysop *op, uint64_t x);
void sysop_at_both(struct arm_cpu *cpu, const struct sysop *op, uint64_t x);
void sysop_at_upper(struct arm_cpu *cpu, const struct sysop *op, uint64_t x);

#endif
