/*
 * Performance monitors (Arm ARM D8, D17.5; PMUv3 for Armv8.0): the cycle
 * counter and six event counters.  A cycle takes a nanosecond of the
 * machine's time, also in WFI; events are cycles and PMSWINC_EL0.
 *
 * Counters are brought up to date (settle) whenever one is looked at or
 * anything that governs them changes; the next overflow that interrupts is
 * one more deadline of timer.c.
 *
 * Filters: time is not told apart by exception level, so that a counter
 * counts in both EL0 and EL1 unless its filter excludes both.
 */
#include "cpu/arm/sysregs.h"

#include "cpu/arm/models.h"
#include "cpu/arm/system.h"
#include "cpu/arm/timer.h"
#include "util/bits.h"
#include "util/clock.h"

#define PMCR_E BIT(0)
#define PMCR_P BIT(1) /* write: reset the event counters */
#define PMCR_C BIT(2) /* write: reset the cycle counter */
#define PMCR_D BIT(3) /* count every 64th cycle */
#define PMCR_LC BIT(6) /* overflow at 64 bits, and no D */
#define PMCR_WRITABLE (PMCR_E | PMCR_D | BIT(4) | BIT(5) | PMCR_LC)
#define PMCR_N_SHIFT 11

#define CYCLE_COUNTER 31
#define COUNTERS (BIT(CYCLE_COUNTER) | mask64(ARM_PMU_COUNTERS))

#define FILTERS UINT32_C(0xfc000000)
#define FILTER_EL1_EL0 UINT32_C(0xc0000000)
#define TYPE_EVENT 0xffffu
enum { EVENT_SW_INCR = 0x00, EVENT_CPU_CYCLES = 0x11 };

/* Counting --------------------------------------------------------------- */

static bool is_running(const struct arm_pmu *p, unsigned n)
{
    uint64_t filter = n == CYCLE_COUNTER ? p->ccfiltr : p->type[n];

    return (p->control & PMCR_E) && (p->enabled & BIT(n)) &&
           (filter & FILTER_EL1_EL0) != FILTER_EL1_EL0;
}

static bool counts_cycles(const struct arm_pmu *p, unsigned n)
{
    return is_running(p, n) && (p->type[n] & TYPE_EVENT) == EVENT_CPU_CYCLES;
}

static bool is_divided(const struct arm_pmu *p)
{
    return (p->control & (PMCR_D | PMCR_LC)) == PMCR_D;
}

static void add_cycles(struct arm_pmu *p, uint64_t passed)
{
    uint64_t before = p->cycles;

    if (is_divided(p)) {
        p->part += passed;
        passed = p->part / 64;
        p->part %= 64;
    }
    p->cycles += passed;
    bool wrapped = p->control & PMCR_LC ? p->cycles < before
                                        : before >> 32 != p->cycles >> 32;
    p->overflowed |= wrapped ? BIT(CYCLE_COUNTER) : 0;
}

static void add_events(struct arm_pmu *p, unsigned n, uint64_t events)
{
    uint64_t sum = p->counter[n] + events;

    p->counter[n] = (uint32_t)sum;
    p->overflowed |= sum >> 32 ? BIT(n) : 0;
}

static struct arm_pmu *settle_at(struct arm_cpu *cpu, uint64_t ns)
{
    struct arm_pmu *p = &cpu->pmu;
    uint64_t now = ns - cpu->system->timers.start_ns;
    uint64_t passed = now - p->since_ns;

    p->since_ns = now;
    if (is_running(p, CYCLE_COUNTER)) {
        add_cycles(p, passed);
    }
    for (unsigned n = 0; n < ARM_PMU_COUNTERS; n++) {
        if (counts_cycles(p, n)) {
            add_events(p, n, passed);
        }
    }
    return p;
}

static struct arm_pmu *settle(struct arm_cpu *cpu)
{
    return settle_at(cpu, clock_monotonic_ns());
}

/* Overflow --------------------------------------------------------------- */

/* Nanoseconds from the last settling to an overflow of the counter. */
static uint64_t until_overflow(const struct arm_pmu *p, unsigned n)
{
    uint64_t ns;

    if (n != CYCLE_COUNTER) {
        return counts_cycles(p, n) ? (UINT64_C(1) << 32) - p->counter[n]
                                   : UINT64_MAX;
    }
    if (!is_running(p, n)) {
        return UINT64_MAX;
    }
    if (p->control & PMCR_LC) {
        return p->cycles ? -p->cycles : UINT64_MAX;
    }
    ns = (UINT64_C(1) << 32) - (uint32_t)p->cycles;
    return is_divided(p) ? 64 * ns - p->part : ns;
}

bool pmu_is_on(const struct arm_cpu *cpu)
{
    return (cpu->pmu.control & PMCR_E) || cpu->pmu.level;
}

uint64_t pmu_update(struct arm_cpu *cpu, uint64_t ns)
{
    struct arm_pmu *p = &cpu->pmu;
    uint64_t next = UINT64_MAX, at;

    if (!pmu_is_on(cpu)) {
        return next;
    }
    settle_at(cpu, ns);
    for (uint64_t armed = p->interrupts & ~p->overflowed; armed;
         armed &= armed - 1) {
        uint64_t left = until_overflow(p, (unsigned)ctz64(armed));
        next = left < next ? left : next;
    }
    bool level = (p->control & PMCR_E) && (p->overflowed & p->interrupts);
    if (level != p->level) {
        p->level = level;
        irq_set(&cpu->pmu_irq, level);
    }
    if (__builtin_add_overflow(next, p->since_ns, &at) ||
        __builtin_add_overflow(at, cpu->system->timers.start_ns, &at)) {
        return UINT64_MAX;
    }
    return at;
}

