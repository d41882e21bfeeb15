/*
 * The contents of a flash bank are those of an image, from its first byte.
 * An image shorter than the bank is followed by erased flash, where nothing
 * can be kept.
 */
#include "hw/flash/flash_image.h"

#include <string.h>

static bool transfer(struct block_backend *image, enum block_op op,
                     uint64_t offset, void *data, uint64_t size,
                     struct error **err)
{
    struct iovec iov = {data, size};
    struct block_request request = {
        .op = op,
        .offset = offset,
        .length = size,
        .iov = &iov,
        .iov_count = 1,
    };
    int error = size ? block_run(image, &request) : 0;

    if (error) {
        error_set_errno(err, error, "cannot %s the image",
                        op == BLOCK_READ ? "read" : "write");
    }
    return error == 0;
}

static bool image_read(void *opaque, void *data, uint64_t size,
                       struct error **err)
{
    return transfer(opaque, BLOCK_READ, 0, data, size, err);
}

static bool is_erased(const uint8_t *data, uint64_t size)
{
    return data[0] == 0xff && !memcmp(data, data + 1, size - 1);
}

static bool image_write(void *opaque, uint64_t offset, const void *data,
                        uint64_t size, struct error **err)
{
    struct block_backend *image = opaque;
    uint64_t end = block_size(image);

    if (offset >= end) {
        if (is_erased(data, size)) {
            return true;
        }
        error_set(err, "the image has %llu bytes only; lengthen it with "
                  "'truncate -s 64M'", (unsigned long long)end);
        return false;
    }
    if (size > end - offset) { /* the rest was and stays erased or fails */
        uint64_t part = end - offset;
        return image_write(opaque, end, (const uint8_t *)data + part,
                           size - part, err) &&
               image_write(opaque, offset, data, part, err);
    }
    return transfer(image, BLOCK_WRITE, offset, (void *)data, size, err);
}

struct cfi01_store flash_image_store(struct block_backend *image)
{
    return (struct cfi01_store){
        .size = block_size(image),
        .readonly = block_readonly(image),
        .read = image_read,
        .write = image_write,
        .opaque = image,
    };
}
