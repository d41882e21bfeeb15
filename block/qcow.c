/* qcow images of version 1: only read.  Numbers are big-endian, tables have
 * two levels, clusters may be compressed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/qcow2.h"
#include "block/sparse.h"

#define HEADER_SIZE 48
#define COMPRESSED BIT(63)

enum {
    AT_BACKING = 8, /* 64 bits */
    AT_BACKING_SIZE = 16,
    AT_SIZE = 24,         /* 64 bits */
    AT_CLUSTER_BITS = 32, /* 8 bits */
    AT_L2_BITS = 33,      /* 8 bits */
    AT_CRYPT = 36,
    AT_L1 = 40, /* 64 bits */
};

static struct sparse_place qcow_decode(const struct sparse *s,
                                       uint64_t entry)
{
    unsigned bits = 63 - (unsigned)ctz64(s->block_size);

    if (entry & COMPRESSED) {
        return (struct sparse_place){SPARSE_COMPRESSED,
                                     entry & (BIT(bits) - 1)};
    }
    return (struct sparse_place){entry ? SPARSE_DATA : SPARSE_ABSENT, entry};
}

/* The end of the output, not of the input, says that all is well: what is
 * read is as long as the input can be. */
static int qcow_inflate(struct sparse *s, uint64_t block, uint64_t host,
                        void *to)
{
    uint8_t *from = malloc(s->block_size);
    struct iovec iov = {from, s->block_size};
    int error = from ? block_file_read(s->file, &iov, 1, host) : ENOMEM;

    (void)block;
    error = error ? error : qcow2_inflate(QCOW2_ZLIB, from, s->block_size,
                                          to, s->block_size);
    free(from);
    return error;
}

static const struct sparse_ops qcow_table = {
    .page_at = sparse_levels_page_at, .decode = qcow_decode,
    .inflate = qcow_inflate, .close = sparse_levels_close,
};
static const struct block_image_ops qcow_ops = {
    .format = "qcow", SPARSE_IMAGE_OPS,
};

bool qcow_probe(const uint8_t *head, unsigned length)
{
    return length >= HEADER_SIZE && memcmp(head, "QFI\xfb\0\0\0\1", 8) == 0;
}

static uint64_t load(const uint8_t *h, unsigned at, unsigned bytes)
{
    return sparse_load(h + at, bytes, true);
}

/* NULL when all is well, or what is not. */
static const char *complaint(const uint8_t *h)
{
    if (!qcow_probe(h, HEADER_SIZE)) {
        return "is not a qcow image of version 1";
    }
    if (load(h, AT_CRYPT, 4)) {
        return "is encrypted, which is not supported; convert it with "
               "'qemu-img convert'";
    }
    if (h[AT_CLUSTER_BITS] < 9 || h[AT_CLUSTER_BITS] > 16 ||
        h[AT_L2_BITS] < 6 || h[AT_L2_BITS] > 13) {
        return "has clusters or tables of a strange size";
    }
    if (load(h, AT_SIZE, 8) > INT64_MAX / 2) {
        return "says that its disk has a strange size";
    }
    return NULL;
}

struct block_image *qcow_open(struct block_file *file,
                              const struct block_opening *how,
                              struct error **err)
{
    uint8_t h[HEADER_SIZE];

    if (!sparse_read_header(file, "qcow", h, sizeof(h), complaint, err)) {
        return NULL;
    }
    const struct sparse as = {
        .image = {.ops = &qcow_ops,
                  .size = align_up(load(h, AT_SIZE, 8), BLOCK_SECTOR)},
        .ops = &qcow_table,
        .file = file,
        .block_size = BIT(h[AT_CLUSTER_BITS]),
        .big_endian = true,
        .data_start = HEADER_SIZE,
    };
    const struct sparse_levels_at at = {
        .l1 = load(h, AT_L1, 8),
        .entries = BIT(h[AT_L2_BITS]),
        .name = load(h, AT_BACKING, 8),
        .name_length = load(h, AT_BACKING_SIZE, 4),
    };
    return sparse_levels_open(&as, &at, how, err);
}
