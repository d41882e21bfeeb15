/* hw/virtio: the console device, with far ends that the test holds. */
#include "tests/unit/virtio_driver.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "hw/virtio/virtio_console.h"

Suite *virtio_console_suite(void);

#define V1 VIRTIO_F_VERSION_1
#define MULTIPORT BIT(1)

enum { DEVICE_READY, DEVICE_ADD, DEVICE_REMOVE, PORT_READY, CONSOLE_PORT,
       RESIZE, PORT_OPEN, PORT_NAME };

/* A far end: what the guest sent, and room for so much. */
struct far {
    struct chardev chr;
    pthread_mutex_t lock;
    uint8_t sent[100000];
    size_t count, room;
    atomic_int accepts;
};

static size_t far_write(struct chardev *chr, const uint8_t *data,
                        size_t length)
{
    struct far *f = container_of(chr, struct far, chr);

    pthread_mutex_lock(&f->lock);
    size_t n = length < f->room ? length : f->room;
    ck_assert_uint_le(f->count + n, sizeof(f->sent));
    memcpy(f->sent + f->count, data, n);
    f->count += n;
    f->room -= n;
    pthread_mutex_unlock(&f->lock);
    return n;
}

static void far_accept_input(struct chardev *chr)
{
    atomic_fetch_add(&container_of(chr, struct far, chr)->accepts, 1);
}

static const struct chardev_ops far_ops = {
    .name = "far", .write = far_write, .accept_input = far_accept_input,
};

static struct guest g;
static struct far far[3];
static struct virtio_device *dev;
static struct queue rx[3], tx[3], control_rx, control_tx;
static uint64_t buffer;

static size_t far_count(struct far *f)
{
    pthread_mutex_lock(&f->lock);
    size_t n = f->count;
    pthread_mutex_unlock(&f->lock);
    return n;
}

static void add_port(bool console, const char *name, unsigned far_end)
{
    struct virtio_console_port port = {console, name, VIRTIO_CONSOLE_ANY,
                                       &far[far_end].chr};
    struct error *err = NULL;

    ck_assert_msg(virtio_console_add_port(dev, &port, &err), "%s",
                  err ? err->message : "");
}

/* Port 0: console; 1: org.test; 2: a console. */
static void begin(bool legacy)
{
    struct virtio_host host;

    guest_init(&g, legacy);
    for (unsigned i = 0; i < 3; i++) {
        far[i] = (struct far){.chr.ops = &far_ops, .room = 100000};
        pthread_mutex_init(&far[i].lock, NULL);
    }
    host = guest_host(&g, VIRTIO_F_RING_PACKED);
    dev = virtio_console_create(4, &host, NULL);
    add_port(false, "org.test", 1);
    add_port(true, NULL, 0);
    add_port(true, NULL, 2);
    virtio_mmio_plug(g.slot, dev);
    guest_start(&g);
}

static void multiport(uint64_t features)
{
    guest_negotiate(&g, V1 | MULTIPORT | features);
    queue_setup(&rx[0], &g, 0, 16);
    queue_setup(&tx[0], &g, 1, 16);
    queue_setup(&control_rx, &g, 2, 32);
    queue_setup(&control_tx, &g, 3, 32);
    for (unsigned i = 1; i < 3; i++) {
        queue_setup(&rx[i], &g, 2 * i + 2, 16);
        queue_setup(&tx[i], &g, 2 * i + 3, 16);
    }
    guest_driver_ok(&g);
    buffer = alloc(&g, 65536, 4096);
}

static void single_port(void)
{
    guest_negotiate(&g, V1);
    queue_setup(&rx[0], &g, 0, 16);
    queue_setup(&tx[0], &g, 1, 16);
    guest_driver_ok(&g);
    buffer = alloc(&g, 65536, 4096);
}

static void say(uint32_t port, uint16_t event, uint16_t value)
{
    uint64_t pa = alloc(&g, 8, 8);
    struct segment s = {pa, 8, false};

    put32(&g, pa, port);
    put16(&g, pa + 4, event);
    put16(&g, pa + 6, value);
    queue_do(&control_tx, &s, 1, false);
}

