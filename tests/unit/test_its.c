/* hw/intc/gicv3_its and LPIs: from a device's write to an acknowledge. */
#include <check.h>
#include <libfdt.h>
#include <string.h>

#include "hw/intc/gic.h"
#include "hw/intc/gicv3_its.h"
#include "tests/unit/random64.h"
#include "util/bits.h"

Suite *its_suite(void);

#define CPUS 4
#define DIST UINT64_C(0x08000000)
#define ITS UINT64_C(0x08080000)
#define TRANSLATER (ITS + 0x10040)
#define GICR(cpu) (UINT64_C(0x080a0000) + (cpu) * 0x20000)
#define RAM UINT64_C(0x40000000)
#define RAM_SIZE 0x400000

/* Guest memory. */
#define PROP (RAM + 0x10000)
#define PEND(cpu) (RAM + 0x40000 + (cpu) * 0x10000)
#define QUEUE (RAM + 0x80000)
#define DEVICES (RAM + 0x90000)
#define COLLECTIONS (RAM + 0xa0000)
#define ITT (RAM + 0xb0000)
#define LEVEL2 (RAM + 0xc0000)

#define VALID BIT(63)
#define INDIRECT BIT(62)
#define DEV 0x0108
#define SPURIOUS 1023

#define ICC(crn, crm, op2) (3 << 14 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    PMR = ICC(4, 6, 0),
    RPR = ICC(12, 11, 3),
    IAR1 = ICC(12, 12, 0),
    EOIR1 = ICC(12, 12, 1),
    HPPIR1 = ICC(12, 12, 2),
    IGRPEN1 = ICC(12, 12, 7),
};

static struct bus *bus;
static struct ram *ram;
static struct dma dma;
static struct gic *gic;
static struct gicv3_its *its;
static const struct cpu_gic_if *icc;
static bool irq[CPUS];
static uint64_t queue_end;

static void set_irq(void *opaque, unsigned n, bool level)
{
    ((bool *)opaque)[n] = level;
}

static uint64_t rd(uint64_t pa, unsigned size)
{
    uint64_t value;

    ck_assert(bus_read(bus, pa, size, 0, &value));
    return value;
}

static void wr(uint64_t pa, unsigned size, uint64_t value)
{
    ck_assert(bus_write(bus, pa, size, 0, value));
}

static unsigned ack(unsigned cpu)
{
    return (unsigned)icc->read(icc->opaque, cpu, IAR1, 1);
}

static void end(unsigned cpu, unsigned intid)
{
    icc->write(icc->opaque, cpu, EOIR1, intid, 1);
}

static void message(unsigned device, uint32_t event)
{
    ck_assert(bus_write(bus, TRANSLATER, 4, BUS_DMA_FROM(device), event));
}

/* Commands -------------------------------------------------------------- */

static void command(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    uint64_t words[] = {w0, w1, w2, w3};

    for (unsigned i = 0; i < 4; i++) {
        wr(QUEUE + queue_end + 8 * i, 8, words[i]);
    }
    queue_end = (queue_end + 32) % 0x1000;
    wr(ITS + 0x88, 8, queue_end);
    ck_assert_uint_eq(rd(ITS + 0x90, 8), queue_end);
}

static void mapd(uint32_t device, uint64_t table, unsigned bits)
{
    command(0x08 | (uint64_t)device << 32, bits - 1, table | VALID, 0);
}

static void mapc(unsigned collection, unsigned cpu)
{
    command(0x09, 0, VALID | (uint64_t)cpu << 16 | collection, 0);
}

static void mapti(uint32_t device, uint32_t event, uint32_t intid,
                  unsigned collection)
{
    command(0x0a | (uint64_t)device << 32, event | (uint64_t)intid << 32,
            collection, 0);
}

/* INT, CLEAR, INV, DISCARD. */
static void on_event(unsigned number, uint32_t device, uint32_t event)
{
    command(number | (uint64_t)device << 32, event, 0, 0);
}

enum { INT = 3, CLEAR = 4, INV = 12, DISCARD = 15 };

static void configure(unsigned intid, uint8_t value)
{
    wr(PROP + intid - 8192, 1, value);
}

/* Set-up ---------------------------------------------------------------- */

