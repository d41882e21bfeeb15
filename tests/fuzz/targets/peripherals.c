/* The board's small devices: two PL011 with somebody typing, PL031, PL061
 * with the power key. */
#include "tests/fuzz/shared/board.h"

#include "hw/gpio/gpio_keys.h"
#include "hw/gpio/pl061.h"

static void own(struct board *b, struct input *in, unsigned operation)
{
    size_t length;
    const uint8_t *bytes;

    switch (operation >> 4 & 3) {
    case 0:
    case 1:
        length = in_u8(in);
        bytes = in_bytes(in, &length);
        board_type(b, operation & 0x10 ? "s1" : "s0", bytes, length);
        break;
    case 2: {
        struct irq line = pl061_input(b->m->gpio, in_u8(in) & 7);
        irq_set(&line, operation >> 7);
        break;
    }
    default:
        board_run(b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    static const struct board_window windows[] = {
        {0x09000000, 0x1000}, {0x09040000, 0x1000}, {0x09010000, 0x1000},
        {0x09030000, 0x1000}, {0x09000000, 0x50},   {0x09010000, 0x20},
        {0x09030000, 0x430},
    };

    if (!b) {
        b = board_new("-m 16M -nodefaults -nographic "
                      "-chardev ringbuf,id=s0 -chardev ringbuf,id=s1 "
                      "-serial chardev:s0 -serial chardev:s1");
    }
    for (unsigned i = 0; i < 8; i++) {
        struct irq line = pl061_input(b->m->gpio, i);
        irq_set(&line, false);
    }
    board_script(b, &in, windows, sizeof(windows) / sizeof(windows[0]), own);
    board_reset(b);
    return 0;
}
