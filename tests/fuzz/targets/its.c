/* The ITS: registers, commands and tables in guest memory, messages, LPIs at
 * the processors. */
#include "tests/fuzz/shared/board.h"

#include "hw/intc/gic.h"

#define ITS UINT64_C(0x08080000)
#define TRANSLATER (ITS + 0x10040)
#define REDIST(cpu) (UINT64_C(0x080a0000) + (cpu) * 0x20000)
#define CPUS 4
#define ENABLED (UINT64_C(1) << 63)

/* In the arena, so that scripts can spoil them. */
#define DEVICES (BOARD_RAM + 0x0000)
#define COLLECTIONS (BOARD_RAM + 0x1000)
#define QUEUE (BOARD_RAM + 0x2000)
#define LEVEL2 (BOARD_RAM + 0x3000)
#define PROPERTIES (BOARD_RAM + 0x4000)
#define EVENTS (BOARD_RAM + 0x8000)
/* Behind it. */
#define PENDING(cpu) (BOARD_RAM + 0x10000 + (cpu) * 0x10000)

static uint64_t writer;

static void start(struct board *b, unsigned how)
{
    uint64_t indirect = how & 1 ? UINT64_C(1) << 62 : 0;
    uint64_t level2 = LEVEL2 | ENABLED;

    if (indirect) {
        dma_write(&b->m->dma, DEVICES, &level2, sizeof(level2));
    }
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        board_write(b, REDIST(cpu) + 0x70, 8, PROPERTIES | 13);
        board_write(b, REDIST(cpu) + 0x78, 8, PENDING(cpu));
        board_write(b, REDIST(cpu) + 0x14, 4, 0); /* awake */
        board_write(b, REDIST(cpu), 4, 1);        /* LPIs */
    }
    board_write(b, UINT64_C(0x08000000), 4, 3);
    board_write(b, ITS + 0x100, 8, DEVICES | ENABLED | indirect);
    board_write(b, ITS + 0x108, 8, COLLECTIONS | ENABLED);
    board_write(b, ITS + 0x80, 8, QUEUE | ENABLED);
    board_write(b, ITS, 4, how & 2 ? 0 : 1);
    writer = 0;
}

/* A command with its fields where they belong. */
static void command(struct board *b, struct input *in, unsigned how)
{
    uint64_t number = in_u8(in) & 15, device = in_u8(in), event = in_u8(in);
    uint64_t collection = in_u8(in) & 15;
    uint64_t intid = 8192 + (how & 1 ? in_u16(in) : in_u8(in));
    uint64_t words[4] = {number | device << 32, event | intid << 32,
                         collection, 0};

    if (number == 8) { /* MAPD: event is the size */
        words[1] = event & 31;
        words[2] = EVENTS + (device & 15) * 0x400;
    } else if (number == 9 || number == 14) { /* MAPC, MOVALL */
        words[2] |= (event & 7) << 16;
        words[3] = (intid & 7) << 16;
    }
    words[2] |= how & 2 ? 0 : ENABLED;
    dma_write(&b->m->dma, QUEUE + writer, words, sizeof(words));
    writer = (writer + 32) % 0x1000;
    board_write(b, ITS + 0x88, 8, writer);
}

static void own(struct board *b, struct input *in, unsigned operation)
{
    const struct cpu_gic_if *icc = gic_cpu_interface(b->m->gic);
    unsigned how = operation >> 4, cpu, device;

    if (how < 8) {
        command(b, in, how);
    } else if (how < 10) {
        device = in_u8(in);
        bus_write(b->m->bus, TRANSLATER, 4, BUS_DMA_FROM(device), in_u8(in));
    } else if (how < 12) { /* PMR, IGRPEN1, IAR1, EOIR1 */
        cpu = in_u8(in) % CPUS;
        icc->write(icc->opaque, cpu, 0xc230, 0xff, 1);
        icc->write(icc->opaque, cpu, 0xc667, 1, 1);
        uint64_t intid = icc->read(icc->opaque, cpu, 0xc660, 1);
        if (how & 1) {
            icc->write(icc->opaque, cpu, 0xc661, intid, 1);
        }
    } else {
        bus_write(b->m->bus, TRANSLATER, 4, BUS_DMA_FROM(in_u16(in)),
                  in_u32(in));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    static const struct board_window windows[] = {
        {ITS, 0x10000}, {ITS + 0x10000, 0x10000}, {REDIST(0), 0x10000},
        {REDIST(1), 0x20000}, {ITS, 0x200}, {REDIST(0), 0x200},
    };

    if (!b) {
        b = board_new("-m 16M -nodefaults -nographic -smp 4 "
                      "-machine gic-version=3");
    }
    start(b, in_u8(&in));
    board_script(b, &in, windows, sizeof(windows) / sizeof(windows[0]), own);
    board_reset(b);
    return 0;
}
