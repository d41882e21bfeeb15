/* The virtual CPU interface; see gic_virtual.h. */
#include "hw/intc/gic_virtual.h"

#include <string.h>

/* ICH_HCR_EL2 and GICH_HCR besides what the header names. */
#define HCR_UIE BIT(1)
#define HCR_LRENPIE BIT(2)
#define HCR_NPIE BIT(3)
#define HCR_VGRP0EIE BIT(4)
#define HCR_VGRP0DIE BIT(5)
#define HCR_VGRP1EIE BIT(6)
#define HCR_VGRP1DIE BIT(7)
#define HCR_INTERRUPTS 0xfeu
#define HCR_EOI_COUNT 27 /* bits 31..27 */
#define HCR_TRAPS \
    (GIC_HCR_TC | GIC_HCR_TALL0 | GIC_HCR_TALL1 | GIC_HCR_TDIR)

/* ICH_MISR_EL2; the others are where ICH_HCR_EL2 has their enables. */
#define MISR_EOI BIT(0)

/* ICH_VMCR_EL2 */
#define VMCR_VBPR1 18
#define VMCR_VBPR0 21
#define VMCR_VPMR 24

#define STATE(lr) ((lr) & (GIC_LR_PENDING | GIC_LR_ACTIVE))

#define APR_SHIFT 3 /* priority of a bit in apr: index << this */

/* A special vINTID is none: 1020 to 1023. */
#define IS_SPECIAL(vintid) ((vintid) >= 1020 && (vintid) < 1024)
#define FIRST_LPI 8192

/* Lowest values of BPR, by group. */
static const unsigned bpr_min[] = {2, 3};
static const unsigned bpr_at[] = {VMCR_VBPR0, VMCR_VBPR1};

void gic_virtual_reset(struct gic_virtual *v, unsigned version)
{
    memset(v, 0, sizeof(*v));
    v->is_v2 = version == 2;
    gic_virtual_set_vmcr(v, 0);
}

/* -- priorities ---------------------------------------------------------- */

unsigned gic_virtual_pmr(const struct gic_virtual *v)
{
    return v->vmcr >> VMCR_VPMR;
}

void gic_virtual_set_pmr(struct gic_virtual *v, unsigned value)
{
    v->vmcr = (uint32_t)deposit64(v->vmcr, VMCR_VPMR, 8,
                                  value & GIC_VIRTUAL_PRIORITY_MASK);
}

unsigned gic_virtual_bpr(const struct gic_virtual *v, unsigned group)
{
    return v->vmcr >> bpr_at[group] & 7;
}

void gic_virtual_set_bpr(struct gic_virtual *v, unsigned group,
                         unsigned value)
{
    value &= 7;
    if (value < bpr_min[group]) {
        value = bpr_min[group];
    }
    v->vmcr = (uint32_t)deposit64(v->vmcr, bpr_at[group], 3, value);
}

/* Bits of a priority that take part in preemption. */
static unsigned group_priority_mask(const struct gic_virtual *v,
                                    unsigned group)
{
    bool own = group == 1 && !(v->vmcr & GIC_VMCR_CBPR);
    unsigned bpr = own ? gic_virtual_bpr(v, 1) - 1 : gic_virtual_bpr(v, 0);

    return 0xff & (~0u << (bpr + 1));
}

static unsigned highest_active(const struct gic_virtual *v, unsigned group)
{
    return v->apr[group] ? (unsigned)ctz32(v->apr[group]) << APR_SHIFT
                         : GIC_VIRTUAL_IDLE;
}

/* Where the running priority is kept; 0 when nothing runs. */
static unsigned running_apr(const struct gic_virtual *v)
{
    return highest_active(v, 1) < highest_active(v, 0);
}

unsigned gic_virtual_running(const struct gic_virtual *v)
{
    return highest_active(v, running_apr(v));
}

/* -- list registers ------------------------------------------------------ */

