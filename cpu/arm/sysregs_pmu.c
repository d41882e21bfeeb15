/* Registers of the performance monitors (Arm ARM D17.5); see pmu.h. */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/levels.h"
#include "cpu/arm/models.h"
#include "cpu/arm/pmu.h"
#include "cpu/arm/timer.h"

#define SELECTED_CYCLES 31 /* PMSELR_EL0.SEL */

/* After a change of what counts. */
static void changed(struct arm_cpu *cpu)
{
    pmu_choose(cpu);
    timer_arm(cpu);
}

/* -- control ------------------------------------------------------------- */

uint64_t sysreg_pmcr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    uint64_t implementer = cpu->model->midr >> 24 & 0xff;

    (void)r;
    return implementer << 24 | pmu_event_counters(cpu) << PMCR_N_SHIFT |
           cpu->pmu.control;
}

void sysreg_pmcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    struct arm_pmu *p = pmu_settle(cpu);
    uint64_t writable = PMCR_E | PMCR_D | PMCR_X | PMCR_DP | PMCR_LC |
                        (pmu_version(cpu) >= PMU_V3P5 ? PMCR_LP : 0);

    (void)r;
    if (value & PMCR_C) {
        p->counter[ARM_PMU_CYCLES] = p->part = 0;
    }
    for (unsigned n = 0; n < pmu_event_counters(cpu) && (value & PMCR_P);
         n++) {
        p->counter[n] = 0;
    }
    p->control = value & writable;
    changed(cpu);
}

/* -- a bit for each counter ---------------------------------------------- */

/* Enable, overflow, interrupt: which, by the encoding. */
static uint64_t *bits(struct arm_cpu *cpu, const struct sysreg *r)
{
    struct arm_pmu *p = pmu_settle(cpu);

    switch (r->encoding) {
    case SYSREG(3, 3, 9, 12, 1): /* PMCNTENSET_EL0 */
    case SYSREG(3, 3, 9, 12, 2):
        return &p->enabled;
    case SYSREG(3, 3, 9, 12, 3): /* PMOVSCLR_EL0 */
    case SYSREG(3, 3, 9, 14, 3):
        return &p->overflowed;
    default: /* PMINTENSET_EL1 */
        return &p->interrupts;
    }
}

uint64_t sysreg_pm_bits_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    return *bits(cpu, r) & pmu_counters(cpu);
}

void sysreg_pm_set_write(struct arm_cpu *cpu, const struct sysreg *r,
                         uint64_t value)
{
    *bits(cpu, r) |= value & pmu_counters(cpu);
    changed(cpu);
}

void sysreg_pm_clear_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    *bits(cpu, r) &= ~(value & pmu_counters(cpu));
    changed(cpu);
}

void sysreg_pmswinc_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    (void)r;
    pmu_settle(cpu);
    pmu_increment(cpu, value);
    timer_arm(cpu);
}

/* -- what there is ------------------------------------------------------- */

/* Events by the version that has them. */
static const struct {
    uint8_t event, least;
} events[] = {
    {PMU_SW_INCR, PMU_V3},          {PMU_INST_RETIRED, PMU_V3},
    {PMU_CPU_CYCLES, PMU_V3},       {PMU_STALL_FRONTEND, PMU_V3P1},
    {PMU_STALL_BACKEND, PMU_V3P1},  {PMU_STALL, PMU_V3P4},
};

/* PMCEID0_EL0 has events 0x00 to 0x1f, PMCEID1_EL0 0x20 to 0x3f. */
uint64_t sysreg_pmceid_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    uint64_t set = 0;

    for (size_t n = 0; n < ARRAY_SIZE(events); n++) {
        if (pmu_version(cpu) >= events[n].least &&
            events[n].event >> 5 == (r->encoding & 1)) {
            set |= BIT(events[n].event & 31);
        }
    }
    return set;
}

/* -- counters: by index of struct arm_pmu -------------------------------- */

