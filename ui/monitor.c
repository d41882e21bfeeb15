/*
 * The monitor's line: prompt, words, the command, its output.
 *
 * Greeting, prompt and the words of commands and answers are those that
 * programs wait for.  A session begins when somebody connects, or with the
 * first switch to the monitor on a console that it shares with the guest.
 */
#include "ui/monitor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ui/line_editor.h"
#include "ui/monitor_internal.h"

#define PROMPT "(qemu) "

/* -- words ---------------------------------------------------------------- */

/* Splits `text` in place. */
static bool split(char *text, struct monitor_args *args, struct error **err)
{
    char *to = text;

    args->count = 0;
    for (;;) {
        text += strspn(text, " \t");
        if (!*text) {
            return true;
        }
        if (args->count == MONITOR_ARGS) {
            error_set(err, "more than %d words", MONITOR_ARGS);
            return false;
        }
        args->item[args->count++] = to;
        bool quoted = false;
        for (; *text && (quoted || (*text != ' ' && *text != '\t')); text++) {
            if (*text == '"') {
                quoted = !quoted;
            } else {
                text += *text == '\\' && text[1];
                *to++ = *text;
            }
        }
        if (quoted) {
            error_set(err, "the quote is not closed");
            return false;
        }
        text += *text != '\0';
        *to++ = '\0';
    }
}

const struct monitor_command *monitor_find(const struct monitor_command *rows,
                                           const char *name)
{
    for (; rows->name; rows++) {
        if (strcmp(rows->name, name) == 0 ||
            (rows->alias && strcmp(rows->alias, name) == 0)) {
            return rows;
        }
    }
    return NULL;
}

void monitor_list(const struct monitor_command *rows, const char *prefix,
                  FILE *out)
{
    for (; rows->name; rows++) {
        if (rows->help) {
            fprintf(out, "%s%s%s%s%s%s -- %s\n", prefix, rows->name,
                    rows->alias ? "|" : "", rows->alias ? rows->alias : "",
                    *rows->params ? " " : "", rows->params, rows->help);
        }
    }
}

/* -- one line ------------------------------------------------------------- */

static bool run_command(struct monitor *m, const struct monitor_command *row,
                        const struct monitor_args *args, FILE *out,
                        struct error **err)
{
    if (!row->run) {
        error_set(err, "'%s' is not supported yet", row->name);
        return false;
    }
    if (row->needs_machine && !m->env->machine) {
        error_set(err, "'%s': there is no machine (-machine none)",
                  row->name);
        return false;
    }
    if (args->count < row->min || args->count > row->max) {
        error_set(err, "%s: expected '%s%s%s'", row->name, row->name,
                  *row->params ? " " : "", row->params);
        return false;
    }
    return row->run(m, args, out, err);
}

/* "x/4xw 0" has its format in the name's word, "x /4xw 0" in the next. */
static char *cut_format(char *line)
{
    size_t length = strcspn(line, " \t/");
    char *slash = line + length + strspn(line + length, " \t"), *format = NULL;

    if (*slash == '/') {
        format = slash + 1;
        memset(line + length, ' ', (size_t)(slash - line) - length + 1);
        char *end = format + strcspn(format, " \t");
        format = strndup(format, (size_t)(end - format));
        assert(format);
        memset(slash, ' ', (size_t)(end - slash));
    }
    return format;
}

static bool run_line(struct monitor *m, const char *text, FILE *out,
                     struct error **err)
{
    struct monitor_args args = {0};
    char *line = strdup(text + strspn(text, " \t"));
    bool good = true;

    assert(line);
    char *format = cut_format(line);
    char *rest = line + strcspn(line, " \t");
    char *kept = strdup(rest + strspn(rest, " \t"));
    char *name = strndup(line, (size_t)(rest - line));
    assert(kept && name);
    const struct monitor_command *row = monitor_find(monitor_commands, name);
    args.format = format;
    args.rest = kept;
    if (*name && !row) {
        fprintf(out, "unknown command: '%s'\n", name);
    } else if (*name) {
        good = split(rest, &args, err) && run_command(m, row, &args, out, err);
    }
    free(format);
    free(kept);
    free(name);
    free(line);
    return good;
}

