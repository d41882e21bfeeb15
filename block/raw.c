/* The raw format: the file is the disk. */
#include <assert.h>
#include <stdlib.h>

#include "block/formats.h"
#include "util/bits.h"

static int raw_read(struct block_image *image, const struct iovec *iov,
                    unsigned count, uint64_t offset, uint64_t length)
{
    (void)length;
    return block_file_read(image->plain, iov, count, image->start + offset);
}

static int raw_write(struct block_image *image, const struct iovec *iov,
                     unsigned count, uint64_t offset, uint64_t length,
                     bool sync)
{
    (void)length;
    return block_file_write(image->plain, iov, count, image->start + offset,
                            sync);
}

static int raw_flush(struct block_image *image)
{
    return block_file_flush(image->plain);
}

static int raw_discard(struct block_image *image, uint64_t offset,
                       uint64_t length)
{
    return block_file_discard(image->plain, image->start + offset, length);
}

static int raw_zero(struct block_image *image, uint64_t offset,
                    uint64_t length, bool unmap)
{
    return block_file_zero(image->plain, image->start + offset, length, unmap);
}

static bool raw_enter(struct block_image *image, struct block_access *access)
{
    access->file = image->plain;
    access->offset += image->start;
    return access->op == BLOCK_READ || access->op == BLOCK_WRITE ||
           access->op == BLOCK_FLUSH;
}

static void raw_close(struct block_image *image)
{
    block_file_close(image->plain);
    free(image);
}

static int raw_status(struct block_image *image, uint64_t offset,
                      uint64_t length, struct block_extent *extent)
{
    unsigned flags = 0;

    offset += image->start;
    *extent = (struct block_extent){
        .placed = true, .host = offset, .image = image, .file = image->plain,
    };
    int error = block_file_status(image->plain, offset, length, &flags,
                                  &extent->length);
    extent->kind = flags & BLOCK_FILE_DATA ? BLOCK_EXTENT_DATA
                                           : BLOCK_EXTENT_ZERO;
    extent->hole = flags == (BLOCK_FILE_DATA | BLOCK_FILE_ZERO);
    return error;
}

/* As QEMU has it: data everywhere, of which some are zeroes. */
static int fixed_status(struct block_image *image, uint64_t offset,
                        uint64_t length, struct block_extent *extent)
{
    int error = raw_status(image, offset, length, extent);

    extent->hole = extent->kind == BLOCK_EXTENT_ZERO;
    extent->kind = BLOCK_EXTENT_DATA;
    return error;
}

static bool raw_resize(struct block_image *image, uint64_t size,
                       struct error **err)
{
    int error = block_file_resize(image->plain, size);

    if (error) {
        error_set_errno(err, error, "%s: cannot resize", image->plain->path);
        return false;
    }
    image->size = align_up(size, BLOCK_SECTOR);
    return true;
}

#define PLAIN_OPS \
    .read = raw_read, .write = raw_write, .flush = raw_flush, \
    .discard = raw_discard, .zero = raw_zero, .close = raw_close, \
    .enter = raw_enter

static const struct block_image_ops raw_ops = {
    .format = "raw", PLAIN_OPS, .status = raw_status, .resize = raw_resize,
};

/* A part of a file: offset= and size=. */
static const struct block_image_ops part_ops = {
    .format = "raw", PLAIN_OPS, .status = raw_status,
};

/* A fixed VHD image is a raw one with a footer that is not of the disk. */
const struct block_image_ops block_vpc_fixed_ops = {
    .format = "vpc", PLAIN_OPS, .status = fixed_status,
};

/* Whether offset= and size= are whole sectors of the file. */
static bool check_part(const struct block_file *file, uint64_t offset,
                       uint64_t size, struct error **err)
{
    uint64_t end = align_up(file->size, BLOCK_SECTOR);

    if (offset % BLOCK_SECTOR || size % BLOCK_SECTOR) {
        error_set(err, "%s: offset=%llu,size=%llu: not multiples of %d bytes",
                  file->path, (unsigned long long)offset,
                  (unsigned long long)size, BLOCK_SECTOR);
    } else if (offset > end || size > end - offset) {
        error_set(err, "%s: offset=%llu,size=%llu: the file has only %llu "
                  "bytes", file->path, (unsigned long long)offset,
                  (unsigned long long)size, (unsigned long long)end);
    } else {
        return true;
    }
    return false;
}

struct block_image *block_raw_open(struct block_file *file,
                                   const struct block_opening *how,
                                   struct error **err)
{
    uint64_t start = how->config->raw_offset, size = how->config->raw_size;

    if (!check_part(file, start, size, err)) {
        return NULL;
    }
    struct block_image *image = calloc(1, sizeof(*image));
    assert(image);
    image->ops = start || size ? &part_ops : &raw_ops;
    image->plain = file;
    /* A last sector that the file does not fill reads as if it did. */
    image->size = size ? size : align_up(file->size, BLOCK_SECTOR) - start;
    image->start = start;
    return image;
}
