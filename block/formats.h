/*
 * The formats that are one or two files each, as the table in image.c has
 * them, and how new images of them are made.
 */
#ifndef BLOCK_FORMATS_H
#define BLOCK_FORMATS_H

#include "block/image.h"

/* What a new image shall be: options that qemu-img has by these names. */
struct block_new {
    const char *path;
    uint64_t size;      /* bytes, whole sectors */
    unsigned subformat; /* of the format's list; 0: the default */
    bool is_static;     /* vdi */
    bool force_size;    /* vpc */
    uint64_t block_size, log_size; /* vhdx; 0: the default */
    bool block_state_not_present;  /* vhdx; rather than zero */
    const char *adapter_type, *hwversion, *toolsversion; /* vmdk, or NULL */
    bool compat6, zeroed_grain;                          /* vmdk */
    const char *backing; /* vmdk: the parent's name, or NULL */
    uint32_t parent_cid; /* with that */
};

#define BLOCK_FORMAT(name) \
    bool name##_probe(const uint8_t *head, unsigned length); \
    struct block_image *name##_open(struct block_file *file, \
                                    const struct block_opening *how, \
                                    struct error **err)

BLOCK_FORMAT(vdi);
bool vdi_create(const struct block_new *how, struct error **err);

BLOCK_FORMAT(vpc);
extern const char *const vpc_subformats[];
extern const struct block_image_ops block_vpc_fixed_ops; /* raw.c */
bool vpc_create(const struct block_new *how, struct error **err);

BLOCK_FORMAT(vmdk);
extern const char *const vmdk_subformats[]; /* ORDER vmdk_subformat */
bool vmdk_create(const struct block_new *how, struct error **err);
/* For info. */
struct vmdk_info {
    uint32_t cid, parent_cid;
    const char *create_type;
    unsigned extent_count;
};
struct vmdk_extent_info {
    uint64_t size, cluster_size; /* bytes; 0: no clusters */
    const char *type;            /* "" when it has the descriptor inside */
    char *path;                  /* NULL: only zeroes */
    struct block_file *file;
    bool compressed, read_only;
};
/* False when it is not a VMDK image. */
bool vmdk_describe(const struct block_image *image, struct vmdk_info *info);
const struct vmdk_extent_info *vmdk_extent(const struct block_image *image,
                                           unsigned number);

BLOCK_FORMAT(vhdx);
extern const char *const vhdx_subformats[];
bool vhdx_create(const struct block_new *how, struct error **err);

BLOCK_FORMAT(luks); /* luks_image.c */
struct luks;
const struct luks *luks_describe(struct block_image *image); /* or NULL */

/* These are only read. */
BLOCK_FORMAT(qcow);
BLOCK_FORMAT(qed);
BLOCK_FORMAT(parallels);
BLOCK_FORMAT(dmg);

#endif
