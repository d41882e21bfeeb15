/* QED images, which QEMU had before qcow2's version 3: only read.  Numbers
 * are little-endian, tables have two levels. */
#include <string.h>

#include "block/formats.h"
#include "block/sparse.h"

#define HEADER_SIZE 64
#define MAGIC "QED\0"

enum {
    AT_CLUSTER = 4,
    AT_TABLE = 8,     /* clusters of a table */
    AT_FEATURES = 16, /* 64 bits */
    AT_L1 = 40,       /* 64 bits */
    AT_SIZE = 48,     /* 64 bits */
    AT_BACKING = 56,
    AT_BACKING_SIZE = 60,
};
enum { HAS_BACKING = 1, NEEDS_CHECK = 2, BACKING_IS_RAW = 4 };

static struct sparse_place qed_decode(const struct sparse *s, uint64_t entry)
{
    (void)s;
    return (struct sparse_place){
        entry == 0   ? SPARSE_ABSENT
        : entry == 1 ? SPARSE_ZERO
        : entry % BLOCK_SECTOR ? SPARSE_BAD : SPARSE_DATA,
        entry,
    };
}

static const struct sparse_ops qed_table = {
    .page_at = sparse_levels_page_at, .decode = qed_decode,
    .close = sparse_levels_close,
};
static const struct block_image_ops qed_ops = {
    .format = "qed", SPARSE_IMAGE_OPS,
};

bool qed_probe(const uint8_t *head, unsigned length)
{
    return length >= HEADER_SIZE && memcmp(head, MAGIC, 4) == 0;
}

static uint64_t load(const uint8_t *h, unsigned at, unsigned bytes)
{
    return sparse_load(h + at, bytes, false);
}

/* NULL when all is well, or what is not. */
static const char *complaint(const uint8_t *h)
{
    uint64_t cluster = load(h, AT_CLUSTER, 4), table = load(h, AT_TABLE, 4);

    if (!qed_probe(h, HEADER_SIZE)) {
        return "is not a QED image";
    }
    if (load(h, AT_FEATURES, 8) & ~UINT64_C(7)) {
        return "has features that are not known";
    }
    if (load(h, AT_FEATURES, 8) & NEEDS_CHECK) {
        return "was not closed and needs a check; 'qemu-img check -r all' "
               "does that";
    }
    if (!is_power_of_2(cluster) || cluster < 4096 || cluster > (64u << 20) ||
        !is_power_of_2(table) || table > 16) {
        return "has clusters or tables of a strange size";
    }
    if (load(h, AT_SIZE, 8) % BLOCK_SECTOR ||
        load(h, AT_SIZE, 8) > INT64_MAX / 2) {
        return "says that its disk has a strange size";
    }
    return NULL;
}

struct block_image *qed_open(struct block_file *file,
                             const struct block_opening *how,
                             struct error **err)
{
    uint8_t h[HEADER_SIZE];

    if (!sparse_read_header(file, "qed", h, sizeof(h), complaint, err)) {
        return NULL;
    }
    uint64_t cluster = load(h, AT_CLUSTER, 4);
    uint64_t features = load(h, AT_FEATURES, 8);
    const struct sparse as = {
        .image = {.ops = &qed_ops, .size = load(h, AT_SIZE, 8)},
        .ops = &qed_table,
        .file = file,
        .block_size = cluster,
        .data_start = cluster,
    };
    const struct sparse_levels_at at = {
        .l1 = load(h, AT_L1, 8),
        .entries = cluster * load(h, AT_TABLE, 4) / 8,
        .name = features & HAS_BACKING ? load(h, AT_BACKING, 4) : 0,
        .name_length = load(h, AT_BACKING_SIZE, 4),
        .format = features & BACKING_IS_RAW ? "raw" : NULL,
    };
    return sparse_levels_open(&as, &at, how, err);
}
