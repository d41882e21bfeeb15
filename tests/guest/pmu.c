/*
 * Performance monitors: exact counts of instructions, by exception level;
 * cycles, software increments, overflow and its interrupt, what EL0 may.
 * QEMU counts instructions with -icount only.
 *
 * run: -M virt -cpu cortex-a72
 * run: -M virt,gic-version=3 -cpu max
 * armature: -M virt -cpu cortex-a72 -accel interp
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 * armature: -M virt -cpu max -accel jit,one-insn-per-tb=on
 * qemu: -icount shift=1
 */
#include "pc-bios/guest/gic.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { INST_RETIRED = 0x08, CPU_CYCLES = 0x11, SW_INCR = 0 };
enum { PMCR_E = 1, PMCR_P = 2, PMCR_C = 4, PMCR_LC = 64 };
enum { PMU_INTERRUPT = 23, CLASS_SYSTEM = 0x18 };
#define NO_EL1 (1ull << 31)
#define NO_EL0 (1ull << 30)
#define CYCLES (1ull << 31)
#define USER 0x5500000000ull

static struct space space;
static uint32_t user[1024] __attribute__((aligned(4096)));
static volatile unsigned interrupts;
static uint64_t overflowed;

/* PMEVCNTR0_EL0 goes on by so much over the instructions, the second MRS
 * included. */
#define COUNT(text)                                                       \
    ({                                                                    \
        uint64_t before_, after_;                                         \
        __asm__ volatile("mrs %0, pmevcntr0_el0\n" text                   \
                         "\n mrs %1, pmevcntr0_el0"                       \
                         : "=&r"(before_), "=&r"(after_)                  \
                         : "r"(user)                                      \
                         : "x1", "x2", "x3", "x30", "memory", "cc");      \
        after_ - before_;                                                 \
    })

static void count(uint64_t type)
{
    sysreg_write(pmcr_el0, PMCR_P | PMCR_C);
    sysreg_write(pmevtyper0_el0, type);
    sysreg_write(pmcntenset_el0, 1);
    sysreg_write(pmcr_el0, PMCR_E | PMCR_LC);
    barrier_isb();
}

static void stop(void)
{
    sysreg_write(pmcr_el0, PMCR_LC);
    sysreg_write(pmcntenclr_el0, ~0u);
    barrier_isb();
}

static void test_instructions(void)
{
    test_part("instructions");
    count(INST_RETIRED);
    test_equal("none", COUNT(""), 1);
    test_equal("100", COUNT(".rept 100\n nop\n .endr"), 101);
    test_equal("loop", COUNT("mov x1, #1000\n"
                             "1: subs x1, x1, #1\n b.ne 1b"), 2002);
    test_equal("long loop", COUNT("mov x1, #0x100000\n"
                                  "1: add x2, x2, x1\n eor x3, x2, x1\n"
                                  "subs x1, x1, #1\n b.ne 1b"),
               4 * 0x100000 + 2);
    test_equal("memory", COUNT("mov x1, #500\n"
                               "1: str x1, [%2]\n ldr x2, [%2, #8]\n"
                               "ldp x2, x3, [%2]\n stp x2, x3, [%2, #16]\n"
                               "subs x1, x1, #1\n b.ne 1b"), 3002);
    test_equal("branches not taken", COUNT("mov x1, #500\n"
                                           "1: cbz x1, 2f\n cbz x1, 2f\n"
                                           "tbnz x1, #40, 2f\n cbz x1, 2f\n"
                                           "cbz x1, 2f\n sub x1, x1, #1\n"
                                           "b 1b\n2:"), 3503);
    test_equal("calls", COUNT("mov x1, #300\n"
                              "1: bl 2f\n subs x1, x1, #1\n b.ne 1b\n"
                              "b 3f\n 2: add x2, x2, #1\n ret\n 3:"), 1503);
    stop();
    test_equal("stopped", COUNT(".rept 100\n nop\n .endr"), 0);
    count(INST_RETIRED | NO_EL1);
    test_equal("not at EL1", COUNT(".rept 100\n nop\n .endr"), 0);
    stop();
}

/* A loop of 100 at EL0, with an access that faults and is skipped. */
static uint64_t count_el0(uint64_t type, uint32_t insn)
{
    static const uint32_t code[] = {
        0xd2800c81, /* mov x1, #100 */
        0xd1000421, /* sub x1, x1, #1 */
        0xb5ffffe1, /* cbnz x1, .-4 */
        0,
        0xd4000001, /* svc #0 */
    };

    for (unsigned n = 0; n < ARRAY_SIZE(code); n++) {
        user[n] = n == 3 ? insn : code[n];
    }
    __asm__ volatile("dsb sy\nic iallu\ndsb sy\nisb" : : : "memory");
    count(type);
    el0_run(USER, 0, 0);
    stop();
    return sysreg_read(pmevcntr0_el0);
}

static void test_levels(void)
{
    test_part("levels");
    test_equal("EL0", count_el0(INST_RETIRED | NO_EL1, 0xd503201f), 203);
    test_equal("EL0, a fault", count_el0(INST_RETIRED | NO_EL1, 0xf9400000),
               201);
    test_equal("neither", count_el0(INST_RETIRED | NO_EL1 | NO_EL0,
                                    0xd503201f), 0);
    test_true("both", count_el0(INST_RETIRED, 0xd503201f) > 220);
}

