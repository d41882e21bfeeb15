/*
 * Debug exceptions: breakpoints, watchpoints, software step, locks.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt -cpu max
 * armature: -M virt -cpu cortex-a72 -accel interp
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40)
#define USER 0x5500000000ull
#define USER_DATA (USER + 0x1000)
#define MDSCR_SS (1ull << 0)
#define MDSCR_KDE (1ull << 13)
#define MDSCR_MDE (1ull << 15)
#define SPSR_SS (1ull << 21)
#define SPSR_D (1ull << 9)

/* DBGBCR, DBGWCR. */
#define ENABLE 1u
#define AT_EL1 (1u << 1)
#define AT_EL0 (2u << 1)
#define BYTES(b) ((unsigned)(b) << 5)
#define HMC (1u << 13)
#define SSC(n) ((unsigned)(n) << 14)
#define LINKED_TO(n) ((unsigned)(n) << 16)
#define TYPE(n) ((unsigned)(n) << 20)
#define LOADS (1u << 3)
#define STORES (2u << 3)
#define WATCH_LINKED (1u << 20)
#define MASK(n) ((unsigned)(n) << 24)

enum { BREAKPOINT = 0x30, STEP = 0x32, WATCHPOINT = 0x34, SYSTEM = 0x18 };
enum { SAME = 1, STATUS = 0x22, WRITE = 0x40, ISV = 1 << 24, EX = 1 << 6 };

static struct space space;
static uint32_t user[1024] __attribute__((aligned(4096)));
static uint64_t data[512] __attribute__((aligned(4096)));

/* target: adds 1 to x0, and its argument to x1. */
uint64_t target(uint64_t x0);
__asm__(".pushsection .text\n"
        "target:\n"
        "add x0, x0, #1\n"
        "add x0, x0, #2\n"
        "add x0, x0, #4\n"
        "ret\n"
        ".popsection");

static void set_mdscr(uint64_t bits)
{
    sysreg_write(mdscr_el1, bits);
    barrier_isb();
}

static void os_lock(uint64_t on)
{
    sysreg_write(oslar_el1, on);
    barrier_isb();
}

/* -- breakpoints ---------------------------------------------------------- */

/* Run target() with PSTATE.D clear: which of its instructions were skipped by
 * a breakpoint, and that the exception was one. */
static uint64_t skipped(void)
{
    exception_expect();
    __asm__ volatile("msr daifclr, #8" ::: "memory");
    uint64_t ran = target(0);
    __asm__ volatile("msr daifset, #8" ::: "memory");
    const struct exception_frame *f = exception_caught();

    if (f && f->esr != ESR(BREAKPOINT | SAME, STATUS)) {
        return f->esr;
    }
    if (f && f->elr != (uint64_t)target + (ran == 5 ? 4 : ran == 3 ? 8 : 0)) {
        return f->elr;
    }
    return 7 - ran;
}

static uint64_t with_breakpoint(uint64_t at, unsigned control)
{
    sysreg_write(dbgbvr0_el1, at);
    sysreg_write(dbgbcr0_el1, control);
    barrier_isb();
    uint64_t result = skipped();
    sysreg_write(dbgbcr0_el1, 0);
    barrier_isb();
    return result;
}

