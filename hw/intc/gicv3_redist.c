/*
 * GICv3 redistributors (IHI 0069 chapter 12.11): for each processor 64 KiB
 * of control (RD_base) and 64 KiB of its SGIs and PPIs (SGI_base).
 *
 * With an ITS there are LPIs, whose tables all redistributors share
 * (GICR_TYPER.CommonLPIAff is 0); without, their registers are reserved.
 * A processor marked asleep in GICR_WAKER is signalled all the
 * same: software that has only met emulators often forgets to wake it.
 */
#include "hw/intc/gic_internal.h"

/* GICR_CTLR */
#define CTLR_ENABLE_LPIS BIT(0)
#define CTLR_CES BIT(1) /* EnableLPIs can be cleared again */

/* GICR_TYPER */
#define TYPER_PLPIS BIT(0)
#define TYPER_LAST BIT(4)
#define TYPER_NUMBER(n) ((n) << 8)

/* GICR_WAKER */
#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

/* ---- RD_base ---- */

static uint32_t ctlr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)index;
    if (!gic->lpis) {
        return 0;
    }
    return CTLR_CES | (gic->lpis->cpu[cpu].enabled ? CTLR_ENABLE_LPIS : 0);
}

static void ctlr_write(struct gic *gic, unsigned cpu, unsigned index,
                       uint32_t value, uint32_t mask)
{
    /* DPG is not implemented, so RES0. */
    (void)index;
    if (gic->lpis && (mask & CTLR_ENABLE_LPIS)) {
        gic_lpi_enable(gic, cpu, value & CTLR_ENABLE_LPIS);
    }
}

/* Two words; not to be changed while LPIs are enabled. */
static void base_write(struct gic *gic, unsigned cpu, uint64_t *base,
                       unsigned index, uint32_t value, uint32_t mask)
{
    unsigned shift = index * 32;

    if (!gic->lpis->cpu[cpu].enabled) {
        *base = (*base & ~((uint64_t)mask << shift)) |
                (uint64_t)value << shift;
    }
}

static uint32_t propbaser_read(struct gic *gic, unsigned cpu, unsigned index)
{
    return gic->lpis ? gic->lpis->cpu[cpu].propbaser >> index * 32 : 0;
}

static void propbaser_write(struct gic *gic, unsigned cpu, unsigned index,
                            uint32_t value, uint32_t mask)
{
    if (gic->lpis) {
        base_write(gic, cpu, &gic->lpis->cpu[cpu].propbaser, index, value,
                   mask);
    }
}

static uint32_t pendbaser_read(struct gic *gic, unsigned cpu, unsigned index)
{
    if (!gic->lpis) {
        return 0;
    }
    return (gic->lpis->cpu[cpu].pendbaser & ~GICR_PENDBASER_PTZ) >> index * 32;
}

static void pendbaser_write(struct gic *gic, unsigned cpu, unsigned index,
                            uint32_t value, uint32_t mask)
{
    if (gic->lpis) {
        base_write(gic, cpu, &gic->lpis->cpu[cpu].pendbaser, index, value,
                   mask);
    }
}

/* Two words; the upper one is the affinity, packed. */
static uint32_t typer_read(struct gic *gic, unsigned cpu, unsigned index)
{
    if (index == 1) {
        uint64_t mpidr = gic->ports[cpu].mpidr;
        return extract64(mpidr, 0, 24) | extract64(mpidr, 32, 8) << 24;
    }
    return TYPER_NUMBER(cpu) | (cpu == gic->cpus - 1 ? TYPER_LAST : 0) |
           (gic->lpis ? TYPER_PLPIS : 0);
}

static uint32_t waker_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)index;
    return gic->cpu[cpu].asleep ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP
                                : 0;
}

static void waker_write(struct gic *gic, unsigned cpu, unsigned index,
                        uint32_t value, uint32_t mask)
{
    (void)index;
    if (mask & WAKER_PROCESSOR_SLEEP) {
        gic->cpu[cpu].asleep = value & WAKER_PROCESSOR_SLEEP;
    }
}

/* GICR_PIDR4..7, 0..3, GICR_CIDR0..3 */
static uint32_t id_read(struct gic *gic, unsigned cpu, unsigned index)
{
    static const uint8_t id[] = {0x44, 0x00, 0x00, 0x00, 0x93, 0xb4,
                                 0x3b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    (void)gic;
    (void)cpu;
    return id[index];
}

/* ---- the map ---- */

/* clang-format off */
static const struct gic_reg redist_regs[] = {
    /* base    first    last    */
    {0x00000, 0x00000, 0x00003, ctlr_read,           ctlr_write},
    {0x00004, 0x00004, 0x00007, gic_iidr_read,       NULL},
    {0x00008, 0x00008, 0x0000f, typer_read,          NULL},
    {0x00014, 0x00014, 0x00017, waker_read,          waker_write},
    {0x00070, 0x00070, 0x00077, propbaser_read,      propbaser_write},
    {0x00078, 0x00078, 0x0007f, pendbaser_read,      pendbaser_write},
    {0x0ffd0, 0x0ffd0, 0x0ffff, id_read,             NULL},
    {0x10080, 0x10080, 0x10083, gic_igroupr_read,    gic_igroupr_write},
    {0x10100, 0x10100, 0x10103, gic_isenabler_read,  gic_isenabler_write},
    {0x10180, 0x10180, 0x10183, gic_icenabler_read,  gic_icenabler_write},
    {0x10200, 0x10200, 0x10203, gic_ispendr_read,    gic_ispendr_write},
    {0x10280, 0x10280, 0x10283, gic_icpendr_read,    gic_icpendr_write},
    {0x10300, 0x10300, 0x10303, gic_isactiver_read,  gic_isactiver_write},
    {0x10380, 0x10380, 0x10383, gic_icactiver_read,  gic_icactiver_write},
    {0x10400, 0x10400, 0x1041f, gic_ipriorityr_read, gic_ipriorityr_write},
    {0x10c00, 0x10c00, 0x10c07, gic_icfgr_read,      gic_icfgr_write},
    {0x10d00, 0x10d00, 0x10d03, gic_igrpmodr_read,   gic_igrpmodr_write},
    {0x10e00, 0x10e00, 0x10e03, gic_nsacr_read,      gic_nsacr_write},
};
/* clang-format on */

static const struct gic_frame redist_frame = {"gicr", redist_regs,
                                              ARRAY_SIZE(redist_regs)};

/* Whose redistributor: the address decides, not the processor asking. */
static unsigned owner(struct bus_access *access)
{
    unsigned cpu = access->offset / GICV3_REDIST_SIZE;
    access->offset %= GICV3_REDIST_SIZE;
    return cpu;
}

static uint64_t redist_read(void *device, struct bus_access access)
{
    unsigned cpu = owner(&access);
    return gic_frame_read(&redist_frame, device, cpu, access);
}

static void redist_write(void *device, struct bus_access access, uint64_t value)
{
    unsigned cpu = owner(&access);
    gic_frame_write(&redist_frame, device, cpu, access, value);
}

const struct mmio_ops gicv3_redist_ops = {.read = redist_read,
                                          .write = redist_write};
