/* Virtio SCSI host device: see virtio_scsi.c. */
#ifndef HW_VIRTIO_VIRTIO_SCSI_H
#define HW_VIRTIO_VIRTIO_SCSI_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/scsi/scsi.h"
#include "hw/virtio/virtio.h"

/* Zero-initialised it is the default. */
struct virtio_scsi_config {
    unsigned queues;      /* of requests; 0: one */
    unsigned queue_size;  /* a power of two up to 1024; 0: 256 */
    uint32_t max_sectors; /* of 512 bytes in a request; 0: 65535 */
    uint32_t cmd_per_lun; /* 0: 128 */
    bool no_hotplug, no_param_change; /* events */
};

/* NULL when the configuration makes no device. */
struct virtio_device *
virtio_scsi_create(const struct virtio_scsi_config *config,
                   const struct virtio_host *host, struct error **err);

/* The device's bus, to create units on. */
struct scsi_bus *virtio_scsi_bus(struct virtio_device *dev);

#endif
