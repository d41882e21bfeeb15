/* hw/virtio: the SCSI host device: task management, commands that are held
 * back, events. */
#include "tests/unit/virtio_scsi_rig.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

Suite *virtio_scsi_control_suite(void);

/* Task management -------------------------------------------------------- */

static uint8_t tmf(uint32_t subtype, unsigned target, unsigned lun,
                   uint64_t id)
{
    uint64_t pa = vs.header + 1024;
    struct segment s[2] = {{pa, 24, false}, {pa + 64, 1, true}};

    put32(&vs.g, pa, TMF);
    put32(&vs.g, pa + 4, subtype);
    vs_put_lun(pa + 8, target, lun);
    put64(&vs.g, pa + 16, id);
    *at(&vs.g, pa + 64) = 0xee;
    ck_assert_uint_eq(queue_do(&vs.control, s, 2, subtype & 1), 1);
    return *at(&vs.g, pa + 64);
}

START_TEST(test_tmf)
{
    vs_begin(_i);
    vs_settle();
    for (unsigned subtype = 0; subtype < 10; subtype++) {
        bool known = subtype < 8 && subtype != CLEAR_ACA;
        ck_assert_uint_eq(tmf(subtype, 0, 0, 5), known ? OK : REJECTED);
        ck_assert_uint_eq(tmf(subtype, 9, 0, 5), BAD_TARGET);
        ck_assert_uint_eq(tmf(subtype, 0, 9, 5),
                          subtype != I_T_NEXUS_RESET ? INCORRECT_LUN : OK);
    }
    ck_assert_uint_eq(vs_request("000000000000", 0, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0x62903);
    ck_assert_uint_eq(vs_request("000000000000", 0, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    vs_end();
}
END_TEST

START_TEST(test_control)
{
    vs_begin(_i);
    uint64_t pa = vs.header + 1024;
    struct segment s[2] = {{pa, 16, false}, {pa + 64, 5, true}};
    for (uint32_t type = 0; type < 5; type++) {
        put32(&vs.g, pa, type);
        vs_put_lun(pa + 4, 0, 0);
        memset(at(&vs.g, pa + 64), 0xee, 5);
        bool known = type == AN_QUERY || type == AN_SUBSCRIBE;
        ck_assert_uint_eq(queue_do(&vs.control, s, 2, false), known ? 5 : 1);
        ck_assert_uint_eq(at(&vs.g, pa + 64)[known ? 4 : 0],
                          known ? OK : FAILURE);
        vs_put_lun(pa + 4, 4, 0);
        queue_do(&vs.control, s, 2, false);
        ck_assert_uint_eq(at(&vs.g, pa + 64)[known ? 4 : 0],
                          known ? BAD_TARGET : FAILURE);
    }
    ck_assert_uint_eq(queue_do(&vs.control, s, 1, false), 0);
    ck_assert_uint_eq(queue_do(&vs.control, s + 1, 1, false), 1);
    vs_end();
}
END_TEST

static void begin_held(int i, uint64_t id)
{
    vs_make_disk();
    vs.image.werror = BLOCK_ERROR_STOP;
    vs.image.stop = disk_file_stop;
    vs_plug(false, i);
    vs_drive(ALL | ring_of(i));
    vs_settle();
    disk_file_limit(256 * 1024);
    struct segment s[3] = {{vs.header, HEADER, false}, {vs.data, 512, false},
                           {vs.response, RESPONSE, true}};
    vs_put_header(vs.header, 0, 0, id, "2a000000040000000100");
    memset(at(&vs.g, vs.data), 0x99, 512);
    queue_add(&vs.requests, s, 3, false);
    queue_kick(&vs.requests);
    disk_file_wait_stop();
    guest_settle(&vs.g);
    ck_assert_int_eq(atomic_load(&disk_file_stops), 1);
    ck_assert(!queue_has_used(&vs.requests));
}

/* Aborting waits for the command; a second function for the first. */
START_TEST(test_abort)
{
    uint32_t length;

    begin_held(_i, 77);
    uint64_t pa = vs.header + 1024;
    ck_assert_uint_eq(tmf(QUERY_TASK, 0, 0, 77), SUCCEEDED);
    ck_assert_uint_eq(tmf(QUERY_TASK, 0, 0, 78), OK);
    ck_assert_uint_eq(tmf(QUERY_TASK_SET, 0, 0, 0), SUCCEEDED);
    ck_assert_uint_eq(tmf(ABORT_TASK, 0, 0, 78), OK);
    for (unsigned n = 0; n < 3; n++) {
        struct segment s[2] = {{pa + 128 * n, 24, false},
                               {pa + 128 * n + 64, 1, true}};
        put32(&vs.g, pa + 128 * n, TMF);
        put32(&vs.g, pa + 128 * n + 4,
              n ? QUERY_TASK : _i & 1 ? ABORT_TASK : LOGICAL_UNIT_RESET);
        vs_put_lun(pa + 128 * n + 8, 0, 0);
        put64(&vs.g, pa + 128 * n + 16, 77);
        *at(&vs.g, pa + 128 * n + 64) = 0xee;
        queue_add(&vs.control, s, 2, false);
        queue_kick(&vs.control);
    }
    guest_settle(&vs.g);
    ck_assert(!queue_has_used(&vs.control));
    disk_file_limit(RLIM_INFINITY);
    block_resume(vs.backend);
    queue_wait(&vs.requests, &length);
    ck_assert_uint_eq(vs_response(vs.response), _i & 1 ? ABORTED : RESET);
    for (unsigned n = 0; n < 3; n++) {
        queue_wait(&vs.control, &length);
        ck_assert_uint_eq(*at(&vs.g, pa + 128 * n + 64), OK);
    }
    vs_end();
}
END_TEST

START_TEST(test_resume)
{
    uint32_t length;

    begin_held(_i, 77);
    disk_file_limit(RLIM_INFINITY);
    block_resume(vs.backend);
    queue_wait(&vs.requests, &length);
    ck_assert_uint_eq(vs_response(vs.response), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    disk_file_expect(vs.path, 512 * 1024, 512, 0x99);
    vs_end();
}
END_TEST

/* A reset of the device with a function that waits for a held command. */
START_TEST(test_reset_while_held)
{
    begin_held(_i, 77);
    uint64_t pa = vs.header + 1024;
    struct segment s[2] = {{pa, 24, false}, {pa + 64, 1, true}};
    put32(&vs.g, pa, TMF);
    put32(&vs.g, pa + 4, ABORT_TASK_SET);
    vs_put_lun(pa + 8, 0, 0);
    queue_add(&vs.control, s, 2, false);
    queue_kick(&vs.control);
    guest_settle(&vs.g);
    vs_drive(ALL | ring_of(_i));
    vs_settle();
    ck_assert_uint_eq(vs_request("28000000000500000100", 0, 512), OK);
    ck_assert_uint_eq(*at(&vs.g, vs.data), 5);
    ck_assert_uint_eq(tmf(ABORT_TASK_SET, 0, 0, 0), OK);
    vs_end();
}
END_TEST

/* What a host without space, or with a bad disk, makes of a write. */
START_TEST(test_no_space)
{
    vs_begin(_i);
    vs_settle();
    disk_file_limit(256 * 1024);
    ck_assert_uint_eq(vs_request("2a000000040000000100", 512, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0x72707);
    ck_assert_uint_eq(vs_request("2a080000040000000100", 512, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0x72707);
    memset(at(&vs.g, vs.data), 0x11, 512);
    ck_assert_uint_eq(vs_request("93000000000000000000000008000000", 512, 0),
                      OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0x72707);
    ck_assert_uint_eq(vs_request("2a000000000000000100", 512, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    ck_assert_uint_eq(vs_request("28000000040000000100", 0, 512), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0);
    ck_assert_uint_eq(truncate(vs.path, 4096), 0);
    disk_file_limit(RLIM_INFINITY);
    vs_end();
}
END_TEST

/* Events ----------------------------------------------------------------- */

static uint64_t give_buffer(uint32_t size)
{
    uint64_t pa = alloc(&vs.g, 32, 16);
    struct segment s = {pa, size, true};

    memset(at(&vs.g, pa), 0xee, 32);
    queue_add(&vs.events, &s, 1, false);
    queue_kick(&vs.events);
    return pa;
}

static void expect_event(uint64_t pa, uint32_t event, uint8_t target,
                         uint8_t lun, uint32_t reason)
{
    uint32_t length;

    queue_wait(&vs.events, &length);
    ck_assert_uint_eq(length, 16);
    ck_assert_uint_eq(get32(pa), event);
    ck_assert_uint_eq(*at(&vs.g, pa + 5), target);
    ck_assert_uint_eq(*at(&vs.g, pa + 7), lun);
    ck_assert_uint_eq(get32(pa + 12), reason);
}

#define MISSED UINT32_C(0x80000000)

START_TEST(test_events)
{
    vs_begin(_i);
    vs_settle();
    uint64_t first = give_buffer(16), second = give_buffer(16);
    guest_settle(&vs.g);
    struct scsi_unit *cd = vs_add_unit(&scsi_cd, 3, 7, NULL);
    expect_event(first, 1, 3, 7, 1); /* a rescan */
    ck_assert_uint_eq(vs_request_to(3, 7, "000000000000", 0, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0x62900);
    scsi_unit_change_medium(cd, NULL);
    expect_event(second, 3, 3, 7, 0x28);
    /* Nobody has room for this one; the next buffer says so. */
    scsi_unit_remove(cd);
    guest_settle(&vs.g);
    ck_assert(!queue_has_used(&vs.events));
    expect_event(give_buffer(16), MISSED, 0, 0, 0);
    ck_assert_uint_eq(vs_request_to(3, 7, "000000000000", 0, 0), BAD_TARGET);
    uint64_t last = give_buffer(16);
    guest_settle(&vs.g);
    ck_assert(!queue_has_used(&vs.events));
    vs_add_unit(&scsi_cd, 0, 1, NULL);
    expect_event(last, 1, 0, 1, 1);
    vs_end();
}
END_TEST

/* A buffer that is too small is used up, and the event is missed. */
START_TEST(test_small_event)
{
    uint32_t length;

    vs_begin(_i);
    uint64_t small = give_buffer(4);
    guest_settle(&vs.g);
    vs_add_unit(&scsi_cd, 1, 0, NULL);
    queue_wait(&vs.events, &length);
    ck_assert_uint_eq(length, 4);
    ck_assert_uint_eq(*at(&vs.g, small + 4), 0xee);
    expect_event(give_buffer(16), MISSED, 0, 0, 0);
    vs_end();
}
END_TEST

/* Without the features there are no events. */
START_TEST(test_no_events)
{
    vs_make_disk();
    vs_plug(false, _i);
    vs_drive(V1);
    give_buffer(16);
    struct scsi_unit *cd = vs_add_unit(&scsi_cd, 1, 0, NULL);
    scsi_unit_change_medium(cd, NULL);
    guest_settle(&vs.g);
    ck_assert(!queue_has_used(&vs.events));
    vs_end();
}
END_TEST

/* Reset with commands on their way. */
START_TEST(test_reset)
{
    vs_begin(_i);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned n = 0; n < 16; n++) {
            uint64_t pa = vs.data + 0x1000 * n;
            struct segment s[2] = {{pa, HEADER, false},
                                   {pa + 128, RESPONSE + 1024, true}};
            vs_put_header(pa, 0, 0, n, "28080000000000000200");
            queue_add(&vs.requests, s, 2, false);
        }
        queue_kick(&vs.requests);
        vs.g.heap = RAM_BASE + 0x100000;
        vs_drive(ALL | ring_of(_i));
    }
    vs_settle();
    vs_end();
}
END_TEST

Suite *virtio_scsi_control_suite(void)
{
    Suite *s = suite_create("virtio_scsi_control");
    TCase *t = tcase_create("scsi");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_tmf, 0, 2);
    tcase_add_loop_test(t, test_control, 0, 2);
    tcase_add_loop_test(t, test_abort, 0, 4);
    tcase_add_loop_test(t, test_resume, 0, 2);
    tcase_add_loop_test(t, test_reset_while_held, 0, 2);
    tcase_add_loop_test(t, test_no_space, 0, 4);
    tcase_add_loop_test(t, test_events, 0, 2);
    tcase_add_loop_test(t, test_small_event, 0, 2);
    tcase_add_loop_test(t, test_no_events, 0, 2);
    tcase_add_loop_test(t, test_reset, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
