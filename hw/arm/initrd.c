/*
 * An initrd is a row of segments (Linux Documentation, "initramfs buffer
 * format"): cpio archives ("newc"), plain or each in a compressed stream,
 * with zero bytes between.  The walk goes from header to header and unpacks
 * nothing that it need not: boot time is the user's.
 */
#include "hw/arm/initrd.h"

#include <string.h>
#include <zlib.h>

#include "util/bits.h"

/* A place in the file; a reader moves `at` behind what it has accepted. */
struct cursor {
    const uint8_t *bytes;
    uint64_t at, size;
};

enum verdict { WHOLE, CUT, UNKNOWN };

static uint64_t left(const struct cursor *c)
{
    return c->size - c->at;
}

static const uint8_t *here(const struct cursor *c)
{
    return c->bytes + c->at;
}

/* Step over `count` bytes; false when there are fewer. */
static bool skip(struct cursor *c, uint64_t count)
{
    if (count > left(c)) {
        return false;
    }
    c->at += count;
    return true;
}

/* cpio: magic and 13 fields of 8 hex digits, name, data, each padded to 4. */
enum {
    CPIO_HEADER_SIZE = 110,
    CPIO_FILE_SIZE = 54,
    CPIO_NAME_SIZE = 94,
};

static bool hex8(const uint8_t *p, uint64_t *value)
{
    *value = 0;
    for (int i = 0; i < 8; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *digit = p[i] ? strchr(digits, p[i]) : NULL;
        if (!digit) {
            return false;
        }
        unsigned n = (unsigned)(digit - digits);
        *value = *value << 4 | (n < 16 ? n : n - 6);
    }
    return true;
}

/* The zeroes up to a multiple of 4 may be missing at the very end. */
static void skip_padding(struct cursor *c, uint64_t start)
{
    uint64_t padding = -(c->at - start) & 3;

    c->at += padding < left(c) ? padding : left(c);
}

static enum verdict walk_cpio(struct cursor *c)
{
    uint64_t start = c->at;

    while (left(c) >= 6 && !memcmp(here(c), "07070", 5)) {
        uint64_t file_size, name_size;
        if (left(c) < CPIO_HEADER_SIZE) {
            return CUT;
        }
        const uint8_t *h = here(c);
        if (!hex8(h + CPIO_FILE_SIZE, &file_size) ||
            !hex8(h + CPIO_NAME_SIZE, &name_size)) {
            return UNKNOWN;
        }
        c->at += CPIO_HEADER_SIZE;
        const char *name = (const char *)here(c);
        if (!skip(c, name_size)) {
            return CUT;
        }
        skip_padding(c, start);
        if (name_size == 11 && !memcmp(name, "TRAILER!!!", 11)) {
            return WHOLE;
        }
        if (!skip(c, file_size)) {
            return CUT;
        }
        skip_padding(c, start);
    }
    return left(c) ? UNKNOWN : WHOLE;
}

/*
 * gzip ends with the unpacked size mod 2^32.  Archivers pad cpio to 512
 * bytes, so when the last word is such a multiple the file is whole with a
 * probability of 511/512; otherwise only unpacking tells.
 */
static bool gzip_end_is_plausible(const struct cursor *c)
{
    uint32_t unpacked = load_le32(c->bytes + c->size - 4);

    return unpacked && unpacked % 512 == 0;
}

static enum verdict walk_gzip(struct cursor *c)
{
    uint8_t sink[1 << 14];
    z_stream z = {0};
    int status = Z_OK;

    if (left(c) > 18 && gzip_end_is_plausible(c)) {
        c->at = c->size;
        return WHOLE;
    }
    if (left(c) > UINT32_MAX || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        return UNKNOWN;
    }
    z.next_in = (Bytef *)here(c);
    z.avail_in = (uInt)left(c);
    while (status == Z_OK) {
        z.next_out = sink;
        z.avail_out = sizeof(sink);
        status = inflate(&z, Z_NO_FLUSH);
    }
    c->at = c->size - z.avail_in;
    inflateEnd(&z);
    return status == Z_STREAM_END ? WHOLE
           : status == Z_BUF_ERROR ? CUT
                                   : UNKNOWN;
}

