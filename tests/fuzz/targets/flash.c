/* The command set of both flash banks, one in memory, one in a file. */
#include "tests/fuzz/shared/board.h"

#include <stdio.h>

#include "hw/flash/cfi01.h"

#define BANK1 UINT64_C(0x04000000)
#define REACH (2 * CFI01_SECTOR_SIZE) /* of a bank, from its start */

/* A command, and another, at one place. */
static void own(struct board *b, struct input *in, unsigned operation)
{
    static const uint8_t commands[] = {0x10, 0x20, 0x28, 0x40, 0x50, 0x60,
                                       0x70, 0x90, 0x98, 0xb0, 0xd0, 0xe8,
                                       0xf0, 0xff, 0x01, 0x2f};
    uint64_t pa = (operation & 0x10 ? BANK1 : 0) + (in_u32(in) % REACH & ~3u);

    for (unsigned i = 0; i < 1 + (operation >> 5 & 3); i++) {
        uint8_t c = in_u8(in);
        uint32_t command = commands[c & 15] * 0x10001u;
        board_write(b, pa, 4, c & 0x80 ? in_u32(in) : command);
    }
    board_read(b, pa, 1u << (operation & 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    static const struct board_window windows[] = {
        {0, REACH}, {BANK1, REACH}, {0, 0x1000}, {BANK1, 0x1000},
        {BANK1 - 0x1000, 0x1000}, {BANK1, CFI01_SIZE},
    };

    if (!b) {
        char line[256];
        int fd;
        snprintf(line, sizeof(line), "-m 16M -nodefaults -nographic "
                 "-drive if=pflash,unit=1,format=raw,file=%s",
                 board_file(CFI01_SECTOR_SIZE, &fd));
        b = board_new(line);
    }
    for (unsigned bank = 0; bank < 2; bank++) {
        memset(b->m->flash[bank]->host, 0xff, REACH);
    }
    board_script(b, &in, windows, sizeof(windows) / sizeof(windows[0]), own);
    board_reset(b);
    return 0;
}
