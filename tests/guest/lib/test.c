#include "tests/guest/lib/test.h"

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/psci.h"
#include "pc-bios/guest/timer.h"
#include "pc-bios/guest/uart.h"

#define CPACR_FPEN (3ull << 20)
/* Where the device tree is for what starts as at reset. */
#define RAM_BASE 0x40000000

static cpu_function *functions[MAX_CPUS];

void guest_main(uint64_t tree);
void guest_secondary(unsigned number);

void guest_main(uint64_t tree)
{
    board_find(tree ? tree : RAM_BASE);
    uart_init();
    sysreg_write(cpacr_el1, CPACR_FPEN);
    barrier_isb();
    gic_init();
    gic_init_cpu();
    test_main();
    print("end\n");
    psci_power_off();
}

void guest_secondary(unsigned number)
{
    sysreg_write(cpacr_el1, CPACR_FPEN);
    barrier_isb();
    gic_init_cpu();
    functions[number](number);
    psci_cpu_off();
}

void test_equal(const char *what, uint64_t got, uint64_t want)
{
    if (got == want) {
        print("ok %s\n", what);
    } else {
        print("FAILED %s: got %lx, want %lx\n", what, got, want);
    }
}

void test_true(const char *what, bool ok)
{
    print("%s %s\n", ok ? "ok" : "FAILED", what);
}

void test_part(const char *what)
{
    print("-- %s\n", what);
}

void test_many(struct test_many *many, uint64_t where, uint64_t got,
               uint64_t want)
{
    many->done++;
    if (got != want && !many->failed++) {
        many->where = where;
        many->got = got;
        many->want = want;
    }
}

void test_many_end(const struct test_many *many)
{
    if (!many->failed) {
        print("ok %s (%u)\n", many->what, many->done);
    } else {
        print("FAILED %s: %u of %u; first at %lx: got %lx, want %lx\n",
              many->what, many->failed, many->done, many->where, many->got,
              many->want);
    }
}

const struct exception_frame *fault_of_load(uint64_t va)
{
    uint32_t value;

    exception_try_read32(va, &value);
    return exception_caught();
}

const struct exception_frame *fault_of_store(uint64_t va)
{
    exception_try_write32(va, 0);
    return exception_caught();
}

const struct exception_frame *fault_of_call(uint64_t va)
{
    exception_expect();
    __asm__ volatile("blr %0" ::"r"(va) : "x30", "memory");
    return exception_caught();
}

uint64_t esr_of(const struct exception_frame *frame)
{
    return frame ? frame->esr : NO_FAULT;
}

void test_fault(const char *what, const struct exception_frame *frame,
                uint64_t esr, uint64_t far)
{
    if (esr_of(frame) != esr) {
        test_equal(what, esr_of(frame), esr);
    } else {
        test_equal(what, frame ? frame->far : far, far);
    }
}

bool cpu_start(unsigned cpu, cpu_function *function)
{
    functions[cpu] = function;
    barrier_dsb();
    return psci_cpu_on(board.cpus[cpu].mpidr, cpu) == PSCI_SUCCESS;
}

uint64_t test_deadline(void)
{
    return timer_now() + 20 * timer_hz();
}

bool cpu_join(unsigned cpu)
{
    uint64_t end = test_deadline();

    while (psci_affinity_info(board.cpus[cpu].mpidr) != PSCI_OFF) {
        if (timer_now() > end) {
            return false;
        }
    }
    return true;
}

bool wait_until(volatile uint64_t *word, uint64_t value)
{
    uint64_t end = test_deadline();

    while (*word != value) {
        if (timer_now() > end) {
            return false;
        }
    }
    barrier_dmb();
    return true;
}
