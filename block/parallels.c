/* Parallels expanding images: only read.  A header of 64 bytes, then a table
 * of 32-bit numbers of sectors, or in the newer kind of blocks. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/sparse.h"

#define HEADER_SIZE 64
#define OLD_MAGIC "WithoutFreeSpace"
#define NEW_MAGIC "WithouFreSpacExt"
#define IN_USE UINT32_C(0x746f6e59)

enum {
    AT_VERSION = 16,
    AT_BLOCK = 28, /* sectors */
    AT_ENTRIES = 32,
    AT_SECTORS = 36, /* 64 bits; 32 of them in the older kind */
    AT_IN_USE = 44,
};

struct parallels {
    struct sparse sparse;
    uint64_t unit; /* of an entry, bytes */
};

static uint64_t parallels_page_at(const struct sparse *s, uint64_t page)
{
    (void)s;
    return HEADER_SIZE + page * SPARSE_PAGE;
}

static struct sparse_place parallels_decode(const struct sparse *s,
                                            uint64_t entry)
{
    const struct parallels *p = (const struct parallels *)(const void *)s;

    return (struct sparse_place){entry ? SPARSE_DATA : SPARSE_ABSENT,
                                 entry * p->unit};
}

static const struct sparse_ops parallels_table = {
    .page_at = parallels_page_at, .decode = parallels_decode,
};
static const struct block_image_ops parallels_ops = {
    .format = "parallels", SPARSE_IMAGE_OPS,
};

static bool is_new(const uint8_t *h)
{
    return memcmp(h, NEW_MAGIC, 16) == 0;
}

bool parallels_probe(const uint8_t *head, unsigned length)
{
    return length >= HEADER_SIZE &&
           (is_new(head) || memcmp(head, OLD_MAGIC, 16) == 0);
}

static uint64_t load(const uint8_t *h, unsigned at, unsigned bytes)
{
    return sparse_load(h + at, bytes, false);
}

/* NULL when all is well, or what is not. */
static const char *complaint(const uint8_t *h, uint64_t size)
{
    uint64_t block = load(h, AT_BLOCK, 4);

    if (!parallels_probe(h, HEADER_SIZE) || load(h, AT_VERSION, 4) != 2) {
        return "is not a Parallels image of version 2";
    }
    if (load(h, AT_IN_USE, 4) == IN_USE) {
        return "was not closed; repair it with 'qemu-img check -r all'";
    }
    if (!block || block > (UINT64_C(1) << 19)) {
        return "has blocks of a strange size";
    }
    if (load(h, AT_ENTRIES, 4) * block * BLOCK_SECTOR < size) {
        return "has a table with fewer blocks than its disk";
    }
    return NULL;
}

struct block_image *parallels_open(struct block_file *file,
                                   const struct block_opening *how,
                                   struct error **err)
{
    uint8_t h[HEADER_SIZE];

    (void)how;
    if (!sparse_only_read(file, "parallels", err) ||
        !sparse_read_at(file, 0, h, sizeof(h), "header", err)) {
        return NULL;
    }
    uint64_t sectors = load(h, AT_SECTORS, is_new(h) ? 8 : 4);
    uint64_t block = load(h, AT_BLOCK, 4) * BLOCK_SECTOR;
    const char *wrong = sectors > INT64_MAX / 1024
                            ? "says that its disk has a strange size"
                            : complaint(h, sectors * BLOCK_SECTOR);
    uint64_t end = HEADER_SIZE + load(h, AT_ENTRIES, 4) * 4;
    if (!wrong && end > block_file_size(file)) {
        wrong = "ends within its table of blocks; the file is truncated";
    }
    if (wrong) {
        error_set(err, "%s: %s", file->path, wrong);
        return NULL;
    }
    struct parallels *p = calloc(1, sizeof(*p));
    assert(p);
    p->unit = is_new(h) ? block : BLOCK_SECTOR;
    p->sparse = (struct sparse){
        .image = {.ops = &parallels_ops, .size = sectors * BLOCK_SECTOR},
        .ops = &parallels_table,
        .file = file,
        .block_size = block,
        .entry_bytes = 4,
        .per_page = SPARSE_PAGE / 4,
        .data_start = end,
    };
    sparse_init(&p->sparse);
    return &p->sparse.image;
}
