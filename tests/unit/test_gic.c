/* hw/intc: GICv2, GICv3, GICv2m.  Most tests run on both versions. */
#include <check.h>
#include <libfdt.h>
#include <pthread.h>
#include <string.h>

#include "hw/intc/gic.h"
#include "util/bits.h"

Suite *gic_suite(void);

#define CPUS 4
#define SPIS 256
#define DIST UINT64_C(0x08000000)
#define GICC UINT64_C(0x08010000)
#define V2M UINT64_C(0x08020000)
#define GICR UINT64_C(0x080a0000)

/* Distributor registers of a bit per interrupt. */
enum {
    IGROUPR = 0x080,
    ISENABLER = 0x100,
    ICENABLER = 0x180,
    ISPENDR = 0x200,
    ICPENDR = 0x280,
    ISACTIVER = 0x300,
    ICACTIVER = 0x380,
};

/* ICC_*_EL1 as op0:op1:CRn:CRm:op2. */
#define ICC(crn, crm, op2) (3 << 14 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    PMR = ICC(4, 6, 0),
    IAR0 = ICC(12, 8, 0),
    EOIR0 = ICC(12, 8, 1),
    HPPIR0 = ICC(12, 8, 2),
    BPR0 = ICC(12, 8, 3),
    AP0R0 = ICC(12, 8, 4),
    AP1R0 = ICC(12, 9, 0),
    DIR = ICC(12, 11, 1),
    RPR = ICC(12, 11, 3),
    SGI1R = ICC(12, 11, 5),
    ASGI1R = ICC(12, 11, 6),
    SGI0R = ICC(12, 11, 7),
    IAR1 = ICC(12, 12, 0),
    EOIR1 = ICC(12, 12, 1),
    HPPIR1 = ICC(12, 12, 2),
    BPR1 = ICC(12, 12, 3),
    CTLR = ICC(12, 12, 4),
    SRE = ICC(12, 12, 5),
    IGRPEN0 = ICC(12, 12, 6),
    IGRPEN1 = ICC(12, 12, 7),
};

static struct bus *bus;
static struct gic *gic;
static struct gicv2m *v2m;
static const struct cpu_gic_if *icc;
static bool irq[CPUS], fiq[CPUS];
static unsigned cpu; /* who makes the accesses */

static void set_irq(void *opaque, unsigned n, bool level)
{
    ((bool *)opaque)[n] = level;
}

static uint32_t rd(uint64_t pa)
{
    uint64_t value;
    ck_assert(bus_read(bus, pa, 4, cpu, &value));
    return value;
}

static void wr(uint64_t pa, uint32_t value)
{
    ck_assert(bus_write(bus, pa, 4, cpu, value));
}

static uint64_t mrs(uint16_t reg)
{
    return icc->read(icc->opaque, cpu, reg);
}

static void msr(uint16_t reg, uint64_t value)
{
    icc->write(icc->opaque, cpu, reg, value);
}

/* Page with the registers of an interrupt, for the current processor. */
static uint64_t page(unsigned intid)
{
    return icc && intid < 32 ? GICR + cpu * 0x20000 + 0x10000 : DIST;
}

static void bit_set(unsigned reg, unsigned intid)
{
    wr(page(intid) + reg + intid / 32 * 4, BIT(intid % 32));
}

static bool bit_get(unsigned reg, unsigned intid)
{
    return rd(page(intid) + reg + intid / 32 * 4) >> (intid % 32) & 1;
}

static void priority_set(unsigned intid, uint8_t priority)
{
    ck_assert(bus_write(bus, page(intid) + 0x400 + intid, 1, cpu, priority));
}

static void edge_set(unsigned intid, bool edge)
{
    uint64_t reg = page(intid) + 0xc00 + intid / 16 * 4;
    uint32_t bit = BIT(intid % 16 * 2 + 1);
    wr(reg, edge ? rd(reg) | bit : rd(reg) & ~bit);
}

