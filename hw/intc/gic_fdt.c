/*
 * The GIC's device tree node (bindings interrupt-controller/arm,gic and
 * arm,gic-v3).
 */
#include "hw/intc/gic_internal.h"

#include <inttypes.h>
#include <stdio.h>

/* What the tree promises; GICv2 answers in the first pages of each. */
#define REGION_SIZE 0x10000

void gic_fdt_path(const struct gic *gic, char *path, unsigned size)
{
    snprintf(path, size, "/intc@%" PRIx64, gic->config.dist_base);
}

/* The distributor and what follows; with GICv2's virtual CPU interface its
 * control and itself. */
static void prop_reg(struct fdt_builder *fdt, const char *path,
                     const struct gic *gic, uint32_t second_size)
{
    const struct gic_config *c = &gic->config;
    const uint64_t base[] = {c->dist_base, c->cpu_base, c->hyp_base,
                             c->vcpu_base};
    bool is_v2 = gic->model->version == 2;
    unsigned regions = is_v2 && gic_has_virtual(gic) ? 4 : 2;
    uint32_t cells[4 * ARRAY_SIZE(base)];

    for (unsigned i = 0; i < regions; i++) {
        cells[4 * i] = base[i] >> 32;
        cells[4 * i + 1] = (uint32_t)base[i];
        cells[4 * i + 2] = 0;
        cells[4 * i + 3] = i == 1 ? second_size : REGION_SIZE;
    }
    fdt_prop_cells_array(fdt, path, "reg", cells, 4 * regions);
}

void gic_fdt(struct gic *gic, struct fdt_builder *fdt)
{
    char path[32];
    gic_fdt_path(gic, path, sizeof(path));
    fdt_node(fdt, path);
    if (gic->model->version == 3) {
        fdt_prop_string(fdt, path, "compatible", "arm,gic-v3");
        fdt_prop_cells(fdt, path, "#redistributor-regions", 1);
        prop_reg(fdt, path, gic, GICV3_REDIST_REGION_SIZE);
    } else {
        fdt_prop_string(fdt, path, "compatible", "arm,cortex-a15-gic");
        prop_reg(fdt, path, gic, REGION_SIZE);
    }
    if (gic_has_virtual(gic)) {
        fdt_prop_cells(fdt, path, "interrupts", FDT_GIC_PPI,
                       gic->config.maintenance_intid - GIC_SGIS,
                       FDT_IRQ_LEVEL_HIGH);
    }
    fdt_prop_cells(fdt, path, "#interrupt-cells", 3);
    fdt_prop_empty(fdt, path, "interrupt-controller");
    fdt_prop_cells(fdt, path, "#address-cells", 2);
    fdt_prop_cells(fdt, path, "#size-cells", 2);
    fdt_prop_empty(fdt, path, "ranges");
    fdt->gic_phandle = fdt_new_phandle(fdt);
    fdt_prop_cells(fdt, path, "phandle", fdt->gic_phandle);
}
