/*
 * Copy on write (snapshot=on): an image that is only read, and a temporary
 * file of the same size that holds what was written since.
 *
 * A bit for each block of 4 KiB says in which of the two it is.  Bits are
 * only ever set.  Who writes a block for the first time holds `copying`; a
 * block written in part is completed from the base, and its bit is seen when
 * the whole of it is on top.  Readers take no lock.  Nothing here outlives
 * the process, so a flush has nothing to do.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "block/image.h"
#include "block/iov.h"
#include "util/bits.h"

#define BLOCK_BITS 12
#define BLOCK_SIZE (UINT64_C(1) << BLOCK_BITS)

struct overlay {
    struct block_image image;
    struct block_image *base;
    struct block_file *top;
    pthread_mutex_t copying;
    uint8_t *on_top; /* a bit per block */
};

static struct overlay *overlay_of(struct block_image *image)
{
    return container_of(image, struct overlay, image);
}

static bool is_on_top(const struct overlay *o, uint64_t block)
{
    return __atomic_load_n(&o->on_top[block / 8], __ATOMIC_ACQUIRE) &
           1u << block % 8;
}

static void set_on_top(struct overlay *o, uint64_t block)
{
    __atomic_fetch_or(&o->on_top[block / 8], (uint8_t)(1u << block % 8),
                      __ATOMIC_RELEASE);
}

/* How much of [offset, end), not empty, is in one place, *top. */
static uint64_t run_length(const struct overlay *o, uint64_t offset,
                           uint64_t end, bool *top)
{
    uint64_t block = offset >> BLOCK_BITS;

    *top = is_on_top(o, block);
    do {
        block++;
    } while (block << BLOCK_BITS < end && is_on_top(o, block) == *top);
    uint64_t until = block << BLOCK_BITS;
    return (until < end ? until : end) - offset;
}

static int overlay_read(struct block_image *image, const struct iovec *iov,
                        unsigned count, uint64_t offset, uint64_t length)
{
    struct overlay *o = overlay_of(image);
    struct iovec part[BLOCK_MAX_IOV];
    int error = 0;

    for (uint64_t done = 0; done < length && !error;) {
        bool top;
        uint64_t n = run_length(o, offset + done, offset + length, &top);
        unsigned parts = iov_slice(part, iov, count, done, n);
        error = top ? block_file_read(o->top, part, parts, offset + done)
                    : o->base->ops->read(o->base, part, parts,
                                         offset + done, n);
        done += n;
    }
    return error;
}

/* Under `copying`.  The base ends in the middle of its last block when its
 * size does. */
static int copy_up(struct overlay *o, uint64_t block)
{
    uint8_t buffer[BLOCK_SIZE];
    uint64_t offset = block << BLOCK_BITS;
    uint64_t rest = o->image.size - offset;
    struct iovec iov = {buffer, rest < BLOCK_SIZE ? rest : BLOCK_SIZE};

    if (is_on_top(o, block)) {
        return 0;
    }
    int error = o->base->ops->read(o->base, &iov, 1, offset, iov.iov_len);
    if (!error) {
        error = block_file_write(o->top, &iov, 1, offset, false);
    }
    if (!error) {
        set_on_top(o, block);
    }
    return error;
}

/* Complete the blocks that [offset, offset+length) covers in part. */
static int copy_up_ends(struct overlay *o, uint64_t offset, uint64_t length)
{
    uint64_t end = offset + length;
    int error = 0;

    if (offset % BLOCK_SIZE) {
        error = copy_up(o, offset >> BLOCK_BITS);
    }
    if (!error && end % BLOCK_SIZE && end != o->image.size) {
        error = copy_up(o, end >> BLOCK_BITS);
    }
    return error;
}

/* Ready [offset, offset+length) for being overwritten.  Unless all of it is
 * on top already, *locked says that `copying` is held until finish(). */
static int prepare(struct overlay *o, uint64_t offset, uint64_t length,
                   bool *locked)
{
    bool top;

    *locked = run_length(o, offset, offset + length, &top) != length || !top;
    if (!*locked) {
        return 0;
    }
    pthread_mutex_lock(&o->copying);
    return copy_up_ends(o, offset, length);
}

