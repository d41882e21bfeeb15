/*
 * pcie-root-port: a PCI-to-PCI bridge with a link, behind which is room
 * for one device (PCI Express Base 3.0, 7.1; ids as QEMU's).
 */
#ifndef HW_PCI_ROOT_PORT_H
#define HW_PCI_ROOT_PORT_H

#include "hw/pci/pci.h"

struct root_port_config {
    const char *id; /* also the name of the bus behind; outlives the port */
    unsigned slot; /* physical slot, as the guest reports it */
    unsigned port; /* number of the link */
    bool no_hotplug;
};

/* Plugs itself into `bus`, the host's own, at `devfn` or PCI_ANY_SLOT. */
bool root_port_create(struct pci_bus *bus, int devfn,
                      const struct root_port_config *config,
                      struct error **err);

#endif
