/*
 * Virtqueues: what both layouts share, and the split one.  The packed one is
 * in virtq_packed.c, the chains in virtq_chain.c.
 *
 * Ring words are read and written through dma_read() and dma_write(), whose
 * aligned words are acquire and release; where the driver must see our store
 * before we look again (both event mechanisms), a full fence stands between.
 */
#include "hw/virtio/virtqueue.h"

#include <string.h>

#include "hw/virtio/virtq_internal.h"
#include "util/bits.h"
#include "util/log.h"

/* Split areas (2.7.6, 2.7.8): flags, idx, ring[], event */
enum {
    RING_FLAGS = 0,
    RING_IDX = 2,
    RING_ENTRIES = 4,
    AVAIL_ENTRY = 2,
    USED_ENTRY = 8,
};

enum { AVAIL_NO_INTERRUPT = 1, USED_NO_NOTIFY = 1 };

void virtq_break(struct virtq *vq, const char *why)
{
    if (!vq->broken) {
        vq->broken = true;
        guest_error("%s: queue %u: %s", vq->name, vq->index, why);
        vq->failed(vq->opaque);
    }
}

bool virtq_get16(struct virtq *vq, uint64_t pa, uint16_t *value)
{
    if (!dma_read(vq->dma, pa, value, sizeof(*value))) {
        virtq_break(vq, "ring outside memory");
        return false;
    }
    return true;
}

bool virtq_put16(struct virtq *vq, uint64_t pa, uint16_t value)
{
    if (!dma_write(vq->dma, pa, &value, sizeof(value))) {
        virtq_break(vq, "ring outside memory");
        return false;
    }
    return true;
}

/* Split layout --------------------------------------------------------- */

static uint64_t used_event_pa(const struct virtq *vq)
{
    return vq->driver + RING_ENTRIES + (uint64_t)AVAIL_ENTRY * vq->size;
}

static uint64_t avail_event_pa(const struct virtq *vq)
{
    return vq->device + RING_ENTRIES + (uint64_t)USED_ENTRY * vq->size;
}

/* How many chains the driver has made available and we have not taken. */
static unsigned split_pending(struct virtq *vq)
{
    uint16_t idx;

    if (!virtq_get16(vq, vq->driver + RING_IDX, &idx)) {
        return 0;
    }
    uint16_t pending = (uint16_t)(idx - vq->avail);
    if (pending > vq->size) {
        virtq_break(vq, "available index ran away");
        return 0;
    }
    return pending;
}

static bool split_pop(struct virtq *vq, struct virtq_chain *chain)
{
    uint64_t entry = vq->driver + RING_ENTRIES +
                     (uint64_t)AVAIL_ENTRY * (vq->avail % vq->size);
    uint16_t head;

    if (!split_pending(vq) || !virtq_get16(vq, entry, &head)) {
        return false;
    }
    if (vq->in_use >= vq->size) {
        virtq_break(vq, "more chains than ring entries");
        return false;
    }
    if (!virtq_walk_split(vq, chain, head)) {
        return false;
    }
    chain->id = head;
    chain->slots = 1;
    vq->avail++;
    return true;
}

static void split_fill(struct virtq *vq, const struct virtq_chain *chain,
                       uint32_t written)
{
    uint32_t entry[2] = {chain->id, written};
    uint16_t at = (uint16_t)(vq->used + vq->filled);
    uint64_t pa = vq->device + RING_ENTRIES +
                  (uint64_t)USED_ENTRY * (at % vq->size);

    if (!dma_write(vq->dma, pa, entry, sizeof(entry))) {
        virtq_break(vq, "used ring outside memory");
    }
}

static void split_publish(struct virtq *vq)
{
    vq->used += (uint16_t)vq->filled;
    virtq_put16(vq, vq->device + RING_IDX, vq->used);
}

static bool split_should_interrupt(struct virtq *vq)
{
    uint16_t word;

    if (vq->notify_on_empty && !vq->in_use && virtq_empty(vq)) {
        return true;
    }
    if (!vq->event_idx) {
        return virtq_get16(vq, vq->driver + RING_FLAGS, &word) &&
               !(word & AVAIL_NO_INTERRUPT);
    }
    if (!virtq_get16(vq, used_event_pa(vq), &word)) {
        return false;
    }
    /* The event lies among what was published since the last signal
     * (2.7.7.2). */
    return !vq->signalled ||
           (uint16_t)(vq->used - word - 1) < vq->unsignalled;
}

