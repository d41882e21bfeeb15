/* hw/scsi: commands that are wrong, and those of every unit. */
#include "tests/unit/scsi_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *scsi_command_suite(void);

/* CDBs ------------------------------------------------------------------- */

START_TEST(test_attention)
{
    ck_assert_uint_eq(run("120000002400", 0, 36), 0);
    ck_assert_uint_eq(run("a00000000000000000100000", 0, 16), 0);
    ck_assert_uint_eq(run("ff0000000000", 0, 0), 0x62900);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_reset(&scsi_rig.bus, 0, SCSI_ANY);
    pthread_mutex_unlock(&scsi_rig.lock);
    ck_assert_uint_eq(run("030000001200", 0, 18), 0);
    ck_assert_uint_eq(scsi_rig.data[2], 6);
    ck_assert_uint_eq(scsi_rig.data[12], 0x29);
    ck_assert_uint_eq(scsi_rig.data[13], 3);
    ck_assert_uint_eq(run("000000000000", 0, 0), 0);
    ck_assert_uint_eq(run_cd("4a0100001000 0000 0800", 8), 0);
    ck_assert_uint_eq(run_cd("000000000000", 0), 0x62900);
}
END_TEST

/* Every operation code, at every length that the adapter may pass. */
START_TEST(test_all_opcodes)
{
    static const unsigned sizes[] = {1, 5, 6, 10, 11, 12, 16, 32};
    char cdb[65];

    scsi_rig_settle();
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
            unsigned size = sizes[i];
            snprintf(cdb, sizeof(cdb), "%02x%0*d", opcode, 2 * (int)size - 2,
                     0);
            cdb[2 * size] = '\0';
            run(cdb, 0, 0);
            run_cd(cdb, 0);
            scsi_rig_run(0, 7, cdb, 0, 0);
            if (opcode == 0x1b || opcode == 0x28) {
                continue;
            }
            memset(cdb + 2, 'f', 2 * size - 2);
            run(cdb, 0, 0);
            run(cdb, 512, 0);
            run(cdb, 0, 512);
            run_cd(cdb, 512);
            scsi_rig_run(0, 7, cdb, 0, 512);
        }
    }
}
END_TEST

/* Any bytes at all: each command ends, and once. */
START_TEST(test_random)
{
    char cdb[65];

    srand((unsigned)_i);
    for (unsigned i = 0; i < 3000; i++) {
        static const uint64_t sizes[] = {0, 1, 8, 24, 512, 4096, 65536};
        unsigned length = 1 + (unsigned)rand() % 32;
        for (unsigned n = 0; n < length; n++) {
            unsigned byte = rand() % 3 ? 0 : (unsigned)rand() % 256;
            snprintf(cdb + 2 * n, 3, "%02x", n ? byte : rand() % 256u);
        }
        uint64_t size = sizes[(unsigned)rand() % ARRAY_SIZE(sizes)];
        for (unsigned n = 0; n < 64; n++) {
            scsi_rig.data[n] = rand() % 3 ? 0 : (uint8_t)rand();
        }
        bool is_out = rand() & 1;
        scsi_rig_run((uint32_t)(rand() & 1), rand() % 8 ? 0 : 3, cdb,
                     is_out ? size : 0, is_out ? 0 : size);
    }
}
END_TEST

