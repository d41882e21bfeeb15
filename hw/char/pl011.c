/*
 * Arm PrimeCell UART (PL011), revision r1p1: 16 characters of FIFO.
 *
 * Manual: DDI0183 (PL011 Technical Reference Manual), chapter 3.
 * Exposes: one region of 4 KiB; one line, the combined UARTINTR.
 *
 * Characters take no time: what the guest writes has left the UART before
 * the store completes, so the transmit FIFO is always empty and the baud
 * rate means nothing.  On the receive side the back end holds its input
 * while the FIFO is full, so characters are never overrun.
 *
 * Threads: registers from any vCPU, characters from the loop thread; one
 * lock.  The back end is called without it, as it may wait for a reader.
 */
#include "hw/char/pl011.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/bits.h"
#include "util/log.h"

/* Registers (table 3-1) */
enum {
    REG_DR = 0x000,
    REG_RSR_ECR = 0x004,
    REG_FR = 0x018,
    REG_ILPR = 0x020,
    REG_IBRD = 0x024,
    REG_FBRD = 0x028,
    REG_LCR_H = 0x02c,
    REG_CR = 0x030,
    REG_IFLS = 0x034,
    REG_IMSC = 0x038,
    REG_RIS = 0x03c,
    REG_MIS = 0x040,
    REG_ICR = 0x044,
    REG_DMACR = 0x048,
    REG_PERIPH_ID0 = 0xfe0,
    REG_CELL_ID3 = 0xffc,
};

/* DR and RSR: errors of a received character (3.3.1, 3.3.2) */
enum {
    DR_BREAK = 1 << 10,
    DR_OVERRUN = 1 << 11,
    RSR_SHIFT = 8, /* from DR's error bits to RSR's */
};

/* FR (3.3.3) */
enum {
    FR_CTS = 1 << 0,
    FR_DSR = 1 << 1,
    FR_DCD = 1 << 2,
    FR_RXFE = 1 << 4,
    FR_RXFF = 1 << 6,
    FR_TXFE = 1 << 7,
    FR_RI = 1 << 8,
};

enum { LCR_H_FEN = 1 << 4 }; /* FIFOs on (3.3.7) */

/* CR (3.3.8) */
enum {
    CR_UARTEN = 1 << 0,
    CR_LBE = 1 << 7, /* loop back */
    CR_TXE = 1 << 8,
    CR_RXE = 1 << 9,
    CR_DTR = 1 << 10,
    CR_RTS = 1 << 11,
    CR_OUT1 = 1 << 12,
    CR_OUT2 = 1 << 13,
};

/* IMSC, RIS, MIS, ICR (3.3.10 to 3.3.13) */
enum {
    INT_RIM = 1 << 0,
    INT_CTSM = 1 << 1,
    INT_DCDM = 1 << 2,
    INT_DSRM = 1 << 3,
    INT_RX = 1 << 4,
    INT_TX = 1 << 5,
    INT_RT = 1 << 6, /* receive timeout */
    INT_BE = 1 << 9,
    INT_OE = 1 << 10,
    INT_ALL = 0x7ff,
};

#define FIFO_SIZE 16

/* PeriphID0..3, PCellID0..3 */
static const uint8_t ids[8] = {
    0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1,
};

struct pl011 {
    pthread_mutex_t lock;
    struct irq irq;
    struct chardev *chr;
    uint64_t base;

    uint16_t fifo[FIFO_SIZE]; /* DR as read: errors and character */
    unsigned first, count;

    uint8_t rsr;
    uint8_t ilpr;
    uint16_t ibrd;
    uint8_t fbrd;
    uint8_t lcr_h;
    uint16_t cr;
    uint8_t ifls;
    uint16_t imsc, ris;
    uint8_t dmacr;
    bool level; /* of irq as last sent: a console store changes it rarely */
};

