/*
 * The interrupts of a GIC, either version: when each is pending and ready,
 * and which processors must look again.
 *
 * Readiness is kept a bit per interrupt, so that a processor's highest
 * priority pending interrupt is found by looking at the few words that have
 * one.  Nothing else is remembered: every output is a function of the
 * banks.
 */
#include "hw/intc/gic_internal.h"

#include <stdlib.h>
#include <string.h>

struct gic *gic_new(const struct gic_model *model,
                    const struct gic_config *config)
{
    unsigned spis = config->spis, cpus = config->cpus;

    assert(spis % 32 == 0 && spis <= GIC_MAX_SPIS && cpus >= 1);
    struct gic *gic = calloc(1, sizeof(*gic) + cpus * sizeof(gic->cpu[0]));
    assert(gic);
    gic->model = model;
    gic->config = *config;
    gic->banks = 1 + spis / 32;
    gic->cpus = cpus;
    gic->ports = calloc(cpus, sizeof(gic->ports[0]));
    assert(gic->ports);
    memcpy(gic->ports, config->ports, cpus * sizeof(gic->ports[0]));
    gic->config.ports = gic->ports;

    /* Held for tens of nanoseconds: spin before sleeping. */
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&gic->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    gic_reset(gic);
    return gic;
}

void gic_free(struct gic *gic)
{
    gic_lpis_free(gic);
    pthread_mutex_destroy(&gic->lock);
    free(gic->ports);
    free(gic);
}

/* ---- readiness ---- */

static uint32_t bank_ready(const struct gic *gic, const struct gic_bank *bank)
{
    uint32_t forwarded = 0;
    if (gic->ctlr & GICD_CTLR_GROUP0) {
        forwarded |= ~(bank->group1 | bank->group_mod);
    }
    if (gic->ctlr & GICD_CTLR_GROUP1) {
        forwarded |= bank->group1;
    }
    if (gic->ctlr & GICD_CTLR_GROUP1_SECURE) {
        forwarded |= ~bank->group1 & bank->group_mod;
    }
    return gic_pending(bank) & bank->enabled & ~bank->active & forwarded;
}

void gic_bank_changed(struct gic *gic, unsigned cpu, unsigned n,
                      uint32_t touched)
{
    struct gic_bank *bank = gic_bank(gic, cpu, n);
    uint32_t ready = bank_ready(gic, bank);
    uint32_t affected = (bank->ready ^ ready) | (touched & ready);
    bank->ready = ready;
    if (!affected) {
        return;
    }
    if (n == 0) {
        gic_cpu_update(gic, cpu);
        return;
    }
    if (ready) {
        gic->ready_banks |= BIT(n);
    } else {
        gic->ready_banks &= ~BIT(n);
    }
    for (unsigned i = 0; i < gic->cpus; i++) {
        if (gic->cpu[i].routed[n] & affected) {
            gic_cpu_update(gic, i);
        }
    }
}

void gic_all_changed(struct gic *gic)
{
    gic->ready_banks = 0;
    for (unsigned n = 1; n < gic->banks; n++) {
        gic->spi[n].ready = bank_ready(gic, &gic->spi[n]);
        if (gic->spi[n].ready) {
            gic->ready_banks |= BIT(n);
        }
    }
    for (unsigned i = 0; i < gic->cpus; i++) {
        struct gic_bank *bank = &gic->cpu[i].bank;
        bank->ready = bank_ready(gic, bank);
        gic_cpu_update(gic, i);
    }
}

void gic_route(struct gic *gic, unsigned intid, unsigned cpu, bool allowed)
{
    uint32_t bit = BIT(intid % 32);
    uint32_t *routed = &gic->cpu[cpu].routed[intid / 32];
    *routed = allowed ? *routed | bit : *routed & ~bit;
}

/* ---- SGIs that remember who sent them (GICv2) ---- */

static void sgi_set_sources(struct gic *gic, unsigned cpu, unsigned sgi,
                            uint8_t sources)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    c->sgi_sources[sgi] = sources;
    if (sources) {
        c->bank.latch |= BIT(sgi);
    } else {
        c->bank.latch &= ~BIT(sgi);
    }
}

void gic_sgi_add_source(struct gic *gic, unsigned cpu, unsigned sgi,
                        uint8_t sources)
{
    sources |= gic->cpu[cpu].sgi_sources[sgi];
    sgi_set_sources(gic, cpu, sgi, sources);
}

void gic_sgi_drop_source(struct gic *gic, unsigned cpu, unsigned sgi,
                         uint8_t sources)
{
    sources = gic->cpu[cpu].sgi_sources[sgi] & ~sources;
    sgi_set_sources(gic, cpu, sgi, sources);
}

