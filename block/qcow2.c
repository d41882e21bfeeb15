/* QCOW2: opening, closing, resizing, and the table of what a format does. */
#include "block/qcow2.h"
#include "block/qcow2_bitmap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* Bytes of metadata in memory. */
#define L2_CACHE_BYTES (32u << 20)
#define REFBLOCK_CACHE_BYTES (4u << 20)
#define MIN_TABLES 16

bool qcow2_probe(const uint8_t *head, unsigned length)
{
    return length >= 8 && qcow2_load(head, 4) == QCOW2_MAGIC &&
           (qcow2_load(head + 4, 4) == 2 || qcow2_load(head + 4, 4) == 3);
}

/* The file -------------------------------------------------------------- */

int qcow2_barrier(struct qcow2 *q)
{
    return block_file_flush(q->file);
}

int qcow2_read_at(struct qcow2 *q, uint64_t offset, void *to, size_t length)
{
    struct iovec iov = {to, length};

    return block_file_read(q->file, &iov, 1, offset);
}

int qcow2_write_at(struct qcow2 *q, uint64_t offset, const void *from,
                   size_t length)
{
    struct iovec iov = {(void *)from, length};

    return block_file_write(q->file, &iov, 1, offset, false);
}

static bool within(uint64_t offset, uint64_t start, uint64_t length)
{
    return offset >= start && offset - start < length;
}

bool qcow2_is_fixed(const struct qcow2 *q, uint64_t offset)
{
    const struct qcow2_header *h = &q->header;

    return offset < q->cluster_size ||
           within(offset, h->l1_offset, h->l1_size * 8) ||
           within(offset, h->rt_offset, h->rt_clusters << q->cluster_bits) ||
           within(offset, h->snapshots_offset, q->snapshots_length) ||
           within(offset, q->luks_offset, q->luks_length);
}

/* Tables ---------------------------------------------------------------- */

static unsigned tables_in(const struct qcow2 *q, unsigned bytes)
{
    unsigned n = bytes >> q->cluster_bits;

    return n < MIN_TABLES ? MIN_TABLES : n;
}

static void free_tables(struct qcow2 *q)
{
    free(q->l1);
    free(q->rt);
    free(q->l1_dirty);
    free(q->rt_dirty);
    free(q->frees.ranges);
    qcow2_cache_free(&q->l2s);
    qcow2_cache_free(&q->refblocks);
}

bool qcow2_load_tables(struct qcow2 *q, struct error **err)
{
    free_tables(q);
    memset(&q->frees, 0, sizeof(q->frees));
    qcow2_cache_init(&q->l2s, tables_in(q, L2_CACHE_BYTES));
    qcow2_cache_init(&q->refblocks, tables_in(q, REFBLOCK_CACHE_BYTES));
    q->rt_entries = q->header.rt_clusters << q->cluster_bits >> 3;
    q->l1 = qcow2_read_l1(q, q->header.l1_offset, q->header.l1_size);
    q->rt = qcow2_read_l1(q, q->header.rt_offset, q->rt_entries);
    q->l1_dirty = calloc(q->header.l1_size / 64 + 1, 1);
    q->rt_dirty = calloc(q->rt_entries / 64 + 1, 1);
    q->l1_any_dirty = q->rt_any_dirty = false;
    q->first_free = 1;
    q->compressed_next = 0;
    q->image.size = align_up(q->header.size, BLOCK_SECTOR);
    if (!q->l1 || !q->rt || !q->l1_dirty || !q->rt_dirty) {
        error_set(err, "%s: cannot read its tables", q->file->path);
        return false;
    }
    return qcow2_snapshots_read(q, err);
}

/* Opening --------------------------------------------------------------- */

/* What an earlier user left behind, before the first change. */
static bool make_writable(struct qcow2 *q, const struct block_opening *how,
                          struct error **err)
{
    if (q->read_only) {
        return true;
    }
    if (q->header.incompatible & QCOW2_CORRUPT && !how->checking) {
        error_set(err, "%s: marked as corrupt, so it can only be read; "
                  "'armature-img check -r all' repairs it", q->file->path);
        return false;
    }
    if (q->header.incompatible & QCOW2_DIRTY && !how->checking &&
        !qcow2_repair(q, err)) {
        return false;
    }
    uint64_t known = (q->bitmaps ? QCOW2_BITMAPS : 0) |
                     (qcow2_is_external(q) ? QCOW2_DATA_RAW : 0);
    if (q->header.autoclear & ~known) {
        /* What we do not know does not follow our writes. */
        q->header.autoclear &= known;
        int error = qcow2_header_write(q);
        if (error) {
            error_set_errno(err, error, "%s: cannot write", q->file->path);
            return false;
        }
    }
    return true;
}

static void close_now(struct qcow2 *q)
{
    qcow2_close_files(q);
    qcow2_bitmaps_free(q);
    free_tables(q);
    qcow2_snapshots_free(q->snapshots, q->snapshot_count);
    qcow2_header_free(q);
    block_gate_destroy(&q->use);
    pthread_mutex_destroy(&q->meta);
    pthread_cond_destroy(&q->settled);
    free(q);
}

