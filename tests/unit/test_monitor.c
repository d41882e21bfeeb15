/* The monitor: the line being typed, words, expressions, focus. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ui/chardev_mux.h"
#include "ui/line_editor.h"
#include "ui/monitor.h"

Suite *monitor_suite(void);

/* -- the editor ----------------------------------------------------------- */

static char shown[65536], line[4096];
static unsigned lines;

static void on_show(void *opaque, const char *data, size_t length)
{
    size_t used = strlen(shown);

    (void)opaque;
    ck_assert_uint_lt(used + length, sizeof(shown));
    memcpy(shown + used, data, length);
    shown[used + length] = '\0';
}

static void on_line(void *opaque, const char *text)
{
    (void)opaque;
    snprintf(line, sizeof(line), "%s", text);
    lines++;
}

static const char *on_complete(void *opaque, const char *text, size_t start,
                               const char *word, size_t n)
{
    static const char *const words[] = {"stop", "status", "quit", NULL};

    (void)opaque, (void)text, (void)start;
    for (const char *const *w = words; *w; w++) {
        if (strncmp(*w, word, strlen(word)) == 0 && n-- == 0) {
            return *w;
        }
    }
    return NULL;
}

static const struct line_editor_calls calls = {on_show, on_line, on_complete};

static void type(struct line_editor *e, const char *keys)
{
    while (*keys) {
        line_editor_key(e, (uint8_t)*keys++);
    }
}

/* The line that comes of typing this. */
static const char *typed(struct line_editor *e, const char *keys)
{
    shown[0] = '\0';
    lines = 0;
    type(e, keys);
    type(e, "\r");
    ck_assert_uint_eq(lines, 1);
    return line;
}

START_TEST(test_editing)
{
    struct line_editor *e = line_editor_new("> ", &calls, NULL);

    line_editor_prompt(e);
    ck_assert_str_eq(typed(e, "info"), "info");
    ck_assert_str_eq(shown, "info\r\n"); /* nothing but the echo */
    ck_assert_str_eq(typed(e, "abc\177d"), "abd");
    ck_assert_str_eq(typed(e, "abc\033[D\033[Dx"), "axbc");
    ck_assert_str_eq(typed(e, "bc\001a\005d"), "abcd");
    ck_assert_str_eq(typed(e, "abc\033[H\033[3~"), "bc");
    ck_assert_str_eq(typed(e, "one two\027x"), "one x");
    ck_assert_str_eq(typed(e, "one\025two"), "two");
    ck_assert_str_eq(typed(e, "one\001\013"), "");
    ck_assert_str_eq(typed(e, "\177\033[D\033[C\033[3~\004a"), "a");
    line_editor_free(e);
}
END_TEST

START_TEST(test_history)
{
    struct line_editor *e = line_editor_new("> ", &calls, NULL);

    line_editor_prompt(e);
    ck_assert_str_eq(typed(e, "\033[A\033[Bfirst"), "first");
    ck_assert_str_eq(typed(e, "second"), "second");
    ck_assert_str_eq(typed(e, "\033[A\033[A"), "first");
    ck_assert_str_eq(typed(e, "mine\033[A\033[B"), "mine");
    for (int i = 0; i < 200; i++) {
        char text[16];
        snprintf(text, sizeof(text), "n%d", i);
        typed(e, text);
    }
    ck_assert_str_eq(typed(e, "\020\020"), "n198");
    line_editor_free(e);
}
END_TEST

START_TEST(test_completion)
{
    struct line_editor *e = line_editor_new("> ", &calls, NULL);

    line_editor_prompt(e);
    ck_assert_str_eq(typed(e, "q\t"), "quit ");
    ck_assert_str_eq(typed(e, "s\t"), "st");
    ck_assert_str_eq(typed(e, "st\to\t"), "stop ");
    ck_assert_ptr_nonnull(strstr(shown, "status\r\n"));
    ck_assert_str_eq(typed(e, "zz\t"), "zz");
    line_editor_free(e);
}
END_TEST

/* No more than the line holds, and no harm from any byte. */
START_TEST(test_hostile)
{
    struct line_editor *e = line_editor_new("> ", &calls, NULL);
    unsigned seed = 1;

    line_editor_prompt(e);
    for (int i = 0; i < 10000; i++) {
        shown[0] = '\0';
        line_editor_key(e, 'x');
    }
    shown[0] = '\0';
    type(e, "\r");
    ck_assert_uint_lt(strlen(line), 4096);
    for (int i = 0; i < 200000; i++) {
        seed = seed * 1103515245 + 12345;
        shown[0] = '\0';
        line_editor_key(e, (uint8_t)(seed >> 16));
    }
    line_editor_free(e);
}
END_TEST

/* -- commands ------------------------------------------------------------- */

static unsigned quits;
static struct options options;

static void on_quit(void *opaque)
{
    (void)opaque;
    quits++;
}

static struct chardev *no_chardev(void *opaque, const char *id)
{
    (void)opaque, (void)id;
    return NULL;
}

static const struct monitor_env env = {
    .options = &options, .find_chardev = no_chardev, .quit = on_quit,
};

static size_t fake_write(struct chardev *chr, const uint8_t *data,
                         size_t length)
{
    (void)chr;
    on_show(NULL, (const char *)data, length);
    return length;
}