/* The next message must be this one; returns what follows it. */
static const char *hear(uint32_t port, uint16_t event, uint16_t value)
{
    uint64_t pa = alloc(&g, 64, 8);
    struct segment s = {pa, 64, true};
    uint32_t got, length = queue_do(&control_rx, &s, 1, false);

    ck_assert_uint_ge(length, 8);
    memcpy(&got, at(&g, pa), 4);
    ck_assert_uint_eq(got, port);
    ck_assert_uint_eq(get16(&g, pa + 4), event);
    ck_assert_uint_eq(get16(&g, pa + 6), value);
    return (const char *)at(&g, pa + 8);
}

static void send_text(struct queue *q, const char *text)
{
    struct segment s = {buffer, (uint32_t)strlen(text), false};

    memcpy(at(&g, buffer), text, strlen(text));
    queue_do(q, &s, 1, false);
}

static size_t room(unsigned n)
{
    return far[n].chr.frontend->can_receive(far[n].chr.device);
}

static void receive(unsigned n, const char *text)
{
    far[n].chr.frontend->receive(far[n].chr.device, (const uint8_t *)text,
                                 strlen(text));
}

START_TEST(test_handshake)
{
    begin(false);
    ck_assert_uint_eq(config(&g, 4, 4), 4);
    multiport(_i ? VIRTIO_F_RING_PACKED : VIRTIO_F_EVENT_IDX);
    say(UINT32_MAX, DEVICE_READY, 1);
    hear(0, DEVICE_ADD, 0);
    hear(1, DEVICE_ADD, 0);
    hear(2, DEVICE_ADD, 0);
    say(1, PORT_READY, 1);
    hear(1, PORT_OPEN, 1);
    ck_assert_str_eq(hear(1, PORT_NAME, 1), "org.test");
    say(0, PORT_READY, 1);
    hear(0, CONSOLE_PORT, 1);
    hear(0, PORT_OPEN, 1);
    /* Nonsense is survived. */
    say(3, PORT_READY, 1);
    say(77, PORT_OPEN, 1);
    say(1, RESIZE, 1);
    say(1, 1000, 1);
    say(1, PORT_READY, 0);
    /* The far end goes and comes. */
    far[1].chr.frontend->event(far[1].chr.device, CHARDEV_CLOSED);
    hear(1, PORT_OPEN, 0);
    far[1].chr.frontend->event(far[1].chr.device, CHARDEV_OPENED);
    hear(1, PORT_OPEN, 1);
    guest_end(&g);
}
END_TEST

START_TEST(test_to_far_end)
{
    begin(_i == 2);
    if (_i == 0) {
        multiport(0);
        say(UINT32_MAX, DEVICE_READY, 1);
        send_text(&tx[1], "port one");
        ck_assert(!memcmp(far[1].sent, "port one", 8));
    } else {
        single_port();
    }
    send_text(&tx[0], "hello ");
    send_text(&tx[0], "world");
    ck_assert_uint_eq(far_count(&far[0]), 11);
    ck_assert(!memcmp(far[0].sent, "hello world", 11));
    guest_end(&g);
}
END_TEST

/* A full far end is asked again, and loses nothing. */
START_TEST(test_slow_far_end)
{
    uint32_t length;

    begin(false);
    single_port();
    far[0].room = 1000;
    struct segment s = {buffer, 50000, false};
    for (unsigned i = 0; i < 50000; i++) {
        *at(&g, buffer + i) = (uint8_t)(i * 7);
    }
    queue_add(&tx[0], &s, 1, false);
    queue_kick(&tx[0]);
    for (unsigned i = 0; i < 5; i++) {
        guest_settle(&g);
        ck_assert(!queue_has_used(&tx[0]));
        pthread_mutex_lock(&far[0].lock);
        far[0].room += 9800;
        pthread_mutex_unlock(&far[0].lock);
    }
    queue_wait(&tx[0], &length);
    ck_assert_uint_eq(length, 0);
    ck_assert_uint_eq(far_count(&far[0]), 50000);
    ck_assert(!memcmp(far[0].sent, at(&g, buffer), 50000));
    guest_end(&g);
}
END_TEST

START_TEST(test_reset_while_full)
{
    begin(false);
    single_port();
    far[0].room = 10;
    struct segment s = {buffer, 5000, false};
    queue_add(&tx[0], &s, 1, false);
    queue_kick(&tx[0]);
    guest_settle(&g);
    single_port();
    pthread_mutex_lock(&far[0].lock);
    far[0].room = 1000;
    pthread_mutex_unlock(&far[0].lock);
    guest_settle(&g);
    ck_assert_uint_eq(far_count(&far[0]), 10);
    send_text(&tx[0], "after");
    ck_assert(!memcmp(far[0].sent + 10, "after", 5));
    guest_end(&g);
}
END_TEST