/* The second flush writes what the first one freed. */
static void qcow2_close(struct block_image *image)
{
    struct qcow2 *q = qcow2_of(image);
    struct block_file *file = q->file;

    int error = qcow2_bitmaps_store(q);
    error = error ? error : qcow2_flush(q);
    error = error ? error : qcow2_flush(q);
    if (error) {
        error_report("%s: cannot write its tables: %s", file->path,
                     strerror(error));
    }
    close_now(q);
    block_file_close(file);
}

static int image_flush(struct block_image *image)
{
    return qcow2_flush(qcow2_of(image));
}

/*
 * Under meta: the file has places for clusters, and no data in them.  As QEMU
 * sees it: a ninth more clusters are in use than the file has space for, and
 * two at least.  Looked at once: it is about how the image was made.
 */
static bool has_many_holes(struct qcow2 *q)
{
    uint64_t clusters = 0, count, used, limit;

    if (q->holes == QCOW2_HOLES_UNKNOWN &&
        block_file_usage(q->file, &used)) {
        used >>= q->cluster_bits;
        limit = used + (used / 9 > 2 ? used / 9 : 2);
        uint64_t end = (block_file_size(q->file) + q->cluster_size - 1) >>
                       q->cluster_bits;
        for (uint64_t c = 0; c < end && clusters < limit; c++) {
            clusters += !qcow2_refcount_get(q, c, &count) && count;
        }
        q->holes = clusters < limit ? QCOW2_HOLES_FEW : QCOW2_HOLES_MANY;
    }
    return q->holes == QCOW2_HOLES_MANY;
}

static int image_status(struct block_image *image, uint64_t offset,
                        uint64_t length, struct block_extent *extent)
{
    struct qcow2 *q = qcow2_of(image);
    struct qcow2_run run;
    unsigned what = 0;

    block_gate_enter(&q->use);
    pthread_mutex_lock(&q->meta);
    int error = qcow2_lookup(q, offset, length, &run);
    bool holes = !error && run.kind == QCOW2_IS_DATA && has_many_holes(q);
    pthread_mutex_unlock(&q->meta);
    if (holes && !q->header.crypt_method) {
        error = block_file_status(q->data, run.host, run.length, &what,
                                  &run.length);
    }
    block_gate_leave(&q->use);
    if (error) {
        return error;
    }
    *extent = (struct block_extent){
        .length = run.length, .image = image, .file = q->data,
        .hole = what & BLOCK_FILE_ZERO,
    };
    switch (run.kind) {
    case QCOW2_IS_ABSENT:
        extent->kind = BLOCK_EXTENT_ABSENT;
        extent->backing = q->backing;
        break;
    case QCOW2_IS_ZERO:
        extent->kind = BLOCK_EXTENT_ZERO;
        break;
    case QCOW2_IS_DATA:
        extent->kind = BLOCK_EXTENT_DATA;
        break;
    case QCOW2_IS_COMPRESSED:
        extent->kind = BLOCK_EXTENT_DATA;
        extent->compressed = true;
        break;
    }
    extent->placed = run.placed && !q->header.crypt_method;
    extent->host = extent->placed ? run.host : 0;
    return 0;
}

static const struct block_image_ops qcow2_ops = {
    .format = "qcow2",
    .read = qcow2_read,
    .write = qcow2_write,
    .enter = qcow2_enter,
    .leave = qcow2_leave,
    .flush = image_flush,
    .discard = qcow2_discard,
    .zero = qcow2_zero,
    .close = qcow2_close,
    .status = image_status,
    .write_compressed = qcow2_write_compressed,
    .resize = qcow2_resize,
};

bool qcow2_is(const struct block_image *image)
{
    return image->ops == &qcow2_ops;
}

struct block_image *qcow2_open(struct block_file *file,
                               const struct block_opening *how,
                               struct error **err)
{
    struct qcow2 *q = calloc(1, sizeof(*q));

    assert(q);
    q->file = q->data = file;
    q->read_only = file->read_only;
    q->keep_holes = how->config->ignore_discard;
    q->image.ops = &qcow2_ops;
    block_gate_init(&q->use);
    pthread_mutex_init(&q->meta, NULL);
    pthread_cond_init(&q->settled, NULL);
    if (!qcow2_header_read(q, err) || !qcow2_load_tables(q, err) ||
        !qcow2_open_bitmaps(q, how, err) || !make_writable(q, how, err) ||
        !qcow2_open_files(q, how, err)) {
        close_now(q);
        return NULL;
    }
    q->image.cluster_size = q->cluster_size;
    return &q->image;
}

/* Resizing -------------------------------------------------------------- */

static bool write_size(struct qcow2 *q, struct qcow2_header *now,
                       struct error **err)
{
    struct qcow2_header old = q->header;

