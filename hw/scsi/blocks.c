/*
 * Commands for media made of blocks (SBC-3 5), as far as CD-ROMs have them
 * too (MMC-6 6): reading, capacity, the medium's coming and going.
 */
#include "hw/scsi/scsi_internal.h"

#include "util/bits.h"

/* READ ------------------------------------------------------------------- */

static void read_6(struct scsi_command *cmd)
{
    cmd->count = cmd->count ? cmd->count : 256;
    scsi_transfer(cmd, BLOCK_READ);
}

static void read_blocks(struct scsi_command *cmd)
{
    if (cmd->cdb[1] & 0xe0) { /* there is no protection information */
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    scsi_transfer(cmd, BLOCK_READ);
}

/* VERIFY, SEEK: is there such a block? */
static void check_range(struct scsi_command *cmd)
{
    if (cmd->cdb[1] & 0xe6) { /* protection; bytes to compare with */
        scsi_check(cmd, sense_bad_cdb);
    } else if (scsi_in_range(cmd, cmd->lba, cmd->count)) {
        scsi_good(cmd);
    }
}

static void seek(struct scsi_command *cmd)
{
    if (scsi_in_range(cmd, cmd->lba, 1)) {
        scsi_good(cmd);
    }
}

/* SYNCHRONIZE CACHE (5.21), of all blocks whichever are named */
static void synchronize(struct scsi_command *cmd)
{
    if (scsi_in_range(cmd, cmd->lba, cmd->count)) {
        scsi_flush(cmd, NULL);
    }
}

/* Capacity --------------------------------------------------------------- */

static bool has_blocks(struct scsi_command *cmd)
{
    if (!cmd->unit->blocks) {
        scsi_check(cmd, sense_not_ready);
    }
    return cmd->unit->blocks != 0;
}

/* READ CAPACITY (10) (5.15), which has no allocation length */
static void capacity_10(struct scsi_command *cmd)
{
    uint8_t data[8];

    if (!(cmd->cdb[8] & 1) && cmd->lba) { /* PMI */
        scsi_check(cmd, sense_bad_cdb);
    } else if (has_blocks(cmd)) {
        scsi_put(data, 4, scsi_clamp(cmd->unit->blocks - 1, 4));
        scsi_put(data + 4, 4, cmd->unit->block_size);
        scsi_reply(cmd, data, sizeof(data), sizeof(data));
    }
}

/* SERVICE ACTION IN (16): READ CAPACITY (16) (5.16) */
static void capacity_16(struct scsi_command *cmd)
{
    const struct scsi_unit *unit = cmd->unit;
    uint8_t data[32] = {0};

    if ((cmd->cdb[1] & 0x1f) != 0x10) {
        scsi_check(cmd, sense_bad_cdb);
    } else if (has_blocks(cmd)) {
        scsi_put(data, 8, unit->blocks - 1);
        scsi_put(data + 8, 4, unit->block_size);
        data[13] = (uint8_t)ctz32(unit->config.physical_block_size /
                                  unit->block_size);
        data[14] = unit->kind->type == SCSI_TYPE_DISK ? 0x80 : 0; /* LBPME */
        scsi_reply(cmd, data, sizeof(data), cmd->count);
    }
}

/* START STOP UNIT (5.20) ------------------------------------------------- */

static void eject(struct scsi_unit *unit)
{
    if (!unit->tray_open) {
        unit->tray_open = true;
        unit->media_event = EVENT_REMOVED;
    }
}

static void load(struct scsi_unit *unit)
{
    if (unit->tray_open && unit->backend) {
        unit->media_event = EVENT_NEW;
        scsi_set_attention(unit, sense_new_medium);
    }
    unit->tray_open = false;
}

static void start_or_stop(struct scsi_command *cmd)
{
    bool start = cmd->cdb[4] & BIT(0), move = cmd->cdb[4] & BIT(1);

    if (move && cmd->unit->removable) {
        (start ? load : eject)(cmd->unit);
    }
    scsi_good(cmd);
}

void scsi_start_stop(struct scsi_command *cmd)
{
    struct scsi_unit *unit = cmd->unit;
    uint8_t how = cmd->cdb[4];
    bool stop = !(how & BIT(0)), move = how & BIT(1);

    if (how & 0xf0) { /* to a power condition: all are alike */
        scsi_good(cmd);
    } else if (stop && move && unit->removable && unit->locked &&
               !unit->tray_open) {
        scsi_check(cmd, sense_prevented);
    } else if (stop && !(how & BIT(2)) && scsi_is_ready(unit)) {
        scsi_flush(cmd, start_or_stop);
    } else {
        start_or_stop(cmd);
    }
}

/* PREVENT ALLOW MEDIUM REMOVAL (SBC-3 5.10) */
void scsi_prevent_allow(struct scsi_command *cmd)
{
    cmd->unit->locked = cmd->cdb[4] & BIT(0);
    scsi_good(cmd);
}

const struct scsi_row scsi_block_rows[] = {
    {0x28, 0, read_blocks}, /* READ (10) */
    {0x88, 0, read_blocks}, /* READ (16) */
    {0x08, 0, read_6},      /* READ (6) */
    {0xa8, 0, read_blocks}, /* READ (12) */
    {0x35, 0, synchronize}, /* SYNCHRONIZE CACHE (10) */
    {0x91, 0, synchronize}, /* SYNCHRONIZE CACHE (16) */
    {0x25, 0, capacity_10}, /* READ CAPACITY (10) */
    {0x9e, 0, capacity_16}, /* SERVICE ACTION IN (16) */
    {0x2b, 0, seek},        /* SEEK (10) */
    {0x2f, 0, check_range}, /* VERIFY (10) */
    {0x8f, 0, check_range}, /* VERIFY (16) */
    {0xaf, 0, check_range}, /* VERIFY (12) */
    {0, 0, NULL},
};
