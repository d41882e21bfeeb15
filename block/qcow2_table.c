/*
 * L1 and L2 tables: where guest clusters are, and how changes of that reach
 * the disk.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/qcow2.h"

/* Entries --------------------------------------------------------------- */

static enum qcow2_kind kind_of_grain(uint64_t bits, unsigned grain)
{
    return bits >> (QCOW2_GRAINS + grain) & 1 ? QCOW2_IS_ZERO
           : bits >> grain & 1                ? QCOW2_IS_DATA
                                              : QCOW2_IS_ABSENT;
}

int qcow2_decode(const struct qcow2 *q, struct qcow2_entry entry,
                 unsigned grain, struct qcow2_run *run)
{
    uint64_t host = entry.word & QCOW2_OFFSET;
    bool zero = entry.word & QCOW2_ZERO;
    uint32_t data = (uint32_t)entry.bits;

    run->placed = run->copied = false;
    if (entry.word & QCOW2_COMPRESSED) {
        run->kind = QCOW2_IS_COMPRESSED;
        run->host = entry.word;
        return qcow2_is_external(q) ? EIO : 0;
    }
    run->host = host;
    /* In a data file 0 is a place as any other. */
    run->placed = host || (qcow2_is_external(q) && entry.word & QCOW2_COPIED);
    run->copied = run->placed && entry.word & QCOW2_COPIED;
    if (host % q->cluster_size || (zero && q->header.version < 3)) {
        return EIO;
    }
    if (!qcow2_has_grains(q)) {
        run->kind = zero          ? QCOW2_IS_ZERO
                    : run->placed ? QCOW2_IS_DATA
                                  : QCOW2_IS_ABSENT;
        return 0;
    }
    run->kind = kind_of_grain(entry.bits, grain);
    run->host += run->placed ? (uint64_t)grain << q->grain_bits : 0;
    return zero || data & entry.bits >> QCOW2_GRAINS ||
                   (data && !run->placed)
               ? EIO : 0;
}

/* "Compressed Clusters Descriptor": offset, then the sectors that follow the
 * one that it is in. */
void qcow2_compressed_place(const struct qcow2 *q, uint64_t entry,
                            uint64_t *offset, uint64_t *length)
{
    int shift = 62 - ((int)q->cluster_bits - 8);

    *offset = entry & mask64(shift);
    uint64_t sectors = extract64(entry, shift, 62 - shift) + 1;
    *length = sectors * 512 - *offset % 512;
}

static bool same_run(const struct qcow2 *q, const struct qcow2_run *run,
                     const struct qcow2_run *next, uint64_t grains)
{
    return next->kind == run->kind && next->copied == run->copied &&
           next->placed == run->placed &&
           (!run->placed ||
            next->host == run->host + (grains << q->grain_bits));
}

/* How many grains from `index` on in an L2 table are alike; at most
 * `limit`. */
static int find_run(const struct qcow2 *q, const struct qcow2_table *l2,
                    uint64_t index, uint64_t limit, struct qcow2_run *run,
                    uint64_t *grains)
{
    unsigned bits = q->cluster_bits - q->grain_bits;
    uint64_t mask = BIT(bits) - 1, n = 1;
    int error = qcow2_decode(q, qcow2_get(q, l2, index >> bits),
                             (unsigned)(index & mask), run);

    if (!error && run->kind == QCOW2_IS_COMPRESSED) {
        *grains = BIT(bits) - (index & mask);
        *grains = *grains < limit ? *grains : limit;
        return 0;
    }
    for (; n < limit && !error; n++) {
        struct qcow2_run next;
        if (qcow2_decode(q, qcow2_get(q, l2, (index + n) >> bits),
                         (unsigned)((index + n) & mask), &next) ||
            next.kind == QCOW2_IS_COMPRESSED ||
            !same_run(q, run, &next, n)) {
            break;
        }
    }
    *grains = n;
    return error;
}