int gic_virtual_best(const struct gic_virtual *v)
{
    unsigned priority = GIC_VIRTUAL_IDLE + 1;
    int best = -1;

    for (int n = 0; n < GIC_LRS && (v->hcr & GIC_HCR_EN); n++) {
        uint64_t lr = v->lr[n];

        if (STATE(lr) == GIC_LR_PENDING &&
            (v->vmcr & GIC_VMCR_ENABLE(gic_virtual_group(v, n))) &&
            GIC_LR_PRIORITY(lr) < priority) {
            priority = GIC_LR_PRIORITY(lr);
            best = n;
        }
    }
    return best;
}

bool gic_virtual_can_take(const struct gic_virtual *v, int n)
{
    if (n < 0 || GIC_LR_PRIORITY(v->lr[n]) >= gic_virtual_pmr(v)) {
        return false;
    }
    unsigned running = gic_virtual_running(v);
    unsigned mask = group_priority_mask(v, gic_virtual_group(v, n));

    return running == GIC_VIRTUAL_IDLE ||
           (GIC_LR_PRIORITY(v->lr[n]) & mask) < (running & mask);
}

static int find_active(const struct gic_virtual *v, uint32_t vintid)
{
    for (int n = 0; n < GIC_LRS; n++) {
        if ((v->lr[n] & GIC_LR_ACTIVE) &&
            GIC_LR_VINTID(v->lr[n]) == vintid) {
            return n;
        }
    }
    return -1;
}

uint32_t gic_virtual_eisr(const struct gic_virtual *v)
{
    uint32_t ended = 0;

    for (unsigned n = 0; n < GIC_LRS; n++) {
        if (!STATE(v->lr[n]) && !(v->lr[n] & GIC_LR_HW) &&
            (v->lr[n] & GIC_LR_EOI)) {
            ended |= 1u << n;
        }
    }
    return ended;
}

uint32_t gic_virtual_elrsr(const struct gic_virtual *v)
{
    uint32_t invalid = 0;

    for (unsigned n = 0; n < GIC_LRS; n++) {
        if (!STATE(v->lr[n])) {
            invalid |= 1u << n;
        }
    }
    return invalid & ~gic_virtual_eisr(v);
}

/* -- outputs ------------------------------------------------------------- */

/* The conditions, whether or not ICH_HCR_EL2 asks for them. */
static uint32_t conditions(const struct gic_virtual *v)
{
    unsigned valid = 0, pending = 0;
    uint32_t found = 0;

    for (unsigned n = 0; n < GIC_LRS; n++) {
        valid += STATE(v->lr[n]) != 0;
        pending += STATE(v->lr[n]) == GIC_LR_PENDING;
    }
    found |= valid <= 1 ? HCR_UIE : 0;
    found |= v->hcr >> HCR_EOI_COUNT ? HCR_LRENPIE : 0;
    found |= pending == 0 ? HCR_NPIE : 0;
    found |= v->vmcr & GIC_VMCR_ENABLE(0) ? HCR_VGRP0EIE : HCR_VGRP0DIE;
    found |= v->vmcr & GIC_VMCR_ENABLE(1) ? HCR_VGRP1EIE : HCR_VGRP1DIE;
    return found;
}

uint32_t gic_virtual_misr(const struct gic_virtual *v)
{
    return (conditions(v) & v->hcr & HCR_INTERRUPTS) |
           (gic_virtual_eisr(v) ? MISR_EOI : 0);
}

struct gic_virtual_lines gic_virtual_lines(const struct gic_virtual *v)
{
    struct gic_virtual_lines lines = {false, false, false};

    if (!(v->hcr & GIC_HCR_EN)) {
        return lines;
    }
    int best = gic_virtual_best(v);

    if (gic_virtual_can_take(v, best)) {
        lines.fiq = gic_virtual_group(v, best) == 0 &&
                    (v->vmcr & GIC_VMCR_FIQ_EN);
        lines.irq = !lines.fiq;
    }
    lines.maintenance = gic_virtual_misr(v) != 0;
    return lines;
}

/* -- the hypervisor's registers ------------------------------------------ */

uint32_t gic_virtual_vtr(void)
{
    return 4u << 29 | 4u << 26 | (GIC_LRS - 1);
}

void gic_virtual_set_hcr(struct gic_virtual *v, uint32_t value)
{
    uint32_t mask = GIC_HCR_EN | HCR_INTERRUPTS | ~0u << HCR_EOI_COUNT;

    v->hcr = value & (v->is_v2 ? mask : mask | HCR_TRAPS);
}

