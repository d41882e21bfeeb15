/*
 * What the files of the PCI transport share.  Nobody else includes this.
 *
 *   virtio_pci.c         ids, capabilities, interrupts, creation
 *   virtio_pci_modern.c  structures in memory (virtio 1.2, 4.1.4)
 *   virtio_pci_legacy.c  registers in I/O space (4.1.4.10)
 */
#ifndef HW_VIRTIO_VIRTIO_PCI_INTERNAL_H
#define HW_VIRTIO_VIRTIO_PCI_INTERNAL_H

#include "hw/virtio/virtio_pci.h"

/* ISR status (4.1.4.5) */
enum { VIRTIO_PCI_ISR_QUEUE = 1 << 0, VIRTIO_PCI_ISR_CONFIG = 1 << 1 };

#define VIRTIO_PCI_NO_VECTOR 0xffff

/* The modern structures in their BAR, one page each. */
enum {
    VIRTIO_PCI_COMMON = 0x0000,
    VIRTIO_PCI_ISR = 0x1000,
    VIRTIO_PCI_DEVICE = 0x2000,
    VIRTIO_PCI_NOTIFY = 0x3000,
    VIRTIO_PCI_MODERN_SIZE = 0x4000,
    VIRTIO_PCI_PAGE = 0x1000,
};
#define VIRTIO_PCI_NOTIFY_STEP 4 /* bytes between queues' addresses */

/* Legacy registers before the device's own, without and with MSI-X. */
#define VIRTIO_PCI_LEGACY_HEADER 20
#define VIRTIO_PCI_LEGACY_MSIX_HEADER 24

struct virtio_pci {
    struct pci_function pci;
    struct virtio_device *dev;
    bool legacy, modern; /* interfaces there are */
    unsigned window_cap; /* the capability that is a window into a BAR */

    /* Under the device's lock. */
    uint8_t isr;
    uint16_t config_vector;
    uint16_t queue_vector[VIRTIO_MAX_QUEUES];
    uint16_t queue_select;
    uint32_t device_select, driver_select; /* halves of the features */
};

extern const struct mmio_ops virtio_pci_modern_ops;
extern const struct mmio_ops virtio_pci_legacy_ops;

/* ISR reads clear it and let go of the line.  Device's lock held. */
uint8_t virtio_pci_take_isr(struct virtio_pci *s);
/* The driver chooses a vector, for the queue it has selected: one that is
 * there, or else it gets none.  Device's lock held. */
void virtio_pci_set_config_vector(struct virtio_pci *s, uint64_t value);
void virtio_pci_set_queue_vector(struct virtio_pci *s, uint64_t value);
/* Status written; without the device's lock. */
void virtio_pci_set_status(struct virtio_pci *s, bool legacy,
                           uint8_t status);

#endif
