#include "tests/fuzz/shared/image_use.h"

#include <stdlib.h>
#include <string.h>

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

/* As the engine that asks enter() first: where that says, or else by the
 * format. */
static void write_there(struct block_image *image, uint64_t offset,
                        const struct iovec *iov, bool sync)
{
    struct block_request req = {.op = BLOCK_WRITE, .offset = offset,
                                .length = iov->iov_len,
                                .flags = sync ? BLOCK_FUA : 0};
    struct block_access access;

    if (!block_image_enter(image, &req, &access)) {
        image->ops->write(image, iov, 1, offset, iov->iov_len, sync);
        return;
    }
    block_file_write(access.file, iov, 1, access.offset, sync);
    if (access.image) {
        access.image->ops->leave(access.image);
    }
}

/* What enter() says is there is what the format reads. */
static void read_twice(struct block_image *image, uint64_t offset,
                       uint64_t length)
{
    static uint8_t data[2][IMAGE_USE_BUFFER];
    struct iovec iov[] = {{data[0], length}, {data[1], length}};
    struct block_request req = {.op = BLOCK_READ, .offset = offset,
                                .length = length};
    struct block_access access;
    int error = image->ops->read(image, &iov[0], 1, offset, length);

    if (!block_image_enter(image, &req, &access)) {
        return;
    }
    memset(data[1], 0, length);
    int other = access.file ? block_file_read(access.file, &iov[1], 1,
                                              access.offset) : 0;
    if (access.image) {
        access.image->ops->leave(access.image);
    }
    if (error != other || (!error && memcmp(data[0], data[1], length) != 0)) {
        abort();
    }
}

void image_use(struct block_image *image, unsigned what, bool flag,
               uint64_t offset, uint64_t length, uint8_t *buffer)
{
    struct iovec iov = {buffer, length};
    struct block_extent extent = {0};

    switch (what) {
    case 0:
    case 1:
        read_twice(image, offset, length);
        break;
    case 2:
        write_there(image, offset, &iov, flag);
        break;
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
            (!extent.length || extent.length > length ||
             extent.length % BLOCK_SECTOR)) {
            abort(); /* a walk would not end, or leave the range */
        }
    }
}
