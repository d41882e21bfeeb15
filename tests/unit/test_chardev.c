/* ui/chardev*: escape keys, output queue, files; no terminal. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ui/chardev_backend.h"
#include "ui/chardev_fd.h"
#include "ui/chardev_mux.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/loop.h"

Suite *chardev_suite(void);

/* A far end that remembers, and a front end with `room`. */
static struct chardev back;
static char said[2048], received[8192];
static size_t said_length, received_length, room;
static unsigned quits, breaks;
static struct loop *loop;

static size_t back_write(struct chardev *chr, const uint8_t *data,
                         size_t length)
{
    (void)chr;
    ck_assert_uint_lt(said_length + length, sizeof(said));
    memcpy(said + said_length, data, length);
    said_length += length;
    return length;
}

static void back_close(struct chardev *chr)
{
    (void)chr;
}

static const struct chardev_ops back_ops = {
    .name = "test", .write = back_write, .close = back_close};

static size_t front_can_receive(void *device)
{
    (void)device;
    return room;
}

static void front_receive(void *device, const uint8_t *data, size_t length)
{
    (void)device;
    ck_assert_uint_le(length, room);
    memcpy(received + received_length, data, length);
    received_length += length;
    room -= length;
}

static void front_event(void *device, enum chardev_event event)
{
    (void)device;
    breaks += event == CHARDEV_BREAK;
}

static const struct chardev_frontend front = {
    front_can_receive, front_receive, front_event};

static void on_quit(void *opaque)
{
    (void)opaque;
    quits++;
}

static void stop(void *opaque)
{
    loop_stop(opaque, 0);
}

/* Let the loop run what was posted so far. */
static void settle(void)
{
    loop_post(loop, stop, loop);
    loop_run(loop);
}

static const struct chardev_mux_calls mux_calls = {.quit = on_quit};

static struct chardev *mux_new(uint8_t escape)
{
    memset(&back, 0, sizeof(back));
    memset(said, 0, sizeof(said));
    back.ops = &back_ops;
    said_length = received_length = quits = breaks = 0;
    room = sizeof(received);
    struct chardev *mux =
        chardev_mux_new(&back, loop, escape, &mux_calls, NULL);
    chardev_attach(mux, &front, NULL);
    settle();
    return mux;
}

static void type(const void *keys, size_t length)
{
    size_t can = back.frontend->can_receive(back.device);

    back.frontend->receive(back.device, keys, length < can ? length : can);
}

static void setup(void)
{
    loop = loop_new();
}

static void teardown(void)
{
    loop_free(loop);
}

START_TEST(test_mux_passes)
{
    static const char keys[] = "a\003\032\004\033[A\377";
    struct chardev *mux = mux_new(1);

    type(keys, sizeof(keys)); /* with the NUL */
    ck_assert_uint_eq(received_length, sizeof(keys));
    ck_assert(memcmp(received, keys, sizeof(keys)) == 0);
    chardev_write(mux, (const uint8_t *)"out", 3);
    ck_assert_str_eq(said, "out");
    chardev_close(mux);
}
END_TEST

START_TEST(test_mux_keys)
{
    struct chardev *mux = mux_new(1);

    type("\001b", 2);
    ck_assert_uint_eq(breaks, 1);
    type("\001\001", 2);
    ck_assert_uint_eq(received_length, 1);
    ck_assert_int_eq(received[0], 1);
    type("\001h", 2);
    ck_assert_ptr_nonnull(strstr(said, "Ctrl-A x"));
    said_length = 0;
    type("\001", 1); /* the two bytes may come apart */
    type("c", 1);
    ck_assert_ptr_nonnull(strstr(said, "monitor"));
    type("\001q", 2); /* no such key: nothing */
    ck_assert_uint_eq(received_length, 1);
    ck_assert_uint_eq(quits, 0);
    type("\001x", 2);
    ck_assert_uint_eq(quits, 1);
    chardev_close(mux);
}
END_TEST

START_TEST(test_mux_other_escape)
{
    struct chardev *mux = mux_new(0x14);

    type("\001x", 2);
    ck_assert_uint_eq(received_length, 2);
    type("\024x", 2);
    ck_assert_uint_eq(quits, 1);
    chardev_close(mux);
}
END_TEST

