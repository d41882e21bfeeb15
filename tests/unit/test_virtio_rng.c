/* hw/virtio: the entropy device. */
#include "tests/unit/virtio_driver.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/virtio/virtio_rng.h"
#include "util/clock.h"

Suite *virtio_rng_suite(void);

static struct guest g;
static struct queue q;
static uint64_t buffer;

static void begin(struct virtio_rng_config c, bool legacy, uint64_t features)
{
    struct error *err = NULL;

    guest_init(&g, legacy);
    struct virtio_host host = guest_host(&g, VIRTIO_F_RING_PACKED);
    struct virtio_device *dev = virtio_rng_create(&c, &host, &err);
    ck_assert_msg(dev != NULL, "%s", err ? err->message : "");
    virtio_mmio_plug(g.slot, dev);
    guest_start(&g);
    guest_negotiate(&g, VIRTIO_F_VERSION_1 | features);
    queue_setup(&q, &g, 0, 8);
    guest_driver_ok(&g);
    buffer = alloc(&g, 65536, 4096);
}

static const uint64_t kinds[] = {0, VIRTIO_F_EVENT_IDX, VIRTIO_F_RING_PACKED};

START_TEST(test_fill)
{
    unsigned zeroes = 0;

    begin((struct virtio_rng_config){0}, _i == 3, kinds[_i % 3]);
    struct segment s[2] = {{buffer, 3000, true},
                           {buffer + 8192, 3000, true}};
    for (unsigned round = 0; round < 10; round++) {
        ck_assert_uint_eq(queue_do(&q, s, 2, round % 2), 6000);
    }
    for (unsigned i = 0; i < 3000; i++) {
        zeroes += !*at(&g, buffer + i) + !*at(&g, buffer + 8192 + i);
    }
    ck_assert_uint_lt(zeroes, 200);
    struct segment out = {buffer, 10, false}; /* nothing to fill */
    ck_assert_uint_eq(queue_do(&q, &out, 1, false), 0);
    guest_end(&g);
}
END_TEST

/* However much is asked for, a piece comes. */
START_TEST(test_greedy)
{
    struct segment s[64];
    uint32_t length;

    begin((struct virtio_rng_config){0}, false, 0);
    for (unsigned i = 0; i < 64; i++) {
        s[i] = (struct segment){RAM2_BASE, RAM2_SIZE, true};
    }
    for (unsigned i = 0; i < 4; i++) {
        queue_add(&q, s, 64, true);
    }
    queue_kick(&q);
    for (unsigned i = 0; i < 4; i++) {
        queue_wait(&q, &length);
        ck_assert_uint_eq(length, 65536);
    }
    guest_end(&g);
}
END_TEST

#define PERIOD_MS 100
#define PERIOD_NS (PERIOD_MS * NS_PER_SEC / 1000)

/* Two requests for 60 bytes where 100 may come in a period: false when the
 * first period was over before both were answered, on a host that is busy. */
static bool begin_limited(uint64_t features, struct segment *s)
{
    uint64_t start = clock_monotonic_ns();

    begin((struct virtio_rng_config){.max_bytes = 100,
                                     .period_ms = PERIOD_MS},
          false, features);
    *s = (struct segment){buffer, 60, true};
    ck_assert_uint_eq(queue_do(&q, s, 1, false), 60);
    uint32_t second = queue_do(&q, s, 1, false);
    if (clock_monotonic_ns() - start >= PERIOD_NS) {
        guest_end(&g);
        return false;
    }
    ck_assert_uint_eq(second, 40);
    return true;
}

START_TEST(test_limit)
{
    uint32_t length;
    struct segment s;
    uint64_t start;

    do {
        start = clock_monotonic_ns();
    } while (!begin_limited(kinds[_i], &s));
    queue_add(&q, &s, 1, false);
    queue_add(&q, &s, 1, false);
    queue_kick(&q);
    queue_wait(&q, &length);
    ck_assert_uint_eq(length, 60);
    queue_wait(&q, &length);
    ck_assert_uint_eq(length, 40);
    ck_assert_uint_ge(clock_monotonic_ns() - start, PERIOD_NS);
    guest_end(&g);
}
END_TEST

START_TEST(test_file)
{
    char path[] = "/tmp/armature-rng-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_eq(write(fd, "0123456789", 10), 10);
    begin((struct virtio_rng_config){.filename = path}, false, 0);
    struct segment s = {buffer, 10, true};
    ck_assert_uint_eq(queue_do(&q, &s, 1, false), 10);
    ck_assert(!memcmp(at(&g, buffer), "0123456789", 10));
    ck_assert_uint_eq(queue_do(&q, &s, 1, false), 10); /* the host's */
    guest_end(&g);
    close(fd);
    unlink(path);
}
END_TEST

/* A source that has nothing yet is waited for. */
START_TEST(test_pipe)
{
    char path[] = "/tmp/armature-rng-XXXXXX";
    uint32_t length;

    close(mkstemp(path));
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDWR);
    begin((struct virtio_rng_config){.filename = path}, false, kinds[_i]);
    struct segment s = {buffer, 10, true};
    queue_add(&q, &s, 1, false);
    queue_kick(&q);
    guest_settle(&g);
    ck_assert(!queue_has_used(&q));
    ck_assert_int_eq(write(fd, "abcd", 4), 4);
    queue_wait(&q, &length);
    ck_assert_uint_eq(length, 4);
    ck_assert(!memcmp(at(&g, buffer), "abcd", 4));
    guest_end(&g);
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(test_no_file)
{
    struct virtio_rng_config c = {.filename = "/tmp/armature-not-there"};
    struct error *err = NULL;

    guest_init(&g, false);
    struct virtio_host host = guest_host(&g, 0);
    ck_assert_ptr_null(virtio_rng_create(&c, &host, &err));
    ck_assert_ptr_nonnull(strstr(err->message, c.filename));
    error_free(err);
    guest_start(&g);
    guest_end(&g);
}
END_TEST

Suite *virtio_rng_suite(void)
{
    Suite *s = suite_create("virtio_rng");
    TCase *t = tcase_create("rng");

    tcase_add_loop_test(t, test_fill, 0, 4);
    tcase_add_test(t, test_greedy);
    tcase_add_loop_test(t, test_limit, 0, 3);
    tcase_add_test(t, test_file);
    tcase_add_loop_test(t, test_pipe, 0, 3);
    tcase_add_test(t, test_no_file);
    suite_add_tcase(s, t);
    return s;
}
