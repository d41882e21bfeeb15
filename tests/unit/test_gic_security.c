/* hw/intc: two Security states. */
#include "tests/unit/gic_rig.h"

Suite *gic_security_suite(void);

enum { IGRPMODR = 0xd00, NSACR = 0xe00 };
#define ICC_CTLR_EL3 (ICC(12, 12, 4) | 6 << 11)
#define ICC_IGRPEN1_EL3 (ICC(12, 12, 7) | 6 << 11)

/* -- GICv3 --------------------------------------------------------------- */

static void at_el3(void)
{
    gic_rig.secure = true;
    gic_rig.how = 3 | CPU_GIC_SECURE;
}

static void at_secure(void)
{
    gic_rig.secure = true;
    gic_rig.how = 1 | CPU_GIC_SECURE;
}

static void at_nonsecure(void)
{
    gic_rig.secure = false;
    gic_rig.how = 1;
}

/* The processor itself is there too. */
static void move(void (*to)(void))
{
    to();
    gic_rig.icc->moved(gic_rig.icc->opaque, gic_rig.cpu, gic_rig.how);
}

/* INTIDs of each group: 0, Non-secure 1, Secure 1; SGIs and SPIs. */
enum { G0 = 48, G1NS = 49, G1S = 50, SGI_G0 = 1, SGI_G1NS = 2, SGI_G1S = 3 };

static void v3_setup(void)
{
    gic_rig_setup_v3_secure();
    wr(DIST, 0x37);
    msr(PMR, 0xff);
    msr(IGRPEN0, 1);
    msr(ICC_IGRPEN1_EL3, 3);
    bit_set(IGROUPR, G1NS);
    bit_set(IGRPMODR, G1S);
    wr(page(0) + IGROUPR, BIT(SGI_G1NS));
    wr(page(0) + IGRPMODR, BIT(SGI_G1S));
    wr(page(0) + ISENABLER, BIT(SGI_G0) | BIT(SGI_G1NS) | BIT(SGI_G1S));
    for (unsigned intid = G0; intid <= G1S; intid++) {
        priority_set(intid, 0xa0);
        bit_set(ISENABLER, intid);
    }
    move(at_el3);
}

/* IHI 0069 table 4-3: FIQ or IRQ by group and where the processor is. */
START_TEST(test_signals)
{
    static void (*const places[])(void) = {at_el3, at_secure, at_nonsecure};
    static const bool is_irq[][3] = {
        {false, false, false}, /* group 0 */
        {false, false, true},  /* Non-secure group 1 */
        {false, true, false},  /* Secure group 1 */
    };

    for (unsigned i = 0; i < 3; i++) {
        spi_line(G0 + i, true);
        for (unsigned n = 0; n < 3; n++) {
            move(places[n]);
            ck_assert_msg(gic_rig.irq[0] == is_irq[i][n] &&
                              gic_rig.fiq[0] == !is_irq[i][n],
                          "group %u, place %u", i, n);
        }
        spi_line(G0 + i, false);
    }
}
END_TEST

/* Which acknowledge register takes what, by where. */
START_TEST(test_acknowledge)
{
    static const struct {
        void (*place)(void);
        unsigned intid;
        unsigned iar0, iar1;
    } tries[] = {
        {at_nonsecure, G0, 1023, 1023}, {at_nonsecure, G1NS, 1023, G1NS},
        {at_nonsecure, G1S, 1023, 1023}, {at_secure, G0, G0, 1023},
        {at_secure, G1NS, 1023, 1023}, {at_secure, G1S, 1023, G1S},
        {at_el3, G0, G0, 1023}, {at_el3, G1NS, 1021, G1NS},
        {at_el3, G1S, 1020, G1S},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(tries); i++) {
        unsigned intid = tries[i].intid;

        spi_line(intid, true);
        tries[i].place();
        ck_assert_uint_eq(mrs(HPPIR0), tries[i].iar0);
        ck_assert_uint_eq(mrs(HPPIR1), tries[i].iar1);
        ck_assert_uint_eq(mrs(IAR0), tries[i].iar0);
        ck_assert_uint_eq(mrs(IAR1), tries[i].iar1);
        spi_line(intid, false);
        msr(EOIR0, intid); /* one of them is the one */
        msr(EOIR1, intid);
        at_el3();
        ck_assert_uint_eq(mrs(RPR), 0xff);
    }
}
END_TEST

