/* What the files of the table of blocks share: block_table.c, block_move.c. */
#ifndef CPU_JIT_BLOCK_TABLE_INTERNAL_H
#define CPU_JIT_BLOCK_TABLE_INTERNAL_H

#include <pthread.h>

#include "cpu/jit/block_set.h"
#include "cpu/jit/block_table.h"
#include "cpu/jit/code_pages.h"
#include "cpu/jit/ghosts.h"

/* The guest code that a vCPU is translating now. */
struct in_flight {
    uint64_t pa, end;       /* end 0: none */
    bool spoiled;           /* it was invalidated since block_begin() */
};

struct block_table {
    struct bus *bus;
    struct block_table_ops ops;
    pthread_mutex_t lock;
    struct in_flight in_flight[BLOCK_TABLE_CPUS]; /* [lock] */
    unsigned translators; /* of these that ever were used, the first ones */
    struct block_set set;   /* by page id, PC, context; dead ones, too, until
                               they are not copied from either */
    struct code_pages pages;
    struct ghosts ghosts;   /* what was evicted */
};

/* The block's tag in the set. */
static inline uint32_t block_tag(uint64_t pc, uint32_t context,
                                uint32_t page_id)
{
    return block_set_tag((uint64_t)context << 32 | page_id, pc);
}

/* The exit leads to its stub again.  With the lock held. */
void block_unlink(struct block_table *t, struct block_link *link);

#endif