static void route(unsigned intid, unsigned to)
{
    if (icc) {
        ck_assert(bus_write(bus, DIST + 0x6000 + intid * 8, 8, cpu, to));
    } else {
        ck_assert(bus_write(bus, DIST + 0x800 + intid, 1, cpu, BIT(to)));
    }
}

/* Ready to fire at `priority`, in group 1 with GICv3, 0 with GICv2. */
static void prepare(unsigned intid, uint8_t priority)
{
    if (icc) {
        uint64_t reg = page(intid) + IGROUPR + intid / 32 * 4;
        wr(reg, rd(reg) | BIT(intid % 32));
    }
    priority_set(intid, priority);
    if (intid >= 32) {
        route(intid, cpu);
    }
    bit_set(ISENABLER, intid);
}

static uint32_t ack(void)
{
    return icc ? mrs(IAR1) : rd(GICC + 0xc);
}

static void eoi(uint32_t intid)
{
    if (icc) {
        msr(EOIR1, intid);
    } else {
        wr(GICC + 0x10, intid);
    }
}

static void deactivate(uint32_t intid)
{
    if (icc) {
        msr(DIR, intid);
    } else {
        wr(GICC + 0x1000, intid);
    }
}

static void eoi_mode(void)
{
    if (icc) {
        msr(CTLR, 2);
    } else {
        wr(GICC, rd(GICC) | BIT(9));
    }
}

static uint32_t running(void)
{
    return icc ? mrs(RPR) : rd(GICC + 0x14);
}

static void pmr(uint8_t mask)
{
    if (icc) {
        msr(PMR, mask);
    } else {
        wr(GICC + 4, mask);
    }
}

static void sgi(unsigned intid, unsigned to)
{
    if (icc) {
        msr(SGI1R, (uint64_t)intid << 24 | BIT(to));
    } else {
        wr(DIST + 0xf00, BIT(16 + to) | intid);
    }
}

static void spi_line(unsigned intid, bool level)
{
    struct irq line = gic_spi(gic, intid - 32);
    irq_set(&line, level);
}

static void ppi_line(unsigned to, unsigned intid, bool level)
{
    struct irq line = gic_ppi(gic, to, intid);
    irq_set(&line, level);
}

/* As Linux would, on every processor; leaves `cpu` at 0. */
static void enable_all(void)
{
    wr(DIST, 3);
    for (cpu = 0; cpu < CPUS; cpu++) {
        pmr(0xf0);
        if (icc) {
            msr(IGRPEN0, 1);
            msr(IGRPEN1, 1);
        } else {
            wr(GICC, 1);
        }
    }
    cpu = 0;
}

static void create(unsigned version)
{
    struct cpu_port ports[CPUS];
    memset(ports, 0, sizeof(ports));
    memset(irq, 0, sizeof(irq));
    memset(fiq, 0, sizeof(fiq));
    for (unsigned i = 0; i < CPUS; i++) {
        ports[i].irq = (struct irq){set_irq, irq, i};
        ports[i].fiq = (struct irq){set_irq, fiq, i};
        ports[i].mpidr = BIT(31) | i;
    }
    bus = bus_new();
    cpu = 0;
    if (version == 2) {
        gic = gicv2_create(bus, DIST, GICC, SPIS, ports, CPUS);
        v2m = gicv2m_create(bus, V2M, gic, 48, 64);
    } else {
        gic = gicv3_create(bus, DIST, GICR, SPIS, ports, CPUS);
        v2m = NULL;
    }
    icc = gic_cpu_interface(gic);
    ck_assert((icc != NULL) == (version == 3));
    enable_all();
}

static void setup_v2(void)
{
    create(2);
}
static void setup_v3(void)
{
    create(3);
}

static void teardown(void)
{
    bus_free(bus);
    gicv2m_free(v2m);
    gic_free(gic);
}

/* ---- both versions ---- */

