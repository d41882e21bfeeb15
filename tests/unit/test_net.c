/* net/: packets between a NIC of ours and back ends, loopback only. */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/checksum.h"
#include "net/config.h"
#include "net/merge.h"
#include "net/offload.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/loop.h"

Suite *net_suite(void);

#define MAX_SEEN 64

/* A NIC that remembers; and what offload or a back end emitted. */
struct seen {
    uint8_t data[NET_MAX_PACKET];
    size_t length;
    struct net_offload offload;
};
static struct seen *seen;
static unsigned seen_count, room, writables;
static int link_state;
static struct loop *loop;
static struct net_context context;

static void remember(void *opaque, const struct net_packet *packet)
{
    (void)opaque;
    ck_assert_uint_lt(seen_count, MAX_SEEN);
    struct seen *s = &seen[seen_count++];
    net_packet_copy(s->data, packet);
    s->length = packet->length;
    s->offload = packet->offload;
}

static bool nic_receive(void *device, const struct net_packet *packet)
{
    if (room == 0) {
        return false;
    }
    room--;
    remember(device, packet);
    return true;
}

static void nic_writable(void *device)
{
    (void)device;
    writables++;
}

static void nic_link(void *device, bool up)
{
    (void)device;
    link_state = up;
}

static const struct net_nic nic = {nic_receive, nic_writable, nic_link};

static void setup(void)
{
    loop = loop_new();
    seen = calloc(MAX_SEEN, sizeof(*seen));
    seen_count = writables = 0;
    room = MAX_SEEN;
    link_state = -1;
    context = (struct net_context){.loop = loop};
}

static void teardown(void)
{
    loop_free(loop);
    free(seen);
}

static void stop(void *opaque)
{
    loop_stop(opaque, 0);
}

/* Run the loop until there are `count` packets, or for a while. */
static void stop_when_seen(void *opaque)
{
    unsigned *count = opaque;
    static unsigned tries;

    if (seen_count >= *count || ++tries > 3000) {
        tries = 0;
        loop_stop(loop, 0);
    }
}

static void tick(void *opaque);
static struct loop_timer *ticker;

static void tick(void *opaque)
{
    stop_when_seen(opaque);
    loop_timer_arm(ticker, clock_monotonic_ns() + NS_PER_SEC / 1000);
}

static void run_until(unsigned count)
{
    ticker = loop_timer_new(loop, tick, &count);
    loop_timer_arm(ticker, 0);
    loop_run(loop);
    loop_timer_free(ticker);
}

static void settle(void)
{
    loop_post(loop, stop, loop);
    loop_run(loop);
}

static void send_bytes(struct net_client *nc, const void *data,
                       size_t length)
{
    uint8_t copy[2048];
    struct iovec iov[2] = {{copy, 10}, {copy + 10, length - 10}};
    struct net_packet packet = {.iov = iov, .count = 2, .length = length};

    memcpy(copy, data, length);
    net_send(nc, &packet);
}

/* A short frame: the shortest there is, 60 bytes. */
static void send_text(struct net_client *nc, const char *text)
{
    char frame[60] = {0};

    snprintf(frame, sizeof(frame), "%s", text);
    send_bytes(nc, frame, sizeof(frame));
}

/* Frames --------------------------------------------------------------- */

#define GUEST_IP 0x0a00020f
#define ROUTER_IP 0x0a000202
static const uint8_t guest_mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

/* Ethernet and IPv4 headers in front of `length` bytes that are there. */
static size_t make_ip(uint8_t *frame, uint8_t protocol, uint32_t from,
                      uint32_t to, size_t length)
{
    uint8_t *ip = frame + 14;

    memset(frame, 0xff, 6);
    memcpy(frame + 6, guest_mac, 6);
    net_store16(frame + 12, 0x0800);
    memset(ip, 0, 20);
    ip[0] = 0x45;
    net_store16(ip + 2, (uint16_t)(20 + length));
    ip[8] = 64;
    ip[9] = protocol;
    net_store32(ip + 12, from);
    net_store32(ip + 16, to);
    net_store16(ip + 10, net_sum_finish(net_sum(ip, 20, 0)));
    return 34 + length;
}

static size_t make_udp(uint8_t *frame, uint32_t from, uint32_t to,
                       uint16_t sport, uint16_t dport, size_t length)
{
    net_store16(frame + 34, sport);
    net_store16(frame + 36, dport);
    net_store16(frame + 38, (uint16_t)(8 + length));
    net_store16(frame + 40, 0);
    return make_ip(frame, 17, from, to, 8 + length);
}

