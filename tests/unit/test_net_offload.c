/* net/: checksums and segmentation. */
#include "tests/unit/net_frame.h"

#include <stdlib.h>
#include <string.h>
#include "tests/unit/net_rig.h"

#include "net/checksum.h"
#include "net/offload.h"

Suite *net_offload_suite(void);

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

START_TEST(test_offload_checksum)
{
    uint8_t frame[200];
    struct net_offload csum = {
        .needs_csum = true, .csum_start = 34, .csum_offset = 16};
    size_t length = net_frame_tcp(frame, 1, 0x10, 77, 5);

    net_store16(frame + 50,
                net_sum_fold(net_sum_pseudo(frame + 14, 6, 97)));
    net_rig_finish(frame, length, csum, 0);
    ck_assert_uint_eq(net_rig.seen_count, 1);
    ck_assert(!net_rig.seen[0].offload.needs_csum);
    ck_assert(net_frame_is_right(net_rig.seen[0].data, net_rig.seen[0].length));
    net_rig_finish(frame, length, csum, NET_CAN_CSUM); /* left alone */
    ck_assert(net_rig.seen[1].offload.needs_csum);
    ck_assert(memcmp(net_rig.seen[1].data, frame, length) == 0);
}
END_TEST

START_TEST(test_offload_segments)
{
    uint8_t frame[4096];
    size_t length = net_frame_tcp(frame, 0xfffffe00, 0x19, 3500, 0); /* F P A */
    size_t at = 0;

    net_rig_finish(frame, length, net_frame_tso, NET_CAN_CSUM);
    ck_assert_uint_eq(net_rig.seen_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        const struct seen *s = &net_rig.seen[i];
        ck_assert_uint_eq(s->length, i < 3 ? 1054 : 554);
        ck_assert(net_frame_is_right(s->data, s->length));
        ck_assert_uint_eq(net_load32(s->data + 38),
                          (uint32_t)(0xfffffe00 + at));
        ck_assert_uint_eq(net_load16(s->data + 18), i); /* id */
        ck_assert_uint_eq(s->data[47], i < 3 ? 0x10 : 0x19);
        ck_assert(memcmp(s->data + 54, frame + 54 + at, s->length - 54) ==
                  0);
        at += s->length - 54;
    }
    net_rig_finish(frame, length, net_frame_tso,
                   NET_CAN_LARGE); /* whole, with checksum */
    ck_assert_uint_eq(net_rig.seen_count, 5);
    ck_assert_uint_eq(net_rig.seen[4].length, length);
    ck_assert(net_frame_is_right(net_rig.seen[4].data, length));
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
    net_rig_finish(frame, 74 + 2000, offload, 0);
    ck_assert_uint_eq(net_rig.seen_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *at = net_rig.seen[i].data + 14;
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
    struct net_offload o = net_frame_tso;
    size_t length = net_frame_tcp(frame, 1, 0x10, 3000, 0);

    o.gso_size = 1;
    net_rig_finish(frame, length, o, 0);
    o.gso_size = 0;
    net_rig_finish(frame, length, o, 0);
    o = net_frame_tso;
    o.gso = NET_GSO_TCP6;
    net_rig_finish(frame, length, o, 0);
    o = (struct net_offload){.needs_csum = true, .csum_start = 60000};
    net_rig_finish(frame, length, o, 0);
    o.csum_start = 34;
    o.csum_offset = 0xffff;
    net_rig_finish(frame, length, o, 0);
    o.csum_offset = (uint16_t)(length - 35);
    net_rig_finish(frame, length, o, 0);
    frame[46] = 0xf0; /* TCP header longer than... */
    net_rig_finish(frame, 80, net_frame_tso, 0);
    frame[46] = 0;
    net_rig_finish(frame, length, net_frame_tso, 0);
    frame[46] = 0x50;
    frame[14] = 0x4f;
    net_rig_finish(frame, 60, net_frame_tso, 0);
    frame[14] = 0x41;
    net_rig_finish(frame, length, net_frame_tso, 0);
    for (size_t n = 14; n <= 54; n++) { /* cut off anywhere */
        uint8_t *exact = malloc(n);
        net_frame_tcp(frame, 1, 0x10, 3000, 0);
        memcpy(exact, frame, n);
        net_rig_finish(exact, n, net_frame_tso, 0);
        free(exact);
    }
    free(frame);
    ck_assert_uint_eq(net_rig.seen_count, 0);
}
END_TEST

Suite *net_offload_suite(void)
{
    Suite *s = suite_create("net_offload");
    TCase *tc = tcase_create("packets");

    tcase_add_checked_fixture(tc, net_rig_setup, net_rig_teardown);
    tcase_add_test(tc, test_checksum);
    tcase_add_test(tc, test_offload_checksum);
    tcase_add_test(tc, test_offload_segments);
    tcase_add_test(tc, test_offload_v6);
    tcase_add_test(tc, test_offload_hostile);
    suite_add_tcase(s, tc);
    return s;
}
