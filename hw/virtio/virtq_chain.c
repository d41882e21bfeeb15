/*
 * Descriptor chains: from what the guest wrote to pieces of host memory.
 *
 * Each chain is bounded twice: by VIRTQ_MAX_CHAIN descriptors, so that a
 * loop ends, and by VIRTQ_MAX_CHAIN pieces.  A descriptor is read once and
 * then judged, for the guest may change it under our eyes.
 */
#include "hw/virtio/virtq_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Buffers -------------------------------------------------------------- */

static void make_room(struct virtq_chain *chain, unsigned count)
{
    if (count <= chain->room) {
        return;
    }
    unsigned room = chain->room ? chain->room * 2 : 16;
    chain->iov = realloc(chain->iov, room * sizeof(*chain->iov));
    chain->pa = realloc(chain->pa, room * sizeof(*chain->pa));
    assert(chain->iov && chain->pa);
    chain->room = room;
}

/* Add a piece, joined to the one before where both are one run. */
static bool add_piece(struct virtq *vq, struct virtq_chain *chain,
                      uint8_t *host, uint64_t pa, uint64_t length, bool in)
{
    unsigned *count = in ? &chain->in_count : &chain->out_count;
    unsigned total = chain->out_count + chain->in_count;

    if (*count) {
        struct iovec *last = &chain->iov[total - 1];
        if ((uint8_t *)last->iov_base + last->iov_len == host &&
            chain->pa[total - 1] + last->iov_len == pa) {
            last->iov_len += length;
            return true;
        }
    }
    if (total >= VIRTQ_MAX_CHAIN) {
        virtq_break(vq, "chain of too many pieces");
        return false;
    }
    make_room(chain, total + 1);
    chain->iov[total] = (struct iovec){host, length};
    chain->pa[total] = pa;
    (*count)++;
    return true;
}

static bool add_buffer(struct virtq *vq, struct virtq_chain *chain,
                       const struct virtq_desc *desc)
{
    bool in = desc->flags & VIRTQ_DESC_WRITE;
    uint64_t pa = desc->addr, left = desc->length;

    if (!in && chain->in_count) {
        virtq_break(vq, "readable descriptor after a writable one");
        return false;
    }
    if (left && left - 1 > UINT64_MAX - pa) {
        virtq_break(vq, "buffer beyond the address space");
        return false;
    }
    while (left) {
        uint64_t offset;
        struct ram *ram = bus_ram(vq->dma->bus, pa, 1, &offset);
        if (!ram || (in && ram->readonly)) {
            virtq_break(vq, "buffer outside memory");
            return false;
        }
        uint64_t here = ram->size - offset;
        here = here < left ? here : left;
        if (!add_piece(vq, chain, ram->host + offset, pa, here, in)) {
            return false;
        }
        pa += here;
        left -= here;
    }
    *(in ? &chain->in_size : &chain->out_size) += desc->length;
    return true;
}

/* Descriptors ---------------------------------------------------------- */

static bool read_desc(struct virtq *vq, uint64_t table, unsigned i,
                      struct virtq_desc *desc)
{
    if (!dma_read(vq->dma, table + (uint64_t)VIRTQ_DESC_SIZE * i, desc,
                  VIRTQ_DESC_SIZE)) {
        virtq_break(vq, "descriptor outside memory");
        return false;
    }
    return true;
}

/* The number of entries of an indirect table, or 0 and broken. */
static unsigned indirect_entries(struct virtq *vq,
                                 const struct virtq_desc *desc)
{
    unsigned entries = desc->length / VIRTQ_DESC_SIZE;

    if (desc->length % VIRTQ_DESC_SIZE || !entries ||
        entries > UINT16_MAX) {
        virtq_break(vq, "indirect table of impossible size");
        return 0;
    }
    if (desc->flags & VIRTQ_DESC_NEXT) {
        virtq_break(vq, "descriptor after an indirect one");
        return 0;
    }
    return entries;
}

static void chain_reset(struct virtq_chain *chain)
{
    chain->out_count = 0;
    chain->in_count = 0;
    chain->out_size = 0;
    chain->in_size = 0;
}

/* Split descriptors have flags and next the other way round. */
static void swap_flags(struct virtq_desc *desc)
{
    uint16_t flags = desc->id;

    desc->id = desc->flags;
    desc->flags = flags;
}

