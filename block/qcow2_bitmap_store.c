/* Dirty bitmaps of qcow2: changes by the tools, and to the disk. */
#include "block/qcow2_bitmap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define MAX_BYTES (512u << 20) /* of one bitmap */

/* Storing --------------------------------------------------------------- */

/* What a new set replaces is freed when the header no longer leads to it. */
static void free_old(struct qcow2 *q, const struct qcow2_bitmap *b)
{
    for (uint64_t i = 0; i < b->table_size; i++) {
        uint64_t offset = b->table[i] & QCOW2_OFFSET;
        if (offset && offset % q->cluster_size == 0) {
            qcow2_free(q, offset, q->cluster_size);
        }
    }
    if (b->table_size) {
        qcow2_free(q, b->table_offset, b->table_size * 8);
    }
}

static bool all_are(const uint8_t *bytes, uint64_t length, uint8_t value)
{
    return bytes[0] == value && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* A new table and new clusters; the old ones are in *old. */
static int store_bits(struct qcow2 *q, struct qcow2_bitmap *b,
                      struct qcow2_bitmap *old)
{
    uint64_t n = b->bytes >> q->cluster_bits, got;
    uint64_t *table = calloc(n + 1, 8);
    uint64_t *packed = calloc(1, align_up((n + 1) * 8, q->cluster_size));
    int error = table && packed ? 0 : ENOMEM;

    *old = *b;
    for (uint64_t i = 0; i < n && !error; i++) {
        const uint8_t *bits = b->bits + (i << q->cluster_bits);
        if (all_are(bits, q->cluster_size, 0)) {
            table[i] = 0;
        } else if (all_are(bits, q->cluster_size, 0xff)) {
            table[i] = 1;
        } else {
            error = qcow2_alloc(q, 1, true, &table[i], &got);
            error = error ? error : qcow2_write_at(q, table[i], bits,
                                                   q->cluster_size);
        }
        packed[i] = htobe64(table[i]);
    }
    uint64_t room = align_up((n + !n) * 8, q->cluster_size);
    error = error ? error : qcow2_alloc(q, room >> q->cluster_bits, true,
                                        &b->table_offset, &got);
    error = error ? error
                  : qcow2_write_at(q, b->table_offset, packed, room);
    free(packed);
    b->table = table;
    b->table_size = n;
    return error;
}

/* All entries, as the specification has them; *length bytes. */
static uint8_t *pack_directory(const struct qcow2 *q, uint64_t *length)
{
    const struct qcow2_bitmaps *all = q->bitmaps;
    uint64_t size = 0;

    for (unsigned i = 0; i < all->count; i++) {
        size += align_up(QCOW2_BITMAP_HEAD + strlen(all->list[i].name), 8);
    }
    uint8_t *directory = calloc(1, align_up(size + 1, q->cluster_size));
    uint8_t *at = directory;
    assert(directory);
    for (unsigned i = 0; i < all->count; i++) {
        const struct qcow2_bitmap *b = &all->list[i];
        size_t name = strlen(b->name);
        qcow2_store(at, 8, b->table_offset);
        qcow2_store(at + 8, 4, b->table_size);
        qcow2_store(at + 12, 4, b->flags);
        at[16] = 1; /* dirty tracking */
        at[17] = (uint8_t)b->granularity_bits;
        qcow2_store(at + 18, 2, name);
        memcpy(at + QCOW2_BITMAP_HEAD, b->name, name);
        at += align_up(QCOW2_BITMAP_HEAD + name, 8);
    }
    *length = size;
    return directory;
}

/* The directory, then the header that leads to it. */
static int store_directory(struct qcow2 *q)
{
    struct qcow2_bitmaps *all = q->bitmaps;
    uint64_t old_offset = all->directory_offset, got;
    uint64_t old_size = all->directory_size;
    uint8_t extension[24] = {0};
    int error = 0;

    if (all->count) {
        uint8_t *directory = pack_directory(q, &all->directory_size);
        uint64_t room = align_up(all->directory_size, q->cluster_size);
        error = qcow2_alloc(q, room >> q->cluster_bits, true,
                            &all->directory_offset, &got);
        error = error ? error : qcow2_write_at(q, all->directory_offset,
                                               directory, room);
        free(directory);
        qcow2_store(extension, 4, all->count);
        qcow2_store(extension + 8, 8, all->directory_size);
        qcow2_store(extension + 16, 8, all->directory_offset);
    }
    error = error ? error : qcow2_sync_tables(q);
    error = error ? error : qcow2_barrier(q);
    if (error) {
        return error;
    }
    q->header.autoclear &= ~(uint64_t)QCOW2_BITMAPS;
    q->header.autoclear |= all->count ? QCOW2_BITMAPS : 0;
    qcow2_extension_set(q, QCOW2_EXT_BITMAPS, extension,
                        all->count ? sizeof(extension) : 0);
    error = qcow2_header_rewrite(q, NULL) ? qcow2_barrier(q) : EIO;
    all->stored = error ? all->stored : all->count;
    if (!error && old_size) {
        qcow2_free(q, old_offset, old_size);
    }
    if (!all->count) {
        all->directory_offset = all->directory_size = 0;
    }
    return error;
}

static int store_all(struct qcow2 *q)
{
    struct qcow2_bitmaps *all = q->bitmaps;
    struct qcow2_bitmap *old = calloc(all->count + 1, sizeof(*old));
    int error = old ? 0 : ENOMEM;

    for (unsigned i = 0; i < all->count && !error; i++) {
        if (all->list[i].changed) {
            error = store_bits(q, &all->list[i], &old[i]);
        }
    }
    error = error ? error : store_directory(q);
    for (unsigned i = 0; old && i < all->count; i++) {
        if (old[i].name && !error) {
            free_old(q, &old[i]);
            all->list[i].changed = false;
        }
        if (old[i].name && old[i].table != all->list[i].table) {
            free(old[i].table);
        }
    }
    free(old);
    all->changed = all->in_use = error;
    return error;
}

int qcow2_bitmaps_store(struct qcow2 *q)
{
    struct qcow2_bitmaps *all = q->bitmaps;
    bool changed = all && (all->changed || all->in_use);

    for (unsigned i = 0; all && i < all->count; i++) {
        changed |= all->list[i].changed;
    }
    if (!changed || q->read_only) {
        return 0;
    }
    pthread_mutex_lock(&q->meta);
    int error = store_all(q);
    pthread_mutex_unlock(&q->meta);
    return error ? error : qcow2_flush(q);
}

/* By the tools ---------------------------------------------------------- */

static struct qcow2_bitmap *find(struct qcow2 *q, const char *name,
                                 bool any, struct error **err)
{
    struct qcow2_bitmap *b = qcow2_bitmap_find(q, name);
    int error = b && !b->inconsistent ? qcow2_bitmap_load(q, b) : 0;

    if (!b) {
        error_set(err, "Dirty bitmap '%s' not found", name);
    } else if (error) {
        error_set_errno(err, error, "cannot read bitmap '%s'", name);
    } else if (b->inconsistent && !any) {
        error_set(err, "Bitmap '%s' is inconsistent and cannot be used; try "
                  "'bitmap --remove' to delete it from the image", name);
    } else {
        return b;
    }
    return NULL;
}

static bool check_new(struct qcow2 *q, const char *name, uint64_t granularity,
                      struct error **err)
{
    if (q->header.version < 3) {
        error_set(err, "Cannot store dirty bitmaps in qcow2 v2 files");
    } else if (!*name || strlen(name) > QCOW2_MAX_BITMAP_NAME) {
        error_set(err, "a bitmap's name has 1 to %d bytes",
                  QCOW2_MAX_BITMAP_NAME);
    } else if (qcow2_bitmap_find(q, name)) {
        error_set(err, "Bitmap already exists: %s", name);
    } else if (!is_power_of_2(granularity) || granularity < 512) {
        error_set(err, "Granularity must be power of 2 and at least 512");
    } else if (granularity > BIT(31)) {
        error_set(err, "Granularity must be at most 2G");
    } else if ((q->header.size / granularity + 1) / 8 > MAX_BYTES) {
        error_set(err, "the bitmap would be too large; use a larger "
                  "granularity");
    } else if (q->bitmaps && q->bitmaps->count == QCOW2_MAX_BITMAPS) {
        error_set(err, "there are %d bitmaps already", QCOW2_MAX_BITMAPS);
    } else {
        return true;
    }
    return false;
}

bool qcow2_bitmap_add(struct qcow2 *q, const char *name, uint64_t granularity,
                      struct error **err)
{
    if (!check_new(q, name, granularity, err)) {
        return false;
    }
    if (!q->bitmaps) {
        q->bitmaps = calloc(1, sizeof(*q->bitmaps));
        assert(q->bitmaps);
        pthread_mutex_init(&q->bitmaps->lock, NULL);
    }
    struct qcow2_bitmaps *all = q->bitmaps;
    all->list = realloc(all->list, (all->count + 1) * sizeof(*all->list));
    assert(all->list);
    struct qcow2_bitmap *b = &all->list[all->count++];
    uint64_t bits = (q->header.size + granularity - 1) / granularity;
    *b = (struct qcow2_bitmap){
        .name = strdup(name),
        .flags = QCOW2_BITMAP_AUTO,
        .granularity_bits = (unsigned)ctz64(granularity),
        .changed = true,
        .bytes = align_up((bits + 7) / 8, q->cluster_size),
    };
    b->bits = calloc(1, b->bytes + 1);
    b->table = calloc(1, 8);
    assert(b->name && b->bits && b->table);
    all->changed = all->enabled = true;
    return true;
}

bool qcow2_bitmap_remove(struct qcow2 *q, const char *name,
                         struct error **err)
{
    struct qcow2_bitmap *b = find(q, name, true, err);
    struct qcow2_bitmaps *all = q->bitmaps;

    if (!b) {
        return false;
    }
    pthread_mutex_lock(&q->meta);
    struct qcow2_bitmap gone = *b;
    all->count--;
    memmove(b, b + 1, (size_t)(&all->list[all->count] - b) * sizeof(*b));
    all->changed = true;
    int error = store_all(q);
    if (error) {
        all->stored = 0; /* the list is not the directory's any more */
    } else {
        free_old(q, &gone);
    }
    pthread_mutex_unlock(&q->meta);
    free(gone.name);
    free(gone.table);
    free(gone.bits);
    error = error ? error : qcow2_flush(q);
    if (error) {
        error_set_errno(err, error, "cannot write the bitmaps");
    }
    return !error;
}

bool qcow2_bitmap_clear(struct qcow2 *q, const char *name, struct error **err)
{
    struct qcow2_bitmap *b = find(q, name, false, err);

    if (b) {
        memset(b->bits, 0, b->bytes);
        b->changed = true;
    }
    return b;
}

bool qcow2_bitmap_enable(struct qcow2 *q, const char *name, bool on,
                         struct error **err)
{
    struct qcow2_bitmap *b = find(q, name, false, err);

    if (b) {
        b->flags &= ~(uint32_t)QCOW2_BITMAP_AUTO;
        b->flags |= on ? QCOW2_BITMAP_AUTO : 0;
        q->bitmaps->changed = true;
        q->bitmaps->enabled |= on;
    }
    return b;
}

static bool is_set(const struct qcow2_bitmap *b, uint64_t bit)
{
    return b->bits[bit / 8] & 1u << bit % 8;
}

bool qcow2_bitmap_merge(struct qcow2 *q, const char *name, struct qcow2 *from,
                        const char *source, struct error **err)
{
    struct qcow2_bitmap *to = find(q, name, false, err);
    struct qcow2_bitmap *with = to ? find(from, source, false, err) : NULL;

    if (!with) {
        return false;
    }
    if (from->header.size != q->header.size) {
        error_set(err, "Bitmaps are of different sizes (destination size is "
                  "%llu and source size is %llu) and can't be merged",
                  (unsigned long long)q->header.size,
                  (unsigned long long)from->header.size);
        return false;
    }
    uint64_t bits = (from->header.size + BIT(with->granularity_bits) - 1) >>
                    with->granularity_bits;
    for (uint64_t i = 0; i < bits; i++) {
        uint64_t start = i << with->granularity_bits;
        uint64_t end = start + BIT(with->granularity_bits);
        if (i % 8 == 0 && !with->bits[i / 8]) {
            i += 7;
            continue;
        }
        end = end < q->header.size ? end : q->header.size;
        for (uint64_t b = start >> to->granularity_bits;
             is_set(with, i) && b <= (end - 1) >> to->granularity_bits; b++) {
            to->bits[b / 8] |= (uint8_t)(1u << b % 8);
        }
    }
    to->changed = true;
    return true;
}
