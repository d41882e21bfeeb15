/*
 * A disk with everything that matters to a copy: holes, zeroes that are
 * written, runs that compress and runs that do not, odd boundaries.
 *
 *   make_disk FILE BYTES SEED
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t state;

static uint64_t next(void)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return state >> 20;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: make_disk FILE BYTES SEED\n");
        return 2;
    }
    uint64_t size = strtoull(argv[2], NULL, 0);
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
    state = strtoull(argv[3], NULL, 0);
    if (fd < 0 || ftruncate(fd, (off_t)size)) {
        perror(argv[1]);
        return 1;
    }
    for (int run = 0; run < 60; run++) {
        static uint8_t data[300 * 512];
        size_t length = (1 + next() % 300) * 512;
        uint64_t offset = next() % (size - length) / 512 * 512;
        uint64_t kind = next() % 4;
        for (size_t i = 0; i < length; i++) {
            data[i] = kind == 0 ? 0 : kind == 1 ? (uint8_t)(i / 64)
                                                : (uint8_t)next();
        }
        if (pwrite(fd, data, length, (off_t)offset) != (ssize_t)length) {
            perror(argv[1]);
            return 1;
        }
    }
    return close(fd) != 0;
}
