/* hw/char/pl011: registers, FIFO, interrupts; no processor. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hw/char/pl011.h"
#include "softmmu/bus.h"
#include "util/bits.h"

Suite *pl011_suite(void);

#define BASE UINT64_C(0x09000000)

enum {
    DR = 0x00, RSR = 0x04, FR = 0x18, ILPR = 0x20, IBRD = 0x24, FBRD = 0x28,
    LCR_H = 0x2c, CR = 0x30, IFLS = 0x34, IMSC = 0x38, RIS = 0x3c,
    MIS = 0x40, ICR = 0x44, DMACR = 0x48, ID = 0xfe0,
};
enum { RXFE = 0x10, RXFF = 0x40, TXFE = 0x80 };
enum { RX = 0x10, TX = 0x20, RT = 0x40, BE = 0x200, OE = 0x400 };
enum { FEN = 0x10, UARTEN = 1, LBE = 0x80, TXE = 0x100, RXE = 0x200 };

/* A back end that collects what it gets. */
struct capture {
    struct chardev chr;
    uint8_t data[64];
    size_t length;
    unsigned accepts;
};

static size_t capture_write(struct chardev *chr, const uint8_t *data,
                            size_t length)
{
    struct capture *c = container_of(chr, struct capture, chr);

    for (size_t i = 0; i < length; i++) {
        c->data[c->length++ % sizeof(c->data)] = data[i];
    }
    return length;
}

static void capture_accept(struct chardev *chr)
{
    container_of(chr, struct capture, chr)->accepts++;
}

static const struct chardev_ops capture_ops = {
    .name = "capture", .write = capture_write,
    .accept_input = capture_accept,
};

static struct bus *bus;
static struct pl011 *uart;
static struct capture far_end;
static bool line;

static void set_line(void *opaque, unsigned n, bool level)
{
    (void)opaque;
    (void)n;
    line = level;
}

static void setup(void)
{
    memset(&far_end, 0, sizeof(far_end));
    far_end.chr.ops = &capture_ops;
    line = false;
    bus = bus_new();
    uart = pl011_create(bus, BASE, (struct irq){set_line, NULL, 0},
                        &far_end.chr);
}

