/*
 * VirtualBox disk images (VDI 1.1): a header of 512 bytes, a map with a
 * 32-bit index for each block, the blocks.  All numbers are little-endian.
 *
 * The header counts the blocks that have a place, and other programs give
 * the next one that index.  Counter and entry change in one write that a kill
 * does not divide: they are in one page of memory (the first 896 MiB of the
 * disk), or it goes past the page cache, or it is one command to a server.
 * Where that cannot be (no O_DIRECT, or not in sectors; more than a command
 * takes), the counter is first, never behind the map, and both agree again
 * when the image is opened for writing.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/sparse.h"

#define HEADER_SIZE 512
#define SIGNATURE UINT32_C(0xbeda107f)
#define BLOCK_SIZE (UINT64_C(1) << 20)
#define MAX_BLOCKS UINT32_C(0x3fffffff)
#define DATA_ALIGN 4096
#define HOST_PAGE 4096 /* of memory; others are larger */

enum {
    AT_TEXT = 0,
    AT_SIGNATURE = 0x40,
    AT_VERSION = 0x44,
    AT_HEADER_SIZE = 0x48,
    AT_TYPE = 0x4c,
    AT_MAP = 0x154,
    AT_DATA = 0x158,
    AT_SECTOR_SIZE = 0x168,
    AT_DISK_SIZE = 0x170, /* 64 bits */
    AT_BLOCK_SIZE = 0x178,
    AT_BLOCK_EXTRA = 0x17c,
    AT_BLOCKS = 0x180,
    AT_ALLOCATED = 0x184,
    AT_UUID = 0x188,
    AT_UUID_SNAPSHOT = 0x198,
    AT_UUID_LINK = 0x1a8,
    AT_UUID_PARENT = 0x1b8,
};

enum { TYPE_DYNAMIC = 1, TYPE_STATIC = 2 };

/* Entries of the map. */
#define UNALLOCATED UINT32_C(0xffffffff)
#define DISCARDED UINT32_C(0xfffffffe)

struct vdi {
    struct sparse sparse;
    uint64_t map, data; /* bytes in the file */
    uint32_t blocks;
    uint8_t *head; /* header and map, for write_apart(); or NULL */
    uint64_t head_length;
};

static uint32_t field(const uint8_t *header, unsigned at)
{
    return load_le32(header + at);
}

static const struct vdi *vdi_of(const struct sparse *s)
{
    return (const struct vdi *)s;
}

static uint64_t vdi_page_at(const struct sparse *s, uint64_t page)
{
    return vdi_of(s)->map + page * SPARSE_PAGE;
}

static struct sparse_place vdi_decode(const struct sparse *s, uint64_t entry)
{
    if (entry == UNALLOCATED) {
        return (struct sparse_place){SPARSE_ABSENT, 0};
    }
    if (entry == DISCARDED) {
        return (struct sparse_place){SPARSE_ZERO, 0};
    }
    return (struct sparse_place){
        entry < vdi_of(s)->blocks ? SPARSE_DATA : SPARSE_BAD,
        vdi_of(s)->data + entry * s->block_size,
    };
}

static uint64_t vdi_encode(const struct sparse *s, uint64_t host)
{
    return (host - vdi_of(s)->data) / s->block_size;
}

static int set_allocated(struct sparse *s, uint64_t count)
{
    uint8_t bytes[4];

    sparse_store(bytes, 4, false, count);
    return sparse_write_at(s->file, AT_ALLOCATED, bytes, 4);
}

static int vdi_prepare(struct sparse *s, uint64_t block, uint64_t host)
{
    uint64_t index = vdi_encode(s, host);

    (void)block;
    return index < vdi_of(s)->blocks ? 0 : ENOSPC;
}

static int write_in_turn(struct sparse *s, uint64_t entry, uint64_t at)
{
    uint8_t bytes[4];

    sparse_store(bytes, 4, false, entry);
    int error = set_allocated(s, entry + 1);
    return error ? error : sparse_write_at(s->file, at, bytes, 4);
}

/* The counter and an entry in another page.  The map's last page may have
 * data, too, which are not ours to write: sectors then. */
static int write_apart(struct vdi *v, uint64_t entry, uint64_t at)
{
    struct sparse *s = &v->sparse;
    uint64_t length = align_up(at + 4, HOST_PAGE);
    uint8_t before[4];

    length = length < v->head_length ? length : v->head_length;
    memcpy(before, v->head + at, 4);
    sparse_store(v->head + AT_ALLOCATED, 4, false, entry + 1);
    sparse_store(v->head + at, 4, false, entry);
    int error = block_file_write_whole(s->file, v->head, length, 0);
    if (error == EOPNOTSUPP || error == EINVAL) {
        error = write_in_turn(s, entry, at);
    }
    if (error) {
        sparse_store(v->head + AT_ALLOCATED, 4, false, entry);
        memcpy(v->head + at, before, 4);
    }
    return error;
}

