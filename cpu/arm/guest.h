/*
 * What the engine asks of a guest (cpu/guest.h), answered for A64; and the
 * selection of the context that goes with it.
 */
#ifndef CPU_ARM_GUEST_H
#define CPU_ARM_GUEST_H

#include "cpu/arm/arm_cpu.h"
#include "cpu/guest.h"

extern const struct guest_ops arm_guest_ops;

/* Select vcpu.tlb and tlb_unpriv from PSTATE, SCTLR, TTBR and TCR. */
void arm_select_tlb(struct arm_cpu *cpu);

/* The key of the accesses that `el` makes, or would make now. */
struct tlb_key arm_tlb_key(const struct arm_cpu *cpu, unsigned el, bool pan);

/* Before the first start: everything as after a cold reset. */
void arm_cpu_reset(struct arm_cpu *cpu, uint64_t pc, uint64_t arg,
                   unsigned el);
/* `vectors`: with FP, SIMD and SVE, or that they are off. */
void arm_cpu_dump(struct vcpu *vcpu, FILE *f, bool vectors);

/* TLB callbacks. */
bool arm_walk(void *cpu, const struct tlb_key *key, uint64_t va,
              enum tlb_access access, struct tlb_page *page,
              struct mem_fault *fault);
uint64_t arm_strip(void *cpu, const struct tlb_key *key, uint64_t va);
bool arm_allow_unaligned(void *cpu, uint64_t va, unsigned size, bool atomic);

#endif