static void split_set_notify(struct virtq *vq, bool enable)
{
    if (!vq->event_idx) {
        virtq_put16(vq, vq->device + RING_FLAGS,
                    enable ? 0 : USED_NO_NOTIFY);
    } else if (enable) {
        virtq_put16(vq, avail_event_pa(vq), vq->avail);
    }
}

/* Both layouts --------------------------------------------------------- */

bool virtq_start(struct virtq *vq)
{
    if (!vq->size || vq->size > vq->max_size ||
        (!vq->packed && !is_power_of_2(vq->size))) {
        guest_error("%s: queue %u cannot have %u entries", vq->name,
                    vq->index, vq->size);
        return false;
    }
    vq->ready = true;
    vq->epoch++;
    vq->broken = false;
    vq->in_use = 0;
    vq->filled = 0;
    vq->avail = 0;
    vq->used = 0;
    vq->avail_wrap = true;
    vq->used_wrap = true;
    vq->unsignalled = 0;
    vq->signalled = false;
    return true;
}

void virtq_stop(struct virtq *vq)
{
    vq->ready = false;
}

bool virtq_empty(struct virtq *vq)
{
    if (!vq->ready || vq->broken) {
        return true;
    }
    return vq->packed ? !virtq_packed_available(vq) : !split_pending(vq);
}

bool virtq_pop(struct virtq *vq, struct virtq_chain *chain)
{
    if (!vq->ready || vq->broken) {
        return false;
    }
    if (!(vq->packed ? virtq_packed_pop(vq, chain) : split_pop(vq, chain))) {
        return false;
    }
    vq->in_use += chain->slots;
    chain->epoch = vq->epoch;
    return true;
}

/* Chains outlive a reset when a device had one in hand. */
static bool is_current(const struct virtq *vq,
                       const struct virtq_chain *chain)
{
    return vq->ready && !vq->broken && chain->epoch == vq->epoch;
}

void virtq_unpop(struct virtq *vq, const struct virtq_chain *chain)
{
    if (!is_current(vq, chain)) {
        return;
    }
    vq->in_use -= chain->slots;
    if (!vq->packed) {
        vq->avail--;
    } else if (vq->avail >= chain->slots) {
        vq->avail -= chain->slots;
    } else {
        vq->avail += vq->size - chain->slots;
        vq->avail_wrap = !vq->avail_wrap;
    }
}

void virtq_fill(struct virtq *vq, const struct virtq_chain *chain,
                uint64_t written)
{
    uint32_t count = written > UINT32_MAX ? UINT32_MAX : (uint32_t)written;

    if (!is_current(vq, chain)) {
        return;
    }
    virtq_chain_written(vq, chain, written);
    if (vq->packed) {
        virtq_packed_fill(vq, chain, count);
    } else {
        split_fill(vq, chain, count);
    }
    vq->filled += chain->slots;
}

void virtq_publish(struct virtq *vq)
{
    if (!vq->ready || vq->broken || !vq->filled) {
        return;
    }
    if (vq->packed) {
        virtq_packed_publish(vq);
    } else {
        split_publish(vq);
    }
    vq->in_use -= vq->filled;
    vq->unsignalled += vq->filled;
    vq->filled = 0;
}

bool virtq_should_interrupt(struct virtq *vq)
{
    if (!vq->ready || vq->broken || !vq->unsignalled) {
        return false;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    bool wanted = vq->packed ? virtq_packed_should_interrupt(vq)
                             : split_should_interrupt(vq);
    /* Each publication is judged once: the driver looks at the ring again
     * after it has moved its event. */
    vq->unsignalled = 0;
    vq->signalled = true;
    return wanted;
}

bool virtq_set_notify(struct virtq *vq, bool enable)
{
    if (!vq->ready || vq->broken) {
        return true;
    }
    if (vq->packed) {
        virtq_packed_set_notify(vq, enable);
    } else {
        split_set_notify(vq, enable);
    }
    if (!enable) {
        return true;
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return virtq_empty(vq);
}
