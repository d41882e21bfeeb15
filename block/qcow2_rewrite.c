/*
 * All metadata anew: snapshots, repair.
 *
 * The references that are to be are counted, tables whose COPIED flags
 * change get a copy, and these, the L1 table, the snapshot table and all
 * refcounts are written to clusters that neither the old nor the new
 * metadata use.  Then one write of the header switches to them.  Whatever
 * the moment of a kill, there is one whole set.  What is not referred to,
 * the old set included, is free afterwards.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/qcow2.h"

struct rewrite {
    struct qcow2 *q;
    const struct qcow2_plan *plan;
    struct qcow2_counts counts;
    uint64_t next;       /* no free cluster is below */
    uint64_t *l1;        /* the active one to be */
    uint64_t *fresh_l1;  /* of plan->fresh_snapshot */
    struct qcow2_header header;
    uint64_t *rt;        /* to be; rt_entries of them */
    uint64_t rt_entries;
    struct qcow2 to; /* its refcounts as they are to be */
};

/* Places ---------------------------------------------------------------- */

static bool is_free(struct rewrite *r, uint64_t cluster)
{
    uint64_t old;

    if (cluster < r->counts.clusters && r->counts.count[cluster]) {
        return false;
    }
    return !qcow2_refcount_get(r->q, cluster, &old) && !old;
}

static int set_count(struct rewrite *r, uint64_t cluster, uint32_t count)
{
    if (cluster >= r->counts.clusters) {
        uint64_t room = cluster + cluster / 8 + 1024;
        uint32_t *more = realloc(r->counts.count, room * sizeof(*more));
        if (!more) {
            return ENOMEM;
        }
        memset(more + r->counts.clusters, 0,
               (room - r->counts.clusters) * sizeof(*more));
        r->counts.count = more;
        r->counts.clusters = room;
    }
    r->counts.count[cluster] = count;
    return 0;
}

/* Clusters in a row for `bytes` of metadata, referred to once. */
static int place(struct rewrite *r, uint64_t bytes, uint64_t *offset)
{
    uint64_t want = (bytes + r->q->cluster_size - 1) >> r->q->cluster_bits;
    uint64_t run = 0, c = r->next;

    for (; run < want; c++) {
        run = is_free(r, c) ? run + 1 : 0;
    }
    *offset = (c - want) << r->q->cluster_bits;
    if (want == 1) {
        r->next = c;
    }
    for (uint64_t i = c - want; i < c; i++) {
        int error = set_count(r, i, 1);
        if (error) {
            return error;
        }
    }
    return 0;
}

static int write_words(struct qcow2 *q, uint64_t offset,
                       const uint64_t *words, uint64_t count)
{
    uint64_t bytes = align_up(count * 8, q->cluster_size);
    uint64_t *copy = calloc(1, bytes);

    if (!copy) {
        return ENOMEM;
    }
    for (uint64_t i = 0; i < count; i++) {
        copy[i] = htobe64(words[i]);
    }
    int error = qcow2_write_at(q, offset, copy, bytes);
    free(copy);
    return error;
}

/* Counting -------------------------------------------------------------- */

static int count_references(struct rewrite *r, struct qcow2_check *check)
{
    struct qcow2 *q = r->q;
    const struct qcow2_plan *plan = r->plan;
    int error = qcow2_count_l1(q, &r->counts, check, plan->l1, plan->l1_size,
                               true);

    qcow2_count(q, &r->counts, check, 0, q->cluster_size, "the header");
    error = error ? error : qcow2_count_extras(q, &r->counts, check);
    for (unsigned i = 0; i < plan->snapshot_count && !error; i++) {
        const struct qcow2_snapshot *s = &plan->snapshots[i];
        if ((int)i == plan->fresh_snapshot) {
            error = qcow2_count_l1(q, &r->counts, check, plan->l1,
                                   plan->l1_size, false);
            continue;
        }
        uint64_t *l1 = qcow2_read_l1(q, s->l1_offset, s->l1_size);
        qcow2_count(q, &r->counts, check, s->l1_offset, s->l1_size * 8ull,
                    "a snapshot's L1 table");
        error = l1 ? qcow2_count_l1(q, &r->counts, check, l1, s->l1_size,
                                    false)
                   : EIO;
        free(l1);
    }
    return error;
}

