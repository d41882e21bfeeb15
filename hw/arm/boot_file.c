#include "hw/arm/boot_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A stream longer than this is not a kernel or an initrd. */
#define STREAM_MAX (UINT64_C(4) << 30)

struct size_text size_text(uint64_t bytes)
{
    struct size_text text;
    unsigned long long n = bytes;

    if (bytes < 1024) {
        snprintf(text.s, sizeof(text.s), "%llu byte%s", n,
                 n == 1 ? "" : "s");
    } else if (bytes < 1 << 20) {
        snprintf(text.s, sizeof(text.s), "%llu KiB", (n + 1023) >> 10);
    } else if (bytes >= 1 << 30 && !(bytes & 0x3fffffff)) {
        snprintf(text.s, sizeof(text.s), "%llu GiB", n >> 30);
    } else {
        snprintf(text.s, sizeof(text.s), "%llu MiB",
                 (n >> 20) + ((n & 0xfffff) != 0));
    }
    return text;
}

static void say_why(const struct boot_file *file, int errnum,
                    struct error **err)
{
    switch (errnum) {
    case ENOENT:
        error_set(err, "%s %s: no such file", file->option, file->path);
        break;
    case EACCES:
        error_set(err, "%s %s: no permission to read it; see its mode and "
                  "its directory's", file->option, file->path);
        break;
    case EISDIR:
        error_set(err, "%s %s: is a directory; name a file in it",
                  file->option, file->path);
        break;
    default:
        error_set_errno(err, errnum, "%s %s: cannot read it", file->option,
                        file->path);
        break;
    }
}

/* read() until the buffer is full or the file ends; -1 on error. */
static int64_t read_fully(int fd, uint8_t *buffer, uint64_t size)
{
    uint64_t done = 0;

    while (done < size) {
        ssize_t n = read(fd, buffer + done, size - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += (uint64_t)n;
    }
    return (int64_t)done;
}

static bool read_stream(struct boot_file *file, struct error **err)
{
    uint64_t capacity = 1 << 20;

    for (;; capacity *= 2) {
        uint8_t *data = realloc(file->owned, capacity);
        if (!data || capacity > STREAM_MAX) {
            error_set(err, "%s %s: does not end within %s", file->option,
                      file->path, size_text(file->size).s);
            return false;
        }
        file->owned = data;
        int64_t n = read_fully(file->fd, data + file->size,
                               capacity - file->size);
        if (n < 0) {
            say_why(file, errno, err);
            return false;
        }
        file->size += (uint64_t)n;
        if (file->size < capacity) {
            break;
        }
    }
    file->data = file->owned;
    close(file->fd);
    file->fd = -1;
    return true;
}

static bool read_size(struct boot_file *file, struct error **err)
{
    struct stat st;

    if (fstat(file->fd, &st) < 0) {
        say_why(file, errno, err);
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        say_why(file, EISDIR, err);
        return false;
    }
    if (S_ISREG(st.st_mode)) {
        file->size = (uint64_t)st.st_size;
    } else if (!read_stream(file, err)) {
        return false;
    }
    if (file->size == 0) {
        error_set(err, "%s %s: the file is empty", file->option, file->path);
        return false;
    }
    return true;
}

bool boot_file_open(struct boot_file *file, const char *option,
                    const char *path, struct error **err)
{
    *file = (struct boot_file){.option = option, .path = path, .fd = -1};
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0) {
        say_why(file, errno, err);
        return false;
    }
    if (!read_size(file, err)) {
        boot_file_close(file);
        return false;
    }
    return true;
}

void boot_file_from_memory(struct boot_file *file, const char *option,
                           const char *name, const void *data, size_t size)
{
    *file = (struct boot_file){.option = option, .path = name, .fd = -1,
                               .data = data, .size = size};
}

void boot_file_replace(struct boot_file *file, uint8_t *data, uint64_t size)
{
    boot_file_close(file);
    file->data = file->owned = data;
    file->size = size;
}

bool boot_file_read(const struct boot_file *file, uint64_t offset,
                    void *buffer, uint64_t size, struct error **err)
{
    uint64_t done = 0;

    if (offset > file->size || size > file->size - offset) {
        error_set(err, "%s %s: ends at byte %llu, but its header speaks of "
                  "%llu: the file is truncated", file->option, file->path,
                  (unsigned long long)file->size,
                  (unsigned long long)(offset + size));
        return false;
    }
    if (file->data) {
        memcpy(buffer, file->data + offset, size);
        return true;
    }
    while (done < size) {
        ssize_t n = pread(file->fd, (uint8_t *)buffer + done, size - done,
                          (off_t)(offset + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            error_set(err, "%s %s: %s", file->option, file->path,
                      n < 0 ? strerror(errno) : "became shorter");
            return false;
        }
        done += (uint64_t)n;
    }
    return true;
}

const uint8_t *boot_file_view(const struct boot_file *file,
                              struct error **err)
{
    if (file->data) {
        return file->data;
    }
    void *view = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (view == MAP_FAILED) {
        say_why(file, errno, err);
        return NULL;
    }
    return view;
}

void boot_file_unview(const struct boot_file *file, const uint8_t *view)
{
    if (view && !file->data) {
        munmap((void *)view, file->size);
    }
}

void boot_file_close(struct boot_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->owned);
    file->owned = NULL;
    file->data = NULL;
    file->fd = -1;
}
