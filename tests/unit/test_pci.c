/* hw/pci: configuration space and BARs; pci-testdev, the device tree. */
#include "tests/unit/pci_rig.h"

#include <libfdt.h>
#include <pthread.h>
#include <string.h>

#include "hw/pci/testdev.h"
#include "tests/unit/random64.h"

Suite *pci_suite(void);

/* Configuration space --------------------------------------------------- */

START_TEST(host_bridge)
{
    ck_assert_uint_eq(rd(ECAM, 4), 0x00081b36);
    ck_assert_uint_eq(rd(ECAM, 2), 0x1b36);
    ck_assert_uint_eq(rd(ECAM + 2, 2), 0x0008);
    ck_assert_uint_eq(rd(ECAM + 3, 1), 0x00);
    ck_assert_uint_eq(rd(ECAM, 8), 0x00081b36);
    ck_assert_uint_eq(rd(ECAM + 8, 4), 0x06000000);
    ck_assert_uint_eq(rd(ECAM + 0x2c, 4), 0x11001af4);
    /* No extended space: conventional. */
    ck_assert_uint_eq(rd(ECAM + 0x100, 4), 0xffffffff);
}
END_TEST

START_TEST(nothing_there)
{
    static const unsigned sizes[] = {1, 2, 4, 8};

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint64_t ones = mask64(8 * (int)sizes[i]);
        ck_assert_uint_eq(rd(C, sizes[i]), ones);
        ck_assert_uint_eq(rd(config(255, 255) + 0xff8, sizes[i]), ones);
        wr(C, sizes[i], 0);
        ck_assert_uint_eq(rd(MMIO + 0x100, sizes[i]), ones);
        ck_assert_uint_eq(rd(MMIO64 + 0x100, sizes[i]), ones);
        ck_assert_uint_eq(rd(PIO + 0x100, sizes[i]), ones);
        wr(PIO + 0x100, sizes[i], 1);
        wr(MMIO64 + 0x7ffffffff8, sizes[i], 1);
    }
}
END_TEST

START_TEST(header)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);

    ck_assert_uint_eq(toy->pci.devfn, PCI_DEVFN(1, 0));
    ck_assert_uint_eq(rd(C, 4), 0x56781234);
    ck_assert_uint_eq(rd(C + 8, 4), 0x02000003);
    ck_assert_uint_eq(rd(C + 0x2c, 4), 0xdef09abc);
    ck_assert_uint_eq(rd(C + 0x3d, 1), 1);
    wr(C, 4, 0);
    wr(C + 0x2c, 8, 0);
    ck_assert_uint_eq(rd(C, 4), 0x56781234);
    wr(C + 4, 2, 0xffff);
    ck_assert_uint_eq(rd(C + 4, 2), 0x0507);
    wr(C + 5, 1, 0);
    ck_assert_uint_eq(rd(C + 4, 2), 0x0007);
    wr(C + 0x3c, 1, 0x5a);
    ck_assert_uint_eq(rd(C + 0x3c, 2), 0x015a);
    ck_assert_uint_gt(toy->written, 0);
    pcie_reset(pci_rig.host);
    ck_assert_uint_eq(toy->resets, 1);
    ck_assert_uint_eq(rd(C + 4, 4), 0x00100000);
    ck_assert_uint_eq(rd(C + 0x3c, 2), 0x0100);
}
END_TEST

START_TEST(capability_list)
{
    pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    ck_assert_uint_eq(rd(C + 6, 2) & 0x10, 0x10);
    unsigned msix = find_cap(C, PCI_CAP_MSIX);
    ck_assert_uint_eq(msix, 0x40);
    ck_assert_uint_eq(rd(C + msix + 2, 2), 2); /* three vectors */
    ck_assert_uint_eq(rd(C + msix + 4, 4), 1); /* in BAR 1 */
    ck_assert_uint_eq(rd(C + msix + 8, 4), 0x801);
    unsigned msi = find_cap(C, PCI_CAP_MSI);
    ck_assert_uint_eq(rd(C + msi + 2, 2), 0x184);
}
END_TEST

START_TEST(multifunction)
{
    pci_rig_add_toy(pci_rig.root, PCI_DEVFN(2, 0));
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(2, 0)) + 0x0e, 1), 0);
    pci_rig_add_toy(pci_rig.root, PCI_DEVFN(2, 3));
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(2, 0)) + 0x0e, 1), 0x80);
    pcie_reset(pci_rig.host);
    ck_assert_uint_eq(rd(config(0, PCI_DEVFN(2, 0)) + 0x0e, 1), 0x80);
}
END_TEST

