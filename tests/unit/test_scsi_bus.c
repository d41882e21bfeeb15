/* hw/scsi: units and their places, commands that are taken back. */
#include "tests/unit/scsi_rig.h"

#include <string.h>

Suite *scsi_bus_suite(void);

/* Units ------------------------------------------------------------------ */

START_TEST(test_places)
{
    static const struct {
        uint32_t channel, target, lun, got_target, got_lun;
    } rows[] = {
        {0, SCSI_ANY, SCSI_ANY, 2, 0}, {0, 1, SCSI_ANY, 1, 1},
        {0, SCSI_ANY, 3, 0, 3},        {0, SCSI_ANY, 3, 1, 3},
        {0, 255, 16383, 255, 16383},   {1, 0, 0, SCSI_ANY, 0},
        {0, 256, 0, SCSI_ANY, 0},      {0, 0, 16384, SCSI_ANY, 0},
        {0, 0, 0, SCSI_ANY, 0},        {0, 1, SCSI_ANY, 1, 2},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct scsi_unit_config c = {.channel = rows[i].channel,
                                     .target = rows[i].target,
                                     .lun = rows[i].lun};
        struct error *err = NULL;
        struct scsi_unit *unit =
            scsi_unit_create(&scsi_rig.bus, &scsi_cd, &c, &err);
        ck_assert_msg(!unit == (rows[i].got_target == SCSI_ANY), "%u", i);
        if (unit) {
            ck_assert_uint_eq(scsi_unit_target(unit), rows[i].got_target);
            ck_assert_uint_eq(scsi_unit_lun(unit), rows[i].got_lun);
        } else {
            ck_assert_ptr_nonnull(err);
            error_free(err);
        }
    }
    ck_assert_uint_eq(scsi_rig_run(1, 0, "a00000000000000000ff0000", 0, 255),
                      0);
    ck_assert_uint_eq(scsi_rig.cmd.moved, 8 + 4 * 8);
    ck_assert_uint_eq(scsi_rig.data[3], 4 * 8);
    ck_assert_uint_eq(scsi_rig_run(255, 0, "a00000000000000000200000", 0, 32),
                      0);
    ck_assert(!memcmp(scsi_rig.data, "\0\0\0\x8\0\0\0\0\x7f\xff", 10));
}
END_TEST

START_TEST(test_absent)
{
    scsi_rig_settle();
    ck_assert_uint_eq(scsi_rig_run(7, 0, "000000000000", 0, 0),
                      0xf0000000 | SCSI_NO_TARGET);
    ck_assert_uint_eq(scsi_rig_run(0, 7, "000000000000", 0, 0), 0x52500);
    ck_assert_uint_eq(scsi_rig_run(0, 7, "280000000000000001 00", 0, 512),
                      0x52500);
    ck_assert_uint_eq(scsi_rig_run(0, 7, "120000002400", 0, 36), 0);
    ck_assert_uint_eq(scsi_rig.data[0], 0x7f);
    ck_assert_uint_eq(scsi_rig_run(0, 7, "030000001200", 0, 18), 0);
    ck_assert_uint_eq(scsi_rig.data[12], 0x25);
    ck_assert_uint_eq(scsi_rig_run(0, 7, "a00000000000000000200000", 0, 32), 0);
    ck_assert_uint_eq(scsi_rig.cmd.moved, 16);
}
END_TEST

START_TEST(test_bad_units)
{
    static const struct scsi_unit_config bad[] = {
        {.target = 9, .logical_block_size = 513},
        {.target = 9, .logical_block_size = 256},
        {.target = 9, .logical_block_size = 4096, .physical_block_size = 512},
        {.target = 9, .logical_block_size = 4 << 20},
        {.target = 9, .max_io_size = 511},
        {.target = 9, .max_unmap_size = 1},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error *err = NULL;
        ck_assert_ptr_null(
            scsi_unit_create(&scsi_rig.bus, &scsi_disk, &bad[i], &err));
        ck_assert_ptr_nonnull(err);
        error_free(err);
    }
}
END_TEST