char *monitor_run(struct monitor *m, const char *line)
{
    struct error *err = NULL;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert(out);
    if (!run_line(m, line, out, &err)) {
        fprintf(out, "Error: %s\n", err->message);
        error_free(err);
    }
    fclose(out);
    return text;
}

/* -- the session ---------------------------------------------------------- */

/* Never waits, as the loop thread must not: what a reader leaves lying until
 * the back end's buffer is full is lost. */
static void show(void *opaque, const char *data, size_t length)
{
    struct monitor *m = opaque;

    m->chr->ops->write(m->chr, (const uint8_t *)data, length);
}

/* Terminals want both. */
static void show_text(struct monitor *m, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");

        show(m, text, length);
        text += length;
        if (*text) {
            show(m, "\r\n", 2);
            text++;
        }
    }
}

static void on_line(void *opaque, const char *line)
{
    struct monitor *m = opaque;
    char *text = monitor_run(m, line);

    show_text(m, text);
    free(text);
    line_editor_prompt(m->editor);
}

static const char *complete(void *opaque, const char *line, size_t start,
                            const char *word, size_t n)
{
    const struct monitor_command *rows = monitor_commands;

    (void)opaque;
    if (start > 0) {
        bool info = strncmp(line, "info ", 5) == 0 && start == 5;
        bool help = strncmp(line, "help ", 5) == 0 && start == 5;
        if (!info && !help) {
            return NULL;
        }
        rows = info ? monitor_infos : monitor_commands;
    }
    for (; rows->name; rows++) {
        if (rows->run && strncmp(rows->name, word, strlen(word)) == 0 &&
            n-- == 0) {
            return rows->name;
        }
    }
    return NULL;
}

static const struct line_editor_calls editor_calls = {show, on_line,
                                                      complete};

static void greet(struct monitor *m)
{
    if (!m->greeted) {
        show_text(m, "QEMU 8.2.0 monitor - type 'help' for more "
                     "information\n");
        m->greeted = true;
    }
    line_editor_prompt(m->editor);
}

static size_t can_receive(void *device)
{
    (void)device;
    return 4096;
}

/* CR, LF or both end a line. */
static void receive(void *device, const uint8_t *data, size_t length)
{
    struct monitor *m = device;

    for (size_t n = 0; n < length; n++) {
        if (data[n] != '\n' || !m->after_return) {
            line_editor_key(m->editor, data[n]);
        }
        m->after_return = data[n] == '\r';
    }
}

static void on_event(void *device, enum chardev_event event)
{
    struct monitor *m = device;

    if (event == CHARDEV_OPENED) {
        m->greeted = false;
    }
    if (event == CHARDEV_OPENED || event == CHARDEV_FOCUS) {
        greet(m);
    }
}

static const struct chardev_frontend frontend = {can_receive, receive,
                                                 on_event};

struct monitor *monitor_new(struct chardev *chr,
                            const struct monitor_env *env)
{
    struct monitor *m = calloc(1, sizeof(*m));

    assert(m);
    m->chr = chr;
    m->env = env;
    m->format = 'x';
    m->size = 4;
    m->editor = line_editor_new(PROMPT, &editor_calls, m);
    chardev_attach(chr, &frontend, m);
    if (!chr->ops->announces) {
        greet(m);
    }
    return m;
}

void monitor_free(struct monitor *m)
{
    if (m) {
        line_editor_free(m->editor);
        free(m);
    }
}

/* -- what commands share -------------------------------------------------- */

bool monitor_hold(struct monitor *m)
{
    bool running = m->env->machine->state == MACHINE_RUNNING;

    if (running) {
        machine_stop(m->env->machine);
    }
    return running;
}

void monitor_release(struct monitor *m, bool was_running)
{
    if (was_running) {
        machine_start(m->env->machine);
    }
}
