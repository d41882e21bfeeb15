/* Dirty bitmaps of qcow2: the directory, the bits, following the guest. */
#include "block/qcow2_bitmap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* "Bitmaps extension" and "Bitmap directory" of the specification. */
enum {
    X_COUNT = 0,
    X_DIRECTORY_SIZE = 8,
    X_DIRECTORY_OFFSET = 16,
    X_LENGTH = 24,
    D_TABLE_OFFSET = 0,
    D_TABLE_SIZE = 8,
    D_FLAGS = 12,
    D_TYPE = 16,
    D_GRANULARITY = 17,
    D_NAME_SIZE = 18,
    D_EXTRA_SIZE = 20,
    DIRTY_TRACKING = 1,
};
#define MAX_DIRECTORY (64u << 20) /* bytes */
#define MAX_BITS (512u << 20)     /* bytes of one bitmap */

/* Reading --------------------------------------------------------------- */

static uint64_t bytes_for(const struct qcow2 *q, uint64_t size,
                          unsigned granularity_bits)
{
    uint64_t bits = (size + BIT(granularity_bits) - 1) >> granularity_bits;

    return align_up((bits + 7) / 8, q->cluster_size);
}

/* One entry of `room` bytes; its length, or 0 when it is nonsense. */
static uint64_t read_entry(struct qcow2 *q, const uint8_t *entry,
                           uint64_t room, struct qcow2_bitmap *b)
{
    uint64_t name_size, extra_size, length;

    if (room < QCOW2_BITMAP_HEAD) {
        return 0;
    }
    name_size = qcow2_load(entry + D_NAME_SIZE, 2);
    extra_size = qcow2_load(entry + D_EXTRA_SIZE, 4);
    length = align_up(QCOW2_BITMAP_HEAD + name_size + extra_size, 8);
    b->table_offset = qcow2_load(entry + D_TABLE_OFFSET, 8);
    b->table_size = qcow2_load(entry + D_TABLE_SIZE, 4);
    b->flags = (uint32_t)qcow2_load(entry + D_FLAGS, 4);
    b->granularity_bits = entry[D_GRANULARITY];
    b->inconsistent = b->flags & QCOW2_BITMAP_IN_USE;
    if (length > room || !name_size || name_size > QCOW2_MAX_BITMAP_NAME ||
        extra_size || entry[D_TYPE] != DIRTY_TRACKING ||
        b->granularity_bits < 9 || b->granularity_bits > 31 ||
        b->flags & ~7u || b->table_offset % q->cluster_size ||
        b->table_size > MAX_BITS >> q->cluster_bits ||
        (!b->inconsistent &&
         b->table_size << q->cluster_bits !=
             bytes_for(q, q->header.size, b->granularity_bits))) {
        return 0;
    }
    b->name = strndup((const char *)entry + QCOW2_BITMAP_HEAD, name_size);
    assert(b->name);
    b->bytes = b->table_size << q->cluster_bits;
    b->table = qcow2_read_l1(q, b->table_offset, b->table_size);
    return b->table ? length : 0;
}

static bool read_directory(struct qcow2 *q, const uint8_t *directory,
                           unsigned count, struct error **err)
{
    struct qcow2_bitmaps *all = q->bitmaps;
    uint64_t at = 0;

    all->list = calloc(count + 1, sizeof(*all->list));
    assert(all->list);
    for (unsigned i = 0; i < count; i++) {
        struct qcow2_bitmap *b = &all->list[i];
        uint64_t length = read_entry(q, directory + at,
                                     all->directory_size - at, b);
        if (!length) {
            free(b->name);
            error_set(err, "bitmap %u of %u makes no sense; 'armature-img "
                      "check -r all' drops the bitmaps", i + 1, count);
            return false;
        }
        all->stored = ++all->count;
        all->enabled |= b->flags & QCOW2_BITMAP_AUTO && !b->inconsistent;
        at += length;
    }
    return true;
}

bool qcow2_bitmaps_read(struct qcow2 *q, const uint8_t *data, uint32_t length,
                        struct error **err)
{
    uint64_t count = length == X_LENGTH ? qcow2_load(data + X_COUNT, 4) : 0;
    struct qcow2_bitmaps *all = calloc(1, sizeof(*all));
    uint64_t end = block_file_size(q->file);
    bool good = false;

