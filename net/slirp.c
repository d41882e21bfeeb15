/*
 * -netdev user: a network of its own behind this process, by libslirp.
 *
 * The guest finds a router, a DHCP and DNS server and TFTP; its connections
 * are made by us with ordinary sockets, so no privileges are needed, and
 * ports of the host can be forwarded to it.
 *
 * libslirp keeps its own list of sockets, so it is a poller of the loop.
 * What it has for the guest is collected, merged into large packets if the
 * guest takes them (merge.c), and delivered before the loop sleeps; it is
 * not polled while the guest has no room, which holds the senders back.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <libslirp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/config.h"
#include "net/merge.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/log.h"

#define NS_PER_MS (NS_PER_SEC / 1000)

struct forward {
    struct forward *next;
    struct net_hostfwd rule; /* with the port that was chosen */
};

/* A guestfwd that ends in a character device. */
struct guest_stream {
    struct net_stream stream;
    struct guest_stream *next;
    struct net_user *user;
    struct in_addr address;
    uint16_t port;
};

struct net_user {
    struct net_client nc;
    struct loop *loop;
    struct loop_poller *poller;
    Slirp *slirp;
    struct in_addr dhcp_start;
    bool polling; /* the poll array has our descriptors */
    struct net_merge incoming;
    struct forward *forwards;
    struct guest_stream *streams;
};

static const struct net_ops user_ops;

static struct net_user *from_client(struct net_client *nc)
{
    return container_of(nc, struct net_user, nc);
}

/* Polling -------------------------------------------------------------- */

static const struct {
    int slirp;
    short poll;
} poll_bits[] = {
    {SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT},
    {SLIRP_POLL_PRI, POLLPRI}, {SLIRP_POLL_ERR, POLLERR},
    {SLIRP_POLL_HUP, POLLHUP},
};

static int add_poll(int fd, int events, void *opaque)
{
    struct net_user *s = opaque;
    short wanted = 0;

    for (size_t i = 0; i < ARRAY_SIZE(poll_bits); i++) {
        if (events & poll_bits[i].slirp) {
            wanted |= poll_bits[i].poll;
        }
    }
    return loop_poll_add(s->loop, fd, wanted);
}

static int get_events(int index, void *opaque)
{
    struct net_user *s = opaque;
    short events = loop_poll_events(s->loop, index);
    int result = 0;

    for (size_t i = 0; i < ARRAY_SIZE(poll_bits); i++) {
        if (events & poll_bits[i].poll) {
            result |= poll_bits[i].slirp;
        }
    }
    return result;
}

static uint64_t user_prepare(void *opaque)
{
    struct net_user *s = opaque;
    uint32_t ms = UINT32_MAX;

    net_merge_flush(&s->incoming, &s->nc);
    s->polling = !net_has_backlog(&s->nc);
    if (!s->polling) {
        return UINT64_MAX;
    }
    slirp_pollfds_fill(s->slirp, &ms, add_poll, s);
    return ms == UINT32_MAX ? UINT64_MAX
                            : clock_monotonic_ns() + ms * NS_PER_MS;
}

static void user_finish(void *opaque)
{
    struct net_user *s = opaque;

    if (s->polling) {
        slirp_pollfds_poll(s->slirp, 0, get_events, s);
    }
}

/* libslirp's callbacks ------------------------------------------------- */

static ssize_t cb_send_packet(const void *data, size_t length, void *opaque)
{
    struct net_user *s = opaque;

    if (length >= 14 && length <= NET_MAX_PACKET) {
        net_merge_add(&s->incoming, data, length, net_guest_can(&s->nc));
    }
    return (ssize_t)length;
}

static void cb_guest_error(const char *message, void *opaque)
{
    struct net_user *s = opaque;

    guest_error("netdev %s: %s", s->nc.id, message);
}

static int64_t cb_clock(void *opaque)
{
    (void)opaque;
    return (int64_t)clock_monotonic_ns();
}

