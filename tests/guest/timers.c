/*
 * Generic timers: counters, conditions, interrupts, waking from WFI.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu cortex-a72
 * run: -M virt-7.2 -cpu max
 * armature: -M virt-7.2 -cpu max -accel jit,region-threshold=0
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/timer.h"
#include "tests/guest/lib/test.h"

enum { ENABLE = 1, IMASK = 2, ISTATUS = 4 };
enum { VIRTUAL = 27, PHYSICAL = 30 };

static volatile unsigned count[32];
static volatile uint64_t when[32];

/* A timer by its registers; both have the same layout. */
#define CTL(name) sysreg_read(name##_ctl_el0)
#define SET_CTL(name, v) \
    ({ \
        sysreg_write(name##_ctl_el0, v); \
        barrier_isb(); \
    })

static void on_timer(unsigned intid)
{
    count[intid]++;
    when[intid] = timer_now();
    if (intid == VIRTUAL) {
        SET_CTL(cntv, ENABLE | IMASK);
    } else {
        SET_CTL(cntp, ENABLE | IMASK);
    }
}

static void delay_ms(uint64_t ms)
{
    uint64_t end = timer_now() + timer_hz() * ms / 1000;

    while (timer_now() < end) {
    }
}

/* Until the interrupt has come n times in all, or should have. */
static unsigned wait_count(unsigned intid, unsigned n)
{
    uint64_t end = test_deadline();

    while (count[intid] < n && timer_now() < end) {
    }
    return count[intid];
}

static void test_counters(void)
{
    struct test_many many = {.what = "counter never goes back"};
    uint64_t last = timer_now(), before, physical;

    test_part("counters");
    test_equal("frequency", timer_hz(), 62500000);
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t now = timer_now();

        test_many(&many, i, now >= last, true);
        last = now;
    }
    test_many_end(&many);
    before = timer_now();
    physical = sysreg_read(cntpct_el0);
    test_true("virtual and physical are one",
              before <= physical && physical <= timer_now());
}

