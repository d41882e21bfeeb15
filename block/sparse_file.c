/* What formats that are tables of blocks need to open and make files. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "block/sparse.h"

#define MAX_L1 (1u << 22) /* entries */

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

uint64_t *sparse_read_l1(struct block_file *file, uint64_t offset,
                         uint64_t entries, bool big, struct error **err)
{
    uint64_t size = block_file_size(file);

    if (entries > MAX_L1) {
        error_set(err, "%s: says that its disk is absurdly large",
                  file->path);
        return NULL;
    }
    uint64_t *l1 = calloc(entries + 1, sizeof(*l1));
    if (!l1 || !sparse_read_at(file, offset, l1, entries * 8, "first table",
                               err)) {
        free(l1);
        return NULL;
    }
    for (uint64_t i = 0; i < entries; i++) {
        l1[i] = sparse_load(&l1[i], 8, big);
        if (l1[i] >= size) {
            error_set(err, "%s: its table %llu is not in the file; the file "
                      "is truncated or damaged", file->path,
                      (unsigned long long)i);
            free(l1);
            return NULL;
        }
    }
    return l1;
}

bool sparse_open_backing(struct sparse *s, const struct block_opening *how,
                         uint64_t offset, uint64_t length,
                         const char *format, struct error **err)
{
    char name[1024] = "";

    if (!offset || how->no_backing) {
        return true;
    }
    if (!length || length >= sizeof(name)) {
        error_set(err, "%s: the name of its backing file has a strange "
                  "length", s->file->path);
        return false;
    }
    if (sparse_read_at(s->file, offset, name, length,
                       "backing file's name", err)) {
        s->backing = block_image_open_backing(how, s->file, name, format,
                                              err);
    }
    return s->backing;
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
