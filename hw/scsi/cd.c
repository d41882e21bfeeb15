/*
 * CD-ROM drives, scsi-cd: MMC-6.  One data track from the first block on,
 * read-only; above the size of a CD the medium is a DVD-ROM.  The tray opens
 * and closes as the guest says; what lies in it is the user's.
 */
#include "hw/scsi/scsi_internal.h"

#include "util/bits.h"

#define CD_BLOCK 2048
#define CD_MAX_BLOCKS (80 * 60 * 75) /* 80 minutes of 75 blocks a second */
#define LEAD_OUT 0xaa
#define TRACK_DATA 0x14   /* ADR 1, a data track */
#define TRACK_LEAD_OUT 0x16

static bool is_dvd(const struct scsi_unit *unit)
{
    return unit->blocks > CD_MAX_BLOCKS;
}

/* READ TOC/PMA/ATIP (6.25) ----------------------------------------------- */

/* An address in blocks, or in minutes, seconds and frames, the first of
 * which is at two seconds. */
static void put_address(uint8_t *at, bool msf, uint64_t lba)
{
    if (msf) {
        lba += 150;
        at[1] = (uint8_t)scsi_clamp(lba / 75 / 60, 1);
        at[2] = (uint8_t)(lba / 75 % 60);
        at[3] = (uint8_t)(lba % 75);
    } else {
        scsi_put(at, 4, scsi_clamp(lba, 4));
    }
}

static uint8_t *put_track(uint8_t *at, uint8_t control, uint8_t track,
                          bool msf, uint64_t lba)
{
    at[1] = control;
    at[2] = track;
    put_address(at + 4, msf, lba);
    return at + 8;
}

/* Format 0: the tracks from one on */
static unsigned tracks(const struct scsi_command *cmd, bool msf,
                       uint8_t *data)
{
    uint8_t first = cmd->cdb[6], *at = data + 4;

    if (first > 1 && first != LEAD_OUT) {
        return 0;
    }
    if (first <= 1) {
        at = put_track(at, TRACK_DATA, 1, msf, 0);
    }
    at = put_track(at, TRACK_LEAD_OUT, LEAD_OUT, msf, cmd->unit->blocks);
    return (unsigned)(at - data);
}

/* Format 1: the last complete session, which is the first */
static unsigned sessions(const struct scsi_command *cmd, bool msf,
                         uint8_t *data)
{
    (void)cmd;
    put_track(data + 4, TRACK_DATA, 1, msf, 0);
    return 12;
}

/* Format 2: the lead-in's points: first and last track, lead-out, track 1 */
static unsigned full_toc(const struct scsi_command *cmd, bool msf,
                         uint8_t *data)
{
    const struct {
        uint8_t point;
        uint64_t lba;
        bool is_address;
    } points[] = {
        {0xa0, 0, false},
        {0xa1, 0, false},
        {0xa2, cmd->unit->blocks, true},
        {0x01, 0, true},
    };
    uint8_t *at = data + 4;

    for (unsigned i = 0; i < ARRAY_SIZE(points); i++, at += 11) {
        at[0] = 1; /* session */
        at[1] = TRACK_DATA;
        at[3] = points[i].point;
        if (points[i].is_address) {
            put_address(at + 7, msf, points[i].lba);
        } else {
            at[8] = 1; /* track */
        }
    }
    return (unsigned)(at - data);
}

static void read_toc(struct scsi_command *cmd)
{
    static unsigned (*const formats[])(const struct scsi_command *cmd,
                                       bool msf, uint8_t *data) = {
        tracks, sessions, full_toc};
    unsigned format = cmd->cdb[2] & 0xf;
    uint8_t data[64] = {0};
    unsigned size = 0;

    if (!format) {
        format = cmd->cdb[9] >> 6; /* where older drives had it */
    }
    if (format < ARRAY_SIZE(formats)) {
        size = formats[format](cmd, cmd->cdb[1] & BIT(1), data);
    }
    if (!size) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    scsi_put(data, 2, size - 2);
    data[2] = data[3] = 1; /* first and last track or session */
    scsi_reply(cmd, data, size, cmd->count);
}

/* GET CONFIGURATION (6.5), features (5.3) -------------------------------- */

enum { PROFILE_CD_ROM = 0x0008, PROFILE_DVD_ROM = 0x0010 };

static uint16_t profile(const struct scsi_unit *unit)
{
    return !scsi_is_ready(unit) ? 0
           : is_dvd(unit)       ? PROFILE_DVD_ROM
                                : PROFILE_CD_ROM;
}

/* All are persistent and current. */
static const struct {
    uint16_t code;
    uint8_t version, size, data[8];
} features[] = {
    /* profiles, of which the current one is marked below */
    {0x0000, 0x03, 8, {0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0}},
    /* core: a SCSI interface, "device busy" events */
    {0x0001, 0x0b, 8, {0, 0, 0, 1, 1, 0, 0, 0}},
    /* removable medium: tray, ejects, locks */
    {0x0003, 0x0b, 4, {0x39, 0, 0, 0}},
};

