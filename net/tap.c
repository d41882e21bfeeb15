/*
 * -netdev tap, bridge: a network interface of the host.
 *
 * We make it (/dev/net/tun, linux/if_tun.h), a helper program makes it and
 * sends us its descriptor (bridge), or the caller has it open (fd=).  With
 * IFF_VNET_HDR each frame comes with a struct virtio_net_hdr, so that the
 * kernel does what is left to do on our packets and leaves on its own what
 * the guest takes (TUNSETOFFLOAD).
 *
 * One descriptor for each queue.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/config.h"
#include "net/spawn.h"
#include "util/bits.h"

#define DEVICE "/dev/net/tun"
#define BATCH 64 /* packets read before others have their turn */

struct tap_queue {
    struct net_tap *tap;
    int fd;
    struct loop_fd *watch;
    bool blocked; /* the kernel's queue is full */
};

struct net_tap {
    struct net_client nc;
    struct tap_queue *queues;
    unsigned queue_count;
    bool header;      /* IFF_VNET_HDR */
    unsigned offload; /* TUN_F_* in force */
    char ifname[IFNAMSIZ];
    const char *downscript;
    uint8_t data[NET_MAX_PACKET];
};

static struct net_tap *from_client(struct net_client *nc)
{
    return container_of(nc, struct net_tap, nc);
}

/* The header -----------------------------------------------------------
 * Guest offloads in the kernel's words; fields are little-endian, as
 * TUNSETVNETLE asks. */

static struct virtio_net_hdr header_make(const struct net_packet *packet)
{
    static const uint8_t gso[] = {
        [NET_GSO_NONE] = VIRTIO_NET_HDR_GSO_NONE,
        [NET_GSO_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
        [NET_GSO_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
    };
    const struct net_offload *o = &packet->offload;
    struct virtio_net_hdr header = {.gso_type = gso[o->gso]};

    if (o->needs_csum) {
        header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header.csum_start = htole16(o->csum_start);
        header.csum_offset = htole16(o->csum_offset);
    }
    if (o->gso != NET_GSO_NONE) {
        /* A hint, but the kernel wants all headers in it: TCP's options
         * included, 20..60 bytes. */
        header.hdr_len = htole16((uint16_t)(o->csum_start + 20));
        header.gso_size = htole16(o->gso_size);
    }
    return header;
}

static struct net_offload header_read(const struct virtio_net_hdr *header)
{
    struct net_offload o = {
        .needs_csum = header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .csum_valid = header->flags & VIRTIO_NET_HDR_F_DATA_VALID,
        .csum_start = le16toh(header->csum_start),
        .csum_offset = le16toh(header->csum_offset),
        .gso_size = le16toh(header->gso_size),
    };

    switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_TCPV4:
        o.gso = NET_GSO_TCP4;
        break;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        o.gso = NET_GSO_TCP6;
        break;
    default:
        o.gso = NET_GSO_NONE;
        break;
    }
    return o;
}

/* Packets -------------------------------------------------------------- */

static void tap_readable(void *opaque);
static void tap_can_write(void *opaque);

static void watch_queue(struct tap_queue *q)
{
    bool read = !net_has_backlog(&q->tap->nc);

    loop_fd_set_handlers(q->watch, read ? tap_readable : NULL,
                         q->blocked ? tap_can_write : NULL);
}

static void tap_can_write(void *opaque)
{
    struct tap_queue *q = opaque;

    q->blocked = false;
    watch_queue(q);
    net_writable(&q->tap->nc);
}

static bool read_packet(struct tap_queue *q)
{
    struct net_tap *s = q->tap;
    struct virtio_net_hdr header = {0};
    struct iovec iov[2] = {
        {.iov_base = &header, .iov_len = sizeof(header)},
        {.iov_base = s->data, .iov_len = sizeof(s->data)},
    };
    size_t skip = s->header ? sizeof(header) : 0;
    ssize_t n = readv(q->fd, s->header ? iov : iov + 1, s->header ? 2 : 1);

    if (n <= (ssize_t)skip) {
        return false;
    }
    iov[1].iov_len = (size_t)n - skip;
    struct net_packet packet = {
        .iov = &iov[1], .count = 1, .length = iov[1].iov_len,
        .queue = (unsigned)(q - s->queues)};
    if (s->header) {
        packet.offload = header_read(&header);
    }
    if (packet.length >= 14) {
        net_deliver(&s->nc, &packet);
    }
    return true;
}

static void tap_readable(void *opaque)
{
    struct tap_queue *q = opaque;

    for (int i = 0; i < BATCH && !net_has_backlog(&q->tap->nc); i++) {
        if (!read_packet(q)) {
            break;
        }
    }
    watch_queue(q);
}

/* What the kernel does not take now is lost, as on a wire. */
static void tap_send(struct net_client *nc, const struct net_packet *packet)
{
    struct net_tap *s = from_client(nc);
    struct tap_queue *q = &s->queues[packet->queue % s->queue_count];
    struct virtio_net_hdr header = header_make(packet);
    struct iovec iov[IOV_MAX], *first = iov + 1;
    uint8_t data[NET_MAX_PACKET];
    unsigned count = packet->count;

    iov[0].iov_base = &header;
    iov[0].iov_len = sizeof(header);
    if (count < IOV_MAX) {
        memcpy(first, packet->iov, count * sizeof(*iov));
    } else {
        net_packet_copy(data, packet);
        first[0].iov_base = data;
        first[0].iov_len = packet->length;
        count = 1;
    }
    ssize_t n = s->header ? writev(q->fd, iov, (int)count + 1)
                          : writev(q->fd, first, (int)count);
    if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
        q->blocked = errno == EAGAIN;
        watch_queue(q);
    }
}

