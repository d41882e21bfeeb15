/*
 * The bus: which units there are, and which commands run (SAM-5 4.6, 7).
 *
 * `lock` is the adapter's and guards all of it.  The list of units changes
 * on the loop thread only, with `members` held too, so that a drain, which
 * waits without `lock`, finds them alive.
 */
#include "hw/scsi/scsi_internal.h"

#include <assert.h>
#include <stdlib.h>

#include "util/bits.h"

void scsi_bus_init(struct scsi_bus *bus, const struct scsi_bus_ops *ops,
                   void *adapter, pthread_mutex_t *lock)
{
    *bus = (struct scsi_bus){.ops = ops, .adapter = adapter, .lock = lock};
    pthread_mutex_init(&bus->members, NULL);
}

void scsi_bus_free(struct scsi_bus *bus)
{
    assert(!bus->running);
    while (bus->units) {
        struct scsi_unit *unit = bus->units;
        bus->units = unit->next;
        free(unit);
    }
    pthread_mutex_destroy(&bus->members);
}

/* Commands that run ------------------------------------------------------ */

void scsi_bus_running(struct scsi_command *cmd)
{
    struct scsi_bus *bus = cmd->bus;

    cmd->next = bus->running;
    cmd->link = &bus->running;
    if (cmd->next) {
        cmd->next->link = &cmd->next;
    }
    bus->running = cmd;
}

void scsi_bus_stopped(struct scsi_command *cmd)
{
    if (cmd->link) {
        *cmd->link = cmd->next;
        if (cmd->next) {
            cmd->next->link = cmd->link;
        }
        cmd->link = NULL;
    }
}

static bool matches(const struct scsi_command *cmd, uint32_t target,
                    uint32_t lun, const uint64_t *tag)
{
    return cmd->target == target && (lun == SCSI_ANY || cmd->lun == lun) &&
           (!tag || cmd->tag == *tag);
}

unsigned scsi_abort(struct scsi_bus *bus, uint32_t target, uint32_t lun,
                    const uint64_t *tag, enum scsi_result result)
{
    unsigned count = 0;

    for (struct scsi_command *cmd = bus->running; cmd; cmd = cmd->next) {
        if (!cmd->aborting && matches(cmd, target, lun, tag)) {
            cmd->aborting = true;
            cmd->result = result;
            count++;
        }
    }
    return count;
}

bool scsi_is_running(const struct scsi_bus *bus, uint32_t target,
                     uint32_t lun, const uint64_t *tag)
{
    const struct scsi_command *cmd = bus->running;

    while (cmd && (cmd->aborting || !matches(cmd, target, lun, tag))) {
        cmd = cmd->next;
    }
    return cmd != NULL;
}

/* Submission ------------------------------------------------------------- */

static struct scsi_unit *find(const struct scsi_bus *bus, uint32_t target,
                              uint32_t lun)
{
    struct scsi_unit *unit = bus->units;

    while (unit && (unit->target != target ||
                    (lun != SCSI_ANY && unit->lun != lun))) {
        unit = unit->next;
    }
    return unit;
}

bool scsi_has_target(const struct scsi_bus *bus, uint32_t target)
{
    return find(bus, target, SCSI_ANY) != NULL;
}

bool scsi_has_unit(const struct scsi_bus *bus, uint32_t target, uint32_t lun)
{
    return find(bus, target, lun) != NULL;
}

void scsi_submit(struct scsi_bus *bus, struct scsi_command *cmd,
                 uint32_t target, uint32_t lun)
{
    cmd->moved = 0;
    cmd->touched = 0;
    cmd->aborting = false;
    cmd->bus = bus;
    cmd->target = target;
    cmd->lun = lun;
    cmd->unit = find(bus, target, lun);
    cmd->backend = cmd->unit ? cmd->unit->backend : NULL;
    if (!scsi_has_target(bus, target)) {
        scsi_end(cmd, SCSI_NO_TARGET);
    } else {
        scsi_run(cmd);
    }
}

void scsi_bus_plug(struct scsi_unit *unit, bool kick)
{
    __atomic_store_n(&unit->plugged, true, __ATOMIC_RELEASE);
    if (kick) {
        unit->bus->ops->kick(unit->bus->adapter);
    }
}

void scsi_bus_unplug(struct scsi_bus *bus)
{
    for (struct scsi_unit *unit = bus->units; unit; unit = unit->next) {
        if (__atomic_exchange_n(&unit->plugged, false, __ATOMIC_ACQ_REL) &&
            unit->backend) {
            block_unplug(unit->backend);
        }
    }
}

void scsi_bus_drain(struct scsi_bus *bus)
{
    pthread_mutex_lock(&bus->members);
    for (struct scsi_unit *unit = bus->units; unit; unit = unit->next) {
        if (unit->backend) {
            block_drain(unit->backend);
        }
    }
    pthread_mutex_unlock(&bus->members);
}

/* Reset ------------------------------------------------------------------ */

void scsi_set_attention(struct scsi_unit *unit, struct scsi_sense sense)
{
    /* A reset says more than what happened before it. */
    if (unit->attention.key != KEY_UNIT_ATTENTION ||
        unit->attention.asc != sense_power_on.asc) {
        unit->attention = sense;
    }
}

static void reset_unit(struct scsi_unit *unit, struct scsi_sense sense)
{
    unit->locked = false;
    unit->write_cache = scsi_initial_cache(unit);
    unit->media_event = EVENT_NONE;
    unit->attention = sense;
}

void scsi_reset(struct scsi_bus *bus, uint32_t target, uint32_t lun)
{
    for (struct scsi_unit *unit = bus->units; unit; unit = unit->next) {
        if (unit->target == target &&
            (lun == SCSI_ANY || unit->lun == lun)) {
            reset_unit(unit, sense_unit_reset);
        }
    }
}

void scsi_bus_reset(struct scsi_bus *bus)
{
    for (struct scsi_unit *unit = bus->units; unit; unit = unit->next) {
        reset_unit(unit, sense_power_on);
    }
}
