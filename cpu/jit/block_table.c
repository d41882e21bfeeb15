/*
 * The table of blocks; see block_table.h.
 */
#include "cpu/jit/block_table.h"

#include <pthread.h>
#include <stdlib.h>

#include "util/bits.h"

#define HASH_BITS 18
#define PAGE_HASH_BITS 13

/* Blocks whose head lies in one guest physical page. */
struct code_page {
    struct code_page *next;
    uint64_t number;        /* pa >> 12 */
    struct block *blocks;
};

struct block_table {
    struct bus *bus;
    struct block_table_ops ops;
    pthread_mutex_t lock;
    _Atomic uint64_t kills; /* invalidations that met a page with code */
    _Atomic unsigned count;
    struct block *_Atomic hash[1 << HASH_BITS];
    struct code_page *page[1 << PAGE_HASH_BITS];
};

struct block_table *block_table_new(struct bus *bus,
                                    const struct block_table_ops *ops)
{
    struct block_table *t = calloc(1, sizeof(*t));

    t->bus = bus;
    t->ops = *ops;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void block_table_free(struct block_table *t)
{
    for (unsigned n = 0; n < ARRAY_SIZE(t->page); n++) {
        while (t->page[n]) {
            struct code_page *next = t->page[n]->next;
            free(t->page[n]);
            t->page[n] = next;
        }
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static unsigned key_hash(uint64_t pa, uint64_t pc, uint32_t context)
{
    uint64_t h = (pa >> 2) * UINT64_C(0x9e3779b97f4a7c15) ^
                 (pc >> 12) * UINT64_C(0xc2b2ae3d27d4eb4f) ^ context;

    return (unsigned)((h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >>
                      (64 - HASH_BITS));
}

struct block *block_find(struct block_table *t, uint64_t pa, uint64_t pc,
                         uint32_t context)
{
    struct block *b = t->hash[key_hash(pa, pc, context)];

    while (b && (b->pa != pa || b->pc != pc || b->context != context ||
                 b->dead)) {
        b = b->next;
    }
    return b;
}

/* -- pages --------------------------------------------------------------- */

static struct code_page **page_slot(struct block_table *t, uint64_t number)
{
    struct code_page **p =
        &t->page[(number * UINT64_C(0x9e3779b97f4a7c15)) >>
                 (64 - PAGE_HASH_BITS)];

    while (*p && (*p)->number != number) {
        p = &(*p)->next;
    }
    return p;
}

static uint8_t *page_flags(struct block_table *t, uint64_t pa)
{
    uint64_t offset;
    struct ram *ram = bus_ram(t->bus, pa, 1, &offset);

    return ram ? &ram->flags[offset >> RAM_PAGE_BITS] : NULL;
}

uint64_t block_begin(struct block_table *t, uint64_t pa)
{
    uint8_t *flags = page_flags(t, pa);

    /* Under the lock, lest an invalidation that just found the page empty
     * clears the flag behind our back. */
    pthread_mutex_lock(&t->lock);
    uint64_t ticket = t->kills;
    if (flags) {
        __atomic_fetch_or(flags, RAM_PAGE_CODE, __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&t->lock);
    return ticket;
}

bool block_insert(struct block_table *t, uint64_t ticket,
                  struct block **block)
{
    struct block *b = *block;
    bool fresh;

    pthread_mutex_lock(&t->lock);
    fresh = ticket == t->kills;
    if (fresh) {
        struct block *twin = block_find(t, b->pa, b->pc, b->context);

        if (twin) {
            b->dead = true;
            *block = twin;
        } else {
            struct block *_Atomic *head =
                &t->hash[key_hash(b->pa, b->pc, b->context)];
            struct code_page **page = page_slot(t, b->pa >> 12);

            if (!*page) {
                *page = calloc(1, sizeof(**page));
                (*page)->number = b->pa >> 12;
            }
            b->page_next = (*page)->blocks;
            b->page_prev = &(*page)->blocks;
            if (b->page_next) {
                b->page_next->page_prev = &b->page_next;
            }
            (*page)->blocks = b;
            b->next = *head;
            *head = b;
            t->count++;
        }
    } else {
        b->dead = true;
    }
    pthread_mutex_unlock(&t->lock);
    return fresh;
}

/* -- links --------------------------------------------------------------- */

static void unlink_exit(struct block_table *t, struct block_link *link)
{
    struct block_link **p = &link->to->links_in;

    while (*p != link) {
        p = &(*p)->next_in;
    }
    *p = link->next_in;
    link->to = NULL;
    t->ops.patch(t->ops.opaque, link->from->code + link->patch,
                 link->from->code + link->unlinked);
}

void block_link(struct block_table *t, struct block *from,
                struct block_link *link, struct block *to)
{
    pthread_mutex_lock(&t->lock);
    if (!from->dead && !to->dead && !link->to) {
        uint32_t entry = !link->same_page ? to->guarded
                         : link->backward ? to->polled
                                          : to->entry;

        link->to = to;
        link->next_in = to->links_in;
        to->links_in = link;
        t->ops.patch(t->ops.opaque, from->code + link->patch,
                     to->code + entry);
    }
    pthread_mutex_unlock(&t->lock);
}

/* -- death --------------------------------------------------------------- */

/* Out of the hash, off its page and out of all links. */
static void kill_block(struct block_table *t, struct block *b)
{
    struct block *_Atomic *p = &t->hash[key_hash(b->pa, b->pc, b->context)];

    while (*p != b) {
        p = &(*p)->next;
    }
    *p = b->next;
    *b->page_prev = b->page_next;
    if (b->page_next) {
        b->page_next->page_prev = b->page_prev;
    }
    b->dead = true;
    t->count--;
    while (b->links_in) {
        unlink_exit(t, b->links_in);
    }
    for (unsigned n = 0; n < b->link_count; n++) {
        if (b->links[n].to) {
            unlink_exit(t, &b->links[n]);
        }
    }
    if (t->ops.kill) {
        t->ops.kill(t->ops.opaque, b);
    }
}

static bool overlaps(const struct block *b, uint64_t pa, uint64_t end)
{
    return b->pa < end && b->pa + b->guest_bytes > pa;
}

/* Kill the page's blocks that lie in [pa, end); drop the page when none is
 * left. */
static void kill_in_page(struct block_table *t, uint64_t number,
                         uint64_t pa, uint64_t end)
{
    struct code_page **page = page_slot(t, number);

    if (!*page) {
        return;
    }
    for (struct block *b = (*page)->blocks, *next; b; b = next) {
        next = b->page_next;
        if (overlaps(b, pa, end)) {
            kill_block(t, b);
        }
    }
    if (!(*page)->blocks) {
        struct code_page *empty = *page;
        *page = empty->next;
        free(empty);
    }
}

void block_kill_range(struct block_table *t, uint64_t pa, uint64_t size)
{
    uint64_t end = pa + size;

    for (uint64_t at = pa; at < end; at = align_down(at, 4096) + 4096) {
        uint8_t *flags = page_flags(t, at);

        if (!flags || !(*flags & RAM_PAGE_CODE)) {
            continue;
        }
        pthread_mutex_lock(&t->lock);
        t->kills++;
        kill_in_page(t, at >> 12, pa, end);
        if (!*page_slot(t, at >> 12)) {
            __atomic_fetch_and(flags, (uint8_t)~RAM_PAGE_CODE,
                               __ATOMIC_SEQ_CST);
        }
        pthread_mutex_unlock(&t->lock);
    }
}

uint32_t block_source_hash(const uint8_t *code, unsigned bytes)
{
    uint32_t h = 2166136261u;

    for (unsigned n = 0; n + 4 <= bytes; n += 4) {
        uint32_t word;
        __builtin_memcpy(&word, code + n, 4);
        h = (h ^ word) * 16777619u;
        h ^= h >> 15;
    }
    return h;
}

static bool stale(struct block_table *t, const struct block *b)
{
    uint64_t offset;
    struct ram *ram = bus_ram(t->bus, b->pa, b->guest_bytes, &offset);

    return !ram || block_source_hash(ram->host + offset, b->guest_bytes) !=
                       b->source_hash;
}

void block_recheck_all(struct block_table *t)
{
    pthread_mutex_lock(&t->lock);
    t->kills++;
    for (unsigned n = 0; n < ARRAY_SIZE(t->page); n++) {
        for (struct code_page *page = t->page[n]; page; page = page->next) {
            uint8_t *flags = page_flags(t, page->number << RAM_PAGE_BITS);

            if (flags) {
                __atomic_fetch_or(flags, RAM_PAGE_RECHECK, __ATOMIC_SEQ_CST);
            }
        }
    }
    pthread_mutex_unlock(&t->lock);
}

void block_recheck(struct block_table *t, uint64_t pa)
{
    uint8_t *flags = page_flags(t, pa);

    if (!flags || !(*flags & RAM_PAGE_RECHECK)) {
        return;
    }
    pthread_mutex_lock(&t->lock);
    __atomic_fetch_and(flags, (uint8_t)~RAM_PAGE_RECHECK, __ATOMIC_SEQ_CST);
    struct code_page *page = *page_slot(t, pa >> RAM_PAGE_BITS);
    for (struct block *b = page ? page->blocks : NULL, *next; b; b = next) {
        next = b->page_next;
        if (stale(t, b)) {
            kill_block(t, b);
        }
    }
    pthread_mutex_unlock(&t->lock);
}

void block_kill_chunk(struct block_table *t, struct code_chunk *chunk)
{
    pthread_mutex_lock(&t->lock);
    for (unsigned n = 0; n < chunk->blocks; n++) {
        struct block *b = chunk->block[n];

        if (!b->dead) {
            kill_block(t, b);
        }
    }
    pthread_mutex_unlock(&t->lock);
}

unsigned block_count(const struct block_table *t)
{
    return t->count;
}
