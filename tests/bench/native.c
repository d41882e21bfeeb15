/* The kernels on the host: the limit that an emulator could reach. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/bench/kernels.h"

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
    for (unsigned n = 0; n < kernel_count; n++) {
        uint64_t best = UINT64_MAX, sum = 0;

        if (argc > 1 && !strstr(argv[1], kernels[n].name)) {
            continue;
        }
        for (int round = 0; round < 3; round++) {
            uint64_t start = now();
            sum = kernels[n].run();
            uint64_t took = now() - start;
            best = took < best ? took : best;
        }
        printf("%s %s %" PRIu64 " %016" PRIx64 "\n", kernels[n].name,
               kernels[n].kind, best, sum);
    }
    return 0;
}
