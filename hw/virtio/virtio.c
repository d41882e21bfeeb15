/*
 * The device core: see virtio.h.
 *
 * A notification sets the queue's bit in `kicked` and arms a timer that is
 * due at once, which wakes the loop thread; while bits are pending there,
 * further notifications cost an atomic OR.
 *
 * Reset: with `resetting` set, pops give nothing and the driver's writes are
 * lost; the device finishes what it has begun, without the lock, and then
 * all state goes at once.
 */
#include "hw/virtio/virtio.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

const struct virtio_property virtio_properties[] = {
    {"notify_on_empty", VIRTIO_F_NOTIFY_ON_EMPTY},
    {"any_layout", VIRTIO_F_ANY_LAYOUT},
    {"indirect_desc", VIRTIO_F_INDIRECT_DESC},
    {"event_idx", VIRTIO_F_EVENT_IDX},
    {"iommu_platform", VIRTIO_F_ACCESS_PLATFORM},
    {"packed", VIRTIO_F_RING_PACKED},
    {"queue_reset", VIRTIO_F_RING_RESET},
    {NULL, 0},
};

/* Devices work when the driver has said so; legacy drivers may use a queue
 * as soon as it has an address (3.1.1, "some legacy drivers"). */
static bool is_live(const struct virtio_device *dev)
{
    return !dev->resetting && !(dev->status & VIRTIO_NEEDS_RESET) &&
           (dev->status & VIRTIO_DRIVER_OK ||
            !virtio_has(dev, VIRTIO_F_VERSION_1));
}

/* Queues --------------------------------------------------------------- */

struct virtq *virtio_queue(struct virtio_device *dev, unsigned n)
{
    return n < dev->queue_count ? &dev->queues[n] : NULL;
}

static void process_kicked(void *opaque)
{
    struct virtio_device *dev = opaque;

    for (unsigned word = 0; word < ARRAY_SIZE(dev->kicked); word++) {
        uint64_t bits =
            __atomic_exchange_n(&dev->kicked[word], 0, __ATOMIC_ACQ_REL);
        for (; bits; bits &= bits - 1) {
            dev->ops->process(dev, word * 64 + (unsigned)ctz64(bits));
        }
    }
}

void virtio_kick(struct virtio_device *dev, unsigned n)
{
    if (n >= dev->queue_count) {
        guest_error("%s: notification of queue %u; there are %u",
                    dev->ops->name, n, dev->queue_count);
        return;
    }
    uint64_t before = __atomic_fetch_or(&dev->kicked[n / 64], BIT(n % 64),
                                        __ATOMIC_ACQ_REL);
    if (!before) {
        loop_timer_arm(dev->kick, 0);
    }
}

bool virtio_pop(struct virtio_device *dev, unsigned n,
                struct virtq_chain *chain)
{
    return is_live(dev) && virtq_pop(&dev->queues[n], chain);
}

bool virtio_await(struct virtio_device *dev, unsigned n)
{
    return virtq_set_notify(&dev->queues[n], true) || !is_live(dev);
}

void virtio_each(struct virtio_device *dev, unsigned n,
                 bool (*take)(struct virtio_device *dev, unsigned n))
{
    struct virtq *vq = &dev->queues[n];
    unsigned budget = vq->max_size;

    do {
        virtq_set_notify(vq, false);
        while (budget && take(dev, n)) {
            budget--;
        }
    } while (budget && !virtio_await(dev, n));
    if (!budget) {
        virtio_kick(dev, n);
    }
}

void virtio_signal(struct virtio_device *dev, unsigned n)
{
    if (virtq_should_interrupt(&dev->queues[n]) && dev->transport_ops) {
        dev->transport_ops->queue_interrupt(dev->transport, n);
    }
}

void virtio_push(struct virtio_device *dev, unsigned n,
                 const struct virtq_chain *chain, uint64_t written)
{
    virtq_fill(&dev->queues[n], chain, written);
    virtq_publish(&dev->queues[n]);
    virtio_signal(dev, n);
}

static void set_ring_features(struct virtio_device *dev)
{
    for (unsigned n = 0; n < dev->queue_count; n++) {
        struct virtq *vq = &dev->queues[n];
        vq->packed = virtio_has(dev, VIRTIO_F_RING_PACKED);
        vq->event_idx = virtio_has(dev, VIRTIO_F_EVENT_IDX);
        vq->notify_on_empty = virtio_has(dev, VIRTIO_F_NOTIFY_ON_EMPTY);
    }
}

