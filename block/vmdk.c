/*
 * VMware disk images: the extents as one disk.
 *
 * The content id in the descriptor changes with the first write, so that
 * images that were made on top of this one know.
 */
#include "block/vmdk.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "block/iov.h"
#include "block/sparse.h"

/* Requests --------------------------------------------------------------- */

/* The extent of a byte; extents leave no gaps. */
static struct vmdk_part *find_extent(struct vmdk *v, uint64_t offset)
{
    unsigned low = 0, high = v->extent_count - 1;

    while (low < high) {
        unsigned middle = (low + high + 1) / 2;
        if (v->extents[middle].start <= offset) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return &v->extents[low];
}

/* The part of a range that its first extent has. */
struct span {
    struct vmdk_part *extent;
    uint64_t offset, length; /* in the extent's image */
};

static struct span first_part(struct vmdk *v, uint64_t offset,
                              uint64_t length)
{
    struct vmdk_part *e = find_extent(v, offset);
    uint64_t rest = e->start + e->length - offset;

    return (struct span){e, offset - e->start + e->shift,
                         length < rest ? length : rest};
}

static int vmdk_read(struct block_image *image, const struct iovec *iov,
                     unsigned count, uint64_t offset, uint64_t length)
{
    struct iovec slice[BLOCK_MAX_IOV];
    struct span p;
    int error = 0;

    for (uint64_t done = 0; done < length && !error; done += p.length) {
        p = first_part(vmdk_of(image), offset + done, length - done);
        struct block_image *to = p.extent->image;
        unsigned n = iov_slice(slice, iov, count, done, p.length);
        if (to) {
            error = to->ops->read(to, slice, n, p.offset, p.length);
        } else {
            iov_zero(slice, n, 0, p.length);
        }
    }
    return error;
}

/* A new content id, once. */
static int touch(struct vmdk *v)
{
    int error = 0;

    if (__atomic_load_n(&v->written, __ATOMIC_ACQUIRE)) {
        return 0;
    }
    pthread_mutex_lock(&v->writing);
    const char *line = v->written ? NULL : strstr(v->text, "\nCID=");
    if (line && strspn(line + 5, "0123456789abcdefABCDEF") == 8) {
        char text[9];
        uint32_t cid = v->cid + 1;
        if (getrandom(&cid, sizeof(cid), 0) != sizeof(cid) ||
            cid == VMDK_NO_PARENT) {
            cid = (v->cid + 1) & 0x7fffffff;
        }
        snprintf(text, sizeof(text), "%08x", cid);
        error = sparse_write_at(v->file, v->text_offset +
                                (uint64_t)(line + 5 - v->text), text, 8);
        v->cid = error ? v->cid : cid;
    }
    __atomic_store_n(&v->written, !error, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&v->writing);
    return error;
}

static int vmdk_write(struct block_image *image, const struct iovec *iov,
                      unsigned count, uint64_t offset, uint64_t length,
                      bool sync)
{
    struct iovec slice[BLOCK_MAX_IOV];
    struct span p;
    int error = touch(vmdk_of(image));

    for (uint64_t done = 0; done < length && !error; done += p.length) {
        p = first_part(vmdk_of(image), offset + done, length - done);
        struct block_image *to = p.extent->image;
        unsigned n = iov_slice(slice, iov, count, done, p.length);
        error = !to || p.extent->info.read_only
                    ? EROFS
                    : to->ops->write(to, slice, n, p.offset, p.length, sync);
    }
    return error;
}

static bool vmdk_enter(struct block_image *image, struct block_access *access)
{
    struct vmdk *v = vmdk_of(image);
    bool write = access->op == BLOCK_WRITE;

    if ((access->op != BLOCK_READ && !write) ||
        (write && !__atomic_load_n(&v->written, __ATOMIC_ACQUIRE))) {
        return false;
    }
    struct span p = first_part(v, access->offset, access->length);
    if (p.length < access->length ||
        (write && (!p.extent->image || p.extent->info.read_only))) {
        return false;
    }
    access->offset = p.offset;
    return p.extent->image && p.extent->image->ops->enter
               ? p.extent->image->ops->enter(p.extent->image, access)
               : block_image_enter_below(p.extent->image, access);
}

static int vmdk_write_compressed(struct block_image *image, const void *data,
                                 uint64_t offset, uint64_t length)
{
    struct iovec iov = {(void *)data, length};

    return image->packed ? vmdk_write(image, &iov, 1, offset, length, false)
                         : ENOTSUP;
}

static int vmdk_flush(struct block_image *image)
{
    struct vmdk *v = vmdk_of(image);
    int error = v->own_file ? block_file_flush(v->file) : 0;

    for (unsigned i = 0; i < v->extent_count; i++) {
        struct block_image *e = v->extents[i].image;
        int result = e ? e->ops->flush(e) : 0;
        error = error ? error : result;
    }
    return error;
}

static int vmdk_discard(struct block_image *image, uint64_t offset,
                        uint64_t length)
{
    struct span p;
    int error = touch(vmdk_of(image));

    for (; length && !error; offset += p.length, length -= p.length) {
        p = first_part(vmdk_of(image), offset, length);
        struct block_image *to = p.extent->image;
        if (to && !p.extent->info.read_only) {
            error = to->ops->discard(to, p.offset, p.length);
        }
    }
    return error;
}

static int vmdk_zero(struct block_image *image, uint64_t offset,
                     uint64_t length, bool unmap)
{
    struct span p;
    int error = touch(vmdk_of(image));

    for (; length && !error; offset += p.length, length -= p.length) {
        p = first_part(vmdk_of(image), offset, length);
        struct block_image *to = p.extent->image;
        if (to) {
            error = p.extent->info.read_only
                        ? EROFS
                        : to->ops->zero(to, p.offset, p.length, unmap);
        }
    }
    return error;
}

static int vmdk_status(struct block_image *image, uint64_t offset,
                       uint64_t length, struct block_extent *extent)
{
    struct span p = first_part(vmdk_of(image), offset, length);
    struct block_image *to = p.extent->image;
    int error = 0;

    *extent = (struct block_extent){
        .kind = BLOCK_EXTENT_ZERO, .length = p.length, .file = image->file,
    };
    if (to) {
        error = to->ops->status(to, p.offset, p.length, extent);
        if (strcmp(p.extent->info.type, "FLAT") == 0) {
            extent->hole = extent->kind == BLOCK_EXTENT_ZERO;
            extent->kind = BLOCK_EXTENT_DATA;
        }
    }
    extent->image = image;
    return error;
}

static int vmdk_check(struct block_image *image, struct block_check *check)
{
    struct vmdk *v = vmdk_of(image);
    int error = 0;

    for (unsigned i = 0; i < v->extent_count && !error; i++) {
        struct block_image *e = v->extents[i].image;
        error = e && e->ops->check ? e->ops->check(e, check) : 0;
    }
    return error;
}

void vmdk_close(struct block_image *image)
{
    struct vmdk *v = vmdk_of(image);

    for (unsigned i = 0; i < v->extent_count; i++) {
        block_image_close(v->extents[i].image);
        free(v->extents[i].info.path);
    }
    if (v->own_file) {
        block_file_close(v->file);
    }
    pthread_mutex_destroy(&v->writing);
    free(v->extents);
    block_image_close(v->backing);
    free(v->parent);
    free(v->create_type);
    free(v->text);
    free(v);
}

const struct block_image_ops vmdk_ops = {
    .format = "vmdk",
    .read = vmdk_read,
    .write = vmdk_write,
    .flush = vmdk_flush,
    .discard = vmdk_discard,
    .zero = vmdk_zero,
    .close = vmdk_close,
    .status = vmdk_status,
    .write_compressed = vmdk_write_compressed,
    .enter = vmdk_enter,
    .check = vmdk_check,
};

bool vmdk_describe(const struct block_image *image, struct vmdk_info *info)
{
    const struct vmdk *v = vmdk_of(image);

    if (image->ops != &vmdk_ops) {
        return false;
    }
    *info = (struct vmdk_info){
        .cid = v->cid, .parent_cid = v->parent_cid,
        .create_type = v->create_type, .extent_count = v->extent_count,
    };
    return true;
}

const struct vmdk_extent_info *vmdk_extent(const struct block_image *image,
                                           unsigned number)
{
    return &vmdk_of(image)->extents[number].info;
}