/* Registers -------------------------------------------------------------- */

uint64_t sysreg_pmcr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    uint64_t implementer = cpu->model->midr >> 24 & 0xff;

    (void)r;
    return implementer << 24 | ARM_PMU_COUNTERS << PMCR_N_SHIFT |
           cpu->pmu.control;
}

void sysreg_pmcr_write(struct arm_cpu *cpu, const struct sysreg *r,
                       uint64_t value)
{
    struct arm_pmu *p = settle(cpu);

    (void)r;
    if (value & PMCR_C) {
        p->cycles = p->part = 0;
    }
    for (unsigned n = 0; n < ARM_PMU_COUNTERS && (value & PMCR_P); n++) {
        p->counter[n] = 0;
    }
    p->control = value & PMCR_WRITABLE;
    timer_arm(cpu);
}

void sysreg_pmcntenset_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    settle(cpu)->enabled |= value & COUNTERS;
    timer_arm(cpu);
}

void sysreg_pmcntenclr_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    settle(cpu)->enabled &= ~value;
    timer_arm(cpu);
}

uint64_t sysreg_pmovs_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return settle(cpu)->overflowed;
}

void sysreg_pmovsset_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    settle(cpu)->overflowed |= value & COUNTERS;
    timer_arm(cpu);
}

void sysreg_pmovsclr_write(struct arm_cpu *cpu, const struct sysreg *r,
                           uint64_t value)
{
    (void)r;
    settle(cpu)->overflowed &= ~value;
    timer_arm(cpu);
}

void sysreg_pmintenset_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    settle(cpu)->interrupts |= value & COUNTERS;
    timer_arm(cpu);
}

void sysreg_pmintenclr_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    settle(cpu)->interrupts &= ~value;
    timer_arm(cpu);
}

void sysreg_pmswinc_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    struct arm_pmu *p = settle(cpu);

    (void)r;
    for (unsigned n = 0; n < ARM_PMU_COUNTERS; n++) {
        if ((value & BIT(n)) && is_running(p, n) &&
            (p->type[n] & TYPE_EVENT) == EVENT_SW_INCR) {
            add_events(p, n, 1);
        }
    }
    timer_arm(cpu);
}

uint64_t sysreg_pmceid0_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)cpu;
    (void)r;
    return BIT(EVENT_SW_INCR) | BIT(EVENT_CPU_CYCLES);
}

uint64_t sysreg_pmccntr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return settle(cpu)->cycles;
}

void sysreg_pmccntr_write(struct arm_cpu *cpu, const struct sysreg *r,
                          uint64_t value)
{
    (void)r;
    settle(cpu)->cycles = value;
    timer_arm(cpu);
}

uint64_t sysreg_pmccfiltr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return cpu->pmu.ccfiltr;
}

void sysreg_pmccfiltr_write(struct arm_cpu *cpu, const struct sysreg *r,
                            uint64_t value)
{
    (void)r;
    settle(cpu)->ccfiltr = value & FILTERS;
    timer_arm(cpu);
}

/* Event counters: by number, or the one that PMSELR_EL0 selects, where 31
 * is the filter of the cycle counter and others are none. */

static uint64_t get_type(struct arm_cpu *cpu, unsigned n)
{
    return n < ARM_PMU_COUNTERS ? cpu->pmu.type[n]
           : n == CYCLE_COUNTER ? cpu->pmu.ccfiltr : 0;
}

static void set_type(struct arm_cpu *cpu, unsigned n, uint64_t value)
{
    struct arm_pmu *p = settle(cpu);

    if (n < ARM_PMU_COUNTERS) {
        p->type[n] = (uint32_t)value & (FILTERS | TYPE_EVENT);
    } else if (n == CYCLE_COUNTER) {
        p->ccfiltr = value & FILTERS;
    }
    timer_arm(cpu);
}

static uint64_t get_counter(struct arm_cpu *cpu, unsigned n)
{
    return n < ARM_PMU_COUNTERS ? settle(cpu)->counter[n] : 0;
}

static void set_counter(struct arm_cpu *cpu, unsigned n, uint64_t value)
{
    if (n < ARM_PMU_COUNTERS) {
        settle(cpu)->counter[n] = (uint32_t)value;
        timer_arm(cpu);
    }
}

/* op2 of the encoding. */
static unsigned number(const struct sysreg *r)
{
    return r->encoding & 7;
}

uint64_t sysreg_pmxevtyper_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return get_type(cpu, (unsigned)cpu->pmu.selr);
}

void sysreg_pmxevtyper_write(struct arm_cpu *cpu, const struct sysreg *r,
                             uint64_t value)
{
    (void)r;
    set_type(cpu, (unsigned)cpu->pmu.selr, value);
}

uint64_t sysreg_pmxevcntr_read(struct arm_cpu *cpu, const struct sysreg *r)
{
    (void)r;
    return get_counter(cpu, (unsigned)cpu->pmu.selr);
}

void sysreg_pmxevcntr_write(struct arm_cpu *cpu, const struct sysreg *r,
                            uint64_t value)
{
    (void)r;
    set_counter(cpu, (unsigned)cpu->pmu.selr, value);
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