START_TEST(test_to_guest)
{
    uint32_t length;

    begin(false);
    single_port();
    ck_assert_uint_eq(room(0), 0);
    int before = atomic_load(&far[0].accepts);
    struct segment s = {buffer, 8, true}, t = {buffer + 100, 8, true};
    queue_add(&rx[0], &s, 1, false);
    queue_add(&rx[0], &t, 1, false);
    queue_kick(&rx[0]);
    while (atomic_load(&far[0].accepts) == before) {
        usleep(1000);
    }
    ck_assert_uint_eq(room(0), 8);
    receive(0, "abcdefghijk");
    queue_wait(&rx[0], &length);
    ck_assert_uint_eq(length, 8);
    queue_wait(&rx[0], &length);
    ck_assert_uint_eq(length, 3);
    ck_assert(!memcmp(at(&g, buffer), "abcdefgh", 8));
    ck_assert(!memcmp(at(&g, buffer + 100), "ijk", 3));
    ck_assert_uint_eq(room(0), 0);
    guest_end(&g);
}
END_TEST

/* A port gets nothing before the guest has opened it. */
START_TEST(test_guest_opens)
{
    uint32_t length;

    begin(false);
    multiport(0);
    struct segment s = {buffer, 64, true};
    queue_add(&rx[1], &s, 1, false);
    queue_kick(&rx[1]);
    guest_settle(&g);
    ck_assert_uint_eq(room(1), 0);
    int before = atomic_load(&far[1].accepts);
    say(1, PORT_OPEN, 1);
    guest_settle(&g);
    ck_assert_int_gt(atomic_load(&far[1].accepts), before);
    ck_assert_uint_eq(room(1), 64);
    receive(1, "x");
    queue_wait(&rx[1], &length);
    ck_assert_uint_eq(length, 1);
    say(1, PORT_OPEN, 0);
    ck_assert_uint_eq(room(1), 0);
    guest_end(&g);
}
END_TEST

START_TEST(test_emergency)
{
    begin(false);
    for (const char *p = "panic"; *p; p++) {
        ck_assert(bus_write(g.bus, SLOT + 0x100 + 8, 4, 0, (uint8_t)*p));
    }
    guest_settle(&g);
    ck_assert_uint_eq(far_count(&far[0]), 5);
    ck_assert(!memcmp(far[0].sent, "panic", 5));
    guest_end(&g);
}
END_TEST

/* Control messages without end, and no buffer for the answers. */
START_TEST(test_flood)
{
    begin(false);
    multiport(0);
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t heap = g.heap;
        say(i % 4, i % 3 ? PORT_READY : DEVICE_READY, 1);
        g.heap = heap;
    }
    hear(0, DEVICE_ADD, 0);
    guest_end(&g);
}
END_TEST

START_TEST(test_numbers)
{
    struct virtio_console_port port = {false, NULL, 1, NULL};
    struct error *err = NULL;

    begin(false);
    ck_assert(!virtio_console_add_port(dev, &port, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "taken"));
    error_free(err);
    port.nr = 4;
    ck_assert(!virtio_console_add_port(dev, &port, NULL));
    port.nr = 3;
    ck_assert(virtio_console_add_port(dev, &port, NULL));
    port.nr = VIRTIO_CONSOLE_ANY;
    ck_assert(!virtio_console_add_port(dev, &port, NULL));
    struct virtio_host host = guest_host(&g, 0);
    ck_assert_ptr_null(virtio_console_create(32, &host, NULL));
    guest_end(&g);
}
END_TEST

Suite *virtio_console_suite(void)
{
    Suite *s = suite_create("virtio_console");
    TCase *t = tcase_create("console");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_handshake, 0, 2);
    tcase_add_loop_test(t, test_to_far_end, 0, 3);
    tcase_add_test(t, test_slow_far_end);
    tcase_add_test(t, test_reset_while_full);
    tcase_add_test(t, test_to_guest);
    tcase_add_test(t, test_guest_opens);
    tcase_add_test(t, test_emergency);
    tcase_add_test(t, test_flood);
    tcase_add_test(t, test_numbers);
    suite_add_tcase(s, t);
    return s;
}