/* A TCP segment whose payload begins with byte `value` and counts on. */
static size_t make_tcp(uint8_t *frame, uint32_t sequence, uint8_t flags,
                       size_t length, uint8_t value)
{
    uint8_t *tcp = frame + 34;

    memset(tcp, 0, 20);
    net_store16(tcp, 1000);
    net_store16(tcp + 2, 2000);
    net_store32(tcp + 4, sequence);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    net_store16(tcp + 14, 0x4000);
    for (size_t i = 0; i < length; i++) {
        tcp[20 + i] = (uint8_t)(value + i);
    }
    return make_ip(frame, 6, ROUTER_IP, GUEST_IP, 20 + length);
}

static bool checksums_are_right(const uint8_t *frame, size_t length)
{
    const uint8_t *ip = frame + 14;
    size_t tcp_length = net_load16(ip + 2) - 20u;

    return length == 34 + tcp_length &&
           net_sum_finish(net_sum(ip, 20, 0)) == 0 &&
           net_sum_finish(net_sum(frame + 34, tcp_length,
                                  net_sum_pseudo(ip, ip[9],
                                                 (uint32_t)tcp_length))) ==
               0;
}

/* Checksums, offload --------------------------------------------------- */

START_TEST(test_checksum)
{
    /* RFC 1071, 3. */
    static const uint8_t rfc[8] = {0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7};
    uint8_t data[100];

    ck_assert_uint_eq(net_sum_fold(net_sum(rfc, 8, 0)), 0xddf2);
    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 37 + 200);
    }
    for (unsigned length = 0; length < sizeof(data); length++) {
        uint32_t slow = 0;
        for (unsigned i = 0; i < length; i++) {
            slow += i % 2 ? data[i] : data[i] << 8;
        }
        ck_assert_uint_eq(net_sum_fold(net_sum(data, length, 0)),
                          net_sum_fold(slow));
        ck_assert_uint_eq(
            net_sum_fold(net_sum(data + length / 2 * 2,
                                 sizeof(data) - length / 2 * 2,
                                 net_sum(data, length / 2 * 2, 0))),
            net_sum_fold(net_sum(data, sizeof(data), 0)));
    }
}
END_TEST

static void finish(uint8_t *frame, size_t length, struct net_offload offload,
                   unsigned accepts)
{
    struct iovec iov = {frame, length};
    struct net_packet packet = {
        .iov = &iov, .count = 1, .length = length, .offload = offload};

    net_offload_finish(&packet, accepts, remember, NULL);
}

static const struct net_offload tso = {
    .needs_csum = true, .csum_start = 34, .csum_offset = 16,
    .gso = NET_GSO_TCP4, .gso_size = 1000};

START_TEST(test_offload_checksum)
{
    uint8_t frame[200];
    struct net_offload csum = {
        .needs_csum = true, .csum_start = 34, .csum_offset = 16};
    size_t length = make_tcp(frame, 1, 0x10, 77, 5);

    net_store16(frame + 50,
                net_sum_fold(net_sum_pseudo(frame + 14, 6, 97)));
    finish(frame, length, csum, 0);
    ck_assert_uint_eq(seen_count, 1);
    ck_assert(!seen[0].offload.needs_csum);
    ck_assert(checksums_are_right(seen[0].data, seen[0].length));
    finish(frame, length, csum, NET_CAN_CSUM); /* left alone */
    ck_assert(seen[1].offload.needs_csum);
    ck_assert(memcmp(seen[1].data, frame, length) == 0);
}
END_TEST

START_TEST(test_offload_segments)
{
    uint8_t frame[4096];
    size_t length = make_tcp(frame, 0xfffffe00, 0x19, 3500, 0); /* F P A */
    size_t at = 0;

    finish(frame, length, tso, NET_CAN_CSUM);
    ck_assert_uint_eq(seen_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        const struct seen *s = &seen[i];
        ck_assert_uint_eq(s->length, i < 3 ? 1054 : 554);
        ck_assert(checksums_are_right(s->data, s->length));
        ck_assert_uint_eq(net_load32(s->data + 38),
                          (uint32_t)(0xfffffe00 + at));
        ck_assert_uint_eq(net_load16(s->data + 18), i); /* id */
        ck_assert_uint_eq(s->data[47], i < 3 ? 0x10 : 0x19);
        ck_assert(memcmp(s->data + 54, frame + 54 + at, s->length - 54) ==
                  0);
        at += s->length - 54;
    }
    finish(frame, length, tso, NET_CAN_LARGE); /* whole, with checksum */
    ck_assert_uint_eq(seen_count, 5);
    ck_assert_uint_eq(seen[4].length, length);
    ck_assert(checksums_are_right(seen[4].data, length));
}
END_TEST

