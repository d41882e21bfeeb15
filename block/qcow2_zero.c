/*
 * Clusters without data: zeroes, discards, and the opposite, places without
 * data.
 *
 * Version 3 marks a cluster as zero, with extended L2 each grain of it;
 * version 2 can only leave it out, which shows the backing file, so that there
 * zeroes may have to be written.  A data file that is a raw image gets the
 * zeroes itself, first, and keeps its clusters.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/iov.h"
#include "block/qcow2.h"
#include "block/qcow2_bitmap.h"

/* What a cluster that is not there reads as, at `offset`. */
static bool absent_is_zero(const struct qcow2 *q, uint64_t offset)
{
    return !q->backing || offset >= q->backing->size;
}

/* A cluster's entry and the kind that all of it has, if it has one. */
static int look_at(struct qcow2 *q, uint64_t cluster,
                   struct qcow2_entry *entry, struct qcow2_run *run,
                   bool *alike)
{
    int error = qcow2_entry_of(q, cluster, entry);

    *alike = !qcow2_has_grains(q) || !entry->bits ||
             entry->bits == QCOW2_ALL_ZERO || entry->word & QCOW2_COMPRESSED;
    return error ? error : qcow2_decode(q, *entry, 0, run);
}

static struct qcow2_entry zero_entry(const struct qcow2 *q, uint64_t word)
{
    return qcow2_has_grains(q)
               ? (struct qcow2_entry){word, QCOW2_ALL_ZERO}
               : (struct qcow2_entry){word | QCOW2_ZERO, 0};
}

/* Under meta.  EOPNOTSUPP: data must be written. */
static int zero_cluster(struct qcow2 *q, uint64_t cluster, bool keep)
{
    uint64_t offset = cluster << q->cluster_bits;
    struct qcow2_entry entry = {0, 0}, old;
    struct qcow2_run run;
    bool alike;
    int error = look_at(q, cluster, &old, &run, &alike);

    if (error) {
        return error;
    }
    if (alike && (run.kind == QCOW2_IS_ZERO
                      ? !run.placed || keep
                      : run.kind == QCOW2_IS_ABSENT && !run.placed &&
                            absent_is_zero(q, offset))) {
        return 0;
    }
    if (q->header.version >= 3) {
        entry = zero_entry(q, keep && run.copied ? run.host | QCOW2_COPIED
                                                 : 0);
    } else if (!absent_is_zero(q, offset)) {
        return EOPNOTSUPP;
    } else if (keep && run.copied) {
        return EOPNOTSUPP;
    }
    return qcow2_set_entry(q, cluster, entry);
}

/* Under meta: whole grains, [offset, end), of one cluster. */
static int zero_grains(struct qcow2 *q, uint64_t offset, uint64_t end)
{
    uint64_t cluster = offset >> q->cluster_bits;
    uint64_t start = cluster << q->cluster_bits;
    uint64_t mask = mask64((int)((end - start) >> q->grain_bits)) &
                    ~mask64((int)((offset - start) >> q->grain_bits));
    struct qcow2_entry entry;
    struct qcow2_run run;
    bool alike;
    int error = look_at(q, cluster, &entry, &run, &alike);

    if (error || run.kind == QCOW2_IS_COMPRESSED) {
        return error ? error : EOPNOTSUPP;
    }
    if (!entry.word && !entry.bits && absent_is_zero(q, start)) {
        return 0;
    }
    entry.bits = (entry.bits & ~mask) | mask << QCOW2_GRAINS;
    return qcow2_set_entry(q, cluster, entry);
}

/* Under meta: nothing to do up to the end of an L2 table that is not there;
 * the number of clusters. */
static uint64_t skip_absent(struct qcow2 *q, uint64_t cluster)
{
    uint64_t l1_index = cluster >> q->l2_bits;
    bool absent = l1_index >= q->header.l1_size || !q->l1[l1_index];

    return absent && absent_is_zero(q, cluster << q->cluster_bits)
               ? ((l1_index + 1) << q->l2_bits) - cluster : 0;
}

static int each_cluster(struct qcow2 *q, uint64_t first, uint64_t last,
                        int (*act)(struct qcow2 *q, uint64_t cluster,
                                   bool keep),
                        bool keep, uint64_t *done)
{
    int error = 0;
    uint64_t c = first;

    while (c <= last && !error) {
        struct qcow2_busy busy = {c, c, NULL};
        pthread_mutex_lock(&q->meta);
        /* A batch at a time, so that others get the lock. */
        for (unsigned i = 0; i < 1024 && c <= last && !error; i++) {
            uint64_t skip = skip_absent(q, c);
            if (skip) {
                c += skip;
                continue;
            }
            busy.first = busy.last = c;
            qcow2_busy_begin(q, &busy);
            error = act(q, c, keep);
            qcow2_busy_end(q, &busy);
            c += !error;
        }
        pthread_mutex_unlock(&q->meta);
    }
    *done = (c <= last ? c : last + 1) - first;
    return error;
}

