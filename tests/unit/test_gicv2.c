/* hw/intc: GICv2 and its frame for messages, GICv2m. */
#include "tests/unit/gic_rig.h"

Suite *gicv2_suite(void);

START_TEST(test_v2_identification)
{
    ck_assert_uint_eq(rd(DIST + 4), (CPUS - 1) << 5 | 8);
    ck_assert_uint_eq(rd(DIST + 8), 0x43b);
    ck_assert_uint_eq(rd(DIST + 0xfe8), 0x2b);
    ck_assert_uint_eq(rd(GICC + 0xfc), 0x2043b);
    ck_assert_uint_eq(rd(DIST + 0xc00), 0xaaaaaaaa);
    for (gic_rig.cpu = 0; gic_rig.cpu < CPUS; gic_rig.cpu++) {
        ck_assert_uint_eq(rd(DIST + 0x800), 0x01010101u << gic_rig.cpu);
    }
    gic_rig.cpu = 0;
    wr(DIST + 0x180, ~0u);
    ck_assert_uint_eq(rd(DIST + 0x100), 0xffff); /* SGIs stay enabled */
}
END_TEST

START_TEST(test_v2_sgi_senders)
{
    gic_rig.cpu = 1;
    wr(DIST + 0xf00, BIT(24) | 4); /* to all others */
    ck_assert(gic_rig.irq[0] && !gic_rig.irq[1] && gic_rig.irq[2] &&
              gic_rig.irq[3]);
    gic_rig.cpu = 2;
    sgi(4, 0);
    gic_rig.cpu = 0;
    ck_assert_uint_eq(rd(DIST + 0xf14), 0x06);
    ck_assert_uint_eq(rd(GICC + 0x18), 1 << 10 | 4);
    ck_assert_uint_eq(ack(), 1 << 10 | 4);
    ck_assert(!gic_rig.irq[0]);
    eoi(1 << 10 | 4);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 2 << 10 | 4);
    eoi(2 << 10 | 4);
    ck_assert(!gic_rig.irq[0]);
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
    ck_assert(!gic_rig.irq[0]);
}
END_TEST

START_TEST(test_v2_groups)
{
    prepare(40, 0xa0);
    bit_set(IGROUPR, 40);
    spi_line(40, true);
    ck_assert(!gic_rig.irq[0]); /* group 1 is not enabled */
    wr(GICC, 3);
    ck_assert(gic_rig.irq[0]);
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
    ck_assert(gic_rig.irq[0]);

    /* FIQEn moves group 0 only. */
    wr(GICC, 0xf);
    ck_assert(gic_rig.irq[0] && !gic_rig.fiq[0]);
    prepare(41, 0x50);
    spi_line(41, true);
    ck_assert(!gic_rig.irq[0] && gic_rig.fiq[0]);
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
    gic_rig.cpu = BUS_DMA;
    wr(V2M + 0x40, 81);
    wr(V2M + 0x40, 79);
    wr(V2M + 0x40, 144);
    wr(V2M + 0x40, ~0u);
    gic_rig.cpu = 0;
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 81);
    eoi(81);
    ck_assert(!gic_rig.irq[0]);
}
END_TEST

Suite *gicv2_suite(void)
{
    Suite *s = suite_create("gicv2");
    TCase *t = tcase_create("v2");

    tcase_add_checked_fixture(t, gic_rig_setup_v2, gic_rig_teardown);
    tcase_add_test(t, test_v2_identification);
    tcase_add_test(t, test_v2_sgi_senders);
    tcase_add_test(t, test_v2_groups);
    tcase_add_test(t, test_v2m);
    suite_add_tcase(s, t);
    return s;
}