START_TEST(test_level_spi)
{
    prepare(40, 0xa0);
    ck_assert(!irq[0]);
    spi_line(40, true);
    ck_assert(irq[0] && !fiq[0] && !irq[1]);
    ck_assert(bit_get(ISPENDR, 40));
    ck_assert_uint_eq(ack(), 40);
    ck_assert(!irq[0]);
    ck_assert(bit_get(ISACTIVER, 40));
    ck_assert_uint_eq(running(), 0xa0);
    ck_assert_uint_eq(ack(), 1023);

    /* Still high: again after the end. */
    eoi(40);
    ck_assert(irq[0]);
    ck_assert_uint_eq(running(), 0xff);
    ck_assert_uint_eq(ack(), 40);
    spi_line(40, false);
    eoi(40);
    ck_assert(!irq[0]);
    ck_assert(!bit_get(ISPENDR, 40));

    /* A line that falls takes the request back. */
    spi_line(40, true);
    spi_line(40, false);
    ck_assert(!irq[0]);
    ck_assert_uint_eq(ack(), 1023);
}
END_TEST

START_TEST(test_edge_spi)
{
    prepare(80, 0xa0);
    edge_set(80, true);
    spi_line(80, true);
    spi_line(80, false);
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(), 80);

    /* An edge while active stays pending, once. */
    spi_line(80, true);
    spi_line(80, false);
    spi_line(80, true);
    ck_assert(!irq[0]);
    eoi(80);
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(), 80);
    eoi(80);
    ck_assert(!irq[0]);
}
END_TEST

START_TEST(test_ppi)
{
    prepare(27, 0xa0);
    ppi_line(1, 27, true); /* not enabled on processor 1 */
    ck_assert(!irq[0] && !irq[1]);
    ppi_line(0, 27, true);
    ck_assert(irq[0] && !irq[1]);
    ck_assert_uint_eq(ack(), 27);
    ppi_line(0, 27, false);
    eoi(27);
    ck_assert(!irq[0]);
    cpu = 1;
    prepare(27, 0xa0);
    ck_assert(irq[1]);
}
END_TEST

START_TEST(test_sgi)
{
    cpu = 2;
    prepare(5, 0xa0);
    cpu = 0;
    sgi(5, 2);
    ck_assert(irq[2] && !irq[0] && !irq[1] && !irq[3]);
    cpu = 2;
    ck_assert_uint_eq(ack() & 0x3ff, 5);
    ck_assert(!irq[2]);
    eoi(5);
    ck_assert(!bit_get(ISPENDR, 5) && !bit_get(ISACTIVER, 5));
}
END_TEST

START_TEST(test_priority_and_preemption)
{
    prepare(40, 0xa0);
    prepare(41, 0x80);
    prepare(42, 0xa0);
    spi_line(40, true);
    spi_line(42, true);
    ck_assert_uint_eq(ack(), 40); /* the lowest INTID of equals */
    ck_assert(!irq[0]);           /* equals do not preempt */
    spi_line(41, true);
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(), 41);
    ck_assert_uint_eq(running(), 0x80);
    spi_line(41, false);
    eoi(41);
    ck_assert_uint_eq(running(), 0xa0);
    ck_assert(!irq[0]);
    eoi(40);
    spi_line(40, false);
    ck_assert_uint_eq(ack(), 42);
}
END_TEST

START_TEST(test_mask)
{
    prepare(40, 0xa0);
    spi_line(40, true);
    pmr(0xa0);
    ck_assert(!irq[0]);
    ck_assert_uint_eq(ack(), 1023);
    pmr(0xa8);
    ck_assert(irq[0]);
    bit_set(ICENABLER, 40);
    ck_assert(!irq[0]);
    bit_set(ISENABLER, 40);
    ck_assert(irq[0]);
    priority_set(40, 0xf8);
    ck_assert(!irq[0]);
    priority_set(40, 0);
    ck_assert(irq[0]);
    wr(DIST, 0);
    ck_assert(!irq[0]);
    ck_assert_uint_eq(ack(), 1023);
}
END_TEST