static void test_breakpoints(void)
{
    uint64_t at = (uint64_t)target;
    unsigned on = ENABLE | AT_EL1 | BYTES(15);

    test_part("breakpoints");
    set_mdscr(MDSCR_MDE | MDSCR_KDE);
    test_equal("none", skipped(), 0);
    test_equal("the first instruction", with_breakpoint(at, on), 1);
    test_equal("the second", with_breakpoint(at + 4, on), 2);
    test_equal("the third", with_breakpoint(at + 8, on), 4);
    test_equal("behind", with_breakpoint(at + 16, on), 0);
    test_equal("not enabled", with_breakpoint(at, on & ~ENABLE), 0);
    test_equal("of EL0", with_breakpoint(at, ENABLE | AT_EL0 | BYTES(15)), 0);
    test_equal("of both", with_breakpoint(at, on | AT_EL0), 1);
    test_equal("lower half of the bytes",
               with_breakpoint(at, ENABLE | AT_EL1 | BYTES(3)), 1);
    test_equal("upper half of the bytes",
               with_breakpoint(at, ENABLE | AT_EL1 | BYTES(12)), 0);
    test_equal("no bytes", with_breakpoint(at, ENABLE | AT_EL1), 0);
    test_equal("of Non-secure state", with_breakpoint(at, on | SSC(1)), 1);
    test_equal("of Secure state", with_breakpoint(at, on | SSC(2)), 0);
    test_equal("of higher levels too", with_breakpoint(at, on | HMC), 1);
    set_mdscr(MDSCR_KDE);
    test_equal("without MDE", with_breakpoint(at, on), 0);
    set_mdscr(MDSCR_MDE);
    test_equal("without KDE", with_breakpoint(at, on), 0);
    set_mdscr(MDSCR_MDE | MDSCR_KDE);
    sysreg_write(dbgbvr0_el1, at);
    sysreg_write(dbgbcr0_el1, on);
    barrier_isb();
    exception_expect();
    test_equal("with PSTATE.D", target(0), 7);
    test_true("  nothing came", !exception_caught());
    sysreg_write(dbgbcr0_el1, 0);
    barrier_isb();
}

static void set_context(uint64_t id)
{
    sysreg_write(contextidr_el1, id);
    barrier_isb();
}

/* Breakpoint 5 compares contexts. */
static void test_links(void)
{
    uint64_t at = (uint64_t)target;
    unsigned on = ENABLE | AT_EL1 | BYTES(15) | TYPE(1);

    test_part("links");
    sysreg_write(dbgbvr5_el1, 0x1234);
    sysreg_write(dbgbcr5_el1, ENABLE | AT_EL1 | BYTES(15) | TYPE(3));
    set_context(0x1234);
    test_equal("the context", with_breakpoint(at, on | LINKED_TO(5)), 1);
    set_context(0x1235);
    test_equal("another context", with_breakpoint(at, on | LINKED_TO(5)), 0);
    set_context(0x1234);
    test_equal("no breakpoint of contexts",
               with_breakpoint(at, on | LINKED_TO(1)), 0);
    test_equal("one that is off", with_breakpoint(at, on | LINKED_TO(4)), 0);
    test_equal("not linked, but its number",
               with_breakpoint(at, (on & ~TYPE(1)) | LINKED_TO(4)), 1);
    sysreg_write(dbgbcr5_el1, 0);
    barrier_isb();
}

/* -- EL0 ------------------------------------------------------------------ */

/* As el0_enter(), with SPSR. */
extern const char el0_leave[];
void debug_enter(uint64_t pc, uint64_t spsr, uint64_t x0);
__asm__(".pushsection .text\n"
        "debug_enter:\n"
        "stp x29, x30, [sp, #-96]!\n"
        "stp x19, x20, [sp, #16]\n"
        "stp x21, x22, [sp, #32]\n"
        "stp x23, x24, [sp, #48]\n"
        "stp x25, x26, [sp, #64]\n"
        "stp x27, x28, [sp, #80]\n"
        "msr elr_el1, x0\n"
        "msr spsr_el1, x1\n"
        "mov x0, x2\n"
        "eret\n"
        ".popsection");

enum { MOV, LDXR, STXR, BRANCH, UNDEFINED, ADD, SVC };
static const uint32_t program[] = {
    [MOV] = 0xd2800021,       /* mov x1, #1 */
    [LDXR] = 0xc85f7c02,      /* ldxr x2, [x0] */
    [STXR] = 0xc8037c02,      /* stxr w3, x2, [x0] */
    [BRANCH] = 0x14000002,    /* b over */
    [UNDEFINED] = 0,
    [ADD] = 0x91000421,       /* over: add x1, x1, #1 */
    [SVC] = 0xd4000021,       /* svc #1 */
};

