/*
 * Of debug exceptions what QEMU 7.2 does otherwise than the manual says: the
 * OS lock and double lock (D2.9), watchpoints and tagged addresses
 * (WatchpointByteMatch), bytes, atomic accesses, MDSCR_EL1.TDCC.
 *
 * armature: -M virt -cpu max
 * armature: -M virt -cpu max -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_TBI0)
#define USER 0x5500000000ull
#define MDSCR_TDCC (1ull << 12)
#define MDSCR_KDE (1ull << 13)
#define MDSCR_MDE (1ull << 15)
#define WATCH_ALL (1u | 1u << 1 | 3u << 3 | 0xffu << 5)
#define WATCH_NONE (WATCH_ALL & ~(0xffu << 5))
#define WATCH_LOADS (1u | 1u << 1 | 1u << 3 | 0xffu << 5)
#define LOAD ESR(0x35, 0x22)
#define STORE ESR(0x35, 0x62)

static struct space space;
static uint64_t data[4] __attribute__((aligned(64)));
static uint32_t user[1024] __attribute__((aligned(4096)));

static void set_mdscr(uint64_t bits)
{
    sysreg_write(mdscr_el1, bits);
    barrier_isb();
}

static void watch_at(uint64_t at, unsigned control)
{
    sysreg_write(dbgwvr0_el1, at);
    sysreg_write(dbgwcr0_el1, control);
    barrier_isb();
}

static void watch(unsigned control)
{
    watch_at((uint64_t)data, control);
}

#define ACCESS(text, at) \
    ({ \
        exception_expect(); \
        __asm__ volatile(".arch_extension lse\n" \
                         "msr daifclr, #8\n mov x0, %0\n mov x2, #1\n" \
                         text "\n" \
                         "msr daifset, #8" ::"r"(at) \
                         : "x0", "x1", "x2", "x3", "memory"); \
        esr_of(exception_caught()); \
    })

static void test_locks(void)
{
    test_part("locks");
    test_equal("open", ACCESS("ldr x1, [x0]", data), LOAD);
    sysreg_write(oslar_el1, 1);
    barrier_isb();
    test_equal("with the OS lock", ACCESS("ldr x1, [x0]", data), NO_FAULT);
    test_equal("BRK with it", ACCESS("brk #1", data), ESR(EC_BRK, 1));
    sysreg_write(oslar_el1, 0);
    sysreg_write(osdlr_el1, 1);
    barrier_isb();
    test_equal("with the double lock", ACCESS("ldr x1, [x0]", data),
               NO_FAULT);
    sysreg_write(osdlr_el1, 0);
    barrier_isb();
    test_equal("open again", ACCESS("ldr x1, [x0]", data), LOAD);
}

static void test_accesses(void)
{
    test_part("accesses");
    test_equal("by a tagged address",
               ACCESS("ldr x1, [x0]", (uint64_t)data | 0x5aull << 56), LOAD);
    test_equal("a store after a load", ACCESS("str x2, [x0]", data), STORE);
    test_equal("a load after a store", ACCESS("ldr x1, [x0]", data), LOAD);
    test_equal("LDXR", ACCESS("ldxr x1, [x0]", data), LOAD);
    test_equal("LDADD", ACCESS("ldadd x2, x1, [x0]", data), LOAD);
    test_equal("CAS", ACCESS("cas x2, x1, [x0]", data), LOAD);
    watch(WATCH_LOADS);
    test_equal("SWP, loads only", ACCESS("swp x2, x1, [x0]", data), LOAD);
    test_equal("the memory", data[0], 0);
    watch(0);
    test_equal("LDADD, not watched", ACCESS("ldadd x2, x1, [x0]", data),
               NO_FAULT);
    test_equal("the memory", data[0], 1);
}

/* Every run of bytes of a doubleword by loads around it.  QEMU
 * also stops at some bytes beside them. */
static void test_bytes(void)
{
    struct test_many many = {.what = "bytes by BAS"};
    uint64_t at = (uint64_t)data + 8;

    for (unsigned first = 0; first < 8; first++) {
        for (unsigned count = 1; first + count <= 8; count++) {
            watch_at(at, WATCH_NONE | (((1u << count) - 1) << first) << 5);
            for (unsigned n = 0; n < 16; n++) {
                uint64_t byte = at - 4 + n, word = byte;
                bool hit = n >= 4 + first && n < 4 + first + count;
                bool hit4 = n + 4 > 4 + first && n < 4 + first + count;

                test_many(&many, word, ACCESS("ldr w1, [x0]", word),
                          hit4 ? LOAD : NO_FAULT);
                test_many(&many, byte, ACCESS("ldrb w1, [x0]", byte),
                          hit ? LOAD : NO_FAULT);
            }
            test_many(&many, 0, ACCESS("strb w1, [x0]", at + first), STORE);
        }
    }
    test_many_end(&many);
}

static void test_channel(void)
{
    const struct exception_frame *f;

    test_part("debug communications channel");
    user[0] = 0xd5330102; /* mrs x2, mdccsr_el0 */
    user[1] = 0xd4000041; /* svc #2 */
    __asm__ volatile("dsb sy\n ic ialluis\n dsb sy\n isb" ::: "memory");
    set_mdscr(MDSCR_TDCC);
    f = el0_run(USER, 0, 0);
    test_equal("with TDCC", f->esr,
               ESR(0x18, 2 << 20 | 3 << 14 | 1 << 1 | 2 << 5 | 1));
    set_mdscr(0);
    f = el0_run(USER, 0, 0);
    test_equal("without", f->esr, ESR(EC_SVC64, 2));
}

void test_main(void)
{
    space = tables_new(12, 48);
    tables_identity(&space);
    *tables_entry(&space, USER, 3) = (uint64_t)user | D_PAGE | D_AF |
                                     D_SHARED | D_EL0 | D_READ_ONLY | D_PXN;
    mmu_on(&space, TCR);
    sysreg_write(oslar_el1, 0);
    set_mdscr(MDSCR_MDE | MDSCR_KDE);
    watch(WATCH_ALL);
    test_locks();
    test_accesses();
    test_bytes();
    test_channel();
}
