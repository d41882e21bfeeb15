/* The GICv3 CPU interface as system registers: the window to the GIC. */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/system.h"

/* How the processor stands: CPU_GIC_... */
static unsigned how(const struct arm_cpu *cpu)
{
    return cpu->el;
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
