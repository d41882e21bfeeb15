/* Routing of exceptions; see route.h. */
#include "cpu/arm/route.h"

#include "cpu/arm/self_debug.h"

#define SCTLR_NTWI BIT(16)
#define SCTLR_NTWE BIT(18)

/* -- synchronous --------------------------------------------------------- */

unsigned arm_route_debug(const struct arm_cpu *cpu)
{
    unsigned target = arm_debug_target_el(cpu);

    return cpu->el > target ? cpu->el : target;
}

unsigned arm_route_abort(const struct arm_cpu *cpu,
                         const struct mem_fault *fault)
{
    if (fault->external && cpu->has_el3 && (cpu->scr_el3 & SCR_EA)) {
        return 3;
    }
    if (cpu->el < 2 && (fault->stage == 2 ||
                        (fault->external && (arm_hcr(cpu) & HCR_TEA)))) {
        return 2;
    }
    return arm_route(cpu);
}

/* Where registers of one kind trap: a field of CPACR_EL1, and of CPTR_EL2
 * with E2H; a bit of CPTR_EL2 without; a bit of CPTR_EL3, one of which lets
 * them through. */
struct coprocessor {
    unsigned shift;
    uint64_t el2, el3;
    bool el3_allows;
};

/* The field: 0 and 2 trap all, 1 EL0. */
static bool field_traps(uint64_t reg, unsigned shift, bool is_el0)
{
    unsigned field = reg >> shift & 3;

    return field != 3 && (field != 1 || is_el0);
}

static bool traps_to_el2(const struct arm_cpu *cpu, unsigned el,
                         const struct coprocessor *cp)
{
    if (el > 2 || !arm_el2_enabled(cpu)) {
        return false;
    }
    return cpu->hcr_el2 & HCR_E2H
               ? field_traps(cpu->cptr_el2, cp->shift,
                             el == 0 && arm_is_host(cpu))
               : cpu->cptr_el2 & cp->el2;
}

static unsigned trap_el(const struct arm_cpu *cpu, unsigned el,
                        const struct coprocessor *cp)
{
    bool of_el1 = el < 2 && !(el == 0 && arm_is_host(cpu));

    if (of_el1 && field_traps(cpu->cpacr_el1, cp->shift, el == 0)) {
        return 1;
    }
    if (traps_to_el2(cpu, el, cp)) {
        return 2;
    }
    bool el3 = cpu->cptr_el3 & cp->el3;
    return cpu->has_el3 && el3 != cp->el3_allows ? 3 : 0;
}

unsigned arm_fp_trap_el(const struct arm_cpu *cpu, unsigned el)
{
    static const struct coprocessor fp = {20, CPTR_TFP, CPTR_TFP, false};

    return trap_el(cpu, el, &fp);
}

unsigned arm_sve_trap_el(const struct arm_cpu *cpu, unsigned el)
{
    static const struct coprocessor sve = {16, CPTR_TZ, CPTR_EZ, true};

    return trap_el(cpu, el, &sve);
}

unsigned arm_route_hvc(const struct arm_cpu *cpu)
{
    bool enabled = cpu->has_el3 ? cpu->scr_el3 & SCR_HCE
                                : !(cpu->hcr_el2 & HCR_HCD);

    if (cpu->el == 0 || !cpu->has_el2 || !enabled ||
        (cpu->el == 1 && !arm_el2_enabled(cpu))) {
        return 0;
    }
    return cpu->el == 3 ? 3 : 2;
}

bool arm_traps_smc(const struct arm_cpu *cpu)
{
    return cpu->el == 1 && (arm_hcr(cpu) & HCR_TSC);
}

unsigned arm_route_smc(const struct arm_cpu *cpu)
{
    if (cpu->el == 0 || !cpu->has_el3) {
        return 0;
    }
    return arm_traps_smc(cpu) ? 2 : cpu->scr_el3 & SCR_SMD ? 0 : 3;
}

unsigned arm_route_wfx(const struct arm_cpu *cpu, bool is_wfe)
{
    uint64_t no_trap = is_wfe ? SCTLR_NTWE : SCTLR_NTWI;

    if (cpu->el == 0 && !(arm_mmu(cpu, 0)->sctlr & no_trap)) {
        return arm_route(cpu);
    }
    if (cpu->el < 2 && (arm_hcr(cpu) & (is_wfe ? HCR_TWE : HCR_TWI))) {
        return 2;
    }
    bool to_el3 = cpu->has_el3 && cpu->el < 3 &&
                  (cpu->scr_el3 & (is_wfe ? SCR_TWE : SCR_TWI));
    return to_el3 ? 3 : 0;
}

