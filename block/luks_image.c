/*
 * The format "luks": a LUKS header, then the disk, encrypted.
 *
 * There are no holes: a range that was never written reads as noise.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/iov.h"
#include "block/luks.h"
#include "block/qcow2.h"
#include "util/bits.h"

struct luks_image {
    struct block_image image;
    struct block_file *file;
    struct luks luks;
    uint64_t start; /* of the disk in the file, bytes */
    struct crypt *crypt; /* NULL: opened to be looked at */
};

static struct luks_image *luks_of(struct block_image *image)
{
    return container_of(image, struct luks_image, image);
}

bool luks_probe(const uint8_t *head, unsigned length)
{
    return length >= 6 && memcmp(head, "LUKS\xba\xbe", 6) == 0;
}

const struct luks *luks_describe(struct block_image *image)
{
    return strcmp(image->ops->format, "luks") == 0 ? &luks_of(image)->luks
                                                   : NULL;
}

static int image_read(struct block_image *image, const struct iovec *iov,
                      unsigned count, uint64_t offset, uint64_t length)
{
    struct luks_image *l = luks_of(image);
    uint8_t *buffer = malloc(length);
    struct iovec one = {buffer, length};
    int error = !l->crypt ? EACCES : !buffer ? ENOMEM : 0;

    error = error ? error
                  : block_file_read(l->file, &one, 1, l->start + offset);
    error = error ? error : crypt_run(l->crypt, false, offset / CRYPT_SECTOR,
                                      buffer, length);
    if (!error) {
        iov_from_buffer(iov, count, buffer, length);
    }
    free(buffer);
    return error;
}

static int image_write(struct block_image *image, const struct iovec *iov,
                       unsigned count, uint64_t offset, uint64_t length,
                       bool sync)
{
    struct luks_image *l = luks_of(image);
    uint8_t *buffer = malloc(length);
    struct iovec one = {buffer, length};
    int error = !l->crypt ? EACCES : !buffer ? ENOMEM : 0;

    if (!error) {
        iov_to_buffer(iov, count, buffer, length);
        error = crypt_run(l->crypt, true, offset / CRYPT_SECTOR, buffer,
                          length);
    }
    error = error ? error : block_file_write(l->file, &one, 1,
                                             l->start + offset, sync);
    free(buffer);
    return error;
}

static int image_flush(struct block_image *image)
{
    return block_file_flush(luks_of(image)->file);
}

/* Nothing: holes would tell who has no password what is in use, and read as
 * noise. */
static int image_discard(struct block_image *image, uint64_t offset,
                         uint64_t length)
{
    (void)image;
    (void)offset;
    (void)length;
    return 0;
}

static int image_zero(struct block_image *image, uint64_t offset,
                      uint64_t length, bool unmap)
{
    static const uint8_t zeroes[65536];
    int error = 0;

    (void)unmap;
    while (length && !error) {
        uint64_t n = length < sizeof(zeroes) ? length : sizeof(zeroes);
        struct iovec iov = {(void *)zeroes, n};
        error = image_write(image, &iov, 1, offset, n, false);
        offset += n;
        length -= n;
    }
    return error;
}

static int image_status(struct block_image *image, uint64_t offset,
                        uint64_t length, struct block_extent *extent)
{
    (void)offset;
    *extent = (struct block_extent){
        .kind = BLOCK_EXTENT_DATA, .length = length, .image = image,
        .file = luks_of(image)->file,
    };
    return 0;
}

static bool image_resize(struct block_image *image, uint64_t size,
                         struct error **err)
{
    struct luks_image *l = luks_of(image);
    int error = size > INT64_MAX - l->start
                    ? EFBIG : block_file_resize(l->file, l->start + size);

    if (error) {
        error_set_errno(err, error, "%s: cannot resize", l->file->path);
        return false;
    }
    image->size = align_up(size, BLOCK_SECTOR);
    return true;
}

static void image_close(struct block_image *image)
{
    struct luks_image *l = luks_of(image);

    crypt_free(l->crypt);
    block_file_close(l->file);
    free(l);
}

static const struct block_image_ops luks_ops = {
    .format = "luks",
    .read = image_read,
    .write = image_write,
    .flush = image_flush,
    .discard = image_discard,
    .zero = image_zero,
    .close = image_close,
    .status = image_status,
    .resize = image_resize,
};

static bool unlock(struct luks_image *l, const struct block_opening *how,
                   struct error **err)
{
    struct luks_password password;

    if (!how->config->key_secret && how->checking) {
        return true;
    }
    if (!crypt_available(err)) {
        return false;
    }
    if (!how->config->key_secret) {
        error_set(err, "%s: encrypted: Parameter 'key-secret' is required: "
                  "the id of the -object secret that has the password",
                  l->file->path);
        return false;
    }
    l->crypt = qcow2_password(how->config, &password, err)
                   ? luks_open_data(&l->luks, &password, err) : NULL;
    return l->crypt;
}

struct block_image *luks_open(struct block_file *file,
                              const struct block_opening *how,
                              struct error **err)
{
    struct luks_image *l = calloc(1, sizeof(*l));

    assert(l);
    l->file = file;
    if (!luks_read(&l->luks, file, 0, err)) {
        free(l);
        return NULL;
    }
    l->start = (uint64_t)l->luks.payload * CRYPT_SECTOR;
    if (file->size < l->start) {
        error_set(err, "%s: ends before its data begin; the file is "
                  "truncated", file->path);
        free(l);
        return NULL;
    }
    if (!unlock(l, how, err)) {
        free(l);
        return NULL;
    }
    l->image.ops = &luks_ops;
    l->image.size = align_down(file->size - l->start, BLOCK_SECTOR);
    l->image.noise = true;
    return &l->image;
}
