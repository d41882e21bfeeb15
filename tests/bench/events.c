/*
 * System events on bare metal, which have no native twin: EL1, MMU and
 * caches on.  Prints "NAME KIND NANOSECONDS CHECKSUM" per line, for one
 * event, the best of some runs.  With -append NAME that event for long, to be
 * looked at by a profiler.  With two processors only what concerns both.
 */
#include "pc-bios/guest/board.h"
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/string.h"
#include "tests/bench/timing.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define SPACE_PAGES 64
#define SPACE_VA 0x80000000ull
#define USER_CODE_VA 0x90000000ull
#define USER_DATA_VA 0xa0000000ull
#define TIMER_INTID 27
#define PROFILE_RUNS 3000
#define RUNS 15 /* short ones: others may use the host, too */

static struct space user_space[2];
static uint64_t user_pages[SPACE_PAGES * 512]
    __attribute__((aligned(4096)));

/* events_vectors.S */
extern char return_vectors[], skip_vectors[], icc_vectors[];
extern char call_vectors[], page_vectors[];
extern char user_code[], user_stores[];
/* lib/el0_enter.S: x3 and x4 stay as they are. */
void el0_enter(uint64_t pc, uint64_t x0, uint64_t x1, uint64_t x3,
               uint64_t x4);

static uint64_t set_vectors(const char *table)
{
    uint64_t old = sysreg_read(vbar_el1);

    sysreg_write(vbar_el1, (uint64_t)table);
    barrier_isb();
    return old;
}

/* -- exceptions ----------------------------------------------------------- */

#define EVENTS(name, vectors, count, ...)                                 \
    static uint64_t name(void)                                            \
    {                                                                     \
        uint64_t old = set_vectors(vectors);                              \
                                                                          \
        for (int n = 0; n < (count); n++) {                               \
            __asm__ volatile(__VA_ARGS__                                  \
                             : "x9", "x10", "x12", "cc", "memory");       \
        }                                                                 \
        set_vectors((const char *)old);                                   \
        return 0;                                                         \
    }

EVENTS(svc, return_vectors, 20000, "svc #0" ::)
EVENTS(data_abort, skip_vectors, 10000, "ldr x9, [%0]" ::"r"(USER_DATA_VA))
EVENTS(undefined, skip_vectors, 10000, "udf #0" ::)

static uint64_t user_calls(void)
{
    uint64_t old = set_vectors(call_vectors);

    el0_enter(USER_CODE_VA, 20000, 0, 0, 0);
    set_vectors((const char *)old);
    return 0;
}

/* 64 first touches of a page each. */
static uint64_t user_faults(void)
{
    uint64_t old = set_vectors(page_vectors);
    uint64_t page = (uint64_t)user_pages | D_NORMAL | D_SHARED | D_AF |
                    D_EL0 | D_NG | D_UXN | D_PXN | D_PAGE;

    el0_enter(USER_CODE_VA + (uint64_t)(user_stores - user_code), 100,
              USER_DATA_VA, page,
              (uint64_t)tables_entry(&user_space[0], USER_DATA_VA, 3));
    set_vectors((const char *)old);
    return 0;
}

/* -- registers and devices ------------------------------------------------ */

static uint64_t counter(void)
{
    uint64_t sum = 0, v;

    for (int n = 0; n < 40000; n++) {
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
        sum |= v == 0;
    }
    return sum;
}

static uint64_t daif(void)
{
    for (int n = 0; n < 100000; n++) {
        __asm__ volatile("msr daifset, #2\n msr daifclr, #8");
    }
    return 0;
}

/* Writes and reads what every exception handler does. */
static uint64_t registers(void)
{
    uint64_t v;

    for (int n = 0; n < 40000; n++) {
        __asm__ volatile("mrs %0, esr_el1\n mrs %0, far_el1\n"
                         "mrs %0, spsr_el1\n msr spsr_el1, %0\n"
                         "mrs %0, elr_el1\n msr elr_el1, %0\n"
                         "mrs %0, sp_el0\n msr sp_el0, %0"
                         : "=&r"(v));
    }
    return 0;
}

static uint64_t stack_select(void)
{
    for (int n = 0; n < 40000; n++) {
        __asm__ volatile("msr spsel, #0\n msr spsel, #1");
    }
    return 0;
}

static uint64_t mmio(void)
{
    volatile uint32_t *uart_flags = (volatile uint32_t *)0x9000018;
    uint64_t sum = 0;

    for (int n = 0; n < 20000; n++) {
        sum |= *uart_flags & 0x20;
    }
    return sum;
}

static uint64_t mmio_write(void)
{
    volatile uint32_t *uart_mask = (volatile uint32_t *)0x9000038;

    for (int n = 0; n < 20000; n++) {
        *uart_mask = 0;
    }
    return 0;
}

