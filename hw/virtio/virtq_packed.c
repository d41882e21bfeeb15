/*
 * The packed layout (virtio 1.2, 2.8): one ring that the driver fills with
 * available descriptors and the device overwrites with used ones.  Two bits
 * of each descriptor, read against a wrap counter, say which it is.
 */
#include "hw/virtio/virtq_internal.h"

#include <stddef.h>

/* Event suppression areas (2.8.14): off_wrap, flags */
enum { EVENT_OFF_WRAP = 0, EVENT_FLAGS = 2 };
enum { EVENTS_ENABLE = 0, EVENTS_DISABLE = 1, EVENTS_AT_DESC = 2 };

static uint64_t desc_pa(const struct virtq *vq, unsigned position)
{
    return vq->desc + (uint64_t)VIRTQ_DESC_SIZE * position;
}

bool virtq_packed_available(struct virtq *vq)
{
    uint64_t pa = desc_pa(vq, vq->avail) + offsetof(struct virtq_desc, flags);
    uint16_t flags;

    if (!virtq_get16(vq, pa, &flags)) {
        return false;
    }
    bool avail = flags & VIRTQ_DESC_AVAIL, used = flags & VIRTQ_DESC_USED;
    return avail == vq->avail_wrap && used != vq->avail_wrap;
}

bool virtq_packed_pop(struct virtq *vq, struct virtq_chain *chain)
{
    if (!virtq_packed_available(vq) || !virtq_walk_packed(vq, chain)) {
        return false;
    }
    if (vq->in_use + chain->slots > vq->size) {
        virtq_break(vq, "more chains than ring entries");
        return false;
    }
    vq->avail += chain->slots;
    if (vq->avail >= vq->size) {
        vq->avail -= vq->size;
        vq->avail_wrap = !vq->avail_wrap;
    }
    return true;
}

/* The flags of the first entry of a batch are written last, by publish: the
 * driver looks at the entries in order. */
void virtq_packed_fill(struct virtq *vq, const struct virtq_chain *chain,
                       uint32_t written)
{
    unsigned position = vq->used + vq->filled;
    bool wrap = vq->used_wrap;
    struct {
        uint32_t length;
        uint16_t id;
    } entry = {written, chain->id};

    if (position >= vq->size) {
        position -= vq->size;
        wrap = !wrap;
    }
    uint16_t flags = (wrap ? VIRTQ_DESC_AVAIL | VIRTQ_DESC_USED : 0) |
                     (written ? VIRTQ_DESC_WRITE : 0);
    uint64_t pa = desc_pa(vq, position);
    if (!dma_write(vq->dma, pa + offsetof(struct virtq_desc, length), &entry,
                   sizeof(entry.length) + sizeof(entry.id))) {
        virtq_break(vq, "ring outside memory");
    } else if (vq->filled == 0) {
        vq->first_flags = flags;
    } else {
        virtq_put16(vq, pa + offsetof(struct virtq_desc, flags), flags);
    }
}

void virtq_packed_publish(struct virtq *vq)
{
    virtq_put16(vq, desc_pa(vq, vq->used) +
                        offsetof(struct virtq_desc, flags),
                vq->first_flags);
    unsigned position = vq->used + vq->filled;
    if (position >= vq->size) {
        position -= vq->size;
        vq->used_wrap = !vq->used_wrap;
    }
    vq->used = (uint16_t)position;
}

bool virtq_packed_should_interrupt(struct virtq *vq)
{
    uint16_t off_wrap, flags;

    if (!virtq_get16(vq, vq->driver + EVENT_FLAGS, &flags) ||
        !virtq_get16(vq, vq->driver + EVENT_OFF_WRAP, &off_wrap)) {
        return false;
    }
    if (flags != EVENTS_AT_DESC || !vq->event_idx) {
        return flags != EVENTS_DISABLE;
    }
    /* Positions as integers that grow; another wrap counter is one round
     * ago (or a round ahead, which looks the same and is too old as well). */
    int event = off_wrap & 0x7fff;
    if ((off_wrap >> 15 != 0) != vq->used_wrap) {
        event -= vq->size;
    }
    int behind = vq->used - 1 - event;
    return behind >= 0 && (unsigned)behind < vq->unsignalled;
}

void virtq_packed_set_notify(struct virtq *vq, bool enable)
{
    virtq_put16(vq, vq->device + EVENT_FLAGS,
                enable ? EVENTS_ENABLE : EVENTS_DISABLE);
}
