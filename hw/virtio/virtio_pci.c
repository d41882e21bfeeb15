/*
 * Virtio over PCI: a function with one device behind it.
 *
 * Manual: virtio 1.2, 4.1 (PCI transport).  A transitional device has the
 * legacy registers in I/O BAR 0 and the modern structures in memory BAR 4;
 * MSI-X has BAR 1.  Where each structure is, vendor capabilities tell.
 *
 * Threads: registers from any vCPU; interrupts from the device's thread,
 * under its lock.
 */
#include "hw/virtio/virtio_pci.h"

#include <assert.h>
#include <stdlib.h>

#include "hw/virtio/virtio_pci_internal.h"
#include "util/log.h"

#define LEGACY_BAR 0
#define MSIX_BAR 1
#define MODERN_BAR 4
#define MODERN_ID 0x1040 /* and the virtio device id */

/* Types of vendor capabilities (4.1.4) */
enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_WINDOW };

/* struct virtio_pci_cap */
enum {
    CAP_LENGTH = 2,
    CAP_TYPE = 3,
    CAP_BAR = 4,
    CAP_OFFSET = 8,
    CAP_SIZE = 12,
    CAP_END = 16,
    CAP_NOTIFY_STEP = 16, /* CAP_NOTIFY only */
    CAP_WINDOW_DATA = 16, /* CAP_WINDOW only */
    CAP_LONG_END = 20,
};

/* PCI ids by device type; without a transitional id it is modern only
 * (4.1.2, and the class codes that QEMU gives). */
struct type {
    uint16_t id, transitional;
    uint32_t class_code;
};

static const struct type types[] = {
    {1, 0x1000, 0x020000},  /* net */
    {2, 0x1001, 0x010000},  /* block */
    {3, 0x1003, 0x078000},  /* console */
    {4, 0x1005, 0x00ff00},  /* entropy source */
    {5, 0x1002, 0x00ff00},  /* balloon */
    {8, 0x1004, 0x010000},  /* SCSI host */
    {9, 0x1009, 0x000200},  /* 9P */
    {16, 0, 0x038000},      /* GPU */
    {18, 0, 0x098000},      /* input */
    {26, 0, 0x018000},      /* file system */
};

static const struct type *find_type(uint16_t id)
{
    static const struct type other = {0, 0, 0x00ff00};

    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].id == id) {
            return &types[i];
        }
    }
    return &other;
}

/* Interrupts ------------------------------------------------------------ */

static void pci_update(struct virtio_pci *s)
{
    pci_intx_set(&s->pci, s->isr && !pci_msix_enabled(&s->pci));
}

uint8_t virtio_pci_take_isr(struct virtio_pci *s)
{
    uint8_t isr = s->isr;

    s->isr = 0;
    pci_update(s);
    return isr;
}

static uint16_t valid_vector(const struct virtio_pci *s, uint64_t value)
{
    return value < s->pci.msix.vectors ? (uint16_t)value
                                       : VIRTIO_PCI_NO_VECTOR;
}

void virtio_pci_set_config_vector(struct virtio_pci *s, uint64_t value)
{
    s->config_vector = valid_vector(s, value);
}

void virtio_pci_set_queue_vector(struct virtio_pci *s, uint64_t value)
{
    if (virtio_queue(s->dev, s->queue_select)) {
        s->queue_vector[s->queue_select] = valid_vector(s, value);
    }
}

static void interrupt(struct virtio_pci *s, uint16_t vector, uint8_t isr)
{
    if (pci_msix_enabled(&s->pci)) {
        pci_msix_notify(&s->pci, vector);
    } else {
        s->isr |= isr;
        pci_update(s);
    }
}

static void queue_interrupt(void *transport, unsigned n)
{
    struct virtio_pci *s = transport;

    interrupt(s, s->queue_vector[n], VIRTIO_PCI_ISR_QUEUE);
}

static void config_interrupt(void *transport)
{
    struct virtio_pci *s = transport;

    interrupt(s, s->config_vector, VIRTIO_PCI_ISR_CONFIG);
}

static const struct virtio_transport_ops pci_transport = {
    .queue_interrupt = queue_interrupt,
    .config_interrupt = config_interrupt,
};

/* Reset, status --------------------------------------------------------- */

static void transport_reset(struct virtio_pci *s)
{
    s->isr = 0;
    s->config_vector = VIRTIO_PCI_NO_VECTOR;
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        s->queue_vector[i] = VIRTIO_PCI_NO_VECTOR;
    }
    s->queue_select = 0;
    s->device_select = 0;
    s->driver_select = 0;
    pci_update(s);
}

