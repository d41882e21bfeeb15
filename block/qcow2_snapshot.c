/*
 * Internal snapshots: the table, and making, applying and deleting one.
 *
 * Each of these is a new set of metadata, see qcow2_rewrite.c.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "block/qcow2.h"
#include "util/clock.h"

/* "Snapshots" of the specification. */
enum {
    S_L1_OFFSET = 0,
    S_L1_SIZE = 8,
    S_ID_LENGTH = 12,
    S_NAME_LENGTH = 14,
    S_DATE_SEC = 16,
    S_DATE_NSEC = 20,
    S_CLOCK = 24,
    S_VM_STATE = 32,
    S_EXTRA_LENGTH = 36,
    S_HEAD = 40,
    X_VM_STATE = 0, /* the extra data: the same in 64 bits */
    X_DISK_SIZE = 8,
    X_ICOUNT = 16,
    X_LENGTH = 24,
    X_MAX = 1024,
};

void qcow2_snapshots_free(struct qcow2_snapshot *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        free(list[i].id);
        free(list[i].name);
    }
    free(list);
}

static bool check_snapshot(struct qcow2 *q, const struct qcow2_snapshot *s,
                           uint32_t extra, struct error **err)
{
    uint64_t end = align_up(block_file_size(q->file), q->cluster_size);

    if (extra > X_MAX) {
        error_set(err, "%s: a snapshot has %u bytes of extra data",
                  q->file->path, extra);
    } else if (s->l1_size * 8ull > QCOW2_MAX_L1_BYTES ||
               s->l1_offset % q->cluster_size || s->l1_offset > end ||
               s->l1_size * 8ull > end - s->l1_offset) {
        error_set(err, "%s: the L1 table of a snapshot is not in the file",
                  q->file->path);
    } else {
        return true;
    }
    return false;
}

/* Head, extra data, id and name; *at moves on. */
static bool read_snapshot(struct qcow2 *q, uint64_t *at,
                          struct qcow2_snapshot *s, struct error **err)
{
    uint8_t head[S_HEAD] = {0}, extra[X_MAX] = {0};
    int error = qcow2_read_at(q, *at, head, sizeof(head));
    uint64_t id_length = qcow2_load(head + S_ID_LENGTH, 2);
    uint64_t name_length = qcow2_load(head + S_NAME_LENGTH, 2);
    uint32_t extra_length = (uint32_t)qcow2_load(head + S_EXTRA_LENGTH, 4);

    s->l1_offset = qcow2_load(head + S_L1_OFFSET, 8);
    s->l1_size = (uint32_t)qcow2_load(head + S_L1_SIZE, 4);
    if (!error && !check_snapshot(q, s, extra_length, err)) {
        return false;
    }
    *at += S_HEAD;
    error = error ? error : qcow2_read_at(q, *at, extra, extra_length);
    *at += extra_length;
    s->id = calloc(1, id_length + 1);
    s->name = calloc(1, name_length + 1);
    assert(s->id && s->name);
    error = error ? error : qcow2_read_at(q, *at, s->id, id_length);
    error = error ? error
                  : qcow2_read_at(q, *at + id_length, s->name, name_length);
    *at = align_up(*at + id_length + name_length, 8);
    s->date_sec = (uint32_t)qcow2_load(head + S_DATE_SEC, 4);
    s->date_nsec = (uint32_t)qcow2_load(head + S_DATE_NSEC, 4);
    s->clock_nsec = qcow2_load(head + S_CLOCK, 8);
    s->vm_state_size = extra_length >= X_VM_STATE + 8
                           ? qcow2_load(extra + X_VM_STATE, 8)
                           : qcow2_load(head + S_VM_STATE, 4);
    s->disk_size = extra_length >= X_DISK_SIZE + 8
                       ? qcow2_load(extra + X_DISK_SIZE, 8)
                       : q->header.size;
    s->icount = extra_length >= X_LENGTH ? qcow2_load(extra + X_ICOUNT, 8)
                                         : UINT64_MAX;
    if (error) {
        error_set_errno(err, error, "%s: cannot read the snapshot table",
                        q->file->path);
    }
    return !error;
}