static void test_cycles(void)
{
    uint64_t first;

    test_part("cycles");
    count(CPU_CYCLES);
    sysreg_write(pmccfiltr_el0, 0);
    sysreg_write(pmcntenset_el0, CYCLES);
    first = sysreg_read(pmccntr_el0);
    while (sysreg_read(pmccntr_el0) - first < 1000) {
    }
    test_true("both counters", sysreg_read(pmevcntr0_el0) > 1000);
    sysreg_write(pmccfiltr_el0, NO_EL1);
    first = sysreg_read(pmccntr_el0);
    COUNT(".rept 100\n nop\n .endr");
    test_equal("not at EL1", sysreg_read(pmccntr_el0) - first, 0);
    sysreg_write(pmccfiltr_el0, 0);
    stop();
    first = sysreg_read(pmccntr_el0);
    test_equal("stopped", sysreg_read(pmccntr_el0) - first, 0);
}

static void test_increments(void)
{
    test_part("software increments");
    count(SW_INCR);
    sysreg_write(pmevtyper1_el0, SW_INCR);
    for (unsigned n = 0; n < 5; n++) {
        sysreg_write(pmswinc_el0, 3);
    }
    test_equal("enabled", sysreg_read(pmevcntr0_el0), 5);
    test_equal("not enabled", sysreg_read(pmevcntr1_el0), 0);
    sysreg_write(pmselr_el0, 0);
    barrier_isb();
    test_equal("selected", sysreg_read(pmxevcntr_el0), 5);
    sysreg_write(pmevcntr0_el0, 0xffffffff);
    sysreg_write(pmswinc_el0, 1);
    barrier_isb();
    test_equal("overflow", sysreg_read(pmovsclr_el0), 1);
    sysreg_write(pmovsclr_el0, 1);
    test_equal("cleared", sysreg_read(pmovsset_el0), 0);
    stop();
}

static void on_overflow(unsigned intid)
{
    (void)intid;
    interrupts++;
    overflowed = sysreg_read(pmovsclr_el0);
    sysreg_write(pmovsclr_el0, overflowed);
    barrier_isb();
}

static void test_overflow(void)
{
    test_part("overflow");
    interrupts = 0;
    overflowed = 0;
    gic_handle(PMU_INTERRUPT, on_overflow);
    gic_enable(PMU_INTERRUPT);
    count(CPU_CYCLES);
    sysreg_write(pmevcntr0_el0, 0xffff0000);
    sysreg_write(pmintenset_el1, 1);
    irq_enable();
    while (!interrupts) {
    }
    irq_disable();
    test_equal("interrupts", interrupts, 1);
    test_equal("of counter", overflowed, 1);
    test_true("counted on",
              (uint32_t)sysreg_read(pmevcntr0_el0) < 0xffff0000);
    sysreg_write(pmintenclr_el1, 1);
    stop();
}

static void try_el0(const char *what, uint64_t userenr, uint32_t insn,
                    bool good)
{
    const struct exception_frame *frame;

    sysreg_write(pmuserenr_el0, userenr);
    user[0] = insn;
    user[1] = 0xd4000001;
    __asm__ volatile("dsb sy\nic iallu\ndsb sy\nisb" : : : "memory");
    frame = el0_run(USER, 0, 0);
    test_equal(what, exception_class(frame),
               good ? (unsigned)EC_SVC64 : (unsigned)CLASS_SYSTEM);
}

static void test_el0(void)
{
    enum { EN = 1, SW = 2, CR = 4, ER = 8 };
    static const struct {
        const char *what;
        uint32_t insn, allows;
    } rows[] = {
        {"PMCCNTR_EL0, read", 0xd53b9d01, EN | CR},
        {"PMCCNTR_EL0, write", 0xd51b9d01, EN},
        {"PMSWINC_EL0", 0xd51b9c81, EN | SW},
        {"PMEVCNTR0_EL0, read", 0xd53be801, EN | ER},
        {"PMEVCNTR0_EL0, write", 0xd51be801, EN},
        {"PMXEVCNTR_EL0, read", 0xd53b9d41, EN | ER},
        {"PMSELR_EL0, read", 0xd53b9ca1, EN | ER},
        {"PMSELR_EL0, write", 0xd51b9ca1, EN | ER},
        {"PMCR_EL0, read", 0xd53b9c01, EN},
        {"PMCNTENSET_EL0, write", 0xd51b9c21, EN},
        {"PMEVTYPER0_EL0, read", 0xd53bec01, EN},
        {"PMCEID0_EL0, read", 0xd53b9cc1, EN},
    };

    test_part("EL0");
    sysreg_write(pmselr_el0, 0);
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        print("%s\n", rows[n].what);
        for (unsigned bit = 0; bit < 5; bit++) {
            static const char *const names[] = {"EN", "SW", "CR", "ER", "0"};

            try_el0(names[bit], 1u << bit & 15, rows[n].insn,
                    rows[n].allows >> bit & 1);
        }
    }
    sysreg_write(pmuserenr_el0, 0);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 39);
    tables_identity(&space);
    *tables_entry(&space, USER, 3) = (uint64_t)user | D_PAGE | D_NORMAL |
                                     D_SHARED | D_AF | D_EL0 | D_PXN;
    mmu_on(&space, TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_TG0_4K);
    test_instructions();
    test_levels();
    test_cycles();
    test_increments();
    test_overflow();
    test_el0();
    mmu_off();
}