/* A guest that reads nothing does not hide the keys. */
START_TEST(test_mux_hung_guest)
{
    struct chardev *mux = mux_new(1);

    room = 2;
    type("hello", 5);
    ck_assert_uint_eq(received_length, 2);
    type("\001x", 2);
    ck_assert_uint_eq(quits, 1);
    room = 100;
    chardev_accept_input(mux);
    settle();
    ck_assert_uint_eq(received_length, 5);
    ck_assert(memcmp(received, "hello", 5) == 0);
    /* More than it can hold is left to the back end. */
    room = 0;
    for (int i = 0; i < 5000; i++) {
        type("z", 1);
    }
    ck_assert_uint_eq(back.frontend->can_receive(back.device), 0);
    room = 8000;
    chardev_accept_input(mux);
    settle();
    ck_assert_uint_eq(received_length, 5 + 4096);
    chardev_close(mux);
}
END_TEST

START_TEST(test_output_in_order)
{
    enum { LINES = 20000 };
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    fcntl(fds[1], F_SETPIPE_SZ, 4096);
    int flags = fcntl(fds[1], F_GETFL);
    pid_t reader = fork();
    if (reader == 0) {
        close(fds[1]);
        FILE *f = fdopen(fds[0], "r");
        char line[32];
        long n = 0;
        while (fgets(line, sizeof(line), f)) {
            if (strtol(line, NULL, 10) != n++) {
                _exit(1);
            }
        }
        _exit(n == LINES ? 0 : 2);
    }
    close(fds[0]);
    struct chardev_output *out = chardev_output_new(fds[1], "pipe", false);
    for (int i = 0; i < LINES; i++) {
        char line[32];
        size_t length = (size_t)sprintf(line, "%d\n", i), done = 0;
        while (done < length) {
            size_t n = chardev_output_put(out, (uint8_t *)line + done,
                                          length - done);
            done += n;
            if (n == 0) {
                usleep(100);
            }
        }
    }
    chardev_output_free(out);
    ck_assert_int_eq(fcntl(fds[1], F_GETFL), flags);
    close(fds[1]);
    int status;
    waitpid(reader, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* A byte is on its way soon, without a newline and without a second one. */
START_TEST(test_output_is_prompt)
{
    int fds[2];
    uint8_t byte;

    ck_assert_int_eq(pipe(fds), 0);
    struct chardev_output *out = chardev_output_new(fds[1], "pipe", false);
    ck_assert_uint_eq(chardev_output_put(out, (const uint8_t *)"x", 1), 1);
    ck_assert_int_eq(read(fds[0], &byte, 1), 1);
    chardev_output_free(out);
    /* Nobody listens: bytes are taken and forgotten. */
    out = chardev_output_new(fds[1], "pipe", false);
    close(fds[0]);
    for (int i = 0; i < 100000; i++) {
        while (chardev_output_put(out, &byte, 1) == 0) {
            usleep(100);
        }
    }
    chardev_output_free(out);
    close(fds[1]);
}
END_TEST

START_TEST(test_file)
{
    char path[] = "/tmp/test-chardev-XXXXXX";
    int fd = mkstemp(path);
    char text[16] = "";
    struct chardev_config config = {
        .id = "f", .backend = chardev_backend_find("file"), .path = path};

    ck_assert_ptr_nonnull(config.backend);
    for (int i = 0; i < 2; i++) {
        struct chardev *chr = chardev_open(&config, loop, NULL);
        ck_assert_ptr_nonnull(chr);
        ck_assert_str_eq(chr->id, "f");
        chardev_write(chr, (const uint8_t *)"ab", 2);
        chardev_close(chr);
        config.append = true;
    }
    ck_assert_int_eq(read(fd, text, sizeof(text)), 4);
    ck_assert_str_eq(text, "abab");
    close(fd);
    unlink(path);
    config.path = "/nonexistent/file";
    struct error *err = NULL;
    ck_assert_ptr_null(chardev_open(&config, loop, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "/nonexistent/file: No such"));
    error_free(err);
}
END_TEST

Suite *chardev_suite(void)
{
    Suite *suite = suite_create("chardev");
    TCase *tc = tcase_create("chardev");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_mux_passes);
    tcase_add_test(tc, test_mux_keys);
    tcase_add_test(tc, test_mux_other_escape);
    tcase_add_test(tc, test_mux_hung_guest);
    tcase_add_test(tc, test_output_in_order);
    tcase_add_test(tc, test_output_is_prompt);
    tcase_add_test(tc, test_file);
    suite_add_tcase(suite, tc);
    return suite;
}
