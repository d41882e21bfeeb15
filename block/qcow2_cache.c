/*
 * Clusters of metadata in memory: L2 tables and refcount blocks.
 *
 * A hash by offset and a list by age.  When a dirty table has to make room,
 * everything is written first, in the one safe order (qcow2_sync_tables()),
 * so the cache itself knows of no order.  The last few tables that were
 * asked for stay.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "block/qcow2.h"

#define BUCKETS 1024

void qcow2_cache_init(struct qcow2_cache *cache, unsigned limit)
{
    memset(cache, 0, sizeof(*cache));
    cache->bucket_count = BUCKETS;
    cache->buckets = calloc(BUCKETS, sizeof(*cache->buckets));
    assert(cache->buckets);
    cache->limit = limit;
}

static struct qcow2_table **bucket(struct qcow2_cache *cache, uint64_t offset)
{
    uint64_t hash = offset * UINT64_C(0x9e3779b97f4a7c15);

    return &cache->buckets[(hash >> 32) % cache->bucket_count];
}

static void unlink_age(struct qcow2_cache *cache, struct qcow2_table *t)
{
    *(t->newer ? &t->newer->older : &cache->newest) = t->older;
    *(t->older ? &t->older->newer : &cache->oldest) = t->newer;
}

static void make_newest(struct qcow2_cache *cache, struct qcow2_table *t)
{
    t->newer = NULL;
    t->older = cache->newest;
    *(t->older ? &t->older->newer : &cache->oldest) = t;
    cache->newest = t;
}

static void remove_table(struct qcow2_cache *cache, struct qcow2_table *t)
{
    struct qcow2_table **at = bucket(cache, t->offset);

    while (*at != t) {
        at = &(*at)->hash_next;
    }
    *at = t->hash_next;
    unlink_age(cache, t);
    cache->count--;
    block_file_buffer_free(t->data);
    free(t);
}

void qcow2_cache_free(struct qcow2_cache *cache)
{
    while (cache->newest) {
        remove_table(cache, cache->newest);
    }
    free(cache->buckets);
    memset(cache, 0, sizeof(*cache));
}

static struct qcow2_table *find(struct qcow2_cache *cache, uint64_t offset)
{
    struct qcow2_table *t = *bucket(cache, offset);

    while (t && t->offset != offset) {
        t = t->hash_next;
    }
    if (t && t != cache->newest) {
        unlink_age(cache, t);
        make_newest(cache, t);
    }
    return t;
}

/* A table with undefined contents. */
static int insert(struct qcow2 *q, struct qcow2_cache *cache, uint64_t offset,
                  struct qcow2_table **table)
{
    if (cache->count >= cache->limit) {
        int error = cache->oldest->dirty ? qcow2_sync_tables(q) : 0;
        if (error) {
            return error;
        }
        remove_table(cache, cache->oldest);
    }
    struct qcow2_table *t = calloc(1, sizeof(*t));
    uint8_t *data = block_file_buffer(q->cluster_size);
    if (!t || !data) {
        free(t);
        block_file_buffer_free(data);
        return ENOMEM;
    }
    t->offset = offset;
    t->data = data;
    t->hash_next = *bucket(cache, offset);
    *bucket(cache, offset) = t;
    make_newest(cache, t);
    cache->count++;
    *table = t;
    return 0;
}

int qcow2_cache_get(struct qcow2 *q, struct qcow2_cache *cache,
                    uint64_t offset, struct qcow2_table **table)
{
    *table = find(cache, offset);
    if (*table) {
        return 0;
    }
    if (!offset || offset % q->cluster_size) {
        return EIO;
    }
    int error = insert(q, cache, offset, table);
    if (!error) {
        error = qcow2_read_at(q, offset, (*table)->data, q->cluster_size);
        if (error) {
            remove_table(cache, *table);
        }
    }
    return error;
}

int qcow2_cache_add(struct qcow2 *q, struct qcow2_cache *cache,
                    uint64_t offset, struct qcow2_table **table)
{
    qcow2_cache_drop(cache, offset);
    int error = insert(q, cache, offset, table);
    if (!error) {
        memset((*table)->data, 0, q->cluster_size);
        (*table)->dirty = true;
        (*table)->fresh = true;
    }
    return error;
}

bool qcow2_cache_has(struct qcow2_cache *cache, uint64_t offset)
{
    return find(cache, offset);
}

void qcow2_cache_drop(struct qcow2_cache *cache, uint64_t offset)
{
    struct qcow2_table *t = find(cache, offset);

    if (t) {
        remove_table(cache, t);
    }
}

int qcow2_cache_write(struct qcow2 *q, struct qcow2_cache *cache,
                      bool fresh_only)
{
    for (struct qcow2_table *t = cache->newest; t; t = t->older) {
        if (!t->dirty || (fresh_only && !t->fresh)) {
            continue;
        }
        int error = qcow2_write_at(q, t->offset, t->data, q->cluster_size);
        if (error) {
            return error;
        }
        t->dirty = false;
        t->fresh = false;
    }
    return 0;
}

bool qcow2_cache_dirty(const struct qcow2_cache *cache)
{
    for (struct qcow2_table *t = cache->newest; t; t = t->older) {
        if (t->dirty) {
            return true;
        }
    }
    return false;
}
