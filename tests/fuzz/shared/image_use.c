#include "tests/fuzz/shared/image_use.h"

#include <stdlib.h>

bool image_use_range(const struct block_image *image, struct input *script,
                     uint64_t *offset, uint64_t *length)
{
    *length = (in_u8(script) % (IMAGE_USE_BUFFER / BLOCK_SECTOR) + 1) *
              BLOCK_SECTOR;
    if (!image->size) {
        return false;
    }
    *offset %= image->size;
    *offset -= *offset % BLOCK_SECTOR;
    if (*length > image->size - *offset) {
        *length = image->size - *offset;
    }
    return true;
}

void image_use(struct block_image *image, unsigned what, bool flag,
               uint64_t offset, uint64_t length, uint8_t *buffer)
{
    struct iovec iov = {buffer, length};
    struct block_extent extent = {0};

    switch (what) {
    case 0:
    case 1:
        image->ops->read(image, &iov, 1, offset, length);
        break;
    case 2:
    case 3:
        image->ops->write(image, &iov, 1, offset, length, flag);
        break;
    case 4:
        image->ops->zero(image, offset, length, flag);
        break;
    case 5:
        image->ops->discard(image, offset, length);
        break;
    case 6:
        image->ops->flush(image);
        break;
    default:
        if (image->ops->status &&
            !image->ops->status(image, offset, length, &extent) &&
            (!extent.length || extent.length > length)) {
            abort(); /* a walk would not end, or leave the range */
        }
    }
}
