/* hw/virtio/virtio_pci: both interfaces, on a device that returns every
 * chain it gets.  No processor; the loop is run by hand. */
#include "tests/unit/pci_rig.h"

#include <stdlib.h>
#include <string.h>

#include "hw/pci/root_port.h"
#include "hw/virtio/virtio_pci.h"
#include "tests/unit/random64.h"
#include "util/loop.h"

Suite *virtio_pci_suite(void);

#define NO_VECTOR 0xffff

static struct loop *loop;

/* The device ------------------------------------------------------------ */

struct echo {
    struct virtio_device dev; /* first */
    uint8_t config[12];
    struct virtq_chain chain;
    unsigned processed;
};

static struct echo *echo;

static void echo_config_read(struct virtio_device *dev, uint8_t *config)
{
    memcpy(config, ((struct echo *)dev)->config, 12);
}

static void echo_config_write(struct virtio_device *dev, unsigned offset,
                              unsigned size, uint64_t value)
{
    memcpy(((struct echo *)dev)->config + offset, &value, size);
}

static void echo_process(struct virtio_device *dev, unsigned n)
{
    struct echo *e = (struct echo *)dev;

    virtio_lock(dev);
    while (virtio_pop(dev, n, &e->chain)) {
        e->processed++;
        virtio_push(dev, n, &e->chain, 0);
    }
    virtio_unlock(dev);
}

static void echo_reset(struct virtio_device *dev)
{
    (void)dev;
}

static void echo_free(struct virtio_device *dev)
{
    virtq_chain_free(&((struct echo *)dev)->chain);
    virtio_deinit(dev);
    free(dev);
}

static const struct virtio_device_ops echo_ops = {
    .name = "virtio-rng",
    .id = VIRTIO_ID_RNG,
    .config_read = echo_config_read,
    .config_write = echo_config_write,
    .process = echo_process,
    .reset = echo_reset,
    .free = echo_free,
};

/* An id that never had a legacy interface. */
static const struct virtio_device_ops gpu_ops = {
    .name = "virtio-gpu",
    .id = 16,
    .config_read = echo_config_read,
    .process = echo_process,
    .reset = echo_reset,
    .free = echo_free,
};

static void new_echo(const struct virtio_device_ops *ops)
{
    struct virtio_host vh = {&pci_rig.dma, loop, VIRTIO_DEFAULT_FEATURES};

    echo = calloc(1, sizeof(*echo));
    virtio_init(&echo->dev, ops, &vh, BIT(5), 12);
    virtio_add_queue(&echo->dev, 64);
    virtio_add_queue(&echo->dev, 256);
    for (unsigned i = 0; i < 12; i++) {
        echo->config[i] = (uint8_t)(0x10 + i);
    }
}

static void setup(void)
{
    pci_rig_setup();
    loop = loop_new();
    new_echo(&echo_ops);
}

static void teardown(void)
{
    pcie_free(pci_rig.host);
    loop_free(loop);
    pci_rig.host = NULL;
    pci_rig_teardown();
}

static void plug_on(struct pci_bus *on, enum virtio_pci_choice no_legacy,
                    bool no_modern)
{
    struct virtio_pci_config c = {no_legacy, no_modern,
                                  VIRTIO_PCI_DEFAULT_VECTORS};

    ck_assert(virtio_pci_create(on, PCI_ANY_SLOT, &echo->dev, &c, NULL));
}

static void plug(void)
{
    plug_on(pcie_find_bus(pci_rig.host, NULL, NULL), VIRTIO_PCI_AUTO, false);
}

static void stop_loop(void *opaque)
{
    (void)opaque;
    loop_stop(loop, 0);
}

/* Let the device work. */
static void run_loop(void)
{
    struct loop_timer *timer = loop_timer_new(loop, stop_loop, NULL);

    loop_timer_arm(timer, 1);
    loop_run(loop);
    loop_timer_free(timer);
}

