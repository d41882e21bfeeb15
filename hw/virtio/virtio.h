/*
 * The device core: virtio 1.2 chapter 2 between a device type (blk, rng,
 * ...) and a transport (MMIO, PCI).
 *
 * A device has one lock.  The driver's notifications come from a vCPU and
 * only leave a mark; the device's process() then runs on its loop's thread.
 * Functions below want the lock held unless they say otherwise; the
 * transport keeps its own registers under the same lock.
 *
 * Legacy drivers (2.2.3 and the "legacy interface" sections) are those that
 * do not accept VERSION_1; their structures are little-endian here, as the
 * guests of this board are.
 */
#ifndef HW_VIRTIO_VIRTIO_H
#define HW_VIRTIO_VIRTIO_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/virtio/virtqueue.h"
#include "softmmu/dma.h"
#include "util/bits.h"
#include "util/error.h"
#include "util/loop.h"

#define VIRTIO_MAX_QUEUES 128
#define VIRTIO_MAX_CONFIG 256

/* Device ids (chapter 5) */
enum {
    VIRTIO_ID_NET = 1,
    VIRTIO_ID_BLOCK = 2,
    VIRTIO_ID_CONSOLE = 3,
    VIRTIO_ID_RNG = 4,
    VIRTIO_ID_SCSI = 8,
};

/* Status (2.1) */
enum virtio_status {
    VIRTIO_ACKNOWLEDGE = 1,
    VIRTIO_DRIVER = 2,
    VIRTIO_DRIVER_OK = 4,
    VIRTIO_FEATURES_OK = 8,
    VIRTIO_NEEDS_RESET = 64,
    VIRTIO_FAILED = 128,
};

/* Feature bits of every device (chapter 6) */
#define VIRTIO_F_NOTIFY_ON_EMPTY BIT(24)
#define VIRTIO_F_ANY_LAYOUT BIT(27)
#define VIRTIO_F_INDIRECT_DESC BIT(28)
#define VIRTIO_F_EVENT_IDX BIT(29)
#define VIRTIO_F_VERSION_1 BIT(32)
#define VIRTIO_F_ACCESS_PLATFORM BIT(33)
#define VIRTIO_F_RING_PACKED BIT(34)
#define VIRTIO_F_RING_RESET BIT(40)

/* The user's choice among them, by property name; NULL ends the list. */
struct virtio_property {
    const char *name;
    uint64_t feature;
};
extern const struct virtio_property virtio_properties[];

#define VIRTIO_DEFAULT_FEATURES                                          \
    (VIRTIO_F_NOTIFY_ON_EMPTY | VIRTIO_F_ANY_LAYOUT |                    \
     VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_RING_RESET)

/* What every device is made with. */
struct virtio_host {
    struct dma *dma;
    struct loop *loop;  /* on whose thread the device works */
    uint64_t features;  /* VIRTIO_DEFAULT_FEATURES, changed as asked */
};

struct virtio_device;

struct virtio_device_ops {
    const char *name; /* "virtio-blk" */
    uint16_t id;
    /* Fill all of the config space as the driver reads it. */
    void (*config_read)(struct virtio_device *dev, uint8_t *config);
    /* May be NULL: then it is read-only. */
    void (*config_write)(struct virtio_device *dev, unsigned offset,
                         unsigned size, uint64_t value);
    /* The driver added to queue n, or may have.  Loop thread, lock not
     * held.  Bounded, see virtio_each(). */
    void (*process)(struct virtio_device *dev, unsigned n);
    /* Return when nothing touches guest memory any more; pops give nothing
     * meanwhile.  Lock not held, any thread; may be NULL. */
    void (*drain)(struct virtio_device *dev);
    /* Forget what the driver set up and every chain; drained before. */
    void (*reset)(struct virtio_device *dev);
    void (*free)(struct virtio_device *dev); /* the whole object */
};

/* What the core asks of a transport; the lock is held. */
struct virtio_transport_ops {
    void (*queue_interrupt)(void *transport, unsigned n);
    void (*config_interrupt)(void *transport);
};

/* First member of every device type's state. */
struct virtio_device {
    const struct virtio_device_ops *ops;
    pthread_mutex_t lock;
    struct dma *dma;
    struct loop *loop;
    const struct virtio_transport_ops *transport_ops;
    void *transport;

