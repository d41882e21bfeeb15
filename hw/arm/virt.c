/*
 * Arm's "virt" board.  Addresses and interrupt numbers are what guests
 * expect of it (QEMU, docs/system/arm/virt.rst); see the table below.
 *
 * Each create_*() makes one part: the device, its place on the bus, its
 * wires, its node in the device tree.  virt_create_devices() lists them in
 * order.
 */
#include "hw/arm/machine.h"

#include <stdio.h>

#include "cpu/cpu.h"
#include "hw/arm/acpi.h"
#include "hw/arm/firmware.h"
#include "hw/arm/plug.h"
#include "hw/char/pl011.h"
#include "hw/core/fdt.h"
#include "hw/flash/cfi01.h"
#include "hw/flash/flash_image.h"
#include "hw/gpio/gpio_keys.h"
#include "hw/gpio/pl061.h"
#include "hw/intc/gic.h"
#include "hw/intc/gicv3_its.h"
#include "hw/misc/fw_cfg.h"
#include "hw/misc/ged.h"
#include "hw/misc/smbios.h"
#include "hw/pci/pcie_host.h"
#include "hw/rtc/pl031.h"
#include "hw/virtio/virtio_mmio.h"
#include "util/bits.h"
#include "util/clock.h"

#define GIB (UINT64_C(1) << 30)

enum virt_region {
    VIRT_FLASH0,
    VIRT_FLASH1,
    VIRT_GIC_DIST,
    VIRT_GIC_CPU,
    VIRT_GIC_V2M,
    VIRT_GIC_ITS,
    VIRT_GIC_REDIST,
    VIRT_UART0,
    VIRT_RTC,
    VIRT_FW_CFG,
    VIRT_GPIO,
    VIRT_UART1,
    VIRT_GED,
    VIRT_VIRTIO,
    VIRT_PLATFORM_BUS,
    VIRT_PCI_MMIO,
    VIRT_PCI_IO,
    VIRT_PCI_ECAM,
    VIRT_RAM,
    VIRT_HIGH_PCI_ECAM,
    VIRT_HIGH_PCI_MMIO,
};

/*
 * The memory map.  `spi` is the first shared interrupt (INTID 32 + spi).
 * Gaps belong to devices that are not there: secure RAM 0x0e000000.
 */
static const struct {
    uint64_t base, size;
    unsigned spi;
} map[] = {
    [VIRT_FLASH0]     = {0x00000000, CFI01_SIZE, 0},
    [VIRT_FLASH1]     = {0x04000000, CFI01_SIZE, 0},
    [VIRT_GIC_DIST]   = {0x08000000, 0x00010000, 0},
    [VIRT_GIC_CPU]    = {0x08010000, 0x00010000, 0},  /* GICv2 */
    [VIRT_GIC_V2M]    = {0x08020000, 0x00001000, 48}, /* GICv2, 64 SPIs */
    [VIRT_GIC_ITS]    = {0x08080000, GICV3_ITS_SIZE, 0},
    [VIRT_GIC_REDIST] = {0x080a0000, 0x00f60000, 0},  /* GICv3 */
    [VIRT_UART0]      = {0x09000000, 0x00001000, 1},
    [VIRT_RTC]        = {0x09010000, 0x00001000, 2},
    [VIRT_FW_CFG]     = {0x09020000, FW_CFG_SIZE, 0},
    [VIRT_GPIO]       = {0x09030000, 0x00001000, 7},
    [VIRT_UART1]      = {0x09040000, 0x00001000, 8},  /* second -serial */
    [VIRT_GED]        = {0x09080000, GED_SIZE, 9},    /* ACPI */
    [VIRT_VIRTIO]     = {0x0a000000, VIRT_MMIO_SLOTS * VIRTIO_MMIO_SIZE, 16},
    [VIRT_PLATFORM_BUS] = {0x0c000000, 0x02000000, 0}, /* empty */
    [VIRT_PCI_MMIO]   = {0x10000000, 0x2eff0000, 0},
    [VIRT_PCI_IO]     = {0x3eff0000, 0x00010000, 0},
    [VIRT_PCI_ECAM]   = {0x3f000000, 0x01000000, 3},  /* highmem-ecam=off */
    [VIRT_RAM]        = {0x40000000, 255 * GIB, 0},   /* as much as -m */
    [VIRT_HIGH_PCI_ECAM] = {0x4010000000, 0x10000000, 3}, /* INTA to INTD */
    [VIRT_HIGH_PCI_MMIO] = {0x8000000000, 512 * GIB, 0},
};

