#include "tests/fuzz/shared/virtio_driver.h"

#include "hw/virtio/virtio.h"
#include "util/bits.h"

enum { NEXT = 1, WRITE = 2, INDIRECT = 4, AVAIL = 1 << 7, USED = 1 << 15 };

/* What board_script() calls back for. */
static struct virtio_driver *current;

static void poke(struct virtio_driver *d, uint64_t pa, const void *data,
                 uint64_t size)
{
    dma_write(&d->b->m->dma, pa, data, size);
}

static uint64_t ring_pa(unsigned queue)
{
    return BOARD_RAM + queue * 0x3000;
}

static bool is_packed(const struct virtio_driver *d)
{
    return d->features & VIRTIO_F_RING_PACKED;
}

static void setup(struct virtio_driver *d, unsigned queue, unsigned bits)
{
    unsigned size = 4u << bits % 4;

    d->rings[queue] = (struct driver_ring){.size = size, .wrap = true};
    d->t->setup(d, queue, size, ring_pa(queue));
}

static void start(struct virtio_driver *d, uint8_t how)
{
    static const uint64_t rings[] = {
        0, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC,
        VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC};
    /* The low features are the device's own: half of the time all. */
    uint64_t own = how & 1 ? mask64(24) : mask64(24) & ~(how * 0x10101u);
    uint64_t wanted = own | rings[how >> 1 & 3] | VIRTIO_F_RING_RESET;

    if (!d->legacy) {
        wanted |= VIRTIO_F_VERSION_1 | (how & 8 ? VIRTIO_F_RING_PACKED : 0) |
                  UINT64_C(0xff) << 48;
    }
    d->features = d->t->negotiate(d, wanted);
    for (unsigned i = 0; i < DRIVER_QUEUES; i++) {
        setup(d, i, how >> 4);
    }
    d->t->status(d, d->legacy ? 7 : 15);
}

/* Chains ---------------------------------------------------------------- */

struct descriptor {
    uint64_t pa;
    uint32_t length;
    uint16_t a, b; /* split: flags, next; packed: id, flags */
};

/* A byte of where and which way, then address and length: most in the
 * buffers. */
static struct descriptor take_buffer(struct input *in)
{
    unsigned form = in_u8(in);
    struct descriptor desc = {.a = form & WRITE};

    if (form & 0x80) {
        desc.pa = in_u64(in);
        desc.length = in_u32(in);
    } else {
        desc.pa = BOARD_RAM + DRIVER_BUFFERS + in_u16(in) % DRIVER_BUFFER_SIZE;
        desc.length = form & 0x40 ? in_u16(in) : in_u8(in);
    }
    if (form & 0x20) {
        desc.a |= (uint16_t)((form & 0x1c) << 1) | INDIRECT;
    }
    return desc;
}

static void put_packed(struct virtio_driver *d, unsigned queue,
                       struct descriptor *list, unsigned count)
{
    struct driver_ring *r = &d->rings[queue];
    uint16_t id = r->available++;

    for (unsigned i = 0; i < count; i++) {
        uint16_t flags = list[i].a | (i + 1 < count ? NEXT : 0) |
                         (r->wrap ? AVAIL : USED);
        list[i].a = id;
        list[i].b = flags;
        poke(d, ring_pa(queue) + 16 * r->next, &list[i], 16);
        if (++r->next >= r->size) {
            r->next = 0;
            r->wrap = !r->wrap;
        }
    }
}

static void put_split(struct virtio_driver *d, unsigned queue,
                      struct descriptor *list, unsigned count)
{
    struct driver_ring *r = &d->rings[queue];
    uint64_t ring = ring_pa(queue) + 16 * r->size;
    uint16_t head = r->next % r->size;

    for (unsigned i = 0; i < count; i++) {
        unsigned here = r->next++ % r->size;
        list[i].a |= i + 1 < count ? NEXT : 0;
        list[i].b = r->next % r->size;
        poke(d, ring_pa(queue) + 16 * here, &list[i], 16);
    }
    poke(d, ring + 4 + 2 * (r->available % r->size), &head, 2);
    r->available++;
    poke(d, ring + 2, &r->available, 2);
}

