/*
 * Interrupt controller, what both versions share: pending, enabled, active,
 * priorities, preemption, a level-sensitive line (the UART's).
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu cortex-a72
 * run: -M virt,gic-version=3 -cpu max
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/timer.h"
#include "pc-bios/guest/uart.h"
#include "tests/guest/lib/test.h"

enum {
    GICD_TYPER = 0x004,
    GICD_ISENABLER = 0x100,
    GICD_ISPENDR = 0x200,
    GICD_ICPENDR = 0x280,
    GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380,
    GICD_IPRIORITYR = 0x400,
    GICD_ICFGR = 0xc00,
};
enum { GICC_BPR = 0x08, GICC_RPR = 0x14, GICC_HPPIR = 0x18 };
enum { SPI = 60, SPI2 = 61, UART = 33, SPURIOUS = 1023 };
enum { UARTIMSC = 0x38, UARTRIS = 0x3c, UARTICR = 0x44, INT_TX = 1 << 5 };

static uint32_t bit_of(unsigned offset, unsigned intid)
{
    return io_read32(gic_place.dist + offset + intid / 32 * 4) >>
               intid % 32 & 1;
}

static void set_bit(unsigned offset, unsigned intid)
{
    io_write32(gic_place.dist + offset + intid / 32 * 4, 1u << intid % 32);
    barrier_dsb();
}

static uint32_t running(void)
{
    return gic_place.version >= 3
               ? (uint32_t)icc_read(ICC_RPR_EL1) & 0xff
               : io_read32(gic_place.cpuif + GICC_RPR) & 0xff;
}

static uint32_t highest_pending(void)
{
    return gic_place.version >= 3
               ? (uint32_t)icc_read(ICC_HPPIR1_EL1) & 0xffffff
               : io_read32(gic_place.cpuif + GICC_HPPIR) & 0x3ff;
}

static void set_binary_point(unsigned value)
{
    if (gic_place.version >= 3) {
        icc_write(ICC_BPR1_EL1, value);
        barrier_isb();
    } else {
        io_write32(gic_place.cpuif + GICC_BPR, value);
    }
}

/* Level-sensitive or edge-triggered. */
static void set_edge(unsigned intid, bool edge)
{
    uint64_t address = gic_place.dist + GICD_ICFGR + intid / 16 * 4;
    unsigned shift = intid % 16 * 2;

    io_write32(address, (io_read32(address) & ~(3u << shift)) |
                            (edge ? 2u : 0u) << shift);
}

static unsigned intid_of(uint32_t acknowledged)
{
    return acknowledged & (gic_place.version >= 3 ? 0xffffff : 0x3ff);
}

static void test_idle(void)
{
    test_part("idle");
    test_equal("nothing pending", intid_of(gic_acknowledge()), SPURIOUS);
    test_equal("highest pending", highest_pending(), SPURIOUS);
    test_equal("running priority", running(), 0xff);
    test_true("at least 256 interrupts",
              (io_read32(gic_place.dist + GICD_TYPER) & 31) >= 7);
}

static void test_spi(void)
{
    uint32_t ack;

    test_part("software pending");
    set_edge(SPI, true);
    set_bit(GICD_ISPENDR, SPI);
    test_equal("pending", bit_of(GICD_ISPENDR, SPI), 1);
    test_equal("but disabled", intid_of(gic_acknowledge()), SPURIOUS);
    gic_enable(SPI);
    test_equal("enabled", bit_of(GICD_ISENABLER, SPI), 1);
    test_equal("highest pending", highest_pending(), SPI);
    ack = gic_acknowledge();
    test_equal("acknowledged", intid_of(ack), SPI);
    test_equal("no longer pending", bit_of(GICD_ISPENDR, SPI), 0);
    test_equal("active", bit_of(GICD_ISACTIVER, SPI), 1);
    test_equal("running priority", running(), 0xa0);
    set_bit(GICD_ISPENDR, SPI);
    test_equal("active and pending", intid_of(gic_acknowledge()), SPURIOUS);
    gic_end(ack);
    test_equal("not active", bit_of(GICD_ISACTIVER, SPI), 0);
    test_equal("running priority after", running(), 0xff);
    ack = gic_acknowledge();
    test_equal("comes again", intid_of(ack), SPI);
    gic_end(ack);
    set_bit(GICD_ISPENDR, SPI);
    set_bit(GICD_ICPENDR, SPI);
    test_equal("cleared", intid_of(gic_acknowledge()), SPURIOUS);
    gic_disable(SPI);
    test_equal("disabled", bit_of(GICD_ISENABLER, SPI), 0);
}

