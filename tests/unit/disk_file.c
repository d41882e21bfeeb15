#include "tests/unit/disk_file.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

atomic_int disk_file_stops;

void disk_file_make(char path[DISK_FILE_PATH], uint64_t size)
{
    uint8_t block[512];

    strcpy(path, "/tmp/armature-disk-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    for (unsigned i = 0; i < 64; i++) {
        memset(block, (int)i, sizeof(block));
        ck_assert_int_eq(pwrite(fd, block, 512, 512 * i), 512);
    }
    close(fd);
}

void disk_file_expect(const char *path, uint64_t offset, uint64_t length,
                      uint8_t value)
{
    uint8_t byte;
    int fd = open(path, O_RDONLY);

    for (uint64_t i = offset; i < offset + length; i += 73) {
        ck_assert_int_eq(pread(fd, &byte, 1, (off_t)i), 1);
        ck_assert_uint_eq(byte, value);
    }
    close(fd);
}

void disk_file_limit(rlim_t size)
{
    struct rlimit limit = {size, RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

void disk_file_stop(void *opaque, int error)
{
    (void)opaque;
    ck_assert_int_eq(error, EFBIG);
    atomic_fetch_add(&disk_file_stops, 1);
}

void disk_file_wait_stop(void)
{
    for (unsigned i = 0; !atomic_load(&disk_file_stops) && i < 100000; i++) {
        usleep(100);
    }
}
