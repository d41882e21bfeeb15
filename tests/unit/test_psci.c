/* cpu/arm: firmware calls, without any processor running. */
#include <check.h>

#include "cpu/arm/psci.h"
#include "cpu/arm/system.h"

Suite *psci_suite(void);

enum {
    VERSION = 0x84000000, CPU_SUSPEND_32, CPU_OFF_32, CPU_ON_32,
    AFFINITY_INFO_32, MIGRATE_32, MIGRATE_INFO_TYPE,
    SYSTEM_OFF = 0x84000008, SYSTEM_RESET, FEATURES,
    SYSTEM_RESET2 = 0x84000012,
    CPU_ON_64 = 0xc4000003, AFFINITY_INFO_64 = 0xc4000004,
};

enum { NOT_SUPPORTED = -1, INVALID_PARAMS = -2, ALREADY_ON = -4,
       ON_PENDING = -5 };

static struct bus *bus;
static struct cpu_system *cpus;
static struct arm_cpu *cpu;
static int offs, resets;

static void count(void *opaque)
{
    ++*(int *)opaque;
}

static void count_off(void *opaque)
{
    (void)opaque;
    count(&offs);
}

static void count_reset(void *opaque)
{
    (void)opaque;
    count(&resets);
}

static void setup(void)
{
    struct error *err = NULL;
    struct cpu_config config = {
        .model = "cortex-a72", .count = 3, .interp = true,
        .psci = CPU_PSCI_HVC, .gic_version = 2,
        .system_off = count_off, .system_reset = count_reset,
    };

    offs = resets = 0;
    bus = bus_new();
    cpus = cpu_system_new(&config, bus, &err);
    ck_assert_msg(cpus != NULL, "%s", err ? err->message : "");
    cpu_reset(cpus, 0, true, 0x1000, 0, 0);
    cpu = cpus->cpu[0];
}

static void teardown(void)
{
    cpu_system_free(cpus);
    bus_free(bus);
}

static int64_t call(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    uint64_t *r = cpu->vcpu.r;

    r[0] = function;
    r[1] = x1;
    r[2] = x2;
    r[3] = x3;
    cpu->vcpu.exit = VCPU_EXIT_STATE;
    psci_call(cpu);
    ck_assert_uint_eq(r[1], x1);
    ck_assert_uint_eq(r[2], x2);
    ck_assert_uint_eq(r[3], x3);
    return (int64_t)r[0];
}

START_TEST(test_versions)
{
    ck_assert_int_eq(call(VERSION, 0, 0, 0), 0x10001);
    ck_assert_int_eq(call(0x80000000, 0, 0, 0), 0x10001); /* SMCCC */
    ck_assert_int_eq(call(MIGRATE_INFO_TYPE, 0, 0, 0), 2);
    ck_assert_int_eq(call(MIGRATE_32, 0, 0, 0), NOT_SUPPORTED);
    ck_assert_int_eq(call(0x12345678, 0, 0, 0), NOT_SUPPORTED);
    ck_assert_int_eq(call(0xc4000000, 0, 0, 0), NOT_SUPPORTED);
    ck_assert_int_eq(call(0x80000001, 0x80000000, 0, 0), 0);
    ck_assert_int_eq(call(0x80000001, 0x80008000, 0, 0), NOT_SUPPORTED);
}
END_TEST

START_TEST(test_features)
{
    static const uint32_t known[] = {
        VERSION, CPU_SUSPEND_32, CPU_OFF_32, CPU_ON_32, CPU_ON_64,
        AFFINITY_INFO_32, AFFINITY_INFO_64, MIGRATE_INFO_TYPE, SYSTEM_OFF,
        SYSTEM_RESET, FEATURES, SYSTEM_RESET2, 0x80000000,
    };

    for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
        ck_assert_int_eq(call(FEATURES, known[n], 0, 0), 0);
    }
    ck_assert_int_eq(call(FEATURES, MIGRATE_32, 0, 0), NOT_SUPPORTED);
}
END_TEST

START_TEST(test_cpu_on)
{
    ck_assert_int_eq(call(AFFINITY_INFO_64, 1, 0, 0), 1); /* off */
    ck_assert_int_eq(call(AFFINITY_INFO_64, 0, 0, 0), 0);
    ck_assert_int_eq(call(CPU_ON_64, 0, 0x2000, 0), ALREADY_ON);
    ck_assert_int_eq(call(CPU_ON_64, 7, 0x2000, 0), INVALID_PARAMS);
    ck_assert_int_eq(call(CPU_ON_64, 1, 0x123456789000, 42), 0);
    ck_assert_int_eq(call(AFFINITY_INFO_64, 1, 0, 0), 2); /* pending */
    ck_assert_int_eq(call(CPU_ON_64, 1, 0x2000, 0), ON_PENDING);
    ck_assert_uint_eq(cpus->thread[1].entry, 0x123456789000);
    ck_assert_uint_eq(cpus->thread[1].arg, 42);
    ck_assert_uint_eq(cpus->thread[1].el, 1);
    /* The 32-bit form sees the low halves. */
    ck_assert_int_eq(call(CPU_ON_32, UINT64_C(1) << 32 | 2,
                          UINT64_C(1) << 32 | 0x3000, 0), 0);
    ck_assert_uint_eq(cpus->thread[2].entry, 0x3000);
}
END_TEST

START_TEST(test_affinity_levels)
{
    ck_assert_int_eq(call(AFFINITY_INFO_64, 5, 0, 0), INVALID_PARAMS);
    ck_assert_int_eq(call(AFFINITY_INFO_64, 0, 1, 0), 0);
    ck_assert_int_eq(call(AFFINITY_INFO_64, 0, 4, 0), INVALID_PARAMS);
}
END_TEST

START_TEST(test_suspend)
{
    ck_assert_int_eq(call(CPU_SUSPEND_32, 0, 0, 0), 0);
    ck_assert_uint_eq(cpu->vcpu.exit, VCPU_EXIT_WAIT);
}
END_TEST

START_TEST(test_cpu_off)
{
    call(CPU_OFF_32, 0, 0, 0);
    ck_assert_int_eq(system_power(cpus, 0), CPU_OFF);
    ck_assert(cpu->vcpu.request & VCPU_REQ_STOP);
    ck_assert_int_eq(offs, 0);
}
END_TEST

/* The caller does not go on. */
START_TEST(test_system)
{
    call(SYSTEM_OFF, 0, 0, 0);
    ck_assert_int_eq(offs, 1);
    ck_assert_int_eq(system_power(cpus, 0), CPU_OFF);
    call(SYSTEM_RESET, 0, 0, 0);
    ck_assert_int_eq(resets, 1);
    call(SYSTEM_RESET2, 0, 0, 0);
    ck_assert_int_eq(resets, 2);
    ck_assert_int_eq(call(SYSTEM_RESET2, 0x80000000, 0, 0), INVALID_PARAMS);
    ck_assert_int_eq(resets, 2);
}
END_TEST

Suite *psci_suite(void)
{
    Suite *s = suite_create("psci");
    TCase *c = tcase_create("calls");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, test_versions);
    tcase_add_test(c, test_features);
    tcase_add_test(c, test_cpu_on);
    tcase_add_test(c, test_affinity_levels);
    tcase_add_test(c, test_suspend);
    tcase_add_test(c, test_cpu_off);
    tcase_add_test(c, test_system);
    suite_add_tcase(s, c);
    return s;
}
