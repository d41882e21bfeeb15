/*
 * The engine's way from guest code to a block: one that moves here, a copy,
 * one kept on disk, or a new one.
 */
#include "cpu/exec_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/ir/passes.h"
#include "cpu/unit_log.h"
#include "util/clock.h"
#include "util/log.h"

/* At most `bytes` of guest code. */
static void build(struct engine *e, struct runner *r, uint64_t pc,
                  const uint8_t *host, unsigned bytes)
{
    struct ir_unit *u = r->unit;

    ir_begin(u, pc, runner_context(r));
    u->singly = r->singly;
    u->shares = e->backend && !r->singly;
    e->guest->translate(r->vcpu, u, pc, runner_context(r), host, bytes);
    if (log_on(LOG_IN_ASM)) {
        unit_log_guest(e->guest, pc, host, u->guest_bytes);
    }
    unit_log_ir(LOG_OP, "OP", u);
    ir_passes_cold(u);
    unit_log_ir(LOG_OP_OPT, "OP after passes", u);
#ifdef CONFIG_DEBUG
    const char *problem = ir_verify(u);
    if (problem) {
        ir_print(stderr, u);
        fprintf(stderr, "IR: %s\n", problem);
        abort();
    }
#endif
}

/* Build and compile; a unit that is too complex for the back end is cut
 * shorter, down to one instruction, which always fits. */
static void compile(struct engine *e, struct runner *r, uint64_t pc,
                    const uint8_t *host, unsigned bytes, uint32_t page_id,
                    struct jit_buffer *code, struct jit_result *result)
{
    build(e, r, pc, host, bytes);
    while (e->backend && !backend_compile(r->compiler, r->unit, page_id,
                                          code, result)) {
        bytes = r->unit->guest_bytes / 2 & ~3u;
        assert(bytes >= 4);
        build(e, r, pc, host, bytes);
    }
}

/* Where the call that ends the unit returns to, in its page; or 0. */
static uint64_t place_behind(const struct ir_unit *u)
{
    const struct ir_insn *last = &u->insn[u->count - 1];
    uint64_t behind = 0;

    if (last->op == IR_EXIT) {
        behind = u->edge[last->imm].back;
    } else if (last->op == IR_EXIT_INDIRECT && last->aux == IR_JUMP_CALL) {
        behind = last->imm;
    }
    return behind >> RAM_PAGE_BITS == u->pc >> RAM_PAGE_BITS ? behind : 0;
}

/* Its units are those that the store keeps. */
static bool is_kept(const struct engine *e, const struct runner *r)
{
    return e->store && !r->alone && !r->singly &&
           !e->config.one_insn_per_block;
}

/* In pieces whose size is known: a short copy of any size takes longer. */
static void copy_source(uint8_t *to, const uint8_t *from, unsigned bytes)
{
    unsigned n = 0;

    for (; n + 64 <= bytes; n += 64) {
        memcpy(to + n, from + n, 64);
    }
    for (; n + 4 <= bytes; n += 4) {
        memcpy(to + n, from + n, 4);
    }
}

/* From guest code, of which there are `bytes`: at most `up_to` of them.  Fills
 * in the rest of *key. */
static struct block *make_new(struct engine *e, struct runner *r,
                              struct block *key, unsigned bytes,
                              unsigned up_to, const uint8_t *host,
                              struct jit_buffer *code)
{
    struct jit_result result;

    bytes = bytes < UNIT_SOURCE ? bytes : UNIT_SOURCE;
    copy_source(r->source, host, bytes);
    compile(e, r, key->pc, r->source, bytes < up_to ? bytes : up_to,
            key->page_id, code, &result);
    r->behind = e->backend && !r->alone && !r->singly && key->page_id
                    ? place_behind(r->unit) : 0;
    key->guest_bytes = (uint16_t)r->unit->guest_bytes;
    key->source_hash = block_source_hash(r->source, r->unit->guest_bytes);
    r->stats.lost += log_on(LOG_STATS) &&
                     origin_was_evicted(e->blocks, key->pa, key->context);
    r->stats.translations++;
    r->stats.guest_insns += r->unit->guest_insns;
    if (!e->backend) {
        return block_new_ir(r->chunk[CODE_ORIGINALS], key, code, r->unit);
    }
    struct block *b = block_new(e->backend, r->chunk[CODE_ORIGINALS], key, code,
                                &result);
    if (is_kept(e, r)) {
        store_add(e->store, b, r->source, bytes);
    }
    return b;
}

#ifdef CONFIG_DEBUG
/* A copy is what would have been made anew.  So is one from disk, but that
 * it may share slow paths that have no room here, or the other way round. */
static void check_copy(struct engine *e, struct runner *r,
                       const struct block *b, const uint8_t *host,
                       struct jit_buffer *code, bool from_disk)
{
    struct jit_result result;
    uint8_t *is = malloc(2 * (size_t)b->code_size);
    uint8_t *made = is + b->code_size;

