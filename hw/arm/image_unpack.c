/*
 * Compressed kernels.  gzip is RFC 1952.  EFI zboot is Linux's compressed
 * EFI application (drivers/firmware/efi/libstub/zboot-header.S): "MZ", at
 * byte 4 "zimg", payload offset and size, at byte 24 the compression's name.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "hw/arm/image.h"
#include "util/bits.h"

/* No kernel is larger, and a small file can claim any size. */
#define UNPACKED_MAX (UINT64_C(512) << 20)

#define ZBOOT_HEADER_SIZE 56

struct inflated {
    uint8_t *data;
    uint64_t size, capacity;
};

static bool grow(struct inflated *out)
{
    uint64_t capacity = out->capacity ? out->capacity * 2 : 8 << 20;
    uint8_t *data = realloc(out->data, capacity);

    if (!data) {
        return false;
    }
    out->data = data;
    out->capacity = capacity;
    return true;
}

/* One gzip member of `size` bytes; false with a reason that completes
 * "FILE: ...". */
static bool inflate_all(z_stream *z, struct inflated *out,
                        const char **reason)
{
    int status = Z_OK;

    while (status != Z_STREAM_END) {
        if (out->size > UNPACKED_MAX) {
            *reason = "unpacks to more than 512 MiB: not a kernel";
            return false;
        }
        if (out->size == out->capacity && !grow(out)) {
            *reason = "no memory to unpack it";
            return false;
        }
        uint64_t room = out->capacity - out->size;
        z->next_out = out->data + out->size;
        z->avail_out = (uInt)room;
        status = inflate(z, Z_NO_FLUSH);
        out->size += room - z->avail_out;
        if (status == Z_BUF_ERROR || (status == Z_OK && !z->avail_in &&
                                      z->avail_out)) {
            *reason = "its gzip data end early: the file is truncated";
            return false;
        }
        if (status != Z_OK && status != Z_STREAM_END) {
            *reason = "its gzip data are damaged";
            return false;
        }
    }
    if (!out->size) {
        *reason = "nothing is in its gzip data";
    }
    return out->size != 0;
}

static bool gunzip(struct boot_file *file, const uint8_t *packed,
                   uint64_t size, struct inflated *out, struct error **err)
{
    z_stream z = {0};
    const char *reason;

    /* 16: gzip header and trailer, checked. */
    if (size > UINT32_MAX || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        error_set(err, "%s %s: cannot be unpacked", file->option,
                  file->path);
        return false;
    }
    z.next_in = (Bytef *)packed;
    z.avail_in = (uInt)size;
    bool done = inflate_all(&z, out, &reason);
    inflateEnd(&z);
    if (!done) {
        error_set(err, "%s %s: %s", file->option, file->path, reason);
        free(out->data);
    }
    return done;
}

static bool is_gzip(const uint8_t *p, uint64_t size)
{
    return size >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

/* Where the compressed kernel is inside the file. */
static bool find_payload(const struct boot_file *file, const uint8_t *view,
                         uint64_t *offset, uint64_t *size,
                         struct error **err)
{
    *offset = 0;
    *size = file->size;
    if (file->size < ZBOOT_HEADER_SIZE || memcmp(view, "MZ", 2) ||
        memcmp(view + 4, "zimg", 4)) {
        return true;
    }
    *offset = load_le32(view + 8);
    *size = load_le32(view + 12);
    if (*offset > file->size || *size > file->size - *offset) {
        error_set(err, "%s %s: its EFI zboot header speaks of more bytes "
                  "than it has: the file is truncated", file->option,
                  file->path);
        return false;
    }
    if (!is_gzip(view + *offset, *size)) {
        error_set(err, "%s %s: an EFI zboot kernel packed with %.16s, and "
                  "only gzip is unpacked; use arch/arm64/boot/Image",
                  file->option, file->path, (const char *)view + 24);
        return false;
    }
    return true;
}

bool image_unpack(struct boot_file *file, struct error **err)
{
    const uint8_t *view = boot_file_view(file, err);
    struct inflated out = {0};
    uint64_t offset, size;

    if (!view) {
        return false;
    }
    bool good = find_payload(file, view, &offset, &size, err);
    if (good && is_gzip(view + offset, size)) {
        good = gunzip(file, view + offset, size, &out, err);
    }
    boot_file_unview(file, view);
    if (good && out.data) {
        boot_file_replace(file, out.data, out.size);
    }
    return good;
}
