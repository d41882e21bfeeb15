/*
 * -blockdev: disk images as a graph of nodes.  "file" ("host_device", "nbd")
 * has the bytes, a format on top of one makes a disk of them, for which
 * another may be the backing file.  Each node becomes a drive of its own; one
 * that is below another is not opened by itself.
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/options.h"
#include "util/bits.h"

/* What of these there is, block_open() knows. */
static const char *const format_drivers[] = {
    "raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vhdx", "vpc", "parallels",
    "luks", "bochs", "cloop", "dmg", NULL};

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_bytes(struct keyval *kv, struct block_config *block,
                       struct error **err)
{
    block->format = "raw";
    if (!block_options_nbd(kv, &block->file, err) || block->file) {
        return block->file != NULL;
    }
    block->file = keyval_get(kv, "filename");
    if (!block->file) {
        error_set(err, "Parameter 'filename' is missing");
    }
    return block->file != NULL;
}

/* Formats read whole files. */
static bool is_whole(const struct drive_config *layer, const char *key,
                     struct error **err)
{
    if (layer->block.raw_offset || layer->block.raw_size) {
        error_set(err, "%s=%s: a node with offset= or size= can be below "
                  "nothing but backing=", key, layer->id);
        return false;
    }
    return true;
}

/* The layer below: another node, or one that is described in place. */
static bool read_layer(struct parse *p, struct keyval *kv,
                       struct block_config *block, struct error **err)
{
    const char *name = keyval_get(kv, "file");
    const char *driver = keyval_get(kv, "file.driver"), *export;

    if (!name) {
        keyval_get(kv, "file.node-name");
        keyval_get(kv, "file.aio");
        if (!block_options_nbd(kv, &export, err)) {
            return false;
        }
        block->file = export ? export : keyval_get(kv, "file.filename");
        keyval_allow_prefix(kv, "file");
        if (!block->file || !driver) {
            error_set(err, "Parameter '%s' is missing",
                      driver ? "file.filename" : "file");
        }
        return block->file && driver;
    }
    struct drive_config *layer = options_find_drive(p, name);
    if (!layer || !layer->node) {
        error_set(err, "Cannot find device='%s' nor node-name='%s'", name,
                  name);
        return false;
    }
    if (layer->layer) {
        error_set(err, "file=%s: the node is below another one already",
                  name);
        return false;
    }
    layer->layer = true;
    *block = layer->block;
    return is_whole(layer, "file", err);
}

/* data-file=NODE, of qcow2. */
static bool read_data_file(struct parse *p, struct keyval *kv,
                           struct block_config *block, struct error **err)
{
    const char *name = keyval_get(kv, "data-file");
    struct drive_config *layer = name ? options_find_drive(p, name) : NULL;

    if (!name) {
        return true;
    }
    if (!layer || !layer->node || layer->layer) {
        error_set(err, "data-file=%s: %s", name,
                  layer && layer->node ? "the node is below another one "
                                         "already"
                                       : "there is no -blockdev with this "
                                         "node-name");
        return false;
    }
    layer->layer = true;
    block->data_file = layer->block.file;
    return is_whole(layer, "data-file", err);
}

static bool read_node(struct parse *p, struct keyval *kv,
                      struct drive_config *drive, struct error **err)
{
    struct block_config *block = &drive->block;
    const char *driver = keyval_get(kv, "driver");
    bool force_share = false;

    drive->id = keyval_get(kv, "node-name");
    if (!driver || !drive->id) {
        error_set(err, "Parameter '%s' is missing",
                  driver ? "node-name" : "driver");
        return false;
    }
    if (block_options_is_protocol(driver)) {
        if (!read_bytes(kv, block, err)) {
            return false;
        }
    } else if (is_one_of(driver, format_drivers)) {
        if (!read_layer(p, kv, block, err) ||
            !read_data_file(p, kv, block, err)) {
            return false;
        }
        block->format = driver;
    } else {
        error_set(err, "driver=%s: not supported yet; there are file, "
                       "host_device, nbd and image formats", driver);
        return false;
    }
    return options_read_block(p, kv, block, err) &&
           keyval_bool(kv, "force-share", &force_share, err) &&
           keyval_check(kv, err);
}

bool option_blockdev(struct parse *p, const char *text, struct error **err)
{
    struct drive_config drive = {.interface = DRIVE_NONE, .node = true};
    struct keyval *kv = parse_keyval(p, text, "driver", err);

    if (kv && keyval_help(kv)) {
        parse_usage(p);
        return true;
    }
    drive.text = parse_format(p, "-blockdev %s", text);
    if (kv && read_node(p, kv, &drive, err) &&
        options_add_drive(p, &drive, err)) {
        return true;
    }
    error_prepend(err, "%s", drive.text);
    return false;
}
