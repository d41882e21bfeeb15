/*
 * Virtual PC and Hyper-V disk images (VHD 1.0): fixed, which is the disk
 * and a footer, and dynamic: a copy of the footer, a header, a table of
 * 32-bit sector numbers, blocks that each begin with a bitmap of their
 * sectors, and the footer.  All numbers are big-endian.
 *
 * A new block goes where the footer is, so the footer is first written
 * behind it; the copy at the start of the file is never touched.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block/formats.h"
#include "block/sparse.h"

#define FOOTER_SIZE 512
#define HEADER_SIZE 1024
#define BLOCK_SIZE (UINT64_C(2) << 20)
#define UNALLOCATED UINT32_C(0xffffffff)
#define MAX_SECTORS UINT64_C(0xff000000) /* 2040 GiB */
#define EPOCH INT64_C(946684800)         /* 2000-01-01, UTC */

/* The footer. */
enum {
    AT_FEATURES = 8,
    AT_VERSION = 12,
    AT_HEADER = 16, /* 64 bits; all ones: none */
    AT_TIME = 24,
    AT_CREATOR = 28,
    AT_CREATOR_VERSION = 32,
    AT_CREATOR_OS = 36,
    AT_ORIGINAL_SIZE = 40, /* 64 bits */
    AT_SIZE = 48,          /* 64 bits */
    AT_CYLINDERS = 56,     /* 16 bits */
    AT_HEADS = 58,         /* 8 bits */
    AT_SECTORS = 59,       /* 8 bits */
    AT_TYPE = 60,
    AT_CHECKSUM = 64,
    AT_UUID = 68,
};
enum { TYPE_FIXED = 2, TYPE_DYNAMIC = 3, TYPE_DIFFERENCING = 4 };

/* The header of a dynamic image. */
enum {
    AT_DYN_NEXT = 8,   /* 64 bits */
    AT_DYN_TABLE = 16, /* 64 bits */
    AT_DYN_VERSION = 24,
    AT_DYN_ENTRIES = 28,
    AT_DYN_BLOCK_SIZE = 32,
    AT_DYN_CHECKSUM = 36,
};

const char *const vpc_subformats[] = {"dynamic", "fixed", NULL};

struct vpc {
    struct sparse sparse;
    uint8_t footer[FOOTER_SIZE];
    uint64_t table;  /* bytes in the file */
    uint64_t bitmap; /* bytes before each block */
};

static uint64_t load(const uint8_t *p, unsigned at, unsigned bytes)
{
    return sparse_load(p + at, bytes, true);
}

static void store(uint8_t *p, unsigned at, unsigned bytes, uint64_t value)
{
    sparse_store(p + at, bytes, true, value);
}

static uint32_t checksum(const uint8_t *p, unsigned length, unsigned skip)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < length; i++) {
        sum += i >= skip && i < skip + 4 ? 0 : p[i];
    }
    return ~sum;
}

/* Geometry -------------------------------------------------------------- */

struct chs {
    unsigned cylinders, heads, sectors;
};
#define MAX_CHS (UINT64_C(65535) * 16 * 255)

static uint64_t chs_total(struct chs g)
{
    return (uint64_t)g.cylinders * g.heads * g.sectors;
}

/* As the specification's appendix has it; `total` sectors. */
static struct chs geometry(uint64_t total)
{
    struct chs g = {.heads = 16, .sectors = 255};
    uint64_t tracks;

    total = total < MAX_CHS ? total : MAX_CHS;
    tracks = total / 255;
    if (total < UINT64_C(65535) * 16 * 63) {
        g.sectors = 17;
        tracks = total / 17;
        g.heads = (unsigned)((tracks + 1023) / 1024);
        g.heads = g.heads < 4 ? 4 : g.heads;
        if (tracks >= g.heads * 1024 || g.heads > 16) {
            g.sectors = 31;
            g.heads = 16;
            tracks = total / 31;
        }
        if (tracks >= g.heads * 1024) {
            g.sectors = 63;
            g.heads = 16;
            tracks = total / 63;
        }
    }
    g.cylinders = (unsigned)(tracks / g.heads);
    return g;
}

/* The size of the disk: Virtual PC and QEMU go by the geometry, most others
 * by what the footer says. */
