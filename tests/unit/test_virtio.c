/* hw/virtio: queues, device core and MMIO transport, with a device that
 * returns what it is sent. */
#include "tests/unit/test_virtio_driver.h"

#include <stdlib.h>

#include "hw/virtio/virtio.h"

Suite *virtio_suite(void);

#define V1 VIRTIO_F_VERSION_1
#define PACKED VIRTIO_F_RING_PACKED
#define EVENT VIRTIO_F_EVENT_IDX

/* A device of two queues: 0 echoes; 1 keeps chains until it has `batch`. */
struct echo {
    struct virtio_device dev;
    struct virtq_chain chain, kept[64];
    unsigned count, batch, drained;
    bool freed;
};

static struct echo *echo_of(struct virtio_device *dev)
{
    return container_of(dev, struct echo, dev);
}

static bool echo_take(struct virtio_device *dev, unsigned n)
{
    struct virtq_chain *c = &echo_of(dev)->chain;
    uint8_t piece[4096];
    uint64_t done = 0, got;

    if (!virtio_pop(dev, n, c)) {
        return false;
    }
    while ((got = virtq_read(c, done, piece, sizeof(piece)))) {
        got = virtq_write(c, done, piece, got);
        done += got;
        if (!got) {
            break;
        }
    }
    virtio_push(dev, n, c, done);
    return true;
}

static bool keep_take(struct virtio_device *dev, unsigned n)
{
    struct echo *e = echo_of(dev);
    struct virtq *vq = virtio_queue(dev, n);

    if (e->count == ARRAY_SIZE(e->kept) ||
        !virtio_pop(dev, n, &e->kept[e->count])) {
        return false;
    }
    e->count++;
    if (e->count == e->batch) {
        for (unsigned i = 0; i < e->count; i++) {
            virtq_fill(vq, &e->kept[i], i);
        }
        virtq_publish(vq);
        virtio_signal(dev, n);
        e->count = 0;
    }
    return true;
}

static void echo_process(struct virtio_device *dev, unsigned n)
{
    virtio_lock(dev);
    virtio_each(dev, n, n ? keep_take : echo_take);
    virtio_unlock(dev);
}

static void echo_config_read(struct virtio_device *dev, uint8_t *config)
{
    (void)dev;
    for (unsigned i = 0; i < 16; i++) {
        config[i] = (uint8_t)(0xa0 + i);
    }
}

static void echo_drain(struct virtio_device *dev)
{
    echo_of(dev)->drained++;
}

static void echo_reset(struct virtio_device *dev)
{
    echo_of(dev)->count = 0;
}

static void echo_free(struct virtio_device *dev)
{
    struct echo *e = echo_of(dev);

    virtio_deinit(dev);
    virtq_chain_free(&e->chain);
    for (unsigned i = 0; i < ARRAY_SIZE(e->kept); i++) {
        virtq_chain_free(&e->kept[i]);
    }
    e->freed = true;
}

static const struct virtio_device_ops echo_ops = {
    .name = "echo",
    .id = 42,
    .config_read = echo_config_read,
    .process = echo_process,
    .drain = echo_drain,
    .reset = echo_reset,
    .free = echo_free,
};

static struct guest g;
static struct echo echo;
static struct queue q;

static void begin(bool legacy)
{
    guest_init(&g, legacy);
    struct virtio_host host = guest_host(&g, PACKED);
    memset(&echo, 0, sizeof(echo));
    virtio_init(&echo.dev, &echo_ops, &host, BIT(3), 16);
    virtio_add_queue(&echo.dev, 64);
    virtio_add_queue(&echo.dev, 64);
    virtio_mmio_plug(g.slot, &echo.dev);
    guest_start(&g);
}

static void begin_modern(uint64_t features)
{
    begin(false);
    guest_negotiate(&g, V1 | features);
    queue_setup(&q, &g, 0, 16);
    guest_driver_ok(&g);
}

static void end(void)
{
    guest_end(&g);
    ck_assert(echo.freed);
}

static const uint64_t ring_kinds[] = {
    0, EVENT, PACKED, PACKED | EVENT, VIRTIO_F_NOTIFY_ON_EMPTY,
};

/* Registers ------------------------------------------------------------ */

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
    begin(_i);
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
    end();
}
END_TEST

START_TEST(test_features)
{
    begin(false);
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
    end();
}
END_TEST

START_TEST(test_odd_accesses)
{
    uint64_t v;

    begin(false);
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
    end();
}
END_TEST

/* Queues --------------------------------------------------------------- */

