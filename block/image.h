/*
 * An image: what a format makes of a file, as one array of bytes.
 *
 * Formats work synchronously; the engines run them on worker threads, or do
 * themselves what a format's enter() says is one access to a file.  A
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

/* What a tool wants to know about a range of an image. */
struct block_extent {
    enum block_extent_kind {
        BLOCK_EXTENT_ABSENT, /* `backing` says, or zeroes without one */
        BLOCK_EXTENT_ZERO,
        BLOCK_EXTENT_DATA,
    } kind;
    uint64_t length; /* bytes, not 0; what follows may be alike */
    bool placed;     /* `host` is where the data are in the file */
    bool hole;       /* the file has a hole there: the data are zeroes */
    bool compressed;
    uint64_t host;   /* 0 when there is none */
    struct block_image *image, *backing;
    struct block_file *file;
};

/* What a check of an image found; qcow2 has one of its own. */
struct block_check {
    uint64_t corruptions;
};

/* A request as one access to a file. */
struct block_access {
    enum block_op op;
    bool sync;               /* BLOCK_FUA */
    uint64_t offset, length; /* in the image; enter() makes it the file's */
    struct block_file *file; /* NULL: a read of zeroes */
    struct block_image *image; /* whose leave() is due; NULL: nobody's */
};

/* All return 0 or an errno. */
struct block_image_ops {
    const char *format;
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

    /* The rest may be NULL. */
    /* Reads, writes and flushes of which it can be told without waiting that
     * one access to a file is all they take.  The place is good until
     * leave(), which any thread may call. */
    bool (*enter)(struct block_image *image, struct block_access *access);
    void (*leave)(struct block_image *image);
    int (*status)(struct block_image *image, uint64_t offset, uint64_t length,
                  struct block_extent *extent);
    /* Whole clusters, or up to the end of the disk. */
    int (*write_compressed)(struct block_image *image, const void *data,
                            uint64_t offset, uint64_t length);
    /* Nobody else uses the image. */
    bool (*resize)(struct block_image *image, uint64_t size,
                   struct error **err);
    int (*check)(struct block_image *image, struct block_check *check);
};

struct block_image {
    const struct block_image_ops *ops;
    uint64_t size; /* bytes, a multiple of BLOCK_SECTOR */
    uint64_t cluster_size;   /* bytes, for tools; 0: there are none */
    struct block_file *file; /* the one that was named */
    struct block_image *backing; /* as it was opened with, or NULL */
    /* That one's name as the image has it, and its format if it says that. */
    const char *backing_name, *backing_format;
    bool noise;  /* what was never written is not zero */
    bool packed; /* clusters are compressed: parts of one cost its space */
    struct block_file *plain; /* of raw images and their like: the disk, */
    uint64_t start;           /* which begins there, bytes */
    /* Nobody said that it is raw: the guest must not make it look like
     * anything else, which the next one to guess would believe. */
    bool guessed_raw;
};

/* How an image is opened; `above` is the image that it backs. */
struct block_opening {
    const struct block_config *config;
    const struct block_opening *above;
    struct block_image **backing; /* for block_image_open_backing() to tell */
    struct block_file *file;
    bool no_backing; /* leave the backing file alone */
    bool checking;   /* for check and repair: as it is */
};

/* A format, one row of the table in image.c.  `open` owns `file` when it
 * succeeds. */
struct block_format {
    const char *name;
    /* The first bytes of a file are this format's. */
    bool (*probe)(const uint8_t *head, unsigned length);
    struct block_image *(*open)(struct block_file *file,
                                const struct block_opening *how,
                                struct error **err);
    /* Of file names, for what no first bytes tell; or NULL. */
    const char *suffix;
};

struct block_image *block_image_open(const struct block_config *config,
                                     struct error **err);
/* The same for tools, by their own ways. */
struct block_image *block_image_open_as(const struct block_opening *how,
                                        struct error **err);
/* Whether an image is to be opened that backs the one being opened, which names
 * one or, `name` NULL, does not. */
bool block_image_wants_backing(const struct block_opening *how,
                               const char *name);
/* That image; read only.  By the options, or else by `name`, which may be NULL
 * then, and `format`, which may be NULL. */
struct block_image *block_image_open_backing(const struct block_opening *how,
                                             struct block_file *file,
                                             const char *name,
                                             const char *format,
                                             struct error **err);
/* A backing file's path: relative to the directory of `of`.  NULL when it is
 * not a file. */
char *block_backing_path(const char *of, const char *name,
                         struct error **err);
/* Whether the bytes would be taken for something else than raw. */
bool block_looks_formatted(const uint8_t *head, unsigned length);
void block_image_close(struct block_image *image);
/* What is under way to a server that does not answer fails.  [any] */
void block_image_abandon(struct block_image *image);

/* Where the contents of a range come from, through the backing files.  Depth
 * 0 is `image` itself.  Absent: nobody has it.  Data everywhere when the
 * format cannot say. */
int block_image_status(struct block_image *image, uint64_t offset,
                       uint64_t length, struct block_extent *extent,
                       unsigned *depth);

/* See enter() above; what the request is about is filled in here. */
bool block_image_enter(struct block_image *image,
                       const struct block_request *req,
                       struct block_access *access);
/* The same for what an image has below: `access` is about that one then.
 * `image` NULL, or too short: zeroes. */
bool block_image_enter_below(struct block_image *image,
                             struct block_access *access);

/* Do what the request says, on the calling thread. */
int block_image_run(struct block_image *image, struct block_request *req);

/* One file each. */
struct block_image *block_raw_open(struct block_file *file,
                                   const struct block_opening *how,
                                   struct error **err);
/* Writes stay in a temporary file; owns `base` when it succeeds. */
struct block_image *block_overlay_open(struct block_image *base,
                                       struct error **err);

#endif
