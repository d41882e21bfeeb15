/*
 * Virtio SCSI host device: task management and events (virtio 1.2, 5.6.6.2
 * and 5.6.6.3).
 *
 * A function that aborts commands is answered when they have ended, for the
 * host's disk cannot take back what it has begun.  Lock held throughout.
 */
#include "hw/virtio/virtio_scsi_internal.h"

#include "util/log.h"

enum { T_TMF = 0, T_AN_QUERY = 1, T_AN_SUBSCRIBE = 2 };

enum {
    ABORT_TASK = 0,
    ABORT_TASK_SET = 1,
    CLEAR_ACA = 2,
    CLEAR_TASK_SET = 3,
    I_T_NEXUS_RESET = 4,
    LOGICAL_UNIT_RESET = 5,
    QUERY_TASK = 6,
    QUERY_TASK_SET = 7,
};

struct tmf {
    uint32_t type, subtype;
    uint8_t lun[8];
    uint64_t id;
} __attribute__((packed));

struct async_notification {
    uint32_t type;
    uint8_t lun[8];
    uint32_t event_requested;
} __attribute__((packed));

struct async_response {
    uint32_t event_actual;
    uint8_t response;
} __attribute__((packed));

struct event {
    uint32_t event;
    uint8_t lun[8];
    uint32_t reason;
} __attribute__((packed));

enum { NO_EVENT = 0, TRANSPORT_RESET = 1, PARAM_CHANGE = 3 };
#define EVENTS_MISSED UINT32_C(0x80000000)
enum { RESET_RESCAN = 1, RESET_REMOVED = 2 };

/* Task management -------------------------------------------------------- */

static void answer(struct virtio_scsi *s, const void *response, uint64_t size)
{
    uint64_t written = virtq_write(&s->control, 0, response, size);

    virtio_push(&s->dev, SCSI_CONTROL_QUEUE, &s->control, written);
}

static void answer_tmf(struct virtio_scsi *s, uint8_t response)
{
    answer(s, &response, 1);
}

void scsi_control_ended(struct virtio_scsi *s)
{
    s->waiting--;
    if (!s->waiting) {
        answer_tmf(s, S_OK);
        virtio_kick(&s->dev, SCSI_CONTROL_QUEUE);
    }
}

/* What a function is about, or why it is not: units, or the target for a
 * reset of the nexus. */
static uint8_t find_subject(struct virtio_scsi *s, const struct tmf *tmf,
                            uint32_t *target, uint32_t *lun)
{
    if (!scsi_parse_lun(tmf->lun, target, lun) ||
        !scsi_has_target(&s->bus, *target)) {
        return S_BAD_TARGET;
    }
    if (tmf->subtype == I_T_NEXUS_RESET) {
        *lun = SCSI_ANY;
    } else if (!scsi_has_unit(&s->bus, *target, *lun)) {
        return S_INCORRECT_LUN;
    }
    return S_OK;
}

static void manage(struct virtio_scsi *s, const struct tmf *tmf)
{
    uint32_t target, lun;
    uint8_t response = find_subject(s, tmf, &target, &lun);
    bool one = tmf->subtype == ABORT_TASK || tmf->subtype == QUERY_TASK;
    uint64_t id = tmf->id;
    const uint64_t *tag = one ? &id : NULL;

    if (response != S_OK) {
        answer_tmf(s, response);
        return;
    }
    switch (tmf->subtype) {
    case I_T_NEXUS_RESET:
    case LOGICAL_UNIT_RESET:
        s->waiting = scsi_abort(&s->bus, target, lun, NULL, SCSI_RESET);
        scsi_reset(&s->bus, target, lun);
        break;
    case ABORT_TASK:
    case ABORT_TASK_SET:
    case CLEAR_TASK_SET:
        s->waiting = scsi_abort(&s->bus, target, lun, tag, SCSI_ABORTED);
        break;
    case QUERY_TASK:
    case QUERY_TASK_SET:
        answer_tmf(s, scsi_is_running(&s->bus, target, lun, tag)
                          ? S_FUNCTION_SUCCEEDED : S_OK);
        return;
    default: /* CLEAR_ACA: there is no ACA */
        answer_tmf(s, S_FUNCTION_REJECTED);
        return;
    }
    if (!s->waiting) {
        answer_tmf(s, S_OK);
    }
}

