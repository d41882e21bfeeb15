#include "tests/unit/virtio_driver.h"

#include <unistd.h>

static void guest_line(void *opaque, unsigned n, bool level)
{
    struct guest *g = opaque;

    (void)n;
    if (level && !atomic_load(&g->level)) {
        atomic_fetch_add(&g->edges, 1);
    }
    atomic_store(&g->level, level);
}

static void *guest_loop(void *opaque)
{
    loop_run(opaque);
    return NULL;
}

void guest_init(struct guest *g, bool legacy)
{
    *g = (struct guest){.legacy = legacy, .heap = RAM_BASE + 0x1000};
    g->bus = bus_new();
    g->ram = ram_new("ram", RAM_SIZE, NULL);
    g->ram2 = ram_new("ram2", RAM2_SIZE, NULL);
    g->rom = ram_new("rom", 0x1000, NULL);
    ck_assert(g->ram && g->ram2 && g->rom);
    g->rom->readonly = true;
    bus_map_ram(g->bus, RAM_BASE, g->ram);
    bus_map_ram(g->bus, RAM2_BASE, g->ram2);
    bus_map_ram(g->bus, ROM_BASE, g->rom);
    g->dma.bus = g->bus;
    g->loop = loop_new();
    g->slot = virtio_mmio_create(g->bus, SLOT,
                                 (struct irq){guest_line, g, 0}, legacy);
}

struct virtio_host guest_host(struct guest *g, uint64_t more)
{
    return (struct virtio_host){&g->dma, g->loop,
                                VIRTIO_DEFAULT_FEATURES | more};
}

void guest_start(struct guest *g)
{
    ck_assert_int_eq(pthread_create(&g->thread, NULL, guest_loop, g->loop),
                     0);
}

void guest_stop(struct guest *g)
{
    loop_stop(g->loop, 0);
    pthread_join(g->thread, NULL);
    virtio_mmio_free(g->slot);
}

void guest_free(struct guest *g)
{
    loop_free(g->loop);
    bus_free(g->bus);
    ram_free(g->ram);
    ram_free(g->ram2);
    ram_free(g->rom);
}

void guest_negotiate(struct guest *g, uint64_t wanted)
{
    wr(g, 0x70, 0);
    ck_assert_uint_eq(rd(g, 0x70), 0);
    wr(g, 0x70, 1);
    wr(g, 0x70, 3);
    for (unsigned half = 0; half < (g->legacy ? 1 : 2); half++) {
        wr(g, 0x14, half);
        uint32_t offered = rd(g, 0x10);
        uint32_t accept = offered & (uint32_t)(wanted >> 32 * half);
        wr(g, 0x24, half);
        wr(g, 0x20, accept);
        g->features = deposit64(g->features, 32 * (int)half, 32, accept);
    }
    if (g->legacy) {
        wr(g, 0x28, 4096);
        return;
    }
    wr(g, 0x70, 11);
    ck_assert_uint_eq(rd(g, 0x70), 11);
}

void queue_areas(struct queue *q)
{
    struct guest *g = q->g;
    uint64_t areas[3] = {q->desc, q->driver, q->device};

    for (unsigned i = 0; i < 3; i++) {
        wr(g, 0x80 + 0x10 * i, (uint32_t)areas[i]);
        wr(g, 0x84 + 0x10 * i, (uint32_t)(areas[i] >> 32));
    }
    wr(g, 0x44, 1);
    ck_assert_uint_eq(rd(g, 0x44), 1);
}

void queue_setup(struct queue *q, struct guest *g,
                               unsigned index, unsigned size)
{
    *q = (struct queue){.g = g, .index = index, .size = size,
                        .avail_wrap = true, .used_wrap = true};
    q->packed = g->features & VIRTIO_F_RING_PACKED;
    wr(g, 0x30, index);
    ck_assert_uint_ge(rd(g, 0x34), size);
    wr(g, 0x38, size);
    q->desc = alloc(g, 16 * size + 2 * size + 6, 4096);
    q->driver = q->desc + 16 * size;
    q->device = alloc(g, 8 * size + 6, 4096);
    if (!g->legacy) {
        queue_areas(q);
        return;
    }
    wr(g, 0x3c, 4096);
    wr(g, 0x40, (uint32_t)(q->desc / 4096));
    ck_assert_uint_eq(rd(g, 0x40), q->desc / 4096);
}

