/*
 * Where things are on the "virt" board.  Addresses and interrupt numbers are
 * what guests expect of it (QEMU, docs/system/arm/virt.rst).
 */
#include "hw/arm/virt.h"

#include "hw/flash/cfi01.h"
#include "hw/intc/gicv3_its.h"
#include "hw/misc/fw_cfg.h"
#include "hw/misc/ged.h"
#include "hw/virtio/virtio_mmio.h"

#define GIB (UINT64_C(1) << 30)

const struct virt_range virt_map[] = {
    [VIRT_FLASH0]     = {0x00000000, CFI01_SIZE, 0},
    [VIRT_FLASH1]     = {0x04000000, CFI01_SIZE, 0},
    [VIRT_GIC_DIST]   = {0x08000000, 0x00010000, 0},
    [VIRT_GIC_CPU]    = {0x08010000, 0x00010000, 0},  /* GICv2 */
    [VIRT_GIC_V2M]    = {0x08020000, 0x00001000, 48}, /* GICv2, 64 SPIs */
    [VIRT_GIC_HYP]    = {0x08030000, 0x00010000, 0},  /* GICv2, EL2 */
    [VIRT_GIC_VCPU]   = {0x08040000, 0x00010000, 0},
    [VIRT_GIC_ITS]    = {0x08080000, GICV3_ITS_SIZE, 0},
    [VIRT_GIC_REDIST] = {0x080a0000, 0x00f60000, 0},  /* GICv3 */
    [VIRT_UART0]      = {0x09000000, 0x00001000, 1},
    [VIRT_RTC]        = {0x09010000, 0x00001000, 2},
    [VIRT_FW_CFG]     = {0x09020000, FW_CFG_SIZE, 0},
    [VIRT_GPIO]       = {0x09030000, 0x00001000, 7},
    /* Second -serial; Secure software's on a board that has it. */
    [VIRT_UART1]      = {0x09040000, 0x00001000, 8},
    [VIRT_GED]        = {0x09080000, GED_SIZE, 9},    /* ACPI */
    [VIRT_SECURE_GPIO] = {0x090b0000, 0x00001000, 0},
    [VIRT_VIRTIO]     = {0x0a000000, VIRT_MMIO_SLOTS * VIRTIO_MMIO_SIZE, 16},
    [VIRT_PLATFORM_BUS] = {0x0c000000, 0x02000000, 0}, /* empty */
    [VIRT_SECURE_RAM] = {0x0e000000, 0x01000000, 0},
    [VIRT_PCI_MMIO]   = {0x10000000, 0x2eff0000, 0},
    [VIRT_PCI_IO]     = {0x3eff0000, 0x00010000, 0},
    [VIRT_PCI_ECAM]   = {0x3f000000, 0x01000000, 3},  /* highmem-ecam=off */
    [VIRT_RAM]        = {0x40000000, 255 * GIB, 0},   /* as much as -m */
    [VIRT_HIGH_PCI_ECAM] = {0x4010000000, 0x10000000, 3}, /* INTA to INTD */
    [VIRT_HIGH_PCI_MMIO] = {0x8000000000, 512 * GIB, 0},
};

/* In the order of the device tree binding; guests of this board are not told
 * of the last. */
const struct virt_timer virt_timers[VIRT_TIMERS] = {
    {CPU_TIMER_SEC, 29},
    {CPU_TIMER_PHYS, 30},
    {CPU_TIMER_VIRT, 27},
    {CPU_TIMER_HYP, 26},
    {CPU_TIMER_HYP_VIRT, 28},
};
