/*
 * One processor's view of a GIC, either version: which interrupt is best,
 * whether it may preempt, and what acknowledging and ending it does.
 * (IHI 0048B chapter 3.3 and 4.4; IHI 0069 chapter 4.8 and 12.)
 *
 * Lower numbers are higher priorities.  The active priorities registers
 * hold a bit per group priority that was acknowledged and not yet dropped;
 * the running priority is the lowest of them.
 */
#include "hw/intc/gic_internal.h"

/* ---- priorities ---- */

/*
 * Bits of a priority that take part in preemption.  BPR n splits at bit
 * n + 1; group 1's own register counts one higher, but for the Secure one.
 */
static unsigned group_priority_mask(const struct gic_cpu *c, unsigned group)
{
    unsigned bpr = c->bpr[c->common_bpr[group] ? GIC_GROUP0 : group];
    if (group == GIC_GROUP1 && !c->common_bpr[group]) {
        bpr--;
    }
    return 0xff & (~0u << (bpr + 1));
}

/* Index of the highest active priority of `group`, or NONE_ACTIVE. */
#define NONE_ACTIVE 0x100u
static inline unsigned highest_active(const struct gic *gic,
                                      const struct gic_cpu *c, unsigned group)
{
    unsigned words = gic->model->apr_words;

    if (words == 1) {
        return c->apr[group][0] ? (unsigned)ctz32(c->apr[group][0])
                                : NONE_ACTIVE;
    }
    for (unsigned w = 0; w < words; w++) {
        if (c->apr[group][w]) {
            return w * 32 + (unsigned)ctz32(c->apr[group][w]);
        }
    }
    return NONE_ACTIVE;
}

/* The group that runs, and the index of its priority. */
static inline int find_running(const struct gic *gic,
                               const struct gic_cpu *c, unsigned *level)
{
    unsigned best = highest_active(gic, c, GIC_GROUP0);
    unsigned of = highest_active(gic, c, GIC_GROUP1);
    int group = best != NONE_ACTIVE ? GIC_GROUP0 : -1;

    if (of < best) {
        best = of;
        group = GIC_GROUP1;
    }
    if (gic->config.security &&
        (of = highest_active(gic, c, GIC_GROUP1_SECURE)) < best) {
        best = of;
        group = GIC_GROUP1_SECURE;
    }
    *level = best;
    return group;
}

int gic_running_group(const struct gic *gic, const struct gic_cpu *c)
{
    unsigned level;

    return find_running(gic, c, &level);
}

unsigned gic_running_priority(const struct gic *gic, const struct gic_cpu *c)
{
    unsigned level;

    return find_running(gic, c, &level) < 0 ? GIC_IDLE_PRIORITY
                                            : level << gic->model->apr_shift;
}

bool gic_cpu_can_take(const struct gic *gic, const struct gic_cpu *c)
{
    const struct gic_best *best = &c->best;
    if (best->intid == GIC_INTID_SPURIOUS || !c->enabled[best->group] ||
        best->priority >= c->pmr) {
        return false;
    }
    /* Both at the granularity of the newcomer's group. */
    unsigned running = gic_running_priority(gic, c);
    unsigned mask = group_priority_mask(c, best->group);
    return running == GIC_IDLE_PRIORITY ||
           (best->priority & mask) < (running & mask);
}

/* ---- the best interrupt ---- */

/* Among `mask` of bank `n`; the lowest INTID wins between equals. */
static void scan_bank(const struct gic *gic, const struct gic_bank *bank,
                      unsigned n, uint32_t mask, struct gic_best *best)
{
    for (; mask; mask &= mask - 1) {
        unsigned i = (unsigned)ctz32(mask);
        unsigned priority = bank->priority[i] & gic->model->priority_mask;
        if (priority < best->priority) {
            best->intid = n * 32 + i;
            best->priority = priority;
            best->group = gic_group(bank, i);
        }
    }
}

/* Those of a bank that may hide others: see hides_disabled. */
static uint32_t candidates(const struct gic *gic, const struct gic_cpu *c,
                           const struct gic_bank *bank)
{
    if (gic->model->hides_disabled) {
        return bank->ready;
    }
    uint32_t secure1 = ~bank->group1 & bank->group_mod;
    uint32_t groups =
        (c->enabled[GIC_GROUP0] ? ~bank->group1 & ~bank->group_mod : 0) |
        (c->enabled[GIC_GROUP1] ? bank->group1 : 0) |
        (c->enabled[GIC_GROUP1_SECURE] ? secure1 : 0);
    return bank->ready & groups;
}