static void place_bars(uint64_t c)
{
    wr(c + 0x10, 4, 0x1000);
    wr(c + 0x14, 4, MMIO);
    wr(c + 0x20, 8, MMIO64);
    wr(c + 4, 2, 7);
}

/* A capability of virtio's own (4.1.4). */
static unsigned find_virtio_cap(uint64_t c, uint8_t type)
{
    unsigned at = find_cap(c, PCI_CAP_VENDOR);

    while (at && (rd(c + at, 1) != PCI_CAP_VENDOR ||
                  rd(c + at + 3, 1) != type)) {
        at = (unsigned)rd(c + at + 1, 1);
    }
    ck_assert(at);
    return at;
}

/* A split ring of 4 in RAM; descriptor 0 is 16 readable bytes. */
#define RING (RAM + 0x10000)
#define AVAIL (RING + 64)
#define USED (RING + 4096)

static void make_ring(void)
{
    for (unsigned i = 0; i < 8192; i++) {
        wr(RING + i, 1, 0);
    }
    wr(RING, 8, RAM + 0x20000);
    wr(RING + 8, 4, 16);
}

/* Identity -------------------------------------------------------------- */

START_TEST(transitional)
{
    plug();
    ck_assert_uint_eq(rd(C, 4), 0x10051af4);
    ck_assert_uint_eq(rd(C + 8, 4), 0x00ff0000);
    ck_assert_uint_eq(rd(C + 0x2c, 4), 0x00041af4);
    wr(C + 0x10, 4, 0xffffffff);
    ck_assert_uint_eq(rd(C + 0x10, 4), 0xffffffc1); /* 24 + 12, so 64 */
    ck_assert_uint_eq(rd(C + 0x100, 4), 0xffffffff);
    unsigned notify = find_virtio_cap(C, 2);
    ck_assert_uint_eq(rd(C + notify + 4, 1), 4);
    ck_assert_uint_eq(rd(C + notify + 8, 8), UINT64_C(0x100000003000));
    ck_assert_uint_eq(rd(C + notify + 16, 4), 4);
    /* Two queues and configuration. */
    ck_assert_uint_eq(rd(C + find_cap(C, PCI_CAP_MSIX) + 2, 2), 2);
}
END_TEST

START_TEST(modern_only)
{
    plug_on(pcie_find_bus(pci_rig.host, NULL, NULL), VIRTIO_PCI_ON, false);
    ck_assert_uint_eq(rd(C, 4), 0x10441af4);
    ck_assert_uint_eq(rd(C + 8, 1), 1);
    ck_assert_uint_eq(rd(C + 0x2c, 4), 0x11001af4);
    ck_assert_uint_eq(rd(C + 0x10, 4), 0);
}
END_TEST

START_TEST(behind_a_port)
{
    struct pci_bus *root = pcie_find_bus(pci_rig.host, NULL, NULL);
    struct root_port_config port = {.id = "rp"};

    ck_assert(root_port_create(root, PCI_ANY_SLOT, &port, NULL));
    plug_on(pcie_find_bus(pci_rig.host, "rp", NULL), VIRTIO_PCI_AUTO, false);
    wr(C + 0x18, 4, 0x010100);
    uint64_t c = ECAM + (1 << 20);
    ck_assert_uint_eq(rd(c, 4), 0x10441af4);
    ck_assert_uint_eq(rd(c + find_cap(c, PCI_CAP_EXPRESS) + 2, 2), 2);
    ck_assert_uint_eq(rd(c + 0x100, 4), 0);
}
END_TEST

