/*
 * A command from its descriptor block to its end: SPC-4 4.3 (CDBs), 4.5
 * (sense data), SAM-5 5.14 (unit attention).
 *
 * scsi_run() finds the row of the operation code and calls it; the row's
 * function ends the command with scsi_good(), scsi_check() and the like, or
 * starts on the disk and leaves a step that goes on from there.
 */
#include "hw/scsi/scsi_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"
#include "util/bits.h"
#include "util/log.h"

#define CONTROL_NACA BIT(2)

const struct scsi_sense sense_none = {KEY_NONE, 0x00, 0x00};
const struct scsi_sense sense_bad_opcode = {KEY_ILLEGAL_REQUEST, 0x20, 0};
const struct scsi_sense sense_bad_cdb = {KEY_ILLEGAL_REQUEST, 0x24, 0};
const struct scsi_sense sense_bad_list = {KEY_ILLEGAL_REQUEST, 0x26, 0};
const struct scsi_sense sense_list_length = {KEY_ILLEGAL_REQUEST, 0x1a, 0};
const struct scsi_sense sense_out_of_range = {KEY_ILLEGAL_REQUEST, 0x21, 0};
const struct scsi_sense sense_no_unit = {KEY_ILLEGAL_REQUEST, 0x25, 0};
const struct scsi_sense sense_no_saving = {KEY_ILLEGAL_REQUEST, 0x39, 0};
const struct scsi_sense sense_prevented = {KEY_ILLEGAL_REQUEST, 0x53, 0x02};
const struct scsi_sense sense_not_ready = {KEY_NOT_READY, 0x04, 0x03};
const struct scsi_sense sense_no_medium_closed = {KEY_NOT_READY, 0x3a, 0x01};
const struct scsi_sense sense_no_medium_open = {KEY_NOT_READY, 0x3a, 0x02};
const struct scsi_sense sense_write_protected = {KEY_DATA_PROTECT, 0x27, 0};
const struct scsi_sense sense_power_on = {KEY_UNIT_ATTENTION, 0x29, 0x00};
const struct scsi_sense sense_unit_reset = {KEY_UNIT_ATTENTION, 0x29, 0x03};
const struct scsi_sense sense_new_medium = {KEY_UNIT_ATTENTION, 0x28, 0x00};
const struct scsi_sense sense_luns_changed = {KEY_UNIT_ATTENTION, 0x3f, 0x0e};

/* Ends ------------------------------------------------------------------- */

void scsi_end(struct scsi_command *cmd, enum scsi_result result)
{
    cmd->result = result;
    scsi_bus_stopped(cmd);
    free(cmd->buffer);
    cmd->buffer = NULL;
    cmd->done(cmd);
}

void scsi_good(struct scsi_command *cmd)
{
    cmd->status = SCSI_GOOD;
    scsi_end(cmd, SCSI_DONE);
}

void scsi_put_sense(uint8_t data[SCSI_SENSE_SIZE], struct scsi_sense sense)
{
    memset(data, 0, SCSI_SENSE_SIZE);
    data[0] = 0x70; /* current, fixed format */
    data[2] = sense.key;
    data[7] = SCSI_SENSE_SIZE - 8;
    data[12] = sense.asc;
    data[13] = sense.ascq;
}

void scsi_check(struct scsi_command *cmd, struct scsi_sense sense)
{
    cmd->moved = 0;
    cmd->status = SCSI_CHECK_CONDITION;
    scsi_put_sense(cmd->sense, sense);
    scsi_end(cmd, SCSI_DONE);
}

void scsi_command_free(struct scsi_command *cmd)
{
    free(cmd->iov);
    free(cmd->buffer);
    cmd->iov = NULL;
    cmd->buffer = NULL;
}

/* Data ------------------------------------------------------------------- */

/* Is there room for, or are there, `size` bytes?  Else it ends. */
static bool wants_in(struct scsi_command *cmd, uint64_t size)
{
    if (size > cmd->in_size) {
        scsi_end(cmd, SCSI_OVERRUN);
    }
    return size <= cmd->in_size;
}

static bool wants_out(struct scsi_command *cmd, uint64_t size)
{
    if (size > cmd->out_size) {
        scsi_end(cmd, SCSI_OVERRUN);
    }
    return size <= cmd->out_size;
}

