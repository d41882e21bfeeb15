/* GICv3: distributor, redistributors, the system registers of the CPU
 * interface, input lines. */
#include "tests/fuzz/shared/board.h"

#include "hw/intc/gic.h"

#define CPUS 4
#define REDIST(cpu) (UINT64_C(0x080a0000) + (cpu) * 0x20000)

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

/* S3_0_C12_C8..C12_op2 by number, or any encoding, and then from anywhere. */
static void system_register(struct board *b, struct input *in, unsigned how)
{
    const struct cpu_gic_if *icc = gic_cpu_interface(b->m->gic);
    unsigned which = in_u8(in), cpu = how & 3, from = 1;
    uint16_t reg = (uint16_t)(3 << 14 | 12 << 7 |
                              (8 + (which >> 3 & 7)) << 3 | (which & 7));

    if (which >= 0xf0) {
        reg = in_u16(in);
        from = in_u8(in); /* CPU_GIC_... */
    } else if (which >= 0xe0) {
        reg = 3 << 14 | 4 << 7 | 6 << 3; /* ICC_PMR_EL1 */
    }
    if (how & 4) {
        icc->write(icc->opaque, cpu, reg,
                   which & 0x40 ? in_u64(in) : in_u8(in), from);
    } else {
        icc->read(icc->opaque, cpu, reg, from);
    }
}

static void own(struct board *b, struct input *in, unsigned operation)
{
    unsigned how = operation >> 4;

    if (how < 2) {
        set_spi(b, in_u8(in), how & 1);
    } else if (how < 4) {
        set_ppi(b, in_u8(in), how & 1);
    } else {
        system_register(b, in, how);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    static const struct board_window windows[] = {
        {0x08000000, 0x10000}, {REDIST(0), 0x10000},
        {REDIST(0) + 0x10000, 0x10000}, {REDIST(1) + 0x10000, 0x10000},
        {REDIST(3), 0x20000}, {0x08000000, 0x1000}, {REDIST(0), 0xf60000},
    };

    if (!b) {
        b = board_new("-m 16M -nodefaults -nographic -smp 4 "
                      "-machine gic-version=3");
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
