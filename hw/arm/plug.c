/*
 * Devices of -device: each function makes one from its configuration and
 * plugs it in.  The table of types is in devices.c; the order is the user's.
 */
#include "hw/arm/plug.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/misc/vmcoreinfo.h"
#include "hw/pci/pcie_host.h"
#include "hw/pci/testdev.h"
#include "hw/virtio/virtio_mmio.h"
#include "util/bits.h"

struct plugged {
    struct loader **loaders;
    unsigned loader_count;
    struct vmcoreinfo *vmcoreinfo;
    unsigned macs; /* given out so far */
};

/* Virtio transports ------------------------------------------------------ */

static struct virtio_host virtio_host(struct machine *m, struct dma *dma,
                                      const struct device_config *c)
{
    return (struct virtio_host){
        .dma = dma,
        .loop = m->loop,
        .features =
            (VIRTIO_DEFAULT_FEATURES | c->features_on) & ~c->features_off,
    };
}

/* What firmware boots from, by type of device. */
static const struct {
    uint16_t id;
    const char *function, *unit;
} boot_units[] = {
    {VIRTIO_ID_BLOCK, "scsi", "disk@0,0"},
    {VIRTIO_ID_NET, "ethernet", "ethernet-phy@0"},
};

/* Slots fill up from the last one. */
static int find_mmio_slot(struct machine *m, const char *bus,
                          struct error **err)
{
    unsigned n;
    int end = 0;

    if (!bus) {
        for (int i = VIRT_MMIO_SLOTS - 1; i >= 0; i--) {
            if (!virtio_mmio_device(m->virtio_slots[i])) {
                return i;
            }
        }
        error_set(err, "No 'virtio-bus' bus found: all %d virtio-mmio slots "
                  "are taken; use PCI", VIRT_MMIO_SLOTS);
        return -1;
    }
    if (sscanf(bus, "virtio-mmio-bus.%u%n", &n, &end) != 1 || bus[end] ||
        n >= VIRT_MMIO_SLOTS) {
        error_set(err, "Bus '%s' not found; there are virtio-mmio-bus.0 to "
                  "virtio-mmio-bus.%d", bus, VIRT_MMIO_SLOTS - 1);
        return -1;
    }
    if (virtio_mmio_device(m->virtio_slots[n])) {
        error_set(err, "Bus '%s' is full", bus);
        return -1;
    }
    return (int)n;
}

static struct virtio_device *plug_mmio(struct machine *m,
                                       const struct device_config *c,
                                       struct error **err)
{
    int slot = find_mmio_slot(m, c->bus, err);
    struct virtio_host host = virtio_host(m, &m->dma, c);

    if (slot < 0) {
        return NULL;
    }
    struct virtio_device *dev = c->type->make(m, c, &host, err);
    if (!dev) {
        return NULL;
    }
    virtio_mmio_plug(m->virtio_slots[slot], dev);
    for (size_t i = 0; i < ARRAY_SIZE(boot_units); i++) {
        if (boot_units[i].id == dev->ops->id) {
            bootorder_add_mmio(m, c->bootindex, virt_mmio_slot(slot),
                               boot_units[i].unit);
        }
    }
    return dev;
}

static struct virtio_device *plug_pci(struct machine *m,
                                      const struct device_config *c,
                                      struct error **err)
{
    struct pci_bus *bus = pcie_find_bus(m->pcie, c->bus, err);

    if (!bus) {
        return NULL;
    }
    struct virtio_host host = virtio_host(m, pci_bus_dma(bus), c);
    struct virtio_device *dev = c->type->make(m, c, &host, err);
    if (!dev) {
        return NULL;
    }
    struct virtio_pci_config pci = c->pci;
    if (pci.vectors < 0 && dev->ops->id == VIRTIO_ID_CONSOLE) {
        pci.vectors = 2; /* one for all queues; there may be many */
    }
    if (!virtio_pci_create(bus, c->devfn, dev, &pci, err)) {
        virtio_free(dev);
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(boot_units); i++) {
        if (boot_units[i].id == dev->ops->id) {
            bootorder_add_pci(m, c->bootindex, virtio_pci_function(dev),
                              boot_units[i].function, boot_units[i].unit);
        }
    }
    return dev;
}

/* Virtio devices --------------------------------------------------------- */

struct virtio_device *plug_make_blk(struct machine *m,
                                    const struct device_config *c,
                                    const struct virtio_host *host,
                                    struct error **err)
{
    struct virtio_blk_config config = c->blk;