#define MAX_EVENTS 16
static struct event { uint64_t esr, pc, ss; } events[MAX_EVENTS];
static unsigned event_count, leave_after;
static uint64_t resume_spsr;

/* Note it, and go on with resume_spsr's bits. */
static void on_event(struct exception_frame *frame, unsigned vector)
{
    if (vector < 8) {
        exception_default(frame, vector);
        return;
    }
    events[event_count++] = (struct event){
        frame->esr, (frame->elr - USER) / 4, frame->spsr & SPSR_SS
    };
    if (event_count == leave_after || event_count == MAX_EVENTS) {
        frame->elr = (uint64_t)el0_leave;
        frame->spsr = 0x3c5;
    } else {
        frame->spsr = (frame->spsr & ~SPSR_SS) | resume_spsr;
    }
}

static void run_user(unsigned first, uint64_t spsr, unsigned count)
{
    event_count = 0;
    leave_after = count;
    exception_set_handler(on_event);
    debug_enter(USER + 4 * first, 0x1c0 | spsr, USER_DATA);
    exception_set_handler(exception_default);
}

static void expect_event(unsigned n, const char *what, uint64_t esr,
                         unsigned pc)
{
    test_equal(what, events[n].esr, esr);
    test_equal("  at", events[n].pc, pc);
}

static void test_user(void)
{
    test_part("EL0");
    set_mdscr(MDSCR_MDE);
    sysreg_write(dbgbvr0_el1, USER + 4 * ADD);
    sysreg_write(dbgbcr0_el1, ENABLE | AT_EL0 | BYTES(15));
    barrier_isb();
    run_user(MOV, 0, 1);
    expect_event(0, "a breakpoint", ESR(BREAKPOINT, STATUS), ADD);
    sysreg_write(dbgbcr0_el1, ENABLE | AT_EL1 | BYTES(15));
    barrier_isb();
    run_user(MOV, 0, 1);
    expect_event(0, "not of EL0", ESR(EC_SVC64, 1), SVC + 1);
    sysreg_write(dbgbcr0_el1, 0);
    sysreg_write(dbgwvr0_el1, USER_DATA);
    sysreg_write(dbgwcr0_el1, ENABLE | AT_EL0 | STORES | BYTES(0xff));
    barrier_isb();
    run_user(MOV, 0, 1);
    expect_event(0, "a store", ESR(WATCHPOINT, STATUS | WRITE), STXR);
    sysreg_write(dbgwcr0_el1, ENABLE | AT_EL0 | LOADS | BYTES(0xff));
    barrier_isb();
    run_user(MOV, 0, 1);
    expect_event(0, "a load", ESR(WATCHPOINT, STATUS), LDXR);
    sysreg_write(dbgwcr0_el1, 0);
    set_mdscr(0);
}

static void test_step(void)
{
    static const uint8_t order[] = {LDXR, STXR, BRANCH, ADD, SVC};

    test_part("software step");
    set_mdscr(MDSCR_SS);
    resume_spsr = SPSR_SS;
    run_user(MOV, SPSR_SS, ARRAY_SIZE(order) + 1);
    for (unsigned n = 0; n < ARRAY_SIZE(order); n++) {
        unsigned before = n ? order[n - 1] : MOV;

        expect_event(n, "a step",
                     ESR(STEP, ISV | (before == LDXR ? EX : 0) | STATUS),
                     order[n]);
        test_equal("  SS", events[n].ss, 0);
    }
    expect_event(5, "a call", ESR(EC_SVC64, 1), SVC + 1);
    test_equal("  SS", events[5].ss, 0);
    run_user(MOV, 0, 1);
    expect_event(0, "pending already", ESR(STEP, STATUS), MOV);
    run_user(UNDEFINED, SPSR_SS, 1);
    expect_event(0, "an exception of the instruction", ESR(EC_UNKNOWN, 0),
                 UNDEFINED);
    test_equal("  SS", events[0].ss, SPSR_SS);
    resume_spsr = 0;
    set_mdscr(0);
    run_user(MOV, SPSR_SS, 1);
    expect_event(0, "not enabled", ESR(EC_SVC64, 1), SVC + 1);
}