/* -- interrupts ----------------------------------------------------------- */

/* Arm the timer for now, take its interrupt. */
static uint64_t timer_round(void)
{
    uint64_t old = set_vectors(gic_place.version == 2 ? skip_vectors
                                                      : icc_vectors);

    irq_enable();
    for (int n = 0; n < 1000; n++) {
        __asm__ volatile("mov x12, #0\n msr cntv_tval_el0, xzr\n"
                         "msr cntv_ctl_el0, %0\n isb\n"
                         "1: cbz x12, 1b" ::"r"(1ull)
                         : "x9", "x10", "x12", "cc", "memory");
    }
    irq_disable();
    set_vectors((const char *)old);
    return 0;
}

/* Move a deadline that is never reached, as a tickless kernel does. */
static uint64_t timer_set(void)
{
    uint64_t later = timer_now() + timer_hz() * 1000;

    sysreg_write(cntv_cval_el0, later);
    sysreg_write(cntv_ctl_el0, 1);
    for (unsigned n = 0; n < 10000; n++) {
        sysreg_write(cntv_cval_el0, later - (n & 1023));
        barrier_isb();
    }
    sysreg_write(cntv_ctl_el0, 0);
    return 0;
}

/* How late WFI wakes for a deadline 200 microseconds away. */
static void wake_from_sleep(void)
{
    uint64_t best = UINT64_MAX;

    for (int round = 0; round < 5; round++) {
        uint64_t late = 0;

        for (int n = 0; n < 100; n++) {
            uint64_t due = timer_now() + timer_hz() / 5000;

            sysreg_write(cntv_cval_el0, due);
            sysreg_write(cntv_ctl_el0, 1);
            barrier_isb();
            while (timer_now() < due) {
                cpu_wfi();
            }
            late += timer_now() - due;
            sysreg_write(cntv_ctl_el0, 0);
        }
        best = late < best ? late : best;
    }
    report("wfi-wake", "system", nanoseconds(best) / 100, 0);
}

/* -- address spaces ------------------------------------------------------- */

static uint64_t touch(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < SPACE_PAGES; n++) {
        sum += *(volatile uint64_t *)(SPACE_VA + n * 4096);
    }
    return sum;
}

static void set_space(unsigned n, uint64_t asid)
{
    uint64_t ttbr = (uint64_t)user_space[n].root | asid << 48;

    __asm__ volatile("msr ttbr0_el1, %0\n isb" ::"r"(ttbr));
}

static uint64_t asid_flip(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 1000; n++) {
        set_space(n & 1, 1 + (n & 1));
        sum += touch();
    }
    set_space(0, 1);
    return sum;
}

static uint64_t same_asid(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 1000; n++) {
        set_space(0, 1);
        sum += touch();
    }
    return sum;
}

static uint64_t tlbi_one(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 4000; n++) {
        __asm__ volatile("tlbi vae1, %0\n dsb nsh\n isb" ::"r"(
                             (SPACE_VA >> 12) | 1ull << 48)
                         : "memory");
        sum += *(volatile uint64_t *)SPACE_VA;
    }
    return sum;
}

static uint64_t tlbi_broadcast(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 4000; n++) {
        __asm__ volatile("dsb ishst\n tlbi vae1is, %0\n dsb ish\n isb" ::"r"(
                             (SPACE_VA >> 12) | 1ull << 48)
                         : "memory");
        sum += *(volatile uint64_t *)SPACE_VA;
    }
    return sum;
}

static uint64_t tlbi_all(void)
{
    uint64_t sum = 0;

    for (int n = 0; n < 2000; n++) {
        __asm__ volatile("tlbi vmalle1\n dsb nsh\n isb" ::: "memory");
        sum += *(volatile uint64_t *)SPACE_VA;
    }
    return sum;
}

/* -- code ----------------------------------------------------------------- */

static uint32_t code[16384] __attribute__((aligned(4096)));

static void sync_code(void *at)
{
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::
                         "r"(at)
                     : "memory");
}

static uint64_t rewrite(void)
{
    uint64_t (*f)(void) = (uint64_t(*)(void))code;
    uint64_t sum = 0;

    code[1] = 0xd65f03c0; /* ret */
    for (uint32_t n = 0; n < 1000; n++) {
        code[0] = 0xd2800000 | (n & 0xffff) << 5; /* mov x0, #n */
        sync_code(code);
        sum += f();
    }
    return sum;
}

/* Blocks of 12 additions and a return, each run once. */
static uint64_t fresh_code(void)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < 1000; n++) {
        uint32_t *block = code + n * 16;
        for (unsigned k = 0; k < 12; k++) {
            block[k] = 0x91000400 | (k & 3) << 5 | (k & 3); /* add */
        }
        block[12] = 0xd65f03c0;
    }
    for (unsigned n = 0; n < 1000; n++) {
        sync_code(code + n * 16);
    }
    for (unsigned n = 0; n < 1000; n++) {
        uint64_t (*f)(uint64_t) = (uint64_t(*)(uint64_t))(code + n * 16);
        sum += f(n);
    }
    return sum;
}

