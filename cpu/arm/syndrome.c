/*
 * ISS of data aborts; see syndrome.h.  A hypervisor emulates devices by it:
 * for stage 2 faults of single loads and stores it says which register
 * moves, and how (ISV and the fields it makes valid).
 */
#include "cpu/arm/syndrome.h"

#include "util/bits.h"

#define ISS_ISV BIT(24)
#define ISS_SAS_SHIFT 22
#define ISS_SSE BIT(21)
#define ISS_SRT_SHIFT 16
#define ISS_SF BIT(15)
#define ISS_AR BIT(14)
#define ISS_CM BIT(8)
#define ISS_S1PTW BIT(7)
#define ISS_WNR BIT(6)

/* Encodings of one general-purpose register and no write-back (C4.1.94). */
static const struct access_form {
    uint32_t value, mask;
    bool acquires;
} forms[] = {
    {0x39000000, 0x3f000000, false}, /* unsigned offset */
    {0x38000000, 0x3f200c00, false}, /* LDUR, STUR */
    {0x38000800, 0x3f200c00, false}, /* LDTR, STTR */
    {0x38200800, 0x3f200c00, false}, /* register offset */
    {0x19000000, 0x3f200c00, true},  /* LDAPUR, STLUR */
    {0x08808000, 0x3fa08000, true},  /* LDAR, STLR */
};

static uint32_t fields(unsigned size, bool is_signed, unsigned rt, bool sf,
                       bool acquires)
{
    return (uint32_t)(ISS_ISV | size << ISS_SAS_SHIFT |
                      (is_signed ? ISS_SSE : 0) | rt << ISS_SRT_SHIFT |
                      (sf ? ISS_SF : 0) | (acquires ? ISS_AR : 0));
}

/* LDR (literal) of a general-purpose register; 3 is PRFM. */
static uint32_t of_literal(uint32_t insn)
{
    unsigned opc = insn >> 30;

    return opc == 3 ? 0
                    : fields(opc == 1 ? 3 : 2, opc == 2, insn & 31, opc != 0,
                             false);
}

uint32_t arm_access_iss(uint32_t insn)
{
    unsigned size = insn >> 30, opc = insn >> 22 & 3, rt = insn & 31;

    if ((insn & 0x3f000000) == 0x18000000) {
        return of_literal(insn);
    }
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        const struct access_form *form = &forms[i];

        if ((insn & form->mask) != form->value) {
            continue;
        }
        if ((form->value & 0x3f000000) == 0x08000000) {
            return fields(size, false, rt, size == 3, true);
        }
        if (size == 3 && opc == 2) {
            return 0; /* PRFM */
        }
        bool sf = opc == 2 || (opc < 2 && size == 3);
        return fields(size, opc >= 2, rt, sf, form->acquires);
    }
    return 0;
}

/* The instruction, from where it has just run. */
static bool read_insn(struct arm_cpu *cpu, uint32_t *insn)
{
    struct vcpu *vcpu = &cpu->vcpu;
    const uint8_t *host;
    struct mem_fault fault;
    uint32_t page_id;
    uint64_t pa;

    if (!tlb_fetch(vcpu->mmu, vcpu->tlb, vcpu->pc, &pa, &host, &page_id,
                   &fault)) {
        return false;
    }
    *insn = load_le32(host);
    return true;
}

uint32_t arm_data_abort_iss(struct arm_cpu *cpu,
                            const struct mem_fault *fault, bool maintenance)
{
    bool write = fault->access == TLB_WRITE || maintenance;
    uint32_t iss = (fault->status & 0x3f) |
                   (write && fault->access != TLB_EXEC ? ISS_WNR : 0) |
                   (fault->s1ptw ? ISS_S1PTW : 0) |
                   (maintenance ? ISS_CM : 0);
    uint32_t insn;

    if (fault->stage == 2 && !fault->s1ptw && !maintenance &&
        read_insn(cpu, &insn)) {
        iss |= arm_access_iss(insn);
    }
    return iss;
}
