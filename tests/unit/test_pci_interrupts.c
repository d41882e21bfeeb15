/* hw/pci: INTx, MSI and MSI-X. */
#include "tests/unit/pci_rig.h"

Suite *pci_interrupts_suite(void);

START_TEST(intx_swizzle)
{
    struct toy *toys[6];

    for (unsigned i = 1; i < ARRAY_SIZE(toys); i++) {
        toys[i] = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
        pci_intx_set(&toys[i]->pci, true);
        ck_assert(pci_rig.lines[i % 4]);
    }
    /* Slots 1 and 5 share. */
    pci_intx_set(&toys[1]->pci, false);
    ck_assert(pci_rig.lines[1]);
    ck_assert_uint_eq(rd(C + 6, 2) & 8, 0);
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(5, 0)) + 6, 2) & 8, 8);
    wr(config(0, PCI_DEVFN(5, 0)) + 4, 2, PCI_COMMAND_INTX_DISABLE);
    ck_assert(!pci_rig.lines[1]);
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(5, 0)) + 6, 2) & 8, 8);
    wr(config(0, PCI_DEVFN(5, 0)) + 4, 2, 0);
    ck_assert(pci_rig.lines[1]);
    pcie_reset(pci_rig.host);
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        ck_assert(!pci_rig.lines[i]);
    }
}
END_TEST

#define MSIX_CONTROL (C + find_cap(C, PCI_CAP_MSIX) + 2)

#define MSIX_PENDING (MMIO + 0x10800)

START_TEST(msix_sends)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);

    pci_rig_place_bars(C);
    ck_assert_uint_eq(rd(MMIO + 0x1000c, 4), 1); /* masked at reset */
    msix_entry(2, DOORBELL + 0x40, 77, false);
    pci_msix_notify(&toy->pci, 2);
    ck_assert_uint_eq(pci_rig.bell.count, 0); /* disabled */
    wr(MSIX_CONTROL, 2, 0x8000);
    ck_assert(pci_msix_enabled(&toy->pci));
    ck_assert_uint_eq(pci_rig.bell.count, 0);
    pci_msix_notify(&toy->pci, 2);
    ck_assert_uint_eq(pci_rig.bell.count, 1);
    ck_assert_uint_eq(pci_rig.bell.data, 77);
    ck_assert_uint_eq(pci_rig.bell.requester, BUS_DMA_FROM(PCI_DEVFN(1, 0)));
    pci_msix_notify(&toy->pci, 3); /* there is none */
    pci_msix_notify(&toy->pci, 0xffff);
    ck_assert_uint_eq(pci_rig.bell.count, 1);
    wr(C + 4, 2, 3); /* not a master any more */
    pci_msix_notify(&toy->pci, 2);
    ck_assert_uint_eq(pci_rig.bell.count, 1);
}
END_TEST

START_TEST(msix_masks)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);

    pci_rig_place_bars(C);
    msix_entry(0, DOORBELL + 0x40, 50, true);
    msix_entry(1, DOORBELL + 0x40, 51, false);
    wr(MSIX_CONTROL, 2, 0x8000);
    pci_msix_notify(&toy->pci, 0);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(pci_rig.bell.count, 0);
    ck_assert_uint_eq(rd(MSIX_PENDING, 8), 1);
    wr(MMIO + 0x1000c, 4, 0xfffffffe);
    ck_assert_uint_eq(rd(MMIO + 0x1000c, 4), 0);
    ck_assert_uint_eq(pci_rig.bell.count, 1);
    ck_assert_uint_eq(pci_rig.bell.data, 50);
    ck_assert_uint_eq(rd(MSIX_PENDING, 4), 0);

    wr(MSIX_CONTROL, 2, 0xc000); /* mask all */
    pci_msix_notify(&toy->pci, 0);
    pci_msix_notify(&toy->pci, 1);
    ck_assert_uint_eq(pci_rig.bell.count, 1);
    ck_assert_uint_eq(rd(MSIX_PENDING, 4), 3);
    wr(MSIX_PENDING, 4, 0); /* read-only */
    wr(MMIO + 0x10ffc, 4, 1);
    wr(MSIX_CONTROL, 2, 0x8000);
    ck_assert_uint_eq(pci_rig.bell.count, 3);
    ck_assert_uint_eq(rd(MSIX_PENDING, 4), 0);
    pcie_reset(pci_rig.host);
    ck_assert(!pci_msix_enabled(&toy->pci));
}
END_TEST

START_TEST(msix_anywhere)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);

    pci_rig_place_bars(C);
    wr(MSIX_CONTROL, 2, 0x8000);
    msix_entry(0, RAM + 0x123, 0xdeadbeef, false); /* memory, aligned */
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(rd(RAM + 0x120, 4), 0xdeadbeef);
    /* Into itself, configuration space, nowhere. */
    msix_entry(0, MMIO + 0x1000c, 1, false);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(rd(MMIO + 0x1000c, 4), 0);
    msix_entry(0, C + 4, 0, false);
    pci_msix_notify(&toy->pci, 0);
    ck_assert_uint_eq(rd(C + 4, 2), 7);
    msix_entry(0, UINT64_C(0xfffffffffffffffc), 1, false);
    pci_msix_notify(&toy->pci, 0);
}
END_TEST

START_TEST(msi_sends)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    uint64_t msi = C + find_cap(C, PCI_CAP_MSI);

    wr(C + 4, 2, 4);
    wr(msi + 4, 8, DOORBELL + 0x40);
    wr(msi + 12, 2, 0x63);
    pci_msi_notify(&toy->pci, 0);
    ck_assert_uint_eq(pci_rig.bell.count, 0);
    wr(msi + 2, 2, 1 | 2 << 4); /* four vectors */
    pci_msi_notify(&toy->pci, 2);
    ck_assert_uint_eq(pci_rig.bell.data, 0x62);
    wr(msi + 16, 4, 0xffffffff);
    ck_assert_uint_eq(rd(msi + 16, 4), 0xf);
    pci_msi_notify(&toy->pci, 1);
    pci_msi_notify(&toy->pci, 9);
    ck_assert_uint_eq(pci_rig.bell.count, 1);
    ck_assert_uint_eq(rd(msi + 20, 4), 2);
    wr(msi + 16, 4, 0);
    ck_assert_uint_eq(pci_rig.bell.count, 2);
    ck_assert_uint_eq(pci_rig.bell.data, 0x61);
    wr(msi + 2, 2, 1 | 7 << 4); /* more than there are */
    pci_msi_notify(&toy->pci, 3);
    ck_assert_uint_eq(pci_rig.bell.data, 0x63);
    wr(msi + 2, 2, 1); /* one: all share it */
    pci_msi_notify(&toy->pci, 3);
    ck_assert_uint_eq(pci_rig.bell.data, 0x63);
}
END_TEST

Suite *pci_interrupts_suite(void)
{
    const TTest *const tests[] = {
        intx_swizzle, msix_sends, msix_masks, msix_anywhere, msi_sends,
    };
    Suite *suite = suite_create("pci_interrupts");
    TCase *tcase = tcase_create("pci_interrupts");

    tcase_add_checked_fixture(tcase, pci_rig_setup, pci_rig_teardown);
    tcase_set_timeout(tcase, 60);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
