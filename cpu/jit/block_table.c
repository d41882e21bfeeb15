/*
 * The table of blocks; see block_table.h.
 */
#include "cpu/jit/block_table.h"

#include <stdlib.h>

#include "cpu/jit/block_table_internal.h"
#include "util/bits.h"
#include "util/populate.h"

struct block_table *block_table_new(struct bus *bus,
                                    const struct code_cache *cache,
                                    const struct block_table_ops *ops)
{
    struct block_table *t = calloc(1, sizeof(*t));
    const void *base;
    size_t most = code_cache_blocks(cache, &base);

    if (!block_set_init(&t->set, base, most)) {
        free(t);
        return NULL;
    }
    t->bus = bus;
    t->ops = *ops;
    code_pages_init(&t->pages);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void block_table_free(struct block_table *t)
{
    code_pages_free(&t->pages);
    block_set_free(&t->set);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void block_table_prepare(struct block_table *t)
{
    pthread_mutex_lock(&t->lock);
    void *piece = block_set_piece(&t->set);
    pthread_mutex_unlock(&t->lock);
    if (piece) {
        populate(piece, BLOCK_SET_PIECE);
    }
}

struct block *block_find(const struct block_table *t, uint64_t pc,
                         uint32_t context, uint32_t page_id)
{
    struct block_probe p =
        block_set_probe(&t->set, block_tag(pc, context, page_id));
    struct block *b;

    do {
        b = block_set_next(&t->set, &p);
    } while (b && (b->pc != pc || b->page_id != page_id ||
                   b->context != context || b->dead));
    return b;
}

/* Of what was evicted: of origins pc is 0. */
static uint64_t ghost_hash(uint64_t pa, uint64_t pc, uint32_t context)
{
    uint64_t h = pc * UINT64_C(0xbf58476d1ce4e5b9) ^ pa ^
                 (uint64_t)context << 44;

    return (h ^ h >> 29) * UINT64_C(0x9e3779b97f4a7c15);
}

bool origin_was_evicted(const struct block_table *t, uint64_t pa,
                        uint32_t context)
{
    return ghosts_has(&t->ghosts, ghost_hash(pa, 0, context));
}

bool copy_was_evicted(const struct block_table *t, uint64_t pa, uint64_t pc,
                      uint32_t context)
{
    return ghosts_has(&t->ghosts, ghost_hash(pa, pc, context));
}

/* A block at that place that may be copied from, one that lives if there is
 * one; or NULL. */
static struct block *find_origin(const struct block_table *t,
                                 const struct code_page *page, uint64_t pa,
                                 uint32_t context)
{
    struct block *b, *dead = NULL;

    for (const struct code_view *v = page->views; v; v = v->next) {
        uint64_t pc = v->va + (pa & (RAM_PAGE_SIZE - 1));
        struct block_probe p =
            block_set_probe(&t->set, block_tag(pc, context, v->page_id));

        while ((b = block_set_next(&t->set, &p))) {
            if (b->view == v && b->pa == pa && b->context == context &&
                !b->is_region) {
                if (!b->dead) {
                    return b;
                }
                dead = b;
            }
        }
    }
    return dead;
}

/* -- pages --------------------------------------------------------------- */

static uint8_t *page_flags(struct block_table *t, uint64_t pa)
{
    uint64_t offset;
    struct ram *ram = bus_ram(bus_secure(t->bus), pa, 1, &offset);

    return ram ? &ram->flags[offset >> RAM_PAGE_BITS] : NULL;
}

static bool meets(const struct in_flight *f, uint64_t pa, uint64_t end)
{
    return f->pa < end && f->end > pa;
}

/* Refuse the translations under way that overlap [pa, end). */
static void spoil(struct block_table *t, uint64_t pa, uint64_t end)
{
    for (unsigned n = 0; n < t->translators; n++) {
        if (meets(&t->in_flight[n], pa, end)) {
            t->in_flight[n].spoiled = true;
        }
    }
}

static bool is_in_flight(const struct block_table *t, uint64_t number)
{
    uint64_t pa = number << RAM_PAGE_BITS;

    for (unsigned n = 0; n < t->translators; n++) {
        if (meets(&t->in_flight[n], pa, pa + RAM_PAGE_SIZE)) {
            return true;
        }
    }
    return false;
}

/* The lock is held. */
static void take_off(struct block_table *t, unsigned cpu, uint64_t pa,
                     unsigned bytes)
{
    t->in_flight[cpu] = (struct in_flight){pa, pa + bytes, false};
    if (cpu >= t->translators) {
        t->translators = cpu + 1;
    }
}

struct block_start block_begin(struct block_table *t, unsigned cpu,
                               const struct block *key, unsigned bytes)
{
    uint64_t pa = key->pa;
    uint8_t *flags = page_flags(t, pa), before = RAM_PAGE_CODE;
    struct block_start start = {0};

    block_set_prefetch(&t->set,
                       block_tag(key->pc, key->context, key->page_id));
    /* Under the lock, lest an invalidation that just found the page empty
     * clears the flag behind our back. */
    pthread_mutex_lock(&t->lock);
    const struct code_page *page =
        *code_page_slot(&t->pages, pa >> RAM_PAGE_BITS);
    start.up_to = code_page_up_to_head(page, pa, bytes);
    if (page && code_page_may_begin(page, pa)) {
        start.origin = find_origin(t, page, pa, key->context);
    }
    take_off(t, cpu, pa, bytes);
    if (flags && !(*flags & RAM_PAGE_CODE)) {
        before = __atomic_fetch_or(flags, RAM_PAGE_CODE, __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&t->lock);
    start.first = !(before & RAM_PAGE_CODE);
    return start;
}

bool block_begin_region(struct block_table *t, unsigned cpu, uint64_t pa,
                        unsigned bytes)
{
    uint8_t *flags = page_flags(t, pa);

    pthread_mutex_lock(&t->lock);
    bool good = flags && (*flags & RAM_PAGE_CODE);
    if (good) {
        take_off(t, cpu, pa, bytes);
    }
    pthread_mutex_unlock(&t->lock);
    return good;
}

/* -- links --------------------------------------------------------------- */

void block_unlink(struct block_table *t, struct block_link *link)
{
    struct near *p = &link_to(link)->links_in;
    struct block *from = block_of_link(link);

    while (near_get(p) != link) {
        p = &((struct block_link *)near_get(p))->next_in;
    }
    near_set(p, link_next_in(link));
    near_set(&link->to, NULL);
    t->ops.link(t->ops.opaque, from, link, NULL);
}

static void unlink_in(struct block_table *t, struct block *b)
{
    struct block_link *in;

    while ((in = block_links_in(b))) {
        block_unlink(t, in);
    }
}

void block_unlink_in(struct block_table *t, struct block *b)
{
    pthread_mutex_lock(&t->lock);
    unlink_in(t, b);
    pthread_mutex_unlock(&t->lock);
}

static void link_blocks(struct block_table *t, struct block *from,
                        struct block_link *link, struct block *to)
{
    uint32_t entry = !link->same_page ? to->guarded
                     : link->backward ? to->polled
                                      : to->entry;

    near_set(&link->to, to);
    near_set(&link->next_in, block_links_in(to));
    near_set(&to->links_in, link);
    t->ops.link(t->ops.opaque, from, link, to->code + entry);
}

/* The exit leads to the address of that block. */
static bool may_link(const struct block *from, const struct block_link *link,
                     const struct block *to)
{
    return !link_to(link) &&
           (!link->same_page || from->page_id == to->page_id);
}

bool block_link(struct block_table *t, struct block_link *link,
                struct block *to)
{
    struct block *from = block_of_link(link);

    if (link_to(link)) {
        return false; /* since its insertion, most often */
    }
    pthread_mutex_lock(&t->lock);
    bool good = !from->dead && !to->dead &&
                link_target(from, link) == to->pc && may_link(from, link, to);
    if (good) {
        link_blocks(t, from, link, to);
    }
    pthread_mutex_unlock(&t->lock);
    return good;
}

bool block_may_follow(const struct block_link *link)
{
    const struct block *from = block_of_link(link);
    /* Dead, it may leave its page at any time; pages are never freed. */
    const struct code_view *v = __atomic_load_n(&from->view, __ATOMIC_RELAXED);

    return !link->same_page || !v ||
           code_page_may_begin(v->page,
                               from->pa + (uint64_t)(int64_t)link->target);
}

/* All at once: none of it is in the host's caches. */
static void prefetch_targets(const struct block_table *t,
                             const struct block *from,
                             const uint32_t *page_id)
{
    const struct block_link *link = block_links(from);

    for (unsigned n = 0; n < from->link_count; n++, link++) {
        if (page_id[n] && !link->same_page) {
            block_set_prefetch(&t->set, block_tag(link_target(from, link),
                                                  from->context, page_id[n]));
        }
    }
}

/* Numbers of the exits that may be linked: those that lead to a page which is
 * known, where a block may begin as far as that is known.  Returns how many.
 * Without branches: the host could not foresee them. */
static unsigned choose_exits(const struct block *from,
                             const uint32_t *page_id, uint8_t *chosen)
{
    const struct block_link *link = block_links(from);
    const struct code_page *page = from->view->page;
    unsigned count = 0;

    for (unsigned n = 0; n < from->link_count; n++, link++) {
        uint64_t pa = from->pa + (uint64_t)(int64_t)link->target;
        bool here = code_page_may_begin(page, pa), there = page_id[n];

        chosen[count] = (uint8_t)n;
        count += ((link->same_page & here) | (!link->same_page & there)) &
                 !link->singly;
    }
    return count;
}

/* Of a block that is in its page, and not linked yet. */
static unsigned link_exits(struct block_table *t, struct block *from,
                           const uint32_t *page_id)
{
    uint8_t chosen[IR_MAX_EDGES];
    unsigned count = choose_exits(from, page_id, chosen), linked = 0;

    for (unsigned k = 0; k < count; k++) {
        struct block_link *link = &block_links(from)[chosen[k]];
        struct block *to =
            block_find(t, link_target(from, link), from->context,
                       link->same_page ? from->page_id : page_id[chosen[k]]);

        if (to) {
            link_blocks(t, from, link, to);
            linked++;
        }
    }
    return linked;
}

/* The exits of *from that lead to the block. */
static unsigned link_to_new(struct block_table *t, struct block *from,
                            struct block *to)
{
    struct block_link *link = block_links(from);
    unsigned linked = 0;

    if (from->dead || from->context != to->context) {
        return 0;
    }
    for (unsigned n = 0; n < from->link_count; n++, link++) {
        if (link_target(from, link) == to->pc && !link->singly &&
            may_link(from, link, to)) {
            link_blocks(t, from, link, to);
            linked++;
        }
    }
    return linked;
}

/* -- insertion ----------------------------------------------------------- */

static void enter(struct block_table *t, struct code_page **page,
                  struct block *b)
{
    code_pages_add(&t->pages, page, b);
    block_set_add(&t->set, block_tag(b->pc, b->context, b->page_id), b);
}

static void enter_linked(struct block_table *t, struct code_page **page,
                         struct block *b, struct block_ways *ways)
{
    enter(t, page, b);
    if (ways && ways->from) {
        ways->linked += link_to_new(t, ways->from, b);
    }
    if (ways && ways->page_id) {
        ways->linked += link_exits(t, b, ways->page_id);
    }
}

bool block_insert(struct block_table *t, unsigned cpu, struct block **block,
                  struct block_ways *ways)
{
    struct block *b = *block, *twin;

    if (ways && ways->page_id) {
        prefetch_targets(t, b, ways->page_id);
    }
    pthread_mutex_lock(&t->lock);
    struct code_page **page =
        code_page_slot(&t->pages, b->pa >> RAM_PAGE_BITS);
    bool good = !t->in_flight[cpu].spoiled;
    t->in_flight[cpu].end = 0;
    if (!good) {
        b->dead = true;
    } else if (*page && code_page_may_begin(*page, b->pa) &&
               (twin = block_find(t, b->pc, b->context, b->page_id)) &&
               twin->pa == b->pa) { /* where identities have run out */
        b->dead = true;
        *block = twin;
    } else {
        enter_linked(t, page, b, ways);
    }
    pthread_mutex_unlock(&t->lock);
    return good;
}

/* -- death --------------------------------------------------------------- */

/* Out of all links: it is not entered any more. */
static void stop_block(struct block_table *t, struct block *b)
{
    b->dead = true;
    struct block_link *link = block_links(b);

    unlink_in(t, b);
    for (unsigned n = 0; n < b->link_count; n++, link++) {
        if (link_to(link)) {
            block_unlink(t, link);
        }
    }
    if (t->ops.kill) {
        t->ops.kill(t->ops.opaque, b);
    }
}

/* Off its page, and not copied from either. */
static void forget_block(struct block_table *t, struct block *b)
{
    block_set_remove(&t->set, block_tag(b->pc, b->context, b->page_id), b);
    code_pages_remove(&t->pages, b);
}

static void kill_block(struct block_table *t, struct block *b)
{
    if (!b->dead) {
        stop_block(t, b);
    }
    forget_block(t, b);
}

/* Kill the blocks of the page that are `doomed` in [pa, end); true if there
 * was one. */
typedef bool doomed_fn(const struct block_table *t, const struct block *b,
                       uint64_t pa, uint64_t end);

static bool kill_if(struct block_table *t, struct code_page *page,
                    doomed_fn *doomed, uint64_t pa, uint64_t end)
{
    bool killed = false;

    for (struct code_view *v = page->views, *after; v; v = after) {
        after = v->next; /* it goes with its last block */
        for (struct block *b = v->blocks, *next; b; b = next) {
            next = block_view_next(b);
            if (doomed(t, b, pa, end)) {
                kill_block(t, b);
                killed = true;
            }
        }
    }
    code_page_find_places(page);
    return killed;
}

static bool overlaps(const struct block_table *t, const struct block *b,
                     uint64_t pa, uint64_t end)
{
    (void)t;
    return b->pa - b->before < end && b->pa + b->guest_bytes > pa;
}

/* Kill the page's blocks that lie in [pa, end); drop the page when none is
 * left.  True if there was one. */
static bool kill_in_page(struct block_table *t, uint64_t number,
                         uint64_t pa, uint64_t end)
{
    struct code_page **slot = code_page_slot(&t->pages, number);
    struct code_page *page = *slot;

    if (!page || (page->views &&
                  !(page->lines & code_page_lines(number, pa, end)))) {
        return false;
    }
    bool killed = kill_if(t, page, overlaps, pa, end);
    if (!page->views) {
        code_page_drop(&t->pages, slot);
    }
    return killed;
}

bool block_replace(struct block_table *t, unsigned cpu, struct block *region)
{
    pthread_mutex_lock(&t->lock);
    bool good = region && !t->in_flight[cpu].spoiled;
    t->in_flight[cpu].end = 0;
    if (good) {
        struct block *b = block_find(t, region->pc, region->context,
                                     region->page_id);

        if (b) {
            stop_block(t, b); /* may be copied from, a region is not */
        }
        enter(t, code_page_slot(&t->pages, region->pa >> RAM_PAGE_BITS),
              region);
    } else if (region) {
        region->dead = true;
    }
    pthread_mutex_unlock(&t->lock);
    return good;
}

bool block_kill_range(struct block_table *t, uint64_t pa, uint64_t size)
{
    uint64_t end = pa + size;
    bool killed = false;

    for (uint64_t at = pa; at < end; at = align_down(at, 4096) + 4096) {
        uint64_t number = at >> RAM_PAGE_BITS;
        uint8_t *flags = page_flags(t, at);

        if (!flags || !(*flags & RAM_PAGE_CODE)) {
            continue;
        }
        pthread_mutex_lock(&t->lock);
        spoil(t, pa, end);
        killed |= kill_in_page(t, number, pa, end);
        if (!*code_page_slot(&t->pages, number) && !is_in_flight(t, number)) {
            __atomic_fetch_and(flags, (uint8_t)~RAM_PAGE_CODE,
                               __ATOMIC_SEQ_CST);
        }
        pthread_mutex_unlock(&t->lock);
    }
    return killed;
}

uint32_t block_source_hash(const uint8_t *code, unsigned bytes)
{
    uint64_t sum = bytes, two;
    uint32_t one;

    for (; bytes >= sizeof(two); bytes -= sizeof(two), code += sizeof(two)) {
        __builtin_memcpy(&two, code, sizeof(two));
        sum = sum_step(sum, two);
    }
    if (bytes) {
        __builtin_memcpy(&one, code, sizeof(one));
        sum = sum_step(sum, one);
    }
    return (uint32_t)sum;
}

static bool stale(const struct block_table *t, const struct block *b,
                  uint64_t pa, uint64_t end)
{
    uint64_t offset;
    unsigned bytes = (unsigned)b->before + b->guest_bytes;
    struct ram *ram =
        bus_ram(bus_secure(t->bus), b->pa - b->before, bytes, &offset);

    (void)pa, (void)end;
    return !ram ||
           block_source_hash(ram->host + offset, bytes) != b->source_hash;
}

void block_recheck_all(struct block_table *t)
{
    pthread_mutex_lock(&t->lock);
    spoil(t, 0, UINT64_MAX);
    for (unsigned n = 0; n < ARRAY_SIZE(t->pages.slot); n++) {
        for (struct code_page *page = t->pages.slot[n]; page;
             page = page->next) {
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
    struct code_page *page =
        *code_page_slot(&t->pages, pa >> RAM_PAGE_BITS);
    if (page) {
        kill_if(t, page, stale, 0, 0);
    }
    pthread_mutex_unlock(&t->lock);
}

void block_retire_chunk(struct block_table *t, struct code_chunk *chunk)
{
    pthread_mutex_lock(&t->lock);
    for (struct block *b = code_chunk_first(chunk); b;
         b = code_chunk_next(chunk, b)) {
        if (!b->dead) {
            stop_block(t, b);
        }
    }
    pthread_mutex_unlock(&t->lock);
}

void block_evict_chunk(struct block_table *t, struct code_chunk *chunk)
{
    pthread_mutex_lock(&t->lock);
    for (struct block *b = code_chunk_first(chunk); b;
         b = code_chunk_next(chunk, b)) {
        if (!b->view) {
            continue; /* it was killed, or never entered */
        }
        if (!b->is_region) {
            bool copy = chunk->class == CODE_COPIES;

            ghosts_add(&t->ghosts,
                       ghost_hash(b->pa, copy ? b->pc : 0, b->context));
        }
        kill_block(t, b);
    }
    pthread_mutex_unlock(&t->lock);
}

unsigned block_count(const struct block_table *t)
{
    return t->set.count;
}