    if (!c->drive || !c->drive->block.file) {
        error_set(err, c->drive ? "Device needs media, but drive is empty"
                                : "drive property not set");
        return NULL;
    }
    if (!config.queues && c->type->bus == DEVICE_PCI) {
        config.queues = m->config->cpus;
    }
    config.backend = drives_find(m, c->drive);
    if (!config.serial) {
        config.serial = c->drive->serial;
    }
    return virtio_blk_create(&config, host, err);
}

/* 52:54:00:12:34:56 and up; what the user gives is left out. */
static void choose_mac(struct machine *m, uint8_t mac[6])
{
    static const uint8_t first[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
    bool taken;

    do {
        memcpy(mac, first, sizeof(first));
        mac[5] = (uint8_t)(mac[5] + m->plugged->macs++);
        taken = false;
        for (unsigned i = 0; i < m->config->device_count; i++) {
            const struct device_config *c = &m->config->devices[i];
            taken |= c->has_mac && memcmp(c->net.mac, mac, 6) == 0;
        }
    } while (taken && m->plugged->macs < 256);
}

struct virtio_device *plug_make_net(struct machine *m,
                                    const struct device_config *c,
                                    const struct virtio_host *host,
                                    struct error **err)
{
    struct virtio_net_config config = c->net;

    if (!c->has_mac) {
        choose_mac(m, config.mac);
    }
    if (c->netdev) {
        config.client = m->ports->find_netdev(m->ports->opaque, c->netdev);
        if (!config.client) {
            error_set(err, "there is no -netdev with the id '%s'",
                      c->netdev);
            return NULL;
        }
        if (config.client->nic) {
            error_set(err, "netdev '%s' is in use by another device",
                      c->netdev);
            return NULL;
        }
    }
    return virtio_net_create(&config, host, err);
}

struct virtio_device *plug_make_rng(struct machine *m,
                                    const struct device_config *c,
                                    const struct virtio_host *host,
                                    struct error **err)
{
    (void)m;
    return virtio_rng_create(&c->rng, host, err);
}

/* PCI --------------------------------------------------------------------- */

bool plug_root_port(struct machine *m, const struct device_config *c,
                    struct error **err)
{
    struct pci_bus *bus = pcie_find_bus(m->pcie, c->bus, err);
    struct root_port_config config = c->root_port;

    config.id = c->id ? c->id : "";
    return bus && root_port_create(bus, c->devfn, &config, err);
}

bool plug_testdev(struct machine *m, const struct device_config *c,
                  struct error **err)
{
    struct pci_bus *bus = pcie_find_bus(m->pcie, c->bus, err);

    if (c->membar & (c->membar - 1)) {
        error_set(err, "membar=%llu: must be a power of two",
                  (unsigned long long)c->membar);
        return false;
    }
    return bus && pci_testdev_create(bus, c->devfn, c->membar, err);
}

/* Parts of the machine ----------------------------------------------------- */

bool plug_loader(struct machine *m, const struct device_config *c,
                 struct error **err)
{
    struct plugged *p = m->plugged;
    struct loader *loader = loader_open(&c->loader, m->config->cpus, err);

    if (loader) {
        p->loaders[p->loader_count++] = loader;
    }
    if (loader && c->loader.guest) {
        loader_fdt(loader, m->fdt);
    }
    return loader != NULL;
}

bool plug_vmcoreinfo(struct machine *m, const struct device_config *c,
                     struct error **err)
{
    (void)c;
    if (m->plugged->vmcoreinfo) {
        error_set(err, "at most one vmcoreinfo device is permitted");
        return false;
    }
    m->plugged->vmcoreinfo = vmcoreinfo_create(m->fw_cfg);
    return true;
}

bool plug_load(struct machine *m, struct error **err)
{
    for (unsigned i = 0; m->plugged && i < m->plugged->loader_count; i++) {
        if (!loader_load(m->plugged->loaders[i], &m->loader, err)) {
            return false;
        }
    }
    return true;
}

bool plug_entry(const struct machine *m, unsigned cpu, uint64_t *pc)
{
    bool found = false;

    for (unsigned i = 0; m->plugged && i < m->plugged->loader_count; i++) {
        unsigned which;
        uint64_t entry;
        if (loader_start(m->plugged->loaders[i], &which, &entry) &&
            which == cpu) {
            *pc = entry;
            found = true;
        }
    }
    return found;
}

/* Expansion ROMs ----------------------------------------------------------- */

/* As it is written, or where Debian's packages install them. */
static bool open_rom(struct boot_file *file, const char *name,
                     struct error **err)
{
    static const char *const directories[] = {
        "/usr/lib/ipxe/qemu", "/usr/share/qemu", "/usr/share/seabios"};
    char path[256];

    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        snprintf(path, sizeof(path), "%s/%s", directories[i], name);
        if (access(name, F_OK) != 0 && !strchr(name, '/') &&
            access(path, F_OK) == 0) {
            return boot_file_open(file, "romfile", path, err);
        }
    }
    return boot_file_open(file, "romfile", name, err);
}

