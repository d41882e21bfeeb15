/* hw/pci: bridges, slots, resets of a function. */
#include "tests/unit/pci_rig.h"

#include "hw/pci/root_port.h"

Suite *root_port_suite(void);

START_TEST(port_header)
{
    pci_rig_add_port("rp1");
    ck_assert_uint_eq(rd(C, 4), 0x000c1b36);
    ck_assert_uint_eq(rd(C + 8, 4), 0x06040000);
    ck_assert_uint_eq(rd(C + 0x0e, 1), 1);
    wr(C + 0x1c, 2, 0xffff);
    ck_assert_uint_eq(rd(C + 0x1c, 2), 0xf0f0);
    wr(C + 0x20, 8, UINT64_MAX);
    ck_assert_uint_eq(rd(C + 0x20, 8), UINT64_C(0xfff1fff1fff0fff0));
    ck_assert_uint_eq(rd(C + 0x100, 4) & 0xffff, 1);
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);
    ck_assert_uint_eq(rd(C + exp + 2, 2), 0x142);
    ck_assert_uint_eq(rd(C + exp + 0x1a, 2), 0); /* the slot is empty */
}
END_TEST

START_TEST(port_routes)
{
    struct toy *toy = pci_rig_add_toy(pci_rig_add_port("rp1"), PCI_ANY_SLOT);
    uint64_t c = config(5, 0);

    toy->bytes[0] = 0x42;
    ck_assert_uint_eq(rd(C + find_cap(C, PCI_CAP_EXPRESS) + 0x1a, 2), 0x40);
    ck_assert_uint_eq(rd(c, 4), NOWHERE);
    wr(C + 0x18, 4, 0x050500);
    ck_assert_uint_eq(rd(c, 4), 0x56781234);
    ck_assert_uint_eq(rd(config(6, 0), 4), NOWHERE);
    ck_assert_uint_eq(rd(config(5, 8), 4), NOWHERE);

    pci_rig_place_bars(c);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff); /* no window yet */
    wr(C + 0x20, 4, 0x10001000);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff); /* nor enabled */
    wr(C + 4, 2, 7);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0x42);
    ck_assert_uint_eq(rd(MMIO64, 1), 0xff);
    wr(C + 0x24, 4, 0x00010001);
    wr(C + 0x28, 8, UINT64_C(0x0000008000000080));
    ck_assert_uint_eq(rd(MMIO64, 1), 0x42);
    ck_assert_uint_eq(rd(PIO + 0x1000, 1), 0xff);
    wr(C + 0x1c, 2, 0x1010);
    ck_assert_uint_eq(rd(PIO + 0x1000, 1), 0x42);
    wr(C + 0x20, 4, 0x10001010); /* base above limit: closed */
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff);

    /* Interrupts: slot 0 behind slot 1; requester of bus 5. */
    pci_intx_set(&toy->pci, true);
    ck_assert(pci_rig.lines[1]);
    wr(C + 0x20, 4, 0x10001000);
    msix_entry(0, DOORBELL + 0x40, 7, false);
    wr(c + find_cap(c, PCI_CAP_MSIX) + 2, 2, 0x8000);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(pci_rig.bell.requester, BUS_DMA_FROM(0x500));

    wr(C + 0x3e, 2, 0x40); /* reset of the secondary bus */
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(c + 4, 2), 0);
    ck_assert(!pci_rig.lines[1]);
}
END_TEST

/* Commands of a hot-plug driver: each completes, with an interrupt; without
 * power the device is reset and gone. */
