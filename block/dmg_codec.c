/* Compressed chunks of Apple's disk images: zlib, bzip2, xz. */
#include <errno.h>
#include <string.h>
#include <zlib.h>
#ifdef CONFIG_BZIP2
#include <bzlib.h>
#endif
#ifdef CONFIG_LZMA
#include <lzma.h>
#endif

#include "block/dmg.h"

/* All decode `length` bytes into exactly `room` bytes. */
static bool inflate_zlib(const void *from, size_t length, void *to,
                         size_t room)
{
    uLongf done = room;

    return uncompress(to, &done, from, length) == Z_OK && done == room;
}

#ifdef CONFIG_BZIP2
static bool inflate_bzip2(const void *from, size_t length, void *to,
                          size_t room)
{
    unsigned done = (unsigned)room;

    return BZ2_bzBuffToBuffDecompress(to, &done, (char *)from,
                                      (unsigned)length, 0, 0) == BZ_OK &&
           done == room;
}
#else
#define inflate_bzip2 NULL
#endif

#ifdef CONFIG_LZMA
static bool inflate_lzma(const void *from, size_t length, void *to,
                         size_t room)
{
    uint64_t memory = 256u << 20;
    size_t in = 0, out = 0;

    return lzma_stream_buffer_decode(&memory, 0, NULL, from, &in, length, to,
                                     &out, room) == LZMA_OK && out == room;
}
#else
#define inflate_lzma NULL
#endif

static const struct codec {
    uint32_t type;
    const char *name;
    bool (*inflate)(const void *from, size_t length, void *to, size_t room);
} codecs[] = {
    {DMG_ADC, "ADC", NULL},
    {DMG_ZLIB, "zlib", inflate_zlib},
    {DMG_BZIP2, "bzip2", inflate_bzip2},
    {DMG_LZFSE, "LZFSE", NULL},
    {DMG_LZMA, "xz", inflate_lzma},
};

static const struct codec *find(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
        if (codecs[i].type == type) {
            return &codecs[i];
        }
    }
    return NULL;
}

const char *dmg_codec_missing(uint32_t type)
{
    const struct codec *codec = find(type);

    return !codec ? "an unknown method" : codec->inflate ? NULL : codec->name;
}

bool dmg_inflate(uint32_t type, const void *from, size_t length, void *to,
                 size_t room)
{
    return find(type)->inflate(from, length, to, room);
}