static void test_priority(void)
{
    uint32_t first, second;

    test_part("priority");
    set_edge(SPI, true);
    set_edge(SPI2, true);
    gic_enable(SPI);
    gic_enable(SPI2);
    gic_set_priority(SPI, 0x80);
    gic_set_priority(SPI2, 0x40);
    set_bit(GICD_ISPENDR, SPI);
    set_bit(GICD_ISPENDR, SPI2);
    first = gic_acknowledge();
    test_equal("more urgent first", intid_of(first), SPI2);
    test_equal("its priority runs", running(), 0x40);
    test_equal("the other waits", intid_of(gic_acknowledge()), SPURIOUS);
    gic_end(first);
    second = gic_acknowledge();
    test_equal("then the other", intid_of(second), SPI);
    set_bit(GICD_ISPENDR, SPI2);
    first = gic_acknowledge();
    test_equal("preempts", intid_of(first), SPI2);
    test_equal("nested priority", running(), 0x40);
    gic_end(first);
    test_equal("back to the first", running(), 0x80);
    gic_end(second);
    test_equal("all ended", running(), 0xff);

    gic_set_priority(SPI, 0x40);
    set_bit(GICD_ISPENDR, SPI);
    set_bit(GICD_ISPENDR, SPI2);
    first = gic_acknowledge();
    test_equal("equal: lower number", intid_of(first), SPI);
    gic_end(first);
    first = gic_acknowledge();
    test_equal("equal: higher number", intid_of(first), SPI2);
    gic_end(first);

    gic_set_mask(0x40);
    set_bit(GICD_ISPENDR, SPI);
    test_equal("mask at its priority", intid_of(gic_acknowledge()),
               SPURIOUS);
    gic_set_mask(0x50);
    first = gic_acknowledge();
    test_equal("mask above it", intid_of(first), SPI);
    gic_end(first);
    gic_set_mask(0xf0);
}

/* Priorities of one group do not preempt each other. */
static void test_groups(void)
{
    uint32_t first, second;

    test_part("binary point");
    set_binary_point(7);
    gic_set_priority(SPI, 0xa0);
    gic_set_priority(SPI2, 0x80);
    set_bit(GICD_ISPENDR, SPI);
    first = gic_acknowledge();
    set_bit(GICD_ISPENDR, SPI2);
    test_equal("same group waits", intid_of(gic_acknowledge()), SPURIOUS);
    gic_end(first);
    second = gic_acknowledge();
    test_equal("after the end", intid_of(second), SPI2);
    gic_end(second);
    set_binary_point(0);
    gic_disable(SPI);
    gic_disable(SPI2);
}

static void test_sgi(void)
{
    uint64_t me = sysreg_read(mpidr_el1);
    uint32_t ack;
    struct test_many many = {.what = "each to ourselves"};

    test_part("sgi");
    for (unsigned id = 0; id < 16; id++) {
        gic_send(id, 0, me);
        ack = gic_acknowledge();
        test_many(&many, id, intid_of(ack), id);
        gic_end(ack);
        test_many(&many, id, intid_of(gic_acknowledge()), SPURIOUS);
    }
    test_many_end(&many);
    gic_send(3, 0, me);
    gic_send(3, 0, me);
    ack = gic_acknowledge();
    test_equal("two are one", intid_of(ack), 3);
    gic_end(ack);
    test_equal("two are one, after", intid_of(gic_acknowledge()), SPURIOUS);
}

static volatile unsigned taken;

static void on_uart(unsigned intid)
{
    (void)intid;
    taken++;
    io_write32(uart_base + UARTIMSC, 0);
}

/* The UART's transmit interrupt is a level: it stays until cleared.  Printing
   raises it, so what is seen is printed at the end. */
static void test_level(void)
{
    uint32_t raw, line, still, first, again, low, after;

    test_part("level");
    io_write32(uart_base + UARTIMSC, INT_TX);
    raw = io_read32(uart_base + UARTRIS) & INT_TX;
    line = bit_of(GICD_ISPENDR, UART);
    set_bit(GICD_ICPENDR, UART);
    still = bit_of(GICD_ISPENDR, UART);
    gic_enable(UART);
    first = gic_acknowledge();
    gic_end(first);
    again = gic_acknowledge();
    io_write32(uart_base + UARTICR, INT_TX);
    low = bit_of(GICD_ISPENDR, UART);
    gic_end(again);
    after = gic_acknowledge();
    io_write32(uart_base + UARTIMSC, 0);
    test_equal("raw status", raw, INT_TX);
    test_equal("pending by the line", line, 1);
    test_equal("cannot be cleared here", still, 1);
    test_equal("acknowledged", intid_of(first), UART);
    test_equal("again while high", intid_of(again), UART);
    test_equal("line is low", low, 0);
    test_equal("no more", intid_of(after), SPURIOUS);

    taken = 0;
    gic_handle(UART, on_uart);
    irq_enable();
    io_write32(uart_base + UARTIMSC, INT_TX);
    barrier_isb();
    for (uint64_t end = test_deadline(); !taken && timer_now() < end;) {
        barrier_isb();
    }
    irq_disable();
    test_equal("taken once", taken, 1);
    io_write32(uart_base + UARTICR, INT_TX);
    gic_disable(UART);
}

void test_main(void)
{
    test_idle();
    test_spi();
    test_priority();
    test_groups();
    test_sgi();
    test_level();
}