START_TEST(test_offload_v6)
{
    uint8_t frame[4096] = {0}, *ip = frame + 14, *tcp = ip + 40;
    struct net_offload offload = {
        .needs_csum = true, .csum_start = 54, .csum_offset = 16,
        .gso = NET_GSO_TCP6, .gso_size = 1400};

    net_store16(frame + 12, 0x86dd);
    ip[0] = 0x60;
    ip[6] = 6;
    ip[23] = 1;
    ip[39] = 2;
    net_store32(tcp + 4, 7);
    tcp[12] = 5 << 4;
    tcp[13] = 0x10;
    finish(frame, 74 + 2000, offload, 0);
    ck_assert_uint_eq(seen_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *at = seen[i].data + 14;
        uint32_t n = net_load16(at + 4);
        ck_assert_uint_eq(n, i ? 620 : 1420);
        ck_assert_uint_eq(
            net_sum_finish(net_sum(at + 40, n, net_sum_pseudo(at, 6, n))),
            0);
    }
}
END_TEST

/* Offsets that lie; nothing is emitted and nothing is touched outside. */
START_TEST(test_offload_hostile)
{
    uint8_t *frame = malloc(4096);
    struct net_offload o = tso;
    size_t length = make_tcp(frame, 1, 0x10, 3000, 0);

    o.gso_size = 1;
    finish(frame, length, o, 0);
    o.gso_size = 0;
    finish(frame, length, o, 0);
    o = tso;
    o.gso = NET_GSO_TCP6;
    finish(frame, length, o, 0);
    o = (struct net_offload){.needs_csum = true, .csum_start = 60000};
    finish(frame, length, o, 0);
    o.csum_start = 34;
    o.csum_offset = 0xffff;
    finish(frame, length, o, 0);
    o.csum_offset = (uint16_t)(length - 35);
    finish(frame, length, o, 0);
    frame[46] = 0xf0; /* TCP header longer than... */
    finish(frame, 80, tso, 0);
    frame[46] = 0;
    finish(frame, length, tso, 0);
    frame[46] = 0x50;
    frame[14] = 0x4f;
    finish(frame, 60, tso, 0);
    frame[14] = 0x41;
    finish(frame, length, tso, 0);
    for (size_t n = 14; n <= 54; n++) { /* cut off anywhere */
        uint8_t *exact = malloc(n);
        make_tcp(frame, 1, 0x10, 3000, 0);
        memcpy(exact, frame, n);
        finish(exact, n, tso, 0);
        free(exact);
    }
    free(frame);
    ck_assert_uint_eq(seen_count, 0);
}
END_TEST

/* A client whose back end remembers ------------------------------------ */

static void fake_send(struct net_client *nc, const struct net_packet *packet)
{
    (void)nc;
    remember(NULL, packet);
}

static void fake_close(struct net_client *nc)
{
    (void)nc;
}

static const struct net_ops fake_ops = {.send = fake_send,
                                        .close = fake_close};

static void deliver(struct net_client *nc, const void *data, size_t length)
{
    struct iovec iov = {(void *)data, length};
    struct net_packet packet = {.iov = &iov, .count = 1, .length = length};

    net_deliver(nc, &packet);
}

START_TEST(test_client_backlog)
{
    struct net_client nc = {0};
    char frame[20] = "twenty bytes of it";

    net_client_init(&nc, &fake_ops, "fake", "n0");
    deliver(&nc, frame, 20); /* nobody there */
    net_attach(&nc, &nic, NULL);
    room = 1;
    for (char c = 'a'; c < 'd'; c++) {
        frame[0] = c;
        deliver(&nc, frame, 20);
    }
    ck_assert_uint_eq(seen_count, 1);
    ck_assert(net_has_backlog(&nc));
    room = 10;
    deliver(&nc, "not before the other", 20);
    ck_assert_uint_eq(seen_count, 1);
    net_resume(&nc);
    ck_assert_uint_eq(seen_count, 4);
    ck_assert(!net_has_backlog(&nc));
    ck_assert_int_eq(seen[0].data[0], 'a');
    ck_assert_int_eq(seen[1].data[0], 'b');
    ck_assert_int_eq(seen[2].data[0], 'c');
    /* Bounded. */
    room = 0;
    uint8_t *large = calloc(1, 60000);
    for (int i = 0; i < 1000; i++) {
        deliver(&nc, large, 60000);
    }
    free(large);
    ck_assert_uint_lt(nc.queued_bytes, 10u << 20);
    net_detach(&nc);
    ck_assert(!net_has_backlog(&nc));
    net_close(&nc);
}
END_TEST

