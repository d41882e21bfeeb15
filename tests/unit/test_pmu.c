/* cpu/arm/pmu.c: what the performance monitors count, and when, on processors
 * that never run. */
#include <check.h>

#include "cpu/arm/levels.h"
#include "cpu/arm/pmu.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"
#include "cpu/arm/timer.h"
#include "util/bits.h"

Suite *pmu_suite(void);

#define PMINTENSET SYSREG(3, 0, 9, 14, 1)
#define PMINTENCLR SYSREG(3, 0, 9, 14, 2)
#define PMCR SYSREG(3, 3, 9, 12, 0)
#define PMCNTENSET SYSREG(3, 3, 9, 12, 1)
#define PMOVSCLR SYSREG(3, 3, 9, 12, 3)
#define PMSWINC SYSREG(3, 3, 9, 12, 4)
#define PMSELR SYSREG(3, 3, 9, 12, 5)
#define PMCEID0 SYSREG(3, 3, 9, 12, 6)
#define PMCEID1 SYSREG(3, 3, 9, 12, 7)
#define PMCCNTR SYSREG(3, 3, 9, 13, 0)
#define PMXEVTYPER SYSREG(3, 3, 9, 13, 1)
#define PMXEVCNTR SYSREG(3, 3, 9, 13, 2)
#define PMEVCNTR(n) SYSREG(3, 3, 14, 8, n)
#define PMEVTYPER(n) SYSREG(3, 3, 14, 12, n)
#define PMCCFILTR SYSREG(3, 3, 14, 15, 7)
#define MDCR_EL2 SYSREG(3, 4, 1, 1, 1)

static struct bus *bus;
static struct cpu_system *cpus;
static struct arm_cpu *cpu;
static bool output;

static void set_output(void *opaque, unsigned n, bool level)
{
    (void)opaque, (void)n;
    output = level;
}

static void create(const char *model, bool el2, bool el3)
{
    struct error *err = NULL;
    struct cpu_config config = {
        .model = model, .count = 1, .interp = true, .psci = CPU_PSCI_HVC,
        .gic_version = 2, .el2 = el2, .el3 = el3,
    };

    bus = bus_new();
    cpus = cpu_system_new(&config, bus, &err);
    ck_assert_msg(cpus != NULL, "%s", err ? err->message : "");
    cpu = cpus->cpu[0];
    output = false;
    cpu_reset(cpus, 0, true, 0, 0, 0);
}

static void setup(void)
{
    create("cortex-a72", false, false);
}

static void setup_levels(void)
{
    create("max", true, true);
}

static void teardown(void)
{
    cpu_system_free(cpus);
    bus_free(bus);
}

static uint64_t get(uint16_t encoding)
{
    const struct sysreg *r = sysreg_find(cpu, encoding);

    ck_assert_msg(r != NULL, "%04x", encoding);
    return sysreg_read(cpu, r);
}

static void set(uint16_t encoding, uint64_t value)
{
    const struct sysreg *r = sysreg_find(cpu, encoding);

    ck_assert_msg(r != NULL, "%04x", encoding);
    sysreg_write(cpu, r, value);
}

/* As if the processor had run so many. */
static void run(uint64_t insns)
{
    cpu->vcpu.retired += insns;
}

START_TEST(test_cycle_counter)
{
    set(PMCCNTR, 1000);
    ck_assert_uint_eq(get(PMCCNTR), 1000);
    set(PMCNTENSET, BIT(31));
    set(PMCR, 1);
    uint64_t first = get(PMCCNTR);
    while (get(PMCCNTR) == first) {
        continue;
    }
    set(PMCR, 4); /* C, and stop */
    ck_assert_uint_eq(get(PMCCNTR), 0);
    set(PMCR, 1);
    set(PMCCFILTR, 0xc0000000); /* neither in EL1 nor in EL0 */
    first = get(PMCCNTR);
    ck_assert_uint_eq(get(PMCCNTR), first);
}
END_TEST