/* GICv3's acknowledges by group and signals group 0 as FIQ, always. */
void gic_virtual_set_vmcr(struct gic_virtual *v, uint32_t value)
{
    uint32_t control = GIC_VMCR_ENABLE(0) | GIC_VMCR_ENABLE(1) |
                       GIC_VMCR_CBPR | GIC_VMCR_EOI_MODE;

    if (v->is_v2) {
        control |= GIC_VMCR_ACK_CTL | GIC_VMCR_FIQ_EN;
        v->vmcr = value & control;
    } else {
        v->vmcr = (value & control) | GIC_VMCR_FIQ_EN;
    }
    gic_virtual_set_bpr(v, 0, value >> VMCR_VBPR0);
    gic_virtual_set_bpr(v, 1, value >> VMCR_VBPR1);
    gic_virtual_set_pmr(v, value >> VMCR_VPMR);
}

void gic_virtual_set_lr(struct gic_virtual *v, unsigned n, uint64_t value)
{
    uint64_t fields =
        mask64(v->is_v2 ? 10 : 32) | mask64(10) << 32 |
        (uint64_t)GIC_VIRTUAL_PRIORITY_MASK << 48 | mask64(4) << 60;

    v->lr[n] = value & fields;
}

/* -- the guest ----------------------------------------------------------- */

/* An LPI has no active state: taken, it is gone. */
uint32_t gic_virtual_acknowledge(struct gic_virtual *v, int n)
{
    uint64_t *lr = &v->lr[n];
    unsigned group = gic_virtual_group(v, n);
    unsigned level = (GIC_LR_PRIORITY(*lr) & group_priority_mask(v, group)) >>
                     APR_SHIFT;

    v->apr[v->is_v2 ? 0 : group] |= 1u << level;
    *lr &= ~GIC_LR_PENDING;
    if (GIC_LR_VINTID(*lr) < FIRST_LPI) {
        *lr |= GIC_LR_ACTIVE;
    }
    return GIC_LR_VINTID(*lr);
}

static int deactivate_lr(struct gic_virtual *v, int n)
{
    uint64_t *lr = &v->lr[n];

    *lr &= ~GIC_LR_ACTIVE;
    return *lr & GIC_LR_HW ? (int)GIC_LR_PINTID(*lr) : GIC_NO_PINTID;
}

/* The hypervisor is to deactivate what was in no list register. */
static void count_lost_end(struct gic_virtual *v, uint32_t vintid)
{
    if (vintid < FIRST_LPI && v->hcr >> HCR_EOI_COUNT < 31) {
        v->hcr += 1u << HCR_EOI_COUNT;
    }
}

int gic_virtual_end(struct gic_virtual *v, int group, uint32_t vintid)
{
    unsigned apr = running_apr(v);
    unsigned dropped = gic_virtual_running(v);

    if (IS_SPECIAL(vintid) || dropped == GIC_VIRTUAL_IDLE ||
        (group >= 0 && !v->is_v2 && (unsigned)group != apr)) {
        return GIC_NO_PINTID;
    }
    v->apr[apr] &= v->apr[apr] - 1;
    if (v->vmcr & GIC_VMCR_EOI_MODE) {
        return GIC_NO_PINTID;
    }
    int n = find_active(v, vintid);

    if (n < 0) {
        count_lost_end(v, vintid);
        return GIC_NO_PINTID;
    }
    unsigned of = gic_virtual_group(v, n);
    bool matches = (group < 0 || of == (unsigned)group) &&
                   (GIC_LR_PRIORITY(v->lr[n]) &
                    group_priority_mask(v, of)) == dropped;
    return matches ? deactivate_lr(v, n) : GIC_NO_PINTID;
}

int gic_virtual_deactivate(struct gic_virtual *v, uint32_t vintid)
{
    if (IS_SPECIAL(vintid) || !(v->vmcr & GIC_VMCR_EOI_MODE)) {
        return GIC_NO_PINTID;
    }
    int n = find_active(v, vintid);

    if (n < 0) {
        count_lost_end(v, vintid);
        return GIC_NO_PINTID;
    }
    return deactivate_lr(v, n);
}