/* ---- input lines ---- */

static inline void change_line(struct gic *gic, unsigned cpu, unsigned intid,
                               bool level)
{
    uint32_t bit = BIT(intid % 32);
    struct gic_bank *bank = gic_bank(gic, cpu, intid / 32);
    if (level != !!(bank->level & bit)) {
        bank->level ^= bit;
        if (level) {
            bank->latch |= bank->edge & bit;
        }
        gic_bank_changed(gic, cpu, intid / 32, 0);
    }
}

void gic_set_private(struct gic *gic, unsigned cpu, unsigned intid,
                     bool level)
{
    change_line(gic, cpu, intid, level);
}

static void set_line(struct gic *gic, unsigned cpu, unsigned intid, bool level)
{
    gic_lock(gic);
    change_line(gic, cpu, intid, level);
    gic_unlock(gic);
}

static void set_spi(void *opaque, unsigned n, bool level)
{
    set_line(opaque, 0, n, level);
}

static void set_ppi(void *opaque, unsigned n, bool level)
{
    set_line(opaque, n / GIC_PRIVATE, n % GIC_PRIVATE, level);
}

struct irq gic_spi(struct gic *gic, unsigned spi)
{
    assert(GIC_PRIVATE + spi < gic->banks * 32);
    return (struct irq){set_spi, gic, GIC_PRIVATE + spi};
}

struct irq gic_ppi(struct gic *gic, unsigned cpu, unsigned intid)
{
    assert(cpu < gic->cpus && intid >= GIC_SGIS && intid < GIC_PRIVATE);
    return (struct irq){set_ppi, gic, cpu * GIC_PRIVATE + intid};
}

/* ---- reset ---- */

/* The highest that Non-secure software knows, as it is stored. */
#define RESET_NONSECURE_PRIORITY 0x80

static void bank_reset(const struct gic *gic, struct gic_bank *bank)
{
    uint32_t level = bank->level;
    memset(bank, 0, sizeof(*bank));
    bank->level = level;
    if (gic->config.reset_nonsecure) {
        bank->group1 = ~0u;
        memset(bank->priority, RESET_NONSECURE_PRIORITY,
               sizeof(bank->priority));
    }
}

void gic_disable_security(struct gic *gic)
{
    gic->two_states = false;
    gic->nonsecure = false;
    for (unsigned n = 1; n < gic->banks; n++) {
        gic->spi[n].group_mod = 0;
    }
    for (unsigned i = 0; i < gic->cpus; i++) {
        gic->cpu[i].bank.group_mod = 0;
    }
}

static void reset_cpu(struct gic *gic, unsigned cpu)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    struct gic_bank bank = c->bank;
    bank_reset(gic, &bank);
    bank.enabled = gic->model->sgi_fixed;
    bank.edge = mask64(GIC_SGIS);
    enum gic_world world = c->world; /* the processor tells of a change */
    memset(c, 0, sizeof(*c));
    c->world = world;
    c->bank = bank;
    c->asleep = true;
    memcpy(c->bpr, gic->model->bpr_min, sizeof(c->bpr));
    if (gic->config.reset_nonsecure && gic->model->version == 2) {
        c->pmr = RESET_NONSECURE_PRIORITY;
    }
    gic_virtual_reset(&c->virt, gic->model->version);
    /* GICv3's IROUTER resets to affinity 0.0.0.0; GICv2's ITARGETSR to
     * nobody, but is RAZ/WI when there is only one to choose. */
    bool first = !(gic->ports[cpu].mpidr & GIC_AFFINITY_MASK);
    if (gic->model->version == 3 ? first : gic->cpus == 1) {
        memset(c->routed, 0xff, sizeof(c->routed));
    }
}

void gic_reset(struct gic *gic)
{
    gic_lock(gic);
    gic->ctlr = 0;
    gic->two_states = gic->config.security;
    for (unsigned n = 1; n < gic->banks; n++) {
        bank_reset(gic, &gic->spi[n]);
    }
    memset(gic->target, 0, sizeof(gic->target));
    memset(gic->route, 0, sizeof(gic->route));
    gic_lpis_reset(gic);
    for (unsigned i = 0; i < gic->cpus; i++) {
        reset_cpu(gic, i);
        irq_set(&gic->ports[i].irq, false);
        irq_set(&gic->ports[i].fiq, false);
        irq_set(&gic->ports[i].virq, false);
        irq_set(&gic->ports[i].vfiq, false);
    }
    gic_all_changed(gic);
    gic_unlock(gic);
}
