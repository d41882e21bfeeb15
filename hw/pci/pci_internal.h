/*
 * What the files of hw/pci share.  Nobody else includes this.
 *
 *   config.c    configuration space of one function
 *   function.c  building a function, plugging it
 *   bus.c       buses and bridges: who has a bus number, what they forward
 *   map.c       the I/O and memory address maps made of BARs
 *   intx.c      level interrupts
 *   msi.c, msix.c
 *   pcie_host.c the host: ECAM, windows, device tree
 */
#ifndef HW_PCI_PCI_INTERNAL_H
#define HW_PCI_PCI_INTERNAL_H

#include "hw/pci/pci.h"
#include "hw/pci/pcie_host.h"
#include "util/irq.h"

struct pci_bus {
    struct pcie_host *host;
    struct pci_function *bridge; /* whose secondary bus this is, or NULL */
    const char *name;
    bool off; /* the slot's power: nothing answers */
    struct pci_function *functions[256]; /* by devfn */
    struct pci_function *newest;
};

/* A BAR that the guest has switched on. */
struct pci_mapping {
    uint64_t base, last; /* on PCI */
    const struct mmio_ops *ops;
    void *opaque;
    const char *name;
};

/*
 * Mappings by base, without overlap.  Readers take no lock: `sequence` is
 * odd while the map changes (see softmmu/bus.c).
 */
struct pci_map {
    uint32_t sequence;
    unsigned count;
    struct pci_mapping *mappings; /* host->capacity of them */
};

struct pcie_host {
    struct bus *bus;
    struct dma *dma;
    struct pcie_layout layout;
    struct pci_bus root;
    struct pci_function bridge; /* the host's own function, 00:00.0 */

    pthread_mutex_t lock; /* configuration space, changes of the maps */
    struct pci_map io, memory;
    struct pci_mapping *scratch;
    unsigned capacity; /* BARs of all functions */

    pthread_mutex_t intx_lock;
    struct irq intx[PCIE_INTX_PINS];
    unsigned intx_count[PCIE_INTX_PINS]; /* functions that pull the pin */
};

/* ---- config.c ---- */

/* Any access of 1, 2 or 4 bytes within a dword; takes the lock, calls the
 * device.  Reads of functions that are not there are all ones. [any] */
uint32_t pci_host_config_read(struct pcie_host *host, unsigned bus_number,
                              unsigned devfn, unsigned offset, unsigned size);
void pci_host_config_write(struct pcie_host *host, unsigned bus_number,
                           unsigned devfn, unsigned offset, unsigned size,
                           uint32_t value);

/* ---- function.c ---- */

/* Power-on state of `f` and its device; takes the host's lock. [any] */
void pci_function_reset(struct pci_function *f);
/* That of every function on a bus and behind its bridges. [any] */
void pci_bus_reset(struct pci_bus *bus);
void pci_bus_free_functions(struct pci_bus *bus);

/* ---- bus.c ---- */

void pci_bus_init(struct pci_bus *bus, struct pcie_host *host,
                  struct pci_function *bridge, const char *name);
/* Reset what is on a bus and take it off the bus, or put it back. [any] */
void pci_bus_set_power(struct pci_bus *bus, bool on);
/* The bus that answers to a number now, or NULL.  Host's lock held. */
struct pci_bus *pci_bus_find(struct pcie_host *host, unsigned number);
unsigned pci_bus_number(const struct pci_bus *bus);
struct pci_bus *pci_bus_named(struct pci_bus *bus, const char *name);
/* Do host windows and bridges lead accesses of [base, last] to `bus`? */
bool pci_bus_reaches(const struct pci_bus *bus, bool io, uint64_t base,
                     uint64_t last);

/* ---- map.c ---- */

void pci_map_update(struct pcie_host *host); /* host's lock held */
/* Room for so many more BARs. */
void pci_map_reserve(struct pcie_host *host, unsigned bars);
uint64_t pci_map_read(struct pci_map *map, uint64_t address, unsigned size,
                      unsigned cpu); /* [any] */
void pci_map_write(struct pci_map *map, uint64_t address, unsigned size,
                   unsigned cpu, uint64_t value); /* [any] */

/* ---- intx.c ---- */

/* After a change of PCI_COMMAND_INTX_DISABLE; host's lock held. */
void pci_intx_update(struct pci_function *f);
unsigned pci_intx_host_pin(const struct pci_function *f);

/* ---- msi.c, msix.c: host's lock held ---- */

void pci_msi_config_changed(struct pci_function *f);
void pci_msix_config_changed(struct pci_function *f);
void pci_msix_reset(struct pci_function *f);
void pci_msix_free(struct pci_function *f);
/* Write the message to memory, with msi_lock held. [any] */
void pci_send_message(struct pci_function *f, uint64_t address,
                      uint32_t data);

#endif
