/*
 * Virtio network device.
 *
 * Manual: virtio 1.2, 5.1.  Queues: receive and transmit, a pair for each
 * that the cable has; then the control queue (virtio_net_ctrl.c).
 *
 * What the guest may leave to us or take from us unfinished (checksums,
 * large TCP segments) does not depend on the cable: net/ does the rest.
 *
 * Threads: packets move on the loop thread, under the device's lock, but
 * for the back end's part of sending, which may take long: meanwhile
 * `sending` keeps a reset waiting.
 */
#include "hw/virtio/virtio_net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hw/virtio/virtio_net_internal.h"
#include "util/log.h"
#include "util/or_else.h"

#define QUEUE_SIZE 256
#define CTRL_QUEUE_SIZE 64
#define MIN_FRAME 14

/* The header of each packet (5.1.6), little-endian */
struct net_header {
    uint8_t flags, gso_type;
    uint16_t header_length, gso_size, csum_start, csum_offset;
    uint16_t buffers; /* legacy: only with MRG_RXBUF */
};

enum { HEADER_NEEDS_CSUM = 1, HEADER_DATA_VALID = 2 };
enum { GSO_NONE = 0, GSO_TCPV4 = 1, GSO_TCPV6 = 4, GSO_ECN = 0x80 };

const struct virtio_property virtio_net_properties[] = {
    {"csum", NET_F_CSUM},
    {"guest_csum", NET_F_GUEST_CSUM},
    {"guest_tso4", NET_F_GUEST_TSO4},
    {"guest_tso6", NET_F_GUEST_TSO6},
    {"host_tso4", NET_F_HOST_TSO4},
    {"host_tso6", NET_F_HOST_TSO6},
    {"mrg_rxbuf", NET_F_MRG_RXBUF},
    {"status", NET_F_STATUS},
    {"ctrl_vq", NET_F_CTRL_VQ},
    {"ctrl_rx", NET_F_CTRL_RX},
    {"ctrl_vlan", NET_F_CTRL_VLAN},
    {"ctrl_rx_extra", NET_F_CTRL_RX_EXTRA},
    {"guest_announce", NET_F_GUEST_ANNOUNCE},
    {"ctrl_mac_addr", NET_F_CTRL_MAC_ADDR},
    {"ctrl_guest_offloads", NET_F_CTRL_GUEST_OFFLOADS},
    {NULL, 0},
};

static uint64_t header_size(const struct virtio_net *s)
{
    bool has_buffers = virtio_has(&s->dev, VIRTIO_F_VERSION_1) ||
                       virtio_has(&s->dev, NET_F_MRG_RXBUF);

    return has_buffers ? 12 : 10;
}

/* Without MQ it follows the first pair (5.1.2). */
static unsigned ctrl_index(const struct virtio_net *s)
{
    return virtio_has(&s->dev, NET_F_MQ) ? 2 * s->max_pairs : 2;
}

/* Sending -------------------------------------------------------------- */

static bool read_offload(struct virtio_net *s, const struct net_header *h,
                         struct net_offload *o)
{
    *o = (struct net_offload){
        .needs_csum = h->flags & HEADER_NEEDS_CSUM &&
                      virtio_has(&s->dev, NET_F_CSUM),
        .csum_start = h->csum_start,
        .csum_offset = h->csum_offset,
        .gso_size = h->gso_size,
    };
    switch (h->gso_type & ~GSO_ECN) {
    case GSO_NONE:
        return true;
    case GSO_TCPV4:
        o->gso = NET_GSO_TCP4;
        return virtio_has(&s->dev, NET_F_HOST_TSO4);
    case GSO_TCPV6:
        o->gso = NET_GSO_TCP6;
        return virtio_has(&s->dev, NET_F_HOST_TSO6);
    default:
        return false;
    }
}

