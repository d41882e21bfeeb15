/* hw/rtc/pl031: counter, load, match; no processor. */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "hw/rtc/pl031.h"
#include "softmmu/bus.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/loop.h"

Suite *pl031_suite(void);

#define BASE UINT64_C(0x09010000)

enum { DR, MR = 4, LR = 8, CR = 12, IMSC = 16, RIS = 20, MIS = 24, ICR = 28,
       ID = 0xfe0 };

static struct loop *loop;
static struct bus *bus;
static struct pl031 *rtc;
static bool line;

static void set_line(void *opaque, unsigned n, bool level)
{
    (void)opaque;
    (void)n;
    line = level;
    if (level) {
        loop_stop(loop, 0);
    }
}

static void setup(void)
{
    line = false;
    loop = loop_new();
    bus = bus_new();
    rtc = pl031_create(bus, BASE, (struct irq){set_line, NULL, 0}, loop,
                       (struct pl031_clock){0}, 0);
}

static void teardown(void)
{
    pl031_free(rtc);
    bus_free(bus);
    loop_free(loop);
}

static uint32_t rd(unsigned reg)
{
    uint64_t value;

    ck_assert(bus_read(bus, BASE + reg, 4, 0, &value));
    return (uint32_t)value;
}

static void wr(unsigned reg, uint32_t value)
{
    ck_assert(bus_write(bus, BASE + reg, 4, 0, value));
}

/* Within a second, modulo 2^32. */
static bool near(uint32_t a, uint32_t b)
{
    return a - b <= 1 || b - a <= 1;
}

START_TEST(test_counts_host_time)
{
    ck_assert(near(rd(DR), (uint32_t)time(NULL)));
    ck_assert_uint_eq(rd(CR), 1);
    ck_assert_uint_eq(rd(ID), 0x31);
    ck_assert_uint_eq(rd(ID + 4), 0x10);
    ck_assert_uint_eq(rd(ID + 28), 0xb1);
    wr(LR, 1000);
    ck_assert(near(rd(DR), 1000));
    ck_assert_uint_eq(rd(LR), 1000);
    wr(CR, 0);
    ck_assert_uint_eq(rd(CR), 1);
    /* Reset of the machine does not change the time. */
    pl031_reset(rtc);
    ck_assert(near(rd(DR), 1000));
    ck_assert_uint_eq(rd(LR), 0);
}
END_TEST

START_TEST(test_offset)
{
    struct bus *b = bus_new();
    struct pl031 *s = pl031_create(b, BASE, (struct irq){0}, loop,
                                   (struct pl031_clock){0}, -86400);
    uint64_t value;

    ck_assert(bus_read(b, BASE, 4, 0, &value));
    ck_assert(near((uint32_t)value, (uint32_t)time(NULL) - 86400));
    pl031_free(s);
    bus_free(b);
}
END_TEST

START_TEST(test_match_now)
{
    wr(LR, 50);
    wr(IMSC, 1);
    uint32_t now = rd(DR);
    wr(MR, now);
    if (rd(DR) == now) { /* else the second has just ended */
        ck_assert(line);
        ck_assert_uint_eq(rd(RIS), 1);
        ck_assert_uint_eq(rd(MIS), 1);
        wr(ICR, 1);
        ck_assert(!line);
        ck_assert_uint_eq(rd(RIS), 0);
    }
}
END_TEST

START_TEST(test_match_later)
{
    uint32_t now = rd(DR);

    wr(IMSC, 1);
    wr(MR, now + 1);
    loop_run(loop);
    ck_assert(line);
    ck_assert_uint_ge(rd(DR), now + 1);
    ck_assert_uint_le(rd(DR), now + 2);
    wr(IMSC, 0);
    ck_assert(!line);
    ck_assert_uint_eq(rd(RIS), 1);
    ck_assert_uint_eq(rd(MIS), 0);
}
END_TEST

START_TEST(test_match_past)
{
    wr(IMSC, 1);
    wr(MR, rd(DR) - 10);
    ck_assert(!line);
    ck_assert_uint_eq(rd(RIS), 0);
}
END_TEST

START_TEST(test_random_accesses)
{
    static const unsigned sizes[] = {1, 2, 4};
    unsigned seed = 31;

    for (unsigned i = 0; i < 100000; i++) {
        unsigned r = (unsigned)rand_r(&seed);
        uint64_t pa = BASE + ((r >> 4) % (r & 8 ? 0x20 : 0x1000));
        uint64_t value = (uint32_t)rand_r(&seed) >> (r >> 24 & 15);
        if (r & 1) {
            bus_read(bus, pa, sizes[r % 3], 0, &value);
        } else {
            bus_write(bus, pa, sizes[r % 3], 0, value);
        }
        ck_assert(line == (rd(RIS) && rd(IMSC)));
    }
}
END_TEST

Suite *pl031_suite(void)
{
    Suite *suite = suite_create("pl031");
    TCase *tc = tcase_create("pl031");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_counts_host_time);
    tcase_add_test(tc, test_offset);
    tcase_add_test(tc, test_match_now);
    tcase_add_test(tc, test_match_later);
    tcase_add_test(tc, test_match_past);
    tcase_add_test(tc, test_random_accesses);
    suite_add_tcase(suite, tc);
    return suite;
}
