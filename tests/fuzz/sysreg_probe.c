/*
 * A bare-metal program: which system registers EL1 may read and which system
 * instructions it may execute, with what the identification registers say.
 * tests/fuzz/sysreg_probe runs it here and in QEMU.
 */
#include "tests/guest/lib/test.h"

#define MRS_X3 0xd5200003u
#define SYS_X3 0xd5000003u

static uint32_t code[16] __attribute__((aligned(64)));
static uint64_t data[64] __attribute__((aligned(512)));

/* Run one instruction with x3 = data; its exception, and what x3 is then. */
static uint64_t run(uint32_t insn, uint64_t *x3)
{
    code[0] = insn;
    code[1] = 0xd65f03c0; /* ret */
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(code) : "memory");
    exception_expect();
    __asm__ volatile("mov x3, %2\n blr %1\n mov %0, x3"
                     : "=r"(*x3)
                     : "r"(code), "r"(data)
                     : "x3", "x30", "cc", "memory");
    return esr_of(exception_caught());
}

static void try(unsigned op0, uint32_t encoding)
{
    unsigned op1 = encoding >> 11 & 7, crn = encoding >> 7 & 15;
    unsigned crm = encoding >> 3 & 15, op2 = encoding & 7;
    bool is_id = op0 == 3 && op1 == 0 && crn == 0;
    uint64_t value, esr;

    if (op0 == 1 && crn < 7) {
        return; /* not SYS */
    }
    esr = run((op0 == 1 ? SYS_X3 : MRS_X3) | op0 << 19 | encoding << 5,
              &value);
    if (esr >> 26 == EC_UNKNOWN) {
        return;
    }
    print("S%u_%u_C%u_C%u_%u", op0, op1, crn, crm, op2);
    if (esr != NO_FAULT) {
        print(" trapped, class %lx", esr >> 26);
    } else if (is_id) {
        print(" %lx", value);
    }
    print("\n");
}

void test_main(void)
{
    for (unsigned op0 = 1; op0 < 4; op0++) {
        for (uint32_t encoding = 0; encoding < 1u << 14; encoding++) {
            try(op0, encoding);
        }
    }
}
