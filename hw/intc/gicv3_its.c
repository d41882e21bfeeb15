/*
 * The ITS's registers and translation (IHI 0069 5.1.1, 12.19): 64 KiB of
 * control and 64 KiB in which GITS_TRANSLATER is the one register.
 *
 * 0x00000 GITS_CTLR      enable; quiescent
 * 0x00004 GITS_IIDR      RO
 * 0x00008 GITS_TYPER     RO  what is implemented
 * 0x00080 GITS_CBASER    the command queue
 * 0x00088 GITS_CWRITER   its end, by the guest
 * 0x00090 GITS_CREADR    RO  its beginning, by us
 * 0x00100 GITS_BASER<n>  tables: devices, collections
 * 0x0ffd0 GITS_PIDR, CIDR
 * 0x10040 GITS_TRANSLATER  WO  event numbers, from devices
 */
#include "hw/intc/gicv3_its.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "hw/intc/gicv3_its_internal.h"
#include "util/log.h"

enum {
    GITS_CTLR = 0x0000,
    GITS_TYPER = 0x0008,
    GITS_CBASER = 0x0080,
    GITS_CWRITER = 0x0088,
    GITS_CREADR = 0x0090,
    GITS_BASER0 = 0x0100,
    GITS_BASER7 = 0x0138,
    GITS_PIDR4 = 0xffd0,
    FRAME_SIZE = 0x10000,
    GITS_TRANSLATER = 0x0040, /* in the second frame */
};

/* GITS_CTLR */
#define CTLR_ENABLED BIT(0)
#define CTLR_QUIESCENT BIT(31)

#define IIDR 0x43b

/* GITS_TYPER */
#define TYPER_PHYSICAL BIT(0)
#define TYPER                                                             \
    (TYPER_PHYSICAL | (ITS_ENTRY_SIZE - 1) << 4 |                         \
     (ITS_EVENT_BITS - 1) << 8 | (ITS_DEVICE_BITS - 1) << 13 |            \
     (uint64_t)(ITS_COLLECTION_BITS - 1) << 32 | BIT(36))

/* GITS_CBASER, GITS_CWRITER */
#define CBASER_WRITABLE UINT64_C(0xf8effffffffffcff)
#define CWRITER_WRITABLE UINT64_C(0x00000000000fffe0)
#define CWRITER_RETRY BIT(0)

/* GITS_BASER<n>: type and entry size are ours. */
#define BASER_TYPE(type) ((uint64_t)(type) << 56)
#define BASER_ENTRY_SIZE ((uint64_t)(ITS_ENTRY_SIZE - 1) << 48)
#define BASER_WRITABLE (~(BASER_TYPE(7) | (uint64_t)0x1f << 48))
enum { TYPE_DEVICES = 1, TYPE_COLLECTIONS = 4 };

/* ---- control registers, as 64-bit words ---- */

static uint64_t baser_fixed(unsigned n)
{
    static const uint8_t types[ITS_TABLES] = {
        [ITS_DEVICES] = TYPE_DEVICES, [ITS_COLLECTIONS] = TYPE_COLLECTIONS};

    return BASER_TYPE(types[n]) | BASER_ENTRY_SIZE;
}

