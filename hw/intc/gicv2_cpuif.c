/*
 * GICv2 CPU interface (IHI 0048B chapter 4.4), two 4 KiB pages.
 *
 * Every processor finds its own interface at the same address.  Without
 * Security Extensions IAR serves group 0, and group 1 only with AckCtl;
 * the aliased registers (AIAR, ...) serve group 1.
 */
#include "hw/intc/gic_internal.h"

#include "util/log.h"

/* GICC_CTLR */
#define CTLR_ENABLE_GROUP0 BIT(0)
#define CTLR_ENABLE_GROUP1 BIT(1)
#define CTLR_ACK_CTL BIT(2)
#define CTLR_FIQ_EN BIT(3)
#define CTLR_CBPR BIT(4)
#define CTLR_EOI_MODE BIT(9)
/* What Secure software sees of the other's. */
#define CTLR_EOI_MODE_NS BIT(10)

#define INTID(value) extract32(value, 0, 10)

/* ---- GICC_CTLR, PMR, BPR, ABPR ---- */

/* Whose EOImode an access is about: with one Security state there is that of
 * GIC_NONSECURE. */
static enum gic_world world(const struct gic *gic)
{
    return gic->two_states && !gic->nonsecure ? GIC_SECURE : GIC_NONSECURE;
}

/* Non-secure software has group 1 in bit 0. */
static uint32_t ctlr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    uint32_t mode = c->eoi_mode[world(gic)] ? CTLR_EOI_MODE : 0;
    (void)index;
    if (gic->nonsecure) {
        return mode | c->enabled[GIC_GROUP1];
    }
    if (gic->two_states && c->eoi_mode[GIC_NONSECURE]) {
        mode |= CTLR_EOI_MODE_NS;
    }
    return mode | (c->enabled[0] ? CTLR_ENABLE_GROUP0 : 0) |
           (c->enabled[1] ? CTLR_ENABLE_GROUP1 : 0) |
           (c->ack_ctl ? CTLR_ACK_CTL : 0) | (c->fiq_enable ? CTLR_FIQ_EN : 0) |
           (c->common_bpr[GIC_GROUP1] ? CTLR_CBPR : 0);
}

static void ctlr_write(struct gic *gic, unsigned cpu, unsigned index,
                       uint32_t value, uint32_t mask)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    value |= ctlr_read(gic, cpu, index) & ~mask;
    c->eoi_mode[world(gic)] = value & CTLR_EOI_MODE;
    if (gic->nonsecure) {
        c->enabled[GIC_GROUP1] = value & 1;
    } else {
        c->enabled[0] = value & CTLR_ENABLE_GROUP0;
        c->enabled[1] = value & CTLR_ENABLE_GROUP1;
        c->ack_ctl = value & CTLR_ACK_CTL;
        c->fiq_enable = value & CTLR_FIQ_EN;
        c->common_bpr[GIC_GROUP1] = value & CTLR_CBPR;
    }
    if (gic->two_states && !gic->nonsecure) {
        c->eoi_mode[GIC_NONSECURE] = value & CTLR_EOI_MODE_NS;
    }
    gic_cpu_update(gic, cpu);
}

static uint32_t pmr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    unsigned pmr = gic->cpu[cpu].pmr;
    (void)index;
    return gic->nonsecure ? gic_priority_view(pmr) : pmr;
}

static void pmr_write(struct gic *gic, unsigned cpu, unsigned index,
                      uint32_t value, uint32_t mask)
{
    uint8_t *pmr = &gic->cpu[cpu].pmr;
    (void)index;
    if (!(mask & 0xff) || (gic->nonsecure && !(*pmr & 0x80))) {
        return; /* Secure software masks all that the other has */
    }
    *pmr = gic->nonsecure ? gic_priority_from_view(value) : value;
    gic_cpu_update(gic, cpu);
}

static void set_bpr(struct gic *gic, unsigned cpu, unsigned group,
                    uint32_t value, uint32_t mask)
{
    if (mask & 0xff) {
        uint8_t least = gic->model->bpr_min[group];
        value &= 7;
        gic->cpu[cpu].bpr[group] = value < least ? least : value;
        gic_cpu_update(gic, cpu);
    }
}

/* Non-secure software's is that of group 1, or with CBPR the common one,
 * which it only reads. */
