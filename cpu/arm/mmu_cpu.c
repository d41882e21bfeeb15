#include "cpu/arm/mmu_cpu.h"

#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/system.h"

#define SCTLR_EE BIT(25)

static bool is_secure(const struct arm_cpu *cpu, const struct tlb_key *key)
{
    unsigned family = key->regime & ARM_REGIME_MASK;

    return cpu->has_el3 &&
           (family == ARM_REGIME_EL3 || family == ARM_REGIME_S_EL1_0);
}

bool arm_mmu_translate(struct arm_cpu *cpu, const struct tlb_key *key,
                       uint64_t va, enum tlb_access access,
                       enum mmu_purpose purpose, struct tlb_page *page,
                       struct mem_fault *fault)
{
    struct mmu_request request = {
        .regs = arm_mmu_of_key(cpu, key),
        .secure = is_secure(cpu, key),
        .bus = cpu->system->bus,
        .cpu = cpu->vcpu.index,
        .key = key,
        .va = va,
        .access = access,
        .purpose = purpose,
    };

    if (key->regime & ARM_REGIME_STAGE2) {
        struct mmu_stage2 stage2 = {
            .hcr = arm_hcr(cpu),
            .vtcr = cpu->vtcr_el2,
            .vttbr = cpu->vttbr_el2,
            .big_endian = cpu->mmu_el[2].sctlr & SCTLR_EE,
            .tables = &cpu->stage2_tables,
        };
        request.stage2 = &stage2;
        return mmu_translate(&request, page, fault);
    }
    return mmu_translate(&request, page, fault);
}
