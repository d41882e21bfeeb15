/*
 * Disk images: -drive and its short forms -hda, -cdrom, -pflash, -snapshot.
 *
 * An image has an interface: "virtio" makes a virtio-blk-pci for it, as when
 * none is given; "pflash" makes it a flash bank; "none" leaves it to
 * -device.
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/nbd/address.h"
#include "block/options.h"
#include "util/bits.h"
#include "util/nearest.h"

/* Interfaces ------------------------------------------------------------- */

static const struct {
    const char *name;
    enum drive_interface interface;
    bool missing; /* on this board */
} interfaces[] = {
    {"virtio", DRIVE_VIRTIO, false}, {"none", DRIVE_NONE, false},
    {"pflash", DRIVE_PFLASH, false}, {"scsi", DRIVE_NONE, true},
    {"sd", DRIVE_NONE, true},        {"ide", DRIVE_NONE, true},
    {"floppy", DRIVE_NONE, true},    {"mtd", DRIVE_NONE, true},
    {"xen", DRIVE_NONE, true},
};

static const char *interface_name(enum drive_interface interface)
{
    unsigned i = 0;

    while (interfaces[i].interface != interface) {
        i++;
    }
    return interfaces[i].name;
}

static bool read_interface(struct keyval *kv, enum drive_interface *result,
                           struct error **err)
{
    const char *name = keyval_get(kv, "if");

    for (size_t i = 0; name && i < ARRAY_SIZE(interfaces); i++) {
        if (strcmp(interfaces[i].name, name) == 0) {
            *result = interfaces[i].interface;
            if (interfaces[i].missing) {
                error_set(err, "machine type does not support if=%s; use "
                               "if=virtio, or if=none with -device%s", name,
                          strcmp(name, "scsi") == 0
                              ? " virtio-scsi-pci -device scsi-hd" : "");
            }
            return !interfaces[i].missing;
        }
    }
    if (name) {
        error_set(err, "if=%s: unsupported bus type; use virtio, pflash or "
                       "none", name);
    }
    return !name;
}

/* The list of drives ------------------------------------------------------ */

struct drive_config *options_find_drive(struct parse *p, const char *id)
{
    struct machine_config *machine = &p->out->machine;

    for (unsigned i = 0; i < machine->drive_count; i++) {
        if (strcmp(machine->drives[i].id, id) == 0) {
            return &machine->drives[i];
        }
    }
    return NULL;
}

static struct drive_config *find_place(struct machine_config *machine,
                                       enum drive_interface interface,
                                       unsigned unit)
{
    for (unsigned i = 0; i < machine->drive_count; i++) {
        struct drive_config *d = &machine->drives[i];
        if (!d->node && d->interface == interface && d->unit == unit) {
            return d;
        }
    }
    return NULL;
}

bool options_add_drive(struct parse *p, const struct drive_config *drive,
                       struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    unsigned count = machine->drive_count;

    if (options_find_drive(p, drive->id)) {
        error_set(err, "Duplicate ID '%s' for drive", drive->id);
        return false;
    }
    machine->drives =
        parse_grow(machine->drives, count, sizeof(*machine->drives));
    machine->drives[machine->drive_count++] = *drive;
    return true;
}

/* Where it goes, and what it is called when the user did not say. */
static bool place(struct parse *p, struct keyval *kv,
                  struct drive_config *drive, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    const char *index_text = keyval_get(kv, "index");
    const char *unit_text = keyval_get(kv, "unit");
    uint64_t index = 0, bus = 0, unit = 0;

    if (!keyval_uint(kv, "index", 1024, &index, err) ||
        !keyval_uint(kv, "bus", 1024, &bus, err) ||
        !keyval_uint(kv, "unit", 1024, &unit, err)) {
        return false;
    }
    if (index_text && (unit_text || keyval_get(kv, "bus"))) {
        error_set(err, "index cannot be used with bus and unit");
        return false;
    }
    if (bus) {
        error_set(err, "bus=%llu: there is only bus 0",
                  (unsigned long long)bus);
        return false;
    }
    drive->unit = (unsigned)(index_text ? index : unit);
    if (!index_text && !unit_text) {
        while (find_place(machine, drive->interface, drive->unit)) {
            drive->unit++;
        }
    }
    if (find_place(machine, drive->interface, drive->unit)) {
        error_set(err, "drive with bus=0, unit=%u (index=%u) exists",
                  drive->unit, drive->unit);
        return false;
    }
    if (drive->interface == DRIVE_PFLASH &&
        drive->unit >= MACHINE_FLASH_BANKS) {
        error_set(err, "the board has %d flash banks, and this would be "
                       "number %u", MACHINE_FLASH_BANKS, drive->unit + 1);
        return false;
    }
    if (!drive->id) {
        drive->id = parse_format(p, "%s%u", interface_name(drive->interface),
                                 drive->unit);
    }
    return true;
}

/* What the image is -------------------------------------------------------- */

