/*
 * GICv3 Interrupt Translation Service (IHI 0069 chapter 5): a message of a
 * PCI device, which is a device id and an event number, becomes an LPI of
 * some processor.
 */
#ifndef HW_INTC_GICV3_ITS_H
#define HW_INTC_GICV3_ITS_H

#include "hw/core/fdt.h"
#include "hw/intc/gic.h"
#include "softmmu/dma.h"

#define GICV3_ITS_SIZE 0x20000

struct gicv3_its;

/* Of a GICv3, which thereby gets LPIs; mapped on `bus` at `base`.  Messages
 * are told apart by BUS_DMA_FROM(device id). */
struct gicv3_its *gicv3_its_create(struct bus *bus, struct dma *dma,
                                   uint64_t base, struct gic *gic);
void gicv3_its_free(struct gicv3_its *its); /* before the GIC */
void gicv3_its_reset(struct gicv3_its *its); /* and gic_reset */

/* After gic_fdt: the node under the GIC's; sets fdt->msi_phandle. */
void gicv3_its_fdt(const struct gicv3_its *its, struct fdt_builder *fdt);

#endif