static void device_reset(struct virtio_pci *s)
{
    virtio_reset(s->dev);
    virtio_lock(s->dev);
    transport_reset(s);
    virtio_unlock(s->dev);
}

static void function_reset(struct pci_function *f)
{
    device_reset(container_of(f, struct virtio_pci, pci));
}

void virtio_pci_set_status(struct virtio_pci *s, bool legacy, uint8_t status)
{
    if (!status) {
        device_reset(s);
    } else {
        virtio_set_status(s->dev, legacy, status);
    }
}

/* Configuration space --------------------------------------------------- */

/* What the window capability (4.1.4.9) points at; false when at nothing. */
static bool window(const struct virtio_pci *s, struct bus_access *access)
{
    const struct pci_function *f = &s->pci;
    uint32_t offset = pci_config_get(f, s->window_cap + CAP_OFFSET, 4);
    uint32_t size = pci_config_get(f, s->window_cap + CAP_SIZE, 4);

    *access = (struct bus_access){offset, size, 0, false};
    return pci_config_get(f, s->window_cap + CAP_BAR, 1) == MODERN_BAR &&
           (size == 1 || size == 2 || size == 4) && offset % size == 0 &&
           offset < VIRTIO_PCI_MODERN_SIZE;
}

static void config_reading(struct pci_function *f, unsigned offset,
                           unsigned size)
{
    struct virtio_pci *s = container_of(f, struct virtio_pci, pci);
    unsigned data = s->window_cap + CAP_WINDOW_DATA;
    struct bus_access access;

    if (s->window_cap && pci_touches(offset, size, data, 4) &&
        window(s, &access)) {
        uint64_t value = virtio_pci_modern_ops.read(s, access);
        pci_config_set(f, data, access.size, (uint32_t)value);
    }
}

/* Without bus mastering the device must keep off memory: it stops, for it
 * cannot be told of single queues. */
static void stop_unless_mastering(struct virtio_pci *s)
{
    uint8_t status = __atomic_load_n(&s->dev->status, __ATOMIC_RELAXED);

    if (!pci_mastering(&s->pci) && (status & VIRTIO_DRIVER_OK)) {
        status &= (uint8_t)~VIRTIO_DRIVER_OK;
        virtio_pci_set_status(s, false, status);
    }
}

static void config_written(struct pci_function *f, unsigned offset,
                           unsigned size)
{
    struct virtio_pci *s = container_of(f, struct virtio_pci, pci);
    unsigned data = s->window_cap + CAP_WINDOW_DATA;
    struct bus_access access;

    if (pci_touches(offset, size, PCI_COMMAND, 2)) {
        stop_unless_mastering(s);
    }
    if (f->msix.cap &&
        pci_touches(offset, size, f->msix.cap, PCI_MSIX_SIZE)) {
        virtio_lock(s->dev);
        pci_update(s);
        virtio_unlock(s->dev);
    }
    if (s->window_cap && pci_touches(offset, size, data, 4) &&
        window(s, &access)) {
        virtio_pci_modern_ops.write(s, access,
                                    pci_config_get(f, data, access.size));
    }
}

static void function_free(struct pci_function *f)
{
    struct virtio_pci *s = container_of(f, struct virtio_pci, pci);

    virtio_free(s->dev);
    pci_function_destroy(f);
    free(s);
}

static const struct pci_function_ops function_ops = {
    .reset = function_reset,
    .config_reading = config_reading,
    .config_written = config_written,
    .free = function_free,
};

/* Creation -------------------------------------------------------------- */

static unsigned add_cap(struct virtio_pci *s, uint8_t type, uint32_t offset,
                        unsigned length)
{
    struct pci_function *f = &s->pci;
    unsigned cap = pci_add_capability(f, PCI_CAP_VENDOR, length);

    pci_config_set(f, cap + CAP_LENGTH, 1, length);
    pci_config_set(f, cap + CAP_TYPE, 1, type);
    if (type != CAP_WINDOW) {
        pci_config_set(f, cap + CAP_BAR, 1, MODERN_BAR);
        pci_config_set(f, cap + CAP_OFFSET, 4, offset);
        pci_config_set(f, cap + CAP_SIZE, 4, VIRTIO_PCI_PAGE);
    }
    return cap;
}

