/* Block status: what there is in a range, in the words of the contexts that
 * the client chose. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "block/nbd/server_internal.h"
#include "util/bits.h"

#define MAX_EXTENTS 2048

struct extents {
    uint8_t *at; /* the next pair */
    unsigned count;
    uint32_t length, flags; /* of the last one, which may grow */
};

static void close_extent(struct extents *e)
{
    if (e->length) {
        put32(e->at, e->length);
        put32(e->at + 4, e->flags);
        e->at += 8;
        e->count++;
        e->length = 0;
    }
}

static uint32_t flags_of(unsigned id, unsigned flags, unsigned depth)
{
    if (id == NBD_ID_ALLOCATION) {
        return (flags & BLOCK_STATUS_HOLE ? NBD_STATE_HOLE : 0) |
               (flags & BLOCK_STATUS_ZERO ? NBD_STATE_ZERO : 0);
    }
    /* 0 nowhere, 1 in the image itself, 2 below it */
    return depth == UINT_MAX ? 0 : depth ? 2 : 1;
}

/* What a range has at its beginning, in a context's words. */
static int ask(struct nbd_server *s, unsigned id, uint64_t start,
               uint64_t length, uint32_t *now, uint64_t *run)
{
    unsigned flags, depth;
    bool dirty = false;
    int error;

    if (id == NBD_ID_BITMAP) {
        error = qcow2_bitmap_status(s->config.bitmap_image, s->config.bitmap,
                                    start, length, &dirty, run);
        *now = dirty;
        return error;
    }
    error = block_status(s->backend, start, length, &flags, &depth, run);
    *now = error ? 0 : flags_of(id, flags, depth);
    return error;
}

/* The image is asked in sectors, the client in bytes. */
static int collect(struct nbd_request *r, unsigned id, struct extents *e)
{
    struct nbd_server *s = r->peer->server;
    uint64_t at = r->offset + s->config.offset, end = at + r->length;
    bool one = r->flags & NBD_FLAG_REQ_ONE;

    while (at < end && e->count < MAX_EXTENTS) {
        uint64_t start = align_down(at, BLOCK_SECTOR), run;
        uint64_t stop = align_up(end, BLOCK_SECTOR);
        uint32_t now;
        int error = ask(s, id, start, stop - start, &now, &run);
        if (error) {
            return error;
        }
        uint64_t next = start + run < end ? start + run : end;
        if (e->length && now != e->flags) {
            close_extent(e);
            if (one) {
                return 0;
            }
        }
        e->flags = now;
        e->length += (uint32_t)(next - at);
        at = next;
    }
    close_extent(e);
    return 0;
}

static int add_chunk(struct nbd_request *r, unsigned id, bool last)
{
    uint8_t *head = r->data + r->iov.iov_len;
    struct extents e = {.at = head + NBD_CHUNK_SIZE + 4};
    int error = collect(r, id, &e);

    put32(head, NBD_CHUNK_MAGIC);
    put16(head + 4, last ? NBD_CHUNK_DONE : 0);
    put16(head + 6, NBD_CHUNK_STATUS);
    put64(head + 8, r->cookie);
    put32(head + 16, 4 + 8 * e.count);
    put32(head + 20, id);
    r->iov.iov_len += NBD_CHUNK_SIZE + 4 + 8 * e.count;
    return error;
}

int nbd_collect_status(struct nbd_request *r)
{
    const struct nbd_peer *peer = r->peer;
    unsigned contexts = peer->allocation + peer->depth + peer->bitmap;
    int error = 0;

    r->data = malloc(contexts * (NBD_CHUNK_SIZE + 4 + 8 * (MAX_EXTENTS + 1)));
    if (!r->data) {
        return ENOMEM;
    }
    r->iov = (struct iovec){r->data, 0};
    if (peer->allocation) {
        error = add_chunk(r, NBD_ID_ALLOCATION, contexts == 1);
    }
    if (!error && peer->depth) {
        error = add_chunk(r, NBD_ID_DEPTH, !peer->bitmap);
    }
    if (!error && peer->bitmap) {
        error = add_chunk(r, NBD_ID_BITMAP, true);
    }
    return error;
}
