/*
 * Hyper-V disk images (MS-VHDX 4.0): what the files of this format share.
 *
 * Two headers of which the newer counts, two copies of a table of regions,
 * a log of changes to metadata, and two regions: the table of blocks (BAT)
 * and the metadata.  All numbers are little-endian.
 */
#ifndef BLOCK_VHDX_H
#define BLOCK_VHDX_H

#include "block/formats.h"
#include "block/sparse.h"

#define VHDX_KIB UINT64_C(1024)
#define VHDX_MIB (UINT64_C(1) << 20)
#define VHDX_MAX_SIZE (UINT64_C(64) << 40)
#define VHDX_HEADER_AT(slot) ((slot) ? 128 * VHDX_KIB : 64 * VHDX_KIB)
#define VHDX_REGIONS_AT(slot) ((slot) ? 256 * VHDX_KIB : 192 * VHDX_KIB)
#define VHDX_HEADER_SIZE 4096
#define VHDX_TABLE_SIZE 65536 /* of regions, and of metadata */
#define VHDX_AT_CHECKSUM 4    /* of headers, region tables, log entries */
#define VHDX_MAX_BLOCK (256 * VHDX_MIB)
#define VHDX_CHUNK (UINT64_C(1) << 23) /* sectors of one bitmap block */

/* Fields of a header. */
enum {
    VHDX_AT_SEQUENCE = 8, /* 64 bits */
    VHDX_AT_FILE_GUID = 16,
    VHDX_AT_DATA_GUID = 32,
    VHDX_AT_LOG_GUID = 48,
    VHDX_AT_LOG_VERSION = 64, /* 16 bits */
    VHDX_AT_VERSION = 66,     /* 16 bits */
    VHDX_AT_LOG_LENGTH = 68,
    VHDX_AT_LOG = 72, /* 64 bits */
};

/* States of a block in the BAT. */
enum {
    VHDX_NOT_PRESENT,
    VHDX_UNDEFINED,
    VHDX_ZERO,
    VHDX_UNMAPPED,
    VHDX_PRESENT = 6,
    VHDX_PARTIAL = 7, /* of a differencing image */
};

extern const uint8_t vhdx_guid_bat[16], vhdx_guid_metadata[16];
extern const uint8_t vhdx_guid_parameters[16], vhdx_guid_size[16];
extern const uint8_t vhdx_guid_page83[16], vhdx_guid_logical[16];
extern const uint8_t vhdx_guid_physical[16], vhdx_guid_locator[16];

static inline uint64_t vhdx_load(const uint8_t *p, unsigned at,
                                 unsigned bytes)
{
    return sparse_load(p + at, bytes, false);
}

static inline void vhdx_store(uint8_t *p, unsigned at, unsigned bytes,
                              uint64_t value)
{
    sparse_store(p + at, bytes, false, value);
}

/* vhdx_parent.c: set s->backing from the locator, `length` bytes. */
bool vhdx_open_parent(struct sparse *s, const struct block_opening *how,
                      const uint8_t *locator, size_t length,
                      char chosen[SPARSE_NAME], struct error **err);
/* Of the data of an image that vhdx.c opened; 16 bytes. */
const uint8_t *vhdx_data_guid(const struct block_image *image);

/* vhdx_log.c.  CRC-32C with the checksum's own field, the second word, as
 * zeroes. */
uint32_t vhdx_checksum(const uint8_t *p, size_t length);
/* Do what the log says; the header still names it afterwards. */
bool vhdx_log_replay(struct block_file *file, const uint8_t *header,
                     struct error **err);

#endif