START_TEST(no_interface)
{
    struct pci_bus *root = pcie_find_bus(pci_rig.host, NULL, NULL);
    struct virtio_pci_config c = {VIRTIO_PCI_ON, true, -1};
    struct error *err = NULL;

    ck_assert(!virtio_pci_create(root, -1, &echo->dev, &c, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "disable-legacy=off"));
    error_free(err);
    err = NULL;
    c = (struct virtio_pci_config){VIRTIO_PCI_OFF, false, 5000};
    ck_assert(!virtio_pci_create(root, -1, &echo->dev, &c, &err));
    error_free(err);
    plug_on(root, VIRTIO_PCI_OFF, true);
    ck_assert_uint_eq(rd(C + 0x20, 4), 0); /* no modern BAR */
}
END_TEST

START_TEST(never_legacy)
{
    echo_free(&echo->dev);
    new_echo(&gpu_ops);
    plug();
    ck_assert_uint_eq(rd(C, 4), 0x10501af4);
    ck_assert_uint_eq(rd(C + 9, 4) & 0xffffff, 0x038000);
}
END_TEST

/* Modern ---------------------------------------------------------------- */

static void modern_start(void)
{
    place_bars(C);
    make_ring();
    wr(MMIO64 + 0x14, 1, 3);
    wr(MMIO64 + 0x08, 4, 1);
    wr(MMIO64 + 0x0c, 4, 1); /* VERSION_1 */
    wr(MMIO64 + 0x14, 1, 11);
    ck_assert_uint_eq(rd(MMIO64 + 0x14, 1), 11);
    wr(MMIO64 + 0x16, 2, 1);
    wr(MMIO64 + 0x18, 2, 4);
    wr(MMIO64 + 0x20, 8, RING);
    wr(MMIO64 + 0x28, 8, AVAIL);
    wr(MMIO64 + 0x30, 4, (uint32_t)USED);
    wr(MMIO64 + 0x34, 4, 0);
}

static void modern_go(void)
{
    wr(MMIO64 + 0x1c, 2, 1);
    ck_assert_uint_eq(rd(MMIO64 + 0x1c, 2), 1);
    wr(MMIO64 + 0x14, 1, 15);
}

static void offer(uint16_t idx)
{
    wr(AVAIL + 2, 2, idx);
    wr(MMIO64 + 0x3000 + 4, 2, 1);
    run_loop();
}

START_TEST(modern_registers)
{
    plug();
    place_bars(C);
    ck_assert_uint_eq(rd(MMIO64 + 0x12, 2), 2);
    wr(MMIO64, 4, 1);
    ck_assert_uint_eq(rd(MMIO64 + 4, 4) & 1, 1);
    wr(MMIO64, 4, 0);
    ck_assert_uint_eq(rd(MMIO64 + 4, 4) & BIT(5), BIT(5));
    wr(MMIO64, 4, 2);
    ck_assert_uint_eq(rd(MMIO64 + 4, 4), 0);
    ck_assert_uint_eq(rd(MMIO64 + 0x18, 2), 64);
    ck_assert_uint_eq(rd(MMIO64 + 0x18, 1), 64);
    wr(MMIO64 + 0x16, 2, 1);
    /* Several fields at once, and half of one. */
    ck_assert_uint_eq(rd(MMIO64 + 0x16, 4), 256 << 16 | 1);
    ck_assert_uint_eq(rd(MMIO64 + 0x19, 1), 1);
    ck_assert_uint_eq(rd(MMIO64 + 0x1e, 2), 1);
    wr(MMIO64 + 0x20, 8, UINT64_C(0x123456789a));
    ck_assert_uint_eq(rd(MMIO64 + 0x20, 8), UINT64_C(0x123456789a));
    wr(MMIO64 + 0x16, 2, 2); /* there is none */
    ck_assert_uint_eq(rd(MMIO64 + 0x18, 2), 0);
    wr(MMIO64 + 0x18, 2, 8);
    wr(MMIO64 + 0x1c, 2, 1);
    wr(MMIO64 + 0x20, 8, 1);
    /* Configuration of the device. */
    ck_assert_uint_eq(rd(MMIO64 + 0x2000, 4), 0x13121110);
    wr(MMIO64 + 0x2004, 2, 0xabcd);
    ck_assert_uint_eq(rd(MMIO64 + 0x2004, 4), 0x1716abcd);
    ck_assert_uint_eq(rd(MMIO64 + 0x200c, 4), 0);
    ck_assert_uint_eq(rd(MMIO64 + 0x3c, 4), 0);
    /* Vectors: those that are there. */
    wr(MMIO64 + 0x10, 2, 2);
    ck_assert_uint_eq(rd(MMIO64 + 0x10, 2), 2);
    wr(MMIO64 + 0x10, 2, 3);
    ck_assert_uint_eq(rd(MMIO64 + 0x10, 2), NO_VECTOR);
}
END_TEST