/* Overflow of the cycle counter, at 32 or 64 bits, and its interrupt. */
START_TEST(test_cycle_overflow)
{
    ck_assert(cpu_connect_pmu(cpus, 0, (struct irq){set_output, NULL, 0}));
    output = false;
    set(PMINTENSET, BIT(31));
    set(PMCNTENSET, BIT(31));
    set(PMCCNTR, 1000);
    ck_assert_uint_eq(timer_update(cpu), UINT64_MAX); /* does not count */
    set(PMCR, BIT(0));
    ck_assert_uint_ne(timer_update(cpu), UINT64_MAX);
    set(PMCR, BIT(0) | BIT(6)); /* 64 bits */
    set(PMOVSCLR, BIT(31));
    set(PMCCNTR, UINT32_MAX - 10);
    while (get(PMCCNTR) <= UINT32_MAX) {
        continue;
    }
    ck_assert_uint_eq(get(PMOVSCLR), 0);
    set(PMCCNTR, (uint64_t)-10);
    while (get(PMCCNTR) > UINT32_MAX) {
        continue;
    }
    ck_assert_uint_eq(get(PMOVSCLR), BIT(31));
    timer_update(cpu);
    ck_assert(output);
    set(PMOVSCLR, BIT(31));
    ck_assert(!output);
    set(PMCR, BIT(0));
    set(PMCCNTR, UINT32_MAX - 10);
    while (!get(PMOVSCLR)) {
        continue;
    }
    set(PMINTENCLR, BIT(31));
    ck_assert(!output);
    set(PMINTENSET, BIT(31));
    ck_assert(output);
    set(PMCR, 0);
    ck_assert(!output);
}
END_TEST

START_TEST(test_event_counters)
{
    ck_assert_uint_eq(get(PMCR) >> 11 & 31, 6); /* N */
    ck_assert_uint_eq(get(PMCEID0), BIT(0) | BIT(8) | BIT(0x11));
    cpu_connect_pmu(cpus, 0, (struct irq){set_output, NULL, 0});
    output = false;
    set(PMEVTYPER(0), 0x0000);
    set(PMSELR, 1);
    set(PMXEVTYPER, 0x0011);
    ck_assert_uint_eq(get(PMEVTYPER(1)), 0x0011);
    set(PMXEVCNTR, 77);
    ck_assert_uint_eq(get(PMEVCNTR(1)), 77);
    set(PMSWINC, 3); /* does not count yet */
    ck_assert_uint_eq(get(PMEVCNTR(0)), 0);
    set(PMCNTENSET, 3);
    set(PMCR, 1);
    set(PMSWINC, 3);
    ck_assert_uint_eq(get(PMEVCNTR(0)), 1);
    while (get(PMEVCNTR(1)) == 77) {
        continue;
    }
    set(PMINTENSET, 1);
    set(PMEVCNTR(0), UINT32_MAX);
    set(PMSWINC, 1);
    ck_assert_uint_eq(get(PMEVCNTR(0)), 0);
    ck_assert_uint_eq(get(PMOVSCLR) & 1, 1);
    ck_assert(output);
    set(PMCR, 2); /* P, and stop */
    ck_assert_uint_eq(get(PMEVCNTR(1)), 0);
    set(PMSELR, 9); /* none */
    set(PMXEVCNTR, 5);
    ck_assert_uint_eq(get(PMXEVCNTR), 0);
    set(PMSELR, 31);
    set(PMXEVTYPER, UINT64_MAX);
    ck_assert_uint_eq(get(PMCCFILTR), 0xc0000000);
}
END_TEST

START_TEST(test_instructions)
{
    ck_assert(cpu_connect_pmu(cpus, 0, (struct irq){set_output, NULL, 0}));
    set(PMEVTYPER(2), PMU_INST_RETIRED);
    set(PMCNTENSET, 4);
    run(10);
    ck_assert_uint_eq(get(PMEVCNTR(2)), 0);
    ck_assert(!cpu->pmu.insns);
    set(PMCR, PMCR_E);
    ck_assert(cpu->pmu.insns);
    run(10);
    ck_assert_uint_eq(get(PMEVCNTR(2)), 10);
    ck_assert_uint_eq(timer_update(cpu), UINT64_MAX);
    set(PMINTENSET, 4);
    ck_assert_uint_ne(timer_update(cpu), UINT64_MAX);
    set(PMEVCNTR(2), UINT32_MAX - 4);
    run(4);
    timer_update(cpu);
    ck_assert(!output);
    run(2);
    timer_update(cpu);
    ck_assert(output);
    ck_assert_uint_eq(get(PMEVCNTR(2)), 1);
    set(PMCR, PMCR_LC); /* off */
    ck_assert(!output && !cpu->pmu.insns);
    run(10);
    ck_assert_uint_eq(get(PMEVCNTR(2)), 1);
}
END_TEST