static struct gic_best find_best(const struct gic *gic, unsigned cpu)
{
    const struct gic_cpu *c = &gic->cpu[cpu];
    struct gic_best best = {GIC_INTID_SPURIOUS, GIC_NO_PRIORITY, 0};
    scan_bank(gic, &c->bank, 0, candidates(gic, c, &c->bank), &best);
    for (uint32_t banks = gic->ready_banks; banks; banks &= banks - 1) {
        unsigned n = (unsigned)ctz32(banks);
        const struct gic_bank *bank = &gic->spi[n];
        uint32_t mask = candidates(gic, c, bank) & c->routed[n];
        scan_bank(gic, bank, n, mask, &best);
    }
    if (gic->lpis && (gic->ctlr & GICD_CTLR_GROUP1) && c->enabled[1]) {
        struct gic_best lpi = gic_lpi_best(gic, cpu);
        best = lpi.priority < best.priority ? lpi : best;
    }
    return best;
}

static void drive(const struct irq *line, bool *last, bool level)
{
    if (*last != level) {
        *last = level;
        irq_set(line, level);
    }
}

/*
 * Group 0 of a GICv2 is an FIQ if it wants; a GICv3 signals what is not for
 * the Security state that the processor is in as FIQ, so that EL3, which is
 * in none, gets everything as FIQ (IHI 0069 4.6.2).
 */
static bool is_fiq(const struct gic *gic, const struct gic_cpu *c)
{
    static const uint8_t irq_group[] = {
        [GIC_EL3] = GIC_GROUPS, /* none */
        [GIC_NONSECURE] = GIC_GROUP1,
        [GIC_SECURE] = GIC_GROUP1_SECURE,
    };

    if (gic->model->version == 2) {
        return c->best.group == GIC_GROUP0 && c->fiq_enable;
    }
    return c->best.group !=
           (gic->two_states ? irq_group[c->world] : GIC_GROUP1);
}

void gic_cpu_update(struct gic *gic, unsigned cpu)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    c->best = find_best(gic, cpu);
    bool signal = gic_cpu_can_take(gic, c);
    bool as_fiq = is_fiq(gic, c);
    drive(&gic->ports[cpu].irq, &c->irq, signal && !as_fiq);
    drive(&gic->ports[cpu].fiq, &c->fiq, signal && as_fiq);
}

/* ---- acknowledge, drop, deactivate ---- */

/* Take the requester's number off a GICv2 SGI: the lowest first. */
static uint32_t take_sgi_source(struct gic *gic, unsigned cpu, unsigned sgi)
{
    unsigned source = (unsigned)ctz32(gic->cpu[cpu].sgi_sources[sgi]);
    gic_sgi_drop_source(gic, cpu, sgi, BIT(source));
    return source << 10;
}

/* Pending becomes active; returns the requester of a GICv2 SGI. */
static uint32_t activate(struct gic *gic, unsigned cpu, unsigned intid)
{
    struct gic_bank *bank = gic_bank(gic, cpu, intid / 32);
    uint32_t bit = BIT(intid % 32), source = 0;

    if (intid < GIC_SGIS && gic->model->version == 2) {
        source = take_sgi_source(gic, cpu, intid);
    } else {
        bank->latch &= ~bit;
    }
    bank->active |= bit;
    gic_bank_changed(gic, cpu, intid / 32, 0);
    return source;
}

uint32_t gic_acknowledge(struct gic *gic, unsigned cpu)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    struct gic_best best = c->best;
    unsigned level = (best.priority & group_priority_mask(c, best.group)) >>
                     gic->model->apr_shift;

    c->apr[best.group][level / 32] |= BIT(level % 32);
    if (gic_is_lpi(gic, best.intid)) {
        gic_lpi_set_pending(gic, cpu, best.intid, false); /* never active */
        return best.intid;
    }
    return best.intid | activate(gic, cpu, best.intid);
}

void gic_end(struct gic *gic, unsigned cpu, unsigned group, unsigned intid,
             enum gic_world world)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    unsigned level = highest_active(gic, c, group);
    assert(level != NONE_ACTIVE);
    c->apr[group][level / 32] &= ~BIT(level % 32);
    if (!c->eoi_mode[world]) {
        gic_deactivate(gic, cpu, intid);
    }
    gic_cpu_update(gic, cpu);
}

void gic_deactivate(struct gic *gic, unsigned cpu, unsigned intid)
{
    struct gic_bank *bank = gic_bank(gic, cpu, intid / 32);
    if (bank) {
        bank->active &= ~BIT(intid % 32);
        gic_bank_changed(gic, cpu, intid / 32, 0);
    }
}
