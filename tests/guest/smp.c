/*
 * Four CPUs on one memory: locks, atomics, ordering, broadcast TLB
 * maintenance, interrupts and events between them.
 *
 * run: -M virt -cpu cortex-a53 -smp 4
 * run: -M virt,gic-version=3 -cpu cortex-a72 -smp 4
 * run: -M virt,gic-version=3 -cpu max -smp 4
 * armature: -M virt,gic-version=3 -cpu max -smp 4 -accel jit,region-threshold=0
 */
#include "pc-bios/guest/board.h"
#include "pc-bios/guest/gic.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum { CPUS = 4, ROUNDS = 5000, LITMUS = 1500, PAGES = 300, SIGNALS = 100 };
#define WINDOW 0x5500000000ull
#define POISON 0xbadull

static struct space space;

/* Words that CPUs share, each in a cache line of its own. */
struct line {
    volatile uint64_t value;
} __attribute__((aligned(64)));

static struct line arrived, left, lock, plain, atomic, x, y, flag;
static struct line seen[CPUS], pair[1];
static volatile uint64_t page_a[512] __attribute__((aligned(4096)));
static volatile uint64_t page_b[512] __attribute__((aligned(4096)));
static volatile unsigned bad_reads, faults;

static uint64_t add_exclusive(volatile uint64_t *word, uint64_t n)
{
    uint64_t value;
    uint32_t failed;

    __asm__ volatile("1: ldaxr %0, [%2]\n"
                     "   add   %0, %0, %3\n"
                     "   stlxr %w1, %0, [%2]\n"
                     "   cbnz  %w1, 1b"
                     : "=&r"(value), "=&r"(failed)
                     : "r"(word), "r"(n)
                     : "memory");
    return value;
}

/* All `cpus` meet; generation counts the meetings, from 1. */
static void meet(unsigned cpus, uint64_t generation)
{
    add_exclusive(&arrived.value, 1);
    while (arrived.value < cpus * generation) {
    }
    barrier_dmb();
}

static void join_space(void)
{
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
}

/* Run one function on CPUs 0 to count - 1 at once. */
static bool together(unsigned count, cpu_function *function)
{
    bool ok = true;

    arrived.value = left.value = 0;
    for (unsigned i = 1; i < count; i++) {
        ok = cpu_start(i, function) && ok;
    }
    function(0);
    for (unsigned i = 1; i < count; i++) {
        ok = cpu_join(i) && ok;
    }
    return ok;
}

/* Other CPUs come with the MMU off, CPU 0 has it on already. */
static void enter(unsigned cpu)
{
    if (cpu) {
        join_space();
    }
}

static void lock_take(void)
{
    uint32_t value;

    __asm__ volatile("1: ldaxr %w0, [%1]\n"
                     "   cbnz  %w0, 1b\n"
                     "   stxr  %w0, %w2, [%1]\n"
                     "   cbnz  %w0, 1b"
                     : "=&r"(value)
                     : "r"(&lock.value), "r"(1)
                     : "memory");
}

static void lock_give(void)
{
    __asm__ volatile("stlr wzr, [%0]" ::"r"(&lock.value) : "memory");
}

static void under_lock(unsigned cpu)
{
    enter(cpu);
    meet(CPUS, 1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        lock_take();
        plain.value = plain.value + 1;
        lock_give();
    }
}

/* Pairs: both halves always move together. */
static void exclusive_pairs(unsigned cpu)
{
    static volatile uint64_t words[2] __attribute__((aligned(16)));

    enter(cpu);
    meet(CPUS, 1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t low, high;
        uint32_t failed;

        __asm__ volatile("1: ldaxp %0, %1, [%3]\n"
                         "   add   %0, %0, #1\n"
                         "   add   %1, %1, #2\n"
                         "   stlxp %w2, %0, %1, [%3]\n"
                         "   cbnz  %w2, 1b"
                         : "=&r"(low), "=&r"(high), "=&r"(failed)
                         : "r"(words)
                         : "memory");
        if (high != 2 * low) {
            add_exclusive(&pair[0].value, 1);
        }
    }
    meet(CPUS, 2);
    if (cpu == 0) {
        test_equal("pairs, low", words[0], CPUS * ROUNDS);
        test_equal("pairs, high", words[1], 2 * CPUS * ROUNDS);
    }
}

static bool has_lse(void)
{
    return (sysreg_read(id_aa64isar0_el1) >> 20 & 15) >= 2;
}

