/*
 * A guest driver for virtio-mmio devices: it keeps the rings as a guest
 * would, in guest memory, and talks to the device through the bus.  The
 * device's loop runs on a thread of its own.
 *
 * A test makes a guest with guest_init(), creates its device and plugs it
 * into g->slot, then guest_start(), guest_negotiate(), queue_setup() and
 * guest_driver_ok(); guest_end() at last.
 */
#ifndef TESTS_UNIT_VIRTIO_DRIVER_H
#define TESTS_UNIT_VIRTIO_DRIVER_H

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

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

/* Guest memory and registers --------------------------------------------- */

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

/* Zeroed guest memory, which g->heap counts. */
static inline uint64_t alloc(struct guest *g, uint64_t size, uint64_t align)
{
    uint64_t pa = align_up(g->heap, align);

    g->heap = pa + size;
    ck_assert(g->heap <= RAM2_BASE);
    memset(at(g, pa), 0, size);
    return pa;
}

/* The machine and the device --------------------------------------------- */

/* Memory, loop and an empty slot; then create and plug the device, then
 * guest_start(). */
void guest_init(struct guest *g, bool legacy);
/* What to create the device with; `more` features are offered. */
struct virtio_host guest_host(struct guest *g, uint64_t more);
/* The device works from now on. */
void guest_start(struct guest *g);
/* The thread and the device go; then what the device used may. */
void guest_stop(struct guest *g);
void guest_free(struct guest *g);

static inline void guest_end(struct guest *g)
{
    guest_stop(g);
    guest_free(g);
}

/* Status up to FEATURES_OK, accepting `wanted` of what is offered. */
void guest_negotiate(struct guest *g, uint64_t wanted);

static inline void guest_driver_ok(struct guest *g)
{
    wr(g, 0x70, g->legacy ? 7 : 15);
}

/* Let the device's thread do what it has been told to. */
void guest_settle(struct guest *g);

/* Queues ----------------------------------------------------------------- */

/* Rings of `size` entries in new memory, enabled. */
void queue_setup(struct queue *q, struct guest *g, unsigned index,
                 unsigned size);
/* Tell the device of the three areas, and enable the queue. */
void queue_areas(struct queue *q);

/* Make a chain available; returns its id. */
uint16_t queue_add(struct queue *q, const struct segment *s, unsigned count,
                   bool indirect);
/* As queue_add(), without a table; `more` flags. */
uint16_t queue_add_packed(struct queue *q, const struct segment *s,
                          unsigned count, uint16_t more);
uint16_t queue_add_split(struct queue *q, const struct segment *s,
                         unsigned count, uint16_t more);

static inline void put_desc(struct guest *g, uint64_t pa, uint64_t addr,
                            uint32_t length, uint16_t a, uint16_t b)
{
    put64(g, pa, addr);
    put32(g, pa + 8, length);
    put16(g, pa + 12, a);
    put16(g, pa + 14, b);
}

static inline void queue_kick(struct queue *q)
{
    wr(q->g, 0x50, q->index);
}

/* Split, with EVENT_IDX: has the device asked to hear of the chains that
 * were added last (2.7.10)? */
bool queue_wants_kick(struct queue *q, uint16_t added);
bool queue_has_used(struct queue *q);
/* Wait up to 10 s for a used chain; returns its id. */
uint16_t queue_wait(struct queue *q, uint32_t *length);
/* One chain there and back; returns the bytes written. */
uint32_t queue_do(struct queue *q, const struct segment *s, unsigned count,
                  bool indirect);

#endif
