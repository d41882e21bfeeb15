/* QED images, which QEMU had before qcow2's version 3: only read.  Numbers
 * are little-endian, tables have two levels. */
#include <assert.h>
#include <stdlib.h>
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

struct qed {
    struct sparse sparse;
    uint64_t *l1;
    uint64_t pages; /* of an L2 table */
};

static struct qed *qed_of(const struct sparse *s)
{
    return container_of((struct sparse *)s, struct qed, sparse);
}

static uint64_t qed_page_at(const struct sparse *s, uint64_t page)
{
    const struct qed *q = qed_of(s);
    uint64_t table = q->l1[page / q->pages];

    return table ? table + page % q->pages * SPARSE_PAGE : 0;
}

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

static void qed_close(struct sparse *s)
{
    free(qed_of(s)->l1);
}

static const struct sparse_ops qed_table = {
    .page_at = qed_page_at, .decode = qed_decode, .close = qed_close,
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

    if (!sparse_only_read(file, "qed", err) ||
        !sparse_read_at(file, 0, h, sizeof(h), "header", err)) {
        return NULL;
    }
    const char *wrong = complaint(h);
    if (wrong) {
        error_set(err, "%s: %s", file->path, wrong);
        return NULL;
    }
    struct qed *q = calloc(1, sizeof(*q));
    assert(q);
    uint64_t cluster = load(h, AT_CLUSTER, 4), size = load(h, AT_SIZE, 8);
    uint64_t entries = cluster * load(h, AT_TABLE, 4) / 8;
    q->pages = entries / (SPARSE_PAGE / 8);
    q->sparse = (struct sparse){
        .image = {.ops = &qed_ops, .size = size},
        .ops = &qed_table,
        .file = file,
        .block_size = cluster,
        .entry_bytes = 8,
        .per_page = SPARSE_PAGE / 8,
        .data_start = cluster,
    };
    sparse_init(&q->sparse);
    uint64_t features = load(h, AT_FEATURES, 8);
    q->l1 = sparse_read_l1(file, load(h, AT_L1, 8),
                           size ? (size - 1) / (cluster * entries) + 1 : 0,
                           false, err);
    if (q->l1 &&
        sparse_open_backing(&q->sparse, how,
                            features & HAS_BACKING ? load(h, AT_BACKING, 4)
                                                   : 0,
                            load(h, AT_BACKING_SIZE, 4),
                            features & BACKING_IS_RAW ? "raw" : NULL, err)) {
        return &q->sparse.image;
    }
    q->sparse.file = NULL; /* the caller's */
    sparse_close(&q->sparse.image);
    return NULL;
}