    memcpy(is, b->code, b->code_size);
    memcpy(made, b->code, b->code_size);
    backend_forget_stubs(made, b);
    compile(e, r, b->pc, host, b->guest_bytes, b->page_id, code, &result);
    assert((from_disk && result.code_size != b->code_size) ||
           (result.code_size == b->code_size &&
            !memcmp(made, b->code, b->code_size)));
    memcpy(code->rw, is, b->code_size);
    free(is);
}
#endif

/* What was not made from guest code is logged, too, and in debug builds
 * checked. */
static void look_at_copy(struct engine *e, struct runner *r,
                         const struct block *b, const uint8_t *host,
                         struct jit_buffer *code, bool from_disk)
{
    if (log_on(LOG_IN_ASM)) {
        unit_log_guest(e->guest, b->pc, host, b->guest_bytes);
    }
#ifdef CONFIG_DEBUG
    check_copy(e, r, b, host, code, from_disk);
#else
    (void)r, (void)code, (void)from_disk;
#endif
}

/* What is copied because its origin is to be evicted takes its place; what is
 * wanted at another address as well dies earlier. */
static enum code_class class_of_copy(struct engine *e, struct runner *r,
                                     const struct block *key,
                                     const struct block *origin)
{
    r->stats.copies++;
    if (origin->dead) {
        r->stats.revived++;
        return CODE_ORIGINALS;
    }
    r->demand.units++;
    if (copy_was_evicted(e->blocks, key->pa, key->pc, key->context)) {
        r->demand.lost++;
        r->stats.copied_again++;
    }
    return CODE_COPIES;
}

/* From a block of the same guest code at whatever VA, or NULL. */
static struct block *make_copy(struct engine *e, struct runner *r,
                               struct block *key, unsigned bytes,
                               const uint8_t *host,
                               const struct block *origin)
{
    struct jit_buffer code;
    struct block *b;

    if (!e->backend || !origin || origin->guest_bytes > bytes) {
        return NULL;
    }
    struct code_chunk *chunk = r->chunk[class_of_copy(e, r, key, origin)];
    key->guest_bytes = origin->guest_bytes;
    key->source_hash = origin->source_hash;
    code_chunk_room(chunk, &code);
    b = block_clone(e->backend, chunk, key, &code, origin);
    look_at_copy(e, r, b, host, &code, false);
    return b;
}

/* From the store, or NULL. */
static struct block *make_loaded(struct engine *e, struct runner *r,
                                 struct block *key, unsigned bytes,
                                 const uint8_t *host, struct jit_buffer *code)
{
    const struct store_unit *u =
        is_kept(e, r) ? store_find(e->store, key, host, bytes) : NULL;
    struct block *b = u ? store_load(e->store, u, r->compiler,
                                     r->chunk[CODE_ORIGINALS], key, code)
                        : NULL;

    if (b) {
        r->stats.loads++;
        look_at_copy(e, r, b, host, code, true);
    }
    return b;
}

/* Inserted, and linked as far as is known without looking a page up. */
static bool insert(struct engine *e, struct runner *r, struct block **b,
                   struct block *from)
{
    const struct block_link *link = block_links(*b);
    uint32_t page_id[IR_MAX_EDGES];
    struct block_ways ways = {.from = from, .page_id = page_id};

    if (!e->backend || r->alone || r->singly || log_on(LOG_BLOCKS)) {
        return block_insert(e->blocks, r->vcpu->index, b, NULL);
    }
    for (unsigned n = 0; n < (*b)->link_count; n++) {
        page_id[n] =
            r->vcpu->tlb->page_id[tlb_index(link_target(*b, &link[n]))];
    }
    bool good = block_insert(e->blocks, r->vcpu->index, b, &ways);
    r->stats.linked += ways.linked;
    return good;
}

/* One attempt, of at most `bytes`, between block_begin() and
 * block_insert(); NULL when the guest changed the code meanwhile.  What is made
 * anew ends where another block begins: most of what lies there was or will
 * be translated from there.  Exits of *from, or NULL, may lead there. */
static struct block *translate_once(struct engine *e, struct runner *r,
                                    struct block *key, unsigned bytes,
                                    const struct block_start *start,
                                    const uint8_t *host, struct block *from)
{
    struct jit_buffer code;

    struct block *b = make_copy(e, r, key, bytes, host, start->origin);
    code_chunk_room(r->chunk[CODE_ORIGINALS], &code);
    if (!b) {
        b = make_loaded(e, r, key, bytes, host, &code);
    }
    if (!b) {
        b = make_new(e, r, key, bytes, start->up_to, host, &code);
        r->stats.host_bytes += b->code_size;
    }
    if (e->backend && log_on(LOG_OUT_ASM)) {
        unit_log_host(b);
    }
    if (e->config.perfmap && e->backend) {
        perfmap_unit(e->config.perfmap, b->code, b->code_size, b->pc, b->pa);
    }
    return insert(e, r, &b, from) ? b : NULL;
}

