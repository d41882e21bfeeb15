/* The table of formats, and requests as calls of a format. */
#include "block/image.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "util/bits.h"

#define HEAD_SIZE 2048

/* In the order in which they are tried; raw is anything. */
static const struct block_format formats[] = {
    {"raw", NULL, block_raw_open},
};

static const struct block_format *find_format(const char *name,
                                              struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    error_set(err, "format=%s: no such image format; there is raw", name);
    return NULL;
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
    const struct block_format *f = formats;
    while (f->probe && !f->probe(head, sizeof(head))) {
        f++;
    }
    return f;
}

static struct block_image *open_base(const struct block_config *config,
                                     struct error **err)
{
    struct block_file_config file_config = {
        .path = config->file,
        .read_only = config->read_only || config->snapshot,
        .direct = config->cache == BLOCK_CACHE_NONE ||
                  config->cache == BLOCK_CACHE_DIRECTSYNC,
        .lock = !config->no_lock,
        .share_rw = config->share_rw,
    };
    struct block_file *file = block_file_open(&file_config, err);
    if (!file) {
        return NULL;
    }
    const struct block_format *format =
        config->format ? find_format(config->format, err) : probe(file, err);
    struct block_image *image = format ? format->open(file, err) : NULL;
    if (!image) {
        block_file_close(file);
    }
    return image;
}

struct block_image *block_image_open(const struct block_config *config,
                                     struct error **err)
{
    struct block_image *base = open_base(config, err);

    if (!base || !config->snapshot) {
        return base;
    }
    struct block_image *overlay = block_overlay_open(base, err);
    if (!overlay) {
        block_image_close(base);
    }
    return overlay;
}

void block_image_close(struct block_image *image)
{
    if (image) {
        image->ops->close(image);
    }
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
