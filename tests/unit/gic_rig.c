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

static void create(unsigned version, bool security, unsigned maintenance)
{
    struct cpu_port ports[CPUS];
    memset(ports, 0, sizeof(ports));
    memset(gic_rig.irq, 0, sizeof(gic_rig.irq));
    memset(gic_rig.fiq, 0, sizeof(gic_rig.fiq));
    memset(gic_rig.virq, 0, sizeof(gic_rig.virq));
    memset(gic_rig.vfiq, 0, sizeof(gic_rig.vfiq));
    for (unsigned i = 0; i < CPUS; i++) {
        ports[i].irq = (struct irq){set_irq, gic_rig.irq, i};
        ports[i].fiq = (struct irq){set_irq, gic_rig.fiq, i};
        ports[i].virq = (struct irq){set_irq, gic_rig.virq, i};
        ports[i].vfiq = (struct irq){set_irq, gic_rig.vfiq, i};
        ports[i].mpidr = BIT(31) | i;
    }
    gic_rig.bus = bus_new();
    if (security) {
        bus_new_secure(gic_rig.bus);
    }
    gic_rig.how = 1;
    gic_rig.secure = false;
    struct gic_config config = {
        .dist_base = DIST,
        .cpu_base = version == 2 ? GICC : GICR,
        .hyp_base = GICH,
        .vcpu_base = GICV,
        .spis = SPIS,
        .cpus = CPUS,
        .ports = ports,
        .security = security,
        .maintenance_intid = maintenance,
    };
    if (version == 2) {
        gic_rig.gic = gicv2_create(gic_rig.bus, &config);
        gic_rig.v2m = gicv2m_create(gic_rig.bus, V2M, gic_rig.gic, 48, 64);
    } else {
        gic_rig.gic = gicv3_create(gic_rig.bus, &config);
        gic_rig.v2m = NULL;
    }
    gic_rig.icc = gic_cpu_interface(gic_rig.gic);
    ck_assert((gic_rig.icc != NULL) == (version == 3));
    if (!security) {
        gic_rig_enable_all();
    }
}

void gic_rig_setup_v2(void)
{
    create(2, false, 0);
}

void gic_rig_setup_v3(void)
{
    create(3, false, 0);
}

void gic_rig_setup_v2_virtual(void)
{
    create(2, false, MAINTENANCE);
}

void gic_rig_setup_v3_virtual(void)
{
    create(3, false, MAINTENANCE);
    gic_rig.how = 2;
}

void gic_rig_setup_v2_secure(void)
{
    create(2, true, 0);
    gic_rig.secure = true;
}

void gic_rig_setup_v3_secure(void)
{
    create(3, true, 0);
    gic_rig.secure = true;
    gic_rig.how = 3 | CPU_GIC_SECURE;
}

void gic_rig_teardown(void)
{
    bus_free(gic_rig.bus);
    gicv2m_free(gic_rig.v2m);
    gic_free(gic_rig.gic);
}