START_TEST(modern_intx)
{
    plug();
    modern_start();
    modern_go();
    offer(1);
    ck_assert_uint_eq(echo->processed, 1);
    ck_assert_uint_eq(rd(USED + 2, 2), 1);
    ck_assert(pci_rig.lines[1]);
    ck_assert_uint_eq(rd(MMIO64 + 0x1000, 1), 1);
    ck_assert(!pci_rig.lines[1]);
    ck_assert_uint_eq(rd(MMIO64 + 0x1000, 1), 0);
    virtio_lock(&echo->dev);
    virtio_config_changed(&echo->dev);
    virtio_unlock(&echo->dev);
    ck_assert(pci_rig.lines[1]);
    ck_assert_uint_eq(rd(MMIO64 + 0x15, 1), 1);
    ck_assert_uint_eq(rd(MMIO64 + 0x1000, 1), 2);
    wr(MMIO64 + 0x14, 1, 0);
    ck_assert_uint_eq(rd(MMIO64 + 0x14, 1), 0);
    wr(MMIO64 + 0x16, 2, 1);
    ck_assert_uint_eq(rd(MMIO64 + 0x1c, 2), 0);
}
END_TEST

static void msix_on(void)
{
    for (unsigned i = 0; i < 3; i++) {
        wr(MMIO + 16 * i, 8, DOORBELL + 0x40);
        wr(MMIO + 16 * i + 8, 8, 100 + i);
    }
    wr(C + find_cap(C, PCI_CAP_MSIX) + 2, 2, 0x8000);
}

START_TEST(modern_msix)
{
    plug();
    modern_start();
    msix_on();
    wr(MMIO64 + 0x1a, 2, 1);
    wr(MMIO64 + 0x10, 2, 2);
    modern_go();
    offer(1);
    ck_assert_uint_eq(pci_rig.bell.count, 1);
    ck_assert_uint_eq(pci_rig.bell.data, 101);
    ck_assert(!pci_rig.lines[1]);
    virtio_lock(&echo->dev);
    virtio_config_changed(&echo->dev);
    virtio_unlock(&echo->dev);
    ck_assert_uint_eq(pci_rig.bell.data, 102);
    /* Without a vector there is no interrupt. */
    wr(MMIO64 + 0x1a, 2, NO_VECTOR);
    offer(2);
    ck_assert_uint_eq(echo->processed, 2);
    ck_assert_uint_eq(pci_rig.bell.count, 2);
}
END_TEST

START_TEST(queue_reset)
{
    plug();
    modern_start();
    wr(MMIO64 + 0x3a, 2, 1); /* not negotiated */
    modern_go();
    wr(MMIO64 + 0x3a, 2, 1);
    ck_assert_uint_eq(rd(MMIO64 + 0x1c, 2), 1);
    wr(MMIO64 + 0x14, 1, 0);
    wr(MMIO64 + 0x08, 4, 1);
    wr(MMIO64 + 0x0c, 4, 1 | VIRTIO_F_RING_RESET >> 32);
    wr(MMIO64 + 0x14, 1, 11);
    wr(MMIO64 + 0x16, 2, 1);
    wr(MMIO64 + 0x20, 8, RING);
    modern_go();
    wr(MMIO64 + 0x3a, 2, 1);
    ck_assert_uint_eq(rd(MMIO64 + 0x1c, 2), 0);
    ck_assert_uint_eq(rd(MMIO64 + 0x3a, 2), 0);
    ck_assert_uint_eq(rd(MMIO64 + 0x20, 8), 0);
}
END_TEST

