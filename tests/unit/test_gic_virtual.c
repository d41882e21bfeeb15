/* hw/intc: the virtual CPU interface, by itself and through its registers. */
#include "tests/unit/gic_rig.h"

#include "hw/intc/gic_virtual.h"

Suite *gic_virtual_suite(void);

/* -- the state machine --------------------------------------------------- */

enum { INVALID, PENDING, ACTIVE, BOTH };

static uint64_t lr(unsigned state, unsigned group, unsigned priority,
                   uint32_t vintid)
{
    return (uint64_t)state << 62 | (uint64_t)group << 60 |
           (uint64_t)priority << 48 | vintid;
}

static uint64_t hw(uint64_t lr, unsigned pintid)
{
    return lr | GIC_LR_HW | (uint64_t)pintid << 32;
}

/* Both groups, group 0 as FIQ, every priority, preemption at each. */
#define VMCR_ALL 0xff4c000bu

static struct gic_virtual make(unsigned version, const uint64_t lrs[GIC_LRS])
{
    struct gic_virtual v;

    gic_virtual_reset(&v, version);
    gic_virtual_set_hcr(&v, 1);
    gic_virtual_set_vmcr(&v, VMCR_ALL);
    for (unsigned n = 0; n < GIC_LRS; n++) {
        gic_virtual_set_lr(&v, n, lrs[n]);
    }
    return v;
}

/* What is signalled for which list registers and controls. */
static const struct {
    const char *what;
    uint64_t lr[GIC_LRS];
    uint32_t hcr, vmcr, apr0, apr1;
    int best;
    bool irq, fiq;
} signals[] = {
    {"nothing", {0}, 1, VMCR_ALL, 0, 0, -1, false, false},
    {"group 1", {[2] = 0x50a0000000000021}, 1, VMCR_ALL, 0, 0, 2, true, false},
    {"group 0", {[2] = 0x40a0000000000021}, 1, VMCR_ALL, 0, 0, 2, false, true},
    {"off", {[2] = 0x50a0000000000021}, 0, VMCR_ALL, 0, 0, -1, false, false},
    {"active only", {0x90a0000000000021}, 1, VMCR_ALL, 0, 0, -1, false,
     false},
    {"active and pending", {0xd0a0000000000021}, 1, VMCR_ALL, 0, 0, -1, false,
     false},
    {"the higher of two",
     {0x50a0000000000021, 0x5098000000000022}, 1, VMCR_ALL, 0, 0, 1, true,
     false},
    {"the first of equals",
     {0x50a0000000000021, 0x50a0000000000022}, 1, VMCR_ALL, 0, 0, 0, true,
     false},
    {"its group is off", {0x50a0000000000021}, 1, VMCR_ALL & ~2u, 0, 0, -1,
     false, false},
    {"and hides none",
     {0x5010000000000021, 0x40a0000000000022}, 1, VMCR_ALL & ~2u, 0, 0, 1,
     false, true},
    {"masked by PMR", {0x50a0000000000021}, 1, 0xa04c000b, 0, 0, 0, false,
     false},
    {"just not masked", {0x50a0000000000021}, 1, 0xa84c000b, 0, 0, 0, true,
     false},
    {"another runs at 0xa0", {0x50a0000000000021}, 1, VMCR_ALL, 0,
     1u << (0xa0 >> 3), 0, false, false},
    {"another runs at 0xa8", {0x50a0000000000021}, 1, VMCR_ALL, 0,
     1u << (0xa8 >> 3), 0, true, false},
    {"group 0 runs at 0x10", {0x50a0000000000021}, 1, VMCR_ALL, 1u << 2, 0, 0,
     false, false},
    /* BPR1 5: priorities differ in bits 7..5. */
    {"too near by BPR1", {0x50a0000000000021}, 1, 0xff54000b, 0,
     1u << (0xb8 >> 3), 0, false, false},
    /* BPR0 counts one less: bits 7..6 for 5. */
    {"too near by BPR0", {0x4080000000000021}, 1, 0xffac000b,
     1u << (0xa0 >> 3), 0, 0, false, false},
    {"CBPR: BPR0 for group 1 too", {0x5080000000000021}, 1, 0xffac001b, 0,
     1u << (0xa0 >> 3), 0, false, false},
};

