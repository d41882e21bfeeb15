/*
 * Clusters without data: zeroes, discards, and the opposite, places without
 * data.
 *
 * Version 3 marks a cluster as zero; version 2 can only leave it out, which
 * shows the backing file, so that there zeroes may have to be written.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/iov.h"
#include "block/qcow2.h"

/* What a cluster that is not there reads as, at `offset`. */
static bool absent_is_zero(const struct qcow2 *q, uint64_t offset)
{
    return !q->backing || offset >= q->backing->size;
}

/* Under meta.  EOPNOTSUPP: data must be written. */
static int zero_cluster(struct qcow2 *q, uint64_t cluster, bool keep)
{
    uint64_t offset = cluster << q->cluster_bits;
    struct qcow2_run run;
    uint64_t entry = 0;
    int error = qcow2_lookup(q, offset, q->cluster_size, &run);

    if (error) {
        return error;
    }
    if (run.kind == QCOW2_IS_ZERO ? !run.host || keep
                                  : run.kind == QCOW2_IS_ABSENT &&
                                        absent_is_zero(q, offset)) {
        return 0;
    }
    if (q->header.version >= 3) {
        entry = QCOW2_ZERO;
        if (keep && run.copied) {
            entry |= run.host | QCOW2_COPIED;
        }
    } else if (!absent_is_zero(q, offset)) {
        return EOPNOTSUPP;
    } else if (keep && run.copied) {
        return EOPNOTSUPP;
    }
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

/* A part of a cluster: nothing to do when all of it is zero. */
static int zero_part(struct qcow2 *q, uint64_t offset, uint64_t length)
{
    struct qcow2_run run;

    pthread_rwlock_rdlock(&q->use);
    pthread_mutex_lock(&q->meta);
    int error = qcow2_lookup(q, offset, length, &run);
    pthread_mutex_unlock(&q->meta);
    pthread_rwlock_unlock(&q->use);
    if (error || run.kind == QCOW2_IS_ZERO ||
        (run.kind == QCOW2_IS_ABSENT && absent_is_zero(q, offset))) {
        return error;
    }
    return write_zeroes(q, offset, length);
}

/* The last cluster counts as whole when the disk ends in it. */
static uint64_t whole_end(const struct qcow2 *q, uint64_t end)
{
    return end == q->image.size ? align_up(end, q->cluster_size)
                                : align_down(end, q->cluster_size);
}

int qcow2_zero(struct block_image *image, uint64_t offset, uint64_t length,
               bool unmap)
{
    struct qcow2 *q = qcow2_of(image);
    uint64_t end = offset + length;
    uint64_t first = align_up(offset, q->cluster_size);
    uint64_t last = whole_end(q, end);
    int error = 0;

    if (first >= last) {
        uint64_t middle = first < end ? first : end;
        error = zero_part(q, offset, middle - offset);
        return error || middle == end ? error
                                      : zero_part(q, middle, end - middle);
    }
    if (offset < first) {
        error = zero_part(q, offset, first - offset);
    }
    uint64_t c = first >> q->cluster_bits, n = last >> q->cluster_bits;
    while (!error && c < n) {
        uint64_t done;
        pthread_rwlock_rdlock(&q->use);
        error = each_cluster(q, c, n - 1, zero_cluster, !unmap, &done);
        pthread_rwlock_unlock(&q->use);
        c += done;
        if (error == EOPNOTSUPP) {
            uint64_t at = c++ << q->cluster_bits;
            error = write_zeroes(q, at, q->cluster_size < end - at
                                            ? q->cluster_size : end - at);
        }
    }
    return error || last >= end ? error : zero_part(q, last, end - last);
}

/* Contents that are hidden must not show again, so with a backing file the
 * cluster becomes zero, if it can. */
static int discard_cluster(struct qcow2 *q, uint64_t cluster, bool keep)
{
    struct qcow2_run run;
    uint64_t offset = cluster << q->cluster_bits;
    int error = qcow2_lookup(q, offset, q->cluster_size, &run);
    bool hidden = !absent_is_zero(q, offset);

    (void)keep;
    if (error || (run.kind == QCOW2_IS_ABSENT && !hidden) ||
        (run.kind == QCOW2_IS_ZERO && !run.host) ||
        (hidden && q->header.version < 3)) {
        return error;
    }
    return qcow2_set_entry(q, cluster, hidden ? QCOW2_ZERO : 0);
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
    pthread_rwlock_rdlock(&q->use);
    int error = each_cluster(q, first, end - 1, discard_cluster, false,
                             &done);
    pthread_mutex_lock(&q->meta);
    bool many = q->frees.count > 4096;
    pthread_mutex_unlock(&q->meta);
    pthread_rwlock_unlock(&q->use);
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
        uint64_t host = 0, got = want;
        bool absent = run.kind == QCOW2_IS_ABSENT;
        if (!error && absent) {
            error = qcow2_alloc(q, want, false, &host, &got);
        }
        for (uint64_t i = 0; i < got && !error && absent; i++) {
            error = qcow2_set_entry(q, c + i,
                                    (host + (i << q->cluster_bits)) |
                                        QCOW2_COPIED);
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
        if (qcow2_word(l2, i)) {
            error = qcow2_set_entry(q, (l1_index << q->l2_bits) + i, 0);
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