#define VIRT_GICV2_SPIS 256
#define VIRT_GICV3_SPIS 224 /* what 256 interrupts leave */
#define VIRT_V2M_SPIS 64
#define POWER_KEY_LINE 3 /* of the GPIO port */

/* Private interrupts, by INTID (Arm BSA, "PPI assignments"). */
static const struct {
    enum cpu_timer timer;
    unsigned intid;
} timer_ppis[] = {
    /* in the order of the device tree binding */
    {CPU_TIMER_SEC, 29},
    {CPU_TIMER_PHYS, 30},
    {CPU_TIMER_VIRT, 27},
    {CPU_TIMER_HYP, 26},
};

#define PMU_INTID 23

struct boot_memory virt_memory(const struct machine_config *c)
{
    return (struct boot_memory){
        .ram_base = map[VIRT_RAM].base,
        .ram_size = c->ram_size,
        .rom_base = map[VIRT_FLASH0].base,
        .rom_size = map[VIRT_FLASH0].size,
    };
}

/* Firmware of a secure board brings its own PSCI; elsewhere the conduit is
 * the exception level above the guest's. */
enum boot_psci virt_psci(const struct machine_config *c)
{
    if (c->secure && (c->bios || c->pflash[0])) {
        return BOOT_PSCI_NONE;
    }
    return c->virtualization ? BOOT_PSCI_SMC : BOOT_PSCI_HVC;
}

bool virt_check_config(const struct machine_config *c, struct error **err)
{
    uint64_t most = c->highmem ? map[VIRT_RAM].size : 3 * GIB;

    if (c->ram_size > most) {
        error_set(err, "-m %s: this board has room for %s of memory%s",
                  size_text(c->ram_size).s, size_text(most).s,
                  c->highmem ? "" : " with highmem=off");
        return false;
    }
    if (c->gic_version == 2 && c->cpus > GICV2_MAX_CPUS) {
        error_set(err, "-smp %u: GICv2 serves %u processors; use "
                  "-machine gic-version=3", c->cpus, GICV2_MAX_CPUS);
        return false;
    }
    return true;
}

/* Flash left or entered a command, or has new contents. */
static void on_remapped(void *opaque, uint64_t pa, uint64_t size)
{
    struct machine *m = opaque;

    cpu_memory_remapped(m->cpus);
    cpu_code_written(m->cpus, pa, size);
}

static bool create_flash(struct machine *m, unsigned bank, const char *name,
                         enum virt_region region, struct error **err)
{
    const struct block_config *config = m->config->pflash[bank];
    struct cfi01_listener listener = {on_remapped, m};
    struct cfi01_store store;

    m->flash[bank] = ram_new(name, map[region].size, err);
    if (!m->flash[bank]) {
        return false;
    }
    if (config) {
        m->flash_images[bank] = block_open(config, m->loop, err);
        if (!m->flash_images[bank]) {
            return false;
        }
        store = flash_image_store(m->flash_images[bank]);
    }
    m->flash_banks[bank] =
        cfi01_create(m->bus, map[region].base, m->flash[bank],
                     config ? &store : NULL, &listener, err);
    if (!m->flash_banks[bank]) {
        error_prepend(err, "-drive if=pflash,file=%s", config->file);
    }
    return m->flash_banks[bank] != NULL;
}

bool virt_create_memory(struct machine *m, struct error **err)
{
    const struct machine_config *c = m->config;

    m->ram = c->ram_path ? ram_new_file("ram", c->ram_size, c->ram_path,
                                        c->ram_shared, err)
                         : ram_new("ram", c->ram_size, err);
    if (!m->ram) {
        error_prepend(err, c->ram_path ? "memory-backend-file" : "-m");
        return false;
    }
    bus_map_ram(m->bus, map[VIRT_RAM].base, m->ram);
    return create_flash(m, 0, "flash0", VIRT_FLASH0, err) &&
           create_flash(m, 1, "flash1", VIRT_FLASH1, err);
}

/* The tree's root ------------------------------------------------------ */

static void create_fdt_root(struct machine *m)
{
    struct fdt_builder *fdt = m->fdt;

    fdt_prop_string(fdt, "/", "compatible", "linux,dummy-virt");
    fdt_prop_string(fdt, "/", "model", "linux,dummy-virt");
    fdt_prop_cells(fdt, "/", "#address-cells", 2);
    fdt_prop_cells(fdt, "/", "#size-cells", 2);
    fdt_node(fdt, "/chosen");
}

