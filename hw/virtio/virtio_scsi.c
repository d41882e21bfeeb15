/*
 * Virtio SCSI host device.
 *
 * Manual: virtio 1.2, 5.6.  Queues: control, events, requests (one or
 * more).  The bus and the devices on it are hw/scsi's.
 *
 * A request is header with CDB and data out (read), response with sense and
 * data in (written), in any framing.  Data goes between the disk and guest
 * memory without a copy.  Every request completes: what cannot be told from
 * a request with FAILURE.
 *
 * Threads: requests start on the loop thread; they end on any thread, with
 * the device's lock held.
 */
#include "hw/virtio/virtio_scsi.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"
#include "hw/virtio/virtio_scsi_internal.h"
#include "util/log.h"
#include "util/or_else.h"

#define DEFAULT_QUEUE_SIZE 256
#define DEFAULT_MAX_SECTORS 0xffff
#define DEFAULT_CMD_PER_LUN 128
#define DEFAULT_SENSE_SIZE 96
#define DEFAULT_CDB_SIZE 32
#define EVENT_SIZE 16
#define MAX_SIZE 0xffff /* of CDB or sense, as the driver sets them */

/* Requests (5.6.6.1); a CDB of cdb_size follows the header, sense data of
 * sense_size the response. */
struct request_header {
    uint8_t lun[8];
    uint64_t id;
    uint8_t task_attr, prio, crn;
} __attribute__((packed));

struct request_response {
    uint32_t sense_len, residual;
    uint16_t status_qualifier;
    uint8_t status, response;
} __attribute__((packed));

struct scsi_request {
    struct virtio_request base; /* data: without header and response */
    struct scsi_command cmd;
    struct virtio_scsi *scsi;
    uint32_t sense_size;        /* when it began */
};

/* Completion ------------------------------------------------------------- */

/* The request is not ours any more. */
static void respond(struct scsi_request *req,
                    const struct request_response *response)
{
    struct virtq_chain *chain = &req->base.chain;
    uint64_t written = virtq_write(chain, 0, response, sizeof(*response));

    if (response->sense_len) {
        virtq_write(chain, written, req->cmd.sense, response->sense_len);
    }
    /* The data, if there are any, begin where the sense data would end. */
    if (req->cmd.touched) {
        written = sizeof(*response) + req->sense_size + req->cmd.touched;
    } else {
        written += response->sense_len;
    }
    virtio_request_push(&req->base, written);
}

static void request_done(struct scsi_command *cmd)
{
    static const uint8_t responses[] = {
        [SCSI_DONE] = S_OK,
        [SCSI_OVERRUN] = S_OVERRUN,
        [SCSI_NO_TARGET] = S_BAD_TARGET,
        [SCSI_ABORTED] = S_ABORTED,
        [SCSI_RESET] = S_RESET,
    };
    struct scsi_request *req = container_of(cmd, struct scsi_request, cmd);
    struct virtio_scsi *s = req->scsi;
    uint64_t residual = cmd->in_size + cmd->out_size - cmd->moved;
    struct request_response response = {
        .residual = residual < UINT32_MAX ? (uint32_t)residual : UINT32_MAX,
        .response = responses[cmd->result],
    };
    bool aborted = cmd->aborting;

    if (cmd->result == SCSI_DONE) {
        response.status = cmd->status;
        if (cmd->status == SCSI_CHECK_CONDITION) {
            response.sense_len = req->sense_size < SCSI_SENSE_SIZE
                                     ? req->sense_size : SCSI_SENSE_SIZE;
        }
    }
    respond(req, &response);
    if (aborted) {
        scsi_control_ended(s);
    }
}

/* Starting --------------------------------------------------------------- */

/* 1, target, and a LUN of peripheral or flat addressing. */
bool scsi_parse_lun(const uint8_t lun[8], uint32_t *target, uint32_t *unit)
{
    *target = lun[1];
    *unit = (uint32_t)(lun[2] & 0x3f) << 8 | lun[3];
    return lun[0] == 1 && (!lun[2] || (lun[2] & 0xc0) == 0x40) && !lun[4] &&
           !lun[5] && !lun[6] && !lun[7];
}

