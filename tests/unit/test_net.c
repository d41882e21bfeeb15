/* net/: what a client does for its back end; the table, hubs, dumps. */
#include "tests/unit/net_frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/unit/net_rig.h"

Suite *net_suite(void);

/* A client whose back end remembers ------------------------------------ */

START_TEST(test_client_backlog)
{
    struct net_client nc = {0};
    char frame[20] = "twenty bytes of it";

    net_client_init(&nc, &net_rig_fake_ops, "fake", "n0");
    net_rig_deliver(&nc, frame, 20); /* nobody there */
    net_attach(&nc, &net_rig_nic, NULL);
    net_rig.room = 1;
    for (char c = 'a'; c < 'd'; c++) {
        frame[0] = c;
        net_rig_deliver(&nc, frame, 20);
    }
    ck_assert_uint_eq(net_rig.seen_count, 1);
    ck_assert(net_has_backlog(&nc));
    net_rig.room = 10;
    net_rig_deliver(&nc, "not before the other", 20);
    ck_assert_uint_eq(net_rig.seen_count, 1);
    net_resume(&nc);
    ck_assert_uint_eq(net_rig.seen_count, 4);
    ck_assert(!net_has_backlog(&nc));
    ck_assert_int_eq(net_rig.seen[0].data[0], 'a');
    ck_assert_int_eq(net_rig.seen[1].data[0], 'b');
    ck_assert_int_eq(net_rig.seen[2].data[0], 'c');
    /* Bounded. */
    net_rig.room = 0;
    uint8_t *large = calloc(1, 60000);
    for (int i = 0; i < 1000; i++) {
        net_rig_deliver(&nc, large, 60000);
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

    net_client_init(&nc, &net_rig_fake_ops, "fake", "n0");
    net_attach(&nc, &net_rig_nic, NULL);
    net_set_link(&nc, false);
    ck_assert_int_eq(net_rig.link_state, 0);
    net_rig_deliver(&nc, frame, 20);
    net_rig_send(&nc, frame, 20);
    ck_assert_uint_eq(net_rig.seen_count, 0);
    ck_assert(net_can_send(&nc));
    net_set_link(&nc, true);
    ck_assert_int_eq(net_rig.link_state, 1);
    net_rig_deliver(&nc, frame, 20);
    net_rig_send(&nc, frame, 20);
    ck_assert_uint_eq(net_rig.seen_count, 2);
    net_close(&nc);
}
END_TEST

/* Other guests --------------------------------------------------------- */

START_TEST(test_hub)
{
    struct net_config config[3] = {{.hub.id = 1}, {.hub.id = 1},
                                   {.hub.id = 2}};
    struct net_client *nc[3];

    for (int i = 0; i < 3; i++) {
        nc[i] = net_rig_open("hubport", &config[i]);
        net_attach(nc[i], &net_rig_nic, NULL);
    }
    net_rig_send_text(nc[0], "to all the others of this hub");
    ck_assert_uint_eq(net_rig.seen_count, 1);
    net_rig_send_text(nc[2], "to nobody");
    ck_assert_uint_eq(net_rig.seen_count, 1);
    for (int i = 0; i < 3; i++) {
        net_close(nc[i]);
    }
    ck_assert_ptr_null(net_rig.context.hubs);
}
END_TEST

START_TEST(test_pcap)
{
    struct net_client nc = {0};
    struct net_dump_config config = {"d", "n0", "/tmp/armature-pcap", 100};
    uint8_t frame[4096];
    uint32_t words[10];
    char path[] = "/tmp/armature-pcap-XXXXXX";
    struct iovec iov = {frame, net_frame_tcp(frame, 1, 0x10, 2500, 0)};
    struct net_packet packet = {.iov = &iov,
                                .count = 1,
                                .length = iov.iov_len,
                                .offload = net_frame_tso};

    close(mkstemp(path));
    config.path = path;
    net_client_init(&nc, &net_rig_fake_ops, "fake", "n0");
    nc.accepts = NET_CAN_LARGE;
    net_attach(&nc, &net_rig_nic, NULL);
    net_set_guest_can(&nc, NET_CAN_CSUM | NET_CAN_TSO4);
    ck_assert_uint_eq(net_guest_can(&nc), NET_CAN_CSUM | NET_CAN_TSO4);
    struct net_dump *dump = net_pcap_open(&config, &nc, NULL);
    ck_assert_ptr_nonnull(dump);
    ck_assert_uint_eq(net_guest_can(&nc), 0);
    net_send(&nc, &packet); /* three segments, as on the wire */
    ck_assert_uint_eq(net_rig.seen_count, 3);
    net_rig_deliver(&nc, frame, 60);
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
    Suite *s = suite_create("net");
    TCase *tc = tcase_create("packets");

    tcase_add_checked_fixture(tc, net_rig_setup, net_rig_teardown);
    tcase_add_test(tc, test_client_backlog);
    tcase_add_test(tc, test_client_link);
    tcase_add_test(tc, test_table);
    suite_add_tcase(s, tc);

    tc = tcase_create("backends");
    tcase_add_checked_fixture(tc, net_rig_setup, net_rig_teardown);
    tcase_set_timeout(tc, 20);
    tcase_add_test(tc, test_hub);
    tcase_add_test(tc, test_pcap);
    suite_add_tcase(s, tc);
    return s;
}
