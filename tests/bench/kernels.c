/*
 * CPU kernels.  No library calls and no output, so that they run without
 * an operating system; sizes make each take 5 to 60 ms on the host.
 */
#include "tests/bench/kernels.h"

#define NOINLINE __attribute__((noinline))

typedef float v4f __attribute__((vector_size(16)));
typedef uint8_t v16b __attribute__((vector_size(16)));
typedef int16_t v8h __attribute__((vector_size(16)));
typedef int32_t v4s __attribute__((vector_size(16)));

static uint8_t bytes[1 << 20];
static uint32_t words[1 << 20];
static double doubles[3 * 128 * 128];

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* -- integer -------------------------------------------------------------- */

static uint64_t alu(void)
{
    uint64_t a = 1, b = 2, c = 3;

    for (unsigned n = 0; n < 20000000; n++) {
        a += b ^ n;
        b = (b << 3 | b >> 61) + c;
        c = (c ^ a) - (b & 0xff);
    }
    return a ^ b ^ c;
}

static NOINLINE unsigned fib_of(unsigned n)
{
    return n < 2 ? n : fib_of(n - 1) + fib_of(n - 2);
}

static uint64_t fib(void)
{
    return fib_of(32);
}

static uint64_t sieve(void)
{
    unsigned count = 0;

    for (int round = 0; round < 4; round++) {
        for (unsigned n = 0; n < sizeof(bytes); n++) {
            bytes[n] = 1;
        }
        for (unsigned n = 2; n < sizeof(bytes); n++) {
            if (bytes[n]) {
                count++;
                for (unsigned m = 2 * n; m < sizeof(bytes); m += n) {
                    bytes[m] = 0;
                }
            }
        }
    }
    return count;
}

