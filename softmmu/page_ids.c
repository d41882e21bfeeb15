#include "softmmu/page_ids.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "util/bits.h"

#define PAGE_BITS 12
#define SLOT_BITS 10
#define SHARD_BITS 6 /* of the slot: one lock each */
/* A page that is forgotten while it is used has all of its code made anew: at
 * an eighth full four ways lost one in a thousand, eight lose none. */
#define SET_BITS 7
#define WAYS 8

struct page_id_entry {
    uint64_t va; /* page | context */
    uint64_t pa;
    uint32_t id; /* 0: empty */
    uint32_t used;
};

struct page_id_shard {
    _Alignas(64) pthread_mutex_t lock;
    uint32_t tick; /* for least recently used; may wrap */
    uint32_t next[1 << (SLOT_BITS - SHARD_BITS)];
    struct page_id_entry entries[1 << SET_BITS][WAYS];
};

struct page_ids {
    struct page_id_shard shards[1 << SHARD_BITS];
};

struct page_ids *page_ids_new(void)
{
    /* 1.5 MiB, of which only what is used becomes resident. */
    struct page_ids *ids =
        mmap(NULL, sizeof(*ids), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ids == MAP_FAILED) {
        abort();
    }
    for (unsigned i = 0; i < ARRAY_SIZE(ids->shards); i++) {
        pthread_mutex_init(&ids->shards[i].lock, NULL);
    }
    return ids;
}

void page_ids_free(struct page_ids *ids)
{
    if (!ids) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(ids->shards); i++) {
        pthread_mutex_destroy(&ids->shards[i].lock);
    }
    munmap(ids, sizeof(*ids));
}

/* The same for every context. */
static unsigned hash_set(uint64_t va, uint64_t pa)
{
    uint64_t page = va >> PAGE_BITS << PAGE_BITS;
    uint64_t h = (page ^ pa << 20) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= (pa >> PAGE_BITS) * UINT64_C(0xc2b2ae3d27d4eb4f);
    return h >> (64 - SET_BITS);
}

/* The entry for (va, pa), numbered if it is new. [lock] */
static struct page_id_entry *find_or_add(struct page_id_shard *shard,
                                         uint64_t va, uint64_t pa,
                                         unsigned slot)
{
    struct page_id_entry *set = shard->entries[hash_set(va, pa)];
    struct page_id_entry *victim = &set[0];

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].id && set[i].va == va && set[i].pa == pa) {
            return &set[i];
        }
        if (!victim->id) {
            continue;
        }
        if (!set[i].id ||
            shard->tick - set[i].used > shard->tick - victim->used) {
            victim = &set[i];
        }
    }

    uint32_t *next = &shard->next[slot >> SHARD_BITS];
    if (*next == UINT32_MAX) {
        return NULL;
    }
    *victim = (struct page_id_entry){.va = va, .pa = pa, .id = ++*next};
    return victim;
}

static struct page_id_shard *shard_of(struct page_ids *ids, uint64_t va)
{
    return &ids->shards[va >> PAGE_BITS & ((1 << SHARD_BITS) - 1)];
}

uint32_t page_ids_get(struct page_ids *ids, uint64_t va, uint64_t pa,
                      unsigned context)
{
    assert(context < 1u << PAGE_BITS);
    unsigned slot = extract64(va, PAGE_BITS, SLOT_BITS);
    struct page_id_shard *shard = shard_of(ids, va);

    pthread_mutex_lock(&shard->lock);
    struct page_id_entry *entry =
        find_or_add(shard, va | context, pa, slot);
    uint32_t id = 0;
    if (entry) {
        entry->used = ++shard->tick;
        id = entry->id;
    }
    pthread_mutex_unlock(&shard->lock);
    return id;
}

uint32_t page_ids_move(struct page_ids *ids, uint64_t va, uint64_t pa,
                       uint32_t id, uint64_t new_va)
{
    struct page_id_shard *shard = shard_of(ids, va);
    struct page_id_entry *set = shard->entries[hash_set(va, pa)];
    uint64_t found = 0;
    bool known = false;

    pthread_mutex_lock(&shard->lock);
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].id == id && set[i].pa == pa &&
            set[i].va >> PAGE_BITS == va >> PAGE_BITS) {
            found = set[i].va;
            known = true;
        }
    }
    pthread_mutex_unlock(&shard->lock);
    return known ? page_ids_get(ids, new_va, pa,
                                (unsigned)extract64(found, 0, PAGE_BITS))
                 : 0;
}
