/*
 * Persistent dirty bitmaps of qcow2 images: what has been written since.
 *
 * An enabled bitmap follows every change of the guest's.  Before the first
 * one its flag in_use is set on the disk; storing writes all anew beside the
 * old and switches by writing the header, in_use cleared.  A bitmap that is
 * found in use was not stored: it is inconsistent, and can only be removed.
 */
#ifndef BLOCK_QCOW2_BITMAP_H
#define BLOCK_QCOW2_BITMAP_H

#include "block/qcow2.h"

enum qcow2_bitmap_flag {
    QCOW2_BITMAP_IN_USE = 1 << 0,
    QCOW2_BITMAP_AUTO = 1 << 1, /* enabled */
    QCOW2_BITMAP_EXTRA_COMPATIBLE = 1 << 2,
};
#define QCOW2_MAX_BITMAP_NAME 1023
#define QCOW2_MAX_BITMAPS 65535
#define QCOW2_BITMAP_HEAD 24 /* bytes of a directory entry, then the name */

struct qcow2_bitmap {
    char *name;
    uint32_t flags;  /* as on the disk when it was read */
    unsigned granularity_bits;
    bool inconsistent;
    bool changed;    /* `bits` are not what is on the disk */
    uint64_t table_offset;
    uint64_t table_size; /* entries */
    uint64_t *table; /* host order */
    uint8_t *bits;   /* the least significant first; NULL: not read yet */
    uint64_t bytes;  /* of `bits`, whole clusters */
    uint8_t *next_bits; /* as they are to be for another size of the disk */
    uint64_t next_bytes;
};

struct qcow2_bitmaps {
    struct qcow2_bitmap *list;
    unsigned count, stored; /* the first `stored` are in the directory */
    uint64_t directory_offset, directory_size;
    pthread_mutex_t lock; /* bits and flags; taken after `use` */
    bool enabled; /* one at least follows changes */
    bool in_use;  /* and says so on the disk */
    bool changed; /* the directory is not what is on the disk */
};

/* From the header extension `data`; NULL and true when there are none to be
 * used. */
bool qcow2_bitmaps_read(struct qcow2 *q, const uint8_t *data, uint32_t length,
                        struct error **err);
void qcow2_bitmaps_free(struct qcow2 *q);
/* The guest is about to change this range. */
int qcow2_bitmaps_touch(struct qcow2 *q, uint64_t offset, uint64_t length);
/* The disk is about to get another size, and has it, or not: the tools'
 * business. */
bool qcow2_bitmaps_resize(struct qcow2 *q, uint64_t size, struct error **err);
void qcow2_bitmaps_resized(struct qcow2 *q, bool done);
/* Write what has changed; nobody else uses the image. */
int qcow2_bitmaps_store(struct qcow2 *q);
/* References, under meta. */
void qcow2_bitmaps_count(struct qcow2 *q, struct qcow2_counts *counts,
                         struct qcow2_check *check);

/* Bitmaps by name; NULL. */
struct qcow2_bitmap *qcow2_bitmap_find(const struct qcow2 *q,
                                       const char *name);
/* The same in `image` or in what is below it, which is *q then. */
struct qcow2_bitmap *qcow2_bitmap_below(struct block_image *image,
                                        const char *name, struct qcow2 **q);
/* Whether the range begins dirty, and how much of it is the same. */
int qcow2_bitmap_status(struct qcow2 *q, struct qcow2_bitmap *bitmap,
                        uint64_t offset, uint64_t length, bool *dirty,
                        uint64_t *run);
int qcow2_bitmap_load(struct qcow2 *q, struct qcow2_bitmap *bitmap);
/* Changes in memory, until the image is closed. */
bool qcow2_bitmap_add(struct qcow2 *q, const char *name, uint64_t granularity,
                      struct error **err);
bool qcow2_bitmap_remove(struct qcow2 *q, const char *name,
                         struct error **err);
bool qcow2_bitmap_clear(struct qcow2 *q, const char *name,
                        struct error **err);
bool qcow2_bitmap_enable(struct qcow2 *q, const char *name, bool on,
                         struct error **err);
bool qcow2_bitmap_merge(struct qcow2 *q, const char *name, struct qcow2 *from,
                        const char *source, struct error **err);

#endif
