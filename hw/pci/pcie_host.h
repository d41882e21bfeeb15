/*
 * The PCI Express host of the board: binding pci-host-ecam-generic.
 *
 * Configuration space is memory-mapped (ECAM: PCI Express Base 3.0, 7.2.2),
 * a megabyte per bus.  Three windows of the processors' address space lead
 * to PCI: I/O, memory below 4 GiB, memory above; memory addresses are the
 * same on both sides.  Accesses to a window where nothing decodes read all
 * ones and write nothing, as on a PC.
 */
#ifndef HW_PCI_PCIE_HOST_H
#define HW_PCI_PCIE_HOST_H

#include "hw/core/fdt.h"
#include "hw/pci/pci.h"
#include "util/irq.h"

#define PCIE_INTX_PINS 4

struct pcie_window {
    uint64_t base, size; /* bytes; size 0: there is none */
};

struct pcie_layout {
    struct pcie_window ecam, io, memory32, memory64;
    bool no_msi; /* nobody takes messages */
};

struct pcie_host;

/*
 * The host with its function 00:00.0 on its bus "pcie.0", mapped on `bus`.
 * Pin n (0: INTA#) of slot m drives intx[(m + n) % 4].
 */
struct pcie_host *pcie_create(struct bus *bus, struct dma *dma,
                              const struct pcie_layout *layout,
                              const struct irq intx[PCIE_INTX_PINS]);
void pcie_free(struct pcie_host *host); /* and everything plugged */
void pcie_reset(struct pcie_host *host);

/* After the interrupt controller's: the node /pcie@...; intx[n] is the
 * shared interrupt first_spi + n. */
void pcie_fdt(const struct pcie_host *host, struct fdt_builder *fdt,
              unsigned first_spi);

/* "pcie.0", or the id of a root port; NULL gives the root bus.  Returns
 * NULL with an error naming what there is not. */
struct pci_bus *pcie_find_bus(struct pcie_host *host, const char *name,
                              struct error **err);

#endif
