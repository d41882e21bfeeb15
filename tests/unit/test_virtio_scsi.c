/* hw/virtio: requests to the SCSI host device. */
#include "tests/unit/virtio_scsi_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *virtio_scsi_suite(void);

/* Config ----------------------------------------------------------------- */

START_TEST(test_config)
{
    vs_make_disk();
    vs.config.queues = 3;
    vs.config.queue_size = 128;
    vs.config.max_sectors = 1000;
    vs_plug(false, 0);
    vs_drive(ALL);
    ck_assert_uint_eq(rd(&vs.g, 8), 8);
    ck_assert_uint_eq(config(&vs.g, 0, 4), 3);
    ck_assert_uint_eq(config(&vs.g, 4, 4), 126);   /* seg_max */
    ck_assert_uint_eq(config(&vs.g, 8, 4), 1000);  /* max_sectors */
    ck_assert_uint_eq(config(&vs.g, 12, 4), 128);  /* cmd_per_lun */
    ck_assert_uint_eq(config(&vs.g, 16, 4), 16);   /* event_info_size */
    ck_assert_uint_eq(config(&vs.g, 20, 4), 96);   /* sense_size */
    ck_assert_uint_eq(config(&vs.g, 24, 4), 32);   /* cdb_size */
    ck_assert_uint_eq(config(&vs.g, 28, 2), 0);    /* max_channel */
    ck_assert_uint_eq(config(&vs.g, 30, 2), 255);  /* max_target */
    ck_assert_uint_eq(config(&vs.g, 32, 4), 16383); /* max_lun */
    ck_assert(bus_write(vs.g.bus, SLOT + 0x100 + 20, 4, 0, 252));
    ck_assert_uint_eq(config(&vs.g, 20, 4), 252);
    ck_assert(bus_write(vs.g.bus, SLOT + 0x100 + 24, 4, 0, 0x10000));
    ck_assert_uint_eq(config(&vs.g, 24, 4), 32);
    ck_assert(bus_write(vs.g.bus, SLOT + 0x100, 4, 0, 1));
    ck_assert_uint_eq(config(&vs.g, 0, 4), 3);
    wr(&vs.g, 0x70, 0);
    ck_assert_uint_eq(config(&vs.g, 20, 4), 96);
    wr(&vs.g, 0x30, 4);
    ck_assert_uint_eq(rd(&vs.g, 0x34), 128);
    wr(&vs.g, 0x30, 5);
    ck_assert_uint_eq(rd(&vs.g, 0x34), 0);
    vs_end();
}
END_TEST

START_TEST(test_bad_config)
{
    static const struct virtio_scsi_config bad[] = {
        {.queues = 127},
        {.queue_size = 2},
        {.queue_size = 100},
        {.queue_size = 2048},
    };

    guest_init(&vs.g, false);
    struct virtio_host host = guest_host(&vs.g, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error *err = NULL;
        ck_assert_ptr_null(virtio_scsi_create(&bad[i], &host, &err));
        ck_assert_ptr_nonnull(err);
        error_free(err);
    }
    virtio_mmio_free(vs.g.slot);
    guest_free(&vs.g);
}
END_TEST

/* Requests --------------------------------------------------------------- */

