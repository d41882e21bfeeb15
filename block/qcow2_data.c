/*
 * Guest data: reads, writes in place, writes into new clusters.
 *
 * A cluster's first write: reserve a host cluster, write the data and what
 * is around them, then let the L2 entry name it.  Meanwhile its guest cluster
 * is in q->busy, so that of two writers to one cluster the second finds it
 * placed.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/iov.h"
#include "block/qcow2.h"

/* When so many ranges wait to be freed, free them before the next flush. */
#define MAX_FREES 4096

void qcow2_busy_begin(struct qcow2 *q, struct qcow2_busy *busy)
{
    for (struct qcow2_busy *b = q->busy; b;) {
        if (b->first <= busy->last && busy->first <= b->last) {
            pthread_cond_wait(&q->settled, &q->meta);
            b = q->busy;
        } else {
            b = b->next;
        }
    }
    busy->next = q->busy;
    q->busy = busy;
}

void qcow2_busy_end(struct qcow2 *q, struct qcow2_busy *busy)
{
    struct qcow2_busy **at = &q->busy;

    while (*at != busy) {
        at = &(*at)->next;
    }
    *at = busy->next;
    pthread_cond_broadcast(&q->settled);
}

/* Reading --------------------------------------------------------------- */

static int read_backing(struct qcow2 *q, const struct iovec *iov,
                        unsigned count, uint64_t offset, uint64_t length)
{
    struct iovec part[BLOCK_MAX_IOV];
    uint64_t size = q->backing ? q->backing->size : 0;
    uint64_t there = offset >= size ? 0 : size - offset;

    there = there < length ? there : length;
    iov_zero(iov, count, there, length - there);
    if (!there) {
        return 0;
    }
    unsigned parts = iov_slice(part, iov, count, 0, there);
    return q->backing->ops->read(q->backing, part, parts, offset, there);
}

/* A part of one cluster. */
static int read_compressed(struct qcow2 *q, const struct iovec *iov,
                           unsigned count, uint64_t offset, uint64_t length,
                           uint64_t entry)
{
    uint64_t host, packed_length;

    qcow2_compressed_place(q, entry, &host, &packed_length);
    uint8_t *cluster = malloc(q->cluster_size);
    uint8_t *packed = malloc(packed_length);
    int error = cluster && packed
                    ? qcow2_read_at(q, host, packed, packed_length)
                    : ENOMEM;
    if (!error) {
        error = qcow2_inflate((enum qcow2_compression)q->header.compression,
                              packed, packed_length, cluster,
                              q->cluster_size);
    }
    const uint8_t *from = cluster + (offset & (q->cluster_size - 1));
    for (unsigned i = 0; i < count && length && !error; i++) {
        size_t n = iov[i].iov_len < length ? iov[i].iov_len : length;
        memcpy(iov[i].iov_base, from, n);
        from += n;
        length -= n;
    }
    free(cluster);
    free(packed);
    return error;
}

static int read_run(struct qcow2 *q, const struct iovec *iov, unsigned count,
                    uint64_t offset, const struct qcow2_run *run)
{
    switch (run->kind) {
    case QCOW2_IS_ABSENT:
        return read_backing(q, iov, count, offset, run->length);
    case QCOW2_IS_ZERO:
        iov_zero(iov, count, 0, run->length);
        return 0;
    case QCOW2_IS_DATA:
        return block_file_read(q->file, iov, count, run->host);
    case QCOW2_IS_COMPRESSED:
        return read_compressed(q, iov, count, offset, run->length,
                               run->host);
    }
    return EIO;
}

int qcow2_read_locked(struct qcow2 *q, const struct iovec *iov,
                      unsigned count, uint64_t offset, uint64_t length)
{
    struct iovec part[BLOCK_MAX_IOV];
    int error = 0;

    for (uint64_t done = 0; done < length && !error;) {
        struct qcow2_run run;
        pthread_mutex_lock(&q->meta);
        error = qcow2_lookup(q, offset + done, length - done, &run);
        pthread_mutex_unlock(&q->meta);
        if (!error) {
            unsigned parts = iov_slice(part, iov, count, done, run.length);
            error = read_run(q, part, parts, offset + done, &run);
            done += run.length;
        }
    }
    return error;
}

int qcow2_read(struct block_image *image, const struct iovec *iov,
               unsigned count, uint64_t offset, uint64_t length)
{
    struct qcow2 *q = qcow2_of(image);

    pthread_rwlock_rdlock(&q->use);
    int error = qcow2_read_locked(q, iov, count, offset, length);
    pthread_rwlock_unlock(&q->use);
    return error;
}