/* Features that are not ours, a queue in use. */
START_TEST(modern_refusals)
{
    plug();
    place_bars(C);
    wr(MMIO64 + 0x0c, 4, 1u << 6);
    wr(MMIO64 + 0x14, 1, 11);
    ck_assert_uint_eq(rd(MMIO64 + 0x14, 1), 3);
    wr(MMIO64 + 0x14, 1, 0);
    modern_start();
    modern_go();
    wr(MMIO64 + 0x20, 8, 0);
    ck_assert_uint_eq(rd(MMIO64 + 0x20, 8), RING);
    wr(MMIO64 + 0x19, 1, 0); /* half a field */
    wr(MMIO64 + 0x3000 + 8, 2, 2); /* no such queue */
    wr(MMIO64 + 0x1000, 4, 1);
}
END_TEST

START_TEST(bus_mastering_off)
{
    plug();
    modern_start();
    modern_go();
    wr(C + 4, 2, 3);
    ck_assert_uint_eq(rd(MMIO64 + 0x14, 1), 11);
    offer(1);
    ck_assert_uint_eq(echo->processed, 0);
}
END_TEST

/* The capability that is a window into the BAR. */
START_TEST(config_window)
{
    plug();
    uint64_t cap = C + find_virtio_cap(C, 5);
    wr(cap + 4, 1, 4);
    wr(cap + 8, 4, 0x2000);
    wr(cap + 12, 4, 4);
    ck_assert_uint_eq(rd(cap + 16, 4), 0x13121110);
    wr(cap + 8, 4, 0x14);
    wr(cap + 12, 4, 1);
    wr(cap + 16, 1, 3);
    ck_assert_uint_eq(echo->dev.status, 3);
    ck_assert_uint_eq(rd(cap + 16, 1), 3);
    /* Nowhere. */
    static const uint32_t bad[][3] = {
        {4, 0x4000, 4}, {4, 0xfffffffc, 4}, {4, 1, 2}, {4, 0, 3},
        {4, 0, 0},      {1, 0, 4},          {255, 0, 4},
    };
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        wr(cap + 4, 1, bad[i][0]);
        wr(cap + 8, 4, bad[i][1]);
        wr(cap + 12, 4, bad[i][2]);
        wr(cap + 16, 4, 0);
        rd(cap + 16, 4);
    }
    ck_assert_uint_eq(echo->dev.status, 3);
}
END_TEST

/* Legacy ---------------------------------------------------------------- */

#define IO (PIO + 0x1000)

static void legacy_go(void)
{
    make_ring();
    wr(IO + 0x12, 1, 3);
    wr(IO + 4, 4, BIT(5) | BIT(6));
    ck_assert_uint_eq(rd(IO + 4, 4), BIT(5));
    ck_assert_uint_eq(rd(IO + 0x0c, 2), 64);
    wr(IO + 8, 4, RING >> 12);
    ck_assert_uint_eq(rd(IO + 8, 4), RING >> 12);
    wr(IO + 0x12, 1, 7);
}

/* Where a legacy ring of 64 has its parts. */
#define LEGACY_AVAIL (RING + 64 * 16)
#define LEGACY_USED (RING + 4096)

