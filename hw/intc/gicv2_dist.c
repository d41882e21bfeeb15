/*
 * GICv2 distributor (IHI 0048B chapter 4.3) and creation.
 *
 * One 4 KiB page.  Interrupts 0..31 are banked: each processor sees its
 * own.  The registers common with GICv3 are in gic_regs.c; here are
 * targets, SGIs with their senders, and identification.
 */
#include "hw/intc/gic_internal.h"

#include "util/log.h"

#define DIST_SIZE 0x1000
#define CPUIF_SIZE 0x2000 /* of the virtual one too */
#define HYP_SIZE 0x1000

/* GICD_TYPER */
#define TYPER_SECURITY BIT(10)

/* GICD_SGIR */
#define SGIR_NSATT BIT(15)
#define SGIR_SGI(v) extract32(v, 0, 4)
#define SGIR_TARGETS(v) extract32(v, 16, 8)
#define SGIR_FILTER(v) extract32(v, 24, 2)
enum { SGIR_TO_LIST, SGIR_TO_OTHERS, SGIR_TO_SELF };

/* ---- GICD_CTLR, GICD_TYPER ---- */

/* Non-secure software has group 1 in bit 0. */
static uint32_t ctlr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)cpu;
    (void)index;
    return gic->nonsecure ? gic->ctlr >> GIC_GROUP1 : gic->ctlr;
}

static void ctlr_write(struct gic *gic, unsigned cpu, unsigned index,
                       uint32_t value, uint32_t mask)
{
    (void)cpu;
    (void)index;
    if (gic->nonsecure) {
        value <<= GIC_GROUP1;
        mask = mask << GIC_GROUP1 & GICD_CTLR_GROUP1;
    }
    mask &= GICD_CTLR_GROUP0 | GICD_CTLR_GROUP1;
    gic->ctlr = (gic->ctlr & ~mask) | (value & mask);
    gic_all_changed(gic);
}

static uint32_t typer_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)cpu;
    (void)index;
    return (gic->config.security ? TYPER_SECURITY : 0) |
           (gic->cpus - 1) << 5 | (gic->banks - 1);
}

/* ---- GICD_ITARGETSR: a byte per interrupt, index is a word of four ---- */

/* Bytes of the four interrupts that the access may see. */
static uint32_t visible_bytes(const struct gic *gic, unsigned cpu,
                              unsigned index)
{
    const struct gic_bank *bank = index < GIC_PRIVATE / 4
                                      ? &gic->cpu[cpu].bank
                                      : &gic->spi[index / 8];
    uint32_t visible = gic_visible(gic, bank, 4) >> index % 8 * 4, bytes = 0;

    for (unsigned i = 0; i < 4; i++) {
        bytes |= visible >> i & 1 ? 0xffu << (i * 8) : 0;
    }
    return bytes;
}

static uint32_t itargetsr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    if (gic->cpus == 1 || index >= gic->banks * 8) {
        return 0;
    }
    uint32_t visible = visible_bytes(gic, cpu, index);
    if (index < GIC_PRIVATE / 4) {
        return 0x01010101u << cpu & visible;
    }
    return load_le32(&gic->target[index * 4 - GIC_PRIVATE]) & visible;
}

static void itargetsr_write(struct gic *gic, unsigned cpu, unsigned index,
                            uint32_t value, uint32_t mask)
{
    if (gic->cpus == 1 || index >= gic->banks * 8 || index < GIC_PRIVATE / 4) {
        return;
    }
    mask &= visible_bytes(gic, cpu, index);
    for (unsigned i = 0; i < 4; i++) {
        if (!(mask >> (i * 8) & 0xff)) {
            continue;
        }
        unsigned intid = index * 4 + i;
        uint8_t target = value >> (i * 8) & mask64(gic->cpus);
        gic->target[intid - GIC_PRIVATE] = target;
        for (unsigned n = 0; n < gic->cpus; n++) {
            gic_route(gic, intid, n, target >> n & 1);
        }
    }
    gic_all_changed(gic);
}

/* ---- SGIs ---- */

/* Secure software says which group it means, Non-secure has group 1. */
static bool sgi_reaches(const struct gic *gic, unsigned target, uint32_t value)
{
    bool group1 = gic->cpu[target].bank.group1 >> SGIR_SGI(value) & 1;

    return !gic->two_states ||
           group1 == (gic->nonsecure || (value & SGIR_NSATT));
}

static void sgir_write(struct gic *gic, unsigned cpu, unsigned index,
                       uint32_t value, uint32_t mask)
{
    (void)index;
    uint32_t targets;
    switch (SGIR_FILTER(value)) {
    case SGIR_TO_LIST:
        targets = SGIR_TARGETS(value);
        break;
    case SGIR_TO_OTHERS:
        targets = ~BIT(cpu);
        break;
    case SGIR_TO_SELF:
        targets = BIT(cpu);
        break;
    default:
        targets = 0;
        break;
    }
    if (mask != ~0u) {
        guest_error("gicd: GICD_SGIR wants a word access");
        return;
    }
    for (unsigned n = 0; n < gic->cpus; n++) {
        if ((targets >> n & 1) && sgi_reaches(gic, n, value)) {
            gic_sgi_add_source(gic, n, SGIR_SGI(value), BIT(cpu));
            gic_bank_changed(gic, n, 0, 0);
        }
    }
}

