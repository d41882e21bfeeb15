/*
 * Disks, scsi-hd: SBC-3.
 *
 * A host that has no space left says so by "space allocation failed write
 * protect", other errors of writing by "write error"; see command.c.
 */
#include "hw/scsi/scsi_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

#define MAX_UNMAP_DESCRIPTORS 255
#define PATTERN_CHUNK (1u << 20) /* bytes written at a time */
#define DEFAULT_RPM 5400

/* Geometry for mode pages that ask for one: 16 heads of 63 sectors. */
enum { HEADS = 16, SECTORS = 63 };

/* Writing ---------------------------------------------------------------- */

static void write_6(struct scsi_command *cmd)
{
    cmd->count = cmd->count ? cmd->count : 256;
    scsi_transfer(cmd, BLOCK_WRITE);
}

static void write_blocks(struct scsi_command *cmd)
{
    if (cmd->cdb[1] & 0xe0) { /* there is no protection information */
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    scsi_transfer(cmd, BLOCK_WRITE);
}

/* WRITE AND VERIFY (5.39): what the disk acknowledges is what it has. */
static void write_verify(struct scsi_command *cmd)
{
    if (cmd->cdb[1] & 0xe0) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    cmd->cdb[1] |= BIT(3); /* as with FUA */
    scsi_transfer(cmd, BLOCK_WRITE);
}

/* WRITE SAME (5.45) ------------------------------------------------------ */

static uint64_t max_write_same(const struct scsi_unit *unit)
{
    return scsi_clamp(unit->config.max_io_size / unit->block_size, 4);
}

static bool is_zero(const uint8_t *data, size_t size)
{
    return !data[0] && memcmp(data, data + 1, size - 1) == 0;
}

/* The next piece; cmd->buffer is full of copies of the block. */
static void write_pattern(struct scsi_command *cmd)
{
    uint32_t block = cmd->unit->block_size;
    uint64_t n = cmd->end - cmd->position, lba = cmd->position;
    uint64_t most = cmd->iov->iov_len / block;

    n = n < most ? n : most;
    if (!n) {
        scsi_good(cmd);
        return;
    }
    cmd->position += n;
    cmd->iov->iov_len = n * block; /* the last may be shorter */
    scsi_submit_io(cmd, BLOCK_WRITE, lba, n, scsi_write_flags(cmd->unit),
                   write_pattern);
}

static void start_pattern(struct scsi_command *cmd)
{
    uint32_t block = cmd->unit->block_size;
    uint64_t most = block < PATTERN_CHUNK ? PATTERN_CHUNK / block : 1;
    size_t size = block * (cmd->count < most ? cmd->count : most);

    cmd->buffer = realloc(cmd->buffer, size);
    assert(cmd->buffer);
    for (size_t i = block; i < size; i++) {
        cmd->buffer[i] = cmd->buffer[i - block];
    }
    if (!cmd->iov_room) {
        cmd->iov = calloc(1, sizeof(*cmd->iov));
        assert(cmd->iov);
        cmd->iov_room = 1;
    }
    *cmd->iov = (struct iovec){cmd->buffer, size};
    cmd->io.iov = cmd->iov;
    cmd->io.iov_count = 1;
    cmd->position = cmd->lba;
    cmd->end = cmd->lba + cmd->count;
    write_pattern(cmd);
}

static void write_same(struct scsi_command *cmd)
{
    struct scsi_unit *unit = cmd->unit;
    uint8_t flags = cmd->cdb[1];
    bool no_data = cmd->cdb[0] == 0x93 && flags & BIT(0); /* NDOB */

    /* Protection, ANCHOR, PBDATA, LBDATA; and NDOB where there is none */
    if (flags & 0xf6 || (flags & BIT(0) && !no_data) || !cmd->count ||
        cmd->count > max_write_same(unit)) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    if (!scsi_in_range(cmd, cmd->lba, cmd->count) ||
        (!no_data && !scsi_take_list(cmd, unit->block_size))) {
        return;
    }
    if (no_data || is_zero(cmd->buffer, unit->block_size)) {
        unsigned unmap = flags & BIT(3) ? BLOCK_MAY_UNMAP : 0;
        scsi_submit_io(cmd, BLOCK_ZERO, cmd->lba, cmd->count,
                       unmap | scsi_write_flags(unit), NULL);
    } else {
        start_pattern(cmd);
    }
}

/* UNMAP (5.28) ----------------------------------------------------------- */

enum { UNMAP_HEADER = 8, UNMAP_DESCRIPTOR = 16 };

static uint64_t unmap_lba(const struct scsi_command *cmd, uint64_t n)
{
    return scsi_get(cmd->buffer + UNMAP_HEADER + n * UNMAP_DESCRIPTOR, 8);
}

static uint64_t unmap_count(const struct scsi_command *cmd, uint64_t n)
{
    return scsi_get(cmd->buffer + UNMAP_HEADER + n * UNMAP_DESCRIPTOR + 8, 4);
}

/* The next descriptor that names any blocks */
static void unmap_next(struct scsi_command *cmd)
{
    while (cmd->position < cmd->end && !unmap_count(cmd, cmd->position)) {
        cmd->position++;
    }
    if (cmd->position == cmd->end) {
        scsi_good(cmd);
        return;
    }
    uint64_t n = cmd->position++;
    scsi_submit_io(cmd, BLOCK_DISCARD, unmap_lba(cmd, n),
                   unmap_count(cmd, n), scsi_write_flags(cmd->unit),
                   unmap_next);
}

static void unmap(struct scsi_command *cmd)
{
    if (cmd->cdb[1] & BIT(0)) { /* ANCHOR */
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    if (!cmd->count) {
        scsi_good(cmd);
        return;
    }
    if (cmd->count < UNMAP_HEADER) {
        scsi_check(cmd, sense_list_length);
        return;
    }
    if (!scsi_take_list(cmd, (uint32_t)cmd->count)) {
        return;
    }
    uint64_t size = scsi_get(cmd->buffer + 2, 2);
    if (scsi_get(cmd->buffer, 2) + 2 > cmd->count ||
        size + UNMAP_HEADER > cmd->count || size % UNMAP_DESCRIPTOR) {
        scsi_check(cmd, sense_list_length);
        return;
    }
    cmd->position = 0;
    cmd->end = size / UNMAP_DESCRIPTOR;
    if (cmd->end > MAX_UNMAP_DESCRIPTORS) {
        scsi_check(cmd, sense_bad_list);
        return;
    }
    for (uint64_t n = 0; n < cmd->end; n++) {
        if (!scsi_in_range(cmd, unmap_lba(cmd, n), unmap_count(cmd, n))) {
            return;
        }
    }
    unmap_next(cmd);
}

/* Vital product data (6.5) ----------------------------------------------- */

/* B0h: block limits */
static int block_limits(const struct scsi_unit *unit, uint8_t *page)
{
    const struct scsi_unit_config *c = &unit->config;
    uint32_t block = unit->block_size;

    page[0] = 1; /* WRITE SAME needs a number of blocks */
    scsi_put(page + 2, 2, scsi_clamp(c->min_io_size / block, 2));
    scsi_put(page + 4, 4, scsi_clamp(c->max_io_size / block, 4));
    scsi_put(page + 8, 4, c->opt_io_size / block);
    scsi_put(page + 16, 4, scsi_clamp(c->max_unmap_size / block, 4));
    scsi_put(page + 20, 4, MAX_UNMAP_DESCRIPTORS);
    scsi_put(page + 24, 4, c->discard_granularity / block);
    scsi_put(page + 32, 8, max_write_same(unit));
    return 60;
}

/* B1h: block device characteristics */
static int characteristics(const struct scsi_unit *unit, uint8_t *page)
{
    scsi_put(page, 2, unit->config.rotation_rate);
    return 60;
}

/* B2h: logical block provisioning: thin, by UNMAP and WRITE SAME */
static int provisioning(const struct scsi_unit *unit, uint8_t *page)
{
    (void)unit;
    page[1] = 0xe0;
    page[2] = 2;
    return 4;
}

static const struct scsi_page vital[] = {
    {0x00, scsi_vital_supported}, {0x80, scsi_vital_serial},
    {0x83, scsi_vital_device},    {0xb0, block_limits},
    {0xb1, characteristics},      {0xb2, provisioning},
    {0, NULL},
};

/* Mode pages (6.4) ------------------------------------------------------- */

/* 01h: read-write error recovery: blocks are reassigned */
static int error_recovery(const struct scsi_unit *unit, uint8_t *page)
{
    (void)unit;
    page[0] = 0x80;
    return 10;
}

static unsigned cylinders(const struct scsi_unit *unit)
{
    uint64_t n = unit->blocks * unit->block_size / BLOCK_SECTOR /
                 (HEADS * SECTORS);

    return n > 16383 ? 16383 : n < 2 ? 2 : (unsigned)n;
}

static unsigned rpm(const struct scsi_unit *unit)
{
    return unit->config.rotation_rate > 1 ? unit->config.rotation_rate
                                          : DEFAULT_RPM;
}

/* 04h: rigid disk geometry (SCSI-2 9.3.3.7) */
static int rigid_geometry(const struct scsi_unit *unit, uint8_t *page)
{
    scsi_put(page, 3, cylinders(unit));
    page[3] = HEADS;
    scsi_put(page + 4, 3, cylinders(unit)); /* write precompensation */
    scsi_put(page + 7, 3, cylinders(unit)); /* reduced write current */
    scsi_put(page + 10, 2, 200);            /* step rate, 100 ns */
    scsi_put(page + 12, 3, 0xffffff);       /* landing zone */
    scsi_put(page + 18, 2, rpm(unit));
    return 22;
}

/* 05h: flexible disk (SCSI-2 9.3.3.4) */
static int flexible_geometry(const struct scsi_unit *unit, uint8_t *page)
{
    scsi_put(page, 2, 5000); /* kbit/s */
    page[2] = HEADS;
    page[3] = SECTORS;
    scsi_put(page + 4, 2, scsi_clamp(unit->block_size, 2));
    scsi_put(page + 6, 2, cylinders(unit));
    scsi_put(page + 8, 2, cylinders(unit));  /* write precompensation */
    scsi_put(page + 10, 2, cylinders(unit)); /* reduced write current */
    scsi_put(page + 12, 2, 1);               /* step rate */
    page[14] = 1;                            /* step pulse width */
    scsi_put(page + 15, 2, 1);               /* head settling */
    page[17] = 1;                            /* motor on, off */
    page[18] = 1;
    scsi_put(page + 26, 2, rpm(unit));
    return 30;
}

static const struct scsi_page modes[] = {
    {0x01, error_recovery},    {0x04, rigid_geometry},
    {0x05, flexible_geometry}, {0x08, scsi_caching_page},
    {0, NULL},
};

/* The whole -------------------------------------------------------------- */

static const struct scsi_row rows[] = {
    {0x2a, ROW_WRITES, write_blocks}, /* WRITE (10) */
    {0x8a, ROW_WRITES, write_blocks}, /* WRITE (16) */
    {0x0a, ROW_WRITES, write_6},      /* WRITE (6) */
    {0xaa, ROW_WRITES, write_blocks}, /* WRITE (12) */
    {0x2e, ROW_WRITES, write_verify}, /* WRITE AND VERIFY (10) */
    {0x8e, ROW_WRITES, write_verify}, /* WRITE AND VERIFY (16) */
    {0xae, ROW_WRITES, write_verify}, /* WRITE AND VERIFY (12) */
    {0x41, ROW_WRITES, write_same},   /* WRITE SAME (10) */
    {0x93, ROW_WRITES, write_same},   /* WRITE SAME (16) */
    {0x42, ROW_WRITES, unmap},        /* UNMAP */
    {0, 0, NULL},
};

const struct scsi_kind scsi_disk = {
    .name = "scsi-hd",
    .type = SCSI_TYPE_DISK,
    .product = "QEMU HARDDISK",
    .commands = {scsi_block_rows, rows, scsi_primary_rows},
    .vital = vital,
    .modes = modes,
};
