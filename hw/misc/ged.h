/* The generic event device: see ged.c. */
#ifndef HW_MISC_GED_H
#define HW_MISC_GED_H

#include <stdint.h>

#include "softmmu/bus.h"
#include "util/irq.h"

struct ged;

#define GED_SIZE 4

/* Events. */
#define GED_POWER_BUTTON 0x2u

struct ged *ged_create(struct bus *bus, uint64_t pa, struct irq line);
void ged_free(struct ged *s);
void ged_reset(struct ged *s);

/* Tell the guest of events; it finds out when it may.  [any] */
void ged_raise(struct ged *s, uint32_t events);

#endif
