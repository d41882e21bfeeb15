/*
 * Making blocks; see block.h.
 */
#include "cpu/jit/block.h"

#include <string.h>

#include "cpu/jit/code_cache.h"

/* Bytes of what lies behind struct block. */
static size_t tail_size(const struct block *b)
{
    return b->link_count * sizeof(struct block_link) +
           b->site_count * sizeof(struct block_site) +
           (b->thunk_relocs + b->pc_relocs) * sizeof(uint16_t);
}

static struct block *with_key(struct code_chunk *chunk,
                              const struct block *key,
                              const struct block *shape)
{
    struct block *b = code_chunk_alloc(chunk,
                                       sizeof(*b) + tail_size(shape));

    *b = *shape;
    b->pc = key->pc;
    b->pa = key->pa;
    b->context = key->context;
    b->page_id = key->page_id;
    b->source_hash = key->source_hash;
    b->guest_bytes = key->guest_bytes;
    b->before = key->before;
    b->is_region = key->is_region;
    b->dead = b->is_origin = false;
    b->view = NULL;
    near_set(&b->links_in, NULL);
    return b;
}

struct block *block_new(struct code_chunk *chunk, const struct block *key,
                        const struct jit_buffer *code,
                        const struct jit_result *result)
{
    struct block shape = {
        .code = code->rx,
        .code_size = (uint16_t)result->code_size,
        .link_count = (uint16_t)result->link_count,
        .site_count = (uint16_t)result->site_count,
        .guarded = (uint8_t)result->guarded,
        .polled = (uint8_t)result->polled,
        .entry = (uint8_t)result->entry,
        .pad = (uint8_t)result->pad,
        .thunk_relocs = (uint16_t)result->thunk_relocs,
        .pc_relocs = (uint16_t)result->pc_relocs,
    };
    struct block *b = with_key(chunk, key, &shape);
    uint16_t *reloc = block_relocs(b);
    size_t skip = (size_t)(code->rx - chunk->rx) - chunk->used;

    memcpy(&b->head, code->rw + b->entry, sizeof(b->head));
    memcpy(block_links(b), result->links,
           b->link_count * sizeof(*result->links));
    memcpy(block_sites(b), result->sites,
           b->site_count * sizeof(*result->sites));
    memcpy(reloc, result->thunk_reloc, b->thunk_relocs * sizeof(*reloc));
    memcpy(reloc + b->thunk_relocs, result->pc_reloc,
           b->pc_relocs * sizeof(*reloc));
    code_chunk_commit(chunk, b, skip + result->code_size);
    return b;
}

struct block *block_clone(const struct backend *backend,
                          struct code_chunk *chunk, const struct block *key,
                          struct jit_buffer *code,
                          const struct block *origin)
{
    struct block *b = with_key(chunk, key, origin);
    struct block_link *link = block_links(b);
    /* As far from a multiple of 16 as the original, for its constants. */
    size_t skip = ((uintptr_t)code->rx ^ (uintptr_t)origin->code) & 8;

    code->rx += skip;
    code->rw += skip;
    b->code = code->rx;
    memcpy(code->rw, origin->code, origin->code_size);
    memcpy(link, block_links(origin), tail_size(origin));
    for (unsigned n = 0; n < b->link_count; n++, link++) {
        near_set(&link->to, NULL);
    }
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
