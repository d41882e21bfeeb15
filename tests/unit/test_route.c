/* cpu/arm: which exception level takes what (tables of Arm ARM D1.3). */
#include <check.h>

#include "cpu/arm/guest.h"
#include "cpu/arm/route.h"
#include "cpu/arm/syndrome.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"

Suite *route_suite(void);

static struct bus *bus;
static struct cpu_system *cpus;
static struct arm_cpu *cpu;

static void create(const char *model, bool el2, bool el3)
{
    struct error *err = NULL;
    struct cpu_config config = {.model = model, .count = 1, .interp = true,
                                .gic_version = 2, .el2 = el2, .el3 = el3};

    bus = bus_new();
    cpus = cpu_system_new(&config, bus, &err);
    ck_assert_msg(cpus != NULL, "%s", err ? err->message : "");
    cpu = cpus->cpu[0];
    cpu->daif = 0;
}

static void setup(void)
{
    create("max", true, true);
    cpu->scr_el3 |= SCR_NS;
}

static void teardown(void)
{
    cpu_system_free(cpus);
    bus_free(bus);
}

static void at(unsigned el)
{
    arm_set_el(cpu, el, el > 0);
}

/* The level that takes a physical IRQ at each level: -1 none. */
struct irq_row {
    uint64_t scr, hcr;
    int masked[4], open[4]; /* by exception level */
};

static const struct irq_row irq_rows[] = {
    /* SCR_EL3.IRQ, HCR_EL2: PSTATE.I set, clear; EL0, EL1, EL2, EL3 */
    {SCR_NS, 0, {-1, -1, -1, -1}, {1, 1, -1, -1}},
    {SCR_NS, HCR_IMO, {2, 2, -1, -1}, {2, 2, 2, -1}},
    {SCR_NS, HCR_TGE, {2, 2, -1, -1}, {2, 2, 2, -1}},
    {SCR_NS, HCR_E2H | HCR_IMO, {2, 2, -1, -1}, {2, 2, 2, -1}},
    {SCR_NS, HCR_E2H | HCR_TGE, {-1, -1, -1, -1}, {2, 2, 2, -1}},
    {SCR_NS | SCR_IRQ, 0, {3, 3, 3, -1}, {3, 3, 3, 3}},
    {SCR_NS | SCR_IRQ, HCR_IMO, {3, 3, 3, -1}, {3, 3, 3, 3}},
    {0, HCR_IMO, {-1, -1, -1, -1}, {1, 1, -1, -1}}, /* Secure: no EL2 */
    {SCR_IRQ, 0, {3, 3, 3, -1}, {3, 3, 3, 3}},
    {SCR_NS | SCR_FIQ, HCR_FMO, {-1, -1, -1, -1}, {1, 1, -1, -1}},
};

static int irq_target(void)
{
    struct arm_interrupt i;

    return arm_pick_interrupt(cpu, ARM_LINE_IRQ, &i) ? (int)i.target : -1;
}

START_TEST(test_physical)
{
    for (unsigned n = 0; n < ARRAY_SIZE(irq_rows); n++) {
        const struct irq_row *row = &irq_rows[n];

        cpu->scr_el3 = row->scr;
        cpu->hcr_el2 = row->hcr;
        for (unsigned el = 0; el < 4; el++) {
            at(el);
            cpu->daif = PSTATE_I;
            ck_assert_msg(irq_target() == row->masked[el],
                          "row %u EL%u masked: %d", n, el, irq_target());
            cpu->daif = 0;
            ck_assert_msg(irq_target() == row->open[el],
                          "row %u EL%u: %d", n, el, irq_target());
        }
        ck_assert(arm_wakes(cpu, ARM_LINE_IRQ));
    }
}
END_TEST

