/*
 * PCI functions and buses, as a device model sees them.
 *
 * A device embeds a struct pci_function, fills it in while the board is
 * built (pci_function_init, then BARs and capabilities), and plugs it into
 * a bus, which owns it from then on.
 *
 * Locks, outermost first: the device's own; the host's, over configuration
 * space and the address map; a function's MSI lock and the host's INTx
 * lock; the interrupt controller's.  The device is called with none of
 * ours held and may call pci_intx_set and pci_msi*_notify with its own
 * held.  Functions marked [any] may be called from every thread, others
 * only while no vCPU runs.
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/pci/pci_regs.h"
#include "softmmu/bus.h"
#include "softmmu/dma.h"
#include "util/error.h"

#define PCI_BARS 6
#define PCI_ROM PCI_BARS /* behind the BARs proper */
#define PCI_DEVFN(slot, function) ((slot) << 3 | (function))
#define PCI_SLOT(devfn) ((devfn) >> 3)
#define PCI_FUNCTION(devfn) ((devfn) & 7)
#define PCI_ANY_SLOT (-1)

/* Vendors whose ids we hand out, as QEMU does. */
#define PCI_VENDOR_REDHAT 0x1b36
#define PCI_VENDOR_QUMRANET 0x1af4
#define PCI_SUBSYSTEM_QEMU 0x1100

struct pci_bus;
struct pci_function;
struct pcie_host;

struct pci_ids {
    uint16_t vendor, device;
    uint16_t subsystem_vendor, subsystem;
    uint32_t class_code; /* base class, sub-class, interface */
    uint8_t revision;
};

/* Each may be NULL. */
struct pci_function_ops {
    /* Back to power-on state; configuration space already is. */
    void (*reset)(struct pci_function *f);
    /* The guest is about to read configuration space, or has written it. */
    void (*config_reading)(struct pci_function *f, unsigned offset,
                           unsigned size);
    void (*config_written)(struct pci_function *f, unsigned offset,
                           unsigned size);
    /* Bridges, while the board is built: there is one more behind. */
    void (*plugged)(struct pci_function *f);
    /* The host goes away: end with pci_function_destroy and, the memory of
     * `f` being the device's, free it. */
    void (*free)(struct pci_function *f);
};

struct pci_bar {
    uint64_t size; /* a power of two; 0: there is none */
    uint8_t type;  /* PCI_BAR_* */
    const struct mmio_ops *ops;
    void *opaque;
};

struct pci_msix {
    unsigned cap; /* offset in configuration space, 0: there is none */
    unsigned vectors;
    bool enabled, masked; /* copies of the control register's bits */
    uint8_t *table;       /* 16 bytes a vector, as the guest sees it */
    uint64_t *pending;    /* a bit a vector */
    unsigned pending_offset; /* in the BAR */
};

struct pci_msi {
    unsigned cap;
    unsigned vectors; /* 1, 2, 4, ... 32 */
    bool enabled;
    uint32_t pending;
};

struct pci_function {
    const char *name; /* of the device model, for messages */
    const struct pci_function_ops *ops;
    bool express;           /* has 4096 bytes of configuration space */
    struct pci_bus *child;  /* bridges: the secondary bus */
    struct pci_bar bars[PCI_BARS + 1];

    /* ---- below: the PCI core's ---- */
    struct pci_bus *bus; /* NULL until plugged */
    uint8_t devfn;
    bool mastering;      /* PCI_COMMAND_MASTER, for any thread */
    uint16_t next_cap;   /* first free byte for capabilities */
    uint16_t last_extended; /* newest extended capability, or 0 */
    uint16_t next_extended;
    unsigned express_cap, power_cap; /* 0: there is none */

    bool intx, intx_driven; /* as the device wants it, as it counts */
    unsigned intx_pin;      /* of the host, bridges crossed */

    pthread_mutex_t msi_lock; /* the two below */
    struct pci_msix msix;
    struct pci_msi msi;

    uint8_t *rom; /* of bars[PCI_ROM], or NULL */
    uint8_t config[PCIE_CONFIG_SIZE];
    uint8_t writable[PCIE_CONFIG_SIZE];  /* bits that writes store */
    uint8_t clearable[PCIE_CONFIG_SIZE]; /* bits that writing 1 clears */
    uint8_t initial[PCIE_CONFIG_SIZE];   /* config after reset */
};