static int vdi_write_entry(struct sparse *s, uint64_t entry, uint64_t at)
{
    struct vdi *v = (struct vdi *)s;
    uint8_t page[HOST_PAGE], *bytes = page + AT_ALLOCATED;
    struct iovec iov = {bytes, at + 4 - AT_ALLOCATED};

    if (at + 4 > HOST_PAGE || s->file->remote) {
        return write_apart(v, entry, at);
    }
    int error = block_file_read(s->file, &iov, 1, AT_ALLOCATED);
    sparse_store(bytes, 4, false, entry + 1);
    sparse_store(page + at, 4, false, entry);
    error = error ? error : sparse_write_at(s->file, AT_ALLOCATED, bytes,
                                            iov.iov_len);
    if (!error && v->head) {
        memcpy(v->head + AT_ALLOCATED, bytes, iov.iov_len);
    }
    return error;
}

static void vdi_close(struct sparse *s)
{
    block_file_buffer_free(((struct vdi *)s)->head);
}

static const struct sparse_ops vdi_table = {
    .page_at = vdi_page_at,
    .decode = vdi_decode,
    .encode = vdi_encode,
    .prepare = vdi_prepare,
    .write_entry = vdi_write_entry,
    .close = vdi_close,
};

static const struct block_image_ops vdi_ops = {
    .format = "vdi", SPARSE_IMAGE_OPS,
};

bool vdi_probe(const uint8_t *head, unsigned length)
{
    return length >= HEADER_SIZE && field(head, AT_SIGNATURE) == SIGNATURE;
}

/* Opening --------------------------------------------------------------- */

static bool is_nil(const uint8_t *uuid)
{
    static const uint8_t nil[16];

    return memcmp(uuid, nil, 16) == 0;
}

/* NULL when all is well, or what is not. */
static const char *complaint(const uint8_t *h)
{
    uint32_t block_size = field(h, AT_BLOCK_SIZE);
    uint64_t size = sparse_load(h + AT_DISK_SIZE, 8, false);

    if (field(h, AT_SIGNATURE) != SIGNATURE) {
        return "is not a VDI image";
    }
    if (field(h, AT_VERSION) != 0x00010001) {
        return "has a VDI version that is not 1.1";
    }
    if (field(h, AT_TYPE) != TYPE_DYNAMIC && field(h, AT_TYPE) != TYPE_STATIC) {
        return "is a differencing or unknown type of VDI image, which is "
               "not supported; merge it with 'VBoxManage clonemedium'";
    }
    if (!is_nil(h + AT_UUID_LINK) || !is_nil(h + AT_UUID_PARENT)) {
        return "needs a parent image, which is not supported; merge it with "
               "'VBoxManage clonemedium'";
    }
    if (field(h, AT_SECTOR_SIZE) != BLOCK_SECTOR) {
        return "has sectors that are not of 512 bytes";
    }
    if (!is_power_of_2(block_size) || block_size < 4096 ||
        block_size > (256u << 20) || field(h, AT_BLOCK_EXTRA)) {
        return "has blocks of a strange size";
    }
    if (field(h, AT_MAP) % BLOCK_SECTOR || field(h, AT_MAP) < HEADER_SIZE ||
        field(h, AT_DATA) % BLOCK_SECTOR) {
        return "has its map or its data at a strange place";
    }
    if (field(h, AT_BLOCKS) > MAX_BLOCKS ||
        size > (uint64_t)field(h, AT_BLOCKS) * block_size) {
        return "says that its disk is larger than its blocks together";
    }
    if ((uint64_t)field(h, AT_MAP) + (uint64_t)field(h, AT_BLOCKS) * 4 >
        field(h, AT_DATA)) {
        return "has a map that reaches into its data";
    }
    return NULL;
}

/* For write_apart().  A file that ends before its data has zeroes there. */
static bool load_head(struct vdi *v, struct error **err)
{
    uint64_t end = align_up(v->map + v->blocks * UINT64_C(4), HOST_PAGE);

    v->head_length = end < v->data ? end : v->data;
    if (v->head_length <= HOST_PAGE && !v->sparse.file->remote) {
        return true;
    }
    v->head = block_file_buffer(v->head_length);
    if (!v->head) {
        error_set(err, "%s: no memory for its map", v->sparse.file->path);
        return false;
    }
    struct iovec iov = {v->head, v->head_length};
    int error = block_file_read(v->sparse.file, &iov, 1, 0);
    if (error) {
        error_set_errno(err, error, "%s: cannot read its map",
                        v->sparse.file->path);
    }
    return !error;
}

/* The counter of the header as the map has it. */
static bool prepare_writes(struct vdi *v, const uint8_t *header,
                           struct error **err)
{
    struct sparse *s = &v->sparse;

