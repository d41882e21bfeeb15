/*
 * Pages are taken away while other CPUs read and write them.  Once the DSB
 * after a broadcast TLBI is done no CPU may reach the page that was there,
 * whatever address space it uses or changes to (Arm ARM D8.13.5).
 *
 * armature: -M virt -cpu cortex-a53 -smp 4
 * run: -M virt -cpu cortex-a72 -smp 2
 * armature: -M virt,gic-version=3 -cpu max -smp 4 -accel jit,region-threshold=0
 */
#include "pc-bios/guest/board.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { CPUS = 4, ROUNDS = 48, WORDS = 512, FRAMES = 2 };
enum { ASID = 1, OTHER_ASID = 2 };
#define WINDOW 0x5500000000ull
#define POISON 0xbadull
#define OTHER 0x07e4ull
#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_ASID16)

/* How one part invalidates, and what the mapping is. */
struct part {
    const char *what;
    void (*invalidate)(void);
    uint64_t mapping; /* D_NG or 0 */
    uint64_t asid;    /* that the second CPU uses */
};

static struct space space, other_space;
static volatile uint64_t frames[FRAMES][WORDS] __attribute__((aligned(4096)));
static volatile uint64_t other_frame[WORDS] __attribute__((aligned(4096)));
static const struct part *part;
static volatile uint64_t ready[CPUS], rounds[CPUS], stale[CPUS], strange;
static volatile uint64_t stop;

static void set_space(const struct space *to, uint64_t asid)
{
    __asm__ volatile("msr ttbr0_el1, %0\n isb" ::"r"((uint64_t)to->root |
                                                     asid << 48)
                     : "memory");
}

/* A load that faults gives 0, a store nothing. */
static void on_fault(struct exception_frame *frame, unsigned vector)
{
    if (vector == 4 && exception_class(frame) == EC_DATA) {
        frame->x[9] = frame->x[10] = 0;
        frame->elr += 4;
    } else {
        exception_default(frame, vector);
    }
}

/* Each CPU writes a word of its own and reads two. */
static uint64_t use_page(unsigned cpu)
{
    uint64_t first, second;

    __asm__ volatile("str %3, [%2, %4]\n"
                     "ldr x9, [%2]\n mov %0, x9\n"
                     "ldr x10, [%2, #8]\n mov %1, x10"
                     : "=&r"(first), "=&r"(second)
                     : "r"(WINDOW), "r"(1ull), "r"(64ull + cpu * 8)
                     : "x9", "x10", "memory");
    return first == POISON || second == POISON ? POISON : first;
}

static void reader(unsigned cpu)
{
    mmu_on(&space, TCR);
    set_space(&space, part->asid);
    ready[cpu] = 1;
    while (!stop) {
        for (unsigned n = 0; n < 20; n++) {
            stale[cpu] += use_page(cpu) == POISON;
        }
        rounds[cpu]++;
    }
}

/* From one address space to another, where the address is another page. */
static void flipper(unsigned cpu)
{
    mmu_on(&space, TCR);
    set_space(&space, ASID);
    ready[cpu] = 1;
    while (!stop) {
        stale[cpu] += use_page(cpu) == POISON;
        if (part->mapping & D_NG) {
            set_space(&other_space, OTHER_ASID);
            strange += use_page(cpu) != OTHER;
            set_space(&space, ASID);
        }
        stale[cpu] += use_page(cpu) == POISON;
        rounds[cpu]++;
    }
}

/* Comes and goes. */
static void sleeper(unsigned cpu)
{
    mmu_on(&space, TCR);
    set_space(&space, ASID);
    ready[cpu] = 1;
    while (!stop) {
        for (unsigned n = 0; n < 5; n++) {
            stale[cpu] += use_page(cpu) == POISON;
        }
        __asm__ volatile("wfe");
        rounds[cpu]++;
    }
}

static cpu_function *const functions[] = {NULL, reader, flipper, sleeper};

static void wait_for_rounds(void)
{
    for (unsigned cpu = 1; cpu < board.cpu_count; cpu++) {
        uint64_t then = rounds[cpu];

        while (rounds[cpu] < then + 2) {
            __asm__ volatile("sev");
        }
    }
}