static uint32_t bpr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    (void)index;
    if (!gic->nonsecure) {
        return c->bpr[0];
    }
    unsigned common = c->bpr[0] < 7 ? c->bpr[0] + 1 : 7;
    return c->common_bpr[GIC_GROUP1] ? common : c->bpr[1];
}

static void bpr_write(struct gic *gic, unsigned cpu, unsigned index,
                      uint32_t value, uint32_t mask)
{
    (void)index;
    if (!gic->nonsecure) {
        set_bpr(gic, cpu, 0, value, mask);
    } else if (!gic->cpu[cpu].common_bpr[GIC_GROUP1]) {
        set_bpr(gic, cpu, 1, value, mask);
    }
}

/* What Secure software alone has. */
static bool is_denied(const struct gic *gic, const char *name)
{
    if (gic->nonsecure) {
        guest_error("gicc: %s is for Secure software", name);
    }
    return gic->nonsecure;
}

static uint32_t abpr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)index;
    return is_denied(gic, "GICC_ABPR") ? 0 : gic->cpu[cpu].bpr[1];
}

static void abpr_write(struct gic *gic, unsigned cpu, unsigned index,
                       uint32_t value, uint32_t mask)
{
    (void)index;
    if (!is_denied(gic, "GICC_ABPR")) {
        set_bpr(gic, cpu, 1, value, mask);
    }
}

/* ---- acknowledge: GICC_IAR, AIAR, HPPIR, AHPPIR ---- */

/* The special INTID that hides the best interrupt's group from the
 * register read, or 0. */
static unsigned hidden(const struct gic *gic, const struct gic_cpu *c,
                       bool alias)
{
    if (alias || gic->nonsecure) {
        return c->best.group == 0 ? GIC_INTID_SPURIOUS : 0;
    }
    return c->best.group == 1 && !c->ack_ctl ? GIC_INTID_GROUP1 : 0;
}

static uint32_t acknowledge(struct gic *gic, unsigned cpu, bool alias)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    if (!gic_cpu_can_take(gic, c)) {
        return GIC_INTID_SPURIOUS;
    }
    unsigned special = hidden(gic, c, alias);
    return special ? special : gic_acknowledge(gic, cpu);
}

static uint32_t iar_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)index;
    return acknowledge(gic, cpu, false);
}

static uint32_t aiar_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)index;
    return is_denied(gic, "GICC_AIAR") ? 0 : acknowledge(gic, cpu, true);
}

static uint32_t highest_pending(const struct gic *gic, unsigned cpu,
                                bool alias)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    unsigned intid = c->best.intid;
    if (intid == GIC_INTID_SPURIOUS) {
        return intid;
    }
    unsigned special = hidden(gic, c, alias);
    if (special) {
        return special;
    }
    if (intid < GIC_SGIS) {
        intid |= (unsigned)ctz32(c->sgi_sources[intid]) << 10;
    }
    return intid;
}

static uint32_t hppir_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)index;
    return highest_pending(gic, cpu, false);
}

static uint32_t ahppir_read(struct gic *gic, unsigned cpu, unsigned index)
{
    (void)index;
    return is_denied(gic, "GICC_AHPPIR") ? 0 : highest_pending(gic, cpu, true);
}

/* ---- end: GICC_EOIR, AEOIR, DIR, RPR ---- */

/* EOIR for group 1 without AckCtl is UNPREDICTABLE: here it works. */
static void end(struct gic *gic, unsigned cpu, uint32_t value, bool alias)
{
    int group = gic_running_group(gic, &gic->cpu[cpu]);
    if (INTID(value) >= gic->banks * 32) {
        return; /* the end of a spurious interrupt is no error */
    }
    if (group < 0 || ((alias || gic->nonsecure) && group == 0)) {
        guest_error("gicc: end of interrupt %u, but none of the group is "
                    "running",
                    INTID(value));
        return;
    }
    gic_end(gic, cpu, (unsigned)group, INTID(value), world(gic));
}

static void eoir_write(struct gic *gic, unsigned cpu, unsigned index,
                       uint32_t value, uint32_t mask)
{
    (void)index;
    (void)mask;
    end(gic, cpu, value, false);
}

