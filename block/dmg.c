/*
 * Apple's disk images (UDIF), only read.  The file ends with a trailer
 * ("koly") that says where a property list is; in that, as base64, are tables
 * ("mish") of chunks: zeroes, raw or compressed.  Numbers are big-endian.
 * Older images have the tables in a resource fork, which is not supported.
 *
 * Chunks are inflated as a whole, by the thread that reads, and the last few
 * are kept.
 */
#include "block/dmg.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"
#include "block/sparse.h"

#define TRAILER_SIZE 512
#define TABLE_SIZE 204 /* of a "mish" without its chunks */
#define CHUNK_SIZE 40
#define MAX_LIST (64u << 20)  /* bytes of the property list */
#define MAX_CHUNK (64u << 20) /* bytes, compressed or not */
#define SLOTS 8               /* inflated chunks that are kept */

/* The trailer. */
enum {
    AT_DATA = 24,        /* 64 bits: where chunks are counted from */
    AT_LIST = 216,       /* 64 bits */
    AT_LIST_SIZE = 224,  /* 64 bits */
    AT_SECTORS = 492,    /* 64 bits */
};

/* A table and its chunks; sectors of the disk. */
enum {
    AT_FIRST = 8,  /* 64 bits */
    AT_HOST = 24,  /* 64 bits, bytes; added to the chunks' own */
    AT_COUNT = 200,
    AT_CHUNK_TYPE = 0,
    AT_CHUNK_FIRST = 8,    /* 64 bits */
    AT_CHUNK_SECTORS = 16, /* 64 bits */
    AT_CHUNK_HOST = 24,    /* 64 bits, bytes */
    AT_CHUNK_LENGTH = 32,  /* 64 bits, bytes */
};

struct chunk {
    uint64_t start, length;      /* in the disk, bytes */
    uint64_t host, host_length;  /* in the file, bytes */
    uint32_t type;
};

struct dmg {
    struct block_image image;
    struct block_file *file;
    uint64_t data; /* bytes in the file */
    struct chunk *chunks; /* by `start` */
    uint64_t count, room;
    pthread_mutex_t lock; /* what follows */
    struct {
        const struct chunk *chunk;
        uint8_t *data;
    } slots[SLOTS];
    unsigned next_slot;
};

static struct dmg *dmg_of(struct block_image *image)
{
    return container_of(image, struct dmg, image);
}

static uint64_t load(const uint8_t *p, unsigned at, unsigned bytes)
{
    return sparse_load(p + at, bytes, true);
}

/* Reading --------------------------------------------------------------- */

