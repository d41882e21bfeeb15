/*
 * What GICv3 has and GICv2 has not: redistributors, routing by affinity,
 * the system register interface.
 *
 * run: -M virt,gic-version=3 -cpu cortex-a72 -smp 3
 * run: -M virt,gic-version=3 -cpu max -smp 3
 * armature: -M virt,gic-version=3 -cpu max -smp 3 -accel jit,region-threshold=0
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/timer.h"
#include "tests/guest/lib/test.h"

enum {
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,
    GICD_IGROUPR = 0x080,
    GICD_ISENABLER = 0x100,
    GICD_ISPENDR = 0x200,
    GICD_ISACTIVER = 0x300,
    GICD_ICFGR = 0xc00,
    GICD_IROUTER = 0x6000,
    GICD_PIDR2 = 0xffe8,
    GICR_TYPER = 0x08,
    GICR_WAKER = 0x14,
    GICR_FRAME = 0x20000,
    GICR_SGI = 0x10000,
    GICR_ISPENDR0 = 0x200,
    GICR_ICPENDR0 = 0x280,
    GICR_ISENABLER0 = 0x100,
};
enum { SPI = 70, SPURIOUS = 1023, CPUS = 3, EOI_MODE = 2 };
#define IRM (1ull << 40)

static volatile uint64_t stage[CPUS], go, seen[CPUS];

static uint32_t dist(unsigned offset)
{
    return io_read32(gic_place.dist + offset);
}

static void set_dist(unsigned offset, uint32_t value)
{
    io_write32(gic_place.dist + offset, value);
    barrier_dsb();
}

static uint64_t redist(unsigned cpu)
{
    return gic_place.redist[0] + cpu * GICR_FRAME;
}

static void send(uint64_t value)
{
    barrier_dsb();
    icc_write(ICC_SGI1R_EL1, value);
    barrier_isb();
}

static uint32_t take(void)
{
    uint64_t end = test_deadline();
    uint32_t ack = SPURIOUS;

    while (ack == SPURIOUS && timer_now() < end) {
        ack = gic_acknowledge();
    }
    gic_end(ack);
    return ack;
}

static void other(unsigned cpu)
{
    stage[cpu] = 1;
    seen[cpu] = take();
    stage[cpu] = 2;
    while (go < 1) {
    }
    if (cpu == 1) {
        seen[cpu] = take();
        stage[cpu] = 3;
        seen[cpu] = take();
    }
    stage[cpu] = 4;
}

static void test_identity(void)
{
    test_part("identity");
    test_equal("architecture revision", dist(GICD_PIDR2) >> 4 & 15, 3);
    test_equal("affinity routing", dist(GICD_CTLR) >> 4 & 1, 1);
    test_equal("system registers on", icc_read(ICC_SRE_EL1) & 1, 1);
    test_equal("interface by registers",
               sysreg_read(id_aa64pfr0_el1) >> 24 & 15, 1);
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        uint64_t type = io_read64(redist(cpu) + GICR_TYPER);

        test_equal("affinity of a redistributor", type >> 32, cpu);
        test_equal("its number", type >> 8 & 0xffff, cpu);
        test_equal("last of the region", type >> 4 & 1, cpu == CPUS - 1);
    }
    test_equal("ours is awake", io_read32(redist(0) + GICR_WAKER) & 6, 0);
    test_equal("another sleeps", io_read32(redist(1) + GICR_WAKER) & 6, 6);
}

static void test_private(void)
{
    uint64_t sgi = redist(0) + GICR_SGI;

    test_part("private");
    test_equal("SGIs enabled", io_read32(sgi + GICR_ISENABLER0) & 0xffff,
               0xffff);
    test_equal("distributor has no private enables", dist(GICD_ISENABLER),
               0);
    io_write32(sgi + GICR_ISPENDR0, 1u << 7);
    barrier_dsb();
    test_equal("set pending", take(), 7);
    io_write32(sgi + GICR_ISPENDR0, 1u << 7);
    io_write32(sgi + GICR_ICPENDR0, 1u << 7);
    barrier_dsb();
    test_equal("cleared pending", gic_acknowledge(), SPURIOUS);
}

static void test_sgi(void)
{
    test_part("sgi");
    send(4ull << 24 | 1);
    test_equal("to ourselves", take(), 4);
    send(4ull << 24 | 1ull << 16 | 1); /* affinity 1 is 1: nobody */
    test_equal("to another cluster", gic_acknowledge(), SPURIOUS);
    send(4ull << 24);
    test_equal("to nobody", gic_acknowledge(), SPURIOUS);
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        test_true("started", cpu_start(cpu, other) &&
                                 wait_until(&stage[cpu], 1));
    }
    send(8ull << 24 | IRM);
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        test_true("came", wait_until(&stage[cpu], 2));
        test_equal("to all others", seen[cpu], 8);
    }
    test_equal("not to us", gic_acknowledge(), SPURIOUS);
}