/* Words of the frame that somebody has written since it was poisoned. */
static uint64_t lost_writes(const volatile uint64_t *frame)
{
    uint64_t count = 0;

    for (unsigned n = 0; n < WORDS; n++) {
        count += frame[n] != POISON;
    }
    return count;
}

static uint64_t take_away(unsigned round)
{
    uint64_t *entry = tables_entry(&space, WINDOW, 3);
    volatile uint64_t *frame = frames[round % FRAMES];

    for (unsigned n = 0; n < WORDS; n++) {
        frame[n] = round + 1;
    }
    *(volatile uint64_t *)entry =
        (uint64_t)frame | D_PAGE | D_RAM | part->mapping;
    barrier_dsb();
    if (round % 8 == 0) {
        wait_for_rounds();
    }
    for (unsigned n = 0; n < round % 7 * 100; n++) {
        (void)stop;
    }
    *(volatile uint64_t *)entry = 0;
    part->invalidate();
    for (unsigned n = 0; n < WORDS; n++) {
        frame[n] = POISON;
    }
    if (round % 8 == 4) {
        wait_for_rounds();
    }
    return lost_writes(frame);
}

static void by_va(void)
{
    tlbi_va(vae1is, WINDOW >> 12 | (uint64_t)ASID << 48);
}

static void by_va_last_level(void)
{
    tlbi_va(vale1is, WINDOW >> 12 | (uint64_t)ASID << 48);
}

static void by_va_many(void)
{
    barrier_dsb();
    for (uint64_t n = 0; n < 8; n++) {
        __asm__ volatile("tlbi vae1is, %0" ::"r"(
                             ((WINDOW >> 12) + (n * 3 + 1) % 8) |
                             (uint64_t)ASID << 48)
                         : "memory");
    }
    by_va();
}

static void by_va_all(void)
{
    tlbi_va(vaae1is, WINDOW >> 12);
}

static void by_asid(void)
{
    tlbi_va(aside1is, (uint64_t)ASID << 48);
}

static void everything(void)
{
    tlbi(vmalle1is);
}

static const struct part parts[] = {
    {"address", by_va, D_NG, ASID},
    {"address, last level", by_va_last_level, D_NG, ASID},
    {"many addresses", by_va_many, D_NG, ASID},
    {"address of all spaces", by_va_all, D_NG, ASID},
    {"space", by_asid, D_NG, ASID},
    {"everything", everything, D_NG, ASID},
    {"address, global, from another space", by_va, 0, OTHER_ASID},
};

static void run_part(void)
{
    uint64_t lost = 0, sum = 0;
    bool started = true, ended = true;

    test_part(part->what);
    stop = strange = 0;
    for (unsigned cpu = 1; cpu < board.cpu_count; cpu++) {
        ready[cpu] = rounds[cpu] = stale[cpu] = 0;
        started = cpu_start(cpu, functions[cpu]) &&
                  wait_until(&ready[cpu], 1) && started;
    }
    test_true("all run", started);
    for (unsigned n = 0; n < ROUNDS / (board.cpu_count - 1); n++) {
        lost += take_away(n);
    }
    stop = 1;
    for (unsigned cpu = 1; cpu < board.cpu_count; cpu++) {
        __asm__ volatile("sev");
        ended = cpu_join(cpu) && ended;
        sum += stale[cpu];
    }
    test_true("all are off again", ended);
    test_equal("reads of a page taken away", sum, 0);
    test_equal("writes to a page taken away", lost, 0);
    test_equal("other values in the other space", strange, 0);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    other_space = tables_new(12, 48);
    tables_identity(&space);
    tables_identity(&other_space);
    for (unsigned n = 0; n < WORDS; n++) {
        other_frame[n] = OTHER;
    }
    *tables_entry(&space, WINDOW, 3) = 0;
    *tables_entry(&other_space, WINDOW, 3) =
        (uint64_t)other_frame | D_PAGE | D_RAM | D_NG;
    mmu_on(&space, TCR);
    set_space(&space, ASID);
    exception_set_handler(on_fault);
    for (unsigned n = 0; n < ARRAY_SIZE(parts); n++) {
        part = &parts[n];
        run_part();
    }
}
