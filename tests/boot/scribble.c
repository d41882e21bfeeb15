/*
 * Random writes and reads of a disk by several processes at once, in the
 * guest: what was written is what is read.
 *
 *   scribble FILE N     4 processes, N steps each, with syncs in between
 *
 * Prints "FIGURE scribble STEPS-A-SECOND"; other bytes than were written end
 * it with status 1 and a sentence.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS 4
#define BLOCK 4096
#define BLOCKS 4096 /* of each job; they lie in turn */
#define RUN 16      /* blocks of the longest write */

static void die(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "scribble: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void stamp(uint64_t *block, uint64_t where, uint32_t version)
{
    for (unsigned i = 0; i < BLOCK / 8; i++) {
        block[i] = (where + i) * 0x9e3779b97f4a7c15 + version;
    }
}

/* One job's blocks from `first` on, as they are by now or as they shall be,
 * in runs, so that writes of several jobs are neighbours. */
static void step(int fd, unsigned job, uint32_t *versions, unsigned first,
                 unsigned count, bool write)
{
    static uint64_t data[RUN * BLOCK / 8] __attribute__((aligned(BLOCK)));
    uint64_t expected[BLOCK / 8];
    off_t run = (off_t)(first / RUN) * JOBS + job;
    off_t offset = (run * RUN + first % RUN) * BLOCK;
    size_t size = (size_t)count * BLOCK;

    for (unsigned i = 0; write && i < count; i++) {
        stamp(data + i * BLOCK / 8, first + i, ++versions[first + i]);
    }
    ssize_t n = write ? pwrite(fd, data, size, offset)
                      : pread(fd, data, size, offset);
    if (n != (ssize_t)size) {
        die("%zu bytes at %lld: %s", size, (long long)offset,
            n < 0 ? strerror(errno) : "not all of them");
    }
    for (unsigned i = 0; !write && i < count; i++) {
        if (!versions[first + i]) {
            continue; /* whatever was there before */
        }
        stamp(expected, first + i, versions[first + i]);
        if (memcmp(data + i * BLOCK / 8, expected, BLOCK) != 0) {
            die("other bytes at %lld than were written",
                (long long)(offset + (off_t)i * BLOCK));
        }
    }
}

static void run_job(const char *path, unsigned job, unsigned steps)
{
    static uint32_t versions[BLOCKS];
    uint32_t x = job + 1;
    int fd = open(path, O_RDWR | O_DIRECT);

    if (fd < 0) {
        die("%s: %s", path, strerror(errno));
    }
    for (unsigned i = 0; i < steps; i++) {
        x = x * 1664525 + 1013904223;
        unsigned first = (x >> 8) % BLOCKS;
        unsigned count = 1 + (x >> 24) % (RUN - first % RUN);
        step(fd, job, versions, first, count, x >> 31);
        if (i % 64 == 0 && fdatasync(fd)) {
            die("%s: flush: %s", path, strerror(errno));
        }
    }
    for (unsigned i = 0; i < BLOCKS; i += RUN) {
        step(fd, job, versions, i, RUN, false);
    }
}

int main(int argc, char **argv)
{
    double start = seconds();
    unsigned steps = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
    int status = 0;

    if (!steps) {
        fprintf(stderr, "usage: scribble FILE STEPS\n");
        return 2;
    }
    for (unsigned job = 0; job < JOBS; job++) {
        if (fork() == 0) {
            run_job(argv[1], job, steps);
            exit(0);
        }
    }
    for (unsigned job = 0; job < JOBS; job++) {
        int one = 1;
        wait(&one);
        status |= one;
    }
    if (!status) {
        printf("FIGURE scribble %.0f\n", JOBS * steps / (seconds() - start));
    }
    return status != 0;
}
