/*
 * Small programs under an operating system; the rest of the rows are the
 * kernels, which run on bare metal as well.
 *
 *   linux            the names of the rows for one processor
 *   linux NAME       run one; see row.h for what it prints
 */
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/kernels.h"
#include "tests/bench/row.h"

#define NOINLINE __attribute__((noinline))

static const char *self; /* this program, for those who start it again */

static void must(bool good, const char *what)
{
    if (!good) {
        perror(what);
        exit(1);
    }
}

static const struct kernel *find(const char *name);

/* -- the kernel ----------------------------------------------------------- */

static uint64_t null_syscall(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 300000; n++) {
        sum += syscall(SYS_getuid) < 0;
    }
    return sum;
}

static uint64_t pipe_ping_pong(void)
{
    int there[2], back[2];
    uint64_t sum = 0;
    uint8_t byte = 0;

    must(pipe(there) == 0 && pipe(back) == 0, "pipe");
    pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1) {
            byte++;
            must(write(back[1], &byte, 1) == 1, "write");
        }
        _exit(0);
    }
    for (int n = 0; n < 20000; n++) {
        must(write(there[1], &byte, 1) == 1, "write");
        must(read(back[0], &byte, 1) == 1, "read");
        sum = sum * 31 + byte;
    }
    close(there[1]);
    close(back[0]);
    waitpid(child, NULL, 0);
    return sum;
}

static volatile uint64_t signals;

static void on_signal(int number)
{
    signals += (uint64_t)number;
}

static uint64_t signal_self(void)
{
    signal(SIGUSR1, on_signal);
    for (int n = 0; n < 50000; n++) {
        raise(SIGUSR1);
    }
    return signals / SIGUSR1;
}

static uint64_t page_faults(void)
{
    enum { BYTES = 32 << 20 };
    uint64_t sum = 0;

    for (int round = 0; round < 2; round++) {
        uint8_t *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        must(p != MAP_FAILED, "mmap");
        /* Small pages, whatever the distribution's kernel prefers. */
        madvise(p, BYTES, MADV_NOHUGEPAGE);
        for (size_t n = 0; n < BYTES; n += 4096) {
            p[n] = (uint8_t)(n >> 12);
        }
        for (size_t n = 0; n < BYTES; n += 4096) {
            sum += p[n];
        }
        munmap(p, BYTES);
    }
    return sum;
}

static uint64_t fork_wait(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 400; n++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            _exit(n & 127);
        }
        must(waitpid(child, &status, 0) == child, "fork");
        sum = sum * 31 + (uint64_t)WEXITSTATUS(status);
    }
    return sum;
}

static uint64_t fork_exec(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 200; n++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            execl(self, self, "nothing", (char *)NULL);
            _exit(127);
        }
        must(waitpid(child, &status, 0) == child, "exec");
        sum += (uint64_t)WEXITSTATUS(status);
    }
    return sum;
}

/* -- the library ---------------------------------------------------------- */

static uint64_t string_search(void)
{
    static char text[64][160];
    uint64_t sum = 0;

    for (unsigned n = 0; n < 64; n++) {
        memset(text[n], 'a' + (int)(n % 20), 20 + n * 2);
        text[n][10 + n] = 'z';
    }
    for (unsigned round = 0; round < 20000; round++) {
        for (unsigned n = 0; n < 64; n++) {
            const char *s = text[(n + round) & 63];
            __asm__ volatile("" : "+r"(s));
            sum += strlen(s);
            sum += (uint64_t)(strchr(s, 'z') - s);
        }
    }
    return sum;
}

/* The last bits of these functions are the library's business. */
static uint64_t mathematics(void)
{
    double sum = 0;

    for (int n = 1; n <= 600000; n++) {
        double x = n * 1e-3;
        sum += sin(x) + exp(-x) + log(x);
    }
    return (uint64_t)(sum * 16);
}

static uint64_t allocation(void)
{
    static void *held[1024];
    uint64_t seed = 88172645463325252u, sum = 0;

    for (unsigned n = 0; n < 2000000; n++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned slot = (unsigned)(seed >> 33) & 1023;
        size_t size = 16 + ((seed >> 44) & 511);

        free(held[slot]);
        held[slot] = malloc(size);
        memset(held[slot], (int)n, 16);
        sum += ((uint8_t *)held[slot])[7] + size;
    }
    for (unsigned n = 0; n < 1024; n++) {
        free(held[n]);
    }
    return sum;
}

