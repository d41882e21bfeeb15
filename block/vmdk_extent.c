/*
 * An extent of grains: a header, a directory of grain tables and a copy of
 * both, the grains.  Entries are 32-bit sector numbers.
 *
 * Compressed grains (streamOptimized) begin with their sector and length.
 * They are never written in place: a new version goes to the file's end.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "block/sparse.h"
#include "block/vmdk.h"

#define GRAIN_SECTORS 128
#define DESCRIPTOR_SECTORS 20
#define MARKER_SIZE 12 /* sector, 64 bits; length, 32 bits */
#define MAX_GRAIN_SECTORS 4096
#define MAX_TABLES (1u << 22)
#define MAX_DESCRIPTOR (1u << 20)

struct extent {
    struct sparse sparse;
    uint32_t flags;
    uint32_t *directory, *redundant; /* sectors; redundant may be NULL */
};

static uint64_t field(const uint8_t *h, unsigned at, unsigned bytes)
{
    return sparse_load(h + at, bytes, false);
}

static struct extent *extent_of(const struct sparse *s)
{
    return container_of((struct sparse *)s, struct extent, sparse);
}

/* The table ------------------------------------------------------------- */

static uint64_t grain_page_at(const struct sparse *s, uint64_t page)
{
    return (uint64_t)extent_of(s)->directory[page] * BLOCK_SECTOR;
}

static struct sparse_place grain_decode(const struct sparse *s,
                                        uint64_t entry)
{
    const struct extent *e = extent_of(s);

    if (entry == 0) {
        return (struct sparse_place){SPARSE_ABSENT, 0};
    }
    if (entry == 1 && e->flags & VMDK_ZERO_GRAINS) {
        return (struct sparse_place){SPARSE_ZERO, 0};
    }
    return (struct sparse_place){
        e->flags & VMDK_COMPRESSED ? SPARSE_COMPRESSED : SPARSE_DATA,
        entry * BLOCK_SECTOR,
    };
}

static uint64_t grain_encode(const struct sparse *s, uint64_t host)
{
    (void)s;
    return host / BLOCK_SECTOR;
}

static int grain_prepare(struct sparse *s, uint64_t block, uint64_t host)
{
    if (!extent_of(s)->directory[block / s->per_page]) {
        return EIO; /* a grain table that nobody made */
    }
    return host / BLOCK_SECTOR > UINT32_MAX ? EFBIG : 0;
}

static int grain_settle(struct sparse *s, uint64_t block, uint64_t entry)
{
    const uint32_t *copy = extent_of(s)->redundant;
    uint8_t bytes[4];

    if (!copy || !copy[block / s->per_page]) {
        return 0;
    }
    sparse_store(bytes, 4, false, entry);
    return sparse_write_at(s->file, (uint64_t)copy[block / s->per_page] *
                           BLOCK_SECTOR + block % s->per_page * 4, bytes, 4);
}

static int grain_inflate(struct sparse *s, uint64_t block, uint64_t host,
                         void *to)
{
    size_t room = 2 * s->block_size + MARKER_SIZE;
    uint8_t *from = malloc(room);
    uLongf done = s->block_size;

    (void)block;
    if (!from) {
        return ENOMEM;
    }
    struct iovec iov = {from, room};
    int error = block_file_read(s->file, &iov, 1, host);
    uint32_t length = (uint32_t)field(from, 8, 4);
    if (!error && (!length || length > room - MARKER_SIZE ||
                   uncompress(to, &done, from + MARKER_SIZE, length) !=
                       Z_OK)) {
        error = EIO;
    }
    free(from);
    if (!error) {
        memset((char *)to + done, 0, s->block_size - done);
    }
    return error;
}

