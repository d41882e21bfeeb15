/* Apple's disk images: what the files of this format share. */
#ifndef BLOCK_DMG_H
#define BLOCK_DMG_H

#include "block/formats.h"
#include "util/bits.h"

/* What a chunk is. */
enum dmg_type {
    DMG_ZERO = 0,
    DMG_RAW = 1,
    DMG_IGNORE = 2, /* free space: reads as zeroes */
    DMG_COMMENT = 0x7ffffffe,
};
/* Compressed chunks and the end do not fit an enumeration's int. */
#define DMG_ADC UINT32_C(0x80000004)
#define DMG_ZLIB UINT32_C(0x80000005)
#define DMG_BZIP2 UINT32_C(0x80000006)
#define DMG_LZFSE UINT32_C(0x80000007)
#define DMG_LZMA UINT32_C(0x80000008)
#define DMG_END UINT32_C(0xffffffff)

/* dmg_codec.c.  NULL, or the name of a compression that this build lacks. */
const char *dmg_codec_missing(uint32_t type);
/* A chunk of a type that is not missing: `room` bytes, no fewer. */
bool dmg_inflate(uint32_t type, const void *from, size_t length, void *to,
                 size_t room);

#endif