static void pl011_update(struct pl011 *s)
{
    bool level = (s->ris & s->imsc) != 0;

    if (level != s->level) {
        s->level = level;
        irq_set(&s->irq, level);
    }
}

/* Receive FIFO --------------------------------------------------------- */

static unsigned fifo_depth(const struct pl011 *s)
{
    return s->lcr_h & LCR_H_FEN ? FIFO_SIZE : 1;
}

/* Characters that raise the receive interrupt (IFLS, table 3-13). */
static unsigned receive_level(const struct pl011 *s)
{
    static const uint8_t levels[8] = {2, 4, 8, 12, 14, 14, 14, 14};

    return s->lcr_h & LCR_H_FEN ? levels[extract32(s->ifls, 3, 3)] : 1;
}

static void fifo_clear(struct pl011 *s)
{
    s->first = 0;
    s->count = 0;
    s->ris &= ~(INT_RX | INT_RT);
}

static void fifo_push(struct pl011 *s, uint16_t character)
{
    if (s->count >= fifo_depth(s)) {
        s->fifo[(s->first + s->count - 1) % FIFO_SIZE] |= DR_OVERRUN;
        s->ris |= INT_OE;
        return;
    }
    s->fifo[(s->first + s->count) % FIFO_SIZE] = character;
    s->count++;
    if (s->count >= receive_level(s)) {
        s->ris |= INT_RX;
    }
    if (character & DR_BREAK) {
        s->ris |= INT_BE;
    }
}

/*
 * The receive timeout (2.8, UARTRTINTR) runs for 32 bit periods after the last
 * character; for us it is over when the back end has no more to give.
 */
static void fifo_idle(struct pl011 *s)
{
    if (s->count && s->lcr_h & LCR_H_FEN) {
        s->ris |= INT_RT;
    }
}

static uint16_t fifo_pop(struct pl011 *s)
{
    if (s->count == 0) {
        return 0;
    }
    uint16_t character = s->fifo[s->first];
    s->first = (s->first + 1) % FIFO_SIZE;
    s->count--;
    s->rsr = character >> RSR_SHIFT;
    if (s->count < receive_level(s)) {
        s->ris &= ~INT_RX;
    }
    if (s->count == 0) {
        s->ris &= ~INT_RT;
    }
    return character;
}

/* Callbacks of the back end -------------------------------------------- */

static size_t pl011_can_receive(void *device)
{
    struct pl011 *s = device;

    pthread_mutex_lock(&s->lock);
    unsigned depth = fifo_depth(s);
    size_t room = s->cr & CR_LBE || s->count >= depth ? 0 : depth - s->count;
    pthread_mutex_unlock(&s->lock);
    return room;
}

static void pl011_receive(void *device, const uint8_t *data, size_t length)
{
    struct pl011 *s = device;

    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < length; i++) {
        fifo_push(s, data[i]);
    }
    fifo_idle(s);
    pl011_update(s);
    pthread_mutex_unlock(&s->lock);
}

static void pl011_event(void *device, enum chardev_event event)
{
    struct pl011 *s = device;

    if (event != CHARDEV_BREAK) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    if (!(s->cr & CR_LBE)) {
        fifo_push(s, DR_BREAK);
        fifo_idle(s);
        pl011_update(s);
    }
    pthread_mutex_unlock(&s->lock);
}

static const struct chardev_frontend pl011_frontend = {
    .can_receive = pl011_can_receive,
    .receive = pl011_receive,
    .event = pl011_event,
};

/* Read ----------------------------------------------------------------- */

/* Looped back, the modem outputs are the inputs; else none is driven. */
static uint32_t modem_flags(const struct pl011 *s)
{
    if (!(s->cr & CR_LBE)) {
        return 0;
    }
    return (s->cr & CR_RTS ? FR_CTS : 0) | (s->cr & CR_DTR ? FR_DSR : 0) |
           (s->cr & CR_OUT1 ? FR_DCD : 0) | (s->cr & CR_OUT2 ? FR_RI : 0);
}