unsigned arm_route_pauth(const struct arm_cpu *cpu)
{
    bool is_guest = cpu->el < 2 && arm_el2_enabled(cpu) &&
                    !(cpu->el == 0 && arm_is_host(cpu));

    if (is_guest && !(cpu->hcr_el2 & HCR_API)) {
        return 2;
    }
    return cpu->has_el3 && cpu->el < 3 && !(cpu->scr_el3 & SCR_API) ? 3 : 0;
}

/* -- interrupts ---------------------------------------------------------- */

/* The five of them in the order of their choice. */
static const struct kind {
    enum arm_vector vector;
    bool is_virtual;
    uint32_t lines;
    uint32_t mask;  /* of PSTATE */
    uint64_t hcr;   /* sends physical ones to EL2, allows virtual ones */
    uint64_t scr;   /* sends physical ones to EL3 */
} kinds[] = {
    {ARM_VECTOR_FIQ, false, ARM_LINE_FIQ, PSTATE_F, HCR_FMO, SCR_FIQ},
    {ARM_VECTOR_IRQ, false, ARM_LINE_IRQ, PSTATE_I, HCR_IMO, SCR_IRQ},
    {ARM_VECTOR_IRQ, true, ARM_LINE_VIRQ | ARM_LINE_VI, PSTATE_I, HCR_IMO, 0},
    {ARM_VECTOR_FIQ, true, ARM_LINE_VFIQ | ARM_LINE_VF, PSTATE_F, HCR_FMO, 0},
    {ARM_VECTOR_SERROR, true, ARM_LINE_VSE, PSTATE_A, HCR_AMO, 0},
};

/* Virtual interrupts are EL1's and EL0's, unless these are the host's. */
static bool is_enabled(const struct arm_cpu *cpu, const struct kind *k)
{
    uint64_t hcr = arm_hcr(cpu);

    return cpu->el < 2 && (hcr & k->hcr) && !(hcr & HCR_TGE);
}

/* The level of a physical interrupt (tables D1-13 and D1-14). */
static unsigned physical_target(const struct arm_cpu *cpu,
                                const struct kind *k)
{
    if (cpu->has_el3 && (cpu->scr_el3 & k->scr)) {
        return 3;
    }
    return arm_el2_enabled(cpu) && (cpu->hcr_el2 & (k->hcr | HCR_TGE)) ? 2
                                                                       : 1;
}

/* The level that takes it now, or 0: masked, or of a lower level. */
static unsigned target_of(const struct arm_cpu *cpu, const struct kind *k)
{
    bool masked = cpu->daif & k->mask;

    if (k->is_virtual) {
        return is_enabled(cpu, k) && !masked ? 1 : 0;
    }
    unsigned target = physical_target(cpu, k);
    if (cpu->el > target) {
        return 0;
    }
    /* Nothing at EL1 and EL0 keeps one from EL2 and EL3, but EL0's own
     * masks when it is EL2's. */
    bool maskable = cpu->el == target || target == 1 ||
                    (target == 2 && arm_is_host(cpu));
    return maskable && masked ? 0 : target;
}

bool arm_pick_interrupt(const struct arm_cpu *cpu, uint32_t lines,
                        struct arm_interrupt *interrupt)
{
    if (!lines) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const struct kind *k = &kinds[i];
        unsigned target = lines & k->lines ? target_of(cpu, k) : 0;

        if (target) {
            *interrupt = (struct arm_interrupt){
                k->vector, target,
                k->is_virtual && k->vector == ARM_VECTOR_SERROR};
            return true;
        }
    }
    return false;
}

bool arm_wakes(const struct arm_cpu *cpu, uint32_t lines)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const struct kind *k = &kinds[i];

        if ((lines & k->lines) && (!k->is_virtual || is_enabled(cpu, k))) {
            return true;
        }
    }
    return false;
}

uint32_t arm_pending_masks(const struct arm_cpu *cpu, uint32_t lines)
{
    uint32_t pending = 0;

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const struct kind *k = &kinds[i];

        /* EL1 sees virtual ones in the place of those that are EL2's. */
        if ((lines & k->lines) && k->is_virtual == is_enabled(cpu, k)) {
            pending |= k->mask;
        }
    }
    return pending;
}
