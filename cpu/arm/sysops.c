/* Cache maintenance, AT, and the table of all system instructions. */
#include "cpu/arm/sysops.h"

#include <string.h>

#include "cpu/arm/exception.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

#define LINE 64 /* bytes; ORDER CTR_EL0.IminLine, DminLine, DCZID_EL0.BS */

/* -- caches -------------------------------------------------------------- */

/* There are no data caches: by set and way nothing is left to do. */
static void nothing(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    (void)cpu, (void)op, (void)x;
}

/* The access of a maintenance instruction, which may fault. */
static bool translate(struct arm_cpu *cpu, uint64_t va,
                      enum tlb_access access, struct tlb_page *page)
{
    struct vcpu *vcpu = &cpu->vcpu;
    struct mem_fault fault;

    if (tlb_translate(vcpu->mmu, vcpu->tlb, va, access, page, &fault)) {
        return true;
    }
    arm_raise_data_abort(cpu, &fault, true);
    return false;
}

/* A page in the first level may be read. */
static bool is_readable(const struct vcpu *vcpu, uint64_t va)
{
    const struct tlb_entry *entry = &vcpu->tlb->read[tlb_index(va)];

    return (entry->tag ^ va) <= 4095;
}

static void dc_clean(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    struct tlb_page page;

    (void)op;
    if (!is_readable(&cpu->vcpu, x)) {
        translate(cpu, x, TLB_READ, &page);
    }
}

/* Invalidation throws writes away, which takes the right to write. */
static void dc_ivac(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    struct tlb_page page;

    (void)op;
    translate(cpu, x, TLB_WRITE, &page);
}

/* Translations are compared with memory when their page is next entered:
 * forgetting the page ids makes this and the other vCPUs come by. */
static void ic_all(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    struct tlb_inval inval = {.kind = TLB_INVAL_PAGE_IDS};

    (void)op, (void)x;
    engine_code_changed(cpu->system->engine);
    tlb_invalidate(cpu->vcpu.mmu, &inval);
    if (cpu->vcpu.parallel) {
        shootdown_post(cpu->system->shootdown, cpu->vcpu.index, &inval);
    }
}

static void ic_ivau(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    struct tlb_page page;

    (void)op;
    if (translate(cpu, x, TLB_READ, &page)) {
        uint64_t pa = page.pa | (x & mask64(TLB_PAGE_BITS));
        engine_code_written(cpu->system->engine, align_down(pa, LINE), LINE);
    }
}

/* DC ZVA where alignment matters: with stage 1 off all memory is Device,
 * to which it faults.  Otherwise the translator does it inline. */
static void dc_zva(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    static const uint8_t zero[32];
    struct vcpu *vcpu = &cpu->vcpu;
    struct mem_fault fault;
    struct tlb_page page;

    (void)op;
    bool good = tlb_translate(vcpu->mmu, vcpu->tlb, x, TLB_WRITE, &page,
                              &fault);
    if (good && page.device) {
        fault = (struct mem_fault){.va = x, .status = MMU_ALIGNMENT,
                                   .access = TLB_WRITE, .stage = 1};
        good = false;
    }
    x = align_down(x, LINE);
    for (unsigned n = 0; good && n < LINE; n += sizeof(zero)) {
        good = tlb_store(vcpu->mmu, vcpu->tlb, x + n, sizeof(zero), 0, zero,
                         &fault);
    }
    if (!good && fault.retry) {
        vcpu->fault = fault;
        vcpu->exit = VCPU_EXIT_FAULT;
    } else if (!good) {
        arm_raise_data_abort(cpu, &fault, false);
    }
}

/* -- address translation ------------------------------------------------- */

/* op2: bit 0 write, bit 1 as EL0; CRm 9 obeys PSTATE.PAN. */
static void at_s1(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    bool pan = (op->encoding >> 3 & 15) == 9 &&
               (cpu->pstate_misc & PSTATE_PAN);
    struct tlb_key key = arm_tlb_key(cpu, op->encoding & 2 ? 0 : 1, pan);
    struct tlb_page page;
    struct mem_fault fault;

    enum tlb_access access = op->encoding & 1 ? TLB_WRITE : TLB_READ;

    if (mmu_walk(arm_mmu_of_key(cpu, &key), cpu->system->bus,
                 cpu->vcpu.index, &key, x, access, &page, &fault)) {
        cpu->par_el1 = mmu_par(&page, NULL);
    } else if (fault.external) {
        arm_raise_data_abort(cpu, &fault, true);
    } else {
        cpu->par_el1 = mmu_par(NULL, &fault);
    }
}

/* -- the table ----------------------------------------------------------- */

#define OP(op1, crn, crm, op2, flags, trap, needs, name, run) \
    {SYSREG(1, op1, crn, crm, op2), flags, trap, needs, name, run}
#define TLBI(crm, op2, needs, name, run) \
    OP(0, 8, crm, op2, SYSOP_TLB, TRAP_NONE, needs, "TLBI " name, run)