static uint32_t flags(const struct pl011 *s)
{
    return FR_TXFE | (s->count == 0 ? FR_RXFE : 0) |
           (s->count >= fifo_depth(s) ? FR_RXFF : 0) | modem_flags(s);
}

static uint32_t register_read(struct pl011 *s, uint32_t reg)
{
    switch (reg) {
    case REG_DR:
        return fifo_pop(s);
    case REG_RSR_ECR:
        return s->rsr;
    case REG_FR:
        return flags(s);
    case REG_ILPR:
        return s->ilpr;
    case REG_IBRD:
        return s->ibrd;
    case REG_FBRD:
        return s->fbrd;
    case REG_LCR_H:
        return s->lcr_h;
    case REG_CR:
        return s->cr;
    case REG_IFLS:
        return s->ifls;
    case REG_IMSC:
        return s->imsc;
    case REG_RIS:
        return s->ris;
    case REG_MIS:
        return s->ris & s->imsc;
    case REG_DMACR:
        return s->dmacr;
    case REG_PERIPH_ID0 ... REG_CELL_ID3:
        return ids[(reg - REG_PERIPH_ID0) / 4];
    default:
        guest_error("pl011: read of register 0x%03x", reg);
        return 0;
    }
}

static uint64_t pl011_read(void *device, struct bus_access access)
{
    struct pl011 *s = device;
    uint32_t reg = access.offset & ~3u;

    pthread_mutex_lock(&s->lock);
    bool was_full = s->count >= fifo_depth(s);
    uint32_t value = register_read(s, reg);
    bool room = was_full && s->count < fifo_depth(s);
    if (reg == REG_DR) {
        pl011_update(s);
    }
    pthread_mutex_unlock(&s->lock);
    if (room && s->chr) {
        chardev_accept_input(s->chr);
    }
    return value >> 8 * (access.offset & 3);
}

/* Write ---------------------------------------------------------------- */

/*
 * The character has left at once, so the transmit FIFO falls through its
 * level with each one.  A disabled UART transmits too: much bare-metal code
 * written for this board never sets UARTEN.
 */
static void transmit(struct pl011 *s, uint8_t character)
{
    if ((s->cr & (CR_UARTEN | CR_TXE)) != (CR_UARTEN | CR_TXE)) {
        guest_error("pl011: character sent while the transmitter is off");
    }
    s->ris |= INT_TX;
    if (s->cr & CR_LBE) {
        fifo_push(s, character);
        fifo_idle(s);
    }
}

static void write_lcr_h(struct pl011 *s, uint8_t value)
{
    if ((s->lcr_h ^ value) & LCR_H_FEN) {
        fifo_clear(s);
    }
    s->lcr_h = value;
}

static void write_cr(struct pl011 *s, uint16_t value)
{
    static const struct {
        uint16_t flag, interrupt;
    } edges[] = {
        {FR_CTS, INT_CTSM},
        {FR_DSR, INT_DSRM},
        {FR_DCD, INT_DCDM},
        {FR_RI, INT_RIM},
    };
    uint32_t before = modem_flags(s);

    s->cr = value & 0xff87;
    uint32_t changed = before ^ modem_flags(s);
    for (unsigned i = 0; i < ARRAY_SIZE(edges); i++) {
        if (changed & edges[i].flag) {
            s->ris |= edges[i].interrupt;
        }
    }
}

