/* bits, errors, the log and the nearest name. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bits.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/nearest.h"
#include "util/pieces.h"

START_TEST(bits_fields)
{
    ck_assert_uint_eq(extract32(0x12345678, 8, 8), 0x56);
    ck_assert_uint_eq(extract64(UINT64_MAX, 0, 64), UINT64_MAX);
    ck_assert_int_eq(sextract32(0x00080000, 16, 4), -8);
    ck_assert_int_eq(sextract64(0x80, 0, 8), -128);
    ck_assert_uint_eq(deposit64(0, 60, 4, 0xff), 0xf000000000000000);
    ck_assert_uint_eq(deposit64(UINT64_MAX, 8, 8, 0), 0xffffffffffff00ff);
    ck_assert_uint_eq(mask64(0), 0);
    ck_assert_uint_eq(mask64(64), UINT64_MAX);
}
END_TEST

START_TEST(bits_rotate_and_count)
{
    ck_assert_uint_eq(ror32(1, 0), 1);
    ck_assert_uint_eq(ror32(1, 33), 0x80000000);
    ck_assert_uint_eq(ror64(1, 1), 0x8000000000000000);
    ck_assert_int_eq(clz64(0), 64);
    ck_assert_int_eq(ctz64(0), 64);
    ck_assert_int_eq(clz32(1), 31);
    ck_assert_int_eq(ctz32(8), 3);
    ck_assert_uint_eq(align_up(4097, 4096), 8192);
    ck_assert_uint_eq(align_down(4097, 4096), 4096);
    ck_assert(is_power_of_2(64) && !is_power_of_2(0) && !is_power_of_2(6));
}
END_TEST

START_TEST(error_text)
{
    struct error *err = NULL;
    error_set(&err, "line %d", 7);
    ck_assert_str_eq(err->message, "line 7");
    error_prepend(&err, "file %s", "a.c");
    ck_assert_str_eq(err->message, "file a.c: line 7");
    error_free(err);
    error_set_errno(&err, ENOENT, "%s", "disk.img");
    ck_assert_str_eq(err->message, "disk.img: No such file or directory");
    error_free(err);
}
END_TEST

START_TEST(error_unwanted)
{
    error_set(NULL, "nobody listens");
    error_set_errno(NULL, EIO, "nobody listens");
    error_prepend(NULL, "nobody listens");
    error_free(NULL);
    error_report_free(NULL);
}
END_TEST

START_TEST(clocks_advance)
{
    uint64_t a = clock_monotonic_ns(), b = clock_monotonic_ns();
    ck_assert(a > 0 && b >= a);
    ck_assert_uint_gt(clock_realtime_ns(), UINT64_C(1600000000) * NS_PER_SEC);
}
END_TEST

START_TEST(log_items_parse)
{
    struct error *err = NULL;
    bool help;
    ck_assert(log_set_items("in_asm,unimp,", &help, &err));
    ck_assert(!help);
    ck_assert_uint_eq(log_mask, LOG_IN_ASM | LOG_UNIMP);
    ck_assert(log_set_items("none", &help, &err));
    ck_assert_uint_eq(log_mask, 0);
    ck_assert(log_set_items("all", &help, &err));
    ck_assert(log_on(LOG_STATS) && log_on(LOG_IN_ASM));
    ck_assert(!log_set_items("guest_error", &help, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "'guest_errors'"));
    error_free(err);
}
END_TEST

START_TEST(log_goes_to_file)
{
    char path[] = "/tmp/armature-log-XXXXXX";
    close(mkstemp(path));
    bool help;
    ck_assert(log_set_items("guest_errors,int", &help, NULL));
    ck_assert(log_set_file(path, NULL));
    guest_error("write to %s", "ROM");
    log_unimp("not shown");
    log_printf(LOG_INT | LOG_CPU, "a\nb\n");
    FILE *stream = log_lock(LOG_INT);
    ck_assert_ptr_nonnull(stream);
    fputs("c\n", stream);
    log_unlock(stream);
    ck_assert_ptr_null(log_lock(LOG_EXEC));

    char text[64] = "";
    FILE *f = fopen(path, "r");
    ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, f), 0);
    fclose(f);
    unlink(path);
    ck_assert_str_eq(text, "write to ROM\na\nb\nc\n");
}
END_TEST

START_TEST(log_file_refused)
{
    struct error *err = NULL;
    ck_assert(!log_set_file("/nonexistent/log", &err));
    ck_assert_ptr_nonnull(strstr(err->message, "/nonexistent/log"));
    error_free(err);
}
END_TEST

static const char *const names[] = {
    "cortex-a53", "cortex-a57", "cortex-a72", "gic-version", "virtio-blk",
    "max", NULL,
};

static const struct { const char *typed, *meant; } nearest_rows[] = {
    {"cortex-a5", "cortex-a53"},
    {"cortexa57", "cortex-a57"},
    {"Cortex-A72", "cortex-a72"},
    {"gic_version", "gic-version"},
    {"gci-version", "gic-version"},
    {"virtio-bkl", "virtio-blk"},
    {"gic", "gic-version"},
    {"mxa", "max"},
    {"cortex", NULL},
    {"something else", NULL},
    {"", NULL},
};

#define MANY 10000
struct done {
    unsigned times[MANY];
};

static void do_one(void *opaque, unsigned n)
{
    struct done *d = opaque;

    __atomic_fetch_add(&d->times[n], 1, __ATOMIC_RELAXED);
}

START_TEST(pieces_are_done_once)
{
    static const unsigned counts[] = {0, 1, 2, 3, MANY - 1};

    for (unsigned k = 0; k < ARRAY_SIZE(counts); k++) {
        struct done d = {{0}};

        pieces_do(counts[k], do_one, &d);
        for (unsigned n = 0; n < MANY; n++) {
            ck_assert_uint_eq(d.times[n], n < counts[k]);
        }
    }
}
END_TEST

START_TEST(nearest_finds)
{
    const char *got = nearest_name(nearest_rows[_i].typed, names);
    if (nearest_rows[_i].meant) {
        ck_assert_pstr_eq(got, nearest_rows[_i].meant);
    } else {
        ck_assert_ptr_null(got);
    }
}
END_TEST

Suite *util_suite(void)
{
    Suite *suite = suite_create("util");
    TCase *tc = tcase_create("util");
    tcase_add_test(tc, bits_fields);
    tcase_add_test(tc, bits_rotate_and_count);
    tcase_add_test(tc, error_text);
    tcase_add_test(tc, error_unwanted);
    tcase_add_test(tc, clocks_advance);
    tcase_add_test(tc, pieces_are_done_once);
    tcase_add_test(tc, log_items_parse);
    tcase_add_test(tc, log_goes_to_file);
    tcase_add_test(tc, log_file_refused);
    tcase_add_loop_test(tc, nearest_finds, 0, ARRAY_SIZE(nearest_rows));
    suite_add_tcase(suite, tc);
    return suite;
}
