/* Arm PrimeCell real-time clock (PL031): see pl031.c. */
#ifndef HW_RTC_PL031_H
#define HW_RTC_PL031_H

#include <stdint.h>

#include "hw/core/fdt.h"
#include "util/irq.h"
#include "softmmu/bus.h"
#include "util/loop.h"

struct pl031;

/* What it goes by, in nanoseconds from anywhere; NULL: the host's time, so
 * that the guest's is right after that was corrected. */
struct pl031_clock {
    uint64_t (*ns)(void *opaque);
    void *opaque;
};

/*
 * Map a clock of 4 KiB at `base`.  It starts at the host's UTC plus
 * `offset` seconds (-rtc base=...); `loop` times the match interrupt.
 */
struct pl031 *pl031_create(struct bus *bus, uint64_t base, struct irq irq,
                           struct loop *loop, struct pl031_clock clock,
                           int64_t offset);
void pl031_free(struct pl031 *s);

/* The counter goes on; match and interrupt state are cleared.  [any] */
void pl031_reset(struct pl031 *s);

/* Write the node /pl031@BASE; `spi` counts from 0. */
void pl031_fdt(const struct pl031 *s, struct fdt_builder *fdt, unsigned spi);

#endif
