/* block/: what is raw by a guess must not become anything else. */
#include <errno.h>
#include <string.h>

#include "tests/unit/block_rig.h"
#include "util/bits.h"

Suite *block_disguise_suite(void);

/* What must not get into the first sector of a raw image that nobody called
 * raw, and a first sector that may. */
static const struct {
    char head[40];
    int error;
} heads[] = {
    {"QFI\xfb\0\0\0\3", EPERM},
    {"KDMV", EPERM},
    {"COWD", EPERM},
    {"# Disk DescriptorFile\n", EPERM},
    {"# anything\n \r\nversion=1\n", EPERM},
    {"conectix", EPERM},
    {"vhdxfile", EPERM},
    {"LUKS\xba\xbe", EPERM},
    {"Bochs Virtual HD Image", EPERM},
    {"#!/bin/sh\n#V2.0 Format\nmodprobe cloop", EPERM},
    {"\353\x63\x90 a boot sector", 0},
    {"#!/bin/sh\necho version=1\n", 0},
    {"version of a file", 0},
};

static void fill_head(uint8_t *sector, int number)
{
    memset(sector, 0x55, BLOCK_SECTOR);
    memcpy(sector, heads[number].head, 40);
}

START_TEST(test_disguise)
{
    uint8_t sectors[3 * BLOCK_SECTOR], back[sizeof(sectors)];
    struct iovec pieces[BLOCK_MAX_IOV];
    struct block_request req = {.op = BLOCK_WRITE, .iov = pieces,
                                .iov_count = BLOCK_MAX_IOV,
                                .length = sizeof(sectors)};

    br_open((struct block_config){0}, _i % 2);
    memset(sectors, 0x55, sizeof(sectors));
    fill_head(sectors, _i / 2);
    for (unsigned i = 0; i < BLOCK_MAX_IOV; i++) {
        bool last = i == BLOCK_MAX_IOV - 1;
        pieces[i] = (struct iovec){sectors + i,
                                   last ? sizeof(sectors) - i : 1};
    }
    int expected = heads[_i / 2].error;
    ck_assert_int_eq(br_request(req), expected);
    ck_assert_int_eq(block_run(br.b, &req), expected);
    ck_assert_int_eq(br_io(BLOCK_WRITE, 0, sectors, sizeof(sectors)), expected);
    ck_assert_int_eq(br_io(BLOCK_READ, 0, back, sizeof(back)), 0);
    ck_assert_int_eq(memcmp(back, sectors, sizeof(back)) == 0, !expected);
    ck_assert_int_eq(br_io(BLOCK_WRITE, BLOCK_SECTOR, sectors, BLOCK_SECTOR),
                     0);
}
END_TEST

/* The guest changes its mind after the look. */
START_TEST(test_disguise_late)
{
    uint8_t sector[BLOCK_SECTOR] = {1}, back[BLOCK_SECTOR];
    struct iovec iov = {sector, sizeof(sector)};
    struct br_waiter w = {.req = {.op = BLOCK_WRITE, .iov = &iov,
                                  .iov_count = 1, .length = sizeof(sector),
                                  .done = br_done}};

    br_open((struct block_config){0}, _i);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.cond, NULL);
    block_submit(br.b, &w.req);
    memcpy(sector, "QFI\xfb\0\0\0\3", 8);
    block_unplug(br.b);
    block_drain(br.b);
    ck_assert(w.done);
    ck_assert_int_eq(w.error, 0);
    ck_assert_int_eq(br_io(BLOCK_READ, 0, back, sizeof(back)), 0);
    ck_assert_mem_ne(back, "QFI\xfb", 4);
}
END_TEST

START_TEST(test_disguise_allowed)
{
    uint8_t sector[BLOCK_SECTOR];

    br_open((struct block_config){.format = "raw"}, 0);
    fill_head(sector, _i);
    ck_assert_int_eq(br_io(BLOCK_WRITE, 0, sector, sizeof(sector)), 0);
}
END_TEST

Suite *block_disguise_suite(void)
{
    Suite *s = suite_create("block_disguise");
    TCase *t = tcase_create("block_disguise");

    tcase_add_checked_fixture(t, br_setup, br_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_disguise, 0, 2 * ARRAY_SIZE(heads));
    tcase_add_loop_test(t, test_disguise_late, 0, 2);
    tcase_add_loop_test(t, test_disguise_allowed, 0, ARRAY_SIZE(heads));
    suite_add_tcase(s, t);
    return s;
}
