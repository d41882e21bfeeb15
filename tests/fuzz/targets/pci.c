/* Configuration space through ECAM, the windows behind it, MSI and MSI-X
 * tables, bridges and their windows. */
#include "tests/fuzz/shared/pci.h"

static struct board *new_board(void)
{
    return board_new("-m 16M -nodefaults -nographic "
                     "-device pci-testdev,addr=1,membar=64K "
                     "-device virtio-rng-pci,addr=2,vectors=2 "
                     "-device pcie-root-port,id=rp,addr=3 "
                     "-device virtio-serial-pci,bus=rp,max_ports=2 "
                     "-device pcie-root-port,id=rp2,addr=4,chassis=2 "
                     "-device virtio-rng-pci,addr=5,vectors=0");
}

/* First byte: whether the functions have been given their addresses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    static const struct board_window windows[] = {
        {PCI_ECAM, 0x1000},                       /* the host itself */
        {PCI_ECAM + (1 << 15), 0x1000},
        {PCI_ECAM + (2 << 15), 0x1000},
        {PCI_ECAM + (3 << 15), 0x1000},
        {PCI_ECAM + (4 << 15), 0x1000},
        {PCI_ECAM + (5 << 15), 0x1000},
        {PCI_ECAM + (1 << 20), 0x1000},
        {PCI_ECAM, 0x10000000},
        {PCI_MEMORY, 0x10000},
        {PCI_MEMORY + 0x1000000, 0x10000},
        {PCI_MEMORY, 0x2eff0000},
        {PCI_IO, 0x10000},
        {UINT64_C(0x8000000000), 0x10000},
        {UINT64_C(0x8020000), 0x1000},            /* what MSIs write to */
    };
    uint32_t io = 0x1000, memory = 0x10000000;
    uint64_t bars[6];

    if (!b) {
        b = new_board();
    }
    if (in_u8(&in) & 1) {
        for (unsigned slot = 1; slot <= 5; slot++) {
            pci_assign(b, pci_config(0, slot), &io, &memory, bars);
        }
        pci_open_bridge(b, 3);
        io = 0xf000;
        memory = 0x11000000;
        pci_assign(b, pci_config(1, 0), &io, &memory, bars);
    }
    board_script(b, &in, windows, sizeof(windows) / sizeof(windows[0]), NULL);
    board_reset(b);
    return 0;
}
