/* block/: opening images, and who may have one open. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/block_rig.h"
#include "util/bits.h"

Suite *block_open_suite(void);

static void expect_refusal(struct block_config c, const char *words)
{
    c.file = c.file ? c.file : br.path;
    struct block_backend *refused = block_open(&c, br.loop, &br.err);
    ck_assert_ptr_null(refused);
    ck_assert_ptr_nonnull(br.err);
    ck_assert_msg(strstr(br.err->message, words) != NULL, "%s",
                  br.err->message);
    error_free(br.err);
    br.err = NULL;
}

START_TEST(test_refusals)
{
    expect_refusal((struct block_config){.file = "/tmp/armature-not-there"},
                   "create it with");
    expect_refusal((struct block_config){.file = "/tmp"}, "directory");
    expect_refusal((struct block_config){.file = "/dev/null"},
                   "block device");
    expect_refusal((struct block_config){.file = "/dev/null",
                                         .read_only = true},
                   "block device");
    expect_refusal((struct block_config){.format = "floppy"}, "floppy");
}
END_TEST

/* What aio= says is about speed: what the kernel cannot do by itself is done
 * in our threads. */
START_TEST(test_engine_of_format)
{
    struct block_config c = {.file = br.path, .snapshot = true,
                             .aio = br_engines[_i]};

    br_open(c, _i);
    ck_assert_int_eq(br_write(0, 512, 8), 0);
    br_expect(0, 512, 8);
    br_expect(0, 512, 8);
    br_expect(4096, 8192, 0);
}
END_TEST

/* offset= and size= of a raw image. */
START_TEST(test_part)
{
    struct block_config c = {.format = "raw", .raw_offset = 8192,
                             .raw_size = 65536};
    uint8_t bytes[3 * 512];
    int fd = open(br.path, O_RDWR);

    br_open(c, _i);
    ck_assert_uint_eq(block_size(br.b), 65536);
    ck_assert_int_eq(br_write(0, 512, 7), 0);
    ck_assert_int_eq(br_write(65536 - 512, 512, 9), 0);
    br_expect(0, 512, 7);
    br_expect(512, 65536 - 1024, 0);
    br_expect(65536 - 512, 512, 9);
    ck_assert_int_eq(br_range(BLOCK_ZERO, 0, 512, 0), 0);
    br_expect(0, 512, 0);
    ck_assert_int_eq(br_write(0, 512, 7), 0);
    ck_assert_int_eq(pread(fd, bytes, 1536, 8192 - 512), 1536);
    ck_assert(bytes[511] == 0 && bytes[512] == 7 && bytes[1023] == 7 &&
              bytes[1024] == 0);
    ck_assert_int_eq(pread(fd, bytes, 1024, 8192 + 65536 - 512), 1024);
    ck_assert(bytes[0] == 9 && bytes[511] == 9 && bytes[512] == 0);
    close(fd);
}
END_TEST

START_TEST(test_part_that_cannot_be)
{
    static const struct {
        uint64_t offset, size;
        const char *why;
    } rows[] = {
        {100, 0, "not multiples of 512"}, {512, 100, "not multiples of 512"},
        {SIZE + 512, 0, "the file has only"}, {512, SIZE, "the file has only"},
        {UINT64_MAX - 511, 1024, "the file has only"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        expect_refusal((struct block_config){
                           .file = br.path, .format = "raw",
                           .raw_offset = rows[i].offset,
                           .raw_size = rows[i].size}, rows[i].why);
    }
}
END_TEST

START_TEST(test_open_descriptor)
{
    char name[32];
    int fd = open(br.path, O_RDWR);

    snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    br_open((struct block_config){.file = name}, _i);
    ck_assert_int_eq(br_write(0, 512, 8), 0);
    br_expect(0, 512, 8);
    close(fd);
}
END_TEST

START_TEST(test_read_only)
{
    br_open((struct block_config){.read_only = true}, _i);
    ck_assert(block_readonly(br.b));
    br_expect(0, 4096, 0);
    ck_assert_int_eq(br_write(0, 512, 1), EROFS);
    ck_assert_int_eq(br_range(BLOCK_ZERO, 0, 512, 0), EROFS);
    ck_assert_int_eq(br_range(BLOCK_FLUSH, 0, 0, 0), 0);
}
END_TEST

/* Locks work between descriptors, so one process is enough to see them. */
START_TEST(test_locks)
{
    struct block_config rw = {.file = br.path};
    struct block_config ro = {.file = br.path, .read_only = true};
    struct block_config shared = {.file = br.path, .share_rw = true};
    struct block_config any = {.file = br.path, .no_lock = true};
    struct block_config snapshot = {.file = br.path, .snapshot = true};

    br.b = block_open(&rw, br.loop, &br.err);
    ck_assert_ptr_nonnull(br.b);
    expect_refusal(rw, "Failed to get \"write\" lock");
    expect_refusal(ro, "Failed to get shared \"write\" lock");
    expect_refusal(snapshot, "Is another process using the image");
    expect_refusal(shared, "\"write\" lock");
    struct block_backend *other = block_open(&any, br.loop, &br.err);
    ck_assert_ptr_nonnull(other);
    block_close(other);
    block_close(br.b);

    br.b = block_open(&ro, br.loop, &br.err);
    other = block_open(&ro, br.loop, &br.err);
    ck_assert(br.b && other);
    expect_refusal(rw, "\"write\" lock");
    block_close(other);
    other = block_open(&snapshot, br.loop, &br.err);
    ck_assert_ptr_nonnull(other);
    block_close(other);
    block_close(br.b);

    br.b = block_open(&shared, br.loop, &br.err);
    other = block_open(&shared, br.loop, &br.err);
    ck_assert(br.b && other);
    block_close(other);
}
END_TEST

/* The bytes that QEMU's tools look at. */
START_TEST(test_lock_bytes)
{
    static const struct {
        off_t byte;
        bool held;
    } rows[] = {{100, true}, {101, true}, {200, false}, {201, true},
                {203, false}};

    br_open((struct block_config){0}, 0);
    int fd = open(br.path, O_RDWR);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct flock lock = {.l_type = F_WRLCK, .l_start = rows[i].byte,
                             .l_len = 1};
        ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &lock), 0);
        ck_assert_int_eq(lock.l_type != F_UNLCK, rows[i].held);
    }
    close(fd);
}
END_TEST

Suite *block_open_suite(void)
{
    Suite *s = suite_create("block_open");
    TCase *t = tcase_create("block_open");

    tcase_add_checked_fixture(t, br_setup, br_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_refusals);
    tcase_add_loop_test(t, test_engine_of_format, 0, BR_ENGINES);
    tcase_add_loop_test(t, test_part, 0, BR_ENGINES);
    tcase_add_test(t, test_part_that_cannot_be);
    tcase_add_loop_test(t, test_open_descriptor, 0, 2);
    tcase_add_loop_test(t, test_read_only, 0, 2);
    tcase_add_test(t, test_locks);
    tcase_add_test(t, test_lock_bytes);
    suite_add_tcase(s, t);
    return s;
}