    assert(all);
    q->bitmaps = all;
    pthread_mutex_init(&all->lock, NULL);
    if (count) {
        all->directory_size = qcow2_load(data + X_DIRECTORY_SIZE, 8);
        all->directory_offset = qcow2_load(data + X_DIRECTORY_OFFSET, 8);
    }
    if (!count || count > QCOW2_MAX_BITMAPS || !all->directory_offset ||
        all->directory_size > MAX_DIRECTORY ||
        all->directory_size < count * QCOW2_BITMAP_HEAD ||
        all->directory_offset % q->cluster_size ||
        all->directory_offset > end ||
        all->directory_size > end - all->directory_offset) {
        error_set(err, "the bitmap directory makes no sense; 'armature-img "
                  "check -r all' drops the bitmaps");
    } else {
        uint8_t *directory = malloc(all->directory_size);
        int error = directory ? qcow2_read_at(q, all->directory_offset,
                                              directory, all->directory_size)
                              : ENOMEM;
        if (error) {
            error_set_errno(err, error, "cannot read the bitmaps");
        }
        good = !error && read_directory(q, directory, (unsigned)count, err);
        free(directory);
    }
    if (!good) {
        qcow2_bitmaps_free(q);
    }
    return good;
}

void qcow2_bitmaps_free(struct qcow2 *q)
{
    struct qcow2_bitmaps *all = q->bitmaps;

    for (unsigned i = 0; all && i < all->count; i++) {
        free(all->list[i].name);
        free(all->list[i].table);
        free(all->list[i].bits);
        free(all->list[i].next_bits);
    }
    if (all) {
        pthread_mutex_destroy(&all->lock);
        free(all->list);
    }
    free(all);
    q->bitmaps = NULL;
}

int qcow2_bitmap_load(struct qcow2 *q, struct qcow2_bitmap *b)
{
    int error = 0;

    if (b->bits) {
        return 0;
    }
    b->bits = calloc(1, b->bytes + 1);
    if (!b->bits) {
        return ENOMEM;
    }
    for (uint64_t i = 0; i < b->table_size && !error; i++) {
        uint8_t *to = b->bits + (i << q->cluster_bits);
        uint64_t offset = b->table[i] & QCOW2_OFFSET;
        if (offset % q->cluster_size) {
            error = EIO;
        } else if (offset) {
            error = qcow2_read_at(q, offset, to, q->cluster_size);
        } else if (b->table[i] & 1) {
            memset(to, 0xff, q->cluster_size);
        }
    }
    if (error) {
        free(b->bits);
        b->bits = NULL;
    }
    return error;
}

struct qcow2_bitmap *qcow2_bitmap_find(const struct qcow2 *q,
                                       const char *name)
{
    struct qcow2_bitmaps *all = q->bitmaps;

    for (unsigned i = 0; all && i < all->count; i++) {
        if (strcmp(all->list[i].name, name) == 0) {
            return &all->list[i];
        }
    }
    return NULL;
}

void qcow2_bitmaps_count(struct qcow2 *q, struct qcow2_counts *counts,
                         struct qcow2_check *check)
{
    struct qcow2_bitmaps *all = q->bitmaps;

    if (!all) {
        return;
    }
    qcow2_count(q, counts, check, all->directory_offset, all->directory_size,
                "the bitmap directory");
    for (unsigned i = 0; i < all->count; i++) {
        const struct qcow2_bitmap *b = &all->list[i];
        qcow2_count(q, counts, check, b->table_offset, b->table_size * 8,
                    "a bitmap table");
        for (uint64_t j = 0; j < b->table_size; j++) {
            uint64_t offset = b->table[j] & QCOW2_OFFSET;
            if (offset % q->cluster_size) {
                qcow2_check_say(check, "bitmap '%s': entry %llu makes no "
                                "sense", b->name, (unsigned long long)j);
                check->corruptions++;
            } else if (offset) {
                qcow2_count(q, counts, check, offset, q->cluster_size,
                            "a cluster of a bitmap");
            }
        }
    }
}

/* Following the guest --------------------------------------------------- */

static void set_range(uint8_t *bits, uint64_t first, uint64_t last)
{
    while (first <= last) {
        if (first % 8 == 0 && last - first >= 8) {
            uint64_t bytes = (last - first) / 8;
            memset(bits + first / 8, 0xff, bytes);
            first += bytes * 8;
        } else {
            bits[first / 8] |= (uint8_t)(1u << first % 8);
            first++;
        }
    }
}

/* On the disk, before the guest's first change is: of those that follow it, or
 * of all. */
static int write_in_use(struct qcow2 *q, bool of_all)
{
    struct qcow2_bitmaps *all = q->bitmaps;
    uint64_t at = all->directory_offset;
    int error = 0;

    for (unsigned i = 0; i < all->stored && !error; i++) {
        struct qcow2_bitmap *b = &all->list[i];
        uint8_t flags[4];
        qcow2_store(flags, 4, b->flags | QCOW2_BITMAP_IN_USE);
        if ((of_all || b->flags & QCOW2_BITMAP_AUTO) && !b->inconsistent) {
            error = qcow2_bitmap_load(q, b);
            error = error ? error
                          : qcow2_write_at(q, at + D_FLAGS, flags, 4);
        }
        at += align_up(QCOW2_BITMAP_HEAD + strlen(b->name), 8);
    }
    error = error ? error : qcow2_barrier(q);
    all->in_use = !error;
    return error;
}

