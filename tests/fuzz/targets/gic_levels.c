/* GICv2 and GICv3 of boards with EL2, EL3 or both: list registers and a
 * guest's interface, banked registers of Secure software, by every level. */
#include "tests/fuzz/shared/board.h"

#include "hw/intc/gic.h"
#include "util/bits.h"

#define CPUS 2

/* The first byte of an input chooses. */
static const char *const machines[] = {
    "gic-version=2,virtualization=on", "gic-version=3,virtualization=on",
    "gic-version=2,secure=on", "gic-version=3,secure=on",
    "gic-version=2,virtualization=on,secure=on",
    "gic-version=3,virtualization=on,secure=on",
};

static const struct board_window windows[] = {
    {0x08000000, 0x1000},  {0x08010000, 0x2000},  {0x08030000, 0x1000},
    {0x08040000, 0x2000},  {0x080a0000, 0x10000}, {0x080b0000, 0x10000},
    {0x080c0000, 0x20000}, {0x08000000, 0x100000},
};

static void set_line(struct board *b, unsigned n, bool level)
{
    unsigned spis = (board_read(b, 0x08000004, 4) & 31) * 32;
    struct irq line = n & 0x80 ? gic_spi(b->m->gic, n % 0x80 % spis)
                               : gic_ppi(b->m->gic, n / 16 % CPUS,
                                         16 + n % 16);

    irq_set(&line, level);
}

/* By either processor, in either state. */
static void access_bus(struct board *b, struct input *in, unsigned how)
{
    const struct board_window *w = &windows[in_u8(in) % ARRAY_SIZE(windows)];
    struct bus *bus = how & 1 ? bus_secure(b->m->bus) : b->m->bus;
    uint64_t pa = w->base + (in_u16(in) % w->size & ~3u), value;
    unsigned cpu = how >> 1 & 1;

    if (how & 4) {
        bus_write(bus, pa, 4, cpu, in_u32(in));
    } else {
        bus_read(bus, pa, 4, cpu, &value);
    }
}

/* ICC_*, or ICH_* and what EL3 has of ICC_*, or any encoding; from anywhere
 * (CPU_GIC_...). */
static void system_register(struct board *b, struct input *in, unsigned how)
{
    static const uint8_t op1[] = {0, 4, 6, 0};
    const struct cpu_gic_if *icc = gic_cpu_interface(b->m->gic);
    unsigned which = in_u8(in), from = in_u8(in), cpu = how & 1;
    uint16_t reg = (uint16_t)(3 << 14 | op1[which >> 6] << 11 | 12 << 7 |
                              (8 + (which >> 3 & 7)) << 3 | (which & 7));

    if (which >= 0xf8) {
        reg = in_u16(in);
    } else if (which >= 0xf0) {
        reg = 3 << 14 | 4 << 7 | 6 << 3; /* ICC_PMR_EL1 */
    }
    if (how & 2) {
        icc->write(icc->opaque, cpu, reg,
                   how & 4 ? in_u64(in) : in_u16(in), from);
    } else {
        icc->read(icc->opaque, cpu, reg, from);
    }
}

static void own(struct board *b, struct input *in, unsigned operation)
{
    unsigned how = operation >> 4;

    if (how < 2) {
        set_line(b, in_u8(in), how & 1);
    } else if (how < 8 || !gic_cpu_interface(b->m->gic)) {
        access_bus(b, in, how);
    } else {
        system_register(b, in, how);
    }
}

static struct board *new_board(const char *machine)
{
    char line[128];

    snprintf(line, sizeof(line), "-m 16M -nodefaults -nographic -smp %d "
             "-cpu cortex-a72 -machine %s", CPUS, machine);
    return board_new(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *boards[ARRAY_SIZE(machines)];
    struct input in = {data, data + size};
    unsigned which = in_u8(&in) % ARRAY_SIZE(machines);
    struct board *b = boards[which];

    if (!b) {
        b = boards[which] = new_board(machines[which]);
    }
    for (unsigned n = 0; n < 256; n++) { /* they outlive a reset */
        set_line(b, n, false);
    }
    gic_reset(b->m->gic);
    board_script(b, &in, windows, ARRAY_SIZE(windows), own);
    board_reset(b);
    return 0;
}
