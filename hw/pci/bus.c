/*
 * Buses: which one has a bus number, and which addresses reach it
 * (PCI-to-PCI Bridge Architecture 1.2, chapters 3 and 4).
 *
 * The tree of buses is fixed when the board is built; numbers and windows
 * are what the guest last wrote into the bridges.
 */
#include <string.h>

#include "hw/pci/pci_internal.h"
#include "util/bits.h"

void pci_bus_init(struct pci_bus *bus, struct pcie_host *host,
                  struct pci_function *bridge, const char *name)
{
    memset(bus, 0, sizeof(*bus));
    bus->host = host;
    bus->bridge = bridge;
    bus->name = name;
}

struct dma *pci_bus_dma(const struct pci_bus *bus)
{
    return bus->host->dma;
}

struct pci_function *pci_bus_newest(const struct pci_bus *bus)
{
    return bus->newest;
}

bool pci_bus_takes_msi(const struct pci_bus *bus)
{
    return !bus->host->layout.no_msi;
}

bool pci_bus_is_root(const struct pci_bus *bus)
{
    return !bus->bridge;
}

const struct pci_function *pci_bus_bridge(const struct pci_bus *bus)
{
    return bus->bridge;
}

unsigned pci_bus_number(const struct pci_bus *bus)
{
    return bus->bridge ? bus->bridge->config[PCI_SECONDARY_BUS] : 0;
}

/* The bus directly behind a bridge of `bus` that leads to `number`. */
static struct pci_bus *step_towards(struct pci_bus *bus, unsigned number)
{
    for (unsigned i = 0; i < ARRAY_SIZE(bus->functions); i++) {
        struct pci_function *f = bus->functions[i];
        /* Before it is given a number a bridge forwards nothing. */
        if (f && f->child && !f->child->off && f->config[PCI_SECONDARY_BUS] &&
            number >= f->config[PCI_SECONDARY_BUS] &&
            number <= f->config[PCI_SUBORDINATE_BUS]) {
            return f->child;
        }
    }
    return NULL;
}

struct pci_bus *pci_bus_find(struct pcie_host *host, unsigned number)
{
    struct pci_bus *bus = &host->root;

    while (bus && pci_bus_number(bus) != number) {
        bus = step_towards(bus, number);
    }
    return bus;
}

struct pci_bus *pci_bus_named(struct pci_bus *bus, const char *name)
{
    if (!strcmp(bus->name, name)) {
        return bus;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(bus->functions); i++) {
        struct pci_function *f = bus->functions[i];
        struct pci_bus *found =
            f && f->child ? pci_bus_named(f->child, name) : NULL;
        if (found) {
            return found;
        }
    }
    return NULL;
}

void pci_bus_set_power(struct pci_bus *bus, bool on)
{
    pci_bus_reset(bus);
    pthread_mutex_lock(&bus->host->lock);
    bus->off = !on;
    pci_map_update(bus->host);
    pthread_mutex_unlock(&bus->host->lock);
}

/* Windows --------------------------------------------------------------- */

struct window {
    uint64_t base, last; /* none when base > last */
};

static bool holds(struct window w, uint64_t base, uint64_t last)
{
    return w.base <= base && base <= last && last <= w.last;
}

static bool host_window_holds(struct pcie_window w, uint64_t base,
                              uint64_t last)
{
    return w.size &&
           holds((struct window){w.base, w.base + (w.size - 1)}, base, last);
}

/* 4 KiB granularity, 16 bits (3.2.5.6). */
static struct window io_window(const struct pci_function *f)
{
    uint64_t base = (pci_config_get(f, PCI_IO_BASE, 1) & 0xf0) << 8;
    uint64_t limit = (pci_config_get(f, PCI_IO_LIMIT, 1) & 0xf0) << 8;

    return (struct window){base, limit | 0xfff};
}

/* 1 MiB granularity (3.2.5.8). */
static struct window memory_window(const struct pci_function *f)
{
    uint64_t base = pci_config_get(f, PCI_MEMORY_BASE, 2) & 0xfff0;
    uint64_t limit = pci_config_get(f, PCI_MEMORY_LIMIT, 2) & 0xfff0;

    return (struct window){base << 16, limit << 16 | 0xfffff};
}

/* The same with 64 bits (3.2.5.9, 3.2.5.10). */
static struct window prefetch_window(const struct pci_function *f)
{
    uint64_t base = (pci_config_get(f, PCI_PREFETCH_BASE, 2) & 0xfff0) << 16;
    uint64_t limit = (pci_config_get(f, PCI_PREFETCH_LIMIT, 2) & 0xfff0)
                     << 16;

    base |= (uint64_t)pci_config_get(f, PCI_PREFETCH_BASE_UPPER, 4) << 32;
    limit |= (uint64_t)pci_config_get(f, PCI_PREFETCH_LIMIT_UPPER, 4) << 32;
    return (struct window){base, limit | 0xfffff};
}

static bool bridge_forwards(const struct pci_function *f, bool io,
                            uint64_t base, uint64_t last)
{
    if (io) {
        return (f->config[PCI_COMMAND] & PCI_COMMAND_IO) &&
               holds(io_window(f), base, last);
    }
    return (f->config[PCI_COMMAND] & PCI_COMMAND_MEMORY) &&
           (holds(memory_window(f), base, last) ||
            holds(prefetch_window(f), base, last));
}

bool pci_bus_reaches(const struct pci_bus *bus, bool io, uint64_t base,
                     uint64_t last)
{
    const struct pcie_layout *layout = &bus->host->layout;

    for (; bus->bridge; bus = bus->bridge->bus) {
        if (bus->off || !bridge_forwards(bus->bridge, io, base, last)) {
            return false;
        }
    }
    if (io) {
        return last < layout->io.size;
    }
    return host_window_holds(layout->memory32, base, last) ||
           host_window_holds(layout->memory64, base, last);
}