static void *cb_timer_new(SlirpTimerCb call, void *cb_opaque, void *opaque)
{
    struct net_user *s = opaque;

    return loop_timer_new(s->loop, call, cb_opaque);
}

static void cb_timer_free(void *timer, void *opaque)
{
    (void)opaque;
    loop_timer_free(timer);
}

static void cb_timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    (void)opaque;
    loop_timer_arm(timer, (uint64_t)expire_ms * NS_PER_MS);
}

static void cb_poll_fd(int fd, void *opaque)
{
    (void)fd;
    (void)opaque;
}

/* A TCP buffer has room again. */
static void cb_notify(void *opaque)
{
    struct net_user *s = opaque;

    for (struct guest_stream *g = s->streams; g; g = g->next) {
        g->stream.resume(g->stream.opaque);
    }
}

static const SlirpCb callbacks = {
    .send_packet = cb_send_packet,
    .guest_error = cb_guest_error,
    .clock_get_ns = cb_clock,
    .timer_new = cb_timer_new,
    .timer_free = cb_timer_free,
    .timer_mod = cb_timer_mod,
    .register_poll_fd = cb_poll_fd,
    .unregister_poll_fd = cb_poll_fd,
    .notify = cb_notify,
};

/* Forwarding to the guest ---------------------------------------------- */

/* The rules whose port libslirp chose are found among its sockets. */
struct port_search {
    struct net_user *user;
    const struct net_hostfwd *rule;
    uint16_t port;
};

static bool port_is_known(const struct net_user *s, bool udp, uint16_t port)
{
    for (const struct forward *f = s->forwards; f; f = f->next) {
        if (f->rule.udp == udp && f->rule.host_port == port) {
            return true;
        }
    }
    return false;
}

static int look_at_socket(int fd, int events, void *opaque)
{
    struct port_search *search = opaque;
    const struct net_hostfwd *rule = search->rule;
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    int type = 0, listening = 0;

    (void)events;
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
        size == sizeof(address) && address.sin_family == AF_INET) {
        size = sizeof(int);
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
        size = sizeof(int);
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
        uint16_t port = ntohs(address.sin_port);
        if (type == (rule->udp ? SOCK_DGRAM : SOCK_STREAM) &&
            listening == !rule->udp && port &&
            address.sin_addr.s_addr == rule->host_address.s_addr &&
            !port_is_known(search->user, rule->udp, port)) {
            search->port = port;
        }
    }
    return -1;
}

static uint16_t find_chosen_port(struct net_user *s,
                                 const struct net_hostfwd *rule)
{
    struct port_search search = {.user = s, .rule = rule};
    uint32_t ms = UINT32_MAX;

    slirp_pollfds_fill(s->slirp, &ms, look_at_socket, &search);
    return search.port;
}

/* Said so that whoever asked for "a free port" learns which. */
static void announce(const struct net_user *s, const struct net_hostfwd *f)
{
    char host[INET_ADDRSTRLEN], guest[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &f->host_address, host, sizeof(host));
    inet_ntop(AF_INET, &f->guest_address, guest, sizeof(guest));
    error_report("netdev %s: forwarding %s %s:%d -> %s:%d", s->nc.id,
                 f->udp ? "udp" : "tcp", host, f->host_port, guest,
                 f->guest_port);
}

/* libslirp closes the socket that failed, and errno may be close()'s. */
static int bind_errno(const struct net_hostfwd *rule, int otherwise)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = rule->host_address,
                                  .sin_port = htons(rule->host_port)};
    int type = rule->udp ? SOCK_DGRAM : SOCK_STREAM, one = 1, number = 0;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return errno;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        (!rule->udp && listen(fd, 1) < 0)) {
        number = errno;
    }
    close(fd);
    return number ? number : otherwise ? otherwise : EADDRINUSE;
}

/* libslirp lets one connection wait, the kernel drops more than that and
 * their clients wait for seconds before they try again. */