static void enable_lpis(unsigned cpu)
{
    wr(GICR(cpu) + 0x70, 8, PROP | 15);
    wr(GICR(cpu) + 0x78, 8, PEND(cpu));
    wr(GICR(cpu), 4, 1);
    ck_assert_uint_eq(rd(GICR(cpu), 4) & 1, 1);
    icc->write(icc->opaque, cpu, PMR, 0xff, 1);
    icc->write(icc->opaque, cpu, IGRPEN1, 1, 1);
}

static void setup(void)
{
    struct cpu_port ports[CPUS] = {0};

    memset(irq, 0, sizeof(irq));
    queue_end = 0;
    for (unsigned i = 0; i < CPUS; i++) {
        ports[i].irq = (struct irq){set_irq, irq, i};
        ports[i].mpidr = i;
    }
    bus = bus_new();
    ram = ram_new("ram", RAM_SIZE, NULL);
    bus_map_ram(bus, RAM, ram);
    dma = (struct dma){.bus = bus};
    gic = gicv3_create(bus, &(struct gic_config){
        .dist_base = DIST,
        .cpu_base = GICR(0),
        .spis = 64,
        .cpus = CPUS,
        .ports = ports,
    });
    its = gicv3_its_create(bus, &dma, ITS, gic);
    icc = gic_cpu_interface(gic);
}

static void teardown(void)
{
    gicv3_its_free(its);
    gic_free(gic);
    bus_free(bus);
    ram_free(ram);
}

/* Everything on; events 0..7 of DEV are LPIs 8192.., collection n is
 * processor n. */
static void start(void)
{
    wr(DIST, 4, 2);
    for (unsigned i = 0; i < CPUS; i++) {
        enable_lpis(i);
    }
    wr(ITS + 0x80, 8, VALID | QUEUE);
    wr(ITS + 0x100, 8, VALID | DEVICES | 15);
    wr(ITS + 0x108, 8, VALID | COLLECTIONS);
    wr(ITS, 4, 1);
    for (unsigned i = 0; i < CPUS; i++) {
        mapc(i, i);
    }
    mapd(DEV, ITT, 5);
    for (unsigned i = 0; i < 8; i++) {
        mapti(DEV, i, 8192 + i, i % CPUS);
        configure(8192 + i, 0xa0 | 1);
        on_event(INV, DEV, i);
    }
}

/* Registers ------------------------------------------------------------- */

START_TEST(identification)
{
    ck_assert_uint_eq(rd(DIST + 4, 4) >> 17 & 1, 1);
    ck_assert_uint_eq(rd(GICR(0) + 8, 4) & 1, 1);
    uint64_t typer = rd(ITS + 8, 8);
    ck_assert_uint_eq(typer & 1, 1);
    ck_assert_uint_eq(extract64(typer, 8, 5), 15);
    ck_assert_uint_eq(extract64(typer, 13, 5), 15);
    ck_assert_uint_eq(rd(ITS + 12, 4), typer >> 32);
    ck_assert_uint_eq(rd(ITS + 4, 4), 0x43b);
    ck_assert_uint_eq(rd(ITS + 0xffe8, 4), 0x3b);
    ck_assert_uint_eq(rd(ITS, 4), BIT(31));
    ck_assert_uint_eq(extract64(rd(ITS + 0x100, 8), 56, 3), 1);
    ck_assert_uint_eq(extract64(rd(ITS + 0x108, 8), 56, 3), 4);
    ck_assert_uint_eq(extract64(rd(ITS + 0x110, 8), 56, 3), 0);
    ck_assert_uint_eq(extract64(rd(ITS + 0x100, 8), 48, 5), 7);
}
END_TEST

START_TEST(registers)
{
    wr(ITS + 0x100, 4, 0x1234f1ff);
    wr(ITS + 0x104, 4, 0xffffffff);
    ck_assert_uint_eq(rd(ITS + 0x100, 8) & UINT64_C(0xffe0ffffffffffff),
                      UINT64_C(0xf9e0ffff1234f1ff) &
                          UINT64_C(0xffe0ffffffffffff));
    wr(ITS + 0x88, 8, 0xfff);
    ck_assert_uint_eq(rd(ITS + 0x88, 8), 0xfe0);
    wr(ITS + 0x80, 8, VALID | QUEUE);
    wr(ITS, 4, 1);
    wr(ITS + 0x80, 8, 0); /* not while enabled */
    ck_assert_uint_eq(rd(ITS + 0x80, 8), VALID | QUEUE);
    gicv3_its_reset(its);
    ck_assert_uint_eq(rd(ITS + 0x80, 8), 0);
    ck_assert_uint_eq(rd(ITS, 4), BIT(31));
    rd(ITS + 0x40, 4);
    wr(ITS + 0x40, 8, 1);
    wr(ITS + 0x10000, 8, 1);
    ck_assert_uint_eq(rd(TRANSLATER, 4), 0);
}
END_TEST

