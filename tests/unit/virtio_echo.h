/*
 * A virtio-mmio device that returns what it is sent, for the tests of
 * hw/virtio's device core, queues and MMIO transport.
 */
#ifndef TESTS_UNIT_VIRTIO_ECHO_H
#define TESTS_UNIT_VIRTIO_ECHO_H

#include "hw/virtio/virtio.h"
#include "tests/unit/virtio_driver.h"

#define V1 VIRTIO_F_VERSION_1
#define PACKED VIRTIO_F_RING_PACKED
#define EVENT VIRTIO_F_EVENT_IDX

/* What a queue can be like, for looped tests: features. */
#define ECHO_RING_KINDS 5
extern const uint64_t echo_ring_kinds[ECHO_RING_KINDS];

/* Two queues: 0 echoes; 1 keeps chains until it has `batch`.  Its feature is
 * bit 3, its config space 16 bytes from 0xa0 on. */
struct echo {
    struct virtio_device dev;
    struct guest *g;
    struct virtq_chain chain, kept[64];
    unsigned count, batch, drained;
    bool freed;
};

/* A guest with the device, before its driver says anything. */
void echo_begin(struct echo *echo, struct guest *g, bool legacy);
/* The same with queue 0 in use, of 16 entries. */
void echo_begin_modern(struct echo *echo, struct guest *g, struct queue *q,
                       uint64_t features);
/* All of it goes, the device, too. */
void echo_end(struct echo *echo);

/* Some bytes through queue 0 and back. */
void echo_once(struct queue *q, unsigned seed, unsigned segments,
               bool indirect);

#endif
