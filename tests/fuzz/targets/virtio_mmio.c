/* Virtio over MMIO, legacy and modern: blk, net, console, rng, scsi. */
#include "tests/fuzz/shared/virtio_driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "hw/virtio/virtio_mmio.h"

#define DISK_SIZE 0x10000

static void put(struct virtio_driver *d, unsigned reg, uint32_t value)
{
    board_write(d->b, d->base + reg, 4, value);
}

static uint64_t negotiate(struct virtio_driver *d, uint64_t wanted)
{
    uint64_t accepted = 0;

    put(d, 0x70, 1);
    put(d, 0x70, 3);
    for (unsigned half = 0; half < (d->legacy ? 1 : 2); half++) {
        put(d, 0x14, half);
        uint32_t offered = (uint32_t)board_read(d->b, d->base + 0x10, 4);
        uint32_t accept = offered & (uint32_t)(wanted >> 32 * half);
        put(d, 0x24, half);
        put(d, 0x20, accept);
        accepted |= (uint64_t)accept << 32 * half;
    }
    if (d->legacy) {
        put(d, 0x28, 4096);
    } else {
        put(d, 0x70, 11);
    }
    return accepted;
}

static void setup(struct virtio_driver *d, unsigned queue, unsigned size,
                  uint64_t pa)
{
    uint64_t areas[3] = {pa, pa + 16 * size, pa + 0x1000};

    put(d, 0x30, queue);
    put(d, 0x38, size);
    if (d->legacy) {
        put(d, 0x3c, 4096);
        put(d, 0x40, (uint32_t)(pa / 4096));
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        put(d, 0x80 + 0x10 * i, (uint32_t)areas[i]);
        put(d, 0x84 + 0x10 * i, (uint32_t)(areas[i] >> 32));
    }
    put(d, 0x44, 1);
}

static void set_status(struct virtio_driver *d, uint8_t status)
{
    put(d, 0x70, status);
}

static void kick(struct virtio_driver *d, unsigned queue)
{
    put(d, 0x50, queue);
}

static const struct driver_transport transport = {negotiate, setup,
                                                  set_status, kick};

static struct board *new_board(const char *legacy)
{
    char line[1024];
    int fd;

    snprintf(line, sizeof(line),
             "-m 16M -nodefaults -nographic -global "
             "virtio-mmio.force-legacy=%s "
             "-device virtio-scsi-device,packed=on "
             "-drive if=none,id=d1,format=raw,file.locking=off,file=%s "
             "-device scsi-hd,drive=d1 -device scsi-cd,scsi-id=0 "
             "-drive if=none,id=d0,format=raw,file=%s "
             "-device virtio-blk-device,drive=d0,packed=on,num-queues=2 "
             "-netdev hubport,id=n0,hubid=0 -netdev hubport,id=n1,hubid=0 "
             "-device virtio-net-device,netdev=n0,packed=on "
             "-device virtio-serial-device,packed=on,max_ports=4 "
             "-chardev ringbuf,id=port0 -chardev ringbuf,id=port1 "
             "-device virtconsole,chardev=port0 "
             "-device virtserialport,chardev=port1,name=x "
             "-object rng-random,id=r,filename=/dev/zero "
             "-device virtio-rng-device,packed=on,rng=r,max-bytes=256,"
             "period=60000 "
             "-device virtio-net-device,netdev=n1,packed=on", legacy,
             board_file(DISK_SIZE, &fd), board_file(DISK_SIZE, &fd));
    return board_new(line);
}

/* First byte: which device, and which version of the registers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *boards[2];
    struct input in = {data, data + size};
    unsigned form = in_u8(&in), wanted = (form & 7) % 6;
    struct virtio_driver d = {.t = &transport, .legacy = form >> 7,
                              .netdev = "n0"};
    struct board_window window = {0, VIRTIO_MMIO_SIZE};

    if (!boards[0]) {
        boards[0] = new_board("off");
        boards[1] = new_board("on");
    }
    d.b = boards[d.legacy];
    for (int slot = 0; slot < VIRT_MMIO_SLOTS; slot++) {
        if (virtio_mmio_device(d.b->m->virtio_slots[slot]) && !wanted--) {
            d.base = window.base = virt_mmio_slot(slot);
        }
    }
    virtio_driver_run(&d, &in, &window, 1);
    board_reset(d.b);
    return 0;
}
