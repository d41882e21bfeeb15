/* net/: socket, stream and dgram: to other guests. */
#include "tests/unit/net_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *net_socket_suite(void);

static const char *port_of(struct net_client *nc)
{
    return strrchr(nc->info, ':') + 1;
}

START_TEST(test_stream)
{
    struct net_config listen = {.socket = {
        .kind = NET_SOCKET_LISTEN, .fd = -1,
        .address = {.host = "127.0.0.1", .port = "0"}}};
    struct net_client *a = net_rig_open("socket", &listen);
    char port[8];
    snprintf(port, sizeof(port), "%s", port_of(a));
    struct net_config connect = {.socket = {
        .kind = NET_SOCKET_CONNECT, .fd = -1,
        .address = {.host = "127.0.0.1", .port = port}}};
    struct net_client *b = net_rig_open("stream", &connect);
    uint8_t frame[1514];

    net_attach(a, &net_rig_nic, NULL);
    net_attach(b, &net_rig_nic, NULL);
    net_rig_settle(); /* a accepts */
    for (int i = 0; i < 50; i++) {
        memset(frame, i, sizeof(frame));
        net_rig_send(i % 2 ? a : b, frame, 60 + (size_t)i * 29);
    }
    net_rig_run(50);
    ck_assert_uint_eq(net_rig.seen_count, 50);
    size_t total = 0;
    for (int i = 0; i < 50; i++) {
        total += net_rig.seen[i].length;
        ck_assert_uint_eq(net_rig.seen[i].length,
                          60 + (size_t)net_rig.seen[i].data[0] * 29);
    }
    ck_assert_uint_eq(total, 50 * 60 + 29 * 49 * 25);
    net_close(b); /* and somebody else comes */
    net_rig_settle();
    net_rig_settle();
    b = net_rig_open("stream", &connect);
    net_attach(b, &net_rig_nic, NULL);
    net_rig_settle();
    net_rig_settle();
    net_rig.seen_count = 0;
    net_rig_send(a, frame, 100);
    net_rig_run(1);
    ck_assert_uint_eq(net_rig.seen_count, 1);
    net_close(a);
    net_close(b);
}
END_TEST

/* A far end that does not read holds the sender back, and loses nothing. */
START_TEST(test_stream_full)
{
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct net_config config = {.socket = {
        .kind = NET_SOCKET_CONNECT, .fd = pair[0]}};
    struct net_client *nc = net_rig_open("socket", &config);
    uint8_t frame[1400] = {0}, *got = malloc(64 << 20);
    size_t sent = 0, have = 0;

    net_attach(nc, &net_rig_nic, NULL);
    net_rig.writables = 0;
    while (net_can_send(nc) && sent < 10000) {
        net_rig_send(nc, frame, sizeof(frame));
        sent++;
    }
    ck_assert_uint_lt(sent, 10000);
    while (have < sent * (sizeof(frame) + 4)) {
        net_rig_settle();
        ssize_t n = read(pair[1], got + have, 65536);
        ck_assert_int_gt(n, 0);
        have += (size_t)n;
    }
    ck_assert_uint_eq(net_rig.writables, 1);
    ck_assert(net_can_send(nc));
    /* What is no frame ends the connection. */
    ck_assert_int_eq(write(pair[1], "\377\377\377\377", 4), 4);
    net_rig_settle();
    net_rig_settle();
    ck_assert_int_eq(read(pair[1], got, 1), 0);
    net_close(nc);
    close(pair[1]);
    free(got);
}
END_TEST

START_TEST(test_dgram)
{
    struct net_config config[2];
    struct net_client *nc[2];
    char ports[2][8];
    /* Two ports that are free. */
    for (int i = 0; i < 2; i++) {
        struct socket_address any = {.host = "127.0.0.1", .port = "0"};
        struct socket_address to = {.host = "127.0.0.1", .port = "9"};
        char name[64];
        int fd = socket_datagram(&any, &to, NULL);
        socket_name(fd, false, name, sizeof(name));
        snprintf(ports[i], sizeof(ports[i]), "%s", strrchr(name, ':') + 1);
        close(fd);
    }
    for (int i = 0; i < 2; i++) {
        config[i] = (struct net_config){.socket = {
            .kind = NET_SOCKET_UDP, .fd = -1,
            .address = {.host = "127.0.0.1", .port = ports[!i]},
            .local = {.host = "127.0.0.1", .port = ports[i]}}};
        nc[i] = net_rig_open(i ? "dgram" : "socket", &config[i]);
        net_attach(nc[i], &net_rig_nic, NULL);
    }
    net_rig_send_text(nc[0], "sixty bytes or so, from the first to the second");
    net_rig_run(1);
    net_rig_send_text(nc[1], "sixty bytes or so, from the second to the first");
    net_rig_run(2);
    ck_assert_uint_eq(net_rig.seen_count, 2);
    ck_assert_ptr_nonnull(
        strstr((char *)net_rig.seen[1].data, "from the second"));
    net_close(nc[0]);
    net_close(nc[1]);
}
END_TEST

/* The other side may come later, be slow, go and come again. */
START_TEST(test_dgram_unix)
{
    char dir[] = "/tmp/armature-dgram-XXXXXX", paths[2][64];
    struct net_config config[2];
    struct net_client *nc[2];
    unsigned sent = 0;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%d", dir, i);
    }
    for (int i = 0; i < 2; i++) {
        config[i] = (struct net_config){.socket = {
            .kind = NET_SOCKET_UDP, .fd = -1,
            .address = {.path = paths[!i]}, .local = {.path = paths[i]}}};
    }
    nc[0] = net_rig_open("dgram", &config[0]);
    net_attach(nc[0], &net_rig_nic, NULL);
    net_rig_send_text(nc[0], "nobody is there to receive this");
    for (int round = 0; round < 2; round++) {
        nc[1] = net_rig_open("dgram", &config[1]);
        net_attach(nc[1], &net_rig_nic, NULL);
        net_rig.seen_count = 0;
        for (sent = 0; net_can_send(nc[0]) && sent < 100000; sent++) {
            net_rig_send_text(nc[0], "as many as there is room for, and one");
        }
        ck_assert_uint_lt(sent, 100000);
        net_rig_send_text(nc[0], "a part of the same packet");
        net_rig_run(sent + 1);
        ck_assert_uint_eq(net_rig.seen_count, sent + 1);
        ck_assert(net_can_send(nc[0]));
        net_close(nc[1]);
        net_rig_settle();
    }
    net_close(nc[0]);
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

Suite *net_socket_suite(void)
{
    Suite *s = suite_create("net_socket");
    TCase *tc = tcase_create("backends");

    tcase_add_checked_fixture(tc, net_rig_setup, net_rig_teardown);
    tcase_set_timeout(tc, 20);
    tcase_add_test(tc, test_stream);
    tcase_add_test(tc, test_stream_full);
    tcase_add_test(tc, test_dgram);
    tcase_add_test(tc, test_dgram_unix);
    suite_add_tcase(s, tc);
    return s;
}
