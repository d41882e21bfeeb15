/*
 * Arm's "virt" board; virt_map.c says where everything is.
 *
 * Each create_*() makes one part: the device, its place on the bus, its
 * wires, its node in the device tree.  virt_create_devices() lists them in
 * order.
 */
#include "hw/arm/virt.h"

#include <stdio.h>

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
#include "hw/pci/pcie_host.h"
#include "hw/rtc/pl031.h"
#include "hw/virtio/virtio_mmio.h"
#include "util/bits.h"
#include "util/clock.h"

#define GIB (UINT64_C(1) << 30)

struct boot_memory virt_memory(const struct machine_config *c)
{
    return (struct boot_memory){
        .ram_base = virt_map[VIRT_RAM].base,
        .ram_size = c->ram_size,
        .rom_base = virt_map[VIRT_FLASH0].base,
        .rom_size = virt_map[VIRT_FLASH0].size,
        .secure_base = virt_map[VIRT_SECURE_RAM].base,
        .secure_size = c->secure ? virt_map[VIRT_SECURE_RAM].size : 0,
    };
}

bool virt_starts_secure(const struct machine *m)
{
    return m->config->secure && !boot_is_linux(m->boot);
}

/* What starts at EL3 brings its own PSCI; elsewhere the conduit is the
 * exception level above the guest's. */
enum boot_psci virt_psci(const struct machine *m)
{
    if (virt_starts_secure(m)) {
        return BOOT_PSCI_NONE;
    }
    return m->config->virtualization ? BOOT_PSCI_SMC : BOOT_PSCI_HVC;
}

bool virt_check_config(const struct machine_config *c, struct error **err)
{
    uint64_t most = c->highmem ? virt_map[VIRT_RAM].size : 3 * GIB;

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
    /* Secure software keeps the first for itself. */
    struct bus *bus = bank == 0 ? bus_secure(m->bus) : m->bus;
    struct cfi01_store store;

    m->flash[bank] = ram_new(name, virt_map[region].size, err);
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
        cfi01_create(bus, virt_map[region].base, m->flash[bank],
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
    ram_stay_ahead(m->ram);
    bus_map_ram(m->bus, virt_map[VIRT_RAM].base, m->ram);
    return virt_create_secure_memory(m, err) &&
           create_flash(m, 0, "flash0", VIRT_FLASH0, err) &&
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
    const uint32_t base[] = {(uint32_t)virt_map[VIRT_FLASH0].base,
                             (uint32_t)virt_map[VIRT_FLASH1].base};
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

/* Devices -------------------------------------------------------------- */

static struct irq spi(struct machine *m, enum virt_region region)
{
    return gic_spi(m->gic, virt_map[region].spi);
}

static void create_uart(struct machine *m, unsigned index,
                        enum virt_region region, struct chardev *chr)
{
    m->uarts[index] = pl011_create(m->bus, virt_map[region].base,
                                   spi(m, region), chr);
    pl011_fdt(m->uarts[index], m->fdt, virt_map[region].spi);
}

/* The second UART is there when the user asked for it; then aliases say
 * which is ttyAMA0.  The one made last stands first in the tree. */
static void create_uarts(struct machine *m)
{
    struct chardev *const *serials = m->ports->serials;
    char path[2][32];

    snprintf(path[0], sizeof(path[0]), "/pl011@%llx",
             (unsigned long long)virt_map[VIRT_UART0].base);
    snprintf(path[1], sizeof(path[1]), "/pl011@%llx",
             (unsigned long long)virt_map[VIRT_UART1].base);
    if (m->config->serials > 1 && !m->config->secure) {
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

    m->rtc = pl031_create(m->bus, virt_map[VIRT_RTC].base, spi(m, VIRT_RTC),
                          m->loop, clock, m->config->rtc_offset);
    pl031_fdt(m->rtc, m->fdt, virt_map[VIRT_RTC].spi);
}

static void create_gpio(struct machine *m)
{
    m->gpio = pl061_create(m->bus, virt_map[VIRT_GPIO].base, spi(m, VIRT_GPIO));
    m->power_key = gpio_keys_create(pl061_input(m->gpio, VIRT_POWER_KEY_LINE),
                                    m->loop);
    uint32_t phandle = pl061_fdt(m->gpio, m->fdt, virt_map[VIRT_GPIO].spi);
    gpio_keys_fdt(m->fdt, phandle, VIRT_POWER_KEY_LINE);
}

/* ACPI's way to say that the power key was pressed. */
static void create_ged(struct machine *m)
{
    if (m->config->acpi) {
        m->ged = ged_create(m->bus, virt_map[VIRT_GED].base, spi(m, VIRT_GED));
    }
}

static struct pcie_window pcie_window(enum virt_region region)
{
    return (struct pcie_window){virt_map[region].base, virt_map[region].size};
}

enum virt_region virt_ecam(const struct machine_config *c)
{
    return c->highmem && !c->low_ecam ? VIRT_HIGH_PCI_ECAM : VIRT_PCI_ECAM;
}

bool virt_has_high_window(const struct machine_config *c)
{
    return c->highmem && !c->no_high_mmio;
}

static void create_pcie(struct machine *m)
{
    unsigned first_spi = virt_map[virt_ecam(m->config)].spi;
    struct pcie_layout layout = {
        .ecam = pcie_window(virt_ecam(m->config)),
        .io = pcie_window(VIRT_PCI_IO),
        .memory32 = pcie_window(VIRT_PCI_MMIO),
        .no_msi = !m->msi && !m->its,
    };
    struct irq intx[PCIE_INTX_PINS];

    if (virt_has_high_window(m->config)) {
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
    return virt_map[VIRT_VIRTIO].base + (uint64_t)slot * VIRTIO_MMIO_SIZE;
}

/* Empty; the one made last stands first in the tree. */
static void create_virtio_slots(struct machine *m)
{
    for (int i = VIRT_MMIO_SLOTS - 1; i >= 0; i--) {
        unsigned n = virt_map[VIRT_VIRTIO].spi + (unsigned)i;
        m->virtio_slots[i] =
            virtio_mmio_create(m->bus, virt_mmio_slot(i), gic_spi(m->gic, n),
                               !m->config->virtio_mmio_modern);
        virtio_mmio_fdt(m->virtio_slots[i], m->fdt, n);
    }
}

static void create_fw_cfg(struct machine *m)
{
    m->fw_cfg = fw_cfg_create(m->bus, virt_map[VIRT_FW_CFG].base, &m->dma);
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
                   (uint32_t)virt_map[VIRT_PLATFORM_BUS].base,
                   (uint32_t)virt_map[VIRT_PLATFORM_BUS].size);
    fdt_prop_cells(m->fdt, path, "interrupt-parent", m->fdt->gic_phandle);
}

void virt_create_devices(struct machine *m)
{
    create_fdt_root(m);
    create_clock(m);
    virt_create_cpus(m);
    virt_create_interrupts(m);
    write_flash_nodes(m);
    create_uarts(m);
    virt_create_secure_uart(m);
    create_rtc(m);
    create_pcie(m);
    create_gpio(m);
    virt_create_secure_gpio(m);
    create_ged(m);
    create_virtio_slots(m);
    create_fw_cfg(m);
    write_platform_bus_node(m);
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
    if (m->secure_gpio) {
        pl061_reset(m->secure_gpio);
    }
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
    pl061_free(m->secure_gpio);
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
