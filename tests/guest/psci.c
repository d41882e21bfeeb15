/*
 * PSCI: versions, starting and stopping CPUs, and every refusal.
 *
 * run: -M virt -cpu cortex-a53 -smp 2
 * run: -M virt,gic-version=3 -cpu cortex-a72 -smp 2
 * run: -M virt -cpu max -smp 2
 */
#include "pc-bios/guest/board.h"
#include "pc-bios/guest/psci.h"
#include "pc-bios/guest/timer.h"
#include "tests/guest/lib/test.h"

static volatile uint64_t stage, context, state_seen, release;

static void visitor(unsigned cpu)
{
    context = cpu;
    state_seen = sysreg_read(currentel) << 32 | sysreg_read(daif);
    barrier_dsb();
    stage = 1;
    while (!release) {
    }
}

static void test_functions(void)
{
    static const struct {
        const char *name;
        uint32_t function;
        int64_t want;
    } features[] = {
        {"PSCI_VERSION", 0x84000000, 0},
        {"CPU_SUSPEND", 0x84000001, 0},
        {"CPU_OFF", 0x84000002, 0},
        {"CPU_ON 32", 0x84000003, 0},
        {"CPU_ON 64", 0xc4000003, 0},
        {"AFFINITY_INFO 32", 0x84000004, 0},
        {"AFFINITY_INFO 64", 0xc4000004, 0},
        {"MIGRATE_INFO_TYPE", 0x84000006, 0},
        {"SYSTEM_OFF", 0x84000008, 0},
        {"SYSTEM_RESET", 0x84000009, 0},
        {"PSCI_FEATURES", 0x8400000a, 0},
        {"unknown", 0x8400ffff, PSCI_NOT_SUPPORTED},
    };

    test_part("functions");
    test_true("version 1.0 or later", psci_version() >= 0x10000);
    for (unsigned i = 0; i < ARRAY_SIZE(features); i++) {
        test_equal(features[i].name,
                   (uint32_t)psci_call(0x8400000a, features[i].function, 0, 0),
                   (uint32_t)features[i].want);
    }
    test_equal("no trusted OS to migrate", (uint32_t)psci_call(0x84000006, 0,
                                                               0, 0), 2);
    test_equal("unknown call", (uint32_t)psci_call(0x8400ffff, 0, 0, 0),
               (uint32_t)PSCI_NOT_SUPPORTED);
}

static void test_refusals(void)
{
    test_part("refusals");
    test_equal("CPU_ON of ourselves",
               (uint64_t)(int64_t)psci_cpu_on(board.cpus[0].mpidr, 0),
               (uint64_t)PSCI_ALREADY_ON);
    test_equal("CPU_ON of no CPU", (uint64_t)(int64_t)psci_cpu_on(0xff, 1),
               (uint64_t)PSCI_INVALID_PARAMETERS);
    test_equal("AFFINITY_INFO of no CPU",
               (uint64_t)(int64_t)psci_affinity_info(0xff),
               (uint64_t)PSCI_INVALID_PARAMETERS);
    test_equal("we are on", (uint64_t)psci_affinity_info(board.cpus[0].mpidr),
               PSCI_ON);
}

static void test_second(void)
{
    uint64_t mpidr = board.cpus[1].mpidr;

    test_part("second cpu");
    for (unsigned round = 0; round < 20; round++) {
        struct test_many many = {.what = "on and off again"};

        stage = release = 0;
        test_many(&many, round, (uint64_t)psci_affinity_info(mpidr),
                  PSCI_OFF);
        test_many(&many, round, cpu_start(1, visitor), true);
        test_many(&many, round, wait_until(&stage, 1), true);
        test_many(&many, round, context, 1);
        test_many(&many, round, state_seen, 4ull << 32 | 0x3c0);
        test_many(&many, round, (uint64_t)psci_affinity_info(mpidr),
                  PSCI_ON);
        test_many(&many, round, (uint32_t)psci_cpu_on(mpidr, 1),
                  (uint32_t)PSCI_ALREADY_ON);
        release = 1;
        test_many(&many, round, cpu_join(1), true);
        if (round == 0 || many.failed) {
            test_many_end(&many);
        }
    }
}

/* SMC Calling Convention: a call changes none of x4 to x30 and SP. */
static uint64_t call_keeps(uint64_t *sp_change)
{
    register uint64_t x0 __asm__("x0") = 0x84000000;
    register uint64_t x5 __asm__("x5") = 0x5555;
    register uint64_t x18 __asm__("x18") = 0x1818;
    uint64_t before, after;

    if (psci_use_smc) {
        __asm__ volatile("mov %3, sp\n smc #0\n mov %4, sp"
                         : "+r"(x0), "+r"(x5), "+r"(x18), "=&r"(before),
                           "=&r"(after)::"x1", "x2", "x3", "memory");
    } else {
        __asm__ volatile("mov %3, sp\n hvc #0\n mov %4, sp"
                         : "+r"(x0), "+r"(x5), "+r"(x18), "=&r"(before),
                           "=&r"(after)::"x1", "x2", "x3", "memory");
    }
    *sp_change = after - before;
    return x5 << 32 | x18;
}

static void test_registers(void)
{
    uint64_t sp_change;

    test_part("registers");
    test_equal("x5 and x18 survive", call_keeps(&sp_change),
               0x5555ull << 32 | 0x1818);
    test_equal("sp survives", sp_change, 0);
}

void test_main(void)
{
    test_functions();
    test_refusals();
    test_second();
    test_registers();
}