static void echo_once(unsigned seed, unsigned segments, bool indirect)
{
    struct segment s[8];
    unsigned each = 100 + seed % 37;
    uint64_t before = g.heap;

    for (unsigned i = 0; i < 2 * segments; i++) {
        s[i] = (struct segment){alloc(&g, each, 1 + seed % 3), each,
                                i >= segments};
        if (!s[i].in) {
            memset(at(&g, s[i].pa), (int)(seed + i), each);
        }
    }
    ck_assert_uint_eq(queue_do(&q, s, 2 * segments, indirect),
                      segments * each);
    for (unsigned i = 0; i < segments; i++) {
        ck_assert(!memcmp(at(&g, s[i].pa), at(&g, s[segments + i].pa),
                          each));
    }
    g.heap = before;
}

START_TEST(test_echo)
{
    begin_modern(ring_kinds[_i]);
    for (unsigned i = 0; i < 300; i++) {
        echo_once(i, 1 + i % 3, i % 2);
    }
    ck_assert_int_gt(atomic_load(&g.edges), 0);
    ck_assert_uint_eq(rd(&g, 0x60), 1);
    wr(&g, 0x64, 1);
    ck_assert_uint_eq(rd(&g, 0x60), 0);
    ck_assert_int_eq(atomic_load(&g.level), 0);
    end();
}
END_TEST

START_TEST(test_legacy_echo)
{
    begin(true);
    guest_negotiate(&g, _i ? EVENT : 0);
    ck_assert_uint_eq(g.features >> 32, 0);
    queue_setup(&q, &g, 0, 16);
    echo_once(1, 1, false); /* some drivers do not wait for DRIVER_OK */
    guest_driver_ok(&g);
    for (unsigned i = 0; i < 100; i++) {
        echo_once(i, 1 + i % 3, i % 2);
    }
    wr(&g, 0x40, 0);
    ck_assert_uint_eq(rd(&g, 0x40), 0);
    queue_setup(&q, &g, 0, 32);
    echo_once(7, 2, false);
    end();
}
END_TEST

/* The counters of the split rings wrap, the packed ring many times. */
START_TEST(test_wrap)
{
    begin_modern(_i ? PACKED | EVENT : EVENT);
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
    end();
}
END_TEST

/* Nothing starts before DRIVER_OK, and nothing is forgotten. */
START_TEST(test_driver_ok)
{
    uint32_t length;

    begin(false);
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
    end();
}
END_TEST

/* Buffers that cross from one RAM range into the next. */
START_TEST(test_ram_border)
{
    begin_modern(ring_kinds[_i]);
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
    end();
}
END_TEST

START_TEST(test_many)
{
    begin_modern(ring_kinds[_i]);
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
    end();
}
END_TEST

/* Several chains returned together, seen together, out of a queue of which
 * they take nearly all. */
START_TEST(test_batch)
{
    uint32_t length;

    begin(false);
    guest_negotiate(&g, V1 | ring_kinds[_i]);
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
    end();
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

    begin_modern(EVENT | (packed ? PACKED : 0));
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
    end();
}
END_TEST

START_TEST(test_no_interrupt_flag)
{
    bool packed = _i;

    begin_modern(packed ? PACKED : 0);
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
    end();
}
END_TEST

START_TEST(test_queue_reset)
{
    begin_modern(VIRTIO_F_RING_RESET | ring_kinds[_i]);
    echo_once(1, 1, false);
    wr(&g, 0x30, 0);
    wr(&g, 0xc0, 1);
    ck_assert_uint_eq(rd(&g, 0xc0), 0);
    ck_assert_uint_eq(rd(&g, 0x44), 0);
    queue_setup(&q, &g, 0, 8);
    echo_once(2, 1, true);
    end();
}
END_TEST

/* A chain that a device kept over a reset does not come back. */
START_TEST(test_stale_chain)
{
    begin(false);
    guest_negotiate(&g, V1 | ring_kinds[_i]);
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
    end();
}
END_TEST

START_TEST(test_unpop)
{
    struct virtq_chain a = {0}, b = {0};
    uint32_t length;

    begin_modern(ring_kinds[_i]);
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
    end();
}
END_TEST

/* What a hostile driver does ------------------------------------------- */

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
    echo_once(3, 1, false);
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

    begin_modern(features);
    queue_add(&q, &bad_segments[which], 1, _i / 2 % 2);
    expect_failure(features);
    end();
}
END_TEST

START_TEST(test_bad_order)
{
    uint64_t features = _i ? PACKED : 0;

    begin_modern(features);
    struct segment s[2] = {{alloc(&g, 8, 8), 8, true},
                           {alloc(&g, 8, 8), 8, false}};
    queue_add(&q, s, 2, false);
    expect_failure(features);
    end();
}
END_TEST

