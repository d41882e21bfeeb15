/*
 * Datagrams: what the guest writes goes out by lines, or when it pauses;
 * what comes in is input.  What nobody takes is lost.
 */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ui/chardev_fd.h"
#include "util/bits.h"
#include "util/clock.h"

#define DATAGRAM 1400
#define PAUSE_NS (2 * NS_PER_SEC / 1000)

struct chardev_udp {
    struct chardev chr;
    struct loop *loop;
    int fd;
    struct loop_fd *watch;
    struct loop_timer *pause;

    pthread_mutex_t lock; /* of the output */
    size_t out_length;
    uint8_t out[DATAGRAM];

    atomic_bool posted;
    size_t in_from, in_to; /* the last datagram: what is not received yet */
    uint8_t in[65536];
};

static struct chardev_udp *from_chr(struct chardev *chr)
{
    return container_of(chr, struct chardev_udp, chr);
}

static void flush(struct chardev_udp *s)
{
    if (s->out_length) {
        (void)!send(s->fd, s->out, s->out_length,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
        s->out_length = 0;
    }
}

static void pause_over(void *opaque)
{
    struct chardev_udp *s = opaque;

    pthread_mutex_lock(&s->lock);
    flush(s);
    pthread_mutex_unlock(&s->lock);
}

static size_t udp_write(struct chardev *chr, const uint8_t *data,
                        size_t length)
{
    struct chardev_udp *s = from_chr(chr);

    pthread_mutex_lock(&s->lock);
    bool was_empty = s->out_length == 0;
    for (size_t i = 0; i < length; i++) {
        s->out[s->out_length++] = data[i];
        if (data[i] == '\n' || s->out_length == DATAGRAM) {
            flush(s);
        }
    }
    if (was_empty && s->out_length) {
        loop_timer_arm(s->pause, clock_monotonic_ns() + PAUSE_NS);
    }
    pthread_mutex_unlock(&s->lock);
    return length;
}

/* Give the front end what it has room for; false: something is left. */
static bool deliver(struct chardev_udp *s)
{
    const struct chardev_frontend *fe = s->chr.frontend;

    while (s->in_from < s->in_to) {
        size_t room = fe ? fe->can_receive(s->chr.device) : 0;
        size_t n = s->in_to - s->in_from;
        n = n < room ? n : room;
        if (n == 0) {
            loop_fd_set_handlers(s->watch, NULL, NULL);
            return false;
        }
        fe->receive(s->chr.device, s->in + s->in_from, n);
        s->in_from += n;
    }
    return true;
}

static void udp_readable(void *opaque)
{
    struct chardev_udp *s = opaque;

    if (deliver(s)) {
        ssize_t n = recv(s->fd, s->in, sizeof(s->in), MSG_DONTWAIT);
        s->in_from = 0;
        s->in_to = n > 0 ? (size_t)n : 0;
        deliver(s);
    }
}

static void udp_resume(void *opaque)
{
    struct chardev_udp *s = opaque;

    atomic_store(&s->posted, false);
    if (deliver(s)) {
        loop_fd_set_handlers(s->watch, udp_readable, NULL);
    }
}

static void udp_accept_input(struct chardev *chr)
{
    struct chardev_udp *s = from_chr(chr);

    if (!atomic_exchange(&s->posted, true)) {
        loop_post(s->loop, udp_resume, s);
    }
}

static void udp_close(struct chardev *chr)
{
    struct chardev_udp *s = from_chr(chr);

    loop_unpost(s->loop, s);
    loop_timer_free(s->pause);
    loop_fd_remove(s->watch);
    flush(s);
    close(s->fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct chardev_ops udp_ops = {
    .name = "udp",
    .write = udp_write,
    .accept_input = udp_accept_input,
    .close = udp_close,
};

struct chardev *chardev_udp_open(const struct chardev_config *config,
                                 struct loop *loop, struct error **err)
{
    int fd = socket_datagram(&config->local, &config->address, err);

    if (fd < 0) {
        return NULL;
    }
    struct chardev_udp *s = calloc(1, sizeof(*s));
    assert(s);
    s->chr.ops = &udp_ops;
    s->loop = loop;
    s->fd = fd;
    pthread_mutex_init(&s->lock, NULL);
    s->pause = loop_timer_new(loop, pause_over, s);
    s->watch = loop_fd_add(loop, fd, NULL, NULL, s);
    return &s->chr;
}