START_TEST(test_binary_point)
{
    prepare(40, 0xa0);
    prepare(41, 0x98);
    prepare(42, 0x70);
    /* Group priority is bits 7..6: a, 9 and 8 are equals. */
    if (icc) {
        msr(BPR1, 6);
        ck_assert_uint_eq(mrs(BPR1), 6);
    } else {
        wr(GICC + 8, 5);
        ck_assert_uint_eq(rd(GICC + 8), 5);
    }
    spi_line(40, true);
    ck_assert_uint_eq(ack(), 40);
    ck_assert_uint_eq(running(), 0x80);
    spi_line(41, true);
    ck_assert(!irq[0]);
    spi_line(42, true);
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(), 42);
    ck_assert_uint_eq(running(), 0x40);
}
END_TEST

START_TEST(test_eoi_mode)
{
    prepare(40, 0xa0);
    prepare(41, 0xa0);
    deactivate(40); /* wrong without EOImode: ignored */
    eoi_mode();
    spi_line(40, true);
    spi_line(41, true);
    ck_assert_uint_eq(ack(), 40);
    eoi(40);
    ck_assert_uint_eq(running(), 0xff);
    ck_assert(bit_get(ISACTIVER, 40));
    ck_assert_uint_eq(ack(), 41); /* 40 is active still */
    eoi(41);
    ck_assert(!irq[0]);
    deactivate(40);
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(), 40);
}
END_TEST

START_TEST(test_software_pending)
{
    prepare(40, 0xa0);
    bit_set(ISPENDR, 40);
    ck_assert(irq[0]);
    bit_set(ICPENDR, 40);
    ck_assert(!irq[0]);
    bit_set(ISPENDR, 40);
    ck_assert_uint_eq(ack(), 40);
    ck_assert(!bit_get(ISPENDR, 40));
    eoi(40);
    ck_assert(!irq[0]);

    /* A level cannot be cleared away. */
    spi_line(40, true);
    bit_set(ICPENDR, 40);
    ck_assert(irq[0]);
    bit_set(ISACTIVER, 40);
    ck_assert(!irq[0]);
    bit_set(ICACTIVER, 40);
    ck_assert(irq[0]);
}
END_TEST

START_TEST(test_routing)
{
    prepare(40, 0xa0);
    spi_line(40, true);
    for (unsigned to = 0; to < CPUS; to++) {
        route(40, to);
        for (unsigned i = 0; i < CPUS; i++) {
            ck_assert(irq[i] == (i == to));
        }
    }
    route(40, icc ? 0x100 : 7); /* nobody */
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(!irq[i]);
    }
}
END_TEST

START_TEST(test_one_of_many)
{
    prepare(40, 0xa0);
    wr(icc ? DIST + 0x6000 + 40 * 8 : DIST + 0x800 + 40,
       icc ? (uint32_t)BIT(31) : 0x0f);
    spi_line(40, true);
    ck_assert(irq[0] && irq[1] && irq[2] && irq[3]);
    cpu = 3;
    ck_assert_uint_eq(ack(), 40);
    ck_assert(!irq[0] && !irq[1] && !irq[2] && !irq[3]);
    cpu = 1;
    ck_assert_uint_eq(ack(), 1023);
    cpu = 3;
    eoi(40);
    ck_assert(irq[0] && irq[3]);
}
END_TEST

START_TEST(test_bad_ends)
{
    eoi(40); /* nothing running */
    eoi(1023);
    eoi(1019);
    eoi(0x3ff);
    ck_assert_uint_eq(running(), 0xff);
    prepare(40, 0xa0);
    spi_line(40, true);
    ck_assert_uint_eq(ack(), 40);
    eoi(1023);
    ck_assert_uint_eq(running(), 0xa0);
}
END_TEST

START_TEST(test_reset)
{
    prepare(40, 0xa0);
    prepare(3, 0x10);
    spi_line(40, true);
    sgi(3, 0);
    ack();
    ck_assert(!bit_get(ISPENDR, 3));
    gic_reset(gic);
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(!irq[i] && !fiq[i]);
    }
    ck_assert(!bit_get(ISENABLER, 40));
    ck_assert(bit_get(ISPENDR, 40)); /* the line is high still */
    ck_assert_uint_eq(running(), 0xff);
    enable_all();
    prepare(40, 0xa0);
    ck_assert_uint_eq(ack(), 40);
}
END_TEST

