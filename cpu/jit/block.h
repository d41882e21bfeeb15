/*
 * A block: one translated unit of guest code, and the table of all blocks.
 *
 * Key: guest VA of the head, guest PA of the head, context flags.  Blocks
 * hang off their guest physical page and die when the page's code is
 * invalidated (IC IVAU and IC IALLU, writes by devices or the debugger,
 * stores in strict mode).  Lookup takes no lock; insertion and death take
 * the table's lock.  Memory of dead blocks is reused only when every vCPU
 * has passed through its run loop since (epochs, code_cache.h).
 */
#ifndef CPU_JIT_BLOCK_H
#define CPU_JIT_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/ir/ir.h"

/* An exit of a block that can be linked to its target: a jump whose 32-bit
 * displacement is patched. */
struct block_link {
    struct block *from;
    struct block *to;            /* NULL: not linked */
    struct block_link *next_in;  /* list of links into `to` */
    uint64_t target;             /* guest VA */
    uint32_t patch;              /* offset of the rel32 in from's code */
    uint32_t unlinked;           /* offset it points to when not linked */
    uint32_t left;               /* offset of host_return when it is taken */
    bool same_page, backward;
};

/* Where generated code can stop: host return address -> instruction. */
struct block_site {
    uint32_t host;   /* offset in the block's code of the return address */
    uint16_t insn;   /* byte offset / 4 of the guest instruction from pc */
    uint16_t extra;
};

struct block {
    uint64_t pc, pa;
    uint32_t context;
    uint32_t page_id;
    uint32_t guest_bytes;
    uint32_t source_hash;  /* of the guest bytes */
    _Atomic bool dead;

    struct block *_Atomic next;  /* hash chain */
    struct block *page_next;     /* blocks of one guest physical page */
    struct block **page_prev;    /* what points to this one there */
    struct block_link *links_in;

    /* JIT: executable addresses. */
    const uint8_t *code;          /* start of the block's code */
    uint32_t code_size;
    uint32_t guarded, polled, entry; /* offsets of the three entries */
    uint32_t pad;                 /* offset of host_return when not entered */
    uint16_t link_count, site_count;
    struct block_link *links;
    struct block_site *sites;

    /* Interpreter. */
    struct ir_insn *ir;
    struct ir_edge *edges;
    uint32_t ir_count;
};

#endif