/* GICD_CPENDSGIR and GICD_SPENDSGIR: a byte of senders per SGI. */
static uint32_t pendsgir_read(struct gic *gic, unsigned cpu, unsigned index)
{
    return load_le32(&gic->cpu[cpu].sgi_sources[index * 4]) &
           visible_bytes(gic, cpu, index);
}

static void cpendsgir_write(struct gic *gic, unsigned cpu, unsigned index,
                            uint32_t value, uint32_t mask)
{
    (void)mask;
    value &= visible_bytes(gic, cpu, index);
    for (unsigned i = 0; i < 4; i++) {
        gic_sgi_drop_source(gic, cpu, index * 4 + i, value >> (i * 8));
    }
    gic_bank_changed(gic, cpu, 0, 0);
}

static void spendsgir_write(struct gic *gic, unsigned cpu, unsigned index,
                            uint32_t value, uint32_t mask)
{
    (void)mask;
    value &= visible_bytes(gic, cpu, index);
    for (unsigned i = 0; i < 4; i++) {
        gic_sgi_add_source(gic, cpu, index * 4 + i,
                           value >> (i * 8) & mask64(gic->cpus));
    }
    gic_bank_changed(gic, cpu, 0, 0);
}

/* ---- identification: ICPIDR4..7, 0..3, ICCIDR0..3 ---- */

static uint32_t id_read(struct gic *gic, unsigned cpu, unsigned index)
{
    static const uint8_t id[] = {0x04, 0x00, 0x00, 0x00, 0x90, 0xb4,
                                 0x2b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    (void)gic;
    (void)cpu;
    return id[index];
}

/* ---- the map ---- */

/* clang-format off */
static const struct gic_reg dist_regs[] = {
    /* base  first  last   */
    {0x000, 0x000, 0x003, ctlr_read,           ctlr_write},
    {0x004, 0x004, 0x007, typer_read,          NULL},
    {0x008, 0x008, 0x00b, gic_iidr_read,       NULL},
    {0x080, 0x080, 0x0ff, gic_igroupr_read,    gic_igroupr_write},
    {0x100, 0x100, 0x17f, gic_isenabler_read,  gic_isenabler_write},
    {0x180, 0x180, 0x1ff, gic_icenabler_read,  gic_icenabler_write},
    {0x200, 0x200, 0x27f, gic_ispendr_read,    gic_ispendr_write},
    {0x280, 0x280, 0x2ff, gic_icpendr_read,    gic_icpendr_write},
    {0x300, 0x300, 0x37f, gic_isactiver_read,  gic_isactiver_write},
    {0x380, 0x380, 0x3ff, gic_icactiver_read,  gic_icactiver_write},
    {0x400, 0x400, 0x7ff, gic_ipriorityr_read, gic_ipriorityr_write},
    {0x800, 0x800, 0xbff, itargetsr_read,      itargetsr_write},
    {0xc00, 0xc00, 0xcff, gic_icfgr_read,      gic_icfgr_write},
    {0xf00, 0xf00, 0xf03, NULL,                sgir_write},
    {0xf10, 0xf10, 0xf1f, pendsgir_read,       cpendsgir_write},
    {0xf20, 0xf20, 0xf2f, pendsgir_read,       spendsgir_write},
    {0xfd0, 0xfd0, 0xfff, id_read,             NULL},
};
/* clang-format on */

static const struct gic_frame dist_frame = {"gicd", dist_regs,
                                            ARRAY_SIZE(dist_regs)};

static uint64_t dist_read(void *device, struct bus_access access)
{
    struct gic *gic = device;
    return gic_frame_read(&dist_frame, gic, gic_access_cpu(gic, access),
                          access);
}

static void dist_write(void *device, struct bus_access access, uint64_t value)
{
    struct gic *gic = device;
    gic_frame_write(&dist_frame, gic, gic_access_cpu(gic, access), access,
                    value);
}

static const struct mmio_ops dist_ops = {.read = dist_read,
                                         .write = dist_write};

/* ---- creation ---- */

/* Eight bits of priority, of which seven preempt. */
static const struct gic_model gicv2_model = {
    .version = 2,
    .sgi_fixed = 0xffff,
    .priority_mask = 0xff,
    .apr_shift = 1,
    .apr_words = 4,
    .bpr_min = {0, 1},
    .hides_disabled = true,
};

struct gic *gicv2_create(struct bus *bus, const struct gic_config *config)
{
    assert(config->cpus <= GICV2_MAX_CPUS);
    struct gic *gic = gic_new(&gicv2_model, config);
    bus_map_mmio(bus, config->dist_base, DIST_SIZE, "gicd", &dist_ops, gic);
    bus_map_mmio(bus, config->cpu_base, CPUIF_SIZE, "gicc", &gicv2_cpuif_ops,
                 gic);
    if (gic_has_virtual(gic)) {
        bus_map_mmio(bus, config->hyp_base, HYP_SIZE, "gich", &gicv2_hyp_ops,
                     gic);
        bus_map_mmio(bus, config->vcpu_base, CPUIF_SIZE, "gicv",
                     &gicv2_vcpu_ops, gic);
    }
    return gic;
}
