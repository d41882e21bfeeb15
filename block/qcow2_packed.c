/* Guest data in compressed clusters. */
#include <errno.h>
#include <stdlib.h>

#include "block/iov.h"
#include "block/qcow2.h"
#include "block/qcow2_bitmap.h"

int qcow2_read_packed(struct qcow2 *q, const struct iovec *iov,
                      unsigned count, uint64_t offset, uint64_t length,
                      uint64_t entry)
{
    uint64_t host, packed_length;

    qcow2_compressed_place(q, entry, &host, &packed_length);
    /* All of it, in one piece, needs no copy. */
    bool whole = count == 1 && length == q->cluster_size;
    uint8_t *cluster = whole ? iov->iov_base : malloc(q->cluster_size);
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
    if (!whole && !error) {
        iov_from_buffer(iov, count, from, length);
    }
    free(whole ? NULL : cluster);
    free(packed);
    return error;
}

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
        uint64_t word = QCOW2_COMPRESSED | sectors << shift | host;
        error = qcow2_set_entry(q, busy.first,
                                (struct qcow2_entry){word, 0});
    }
    if (error && placed) {
        uint64_t first = host >> q->cluster_bits;
        uint64_t last = (host + length - 1) >> q->cluster_bits;
        qcow2_refcount_add(q, first, last - first + 1, -1);
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
        error = q->crypt || qcow2_is_external(q)
                    ? ENOSPC
                    : qcow2_deflate(
                          (enum qcow2_compression)q->header.compression,
                          cluster, q->cluster_size, packed, &packed_length);
        if (error == ENOSPC) {
            struct iovec iov = {(void *)data, n};
            error = qcow2_write(image, &iov, 1, offset, n, false);
        } else if (!error) {
            block_gate_enter(&q->use);
            error = qcow2_bitmaps_touch(q, offset, n);
            error = error ? error
                          : write_packed(q, offset, packed, packed_length);
            block_gate_leave(&q->use);
        }
        data = (const uint8_t *)data + n;
        offset += n;
        length -= n;
    }
    free(cluster);
    return qcow2_settle(q, error, false);
}