static void fake_close(struct chardev *chr)
{
    chr->frontend = NULL;
}

static const struct chardev_ops fake_ops = {
    .name = "fake", .write = fake_write, .close = fake_close,
};
static struct chardev fake;

static struct monitor *new_monitor(void)
{
    shown[0] = '\0';
    quits = 0;
    fake = (struct chardev){.ops = &fake_ops, .id = "fake"};
    return monitor_new(&fake, &env);
}

static void feed(const char *keys)
{
    fake.frontend->receive(fake.device, (const uint8_t *)keys,
                           strlen(keys));
}

static void expect(struct monitor *m, const char *command, const char *want)
{
    char *got = monitor_run(m, command);

    ck_assert_msg(strstr(got, want), "'%s' says '%s', not '%s'", command, got,
                  want);
    free(got);
}

START_TEST(test_session)
{
    struct monitor *m = new_monitor();

    ck_assert_ptr_nonnull(strstr(shown, "monitor - type 'help'"));
    ck_assert_ptr_nonnull(strstr(shown, "\r\n(qemu) "));
    shown[0] = '\0';
    feed("print 6*7\r\n");
    ck_assert_str_eq(shown, "print 6*7\r\n0x2a\r\n(qemu) ");
    feed("quit\n");
    ck_assert_uint_eq(quits, 1);
    monitor_free(m);
}
END_TEST

START_TEST(test_commands)
{
    struct monitor *m = new_monitor();

    expect(m, "frobnicate", "unknown command: 'frobnicate'");
    expect(m, "  ", "");
    expect(m, "info status", "there is no machine");
    expect(m, "stop", "there is no machine");
    expect(m, "savevm x", "not supported yet");
    expect(m, "info nothing", "unknown item");
    expect(m, "info version", "8.2.0");
    expect(m, "info", "info registers");
    expect(m, "help x", "virtual address");
    expect(m, "quit now", "expected 'quit'");
    expect(m, "log \"unclosed", "quote is not closed");
    expect(m, "log a b c d e f g h i", "more than 8 words");
    expect(m, "ringbuf_read r 1", "there is no 'r'");
    monitor_free(m);
}
END_TEST

START_TEST(test_expressions)
{
    static const char *const cases[][2] = {
        {"p 1 + 2 * 3", "0x7\n"}, {"p (1 + 2) * 3", "0x9\n"},
        {"p/d -5", "-5\n"},       {"p /u 0x10", "16\n"},
        {"p ~0", "0xffffffffffffffff\n"}, {"p 7 % 4 | 0x10", "0x13\n"},
        {"p 'A'", "0x41\n"},      {"p 010", "0x8\n"},
        {"p 6 ^ 3 & 1", "0x1\n"}, {"p 1 / 0", "division by zero"},
        {"p (1", "')' expected"}, {"p 1 +", "unexpected end"},
        {"p 12abc", "invalid"},   {"p $x99", "unknown register '$x99'"},
        {"p 99999999999999999999", "invalid"},
    };
    struct monitor *m = new_monitor();
    char deep[512] = "p ";

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(m, cases[i][0], cases[i][1]);
    }
    memset(deep + 2, '(', 500);
    expect(m, deep, "nested too deeply");
    monitor_free(m);
}
END_TEST

/* -- beside a guest ------------------------------------------------------- */

static char guest[64];

static size_t guest_room(void *device)
{
    (void)device;
    return 64;
}

static void guest_receive(void *device, const uint8_t *data, size_t length)
{
    (void)device;
    strncat(guest, (const char *)data, length);
}

START_TEST(test_focus)
{
    static const struct chardev_frontend fe = {guest_room, guest_receive,
                                               NULL};
    static const struct chardev_mux_calls mux_calls = {on_quit, NULL};
    struct loop *loop = loop_new();

    fake = (struct chardev){.ops = &fake_ops, .id = "fake"};
    shown[0] = guest[0] = '\0';
    struct chardev *mux =
        chardev_mux_new(&fake, loop, CHARDEV_MUX_ESCAPE, &mux_calls, NULL);
    chardev_attach(mux, &fe, NULL);
    struct monitor *m = monitor_new(chardev_mux_monitor(mux), &env);
    ck_assert_str_eq(shown, ""); /* the console is the guest's */
    feed("a\001cp 1\r\001cb");
    ck_assert_str_eq(guest, "ab");
    ck_assert_ptr_nonnull(strstr(shown, "monitor - type 'help'"));
    ck_assert_ptr_nonnull(strstr(shown, "p 1\r\n0x1\r\n(qemu) "));
    monitor_free(m);
    chardev_close(mux);
    loop_free(loop);
}
END_TEST

Suite *monitor_suite(void)
{
    Suite *s = suite_create("monitor");
    TCase *tc = tcase_create("monitor");

    tcase_add_test(tc, test_editing);
    tcase_add_test(tc, test_history);
    tcase_add_test(tc, test_completion);
    tcase_add_test(tc, test_hostile);
    tcase_add_test(tc, test_session);
    tcase_add_test(tc, test_commands);
    tcase_add_test(tc, test_expressions);
    tcase_add_test(tc, test_focus);
    suite_add_tcase(s, tc);
    return s;
}