/* What an offset is in, or NULL between chunks; *rest: how far that goes. */
static const struct chunk *find(const struct dmg *d, uint64_t offset,
                                uint64_t *rest)
{
    uint64_t low = 0, high = d->count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (d->chunks[middle].start <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct chunk *c = low ? &d->chunks[low - 1] : NULL;
    if (c && offset - c->start < c->length) {
        *rest = c->start + c->length - offset;
        return c;
    }
    *rest = (low < d->count ? d->chunks[low].start : d->image.size) - offset;
    return NULL;
}

/* Copy from a chunk that is kept; false: it is not. */
static bool recall(struct dmg *d, const struct chunk *c,
                   const struct iovec *iov, unsigned count, uint64_t inside)
{
    bool found = false;

    pthread_mutex_lock(&d->lock);
    for (unsigned i = 0; i < SLOTS && !found; i++) {
        if (d->slots[i].chunk == c) {
            iov_from_buffer(iov, count, d->slots[i].data + inside,
                            iov_length(iov, count));
            found = true;
        }
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

static void keep(struct dmg *d, const struct chunk *c, uint8_t *data)
{
    pthread_mutex_lock(&d->lock);
    unsigned i = d->next_slot++ % SLOTS;
    free(d->slots[i].data);
    d->slots[i].chunk = c;
    d->slots[i].data = data;
    pthread_mutex_unlock(&d->lock);
}

static int read_packed(struct dmg *d, const struct chunk *c,
                       const struct iovec *iov, unsigned count,
                       uint64_t inside)
{
    if (recall(d, c, iov, count, inside)) {
        return 0;
    }
    uint8_t *packed = malloc(c->host_length), *data = malloc(c->length);
    struct iovec from = {packed, c->host_length};
    int error = packed && data
                    ? block_file_read(d->file, &from, 1, c->host) : ENOMEM;
    if (!error && !dmg_inflate(c->type, packed, c->host_length, data,
                               c->length)) {
        error = EIO;
    }
    free(packed);
    if (error) {
        free(data);
        return error;
    }
    iov_from_buffer(iov, count, data + inside, iov_length(iov, count));
    keep(d, c, data);
    return 0;
}

static bool is_zero(const struct chunk *c)
{
    return !c || c->type == DMG_ZERO || c->type == DMG_IGNORE;
}

static int dmg_read(struct block_image *image, const struct iovec *iov,
                    unsigned count, uint64_t offset, uint64_t length)
{
    struct dmg *d = dmg_of(image);
    struct iovec part[BLOCK_MAX_IOV];
    int error = 0;

    for (uint64_t done = 0, n; done < length && !error; done += n) {
        const struct chunk *c = find(d, offset + done, &n);
        n = n < length - done ? n : length - done;
        unsigned parts = iov_slice(part, iov, count, done, n);
        uint64_t inside = c ? offset + done - c->start : 0;
        if (is_zero(c)) {
            iov_zero(part, parts, 0, n);
        } else if (c->type == DMG_RAW) {
            error = block_file_read(d->file, part, parts, c->host + inside);
        } else {
            error = read_packed(d, c, part, parts, inside);
        }
    }
    return error;
}

static int dmg_write(struct block_image *image, const struct iovec *iov,
                     unsigned count, uint64_t offset, uint64_t length,
                     bool sync)
{
    (void)image, (void)iov, (void)count, (void)offset, (void)length;
    (void)sync;
    return EROFS;
}

static int dmg_flush(struct block_image *image)
{
    (void)image;
    return 0;
}

static int dmg_discard(struct block_image *image, uint64_t offset,
                       uint64_t length)
{
    (void)image, (void)offset, (void)length;
    return EROFS;
}

static int dmg_zero(struct block_image *image, uint64_t offset,
                    uint64_t length, bool unmap)
{
    (void)unmap;
    return dmg_discard(image, offset, length);
}

static int dmg_status(struct block_image *image, uint64_t offset,
                      uint64_t length, struct block_extent *extent)
{
    struct dmg *d = dmg_of(image);
    uint64_t rest;
    const struct chunk *c = find(d, offset, &rest);
    bool raw = c && c->type == DMG_RAW;

    *extent = (struct block_extent){
        .kind = is_zero(c) ? BLOCK_EXTENT_ZERO : BLOCK_EXTENT_DATA,
        .length = rest < length ? rest : length,
        .placed = raw,
        .host = raw ? c->host + (offset - c->start) : 0,
        .compressed = !is_zero(c) && !raw,
        .image = image,
        .file = d->file,
    };
    return 0;
}

static void dmg_free(struct dmg *d)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        free(d->slots[i].data);
    }
    pthread_mutex_destroy(&d->lock);
    free(d->chunks);
    free(d);
}

static void dmg_close(struct block_image *image)
{
    block_file_close(dmg_of(image)->file);
    dmg_free(dmg_of(image));
}

static const struct block_image_ops dmg_ops = {
    .format = "dmg",
    .read = dmg_read,
    .write = dmg_write,
    .flush = dmg_flush,
    .discard = dmg_discard,
    .zero = dmg_zero,
    .close = dmg_close,
    .status = dmg_status,
};

/* Chunks ---------------------------------------------------------------- */

static bool complain(const struct dmg *d, struct error **err,
                     const char *what)
{
    error_set(err, "%s: %s", d->file->path, what);
    return false;
}

static bool add_chunk(struct dmg *d, const struct chunk *c,
                      struct error **err)
{
    uint64_t end = block_file_size(d->file);
    bool data = !is_zero(c), packed = data && c->type != DMG_RAW;
    const char *missing = packed ? dmg_codec_missing(c->type) : NULL;

    if (missing) {
        error_set(err, "%s: is compressed by %s, which is not supported",
                  d->file->path, missing);
        return false;
    }
    if ((packed && (c->length > MAX_CHUNK || c->host_length > MAX_CHUNK)) ||
        (c->type == DMG_RAW && c->host_length < c->length)) {
        return complain(d, err, "has chunks of a strange size");
    }
    if (data && (c->host > end || c->host_length > end - c->host)) {
        return complain(d, err, "has chunks that are not in the file; the "
                        "file is truncated or damaged");
    }
    if (d->count == d->room) {
        d->room = d->room ? d->room * 2 : 1024;
        d->chunks = realloc(d->chunks, d->room * sizeof(*d->chunks));
        assert(d->chunks);
    }
    d->chunks[d->count++] = *c;
    return true;
}

/* One table; `size` bytes. */
static bool add_table(struct dmg *d, const uint8_t *t, size_t size,
                      struct error **err)
{
    uint64_t first = load(t, AT_FIRST, 8), host = load(t, AT_HOST, 8);
    uint64_t count = load(t, AT_COUNT, 4), most = UINT64_C(1) << 48;

    if (count > (size - TABLE_SIZE) / CHUNK_SIZE) {
        return complain(d, err, "has a table of chunks that is cut off");
    }
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *p = t + TABLE_SIZE + i * CHUNK_SIZE;
        uint32_t type = (uint32_t)load(p, AT_CHUNK_TYPE, 4);
        uint64_t start = load(p, AT_CHUNK_FIRST, 8);
        uint64_t sectors = load(p, AT_CHUNK_SECTORS, 8);
        uint64_t at = load(p, AT_CHUNK_HOST, 8);
        if (type == DMG_COMMENT || type == DMG_END || !sectors) {
            continue;
        }
        if (first > most || start > most || sectors > most ||
            host > INT64_MAX / 4 || at > INT64_MAX / 4) {
            return complain(d, err, "has chunks at strange places");
        }
        struct chunk c = {
            .start = (first + start) * BLOCK_SECTOR,
            .length = sectors * BLOCK_SECTOR,
            .host = d->data + host + at,
            .host_length = load(p, AT_CHUNK_LENGTH, 8),
            .type = type,
        };
        if (!add_chunk(d, &c, err)) {
            return false;
        }
    }
    return true;
}