START_TEST(redistributor)
{
    wr(GICR(1) + 0x70, 8, PROP | 15);
    wr(GICR(1) + 0x78, 4, (uint32_t)PEND(1));
    wr(GICR(1) + 0x7c, 4, 1 << 30); /* PTZ */
    ck_assert_uint_eq(rd(GICR(1) + 0x78, 8), PEND(1));
    wr(GICR(1), 4, 1);
    wr(GICR(1) + 0x70, 8, 0); /* not while enabled */
    ck_assert_uint_eq(rd(GICR(1) + 0x70, 8), PROP | 15);
    wr(GICR(1), 4, 0);
    ck_assert_uint_eq(rd(GICR(1), 4), 2);
    wr(GICR(1) + 0x70, 8, 0);
    ck_assert_uint_eq(rd(GICR(1) + 0x70, 8), 0);
}
END_TEST

/* Interrupts ------------------------------------------------------------ */

START_TEST(delivery)
{
    start();
    message(DEV, 2);
    ck_assert(irq[2] && !irq[0] && !irq[1] && !irq[3]);
    ck_assert_uint_eq(icc->read(icc->opaque, 2, HPPIR1, 1), 8194);
    ck_assert_uint_eq(ack(2), 8194);
    ck_assert(!irq[2]);
    ck_assert_uint_eq(icc->read(icc->opaque, 2, RPR, 1), 0xa0);
    message(DEV, 2); /* pends again, but does not preempt itself */
    ck_assert(!irq[2]);
    end(2, 8194);
    ck_assert(irq[2]);
    ck_assert_uint_eq(ack(2), 8194);
    end(2, 8194);
    ck_assert_uint_eq(ack(2), SPURIOUS);
    ck_assert_uint_eq(icc->read(icc->opaque, 2, RPR, 1), 0xff);
    end(2, 8194); /* none is running */
}
END_TEST

START_TEST(gates)
{
    start();
    wr(DIST, 4, 0); /* group 1 off */
    message(DEV, 0);
    ck_assert(!irq[0]);
    wr(DIST, 4, 2);
    ck_assert(irq[0]);
    icc->write(icc->opaque, 0, IGRPEN1, 0, 1);
    ck_assert(!irq[0]);
    icc->write(icc->opaque, 0, IGRPEN1, 1, 1);
    icc->write(icc->opaque, 0, PMR, 0xa0, 1);
    ck_assert(!irq[0]);
    icc->write(icc->opaque, 0, PMR, 0xa8, 1);
    ck_assert(irq[0]);
    wr(GICR(0), 4, 0); /* forgotten */
    ck_assert(!irq[0]);
    message(DEV, 0);
    wr(GICR(0), 4, 1);
    ck_assert(!irq[0]);
    gic_reset(gic);
    ck_assert_uint_eq(rd(GICR(0), 4), 2);
}
END_TEST

START_TEST(priorities)
{
    start();
    configure(8192, 0x80 | 1);
    configure(8196, 0x40 | 1);
    on_event(INV, DEV, 0);
    on_event(INV, DEV, 4);
    message(DEV, 0);
    message(DEV, 4);
    ck_assert_uint_eq(ack(0), 8196);
    ck_assert(!irq[0]);
    end(0, 8196);
    ck_assert_uint_eq(ack(0), 8192);
    message(DEV, 4); /* preempts */
    ck_assert_uint_eq(ack(0), 8196);
    end(0, 8196);
    end(0, 8192);
}
END_TEST

/* What the table says counts from INV or INVALL on. */
START_TEST(configuration)
{
    start();
    configure(8192, 0xa0);
    message(DEV, 0);
    ck_assert(irq[0]);
    on_event(INV, DEV, 0);
    ck_assert(!irq[0]);
    configure(8192, 0xa1);
    configure(8196, 0xa0);
    command(0x0d, 0, 0, 0); /* INVALL */
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(0), 8192);
    end(0, 8192);
    message(DEV, 4);
    ck_assert(!irq[0]);
}
END_TEST

