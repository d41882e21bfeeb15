/*
 * The modern interface of virtio over PCI (virtio 1.2, 4.1.4): common
 * configuration, ISR, the device's configuration and notifications, a page
 * each of one memory BAR.
 *
 * Threads: any vCPU.  Registers are under the device's lock, but for those
 * whose effect must not be waited for with it held: status, notification,
 * queue reset.
 */
#include "hw/virtio/virtio_pci_internal.h"

#include "util/log.h"

/* Common configuration (4.1.4.3) */
enum {
    DEVICE_FEATURE_SELECT = 0x00,
    DEVICE_FEATURE = 0x04,
    DRIVER_FEATURE_SELECT = 0x08,
    DRIVER_FEATURE = 0x0c,
    CONFIG_VECTOR = 0x10,
    NUM_QUEUES = 0x12,
    DEVICE_STATUS = 0x14,
    CONFIG_GENERATION = 0x15,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE = 0x18,
    QUEUE_VECTOR = 0x1a,
    QUEUE_ENABLE = 0x1c,
    QUEUE_NOTIFY_OFF = 0x1e,
    QUEUE_DESC = 0x20,
    QUEUE_DRIVER = 0x28,
    QUEUE_DEVICE = 0x30,
    QUEUE_NOTIFY_DATA = 0x38,
    QUEUE_RESET = 0x3a,
    COMMON_END = 0x3c,
};

/* Where each field starts; it ends where the next one does.  64-bit fields
 * are two of 32 bits. */
static const uint8_t fields[] = {
    DEVICE_FEATURE_SELECT, DEVICE_FEATURE, DRIVER_FEATURE_SELECT,
    DRIVER_FEATURE, CONFIG_VECTOR, NUM_QUEUES, DEVICE_STATUS,
    CONFIG_GENERATION, QUEUE_SELECT, QUEUE_SIZE, QUEUE_VECTOR, QUEUE_ENABLE,
    QUEUE_NOTIFY_OFF, QUEUE_DESC, QUEUE_DESC + 4, QUEUE_DRIVER,
    QUEUE_DRIVER + 4, QUEUE_DEVICE, QUEUE_DEVICE + 4, QUEUE_NOTIFY_DATA,
    QUEUE_RESET, COMMON_END,
};

/* Index of the field that holds a byte before COMMON_END. */
static unsigned find_field(uint64_t offset)
{
    unsigned i = 0;

    while (fields[i + 1] <= offset) {
        i++;
    }
    return i;
}

/* Read ------------------------------------------------------------------ */

static uint32_t queue_field(const struct virtio_pci *s, unsigned field)
{
    const struct virtq *vq = virtio_queue(s->dev, s->queue_select);

    if (!vq || !vq->max_size) {
        return field == QUEUE_VECTOR ? VIRTIO_PCI_NO_VECTOR : 0;
    }
    switch (field) {
    case QUEUE_SIZE:
        return vq->size;
    case QUEUE_VECTOR:
        return s->queue_vector[s->queue_select];
    case QUEUE_ENABLE:
        return vq->ready;
    case QUEUE_NOTIFY_OFF:
    case QUEUE_NOTIFY_DATA:
        return s->queue_select;
    case QUEUE_DESC:
        return (uint32_t)vq->desc;
    case QUEUE_DESC + 4:
        return (uint32_t)(vq->desc >> 32);
    case QUEUE_DRIVER:
        return (uint32_t)vq->driver;
    case QUEUE_DRIVER + 4:
        return (uint32_t)(vq->driver >> 32);
    case QUEUE_DEVICE:
        return (uint32_t)vq->device;
    case QUEUE_DEVICE + 4:
        return (uint32_t)(vq->device >> 32);
    default: /* QUEUE_RESET: done by the time the write was */
        return 0;
    }
}

static uint32_t common_field(const struct virtio_pci *s, unsigned field)
{
    switch (field) {
    case DEVICE_FEATURE_SELECT:
        return s->device_select;
    case DEVICE_FEATURE:
        return s->device_select > 1
                   ? 0
                   : virtio_offered(s->dev, false, s->device_select);
    case DRIVER_FEATURE_SELECT:
        return s->driver_select;
    case DRIVER_FEATURE:
        return s->driver_select > 1
                   ? 0
                   : (uint32_t)(s->dev->features >> 32 * s->driver_select);
    case CONFIG_VECTOR:
        return s->config_vector;
    case NUM_QUEUES:
        return s->dev->queue_count;
    case DEVICE_STATUS:
        return s->dev->status;
    case CONFIG_GENERATION:
        return (uint8_t)s->dev->generation;
    case QUEUE_SELECT:
        return s->queue_select;
    default:
        return queue_field(s, field);
    }
}

/* Any bytes: the fields they belong to, one after the other. */
static uint32_t common_read(const struct virtio_pci *s, uint64_t offset,
                            unsigned size)
{
    uint64_t value = 0;

    for (unsigned done = 0; done < size && offset + done < COMMON_END;) {
        unsigned i = find_field(offset + done);
        unsigned skip = (unsigned)(offset + done) - fields[i];
        uint64_t part = common_field(s, fields[i]) >> (8 * skip);
        value |= part << (8 * done);
        done += fields[i + 1] - fields[i] - skip;
    }
    return (uint32_t)(value & mask64(8 * (int)size));
}

