/*
 * A guest driver for virtio-mmio devices, for the unit tests: it keeps the
 * rings as a guest would, in guest memory, and talks to the device through
 * the bus.  The device's loop runs on a thread of its own.
 */
#ifndef TESTS_UNIT_TEST_VIRTIO_DRIVER_H
#define TESTS_UNIT_TEST_VIRTIO_DRIVER_H

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "hw/virtio/virtio_mmio.h"
#include "softmmu/bus.h"
#include "softmmu/dma.h"
#include "softmmu/ram.h"
#include "util/bits.h"
#include "util/loop.h"

#define SLOT UINT64_C(0x0a000000)
#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x400000)
/* A second RAM range follows the first without a gap, then nothing. */
#define RAM2_BASE (RAM_BASE + RAM_SIZE)
#define RAM2_SIZE UINT64_C(0x10000)
#define ROM_BASE UINT64_C(0)

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

struct guest {
    struct bus *bus;
    struct ram *ram, *ram2, *rom;
    struct dma dma;
    struct loop *loop;
    pthread_t thread;
    struct virtio_mmio *slot;
    bool legacy;
    uint64_t features;
    uint64_t heap; /* next free guest address */
    atomic_int level, edges;
};

struct segment {
    uint64_t pa;
    uint32_t length;
    bool in; /* the device writes it */
};

struct queue {
    struct guest *g;
    unsigned index, size;
    bool packed;
    uint64_t desc, driver, device;
    uint16_t avail, used; /* split: counters; packed: positions */
    bool avail_wrap, used_wrap;
    uint16_t next_desc;
    uint16_t slots[1024]; /* packed: ring entries of each id */
};

static inline uint8_t *at(struct guest *g, uint64_t pa)
{
    ck_assert(pa >= RAM_BASE && pa < RAM2_BASE + RAM2_SIZE);
    return pa < RAM2_BASE ? g->ram->host + (pa - RAM_BASE)
                          : g->ram2->host + (pa - RAM2_BASE);
}

static inline uint16_t get16(struct guest *g, uint64_t pa)
{
    return __atomic_load_n((uint16_t *)at(g, pa), __ATOMIC_ACQUIRE);
}

static inline void put16(struct guest *g, uint64_t pa, uint16_t v)
{
    __atomic_store_n((uint16_t *)at(g, pa), v, __ATOMIC_RELEASE);
}

static inline void put32(struct guest *g, uint64_t pa, uint32_t v)
{
    memcpy(at(g, pa), &v, 4);
}

static inline void put64(struct guest *g, uint64_t pa, uint64_t v)
{
    memcpy(at(g, pa), &v, 8);
}

static inline uint32_t rd(struct guest *g, unsigned reg)
{
    uint64_t v;

    ck_assert(bus_read(g->bus, SLOT + reg, 4, 0, &v));
    return (uint32_t)v;
}

static inline void wr(struct guest *g, unsigned reg, uint32_t value)
{
    ck_assert(bus_write(g->bus, SLOT + reg, 4, 0, value));
}

static inline uint64_t config(struct guest *g, unsigned offset, unsigned size)
{
    uint64_t v;

    ck_assert(bus_read(g->bus, SLOT + 0x100 + offset, size, 0, &v));
    return v;
}

static inline uint64_t alloc(struct guest *g, uint64_t size, uint64_t align)
{
    uint64_t pa = align_up(g->heap, align);

    g->heap = pa + size;
    ck_assert(g->heap <= RAM2_BASE);
    memset(at(g, pa), 0, size);
    return pa;
}

static inline void guest_line(void *opaque, unsigned n, bool level)
{
    struct guest *g = opaque;

    (void)n;
    if (level && !atomic_load(&g->level)) {
        atomic_fetch_add(&g->edges, 1);
    }
    atomic_store(&g->level, level);
}

static inline void *guest_loop(void *opaque)
{
    loop_run(opaque);
    return NULL;
}