static void create_clock(struct machine *m)
{
    struct fdt_builder *fdt = m->fdt;

    fdt->clock_phandle = fdt_new_phandle(fdt);
    fdt_node(fdt, "/apb-pclk");
    fdt_prop_string(fdt, "/apb-pclk", "compatible", "fixed-clock");
    fdt_prop_cells(fdt, "/apb-pclk", "#clock-cells", 0);
    fdt_prop_cells(fdt, "/apb-pclk", "clock-frequency", 24000000);
    fdt_prop_string(fdt, "/apb-pclk", "clock-output-names", "clk24mhz");
    fdt_prop_cells(fdt, "/apb-pclk", "phandle", fdt->clock_phandle);
}

/* Both banks are one device of the tree (Linux bindings mtd/mtd-physmap),
 * but the secure world keeps the first for itself. */
static void write_flash_nodes(struct machine *m)
{
    const uint32_t base[] = {(uint32_t)map[VIRT_FLASH0].base,
                             (uint32_t)map[VIRT_FLASH1].base};
    const char *path = m->config->secure ? "/flash@4000000" : "/flash@0";

    fdt_node(m->fdt, path);
    fdt_prop_cells(m->fdt, path, "bank-width", 4);
    if (!m->config->secure) {
        fdt_prop_cells(m->fdt, path, "reg", 0, base[0], 0, CFI01_SIZE, 0,
                       base[1], 0, CFI01_SIZE);
    } else {
        fdt_prop_reg(m->fdt, path, base[1], CFI01_SIZE);
        fdt_node(m->fdt, "/secflash@0");
        fdt_prop_string(m->fdt, "/secflash@0", "secure-status", "okay");
        fdt_prop_string(m->fdt, "/secflash@0", "status", "disabled");
        fdt_prop_cells(m->fdt, "/secflash@0", "bank-width", 4);
        fdt_prop_reg(m->fdt, "/secflash@0", base[0], CFI01_SIZE);
        fdt_prop_string(m->fdt, "/secflash@0", "compatible", "cfi-flash");
    }
    fdt_prop_string(m->fdt, path, "compatible", "cfi-flash");
}

/* Processors ----------------------------------------------------------- */

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
    if (virt_psci(m->config) != BOOT_PSCI_NONE && m->config->cpus > 1) {
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
static void create_cpu_nodes(struct machine *m)
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
    if (m->config->gic_version == 2) {
        m->gic = gicv2_create(m->bus, map[VIRT_GIC_DIST].base,
                              map[VIRT_GIC_CPU].base, VIRT_GICV2_SPIS, ports,
                              cpus);
    } else {
        m->gic = gicv3_create(m->bus, map[VIRT_GIC_DIST].base,
                              map[VIRT_GIC_REDIST].base, VIRT_GICV3_SPIS, ports,
                              cpus);
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
        m->msi = gicv2m_create(m->bus, map[VIRT_GIC_V2M].base, m->gic,
                               map[VIRT_GIC_V2M].spi, VIRT_V2M_SPIS);
        gicv2m_fdt(m->msi, m->fdt);
    } else if (m->config->its) {
        m->its = gicv3_its_create(m->bus, &m->dma, map[VIRT_GIC_ITS].base,
                                  m->gic);
        gicv3_its_fdt(m->its, m->fdt);
    }
}

/* Linux bindings timer/arm,arch_timer.yaml. */
static void create_timers(struct machine *m)
{
    static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
    uint32_t cells[3 * ARRAY_SIZE(timer_ppis)];
    uint32_t flags = m->config->edge_timers ? FDT_IRQ_EDGE_RISING
                                            : FDT_IRQ_LEVEL_HIGH;

    if (m->config->gic_version == 2) {
        flags |= (uint32_t)mask64((int)m->config->cpus) << 8;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(timer_ppis); i++) {
        for (unsigned cpu = 0; cpu < m->config->cpus; cpu++) {
            cpu_connect_timer(m->cpus, cpu, timer_ppis[i].timer,
                              gic_ppi(m->gic, cpu, timer_ppis[i].intid));
        }
        cells[3 * i] = FDT_GIC_PPI;
        cells[3 * i + 1] = timer_ppis[i].intid - 16;
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
                                     gic_ppi(m->gic, cpu, PMU_INTID));
    }
    if (!m->has_pmu) {
        return;
    }
    if (m->config->gic_version == 2) {
        flags |= (uint32_t)mask64((int)m->config->cpus) << 8;
    }
    fdt_node(m->fdt, "/pmu");
    fdt_prop_string(m->fdt, "/pmu", "compatible", "arm,armv8-pmuv3");
    fdt_prop_cells(m->fdt, "/pmu", "interrupts", FDT_GIC_PPI, PMU_INTID - 16,
                   flags);
}