/* Interrupts beyond the last are RAZ/WI. */
START_TEST(test_beyond_last)
{
    bit_set(ISENABLER, 287);
    ck_assert(bit_get(ISENABLER, 287));
    bit_set(ISENABLER, 288);
    ck_assert(!bit_get(ISENABLER, 288));
    priority_set(288, 0x80);
    ck_assert_uint_eq(rd(DIST + 0x400 + 288), 0);
    edge_set(288, true);
    route(288, 1);
}
END_TEST

static uint64_t random_state = 1;

static uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void fuzz_access(void)
{
    static const uint64_t bases[] = {
        DIST, GICC, V2M, DIST + 0xf000, GICR, GICR + 0x10000, DIST + 0x6000};
    uint64_t pa = bases[random64() % ARRAY_SIZE(bases)] + random64() % 0x1100;
    unsigned size = 1u << random64() % 4;
    uint64_t value = random64();
    pa &= ~(uint64_t)(size - 1);
    cpu = random64() % 16 ? random64() % CPUS : BUS_DMA;
    if (random64() % 2) {
        bus_write(bus, pa, size, cpu, value);
    } else {
        bus_read(bus, pa, size, cpu, &value);
    }
}

static void fuzz_icc(void)
{
    uint16_t reg = ICC(12, 8, 0) + random64() % 72;
    cpu = random64() % (CPUS + 1);
    if (random64() % 16 == 0) {
        reg = random64();
    }
    if (random64() % 2) {
        msr(reg, random64() % 2 ? random64() : random64() % 300);
    } else {
        mrs(reg);
    }
}

START_TEST(test_fuzz)
{
    for (unsigned i = 0; i < 300000; i++) {
        fuzz_access();
        if (icc) {
            fuzz_icc();
        } else {
            cpu = random64() % CPUS;
            rd(GICC + 0xc);
            wr(GICC + 0x10, random64());
        }
        if (random64() % 4 == 0) {
            spi_line(32 + random64() % SPIS, random64() % 2);
            ppi_line(random64() % CPUS, 16 + random64() % 16, random64() % 2);
        }
    }
    /* Whatever happened, it works after reset. */
    gic_reset(gic);
    for (unsigned n = 0; n < SPIS; n++) {
        spi_line(32 + n, false);
    }
    enable_all();
    prepare(40, 0xa0);
    spi_line(40, true);
    ck_assert_uint_eq(ack(), 40);
}
END_TEST

/* Lines from other threads while a processor serves them. */
static void *pulse(void *opaque)
{
    for (unsigned i = 0; i < 20000; i++) {
        spi_line(*(unsigned *)opaque, true);
        spi_line(*(unsigned *)opaque, false);
    }
    return NULL;
}

START_TEST(test_threads)
{
    unsigned intids[2] = {40, 41};
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++) {
        prepare(intids[i], 0xa0);
        edge_set(intids[i], true);
        pthread_create(&threads[i], NULL, pulse, &intids[i]);
    }
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t intid = ack();
        ck_assert(intid == 40 || intid == 41 || intid == 1023);
        eoi(intid);
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    for (uint32_t intid; (intid = ack()) != 1023;) {
        eoi(intid);
    }
    ck_assert(!irq[0]);
    ck_assert_uint_eq(running(), 0xff);
}
END_TEST

/* ---- GICv2 ---- */