    if (!sparse_find_end(s, &s->next, err)) {
        return false;
    }
    uint64_t count = vdi_encode(s, s->next);
    int error = count == field(header, AT_ALLOCATED)
                    ? 0 : set_allocated(s, count);
    if (error) {
        error_set_errno(err, error, "%s: cannot write", s->file->path);
    }
    return !error && load_head(v, err);
}

struct block_image *vdi_open(struct block_file *file,
                             const struct block_opening *how,
                             struct error **err)
{
    uint8_t h[HEADER_SIZE];

    if (!sparse_read_at(file, 0, h, sizeof(h), "VDI header", err)) {
        return NULL;
    }
    const char *wrong = complaint(h);
    if (wrong) {
        error_set(err, "%s: %s", file->path, wrong);
        return NULL;
    }
    struct vdi *v = calloc(1, sizeof(*v));
    assert(v);
    v->map = field(h, AT_MAP);
    v->data = field(h, AT_DATA);
    v->blocks = field(h, AT_BLOCKS);
    v->sparse = (struct sparse){
        .image = {.ops = &vdi_ops,
                  .size = align_up(sparse_load(h + AT_DISK_SIZE, 8, false),
                                   BLOCK_SECTOR)},
        .ops = &vdi_table,
        .file = file,
        .block_size = field(h, AT_BLOCK_SIZE),
        .entry_bytes = 4,
        .per_page = SPARSE_PAGE / 4,
        .flat_zero = true,
        .show_holes = field(h, AT_TYPE) == TYPE_STATIC,
        .data_start = v->data,
        .room = field(h, AT_BLOCK_SIZE),
    };
    sparse_init(&v->sparse);
    if (block_file_size(file) < v->map + v->blocks * UINT64_C(4)) {
        error_set(err, "%s: ends within its map of blocks; the file is "
                  "truncated", file->path);
    } else if (file->read_only || how->checking ||
               prepare_writes(v, h, err)) {
        return &v->sparse.image;
    }
    v->sparse.file = NULL; /* the caller's */
    sparse_close(&v->sparse.image);
    return NULL;
}

/* Creating -------------------------------------------------------------- */

static int write_map(struct block_file *file, uint64_t at, uint64_t blocks,
                     bool is_static)
{
    uint8_t page[SPARSE_PAGE];
    int error = 0;

    for (uint64_t i = 0; i < blocks && !error;) {
        unsigned n = 0;
        for (; n < SPARSE_PAGE / 4 && i < blocks; n++, i++) {
            sparse_store(page + n * 4, 4, false, is_static ? i : UNALLOCATED);
        }
        error = sparse_write_at(file, at, page, n * 4);
        at += n * 4;
    }
    return error;
}

bool vdi_create(const struct block_new *how, struct error **err)
{
    uint64_t blocks = how->size / BLOCK_SIZE + (how->size % BLOCK_SIZE != 0);
    uint64_t data = align_up(HEADER_SIZE + blocks * 4, DATA_ALIGN);
    const struct { unsigned at; uint32_t value; } fields[] = {
        {AT_SIGNATURE, SIGNATURE},
        {AT_VERSION, 0x00010001},
        {AT_HEADER_SIZE, 0x180},
        {AT_TYPE, how->is_static ? TYPE_STATIC : TYPE_DYNAMIC},
        {AT_MAP, HEADER_SIZE},
        {AT_DATA, (uint32_t)data},
        {AT_SECTOR_SIZE, BLOCK_SECTOR},
        {AT_BLOCK_SIZE, BLOCK_SIZE},
        {AT_BLOCKS, (uint32_t)blocks},
        {AT_ALLOCATED, how->is_static ? (uint32_t)blocks : 0},
    };
    uint8_t h[HEADER_SIZE] = "<<< Oracle VM VirtualBox Disk Image >>>\n";

    if (how->size > MAX_BLOCKS * BLOCK_SIZE) {
        error_set(err, "%s: a VDI image has at most 1 PiB", how->path);
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        sparse_store(h + fields[i].at, 4, false, fields[i].value);
    }
    sparse_store(h + AT_DISK_SIZE, 8, false, how->size);
    sparse_uuid(h + AT_UUID);
    sparse_uuid(h + AT_UUID_SNAPSHOT);
    struct block_file *file = sparse_create_file(how->path, err);
    if (!file) {
        return false;
    }
    int error = sparse_write_at(file, 0, h, sizeof(h));
    error = error ? error : write_map(file, HEADER_SIZE, blocks,
                                      how->is_static);
    error = error ? error
                  : block_file_resize(file, data + (how->is_static
                                                        ? blocks * BLOCK_SIZE
                                                        : 0));
    return sparse_finish_file(file, error, err);
}
