/*
 * Requests of devices that answer in any order (blk, scsi): a chain from its
 * pop to its push.
 *
 * A device's own request has struct virtio_request as its first member.
 * Ended requests are kept, with their memory and whatever the device has put
 * into them, and used again: there are as many as were ever under way at
 * once.  Nothing here lists those under way: who works on one (a disk, a
 * SCSI bus) answers it, and is what a reset waits for.
 *
 * The device's lock is held around every call unless a comment says
 * otherwise.
 */
#ifndef HW_VIRTIO_VIRTIO_REQUEST_H
#define HW_VIRTIO_VIRTIO_REQUEST_H

#include "hw/virtio/virtio.h"

struct virtio_request {
    struct virtio_requests *from;
    unsigned queue;
    struct virtq_chain chain;
    struct iovec *data;         /* see virtio_request_data() */
    unsigned data_room;
    struct virtio_request *next; /* while it is kept */
};

struct virtio_requests {
    struct virtio_device *dev;
    size_t size; /* of the device's own request */
    struct virtio_request *kept;
};

/* No lock. */
void virtio_requests_init(struct virtio_requests *requests,
                          struct virtio_device *dev, size_t size);
/* None is under way; release(), if not NULL, frees what the device has put
 * into one.  No lock. */
void virtio_requests_free(struct virtio_requests *requests,
                          void (*release)(struct virtio_request *req));

/* The next chain of queue n; NULL when there is none.  A request that is used
 * for the first time is zero. */
struct virtio_request *virtio_request_pop(struct virtio_requests *requests,
                                          unsigned n);
/* Room for `count` pieces of the chain, for the device to fill. */
struct iovec *virtio_request_data(struct virtio_request *req, unsigned count);
/* Return the chain; the request is not the device's any more. */
void virtio_request_push(struct virtio_request *req, uint64_t written);

#endif