static void add_modern(struct virtio_pci *s)
{
    struct pci_function *f = &s->pci;

    add_cap(s, CAP_COMMON, VIRTIO_PCI_COMMON, CAP_END);
    add_cap(s, CAP_ISR, VIRTIO_PCI_ISR, CAP_END);
    add_cap(s, CAP_DEVICE, VIRTIO_PCI_DEVICE, CAP_END);
    unsigned notify =
        add_cap(s, CAP_NOTIFY, VIRTIO_PCI_NOTIFY, CAP_LONG_END);
    pci_config_set(f, notify + CAP_NOTIFY_STEP, 4, VIRTIO_PCI_NOTIFY_STEP);
    s->window_cap = add_cap(s, CAP_WINDOW, 0, CAP_LONG_END);
    pci_config_set_writable(f, s->window_cap + CAP_BAR, 1, 0xff);
    pci_config_set_writable(f, s->window_cap + CAP_OFFSET, 4, UINT32_MAX);
    pci_config_set_writable(f, s->window_cap + CAP_SIZE, 4, UINT32_MAX);
    pci_config_set_writable(f, s->window_cap + CAP_WINDOW_DATA, 4,
                            UINT32_MAX);
    pci_add_bar(f, MODERN_BAR, PCI_BAR_64 | PCI_BAR_PREFETCH,
                VIRTIO_PCI_MODERN_SIZE, &virtio_pci_modern_ops, s);
}

static void add_legacy(struct virtio_pci *s)
{
    uint64_t size = VIRTIO_PCI_LEGACY_MSIX_HEADER;

    while (size < VIRTIO_PCI_LEGACY_MSIX_HEADER + s->dev->config_size ||
           !is_power_of_2(size)) {
        size++;
    }
    pci_add_bar(&s->pci, LEGACY_BAR, PCI_BAR_IO, size,
                &virtio_pci_legacy_ops, s);
}

static void build(struct virtio_pci *s, const struct type *type,
                  const struct pci_bus *bus, unsigned vectors)
{
    bool port = !pci_bus_is_root(bus), msi = pci_bus_takes_msi(bus);
    struct pci_ids ids = {
        .vendor = PCI_VENDOR_QUMRANET,
        .device = s->legacy ? type->transitional
                            : MODERN_ID + s->dev->ops->id,
        .subsystem_vendor = PCI_VENDOR_QUMRANET,
        .subsystem = s->legacy ? s->dev->ops->id : PCI_SUBSYSTEM_QEMU,
        .class_code = type->class_code,
        .revision = s->legacy ? 0 : 1,
    };

    pci_function_init(&s->pci, s->dev->ops->name, &ids, &function_ops);
    if (port) {
        pcie_add_express(&s->pci, PCIE_TYPE_ENDPOINT);
        pci_add_power_management(&s->pci);
    }
    if (s->modern) {
        add_modern(s);
    }
    if (s->legacy) {
        add_legacy(s);
    }
    if (vectors && msi) {
        pci_add_msix(&s->pci, MSIX_BAR, vectors);
    }
    pci_use_intx(&s->pci);
}

/* Which interfaces; false when none is left. */
static bool choose(struct virtio_pci *s, const struct type *type, bool port,
                   const struct virtio_pci_config *c, struct error **err)
{
    bool no_legacy = c->disable_legacy == VIRTIO_PCI_ON ||
                     (c->disable_legacy == VIRTIO_PCI_AUTO && port);

    s->modern = !c->disable_modern;
    s->legacy = !no_legacy && type->transitional;
    if (!s->modern && !s->legacy) {
        error_set(err, "%s-pci: disable-modern=on leaves no interface%s",
                  s->dev->ops->name,
                  type->transitional ? "; add disable-legacy=off"
                                     : ", for it has no legacy one");
        return false;
    }
    return true;
}

bool virtio_pci_create(struct pci_bus *bus, int devfn,
                       struct virtio_device *dev,
                       const struct virtio_pci_config *config,
                       struct error **err)
{
    struct virtio_pci *s = calloc(1, sizeof(*s));
    const struct type *type = find_type(dev->ops->id);
    bool port = !pci_bus_is_root(bus);
    unsigned vectors = config->vectors < 0 ? dev->queue_count + 1
                                           : (unsigned)config->vectors;

    assert(s);
    s->dev = dev;
    if (vectors > VIRTIO_MAX_QUEUES + 1) {
        error_set(err, "%s-pci: vectors=%u is more than %u", dev->ops->name,
                  vectors, VIRTIO_MAX_QUEUES + 1);
        free(s);
        return false;
    }
    if (!choose(s, type, port, config, err)) {
        free(s);
        return false;
    }
    build(s, type, bus, vectors);
    if (!pci_plug(bus, &s->pci, devfn, err)) {
        pci_function_destroy(&s->pci);
        free(s);
        return false;
    }
    virtio_lock(dev);
    transport_reset(s);
    virtio_unlock(dev);
    virtio_attach(dev, &pci_transport, s);
    return true;
}

const struct pci_function *
virtio_pci_function(const struct virtio_device *dev)
{
    const struct virtio_pci *s = dev->transport;

    return &s->pci;
}
