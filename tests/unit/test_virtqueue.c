/* hw/virtio: queues, split and packed: chains there and back. */
#include "tests/unit/virtio_echo.h"

#include <stdatomic.h>
#include <string.h>

Suite *virtqueue_suite(void);

static struct guest g;
static struct echo echo;
static struct queue q;

/* Queues --------------------------------------------------------------- */

START_TEST(test_echo)
{
    echo_begin_modern(&echo, &g, &q, echo_ring_kinds[_i]);
    for (unsigned i = 0; i < 300; i++) {
        echo_once(&q, i, 1 + i % 3, i % 2);
    }
    ck_assert_int_gt(atomic_load(&g.edges), 0);
    ck_assert_uint_eq(rd(&g, 0x60), 1);
    wr(&g, 0x64, 1);
    ck_assert_uint_eq(rd(&g, 0x60), 0);
    ck_assert_int_eq(atomic_load(&g.level), 0);
    echo_end(&echo);
}
END_TEST

START_TEST(test_legacy_echo)
{
    echo_begin(&echo, &g, true);
    guest_negotiate(&g, _i ? EVENT : 0);
    ck_assert_uint_eq(g.features >> 32, 0);
    queue_setup(&q, &g, 0, 16);
    echo_once(&q, 1, 1, false); /* some drivers do not wait for DRIVER_OK */
    guest_driver_ok(&g);
    for (unsigned i = 0; i < 100; i++) {
        echo_once(&q, i, 1 + i % 3, i % 2);
    }
    wr(&g, 0x40, 0);
    ck_assert_uint_eq(rd(&g, 0x40), 0);
    queue_setup(&q, &g, 0, 32);
    echo_once(&q, 7, 2, false);
    echo_end(&echo);
}
END_TEST

/* The counters of the split rings wrap, the packed ring many times. */
START_TEST(test_wrap)
{
    echo_begin_modern(&echo, &g, &q, _i ? PACKED | EVENT : EVENT);
    struct segment s[2] = {{alloc(&g, 8, 8), 8, false},
                           {alloc(&g, 8, 8), 8, true}};
    uint32_t length;

    for (unsigned i = 0; i < (_i ? 4000 : 66000); i += 8) {
        for (unsigned k = 0; k < 8; k++) {
            queue_add(&q, s, 2, false);
        }
        queue_kick(&q);
        for (unsigned k = 0; k < 8; k++) {
            queue_wait(&q, &length);
            ck_assert_uint_eq(length, 8);
        }
    }
    echo_end(&echo);
}
END_TEST

/* Nothing starts before DRIVER_OK, and nothing is forgotten. */
START_TEST(test_driver_ok)
{
    uint32_t length;

    echo_begin(&echo, &g, false);
    guest_negotiate(&g, V1);
    queue_setup(&q, &g, 0, 16);
    struct segment s[2] = {{alloc(&g, 8, 8), 8, false},
                           {alloc(&g, 8, 8), 8, true}};
    queue_add(&q, s, 2, false);
    queue_kick(&q);
    guest_settle(&g);
    ck_assert(!queue_has_used(&q));
    guest_driver_ok(&g);
    queue_wait(&q, &length);
    ck_assert_uint_eq(length, 8);
    echo_end(&echo);
}
END_TEST

/* Buffers that cross from one RAM range into the next. */
START_TEST(test_ram_border)
{
    echo_begin_modern(&echo, &g, &q, echo_ring_kinds[_i]);
    struct segment s[2] = {{RAM2_BASE - 100, 200, false},
                           {alloc(&g, 200, 8), 200, true}};
    memset(at(&g, RAM2_BASE - 100), 0x11, 100);
    memset(at(&g, RAM2_BASE), 0x22, 100);
    ck_assert_uint_eq(queue_do(&q, s, 2, false), 200);
    ck_assert_uint_eq(at(&g, s[1].pa)[99], 0x11);
    ck_assert_uint_eq(at(&g, s[1].pa)[100], 0x22);
    struct segment back[2] = {{s[1].pa, 200, false},
                              {RAM2_BASE - 50, 200, true}};
    ck_assert_uint_eq(queue_do(&q, back, 2, true), 200);
    ck_assert_uint_eq(at(&g, RAM2_BASE)[100], 0x22);
    /* What a device stores is marked. */
    ck_assert(g.ram2->flags[0] & RAM_PAGE_DIRTY);
    echo_end(&echo);
}
END_TEST

