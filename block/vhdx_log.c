/*
 * The log of a VHDX image: changes of metadata that may not have got to
 * their places.
 *
 * It is a ring of entries of whole 4 KiB sectors.  What counts is the run
 * of valid entries with successive numbers that ends with the highest one
 * and goes back to the tail that the last of them names (section 2.3.2).
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/vhdx.h"

#define SECTOR 4096
#define ENTRY_HEADER 64
#define DESCRIPTOR 32
#define MAX_LOG (UINT64_C(64) << 20)

/* Fields of an entry. */
enum {
    AT_LENGTH = 8,
    AT_TAIL = 12,
    AT_SEQUENCE = 16, /* 64 bits */
    AT_COUNT = 24,
    AT_GUID = 32,
    AT_FLUSHED = 48, /* 64 bits: the file had at least that */
    AT_LAST = 56,    /* 64 bits: and was that long */
};

/* Fields of a descriptor. */
enum {
    AT_TRAILING = 4,
    AT_LEADING = 8,     /* 64 bits; of zeroes: their length */
    AT_PLACE = 16,      /* 64 bits */
    AT_DESC_NUMBER = 24 /* 64 bits */
};

/* A sector of the ring that begins a valid entry: `sequence` not 0. */
struct start {
    uint64_t sequence;
    uint32_t sectors, tail; /* sectors */
};

struct log {
    struct block_file *file;
    uint8_t *ring;
    uint32_t sectors; /* of the ring */
    uint8_t *entry;   /* one, in a row; as long as the ring */
    struct start *starts;
    const uint8_t *guid;
    uint64_t summed; /* bytes of entries looked at so far */
};

/* Entries of one ring that a program wrote hardly overlap: more than that is
 * a trap for whoever sums them all. */
#define MOST_SUMMED(log) ((uint64_t)(log)->sectors * SECTOR * 4)

static uint32_t crc32c(uint32_t crc, const uint8_t *p, size_t length,
                       const uint32_t table[256])
{
    for (const uint8_t *end = p + length; p < end; p++) {
        crc = table[(crc ^ *p) & 0xff] ^ crc >> 8;
    }
    return crc;
}

uint32_t vhdx_checksum(const uint8_t *p, size_t length)
{
    static const uint8_t nothing[4]; /* in its own place */
    uint32_t table[256], crc = UINT32_MAX;

    assert(length >= VHDX_AT_CHECKSUM + 4);
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (unsigned bit = 0; bit < 8; bit++) {
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78 : 0);
        }
    }
    crc = crc32c(crc, p, VHDX_AT_CHECKSUM, table);
    crc = crc32c(crc, nothing, 4, table);
    crc = crc32c(crc, p + VHDX_AT_CHECKSUM + 4, length - VHDX_AT_CHECKSUM - 4,
                 table);
    return ~crc;
}

/* The entry at a sector of the ring, into log->entry. */
static void gather(struct log *log, uint32_t sector, uint32_t sectors)
{
    uint32_t first = log->sectors - sector;

    first = first < sectors ? first : sectors;
    memcpy(log->entry, log->ring + (size_t)sector * SECTOR,
           (size_t)first * SECTOR);
    memcpy(log->entry + (size_t)first * SECTOR, log->ring,
           (size_t)(sectors - first) * SECTOR);
}

/* Sectors of the entry's header and descriptors. */
static uint32_t head_sectors(const uint8_t *entry)
{
    uint64_t count = vhdx_load(entry, AT_COUNT, 4);

    return (uint32_t)((ENTRY_HEADER + count * DESCRIPTOR + SECTOR - 1) /
                      SECTOR);
}

/* Descriptors are what they should be, and so are their data. */
static bool is_whole(const uint8_t *entry, uint32_t sectors)
{
    uint64_t count = vhdx_load(entry, AT_COUNT, 4);
    uint64_t sequence = vhdx_load(entry, AT_SEQUENCE, 8);
    uint32_t data = head_sectors(entry);

    if (data > sectors) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *d = entry + ENTRY_HEADER + i * DESCRIPTOR;
        if (vhdx_load(d, AT_DESC_NUMBER, 8) != sequence ||
            vhdx_load(d, AT_PLACE, 8) % SECTOR ||
            vhdx_load(d, AT_PLACE, 8) > VHDX_MAX_SIZE * 2) {
            return false;
        }
        if (memcmp(d, "zero", 4) == 0) {
            if (vhdx_load(d, AT_LEADING, 8) % SECTOR ||
                vhdx_load(d, AT_LEADING, 8) > VHDX_MAX_SIZE) {
                return false;
            }
            continue;
        }
        const uint8_t *s = entry + (size_t)data * SECTOR;
        if (memcmp(d, "desc", 4) != 0 || data++ >= sectors ||
            memcmp(s, "data", 4) != 0 ||
            vhdx_load(s, 4, 4) != sequence >> 32 ||
            vhdx_load(s, SECTOR - 4, 4) != (sequence & UINT32_MAX)) {
            return false;
        }
    }
    return true;
}

static struct start examine(struct log *log, uint32_t sector)
{
    const uint8_t *e = log->ring + (size_t)sector * SECTOR;
    uint64_t length = vhdx_load(e, AT_LENGTH, 4);
    uint64_t tail = vhdx_load(e, AT_TAIL, 4);
    struct start none = {0};