START_TEST(test_virtual)
{
    struct arm_interrupt i;

    cpu->hcr_el2 = HCR_IMO | HCR_FMO | HCR_AMO;
    at(1);
    ck_assert(arm_pick_interrupt(cpu, ARM_LINE_VIRQ, &i));
    ck_assert_uint_eq(i.vector, ARM_VECTOR_IRQ);
    ck_assert_uint_eq(i.target, 1);
    ck_assert(arm_pick_interrupt(cpu, ARM_LINE_VF, &i));
    ck_assert_uint_eq(i.vector, ARM_VECTOR_FIQ);
    ck_assert(arm_pick_interrupt(cpu, ARM_LINE_VSE, &i));
    ck_assert(i.virtual_error);
    /* A physical one comes first, and is EL2's. */
    ck_assert(arm_pick_interrupt(cpu, ARM_LINE_VI | ARM_LINE_IRQ, &i));
    ck_assert_uint_eq(i.target, 2);
    ck_assert_uint_eq(arm_pending_masks(cpu, ARM_LINE_IRQ), 0);
    ck_assert_uint_eq(arm_pending_masks(cpu, ARM_LINE_VI), PSTATE_I);
    cpu->daif = PSTATE_I;
    ck_assert(!arm_pick_interrupt(cpu, ARM_LINE_VI, &i));
    ck_assert(arm_wakes(cpu, ARM_LINE_VI));
    cpu->daif = 0;
    at(2);
    ck_assert(!arm_pick_interrupt(cpu, ARM_LINE_VI, &i));
    ck_assert(!arm_wakes(cpu, ARM_LINE_VI));
    ck_assert_uint_eq(arm_pending_masks(cpu, ARM_LINE_IRQ), PSTATE_I);
    at(0);
    cpu->hcr_el2 |= HCR_TGE;
    ck_assert(!arm_pick_interrupt(cpu, ARM_LINE_VI, &i));
    cpu->hcr_el2 = 0;
    ck_assert(!arm_pick_interrupt(cpu, ARM_LINE_VI, &i));
}
END_TEST

START_TEST(test_synchronous)
{
    struct mem_fault stage2 = {.stage = 2}, external = {.external = true};

    at(0);
    ck_assert_uint_eq(arm_route(cpu), 1);
    ck_assert_uint_eq(arm_route_abort(cpu, &stage2), 2);
    ck_assert_uint_eq(arm_route_abort(cpu, &external), 1);
    cpu->hcr_el2 = HCR_TGE;
    ck_assert_uint_eq(arm_route(cpu), 2);
    cpu->scr_el3 &= ~SCR_NS; /* Secure EL0 */
    ck_assert_uint_eq(arm_route(cpu), 1);
    cpu->scr_el3 |= SCR_NS | SCR_EA;
    ck_assert_uint_eq(arm_route_abort(cpu, &external), 3);
    cpu->scr_el3 &= ~SCR_EA;
    cpu->hcr_el2 = HCR_TEA;
    ck_assert_uint_eq(arm_route_abort(cpu, &external), 2);
    at(2);
    ck_assert_uint_eq(arm_route(cpu), 2);
    at(3);
    ck_assert_uint_eq(arm_route(cpu), 3);
    ck_assert_uint_eq(arm_route_debug(cpu), 3);
    at(1);
    ck_assert_uint_eq(arm_route_debug(cpu), 1);
    cpu->mdcr_el2 = MDCR_TDE;
    ck_assert_uint_eq(arm_route_debug(cpu), 2);
}
END_TEST

START_TEST(test_calls)
{
    cpu->hcr_el2 = 0;
    cpu->scr_el3 = SCR_NS;
    at(1);
    ck_assert_uint_eq(arm_route_hvc(cpu), 0); /* SCR_EL3.HCE */
    ck_assert_uint_eq(arm_route_smc(cpu), 3);
    cpu->scr_el3 |= SCR_HCE | SCR_SMD;
    ck_assert_uint_eq(arm_route_hvc(cpu), 2);
    ck_assert_uint_eq(arm_route_smc(cpu), 0);
    cpu->hcr_el2 = HCR_TSC;
    ck_assert_uint_eq(arm_route_smc(cpu), 2);
    at(2);
    ck_assert_uint_eq(arm_route_smc(cpu), 0);
    at(3);
    ck_assert_uint_eq(arm_route_hvc(cpu), 3);
    at(0);
    ck_assert_uint_eq(arm_route_hvc(cpu), 0);
    at(1);
    cpu->scr_el3 &= ~SCR_NS;
    ck_assert_uint_eq(arm_route_hvc(cpu), 0);
}
END_TEST

