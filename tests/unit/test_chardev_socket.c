/* ui/chardev_socket and its relatives: loopback and unix sockets, pipes,
 * ringbuf, testdev. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ui/chardev_backend.h"
#include "ui/chardev_mux.h"
#include "ui/chardev_telnet.h"
#include "util/clock.h"
#include "util/loop.h"
#include "util/socket.h"

Suite *chardev_socket_suite(void);

static struct loop *loop;
static char received[8192], dir[64], path[96];
static size_t received_length, room;
static int opens, closes, breaks;

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
    received[received_length] = '\0';
    room -= length;
}

static void front_event(void *device, enum chardev_event event)
{
    (void)device;
    opens += event == CHARDEV_OPENED;
    closes += event == CHARDEV_CLOSED;
    breaks += event == CHARDEV_BREAK;
}

static const struct chardev_frontend front = {
    front_can_receive, front_receive, front_event};

static void setup(void)
{
    loop = loop_new();
    received_length = 0;
    received[0] = '\0';
    room = 4000;
    opens = closes = breaks = 0;
    snprintf(dir, sizeof(dir), "/tmp/armature-chr-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/sock", dir);
}

static void teardown(void)
{
    char command[128];

    loop_free(loop);
    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static void stop(void *opaque)
{
    loop_stop(opaque, 0);
}

static void run_ms(unsigned ms)
{
    struct loop_timer *t = loop_timer_new(loop, stop, loop);

    loop_timer_arm(t, clock_monotonic_ns() + ms * NS_PER_SEC / 1000);
    loop_run(loop);
    loop_timer_free(t);
}

/* Let the loop run until something is so; this fails after 10 s. */
#define RUN_UNTIL(condition)                                             \
    for (int tries_ = 0; !(condition); tries_++) {                       \
        ck_assert_msg(tries_ < 10000, "never: %s", #condition);          \
        run_ms(1);                                                       \
    }

static struct chardev *open_chr(struct chardev_config *config,
                                const char *kind)
{
    struct error *err = NULL;

    config->id = "c";
    config->backend = chardev_backend_find(kind);
    struct chardev *chr = chardev_open(config, loop, &err);
    ck_assert_msg(chr != NULL, "%s", err ? err->message : "");
    return chr;
}

static int client(const struct socket_address *address)
{
    int fd = socket_connect(address, NULL);

    ck_assert_int_ge(fd, 0);
    return fd;
}

/* What comes out of `fd` within a second is `text`. */
static void expect(int fd, const void *text, size_t length)
{
    char got[1024];
    size_t have = 0;

    while (have < length) {
        ssize_t n = recv(fd, got + have, length - have, 0);
        ck_assert_int_gt(n, 0);
        have += (size_t)n;
    }
    ck_assert(memcmp(got, text, length) == 0);
}

static void say(struct chardev *chr, const char *text)
{
    chardev_write(chr, (const uint8_t *)text, strlen(text));
}

static void check_server(struct chardev_config *config,
                         const struct socket_address *address)
{
    struct chardev *chr = open_chr(config, "socket");

    say(chr, "nobody hears this");
    chardev_attach(chr, &front, NULL);
    RUN_UNTIL(closes == 1); /* it is told that there is nobody */
    for (int i = 1; i <= 3; i++) {
        int fd = client(address);
        RUN_UNTIL(opens == i);
        say(chr, "hello");
        expect(fd, "hello", 5);
        ck_assert_int_eq(write(fd, "world", 5), 5);
        RUN_UNTIL(strcmp(received, "world") == 0);
        received_length = 0;
        close(fd);
        RUN_UNTIL(closes == i + 1);
    }
    chardev_close(chr);
}

START_TEST(test_unix_server)
{
    struct chardev_config config = {.address.path = path, .server = true};
    struct stat st;

    check_server(&config, &config.address);
    ck_assert_int_ne(stat(path, &st), 0);
}
END_TEST

/* Left behind by one that was killed; and one that is in use. */
START_TEST(test_unix_stale)
{
    struct chardev_config config = {.address.path = path, .server = true};
    int fd = socket_listen(&config.address, NULL);
    struct error *err = NULL;

    ck_assert_int_lt(socket_listen(&config.address, &err), 0);
    ck_assert_ptr_nonnull(strstr(err->message, "Address already in use"));
    error_free(err);
    close(fd);
    chardev_close(open_chr(&config, "socket"));
}
END_TEST

static void free_port(char port[8])
{
    struct socket_address any = {.host = "127.0.0.1", .port = "0"};
    char name[64];
    int fd = socket_listen(&any, NULL);

    socket_name(fd, false, name, sizeof(name));
    snprintf(port, 8, "%s", strrchr(name, ':') + 1);
    close(fd);
}

START_TEST(test_tcp_server)
{
    char port[8];
    struct chardev_config config = {
        .address = {.host = "127.0.0.1", .port = port},
        .server = true, .nodelay = true};
    struct error *err = NULL;

    free_port(port);
    check_server(&config, &config.address);
    int fd = socket_listen(&config.address, NULL);
    ck_assert_ptr_null(chardev_open(&config, loop, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "Address already in use"));
    error_free(err);
    close(fd);
}
END_TEST

static void *connect_late(void *opaque)
{
    usleep(50000);
    int *fd = opaque;
    struct socket_address address = {.path = path};
    *fd = socket_connect(&address, NULL);
    return NULL;
}

START_TEST(test_wait)
{
    struct chardev_config config = {.address.path = path, .server = true,
                                    .wait = true};
    pthread_t thread;
    int fd = -1;

    pthread_create(&thread, NULL, connect_late, &fd);
    struct chardev *chr = open_chr(&config, "socket");
    pthread_join(thread, NULL);
    say(chr, "hello"); /* even before the loop runs */
    expect(fd, "hello", 5);
    chardev_attach(chr, &front, NULL);
    RUN_UNTIL(opens == 1);
    chardev_close(chr);
    close(fd);
}
END_TEST

/* What is written before the end is read before the end. */
START_TEST(test_output_is_complete)
{
    struct chardev_config config = {.address.path = path, .server = true};
    struct chardev *chr = open_chr(&config, "socket");
    int fd = client(&config.address);
    static uint8_t data[60000];
    size_t have = 0;
    ssize_t n;

    chardev_attach(chr, &front, NULL);
    RUN_UNTIL(opens == 1);
    memset(data, 'x', sizeof(data));
    chardev_write(chr, data, sizeof(data));
    chardev_close(chr);
    while ((n = read(fd, data, sizeof(data))) > 0) {
        have += (size_t)n;
    }
    ck_assert_uint_eq(have, sizeof(data));
    close(fd);
}
END_TEST

/* Who connects and does not read does not hold us for ever. */
START_TEST(test_gone_while_full)
{
    struct chardev_config config = {.address.path = path, .server = true};
    struct chardev *chr = open_chr(&config, "socket");
    int fd = client(&config.address);
    static uint8_t data[60000];

    chardev_attach(chr, &front, NULL);
    RUN_UNTIL(opens == 1);
    for (int i = 0; i < 10; i++) {
        chr->ops->write(chr, data, sizeof(data));
    }
    ck_assert_uint_lt(chr->ops->write(chr, data, sizeof(data)),
                      sizeof(data));
    close(fd);
    RUN_UNTIL(closes == 1);
    ck_assert_uint_eq(chr->ops->write(chr, data, sizeof(data)),
                      sizeof(data)); /* lost, as nobody is there */
    chardev_close(chr);
}
END_TEST

START_TEST(test_client)
{
    struct chardev_config config = {.address.path = path};
    struct error *err = NULL;
    int listener, fd;

    config.id = "c";
    config.backend = chardev_backend_find("socket");
    ck_assert_ptr_null(chardev_open(&config, loop, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "Failed to connect to"));
    ck_assert_ptr_nonnull(strstr(err->message, "No such file or directory"));
    error_free(err);
    listener = socket_listen(&config.address, NULL);
    struct chardev *chr = open_chr(&config, "socket");
    fd = socket_accept(listener);
    say(chr, "hello");
    expect(fd, "hello", 5);
    close(fd);
    close(listener);
    chardev_close(chr);
}
END_TEST

START_TEST(test_reconnect)
{
    struct chardev_config config = {.address.path = path,
                                    .reconnect_ms = 20};
    struct chardev *chr = open_chr(&config, "socket");

    chardev_attach(chr, &front, NULL);
    run_ms(50);
    ck_assert_int_eq(opens, 0);
    int listener = socket_listen(&config.address, NULL);
    for (int i = 1; i <= 2; i++) {
        RUN_UNTIL(opens == i);
        int fd = socket_accept(listener);
        say(chr, "hello");
        expect(fd, "hello", 5);
        close(fd);
    }
    close(listener);
    chardev_close(chr);
}
END_TEST

START_TEST(test_fd)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct chardev_config config = {.has_fd = true, .fd = pair[0]};
    struct chardev *chr = open_chr(&config, "socket");

    chardev_attach(chr, &front, NULL);
    RUN_UNTIL(opens == 1);
    say(chr, "hello");
    expect(pair[1], "hello", 5);
    chardev_close(chr);
    close(pair[1]);

    struct socket_address address = {.path = path};
    config.fd = socket_listen(&address, NULL);
    config.server = true;
    chr = open_chr(&config, "socket");
    int fd = client(&address);
    chardev_attach(chr, &front, NULL);
    RUN_UNTIL(opens == 2);
    say(chr, "there");
    expect(fd, "there", 5);
    chardev_close(chr);
    close(fd);
}
END_TEST

