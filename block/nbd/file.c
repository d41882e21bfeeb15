/*
 * Images' requests as commands: what the export cannot do is done by what
 * it can; what is too long goes in pieces; what is not of whole blocks of
 * the server is read and written as such.
 */
#include "block/nbd/file.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"
#include "block/nbd/client.h"
#include "util/bits.h"

#define SECTOR 512u   /* what runs of a status are multiples of */
#define HEAD 4096     /* bytes that tell the format */
#define BOUNCE 65536u /* the largest block there is */

struct nbd_file {
    struct block_file file;
    struct nbd_client *client;
    const struct nbd_export *export;
    /* Who writes parts of blocks has the disk alone. */
    pthread_rwlock_t writing;
};

static struct nbd_file *of(struct block_file *file)
{
    return container_of(file, struct nbd_file, file);
}

static bool can(const struct nbd_file *f, unsigned flag)
{
    return f->export->flags & flag;
}

/* How much of a range is there at all. */
static uint64_t within(const struct nbd_file *f, uint64_t offset,
                       uint64_t length)
{
    uint64_t there = offset < f->file.size ? f->file.size - offset : 0;

    return length < there ? length : there;
}

static bool is_aligned(const struct nbd_file *f, uint64_t offset,
                       uint64_t length)
{
    return !((offset | length) & (f->export->min_block - 1));
}

/* Whole blocks ------------------------------------------------------------ */

static int transfer(struct nbd_file *f, enum nbd_command_type type,
                    unsigned flags, const struct iovec *iov, unsigned count,
                    uint64_t offset, uint64_t length)
{
    struct iovec part[IOV_MAX];
    uint64_t done = 0;
    int error = 0;

    while (done < length && !error) {
        uint64_t most = f->export->max_block;
        struct nbd_command command = {
            .type = type, .flags = flags, .offset = offset + done,
            .length = length - done < most ? length - done : most,
            .iov = part,
        };
        command.iov_count = iov_slice(part, iov, count, done, command.length);
        error = nbd_client_run(f->client, &command);
        done += command.length;
    }
    return error;
}

/* Commands that have no data. */
static int tell(struct nbd_file *f, enum nbd_command_type type,
                unsigned flags, uint64_t offset, uint64_t length)
{
    int error = 0;

    while (length && !error) {
        struct nbd_command command = {
            .type = type, .flags = flags, .offset = offset,
            .length = length < NBD_MAX_RANGE ? length : NBD_MAX_RANGE,
        };
        error = nbd_client_run(f->client, &command);
        offset += command.length;
        length -= command.length;
    }
    return error;
}

static int nbd_flush(struct block_file *file)
{
    struct nbd_command command = {.type = NBD_CMD_FLUSH};
    struct nbd_file *f = of(file);

    return can(f, NBD_SEND_FLUSH) && !can(f, NBD_READ_ONLY)
               ? nbd_client_run(f->client, &command) : 0;
}

/* Parts of blocks -------------------------------------------------------- */

/* One block at most: the part of [offset, offset+length) in the first one. */
static int part_of_block(struct nbd_file *f, const struct iovec *iov,
                         unsigned count, uint64_t offset, uint64_t length,
                         bool write, uint64_t *done)
{
    uint32_t size = f->export->min_block;
    uint64_t skip = offset % size;
    uint8_t *block = malloc(size);
    struct iovec whole = {block, size};
    struct iovec part[IOV_MAX];

    if (!block) {
        return ENOMEM;
    }
    *done = length < size - skip ? length : size - skip;
    unsigned used = iov_slice(part, iov, count, 0, *done);
    int error = transfer(f, NBD_CMD_READ, 0, &whole, 1, offset - skip, size);
    if (!error && write) {
        iov_to_buffer(part, used, block + skip, *done);
        error = transfer(f, NBD_CMD_WRITE, 0, &whole, 1, offset - skip, size);
    } else if (!error) {
        iov_from_buffer(part, used, block + skip, *done);
    }
    free(block);
    return error;
}

/* Block by block at the ends, all at once between them. */
static int in_parts(struct nbd_file *f, const struct iovec *iov,
                    unsigned count, uint64_t offset, uint64_t length,
                    bool write)
{
    struct iovec rest[IOV_MAX];
    uint64_t done = 0;
    int error = 0;

    while (done < length && !error) {
        uint64_t at = offset + done, n = 0;
        unsigned used = iov_slice(rest, iov, count, done, length - done);
        uint64_t whole = align_down(length - done, f->export->min_block);
        if (whole && is_aligned(f, at, whole)) {
            n = whole;
            error = transfer(f, write ? NBD_CMD_WRITE : NBD_CMD_READ, 0, rest,
                             used, at, whole);
        } else {
            error = part_of_block(f, rest, used, at, length - done, write,
                                  &n);
        }
        done += n;
    }
    return error;
}