bool qcow2_snapshots_read(struct qcow2 *q, struct error **err)
{
    uint64_t at = q->header.snapshots_offset;
    unsigned count = (unsigned)q->header.snapshot_count;

    qcow2_snapshots_free(q->snapshots, q->snapshot_count);
    q->snapshots = calloc(count + 1, sizeof(*q->snapshots));
    assert(q->snapshots);
    q->snapshot_count = count;
    for (unsigned i = 0; i < count; i++) {
        if (!read_snapshot(q, &at, &q->snapshots[i], err)) {
            return false;
        }
    }
    q->snapshots_length = at - q->header.snapshots_offset;
    return true;
}

uint8_t *qcow2_snapshots_pack(const struct qcow2_snapshot *list,
                              unsigned count, size_t *length)
{
    size_t size = 0;

    for (unsigned i = 0; i < count; i++) {
        size += align_up(S_HEAD + X_LENGTH + strlen(list[i].id) +
                         strlen(list[i].name), 8);
    }
    uint8_t *table = calloc(1, size + 1), *p = table;
    assert(table);
    for (unsigned i = 0; i < count; i++) {
        const struct qcow2_snapshot *s = &list[i];
        size_t id_length = strlen(s->id), name_length = strlen(s->name);
        qcow2_store(p + S_L1_OFFSET, 8, s->l1_offset);
        qcow2_store(p + S_L1_SIZE, 4, s->l1_size);
        qcow2_store(p + S_ID_LENGTH, 2, id_length);
        qcow2_store(p + S_NAME_LENGTH, 2, name_length);
        qcow2_store(p + S_DATE_SEC, 4, s->date_sec);
        qcow2_store(p + S_DATE_NSEC, 4, s->date_nsec);
        qcow2_store(p + S_CLOCK, 8, s->clock_nsec);
        qcow2_store(p + S_VM_STATE, 4,
                    s->vm_state_size >> 32 ? 0 : s->vm_state_size);
        qcow2_store(p + S_EXTRA_LENGTH, 4, X_LENGTH);
        qcow2_store(p + S_HEAD + X_VM_STATE, 8, s->vm_state_size);
        qcow2_store(p + S_HEAD + X_DISK_SIZE, 8, s->disk_size);
        qcow2_store(p + S_HEAD + X_ICOUNT, 8, s->icount);
        memcpy(p + S_HEAD + X_LENGTH, s->id, id_length);
        memcpy(p + S_HEAD + X_LENGTH + id_length, s->name, name_length);
        p += align_up(S_HEAD + X_LENGTH + id_length + name_length, 8);
    }
    *length = size;
    return table;
}

/* NULL is any; -1. */
static int index_of(const struct qcow2 *q, const char *id, const char *name)
{
    for (unsigned i = 0; i < q->snapshot_count; i++) {
        const struct qcow2_snapshot *s = &q->snapshots[i];
        if ((!id || strcmp(s->id, id) == 0) &&
            (!name || strcmp(s->name, name) == 0)) {
            return (int)i;
        }
    }
    return -1;
}

int qcow2_snapshot_find(const struct qcow2 *q, const char *id,
                        const char *name, struct error **err)
{
    int i = index_of(q, id, name);

    if (i < 0) {
        error_set(err, "%s: there is no snapshot '%s'%s%s; 'snapshot -l' "
                  "lists them", q->file->path, id ? id : name,
                  id && name ? " of the name " : "", id && name ? name : "");
    }
    return i;
}

int qcow2_snapshot_either(const struct qcow2 *q, const char *text,
                          struct error **err)
{
    int i = index_of(q, text, NULL);

    return i < 0 ? qcow2_snapshot_find(q, NULL, text, err) : i;
}

/* What the image has now, to be changed; the list is a shallow copy. */
static struct qcow2_plan plan_now(const struct qcow2 *q)
{
    struct qcow2_plan plan = {
        .size = q->header.size,
        .l1 = q->l1,
        .l1_size = q->header.l1_size,
        .snapshot_count = q->snapshot_count,
        .fresh_snapshot = -1,
    };
    plan.snapshots = calloc(q->snapshot_count + 1, sizeof(*plan.snapshots));
    assert(plan.snapshots);
    memcpy(plan.snapshots, q->snapshots,
           q->snapshot_count * sizeof(*plan.snapshots));
    return plan;
}

static uint64_t highest_id(const struct qcow2 *q)
{
    uint64_t highest = 0;

    for (unsigned i = 0; i < q->snapshot_count; i++) {
        uint64_t id = strtoull(q->snapshots[i].id, NULL, 10);
        highest = id > highest ? id : highest;
    }
    return highest;
}

