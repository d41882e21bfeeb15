/* Compressed clusters: raw deflate with a window of 4 KiB, or zstd. */
#include <errno.h>
#include <string.h>
#include <zlib.h>
#ifdef CONFIG_DEFLATE
#include <libdeflate.h>
#endif
#ifdef CONFIG_ZSTD
#include <zstd.h>
#endif

#include "block/qcow2.h"

#define WINDOW_BITS (-12) /* negative: without zlib's header */

bool qcow2_can_compress(enum qcow2_compression how)
{
#ifdef CONFIG_ZSTD
    return how == QCOW2_ZLIB || how == QCOW2_ZSTD;
#else
    return how == QCOW2_ZLIB;
#endif
}

/* False: zlib has to say what is wrong, or whether it is. */
static bool inflate_at_once(const void *from, size_t length, void *to,
                            size_t room)
{
    bool good = false;
#ifdef CONFIG_DEFLATE
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    size_t in, out;

    good = d && libdeflate_deflate_decompress_ex(d, from, length, to, room,
                                                 &in, &out) ==
                    LIBDEFLATE_SUCCESS && out == room;
    libdeflate_free_decompressor(d);
#else
    (void)from, (void)length, (void)to, (void)room;
#endif
    return good;
}

/* What follows the stream in its last sector is not ours: the end of the
 * output, not of the input, says that all is well. */
static int inflate_zlib(const void *from, size_t length, void *to,
                        size_t room)
{
    z_stream z = {.next_in = (Bytef *)from, .avail_in = (uInt)length,
                  .next_out = to, .avail_out = (uInt)room};

    if (inflate_at_once(from, length, to, room)) {
        return 0;
    }
    if (inflateInit2(&z, WINDOW_BITS) != Z_OK) {
        return ENOMEM;
    }
    int result = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return !z.avail_out && (result == Z_STREAM_END || result == Z_BUF_ERROR)
               ? 0 : EIO;
}

#define SAMPLE 4096

/* Of that many even draws, 16 of each byte: 69632 on average, with a
 * deviation of 362. */
static bool looks_even(const uint8_t *data, size_t length)
{
    uint16_t count[256] = {0};
    uint64_t squares = 0;

    for (size_t at = 0; at < length; at += length / 4) {
        for (unsigned i = 0; i < SAMPLE / 4; i++) {
            count[data[at + i]]++;
        }
    }
    for (unsigned i = 0; i < 256; i++) {
        squares += count[i] * count[i];
    }
    return squares < 72000;
}

/*
 * zlib spends longest on what does not get smaller.  Where all bytes are
 * equally frequent and hardly any four of them come again, they have been
 * compressed or encrypted already.
 */
static bool looks_random(const uint8_t *data, size_t length)
{
    uint16_t last[2048];
    unsigned again = 0;

    if (length < 4 * SAMPLE || !looks_even(data, length)) {
        return false;
    }
    for (size_t at = 0; at < length; at += length / 4) {
        memset(last, 0, sizeof(last));
        for (uint16_t i = 0; i + 4 <= SAMPLE; i++) {
            uint32_t now, then;
            memcpy(&now, data + at + i, 4);
            uint16_t *slot = &last[now * UINT32_C(0x9e3779b1) >> 21];
            memcpy(&then, data + at + *slot, 4);
            again += *slot && now == then;
            *slot = i;
        }
    }
    return again < 4;
}

static int deflate_zlib(const void *from, size_t from_length, void *to,
                        size_t *length)
{
    z_stream z = {.next_in = (Bytef *)from, .avail_in = (uInt)from_length,
                  .next_out = to, .avail_out = (uInt)*length};

    if (looks_random(from, from_length)) {
        return ENOSPC;
    }
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, 9,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return ENOMEM;
    }
    int result = deflate(&z, Z_FINISH);
    *length -= z.avail_out;
    deflateEnd(&z);
    return result == Z_STREAM_END ? 0 : ENOSPC;
}

#ifdef CONFIG_ZSTD
static int inflate_zstd(const void *from, size_t length, void *to,
                        size_t room)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    ZSTD_inBuffer in = {from, length, 0};
    ZSTD_outBuffer out = {to, room, 0};
    size_t before, result = 1;
    size_t frame = ZSTD_findFrameCompressedSize(from, length);

    if (!z) {
        return ENOMEM;
    }
    /* One frame, as everybody writes them, needs no window in between. */
    if (!ZSTD_isError(frame) &&
        ZSTD_decompressDCtx(z, to, room, from, frame) == room) {
        ZSTD_freeDCtx(z);
        return 0;
    }
    ZSTD_DCtx_reset(z, ZSTD_reset_session_only);
    do {
        before = out.pos + in.pos;
        result = ZSTD_decompressStream(z, &out, &in);
    } while (!ZSTD_isError(result) && out.pos < out.size &&
             out.pos + in.pos > before);
    ZSTD_freeDCtx(z);
    return !ZSTD_isError(result) && out.pos == out.size ? 0 : EIO;
}

static int deflate_zstd(const void *from, size_t from_length, void *to,
                        size_t *length)
{
    size_t result = ZSTD_compress(to, *length, from, from_length,
                                  ZSTD_CLEVEL_DEFAULT);

    if (ZSTD_isError(result)) {
        return ENOSPC;
    }
    *length = result;
    return 0;
}
#else
static int inflate_zstd(const void *from, size_t length, void *to,
                        size_t room)
{
    (void)from, (void)length, (void)to, (void)room;
    return ENOTSUP;
}

static int deflate_zstd(const void *from, size_t from_length, void *to,
                        size_t *length)
{
    (void)from, (void)from_length, (void)to, (void)length;
    return ENOTSUP;
}
#endif

int qcow2_inflate(enum qcow2_compression how, const void *from,
                  size_t length, void *to, size_t room)
{
    return how == QCOW2_ZSTD ? inflate_zstd(from, length, to, room)
                             : inflate_zlib(from, length, to, room);
}

int qcow2_deflate(enum qcow2_compression how, const void *from,
                  size_t from_length, void *to, size_t *length)
{
    return how == QCOW2_ZSTD ? deflate_zstd(from, from_length, to, length)
                             : deflate_zlib(from, from_length, to, length);
}
