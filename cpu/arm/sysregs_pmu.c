/*
 * Performance monitors (Arm ARM D8, D17.5): the cycle counter, which counts
 * nanoseconds, and no event counters.
 */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/models.h"
#include "util/bits.h"
#include "util/clock.h"

#define PMCR_E BIT(0)
#define PMCR_C BIT(2) /* write: reset the cycle counter */
#define PMCR_D BIT(3) /* count every 64th cycle */
#define PMCR_LC BIT(6)
#define PMCR_WRITABLE (PMCR_E | PMCR_D | BIT(4) | BIT(5) | PMCR_LC)
#define CYCLE_COUNTER BIT(31)

static bool is_counting(const struct arm_cpu *cpu)
{
    return (cpu->pmu.control & PMCR_E) && (cpu->pmu.enabled & CYCLE_COUNTER);
}

static uint64_t cycles(const struct arm_cpu *cpu)
{
    uint64_t passed = 0;

    if (is_counting(cpu)) {
        passed = clock_monotonic_ns() - cpu->pmu.since_ns;
        passed >>= cpu->pmu.control & PMCR_D ? 6 : 0;
    }
    return cpu->pmu.cycles + passed;
}

static void set_cycles(struct arm_cpu *cpu, uint64_t value)
{
    cpu->pmu.cycles = value;
    cpu->pmu.since_ns = clock_monotonic_ns();
}

uint64_t sysreg_pmcr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    uint64_t implementer = cpu->model->midr >> 24 & 0xff;

    (void)r;
    return implementer << 24 | cpu->pmu.control;
}

void sysreg_pmcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    (void)r;
    set_cycles(cpu, value & PMCR_C ? 0 : cycles(cpu));
    cpu->pmu.control = value & PMCR_WRITABLE;
}

static void set_enabled(struct arm_cpu *cpu, uint64_t value)
{
    set_cycles(cpu, cycles(cpu));
    cpu->pmu.enabled = value & CYCLE_COUNTER;
}

void sysreg_pmcntenset_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    set_enabled(cpu, cpu->pmu.enabled | value);
}

void sysreg_pmcntenclr_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    set_enabled(cpu, cpu->pmu.enabled & ~value);
}

void sysreg_pmovsset_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    cpu->pmu.overflowed |= value & CYCLE_COUNTER;
}

void sysreg_pmovsclr_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    cpu->pmu.overflowed &= ~value;
}

void sysreg_pmintenset_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    cpu->pmu.interrupts |= value & CYCLE_COUNTER;
}

void sysreg_pmintenclr_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    cpu->pmu.interrupts &= ~value;
}

uint64_t sysreg_pmccntr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cycles(cpu);
}

void sysreg_pmccntr_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    (void)r;
    set_cycles(cpu, value);
}

/* PMSELR_EL0.SEL 31 selects PMCCFILTR_EL0; others select nothing. */
uint64_t sysreg_pmxevtyper_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->pmu.selr == 31 ? cpu->pmu.ccfiltr : 0;
}

void sysreg_pmxevtyper_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    if (cpu->pmu.selr == 31) {
        cpu->pmu.ccfiltr = value & 0xfc000000;
    }
}