static NOINLINE void average(uint8_t *to, const uint8_t *a, const uint8_t *b,
                             size_t size)
{
    for (size_t n = 0; n < size; n++) {
        to[n] = (uint8_t)((a[n] + b[n] + 1) >> 1);
    }
}

static uint64_t byte_average(void)
{
    enum { SIZE = 64 << 10 };
    static uint8_t a[SIZE], b[SIZE], c[SIZE];
    uint64_t sum = 0;

    for (unsigned n = 0; n < SIZE; n++) {
        a[n] = (uint8_t)(n * 7);
        b[n] = (uint8_t)(n >> 3);
    }
    for (unsigned round = 0; round < 1000; round++) {
        average(c, a, b, SIZE);
        average(a, c, b, SIZE);
        sum += c[round];
    }
    return sum;
}

/* -- more than one processor ---------------------------------------------- */

/* The same work, shared by so many processes. */
static uint64_t parallel(unsigned processes)
{
    enum { PARTS = 8 };
    uint64_t sum = 0;

    for (unsigned n = 0; n < processes; n++) {
        if (fork() == 0) {
            for (unsigned part = n; part < PARTS; part += processes) {
                sum += find("vm_switch")->run() + find("qsort")->run() +
                       find("nbody")->run();
            }
            _exit(sum == 0);
        }
    }
    int status;
    while (wait(&status) > 0) {
        sum += (uint64_t)status;
    }
    return sum;
}

static uint64_t parallel_1(void)
{
    return parallel(1);
}

static uint64_t parallel_2(void)
{
    return parallel(2);
}

static const struct kernel rows[] = {
    {"null-syscall", "linux", null_syscall},
    {"pipe-ping-pong", "linux", pipe_ping_pong},
    {"signals", "linux", signal_self},
    {"page-faults", "linux", page_faults},
    {"fork", "linux", fork_wait},
    {"fork-exec", "linux", fork_exec},
    {"strlen-strchr", "linux", string_search},
    {"sin-exp-log", "linux", mathematics},
    {"malloc-free", "linux", allocation},
    {"byte-average", "linux", byte_average},
    {"parallel-1", "smp", parallel_1},
    {"parallel-2", "smp", parallel_2},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Those of the kernels which are small programs as people write them; they
 * are made for bare metal, where nothing disturbs. */
#define BORROWED_TIMES 5

static const char *const borrowed[] = {
    "matrix_f64", "nbody", "vm_switch", "icall", "fib", "qsort", "sieve",
};
#define BORROWED (sizeof(borrowed) / sizeof(borrowed[0]))

static bool is_borrowed(const char *name)
{
    for (unsigned n = 0; n < BORROWED; n++) {
        if (!strcmp(borrowed[n], name)) {
            return true;
        }
    }
    return false;
}

static const struct kernel *find(const char *name)
{
    for (unsigned n = 0; n < ROWS; n++) {
        if (!strcmp(rows[n].name, name)) {
            return &rows[n];
        }
    }
    for (unsigned n = 0; n < kernel_count; n++) {
        if (!strcmp(kernels[n].name, name) && is_borrowed(name)) {
            return &kernels[n];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        for (unsigned n = 0; n < ROWS; n++) {
            if (!strcmp(rows[n].kind, "linux")) {
                puts(rows[n].name);
            }
        }
        for (unsigned n = 0; n < BORROWED; n++) {
            puts(borrowed[n]);
        }
        return 0;
    }
    if (!strcmp(argv[1], "nothing")) {
        return 3;
    }
    const struct kernel *row = find(argv[1]);
    if (!row) {
        printf("@end %s failed: no such row\n", argv[1]);
        return 1;
    }
    self = argv[0];
    unsigned times = is_borrowed(row->name) ? BORROWED_TIMES : 1;
    uint64_t sum = 0;
    row_begin(row->name);
    for (unsigned n = 0; n < times; n++) {
        sum = row->run();
    }
    row_end(row->name, sum);
    return 0;
}