/* Non-secure software sees of the distributor what is its own. */
START_TEST(test_distributor_view)
{
    unsigned reg = G0 / 32 * 4;

    ck_assert_uint_eq(rd(DIST), 0x37);
    ck_assert_uint_eq(rd(DIST + 4) >> 10 & 1, 1);
    bit_set(ISPENDR, G0);
    bit_set(ISPENDR, G1NS);
    at_nonsecure();
    ck_assert_uint_eq(rd(DIST), 0x12);
    ck_assert_uint_eq(rd(DIST + IGROUPR + reg), 0);
    ck_assert_uint_eq(rd(DIST + IGRPMODR + reg), 0);
    ck_assert_uint_eq(rd(DIST + ISENABLER + reg), BIT(G1NS % 32));
    ck_assert_uint_eq(rd(DIST + ISPENDR + reg), BIT(G1NS % 32));
    wr(DIST + IGROUPR + reg, ~0u);
    wr(DIST + ICPENDR + reg, ~0u);
    wr(DIST + ICENABLER + reg, ~0u);
    wr(DIST, 0); /* its group, and no other */
    at_el3();
    ck_assert_uint_eq(rd(DIST), 0x35);
    ck_assert_uint_eq(rd(DIST + IGROUPR + reg), BIT(G1NS % 32));
    ck_assert_uint_eq(rd(DIST + IGRPMODR + reg), BIT(G1S % 32));
    ck_assert_uint_eq(rd(DIST + ISENABLER + reg),
                      BIT(G0 % 32) | BIT(G1S % 32));
    ck_assert_uint_eq(rd(DIST + ISPENDR + reg), BIT(G0 % 32));
    /* Redistributors alike. */
    at_nonsecure();
    ck_assert_uint_eq(rd(page(0) + ISENABLER), BIT(SGI_G1NS));
    ck_assert_uint_eq(rd(page(0) + IGROUPR), 0);
}
END_TEST

START_TEST(test_priority_view)
{
    uint64_t reg = DIST + 0x400 + G0;

    at_nonsecure();
    ck_assert_uint_eq(rd(reg), 0x40 << 8);
    wr(reg, 0x80808080);
    ck_assert_uint_eq(rd(reg), 0x80 << 8);
    at_el3();
    ck_assert_uint_eq(rd(reg), 0xa0c0a0);
    /* The mask: a view of the lower half, when SCR_EL3.FIQ is set. */
    msr(PMR, 0xc0);
    at_nonsecure();
    ck_assert_uint_eq(mrs(PMR), 0xc0);
    gic_rig.how |= CPU_GIC_NS_PRIORITY;
    ck_assert_uint_eq(mrs(PMR), 0x80);
    msr(PMR, 0x40);
    ck_assert_uint_eq(mrs(PMR), 0x40);
    at_el3();
    ck_assert_uint_eq(mrs(PMR), 0xa0);
    msr(PMR, 0x70);
    at_nonsecure();
    gic_rig.how |= CPU_GIC_NS_PRIORITY;
    ck_assert_uint_eq(mrs(PMR), 0);
    msr(PMR, 0xf0); /* Secure software masks it */
    at_el3();
    ck_assert_uint_eq(mrs(PMR), 0x70);
}
END_TEST

