/*
 * A disk image from somebody else, qcow2 or not: opening, reading, writing,
 * holes, checking, as a running machine and as the tool do.  The first byte
 * says how long the script is that follows; the rest is the image.
 */
#include <stdlib.h>
#include <unistd.h>

#include "block/qcow2.h"
#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/targets/input.h"

#define BUFFER 0x10000

/* Offsets that mean something in small images and in large ones. */
static uint64_t take_offset(struct input *in, uint64_t size)
{
    unsigned form = in_u8(in);
    uint64_t offset = (uint64_t)in_u16(in) * BLOCK_SECTOR;

    if (form & 1) {
        offset <<= form >> 1 & 31;
    }
    return size ? offset % size / BLOCK_SECTOR * BLOCK_SECTOR : 0;
}

/* As `armature-img convert -c` does. */
static void write_cluster(struct block_image *image, uint64_t offset,
                          const uint8_t *buffer)
{
    uint64_t cluster = qcow2_of(image)->cluster_size;

    if (cluster > BUFFER) {
        return;
    }
    offset -= offset % cluster;
    if (cluster > image->size - offset) {
        cluster = image->size - offset;
    }
    image->ops->write_compressed(image, buffer, offset, cluster);
}

static void one(struct block_image *image, struct input *in, uint8_t *buffer)
{
    unsigned what = in_u8(in);
    uint64_t offset = take_offset(in, image->size);
    uint64_t length = (in_u8(in) % (BUFFER / BLOCK_SECTOR) + 1) *
                      BLOCK_SECTOR;
    struct iovec iov = {buffer, 0};
    struct block_extent extent = {0};

    if (!image->size) {
        return;
    }
    if (length > image->size - offset) {
        length = image->size - offset;
    }
    iov.iov_len = length;
    switch (what % 10) {
    case 0:
    case 1:
        image->ops->read(image, &iov, 1, offset, length);
        break;
    case 2:
    case 3:
        image->ops->write(image, &iov, 1, offset, length, what & 0x80);
        break;
    case 4:
        image->ops->zero(image, offset, length, what & 0x80);
        break;
    case 5:
        image->ops->discard(image, offset, length);
        break;
    case 6:
        image->ops->flush(image);
        break;
    case 7:
        if (qcow2_is(image)) {
            write_cluster(image, offset, buffer);
        }
        break;
    case 8:
        if (image->ops->resize && image->size < 1u << 20) {
            image->ops->resize(image, offset + length, NULL);
        }
        break;
    default:
        if (image->ops->status &&
            !image->ops->status(image, offset, length, &extent) &&
            (!extent.length || extent.length > length)) {
            abort(); /* a walk would not end, or leave the range */
        }
    }
}

static void check(const char *path)
{
    struct block_config config = {.file = path, .read_only = true};
    struct block_opening how = {.config = &config, .no_backing = true,
                                .checking = true};
    struct qcow2_check check = {0};
    struct error *err = NULL;
    struct block_image *image = block_image_open_as(&how, &err);

    if (image) {
        if (qcow2_is(image)) {
            qcow2_check(qcow2_of(image), &check, &err);
        }
        block_image_close(image);
    }
    error_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *buffer;
    struct input in = {data, data + size};
    size_t length = in_u8(&in);
    const uint8_t *bytes = in_bytes(&in, &length);
    struct input script = {bytes, bytes + length};
    const char *path = file_with(0, in.at, in_left(&in));
    struct block_config config = {.file = path};
    struct block_opening how = {.config = &config, .no_backing = true};
    struct error *err = NULL;

    if (!buffer) {
        file_enter_sandbox();
        buffer = malloc(BUFFER);
        memset(buffer, 0x5a, BUFFER);
    }
    struct block_image *image = block_image_open_as(&how, &err);
    if (!image && !err) {
        abort();
    }
    while (image && in_more(&script)) {
        one(image, &script, buffer);
    }
    if (image) {
        block_image_close(image);
    }
    error_free(err);
    check(path);
    return 0;
}
