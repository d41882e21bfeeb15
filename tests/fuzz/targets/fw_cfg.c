/* fw_cfg: selector, data port, DMA with its structures in guest memory. */
#include "tests/fuzz/shared/board.h"

#include <stdio.h>

#define FW_CFG UINT64_C(0x09020000)

/* A DMA structure (big-endian) in the arena, and its start: control, key,
 * length, address.  Short forms come out right without luck. */
static void own(struct board *b, struct input *in, unsigned operation)
{
    uint16_t control = in_u8(in), key = in_u16(in);
    uint32_t length = operation & 0x10 ? in_u32(in) : in_u16(in);
    uint64_t address = operation & 0x20 ? in_u64(in) : BOARD_RAM + in_u16(in);
    uint32_t fields[4] = {
        __builtin_bswap32((uint32_t)key << 16 | control),
        __builtin_bswap32(length),
        __builtin_bswap32((uint32_t)(address >> 32)),
        __builtin_bswap32((uint32_t)address),
    };
    uint64_t at = BOARD_RAM + (operation & 0x40 ? in_u16(in) : 0x100);

    dma_write(&b->m->dma, at, fields, sizeof(fields));
    if (operation & 0x80) {
        board_write(b, FW_CFG + 0x10, 8, __builtin_bswap64(at));
    } else {
        board_write(b, FW_CFG + 0x14, 4, __builtin_bswap32((uint32_t)at));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    static const struct board_window window = {FW_CFG, 0x18};

    if (!b) {
        char line[512];
        int fd;
        const char *file = board_file(4096, &fd);
        snprintf(line, sizeof(line),
                 "-m 16M -nodefaults -nographic -smp 2 "
                 "-device vmcoreinfo -boot menu=on "
                 "-fw_cfg name=opt/org.test/a,string=something "
                 "-smbios type=1,serial=x "
                 "-bios %s -kernel %s -append x", file, file);
        b = board_new(line);
    }
    board_script(b, &in, &window, 1, own);
    board_reset(b);
    return 0;
}