START_TEST(test_returns)
{
    static const struct {
        unsigned from;
        uint64_t spsr, scr, hcr;
        bool good;
    } rows[] = {
        {1, 0x0, SCR_NS, 0, true},     {1, 0x4, SCR_NS, 0, true},
        {1, 0x5, SCR_NS, 0, true},     {1, 0x9, SCR_NS, 0, false},
        {2, 0x9, SCR_NS, 0, true},     {2, 0xd, SCR_NS, 0, false},
        {3, 0xd, SCR_NS, 0, true},     {3, 0x9, SCR_NS, 0, true},
        {3, 0x9, 0, 0, false},         {3, 0x5, 0, HCR_TGE, true},
        {3, 0x5, SCR_NS, HCR_TGE, false}, {2, 0x0, SCR_NS, HCR_TGE, true},
        {2, 0x1, SCR_NS, 0, false},    {2, 0x6, SCR_NS, 0, false},
        {2, 0x15, SCR_NS, 0, false},
    };

    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        at(rows[n].from);
        cpu->scr_el3 = rows[n].scr;
        cpu->hcr_el2 = rows[n].hcr;
        ck_assert_msg(arm_is_legal_return(cpu, rows[n].spsr) ==
                          rows[n].good, "row %u", n);
    }
}
END_TEST

/* EL3 comes last. */
START_TEST(test_fp)
{
    cpu->cpacr_el1 = 3 << 20;
    cpu->cptr_el2 = 0;
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 1), 0);
    cpu->cptr_el3 = CPTR_TFP;
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 1), 3);
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 3), 3);
    cpu->cptr_el2 = CPTR_TFP;
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 1), 2);
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 2), 2);
    cpu->cpacr_el1 = 1 << 20;
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 0), 1);
    cpu->hcr_el2 = HCR_E2H;
    cpu->cptr_el2 = 1 << 20;
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 2), 3);
    cpu->hcr_el2 = HCR_E2H | HCR_TGE;
    ck_assert_uint_eq(arm_fp_trap_el(cpu, 0), 2);
}
END_TEST

static unsigned upper_trap(uint16_t encoding)
{
    return sysreg_upper_trap(cpu, sysreg_trap_class(encoding), encoding,
                             true);
}

START_TEST(test_traps)
{
    const uint16_t keys = SYSREG(3, 0, 2, 1, 0);
    const uint16_t pmccntr = SYSREG(3, 3, 9, 13, 0);

    at(1);
    cpu->hcr_el2 = 0;
    cpu->scr_el3 = SCR_NS;
    ck_assert_uint_eq(upper_trap(keys), 2);
    cpu->hcr_el2 = HCR_APK;
    ck_assert_uint_eq(upper_trap(keys), 3);
    cpu->scr_el3 |= SCR_APK;
    ck_assert_uint_eq(upper_trap(keys), 0);
    at(2);
    cpu->hcr_el2 = 0;
    ck_assert_uint_eq(upper_trap(keys), 0);
    cpu->mdcr_el3 = MDCR_TPM;
    ck_assert_uint_eq(upper_trap(pmccntr), 3);
    at(3);
    ck_assert_uint_eq(upper_trap(pmccntr), 0);
}
END_TEST