static int grain_deflate(struct sparse *s, uint64_t block, uint64_t host,
                         const void *from, uint64_t *length)
{
    uLongf used = compressBound(s->block_size);
    uint8_t *to = calloc(1, MARKER_SIZE + used + BLOCK_SECTOR);
    int error = to ? 0 : ENOMEM;

    if (to && compress(to + MARKER_SIZE, &used, from, s->block_size) !=
                  Z_OK) {
        error = EIO;
    }
    if (!error) {
        *length = align_up(MARKER_SIZE + used, BLOCK_SECTOR);
        sparse_store(to, 8, false, block * (s->block_size / BLOCK_SECTOR));
        sparse_store(to + 8, 4, false, used);
        error = sparse_write_at(s->file, host, to, *length);
    }
    free(to);
    return error;
}

static void extent_close(struct sparse *s)
{
    free(extent_of(s)->directory);
    free(extent_of(s)->redundant);
    s->backing = NULL; /* the descriptor's */
}

#define GRAIN_OPS \
    .page_at = grain_page_at, .decode = grain_decode, .close = extent_close
#define GRAIN_WRITE_OPS \
    .encode = grain_encode, .prepare = grain_prepare, .settle = grain_settle

static const struct sparse_ops plain_grains = {GRAIN_OPS, GRAIN_WRITE_OPS};
static const struct sparse_ops compressed_grains = {
    GRAIN_OPS, GRAIN_WRITE_OPS, .inflate = grain_inflate,
    .deflate = grain_deflate,
};
/* What is behind a footer, a reader would not find. */
static const struct sparse_ops finished_grains = {
    GRAIN_OPS, .inflate = grain_inflate,
};

static const struct block_image_ops extent_ops = {
    .format = "vmdk", SPARSE_IMAGE_OPS,
};

bool vmdk_extent_compressed(const struct block_image *image)
{
    return image->ops == &extent_ops &&
           ((const struct extent *)(const void *)image)->flags &
               VMDK_COMPRESSED;
}

/* Opening --------------------------------------------------------------- */

/* NULL when all is well, or what is not. */
static const char *complaint(const uint8_t *h)
{
    uint64_t grain = field(h, VMDK_AT_GRAIN, 8);
    uint64_t entries = field(h, VMDK_AT_ENTRIES, 4);
    uint32_t flags = (uint32_t)field(h, VMDK_AT_FLAGS, 4);

    if (memcmp(h, VMDK_MAGIC, 4) != 0) {
        return "is not an extent of a VMDK image";
    }
    if (field(h, VMDK_AT_VERSION, 4) < 1 ||
        field(h, VMDK_AT_VERSION, 4) > 3) {
        return "has a version that is not 1, 2 or 3";
    }
    if (flags & VMDK_NEWLINES && memcmp(h + VMDK_AT_NEWLINES, "\n \r\n", 4)) {
        return "was damaged by a transfer as text";
    }
    if (!is_power_of_2(grain) || grain > MAX_GRAIN_SECTORS) {
        return "has grains of a strange size";
    }
    if (!entries || entries > VMDK_ENTRIES) {
        return "has grain tables of a strange size";
    }
    if (field(h, VMDK_AT_CAPACITY, 8) / grain / entries >= MAX_TABLES) {
        return "says that its disk is absurdly large";
    }
    if (flags & VMDK_COMPRESSED &&
        (!(flags & VMDK_MARKERS) || field(h, VMDK_AT_COMPRESSION, 2) != 1)) {
        return "is compressed in a way that is not supported";
    }
    return NULL;
}

/* NULL after an error; `count` entries. */
static uint32_t *read_directory(struct block_file *file, uint64_t sector,
                                uint64_t count, struct error **err)
{
    uint8_t *raw = malloc(count * 4 + 1);
    uint32_t *directory = calloc(count + 1, sizeof(*directory));

    assert(raw && directory);
    if (sector > UINT32_MAX ||
        !sparse_read_at(file, sector * BLOCK_SECTOR, raw, count * 4,
                        "grain directory", err)) {
        if (sector > UINT32_MAX) {
            error_set(err, "%s: its grain directory is at a strange place",
                      file->path);
        }
        free(raw);
        free(directory);
        return NULL;
    }
    for (uint64_t i = 0; i < count; i++) {
        directory[i] = (uint32_t)field(raw + i * 4, 0, 4);
    }
    free(raw);
    return directory;
}