static uint64_t id_word(unsigned offset)
{
    /* PIDR4..7, 0..3, CIDR0..3 */
    static const uint8_t id[] = {0x44, 0x00, 0x00, 0x00, 0x94, 0xb4,
                                 0x3b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    unsigned i = (offset - GITS_PIDR4) / 4;

    return id[i] | (uint64_t)id[i + 1] << 32;
}

static uint64_t word_read(const struct gicv3_its *its, unsigned offset)
{
    unsigned n = (offset - GITS_BASER0) / 8;

    switch (offset) {
    case GITS_CTLR: /* commands never outlast the write that starts them */
        return (its->enabled ? CTLR_ENABLED : CTLR_QUIESCENT) |
               (uint64_t)IIDR << 32;
    case GITS_TYPER:
        return TYPER;
    case GITS_CBASER:
        return its->cbaser;
    case GITS_CWRITER:
        return its->cwriter;
    case GITS_CREADR:
        return its->creadr;
    case GITS_BASER0 ... GITS_BASER7:
        return n < ITS_TABLES ? its->baser[n] | baser_fixed(n) : 0;
    case GITS_PIDR4 ... FRAME_SIZE - 8:
        return id_word(offset);
    default:
        guest_error("its: no register to read at 0x%x", offset);
        return 0;
    }
}

static uint64_t merge(uint64_t old, uint64_t value, uint64_t mask)
{
    return (old & ~mask) | (value & mask);
}

static void cbaser_write(struct gicv3_its *its, uint64_t value, uint64_t mask)
{
    its->cbaser = merge(its->cbaser, value, mask & CBASER_WRITABLE);
    its->creadr = 0;
}

static void cwriter_write(struct gicv3_its *its, uint64_t value,
                          uint64_t mask)
{
    its->cwriter = merge(its->cwriter, value, mask & CWRITER_WRITABLE);
    if (value & mask & CWRITER_RETRY) {
        its->creadr &= ~ITS_STALLED;
    }
    its_run_commands(its);
}

/* Bits of `mask` only. */
static void word_write(struct gicv3_its *its, unsigned offset, uint64_t value,
                       uint64_t mask)
{
    unsigned n = (offset - GITS_BASER0) / 8;
    bool setup = offset == GITS_CBASER ||
                 (offset >= GITS_BASER0 && offset <= GITS_BASER7);

    if (setup && its->enabled) {
        guest_error("its: write at 0x%x while enabled", offset);
        return;
    }
    switch (offset) {
    case GITS_CTLR:
        its->enabled = merge(its->enabled, value, mask & CTLR_ENABLED);
        its_run_commands(its);
        break;
    case GITS_CBASER:
        cbaser_write(its, value, mask);
        break;
    case GITS_CWRITER:
        cwriter_write(its, value, mask);
        break;
    case GITS_BASER0 ... GITS_BASER7:
        if (n < ITS_TABLES) {
            its->baser[n] = merge(its->baser[n], value,
                                  mask & BASER_WRITABLE);
        }
        break;
    default:
        guest_error("its: no register to write at 0x%x", offset);
        break;
    }
}

/* ---- accesses ---- */

static uint64_t control_read(struct gicv3_its *its, struct bus_access access)
{
    unsigned offset = (unsigned)access.offset & ~7u;

    return word_read(its, offset) >> (access.offset % 8 * 8);
}

static void control_write(struct gicv3_its *its, struct bus_access access,
                          uint64_t value)
{
    unsigned offset = (unsigned)access.offset & ~7u;
    unsigned shift = access.offset % 8 * 8;

    word_write(its, offset, value << shift,
               mask64((int)access.size * 8) << shift);
}

/* A message: whose, the bus says. */
static void translate(struct gicv3_its *its, struct bus_access access,
                      uint32_t event)
{
    uint32_t device = access.cpu - BUS_DMA_FROM(0);
    struct its_event found;
    unsigned cpu;

    if (!BUS_IS_DMA(access.cpu) || access.cpu == BUS_DMA) {
        guest_error("its: GITS_TRANSLATER is written by a processor");
        return;
    }
    if (!its->enabled ||
        !its_event_target(its, device, event, &found, &cpu)) {
        guest_error("its: message of device 0x%x, event 0x%x, is not mapped",
                    device, event);
        return;
    }
    gic_lock(its->gic);
    gic_lpi_set_pending(its->gic, cpu, found.intid, true);
    gic_unlock(its->gic);
}

static uint64_t its_read(void *device, struct bus_access access)
{
    struct gicv3_its *its = device;
    uint64_t value = 0;

    pthread_mutex_lock(&its->lock);
    if (access.offset < FRAME_SIZE) {
        value = control_read(its, access);
    }
    pthread_mutex_unlock(&its->lock);
    return value;
}

static void its_write(void *device, struct bus_access access, uint64_t value)
{
    struct gicv3_its *its = device;

    pthread_mutex_lock(&its->lock);
    if (access.offset < FRAME_SIZE) {
        control_write(its, access, value);
    } else if (access.offset == FRAME_SIZE + GITS_TRANSLATER) {
        translate(its, access, (uint32_t)value);
    } else {
        guest_error("its: no register to write at 0x%" PRIx64,
                    access.offset);
    }
    pthread_mutex_unlock(&its->lock);
}

/* 16 bits are for GITS_TRANSLATER. */
static const struct mmio_ops its_ops = {
    .read = its_read, .write = its_write, .min_size = 2, .max_size = 8,
    .messages = true};

/* ---- reset, device tree, creation ---- */

void gicv3_its_reset(struct gicv3_its *its)
{
    pthread_mutex_lock(&its->lock);
    its->enabled = false;
    its->cbaser = 0;
    its->cwriter = 0;
    its->creadr = 0;
    for (unsigned i = 0; i < ITS_TABLES; i++) {
        its->baser[i] = 0;
    }
    pthread_mutex_unlock(&its->lock);
}

void gicv3_its_fdt(const struct gicv3_its *its, struct fdt_builder *fdt)
{
    char parent[32], path[64];

    gic_fdt_path(its->gic, parent, sizeof(parent));
    snprintf(path, sizeof(path), "%s/its@%" PRIx64, parent,
             its->base_address);
    fdt_node(fdt, path);
    fdt_prop_string(fdt, path, "compatible", "arm,gic-v3-its");
    fdt_prop_empty(fdt, path, "msi-controller");
    fdt_prop_cells(fdt, path, "#msi-cells", 1);
    fdt_prop_reg(fdt, path, its->base_address, GICV3_ITS_SIZE);
    fdt->msi_phandle = fdt_new_phandle(fdt);
    fdt_prop_cells(fdt, path, "phandle", fdt->msi_phandle);
}

struct gicv3_its *gicv3_its_create(struct bus *bus, struct dma *dma,
                                   uint64_t base, struct gic *gic)
{
    struct gicv3_its *its = calloc(1, sizeof(*its));

    assert(its && gic->model->version == 3);
    pthread_mutex_init(&its->lock, NULL);
    its->gic = gic;
    its->dma = dma;
    its->base_address = base;
    gic_lpis_create(gic, dma);
    bus_map_mmio(bus, base, GICV3_ITS_SIZE, "its", &its_ops, its);
    return its;
}

void gicv3_its_free(struct gicv3_its *its)
{
    if (its) {
        pthread_mutex_destroy(&its->lock);
        free(its);
    }
}