void virtio_queue_enable(struct virtio_device *dev, unsigned n)
{
    struct virtq *vq = virtio_queue(dev, n);

    if (!vq || vq->ready || dev->resetting) {
        return;
    }
    if (virtq_start(vq) && dev->status & VIRTIO_DRIVER_OK) {
        virtio_kick(dev, n); /* after a queue reset */
    }
}

void virtio_queue_start_legacy(struct virtio_device *dev, unsigned n,
                               uint64_t pa, uint32_t align)
{
    struct virtq *vq = virtio_queue(dev, n);

    if (!vq || dev->resetting) {
        return;
    }
    if (vq->ready || !is_power_of_2(align)) {
        guest_error("%s: queue %u %s", dev->ops->name, n,
                    vq->ready ? "is in use" : "has no possible alignment");
        return;
    }
    uint64_t avail_end = pa + 16 * (uint64_t)vq->size + 4 +
                         2 * (uint64_t)vq->size + 2;
    vq->desc = pa;
    vq->driver = pa + 16 * (uint64_t)vq->size;
    vq->device = align_up(avail_end, align);
    virtq_start(vq);
}

/* Status and features -------------------------------------------------- */

void virtio_config_changed(struct virtio_device *dev)
{
    dev->generation++;
    if (dev->transport_ops && dev->status & VIRTIO_DRIVER_OK) {
        dev->transport_ops->config_interrupt(dev->transport);
    }
}

/* The driver broke the rules in a way that cannot be answered (2.1.2). */
static void queue_failed(void *opaque)
{
    struct virtio_device *dev = opaque;

    if (virtio_has(dev, VIRTIO_F_VERSION_1)) {
        dev->status |= VIRTIO_NEEDS_RESET;
        virtio_config_changed(dev);
    }
}

uint32_t virtio_offered(const struct virtio_device *dev, bool legacy,
                        bool high)
{
    if (high) {
        return legacy ? 0 : (uint32_t)(dev->host_features >> 32);
    }
    return (uint32_t)dev->host_features;
}

void virtio_accept(struct virtio_device *dev, bool legacy, bool high,
                   uint32_t features)
{
    if (dev->resetting || dev->status & VIRTIO_FEATURES_OK ||
        (legacy && high)) {
        return;
    }
    dev->features = deposit64(dev->features, high ? 32 : 0, 32, features);
    if (legacy) {
        dev->features &= dev->host_features; /* there is no way to refuse */
    }
    set_ring_features(dev);
}

static bool features_acceptable(const struct virtio_device *dev)
{
    uint64_t excess = dev->features & ~dev->host_features;

    if (excess) {
        guest_error("%s: driver accepts features 0x%llx that were not "
                    "offered", dev->ops->name, (unsigned long long)excess);
        return false;
    }
    if (!virtio_has(dev, VIRTIO_F_VERSION_1)) {
        guest_error("%s: driver does not accept VERSION_1; the legacy "
                    "interface is chosen by force-legacy or "
                    "disable-legacy=off", dev->ops->name);
        return false;
    }
    return true;
}

void virtio_set_status(struct virtio_device *dev, bool legacy, uint8_t status)
{
    if (!status) {
        virtio_reset(dev);
        return;
    }
    virtio_lock(dev);
    if (dev->resetting) {
        virtio_unlock(dev);
        return;
    }
    uint8_t added = status & ~dev->status;
    if (!legacy && added & VIRTIO_FEATURES_OK && !features_acceptable(dev)) {
        status &= ~VIRTIO_FEATURES_OK;
    }
    dev->status = status | (dev->status & VIRTIO_NEEDS_RESET);
    for (unsigned n = 0; added & VIRTIO_DRIVER_OK && n < dev->queue_count;
         n++) {
        if (dev->queues[n].ready) {
            virtio_kick(dev, n);
        }
    }
    virtio_unlock(dev);
}

/* Reset ---------------------------------------------------------------- */

/* Alone in here, for a second vCPU may reset, too. */
static bool reset_begin(struct virtio_device *dev)
{
    virtio_lock(dev);
    bool first = !dev->resetting;
    dev->resetting = true;
    virtio_unlock(dev);
    if (first && dev->ops->drain) {
        dev->ops->drain(dev);
    }
    return first;
}

