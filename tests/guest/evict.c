/*
 * More code than the translator may keep: chains of small functions in
 * several address windows on the same pages, on every CPU its own, some of
 * them changed now and then.  What is put aside, copied back, evicted and
 * translated again while others run it must be what memory says.
 *
 * run: -M virt -cpu cortex-a72 -accel tcg,tb-size=1
 * run: -M virt,gic-version=3 -cpu max -smp 4 -accel tcg,tb-size=1
 * armature: -M virt -cpu max -smp 2 -accel jit,tb-size=1,region-threshold=0
 * armature: -M virt -cpu max -smp 2 -accel interp,tb-size=1
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { CPUS = 4, FUNCTIONS = 2048, WINDOWS = 8, CALLS = 600 };
#define WINDOW 0x5500000000ull
#define RET 0xd65f03c0u
#define ADD_W0(imm) (0x11000000u | (uint32_t)(imm) << 10)
#define SUBS_W1_1 0x71000421u
#define B_NE(distance) \
    (0x54000001u | ((uint32_t)((distance) >> 2) & 0x7ffff) << 5)

struct function {
    uint32_t code[16]; /* a line of the instruction cache */
};

static struct space space;
static struct function functions[CPUS][FUNCTIONS]
    __attribute__((aligned(4096)));
static uint32_t addend[CPUS][FUNCTIONS];
static volatile uint64_t wrong[CPUS], done[CPUS];

static unsigned next_of(unsigned n)
{
    return (n * 5 + 1234567) % FUNCTIONS;
}

static void change(unsigned cpu, unsigned n, uint32_t value)
{
    uint32_t *place = functions[cpu][n].code;

    addend[cpu][n] = value;
    *(volatile uint32_t *)place = ADD_W0(value);
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(place) : "memory");
}

static void write_functions(unsigned cpu)
{
    for (unsigned n = 0; n < FUNCTIONS; n++) {
        uint32_t *code = functions[cpu][n].code;
        int64_t to = (int64_t)next_of(n) - n;

        code[1] = SUBS_W1_1;
        code[2] = B_NE(to * (int64_t)sizeof(struct function) - 8);
        code[3] = RET;
        change(cpu, n, n);
    }
}

static uint32_t random_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* `steps` functions from n on, in a window. */
static uint32_t call(unsigned cpu, unsigned window, unsigned n,
                     unsigned steps)
{
    uint64_t at = WINDOW + window * sizeof(functions) +
                  ((uint64_t)&functions[cpu][n] - (uint64_t)functions);

    return ((uint32_t (*)(uint32_t, uint32_t))at)(0, steps);
}

static void work(unsigned cpu)
{
    uint64_t state = cpu + 1;

    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    write_functions(cpu);
    for (unsigned k = 0; k < CALLS; k++) {
        unsigned n = random_next(&state) % FUNCTIONS;
        unsigned steps = 1 + random_next(&state) % 100;
        uint32_t want = 0, got;

        if (k % 4 == 0) {
            change(cpu, n, random_next(&state) % 4096);
        }
        got = call(cpu, random_next(&state) % WINDOWS, n, steps);
        for (; steps; steps--, n = next_of(n)) {
            want += addend[cpu][n];
        }
        wrong[cpu] += got != want;
    }
    done[cpu]++;
}

static void map_windows(void)
{
    for (unsigned w = 0; w < WINDOWS; w++) {
        for (uint64_t at = 0; at < sizeof(functions); at += 4096) {
            uint64_t va = WINDOW + w * sizeof(functions) + at;

            *tables_entry(&space, va, 3) =
                ((uint64_t)functions + at) | D_PAGE | D_RAM;
        }
    }
}

void test_main(void)
{
    unsigned started = 1;

    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    map_windows();
    while (started < CPUS && cpu_start(started, work)) {
        started++;
    }
    work(0);
    for (unsigned cpu = 1; cpu < started; cpu++) {
        while (!done[cpu]) { /* cpu_join() does not wait for ever */
        }
        cpu_join(cpu);
    }
    uint64_t all = 0, failed = 0;
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        all += done[cpu];
        failed += wrong[cpu];
    }
    test_equal("CPUs that did not finish", started - all, 0);
    test_equal("wrong results", failed, 0);
}