/* FEAT_PMUv3p5: 64 bits, by halves of the counters. */
START_TEST(test_long_counters)
{
    ck_assert_uint_eq(get(PMCEID1), BIT(3) | BIT(4) | BIT(0x1c));
    cpu->scr_el3 = SCR_NS;
    cpu->el = 2;
    set(MDCR_EL2, 4 | MDCR_HPME);
    set(PMCNTENSET, 0x22);
    set(PMEVTYPER(1), PMU_INST_RETIRED | PMU_FILTER_NSH);
    set(PMEVTYPER(5), PMU_INST_RETIRED | PMU_FILTER_NSH);
    for (unsigned n = 0; n < 4; n++) {
        set(PMCR, PMCR_E | (n & 1 ? PMCR_LP : 0));
        set(MDCR_EL2, 4 | MDCR_HPME | (n & 2 ? MDCR_HLP : 0));
        set(PMEVCNTR(1), UINT32_MAX);
        set(PMEVCNTR(5), UINT32_MAX);
        set(PMOVSCLR, UINT32_MAX);
        run(1);
        ck_assert_uint_eq(get(PMEVCNTR(1)), UINT64_C(1) << 32);
        ck_assert_uint_eq(get(PMEVCNTR(5)), UINT64_C(1) << 32);
        ck_assert_uint_eq(get(PMOVSCLR), (n & 1 ? 0 : 2) | (n & 2 ? 0 : 32));
    }
}
END_TEST

/* What EL2 keeps for itself is not there for EL1. */
START_TEST(test_reserved)
{
    cpu->el = 2;
    set(MDCR_EL2, 4 | MDCR_HPME);
    set(PMCNTENSET, UINT32_MAX);
    set(PMEVCNTR(4), 77);
    cpu->el = 1;
    cpu->scr_el3 = SCR_NS;
    ck_assert_uint_eq(get(PMCR) >> PMCR_N_SHIFT & 31, 4);
    ck_assert_uint_eq(get(PMCNTENSET), BIT(31) | 15);
    ck_assert_uint_eq(get(PMEVCNTR(4)), 0);
    set(PMEVCNTR(4), 5);
    set(PMCR, PMCR_P);
    set(PMSELR, 4);
    set(PMXEVCNTR, 6);
    cpu->el = 2;
    ck_assert_uint_eq(get(PMEVCNTR(4)), 77);
    ck_assert_uint_eq(get(PMCR) >> PMCR_N_SHIFT & 31, 6);
    set(PMCR, PMCR_P);
    ck_assert_uint_eq(get(PMEVCNTR(4)), 0);
}
END_TEST

#define P PMU_FILTER_P
#define U PMU_FILTER_U
#define NSK PMU_FILTER_NSK
#define NSU PMU_FILTER_NSU
#define NSH PMU_FILTER_NSH
#define M PMU_FILTER_M

