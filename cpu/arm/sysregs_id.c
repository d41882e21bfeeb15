/* Identification registers (Arm ARM D17.2), from the model. */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/levels.h"
#include "cpu/arm/system.h"

uint64_t sysreg_id_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    return cpu->model->id[r->encoding >> 3 & 15][r->encoding & 7];
}

/* EL2 says what EL1 sees of this and MPIDR_EL1. */
static bool is_guest(const struct arm_cpu *cpu)
{
    return cpu->el == 1 && arm_el2_enabled(cpu);
}

uint64_t sysreg_midr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return is_guest(cpu) ? cpu->vpidr_el2 : cpu->model->midr;
}

uint64_t sysreg_revidr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->model->revidr;
}

uint64_t sysreg_mpidr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return is_guest(cpu) ? cpu->vmpidr_el2 : cpu->mpidr;
}

uint64_t sysreg_ctr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->ctr;
}

/* DZP (bit 4): DC ZVA is not allowed here. */
uint64_t sysreg_dczid_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    const uint16_t zva = SYSREG(1, 3, 7, 4, 1);
    bool prohibited =
        (cpu->el == 0 && sysreg_is_trapped(cpu, TRAP_DCZ, false)) ||
        sysreg_upper_trap(cpu, sysreg_trap_class(zva), zva, false);

    (void)r;
    return cpu->dczid | (prohibited ? 16 : 0);
}

uint64_t sysreg_clidr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->model->clidr;
}

/* CSSELR: level - 1 in bits 3..1, bit 0 instruction. */
uint64_t sysreg_ccsidr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->csselr_el1 < 3 ? cpu->model->ccsidr[cpu->csselr_el1] : 0;
}

void sysreg_csselr_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    (void)r;
    cpu->csselr_el1 = value & 15;
}

/* Number of processors in the cluster, less one, in bits 25..24. */
uint64_t sysreg_l2ctlr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    unsigned last = cpu->system->count - 1;

    (void)r;
    return (uint64_t)(last < 3 ? last : 3) << 24;
}
