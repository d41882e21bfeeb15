/* hw/virtio: what a hostile driver does to queues; each test ends with a
 * reset that cures the device. */
#include "tests/unit/virtio_echo.h"

#include <stdlib.h>
#include <unistd.h>

Suite *virtqueue_hostile_suite(void);

static struct guest g;
static struct echo echo;
static struct queue q;

/* The queue must be given up, the driver told, and a reset must cure it. */
static void expect_failure(uint64_t kind)
{
    queue_kick(&q);
    for (unsigned i = 0; !(rd(&g, 0x70) & 64); i++) {
        ck_assert_msg(i < 100000, "the device takes anything");
        usleep(100);
    }
    ck_assert_uint_eq(rd(&g, 0x60) & 2, 2);
    queue_kick(&q);
    guest_settle(&g);
    g.heap = RAM_BASE + 0x100000;
    guest_negotiate(&g, V1 | kind);
    queue_setup(&q, &g, 0, 16);
    guest_driver_ok(&g);
    echo_once(&q, 3, 1, false);
}

static const struct segment bad_segments[] = {
    {0x30000000, 8, false},                  /* no memory */
    {RAM2_BASE + RAM2_SIZE - 4, 8, false},   /* ends too late */
    {RAM2_BASE + RAM2_SIZE - 4, 8, true},
    {ROM_BASE, 8, true},                     /* not writable */
    {SLOT, 8, false},                        /* a device */
    {UINT64_MAX - 3, 8, false},              /* wraps */
    {RAM_BASE, UINT32_MAX, true},            /* huge */
};

START_TEST(test_bad_buffer)
{
    unsigned kind = (unsigned)_i % 2, which = (unsigned)_i / 4;
    uint64_t features = kind ? PACKED : 0;

    echo_begin_modern(&echo, &g, &q, features);
    queue_add(&q, &bad_segments[which], 1, _i / 2 % 2);
    expect_failure(features);
    echo_end(&echo);
}
END_TEST

START_TEST(test_bad_order)
{
    uint64_t features = _i ? PACKED : 0;

    echo_begin_modern(&echo, &g, &q, features);
    struct segment s[2] = {{alloc(&g, 8, 8), 8, true},
                           {alloc(&g, 8, 8), 8, false}};
    queue_add(&q, s, 2, false);
    expect_failure(features);
    echo_end(&echo);
}
END_TEST

/* Indirect tables: too short, odd, empty, in one another. */
START_TEST(test_bad_indirect)
{
    static const uint32_t lengths[] = {0, 8, 17, 0xfffffff0, 16 * 1025};
    unsigned kind = (unsigned)_i % 2, which = (unsigned)_i / 2;
    uint64_t features = kind ? PACKED : 0;

    echo_begin_modern(&echo, &g, &q, features);
    uint64_t table = alloc(&g, 16 * 1100, 16);
    for (unsigned i = 0; i < 1100; i++) { /* split: a long list */
        uint64_t pa = table + 16 * i;
        if (kind) {
            put_desc(&g, pa, RAM_BASE + 64 * i, 8, 0, 0);
        } else {
            put_desc(&g, pa, RAM_BASE + 64 * i, 8, NEXT,
                     (uint16_t)(i + 1));
        }
    }
    struct segment s = {table, lengths[which], false};
    if (q.packed) {
        queue_add_packed(&q, &s, 1, INDIRECT);
    } else {
        queue_add_split(&q, &s, 1, INDIRECT);
    }
    expect_failure(features);
    echo_end(&echo);
}
END_TEST

START_TEST(test_nested_indirect)
{
    echo_begin_modern(&echo, &g, &q, 0);
    uint64_t inner = alloc(&g, 16, 16), outer = alloc(&g, 16, 16);
    put_desc(&g, inner, RAM_BASE, 8, 0, 0);
    put_desc(&g, outer, inner, 16, INDIRECT, 0);
    struct segment s = {outer, 16, false};
    queue_add_split(&q, &s, 1, INDIRECT);
    expect_failure(0);
    echo_end(&echo);
}
END_TEST

/* A descriptor that is its own successor; one beyond the table. */
START_TEST(test_bad_next)
{
    echo_begin_modern(&echo, &g, &q, 0);
    put_desc(&g, q.desc, RAM_BASE, 8, NEXT, _i ? 16 : 0);
    put16(&g, q.driver + 4, 0);
    put16(&g, q.driver + 2, 1);
    expect_failure(0);
    echo_end(&echo);
}
END_TEST

START_TEST(test_bad_head)
{
    echo_begin_modern(&echo, &g, &q, 0);
    put16(&g, q.driver + 4, 16);
    put16(&g, q.driver + 2, 1);
    expect_failure(0);
    echo_end(&echo);
}
END_TEST

START_TEST(test_runaway_index)
{
    echo_begin_modern(&echo, &g, &q, 0);
    put16(&g, q.driver + 2, 17);
    expect_failure(0);
    echo_end(&echo);
}
END_TEST

/* All descriptors say NEXT: there is no end. */
START_TEST(test_packed_endless)
{
    echo_begin_modern(&echo, &g, &q, PACKED);
    for (unsigned i = 16; i-- > 0;) { /* the first last: it is looked at */
        put_desc(&g, q.desc + 16 * i, RAM_BASE, 8, 0, NEXT | 1 << 7);
    }
    expect_failure(PACKED);
    echo_end(&echo);
}
END_TEST