/* What follows the header, and what follows the response. */
static void slice_data(struct scsi_request *req, uint64_t header,
                       uint64_t response)
{
    const struct virtq_chain *chain = &req->base.chain;
    struct scsi_command *cmd = &req->cmd;
    struct iovec *data = virtio_request_data(
        &req->base, chain->out_count + chain->in_count);

    cmd->out_size = chain->out_size - header;
    cmd->out = data;
    cmd->out_count = iov_slice(data, chain->iov, chain->out_count,
                               header, cmd->out_size);
    cmd->in_size = chain->in_size - response;
    cmd->in = data + cmd->out_count;
    cmd->in_count =
        iov_slice(data + cmd->out_count, chain->iov + chain->out_count,
                  chain->in_count, response, cmd->in_size);
}

static void fail(struct scsi_request *req, uint8_t response, const char *why)
{
    struct request_response r = {.response = response};

    guest_error("virtio-scsi: %s", why);
    req->cmd.touched = 0;
    respond(req, &r);
}

static void start(struct scsi_request *req)
{
    struct virtio_scsi *s = req->scsi;
    struct virtq_chain *chain = &req->base.chain;
    struct scsi_command *cmd = &req->cmd;
    uint64_t header_size =
        sizeof(struct request_header) + s->layout.cdb_size;
    uint64_t response_size =
        sizeof(struct request_response) + s->layout.sense_size;
    struct request_header header;
    uint32_t target, unit;

    if (chain->out_size < header_size || chain->in_size < response_size) {
        fail(req, S_FAILURE, "request without header or response");
        return;
    }
    if (chain->out_size > header_size && chain->in_size > response_size) {
        fail(req, S_FAILURE, "request with data in both directions");
        return;
    }
    req->sense_size = s->layout.sense_size;
    slice_data(req, header_size, response_size);
    virtq_read(chain, 0, &header, sizeof(header));
    memset(cmd->cdb, 0, sizeof(cmd->cdb));
    cmd->cdb_size = s->layout.cdb_size < SCSI_CDB_SIZE ? s->layout.cdb_size
                                                       : SCSI_CDB_SIZE;
    virtq_read(chain, sizeof(header), cmd->cdb, cmd->cdb_size);
    cmd->tag = header.id;
    cmd->done = request_done;
    if (!scsi_parse_lun(header.lun, &target, &unit)) {
        fail(req, S_BAD_TARGET, "address of a unit that cannot be one");
        return;
    }
    scsi_submit(&s->bus, cmd, target, unit);
}

static bool take_request(struct virtio_device *dev, unsigned n)
{
    struct virtio_scsi *s = scsi_of(dev);
    struct virtio_request *base = virtio_request_pop(&s->requests, n);

    if (!base) {
        return false;
    }
    struct scsi_request *req = container_of(base, struct scsi_request, base);
    req->scsi = s;
    start(req);
    return true;
}

static void scsi_process(struct virtio_device *dev, unsigned n)
{
    struct virtio_scsi *s = scsi_of(dev);

    virtio_lock(dev);
    if (n == SCSI_CONTROL_QUEUE) {
        scsi_control_process(s);
    } else if (n == SCSI_EVENT_QUEUE) {
        scsi_event_process(s);
    } else {
        virtio_each(dev, n, take_request);
    }
    virtio_unlock(dev);
    scsi_bus_unplug(&s->bus);
}

/* Config space ----------------------------------------------------------- */

static void scsi_config_read(struct virtio_device *dev, uint8_t *config)
{
    memcpy(config, &scsi_of(dev)->layout, sizeof(struct scsi_layout));
}

static void scsi_config_write(struct virtio_device *dev, unsigned offset,
                              unsigned size, uint64_t value)
{
    struct scsi_layout *layout = &scsi_of(dev)->layout;

    if (size == 4 && value <= MAX_SIZE &&
        offset == offsetof(struct scsi_layout, sense_size)) {
        layout->sense_size = (uint32_t)value;
    } else if (size == 4 && value <= MAX_SIZE &&
               offset == offsetof(struct scsi_layout, cdb_size)) {
        layout->cdb_size = (uint32_t)value;
    } else {
        guest_error("virtio-scsi: write of 0x%llx to config space at 0x%x",
                    (unsigned long long)value, offset);
    }
}

