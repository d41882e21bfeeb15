/*
 * Scalable vectors under Linux (tests/boot/vectors): a static program for
 * -march=armv8-a+sve2.
 *
 *   vectors [BITS]    expects vectors of BITS
 *
 * Processes with loops that the compiler has made vector code of check one
 * another's arithmetic against plain code, while a timer interrupts them and
 * its handler uses vectors, too; strings end at pages that are not there
 * (first-fault loads).  Prints "VECTORS BITS ok" or what was wrong.
 */
#include <arm_sve.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 4, ROUNDS = 40, COUNT = 1003 };

static volatile uint64_t interrupted;

static void fail(const char *what)
{
    printf("VECTORS wrong: %s\n", what);
    exit(1);
}

/* Leaves other values in Z, P and FFR, which the kernel brings back. */
static void on_timer(int number)
{
    svuint64_t v = svindex_u64((uint64_t)number, 3);

    svsetffr();
    interrupted += svaddv_u64(svptrue_b64(), v) != 0;
}

static double dot(const float *a, const float *b, int n)
{
    double sum = 0;

    for (int k = 0; k < n; k++) {
        sum += (double)a[k] * b[k];
    }
    return sum;
}

/* In order, with FADDA: the same as above to the last bit. */
static double dot_vectors(const float *a, const float *b, int n)
{
    double sum = 0;

    for (int k = 0; k < n; k += (int)svcntd()) {
        svbool_t p = svwhilelt_b64(k, n);
        svfloat32_t x = svreinterpret_f32(svld1uw_u64(
            p, (const uint32_t *)a + k));
        svfloat32_t y = svreinterpret_f32(svld1uw_u64(
            p, (const uint32_t *)b + k));

        sum = svadda_f64(p, sum, svmul_f64_x(p, svcvt_f64_f32_x(p, x),
                                             svcvt_f64_f32_x(p, y)));
    }
    return sum;
}

static size_t length(const char *s)
{
    size_t n = 0;
    svbool_t all = svptrue_b8(), zeros;

    for (;;) {
        svsetffr();
        svuint8_t v = svldff1_u8(all, (const uint8_t *)s + n);
        svbool_t read = svrdffr_z(all);

        zeros = svcmpeq_n_u8(read, v, 0);
        if (svptest_any(read, zeros)) {
            return n + svcntp_b8(read, svbrkb_b_z(read, zeros));
        }
        n += svcntp_b8(all, read);
    }
}

/* How often each value of 0..15 is there, without a table in memory. */
static uint32_t histogram(const uint32_t *v, int n)
{
    uint32_t sum = 0;

    for (int k = 0; k < n; k += (int)svcntw()) {
        svbool_t p = svwhilelt_b32(k, n);
        svuint32_t x = svld1_u32(p, v + k);

        sum += (uint32_t)svaddv_u32(p, svhistcnt_u32_z(p, x, x));
    }
    return sum;
}

static uint32_t histogram_plain(const uint32_t *v, int n)
{
    uint32_t sum = 0;
    int step = (int)svcntw();

    for (int k = 0; k < n; k++) {
        for (int j = k - k % step; j <= k; j++) {
            sum += v[j] == v[k];
        }
    }
    return sum;
}

static void check(unsigned seed, char *page_end)
{
    static float a[COUNT], b[COUNT];
    static uint32_t v[COUNT], w[COUNT], order[COUNT];
    uint64_t gathered = 0, plain = 0;
    int size = 1 + (int)(seed % 300);

    srand(seed);
    for (int k = 0; k < COUNT; k++) {
        a[k] = (float)rand() / 1000;
        b[k] = (float)rand() / 3333;
        v[k] = (uint32_t)rand() & 15;
        order[k] = (uint32_t)rand() % COUNT;
        w[k] = (uint32_t)rand();
    }
    if (dot(a, b, COUNT) != dot_vectors(a, b, COUNT)) {
        fail("sum in order");
    }
    if (histogram(v, COUNT) != histogram_plain(v, COUNT)) {
        fail("histogram");
    }
    for (int k = 0; k < COUNT; k++) {
        gathered += w[order[k]] * (uint64_t)(k & 7);
    }
    for (volatile int k = 0; k < COUNT; k++) {
        plain += w[order[k]] * (uint64_t)(k & 7);
    }
    if (gathered != plain) {
        fail("gather");
    }
    memset(page_end - size, 'x', (size_t)size - 1);
    page_end[-1] = 0;
    if (length(page_end - size) != (size_t)size - 1) {
        fail("length of a string");
    }
}

static void work(unsigned seed)
{
    struct sigaction action = {.sa_handler = on_timer};
    struct itimerval every = {{0, 2000}, {0, 2000}};
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    mprotect(page + 4096, 4096, PROT_NONE);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    for (unsigned k = 0; k < ROUNDS || interrupted < 5; k++) {
        check(seed + k, page + 4096);
    }
}

int main(int argc, char **argv)
{
    unsigned bits = 8 * (unsigned)svcntb();
    int status, wrong = 0;

    if (argc > 1 && bits != strtoul(argv[1], NULL, 0)) {
        fail("vector length");
    }
    fflush(stdout);
    for (unsigned n = 0; n < PROCESSES; n++) {
        if (fork() == 0) {
            work(1 + 1000 * n);
            exit(0);
        }
    }
    while (wait(&status) > 0) {
        wrong |= status;
    }
    if (wrong) {
        fail("a process");
    }
    printf("VECTORS %u ok\n", bits);
    return 0;
}
