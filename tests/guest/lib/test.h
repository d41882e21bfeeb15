/*
 * What the programs of this folder share.  A program defines test_main();
 * it runs at EL1 on the boot CPU with the MMU off, the GIC on, interrupts
 * masked and FP enabled, and the machine powers off when it returns.
 */
#ifndef TESTS_GUEST_LIB_TEST_H
#define TESTS_GUEST_LIB_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pc-bios/guest/exception.h"
#include "pc-bios/guest/print.h"
#include "pc-bios/guest/sysreg.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void test_main(void);

/* One line each: "ok WHAT", or FAILED with the values. */
void test_equal(const char *what, uint64_t got, uint64_t want);
void test_true(const char *what, bool ok);

/* A heading. */
void test_part(const char *what);

/* For loops too long to print: count and keep the first difference, print
   one line at the end. */
struct test_many {
    const char *what;
    unsigned done, failed;
    uint64_t where, got, want;
};
void test_many(struct test_many *many, uint64_t where, uint64_t got,
               uint64_t want);
void test_many_end(const struct test_many *many);

/* Run code at EL0 until it takes an exception, which is returned.  Its stack
   pointer is unset; it needs the pages it touches mapped for EL0. */
const struct exception_frame *el0_run(uint64_t pc, uint64_t x0, uint64_t x1);

/* The same with a handler that serves some itself and leaves the others, which
   end it, to el0_exception(). */
const struct exception_frame *el0_run_with(exception_function *handler,
                                           uint64_t pc, uint64_t x0,
                                           uint64_t x1);
void el0_exception(struct exception_frame *frame, unsigned vector);

/* The exception of one instruction that uses an address, or NULL. */
const struct exception_frame *fault_of_load(uint64_t va);
const struct exception_frame *fault_of_store(uint64_t va);
const struct exception_frame *fault_of_call(uint64_t va);

/* ESR of that exception, all ones for none: EC, IL and ISS as the manual
   lays them out (Arm ARM, ESR_EL1). */
#define NO_FAULT UINT64_MAX
uint64_t esr_of(const struct exception_frame *frame);
#define ESR(ec, iss) ((uint64_t)(ec) << 26 | 1u << 25 | (uint64_t)(iss))

/* Compare ESR and FAR of a fault. */
void test_fault(const char *what, const struct exception_frame *frame,
                uint64_t esr, uint64_t far);

/* When to give up what should come at once: late, hosts are busy. */
uint64_t test_deadline(void);

/* Other CPUs: start one in a function, which may return; wait until a CPU is
   off again, or a word has a value; false after test_deadline(). */
typedef void cpu_function(unsigned cpu);
bool cpu_start(unsigned cpu, cpu_function *function);
bool cpu_join(unsigned cpu);
bool wait_until(volatile uint64_t *word, uint64_t value);

#endif