START_TEST(test_nsacr)
{
    uint64_t reg = DIST + NSACR + G0 / 16 * 4;
    unsigned word = G0 / 32 * 4;
    uint64_t route;

    for (unsigned access = 0; access < 4; access++) {
        at_el3();
        bit_set(ICPENDR, G0);
        wr(reg, access << G0 % 16 * 2);
        at_nonsecure();
        ck_assert_uint_eq(rd(reg), 0);
        bit_set(ISPENDR, G0);
        at_el3();
        ck_assert(bit_get(ISPENDR, G0) == (access >= 1));
        bit_set(ISPENDR, G0);
        at_nonsecure();
        bit_set(ICPENDR, G0);
        ck_assert_uint_eq(rd(DIST + ISENABLER + word), BIT(G1NS % 32));
        at_el3();
        ck_assert(bit_get(ISPENDR, G0) == (access < 2));
        ck_assert(bus_write(gic_rig_bus(), DIST + 0x6000 + G0 * 8, 8, 0, 1));
        at_nonsecure();
        ck_assert(bus_read(gic_rig_bus(), DIST + 0x6000 + G0 * 8, 8, 0,
                           &route));
        ck_assert_uint_eq(route, access == 3);
    }
}
END_TEST

/* Who may send which SGI. */
START_TEST(test_sgis)
{
    static const uint16_t by[] = {SGI0R, SGI1R, ASGI1R};
    /* by place and register: a bit for each SGI that arrives */
    static const struct {
        void (*place)(void);
        unsigned nsacr;
        unsigned arrive[3];
    } tries[] = {
        {at_secure, 0, {BIT(SGI_G0), BIT(SGI_G0) | BIT(SGI_G1S),
                        BIT(SGI_G1NS)}},
        {at_el3, 0, {BIT(SGI_G0), BIT(SGI_G0) | BIT(SGI_G1S), BIT(SGI_G1NS)}},
        {at_nonsecure, 0, {0, BIT(SGI_G1NS), 0}},
        {at_nonsecure, 1, {BIT(SGI_G0), BIT(SGI_G1NS), BIT(SGI_G0)}},
        {at_nonsecure, 2, {BIT(SGI_G0), BIT(SGI_G1NS),
                           BIT(SGI_G0) | BIT(SGI_G1S)}},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(tries); i++) {
        for (unsigned n = 0; n < 3; n++) {
            at_el3();
            wr(page(0) + NSACR, tries[i].nsacr * 0x55);
            wr(page(0) + ICPENDR, 0xffff);
            tries[i].place();
            for (unsigned sgi = SGI_G0; sgi <= SGI_G1S; sgi++) {
                msr(by[n], (uint64_t)sgi << 24 | 1);
            }
            at_el3();
            ck_assert_msg(rd(page(0) + ISPENDR) == tries[i].arrive[n],
                          "try %u, register %u: 0x%x", i, n,
                          rd(page(0) + ISPENDR));
        }
    }
}
END_TEST

/* Copies of the CPU interface's registers. */
START_TEST(test_copies)
{
    at_secure();
    msr(BPR1, 5);
    msr(IGRPEN1, 0);
    msr(CTLR, 3); /* CBPR is EL3's */
    ck_assert_uint_eq(mrs(CTLR), 0x8c02);
    at_nonsecure();
    ck_assert_uint_eq(mrs(BPR1), 3);
    ck_assert_uint_eq(mrs(IGRPEN1), 1);
    ck_assert_uint_eq(mrs(CTLR), 0x8c00);
    msr(BPR1, 6);
    at_el3();
    ck_assert_uint_eq(mrs(ICC_IGRPEN1_EL3), 1);
    ck_assert_uint_eq(mrs(ICC_CTLR_EL3), 0x8c08);
    ck_assert_uint_eq(mrs(BPR1), 5);
    gic_rig.how = 3; /* SCR_EL3.NS */
    ck_assert_uint_eq(mrs(BPR1), 6);
    msr(ICC_CTLR_EL3, 0x13); /* CBPR for both, EOImode for Non-secure */
    msr(BPR0, 4);
    ck_assert_uint_eq(mrs(BPR1), 5);
    at_secure();
    ck_assert_uint_eq(mrs(BPR1), 4);
    msr(BPR1, 3);
    ck_assert_uint_eq(mrs(BPR0), 3);
    ck_assert_uint_eq(mrs(CTLR), 0x8c01);
}
END_TEST

