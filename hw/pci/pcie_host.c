/*
 * The host: memory-mapped configuration space, the windows that lead to
 * PCI, the function 00:00.0 that stands for the host itself.
 */
#include "hw/pci/pcie_host.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "hw/pci/pci_internal.h"
#include "util/bits.h"

#define BUS_SHIFT 20 /* ECAM: a megabyte per bus, a page per function */
#define DEVFN_SHIFT 12
#define HOST_BRIDGE_ID 0x0008
#define HOST_BRIDGE_CLASS 0x060000

/* ECAM ------------------------------------------------------------------ */

static uint64_t ecam_read(void *device, struct bus_access access)
{
    struct pcie_host *host = device;
    unsigned bus = (unsigned)(access.offset >> BUS_SHIFT);
    unsigned devfn = extract32((uint32_t)access.offset, DEVFN_SHIFT, 8);
    unsigned offset = extract32((uint32_t)access.offset, 0, DEVFN_SHIFT);
    unsigned size = access.size > 4 ? 4 : access.size;

    uint64_t value = pci_host_config_read(host, bus, devfn, offset, size);
    if (access.size == 8) {
        value |= (uint64_t)pci_host_config_read(host, bus, devfn, offset + 4,
                                                4) << 32;
    }
    return value;
}

static void ecam_write(void *device, struct bus_access access,
                       uint64_t value)
{
    struct pcie_host *host = device;
    unsigned bus = (unsigned)(access.offset >> BUS_SHIFT);
    unsigned devfn = extract32((uint32_t)access.offset, DEVFN_SHIFT, 8);
    unsigned offset = extract32((uint32_t)access.offset, 0, DEVFN_SHIFT);
    unsigned size = access.size > 4 ? 4 : access.size;

    pci_host_config_write(host, bus, devfn, offset, size, (uint32_t)value);
    if (access.size == 8) {
        pci_host_config_write(host, bus, devfn, offset + 4, 4,
                              (uint32_t)(value >> 32));
    }
}

static const struct mmio_ops ecam_ops = {.read = ecam_read,
                                         .write = ecam_write};

/* Windows --------------------------------------------------------------- */

static uint64_t window_read(struct pci_map *map, uint64_t base,
                            struct bus_access access)
{
    return pci_map_read(map, base + access.offset, access.size, access.cpu);
}

static void window_write(struct pci_map *map, uint64_t base,
                         struct bus_access access, uint64_t value)
{
    pci_map_write(map, base + access.offset, access.size, access.cpu, value);
}

/* A window's `read` and `write`: which map, and where in it. */
#define WINDOW(name, map, base)                                            \
    static uint64_t name##_read(void *device, struct bus_access access)    \
    {                                                                      \
        struct pcie_host *host = device;                                   \
        return window_read(&host->map, base, access);                      \
    }                                                                      \
    static void name##_write(void *device, struct bus_access access,       \
                             uint64_t value)                               \
    {                                                                      \
        struct pcie_host *host = device;                                   \
        window_write(&host->map, base, access, value);                     \
    }                                                                      \
    static const struct mmio_ops name##_ops = {.read = name##_read,        \
                                               .write = name##_write}

WINDOW(io, io, 0);
WINDOW(memory32, memory, host->layout.memory32.base);
WINDOW(memory64, memory, host->layout.memory64.base);

static void map_window(struct pcie_host *host, struct pcie_window w,
                       const char *name, const struct mmio_ops *ops)
{
    if (w.size) {
        bus_map_mmio(host->bus, w.base, w.size, name, ops, host);
    }
}

/* Device tree (Linux bindings pci/host-generic-pci.yaml) ---------------- */

/* Space codes of a PCI address (IEEE 1275 PCI binding, 2.2.1.1). */
enum { SPACE_IO = 0x01000000, SPACE_32 = 0x02000000, SPACE_64 = 0x03000000 };

#define RANGE_CELLS 7
#define MAP_SLOTS 4
#define MAP_CELLS 10

static unsigned add_range(uint32_t *cells, unsigned n, uint32_t space,
                          uint64_t on_pci, struct pcie_window w)
{
    const uint32_t range[RANGE_CELLS] = {
        space,
        (uint32_t)(on_pci >> 32), (uint32_t)on_pci,
        (uint32_t)(w.base >> 32), (uint32_t)w.base,
        (uint32_t)(w.size >> 32), (uint32_t)w.size,
    };

    for (unsigned i = 0; w.size && i < RANGE_CELLS; i++) {
        cells[n++] = range[i];
    }
    return n;
}

static void prop_ranges(const struct pcie_host *host,
                        struct fdt_builder *fdt, const char *path)
{
    const struct pcie_layout *l = &host->layout;
    uint32_t cells[3 * RANGE_CELLS];
    unsigned n = add_range(cells, 0, SPACE_IO, 0, l->io);

    n = add_range(cells, n, SPACE_32, l->memory32.base, l->memory32);
    n = add_range(cells, n, SPACE_64, l->memory64.base, l->memory64);
    fdt_prop_cells_array(fdt, path, "ranges", cells, n);
}

