/*
 * Requests that the kernel can do by itself: reads, and writes in place, of
 * guest data that are in one piece, where the L2 table is in memory and
 * nobody holds a lock.  Whatever else there is waits, on a worker thread.
 */
#include "block/qcow2.h"
#include "block/qcow2_bitmap.h"

/* A bitmap that follows the guest's changes may be about to be marked as in
 * use on the disk; a write that is to be on the disk takes its table there,
 * too. */
static bool is_simple(const struct qcow2 *q,
                      const struct block_access *access)
{
    if (q->crypt) {
        return false;
    }
    return access->op == BLOCK_READ ||
           (access->op == BLOCK_WRITE && !access->sync &&
            !(q->bitmaps && q->bitmaps->enabled));
}

/* Under meta. */
static bool may_overwrite(const struct qcow2 *q,
                          const struct block_access *access,
                          const struct qcow2_run *run)
{
    uint64_t last = access->offset + access->length - 1;

    return run->copied && run->kind == QCOW2_IS_DATA &&
           qcow2_is_safe(q, run->host, access->length) &&
           !qcow2_is_busy(q, access->offset >> q->cluster_bits,
                          last >> q->cluster_bits);
}

/* Under meta: whether all of the range is alike, and what it is. */
static bool is_one_run(struct qcow2 *q, const struct block_access *access,
                       struct qcow2_run *run)
{
    return qcow2_l2_is_ready(q, access->offset >>
                                (q->cluster_bits + q->l2_bits)) &&
           !qcow2_lookup(q, access->offset, access->length, run) &&
           run->length == access->length;
}

bool qcow2_enter(struct block_image *image, struct block_access *access)
{
    struct qcow2 *q = qcow2_of(image);
    struct qcow2_run run;

    if (!is_simple(q, access) || !block_gate_try(&q->use)) {
        return false;
    }
    bool entered = false;
    if (pthread_mutex_trylock(&q->meta) == 0) {
        entered = is_one_run(q, access, &run) &&
                  (access->op == BLOCK_READ || may_overwrite(q, access, &run));
        pthread_mutex_unlock(&q->meta);
    }
    if (entered && run.kind == QCOW2_IS_DATA) {
        access->file = q->data;
        access->offset = run.host;
        access->image = image;
        return true;
    }
    block_gate_leave(&q->use);
    if (!entered || run.kind == QCOW2_IS_COMPRESSED) {
        return false;
    }
    return block_image_enter_below(
        run.kind == QCOW2_IS_ABSENT ? q->backing : NULL, access);
}

void qcow2_leave(struct block_image *image)
{
    block_gate_leave(&qcow2_of(image)->use);
}
