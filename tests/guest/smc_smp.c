/*
 * One CPU changes the code that another one calls (Arm ARM B2.4.4): after
 * IC IVAU and DSB on the one, an ISB on the other is enough.
 * QEMU 7.2 may keep what it translated while the store was under way, so it
 * is not asked.
 *
 * armature: -M virt -cpu cortex-a72 -smp 2
 * armature: -M virt,gic-version=3 -cpu max -smp 2
 * armature: -M virt -cpu cortex-a72 -smp 2 -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { CHANGES = 2000 };
#define RET 0xd65f03c0u
#define MOVZ_W0(imm) (0x52800000u | (uint32_t)(imm) << 5)

static struct space space;
static uint32_t page[1024] __attribute__((aligned(4096)));
static volatile uint64_t ready, stop, calls, wrong;

static void put(uint32_t *place, uint32_t instruction)
{
    *(volatile uint32_t *)place = instruction;
    __asm__ volatile("dc cvau, %0\n"
                     "dsb ish\n"
                     "ic ivau, %0\n"
                     "dsb ish\n"
                     "isb" ::"r"(place)
                     : "memory");
}

static uint32_t call(void)
{
    return ((uint32_t (*)(void))(uint64_t)page)();
}

/* Sees one value or the next, never an earlier one, and the last at last. */
static void caller(unsigned cpu)
{
    uint32_t last = 0;

    (void)cpu;
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    ready = 1;
    while (!stop) {
        uint32_t got;

        barrier_isb();
        got = call();
        wrong += got < last;
        last = got;
        calls++;
    }
    barrier_isb();
    wrong += call() != CHANGES;
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    put(&page[0], MOVZ_W0(0));
    put(&page[1], RET);
    ready = stop = calls = wrong = 0;
    test_true("second cpu", cpu_start(1, caller) && wait_until(&ready, 1));
    for (uint32_t i = 1; i <= CHANGES; i++) {
        uint64_t then = calls;

        put(&page[0], MOVZ_W0(i));
        while (i % 10 == 0 && calls == then) {
        }
    }
    stop = 1;
    test_true("is off again", cpu_join(1));
    test_equal("stale calls of another cpu", wrong, 0);
}
