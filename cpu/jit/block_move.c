/*
 * Moving blocks to another virtual address.
 *
 * Programs lie elsewhere each time they are started, and so do libraries in
 * each of them.  When code is wanted at an address for which its page has no
 * view, and the view that it had last seems to belong to nobody any more, this
 * view moves: its blocks get other addresses and are neither copied nor
 * linked anew.  With it go all views that links connect it with, which is a
 * library as far as it was run, for they will be wanted at the same distance;
 * if they are not, nothing is wrong with what was moved, since the guard of a
 * block asks whether its page is there.
 *
 * Nobody may run the blocks meanwhile, nor have their addresses on a stack of
 * calls: the caller is in its run loop, and every other vCPU waits
 * (code_cache_hold()).
 *
 * Whose view it is cannot be known for sure.  If it is missed at its old
 * address, it is made anew from copies, and stays there for some time.
 */
#include "cpu/jit/block_table_internal.h"

#include "util/bits.h"

/* At most so much in one move; the rest follows when it is wanted. */
#define MAX_VIEWS 1024
#define MAX_BLOCKS 8192

struct move {
    struct block_table *t;
    uint64_t number;        /* of moves */
    uint64_t delta;
    unsigned views, looked, blocks;
    bool partly;            /* something connected stays */
    struct code_view *view[MAX_VIEWS];
};

/* The view comes along, if it can. */
static void take_along(struct move *m, struct code_view *v)
{
    struct block_table *t = m->t;

    if (v->visited == m->number) {
        return;
    }
    v->visited = m->number;
    v->next_id = 0;
    if (v->page_id && m->views < MAX_VIEWS && m->blocks < MAX_BLOCKS) {
        v->next_id = t->ops.number(t->ops.opaque, v, v->va + m->delta);
    }
    if (!v->next_id ||
        code_page_view(v->page, v->va + m->delta, v->next_id)) {
        m->partly = true;
    } else {
        m->view[m->views++] = v;
    }
}

/* All that the view's blocks are linked with. */
static void follow(struct move *m, const struct code_view *v)
{
    for (struct block *b = v->blocks; b; b = block_view_next(b)) {
        struct block_link *link = block_links(b);

        if (b->dead) {
            continue;
        }
        m->blocks++;
        for (unsigned n = 0; n < b->link_count; n++, link++) {
            if (link_to(link)) {
                take_along(m, link_to(link)->view);
            }
        }
        for (link = block_links_in(b); link; link = link_next_in(link)) {
            take_along(m, block_of_link(link)->view);
        }
    }
}

static void move_block(struct move *m, struct block *b, uint32_t page_id)
{
    struct block_table *t = m->t;

    block_set_remove(&t->set, block_tag(b->pc, b->context, b->page_id), b);
    b->pc += m->delta;
    b->page_id = page_id;
    block_set_add(&t->set, block_tag(b->pc, b->context, b->page_id), b);
    t->ops.move(t->ops.opaque, b, m->delta);
}

/* Dead blocks come along: they may be copied from. */
static void move_view(struct move *m, struct code_view *v)
{
    for (struct block *b = v->blocks; b; b = block_view_next(b)) {
        move_block(m, b, v->next_id);
    }
    code_view_moves(v, v->va + m->delta, v->next_id);
}

/* Cut the links between what moved and what did not. */
static void part(struct move *m, const struct code_view *v)
{
    for (struct block *b = v->blocks; b; b = block_view_next(b)) {
        struct block_link *link = block_links(b), *next;

        for (unsigned n = 0; !b->dead && n < b->link_count; n++, link++) {
            if (link_to(link) && link_target(b, link) != link_to(link)->pc) {
                block_unlink(m->t, link);
            }
        }
        for (link = block_links_in(b); link; link = next) {
            next = link_next_in(link);
            if (link_target(block_of_link(link), link) != b->pc) {
                block_unlink(m->t, link);
            }
        }
    }
}

static void move_all(struct move *m)
{
    while (m->looked < m->views) {
        follow(m, m->view[m->looked++]);
    }
    for (unsigned n = 0; n < m->views; n++) {
        move_view(m, m->view[n]);
    }
    for (unsigned n = 0; m->partly && n < m->views; n++) {
        part(m, m->view[n]);
    }
}

/* What to move to `va`, or NULL: the page has a view there or is being copied
 * to it, or all its views are in use. */
static struct code_view *choose(struct block_table *t, uint64_t pa,
                                uint64_t va, uint32_t page_id)
{
    struct code_page *page = *code_page_slot(&t->pages, pa >> RAM_PAGE_BITS);
    struct code_view *v = page ? page->views : NULL;

    if (!v || code_page_view(page, va, page_id) ||
        code_page_left(page, va, page_id)) {
        return NULL;
    }
    while (v && (v->stays > t->pages.moves ||
                 t->ops.number(t->ops.opaque, v, va) != page_id ||
                 t->ops.in_use(t->ops.opaque, v))) {
        v = v->next;
    }
    return v;
}

unsigned block_move(struct block_table *t, uint64_t pc, uint64_t pa,
                    uint32_t page_id)
{
    uint64_t va = align_down(pc, RAM_PAGE_SIZE);
    unsigned blocks = 0;

    pthread_mutex_lock(&t->lock);
    struct code_view *v = choose(t, pa, va, page_id);
    if (v) {
        struct move m;

        m.t = t;
        m.number = ++t->pages.moves;
        m.delta = va - v->va;
        m.views = m.looked = m.blocks = 0;
        m.partly = false;
        take_along(&m, v);
        move_all(&m);
        blocks = m.blocks;
    }
    pthread_mutex_unlock(&t->lock);
    return blocks;
}
