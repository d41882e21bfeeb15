#include "tests/unit/virtio_scsi_rig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct virtio_scsi_rig vs;

void vs_make_disk(void)
{
    disk_file_make(vs.path, 1 << 20);
    vs.image = (struct block_config){.file = vs.path, .format = "raw"};
    vs.config = (struct virtio_scsi_config){0};
}

struct scsi_unit *vs_add_unit(const struct scsi_kind *kind,
                                  uint32_t target, uint32_t lun,
                                  struct block_backend *b)
{
    struct scsi_unit_config config = {.target = target, .lun = lun,
                                      .backend = b};
    struct error *err = NULL;
    struct scsi_unit *unit = scsi_unit_create(vs.bus, kind, &config, &err);

    ck_assert_msg(unit != NULL, "%s", err ? err->message : "");
    return unit;
}

void vs_plug(bool legacy, int engine)
{
    struct error *err = NULL;

    guest_init(&vs.g, legacy);
    vs.image.aio = engine & 2 ? BLOCK_AIO_AUTO : BLOCK_AIO_THREADS;
    vs.backend = block_open(&vs.image, vs.g.loop, &err);
    ck_assert_msg(vs.backend != NULL, "%s", err ? err->message : "");
    struct virtio_host host = guest_host(&vs.g, VIRTIO_F_RING_PACKED);
    struct virtio_device *dev = virtio_scsi_create(&vs.config, &host, &err);
    ck_assert_msg(dev != NULL, "%s", err ? err->message : "");
    virtio_mmio_plug(vs.g.slot, dev);
    vs.bus = virtio_scsi_bus(dev);
    vs_add_unit(&scsi_disk, 0, 0, vs.backend);
    guest_start(&vs.g);
}

void vs_drive(uint64_t features)
{
    guest_negotiate(&vs.g, features);
    queue_setup(&vs.control, &vs.g, 0, 64);
    queue_setup(&vs.events, &vs.g, 1, 64);
    queue_setup(&vs.requests, &vs.g, 2, 64);
    guest_driver_ok(&vs.g);
    vs.header = alloc(&vs.g, 4096, 16);
    vs.response = alloc(&vs.g, 4096, 16);
    vs.data = alloc(&vs.g, 0x20000, 4096);
}

void vs_begin(int i)
{
    vs_make_disk();
    vs_plug(false, i);
    vs_drive(ALL | ring_of(i));
}

void vs_end(void)
{
    guest_stop(&vs.g);
    block_close(vs.backend);
    guest_free(&vs.g);
    unlink(vs.path);
}

void vs_put_lun(uint64_t pa, unsigned target, unsigned lun)
{
    const uint8_t bytes[8] = {1, (uint8_t)target, (uint8_t)(0x40 | lun >> 8),
                              (uint8_t)lun};

    memcpy(at(&vs.g, pa), bytes, 8);
}

void vs_put_header(uint64_t pa, unsigned target, unsigned lun,
                       uint64_t id, const char *cdb)
{
    unsigned byte;

    memset(at(&vs.g, pa), 0, HEADER);
    vs_put_lun(pa, target, lun);
    put64(&vs.g, pa + 8, id);
    for (unsigned n = 0; cdb[2 * n]; n++) {
        ck_assert_int_eq(sscanf(cdb + 2 * n, "%2x", &byte), 1);
        *at(&vs.g, pa + 19 + n) = (uint8_t)byte;
    }
}

uint32_t vs_sense(uint64_t pa)
{
    if (vs_status(pa) == 0) {
        ck_assert_uint_eq(get32(pa), 0);
        return 0;
    }
    ck_assert_uint_eq(vs_status(pa), 2);
    ck_assert_uint_eq(get32(pa), 18);
    ck_assert_uint_eq(*at(&vs.g, pa + 12), 0x70);
    return (uint32_t)*at(&vs.g, pa + 14) << 16 |
           (uint32_t)*at(&vs.g, pa + 24) << 8 | *at(&vs.g, pa + 25);
}

uint8_t vs_request_to(unsigned target, unsigned lun, const char *cdb,
                      uint32_t out, uint32_t in)
{
    struct segment s[4] = {{vs.header, HEADER, false}};
    unsigned n = 1;

    vs_put_header(vs.header, target, lun, 1, cdb);
    memset(at(&vs.g, vs.response), 0xee, RESPONSE + 16);
    if (out) {
        s[n++] = (struct segment){vs.data, out, false};
    }
    s[n++] = (struct segment){vs.response, RESPONSE, true};
    if (in) {
        s[n++] = (struct segment){vs.data, in, true};
    }
    uint32_t written = queue_do(&vs.requests, s, n, out & 1);
    ck_assert_uint_ge(written, 12);
    ck_assert_uint_le(written, RESPONSE + in);
    ck_assert_uint_eq(at(&vs.g, vs.response)[RESPONSE], 0xee);
    return vs_response(vs.response);
}

void vs_settle(void)
{
    ck_assert_uint_eq(vs_request("000000000000", 0, 0), OK);
    ck_assert_uint_eq(vs_sense(vs.response), 0x62900);
}
