/* net/slirp.c: the user network, as a guest sees it. */
#include "tests/unit/net_frame.h"
#include "tests/unit/net_rig.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/checksum.h"

Suite *slirp_suite(void);

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
    for (unsigned i = 0; i < net_rig.seen_count; i++) {
        const uint8_t *d = net_rig.seen[i].data;
        if (net_load16(d + 12) == type &&
            (!protocol || d[23] == protocol) &&
            (!dport || net_load16(d + 36) == dport)) {
            return &net_rig.seen[i];
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
    memcpy(bootp + 28, net_frame_mac, 6);
    memcpy(bootp + 236, options, sizeof(options));
    bootp[242] = (uint8_t)type;
    bootp[243] = 255;
    net_rig.seen_count = 0;
    net_rig_send(nc, frame, net_frame_udp(frame, 0, 0xffffffff, 68, 67, 300));
    net_rig_run(1);
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
    memcpy(frame + 6, net_frame_mac, 6);
    memcpy(frame + 12, head, sizeof(head));
    memcpy(frame + 22, net_frame_mac, 6);
    net_store32(frame + 28, GUEST_IP);
    net_store32(frame + 38, ROUTER_IP);
    net_rig.seen_count = 0;
    net_rig_send(nc, frame, 60);
    net_rig_run(1);
    const struct seen *s = find_seen(0x0806, 0, 0);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(s->data[21], 2); /* reply */
    ck_assert_uint_eq(net_load32(s->data + 28), ROUTER_IP);
    ck_assert(memcmp(s->data, net_frame_mac, 6) == 0);
}

START_TEST(test_user_dhcp_arp_ping)
{
    struct net_config config = user_config();
    config.user.bootfile = "kernel.img";
    struct net_client *nc = net_rig_open("user", &config);
    const char *bootfile;
    uint8_t frame[98];

    net_attach(nc, &net_rig_nic, NULL);
    ck_assert_int_eq(dhcp(nc, 1, &bootfile), 2); /* offer */
    ck_assert_str_eq(bootfile, "kernel.img");
    ck_assert_int_eq(dhcp(nc, 3, &bootfile), 5); /* acknowledged */
    arp(nc);
    net_rig.seen_count = 0;
    memset(frame + 34, 0, 64);
    frame[34] = 8;
    net_store16(frame + 36, net_sum_finish(net_sum(frame + 34, 64, 0)));
    net_rig_send(nc, frame, net_frame_ip(frame, 1, GUEST_IP, ROUTER_IP, 64));
    net_rig_run(1);
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
    struct net_client *nc = net_rig_open("user", &config);
    net_attach(nc, &net_rig_nic, NULL);
    arp(nc);
    net_rig.seen_count = 0;
    memcpy(frame + 42, "\0\1hello\0octet", 14);
    net_rig_send(nc, frame,
                 net_frame_udp(frame, GUEST_IP, ROUTER_IP, 3000, 69, 14));
    net_rig_run(1);
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
    struct net_client *nc = net_rig_open("user", &config);
    net_attach(nc, &net_rig_nic, NULL);
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
    net_rig_run(1);
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
    struct net_client *nc = net_rig_open("user", &config);
    net_attach(nc, &net_rig_nic, NULL);
    arp(nc);
    net_rig.seen_count = 0;
    net_frame_tcp(frame, 1, 0x02, 0, 0);
    net_store16(tcp + 2, 7);
    size_t length = net_frame_ip(frame, 6, GUEST_IP, 0x0a000264, 20);
    net_store16(tcp + 16, net_sum_finish(net_sum(
                              tcp, 20, net_sum_pseudo(frame + 14, 6, 20))));
    net_rig_send(nc, frame, length);
    net_rig_run(1);
    const struct seen *s = find_seen(0x0800, 6, 1000);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(s->data[47] & 0x12, 0x12); /* SYN, ACK */
    uint32_t theirs = net_load32(s->data + 38);
    net_frame_tcp(frame, 2, 0x10, 0, 0);
    net_store16(tcp + 2, 7);
    net_store32(tcp + 8, theirs + 1);
    length = net_frame_ip(frame, 6, GUEST_IP, 0x0a000264, 20);
    net_store16(tcp + 16, net_sum_finish(net_sum(
                              tcp, 20, net_sum_pseudo(frame + 14, 6, 20))));
    net_rig.seen_count = 0;
    net_rig_send(nc, frame, length);
    net_rig_run(2); /* the data, the end */
    s = find_seen(0x0800, 6, 1000);
    ck_assert_ptr_nonnull(s);
    bool found = false;
    for (unsigned i = 0; i < net_rig.seen_count; i++) {
        found |= net_rig.seen[i].length == 60 &&
                 memcmp(net_rig.seen[i].data + 54, "hello\n", 6) == 0;
    }
    ck_assert(found);
    net_close(nc);

    inet_aton("192.168.1.1", &rule.address);
    struct error *err = NULL;
    config.backend = net_backend_find("user");
    ck_assert_ptr_null(net_open(&config, &net_rig.context, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "guestfwd="));
    error_free(err);
}
END_TEST

Suite *slirp_suite(void)
{
    Suite *s = suite_create("slirp");
    TCase *tc = tcase_create("backends");

    tcase_add_checked_fixture(tc, net_rig_setup, net_rig_teardown);
    tcase_set_timeout(tc, 20);
    tcase_add_test(tc, test_user_dhcp_arp_ping);
    tcase_add_test(tc, test_user_tftp);
    tcase_add_test(tc, test_user_hostfwd);
    tcase_add_test(tc, test_user_guestfwd);
    suite_add_tcase(s, tc);
    return s;
}
