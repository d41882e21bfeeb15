/*
 * The input side: a watch on the descriptor that is taken away while the
 * front end has no room.  Everything runs on the loop thread but
 * chardev_input_resume(), which posts.
 */
#include "ui/chardev_fd.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK 4096

struct chardev_input {
    struct loop *loop;
    struct loop_fd *watch;
    int fd;
    struct chardev *chr;
    void (*ended)(struct chardev *chr);
    atomic_bool posted;
};

static void input_readable(void *opaque)
{
    struct chardev_input *in = opaque;
    struct chardev *chr = in->chr;
    uint8_t data[CHUNK];

    size_t room = chr->frontend ? chr->frontend->can_receive(chr->device) : 0;
    if (room == 0) {
        loop_fd_set_handlers(in->watch, NULL, NULL);
        return;
    }
    ssize_t n = read(in->fd, data, room < CHUNK ? room : CHUNK);
    if (n > 0) {
        chr->frontend->receive(chr->device, data, (size_t)n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        loop_fd_set_handlers(in->watch, NULL, NULL);
        in->ended(chr);
    }
}

static void input_watch(void *opaque)
{
    struct chardev_input *in = opaque;

    atomic_store(&in->posted, false);
    loop_fd_set_handlers(in->watch, input_readable, NULL);
}

void chardev_input_resume(struct chardev_input *in)
{
    if (!atomic_exchange(&in->posted, true)) {
        loop_post(in->loop, input_watch, in);
    }
}

struct chardev_input *chardev_input_new(struct loop *loop, int fd,
                                        struct chardev *chr,
                                        void (*ended)(struct chardev *chr))
{
    struct chardev_input *in = calloc(1, sizeof(*in));

    assert(in);
    in->loop = loop;
    in->fd = fd;
    in->chr = chr;
    in->ended = ended;
    in->watch = loop_fd_add(loop, fd, NULL, NULL, in);
    return in;
}

void chardev_input_free(struct chardev_input *in)
{
    loop_fd_remove(in->watch);
    free(in);
}
