/*
 * A virtio SCSI host device with a disk (target 0) on a disk file, and its
 * driver.
 */
#ifndef TESTS_UNIT_VIRTIO_SCSI_RIG_H
#define TESTS_UNIT_VIRTIO_SCSI_RIG_H

#include "block/block.h"
#include "hw/virtio/virtio_scsi.h"
#include "tests/unit/disk_file.h"
#include "tests/unit/virtio_driver.h"

#define V1 VIRTIO_F_VERSION_1
#define HOTPLUG BIT(1)
#define CHANGE BIT(2)
#define ALL (V1 | HOTPLUG | CHANGE | VIRTIO_F_EVENT_IDX | \
             VIRTIO_F_INDIRECT_DESC)

enum { OK, OVERRUN, ABORTED, BAD_TARGET, RESET, FAILURE = 9, SUCCEEDED,
       REJECTED, INCORRECT_LUN };
enum { TMF, AN_QUERY, AN_SUBSCRIBE };
enum { ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET,
       I_T_NEXUS_RESET, LOGICAL_UNIT_RESET, QUERY_TASK, QUERY_TASK_SET };

#define HEADER (19 + 32)
#define RESPONSE (12 + 96)
#define IN_SIZE 0x8000

struct virtio_scsi_rig {
    struct guest g;
    struct queue control, events, requests;
    struct block_backend *backend;
    struct scsi_bus *bus;
    char path[DISK_FILE_PATH];

    /* What it is made with: after vs_make_disk(), before vs_plug(). */
    struct block_config image;
    struct virtio_scsi_config config;

    /* Guest memory for one request, see vs_drive(). */
    uint64_t header, response, data;
};
extern struct virtio_scsi_rig vs;

/* Bit 0 of a looped test's index says which kind of ring, bit 1 which engine
 * the disk has. */
static inline uint64_t ring_of(int i)
{
    return i & 1 ? VIRTIO_F_RING_PACKED : 0;
}

/* Disk, device, driver; or all of it. */
void vs_make_disk(void);
void vs_plug(bool legacy, int engine);
void vs_drive(uint64_t features);
void vs_begin(int i);
void vs_end(void);

struct scsi_unit *vs_add_unit(const struct scsi_kind *kind, uint32_t target,
                              uint32_t lun, struct block_backend *b);

/* Requests --------------------------------------------------------------- */

/* An address, and a header with a CDB in hexadecimal, in guest memory. */
void vs_put_lun(uint64_t pa, unsigned target, unsigned lun);
void vs_put_header(uint64_t pa, unsigned target, unsigned lun, uint64_t id,
                   const char *cdb);

static inline uint32_t get32(uint64_t pa)
{
    uint32_t v;

    memcpy(&v, at(&vs.g, pa), 4);
    return v;
}

static inline uint8_t vs_response(uint64_t pa)
{
    return *at(&vs.g, pa + 11);
}

static inline uint8_t vs_status(uint64_t pa)
{
    return *at(&vs.g, pa + 10);
}

/* Key and codes of the sense data, or 0 for good status. */
uint32_t vs_sense(uint64_t pa);

/* One request to a unit; returns the response's code. */
uint8_t vs_request_to(unsigned target, unsigned lun, const char *cdb,
                      uint32_t out, uint32_t in);

static inline uint8_t vs_request(const char *cdb, uint32_t out, uint32_t in)
{
    return vs_request_to(0, 0, cdb, out, in);
}

/* Take the attention that power-on leaves. */
void vs_settle(void);

#endif
