#include "tests/unit/virtio_echo.h"

const uint64_t echo_ring_kinds[ECHO_RING_KINDS] = {
    0, EVENT, PACKED, PACKED | EVENT, VIRTIO_F_NOTIFY_ON_EMPTY,
};

static struct echo *echo_of(struct virtio_device *dev)
{
    return container_of(dev, struct echo, dev);
}

static bool echo_take(struct virtio_device *dev, unsigned n)
{
    struct virtq_chain *c = &echo_of(dev)->chain;
    uint8_t piece[4096];
    uint64_t done = 0, got;

    if (!virtio_pop(dev, n, c)) {
        return false;
    }
    while ((got = virtq_read(c, done, piece, sizeof(piece)))) {
        got = virtq_write(c, done, piece, got);
        done += got;
        if (!got) {
            break;
        }
    }
    virtio_push(dev, n, c, done);
    return true;
}

static bool keep_take(struct virtio_device *dev, unsigned n)
{
    struct echo *e = echo_of(dev);
    struct virtq *vq = virtio_queue(dev, n);

    if (e->count == ARRAY_SIZE(e->kept) ||
        !virtio_pop(dev, n, &e->kept[e->count])) {
        return false;
    }
    e->count++;
    if (e->count == e->batch) {
        for (unsigned i = 0; i < e->count; i++) {
            virtq_fill(vq, &e->kept[i], i);
        }
        virtq_publish(vq);
        virtio_signal(dev, n);
        e->count = 0;
    }
    return true;
}

static void echo_process(struct virtio_device *dev, unsigned n)
{
    virtio_lock(dev);
    virtio_each(dev, n, n ? keep_take : echo_take);
    virtio_unlock(dev);
}

static void echo_config_read(struct virtio_device *dev, uint8_t *config)
{
    (void)dev;
    for (unsigned i = 0; i < 16; i++) {
        config[i] = (uint8_t)(0xa0 + i);
    }
}

static void echo_drain(struct virtio_device *dev)
{
    echo_of(dev)->drained++;
}

static void echo_reset(struct virtio_device *dev)
{
    echo_of(dev)->count = 0;
}

static void echo_free(struct virtio_device *dev)
{
    struct echo *e = echo_of(dev);

    virtio_deinit(dev);
    virtq_chain_free(&e->chain);
    for (unsigned i = 0; i < ARRAY_SIZE(e->kept); i++) {
        virtq_chain_free(&e->kept[i]);
    }
    e->freed = true;
}

static const struct virtio_device_ops echo_ops = {
    .name = "echo",
    .id = 42,
    .config_read = echo_config_read,
    .process = echo_process,
    .drain = echo_drain,
    .reset = echo_reset,
    .free = echo_free,
};

void echo_begin(struct echo *echo, struct guest *g, bool legacy)
{
    guest_init(g, legacy);
    struct virtio_host host = guest_host(g, PACKED);
    memset(echo, 0, sizeof(*echo));
    echo->g = g;
    virtio_init(&echo->dev, &echo_ops, &host, BIT(3), 16);
    virtio_add_queue(&echo->dev, 64);
    virtio_add_queue(&echo->dev, 64);
    virtio_mmio_plug(g->slot, &echo->dev);
    guest_start(g);
}

void echo_begin_modern(struct echo *echo, struct guest *g, struct queue *q,
                       uint64_t features)
{
    echo_begin(echo, g, false);
    guest_negotiate(g, V1 | features);
    queue_setup(q, g, 0, 16);
    guest_driver_ok(g);
}

void echo_end(struct echo *echo)
{
    guest_end(echo->g);
    ck_assert(echo->freed);
}

void echo_once(struct queue *q, unsigned seed, unsigned segments, bool indirect)
{
    struct guest *g = q->g;
    struct segment s[8];
    unsigned each = 100 + seed % 37;
    uint64_t before = g->heap;

    for (unsigned i = 0; i < 2 * segments; i++) {
        s[i] = (struct segment){alloc(g, each, 1 + seed % 3), each,
                                i >= segments};
        if (!s[i].in) {
            memset(at(g, s[i].pa), (int)(seed + i), each);
        }
    }
    ck_assert_uint_eq(queue_do(q, s, 2 * segments, indirect),
                      segments * each);
    for (unsigned i = 0; i < segments; i++) {
        ck_assert(!memcmp(at(g, s[i].pa), at(g, s[segments + i].pa),
                          each));
    }
    g->heap = before;
}
