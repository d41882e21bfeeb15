/*
 * -netdev socket (listen=, connect=, fd=) and stream: frames to another
 * guest over a TCP or unix connection, each after its length in 32 bits,
 * most significant byte first.
 *
 * One connection at a time.  Who listens waits for the next one when it
 * ends; who connects does so again only with reconnect.  Without a
 * connection packets are lost, as with the cable pulled.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/checksum.h"
#include "net/config.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/socket.h"

#define LENGTH_SIZE 4
#define MAX_PENDING (1u << 20) /* bytes not sent, with room for a packet */
#define BATCH 64

struct net_stream_client {
    struct net_client nc;
    const struct net_socket_config *config;
    struct loop *loop;
    int listener, fd; /* -1: none */
    struct loop_fd *listen_watch, *watch;
    struct loop_timer *again;
    bool connecting;

    uint8_t *pending; /* what the connection did not take */
    size_t pending_from, pending_to;
    size_t have; /* bytes in `in` */
    uint8_t in[LENGTH_SIZE + NET_MAX_PACKET];
};

static void start_connect(void *opaque);
static void stream_ready(void *opaque);
static void stream_writable(void *opaque);

static struct net_stream_client *from_client(struct net_client *nc)
{
    return container_of(nc, struct net_stream_client, nc);
}

static void update_watch(struct net_stream_client *s)
{
    bool read = !s->connecting && !net_has_backlog(&s->nc);
    bool write = s->connecting || s->pending_to > s->pending_from;

    if (s->watch) {
        loop_fd_set_handlers(s->watch, read ? stream_ready : NULL,
                             write ? stream_writable : NULL);
    }
}

/* Connections ---------------------------------------------------------- */

static void connected(struct net_stream_client *s)
{
    char name[96];

    s->connecting = false;
    s->have = 0;
    s->pending_from = s->pending_to = 0;
    socket_set_nodelay(s->fd);
    socket_name(s->fd, true, name, sizeof(name));
    snprintf(s->nc.info, sizeof(s->nc.info), "connected to %s", name);
    update_watch(s);
    net_writable(&s->nc);
}

static void take_fd(struct net_stream_client *s, int fd)
{
    socket_set_nonblocking(fd);
    s->fd = fd;
    s->watch = loop_fd_add(s->loop, fd, NULL, NULL, s);
}

static void disconnected(struct net_stream_client *s)
{
    loop_fd_remove(s->watch);
    close(s->fd);
    s->watch = NULL;
    s->fd = -1;
    s->connecting = false;
    s->pending_from = s->pending_to = 0;
    snprintf(s->nc.info, sizeof(s->nc.info), "not connected");
    if (s->config->reconnect_ms) {
        loop_timer_arm(s->again,
                       clock_monotonic_ns() + s->config->reconnect_ms *
                                                  (NS_PER_SEC / 1000));
    }
    net_writable(&s->nc);
}

/* A second guest has to wait until the first is gone. */
static void stream_accept(void *opaque)
{
    struct net_stream_client *s = opaque;
    int fd = socket_accept(s->listener);

    if (fd < 0) {
        return;
    }
    if (s->fd >= 0) {
        close(fd);
        return;
    }
    take_fd(s, fd);
    connected(s);
}

static void start_connect(void *opaque)
{
    struct net_stream_client *s = opaque;
    int fd = socket_connect_start(&s->config->address, NULL);

    if (fd >= 0) {
        take_fd(s, fd);
        s->connecting = true;
        update_watch(s);
    } else {
        loop_timer_arm(s->again,
                       clock_monotonic_ns() + s->config->reconnect_ms *
                                                  (NS_PER_SEC / 1000));
    }
}

/* Sending -------------------------------------------------------------- */

static void stream_writable(void *opaque)
{
    struct net_stream_client *s = opaque;

    if (s->connecting) {
        socket_connected(s->fd, NULL) ? connected(s) : disconnected(s);
        return;
    }
    ssize_t n = send(s->fd, s->pending + s->pending_from,
                     s->pending_to - s->pending_from,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        disconnected(s);
        return;
    }
    s->pending_from += n > 0 ? (size_t)n : 0;
    if (s->pending_from == s->pending_to) {
        s->pending_from = s->pending_to = 0;
        update_watch(s);
        net_writable(&s->nc);
    }
}

/* Keep what is left of a frame after its first `done` bytes. */
static void keep(struct net_stream_client *s, const struct iovec *iov,
                 unsigned count, size_t done)
{
    for (unsigned i = 0; i < count; i++) {
        if (done >= iov[i].iov_len) {
            done -= iov[i].iov_len;
            continue;
        }
        size_t n = iov[i].iov_len - done;
        memcpy(s->pending + s->pending_to,
               (const uint8_t *)iov[i].iov_base + done, n);
        s->pending_to += n;
        done = 0;
    }
    update_watch(s);
}

