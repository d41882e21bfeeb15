/* Cache maintenance, and the table of all system instructions. */
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

static void dc_clean(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    struct vcpu *vcpu = &cpu->vcpu;
    struct tlb_page page;

    (void)op;
    if (!tlb_reads_directly(vcpu->mmu, vcpu->tlb, x)) {
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

/* Programs and kernels do this line by line to whole files before any of it
 * is run. */
static void ic_ivau(struct arm_cpu *cpu, const struct sysop *op, uint64_t x)
{
    struct vcpu *vcpu = &cpu->vcpu;
    struct tlb_page page;
    uint64_t pa;
    uint8_t flags = RAM_PAGE_CODE;

    (void)op;
    if (!tlb_find_ram(vcpu->mmu, vcpu->tlb, x, &pa, &flags)) {
        if (!translate(cpu, x, TLB_READ, &page)) {
            return;
        }
        pa = page.pa | (x & mask64(TLB_PAGE_BITS));
    }
    if (flags & RAM_PAGE_CODE) {
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

/* -- the table ----------------------------------------------------------- */

#define OP(op1, crn, crm, op2, flags, trap, needs, name, run) \
    {SYSREG(1, op1, crn, crm, op2), flags, trap, needs, name, run}
#define AT(op1, crm, op2, needs, name, run) \
    OP(op1, 7, crm, op2, 0, TRAP_NONE, needs, "AT " name, run)
#define TLBI(op1, crm, op2, needs, name, run) \
    OP(op1, 8, crm, op2, SYSOP_TLB, TRAP_NONE, needs, "TLBI " name, run)

/* The forms of one domain for EL1: all, VA, ASID, VA of all ASIDs, last
 * level. */
#define TLBI_EL1(crm, needs, suffix)                               \
    TLBI(0, crm, 0, needs, "VMALLE1" suffix, sysop_tlbi_all),      \
    TLBI(0, crm, 1, needs, "VAE1" suffix, sysop_tlbi_va),          \
    TLBI(0, crm, 2, needs, "ASIDE1" suffix, sysop_tlbi_asid),      \
    TLBI(0, crm, 3, needs, "VAAE1" suffix, sysop_tlbi_va),         \
    TLBI(0, crm, 5, needs, "VALE1" suffix, sysop_tlbi_va),         \
    TLBI(0, crm, 7, needs, "VAALE1" suffix, sysop_tlbi_va)
#define RANGE SYSOP_NEEDS_TLBIRANGE
#define TLBI_EL1_RANGE(crm, suffix)                                \
    TLBI(0, crm, 1, RANGE, "RVAE1" suffix, sysop_tlbi_range),      \
    TLBI(0, crm, 3, RANGE, "RVAAE1" suffix, sysop_tlbi_range),     \
    TLBI(0, crm, 5, RANGE, "RVALE1" suffix, sysop_tlbi_range),     \
    TLBI(0, crm, 7, RANGE, "RVAALE1" suffix, sysop_tlbi_range)
/* For EL2, which also has those of all of EL1. */
#define TLBI_EL2(crm, needs, needs_el2, suffix)                    \
    TLBI(4, crm, 0, needs_el2, "ALLE2" suffix, sysop_tlbi_all),    \
    TLBI(4, crm, 1, needs_el2, "VAE2" suffix, sysop_tlbi_va),      \
    TLBI(4, crm, 4, needs, "ALLE1" suffix, sysop_tlbi_all),        \
    TLBI(4, crm, 5, needs_el2, "VALE2" suffix, sysop_tlbi_va),     \
    TLBI(4, crm, 6, needs, "VMALLS12E1" suffix, sysop_tlbi_stage2)
#define TLBI_EL2_RANGE(crm, suffix)                                \
    TLBI(4, crm, 1, SYSOP_NEEDS_EL2_TLBIRANGE, "RVAE2" suffix,     \
         sysop_tlbi_range),                                        \
    TLBI(4, crm, 5, SYSOP_NEEDS_EL2_TLBIRANGE, "RVALE2" suffix,    \
         sysop_tlbi_range)
#define TLBI_EL3(crm, needs, suffix)                               \
    TLBI(6, crm, 0, needs, "ALLE3" suffix, sysop_tlbi_all),        \
    TLBI(6, crm, 1, needs, "VAE3" suffix, sysop_tlbi_va),          \
    TLBI(6, crm, 5, needs, "VALE3" suffix, sysop_tlbi_va)
#define TLBI_EL3_RANGE(crm, suffix)                                \
    TLBI(6, crm, 1, RANGE, "RVAE3" suffix, sysop_tlbi_range),      \
    TLBI(6, crm, 5, RANGE, "RVALE3" suffix, sysop_tlbi_range)
#define IPAS2(crm, op2, needs, name) \
    TLBI(4, crm, op2, needs, name, sysop_tlbi_stage2)
#define USER(crm, op2, needs, name, run) \
    OP(3, 7, crm, op2, SYSOP_EL0, TRAP_CACHE, needs, name, run)

/* Nothing runs ahead that could be restricted. */
#define RCTX(op2, name) \
    OP(3, 7, 3, op2, SYSOP_EL0, TRAP_RCTX, NEEDS_FEAT(SPECRES), name, nothing)

const struct sysop sysops[] = {
    OP(0, 7, 1, 0, SYSOP_TLB | SYSOP_END, 0, 0,
       "IC IALLUIS", ic_all),
    OP(0, 7, 5, 0, SYSOP_TLB | SYSOP_END, 0, 0,
       "IC IALLU", ic_all),
    OP(0, 7, 6, 1, 0, 0, 0, "DC IVAC", dc_ivac),
    OP(0, 7, 6, 2, 0, 0, 0, "DC ISW", nothing),
    AT(0, 8, 0, 0, "S1E1R", sysop_at_el1),
    AT(0, 8, 1, 0, "S1E1W", sysop_at_el1),
    AT(0, 8, 2, 0, "S1E0R", sysop_at_el1),
    AT(0, 8, 3, 0, "S1E0W", sysop_at_el1),
    AT(0, 9, 0, NEEDS_FEAT(PAN), "S1E1RP", sysop_at_el1),
    AT(0, 9, 1, NEEDS_FEAT(PAN), "S1E1WP", sysop_at_el1),
    OP(0, 7, 10, 2, 0, 0, 0, "DC CSW", nothing),
    OP(0, 7, 14, 2, 0, 0, 0, "DC CISW", nothing),
    TLBI_EL1(1, SYSOP_NEEDS_TLBIOS, "OS"),
    TLBI_EL1_RANGE(2, "IS"),
    TLBI_EL1(3, 0, "IS"),
    TLBI_EL1_RANGE(5, "OS"),
    TLBI_EL1_RANGE(6, ""),
    TLBI_EL1(7, 0, ""),
    RCTX(4, "CFP RCTX"), RCTX(5, "DVP RCTX"), RCTX(7, "CPP RCTX"),
    OP(3, 7, 4, 1, SYSOP_EL0 | SYSOP_ZVA, TRAP_DCZ, 0, "DC ZVA", dc_zva),
    USER(5, 1, 0, "IC IVAU", ic_ivau),
    USER(10, 1, 0, "DC CVAC", dc_clean),
    USER(11, 1, 0, "DC CVAU", dc_clean),
    USER(12, 1, SYSOP_NEEDS_DPB, "DC CVAP", dc_clean),
    USER(13, 1, SYSOP_NEEDS_DPB2, "DC CVADP", dc_clean),
    USER(14, 1, 0, "DC CIVAC", dc_clean),

    AT(4, 8, 0, SYSOP_NEEDS_EL2, "S1E2R", sysop_at_upper),
    AT(4, 8, 1, SYSOP_NEEDS_EL2, "S1E2W", sysop_at_upper),
    AT(4, 8, 4, 0, "S12E1R", sysop_at_both),
    AT(4, 8, 5, 0, "S12E1W", sysop_at_both),
    AT(4, 8, 6, 0, "S12E0R", sysop_at_both),
    AT(4, 8, 7, 0, "S12E0W", sysop_at_both),
    IPAS2(0, 1, 0, "IPAS2E1IS"),
    IPAS2(0, 2, RANGE, "RIPAS2E1IS"),
    IPAS2(0, 5, 0, "IPAS2LE1IS"),
    IPAS2(0, 6, RANGE, "RIPAS2LE1IS"),
    TLBI_EL2(1, SYSOP_NEEDS_TLBIOS, SYSOP_NEEDS_EL2_TLBIOS, "OS"),
    TLBI_EL2_RANGE(2, "IS"),
    TLBI_EL2(3, 0, SYSOP_NEEDS_EL2, "IS"),
    IPAS2(4, 0, SYSOP_NEEDS_TLBIOS, "IPAS2E1OS"),
    IPAS2(4, 1, 0, "IPAS2E1"),
    IPAS2(4, 2, RANGE, "RIPAS2E1"),
    IPAS2(4, 3, RANGE, "RIPAS2E1OS"),
    IPAS2(4, 4, SYSOP_NEEDS_TLBIOS, "IPAS2LE1OS"),
    IPAS2(4, 5, 0, "IPAS2LE1"),
    IPAS2(4, 6, RANGE, "RIPAS2LE1"),
    IPAS2(4, 7, RANGE, "RIPAS2LE1OS"),
    TLBI_EL2_RANGE(5, "OS"),
    TLBI_EL2_RANGE(6, ""),
    TLBI_EL2(7, 0, SYSOP_NEEDS_EL2, ""),

    AT(6, 8, 0, 0, "S1E3R", sysop_at_upper),
    AT(6, 8, 1, 0, "S1E3W", sysop_at_upper),
    TLBI_EL3(1, SYSOP_NEEDS_TLBIOS, "OS"),
    TLBI_EL3_RANGE(2, "IS"),
    TLBI_EL3(3, 0, "IS"),
    TLBI_EL3_RANGE(5, "OS"),
    TLBI_EL3_RANGE(6, ""),
    TLBI_EL3(7, 0, ""),
};

const unsigned sysop_count = ARRAY_SIZE(sysops);

static bool is_present(const struct arm_cpu *cpu, const struct sysop *op)
{
    uint64_t isar0 = cpu->model->ARM_ID_AA64ISAR0;
    uint64_t isar1 = cpu->model->ARM_ID_AA64ISAR1;
    unsigned tlb = arm_id_field(isar0, 56);

    switch (op->needs) {
    case 0:
        return true;
    case SYSOP_NEEDS_DPB:
        return arm_id_field(isar1, 0) >= 1;
    case SYSOP_NEEDS_DPB2:
        return arm_id_field(isar1, 0) >= 2;
    case SYSOP_NEEDS_TLBIOS:
        return tlb >= 1;
    case SYSOP_NEEDS_TLBIRANGE:
        return tlb >= 2;
    case SYSOP_NEEDS_EL2:
        return cpu->has_el2;
    case SYSOP_NEEDS_EL2_TLBIOS:
        return cpu->has_el2 && tlb >= 1;
    case SYSOP_NEEDS_EL2_TLBIRANGE:
        return cpu->has_el2 && tlb >= 2;
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