bool virtq_walk_split(struct virtq *vq, struct virtq_chain *chain,
                      uint16_t head)
{
    uint64_t table = vq->desc;
    unsigned entries = vq->size, i = head;
    bool indirect = false;

    chain_reset(chain);
    for (unsigned count = 0; count < VIRTQ_MAX_CHAIN; count++) {
        struct virtq_desc desc;
        if (i >= entries) {
            virtq_break(vq, "descriptor index beyond its table");
            return false;
        }
        if (!read_desc(vq, table, i, &desc)) {
            return false;
        }
        swap_flags(&desc);
        if (desc.flags & VIRTQ_DESC_INDIRECT) {
            if (indirect) {
                virtq_break(vq, "indirect table in an indirect table");
                return false;
            }
            indirect = true;
            entries = indirect_entries(vq, &desc);
            if (!entries) {
                return false;
            }
            table = desc.addr;
            i = 0;
            continue;
        }
        if (!add_buffer(vq, chain, &desc)) {
            return false;
        }
        if (!(desc.flags & VIRTQ_DESC_NEXT)) {
            return true;
        }
        i = desc.id;
    }
    virtq_break(vq, "descriptor chain without end");
    return false;
}

/* All entries of the table, in order; of the flags only WRITE means
 * anything (2.8.8). */
static bool walk_packed_table(struct virtq *vq, struct virtq_chain *chain,
                              const struct virtq_desc *desc)
{
    unsigned entries = indirect_entries(vq, desc);
    struct virtq_desc entry;

    if (!entries) {
        return false;
    }
    if (entries > VIRTQ_MAX_CHAIN) {
        virtq_break(vq, "chain of too many descriptors");
        return false;
    }
    for (unsigned i = 0; i < entries; i++) {
        if (!read_desc(vq, desc->addr, i, &entry) ||
            !add_buffer(vq, chain, &entry)) {
            return false;
        }
    }
    return true;
}

bool virtq_walk_packed(struct virtq *vq, struct virtq_chain *chain)
{
    unsigned position = vq->avail;

    chain_reset(chain);
    for (uint16_t slots = 1; slots <= vq->size; slots++) {
        struct virtq_desc desc;
        if (!read_desc(vq, vq->desc, position, &desc)) {
            return false;
        }
        if (!(desc.flags & VIRTQ_DESC_INDIRECT
                  ? walk_packed_table(vq, chain, &desc)
                  : add_buffer(vq, chain, &desc))) {
            return false;
        }
        if (!(desc.flags & VIRTQ_DESC_NEXT)) {
            chain->id = desc.id; /* the last one's counts (2.8.6) */
            chain->slots = slots;
            return true;
        }
        position = position + 1 < vq->size ? position + 1 : 0;
    }
    virtq_break(vq, "descriptor chain without end");
    return false;
}

/* Contents ------------------------------------------------------------- */

/* Run `offset` bytes into iov and copy `size` bytes, as far as there are. */
static uint64_t copy(const struct iovec *iov, unsigned count, uint64_t offset,
                     void *to, const void *from, uint64_t size)
{
    uint64_t done = 0;

    for (unsigned i = 0; i < count && done < size; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        uint8_t *guest = (uint8_t *)iov[i].iov_base + offset;
        uint64_t n = iov[i].iov_len - offset;
        n = n < size - done ? n : size - done;
        if (to) {
            memcpy((uint8_t *)to + done, guest, n);
        } else {
            memcpy(guest, (const uint8_t *)from + done, n);
        }
        done += n;
        offset = 0;
    }
    return done;
}

uint64_t virtq_read(const struct virtq_chain *chain, uint64_t offset,
                    void *buffer, uint64_t size)
{
    return copy(chain->iov, chain->out_count, offset, buffer, NULL, size);
}

uint64_t virtq_write(const struct virtq_chain *chain, uint64_t offset,
                     const void *buffer, uint64_t size)
{
    /* Without buffers there need not be a list. */
    return !chain->in_count ? 0 : copy(chain->iov + chain->out_count,
                                       chain->in_count, offset, NULL, buffer,
                                       size);
}

void virtq_chain_written(struct virtq *vq, const struct virtq_chain *chain,
                         uint64_t written)
{
    unsigned end = chain->out_count + chain->in_count;

    for (unsigned i = chain->out_count; i < end && written; i++) {
        uint64_t n = chain->iov[i].iov_len;
        n = n < written ? n : written;
        dma_written(vq->dma, chain->pa[i], n);
        written -= n;
    }
}

void virtq_chain_free(struct virtq_chain *chain)
{
    free(chain->iov);
    free(chain->pa);
    *chain = (struct virtq_chain){0};
}
