/*
 * Semihosting (Arm's "Semihosting for AArch32 and AArch64"): files, the
 * console, clocks, arguments, bad parameters; the exit status at the end.
 *
 * instructions: HLT
 * run: -M virt -cpu cortex-a53 -semihosting-config enable=on,arg=one,arg=two
 * run: -M virt -cpu max -semihosting -semihosting-config arg=one,arg=two
 * armature: -M virt -accel interp -semihosting-config arg=one,arg=two
 * status: 42
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

enum {
    SYS_OPEN = 1, SYS_CLOSE, SYS_WRITEC, SYS_WRITE0, SYS_WRITE, SYS_READ,
    SYS_READC, SYS_ISERROR, SYS_ISTTY, SYS_SEEK, SYS_FLEN = 12, SYS_TMPNAM,
    SYS_REMOVE, SYS_RENAME, SYS_CLOCK, SYS_TIME, SYS_SYSTEM, SYS_ERRNO,
    SYS_GET_CMDLINE = 21, SYS_HEAPINFO, SYS_EXIT = 24,
    SYS_EXIT_EXTENDED = 32, SYS_ELAPSED = 48, SYS_TICKFREQ,
};
enum { MODE_R = 0, MODE_RP = 2, MODE_W = 4, MODE_WP = 6, MODE_A = 8 };

#define NOWHERE 0x3000000000ull

#ifndef EL0_ESR
#define EL0_ESR ESR(0, 0) /* UNDEFINED */
#endif

static int64_t call(uint64_t operation, uint64_t parameter)
{
    register uint64_t x0 __asm__("x0") = operation;
    register uint64_t x1 __asm__("x1") = parameter;

    __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
    return (int64_t)x0;
}

#define CALL(operation, ...)                                              \
    call(operation, (uint64_t)(volatile uint64_t[]){__VA_ARGS__})

static uint64_t length_of(const char *text)
{
    uint64_t n = 0;

    while (text[n]) {
        n++;
    }
    return n;
}

static int64_t open(const char *name, uint64_t mode)
{
    return CALL(SYS_OPEN, (uint64_t)name, mode, length_of(name));
}