START_TEST(test_signals)
{
    const typeof(signals[0]) *t = &signals[_i];
    struct gic_virtual v = make(3, t->lr);

    gic_virtual_set_hcr(&v, t->hcr);
    gic_virtual_set_vmcr(&v, t->vmcr);
    v.apr[0] = t->apr0;
    v.apr[1] = t->apr1;
    struct gic_virtual_lines lines = gic_virtual_lines(&v);

    ck_assert_msg(gic_virtual_best(&v) == t->best, "%s: best %d", t->what,
                  gic_virtual_best(&v));
    ck_assert_msg(lines.irq == t->irq && lines.fiq == t->fiq, "%s: %d %d",
                  t->what, lines.irq, lines.fiq);
}
END_TEST

/* Why a hypervisor is interrupted: ICH_MISR_EL2 by enable. */
static const struct {
    uint32_t hcr;
    uint64_t lr[GIC_LRS];
    uint32_t vmcr, misr, eisr, elrsr;
} reasons[] = {
    {0x01, {0}, VMCR_ALL, 0x00, 0x0, 0xf},
    {0x03, {0}, VMCR_ALL, 0x02, 0x0, 0xf}, /* UIE: none is valid, */
    {0x03, {[1] = 0x90a0000000000021}, VMCR_ALL, 0x02, 0x0, 0xd}, /* one, */
    {0x03, {0x90a0000000000021, 0x50a0000000000022}, VMCR_ALL, 0, 0, 0xc},
    {0x05, {0}, VMCR_ALL, 0x00, 0x0, 0xf}, /* LRENPIE */
    {0x08000005, {0}, VMCR_ALL, 0x04, 0x0, 0xf},
    {0x09, {0}, VMCR_ALL, 0x08, 0x0, 0xf}, /* NPIE */
    {0x09, {0x90a0000000000021}, VMCR_ALL, 0x08, 0x0, 0xe},
    {0x09, {0x50a0000000000021}, VMCR_ALL, 0x00, 0x0, 0xe},
    {0xf1, {0}, VMCR_ALL, 0x50, 0x0, 0xf},      /* groups enabled, */
    {0xf1, {0}, VMCR_ALL & ~1u, 0x60, 0x0, 0xf}, /* and not */
    {0xf1, {0}, VMCR_ALL & ~3u, 0xa0, 0x0, 0xf},
    {0x01, {0x10a0020000000021}, VMCR_ALL, 0x01, 0x1, 0xe}, /* EOI */
    {0x01, {0x50a0020000000021}, VMCR_ALL, 0x00, 0x0, 0xe},
    {0x01, {0x30a0020000000021}, VMCR_ALL, 0x00, 0x0, 0xf}, /* with HW */
    {0x00, {0x10a0020000000021}, VMCR_ALL, 0x01, 0x1, 0xe}, /* off */
};

START_TEST(test_maintenance)
{
    const typeof(reasons[0]) *t = &reasons[_i];
    struct gic_virtual v = make(3, t->lr);

    gic_virtual_set_hcr(&v, t->hcr);
    gic_virtual_set_vmcr(&v, t->vmcr);
    ck_assert_uint_eq(gic_virtual_misr(&v), t->misr);
    ck_assert_uint_eq(gic_virtual_eisr(&v), t->eisr);
    ck_assert_uint_eq(gic_virtual_elrsr(&v), t->elrsr);
    ck_assert(gic_virtual_lines(&v).maintenance ==
              (t->misr && (t->hcr & 1)));
}
END_TEST

/* What an end does: to the list register, to the count, to the physical
 * interrupt. */