/* LSE where there is LSE, exclusives elsewhere; the same sums. */
static void atomics(unsigned cpu)
{
    enter(cpu);
    meet(CPUS, 1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t old, new;

        if (!has_lse()) {
            add_exclusive(&atomic.value, 2);
            continue;
        }
        __asm__ volatile(".arch_extension lse\n ldaddal %1, %0, [%2]"
                         : "=r"(old)
                         : "r"(1ull), "r"(&atomic.value)
                         : "memory");
        do {
            old = atomic.value;
            new = old;
            __asm__ volatile(".arch_extension lse\n casal %0, %1, [%2]"
                             : "+r"(new)
                             : "r"(old + 1), "r"(&atomic.value)
                             : "memory");
        } while (new != old);
    }
}

/* A store of another CPU between LDXR and STXR makes the latter fail. */
static void broken_exclusive(unsigned cpu)
{
    enter(cpu);
    if (cpu == 1) {
        meet(2, 1);
        x.value = 5;
        meet(2, 2);
        return;
    }
    for (unsigned plain_store = 0; plain_store < 1; plain_store++) {
        uint64_t value;
        uint32_t failed;

        x.value = 1;
        __asm__ volatile("ldxr %0, [%1]"
                         : "=r"(value)
                         : "r"(&x.value)
                         : "memory");
        while (arrived.value < 1) {
        }
        __asm__ volatile("" ::: "memory");
        arrived.value = 2;
        while (arrived.value < 3) {
        }
        __asm__ volatile("stxr %w0, %1, [%2]"
                         : "=&r"(failed)
                         : "r"(9ull), "r"(&x.value)
                         : "memory");
        test_equal("STXR after another's store fails", failed, 1);
        test_equal("and stores nothing", x.value, 5);
        arrived.value = 4;
    }
}

/* Message passing, running freely: data never lags behind the flag. */
static void message_passing(unsigned cpu)
{
    enter(cpu);
    meet(2, 1);
    for (uint64_t i = 1; i <= 20 * LITMUS; i++) {
        if (cpu == 0) {
            x.value = i;
            __asm__ volatile("dmb ishst" ::: "memory");
            flag.value = i;
        } else {
            uint64_t f = flag.value;

            __asm__ volatile("dmb ishld" ::: "memory");
            seen[0].value += x.value < f;
        }
    }
    meet(2, 2);
    for (uint64_t i = 1; i <= 20 * LITMUS; i++) {
        if (cpu == 0) {
            y.value = i;
            __asm__ volatile("stlr %0, [%1]" ::"r"(i), "r"(&atomic.value)
                             : "memory");
        } else {
            uint64_t f;

            __asm__ volatile("ldar %0, [%1]"
                             : "=r"(f)
                             : "r"(&atomic.value)
                             : "memory");
            seen[1].value += y.value < f;
        }
    }
}

/* Both store, then load the other's: not both may read the old value. */
static void store_buffering(unsigned cpu)
{
    struct line *mine = cpu ? &y : &x, *other = cpu ? &x : &y;

    enter(cpu);
    for (uint64_t i = 0; i < LITMUS; i++) {
        uint64_t value;

        mine->value = 0;
        meet(2, 3 * i + 1);
        mine->value = 1;
        barrier_dmb();
        value = other->value;
        seen[cpu].value = value;
        meet(2, 3 * i + 2);
        if (cpu == 0 && seen[0].value == 0 && seen[1].value == 0) {
            bad_reads++;
        }
        meet(2, 3 * i + 3);
    }
}

/* Both load, then store: not both may read what the other stores after. */
static void load_buffering(unsigned cpu)
{
    struct line *mine = cpu ? &y : &x, *other = cpu ? &x : &y;

    enter(cpu);
    for (uint64_t i = 0; i < LITMUS; i++) {
        uint64_t value;

        mine->value = 0;
        meet(2, 3 * i + 1);
        value = mine->value;
        barrier_dmb();
        other->value = 1;
        seen[cpu].value = value;
        meet(2, 3 * i + 2);
        if (cpu == 0 && seen[0].value == 1 && seen[1].value == 1) {
            bad_reads++;
        }
        meet(2, 3 * i + 3);
    }
}

/* A fault in reader() gives x9 = 0. */
static void on_fault(struct exception_frame *frame, unsigned vector)
{
    if (vector == 4 && exception_class(frame) == EC_DATA) {
        faults++;
        frame->x[9] = 0;
        frame->elr += 4;
    } else {
        exception_default(frame, vector);
    }
}

/* CPU 1 keeps reading the page that CPU 0 takes away: once CPU 0's DSB after
   the TLBI is done, what CPU 0 writes into the old page must not be seen. */