static bool same(const char *a, const char *b, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static char name[100], other[100], big[20000], back[20000];

static void test_file(void)
{
    uint64_t in = (uint64_t)back;
    int64_t f;

    test_equal("tmpnam", CALL(SYS_TMPNAM, (uint64_t)name, 1, 100), 0);
    test_equal("tmpnam", CALL(SYS_TMPNAM, (uint64_t)other, 2, 100), 0);
    test_true("they differ", !same(name, other, length_of(other) + 1));
    test_equal("tmpnam, no room", CALL(SYS_TMPNAM, in, 1, 3), -1ull);
    test_equal("no such file", open(name, MODE_R), -1ull);
    test_equal("errno", call(SYS_ERRNO, 0), 2);

    f = open(name, MODE_W);
    test_true("a new file", f > 0);
    test_equal("write", CALL(SYS_WRITE, f, (uint64_t) "hello world", 11), 0);
    test_equal("length", CALL(SYS_FLEN, f), 11);
    test_equal("is no terminal", CALL(SYS_ISTTY, f), 0);
    test_equal("read it", CALL(SYS_READ, f, in, 5), 5);
    test_equal("close", CALL(SYS_CLOSE, f), 0);
    test_equal("close again", CALL(SYS_CLOSE, f), -1ull);

    f = open(name, MODE_R);
    test_equal("read", CALL(SYS_READ, f, in, 5), 0);
    test_true("contents", same(back, "hello", 5));
    test_equal("read past the end", CALL(SYS_READ, f, in, 100), 94);
    test_true("contents", same(back, " world", 6));
    test_equal("read at the end", CALL(SYS_READ, f, in, 100), 100);
    test_equal("seek", CALL(SYS_SEEK, f, 6), 0);
    test_equal("read", CALL(SYS_READ, f, in, 5), 0);
    test_true("contents", same(back, "world", 5));
    test_equal("nothing to read", CALL(SYS_READ, f, in, 0), 0);
    test_true("write it", CALL(SYS_WRITE, f, in, 5) != 0);
    test_equal("close", CALL(SYS_CLOSE, f), 0);

    test_equal("rename", CALL(SYS_RENAME, (uint64_t)name, length_of(name),
                              (uint64_t)other, length_of(other)), 0);
    test_equal("the old name", open(name, MODE_R), -1ull);
    test_equal("remove", CALL(SYS_REMOVE, (uint64_t)other,
                              length_of(other)), 0);
    test_true("remove again", CALL(SYS_REMOVE, (uint64_t)other,
                                   length_of(other)) != 0);
}

static void test_large(void)
{
    int64_t f = open(name, MODE_WP);

    for (unsigned i = 0; i < sizeof(big); i++) {
        big[i] = (char)(i * 7 + (i >> 8));
    }
    test_equal("write 20000",
               CALL(SYS_WRITE, f, (uint64_t)big, sizeof(big)), 0);
    test_equal("seek", CALL(SYS_SEEK, f, 0), 0);
    test_equal("read 20000",
               CALL(SYS_READ, f, (uint64_t)back, sizeof(back)), 0);
    test_true("contents", same(big, back, sizeof(big)));
    test_equal("close", CALL(SYS_CLOSE, f), 0);
    test_equal("remove", CALL(SYS_REMOVE, (uint64_t)name, length_of(name)),
               0);
}

static void test_bad(void)
{
    int64_t f = open(name, MODE_WP);

    test_equal("handle 0", CALL(SYS_READ, 0, (uint64_t)back, 9), 9);
    test_equal("handle 4711", CALL(SYS_WRITE, 4711, (uint64_t)back, 9), 9);
    test_equal("handle -1", CALL(SYS_SEEK, -1ull, 0), -1ull);
    test_equal("no parameters", call(SYS_OPEN, NOWHERE), -1ull);
    test_equal("no name", CALL(SYS_OPEN, NOWHERE, MODE_R, 5), -1ull);
    test_equal("a mode of 12", CALL(SYS_OPEN, (uint64_t)name, 12,
                                    length_of(name)), -1ull);
    test_true("write from nowhere",
              CALL(SYS_WRITE, f, NOWHERE, 5) != 0);
    test_equal("is an error", CALL(SYS_ISERROR, -1ull), 1);
    test_equal("is none", CALL(SYS_ISERROR, 5), 0);
    test_equal("close", CALL(SYS_CLOSE, f), 0);
    test_equal("remove", CALL(SYS_REMOVE, (uint64_t)name, length_of(name)),
               0);
}

static void test_features(void)
{
    int64_t f = open(":semihosting-features", MODE_R);

    test_true("open", f > 0);
    test_equal("length", CALL(SYS_FLEN, f), 5);
    test_equal("read", CALL(SYS_READ, f, (uint64_t)back, 5), 0);
    test_true("magic number", same(back, "SHFB", 4));
    test_equal("features", back[4], 3);
    test_equal("read at the end", CALL(SYS_READ, f, (uint64_t)back, 3), 3);
    test_equal("seek", CALL(SYS_SEEK, f, 4), 0);
    test_equal("read", CALL(SYS_READ, f, (uint64_t)back, 1), 0);
    test_equal("features", back[0], 3);
    test_equal("close", CALL(SYS_CLOSE, f), 0);
    test_equal("write them", open(":semihosting-features", MODE_W), -1ull);
}

static void test_console(void)
{
    int64_t out = open(":tt", MODE_W), err = open(":tt", MODE_A);

    test_true("standard output", out > 0);
    test_true("standard error", err > 0);
    test_equal("write to it", CALL(SYS_WRITE, err, (uint64_t) "x\n", 2), 0);
    test_equal("close", CALL(SYS_CLOSE, err), 0);
    test_equal("close", CALL(SYS_CLOSE, out), 0);
    call(SYS_WRITEC, (uint64_t) "y");
    call(SYS_WRITE0, (uint64_t) " and z, which is a longer one than fits "
                                "in a cache line of sixty-four bytes\n");
}

static void test_clocks(void)
{
    uint64_t a = 0, b = 0;
    int64_t clock = call(SYS_CLOCK, 0);

    test_true("time", call(SYS_TIME, 0) > 1700000000);
    test_true("clock", clock >= 0 && call(SYS_CLOCK, 0) >= clock);
    test_equal("ticks a second", call(SYS_TICKFREQ, 0), 1000000000);
    test_equal("elapsed", call(SYS_ELAPSED, (uint64_t)&a), 0);
    test_equal("elapsed", call(SYS_ELAPSED, (uint64_t)&b), 0);
    test_true("it does", *(volatile uint64_t *)&b >
                             *(volatile uint64_t *)&a);
}

static void test_surroundings(void)
{
    volatile uint64_t line[2] = {(uint64_t)back, sizeof(back)};
    volatile uint64_t heap[4] = {1, 2, 3, 4};

    test_equal("arguments", call(SYS_GET_CMDLINE, (uint64_t)line), 0);
    test_equal("their length", line[1], 7);
    test_true("their text", same(back, "one two", 8));
    line[1] = 3;
    test_equal("no room", call(SYS_GET_CMDLINE, (uint64_t)line), -1ull);
    test_equal("heap", CALL(SYS_HEAPINFO, (uint64_t)heap), 0);
    test_true("has a place", heap[0] > 0x40000000 && heap[1] >= heap[0]);
    test_true("and the stack", heap[2] >= heap[3]);
}

#define USER 0x5500000000ull

static uint32_t user[1024] __attribute__((aligned(4096)));
static struct space space;

static void turn_mmu_on(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    *tables_entry(&space, USER, 3) = (uint64_t)user | D_PAGE | D_NORMAL |
                                     D_SHARED | D_AF | D_EL0 | D_PXN;
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
}

static void test_others(void)
{
    user[0] = 0xd45e0020u; /* hlt #0xf001 */
    user[1] = 0xd65f03c0u;
    test_fault("hlt #0xf001", fault_of_call((uint64_t)user), ESR(0, 0), 0);
    user[0] = 0xd45e0000u;
    user[1] = 0xd4000001u;
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ialluis\n dsb ish\n isb"
                     ::"r"(user) : "memory");
    test_equal("hlt #0xf000 at EL0", esr_of(el0_run(USER, SYS_TIME, 0)),
               EL0_ESR);
}

void test_main(void)
{
    volatile uint64_t end[] = {0x20026, 42};

    for (unsigned on = 0; on < 2; on++) {
        if (on) {
            turn_mmu_on();
        }
        test_part(on ? "mmu on" : "mmu off");
        test_file();
        test_large();
        test_bad();
        test_features();
        test_console();
        test_clocks();
        test_surroundings();
    }
    test_others();
    call(SYS_EXIT, (uint64_t)end);
    test_true("never reached", false);
}