/* The file's functions --------------------------------------------------- */

static int nbd_read(struct block_file *file, const struct iovec *iov,
                    unsigned count, uint64_t offset)
{
    struct nbd_file *f = of(file);
    uint64_t length = iov_length(iov, count);
    uint64_t there = within(f, offset, length);

    iov_zero(iov, count, there, length - there);
    return is_aligned(f, offset, there)
               ? transfer(f, NBD_CMD_READ, 0, iov, count, offset, there)
               : in_parts(f, iov, count, offset, there, false);
}

static int write_there(struct nbd_file *f, const struct iovec *iov,
                       unsigned count, uint64_t offset, uint64_t length,
                       bool sync)
{
    bool fua = sync && can(f, NBD_SEND_FUA);
    bool aligned = is_aligned(f, offset, length);
    int error;

    if (aligned) {
        pthread_rwlock_rdlock(&f->writing);
        error = transfer(f, NBD_CMD_WRITE, fua ? NBD_FLAG_FUA : 0, iov, count,
                         offset, length);
    } else {
        pthread_rwlock_wrlock(&f->writing);
        error = in_parts(f, iov, count, offset, length, true);
    }
    pthread_rwlock_unlock(&f->writing);
    return error || !sync || (fua && aligned) ? error : nbd_flush(&f->file);
}

/* A disk ends with a whole sector; what the last one has beyond the end of
 * the export can only be zeroes. */
static int nbd_write(struct block_file *file, const struct iovec *iov,
                     unsigned count, uint64_t offset, bool sync)
{
    struct nbd_file *f = of(file);
    uint64_t length = iov_length(iov, count);
    uint64_t there = within(f, offset, length);
    struct iovec part[IOV_MAX];
    unsigned beyond = iov_slice(part, iov, count, there, length - there);

    if (can(f, NBD_READ_ONLY)) {
        return EROFS;
    }
    return iov_is_zero(part, beyond)
               ? write_there(f, iov, count, offset, there, sync) : ENOSPC;
}

/* One command: a server does nothing before it has all of it. */
static int nbd_write_whole(struct block_file *file, const void *from,
                           uint64_t length, uint64_t offset)
{
    struct nbd_file *f = of(file);
    struct iovec iov = {(void *)from, length};

    if (length > f->export->max_block || !is_aligned(f, offset, length)) {
        return EOPNOTSUPP;
    }
    return nbd_write(file, &iov, 1, offset, false);
}

static int write_zeroes(struct nbd_file *f, uint64_t offset, uint64_t length)
{
    static const uint8_t zeroes[BOUNCE];
    struct iovec iov[32];
    int error = 0;

    for (size_t i = 0; i < ARRAY_SIZE(iov); i++) {
        iov[i] = (struct iovec){(void *)zeroes, sizeof(zeroes)};
    }
    while (length && !error) {
        struct iovec part[ARRAY_SIZE(iov)];
        uint64_t n = length < sizeof(zeroes) * ARRAY_SIZE(iov)
                         ? length : sizeof(zeroes) * ARRAY_SIZE(iov);
        unsigned used = iov_slice(part, iov, ARRAY_SIZE(iov), 0, n);
        error = write_there(f, part, used, offset, n, false);
        offset += n;
        length -= n;
    }
    return error;
}

static int nbd_zero(struct block_file *file, uint64_t offset, uint64_t length,
                    bool unmap)
{
    struct nbd_file *f = of(file);
    int error = EOPNOTSUPP;

    length = within(f, offset, length);
    if (can(f, NBD_READ_ONLY)) {
        return EROFS;
    }
    if (can(f, NBD_SEND_WRITE_ZEROES) && is_aligned(f, offset, length)) {
        pthread_rwlock_rdlock(&f->writing);
        error = tell(f, NBD_CMD_WRITE_ZEROES, unmap ? 0 : NBD_FLAG_NO_HOLE,
                     offset, length);
        pthread_rwlock_unlock(&f->writing);
    }
    return error == EOPNOTSUPP ? write_zeroes(f, offset, length) : error;
}

/* A hint: only whole blocks, and not at any price. */
static int nbd_discard(struct block_file *file, uint64_t offset,
                       uint64_t length)
{
    struct nbd_file *f = of(file);
    uint64_t end = offset + within(f, offset, length);

    offset = align_up(offset, f->export->min_block);
    end = align_down(end, f->export->min_block);
    if (can(f, NBD_READ_ONLY) || !can(f, NBD_SEND_TRIM) || offset >= end) {
        return 0;
    }
    pthread_rwlock_rdlock(&f->writing);
    int error = tell(f, NBD_CMD_TRIM, 0, offset, end - offset);
    pthread_rwlock_unlock(&f->writing);
    return error == EOPNOTSUPP ? 0 : error;
}