/* The end and its split are of whoever makes it. */
START_TEST(test_ends)
{
    msr(ICC_CTLR_EL3, 0x10);
    spi_line(G1NS, true);
    at_nonsecure();
    ck_assert_uint_eq(mrs(IAR1), G1NS);
    spi_line(G1NS, false);
    at_secure();
    msr(EOIR1, G1NS); /* not its */
    at_el3();
    ck_assert_uint_eq(mrs(RPR), 0xa0);
    at_nonsecure();
    msr(EOIR1, G1NS);
    ck_assert_uint_eq(mrs(RPR), 0xff);
    ck_assert(bit_get(ISACTIVER, G1NS));
    msr(DIR, G1NS);
    ck_assert(!bit_get(ISACTIVER, G1NS));
    at_el3();
    bit_set(ISACTIVER, G0);
    at_nonsecure();
    msr(DIR, G0); /* not its */
    at_el3();
    ck_assert(bit_get(ISACTIVER, G0));
}
END_TEST

START_TEST(test_disable_security)
{
    at_nonsecure();
    wr(DIST, 0x42);
    at_el3();
    ck_assert_uint_eq(rd(DIST), 0x37);
    wr(DIST, 0x47);
    ck_assert_uint_eq(rd(DIST), 0x53);
    ck_assert_uint_eq(rd(DIST + IGRPMODR + 4), 0);
    at_nonsecure();
    ck_assert_uint_eq(rd(DIST), 0x53);
    ck_assert_uint_eq(rd(DIST + IGROUPR + 4), BIT(G1NS % 32));
    wr(DIST, 0); /* DS stays until reset */
    ck_assert_uint_eq(rd(DIST), 0x50);
    gic_reset(gic_rig.gic);
    ck_assert_uint_eq(rd(DIST), 0x10);
}
END_TEST

/* -- GICv2 --------------------------------------------------------------- */

enum { S0 = 40, NS1 = 41 };

static void v2_setup(void)
{
    gic_rig_setup_v2_secure();
    wr(DIST, 3);
    wr(GICC, 0xb); /* both groups, group 0 as FIQ */
    wr(GICC + 4, 0xff);
    bit_set(IGROUPR, NS1);
    for (unsigned intid = S0; intid <= NS1; intid++) {
        priority_set(intid, 0xa0);
        route(intid, 0);
        bit_set(ISENABLER, intid);
    }
}

START_TEST(test_v2_views)
{
    ck_assert_uint_eq(rd(DIST + 4) >> 10 & 1, 1);
    gic_rig.secure = false;
    ck_assert_uint_eq(rd(DIST), 1);
    ck_assert_uint_eq(rd(DIST + IGROUPR + 4), 0);
    ck_assert_uint_eq(rd(DIST + ISENABLER + 4), BIT(NS1 % 32));
    ck_assert_uint_eq(rd(DIST + 0x400 + S0), 0x4000);
    ck_assert_uint_eq(rd(DIST + 0x800 + S0), 0x0100);
    ck_assert_uint_eq(rd(GICC), 1);
    ck_assert_uint_eq(rd(GICC + 4), 0xfe);
    wr(GICC, 0x200);
    ck_assert_uint_eq(rd(GICC), 0x200);
    wr(GICC + 4, 0x80);
    wr(GICC + 8, 5);
    wr(DIST, 0);
    gic_rig.secure = true;
    ck_assert_uint_eq(rd(DIST), 1);
    ck_assert_uint_eq(rd(GICC), 0x409);
    ck_assert_uint_eq(rd(GICC + 4), 0xc0);
    ck_assert_uint_eq(rd(GICC + 8), 0);
    ck_assert_uint_eq(rd(GICC + 0x1c), 5);
    wr(GICC, 0x1b); /* CBPR */
    wr(GICC + 8, 3);
    wr(GICC + 4, 0x40);
    gic_rig.secure = false;
    ck_assert_uint_eq(rd(GICC + 8), 4);
    ck_assert_uint_eq(rd(GICC + 4), 0);
    wr(GICC + 4, 0xf0);
    ck_assert_uint_eq(rd(GICC + 0x1c), 0); /* ABPR is not for it */
    gic_rig.secure = true;
    ck_assert_uint_eq(rd(GICC + 4), 0x40);
}
END_TEST

