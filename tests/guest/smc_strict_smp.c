/*
 * One CPU changes, without maintenance, the code that another one calls, and
 * counts in the same page; both have their caches off (Arm ARM B2.4.4).
 * QEMU 7.2 may keep what it translated while the store was under way, so it
 * is not asked.
 *
 * armature: -M virt -cpu cortex-a72 -smp 2
 * armature: -M virt,gic-version=3 -cpu max -smp 4
 * armature: -M virt -cpu cortex-a72 -smp 2 -accel interp
 * armature: -M virt -smp 2 -accel jit,region-threshold=0,smc-strict=on
 */
#include "tests/guest/lib/test.h"

enum { CHANGES = 2000, FUNCTIONS = 40, COUNTER = 8 };
#define RET 0xd65f03c0u
#define MOVZ_W0(imm) (0x52800000u | (uint32_t)(imm) << 5)

static uint32_t page[1024] __attribute__((aligned(4096)));
static volatile uint64_t ready, stop, calls, wrong;

static void put(unsigned word, uint32_t instruction)
{
    ((volatile uint32_t *)page)[word] = instruction;
    barrier_dsb();
}

static uint32_t call(unsigned word)
{
    barrier_isb();
    return ((uint32_t (*)(void))(uint64_t)&page[word])();
}

/* Sees one value or the next, never an earlier one, and the last at last. */
static void caller(unsigned cpu)
{
    uint32_t last = 0;

    (void)cpu;
    ready = 1;
    while (!stop) {
        uint32_t got = call(0);

        wrong += got < last;
        last = got;
        calls++;
    }
    wrong += call(0) != CHANGES;
}

static void test_changes(void)
{
    put(0, MOVZ_W0(0));
    put(1, RET);
    ready = stop = calls = wrong = 0;
    test_true("second cpu", cpu_start(1, caller) && wait_until(&ready, 1));
    for (uint32_t i = 1; i <= CHANGES; i++) {
        uint64_t then = calls;

        put(0, MOVZ_W0(i));
        while (i % 10 == 0 && calls == then) {
            ((volatile uint32_t *)page)[COUNTER]++;
        }
    }
    stop = 1;
    test_true("is off again", cpu_join(1));
    test_equal("stale calls of another cpu", wrong, 0);
}

/* New code again and again, while the other CPU stores beside it. */
static void maker(unsigned cpu)
{
    (void)cpu;
    ready = 1;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < FUNCTIONS; i++) {
            unsigned word = 16 + i * 16;

            put(word, MOVZ_W0(round + i));
            put(word + 1, RET);
            wrong += call(word) != round + i;
        }
    }
    stop = 1;
}

static void test_beside(void)
{
    ready = stop = wrong = 0;
    test_true("second cpu", cpu_start(1, maker) && wait_until(&ready, 1));
    while (!stop) {
        for (unsigned i = 0; i < FUNCTIONS; i++) {
            ((volatile uint32_t *)page)[16 + i * 16 + COUNTER] = i;
        }
    }
    test_true("is off again", cpu_join(1));
    test_equal("wrong results beside stores", wrong, 0);
}

void test_main(void)
{
    test_changes();
    test_beside();
}