/* Protocols that QEMU knows; "./a:b" is how to name such a file. */
static const char *const protocols[] = {
    "http", "https", "ftp",       "ftps",    "ssh",     "iscsi",
    "rbd",  "nfs",   "gluster",   "fat",     "json",    "nvme",    "vxhs",
    "sheepdog", "blkdebug", "blkverify", "blklogwrites", "null-co",
    "null-aio", "copy-on-read", "rsync",
};

/* Whether it is one is seen when all else is known: nothing is connected to
 * for an option that is wrong. */
static const char *check_address(const char *text, struct error **err)
{
    struct nbd_address *address = nbd_address_parse(text, err);

    nbd_address_free(address);
    return address ? text : NULL;
}

const char *parse_image_path(const char *text, struct error **err)
{
    size_t length = strcspn(text, ":/");

    if (text[length] != ':') {
        return text;
    }
    if (nbd_is_address(text)) {
        return check_address(text, err);
    }
    if (strncmp(text, "file:", 5) == 0) {
        return text + 5;
    }
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (strlen(protocols[i]) == length &&
            strncmp(protocols[i], text, length) == 0) {
            error_set(err, "file=%s: the protocol '%s' is not supported yet",
                      text, protocols[i]);
            return NULL;
        }
    }
    error_set(err, "file=%s: Unknown protocol '%.*s'; a file of this name is "
                   "'./%s'", text, (int)length, text, text);
    return NULL;
}

static bool read_path(struct keyval *kv, struct block_config *block,
                      struct error **err)
{
    const char *file = keyval_get(kv, "file");
    const char *nested = keyval_get(kv, "file.filename"), *export;

    if (!block_options_nbd(kv, &export, err)) {
        return false;
    }
    if (file && (nested || export)) {
        error_set(err, "file= and file.%s exclude each other",
                  nested ? "filename=" : "driver=nbd");
        return false;
    }
    block->file = export ? export : nested;
    if (file && *file) {
        block->file = parse_image_path(file, err);
        return block->file != NULL;
    }
    return true;
}

static bool read_format(struct keyval *kv, struct block_config *block,
                        struct error **err)
{
    const char *format = keyval_get(kv, "format");
    const char *driver = keyval_get(kv, "driver");

    if (format && driver) {
        error_set(err, "format= and driver= are the same; give one");
        return false;
    }
    block->format = format ? format : driver;
    if (block->format && strcmp(block->format, "nbd") == 0) {
        block->format = "raw";
    }
    return true;
}

/* backing=NODE, a -blockdev; any number of images may be on top of it. */
static bool find_backing(struct parse *p, struct keyval *kv,
                         struct block_config *block, struct error **err)
{
    const char *name = keyval_get(kv, "backing");
    struct drive_config *node =
        name && *name ? options_find_drive(p, name) : NULL;

    if (!name || !*name) {
        return true;
    }
    if (!node || !node->node) {
        error_set(err, "Cannot find device='%s' nor node-name='%s'", name,
                  name);
        return false;
    }
    if (node->layer && !node->backs) {
        error_set(err, "backing=%s: the node is below another one already",
                  name);
        return false;
    }
    struct block_config *below = malloc(sizeof(*below));
    if (!below) {
        abort();
    }
    *below = node->block;
    block->backing = keyval_keep(kv, below);
    node->layer = node->backs = true;
    return true;
}

/* What -drive and -blockdev have in common.  cache= is short for two switches
 * and the device's write cache. */
bool options_read_block(struct parse *p, struct keyval *kv,
                        struct block_config *block, struct error **err)
{
    unsigned cache = block->cache;
    bool copy_on_read = false;

    if (!keyval_enum(kv, "cache", block_cache_names, &cache, err) ||
        !keyval_bool(kv, "copy-on-read", &copy_on_read, err)) {
        return false;
    }
    bool writeback = cache != BLOCK_CACHE_WRITETHROUGH &&
                     cache != BLOCK_CACHE_DIRECTSYNC;
    block->cache = (enum block_cache)cache;
    block->secrets = options_secrets(p);
    if (!keyval_bool(kv, "cache.writeback", &writeback, err) ||
        !find_backing(p, kv, block, err) ||
        !block_options_use(kv, block, writeback, err)) {
        return false;
    }
    return !copy_on_read || parse_unsupported(err, "copy-on-read=on");
}

/* -drive ------------------------------------------------------------------- */

/* werror= and rerror=; "auto" is the default. */
bool parse_on_error(struct keyval *kv, const char *key,
                    enum block_on_error *result, struct error **err)
{
    const char *value = keyval_get(kv, key);
    unsigned n = *result;

    if (value && strcmp(value, "auto") == 0) {
        return true;
    }
    if (!keyval_enum(kv, key, block_on_error_names, &n, err)) {
        return false;
    }
    if (strcmp(key, "rerror") == 0 && n == BLOCK_ERROR_ENOSPC) {
        error_set(err, "rerror=enospc: a read needs no space; use report, "
                  "ignore or stop");
        return false;
    }
    *result = (enum block_on_error)n;
    return true;
}

