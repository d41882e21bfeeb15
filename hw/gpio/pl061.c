/*
 * Arm PrimeCell general-purpose I/O (PL061): eight pins.
 *
 * Manual: DDI0190 (PL061 Technical Reference Manual), chapter 3.
 * Exposes: one region of 4 KiB; one line, GPIOINTR; a wire in and out of
 * each pin.
 *
 * Threads: registers from any vCPU, pins from any thread; one lock, held
 * while outputs are driven.
 */
#include "hw/gpio/pl061.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/bits.h"
#include "util/log.h"

/* Registers (table 3-1).  Address bits 9..2 of a DATA access are a mask of
 * the pins it reads or writes. */
enum {
    REG_DATA = 0x000,
    REG_DATA_LAST = 0x3fc,
    REG_DIR = 0x400,
    REG_IS = 0x404,
    REG_IBE = 0x408,
    REG_IEV = 0x40c,
    REG_IE = 0x410,
    REG_RIS = 0x414,
    REG_MIS = 0x418,
    REG_IC = 0x41c,
    REG_AFSEL = 0x420,
    REG_PERIPH_ID0 = 0xfe0,
    REG_CELL_ID3 = 0xffc,
};

/* PeriphID0..3, PCellID0..3 */
static const uint8_t ids[8] = {
    0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
};

struct pl061 {
    pthread_mutex_t lock;
    struct irq irq;
    struct irq output[PL061_LINES];
    uint64_t base;

    uint8_t inputs;  /* as driven from outside */
    uint8_t outputs; /* as written by the guest */
    uint8_t driven;  /* levels last sent to output[] */
    uint8_t pins;    /* last seen, for edges */
    uint8_t dir;     /* 1: output */
    uint8_t is;      /* 1: level, 0: edge */
    uint8_t ibe;     /* 1: both edges */
    uint8_t iev;     /* 1: rising or high */
    uint8_t ie;
    uint8_t edges;   /* seen and not cleared */
    uint8_t afsel;
};

static uint8_t pin_levels(const struct pl061 *s)
{
    return (s->inputs & ~s->dir) | (s->outputs & s->dir);
}

/* Raw interrupts: latched edges, or the level as it is (3.3.7). */
static uint8_t raw_status(const struct pl061 *s)
{
    return (s->edges & ~s->is) | (s->is & ~(pin_levels(s) ^ s->iev));
}

static void latch_edges(struct pl061 *s)
{
    uint8_t pins = pin_levels(s);
    uint8_t changed = pins ^ s->pins;

    s->pins = pins;
    s->edges |= changed & ~s->is & (s->ibe | ~(pins ^ s->iev));
}

static void pl061_update(struct pl061 *s)
{
    latch_edges(s);
    uint8_t drive = s->outputs & s->dir;
    uint8_t changed = drive ^ s->driven;
    s->driven = drive;
    for (unsigned i = 0; i < PL061_LINES; i++) {
        if (changed & BIT(i)) {
            irq_set(&s->output[i], drive >> i & 1);
        }
    }
    irq_set(&s->irq, (raw_status(s) & s->ie) != 0);
}

/* Pins ----------------------------------------------------------------- */

static void pl061_set_input(void *opaque, unsigned line, bool level)
{
    struct pl061 *s = opaque;

    pthread_mutex_lock(&s->lock);
    if (level) {
        s->inputs |= BIT(line);
    } else {
        s->inputs &= ~BIT(line);
    }
    pl061_update(s);
    pthread_mutex_unlock(&s->lock);
}

struct irq pl061_input(struct pl061 *s, unsigned line)
{
    assert(line < PL061_LINES);
    return (struct irq){pl061_set_input, s, line};
}

void pl061_connect_output(struct pl061 *s, unsigned line, struct irq irq)
{
    assert(line < PL061_LINES);
    s->output[line] = irq;
}

/* Read ----------------------------------------------------------------- */