static void register_write(struct pl011 *s, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case REG_DR:
        transmit(s, value);
        break;
    case REG_RSR_ECR:
        s->rsr = 0;
        break;
    case REG_FR:
        break; /* read-only; some firmware writes it all the same */
    case REG_ILPR:
        s->ilpr = value;
        break;
    case REG_IBRD:
        s->ibrd = value;
        break;
    case REG_FBRD:
        s->fbrd = value & 0x3f;
        break;
    case REG_LCR_H:
        write_lcr_h(s, value);
        break;
    case REG_CR:
        write_cr(s, value);
        break;
    case REG_IFLS:
        s->ifls = value & 0x3f;
        break;
    case REG_IMSC:
        s->imsc = value & INT_ALL;
        break;
    case REG_ICR:
        s->ris &= ~value;
        break;
    case REG_DMACR:
        s->dmacr = value & 7;
        if (value & 3) {
            log_unimp("pl011: DMA requests; the board has no DMA engine");
        }
        break;
    default:
        guest_error("pl011: write of register 0x%03x", reg);
        break;
    }
}

static void pl011_write(void *device, struct bus_access access,
                        uint64_t value)
{
    struct pl011 *s = device;
    uint32_t reg = access.offset & ~3u;

    if (access.offset & 3) {
        guest_error("pl011: unaligned write of register 0x%03x", reg);
        return;
    }
    pthread_mutex_lock(&s->lock);
    bool was_held = s->count >= fifo_depth(s) || s->cr & CR_LBE;
    register_write(s, reg, value);
    bool room = was_held && s->count < fifo_depth(s) && !(s->cr & CR_LBE);
    pl011_update(s);
    pthread_mutex_unlock(&s->lock);
    if (reg == REG_DR) {
        uint8_t character = value;
        chardev_write(s->chr, &character, 1);
    }
    if (room && s->chr) {
        chardev_accept_input(s->chr);
    }
}

static const struct mmio_ops pl011_ops = {
    .read = pl011_read,
    .write = pl011_write,
    .min_size = 1,
    .max_size = 4,
};

/* Reset, device tree, creation ----------------------------------------- */

static void registers_reset(struct pl011 *s)
{
    fifo_clear(s);
    s->rsr = 0;
    s->ilpr = 0;
    s->ibrd = 0;
    s->fbrd = 0;
    s->lcr_h = 0;
    s->cr = CR_TXE | CR_RXE;
    s->ifls = 0x12; /* both FIFOs at half */
    s->imsc = 0;
    s->ris = 0;
    s->dmacr = 0;
}

void pl011_reset(struct pl011 *s)
{
    pthread_mutex_lock(&s->lock);
    registers_reset(s);
    pl011_update(s);
    pthread_mutex_unlock(&s->lock);
    if (s->chr) {
        chardev_accept_input(s->chr);
    }
}

void pl011_fdt(const struct pl011 *s, struct fdt_builder *fdt, unsigned spi)
{
    static const char compatible[] = "arm,pl011\0arm,primecell";
    static const char clocks[] = "uartclk\0apb_pclk";
    char path[32];

    snprintf(path, sizeof(path), "/pl011@%llx", (unsigned long long)s->base);
    fdt_node(fdt, path);
    fdt_prop_bytes(fdt, path, "compatible", compatible, sizeof(compatible));
    fdt_prop_reg(fdt, path, s->base, 0x1000);
    fdt_prop_cells(fdt, path, "interrupts", FDT_GIC_SPI, spi,
                   FDT_IRQ_LEVEL_HIGH);
    fdt_prop_cells(fdt, path, "clocks", fdt->clock_phandle,
                   fdt->clock_phandle);
    fdt_prop_bytes(fdt, path, "clock-names", clocks, sizeof(clocks));
}

struct pl011 *pl011_create(struct bus *bus, uint64_t base, struct irq irq,
                           struct chardev *chr)
{
    struct pl011 *s = calloc(1, sizeof(*s));

    assert(s);
    pthread_mutex_init(&s->lock, NULL);
    s->irq = irq;
    s->chr = chr;
    s->base = base;
    registers_reset(s);
    bus_map_mmio(bus, base, 0x1000, "pl011", &pl011_ops, s);
    if (chr) {
        chardev_attach(chr, &pl011_frontend, s);
    }
    return s;
}

void pl011_free(struct pl011 *s)
{
    if (s) {
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}