START_TEST(test_many)
{
    echo_begin_modern(&echo, &g, &q, echo_ring_kinds[_i]);
    struct segment s[2] = {{alloc(&g, 8, 8), 8, false},
                           {alloc(&g, 8, 8), 8, true}};
    uint32_t length;

    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 16; i++) {
            queue_add(&q, s, 2, true);
            if (i % 4 == 0) {
                queue_kick(&q);
            }
        }
        queue_kick(&q);
        for (unsigned i = 0; i < 16; i++) {
            queue_wait(&q, &length);
        }
        g.heap = s[1].pa + 8;
    }
    echo_end(&echo);
}
END_TEST

/* Several chains returned together, seen together, out of a queue of which
 * they take nearly all. */
START_TEST(test_batch)
{
    uint32_t length;

    echo_begin(&echo, &g, false);
    guest_negotiate(&g, V1 | echo_ring_kinds[_i]);
    echo.batch = 7;
    queue_setup(&q, &g, 1, 16);
    guest_driver_ok(&g);
    struct segment s[2] = {{alloc(&g, 64, 8), 64, true},
                           {alloc(&g, 64, 8), 64, true}};
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 6; i++) {
            queue_add(&q, s, 2, false);
        }
        queue_kick(&q);
        ck_assert(!queue_has_used(&q));
        queue_add(&q, s, 2, false);
        queue_kick(&q);
        for (unsigned i = 0; i < 7; i++) {
            queue_wait(&q, &length);
            ck_assert_uint_eq(length, i);
        }
    }
    echo_end(&echo);
}
END_TEST

static void set_used_event(uint16_t event, bool wrap, bool packed)
{
    if (packed) {
        put16(&g, q.driver, (uint16_t)(event | wrap << 15));
        put16(&g, q.driver + 2, 2);
    } else {
        put16(&g, q.driver + 4 + 2 * q.size, event);
    }
}

/* With event indexes the fourth chain interrupts, not those before. */
START_TEST(test_event_index)
{
    bool packed = _i;
    struct segment s = {0};

    echo_begin_modern(&echo, &g, &q, EVENT | (packed ? PACKED : 0));
    s = (struct segment){alloc(&g, 8, 8), 8, false};
    queue_do(&q, &s, 1, false); /* the first always does */
    guest_settle(&g);
    wr(&g, 0x64, 1);
    int before = atomic_load(&g.edges);
    set_used_event(4, true, packed);
    for (unsigned i = 1; i < 4; i++) {
        queue_do(&q, &s, 1, false);
        guest_settle(&g);
        ck_assert_int_eq(atomic_load(&g.edges), before);
    }
    queue_do(&q, &s, 1, false);
    guest_settle(&g);
    ck_assert_int_eq(atomic_load(&g.edges), before + 1);
    wr(&g, 0x64, 1);
    for (unsigned i = 5; i < 30; i++) { /* once around, then again */
        queue_do(&q, &s, 1, false);
    }
    set_used_event(packed ? 14 : 30, !packed, packed);
    guest_settle(&g);
    ck_assert_int_eq(atomic_load(&g.edges), before + 1);
    queue_do(&q, &s, 1, false);
    guest_settle(&g);
    ck_assert_int_eq(atomic_load(&g.edges), before + 2);
    echo_end(&echo);
}
END_TEST

START_TEST(test_no_interrupt_flag)
{
    bool packed = _i;

    echo_begin_modern(&echo, &g, &q, packed ? PACKED : 0);
    struct segment s = {alloc(&g, 8, 8), 8, false};
    put16(&g, packed ? q.driver + 2 : q.driver, 1);
    for (unsigned i = 0; i < 5; i++) {
        queue_do(&q, &s, 1, false);
    }
    guest_settle(&g);
    ck_assert_int_eq(atomic_load(&g.edges), 0);
    put16(&g, packed ? q.driver + 2 : q.driver, 0);
    queue_do(&q, &s, 1, false);
    guest_settle(&g);
    ck_assert_int_eq(atomic_load(&g.edges), 1);
    echo_end(&echo);
}
END_TEST

