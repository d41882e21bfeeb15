/*
 * Arm PrimeCell real-time clock (PL031).
 *
 * Manual: DDI0224 (PL031 Technical Reference Manual), chapter 3.
 * Exposes: one region of 4 KiB; one line, RTCINTR.
 *
 * The counter is what its clock has in seconds plus an offset.  A guest
 * that loads the counter changes only the offset.  The clock is always
 * enabled.
 *
 * Threads: registers from any vCPU, the timer on the loop thread; one lock.
 */
#include "hw/rtc/pl031.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/bits.h"
#include "util/clock.h"
#include "util/log.h"

/* Registers (table 3-1) */
enum {
    REG_DR = 0x000,
    REG_MR = 0x004,
    REG_LR = 0x008,
    REG_CR = 0x00c,
    REG_IMSC = 0x010,
    REG_RIS = 0x014,
    REG_MIS = 0x018,
    REG_ICR = 0x01c,
    REG_PERIPH_ID0 = 0xfe0,
    REG_CELL_ID3 = 0xffc,
};

/* PeriphID0..3, PCellID0..3 */
static const uint8_t ids[8] = {
    0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
};

/* The clock may be set, or stand still: look again at least this often (s). */
#define MAX_WAIT 60

struct pl031 {
    pthread_mutex_t lock;
    struct irq irq;
    struct loop_timer *timer;
    struct pl031_clock clock;
    uint64_t base;

    uint32_t offset; /* counter minus the clock's seconds, modulo 2^32 */
    uint32_t mr, lr;
    bool match_pending; /* the counter has not reached mr yet */
    bool imsc, ris;
};

static void pl031_update(struct pl031 *s)
{
    irq_set(&s->irq, s->ris && s->imsc);
}

static uint64_t host_ns(void *opaque)
{
    (void)opaque;
    return clock_realtime_ns();
}

static uint64_t now_ns(const struct pl031 *s)
{
    return s->clock.ns(s->clock.opaque);
}

static uint32_t counter(const struct pl031 *s)
{
    return (uint32_t)(now_ns(s) / NS_PER_SEC) + s->offset;
}

/* Raise the interrupt if the counter is at the match, else wait for it. */
static void match_check(struct pl031 *s)
{
    if (!s->match_pending) {
        loop_timer_disarm(s->timer);
        return;
    }
    uint32_t left = s->mr - counter(s);
    if (left == 0 || left > INT32_MAX) {
        s->match_pending = false;
        s->ris = true;
        return;
    }
    uint64_t wait = left < MAX_WAIT ? left : MAX_WAIT;
    uint64_t into_second = now_ns(s) % NS_PER_SEC;
    loop_timer_arm(s->timer, clock_monotonic_ns() + wait * NS_PER_SEC -
                                 into_second);
}

/* A match in the past half of the number circle is 68 years ahead or more:
 * it does not fire now. */
static void match_start(struct pl031 *s)
{
    s->match_pending = s->mr - counter(s) <= INT32_MAX;
    match_check(s);
}

static void pl031_timer(void *opaque)
{
    struct pl031 *s = opaque;

    pthread_mutex_lock(&s->lock);
    match_check(s);
    pl031_update(s);
    pthread_mutex_unlock(&s->lock);
}

/* Read ----------------------------------------------------------------- */

static uint32_t register_read(struct pl031 *s, uint32_t reg)
{
    switch (reg) {
    case REG_DR:
        return counter(s);
    case REG_MR:
        return s->mr;
    case REG_LR:
        return s->lr;
    case REG_CR:
        return 1;
    case REG_IMSC:
        return s->imsc;
    case REG_RIS:
        return s->ris;
    case REG_MIS:
        return s->ris && s->imsc;
    case REG_PERIPH_ID0 ... REG_CELL_ID3:
        return ids[(reg - REG_PERIPH_ID0) / 4];
    default:
        guest_error("pl031: read of register 0x%03x", reg);
        return 0;
    }
}

static uint64_t pl031_read(void *device, struct bus_access access)
{
    struct pl031 *s = device;

    pthread_mutex_lock(&s->lock);
    uint32_t value = register_read(s, access.offset & ~3u);
    pthread_mutex_unlock(&s->lock);
    return value >> 8 * (access.offset & 3);
}

/* Write ---------------------------------------------------------------- */

static void register_write(struct pl031 *s, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case REG_MR:
        s->mr = value;
        match_start(s);
        break;
    case REG_LR:
        s->lr = value;
        s->offset += value - counter(s);
        match_start(s);
        break;
    case REG_CR:
        break; /* once enabled, writes have no effect (3.3.4) */
    case REG_IMSC:
        s->imsc = value & 1;
        break;
    case REG_ICR:
        if (value & 1) {
            s->ris = false;
        }
        break;
    default:
        guest_error("pl031: write of register 0x%03x", reg);
        break;
    }
}

static void pl031_write(void *device, struct bus_access access,
                        uint64_t value)
{
    struct pl031 *s = device;

    if (access.offset & 3) {
        guest_error("pl031: unaligned write at 0x%03x",
                    (unsigned)access.offset);
        return;
    }
    pthread_mutex_lock(&s->lock);
    register_write(s, access.offset, value);
    pl031_update(s);
    pthread_mutex_unlock(&s->lock);
}

static const struct mmio_ops pl031_ops = {
    .read = pl031_read,
    .write = pl031_write,
    .min_size = 1,
    .max_size = 4,
};

/* Reset, device tree, creation ----------------------------------------- */

void pl031_reset(struct pl031 *s)
{
    pthread_mutex_lock(&s->lock);
    s->mr = 0;
    s->lr = 0;
    s->match_pending = false;
    s->imsc = false;
    s->ris = false;
    match_check(s);
    pl031_update(s);
    pthread_mutex_unlock(&s->lock);
}

void pl031_fdt(const struct pl031 *s, struct fdt_builder *fdt, unsigned spi)
{
    static const char compatible[] = "arm,pl031\0arm,primecell";
    char path[32];

    snprintf(path, sizeof(path), "/pl031@%llx", (unsigned long long)s->base);
    fdt_node(fdt, path);
    fdt_prop_bytes(fdt, path, "compatible", compatible, sizeof(compatible));
    fdt_prop_reg(fdt, path, s->base, 0x1000);
    fdt_prop_cells(fdt, path, "interrupts", FDT_GIC_SPI, spi,
                   FDT_IRQ_LEVEL_HIGH);
    fdt_prop_cells(fdt, path, "clocks", fdt->clock_phandle);
    fdt_prop_string(fdt, path, "clock-names", "apb_pclk");
}

struct pl031 *pl031_create(struct bus *bus, uint64_t base, struct irq irq,
                           struct loop *loop, struct pl031_clock clock,
                           int64_t offset)
{
    struct pl031 *s = calloc(1, sizeof(*s));

    assert(s);
    pthread_mutex_init(&s->lock, NULL);
    s->irq = irq;
    s->timer = loop_timer_new(loop, pl031_timer, s);
    s->base = base;
    s->clock = clock.ns ? clock : (struct pl031_clock){host_ns, NULL};
    s->offset = (uint32_t)((int64_t)(clock_realtime_ns() / NS_PER_SEC) -
                           (int64_t)(now_ns(s) / NS_PER_SEC) + offset);
    bus_map_mmio(bus, base, 0x1000, "pl031", &pl031_ops, s);
    return s;
}

void pl031_free(struct pl031 *s)
{
    if (s) {
        loop_timer_free(s->timer);
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}
