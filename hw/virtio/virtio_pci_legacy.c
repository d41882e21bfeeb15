/*
 * The legacy interface of virtio over PCI (virtio 1.2, 4.1.4.10): registers
 * in I/O space, from where drivers older than version 1.0 know them.
 *
 * Threads as in virtio_pci_modern.c.
 */
#include "hw/virtio/virtio_pci_internal.h"

#include "util/log.h"

enum {
    DEVICE_FEATURES = 0x00,
    DRIVER_FEATURES = 0x04,
    QUEUE_ADDRESS = 0x08, /* in pages */
    QUEUE_SIZE = 0x0c,
    QUEUE_SELECT = 0x0e,
    QUEUE_NOTIFY = 0x10,
    DEVICE_STATUS = 0x12,
    ISR_STATUS = 0x13,
    CONFIG_VECTOR = 0x14, /* these two while MSI-X is enabled */
    QUEUE_VECTOR = 0x16,
};

#define PAGE 4096

/* Where the device's own configuration starts. */
static unsigned header_size(const struct virtio_pci *s)
{
    return pci_msix_enabled(&s->pci) ? VIRTIO_PCI_LEGACY_MSIX_HEADER
                                     : VIRTIO_PCI_LEGACY_HEADER;
}

/* Read ------------------------------------------------------------------ */

static uint32_t register_read(struct virtio_pci *s, unsigned reg)
{
    const struct virtq *vq = virtio_queue(s->dev, s->queue_select);

    switch (reg) {
    case DEVICE_FEATURES:
        return virtio_offered(s->dev, true, false);
    case DRIVER_FEATURES:
        return (uint32_t)s->dev->features;
    case QUEUE_ADDRESS:
        return vq && vq->ready ? (uint32_t)(vq->desc / PAGE) : 0;
    case QUEUE_SIZE:
        return vq ? vq->max_size : 0;
    case QUEUE_SELECT:
        return s->queue_select;
    case DEVICE_STATUS:
        return s->dev->status;
    case ISR_STATUS:
        return virtio_pci_take_isr(s);
    case CONFIG_VECTOR:
        return s->config_vector;
    case QUEUE_VECTOR:
        return vq ? s->queue_vector[s->queue_select] : VIRTIO_PCI_NO_VECTOR;
    default:
        guest_error("virtio-pci: read of legacy register 0x%02x", reg);
        return 0;
    }
}

static uint64_t legacy_read(void *device, struct bus_access access)
{
    struct virtio_pci *s = device;
    unsigned reg = (unsigned)access.offset, header = header_size(s);

    virtio_lock(s->dev);
    uint64_t value =
        reg >= header
            ? virtio_config_read(s->dev, reg - header, access.size)
            : register_read(s, reg);
    virtio_unlock(s->dev);
    return value;
}

/* Write ----------------------------------------------------------------- */

static void register_write(struct virtio_pci *s, unsigned reg, uint32_t value)
{
    switch (reg) {
    case DRIVER_FEATURES:
        virtio_accept(s->dev, true, false, value);
        break;
    case QUEUE_ADDRESS:
        virtio_queue_start_legacy(s->dev, s->queue_select,
                                  (uint64_t)value * PAGE, PAGE);
        break;
    case QUEUE_SELECT:
        s->queue_select = (uint16_t)value;
        break;
    case CONFIG_VECTOR:
        virtio_pci_set_config_vector(s, value);
        break;
    case QUEUE_VECTOR:
        virtio_pci_set_queue_vector(s, value);
        break;
    default:
        guest_error("virtio-pci: write of legacy register 0x%02x", reg);
        break;
    }
}

/* Those that wait for the device or wake it; false when it is none. */
static bool unlocked_write(struct virtio_pci *s, unsigned reg, uint32_t value)
{
    if (reg == QUEUE_NOTIFY) {
        virtio_kick(s->dev, (uint16_t)value);
        return true;
    }
    if (reg == DEVICE_STATUS) {
        virtio_pci_set_status(s, true, (uint8_t)value);
        return true;
    }
    if (reg != QUEUE_ADDRESS || value) {
        return false;
    }
    virtio_lock(s->dev);
    unsigned n = s->queue_select;
    virtio_unlock(s->dev);
    virtio_queue_reset(s->dev, n);
    return true;
}

static void legacy_write(void *device, struct bus_access access,
                         uint64_t value)
{
    struct virtio_pci *s = device;
    unsigned reg = (unsigned)access.offset, header = header_size(s);

    if (unlocked_write(s, reg, (uint32_t)value)) {
        return;
    }
    virtio_lock(s->dev);
    if (reg >= header) {
        virtio_config_write(s->dev, reg - header, access.size, value);
    } else {
        register_write(s, reg, (uint32_t)value);
    }
    virtio_unlock(s->dev);
}

const struct mmio_ops virtio_pci_legacy_ops = {
    .read = legacy_read, .write = legacy_write, .max_size = 4};
