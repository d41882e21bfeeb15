/*
 * Virtual PC and Hyper-V disk images (VHD 1.0): fixed, which is the disk
 * and a footer, and dynamic: a copy of the footer, a header, a table of
 * 32-bit sector numbers, blocks that each begin with a bitmap of their
 * sectors, and the footer.  All numbers are big-endian.
 *
 * A new block goes where the footer is, so the footer is first written
 * behind it; the copy at the start of the file is never touched.
 */
#include "block/vpc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct vpc {
    struct sparse sparse;
    uint8_t footer[VPC_FOOTER_SIZE];
    uint64_t table;  /* bytes in the file */
    uint64_t bitmap; /* bytes before each block */
    bool differs;    /* those say which sectors are not the parent's */
    char parent[SPARSE_NAME]; /* its name */
};

/* The size of the disk: Virtual PC and QEMU go by the geometry, most others
 * by what the footer says. */
static uint64_t disk_size(const uint8_t *footer)
{
    static const char by_size[][5] = {"win ", "qem2", "d2v ", "CTXS",
                                      "tap\0", "wa\0\0"};
    struct vpc_chs g = {(unsigned)vpc_load(footer, VPC_AT_CYLINDERS, 2),
                    footer[VPC_AT_HEADS], footer[VPC_AT_SECTORS]};
    bool chs = vpc_chs_total(g) < VPC_MAX_CHS;

    for (size_t i = 0; i < ARRAY_SIZE(by_size); i++) {
        if (memcmp(footer + VPC_AT_CREATOR, by_size[i], 4) == 0) {
            chs = false;
        }
    }
    return chs ? vpc_chs_total(g) * BLOCK_SECTOR
               : align_down(vpc_load(footer, VPC_AT_SIZE, 8), BLOCK_SECTOR);
}

/* The table ------------------------------------------------------------- */

static const struct vpc *vpc_of(const struct sparse *s)
{
    return (const struct vpc *)s;
}

static uint64_t vpc_page_at(const struct sparse *s, uint64_t page)
{
    return vpc_of(s)->table + page * SPARSE_PAGE;
}

static struct sparse_place vpc_decode(const struct sparse *s, uint64_t entry)
{
    if (entry == VPC_UNALLOCATED) {
        return (struct sparse_place){SPARSE_ABSENT, 0};
    }
    return (struct sparse_place){
        vpc_of(s)->differs ? SPARSE_MIXED : SPARSE_DATA,
        entry * BLOCK_SECTOR + vpc_of(s)->bitmap,
    };
}

static uint64_t vpc_encode(const struct sparse *s, uint64_t host)
{
    return (host - vpc_of(s)->bitmap) / BLOCK_SECTOR;
}

static int vpc_prepare(struct sparse *s, uint64_t block, uint64_t host)
{
    const struct vpc *v = vpc_of(s);
    uint8_t *ones = malloc(v->bitmap);

    (void)block;
    if (!ones || vpc_encode(s, host) >= VPC_UNALLOCATED) {
        free(ones);
        return ones ? EFBIG : ENOMEM;
    }
    memset(ones, 0xff, v->bitmap);
    int error = sparse_write_at(s->file, host + s->block_size, v->footer,
                                VPC_FOOTER_SIZE);
    error = error ? error : sparse_write_at(s->file, host - v->bitmap, ones,
                                            v->bitmap);
    free(ones);
    return error;
}

static int vpc_bits_at(struct sparse *s, uint64_t block, uint64_t host,
                       uint64_t *at)
{
    (void)block;
    *at = host - vpc_of(s)->bitmap;
    return 0;
}

static const struct sparse_ops vpc_table = {
    .page_at = vpc_page_at,
    .decode = vpc_decode,
    .encode = vpc_encode,
    .prepare = vpc_prepare,
    .bits_at = vpc_bits_at,
};

static const struct block_image_ops vpc_ops = {
    .format = "vpc", SPARSE_IMAGE_OPS,
};

bool vpc_probe(const uint8_t *head, unsigned length)
{
    return length >= 8 && memcmp(head, "conectix", 8) == 0;
}

/* Opening --------------------------------------------------------------- */

