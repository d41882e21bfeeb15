/* Arm PrimeCell UART (PL011): see pl011.c. */
#ifndef HW_CHAR_PL011_H
#define HW_CHAR_PL011_H

#include <stdint.h>

#include "hw/core/fdt.h"
#include "util/irq.h"
#include "softmmu/bus.h"
#include "ui/chardev.h"

struct pl011;

/* Map a UART of 4 KiB at `base`; `chr` (may be NULL) outlives it. */
struct pl011 *pl011_create(struct bus *bus, uint64_t base, struct irq irq,
                           struct chardev *chr);
void pl011_free(struct pl011 *s);

/* Power-on state; characters that wait in the FIFO are lost.  [any] */
void pl011_reset(struct pl011 *s);

/* Write the node /pl011@BASE; `spi` counts from 0. */
void pl011_fdt(const struct pl011 *s, struct fdt_builder *fdt, unsigned spi);

#endif
