/*
 * GICv3 distributor (IHI 0069 chapter 12.9) and creation.
 *
 * 64 KiB.  Affinity routing is always on, so that SPIs are routed by
 * GICD_IROUTER and the registers of interrupts 0..31, of targets and of
 * GICv2's SGIs are reserved: private interrupts live in the redistributors.
 * With two Security states Secure software may end that by GICD_CTLR.DS.
 */
#include "hw/intc/gic_internal.h"

#define DIST_SIZE 0x10000

/* GICD_CTLR */
#define CTLR_GROUPS (GICD_CTLR_GROUP0 | GICD_CTLR_GROUP1)
#define CTLR_ARE BIT(4)    /* of Secure software's interrupts, */
#define CTLR_ARE_NS BIT(5) /* of the others, with two Security states */
#define CTLR_DS BIT(6)

/* GICD_TYPER */
#define TYPER_SECURITY BIT(10)
#define TYPER_LPIS BIT(17)
#define TYPER_ID_BITS(bits) (((bits)-1) << 19)
#define TYPER_A3V BIT(24)

/* GICD_IROUTER */
#define IROUTER_ANY BIT(31) /* 1 of N */

static uint32_t ctlr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)cpu;
    (void)index;
    if (gic->nonsecure) {
        return (gic->ctlr & GICD_CTLR_GROUP1) | CTLR_ARE;
    }
    return gic->ctlr | CTLR_ARE | (gic->two_states ? CTLR_ARE_NS : CTLR_DS);
}

static void ctlr_write(struct gic *gic, unsigned cpu, unsigned index,
                       uint32_t value, uint32_t mask)
{
    (void)cpu;
    (void)index;
    if (gic->two_states && !gic->nonsecure && (value & CTLR_DS)) {
        gic_disable_security(gic);
        gic->ctlr &= CTLR_GROUPS;
    }
    mask &= gic->nonsecure    ? GICD_CTLR_GROUP1
            : gic->two_states ? CTLR_GROUPS | GICD_CTLR_GROUP1_SECURE
                              : CTLR_GROUPS;
    gic->ctlr = (gic->ctlr & ~mask) | (value & mask);
    gic_all_changed(gic);
}

static uint32_t typer_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)cpu;
    (void)index;
    return TYPER_A3V | TYPER_ID_BITS(GIC_LPI_ID_BITS) |
           (gic->two_states ? TYPER_SECURITY : 0) |
           (gic->lpis ? TYPER_LPIS : 0) | (gic->banks - 1);
}

/* GICD_TYPER2 is of GICv4.1, but drivers look at it first. */
static uint32_t typer2_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)gic;
    (void)cpu;
    (void)index;
    return 0;
}

/* ---- GICD_IROUTER: two words per interrupt ---- */

/* A 1 of N interrupt may go to every processor; who acknowledges first has
 * it, the others read a spurious INTID. */
static void reroute(struct gic *gic, unsigned intid)
{
    uint64_t route = gic->route[intid - GIC_PRIVATE];
    for (unsigned i = 0; i < gic->cpus; i++) {
        uint64_t differs = (gic->ports[i].mpidr ^ route) & GIC_AFFINITY_MASK;
        gic_route(gic, intid, i, (route & IROUTER_ANY) || !differs);
    }
    gic_all_changed(gic);
}

/* NSACR 3: Non-secure software may route it. */
static bool may_route(const struct gic *gic, unsigned intid)
{
    return intid < gic->banks * 32 &&
           (gic_visible(gic, &gic->spi[intid / 32], 3) >> intid % 32 & 1);
}

static uint32_t irouter_read(struct gic *gic, unsigned cpu, unsigned index)
{
    unsigned intid = index / 2;
    (void)cpu;
    if (!may_route(gic, intid)) {
        return 0;
    }
    return gic->route[intid - GIC_PRIVATE] >> (index % 2 * 32);
}

static void irouter_write(struct gic *gic, unsigned cpu, unsigned index,
                          uint32_t value, uint32_t mask)
{
    unsigned intid = index / 2, shift = index % 2 * 32;
    (void)cpu;
    if (!may_route(gic, intid)) {
        return;
    }
    uint64_t *route = &gic->route[intid - GIC_PRIVATE];
    *route = (*route & ~((uint64_t)mask << shift)) | (uint64_t)value << shift;
    *route &= GIC_AFFINITY_MASK | IROUTER_ANY;
    reroute(gic, intid);
}

