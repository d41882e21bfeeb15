/*
 * VMware disk images: what the files of this format share.
 *
 * A disk is a row of extents, which a descriptor (text) lists.  An extent is
 * a part of a flat file, or a file of its own that is a table of grains
 * ("Virtual Disk Format 5.0", VMware), in which the descriptor may be, too.
 */
#ifndef BLOCK_VMDK_H
#define BLOCK_VMDK_H

#include <pthread.h>

#include "block/formats.h"
#include "util/bits.h"

#define VMDK_MAGIC "KDMV"
#define VMDK_HEADER_SIZE 512
#define VMDK_ENTRIES 512 /* of a grain table, at most */
#define VMDK_NO_PARENT UINT32_C(0xffffffff)
#define VMDK_AT_END UINT64_MAX /* the directory's place is in the footer */

/* Fields of a sparse extent's header; sectors where nothing is said. */
enum {
    VMDK_AT_VERSION = 4,
    VMDK_AT_FLAGS = 8,
    VMDK_AT_CAPACITY = 12,          /* 64 bits */
    VMDK_AT_GRAIN = 20,             /* 64 bits */
    VMDK_AT_DESCRIPTOR = 28,        /* 64 bits */
    VMDK_AT_DESCRIPTOR_SIZE = 36,   /* 64 bits */
    VMDK_AT_ENTRIES = 44,           /* of a grain table */
    VMDK_AT_REDUNDANT = 48,         /* 64 bits; the copy of the directory */
    VMDK_AT_DIRECTORY = 56,         /* 64 bits */
    VMDK_AT_OVERHEAD = 64,          /* 64 bits */
    VMDK_AT_NEWLINES = 73,          /* "\n \r\n" */
    VMDK_AT_COMPRESSION = 77,       /* 16 bits; 1: deflate */
};
enum vmdk_flags {
    VMDK_NEWLINES = 1 << 0, /* AT_NEWLINES is there */
    VMDK_REDUNDANT = 1 << 1,
    VMDK_ZERO_GRAINS = 1 << 2, /* an entry of 1 means zeroes */
    VMDK_COMPRESSED = 1 << 16,
    VMDK_MARKERS = 1 << 17,
};

enum vmdk_subformat {
    VMDK_MONOLITHIC_SPARSE,
    VMDK_MONOLITHIC_FLAT,
    VMDK_SPLIT_SPARSE,
    VMDK_SPLIT_FLAT,
    VMDK_STREAM,
};

/* An image, and a piece of it. */
struct vmdk_part {
    struct vmdk_extent_info info;
    struct block_image *image; /* NULL: zeroes */
    uint64_t start, length;    /* in the disk, bytes */
    uint64_t shift;            /* where it begins in `image`, bytes */
};

struct vmdk {
    struct block_image image;
    struct block_file *file;
    bool own_file; /* it has only the descriptor */
    char *text;    /* the descriptor, as it was */
    uint64_t text_offset;
    char *create_type;
    uint32_t cid;
    struct vmdk_part *extents;
    unsigned extent_count;
    uint32_t parent_cid;
    char *parent;                /* its name, or NULL */
    struct block_image *backing; /* the parent, or NULL */
    pthread_mutex_t writing;
    bool written; /* the content id is new */
};

static inline struct vmdk *vmdk_of(const struct block_image *image)
{
    return container_of((struct block_image *)image, struct vmdk, image);
}

/* vmdk.c */
extern const struct block_image_ops vmdk_ops;
void vmdk_close(struct block_image *image);

/* vmdk_extent.c: a file of grains as an image; owns `file` if it succeeds,
 * and never the parent.  The extent is [start, start+size) of the disk,
 * bytes; size 0: as its header says. */
struct block_image *vmdk_extent_open(struct block_file *file, uint64_t start,
                                     uint64_t size,
                                     struct block_image *parent,
                                     struct error **err);
bool vmdk_extent_compressed(const struct block_image *image);
/* Where a descriptor is in the file: false when there is none. */
bool vmdk_extent_descriptor(struct block_file *file, uint64_t *offset,
                            uint64_t *length);
/* An empty one of `size` bytes in an empty file; the descriptor, or NULL. */
int vmdk_extent_create(struct block_file *file, const struct block_new *how,
                       uint64_t size, const char *descriptor);

#endif
