/* What virtio_scsi.c and virtio_scsi_control.c share. */
#ifndef HW_VIRTIO_VIRTIO_SCSI_INTERNAL_H
#define HW_VIRTIO_VIRTIO_SCSI_INTERNAL_H

#include "hw/virtio/virtio_request.h"
#include "hw/virtio/virtio_scsi.h"

/* Queues (5.6.2) */
enum { SCSI_CONTROL_QUEUE, SCSI_EVENT_QUEUE, SCSI_REQUEST_QUEUE };

/* Features (5.6.3) */
#define SCSI_F_HOTPLUG BIT(1)
#define SCSI_F_CHANGE BIT(2)

/* Responses (5.6.6.1, 5.6.6.2) */
enum {
    S_OK = 0, /* or function complete */
    S_OVERRUN = 1,
    S_ABORTED = 2,
    S_BAD_TARGET = 3,
    S_RESET = 4,
    S_FAILURE = 9,
    S_FUNCTION_SUCCEEDED = 10,
    S_FUNCTION_REJECTED = 11,
    S_INCORRECT_LUN = 12,
};

/* Config space (5.6.4), little-endian */
struct scsi_layout {
    uint32_t num_queues, seg_max, max_sectors, cmd_per_lun;
    uint32_t event_info_size;
    uint32_t sense_size, cdb_size; /* the driver may write these */
    uint16_t max_channel, max_target;
    uint32_t max_lun;
} __attribute__((packed));

struct virtio_scsi {
    struct virtio_device dev;
    struct scsi_bus bus;
    struct scsi_layout layout;
    struct virtio_requests requests;

    /* The control queue, and the task management function that waits for
     * commands to end: no chain is taken meanwhile. */
    struct virtq_chain control;
    unsigned waiting;

    struct virtq_chain event;
    bool events_missed;
};

static inline struct virtio_scsi *scsi_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_scsi, dev);
}

/* Target and LUN of an address (5.6.6.1); false when it cannot be one. */
bool scsi_parse_lun(const uint8_t lun[8], uint32_t *target, uint32_t *unit);

/* virtio_scsi_control.c.  Lock held. */
void scsi_control_process(struct virtio_scsi *s);
void scsi_control_ended(struct virtio_scsi *s); /* one it waited for */
void scsi_event_process(struct virtio_scsi *s);
void scsi_event_changed(void *adapter, const struct scsi_unit *unit,
                        enum scsi_change change, struct scsi_sense sense);

#endif
