/*
 * Exceptions and returns over and over, with something changed just before:
 * what generated code does by itself once it has seen a change of exception
 * level must be what happens the first time.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu cortex-a72
 * run: -M virt -cpu max
 */
#include "pc-bios/guest/board.h"
#include "pc-bios/guest/gic.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define CODE 0x5500000000ull
#define DATA (CODE + 0x1000)
#define TAG (0x5aull << 56)
#define SCTLR_A (1ull << 1)
#define SCTLR_SPAN (1ull << 23)
#define TRANSLATION_L0 0x04
#define PERMISSION_L3 0x0f
#define ALIGNMENT 0x21
#define EL0T 0x3c0ull
#define EL1T 0x3c4ull
#define EL1H 0x3c5ull
#define ROUNDS 60
#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_ASID16)
#define USER_PAGE (D_PAGE | D_AF | D_SHARED | D_EL0 | D_NG)
#define USER_CODE (USER_PAGE | D_READ_ONLY | D_PXN)
#define USER_DATA (USER_PAGE | D_UXN | D_PXN)

/* x0 = [x1]; x0 + 1; the flags */
enum { LOAD, ADD, FLAGS };
static const uint32_t programs[][2] = {
    [LOAD] = {0xf9400020, 0xd4000001},
    [ADD] = {0x91000400, 0xd4000001},
    [FLAGS] = {0xd53b4200, 0xd4000001},
};

static struct space space[2];
static uint32_t code[2][1024] __attribute__((aligned(4096)));
static uint64_t data[2][512] __attribute__((aligned(4096)));

/*
 * As el0_enter(), but `change` is made by the instruction before ERET:
 * switch_enter(pc, spsr, x0, x1, change, value).
 */
enum { NOTHING, TTBR0, SCTLR, TCR_EL1, TLBI_VA, VBAR, CHANGES };
extern const char el0_leave[];
uint64_t switch_enter(uint64_t pc, uint64_t spsr, uint64_t x0, uint64_t x1,
                      unsigned change, uint64_t value);
__asm__(".pushsection .text\n"
        "switch_enter:\n"
        "stp x29, x30, [sp, #-96]!\n"
        "stp x19, x20, [sp, #16]\n"
        "stp x21, x22, [sp, #32]\n"
        "stp x23, x24, [sp, #48]\n"
        "stp x25, x26, [sp, #64]\n"
        "stp x27, x28, [sp, #80]\n"
        "msr elr_el1, x0\n"
        "msr spsr_el1, x1\n"
        "mov x0, x2\n"
        "mov x1, x3\n"
        "adr x6, 1f\n"
        "add x6, x6, w4, uxtw #3\n"
        "dsb ish\n"
        "br x6\n"
        "1: nop\n eret\n"
        "msr ttbr0_el1, x5\n eret\n"
        "msr sctlr_el1, x5\n eret\n"
        "msr tcr_el1, x5\n eret\n"
        "tlbi vaae1, x5\n eret\n"
        "msr vbar_el1, x5\n eret\n"
        ".popsection\n");

static struct exception_frame came;
static unsigned came_by, interrupts;
static bool pan_in_handler;

static void leave_el0(struct exception_frame *frame, unsigned vector)
{
    came = *frame;
    came_by = vector;
    if (vector % 4 == 1) {
        interrupts++;
        gic_interrupt();
    }
    frame->elr = (uint64_t)el0_leave;
    frame->spsr = EL1H;
}

static const struct exception_frame *go(uint64_t spsr, uint64_t x0,
                                        uint64_t x1, unsigned change,
                                        uint64_t value)
{
    switch_enter(CODE, spsr, x0, x1, change, value);
    return &came;
}

static void sync_code(const void *at)
{
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::
                         "r"(at)
                     : "memory");
}

static void load_program(unsigned page, unsigned n)
{
    for (unsigned i = 0; i < 2; i++) {
        code[page][i] = programs[n][i];
    }
    sync_code(code[page]);
}

static uint64_t ttbr_of(unsigned n, uint64_t asid)
{
    return (uint64_t)space[n].root | asid << 48;
}

/* -- address spaces ------------------------------------------------------- */

/* The other space has other data and other code at the same addresses. */
static void test_ttbr(void)
{
    struct test_many value = {.what = "TTBR0 written before ERET: data"};
    struct test_many by = {.what = "... and code"};

    test_part("address spaces");
    load_program(0, LOAD);
    load_program(1, ADD);
    data[0][0] = 0x1111;
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned n = i & 1;

        go(EL0T, 0x2222, DATA, TTBR0, ttbr_of(n, 1 + n));
        test_many(n ? &by : &value, i, came.x[0], n ? 0x2223 : 0x1111);
        test_many(&by, i, came.esr, ESR(EC_SVC64, 0));
    }
    test_many_end(&value);
    test_many_end(&by);
    load_program(1, LOAD);
}

