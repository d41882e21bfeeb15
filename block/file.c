/*
 * Host files.
 *
 * Everything goes through the page cache, but for aligned accesses when the
 * cache mode asks for O_DIRECT.  Holes: fallocate() where the file system
 * has it; a file whose system refuses once is not asked again.
 */
#include "block/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/block.h"
#include "block/iov.h"
#include "block/nbd/file.h"
#include "util/bits.h"

/* Good for every disk there is: memory, offsets and lengths. */
#define DIRECT_ALIGN 4096
#define ZERO_CHUNK 65536

/* Opening -------------------------------------------------------------- */

static void open_failed(const char *path, bool read_only, struct error **err)
{
    int error = errno;

    if (!*path) {
        error_set(err, "'': a file needs a name");
    } else if (error == ENOENT) {
        error_set(err, "%s: no such file; create it with 'armature-img "
                  "create %s 20G'", path, path);
    } else if (!read_only && (error == EACCES || error == EROFS ||
                              error == EPERM) && access(path, R_OK) == 0) {
        error_set_errno(err, error, "%s: cannot be written; use readonly=on "
                        "or snapshot=on", path);
    } else {
        error_set_errno(err, error, "%s: cannot open", path);
    }
}

static bool inspect(struct block_file *file, struct error **err)
{
    struct stat st;

    if (fstat(file->fd, &st)) {
        error_set_errno(err, errno, "%s: cannot inspect", file->path);
        return false;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        error_set(err, "%s: is %s; a disk image is a file or a block device",
                  file->path, S_ISDIR(st.st_mode) ? "a directory" :
                  "neither a file nor a block device");
        return false;
    }
    file->device = S_ISBLK(st.st_mode);
    off_t end = lseek(file->fd, 0, SEEK_END);
    if (end < 0) {
        error_set_errno(err, errno, "%s: cannot find its size", file->path);
        return false;
    }
    file->size = (uint64_t)end;
    return true;
}

static bool open_direct(struct block_file *file, int flags,
                        struct error **err)
{
    file->direct_fd = open(file->path, flags | O_DIRECT);
    if (file->direct_fd < 0) {
        error_set_errno(err, errno, "%s: the file system does not support "
                        "O_DIRECT; use cache=writeback", file->path);
        return false;
    }
    return true;
}

/* QEMU's way to say that a name is one, whatever it looks like. */
static const char *without_protocol(const char *path)
{
    return strncmp(path, "file:", 5) == 0 ? path + 5 : path;
}

struct block_file *block_file_open(const struct block_file_config *config,
                                   struct error **err)
{
    if (nbd_is_address(config->path)) {
        return nbd_file_open(config, err);
    }
    struct block_file *file = calloc(1, sizeof(*file));
    int flags = (config->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC |
                O_NOCTTY;

    assert(file);
    file->path = strdup(without_protocol(config->path));
    file->direct_fd = file->whole_fd = -1;
    file->read_only = config->read_only;
    file->unsafe = config->unsafe;
    /* A FIFO must not hold us up before it is refused. */
    file->fd = open(file->path, flags | O_NONBLOCK);
    if (file->fd < 0) {
        open_failed(file->path, config->read_only, err);
        block_file_close(file);
        return NULL;
    }
    if (!inspect(file, err) ||
        (config->direct && !open_direct(file, flags, err)) ||
        (config->lock && !block_lock(file->fd, file->path,
                                     !config->read_only, config->share_rw,
                                     err))) {
        block_file_close(file);
        return NULL;
    }
    return file;
}

bool block_file_is(const struct block_file *file, const char *path)
{
    struct stat x, y;

    if (file->remote) {
        return strcmp(file->path, path) == 0;
    }
    return fstat(file->fd, &x) == 0 && stat(without_protocol(path), &y) == 0 &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* O_TMPFILE, or for file systems without it a name that goes at once. */
static int temporary_fd(const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/armature.XXXXXX", directory);
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0) {
            unlink(path);
        }
    }
    return fd;
}

struct block_file *block_file_temporary(uint64_t size, struct error **err)
{
    const char *directory = getenv("TMPDIR");
    struct block_file *file = calloc(1, sizeof(*file));

    assert(file);
    /* The default of /var/tmp, and not /tmp, which is often in memory. */
    directory = directory && directory[0] ? directory : "/var/tmp";
    file->path = strdup(directory);
    file->direct_fd = file->whole_fd = -1;
    file->size = size;
    file->fd = temporary_fd(directory);
    if (file->fd < 0 || ftruncate(file->fd, (off_t)size)) {
        error_set_errno(err, errno, "cannot make a temporary file in %s; "
                        "TMPDIR chooses another place", directory);
        block_file_close(file);
        return NULL;
    }
    return file;
}

