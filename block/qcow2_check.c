/* Check: refcounts against references, flags against refcounts. */
#include <errno.h>
#include <stdlib.h>

#include "block/qcow2.h"

/* Header, refcounts, snapshots and all that these refer to. */
static int count_all(struct qcow2 *q, struct qcow2_counts *counts,
                     struct qcow2_check *check)
{
    const struct qcow2_header *h = &q->header;

    qcow2_count(q, counts, check, 0, q->cluster_size, "the header");
    qcow2_count(q, counts, check, h->rt_offset,
                h->rt_clusters << q->cluster_bits, "the refcount table");
    for (uint64_t i = 0; i < q->rt_entries; i++) {
        if (q->rt[i] % q->cluster_size) {
            qcow2_check_say(check, "refcount block %llu at %#llx makes no "
                            "sense", (unsigned long long)i,
                            (unsigned long long)q->rt[i]);
            check->corruptions++;
        } else if (q->rt[i]) {
            qcow2_count(q, counts, check, q->rt[i], q->cluster_size,
                        "a refcount block");
        }
    }
    qcow2_count(q, counts, check, h->l1_offset, h->l1_size * 8,
                "the L1 table");
    qcow2_count(q, counts, check, h->snapshots_offset, q->snapshots_length,
                "the snapshot table");
    int error = qcow2_count_extras(q, counts, check);
    error = error ? error
                  : qcow2_count_l1(q, counts, check, q->l1, h->l1_size, true);
    for (unsigned i = 0; i < q->snapshot_count && !error; i++) {
        const struct qcow2_snapshot *s = &q->snapshots[i];
        uint64_t *l1 = qcow2_read_l1(q, s->l1_offset, s->l1_size);
        qcow2_count(q, counts, check, s->l1_offset, s->l1_size * 8ull,
                    "a snapshot's L1 table");
        error = l1 ? qcow2_count_l1(q, counts, check, l1, s->l1_size, false)
                   : EIO;
        free(l1);
    }
    return error;
}

static void compare(struct qcow2 *q, const struct qcow2_counts *counts,
                    struct qcow2_check *check)
{
    uint64_t end = counts->clusters;

    /* Refcounts of clusters that the file does not even reach. */
    uint64_t covered = q->rt_entries << q->refblock_bits;
    for (uint64_t c = 0; c < covered; c++) {
        uint64_t count, want = c < end ? counts->count[c] : 0;
        if (c >= end && !q->rt[c >> q->refblock_bits]) {
            c |= BIT(q->refblock_bits) - 1;
            continue;
        }
        if (qcow2_refcount_get(q, c, &count)) {
            check->errors++;
            c |= BIT(q->refblock_bits) - 1;
        } else if (count > want) {
            qcow2_check_say(check, "Leaked cluster %llu refcount=%llu "
                            "reference=%llu", (unsigned long long)c,
                            (unsigned long long)count,
                            (unsigned long long)want);
            check->leaks++;
        } else if (count < want) {
            qcow2_check_say(check, "ERROR cluster %llu refcount=%llu "
                            "reference=%llu", (unsigned long long)c,
                            (unsigned long long)count,
                            (unsigned long long)want);
            check->corruptions++;
        }
    }
    for (uint64_t c = covered; c < end; c++) {
        if (counts->count[c]) {
            qcow2_check_say(check, "ERROR cluster %llu refcount=0 "
                            "reference=%u", (unsigned long long)c,
                            counts->count[c]);
            check->corruptions++;
        }
    }
}

static void check_copied(struct qcow2 *q, struct qcow2_check *check,
                         uint64_t entry, const char *what)
{
    uint64_t offset = entry & QCOW2_OFFSET, count;

    if (!offset || offset % q->cluster_size ||
        qcow2_refcount_get(q, offset >> q->cluster_bits, &count)) {
        return;
    }
    if ((count == 1) != !!(entry & QCOW2_COPIED)) {
        qcow2_check_say(check, "ERROR OFLAG_COPIED %s: entry=%#llx "
                        "refcount=%llu", what, (unsigned long long)entry,
                        (unsigned long long)count);
        check->corruptions++;
    }
}

/* The active state's COPIED flags: wrong ones let a write change snapshots. */
static void check_flags(struct qcow2 *q, struct qcow2_check *check)
{
    for (uint64_t i = 0; i < q->header.l1_size; i++) {
        struct qcow2_table *l2;
        check_copied(q, check, q->l1[i], "L2 table");
        if (qcow2_l2_get(q, i, &l2) || !l2) {
            continue;
        }
        for (uint64_t j = 0; j < BIT(q->l2_bits); j++) {
            struct qcow2_entry entry = qcow2_get(q, l2, j);
            struct qcow2_run run;
            if (entry.word && !qcow2_decode(q, entry, 0, &run) &&
                run.kind != QCOW2_IS_COMPRESSED && !qcow2_is_external(q)) {
                check_copied(q, check, entry.word, "data cluster");
            }
        }
    }
}

bool qcow2_check(struct qcow2 *q, struct qcow2_check *check,
                 struct error **err)
{
    struct qcow2_counts counts;

    check->total = (q->image.size + q->cluster_size - 1) >> q->cluster_bits;
    if (!qcow2_counts_init(q, &counts, err)) {
        return false;
    }
    block_gate_close(&q->use);
    pthread_mutex_lock(&q->meta);
    int error = q->read_only ? 0 : qcow2_sync_tables(q);
    error = error ? error : count_all(q, &counts, check);
    if (error) {
        error_set_errno(err, error, "%s: cannot read", q->file->path);
    } else {
        compare(q, &counts, check);
        check_flags(q, check);
    }
    pthread_mutex_unlock(&q->meta);
    block_gate_open(&q->use);
    free(counts.count);
    return !error;
}