START_TEST(test_client_link)
{
    struct net_client nc = {0};
    char frame[20] = "frame";

    net_client_init(&nc, &fake_ops, "fake", "n0");
    net_attach(&nc, &nic, NULL);
    net_set_link(&nc, false);
    ck_assert_int_eq(link_state, 0);
    deliver(&nc, frame, 20);
    send_bytes(&nc, frame, 20);
    ck_assert_uint_eq(seen_count, 0);
    ck_assert(net_can_send(&nc));
    net_set_link(&nc, true);
    ck_assert_int_eq(link_state, 1);
    deliver(&nc, frame, 20);
    send_bytes(&nc, frame, 20);
    ck_assert_uint_eq(seen_count, 2);
    net_close(&nc);
}
END_TEST

/* Merging -------------------------------------------------------------- */

static struct net_client merge_client;

static void merge_start(void)
{
    memset(&merge_client, 0, sizeof(merge_client));
    net_client_init(&merge_client, &fake_ops, "fake", "n0");
    net_attach(&merge_client, &nic, NULL);
}

START_TEST(test_merge)
{
    struct net_merge m = {0};
    uint8_t frame[2048];
    unsigned can = NET_CAN_CSUM | NET_CAN_TSO4;

    merge_start();
    for (uint32_t i = 0; i < 5; i++) { /* four full ones and a pushed one */
        size_t n = i < 4 ? 1000 : 300;
        size_t length = make_tcp(frame, 100 + i * 1000, i < 4 ? 0x10 : 0x18,
                                 n, (uint8_t)(i * 1000));
        net_merge_add(&m, frame, length, can);
    }
    net_merge_add(&m, frame, make_tcp(frame, 4400, 0x10, 1000, 0), can);
    net_merge_flush(&m, &merge_client);
    ck_assert_uint_eq(seen_count, 2); /* nothing follows a push */
    ck_assert_uint_eq(seen[0].length, 54 + 4300);
    ck_assert_int_eq(seen[0].offload.gso, NET_GSO_TCP4);
    ck_assert_uint_eq(seen[0].offload.gso_size, 1000);
    ck_assert_uint_eq(seen[0].data[47], 0x18);
    for (unsigned i = 0; i < 4300; i++) {
        ck_assert_uint_eq(seen[0].data[54 + i], i & 0xff);
    }
    /* Cut up again it is what it was. */
    finish(seen[0].data, seen[0].length, seen[0].offload, 0);
    ck_assert_uint_eq(seen_count, 7);
    ck_assert_uint_eq(seen[6].length, 354);
    for (unsigned i = 2; i < 7; i++) {
        ck_assert(checksums_are_right(seen[i].data, seen[i].length));
    }
    /* And its checksum, completed, is that of the whole. */
    struct net_offload csum = seen[0].offload;
    csum.gso = NET_GSO_NONE;
    finish(seen[0].data, seen[0].length, csum, 0);
    ck_assert(checksums_are_right(seen[7].data, seen[7].length));
}
END_TEST

START_TEST(test_merge_not)
{
    struct net_merge m = {0};
    uint8_t frame[2048];
    unsigned can = NET_CAN_CSUM | NET_CAN_TSO4;
    size_t n;

    merge_start();
    n = make_tcp(frame, 0, 0x10, 1000, 0);
    net_merge_add(&m, frame, n, can);
    n = make_tcp(frame, 1001, 0x10, 1000, 0); /* a gap */
    net_merge_add(&m, frame, n, can);
    n = make_tcp(frame, 2001, 0x11, 1000, 0); /* FIN */
    net_merge_add(&m, frame, n, can);
    n = make_tcp(frame, 3001, 0x10, 1000, 0);
    frame[35] ^= 1; /* another port */
    net_merge_add(&m, frame, n, can);
    n = make_tcp(frame, 4001, 0x10, 1001, 0); /* longer than the first */
    net_merge_add(&m, frame, n, can);
    n = make_tcp(frame, 0, 0x10, 1000, 0);
    net_merge_add(&m, frame, n, 0);
    net_merge_add(&m, frame, make_tcp(frame, 1000, 0x10, 1000, 0), 0);
    net_merge_flush(&m, &merge_client);
    ck_assert_uint_eq(seen_count, 7);
    for (unsigned i = 0; i < 7; i++) {
        ck_assert_int_eq(seen[i].offload.gso, NET_GSO_NONE);
    }
}
END_TEST

/* Never more than an IP packet can be. */
START_TEST(test_merge_limit)
{
    struct net_merge m = {0};
    uint8_t frame[2048];

    merge_start();
    for (uint32_t i = 0; i < 100; i++) {
        size_t n = make_tcp(frame, i * 1460, 0x10, 1460, 0);
        net_merge_add(&m, frame, n, NET_CAN_TSO4);
    }
    net_merge_flush(&m, &merge_client);
    ck_assert_uint_eq(seen_count, 3);
    size_t total = 0;
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_le(seen[i].length, 65535 + 14);
        total += seen[i].length - 54;
    }
    ck_assert_uint_eq(total, 146000);
}
END_TEST