START_TEST(addresses)
{
    static const struct {
        const char *text;
        int devfn;
    } rows[] = {
        {"4", PCI_DEVFN(4, 0)},    {"04.0", PCI_DEVFN(4, 0)},
        {"1f.7", PCI_DEVFN(31, 7)}, {"0x1.1", PCI_DEVFN(1, 1)},
        {"20", -2}, {"1.8", -2}, {"1.", -2}, {"x", -2}, {"1.1.1", -2},
        {"", -2}, {"-1", -2}, {NULL, PCI_ANY_SLOT},
    };
    struct error *err = NULL;
    int devfn;

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        bool good = pci_parse_address(rows[i].text, &devfn, &err);
        ck_assert_int_eq(good, rows[i].devfn != -2);
        if (good) {
            ck_assert_int_eq(devfn, rows[i].devfn);
        } else {
            ck_assert_ptr_nonnull(err);
            error_free(err);
            err = NULL;
        }
    }
}
END_TEST

START_TEST(plug_errors)
{
    struct toy *toy = pci_rig_new_toy();
    struct error *err = NULL;

    pci_rig_add_toy(pci_rig.root, PCI_DEVFN(1, 0));
    ck_assert(!pci_plug(pci_rig.root, &toy->pci, PCI_DEVFN(1, 0), &err));
    ck_assert_ptr_nonnull(strstr(err->message, "taken by toy"));
    error_free(err);
    err = NULL;
    for (unsigned i = 2; i < 32; i++) {
        pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    }
    ck_assert(!pci_plug(pci_rig.root, &toy->pci, PCI_ANY_SLOT, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "no free slot"));
    error_free(err);
    err = NULL;
    ck_assert_ptr_null(pcie_find_bus(pci_rig.host, "rp9", &err));
    error_free(err);
    toy->pci.ops->free(&toy->pci);
}
END_TEST

/* BARs ------------------------------------------------------------------ */

START_TEST(bar_sizing)
{
    pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    for (unsigned reg = 0x10; reg < 0x28; reg += 4) {
        wr(C + reg, 4, 0xffffffff);
    }
    ck_assert_uint_eq(rd(C + 0x10, 4), 0xffffffe1);
    ck_assert_uint_eq(rd(C + 0x14, 4), 0xfffff000);
    ck_assert_uint_eq(rd(C + 0x18, 4), 0xfffff000);
    ck_assert_uint_eq(rd(C + 0x1c, 4), 0);
    ck_assert_uint_eq(rd(C + 0x20, 4), 0xffffc00c);
    ck_assert_uint_eq(rd(C + 0x24, 4), 0xffffffff);
    wr(C + 0x20, 8, 0);
    ck_assert_uint_eq(rd(C + 0x20, 8), 0xc);
}
END_TEST

START_TEST(bar_decoding)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);

    pci_rig_place_bars(C);
    wr(MMIO + 0x20010, 4, 0x11223344);
    ck_assert_uint_eq(load_le32(toy->bytes + 0x10), 0x11223344);
    ck_assert_uint_eq(rd(PIO + 0x1010, 2), 0x3344);
    ck_assert_uint_eq(rd(MMIO64 + 0x10, 8), 0x11223344);
    wr(MMIO64 + 0x3ff8, 8, UINT64_C(0x0102030405060708));
    ck_assert_uint_eq(rd(MMIO64 + 0x3ff8, 8), UINT64_C(0x0102030405060708));
    /* Across the end of I/O BAR and beyond. */
    ck_assert_uint_eq(rd(PIO + 0x1020, 4), NOWHERE);

    wr(C + 4, 2, 6); /* no I/O */
    ck_assert_uint_eq(rd(PIO + 0x1010, 2), 0xffff);
    ck_assert_uint_eq(rd(MMIO + 0x20010, 1), 0x44);
    wr(C + 4, 2, 5); /* no memory */
    ck_assert_uint_eq(rd(PIO + 0x1010, 2), 0x3344);
    ck_assert_uint_eq(rd(MMIO + 0x20010, 1), 0xff);
    ck_assert_uint_eq(rd(MMIO64 + 0x10, 4), NOWHERE);

    wr(C + 4, 2, 7);
    wr(C + 0x18, 4, MMIO + 0x30000); /* move */
    ck_assert_uint_eq(rd(MMIO + 0x20010, 4), NOWHERE);
    ck_assert_uint_eq(rd(MMIO + 0x30010, 4), 0x11223344);
    wr(C + 0x18, 4, RAM); /* where no window leads */
    ck_assert_uint_eq(rd(MMIO + 0x30010, 4), NOWHERE);
    ck_assert_uint_eq(rd(RAM + 0x10, 4), 0);
    wr(C + 0x24, 4, 0xffffffff);
    wr(C + 0x20, 4, 0xffffffff); /* ends at 2^64 */
}
END_TEST

