/*
 * What the board's files (virt*.c) share: the memory map, the interrupts,
 * and who creates what.
 */
#ifndef HW_ARM_VIRT_H
#define HW_ARM_VIRT_H

#include "cpu/cpu.h"
#include "hw/arm/machine.h"

enum virt_region {
    VIRT_FLASH0,
    VIRT_FLASH1,
    VIRT_GIC_DIST,
    VIRT_GIC_CPU,
    VIRT_GIC_V2M,
    VIRT_GIC_HYP,
    VIRT_GIC_VCPU,
    VIRT_GIC_ITS,
    VIRT_GIC_REDIST,
    VIRT_UART0,
    VIRT_RTC,
    VIRT_FW_CFG,
    VIRT_GPIO,
    VIRT_UART1,
    VIRT_GED,
    VIRT_SECURE_GPIO,
    VIRT_VIRTIO,
    VIRT_PLATFORM_BUS,
    VIRT_SECURE_RAM,
    VIRT_PCI_MMIO,
    VIRT_PCI_IO,
    VIRT_PCI_ECAM,
    VIRT_RAM,
    VIRT_HIGH_PCI_ECAM,
    VIRT_HIGH_PCI_MMIO,
};

/* `spi` is the first shared interrupt (INTID 32 + spi). */
struct virt_range {
    uint64_t base, size;
    unsigned spi;
};
extern const struct virt_range virt_map[]; /* by enum virt_region */

struct virt_timer {
    enum cpu_timer timer;
    unsigned intid; /* private (Arm BSA, "PPI assignments") */
};
#define VIRT_TIMERS 5
#define VIRT_TIMERS_TOLD 4
extern const struct virt_timer virt_timers[VIRT_TIMERS];

#define VIRT_GICV2_SPIS 256
#define VIRT_GICV3_SPIS 224 /* what 256 interrupts leave */
#define VIRT_V2M_SPIS 64
#define VIRT_POWER_KEY_LINE 3 /* of the GPIO port */
#define VIRT_PMU_INTID 23 /* private */
#define VIRT_GIC_MAINTENANCE_INTID 25

/* The PCIe host's configuration space; whether it has a window above 4 GiB. */
enum virt_region virt_ecam(const struct machine_config *c);
bool virt_has_high_window(const struct machine_config *c);

/* virt_secure.c: what only Secure software sees; none without EL3. */
bool virt_create_secure_memory(struct machine *m, struct error **err);
void virt_create_secure_uart(struct machine *m);
void virt_create_secure_gpio(struct machine *m);

/* virt_cpus.c: processors, the interrupt controller, timers; in order. */
void virt_create_cpus(struct machine *m);
void virt_create_interrupts(struct machine *m);

#endif
