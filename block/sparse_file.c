/* What formats that are tables of blocks need to open and make files. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "block/sparse.h"

bool sparse_read_at(struct block_file *file, uint64_t offset, void *to,
                    size_t length, const char *what, struct error **err)
{
    struct iovec iov = {to, length};
    uint64_t size = block_file_size(file);

    if (offset > size || length > size - offset) {
        error_set(err, "%s: ends within its %s; the file is truncated",
                  file->path, what);
        return false;
    }
    int error = block_file_read(file, &iov, 1, offset);
    if (error) {
        error_set_errno(err, error, "%s: cannot read its %s", file->path,
                        what);
    }
    return !error;
}

bool sparse_read_header(struct block_file *file, const char *format,
                        uint8_t *header, size_t length,
                        const char *(*complaint)(const uint8_t *header),
                        struct error **err)
{
    if (!sparse_only_read(file, format, err) ||
        !sparse_read_at(file, 0, header, length, "header", err)) {
        return false;
    }
    const char *wrong = complaint(header);
    if (wrong) {
        error_set(err, "%s: %s", file->path, wrong);
    }
    return !wrong;
}

bool sparse_only_read(const struct block_file *file, const char *format,
                      struct error **err)
{
    if (!file->read_only) {
        error_set(err, "%s: %s images can only be read; use readonly=on or "
                  "snapshot=on, or convert it with 'armature-img convert -O "
                  "qcow2'", file->path, format);
    }
    return file->read_only;
}

int sparse_write_at(struct block_file *file, uint64_t offset,
                    const void *from, size_t length)
{
    struct iovec iov = {(void *)from, length};

    return block_file_write(file, &iov, 1, offset, false);
}

struct block_file *sparse_create_file(const char *path, struct error **err)
{
    struct block_file_config config = {.path = path, .lock = true};

    return block_file_create(path, err) ? block_file_open(&config, err)
                                        : NULL;
}

bool sparse_finish_file(struct block_file *file, int error,
                        struct error **err)
{
    if (error) {
        error_set_errno(err, error, "%s: cannot write", file->path);
    }
    block_file_close(file);
    return !error;
}

void sparse_uuid(uint8_t uuid[16])
{
    if (getrandom(uuid, 16, 0) != 16) {
        memset(uuid, 0x5a, 16);
    }
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
}