/* The frame is the chain's readable part behind the header. */
static bool frame_of_chain(struct virtio_net *s, struct net_packet *packet)
{
    const struct virtq_chain *chain = &s->tx;
    struct net_header header = {0};
    uint64_t skip = header_size(s);

    if (virtq_read(chain, 0, &header, skip) < skip ||
        chain->out_size - skip < MIN_FRAME ||
        chain->out_size - skip > NET_MAX_PACKET ||
        !read_offload(s, &header, &packet->offload)) {
        return false;
    }
    packet->iov = s->tx_iov;
    packet->length = chain->out_size - skip;
    for (unsigned i = 0; i < chain->out_count; i++) {
        struct iovec iov = chain->iov[i];
        uint64_t n = skip < iov.iov_len ? skip : iov.iov_len;
        skip -= n;
        if (n < iov.iov_len) {
            s->tx_iov[packet->count++] = (struct iovec){
                (uint8_t *)iov.iov_base + n, iov.iov_len - n};
        }
    }
    return true;
}

/* Lock held, and released meanwhile. */
static void send_chain(struct virtio_net *s, unsigned n)
{
    struct net_packet packet = {.queue = n / 2};

    if (!frame_of_chain(s, &packet)) {
        guest_error("virtio-net: a packet of %llu bytes cannot be sent",
                    (unsigned long long)s->tx.out_size);
    } else if (s->client) {
        s->sending = true;
        virtio_unlock(&s->dev);
        net_send(s->client, &packet);
        virtio_lock(&s->dev);
        s->sending = false;
        pthread_cond_broadcast(&s->sent);
    }
    virtio_push(&s->dev, n, &s->tx, 0);
}

static bool may_send(const struct virtio_net *s)
{
    return !s->client || net_can_send(s->client);
}

/* The next chain; when there is none a notification will come. */
static bool pop_or_wait(struct virtio_net *s, unsigned n)
{
    struct virtq *vq = &s->dev.queues[n];

    return virtio_pop(&s->dev, n, &s->tx) ||
           (!virtq_set_notify(vq, true) && virtio_pop(&s->dev, n, &s->tx));
}

/* A queue's worth of packets, then others have their turn.  When the cable
 * is full net_writable() gets us here again. */
static void send_queue(struct virtio_net *s, unsigned n)
{
    unsigned budget = s->dev.queues[n].max_size;

    virtq_set_notify(&s->dev.queues[n], false);
    while (budget && may_send(s) && pop_or_wait(s, n)) {
        send_chain(s, n);
        budget--;
    }
    if (!budget) {
        virtio_kick(&s->dev, n);
    }
}

static void net_nic_writable(void *device)
{
    struct virtio_net *s = device;

    for (unsigned pair = 0; pair < s->max_pairs; pair++) {
        virtio_kick(&s->dev, 2 * pair + 1);
    }
}

/* Receiving ------------------------------------------------------------ */

static void write_header(struct virtio_net *s, const struct net_offload *o,
                         unsigned buffers)
{
    static const uint8_t gso[] = {
        [NET_GSO_NONE] = GSO_NONE,
        [NET_GSO_TCP4] = GSO_TCPV4,
        [NET_GSO_TCP6] = GSO_TCPV6,
    };
    struct net_header header = {.gso_type = gso[o->gso],
                                .buffers = (uint16_t)buffers};

    if (o->needs_csum) {
        header.flags = HEADER_NEEDS_CSUM;
        header.csum_start = o->csum_start;
        header.csum_offset = o->csum_offset;
    } else if (o->csum_valid && s->offloads & NET_F_GUEST_CSUM) {
        header.flags = HEADER_DATA_VALID;
    }
    if (o->gso != NET_GSO_NONE) {
        header.header_length = (uint16_t)(o->csum_start + 20);
        header.gso_size = o->gso_size;
    }
    virtq_write(&s->rx[0], 0, &header, header_size(s));
}

static void unpop_all(struct virtio_net *s, struct virtq *vq, unsigned count)
{
    while (count-- > 0) {
        virtq_unpop(vq, &s->rx[count]);
    }
}

