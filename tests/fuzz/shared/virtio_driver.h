/*
 * Scripts for virtio devices: a driver that sets queues up as drivers do and
 * makes chains, and a script that may spoil anything of it.
 *
 * In the arena, queue n has three pages from n * 0x3000 on: descriptors with
 * the driver's area behind them, then the device's area; the buffers are in
 * the last quarter.
 */
#ifndef TESTS_FUZZ_SHARED_VIRTIO_DRIVER_H
#define TESTS_FUZZ_SHARED_VIRTIO_DRIVER_H

#include "tests/fuzz/shared/board.h"

#define DRIVER_QUEUES 4
#define DRIVER_BUFFERS 0xc000 /* offset in the arena */
#define DRIVER_BUFFER_SIZE 0x4000

struct virtio_driver;

struct driver_transport {
    /* Accept `wanted` of what is offered; up to FEATURES_OK. */
    uint64_t (*negotiate)(struct virtio_driver *d, uint64_t wanted);
    void (*setup)(struct virtio_driver *d, unsigned queue, unsigned size,
                  uint64_t pa);
    void (*status)(struct virtio_driver *d, uint8_t status);
    void (*kick)(struct virtio_driver *d, unsigned queue);
};

struct virtio_driver {
    struct board *b;
    const struct driver_transport *t;
    bool legacy;
    uint64_t base;    /* of the transport's registers */
    uint64_t notify;  /* PCI: of the notification area */
    const char *netdev; /* the NIC's cable, for packets from outside */

    uint64_t features;
    struct driver_ring {
        unsigned size;
        uint16_t next, available;
        bool wrap;
    } rings[DRIVER_QUEUES];
};

/*
 * The input: a byte of features, then operations as in board.h, the windows
 * being the caller's.  Its own operations, by bits 7..4:
 *   0 chain    queue and form, buffers: see make_chain()
 *   1 kick     queue
 *   2 setup    queue, log2 of the size
 *   3 reset and start again: features
 *   4 packet   16-bit length, offload, bytes: from the network
 *   5 typing   8-bit length, bytes: from the console's far end
 *   others     let the device work
 */
void virtio_driver_run(struct virtio_driver *d, struct input *in,
                       const struct board_window *windows, unsigned count);

#endif
