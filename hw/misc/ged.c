/*
 * What tells an ACPI guest of events: one register and an interrupt.
 *
 * Manual: ACPI 6.1, 5.6.9 (the DSDT says how to read the register); QEMU,
 * docs/specs/acpi_hw_reduced_hotplug.rst.
 *
 * Exposes: four bytes, the events since the last read, which reading
 * clears; one line, high while there are any.
 *
 * Threads: any; one lock.
 */
#include "hw/misc/ged.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "util/log.h"

struct ged {
    pthread_mutex_t lock;
    struct irq line;
    uint32_t events;
};

static void ged_update(struct ged *s)
{
    irq_set(&s->line, s->events != 0);
}

void ged_raise(struct ged *s, uint32_t events)
{
    pthread_mutex_lock(&s->lock);
    s->events |= events;
    ged_update(s);
    pthread_mutex_unlock(&s->lock);
}

static uint64_t ged_read(void *opaque, struct bus_access access)
{
    struct ged *s = opaque;

    (void)access;
    pthread_mutex_lock(&s->lock);
    uint32_t events = s->events;
    s->events = 0;
    ged_update(s);
    pthread_mutex_unlock(&s->lock);
    return events;
}

static void ged_write(void *opaque, struct bus_access access, uint64_t value)
{
    (void)opaque;
    (void)access;
    guest_error("ged: write of 0x%llx to its read-only register",
                (unsigned long long)value);
}

static const struct mmio_ops ged_ops = {
    .read = ged_read,
    .write = ged_write,
    .min_size = 4,
    .max_size = 4,
};

void ged_reset(struct ged *s)
{
    pthread_mutex_lock(&s->lock);
    s->events = 0;
    ged_update(s);
    pthread_mutex_unlock(&s->lock);
}

struct ged *ged_create(struct bus *bus, uint64_t pa, struct irq line)
{
    struct ged *s = calloc(1, sizeof(*s));

    assert(s);
    pthread_mutex_init(&s->lock, NULL);
    s->line = line;
    bus_map_mmio(bus, pa, GED_SIZE, "ged", &ged_ops, s);
    return s;
}

void ged_free(struct ged *s)
{
    if (s) {
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}
