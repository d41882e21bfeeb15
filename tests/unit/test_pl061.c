/* hw/gpio: pl061 and the power key; no processor. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hw/gpio/gpio_keys.h"
#include "hw/gpio/pl061.h"
#include "softmmu/bus.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/loop.h"

Suite *pl061_suite(void);

#define BASE UINT64_C(0x09030000)

enum { DATA_ALL = 0x3fc, DIR = 0x400, IS = 0x404, IBE = 0x408, IEV = 0x40c,
       IE = 0x410, RIS = 0x414, MIS = 0x418, IC = 0x41c, AFSEL = 0x420,
       ID = 0xfe0 };

static struct bus *bus;
static struct pl061 *gpio;
static bool line;
static uint8_t outputs;

static void set_line(void *opaque, unsigned n, bool level)
{
    (void)opaque;
    (void)n;
    line = level;
}

static void set_output(void *opaque, unsigned n, bool level)
{
    (void)opaque;
    outputs = level ? outputs | 1u << n : outputs & ~(1u << n);
}

static void setup(void)
{
    line = false;
    outputs = 0;
    bus = bus_new();
    gpio = pl061_create(bus, BASE, (struct irq){set_line, NULL, 0});
    for (unsigned i = 0; i < PL061_LINES; i++) {
        pl061_connect_output(gpio, i, (struct irq){set_output, NULL, i});
    }
}

static void teardown(void)
{
    pl061_free(gpio);
    bus_free(bus);
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

static void drive(unsigned pin, bool level)
{
    struct irq wire = pl061_input(gpio, pin);

    irq_set(&wire, level);
}

START_TEST(test_registers)
{
    static const unsigned regs[] = {DIR, IS, IBE, IEV, IE, AFSEL};
    static const uint8_t ids[] = {0x61, 0x10, 4, 0, 0x0d, 0xf0, 5, 0xb1};

    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        ck_assert_uint_eq(rd(regs[i]), 0);
        wr(regs[i], 0xffffffff);
        ck_assert_uint_eq(rd(regs[i]), 0xff);
    }
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(rd(ID + 4 * i), ids[i]);
    }
    pl061_reset(gpio);
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        ck_assert_uint_eq(rd(regs[i]), 0);
    }
    ck_assert(!line);
}
END_TEST

START_TEST(test_data_mask)
{
    wr(DIR, 0x0f);
    wr(DATA_ALL, 0xff);
    ck_assert_uint_eq(outputs, 0x0f);
    ck_assert_uint_eq(rd(DATA_ALL), 0x0f);
    wr(0x3 << 2, 0); /* pins 0 and 1 only */
    ck_assert_uint_eq(outputs, 0x0c);
    drive(6, true);
    ck_assert_uint_eq(rd(DATA_ALL), 0x4c);
    ck_assert_uint_eq(rd(0x48 << 2), 0x48);
    ck_assert_uint_eq(rd(0x10 << 2), 0);
    wr(DIR, 0);
    ck_assert_uint_eq(outputs, 0);
    ck_assert_uint_eq(rd(DATA_ALL), 0x40);
}
END_TEST

START_TEST(test_edges)
{
    wr(IE, 8);
    wr(IEV, 8);
    drive(3, true);
    ck_assert(line);
    ck_assert_uint_eq(rd(RIS), 8);
    ck_assert_uint_eq(rd(MIS), 8);
    drive(3, false);
    ck_assert(line); /* latched */
    wr(IC, 8);
    ck_assert(!line);
    wr(IEV, 0); /* falling */
    drive(3, true);
    ck_assert(!line);
    drive(3, false);
    ck_assert(line);
    wr(IC, 8);
    wr(IBE, 8); /* both */
    drive(3, true);
    ck_assert(line);
    wr(IC, 8);
    drive(3, false);
    ck_assert(line);
    wr(IE, 0);
    ck_assert(!line);
    ck_assert_uint_eq(rd(RIS), 8);
}
END_TEST

START_TEST(test_levels)
{
    wr(IS, 1);
    wr(IEV, 1);
    wr(IE, 1);
    drive(0, true);
    ck_assert(line);
    wr(IC, 1);
    ck_assert(line); /* the level is still there */
    drive(0, false);
    ck_assert(!line);
    wr(IEV, 0);
    ck_assert(line); /* now low means interrupt */
}
END_TEST

static bool key_seen;
static uint64_t pressed_at;

static void key_edge(void *opaque, unsigned n, bool level)
{
    (void)n;
    key_seen |= level;
    if (key_seen && !level) {
        loop_stop(opaque, 0);
    }
}

START_TEST(test_power_key)
{
    struct loop *loop = loop_new();
    struct irq wire = {key_edge, loop, 0};
    struct gpio_keys *key = gpio_keys_create(wire, loop);

    key_seen = false;
    pressed_at = clock_monotonic_ns();
    gpio_keys_press(key);
    ck_assert(key_seen);
    loop_run(loop);
    ck_assert_uint_ge(clock_monotonic_ns() - pressed_at,
                      NS_PER_SEC / 1000 * 99);
    gpio_keys_free(key);
    loop_free(loop);
}
END_TEST

START_TEST(test_random_accesses)
{
    static const unsigned sizes[] = {1, 2, 4};
    unsigned seed = 61;

    for (unsigned i = 0; i < 200000; i++) {
        unsigned r = (unsigned)rand_r(&seed);
        uint64_t pa = BASE + (r & 8 ? 0x400 + (r >> 4) % 0x24
                                    : (r >> 4) % 0x1000);
        uint64_t value = (uint32_t)rand_r(&seed);
        switch (r >> 28 & 3) {
        case 0:
            bus_read(bus, pa, sizes[r % 3], 0, &value);
            break;
        case 1:
            drive(value % PL061_LINES, value & 0x100);
            break;
        default:
            bus_write(bus, pa, sizes[r % 3], 0, value);
            break;
        }
        ck_assert(line == ((rd(RIS) & rd(IE)) != 0));
        ck_assert_uint_eq(outputs, rd(DATA_ALL) & rd(DIR));
    }
}
END_TEST

Suite *pl061_suite(void)
{
    Suite *suite = suite_create("pl061");
    TCase *tc = tcase_create("pl061");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_registers);
    tcase_add_test(tc, test_data_mask);
    tcase_add_test(tc, test_edges);
    tcase_add_test(tc, test_levels);
    tcase_add_test(tc, test_power_key);
    tcase_add_test(tc, test_random_accesses);
    suite_add_tcase(suite, tc);
    return suite;
}