int qcow2_lookup(struct qcow2 *q, uint64_t offset, uint64_t length,
                 struct qcow2_run *run)
{
    uint64_t within = offset & (BIT(q->grain_bits) - 1);
    uint64_t all = BIT(q->l2_bits + q->cluster_bits - q->grain_bits);
    uint64_t index = offset >> q->grain_bits & (all - 1);
    uint64_t limit = (length + within + BIT(q->grain_bits) - 1) >>
                     q->grain_bits;
    uint64_t n = all - index;
    struct qcow2_table *l2;
    int error = qcow2_l2_get(q, offset >> (q->cluster_bits + q->l2_bits),
                             &l2);

    if (error) {
        return error;
    }
    limit = n < limit ? n : limit;
    memset(run, 0, sizeof(*run));
    n = limit;
    if (l2) {
        error = find_run(q, l2, index, limit, run, &n);
    }
    run->length = (n << q->grain_bits) - within;
    run->length = run->length < length ? run->length : length;
    if (run->placed) {
        run->host += within;
    }
    if (run->placed && qcow2_is_external(q) && run->host != offset) {
        return EIO;
    }
    return error;
}

int qcow2_entry_of(struct qcow2 *q, uint64_t guest_cluster,
                   struct qcow2_entry *entry)
{
    struct qcow2_table *l2;
    int error = qcow2_l2_get(q, guest_cluster >> q->l2_bits, &l2);

    *entry = error || !l2
                 ? (struct qcow2_entry){0, 0}
                 : qcow2_get(q, l2, guest_cluster & (BIT(q->l2_bits) - 1));
    return error;
}

/* Tables ---------------------------------------------------------------- */

static void mark(uint8_t *dirty, bool *any, uint64_t index)
{
    dirty[index / 64] = 1;
    *any = true;
}

static void set_l1(struct qcow2 *q, uint64_t index, uint64_t entry)
{
    q->l1[index] = entry;
    mark(q->l1_dirty, &q->l1_any_dirty, index);
}

void qcow2_rt_set(struct qcow2 *q, uint64_t index, uint64_t entry)
{
    q->rt[index] = entry;
    mark(q->rt_dirty, &q->rt_any_dirty, index);
}

int qcow2_l2_get(struct qcow2 *q, uint64_t l1_index,
                 struct qcow2_table **table)
{
    *table = NULL;
    if (l1_index >= q->header.l1_size || !(q->l1[l1_index] & QCOW2_OFFSET)) {
        return 0;
    }
    return qcow2_cache_get(q, &q->l2s, q->l1[l1_index] & QCOW2_OFFSET, table);
}

bool qcow2_l2_is_ready(struct qcow2 *q, uint64_t l1_index)
{
    return l1_index >= q->header.l1_size ||
           !(q->l1[l1_index] & QCOW2_OFFSET) ||
           qcow2_cache_has(&q->l2s, q->l1[l1_index] & QCOW2_OFFSET);
}

/* The active state's own table, made or copied when it has none. */
static int own_l2(struct qcow2 *q, uint64_t l1_index,
                  struct qcow2_table **table)
{
    struct qcow2_table *old;
    uint64_t offset, got;
    int error = qcow2_l2_get(q, l1_index, &old);

    if (error || l1_index >= q->header.l1_size) {
        return error ? error : EIO;
    }
    *table = old;
    if (old && q->l1[l1_index] & QCOW2_COPIED) {
        return qcow2_is_fixed(q, old->offset) ? EIO : 0;
    }
    error = qcow2_alloc(q, 1, true, &offset, &got);
    if (!error && old && offset == old->offset) {
        error = EIO; /* the old one lies where nothing is counted in use */
    }
    error = error ? error : qcow2_cache_add(q, &q->l2s, offset, table);
    if (error) {
        return error;
    }
    if (old) {
        memcpy((*table)->data, old->data, q->cluster_size);
        qcow2_free(q, old->offset, q->cluster_size);
    }
    set_l1(q, l1_index, offset | QCOW2_COPIED);
    return 0;
}