static const struct {
    const char *what;
    uint64_t lr;
    uint32_t vmcr;
    int group;
    uint32_t vintid, state, count, running;
    int pintid;
} ends[] = {
    {"software", 0x50a0000000000021, VMCR_ALL, 1, 0x21, INVALID, 0, 0xff, -1},
    {"hardware", 0x70a0004500000021, VMCR_ALL, 1, 0x21, INVALID, 0, 0xff,
     0x45},
    {"group 0", 0x40a0000000000021, VMCR_ALL, 0, 0x21, INVALID, 0, 0xff, -1},
    {"of whatever group", 0x40a0000000000021, VMCR_ALL, -1, 0x21, INVALID, 0,
     0xff, -1},
    {"by the other group", 0x50a0000000000021, VMCR_ALL, 0, 0x21, ACTIVE, 0,
     0xa0, -1},
    {"of another interrupt", 0x50a0000000000021, VMCR_ALL, 1, 0x22, ACTIVE, 1,
     0xff, -1},
    {"of an LPI", 0x50a0000000002000, VMCR_ALL, 1, 0x2000, INVALID, 0, 0xff,
     -1},
    {"of none", 0x50a0000000000021, VMCR_ALL, 1, 1023, ACTIVE, 0, 0xa0, -1},
    {"split", 0x70a0004500000021, VMCR_ALL | 0x200, 1, 0x21, ACTIVE, 0, 0xff,
     -1},
    {"split, of another", 0x50a0000000000021, VMCR_ALL | 0x200, 1, 0x22,
     ACTIVE, 0, 0xff, -1},
};

START_TEST(test_ends)
{
    const typeof(ends[0]) *t = &ends[_i];
    struct gic_virtual v = make(3, (uint64_t[GIC_LRS]){0, 0, t->lr});

    gic_virtual_set_vmcr(&v, t->vmcr);
    ck_assert(gic_virtual_can_take(&v, 2));
    ck_assert_uint_eq(gic_virtual_acknowledge(&v, 2), (uint32_t)t->lr);
    ck_assert_uint_eq(gic_virtual_running(&v), 0xa0);
    ck_assert_int_eq(gic_virtual_end(&v, t->group, t->vintid), t->pintid);
    ck_assert_msg(v.lr[2] >> 62 == t->state, "%s: %u", t->what,
                  (unsigned)(v.lr[2] >> 62));
    ck_assert_msg(v.hcr >> 27 == t->count, "%s", t->what);
    ck_assert_msg(gic_virtual_running(&v) == t->running, "%s", t->what);
}
END_TEST

START_TEST(test_split_end)
{
    struct gic_virtual v =
        make(3, (uint64_t[GIC_LRS]){hw(lr(PENDING, 1, 0xa0, 0x21), 0x45)});

    ck_assert_int_eq(gic_virtual_deactivate(&v, 0x21), -1); /* EOImode 0 */
    v.vmcr |= GIC_VMCR_EOI_MODE;
    gic_virtual_acknowledge(&v, 0);
    ck_assert_int_eq(gic_virtual_end(&v, 1, 0x21), -1);
    ck_assert_uint_eq(v.lr[0] >> 62, ACTIVE);
    ck_assert_int_eq(gic_virtual_deactivate(&v, 0x22), -1);
    ck_assert_uint_eq(v.hcr >> 27, 1);
    ck_assert_int_eq(gic_virtual_deactivate(&v, 0x21), 0x45);
    ck_assert_uint_eq(v.lr[0] >> 62, INVALID);
    for (unsigned i = 0; i < 40; i++) {
        gic_virtual_deactivate(&v, 0x21);
    }
    ck_assert_uint_eq(v.hcr >> 27, 31); /* and no further */
}
END_TEST

