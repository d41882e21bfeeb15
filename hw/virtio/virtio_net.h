/* Virtio network device: see virtio_net.c. */
#ifndef HW_VIRTIO_VIRTIO_NET_H
#define HW_VIRTIO_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/virtio/virtio.h"
#include "net/net.h"

/* Zero-initialised it is the default, but for the address. */
struct virtio_net_config {
    struct net_client *client; /* outlives the device; NULL: no cable */
    uint8_t mac[6];
    uint64_t features_off;     /* of virtio_net_properties[] */
    bool multiqueue;           /* as many pairs as the client has */
    unsigned rx_queue_size, tx_queue_size; /* powers of two; 0: 256 */
    uint16_t mtu;              /* host_mtu; 0: not told */
    uint32_t speed;            /* Mbit/s; 0: not told */
    bool half_duplex;
};

/* Features the user can turn off, by property name; NULL ends the list. */
extern const struct virtio_property virtio_net_properties[];

/* NULL when the configuration makes no device. */
struct virtio_device *virtio_net_create(const struct virtio_net_config *config,
                                        const struct virtio_host *host,
                                        struct error **err);

#endif
