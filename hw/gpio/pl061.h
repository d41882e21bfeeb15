/* Arm PrimeCell general-purpose I/O (PL061): see pl061.c. */
#ifndef HW_GPIO_PL061_H
#define HW_GPIO_PL061_H

#include <stdint.h>

#include "hw/core/fdt.h"
#include "util/irq.h"
#include "softmmu/bus.h"

#define PL061_LINES 8

struct pl061;

/* Map a port of 4 KiB at `base`. */
struct pl061 *pl061_create(struct bus *bus, uint64_t base, struct irq irq);
void pl061_free(struct pl061 *s);

/* Power-on state; what outside drives onto the pins stays.  [any] */
void pl061_reset(struct pl061 *s);

/* The wire that drives pin `line` from outside. */
struct irq pl061_input(struct pl061 *s, unsigned line);

/* Who listens when the guest drives pin `line`; before the guest runs. */
void pl061_connect_output(struct pl061 *s, unsigned line, struct irq irq);

/* Write the node /pl061@BASE and return its phandle. */
uint32_t pl061_fdt(const struct pl061 *s, struct fdt_builder *fdt,
                   unsigned spi);

#endif