static bool tap_can_send(struct net_client *nc)
{
    struct net_tap *s = from_client(nc);

    for (unsigned i = 0; i < s->queue_count; i++) {
        if (s->queues[i].blocked) {
            return false;
        }
    }
    return true;
}

static void tap_resume(struct net_client *nc)
{
    struct net_tap *s = from_client(nc);
    unsigned can = net_guest_can(nc), offload = 0;

    if (s->header && can & NET_CAN_CSUM) {
        offload = TUN_F_CSUM | (can & NET_CAN_TSO4 ? TUN_F_TSO4 : 0) |
                  (can & NET_CAN_TSO6 ? TUN_F_TSO6 : 0);
    }
    if (offload != s->offload &&
        ioctl(s->queues[0].fd, TUNSETOFFLOAD, offload) == 0) {
        s->offload = offload;
    }
    for (unsigned i = 0; i < s->queue_count; i++) {
        watch_queue(&s->queues[i]);
    }
}

static void tap_close(struct net_client *nc)
{
    struct net_tap *s = from_client(nc);
    struct error *err = NULL;

    for (unsigned i = 0; i < s->queue_count; i++) {
        loop_fd_remove(s->queues[i].watch);
    }
    if (s->downscript &&
        !net_spawn_script(s->downscript, s->ifname, &err)) {
        error_report_free(err);
    }
    for (unsigned i = 0; i < s->queue_count; i++) {
        close(s->queues[i].fd);
    }
    free(s->queues);
    free(s);
}

static const struct net_ops tap_ops = {
    .send = tap_send,
    .can_send = tap_can_send,
    .resume = tap_resume,
    .close = tap_close,
};

/* Opening -------------------------------------------------------------- */

/* A queue of the interface `ifname`, which becomes its real name. */
static int open_queue(const struct net_tap_config *config, char *ifname,
                      struct error **err)
{
    struct ifreq request = {0};
    int fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        error_set_errno(err, errno, "%s (is the module tun loaded?)",
                        DEVICE);
        return -1;
    }
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (config->offload) {
        request.ifr_flags |= IFF_VNET_HDR;
    }
    if (config->queues > 1) {
        request.ifr_flags |= IFF_MULTI_QUEUE;
    }
    snprintf(request.ifr_name, IFNAMSIZ, "%s", ifname);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        error_set_errno(err, errno, "could not configure %s (%s)", DEVICE,
                        *ifname ? ifname : "a new interface");
        close(fd);
        return -1;
    }
    snprintf(ifname, IFNAMSIZ, "%s", request.ifr_name);
    return fd;
}

/* What somebody else has opened: is it a tap, and with which header? */
static bool inspect(struct net_tap *s, int fd, struct error **err)
{
    struct ifreq request = {0};

    if (ioctl(fd, TUNGETIFF, &request) < 0) {
        error_set_errno(err, errno, "descriptor %d is not a tap", fd);
        return false;
    }
    if (!(request.ifr_flags & IFF_TAP)) {
        error_set(err, "descriptor %d is a tun, not a tap", fd);
        return false;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    s->header = request.ifr_flags & IFF_VNET_HDR;
    snprintf(s->ifname, IFNAMSIZ, "%s", request.ifr_name);
    return true;
}

static int obtain_queue(struct net_tap *s,
                        const struct net_tap_config *config, unsigned n,
                        struct error **err)
{
    int fd;

    if (config->fds_given) {
        fd = config->fds[n];
    } else if (config->helper) {
        fd = net_spawn_helper(config->helper, config->bridge, err);
    } else {
        s->header = config->offload;
        return open_queue(config, s->ifname, err);
    }
    if (fd >= 0 && !inspect(s, fd, err)) {
        if (!config->fds_given) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* Fixed size and byte order, whatever was set before. */
static void set_header(struct net_tap *s, int fd)
{
    int size = sizeof(struct virtio_net_hdr), one = 1;

    if (s->header && (ioctl(fd, TUNSETVNETHDRSZ, &size) < 0 ||
                      ioctl(fd, TUNSETVNETLE, &one) < 0)) {
        error_report("warning: %s: cannot set the header's format: %s",
                     s->ifname, strerror(errno));
    }
}

static bool open_queues(struct net_tap *s,
                        const struct net_tap_config *config,
                        struct loop *loop, struct error **err)
{
    for (unsigned i = 0; i < config->queues; i++) {
        int fd = obtain_queue(s, config, i, err);
        if (fd < 0) {
            return false;
        }
        set_header(s, fd);
        struct tap_queue *q = &s->queues[s->queue_count++];
        q->tap = s;
        q->fd = fd;
        q->watch = loop_fd_add(loop, fd, NULL, NULL, q);
    }
    return true;
}

struct net_client *net_tap_open(const struct net_config *config,
                                struct net_context *context,
                                struct error **err)
{
    const struct net_tap_config *tap = &config->tap;
    struct net_tap *s = calloc(1, sizeof(*s));

    assert(s);
    s->queues = calloc(tap->queues, sizeof(*s->queues));
    assert(s->queues);
    net_client_init(&s->nc, &tap_ops, "tap", config->id);
    snprintf(s->ifname, IFNAMSIZ, "%s", tap->ifname ? tap->ifname : "");
    if (!open_queues(s, tap, context->loop, err) ||
        (tap->script && !net_spawn_script(tap->script, s->ifname, err))) {
        net_close(&s->nc);
        return NULL;
    }
    s->downscript = tap->downscript;
    s->nc.queues = s->queue_count;
    if (s->header) {
        s->nc.accepts = NET_CAN_CSUM | NET_CAN_TSO4 | NET_CAN_TSO6;
    }
    snprintf(s->nc.info, sizeof(s->nc.info), "ifname=%s", s->ifname);
    tap_resume(&s->nc);
    return &s->nc;
}
