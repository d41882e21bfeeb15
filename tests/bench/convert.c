/*
 * What tests/bench/convert needs beside the shell.
 *
 *   convert disk FILE MIB        a disk as they are: a third holes, some
 *                                zeroes, text, and what does not compress
 *   convert time PROGRAM ARG...  prints wall clock and processor time in
 *                                milliseconds, and the most memory in KiB
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PART (64u << 10)

static uint64_t state = 1;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Words of a small vocabulary, which deflate makes a third of. */
static void text(uint8_t *to)
{
    static char words[1024][8];

    if (!words[0][0]) {
        for (unsigned i = 0; i < 1024; i++) {
            for (unsigned c = 0; c < 8; c++) {
                words[i][c] = (char)('a' + next() % 26);
            }
        }
    }
    for (unsigned at = 0; at < PART;) {
        uint64_t r = next();
        unsigned length = 3 + (unsigned)(r >> 40) % 6;
        length = length < PART - at ? length : PART - at;
        memcpy(to + at, words[r % 1024], length);
        at += length;
    }
}

static void fill(uint8_t *to, unsigned kind)
{
    if (kind < 5) {
        text(to);
    } else if (kind < 6) {
        memset(to, 0, PART);
    } else {
        for (unsigned i = 0; i < PART; i += 8) {
            uint64_t r = next();
            memcpy(to + i, &r, 8);
        }
    }
}

static int make_disk(const char *path, uint64_t size)
{
    static uint8_t data[PART];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || ftruncate(fd, (off_t)size)) {
        perror(path);
        return 1;
    }
    for (uint64_t at = 0; at < size;) {
        unsigned kind = (unsigned)(next() % 12);
        for (uint64_t n = 1 + next() % 40; n && at < size; n--, at += PART) {
            if (kind >= 8) {
                continue;
            }
            fill(data, kind);
            if (pwrite(fd, data, PART, (off_t)at) != PART) {
                perror(path);
                return 1;
            }
        }
    }
    return close(fd) != 0;
}

static long milliseconds(struct timeval t)
{
    return t.tv_sec * 1000 + t.tv_usec / 1000;
}

static int run(char **argv)
{
    struct timespec from, to;
    struct rusage used;
    int status;

    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    if (wait4(child, &status, 0, &used) != child || status) {
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%ld %ld %ld\n",
           (to.tv_sec - from.tv_sec) * 1000 +
               (to.tv_nsec - from.tv_nsec) / 1000000,
           milliseconds(used.ru_utime) + milliseconds(used.ru_stime),
           used.ru_maxrss);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "disk") == 0) {
        return make_disk(argv[2], strtoull(argv[3], NULL, 0) << 20);
    }
    if (argc > 2 && strcmp(argv[1], "time") == 0) {
        return run(argv + 2);
    }
    fprintf(stderr, "usage: convert disk FILE MIB | time PROGRAM...\n");
    return 2;
}