/* -- watchpoints ---------------------------------------------------------- */

#define ON (ENABLE | AT_EL1 | LOADS | STORES | BYTES(0xff))

static void watch(uint64_t at, unsigned control)
{
    sysreg_write(dbgwvr0_el1, at);
    sysreg_write(dbgwcr0_el1, control);
    barrier_isb();
}

/* (QEMU says of a load that it was a store when one matched before, so that
 * the registers are written again in between.) */

/* An access with PSTATE.D clear: ESR's fault part, all ones for none; FAR. */
static uint64_t seen_far;

#define ACCESS(text, at) \
    ({ \
        const struct exception_frame *f_; \
        exception_expect(); \
        __asm__ volatile("msr daifclr, #8\n mov x0, %0\n" \
                         "mov x1, #-1\n mov x2, #-1\n" text "\n" \
                         "msr daifset, #8" ::"r"(at) \
                         : "x0", "x1", "x2", "x3", "memory"); \
        f_ = exception_caught(); \
        seen_far = f_ ? f_->far : 0; \
        esr_of(f_); \
    })

#define LOAD ESR(WATCHPOINT | SAME, STATUS)
#define STORE ESR(WATCHPOINT | SAME, STATUS | WRITE)

static void test_watchpoints(void)
{
    uint64_t at = (uint64_t)data + 0x100;

    test_part("watchpoints");
    set_mdscr(MDSCR_MDE | MDSCR_KDE);
    data[32] = 5;
    watch(at, ON);
    test_equal("a store", ACCESS("str x1, [x0]", at), STORE);
    test_equal("  FAR", seen_far, at);
    watch(at, ON);
    test_equal("a load", ACCESS("ldr x1, [x0]", at), LOAD);
    test_equal("a byte", ACCESS("ldrb w1, [x0]", at + 7), LOAD);
    test_equal("  FAR", seen_far, at + 7);
    test_equal("the byte before", ACCESS("ldrb w1, [x0]", at - 1), NO_FAULT);
    test_equal("the byte behind", ACCESS("strb w1, [x0]", at + 8), NO_FAULT);
    test_equal("a pair that begins before",
               ACCESS("ldp x1, x2, [x0]", at - 8), LOAD);
    test_equal("  FAR", seen_far, at);
    test_equal("unaligned, its end", ACCESS("str x1, [x0]", at - 7), STORE);
    test_equal("  FAR", seen_far, at);
    watch(at, ON);
    test_equal("a vector", ACCESS("ldr q0, [x0]", at - 8), LOAD);
    test_equal("a structure", ACCESS("ld1 {v0.16b, v1.16b}, [x0]", at - 16),
               LOAD);
    test_equal("a prefetch", ACCESS("prfm pldl1keep, [x0]", at), NO_FAULT);
    test_equal("the memory", data[32], 5);
    watch(at, (ON & ~STORES) | BYTES(0xff));
    test_equal("loads only, a store", ACCESS("str x1, [x0]", at), NO_FAULT);
    test_equal("loads only, a load", ACCESS("ldr x1, [x0]", at), LOAD);
    watch(at, (ON & ~LOADS) | BYTES(0xff));
    test_equal("stores only, a load", ACCESS("ldr x1, [x0]", at), NO_FAULT);
    test_equal("stores only, a store", ACCESS("str x1, [x0]", at), STORE);
    watch(at, (ON & ~AT_EL1) | AT_EL0);
    test_equal("of EL0", ACCESS("str x1, [x0]", at), NO_FAULT);
    test_equal("of EL0, unprivileged, no such page",
               ACCESS("sttr x1, [x0]", at),
               ESR(0x25, WRITE | 0x0e));
    watch(USER_DATA, (ON & ~AT_EL1) | AT_EL0);
    test_equal("of EL0, unprivileged", ACCESS("sttr x1, [x0]", USER_DATA),
               STORE);
    test_equal("of EL0, privileged", ACCESS("str x1, [x0]", USER_DATA),
               NO_FAULT);
    watch(USER_DATA, ON);
    test_equal("of EL1, unprivileged", ACCESS("ldtr x1, [x0]", USER_DATA),
               NO_FAULT);
    watch(at + 4, ON & ~BYTES(0xff));
    test_equal("no bytes", ACCESS("str x1, [x0]", at), NO_FAULT);
}