/* There are no asynchronous events of units to query or to subscribe to. */
static void notify_async(struct virtio_scsi *s,
                         const struct async_notification *request)
{
    struct async_response response = {0};
    uint32_t target, lun;

    if (!scsi_parse_lun(request->lun, &target, &lun) ||
        !scsi_has_target(&s->bus, target)) {
        response.response = S_BAD_TARGET;
    } else if (!scsi_has_unit(&s->bus, target, lun)) {
        response.response = S_INCORRECT_LUN;
    }
    answer(s, &response, sizeof(response));
}

static void start_control(struct virtio_scsi *s)
{
    union {
        uint32_t type;
        struct tmf tmf;
        struct async_notification async;
    } request = {0};
    uint64_t size =
        virtq_read(&s->control, 0, &request, sizeof(request));
    bool notification =
        request.type == T_AN_QUERY || request.type == T_AN_SUBSCRIBE;

    if (size >= sizeof(struct tmf) && request.type == T_TMF) {
        manage(s, &request.tmf);
    } else if (size >= sizeof(struct async_notification) && notification) {
        notify_async(s, &request.async);
    } else {
        guest_error("virtio-scsi: control request %u of %llu bytes",
                    request.type, (unsigned long long)size);
        answer_tmf(s, S_FAILURE);
    }
}

/* As virtio_each(), but that chains stay where they are while a function
 * waits. */
void scsi_control_process(struct virtio_scsi *s)
{
    struct virtio_device *dev = &s->dev;
    struct virtq *vq = &dev->queues[SCSI_CONTROL_QUEUE];
    unsigned budget = vq->max_size;

    do {
        virtq_set_notify(vq, false);
        while (budget && !s->waiting &&
               virtio_pop(dev, SCSI_CONTROL_QUEUE, &s->control)) {
            start_control(s);
            budget--;
        }
    } while (budget && !s->waiting &&
             !virtio_await(dev, SCSI_CONTROL_QUEUE));
    if (!budget) {
        virtio_kick(dev, SCSI_CONTROL_QUEUE);
    }
}

/* Events ----------------------------------------------------------------- */

static void send_event(struct virtio_scsi *s, struct event event)
{
    if (s->events_missed) {
        event.event |= EVENTS_MISSED;
    }
    if (!virtio_pop(&s->dev, SCSI_EVENT_QUEUE, &s->event)) {
        s->events_missed = true;
        if (!virtio_await(&s->dev, SCSI_EVENT_QUEUE)) {
            virtio_kick(&s->dev, SCSI_EVENT_QUEUE);
        }
        return;
    }
    s->events_missed = s->event.in_size < sizeof(event);
    if (s->events_missed) {
        guest_error("virtio-scsi: event buffer of %llu bytes",
                    (unsigned long long)s->event.in_size);
    }
    uint64_t written = virtq_write(&s->event, 0, &event, sizeof(event));
    virtio_push(&s->dev, SCSI_EVENT_QUEUE, &s->event, written);
}

void scsi_event_process(struct virtio_scsi *s)
{
    if (s->events_missed) {
        send_event(s, (struct event){.event = NO_EVENT});
    }
}

void scsi_event_changed(void *adapter, const struct scsi_unit *unit,
                        enum scsi_change change, struct scsi_sense sense)
{
    struct virtio_scsi *s = adapter;
    uint32_t lun = scsi_unit_lun(unit);
    struct event event = {
        .event = change == SCSI_CHANGED ? PARAM_CHANGE : TRANSPORT_RESET,
        .lun = {1, (uint8_t)scsi_unit_target(unit),
                (uint8_t)(lun < 256 ? 0 : 0x40 | lun >> 8), (uint8_t)lun},
        .reason = change == SCSI_CHANGED ? sense.asc | sense.ascq << 8
                  : change == SCSI_ADDED ? RESET_RESCAN
                                         : RESET_REMOVED,
    };
    uint64_t feature =
        change == SCSI_CHANGED ? SCSI_F_CHANGE : SCSI_F_HOTPLUG;

    if (s->dev.status & VIRTIO_DRIVER_OK && virtio_has(&s->dev, feature)) {
        send_event(s, event);
    }
}