/* The header, or the footer that has what a writer of streams learns last. */
static bool read_header(struct block_file *file, uint8_t *h, bool *footer,
                        struct error **err)
{
    uint64_t size = block_file_size(file);

    if (!sparse_read_at(file, 0, h, VMDK_HEADER_SIZE, "header", err)) {
        return false;
    }
    *footer = memcmp(h, VMDK_MAGIC, 4) == 0 &&
              field(h, VMDK_AT_DIRECTORY, 8) == VMDK_AT_END;
    if (*footer && size >= 2 * VMDK_HEADER_SIZE &&
        !sparse_read_at(file, size - 2 * VMDK_HEADER_SIZE, h,
                        VMDK_HEADER_SIZE, "footer", err)) {
        return false;
    }
    const char *wrong = complaint(h);
    if (wrong) {
        error_set(err, "%s: %s", file->path, wrong);
    }
    return !wrong;
}

struct block_image *vmdk_extent_open(struct block_file *file, uint64_t start,
                                     uint64_t size,
                                     struct block_image *parent,
                                     struct error **err)
{
    uint8_t h[VMDK_HEADER_SIZE];
    bool footer;

    if (!read_header(file, h, &footer, err)) {
        return NULL;
    }
    struct extent *e = calloc(1, sizeof(*e));
    assert(e);
    e->flags = (uint32_t)field(h, VMDK_AT_FLAGS, 4);
    uint64_t capacity = field(h, VMDK_AT_CAPACITY, 8) * BLOCK_SECTOR;
    uint64_t grain = field(h, VMDK_AT_GRAIN, 8) * BLOCK_SECTOR;
    bool packed = e->flags & VMDK_COMPRESSED;
    e->sparse = (struct sparse){
        .image = {.ops = &extent_ops, .size = size ? size : capacity,
                  .packed = packed},
        .ops = footer ? &finished_grains
                      : packed ? &compressed_grains : &plain_grains,
        .file = file,
        .backing = parent,
        .backing_at = start,
        .block_size = grain,
        .entry_bytes = 4,
        .per_page = (unsigned)field(h, VMDK_AT_ENTRIES, 4),
        .data_start = VMDK_HEADER_SIZE,
        .next = align_up(block_file_size(file),
                         packed ? BLOCK_SECTOR : grain),
        .room = grain,
    };
    sparse_init(&e->sparse);
    uint64_t tables = capacity / grain / e->sparse.per_page + 1;
    uint64_t copy = field(h, VMDK_AT_REDUNDANT, 8);
    if (size > capacity) {
        error_set(err, "%s: has fewer sectors than its descriptor says",
                  file->path);
        goto bad;
    }
    if (capacity % (grain * e->sparse.per_page) == 0 && capacity) {
        tables--;
    }
    e->directory = read_directory(file, field(h, VMDK_AT_DIRECTORY, 8),
                                  tables, err);
    if (e->directory && e->flags & VMDK_REDUNDANT && copy && !footer) {
        e->redundant = read_directory(file, copy, tables, err);
    }
    if (e->directory && (e->redundant || !(e->flags & VMDK_REDUNDANT) ||
                         !copy || footer)) {
        return &e->sparse.image;
    }
bad:
    e->sparse.file = NULL; /* the caller's */
    sparse_close(&e->sparse.image);
    return NULL;
}

