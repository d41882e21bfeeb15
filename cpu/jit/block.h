/*
 * A block: one translated unit of guest code.
 *
 * Key: guest VA of the head, guest PA of the head, context flags.  Blocks
 * hang off their guest physical page and die when the page's code is
 * invalidated (IC IVAU and IC IALLU, writes by devices or the debugger,
 * stores in strict mode).  Lookup takes no lock; insertion and death take
 * the table's lock (block_table.h).  Memory of dead blocks is reused only
 * when every vCPU has passed through its run loop since (code_cache.h).
 */
#ifndef CPU_JIT_BLOCK_H
#define CPU_JIT_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/ir/ir.h"
#include "cpu/jit/near.h"

/* Code of a block is shorter than this: offsets into it have 16 bits. */
#define BLOCK_MAX_CODE 0xffff

/* An exit of a block that can be linked to its target: a jump or call whose
 * 32-bit displacement is patched (backend_link()). */
struct block_link {
    struct near to;              /* a block, if it is linked */
    struct near next_in;         /* list of links into `to` */
    int32_t target;              /* guest VA, less the block's pc */
    int32_t to_stub;             /* if it has one: the rel32 that leads there */
    uint16_t patch;              /* offset of the rel32 in the block's code */
    uint8_t index;               /* in the block's links */
    bool same_page : 1, backward : 1, singly : 1; /* as in ir_edge */
    bool stub : 1;               /* when not linked, it jumps to a stub that
                                    calls the run loop; else it calls itself */
    bool turns : 1;              /* from such a call into a jump */
};

/* Where generated code can stop: host return address -> instruction. */
struct block_site {
    uint16_t host;   /* offset in the block's code of the return address */
    uint16_t insn;   /* byte offset / 4 of the guest instruction from pc */
};

struct block {
    /* What is looked at when it is sought and entered, in one line of the
     * host's caches. */
    uint64_t pc, pa;
    uint32_t context;
    uint32_t page_id;
    const uint8_t *code;          /* executable; start of its code */
    uint16_t code_size;
    uint8_t guarded, polled, entry; /* offsets of the three entries */
    uint8_t pad;                  /* offset of host_return when not entered */
    bool is_region;
    _Atomic bool dead;     /* not entered; may be copied from all the same */
    uint16_t head;         /* of its code, which death writes over */
    uint16_t guest_bytes;  /* covered from pa on, and before it */
    uint16_t before;       /* (regions) */
    uint16_t link_count, site_count;
    uint16_t room;         /* of all about it, in INDEX_UNITs (code_cache.h) */
    uint32_t source_hash;  /* of the guest bytes */

    struct code_view *view;      /* the page that it is in, or NULL */
    struct near view_next, view_prev; /* blocks there */
    struct near links_in;        /* a list of links */

    union {
        struct {
            uint16_t thunk_relocs, pc_relocs;
        };
        struct {
            uint16_t ir_count, ir_consts; /* interpreter */
        };
    };
    /*
     * Behind it: links, sites and relocations, or IR and edges.  Relocations
     * are offsets into the code: of displacements (32 bits) to thunks, then
     * of guest addresses (64 bits) that are as far from pc wherever the unit
     * is.  All else that depends on where it is: the guard, the links.
     */
};

static inline struct block_link *block_links(const struct block *b)
{
    return (struct block_link *)(uintptr_t)(b + 1);
}

static inline struct block_site *block_sites(const struct block *b)
{
    return (struct block_site *)(block_links(b) + b->link_count);
}

static inline uint16_t *block_relocs(const struct block *b)
{
    return (uint16_t *)(block_sites(b) + b->site_count);
}

static inline struct block *block_of_link(const struct block_link *link)
{
    return (struct block *)(uintptr_t)(link - link->index) - 1;
}

static inline struct block *link_to(const struct block_link *link)
{
    return near_get(&link->to);
}

/* The guest VA to which the block's exit leads. */
static inline uint64_t link_target(const struct block *b,
                                   const struct block_link *link)
{
    return b->pc + (uint64_t)(int64_t)link->target;
}

/* The links into the block; the next one of these. */
static inline struct block_link *block_links_in(const struct block *b)
{
    return near_get(&b->links_in);
}

static inline struct block_link *link_next_in(const struct block_link *link)
{
    return near_get(&link->next_in);
}

/* The next of its view. */
static inline struct block *block_view_next(const struct block *b)
{
    return near_get(&b->view_next);
}

static inline struct ir_insn *block_ir(const struct block *b)
{
    return (struct ir_insn *)(uintptr_t)(b + 1);
}

static inline struct ir_edge *block_edges(const struct block *b)
{
    return (struct ir_edge *)(block_ir(b) + b->ir_count + b->ir_consts);
}

/*
 * A block in the chunk, with the identity (pc .. guest_bytes) of `key`:
 * from what the back end made at `code`, or from the unit.  Not in the table
 * yet.
 */
struct backend;
struct code_chunk;
struct jit_buffer;
struct jit_result;
struct block *block_new(const struct backend *backend,
                        struct code_chunk *chunk, const struct block *key,
                        const struct jit_buffer *code,
                        const struct jit_result *result);
/* The same from a block of the same guest code at whatever VA, which may be
 * dying. */
struct block *block_clone(const struct backend *backend,
                          struct code_chunk *chunk, const struct block *key,
                          struct jit_buffer *code,
                          const struct block *origin);
struct block *block_new_ir(struct code_chunk *chunk, const struct block *key,
                           const struct jit_buffer *code,
                           const struct ir_unit *unit);

#endif