static void quicksort(uint32_t *a, int low, int high)
{
    while (low < high) {
        uint32_t pivot = a[(low + high) / 2];
        int i = low, j = high;

        while (i <= j) {
            while (a[i] < pivot) {
                i++;
            }
            while (a[j] > pivot) {
                j--;
            }
            if (i <= j) {
                uint32_t t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        quicksort(a, low, j);
        low = i;
    }
}

static uint64_t qsort_words(void)
{
    uint64_t seed = 88172645463325252u, sum = 0;

    for (unsigned n = 0; n < 300000; n++) {
        words[n] = (uint32_t)next(&seed);
    }
    quicksort(words, 0, 299999);
    for (unsigned n = 0; n < 300000; n += 1000) {
        sum = sum * 31 + words[n];
    }
    return sum;
}

static uint64_t matrix_int(void)
{
    enum { N = 160 };
    uint32_t *a = words, *b = words + N * N, *c = words + 2 * N * N;
    uint64_t sum = 0;

    for (unsigned n = 0; n < N * N; n++) {
        a[n] = n * 7;
        b[n] = n ^ 0x55;
    }
    for (unsigned i = 0; i < N; i++) {
        for (unsigned j = 0; j < N; j++) {
            uint32_t s = 0;
            for (unsigned k = 0; k < N; k++) {
                s += a[i * N + k] * b[k * N + j];
            }
            c[i * N + j] = s;
            sum += s;
        }
    }
    return sum;
}

static uint64_t hash_table(void)
{
    uint64_t seed = 1234567, hits = 0;

    for (unsigned n = 0; n < 1 << 20; n++) {
        words[n] = 0;
    }
    for (unsigned n = 0; n < 2000000; n++) {
        uint32_t key = (uint32_t)next(&seed) | 1;
        uint32_t at = (key * 2654435761u) >> 12;

        if (words[at] == 0) {
            words[at] = key;
        } else {
            hits += words[at] != key;
        }
    }
    return hits;
}

static uint64_t chase(void)
{
    enum { N = 4096 };
    uint32_t at = 0;
    uint64_t seed = 42;

    for (unsigned n = 0; n < N; n++) {
        words[n] = n;
    }
    for (unsigned n = N - 1; n > 0; n--) { /* one cycle (Sattolo) */
        unsigned m = (unsigned)(next(&seed) % n);
        uint32_t t = words[n];
        words[n] = words[m];
        words[m] = t;
    }
    for (unsigned n = 0; n < 8000000; n++) {
        at = words[at];
    }
    return at;
}

static uint32_t rotr(uint32_t v, int n)
{
    return v >> n | v << (32 - n);
}

static uint64_t sha_like(void)
{
    uint32_t w[64], h[8] = {1, 2, 3, 4, 5, 6, 7, 8};

    for (unsigned block = 0; block < 40000; block++) {
        for (unsigned n = 0; n < 16; n++) {
            w[n] = block * 17 + n;
        }
        for (unsigned n = 16; n < 64; n++) {
            uint32_t s0 = rotr(w[n - 15], 7) ^ rotr(w[n - 15], 18) ^
                          w[n - 15] >> 3;
            uint32_t s1 = rotr(w[n - 2], 17) ^ rotr(w[n - 2], 19) ^
                          w[n - 2] >> 10;
            w[n] = w[n - 16] + s0 + w[n - 7] + s1;
        }
        for (unsigned n = 0; n < 64; n++) {
            uint32_t s1 = rotr(h[4], 6) ^ rotr(h[4], 11) ^ rotr(h[4], 25);
            uint32_t ch = (h[4] & h[5]) ^ (~h[4] & h[6]);
            uint32_t t1 = h[7] + s1 + ch + n * 0x9e3779b9u + w[n];
            uint32_t s0 = rotr(h[0], 2) ^ rotr(h[0], 13) ^ rotr(h[0], 22);
            uint32_t t2 = s0 + ((h[0] & h[1]) ^ (h[0] & h[2]) ^
                                (h[1] & h[2]));
            for (unsigned m = 7; m > 0; m--) {
                h[m] = h[m - 1];
            }
            h[4] += t1;
            h[0] = t1 + t2;
        }
    }
    return h[0] ^ h[4];
}

static uint64_t crc_table(void)
{
    static uint32_t table[256];
    uint32_t crc = ~0u;

    for (uint32_t n = 0; n < 256; n++) {
        uint32_t c = n;
        for (int k = 0; k < 8; k++) {
            c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
        }
        table[n] = c;
    }
    for (unsigned n = 0; n < sizeof(bytes); n++) {
        bytes[n] = (uint8_t)(n * 13);
    }
    for (int round = 0; round < 6; round++) {
        for (unsigned n = 0; n < sizeof(bytes); n++) {
            crc = table[(crc ^ bytes[n]) & 0xff] ^ crc >> 8;
        }
    }
    return crc;
}

/* A byte code interpreter: dispatch through a jump table. */
static NOINLINE uint64_t run_code(const uint8_t *code, unsigned steps)
{
    uint64_t acc = 1, x = 3, y = 5;

    for (unsigned pc = 0; steps-- > 0; pc = (pc + 1) & 255) {
        switch (code[pc]) {
        case 0: acc += x; break;
        case 1: acc ^= y; break;
        case 2: x = acc >> 3; break;
        case 3: y += acc & 7; break;
        case 4: acc = acc * 5 + 1; break;
        case 5: x ^= y << 1; break;
        case 6: acc -= x; break;
        case 7: y = y >> 1 | y << 63; break;
        case 8: acc += (x > y); break;
        default: x += 9; break;
        }
    }
    return acc ^ x ^ y;
}

static uint64_t vm_switch(void)
{
    uint64_t seed = 777;

    for (unsigned n = 0; n < 256; n++) {
        bytes[n] = (uint8_t)(next(&seed) % 10);
    }
    return run_code(bytes, 8000000);
}

static NOINLINE uint64_t op_add(uint64_t a) { return a + 3; }
static NOINLINE uint64_t op_xor(uint64_t a) { return a ^ 0x5a5a; }
static NOINLINE uint64_t op_mul(uint64_t a) { return a * 7; }
static NOINLINE uint64_t op_rot(uint64_t a) { return a << 9 | a >> 55; }

static uint64_t indirect_calls(void)
{
    uint64_t (*const op[])(uint64_t) = {op_add, op_xor, op_mul, op_rot};
    uint64_t a = 1;

    for (unsigned n = 0; n < 6000000; n++) {
        a = op[(n ^ n >> 3) & 3](a);
    }
    return a;
}

static uint64_t strings(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < 4096; n++) {
        bytes[n] = n % 23 == 22 ? 0 : (uint8_t)('a' + n % 23);
    }
    for (unsigned round = 0; round < 3000; round++) {
        for (unsigned at = 0; at < 4000;) {
            unsigned start = at;
            while (bytes[at]) {
                at++;
            }
            sum += at++ - start;
        }
    }
    return sum;
}

static uint64_t copy(void)
{
    uint64_t *from = (uint64_t *)words, *to = from + (1 << 18), sum = 0;

    for (unsigned n = 0; n < 1 << 18; n++) {
        from[n] = n;
    }
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned n = 0; n < 1 << 18; n += 4) {
            uint64_t a = from[n], b = from[n + 1];
            uint64_t c = from[n + 2], d = from[n + 3];
            to[n] = a;
            to[n + 1] = b;
            to[n + 2] = c;
            to[n + 3] = d;
        }
        sum += to[round];
        from[round] += sum;
    }
    return sum;
}

