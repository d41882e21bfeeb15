/*
 * What the virtual CPU interface is connected to: the processor's vIRQ and
 * vFIQ lines, the maintenance interrupt, and the physical interrupts behind
 * those of its list registers that have one.
 */
#include "hw/intc/gic_internal.h"

void gic_hyp_update(struct gic *gic, unsigned cpu)
{
    struct gic_cpu *c = &gic->cpu[cpu];
    struct gic_virtual_lines lines = gic_virtual_lines(&c->virt);
    struct gic_virtual_lines last = c->virt_lines;

    c->virt_lines = lines;
    if (lines.irq != last.irq) {
        irq_set(&gic->ports[cpu].virq, lines.irq);
    }
    if (lines.fiq != last.fiq) {
        irq_set(&gic->ports[cpu].vfiq, lines.fiq);
    }
    if (lines.maintenance != last.maintenance) {
        gic_set_private(gic, cpu, gic->config.maintenance_intid,
                        lines.maintenance);
    }
}

void gic_hyp_ended(struct gic *gic, unsigned cpu, int pintid)
{
    if (pintid != GIC_NO_PINTID) {
        gic_deactivate(gic, cpu, (unsigned)pintid);
    }
    gic_hyp_update(gic, cpu);
}
