/*
 * Commands of every unit: INQUIRY and vital product data, REQUEST SENSE,
 * REPORT LUNS and the like (SPC-4 6, 7.8); and what the place of a unit that
 * is not there answers (SAM-5 5.11).
 */
#include "hw/scsi/scsi_internal.h"

#include <stdlib.h>
#include <string.h>

#include "util/bits.h"
#include "util/or_else.h"

#define INQUIRY_SIZE 36
#define MAX_SERIAL 36    /* of vital product data */
#define MAX_SERIAL_ID 20 /* of a serial number that names the device */

static void no_op(struct scsi_command *cmd)
{
    scsi_good(cmd);
}

/* INQUIRY (6.6) ---------------------------------------------------------- */

/* Left-aligned and padded with blanks. */
static void put_text(uint8_t *at, unsigned size, const char *text)
{
    size_t length = strnlen(text, size);

    memset(at, ' ', size);
    memcpy(at, text, length);
}

static void standard_inquiry(struct scsi_command *cmd)
{
    const struct scsi_unit *unit = cmd->unit;
    const struct scsi_unit_config *c = &unit->config;
    uint8_t data[INQUIRY_SIZE] = {
        [0] = unit->kind->type,
        [1] = unit->removable ? 0x80 : 0,
        [2] = (uint8_t)(c->version_code ? c->version_code : 5),
        [3] = 0x12, /* LUNs of hierarchical addressing, this format */
        [4] = INQUIRY_SIZE - 5,
        [7] = 0x12, /* command queuing */
    };

    put_text(data + 8, 8, text_or_else(c->vendor, "QEMU"));
    put_text(data + 16, 16, text_or_else(c->product, unit->kind->product));
    put_text(data + 32, 4, text_or_else(c->version, "2.5+"));
    scsi_reply(cmd, data, sizeof(data), scsi_get(cmd->cdb + 3, 2));
}

static void vital_inquiry(struct scsi_command *cmd)
{
    uint8_t data[4 + SCSI_MAX_PAGE] = {cmd->unit->kind->type, cmd->cdb[2]};

    for (const struct scsi_page *page = cmd->unit->kind->vital; page->fill;
         page++) {
        if (page->code == cmd->cdb[2]) {
            int size = page->fill(cmd->unit, data + 4);
            if (size >= 0) {
                scsi_put(data + 2, 2, (uint64_t)size);
                scsi_reply(cmd, data, 4 + (uint64_t)size,
                           scsi_get(cmd->cdb + 3, 2));
                return;
            }
        }
    }
    scsi_check(cmd, sense_bad_cdb);
}

static void inquiry(struct scsi_command *cmd)
{
    if (cmd->cdb[1] == 1) {
        vital_inquiry(cmd);
    } else if (cmd->cdb[1] || cmd->cdb[2]) {
        scsi_check(cmd, sense_bad_cdb);
    } else {
        standard_inquiry(cmd);
    }
}

/* Vital product data (7.8) ----------------------------------------------- */

/* 00h: which there are */
int scsi_vital_supported(const struct scsi_unit *unit, uint8_t *page)
{
    uint8_t scratch[SCSI_MAX_PAGE];
    int count = 0;

    for (const struct scsi_page *p = unit->kind->vital; p->fill; p++) {
        if (!p->code || p->fill(unit, memset(scratch, 0, sizeof(scratch))) >=
                            0) {
            page[count++] = p->code;
        }
    }
    return count;
}

/* 80h: unit serial number */
int scsi_vital_serial(const struct scsi_unit *unit, uint8_t *page)
{
    const char *serial = unit->config.serial;

    if (!serial) {
        return -1;
    }
    size_t length = strnlen(serial, MAX_SERIAL);
    memcpy(page, serial, length);
    return (int)length;
}

/* A designation descriptor (7.8.6.2); returns where the next one goes. */
static uint8_t *designation(uint8_t *at, uint8_t code_set, uint8_t type,
                            const void *data, size_t size)
{
    at[0] = code_set;
    at[1] = type;
    at[3] = (uint8_t)size;
    memcpy(at + 4, data, size);
    return at + 4 + size;
}

static uint8_t *number(uint8_t *at, uint8_t code_set, uint8_t type,
                       uint64_t value, unsigned size)
{
    uint8_t data[8];

    scsi_put(data, size, value);
    return designation(at, code_set, type, data, size);
}

/* 83h: device identification.  A name in ASCII; NAA names of the unit and
 * of its SAS port, and the port's number. */
int scsi_vital_device(const struct scsi_unit *unit, uint8_t *page)
{
    const struct scsi_unit_config *c = &unit->config;
    const char *name = c->device_id ? c->device_id
                       : c->serial  ? c->serial
                       : c->name    ? c->name
                                    : "";
    size_t most = !c->device_id && c->serial ? MAX_SERIAL_ID : 200;
    size_t length = strnlen(name, most);
    uint8_t *at = page;

    if (length) {
        at = designation(at, 2, 0, name, length);
    }
    if (c->wwn) {
        at = number(at, 1, 3, c->wwn, 8);
    }
    if (c->port_wwn) {
        at = number(at, 0x61, 0x93, c->port_wwn, 8);
    }
    if (c->port_index) {
        at = number(at, 0x61, 0x94, c->port_index, 4);
    }
    return (int)(at - page);
}