static int digit_of(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Base64 with white space in it; returns the bytes. */
static size_t decode(const char *from, const char *end, uint8_t *to)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;

    for (; from < end && *from != '='; from++) {
        int digit = digit_of(*from);
        if (digit < 0) {
            continue;
        }
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            to[n++] = (uint8_t)(bits >> have);
        }
    }
    return n;
}

/* The list is not parsed as XML: what is between <data> and </data> and
 * decodes to a table, is one. */
static bool read_list(struct dmg *d, const char *text, struct error **err)
{
    bool good = true;

    for (const char *at = text; good && (at = strstr(at, "<data>"));) {
        const char *end = strstr(at, "</data>");
        uint8_t *table = end ? malloc((size_t)(end - at)) : NULL;
        if (!table) {
            return complain(d, err, "has a property list that is cut off");
        }
        size_t size = decode(at + 6, end, table);
        if (size >= TABLE_SIZE && memcmp(table, "mish", 4) == 0) {
            good = add_table(d, table, size, err);
        }
        free(table);
        at = end;
    }
    return good && (d->count || complain(d, err, "lists no chunks"));
}

static int by_start(const void *a, const void *b)
{
    const struct chunk *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

/* In order, apart, and within the disk, whose size is set. */
static bool arrange(struct dmg *d, uint64_t sectors, struct error **err)
{
    uint64_t end = 0;

    qsort(d->chunks, d->count, sizeof(*d->chunks), by_start);
    for (uint64_t i = 0; i < d->count; i++) {
        if (d->chunks[i].start < end) {
            return complain(d, err, "has chunks that overlap");
        }
        end = d->chunks[i].start + d->chunks[i].length;
    }
    if (sectors > UINT64_C(1) << 49 ||
        (sectors && end > sectors * BLOCK_SECTOR)) {
        return complain(d, err, "has chunks behind the end of its disk");
    }
    d->image.size = sectors ? sectors * BLOCK_SECTOR : end;
    return true;
}

/* Opening --------------------------------------------------------------- */

static bool read_tables(struct dmg *d, struct error **err)
{
    uint8_t t[TRAILER_SIZE];
    uint64_t size = block_file_size(d->file);

    if (size < sizeof(t) ||
        !sparse_read_at(d->file, size - sizeof(t), t, sizeof(t), "trailer",
                        NULL) || memcmp(t, "koly", 4) != 0) {
        return complain(d, err, "does not end with the trailer of a UDIF "
                        "image; the file is truncated or of another format");
    }
    uint64_t length = load(t, AT_LIST_SIZE, 8);
    d->data = load(t, AT_DATA, 8);
    if (!length || length > MAX_LIST || d->data > size) {
        return complain(d, err, "has no property list, or none of a usual "
                        "size, in which its chunks would be");
    }
    char *text = calloc(1, length + 1);
    assert(text);
    bool good = sparse_read_at(d->file, load(t, AT_LIST, 8), text, length,
                               "property list", err) &&
                read_list(d, text, err) &&
                arrange(d, load(t, AT_SECTORS, 8), err);
    free(text);
    return good;
}

/* By their first bytes these images are anything. */
bool dmg_probe(const uint8_t *head, unsigned length)
{
    (void)head, (void)length;
    return false;
}

struct block_image *dmg_open(struct block_file *file,
                             const struct block_opening *how,
                             struct error **err)
{
    (void)how;
    if (!sparse_only_read(file, "dmg", err)) {
        return NULL;
    }
    struct dmg *d = calloc(1, sizeof(*d));
    assert(d);
    d->image.ops = &dmg_ops;
    d->file = file;
    pthread_mutex_init(&d->lock, NULL);
    if (!read_tables(d, err)) {
        dmg_free(d);
        return NULL;
    }
    return &d->image;
}
