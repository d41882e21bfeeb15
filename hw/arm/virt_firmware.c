/* What firmware on the "virt" board is told: ACPI, SMBIOS, boot order. */
#include "hw/arm/acpi.h"
#include "hw/arm/firmware.h"
#include "hw/arm/plug.h"
#include "hw/arm/virt.h"
#include "hw/misc/fw_cfg.h"
#include "hw/misc/smbios.h"
#include "hw/virtio/virtio_mmio.h"
#include "util/or_else.h"

static struct acpi_region acpi_region(enum virt_region region)
{
    unsigned spi = virt_map[region].spi;

    return (struct acpi_region){virt_map[region].base, virt_map[region].size,
                                spi ? 32 + spi : 0};
}

static unsigned timer_intid(enum cpu_timer timer)
{
    unsigned i = 0;

    while (virt_timers[i].timer != timer) {
        i++;
    }
    return virt_timers[i].intid;
}

static struct acpi_board acpi_board(const struct machine *m)
{
    const struct machine_config *c = m->config;
    enum boot_psci psci = virt_psci(m);
    struct acpi_board board = {
        .cpus = c->cpus,
        .topology = c->topology,
        .psci = psci != BOOT_PSCI_NONE,
        .psci_hvc = psci == BOOT_PSCI_HVC,
        .gic_version = c->gic_version,
        .maintenance_intid =
            c->virtualization ? VIRT_GIC_MAINTENANCE_INTID : 0,
        .gic_dist = acpi_region(VIRT_GIC_DIST),
        .timer_secure = timer_intid(CPU_TIMER_SEC),
        .timer_physical = timer_intid(CPU_TIMER_PHYS),
        .timer_virtual = timer_intid(CPU_TIMER_VIRT),
        .timer_hypervisor = timer_intid(CPU_TIMER_HYP),
        .edge_timers = c->edge_timers,
        .no_topology = c->no_cpu_map,
        .oem_id = text_or_else(c->oem_id, "BOCHS "),
        .oem_table_id = text_or_else(c->oem_table_id, "BXPC    "),
        .pmu_intid = m->has_pmu ? VIRT_PMU_INTID : 0,
        .uart = {acpi_region(VIRT_UART0)},
        .fw_cfg = acpi_region(VIRT_FW_CFG),
        .ged = acpi_region(VIRT_GED),
        .virtio_mmio = acpi_region(VIRT_VIRTIO),
        .virtio_mmio_slots = VIRT_MMIO_SLOTS,
        .ecam = acpi_region(virt_ecam(c)),
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
        if (c->virtualization) {
            board.gic_hyp = acpi_region(VIRT_GIC_HYP);
            board.gic_vcpu = acpi_region(VIRT_GIC_VCPU);
        }
    } else {
        board.gic_redist = acpi_region(VIRT_GIC_REDIST);
    }
    board.virtio_mmio.size = VIRTIO_MMIO_SIZE;
    if (m->its) {
        board.its = acpi_region(VIRT_GIC_ITS);
    }
    if (virt_has_high_window(c)) {
        board.pci_memory64 = acpi_region(VIRT_HIGH_PCI_MMIO);
    }
    if (c->serials > 1 && !c->secure) {
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
        .version = text_or_else(c->version, c->machine),
        .sockets = c->topology.sockets,
        .cores = cores,
        .threads = cores * c->topology.threads,
        .ram_base = virt_map[VIRT_RAM].base,
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