static void stream_send(struct net_client *nc,
                        const struct net_packet *packet)
{
    struct net_stream_client *s = from_client(nc);
    uint8_t length[LENGTH_SIZE], data[NET_MAX_PACKET];
    struct iovec iov[2] = {
        {.iov_base = length, .iov_len = LENGTH_SIZE},
        {.iov_base = data, .iov_len = packet->length},
    };
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};
    ssize_t n = 0;

    if (s->fd < 0 || s->connecting ||
        MAX_PENDING - s->pending_to < LENGTH_SIZE + packet->length) {
        return;
    }
    net_store32(length, (uint32_t)packet->length);
    if (packet->count == 1) {
        iov[1].iov_base = packet->iov[0].iov_base;
    } else {
        net_packet_copy(data, packet);
    }
    if (!s->pending_to) {
        n = sendmsg(s->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            disconnected(s);
            return;
        }
        n = n < 0 ? 0 : n;
    }
    if ((size_t)n < LENGTH_SIZE + packet->length) {
        keep(s, iov, 2, (size_t)n);
    }
}

/* A large packet may become many; all of them have room. */
static bool stream_can_send(struct net_client *nc)
{
    return from_client(nc)->pending_to < MAX_PENDING / 4;
}

/* Receiving ------------------------------------------------------------ */

/* Deliver whole frames; false: what came is no frame. */
static bool deliver_frames(struct net_stream_client *s)
{
    size_t at = 0;

    while (s->have - at >= LENGTH_SIZE) {
        size_t length = net_load32(s->in + at);
        if (length > NET_MAX_PACKET) {
            return false;
        }
        if (s->have - at - LENGTH_SIZE < length) {
            break;
        }
        struct iovec iov = {.iov_base = s->in + at + LENGTH_SIZE,
                            .iov_len = length};
        struct net_packet packet = {
            .iov = &iov, .count = 1, .length = length};
        if (length >= 14) {
            net_deliver(&s->nc, &packet);
        }
        at += LENGTH_SIZE + length;
    }
    s->have -= at;
    memmove(s->in, s->in + at, s->have);
    return true;
}

static void stream_ready(void *opaque)
{
    struct net_stream_client *s = opaque;

    for (int i = 0; i < BATCH && !net_has_backlog(&s->nc); i++) {
        ssize_t n = recv(s->fd, s->in + s->have, sizeof(s->in) - s->have,
                         MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        }
        s->have += n > 0 ? (size_t)n : 0;
        if (n <= 0 || !deliver_frames(s)) {
            disconnected(s);
            return;
        }
    }
    update_watch(s);
}

static void stream_resume(struct net_client *nc)
{
    update_watch(from_client(nc));
}

/* The client ----------------------------------------------------------- */

static void stream_close(struct net_client *nc)
{
    struct net_stream_client *s = from_client(nc);

    loop_fd_remove(s->listen_watch);
    loop_fd_remove(s->watch);
    loop_timer_free(s->again);
    if (s->listener >= 0) {
        close(s->listener);
        if (s->config->address.path && s->config->address.path[0] != '@') {
            unlink(s->config->address.path);
        }
    }
    if (s->fd >= 0) {
        close(s->fd);
    }
    free(s->pending);
    free(s);
}

static const struct net_ops stream_ops = {
    .send = stream_send,
    .can_send = stream_can_send,
    .resume = stream_resume,
    .close = stream_close,
};

static bool stream_start(struct net_stream_client *s, struct error **err)
{
    const struct net_socket_config *config = s->config;
    char name[96];
    int fd = config->fd;

    if (fd < 0 && config->kind == NET_SOCKET_CONNECT) {
        if (config->reconnect_ms) {
            start_connect(s);
            return true;
        }
        fd = socket_connect(&config->address, err);
    } else if (fd < 0) {
        fd = socket_listen(&config->address, err);
    }
    if (fd < 0) {
        return false;
    }
    if (socket_is_listening(fd)) {
        s->listener = fd;
        socket_name(fd, false, name, sizeof(name));
        snprintf(s->nc.info, sizeof(s->nc.info), "listening on %s", name);
        s->listen_watch = loop_fd_add(s->loop, fd, stream_accept, NULL, s);
    } else {
        take_fd(s, fd);
        connected(s);
    }
    return true;
}

struct net_client *net_stream_open(const struct net_config *config,
                                   struct net_context *context,
                                   struct error **err)
{
    struct net_stream_client *s = calloc(1, sizeof(*s));

    assert(s);
    s->pending = malloc(MAX_PENDING);
    assert(s->pending);
    net_client_init(&s->nc, &stream_ops, config->backend->name, config->id);
    s->config = &config->socket;
    s->loop = context->loop;
    s->listener = s->fd = -1;
    s->again = loop_timer_new(s->loop, start_connect, s);
    if (!stream_start(s, err)) {
        net_close(&s->nc);
        return NULL;
    }
    return &s->nc;
}