struct record {
    uint64_t a, b, c, d;
};

static NOINLINE void update(struct record *r, uint64_t v)
{
    r->a += v;
    r->b ^= r->a;
    r->c += r->b >> 2;
    r->d -= r->c;
}

static uint64_t structs(void)
{
    static struct record r[64];

    for (unsigned n = 0; n < 6000000; n++) {
        update(&r[n & 63], n);
    }
    return r[7].a ^ r[9].d;
}

/* -- scalar floating point ------------------------------------------------ */

static uint64_t bits(double v)
{
    union { double d; uint64_t u; } x = {v};
    return x.u;
}

static double square_root(double v)
{
#ifdef __aarch64__
    __asm__("fsqrt %d0, %d1" : "=w"(v) : "w"(v));
#else
    __asm__("sqrtsd %1, %0" : "=x"(v) : "x"(v));
#endif
    return v;
}

static uint64_t n_body(void)
{
    static double p[5][3], v[5][3], m[5];

    for (int i = 0; i < 5; i++) {
        m[i] = 1.0 / (i + 1);
        for (int k = 0; k < 3; k++) {
            p[i][k] = i * 1.5 + k * 0.7;
            v[i][k] = 0.01 * (i - k);
        }
    }
    for (int step = 0; step < 100000; step++) {
        for (int i = 0; i < 5; i++) {
            for (int j = i + 1; j < 5; j++) {
                double d[3], r2 = 0.01;
                for (int k = 0; k < 3; k++) {
                    d[k] = p[i][k] - p[j][k];
                    r2 += d[k] * d[k];
                }
                double f = 0.001 / (r2 * square_root(r2));
                for (int k = 0; k < 3; k++) {
                    v[i][k] -= d[k] * m[j] * f;
                    v[j][k] += d[k] * m[i] * f;
                }
            }
        }
        for (int i = 0; i < 5; i++) {
            for (int k = 0; k < 3; k++) {
                p[i][k] += 0.001 * v[i][k];
            }
        }
    }
    return bits(p[0][0] + p[4][2]);
}

static uint64_t matrix_double(void)
{
    enum { N = 128 };
    double *a = doubles, *b = a + N * N, *c = b + N * N, sum = 0;

    for (int n = 0; n < N * N; n++) {
        a[n] = n * 0.5;
        b[n] = 1.0 / (n + 1);
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double s = 0;
            for (int k = 0; k < N; k++) {
                s += a[i * N + k] * b[k * N + j];
            }
            c[i * N + j] = s;
            sum += s;
        }
    }
    return bits(sum);
}

static uint64_t mandelbrot(void)
{
    uint64_t count = 0;

    for (int y = 0; y < 160; y++) {
        for (int x = 0; x < 160; x++) {
            double cr = x / 80.0 - 1.5, ci = y / 80.0 - 1.0;
            double r = 0, i = 0;
            int n = 0;
            while (n < 200 && r * r + i * i < 4.0) {
                double t = r * r - i * i + cr;
                i = 2 * r * i + ci;
                r = t;
                n++;
            }
            count += (unsigned)n;
        }
    }
    return count;
}

static uint64_t single_chain(void)
{
    float a = 1.0f, b = 0.999f;

    for (unsigned n = 0; n < 4000000; n++) {
        a = a * b + 0.001f;
        b = b * 0.9999f + 0.0001f;
    }
    return bits(a + b);
}

