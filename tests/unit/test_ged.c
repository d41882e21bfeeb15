/* hw/misc/ged: events wait until they are read. */
#include <check.h>

#include "hw/misc/ged.h"

Suite *ged_suite(void);

#define BASE UINT64_C(0x09080000)

static bool line;

static void set_line(void *opaque, unsigned n, bool level)
{
    (void)opaque;
    (void)n;
    line = level;
}

START_TEST(test_events)
{
    struct bus *bus = bus_new();
    struct ged *ged = ged_create(bus, BASE, (struct irq){set_line, NULL, 0});
    uint64_t value;

    line = false;
    ck_assert(bus_read(bus, BASE, 4, 0, &value));
    ck_assert_uint_eq(value, 0);
    ged_raise(ged, GED_POWER_BUTTON);
    ged_raise(ged, 0x8);
    ck_assert(line);
    ck_assert(bus_write(bus, BASE, 4, 0, UINT32_MAX));
    ck_assert(line);
    ck_assert(bus_read(bus, BASE, 4, 0, &value));
    ck_assert_uint_eq(value, GED_POWER_BUTTON | 0x8);
    ck_assert(!line);
    ck_assert(bus_read(bus, BASE, 4, 0, &value));
    ck_assert_uint_eq(value, 0);
    ged_raise(ged, GED_POWER_BUTTON);
    ged_reset(ged);
    ck_assert(!line);
    ged_free(ged);
    bus_free(bus);
}
END_TEST

Suite *ged_suite(void)
{
    Suite *s = suite_create("ged");
    TCase *tc = tcase_create("ged");

    tcase_add_test(tc, test_events);
    suite_add_tcase(s, tc);
    return s;
}