int qcow2_bitmaps_touch(struct qcow2 *q, uint64_t offset, uint64_t length)
{
    struct qcow2_bitmaps *all = q->bitmaps;
    int error = 0;

    if (!all || !all->enabled || !length) {
        return 0;
    }
    pthread_mutex_lock(&all->lock);
    if (!all->in_use) {
        error = write_in_use(q, false);
    }
    for (unsigned i = 0; i < all->count && !error; i++) {
        struct qcow2_bitmap *b = &all->list[i];
        uint64_t last = (offset + length - 1) >> b->granularity_bits;
        if (b->flags & QCOW2_BITMAP_AUTO && !b->inconsistent &&
            last < b->bytes * 8) {
            set_range(b->bits, offset >> b->granularity_bits, last);
            b->changed = true;
        }
    }
    pthread_mutex_unlock(&all->lock);
    return error;
}

static int make_next_bits(const struct qcow2 *q, struct qcow2_bitmap *b,
                          uint64_t size)
{
    uint64_t bytes = bytes_for(q, size, b->granularity_bits);
    uint64_t bits = (size + BIT(b->granularity_bits) - 1) >>
                    b->granularity_bits;
    uint8_t *next = bytes <= MAX_BITS ? calloc(1, bytes + 1) : NULL;

    if (!next) {
        return ENOMEM;
    }
    memcpy(next, b->bits, bytes < b->bytes ? bytes : b->bytes);
    for (uint64_t n = bits; n < bytes * 8 && n % 8; n++) {
        next[n / 8] &= (uint8_t)~(1u << n % 8);
    }
    memset(next + (bits + 7) / 8, 0, bytes - (bits + 7) / 8);
    b->next_bits = next;
    b->next_bytes = bytes;
    return 0;
}

/* Of another size they make no sense until they are stored, so that all of
 * them are in use till then. */
bool qcow2_bitmaps_resize(struct qcow2 *q, uint64_t size, struct error **err)
{
    struct qcow2_bitmaps *all = q->bitmaps;
    int error = 0;

    for (unsigned i = 0; all && i < all->count && !error; i++) {
        if (all->list[i].inconsistent) {
            error_set(err, "%s: bitmap '%s' is inconsistent, so that it "
                      "cannot follow another size; remove it first",
                      q->file->path, all->list[i].name);
            qcow2_bitmaps_resized(q, false);
            return false;
        }
        error = qcow2_bitmap_load(q, &all->list[i]);
        error = error ? error : make_next_bits(q, &all->list[i], size);
    }
    if (all && !error) {
        error = write_in_use(q, true);
    }
    if (error) {
        qcow2_bitmaps_resized(q, false);
        error_set_errno(err, error, "%s: cannot resize its bitmaps",
                        q->file->path);
    }
    return !error;
}

void qcow2_bitmaps_resized(struct qcow2 *q, bool done)
{
    struct qcow2_bitmaps *all = q->bitmaps;

    for (unsigned i = 0; all && i < all->count; i++) {
        struct qcow2_bitmap *b = &all->list[i];
        free(done ? b->bits : b->next_bits);
        if (done) {
            b->bits = b->next_bits;
            b->bytes = b->next_bytes;
            b->changed = true;
        }
        b->next_bits = NULL;
    }
}

struct qcow2_bitmap *qcow2_bitmap_below(struct block_image *image,
                                        const char *name, struct qcow2 **q)
{
    struct qcow2_bitmap *b = NULL;

    for (; image && !b; image = image->backing) {
        if (qcow2_is(image)) {
            *q = qcow2_of(image);
            b = qcow2_bitmap_find(*q, name);
        }
    }
    return b;
}

int qcow2_bitmap_status(struct qcow2 *q, struct qcow2_bitmap *b,
                        uint64_t offset, uint64_t length, bool *dirty,
                        uint64_t *run)
{
    uint64_t grain = BIT(b->granularity_bits), end = offset + length;

    pthread_mutex_lock(&q->bitmaps->lock);
    int error = qcow2_bitmap_load(q, b);
    uint64_t at = align_down(offset, grain);
    for (bool first = true; !error && at < end; at += grain, first = false) {
        uint64_t bit = at / grain;
        bool set = bit < b->bytes * 8 && b->bits[bit / 8] & 1u << bit % 8;
        *dirty = first ? set : *dirty;
        if (set != *dirty) {
            break;
        }
    }
    pthread_mutex_unlock(&q->bitmaps->lock);
    *run = (at < end ? at : end) - offset;
    return error;
}