/* Writing --------------------------------------------------------------- */

/* One step of a write: bytes of the disk, and where they go. */
struct step {
    uint64_t offset, length;
    uint64_t host; /* of offset's cluster when new, else of offset */
    bool is_new;
    struct qcow2_busy busy;
};

static uint64_t clusters_of(const struct qcow2 *q, uint64_t offset,
                            uint64_t length)
{
    return ((offset + length - 1) >> q->cluster_bits) -
           (offset >> q->cluster_bits) + 1;
}

/* Nobody's tables are at [host, host+length). */
static bool is_safe(const struct qcow2 *q, uint64_t host, uint64_t length)
{
    uint64_t end = host + length;

    for (uint64_t h = align_down(host, q->cluster_size); h < end;
         h += q->cluster_size) {
        if (qcow2_is_fixed(q, h)) {
            return false;
        }
    }
    return true;
}

/* How many bytes from offset on need new clusters. */
static int length_of_new(struct qcow2 *q, uint64_t offset, uint64_t length,
                         uint64_t *result)
{
    struct qcow2_run run;
    uint64_t n = 0;

    while (n < length) {
        int error = qcow2_lookup(q, offset + n, length - n, &run);
        if (error) {
            return error;
        }
        if (run.kind == QCOW2_IS_DATA && run.copied) {
            break;
        }
        n += run.length;
    }
    *result = n;
    return 0;
}

/* Under meta.  At most one L2 table is concerned. */
static int plan_step(struct qcow2 *q, struct step *step)
{
    struct qcow2_run run;
    uint64_t got;
    int error = qcow2_lookup(q, step->offset, step->length, &run);

    if (error) {
        return error;
    }
    step->is_new = !(run.kind == QCOW2_IS_DATA && run.copied);
    if (!step->is_new) {
        step->length = run.length;
        step->host = run.host;
        return is_safe(q, run.host, run.length) ? 0 : EIO;
    }
    error = length_of_new(q, step->offset, step->length, &step->length);
    uint64_t want = clusters_of(q, step->offset, step->length);
    error = error ? error : qcow2_alloc(q, want, false, &step->host, &got);
    if (!error && got < want) {
        uint64_t start = align_down(step->offset, q->cluster_size);
        step->length = start + (got << q->cluster_bits) - step->offset;
    }
    return error;
}

/* Copy [offset, offset+length), a part of a cluster, to its new place. */
static int copy(struct qcow2 *q, uint64_t offset, uint64_t length,
                uint64_t host)
{
    void *buffer = length ? malloc(length) : NULL;
    struct iovec iov = {buffer, length};

    if (!buffer) {
        return length ? ENOMEM : 0;
    }
    int error = qcow2_read_locked(q, &iov, 1, offset, length);
    error = error ? error : block_file_write(q->file, &iov, 1, host, false);
    free(buffer);
    return error;
}

static int move_data(struct qcow2 *q, const struct step *step,
                     const struct iovec *iov, unsigned count)
{
    uint64_t host = step->host;
    int error = 0;

    if (step->is_new) {
        uint64_t head = step->offset & (q->cluster_size - 1);
        uint64_t end = step->offset + step->length;
        uint64_t tail = align_up(end, q->cluster_size) - end;
        error = copy(q, step->offset - head, head, host);
        error = error ? error
                      : copy(q, end, tail, host + head + step->length);
        host += head;
    }
    return error ? error : block_file_write(q->file, iov, count, host, false);
}

/* Under meta: the clusters are written.  What could not be linked is freed
 * at once, as nothing ever named it. */
static int link_new(struct qcow2 *q, const struct step *step, int error)
{
    uint64_t first = step->offset >> q->cluster_bits;
    uint64_t n = clusters_of(q, step->offset, step->length);
    uint64_t i = 0;

    for (; i < n && !error; i++) {
        error = qcow2_set_entry(q, first + i,
                                (step->host + (i << q->cluster_bits)) |
                                    QCOW2_COPIED);
        i -= error != 0;
    }
    if (i < n) {
        qcow2_refcount_add(q, (step->host >> q->cluster_bits) + i, n - i, -1);
    }
    return error;
}