START_TEST(test_v2_identification)
{
    ck_assert_uint_eq(rd(DIST + 4), (CPUS - 1) << 5 | 8);
    ck_assert_uint_eq(rd(DIST + 8), 0x43b);
    ck_assert_uint_eq(rd(DIST + 0xfe8), 0x2b);
    ck_assert_uint_eq(rd(GICC + 0xfc), 0x2043b);
    ck_assert_uint_eq(rd(DIST + 0xc00), 0xaaaaaaaa);
    for (cpu = 0; cpu < CPUS; cpu++) {
        ck_assert_uint_eq(rd(DIST + 0x800), 0x01010101u << cpu);
    }
    cpu = 0;
    wr(DIST + 0x180, ~0u);
    ck_assert_uint_eq(rd(DIST + 0x100), 0xffff); /* SGIs stay enabled */
}
END_TEST

START_TEST(test_v2_sgi_senders)
{
    cpu = 1;
    wr(DIST + 0xf00, BIT(24) | 4); /* to all others */
    ck_assert(irq[0] && !irq[1] && irq[2] && irq[3]);
    cpu = 2;
    sgi(4, 0);
    cpu = 0;
    ck_assert_uint_eq(rd(DIST + 0xf14), 0x06);
    ck_assert_uint_eq(rd(GICC + 0x18), 1 << 10 | 4);
    ck_assert_uint_eq(ack(), 1 << 10 | 4);
    ck_assert(!irq[0]);
    eoi(1 << 10 | 4);
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(), 2 << 10 | 4);
    eoi(2 << 10 | 4);
    ck_assert(!irq[0]);
    wr(DIST + 0xf00, BIT(25) | 9); /* to oneself */
    ck_assert_uint_eq(ack(), 9);
    eoi(9);

    /* The pending registers by hand; ISPENDR does not make SGIs. */
    wr(DIST + 0xf20, 0x08 << 8 | 0xf0);
    ck_assert_uint_eq(rd(DIST + 0xf20), 0x08 << 8);
    ck_assert_uint_eq(ack(), 3 << 10 | 1);
    eoi(1);
    wr(DIST + 0xf20, 1);
    wr(DIST + 0xf10, 1);
    bit_set(ISPENDR, 6);
    ck_assert(!irq[0]);
}
END_TEST

START_TEST(test_v2_groups)
{
    prepare(40, 0xa0);
    bit_set(IGROUPR, 40);
    spi_line(40, true);
    ck_assert(!irq[0]); /* group 1 is not enabled */
    wr(GICC, 3);
    ck_assert(irq[0]);
    ck_assert_uint_eq(rd(GICC + 0x18), 1022);
    ck_assert_uint_eq(ack(), 1022); /* no AckCtl */
    ck_assert_uint_eq(rd(GICC + 0x28), 40);
    ck_assert_uint_eq(rd(GICC + 0x20), 40);
    ck_assert_uint_ne(rd(GICC + 0xe0 + 4 * (0x50 / 32)), 0);
    wr(GICC + 0x24, 40);
    ck_assert_uint_eq(running(), 0xff);
    wr(GICC, 7);
    ck_assert_uint_eq(ack(), 40);
    eoi(40);
    ck_assert(irq[0]);

    /* FIQEn moves group 0 only. */
    wr(GICC, 0xf);
    ck_assert(irq[0] && !fiq[0]);
    prepare(41, 0x50);
    spi_line(41, true);
    ck_assert(!irq[0] && fiq[0]);
    ck_assert_uint_eq(rd(GICC + 0x20), 1023); /* AIAR: group 1 only */
    ck_assert_uint_eq(ack(), 41);
    wr(GICC + 0x24, 41); /* AEOIR: group 1 only */
    ck_assert_uint_eq(running(), 0x50);
}
END_TEST

START_TEST(test_v2m)
{
    ck_assert_uint_eq(rd(V2M + 8), 80 << 16 | 64);
    prepare(81, 0xa0);
    edge_set(81, true);
    cpu = BUS_DMA;
    wr(V2M + 0x40, 81);
    wr(V2M + 0x40, 79);
    wr(V2M + 0x40, 144);
    wr(V2M + 0x40, ~0u);
    cpu = 0;
    ck_assert(irq[0]);
    ck_assert_uint_eq(ack(), 81);
    eoi(81);
    ck_assert(!irq[0]);
}
END_TEST

/* ---- GICv3 ---- */