/* One space, ASIDs in turn, a table entry changed for each new one. */
static void test_asids(void)
{
    struct test_many many = {.what = "new ASIDs see new tables"};
    uint64_t *entry = tables_entry(&space[0], DATA, 3);

    data[1][0] = 0x3333;
    for (unsigned i = 0; i < ROUNDS; i++) {
        *entry = (uint64_t)data[i & 1] | USER_DATA;
        go(EL0T, 0, DATA, TTBR0, ttbr_of(0, 100 + i));
        test_many(&many, i, came.x[0], i & 1 ? 0x3333 : 0x1111);
    }
    test_many_end(&many);
    *entry = (uint64_t)data[0] | USER_DATA;
    sysreg_write(ttbr0_el1, ttbr_of(0, 1));
    tlbi(vmalle1);
}

static void test_tlbi(void)
{
    struct test_many many = {.what = "TLBI before ERET"};
    uint64_t *entry = tables_entry(&space[0], DATA, 3);

    for (unsigned i = 0; i < ROUNDS; i++) {
        *entry = (uint64_t)data[i & 1] | USER_DATA;
        go(EL0T, 0, DATA, TLBI_VA, DATA >> 12);
        test_many(&many, i, came.x[0], i & 1 ? 0x3333 : 0x1111);
    }
    test_many_end(&many);
    *entry = (uint64_t)data[0] | USER_DATA;
    tlbi_va(vaae1, DATA >> 12);
}

/* A table descriptor replaced: the level below is another one. */
static void test_tables(void)
{
    struct test_many many = {.what = "a table replaced, then TLBI"};
    uint64_t *at = tables_entry(&space[0], DATA, 2);
    uint64_t table[2] = {*at, *tables_entry(&space[1], DATA, 2)};
    uint64_t asid = 1ull << 48;

    for (unsigned i = 0; i < ROUNDS; i++) {
        /* By VA with its tables; all; by ASID. */
        *at = 0;
        barrier_dsb();
        if (i % 3 == 0) {
            tlbi_va(vae1, DATA >> 12 | asid);
            tlbi_va(vae1, CODE >> 12 | asid);
        } else if (i % 3 == 1) {
            tlbi(vmalle1);
        } else {
            tlbi_va(aside1, asid);
        }
        *at = table[i & 1];
        go(EL0T, 0, DATA, NOTHING, 0);
        test_many(&many, i, came.x[0], i & 1 ? 0x3333 : 0x1111);
    }
    test_many_end(&many);
    *at = table[0];
    tlbi(vmalle1);
}

/* -- control -------------------------------------------------------------- */

static void test_sctlr(void)
{
    struct test_many many = {.what = "SCTLR.A written before ERET"};
    uint64_t sctlr = sysreg_read(sctlr_el1) & ~SCTLR_A;

    test_part("control");
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool checked = i % 3 == 1;

        go(EL0T, 0, DATA + 1, SCTLR, sctlr | (checked ? SCTLR_A : 0));
        sysreg_write(sctlr_el1, sctlr);
        barrier_isb();
        test_many(&many, i, came.esr,
                  checked ? ESR(EC_DATA_LOWER, ALIGNMENT)
                          : ESR(EC_SVC64, 0));
    }
    test_many_end(&many);
}

static void test_tcr(void)
{
    struct test_many many = {.what = "TCR.TBI0 written before ERET"};
    uint64_t tcr = sysreg_read(tcr_el1) & ~TCR_TBI0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        bool tagged = i % 3 == 1;

        go(EL0T, 0, DATA | TAG, TCR_EL1, tcr | (tagged ? TCR_TBI0 : 0));
        test_many(&many, i, came.esr,
                  tagged ? ESR(EC_SVC64, 0)
                         : ESR(EC_DATA_LOWER, TRANSLATION_L0));
    }
    test_many_end(&many);
    sysreg_write(tcr_el1, tcr);
    barrier_isb();
}

/* A second vector table: leaves with a mark in x19's place. */
__asm__(".pushsection .text\n"
        ".balign 2048\n"
        ".globl marking_vectors, el0_mark\n"
        "marking_vectors:\n"
        ".rept 8\n b .\n .balign 128\n .endr\n"
        "mov x20, #0x77\n"
        "mrs x0, elr_el1\n"
        "mrs x1, spsr_el1\n"
        "b marked\n"
        ".balign 2048\n"
        ".popsection\n");
