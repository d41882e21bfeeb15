/* Virtio entropy device: see virtio_rng.c. */
#ifndef HW_VIRTIO_VIRTIO_RNG_H
#define HW_VIRTIO_VIRTIO_RNG_H

#include <stdint.h>

#include "hw/virtio/virtio.h"
#include "util/error.h"

struct virtio_rng_config {
    const char *filename; /* rng-random; NULL: getrandom() */
    uint64_t max_bytes;   /* in a period; 0: no limit */
    uint32_t period_ms;   /* 0: 65536 */
};

/* NULL when the file cannot be read. */
struct virtio_device *virtio_rng_create(const struct virtio_rng_config *config,
                                        const struct virtio_host *host,
                                        struct error **err);

#endif
