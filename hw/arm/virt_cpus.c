/*
 * The "virt" board's processors in the device tree, and what interrupts
 * them: GIC, message doorbells, timers, performance monitors.
 */
#include <stdio.h>

#include "hw/arm/virt.h"
#include "hw/core/fdt.h"
#include "hw/intc/gic.h"
#include "hw/intc/gicv3_its.h"
#include "util/bits.h"

/* Processors ----------------------------------------------------------- */

/* Firmware of a board with EL3 starts all of them itself. */
static bool is_started_by_psci(const struct machine_config *c)
{
    return c->cpus > 1 && !(c->secure && (c->bios || c->pflash[0]));
}

/* Linux bindings cpu/cpu-topology.txt. */
static void add_to_cpu_map(struct machine *m, unsigned cpu, uint32_t phandle)
{
    const struct cpu_topology *t = &m->config->topology;
    unsigned core = cpu / t->threads;
    unsigned cluster = core / t->cores;
    unsigned socket = cluster / t->clusters;
    char path[112], thread[24] = "";

    if (t->threads > 1) {
        snprintf(thread, sizeof(thread), "/thread%u", cpu % t->threads);
    }
    snprintf(path, sizeof(path), "/cpus/cpu-map/socket%u/cluster%u/core%u%s",
             socket, cluster % t->clusters, core % t->cores, thread);
    fdt_node(m->fdt, path);
    fdt_prop_cells(m->fdt, path, "cpu", phandle);
}

static uint32_t create_cpu_node(struct machine *m, unsigned cpu)
{
    struct fdt_builder *fdt = m->fdt;
    uint32_t phandle = m->config->no_cpu_map ? 0 : fdt_new_phandle(fdt);
    char path[32];

    snprintf(path, sizeof(path), "/cpus/cpu@%x", cpu);
    fdt_node(fdt, path);
    fdt_prop_string(fdt, path, "device_type", "cpu");
    fdt_prop_string(fdt, path, "compatible", cpu_dt_compatible(m->cpus));
    if (is_started_by_psci(m->config)) {
        fdt_prop_string(fdt, path, "enable-method", "psci");
    }
    fdt_prop_cells(fdt, path, "reg",
                   (uint32_t)cpu_mpidr(m->cpus, cpu) & 0xffffff);
    if (!m->config->no_cpu_map) {
        fdt_prop_cells(fdt, path, "phandle", phandle);
    }
    return phandle;
}

/* From the last to the first, which so stands first in the tree. */
void virt_create_cpus(struct machine *m)
{
    uint32_t phandles[MACHINE_MAX_CPUS];

    fdt_node(m->fdt, "/cpus");
    fdt_prop_cells(m->fdt, "/cpus", "#address-cells", 1);
    fdt_prop_cells(m->fdt, "/cpus", "#size-cells", 0);
    for (unsigned i = m->config->cpus; i-- > 0;) {
        phandles[i] = create_cpu_node(m, i);
    }
    for (unsigned i = m->config->cpus; i-- > 0 && !m->config->no_cpu_map;) {
        add_to_cpu_map(m, i, phandles[i]);
    }
}

/* Interrupts ----------------------------------------------------------- */

/* `n` is the processor and the line together. */
static void set_cpu_line(void *opaque, unsigned n, bool level)
{
    cpu_set_line(opaque, n / 4, (enum cpu_line)(n % 4), level);
}

static struct cpu_port cpu_port(struct machine *m, unsigned cpu)
{
    struct irq line = {set_cpu_line, m->cpus, cpu * 4};
    struct cpu_port port = {line, line, line, line,
                            cpu_mpidr(m->cpus, cpu)};

    port.irq.n += CPU_LINE_IRQ;
    port.fiq.n += CPU_LINE_FIQ;
    port.virq.n += CPU_LINE_VIRQ;
    port.vfiq.n += CPU_LINE_VFIQ;
    return port;
}

