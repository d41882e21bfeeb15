/* hw/scsi: reading and writing a disk. */
#include "tests/unit/scsi_rig.h"

#include <string.h>

Suite *scsi_disk_suite(void);

START_TEST(test_read_write)
{
    static const char *const reads[] = {
        "0800 0005 0100", "2800 00000005 00 0001 00",
        "a800 00000005 00000001 0000",
        "8800 0000000000000005 00000001 0000",
        "2808 00000005 00 0001 00",
    };
    static const char *const writes[] = {
        "0a00 0064 0200", "2a00 00000064 00 0002 00",
        "aa00 00000064 00000002 0000",
        "8a00 0000000000000064 00000002 0000",
        "2a08 00000064 00 0002 00", "2e00 00000064 00 0002 00",
        "ae00 00000064 00000002 0000",
        "8e00 0000000000000064 00000002 0000",
    };

    scsi_rig_settle();
    for (unsigned i = 0; i < ARRAY_SIZE(reads); i++) {
        memset(scsi_rig.data, 0xee, 1024);
        ck_assert_uint_eq(run(reads[i], 0, 512), 0);
        ck_assert(scsi_rig.data[0] == 5 && scsi_rig.data[511] == 5 &&
                  scsi_rig.data[512] == 0xee);
        ck_assert_uint_eq(scsi_rig.cmd.touched, 512);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(writes); i++) {
        memset(scsi_rig.data, 0x40 + (int)i, 1024);
        ck_assert_uint_eq(run(writes[i], 1024, 0), 0);
        ck_assert_uint_eq(scsi_rig.cmd.moved, 1024);
        expect_blocks(0x64, 2, (uint8_t)(0x40 + i));
    }
    ck_assert_uint_eq(run("3500 00000000 00 0000 00", 0, 0), 0);
}
END_TEST

/* Data in many pieces. */
START_TEST(test_pieces)
{
    struct iovec pieces[9];

    scsi_rig_settle();
    memset(scsi_rig.data, 0xee, 4096);
    for (unsigned i = 0; i < 9; i++) {
        pieces[i] = (struct iovec){scsi_rig.data + 300 * i, 200};
    }
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_rig.done = 0;
    memset(scsi_rig.cmd.cdb, 0, sizeof(scsi_rig.cmd.cdb));
    memcpy(scsi_rig.cmd.cdb, "\x28\0\0\0\0\x07\0\0\x03\0", 10);
    scsi_rig.cmd.cdb_size = 10;
    scsi_rig.cmd.out_count = 0;
    scsi_rig.cmd.out_size = 0;
    scsi_rig.cmd.in = pieces;
    scsi_rig.cmd.in_count = 9;
    scsi_rig.cmd.in_size = 1800;
    scsi_submit(&scsi_rig.bus, &scsi_rig.cmd, 0, 0);
    scsi_rig_wait(1);
    pthread_mutex_unlock(&scsi_rig.lock);
    ck_assert_uint_eq(scsi_rig_sense(&scsi_rig.cmd), 0);
    ck_assert_uint_eq(scsi_rig.cmd.moved, 1536);
    ck_assert_uint_eq(scsi_rig.data[0], 7);
    ck_assert_uint_eq(scsi_rig.data[200], 0xee);
    ck_assert_uint_eq(scsi_rig.data[300 * 2 + 111], 7);
    ck_assert_uint_eq(scsi_rig.data[300 * 2 + 112], 8);
    ck_assert_uint_eq(scsi_rig.data[300 * 7 + 135], 9);
    ck_assert_uint_eq(scsi_rig.data[300 * 7 + 136], 0xee);
}
END_TEST

START_TEST(test_write_same)
{
    static const struct expectation rows[] = {
        {"4110 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4102 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4104 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4101 00000010 00 0008 00", 512, 0, BAD_CDB, 0},
        {"4100 00000010 00 0000 00", 512, 0, BAD_CDB, 0},
        {"4100 00000010 00 0008 00", 511, 0, OVERRUN, 0},
        {"4100 00000010 00 0008 00", 0, 0, OVERRUN, 0},
        {"9301 0000000000000000 ffffffff 0000", 0, 0, BAD_CDB, 0},
    };

    scsi_rig_settle();
    memset(scsi_rig.data, 0xa5, 512);
    scsi_rig.data[511] = 0xa5;
    ck_assert_uint_eq(run("9300 0000000000000011 000007ef 0000", 512, 0), 0);
    ck_assert_uint_eq(scsi_rig.cmd.moved, 512);
    expect_blocks(0x10, 1, 0x10);
    expect_blocks(0x11, 0x7ef, 0xa5);
    ck_assert_uint_eq(run("9301 0000000000000020 00000010 0000", 0, 0), 0);
    expect_blocks(0x1f, 1, 0xa5);
    expect_blocks(0x20, 16, 0);
    expect_blocks(0x30, 1, 0xa5);
    memset(scsi_rig.data, 0, 512);
    ck_assert_uint_eq(run("4108 00000040 00 0010 00", 512, 0), 0);
    expect_blocks(0x40, 16, 0);
    scsi_rig_expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_unmap)
{
    static const char one[] = "0016001000000000"
                              "00000000000000640000000800000000";
    static const char two[] = "0026002000000000"
                              "00000000000000100000000000000000"
                              "00000000000000200000000800000000";
    static const char beyond[] = "0026002000000000"
                                 "00000000000000100000000100000000"
                                 "00000000000007fc0000000800000000";

    scsi_rig_settle();
    ck_assert_uint_eq(scsi_rig_run_list(one, "42000000000000001800", 24), 0);
    ck_assert_uint_eq(scsi_rig_run_list(two, "42000000000000002800", 40), 0);
    ck_assert_uint_eq(scsi_rig_run_list(beyond, "42000000000000002800", 40),
                      RANGE);
    expect_blocks(0x10, 1, 0x10); /* nothing of it was done */
    ck_assert_uint_eq(scsi_rig_run_list("", "42000000000000000000", 0), 0);
    ck_assert_uint_eq(scsi_rig_run_list("", "42000000000000000700", 8),
                      LIST_LENGTH);
    ck_assert_uint_eq(scsi_rig_run_list(one, "42000000000000001700", 24),
                      LIST_LENGTH);
    ck_assert_uint_eq(scsi_rig_run_list(one, "42000000000000001800", 23),
                      OVERRUN);
    ck_assert_uint_eq(scsi_rig_run_list(one, "42010000000000001800", 24),
                      BAD_CDB);
    ck_assert_uint_eq(scsi_rig_run_list("000e000800000000",
                            "42000000000000001000", 16), LIST_LENGTH);
    ck_assert_uint_eq(scsi_rig_run_list("1006100000000000",
                            "42000000000000100800", 0x1008), BAD_LIST);
    ck_assert_uint_eq(scsi_rig_run_list("0ff60ff000000000",
                            "420000000000000ff800", 0xff8), 0);
}
END_TEST

Suite *scsi_disk_suite(void)
{
    Suite *s = suite_create("scsi_disk");
    TCase *tc = tcase_create("scsi");

    tcase_add_checked_fixture(tc, scsi_rig_setup, scsi_rig_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_read_write);
    tcase_add_test(tc, test_pieces);
    tcase_add_test(tc, test_write_same);
    tcase_add_test(tc, test_unmap);
    suite_add_tcase(s, tc);
    return s;
}