    uint64_t host_features; /* offered */
    uint64_t features;      /* accepted */
    uint8_t status;         /* enum virtio_status */
    bool resetting;         /* draining: the driver's writes are lost */
    uint32_t generation;    /* of the config space (2.5.1) */
    unsigned config_size;
    unsigned queue_count;
    struct virtq queues[VIRTIO_MAX_QUEUES];

    struct loop_timer *kick;
    uint64_t kicked[VIRTIO_MAX_QUEUES / 64]; /* atomic; a bit per queue */
};

/* For device types ----------------------------------------------------- */

/* No lock.  `features` are the type's own; queues are added after. */
void virtio_init(struct virtio_device *dev,
                 const struct virtio_device_ops *ops,
                 const struct virtio_host *host, uint64_t features,
                 unsigned config_size);
void virtio_add_queue(struct virtio_device *dev, uint16_t max_size);
/* The user's size of a queue, 0 for the default; `name` is the property's. */
bool virtio_check_queue_size(const char *name, unsigned size, unsigned least,
                             struct error **err);
/* Undo virtio_init(); for ops->free.  Loop thread or loop not running. */
void virtio_deinit(struct virtio_device *dev);

static inline void virtio_lock(struct virtio_device *dev)
{
    pthread_mutex_lock(&dev->lock);
}

static inline void virtio_unlock(struct virtio_device *dev)
{
    pthread_mutex_unlock(&dev->lock);
}

static inline bool virtio_has(const struct virtio_device *dev,
                              uint64_t feature)
{
    return dev->features & feature;
}

/* virtq_pop() if the driver is ready for it. */
bool virtio_pop(struct virtio_device *dev, unsigned n,
                struct virtq_chain *chain);
/* Have the driver notify us again; false when that came too late: there are
 * chains now. */
bool virtio_await(struct virtio_device *dev, unsigned n);
/*
 * Call take() until it returns false, for there was nothing to pop, then
 * wait for a notification again.  At most a queue's worth of times in a row:
 * then the queue kicks itself.
 */
void virtio_each(struct virtio_device *dev, unsigned n,
                 bool (*take)(struct virtio_device *dev, unsigned n));
/* Return one chain and interrupt the driver if it wants that; or several:
 * virtq_fill(), virtq_publish(), virtio_signal(). */
void virtio_push(struct virtio_device *dev, unsigned n,
                 const struct virtq_chain *chain, uint64_t written);
void virtio_signal(struct virtio_device *dev, unsigned n);

void virtio_config_changed(struct virtio_device *dev);

/* For transports ------------------------------------------------------- */

/* No lock; once, before the guest runs. */
void virtio_attach(struct virtio_device *dev,
                   const struct virtio_transport_ops *ops, void *transport);

/* What to offer, and what the driver accepts of it: bits 0..31 or 32..63.
 * A legacy driver sees the low half only. */
uint32_t virtio_offered(const struct virtio_device *dev, bool legacy,
                        bool high);
void virtio_accept(struct virtio_device *dev, bool legacy, bool high,
                   uint32_t features);

/* NULL when there is no such queue. */
struct virtq *virtio_queue(struct virtio_device *dev, unsigned n);
/* Modern: size and addresses are set, start. */
void virtio_queue_enable(struct virtio_device *dev, unsigned n);
/* Legacy (2.7.2): all three areas in one piece at `pa`, the used ring
 * aligned to `align`. */
void virtio_queue_start_legacy(struct virtio_device *dev, unsigned n,
                               uint64_t pa, uint32_t align);

/* Config space; beyond its end reads give zero and writes are lost. */
uint64_t virtio_config_read(struct virtio_device *dev, unsigned offset,
                            unsigned size);
void virtio_config_write(struct virtio_device *dev, unsigned offset,
                         unsigned size, uint64_t value);

/* Without the lock: */

/* Writing 0 resets.  `legacy` drivers do not negotiate FEATURES_OK. */
void virtio_set_status(struct virtio_device *dev, bool legacy,
                       uint8_t status);
/* Stop one queue (2.6.1, or a legacy PFN of 0). */
void virtio_queue_reset(struct virtio_device *dev, unsigned n);
/* Power-on state.  Returns when the device is idle. */
void virtio_reset(struct virtio_device *dev);
/* The driver notified queue n. */
void virtio_kick(struct virtio_device *dev, unsigned n);
/* As virtio_deinit(); the transport is gone or will not be used. */
void virtio_free(struct virtio_device *dev);

#endif