START_TEST(by_command)
{
    start();
    on_event(INT, DEV, 1);
    ck_assert(irq[1]);
    on_event(CLEAR, DEV, 1);
    ck_assert(!irq[1]);
    on_event(INT, DEV, 1);
    on_event(DISCARD, DEV, 1);
    ck_assert(!irq[1]);
    message(DEV, 1);
    on_event(INT, DEV, 1);
    ck_assert(!irq[1]);
    /* MAPI: the event is the INTID. */
    mapd(DEV, ITT, 14);
    command(0x0b | (uint64_t)DEV << 32, 8200, 3, 0);
    configure(8200, 1);
    on_event(INV, DEV, 8200);
    message(DEV, 8200);
    ck_assert_uint_eq(ack(3), 8200);
}
END_TEST

START_TEST(moving)
{
    start();
    on_event(INT, DEV, 0);
    command(0x01 | (uint64_t)DEV << 32, 0, 3, 0); /* MOVI to 3 */
    ck_assert(!irq[0] && irq[3]);
    ck_assert_uint_eq(ack(3), 8192);
    end(3, 8192);
    message(DEV, 0);
    ck_assert(irq[3]);
    message(DEV, 7);
    command(0x0e, 0, 3 << 16, 1 << 16); /* MOVALL 3 to 1 */
    ck_assert(!irq[3] && irq[1]);
    ck_assert_uint_eq(ack(1), 8192);
    end(1, 8192);
    ck_assert_uint_eq(ack(1), 8199);
    end(1, 8199);
    mapc(3, 2);
    message(DEV, 7);
    ck_assert(irq[2]);
    command(0x05, 0, 1 << 16, 0); /* SYNC */
}
END_TEST

START_TEST(pending_table)
{
    wr(PEND(0) + 8192 / 8, 1, 2); /* 8193 */
    configure(8193, 1);
    wr(DIST, 4, 2);
    enable_lpis(0);
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(0), 8193);
}
END_TEST

START_TEST(two_levels)
{
    start();
    wr(ITS, 4, 0);
    for (unsigned i = 0; i < 0x1000; i += 8) {
        wr(DEVICES + i, 8, 0);
    }
    wr(DEVICES + 2 * 8, 8, VALID | LEVEL2); /* devices 0x400.. */
    wr(ITS + 0x100, 8, VALID | INDIRECT | DEVICES);
    wr(ITS, 4, 1);
    mapd(0x401, ITT, 5);
    ck_assert_uint_ne(rd(LEVEL2 + 8, 8), 0);
    mapti(0x401, 3, 8192, 0);
    message(0x401, 3);
    ck_assert_uint_eq(ack(0), 8192);
    mapd(0x801, ITT, 5); /* its page is not there */
    mapti(0x801, 3, 8193, 0);
    message(0x801, 3);
    ck_assert(!irq[0]);
}
END_TEST

/* Guests that are wrong ------------------------------------------------- */

START_TEST(unmapped)
{
    start();
    message(DEV, 8);      /* no such event */
    message(DEV, 32);     /* beyond the table */
    message(DEV, ~0u);
    message(DEV + 1, 0);  /* no such device */
    message(0xffff, 0);
    wr(TRANSLATER, 4, 0); /* not a device */
    bus_write(bus, TRANSLATER, 4, BUS_DMA, 0);
    mapti(DEV, 8, 100, 0);     /* not an LPI */
    mapti(DEV, 8, 65536, 0);
    mapti(DEV, 8, 8200, 9);    /* no such collection */
    message(DEV, 8);
    mapc(5, CPUS);
    mapti(DEV, 9, 8201, 5);
    on_event(INT, DEV, 9);
    mapd(DEV, ITT, 32);
    command(0x0e, 0, 9 << 16, 0);
    command(0x05, 0, 9 << 16, 0);
    command(0xff, 0, 0, 0);
    command(0, 0, 0, 0);
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(!irq[i]);
    }
    /* A table outside memory. */
    mapd(DEV, UINT64_C(0xffffffffff00), 5);
    mapti(DEV, 0, 8192, 0);
    message(DEV, 0);
    ck_assert(!irq[0]);
}
END_TEST

