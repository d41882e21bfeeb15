/* Making an image: the least that is one.  It has no size yet. */
#include <errno.h>
#include <stdlib.h>

#include "block/qcow2.h"

const struct qcow2_options qcow2_defaults = {
    .version = 3, .cluster_size = 65536, .refcount_bits = 16,
};

static bool check(const struct qcow2_options *o, struct error **err)
{
    if (!is_power_of_2(o->cluster_size) ||
        o->cluster_size < BIT(QCOW2_MIN_CLUSTER_BITS) ||
        o->cluster_size > BIT(QCOW2_MAX_CLUSTER_BITS)) {
        error_set(err, "cluster_size=%llu: Cluster size must be a power of "
                  "two between 512 and 2048k",
                  (unsigned long long)o->cluster_size);
    } else if (!is_power_of_2(o->refcount_bits) || o->refcount_bits > 64) {
        error_set(err, "refcount_bits=%u: Refcount width must be a power of "
                  "two and may not exceed 64 bits", o->refcount_bits);
    } else if (o->version < 3 && o->refcount_bits != 16) {
        error_set(err, "refcount_bits=%u: widths other than 16 bits need "
                  "compat=1.1", o->refcount_bits);
    } else if (o->version < 3 && o->lazy_refcounts) {
        error_set(err, "lazy_refcounts=on needs compat=1.1");
    } else if (o->version < 3 && o->compression != QCOW2_ZLIB) {
        error_set(err, "compression_type=%s needs compat=1.1",
                  qcow2_compression_names[o->compression]);
    } else if (!qcow2_can_compress(o->compression)) {
        error_set(err, "compression_type=%s: this build is without it",
                  qcow2_compression_names[o->compression]);
    } else {
        return true;
    }
    return false;
}

/* Header, one cluster of refcount table, one refcount block, an L1 table of
 * one cluster. */
bool qcow2_create(struct block_file *file, const struct qcow2_options *o,
                  struct error **err)
{
    if (!check(o, err)) {
        return false;
    }
    struct qcow2 q = {.file = file};
    q.cluster_size = o->cluster_size;
    q.header = (struct qcow2_header){
        .magic = QCOW2_MAGIC,
        .version = o->version,
        .cluster_bits = (unsigned)ctz64(o->cluster_size),
        .l1_size = 1,
        .l1_offset = 3 * o->cluster_size,
        .rt_offset = o->cluster_size,
        .rt_clusters = 1,
        .incompatible = o->compression ? QCOW2_COMPRESSION : 0,
        .compatible = o->lazy_refcounts ? QCOW2_LAZY_REFCOUNTS : 0,
        .refcount_order = (unsigned)ctz64(o->refcount_bits),
        .header_length = o->version < 3 ? QCOW2_V2_LENGTH
                                        : QCOW2_HEADER_LENGTH,
        .compression = o->compression,
    };
    uint8_t *image = calloc(4, o->cluster_size);
    if (!image) {
        error_set(err, "no memory for a new image");
        return false;
    }
    qcow2_header_pack(&q.header, image);
    qcow2_store(image + o->cluster_size, 8, 2 * o->cluster_size);
    for (unsigned i = 0; i < 4; i++) {
        qcow2_refcount_put(&q, image + 2 * o->cluster_size, i, 1);
    }
    int error = qcow2_write_at(&q, 0, image, 4 * o->cluster_size);
    free(image);
    if (error) {
        error_set_errno(err, error, "%s: cannot write", file->path);
        return false;
    }
    return true;
}

uint64_t qcow2_measure(const struct qcow2_options *o)
{
    uint64_t cs = o->cluster_size, per_l2 = cs / 8;
    uint64_t size = align_up(o->size, cs);
    uint64_t l2s = (size / cs + per_l2 - 1) / per_l2;
    uint64_t l1 = align_up(l2s ? l2s * 8 : 8, cs);
    uint64_t fixed = cs + l2s * cs + l1 + size;
    uint64_t per_block = cs * 8 / o->refcount_bits;
    uint64_t blocks = 0, table = 0, before;

    do {
        before = blocks + table;
        uint64_t clusters = fixed / cs + blocks + table;
        blocks = (clusters + per_block - 1) / per_block;
        table = (blocks * 8 + cs - 1) / cs;
    } while (blocks + table != before);
    return fixed + (blocks + table) * cs;
}