static bool is_footer(const uint8_t *f)
{
    return vpc_probe(f, VPC_FOOTER_SIZE) &&
           vpc_load(f, VPC_AT_CHECKSUM, 4) ==
               vpc_checksum(f, VPC_FOOTER_SIZE, VPC_AT_CHECKSUM);
}

/* The copy at the start, or what the file ends with. */
static bool read_footer(struct block_file *file, uint8_t *f,
                        struct error **err)
{
    uint64_t size = block_file_size(file);

    if (size < VPC_FOOTER_SIZE) {
        error_set(err, "%s: too short for a VHD image", file->path);
        return false;
    }
    if (!sparse_read_at(file, 0, f, VPC_FOOTER_SIZE, "footer", err)) {
        return false;
    }
    if (is_footer(f) && vpc_load(f, VPC_AT_TYPE, 4) != VPC_TYPE_FIXED) {
        return true;
    }
    if (!sparse_read_at(file, size - VPC_FOOTER_SIZE, f, VPC_FOOTER_SIZE,
                        "footer", err)) {
        return false;
    }
    if (!is_footer(f)) {
        error_set(err, "%s: no VHD footer with a right checksum at its start "
                  "or end; the file is truncated or of another format",
                  file->path);
        return false;
    }
    return true;
}

static struct block_image *open_fixed(struct block_file *file, uint64_t size,
                                      struct error **err)
{
    struct block_image *image = calloc(1, sizeof(*image));

    assert(image);
    if (size > block_file_size(file) - VPC_FOOTER_SIZE) {
        error_set(err, "%s: its disk has %llu bytes and the file only %llu; "
                  "the file is truncated", file->path,
                  (unsigned long long)size,
                  (unsigned long long)block_file_size(file));
        free(image);
        return NULL;
    }
    image->ops = &block_vpc_fixed_ops;
    image->plain = file;
    image->size = size;
    return image;
}

/* NULL when all is well, or what is not. */
static const char *complaint(const uint8_t *h, uint64_t size)
{
    uint64_t block = vpc_load(h, VPC_AT_DYN_BLOCK_SIZE, 4);
    uint64_t table = vpc_load(h, VPC_AT_DYN_TABLE, 8);

    if (memcmp(h, "cxsparse", 8) != 0 ||
        vpc_load(h, VPC_AT_DYN_CHECKSUM, 4) != vpc_checksum(h, VPC_HEADER_SIZE,
                                                VPC_AT_DYN_CHECKSUM)) {
        return "has no header of a dynamic VHD image with a right checksum";
    }
    if (!is_power_of_2(block) || block < BLOCK_SECTOR ||
        block > (256u << 20)) {
        return "has blocks of a strange size";
    }
    if (vpc_load(h, VPC_AT_DYN_ENTRIES, 4) * block < size) {
        return "has a table with fewer blocks than its disk";
    }
    if (table % BLOCK_SECTOR || table < VPC_FOOTER_SIZE + VPC_HEADER_SIZE ||
        table > INT64_MAX / 2) {
        return "has its table at a strange place";
    }
    return NULL;
}

/* The names of the parent: those that a locator says, a path relative to the
 * image first, then that of the header. */
static void find_names(struct block_file *file, const uint8_t *h,
                       char names[3][SPARSE_NAME])
{
    static const char *const kinds[] = {"W2ru", "W2ku"};
    uint8_t text[2 * SPARSE_NAME];

    for (unsigned i = 0; i < 8; i++) {
        const uint8_t *l = h + VPC_AT_DYN_LOCATORS + i * 24;
        uint64_t length = vpc_load(l, 8, 4), at = vpc_load(l, 16, 8);
        for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
            if (memcmp(l, kinds[k], 4) == 0 && length <= sizeof(text) &&
                sparse_read_at(file, at, text, length, "locator", NULL)) {
                sparse_utf16(text, length, false, names[2 * k]);
            }
        }
    }
    sparse_utf16(h + VPC_AT_DYN_PARENT_NAME, 512, true, names[1]);
}