/* Other guests --------------------------------------------------------- */

static struct net_client *open_kind(const char *kind,
                                    struct net_config *config)
{
    struct error *err = NULL;

    config->id = kind;
    config->backend = net_backend_find(kind);
    ck_assert_ptr_nonnull(config->backend);
    struct net_client *nc = net_open(config, &context, &err);
    ck_assert_msg(nc != NULL, "%s", err ? err->message : "");
    return nc;
}

static const char *port_of(struct net_client *nc)
{
    return strrchr(nc->info, ':') + 1;
}

START_TEST(test_stream)
{
    struct net_config listen = {.socket = {
        .kind = NET_SOCKET_LISTEN, .fd = -1,
        .address = {.host = "127.0.0.1", .port = "0"}}};
    struct net_client *a = open_kind("socket", &listen);
    char port[8];
    snprintf(port, sizeof(port), "%s", port_of(a));
    struct net_config connect = {.socket = {
        .kind = NET_SOCKET_CONNECT, .fd = -1,
        .address = {.host = "127.0.0.1", .port = port}}};
    struct net_client *b = open_kind("stream", &connect);
    uint8_t frame[1514];

    net_attach(a, &nic, NULL);
    net_attach(b, &nic, NULL);
    settle(); /* a accepts */
    for (int i = 0; i < 50; i++) {
        memset(frame, i, sizeof(frame));
        send_bytes(i % 2 ? a : b, frame, 60 + (size_t)i * 29);
    }
    run_until(50);
    ck_assert_uint_eq(seen_count, 50);
    size_t total = 0;
    for (int i = 0; i < 50; i++) {
        total += seen[i].length;
        ck_assert_uint_eq(seen[i].length, 60 + (size_t)seen[i].data[0] * 29);
    }
    ck_assert_uint_eq(total, 50 * 60 + 29 * 49 * 25);
    net_close(b); /* and somebody else comes */
    settle();
    settle();
    b = open_kind("stream", &connect);
    net_attach(b, &nic, NULL);
    settle();
    settle();
    seen_count = 0;
    send_bytes(a, frame, 100);
    run_until(1);
    ck_assert_uint_eq(seen_count, 1);
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
    struct net_client *nc = open_kind("socket", &config);
    uint8_t frame[1400] = {0}, *got = malloc(64 << 20);
    size_t sent = 0, have = 0;

    net_attach(nc, &nic, NULL);
    writables = 0;
    while (net_can_send(nc) && sent < 10000) {
        send_bytes(nc, frame, sizeof(frame));
        sent++;
    }
    ck_assert_uint_lt(sent, 10000);
    while (have < sent * (sizeof(frame) + 4)) {
        settle();
        ssize_t n = read(pair[1], got + have, 65536);
        ck_assert_int_gt(n, 0);
        have += (size_t)n;
    }
    ck_assert_uint_eq(writables, 1);
    ck_assert(net_can_send(nc));
    /* What is no frame ends the connection. */
    ck_assert_int_eq(write(pair[1], "\377\377\377\377", 4), 4);
    settle();
    settle();
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
        nc[i] = open_kind(i ? "dgram" : "socket", &config[i]);
        net_attach(nc[i], &nic, NULL);
    }
    send_text(nc[0], "sixty bytes or so, from the first to the second");
    run_until(1);
    send_text(nc[1], "sixty bytes or so, from the second to the first");
    run_until(2);
    ck_assert_uint_eq(seen_count, 2);
    ck_assert_ptr_nonnull(strstr((char *)seen[1].data, "from the second"));
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
    nc[0] = open_kind("dgram", &config[0]);
    net_attach(nc[0], &nic, NULL);
    send_text(nc[0], "nobody is there to receive this");
    for (int round = 0; round < 2; round++) {
        nc[1] = open_kind("dgram", &config[1]);
        net_attach(nc[1], &nic, NULL);
        seen_count = 0;
        for (sent = 0; net_can_send(nc[0]) && sent < 100000; sent++) {
            send_text(nc[0], "as many as there is room for, and one");
        }
        ck_assert_uint_lt(sent, 100000);
        send_text(nc[0], "a part of the same packet");
        run_until(sent + 1);
        ck_assert_uint_eq(seen_count, sent + 1);
        ck_assert(net_can_send(nc[0]));
        net_close(nc[1]);
        settle();
    }
    net_close(nc[0]);
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(test_hub)
{
    struct net_config config[3] = {{.hub.id = 1}, {.hub.id = 1},
                                   {.hub.id = 2}};
    struct net_client *nc[3];

    for (int i = 0; i < 3; i++) {
        nc[i] = open_kind("hubport", &config[i]);
        net_attach(nc[i], &nic, NULL);
    }
    send_text(nc[0], "to all the others of this hub");
    ck_assert_uint_eq(seen_count, 1);
    send_text(nc[2], "to nobody");
    ck_assert_uint_eq(seen_count, 1);
    for (int i = 0; i < 3; i++) {
        net_close(nc[i]);
    }
    ck_assert_ptr_null(context.hubs);
}
END_TEST

