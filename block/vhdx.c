/*
 * Hyper-V disk images: the table of blocks, and opening.
 *
 * Only the BAT changes while an image is in use, one entry at a time and
 * only after its block is on the disk, so nothing needs to be logged.
 */
#include "block/vhdx.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const uint8_t vhdx_guid_bat[16] = {
    0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0x00, 0x42,
    0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08};
const uint8_t vhdx_guid_metadata[16] = {
    0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
    0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e};
const uint8_t vhdx_guid_parameters[16] = {
    0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d,
    0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b};
const uint8_t vhdx_guid_size[16] = {
    0x24, 0x42, 0xa5, 0x2f, 0x1b, 0xcd, 0x76, 0x48,
    0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8};
const uint8_t vhdx_guid_page83[16] = {
    0xab, 0x12, 0xca, 0xbe, 0xe6, 0xb2, 0x23, 0x45,
    0x93, 0xef, 0xc3, 0x09, 0xe0, 0x00, 0xc7, 0x46};
const uint8_t vhdx_guid_logical[16] = {
    0x1d, 0xbf, 0x41, 0x81, 0x6f, 0xa9, 0x09, 0x47,
    0xba, 0x47, 0xf2, 0x33, 0xa8, 0xfa, 0xab, 0x5f};
const uint8_t vhdx_guid_physical[16] = {
    0xc7, 0x48, 0xa3, 0xcd, 0x5d, 0x44, 0x71, 0x44,
    0x9c, 0xc9, 0xe9, 0x88, 0x52, 0x51, 0xc5, 0x56};

const uint8_t vhdx_guid_locator[16] = {
    0x2d, 0x5f, 0xd3, 0xa8, 0x0b, 0xb3, 0x4d, 0x45,
    0xab, 0xf7, 0xd3, 0xd8, 0x48, 0x34, 0xab, 0x0c};

struct vhdx {
    struct sparse sparse;
    uint8_t header[VHDX_HEADER_SIZE]; /* the newer one */
    unsigned slot;                    /* of it */
    uint64_t bat, bat_length, metadata, metadata_length; /* bytes */
    uint64_t block_size, size, logical; /* bytes; 0: not seen yet */
    uint64_t ratio; /* blocks from one bitmap entry to the next */
    bool differs;   /* from a parent */
    uint64_t locator, locator_length; /* of it, bytes; 0: none */
    char parent[SPARSE_NAME]; /* its name */
};

/* The table ------------------------------------------------------------- */

static const struct vhdx *vhdx_of(const struct sparse *s)
{
    return (const struct vhdx *)(const void *)s;
}

static uint64_t vhdx_page_at(const struct sparse *s, uint64_t page)
{
    const struct vhdx *v = vhdx_of(s);
    uint64_t first = page * s->per_page;

    return v->bat + (first + first / v->ratio) * 8;
}

static struct sparse_place vhdx_decode(const struct sparse *s,
                                       uint64_t entry)
{
    uint64_t host = align_down(entry, VHDX_MIB);
    bool differs = vhdx_of(s)->differs;

    switch (entry & 7) {
    case VHDX_NOT_PRESENT:
        return (struct sparse_place){differs ? SPARSE_ABSENT : SPARSE_ZERO,
                                     0};
    case VHDX_UNDEFINED:
    case VHDX_ZERO:
    case VHDX_UNMAPPED:
        return (struct sparse_place){SPARSE_ZERO, 0};
    case VHDX_PRESENT:
        return (struct sparse_place){SPARSE_DATA, host};
    case VHDX_PARTIAL:
        return (struct sparse_place){differs ? SPARSE_MIXED : SPARSE_BAD,
                                     host};
    }
    return (struct sparse_place){SPARSE_BAD, 0};
}

static uint64_t vhdx_encode(const struct sparse *s, uint64_t host)
{
    (void)s;
    return host | VHDX_PRESENT;
}

/* A chunk's bits are in a block of their own, named by an entry behind those
 * of its other blocks. */