extern const char marking_vectors[];
void marked(void);
__asm__(".pushsection .text\n"
        "marked:\n"
        "adr x2, el0_mark\n"
        "stp x20, x0, [x2]\n"
        "str x1, [x2, #16]\n"
        "b el0_leave\n"
        ".balign 8\n"
        "el0_mark: .quad 0, 0, 0\n"
        ".popsection\n");
extern volatile uint64_t el0_mark[3];

static void test_vbar(void)
{
    struct test_many many = {.what = "VBAR written before ERET"};
    uint64_t vbar = sysreg_read(vbar_el1);

    for (unsigned i = 0; i < ROUNDS; i++) {
        bool other = i % 3 == 1;

        el0_mark[0] = came.x[0] = 0;
        go(EL0T, 0, DATA, VBAR, other ? (uint64_t)marking_vectors : vbar);
        sysreg_write(vbar_el1, vbar);
        barrier_isb();
        test_many(&many, i, el0_mark[0], other ? 0x77 : 0);
        test_many(&many, i, came.x[0], other ? 0 : 0x1111);
    }
    test_many_end(&many);
}

/* The handler's own code changes. */
static void test_handler_rewritten(void)
{
    struct test_many many = {.what = "vectors rewritten"};
    uint64_t vbar = sysreg_read(vbar_el1);
    uint32_t *first = (uint32_t *)(marking_vectors + 8 * 128);

    for (unsigned i = 0; i < ROUNDS; i++) {
        *first = 0xd2800014 | (i + 1) << 5; /* mov x20, #(i + 1) */
        sync_code(first);
        go(EL0T, 0, DATA, VBAR, (uint64_t)marking_vectors);
        sysreg_write(vbar_el1, vbar);
        barrier_isb();
        test_many(&many, i, el0_mark[0], i + 1);
        test_many(&many, i, el0_mark[1], CODE + 8);
        test_many(&many, i, el0_mark[2], EL0T);
    }
    test_many_end(&many);
}

/* -- PSTATE --------------------------------------------------------------- */

static void test_flags(void)
{
    struct test_many user = {.what = "flags at EL0"};
    struct test_many saved = {.what = "flags saved from EL0"};

    test_part("PSTATE");
    load_program(0, FLAGS);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t nzcv = (uint64_t)(i % 16) << 28;

        go(EL0T | nzcv, 0, 0, NOTHING, 0);
        test_many(&user, i, came.x[0], nzcv);
        test_many(&saved, i, came.spsr, EL0T | nzcv);
    }
    test_many_end(&user);
    test_many_end(&saved);
    load_program(0, LOAD);
}

/* An interrupt that is pending is taken before the first instruction at EL0
 * if SPSR does not mask it. */
static void on_sgi(unsigned intid)
{
    (void)intid;
}

static void test_pending(void)
{
    struct test_many at = {.what = "pending at ERET: where"};
    struct test_many masked = {.what = "masked at ERET"};
    uint64_t me = sysreg_read(mpidr_el1);

    gic_handle(3, on_sgi);
    for (unsigned i = 0; i < ROUNDS; i++) {
        interrupts = 0;
        gic_send(3, 0, me);
        barrier_dsb();
        while (!sysreg_read(isr_el1)) {
        }
        if (i % 4 == 3) {
            go(EL0T, 0, DATA, NOTHING, 0);
            test_many(&masked, i, came_by, 8);
            test_many(&masked, i, came.x[0], 0x1111);
        }
        test_many(&masked, i, interrupts, 0);
        go(EL0T & ~0x80ull, 0x4444, DATA, NOTHING, 0);
        test_many(&at, i, came_by, 9);
        test_many(&at, i, came.elr, CODE);
        test_many(&at, i, came.x[0], 0x4444);
        test_many(&at, i, interrupts, 1);
    }
    test_many_end(&at);
    test_many_end(&masked);
}