/* Slots repeat after four, so the mask looks at two bits of theirs. */
static void prop_interrupt_map(struct fdt_builder *fdt, const char *path,
                               unsigned first_spi)
{
    uint32_t cells[MAP_SLOTS * PCIE_INTX_PINS * MAP_CELLS];
    unsigned n = 0;

    for (unsigned slot = 0; slot < MAP_SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCIE_INTX_PINS; pin++) {
            unsigned spi = first_spi + (slot + pin) % PCIE_INTX_PINS;
            const uint32_t row[MAP_CELLS] = {
                PCI_DEVFN(slot, 0) << 8, 0, 0, pin + 1,
                fdt->gic_phandle, 0, 0,
                FDT_GIC_SPI, spi, FDT_IRQ_LEVEL_HIGH,
            };
            for (unsigned i = 0; i < MAP_CELLS; i++) {
                cells[n++] = row[i];
            }
        }
    }
    fdt_prop_cells_array(fdt, path, "interrupt-map", cells, n);
    fdt_prop_cells(fdt, path, "interrupt-map-mask",
                   PCI_DEVFN(MAP_SLOTS - 1, 0) << 8, 0, 0, 7);
}

void pcie_fdt(const struct pcie_host *host, struct fdt_builder *fdt,
              unsigned first_spi)
{
    uint32_t buses = (uint32_t)(host->layout.ecam.size >> BUS_SHIFT);
    char path[32];

    snprintf(path, sizeof(path), "/pcie@%" PRIx64,
             host->layout.memory32.base);
    fdt_node(fdt, path);
    fdt_prop_string(fdt, path, "compatible", "pci-host-ecam-generic");
    fdt_prop_string(fdt, path, "device_type", "pci");
    fdt_prop_cells(fdt, path, "#address-cells", 3);
    fdt_prop_cells(fdt, path, "#size-cells", 2);
    fdt_prop_cells(fdt, path, "linux,pci-domain", 0);
    fdt_prop_cells(fdt, path, "bus-range", 0, buses - 1);
    fdt_prop_empty(fdt, path, "dma-coherent");
    if (fdt->msi_phandle) {
        fdt_prop_cells(fdt, path, "msi-map", 0, fdt->msi_phandle, 0, 0x10000);
    }
    fdt_prop_reg(fdt, path, host->layout.ecam.base, host->layout.ecam.size);
    prop_ranges(host, fdt, path);
    fdt_prop_cells(fdt, path, "#interrupt-cells", 1);
    prop_interrupt_map(fdt, path, first_spi);
}

/* The whole ------------------------------------------------------------- */

struct pci_bus *pcie_find_bus(struct pcie_host *host, const char *name,
                              struct error **err)
{
    struct pci_bus *bus =
        name ? pci_bus_named(&host->root, name) : &host->root;

    if (!bus) {
        error_set(err, "bus=%s: no such PCI bus; there is pcie.0, and one "
                  "behind each pcie-root-port, with the port's id", name);
    }
    return bus;
}

void pcie_reset(struct pcie_host *host)
{
    pci_bus_reset(&host->root);
}

static void create_bridge(struct pcie_host *host)
{
    static const struct pci_function_ops ops = {0};
    static const struct pci_ids ids = {
        PCI_VENDOR_REDHAT, HOST_BRIDGE_ID, PCI_VENDOR_QUMRANET,
        PCI_SUBSYSTEM_QEMU, HOST_BRIDGE_CLASS, 0};

    pci_function_init(&host->bridge, "pcie-host", &ids, &ops);
    bool plugged = pci_plug(&host->root, &host->bridge, 0, NULL);
    assert(plugged);
    (void)plugged;
}

struct pcie_host *pcie_create(struct bus *bus, struct dma *dma,
                              const struct pcie_layout *layout,
                              const struct irq intx[PCIE_INTX_PINS])
{
    struct pcie_host *host = calloc(1, sizeof(*host));

    assert(host);
    host->bus = bus;
    host->dma = dma;
    host->layout = *layout;
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        host->intx[i] = intx[i];
    }
    pthread_mutex_init(&host->lock, NULL);
    pthread_mutex_init(&host->intx_lock, NULL);
    pci_bus_init(&host->root, host, NULL, "pcie.0");
    create_bridge(host);
    map_window(host, layout->ecam, "pcie-ecam", &ecam_ops);
    map_window(host, layout->io, "pcie-io", &io_ops);
    map_window(host, layout->memory32, "pcie-mmio", &memory32_ops);
    map_window(host, layout->memory64, "pcie-mmio-high", &memory64_ops);
    return host;
}

void pcie_free(struct pcie_host *host)
{
    if (!host) {
        return;
    }
    pci_bus_free_functions(&host->root);
    pci_function_destroy(&host->bridge);
    pthread_mutex_destroy(&host->lock);
    pthread_mutex_destroy(&host->intx_lock);
    free(host->io.mappings);
    free(host->memory.mappings);
    free(host->scratch);
    free(host);
}