#define TEST_CONDITIONS(name, counter) \
    ({ \
        uint64_t ms = timer_hz() / 1000; \
        SET_CTL(name, 0); \
        sysreg_write(name##_cval_el0, sysreg_read(counter) + 1000 * ms); \
        test_equal(#name " off", CTL(name), 0); \
        SET_CTL(name, ENABLE | IMASK); \
        test_equal(#name " later", CTL(name), ENABLE | IMASK); \
        sysreg_write(name##_cval_el0, sysreg_read(counter)); \
        barrier_isb(); \
        test_equal(#name " now", CTL(name), ENABLE | IMASK | ISTATUS); \
        SET_CTL(name, IMASK); \
        test_equal(#name " off again", CTL(name) & ENABLE, 0); \
        SET_CTL(name, ENABLE | IMASK); \
        sysreg_write(name##_tval_el0, 0xffffffffull); \
        barrier_isb(); \
        test_equal(#name " TVAL is signed", CTL(name), \
                   ENABLE | IMASK | ISTATUS); \
        sysreg_write(name##_tval_el0, 500 * ms); \
        barrier_isb(); \
        test_equal(#name " TVAL ahead", CTL(name), ENABLE | IMASK); \
        test_true(#name " TVAL counts down", \
                  sysreg_read(name##_tval_el0) <= 500 * ms); \
        test_true(#name " CVAL follows TVAL", \
                  sysreg_read(name##_cval_el0) > sysreg_read(counter)); \
        sysreg_write(name##_cval_el0, 5ull << 40 | 7); \
        test_equal(#name " CVAL is wide", sysreg_read(name##_cval_el0), \
                   5ull << 40 | 7); \
        SET_CTL(name, 0xf8); \
        test_equal(#name " other bits read as 0", CTL(name), 0); \
    })

static void test_conditions(void)
{
    test_part("conditions");
    TEST_CONDITIONS(cntv, cntvct_el0);
    TEST_CONDITIONS(cntp, cntpct_el0);
}

#define TEST_INTERRUPT(name, intid, counter) \
    ({ \
        uint64_t ms = timer_hz() / 1000, due; \
        count[intid] = 0; \
        gic_handle(intid, on_timer); \
        gic_enable(intid); \
        due = sysreg_read(counter) + 5 * ms; \
        sysreg_write(name##_cval_el0, due); \
        SET_CTL(name, ENABLE); \
        irq_enable(); \
        test_equal(#name " interrupt", wait_count(intid, 1), 1); \
        test_true(#name " not before its time", when[intid] >= due); \
        delay_ms(2); \
        test_equal(#name " only one", count[intid], 1); \
        /* Already past: at once. */ \
        sysreg_write(name##_cval_el0, 1); \
        SET_CTL(name, ENABLE); \
        test_equal(#name " in the past", wait_count(intid, 2), 2); \
        /* Masked, then unmasked. */ \
        sysreg_write(name##_tval_el0, 1 * ms); \
        SET_CTL(name, ENABLE | IMASK); \
        delay_ms(3); \
        test_equal(#name " masked", count[intid], 2); \
        SET_CTL(name, ENABLE); \
        test_equal(#name " unmasked", wait_count(intid, 3), 3); \
        /* Pending while PSTATE.I is set, and withdrawn. */ \
        irq_disable(); \
        sysreg_write(name##_tval_el0, 0); \
        SET_CTL(name, ENABLE); \
        delay_ms(1); \
        SET_CTL(name, 0); \
        delay_ms(1); \
        irq_enable(); \
        delay_ms(1); \
        test_equal(#name " withdrawn", count[intid], 3); \
        irq_disable(); \
        gic_disable(intid); \
        sysreg_write(name##_tval_el0, 0); \
        SET_CTL(name, ENABLE); \
        irq_enable(); \
        delay_ms(1); \
        test_equal(#name " disabled at the GIC", count[intid], 3); \
        gic_enable(intid); \
        test_equal(#name " enabled at the GIC", wait_count(intid, 4), 4); \
        irq_disable(); \
        SET_CTL(name, 0); \
    })

static void test_interrupts(void)
{
    test_part("interrupts");
    TEST_INTERRUPT(cntv, VIRTUAL, cntvct_el0);
    TEST_INTERRUPT(cntp, PHYSICAL, cntpct_el0);
}

static void test_wfi(void)
{
    uint64_t ms = timer_hz() / 1000, due;
    struct test_many many = {.what = "WFI wakes for the timer"};

    test_part("wfi");
    for (unsigned i = 0; i < 50; i++) {
        unsigned before = count[VIRTUAL];

        due = timer_now() + ms * (i % 5) / 2;
        sysreg_write(cntv_cval_el0, due);
        SET_CTL(cntv, ENABLE);
        /* Masked in PSTATE: wakes all the same, and is not taken. */
        while (timer_now() < due) {
            cpu_wfi();
        }
        test_many(&many, i, count[VIRTUAL], before);
        irq_enable();
        barrier_isb();
        wait_count(VIRTUAL, before + 1);
        irq_disable();
        test_many(&many, i, count[VIRTUAL], before + 1);
    }
    test_many_end(&many);
    SET_CTL(cntv, 0);
}

/* Both timers at once, each with its own interrupt. */
static void test_both(void)
{
    uint64_t ms = timer_hz() / 1000;

    test_part("both");
    count[VIRTUAL] = count[PHYSICAL] = 0;
    sysreg_write(cntv_tval_el0, 2 * ms);
    sysreg_write(cntp_tval_el0, 1 * ms);
    SET_CTL(cntv, ENABLE);
    SET_CTL(cntp, ENABLE);
    irq_enable();
    test_equal("virtual", wait_count(VIRTUAL, 1), 1);
    test_equal("physical", wait_count(PHYSICAL, 1), 1);
    irq_disable();
    SET_CTL(cntv, 0);
    SET_CTL(cntp, 0);
}

void test_main(void)
{
    test_counters();
    test_conditions();
    test_interrupts();
    test_wfi();
    test_both();
}