int qcow2_set_entry(struct qcow2 *q, uint64_t guest_cluster,
                    struct qcow2_entry entry)
{
    uint64_t index = guest_cluster & (BIT(q->l2_bits) - 1);
    struct qcow2_table *l2;
    struct qcow2_run old;
    int error = own_l2(q, guest_cluster >> q->l2_bits, &l2);

    error = error ? error : qcow2_decode(q, qcow2_get(q, l2, index), 0, &old);
    if (error) {
        return error;
    }
    uint64_t same = entry.word ^ qcow2_get(q, l2, index).word;
    qcow2_put(q, l2, index, entry);
    if (old.kind == QCOW2_IS_COMPRESSED) {
        uint64_t offset, length;
        qcow2_compressed_place(q, old.host, &offset, &length);
        qcow2_free(q, offset, length);
    } else if (old.host && same & QCOW2_OFFSET && !qcow2_is_external(q)) {
        qcow2_free(q, old.host, q->cluster_size);
    }
    return 0;
}

/* To the disk ----------------------------------------------------------- */

/* The dirty sectors of an L1 or refcount table. */
static int write_words(struct qcow2 *q, uint64_t offset,
                       const uint64_t *words, uint64_t count, uint8_t *dirty,
                       bool *any)
{
    int error = 0;

    for (uint64_t s = 0; s * 64 < count && !error; s++) {
        uint64_t sector[64];
        uint64_t n = count - s * 64 < 64 ? count - s * 64 : 64;
        if (!dirty[s]) {
            continue;
        }
        for (uint64_t i = 0; i < n; i++) {
            sector[i] = htobe64(words[s * 64 + i]);
        }
        error = qcow2_write_at(q, offset + s * 512, sector, n * 8);
        dirty[s] = error != 0;
    }
    *any = error != 0;
    return error;
}

/*
 * Each step needs the one before on the disk: blocks and new L2 tables, to
 * which nothing leads yet; the refcount table; L2 tables; the L1 table.
 */
int qcow2_sync_tables(struct qcow2 *q)
{
    int error = qcow2_cache_write(q, &q->refblocks, false);

    error = error ? error : qcow2_cache_write(q, &q->l2s, true);
    if (!error && q->rt_any_dirty) {
        error = qcow2_barrier(q);
        error = error ? error
                      : write_words(q, q->header.rt_offset, q->rt,
                                    q->rt_entries, q->rt_dirty,
                                    &q->rt_any_dirty);
    }
    if (error || !(q->l1_any_dirty || qcow2_cache_dirty(&q->l2s))) {
        return error;
    }
    error = qcow2_barrier(q);
    error = error ? error : qcow2_cache_write(q, &q->l2s, false);
    if (!error && q->l1_any_dirty) {
        error = write_words(q, q->header.l1_offset, q->l1, q->header.l1_size,
                            q->l1_dirty, &q->l1_any_dirty);
    }
    return error;
}

/* Put frees back that could not be done. */
static void keep_frees(struct qcow2 *q, struct qcow2_frees *frees)
{
    for (unsigned i = 0; i < frees->count; i++) {
        qcow2_free(q, frees->ranges[i].cluster << q->cluster_bits,
                   frees->ranges[i].count << q->cluster_bits);
    }
    free(frees->ranges);
}

int qcow2_flush(struct qcow2 *q)
{
    struct qcow2_frees frees;

    if (q->read_only) {
        return 0;
    }
    pthread_mutex_lock(&q->meta);
    int error = qcow2_sync_tables(q);
    frees = q->frees;
    memset(&q->frees, 0, sizeof(q->frees));
    pthread_mutex_unlock(&q->meta);
    error = error ? error : qcow2_barrier(q);
    if (!frees.count) {
        return error;
    }
    block_gate_close(&q->use);
    pthread_mutex_lock(&q->meta);
    if (error) {
        keep_frees(q, &frees);
    } else {
        error = qcow2_free_now(q, &frees);
    }
    pthread_mutex_unlock(&q->meta);
    block_gate_open(&q->use);
    return error;
}
