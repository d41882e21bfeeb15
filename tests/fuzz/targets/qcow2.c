/*
 * A disk image from somebody else, qcow2 or not: opening, reading, writing,
 * holes, checking, as a running machine and as the tool do.  The first byte
 * says how long the script is that follows; the rest is the image.
 */
#include <stdlib.h>
#include <unistd.h>

#include "block/qcow2.h"
#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/shared/image_use.h"

/* Offsets that mean something in small images and in large ones. */
static uint64_t take_offset(struct input *in)
{
    unsigned form = in_u8(in);
    uint64_t offset = (uint64_t)in_u16(in) * BLOCK_SECTOR;

    if (form & 1) {
        offset <<= form >> 1 & 31;
    }
    return offset;
}

/* As `armature-img convert -c` does. */
static void write_cluster(struct block_image *image, uint64_t offset,
                          const uint8_t *buffer)
{
    uint64_t cluster = qcow2_of(image)->cluster_size;

    if (cluster > IMAGE_USE_BUFFER) {
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
    uint64_t offset = take_offset(in), length;

    if (!image_use_range(image, in, &offset, &length)) {
        return;
    }
    switch (what % 10) {
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
        image_use(image, what % 10, what & 0x80, offset, length, buffer);
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
        buffer = malloc(IMAGE_USE_BUFFER);
        memset(buffer, 0x5a, IMAGE_USE_BUFFER);
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