START_TEST(test_v2_acknowledge)
{
    spi_line(S0, true);
    ck_assert(gic_rig.fiq[0] && !gic_rig.irq[0]);
    gic_rig.secure = false;
    ck_assert_uint_eq(ack(), 1023);
    gic_rig.secure = true;
    ck_assert_uint_eq(ack(), S0);
    gic_rig.secure = false;
    eoi(S0); /* not its */
    gic_rig.secure = true;
    ck_assert_uint_eq(running(), 0xa0);
    eoi(S0);
    spi_line(S0, false);
    spi_line(NS1, true);
    ck_assert(!gic_rig.fiq[0] && gic_rig.irq[0]);
    ck_assert_uint_eq(ack(), 1022);
    gic_rig.secure = false;
    ck_assert_uint_eq(rd(GICC + 0x18), NS1);
    ck_assert_uint_eq(ack(), NS1);
    ck_assert_uint_eq(running(), 0x40);
    ck_assert_uint_eq(rd(GICC + 0xd0), BIT(0x40 >> 2));
    ck_assert_uint_eq(rd(GICC + 0xe0), 0);
    eoi(NS1);
    ck_assert_uint_eq(running(), 0xff);
    ck_assert_uint_eq(rd(GICC + 0x20), 0); /* AIAR is not for it */
}
END_TEST

START_TEST(test_v2_sgis)
{
    bit_set(ISENABLER, 1);
    wr(DIST + IGROUPR, BIT(2));
    wr(DIST + 0xf00, BIT(16) | 2);           /* to group 0: none */
    wr(DIST + 0xf00, BIT(16) | BIT(15) | 1); /* to group 1: none */
    gic_rig.secure = false;
    wr(DIST + 0xf00, BIT(16) | 1);
    gic_rig.secure = true;
    ck_assert_uint_eq(rd(DIST + ISPENDR), 0);
    wr(DIST + 0xf00, BIT(16) | 1);
    wr(DIST + 0xf00, BIT(16) | BIT(15) | 2);
    ck_assert_uint_eq(rd(DIST + ISPENDR), 6);
    gic_rig.secure = false;
    ck_assert_uint_eq(rd(DIST + 0xf20), 1 << 16);
    wr(DIST + 0xf10, ~0u);
    gic_rig.secure = true;
    ck_assert_uint_eq(rd(DIST + ISPENDR), 2);
}
END_TEST

Suite *gic_security_suite(void)
{
    Suite *s = suite_create("gic_security");
    TCase *v3 = tcase_create("v3");
    TCase *v2 = tcase_create("v2");

    tcase_add_checked_fixture(v3, v3_setup, gic_rig_teardown);
    tcase_add_test(v3, test_signals);
    tcase_add_test(v3, test_acknowledge);
    tcase_add_test(v3, test_distributor_view);
    tcase_add_test(v3, test_priority_view);
    tcase_add_test(v3, test_nsacr);
    tcase_add_test(v3, test_sgis);
    tcase_add_test(v3, test_copies);
    tcase_add_test(v3, test_ends);
    tcase_add_test(v3, test_disable_security);
    suite_add_tcase(s, v3);
    tcase_add_checked_fixture(v2, v2_setup, gic_rig_teardown);
    tcase_add_test(v2, test_v2_views);
    tcase_add_test(v2, test_v2_acknowledge);
    tcase_add_test(v2, test_v2_sgis);
    suite_add_tcase(s, v2);
    return s;
}