static int widen_backlog(int fd, int events, void *opaque)
{
    int listening = 0;
    socklen_t size = sizeof(listening);

    (void)events;
    (void)opaque;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
        listening) {
        listen(fd, SOMAXCONN);
    }
    return -1;
}

/* The words are QEMU's; tools wait for them and try again. */
bool net_user_hostfwd_add(struct net_client *nc, const struct net_hostfwd *f,
                          struct error **err)
{
    if (nc->ops != &user_ops) {
        error_set(err, "'%s' is not a user network", nc->id);
        return false;
    }
    struct net_user *s = from_client(nc);
    errno = 0;
    if (slirp_add_hostfwd(s->slirp, f->udp, f->host_address, f->host_port,
                          f->guest_address, f->guest_port) < 0) {
        error_set_errno(err, bind_errno(f, errno),
                        "Could not set up host forwarding rule '%s'",
                        f->rule);
        return false;
    }
    if (!f->udp) {
        uint32_t ms = UINT32_MAX;
        slirp_pollfds_fill(s->slirp, &ms, widen_backlog, NULL);
    }
    struct forward *forward = calloc(1, sizeof(*forward)), **link;
    assert(forward);
    forward->rule = *f;
    if (!f->guest_address.s_addr) {
        forward->rule.guest_address = s->dhcp_start;
    }
    if (f->host_port == 0) {
        forward->rule.host_port = find_chosen_port(s, f);
        announce(s, &forward->rule);
    }
    for (link = &s->forwards; *link; link = &(*link)->next) {
    }
    *link = forward;
    return true;
}

bool net_user_hostfwd_remove(struct net_client *nc,
                             const struct net_hostfwd *f, struct error **err)
{
    struct net_user *s = from_client(nc);
    struct forward **link = nc->ops == &user_ops ? &s->forwards : NULL;

    for (; link && *link; link = &(*link)->next) {
        struct forward *at = *link;
        if (at->rule.udp == f->udp && at->rule.host_port == f->host_port &&
            at->rule.host_address.s_addr == f->host_address.s_addr) {
            slirp_remove_hostfwd(s->slirp, f->udp, f->host_address,
                                 f->host_port);
            *link = at->next;
            free(at);
            return true;
        }
    }
    error_set(err, "'%s' has no host forwarding rule '%s'", nc->id, f->rule);
    return false;
}

bool net_user_hostfwd_get(struct net_client *nc, size_t n,
                          struct net_hostfwd *f)
{
    if (nc->ops != &user_ops) {
        return false;
    }
    struct forward *at = from_client(nc)->forwards;
    while (at && n-- > 0) {
        at = at->next;
    }
    if (at) {
        *f = at->rule;
    }
    return at != NULL;
}

/* Forwarding from the guest -------------------------------------------- */

static size_t stream_can_receive(struct net_stream *stream)
{
    struct guest_stream *g =
        container_of(stream, struct guest_stream, stream);

    return slirp_socket_can_recv(g->user->slirp, g->address, g->port);
}

static void stream_receive(struct net_stream *stream, const uint8_t *data,
                           size_t length)
{
    struct guest_stream *g =
        container_of(stream, struct guest_stream, stream);

    slirp_socket_recv(g->user->slirp, g->address, g->port, data,
                      (int)length);
}

static ssize_t stream_write(const void *data, size_t length, void *opaque)
{
    struct guest_stream *g = opaque;

    g->stream.write(g->stream.opaque, data, length);
    return (ssize_t)length;
}

static bool add_guestfwd(struct net_user *s, const struct net_guestfwd *f,
                         struct net_context *context, struct error **err)
{
    struct in_addr address = f->address;
    int result;

