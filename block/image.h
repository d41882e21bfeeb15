/*
 * An image: what a format makes of a file, as one array of bytes.
 *
 * Formats work synchronously; the engines run them on worker threads.  A
 * format's functions are called by several threads at once.  Ranges
 * are within the image, not empty and made of whole sectors.
 */
#ifndef BLOCK_IMAGE_H
#define BLOCK_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"
#include "block/file.h"

struct block_image;

/* All return 0 or an errno. */
struct block_image_ops {
    int (*read)(struct block_image *image, const struct iovec *iov,
                unsigned count, uint64_t offset, uint64_t length);
    int (*write)(struct block_image *image, const struct iovec *iov,
                 unsigned count, uint64_t offset, uint64_t length, bool sync);
    int (*flush)(struct block_image *image);
    int (*discard)(struct block_image *image, uint64_t offset,
                   uint64_t length);
    int (*zero)(struct block_image *image, uint64_t offset, uint64_t length,
                bool unmap);
    void (*close)(struct block_image *image);
};

struct block_image {
    const struct block_image_ops *ops;
    uint64_t size; /* bytes, a multiple of BLOCK_SECTOR */
    /* Offsets in the image are offsets in this file, so an engine may read
     * and write it directly; NULL when it takes the format to know. */
    struct block_file *plain;
};

/* A format, one row of the table in image.c.  `open` owns `file` when it
 * succeeds. */
struct block_format {
    const char *name;
    /* The first bytes of a file are this format's. */
    bool (*probe)(const uint8_t *head, unsigned length);
    struct block_image *(*open)(struct block_file *file, struct error **err);
};

struct block_image *block_image_open(const struct block_config *config,
                                     struct error **err);
void block_image_close(struct block_image *image);

/* Do what the request says; the engines' one way into a format. */
int block_image_run(struct block_image *image, struct block_request *req);

/* One file each. */
struct block_image *block_raw_open(struct block_file *file,
                                   struct error **err);
/* Writes stay in a temporary file; owns `base` when it succeeds. */
struct block_image *block_overlay_open(struct block_image *base,
                                       struct error **err);

#endif