/* Sense ------------------------------------------------------------------ */

/* REQUEST SENSE (6.37).  What a command met was told with its status. */
static void reply_sense(struct scsi_command *cmd, struct scsi_sense sense)
{
    uint8_t data[SCSI_SENSE_SIZE];

    if (cmd->cdb[1] & 1) {
        const uint8_t brief[8] = {0x72, sense.key, sense.asc, sense.ascq};
        scsi_reply(cmd, brief, sizeof(brief), cmd->count);
    } else {
        scsi_put_sense(data, sense);
        scsi_reply(cmd, data, sizeof(data), cmd->count);
    }
}

static void request_sense(struct scsi_command *cmd)
{
    struct scsi_sense sense = cmd->unit->attention;

    cmd->unit->attention = sense_none;
    reply_sense(cmd, sense);
}

/* REPORT LUNS (6.33) ----------------------------------------------------- */

/* SAM-5 4.7.7: peripheral addressing up to 255, flat addressing above */
static void put_lun(uint8_t entry[8], uint32_t lun)
{
    scsi_put(entry, 2, lun < 256 ? lun : 0x4000 | lun);
}

static void report_luns(struct scsi_command *cmd)
{
    uint8_t select = cmd->cdb[2];
    uint64_t size = 8;

    if (cmd->count < 16 || select > 2) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    uint8_t *data = scsi_buffer(cmd, 8 + 8 * SCSI_MAX_LUNS);
    /* 1 asks for the well known ones: there are none. */
    for (const struct scsi_unit *u = cmd->bus->units; u && select != 1;
         u = u->next) {
        if (u->target == cmd->target) {
            put_lun(data + size, u->lun);
            size += 8;
        }
    }
    scsi_put(data, 4, size - 8);
    if (cmd->unit && cmd->unit->attention.asc == sense_luns_changed.asc) {
        cmd->unit->attention = sense_none;
    }
    scsi_reply(cmd, data, size, cmd->count);
}

/* A place with no unit --------------------------------------------------- */

static void absent_inquiry(struct scsi_command *cmd)
{
    uint8_t data[INQUIRY_SIZE] = {
        [0] = 0x60 | SCSI_TYPE_NONE, /* there cannot be one */
        [2] = 5,
        [3] = 0x12,
        [4] = INQUIRY_SIZE - 5,
    };

    if (cmd->cdb[1] || cmd->cdb[2]) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    put_text(data + 8, 8, "QEMU");
    put_text(data + 16, 16, "QEMU TARGET");
    put_text(data + 32, 4, "2.5+");
    scsi_reply(cmd, data, sizeof(data), scsi_get(cmd->cdb + 3, 2));
}

static void absent_sense(struct scsi_command *cmd)
{
    reply_sense(cmd, sense_no_unit);
}

const struct scsi_row scsi_absent_rows[] = {
    {0x03, ROW_NO_MEDIUM, absent_sense},   /* REQUEST SENSE */
    {0x12, ROW_NO_MEDIUM, absent_inquiry}, /* INQUIRY */
    {0xa0, ROW_NO_MEDIUM, report_luns},    /* REPORT LUNS */
    {0, 0, NULL},
};

const struct scsi_row scsi_primary_rows[] = {
    {0x00, 0, no_op},                             /* TEST UNIT READY */
    {0x03, ROW_NO_MEDIUM | ROW_FIRST, request_sense}, /* REQUEST SENSE */
    {0x12, ROW_NO_MEDIUM | ROW_FIRST, inquiry},   /* INQUIRY */
    {0x15, ROW_NO_MEDIUM, scsi_mode_select},      /* MODE SELECT (6) */
    /* There is one initiator, to which all is reserved. */
    {0x16, ROW_NO_MEDIUM, no_op},                 /* RESERVE (6) */
    {0x17, ROW_NO_MEDIUM, no_op},                 /* RELEASE (6) */
    {0x1a, ROW_NO_MEDIUM, scsi_mode_sense},       /* MODE SENSE (6) */
    {0x1b, ROW_NO_MEDIUM, scsi_start_stop},       /* START STOP UNIT */
    {0x1e, ROW_NO_MEDIUM, scsi_prevent_allow},    /* PREVENT ALLOW ... */
    {0x55, ROW_NO_MEDIUM, scsi_mode_select},      /* MODE SELECT (10) */
    {0x56, ROW_NO_MEDIUM, no_op},                 /* RESERVE (10) */
    {0x57, ROW_NO_MEDIUM, no_op},                 /* RELEASE (10) */
    {0x5a, ROW_NO_MEDIUM, scsi_mode_sense},       /* MODE SENSE (10) */
    {0xa0, ROW_NO_MEDIUM | ROW_FIRST, report_luns}, /* REPORT LUNS */
    {0, 0, NULL},
};