static int vhdx_bits_at(struct sparse *s, uint64_t block, uint64_t host,
                        uint64_t *at)
{
    const struct vhdx *v = vhdx_of(s);
    uint64_t chunk = block / v->ratio;
    uint8_t entry[8];
    struct iovec iov = {entry, sizeof(entry)};
    int error = block_file_read(s->file, &iov, 1,
                                v->bat + (chunk * (v->ratio + 1) + v->ratio) *
                                             8);
    uint64_t bits = v->block_size / v->logical;
    uint64_t value = vhdx_load(entry, 0, 8);

    (void)host;
    *at = align_down(value, VHDX_MIB) + block % v->ratio * bits / 8;
    if (!error && ((value & 7) != VHDX_PRESENT || *at < VHDX_MIB ||
                   *at > INT64_MAX / 2)) {
        error = EIO;
    }
    return error;
}

static const struct sparse_ops vhdx_table = {
    .page_at = vhdx_page_at,
    .decode = vhdx_decode,
    .encode = vhdx_encode,
    .bits_at = vhdx_bits_at,
};

static const struct block_image_ops vhdx_ops = {
    .format = "vhdx", SPARSE_IMAGE_OPS,
};

const uint8_t *vhdx_data_guid(const struct block_image *image)
{
    return ((const struct vhdx *)(const void *)image)->header +
           VHDX_AT_DATA_GUID;
}

bool vhdx_probe(const uint8_t *head, unsigned length)
{
    return length >= 8 && memcmp(head, "vhdxfile", 8) == 0;
}

/* The header ------------------------------------------------------------ */

static bool read_header(struct vhdx *v, struct block_file *file,
                        struct error **err)
{
    uint8_t h[VHDX_HEADER_SIZE];
    uint64_t best = 0;
    bool found = false;

    for (unsigned slot = 0; slot < 2; slot++) {
        if (!sparse_read_at(file, VHDX_HEADER_AT(slot), h, sizeof(h),
                            "headers", err)) {
            return false;
        }
        uint64_t sequence = vhdx_load(h, VHDX_AT_SEQUENCE, 8);
        if (memcmp(h, "head", 4) == 0 && (!found || sequence > best) &&
            vhdx_load(h, VHDX_AT_CHECKSUM, 4) ==
                vhdx_checksum(h, sizeof(h))) {
            memcpy(v->header, h, sizeof(h));
            v->slot = slot;
            best = sequence;
            found = true;
        }
    }
    if (!found || vhdx_load(v->header, VHDX_AT_VERSION, 2) != 1) {
        error_set(err, "%s: has no VHDX header of version 1 with a right "
                  "checksum", file->path);
        return false;
    }
    return true;
}

/* Both headers anew, one after the other: the image is in use, and its log
 * is done. */
static bool update_headers(struct vhdx *v, struct block_file *file,
                           struct error **err)
{
    uint8_t *h = v->header;
    int error = 0;

    sparse_uuid(h + VHDX_AT_FILE_GUID);
    sparse_uuid(h + VHDX_AT_DATA_GUID);
    memset(h + VHDX_AT_LOG_GUID, 0, 16);
    for (unsigned i = 0; i < 2 && !error; i++) {
        vhdx_store(h, VHDX_AT_SEQUENCE, 8,
                   vhdx_load(h, VHDX_AT_SEQUENCE, 8) + 1);
        vhdx_store(h, VHDX_AT_CHECKSUM, 4,
                   vhdx_checksum(h, VHDX_HEADER_SIZE));
        v->slot ^= 1;
        error = sparse_write_at(file, VHDX_HEADER_AT(v->slot), h,
                                VHDX_HEADER_SIZE);
        error = error ? error : block_file_flush(file);
    }
    if (error) {
        error_set_errno(err, error, "%s: cannot write its headers",
                        file->path);
    }
    return !error;
}

static bool is_logged(const struct vhdx *v)
{
    static const uint8_t none[16];

    return memcmp(v->header + VHDX_AT_LOG_GUID, none, 16) != 0;
}

static bool settle_log(struct vhdx *v, struct block_file *file,
                       struct error **err)
{
    if (file->read_only) {
        if (is_logged(v)) {
            error_set(err, "%s: was not closed, and its log is to be "
                      "replayed; open it for writing once, as 'armature-img "
                      "check -r all' does", file->path);
        }
        return !is_logged(v);
    }
    return !is_logged(v) || vhdx_log_replay(file, v->header, err);
}

/* Regions and metadata -------------------------------------------------- */

