/*
 * The header of QCOW2: fields, extensions, the name of the backing file.
 *
 * Nothing in it is used before it is checked here.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/qcow2.h"

const char *const qcow2_compression_names[] = {"zlib", "zstd", NULL};

#define FIELD(offset, bytes, member) \
    {offset, bytes, offsetof(struct qcow2_header, member)}
static const struct {
    uint8_t offset, bytes, member;
} fields[] = {
    FIELD(0, 4, magic),
    FIELD(4, 4, version),
    FIELD(8, 8, backing_offset),
    FIELD(16, 4, backing_size),
    FIELD(20, 4, cluster_bits),
    FIELD(24, 8, size),
    FIELD(32, 4, crypt_method),
    FIELD(36, 4, l1_size),
    FIELD(40, 8, l1_offset),
    FIELD(48, 8, rt_offset),
    FIELD(56, 4, rt_clusters),
    FIELD(60, 4, snapshot_count),
    FIELD(64, 8, snapshots_offset),
    FIELD(72, 8, incompatible),
    FIELD(80, 8, compatible),
    FIELD(88, 8, autoclear),
    FIELD(96, 4, refcount_order),
    FIELD(100, 4, header_length),
    FIELD(104, 1, compression),
};
#undef FIELD


static uint64_t *field(struct qcow2_header *h, size_t i)
{
    return (uint64_t *)(void *)((char *)h + fields[i].member);
}

static unsigned header_end(const struct qcow2_header *h)
{
    return h->version == 2 ? QCOW2_V2_LENGTH : (unsigned)h->header_length;
}

/* Only fields that are part of the header on the disk. */
static unsigned fields_end(const struct qcow2_header *h)
{
    unsigned end = header_end(h);

    return end < QCOW2_HEADER_LENGTH ? end : QCOW2_HEADER_LENGTH;
}

static void unpack(struct qcow2_header *h, const uint8_t *from)
{
    memset(h, 0, sizeof(*h));
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (h->version != 2 || fields[i].offset < QCOW2_V2_LENGTH) {
            *field(h, i) = qcow2_load(from + fields[i].offset,
                                      fields[i].bytes);
        }
    }
    if (h->version == 2) {
        h->refcount_order = 4;
        h->header_length = QCOW2_V2_LENGTH;
    } else if (h->header_length <= QCOW2_V3_LENGTH) {
        h->compression = 0;
    }
}

void qcow2_header_pack(const struct qcow2_header *h, uint8_t *to)
{
    struct qcow2_header copy = *h;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (fields[i].offset < fields_end(h)) {
            qcow2_store(to + fields[i].offset, fields[i].bytes,
                        *field(&copy, i));
        }
    }
}

int qcow2_header_write(struct qcow2 *q)
{
    uint8_t bytes[QCOW2_HEADER_LENGTH] = {0};

    qcow2_header_pack(&q->header, bytes);
    return qcow2_write_at(q, 0, bytes, fields_end(&q->header));
}

/* Checks ---------------------------------------------------------------- */

/* The name that the image itself gives to an unknown feature bit. */
static const char *feature_name(const struct qcow2 *q, unsigned bit)
{
    static __thread char name[47];

    for (unsigned i = 0; i < q->extension_count; i++) {
        const struct qcow2_extension *e = &q->extensions[i];
        for (uint32_t at = 0; e->type == QCOW2_EXT_FEATURE_NAMES &&
                              at + 48 <= e->length; at += 48) {
            if (e->data[at] == 0 && e->data[at + 1] == bit) {
                memcpy(name, e->data + at + 2, 46);
                for (char *c = name; *c; c++) {
                    *c = *c < ' ' || *c > '~' ? '?' : *c;
                }
                return name;
            }
        }
    }
    return "a feature without a name";
}

