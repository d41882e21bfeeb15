/* Between virtio_net.c (packets) and virtio_net_ctrl.c (control queue). */
#ifndef HW_VIRTIO_VIRTIO_NET_INTERNAL_H
#define HW_VIRTIO_VIRTIO_NET_INTERNAL_H

#include <pthread.h>

#include "hw/virtio/virtio_net.h"

/* Features (5.1.3) */
#define NET_F_CSUM BIT(0)
#define NET_F_GUEST_CSUM BIT(1)
#define NET_F_CTRL_GUEST_OFFLOADS BIT(2)
#define NET_F_MTU BIT(3)
#define NET_F_MAC BIT(5)
#define NET_F_GUEST_TSO4 BIT(7)
#define NET_F_GUEST_TSO6 BIT(8)
#define NET_F_HOST_TSO4 BIT(11)
#define NET_F_HOST_TSO6 BIT(12)
#define NET_F_MRG_RXBUF BIT(15)
#define NET_F_STATUS BIT(16)
#define NET_F_CTRL_VQ BIT(17)
#define NET_F_CTRL_RX BIT(18)
#define NET_F_CTRL_VLAN BIT(19)
#define NET_F_CTRL_RX_EXTRA BIT(20)
#define NET_F_GUEST_ANNOUNCE BIT(21)
#define NET_F_MQ BIT(22)
#define NET_F_CTRL_MAC_ADDR BIT(23)
#define NET_F_SPEED_DUPLEX BIT(63)

#define NET_GUEST_OFFLOADS \
    (NET_F_GUEST_CSUM | NET_F_GUEST_TSO4 | NET_F_GUEST_TSO6)

/* Config space (5.1.4), little-endian */
struct net_layout {
    uint8_t mac[6];
    uint16_t status;
    uint16_t max_virtqueue_pairs;
    uint16_t mtu;
    uint32_t speed; /* Mbit/s */
    uint8_t duplex;
} __attribute__((packed));

enum { NET_S_LINK_UP = 1 };

/* A packet that needs more chains is lost: 64 KiB in small buffers. */
#define NET_MAX_MERGE 128
#define NET_MAX_MACS 64

/* What the guest wants to receive (5.1.6.5). */
struct net_filter {
    bool promiscuous, all_multicast, all_unicast;
    bool no_multicast, no_unicast, no_broadcast;
    bool unicast_overflow, multicast_overflow; /* more than fit: all */
    unsigned unicast_count, multicast_count;
    uint8_t unicast[NET_MAX_MACS][6], multicast[NET_MAX_MACS][6];
    uint64_t vlans[4096 / 64]; /* a bit each */
};

struct virtio_net {
    struct virtio_device dev;
    struct net_client *client;
    struct net_layout layout;
    uint8_t mac_at_reset[6];
    unsigned max_pairs;

    /* Under the device's lock. */
    unsigned pairs;    /* in use */
    bool features_taken;
    uint64_t offloads; /* NET_GUEST_OFFLOADS in force */
    struct net_filter filter;
    bool sending;      /* the loop thread reads a chain without the lock */
    pthread_cond_t sent;

    /* Loop thread only. */
    unsigned guest_can; /* as the client was told */
    struct virtq_chain tx, ctrl;
    struct iovec tx_iov[VIRTQ_MAX_CHAIN];
    struct virtq_chain rx[NET_MAX_MERGE];
    uint8_t linear[NET_MAX_PACKET];
};

static inline struct virtio_net *net_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_net, dev);
}

/* The control queue (5.1.6.5); lock held. */
bool net_ctrl_take(struct virtio_device *dev, unsigned n);

/* Does the guest want this frame, of at least 14 bytes? */
bool net_filter_wants(const struct virtio_net *s, const uint8_t *frame,
                      size_t length);
void net_filter_reset(struct net_filter *filter);

#endif
