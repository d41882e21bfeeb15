/*
 * The page table walker as a processor uses it: its registers, security state
 * and stage 2.  On the vCPU's thread.
 */
#ifndef CPU_ARM_MMU_CPU_H
#define CPU_ARM_MMU_CPU_H

#include "cpu/arm/arm_cpu.h"

/* Walk for a key that arm_tlb_key() made; as mmu_translate(). */
bool arm_mmu_translate(struct arm_cpu *cpu, const struct tlb_key *key,
                       uint64_t va, enum tlb_access access,
                       enum mmu_purpose purpose, struct tlb_page *page,
                       struct mem_fault *fault);

#endif