START_TEST(test_bad_cdbs)
{
    static const struct expectation rows[] = {
        {"00", 0, 0, BAD_CDB, 0},
        {"0000000000", 0, 0, BAD_CDB, 0},
        {"000000000004", 0, 0, BAD_CDB, 0}, /* NACA */
        {"280000000000000000", 0, 0, BAD_CDB, 0},
        {"2820 00000000 00 0001 00", 0, 512, BAD_CDB, 0}, /* RDPROTECT */
        {"120002000000", 0, 0, BAD_CDB, 0},
        {"1201ff00ff00", 0, 255, BAD_CDB, 0},
        {"12008000ff00", 0, 255, BAD_CDB, 0},
        {"7f0000000000001800090000000000000000000000000000"
         "0000000000000000", 0, 0, BAD_OPCODE, 0},
        {"c00000000000", 0, 0, BAD_OPCODE, 0},
        {"430000000000000040 00", 0, 64, BAD_OPCODE, 0}, /* of CD-ROMs */
        {"a000000000000000000f0000", 0, 64, BAD_CDB, 0},
        {"a000030000000000 0040 0000", 0, 64, BAD_CDB, 0},
        {"25000000010000000000", 0, 8, BAD_CDB, 0},
        {"9e110000000000000000000000200000", 0, 32, BAD_CDB, 0},
        {"2f020000000000000100", 0, 512, BAD_CDB, 0}, /* BYTCHK */
    };

    scsi_rig_settle();
    scsi_rig_expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_lengths)
{
    static const struct expectation rows[] = {
        {"120000000500", 0, 5, 0, 5},
        {"12000000ffff", 0, 255, BAD_CDB, 0},
        {"1200ffff0000", 0, 36, BAD_CDB, 0},
        {"12000000ff00", 0, 36, OVERRUN, 0},
        {"12000000ff00", 0, 300, 0, 36},
        {"120000000000", 0, 0, 0, 0},
        {"120000002400", 36, 0, OVERRUN, 0},
        {"25000000000000000000", 0, 7, OVERRUN, 0},
        {"030000000000", 0, 0, 0, 0},
        {"2800 00000000 00 0001 00", 0, 511, OVERRUN, 0},
        {"2800 00000000 00 0001 00", 512, 0, OVERRUN, 0},
        {"2800 00000000 00 0000 00", 0, 0, 0, 0},
        {"2800 00000000 00 0002 00", 0, 4096, 0, 1024},
        {"2a00 00000000 00 0001 00", 511, 0, OVERRUN, 0},
        {"2a00 00000000 00 0001 00", 0, 512, OVERRUN, 0},
        {"0800 0000 00 00", 0, 131072, 0, 131072}, /* 0: 256 blocks */
        {"0800 0000 00 00", 0, 131071, OVERRUN, 0},
        {"8800 0000000000000000 ffffffff 0000", 0, 512, RANGE, 0},
    };

    scsi_rig_settle();
    scsi_rig_expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

START_TEST(test_ranges)
{
    static const struct expectation rows[] = {
        {"2800 00000800 00 0001 00", 0, 512, RANGE, 0},
        {"2800 00000800 00 0000 00", 0, 0, 0, 0},
        {"2800 00000801 00 0000 00", 0, 0, RANGE, 0},
        {"2800 000007ff 00 0002 00", 0, 1024, RANGE, 0},
        {"2800 000007ff 00 0001 00", 0, 512, 0, 512},
        {"2a00 ffffffff 00 0001 00", 512, 0, RANGE, 0},
        {"a800 ffffffff ffffffff 0000", 0, 512, RANGE, 0},
        {"8800 ffffffffffffffff 00000001 0000", 0, 512, RANGE, 0},
        {"8800 ffffffffffffffff 00000000 0000", 0, 0, RANGE, 0},
        {"8a00 ffffffffffffffff 00000001 0000", 512, 0, RANGE, 0},
        {"8800 007fffffffffffff 00000001 0000", 0, 512, RANGE, 0},
        {"081f ffff 01 00", 0, 512, RANGE, 0},
        {"2f00 00000800 00 0001 00", 0, 0, RANGE, 0},
        {"2b00 000007ff 00 0000 00", 0, 0, 0, 0},
        {"2b00 00000800 00 0000 00", 0, 0, RANGE, 0},
        {"3500 00000801 00 0000 00", 0, 0, RANGE, 0},
        {"9100 0000000000000000 00000000 0000", 0, 0, 0, 0},
        {"9300 0000000000000000 00000801 0000", 512, 0, RANGE, 0},
        {"9301 00000000000007ff 00000002 0000", 0, 0, RANGE, 0},
    };

    scsi_rig_settle();
    scsi_rig_expect(0, rows, ARRAY_SIZE(rows));
}
END_TEST

/* Pages ------------------------------------------------------------------ */

START_TEST(test_inquiry)
{
    scsi_rig_settle();
    ck_assert_uint_eq(run("120000002400", 0, 36), 0);
    ck_assert(!memcmp(scsi_rig.data,
                      "\0\0\5\x12\x1f\0\0\x12QEMU    QEMU HARDDISK   "
                      "2.5+",
                      36));
    ck_assert_uint_eq(run_cd("120000002400", 36), 0);
    ck_assert(!memcmp(scsi_rig.data,
                      "\5\x80\5\x12\x1f\0\0\x12QEMU    QEMU CD-ROM     "
                      "2.5+",
                      36));
    ck_assert_uint_eq(run("12010000ff00", 0, 255), 0);
    ck_assert(!memcmp(scsi_rig.data, "\0\0\0\6\0\x80\x83\xb0\xb1\xb2", 10));
    ck_assert_uint_eq(run_cd("12010000ff00", 255), 0);
    ck_assert(!memcmp(scsi_rig.data, "\5\0\0\2\0\x83", 6));
    ck_assert_uint_eq(run_cd("12018000ff00", 255), BAD_CDB);
    ck_assert_uint_eq(run("12018000ff00", 0, 255), 0);
    ck_assert(!memcmp(scsi_rig.data, "\0\x80\0\6serial", 10));
    ck_assert_uint_eq(run("12018300ff00", 0, 255), 0);
    ck_assert(!memcmp(scsi_rig.data,
                      "\0\x83\0\x16\2\0\0\6serial\1\3\0\x8\x50\0\xc5\0"
                      "\x15\xea\x71\xaa",
                      26));
    ck_assert_uint_eq(scsi_rig.cmd.moved, 26);
    ck_assert_uint_eq(run("1201b000ff00", 0, 255), 0);
    ck_assert_uint_eq(scsi_rig.cmd.moved, 64);
    ck_assert(!memcmp(scsi_rig.data + 8, "\0\x3f\xff\xff", 4));
    ck_assert(!memcmp(scsi_rig.data + 20, "\0\x20\0\0\0\0\0\xff\0\0\0\x8", 12));
    ck_assert_uint_eq(run("1201b100ff00", 0, 255), 0);
    ck_assert_uint_eq(scsi_rig.data[5], 1);
    ck_assert_uint_eq(run("1201b200ff00", 0, 255), 0);
    ck_assert(!memcmp(scsi_rig.data, "\0\xb2\0\4\0\xe0\2\0", 8));
}
END_TEST

START_TEST(test_mode_sense)
{
    scsi_rig_settle();
    ck_assert_uint_eq(run("1a003f00ff00", 0, 255), 0);
    ck_assert_uint_eq(scsi_rig.cmd.moved, 0x64);
    ck_assert(
        !memcmp(scsi_rig.data, "\x63\0\0\x8\0\0\x8\0\0\0\x2\0\1\xa\x80", 15));
    ck_assert_uint_eq(run("5a083f0000000000ff00", 0, 255), 0);
    ck_assert(!memcmp(scsi_rig.data, "\0\x5e\0\0\0\0\0\0\1\xa\x80", 11));
    ck_assert_uint_eq(run("1a0808000400", 0, 4), 0);
    ck_assert(!memcmp(scsi_rig.data, "\x17\0\0\0", 4));
    ck_assert_uint_eq(run("1a084800ff00", 0, 255), 0);
    ck_assert(!memcmp(scsi_rig.data + 4, "\x8\x12\4\0", 4));
    ck_assert_uint_eq(run("1a08c800ff00", 0, 255), 0x53900);
    ck_assert_uint_eq(run("1a080a00ff00", 0, 255), BAD_CDB);
    ck_assert_uint_eq(run("1a080801ff00", 0, 255), BAD_CDB);
    ck_assert_uint_eq(run_cd("1a002a00ff00", 255), 0);
    ck_assert(
        !memcmp(scsi_rig.data, "\x19\0\0\0\x2a\x14\x3b\0\x7f\xff\x2d", 11));
}
END_TEST

START_TEST(test_mode_select)
{
    static const struct {
        const char *cdb, *list;
        unsigned size;
        uint32_t sense;
        int cached;
    } rows[] = {
        {"151000001800", "000000000812", 24, 0, 0},
        {"151000001800", "00000000081204", 24, 0, 1},
        {"55100000000000001c00", "00000000000000000812", 28, 0, 0},
        {"151000002000", "0000000800000000000002000812", 32, LIST_LENGTH, 0},
        {"151000002000", "000000080000080000000200081204", 32, 0, 1},
        {"151000000c00", "000000080000080000000400", 12, BAD_LIST, 1},
        {"151000000800", "00000004", 8, BAD_LIST, 1},
        {"151000000400", "00000008", 4, LIST_LENGTH, 1},
        {"55100000000000001000", "000000000000ffff", 16, LIST_LENGTH, 1},
        {"151000001800", "000000000812050000", 24, BAD_LIST, 1},
        {"151000001800", "000000000812000001", 24, BAD_LIST, 1},
        {"151000001700", "000000000811", 23, BAD_LIST, 1},
        {"151000000700", "00000000081204", 7, LIST_LENGTH, 1},
        {"151000000500", "0000000008", 5, LIST_LENGTH, 1},
        {"151000001800", "000000000a0a", 24, BAD_LIST, 1},
        {"151000001800", "000000008812", 24, BAD_LIST, 1},
        {"150000001800", "000000000812", 24, BAD_CDB, 1},
        {"151100001800", "000000000812", 24, BAD_CDB, 1},
        {"151000001800", "000000000812", 23, OVERRUN, 1},
        {"151000000300", "000000", 3, LIST_LENGTH, 1},
        {"151000000400", "00000000", 4, 0, 1},
        {"151000000000", "", 0, 0, 1},
    };

    scsi_rig_settle();
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t sense =
            scsi_rig_run_list(rows[i].list, rows[i].cdb, rows[i].size);
        ck_assert_msg(sense == rows[i].sense || i == 3, "%u: %x", i, sense);
        ck_assert_uint_eq(run("1a0808001800", 0, 24), 0);
        ck_assert_msg(!!(scsi_rig.data[6] & 4) == rows[i].cached, "row %u", i);
    }
    scsi_rig_run_list("000000000812", "151000001800", 24);
    pthread_mutex_lock(&scsi_rig.lock);
    scsi_bus_reset(&scsi_rig.bus);
    pthread_mutex_unlock(&scsi_rig.lock);
    scsi_rig_settle();
    ck_assert_uint_eq(run("1a0808001800", 0, 24), 0);
    ck_assert_uint_eq(scsi_rig.data[6], 4);
}
END_TEST

