/*
 * Mode parameters: MODE SENSE and MODE SELECT, of 6 and of 10 bytes (SPC-4
 * 6.11 to 6.14, 7.5).  What the guest can change is the write cache.
 */
#include "hw/scsi/scsi_internal.h"

#include <string.h>

#include "util/bits.h"

#define PAGE_CACHING 0x08
#define PAGE_ALL 0x3f
#define CACHING_WCE BIT(2)
#define MAX_PAGES 8

enum { CURRENT = 0, CHANGEABLE = 1, DEFAULTS = 2, SAVED = 3 };

/* 08h (SBC-3 6.4.5): WCE */
int scsi_caching_page(const struct scsi_unit *unit, uint8_t *page)
{
    page[0] = unit->write_cache ? CACHING_WCE : 0;
    return 18;
}

/* MODE SENSE ------------------------------------------------------------- */

static unsigned put_page(const struct scsi_unit *unit,
                         const struct scsi_page *page, unsigned control,
                         uint8_t *at)
{
    struct scsi_unit as_at_reset = *unit;

    as_at_reset.write_cache = scsi_initial_cache(unit);
    int size = page->fill(control == DEFAULTS ? &as_at_reset : unit, at + 2);
    at[0] = page->code;
    at[1] = (uint8_t)size;
    if (control == CHANGEABLE) {
        memset(at + 2, 0, (size_t)size);
        at[2] = page->code == PAGE_CACHING ? CACHING_WCE : 0;
    }
    return 2 + (unsigned)size;
}

/* SBC-3 6.4.2, short LBA */
static unsigned put_block_descriptor(const struct scsi_unit *unit,
                                     uint8_t *at)
{
    scsi_put(at, 4, scsi_clamp(unit->blocks, 4));
    scsi_put(at + 5, 3, unit->block_size);
    return 8;
}

void scsi_mode_sense(struct scsi_command *cmd)
{
    const struct scsi_unit *unit = cmd->unit;
    const struct scsi_kind *kind = unit->kind;
    uint8_t data[8 + 8 + MAX_PAGES * (2 + SCSI_MAX_PAGE)] = {0};
    bool six = cmd->cdb[0] == 0x1a;
    unsigned control = cmd->cdb[2] >> 6, code = cmd->cdb[2] & 0x3f;
    unsigned header = six ? 4 : 8, size = header, descriptor = 0;
    uint8_t specific = 0;

    if (control == SAVED) {
        scsi_check(cmd, sense_no_saving);
        return;
    }
    if (kind->type == SCSI_TYPE_DISK) {
        specific = (unit->backend && scsi_is_read_only(unit) ? 0x80 : 0) |
                   (unit->config.dpofua ? 0x10 : 0);
        if (!(cmd->cdb[1] & BIT(3)) && unit->blocks) {
            descriptor = put_block_descriptor(unit, data + size);
            size += descriptor;
        }
    }
    unsigned before = size;
    for (const struct scsi_page *page = kind->modes; page->fill; page++) {
        if (code == PAGE_ALL || code == page->code) {
            size += put_page(unit, page, control, data + size);
        }
    }
    if (size == before || (cmd->cdb[3] && cmd->cdb[3] != 0xff)) {
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    if (six) {
        data[0] = (uint8_t)(size - 1);
        data[2] = specific;
        data[3] = (uint8_t)descriptor;
    } else {
        scsi_put(data, 2, size - 2);
        data[3] = specific;
        scsi_put(data + 6, 2, descriptor);
    }
    scsi_reply(cmd, data, size, cmd->count);
}

/* MODE SELECT ------------------------------------------------------------ */

/* The page as it would be, in a parameter list: right in its size, and the
 * same but for what can be changed. */
static bool acceptable(const struct scsi_unit *unit, const uint8_t *at)
{
    uint8_t now[2 + SCSI_MAX_PAGE] = {0}, mask[2 + SCSI_MAX_PAGE] = {0};

    for (const struct scsi_page *page = unit->kind->modes; page->fill;
         page++) {
        if (page->code != at[0]) {
            continue;
        }
        unsigned size = put_page(unit, page, CURRENT, now);
        put_page(unit, page, CHANGEABLE, mask);
        for (unsigned i = 2; i < size; i++) {
            if ((at[i] ^ now[i]) & ~mask[i]) {
                return false;
            }
        }
        return true;
    }
    return false;
}

static bool size_is_right(const struct scsi_unit *unit, const uint8_t *at)
{
    uint8_t scratch[2 + SCSI_MAX_PAGE] = {0};

    for (const struct scsi_page *page = unit->kind->modes; page->fill;
         page++) {
        if (page->code == at[0]) {
            return put_page(unit, page, CURRENT, scratch) == 2u + at[1];
        }
    }
    return false;
}

/* NULL when all pages can be taken over, or what is wrong. */
static const struct scsi_sense *check_pages(const struct scsi_unit *unit,
                                            const uint8_t *at, unsigned size)
{
    while (size) {
        if (size < 2) {
            return &sense_list_length;
        }
        if (!size_is_right(unit, at)) {
            return &sense_bad_list;
        }
        if (size < 2u + at[1]) {
            return &sense_list_length;
        }
        if (!acceptable(unit, at)) {
            return &sense_bad_list;
        }
        size -= 2u + at[1];
        at += 2 + at[1];
    }
    return NULL;
}

static void apply_pages(struct scsi_unit *unit, const uint8_t *at,
                        unsigned size)
{
    for (; size; size -= 2u + at[1], at += 2 + at[1]) {
        if (at[0] == PAGE_CACHING) {
            unit->write_cache = at[2] & CACHING_WCE;
        }
    }
}

/* The header and the block descriptor, which must be as it is; returns what
 * they take, or 0 when they are wrong. */
static unsigned check_header(struct scsi_command *cmd, bool six)
{
    const struct scsi_unit *unit = cmd->unit;
    const uint8_t *list = cmd->buffer;
    unsigned header = six ? 4 : 8;

    if (cmd->count < header) {
        scsi_check(cmd, sense_list_length);
        return 0;
    }
    unsigned size = six ? list[3] : (unsigned)scsi_get(list + 6, 2);
    if (cmd->count < header + size) {
        scsi_check(cmd, sense_list_length);
        return 0;
    }
    if (size && (size != 8 ||
                 scsi_get(list + header + 5, 3) != unit->block_size)) {
        scsi_check(cmd, sense_bad_list);
        return 0;
    }
    return header + size;
}

void scsi_mode_select(struct scsi_command *cmd)
{
    struct scsi_unit *unit = cmd->unit;
    bool cached = unit->write_cache;

    if ((cmd->cdb[1] & 0x11) != 0x10) { /* PF, not SP */
        scsi_check(cmd, sense_bad_cdb);
        return;
    }
    if (!cmd->count) {
        scsi_good(cmd);
        return;
    }
    if (!scsi_take_list(cmd, (uint32_t)cmd->count)) {
        return;
    }
    unsigned at = check_header(cmd, cmd->cdb[0] == 0x15);
    if (!at) {
        return;
    }
    unsigned size = (unsigned)cmd->count - at;
    const struct scsi_sense *wrong =
        check_pages(unit, cmd->buffer + at, size);
    if (wrong) {
        scsi_check(cmd, *wrong);
        return;
    }
    apply_pages(unit, cmd->buffer + at, size);
    if (cached && !unit->write_cache && unit->backend) {
        scsi_flush(cmd, NULL); /* what was written before is safe, too */
    } else {
        scsi_good(cmd);
    }
}
