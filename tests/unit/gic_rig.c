#include "tests/unit/gic_rig.h"

#include <string.h>

struct gic_rig gic_rig;

static void set_irq(void *opaque, unsigned n, bool level)
{
    ((bool *)opaque)[n] = level;
}

void gic_rig_enable_all(void)
{
    wr(DIST, 3);
    for (gic_rig.cpu = 0; gic_rig.cpu < CPUS; gic_rig.cpu++) {
        pmr(0xf0);
        if (gic_rig.icc) {
            msr(IGRPEN0, 1);
            msr(IGRPEN1, 1);
        } else {
            wr(GICC, 1);
        }
    }
    gic_rig.cpu = 0;
}

static void create(unsigned version)
{
    struct cpu_port ports[CPUS];
    memset(ports, 0, sizeof(ports));
    memset(gic_rig.irq, 0, sizeof(gic_rig.irq));
    memset(gic_rig.fiq, 0, sizeof(gic_rig.fiq));
    for (unsigned i = 0; i < CPUS; i++) {
        ports[i].irq = (struct irq){set_irq, gic_rig.irq, i};
        ports[i].fiq = (struct irq){set_irq, gic_rig.fiq, i};
        ports[i].mpidr = BIT(31) | i;
    }
    gic_rig.bus = bus_new();
    gic_rig.cpu = 0;
    if (version == 2) {
        gic_rig.gic = gicv2_create(gic_rig.bus, DIST, GICC, SPIS, ports, CPUS);
        gic_rig.v2m = gicv2m_create(gic_rig.bus, V2M, gic_rig.gic, 48, 64);
    } else {
        gic_rig.gic = gicv3_create(gic_rig.bus, DIST, GICR, SPIS, ports, CPUS);
        gic_rig.v2m = NULL;
    }
    gic_rig.icc = gic_cpu_interface(gic_rig.gic);
    ck_assert((gic_rig.icc != NULL) == (version == 3));
    gic_rig_enable_all();
}

void gic_rig_setup_v2(void)
{
    create(2);
}

void gic_rig_setup_v3(void)
{
    create(3);
}

void gic_rig_teardown(void)
{
    bus_free(gic_rig.bus);
    gicv2m_free(gic_rig.v2m);
    gic_free(gic_rig.gic);
}
