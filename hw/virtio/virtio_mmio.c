/*
 * Virtio over MMIO: one slot, empty or with a device.
 *
 * Manual: virtio 1.2, 4.2 (MMIO transport); 4.2.4 for the legacy registers.
 * Exposes: one region of 512 bytes; one line, high while InterruptStatus is
 * not zero.
 *
 * Threads: registers from any vCPU.  They are under the device's lock, but
 * for the three whose effect must not be waited for with it held: Status,
 * QueueNotify and the resets of a queue.
 */
#include "hw/virtio/virtio_mmio.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/log.h"

/* Registers (table 4.1, table 4.2 for the legacy ones) */
enum {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_VENDOR_ID = 0x00c,
    REG_DEVICE_FEATURES = 0x010,
    REG_DEVICE_FEATURES_SEL = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SEL = 0x024,
    REG_GUEST_PAGE_SIZE = 0x028, /* legacy */
    REG_QUEUE_SEL = 0x030,
    REG_QUEUE_NUM_MAX = 0x034,
    REG_QUEUE_NUM = 0x038,
    REG_QUEUE_ALIGN = 0x03c, /* legacy */
    REG_QUEUE_PFN = 0x040,   /* legacy */
    REG_QUEUE_READY = 0x044,
    REG_QUEUE_NOTIFY = 0x050,
    REG_INTERRUPT_STATUS = 0x060,
    REG_INTERRUPT_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_QUEUE_DESC_LOW = 0x080,
    REG_QUEUE_DESC_HIGH = 0x084,
    REG_QUEUE_DRIVER_LOW = 0x090,
    REG_QUEUE_DRIVER_HIGH = 0x094,
    REG_QUEUE_DEVICE_LOW = 0x0a0,
    REG_QUEUE_DEVICE_HIGH = 0x0a4,
    REG_SHM_SEL = 0x0ac,
    REG_SHM_LEN_LOW = 0x0b0,
    REG_SHM_BASE_HIGH = 0x0bc,
    REG_QUEUE_RESET = 0x0c0,
    REG_CONFIG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
};

enum {
    MAGIC = 0x74726976,     /* "virt" */
    VENDOR = 0x554d4551,    /* "QEMU", which drivers of its guests look for */
};

/* InterruptStatus */
enum { INT_USED = 1 << 0, INT_CONFIG = 1 << 1 };

struct virtio_mmio {
    struct virtio_device *dev; /* NULL: empty slot */
    struct irq irq;
    uint64_t base;
    bool legacy;

    uint8_t interrupt_status;
    bool level; /* of irq as last sent */
    bool device_high, driver_high; /* FeaturesSel: bits 63..32 */
    bool device_none, driver_none; /* a FeaturesSel beyond these */
    uint32_t queue_sel;
    uint32_t guest_page_size;
    uint32_t queue_align;
};

static void mmio_update(struct virtio_mmio *s)
{
    bool level = s->interrupt_status != 0;

    if (level != s->level) {
        s->level = level;
        irq_set(&s->irq, level);
    }
}

static void mmio_queue_interrupt(void *transport, unsigned n)
{
    struct virtio_mmio *s = transport;

    (void)n;
    s->interrupt_status |= INT_USED;
    mmio_update(s);
}

static void mmio_config_interrupt(void *transport)
{
    struct virtio_mmio *s = transport;

    s->interrupt_status |= INT_CONFIG;
    mmio_update(s);
}

static const struct virtio_transport_ops mmio_transport = {
    .queue_interrupt = mmio_queue_interrupt,
    .config_interrupt = mmio_config_interrupt,
};

/* Read ----------------------------------------------------------------- */

static uint32_t empty_slot_read(const struct virtio_mmio *s, uint32_t reg)
{
    switch (reg) {
    case REG_MAGIC:
        return MAGIC;
    case REG_VERSION:
        return s->legacy ? 1 : 2;
    case REG_VENDOR_ID:
        return VENDOR;
    default:
        return 0;
    }
}

static uint32_t legacy_pfn(const struct virtio_mmio *s,
                           const struct virtq *vq)
{
    return vq && vq->ready ? (uint32_t)(vq->desc / s->guest_page_size) : 0;
}

/* Registers of version 1 or 2 only; *known says whether there is one. */
static uint32_t version_read(struct virtio_mmio *s, uint32_t reg,
                             const struct virtq *vq, bool *known)
{
    *known = true;
    if (s->legacy) {
        if (reg == REG_QUEUE_PFN) {
            return legacy_pfn(s, vq);
        }
        *known = false;
        return 0;
    }
    switch (reg) {
    case REG_QUEUE_READY:
        return vq && vq->ready;
    case REG_SHM_LEN_LOW ... REG_SHM_BASE_HIGH:
        return UINT32_MAX; /* no such region */
    case REG_QUEUE_RESET:
        return 0; /* done by the time the write was */
    case REG_CONFIG_GENERATION:
        return s->dev->generation;
    default:
        *known = false;
        return 0;
    }
}