/* The list as a table in the buffers, and one descriptor of it. */
static unsigned make_indirect(struct virtio_driver *d,
                              struct descriptor *list, unsigned count,
                              uint64_t table)
{
    for (unsigned i = 0; i < count; i++) {
        struct descriptor desc = list[i];
        if (is_packed(d)) {
            desc.b = desc.a;
            desc.a = 0;
        } else {
            desc.a |= i + 1 < count ? NEXT : 0;
            desc.b = (uint16_t)(i + 1);
        }
        poke(d, table + 16 * i, &desc, 16);
    }
    list[0] = (struct descriptor){table, 16 * count, INDIRECT, 0};
    return 1;
}

/* A byte: queue in 1..0, buffers less one in 4..2, indirect in 5, kick in 6;
 * the buffers. */
static void make_chain(struct virtio_driver *d, struct input *in)
{
    unsigned form = in_u8(in), queue = form & 3;
    unsigned count = (form >> 2 & 7) + 1;
    struct descriptor list[8];

    for (unsigned i = 0; i < count; i++) {
        list[i] = take_buffer(in);
    }
    if (form & 0x20) {
        uint64_t table = BOARD_RAM + DRIVER_BUFFERS +
                         in_u8(in) * 16 % DRIVER_BUFFER_SIZE;
        count = make_indirect(d, list, count, table);
    }
    if (is_packed(d)) {
        put_packed(d, queue, list, count);
    } else {
        put_split(d, queue, list, count);
    }
    if (form & 0x40) {
        d->t->kick(d, queue);
        board_run(d->b);
    }
}

/* The world outside ------------------------------------------------------ */

static void receive_packet(struct virtio_driver *d, struct input *in)
{
    size_t length = in_u16(in) % 4096;
    struct net_packet packet = {.count = 1};
    uint8_t how = in_u8(in);
    struct net_client *nc = d->b->ports.find_netdev(d->b, d->netdev);
    const uint8_t *bytes = in_bytes(in, &length);
    struct iovec iov = {(void *)bytes, length};

    if (!nc || length < 14) {
        return;
    }
    packet.iov = &iov;
    packet.length = length;
    /* What a back end may leave to the guest. */
    if (how & 1 && net_guest_can(nc) & NET_CAN_CSUM) {
        packet.offload.needs_csum = true;
        packet.offload.csum_start = (uint16_t)(14 + (how >> 4) * 4);
        packet.offload.csum_offset = how & 2 ? 16 : 6;
    }
    packet.offload.csum_valid = how & 4;
    net_deliver(nc, &packet);
}

static void type(struct virtio_driver *d, struct input *in)
{
    size_t length = in_u8(in);
    const uint8_t *bytes = in_bytes(in, &length);

    board_type(d->b, "port0", bytes, length);
    board_type(d->b, "port1", bytes, length);
}

/* The script -------------------------------------------------------------- */

static void own(struct board *b, struct input *in, unsigned operation)
{
    struct virtio_driver *d = current;
    unsigned queue;

    switch (operation >> 4) {
    case 0:
        make_chain(d, in);
        break;
    case 1:
        d->t->kick(d, in_u8(in) % DRIVER_QUEUES);
        break;
    case 2:
        queue = in_u8(in) % DRIVER_QUEUES;
        setup(d, queue, in_u8(in));
        break;
    case 3:
        d->t->status(d, 0);
        start(d, in_u8(in));
        break;
    case 4:
        receive_packet(d, in);
        break;
    case 5:
        type(d, in);
        break;
    default:
        board_run(b);
    }
}

void virtio_driver_run(struct virtio_driver *d, struct input *in,
                       const struct board_window *windows, unsigned count)
{
    current = d;
    start(d, in_u8(in));
    board_script(d->b, in, windows, count, own);
    board_run(d->b);
    current = NULL;
}
