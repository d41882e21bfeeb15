#include "tests/fuzz/shared/file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILE_MAX_SIZE (64u << 20) /* what is longer takes for ever to check */

const char *file_with(unsigned which, const uint8_t *data, size_t size)
{
    static struct {
        int fd;
        char path[32];
    } files[2];

    if (!files[which].fd) {
        files[which].fd = memfd_create("fuzz", 0);
        snprintf(files[which].path, sizeof(files[which].path),
                 "/proc/self/fd/%d", files[which].fd);
    }
    int fd = files[which].fd;
    if (fd < 0 || ftruncate(fd, 0) ||
        pwrite(fd, data, size, 0) != (ssize_t)size) {
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