START_TEST(test_v3_identification)
{
    uint64_t typer;
    ck_assert_uint_eq(rd(DIST), 0x53);
    ck_assert_uint_eq(rd(DIST + 4) & 0x1f, 8);
    ck_assert_uint_eq(rd(DIST + 0xffe8), 0x3b);
    ck_assert_uint_eq(rd(GICR + 0xffe8), 0x3b);
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(bus_read(bus, GICR + i * 0x20000 + 8, 8, 0, &typer));
        ck_assert_uint_eq(typer, (uint64_t)i << 32 | i << 8 |
                                     (i == CPUS - 1 ? 0x10 : 0));
    }
    ck_assert_uint_eq(rd(GICR + 0x14), 6);
    wr(GICR + 0x14, 0);
    ck_assert_uint_eq(rd(GICR + 0x14), 0);
    wr(DIST + ISENABLER, ~0u); /* private: not here */
    ck_assert_uint_eq(rd(DIST + ISENABLER), 0);
    ck_assert_uint_eq(mrs(SRE), 7);
    ck_assert_uint_eq(mrs(CTLR), 0x8c00);
    msr(PMR, 0xff);
    ck_assert_uint_eq(mrs(PMR), 0xf8);
}
END_TEST

START_TEST(test_v3_binary_points)
{
    msr(BPR0, 0);
    msr(BPR1, 0);
    ck_assert_uint_eq(mrs(BPR0), 2);
    ck_assert_uint_eq(mrs(BPR1), 3);
    msr(CTLR, 1); /* CBPR */
    msr(BPR0, 4);
    ck_assert_uint_eq(mrs(BPR1), 5);
    msr(BPR1, 7);
    ck_assert_uint_eq(mrs(BPR1), 5);
    msr(BPR0, 7);
    ck_assert_uint_eq(mrs(BPR1), 7);
    msr(CTLR, 0);
    ck_assert_uint_eq(mrs(BPR1), 3);
}
END_TEST

START_TEST(test_v3_groups)
{
    priority_set(40, 0x80); /* group 0 */
    bit_set(ISENABLER, 40);
    prepare(41, 0xa0);
    spi_line(40, true);
    spi_line(41, true);
    ck_assert(fiq[0] && !irq[0]);
    ck_assert_uint_eq(mrs(IAR1), 1023);
    ck_assert_uint_eq(mrs(HPPIR1), 1023);
    ck_assert_uint_eq(mrs(HPPIR0), 40);
    msr(IGRPEN0, 0);
    ck_assert(!fiq[0] && irq[0]);
    msr(IGRPEN0, 1);
    ck_assert_uint_eq(mrs(IAR0), 40);
    ck_assert_uint_eq(mrs(AP0R0), BIT(0x80 >> 3));
    ck_assert_uint_eq(mrs(AP1R0), 0);
    msr(EOIR1, 40); /* of the wrong group */
    ck_assert_uint_eq(running(), 0x80);
    spi_line(40, false);
    msr(EOIR0, 40);
    ck_assert(irq[0]);
    ck_assert_uint_eq(mrs(IAR1), 41);
    ck_assert_uint_eq(mrs(AP1R0), BIT(0xa0 >> 3));
}
END_TEST

START_TEST(test_v3_sgi)
{
    for (cpu = 0; cpu < CPUS; cpu++) {
        prepare(1, 0xa0);
        prepare(2, 0xa0);
        wr(page(0) + IGROUPR, ~(uint32_t)BIT(2)); /* SGI 2: group 0 */
    }
    cpu = 1;
    msr(SGI1R, BIT(40) | 1 << 24); /* all others */
    ck_assert(irq[0] && !irq[1] && irq[2] && irq[3]);
    for (cpu = 0; cpu < CPUS; cpu++) {
        ck_assert_uint_eq(ack(), cpu == 1 ? 1023 : 1);
        eoi(1);
    }
    cpu = 0;
    msr(SGI1R, 2 << 24 | 0xf);           /* not of group 1 */
    msr(SGI0R, 1 << 24 | 0xf);           /* not of group 0 */
    msr(SGI1R, BIT(16) | 1 << 24 | 0xf); /* Aff1 1 */
    msr(SGI1R, BIT(44) | 1 << 24 | 0xf); /* Aff0 16.. */
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(!irq[i] && !fiq[i]);
    }
    msr(SGI0R, 2 << 24 | 0x8);
    ck_assert(fiq[3] && !fiq[2]);
    msr(ASGI1R, 2 << 24 | 0x4);
    ck_assert(fiq[2]);
}
END_TEST