START_TEST(test_read_write)
{
    vs_begin(_i);
    vs_settle();
    ck_assert_uint_eq(vs_request("28000000000500000300", 0, 1536), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    ck_assert_uint_eq(get32(vs.response + 4), 0); /* residual */
    ck_assert(at(&vs.g, vs.data)[0] == 5 && at(&vs.g, vs.data)[1535] == 7);
    memset(at(&vs.g, vs.data), 0xab, 0x20000);
    ck_assert_uint_eq(vs_request("2a000000000a00010000", 0x20000, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    disk_file_expect(vs.path, 5120, 0x20000, 0xab);
    ck_assert_uint_eq(vs_request("35000000000000000000", 0, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    ck_assert_uint_eq(vs_request("2800000007ff00000200", 0, 1024), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0x52100);
    ck_assert_uint_eq(get32(vs.response + 4), 1024);
    /* A chain of several steps. */
    memset(at(&vs.g, vs.data), 0x3c, 512);
    ck_assert_uint_eq(vs_request("93000000000000000000000008000000", 512, 0),
                      OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    disk_file_expect(vs.path, 0, (1 << 20), 0x3c);
    vs_end();
}
END_TEST

START_TEST(test_residual)
{
    vs_begin(_i);
    vs_settle();
    ck_assert_uint_eq(vs_request("12000000ff00", 0, 255), OK);
    ck_assert_uint_eq(get32(vs.response + 4), 255 - 36);
    ck_assert_uint_eq(vs_request("28000000000500000100", 0, 4096), OK);
    ck_assert_uint_eq(get32(vs.response + 4), 4096 - 512);
    ck_assert_uint_eq(vs_request("28000000000500000300", 0, 1024), OVERRUN);
    ck_assert_uint_eq(vs_request("12000000ff00", 0, 36), OVERRUN);
    ck_assert_uint_eq(vs_request("2a000000000500000300", 512, 0), OVERRUN);
    ck_assert_uint_eq(vs_request("2a000000000500000100", 2048, 0), OK);
    ck_assert_uint_eq(get32(vs.response + 4), 1536);
    vs_end();
}
END_TEST

/* Header, response and data cut and joined anyhow (2.6.4). */
START_TEST(test_framing)
{
    struct segment s[6];

    vs_begin(_i);
    vs_settle();
    vs_put_header(vs.data, 0, 0, 1, "2a000000001400000200");
    memset(at(&vs.g, vs.data + HEADER), 0x77, 1024);
    s[0] = (struct segment){vs.data, HEADER + 1024, false};
    s[1] = (struct segment){vs.response, 3, true};
    s[2] = (struct segment){vs.response + 3, RESPONSE - 3, true};
    queue_do(&vs.requests, s, 3, false);
    ck_assert_uint_eq(vs_response(vs.response), OK);
    disk_file_expect(vs.path, 512 * 20, 1024, 0x77);

    vs_put_header(vs.header, 0, 0, 1, "28000000001400000200");
    s[0] = (struct segment){vs.header, 7, false};
    s[1] = (struct segment){vs.header + 7, HEADER - 7, false};
    s[2] = (struct segment){vs.data, RESPONSE + 100, true};
    s[3] = (struct segment){vs.data + 4096, 1, true};
    s[4] = (struct segment){vs.data + 8192, 1024 - 101, true};
    ck_assert_uint_eq(queue_do(&vs.requests, s, 5, true), RESPONSE + 1024);
    ck_assert_uint_eq(vs_response(vs.data), OK);
    ck_assert_uint_eq(at(&vs.g, vs.data)[RESPONSE + 99], 0x77);
    ck_assert_uint_eq(at(&vs.g, vs.data)[4096], 0x77);
    ck_assert_uint_eq(at(&vs.g, vs.data)[8192 + 922], 0x77);
    vs_end();
}
END_TEST

/* What cannot be right comes back; what follows works. */
START_TEST(test_malformed)
{
    struct segment s[4];

    vs_begin(_i);
    vs_settle();
    vs_put_header(vs.header, 0, 0, 1, "28000000001400000200");
    s[0] = (struct segment){vs.header, HEADER - 1, false};
    s[1] = (struct segment){vs.response, RESPONSE, true};
    queue_do(&vs.requests, s, 2, false);
    ck_assert_uint_eq(vs_response(vs.response), FAILURE);
    s[0] = (struct segment){vs.header, HEADER, false};
    s[1] = (struct segment){vs.response, RESPONSE - 1, true};
    *at(&vs.g, vs.response + 11) = 0xee;
    queue_do(&vs.requests, s, 2, false);
    ck_assert_uint_eq(vs_response(vs.response), FAILURE);
    s[1] = (struct segment){vs.response, 5, true};
    ck_assert_uint_eq(queue_do(&vs.requests, s, 2, false), 5);
    ck_assert_uint_eq(queue_do(&vs.requests, s, 1, false), 0);
    ck_assert_uint_eq(queue_do(&vs.requests, s + 1, 1, false), 5);
    s[1] = (struct segment){vs.data, 512, false};
    s[2] = (struct segment){vs.response, RESPONSE, true};
    s[3] = (struct segment){vs.data, 512, true};
    *at(&vs.g, vs.response + 11) = 0xee;
    queue_do(&vs.requests, s, 4, true); /* both directions */
    ck_assert_uint_eq(vs_response(vs.response), FAILURE);
    ck_assert_uint_eq(vs_request("28000000000500000100", 0, 512), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    vs_end();
}
END_TEST

START_TEST(test_addresses)
{
    static const struct {
        uint8_t lun[8];
        uint8_t response;
        uint32_t sense;
    } rows[] = {
        {{1, 0, 0, 0}, OK, 0},
        {{1, 0, 0x40, 0}, OK, 0},
        {{1, 0, 0x40, 1}, OK, 0x52500},
        {{1, 0, 0, 255}, OK, 0x52500},
        {{1, 0, 0x7f, 255}, OK, 0x52500},
        {{1, 1, 0, 0}, BAD_TARGET, 0},
        {{1, 0, 0x80, 0}, BAD_TARGET, 0},
        {{1, 0, 0x3f, 0}, BAD_TARGET, 0},
        {{0, 0, 0, 0}, BAD_TARGET, 0},
        {{2, 0, 0, 0}, BAD_TARGET, 0},
        {{1, 0, 0, 0, 1}, BAD_TARGET, 0},
        {{1, 0, 0, 0, 0, 0, 0, 1}, BAD_TARGET, 0},
        {{0xc1, 1}, BAD_TARGET, 0},
    };

    vs_begin(_i);
    vs_settle();
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct segment s[2] = {{vs.header, HEADER, false},
                               {vs.response, RESPONSE, true}};
        vs_put_header(vs.header, 0, 0, 1, "000000000000");
        memcpy(at(&vs.g, vs.header), rows[i].lun, 8);
        queue_do(&vs.requests, s, 2, false);
        ck_assert_uint_eq(vs_response(vs.response), rows[i].response);
        if (rows[i].response == OK) {
            ck_assert_uint_eq(vs_sense(vs.response), rows[i].sense);
        }
    }
    vs_end();
}
END_TEST

/* The driver's own sizes of CDB and sense data. */
START_TEST(test_sizes)
{
    static const unsigned sizes[][2] = {{0, 6}, {4, 10}, {18, 16}, {252, 260},
                                        {96, 5}, {96, 0}};

    vs_begin(_i);
    vs_settle();
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        unsigned sense = sizes[i][0], cdb = sizes[i][1];
        ck_assert(bus_write(vs.g.bus, SLOT + 0x100 + 20, 4, 0, sense));
        ck_assert(bus_write(vs.g.bus, SLOT + 0x100 + 24, 4, 0, cdb));
        vs_put_header(vs.header, 0, 0, 1, "080000050100");
        memset(at(&vs.g, vs.response), 0xee, 400);
        struct segment s[3] = {{vs.header, 19 + cdb, false},
                               {vs.response, 12 + sense, true},
                               {vs.data, 512, true}};
        queue_do(&vs.requests, s, 3, false);
        ck_assert_uint_eq(vs_response(vs.response), OK);
        ck_assert_uint_eq(vs_status(vs.response), cdb < 6 ? 2 : 0);
        vs_put_header(vs.header, 0, 0, 1, "ff0000000000");
        queue_do(&vs.requests, s, 3, false);
        ck_assert_uint_eq(vs_status(vs.response), 2);
        ck_assert_uint_eq(get32(vs.response), sense < 18 ? sense : 18);
        ck_assert_uint_eq(at(&vs.g, vs.response)[12 + sense], 0xee);
    }
    vs_end();
}
END_TEST

START_TEST(test_legacy)
{
    vs_make_disk();
    vs_plug(true, _i);
    vs_drive(ALL);
    vs_settle();
    ck_assert_uint_eq(vs_request("28000000000500000100", 0, 512), OK);
    ck_assert_uint_eq(*at(&vs.g, vs.data), 5);
    vs_end();
}
END_TEST

/* Any bytes: whatever the driver sends, the device lives. */
START_TEST(test_random)
{
    vs_begin(_i);
    srand((unsigned)_i);
    uint64_t heap = vs.g.heap;
    for (unsigned i = 0; i < 2000; i++) {
        vs.g.heap = heap; /* indirect tables of before are not used again */
        struct queue *q = rand() % 4 ? &vs.requests : &vs.control;
        struct segment s[3];
        unsigned n = 1 + (unsigned)rand() % 3;
        for (unsigned k = 0; k < 96; k++) {
            at(&vs.g, vs.header)[k] = rand() % 2 ? 0 : (uint8_t)rand();
        }
        if (rand() % 4) {
            vs_put_lun(vs.header + (q == &vs.control ? 8 : 0), 0, 0);
        }
        if (q == &vs.control && rand() % 4) {
            put32(&vs.g, vs.header, (uint32_t)rand() % 3);
            put32(&vs.g, vs.header + 4, (uint32_t)rand() % 8);
        }
        for (unsigned k = 0; k < n; k++) {
            s[k] = (struct segment){
                k ? vs.data : vs.header, 1 + (uint32_t)rand() % (k ? 4000 : 90),
                k && (k == 2 || rand() & 1)};
        }
        queue_do(q, s, n, rand() & 1);
    }
    vs_drive(ALL | ring_of(_i));
    vs_settle();
    ck_assert_uint_eq(vs_request("120000002400", 0, 36), OK);
    vs_end();
}
END_TEST

/* Many at once, on several queues. */
START_TEST(test_queues)
{
    struct queue more[3];
    uint32_t length;

    vs_make_disk();
    vs.config.queues = 4;
    vs_plug(false, _i);
    vs_drive(ALL | ring_of(_i));
    for (unsigned i = 0; i < 3; i++) {
        queue_setup(&more[i], &vs.g, 3 + i, 64);
    }
    vs_settle();
    for (unsigned n = 0; n < 16; n++) {
        for (unsigned i = 0; i < 3; i++) {
            uint64_t h = alloc(&vs.g, HEADER, 16);
            uint64_t r = alloc(&vs.g, RESPONSE + 512, 16);
            struct segment s[2] = {{h, HEADER, false},
                                   {r, RESPONSE + 512, true}};
            char cdb[32];
            snprintf(cdb, sizeof(cdb), "2800000000%02x00000100", 3 * n + i);
            vs_put_header(h, 0, 0, n, cdb);
            *at(&vs.g, r + RESPONSE) = 0xee;
            queue_add(&more[i], s, 2, n & 1);
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        queue_kick(&more[i]);
    }
    for (unsigned n = 0; n < 48; n++) {
        queue_wait(&more[n % 3], &length);
        ck_assert_uint_eq(length, RESPONSE + 512);
    }
    vs_end();
}
END_TEST

Suite *virtio_scsi_suite(void)
{
    Suite *s = suite_create("virtio_scsi");
    TCase *t = tcase_create("scsi");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_config);
    tcase_add_test(t, test_bad_config);
    tcase_add_loop_test(t, test_read_write, 0, 4);
    tcase_add_loop_test(t, test_residual, 0, 2);
    tcase_add_loop_test(t, test_framing, 0, 4);
    tcase_add_loop_test(t, test_malformed, 0, 2);
    tcase_add_loop_test(t, test_addresses, 0, 2);
    tcase_add_loop_test(t, test_sizes, 0, 2);
    tcase_add_loop_test(t, test_legacy, 0, 1);
    tcase_add_loop_test(t, test_random, 0, 4);
    tcase_add_loop_test(t, test_queues, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