/* Reset, creation -------------------------------------------------------- */

static void scsi_drain(struct virtio_device *dev)
{
    scsi_bus_drain(&scsi_of(dev)->bus);
}

static void scsi_device_reset(struct virtio_device *dev)
{
    struct virtio_scsi *s = scsi_of(dev);

    assert(!s->waiting);
    s->layout.sense_size = DEFAULT_SENSE_SIZE;
    s->layout.cdb_size = DEFAULT_CDB_SIZE;
    s->events_missed = false;
    scsi_bus_reset(&s->bus);
}

static void release(struct virtio_request *base)
{
    scsi_command_free(&container_of(base, struct scsi_request, base)->cmd);
}

static void scsi_free(struct virtio_device *dev)
{
    struct virtio_scsi *s = scsi_of(dev);

    scsi_bus_free(&s->bus);
    virtio_deinit(dev);
    virtio_requests_free(&s->requests, release);
    virtq_chain_free(&s->control);
    virtq_chain_free(&s->event);
    free(s);
}

static const struct virtio_device_ops scsi_ops = {
    .name = "virtio-scsi",
    .id = VIRTIO_ID_SCSI,
    .config_read = scsi_config_read,
    .config_write = scsi_config_write,
    .process = scsi_process,
    .drain = scsi_drain,
    .reset = scsi_device_reset,
    .free = scsi_free,
};

/* Any thread. */
static void kick(void *adapter)
{
    struct virtio_scsi *s = adapter;

    virtio_kick(&s->dev, SCSI_REQUEST_QUEUE);
}

static const struct scsi_bus_ops bus_ops = {
    .kick = kick,
    .changed = scsi_event_changed,
};

struct virtio_device *
virtio_scsi_create(const struct virtio_scsi_config *c,
                   const struct virtio_host *host, struct error **err)
{
    unsigned most = VIRTIO_MAX_QUEUES - SCSI_REQUEST_QUEUE;
    uint16_t size = (uint16_t)or_else(c->queue_size, DEFAULT_QUEUE_SIZE);

    if (c->queues > most) {
        error_set(err, "num_queues=%u: there can be 1 to %u", c->queues,
                  most);
        return NULL;
    }
    if (!virtio_check_queue_size("virtqueue_size", c->queue_size, 4, err)) {
        return NULL;
    }
    struct virtio_scsi *s = calloc(1, sizeof(*s));
    assert(s);
    s->layout = (struct scsi_layout){
        .num_queues = or_else(c->queues, 1),
        .seg_max = size - 2u, /* a chain without header and response */
        .max_sectors = or_else(c->max_sectors, DEFAULT_MAX_SECTORS),
        .cmd_per_lun = or_else(c->cmd_per_lun, DEFAULT_CMD_PER_LUN),
        .event_info_size = EVENT_SIZE,
        .sense_size = DEFAULT_SENSE_SIZE,
        .cdb_size = DEFAULT_CDB_SIZE,
        .max_target = SCSI_MAX_TARGETS - 1,
        .max_lun = SCSI_MAX_LUNS - 1,
    };
    virtio_init(&s->dev, &scsi_ops, host,
                (c->no_hotplug ? 0 : SCSI_F_HOTPLUG) |
                    (c->no_param_change ? 0 : SCSI_F_CHANGE),
                sizeof(struct scsi_layout));
    virtio_requests_init(&s->requests, &s->dev, sizeof(struct scsi_request));
    scsi_bus_init(&s->bus, &bus_ops, s, &s->dev.lock);
    for (unsigned i = 0; i < SCSI_REQUEST_QUEUE + s->layout.num_queues;
         i++) {
        virtio_add_queue(&s->dev, size);
    }
    return &s->dev;
}

struct scsi_bus *virtio_scsi_bus(struct virtio_device *dev)
{
    assert(dev->ops == &scsi_ops);
    return &scsi_of(dev)->bus;
}