START_TEST(queue_errors)
{
    start();
    wr(ITS + 0x88, 8, 0x1000); /* beyond the end */
    ck_assert_uint_eq(rd(ITS + 0x90, 8), queue_end);
    wr(ITS, 4, 0);
    wr(ITS + 0x80, 8, VALID | UINT64_C(0xfffff000));
    wr(ITS + 0x88, 8, 32);
    wr(ITS, 4, 1);
    ck_assert_uint_eq(rd(ITS + 0x90, 8), 1); /* stalled */
    wr(ITS + 0x88, 8, 64);
    ck_assert_uint_eq(rd(ITS + 0x90, 8), 1);
    wr(ITS, 4, 0);
    wr(ITS + 0x80, 8, VALID | QUEUE);
    ck_assert_uint_eq(rd(ITS + 0x90, 8), 0);
    wr(ITS, 4, 1);
    ck_assert_uint_eq(rd(ITS + 0x90, 8), 64);
}
END_TEST

START_TEST(tables_not_memory)
{
    wr(GICR(0) + 0x70, 8, UINT64_C(0xfff000) | 15);
    wr(GICR(0) + 0x78, 8, UINT64_C(0xff0000));
    wr(GICR(0), 4, 1);
    wr(GICR(1) + 0x70, 8, (RAM + RAM_SIZE - 0x1000) | 31);
    wr(GICR(1) + 0x78, 8, RAM + RAM_SIZE - 0x10000);
    wr(GICR(1), 4, 1);
    wr(GICR(2) + 0x70, 8, PROP); /* too few bits for any */
    wr(GICR(2), 4, 1);
}
END_TEST

/* Entries of our tables are overwritten, too. */
START_TEST(random_commands)
{
    start();
    for (unsigned i = 0; i < 50000; i++) {
        uint64_t device = random64() % 8 ? DEV : random64() & 0xffffffff;
        uint64_t event = random64() % 8 ? random64() % 40 : random64();
        uint64_t w2 = random64() % 4 ? VALID | (random64() % 5) << 16 |
                                           random64() % 5 | ITT
                                     : random64();
        command(random64() % 17 | device << 32,
                (uint32_t)event | (8190 + random64() % 16) << 32, w2,
                random64() % 8 ? (random64() % 5) << 16 : random64());
        message((unsigned)device & 0xffff, (uint32_t)event);
        if (random64() % 64 == 0) {
            wr(DEVICES + DEV * 8, 8, random64());
            wr(COLLECTIONS + random64() % 5 * 8, 8, random64());
            wr(ITT + random64() % 32 * 8, 8, random64());
        }
        unsigned cpu = random64() % CPUS, intid = ack(cpu);
        if (intid != SPURIOUS) {
            end(cpu, intid);
        }
    }
}
END_TEST

START_TEST(random_registers)
{
    uint64_t ignored;

    start();
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t at = random64() % 2 ? ITS + random64() % 0x140
                                     : GICR(0) + random64() % 0x80;
        uint64_t value = random64() % 2 ? VALID | (RAM + random64() % 0x1000)
                                        : random64() % 2;
        bus_write(bus, at, 1u << random64() % 4, 0, value);
        bus_read(bus, at, 1u << random64() % 4, 0, &ignored);
        message(random64() % 0x200, random64() % 8);
    }
}
END_TEST

START_TEST(device_tree)
{
    struct fdt_builder *fdt = fdt_builder_new();

    gic_fdt(gic, fdt);
    gicv3_its_fdt(its, fdt);
    int node = fdt_path_offset(fdt->blob, "/intc@8000000/its@8080000");
    ck_assert_int_ge(node, 0);
    ck_assert_uint_eq(fdt_get_phandle(fdt->blob, node), fdt->msi_phandle);
    ck_assert_uint_ne(fdt->msi_phandle, 0);
    fdt_builder_free(fdt);
}
END_TEST

Suite *its_suite(void)
{
    const TTest *const tests[] = {
        identification, registers,  redistributor,  delivery,
        gates,          priorities, configuration,  by_command,
        moving,         pending_table, two_levels,  unmapped,
        queue_errors,   tables_not_memory, random_commands,
        random_registers, device_tree,
    };
    Suite *suite = suite_create("its");
    TCase *tcase = tcase_create("its");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
