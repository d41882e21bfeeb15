/*
 * See code_pages.h.
 */
#include "cpu/jit/code_pages.h"

#include <stdlib.h>
#include <string.h>

#include "softmmu/ram.h"
#include "util/bits.h"

/* Moves for which a view stays where it is that was taken away too early:
 * what uses it lives on beside what it was taken for. */
#define STAYS 64

void code_pages_init(struct code_pages *pages)
{
    pages->moves = 1;
}

/* Pages and views are made by the dozen: a thread's heap grows by one page of
 * the host's and a system call at a time. */
struct code_slab {
    struct code_slab *next;
    union {
        struct code_page page[64];
        struct code_view view[192];
    };
};

static struct code_slab *add_slab(struct code_pages *pages)
{
    struct code_slab *slab = malloc(sizeof(*slab));

    slab->next = pages->slabs;
    pages->slabs = slab;
    return slab;
}

static void add_pages(struct code_pages *pages)
{
    struct code_slab *slab = add_slab(pages);

    for (unsigned n = 0; n < ARRAY_SIZE(slab->page); n++) {
        slab->page[n].next = pages->spare;
        pages->spare = &slab->page[n];
    }
}

static void add_views(struct code_pages *pages)
{
    struct code_slab *slab = add_slab(pages);

    for (unsigned n = 0; n < ARRAY_SIZE(slab->view); n++) {
        slab->view[n].next = pages->spare_view;
        pages->spare_view = &slab->view[n];
    }
}

void code_pages_free(struct code_pages *pages)
{
    for (struct code_slab *slab = pages->slabs, *next; slab; slab = next) {
        next = slab->next;
        free(slab);
    }
}

struct code_page **code_page_slot(struct code_pages *pages, uint64_t number)
{
    struct code_page **p =
        &pages->slot[(number * UINT64_C(0x9e3779b97f4a7c15)) >>
                     (64 - CODE_PAGE_BITS)];

    while (*p && (*p)->number != number) {
        p = &(*p)->next;
    }
    return p;
}

/* Code that is written anew leaves its page and comes back at once. */
static struct code_page *new_page(struct code_pages *pages)
{
    if (!pages->spare) {
        add_pages(pages);
    }
    struct code_page *page = pages->spare;
    pages->spare = page->next;
    return page;
}

void code_page_drop(struct code_pages *pages, struct code_page **slot)
{
    struct code_page *page = *slot;

    *slot = page->next;
    page->next = pages->spare;
    pages->spare = page;
}

/* -- places -------------------------------------------------------------- */

uint64_t code_page_lines(uint64_t number, uint64_t pa, uint64_t end)
{
    uint64_t start = number << RAM_PAGE_BITS;
    uint64_t first = pa > start ? (pa - start) / 64 : 0;
    uint64_t last = end < start + RAM_PAGE_SIZE ? (end - 1 - start) / 64 : 63;

    return UINT64_MAX >> (63 - last) & UINT64_MAX << first;
}

/* Lone instructions are no heads: they may have been stepped through. */
static void add_place(struct code_page *page, const struct block *b)
{
    unsigned n = b->pa >> 2 & 1023;

    if (b->guest_bytes > 4) {
        page->heads[n / 64] |= BIT(n % 64);
    } else {
        page->lone |= BIT(n / 16);
    }
    page->lines |= code_page_lines(page->number, b->pa - b->before,
                                   b->pa + b->guest_bytes);
}

void code_page_find_places(struct code_page *page)
{
    page->lines = page->lone = 0;
    memset(page->heads, 0, sizeof(page->heads));
    for (const struct code_view *v = page->views; v; v = v->next) {
        for (const struct block *b = v->blocks; b;
             b = block_view_next(b)) {
            add_place(page, b);
        }
    }
}

unsigned code_page_up_to_head(const struct code_page *page, uint64_t pa,
                              unsigned bytes)
{
    unsigned first = pa >> 2 & 1023, end = first + bytes / 4;

    for (unsigned n = first + 1; page && n < end; n = (n | 63) + 1) {
        uint64_t heads = page->heads[n / 64] >> n % 64;

        if (heads) {
            n += (unsigned)ctz64(heads);
            return n < end ? (n - first) * 4 : bytes;
        }
    }
    return bytes;
}

/* -- views --------------------------------------------------------------- */

struct code_view *code_page_view(const struct code_page *page, uint64_t va,
                                 uint32_t page_id)
{
    struct code_view *v = page->views;

    while (v && (v->va != va || v->page_id != page_id)) {
        v = v->next;
    }
    return v;
}

bool code_page_left(const struct code_page *page, uint64_t va,
                    uint32_t page_id)
{
    for (unsigned n = 0; n < CODE_PAGE_LEFT; n++) {
        if (page->left[n].va == va && page->left[n].page_id == page_id) {
            return true;
        }
    }
    return false;
}

static void unlink_view(struct code_view *view)
{
    struct code_view **p = &view->page->views;

    while (*p != view) {
        p = &(*p)->next;
    }
    *p = view->next;
}

static void link_view(struct code_page *page, struct code_view *view)
{
    view->page = page;
    view->next = page->views;
    page->views = view;
}

void code_view_moves(struct code_view *view, uint64_t va, uint32_t page_id)
{
    struct code_page *page = view->page;
    unsigned n = page->moved++ % CODE_PAGE_LEFT;

    page->left[n].va = view->va;
    page->left[n].page_id = view->page_id;
    view->va = va;
    view->page_id = page_id;
    unlink_view(view);
    link_view(page, view);
}

static struct code_view *new_view(struct code_pages *pages,
                                  struct code_page *page, uint64_t va,
                                  uint32_t page_id)
{
    if (!pages->spare_view) {
        add_views(pages);
    }
    struct code_view *v = pages->spare_view;
    pages->spare_view = v->next;
    *v = (struct code_view){
        .va = va, .page_id = page_id,
        .stays = code_page_left(page, va, page_id) ? pages->moves + STAYS
                                                   : 0,
    };
    link_view(page, v);
    return v;
}

void code_pages_add(struct code_pages *pages, struct code_page **page,
                    struct block *b)
{
    uint64_t va = align_down(b->pc, RAM_PAGE_SIZE);

    if (!*page) {
        *page = new_page(pages);
        **page = (struct code_page){.number = b->pa >> RAM_PAGE_BITS};
    }
    add_place(*page, b);
    struct code_view *v = code_page_view(*page, va, b->page_id);
    if (!v) {
        v = new_view(pages, *page, va, b->page_id);
    }
    b->view = v;
    near_set(&b->view_prev, NULL);
    near_set(&b->view_next, v->blocks);
    if (v->blocks) {
        near_set(&v->blocks->view_prev, b);
    }
    v->blocks = b;
}

void code_pages_remove(struct code_pages *pages, struct block *b)
{
    struct code_view *v = b->view;
    struct block *prev = near_get(&b->view_prev), *next = block_view_next(b);

    if (prev) {
        near_set(&prev->view_next, next);
    } else {
        v->blocks = next;
    }
    if (next) {
        near_set(&next->view_prev, prev);
    }
    b->view = NULL;
    if (!v->blocks) {
        unlink_view(v);
        v->next = pages->spare_view;
        pages->spare_view = v;
    }
}
