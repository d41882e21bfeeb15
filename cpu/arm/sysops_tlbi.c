/*
 * TLBI (Arm ARM C5.5, D8.13).  op1 names the regime: 0 that of EL1, 4 EL2's
 * or all of EL1's, 6 EL3's.  CRm names the domain: 1, 3 the shareable ones, 7
 * this processor; 5, 2 and 6 likewise with an address range.  op2 names what:
 * all, an address, an ASID, an address of all ASIDs, and with bit 2 the last
 * level only, which spares what the walker remembers.
 */
#include "cpu/arm/sysops.h"

#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/mmu_log.h"
#include "cpu/arm/system.h"
#include "util/bits.h"
#include "util/log.h"

/* Bits of op2. */
#define OP2_ALL_ASIDS 2
#define OP2_LEAF 4

#define TCR_AS BIT(36)

static unsigned crm_of(const struct sysop *op)
{
    return op->encoding >> 3 & 15;
}

static unsigned op1_of(const struct sysop *op)
{
    return op->encoding >> 11 & 7;
}

/* CRm 4 has stage 2: for this processor, but by some of op2. */
static bool is_broadcast(const struct arm_cpu *cpu, const struct sysop *op)
{
    static const uint8_t of_crm4 = 1 << 0 | 1 << 3 | 1 << 4 | 1 << 7;
    unsigned crm = crm_of(op);

    if (crm == 4) {
        return of_crm4 >> (op->encoding & 7) & 1;
    }
    return (crm != 7 && crm != 6) ||
           (cpu->el == 1 && (arm_hcr(cpu) & HCR_FB));
}

/* The regime, as tlb_key.regime without its flags. */
static enum arm_regime regime_of(const struct arm_cpu *cpu,
                                 const struct sysop *op)
{
    switch (op1_of(op)) {
    case 6:
        return ARM_REGIME_EL3;
    case 4:
        return arm_regime(cpu, 2);
    default:
        return arm_regime(cpu, arm_regime_el(cpu, 0));
    }
}

/* Apply to `regime`, for the present VMID unless all are wanted or it has
 * none. */
static void invalidate(struct arm_cpu *cpu, const struct sysop *op,
                       enum arm_regime regime, struct tlb_inval inval)
{
    bool has_vmid = regime == ARM_REGIME_EL1_0 && arm_el2_enabled(cpu);

    inval.regime = regime;
    inval.all_vmids |= !has_vmid;
    inval.vmid = has_vmid ? arm_tlb_key(cpu, 1, false).vmid : 0;
    if (log_on(LOG_MMU)) {
        mmu_log_inval(cpu->vcpu.index, &inval, is_broadcast(cpu, op));
    }
    tlb_invalidate(cpu->vcpu.mmu, &inval);
    if (cpu->vcpu.parallel && is_broadcast(cpu, op)) {
        shootdown_post(cpu->system->shootdown, cpu->vcpu.index, &inval);
    }
}

static uint64_t tcr_of(const struct arm_cpu *cpu, enum arm_regime regime)
{
    struct tlb_key key = {.regime = regime};

    return arm_mmu_of_key(cpu, &key)->tcr;
}

/* ASIDs of 8 bits leave the upper half of the field alone. */
static uint16_t asid_of(const struct arm_cpu *cpu, enum arm_regime regime,
                        uint64_t x)
{
    return (uint16_t)(x >> 48 &
                      (tcr_of(cpu, regime) & TCR_AS ? 0xffff : 0xff));
}

/* VMALLE1, ALLE1, ALLE2, ALLE3. */
void sysop_tlbi_all(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    bool all_of_el1 = op1_of(op) == 4 && (op->encoding & 7) == 4;
    enum arm_regime regime =
        all_of_el1 ? arm_regime_of_el1(cpu) : regime_of(cpu, op);

    (void)x;
    invalidate(cpu, op, regime, (struct tlb_inval){
                                    .kind = TLB_INVAL_REGIME,
                                    .all_vmids = all_of_el1,
                                });
}

/* VMALLS12E1, and by IPA: entries of both stages do not know theirs, and go
 * with all of the VMID. */
void sysop_tlbi_stage2(struct arm_cpu *cpu, const struct sysop *op,
                       uint64_t x)
{
    (void)x;
    invalidate(cpu, op, arm_regime_of_el1(cpu),
               (struct tlb_inval){.kind = TLB_INVAL_REGIME});
}

void sysop_tlbi_asid(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    enum arm_regime regime = regime_of(cpu, op);

    invalidate(cpu, op, regime,
               (struct tlb_inval){.kind = TLB_INVAL_ASID,
                                  .asid = asid_of(cpu, regime, x)});
}

/* Regimes of one exception level have no ASIDs. */
static bool is_of_all_asids(const struct sysop *op, enum arm_regime regime)
{
    return regime == ARM_REGIME_EL2 || regime == ARM_REGIME_EL3 ||
           (op1_of(op) == 0 && (op->encoding & OP2_ALL_ASIDS));
}

static void invalidate_range(struct arm_cpu *cpu, const struct sysop *op,
                             uint64_t x, uint64_t va, uint64_t size)
{
    enum arm_regime regime = regime_of(cpu, op);

    invalidate(cpu, op, regime,
               (struct tlb_inval){
                   .kind = is_of_all_asids(op, regime) ? TLB_INVAL_VA_ALL
                                                       : TLB_INVAL_VA,
                   .asid = asid_of(cpu, regime, x),
                   .leaf = op->encoding & OP2_LEAF,
                   .va = va,
                   .size = size,
               });
}

/* Bits 43..0 are VA[55:12]; how large the page is (TTL) need not be told. */
void sysop_tlbi_va(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    uint64_t va = (uint64_t)sextract64(x << 12, 0, 56);

    invalidate_range(cpu, op, x, va, BIT(TLB_PAGE_BITS));
}

/* TCR.DS. */
static bool has_wide_descriptors(const struct arm_cpu *cpu,
                                 enum arm_regime regime)
{
    struct tlb_key key = {.regime = regime};
    const struct mmu_regs *m = arm_mmu_of_key(cpu, &key);

    return m->lpa2 && m->tcr >> (m->regime == MMU_EL1_0 ? 59 : 32) & 1;
}

/* BaseADDR 36..0 in granules, or 64 KiB with TCR.DS; NUM 43..39, SCALE
 * 45..44, TG 47..46. */
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
    unsigned unit =
        has_wide_descriptors(cpu, regime_of(cpu, op)) ? 16 : bits;
    uint64_t va = (uint64_t)sextract64(x, 0, 37) << unit;
    invalidate_range(cpu, op, x, va, pages << bits);
}