/* Memory, loop and an empty slot; then create and plug the device, then
 * guest_start(). */
static inline void guest_init(struct guest *g, bool legacy)
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

static inline struct virtio_host guest_host(struct guest *g, uint64_t more)
{
    return (struct virtio_host){&g->dma, g->loop,
                                VIRTIO_DEFAULT_FEATURES | more};
}

static inline void guest_start(struct guest *g)
{
    ck_assert_int_eq(pthread_create(&g->thread, NULL, guest_loop, g->loop),
                     0);
}

/* The thread and the device go; then what the device used may. */
static inline void guest_stop(struct guest *g)
{
    loop_stop(g->loop, 0);
    pthread_join(g->thread, NULL);
    virtio_mmio_free(g->slot);
}

static inline void guest_free(struct guest *g)
{
    loop_free(g->loop);
    bus_free(g->bus);
    ram_free(g->ram);
    ram_free(g->ram2);
    ram_free(g->rom);
}

static inline void guest_end(struct guest *g)
{
    guest_stop(g);
    guest_free(g);
}

/* Status up to FEATURES_OK, accepting `wanted` of what is offered. */
static inline void guest_negotiate(struct guest *g, uint64_t wanted)
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

static inline void guest_driver_ok(struct guest *g)
{
    wr(g, 0x70, g->legacy ? 7 : 15);
}

static inline void queue_areas(struct queue *q)
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

static inline void queue_setup(struct queue *q, struct guest *g,
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

static inline void put_desc(struct guest *g, uint64_t pa, uint64_t addr,
                            uint32_t length, uint16_t a, uint16_t b)
{
    put64(g, pa, addr);
    put32(g, pa + 8, length);
    put16(g, pa + 12, a);
    put16(g, pa + 14, b);
}

/* An indirect table of the segments; returns its address. */
static inline uint64_t make_table(struct queue *q, const struct segment *s,
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

static inline uint16_t packed_add(struct queue *q, const struct segment *s,
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

static inline uint16_t split_add(struct queue *q, const struct segment *s,
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

/* Make a chain available; returns its id. */
static inline uint16_t queue_add(struct queue *q, const struct segment *s,
                                 unsigned count, bool indirect)
{
    struct segment whole = {0};

    if (indirect) {
        whole = (struct segment){make_table(q, s, count), 16 * count, false};
        s = &whole;
        count = 1;
    }
    uint16_t more = indirect ? INDIRECT : 0;
    return q->packed ? packed_add(q, s, count, more)
                     : split_add(q, s, count, more);
}

static inline void queue_kick(struct queue *q)
{
    wr(q->g, 0x50, q->index);
}

/* Split, with EVENT_IDX: has the device asked to hear of the chains that
 * were added last (2.7.10)? */
static inline bool queue_wants_kick(struct queue *q, uint16_t added)
{
    uint16_t event = get16(q->g, q->device + 4 + 8 * q->size);

    return (uint16_t)(q->avail - event - 1) < added;
}

static inline bool queue_has_used(struct queue *q)
{
    if (!q->packed) {
        return get16(q->g, q->device + 2) != q->used;
    }
    uint16_t flags = get16(q->g, q->desc + 16 * q->used + 14);
    return !!(flags & 1 << 7) == q->used_wrap &&
           !!(flags & 1 << 15) == q->used_wrap;
}

/* Wait up to 10 s for a used chain; returns its id. */
static inline uint16_t queue_wait(struct queue *q, uint32_t *length)
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

static inline uint32_t queue_do(struct queue *q, const struct segment *s,
                                unsigned count, bool indirect)
{
    uint32_t length;
    uint16_t id = queue_add(q, s, count, indirect);

    queue_kick(q);
    ck_assert_uint_eq(queue_wait(q, &length), id);
    return length;
}

/* Let the device's thread do what it has been told to. */
static inline void guest_settle(struct guest *g)
{
    (void)g;
    usleep(20000);
}

#endif
