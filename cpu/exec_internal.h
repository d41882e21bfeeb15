/* What the engine's files (exec.c, exec_find.c, exec_translate.c) share. */
#ifndef CPU_EXEC_INTERNAL_H
#define CPU_EXEC_INTERNAL_H

#include <pthread.h>

#include "cpu/exec.h"
#include "cpu/ir/build.h"
#include "cpu/jit/block_table.h"
#include "cpu/jit/store.h"
#include "cpu/region.h"
#include "cpu/stats.h"

/* No unit covers more guest code than this. */
#define UNIT_SOURCE 256

/* What the engine keeps for each vCPU. */
struct runner {
    struct engine *engine;
    struct vcpu *vcpu;
    pthread_t thread;        /* that ran it last */
    struct code_chunk *chunk[2]; /* of originals and copies */
    struct backend_thread *compiler;
    struct ir_unit *unit;
    bool context_stale;      /* vcpu->jump_key is not of the state */
    bool strict;             /* stores to pages with code are trapped */
    bool slept;              /* code may have been reused since it last
                                served its requests */
    bool alone;              /* run one instruction, a unit of its own */
    bool singly;             /* no region now */
    bool sample;             /* tell what is entered next */
    uint64_t behind;         /* where the call that ends its last new unit
                                returns to, in that page; or 0 */
    struct {
        uint64_t page;
        uint32_t id;
    } made_in;               /* where it made a unit last, by VA */
    struct code_demand demand; /* since it has its chunk of copies */
    struct engine_stats stats;
    bool sleeping;           /* atomic; on the futex vcpu->request */
    uint8_t source[UNIT_SOURCE]; /* what is being translated: the guest may
                                    change its code meanwhile */
};

struct engine {
    struct engine_config config;
    const struct guest_ops *guest;
    struct code_cache *cache;
    struct block_table *blocks;
    struct backend *backend; /* NULL: interpreter */
    struct regions *regions; /* NULL: none are formed */
    struct vcpu *vcpu[BLOCK_TABLE_CPUS];
    struct store *store;     /* NULL: none */
    _Atomic unsigned strict; /* vCPUs in strict mode */
    struct runner runner[];
};

/* The current context flags. */
static inline uint32_t runner_context(const struct runner *r)
{
    return vcpu_context(r->vcpu);
}

/* The context flags of a block's key: units of a lone instruction are told
 * from others. */
#define KEY_ALONE (1u << 16)
/* Likewise those that are entered by a region's failed CHECK: they are never
 * regions themselves. */
#define KEY_SINGLY (1u << 17)

static inline uint32_t runner_key(const struct runner *r)
{
    return runner_context(r) | (r->alone ? KEY_ALONE : 0) |
           (r->singly ? KEY_SINGLY : 0);
}

static inline struct jump_cache_entry *runner_jump_slot(struct vcpu *vcpu,
                                                        uint64_t pc)
{
    return &vcpu->jump_cache[pc >> 2 & (JUMP_CACHE_ENTRIES - 1)];
}

/*
 * The block at vcpu->pc, or NULL when the fetch raised an exception, the chunk
 * is full, or something else wants to be looked at first.  `link`, or NULL: the
 * exit that leads there.  What hot code is about is told here. [vCPU thread]
 */
struct block *exec_find(struct engine *e, struct runner *r,
                        const struct block_link *link);

/*
 * vcpu->pc of where generated code stopped, which had been entered at that
 * block.  When that was an exit which can be linked: its link, else NULL.
 * [vCPU thread]
 */
struct block_link *exec_sync_pc(struct engine *e, struct vcpu *vcpu,
                                struct block *entered);

/* Indirect branches to the block go straight on. [vCPU thread] */
void exec_fill_jump_cache(struct runner *r, const struct block *to);

/* See vcpu.reenter: a block whose page is not known in this address space, or
 * not any more, the most frequent reason by far; or a block that died. */
const uint8_t *exec_reenter(struct vcpu *vcpu, const uint8_t *host);

/* The unit at pc, when code that nobody seems to use elsewhere was moved here;
 * or NULL.  Only in the run loop: no host address of code may be on the stack
 * of calls. [vCPU thread] */
struct block *exec_move(struct engine *e, struct runner *r, uint64_t pc,
                        uint64_t pa, uint32_t page_id);

/*
 * The unit at pc, whose guest code is at `host`: copied from another VA,
 * loaded from the store, or made; linked to exits of *from, or NULL, that lead
 * there.  NULL: look again, the chunk is full or the mapping may have changed.
 * [vCPU thread]
 */
struct block *exec_translate(struct engine *e, struct runner *r, uint64_t pc,
                             uint64_t pa, const uint8_t *host,
                             uint32_t page_id, struct block *from);

#endif
