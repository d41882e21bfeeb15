/*
 * Guest data: reads, writes in place, writes into new clusters.
 *
 * A cluster's first write: reserve a host cluster, write the data and what
 * is around them, then let the L2 entry name it.  Meanwhile its guest cluster
 * is in q->busy, so that of two writers to one cluster the second finds it
 * placed.  The same with a grain that has no data in a cluster that has its
 * place.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/crypt.h"
#include "block/iov.h"
#include "block/qcow2.h"
#include "block/qcow2_bitmap.h"

/* When so many ranges wait to be freed, free them before the next flush. */
#define MAX_FREES 4096

static bool overlap(const struct qcow2_busy *b, uint64_t first, uint64_t last)
{
    return b->first <= last && first <= b->last;
}

bool qcow2_is_busy(const struct qcow2 *q, uint64_t first, uint64_t last)
{
    const struct qcow2_busy *b = q->busy;

    while (b && !overlap(b, first, last)) {
        b = b->next;
    }
    return b;
}

void qcow2_busy_begin(struct qcow2 *q, struct qcow2_busy *busy)
{
    while (qcow2_is_busy(q, busy->first, busy->last)) {
        pthread_cond_wait(&q->settled, &q->meta);
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

/* In the file ----------------------------------------------------------- */

/* LUKS numbers the sectors of the file, AES those of the disk. */
static int crypt_sectors(struct qcow2 *q, bool encrypt, uint64_t offset,
                         uint64_t host, void *data, uint64_t length)
{
    bool luks = q->header.crypt_method == QCOW2_LUKS;

    return crypt_run(q->crypt, encrypt, (luks ? host : offset) / CRYPT_SECTOR,
                     data, length);
}

int qcow2_data_read(struct qcow2 *q, const struct iovec *iov, unsigned count,
                    uint64_t offset, uint64_t host, uint64_t length)
{
    if (!q->crypt) {
        return block_file_read(q->data, iov, count, host);
    }
    uint8_t *buffer = malloc(length);
    struct iovec one = {buffer, length};
    int error = buffer ? block_file_read(q->data, &one, 1, host) : ENOMEM;

    error = error ? error
                  : crypt_sectors(q, false, offset, host, buffer, length);
    if (!error) {
        iov_from_buffer(iov, count, buffer, length);
    }
    free(buffer);
    return error;
}

int qcow2_data_write(struct qcow2 *q, const struct iovec *iov, unsigned count,
                     uint64_t offset, uint64_t host, uint64_t length)
{
    if (!q->crypt) {
        return block_file_write(q->data, iov, count, host, false);
    }
    uint8_t *buffer = malloc(length);
    struct iovec one = {buffer, length};

    if (!buffer) {
        return ENOMEM;
    }
    iov_to_buffer(iov, count, buffer, length);
    int error = crypt_sectors(q, true, offset, host, buffer, length);
    error = error ? error : block_file_write(q->data, &one, 1, host, false);
    free(buffer);
    return error;
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
        return qcow2_data_read(q, iov, count, offset, run->host,
                               run->length);
    case QCOW2_IS_COMPRESSED:
        return qcow2_read_packed(q, iov, count, offset, run->length,
                                 run->host);
    }
    return EIO;
}

/* With `use` entered. */
static int read_locked(struct qcow2 *q, const struct iovec *iov,
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

    block_gate_enter(&q->use);
    int error = read_locked(q, iov, count, offset, length);
    block_gate_leave(&q->use);
    return error;
}

/* Writing --------------------------------------------------------------- */

/* One step of a write: bytes of the disk, and where they go. */
struct step {
    uint64_t offset, length;
    uint64_t host;   /* of `offset` */
    bool is_new;     /* clusters get a place */
    bool is_fill;    /* grains get data, in clusters that have one */
    uint64_t lo, hi; /* is_new, is_fill: what gets data, whole grains */
    struct qcow2_busy busy;
};

static uint64_t clusters_of(const struct qcow2 *q, uint64_t offset,
                            uint64_t length)
{
    return ((offset + length - 1) >> q->cluster_bits) -
           (offset >> q->cluster_bits) + 1;
}

bool qcow2_is_safe(const struct qcow2 *q, uint64_t host, uint64_t length)
{
    uint64_t end = host + length;

    if (qcow2_is_external(q)) {
        return true;
    }
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
        if (run.copied) {
            break;
        }
        n += run.length;
    }
    *result = n;
    return 0;
}

/* Whether a cluster that gets a new place has to be copied as a whole. */
static int has_data(struct qcow2 *q, uint64_t offset, bool *whole)
{
    struct qcow2_entry e;
    int error = qcow2_entry_of(q, offset >> q->cluster_bits, &e);

    *whole = (uint32_t)e.bits || e.word & QCOW2_COMPRESSED;
    return error;
}

static int plan_copies(struct qcow2 *q, struct step *step)
{
    uint64_t end = step->offset + step->length;
    bool first = true, last = true;
    int error = has_data(q, step->offset, &first);

    error = error ? error : has_data(q, end - 1, &last);
    step->lo = align_down(step->offset, first ? q->cluster_size
                                              : BIT(q->grain_bits));
    step->hi = align_up(end, last ? q->cluster_size : BIT(q->grain_bits));
    return error;
}

/* What has to be copied is done cluster by cluster. */
static uint64_t whole_clusters_of(const struct qcow2 *q, uint64_t offset,
                                  uint64_t length)
{
    uint64_t rest = q->cluster_size - offset % q->cluster_size;

    if (length <= rest) {
        return length;
    }
    return rest < q->cluster_size
               ? rest : align_down(length, q->cluster_size);
}