/* Digits: whether it counts at EL3, EL2 (Non-secure), EL1, EL0. */
static const struct {
    uint64_t filter, pmcr, mdcr2, mdcr3;
    unsigned secure, nonsecure, cycles; /* Non-secure, the cycle counter */
} rows[] = {
    {0, 1, 6, MDCR_SPME, 0x1011, 0x1011, 0x1011},
    {0, 1, 6, 0, 0x0000, 0x0011, 0x1011},
    {0, 1 | PMCR_DP, 6, 0, 0x0000, 0x0011, 0x0011},
    {0, 0, 6, MDCR_SPME, 0, 0, 0},
    {0, 0, 6 | MDCR_HPME, MDCR_SPME, 0, 0, 0},
    {NSH, 1, 6, MDCR_SPME, 0x1011, 0x1111, 0x1111},
    {NSH, 1, 6 | MDCR_HPMD, MDCR_SPME, 0x1011, 0x1011, 0x1111},
    {NSH, 1 | PMCR_DP, 6 | MDCR_HPMD, MDCR_SPME, 0x1011, 0x1011, 0x1011},
    {NSH, 1, 6 | MDCR_HCCD, MDCR_SPME, 0x1011, 0x1111, 0x1011},
    {NSH, 1, 6, MDCR_SPME | MDCR_SCCD, 0x1011, 0x1111, 0x0111},
    {NSH, 0, 1 | MDCR_HPME, MDCR_SPME, 0x1011, 0x1111, 0},
    {NSH, 1, 1 | MDCR_HPME | MDCR_HPMD, MDCR_SPME, 0x1011, 0x1111, 0x1111},
    {NSH, 1, 1, MDCR_SPME, 0, 0, 0x1111},
    {P, 1, 6, MDCR_SPME, 0x0001, 0x0001, 0x0001},
    {P | M, 1, 6, MDCR_SPME, 0x1001, 0x1001, 0x1001},
    {P | NSK, 1, 6, MDCR_SPME, 0x0001, 0x0011, 0x0011},
    {NSK, 1, 6, MDCR_SPME, 0x1011, 0x1001, 0x1001},
    {U, 1, 6, MDCR_SPME, 0x1010, 0x1010, 0x1010},
    {U | NSU, 1, 6, MDCR_SPME, 0x1010, 0x1011, 0x1011},
    {NSU, 1, 6, MDCR_SPME, 0x1011, 0x1010, 0x1010},
    {M, 1, 6, MDCR_SPME, 0x0011, 0x0011, 0x0011},
};

/* Event counter 3 and the cycle counter at each level. */
static void try_row(int n, bool secure, unsigned el)
{
    struct arm_pmu *p = &cpu->pmu;
    unsigned digit = 4 * el;
    unsigned event = secure ? rows[n].secure : rows[n].nonsecure;

    cpu->scr_el3 = secure ? 0 : SCR_NS;
    cpu->el = (uint8_t)el;
    pmu_follow(cpu);
    uint64_t before = p->counter[3];
    run(5);
    pmu_settle(cpu);
    ck_assert_msg(p->counter[3] - before == 5 * (event >> digit & 1),
                  "row %d, EL%u, secure %d", n, el, secure);
    if (!secure) {
        ck_assert_msg((p->running >> ARM_PMU_CYCLES & 1) ==
                          (rows[n].cycles >> digit & 1),
                      "row %d, cycles at EL%u", n, el);
    }
}

START_TEST(test_filters)
{
    struct arm_pmu *p = &cpu->pmu;

    p->control = rows[_i].pmcr;
    p->enabled = BIT(31) | 8;
    p->type[3] = (uint32_t)(rows[_i].filter | PMU_INST_RETIRED);
    p->type[ARM_PMU_CYCLES] = (uint32_t)rows[_i].filter;
    cpu->mdcr_el2 = rows[_i].mdcr2;
    cpu->mdcr_el3 = rows[_i].mdcr3;
    for (unsigned el = 0; el < 4; el++) {
        try_row(_i, false, el);
        if (el != 2) {
            try_row(_i, true, el);
        }
    }
}
END_TEST

Suite *pmu_suite(void)
{
    Suite *s = suite_create("pmu");
    TCase *a72 = tcase_create("cortex-a72");
    TCase *levels = tcase_create("EL2 and EL3");

    tcase_add_checked_fixture(a72, setup, teardown);
    tcase_add_test(a72, test_cycle_counter);
    tcase_add_test(a72, test_cycle_overflow);
    tcase_add_test(a72, test_event_counters);
    tcase_add_test(a72, test_instructions);
    suite_add_tcase(s, a72);
    tcase_add_checked_fixture(levels, setup_levels, teardown);
    tcase_add_test(levels, test_long_counters);
    tcase_add_test(levels, test_reserved);
    tcase_add_loop_test(levels, test_filters, 0, ARRAY_SIZE(rows));
    suite_add_tcase(s, levels);
    return s;
}