/* The active tables ----------------------------------------------------- */

static uint32_t count_of(const struct rewrite *r, uint64_t offset)
{
    uint64_t cluster = offset >> r->q->cluster_bits;

    return cluster < r->counts.clusters ? r->counts.count[cluster] : 0;
}

/* As the counts have it; a reference that cannot be right becomes 0. */
static struct qcow2_entry right_entry(const struct rewrite *r,
                                      struct qcow2_entry entry)
{
    static const struct qcow2_entry nothing;
    struct qcow2_run run;

    if (qcow2_decode(r->q, entry, 0, &run)) {
        return nothing;
    }
    if (run.kind == QCOW2_IS_COMPRESSED || !run.placed) {
        return entry;
    }
    uint32_t count = qcow2_is_external(r->q) ? 1 : count_of(r, run.host);
    if (!count) {
        return nothing;
    }
    entry.word &= ~QCOW2_COPIED;
    entry.word |= count == 1 ? QCOW2_COPIED : 0;
    return entry;
}

/* *changed: the table in `data` is not what is on the disk. */
static void right_l2(const struct rewrite *r, struct qcow2_table *l2,
                     bool *changed)
{
    *changed = false;
    for (uint64_t i = 0; i < BIT(r->q->l2_bits); i++) {
        struct qcow2_entry old = qcow2_get(r->q, l2, i);
        struct qcow2_entry entry = right_entry(r, old);
        if (entry.word != old.word || entry.bits != old.bits) {
            qcow2_put(r->q, l2, i, entry);
            *changed = true;
        }
    }
}

static int right_l1_entry(struct rewrite *r, struct qcow2_table *l2,
                          uint64_t i)
{
    uint64_t offset = r->plan->l1[i] & QCOW2_OFFSET;
    uint32_t users = r->fresh_l1 ? 2 : 1;
    bool changed;

    if (!offset || offset % r->q->cluster_size || !count_of(r, offset)) {
        return 0;
    }
    int error = qcow2_read_at(r->q, offset, l2->data, r->q->cluster_size);
    right_l2(r, l2, &changed);
    if (!error && changed) {
        uint64_t old = offset >> r->q->cluster_bits;
        error = place(r, r->q->cluster_size, &offset);
        error = error ? error
                      : qcow2_write_at(r->q, offset, l2->data,
                                       r->q->cluster_size);
        r->counts.count[old] -= users;
        error = error ? error
                      : set_count(r, offset >> r->q->cluster_bits, users);
    }
    r->l1[i] = offset | (count_of(r, offset) == 1 ? QCOW2_COPIED : 0);
    if (r->fresh_l1) {
        r->fresh_l1[i] = offset;
    }
    return error;
}

static int right_tables(struct rewrite *r)
{
    uint8_t *data = malloc(r->q->cluster_size);
    struct qcow2_table l2 = {.data = data};
    int error = data ? 0 : ENOMEM;

    for (uint64_t i = 0; i < r->plan->l1_size && !error; i++) {
        error = right_l1_entry(r, &l2, i);
    }
    free(data);
    error = error ? error
                  : place(r, r->plan->l1_size * 8, &r->header.l1_offset);
    r->header.l1_size = r->plan->l1_size;
    return error ? error
                 : write_words(r->q, r->header.l1_offset, r->l1,
                               r->plan->l1_size);
}