/* CPU 1 is waiting for the interrupt that is routed to it. */
static void test_routing(void)
{
    test_part("routing");
    set_dist(GICD_ICFGR + SPI / 16 * 4, 2u << SPI % 16 * 2);
    set_dist(GICD_IGROUPR + SPI / 32 * 4, ~0u);
    io_write64(gic_place.dist + GICD_IROUTER + 8 * SPI, 1);
    test_equal("kept", io_read64(gic_place.dist + GICD_IROUTER + 8 * SPI),
               1);
    set_dist(GICD_ISENABLER + SPI / 32 * 4, 1u << SPI % 32);
    go = 1;
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    test_true("came", wait_until(&stage[1], 3));
    test_equal("to cpu 1", seen[1], SPI);
    test_equal("not to us", gic_acknowledge(), SPURIOUS);
    send(11ull << 24 | 2);
    for (unsigned cpu = 1; cpu < CPUS; cpu++) {
        test_true("done", wait_until(&stage[cpu], 4) && cpu_join(cpu));
    }
    test_equal("by target list", seen[1], 11);
    io_write64(gic_place.dist + GICD_IROUTER + 8 * SPI, 0);
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    test_equal("to us", take(), SPI);
}

static void test_eoi_mode(void)
{
    uint32_t ack;

    test_part("split end");
    icc_write(ICC_CTLR_EL1, EOI_MODE);
    barrier_isb();
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    ack = gic_acknowledge();
    test_equal("acknowledged", ack, SPI);
    gic_end(ack);
    test_equal("priority dropped", icc_read(ICC_RPR_EL1) & 0xff, 0xff);
    test_equal("still active", dist(GICD_ISACTIVER + SPI / 32 * 4) >>
                                       SPI % 32 & 1, 1);
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    test_equal("not again while active", gic_acknowledge(), SPURIOUS);
    icc_write(ICC_DIR_EL1, ack);
    barrier_isb();
    test_equal("deactivated", dist(GICD_ISACTIVER + SPI / 32 * 4) >>
                                      SPI % 32 & 1, 0);
    ack = gic_acknowledge();
    test_equal("again", ack, SPI);
    gic_end(ack);
    icc_write(ICC_DIR_EL1, ack);
    icc_write(ICC_CTLR_EL1, 0);
    barrier_isb();
}

static void test_off(void)
{
    test_part("off");
    set_dist(GICD_ISPENDR + SPI / 32 * 4, 1u << SPI % 32);
    icc_write(ICC_IGRPEN1_EL1, 0);
    barrier_isb();
    test_equal("group off at the interface", gic_acknowledge(), SPURIOUS);
    icc_write(ICC_IGRPEN1_EL1, 1);
    barrier_isb();
    set_dist(GICD_CTLR, 1u << 4);
    test_equal("group off at the distributor", gic_acknowledge(), SPURIOUS);
    set_dist(GICD_CTLR, 1u << 4 | 2);
    test_equal("both on", take(), SPI);
}

void test_main(void)
{
    test_identity();
    test_private();
    test_sgi();
    test_routing();
    test_eoi_mode();
    test_off();
}