/* An indirect table of the segments; returns its address. */
static uint64_t make_table(struct queue *q, const struct segment *s,
                           unsigned count)
{
    uint64_t table = alloc(q->g, 16 * count, 16);

    for (unsigned i = 0; i < count; i++) {
        uint16_t flags = s[i].in ? WRITE : 0;
        if (q->packed) {
            put_desc(q->g, table + 16 * i, s[i].pa, s[i].length, 0, flags);
        } else {
            flags |= i + 1 < count ? NEXT : 0;
            put_desc(q->g, table + 16 * i, s[i].pa, s[i].length, flags,
                     (uint16_t)(i + 1));
        }
    }
    return table;
}

uint16_t queue_add_packed(struct queue *q, const struct segment *s,
                          unsigned count, uint16_t more)
{
    uint16_t id = q->avail, first = q->avail, first_flags = 0;

    q->slots[id] = (uint16_t)count;
    for (unsigned i = 0; i < count; i++) {
        uint16_t flags = (s[i].in ? WRITE : 0) | more |
                         (i + 1 < count ? NEXT : 0) |
                         (q->avail_wrap ? 1 << 7 : 1 << 15);
        uint64_t pa = q->desc + 16 * q->avail;
        put64(q->g, pa, s[i].pa);
        put32(q->g, pa + 8, s[i].length);
        put16(q->g, pa + 12, id);
        if (i) {
            put16(q->g, pa + 14, flags);
        } else {
            first_flags = flags;
        }
        if (++q->avail == q->size) {
            q->avail = 0;
            q->avail_wrap = !q->avail_wrap;
        }
    }
    put16(q->g, q->desc + 16 * first + 14, first_flags);
    return id;
}

uint16_t queue_add_split(struct queue *q, const struct segment *s,
                         unsigned count, uint16_t more)
{
    uint16_t head = q->next_desc % q->size;

    for (unsigned i = 0; i < count; i++) {
        uint16_t here = q->next_desc++ % q->size;
        uint16_t flags = (s[i].in ? WRITE : 0) | more |
                         (i + 1 < count ? NEXT : 0);
        put_desc(q->g, q->desc + 16 * here, s[i].pa, s[i].length, flags,
                 q->next_desc % q->size);
    }
    put16(q->g, q->driver + 4 + 2 * (q->avail % q->size), head);
    put16(q->g, q->driver + 2, ++q->avail);
    return head;
}

uint16_t queue_add(struct queue *q, const struct segment *s,
                                 unsigned count, bool indirect)
{
    struct segment whole = {0};

    if (indirect) {
        whole = (struct segment){make_table(q, s, count), 16 * count, false};
        s = &whole;
        count = 1;
    }
    uint16_t more = indirect ? INDIRECT : 0;
    return q->packed ? queue_add_packed(q, s, count, more)
                     : queue_add_split(q, s, count, more);
}

bool queue_wants_kick(struct queue *q, uint16_t added)
{
    uint16_t event = get16(q->g, q->device + 4 + 8 * q->size);

    return (uint16_t)(q->avail - event - 1) < added;
}

bool queue_has_used(struct queue *q)
{
    if (!q->packed) {
        return get16(q->g, q->device + 2) != q->used;
    }
    uint16_t flags = get16(q->g, q->desc + 16 * q->used + 14);
    return !!(flags & 1 << 7) == q->used_wrap &&
           !!(flags & 1 << 15) == q->used_wrap;
}

uint16_t queue_wait(struct queue *q, uint32_t *length)
{
    uint32_t entry[2];

    for (unsigned i = 0; !queue_has_used(q); i++) {
        ck_assert_msg(i < 100000, "the device does not answer");
        usleep(100);
    }
    if (!q->packed) {
        memcpy(entry, at(q->g, q->device + 4 + 8 * (q->used % q->size)), 8);
        q->used++;
        *length = entry[1];
        return (uint16_t)entry[0];
    }
    uint64_t pa = q->desc + 16 * q->used;
    memcpy(length, at(q->g, pa + 8), 4);
    uint16_t id = get16(q->g, pa + 12);
    q->used += q->slots[id];
    if (q->used >= q->size) {
        q->used -= q->size;
        q->used_wrap = !q->used_wrap;
    }
    return id;
}

uint32_t queue_do(struct queue *q, const struct segment *s,
                                unsigned count, bool indirect)
{
    uint32_t length;
    uint16_t id = queue_add(q, s, count, indirect);

    queue_kick(q);
    ck_assert_uint_eq(queue_wait(q, &length), id);
    return length;
}

void guest_settle(struct guest *g)
{
    (void)g;
    usleep(20000);
}