void scsi_reply(struct scsi_command *cmd, const void *data, uint64_t size,
                uint64_t allocation)
{
    if (!wants_in(cmd, allocation)) {
        return;
    }
    cmd->moved = size < allocation ? size : allocation;
    cmd->touched = cmd->moved;
    iov_from_buffer(cmd->in, cmd->in_count, data, cmd->moved);
    scsi_good(cmd);
}

void *scsi_buffer(struct scsi_command *cmd, size_t size)
{
    assert(!cmd->buffer);
    cmd->buffer = calloc(1, size);
    assert(cmd->buffer);
    return cmd->buffer;
}

bool scsi_take_list(struct scsi_command *cmd, uint32_t size)
{
    if (!wants_out(cmd, size)) {
        return false;
    }
    iov_to_buffer(cmd->out, cmd->out_count, scsi_buffer(cmd, size), size);
    cmd->moved = size;
    return true;
}

/* The disk --------------------------------------------------------------- */

/* What the guest hears about an error of the host. */
static struct scsi_sense sense_of(enum block_op op, int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* "space allocation failed write protect" */
        return (struct scsi_sense){KEY_DATA_PROTECT, 0x27, 0x07};
    case EROFS:
        return sense_write_protected;
    case ENOMEM: /* "internal target failure" */
        return (struct scsi_sense){KEY_HARDWARE_ERROR, 0x44, 0x00};
    }
    /* "unrecovered read error", "write error" */
    return (struct scsi_sense){KEY_MEDIUM_ERROR,
                               op == BLOCK_READ ? 0x11 : 0x0c, 0x00};
}

/* Any thread, no lock. */
static void io_done(struct block_request *io, int error)
{
    struct scsi_command *cmd = container_of(io, struct scsi_command, io);
    pthread_mutex_t *lock = cmd->bus->lock;
    void (*step)(struct scsi_command *cmd) = cmd->step;

    if (io->op == BLOCK_DISCARD && error == EOPNOTSUPP) {
        error = 0; /* it was a hint */
    }
    pthread_mutex_lock(lock);
    if (cmd->aborting) {
        cmd->moved = 0;
        scsi_end(cmd, cmd->result);
    } else if (error) {
        scsi_check(cmd, sense_of(io->op, error));
    } else if (step) {
        step(cmd);
    } else {
        scsi_good(cmd);
    }
    pthread_mutex_unlock(lock);
}

static void submit(struct scsi_command *cmd, enum block_op op,
                   uint64_t offset, uint64_t length, unsigned flags,
                   void (*step)(struct scsi_command *cmd))
{
    struct scsi_unit *unit = cmd->unit;
    bool first = !cmd->link;

    if (first) {
        scsi_bus_running(cmd);
    }
    cmd->step = step;
    cmd->io.op = op;
    cmd->io.flags = flags;
    cmd->io.offset = offset;
    cmd->io.length = length;
    cmd->io.done = io_done;
    block_submit(cmd->backend, &cmd->io);
    scsi_bus_plug(unit, !first);
}

void scsi_submit_io(struct scsi_command *cmd, enum block_op op, uint64_t lba,
                    uint64_t count, unsigned flags,
                    void (*step)(struct scsi_command *cmd))
{
    submit(cmd, op, lba * cmd->unit->block_size,
           count * cmd->unit->block_size, flags, step);
}

void scsi_flush(struct scsi_command *cmd,
                void (*step)(struct scsi_command *cmd))
{
    submit(cmd, BLOCK_FLUSH, 0, 0, 0, step);
}

bool scsi_in_range(struct scsi_command *cmd, uint64_t lba, uint64_t count)
{
    uint64_t blocks = cmd->unit->blocks;

    if (lba <= blocks && count <= blocks - lba) {
        return true;
    }
    guest_error("%s: command 0x%02x for %llu blocks at %llu; there are %llu",
                cmd->unit->kind->name, cmd->cdb[0],
                (unsigned long long)count, (unsigned long long)lba,
                (unsigned long long)blocks);
    scsi_check(cmd, sense_out_of_range);
    return false;
}

unsigned scsi_write_flags(const struct scsi_unit *unit)
{
    return unit->write_cache ? 0 : BLOCK_FUA;
}