static bool check_features(const struct qcow2 *q, struct error **err)
{
    const struct qcow2_header *h = &q->header;
    const char *path = q->file->path;
    uint64_t unknown = h->incompatible &
                       ~(uint64_t)(QCOW2_DIRTY | QCOW2_CORRUPT |
                                   QCOW2_DATA_FILE | QCOW2_COMPRESSION |
                                   QCOW2_EXTENDED_L2);

    if (h->crypt_method > QCOW2_LUKS) {
        error_set(err, "%s: encrypted by an unknown method, %u", path,
                  (unsigned)h->crypt_method);
    } else if (h->crypt_method == QCOW2_LUKS && !q->luks_offset) {
        error_set(err, "%s: encrypted with LUKS, but says not where the keys "
                  "are", path);
    } else if (qcow2_is_external(q) && h->snapshot_count) {
        error_set(err, "%s: has a data file and snapshots, which exclude "
                  "each other", path);
    } else if (qcow2_is_raw(q) && h->backing_offset) {
        error_set(err, "%s: has a raw data file and a backing file, which "
                  "exclude each other", path);
    } else if (h->incompatible & QCOW2_EXTENDED_L2 &&
               h->cluster_bits < QCOW2_MIN_GRAIN_CLUSTER_BITS) {
        error_set(err, "%s: clusters of %llu bytes are too small for "
                  "extended L2 entries", path,
                  (unsigned long long)q->cluster_size);
    } else if (unknown) {
        unsigned bit = (unsigned)ctz64(unknown);
        error_set(err, "%s: needs an unknown feature: %s (bit %u)", path,
                  feature_name(q, bit), bit);
    } else if (h->compression > QCOW2_ZSTD ||
               !h->compression != !(h->incompatible & QCOW2_COMPRESSION)) {
        error_set(err, "%s: unknown compression type %u", path,
                  (unsigned)h->compression);
    } else if (!qcow2_can_compress((enum qcow2_compression)h->compression)) {
        error_set(err, "%s: compressed with zstd, which this build is "
                  "without", path);
    } else {
        return true;
    }
    return false;
}

/* A table of `bytes` at `offset` is aligned and in the file. */
static bool check_table(const struct qcow2 *q, const char *what,
                        uint64_t offset, uint64_t bytes, uint64_t max,
                        struct error **err)
{
    uint64_t end = align_up(q->file->size, q->cluster_size);

    if (bytes > max) {
        error_set(err, "%s: the %s of %llu bytes is too large", q->file->path,
                  what, (unsigned long long)bytes);
    } else if (bytes && (offset % q->cluster_size || offset > end ||
                         bytes > end - offset || !offset)) {
        error_set(err, "%s: the %s at %#llx is not in the file",
                  q->file->path, what, (unsigned long long)offset);
    } else {
        return true;
    }
    return false;
}

static bool check_basics(const struct qcow2 *q, struct error **err)
{
    const struct qcow2_header *h = &q->header;
    const char *path = q->file->path;

    if (h->magic != QCOW2_MAGIC) {
        error_set(err, "%s: not a qcow2 image", path);
    } else if (h->version != 2 && h->version != 3) {
        error_set(err, "%s: version %u of qcow2 is not supported; there are "
                  "2 and 3", path, (unsigned)h->version);
    } else if (h->cluster_bits < QCOW2_MIN_CLUSTER_BITS ||
               h->cluster_bits > QCOW2_MAX_CLUSTER_BITS) {
        error_set(err, "%s: cluster size of 2^%u bytes; there are 512 to 2M",
                  path, (unsigned)h->cluster_bits);
    } else if (h->refcount_order > 6) {
        error_set(err, "%s: refcounts of 2^%u bits; there are 1 to 64", path,
                  (unsigned)h->refcount_order);
    } else if (h->version == 3 && (h->header_length < QCOW2_V3_LENGTH ||
                                   h->header_length % 8 ||
                                   h->header_length >>
                                       h->cluster_bits)) {
        error_set(err, "%s: header length of %u bytes", path,
                  (unsigned)h->header_length);
    } else if (h->backing_offset &&
               (h->backing_size > QCOW2_MAX_NAME ||
                h->backing_offset < header_end(h) ||
                h->backing_offset > (1u << h->cluster_bits) ||
                h->backing_size > (1u << h->cluster_bits) -
                                      h->backing_offset)) {
        error_set(err, "%s: the name of the backing file is not in the first "
                  "cluster", path);
    } else {
        return true;
    }
    return false;
}