void block_file_close(struct block_file *file)
{
    if (!file) {
        return;
    }
    if (file->remote) {
        file->remote->close(file);
        return;
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    if (file->direct_fd >= 0) {
        close(file->direct_fd);
    }
    if (file->whole_fd >= 0) {
        close(file->whole_fd);
    }
    free(file->path);
    free(file);
}

bool block_file_create(const char *path, struct error **err)
{
    if (nbd_is_address(path)) {
        return nbd_file_create(path, err);
    }
    path = without_protocol(path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  0644);
    struct stat st;
    bool good = fd >= 0 && fstat(fd, &st) == 0 &&
                (S_ISBLK(st.st_mode) ||
                 (block_lock(fd, path, true, false, err) &&
                  ftruncate(fd, 0) == 0));

    if (!good && !(err && *err)) {
        error_set_errno(err, errno, "%s: cannot create", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

uint64_t block_file_size(const struct block_file *file)
{
    off_t end = file->remote ? -1 : lseek(file->fd, 0, SEEK_END);

    return end < 0 ? file->size : (uint64_t)end;
}

bool block_file_usage(const struct block_file *file, uint64_t *bytes)
{
    struct stat st;

    if (file->remote || fstat(file->fd, &st)) {
        return false;
    }
    *bytes = (uint64_t)st.st_blocks * 512;
    return true;
}

int block_file_resize(struct block_file *file, uint64_t size)
{
    if (file->device) {
        return size <= file->size ? 0 : ENOSPC;
    }
    if (size > INT64_MAX || ftruncate(file->fd, (off_t)size)) {
        return size > INT64_MAX ? EFBIG : errno;
    }
    file->size = size;
    return 0;
}

/* A file system that cannot say has data everywhere. */
static bool has_data(const struct block_file *file, uint64_t offset,
                     uint64_t length, uint64_t *run)
{
    off_t data = lseek(file->fd, (off_t)offset, SEEK_DATA);
    off_t end = -1;
    bool has = data == (off_t)offset;

    *run = length;
    if (data < 0) {
        return errno != ENXIO; /* a hole up to the end */
    }
    end = has ? lseek(file->fd, (off_t)offset, SEEK_HOLE) : data;
    if (end > (off_t)offset && (uint64_t)end - offset < length) {
        *run = (uint64_t)end - offset;
    }
    return has;
}

int block_file_status(struct block_file *file, uint64_t offset,
                      uint64_t length, unsigned *flags, uint64_t *run)
{
    int error = 0;

    if (file->remote) {
        error = file->remote->status(file, offset, length, flags, run);
    } else {
        *flags = has_data(file, offset, length, run) ? BLOCK_FILE_DATA
                                                     : BLOCK_FILE_ZERO;
    }
    /* A sector that the file does not fill is what it begins with, as images
     * are made of whole ones. */
    uint64_t odd = error || *run == length ? 0 : *run % BLOCK_SECTOR;
    if (odd && *flags & BLOCK_FILE_ZERO && *run > odd) {
        *run -= odd;
    } else if (odd) {
        *flags = BLOCK_FILE_DATA;
        *run += BLOCK_SECTOR - odd;
        *run = *run < length ? *run : length;
    }
    return error;
}

/* Reading and writing -------------------------------------------------- */

int block_file_fd(const struct block_file *file, const struct iovec *iov,
                  unsigned count, uint64_t offset)
{
    if (file->direct_fd >= 0 && offset % DIRECT_ALIGN == 0 &&
        iov_is_aligned(iov, count, DIRECT_ALIGN)) {
        return file->direct_fd;
    }
    return file->fd;
}

void *block_file_buffer(uint64_t size)
{
    uint64_t room = align_up(size, DIRECT_ALIGN) + DIRECT_ALIGN;
    char *memory = room > size ? malloc(room) : NULL;
    void **buffer;

    /* Not aligned_alloc(): what it cuts off in front and behind is taken for
     * something else, and the memory is not used again for such a buffer. */
    if (!memory) {
        return NULL;
    }
    buffer = (void **)(align_down((uintptr_t)memory, DIRECT_ALIGN) +
                       DIRECT_ALIGN);
    buffer[-1] = memory;
    return buffer;
}

void block_file_buffer_free(void *buffer)
{
    if (buffer) {
        free(((void **)buffer)[-1]);
    }
}

static ssize_t transfer_once(struct block_file *file, const struct iovec *iov,
                             unsigned count, uint64_t offset, bool write,
                             bool sync)
{
    int fd = block_file_fd(file, iov, count, offset);

    if (write) {
        return pwritev2(fd, iov, (int)count, (off_t)offset,
                        sync ? RWF_DSYNC : 0);
    }
    return preadv(fd, iov, (int)count, (off_t)offset);
}

/* All of the bytes, or up to the end of the file: *done says how many. */
static int transfer(struct block_file *file, const struct iovec *iov,
                    unsigned count, uint64_t offset, bool write, bool sync,
                    uint64_t *done)
{
    uint64_t length = iov_length(iov, count);
    struct iovec rest[IOV_MAX];

    *done = 0;
    while (*done < length) {
        ssize_t n = transfer_once(file, iov, count, offset + *done, write,
                                  sync);
        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n == 0) {
            return write ? ENOSPC : 0;
        }
        if (n > 0 && (*done += (uint64_t)n) < length) {
            unsigned used = iov_slice(rest, iov, count, (uint64_t)n,
                                      length);
            /* iov may be `rest` itself: slicing moves elements down only. */
            iov = rest;
            count = used;
        }
    }
    return 0;
}

void block_file_abandon(struct block_file *file)
{
    if (file && file->remote) {
        file->remote->abandon(file);
    }
}

int block_file_read(struct block_file *file, const struct iovec *iov,
                    unsigned count, uint64_t offset)
{
    uint64_t done;

    if (file->remote) {
        return file->remote->read(file, iov, count, offset);
    }
    int error = transfer(file, iov, count, offset, false, false, &done);

    if (!error) {
        iov_zero(iov, count, done, iov_length(iov, count) - done);
    }
    return error;
}

int block_file_write(struct block_file *file, const struct iovec *iov,
                     unsigned count, uint64_t offset, bool sync)
{
    uint64_t done;

    if (file->remote) {
        return file->remote->write(file, iov, count, offset, sync);
    }
    return transfer(file, iov, count, offset, true, sync, &done);
}

/* A write into the page cache ends at any page when the process is killed;
 * past it, it does not. */
int block_file_write_whole(struct block_file *file, const void *from,
                           uint64_t length, uint64_t offset)
{
    if (file->remote) {
        return file->remote->write_whole(file, from, length, offset);
    }
    if (file->whole_fd < 0) {
        char name[32];
        snprintf(name, sizeof(name), "/proc/self/fd/%d", file->fd);
        file->whole_fd = open(name, O_RDWR | O_CLOEXEC | O_DIRECT);
    }
    ssize_t n = file->whole_fd < 0 ? -1 : pwrite(file->whole_fd, from, length,
                                                 (off_t)offset);
    if (n < 0) {
        return file->whole_fd < 0 ? EOPNOTSUPP : errno;
    }
    return (uint64_t)n == length ? 0 : EIO;
}

/* Flushing ------------------------------------------------------------- */

/*
 * When writing back fails, the kernel reports it once and then takes the
 * pages for clean; a later fdatasync() would succeed without the data.  So a
 * failure is remembered and every flush after it fails, too.
 */
int block_file_flushed(struct block_file *file, int error)
{
    if (error && error != EINTR) {
        __atomic_store_n(&file->lost, error, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&file->lost, __ATOMIC_RELAXED);
}

int block_file_flush(struct block_file *file)
{
    int error = 0;

    if (file->remote) {
        return file->unsafe ? 0 : file->remote->flush(file);
    }
    while (!file->unsafe && fdatasync(file->fd)) {
        if (errno != EINTR) {
            error = errno;
            break;
        }
    }
    return block_file_flushed(file, error);
}

/* Holes ---------------------------------------------------------------- */

static bool unsupported(int error)
{
    return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL ||
           error == ENODEV;
}

/* One fallocate(); *refused is set when the file system has no such mode. */
static int allocate(struct block_file *file, int mode, uint64_t offset,
                    uint64_t length, bool *refused)
{
    while (fallocate(file->fd, mode, (off_t)offset, (off_t)length)) {
        if (unsupported(errno)) {
            __atomic_store_n(refused, true, __ATOMIC_RELAXED);
        }
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

static int punch(struct block_file *file, uint64_t offset, uint64_t length)
{
    if (__atomic_load_n(&file->no_punch, __ATOMIC_RELAXED)) {
        return EOPNOTSUPP;
    }
    return allocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                    length, &file->no_punch);
}

static int zero_range(struct block_file *file, uint64_t offset,
                      uint64_t length)
{
    if (__atomic_load_n(&file->no_zero_range, __ATOMIC_RELAXED)) {
        return EOPNOTSUPP;
    }
    return allocate(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset,
                    length, &file->no_zero_range);
}

static int write_zeroes(struct block_file *file, uint64_t offset,
                        uint64_t length)
{
    static const uint8_t zeroes[ZERO_CHUNK];
    int error = 0;

    while (length && !error) {
        struct iovec iov = {(void *)zeroes,
                            length < ZERO_CHUNK ? length : ZERO_CHUNK};
        error = block_file_write(file, &iov, 1, offset, false);
        offset += iov.iov_len;
        length -= iov.iov_len;
    }
    return error;
}

int block_file_zero(struct block_file *file, uint64_t offset, uint64_t length,
                    bool unmap)
{
    int error = EOPNOTSUPP;

    if (!length) {
        return 0;
    }
    if (file->remote) {
        return file->remote->zero(file, offset, length, unmap);
    }
    if (unmap) {
        error = punch(file, offset, length);
    }
    if (unsupported(error)) {
        error = zero_range(file, offset, length);
    }
    return unsupported(error) ? write_zeroes(file, offset, length) : error;
}

int block_file_discard(struct block_file *file, uint64_t offset,
                       uint64_t length)
{
    int error;

    if (file->remote) {
        return file->remote->discard(file, offset, length);
    }
    error = length ? punch(file, offset, length) : 0;

    return unsupported(error) ? 0 : error;
}
