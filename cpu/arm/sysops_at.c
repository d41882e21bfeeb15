/*
 * AT (Arm ARM C5.4): translate, and tell by PAR_EL1.  op2 says what for: bit
 * 0 a write, bit 1 as EL0.
 */
#include "cpu/arm/sysops.h"

#include "cpu/arm/exception.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/mmu_cpu.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

#define OP2_WRITE 1
#define OP2_EL0 2

/* A fault of the tables of stage 1 in stage 2 is EL2's when EL1 asked. */
static bool is_exception(const struct arm_cpu *cpu,
                         const struct mem_fault *fault)
{
    return fault->external || (fault->s1ptw && cpu->el == 1);
}

static void translate(struct arm_cpu *cpu, const struct sysop *op,
                      const struct tlb_key *key, enum mmu_purpose purpose,
                      uint64_t va)
{
    enum tlb_access access =
        op->encoding & OP2_WRITE ? TLB_WRITE : TLB_READ;
    struct tlb_page page;
    struct mem_fault fault;

    /* Of an address space that is not in use, others do not wait for us. */
    if (cpu->vcpu.parallel) {
        shootdown_drain(cpu->system->shootdown, cpu->vcpu.index);
    }
    if (arm_mmu_translate(cpu, key, va, access, purpose, &page, &fault)) {
        cpu->par_el1 = mmu_par(&page, NULL);
    } else if (is_exception(cpu, &fault)) {
        arm_raise_data_abort(cpu, &fault, true);
    } else {
        cpu->par_el1 = mmu_par(NULL, &fault);
    }
}

/* From EL2 and EL3, too.  CRm 9 obeys PSTATE.PAN.  With E2H and TGE what EL1
 * would be is EL2. */
void sysop_at_el1(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    bool pan = (op->encoding >> 3 & 15) == 9 &&
               (cpu->pstate_misc & PSTATE_PAN);
    unsigned el = op->encoding & OP2_EL0 ? 0 : arm_is_host(cpu) ? 2 : 1;
    struct tlb_key key = arm_tlb_key(cpu, el, pan);

    translate(cpu, op, &key, MMU_FOR_AT_STAGE1, x);
}

void sysop_at_both(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    unsigned el = op->encoding & OP2_EL0 ? 0 : arm_is_host(cpu) ? 2 : 1;
    struct tlb_key key = arm_tlb_key(cpu, el, false);

    translate(cpu, op, &key, MMU_FOR_AT_BOTH, x);
}

void sysop_at_upper(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    unsigned el = sysop_least_el(op);

    if (el == 2 && !arm_el2_enabled(cpu)) { /* from Secure EL3 */
        arm_raise(cpu, ARM_SYNDROME(EC_UNKNOWN, 0));
        return;
    }
    struct tlb_key key = arm_tlb_key(cpu, el, false);

    translate(cpu, op, &key, MMU_FOR_AT_STAGE1, x);
}
