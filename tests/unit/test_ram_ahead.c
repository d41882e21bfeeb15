/* softmmu: memory that is there before the guest's stores. */
#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "softmmu/ram.h"
#include "softmmu/ram_ahead.h"

Suite *ram_ahead_suite(void);

#define PIECE RAM_AHEAD_SIZE
#define PAGES (PIECE / RAM_PAGE_SIZE)

static struct ram *ram;

static void begin(uint64_t size)
{
    ram = ram_new("ram", size, NULL);
    ck_assert_ptr_nonnull(ram);
    ram_stay_ahead(ram);
    ck_assert_ptr_nonnull(ram->ahead);
}

/* How many pages of the piece the host has given. */
static unsigned pages_there(unsigned piece)
{
    unsigned char there[PAGES] = {0};
    uint64_t at = piece * PIECE;
    uint64_t size = ram->size - at < PIECE ? ram->size - at : PIECE;
    unsigned count = 0;

    ck_assert_int_eq(mincore(ram->host + at, size, there), 0);
    for (unsigned n = 0; n < PAGES; n++) {
        count += there[n] & 1;
    }
    return count;
}

/* The thread comes to it, be the host ever so busy. */
static void wait_for(unsigned piece)
{
    while (pages_there(piece) < PAGES) {
        usleep(100);
    }
}

START_TEST(test_two_pieces_ahead)
{
    begin(8 * PIECE);
    ram_ahead_stored(ram->ahead, PIECE + 5 * RAM_PAGE_SIZE);
    wait_for(2);
    wait_for(3);
    ck_assert_uint_eq(pages_there(0), 0);
    ck_assert_uint_eq(pages_there(1), 0);
    ck_assert_uint_eq(pages_there(4), 0);
    for (uint64_t at = 2 * PIECE; at < 4 * PIECE; at++) {
        ck_assert_uint_eq(ram->host[at], 0);
    }
    ram_ahead_stored(ram->ahead, 2 * PIECE);
    wait_for(4);
    ck_assert_uint_eq(pages_there(5), 0);
    ram_free(ram);
}
END_TEST

/* What was there is left as it is. */
START_TEST(test_keeps_contents)
{
    begin(4 * PIECE);
    ram->host[PIECE] = 1;
    ram->host[2 * PIECE - 1] = 2;
    ram_ahead_stored(ram->ahead, 0);
    wait_for(1);
    ck_assert_uint_eq(ram->host[PIECE], 1);
    ck_assert_uint_eq(ram->host[2 * PIECE - 1], 2);
    ram_free(ram);
}
END_TEST

/* Nothing beyond the end, and nothing of a last piece that is not whole. */
START_TEST(test_end)
{
    begin(3 * PIECE + RAM_PAGE_SIZE);
    ram_ahead_stored(ram->ahead, PIECE);
    wait_for(2);
    ram_ahead_stored(ram->ahead, 2 * PIECE);
    ram_ahead_stored(ram->ahead, 3 * PIECE);
    usleep(10000);
    ck_assert_uint_eq(pages_there(3), 0);
    ram_free(ram);
}
END_TEST

/* A piece is asked for once, and again when it was given back. */
START_TEST(test_given_back)
{
    begin(4 * PIECE);
    ram_ahead_stored(ram->ahead, 0);
    wait_for(1);
    wait_for(2);
    ck_assert_int_eq(madvise(ram->host + PIECE, PIECE, MADV_DONTNEED), 0);
    ram_ahead_stored(ram->ahead, RAM_PAGE_SIZE);
    usleep(10000);
    ck_assert_uint_eq(pages_there(1), 0);
    ram_zero(ram, RAM_PAGE_SIZE, ram->size - RAM_PAGE_SIZE);
    ck_assert_uint_eq(ram->ahead->piece[0], RAM_AHEAD_STORED);
    ram_zero(ram, 0, ram->size);
    ck_assert_uint_eq(pages_there(2), 0);
    ram_ahead_stored(ram->ahead, RAM_PAGE_SIZE);
    wait_for(1);
    wait_for(2);
    ram_free(ram);
}
END_TEST

/* More at a time than the thread remembers: it stops when told to. */
START_TEST(test_many)
{
    begin(1000 * PIECE);
    for (unsigned n = 0; n < 1000; n += 3) {
        ram_ahead_stored(ram->ahead, n * PIECE);
    }
    ram_free(ram);
}
END_TEST

START_TEST(test_not_of_a_file)
{
    struct ram *file = ram_new_file("file", 4 * PIECE, "/dev/shm", true, NULL);

    ck_assert_ptr_nonnull(file);
    ram_stay_ahead(file);
    ck_assert_ptr_null(file->ahead);
    ram_ahead_stored(file->ahead, 0);
    ram_free(file);
}
END_TEST

Suite *ram_ahead_suite(void)
{
    Suite *suite = suite_create("ram_ahead");
    TCase *tc = tcase_create("ram_ahead");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_two_pieces_ahead);
    tcase_add_test(tc, test_keeps_contents);
    tcase_add_test(tc, test_end);
    tcase_add_test(tc, test_given_back);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_not_of_a_file);
    suite_add_tcase(suite, tc);
    return suite;
}
