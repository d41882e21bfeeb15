/*
 * A TCP or unix socket as the far end of a serial line; with telnet, for
 * people.
 *
 * One connection at a time.  Who listens waits for the next when it ends
 * (meanwhile others wait in the kernel's queue); who connects does so again
 * only with reconnect.  What the guest writes without a connection is lost.
 *
 * Threads: connections come and go on the loop thread; `lock` guards `out`,
 * which exists while there is one, against the front end's writes.
 */
#include "ui/chardev_backend.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ui/chardev_fd.h"
#include "ui/chardev_telnet.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/socket.h"

#define CHUNK 4096

struct chardev_socket {
    struct chardev chr;
    const struct chardev_config *config;
    struct loop *loop;
    int listener, fd; /* -1: none */
    struct loop_fd *listen_watch, *watch;
    struct loop_timer *again;
    bool connecting;
    bool told, told_open; /* what the front end knows */
    struct telnet telnet;
    atomic_bool posted;

    pthread_mutex_t lock;
    struct chardev_output *out;
};

static struct chardev_socket *from_chr(struct chardev *chr)
{
    return container_of(chr, struct chardev_socket, chr);
}

/* Towards the guest ---------------------------------------------------- */

static void tell_state(struct chardev_socket *s)
{
    bool open = s->out != NULL;

    if (s->chr.frontend && (!s->told || s->told_open != open)) {
        s->told = true;
        s->told_open = open;
        chardev_tell(&s->chr, open ? CHARDEV_OPENED : CHARDEV_CLOSED);
    }
}

static void disconnected(struct chardev_socket *s);

static void socket_readable(void *opaque)
{
    struct chardev_socket *s = opaque;
    struct chardev *chr = &s->chr;
    uint8_t data[CHUNK];
    unsigned breaks = 0;

    size_t room = chr->frontend ? chr->frontend->can_receive(chr->device) : 0;
    if (room == 0) {
        loop_fd_set_handlers(s->watch, NULL, NULL);
        return;
    }
    ssize_t n = recv(s->fd, data, room < CHUNK ? room : CHUNK, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        disconnected(s);
        return;
    }
    size_t length = (size_t)n;
    if (s->config->telnet) {
        length = telnet_input(&s->telnet, data, length, &breaks);
    }
    if (length) {
        chr->frontend->receive(chr->device, data, length);
    }
    while (breaks-- > 0) {
        chardev_tell(&s->chr, CHARDEV_BREAK);
    }
}

static void socket_resume(void *opaque)
{
    struct chardev_socket *s = opaque;

    atomic_store(&s->posted, false);
    tell_state(s);
    if (s->watch && !s->connecting) {
        loop_fd_set_handlers(s->watch, socket_readable, NULL);
    }
}

static void socket_accept_input(struct chardev *chr)
{
    struct chardev_socket *s = from_chr(chr);

    if (!atomic_exchange(&s->posted, true)) {
        loop_post(s->loop, socket_resume, s);
    }
}

/* From the guest ------------------------------------------------------- */

static size_t put(struct chardev_socket *s, const uint8_t *data,
                  size_t length)
{
    uint8_t escaped[256];
    size_t written;

    if (!s->config->telnet) {
        return chardev_output_put(s->out, data, length);
    }
    size_t room = chardev_output_room(s->out);
    room = room < sizeof(escaped) ? room : sizeof(escaped);
    size_t taken = telnet_output(data, length, escaped, room, &written);
    chardev_output_put(s->out, escaped, written);
    return taken;
}

static size_t socket_write(struct chardev *chr, const uint8_t *data,
                           size_t length)
{
    struct chardev_socket *s = from_chr(chr);

    pthread_mutex_lock(&s->lock);
    if (s->out) {
        length = put(s, data, length);
    }
    pthread_mutex_unlock(&s->lock);
    return length;
}

/* Connections ---------------------------------------------------------- */

static void take_client(void *opaque);

static void take_fd(struct chardev_socket *s, int fd)
{
    s->fd = fd;
    s->watch = loop_fd_add(s->loop, fd, NULL, NULL, s);
}

static void connected(struct chardev_socket *s)
{
    struct chardev_output *out =
        chardev_output_new(s->fd, s->chr.id, true);

    s->connecting = false;
    memset(&s->telnet, 0, sizeof(s->telnet));
    if (s->config->nodelay) {
        socket_set_nodelay(s->fd);
    }
    if (s->config->telnet) {
        chardev_output_put(out, telnet_greeting, telnet_greeting_length);
    }
    pthread_mutex_lock(&s->lock);
    s->out = out;
    pthread_mutex_unlock(&s->lock);
    if (s->listen_watch) {
        loop_fd_set_handlers(s->listen_watch, NULL, NULL);
    }
    loop_fd_set_handlers(s->watch, socket_readable, NULL);
    tell_state(s);
}

