/* Virtio over MMIO, one slot: see virtio_mmio.c. */
#ifndef HW_VIRTIO_VIRTIO_MMIO_H
#define HW_VIRTIO_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/core/fdt.h"
#include "util/irq.h"
#include "hw/virtio/virtio.h"
#include "softmmu/bus.h"

#define VIRTIO_MMIO_SIZE 0x200

struct virtio_mmio;

/* Map an empty slot of VIRTIO_MMIO_SIZE bytes at `base`.  `legacy` is
 * virtio-mmio.force-legacy: version 1 of the registers, else version 2. */
struct virtio_mmio *virtio_mmio_create(struct bus *bus, uint64_t base,
                                       struct irq irq, bool legacy);
/* Before the guest runs.  The device belongs to the slot from now on. */
void virtio_mmio_plug(struct virtio_mmio *s, struct virtio_device *dev);
/* The device in the slot, or NULL. */
struct virtio_device *virtio_mmio_device(const struct virtio_mmio *s);
/* Frees the device, too. */
void virtio_mmio_free(struct virtio_mmio *s);

/* Power-on state; waits for the device's requests.  [any] */
void virtio_mmio_reset(struct virtio_mmio *s);

/* Write the node /virtio_mmio@BASE; `spi` counts from 0. */
void virtio_mmio_fdt(const struct virtio_mmio *s, struct fdt_builder *fdt,
                     unsigned spi);

#endif