static uint64_t modern_read(void *device, struct bus_access access)
{
    struct virtio_pci *s = device;
    unsigned offset = access.offset % VIRTIO_PCI_PAGE;
    uint64_t value = 0;

    virtio_lock(s->dev);
    switch (access.offset - offset) {
    case VIRTIO_PCI_COMMON:
        value = common_read(s, offset, access.size);
        break;
    case VIRTIO_PCI_ISR:
        value = offset ? 0 : virtio_pci_take_isr(s);
        break;
    case VIRTIO_PCI_DEVICE:
        value = virtio_config_read(s->dev, offset, access.size);
        break;
    }
    virtio_unlock(s->dev);
    return value;
}

/* Write ----------------------------------------------------------------- */

/* Of a queue that is not in use. */
static void queue_setup(struct virtio_pci *s, unsigned field, uint32_t value)
{
    struct virtq *vq = virtio_queue(s->dev, s->queue_select);

    if (!vq || !vq->max_size || vq->ready || s->dev->resetting) {
        guest_error("virtio-pci: write of field 0x%02x for queue %u, which "
                    "%s", field, s->queue_select,
                    vq && vq->max_size ? "is in use" : "does not exist");
        return;
    }
    switch (field) {
    case QUEUE_SIZE:
        vq->size = (uint16_t)value;
        break;
    case QUEUE_DESC:
    case QUEUE_DESC + 4:
        virtq_set_address(&vq->desc, field != QUEUE_DESC, value);
        break;
    case QUEUE_DRIVER:
    case QUEUE_DRIVER + 4:
        virtq_set_address(&vq->driver, field != QUEUE_DRIVER, value);
        break;
    default:
        virtq_set_address(&vq->device, field != QUEUE_DEVICE, value);
        break;
    }
}

static void field_write(struct virtio_pci *s, unsigned field, uint32_t value)
{
    switch (field) {
    case DEVICE_FEATURE_SELECT:
        s->device_select = value;
        break;
    case DRIVER_FEATURE_SELECT:
        s->driver_select = value;
        break;
    case DRIVER_FEATURE:
        if (s->driver_select <= 1) {
            virtio_accept(s->dev, false, s->driver_select, value);
        }
        break;
    case CONFIG_VECTOR:
        virtio_pci_set_config_vector(s, value);
        break;
    case QUEUE_SELECT:
        s->queue_select = (uint16_t)value;
        break;
    case QUEUE_VECTOR:
        virtio_pci_set_queue_vector(s, value);
        break;
    case QUEUE_ENABLE:
        if (value == 1) {
            virtio_queue_enable(s->dev, s->queue_select);
        }
        break;
    case QUEUE_SIZE:
    case QUEUE_DESC ... QUEUE_DEVICE + 4:
        queue_setup(s, field, value);
        break;
    default:
        guest_error("virtio-pci: write of read-only field 0x%02x", field);
        break;
    }
}

/* One whole field. */
static void common_field_write(struct virtio_pci *s, unsigned field,
                               uint32_t value)
{
    if (field == DEVICE_STATUS) {
        virtio_pci_set_status(s, false, (uint8_t)value);
        return;
    }
    virtio_lock(s->dev);
    unsigned n = s->queue_select;
    bool stop = field == QUEUE_RESET && value == 1 &&
                virtio_has(s->dev, VIRTIO_F_RING_RESET);
    if (field != QUEUE_RESET) {
        field_write(s, field, value);
    }
    virtio_unlock(s->dev);
    if (stop) {
        virtio_queue_reset(s->dev, n);
    }
}

static void common_write(struct virtio_pci *s, uint64_t offset,
                         unsigned size, uint64_t value)
{
    unsigned done = 0;

    while (done < size && offset + done < COMMON_END) {
        unsigned i = find_field(offset + done);
        unsigned length = fields[i + 1] - fields[i];
        if (fields[i] != offset + done || length > size - done) {
            guest_error("virtio-pci: write of %u bytes at 0x%02x, which is "
                        "not a field", size, (unsigned)offset);
            return;
        }
        common_field_write(s, fields[i],
                           (uint32_t)extract64(value, 8 * (int)done,
                                               8 * (int)length));
        done += length;
    }
}

static void modern_write(void *device, struct bus_access access,
                         uint64_t value)
{
    struct virtio_pci *s = device;
    unsigned offset = access.offset % VIRTIO_PCI_PAGE;

    switch (access.offset - offset) {
    case VIRTIO_PCI_COMMON:
        common_write(s, offset, access.size, value);
        break;
    case VIRTIO_PCI_DEVICE:
        virtio_lock(s->dev);
        virtio_config_write(s->dev, offset, access.size, value);
        virtio_unlock(s->dev);
        break;
    case VIRTIO_PCI_NOTIFY:
        virtio_kick(s->dev, offset / VIRTIO_PCI_NOTIFY_STEP);
        break;
    }
}

const struct mmio_ops virtio_pci_modern_ops = {
    .read = modern_read, .write = modern_write, .max_size = 4};
