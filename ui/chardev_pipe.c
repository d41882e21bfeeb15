/*
 * Named pipes: FILE.in is read and FILE.out written, or FILE is both, when
 * those do not exist.
 *
 * Each is opened for reading and writing, so that we neither wait for the
 * other end nor see the end of the file when it goes.
 */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ui/chardev_fd.h"
#include "util/bits.h"

struct chardev_pipe {
    struct chardev chr;
    int in_fd, out_fd; /* may be one */
    struct chardev_output *out;
    struct chardev_input *in;
};

static struct chardev_pipe *from_chr(struct chardev *chr)
{
    return container_of(chr, struct chardev_pipe, chr);
}

static size_t pipe_write(struct chardev *chr, const uint8_t *data,
                         size_t length)
{
    return chardev_output_put(from_chr(chr)->out, data, length);
}

static void pipe_accept_input(struct chardev *chr)
{
    chardev_input_resume(from_chr(chr)->in);
}

static void pipe_ended(struct chardev *chr)
{
    chardev_tell(chr, CHARDEV_CLOSED);
}

static void pipe_close(struct chardev *chr)
{
    struct chardev_pipe *s = from_chr(chr);

    chardev_input_free(s->in);
    chardev_output_free(s->out);
    close(s->in_fd);
    if (s->out_fd != s->in_fd) {
        close(s->out_fd);
    }
    free(s);
}

static const struct chardev_ops pipe_ops = {
    .name = "pipe",
    .write = pipe_write,
    .accept_input = pipe_accept_input,
    .close = pipe_close,
};

static int open_end(const char *path, const char *suffix)
{
    char name[PATH_MAX];

    snprintf(name, sizeof(name), "%s%s", path, suffix);
    return open(name, O_RDWR | O_CLOEXEC | O_NOCTTY);
}

struct chardev *chardev_pipe_open(const struct chardev_config *config,
                                  struct loop *loop, struct error **err)
{
    int in = open_end(config->path, ".in");
    int out = open_end(config->path, ".out");

    if (in < 0 || out < 0) {
        if (in >= 0) {
            close(in);
        }
        if (out >= 0) {
            close(out);
        }
        in = out = open_end(config->path, "");
    }
    if (in < 0) {
        error_set_errno(err, errno, "%s (nor %s.in and %s.out)",
                        config->path, config->path, config->path);
        return NULL;
    }
    struct chardev_pipe *s = calloc(1, sizeof(*s));
    assert(s);
    s->chr.ops = &pipe_ops;
    s->in_fd = in;
    s->out_fd = out;
    s->out = chardev_output_new(out, config->path, false);
    s->in = chardev_input_new(loop, in, &s->chr, pipe_ended);
    return &s->chr;
}