static uint32_t register_read(struct virtio_mmio *s, uint32_t reg)
{
    const struct virtq *vq = virtio_queue(s->dev, s->queue_sel);
    bool known;

    switch (reg) {
    case REG_MAGIC:
    case REG_VERSION:
    case REG_VENDOR_ID:
        return empty_slot_read(s, reg);
    case REG_DEVICE_ID:
        return s->dev->ops->id;
    case REG_DEVICE_FEATURES:
        return s->device_none ? 0 : virtio_offered(s->dev, s->legacy,
                                                   s->device_high);
    case REG_QUEUE_NUM_MAX:
        return vq ? vq->max_size : 0;
    case REG_INTERRUPT_STATUS:
        return s->interrupt_status;
    case REG_STATUS:
        return s->dev->status;
    }
    uint32_t value = version_read(s, reg, vq, &known);
    if (!known) {
        guest_error("virtio-mmio: read of register 0x%03x", reg);
    }
    return value;
}

static uint64_t mmio_read(void *device, struct bus_access access)
{
    struct virtio_mmio *s = device;
    uint32_t reg = (uint32_t)access.offset;
    uint64_t value;

    if (!s->dev) {
        return empty_slot_read(s, reg);
    }
    if (reg < REG_CONFIG && access.size != 4) {
        guest_error("virtio-mmio: %u-byte read of register 0x%03x",
                    access.size, reg);
        return 0;
    }
    virtio_lock(s->dev);
    if (reg >= REG_CONFIG) {
        value = virtio_config_read(s->dev, reg - REG_CONFIG, access.size);
    } else {
        value = register_read(s, reg);
    }
    virtio_unlock(s->dev);
    return value;
}

/* Write ---------------------------------------------------------------- */

static void transport_reset(struct virtio_mmio *s)
{
    s->interrupt_status = 0;
    s->device_high = false;
    s->driver_high = false;
    s->device_none = false;
    s->driver_none = false;
    s->queue_sel = 0;
    s->guest_page_size = 4096;
    s->queue_align = 4096;
    mmio_update(s);
}

void virtio_mmio_reset(struct virtio_mmio *s)
{
    if (s->dev) {
        virtio_reset(s->dev);
        virtio_lock(s->dev);
        transport_reset(s);
        virtio_unlock(s->dev);
    }
}

static void queue_write(struct virtio_mmio *s, uint32_t reg, uint32_t value)
{
    struct virtq *vq = virtio_queue(s->dev, s->queue_sel);

    if (!vq || vq->ready || s->dev->resetting) {
        guest_error("virtio-mmio: write of register 0x%03x for queue %u, "
                    "which %s", reg, s->queue_sel,
                    vq ? "is in use" : "does not exist");
        return;
    }
    switch (reg) {
    case REG_QUEUE_NUM:
        vq->size = value > UINT16_MAX ? 0 : (uint16_t)value;
        break;
    case REG_QUEUE_DESC_LOW:
    case REG_QUEUE_DESC_HIGH:
        virtq_set_address(&vq->desc, reg == REG_QUEUE_DESC_HIGH, value);
        break;
    case REG_QUEUE_DRIVER_LOW:
    case REG_QUEUE_DRIVER_HIGH:
        virtq_set_address(&vq->driver, reg == REG_QUEUE_DRIVER_HIGH, value);
        break;
    default:
        virtq_set_address(&vq->device, reg == REG_QUEUE_DEVICE_HIGH, value);
        break;
    }
}

/* Registers of both versions; false when it is none of them. */
static bool common_write(struct virtio_mmio *s, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case REG_DEVICE_FEATURES_SEL:
        s->device_high = value == 1;
        s->device_none = value > 1;
        return true;
    case REG_DRIVER_FEATURES:
        if (!s->driver_none) {
            virtio_accept(s->dev, s->legacy, s->driver_high, value);
        }
        return true;
    case REG_DRIVER_FEATURES_SEL:
        s->driver_high = value == 1;
        s->driver_none = value > 1;
        return true;
    case REG_QUEUE_SEL:
        s->queue_sel = value;
        return true;
    case REG_QUEUE_NUM:
        queue_write(s, reg, value);
        return true;
    case REG_INTERRUPT_ACK:
        s->interrupt_status &= (uint8_t)~value;
        mmio_update(s);
        return true;
    default:
        return false;
    }
}