START_TEST(test_pcap)
{
    struct net_client nc = {0};
    struct net_dump_config config = {"d", "n0", "/tmp/armature-pcap", 100};
    uint8_t frame[4096];
    uint32_t words[10];
    char path[] = "/tmp/armature-pcap-XXXXXX";
    struct iovec iov = {frame, make_tcp(frame, 1, 0x10, 2500, 0)};
    struct net_packet packet = {.iov = &iov, .count = 1,
                                .length = iov.iov_len, .offload = tso};

    close(mkstemp(path));
    config.path = path;
    net_client_init(&nc, &fake_ops, "fake", "n0");
    nc.accepts = NET_CAN_LARGE;
    net_attach(&nc, &nic, NULL);
    net_set_guest_can(&nc, NET_CAN_CSUM | NET_CAN_TSO4);
    ck_assert_uint_eq(net_guest_can(&nc), NET_CAN_CSUM | NET_CAN_TSO4);
    struct net_dump *dump = net_pcap_open(&config, &nc, NULL);
    ck_assert_ptr_nonnull(dump);
    ck_assert_uint_eq(net_guest_can(&nc), 0);
    net_send(&nc, &packet); /* three segments, as on the wire */
    ck_assert_uint_eq(seen_count, 3);
    deliver(&nc, frame, 60);
    FILE *f = fopen(path, "r");
    ck_assert_uint_eq(fread(words, 4, 10, f), 10);
    ck_assert_uint_eq(words[0], 0xa1b2c3d4);
    ck_assert_uint_eq(words[4], 100);
    ck_assert_uint_eq(words[5], 1);
    ck_assert_uint_eq(words[8], 100);
    ck_assert_uint_eq(words[9], 1054);
    fseek(f, 0, SEEK_END);
    ck_assert_int_eq(ftell(f), 24 + 3 * 116 + 76);
    fclose(f);
    net_pcap_close(dump, &nc);
    net_close(&nc);
    unlink(path);
}
END_TEST

/* The user network ----------------------------------------------------- */

#ifdef CONFIG_SLIRP

static struct net_config user_config(void)
{
    struct net_config config = {.user = {.ipv4 = true, .ipv6 = true}};
    struct net_user_config *u = &config.user;

    inet_aton("10.0.2.0", &u->network);
    inet_aton("255.255.255.0", &u->mask);
    inet_aton("10.0.2.2", &u->host);
    inet_aton("10.0.2.15", &u->dhcp_start);
    inet_aton("10.0.2.3", &u->dns);
    inet_pton(AF_INET6, "fec0::", &u->network6);
    inet_pton(AF_INET6, "fec0::2", &u->host6);
    inet_pton(AF_INET6, "fec0::3", &u->dns6);
    u->prefix6 = 64;
    return config;
}

/* The first packet seen that passes, or NULL. */
static const struct seen *find_seen(uint16_t type, uint8_t protocol,
                                    uint16_t dport)
{
    for (unsigned i = 0; i < seen_count; i++) {
        const uint8_t *d = seen[i].data;
        if (net_load16(d + 12) == type &&
            (!protocol || d[23] == protocol) &&
            (!dport || net_load16(d + 36) == dport)) {
            return &seen[i];
        }
    }
    return NULL;
}

/* DHCP: discover or request; returns the message's type of the answer. */
static int dhcp(struct net_client *nc, int type, const char **bootfile)
{
    static const uint8_t options[] = {0x63, 0x82, 0x53, 0x63, 53, 1};
    uint8_t frame[600] = {0}, *bootp = frame + 42;

    bootp[0] = bootp[1] = 1;
    bootp[2] = 6;
    memcpy(bootp + 28, guest_mac, 6);
    memcpy(bootp + 236, options, sizeof(options));
    bootp[242] = (uint8_t)type;
    bootp[243] = 255;
    seen_count = 0;
    send_bytes(nc, frame, make_udp(frame, 0, 0xffffffff, 68, 67, 300));
    run_until(1);
    const struct seen *s = find_seen(0x0800, 17, 68);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(net_load32(s->data + 42 + 16), GUEST_IP);
    ck_assert_uint_eq(net_load32(s->data + 26), ROUTER_IP);
    *bootfile = (const char *)s->data + 42 + 108;
    ck_assert_uint_eq(s->data[42 + 240], 53);
    return s->data[42 + 242];
}