enum taken { TAKEN, NO_ROOM, NEVER_FITS };

/* Buffers for `size` bytes: one chain, or as many as it takes.  On success
 * they are in s->rx.  Notification is asked for while all there are have been
 * popped, for it is the next one after these that must be heard of. */
static enum taken take_buffers(struct virtio_net *s, unsigned n,
                               uint64_t size, unsigned *count)
{
    struct virtq *vq = &s->dev.queues[n];
    unsigned most = virtio_has(&s->dev, NET_F_MRG_RXBUF) ? NET_MAX_MERGE : 1;
    uint64_t room = 0;

    most = most < vq->size ? most : vq->size;
    *count = 0;
    while (room < size) {
        if (*count == most) {
            unpop_all(s, vq, *count);
            return NEVER_FITS;
        }
        if (virtio_pop(&s->dev, n, &s->rx[*count])) {
            room += s->rx[*count].in_size;
            (*count)++;
        } else if (virtio_await(&s->dev, n)) {
            unpop_all(s, vq, *count);
            return NO_ROOM;
        }
    }
    if (s->rx[0].in_size < header_size(s)) {
        unpop_all(s, vq, *count);
        return NEVER_FITS;
    }
    return TAKEN;
}

static void fill_buffers(struct virtio_net *s, unsigned n, unsigned count,
                         const struct net_packet *packet,
                         const uint8_t *frame)
{
    struct virtq *vq = &s->dev.queues[n];
    uint64_t skip = header_size(s), done = 0;

    write_header(s, &packet->offload, count);
    for (unsigned i = 0; i < count; i++) {
        uint64_t written = virtq_write(&s->rx[i], skip, frame + done,
                                       packet->length - done);
        virtq_fill(vq, &s->rx[i], written + skip);
        done += written;
        skip = 0;
    }
    virtq_publish(vq);
    virtio_signal(&s->dev, n);
}

/* A packet of a kind that the driver has not agreed to. */
static bool is_foreign(const struct virtio_net *s,
                       const struct net_offload *o)
{
    static const uint64_t gso[] = {
        [NET_GSO_NONE] = 0,
        [NET_GSO_TCP4] = NET_F_GUEST_TSO4,
        [NET_GSO_TCP6] = NET_F_GUEST_TSO6,
    };
    uint64_t wanted = gso[o->gso] | (o->needs_csum ? NET_F_GUEST_CSUM : 0);

    return wanted & ~s->offloads;
}

/* Returns false to be asked again when the driver has added buffers. */
static bool receive_locked(struct virtio_net *s,
                           const struct net_packet *packet,
                           const uint8_t *frame)
{
    unsigned n = 2 * (packet->queue % s->pairs), count;
    struct virtq *vq = &s->dev.queues[n];
    uint64_t size = header_size(s) + packet->length;

    if (!vq->ready || vq->broken || is_foreign(s, &packet->offload) ||
        !net_filter_wants(s, frame, packet->length)) {
        return true;
    }
    enum taken taken = take_buffers(s, n, size, &count);
    if (taken == TAKEN) {
        fill_buffers(s, n, count, packet, frame);
    } else if (taken == NEVER_FITS) {
        guest_error("virtio-net: no buffers for a packet of %zu bytes",
                    packet->length);
    }
    return taken != NO_ROOM;
}

static bool net_nic_receive(void *device, const struct net_packet *packet)
{
    struct virtio_net *s = device;
    const uint8_t *frame = packet->iov[0].iov_base;

    if (packet->length < MIN_FRAME || packet->length > NET_MAX_PACKET) {
        return true;
    }
    if (packet->count > 1) {
        net_packet_copy(s->linear, packet);
        frame = s->linear;
    }
    virtio_lock(&s->dev);
    bool done = receive_locked(s, packet, frame);
    virtio_unlock(&s->dev);
    return done;
}

static void net_nic_link(void *device, bool up)
{
    struct virtio_net *s = device;

    virtio_lock(&s->dev);
    s->layout.status = up ? NET_S_LINK_UP : 0;
    virtio_config_changed(&s->dev);
    virtio_unlock(&s->dev);
}

