/*
 * Performance monitors: counting, filters, overflow; see pmu.h.
 *
 * Counters are brought up to date (settle) whenever one is looked at or
 * anything that governs them changes, an exception level too if they tell
 * levels apart.  Instructions are counted by generated code, in a context of
 * its own (CTX_COUNT), only while a counter wants them.
 */
#include "cpu/arm/pmu.h"

#include "cpu/arm/levels.h"
#include "cpu/arm/models.h"
#include "cpu/arm/system.h"
#include "cpu/arm/timer.h"
#include "util/clock.h"

#define TYPE_EVENT 0xffffu

/* Nobody can tell when instructions overflow a counter: it is looked at after
 * the time that what is left takes at this speed, but not too often. */
#define INSNS_PER_NS 4
#define LOOK_NS 20000

unsigned pmu_version(const struct arm_cpu *cpu)
{
    return arm_id_field(cpu->model->ARM_ID_AA64DFR0, 8);
}

/* -- which counters run -------------------------------------------------- */

/* Counters from here on are EL2's (MDCR_EL2.HPMN). */
static unsigned first_of_el2(const struct arm_cpu *cpu)
{
    unsigned hpmn = cpu->mdcr_el2 & MDCR_HPMN;

    return cpu->has_el2 && hpmn < ARM_PMU_COUNTERS ? hpmn : ARM_PMU_COUNTERS;
}

static bool is_of_el2(const struct arm_cpu *cpu, unsigned n)
{
    return n != ARM_PMU_CYCLES && n >= first_of_el2(cpu);
}

unsigned pmu_event_counters(const struct arm_cpu *cpu)
{
    return cpu->el < 2 && arm_el2_enabled(cpu) ? first_of_el2(cpu)
                                               : ARM_PMU_COUNTERS;
}

uint64_t pmu_counters(const struct arm_cpu *cpu)
{
    return pmu_bit(ARM_PMU_CYCLES) | mask64(pmu_event_counters(cpu));
}

static bool is_enabled(const struct arm_cpu *cpu, unsigned n)
{
    bool on = is_of_el2(cpu, n) ? cpu->mdcr_el2 & MDCR_HPME
                                : cpu->pmu.control & PMCR_E;

    return on && (cpu->pmu.enabled & pmu_bit(n));
}

/* Not to be observed there, whatever the filter says (D11.5). */
static bool is_prohibited(const struct arm_cpu *cpu, unsigned n, unsigned el)
{
    bool secure = el == 3 || arm_is_secure_below_el3(cpu);
    bool prohibited = (secure && cpu->has_el3 &&
                       !(cpu->mdcr_el3 & MDCR_SPME)) ||
                      (el == 2 && !is_of_el2(cpu, n) &&
                       (cpu->mdcr_el2 & MDCR_HPMD));

    if (n != ARM_PMU_CYCLES) {
        return prohibited;
    }
    return (prohibited && (cpu->pmu.control & PMCR_DP)) ||
           (el == 2 && (cpu->mdcr_el2 & MDCR_HCCD)) ||
           (secure && (cpu->mdcr_el3 & MDCR_SCCD));
}

static bool is_filtered(const struct arm_cpu *cpu, unsigned n, unsigned el)
{
    uint32_t type = cpu->pmu.type[n];
    bool nonsecure = cpu->has_el3 && !arm_is_secure_below_el3(cpu);
    bool p = type & PMU_FILTER_P, u = type & PMU_FILTER_U;

    switch (el) {
    case 0:
        return nonsecure ? u != !!(type & PMU_FILTER_NSU) : u;
    case 1:
        return nonsecure ? p != !!(type & PMU_FILTER_NSK) : p;
    case 2:
        return !(type & PMU_FILTER_NSH);
    default:
        return p != !!(type & PMU_FILTER_M);
    }
}

static uint32_t running_at(const struct arm_cpu *cpu, unsigned el)
{
    uint32_t set = 0;

    for (unsigned n = 0; n <= ARM_PMU_CYCLES; n++) {
        if (is_enabled(cpu, n) && !is_prohibited(cpu, n, el) &&
            !is_filtered(cpu, n, el)) {
            set |= 1u << n;
        }
    }
    return set;
}

static bool is_running(const struct arm_pmu *p, unsigned n)
{
    return p->running >> n & 1;
}

static unsigned event_of(const struct arm_pmu *p, unsigned n)
{
    return n == ARM_PMU_CYCLES ? PMU_CPU_CYCLES : p->type[n] & TYPE_EVENT;
}

bool pmu_is_on(const struct arm_cpu *cpu)
{
    return (cpu->pmu.control & PMCR_E) || cpu->pmu.level ||
           (cpu->has_el2 && (cpu->mdcr_el2 & MDCR_HPME));
}

void pmu_choose(struct arm_cpu *cpu)
{
    struct arm_pmu *p = &cpu->pmu;
    unsigned upper = cpu->el > 0 ? cpu->el : arm_regime_el(cpu, 0);
    uint32_t was = p->running;

    p->running = running_at(cpu, cpu->el);
    p->by_level = running_at(cpu, 0) != running_at(cpu, upper);
    p->insns = false;
    for (unsigned n = 0; n < ARM_PMU_COUNTERS; n++) {
        p->insns |= is_enabled(cpu, n) && event_of(p, n) == PMU_INST_RETIRED;
    }
    if (p->running != was && (p->interrupts & ~p->overflowed)) {
        timer_arm(cpu);
    }
}

