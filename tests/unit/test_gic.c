/* hw/intc: what GICv2 and GICv3 have in common; every test runs on both. */
#include "tests/unit/gic_rig.h"

#include <libfdt.h>
#include <pthread.h>

#include "tests/unit/random64.h"

Suite *gic_suite(void);

START_TEST(test_level_spi)
{
    prepare(40, 0xa0);
    ck_assert(!gic_rig.irq[0]);
    spi_line(40, true);
    ck_assert(gic_rig.irq[0] && !gic_rig.fiq[0] && !gic_rig.irq[1]);
    ck_assert(bit_get(ISPENDR, 40));
    ck_assert_uint_eq(ack(), 40);
    ck_assert(!gic_rig.irq[0]);
    ck_assert(bit_get(ISACTIVER, 40));
    ck_assert_uint_eq(running(), 0xa0);
    ck_assert_uint_eq(ack(), 1023);

    /* Still high: again after the end. */
    eoi(40);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(running(), 0xff);
    ck_assert_uint_eq(ack(), 40);
    spi_line(40, false);
    eoi(40);
    ck_assert(!gic_rig.irq[0]);
    ck_assert(!bit_get(ISPENDR, 40));

    /* A line that falls takes the request back. */
    spi_line(40, true);
    spi_line(40, false);
    ck_assert(!gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 1023);
}
END_TEST

START_TEST(test_edge_spi)
{
    prepare(80, 0xa0);
    edge_set(80, true);
    spi_line(80, true);
    spi_line(80, false);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 80);

    /* An edge while active stays pending, once. */
    spi_line(80, true);
    spi_line(80, false);
    spi_line(80, true);
    ck_assert(!gic_rig.irq[0]);
    eoi(80);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 80);
    eoi(80);
    ck_assert(!gic_rig.irq[0]);
}
END_TEST

START_TEST(test_ppi)
{
    prepare(27, 0xa0);
    ppi_line(1, 27, true); /* not enabled on processor 1 */
    ck_assert(!gic_rig.irq[0] && !gic_rig.irq[1]);
    ppi_line(0, 27, true);
    ck_assert(gic_rig.irq[0] && !gic_rig.irq[1]);
    ck_assert_uint_eq(ack(), 27);
    ppi_line(0, 27, false);
    eoi(27);
    ck_assert(!gic_rig.irq[0]);
    gic_rig.cpu = 1;
    prepare(27, 0xa0);
    ck_assert(gic_rig.irq[1]);
}
END_TEST

START_TEST(test_sgi)
{
    gic_rig.cpu = 2;
    prepare(5, 0xa0);
    gic_rig.cpu = 0;
    sgi(5, 2);
    ck_assert(gic_rig.irq[2] && !gic_rig.irq[0] && !gic_rig.irq[1] &&
              !gic_rig.irq[3]);
    gic_rig.cpu = 2;
    ck_assert_uint_eq(ack() & 0x3ff, 5);
    ck_assert(!gic_rig.irq[2]);
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
    ck_assert(!gic_rig.irq[0]);   /* equals do not preempt */
    spi_line(41, true);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 41);
    ck_assert_uint_eq(running(), 0x80);
    spi_line(41, false);
    eoi(41);
    ck_assert_uint_eq(running(), 0xa0);
    ck_assert(!gic_rig.irq[0]);
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
    ck_assert(!gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 1023);
    pmr(0xa8);
    ck_assert(gic_rig.irq[0]);
    bit_set(ICENABLER, 40);
    ck_assert(!gic_rig.irq[0]);
    bit_set(ISENABLER, 40);
    ck_assert(gic_rig.irq[0]);
    priority_set(40, 0xf8);
    ck_assert(!gic_rig.irq[0]);
    priority_set(40, 0);
    ck_assert(gic_rig.irq[0]);
    wr(DIST, 0);
    ck_assert(!gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 1023);
}
END_TEST

START_TEST(test_binary_point)
{
    prepare(40, 0xa0);
    prepare(41, 0x98);
    prepare(42, 0x70);
    /* Group priority is bits 7..6: a, 9 and 8 are equals. */
    if (gic_rig.icc) {
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
    ck_assert(!gic_rig.irq[0]);
    spi_line(42, true);
    ck_assert(gic_rig.irq[0]);
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
    ck_assert(!gic_rig.irq[0]);
    deactivate(40);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 40);
}
END_TEST

START_TEST(test_software_pending)
{
    prepare(40, 0xa0);
    bit_set(ISPENDR, 40);
    ck_assert(gic_rig.irq[0]);
    bit_set(ICPENDR, 40);
    ck_assert(!gic_rig.irq[0]);
    bit_set(ISPENDR, 40);
    ck_assert_uint_eq(ack(), 40);
    ck_assert(!bit_get(ISPENDR, 40));
    eoi(40);
    ck_assert(!gic_rig.irq[0]);

    /* A level cannot be cleared away. */
    spi_line(40, true);
    bit_set(ICPENDR, 40);
    ck_assert(gic_rig.irq[0]);
    bit_set(ISACTIVER, 40);
    ck_assert(!gic_rig.irq[0]);
    bit_set(ICACTIVER, 40);
    ck_assert(gic_rig.irq[0]);
}
END_TEST

