/* hw/virtio/virtio_mmio: registers, status, features. */
#include "tests/unit/virtio_echo.h"

Suite *virtio_mmio_suite(void);

static struct guest g;
static struct echo echo;

START_TEST(test_empty_slot)
{
    guest_init(&g, _i);
    ck_assert_uint_eq(rd(&g, 0), 0x74726976);
    ck_assert_uint_eq(rd(&g, 4), _i ? 1 : 2);
    ck_assert_uint_eq(rd(&g, 8), 0);
    ck_assert_uint_eq(rd(&g, 0xc), 0x554d4551);
    for (unsigned reg = 0x10; reg < 0x200; reg += 4) {
        ck_assert_uint_eq(rd(&g, reg), 0);
        wr(&g, reg, 0xffffffff);
    }
    guest_start(&g);
    guest_end(&g);
}
END_TEST

START_TEST(test_identity)
{
    echo_begin(&echo, &g, _i);
    ck_assert_uint_eq(rd(&g, 4), _i ? 1 : 2);
    ck_assert_uint_eq(rd(&g, 8), 42);
    ck_assert_uint_eq(rd(&g, 0x70), 0);
    ck_assert_uint_eq(config(&g, 0, 1), 0xa0);
    ck_assert_uint_eq(config(&g, 2, 2), 0xa3a2);
    ck_assert_uint_eq(config(&g, 4, 4), 0xa7a6a5a4);
    ck_assert_uint_eq(config(&g, 8, 8), UINT64_C(0xafaeadacabaaa9a8));
    ck_assert_uint_eq(config(&g, 16, 4), 0);
    ck_assert_uint_eq(config(&g, 0xfc, 4), 0);
    wr(&g, 0x30, 0);
    ck_assert_uint_eq(rd(&g, 0x34), 64);
    wr(&g, 0x30, 2);
    ck_assert_uint_eq(rd(&g, 0x34), 0);
    wr(&g, 0x50, 99);
    if (!_i) {
        ck_assert_uint_eq(rd(&g, 0xb0), 0xffffffff);
        ck_assert_uint_eq(rd(&g, 0xb4), 0xffffffff);
    }
    echo_end(&echo);
}
END_TEST

START_TEST(test_features)
{
    echo_begin(&echo, &g, false);
    wr(&g, 0x14, 0);
    ck_assert_uint_eq(rd(&g, 0x10) & (1 << 3 | 1 << 28 | 1 << 29),
                      1 << 3 | 1 << 28 | 1 << 29);
    wr(&g, 0x14, 1);
    ck_assert_uint_eq(rd(&g, 0x10) & 5, 5);
    wr(&g, 0x14, 2);
    ck_assert_uint_eq(rd(&g, 0x10), 0);
    /* Without VERSION_1, then with a feature that is not offered. */
    wr(&g, 0x70, 1);
    wr(&g, 0x70, 3);
    wr(&g, 0x70, 11);
    ck_assert_uint_eq(rd(&g, 0x70), 3);
    wr(&g, 0x24, 1);
    wr(&g, 0x20, 1 | 1u << 31);
    wr(&g, 0x70, 11);
    ck_assert_uint_eq(rd(&g, 0x70), 3);
    wr(&g, 0x20, 1);
    wr(&g, 0x70, 11);
    ck_assert_uint_eq(rd(&g, 0x70), 11);
    /* Too late. */
    wr(&g, 0x20, 0);
    ck_assert(virtio_has(&echo.dev, V1));
    wr(&g, 0x70, 0);
    ck_assert(!virtio_has(&echo.dev, V1));
    ck_assert_uint_gt(echo.drained, 0);
    echo_end(&echo);
}
END_TEST

START_TEST(test_odd_accesses)
{
    uint64_t v;

    echo_begin(&echo, &g, false);
    ck_assert(bus_read(g.bus, SLOT, 1, 0, &v));
    ck_assert_uint_eq(v, 0);
    ck_assert(bus_read(g.bus, SLOT + 0x72, 2, 0, &v));
    ck_assert(bus_write(g.bus, SLOT + 0x70, 1, 0, 1));
    ck_assert_uint_eq(rd(&g, 0x70), 0);
    for (unsigned reg = 0; reg < 0x200; reg += 4) {
        rd(&g, reg);
        if (reg != 0x70) {
            wr(&g, reg, 0xdeadbeef);
        }
    }
    echo_end(&echo);
}
END_TEST

Suite *virtio_mmio_suite(void)
{
    Suite *s = suite_create("virtio_mmio");
    TCase *t = tcase_create("registers");

    tcase_add_loop_test(t, test_empty_slot, 0, 2);
    tcase_add_loop_test(t, test_identity, 0, 2);
    tcase_add_test(t, test_features);
    tcase_add_test(t, test_odd_accesses);
    suite_add_tcase(s, t);
    return s;
}