/* Two deep, and back. */
START_TEST(test_nesting)
{
    struct gic_virtual v = make(3, (uint64_t[GIC_LRS]){
                                       lr(PENDING, 1, 0xa0, 40),
                                       lr(PENDING, 0, 0x20, 41),
                                       lr(PENDING, 1, 0x20, 42)});

    v.lr[1] &= ~GIC_LR_PENDING;
    v.lr[2] &= ~GIC_LR_PENDING;
    gic_virtual_acknowledge(&v, gic_virtual_best(&v));
    v.lr[1] |= GIC_LR_PENDING;
    v.lr[2] |= GIC_LR_PENDING;
    ck_assert_int_eq(gic_virtual_best(&v), 1);
    ck_assert(gic_virtual_lines(&v).fiq);
    gic_virtual_acknowledge(&v, 1);
    ck_assert_uint_eq(gic_virtual_running(&v), 0x20);
    ck_assert(!gic_virtual_can_take(&v, gic_virtual_best(&v)));
    gic_virtual_end(&v, 0, 41);
    ck_assert_uint_eq(gic_virtual_running(&v), 0xa0);
    ck_assert(gic_virtual_lines(&v).irq);
    gic_virtual_end(&v, 1, 40);
    ck_assert_uint_eq(gic_virtual_running(&v), 0xff);
    ck_assert_uint_eq(v.apr[0] | v.apr[1], 0);
}
END_TEST

/* What can be written, by version. */
START_TEST(test_fields)
{
    struct gic_virtual v;

    gic_virtual_reset(&v, 3);
    ck_assert_uint_eq(v.vmcr, 0x004c0008);
    gic_virtual_set_hcr(&v, ~0u);
    ck_assert_uint_eq(v.hcr, 0xf8005cff);
    gic_virtual_set_vmcr(&v, ~0u);
    ck_assert_uint_eq(v.vmcr, 0xf8fc021b);
    gic_virtual_set_lr(&v, 0, UINT64_MAX);
    ck_assert_uint_eq(v.lr[0], 0xf0f803ffffffffff);
    gic_virtual_reset(&v, 2);
    ck_assert_uint_eq(v.vmcr, 0x004c0000);
    gic_virtual_set_hcr(&v, ~0u);
    ck_assert_uint_eq(v.hcr, 0xf80000ff);
    gic_virtual_set_vmcr(&v, ~0u);
    ck_assert_uint_eq(v.vmcr, 0xf8fc021f);
    gic_virtual_set_lr(&v, 0, UINT64_MAX);
    ck_assert_uint_eq(v.lr[0], 0xf0f803ff000003ff);
}
END_TEST

/* -- GICv3's registers --------------------------------------------------- */

#define ICH(crm, op2) (3 << 14 | 4 << 11 | 12 << 7 | (crm) << 3 | (op2))
enum {
    ICH_AP0R0 = ICH(8, 0), ICH_AP1R0 = ICH(9, 0), ICH_HCR = ICH(11, 0),
    ICH_VTR = ICH(11, 1), ICH_MISR = ICH(11, 2), ICH_EISR = ICH(11, 3),
    ICH_ELRSR = ICH(11, 5), ICH_VMCR = ICH(11, 7), ICH_LR0 = ICH(12, 0),
};

/* An access of the guest, at EL1 with IMO and FMO. */
#define GUEST (1 | CPU_GIC_VIRTUAL0 | CPU_GIC_VIRTUAL1)

static uint64_t guest_mrs(uint16_t reg)
{
    gic_rig.how = GUEST;
    uint64_t value = mrs(reg);
    gic_rig.how = 2;
    return value;
}

static void guest_msr(uint16_t reg, uint64_t value)
{
    gic_rig.how = GUEST;
    msr(reg, value);
    gic_rig.how = 2;
}

START_TEST(test_v3_hypervisor)
{
    ck_assert_uint_eq(mrs(ICH_VTR), 0x90b80003);
    ck_assert_uint_eq(mrs(ICH_ELRSR), 0xf);
    msr(ICH_HCR, 1);
    msr(ICH_VMCR, VMCR_ALL);
    msr(ICH_LR0 + 3, lr(PENDING, 1, 0xa0, 40));
    ck_assert(gic_rig.virq[0] && !gic_rig.vfiq[0] && !gic_rig.irq[0]);
    msr(ICH_LR0, lr(PENDING, 0, 0x80, 41));
    ck_assert(!gic_rig.virq[0] && gic_rig.vfiq[0]);
    ck_assert_uint_eq(guest_mrs(IAR1), 1023);
    ck_assert_uint_eq(guest_mrs(HPPIR0), 41);
    ck_assert_uint_eq(guest_mrs(IAR0), 41);
    ck_assert_uint_eq(guest_mrs(RPR), 0x80);
    ck_assert_uint_eq(mrs(ICH_AP0R0), BIT(0x80 >> 3));
    guest_msr(EOIR0, 41);
    ck_assert(gic_rig.virq[0]);
    ck_assert_uint_eq(mrs(ICH_LR0) >> 62, INVALID);
    ck_assert_uint_eq(guest_mrs(IAR1), 40);
    ck_assert_uint_eq(mrs(ICH_AP1R0), BIT(0xa0 >> 3));
    ck_assert_uint_eq(mrs(ICH_LR0 + 3) >> 62, ACTIVE);
    guest_msr(EOIR1, 40);
    ck_assert(!gic_rig.virq[0] && !gic_rig.vfiq[0]);
}
END_TEST