START_TEST(port_slot)
{
    struct toy *toy = pci_rig_add_toy(pci_rig_add_port("rp1"), PCI_ANY_SLOT);
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);
    uint64_t control = C + exp + 0x18, status = C + exp + 0x1a;

    ck_assert_uint_eq(rd(C + exp + 0x14, 4), 0x000a007b);
    ck_assert_uint_eq(rd(control, 2), 0x01c0);
    ck_assert_uint_eq(rd(status, 2), 0x0040);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2), 0x2011);
    wr(C + 0x18, 4, 0x010100);
    ck_assert_uint_eq(rd(config(1, 0), 4), 0x56781234);

    wr(control, 2, 0x01f0); /* interrupt when completed */
    ck_assert_uint_eq(rd(status, 2), 0x0050);
    ck_assert(pci_rig.lines[1]);
    wr(status, 2, 0x0010);
    ck_assert_uint_eq(rd(status, 2), 0x0040);
    ck_assert(!pci_rig.lines[1]);
    wr(control, 2, 0x09f0); /* the lock toggles */
    ck_assert_uint_eq(rd(control, 2), 0x01f0);
    ck_assert_uint_eq(rd(status, 2), 0x00d0);

    wr(control, 2, 0x07f0); /* off */
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(config(1, 0), 4), NOWHERE);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2) & 0x2000, 0);
    wr(control, 2, 0x01f0);
    ck_assert_uint_eq(rd(config(1, 0), 4), 0x56781234);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2), 0x2011);
    wr(control, 2, 0x07f0);
    pcie_reset(pci_rig.host);
    ck_assert_uint_eq(rd(control, 2), 0x01c0);
    wr(C + 0x18, 4, 0x010100);
    ck_assert_uint_eq(rd(config(1, 0), 4), 0x56781234);
}
END_TEST

START_TEST(port_slot_empty)
{
    pci_rig_add_port("rp1");
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);

    ck_assert_uint_eq(rd(C + exp + 0x18, 2), 0x07c0);
    ck_assert_uint_eq(rd(C + exp + 0x12, 2) & 0x2000, 0);
    wr(C + exp + 0x18, 2, 0x00f0);
    ck_assert_uint_eq(rd(C + exp + 0x1a, 2), 0x0010);
}
END_TEST

START_TEST(port_errors)
{
    struct pci_bus *behind = pci_rig_add_port("rp1");
    struct root_port_config c = {.id = "rp2"};
    struct toy *toy = pci_rig_new_toy();
    struct error *err = NULL;

    ck_assert(!root_port_create(behind, PCI_ANY_SLOT, &c, &err));
    error_free(err);
    err = NULL;
    ck_assert(!pci_plug(behind, &toy->pci, PCI_DEVFN(1, 0), &err));
    error_free(err);
    ck_assert(pci_plug(behind, &toy->pci, PCI_ANY_SLOT, NULL));
}
END_TEST

START_TEST(function_level_reset)
{
    struct toy *toy = pci_rig_new_toy();

    pcie_add_express(&toy->pci, PCIE_TYPE_ENDPOINT);
    pci_add_power_management(&toy->pci);
    ck_assert(pci_plug(pci_rig.root, &toy->pci, PCI_ANY_SLOT, NULL));
    unsigned exp = find_cap(C, PCI_CAP_EXPRESS);
    pci_rig_place_bars(C);
    ck_assert_uint_eq(rd(C + 0x100, 4), 0);
    ck_assert_uint_eq(rd(C + exp + 4, 4) >> 28, 1);
    wr(C + exp + 9, 1, 0x80);
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(C + 4, 2), 0);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 0xff);

    /* So does waking from D3hot, but not from less. */
    unsigned power = find_cap(C, PCI_CAP_POWER) + 4;
    wr(C + power, 2, 2);
    wr(C + power, 2, 0);
    wr(C + power, 2, 3);
    wr(C + 4, 2, 7);
    ck_assert_uint_eq(toy->resets, 1);
    wr(C + power, 2, 0);
    ck_assert_uint_eq(toy->resets, 2);
    ck_assert_uint_eq(rd(C + 4, 2), 0);
}
END_TEST

Suite *root_port_suite(void)
{
    const TTest *const tests[] = {
        port_header, port_routes, port_slot, port_slot_empty, port_errors,
        function_level_reset,
    };
    Suite *suite = suite_create("root_port");
    TCase *tcase = tcase_create("root_port");

    tcase_add_checked_fixture(tcase, pci_rig_setup, pci_rig_teardown);
    tcase_set_timeout(tcase, 60);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