#define ROM_MAX (UINT64_C(64) << 20)

static bool check_rom_size(const struct device_config *c, uint64_t length,
                           struct error **err)
{
    if (c->romsize & (c->romsize - 1)) {
        error_set(err, "romsize=%u: must be a power of two", c->romsize);
        return false;
    }
    if (length > (c->romsize ? c->romsize : ROM_MAX)) {
        error_set(err, "romfile=%s: its %llu bytes do not fit into %llu",
                  c->romfile, (unsigned long long)length,
                  (unsigned long long)(c->romsize ? c->romsize : ROM_MAX));
        return false;
    }
    return true;
}

static bool plug_rom(struct pci_function *f, const struct device_config *c,
                     struct error **err)
{
    struct boot_file file;
    uint64_t size = c->romsize > 2048 ? c->romsize : 2048;
    void *data;

    if (!c->romfile || !*c->romfile || !c->rom_bar) {
        return true;
    }
    if (f->child) {
        error_set(err, "romfile=%s: a bridge has no expansion ROM here",
                  c->romfile);
        return false;
    }
    if (!open_rom(&file, c->romfile, err)) {
        return false;
    }
    while (size < file.size && size < ROM_MAX) {
        size *= 2;
    }
    data = malloc(size);
    assert(data);
    bool good = check_rom_size(c, file.size, err) &&
                boot_file_read(&file, 0, data, file.size, err);
    if (good) {
        pci_add_rom(f, data, file.size, size);
    }
    free(data);
    boot_file_close(&file);
    return good;
}

static bool plug_on_pci(struct machine *m, const struct device_config *c,
                        struct error **err)
{
    if (!(c->type->make ? plug_pci(m, c, err) != NULL
                        : c->type->create(m, c, err))) {
        return false;
    }
    struct pci_function *f =
        pci_bus_newest(pcie_find_bus(m->pcie, c->bus, NULL));
    if (c->multifunction) {
        pci_set_multifunction(f);
    }
    return plug_rom(f, c, err);
}

/* The whole ---------------------------------------------------------------- */

static bool plug(struct machine *m, const struct device_config *c,
                 struct error **err)
{
    /* A device tree that is only written out tells of no others. */
    if (m->config->dumpdtb && c->type->bus != DEVICE_BOARD) {
        return true;
    }
    switch (c->type->bus) {
    case DEVICE_VIRTIO_MMIO:
        return plug_mmio(m, c, err) != NULL;
    case DEVICE_PCI:
        return plug_on_pci(m, c, err);
    case DEVICE_VIRTIO_SERIAL:
    case DEVICE_SCSI:
    case DEVICE_BOARD:
        break;
    }
    return c->type->create(m, c, err);
}

bool plug_devices(struct machine *m, struct error **err)
{
    unsigned count = m->config->device_count;
    struct plugged *p = calloc(1, sizeof(*p));

    assert(p);
    m->plugged = p;
    p->loaders = calloc(count + 1, sizeof(struct loader *));
    assert(p->loaders);
    for (unsigned i = 0; i < count; i++) {
        const struct device_config *c = &m->config->devices[i];
        if (!plug(m, c, err)) {
            error_prepend(err, "%s", c->text);
            return false;
        }
    }
    return true;
}

void plug_reset(struct machine *m)
{
    if (m->plugged && m->plugged->vmcoreinfo) {
        vmcoreinfo_reset(m->plugged->vmcoreinfo);
    }
}

void plug_free(struct machine *m)
{
    struct plugged *p = m->plugged;

    plug_free_buses(m);
    if (!p) {
        return;
    }
    for (unsigned i = 0; i < p->loader_count; i++) {
        loader_close(p->loaders[i]);
    }
    vmcoreinfo_free(p->vmcoreinfo);
    free(p->loaders);
    free(p);
}