START_TEST(legacy_intx)
{
    plug();
    place_bars(C);
    ck_assert_uint_eq(rd(IO, 4) & BIT(5), BIT(5));
    ck_assert_uint_eq(rd(IO + 0x14, 4), 0x13121110);
    wr(IO + 0x15, 1, 0x55);
    ck_assert_uint_eq(rd(IO + 0x14, 2), 0x5510);
    legacy_go();
    wr(LEGACY_AVAIL + 2, 2, 1);
    wr(IO + 0x10, 2, 0);
    run_loop();
    ck_assert_uint_eq(rd(LEGACY_USED + 2, 2), 1);
    ck_assert(pci_rig.lines[1]);
    ck_assert_uint_eq(rd(IO + 0x13, 1), 1);
    ck_assert(!pci_rig.lines[1]);
    wr(IO + 8, 4, 0);
    ck_assert_uint_eq(rd(IO + 8, 4), 0);
    wr(IO + 0x0e, 2, 7);
    ck_assert_uint_eq(rd(IO + 0x0c, 2), 0);
    wr(IO + 0x12, 1, 0);
    ck_assert_uint_eq(rd(IO + 0x0e, 2), 0);
}
END_TEST

START_TEST(legacy_msix)
{
    plug();
    place_bars(C);
    msix_on();
    ck_assert_uint_eq(rd(IO + 0x18, 4), 0x13121110); /* moved */
    wr(IO + 0x14, 2, 9);
    ck_assert_uint_eq(rd(IO + 0x14, 2), NO_VECTOR);
    wr(IO + 0x16, 2, 0);
    ck_assert_uint_eq(rd(IO + 0x16, 2), 0);
    legacy_go();
    wr(LEGACY_AVAIL + 2, 2, 1);
    wr(IO + 0x10, 2, 0);
    run_loop();
    ck_assert_uint_eq(pci_rig.bell.count, 1);
    ck_assert_uint_eq(pci_rig.bell.data, 100);
    ck_assert(!pci_rig.lines[1]);
}
END_TEST

START_TEST(function_reset)
{
    plug();
    modern_start();
    modern_go();
    offer(1);
    ck_assert(pci_rig.lines[1]);
    pcie_reset(pci_rig.host);
    ck_assert(!pci_rig.lines[1]);
    ck_assert_uint_eq(echo->dev.status, 0);
    place_bars(C);
    ck_assert_uint_eq(rd(MMIO64 + 0x10, 2), NO_VECTOR);
}
END_TEST

/* A guest that does anything -------------------------------------------- */

START_TEST(random_accesses)
{
    static const uint64_t values[] = {0, 1, 3, 4, 11, 15, 0xffff, RING, AVAIL,
                                      USED, RING >> 12, UINT64_MAX};
    uint64_t ignored;

    plug();
    for (unsigned i = 0; i < 100000; i++) {
        static const uint64_t bases[] = {C, IO, MMIO, MMIO64, MMIO64 + 0x1000,
                                         MMIO64 + 0x2000, MMIO64 + 0x3000};
        uint64_t base = bases[random64() % ARRAY_SIZE(bases)];
        uint64_t at = base + random64() % (base == C ? 0x100 : 0x40);
        uint64_t value = random64() % 4
                             ? values[random64() % ARRAY_SIZE(values)]
                             : random64();
        if (i % 64 == 0) {
            place_bars(C);
        }
        bus_write(pci_rig.bus, at, 1u << random64() % 4, 0, value);
        bus_read(pci_rig.bus, at, 1u << random64() % 4, 0, &ignored);
        if (i % 256 == 0) {
            run_loop();
        }
    }
}
END_TEST

Suite *virtio_pci_suite(void)
{
    const TTest *const tests[] = {
        transitional, modern_only,    behind_a_port,    no_interface,
        never_legacy, modern_registers, modern_intx,    modern_msix,
        queue_reset,  modern_refusals, bus_mastering_off, config_window,
        legacy_intx,  legacy_msix,    function_reset,   random_accesses,
    };
    Suite *suite = suite_create("virtio_pci");
    TCase *tcase = tcase_create("virtio_pci");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    for (unsigned i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}
