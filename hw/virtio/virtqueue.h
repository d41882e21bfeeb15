/*
 * Virtqueues: virtio 1.2, 2.6 (common), 2.7 (split), 2.8 (packed), the
 * device's side.
 *
 * The rings are guest memory and may say anything at any time.  What cannot
 * be right breaks the queue: it gives no more chains until it is started
 * again, and failed() is called once.
 *
 * No locking: the device's lock is held around every call.
 */
#ifndef HW_VIRTIO_VIRTQUEUE_H
#define HW_VIRTIO_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "softmmu/dma.h"
#include "util/bits.h"

/* Descriptors of one chain, and pieces of memory they may make. */
#define VIRTQ_MAX_CHAIN 1024
#define VIRTQ_MAX_SIZE 1024

/*
 * A descriptor chain: buffers that the driver hands to the device.  iov[]
 * lists the ones the device reads, then the ones it writes.  Reused from pop
 * to pop; zero-initialised to begin with.
 */
struct virtq_chain {
    uint16_t id;         /* by which the driver knows it */
    uint16_t slots;      /* ring entries it took */
    uint32_t epoch;      /* of the queue it comes from */
    unsigned out_count, in_count; /* elements of iov */
    uint64_t out_size, in_size;   /* bytes */
    struct iovec *iov;
    uint64_t *pa;        /* guest address of each iov element */
    unsigned room;
};

struct virtq {
    /* Set by the device core before the queue is started. */
    struct dma *dma;
    const char *name;       /* for messages */
    unsigned index;
    uint16_t max_size;      /* 0: there is no such queue */
    uint16_t size;
    uint64_t desc, driver, device; /* guest addresses of the three areas */
    bool packed, event_idx, notify_on_empty; /* as negotiated */
    void (*failed)(void *opaque);
    void *opaque;

    bool ready; /* between start and stop */
    uint32_t epoch; /* counts starts: chains of an earlier one are void */
    bool broken;
    unsigned in_use;      /* ring entries popped and not pushed */
    unsigned filled;      /* ring entries filled and not published */
    uint16_t avail;       /* split: counter; packed: ring position */
    uint16_t used;
    bool avail_wrap, used_wrap; /* packed */
    uint16_t first_flags; /* packed: of the first entry filled */
    unsigned unsignalled; /* ring entries published since the last signal */
    bool signalled;       /* there was a signal */
};

/* One half of vq->desc, driver or device. */
static inline void virtq_set_address(uint64_t *area, bool high,
                                     uint32_t value)
{
    *area = deposit64(*area, high ? 32 : 0, 32, value);
}

/* Take the rings into use, from their beginning; false when the sizes or
 * addresses are impossible. */
bool virtq_start(struct virtq *vq);
void virtq_stop(struct virtq *vq);

/* The next chain; false when there is none or the queue is broken. */
bool virtq_pop(struct virtq *vq, struct virtq_chain *chain);
/* Put back the chain that was popped last (several: in reverse order). */
void virtq_unpop(struct virtq *vq, const struct virtq_chain *chain);
bool virtq_empty(struct virtq *vq);

/*
 * Return chains to the driver with the number of bytes written into each.
 * virtq_fill() any number of them, then virtq_publish() shows all at once.
 */
void virtq_fill(struct virtq *vq, const struct virtq_chain *chain,
                uint64_t written);
void virtq_publish(struct virtq *vq);

/* After publishing: does the driver want an interrupt? */
bool virtq_should_interrupt(struct virtq *vq);

/*
 * Ask the driver for notifications, or not to bother.  Returns false when
 * enabling came too late: there are chains, and perhaps no notification.
 */
bool virtq_set_notify(struct virtq *vq, bool enable);

/* Copy between a chain and a buffer, from byte `offset` of its readable or
 * writable part; returns the bytes copied. */
uint64_t virtq_read(const struct virtq_chain *chain, uint64_t offset,
                    void *buffer, uint64_t size);
uint64_t virtq_write(const struct virtq_chain *chain, uint64_t offset,
                     const void *buffer, uint64_t size);

void virtq_chain_free(struct virtq_chain *chain);

#endif