/* Indirect tables: too short, odd, empty, in one another. */
START_TEST(test_bad_indirect)
{
    static const uint32_t lengths[] = {0, 8, 17, 0xfffffff0, 16 * 1025};
    unsigned kind = (unsigned)_i % 2, which = (unsigned)_i / 2;
    uint64_t features = kind ? PACKED : 0;

    begin_modern(features);
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
        packed_add(&q, &s, 1, INDIRECT);
    } else {
        split_add(&q, &s, 1, INDIRECT);
    }
    expect_failure(features);
    end();
}
END_TEST

START_TEST(test_nested_indirect)
{
    begin_modern(0);
    uint64_t inner = alloc(&g, 16, 16), outer = alloc(&g, 16, 16);
    put_desc(&g, inner, RAM_BASE, 8, 0, 0);
    put_desc(&g, outer, inner, 16, INDIRECT, 0);
    struct segment s = {outer, 16, false};
    split_add(&q, &s, 1, INDIRECT);
    expect_failure(0);
    end();
}
END_TEST

/* A descriptor that is its own successor; one beyond the table. */
START_TEST(test_bad_next)
{
    begin_modern(0);
    put_desc(&g, q.desc, RAM_BASE, 8, NEXT, _i ? 16 : 0);
    put16(&g, q.driver + 4, 0);
    put16(&g, q.driver + 2, 1);
    expect_failure(0);
    end();
}
END_TEST

START_TEST(test_bad_head)
{
    begin_modern(0);
    put16(&g, q.driver + 4, 16);
    put16(&g, q.driver + 2, 1);
    expect_failure(0);
    end();
}
END_TEST

START_TEST(test_runaway_index)
{
    begin_modern(0);
    put16(&g, q.driver + 2, 17);
    expect_failure(0);
    end();
}
END_TEST

/* All descriptors say NEXT: there is no end. */
START_TEST(test_packed_endless)
{
    begin_modern(PACKED);
    for (unsigned i = 0; i < 16; i++) {
        put_desc(&g, q.desc + 16 * i, RAM_BASE, 8, 0, NEXT | 1 << 7);
    }
    expect_failure(PACKED);
    end();
}
END_TEST

/* More chains than the ring has entries, for none is ever returned. */
START_TEST(test_too_many)
{
    uint64_t features = _i ? PACKED : 0;

    begin(false);
    guest_negotiate(&g, V1 | features);
    queue_setup(&q, &g, 1, 8);
    guest_driver_ok(&g);
    struct segment s = {alloc(&g, 8, 8), 8, false};
    for (unsigned i = 0; i < 9; i++) {
        queue_add(&q, &s, 1, false);
        queue_kick(&q);
        guest_settle(&g);
    }
    ck_assert_uint_eq(rd(&g, 0x70) & 64, 64);
    end();
}
END_TEST

START_TEST(test_ring_outside_memory)
{
    uint64_t features = _i ? PACKED : 0;

    begin(false);
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
    end();
}
END_TEST

START_TEST(test_bad_queue_size)
{
    static const uint32_t sizes[] = {0, 3, 128, 65536, 65537, 0xffffffff};

    begin(false);
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
    end();
}
END_TEST

/* Rings and tables full of chance; the device must survive and be cured. */
START_TEST(test_random_rings)
{
    uint64_t features = _i % 2 ? PACKED : 0;
    unsigned seed = (unsigned)_i;

    begin_modern(features | (_i % 4 / 2 ? EVENT : 0));
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
    echo_once(3, 1, false);
    end();
}
END_TEST

Suite *virtio_suite(void)
{
    Suite *s = suite_create("virtio");
    TCase *t = tcase_create("registers");
    int kinds = ARRAY_SIZE(ring_kinds);

    tcase_add_loop_test(t, test_empty_slot, 0, 2);
    tcase_add_loop_test(t, test_identity, 0, 2);
    tcase_add_test(t, test_features);
    tcase_add_test(t, test_odd_accesses);
    suite_add_tcase(s, t);

    t = tcase_create("queues");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_echo, 0, kinds);
    tcase_add_loop_test(t, test_legacy_echo, 0, 2);
    tcase_add_loop_test(t, test_wrap, 0, 2);
    tcase_add_test(t, test_driver_ok);
    tcase_add_loop_test(t, test_ram_border, 0, kinds);
    tcase_add_loop_test(t, test_many, 0, kinds);
    tcase_add_loop_test(t, test_batch, 0, kinds);
    tcase_add_loop_test(t, test_event_index, 0, 2);
    tcase_add_loop_test(t, test_no_interrupt_flag, 0, 2);
    tcase_add_loop_test(t, test_queue_reset, 0, kinds);
    tcase_add_loop_test(t, test_stale_chain, 0, kinds);
    tcase_add_loop_test(t, test_unpop, 0, kinds);
    suite_add_tcase(s, t);

    t = tcase_create("hostile");
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