static const struct net_nic net_nic = {
    .receive = net_nic_receive,
    .writable = net_nic_writable,
    .link = net_nic_link,
};

/* Queues --------------------------------------------------------------- */

/* Tell the cable what may be left to the guest.  Lock held, and released
 * meanwhile: queued packets may go now. */
static void update_guest_can(struct virtio_net *s)
{
    unsigned can = 0;

    if (s->offloads & NET_F_GUEST_CSUM) {
        can = NET_CAN_CSUM |
              (s->offloads & NET_F_GUEST_TSO4 ? NET_CAN_TSO4 : 0) |
              (s->offloads & NET_F_GUEST_TSO6 ? NET_CAN_TSO6 : 0);
    }
    if (can != s->guest_can && s->client) {
        s->guest_can = can;
        virtio_unlock(&s->dev);
        net_set_guest_can(s->client, can);
        virtio_lock(&s->dev);
    }
}

/* Once after each reset, when the driver's choice is final. */
static void take_features(struct virtio_net *s)
{
    if (!s->features_taken && s->dev.status & VIRTIO_DRIVER_OK) {
        s->features_taken = true;
        s->offloads = s->dev.features & NET_GUEST_OFFLOADS;
    }
}

static void net_process(struct virtio_device *dev, unsigned n)
{
    struct virtio_net *s = net_of(dev);

    virtio_lock(dev);
    take_features(s);
    if (n == ctrl_index(s) && virtio_has(dev, NET_F_CTRL_VQ)) {
        virtio_each(dev, n, net_ctrl_take);
    } else if (n % 2) {
        send_queue(s, n);
    } else {
        virtq_set_notify(&dev->queues[n], false);
    }
    update_guest_can(s);
    virtio_unlock(dev);
    if (s->client && n % 2 == 0) {
        net_resume(s->client);
    }
}

/* Config space --------------------------------------------------------- */

static void net_config_read(struct virtio_device *dev, uint8_t *config)
{
    memcpy(config, &net_of(dev)->layout, sizeof(struct net_layout));
}

/* Legacy drivers set their address here (5.1.4.2.1). */
static void net_config_write(struct virtio_device *dev, unsigned offset,
                             unsigned size, uint64_t value)
{
    struct virtio_net *s = net_of(dev);

    if (virtio_has(dev, VIRTIO_F_VERSION_1) || offset + size > 6) {
        guest_error("virtio-net: write of config space at 0x%x", offset);
        return;
    }
    memcpy(s->layout.mac + offset, &value, size);
}

/* Reset, creation ------------------------------------------------------ */

static void net_drain(struct virtio_device *dev)
{
    struct virtio_net *s = net_of(dev);

    virtio_lock(dev);
    while (s->sending) {
        pthread_cond_wait(&s->sent, &dev->lock);
    }
    virtio_unlock(dev);
}

static void net_reset(struct virtio_device *dev)
{
    struct virtio_net *s = net_of(dev);

    memcpy(s->layout.mac, s->mac_at_reset, sizeof(s->layout.mac));
    s->pairs = 1;
    s->features_taken = false;
    s->offloads = 0;
    net_filter_reset(&s->filter);
}

static void net_free(struct virtio_device *dev)
{
    struct virtio_net *s = net_of(dev);

    if (s->client) {
        net_detach(s->client);
    }
    virtio_deinit(dev);
    virtq_chain_free(&s->tx);
    virtq_chain_free(&s->ctrl);
    for (unsigned i = 0; i < NET_MAX_MERGE; i++) {
        virtq_chain_free(&s->rx[i]);
    }
    pthread_cond_destroy(&s->sent);
    free(s);
}

static const struct virtio_device_ops net_ops = {
    .name = "virtio-net",
    .id = VIRTIO_ID_NET,
    .config_read = net_config_read,
    .config_write = net_config_write,
    .process = net_process,
    .drain = net_drain,
    .reset = net_reset,
    .free = net_free,
};