static void create_gic(struct machine *m)
{
    unsigned cpus = m->config->cpus;
    struct cpu_port ports[MACHINE_MAX_CPUS];

    for (unsigned i = 0; i < cpus; i++) {
        ports[i] = cpu_port(m, i);
    }
    struct gic_config config = {
        .dist_base = virt_map[VIRT_GIC_DIST].base,
        .hyp_base = virt_map[VIRT_GIC_HYP].base,
        .vcpu_base = virt_map[VIRT_GIC_VCPU].base,
        .cpus = cpus,
        .ports = ports,
        .security = m->config->secure,
        .reset_nonsecure = m->config->secure && !virt_starts_secure(m),
        .maintenance_intid =
            m->config->virtualization ? VIRT_GIC_MAINTENANCE_INTID : 0,
    };

    if (m->config->gic_version == 2) {
        config.cpu_base = virt_map[VIRT_GIC_CPU].base;
        config.spis = VIRT_GICV2_SPIS;
        m->gic = gicv2_create(m->bus, &config);
    } else {
        config.cpu_base = virt_map[VIRT_GIC_REDIST].base;
        config.spis = VIRT_GICV3_SPIS;
        m->gic = gicv3_create(m->bus, &config);
    }
    if (gic_cpu_interface(m->gic)) {
        cpu_system_set_gic(m->cpus, gic_cpu_interface(m->gic));
    }
    gic_fdt(m->gic, m->fdt);
    fdt_prop_cells(m->fdt, "/", "interrupt-parent", m->fdt->gic_phandle);
}

/* Who turns messages into interrupts. */
static void create_msi(struct machine *m)
{
    if (m->config->gic_version == 2) {
        m->msi = gicv2m_create(m->bus, virt_map[VIRT_GIC_V2M].base, m->gic,
                               virt_map[VIRT_GIC_V2M].spi, VIRT_V2M_SPIS);
        gicv2m_fdt(m->msi, m->fdt);
    } else if (m->config->its) {
        m->its = gicv3_its_create(m->bus, &m->dma, virt_map[VIRT_GIC_ITS].base,
                                  m->gic);
        gicv3_its_fdt(m->its, m->fdt);
    }
}

/* Linux bindings timer/arm,arch_timer.yaml. */
static void create_timers(struct machine *m)
{
    static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
    uint32_t cells[3 * VIRT_TIMERS_TOLD];
    uint32_t flags = m->config->edge_timers ? FDT_IRQ_EDGE_RISING
                                            : FDT_IRQ_LEVEL_HIGH;

    if (m->config->gic_version == 2) {
        flags |= (uint32_t)mask64((int)m->config->cpus) << 8;
    }
    for (unsigned i = 0; i < VIRT_TIMERS; i++) {
        for (unsigned cpu = 0; cpu < m->config->cpus; cpu++) {
            cpu_connect_timer(m->cpus, cpu, virt_timers[i].timer,
                              gic_ppi(m->gic, cpu, virt_timers[i].intid));
        }
        if (i >= VIRT_TIMERS_TOLD) {
            continue;
        }
        cells[3 * i] = FDT_GIC_PPI;
        cells[3 * i + 1] = virt_timers[i].intid - 16;
        cells[3 * i + 2] = flags;
    }
    fdt_node(m->fdt, "/timer");
    fdt_prop_bytes(m->fdt, "/timer", "compatible", compatible,
                   sizeof(compatible));
    fdt_prop_empty(m->fdt, "/timer", "always-on");
    fdt_prop_cells_array(m->fdt, "/timer", "interrupts", cells,
                         ARRAY_SIZE(cells));
}

/* Linux bindings arm/pmu.yaml. */
static void create_pmu(struct machine *m)
{
    uint32_t flags = FDT_IRQ_LEVEL_HIGH;

    for (unsigned cpu = 0; cpu < m->config->cpus; cpu++) {
        m->has_pmu = cpu_connect_pmu(m->cpus, cpu,
                                     gic_ppi(m->gic, cpu, VIRT_PMU_INTID));
    }
    if (!m->has_pmu) {
        return;
    }
    if (m->config->gic_version == 2) {
        flags |= (uint32_t)mask64((int)m->config->cpus) << 8;
    }
    fdt_node(m->fdt, "/pmu");
    fdt_prop_string(m->fdt, "/pmu", "compatible", "arm,armv8-pmuv3");
    fdt_prop_cells(m->fdt, "/pmu", "interrupts", FDT_GIC_PPI,
                   VIRT_PMU_INTID - 16, flags);
}

void virt_create_interrupts(struct machine *m)
{
    create_gic(m);
    create_msi(m);
    create_timers(m);
    create_pmu(m);
}
