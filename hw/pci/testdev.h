/*
 * pci-testdev: a device on which kvm-unit-tests try accesses to PCI
 * (QEMU, docs/specs/pci-testdev.rst).
 */
#ifndef HW_PCI_TESTDEV_H
#define HW_PCI_TESTDEV_H

#include "hw/pci/pci.h"

/* Plugs itself into `bus` at `devfn` or PCI_ANY_SLOT.  `membar` is the size
 * of an empty memory BAR 2, a power of two, or 0. */
bool pci_testdev_create(struct pci_bus *bus, int devfn, uint64_t membar,
                        struct error **err);

#endif