static bool bad(struct error **err, const struct block_file *file,
                const char *what)
{
    error_set(err, "%s: %s", file->path, what);
    return false;
}

static bool take_region(struct vhdx *v, const struct block_file *file,
                        const uint8_t *entry, struct error **err)
{
    uint64_t at = vhdx_load(entry, 16, 8), length = vhdx_load(entry, 24, 4);
    bool is_bat = memcmp(entry, vhdx_guid_bat, 16) == 0;

    if (!is_bat && memcmp(entry, vhdx_guid_metadata, 16) != 0) {
        return !(vhdx_load(entry, 28, 4) & 1) ||
               bad(err, file, "has a region that is required and of a kind "
                   "that is not known");
    }
    uint64_t size = block_file_size(file);
    if (at < VHDX_MIB || at % VHDX_MIB || !length || length % VHDX_MIB ||
        at > size || length > size - at ||
        (is_bat ? v->bat : v->metadata)) {
        return bad(err, file, "has a region at a strange place; the file is "
                   "truncated or damaged");
    }
    *(is_bat ? &v->bat : &v->metadata) = at;
    *(is_bat ? &v->bat_length : &v->metadata_length) = length;
    return true;
}

static bool read_regions(struct vhdx *v, struct block_file *file,
                         struct error **err)
{
    uint8_t *t = malloc(VHDX_TABLE_SIZE);
    bool good = false;

    assert(t);
    for (unsigned slot = 0; slot < 2 && !good; slot++) {
        if (!sparse_read_at(file, VHDX_REGIONS_AT(slot), t, VHDX_TABLE_SIZE,
                            "table of regions", err)) {
            free(t);
            return false;
        }
        good = memcmp(t, "regi", 4) == 0 && vhdx_load(t, 8, 4) <= 2047 &&
               vhdx_load(t, VHDX_AT_CHECKSUM, 4) ==
                   vhdx_checksum(t, VHDX_TABLE_SIZE);
    }
    if (!good) {
        bad(err, file, "has no table of regions with a right checksum");
    }
    for (uint64_t i = 0; good && i < vhdx_load(t, 8, 4); i++) {
        good = take_region(v, file, t + 16 + i * 32, err);
    }
    free(t);
    if (good && (!v->bat || !v->metadata ||
                 (v->bat < v->metadata + v->metadata_length &&
                  v->metadata < v->bat + v->bat_length))) {
        return bad(err, file, "lacks a region, or its regions overlap");
    }
    return good;
}

static bool take_item(struct vhdx *v, struct block_file *file,
                      const uint8_t *entry, struct error **err)
{
    uint64_t at = vhdx_load(entry, 16, 4), length = vhdx_load(entry, 20, 4);
    uint8_t value[8] = {0};

    if (memcmp(entry, vhdx_guid_page83, 16) == 0 ||
        memcmp(entry, vhdx_guid_physical, 16) == 0) {
        return true;
    }
    if (memcmp(entry, vhdx_guid_locator, 16) == 0) {
        v->locator = v->metadata + at;
        v->locator_length = length;
        return length <= v->metadata_length ||
               bad(err, file, "has a parent locator of a strange size");
    }
    bool parameters = memcmp(entry, vhdx_guid_parameters, 16) == 0;
    bool size = memcmp(entry, vhdx_guid_size, 16) == 0;
    if (!parameters && !size && memcmp(entry, vhdx_guid_logical, 16) != 0) {
        return !(vhdx_load(entry, 24, 4) & 4) ||
               bad(err, file, "has metadata that are required and of a kind "
                   "that is not known");
    }
    if (at < VHDX_TABLE_SIZE || at > v->metadata_length - 8 ||
        length != (parameters || size ? 8u : 4u)) {
        return bad(err, file, "has metadata at a strange place");
    }
    if (!sparse_read_at(file, v->metadata + at, value, length, "metadata",
                        err)) {
        return false;
    }
    if (parameters) {
        v->block_size = vhdx_load(value, 0, 4);
        v->differs = value[4] & 2;
        return true;
    }
    *(size ? &v->size : &v->logical) = vhdx_load(value, 0, 8);
    return true;
}

static bool read_metadata(struct vhdx *v, struct block_file *file,
                          struct error **err)
{
    uint8_t *t = malloc(VHDX_TABLE_SIZE);