static void aeoir_write(struct gic *gic, unsigned cpu, unsigned index,
                        uint32_t value, uint32_t mask)
{
    (void)index;
    (void)mask;
    if (!is_denied(gic, "GICC_AEOIR")) {
        end(gic, cpu, value, true);
    }
}

static void dir_write(struct gic *gic, unsigned cpu, unsigned index,
                      uint32_t value, uint32_t mask)
{
    (void)index;
    (void)mask;
    const struct gic_bank *bank = gic_bank(gic, cpu, INTID(value) / 32);
    if (!gic->cpu[cpu].eoi_mode[world(gic)]) {
        guest_error("gicc: GICC_DIR written with EOImode 0");
        return;
    }
    if (bank && (gic_visible(gic, bank, 4) >> INTID(value) % 32 & 1)) {
        gic_deactivate(gic, cpu, INTID(value));
    }
}

static uint32_t rpr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    unsigned priority = gic_running_priority(gic, &gic->cpu[cpu]);
    (void)index;
    return gic->nonsecure && priority != GIC_IDLE_PRIORITY
               ? gic_priority_view(priority)
               : priority;
}

/* ---- active priorities: GICC_APR<n>, GICC_NSAPR<n> ---- */

/* Non-secure software has the lower half of group 1's, as GICC_APR0 and 1. */
static uint32_t *find_apr(struct gic *gic, unsigned cpu, unsigned index)
{
    uint32_t(*apr)[GIC_APR_WORDS] = gic->cpu[cpu].apr;
    if (!gic->nonsecure) {
        return &apr[index / 4][index % 4];
    }
    return index < 2 ? &apr[GIC_GROUP1][2 + index] : NULL;
}

static uint32_t apr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    const uint32_t *apr = find_apr(gic, cpu, index);
    return apr ? *apr : 0;
}

static void apr_write(struct gic *gic, unsigned cpu, unsigned index,
                      uint32_t value, uint32_t mask)
{
    uint32_t *apr = find_apr(gic, cpu, index);
    if (apr) {
        *apr = (*apr & ~mask) | value;
        gic_cpu_update(gic, cpu);
    }
}

static uint32_t cpu_iidr_read(struct gic *gic, unsigned cpu, unsigned index)
{
    return 2 << 16 | gic_iidr_read(gic, cpu, index);
}

/* ---- the map ---- */

/* clang-format off */
static const struct gic_reg cpu_regs[] = {
    /* base   first   last   */
    {0x0000, 0x0000, 0x0003, ctlr_read,     ctlr_write},
    {0x0004, 0x0004, 0x0007, pmr_read,      pmr_write},
    {0x0008, 0x0008, 0x000b, bpr_read,      bpr_write},
    {0x000c, 0x000c, 0x000f, iar_read,      NULL},
    {0x0010, 0x0010, 0x0013, NULL,          eoir_write},
    {0x0014, 0x0014, 0x0017, rpr_read,      NULL},
    {0x0018, 0x0018, 0x001b, hppir_read,    NULL},
    {0x001c, 0x001c, 0x001f, abpr_read,     abpr_write},
    {0x0020, 0x0020, 0x0023, aiar_read,     NULL},
    {0x0024, 0x0024, 0x0027, NULL,          aeoir_write},
    {0x0028, 0x0028, 0x002b, ahppir_read,   NULL},
    {0x00d0, 0x00d0, 0x00ef, apr_read,      apr_write},
    {0x00fc, 0x00fc, 0x00ff, cpu_iidr_read, NULL},
    {0x1000, 0x1000, 0x1003, NULL,          dir_write},
};
/* clang-format on */

static const struct gic_frame cpu_frame = {"gicc", cpu_regs,
                                           ARRAY_SIZE(cpu_regs)};

static uint64_t cpuif_read(void *device, struct bus_access access)
{
    struct gic *gic = device;
    return gic_frame_read(&cpu_frame, gic, gic_access_cpu(gic, access), access);
}

static void cpuif_write(void *device, struct bus_access access, uint64_t value)
{
    struct gic *gic = device;
    gic_frame_write(&cpu_frame, gic, gic_access_cpu(gic, access), access,
                    value);
}

const struct mmio_ops gicv2_cpuif_ops = {.read = cpuif_read,
                                         .write = cpuif_write};