static void get_configuration(struct scsi_command *cmd)
{
    uint16_t current = profile(cmd->unit);
    unsigned type = cmd->cdb[1] & 3; /* 2: one; else from one on */
    uint64_t first = scsi_get(cmd->cdb + 2, 2);
    uint8_t data[64] = {0}, *at = data + 8;

    if (type == 3) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        if (features[i].code < first ||
            (type == 2 && features[i].code != first)) {
            continue;
        }
        scsi_put(at, 2, features[i].code);
        at[2] = features[i].version;
        at[3] = features[i].size;
        for (unsigned n = 0; n < features[i].size; n++) {
            at[4 + n] = features[i].data[n];
        }
        if (!features[i].code) {
            at[6] = current == PROFILE_DVD_ROM;
            at[10] = current == PROFILE_CD_ROM;
        }
        at += 4 + features[i].size;
    }
    scsi_put(data, 4, (uint64_t)(at - data) - 4);
    scsi_put(data + 6, 2, current);
    scsi_reply(cmd, data, (uint64_t)(at - data), cmd->count);
}

/* GET EVENT STATUS NOTIFICATION (6.6) ------------------------------------ */

enum { CLASS_MEDIA = 4, NO_EVENT = 0x80 };

static void event_status(struct scsi_command *cmd)
{
    struct scsi_unit *unit = cmd->unit;
    uint8_t data[8] = {0, 0, NO_EVENT, BIT(CLASS_MEDIA)};

    if (!(cmd->cdb[1] & 1)) { /* not polled */
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    if (!(cmd->cdb[4] & BIT(CLASS_MEDIA))) {
        scsi_reply(cmd, data, 4, cmd->count);
        return;
    }
    data[1] = 4;
    data[2] = CLASS_MEDIA;
    data[4] = unit->media_event;
    data[5] = (unit->tray_open ? 1 : 0) | (scsi_is_ready(unit) ? 2 : 0);
    if (cmd->count > 4) {
        unit->media_event = EVENT_NONE;
    }
    scsi_reply(cmd, data, sizeof(data), cmd->count);
}

/* Others ----------------------------------------------------------------- */

/* READ DISC INFORMATION (6.21): one complete session, one track */
static void disc_information(struct scsi_command *cmd)
{
    uint8_t data[34] = {0, 32, 0x0e, 1, 1, 1, 1, 0x20};

    if (cmd->cdb[1] & 7) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    scsi_reply(cmd, data, sizeof(data), cmd->count);
}

/* MECHANISM STATUS (6.11): no changer */
static void mechanism_status(struct scsi_command *cmd)
{
    uint8_t data[8] = {0, cmd->unit->tray_open ? 0x10 : 0, 0, 0, 0, 1};

    scsi_reply(cmd, data, sizeof(data), scsi_get(cmd->cdb + 8, 2));
}

/* Pages ------------------------------------------------------------------ */

static const struct scsi_page vital[] = {
    {0x00, scsi_vital_supported},
    {0x80, scsi_vital_serial},
    {0x83, scsi_vital_device},
    {0, NULL},
};

/* 01h: read error recovery, with 32 retries */
static int error_recovery(const struct scsi_unit *unit, uint8_t *page)
{
    (void)unit;
    page[0] = 0x80;
    page[1] = 0x20;
    return 10;
}

/* 0Eh: CD audio control, of which there is none */
static int audio_control(const struct scsi_unit *unit, uint8_t *page)
{
    (void)unit;
    (void)page;
    return 14;
}

/* 2Ah: capabilities (MMC-3 5.5.10), as the drive is known to guests: speeds
 * in kB/s, of 50 times 176 at most and 16 times at the moment */
static int capabilities(const struct scsi_unit *unit, uint8_t *page)
{
    page[0] = 0x3b; /* reads CD-R, CD-RW, DVDs */
    page[2] = 0x7f;
    page[3] = 0xff;
    page[4] = 0x2d | (unit->locked ? BIT(1) : 0); /* tray, ejects, locks */
    scsi_put(page + 6, 2, 50 * 176);
    scsi_put(page + 8, 2, 2);
    scsi_put(page + 10, 2, 2048); /* buffer, in kB */
    scsi_put(page + 12, 2, 16 * 176);
    scsi_put(page + 16, 2, 16 * 176);
    scsi_put(page + 18, 2, 16 * 176);
    return 20;
}

static const struct scsi_page modes[] = {
    {0x01, error_recovery}, {0x08, scsi_caching_page},
    {0x0e, audio_control},  {0x2a, capabilities},
    {0, NULL},
};

/* The whole -------------------------------------------------------------- */

static const struct scsi_row rows[] = {
    {0x43, 0, read_toc},                      /* READ TOC/PMA/ATIP */
    {0x46, ROW_NO_MEDIUM | ROW_FIRST, get_configuration}, /* GET CONFIG... */
    {0x4a, ROW_NO_MEDIUM | ROW_FIRST, event_status}, /* GET EVENT STATUS */
    {0x51, 0, disc_information},              /* READ DISC INFORMATION */
    {0xbd, ROW_NO_MEDIUM, mechanism_status},  /* MECHANISM STATUS */
    {0, 0, NULL},
};

const struct scsi_kind scsi_cd = {
    .name = "scsi-cd",
    .type = SCSI_TYPE_CD,
    .product = "QEMU CD-ROM",
    .block_size = CD_BLOCK,
    .commands = {scsi_block_rows, rows, scsi_primary_rows},
    .vital = vital,
    .modes = modes,
};
