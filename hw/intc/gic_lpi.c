/*
 * Locality-specific interrupts (IHI 0069 chapter 5.1): messages that an ITS
 * has made into INTIDs from 8192 upwards.
 *
 * Priority and enable are a byte each in a table in guest memory, of which
 * we keep the copy that the architecture allows until software says INV or
 * INVALL.  Pending state is ours alone while LPIs are enabled; it is read
 * from the guest's pending table then, and forgotten when they are disabled.
 * An LPI is never active.
 */
#include "hw/intc/gic_internal.h"

#include <stdlib.h>
#include <string.h>

#include "util/log.h"

/* A byte of the configuration table. */
#define CONFIG_ENABLE 0x01
#define CONFIG_PRIORITY 0xfc

/* GICR_PROPBASER, GICR_PENDBASER */
#define PROPBASER_TABLE(v) ((v) & UINT64_C(0x000ffffffffff000))
#define PROPBASER_ID_BITS(v) (extract64(v, 0, 5) + 1)
#define PENDBASER_TABLE(v) ((v) & UINT64_C(0x000fffffffff0000))

/* ---- the best LPI ---- */

static const struct gic_best none = {GIC_INTID_SPURIOUS, GIC_NO_PRIORITY, 0};

struct gic_best gic_lpi_best(const struct gic *gic, unsigned cpu)
{
    return gic->lpis->cpu[cpu].best;
}

/* Of one word of pending bits. */
static void scan_word(const struct gic *gic, unsigned word, uint64_t bits,
                      struct gic_best *best)
{
    for (; bits; bits &= bits - 1) {
        unsigned lpi = word * 64 + (unsigned)ctz64(bits);
        uint8_t config = gic->lpis->config[lpi];
        unsigned priority =
            config & CONFIG_PRIORITY & gic->model->priority_mask;
        if ((config & CONFIG_ENABLE) && priority < best->priority) {
            *best = (struct gic_best){GIC_FIRST_LPI + lpi, priority, 1};
        }
    }
}

/* After any change of pending bits or configuration. */
static void lpi_changed(struct gic *gic, unsigned cpu)
{
    struct gic_lpi_cpu *l = &gic->lpis->cpu[cpu];

    l->best = none;
    for (unsigned i = 0; i < ARRAY_SIZE(l->summary); i++) {
        for (uint64_t words = l->summary[i]; words; words &= words - 1) {
            unsigned word = i * 64 + (unsigned)ctz64(words);
            scan_word(gic, word, l->pending[word], &l->best);
        }
    }
    gic_cpu_update(gic, cpu);
}

/* ---- pending ---- */

/* Is it an LPI for which the redistributor has a table entry, and listens? */
static bool exists(const struct gic *gic, unsigned cpu, unsigned intid)
{
    const struct gic_lpi_cpu *l = &gic->lpis->cpu[cpu];

    return gic_is_lpi(gic, intid) && l->enabled &&
           intid >> PROPBASER_ID_BITS(l->propbaser) == 0;
}

static bool is_pending(const struct gic_lpi_cpu *l, unsigned lpi)
{
    return l->pending[lpi / 64] >> (lpi % 64) & 1;
}

static void put_pending(struct gic_lpi_cpu *l, unsigned lpi, bool pending)
{
    unsigned word = lpi / 64;

    if (pending) {
        l->pending[word] |= BIT(lpi % 64);
    } else {
        l->pending[word] &= ~BIT(lpi % 64);
    }
    if (l->pending[word]) {
        l->summary[word / 64] |= BIT(word % 64);
    } else {
        l->summary[word / 64] &= ~BIT(word % 64);
    }
}

void gic_lpi_set_pending(struct gic *gic, unsigned cpu, unsigned intid,
                         bool pending)
{
    if (!exists(gic, cpu, intid)) {
        guest_error("gicr: LPI %u is dropped: not enabled at processor %u, "
                    "or out of range", intid, cpu);
        return;
    }
    put_pending(&gic->lpis->cpu[cpu], intid - GIC_FIRST_LPI, pending);
    lpi_changed(gic, cpu);
}

void gic_lpi_move(struct gic *gic, unsigned from, unsigned to, unsigned intid)
{
    unsigned lpi = intid - GIC_FIRST_LPI;

    if (from != to && gic_is_lpi(gic, intid) &&
        is_pending(&gic->lpis->cpu[from], lpi)) {
        put_pending(&gic->lpis->cpu[from], lpi, false);
        lpi_changed(gic, from);
        gic_lpi_set_pending(gic, to, intid, true);
    }
}

