/*
 * TLBI (Arm ARM C5.5, D8.13).  CRm names the domain: 1, 3 the shareable
 * ones, 7 this processor; 5, 2 and 6 likewise with an address range.  op2
 * names what: all, an address, an ASID, an address of all ASIDs, and with
 * bit 2 the last level only, which spares what the walker remembers.
 */
#include "cpu/arm/sysops.h"

#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

/* Bits of op2. */
#define OP2_ALL_ASIDS 2
#define OP2_LEAF 4

static bool is_broadcast(const struct sysop *op)
{
    unsigned crm = op->encoding >> 3 & 15;

    return crm != 7 && crm != 6;
}

static void invalidate(struct arm_cpu *cpu, const struct sysop *op,
                       struct tlb_inval inval)
{
    inval.regime = ARM_REGIME_EL1_0;
    tlb_invalidate(cpu->vcpu.mmu, &inval);
    if (cpu->vcpu.parallel && is_broadcast(op)) {
        shootdown_post(cpu->system->shootdown, cpu->vcpu.index, &inval);
    }
}

/* ASIDs of 8 bits leave the upper half of the field alone. */
static uint16_t asid_of(const struct arm_cpu *cpu, uint64_t x)
{
    return (uint16_t)(x >> 48 & (cpu->mmu_el[1].tcr >> 36 & 1 ? 0xffff : 0xff));
}

void sysop_tlbi_all(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    (void)x;
    invalidate(cpu, op, (struct tlb_inval){.kind = TLB_INVAL_REGIME});
}

void sysop_tlbi_asid(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    invalidate(cpu, op, (struct tlb_inval){.kind = TLB_INVAL_ASID,
                                           .asid = asid_of(cpu, x)});
}

static void invalidate_range(struct arm_cpu *cpu, const struct sysop *op,
                             uint64_t x, uint64_t va, uint64_t size)
{
    bool all = op->encoding & OP2_ALL_ASIDS;

    invalidate(cpu, op, (struct tlb_inval){
                            .kind = all ? TLB_INVAL_VA_ALL : TLB_INVAL_VA,
                            .asid = asid_of(cpu, x),
                            .leaf = op->encoding & OP2_LEAF,
                            .va = va,
                            .size = size,
                        });
}

/* Bits 43..0 are VA[55:12]. */
void sysop_tlbi_va(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    uint64_t va = (uint64_t)sextract64(x << 12, 0, 56);

    invalidate_range(cpu, op, x, va, BIT(TLB_PAGE_BITS));
}

/* BaseADDR 36..0 in granules, NUM 43..39, SCALE 45..44, TG 47..46. */
void sysop_tlbi_range(struct arm_cpu *cpu, const struct sysop *op,
                      uint64_t x)
{
    static const uint8_t granule_bits[] = {0, 12, 14, 16};
    unsigned bits = granule_bits[x >> 46 & 3];
    uint64_t pages = (extract64(x, 39, 5) + 1)
                     << (5 * extract64(x, 44, 2) + 1);

    if (bits == 0) {
        return; /* reserved: no invalidation is required */
    }
    uint64_t va = (uint64_t)sextract64(x, 0, 37) << bits;
    invalidate_range(cpu, op, x, va, pages << bits);
}
