/*
 * A machine from power-on to power-off.
 *
 * machine_new() makes every check and creates everything, but nothing runs
 * before machine_start().  Loop thread unless marked [any].
 */
#ifndef HW_ARM_MACHINE_H
#define HW_ARM_MACHINE_H

#include <stdbool.h>

#include "block/block.h"
#include "hw/arm/boot.h"
#include "hw/arm/machine_config.h"
#include "net/net.h"
#include "softmmu/bus.h"
#include "softmmu/dma.h"
#include "ui/chardev.h"
#include "util/error.h"
#include "util/loop.h"

enum machine_request {
    MACHINE_REQUEST_SHUTDOWN = 1 << 0,
    MACHINE_REQUEST_RESET = 1 << 1,
    MACHINE_REQUEST_EXIT = 1 << 2, /* machine_exit() */
};

enum machine_state {
    MACHINE_PAUSED,   /* not started yet, or stopped by the user */
    MACHINE_RUNNING,
    MACHINE_SHUTDOWN, /* the guest powered off and -no-shutdown was given */
};

/* What the machine is connected to, by the ids of its configuration. */
struct machine_ports {
    struct chardev *serials[MACHINE_MAX_SERIALS]; /* of the UARTs, or NULL */
    /* NULL when there is none. */
    struct chardev *(*find_chardev)(void *opaque, const char *id);
    struct net_client *(*find_netdev)(void *opaque, const char *id);
    void *opaque;
};

#define VIRT_MMIO_SLOTS 32 /* of virtio-mmio */

struct machine {
    const struct machine_config *config;
    const struct machine_ports *ports;
    struct loop *loop;
    enum machine_state state;
    bool started; /* has run */
    unsigned requests; /* enum machine_request, set by any thread */
    int exit_status;   /* of machine_exit() */

    struct bus *bus;
    struct ram *ram, *flash[MACHINE_FLASH_BANKS];
    struct ram *secure_ram; /* or NULL */
    struct dma dma;
    struct dma loader; /* the same, but what loads the guest sees all */
    struct boot *boot;
    struct cpu_system *cpus;
    struct semihosting_host *semihosting; /* or NULL */
    struct perfmap *perfmap;              /* or NULL */

    struct block_backend **drives; /* parallel to config->drives */
    int disk_error;                /* why the machine was stopped */
    struct boot_entry *boot_entries; /* in the order of their index */
    unsigned boot_entry_count;
    struct plugged *plugged;
    struct child_bus *buses; /* of devices that have one */

    struct fdt_builder *fdt;
    struct block_backend *flash_images[MACHINE_FLASH_BANKS];
    struct cfi01 *flash_banks[MACHINE_FLASH_BANKS];
    struct fw_cfg *fw_cfg;
    struct firmware *firmware;
    struct gic *gic;
    struct gicv2m *msi;
    struct gicv3_its *its;   /* NULL with GICv2, or its=off */
    struct pcie_host *pcie;
    struct pl011 *uarts[MACHINE_MAX_SERIALS];
    struct pl031 *rtc;
    bool has_pmu;
    struct pl061 *gpio;
    struct gpio_keys *power_key;
    struct pl061 *secure_gpio; /* or NULL */
    struct ged *ged; /* NULL without ACPI */
    struct virtio_mmio *virtio_slots[VIRT_MMIO_SLOTS];
};

/* All arguments outlive the machine. */
struct machine *machine_new(const struct machine_config *config,
                            const struct machine_ports *ports,
                            struct loop *loop, struct error **err);
void machine_free(struct machine *m);

/* Write the device tree as the guest gets it (-machine dumpdtb=F). */
bool machine_dump_dtb(const struct machine *m, const char *path,
                      struct error **err);

void machine_start(struct machine *m); /* run, or go on after a stop */
void machine_stop(struct machine *m);  /* returns when nothing runs */
/* machine_start() for the user: what a disk's error held is tried again. */
void machine_continue(struct machine *m);

/*
 * Power off or reset soon, on the loop thread.  With -no-reboot a reset is
 * a power-off; a power-off ends loop_run() with status 0, or, with
 * -no-shutdown, leaves the machine stopped.  [any]
 */
void machine_request(struct machine *m, enum machine_request request);

/* The guest ends the program, whatever -no-shutdown says.  [any] */
void machine_exit(struct machine *m, int status);

/* Ask the guest to power off, by its power key.  [any] */
void machine_powerdown(struct machine *m);

/* virt.c: the board's hardware, for machine.c. */
struct boot_memory virt_memory(const struct machine_config *config);
bool virt_check_config(const struct machine_config *config,
                       struct error **err);
bool virt_create_memory(struct machine *m, struct error **err);
void virt_create_devices(struct machine *m);
uint64_t virt_mmio_slot(int slot); /* its address */
bool virt_create_firmware(struct machine *m, struct error **err);
void virt_reset_devices(struct machine *m);
void virt_free(struct machine *m);
enum boot_psci virt_psci(const struct machine *m);
/* The guest has EL3 and starts there. */
bool virt_starts_secure(const struct machine *m);

#endif