static int nbd_status(struct block_file *file, uint64_t offset,
                      uint64_t length, unsigned *flags, uint64_t *run)
{
    struct nbd_file *f = of(file);
    uint32_t block = f->export->min_block;
    uint64_t start = align_down(offset, block);
    uint64_t there = within(f, start, length + (offset - start));
    struct nbd_command command = {.type = NBD_CMD_BLOCK_STATUS,
                                  .flags = NBD_FLAG_REQ_ONE,
                                  .offset = start};

    *run = length;
    *flags = BLOCK_FILE_DATA;
    if (!there) {
        *flags = BLOCK_FILE_ZERO;
        return 0;
    }
    if (!f->export->has_allocation) {
        return 0;
    }
    there = there < NBD_MAX_RANGE ? there : NBD_MAX_RANGE;
    command.length = align_up(there, block);
    int error = nbd_client_run(f->client, &command);
    if (error) {
        return error;
    }
    /* A run that ends inside our sectors is of no use; data then. */
    uint64_t end = align_down(command.state_length, SECTOR);
    if (command.state_length >= there) {
        end = align_up(there, SECTOR);
    }
    if (end <= offset - start) {
        *run = length < SECTOR ? length : SECTOR;
        return 0;
    }
    *run = end - (offset - start) < length ? end - (offset - start) : length;
    *flags = (command.state & NBD_STATE_ZERO ? BLOCK_FILE_ZERO : 0) |
             (command.state == (NBD_STATE_ZERO | NBD_STATE_HOLE)
                  ? 0 : BLOCK_FILE_DATA);
    return 0;
}

static void nbd_abandon(struct block_file *file)
{
    nbd_client_abandon(of(file)->client);
}

static void nbd_close(struct block_file *file)
{
    struct nbd_file *f = of(file);

    nbd_client_close(f->client);
    pthread_rwlock_destroy(&f->writing);
    free(f->file.path);
    free(f);
}

static const struct block_file_ops nbd_file_ops = {
    .read = nbd_read,
    .write = nbd_write,
    .write_whole = nbd_write_whole,
    .zero = nbd_zero,
    .discard = nbd_discard,
    .flush = nbd_flush,
    .status = nbd_status,
    .abandon = nbd_abandon,
    .close = nbd_close,
};

/* Opening ---------------------------------------------------------------- */

static struct block_file *new_file(struct nbd_client *client,
                                   const char *name, bool read_only,
                                   struct error **err)
{
    struct nbd_file *f = calloc(1, sizeof(*f));

    assert(f);
    f->client = client;
    f->export = nbd_client_export(client);
    f->file.path = strdup(name);
    f->file.remote = &nbd_file_ops;
    f->file.fd = f->file.direct_fd = -1;
    f->file.read_only = read_only;
    f->file.device = true;
    f->file.size = f->export->size;
    pthread_rwlock_init(&f->writing, NULL);
    if (!read_only && can(f, NBD_READ_ONLY)) {
        error_set(err, "%s: the export is read-only; use readonly=on or "
                  "snapshot=on", name);
        nbd_close(&f->file);
        return NULL;
    }
    return &f->file;
}

static struct block_file *open_with(const char *name, int fd, bool read_only,
                                    struct error **err)
{
    struct nbd_address *address = nbd_address_parse(name, err);

    if (!address) {
        return NULL;
    }
    struct nbd_client *client = fd < 0 ? nbd_client_open(address, err)
                                       : nbd_client_on(fd, address, err);
    if (!client) {
        nbd_address_free(address);
        return NULL;
    }
    return new_file(client, name, read_only, err);
}

struct block_file *nbd_file_open(const struct block_file_config *config,
                                 struct error **err)
{
    struct block_file *file = open_with(config->path, -1, config->read_only,
                                        err);

    if (file) {
        file->unsafe = config->unsafe;
    }
    return file;
}

struct block_file *nbd_file_on(int fd, bool read_only, struct error **err)
{
    return open_with("nbd:unix:/", fd, read_only, err);
}

bool nbd_file_create(const char *name, struct error **err)
{
    static const uint8_t zeroes[HEAD];
    struct block_file *file = open_with(name, -1, false, err);
    int error = 0;

    if (file) {
        struct iovec iov = {(void *)zeroes,
                            file->size < HEAD ? file->size : HEAD};
        error = nbd_write(file, &iov, 1, 0, false);
        nbd_close(file);
    }
    if (error) {
        error_set_errno(err, error, "%s: cannot write", name);
    }
    return file && !error;
}
