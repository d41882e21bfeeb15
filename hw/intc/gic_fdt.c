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

static void prop_reg(struct fdt_builder *fdt, const char *path,
                     const struct gic *gic, uint32_t second_size)
{
    uint64_t dist = gic->config.dist_base, second = gic->config.cpu_base;
    fdt_prop_cells(fdt, path, "reg", dist >> 32, (uint32_t)dist, 0, REGION_SIZE,
                   second >> 32, (uint32_t)second, 0, second_size);
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
    fdt_prop_cells(fdt, path, "#interrupt-cells", 3);
    fdt_prop_empty(fdt, path, "interrupt-controller");
    fdt_prop_cells(fdt, path, "#address-cells", 2);
    fdt_prop_cells(fdt, path, "#size-cells", 2);
    fdt_prop_empty(fdt, path, "ranges");
    fdt->gic_phandle = fdt_new_phandle(fdt);
    fdt_prop_cells(fdt, path, "phandle", fdt->gic_phandle);
}