/* Each exception level and stack pointer, warm; and what is no state. */
static void test_stacks(void)
{
    struct test_many sp = {.what = "SP by SPSR.M"};
    struct test_many bad = {.what = "illegal returns in between"};

    for (unsigned i = 0; i < ROUNDS; i++) {
        bool one = i & 1;
        uint64_t seen, was, other = 0x5550 + 16 * i;

        __asm__ volatile("mov %1, sp\n msr sp_el0, %2\n"
                         "adr x1, 1f\n msr elr_el1, x1\n msr spsr_el1, %3\n"
                         "eret\n"
                         "1: mov %0, sp\n msr spsel, #1"
                         : "=&r"(seen), "=&r"(was)
                         : "r"(other), "r"(one ? EL1H : EL1T)
                         : "x1", "cc", "memory");
        test_many(&sp, i, seen, one ? was : other);
        if (i % 5) {
            continue;
        }
        exception_set_handler(leave_el0);
        go(i & 8 ? 0x3c1 : 0x3cd, 0, 0, NOTHING, 0);
        /* EL1 may not execute there, which comes first. */
        test_many(&bad, i, came.esr, ESR(EC_FETCH, PERMISSION_L3));
        test_many(&bad, i, came_by, 4);
        test_many(&bad, i, came.elr, CODE);
        test_many(&bad, i, came.spsr, EL1H | 1ull << 20);
    }
    test_many_end(&sp);
    test_many_end(&bad);
}

static void count(struct exception_frame *frame, unsigned vector)
{
    (void)vector;
    came = *frame;
    pan_in_handler = false;
    if (frame->x[8] == 1) { /* an exception inside one */
        frame->x[8] = 2;
        __asm__ volatile("mov x8, #0\n svc #7" ::: "x8", "memory");
        frame->x[9] = came.elr;
        came = *frame;
        sysreg_write(elr_el1, 0);
        sysreg_write(spsr_el1, 0);
    }
    frame->x[10]++;
}

static void test_monitor_and_nesting(void)
{
    struct test_many monitor = {.what = "ERET clears the monitor"};
    struct test_many nested = {.what = "an exception in a handler"};
    static uint64_t word;

    exception_set_handler(count);
    for (unsigned i = 0; i < ROUNDS; i++) {
        register uint64_t x8 __asm__("x8") = i & 1;
        register uint64_t x10 __asm__("x10") = i;
        uint32_t failed;

        __asm__ volatile("ldxr x3, [%3]\n svc #1\n stxr %w0, x3, [%3]"
                         : "=&r"(failed), "+r"(x8), "+r"(x10)
                         : "r"(&word)
                         : "x3", "x9", "cc", "memory");
        uint64_t mark = x8, counted = x10;
        test_many(&monitor, i, failed, 1);
        test_many(&nested, i, mark, i & 1 ? 2 : 0);
        test_many(&nested, i, counted, i + 1);
    }
    test_many_end(&monitor);
    test_many_end(&nested);
    exception_set_handler(leave_el0);
}

/* With SCTLR.SPAN clear an exception sets PSTATE.PAN, where there is one. */
static void test_pan(void)
{
    struct test_many many = {.what = "PAN on entry"};
    bool has_pan = sysreg_read(id_aa64mmfr1_el1) >> 20 & 15;
    uint64_t sctlr = sysreg_read(sctlr_el1);

    exception_set_handler(leave_el0);
    for (unsigned i = 0; has_pan && i < ROUNDS; i++) {
        bool set = i % 3 == 1;
        uint64_t value = sctlr & ~SCTLR_SPAN;

        value |= set ? 0 : SCTLR_SPAN;
        sysreg_write(s3_0_c4_c2_3, 0);
        go(EL0T, 0, DATA, SCTLR, value);
        /* Left by ERET with PAN clear; entered by EL1 itself now. */
        exception_set_handler(exception_default);
        sysreg_write(s3_0_c4_c2_3, set ? 1ull << 22 : 0);
        test_many(&many, i, esr_of(fault_of_load(DATA)),
                  set ? ESR(EC_DATA, PERMISSION_L3) : NO_FAULT);
        sysreg_write(s3_0_c4_c2_3, 0);
        exception_set_handler(leave_el0);
    }
    many.done = 0;
    test_many_end(&many);
    sysreg_write(sctlr_el1, sctlr);
    barrier_isb();
}

static void make_space(unsigned n)
{
    space[n] = tables_new(12, 48);
    tables_identity(&space[n]);
    *tables_entry(&space[n], CODE, 3) = (uint64_t)code[n] | USER_CODE;
    *tables_entry(&space[n], DATA, 3) = (uint64_t)data[n] | USER_DATA;
}

void test_main(void)
{
    tables_reset();
    make_space(0);
    make_space(1);
    mmu_on(&space[0], TCR);
    exception_set_handler(leave_el0);
    test_ttbr();
    test_asids();
    test_tlbi();
    test_tables();
    test_sctlr();
    test_tcr();
    test_vbar();
    test_handler_rewritten();
    test_flags();
    test_pending();
    test_stacks();
    test_monitor_and_nesting();
    test_pan();
}
