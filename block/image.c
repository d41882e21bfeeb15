/* The table of formats, and requests as calls of a format. */
#include "block/image.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/nbd/address.h"
#include "block/qcow2.h"
#include "util/bits.h"

#define HEAD_SIZE 2048
#define MAX_DEPTH 100

/* Formats that are known by their first bytes and cannot be opened. */
static const struct {
    const char *name;
    unsigned offset;
    const char *magic;
    unsigned length;
} refused[] = {
    {"vmdk 3", 0, "COWD", 4},
    {"bochs", 0, "Bochs Virtual HD Image", 22},
    {"cloop", 0, "#!/bin/sh\n#V2.0 Format\n", 23},
};

static const char *refused_name(const uint8_t *head, unsigned length)
{
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (refused[i].offset + refused[i].length <= length &&
            memcmp(head + refused[i].offset, refused[i].magic,
                   refused[i].length) == 0) {
            return refused[i].name;
        }
    }
    return NULL;
}

/* In the order in which they are tried; raw is anything. */
static const struct block_format formats[] = {
    {"qcow2", qcow2_probe, qcow2_open, NULL},
    {"vdi", vdi_probe, vdi_open, NULL},
    {"vpc", vpc_probe, vpc_open, NULL},
    {"vmdk", vmdk_probe, vmdk_open, NULL},
    {"vhdx", vhdx_probe, vhdx_open, NULL},
    {"luks", luks_probe, luks_open, NULL},
    {"qcow", qcow_probe, qcow_open, NULL},
    {"qed", qed_probe, qed_open, NULL},
    {"parallels", parallels_probe, parallels_open, NULL},
    {"dmg", dmg_probe, dmg_open, ".dmg"},
    {"raw", NULL, block_raw_open, NULL},
};

/* "raw, qcow2, ... and X" into `names`. */
static const char *list_formats(char *names, size_t room)
{
    size_t used = (size_t)snprintf(names, room, "raw");

    for (size_t i = 0; i + 1 < ARRAY_SIZE(formats); i++) {
        used += (size_t)snprintf(names + used, room - used, "%s%s",
                                 i + 2 < ARRAY_SIZE(formats) ? ", " : " and ",
                                 formats[i].name);
    }
    return names;
}

static const struct block_format *find_format(const char *name,
                                              struct error **err)
{
    char names[128];

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (strcmp(refused[i].name, name) == 0) {
            error_set(err, "format=%s: not supported; convert the image with "
                      "'qemu-img convert -O qcow2'", name);
            return NULL;
        }
    }
    error_set(err, "format=%s: no such image format; there are %s", name,
              list_formats(names, sizeof(names)));
    return NULL;
}

static bool ends_with(const char *path, const char *suffix)
{
    size_t n = strlen(path), m = strlen(suffix);

    return n >= m && strcmp(path + n - m, suffix) == 0;
}

static const struct block_format *guess(const uint8_t *head, unsigned length,
                                        const char *path)
{
    const struct block_format *f = formats;

    while (f->probe && !f->probe(head, length) &&
           !(f->suffix && ends_with(path, f->suffix))) {
        f++;
    }
    return f;
}

bool block_looks_formatted(const uint8_t *head, unsigned length)
{
    return guess(head, length, "")->probe || refused_name(head, length);
}

static const struct block_format *probe(struct block_file *file,
                                        struct error **err)
{
    uint8_t head[HEAD_SIZE];
    struct iovec iov = {head, sizeof(head)};
    int error = block_file_read(file, &iov, 1, 0);

    if (error) {
        error_set_errno(err, error, "%s: cannot read", file->path);
        return NULL;
    }
    const char *name = refused_name(head, sizeof(head));
    if (name) {
        error_set(err, "%s: a %s image, which is not supported; convert it "
                  "with 'qemu-img convert -O qcow2'", file->path, name);
        return NULL;
    }
    return guess(head, sizeof(head), file->path);
}

