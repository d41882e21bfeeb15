/*
 * The engine's way from where generated code stopped to the block that goes
 * on.
 */
#include "cpu/exec_internal.h"

#include <assert.h>

#include "util/log.h"

/* The block at vcpu->pc, in a page of that identity; `link` as below. */
static struct block *find_in(const struct engine *e, const struct runner *r,
                             uint32_t page_id, const struct block_link *link)
{
    if (!page_id || (link && page_id == block_of_link(link)->page_id &&
                     !block_may_follow(link))) {
        return NULL;
    }
    return block_find(e->blocks, r->vcpu->pc, runner_key(r), page_id);
}

/* Code that runs for the first time is in no cache of the host's. */
static void prefetch_source(const uint8_t *host, uint64_t pa)
{
    __builtin_prefetch(host);
    if ((pa & 4095) < 4096 - 64) {
        __builtin_prefetch(host + 64);
    }
}

/* exec_find(), of any kind. */
static struct block *find_any(struct engine *e, struct runner *r,
                              const struct block_link *link)
{
    struct vcpu *vcpu = r->vcpu;
    const uint8_t *host;
    uint64_t pa;
    uint32_t page_id;

    if (r->context_stale) {
        e->guest->context(vcpu);
        r->context_stale = false;
    }
    if (!r->alone && e->guest->check_pc(vcpu)) {
        r->context_stale = true;
        return NULL;
    }
    r->stats.lookups++;
    /* What the guard of the block there would look at: as long as a page
     * keeps its identity nothing about it has changed. */
    uint32_t known = vcpu->tlb->page_id[tlb_index(vcpu->pc)];
    struct block *b = find_in(e, r, known, link);
    if (b) {
        return b;
    }
    if (!tlb_fetch(vcpu->mmu, vcpu->tlb, vcpu->pc, &pa, &host, &page_id,
                   &vcpu->fault)) {
        e->guest->fetch_fault(vcpu);
        r->context_stale = true;
        r->alone = false;
        return NULL;
    }
    r->stats.searches++;
    prefetch_source(host, pa);
    block_recheck(e->blocks, pa);
    b = page_id != known ? find_in(e, r, page_id, link) : NULL;
    b = b ? b : exec_move(e, r, vcpu->pc, pa, page_id);
    return b ? b : exec_translate(e, r, vcpu->pc, pa, host, page_id,
                                  link ? block_of_link(link) : NULL);
}

/* At threshold 0 the region whose head the block is, if it is one. */
static struct block *form_region(struct engine *e, struct runner *r,
                                 struct block *b)
{
    struct jit_buffer room;

    return e->regions && !e->config.region_threshold &&
           code_chunk_room(r->chunk[CODE_ORIGINALS], &room)
               ? regions_form_now(e->regions, r->vcpu->index, b,
                                  r->chunk[CODE_ORIGINALS])
               : b;
}

struct block *exec_find(struct engine *e, struct runner *r,
                        const struct block_link *link)
{
    struct block *b = find_any(e, r, link);

    if (!b || !e->regions || r->alone || r->singly || log_on(LOG_BLOCKS)) {
        return b;
    }
    if (r->sample) {
        r->sample = false;
        regions_sample(e->regions, r->vcpu->index, b);
    }
    return form_region(e, r, b);
}

/* -- coming back ---------------------------------------------------------- */

/* The block in whose code something returns to `host`: as often as not the
 * one that was entered. */
static struct block *find_left(struct engine *e, struct block *entered,
                               const uint8_t *host)
{
    return host > entered->code &&
                   host <= entered->code + entered->code_size
               ? entered : code_cache_find(e->cache, host);
}

/* By a place in the block's code; see backend_enter(). */
static struct block_link *sync_in(struct vcpu *vcpu, struct block *b,
                                  uint32_t offset)
{
    if (offset == b->pad) {
        vcpu->pc = b->pc;
        return NULL;
    }
    struct block_link *link = block_links(b);
    for (unsigned n = 0; n < b->link_count; n++, link++) {
        if (!link->stub && link->patch + 4u == offset) {
            vcpu->pc = link_target(b, link);
            return link;
        }
    }
    const struct block_site *site = block_sites(b);
    for (unsigned n = 0; n < b->site_count; n++, site++) {
        if (site->host == offset) {
            vcpu->pc = ir_insn_pc(b->pc, site->insn);
            return NULL;
        }
    }
    assert(!"host_return is a place in its block");
    return NULL;
}

struct block_link *exec_sync_pc(struct engine *e, struct vcpu *vcpu,
                                struct block *entered)
{
    const uint8_t *host = (const uint8_t *)vcpu->host_return;

    if (!host) {
        return NULL;
    }
    struct block_link *link = code_cache_find_link(e->cache, host);
    if (link) {
        vcpu->pc = link_target(block_of_link(link), link);
        return link;
    }
    struct block *b = find_left(e, entered, host);
    assert(b);
    return sync_in(vcpu, b, (uint32_t)(host - b->code));
}

void exec_fill_jump_cache(struct runner *r, const struct block *to)
{
    struct vcpu *vcpu = r->vcpu;
    struct jump_cache_entry *entry = runner_jump_slot(vcpu, to->pc);

    entry->key = to->pc ^ vcpu->jump_key;
    entry->code = to->code + to->guarded;
    r->stats.jump_cache_fills++;
}

/* What is there now instead of a dead block, for others to jump to as well.
 * NULL: the run loop has to see to it. */
static struct block *replace_dead(struct engine *e, struct runner *r,
                                  const struct block *dead, uint64_t pa,
                                  const uint8_t *source, uint32_t page_id)
{
    if (r->alone || r->singly || e->strict || !page_id) {
        return NULL;
    }
    struct block *b =
        block_find(e->blocks, dead->pc, runner_key(r), page_id);

    if (!b) {
        b = exec_translate(e, r, dead->pc, pa, source, page_id, NULL);
    }
    b = b ? form_region(e, r, b) : NULL;
    if (b) {
        exec_fill_jump_cache(r, b);
    }
    return b;
}

const uint8_t *exec_reenter(struct vcpu *vcpu, const uint8_t *host)
{
    struct runner *r = vcpu->runner;
    struct engine *e = r->engine;
    struct block *b = code_cache_find(e->cache, host);
    const uint8_t *source;
    uint32_t page_id;
    uint64_t pa;

    r->stats.reentries++;
    if (host != b->code + b->pad || log_on(LOG_BLOCKS) ||
        !tlb_fetch(vcpu->mmu, vcpu->tlb, b->pc, &pa, &source, &page_id,
                   &vcpu->fault)) {
        return NULL;
    }
    block_recheck(e->blocks, pa);
    if (b->dead) {
        b = replace_dead(e, r, b, pa, source, page_id);
        return b ? b->code + b->polled : NULL;
    }
    if (page_id && page_id == b->page_id) {
        return b->code + b->polled;
    }
    if (page_id && pa == b->pa) {
        /* The page was forgotten and numbered anew (page_ids.h). */
        block_unlink_in(e->blocks, b);
    }
    return NULL;
}
