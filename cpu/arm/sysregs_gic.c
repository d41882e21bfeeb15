/*
 * The GICv3 CPU interface as system registers: the window to the GIC, which
 * is told how the processor stands, and the traps of EL2 and EL3
 * (IHI 0069 chapter 12.2: "Accessing" of each register).
 */
#include "cpu/arm/levels.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"

/* Security state and level, as `moved` wants it. */
static unsigned place(const struct arm_cpu *cpu)
{
    return cpu->el | (arm_is_secure_below_el3(cpu) ? CPU_GIC_SECURE : 0);
}

/* CPU_GIC_...; EL1 is a guest's where HCR_EL2 says so. */
static unsigned how(const struct arm_cpu *cpu)
{
    unsigned how = place(cpu);
    uint64_t hcr;

    if (!cpu->has_el2 && !cpu->has_el3) {
        return how;
    }
    if (cpu->has_el3 && !arm_is_secure(cpu) && (cpu->scr_el3 & SCR_FIQ)) {
        how |= CPU_GIC_NS_PRIORITY;
    }
    hcr = cpu->el == 1 ? arm_hcr(cpu) : 0;
    return how | (hcr & HCR_FMO ? CPU_GIC_VIRTUAL0 : 0) |
           (hcr & HCR_IMO ? CPU_GIC_VIRTUAL1 : 0);
}

uint64_t sysreg_icc_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    const struct cpu_gic_if *gic = &cpu->system->gic;

    return gic->read(gic->opaque, cpu->vcpu.index, r->encoding, how(cpu));
}

void sysreg_icc_write(struct arm_cpu *cpu, const struct sysreg *r,
                      uint64_t value)
{
    const struct cpu_gic_if *gic = &cpu->system->gic;

    gic->write(gic->opaque, cpu->vcpu.index, r->encoding, value, how(cpu));
}

void arm_gic_moved(struct arm_cpu *cpu)
{
    const struct cpu_gic_if *gic = &cpu->system->gic;

    if (cpu->system->has_gic && gic->moved) {
        gic->moved(gic->opaque, cpu->vcpu.index, place(cpu));
    }
}

/* -- traps --------------------------------------------------------------- */

/* What a register is about: interrupts of which groups, or sending them. */
enum about { GROUP0, GROUP1, BOTH, SENDING, NEITHER };

static enum about about(uint16_t encoding)
{
    unsigned crm = encoding >> 3 & 15, op2 = encoding & 7;

    if ((encoding >> 7 & 15) == 4) {
        return BOTH; /* ICC_PMR_EL1 */
    }
    switch (crm) {
    case 8:
        return GROUP0;
    case 9:
        return GROUP1;
    case 11: /* ICC_DIR, RPR, SGIs */
        return op2 >= 5 ? SENDING : BOTH;
    default: /* 12 */
        return op2 == 4   ? BOTH    /* ICC_CTLR_EL1 */
               : op2 == 5 ? NEITHER /* ICC_SRE_EL1 */
               : op2 == 6 ? GROUP0  /* ICC_IGRPEN0_EL1 */
                          : GROUP1;
    }
}

/* EL3 wants what is routed to it; of both groups if both are. */
static bool is_monitors(const struct arm_cpu *cpu, enum about about)
{
    bool fiq = cpu->scr_el3 & SCR_FIQ, irq = cpu->scr_el3 & SCR_IRQ;

    return about == GROUP0 ? fiq : about == GROUP1 ? irq
           : about == NEITHER ? false : fiq && irq;
}

unsigned sysreg_gic_trap(const struct arm_cpu *cpu, uint16_t encoding)
{
    const struct cpu_gic_if *gic = &cpu->system->gic;
    enum about of = about(encoding);
    bool is_guest = cpu->el == 1 && arm_el2_enabled(cpu);
    uint64_t hcr = is_guest ? arm_hcr(cpu) & (HCR_FMO | HCR_IMO) : 0;

    if (is_guest &&
        (gic->traps(gic->opaque, cpu->vcpu.index, encoding) ||
         (of == SENDING && hcr))) {
        return 2;
    }
    uint64_t makes_virtual = of == GROUP0   ? HCR_FMO
                             : of == GROUP1 ? HCR_IMO
                                            : HCR_FMO | HCR_IMO;
    if (hcr & makes_virtual) {
        return 0;
    }
    return cpu->has_el3 && cpu->el < 3 && is_monitors(cpu, of) ? 3 : 0;
}