static int write_zeroes(struct qcow2 *q, uint64_t offset, uint64_t length)
{
    static const uint8_t zeroes[65536];
    int error = 0;

    while (length && !error) {
        uint64_t n = length < sizeof(zeroes) ? length : sizeof(zeroes);
        struct iovec iov = {(void *)zeroes, n};
        error = qcow2_write(&q->image, &iov, 1, offset, n, false);
        offset += n;
        length -= n;
    }
    return error;
}

/* A part of a cluster: nothing to do where it is zero. */
static int zero_part(struct qcow2 *q, uint64_t offset, uint64_t length)
{
    struct qcow2_run run;
    int error = 0;

    for (uint64_t done = 0; done < length && !error; done += run.length) {
        block_gate_enter(&q->use);
        pthread_mutex_lock(&q->meta);
        error = qcow2_lookup(q, offset + done, length - done, &run);
        pthread_mutex_unlock(&q->meta);
        block_gate_leave(&q->use);
        bool zero = run.kind == QCOW2_IS_ZERO ||
                    (run.kind == QCOW2_IS_ABSENT &&
                     absent_is_zero(q, offset + done));
        if (!error && !zero) {
            error = write_zeroes(q, offset + done, run.length);
        }
    }
    return error;
}

/* The last cluster counts as whole when the disk ends in it. */
static uint64_t whole_end(const struct qcow2 *q, uint64_t end)
{
    return end == q->image.size ? align_up(end, q->cluster_size)
                                : align_down(end, q->cluster_size);
}

/* A part of a cluster, of which whole grains need no data. */
static int zero_piece(struct qcow2 *q, uint64_t offset, uint64_t length)
{
    uint64_t end = offset + length, cluster = offset >> q->cluster_bits;
    uint64_t first = align_up(offset, BIT(q->grain_bits));
    uint64_t last = end == q->image.size
                        ? align_up(end, BIT(q->grain_bits))
                        : align_down(end, BIT(q->grain_bits));
    struct qcow2_busy busy = {cluster, cluster, NULL};

    if (!qcow2_has_grains(q) || first >= last) {
        return zero_part(q, offset, length);
    }
    int error = first > offset ? zero_part(q, offset, first - offset) : 0;
    block_gate_enter(&q->use);
    pthread_mutex_lock(&q->meta);
    qcow2_busy_begin(q, &busy);
    error = error ? error : zero_grains(q, first, last);
    qcow2_busy_end(q, &busy);
    pthread_mutex_unlock(&q->meta);
    block_gate_leave(&q->use);
    if (error == EOPNOTSUPP) {
        error = zero_part(q, first, (last < end ? last : end) - first);
    }
    return error || last >= end ? error : zero_part(q, last, end - last);
}

/* What a raw data file and the bitmaps have to know first. */
static int begin_change(struct qcow2 *q, uint64_t offset, uint64_t length,
                        bool unmap)
{
    int error = qcow2_bitmaps_touch(q, offset, length);

    return error || !qcow2_is_raw(q)
               ? error : block_file_zero(q->data, offset, length, unmap);
}

int qcow2_zero(struct block_image *image, uint64_t offset, uint64_t length,
               bool unmap)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t end = offset + length;
    uint64_t first = align_up(offset, q->cluster_size);
    uint64_t last = whole_end(q, end);
    int error = begin_change(q, offset, length, unmap);

    unmap = unmap && !qcow2_is_raw(q);
    if (error) {
        return error;
    }

    if (first >= last) {
        uint64_t middle = first < end ? first : end;
        error = zero_piece(q, offset, middle - offset);
        return error || middle == end ? error
                                      : zero_piece(q, middle, end - middle);
    }
    if (offset < first) {
        error = zero_piece(q, offset, first - offset);
    }
    uint64_t c = first >> q->cluster_bits, n = last >> q->cluster_bits;
    while (!error && c < n) {
        uint64_t done;
        block_gate_enter(&q->use);
        error = each_cluster(q, c, n - 1, zero_cluster, !unmap, &done);
        block_gate_leave(&q->use);
        c += done;
        if (error == EOPNOTSUPP) {
            uint64_t at = c++ << q->cluster_bits;
            error = write_zeroes(q, at, q->cluster_size < end - at
                                            ? q->cluster_size : end - at);
        }
    }
    return error || last >= end ? error : zero_piece(q, last, end - last);
}