START_TEST(test_queue_reset)
{
    echo_begin_modern(&echo, &g, &q, VIRTIO_F_RING_RESET | echo_ring_kinds[_i]);
    echo_once(&q, 1, 1, false);
    wr(&g, 0x30, 0);
    wr(&g, 0xc0, 1);
    ck_assert_uint_eq(rd(&g, 0xc0), 0);
    ck_assert_uint_eq(rd(&g, 0x44), 0);
    queue_setup(&q, &g, 0, 8);
    echo_once(&q, 2, 1, true);
    echo_end(&echo);
}
END_TEST

/* A chain that a device kept over a reset does not come back. */
START_TEST(test_stale_chain)
{
    echo_begin(&echo, &g, false);
    guest_negotiate(&g, V1 | echo_ring_kinds[_i]);
    echo.batch = 2;
    queue_setup(&q, &g, 1, 16);
    guest_driver_ok(&g);
    struct segment s = {alloc(&g, 64, 8), 64, true};
    queue_add(&q, &s, 1, false);
    queue_kick(&q);
    guest_settle(&g);
    wr(&g, 0x30, 1);
    wr(&g, 0x44, 0);
    struct virtq *vq = virtio_queue(&echo.dev, 1);
    ck_assert(!vq->ready);
    queue_setup(&q, &g, 1, 16);
    virtio_lock(&echo.dev);
    virtq_unpop(vq, &echo.kept[0]);
    virtio_push(&echo.dev, 1, &echo.kept[0], 5);
    ck_assert_uint_eq(vq->in_use, 0);
    virtio_unlock(&echo.dev);
    ck_assert(!queue_has_used(&q));
    echo_end(&echo);
}
END_TEST

START_TEST(test_unpop)
{
    struct virtq_chain a = {0}, b = {0};
    uint32_t length;

    echo_begin_modern(&echo, &g, &q, echo_ring_kinds[_i]);
    struct segment s[3] = {{alloc(&g, 8, 8), 8, false},
                           {alloc(&g, 8, 8), 8, true},
                           {alloc(&g, 8, 8), 8, true}};
    for (unsigned i = 0; i < 7; i++) { /* across the end of the ring */
        virtio_lock(&echo.dev);
        uint16_t first = queue_add(&q, s, 3, false);
        uint16_t second = queue_add(&q, s, 2, false);
        struct virtq *vq = virtio_queue(&echo.dev, 0);
        ck_assert(virtio_pop(&echo.dev, 0, &a));
        ck_assert(virtio_pop(&echo.dev, 0, &b));
        ck_assert(virtq_empty(vq));
        virtq_unpop(vq, &b);
        virtq_unpop(vq, &a);
        ck_assert(!virtq_empty(vq));
        ck_assert(virtio_pop(&echo.dev, 0, &b));
        ck_assert_uint_eq(b.id, first);
        virtq_unpop(vq, &b);
        virtio_unlock(&echo.dev);
        queue_kick(&q);
        ck_assert_uint_eq(queue_wait(&q, &length), first);
        ck_assert_uint_eq(queue_wait(&q, &length), second);
    }
    virtq_chain_free(&a);
    virtq_chain_free(&b);
    echo_end(&echo);
}
END_TEST

Suite *virtqueue_suite(void)
{
    Suite *s = suite_create("virtqueue");
    TCase *t = tcase_create("queues");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_echo, 0, ECHO_RING_KINDS);
    tcase_add_loop_test(t, test_legacy_echo, 0, 2);
    tcase_add_loop_test(t, test_wrap, 0, 2);
    tcase_add_test(t, test_driver_ok);
    tcase_add_loop_test(t, test_ram_border, 0, ECHO_RING_KINDS);
    tcase_add_loop_test(t, test_many, 0, ECHO_RING_KINDS);
    tcase_add_loop_test(t, test_batch, 0, ECHO_RING_KINDS);
    tcase_add_loop_test(t, test_event_index, 0, 2);
    tcase_add_loop_test(t, test_no_interrupt_flag, 0, 2);
    tcase_add_loop_test(t, test_queue_reset, 0, ECHO_RING_KINDS);
    tcase_add_loop_test(t, test_stale_chain, 0, ECHO_RING_KINDS);
    tcase_add_loop_test(t, test_unpop, 0, ECHO_RING_KINDS);
    suite_add_tcase(s, t);
    return s;
}
