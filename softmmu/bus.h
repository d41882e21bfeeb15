/*
 * The physical address space: RAM ranges and device ranges.
 *
 * Ranges are added while the board is built (and by PCI BARs later, with
 * the vCPUs paused); look-ups take no lock.  The bus splits and widens
 * accesses to what a device accepts, and is little-endian: byte 0 of an
 * access is bits 7..0 of its value.
 *
 * Device callbacks run on any vCPU thread and on the loop thread, possibly
 * at once: a device protects its state with its own lock.  A device knows
 * neither its address nor who maps it.
 */
#ifndef SOFTMMU_BUS_H
#define SOFTMMU_BUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "softmmu/ram.h"
#include "util/error.h"

#define BUS_DMA UINT32_MAX /* bus_access.cpu of a device's own access */
/* The same of a PCI function, by its 16-bit requester id: reaches memory and
 * devices that take messages. */
#define BUS_DMA_FROM(requester) (UINT32_C(0x80000000) | (requester))
#define BUS_IS_DMA(cpu) ((cpu) >= BUS_DMA_FROM(0))

struct bus_access {
    uint64_t offset; /* from the start of the region, size-aligned */
    unsigned size;   /* bytes: 1, 2, 4 or 8 */
    unsigned cpu;    /* index of the vCPU, or BUS_DMA... */
    bool secure;     /* came by the view of bus_new_secure() */
};

struct mmio_ops {
    uint64_t (*read)(void *device, struct bus_access access);
    void (*write)(void *device, struct bus_access access, uint64_t value);
    /* Accesses outside min..max bytes are refused with an external abort;
     * zero means 1 and 8. */
    unsigned min_size, max_size;
    /* Other devices may write here: interrupt doorbells.  Their locks are
     * held, so write() must not wait for anything but its own. */
    bool messages;
};

struct bus;

struct bus *bus_new(void);
void bus_free(struct bus *bus);

/*
 * What Secure accesses see: ranges of its own, mapped while the board is
 * built, and behind them all of `normal`, which owns it.
 */
struct bus *bus_new_secure(struct bus *normal);
/* That view of `bus`; without one `bus` itself. */
struct bus *bus_secure(struct bus *bus);

/* Map `size` bytes at `base`.  Overlap is a programming error. */
void bus_map_ram(struct bus *bus, uint64_t base, struct ram *ram);
void bus_map_mmio(struct bus *bus, uint64_t base, uint64_t size,
                  const char *name, const struct mmio_ops *ops, void *device);
void bus_unmap(struct bus *bus, uint64_t base);

/*
 * A ROM device (flash): writes always go to the device; reads and execution
 * are those of `ram`, which is readonly, while it is direct, else they go to
 * the device too.  It starts direct.  Whoever keeps host addresses of `ram`
 * (TLBs) has to be told of a change, after it. [any]
 */
void bus_map_rom_device(struct bus *bus, uint64_t base, struct ram *ram,
                        const struct mmio_ops *ops, void *device);
void bus_set_direct(struct bus *bus, struct ram *ram, bool direct);

/* RAM that holds all of [pa, pa+size), or NULL; *offset into it. */
struct ram *bus_ram(struct bus *bus, uint64_t pa, uint64_t size,
                    uint64_t *offset);
/* RAM that has this byte of the host's memory, be it for Secure accesses
 * only, or NULL; *offset into it. */
struct ram *bus_ram_of(struct bus *bus, const uint8_t *host,
                       uint64_t *offset);

/*
 * One access of 1, 2, 4 or 8 bytes, RAM or device, within one page.  False
 * when nothing answers or the device refuses the size: the initiator takes
 * an external abort.  Unaligned device accesses are made byte by byte.
 * Writes to read-only RAM are ignored, as a ROM ignores them, unless a ROM
 * device takes them.
 */
bool bus_read(struct bus *bus, uint64_t pa, unsigned size, unsigned cpu,
              uint64_t *value);
bool bus_write(struct bus *bus, uint64_t pa, unsigned size, unsigned cpu,
               uint64_t value);

/* How often each device was asked by processors and devices, since the
 * start; about, when several ask at once. [any] */
void bus_print_counts(const struct bus *bus, FILE *f);

/*
 * A device region that was looked up before: accesses to it look up nothing
 * while the map stays as it is.  For aligned accesses of one size that the
 * device takes as they are.
 */
struct bus_window {
    uint64_t base, last; /* inclusive */
    const struct mmio_ops *ops;
    void *device;
    struct bus_count *count;
    const struct bus *map; /* that has it */
    uint32_t sequence;     /* of the map; odd: none */
    bool secure;
};

/* The device that answers at `pa`; false if that is RAM or nothing. */
bool bus_find_window(struct bus *bus, uint64_t pa, struct bus_window *window);

/* False: nothing was done, use bus_read() and bus_write(). */
bool bus_window_read(const struct bus_window *window, uint64_t pa,
                     unsigned size, unsigned cpu, uint64_t *value);
bool bus_window_write(const struct bus_window *window, uint64_t pa,
                      unsigned size, unsigned cpu, uint64_t value);

/* Print the map, a range a line. */
void bus_dump(struct bus *bus, FILE *f);

#endif