static void teardown(void)
{
    pl011_free(uart);
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

/* As a well-behaved back end: never more than there is room for. */
static size_t type(const char *text)
{
    const struct chardev_frontend *fe = far_end.chr.frontend;
    size_t length = strlen(text), room = fe->can_receive(uart);

    length = length < room ? length : room;
    if (length) {
        fe->receive(uart, (const uint8_t *)text, length);
    }
    return length;
}

START_TEST(test_reset_values)
{
    static const struct { unsigned reg; uint32_t value; } rows[] = {
        {RSR, 0}, {FR, TXFE | RXFE}, {ILPR, 0}, {IBRD, 0}, {FBRD, 0},
        {LCR_H, 0}, {CR, TXE | RXE}, {IFLS, 0x12}, {IMSC, 0}, {RIS, 0},
        {MIS, 0}, {DMACR, 0},
        {ID, 0x11}, {ID + 4, 0x10}, {ID + 8, 0x14}, {ID + 12, 0},
        {ID + 16, 0x0d}, {ID + 20, 0xf0}, {ID + 24, 0x05}, {ID + 28, 0xb1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_uint_eq(rd(rows[i].reg), rows[i].value);
    }
    for (unsigned reg = 0; reg < 0x1000; reg += 4) {
        wr(reg, 0xffffffff);
    }
    pl011_reset(uart);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_uint_eq(rd(rows[i].reg), rows[i].value);
    }
    ck_assert(!line);
}
END_TEST

START_TEST(test_register_widths)
{
    static const struct { unsigned reg; uint32_t mask; } rows[] = {
        {ILPR, 0xff}, {IBRD, 0xffff}, {FBRD, 0x3f}, {LCR_H, 0xff},
        {CR, 0xff87}, {IFLS, 0x3f}, {IMSC, 0x7ff}, {DMACR, 7},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        wr(rows[i].reg, 0xffffffff);
        ck_assert_uint_eq(rd(rows[i].reg), rows[i].mask);
        wr(rows[i].reg, 0);
        ck_assert_uint_eq(rd(rows[i].reg), 0);
    }
}
END_TEST

START_TEST(test_transmit)
{
    wr(CR, UARTEN | TXE | RXE);
    wr(DR, 'h');
    ck_assert(bus_write(bus, BASE + DR, 1, 0, 'i'));
    ck_assert(bus_write(bus, BASE + DR, 2, 0, '!'));
    ck_assert_uint_eq(far_end.length, 3);
    ck_assert(memcmp(far_end.data, "hi!", 3) == 0);
    ck_assert_uint_eq(rd(FR), TXFE | RXFE);
    /* The level was passed: raw interrupt, then the line when unmasked. */
    ck_assert_uint_eq(rd(RIS), TX);
    ck_assert(!line);
    wr(IMSC, TX);
    ck_assert(line);
    ck_assert_uint_eq(rd(MIS), TX);
    wr(ICR, TX);
    ck_assert(!line);
    wr(DR, 'x');
    ck_assert(line);
    /* A transmitter that is off still prints, as on QEMU. */
    wr(CR, 0);
    wr(DR, 'y');
    ck_assert_uint_eq(far_end.length, 5);
}
END_TEST

START_TEST(test_receive_no_fifo)
{
    wr(IMSC, RX | RT);
    ck_assert_uint_eq(type("ab"), 1);
    ck_assert(line);
    ck_assert_uint_eq(rd(RIS), RX);
    ck_assert_uint_eq(rd(FR), TXFE | RXFF);
    ck_assert_uint_eq(type("b"), 0);
    unsigned accepts = far_end.accepts;
    ck_assert_uint_eq(rd(DR), 'a');
    ck_assert_uint_eq(far_end.accepts, accepts + 1);
    ck_assert(!line);
    ck_assert_uint_eq(rd(FR), TXFE | RXFE);
    ck_assert_uint_eq(rd(DR), 0);
}
END_TEST

START_TEST(test_receive_levels)
{
    static const unsigned levels[] = {2, 4, 8, 12, 14};

    wr(LCR_H, FEN);
    for (unsigned i = 0; i < ARRAY_SIZE(levels); i++) {
        wr(IFLS, i << 3);
        for (unsigned n = 1; n < levels[i]; n++) {
            type("x");
            ck_assert_uint_eq(rd(RIS), RT);
        }
        type("x");
        ck_assert_uint_eq(rd(RIS), RT | RX);
        rd(DR);
        ck_assert_uint_eq(rd(RIS), RT);
        while (!(rd(FR) & RXFE)) {
            rd(DR);
        }
        ck_assert_uint_eq(rd(RIS), 0);
    }
}
END_TEST

START_TEST(test_receive_full)
{
    wr(LCR_H, FEN);
    ck_assert_uint_eq(type("0123456789abcdefXYZ"), 16);
    ck_assert_uint_eq(rd(FR), TXFE | RXFF);
    unsigned accepts = far_end.accepts;
    ck_assert_uint_eq(rd(DR), '0');
    ck_assert_uint_eq(rd(DR), '1');
    ck_assert_uint_eq(far_end.accepts, accepts + 1);
    ck_assert_uint_eq(type("XYZ"), 2);
    for (const char *p = "23456789abcdefXY"; *p; p++) {
        ck_assert_uint_eq(rd(DR), (uint8_t)*p);
    }
    ck_assert_uint_eq(rd(FR), TXFE | RXFE);
}
END_TEST

START_TEST(test_timeout_cleared)
{
    wr(LCR_H, FEN);
    wr(IMSC, RT);
    type("a");
    ck_assert(line);
    wr(ICR, RT);
    ck_assert(!line);
    ck_assert_uint_eq(rd(DR), 'a');
    /* Changing FEN empties the FIFO. */
    type("bc");
    wr(LCR_H, 0);
    ck_assert_uint_eq(rd(FR), TXFE | RXFE);
    ck_assert(!line);
}
END_TEST

START_TEST(test_break)
{
    wr(LCR_H, FEN);
    wr(IMSC, BE);
    far_end.chr.frontend->event(uart, CHARDEV_BREAK);
    ck_assert(line);
    ck_assert_uint_eq(rd(DR), 0x400);
    ck_assert_uint_eq(rd(RSR), 4);
    wr(RSR, 0);
    ck_assert_uint_eq(rd(RSR), 0);
    wr(ICR, BE);
    ck_assert(!line);
}
END_TEST

START_TEST(test_loopback)
{
    wr(LCR_H, FEN);
    wr(CR, UARTEN | TXE | RXE | LBE);
    ck_assert_uint_eq(type("z"), 0);
    for (unsigned i = 0; i < 17; i++) {
        wr(DR, 'A' + i);
    }
    ck_assert_uint_eq(rd(RIS), RX | TX | RT | OE);
    for (unsigned i = 0; i < 15; i++) {
        ck_assert_uint_eq(rd(DR), 'A' + i);
    }
    ck_assert_uint_eq(rd(DR), 0x800 | 'P'); /* what followed was lost */
    ck_assert_uint_eq(rd(RSR), 8);
    /* RTS, DTR, OUT1, OUT2 appear as CTS, DSR, DCD, RI. */
    wr(ICR, 0x7ff);
    wr(CR, UARTEN | TXE | RXE | LBE | 0x3c00);
    ck_assert_uint_eq(rd(FR), TXFE | RXFE | 0x107);
    ck_assert_uint_eq(rd(RIS), 0xf);
    unsigned accepts = far_end.accepts;
    wr(CR, UARTEN | TXE | RXE);
    ck_assert_uint_eq(far_end.accepts, accepts + 1);
    ck_assert_uint_eq(type("z"), 1);
}
END_TEST

START_TEST(test_odd_accesses)
{
    uint64_t value;

    ck_assert(bus_read(bus, BASE + IFLS, 1, 0, &value));
    ck_assert_uint_eq(value, 0x12);
    wr(IBRD, 0x1234);
    ck_assert(bus_read(bus, BASE + IBRD + 1, 1, 0, &value));
    ck_assert_uint_eq(value, 0x12);
    ck_assert(bus_write(bus, BASE + IBRD + 1, 1, 0, 0xff));
    ck_assert_uint_eq(rd(IBRD), 0x1234);
    ck_assert(!bus_read(bus, BASE, 8, 0, &value));
    ck_assert_uint_eq(rd(0x800), 0);
    wr(0x800, 1);
    wr(FR, 0);
}
END_TEST

START_TEST(test_no_back_end)
{
    struct bus *b = bus_new();
    struct pl011 *s = pl011_create(b, BASE, (struct irq){0}, NULL);
    uint64_t value;

    ck_assert(bus_write(b, BASE + DR, 4, 0, 'x'));
    ck_assert(bus_read(b, BASE + DR, 4, 0, &value));
    ck_assert_uint_eq(value, 0);
    pl011_reset(s);
    pl011_free(s);
    bus_free(b);
}
END_TEST

/* Whatever the guest does, the line is RIS & IMSC and nothing breaks. */
START_TEST(test_random_accesses)
{
    static const unsigned sizes[] = {1, 2, 4};
    unsigned seed = 11;

    for (unsigned i = 0; i < 200000; i++) {
        unsigned r = (unsigned)rand_r(&seed);
        unsigned size = sizes[r % 3];
        uint64_t pa = BASE + ((r >> 4) % (r & 8 ? 0x50 : 0x1000));
        uint64_t value = (uint32_t)rand_r(&seed) >> (r >> 24 & 15);
        switch (r >> 28 & 3) {
        case 0:
            bus_read(bus, pa, size, 0, &value);
            break;
        case 1:
            type("random input from the far end");
            break;
        default:
            bus_write(bus, pa, size, 0, value);
            break;
        }
        ck_assert(line == ((rd(RIS) & rd(IMSC)) != 0));
        ck_assert_uint_eq(rd(MIS), rd(RIS) & rd(IMSC));
    }
}
END_TEST

Suite *pl011_suite(void)
{
    Suite *suite = suite_create("pl011");
    TCase *tc = tcase_create("pl011");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_reset_values);
    tcase_add_test(tc, test_register_widths);
    tcase_add_test(tc, test_transmit);
    tcase_add_test(tc, test_receive_no_fifo);
    tcase_add_test(tc, test_receive_levels);
    tcase_add_test(tc, test_receive_full);
    tcase_add_test(tc, test_timeout_cleared);
    tcase_add_test(tc, test_break);
    tcase_add_test(tc, test_loopback);
    tcase_add_test(tc, test_odd_accesses);
    tcase_add_test(tc, test_no_back_end);
    tcase_add_test(tc, test_random_accesses);
    suite_add_tcase(suite, tc);
    return suite;
}