static int write_step(struct qcow2 *q, struct step *step,
                      const struct iovec *iov, unsigned count, uint64_t skip)
{
    struct iovec part[BLOCK_MAX_IOV];
    uint64_t span = q->cluster_size << q->l2_bits;
    uint64_t rest = span - step->offset % span;

    step->length = step->length < rest ? step->length : rest;
    step->busy.first = step->offset >> q->cluster_bits;
    step->busy.last = (step->offset + step->length - 1) >> q->cluster_bits;
    pthread_mutex_lock(&q->meta);
    qcow2_busy_begin(q, &step->busy);
    int error = plan_step(q, step);
    /* Others may go on with what is not in this step, or is in place. */
    if (error || !step->is_new) {
        qcow2_busy_end(q, &step->busy);
    } else {
        step->busy.last = (step->offset + step->length - 1) >>
                          q->cluster_bits;
        pthread_cond_broadcast(&q->settled);
    }
    pthread_mutex_unlock(&q->meta);
    if (error) {
        return error;
    }
    unsigned parts = iov_slice(part, iov, count, skip, step->length);
    error = move_data(q, step, part, parts);
    if (step->is_new) {
        pthread_mutex_lock(&q->meta);
        error = link_new(q, step, error);
        qcow2_busy_end(q, &step->busy);
        pthread_mutex_unlock(&q->meta);
    }
    return error;
}

/* After an operation, with no lock held. */
static int settle(struct qcow2 *q, int error, bool sync)
{
    pthread_mutex_lock(&q->meta);
    bool full = q->frees.count >= MAX_FREES;
    pthread_mutex_unlock(&q->meta);
    return error || !(sync || full) ? error : qcow2_flush(q);
}

int qcow2_write(struct block_image *image, const struct iovec *iov,
                unsigned count, uint64_t offset, uint64_t length, bool sync)
{
    struct qcow2 *q = qcow2_of(image);
    int error = 0;

    pthread_rwlock_rdlock(&q->use);
    for (uint64_t done = 0; done < length && !error;) {
        struct step step = {.offset = offset + done, .length = length - done};
        error = write_step(q, &step, iov, count, done);
        done += step.length;
    }
    pthread_rwlock_unlock(&q->use);
    return settle(q, error, sync);
}

/* Compressed ------------------------------------------------------------ */

/* Write packed data of the cluster at `offset` and let its entry name them. */
static int write_packed(struct qcow2 *q, uint64_t offset, const void *packed,
                        size_t length)
{
    struct qcow2_busy busy = {offset >> q->cluster_bits,
                              offset >> q->cluster_bits, NULL};
    int shift = 62 - ((int)q->cluster_bits - 8);
    uint64_t host = 0;

    pthread_mutex_lock(&q->meta);
    qcow2_busy_begin(q, &busy);
    int error = qcow2_alloc_bytes(q, length, &host);
    pthread_mutex_unlock(&q->meta);
    bool placed = !error;
    if (placed) {
        error = host >> shift ? EFBIG
                              : qcow2_write_at(q, host, packed, length);
    }
    pthread_mutex_lock(&q->meta);
    if (!error) {
        uint64_t sectors = ((host + length - 1) >> 9) - (host >> 9);
        error = qcow2_set_entry(q, busy.first,
                                QCOW2_COMPRESSED | sectors << shift | host);
    }
    if (error && placed) {
        uint64_t first = host >> q->cluster_bits;
        qcow2_refcount_add(q, first, clusters_of(q, host, length), -1);
    }
    qcow2_busy_end(q, &busy);
    pthread_mutex_unlock(&q->meta);
    return error;
}

/* Whole clusters; the last may be cut by the end of the disk. */
int qcow2_write_compressed(struct block_image *image, const void *data,
                           uint64_t offset, uint64_t length)
{
    struct qcow2 *q = qcow2_of(image);
    uint8_t *cluster = calloc(2, q->cluster_size);
    int error = cluster ? 0 : ENOMEM;

    while (length && !error) {
        uint64_t n = length < q->cluster_size ? length : q->cluster_size;
        uint8_t *packed = cluster + q->cluster_size;
        size_t packed_length = q->cluster_size - 1;
        memcpy(cluster, data, n);
        memset(cluster + n, 0, q->cluster_size - n);
        error = qcow2_deflate((enum qcow2_compression)q->header.compression,
                              cluster, q->cluster_size, packed,
                              &packed_length);
        if (error == ENOSPC) {
            struct iovec iov = {(void *)data, n};
            error = qcow2_write(image, &iov, 1, offset, n, false);
        } else if (!error) {
            pthread_rwlock_rdlock(&q->use);
            error = write_packed(q, offset, packed, packed_length);
            pthread_rwlock_unlock(&q->use);
        }
        data = (const uint8_t *)data + n;
        offset += n;
        length -= n;
    }
    free(cluster);
    return settle(q, error, false);
}
