/*
 * Refcounts: reading, changing, finding free clusters, growing the table.
 *
 * Allocation takes the first free clusters.  Freed ones come back only when
 * nothing on the disk refers to them (struct qcow2_frees), so what is free
 * here is free on the disk as well.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/qcow2.h"

static uint64_t refcount_in(const struct qcow2 *q, const uint8_t *block,
                            uint64_t index)
{
    unsigned order = (unsigned)q->header.refcount_order;

    if (order >= 3) {
        unsigned bytes = 1u << (order - 3);
        return qcow2_load(block + index * bytes, bytes);
    }
    /* Smaller ones fill a byte from its least significant bit. */
    unsigned bit = (unsigned)(index << order) % 8;
    return block[(index << order) / 8] >> bit & ((1u << (1u << order)) - 1);
}

void qcow2_refcount_put(const struct qcow2 *q, uint8_t *block,
                        uint64_t index, uint64_t value)
{
    unsigned order = (unsigned)q->header.refcount_order;

    if (order >= 3) {
        unsigned bytes = 1u << (order - 3);
        qcow2_store(block + index * bytes, bytes, value);
        return;
    }
    unsigned bit = (unsigned)(index << order) % 8;
    uint8_t mask = (uint8_t)(((1u << (1u << order)) - 1) << bit);
    uint8_t *byte = &block[(index << order) / 8];
    *byte = (uint8_t)((*byte & ~mask) | (value << bit & mask));
}

uint64_t qcow2_refcount_max(const struct qcow2 *q)
{
    return q->header.refcount_order == 6
               ? UINT64_MAX
               : BIT(1u << q->header.refcount_order) - 1;
}

/* NULL when the cluster has none. */
static int find_block(struct qcow2 *q, uint64_t cluster,
                      struct qcow2_table **block)
{
    uint64_t index = cluster >> q->refblock_bits;

    *block = NULL;
    if (index >= q->rt_entries || !q->rt[index]) {
        return 0;
    }
    return qcow2_cache_get(q, &q->refblocks, q->rt[index], block);
}

static uint64_t in_block(const struct qcow2 *q, uint64_t cluster)
{
    return cluster & (BIT(q->refblock_bits) - 1);
}

int qcow2_refcount_get(struct qcow2 *q, uint64_t cluster, uint64_t *count)
{
    struct qcow2_table *block;
    int error = find_block(q, cluster, &block);

    *count = error || !block
                 ? 0
                 : refcount_in(q, block->data, in_block(q, cluster));
    return error;
}

int qcow2_refcount_add(struct qcow2 *q, uint64_t cluster, uint64_t count,
                       int delta)
{
    for (uint64_t c = cluster; c < cluster + count; c++) {
        struct qcow2_table *block;
        int error = find_block(q, c, &block);
        if (error || !block) {
            return error ? error : EIO;
        }
        uint64_t value = refcount_in(q, block->data, in_block(q, c));
        if (delta < 0 ? !value : value == qcow2_refcount_max(q)) {
            return delta < 0 ? EIO : ERANGE;
        }
        value += (uint64_t)(int64_t)delta;
        qcow2_refcount_put(q, block->data, in_block(q, c), value);
        block->dirty = true;
        if (!value && c && c < q->first_free) {
            q->first_free = c;
        }
    }
    return 0;
}

/* Growing --------------------------------------------------------------- */

/* A refcount block for clusters that have none lies in the first of them. */
static int add_block(struct qcow2 *q, uint64_t index)
{
    struct qcow2_table *block;
    uint64_t offset = index << q->refblock_bits << q->cluster_bits;
    int error = qcow2_is_fixed(q, offset)
                    ? EIO
                    : qcow2_cache_add(q, &q->refblocks, offset, &block);

    if (!error) {
        qcow2_refcount_put(q, block->data, 0, 1);
        qcow2_rt_set(q, index, offset);
    }
    return error;
}

/* Write new refcount blocks at `base` and, behind them, the table. */
static int write_grown(struct qcow2 *q, const uint64_t *rt, uint64_t base,
                       uint64_t blocks, uint64_t clusters)
{
    uint64_t index = base >> q->refblock_bits;
    uint8_t *block = malloc(q->cluster_size);
    int error = block ? 0 : ENOMEM;

    for (uint64_t i = 0; i < blocks && !error; i++) {
        memset(block, 0, q->cluster_size);
        for (uint64_t c = 0; c < BIT(q->refblock_bits); c++) {
            if ((i << q->refblock_bits) + c < blocks + clusters) {
                qcow2_refcount_put(q, block, c, 1);
            }
        }
        error = qcow2_write_at(q, rt[index + i], block, q->cluster_size);
    }
    free(block);
    uint64_t bytes = clusters << q->cluster_bits;
    uint64_t *table = error ? NULL : malloc(bytes);
    if (table) {
        for (uint64_t i = 0; i < bytes / 8; i++) {
            table[i] = htobe64(rt[i]);
        }
        error = qcow2_write_at(q, (base + blocks) << q->cluster_bits, table,
                               bytes);
    }
    free(table);
    return error ? error : table ? qcow2_barrier(q) : ENOMEM;
}

