/* net/: TCP segments put together on their way to the guest. */
#include "tests/unit/net_frame.h"

#include <string.h>
#include "tests/unit/net_rig.h"

#include "net/merge.h"

Suite *net_merge_suite(void);

static struct net_client merge_client;

static void merge_start(void)
{
    memset(&merge_client, 0, sizeof(merge_client));
    net_client_init(&merge_client, &net_rig_fake_ops, "fake", "n0");
    net_attach(&merge_client, &net_rig_nic, NULL);
}

START_TEST(test_merge)
{
    struct net_merge m = {0};
    uint8_t frame[2048];
    unsigned can = NET_CAN_CSUM | NET_CAN_TSO4;

    merge_start();
    for (uint32_t i = 0; i < 5; i++) { /* four full ones and a pushed one */
        size_t n = i < 4 ? 1000 : 300;
        size_t length = net_frame_tcp(
            frame, 100 + i * 1000, i < 4 ? 0x10 : 0x18, n, (uint8_t)(i * 1000));
        net_merge_add(&m, frame, length, can);
    }
    net_merge_add(&m, frame, net_frame_tcp(frame, 4400, 0x10, 1000, 0), can);
    net_merge_flush(&m, &merge_client);
    ck_assert_uint_eq(net_rig.seen_count, 2); /* nothing follows a push */
    ck_assert_uint_eq(net_rig.seen[0].length, 54 + 4300);
    ck_assert_int_eq(net_rig.seen[0].offload.gso, NET_GSO_TCP4);
    ck_assert_uint_eq(net_rig.seen[0].offload.gso_size, 1000);
    ck_assert_uint_eq(net_rig.seen[0].data[47], 0x18);
    for (unsigned i = 0; i < 4300; i++) {
        ck_assert_uint_eq(net_rig.seen[0].data[54 + i], i & 0xff);
    }
    /* Cut up again it is what it was. */
    net_rig_finish(net_rig.seen[0].data, net_rig.seen[0].length,
                   net_rig.seen[0].offload, 0);
    ck_assert_uint_eq(net_rig.seen_count, 7);
    ck_assert_uint_eq(net_rig.seen[6].length, 354);
    for (unsigned i = 2; i < 7; i++) {
        ck_assert(
            net_frame_is_right(net_rig.seen[i].data, net_rig.seen[i].length));
    }
    /* And its checksum, completed, is that of the whole. */
    struct net_offload csum = net_rig.seen[0].offload;
    csum.gso = NET_GSO_NONE;
    net_rig_finish(net_rig.seen[0].data, net_rig.seen[0].length, csum, 0);
    ck_assert(net_frame_is_right(net_rig.seen[7].data, net_rig.seen[7].length));
}
END_TEST

START_TEST(test_merge_not)
{
    struct net_merge m = {0};
    uint8_t frame[2048];
    unsigned can = NET_CAN_CSUM | NET_CAN_TSO4;
    size_t n;

    merge_start();
    n = net_frame_tcp(frame, 0, 0x10, 1000, 0);
    net_merge_add(&m, frame, n, can);
    n = net_frame_tcp(frame, 1001, 0x10, 1000, 0); /* a gap */
    net_merge_add(&m, frame, n, can);
    n = net_frame_tcp(frame, 2001, 0x11, 1000, 0); /* FIN */
    net_merge_add(&m, frame, n, can);
    n = net_frame_tcp(frame, 3001, 0x10, 1000, 0);
    frame[35] ^= 1; /* another port */
    net_merge_add(&m, frame, n, can);
    n = net_frame_tcp(frame, 4001, 0x10, 1001, 0); /* longer than the first */
    net_merge_add(&m, frame, n, can);
    n = net_frame_tcp(frame, 0, 0x10, 1000, 0);
    net_merge_add(&m, frame, n, 0);
    net_merge_add(&m, frame, net_frame_tcp(frame, 1000, 0x10, 1000, 0), 0);
    net_merge_flush(&m, &merge_client);
    ck_assert_uint_eq(net_rig.seen_count, 7);
    for (unsigned i = 0; i < 7; i++) {
        ck_assert_int_eq(net_rig.seen[i].offload.gso, NET_GSO_NONE);
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
        size_t n = net_frame_tcp(frame, i * 1460, 0x10, 1460, 0);
        net_merge_add(&m, frame, n, NET_CAN_TSO4);
    }
    net_merge_flush(&m, &merge_client);
    ck_assert_uint_eq(net_rig.seen_count, 3);
    size_t total = 0;
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_le(net_rig.seen[i].length, 65535 + 14);
        total += net_rig.seen[i].length - 54;
    }
    ck_assert_uint_eq(total, 146000);
}
END_TEST

Suite *net_merge_suite(void)
{
    Suite *s = suite_create("net_merge");
    TCase *tc = tcase_create("packets");

    tcase_add_checked_fixture(tc, net_rig_setup, net_rig_teardown);
    tcase_add_test(tc, test_merge);
    tcase_add_test(tc, test_merge_not);
    tcase_add_test(tc, test_merge_limit);
    suite_add_tcase(s, tc);
    return s;
}