START_TEST(bars_overlap)
{
    struct toy *first = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    struct toy *second = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    uint64_t c2 = config(0, PCI_DEVFN(2, 0));

    first->bytes[0] = 1;
    second->bytes[0] = 2;
    pci_rig_place_bars(c2);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 2);
    pci_rig_place_bars(C);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 1);
    wr(C + 4, 2, 0);
    ck_assert_uint_eq(rd(MMIO + 0x20000, 1), 2);
}
END_TEST

/* Interrupts ------------------------------------------------------------ */

START_TEST(expansion_rom)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);

    ck_assert_ptr_eq(pci_bus_newest(pci_rig.root), &toy->pci);
    wr(C + 0x30, 4, 0xffffffff);
    ck_assert_uint_eq(rd(C + 0x30, 4), 0); /* there is none */
    pci_add_rom(&toy->pci, "\x55\xaaROM", 5, 4096);
    wr(C + 0x30, 4, 0xffffffff);
    ck_assert_uint_eq(rd(C + 0x30, 4), 0xfffff001);
    pci_rig_place_bars(C);
    wr(C + 0x30, 4, MMIO + 0x30000);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 1), 0xff); /* switched off */
    wr(C + 0x30, 4, MMIO + 0x30001);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 4), 0x4f52aa55);
    wr(MMIO + 0x30000, 4, 0);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 2), 0xaa55);
    ck_assert_uint_eq(rd(MMIO + 0x30ff8, 8), 0);
    wr(C + 4, 2, 0);
    ck_assert_uint_eq(rd(MMIO + 0x30000, 1), 0xff);
    pci_set_multifunction(&toy->pci);
    ck_assert_uint_eq(rd(C + 0x0e, 1), 0x80);
}
END_TEST

/* pci-testdev as kvm-unit-tests use it ---------------------------------- */

static unsigned run_tests(uint64_t base)
{
    unsigned passed = 0;

    for (;; passed++) {
        wr(base, 1, passed);
        unsigned width = (unsigned)rd(base + 1, 1);
        if (rd(base + 12, 4) || width != 1) {
            return passed;
        }
        uint64_t offset = rd(base + 4, 4);
        uint32_t data = (uint32_t)rd(base + 8, 4);
        for (unsigned i = 0; i < 16; i++) {
            wr(base + offset, 1, data);
        }
        ck_assert_uint_eq(rd(base + 12, 4), 16);
    }
}

START_TEST(testdev)
{
    struct error *err = NULL;

    ck_assert(!pci_testdev_create(pci_rig.root, PCI_ANY_SLOT, 12345, &err));
    error_free(err);
    ck_assert(pci_testdev_create(pci_rig.root, PCI_ANY_SLOT, 1 << 20, NULL));
    ck_assert_uint_eq(rd(C, 4), 0x00051b36);
    wr(C + 0x10, 8, MMIO | UINT64_C(0x1000) << 32);
    wr(C + 0x18, 8, MMIO64);
    wr(C + 4, 2, 3);
    ck_assert_uint_eq(run_tests(MMIO), 3);
    ck_assert_uint_eq(run_tests(PIO + 0x1000), 3);
    ck_assert_uint_eq(rd(MMIO + 0x1000 - 4, 4), 0);
    ck_assert_uint_eq(rd(MMIO64, 4), NOWHERE);
}
END_TEST

/* Device tree ----------------------------------------------------------- */

static uint32_t cell(const void *prop, unsigned n)
{
    return fdt32_ld((const fdt32_t *)prop + n);
}