static void arp(struct net_client *nc)
{
    uint8_t frame[60] = {0};
    static const uint8_t head[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};

    memset(frame, 0xff, 6);
    memcpy(frame + 6, guest_mac, 6);
    memcpy(frame + 12, head, sizeof(head));
    memcpy(frame + 22, guest_mac, 6);
    net_store32(frame + 28, GUEST_IP);
    net_store32(frame + 38, ROUTER_IP);
    seen_count = 0;
    send_bytes(nc, frame, 60);
    run_until(1);
    const struct seen *s = find_seen(0x0806, 0, 0);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(s->data[21], 2); /* reply */
    ck_assert_uint_eq(net_load32(s->data + 28), ROUTER_IP);
    ck_assert(memcmp(s->data, guest_mac, 6) == 0);
}

START_TEST(test_user_dhcp_arp_ping)
{
    struct net_config config = user_config();
    config.user.bootfile = "kernel.img";
    struct net_client *nc = open_kind("user", &config);
    const char *bootfile;
    uint8_t frame[98];

    net_attach(nc, &nic, NULL);
    ck_assert_int_eq(dhcp(nc, 1, &bootfile), 2); /* offer */
    ck_assert_str_eq(bootfile, "kernel.img");
    ck_assert_int_eq(dhcp(nc, 3, &bootfile), 5); /* acknowledged */
    arp(nc);
    seen_count = 0;
    memset(frame + 34, 0, 64);
    frame[34] = 8;
    net_store16(frame + 36, net_sum_finish(net_sum(frame + 34, 64, 0)));
    send_bytes(nc, frame, make_ip(frame, 1, GUEST_IP, ROUTER_IP, 64));
    run_until(1);
    const struct seen *s = find_seen(0x0800, 1, 0);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(s->data[34], 0); /* echo reply */
    net_close(nc);
}
END_TEST

