/*
 * CPU 1 at EL2 with the MMU off, for programs about exception levels.  Such a
 * program defines level_main() and starts it from test_main() by
 * level_run(); the runtime's own code (test.h) stays at EL1 on CPU 0.
 */
#ifndef TESTS_GUEST_LIB_LEVEL_H
#define TESTS_GUEST_LIB_LEVEL_H

#include "tests/guest/lib/test.h"

/* Start level_main() on CPU 1 and wait until it says level_done(). */
void level_run(void);
void level_main(void);
void level_done(void) __attribute__((noreturn));

enum { LEVEL_EL0 = 0x3c0, LEVEL_EL1 = 0x3c5, LEVEL_EL2 = 0x3c9 };

/*
 * Run one instruction with this SPSR and print what becomes of it: the
 * exception at EL1 or EL2 with its syndrome, how far its ELR is behind the
 * instruction and its SPSR, or that it was done.  Interrupts that are not
 * masked come before.
 */
void level_try(const char *what, uint32_t spsr, uint32_t insn);

/* Go to `pc` with this SPSR, until an exception comes to EL2. */
void level_enter(uint64_t spsr, uint64_t pc);

/* MRS and MSR with x3. */
#define LEVEL_SYS(is_read, op0, op1, crn, crm, op2)                       \
    (0xd5000003u | (uint32_t)(is_read) << 21 | (op0) << 19 | (op1) << 16 | \
     (crn) << 12 | (crm) << 8 | (op2) << 5)
#define LEVEL_MRS(op0, op1, crn, crm, op2)                                \
    LEVEL_SYS(1, op0, op1, crn, crm, op2)
#define LEVEL_MSR(op0, op1, crn, crm, op2)                                \
    LEVEL_SYS(0, op0, op1, crn, crm, op2)

#endif