    q->header = *now;
    int error = qcow2_barrier(q);
    error = error ? error : qcow2_header_write(q);
    error = error ? error : qcow2_barrier(q);
    if (error) {
        q->header = old;
        error_set_errno(err, error, "%s: cannot write", q->file->path);
        return false;
    }
    q->image.size = align_up(now->size, BLOCK_SECTOR);
    return true;
}

/* Under meta: a larger L1 table beside the old one. */
static bool grow_l1(struct qcow2 *q, uint64_t entries, uint64_t size,
                    struct error **err)
{
    struct qcow2_header now = q->header;
    uint64_t room = align_up(entries * 8, q->cluster_size), got;
    uint64_t *l1 = calloc(1, room), *copy = calloc(1, room);
    uint8_t *dirty = calloc(entries / 64 + 1, 1);
    int error = l1 && copy && dirty ? qcow2_sync_tables(q) : ENOMEM;

    error = error ? error
                  : qcow2_alloc(q, room >> q->cluster_bits, true,
                                &now.l1_offset, &got);
    /* Growing may have moved the refcount table. */
    now.rt_offset = q->header.rt_offset;
    now.rt_clusters = q->header.rt_clusters;
    for (uint64_t i = 0; i < q->header.l1_size && !error; i++) {
        l1[i] = q->l1[i];
        copy[i] = htobe64(l1[i]);
    }
    error = error ? error : qcow2_write_at(q, now.l1_offset, copy, room);
    error = error ? error : qcow2_sync_tables(q);
    free(copy);
    if (error) {
        error_set_errno(err, error, "%s: cannot grow the L1 table",
                        q->file->path);
    }
    struct qcow2_header old = q->header;
    now.l1_size = entries;
    now.size = size;
    if (error || !write_size(q, &now, err)) {
        free(l1);
        free(dirty);
        return false;
    }
    free(q->l1);
    free(q->l1_dirty);
    q->l1 = l1;
    q->l1_dirty = dirty;
    qcow2_free(q, old.l1_offset, old.l1_size * 8);
    return true;
}

static bool set_size(struct qcow2 *q, uint64_t size, struct error **err)
{
    unsigned covers = q->cluster_bits + q->l2_bits;
    uint64_t entries = size > INT64_MAX - BIT(covers)
                           ? UINT64_MAX / 8
                           : (size + BIT(covers) - 1) >> covers;
    struct qcow2_header now = q->header;

    if (entries * 8 > QCOW2_MAX_L1_BYTES) {
        error_set(err, "%s: %llu bytes are too many for clusters of %llu "
                  "bytes; a larger cluster_size allows more",
                  q->file->path, (unsigned long long)size,
                  (unsigned long long)q->cluster_size);
        return false;
    }
    if (entries > q->header.l1_size) {
        return grow_l1(q, entries, size, err);
    }
    now.size = size;
    return write_size(q, &now, err);
}

/* The tail of the last cluster may hold what a shrinking left there, and a
 * backing file must not show behind the old end. */
static int clear_behind(struct qcow2 *q, uint64_t from, uint64_t end)
{
    uint64_t old = q->image.size;
    uint64_t edge = align_up(from, q->cluster_size);

    q->image.size = align_up(end, BLOCK_SECTOR);
    end = q->image.size;
    if (!q->backing || q->backing->size <= from) {
        end = edge < end ? edge : end;
    } else if (q->backing->size < end) {
        end = align_up(q->backing->size, q->cluster_size) < end
                  ? align_up(q->backing->size, q->cluster_size) : end;
    }
    int error = end > from
                    ? qcow2_zero(&q->image, from, end - from, true) : 0;
    q->image.size = old;
    return error;
}

bool qcow2_resize(struct block_image *image, uint64_t size,
                  struct error **err)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t old = image->size, to = align_up(size, BLOCK_SECTOR);
    int error = 0;

    if (q->header.version < 3 && q->snapshot_count) {
        error_set(err, "%s: an image of compat=0.10 that has snapshots "
                  "cannot be resized; delete them first", q->file->path);
        return false;
    }
    if (!qcow2_bitmaps_resize(q, size, err)) {
        return false;
    }
    if (to < old) {
        error = qcow2_discard(image, to, old - to);
    }
    error = error ? error : qcow2_flush(q);
    if (error) {
        qcow2_bitmaps_resized(q, false);
    } else {
        pthread_mutex_lock(&q->meta);
        bool good = set_size(q, size, err);
        pthread_mutex_unlock(&q->meta);
        qcow2_bitmaps_resized(q, good);
        if (!good) {
            return false;
        }
        if (qcow2_is_raw(q)) {
            error = block_file_resize(q->data, to);
        }
        error = error || to <= old ? error : clear_behind(q, old, to);
        error = error ? error : qcow2_flush(q);
    }
    if (error) {
        error_set_errno(err, error, "%s: cannot resize", q->file->path);
    }
    return !error;
}