/* More chains than the ring has entries, for none is ever returned. */
START_TEST(test_too_many)
{
    uint64_t features = _i ? PACKED : 0;

    echo_begin(&echo, &g, false);
    guest_negotiate(&g, V1 | features);
    queue_setup(&q, &g, 1, 8);
    guest_driver_ok(&g);
    struct segment s = {alloc(&g, 8, 8), 8, false};
    for (unsigned i = 0; i < 9; i++) {
        queue_add(&q, &s, 1, false);
        queue_kick(&q);
        guest_settle(&g);
    }
    for (unsigned i = 0; i < 250 && !(rd(&g, 0x70) & 64); i++) {
        guest_settle(&g); /* a busy host may come to it late */
    }
    ck_assert_uint_eq(rd(&g, 0x70) & 64, 64);
    echo_end(&echo);
}
END_TEST

START_TEST(test_ring_outside_memory)
{
    uint64_t features = _i ? PACKED : 0;

    echo_begin(&echo, &g, false);
    guest_negotiate(&g, V1 | features);
    queue_setup(&q, &g, 0, 16);
    wr(&g, 0x44, 0);
    struct queue bad = q;
    bad.desc = UINT64_C(0x1000000000000000);
    bad.driver = UINT64_MAX - 1;
    bad.device = 0x20000000;
    queue_areas(&bad);
    guest_driver_ok(&g);
    expect_failure(features);
    echo_end(&echo);
}
END_TEST

START_TEST(test_bad_queue_size)
{
    static const uint32_t sizes[] = {0, 3, 128, 65536, 65537, 0xffffffff};

    echo_begin(&echo, &g, false);
    guest_negotiate(&g, V1);
    wr(&g, 0x30, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        wr(&g, 0x38, sizes[i]);
        wr(&g, 0x44, 1);
        ck_assert_uint_eq(rd(&g, 0x44), 0);
    }
    wr(&g, 0x50, 0);
    guest_driver_ok(&g);
    guest_settle(&g);
    ck_assert_uint_eq(rd(&g, 0x70), 15);
    echo_end(&echo);
}
END_TEST

/* Rings and tables full of chance; the device must survive and be cured. */
START_TEST(test_random_rings)
{
    uint64_t features = _i % 2 ? PACKED : 0;
    unsigned seed = (unsigned)_i;

    echo_begin_modern(&echo, &g, &q, features | (_i % 4 / 2 ? EVENT : 0));
    uint64_t table = alloc(&g, 16 * 64, 16);
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 16 + 64; i++) {
            uint64_t pa = i < 16 ? q.desc + 16 * i : table + 16 * (i - 16);
            uint64_t addr = rand_r(&seed) % 4 == 0
                                ? table : RAM_BASE + rand_r(&seed) % 0x500000;
            uint32_t length = rand_r(&seed) % 8 == 0
                                  ? (uint32_t)rand_r(&seed) << 4
                                  : 16u * (rand_r(&seed) % 66);
            put64(&g, pa, addr);
            put32(&g, pa + 8, length);
            put32(&g, pa + 12, (uint32_t)rand_r(&seed) % 20 |
                      (uint32_t)(rand_r(&seed) % 8) << (q.packed ? 16 : 0) |
                      (rand_r(&seed) % 2 ? 1u << 23 : 1u << 31));
        }
        for (unsigned i = 0; i < 16; i++) {
            put16(&g, q.driver + 4 + 2 * i, (uint16_t)(rand_r(&seed) % 17));
        }
        put16(&g, q.driver + 2, (uint16_t)(get16(&g, q.driver + 2) +
                                           rand_r(&seed) % 5));
        queue_kick(&q);
        if (rd(&g, 0x70) & 64) {
            g.heap = table + 16 * 64;
            guest_negotiate(&g, V1 | features);
            queue_setup(&q, &g, 0, 16);
            guest_driver_ok(&g);
        }
    }
    g.heap = RAM_BASE + 0x200000;
    guest_negotiate(&g, V1 | features);
    queue_setup(&q, &g, 0, 16);
    guest_driver_ok(&g);
    echo_once(&q, 3, 1, false);
    echo_end(&echo);
}
END_TEST

Suite *virtqueue_hostile_suite(void)
{
    Suite *s = suite_create("virtqueue_hostile");
    TCase *t = tcase_create("hostile");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_bad_buffer, 0, 4 * ARRAY_SIZE(bad_segments));
    tcase_add_loop_test(t, test_bad_order, 0, 2);
    tcase_add_loop_test(t, test_bad_indirect, 0, 10);
    tcase_add_test(t, test_nested_indirect);
    tcase_add_loop_test(t, test_bad_next, 0, 2);
    tcase_add_test(t, test_bad_head);
    tcase_add_test(t, test_runaway_index);
    tcase_add_test(t, test_packed_endless);
    tcase_add_loop_test(t, test_too_many, 0, 2);
    tcase_add_loop_test(t, test_ring_outside_memory, 0, 2);
    tcase_add_test(t, test_bad_queue_size);
    tcase_add_loop_test(t, test_random_rings, 0, 8);
    suite_add_tcase(s, t);
    return s;
}