static uint64_t disk_size(const uint8_t *footer)
{
    static const char by_size[][5] = {"win ", "qem2", "d2v ", "CTXS",
                                      "tap\0", "wa\0\0"};
    struct chs g = {(unsigned)load(footer, AT_CYLINDERS, 2),
                    footer[AT_HEADS], footer[AT_SECTORS]};
    bool chs = chs_total(g) < MAX_CHS;

    for (size_t i = 0; i < ARRAY_SIZE(by_size); i++) {
        if (memcmp(footer + AT_CREATOR, by_size[i], 4) == 0) {
            chs = false;
        }
    }
    return chs ? chs_total(g) * BLOCK_SECTOR
               : align_down(load(footer, AT_SIZE, 8), BLOCK_SECTOR);
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
    if (entry == UNALLOCATED) {
        return (struct sparse_place){SPARSE_ABSENT, 0};
    }
    return (struct sparse_place){
        SPARSE_DATA, entry * BLOCK_SECTOR + vpc_of(s)->bitmap,
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
    if (!ones || vpc_encode(s, host) >= UNALLOCATED) {
        free(ones);
        return ones ? EFBIG : ENOMEM;
    }
    memset(ones, 0xff, v->bitmap);
    int error = sparse_write_at(s->file, host + s->block_size, v->footer,
                                FOOTER_SIZE);
    error = error ? error : sparse_write_at(s->file, host - v->bitmap, ones,
                                            v->bitmap);
    free(ones);
    return error;
}

static const struct sparse_ops vpc_table = {
    .page_at = vpc_page_at,
    .decode = vpc_decode,
    .encode = vpc_encode,
    .prepare = vpc_prepare,
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
    return vpc_probe(f, FOOTER_SIZE) &&
           load(f, AT_CHECKSUM, 4) == checksum(f, FOOTER_SIZE, AT_CHECKSUM);
}

/* The copy at the start, or what the file ends with. */
static bool read_footer(struct block_file *file, uint8_t *f,
                        struct error **err)
{
    uint64_t size = block_file_size(file);

    if (size < FOOTER_SIZE) {
        error_set(err, "%s: too short for a VHD image", file->path);
        return false;
    }
    if (!sparse_read_at(file, 0, f, FOOTER_SIZE, "footer", err)) {
        return false;
    }
    if (is_footer(f) && load(f, AT_TYPE, 4) != TYPE_FIXED) {
        return true;
    }
    if (!sparse_read_at(file, size - FOOTER_SIZE, f, FOOTER_SIZE, "footer",
                        err)) {
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
    if (size > block_file_size(file) - FOOTER_SIZE) {
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
    uint64_t block = load(h, AT_DYN_BLOCK_SIZE, 4);
    uint64_t table = load(h, AT_DYN_TABLE, 8);

    if (memcmp(h, "cxsparse", 8) != 0 ||
        load(h, AT_DYN_CHECKSUM, 4) != checksum(h, HEADER_SIZE,
                                                AT_DYN_CHECKSUM)) {
        return "has no header of a dynamic VHD image with a right checksum";
    }
    if (!is_power_of_2(block) || block < BLOCK_SECTOR ||
        block > (256u << 20)) {
        return "has blocks of a strange size";
    }
    if (load(h, AT_DYN_ENTRIES, 4) * block < size) {
        return "has a table with fewer blocks than its disk";
    }
    if (table % BLOCK_SECTOR || table < FOOTER_SIZE + HEADER_SIZE ||
        table > INT64_MAX / 2) {
        return "has its table at a strange place";
    }
    return NULL;
}

static struct block_image *open_dynamic(struct block_file *file,
                                        const uint8_t *footer, bool checking,
                                        struct error **err)
{
    uint8_t h[HEADER_SIZE];
    uint64_t size = disk_size(footer), at = load(footer, AT_HEADER, 8);

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
    uint64_t block = load(h, AT_DYN_BLOCK_SIZE, 4);
    memcpy(v->footer, footer, FOOTER_SIZE);
    v->table = load(h, AT_DYN_TABLE, 8);
    v->bitmap = align_up((block / BLOCK_SECTOR + 7) / 8, BLOCK_SECTOR);
    uint64_t end = v->table + load(h, AT_DYN_ENTRIES, 4) * 4;
    v->sparse = (struct sparse){
        .image = {.ops = &vpc_ops, .size = size},
        .ops = &vpc_table,
        .file = file,
        .block_size = block,
        .entry_bytes = 4,
        .big_endian = true,
        .per_page = SPARSE_PAGE / 4,
        .flat_zero = true,
        .data_start = align_up(end, BLOCK_SECTOR) + v->bitmap,
        .room = block + v->bitmap,
    };
    sparse_init(&v->sparse);
    if (end > block_file_size(file)) {
        error_set(err, "%s: ends within its table of blocks; the file is "
                  "truncated", file->path);
    } else if (file->read_only || checking) {
        return &v->sparse.image;
    } else if (sparse_find_end(&v->sparse, &v->sparse.next, err)) {
        v->sparse.next += v->sparse.next == v->sparse.data_start ? 0
                                                                 : v->bitmap;
        return &v->sparse.image;
    }
    v->sparse.file = NULL; /* the caller's */
    sparse_close(&v->sparse.image);
    return NULL;
}

struct block_image *vpc_open(struct block_file *file,
                             const struct block_opening *how,
                             struct error **err)
{
    uint8_t footer[FOOTER_SIZE];

    if (!read_footer(file, footer, err)) {
        return NULL;
    }
    if (disk_size(footer) > MAX_SECTORS * BLOCK_SECTOR) {
        error_set(err, "%s: says that its disk is larger than 2040 GiB, the "
                  "most that a VHD image can have", file->path);
        return NULL;
    }
    switch (load(footer, AT_TYPE, 4)) {
    case TYPE_FIXED:
        return open_fixed(file, disk_size(footer), err);
    case TYPE_DYNAMIC:
        return open_dynamic(file, footer, how->checking, err);
    }
    error_set(err, "%s: a differencing or unknown type of VHD image, which "
              "is not supported; merge it into its parent", file->path);
    return NULL;
}

/* Creating -------------------------------------------------------------- */

/* The geometry, and the size of the disk in sectors. */
static bool choose_size(const struct block_new *how, struct chs *g,
                        uint64_t *sectors, struct error **err)
{
    *sectors = how->size / BLOCK_SECTOR;
    *g = geometry(*sectors);
    if (!how->force_size) {
        /* The smallest geometry that has room. */
        for (uint64_t more = 0; *sectors > chs_total(*g) &&
             chs_total(*g) < MAX_CHS; more++) {
            *g = geometry(*sectors + more);
        }
        *sectors = chs_total(*g) < MAX_CHS ? chs_total(*g) : *sectors;
    }
    if (*sectors > MAX_SECTORS) {
        error_set(err, "%s: a VHD image has at most 2040 GiB", how->path);
        return false;
    }
    return true;
}

static void make_footer(const struct block_new *how, struct chs g,
                        uint64_t size, uint8_t *f)
{
    bool fixed = how->subformat == 1;

    memcpy(f, "conectix", 8);
    store(f, AT_FEATURES, 4, 2);
    store(f, AT_VERSION, 4, 0x00010000);
    store(f, AT_HEADER, 8, fixed ? UINT64_MAX : FOOTER_SIZE);
    store(f, AT_TIME, 4, (uint64_t)(time(NULL) - EPOCH));
    /* QEMU's names, which say where the size is. */
    memcpy(f + AT_CREATOR, how->force_size ? "qem2" : "qemu", 4);
    store(f, AT_CREATOR_VERSION, 4, 0x00050003);
    memcpy(f + AT_CREATOR_OS, "Wi2k", 4);
    store(f, AT_ORIGINAL_SIZE, 8, size);
    store(f, AT_SIZE, 8, size);
    store(f, AT_CYLINDERS, 2, g.cylinders);
    f[AT_HEADS] = (uint8_t)g.heads;
    f[AT_SECTORS] = (uint8_t)g.sectors;
    store(f, AT_TYPE, 4, fixed ? TYPE_FIXED : TYPE_DYNAMIC);
    sparse_uuid(f + AT_UUID);
    store(f, AT_CHECKSUM, 4, checksum(f, FOOTER_SIZE, AT_CHECKSUM));
}

static int write_dynamic(struct block_file *file, const uint8_t *footer,
                         uint64_t size)
{
    uint64_t entries = size / BLOCK_SIZE + (size % BLOCK_SIZE != 0);
    uint64_t table = FOOTER_SIZE + HEADER_SIZE, at = table;
    uint64_t end = align_up(table + entries * 4, BLOCK_SECTOR);
    uint8_t h[HEADER_SIZE] = "cxsparse", ones[BLOCK_SECTOR];

    store(h, AT_DYN_NEXT, 8, UINT64_MAX);
    store(h, AT_DYN_TABLE, 8, table);
    store(h, AT_DYN_VERSION, 4, 0x00010000);
    store(h, AT_DYN_ENTRIES, 4, entries);
    store(h, AT_DYN_BLOCK_SIZE, 4, BLOCK_SIZE);
    store(h, AT_DYN_CHECKSUM, 4, checksum(h, HEADER_SIZE, AT_DYN_CHECKSUM));
    memset(ones, 0xff, sizeof(ones));
    int error = sparse_write_at(file, 0, footer, FOOTER_SIZE);
    error = error ? error : sparse_write_at(file, FOOTER_SIZE, h, sizeof(h));
    for (; at < end && !error; at += sizeof(ones)) {
        error = sparse_write_at(file, at, ones, sizeof(ones));
    }
    return error ? error : sparse_write_at(file, end, footer, FOOTER_SIZE);
}

bool vpc_create(const struct block_new *how, struct error **err)
{
    uint8_t footer[FOOTER_SIZE] = {0};
    uint64_t sectors;
    struct chs g;

    if (!choose_size(how, &g, &sectors, err)) {
        return false;
    }
    make_footer(how, g, sectors * BLOCK_SECTOR, footer);
    struct block_file *file = sparse_create_file(how->path, err);
    if (!file) {
        return false;
    }
    int error = how->subformat == 1
                    ? sparse_write_at(file, sectors * BLOCK_SECTOR, footer,
                                      FOOTER_SIZE)
                    : write_dynamic(file, footer, sectors * BLOCK_SECTOR);
    return sparse_finish_file(file, error, err);
}
