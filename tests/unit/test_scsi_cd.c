/* hw/scsi: CD-ROM drives and their media; disks that come and go. */
#include "tests/unit/scsi_rig.h"

Suite *scsi_cd_suite(void);

START_TEST(test_cd)
{
    static const struct expectation rows[] = {
        {"2800 00000001 00 0001 00", 0, 2048, 0, 2048},
        {"2800 00000200 00 0001 00", 0, 2048, RANGE, 0},
        {"2a00 00000000 00 0001 00", 2048, 0, BAD_OPCODE, 0},
        {"4100 00000000 00 0001 00", 2048, 0, BAD_OPCODE, 0},
        {"4300 00000000 00 0040 00", 0, 64, 0, 20},
        {"4302 00000000 00 0004 00", 0, 4, 0, 4},
        {"4300 01000000 00 0040 00", 0, 64, 0, 12},
        {"4300 02000000 00 0040 00", 0, 64, 0, 48},
        {"4300 03000000 00 0040 00", 0, 64, BAD_CDB, 0},
        {"4300 0f000000 00 0040 00", 0, 64, BAD_CDB, 0},
        {"4300 00000000 02 0040 00", 0, 64, BAD_CDB, 0},
        {"4300 00000000 00 0040 c0", 0, 64, BAD_CDB, 0},
        {"4300 00000000 aa 0040 00", 0, 64, 0, 12},
        {"4300 00000000 00 ffff 00", 0, 64, OVERRUN, 0},
        {"4600 0000 000000 0040 00", 0, 64, 0, 40},
        {"4602 0003 000000 0040 00", 0, 64, 0, 16},
        {"4602 ffff 000000 0040 00", 0, 64, 0, 8},
        {"4603 0000 000000 0040 00", 0, 64, BAD_CDB, 0},
        {"4a00 0000 10 0000 0040 00", 0, 64, BAD_CDB, 0},
        {"4a01 0000 10 0000 0008 00", 0, 64, 0, 8},
        {"4a01 0000 04 0000 0008 00", 0, 64, 0, 4},
        {"5100 0000 0000 00 0040 00", 0, 64, 0, 34},
        {"5101 0000 0000 00 0040 00", 0, 64, BAD_CDB, 0},
        {"bd00 000000000000 0040 0000", 0, 64, 0, 8},
    };

    scsi_rig_settle();
    scsi_rig_expect(1, rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_tray)
{
    scsi_rig_settle();
    ck_assert_uint_eq(run_cd("1e0000000100", 0), 0);
    ck_assert(scsi_unit_is_locked(scsi_rig.cd));
    ck_assert_uint_eq(run_cd("1b0000000200", 0), 0x55302);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0);
    ck_assert_uint_eq(run_cd("1e0000000000", 0), 0);
    ck_assert_uint_eq(run_cd("1b0000000200", 0), 0);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x23a02);
    ck_assert_uint_eq(run_cd("280000000000 00000100", 2048), 0x23a02);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert(scsi_rig.data[4] == 3 && scsi_rig.data[5] == 1);
    ck_assert_uint_eq(run_cd("bd00 000000000000 0008 0000", 8), 0);
    ck_assert_uint_eq(scsi_rig.data[1], 0x10);
    ck_assert_uint_eq(run_cd("1b0000000300", 0), 0);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62800);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert(scsi_rig.data[4] == 2 && scsi_rig.data[5] == 2);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert(scsi_rig.data[4] == 0 && scsi_rig.data[5] == 2);
    /* A disk's stays where it is. */
    ck_assert_uint_eq(run("1b0000000200", 0, 0), 0);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
}
END_TEST

START_TEST(test_medium)
{
    scsi_rig_settle();
    scsi_unit_change_medium(scsi_rig.cd, NULL);
    ck_assert_uint_eq(scsi_rig.changes, 1);
    ck_assert(scsi_rig.last_change == SCSI_CHANGED &&
              scsi_rig.last_sense.asc == 0x28);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x23a01);
    ck_assert_uint_eq(run_cd("25000000000000000000", 8), 0x23a01);
    ck_assert_uint_eq(run_cd("1a003f00ff00", 255), 0);
    ck_assert_uint_eq(run_cd("4600 0000 000000 0040 00", 64), 0);
    ck_assert_uint_eq(scsi_rig.data[7], 0);
    scsi_unit_change_medium(scsi_rig.cd, scsi_rig.medium);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62800);
    ck_assert_uint_eq(run_cd("25000000000000000000", 8), 0);
}
END_TEST

START_TEST(test_hotplug)
{
    scsi_rig_settle();
    struct scsi_unit *unit = scsi_rig_create(
        &scsi_disk,
        (struct scsi_unit_config){.lun = 4, .backend = scsi_rig.backend});
    ck_assert(scsi_rig.changes == 1 && scsi_rig.last_change == SCSI_ADDED);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0x63f0e);
    ck_assert_uint_eq(scsi_rig_run(0, 4, "000000000000", 0, 0), 0x62900);
    scsi_unit_remove(unit);
    ck_assert(scsi_rig.changes == 2 && scsi_rig.last_change == SCSI_REMOVED);
    ck_assert_uint_eq(scsi_rig_run(0, 4, "000000000000", 0, 0), 0x52500);
    /* REPORT LUNS tells, so there is nothing left to say. */
    ck_assert_uint_eq(run("a00000000000000000200000", 0, 32), 0);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
}
END_TEST

START_TEST(test_write_protect)
{
    static const char *const writes[] = {
        "2a00 00000000 00 0001 00", "9301 0000000000000000 00000001 0000",
        "42000000000000000000",
    };

    scsi_rig_create(&scsi_disk, (struct scsi_unit_config){.target = 6,
                                                 .backend = scsi_rig.medium});
    scsi_rig_run(6, 0, "000000000000", 0, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(writes); i++) {
        ck_assert_uint_eq(scsi_rig_run(6, 0, writes[i], 512, 0), 0x72700);
    }
    ck_assert_uint_eq(scsi_rig_run(6, 0, "1a003f00ff00", 0, 255), 0);
    ck_assert_uint_eq(scsi_rig.data[2], 0x80);
    ck_assert_uint_eq(scsi_rig_run(6, 0, "2800 00000003 00 0001 00", 0, 512),
                      0);
    ck_assert_uint_eq(scsi_rig.data[0], 3);
}
END_TEST

Suite *scsi_cd_suite(void)
{
    Suite *s = suite_create("scsi_cd");
    TCase *tc = tcase_create("scsi");

    tcase_add_checked_fixture(tc, scsi_rig_setup, scsi_rig_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_cd);
    tcase_add_test(tc, test_tray);
    tcase_add_test(tc, test_medium);
    tcase_add_test(tc, test_hotplug);
    tcase_add_test(tc, test_write_protect);
    suite_add_tcase(s, tc);
    return s;
}