static uint64_t host_features(const struct virtio_net_config *config,
                              unsigned pairs)
{
    uint64_t features = NET_F_MAC | (pairs > 1 ? NET_F_MQ : 0);

    for (const struct virtio_property *p = virtio_net_properties; p->name;
         p++) {
        features |= p->feature;
    }
    features |= config->mtu ? NET_F_MTU : 0;
    features |= config->speed ? NET_F_SPEED_DUPLEX : 0;
    features &= ~config->features_off;
    if (!(features & NET_F_CTRL_VQ)) { /* the others need it (5.1.3.1) */
        features &= ~(NET_F_CTRL_RX | NET_F_CTRL_VLAN | NET_F_CTRL_RX_EXTRA |
                      NET_F_CTRL_MAC_ADDR | NET_F_CTRL_GUEST_OFFLOADS |
                      NET_F_GUEST_ANNOUNCE | NET_F_MQ);
    }
    if (!(features & NET_F_CSUM)) {
        features &= ~(NET_F_HOST_TSO4 | NET_F_HOST_TSO6);
    }
    if (!(features & NET_F_GUEST_CSUM)) {
        features &= ~(NET_F_GUEST_TSO4 | NET_F_GUEST_TSO6);
    }
    return features;
}

/* The layout up to the last member that a feature speaks of. */
static unsigned layout_size(uint64_t features)
{
    return features & NET_F_SPEED_DUPLEX ? sizeof(struct net_layout)
           : features & NET_F_MTU        ? offsetof(struct net_layout, speed)
           : features & NET_F_MQ         ? offsetof(struct net_layout, mtu)
                                 : offsetof(struct net_layout,
                                            max_virtqueue_pairs);
}

static void add_queues(struct virtio_net *s,
                       const struct virtio_net_config *config)
{
    uint16_t rx = (uint16_t)or_else(config->rx_queue_size, QUEUE_SIZE);
    uint16_t tx = (uint16_t)or_else(config->tx_queue_size, QUEUE_SIZE);

    for (unsigned pair = 0; pair < s->max_pairs; pair++) {
        virtio_add_queue(&s->dev, rx);
        virtio_add_queue(&s->dev, tx);
    }
    if (s->dev.host_features & NET_F_CTRL_VQ) {
        virtio_add_queue(&s->dev, CTRL_QUEUE_SIZE);
    }
}

struct virtio_device *virtio_net_create(const struct virtio_net_config *config,
                                        const struct virtio_host *host,
                                        struct error **err)
{
    unsigned most = (VIRTIO_MAX_QUEUES - 1) / 2;
    unsigned pairs = config->client && config->multiqueue
                         ? config->client->queues : 1;

    if (!virtio_check_queue_size("rx_queue_size", config->rx_queue_size, 64,
                                 err) ||
        !virtio_check_queue_size("tx_queue_size", config->tx_queue_size, 64,
                                 err)) {
        return NULL;
    }
    struct virtio_net *s = calloc(1, sizeof(*s));
    assert(s);
    s->client = config->client;
    s->max_pairs = pairs < most ? pairs : most;
    memcpy(s->mac_at_reset, config->mac, sizeof(s->mac_at_reset));
    s->layout = (struct net_layout){
        .status = config->client && !config->client->link_down
                      ? NET_S_LINK_UP : 0,
        .max_virtqueue_pairs = (uint16_t)s->max_pairs,
        .mtu = config->mtu,
        .speed = config->speed,
        .duplex = config->half_duplex ? 0 : 1,
    };
    pthread_cond_init(&s->sent, NULL);
    uint64_t features = host_features(config, s->max_pairs);
    virtio_init(&s->dev, &net_ops, host, features, layout_size(features));
    add_queues(s, config);
    net_reset(&s->dev);
    if (s->client) {
        net_attach(s->client, &net_nic, s);
    }
    return &s->dev;
}