/* A table twice as large, in the first clusters that the old one does not
 * reach. */
static int grow_table(struct qcow2 *q, uint64_t index)
{
    uint64_t base = q->rt_entries << q->refblock_bits;
    uint64_t entries = (index + 1) * 2;
    uint64_t clusters = (entries * 8 + q->cluster_size - 1) >> q->cluster_bits;
    uint64_t blocks = 1;

    while (blocks << q->refblock_bits < blocks + clusters) {
        blocks++;
    }
    entries = clusters << q->cluster_bits >> 3;
    if (entries * 8 > QCOW2_MAX_RT_BYTES) {
        return EFBIG;
    }
    uint64_t *rt = calloc(entries, 8);
    uint8_t *dirty = calloc(entries / 64 + 1, 1);
    int error = rt && dirty ? 0 : ENOMEM;
    /* Blocks that only the table in memory names must be there, too. */
    error = error ? error : qcow2_cache_write(q, &q->refblocks, false);
    if (!error) {
        memcpy(rt, q->rt, q->rt_entries * 8);
        for (uint64_t i = 0; i < blocks; i++) {
            rt[q->rt_entries + i] = (base + i) << q->cluster_bits;
        }
        error = write_grown(q, rt, base, blocks, clusters);
    }
    struct qcow2_header old = q->header;
    if (!error) {
        q->header.rt_offset = (base + blocks) << q->cluster_bits;
        q->header.rt_clusters = clusters;
        error = qcow2_header_write(q);
        error = error ? error : qcow2_barrier(q);
    }
    if (error) {
        q->header = old;
        free(rt);
        free(dirty);
        return error;
    }
    free(q->rt);
    free(q->rt_dirty);
    q->rt = rt;
    q->rt_dirty = dirty;
    q->rt_any_dirty = false;
    q->rt_entries = entries;
    qcow2_free(q, old.rt_offset, old.rt_clusters << q->cluster_bits);
    return 0;
}

/* Allocation ------------------------------------------------------------ */

/* The first free cluster from `from` on, and how many follow, up to `want`. */
static int find_free(struct qcow2 *q, uint64_t from, uint64_t want, bool all,
                     uint64_t *first, uint64_t *got)
{
    uint64_t run = 0;

    for (uint64_t c = from; run < want; c++) {
        uint64_t count;
        if (c >> (56 - q->cluster_bits)) {
            return EFBIG;
        }
        int error = qcow2_refcount_get(q, c, &count);
        if (error) {
            return error;
        }
        if (!count) {
            *first = run++ ? *first : c;
        } else if (run && !all) {
            break;
        } else {
            run = 0;
        }
    }
    *got = run;
    return 0;
}

static bool is_missing(const struct qcow2 *q, uint64_t index)
{
    return index >= q->rt_entries || !q->rt[index];
}

/* Refcount blocks that [first, first+count) lacks. */
static uint64_t missing_for(const struct qcow2 *q, uint64_t first,
                            uint64_t count)
{
    uint64_t last = (first + count - 1) >> q->refblock_bits, n = 0;

    for (uint64_t i = first >> q->refblock_bits; i <= last; i++) {
        n += is_missing(q, i);
    }
    return n;
}

/* Blocks for [first, first+count) in clusters from `at` on, and the number
 * of these that were used. */
static int add_blocks(struct qcow2 *q, uint64_t first, uint64_t count,
                      uint64_t *at)
{
    uint64_t last = (first + count - 1) >> q->refblock_bits;
    int error = 0;

    for (uint64_t i = first >> q->refblock_bits; i <= last && !error; i++) {
        struct qcow2_table *block;
        if (is_missing(q, i)) {
            uint64_t offset = (*at)++ << q->cluster_bits;
            error = qcow2_is_fixed(q, offset)
                        ? EIO
                        : qcow2_cache_add(q, &q->refblocks, offset, &block);
            if (!error) {
                qcow2_rt_set(q, i, offset);
            }
        }
    }
    return error;
}

/* Room that is to stay in one piece has its blocks behind it, those for the
 * blocks themselves, too. */
static int cover_behind(struct qcow2 *q, uint64_t first, uint64_t count)
{
    uint64_t at = first + count, need = 0, got, start;
    int error = 0;

    while (need != missing_for(q, first, at + need - first) && !error) {
        need = missing_for(q, first, at + need - first);
        error = find_free(q, at, need, true, &at, &got);
    }
    uint64_t all = at + need - first;
    if (error || (first + all - 1) >> q->refblock_bits >= q->rt_entries) {
        return error ? error
                     : grow_table(q, (first + all - 1) >> q->refblock_bits);
    }
    start = at;
    error = add_blocks(q, first, all, &at);
    return error ? error : qcow2_refcount_add(q, start, at - start, 1);
}

/* Refcount blocks for all of [first, first+count).  *added: some were new,
 * and may lie in that very range. */