/* ---- function.c: building ---- */

/* A function with a type 0 header and no BARs. */
void pci_function_init(struct pci_function *f, const char *name,
                       const struct pci_ids *ids,
                       const struct pci_function_ops *ops);
void pci_function_destroy(struct pci_function *f);

void pci_add_bar(struct pci_function *f, unsigned n, unsigned type,
                 uint64_t size, const struct mmio_ops *ops, void *opaque);
/* The function plugged into `bus` last; NULL before the first. */
struct pci_function *pci_bus_newest(const struct pci_bus *bus);
/* To a plugged function with a type 0 header: an expansion ROM of `size`, a
 * power of two from 2 KiB, that begins with the `length` bytes of `data`. */
void pci_add_rom(struct pci_function *f, const void *data, size_t length,
                 uint64_t size);
/* Guests shall look for functions beside this one, which is plugged. */
void pci_set_multifunction(struct pci_function *f);
/* Reserve `size` bytes in the capability list; returns their offset, the
 * first two bytes of which are filled in. */
unsigned pci_add_capability(struct pci_function *f, uint8_t id,
                            unsigned size);
unsigned pcie_add_extended(struct pci_function *f, uint16_t id,
                           unsigned version, unsigned size);
/* The Express capability of PCIE_TYPE_*; makes the function express. */
void pcie_add_express(struct pci_function *f, unsigned type);
void pci_add_power_management(struct pci_function *f);
void pci_use_intx(struct pci_function *f); /* on pin INTA# */

/*
 * Plug into the bus at PCI_DEVFN(slot, function), or where there is room.
 * False when it is taken or does not exist: `f` is still the caller's.
 */
bool pci_plug(struct pci_bus *bus, struct pci_function *f, int devfn,
              struct error **err);
/* Read "4", "04.0" or "4.1" into a devfn; NULL means PCI_ANY_SLOT. */
bool pci_parse_address(const char *text, int *devfn, struct error **err);

/* ---- config.c: the function's own registers, little-endian ---- */

/* While the board is built or from a config_* callback. */
uint32_t pci_config_get(const struct pci_function *f, unsigned offset,
                        unsigned size);
void pci_config_set(struct pci_function *f, unsigned offset, unsigned size,
                    uint32_t value);
void pci_config_set_writable(struct pci_function *f, unsigned offset,
                             unsigned size, uint32_t mask);
void pci_config_set_clearable(struct pci_function *f, unsigned offset,
                              unsigned size, uint32_t mask);

/* Does an access of config space reach this register? */
static inline bool pci_touches(unsigned offset, unsigned size, unsigned reg,
                               unsigned reg_size)
{
    return offset < reg + reg_size && reg < offset + size;
}

/* ---- intx.c ---- */

void pci_intx_set(struct pci_function *f, bool level); /* [any] */

/* ---- msi.c, msix.c ---- */

void pci_add_msi(struct pci_function *f, unsigned vectors);
bool pci_msi_enabled(const struct pci_function *f);         /* [any] */
void pci_msi_notify(struct pci_function *f, unsigned vector); /* [any] */

/* `vectors` of them, 1..2048, with table and pending bits in BAR `bar`,
 * which becomes theirs alone. */
void pci_add_msix(struct pci_function *f, unsigned bar, unsigned vectors);
bool pci_msix_enabled(const struct pci_function *f); /* [any] */
/* Send, or leave pending while masked; nothing while disabled or for a
 * vector that does not exist. */
void pci_msix_notify(struct pci_function *f, unsigned vector); /* [any] */

/* May the function access memory (bus mastering)? [any] */
static inline bool pci_mastering(const struct pci_function *f)
{
    return __atomic_load_n(&f->mastering, __ATOMIC_ACQUIRE);
}

/* ---- bus.c ---- */

/* Memory as the functions of this bus see it. */
struct dma *pci_bus_dma(const struct pci_bus *bus);
/* Would messages of its functions arrive anywhere? */
bool pci_bus_takes_msi(const struct pci_bus *bus);
/* Is this the host's own bus, not one behind a bridge? */
bool pci_bus_is_root(const struct pci_bus *bus);
/* Whose secondary bus this is; NULL for the host's own. */
const struct pci_function *pci_bus_bridge(const struct pci_bus *bus);

#endif