static bool check_tables(const struct qcow2 *q, struct error **err)
{
    const struct qcow2_header *h = &q->header;
    unsigned l2_covers = q->cluster_bits + q->l2_bits; /* 2^n bytes */

    if (h->size > INT64_MAX - q->cluster_size ||
        (h->size + BIT(l2_covers) - 1) >> l2_covers > h->l1_size) {
        error_set(err, "%s: a disk of %llu bytes does not fit in its L1 "
                  "table of %u entries", q->file->path,
                  (unsigned long long)h->size, (unsigned)h->l1_size);
        return false;
    }
    if (!h->rt_clusters) {
        error_set(err, "%s: there is no refcount table", q->file->path);
        return false;
    }
    if (h->snapshot_count > QCOW2_MAX_SNAPSHOTS) {
        error_set(err, "%s: %u snapshots; there can be %u", q->file->path,
                  (unsigned)h->snapshot_count, QCOW2_MAX_SNAPSHOTS);
        return false;
    }
    return check_table(q, "L1 table", h->l1_offset, h->l1_size * 8,
                       QCOW2_MAX_L1_BYTES, err) &&
           check_table(q, "refcount table", h->rt_offset,
                       h->rt_clusters << q->cluster_bits, QCOW2_MAX_RT_BYTES,
                       err) &&
           check_table(q, "snapshot table", h->snapshots_offset,
                       h->snapshot_count * 40, UINT32_MAX, err) &&
           check_table(q, "LUKS header", q->luks_offset, q->luks_length,
                       QCOW2_MAX_LUKS_BYTES, err);
}

/* Extensions ------------------------------------------------------------ */

static void add_extension(struct qcow2 *q, uint32_t type, const void *data,
                          uint32_t length)
{
    q->extensions = realloc(q->extensions, (q->extension_count + 1) *
                                               sizeof(*q->extensions));
    assert(q->extensions);
    struct qcow2_extension *e = &q->extensions[q->extension_count++];
    e->type = type;
    e->length = length;
    e->data = malloc(length + 1);
    assert(e->data);
    memcpy(e->data, data, length);
    e->data[length] = 0;
}

static bool read_extensions(struct qcow2 *q, const uint8_t *cluster,
                            struct error **err)
{
    uint64_t at = header_end(&q->header);
    uint64_t end = q->header.backing_offset ? q->header.backing_offset
                                            : q->cluster_size;

    while (at + 8 <= end) {
        uint32_t type = (uint32_t)qcow2_load(cluster + at, 4);
        uint32_t length = (uint32_t)qcow2_load(cluster + at + 4, 4);
        at += 8;
        if (type == QCOW2_EXT_END) {
            break;
        }
        if (length > end - at) {
            error_set(err, "%s: header extension %#x is too long",
                      q->file->path, type);
            return false;
        }
        add_extension(q, type, cluster + at, length);
        if (type == QCOW2_EXT_BACKING_FORMAT && !q->backing_format) {
            q->backing_format = strndup((const char *)cluster + at, length);
        } else if (type == QCOW2_EXT_DATA_FILE && !q->data_name) {
            q->data_name = strndup((const char *)cluster + at, length);
        } else if (type == QCOW2_EXT_CRYPT && length == 16) {
            q->luks_offset = qcow2_load(cluster + at, 8);
            q->luks_length = qcow2_load(cluster + at + 8, 8);
        }
        at += align_up(length, 8);
    }
    return true;
}

