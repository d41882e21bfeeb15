/*
 * Making blocks; see block.h.
 */
#include "cpu/jit/block.h"

#include <stdatomic.h>
#include <string.h>

#include "cpu/jit/code_cache.h"

/* Bytes of what lies behind a struct block with these counts. */
static size_t tail_size(size_t links, size_t sites, size_t relocs)
{
    return links * sizeof(struct block_link) +
           sites * sizeof(struct block_site) + relocs * sizeof(uint16_t);
}

/* What a block is at first whatever it was made from. */
static void set_key(struct block *b, const struct block *key)
{
    b->pc = key->pc;
    b->pa = key->pa;
    b->context = key->context;
    b->page_id = key->page_id;
    b->source_hash = key->source_hash;
    b->guest_bytes = key->guest_bytes;
    b->before = key->before;
    b->is_region = key->is_region;
    atomic_init(&b->dead, false); /* nobody else sees it yet */
    b->view = NULL;
    near_set(&b->links_in, NULL);
}

/* Its exits lead to the run loop. */
static void place_stubs(const struct backend *backend,
                        struct code_chunk *chunk, const struct block *b,
                        const struct jit_buffer *code)
{
    const struct jit_buffer stubs = code_chunk_stubs(chunk);

    code_chunk_add_stubs(chunk,
                         backend_place_stubs(backend, &stubs, code,
                                             block_links(b), b->link_count,
                                             chunk->index));
}

/* Field by field to where it stays: a copy of what was just put together in
 * pieces would wait until they have been written. */
struct block *block_new(const struct backend *backend,
                        struct code_chunk *chunk, const struct block *key,
                        const struct jit_buffer *code,
                        const struct jit_result *result)
{
    size_t relocs = result->thunk_relocs + result->pc_relocs;
    size_t tail = tail_size(result->link_count, result->site_count, relocs);
    struct block *b = code_chunk_alloc(chunk, sizeof(*b) + tail);
    size_t skip = (size_t)(code->rx - chunk->rx) - chunk->used;

    set_key(b, key);
    b->code = code->rx;
    b->code_size = (uint16_t)result->code_size;
    b->guarded = (uint8_t)result->guarded;
    b->polled = (uint8_t)result->polled;
    b->entry = (uint8_t)result->entry;
    b->pad = (uint8_t)result->pad;
    b->link_count = (uint16_t)result->link_count;
    b->site_count = (uint16_t)result->site_count;
    b->thunk_relocs = (uint16_t)result->thunk_relocs;
    b->pc_relocs = (uint16_t)result->pc_relocs;
    uint16_t *reloc = block_relocs(b);
    memcpy(&b->head, code->rw + b->entry, sizeof(b->head));
    memcpy(block_links(b), result->links,
           result->link_count * sizeof(*result->links));
    memcpy(block_sites(b), result->sites,
           result->site_count * sizeof(*result->sites));
    memcpy(reloc, result->thunk_reloc, result->thunk_relocs * sizeof(*reloc));
    memcpy(reloc + result->thunk_relocs, result->pc_reloc,
           result->pc_relocs * sizeof(*reloc));
    place_stubs(backend, chunk, b, code);
    code_chunk_commit(chunk, b, skip + result->code_size);
    return b;
}

struct block *block_clone(const struct backend *backend,
                          struct code_chunk *chunk, const struct block *key,
                          struct jit_buffer *code,
                          const struct block *origin)
{
    size_t tail = tail_size(origin->link_count, origin->site_count,
                            origin->thunk_relocs + origin->pc_relocs);
    struct block *b = code_chunk_alloc(chunk, sizeof(*b) + tail);
    struct block_link *link;
    /* As far from a multiple of 16 as the original, for its constants. */
    size_t skip = ((uintptr_t)code->rx ^ (uintptr_t)origin->code) & 8;

    *b = *origin;
    set_key(b, key);
    code->rx += skip;
    code->rw += skip;
    b->code = code->rx;
    memcpy(code->rw, origin->code, origin->code_size);
    link = block_links(b);
    memcpy(link, block_links(origin), tail);
    for (unsigned n = 0; n < b->link_count; n++, link++) {
        near_set(&link->to, NULL);
    }
    place_stubs(backend, chunk, b, code);
    backend_relocate(backend, code->rw, b, b->code - origin->code,
                     b->pc - origin->pc);
    /* A call there has another displacement now. */
    memcpy(&b->head, code->rw + b->entry, sizeof(b->head));
    code_chunk_commit(chunk, b, skip + b->code_size);
    return b;
}

struct block *block_new_ir(struct code_chunk *chunk, const struct block *key,
                           const struct jit_buffer *code,
                           const struct ir_unit *unit)
{
    size_t insns = unit->count * sizeof(*unit->insn);
    size_t consts = unit->const_count * sizeof(*unit->insn);
    size_t edges = unit->edge_count * sizeof(*unit->edge);
    struct block *b = code_chunk_alloc(chunk, sizeof(*b) + insns + consts +
                                              edges);

    *b = *key;
    b->ir_count = (uint16_t)unit->count;
    b->ir_consts = (uint16_t)unit->const_count;
    memcpy(block_ir(b), unit->insn, insns);
    memcpy(block_ir(b) + unit->count, unit->insn + IR_FIRST_CONST, consts);
    memcpy(block_edges(b), unit->edge, edges);
    b->code = code->rx; /* only orders the chunk's list */
    code_chunk_commit(chunk, b, 16);
    return b;
}
