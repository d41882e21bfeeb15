/*
 * See line_editor.h.
 *
 * Typing at the end of the line shows that character and nothing else, so
 * that programs which read the echo see what they sent; every other change
 * draws the whole line again.
 */
#include "ui/line_editor.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 4096
#define HISTORY 64

#define CTRL(c) ((c) & 0x1f)
#define DELETE 0x7f

struct line_editor {
    const char *prompt;
    const struct line_editor_calls *calls;
    void *opaque;

    char line[LINE_SIZE];
    size_t length, cursor;

    enum { PLAIN, ESCAPE, BRACKET } state; /* of a VT100 sequence */
    unsigned parameter;

    char *history[HISTORY]; /* the newest last */
    unsigned count, recalled; /* recalled == count: the line being typed */
    char typed[LINE_SIZE];
};

static void show(struct line_editor *e, const char *text)
{
    e->calls->show(e->opaque, text, strlen(text));
}

static void draw(struct line_editor *e)
{
    char back[32];

    show(e, "\r");
    show(e, e->prompt);
    show(e, e->line);
    show(e, "\033[K");
    if (e->cursor < e->length) {
        snprintf(back, sizeof(back), "\033[%zuD", e->length - e->cursor);
        show(e, back);
    }
}

static void set_line(struct line_editor *e, const char *text)
{
    snprintf(e->line, sizeof(e->line), "%s", text);
    e->length = e->cursor = strlen(e->line);
}

static void insert(struct line_editor *e, char c)
{
    if (e->length + 1 >= sizeof(e->line)) {
        return;
    }
    memmove(e->line + e->cursor + 1, e->line + e->cursor,
            e->length + 1 - e->cursor);
    e->line[e->cursor++] = c;
    e->length++;
    if (e->cursor == e->length) {
        e->calls->show(e->opaque, &c, 1);
    } else {
        draw(e);
    }
}

/* The characters from `from` up to `to`. */
static void erase(struct line_editor *e, size_t from, size_t to)
{
    bool last = from + 1 == to && to == e->length && e->cursor == to;

    if (from >= to) {
        return;
    }
    memmove(e->line + from, e->line + to, e->length + 1 - to);
    e->length -= to - from;
    e->cursor = from;
    if (last) {
        show(e, "\b \b");
    } else {
        draw(e);
    }
}

static size_t word_start(const struct line_editor *e)
{
    size_t at = e->cursor;

    while (at && e->line[at - 1] == ' ') {
        at--;
    }
    while (at && e->line[at - 1] != ' ') {
        at--;
    }
    return at;
}

static void move(struct line_editor *e, size_t to)
{
    e->cursor = to;
    draw(e);
}

/* -- earlier lines -------------------------------------------------------- */

static void remember(struct line_editor *e)
{
    if (e->length == 0 ||
        (e->count && strcmp(e->history[e->count - 1], e->line) == 0)) {
        return;
    }
    if (e->count == HISTORY) {
        free(e->history[0]);
        memmove(e->history, e->history + 1,
                (HISTORY - 1) * sizeof(e->history[0]));
        e->count--;
    }
    e->history[e->count] = strdup(e->line);
    assert(e->history[e->count]);
    e->count++;
}

static void recall(struct line_editor *e, unsigned which)
{
    if (which > e->count) {
        return;
    }
    if (e->recalled == e->count) {
        memcpy(e->typed, e->line, sizeof(e->typed));
    }
    e->recalled = which;
    set_line(e, which == e->count ? e->typed : e->history[which]);
    draw(e);
}

/* -- completion ----------------------------------------------------------- */

static void list_words(struct line_editor *e, size_t start, const char *word)
{
    const char *found;

    show(e, "\r\n");
    for (size_t n = 0; (found = e->calls->complete(e->opaque, e->line, start,
                                                   word, n)); n++) {
        show(e, found);
        show(e, "\r\n");
    }
    draw(e);
}

