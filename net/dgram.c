/*
 * -netdev socket (udp=, mcast=) and dgram: each frame is one datagram.
 *
 * With a multicast group any number of guests share one wire.  The socket
 * that receives is bound to the group; what we send ourselves comes back
 * and is told by our source address, for several guests of this host may
 * have the same group and port.
 *
 * A unix socket is connected when there is something to send and somebody to
 * send it to, who may come later, or again.  What the kernel does not take
 * now waits here, and the NIC behind it.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/config.h"
#include "util/bits.h"
#include "util/socket.h"

#define BATCH 64

/* A frame that waits for room; at most those of one packet of the NIC. */
struct kept {
    struct kept *next;
    size_t length;
    uint8_t data[];
};

struct net_dgram {
    struct net_client nc;
    int in, out; /* one descriptor unless the group is multicast */
    struct loop_fd *watch;
    struct sockaddr_in group, self; /* multicast */
    bool multicast;
    struct socket_address remote; /* unix: only its path */
    char *bound_path;             /* of our file, which goes with us */
    bool connected;
    struct kept *first, **last;
    uint8_t data[NET_MAX_PACKET];
};

static struct net_dgram *from_client(struct net_client *nc)
{
    return container_of(nc, struct net_dgram, nc);
}

static void dgram_resume(struct net_client *nc);

static bool transmit_once(struct net_dgram *s, const void *data,
                          size_t length)
{
    const struct sockaddr *to =
        s->multicast ? (const struct sockaddr *)&s->group : NULL;

    return sendto(s->out, data, length, MSG_NOSIGNAL | MSG_DONTWAIT, to,
                  to ? sizeof(s->group) : 0) >= 0;
}

/* Returns false when it can be tried again later.  What nobody is there to
 * receive is lost, as on a wire. */
static bool transmit(struct net_dgram *s, const void *data, size_t length)
{
    bool sent = s->connected && transmit_once(s, data, length);

    if (!sent && s->remote.path && (!s->connected || errno != EAGAIN)) {
        s->connected = socket_datagram_connect(s->out, &s->remote);
        sent = !s->connected || transmit_once(s, data, length);
    }
    return sent || errno != EAGAIN;
}

static void drop_first(struct net_dgram *s)
{
    struct kept *kept = s->first;

    s->first = kept->next;
    if (!s->first) {
        s->last = &s->first;
    }
    free(kept);
}

static void keep(struct net_dgram *s, const void *data, size_t length)
{
    struct kept *kept = malloc(sizeof(*kept) + length);

    assert(kept);
    kept->next = NULL;
    kept->length = length;
    memcpy(kept->data, data, length);
    *s->last = kept;
    s->last = &kept->next;
}

static void dgram_writable(void *opaque)
{
    struct net_dgram *s = opaque;

    while (s->first && transmit(s, s->first->data, s->first->length)) {
        drop_first(s);
    }
    if (!s->first) {
        net_writable(&s->nc);
    }
    dgram_resume(&s->nc);
}

static bool dgram_can_send(struct net_client *nc)
{
    return !from_client(nc)->first;
}

/* A packet may become several frames, each of which comes here.  Nobody
 * watches a multicast group's second socket: it always takes them. */
static void dgram_send(struct net_client *nc, const struct net_packet *packet)
{
    struct net_dgram *s = from_client(nc);
    uint8_t data[NET_MAX_PACKET];
    const void *from = data;

    if (packet->count == 1) {
        from = packet->iov[0].iov_base;
    } else {
        net_packet_copy(data, packet);
    }
    if (s->first || (!transmit(s, from, packet->length) &&
                     s->in == s->out)) {
        keep(s, from, packet->length);
        dgram_resume(nc);
    }
}

static bool is_own(const struct net_dgram *s, const struct sockaddr_in *from)
{
    return s->multicast && from->sin_port == s->self.sin_port &&
           from->sin_addr.s_addr == s->self.sin_addr.s_addr;
}

static void dgram_readable(void *opaque);

static void dgram_resume(struct net_client *nc)
{
    struct net_dgram *s = from_client(nc);

    loop_fd_set_handlers(s->watch,
                         net_has_backlog(nc) ? NULL : dgram_readable,
                         s->first ? dgram_writable : NULL);
}

static void dgram_readable(void *opaque)
{
    struct net_dgram *s = opaque;

    for (int i = 0; i < BATCH && !net_has_backlog(&s->nc); i++) {
        struct sockaddr_in from = {0};
        socklen_t size = sizeof(from);
        ssize_t n = recvfrom(s->in, s->data, sizeof(s->data), MSG_DONTWAIT,
                             (struct sockaddr *)&from, &size);
        if (n < 0 && (errno == ECONNREFUSED || errno == ECONNRESET)) {
            continue; /* what we sent while the other end was not there */
        }
        if (n < 0) {
            break;
        }
        struct iovec iov = {.iov_base = s->data, .iov_len = (size_t)n};
        struct net_packet packet = {
            .iov = &iov, .count = 1, .length = (size_t)n};
        if (n >= 14 && !is_own(s, &from)) {
            net_deliver(&s->nc, &packet);
        }
    }
    dgram_resume(&s->nc);
}