/* Op2 of the encoding is its number; or PMSELR_EL0 has it. */
static unsigned number(const struct sysreg *r)
{
    return r->encoding & 7;
}

static unsigned selected(const struct arm_cpu *cpu)
{
    return cpu->pmu.selr == SELECTED_CYCLES ? ARM_PMU_CYCLES
           : cpu->pmu.selr < ARM_PMU_CYCLES ? (unsigned)cpu->pmu.selr
                                            : ARM_PMU_CYCLES + 1;
}

static bool is_seen(const struct arm_cpu *cpu, unsigned n)
{
    return n < pmu_event_counters(cpu) || n == ARM_PMU_CYCLES;
}

static uint64_t get_type(const struct arm_cpu *cpu, unsigned n)
{
    return is_seen(cpu, n) ? cpu->pmu.type[n] : 0;
}

static uint32_t filters(const struct arm_cpu *cpu)
{
    uint64_t el3 = PMU_FILTER_NSK | PMU_FILTER_NSU | PMU_FILTER_M;

    return (uint32_t)(PMU_FILTER_P | PMU_FILTER_U |
                      (cpu->has_el2 ? PMU_FILTER_NSH : 0) |
                      (cpu->has_el3 ? el3 : 0));
}

static void set_type(struct arm_cpu *cpu, unsigned n, uint64_t value)
{
    uint32_t event = n == ARM_PMU_CYCLES               ? 0
                     : pmu_version(cpu) >= PMU_V3P1 ? 0xffff
                                                       : 0x3ff;

    if (is_seen(cpu, n)) {
        pmu_settle(cpu)->type[n] = (uint32_t)value & (filters(cpu) | event);
        changed(cpu);
    }
}

static uint64_t get_counter(struct arm_cpu *cpu, unsigned n)
{
    return is_seen(cpu, n) ? pmu_settle(cpu)->counter[n] : 0;
}

static void set_counter(struct arm_cpu *cpu, unsigned n, uint64_t value)
{
    if (is_seen(cpu, n)) {
        pmu_settle(cpu)->counter[n] = value & pmu_counter_mask(cpu, n);
        timer_arm(cpu);
    }
}

uint64_t sysreg_pmccntr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return get_counter(cpu, ARM_PMU_CYCLES);
}

void sysreg_pmccntr_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    (void)r;
    set_counter(cpu, ARM_PMU_CYCLES, value);
}

void sysreg_pmccfiltr_write(struct arm_cpu *cpu, const struct sysreg *r,
                            uint64_t value)
{
    (void)r;
    set_type(cpu, ARM_PMU_CYCLES, value);
}

uint64_t sysreg_pmccfiltr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return get_type(cpu, ARM_PMU_CYCLES);
}

uint64_t sysreg_pmxevtyper_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return get_type(cpu, selected(cpu));
}

void sysreg_pmxevtyper_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    set_type(cpu, selected(cpu), value);
}

/* The cycle counter is not among these. */
uint64_t sysreg_pmxevcntr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    unsigned n = selected(cpu);

    (void)r;
    return n == ARM_PMU_CYCLES ? 0 : get_counter(cpu, n);
}

void sysreg_pmxevcntr_write(struct arm_cpu *cpu, const struct sysreg *r,
                            uint64_t value)
{
    unsigned n = selected(cpu);

    (void)r;
    if (n != ARM_PMU_CYCLES) {
        set_counter(cpu, n, value);
    }
}

uint64_t sysreg_pmevtyper_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    return get_type(cpu, number(r));
}

void sysreg_pmevtyper_write(struct arm_cpu *cpu, const struct sysreg *r,
                            uint64_t value)
{
    set_type(cpu, number(r), value);
}

uint64_t sysreg_pmevcntr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    return get_counter(cpu, number(r));
}

void sysreg_pmevcntr_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    set_counter(cpu, number(r), value);
}