/* The forms of one domain: all, VA, ASID, VA of all ASIDs, last level. */
#define TLBI_DOMAIN(crm, needs, suffix)                            \
    TLBI(crm, 0, needs, "VMALLE1" suffix, sysop_tlbi_all),         \
    TLBI(crm, 1, needs, "VAE1" suffix, sysop_tlbi_va),             \
    TLBI(crm, 2, needs, "ASIDE1" suffix, sysop_tlbi_asid),         \
    TLBI(crm, 3, needs, "VAAE1" suffix, sysop_tlbi_va),            \
    TLBI(crm, 5, needs, "VALE1" suffix, sysop_tlbi_va),            \
    TLBI(crm, 7, needs, "VAALE1" suffix, sysop_tlbi_va)
#define TLBI_RANGE(crm, suffix)                                    \
    TLBI(crm, 1, SYSOP_NEEDS_TLBIRANGE, "RVAE1" suffix, sysop_tlbi_range),   \
    TLBI(crm, 3, SYSOP_NEEDS_TLBIRANGE, "RVAAE1" suffix, sysop_tlbi_range),  \
    TLBI(crm, 5, SYSOP_NEEDS_TLBIRANGE, "RVALE1" suffix, sysop_tlbi_range),  \
    TLBI(crm, 7, SYSOP_NEEDS_TLBIRANGE, "RVAALE1" suffix, sysop_tlbi_range)
#define USER(crm, op2, needs, name, run) \
    OP(3, 7, crm, op2, SYSOP_EL0, TRAP_CACHE, needs, name, run)

const struct sysop sysops[] = {
    OP(0, 7, 1, 0, SYSOP_TLB | SYSOP_END, 0, 0,
       "IC IALLUIS", ic_all),
    OP(0, 7, 5, 0, SYSOP_TLB | SYSOP_END, 0, 0,
       "IC IALLU", ic_all),
    OP(0, 7, 6, 1, 0, 0, 0, "DC IVAC", dc_ivac),
    OP(0, 7, 6, 2, 0, 0, 0, "DC ISW", nothing),
    OP(0, 7, 8, 0, 0, 0, 0, "AT S1E1R", at_s1),
    OP(0, 7, 8, 1, 0, 0, 0, "AT S1E1W", at_s1),
    OP(0, 7, 8, 2, 0, 0, 0, "AT S1E0R", at_s1),
    OP(0, 7, 8, 3, 0, 0, 0, "AT S1E0W", at_s1),
    OP(0, 7, 9, 0, 0, 0, NEEDS_FEAT(PAN), "AT S1E1RP", at_s1),
    OP(0, 7, 9, 1, 0, 0, NEEDS_FEAT(PAN), "AT S1E1WP", at_s1),
    OP(0, 7, 10, 2, 0, 0, 0, "DC CSW", nothing),
    OP(0, 7, 14, 2, 0, 0, 0, "DC CISW", nothing),
    TLBI_DOMAIN(1, SYSOP_NEEDS_TLBIOS, "OS"),
    TLBI_RANGE(2, "IS"),
    TLBI_DOMAIN(3, 0, "IS"),
    TLBI_RANGE(5, "OS"),
    TLBI_RANGE(6, ""),
    TLBI_DOMAIN(7, 0, ""),
    OP(3, 7, 4, 1, SYSOP_EL0 | SYSOP_ZVA, TRAP_DCZ, 0, "DC ZVA", dc_zva),
    USER(5, 1, 0, "IC IVAU", ic_ivau),
    USER(10, 1, 0, "DC CVAC", dc_clean),
    USER(11, 1, 0, "DC CVAU", dc_clean),
    USER(12, 1, SYSOP_NEEDS_DPB, "DC CVAP", dc_clean),
    USER(13, 1, SYSOP_NEEDS_DPB2, "DC CVADP", dc_clean),
    USER(14, 1, 0, "DC CIVAC", dc_clean),
};

const unsigned sysop_count = ARRAY_SIZE(sysops);

static bool is_present(const struct arm_cpu *cpu, const struct sysop *op)
{
    uint64_t isar0 = cpu->model->ARM_ID_AA64ISAR0;
    uint64_t isar1 = cpu->model->ARM_ID_AA64ISAR1;

    switch (op->needs) {
    case 0:
        return true;
    case SYSOP_NEEDS_DPB:
        return arm_id_field(isar1, 0) >= 1;
    case SYSOP_NEEDS_DPB2:
        return arm_id_field(isar1, 0) >= 2;
    case SYSOP_NEEDS_TLBIOS:
        return arm_id_field(isar0, 56) >= 1;
    case SYSOP_NEEDS_TLBIRANGE:
        return arm_id_field(isar0, 56) >= 2;
    default:
        return cpu->feature[op->needs - 1];
    }
}

const struct sysop *sysop_find(const struct arm_cpu *cpu, uint16_t encoding)
{
    for (unsigned n = 0; n < sysop_count; n++) {
        if (sysops[n].encoding == encoding) {
            return is_present(cpu, &sysops[n]) ? &sysops[n] : NULL;
        }
    }
    return NULL;
}