static void broadcast(unsigned cpu)
{
    enter(cpu);
    meet(2, 1);
    if (cpu == 1) {
        while (!flag.value) {
            uint64_t value;

            __asm__ volatile("ldr x9, [%1]\n mov %0, x9"
                             : "=r"(value)
                             : "r"(WINDOW)
                             : "x9", "memory");
            bad_reads += value == POISON;
            seen[1].value++;
        }
        return;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        volatile uint64_t *page = i % 2 ? page_a : page_b;
        uint64_t then;

        page[0] = i + 1000;
        *tables_entry(&space, WINDOW, 3) = (uint64_t)page | D_PAGE | D_RAM;
        barrier_dsb();
        then = seen[1].value;
        while (seen[1].value < then + 3) {
        }
        *tables_entry(&space, WINDOW, 3) = 0;
        tlbi_va(vaae1is, WINDOW >> 12);
        page[0] = POISON;
        then = seen[1].value;
        while (seen[1].value < then + 3) {
        }
    }
    flag.value = 1;
}

static void on_sgi(unsigned intid)
{
    (void)intid;
    seen[cpu_number()].value++;
}

/* CPU 0 interrupts each in turn and waits for the echo. */
static void signals(unsigned cpu)
{
    enter(cpu);
    if (cpu) {
        irq_enable();
        meet(CPUS, 1);
        while (!flag.value) {
            irq_disable();
            if (!flag.value) {
                cpu_wfi();
            }
            irq_enable();
            barrier_isb();
        }
        irq_disable();
        return;
    }
    meet(CPUS, 1);
    for (unsigned i = 0; i < SIGNALS; i++) {
        unsigned to = 1 + i % (CPUS - 1);
        uint64_t before = seen[to].value;

        gic_send(2, to, board.cpus[to].mpidr);
        if (!wait_until(&seen[to].value, before + 1)) {
            bad_reads++;
        }
    }
    flag.value = 1;
    for (unsigned i = 1; i < CPUS; i++) {
        gic_send(2, i, board.cpus[i].mpidr);
    }
}

/* Two CPUs wake each other by events. */
static void events(unsigned cpu)
{
    enter(cpu);
    meet(2, 1);
    for (uint64_t i = 0; i < SIGNALS; i++) {
        while (flag.value != 2 * i + cpu) {
            __asm__ volatile("wfe" ::: "memory");
        }
        flag.value = 2 * i + cpu + 1;
        __asm__ volatile("dsb ishst\n sev" ::: "memory");
    }
}

static void test_locks(void)
{
    test_part("locks");
    test_true("all took part", together(CPUS, under_lock));
    test_equal("count under a lock", plain.value, CPUS * ROUNDS);
    test_true("all took part", together(CPUS, exclusive_pairs));
    test_equal("torn pairs", pair[0].value, 0);
    test_true("all took part", together(CPUS, atomics));
    test_equal("atomic count", atomic.value, 2 * CPUS * ROUNDS);
    test_true("both took part", together(2, broken_exclusive));
}

static void test_ordering(void)
{
    test_part("ordering");
    x.value = y.value = flag.value = atomic.value = 0;
    seen[0].value = seen[1].value = 0;
    test_true("both took part", together(2, message_passing));
    test_equal("message passing, DMB", seen[0].value, 0);
    test_equal("message passing, STLR and LDAR", seen[1].value, 0);
    bad_reads = 0;
    test_true("both took part", together(2, store_buffering));
    test_equal("store buffering", bad_reads, 0);
    test_true("both took part", together(2, load_buffering));
    test_equal("load buffering", bad_reads, 0);
}

static void test_broadcast(void)
{
    test_part("broadcast");
    *tables_entry(&space, WINDOW, 3) = 0;
    exception_set_handler(on_fault);
    flag.value = 0;
    bad_reads = faults = 0;
    seen[1].value = 0;
    test_true("both took part", together(2, broadcast));
    exception_set_handler(exception_default);
    test_equal("reads of a page taken away", bad_reads, 0);
    test_true("and faults instead", faults > PAGES / 2);
}

static void test_signals(void)
{
    test_part("signals");
    gic_handle(2, on_sgi);
    flag.value = 0;
    bad_reads = 0;
    for (unsigned i = 0; i < CPUS; i++) {
        seen[i].value = 0;
    }
    test_true("all took part", together(CPUS, signals));
    test_equal("lost interrupts", bad_reads, 0);
    flag.value = 0;
    test_true("both took part", together(2, events));
    test_equal("events", flag.value, 2 * SIGNALS);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    tables_entry(&space, WINDOW, 3);
    test_equal("cpus", board.cpu_count, CPUS);
    join_space();
    test_locks();
    test_ordering();
    test_broadcast();
    test_signals();
}
