/*
 * WFIT and WFET: they end when the counter is there, at once when it has
 * been, and EL0's are trapped as WFI and WFE are.  QEMU 7.2 has neither.
 *
 * instructions: WFET WFIT
 * armature: -M virt -cpu max
 * armature: -M virt -cpu max -accel interp
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 */
#include "pc-bios/guest/timer.h"
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define USER 0x5500000000ull
#define NTWI (1ull << 16)
#define NTWE (1ull << 18)

enum { CLASS_WFX = 1, CONDITION = 1 << 24 | 14 << 20, RV = 1 << 2 };

static uint32_t user[1024] __attribute__((aligned(4096)));

static void wfit(uint64_t until)
{
    register uint64_t x5 __asm__("x5") = until;

    __asm__ volatile(".inst 0xd5031025" ::"r"(x5) : "memory");
}

static void wfet(uint64_t until)
{
    register uint64_t x5 __asm__("x5") = until;

    __asm__ volatile(".inst 0xd5031005" ::"r"(x5) : "memory");
}

static void test_wait(const char *what, void (*wait)(uint64_t until))
{
    uint64_t until = timer_now() + timer_hz() / 50;
    unsigned rounds = 0;

    test_part(what);
    while (timer_now() < until && ++rounds < 1000000) {
        wait(until);
    }
    test_true("ends", timer_now() >= until);
    wait(until);
    wait(0);
    test_true("at once when it is past", true);
}

/* One instruction at EL0, with x5 far ahead: twice, as ERET is an event. */
static void try_el0(const char *what, uint64_t sctlr, uint32_t insn,
                    uint64_t esr)
{
    uint64_t old = sysreg_read(sctlr_el1);

    sysreg_write(sctlr_el1, (old & ~(NTWI | NTWE)) | sctlr);
    user[0] = 0xaa0003e5; /* mov x5, x0 */
    user[1] = insn;
    user[2] = insn;
    user[3] = 0xd4000001; /* svc #0 */
    __asm__ volatile("dsb sy\nic iallu\ndsb sy\nisb" : : : "memory");
    test_equal(what, esr_of(el0_run(USER, ~0ull >> 1, 0)), esr);
    sysreg_write(sctlr_el1, old);
}

void test_main(void)
{
    struct space space;

    tables_reset();
    space = tables_new(12, 39);
    tables_identity(&space);
    *tables_entry(&space, USER, 3) = (uint64_t)user | D_PAGE | D_NORMAL |
                                     D_SHARED | D_AF | D_EL0 | D_PXN;
    mmu_on(&space, TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_TG0_4K);
    test_wait("WFIT", wfit);
    test_wait("WFET", wfet);
    test_part("EL0");
    try_el0("WFIT", NTWE, 0xd5031025,
            ESR(CLASS_WFX, CONDITION | 5 << 5 | RV | 2));
    try_el0("WFI", NTWE, 0xd503207f, ESR(CLASS_WFX, CONDITION));
    try_el0("WFET", NTWI, 0xd5031005,
            ESR(CLASS_WFX, CONDITION | 5 << 5 | RV | 3));
    test_part("SETG");
    exception_expect();
    __asm__ volatile(".inst 0x1dc20420"); /* setgp [x0]!, x1!, x2 */
    test_equal("without tags", esr_of(exception_caught()), ESR(EC_UNKNOWN, 0));
    mmu_off();
}