static void finish(struct overlay *o, uint64_t offset, uint64_t length,
                   int error)
{
    uint64_t last = (offset + length - 1) >> BLOCK_BITS;

    for (uint64_t b = offset >> BLOCK_BITS; b <= last && !error; b++) {
        set_on_top(o, b);
    }
    pthread_mutex_unlock(&o->copying);
}

static int overlay_write(struct block_image *image, const struct iovec *iov,
                         unsigned count, uint64_t offset, uint64_t length,
                         bool sync)
{
    struct overlay *o = overlay_of(image);
    bool locked;
    int error = prepare(o, offset, length, &locked);

    (void)sync;
    if (!error) {
        error = block_file_write(o->top, iov, count, offset, false);
    }
    if (locked) {
        finish(o, offset, length, error);
    }
    return error;
}

static bool overlay_enter(struct block_image *image,
                          struct block_access *access)
{
    struct overlay *o = overlay_of(image);
    uint64_t end = access->offset + access->length;
    bool top;

    if ((access->op != BLOCK_READ && access->op != BLOCK_WRITE) ||
        run_length(o, access->offset, end, &top) < access->length) {
        return false;
    }
    access->file = top ? o->top : NULL;
    access->sync = false;
    return top || block_image_enter_below(o->base, access);
}

static int overlay_zero(struct block_image *image, uint64_t offset,
                        uint64_t length, bool unmap)
{
    struct overlay *o = overlay_of(image);
    bool locked;
    int error = prepare(o, offset, length, &locked);

    if (!error) {
        error = block_file_zero(o->top, offset, length, unmap);
    }
    if (locked) {
        finish(o, offset, length, error);
    }
    return error;
}

/* Space is given back, what is in the base stays hidden. */
static int overlay_discard(struct block_image *image, uint64_t offset,
                           uint64_t length)
{
    return overlay_zero(image, offset, length, true);
}

static int overlay_flush(struct block_image *image)
{
    (void)image;
    return 0;
}

static int overlay_status(struct block_image *image, uint64_t offset,
                          uint64_t length, struct block_extent *extent)
{
    struct overlay *o = overlay_of(image);
    bool top;
    unsigned flags = 0;

    *extent = (struct block_extent){.image = image, .backing = o->base,
                                    .file = o->top};
    extent->length = run_length(o, offset, offset + length, &top);
    if (!top) {
        return 0;
    }
    int error = block_file_status(o->top, offset, extent->length, &flags,
                                  &extent->length);
    extent->kind = flags & BLOCK_FILE_DATA ? BLOCK_EXTENT_DATA
                                           : BLOCK_EXTENT_ZERO;
    return error;
}

static void overlay_close(struct block_image *image)
{
    struct overlay *o = overlay_of(image);

    block_image_close(o->base);
    block_file_close(o->top);
    pthread_mutex_destroy(&o->copying);
    free(o->on_top);
    free(o);
}

static const struct block_image_ops overlay_ops = {
    .format = "overlay",
    .read = overlay_read,
    .write = overlay_write,
    .enter = overlay_enter,
    .flush = overlay_flush,
    .discard = overlay_discard,
    .zero = overlay_zero,
    .close = overlay_close,
    .status = overlay_status,
};

struct block_image *block_overlay_open(struct block_image *base,
                                       struct error **err)
{
    struct block_file *top = block_file_temporary(base->size, err);
    if (!top) {
        return NULL;
    }
    struct overlay *o = calloc(1, sizeof(*o));
    assert(o);
    o->on_top = calloc((base->size >> BLOCK_BITS) / 8 + 1, 1);
    if (!o->on_top) {
        error_set(err, "no memory for a snapshot of %llu bytes",
                  (unsigned long long)base->size);
        block_file_close(top);
        free(o);
        return NULL;
    }
    pthread_mutex_init(&o->copying, NULL);
    o->image.ops = &overlay_ops;
    o->image.size = base->size;
    o->image.backing = base;
    o->base = base;
    o->top = top;
    return &o->image;
}