/* Devices -------------------------------------------------------------- */

static struct irq spi(struct machine *m, enum virt_region region)
{
    return gic_spi(m->gic, map[region].spi);
}

static void create_uart(struct machine *m, unsigned index,
                        enum virt_region region, struct chardev *chr)
{
    m->uarts[index] = pl011_create(m->bus, map[region].base, spi(m, region),
                                   chr);
    pl011_fdt(m->uarts[index], m->fdt, map[region].spi);
}

/* The second UART is there when the user asked for it; then aliases say
 * which is ttyAMA0.  The one made last stands first in the tree. */
static void create_uarts(struct machine *m)
{
    struct chardev *const *serials = m->ports->serials;
    char path[2][32];

    snprintf(path[0], sizeof(path[0]), "/pl011@%llx",
             (unsigned long long)map[VIRT_UART0].base);
    snprintf(path[1], sizeof(path[1]), "/pl011@%llx",
             (unsigned long long)map[VIRT_UART1].base);
    if (m->config->serials > 1) {
        create_uart(m, 1, VIRT_UART1, serials[1]);
        fdt_node(m->fdt, "/aliases");
        fdt_prop_string(m->fdt, "/aliases", "serial1", path[1]);
        fdt_prop_string(m->fdt, "/aliases", "serial0", path[0]);
    }
    create_uart(m, 0, VIRT_UART0, serials[0]);
    fdt_prop_string(m->fdt, "/chosen", "stdout-path", path[0]);
}

static uint64_t monotonic_ns(void *opaque)
{
    (void)opaque;
    return clock_monotonic_ns();
}

static uint64_t machine_ns(void *opaque)
{
    struct machine *m = opaque;

    return cpu_system_ns(m->cpus);
}

static void create_rtc(struct machine *m)
{
    static uint64_t (*const clocks[])(void *opaque) = {
        [RTC_HOST] = NULL, [RTC_RT] = monotonic_ns, [RTC_VM] = machine_ns,
    };
    struct pl031_clock clock = {clocks[m->config->rtc_clock], m};

    m->rtc = pl031_create(m->bus, map[VIRT_RTC].base, spi(m, VIRT_RTC),
                          m->loop, clock, m->config->rtc_offset);
    pl031_fdt(m->rtc, m->fdt, map[VIRT_RTC].spi);
}

static void create_gpio(struct machine *m)
{
    m->gpio = pl061_create(m->bus, map[VIRT_GPIO].base, spi(m, VIRT_GPIO));
    m->power_key = gpio_keys_create(pl061_input(m->gpio, POWER_KEY_LINE),
                                    m->loop);
    uint32_t phandle = pl061_fdt(m->gpio, m->fdt, map[VIRT_GPIO].spi);
    gpio_keys_fdt(m->fdt, phandle, POWER_KEY_LINE);
}

/* ACPI's way to say that the power key was pressed. */
static void create_ged(struct machine *m)
{
    if (m->config->acpi) {
        m->ged = ged_create(m->bus, map[VIRT_GED].base, spi(m, VIRT_GED));
    }
}

static struct pcie_window pcie_window(enum virt_region region)
{
    return (struct pcie_window){map[region].base, map[region].size};
}

static enum virt_region ecam_region(const struct machine *m)
{
    return m->config->highmem && !m->config->low_ecam ? VIRT_HIGH_PCI_ECAM
                                                      : VIRT_PCI_ECAM;
}

static bool has_high_window(const struct machine_config *c)
{
    return c->highmem && !c->no_high_mmio;
}

static void create_pcie(struct machine *m)
{
    unsigned first_spi = map[ecam_region(m)].spi;
    struct pcie_layout layout = {
        .ecam = pcie_window(ecam_region(m)),
        .io = pcie_window(VIRT_PCI_IO),
        .memory32 = pcie_window(VIRT_PCI_MMIO),
        .no_msi = !m->msi && !m->its,
    };
    struct irq intx[PCIE_INTX_PINS];

    if (has_high_window(m->config)) {
        layout.memory64 = pcie_window(VIRT_HIGH_PCI_MMIO);
    }
    for (unsigned i = 0; i < PCIE_INTX_PINS; i++) {
        intx[i] = gic_spi(m->gic, first_spi + i);
    }
    m->pcie = pcie_create(m->bus, &m->dma, &layout, intx);
    pcie_fdt(m->pcie, m->fdt, first_spi);
}