static void test_masks(void)
{
    struct test_many many = {.what = "ranges by MASK"};
    uint64_t middle = (uint64_t)data + 0x800;

    for (unsigned bits = 3; bits < 14; bits++) {
        uint64_t size = 1ull << bits, first = middle & ~(size - 1);

        watch(first, ON | MASK(bits));
        test_many(&many, first, ACCESS("ldrb w1, [x0]", first), LOAD);
        test_many(&many, first + size - 1,
                  ACCESS("ldrb w1, [x0]", first + size - 1), LOAD);
        test_many(&many, first - 1, ACCESS("ldrb w1, [x0]", first - 1),
                  NO_FAULT);
        test_many(&many, first + size, ACCESS("ldrb w1, [x0]", first + size),
                  NO_FAULT);
    }
    test_many_end(&many);
    watch(middle, ON | MASK(6));
    test_equal("DC ZVA", ACCESS("dc zva, x0", middle), STORE);
    watch(0, 0);
    test_equal("none", ACCESS("str x1, [x0]", middle), NO_FAULT);
}

static void test_linked_watchpoint(void)
{
    uint64_t at = (uint64_t)data + 0x300;

    sysreg_write(dbgbvr4_el1, 7);
    sysreg_write(dbgbcr4_el1, ENABLE | AT_EL1 | BYTES(15) | TYPE(3));
    watch(at, ON | WATCH_LINKED | LINKED_TO(4));
    set_context(7);
    test_equal("linked, the context", ACCESS("ldr x1, [x0]", at), LOAD);
    set_context(8);
    test_equal("linked, another context", ACCESS("ldr x1, [x0]", at),
               NO_FAULT);
    sysreg_write(dbgbcr4_el1, 0);
    watch(0, 0);
    set_mdscr(0);
}

static void test_registers(void)
{
    test_part("registers");
    os_lock(1);
    test_equal("OSLSR locked", sysreg_read(oslsr_el1), 10);
    os_lock(0);
    test_equal("OSLSR open", sysreg_read(oslsr_el1), 8);
    test_equal("BRK with everything masked",
               ACCESS("msr daifset, #15\n brk #7", 0), ESR(EC_BRK, 7));
}

void test_main(void)
{
    for (unsigned n = 0; n < ARRAY_SIZE(program); n++) {
        user[n] = program[n];
    }
    space = tables_new(12, 48);
    tables_identity(&space);
    *tables_entry(&space, USER, 3) = (uint64_t)user | D_PAGE | D_AF |
                                     D_SHARED | D_EL0 | D_READ_ONLY | D_PXN;
    *tables_entry(&space, USER_DATA, 3) =
        (uint64_t)data | D_PAGE | D_AF | D_SHARED | D_EL0 | D_UXN | D_PXN;
    __asm__ volatile("dsb sy\n ic ialluis\n dsb sy\n isb" ::: "memory");
    mmu_on(&space, TCR);
    os_lock(0);
    test_registers();
    test_breakpoints();
    test_links();
    test_user();
    test_step();
    test_watchpoints();
    test_masks();
    test_linked_watchpoint();
}