static uint32_t register_read(struct pl061 *s, uint32_t reg)
{
    switch (reg) {
    case REG_DATA ... REG_DATA_LAST:
        return pin_levels(s) & (reg >> 2);
    case REG_DIR:
        return s->dir;
    case REG_IS:
        return s->is;
    case REG_IBE:
        return s->ibe;
    case REG_IEV:
        return s->iev;
    case REG_IE:
        return s->ie;
    case REG_RIS:
        return raw_status(s);
    case REG_MIS:
        return raw_status(s) & s->ie;
    case REG_AFSEL:
        return s->afsel;
    case REG_PERIPH_ID0 ... REG_CELL_ID3:
        return ids[(reg - REG_PERIPH_ID0) / 4];
    default:
        guest_error("pl061: read of register 0x%03x", reg);
        return 0;
    }
}

static uint64_t pl061_read(void *device, struct bus_access access)
{
    struct pl061 *s = device;

    pthread_mutex_lock(&s->lock);
    uint32_t value = register_read(s, access.offset & ~3u);
    pthread_mutex_unlock(&s->lock);
    return value >> 8 * (access.offset & 3);
}

/* Write ---------------------------------------------------------------- */

static void register_write(struct pl061 *s, uint32_t reg, uint8_t value)
{
    uint8_t mask = reg >> 2;

    switch (reg) {
    case REG_DATA ... REG_DATA_LAST:
        mask &= s->dir;
        s->outputs = (s->outputs & ~mask) | (value & mask);
        break;
    case REG_DIR:
        s->dir = value;
        break;
    case REG_IS:
        s->is = value;
        break;
    case REG_IBE:
        s->ibe = value;
        break;
    case REG_IEV:
        s->iev = value;
        break;
    case REG_IE:
        s->ie = value;
        break;
    case REG_IC:
        s->edges &= ~value;
        break;
    case REG_AFSEL:
        s->afsel = value; /* no other function is wired to the pins */
        break;
    default:
        guest_error("pl061: write of register 0x%03x", reg);
        break;
    }
}

static void pl061_write(void *device, struct bus_access access,
                        uint64_t value)
{
    struct pl061 *s = device;

    if (access.offset & 3) {
        guest_error("pl061: unaligned write at 0x%03x",
                    (unsigned)access.offset);
        return;
    }
    pthread_mutex_lock(&s->lock);
    register_write(s, access.offset, value);
    pl061_update(s);
    pthread_mutex_unlock(&s->lock);
}

static const struct mmio_ops pl061_ops = {
    .read = pl061_read,
    .write = pl061_write,
    .min_size = 1,
    .max_size = 4,
};

/* Reset, device tree, creation ----------------------------------------- */

void pl061_reset(struct pl061 *s)
{
    pthread_mutex_lock(&s->lock);
    s->outputs = 0;
    s->dir = 0;
    s->is = 0;
    s->ibe = 0;
    s->iev = 0;
    s->ie = 0;
    s->afsel = 0;
    pl061_update(s);
    s->edges = 0; /* also those that reset itself made */
    pthread_mutex_unlock(&s->lock);
}

uint32_t pl061_fdt(const struct pl061 *s, struct fdt_builder *fdt,
                   unsigned spi)
{
    static const char compatible[] = "arm,pl061\0arm,primecell";
    uint32_t phandle = fdt_new_phandle(fdt);
    char path[32];

    snprintf(path, sizeof(path), "/pl061@%llx", (unsigned long long)s->base);
    fdt_node(fdt, path);
    fdt_prop_bytes(fdt, path, "compatible", compatible, sizeof(compatible));
    fdt_prop_reg(fdt, path, s->base, 0x1000);
    fdt_prop_cells(fdt, path, "#gpio-cells", 2);
    fdt_prop_empty(fdt, path, "gpio-controller");
    fdt_prop_cells(fdt, path, "interrupts", FDT_GIC_SPI, spi,
                   FDT_IRQ_LEVEL_HIGH);
    fdt_prop_cells(fdt, path, "clocks", fdt->clock_phandle);
    fdt_prop_string(fdt, path, "clock-names", "apb_pclk");
    fdt_prop_cells(fdt, path, "phandle", phandle);
    return phandle;
}

struct pl061 *pl061_create(struct bus *bus, uint64_t base, struct irq irq)
{
    struct pl061 *s = calloc(1, sizeof(*s));

    assert(s);
    pthread_mutex_init(&s->lock, NULL);
    s->irq = irq;
    s->base = base;
    bus_map_mmio(bus, base, 0x1000, "pl061", &pl061_ops, s);
    return s;
}

void pl061_free(struct pl061 *s)
{
    if (s) {
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}
