/*
 * The devices that -device can add: one row per type drives parsing
 * (ui/options_device.c), help, and creation (hw/arm/plug.c).
 */
#ifndef HW_ARM_DEVICES_H
#define HW_ARM_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block/block.h"
#include "hw/arm/loader.h"
#include "hw/arm/machine_config.h"
#include "hw/pci/root_port.h"
#include "hw/virtio/virtio_blk.h"
#include "hw/virtio/virtio_console.h"
#include "hw/virtio/virtio_net.h"
#include "hw/virtio/virtio_pci.h"
#include "hw/virtio/virtio_rng.h"
#include "hw/virtio/virtio_scsi.h"

struct machine;
struct device_type;

/* One device as the user asked for it. */
struct device_config {
    const struct device_type *type;
    const char *text;     /* as it was written, for messages */
    const char *id, *bus; /* or NULL */
    int devfn;            /* on PCI, or PCI_ANY_SLOT */
    bool multifunction;
    const char *romfile;  /* on PCI, or NULL */
    unsigned rom_bar;     /* 0: the guest does not see it */
    uint32_t romsize;     /* 0: as large as the file */
    int bootindex;        /* 0 comes first; -1: none */

    const struct drive_config *drive; /* disks */
    const char *netdev;               /* NICs: id, or NULL */
    const char *chardev;              /* ports: id, or NULL */

    uint64_t features_on, features_off; /* of VIRTIO_DEFAULT_FEATURES */
    struct virtio_pci_config pci;
    union {
        struct virtio_blk_config blk;
        struct virtio_net_config net;
        struct virtio_rng_config rng;
        uint32_t max_ports; /* virtio-serial */
        struct virtio_console_port port;
        struct virtio_scsi_config scsi;
        struct scsi_unit_config unit;
        struct root_port_config root_port;
        uint64_t membar; /* pci-testdev */
        struct loader_config loader;
    };
    bool has_mac; /* of net.mac */

    /* By id, until options_finish_devices() has looked them up. */
    const char *drive_id, *rng_id;
    bool share_rw, has_werror, has_rerror;
    enum block_on_error werror, rerror;
};

/* Where a value goes in struct device_config. */
enum value_kind {
    VALUE_STRING,    /* const char * */
    VALUE_BOOL,      /* bool */
    VALUE_NOT_BOOL,  /* bool, the other way round */
    VALUE_UINT,      /* unsigned or uint32_t, up to `limit` */
    VALUE_UINT16,    /* uint16_t */
    VALUE_UINT64,    /* uint64_t; marks the bool at `limit`, if any */
    VALUE_INT,       /* int, from -1 */
    VALUE_BYTES,     /* uint32_t, with a suffix */
    VALUE_SIZE,      /* uint64_t, with a suffix */
    VALUE_CHOICE,    /* enum virtio_pci_choice: auto, off, on */
    VALUE_OFF_OR_ON, /* bool for off, the next one for on; or auto */
    VALUE_ON_ERROR,  /* enum block_on_error; the bool at `limit` is set */
    VALUE_DUPLEX,    /* bool: half */
    VALUE_MAC,       /* uint8_t[6]; the bool at `limit` is set */
    VALUE_ADDRESS,   /* int: a PCI slot and function */
    VALUE_IGNORED,   /* anything, without effect here */
};

struct device_property {
    const char *name;
    enum value_kind kind;
    const char *help;
    size_t offset; /* in struct device_config */
    size_t limit;
};

enum device_bus {
    DEVICE_PCI,
    DEVICE_VIRTIO_MMIO,
    DEVICE_VIRTIO_SERIAL,
    DEVICE_SCSI,
    DEVICE_BOARD, /* no bus: part of the machine */
};
extern const char *const device_bus_names[]; /* ORDER device_bus */

#define DEVICE_PROPERTY_LISTS 4

struct device_type {
    const char *name;
    const char *alias; /* or NULL */
    const char *base;  /* the type behind a transport, for -global; or NULL */
    enum device_bus bus;
    const char *group; /* heading in -device help */
    const char *help;
    /* Lists that end with a NULL name. */
    const struct device_property *properties[DEVICE_PROPERTY_LISTS];

    /* One of the two. */
    struct virtio_device *(*make)(struct machine *m,
                                  const struct device_config *config,
                                  const struct virtio_host *host,
                                  struct error **err);
    bool (*create)(struct machine *m, const struct device_config *config,
                   struct error **err);
};

const struct device_type *device_types(size_t *count);
/* By name or alias; NULL when there is none. */
const struct device_type *device_type_find(const char *name);

/* Defaults that are not zero; `type` is set. */
void device_config_init(struct device_config *config,
                        const struct device_type *type);

/* What `make` and `create` are; plug.c, plug_buses.c. */
struct virtio_device *plug_make_blk(struct machine *m,
                                    const struct device_config *config,
                                    const struct virtio_host *host,
                                    struct error **err);
struct virtio_device *plug_make_net(struct machine *m,
                                    const struct device_config *config,
                                    const struct virtio_host *host,
                                    struct error **err);
struct virtio_device *plug_make_rng(struct machine *m,
                                    const struct device_config *config,
                                    const struct virtio_host *host,
                                    struct error **err);
struct virtio_device *plug_make_serial(struct machine *m,
                                       const struct device_config *config,
                                       const struct virtio_host *host,
                                       struct error **err);
struct virtio_device *plug_make_scsi(struct machine *m,
                                     const struct device_config *config,
                                     const struct virtio_host *host,
                                     struct error **err);
bool plug_port(struct machine *m, const struct device_config *config,
               struct error **err);
bool plug_scsi_hd(struct machine *m, const struct device_config *config,
                  struct error **err);
bool plug_scsi_cd(struct machine *m, const struct device_config *config,
                  struct error **err);
bool plug_root_port(struct machine *m, const struct device_config *config,
                    struct error **err);
bool plug_testdev(struct machine *m, const struct device_config *config,
                  struct error **err);
bool plug_loader(struct machine *m, const struct device_config *config,
                 struct error **err);
bool plug_vmcoreinfo(struct machine *m, const struct device_config *config,
                     struct error **err);

#endif