static void try_later(struct chardev_socket *s)
{
    if (s->config->reconnect_ms) {
        loop_timer_arm(s->again,
                       clock_monotonic_ns() + s->config->reconnect_ms *
                                                  (NS_PER_SEC / 1000));
    }
}

static void disconnected(struct chardev_socket *s)
{
    struct chardev_output *out = s->out;

    pthread_mutex_lock(&s->lock);
    s->out = NULL;
    pthread_mutex_unlock(&s->lock);
    loop_fd_remove(s->watch);
    s->watch = NULL;
    shutdown(s->fd, SHUT_RDWR); /* the output thread does not wait now */
    if (out) {
        chardev_output_free(out);
    }
    close(s->fd);
    s->fd = -1;
    s->connecting = false;
    tell_state(s);
    if (s->listen_watch) {
        loop_fd_set_handlers(s->listen_watch, take_client, NULL);
    } else {
        try_later(s);
    }
}

static void take_client(void *opaque)
{
    struct chardev_socket *s = opaque;
    int fd = socket_accept(s->listener);

    if (fd >= 0) {
        take_fd(s, fd);
        connected(s);
    }
}

/* A connection in the making has come to its end. */
static void connect_ended(void *opaque)
{
    struct chardev_socket *s = opaque;

    if (socket_connected(s->fd, NULL)) {
        connected(s);
    } else {
        disconnected(s);
    }
}

static void start_connect(void *opaque)
{
    struct chardev_socket *s = opaque;
    int fd = socket_connect_start(&s->config->address, NULL);

    if (fd < 0) {
        try_later(s);
        return;
    }
    take_fd(s, fd);
    s->connecting = true;
    loop_fd_set_handlers(s->watch, NULL, connect_ended);
}

/* Opening and closing -------------------------------------------------- */

/* The words are QEMU's; people and tools know them. */
static void wait_for_client(struct chardev_socket *s)
{
    struct pollfd p = {.fd = s->listener, .events = POLLIN};
    char name[128];

    socket_name(s->listener, false, name, sizeof(name));
    error_report("info: QEMU waiting for connection on: disconnected:%s:%s,"
                 "server=on",
                 s->config->address.path ? "unix"
                 : s->config->telnet ? "telnet" : "tcp", name);
    while (s->fd < 0) {
        poll(&p, 1, -1);
        take_client(s);
    }
}

static bool listen_on(struct chardev_socket *s, int fd)
{
    s->listener = fd;
    s->listen_watch = loop_fd_add(s->loop, fd, take_client, NULL, s);
    if (s->config->wait) {
        wait_for_client(s);
    }
    return true;
}

static bool socket_start(struct chardev_socket *s, struct error **err)
{
    const struct chardev_config *config = s->config;
    int fd = config->fd;

    if (!config->has_fd && config->server) {
        fd = socket_listen(&config->address, err);
        return fd >= 0 && listen_on(s, fd);
    }
    if (config->has_fd && socket_is_listening(fd)) {
        return listen_on(s, fd);
    }
    if (!config->has_fd && config->reconnect_ms) {
        start_connect(s);
        return true;
    }
    if (!config->has_fd) {
        fd = socket_connect(&config->address, err);
        if (fd < 0) {
            return false;
        }
    }
    take_fd(s, fd);
    connected(s);
    return true;
}

static void socket_close(struct chardev *chr)
{
    struct chardev_socket *s = from_chr(chr);

    loop_unpost(s->loop, s);
    loop_timer_free(s->again);
    loop_fd_remove(s->watch);
    loop_fd_remove(s->listen_watch);
    if (s->out) {
        chardev_output_free(s->out);
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    if (s->listener >= 0) {
        const char *path = s->config->address.path;
        close(s->listener);
        if (path && path[0] != '@') {
            unlink(path);
        }
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static const struct chardev_ops socket_ops = {
    .name = "socket",
    .announces = true,
    .write = socket_write,
    .accept_input = socket_accept_input,
    .close = socket_close,
};

struct chardev *chardev_socket_open(const struct chardev_config *config,
                                    struct loop *loop, struct error **err)
{
    struct chardev_socket *s = calloc(1, sizeof(*s));

    assert(s);
    s->chr.ops = &socket_ops;
    s->chr.id = config->id;
    s->config = config;
    s->loop = loop;
    s->listener = s->fd = -1;
    s->again = loop_timer_new(loop, start_connect, s);
    pthread_mutex_init(&s->lock, NULL);
    if (!socket_start(s, err)) {
        socket_close(&s->chr);
        return NULL;
    }
    return &s->chr;
}