static int cover(struct qcow2 *q, uint64_t first, uint64_t count, bool *added)
{
    uint64_t last = (first + count - 1) >> q->refblock_bits;
    int error = 0;

    *added = missing_for(q, first, count);
    if (*added && last >= q->rt_entries) {
        return grow_table(q, last);
    }
    if (*added && count > BIT(q->refblock_bits) / 2) {
        return cover_behind(q, first, count);
    }
    for (uint64_t i = first >> q->refblock_bits; i <= last && !error; i++) {
        if (!q->rt[i]) {
            error = add_block(q, i);
        }
    }
    return error;
}

int qcow2_alloc(struct qcow2 *q, uint64_t want, bool all, uint64_t *offset,
                uint64_t *got)
{
    uint64_t first = 0, count = 0;
    bool added;

    do {
        int error = find_free(q, q->first_free, want, all, &first, &count);
        error = error ? error : cover(q, first, count, &added);
        if (error) {
            return error;
        }
    } while (added);
    for (uint64_t c = first; c < first + count; c++) {
        if (qcow2_is_fixed(q, c << q->cluster_bits)) {
            return EIO; /* the refcounts are wrong */
        }
    }
    int error = qcow2_refcount_add(q, first, count, 1);
    if (!error) {
        *offset = first << q->cluster_bits;
        *got = count;
        if (!all || want == 1 || first == q->first_free) {
            q->first_free = first + count;
        }
    }
    return error;
}

/* Go on in the cluster behind, when the data would fit nowhere else. */
static int extend_bytes(struct qcow2 *q, uint64_t next)
{
    uint64_t count;
    bool added;
    int error = qcow2_refcount_get(q, next, &count);

    error = error ? error : cover(q, next, 1, &added);
    if (error || count || added) {
        return error ? error : EAGAIN;
    }
    error = qcow2_refcount_add(q, next, 1, 1);
    if (!error && q->first_free == next) {
        q->first_free++;
    }
    return error;
}

int qcow2_alloc_bytes(struct qcow2 *q, uint64_t length, uint64_t *offset)
{
    uint64_t at = q->compressed_next;
    int error = EAGAIN;

    if (at) {
        uint64_t cluster = at >> q->cluster_bits;
        uint64_t last = (at + length - 1) >> q->cluster_bits;
        uint64_t count;
        error = qcow2_refcount_get(q, cluster, &count);
        if (!error && (!count || count == qcow2_refcount_max(q))) {
            error = EAGAIN;
        }
        if (!error && last != cluster) {
            error = extend_bytes(q, last);
        }
        error = error ? error : qcow2_refcount_add(q, cluster, 1, 1);
    }
    if (error == EAGAIN) {
        uint64_t got;
        error = qcow2_alloc(q, 1, true, &at, &got);
    }
    if (!error) {
        *offset = at;
        at += length;
        q->compressed_next = at % q->cluster_size ? at : 0;
    }
    return error;
}

/* Freeing --------------------------------------------------------------- */

void qcow2_free(struct qcow2 *q, uint64_t offset, uint64_t length)
{
    struct qcow2_frees *f = &q->frees;
    uint64_t first = offset >> q->cluster_bits;
    uint64_t count = ((offset + length - 1) >> q->cluster_bits) - first + 1;

    if (f->count) {
        struct qcow2_range *last = &f->ranges[f->count - 1];
        if (last->cluster + last->count == first) {
            last->count += count;
            return;
        }
    }
    if (f->count == f->room) {
        f->room = f->room ? f->room * 2 : 64;
        f->ranges = realloc(f->ranges, f->room * sizeof(*f->ranges));
        assert(f->ranges);
    }
    f->ranges[f->count++] = (struct qcow2_range){first, count};
}

/* Clusters that are free now lose their space in the file. */
static int free_range(struct qcow2 *q, const struct qcow2_range *range)
{
    uint64_t hole = range->cluster, end = range->cluster + range->count;

    for (uint64_t c = range->cluster; c < end; c++) {
        uint64_t count;
        int error = qcow2_refcount_add(q, c, 1, -1);
        error = error ? error : qcow2_refcount_get(q, c, &count);
        if (error) {
            return error;
        }
        if (!count) {
            qcow2_cache_drop(&q->l2s, c << q->cluster_bits);
            qcow2_cache_drop(&q->refblocks, c << q->cluster_bits);
            if (q->compressed_next >> q->cluster_bits == c) {
                q->compressed_next = 0;
            }
        }
        if (count || c + 1 == end) {
            uint64_t until = count ? c : end;
            if (!q->keep_holes) {
                block_file_discard(q->file, hole << q->cluster_bits,
                                   (until - hole) << q->cluster_bits);
            }
            hole = c + 1;
        }
    }
    return 0;
}

int qcow2_free_now(struct qcow2 *q, struct qcow2_frees *frees)
{
    int error = 0;

    for (unsigned i = 0; i < frees->count && !error; i++) {
        error = free_range(q, &frees->ranges[i]);
    }
    free(frees->ranges);
    memset(frees, 0, sizeof(*frees));
    return error;
}