/* The guest's registers are its own, whatever the physical ones say. */
START_TEST(test_v3_guest_registers)
{
    msr(PMR, 0x50);
    msr(ICH_VMCR, 0);
    guest_msr(PMR, 0xff);
    guest_msr(BPR0, 5);
    guest_msr(BPR1, 6);
    guest_msr(IGRPEN0, 1);
    guest_msr(CTLR, 2);
    ck_assert_uint_eq(mrs(ICH_VMCR), 0xf8b80209);
    ck_assert_uint_eq(guest_mrs(CTLR), 0x8c02);
    ck_assert_uint_eq(guest_mrs(PMR), 0xf8);
    ck_assert_uint_eq(guest_mrs(BPR0), 5);
    ck_assert_uint_eq(guest_mrs(BPR1), 6);
    ck_assert_uint_eq(guest_mrs(IGRPEN0), 1);
    ck_assert_uint_eq(guest_mrs(IGRPEN1), 0);
    guest_msr(CTLR, 1);
    ck_assert_uint_eq(guest_mrs(BPR1), 6); /* BPR0 and one */
    guest_msr(BPR1, 3);
    ck_assert_uint_eq(mrs(ICH_VMCR) >> 18 & 7, 6);
    ck_assert_uint_eq(mrs(PMR), 0x50);
    /* IMO without FMO: group 1 and the common ones. */
    gic_rig.how = 1 | CPU_GIC_VIRTUAL1;
    ck_assert_uint_eq(mrs(PMR), 0xf8);
    ck_assert_uint_eq(mrs(BPR0), 2);
    ck_assert_uint_eq(mrs(BPR1), 6);
}
END_TEST

/* The end of a virtual interrupt deactivates the physical one. */
START_TEST(test_v3_hardware)
{
    prepare(40, 0xa0);
    msr(CTLR, 2);
    spi_line(40, true);
    ck_assert_uint_eq(ack(), 40);
    eoi(40);
    msr(ICH_HCR, 1);
    msr(ICH_VMCR, VMCR_ALL);
    msr(ICH_LR0, hw(lr(PENDING, 1, 0xa0, 200), 40));
    ck_assert_uint_eq(guest_mrs(IAR1), 200);
    ck_assert(bit_get(ISACTIVER, 40));
    spi_line(40, false);
    guest_msr(EOIR1, 200);
    ck_assert(!bit_get(ISACTIVER, 40));
    ck_assert(!gic_rig.irq[0]);
}
END_TEST

START_TEST(test_v3_maintenance_line)
{
    prepare(MAINTENANCE, 0xa0);
    msr(ICH_HCR, 3); /* underflow */
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(mrs(ICH_MISR), 2);
    ck_assert_uint_eq(ack(), MAINTENANCE);
    msr(ICH_HCR, 1);
    eoi(MAINTENANCE);
    ck_assert(!gic_rig.irq[0]);
    gic_rig.cpu = 1; /* each has its own */
    prepare(MAINTENANCE, 0xa0);
    msr(ICH_HCR, 3);
    ck_assert(gic_rig.irq[1] && !gic_rig.irq[0]);
    gic_reset(gic_rig.gic);
    ck_assert(!gic_rig.irq[1]);
    ck_assert_uint_eq(mrs(ICH_HCR), 0);
}
END_TEST