static void dgram_close(struct net_client *nc)
{
    struct net_dgram *s = from_client(nc);

    loop_fd_remove(s->watch);
    while (s->first) {
        drop_first(s);
    }
    if (s->out >= 0 && s->out != s->in) {
        close(s->out);
    }
    if (s->in >= 0) {
        close(s->in);
    }
    if (s->bound_path) {
        unlink(s->bound_path);
    }
    free(s->bound_path);
    free((char *)s->remote.path);
    free(s);
}

static const struct net_ops dgram_ops = {
    .send = dgram_send,
    .can_send = dgram_can_send,
    .resume = dgram_resume,
    .close = dgram_close,
};

/* Multicast ------------------------------------------------------------ */

static bool resolve(const struct socket_address *address,
                    struct sockaddr_in *result, struct error **err)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;
    int failed = getaddrinfo(address->host, address->port, &hints, &list);

    if (failed) {
        error_set(err, "address '%s:%s': %s", address->host, address->port,
                  gai_strerror(failed));
        return false;
    }
    memcpy(result, list->ai_addr, sizeof(*result));
    freeaddrinfo(list);
    return true;
}

static bool join(struct net_dgram *s, struct in_addr interface)
{
    struct ip_mreq request = {.imr_multiaddr = s->group.sin_addr,
                              .imr_interface = interface};
    int one = 1;

    return setsockopt(s->in, SOL_SOCKET, SO_REUSEADDR, &one,
                      sizeof(one)) == 0 &&
           bind(s->in, (struct sockaddr *)&s->group, sizeof(s->group)) == 0 &&
           setsockopt(s->in, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request,
                      sizeof(request)) == 0;
}

/* Connecting a socket to the group tells by which address of ours. */
static bool open_sender(struct net_dgram *s, struct in_addr interface)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = interface};
    unsigned char loop = 1;
    socklen_t size = sizeof(s->self);

    if (interface.s_addr &&
        setsockopt(s->out, IPPROTO_IP, IP_MULTICAST_IF, &interface,
                   sizeof(interface)) < 0) {
        return false;
    }
    return setsockopt(s->out, IPPROTO_IP, IP_MULTICAST_LOOP, &loop,
                      sizeof(loop)) == 0 &&
           bind(s->out, (struct sockaddr *)&any, sizeof(any)) == 0 &&
           connect(s->out, (struct sockaddr *)&s->group,
                   sizeof(s->group)) == 0 &&
           getsockname(s->out, (struct sockaddr *)&s->self, &size) == 0;
}

static bool open_multicast(struct net_dgram *s,
                           const struct net_socket_config *config,
                           struct error **err)
{
    struct in_addr interface = {.s_addr = INADDR_ANY};
    char name[96];

    socket_address_name(&config->address, name, sizeof(name));
    if (!resolve(&config->address, &s->group, err)) {
        return false;
    }
    if (!IN_MULTICAST(ntohl(s->group.sin_addr.s_addr))) {
        error_set(err, "'%s' is not a multicast group (224.0.0.0 to "
                       "239.255.255.255)", name);
        return false;
    }
    if (config->local.host &&
        !inet_aton(config->local.host, &interface)) {
        error_set(err, "localaddr=%s: expected the IPv4 address of an "
                       "interface", config->local.host);
        return false;
    }
    s->multicast = true;
    s->in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    s->out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->in < 0 || s->out < 0 || !join(s, interface) ||
        !open_sender(s, interface)) {
        error_set_errno(err, errno, "cannot join '%s'", name);
        return false;
    }
    return true;
}

struct net_client *net_dgram_open(const struct net_config *config,
                                  struct net_context *context,
                                  struct error **err)
{
    const struct net_socket_config *socket = &config->socket;
    struct net_dgram *s = calloc(1, sizeof(*s));
    char name[96];
    bool ok = true;

    assert(s);
    net_client_init(&s->nc, &dgram_ops, config->backend->name, config->id);
    s->in = s->out = -1;
    s->last = &s->first;
    s->connected = true;
    if (socket->fd >= 0) {
        s->in = s->out = socket->fd;
    } else if (socket->kind == NET_SOCKET_MCAST) {
        ok = open_multicast(s, socket, err);
    } else {
        s->in = s->out =
            socket_datagram(&socket->local, &socket->address, err);
        ok = s->in >= 0;
        s->connected = !socket->address.path;
        if (ok && socket->address.path) {
            s->remote.path = strdup(socket->address.path);
            s->bound_path = strdup(socket->local.path);
        }
    }
    if (!ok) {
        net_close(&s->nc);
        return NULL;
    }
    socket_name(s->in, false, name, sizeof(name));
    snprintf(s->nc.info, sizeof(s->nc.info), "%s", name);
    s->watch = loop_fd_add(context->loop, s->in, dgram_readable, NULL, s);
    return &s->nc;
}