START_TEST(test_redirection)
{
    const uint16_t sctlr1 = SYSREG(3, 0, 1, 0, 0);

    ck_assert_uint_eq(sysreg_redirect(sctlr1, 2), SYSREG(3, 4, 1, 0, 0));
    ck_assert_uint_eq(sysreg_redirect(sctlr1, 3), sctlr1);
    ck_assert_uint_eq(sysreg_redirect(SYSREG(3, 5, 1, 0, 0), 2), sctlr1);
    ck_assert_uint_eq(sysreg_redirect(SYSREG(3, 5, 14, 3, 1), 2),
                      SYSREG(3, 3, 14, 3, 1));
    ck_assert_uint_eq(sysreg_redirect(SYSREG(3, 0, 1, 0, 2), 2),
                      SYSREG(3, 4, 1, 1, 2)); /* CPACR: CPTR_EL2 */
    ck_assert_uint_eq(sysreg_redirect(SYSREG(3, 5, 12, 0, 1), 2), 0);
}
END_TEST

/* ISV, SAS, SSE, SRT, SF, AR (bits 24 to 14). */
START_TEST(test_access_iss)
{
    static const struct {
        uint32_t insn, iss;
    } rows[] = {
        {0x39000002, 0x1020000}, /* strb w2, [x0] */
        {0x79803008, 0x1688000}, /* ldrsh x8, [x0, #24] */
        {0x79c03008, 0x1680000}, /* ldrsh w8, [x0, #24] */
        {0xb9800008, 0x1a88000}, /* ldrsw x8, [x0] */
        {0xf8400023, 0x1c38000}, /* ldur x3, [x1] */
        {0xb8400823, 0x1830000}, /* ldtr w3, [x1] */
        {0xc8dffc23, 0x1c3c000}, /* ldar x3, [x1] */
        {0xf8626823, 0x1c38000}, /* ldr x3, [x1, x2] */
        {0xf8408423, 0},         /* ldr x3, [x1], #8 */
        {0xa9400c22, 0},         /* ldp x2, x3, [x1] */
        {0xc85f7c23, 0},         /* ldxr x3, [x1] */
        {0x3dc00020, 0},         /* ldr q0, [x1] */
        {0xf8230022, 0},         /* ldadd x3, x2, [x1] */
        {0xf9800020, 0},         /* prfm */
    };

    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        ck_assert_msg(arm_access_iss(rows[n].insn) == rows[n].iss,
                      "%08x: %x", rows[n].insn,
                      arm_access_iss(rows[n].insn));
    }
}
END_TEST

/* A processor without EL2 keeps all to EL1; one with only EL3 has EL2's
 * registers as RES0. */
START_TEST(test_fewer_levels)
{
    const struct sysreg *hcr;

    teardown();
    create("cortex-a72", false, true);
    ck_assert_uint_eq(cpu->el, 3);
    hcr = sysreg_find(cpu, SYSREG(3, 4, 1, 1, 0));
    ck_assert_ptr_nonnull(hcr);
    sysreg_write(cpu, hcr, HCR_TGE);
    ck_assert_uint_eq(sysreg_read(cpu, hcr), 0);
    cpu->scr_el3 |= SCR_NS;
    at(1);
    ck_assert_uint_eq(arm_route_hvc(cpu), 0);
    ck_assert_uint_eq(arm_route_smc(cpu), 3);
    teardown();
    create("cortex-a72", true, false);
    ck_assert_uint_eq(cpu->el, 2);
    ck_assert_ptr_null(sysreg_find(cpu, SYSREG(3, 6, 1, 1, 0)));
    ck_assert_ptr_null(sysreg_find(cpu, SYSREG(3, 4, 2, 0, 1))); /* VHE */
}
END_TEST

Suite *route_suite(void)
{
    Suite *suite = suite_create("route");
    TCase *c = tcase_create("route");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, test_physical);
    tcase_add_test(c, test_virtual);
    tcase_add_test(c, test_synchronous);
    tcase_add_test(c, test_calls);
    tcase_add_test(c, test_returns);
    tcase_add_test(c, test_fp);
    tcase_add_test(c, test_traps);
    tcase_add_test(c, test_redirection);
    tcase_add_test(c, test_access_iss);
    tcase_add_test(c, test_fewer_levels);
    suite_add_tcase(suite, c);
    return suite;
}