    assert(t);
    bool good = sparse_read_at(file, v->metadata, t, VHDX_TABLE_SIZE,
                               "metadata", err);
    if (good && (memcmp(t, "metadata", 8) != 0 ||
                 vhdx_load(t, 10, 2) > 2047)) {
        good = bad(err, file, "has no table of metadata");
    }
    for (uint64_t i = 0; good && i < vhdx_load(t, 10, 2); i++) {
        good = take_item(v, file, t + 32 + i * 32, err);
    }
    free(t);
    return good;
}

static bool check_numbers(struct vhdx *v, struct block_file *file,
                          struct error **err)
{
    if (!is_power_of_2(v->block_size) || v->block_size < VHDX_MIB ||
        v->block_size > VHDX_MAX_BLOCK) {
        return bad(err, file, "has blocks of a strange size");
    }
    if (v->logical != 512 && v->logical != 4096) {
        return bad(err, file, "has sectors that are not of 512 or 4096 "
                   "bytes");
    }
    if (v->size % v->logical || v->size > VHDX_MAX_SIZE) {
        return bad(err, file, "says that its disk has a strange size");
    }
    v->ratio = VHDX_CHUNK * v->logical / v->block_size;
    uint64_t blocks = v->size / v->block_size +
                      (v->size % v->block_size != 0);
    uint64_t chunks = blocks / v->ratio + (blocks % v->ratio != 0);
    if ((v->differs ? chunks * (v->ratio + 1) : blocks + blocks / v->ratio) *
            8 > v->bat_length) {
        return bad(err, file, "has a table with fewer blocks than its disk");
    }
    return true;
}

/* Opening --------------------------------------------------------------- */

static bool open_parent(struct vhdx *v, const struct block_opening *how,
                        struct error **err)
{
    struct sparse *s = &v->sparse;
    uint8_t *locator = malloc(v->locator_length + 1);

    assert(locator);
    bool good = v->locator_length
                    ? sparse_read_at(s->file, v->locator, locator,
                                     v->locator_length, "parent locator", err)
                    : bad(err, s->file, "only has what differs from another "
                          "image, and does not name that");
    good = good && vhdx_open_parent(s, how, locator, v->locator_length,
                                    v->parent, err);
    free(locator);
    return good;
}

static struct block_image *finish_open(struct vhdx *v,
                                       const struct block_opening *how,
                                       struct error **err)
{
    struct block_file *file = v->sparse.file;

    if ((!v->differs || open_parent(v, how, err)) &&
        (file->read_only || update_headers(v, file, err))) {
        return &v->sparse.image;
    }
    v->sparse.file = NULL; /* the caller's */
    sparse_close(&v->sparse.image);
    return NULL;
}

struct block_image *vhdx_open(struct block_file *file,
                              const struct block_opening *how,
                              struct error **err)
{
    struct vhdx *v = calloc(1, sizeof(*v));
    uint8_t magic[8];

    assert(v);
    if (!sparse_read_at(file, 0, magic, sizeof(magic), "header", err)) {
        free(v);
        return NULL;
    }
    if (!vhdx_probe(magic, sizeof(magic))) {
        bad(err, file, "is not a VHDX image");
        free(v);
        return NULL;
    }
    if (!read_header(v, file, err) || !settle_log(v, file, err) ||
        !read_regions(v, file, err) || !read_metadata(v, file, err) ||
        !check_numbers(v, file, err)) {
        free(v);
        return NULL;
    }
    file->size = block_file_size(file); /* the log may have made it longer */
    v->sparse = (struct sparse){
        .image = {.ops = &vhdx_ops, .size = v->size},
        .ops = &vhdx_table,
        .file = file,
        .block_size = v->block_size,
        .entry_bytes = 8,
        .per_page = v->ratio < SPARSE_PAGE / 8 ? (unsigned)v->ratio
                                               : SPARSE_PAGE / 8,
        .flat_zero = !v->differs,
        .bit_bytes = (unsigned)v->logical,
        .barrier = true,
        .data_start = VHDX_MIB,
        .next = align_up(file->size, VHDX_MIB),
        .room = v->block_size,
    };
    sparse_init(&v->sparse);
    return finish_open(v, how, err);
}