/* Contents that are hidden must not show again, so with a backing file the
 * cluster becomes zero, if it can. */
static int discard_cluster(struct qcow2 *q, uint64_t cluster, bool keep)
{
    struct qcow2_entry old;
    struct qcow2_run run;
    uint64_t offset = cluster << q->cluster_bits;
    bool alike, hidden = !absent_is_zero(q, offset);
    int error = look_at(q, cluster, &old, &run, &alike);

    (void)keep;
    if (error || (hidden && q->header.version < 3) ||
        (alike && !run.placed &&
         (run.kind == QCOW2_IS_ZERO ||
          (run.kind == QCOW2_IS_ABSENT && !hidden)))) {
        return error;
    }
    if (qcow2_is_external(q) && run.placed && !q->keep_holes) {
        block_file_discard(q->data, offset, q->cluster_size);
    }
    return qcow2_set_entry(q, cluster, hidden ? zero_entry(q, 0)
                                              : (struct qcow2_entry){0, 0});
}

int qcow2_discard(struct block_image *image, uint64_t offset,
                  uint64_t length)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t first = align_up(offset, q->cluster_size) >> q->cluster_bits;
    uint64_t end = whole_end(q, offset + length) >> q->cluster_bits;
    uint64_t done;

    if (first >= end) {
        return 0;
    }
    if (qcow2_is_raw(q)) {
        return qcow2_zero(image, offset, length, true);
    }
    block_gate_enter(&q->use);
    int error = qcow2_bitmaps_touch(q, offset, length);
    error = error ? error
                  : each_cluster(q, first, end - 1, discard_cluster, false,
                                 &done);
    pthread_mutex_lock(&q->meta);
    bool many = q->frees.count > 4096;
    pthread_mutex_unlock(&q->meta);
    block_gate_leave(&q->use);
    return error || !many ? error : qcow2_flush(q);
}

/* For the tools: nobody else uses the image. ---------------------------- */

int qcow2_preallocate(struct qcow2 *q, uint64_t offset, uint64_t end)
{
    uint64_t c = offset >> q->cluster_bits;
    uint64_t last = (end + q->cluster_size - 1) >> q->cluster_bits;
    int error = 0;

    pthread_mutex_lock(&q->meta);
    while (c < last && !error) {
        struct qcow2_run run;
        error = qcow2_lookup(q, c << q->cluster_bits,
                             (last - c) << q->cluster_bits, &run);
        uint64_t want = (run.length + q->cluster_size - 1) >> q->cluster_bits;
        uint64_t host = c << q->cluster_bits, got = want;
        bool absent = run.kind == QCOW2_IS_ABSENT && !run.placed;
        if (!error && absent && !qcow2_is_external(q)) {
            error = qcow2_alloc(q, want, false, &host, &got);
        }
        for (uint64_t i = 0; i < got && !error && absent; i++) {
            struct qcow2_entry e;
            error = qcow2_entry_of(q, c + i, &e);
            e.word = (host + (i << q->cluster_bits)) | QCOW2_COPIED;
            error = error ? error : qcow2_set_entry(q, c + i, e);
        }
        c += got;
    }
    pthread_mutex_unlock(&q->meta);
    return error;
}

uint64_t qcow2_file_end(struct qcow2 *q)
{
    uint64_t end = q->rt_entries;

    pthread_mutex_lock(&q->meta);
    while (end && !q->rt[end - 1]) {
        end--;
    }
    end <<= q->refblock_bits;
    for (uint64_t count = 0; end; end--) {
        if (qcow2_refcount_get(q, end - 1, &count) || count) {
            break;
        }
    }
    pthread_mutex_unlock(&q->meta);
    return end << q->cluster_bits;
}

/* Under meta. */
static int empty_l2(struct qcow2 *q, uint64_t l1_index)
{
    struct qcow2_table *l2;
    int error = qcow2_l2_get(q, l1_index, &l2);

    for (uint64_t i = 0; l2 && i < BIT(q->l2_bits) && !error; i++) {
        struct qcow2_entry e = qcow2_get(q, l2, i);
        if (e.word || e.bits) {
            error = qcow2_set_entry(q, (l1_index << q->l2_bits) + i,
                                    (struct qcow2_entry){0, 0});
            error = error ? error : qcow2_l2_get(q, l1_index, &l2);
        }
    }
    return error;
}

int qcow2_empty(struct qcow2 *q)
{
    int error = 0;

    for (uint64_t i = 0; i < q->header.l1_size && !error; i++) {
        pthread_mutex_lock(&q->meta);
        error = empty_l2(q, i);
        pthread_mutex_unlock(&q->meta);
    }
    return error ? error : qcow2_flush(q);
}