/* ICH_HCR_EL2's traps: TC, TALL0, TALL1, TDIR. */
START_TEST(test_v3_traps)
{
    static const struct {
        uint16_t reg;
        uint32_t by;
    } traps[] = {
        {PMR, BIT(10)}, {CTLR, BIT(10)}, {RPR, BIT(10)}, {SGI1R, BIT(10)},
        {DIR, BIT(10) | BIT(14)}, {IAR0, BIT(11)}, {BPR0, BIT(11)},
        {IGRPEN0, BIT(11)}, {AP0R0, BIT(11)}, {IAR1, BIT(12)},
        {EOIR1, BIT(12)}, {IGRPEN1, BIT(12)}, {SRE, 0}, {ICH_HCR, 0},
    };

    for (unsigned bit = 8; bit < 16; bit++) {
        msr(ICH_HCR, BIT(bit));
        for (unsigned i = 0; i < ARRAY_SIZE(traps); i++) {
            ck_assert_msg(gic_rig.icc->traps(gic_rig.icc->opaque, 0,
                                             traps[i].reg) ==
                              (traps[i].by >> bit & 1),
                          "register 0x%x, bit %u", traps[i].reg, bit);
        }
    }
}
END_TEST

/* -- GICv2's ------------------------------------------------------------- */

enum {
    H_HCR = 0x0, H_VTR = 0x4, H_VMCR = 0x8, H_MISR = 0x10, H_EISR = 0x20,
    H_ELRSR = 0x30, H_APR = 0xf0, H_LR = 0x100,
};
enum {
    V_CTLR = 0x0, V_PMR = 0x4, V_BPR = 0x8, V_IAR = 0xc, V_EOIR = 0x10,
    V_RPR = 0x14, V_HPPIR = 0x18, V_ABPR = 0x1c, V_AIAR = 0x20,
    V_AEOIR = 0x24, V_APR = 0xd0, V_IIDR = 0xfc, V_DIR = 0x1000,
};

static uint32_t lr2(unsigned state, unsigned group, unsigned priority,
                    unsigned physical, unsigned vintid)
{
    return state << 28 | group << 30 | priority >> 3 << 23 | physical << 10 |
           vintid;
}

START_TEST(test_v2_hypervisor)
{
    ck_assert_uint_eq(rd(GICH + H_VTR), 0x90000003);
    ck_assert_uint_eq(rd(GICH + H_ELRSR), 0xf);
    ck_assert_uint_eq(rd(GICV + V_IIDR), 0x2043b);
    wr(GICH + H_HCR, 1);
    wr(GICV + V_CTLR, 1);
    wr(GICV + V_PMR, 0xff);
    ck_assert_uint_eq(rd(GICH + H_VMCR), 0xf84c0001);
    wr(GICH + H_LR + 4, lr2(PENDING, 0, 0xa0, 3, 5)); /* SGI of CPU 3 */
    ck_assert_uint_eq(rd(GICH + H_LR + 4), 0x1a000c05);
    ck_assert(gic_rig.virq[0] && !gic_rig.vfiq[0]);
    wr(GICV + V_CTLR, 9); /* FIQEn */
    ck_assert(!gic_rig.virq[0] && gic_rig.vfiq[0]);
    ck_assert_uint_eq(rd(GICV + V_HPPIR), 3 << 10 | 5);
    ck_assert_uint_eq(rd(GICV + V_IAR), 3 << 10 | 5);
    ck_assert_uint_eq(rd(GICV + V_RPR), 0xa0);
    ck_assert_uint_eq(rd(GICH + H_APR), BIT(0xa0 >> 3));
    ck_assert_uint_eq(rd(GICV + V_APR), BIT(0xa0 >> 3));
    ck_assert_uint_eq(rd(GICV + V_IAR), 1023);
    wr(GICV + V_EOIR, 3 << 10 | 5);
    ck_assert_uint_eq(rd(GICH + H_LR + 4) >> 28 & 3, INVALID);
    ck_assert_uint_eq(rd(GICH + H_ELRSR), 0xf);
}
END_TEST

