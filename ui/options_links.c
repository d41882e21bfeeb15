/*
 * The list of devices: those that other options imply, in their order, and
 * what all of them refer to by id.
 */
#include "ui/options_parse.h"

#include <string.h>

#include "hw/arm/devices.h"
#include "net/config.h"

/* Implied devices --------------------------------------------------------- */

static bool add_nic(struct parse *p, const struct nic_config *nic,
                    struct error **err)
{
    const char *model = nic->model ? nic->model : "virtio-net-pci";
    const struct device_type *type;
    struct device_config config;

    if (strcmp(model, "virtio") == 0) {
        model = "virtio-net-pci";
    }
    type = options_find_type(model, err);
    if (!type || type->make != plug_make_net) {
        if (type) {
            error_set(err, "'%s' is not a network card", model);
        }
        error_prepend(err, "-nic model=%s", model);
        return false;
    }
    device_config_init(&config, type);
    config.text = parse_format(p, "-nic model=%s", model);
    config.id = nic->id;
    config.netdev = nic->netdev;
    config.has_mac = nic->has_mac;
    memcpy(config.net.mac, nic->mac, sizeof(nic->mac));
    if (nic->addr && !pci_parse_address(nic->addr, &config.devfn, err)) {
        error_prepend(err, "%s", config.text);
        return false;
    }
    options_add_device(p, &config);
    return true;
}

static bool add_nics(struct parse *p, struct error **err)
{
    const struct machine_config *machine = &p->out->machine;

    for (unsigned i = 0; i < machine->nic_count; i++) {
        if (!add_nic(p, &machine->nics[i], err)) {
            return false;
        }
    }
    return true;
}

static bool add_disks(struct parse *p, struct error **err)
{
    const struct machine_config *machine = &p->out->machine;

    for (unsigned i = 0; i < machine->drive_count; i++) {
        const struct drive_config *drive = &machine->drives[i];
        const char *properties =
            parse_format(p, "virtio-blk-pci,drive=%s", drive->id);
        if (!drive->node && drive->interface == DRIVE_VIRTIO &&
            !options_make_device(p, drive->text, properties, err)) {
            return false;
        }
    }
    return true;
}

/* What they refer to ------------------------------------------------------ */

static bool link_drive(struct parse *p, struct device_config *c,
                       struct error **err)
{
    struct drive_config *drive = options_find_drive(p, c->drive_id);

    if (!drive || drive->layer) {
        error_set(err, drive ? "drive=%s: the node is below another one"
                             : "drive=%s: there is no -drive with this id "
                               "and no -blockdev with this node-name",
                  c->drive_id);
        return false;
    }
    if (drive->user) {
        error_set(err, "Drive '%s' is already in use by another device",
                  c->drive_id);
        return false;
    }
    if (c->type->create == plug_scsi_cd) {
        drive->cdrom = true;
        drive->block.read_only = true;
    }
    drive->user = c->text;
    drive->block.share_rw |= c->share_rw;
    drive->block.werror = c->has_werror ? c->werror : drive->block.werror;
    drive->block.rerror = c->has_rerror ? c->rerror : drive->block.rerror;
    c->drive = drive;
    return true;
}

static bool has_netdev(const struct machine_config *machine, const char *id)
{
    for (unsigned i = 0; i < machine->netdev_count; i++) {
        if (strcmp(machine->netdevs[i].id, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool link_device(struct parse *p, struct device_config *c,
                        struct error **err)
{
    const struct machine_config *machine = &p->out->machine;

    if (c->drive_id && !link_drive(p, c, err)) {
        return false;
    }
    if (c->rng_id && !options_find_rng(p, c->rng_id, &c->rng.filename, err)) {
        return false;
    }
    if (c->netdev && !has_netdev(machine, c->netdev)) {
        error_set(err, "netdev=%s: there is no -netdev with this id",
                  c->netdev);
        return false;
    }
    if (c->chardev && !options_find_chardev(p, c->chardev)) {
        error_set(err, "chardev=%s: there is no -chardev with this id",
                  c->chardev);
        return false;
    }
    for (const struct device_config *d = machine->devices; d < c; d++) {
        if (c->bootindex >= 0 && d->bootindex == c->bootindex) {
            error_set(err, "The bootindex %d has already been used",
                      c->bootindex);
            return false;
        }
    }
    return true;
}

/* -boot order=: a bootindex for devices by letter, when nobody has one. */
static void apply_boot_order(struct parse *p)
{
    const struct machine_config *machine = &p->out->machine;
    int index = 0;

    for (unsigned i = 0; i < machine->device_count; i++) {
        if (machine->devices[i].bootindex >= 0) {
            return;
        }
    }
    for (const char *o = p->boot_order; o && *o; o++) {
        for (unsigned i = 0; i < machine->device_count; i++) {
            struct device_config *c = &machine->devices[i];
            bool net = c->type->make == plug_make_net;
            if (c->bootindex < 0 &&
                ((*o == 'n' && net) ||
                 (*o == 'c' && c->drive && !c->drive->cdrom) ||
                 (*o == 'd' && c->drive && c->drive->cdrom))) {
                c->bootindex = index++;
            }
        }
    }
}

static void warn_unused(const struct machine_config *machine)
{
    for (unsigned i = 0; i < machine->drive_count; i++) {
        const struct drive_config *d = &machine->drives[i];
        if (!d->user && !d->node) {
            error_report("warning: %s: no -device has drive=%s", d->text,
                         d->id);
        }
    }
}

bool options_finish_devices(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;

    if (!add_nics(p, err)) {
        return false;
    }
    for (unsigned i = 0; i < p->devices.count; i++) {
        const char *text = p->devices.items[i];
        if (!options_make_device(p, parse_format(p, "-device %s", text), text,
                         err)) {
            return false;
        }
    }
    if (!add_disks(p, err)) {
        return false;
    }
    for (unsigned i = 0; i < machine->device_count; i++) {
        struct device_config *c = &machine->devices[i];
        if (!link_device(p, c, err)) {
            error_prepend(err, "%s", c->text);
            return false;
        }
        if (c->type->create == plug_loader && !c->loader.guest &&
            !machine->kernel) {
            machine->blank = true;
        }
    }
    apply_boot_order(p);
    warn_unused(machine);
    return true;
}
