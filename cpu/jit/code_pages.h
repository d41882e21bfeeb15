/*
 * Guest pages that hold code, and their blocks by the virtual address that
 * they are for.  Part of the table of blocks and under its lock.
 */
#ifndef CPU_JIT_CODE_PAGES_H
#define CPU_JIT_CODE_PAGES_H

#include "cpu/jit/block.h"

#define CODE_PAGE_BITS 12 /* of its hash table */
/* So many of the views that a page had are remembered. */
#define CODE_PAGE_LEFT 4

/* The blocks whose head lies in one page of guest physical memory, for one
 * page of virtual addresses with one identity (page_ids.h). */
struct code_view {
    struct code_view *next; /* of the page: the latest is the first */
    struct code_page *page;
    struct block *blocks;   /* dead ones, which are copied from, too */
    uint64_t va;            /* page-aligned */
    uint32_t page_id;
    uint32_t next_id;       /* while it moves (block_move.c) */
    uint64_t visited;       /* by that move */
    uint64_t stays;         /* not moved before this move */
};

struct code_page {
    struct code_page *next;
    uint64_t number;        /* pa >> 12 */
    uint64_t lines;         /* of 64 bytes in which blocks may lie */
    uint64_t heads[16];     /* instructions at which blocks may begin */
    uint64_t lone;          /* lines in which single instructions may be
                               blocks */
    struct code_view *views;
    struct {
        uint64_t va;
        uint32_t page_id;   /* 0: none */
    } left[CODE_PAGE_LEFT]; /* where views were before they moved */
    unsigned moved;         /* how many did */
};

struct code_slab;

struct code_pages {
    struct code_page *slot[1 << CODE_PAGE_BITS];
    struct code_page *spare; /* of no page now */
    struct code_view *spare_view;
    struct code_slab *slabs; /* which all of them lie in */
    uint64_t moves;         /* counts them from 1 */
};

void code_pages_init(struct code_pages *pages);
void code_pages_free(struct code_pages *pages);

/* What points to the page with that number: to NULL if there is none. */
struct code_page **code_page_slot(struct code_pages *pages, uint64_t number);
void code_page_drop(struct code_pages *pages, struct code_page **slot);

/* The page's view, or NULL. */
struct code_view *code_page_view(const struct code_page *page, uint64_t va,
                                 uint32_t page_id);
/* Whether it had that view, which moved away. */
bool code_page_left(const struct code_page *page, uint64_t va,
                    uint32_t page_id);
/* Its view is at another address from now on: the latest. */
void code_view_moves(struct code_view *view, uint64_t va, uint32_t page_id);

/* Into its page, to which *page points, made if need be, and its view; out of
 * it. */
void code_pages_add(struct code_pages *pages, struct code_page **page,
                    struct block *b);
void code_pages_remove(struct code_pages *pages, struct block *b);

/* The lines of page `number` that [pa, end) touches, as bits. */
uint64_t code_page_lines(uint64_t number, uint64_t pa, uint64_t end);
/* Whether a block may begin at `pa`, which is in the page. */
static inline bool code_page_may_begin(const struct code_page *page,
                                       uint64_t pa)
{
    unsigned n = pa >> 2 & 1023;

    return (page->heads[n / 64] >> n % 64 | page->lone >> n / 16) & 1;
}

/* Where its blocks lie, again, after some have died. */
void code_page_find_places(struct code_page *page);
/* Bytes from `pa` to the next place in its page where a block may begin, or
 * `bytes` if they end before.  `page` may be NULL. */
unsigned code_page_up_to_head(const struct code_page *page, uint64_t pa,
                              unsigned bytes);

#endif