    if (f->command) {
        result = slirp_add_exec(s->slirp, f->command, &address, f->port);
    } else {
        struct guest_stream *g = calloc(1, sizeof(*g));
        assert(g);
        g->stream.can_receive = stream_can_receive;
        g->stream.receive = stream_receive;
        g->user = s;
        g->address = address;
        g->port = f->port;
        if (!context->connect(context->opaque, f->chardev, &g->stream,
                              err)) {
            free(g);
            return false;
        }
        g->next = s->streams;
        s->streams = g;
        result = slirp_add_guestfwd(s->slirp, stream_write, g, &address,
                                    f->port);
        g->address = address;
    }
    if (result < 0) {
        error_set(err, "guestfwd=%s: the address must be in the guest's "
                       "network and not in use by another rule or server",
                  f->rule);
    }
    return result == 0;
}

/* The client ----------------------------------------------------------- */

static void user_send(struct net_client *nc, const struct net_packet *packet)
{
    struct net_user *s = from_client(nc);
    uint8_t data[NET_MAX_PACKET];

    if (packet->count == 1) {
        slirp_input(s->slirp, packet->iov[0].iov_base, (int)packet->length);
    } else if (packet->length <= sizeof(data)) {
        net_packet_copy(data, packet);
        slirp_input(s->slirp, data, (int)packet->length);
    }
}


static void user_close(struct net_client *nc)
{
    struct net_user *s = from_client(nc);

    loop_poller_remove(s->poller);
    nc->nic = NULL;
    slirp_cleanup(s->slirp);
    net_merge_flush(&s->incoming, nc);
    while (s->forwards) {
        struct forward *next = s->forwards->next;
        free(s->forwards);
        s->forwards = next;
    }
    while (s->streams) {
        struct guest_stream *next = s->streams->next;
        free(s->streams);
        s->streams = next;
    }
    free(s);
}

static const struct net_ops user_ops = {
    .send = user_send,
    .close = user_close,
};

static SlirpConfig slirp_config(const struct net_user_config *user)
{
    return (SlirpConfig){
        .version = 3,
        .restricted = user->restricted,
        .in_enabled = user->ipv4,
        .vnetwork = user->network,
        .vnetmask = user->mask,
        .vhost = user->host,
        .in6_enabled = user->ipv6,
        .vprefix_addr6 = user->network6,
        .vprefix_len = user->prefix6,
        .vhost6 = user->host6,
        .vhostname = user->hostname,
        .tftp_server_name = user->tftp_server_name,
        .tftp_path = user->tftp,
        .bootfile = user->bootfile,
        .vdhcp_start = user->dhcp_start,
        .vnameserver = user->dns,
        .vnameserver6 = user->dns6,
        .vdnssearch = user->dns_search,
        .vdomainname = user->domain_name,
    };
}

static bool add_forwards(struct net_user *s,
                         const struct net_user_config *user,
                         struct net_context *context, struct error **err)
{
    for (size_t i = 0; i < user->hostfwd_count; i++) {
        if (!net_user_hostfwd_add(&s->nc, &user->hostfwd[i], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < user->guestfwd_count; i++) {
        if (!add_guestfwd(s, &user->guestfwd[i], context, err)) {
            return false;
        }
    }
    return true;
}

struct net_client *net_user_open(const struct net_config *config,
                                 struct net_context *context,
                                 struct error **err)
{
    const struct net_user_config *user = &config->user;
    SlirpConfig slirp = slirp_config(user);
    struct net_user *s = calloc(1, sizeof(*s));

    assert(s);
    net_client_init(&s->nc, &user_ops, "user", config->id);
    s->nc.accepts = NET_CAN_LARGE;
    s->loop = context->loop;
    s->dhcp_start = user->dhcp_start;
    s->slirp = slirp_new(&slirp, &callbacks, s);
    if (!s->slirp) {
        error_set(err, "libslirp refuses this network");
        free(s);
        return NULL;
    }
    snprintf(s->nc.info, sizeof(s->nc.info), "net=%s,restrict=%s",
             inet_ntoa(user->network), user->restricted ? "on" : "off");
    if (!add_forwards(s, user, context, err)) {
        net_close(&s->nc);
        return NULL;
    }
    s->poller = loop_poller_add(s->loop, user_prepare, user_finish, s);
    return &s->nc;
}