uint64_t virt_mmio_slot(int slot)
{
    return map[VIRT_VIRTIO].base + (uint64_t)slot * VIRTIO_MMIO_SIZE;
}

/* Empty; the one made last stands first in the tree. */
static void create_virtio_slots(struct machine *m)
{
    for (int i = VIRT_MMIO_SLOTS - 1; i >= 0; i--) {
        unsigned n = map[VIRT_VIRTIO].spi + (unsigned)i;
        m->virtio_slots[i] =
            virtio_mmio_create(m->bus, virt_mmio_slot(i), gic_spi(m->gic, n),
                               !m->config->virtio_mmio_modern);
        virtio_mmio_fdt(m->virtio_slots[i], m->fdt, n);
    }
}

static void create_fw_cfg(struct machine *m)
{
    m->fw_cfg = fw_cfg_create(m->bus, map[VIRT_FW_CFG].base, &m->dma);
    fw_cfg_fdt(m->fw_cfg, m->fdt);
}

/* Where QEMU puts devices of -device that belong on no other bus; there are
 * none here, but guests know the node. */
static void write_platform_bus_node(struct machine *m)
{
    static const char compatible[] = "qemu,platform\0simple-bus";
    static const char path[] = "/platform-bus@c000000";

    fdt_node(m->fdt, path);
    fdt_prop_bytes(m->fdt, path, "compatible", compatible,
                   sizeof(compatible));
    fdt_prop_cells(m->fdt, path, "#size-cells", 1);
    fdt_prop_cells(m->fdt, path, "#address-cells", 1);
    fdt_prop_cells(m->fdt, path, "ranges", 0, 0,
                   (uint32_t)map[VIRT_PLATFORM_BUS].base,
                   (uint32_t)map[VIRT_PLATFORM_BUS].size);
    fdt_prop_cells(m->fdt, path, "interrupt-parent", m->fdt->gic_phandle);
}

void virt_create_devices(struct machine *m)
{
    create_fdt_root(m);
    create_clock(m);
    create_cpu_nodes(m);
    create_gic(m);
    create_msi(m);
    create_timers(m);
    create_pmu(m);
    write_flash_nodes(m);
    create_uarts(m);
    create_rtc(m);
    create_pcie(m);
    create_gpio(m);
    create_ged(m);
    create_virtio_slots(m);
    create_fw_cfg(m);
    write_platform_bus_node(m);
}

/* Firmware ------------------------------------------------------------- */

static struct acpi_region acpi_region(enum virt_region region)
{
    unsigned spi = map[region].spi;

    return (struct acpi_region){map[region].base, map[region].size,
                                spi ? 32 + spi : 0};
}