/* A guest without room gets the rest later. */
START_TEST(test_room)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct chardev_config config = {.has_fd = true, .fd = pair[0]};
    struct chardev *chr = open_chr(&config, "socket");

    room = 3;
    chardev_attach(chr, &front, NULL);
    ck_assert_int_eq(write(pair[1], "abcdef", 6), 6);
    RUN_UNTIL(strcmp(received, "abc") == 0);
    run_ms(1);
    ck_assert_str_eq(received, "abc");
    room = 10;
    chardev_accept_input(chr);
    RUN_UNTIL(strcmp(received, "abcdef") == 0);
    chardev_accept_input(chr); /* and closing with this on its way */
    chardev_close(chr);
    run_ms(5);
    close(pair[1]);
}
END_TEST

START_TEST(test_telnet)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct chardev_config config = {.has_fd = true, .fd = pair[0],
                                    .telnet = true};
    struct chardev *chr = open_chr(&config, "socket");
    static const char in[] =
        "a\r\0b\xff\xfd\1c\xff\xfa\x18xy\xff\xf0" "d\xff\xffz\xff\xf3";

    chardev_attach(chr, &front, NULL);
    expect(pair[1], telnet_greeting, telnet_greeting_length);
    say(chr, "x\xffy");
    expect(pair[1], "x\xff\xffy", 4);
    for (size_t i = 0; i < sizeof(in) - 1; i++) { /* cut anywhere */
        ck_assert_int_eq(write(pair[1], in + i, 1), 1);
        run_ms(1);
    }
    RUN_UNTIL(breaks == 1);
    ck_assert_str_eq(received, "a\rbcd\xffz");
    static uint8_t much[5000];
    memset(much, 0xff, sizeof(much));
    chardev_write(chr, much, sizeof(much));
    for (int i = 0; i < 10; i++) {
        expect(pair[1], much, 1000);
    }
    chardev_close(chr);
    close(pair[1]);
}
END_TEST