/* What all candidates share is typed; a second key shows them. */
static void complete(struct line_editor *e)
{
    size_t start = e->cursor, common = 0, length;
    char word[256];
    const char *first, *other;

    while (start && e->line[start - 1] != ' ') {
        start--;
    }
    length = e->cursor - start;
    if (!e->calls->complete || e->cursor != e->length ||
        length >= sizeof(word)) {
        return;
    }
    memcpy(word, e->line + start, length);
    word[length] = '\0';
    first = e->calls->complete(e->opaque, e->line, start, word, 0);
    if (!first) {
        return;
    }
    common = strlen(first);
    for (size_t n = 1; (other = e->calls->complete(e->opaque, e->line, start,
                                                   word, n)); n++) {
        size_t same = 0;
        while (same < common && other[same] == first[same]) {
            same++;
        }
        common = same;
    }
    bool only = !e->calls->complete(e->opaque, e->line, start, word, 1);
    if (common == length && !only) {
        list_words(e, start, word);
        return;
    }
    for (size_t n = length; n < common; n++) {
        insert(e, first[n]);
    }
    if (only) {
        insert(e, ' ');
    }
}

/* -- keys ----------------------------------------------------------------- */

static void enter(struct line_editor *e)
{
    char line[LINE_SIZE];

    remember(e);
    memcpy(line, e->line, sizeof(line));
    set_line(e, "");
    e->recalled = e->count;
    show(e, "\r\n");
    e->calls->line(e->opaque, line);
}

static void control(struct line_editor *e, uint8_t byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        enter(e);
        break;
    case '\b':
    case DELETE:
        erase(e, e->cursor ? e->cursor - 1 : 0, e->cursor);
        break;
    case '\t':
        complete(e);
        break;
    case CTRL('a'):
        move(e, 0);
        break;
    case CTRL('e'):
        move(e, e->length);
        break;
    case CTRL('d'):
        erase(e, e->cursor, e->cursor + (e->cursor < e->length));
        break;
    case CTRL('k'):
        erase(e, e->cursor, e->length);
        break;
    case CTRL('u'):
    case CTRL('c'):
        erase(e, 0, e->length);
        break;
    case CTRL('w'):
        erase(e, word_start(e), e->cursor);
        break;
    case CTRL('p'):
        recall(e, e->recalled - 1);
        break;
    case CTRL('n'):
        recall(e, e->recalled + 1);
        break;
    case 0x1b:
        e->state = ESCAPE;
        break;
    }
}

/* The last byte of ESC [ parameter byte, or of ESC O byte. */
static void sequence(struct line_editor *e, uint8_t byte)
{
    switch (byte == '~' ? e->parameter : byte) {
    case 'A':
        recall(e, e->recalled - 1);
        break;
    case 'B':
        recall(e, e->recalled + 1);
        break;
    case 'C':
        move(e, e->cursor + (e->cursor < e->length));
        break;
    case 'D':
        move(e, e->cursor - (e->cursor > 0));
        break;
    case 'H':
    case 1:
        move(e, 0);
        break;
    case 'F':
    case 4:
        move(e, e->length);
        break;
    case 3:
        erase(e, e->cursor, e->cursor + (e->cursor < e->length));
        break;
    }
}

void line_editor_key(struct line_editor *e, uint8_t byte)
{
    if (e->state == ESCAPE) {
        e->state = byte == '[' || byte == 'O' ? BRACKET : PLAIN;
        e->parameter = 0;
    } else if (e->state == BRACKET && byte >= '0' && byte <= '9') {
        e->parameter = (e->parameter * 10 + (byte - '0')) & 0xff;
    } else if (e->state == BRACKET && byte == ';') {
        e->parameter = 0;
    } else if (e->state == BRACKET) {
        e->state = PLAIN;
        sequence(e, byte);
    } else if (byte < ' ' || byte == DELETE) {
        control(e, byte);
    } else {
        insert(e, (char)byte);
    }
}

void line_editor_prompt(struct line_editor *e)
{
    set_line(e, "");
    e->recalled = e->count;
    e->state = PLAIN;
    show(e, e->prompt);
}

struct line_editor *line_editor_new(const char *prompt,
                                    const struct line_editor_calls *calls,
                                    void *opaque)
{
    struct line_editor *e = calloc(1, sizeof(*e));

    assert(e);
    e->prompt = prompt;
    e->calls = calls;
    e->opaque = opaque;
    return e;
}

void line_editor_free(struct line_editor *e)
{
    for (unsigned n = 0; n < e->count; n++) {
        free(e->history[n]);
    }
    free(e);
}