static bool legacy_write(struct virtio_mmio *s, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case REG_GUEST_PAGE_SIZE:
        if (!is_power_of_2(value)) {
            guest_error("virtio-mmio: guest page size %u", value);
            return true;
        }
        s->guest_page_size = value;
        return true;
    case REG_QUEUE_ALIGN:
        s->queue_align = value;
        return true;
    case REG_QUEUE_PFN:
        virtio_queue_start_legacy(s->dev, s->queue_sel,
                                  (uint64_t)value * s->guest_page_size,
                                  s->queue_align);
        return true;
    default:
        return false;
    }
}

static bool modern_write(struct virtio_mmio *s, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case REG_QUEUE_READY:
        virtio_queue_enable(s->dev, s->queue_sel);
        return true;
    case REG_QUEUE_DESC_LOW:
    case REG_QUEUE_DESC_HIGH:
    case REG_QUEUE_DRIVER_LOW:
    case REG_QUEUE_DRIVER_HIGH:
    case REG_QUEUE_DEVICE_LOW:
    case REG_QUEUE_DEVICE_HIGH:
        queue_write(s, reg, value);
        return true;
    case REG_SHM_SEL:
        return true;
    default:
        return false;
    }
}

/* Those that wait for the device or wake it; false when it is none. */
static bool unlocked_write(struct virtio_mmio *s, uint32_t reg,
                           uint32_t value)
{
    bool stop_queue = s->legacy ? reg == REG_QUEUE_PFN && !value :
                      (reg == REG_QUEUE_READY && !(value & 1)) ||
                      (reg == REG_QUEUE_RESET && value & 1);

    if (reg == REG_QUEUE_NOTIFY) {
        virtio_kick(s->dev, value);
        return true;
    }
    if (reg == REG_STATUS && !(value & 0xff)) {
        virtio_mmio_reset(s);
        return true;
    }
    if (reg == REG_STATUS) {
        virtio_set_status(s->dev, s->legacy, (uint8_t)value);
        return true;
    }
    if (stop_queue) {
        virtio_lock(s->dev);
        uint32_t n = s->queue_sel;
        virtio_unlock(s->dev);
        virtio_queue_reset(s->dev, n);
    }
    return stop_queue;
}

static void mmio_write(void *device, struct bus_access access,
                       uint64_t value)
{
    struct virtio_mmio *s = device;
    uint32_t reg = (uint32_t)access.offset;

    if (!s->dev) {
        return;
    }
    if (reg < REG_CONFIG && access.size != 4) {
        guest_error("virtio-mmio: %u-byte write of register 0x%03x",
                    access.size, reg);
        return;
    }
    if (unlocked_write(s, reg, (uint32_t)value)) {
        return;
    }
    virtio_lock(s->dev);
    if (reg >= REG_CONFIG) {
        virtio_config_write(s->dev, reg - REG_CONFIG, access.size, value);
    } else if (!common_write(s, reg, (uint32_t)value) &&
               !(s->legacy ? legacy_write(s, reg, (uint32_t)value)
                           : modern_write(s, reg, (uint32_t)value))) {
        guest_error("virtio-mmio: write of register 0x%03x", reg);
    }
    virtio_unlock(s->dev);
}

static const struct mmio_ops virtio_mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .min_size = 1,
    .max_size = 8,
};

/* Device tree, creation ------------------------------------------------ */

void virtio_mmio_fdt(const struct virtio_mmio *s, struct fdt_builder *fdt,
                     unsigned spi)
{
    char path[40];

    snprintf(path, sizeof(path), "/virtio_mmio@%llx",
             (unsigned long long)s->base);
    fdt_node(fdt, path);
    fdt_prop_string(fdt, path, "compatible", "virtio,mmio");
    fdt_prop_reg(fdt, path, s->base, VIRTIO_MMIO_SIZE);
    fdt_prop_cells(fdt, path, "interrupts", FDT_GIC_SPI, spi,
                   FDT_IRQ_EDGE_RISING);
    fdt_prop_empty(fdt, path, "dma-coherent");
}

struct virtio_mmio *virtio_mmio_create(struct bus *bus, uint64_t base,
                                       struct irq irq, bool legacy)
{
    struct virtio_mmio *s = calloc(1, sizeof(*s));

    assert(s);
    s->irq = irq;
    s->base = base;
    s->legacy = legacy;
    transport_reset(s);
    bus_map_mmio(bus, base, VIRTIO_MMIO_SIZE, "virtio-mmio",
                 &virtio_mmio_ops, s);
    return s;
}

void virtio_mmio_plug(struct virtio_mmio *s, struct virtio_device *dev)
{
    assert(!s->dev);
    s->dev = dev;
    virtio_attach(dev, &mmio_transport, s);
}

struct virtio_device *virtio_mmio_device(const struct virtio_mmio *s)
{
    return s->dev;
}

void virtio_mmio_free(struct virtio_mmio *s)
{
    if (s) {
        virtio_free(s->dev);
        free(s);
    }
}