START_TEST(test_user_tftp)
{
    char dir[] = "/tmp/armature-tftp-XXXXXX", path[64];
    struct net_config config = user_config();
    uint8_t frame[600];

    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/hello", dir);
    FILE *f = fopen(path, "w");
    fputs("hello over TFTP", f);
    fclose(f);
    config.user.tftp = dir;
    struct net_client *nc = open_kind("user", &config);
    net_attach(nc, &nic, NULL);
    arp(nc);
    seen_count = 0;
    memcpy(frame + 42, "\0\1hello\0octet", 14);
    send_bytes(nc, frame,
               make_udp(frame, GUEST_IP, ROUTER_IP, 3000, 69, 14));
    run_until(1);
    const struct seen *s = find_seen(0x0800, 17, 3000);
    ck_assert_ptr_nonnull(s);
    ck_assert(memcmp(s->data + 42, "\0\3\0\1hello over TFTP", 19) == 0);
    net_close(nc);
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(test_user_hostfwd)
{
    struct net_config config = user_config();
    struct net_hostfwd rules[2] = {
        {.rule = "tcp:127.0.0.1:0-:22", .guest_port = 22},
        {.rule = "udp:127.0.0.1:0-:53", .guest_port = 53, .udp = true}};
    struct net_hostfwd got;
    struct error *err = NULL;

    inet_aton("127.0.0.1", &rules[0].host_address);
    inet_aton("127.0.0.1", &rules[1].host_address);
    config.user.hostfwd = rules;
    config.user.hostfwd_count = 2;
    struct net_client *nc = open_kind("user", &config);
    net_attach(nc, &nic, NULL);
    ck_assert(net_user_hostfwd_get(nc, 1, &got));
    ck_assert(got.udp && got.host_port);
    ck_assert(!net_user_hostfwd_get(nc, 2, &got));
    ck_assert(net_user_hostfwd_get(nc, 0, &got));
    ck_assert(!got.udp && got.host_port);

    /* A connection reaches the guest: it asks who has 10.0.2.15. */
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr = got.host_address,
                             .sin_port = htons(got.host_port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    run_until(1);
    ck_assert_ptr_nonnull(find_seen(0x0806, 0, 0));

    /* The port is taken now; the words are what tools look for. */
    got.rule = "tcp:127.0.0.1:N-:22";
    ck_assert(!net_user_hostfwd_add(nc, &got, &err));
    ck_assert_str_eq(err->message,
                     "Could not set up host forwarding rule "
                     "'tcp:127.0.0.1:N-:22': Address already in use");
    error_free(err);
    struct net_hostfwd udp;
    ck_assert(net_user_hostfwd_get(nc, 1, &udp));
    err = NULL;
    ck_assert(!net_user_hostfwd_add(nc, &udp, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "Address already in use"));
    error_free(err);
    ck_assert(net_user_hostfwd_remove(nc, &got, NULL));
    ck_assert(!net_user_hostfwd_remove(nc, &got, NULL));
    net_close(nc);
    close(fd);
}
END_TEST

/* guestfwd to a command: the guest connects to 10.0.2.100:7 and reads. */
START_TEST(test_user_guestfwd)
{
    struct net_config config = user_config();
    struct net_guestfwd rule = {.rule = "tcp:10.0.2.100:7-cmd:echo hello",
                                .port = 7, .command = "echo hello"};
    uint8_t frame[100], *tcp = frame + 34;

    inet_aton("10.0.2.100", &rule.address);
    config.user.guestfwd = &rule;
    config.user.guestfwd_count = 1;
    struct net_client *nc = open_kind("user", &config);
    net_attach(nc, &nic, NULL);
    arp(nc);
    seen_count = 0;
    make_tcp(frame, 1, 0x02, 0, 0);
    net_store16(tcp + 2, 7);
    size_t length = make_ip(frame, 6, GUEST_IP, 0x0a000264, 20);
    net_store16(tcp + 16, net_sum_finish(net_sum(
        tcp, 20, net_sum_pseudo(frame + 14, 6, 20))));
    send_bytes(nc, frame, length);
    run_until(1);
    const struct seen *s = find_seen(0x0800, 6, 1000);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(s->data[47] & 0x12, 0x12); /* SYN, ACK */
    uint32_t theirs = net_load32(s->data + 38);
    make_tcp(frame, 2, 0x10, 0, 0);
    net_store16(tcp + 2, 7);
    net_store32(tcp + 8, theirs + 1);
    length = make_ip(frame, 6, GUEST_IP, 0x0a000264, 20);
    net_store16(tcp + 16, net_sum_finish(net_sum(
        tcp, 20, net_sum_pseudo(frame + 14, 6, 20))));
    seen_count = 0;
    send_bytes(nc, frame, length);
    run_until(2); /* the data, the end */
    s = find_seen(0x0800, 6, 1000);
    ck_assert_ptr_nonnull(s);
    bool found = false;
    for (unsigned i = 0; i < seen_count; i++) {
        found |= seen[i].length == 60 &&
                 memcmp(seen[i].data + 54, "hello\n", 6) == 0;
    }
    ck_assert(found);
    net_close(nc);

    inet_aton("192.168.1.1", &rule.address);
    struct error *err = NULL;
    config.backend = net_backend_find("user");
    ck_assert_ptr_null(net_open(&config, &context, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "guestfwd="));
    error_free(err);
}
END_TEST

#endif

START_TEST(test_table)
{
    size_t count;
    const struct net_backend *rows = net_backends(&count);

    ck_assert_ptr_null(net_backend_find("vde"));
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(net_backend_find(rows[i].name), &rows[i]);
    }
}
END_TEST

Suite *net_suite(void)
{
    Suite *suite = suite_create("net");
    TCase *tc = tcase_create("packets");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_checksum);
    tcase_add_test(tc, test_offload_checksum);
    tcase_add_test(tc, test_offload_segments);
    tcase_add_test(tc, test_offload_v6);
    tcase_add_test(tc, test_offload_hostile);
    tcase_add_test(tc, test_client_backlog);
    tcase_add_test(tc, test_client_link);
    tcase_add_test(tc, test_merge);
    tcase_add_test(tc, test_merge_not);
    tcase_add_test(tc, test_merge_limit);
    tcase_add_test(tc, test_table);
    suite_add_tcase(suite, tc);
    tc = tcase_create("backends");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 20);
    tcase_add_test(tc, test_stream);
    tcase_add_test(tc, test_stream_full);
    tcase_add_test(tc, test_dgram);
    tcase_add_test(tc, test_dgram_unix);
    tcase_add_test(tc, test_hub);
    tcase_add_test(tc, test_pcap);
#ifdef CONFIG_SLIRP
    tcase_add_test(tc, test_user_dhcp_arp_ping);
    tcase_add_test(tc, test_user_tftp);
    tcase_add_test(tc, test_user_hostfwd);
    tcase_add_test(tc, test_user_guestfwd);
#endif
    suite_add_tcase(suite, tc);
    return suite;
}
