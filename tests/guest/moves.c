/*
 * One program at an address that is another each time it is started, as with
 * address space randomisation: what was translated for the one before goes to
 * the new one.  Meanwhile something else lies where it was, one that lives on
 * uses the same pages, and another CPU does the same.
 *
 * run: -M virt -cpu cortex-a72
 * run: -M virt,gic-version=3 -cpu max -smp 2
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 * armature: -M virt -cpu max -smp 2 -accel jit,region-threshold=0
 * armature: -M virt -cpu max -smp 2 -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { CPUS = 2, PAGES = 3, ROUNDS = 400, PLACES = 1024 };
#define WINDOW 0x5500000000ull
#define WINDOW_SIZE (1ull << 30)
#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_ASID16)
#define MARK 0x123456789abcull

/* Sums up where it is, with calls, branches and returns between its pages, and
 * the word at its end. */
extern const uint8_t moves_program[];
__asm__(".pushsection .text\n"
        ".balign 4096\n"
        "moves_program:\n"
        "adr x0, .\n"
        "stp x29, x30, [sp, #-16]!\n"
        "mov x9, #3\n"
        "1: bl 3f\n"
        "bl 2f\n"
        "sub x9, x9, #1\n"
        "cbnz x9, 1b\n"
        "adr x2, 4f\n"
        "ldp x29, x30, [sp], #16\n"
        "br x2\n"
        "2: adr x3, .\n"
        "add x0, x0, x3\n"
        "ret\n"
        ".org moves_program + 0x1040\n"
        "3: adr x4, .\n"
        "add x0, x0, x4\n"
        "ret\n"
        ".org moves_program + 0x2000\n"
        "4: adr x5, .\n"
        "ldr x6, 5f\n"
        "add x0, x0, x5\n"
        "add x0, x0, x6\n"
        "b 6f\n"
        ".org moves_program + 0x2800\n"
        "6: ret\n"
        ".org moves_program + 0x2ff8\n"
        "5: .quad 0\n"
        ".popsection\n");

static uint8_t programs[2][PAGES * 4096] __attribute__((aligned(4096)));
static struct space space[CPUS];
static volatile uint64_t wrong[CPUS], done[CPUS];

/* Program 1 is the same with another word at its end. */
static void write_programs(void)
{
    for (unsigned n = 0; n < 2; n++) {
        for (unsigned i = 0; i < PAGES * 4096; i++) {
            programs[n][i] = moves_program[i];
        }
        *(uint64_t *)(void *)&programs[n][PAGES * 4096 - 8] = MARK << n;
    }
    for (unsigned i = 0; i < sizeof(programs); i += 64) {
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0" ::"r"(
            &programs[0][i])
                         : "memory");
    }
    __asm__ volatile("dsb ish\n isb" ::: "memory");
}

static uint64_t result(uint64_t va, unsigned n)
{
    return va + 3 * (va + 0x28) + 3 * (va + 0x1040) + va + 0x2000 +
           (MARK << n);
}

static void map(unsigned cpu, uint64_t va, unsigned n)
{
    for (uint64_t at = 0; at < sizeof(programs[n]); at += 4096) {
        *tables_entry(&space[cpu], va + at, 3) =
            ((uint64_t)programs[n] + at) | D_PAGE | D_RAM | D_NG;
    }
}

static void unmap(unsigned cpu, uint64_t va)
{
    for (uint64_t at = 0; at < sizeof(programs[0]); at += 4096) {
        *tables_entry(&space[cpu], va + at, 3) = 0;
    }
}

static void check(unsigned cpu, uint64_t va, unsigned n)
{
    wrong[cpu] += ((uint64_t(*)(void))va)() != result(va, n);
}

static uint64_t place(unsigned cpu, uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return WINDOW + cpu * WINDOW_SIZE + (*random >> 33) % PLACES * 0x4000;
}

static void use_space(unsigned cpu, uint64_t asid)
{
    uint64_t ttbr = (uint64_t)space[cpu].root | asid << 48;

    __asm__ volatile("dsb ish\n msr ttbr0_el1, %0\n isb" ::"r"(ttbr)
                     : "memory");
}

static void work(unsigned cpu)
{
    uint64_t random = cpu + 1, before = WINDOW + cpu * WINDOW_SIZE;
    uint64_t stays = before + PLACES * 0x4000;

    mmu_on(&space[cpu], TCR);
    map(cpu, stays, 0);
    for (unsigned n = 0; n < ROUNDS; n++) {
        uint64_t asid = 1 + cpu * ROUNDS + n, va = place(cpu, &random);

        unmap(cpu, before);
        tlbi_va(aside1, (asid - 1) << 48);
        map(cpu, before, 1);
        map(cpu, va, 0);
        use_space(cpu, asid);
        check(cpu, va, 0);
        if (va != before) {
            check(cpu, before, 1);
            unmap(cpu, before);
            tlbi_va(aside1, asid << 48);
        }
        check(cpu, va, 0);
        if (n % 5 == 0) {
            check(cpu, stays, 0);
        }
        before = va;
    }
    done[cpu]++;
}

void test_main(void)
{
    unsigned started = 1;

    write_programs();
    tables_reset();
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        space[cpu] = tables_new(12, 48);
        tables_identity(&space[cpu]);
        for (unsigned n = 0; n <= PLACES; n++) {
            tables_entry(&space[cpu], WINDOW + cpu * WINDOW_SIZE + n * 0x4000,
                         3);
        }
    }
    while (started < CPUS && cpu_start(started, work)) {
        started++;
    }
    work(0);
    for (unsigned cpu = 1; cpu < started; cpu++) {
        while (!done[cpu]) {
        }
        cpu_join(cpu);
    }
    uint64_t failed = 0;
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        failed += wrong[cpu];
    }
    test_equal("wrong results", failed, 0);
}