static int plan_new(struct qcow2 *q, struct step *step)
{
    uint64_t start = align_down(step->offset, q->cluster_size), got;
    int error = length_of_new(q, step->offset, step->length, &step->length);
    step->length = whole_clusters_of(q, step->offset, step->length);
    uint64_t want = clusters_of(q, step->offset, step->length);

    if (!error && qcow2_is_external(q)) {
        step->host = step->offset;
        return plan_copies(q, step);
    }
    error = error ? error : qcow2_alloc(q, want, false, &step->host, &got);
    if (error) {
        return error;
    }
    if (got < want) {
        step->length = start + (got << q->cluster_bits) - step->offset;
    }
    step->host += step->offset - start;
    return plan_copies(q, step);
}

/* Under meta.  At most one L2 table is concerned. */
static int plan_step(struct qcow2 *q, struct step *step)
{
    struct qcow2_run run;
    int error = qcow2_lookup(q, step->offset, step->length, &run);

    if (error) {
        return error;
    }
    if (!run.copied) {
        step->is_new = true;
        return plan_new(q, step);
    }
    step->is_fill = run.kind != QCOW2_IS_DATA;
    step->length = step->is_fill
                       ? whole_clusters_of(q, step->offset, run.length)
                       : run.length;
    step->host = run.host;
    step->lo = align_down(step->offset, BIT(q->grain_bits));
    step->hi = align_up(step->offset + step->length, BIT(q->grain_bits));
    return qcow2_is_safe(q, run.host, run.length) ? 0 : EIO;
}

/* In one piece with what is around them, less than a cluster: one write. */
static int move_with_copies(struct qcow2 *q, const struct step *step,
                            const struct iovec *iov, unsigned count)
{
    uint64_t head = step->offset - step->lo, length = step->hi - step->lo;
    uint64_t end = head + step->length;
    uint8_t *buffer = block_file_buffer(length);
    struct iovec all = {buffer, length}, tail = {buffer + end, length - end};
    struct iovec before = {buffer, head};
    int error = buffer ? 0 : ENOMEM;

    if (!error && head) {
        error = read_locked(q, &before, 1, step->lo, head);
    }
    if (!error && tail.iov_len) {
        error = read_locked(q, &tail, 1, step->lo + end, tail.iov_len);
    }
    if (!error) {
        iov_to_buffer(iov, count, buffer + head, step->length);
        error = qcow2_data_write(q, &all, 1, step->lo, step->host - head,
                                 length);
    }
    block_file_buffer_free(buffer);
    return error;
}

static int move_data(struct qcow2 *q, const struct step *step,
                     const struct iovec *iov, unsigned count)
{
    bool copies = (step->is_new || step->is_fill) &&
                  step->hi - step->lo != step->length;

    return copies ? move_with_copies(q, step, iov, count)
                  : qcow2_data_write(q, iov, count, step->offset, step->host,
                                     step->length);
}

/* The grains of a guest cluster that are in [lo, hi). */
static uint32_t grains_in(const struct qcow2 *q, uint64_t cluster,
                          uint64_t lo, uint64_t hi)
{
    uint64_t start = cluster << q->cluster_bits;
    uint64_t end = start + q->cluster_size;

    lo = (lo > start ? lo - start : 0) >> q->grain_bits;
    hi = ((hi < end ? hi : end) - start) >> q->grain_bits;
    return (uint32_t)(mask64(hi) & ~mask64(lo));
}

static int link_one(struct qcow2 *q, const struct step *step,
                    uint64_t cluster, uint64_t host)
{
    struct qcow2_entry old, now = {host | QCOW2_COPIED, 0};
    int error = qcow2_entry_of(q, cluster, &old);

    if (qcow2_has_grains(q)) {
        uint64_t mask = grains_in(q, cluster, step->lo, step->hi);
        uint64_t zero = old.word & QCOW2_COMPRESSED
                            ? 0 : old.bits & QCOW2_ALL_ZERO & ~(mask << 32);
        now.bits = zero | mask | (step->is_fill ? (uint32_t)old.bits : 0);
    }
    return error ? error : qcow2_set_entry(q, cluster, now);
}

/* Under meta: the data are written.  What could not be linked is freed at
 * once, as nothing ever named it. */
static int link_step(struct qcow2 *q, const struct step *step, int error)
{
    uint64_t first = step->offset >> q->cluster_bits;
    uint64_t n = clusters_of(q, step->offset, step->length);
    uint64_t host = align_down(step->host, q->cluster_size), i = 0;

    for (; i < n && !error; i++) {
        error = link_one(q, step, first + i, host + (i << q->cluster_bits));
        i -= error != 0;
    }
    if (i < n && step->is_new && !qcow2_is_external(q)) {
        qcow2_refcount_add(q, (host >> q->cluster_bits) + i, n - i, -1);
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
    bool links = step->is_new || step->is_fill;
    if (error || !links) {
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
    if (links) {
        pthread_mutex_lock(&q->meta);
        error = link_step(q, step, error);
        qcow2_busy_end(q, &step->busy);
        pthread_mutex_unlock(&q->meta);
    }
    return error;
}

int qcow2_settle(struct qcow2 *q, int error, bool sync)
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

    block_gate_enter(&q->use);
    int error = qcow2_bitmaps_touch(q, offset, length);
    for (uint64_t done = 0; done < length && !error;) {
        struct step step = {.offset = offset + done, .length = length - done};
        error = write_step(q, &step, iov, count, done);
        done += step.length;
    }
    block_gate_leave(&q->use);
    return qcow2_settle(q, error, sync);
}
