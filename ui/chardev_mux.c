/*
 * Escape keys: the guest gets every key, control characters and all, so one
 * of them (Ctrl-A unless -echr says otherwise) announces a key for us.
 *
 * A second front end, the monitor, may sit beside the guest's: "c" turns to
 * the other one, output of both is shown.
 *
 * Input is taken from the back end even while the guest has no room, up to
 * FIFO_SIZE bytes: a guest that hangs must not keep us from seeing "x".
 *
 * Threads: input on the loop thread only; writes go straight through.
 */
#include "ui/chardev_mux.h"

#include <assert.h>
#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

#define FIFO_SIZE 4096

struct chardev_mux {
    struct chardev chr;     /* the guest's side */
    struct chardev monitor; /* the monitor's */
    bool on_monitor;
    struct chardev *back;
    struct loop *loop;
    uint8_t escape;
    const struct chardev_mux_calls *calls;
    void *opaque;

    bool escaped; /* the last byte was the escape character */
    atomic_bool posted;
    size_t first, count;
    uint8_t fifo[FIFO_SIZE];
};

struct key {
    char key;
    const char *help;
    void (*press)(struct chardev_mux *s);
};

static struct chardev_mux *from_chr(struct chardev *chr)
{
    return container_of(chr, struct chardev_mux, chr);
}

void chardev_mux_key_name(uint8_t escape, char name[16])
{
    if (escape < 0x20) {
        snprintf(name, 16, "Ctrl-%c", escape + '@');
    } else if (isgraph(escape)) {
        snprintf(name, 16, "%c", escape);
    } else {
        snprintf(name, 16, "0x%02x", escape);
    }
}

/* Never waits, as the loop thread must not; what does not fit is lost. */
static void say(struct chardev_mux *s, const char *text)
{
    s->back->ops->write(s->back, (const uint8_t *)text, strlen(text));
}

/* Keys ----------------------------------------------------------------- */

static void put(struct chardev_mux *s, uint8_t byte)
{
    if (s->on_monitor) {
        s->monitor.frontend->receive(s->monitor.device, &byte, 1);
    } else if (s->chr.frontend && s->count < FIFO_SIZE) {
        s->fifo[(s->first + s->count) % FIFO_SIZE] = byte;
        s->count++;
    }
}

static void press_quit(struct chardev_mux *s)
{
    say(s, "armature: terminated\r\n");
    s->calls->quit(s->opaque);
}

/* The terminal may be raw: its lines end with both. */
static void press_explain(struct chardev_mux *s)
{
    char *text = s->calls->explain ? s->calls->explain(s->opaque) : NULL;
    char *rest = text, *line;

    say(s, "\r\n");
    while (rest && (line = strsep(&rest, "\n"))) {
        if (*line || rest) {
            say(s, line);
            say(s, "\r\n");
        }
    }
    free(text);
}

static void press_break(struct chardev_mux *s)
{
    const struct chardev_frontend *fe = s->chr.frontend;

    if (fe && fe->event) {
        fe->event(s->chr.device, CHARDEV_BREAK);
    }
}

static void press_monitor(struct chardev_mux *s)
{
    const struct chardev_frontend *fe = s->monitor.frontend;

    if (!fe) {
        say(s, "\r\narmature: there is no monitor on this console; "
               "'-serial mon:stdio' has one\r\n");
        return;
    }
    s->on_monitor = !s->on_monitor;
    say(s, "\r\n");
    if (s->on_monitor) {
        fe->event(s->monitor.device, CHARDEV_FOCUS);
    }
}

static void press_help(struct chardev_mux *s);

static const struct key keys[] = {
    {'x', "quit", press_quit},
    {'h', "this list", press_help},
    {'d', "what the guest is doing, when it says nothing", press_explain},
    {'b', "send a break", press_break},
    {'c', "to the monitor, and back to the guest", press_monitor},
};

static void press_help(struct chardev_mux *s)
{
    char name[16], line[80];

    chardev_mux_key_name(s->escape, name);
    say(s, "\r\n");
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        snprintf(line, sizeof(line), "%s %-8c %s\r\n", name, keys[i].key,
                 keys[i].help);
        say(s, line);
    }
    snprintf(line, sizeof(line), "%s %-8s send %s to the guest\r\n", name,
             name, name);
    say(s, line);
}