/* The page of `pa` has begun to hold code: no vCPU may write there without
 * telling, from when this returns. */
static void trap_stores(struct engine *e, struct runner *r, uint64_t pa)
{
    struct tlb_inval inval = {.kind = TLB_INVAL_WRITES, .va = pa};

    tlb_invalidate(r->vcpu->mmu, &inval);
    if (e->config.cpus > 1) {
        shootdown_post(e->config.shootdown, r->vcpu->index, &inval);
        shootdown_wait(e->config.shootdown, r->vcpu->index);
    }
}

/* Where a store keeps changing what is being translated, shorter units get
 * on. */
#define MAX_RETRIES 4

static unsigned unit_bytes(const struct engine *e, const struct runner *r,
                           uint64_t pc, unsigned tries)
{
    return e->config.one_insn_per_block || r->alone || tries > MAX_RETRIES
               ? 4
               : 4096 - (pc & 4095);
}

struct block *exec_move(struct engine *e, struct runner *r, uint64_t pc,
                        uint64_t pa, uint32_t page_id)
{
    unsigned cpu = r->vcpu->index, moved;

    /* Where code was made it is not moved to. */
    if (!e->backend || !page_id || r->alone || r->singly ||
        (r->made_in.page == pc >> RAM_PAGE_BITS &&
         r->made_in.id == page_id) ||
        !code_cache_hold(e->cache, cpu, e->config.cpus)) {
        return NULL;
    }
    moved = block_move(e->blocks, pc, pa, page_id);
    code_cache_release(e->cache);
    r->stats.moved += moved;
    r->stats.moves += moved > 0;
    return moved ? block_find(e->blocks, pc, runner_key(r), page_id) : NULL;
}

static struct block key_at(const struct runner *r, uint64_t pc, uint64_t pa,
                           uint32_t page_id)
{
    return (struct block){
        .pc = pc, .pa = pa, .context = runner_key(r), .page_id = page_id,
    };
}

/* The unit behind the call that the runner's last one, `b`, ends by; NULL:
 * something is there already, or there is no room. */
static struct block *make_behind(struct engine *e, struct runner *r,
                                 struct block *b, const uint8_t *host)
{
    uint64_t distance = r->behind - b->pc;
    struct block key = key_at(r, r->behind, b->pa + distance, b->page_id);
    unsigned bytes = 4096 - (key.pc & 4095);
    struct jit_buffer room;

    r->behind = 0;
    if (!key.pc || !code_chunk_room(r->chunk[CODE_ORIGINALS], &room)) {
        return NULL;
    }
    struct block_start begun =
        block_begin(e->blocks, r->vcpu->index, &key, bytes);
    if (begun.origin) {
        block_replace(e->blocks, r->vcpu->index, NULL);
        return NULL;
    }
    return translate_once(e, r, &key, bytes, &begun, host + distance, b);
}

/* So many of these at once. */
#define MAX_BEHIND 4

/*
 * What lies behind a new unit's call is run when that returns, but for one in
 * twenty.  It is made at once, and what is behind its call: all that takes is
 * in the host's caches, the way there is linked, and a function's code lies
 * together.
 */
static void translate_behind(struct engine *e, struct runner *r,
                             struct block *b, const uint8_t *host)
{
    for (unsigned n = 0; n < MAX_BEHIND; n++) {
        struct block *next = make_behind(e, r, b, host);

        if (!next) {
            break;
        }
        host += next->pc - b->pc;
        b = next;
    }
}

struct block *exec_translate(struct engine *e, struct runner *r, uint64_t pc,
                             uint64_t pa, const uint8_t *host,
                             uint32_t page_id, struct block *from)
{
    uint64_t start = log_on(LOG_STATS) ? clock_monotonic_ns() : 0;
    struct jit_buffer room;
    struct block *b = NULL;

    r->behind = 0;
    for (unsigned tries = 0;
         !b && code_chunk_room(r->chunk[CODE_ORIGINALS], &room) &&
         code_chunk_room(r->chunk[CODE_COPIES], &room); tries++) {
        unsigned bytes = unit_bytes(e, r, pc, tries);
        struct block key = key_at(r, pc, pa, page_id);
        struct block_start begun =
            block_begin(e->blocks, r->vcpu->index, &key, bytes);

        r->stats.retries += tries > 0;
        if (begun.first && e->strict) {
            trap_stores(e, r, pa);
            return NULL;
        }
        b = translate_once(e, r, &key, bytes, &begun, host, from);
    }
    if (b) {
        r->made_in.page = pc >> RAM_PAGE_BITS;
        r->made_in.id = page_id;
        translate_behind(e, r, b, host);
    }
    if (start) {
        r->stats.translate_ns += clock_monotonic_ns() - start;
    }
    return b;
}