    if (memcmp(e, "loge", 4) != 0 || !length || length % SECTOR ||
        length / SECTOR > log->sectors || tail % SECTOR ||
        tail / SECTOR >= log->sectors ||
        memcmp(e + AT_GUID, log->guid, 16) != 0) {
        return none;
    }
    log->summed += length;
    if (log->summed > MOST_SUMMED(log)) {
        return none;
    }
    gather(log, sector, (uint32_t)(length / SECTOR));
    if (vhdx_checksum(log->entry, length) !=
            vhdx_load(log->entry, VHDX_AT_CHECKSUM, 4) ||
        !is_whole(log->entry, (uint32_t)(length / SECTOR))) {
        return none;
    }
    return (struct start){vhdx_load(e, AT_SEQUENCE, 8),
                          (uint32_t)(length / SECTOR),
                          (uint32_t)(tail / SECTOR)};
}

/* The last entry of the run that begins at `first`, if it goes back no
 * further than that. */
static bool run_from(const struct log *log, uint32_t first, uint32_t *last)
{
    uint32_t used = 0, at = first;
    uint64_t sequence = log->starts[first].sequence;
    bool has_tail = false;

    *last = first;
    while (sequence && log->starts[at].sequence == sequence &&
           used + log->starts[at].sectors <= log->sectors) {
        *last = at;
        used += log->starts[at].sectors;
        at = (at + log->starts[at].sectors) % log->sectors;
        sequence++;
    }
    if (!used) {
        return false;
    }
    for (at = first, sequence = log->starts[first].sequence;;
         at = (at + log->starts[at].sectors) % log->sectors) {
        has_tail = has_tail || at == log->starts[*last].tail;
        if (at == *last) {
            return has_tail;
        }
    }
}

/* One entry, to its places. */
static int apply(struct log *log, uint32_t sector)
{
    uint32_t sectors = log->starts[sector].sectors;
    const uint8_t *e = log->entry;
    int error = 0;

    gather(log, sector, sectors);
    const uint8_t *data = e + (size_t)head_sectors(e) * SECTOR;
    uint64_t count = vhdx_load(e, AT_COUNT, 4);
    for (uint64_t i = 0; i < count && !error; i++) {
        const uint8_t *d = e + ENTRY_HEADER + i * DESCRIPTOR;
        uint64_t place = vhdx_load(d, AT_PLACE, 8);
        if (memcmp(d, "zero", 4) == 0) {
            error = block_file_zero(log->file, place,
                                    vhdx_load(d, AT_LEADING, 8), true);
            continue;
        }
        uint8_t whole[SECTOR];
        memcpy(whole, d + AT_LEADING, 8);
        memcpy(whole + 8, data + 8, SECTOR - 12);
        memcpy(whole + SECTOR - 4, d + AT_TRAILING, 4);
        error = sparse_write_at(log->file, place, whole, SECTOR);
        data += SECTOR;
    }
    uint64_t last = vhdx_load(e, AT_LAST, 8);
    if (!error && last <= VHDX_MAX_SIZE * 2 &&
        last > block_file_size(log->file)) {
        error = block_file_resize(log->file, last);
    }
    return error;
}

static bool replay(struct log *log, struct error **err)
{
    const char *path = log->file->path;
    bool found = false;
    uint32_t best = 0, last;
    int error = 0;

    for (uint32_t i = 0; i < log->sectors; i++) {
        log->starts[i] = examine(log, i);
    }
    if (log->summed > MOST_SUMMED(log)) {
        error_set(err, "%s: the entries of its log lie on top of one "
                  "another; the file is damaged", path);
        return false;
    }
    for (uint32_t i = 0; i < log->sectors; i++) {
        if (run_from(log, i, &last) &&
            (!found || log->starts[last].sequence >
                           log->starts[best].sequence)) {
            best = last;
            found = true;
        }
    }
    if (!found) {
        return true; /* all of it got to its place */
    }
    gather(log, best, log->starts[best].sectors);
    if (vhdx_load(log->entry, AT_FLUSHED, 8) > block_file_size(log->file)) {
        error_set(err, "%s: is shorter than its log says; the file is "
                  "truncated", path);
        return false;
    }
    for (uint32_t at = log->starts[best].tail; !error;
         at = (at + log->starts[at].sectors) % log->sectors) {
        error = apply(log, at);
        if (at == best) {
            break;
        }
    }
    error = error ? error : block_file_flush(log->file);
    if (error) {
        error_set_errno(err, error, "%s: cannot do what its log says", path);
    }
    return !error;
}

bool vhdx_log_replay(struct block_file *file, const uint8_t *header,
                     struct error **err)
{
    uint64_t length = vhdx_load(header, VHDX_AT_LOG_LENGTH, 4);
    uint64_t at = vhdx_load(header, VHDX_AT_LOG, 8);

    if (!length || length % VHDX_MIB || length > MAX_LOG || at < VHDX_MIB ||
        at % VHDX_MIB || vhdx_load(header, VHDX_AT_LOG_VERSION, 2)) {
        error_set(err, "%s: has a log of a strange size, place or version",
                  file->path);
        return false;
    }
    struct log log = {
        .file = file,
        .ring = malloc(length),
        .sectors = (uint32_t)(length / SECTOR),
        .entry = malloc(length),
        .starts = calloc(length / SECTOR, sizeof(*log.starts)),
        .guid = header + VHDX_AT_LOG_GUID,
    };
    assert(log.ring && log.entry && log.starts);
    bool good = sparse_read_at(file, at, log.ring, length, "log", err) &&
                replay(&log, err);
    free(log.ring);
    free(log.entry);
    free(log.starts);
    return good;
}