static int write_snapshots(struct rewrite *r)
{
    const struct qcow2_plan *plan = r->plan;
    size_t length;
    int error = 0;

    r->header.snapshot_count = plan->snapshot_count;
    r->header.snapshots_offset = 0;
    if (r->fresh_l1) {
        struct qcow2_snapshot *s = &plan->snapshots[plan->fresh_snapshot];
        error = place(r, plan->l1_size * 8, &s->l1_offset);
        error = error ? error
                      : write_words(r->q, s->l1_offset, r->fresh_l1,
                                    plan->l1_size);
    }
    if (error || !plan->snapshot_count) {
        return error;
    }
    uint8_t *table = qcow2_snapshots_pack(plan->snapshots,
                                          plan->snapshot_count, &length);
    error = place(r, length, &r->header.snapshots_offset);
    error = error ? error
                  : qcow2_write_at(r->q, r->header.snapshots_offset, table,
                                   length);
    free(table);
    return error;
}

/* Refcounts ------------------------------------------------------------- */

static bool block_is_used(const struct rewrite *r, uint64_t index)
{
    uint64_t first = index << r->to.refblock_bits;
    uint64_t end = first + BIT(r->to.refblock_bits);

    end = end < r->counts.clusters ? end : r->counts.clusters;
    for (uint64_t c = first; c < end; c++) {
        if (r->counts.count[c]) {
            return true;
        }
    }
    return false;
}

static int grow_rt(struct rewrite *r, uint64_t entries)
{
    entries = align_up(entries + 1, r->q->cluster_size / 8);
    if (entries <= r->rt_entries) {
        return 0;
    }
    if (entries * 8 > QCOW2_MAX_RT_BYTES) {
        return EFBIG;
    }
    /* The place for a smaller one is free again. */
    for (uint64_t i = 0; i < r->header.rt_clusters; i++) {
        r->counts.count[(r->header.rt_offset >> r->q->cluster_bits) + i] = 0;
    }
    uint64_t *rt = realloc(r->rt, entries * 8);
    if (!rt) {
        return ENOMEM;
    }
    memset(rt + r->rt_entries, 0, (entries - r->rt_entries) * 8);
    r->rt = rt;
    r->rt_entries = entries;
    r->header.rt_clusters = entries * 8 >> r->q->cluster_bits;
    return place(r, entries * 8, &r->header.rt_offset);
}

/* Blocks and table need refcounts as well: until nothing is missing. */
static int place_refcounts(struct rewrite *r)
{
    bool changed = true;
    int error = 0;

    r->header.rt_clusters = 0;
    while (changed && !error) {
        uint64_t n = (r->counts.clusters >> r->to.refblock_bits) + 1;
        changed = false;
        for (uint64_t i = 0; i < n && !error; i++) {
            bool missing = i >= r->rt_entries || !r->rt[i];
            if (!missing || !block_is_used(r, i)) {
                continue;
            }
            changed = true;
            error = grow_rt(r, i);
            error = error ? error
                          : place(r, r->q->cluster_size, &r->rt[i]);
        }
    }
    return error;
}

static int write_refcounts(struct rewrite *r)
{
    struct qcow2 *q = r->q;
    uint8_t *block = malloc(q->cluster_size);
    int error = block ? 0 : ENOMEM;

    for (uint64_t i = 0; i < r->rt_entries && !error; i++) {
        if (!r->rt[i]) {
            continue;
        }
        memset(block, 0, q->cluster_size);
        for (uint64_t j = 0; j < BIT(r->to.refblock_bits) && !error;
             j++) {
            uint32_t count = count_of(r, ((i << r->to.refblock_bits) + j)
                                             << q->cluster_bits);
            error = count > qcow2_refcount_max(&r->to) ? ERANGE : 0;
            qcow2_refcount_put(&r->to, block, j, count);
        }
        error = error ? error
                      : qcow2_write_at(q, r->rt[i], block, q->cluster_size);
    }
    free(block);
    return error ? error
                 : write_words(q, r->header.rt_offset, r->rt, r->rt_entries);
}

/* The whole ------------------------------------------------------------- */

