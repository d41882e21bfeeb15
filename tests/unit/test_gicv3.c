/* hw/intc: GICv3: system registers, affinity. */
#include "tests/unit/gic_rig.h"

Suite *gicv3_suite(void);

START_TEST(test_v3_identification)
{
    uint64_t typer;
    ck_assert_uint_eq(rd(DIST), 0x53);
    ck_assert_uint_eq(rd(DIST + 4) & 0x1f, 8);
    ck_assert_uint_eq(rd(DIST + 0xffe8), 0x3b);
    ck_assert_uint_eq(rd(GICR + 0xffe8), 0x3b);
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(bus_read(gic_rig.bus, GICR + i * 0x20000 + 8, 8, 0, &typer));
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
    ck_assert(gic_rig.fiq[0] && !gic_rig.irq[0]);
    ck_assert_uint_eq(mrs(IAR1), 1023);
    ck_assert_uint_eq(mrs(HPPIR1), 1023);
    ck_assert_uint_eq(mrs(HPPIR0), 40);
    msr(IGRPEN0, 0);
    ck_assert(!gic_rig.fiq[0] && gic_rig.irq[0]);
    msr(IGRPEN0, 1);
    ck_assert_uint_eq(mrs(IAR0), 40);
    ck_assert_uint_eq(mrs(AP0R0), BIT(0x80 >> 3));
    ck_assert_uint_eq(mrs(AP1R0), 0);
    msr(EOIR1, 40); /* of the wrong group */
    ck_assert_uint_eq(running(), 0x80);
    spi_line(40, false);
    msr(EOIR0, 40);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(mrs(IAR1), 41);
    ck_assert_uint_eq(mrs(AP1R0), BIT(0xa0 >> 3));
}
END_TEST

START_TEST(test_v3_sgi)
{
    for (gic_rig.cpu = 0; gic_rig.cpu < CPUS; gic_rig.cpu++) {
        prepare(1, 0xa0);
        prepare(2, 0xa0);
        wr(page(0) + IGROUPR, ~(uint32_t)BIT(2)); /* SGI 2: group 0 */
    }
    gic_rig.cpu = 1;
    msr(SGI1R, BIT(40) | 1 << 24); /* all others */
    ck_assert(gic_rig.irq[0] && !gic_rig.irq[1] && gic_rig.irq[2] &&
              gic_rig.irq[3]);
    for (gic_rig.cpu = 0; gic_rig.cpu < CPUS; gic_rig.cpu++) {
        ck_assert_uint_eq(ack(), gic_rig.cpu == 1 ? 1023 : 1);
        eoi(1);
    }
    gic_rig.cpu = 0;
    msr(SGI1R, 2 << 24 | 0xf);           /* not of group 1 */
    msr(SGI0R, 1 << 24 | 0xf);           /* not of group 0 */
    msr(SGI1R, BIT(16) | 1 << 24 | 0xf); /* Aff1 1 */
    msr(SGI1R, BIT(44) | 1 << 24 | 0xf); /* Aff0 16.. */
    for (unsigned i = 0; i < CPUS; i++) {
        ck_assert(!gic_rig.irq[i] && !gic_rig.fiq[i]);
    }
    msr(SGI0R, 2 << 24 | 0x8);
    ck_assert(gic_rig.fiq[3] && !gic_rig.fiq[2]);
    msr(ASGI1R, 2 << 24 | 0x4);
    ck_assert(gic_rig.fiq[2]);
}
END_TEST

Suite *gicv3_suite(void)
{
    Suite *s = suite_create("gicv3");
    TCase *t = tcase_create("v3");

    tcase_add_checked_fixture(t, gic_rig_setup_v3, gic_rig_teardown);
    tcase_add_test(t, test_v3_identification);
    tcase_add_test(t, test_v3_binary_points);
    tcase_add_test(t, test_v3_groups);
    tcase_add_test(t, test_v3_sgi);
    suite_add_tcase(s, t);
    return s;
}