START_TEST(test_udp)
{
    char port[8], other[8];
    struct chardev_config config = {
        .address = {.host = "127.0.0.1", .port = port},
        .local = {.host = "127.0.0.1", .port = other}};

    free_port(port);
    free_port(other);
    int fd = socket_datagram(&config.address, &config.local, NULL);
    struct chardev *chr = open_chr(&config, "udp");
    chardev_attach(chr, &front, NULL);
    say(chr, "one\ntwo");
    expect(fd, "one\n", 4);
    char text[4] = "";
    RUN_UNTIL(recv(fd, text, 3, MSG_DONTWAIT) == 3);
    ck_assert_str_eq(text, "two");
    room = 4;
    ck_assert_int_eq(send(fd, "hello", 5, 0), 5);
    RUN_UNTIL(strcmp(received, "hell") == 0);
    room = 10;
    chardev_accept_input(chr);
    RUN_UNTIL(strcmp(received, "hello") == 0);
    chardev_close(chr);
    close(fd);
}
END_TEST

START_TEST(test_pipe)
{
    char in[128], out[128];
    struct chardev_config config = {.path = path};
    struct error *err = NULL;

    snprintf(in, sizeof(in), "%s.in", path);
    snprintf(out, sizeof(out), "%s.out", path);
    config.backend = chardev_backend_find("pipe");
    ck_assert_ptr_null(chardev_open(&config, loop, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "No such file"));
    error_free(err);
    ck_assert_int_eq(mkfifo(in, 0600), 0);
    ck_assert_int_eq(mkfifo(out, 0600), 0);
    struct chardev *chr = open_chr(&config, "pipe");
    chardev_attach(chr, &front, NULL);
    int to = open(in, O_WRONLY), from = open(out, O_RDONLY);
    char text[8] = "";
    say(chr, "hello");
    ck_assert_int_eq(read(from, text, 5), 5);
    ck_assert_str_eq(text, "hello");
    ck_assert_int_eq(write(to, "world", 5), 5);
    RUN_UNTIL(strcmp(received, "world") == 0);
    chardev_close(chr);
    close(to);
    close(from);
}
END_TEST

