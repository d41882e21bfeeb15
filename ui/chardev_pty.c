/*
 * A pseudo-terminal: we hold the master, whoever likes opens the other end
 * (screen, picocom, expect).
 *
 * While nobody has it open the master reports a hang-up: output is dropped,
 * and a timer looks whether someone came.
 */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "ui/chardev_fd.h"
#include "util/bits.h"
#include "util/clock.h"

#define LOOK_AGAIN_NS (NS_PER_SEC / 5)

struct chardev_pty {
    struct chardev chr;
    int fd;
    char name[64];
    bool connected;
    struct loop_timer *look;
    struct chardev_output *out;
    struct chardev_input *in;
};

static struct chardev_pty *from_chr(struct chardev *chr)
{
    return container_of(chr, struct chardev_pty, chr);
}

static size_t pty_write(struct chardev *chr, const uint8_t *data,
                        size_t length)
{
    return chardev_output_put(from_chr(chr)->out, data, length);
}

static void pty_accept_input(struct chardev *chr)
{
    chardev_input_resume(from_chr(chr)->in);
}

static void pty_set_connected(struct chardev_pty *s, bool connected)
{
    if (connected != s->connected) {
        chardev_tell(&s->chr, connected ? CHARDEV_OPENED : CHARDEV_CLOSED);
    }
    s->connected = connected;
}

static void pty_look(void *opaque)
{
    struct chardev_pty *s = opaque;
    struct pollfd p = {.fd = s->fd, .events = POLLIN};

    if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP)) {
        pty_set_connected(s, true);
        chardev_input_resume(s->in);
    } else {
        loop_timer_arm(s->look, clock_monotonic_ns() + LOOK_AGAIN_NS);
    }
}

static void pty_ended(struct chardev *chr)
{
    struct chardev_pty *s = from_chr(chr);

    pty_set_connected(s, false);
    loop_timer_arm(s->look, clock_monotonic_ns() + LOOK_AGAIN_NS);
}

static void pty_close(struct chardev *chr)
{
    struct chardev_pty *s = from_chr(chr);

    loop_timer_free(s->look);
    chardev_input_free(s->in);
    chardev_output_free(s->out);
    close(s->fd);
    free(s);
}

static const struct chardev_ops pty_ops = {
    .name = "pty",
    .announces = true,
    .write = pty_write,
    .accept_input = pty_accept_input,
    .close = pty_close,
};

/* Bytes as they are, and a first hang-up so that we know nobody is there. */
static void slave_prepare(const char *name)
{
    struct termios attr;
    int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0) {
        if (tcgetattr(fd, &attr) == 0) {
            cfmakeraw(&attr);
            tcsetattr(fd, TCSANOW, &attr);
        }
        close(fd);
    }
}

struct chardev *chardev_pty_open(const struct chardev_config *config,
                                 struct loop *loop, struct error **err)
{
    char name[64];
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || grantpt(fd) || unlockpt(fd) ||
        ptsname_r(fd, name, sizeof(name))) {
        error_set_errno(err, errno, "no pseudo-terminal");
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    slave_prepare(name);
    struct chardev_pty *s = calloc(1, sizeof(*s));
    assert(s);
    s->chr.ops = &pty_ops;
    s->fd = fd;
    snprintf(s->name, sizeof(s->name), "%s", name);
    s->look = loop_timer_new(loop, pty_look, s);
    s->out = chardev_output_new(fd, s->name, true);
    s->in = chardev_input_new(loop, fd, &s->chr, pty_ended);
    /* QEMU's words: tools look for them to learn the name. */
    fprintf(stderr, "char device redirected to %s (label %s)\n", name,
            config->id);
    return &s->chr;
}