static void queue_clear(struct virtq *vq)
{
    virtq_stop(vq);
    vq->size = vq->max_size;
    vq->desc = 0;
    vq->driver = 0;
    vq->device = 0;
}

void virtio_reset(struct virtio_device *dev)
{
    if (!reset_begin(dev)) {
        return;
    }
    virtio_lock(dev);
    for (unsigned n = 0; n < dev->queue_count; n++) {
        queue_clear(&dev->queues[n]);
    }
    dev->ops->reset(dev);
    dev->features = 0;
    dev->status = 0;
    dev->generation = 0;
    set_ring_features(dev);
    dev->resetting = false;
    virtio_unlock(dev);
}

void virtio_queue_reset(struct virtio_device *dev, unsigned n)
{
    if (n >= dev->queue_count || !reset_begin(dev)) {
        return;
    }
    virtio_lock(dev);
    queue_clear(&dev->queues[n]);
    dev->resetting = false;
    /* Queues that were notified meanwhile. */
    for (unsigned i = 0; i < dev->queue_count; i++) {
        if (dev->queues[i].ready) {
            virtio_kick(dev, i);
        }
    }
    virtio_unlock(dev);
}

/* Config space --------------------------------------------------------- */

uint64_t virtio_config_read(struct virtio_device *dev, unsigned offset,
                            unsigned size)
{
    uint8_t config[VIRTIO_MAX_CONFIG] = {0};
    uint64_t value = 0;

    if (offset > dev->config_size || size > dev->config_size - offset) {
        guest_error("%s: read of config space at 0x%x, beyond its end",
                    dev->ops->name, offset);
        return 0;
    }
    dev->ops->config_read(dev, config);
    memcpy(&value, config + offset, size);
    return value;
}

void virtio_config_write(struct virtio_device *dev, unsigned offset,
                         unsigned size, uint64_t value)
{
    if (offset > dev->config_size || size > dev->config_size - offset ||
        !dev->ops->config_write) {
        guest_error("%s: write of config space at 0x%x, which is not "
                    "writable", dev->ops->name, offset);
        return;
    }
    if (!dev->resetting) {
        dev->ops->config_write(dev, offset, size, value);
    }
}

/* Creation ------------------------------------------------------------- */

void virtio_init(struct virtio_device *dev,
                 const struct virtio_device_ops *ops,
                 const struct virtio_host *host, uint64_t features,
                 unsigned config_size)
{
    assert(config_size <= VIRTIO_MAX_CONFIG);
    pthread_mutex_init(&dev->lock, NULL);
    dev->ops = ops;
    dev->dma = host->dma;
    dev->loop = host->loop;
    dev->host_features = features | host->features | VIRTIO_F_VERSION_1;
    dev->config_size = config_size;
    dev->kick = loop_timer_new(host->loop, process_kicked, dev);
}

void virtio_add_queue(struct virtio_device *dev, uint16_t max_size)
{
    assert(dev->queue_count < VIRTIO_MAX_QUEUES &&
           max_size <= VIRTQ_MAX_SIZE);
    dev->queues[dev->queue_count] = (struct virtq){
        .dma = dev->dma,
        .name = dev->ops->name,
        .index = dev->queue_count,
        .max_size = max_size,
        .size = max_size,
        .failed = queue_failed,
        .opaque = dev,
    };
    dev->queue_count++;
}

bool virtio_check_queue_size(const char *name, unsigned size, unsigned least,
                             struct error **err)
{
    if (size &&
        (!is_power_of_2(size) || size < least || size > VIRTQ_MAX_SIZE)) {
        error_set(err, "%s=%u: must be a power of two from %u to %u", name,
                  size, least, VIRTQ_MAX_SIZE);
        return false;
    }
    return true;
}

void virtio_deinit(struct virtio_device *dev)
{
    loop_timer_free(dev->kick);
    pthread_mutex_destroy(&dev->lock);
}

void virtio_attach(struct virtio_device *dev,
                   const struct virtio_transport_ops *ops, void *transport)
{
    assert(!dev->transport_ops);
    dev->transport_ops = ops;
    dev->transport = transport;
}

void virtio_free(struct virtio_device *dev)
{
    if (dev) {
        virtio_reset(dev);
        dev->ops->free(dev);
    }
}