START_TEST(test_large_blocks)
{
    scsi_rig_create(&scsi_disk, (struct scsi_unit_config){
        .target = 5, .backend = scsi_rig.backend, .logical_block_size = 4096});
    scsi_rig_run(5, 0, "000000000000", 0, 0);
    ck_assert_uint_eq(scsi_rig_run(5, 0, "25000000000000000000", 0, 8), 0);
    ck_assert(!memcmp(scsi_rig.data, "\0\0\0\xff\0\0\x10\0", 8));
    ck_assert_uint_eq(scsi_rig_run(5, 0, "2800 00000001 00 0001 00", 0, 4096),
                      0);
    ck_assert(scsi_rig.data[0] == 8 && scsi_rig.data[4095] == 15);
    ck_assert_uint_eq(scsi_rig_run(5, 0, "2800 00000001 00 0001 00", 0, 512),
                      OVERRUN);
}
END_TEST

/* Task management -------------------------------------------------------- */

/* Commands that run when they are aborted end as told, and only those. */
START_TEST(test_abort)
{
    static struct scsi_command many[8];

    scsi_rig_settle();
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_rig.done = 0;
    for (unsigned i = 0; i < 8; i++) {
        many[i].tag = i;
        scsi_rig_begin(&many[i], i & 1, 0,
              i & 1 ? "2800 00000000 00 0001 00" : "2800 00000000 00 0004 00",
              0, 2048);
    }
    /* They cannot have ended: that takes the lock. */
    uint64_t tag = 2;
    ck_assert(scsi_is_running(&scsi_rig.bus, 0, 0, &tag));
    ck_assert_uint_eq(scsi_abort(&scsi_rig.bus, 0, 0, &tag, SCSI_ABORTED), 1);
    ck_assert(!scsi_is_running(&scsi_rig.bus, 0, 0, &tag));
    ck_assert_uint_eq(scsi_abort(&scsi_rig.bus, 0, 0, &tag, SCSI_ABORTED), 0);
    ck_assert_uint_eq(scsi_abort(&scsi_rig.bus, 1, SCSI_ANY, NULL, SCSI_RESET),
                      4);
    pthread_mutex_unlock(&scsi_rig.lock);
    scsi_bus_unplug(&scsi_rig.bus);
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_rig_wait(8);
    pthread_mutex_unlock(&scsi_rig.lock);
    for (unsigned i = 0; i < 8; i++) {
        enum scsi_result result = i == 2  ? SCSI_ABORTED
                                  : i & 1 ? SCSI_RESET : SCSI_DONE;
        ck_assert_uint_eq(many[i].result, result);
        scsi_command_free(&many[i]);
    }
    ck_assert_ptr_null(scsi_rig.bus.running);
}
END_TEST

/* A drain ends commands of several steps, too. */
START_TEST(test_drain)
{
    scsi_rig_settle();
    memset(scsi_rig.data, 0x5a, 512);
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_rig.done = 0;
    scsi_rig_begin(&scsi_rig.cmd, 0, 0, "9300 0000000000000000 00000800 0000",
                   512, 0);
    pthread_mutex_unlock(&scsi_rig.lock);
    scsi_bus_drain(&scsi_rig.bus);
    ck_assert_uint_eq(scsi_rig.done, 1);
    ck_assert_uint_eq(scsi_rig_sense(&scsi_rig.cmd), 0);
    expect_blocks(0, BLOCKS, 0x5a);
}
END_TEST

Suite *scsi_bus_suite(void)
{
    Suite *s = suite_create("scsi_bus");
    TCase *tc = tcase_create("scsi");

    tcase_add_checked_fixture(tc, scsi_rig_setup, scsi_rig_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_places);
    tcase_add_test(tc, test_absent);
    tcase_add_test(tc, test_bad_units);
    tcase_add_test(tc, test_large_blocks);
    tcase_add_test(tc, test_abort);
    tcase_add_test(tc, test_drain);
    suite_add_tcase(s, tc);
    return s;
}