struct block_image *block_image_open_as(const struct block_opening *how,
                                        struct error **err)
{
    const struct block_config *config = how->config;
    struct block_file_config file_config = {
        .path = config->file,
        .read_only = config->read_only || config->snapshot,
        .direct = config->cache == BLOCK_CACHE_NONE ||
                  config->cache == BLOCK_CACHE_DIRECTSYNC,
        .lock = !config->no_lock,
        .share_rw = config->share_rw,
        .unsafe = config->cache == BLOCK_CACHE_UNSAFE,
    };
    struct block_file *file = block_file_open(&file_config, err);
    if (!file) {
        return NULL;
    }
    const struct block_format *format =
        config->format ? find_format(config->format, err) : probe(file, err);
    struct block_image *backing = NULL;
    struct block_opening this = *how;
    this.backing = &backing;
    struct block_image *image = format ? format->open(file, &this, err) : NULL;
    if (!image) {
        block_file_close(file);
        return NULL;
    }
    if (block_image_wants_backing(how, NULL) && !backing) {
        error_set(err, "%s: this %s image cannot have a backing file",
                  config->file, image->ops->format);
        block_image_close(image);
        return NULL;
    }
    image->guessed_raw = !config->format && !format->probe;
    if (image->guessed_raw && !file_config.read_only) {
        error_report("warning: %s: the image format was not specified and "
                     "was guessed to be raw; a guest cannot write what "
                     "looks like another format to the first sector, unless "
                     "it is specified (format=raw, -f raw)", config->file);
    }
    image->file = file;
    image->backing = backing;
    return image;
}

static bool load_snapshot(struct block_image *image, const char *name,
                          struct error **err)
{
    if (!qcow2_is(image)) {
        error_set(err, "%s: a %s image has no snapshots", image->file->path,
                  image->ops->format);
        return false;
    }
    int i = qcow2_snapshot_either(qcow2_of(image), name, err);

    return qcow2_snapshot_load(qcow2_of(image), i, err);
}

struct block_image *block_image_open(const struct block_config *config,
                                     struct error **err)
{
    struct block_opening how = {.config = config};
    struct block_image *base = block_image_open_as(&how, err);

    if (base && config->internal_snapshot &&
        !load_snapshot(base, config->internal_snapshot, err)) {
        block_image_close(base);
        return NULL;
    }
    if (!base || !config->snapshot) {
        return base;
    }
    struct block_image *overlay = block_overlay_open(base, err);
    if (!overlay) {
        block_image_close(base);
    }
    return overlay;
}

/* Backing files ---------------------------------------------------------- */

char *block_backing_path(const char *of, const char *name, struct error **err)
{
    const char *colon = strchr(name, ':');
    const char *slash = strrchr(of, '/');
    char *path = NULL;

    if (nbd_is_address(name)) {
        return strdup(name);
    }
    if (strncmp(name, "file:", 5) == 0) {
        name += 5;
    } else if (colon && !memchr(name, '/', (size_t)(colon - name))) {
        error_set(err, "%s: the backing file '%s' is not a file, which is "
                  "not supported", of, name);
        return NULL;
    }
    if (nbd_is_address(of) && name[0] != '/') {
        error_set(err, "%s: the backing file '%s' has no directory here; "
                  "name it with its path", of, name);
        return NULL;
    }
    int length = slash && name[0] != '/' ? (int)(slash + 1 - of) : 0;
    return asprintf(&path, "%.*s%s", length, of, name) < 0 ? NULL : path;
}

/* A chain must end. */
static bool check_chain(const struct block_opening *above, const char *path,
                        struct error **err)
{
    unsigned depth = 0;

    for (; above; above = above->above) {
        if (block_file_is(above->file, path)) {
            error_set(err, "%s: backs itself", path);
            return false;
        }
        if (++depth > MAX_DEPTH) {
            error_set(err, "%s: more than %d images back each other", path,
                      MAX_DEPTH);
            return false;
        }
    }
    return true;
}

static struct block_image *open_below(const struct block_opening *how,
                                      const char *of, struct error **err)
{
    bool named = how->config->format;
    struct block_image *image = check_chain(how->above, how->config->file,
                                            err)
                                    ? block_image_open_as(how, err) : NULL;

    if (!image) {
        return NULL;
    }
    if (!named && !image->guessed_raw) {
        error_report("warning: %s: the format of its backing file %s is not "
                     "named and was taken for %s; 'armature-img rebase -u "
                     "-F' names it", of, how->config->file,
                     image->ops->format);
    }
    return image;
}