bool qcow2_snapshot_create(struct qcow2 *q, const char *name,
                           struct error **err)
{
    uint64_t now = clock_realtime_ns();
    char id[24];

    if (qcow2_is_external(q)) {
        error_set(err, "%s: an image with a data file has no snapshots",
                  q->file->path);
        return false;
    }
    if (q->snapshot_count >= QCOW2_MAX_SNAPSHOTS || strlen(name) > 65535) {
        error_set(err, "%s: no room for another snapshot", q->file->path);
        return false;
    }
    snprintf(id, sizeof(id), "%llu", (unsigned long long)highest_id(q) + 1);
    struct qcow2_plan plan = plan_now(q);
    plan.fresh_snapshot = (int)plan.snapshot_count++;
    plan.snapshots[plan.fresh_snapshot] = (struct qcow2_snapshot){
        .l1_size = (uint32_t)q->header.l1_size,
        .id = id,
        .name = (char *)name,
        .date_sec = (uint32_t)(now / 1000000000),
        .date_nsec = (uint32_t)(now % 1000000000),
        .disk_size = q->header.size,
    };
    bool good = qcow2_rewrite(q, &plan, err);
    free(plan.snapshots);
    return good;
}

/* An id only where nothing has that name: what is gone is gone. */
bool qcow2_snapshot_delete(struct qcow2 *q, const char *name,
                           struct error **err)
{
    int i = index_of(q, NULL, name);

    i = i < 0 ? qcow2_snapshot_find(q, name, NULL, err) : i;

    if (i < 0) {
        return false;
    }
    struct qcow2_plan plan = plan_now(q);
    plan.snapshot_count--;
    memmove(&plan.snapshots[i], &plan.snapshots[i + 1],
            (plan.snapshot_count - (unsigned)i) * sizeof(*plan.snapshots));
    bool good = qcow2_rewrite(q, &plan, err);
    free(plan.snapshots);
    return good;
}

bool qcow2_snapshot_apply(struct qcow2 *q, const char *name,
                          struct error **err)
{
    int i = qcow2_snapshot_either(q, name, err);

    if (i < 0) {
        return false;
    }
    if (q->bitmaps) {
        error_set(err, "%s: has bitmaps, which do not know what a snapshot "
                  "changes; remove them first", q->file->path);
        return false;
    }
    const struct qcow2_snapshot *s = &q->snapshots[i];
    unsigned covers = q->cluster_bits + q->l2_bits;
    uint64_t need = (s->disk_size + BIT(covers) - 1) >> covers;
    struct qcow2_plan plan = plan_now(q);
    plan.size = s->disk_size;
    plan.l1_size = s->l1_size > need ? s->l1_size : need;
    uint64_t *l1 = s->disk_size <= INT64_MAX - BIT(covers) &&
                           plan.l1_size * 8 <= QCOW2_MAX_L1_BYTES
                       ? qcow2_read_l1(q, s->l1_offset, s->l1_size) : NULL;
    plan.l1 = l1 ? calloc(plan.l1_size + 1, 8) : NULL;
    if (plan.l1) {
        memcpy(plan.l1, l1, s->l1_size * 8ull);
    } else {
        error_set(err, "%s: cannot read the tables of snapshot '%s'",
                  q->file->path, name);
    }
    bool good = plan.l1 && qcow2_rewrite(q, &plan, err);
    free(l1);
    free(plan.l1);
    free(plan.snapshots);
    return good;
}

bool qcow2_snapshot_load(struct qcow2 *q, int i, struct error **err)
{
    if (i < 0) {
        return false;
    }
    const struct qcow2_snapshot *s = &q->snapshots[i];
    uint64_t *l1 = qcow2_read_l1(q, s->l1_offset, s->l1_size);
    if (!l1 || s->disk_size > INT64_MAX - BLOCK_SECTOR) {
        error_set(err, "%s: cannot read the tables of snapshot '%s'",
                  q->file->path, s->name);
        free(l1);
        return false;
    }
    assert(q->read_only);
    free(q->l1);
    q->l1 = l1;
    q->header.l1_size = s->l1_size;
    q->image.size = align_up(s->disk_size, BLOCK_SECTOR);
    return true;
}
