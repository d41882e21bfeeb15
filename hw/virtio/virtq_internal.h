/* Shared by virtqueue.c, virtq_packed.c and virtq_chain.c. */
#ifndef HW_VIRTIO_VIRTQ_INTERNAL_H
#define HW_VIRTIO_VIRTQ_INTERNAL_H

#include "hw/virtio/virtqueue.h"

enum { VIRTQ_DESC_SIZE = 16 };

/* Descriptor flags (2.7.5, 2.8.6) */
enum {
    VIRTQ_DESC_NEXT = 1 << 0,
    VIRTQ_DESC_WRITE = 1 << 1,
    VIRTQ_DESC_INDIRECT = 1 << 2,
    VIRTQ_DESC_AVAIL = 1 << 7,
    VIRTQ_DESC_USED = 1 << 15,
};

/* A descriptor of the packed layout; the split one has flags before next. */
struct virtq_desc {
    uint64_t addr;
    uint32_t length;
    uint16_t id; /* packed: buffer id; split: next */
    uint16_t flags;
};

void virtq_break(struct virtq *vq, const char *why);

/* A ring word; false (and the queue broken) when it is not memory. */
bool virtq_get16(struct virtq *vq, uint64_t pa, uint16_t *value);
bool virtq_put16(struct virtq *vq, uint64_t pa, uint16_t value);

/* virtq_chain.c: fill `chain` from its descriptors; false: broken. */
bool virtq_walk_split(struct virtq *vq, struct virtq_chain *chain,
                      uint16_t head);
bool virtq_walk_packed(struct virtq *vq, struct virtq_chain *chain);
/* `written` bytes of its writable part were stored through iov. */
void virtq_chain_written(struct virtq *vq, const struct virtq_chain *chain,
                         uint64_t written);

/* virtq_packed.c */
bool virtq_packed_available(struct virtq *vq);
bool virtq_packed_pop(struct virtq *vq, struct virtq_chain *chain);
void virtq_packed_fill(struct virtq *vq, const struct virtq_chain *chain,
                       uint32_t written);
void virtq_packed_publish(struct virtq *vq);
bool virtq_packed_should_interrupt(struct virtq *vq);
void virtq_packed_set_notify(struct virtq *vq, bool enable);

#endif
