#include "tests/fuzz/shared/file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILE_MAX_SIZE (64u << 20) /* what is longer takes for ever to check */

static struct file {
    int fd;
    char path[32];
    uint8_t *bytes; /* where it is mapped, or NULL */
} files[2];

/* The file, empty. */
static struct file *take_file(unsigned which)
{
    struct file *file = &files[which];

    if (!file->fd) {
        file->fd = memfd_create("fuzz", 0);
        snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d",
                 file->fd);
    }
    if (file->fd < 0 || ftruncate(file->fd, 0)) {
        abort();
    }
    return file;
}

const char *file_with(unsigned which, const uint8_t *data, size_t size)
{
    const struct file *file = take_file(which);

    if (pwrite(file->fd, data, size, 0) != (ssize_t)size) {
        abort();
    }
    return file->path;
}

uint8_t *file_of_zeroes(unsigned which, size_t size)
{
    struct file *file = take_file(which);

    if (!file->bytes) {
        file->bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
                           file->fd, 0);
    }
    if (file->bytes == MAP_FAILED || ftruncate(file->fd, (off_t)size)) {
        abort();
    }
    return file->bytes;
}

const char *file_cut(unsigned which, size_t size)
{
    if (ftruncate(files[which].fd, (off_t)size)) {
        abort();
    }
    return files[which].path;
}

static char sandbox[] = "/tmp/armature-fuzz-XXXXXX";

static void leave(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", sandbox);
    (void)!system(command);
}

void file_enter_sandbox(void)
{
    struct rlimit most = {FILE_MAX_SIZE, FILE_MAX_SIZE};

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &most);
    if (!mkdtemp(sandbox) || chdir(sandbox)) {
        abort();
    }
    atexit(leave);
}