static int switch_over(struct rewrite *r)
{
    struct qcow2 *q = r->q;
    struct qcow2_header old = q->header;
    int error = qcow2_barrier(q);

    if (!error) {
        q->header = r->header;
        q->header.size = r->plan->size;
        q->header.refcount_order = r->to.header.refcount_order;
        q->header.incompatible &= ~(uint64_t)QCOW2_DIRTY;
        if (r->plan->repair) {
            q->header.incompatible &= ~(uint64_t)QCOW2_CORRUPT;
        }
        error = qcow2_header_write(q);
    }
    if (error) {
        q->header = old;
        return error;
    }
    q->refblock_bits = r->to.refblock_bits;
    return qcow2_barrier(q);
}

/* Nothing is in memory only, and what was freed is free. */
static int quiesce(struct qcow2 *q)
{
    int error = qcow2_sync_tables(q);

    error = error ? error : qcow2_barrier(q);
    error = error ? error : qcow2_free_now(q, &q->frees);
    return error ? error : qcow2_sync_tables(q);
}

static int rewrite_all(struct rewrite *r)
{
    struct qcow2_check check = {0};
    int error = count_references(r, &check);

    if (!error && check.corruptions && !r->plan->repair) {
        error = EUCLEAN;
    }
    error = error ? error : right_tables(r);
    error = error ? error : write_snapshots(r);
    error = error ? error : place_refcounts(r);
    error = error ? error : write_refcounts(r);
    return error ? error : switch_over(r);
}

static bool rewrite_locked(struct qcow2 *q, const struct qcow2_plan *plan,
                           struct error **err)
{
    struct rewrite r = {.q = q, .plan = plan, .header = q->header, .next = 1};
    int error = plan->repair ? 0 : quiesce(q);

    if (!qcow2_counts_init(q, &r.counts, err)) {
        return false;
    }
    if (plan->repair) {
        r.next = r.counts.clusters;
    }
    r.to.header.refcount_order = plan->refcount_bits
                                     ? (unsigned)ctz64(plan->refcount_bits)
                                     : q->header.refcount_order;
    r.to.refblock_bits = q->cluster_bits + 3 -
                         (unsigned)r.to.header.refcount_order;
    r.l1 = calloc(plan->l1_size + 1, 8);
    r.fresh_l1 = plan->fresh_snapshot >= 0 ? calloc(plan->l1_size + 1, 8)
                                           : NULL;
    if (!r.l1 || (plan->fresh_snapshot >= 0 && !r.fresh_l1)) {
        error = ENOMEM;
    }
    error = error ? error : rewrite_all(&r);
    free(r.counts.count);
    free(r.l1);
    free(r.fresh_l1);
    free(r.rt);
    if (error == EUCLEAN) {
        error_set(err, "%s: the image is corrupt; 'check -r all' repairs it",
                  q->file->path);
    } else if (error == ERANGE) {
        error_set(err, "%s: refcounts of %u bits are too small for "
                  "%s", q->file->path, 1u << r.to.header.refcount_order,
                  plan->refcount_bits ? "it" : "another snapshot");
    } else if (error) {
        error_set_errno(err, error, "%s: cannot write new tables",
                        q->file->path);
    }
    return !error && qcow2_load_tables(q, err);
}

bool qcow2_rewrite(struct qcow2 *q, const struct qcow2_plan *plan,
                   struct error **err)
{
    block_gate_close(&q->use);
    pthread_mutex_lock(&q->meta);
    bool good = rewrite_locked(q, plan, err);
    pthread_mutex_unlock(&q->meta);
    block_gate_open(&q->use);
    return good;
}

bool qcow2_repair(struct qcow2 *q, struct error **err)
{
    struct qcow2_plan plan = {
        .size = q->header.size,
        .l1 = q->l1,
        .l1_size = q->header.l1_size,
        .snapshots = q->snapshots,
        .snapshot_count = q->snapshot_count,
        .fresh_snapshot = -1,
        .repair = true,
    };
    return qcow2_rewrite(q, &plan, err);
}