/* xz (.xz file format 1.2): the footer's last two bytes, then zeroes. */
static enum verdict walk_xz(struct cursor *c)
{
    uint64_t end = c->size;

    while (end >= c->at + 4 && !load_le32(c->bytes + end - 4)) {
        end -= 4;
    }
    c->at = c->size;
    return !memcmp(c->bytes + end - 2, "YZ", 2) ? WHOLE : CUT;
}

/* zstd (RFC 8878 3.1.1): frame header, blocks with 3-byte headers. */
static uint64_t zstd_header_size(uint8_t descriptor)
{
    static const uint8_t dictionary[] = {0, 1, 2, 4};
    static const uint8_t content[] = {0, 2, 4, 8};
    bool single = descriptor & 0x20;
    unsigned content_code = descriptor >> 6;

    return 5 + (single ? 0 : 1) + dictionary[descriptor & 3] +
           (single && !content_code ? 1 : content[content_code]);
}

static enum verdict walk_zstd(struct cursor *c)
{
    if (left(c) < 5) {
        return CUT;
    }
    uint8_t descriptor = here(c)[4];
    bool last = false;
    if (!skip(c, zstd_header_size(descriptor))) {
        return CUT;
    }
    while (!last) {
        if (left(c) < 3) {
            return CUT;
        }
        uint32_t block = here(c)[0] | here(c)[1] << 8 | here(c)[2] << 16;
        last = block & 1;
        /* Type 1 is one byte repeated. */
        bool repeat = (block >> 1 & 3) == 1;
        if (!skip(c, 3 + (repeat ? 1 : block >> 3))) {
            return CUT;
        }
    }
    return skip(c, descriptor & 4 ? 4 : 0) ? WHOLE : CUT;
}

/* lz4 legacy frames, as `lz4 -l` makes: blocks after their length. */
static enum verdict walk_lz4(struct cursor *c)
{
    c->at += 4;
    while (left(c)) {
        if (left(c) < 4) {
            return CUT;
        }
        uint32_t length = load_le32(here(c));
        if (!length || length == 0x184c2102) {
            return WHOLE; /* padding or the next frame */
        }
        if (!skip(c, 4 + (uint64_t)length)) {
            return CUT;
        }
    }
    return WHOLE;
}

static const struct {
    unsigned length;
    const char *magic;
    const char *name;
    enum verdict (*walk)(struct cursor *c);
} formats[] = {
    {5, "07070", "cpio", walk_cpio},
    {3, "\x1f\x8b\x08", "gzip", walk_gzip},
    {6, "\xfd\x37zXZ", "xz", walk_xz},
    {4, "\x28\xb5\x2f\xfd", "zstd", walk_zstd},
    {4, "\x02\x21\x4c\x18", "lz4", walk_lz4},
};

static enum verdict walk(struct cursor *c, const char **name)
{
    while (left(c) && *here(c) == 0) {
        c->at++;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(formats); i++) {
        if (left(c) >= formats[i].length &&
            !memcmp(here(c), formats[i].magic, formats[i].length)) {
            *name = formats[i].name;
            return formats[i].walk(c);
        }
    }
    return UNKNOWN;
}

bool initrd_check(const struct boot_file *file, struct error **err)
{
    const uint8_t *view = boot_file_view(file, err);
    struct cursor c = {view, 0, file->size};
    enum verdict verdict = WHOLE;
    const char *name = NULL;

    if (!view) {
        return false;
    }
    /* Each turn gets further: formats have at least three bytes. */
    while (verdict == WHOLE && left(&c)) {
        verdict = walk(&c, &name);
    }
    boot_file_unview(file, view);
    if (verdict == CUT) {
        error_set(err, "%s %s: its %s data end early, at byte %llu: the "
                  "file is truncated", file->option, file->path, name,
                  (unsigned long long)file->size);
        return false;
    }
    return true;
}