/* ---- identification: GICD_PIDR4..7, 0..3, GICD_CIDR0..3 ---- */

static uint32_t id_read(struct gic *gic, unsigned cpu, unsigned index)
{
    static const uint8_t id[] = {0x44, 0x00, 0x00, 0x00, 0x92, 0xb4,
                                 0x3b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    (void)gic;
    (void)cpu;
    return id[index];
}

/* ---- the map ---- */

/* clang-format off */
static const struct gic_reg dist_regs[] = {
    /* base   first   last   */
    {0x0000, 0x0000, 0x0003, ctlr_read,           ctlr_write},
    {0x0004, 0x0004, 0x0007, typer_read,          NULL},
    {0x0008, 0x0008, 0x000b, gic_iidr_read,       NULL},
    {0x000c, 0x000c, 0x000f, typer2_read,         NULL},
    {0x0080, 0x0084, 0x00ff, gic_igroupr_read,    gic_igroupr_write},
    {0x0100, 0x0104, 0x017f, gic_isenabler_read,  gic_isenabler_write},
    {0x0180, 0x0184, 0x01ff, gic_icenabler_read,  gic_icenabler_write},
    {0x0200, 0x0204, 0x027f, gic_ispendr_read,    gic_ispendr_write},
    {0x0280, 0x0284, 0x02ff, gic_icpendr_read,    gic_icpendr_write},
    {0x0300, 0x0304, 0x037f, gic_isactiver_read,  gic_isactiver_write},
    {0x0380, 0x0384, 0x03ff, gic_icactiver_read,  gic_icactiver_write},
    {0x0400, 0x0420, 0x07ff, gic_ipriorityr_read, gic_ipriorityr_write},
    {0x0c00, 0x0c08, 0x0cff, gic_icfgr_read,      gic_icfgr_write},
    {0x0d00, 0x0d04, 0x0d7f, gic_igrpmodr_read,   gic_igrpmodr_write},
    {0x0e00, 0x0e08, 0x0eff, gic_nsacr_read,      gic_nsacr_write},
    {0x6000, 0x6100, 0x7fdf, irouter_read,        irouter_write},
    {0xffd0, 0xffd0, 0xffff, id_read,             NULL},
};
/* clang-format on */

static const struct gic_frame dist_frame = {"gicd", dist_regs,
                                            ARRAY_SIZE(dist_regs)};

static uint64_t dist_read(void *device, struct bus_access access)
{
    return gic_frame_read(&dist_frame, device, 0, access);
}

static void dist_write(void *device, struct bus_access access, uint64_t value)
{
    gic_frame_write(&dist_frame, device, 0, access, value);
}

static const struct mmio_ops dist_ops = {.read = dist_read,
                                         .write = dist_write};

/* ---- creation ---- */

/* The CPU interface has five bits of priority, all of which preempt. */
static const struct gic_model gicv3_model = {
    .version = 3,
    .sgi_fixed = 0,
    .priority_mask = 0xf8,
    .apr_shift = 3,
    .apr_words = 1,
    .bpr_min = {2, 3, 2},
    .hides_disabled = false,
};

struct gic *gicv3_create(struct bus *bus, const struct gic_config *config)
{
    uint64_t redist_size = (uint64_t)config->cpus * GICV3_REDIST_SIZE;

    assert(redist_size <= GICV3_REDIST_REGION_SIZE);
    struct gic *gic = gic_new(&gicv3_model, config);
    gic->cpu_if = gicv3_cpu_if;
    gic->cpu_if.opaque = gic;
    if (!config->security) {
        gic->cpu_if.moved = NULL;
    }
    bus_map_mmio(bus, config->dist_base, DIST_SIZE, "gicd", &dist_ops, gic);
    bus_map_mmio(bus, config->cpu_base, redist_size, "gicr",
                 &gicv3_redist_ops, gic);
    return gic;
}

const struct cpu_gic_if *gic_cpu_interface(struct gic *gic)
{
    return gic->model->version == 3 ? &gic->cpu_if : NULL;
}