START_TEST(test_v2_alias)
{
    wr(GICH + H_HCR, 1);
    wr(GICH + H_VMCR, 0xff4c0003);
    wr(GICH + H_LR, lr2(PENDING, 1, 0xa0, 0, 60));
    ck_assert_uint_eq(rd(GICV + V_IAR), 1022); /* AckCtl is 0 */
    ck_assert_uint_eq(rd(GICV + V_AIAR), 60);
    wr(GICV + V_AEOIR, 60);
    ck_assert_uint_eq(rd(GICH + H_LR) >> 28 & 3, INVALID);
    wr(GICV + V_CTLR, 7);
    wr(GICH + H_LR, lr2(PENDING, 1, 0xa0, 0, 60));
    ck_assert_uint_eq(rd(GICV + V_IAR), 60);
    wr(GICV + V_EOIR, 60);
    ck_assert_uint_eq(rd(GICV + V_RPR), 0xff);
}
END_TEST

START_TEST(test_v2_hardware)
{
    prepare(40, 0xa0);
    prepare(MAINTENANCE, 0x80);
    eoi_mode();
    spi_line(40, true);
    ck_assert_uint_eq(ack(), 40);
    eoi(40);
    spi_line(40, false);
    wr(GICH + H_HCR, 1);
    wr(GICH + H_VMCR, 0xff4c0201); /* EOImode */
    wr(GICH + H_LR, lr2(PENDING, 0, 0xa0, 40, 200) | BIT(31));
    ck_assert_uint_eq(rd(GICV + V_IAR), 200);
    wr(GICV + V_EOIR, 200);
    ck_assert(bit_get(ISACTIVER, 40));
    wr(GICV + V_DIR, 200);
    ck_assert(!bit_get(ISACTIVER, 40));
    /* An end that the hypervisor wants to know of. */
    wr(GICH + H_VMCR, 0xff4c0001);
    wr(GICH + H_LR, lr2(PENDING, 0, 0xa0, 1 << 9, 201));
    ck_assert_uint_eq(rd(GICV + V_IAR), 201);
    ck_assert(!gic_rig.irq[0]);
    wr(GICV + V_EOIR, 201);
    ck_assert(gic_rig.irq[0]);
    ck_assert_uint_eq(rd(GICH + H_MISR), 1);
    ck_assert_uint_eq(rd(GICH + H_EISR), 1);
    ck_assert_uint_eq(ack(), MAINTENANCE);
    wr(GICH + H_LR, 0);
    ck_assert_uint_eq(rd(GICH + H_EISR), 0);
}
END_TEST

/* -- */

Suite *gic_virtual_suite(void)
{
    Suite *s = suite_create("gic_virtual");
    TCase *state = tcase_create("state");
    TCase *v3 = tcase_create("v3");
    TCase *v2 = tcase_create("v2");

    tcase_add_loop_test(state, test_signals, 0, ARRAY_SIZE(signals));
    tcase_add_loop_test(state, test_maintenance, 0, ARRAY_SIZE(reasons));
    tcase_add_loop_test(state, test_ends, 0, ARRAY_SIZE(ends));
    tcase_add_test(state, test_split_end);
    tcase_add_test(state, test_nesting);
    tcase_add_test(state, test_fields);
    suite_add_tcase(s, state);
    tcase_add_checked_fixture(v3, gic_rig_setup_v3_virtual, gic_rig_teardown);
    tcase_add_test(v3, test_v3_hypervisor);
    tcase_add_test(v3, test_v3_guest_registers);
    tcase_add_test(v3, test_v3_hardware);
    tcase_add_test(v3, test_v3_maintenance_line);
    tcase_add_test(v3, test_v3_traps);
    suite_add_tcase(s, v3);
    tcase_add_checked_fixture(v2, gic_rig_setup_v2_virtual, gic_rig_teardown);
    tcase_add_test(v2, test_v2_hypervisor);
    tcase_add_test(v2, test_v2_alias);
    tcase_add_test(v2, test_v2_hardware);
    suite_add_tcase(s, v2);
    return s;
}