bool qcow2_header_read(struct qcow2 *q, struct error **err)
{
    uint8_t start[QCOW2_HEADER_LENGTH];
    int error = qcow2_read_at(q, 0, start, sizeof(start));

    if (error) {
        error_set_errno(err, error, "%s: cannot read", q->file->path);
        return false;
    }
    unpack(&q->header, start);
    if (!check_basics(q, err)) {
        return false;
    }
    q->cluster_bits = (unsigned)q->header.cluster_bits;
    q->cluster_size = BIT(q->cluster_bits);
    bool grains = q->header.incompatible & QCOW2_EXTENDED_L2 &&
                  q->cluster_bits >= QCOW2_MIN_GRAIN_CLUSTER_BITS;
    q->grain_bits = q->cluster_bits - (grains ? 5 : 0);
    q->l2_bits = q->cluster_bits - (grains ? 4 : 3);
    q->refblock_bits = q->cluster_bits + 3 - (unsigned)q->header.refcount_order;

    uint8_t *cluster = malloc(q->cluster_size);
    assert(cluster);
    error = qcow2_read_at(q, 0, cluster, q->cluster_size);
    if (error) {
        error_set_errno(err, error, "%s: cannot read", q->file->path);
    }
    bool good = !error && read_extensions(q, cluster, err) &&
                check_features(q, err) && check_tables(q, err);
    if (good && q->header.backing_offset && q->header.backing_size) {
        q->backing_name =
            strndup((const char *)cluster + q->header.backing_offset,
                    q->header.backing_size);
    }
    free(cluster);
    return good;
}

void qcow2_header_free(struct qcow2 *q)
{
    for (unsigned i = 0; i < q->extension_count; i++) {
        free(q->extensions[i].data);
    }
    free(q->extensions);
    free(q->backing_name);
    free(q->backing_format);
    free(q->data_name);
}

/* Writing all of it ---------------------------------------------------- */

static void set_name(char **to, const char *from)
{
    char *copy = from ? strdup(from) : NULL;

    free(*to);
    *to = copy;
}

void qcow2_extension_set(struct qcow2 *q, uint32_t type, const void *data,
                         uint32_t length)
{
    for (unsigned i = 0; i < q->extension_count; i++) {
        if (q->extensions[i].type == type) {
            free(q->extensions[i].data);
            q->extensions[i] = q->extensions[--q->extension_count];
            i--;
        }
    }
    if (length) {
        add_extension(q, type, data, length);
    }
}

bool qcow2_header_rewrite(struct qcow2 *q, struct error **err)
{
    const char *backing = q->backing_name;
    size_t name_length = backing ? strlen(backing) : 0;
    size_t need = header_end(&q->header) + name_length + 8;
    uint8_t *bytes = calloc(1, q->cluster_size);
    size_t at = header_end(&q->header);

    assert(bytes);
    for (unsigned i = 0; i < q->extension_count; i++) {
        need += 8 + align_up(q->extensions[i].length, 8);
    }
    if (name_length > QCOW2_MAX_NAME || need > q->cluster_size) {
        error_set(err, "%s: the name of the backing file, of %zu bytes, and "
                  "all else do not fit in the header", q->file->path,
                  name_length);
        free(bytes);
        return false;
    }
    /* Fields that a longer header has and we do not know stay. */
    int error = qcow2_read_at(q, 0, bytes, at);
    for (unsigned i = 0; i < q->extension_count; i++) {
        const struct qcow2_extension *e = &q->extensions[i];
        qcow2_store(bytes + at, 4, e->type);
        qcow2_store(bytes + at + 4, 4, e->length);
        memcpy(bytes + at + 8, e->data, e->length);
        at += 8 + align_up(e->length, 8);
    }
    at += 8;
    q->header.backing_offset = name_length ? at : 0;
    q->header.backing_size = name_length;
    if (name_length) {
        memcpy(bytes + at, backing, name_length);
    }
    qcow2_header_pack(&q->header, bytes);
    error = error ? error : qcow2_write_at(q, 0, bytes, at + name_length);
    error = error ? error : qcow2_barrier(q);
    if (error) {
        error_set_errno(err, error, "%s: cannot write", q->file->path);
    }
    free(bytes);
    return !error;
}

bool qcow2_header_rebase(struct qcow2 *q, const char *backing,
                         const char *format, struct error **err)
{
    if (backing && qcow2_is_raw(q)) {
        error_set(err, "%s: an image with a raw data file (data_file_raw=on) "
                  "cannot have a backing file", q->file->path);
        return false;
    }
    format = backing ? format : NULL;
    qcow2_extension_set(q, QCOW2_EXT_BACKING_FORMAT, format,
                        format ? (uint32_t)strlen(format) : 0);
    set_name(&q->backing_format, format);
    set_name(&q->backing_name, backing && *backing ? backing : NULL);
    return qcow2_header_rewrite(q, err);
}
