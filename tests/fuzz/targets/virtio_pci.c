/* Virtio over PCI, legacy and modern, before and behind a root port. */
#include "tests/fuzz/shared/virtio_driver.h"

#include <stdio.h>

#include "tests/fuzz/shared/pci.h"

#define DISK_SIZE 0x10000

static void put(struct virtio_driver *d, unsigned reg, unsigned size,
                uint64_t value)
{
    board_write(d->b, d->base + reg, size, value);
}

/* Modern (virtio 1.2, 4.1.4.3) -------------------------------------------- */

static uint64_t modern_negotiate(struct virtio_driver *d, uint64_t wanted)
{
    uint64_t accepted = 0;

    put(d, 0x14, 1, 1);
    put(d, 0x14, 1, 3);
    for (unsigned half = 0; half < 2; half++) {
        put(d, 0x00, 4, half);
        uint32_t accept = (uint32_t)board_read(d->b, d->base + 4, 4) &
                          (uint32_t)(wanted >> 32 * half);
        put(d, 0x08, 4, half);
        put(d, 0x0c, 4, accept);
        accepted |= (uint64_t)accept << 32 * half;
    }
    put(d, 0x14, 1, 11);
    return accepted;
}

static void modern_setup(struct virtio_driver *d, unsigned queue,
                         unsigned size, uint64_t pa)
{
    uint64_t areas[3] = {pa, pa + 16 * size, pa + 0x1000};

    put(d, 0x16, 2, queue);
    put(d, 0x18, 2, size);
    put(d, 0x1a, 2, queue);
    for (unsigned i = 0; i < 3; i++) {
        put(d, 0x20 + 8 * i, 4, (uint32_t)areas[i]);
        put(d, 0x24 + 8 * i, 4, areas[i] >> 32);
    }
    put(d, 0x1c, 2, 1);
}

static void modern_status(struct virtio_driver *d, uint8_t status)
{
    put(d, 0x14, 1, status);
}

static void modern_kick(struct virtio_driver *d, unsigned queue)
{
    board_write(d->b, d->notify + 4 * queue, 2, queue);
}

static const struct driver_transport modern = {modern_negotiate, modern_setup,
                                               modern_status, modern_kick};

/* Legacy (4.1.4.10) ------------------------------------------------------ */

static uint64_t legacy_negotiate(struct virtio_driver *d, uint64_t wanted)
{
    put(d, 0x12, 1, 1);
    put(d, 0x12, 1, 3);
    uint32_t accept = (uint32_t)board_read(d->b, d->base, 4) &
                      (uint32_t)wanted;
    put(d, 0x04, 4, accept);
    return accept;
}

static void legacy_setup(struct virtio_driver *d, unsigned queue,
                         unsigned size, uint64_t pa)
{
    put(d, 0x0e, 2, queue);
    /* The size is the device's; chains go where that has the rings. */
    unsigned real = (unsigned)board_read(d->b, d->base + 0x0c, 2);
    d->rings[queue].size = real ? real : size;
    put(d, 0x08, 4, pa / 4096);
}

static void legacy_status(struct virtio_driver *d, uint8_t status)
{
    put(d, 0x12, 1, status);
}

static void legacy_kick(struct virtio_driver *d, unsigned queue)
{
    put(d, 0x10, 2, queue);
}

static const struct driver_transport legacy = {legacy_negotiate, legacy_setup,
                                               legacy_status, legacy_kick};

/* ---------------------------------------------------------------------- */

static struct board *new_board(void)
{
    char line[1280];
    int fd;

    snprintf(line, sizeof(line),
             "-m 16M -nodefaults -nographic -machine gic-version=3 "
             "-drive if=none,id=d0,format=raw,file=%s "
             "-device virtio-blk-pci,addr=1,drive=d0,packed=on,num-queues=2,"
             "queue-size=32 "
             "-netdev hubport,id=n0,hubid=0 -netdev hubport,id=n1,hubid=0 "
             "-device virtio-net-pci,addr=2,netdev=n0,packed=on "
             "-device virtio-serial-pci,addr=3,packed=on,max_ports=4 "
             "-chardev ringbuf,id=port0 -chardev ringbuf,id=port1 "
             "-device virtconsole,chardev=port0 "
             "-device virtserialport,chardev=port1,name=x "
             "-object rng-random,id=r,filename=/dev/zero "
             "-device virtio-rng-pci,addr=4,packed=on,rng=r "
             "-device pcie-root-port,id=rp,addr=5 "
             "-device virtio-net-pci,bus=rp,netdev=n1,packed=on",
             board_file(DISK_SIZE, &fd));
    return board_new(line);
}

/* First byte: which function, which interface, MSI-X or not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *b;
    struct input in = {data, data + size};
    unsigned form = in_u8(&in), slot = (form & 7) % 5 + 1;
    bool behind = slot == 5, is_legacy = form >> 7 && !behind;
    struct virtio_driver d = {.legacy = is_legacy, .netdev = "n0",
                              .t = is_legacy ? &legacy : &modern};
    uint32_t io = behind ? 0xf000 : 0x1000;
    uint32_t memory = behind ? 0x11000000 : 0x10000000;
    uint64_t bars[6];

    if (!b) {
        b = new_board();
    }
    d.b = b;
    if (behind) {
        pci_open_bridge(b, slot);
        d.netdev = "n1";
    }
    uint64_t config = behind ? pci_config(1, 0) : pci_config(0, slot);
    pci_assign(b, config, &io, &memory, bars);
    if (form & 0x40) { /* MSI-X is at the same place in all of them */
        for (unsigned at = (unsigned)board_read(b, config + 0x34, 1); at;
             at = (unsigned)board_read(b, config + at + 1, 1)) {
            if (board_read(b, config + at, 1) == 0x11) {
                board_write(b, config + at + 2, 2, 0x8000);
            }
        }
    }
    d.base = bars[is_legacy ? 0 : 4];
    d.notify = bars[4] + 0x3000;
    struct board_window windows[] = {
        {bars[4], 0x4000}, {bars[0], 0x80}, {bars[1], 0x1000},
        {config, 0x1000},
    };
    virtio_driver_run(&d, &in, windows, 4);
    board_reset(b);
    return 0;
}