static bool open_parent(struct vpc *v, const uint8_t *h,
                        const struct block_opening *how, struct error **err)
{
    struct sparse *s = &v->sparse;
    char names[3][SPARSE_NAME] = {"", "", ""};
    uint8_t footer[VPC_FOOTER_SIZE];

    find_names(s->file, h, names);
    if (!sparse_open_parent(s, how, names, ARRAY_SIZE(names), "vpc",
                            v->parent, err)) {
        return false;
    }
    if (!s->backing) {
        return true;
    }
    if (!read_footer(s->backing->file, footer, err)) {
        return false;
    }
    if (memcmp(footer + VPC_AT_UUID, h + VPC_AT_DYN_PARENT, 16) != 0) {
        error_set(err, "%s: its parent %s is not the image that it was made "
                  "from (it has another unique id)", s->file->path,
                  s->backing->file->path);
        return false;
    }
    return true;
}

static struct block_image *open_dynamic(struct block_file *file,
                                        const uint8_t *footer,
                                        const struct block_opening *how,
                                        struct error **err)
{
    bool differs = vpc_load(footer, VPC_AT_TYPE, 4) == VPC_TYPE_DIFFERENCING;
    uint8_t h[VPC_HEADER_SIZE];
    uint64_t size = disk_size(footer), at = vpc_load(footer, VPC_AT_HEADER, 8);

    if (!sparse_read_at(file, at, h, sizeof(h), "header", err)) {
        return NULL;
    }
    const char *wrong = complaint(h, size);
    if (wrong) {
        error_set(err, "%s: %s", file->path, wrong);
        return NULL;
    }
    struct vpc *v = calloc(1, sizeof(*v));
    assert(v);
    uint64_t block = vpc_load(h, VPC_AT_DYN_BLOCK_SIZE, 4);
    memcpy(v->footer, footer, VPC_FOOTER_SIZE);
    v->table = vpc_load(h, VPC_AT_DYN_TABLE, 8);
    v->bitmap = align_up((block / BLOCK_SECTOR + 7) / 8, BLOCK_SECTOR);
    uint64_t end = v->table + vpc_load(h, VPC_AT_DYN_ENTRIES, 4) * 4;
    v->sparse = (struct sparse){
        .image = {.ops = &vpc_ops, .size = size},
        .ops = &vpc_table,
        .file = file,
        .block_size = block,
        .entry_bytes = 4,
        .big_endian = true,
        .per_page = SPARSE_PAGE / 4,
        .flat_zero = !differs,
        .bit_bytes = BLOCK_SECTOR,
        .bits_from_top = true,
        .data_start = align_up(end, BLOCK_SECTOR) + v->bitmap,
        .room = block + v->bitmap,
    };
    v->differs = differs;
    sparse_init(&v->sparse);
    if (differs && !open_parent(v, h, how, err)) {
        goto bad;
    }
    if (end > block_file_size(file)) {
        error_set(err, "%s: ends within its table of blocks; the file is "
                  "truncated", file->path);
    } else if (file->read_only || how->checking) {
        return &v->sparse.image;
    } else if (sparse_find_end(&v->sparse, &v->sparse.next, err)) {
        v->sparse.next += v->sparse.next == v->sparse.data_start ? 0
                                                                 : v->bitmap;
        return &v->sparse.image;
    }
bad:
    v->sparse.file = NULL; /* the caller's */
    sparse_close(&v->sparse.image);
    return NULL;
}

struct block_image *vpc_open(struct block_file *file,
                             const struct block_opening *how,
                             struct error **err)
{
    uint8_t footer[VPC_FOOTER_SIZE];

    if (!read_footer(file, footer, err)) {
        return NULL;
    }
    if (disk_size(footer) > VPC_MAX_SECTORS * BLOCK_SECTOR) {
        error_set(err, "%s: says that its disk is larger than 2040 GiB, the "
                  "most that a VHD image can have", file->path);
        return NULL;
    }
    switch (vpc_load(footer, VPC_AT_TYPE, 4)) {
    case VPC_TYPE_FIXED:
        return open_fixed(file, disk_size(footer), err);
    case VPC_TYPE_DYNAMIC:
    case VPC_TYPE_DIFFERENCING:
        return open_dynamic(file, footer, how, err);
    }
    error_set(err, "%s: a VHD image of an unknown type", file->path);
    return NULL;
}