void gic_lpi_move_all(struct gic *gic, unsigned from, unsigned to)
{
    struct gic_lpi_cpu *a = &gic->lpis->cpu[from], *b = &gic->lpis->cpu[to];

    if (from == to || !b->enabled) {
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(a->pending); i++) {
        b->pending[i] |= a->pending[i];
    }
    for (unsigned i = 0; i < ARRAY_SIZE(a->summary); i++) {
        b->summary[i] |= a->summary[i];
    }
    memset(a->pending, 0, sizeof(a->pending));
    memset(a->summary, 0, sizeof(a->summary));
    lpi_changed(gic, from);
    lpi_changed(gic, to);
}

/* ---- configuration ---- */

/* All processors see the same table: any of them may have to look again. */
static void config_changed(struct gic *gic)
{
    for (unsigned i = 0; i < gic->cpus; i++) {
        lpi_changed(gic, i);
    }
}

/* `count` bytes for LPIs from `lpi`; what is not memory disables them. */
static void read_config(struct gic *gic, unsigned cpu, unsigned lpi,
                        unsigned count)
{
    struct gic_lpis *lpis = gic->lpis;
    uint64_t table = PROPBASER_TABLE(lpis->cpu[cpu].propbaser);

    if (!dma_read(lpis->dma, table + lpi, lpis->config + lpi, count)) {
        guest_error("gicr: LPI configuration at 0x%llx is not memory",
                    (unsigned long long)(table + lpi));
        memset(lpis->config + lpi, 0, count);
    }
}

void gic_lpi_reload(struct gic *gic, unsigned cpu, unsigned intid)
{
    if (exists(gic, cpu, intid)) {
        read_config(gic, cpu, intid - GIC_FIRST_LPI, 1);
        config_changed(gic);
    }
}

/* As many as the guest's table has entries for. */
static unsigned table_entries(const struct gic_lpi_cpu *l)
{
    unsigned bits = PROPBASER_ID_BITS(l->propbaser);

    if (bits >= GIC_LPI_ID_BITS) {
        return GIC_LPIS;
    }
    return BIT(bits) > GIC_FIRST_LPI ? BIT(bits) - GIC_FIRST_LPI : 0;
}

void gic_lpi_reload_all(struct gic *gic, unsigned cpu)
{
    const struct gic_lpi_cpu *l = &gic->lpis->cpu[cpu];

    if (l->enabled) {
        read_config(gic, cpu, 0, table_entries(l));
        config_changed(gic);
    }
}

/* ---- enabling ---- */

static void clear_pending(struct gic_lpi_cpu *l)
{
    memset(l->pending, 0, sizeof(l->pending));
    memset(l->summary, 0, sizeof(l->summary));
}

/* A bit per INTID, so that LPIs start at 1 KiB. */
static void read_pending(struct gic *gic, unsigned cpu)
{
    struct gic_lpi_cpu *l = &gic->lpis->cpu[cpu];
    uint64_t table = PENDBASER_TABLE(l->pendbaser) + GIC_FIRST_LPI / 8;
    unsigned words = table_entries(l) / 64;

    if (!dma_read(gic->lpis->dma, table, l->pending, words * 8)) {
        guest_error("gicr: pending table at 0x%llx is not memory",
                    (unsigned long long)table);
        clear_pending(l);
    }
    for (unsigned i = 0; i < words; i++) {
        if (l->pending[i]) {
            l->summary[i / 64] |= BIT(i % 64);
        }
    }
}

void gic_lpi_enable(struct gic *gic, unsigned cpu, bool enable)
{
    struct gic_lpi_cpu *l = &gic->lpis->cpu[cpu];

    if (enable == l->enabled) {
        return;
    }
    l->enabled = enable;
    clear_pending(l);
    if (enable && !(l->pendbaser & GICR_PENDBASER_PTZ)) {
        read_pending(gic, cpu);
    }
    lpi_changed(gic, cpu);
    gic_lpi_reload_all(gic, cpu);
}

/* ---- creation ---- */

void gic_lpis_reset(struct gic *gic)
{
    for (unsigned i = 0; gic->lpis && i < gic->cpus; i++) {
        struct gic_lpi_cpu *l = &gic->lpis->cpu[i];
        memset(l, 0, sizeof(*l));
        l->best = none;
    }
}

void gic_lpis_create(struct gic *gic, struct dma *dma)
{
    gic->lpis = calloc(1, sizeof(*gic->lpis) +
                              gic->cpus * sizeof(gic->lpis->cpu[0]));
    assert(gic->lpis);
    gic->lpis->dma = dma;
    gic_lpis_reset(gic);
}

void gic_lpis_free(struct gic *gic)
{
    free(gic->lpis);
}