static void take_byte(struct chardev_mux *s, uint8_t byte)
{
    if (!s->escaped) {
        if (byte == s->escape) {
            s->escaped = true;
        } else {
            put(s, byte);
        }
        return;
    }
    s->escaped = false;
    if (byte == s->escape) {
        put(s, byte);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (byte == keys[i].key) {
            keys[i].press(s);
            return;
        }
    }
    if (byte == '?') {
        press_help(s);
    }
}

/* Towards the guest ---------------------------------------------------- */

static void deliver(struct chardev_mux *s)
{
    const struct chardev_frontend *fe = s->chr.frontend;

    while (fe && s->count) {
        size_t room = fe->can_receive(s->chr.device);
        size_t piece = FIFO_SIZE - s->first;
        if (piece > s->count) {
            piece = s->count;
        }
        if (piece > room) {
            piece = room;
        }
        if (piece == 0) {
            return;
        }
        fe->receive(s->chr.device, s->fifo + s->first, piece);
        s->first = (s->first + piece) % FIFO_SIZE;
        s->count -= piece;
    }
}

static size_t mux_can_receive(void *device)
{
    struct chardev_mux *s = device;

    return FIFO_SIZE - s->count;
}

static void mux_receive(void *device, const uint8_t *data, size_t length)
{
    struct chardev_mux *s = device;

    for (size_t i = 0; i < length; i++) {
        take_byte(s, data[i]);
    }
    deliver(s);
}

static void mux_event(void *device, enum chardev_event event)
{
    struct chardev_mux *s = device;
    const struct chardev_frontend *fe = s->chr.frontend;

    if (fe && fe->event) {
        fe->event(s->chr.device, event);
    }
}

static const struct chardev_frontend mux_frontend = {
    .can_receive = mux_can_receive,
    .receive = mux_receive,
    .event = mux_event,
};

/* As a back end -------------------------------------------------------- */

static size_t mux_write(struct chardev *chr, const uint8_t *data,
                        size_t length)
{
    struct chardev *back = from_chr(chr)->back;

    return back->ops->write(back, data, length);
}

static void mux_resume(void *opaque)
{
    struct chardev_mux *s = opaque;

    atomic_store(&s->posted, false);
    bool was_full = s->count == FIFO_SIZE;
    deliver(s);
    if (was_full && s->count < FIFO_SIZE) {
        chardev_accept_input(s->back);
    }
}

static void mux_accept_input(struct chardev *chr)
{
    struct chardev_mux *s = from_chr(chr);

    if (!atomic_exchange(&s->posted, true)) {
        loop_post(s->loop, mux_resume, s);
    }
}

static void mux_close(struct chardev *chr)
{
    struct chardev_mux *s = from_chr(chr);

    chardev_close(s->back);
    free(s);
}

static const struct chardev_ops mux_ops = {
    .name = "mux",
    .write = mux_write,
    .accept_input = mux_accept_input,
    .close = mux_close,
};

static size_t monitor_write(struct chardev *chr, const uint8_t *data,
                            size_t length)
{
    struct chardev *back =
        container_of(chr, struct chardev_mux, monitor)->back;

    return back->ops->write(back, data, length);
}

/* Somebody is there now; without a guest it has the keys from the start. */
static void monitor_accept_input(struct chardev *chr)
{
    struct chardev_mux *s = container_of(chr, struct chardev_mux, monitor);

    if (!s->chr.frontend && !s->on_monitor) {
        s->on_monitor = true;
        chr->frontend->event(chr->device, CHARDEV_FOCUS);
    }
}

/* A session begins when the user turns to it. */
static const struct chardev_ops monitor_ops = {
    .name = "mux",
    .announces = true,
    .write = monitor_write,
    .accept_input = monitor_accept_input,
};

struct chardev *chardev_mux_monitor(struct chardev *mux)
{
    return &from_chr(mux)->monitor;
}

struct chardev *chardev_mux_back(struct chardev *chr)
{
    return chr->ops == &mux_ops ? from_chr(chr)->back : chr;
}

struct chardev *chardev_mux_new(struct chardev *back, struct loop *loop,
                                uint8_t escape,
                                const struct chardev_mux_calls *calls,
                                void *opaque)
{
    struct chardev_mux *s = calloc(1, sizeof(*s));

    assert(s);
    s->chr.ops = &mux_ops;
    s->chr.id = s->monitor.id = back->id;
    s->monitor.ops = &monitor_ops;
    s->back = back;
    s->loop = loop;
    s->escape = escape;
    s->calls = calls;
    s->opaque = opaque;
    chardev_attach(back, &mux_frontend, s);
    return &s->chr;
}