void pmu_follow(struct arm_cpu *cpu)
{
    if (pmu_is_on(cpu)) {
        pmu_settle(cpu);
        pmu_choose(cpu);
    } else {
        cpu->pmu.running = 0;
        cpu->pmu.by_level = cpu->pmu.insns = false;
    }
}

/* -- counting ------------------------------------------------------------ */

static bool is_divided(const struct arm_pmu *p)
{
    return (p->control & (PMCR_D | PMCR_LC)) == PMCR_D;
}

/* It overflows at 64 bits, not at 32. */
static bool is_long(const struct arm_cpu *cpu, unsigned n)
{
    if (n == ARM_PMU_CYCLES) {
        return cpu->pmu.control & PMCR_LC;
    }
    return is_of_el2(cpu, n) ? cpu->mdcr_el2 & MDCR_HLP
                             : cpu->pmu.control & PMCR_LP;
}

uint64_t pmu_counter_mask(const struct arm_cpu *cpu, unsigned n)
{
    return n == ARM_PMU_CYCLES || pmu_version(cpu) >= PMU_V3P5 ? UINT64_MAX
                                                               : UINT32_MAX;
}

static void add(struct arm_cpu *cpu, unsigned n, uint64_t events)
{
    struct arm_pmu *p = &cpu->pmu;
    uint64_t before = p->counter[n], after;

    if (n == ARM_PMU_CYCLES && is_divided(p)) {
        p->part += events;
        events = p->part / 64;
        p->part %= 64;
    }
    after = before + events;
    if (is_long(cpu, n) ? after < before : before >> 32 != after >> 32) {
        p->overflowed |= pmu_bit(n);
    }
    p->counter[n] = after & pmu_counter_mask(cpu, n);
}

static struct arm_pmu *settle_at(struct arm_cpu *cpu, uint64_t ns)
{
    struct arm_pmu *p = &cpu->pmu;
    uint64_t now = ns - cpu->system->timers.start_ns;
    uint64_t passed = now - p->since_ns;
    uint64_t insns = cpu->vcpu.retired - p->since_insns;

    p->since_ns = now;
    p->since_insns = cpu->vcpu.retired;
    for (unsigned n = 0; p->running && n <= ARM_PMU_CYCLES; n++) {
        unsigned event = event_of(p, n);

        if (is_running(p, n) &&
            (event == PMU_CPU_CYCLES || event == PMU_INST_RETIRED)) {
            add(cpu, n, event == PMU_CPU_CYCLES ? passed : insns);
        }
    }
    return p;
}

struct arm_pmu *pmu_settle(struct arm_cpu *cpu)
{
    return settle_at(cpu, clock_monotonic_ns());
}

void pmu_increment(struct arm_cpu *cpu, uint64_t counters)
{
    struct arm_pmu *p = &cpu->pmu;

    for (unsigned n = 0; n < pmu_event_counters(cpu); n++) {
        if ((counters >> n & 1) && is_running(p, n) &&
            event_of(p, n) == PMU_SW_INCR) {
            add(cpu, n, 1);
        }
    }
}

/* -- overflow ------------------------------------------------------------ */

/* Nanoseconds from the last settling until it is worth while to look at the
 * counter again. */
static uint64_t until_overflow(const struct arm_cpu *cpu, unsigned n)
{
    const struct arm_pmu *p = &cpu->pmu;
    uint64_t left = is_long(cpu, n)
                        ? -p->counter[n]
                        : (UINT64_C(1) << 32) - (uint32_t)p->counter[n];

    if (!is_running(p, n) || left == 0) {
        return UINT64_MAX;
    }
    switch (event_of(p, n)) {
    case PMU_CPU_CYCLES:
        return n == ARM_PMU_CYCLES && is_divided(p) ? 64 * left - p->part
                                                    : left;
    case PMU_INST_RETIRED:
        left /= INSNS_PER_NS;
        return left > LOOK_NS ? left : LOOK_NS;
    default:
        return UINT64_MAX;
    }
}

/* The interrupt is that of the counters whose own half is on. */
static bool output(const struct arm_cpu *cpu)
{
    const struct arm_pmu *p = &cpu->pmu;
    uint64_t raised = p->overflowed & p->interrupts;
    uint64_t of_el2 = mask64(ARM_PMU_COUNTERS) & ~mask64(first_of_el2(cpu));

    return ((p->control & PMCR_E) && (raised & ~of_el2)) ||
           ((cpu->mdcr_el2 & MDCR_HPME) && (raised & of_el2));
}

uint64_t pmu_update(struct arm_cpu *cpu, uint64_t ns)
{
    struct arm_pmu *p = &cpu->pmu;
    uint64_t next = UINT64_MAX, at;

    if (!pmu_is_on(cpu)) {
        return next;
    }
    settle_at(cpu, ns);
    for (unsigned n = 0; n <= ARM_PMU_CYCLES; n++) {
        if (p->interrupts & ~p->overflowed & pmu_bit(n)) {
            uint64_t left = until_overflow(cpu, n);
            next = left < next ? left : next;
        }
    }
    bool level = output(cpu);
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
