/*
 * Buses that devices bring, and what is plugged into them: virtio-serial
 * with its ports, SCSI with disks and CD-ROM drives.
 *
 * Such a bus is called ID.0 after its device, or by its kind and a number
 * when the device has no id.
 */
#include "hw/arm/plug.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/virtio/virtio_mmio.h"

struct child_bus {
    struct child_bus *next; /* in the order of creation */
    enum device_bus kind;
    struct virtio_device *dev;
    bool mmio, unnamed; /* the device has no id */
    char name[80];
};

static const struct {
    const char *unnamed, *advice;
} kinds[] = {
    [DEVICE_VIRTIO_SERIAL] = {"virtio-serial-bus", "virtio-serial-pci"},
    [DEVICE_SCSI] = {"scsi", "virtio-scsi-pci"},
};

static void add_bus(struct machine *m, enum device_bus kind,
                    const struct device_config *c, struct virtio_device *dev)
{
    struct child_bus *bus = calloc(1, sizeof(*bus)), **link = &m->buses;
    unsigned unnamed = 0;

    assert(bus);
    for (; *link; link = &(*link)->next) {
        unnamed += (*link)->kind == kind && (*link)->unnamed;
    }
    *link = bus;
    bus->kind = kind;
    bus->dev = dev;
    bus->mmio = c->type->bus == DEVICE_VIRTIO_MMIO;
    bus->unnamed = !c->id;
    if (c->id) {
        snprintf(bus->name, sizeof(bus->name), "%s.0", c->id);
    } else {
        snprintf(bus->name, sizeof(bus->name), "%s.%u", kinds[kind].unnamed,
                 unnamed);
    }
}

/* Of those with no name given, the first over MMIO, else the last on PCI:
 * where QEMU's search ends. */
static struct child_bus *find_bus(struct machine *m, enum device_bus kind,
                                  const struct device_config *c,
                                  struct error **err)
{
    struct child_bus *found = NULL;

    for (struct child_bus *b = m->buses; b; b = b->next) {
        if (b->kind == kind && (c->bus ? strcmp(b->name, c->bus) == 0
                                       : !found || !found->mmio)) {
            found = b;
        }
    }
    if (!found && c->bus) {
        error_set(err, "Bus '%s' not found", c->bus);
    } else if (!found) {
        error_set(err, "No '%s' bus found for device '%s'; put -device %s "
                  "before it", device_bus_names[kind], c->type->name,
                  kinds[kind].advice);
    }
    return found;
}

void plug_free_buses(struct machine *m)
{
    while (m->buses) {
        struct child_bus *bus = m->buses;
        m->buses = bus->next;
        free(bus);
    }
}

/* Virtio-serial ----------------------------------------------------------- */

struct virtio_device *plug_make_serial(struct machine *m,
                                       const struct device_config *c,
                                       const struct virtio_host *host,
                                       struct error **err)
{
    struct virtio_device *dev =
        virtio_console_create(c->max_ports, host, err);

    if (dev) {
        add_bus(m, DEVICE_VIRTIO_SERIAL, c, dev);
    }
    return dev;
}

bool plug_port(struct machine *m, const struct device_config *c,
               struct error **err)
{
    struct child_bus *bus = find_bus(m, DEVICE_VIRTIO_SERIAL, c, err);
    struct virtio_console_port port = c->port;

    if (!bus) {
        return false;
    }
    if (c->chardev) {
        port.chr = m->ports->find_chardev(m->ports->opaque, c->chardev);
        if (!port.chr) {
            error_set(err, "there is no -chardev with the id '%s'",
                      c->chardev);
            return false;
        }
        if (port.chr->frontend) {
            error_set(err, "the character device '%s' is in use already",
                      c->chardev);
            return false;
        }
    }
    return virtio_console_add_port(bus->dev, &port, err);
}

/* SCSI -------------------------------------------------------------------- */

/* On PCI, where interrupts are many, each processor has a queue. */
struct virtio_device *plug_make_scsi(struct machine *m,
                                     const struct device_config *c,
                                     const struct virtio_host *host,
                                     struct error **err)
{
    struct virtio_scsi_config config = c->scsi;

    if (!config.queues && c->type->bus == DEVICE_PCI) {
        config.queues = m->config->cpus;
    }
    struct virtio_device *dev = virtio_scsi_create(&config, host, err);
    if (dev) {
        add_bus(m, DEVICE_SCSI, c, dev);
    }
    return dev;
}

static void add_boot_entry(struct machine *m, const struct child_bus *bus,
                           const struct scsi_unit *unit, int index)
{
    char path[48];

    snprintf(path, sizeof(path), "channel@0/disk@%x,%x",
             scsi_unit_target(unit), scsi_unit_lun(unit));
    if (!bus->mmio) {
        bootorder_add_pci(m, index, virtio_pci_function(bus->dev), "scsi",
                          path);
        return;
    }
    for (int i = 0; i < VIRT_MMIO_SLOTS; i++) {
        if (virtio_mmio_device(m->virtio_slots[i]) == bus->dev) {
            bootorder_add_mmio(m, index, virt_mmio_slot(i), path);
        }
    }
}

static bool plug_unit(struct machine *m, const struct device_config *c,
                      const struct scsi_kind *kind, struct error **err)
{
    struct child_bus *bus = find_bus(m, DEVICE_SCSI, c, err);
    struct scsi_unit_config config = c->unit;

    if (!bus) {
        return false;
    }
    if (c->drive) {
        config.backend = drives_find(m, c->drive);
        config.name = c->drive->id;
        if (!config.serial) {
            config.serial = c->drive->serial;
        }
    }
    struct scsi_unit *unit =
        scsi_unit_create(virtio_scsi_bus(bus->dev), kind, &config, err);
    if (unit) {
        add_boot_entry(m, bus, unit, c->bootindex);
    }
    return unit != NULL;
}

bool plug_scsi_hd(struct machine *m, const struct device_config *c,
                  struct error **err)
{
    if (!c->drive || !c->drive->block.file) {
        error_set(err, c->drive ? "Device needs media, but drive is empty"
                                : "drive property not set");
        return false;
    }
    return plug_unit(m, c, &scsi_disk, err);
}

bool plug_scsi_cd(struct machine *m, const struct device_config *c,
                  struct error **err)
{
    return plug_unit(m, c, &scsi_cd, err);
}