static uint64_t convert(void)
{
    double sum = 0;
    int64_t total = 0;

    for (int n = 0; n < 4000000; n++) {
        double v = n * 0.37;
        sum += v;
        total += (int64_t)v;
        sum = sum > 1e9 ? sum - 1e9 : sum;
    }
    return bits(sum) ^ (uint64_t)total;
}

/* -- Advanced SIMD -------------------------------------------------------- */

static uint64_t saxpy(void)
{
    v4f *x = (v4f *)words, *y = x + 2048, k = {1.5f, 0.5f, 2.0f, 0.25f};
    float sum = 0;

    for (int n = 0; n < 2048; n++) {
        float f = (float)n;
        x[n] = (v4f){f, f + 1, f + 2, f + 3};
        y[n] = (v4f){1, 2, 3, 4};
    }
    for (int round = 0; round < 400; round++) {
        for (int n = 0; n < 2048; n++) {
            y[n] = y[n] * 0.5f + x[n] * k;
        }
    }
    for (int n = 0; n < 2048; n += 64) {
        sum += y[n][0] + y[n][3];
    }
    return bits(sum);
}

static uint64_t blend(void)
{
    v16b *a = (v16b *)bytes, *b = a + 4096, *c = b + 4096;
    uint64_t sum = 0;

    for (unsigned n = 0; n < 4096 * 16; n++) {
        bytes[n] = (uint8_t)(n * 7);
        bytes[n + 4096 * 16] = (uint8_t)(n * 11);
    }
    for (int round = 0; round < 200; round++) {
        for (int n = 0; n < 4096; n++) {
            v16b m = a[n] > b[n];
            c[n] = (a[n] & m) | (b[n] & ~m);
            c[n] += a[n] ^ (b[n] >> 1);
        }
        a[round] += c[round];
    }
    for (int n = 0; n < 4096; n += 100) {
        sum = sum * 31 + c[n][n & 15];
    }
    return sum;
}

static uint64_t dot_product(void)
{
    v8h *a = (v8h *)words, *b = a + 4096;
    v4s acc = {0};

    for (unsigned n = 0; n < 4096; n++) {
        for (int k = 0; k < 8; k++) {
            a[n][k] = (int16_t)(n + k);
            b[n][k] = (int16_t)(n * 3 - k);
        }
    }
    for (int round = 0; round < 300; round++) {
        for (int n = 0; n < 4096; n++) {
            v8h p = a[n] * b[n];
            acc += (v4s)p;
            acc ^= acc << 3;
        }
    }
    return (uint64_t)(uint32_t)acc[0] << 32 | (uint32_t)acc[3];
}

static uint64_t shuffle(void)
{
    v16b a = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    v16b b = a + 16, sum = {0};

    for (unsigned n = 0; n < 4000000; n++) {
        v16b lo = __builtin_shuffle(a, b, (v16b){0, 16, 1, 17, 2, 18, 3, 19,
                                                 4, 20, 5, 21, 6, 22, 7,
                                                 23});
        v16b hi = __builtin_shuffle(a, b, (v16b){8, 24, 9, 25, 10, 26, 11,
                                                 27, 12, 28, 13, 29, 14, 30,
                                                 15, 31});
        sum += lo ^ hi;
        a = lo + (uint8_t)n;
        b = hi;
    }
    return sum[0] | (uint64_t)sum[9] << 8;
}

const struct kernel kernels[] = {
    {"alu", "int", alu},
    {"fib", "int", fib},
    {"sieve", "int", sieve},
    {"qsort", "int", qsort_words},
    {"matrix_i32", "int", matrix_int},
    {"hash", "int", hash_table},
    {"chase", "int", chase},
    {"sha", "int", sha_like},
    {"crc32", "int", crc_table},
    {"vm_switch", "int", vm_switch},
    {"icall", "int", indirect_calls},
    {"strings", "int", strings},
    {"copy", "int", copy},
    {"structs", "int", structs},
    {"nbody", "fp", n_body},
    {"matrix_f64", "fp", matrix_double},
    {"mandelbrot", "fp", mandelbrot},
    {"chain_f32", "fp", single_chain},
    {"convert", "fp", convert},
    {"saxpy", "simd", saxpy},
    {"blend", "simd", blend},
    {"dot", "simd", dot_product},
    {"shuffle", "simd", shuffle},
};
const unsigned kernel_count = sizeof(kernels) / sizeof(kernels[0]);
