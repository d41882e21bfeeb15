/*
 * Overflow of a counter of instructions.  QEMU 7.2 does not tell of it.
 *
 * armature: -M virt -cpu cortex-a72
 * armature: -M virt -cpu max -accel interp
 */
#include "pc-bios/guest/gic.h"
#include "tests/guest/lib/test.h"

enum { INST_RETIRED = 0x08, PMU_INTERRUPT = 23, PERIOD = 100000 };

static volatile unsigned interrupts;
static uint64_t counted;

/* As a profiler does: note how far it is, begin the next period. */
static void on_overflow(unsigned intid)
{
    (void)intid;
    interrupts++;
    counted += (uint32_t)sysreg_read(pmevcntr0_el0) + PERIOD;
    sysreg_write(pmevcntr0_el0, (uint32_t)-PERIOD);
    sysreg_write(pmovsclr_el0, sysreg_read(pmovsclr_el0));
    barrier_isb();
}

static void work(uint64_t rounds)
{
    __asm__ volatile("1: subs %0, %0, #1\n b.ne 1b"
                     : "+r"(rounds) : : "cc");
}

void test_main(void)
{
    gic_handle(PMU_INTERRUPT, on_overflow);
    gic_enable(PMU_INTERRUPT);
    sysreg_write(pmevtyper0_el0, INST_RETIRED);
    sysreg_write(pmevcntr0_el0, (uint32_t)-PERIOD);
    sysreg_write(pmintenset_el1, 1);
    sysreg_write(pmcntenset_el0, 1);
    sysreg_write(pmcr_el0, 1);
    barrier_isb();
    irq_enable();
    while (interrupts < 10) {
        work(PERIOD / 5);
    }
    irq_disable();
    sysreg_write(pmcr_el0, 0);
    test_true("none before its time", counted >= 10 * PERIOD);
}
