/*
 * What plug.c, plug_buses.c, drives.c and bootorder.c keep for machine.c.
 * Loop thread, while the guest does not run.
 */
#ifndef HW_ARM_PLUG_H
#define HW_ARM_PLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/arm/devices.h"
#include "hw/arm/machine.h"

/* Everything in m->config->devices, in order. */
bool plug_devices(struct machine *m, struct error **err);
/* What belongs to no bus: after the buses' devices and the fw_cfg. */
void plug_free(struct machine *m);
void plug_reset(struct machine *m);

/* plug_buses.c: the names of buses that devices have brought. */
void plug_free_buses(struct machine *m);

/* -device loader: after boot_load(), at the start and at every reset. */
bool plug_load(struct machine *m, struct error **err);
/* Where processor `cpu` starts instead; false: nowhere else. */
bool plug_entry(const struct machine *m, unsigned cpu, uint64_t *pc);

/* drives.c: m->drives, parallel to the config's. */
bool drives_open(struct machine *m, struct error **err);
void drives_close(struct machine *m);
void drives_resume(struct machine *m); /* requests that were held */
struct block_backend *drives_find(const struct machine *m,
                                  const struct drive_config *config);

/* bootorder.c: "disk@0,0" behind a function called "scsi" of a PCI slot or
 * of a slot of virtio-mmio, to be booted from in the order of `index`. */
struct boot_entry {
    int index;
    char path[160];
};
void bootorder_add_pci(struct machine *m, int index,
                       const struct pci_function *f, const char *function,
                       const char *unit);
void bootorder_add_mmio(struct machine *m, int index, uint64_t base,
                        const char *unit);
/* The fw_cfg files of -boot and bootindex. */
void bootorder_publish(struct machine *m);

#endif