static bool check_throttling(struct keyval *kv, struct error **err)
{
    const char *key, *value;

    for (size_t i = 0; keyval_pair(kv, i, &key, &value); i++) {
        if (strncmp(key, "throttling.", 11) == 0 ||
            strncmp(key, "bps", 3) == 0 || strncmp(key, "iops", 4) == 0) {
            error_set(err, "%s: not supported yet", key);
            return false;
        }
    }
    return true;
}

static bool read_drive(struct parse *p, struct keyval *kv,
                       struct drive_config *drive, struct error **err)
{
    static const char *const medias[] = {"disk", "cdrom", NULL};
    struct block_config *block = &drive->block;
    unsigned media = 0;

    drive->id = keyval_get(kv, "id");
    drive->serial = keyval_get(kv, "serial");
    if (!read_interface(kv, &drive->interface, err) ||
        !keyval_enum(kv, "media", medias, &media, err) ||
        !check_throttling(kv, err) || !read_path(kv, block, err) ||
        !read_format(kv, block, err) ||
        !keyval_bool(kv, "snapshot", &block->snapshot, err) ||
        !keyval_bool(kv, "readonly", &block->read_only, err) ||
        !options_read_block(p, kv, block, err) ||
        !parse_on_error(kv, "werror", &block->werror, err) ||
        !parse_on_error(kv, "rerror", &block->rerror, err)) {
        return false;
    }
    drive->cdrom = media == 1;
    block->read_only |= drive->cdrom;
    drive->temporary_unless_said = !keyval_get(kv, "snapshot");
    return place(p, kv, drive, err) && keyval_check(kv, err);
}

static bool add_drive(struct parse *p, struct keyval *kv, const char *text,
                      struct error **err)
{
    struct drive_config drive = {.interface = DRIVE_VIRTIO};

    drive.text = parse_format(p, "-%s %s", p->option, text);
    if (kv && read_drive(p, kv, &drive, err) &&
        options_add_drive(p, &drive, err)) {
        return true;
    }
    error_prepend(err, "%s", drive.text);
    return false;
}

bool option_drive(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "file", err);

    if (kv && keyval_help(kv)) {
        parse_usage(p);
        return true;
    }
    return add_drive(p, kv, text, err);
}

/* A file by itself, with an interface, a medium and a place. */
bool options_add_file(struct parse *p, const char *file,
                      const char *interface, const char *media,
                      const char *index, struct error **err)
{
    struct keyval *kv = parse_keep(p, keyval_new());

    keyval_set(kv, "file", file);
    if (interface) {
        keyval_set(kv, "if", interface);
    }
    if (media) {
        keyval_set(kv, "media", media);
    }
    if (index) {
        keyval_set(kv, "index", index);
    }
    return add_drive(p, kv, file, err);
}

/* -hda to -hdd */
bool option_hd(struct parse *p, const char *text, struct error **err)
{
    const char index[2] = {(char)('0' + p->option[2] - 'a'), '\0'};

    return options_add_file(p, text, NULL, "disk", index, err);
}

bool option_cdrom(struct parse *p, const char *text, struct error **err)
{
    return options_add_file(p, text, NULL, "cdrom", "2", err);
}

bool option_pflash(struct parse *p, const char *text, struct error **err)
{
    return options_add_file(p, text, "pflash", NULL, NULL, err);
}

/* The end ------------------------------------------------------------------ */

/* -machine pflash0=ID */
static bool flash_by_name(struct parse *p, unsigned bank, struct error **err)
{
    const char *const keys[] = {"pflash0", "pflash1"};
    struct machine_config *machine = &p->out->machine;
    const char *id = keyval_get(p->machine, keys[bank]);
    struct drive_config *drive = id ? options_find_drive(p, id) : NULL;

    if (!id) {
        return true;
    }
    if (!drive || drive->user || machine->pflash[bank]) {
        error_set(err, "-machine %s=%s: %s", keys[bank], id,
                  !drive ? "there is no -blockdev with this node-name and no "
                           "-drive with this id"
                  : drive->user ? "this drive is in use already"
                                : "this bank has an if=pflash drive");
        return false;
    }
    drive->user = keys[bank];
    machine->pflash[bank] = &drive->block;
    return true;
}

bool options_finish_drives(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;

    for (unsigned i = 0; i < machine->drive_count; i++) {
        struct drive_config *drive = &machine->drives[i];
        drive->block.snapshot |= p->snapshot && drive->temporary_unless_said;
        if (!drive->node && drive->interface == DRIVE_PFLASH) {
            if (!drive->block.file) {
                error_set(err, "%s: a flash bank needs file=FILE",
                          drive->text);
                return false;
            }
            drive->user = "pflash";
            machine->pflash[drive->unit] = &drive->block;
        }
    }
    return flash_by_name(p, 0, err) && flash_by_name(p, 1, err);
}