static void start_read(struct scsi_command *cmd)
{
    cmd->moved = cmd->count * cmd->unit->block_size;
    cmd->touched = cmd->moved;
    scsi_submit_io(cmd, BLOCK_READ, cmd->lba, cmd->count, 0, NULL);
}

void scsi_transfer(struct scsi_command *cmd, enum block_op op)
{
    bool in = op == BLOCK_READ;
    unsigned count = in ? cmd->in_count : cmd->out_count;
    uint64_t length = cmd->count * cmd->unit->block_size;
    bool fua = cmd->cdb[0] >= 0x20 && cmd->cdb[1] & BIT(3);

    if (!scsi_in_range(cmd, cmd->lba, cmd->count) ||
        !(in ? wants_in(cmd, length) : wants_out(cmd, length))) {
        return;
    }
    if (!length) {
        scsi_good(cmd);
        return;
    }
    if (count > cmd->iov_room) {
        cmd->iov = realloc(cmd->iov, count * sizeof(*cmd->iov));
        assert(cmd->iov);
        cmd->iov_room = count;
    }
    cmd->io.iov = cmd->iov;
    cmd->io.iov_count = iov_slice(cmd->iov, in ? cmd->in : cmd->out, count,
                                  0, length);
    if (in && fua && cmd->unit->write_cache) {
        scsi_flush(cmd, start_read); /* SBC-3 4.15: from the medium */
    } else if (in) {
        start_read(cmd);
    } else {
        cmd->moved = length;
        scsi_submit_io(cmd, op, cmd->lba, cmd->count,
                       fua ? BLOCK_FUA : scsi_write_flags(cmd->unit), NULL);
    }
}

/* Start ------------------------------------------------------------------ */

/* Where the numbers of a CDB are, by the group of its code (SPC-4 4.3.5.1);
 * length 0: reserved, or of variable length. */
static const struct {
    uint8_t length, lba, lba_size, count, count_size;
} groups[8] = {
    {6, 1, 3, 4, 1},   {10, 2, 4, 7, 2}, {10, 2, 4, 7, 2},   {0, 0, 0, 0, 0},
    {16, 2, 8, 10, 4}, {12, 2, 4, 6, 4}, {0, 0, 0, 0, 0},    {0, 0, 0, 0, 0},
};

static const struct scsi_row *find_row(const struct scsi_command *cmd)
{
    const struct scsi_row *const absent[] = {scsi_absent_rows, NULL};
    const struct scsi_row *const *lists =
        cmd->unit ? cmd->unit->kind->commands : absent;

    for (; *lists; lists++) {
        for (const struct scsi_row *row = *lists; row->run; row++) {
            if (row->opcode == cmd->cdb[0]) {
                return row;
            }
        }
    }
    return NULL;
}

/* May it run? */
static bool passes(struct scsi_command *cmd, const struct scsi_row *row)
{
    struct scsi_unit *unit = cmd->unit;
    unsigned length = groups[cmd->cdb[0] >> 5].length;

    if (unit && unit->attention.key && !(row && row->flags & ROW_FIRST)) {
        struct scsi_sense attention = unit->attention;
        unit->attention = sense_none;
        scsi_check(cmd, attention);
    } else if (!row) {
        scsi_check(cmd, unit ? sense_bad_opcode : sense_no_unit);
    } else if (cmd->cdb_size < length ||
               cmd->cdb[length - 1] & CONTROL_NACA) {
        scsi_check(cmd, sense_bad_cdb);
    } else if (!(row->flags & ROW_NO_MEDIUM) && !scsi_is_ready(unit)) {
        scsi_check(cmd, scsi_no_medium(unit));
    } else if (row->flags & ROW_WRITES && scsi_is_read_only(unit)) {
        scsi_check(cmd, sense_write_protected);
    } else {
        return true;
    }
    return false;
}

void scsi_run(struct scsi_command *cmd)
{
    const struct scsi_row *row = find_row(cmd);
    unsigned group = cmd->cdb[0] >> 5;

    if (passes(cmd, row)) {
        cmd->lba = scsi_get(cmd->cdb + groups[group].lba,
                            groups[group].lba_size);
        cmd->count = scsi_get(cmd->cdb + groups[group].count,
                              groups[group].count_size);
        if (group == 0) {
            cmd->lba &= 0x1fffff;
        }
        row->run(cmd);
    }
}
