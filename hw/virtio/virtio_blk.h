/* Virtio block device: see virtio_blk.c. */
#ifndef HW_VIRTIO_VIRTIO_BLK_H
#define HW_VIRTIO_VIRTIO_BLK_H

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"
#include "hw/virtio/virtio.h"

/* Zero-initialised it is the default, but for the backend. */
struct virtio_blk_config {
    struct block_backend *backend; /* outlives the device */
    const char *serial;            /* the guest sees 20 bytes; or NULL */
    unsigned queues;               /* 0: one */
    unsigned queue_size;           /* a power of two up to 1024; 0: 256 */
    uint32_t logical_block_size;   /* 0: 512 */
    uint32_t physical_block_size;  /* 0: the logical one */
    uint32_t min_io_size, opt_io_size; /* bytes, hints */
    uint32_t max_discard_sectors, max_write_zeroes_sectors; /* 0: most */
    bool no_discard, no_write_zeroes, no_config_wce;
    bool write_cache_off, write_cache_on; /* else as the backend has it */
};

/* NULL when the configuration makes no disk. */
struct virtio_device *virtio_blk_create(const struct virtio_blk_config *config,
                                        const struct virtio_host *host,
                                        struct error **err);

#endif
