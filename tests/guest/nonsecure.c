/*
 * What Non-secure software finds of a board with EL3: interrupts that are
 * its own, with priorities in its view, and nothing of Secure memory and
 * devices.
 *
 * run: -M virt,secure=on,gic-version=2 -cpu cortex-a72
 * run: -M virt,secure=on,gic-version=3 -cpu cortex-a72
 * armature: -M virt,secure=on,gic-version=3 -cpu max -accel interp
 */
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "tests/guest/lib/test.h"

enum { GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_IGROUPR = 0x080,
       GICD_ISENABLER = 0x100, GICD_ISPENDR = 0x200, GICD_ICPENDR = 0x280,
       GICD_IPRIORITYR = 0x400, GICD_ITARGETSR = 0x800,
       GICD_IGRPMODR = 0xd00, GICD_NSACR = 0xe00, GICD_IROUTER = 0x6000 };
enum { SPI = 70, SPURIOUS = 1023 };

static uint32_t dist(unsigned offset)
{
    return io_read32(gic_place.dist + offset);
}

static void set_dist(unsigned offset, uint32_t value)
{
    io_write32(gic_place.dist + offset, value);
    barrier_dsb();
}

static void test_distributor(void)
{
    unsigned word = SPI / 32 * 4;

    test_part("distributor");
    test_equal("two Security states", dist(GICD_TYPER) >> 10 & 1, 1);
    test_equal("group registers read as zero", dist(GICD_IGROUPR + word), 0);
    test_equal("and are not written",
               (set_dist(GICD_IGROUPR + word, 0x55), dist(GICD_IGROUPR + word)),
               0);
    set_dist(GICD_IPRIORITYR + SPI / 4 * 4, 0xf000a040);
    test_equal("priorities", dist(GICD_IPRIORITYR + SPI / 4 * 4), 0xf000a040);
    set_dist(GICD_ISENABLER + word, 1u << SPI % 32);
    test_equal("all interrupts are ours",
               dist(GICD_ISENABLER + word) >> SPI % 32 & 1, 1);
    if (gic_place.version == 2) {
        test_equal("control", dist(GICD_CTLR), 1);
        io_write8(gic_place.dist + GICD_ITARGETSR + SPI, 1);
    } else {
        test_equal("control", dist(GICD_CTLR) & 0xf, 2);
        io_write64(gic_place.dist + GICD_IROUTER + 8 * SPI, 0);
    }
}

static void test_interrupt(void)
{
    unsigned word = SPI / 32 * 4;

    test_part("an interrupt");
    set_dist(GICD_ISPENDR + word, 1u << SPI % 32);
    test_equal("acknowledged", gic_acknowledge(), SPI);
    test_equal("no other", gic_acknowledge(), SPURIOUS);
    gic_end(SPI);
    test_equal("ended", gic_acknowledge(), SPURIOUS);
}

static void test_hidden(void)
{
    static const struct {
        const char *what;
        uint64_t address;
    } hidden[] = {
        {"Secure memory", 0x0e000000},
        {"its end", 0x0effffec},
        {"Secure UART", 0x09040000},
        {"Secure GPIO", 0x090b0000},
        {"Secure flash", 0x00000000},
    };
    uint32_t value;

    test_part("hidden");
    for (unsigned n = 0; n < ARRAY_SIZE(hidden); n++) {
        test_true(hidden[n].what,
                  !exception_try_read32(hidden[n].address, &value));
    }
    test_true("the other flash is there",
              exception_try_read32(0x04000000, &value));
}

void test_main(void)
{
    test_distributor();
    test_interrupt();
    test_hidden();
}
