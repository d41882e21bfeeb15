/*
 * What GICv2 has and GICv3 has not: targets, sources and filters of software
 * interrupts, banked registers, split end of interrupt.
 *
 * run: -M virt,gic-version=2 -cpu cortex-a53 -smp 3
 * run: -M virt,gic-version=2 -cpu max -smp 3
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/timer.h"
#include "tests/guest/lib/test.h"

enum {
    GICD_CTLR = 0x000,
    GICD_ISENABLER = 0x100,
    GICD_ISPENDR = 0x200,
    GICD_ISACTIVER = 0x300,
    GICD_ITARGETSR = 0x800,
    GICD_ICFGR = 0xc00,
    GICD_SGIR = 0xf00,
};
enum { GICC_CTLR = 0x00, GICC_DIR = 0x1000 };
enum { SPI = 70, SPURIOUS = 1023, CPUS = 3 };
enum { FILTER_OTHERS = 1u << 24, FILTER_SELF = 2u << 24 };
#define CTLR_EOI_MODE (1u << 9)

static volatile uint64_t stage[CPUS], go, seen[CPUS], target[CPUS];

static uint32_t dist(unsigned offset)
{
    return io_read32(gic_place.dist + offset);
}

static void set_dist(unsigned offset, uint32_t value)
{
    io_write32(gic_place.dist + offset, value);
    barrier_dsb();
}

/* Acknowledge, waiting for it; ends it and returns what IAR said. */
static uint32_t take(void)
{
    uint64_t end = test_deadline();
    uint32_t ack = SPURIOUS;

    while ((ack & 0x3ff) == SPURIOUS && timer_now() < end) {
        ack = gic_acknowledge();
    }
    gic_end(ack);
    return ack;
}

/* Each of the others notes its target bit and two interrupts it gets. */
static void other(unsigned cpu)
{
    target[cpu] = dist(GICD_ITARGETSR) & 0xff;
    stage[cpu] = 1;
    seen[cpu] = take();
    stage[cpu] = 2;
    while (go < 1) {
    }
    if (cpu == 1) {
        set_dist(GICD_SGIR, 1u << 16 | 9); /* to CPU 0 */
        stage[cpu] = 3;
        seen[cpu] = take();
    }
    stage[cpu] = 4;
}

static void test_self(void)
{
    uint32_t ack;

    test_part("to ourselves");
    set_dist(GICD_SGIR, FILTER_SELF | 4);
    ack = take();
    test_equal("filter self", ack, 4);
    set_dist(GICD_SGIR, 5);
    test_equal("empty target list", gic_acknowledge(), SPURIOUS);
}

static void test_others(void)
{
    uint32_t ack;

    test_part("to others");
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        test_true("started", cpu_start(cpu, other) &&
                                 wait_until(&stage[cpu], 1));
        test_equal("its target bit", target[cpu], 1u << cpu);
    }
    set_dist(GICD_SGIR, FILTER_OTHERS | 8);
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        test_true("came", wait_until(&stage[cpu], 2));
        test_equal("number and source", seen[cpu], 8);
    }
    test_equal("not to us", gic_acknowledge(), SPURIOUS);
    go = 1;
    test_true("answer sent", wait_until(&stage[1], 3));
    ack = take();
    test_equal("number and source of the answer", ack, 1u << 10 | 9);
    set_dist(GICD_SGIR, 1u << 17 | 10);
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        test_true("done", wait_until(&stage[cpu], 4) && cpu_join(cpu));
    }
    test_equal("target list", seen[1], 10);
}

static void test_targets(void)
{
    test_part("targets");
    io_write8(gic_place.dist + GICD_ITARGETSR + SPI, 0x02);
    test_equal("kept", dist(GICD_ITARGETSR + SPI / 4 * 4) >> SPI % 4 * 8 &
                           0xff, 0x02);
    set_dist(GICD_ICFGR + SPI / 16 * 4, 2u << SPI % 16 * 2);
    set_dist(GICD_ISENABLER + SPI / 32 * 4, 1u << SPI % 32);
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    test_equal("for another CPU", gic_acknowledge(), SPURIOUS);
    io_write8(gic_place.dist + GICD_ITARGETSR + SPI, 0x01);
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    test_equal("sent to us", take(), SPI);
    set_dist(GICD_ITARGETSR, 0x02020202);
    test_equal("private targets are fixed", dist(GICD_ITARGETSR) & 0xff, 1);
}

/* Priority drop and deactivation apart (EOImode). */
static void test_eoi_mode(void)
{
    uint32_t ack;

    test_part("split end");
    io_write32(gic_place.cpuif + GICC_CTLR, 1 | CTLR_EOI_MODE);
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    ack = gic_acknowledge();
    test_equal("acknowledged", ack, SPI);
    gic_end(ack);
    test_equal("still active", dist(GICD_ISACTIVER + SPI / 32 * 4) >>
                                       SPI % 32 & 1, 1);
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    test_equal("not again while active", gic_acknowledge(), SPURIOUS);
    io_write32(gic_place.cpuif + GICC_DIR, ack);
    test_equal("deactivated", dist(GICD_ISACTIVER + SPI / 32 * 4) >>
                                      SPI % 32 & 1, 0);
    ack = gic_acknowledge();
    test_equal("again", ack, SPI);
    gic_end(ack);
    io_write32(gic_place.cpuif + GICC_DIR, ack);
    io_write32(gic_place.cpuif + GICC_CTLR, 1);
}

static void test_off(void)
{
    test_part("off");
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    set_dist(GICD_CTLR, 0);
    test_equal("distributor off", gic_acknowledge(), SPURIOUS);
    set_dist(GICD_CTLR, 1);
    io_write32(gic_place.cpuif + GICC_CTLR, 0);
    test_equal("interface off", gic_acknowledge(), SPURIOUS);
    io_write32(gic_place.cpuif + GICC_CTLR, 1);
    test_equal("both on", take(), SPI);
}

void test_main(void)
{
    test_self();
    test_others();
    test_targets();
    test_eoi_mode();
    test_off();
}
