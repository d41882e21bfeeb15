#include "tests/fuzz/shared/pci.h"

void pci_assign(struct board *b, uint64_t config, uint32_t *io,
                uint32_t *memory, uint64_t bars[6])
{
    for (unsigned n = 0; n < 6; n++) {
        uint64_t reg = config + 0x10 + 4 * n;

        bars[n] = 0;
        board_write(b, reg, 4, UINT32_MAX);
        uint32_t low = (uint32_t)board_read(b, reg, 4);
        bool is_io = low & 1, is_wide = (low & 7) == 4;
        uint32_t size = ~(low & (is_io ? ~3u : ~15u)) + 1;
        if (!size) {
            continue;
        }
        uint32_t *at = is_io ? io : memory;
        *at = (*at + size - 1) & ~(size - 1);
        board_write(b, reg, 4, *at);
        bars[n] = (is_io ? PCI_IO : 0) + *at;
        *at += size;
        if (is_wide) {
            board_write(b, reg + 4, 4, 0);
            bars[++n] = 0;
        }
    }
    board_write(b, config + 4, 2, 7);
}

void pci_open_bridge(struct board *b, unsigned slot)
{
    uint64_t config = pci_config(0, slot);

    board_write(b, config + 0x18, 4, 0x00010100); /* buses 0, 1, 1 */
    board_write(b, config + 0x1c, 2, 0xf0f0);     /* I/O 0xf000.. */
    board_write(b, config + 0x20, 4, 0x11f01100); /* memory 0x11000000.. */
    board_write(b, config + 0x24, 4, 0x0000fff0); /* no prefetchable */
    board_write(b, config + 4, 2, 7);
}