bool block_image_wants_backing(const struct block_opening *how,
                               const char *name)
{
    return !how->no_backing && !how->config->no_backing &&
           (name || (how->config->backing && how->config->backing->file));
}

/* What options say of the image below, or else what fits any. */
static struct block_config config_below(const struct block_config *config)
{
    struct block_config below = config->backing ? *config->backing : *config;

    if (!config->backing) {
        below.file = below.format = below.data_file = NULL;
    }
    below.read_only = true;
    below.snapshot = false;
    return below;
}

struct block_image *block_image_open_backing(const struct block_opening *how,
                                             struct block_file *file,
                                             const char *name,
                                             const char *format,
                                             struct error **err)
{
    struct block_opening this = *how;
    struct block_config config = config_below(how->config);
    struct block_opening below = {.config = &config, .above = &this};
    char *path = config.file ? strdup(config.file)
                             : block_backing_path(file->path, name, err);

    if (!path) {
        return NULL;
    }
    if (!config.format) {
        /* What QEMU calls the file itself, and old images name. */
        bool plain = format && (strcmp(format, "file") == 0 ||
                                strcmp(format, "host_device") == 0);
        config.format = plain ? "raw" : format;
    }
    this.file = file;
    config.file = path;
    struct block_image *image = open_below(&below, file->path, err);
    if (!image && err) {
        error_prepend(err, "%s: backing file", file->path);
    }
    if (how->backing) {
        *how->backing = image;
    }
    free(path);
    return image;
}

void block_image_close(struct block_image *image)
{
    if (image) {
        image->ops->close(image);
    }
}

void block_image_abandon(struct block_image *image)
{
    for (; image; image = image->backing) {
        block_file_abandon(image->file);
    }
}

int block_image_status(struct block_image *image, uint64_t offset,
                       uint64_t length, struct block_extent *extent,
                       unsigned *depth)
{
    *depth = 0;
    for (;;) {
        if (!image->ops->status) {
            *extent = (struct block_extent){.kind = BLOCK_EXTENT_DATA,
                                            .length = length,
                                            .image = image};
            return 0;
        }
        int error = image->ops->status(image, offset, length, extent);
        if (error || extent->kind != BLOCK_EXTENT_ABSENT ||
            !extent->backing) {
            return error;
        }
        if (offset >= extent->backing->size) {
            /* Zeroes behind the end of a shorter backing file. */
            extent->backing = NULL;
            return 0;
        }
        length = extent->length;
        image = extent->backing;
        ++*depth;
        length = length < image->size - offset ? length
                                               : image->size - offset;
    }
}

bool block_image_enter_below(struct block_image *image,
                             struct block_access *access)
{
    if (access->op != BLOCK_READ) {
        return false;
    }
    if (!image || access->offset >= image->size) {
        access->file = NULL;
        return true;
    }
    return access->length <= image->size - access->offset &&
           image->ops->enter && image->ops->enter(image, access);
}

bool block_image_enter(struct block_image *image,
                       const struct block_request *req,
                       struct block_access *access)
{
    *access = (struct block_access){
        .op = req->op, .sync = req->flags & BLOCK_FUA,
        .offset = req->offset, .length = req->length,
    };
    return image->ops->enter && image->ops->enter(image, access);
}

static int run(struct block_image *image, struct block_request *req)
{
    const struct block_image_ops *ops = image->ops;

    switch (req->op) {
    case BLOCK_READ:
        return ops->read(image, req->iov, req->iov_count, req->offset,
                         req->length);
    case BLOCK_WRITE:
        return ops->write(image, req->iov, req->iov_count, req->offset,
                          req->length, req->flags & BLOCK_FUA);
    case BLOCK_FLUSH:
        return ops->flush(image);
    case BLOCK_DISCARD:
        return ops->discard(image, req->offset, req->length);
    case BLOCK_ZERO:
        return ops->zero(image, req->offset, req->length,
                         req->flags & BLOCK_MAY_UNMAP);
    }
    assert(!"request");
    return EINVAL;
}

int block_image_run(struct block_image *image, struct block_request *req)
{
    int error = run(image, req);

    if (!error && req->flags & BLOCK_FUA &&
        (req->op == BLOCK_ZERO || req->op == BLOCK_DISCARD)) {
        error = image->ops->flush(image);
    }
    return error;
}
