/*
 * Arm Generic Interrupt Controller, version 2 (IHI 0048B) or 3 (IHI 0069),
 * as the board sees it.
 *
 * With or without two Security states (GICv2's Security Extensions; without
 * them GICv3 has GICD_CTLR.DS = 1), with or without a virtual CPU interface.
 * Input lines and register accesses may come from any thread.
 */
#ifndef HW_INTC_GIC_H
#define HW_INTC_GIC_H

#include "cpu/cpu.h"
#include "hw/core/cpu_port.h"
#include "hw/core/fdt.h"
#include "util/irq.h"
#include "softmmu/bus.h"

#define GICV2_MAX_CPUS 8
#define GIC_MAX_SPIS 960 /* and a multiple of 32 */

/* What the device tree promises for redistributors: room for 123. */
#define GICV3_REDIST_SIZE 0x20000 /* of one processor */
#define GICV3_REDIST_REGION_SIZE 0xf60000

struct gic;
struct gicv2m;

struct gic_config {
    uint64_t dist_base;
    uint64_t cpu_base;             /* GICv2's CPU interface, GICv3's
                                      redistributors */
    uint64_t hyp_base, vcpu_base;  /* GICv2 with virtualization: GICH, GICV */
    unsigned spis, cpus;
    const struct cpu_port *ports;  /* one per processor; copied */
    bool security;                 /* two Security states */
    bool reset_nonsecure; /* software at reset is Non-secure: its interrupts
                             are in group 1 */
    unsigned maintenance_intid;    /* of the virtual CPU interface; 0: none */
};

/*
 * Create the controller in its reset state and map it: GICv2 a page of
 * distributor and two of CPU interface, which the virtual one has too, and
 * one of its control; GICv3 64 KiB of distributor and 128 KiB of
 * redistributor per processor.
 */
struct gic *gicv2_create(struct bus *bus, const struct gic_config *config);
struct gic *gicv3_create(struct bus *bus, const struct gic_config *config);
void gic_free(struct gic *gic); /* the bus must not be used any more */

/* Back to power-on state; input lines keep their level. */
void gic_reset(struct gic *gic);

/* Input lines: SPI 0 is INTID 32; a PPI is named by its INTID, 16..31. */
struct irq gic_spi(struct gic *gic, unsigned spi);
struct irq gic_ppi(struct gic *gic, unsigned cpu, unsigned intid);

/* GICv3's system registers; NULL for GICv2, whose interface is MMIO. */
const struct cpu_gic_if *gic_cpu_interface(struct gic *gic);

/* Write the node /intc@BASE and set fdt->gic_phandle. */
void gic_fdt(struct gic *gic, struct fdt_builder *fdt);

/*
 * GICv2m frame (Arm SBSA, appendix on GICv2m): a 4 KiB page in which a
 * message-signalled interrupt written by a PCI device becomes a pulse on
 * one of `count` SPIs from `first_spi`.
 */
struct gicv2m *gicv2m_create(struct bus *bus, uint64_t base, struct gic *gic,
                             unsigned first_spi, unsigned count);
void gicv2m_free(struct gicv2m *frame);

/* After gic_fdt: the node under the GIC's; sets fdt->msi_phandle. */
void gicv2m_fdt(struct gicv2m *frame, struct fdt_builder *fdt);

#endif
