/*
 * GICv2m: message-signalled interrupts for a GICv2 (Arm Server Base System
 * Architecture, appendix "GICv2m architecture").
 *
 * A PCI device's write of an INTID to MSI_SETSPI_NS pulses that SPI, which
 * the guest has configured edge-triggered.  The frame has no state.
 *
 * 0x008 MSI_TYPER      RO  first INTID in 25..16, how many in 9..0
 * 0x040 MSI_SETSPI_NS  WO  INTID in 9..0
 * 0xfcc MSI_IIDR       RO
 */
#include "hw/intc/gic_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/log.h"

#define FRAME_SIZE 0x1000
#define MSI_TYPER 0x008
#define MSI_SETSPI_NS 0x040
#define MSI_IIDR 0xfcc
#define IIDR 0x05100000

struct gicv2m {
    struct gic *gic;
    uint64_t base;
    unsigned first, count; /* SPIs, 0 being INTID 32 */
};

static uint64_t frame_read(void *device, struct bus_access access)
{
    struct gicv2m *s = device;
    switch (access.offset) {
    case MSI_TYPER:
        return (s->first + GIC_PRIVATE) << 16 | s->count;
    case MSI_IIDR:
        return IIDR;
    default:
        return 0;
    }
}

static void frame_write(void *device, struct bus_access access, uint64_t value)
{
    struct gicv2m *s = device;
    if (access.offset != MSI_SETSPI_NS) {
        guest_error("gicv2m: no register to write at 0x%" PRIx64,
                    access.offset);
        return;
    }
    unsigned spi = extract32(value, 0, 10) - GIC_PRIVATE;
    if (spi - s->first >= s->count) {
        guest_error("gicv2m: interrupt %u is not of this frame",
                    spi + GIC_PRIVATE);
        return;
    }
    struct irq line = gic_spi(s->gic, spi);
    irq_set(&line, true);
    irq_set(&line, false);
}

static const struct mmio_ops frame_ops = {
    .read = frame_read, .write = frame_write, .min_size = 4, .max_size = 4,
    .messages = true};

void gicv2m_fdt(struct gicv2m *frame, struct fdt_builder *fdt)
{
    char parent[32], path[64];
    gic_fdt_path(frame->gic, parent, sizeof(parent));
    snprintf(path, sizeof(path), "%s/v2m@%" PRIx64, parent, frame->base);
    fdt_node(fdt, path);
    fdt_prop_string(fdt, path, "compatible", "arm,gic-v2m-frame");
    fdt_prop_empty(fdt, path, "msi-controller");
    fdt_prop_reg(fdt, path, frame->base, FRAME_SIZE);
    fdt->msi_phandle = fdt_new_phandle(fdt);
    fdt_prop_cells(fdt, path, "phandle", fdt->msi_phandle);
}

struct gicv2m *gicv2m_create(struct bus *bus, uint64_t base, struct gic *gic,
                             unsigned first_spi, unsigned count)
{
    struct gicv2m *frame = calloc(1, sizeof(*frame));
    assert(frame && first_spi + count <= (gic->banks - 1) * 32);
    *frame = (struct gicv2m){gic, base, first_spi, count};
    bus_map_mmio(bus, base, FRAME_SIZE, "gicv2m", &frame_ops, frame);
    return frame;
}

void gicv2m_free(struct gicv2m *frame)
{
    free(frame);
}