static uint64_t store_beside_code(void)
{
    uint64_t (*f)(void) = (uint64_t(*)(void))code;
    uint64_t sum = 0;

    code[0] = 0xd2800020; /* mov x0, #1 */
    code[1] = 0xd65f03c0;
    sync_code(code);
    for (uint32_t n = 0; n < 20000; n++) {
        ((volatile uint32_t *)code)[512] = n;
        sum += f();
    }
    return sum;
}

static void prepare_spaces(void)
{
    tables_reset();
    for (unsigned s = 0; s < 2; s++) {
        user_space[s] = tables_new(12, 39);
        tables_identity(&user_space[s]);
        for (unsigned n = 0; n < SPACE_PAGES; n++) {
            *tables_entry(&user_space[s], SPACE_VA + n * 4096, 3) =
                (uint64_t)&user_pages[n * 512] | D_RAM | D_NG | D_PAGE;
        }
        *tables_entry(&user_space[s], USER_CODE_VA, 3) =
            (uint64_t)user_code | D_NORMAL | D_SHARED | D_AF | D_EL0 |
            D_READ_ONLY | D_NG | D_PAGE;
        tables_entry(&user_space[s], USER_DATA_VA, 3);
    }
    mmu_on(&user_space[0],
           TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_ASID16 | TCR_TG0_4K);
    set_space(0, 1);
}

/* -- two processors ------------------------------------------------------- */

static volatile uint64_t peer_runs, peer_stops, peer_shares;

/* In a loop, then in one that uses the page which is invalidated. */
static void peer(unsigned cpu)
{
    (void)cpu;
    mmu_on(&user_space[0],
           TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_ASID16 | TCR_TG0_4K);
    peer_runs = 1;
    while (!peer_shares) {
    }
    set_space(0, 1);
    peer_runs = 2;
    while (!peer_stops) {
        *(volatile uint64_t *)SPACE_VA;
    }
}

static void with_peer(void)
{
    cpu_start(1, peer);
    wait_until(&peer_runs, 1);
    time_it("smp-tlbi-va-is+1", "system", RUNS, 4000, tlbi_broadcast);
    time_it("smp-ic-rewrite", "system", RUNS, 1000, rewrite);
    peer_shares = 1;
    wait_until(&peer_runs, 2);
    time_it("smp-tlbi-va-is-used+1", "system", RUNS, 4000, tlbi_broadcast);
    peer_stops = 1;
    cpu_join(1);
}

/* -- the list ------------------------------------------------------------- */

struct event {
    const char *name;
    uint64_t count;
    uint64_t (*run)(void);
};

static const struct event events[] = {
    {"svc+eret", 20000, svc},
    {"svc+eret-el0", 20000, user_calls},
    {"data-abort+eret", 10000, data_abort},
    {"undefined+eret", 10000, undefined},
    {"page-fault-el0", 100 * 64, user_faults},
    {"counter", 40000, counter},
    {"daif", 100000, daif},
    {"sysregs-x8", 40000, registers},
    {"spsel-x2", 40000, stack_select},
    {"mmio-read", 20000, mmio},
    {"mmio-write", 20000, mmio_write},
    {"timer-irq", 1000, timer_round},
    {"timer-set", 10000, timer_set},
    {"ttbr0-same-asid+64", 1000, same_asid},
    {"asid-flip+64", 1000, asid_flip},
    {"tlbi-va+1", 4000, tlbi_one},
    {"tlbi-va-is+1", 4000, tlbi_broadcast},
    {"tlbi-all+1", 2000, tlbi_all},
    {"ic-rewrite", 1000, rewrite},
    {"fresh-code", 1000, fresh_code},
    {"store-beside-code", 20000, store_beside_code},
};

void test_main(void)
{
    prepare_spaces();
    gic_enable(TIMER_INTID);
    if (board.cpu_count > 1) {
        with_peer();
        return;
    }
    if (gic_place.version != 2) {
        time_it("timer-irq-gicv3", "system", RUNS, 1000, timer_round);
        return;
    }
    for (unsigned n = 0; n < ARRAY_SIZE(events); n++) {
        if (board.arguments && !strcmp(board.arguments, events[n].name)) {
            time_it(events[n].name, "system", PROFILE_RUNS, events[n].count,
                    events[n].run);
            return;
        }
    }
    for (unsigned n = 0; n < ARRAY_SIZE(events); n++) {
        time_it(events[n].name, "system", RUNS, events[n].count,
                events[n].run);
    }
    wake_from_sleep();
}