bool vmdk_extent_descriptor(struct block_file *file, uint64_t *offset,
                            uint64_t *length)
{
    uint8_t h[VMDK_HEADER_SIZE];

    if (!sparse_read_at(file, 0, h, sizeof(h), "header", NULL)) {
        return false;
    }
    uint64_t at = field(h, VMDK_AT_DESCRIPTOR, 8);
    uint64_t sectors = field(h, VMDK_AT_DESCRIPTOR_SIZE, 8);
    *offset = at * BLOCK_SECTOR;
    *length = sectors * BLOCK_SECTOR;
    return at && at <= UINT32_MAX && sectors &&
           sectors <= MAX_DESCRIPTOR / BLOCK_SECTOR;
}

/* Creating -------------------------------------------------------------- */

/* A directory at `sector`, its tables right behind it. */
static int write_directory(struct block_file *file, uint64_t sector,
                           uint64_t tables)
{
    uint64_t room = align_up(tables * 4, BLOCK_SECTOR);
    uint8_t *raw = calloc(1, room);
    uint64_t first = sector + room / BLOCK_SECTOR;

    if (!raw) {
        return ENOMEM;
    }
    for (uint64_t i = 0; i < tables; i++) {
        sparse_store(raw + i * 4, 4, false,
                     first + i * (VMDK_ENTRIES * 4 / BLOCK_SECTOR));
    }
    int error = sparse_write_at(file, sector * BLOCK_SECTOR, raw, room);
    free(raw);
    return error;
}

int vmdk_extent_create(struct block_file *file, const struct block_new *how,
                       uint64_t size, const char *descriptor)
{
    bool packed = how->subformat == VMDK_STREAM;
    uint64_t sectors = size / BLOCK_SECTOR;
    uint64_t grains = (sectors + GRAIN_SECTORS - 1) / GRAIN_SECTORS;
    uint64_t tables = (grains + VMDK_ENTRIES - 1) / VMDK_ENTRIES;
    uint64_t each = align_up(tables * 4, BLOCK_SECTOR) / BLOCK_SECTOR +
                    tables * (VMDK_ENTRIES * 4 / BLOCK_SECTOR);
    uint64_t copy = 1 + DESCRIPTOR_SECTORS, directory = copy + each;
    uint64_t overhead = align_up(directory + each, GRAIN_SECTORS);
    const struct { unsigned at, bytes; uint64_t value; } fields[] = {
        {VMDK_AT_VERSION, 4, packed ? 3 : how->zeroed_grain ? 2 : 1},
        {VMDK_AT_FLAGS, 4,
         VMDK_NEWLINES | VMDK_REDUNDANT |
             (how->zeroed_grain ? VMDK_ZERO_GRAINS : 0) |
             (packed ? VMDK_COMPRESSED | VMDK_MARKERS : 0)},
        {VMDK_AT_CAPACITY, 8, sectors},
        {VMDK_AT_GRAIN, 8, GRAIN_SECTORS},
        {VMDK_AT_DESCRIPTOR, 8, descriptor ? 1 : 0},
        {VMDK_AT_DESCRIPTOR_SIZE, 8, descriptor ? DESCRIPTOR_SECTORS : 0},
        {VMDK_AT_ENTRIES, 4, VMDK_ENTRIES},
        {VMDK_AT_REDUNDANT, 8, copy},
        {VMDK_AT_DIRECTORY, 8, directory},
        {VMDK_AT_OVERHEAD, 8, overhead},
        {VMDK_AT_COMPRESSION, 2, packed},
    };
    uint8_t h[VMDK_HEADER_SIZE] = VMDK_MAGIC;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        sparse_store(h + fields[i].at, fields[i].bytes, false,
                     fields[i].value);
    }
    memcpy(h + VMDK_AT_NEWLINES, "\n \r\n", 4);
    int error = sparse_write_at(file, 0, h, sizeof(h));
    if (!error && descriptor) {
        error = sparse_write_at(file, BLOCK_SECTOR, descriptor,
                                strlen(descriptor));
    }
    error = error ? error : write_directory(file, copy, tables);
    error = error ? error : write_directory(file, directory, tables);
    return error ? error : block_file_resize(file, overhead * BLOCK_SECTOR);
}
