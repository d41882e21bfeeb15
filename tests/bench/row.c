#include "tests/bench/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t wall_start, cpu_start;

static uint64_t wall_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t used_by(int who)
{
    struct rusage use;

    getrusage(who, &use);
    return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) *
               1000000000 +
           (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
}

static uint64_t cpu_now(void)
{
    return used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN);
}

static void rest(void)
{
    char line[16];

    fflush(stdout);
    if (getenv("ROW_TALK") && read(0, line, sizeof(line)) <= 0) {
        exit(1);
    }
}

void row_begin(const char *name)
{
    printf("@begin %s\n", name);
    rest();
    cpu_start = cpu_now();
    wall_start = wall_now();
}

void row_end(const char *name, uint64_t sum)
{
    uint64_t wall = wall_now() - wall_start;
    uint64_t cpu = cpu_now() - cpu_start;

    printf("@end %s %" PRIu64 " %" PRIu64 " %016" PRIx64 "\n", name, wall,
           cpu, sum);
    rest();
}