START_TEST(test_routing)
{
    prepare(40, 0xa0);
    spi_line(40, true);
    for (unsigned to = 0; to < CPUS; to++) {
        route(40, to);
        for (unsigned i = 0; i < CPUS; i++) {
            ck_assert(gic_rig.irq[i] == (i == to));
        }
    }
    route(40, gic_rig.icc ? 0x100 : 7); /* nobody */
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(!gic_rig.irq[i]);
    }
}
END_TEST

START_TEST(test_one_of_many)
{
    prepare(40, 0xa0);
    wr(gic_rig.icc ? DIST + 0x6000 + 40 * 8 : DIST + 0x800 + 40,
       gic_rig.icc ? (uint32_t)BIT(31) : 0x0f);
    spi_line(40, true);
    ck_assert(gic_rig.irq[0] && gic_rig.irq[1] && gic_rig.irq[2] &&
              gic_rig.irq[3]);
    gic_rig.cpu = 3;
    ck_assert_uint_eq(ack(), 40);
    ck_assert(!gic_rig.irq[0] && !gic_rig.irq[1] && !gic_rig.irq[2] &&
              !gic_rig.irq[3]);
    gic_rig.cpu = 1;
    ck_assert_uint_eq(ack(), 1023);
    gic_rig.cpu = 3;
    eoi(40);
    ck_assert(gic_rig.irq[0] && gic_rig.irq[3]);
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
    gic_reset(gic_rig.gic);
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(!gic_rig.irq[i] && !gic_rig.fiq[i]);
    }
    ck_assert(!bit_get(ISENABLER, 40));
    ck_assert(bit_get(ISPENDR, 40)); /* the line is high still */
    ck_assert_uint_eq(running(), 0xff);
    gic_rig_enable_all();
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

static void fuzz_access(void)
{
    static const uint64_t bases[] = {
        DIST, GICC, V2M, DIST + 0xf000, GICR, GICR + 0x10000, DIST + 0x6000};
    uint64_t pa = bases[random64() % ARRAY_SIZE(bases)] + random64() % 0x1100;
    unsigned size = 1u << random64() % 4;
    uint64_t value = random64();
    pa &= ~(uint64_t)(size - 1);
    gic_rig.cpu = random64() % 16 ? random64() % CPUS : BUS_DMA;
    if (random64() % 2) {
        bus_write(gic_rig.bus, pa, size, gic_rig.cpu, value);
    } else {
        bus_read(gic_rig.bus, pa, size, gic_rig.cpu, &value);
    }
}

static void fuzz_icc(void)
{
    uint16_t reg = ICC(12, 8, 0) + random64() % 72;
    gic_rig.cpu = random64() % (CPUS + 1);
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
        if (gic_rig.icc) {
            fuzz_icc();
        } else {
            gic_rig.cpu = random64() % CPUS;
            rd(GICC + 0xc);
            wr(GICC + 0x10, random64());
        }
        if (random64() % 4 == 0) {
            spi_line(32 + random64() % SPIS, random64() % 2);
            ppi_line(random64() % CPUS, 16 + random64() % 16, random64() % 2);
        }
    }
    /* Whatever happened, it works after reset. */
    gic_reset(gic_rig.gic);
    for (unsigned n = 0; n < SPIS; n++) {
        spi_line(32 + n, false);
    }
    gic_rig_enable_all();
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
    ck_assert(!gic_rig.irq[0]);
    ck_assert_uint_eq(running(), 0xff);
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
    gic_fdt(gic_rig.gic, fdt);
    int node = fdt_path_offset(fdt->blob, "/intc@8000000");
    ck_assert_int_ge(node, 0);
    check_cells(fdt->blob, node, "reg", gic_rig.icc ? reg3 : reg2, 8);
    ck_assert_uint_eq(fdt_get_phandle(fdt->blob, node), fdt->gic_phandle);
    if (!gic_rig.icc) {
        gicv2m_fdt(gic_rig.v2m, fdt);
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
    Suite *s = suite_create("gic");
    TCase *t = tcase_create("v2");

    tcase_add_checked_fixture(t, gic_rig_setup_v2, gic_rig_teardown);
    add_common(t);
    suite_add_tcase(s, t);

    t = tcase_create("v3");
    tcase_add_checked_fixture(t, gic_rig_setup_v3, gic_rig_teardown);
    add_common(t);
    suite_add_tcase(s, t);
    return s;
}