/* ---- device tree ---- */

static void check_cells(const void *blob, int node, const char *name,
                        const uint32_t *cells, int count)
{
    int length;
    const fdt32_t *value = fdt_getprop(blob, node, name, &length);
    ck_assert_ptr_nonnull(value);
    ck_assert_int_eq(length, count * 4);
    for (int i = 0; i < count; i++) {
        ck_assert_uint_eq(fdt32_to_cpu(value[i]), cells[i]);
    }
}

START_TEST(test_fdt)
{
    static const uint32_t reg2[] = {0, 0x8000000, 0, 0x10000,
                                    0, 0x8010000, 0, 0x10000};
    static const uint32_t reg3[] = {0, 0x8000000, 0, 0x10000,
                                    0, 0x80a0000, 0, 0xf60000};
    struct fdt_builder *fdt = fdt_builder_new();
    gic_fdt(gic, fdt);
    int node = fdt_path_offset(fdt->blob, "/intc@8000000");
    ck_assert_int_ge(node, 0);
    check_cells(fdt->blob, node, "reg", icc ? reg3 : reg2, 8);
    ck_assert_uint_eq(fdt_get_phandle(fdt->blob, node), fdt->gic_phandle);
    if (!icc) {
        gicv2m_fdt(v2m, fdt);
        node = fdt_path_offset(fdt->blob, "/intc@8000000/v2m@8020000");
        ck_assert_int_ge(node, 0);
        ck_assert_uint_eq(fdt_get_phandle(fdt->blob, node), fdt->msi_phandle);
    }
    fdt_builder_free(fdt);
}
END_TEST

static void add_common(TCase *tcase)
{
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_level_spi);
    tcase_add_test(tcase, test_edge_spi);
    tcase_add_test(tcase, test_ppi);
    tcase_add_test(tcase, test_sgi);
    tcase_add_test(tcase, test_priority_and_preemption);
    tcase_add_test(tcase, test_mask);
    tcase_add_test(tcase, test_binary_point);
    tcase_add_test(tcase, test_eoi_mode);
    tcase_add_test(tcase, test_software_pending);
    tcase_add_test(tcase, test_routing);
    tcase_add_test(tcase, test_one_of_many);
    tcase_add_test(tcase, test_bad_ends);
    tcase_add_test(tcase, test_reset);
    tcase_add_test(tcase, test_beyond_last);
    tcase_add_test(tcase, test_fuzz);
    tcase_add_test(tcase, test_threads);
    tcase_add_test(tcase, test_fdt);
}

Suite *gic_suite(void)
{
    Suite *suite = suite_create("gic");

    TCase *v2 = tcase_create("v2");
    tcase_add_checked_fixture(v2, setup_v2, teardown);
    add_common(v2);
    tcase_add_test(v2, test_v2_identification);
    tcase_add_test(v2, test_v2_sgi_senders);
    tcase_add_test(v2, test_v2_groups);
    tcase_add_test(v2, test_v2m);
    suite_add_tcase(suite, v2);

    TCase *v3 = tcase_create("v3");
    tcase_add_checked_fixture(v3, setup_v3, teardown);
    add_common(v3);
    tcase_add_test(v3, test_v3_identification);
    tcase_add_test(v3, test_v3_binary_points);
    tcase_add_test(v3, test_v3_groups);
    tcase_add_test(v3, test_v3_sgi);
    suite_add_tcase(suite, v3);
    return suite;
}