START_TEST(test_capacity)
{
    scsi_rig_settle();
    ck_assert_uint_eq(run("25000000000000000000", 0, 8), 0);
    ck_assert(!memcmp(scsi_rig.data, "\0\0\7\xff\0\0\2\0", 8));
    ck_assert_uint_eq(run("9e100000000000000000000000200000", 0, 32), 0);
    ck_assert(
        !memcmp(scsi_rig.data, "\0\0\0\0\0\0\7\xff\0\0\2\0\0\0\x80\0", 16));
    ck_assert_uint_eq(run("9e1000000000000000000000000c0000", 0, 12), 0);
    ck_assert_uint_eq(scsi_rig.cmd.moved, 12);
    ck_assert_uint_eq(run_cd("25000000000000000000", 8), 0);
    ck_assert(!memcmp(scsi_rig.data, "\0\0\1\xff\0\0\x8\0", 8));
}
END_TEST

Suite *scsi_command_suite(void)
{
    Suite *s = suite_create("scsi_command");
    TCase *tc = tcase_create("scsi");

    tcase_add_checked_fixture(tc, scsi_rig_setup, scsi_rig_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_attention);
    tcase_add_test(tc, test_all_opcodes);
    tcase_add_loop_test(tc, test_random, 0, 4);
    tcase_add_test(tc, test_bad_cdbs);
    tcase_add_test(tc, test_lengths);
    tcase_add_test(tc, test_ranges);
    tcase_add_test(tc, test_inquiry);
    tcase_add_test(tc, test_mode_sense);
    tcase_add_test(tc, test_mode_select);
    tcase_add_test(tc, test_capacity);
    suite_add_tcase(s, tc);
    return s;
}
