/* Making an image: the least that is one.  It has no size yet. */
#include <errno.h>
#include <stdlib.h>

#include "block/luks.h"
#include "block/qcow2.h"

const struct qcow2_options qcow2_defaults = {
    .version = 3, .cluster_size = 65536, .refcount_bits = 16,
};

/* L2 tables when all of the disk has a place. */
static uint64_t l2_tables(const struct qcow2_options *o)
{
    uint64_t covers = o->cluster_size / (o->extended_l2 ? 16 : 8) *
                      o->cluster_size;

    return o->size / covers + (o->size % covers != 0);
}

bool qcow2_options_check(const struct qcow2_options *o, struct error **err)
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
    } else if (o->version < 3 && (o->data_file || o->extended_l2)) {
        error_set(err, "%s needs compat=1.1",
                  o->data_file ? "data_file" : "extended_l2=on");
    } else if (o->extended_l2 &&
               o->cluster_size < BIT(QCOW2_MIN_GRAIN_CLUSTER_BITS)) {
        error_set(err, "Extended L2 entries are only supported with cluster "
                  "sizes of at least %llu bytes",
                  (unsigned long long)BIT(QCOW2_MIN_GRAIN_CLUSTER_BITS));
    } else if (o->data_file_raw && !o->data_file) {
        error_set(err, "data_file_raw=on requires data_file");
    } else if (o->data_file_raw && o->backing) {
        error_set(err, "Backing file and data_file_raw cannot be used at the "
                  "same time");
    } else if (l2_tables(o) > QCOW2_MAX_L1_BYTES / 8) {
        error_set(err, "%llu bytes are too many for clusters of %llu bytes; "
                  "a larger cluster_size allows more",
                  (unsigned long long)o->size,
                  (unsigned long long)o->cluster_size);
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
    if (!qcow2_options_check(o, err)) {
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
        .incompatible = (o->compression ? QCOW2_COMPRESSION : 0) |
                        (o->extended_l2 ? QCOW2_EXTENDED_L2 : 0) |
                        (o->data_file ? QCOW2_DATA_FILE : 0),
        .autoclear = o->data_file_raw ? QCOW2_DATA_RAW : 0,
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
    if (o->data_file) {
        uint8_t *at = image + q.header.header_length;
        size_t length = strlen(o->data_file);
        if (length > QCOW2_MAX_NAME || length + 256 > o->cluster_size) {
            error_set(err, "data_file: the name is too long");
            free(image);
            return false;
        }
        qcow2_store(at, 4, QCOW2_EXT_DATA_FILE);
        qcow2_store(at + 4, 4, length);
        memcpy(at + 8, o->data_file, length);
    }
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

bool qcow2_encrypt(struct qcow2 *q, const struct luks_options *o,
                   const struct luks_password *password, struct error **err)
{
    uint64_t room = align_up(luks_room(o), q->cluster_size), offset, got;
    uint8_t place[16];

    pthread_mutex_lock(&q->meta);
    int error = qcow2_alloc(q, room >> q->cluster_bits, true, &offset, &got);
    pthread_mutex_unlock(&q->meta);
    error = error ? error : qcow2_flush(q);
    /* All of the room is in the file, whatever slots are used. */
    if (!error && block_file_size(q->file) < offset + room) {
        error = block_file_resize(q->file, offset + room);
    }
    if (error) {
        error_set_errno(err, error, "%s: cannot make room for keys",
                        q->file->path);
        return false;
    }
    if (!luks_create(q->file, offset, o, password, err)) {
        return false;
    }
    q->luks_offset = offset;
    q->luks_length = luks_room(o);
    q->header.crypt_method = QCOW2_LUKS;
    qcow2_store(place, 8, q->luks_offset);
    qcow2_store(place + 8, 8, q->luks_length);
    qcow2_extension_set(q, QCOW2_EXT_CRYPT, place, sizeof(place));
    return qcow2_header_rewrite(q, err);
}

uint64_t qcow2_measure(const struct qcow2_options *o)
{
    uint64_t cs = o->cluster_size, size = align_up(o->size, cs);
    uint64_t l2s = l2_tables(o);
    uint64_t l1 = align_up(l2s ? l2s * 8 : 8, cs);
    uint64_t fixed = cs + l2s * cs + l1 + size + align_up(o->luks_room, cs);
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