static void no_quit(void *opaque)
{
    (void)opaque;
}

static const struct chardev_mux_calls mux_calls = {.quit = no_quit};

START_TEST(test_ringbuf)
{
    struct chardev_config config = {.size = 8}, other = {0};
    struct chardev *chr = open_chr(&config, "ringbuf");
    uint8_t data[16];
    char log[96];

    snprintf(log, sizeof(log), "%s/log", dir);
    ck_assert(chardev_open_log(chr, log, false, NULL));
    say(chr, "abc");
    ck_assert_int_eq(chardev_ringbuf_read(chr, data, 2), 2);
    ck_assert(memcmp(data, "ab", 2) == 0);
    say(chr, "0123456789");
    ck_assert_int_eq(chardev_ringbuf_read(chr, data, 16), 8);
    ck_assert(memcmp(data, "23456789", 8) == 0);
    ck_assert_int_eq(chardev_ringbuf_read(chr, data, 16), 0);
    struct chardev *mux = chardev_mux_new(chr, loop, 1, &mux_calls, NULL);
    say(mux, "xyz");
    ck_assert_int_eq(chardev_ringbuf_read(mux, data, 16), 3);
    chardev_close(mux);
    FILE *f = fopen(log, "r"); /* all that went by */
    ck_assert_uint_eq(fread(data, 1, 16, f), 13);
    fclose(f);
    chr = open_chr(&other, "null");
    ck_assert_int_eq(chardev_ringbuf_read(chr, data, 16), -1);
    chardev_close(chr);
}
END_TEST

static void check_testdev(const char *text, int status)
{
    struct chardev_config config = {0};
    struct chardev *chr = open_chr(&config, "testdev");

    say(chr, text);
    ck_assert_int_eq(loop_run(loop), status);
    chardev_close(chr);
}

START_TEST(test_testdev)
{
    check_testdev("0q", 1);
    check_testdev("q", 1);
    check_testdev("3q", 7);
    check_testdev("5x12q", 25);
    check_testdev("200q", 0x91);
}
END_TEST

Suite *chardev_socket_suite(void)
{
    Suite *suite = suite_create("chardev_socket");
    TCase *tc = tcase_create("chardev_socket");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, test_unix_server);
    tcase_add_test(tc, test_unix_stale);
    tcase_add_test(tc, test_tcp_server);
    tcase_add_test(tc, test_wait);
    tcase_add_test(tc, test_output_is_complete);
    tcase_add_test(tc, test_gone_while_full);
    tcase_add_test(tc, test_client);
    tcase_add_test(tc, test_reconnect);
    tcase_add_test(tc, test_fd);
    tcase_add_test(tc, test_room);
    tcase_add_test(tc, test_telnet);
    tcase_add_test(tc, test_udp);
    tcase_add_test(tc, test_pipe);
    tcase_add_test(tc, test_ringbuf);
    tcase_add_test(tc, test_testdev);
    suite_add_tcase(suite, tc);
    return suite;
}