static const char *or_else(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static unsigned timer_intid(enum cpu_timer timer)
{
    unsigned i = 0;

    while (timer_ppis[i].timer != timer) {
        i++;
    }
    return timer_ppis[i].intid;
}

static struct acpi_board acpi_board(const struct machine *m)
{
    const struct machine_config *c = m->config;
    enum boot_psci psci = virt_psci(c);
    struct acpi_board board = {
        .cpus = c->cpus,
        .topology = c->topology,
        .psci = psci != BOOT_PSCI_NONE,
        .psci_hvc = psci == BOOT_PSCI_HVC,
        .gic_version = c->gic_version,
        .gic_dist = acpi_region(VIRT_GIC_DIST),
        .timer_secure = timer_intid(CPU_TIMER_SEC),
        .timer_physical = timer_intid(CPU_TIMER_PHYS),
        .timer_virtual = timer_intid(CPU_TIMER_VIRT),
        .timer_hypervisor = timer_intid(CPU_TIMER_HYP),
        .edge_timers = c->edge_timers,
        .no_topology = c->no_cpu_map,
        .oem_id = or_else(c->oem_id, "BOCHS "),
        .oem_table_id = or_else(c->oem_table_id, "BXPC    "),
        .pmu_intid = m->has_pmu ? PMU_INTID : 0,
        .uart = {acpi_region(VIRT_UART0)},
        .fw_cfg = acpi_region(VIRT_FW_CFG),
        .ged = acpi_region(VIRT_GED),
        .virtio_mmio = acpi_region(VIRT_VIRTIO),
        .virtio_mmio_slots = VIRT_MMIO_SLOTS,
        .ecam = acpi_region(ecam_region(m)),
        .pci_io = acpi_region(VIRT_PCI_IO),
        .pci_memory32 = acpi_region(VIRT_PCI_MMIO),
    };

    for (unsigned i = 0; i < c->cpus; i++) {
        board.mpidr[i] = cpu_mpidr(m->cpus, i);
    }
    if (c->gic_version == 2) {
        board.gic_cpu = acpi_region(VIRT_GIC_CPU);
        board.gic_msi = acpi_region(VIRT_GIC_V2M);
        board.gic_msi_spis = VIRT_V2M_SPIS;
    } else {
        board.gic_redist = acpi_region(VIRT_GIC_REDIST);
    }
    board.virtio_mmio.size = VIRTIO_MMIO_SIZE;
    if (m->its) {
        board.its = acpi_region(VIRT_GIC_ITS);
    }
    if (has_high_window(c)) {
        board.pci_memory64 = acpi_region(VIRT_HIGH_PCI_MMIO);
    }
    if (c->serials > 1) {
        board.uart[1] = acpi_region(VIRT_UART1);
    }
    return board;
}

/* Guests know this board by its manufacturer. */
static struct smbios_config smbios_config(const struct machine *m)
{
    const struct machine_config *c = m->config;
    unsigned cores = c->topology.clusters * c->topology.cores;
    struct smbios_config smbios = {
        .user = &c->smbios,
        .maker = "QEMU",
        .product = "QEMU Virtual Machine",
        .version = or_else(c->version, c->machine),
        .sockets = c->topology.sockets,
        .cores = cores,
        .threads = cores * c->topology.threads,
        .ram_base = map[VIRT_RAM].base,
        .ram_size = c->ram_size,
    };

    if (c->uuid) {
        firmware_uuid(c->uuid, smbios.uuid);
    }
    return smbios;
}

/* What firmware is told, once all devices are there. */
bool virt_create_firmware(struct machine *m, struct error **err)
{
    struct smbios_config smbios = smbios_config(m);

    m->firmware = firmware_create(m->boot, m->fw_cfg, err);
    if (!m->firmware) {
        return false;
    }
    bootorder_publish(m);
    smbios_add(m->fw_cfg, &smbios);
    if (m->config->acpi) {
        struct acpi_board board = acpi_board(m);
        acpi_add(m->fw_cfg, &board);
    }
    return true;
}

/* The whole ------------------------------------------------------------ */

/* RAM keeps its contents, as through a real reset. */
void virt_reset_devices(struct machine *m)
{
    for (unsigned i = 0; i < MACHINE_MAX_SERIALS; i++) {
        if (m->uarts[i]) {
            pl011_reset(m->uarts[i]);
        }
    }
    for (unsigned i = 0; i < MACHINE_FLASH_BANKS; i++) {
        cfi01_reset(m->flash_banks[i]);
    }
    for (unsigned i = 0; i < VIRT_MMIO_SLOTS; i++) {
        virtio_mmio_reset(m->virtio_slots[i]);
    }
    fw_cfg_reset(m->fw_cfg);
    pl031_reset(m->rtc);
    pl061_reset(m->gpio);
    if (m->ged) {
        ged_reset(m->ged);
    }
    pcie_reset(m->pcie);
    if (m->its) {
        gicv3_its_reset(m->its);
    }
    gic_reset(m->gic);
}

void virt_free(struct machine *m)
{
    for (unsigned i = 0; i < VIRT_MMIO_SLOTS; i++) {
        virtio_mmio_free(m->virtio_slots[i]);
    }
    pcie_free(m->pcie);
    fw_cfg_free(m->fw_cfg);
    firmware_free(m->firmware);
    for (unsigned i = 0; i < MACHINE_FLASH_BANKS; i++) {
        cfi01_free(m->flash_banks[i]);
    }
    ged_free(m->ged);
    gpio_keys_free(m->power_key);
    pl061_free(m->gpio);
    pl031_free(m->rtc);
    for (unsigned i = 0; i < MACHINE_MAX_SERIALS; i++) {
        pl011_free(m->uarts[i]);
    }
    gicv2m_free(m->msi);
    gicv3_its_free(m->its);
    if (m->gic) {
        gic_free(m->gic);
    }
}