START_TEST(device_tree)
{
    struct fdt_builder *fdt = fdt_builder_new();
    int length;

    fdt->gic_phandle = 0x8002;
    fdt->msi_phandle = 0x8003;
    pcie_fdt(pci_rig.host, fdt, 3);
    int node = fdt_path_offset(fdt->blob, "/pcie@10000000");
    ck_assert_int_ge(node, 0);
    const void *p = fdt_getprop(fdt->blob, node, "interrupt-map", &length);
    ck_assert_int_eq(length, 640);
    /* Slot 2, INTC# is shared interrupt 3 + (2 + 2) % 4. */
    ck_assert_uint_eq(cell(p, 100), 0x1000);
    ck_assert_uint_eq(cell(p, 103), 3);
    ck_assert_uint_eq(cell(p, 104), 0x8002);
    ck_assert_uint_eq(cell(p, 108), 3);
    p = fdt_getprop(fdt->blob, node, "ranges", &length);
    ck_assert_int_eq(length, 84);
    ck_assert_uint_eq(cell(p, 14), 0x03000000);
    ck_assert_uint_eq(cell(p, 15), 0x80);
    p = fdt_getprop(fdt->blob, node, "msi-map", &length);
    ck_assert_uint_eq(cell(p, 1), 0x8003);
    p = fdt_getprop(fdt->blob, node, "bus-range", &length);
    ck_assert_uint_eq(cell(p, 1), 255);
    fdt_builder_free(fdt);
}
END_TEST

/* A guest that does anything -------------------------------------------- */

static uint64_t random_address(void)
{
    static const uint64_t bases[] = {ECAM, PIO, MMIO, MMIO64};
    uint64_t base = bases[random64() % ARRAY_SIZE(bases)];

    if (base == ECAM) {
        return config(random64() % 4, (int)(random64() % 64)) +
               random64() % 0x200;
    }
    return base + (random64() % 8 ? random64() % 0x40000
                                  : random64() % 0x10000) %
                      (base == PIO ? 0x10000 : 0x40000);
}

static uint64_t random_value(void)
{
    static const uint64_t values[] = {
        0, 7, 0xffffffff, 0x05050501, MMIO, MMIO64 >> 32, DOORBELL + 0x40,
        UINT64_MAX, 0x10001000, 0xc000, 0x8000, 0x100, 0x0101};

    return random64() % 4 ? values[random64() % ARRAY_SIZE(values)]
                          : random64();
}

START_TEST(random_accesses)
{
    struct toy *toys[3];

    toys[0] = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    toys[1] = pci_rig_add_toy(pci_rig_add_port("rp1"), PCI_ANY_SLOT);
    pci_rig_add_port("rp2");
    toys[2] = pci_rig_add_toy(pci_rig.root, PCI_DEVFN(1, 1));
    pci_testdev_create(pci_rig.root, PCI_ANY_SLOT, 0, NULL);
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t value, pa = random_address();
        unsigned size = 1u << random64() % 4;
        struct pci_function *f = &toys[random64() % 3]->pci;

        bus_write(pci_rig.bus, pa, size, 0, random_value());
        bus_read(pci_rig.bus, random_address(), size, 0, &value);
        pci_msix_notify(f, random64() % 4);
        pci_msi_notify(f, random64() % 6);
        pci_intx_set(f, random64() % 2);
    }
    pcie_reset(pci_rig.host);
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        ck_assert(!pci_rig.lines[i]);
    }
}
END_TEST

/* One moves a BAR while others read it: its contents or nothing. */
static bool stop;

static void *reader(void *opaque)
{
    (void)opaque;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        uint64_t value = rd(MMIO + 0x20000, 4);
        ck_assert(value == 0x5a5a5a5a || value == NOWHERE);
    }
    return NULL;
}

START_TEST(moving_bar)
{
    struct toy *toy = pci_rig_add_toy(pci_rig.root, PCI_ANY_SLOT);
    pthread_t thread;

    memset(toy->bytes, 0x5a, sizeof(toy->bytes));
    pci_rig_place_bars(C);
    stop = false;
    pthread_create(&thread, NULL, reader, NULL);
    for (unsigned i = 0; i < 20000; i++) {
        wr(C + 0x18, 4, MMIO + 0x10000 * (1 + i % 3));
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}
END_TEST

Suite *pci_suite(void)
{
    const TTest *const tests[] = {
        host_bridge, nothing_there, header, capability_list, multifunction,
        addresses, plug_errors, bar_sizing, bar_decoding, bars_overlap,
        expansion_rom, testdev, device_tree, random_accesses, moving_bar,
    };
    Suite *suite = suite_create("pci");
    TCase *tcase = tcase_create("pci");

    tcase_add_checked_fixture(tcase, pci_rig_setup, pci_rig_teardown);
    tcase_set_timeout(tcase, 60);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
