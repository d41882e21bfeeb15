/* GICv2: distributor, CPU interface, message frame, input lines. */
#include "tests/fuzz/shared/board.h"

#include "hw/intc/gic.h"

#define CPUS 4

static unsigned spis; /* that there are */

static void set_spi(struct board *b, unsigned n, bool level)
{
    struct irq line = gic_spi(b->m->gic, n % spis);

    irq_set(&line, level);
}

static void set_ppi(struct board *b, unsigned n, bool level)
{
    struct irq line = gic_ppi(b->m->gic, n / 16 % CPUS, 16 + n % 16);

    irq_set(&line, level);
}

/* A line changes, or a register is used by another processor. */
static void own(struct board *b, struct input *in, unsigned operation)
{
    unsigned which = in_u8(in), how = operation >> 4;
    uint64_t value;

    if (how < 4) {
        set_spi(b, which, how & 1);
    } else if (how < 8) {
        set_ppi(b, which, how & 1);
    } else if (how < 12) {
        bus_read(b->m->bus, 0x08010000 + (which & ~3u), 4, how & 3, &value);
    } else {
        bus_write(b->m->bus, (how & 4 ? 0x08000000 : 0x08010000) +
                  (in_u16(in) & 0xffc), 4, which % CPUS, in_u32(in));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    static const struct board_window windows[] = {
        {0x08000000, 0x1000}, {0x08010000, 0x2000}, {0x08020000, 0x1000},
        {0x08000000, 0x10000},
    };

    if (!b) {
        b = board_new("-m 16M -nodefaults -nographic -smp 4 "
                      "-machine gic-version=2");
        spis = (board_read(b, 0x08000004, 4) & 31) * 32; /* GICD_TYPER */
    }
    for (unsigned i = 0; i < spis; i++) { /* they outlive a reset */
        set_spi(b, i, false);
    }
    for (unsigned i = 0; i < CPUS * 16; i++) {
        set_ppi(b, i, false);
    }
    gic_reset(b->m->gic);
    board_script(b, &in, windows, sizeof(windows) / sizeof(windows[0]), own);
    board_reset(b);
    return 0;
}
