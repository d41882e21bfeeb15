/* Virtio over PCI: see virtio_pci.c. */
#ifndef HW_VIRTIO_VIRTIO_PCI_H
#define HW_VIRTIO_VIRTIO_PCI_H

#include <stdbool.h>

#include "hw/pci/pci.h"
#include "hw/virtio/virtio.h"

/* What `vectors` means when the user did not say. */
#define VIRTIO_PCI_DEFAULT_VECTORS (-1)

enum virtio_pci_choice {
    VIRTIO_PCI_AUTO, /* legacy too on the root bus, not behind a port */
    VIRTIO_PCI_OFF,
    VIRTIO_PCI_ON,
};

struct virtio_pci_config {
    enum virtio_pci_choice disable_legacy;
    bool disable_modern;
    int vectors; /* of MSI-X; 0: none; default: one per queue and one more */
};

/*
 * Make a function for the device and plug it into `bus` at `devfn` or
 * PCI_ANY_SLOT.  The bus owns the device from then on; on failure it is
 * still the caller's.
 */
bool virtio_pci_create(struct pci_bus *bus, int devfn,
                       struct virtio_device *dev,
                       const struct virtio_pci_config *config,
                       struct error **err);

/* The function of a device that has been plugged in. */
const struct pci_function *
virtio_pci_function(const struct virtio_device *dev);

#endif
