#include "pc-bios/guest/smp.h"

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/mmu.h"
#include "pc-bios/guest/psci.h"
#include "pc-bios/guest/sysreg.h"
#include "pc-bios/guest/timer.h"

enum { SGI = 1 };

/* Each written by one CPU only. */
static volatile bool arrived[MAX_CPUS], raced[MAX_CPUS];
static volatile unsigned interrupts[MAX_CPUS];
static volatile bool go, leave;
static volatile uint64_t counter;

void guest_secondary(unsigned number);

static void on_sgi(unsigned intid)
{
    (void)intid;
    interrupts[cpu_number()]++;
}

static void race(void)
{
    for (unsigned i = 0; i < SMP_ROUNDS; i++) {
        uint64_t value;
        uint32_t failed;

        __asm__ volatile("1: ldxr %0, [%2]\n"
                         "   add  %0, %0, #1\n"
                         "   stxr %w1, %0, [%2]\n"
                         "   cbnz %w1, 1b"
                         : "=&r"(value), "=&r"(failed)
                         : "r"(&counter)
                         : "memory");
    }
    barrier_dmb();
}

/* Where the other CPUs come from start.S. */
void guest_secondary(unsigned number)
{
    mmu_enable();
    gic_init_cpu();
    irq_enable();
    arrived[number] = true;
    while (!go) {
    }
    race();
    raced[number] = true;
    while (!leave) {
    }
    irq_disable();
    psci_cpu_off();
}

/* True when every one of the CPUs that arrived satisfies this within 2 s. */
static unsigned wait_for(bool (*done)(unsigned cpu))
{
    uint64_t end = timer_now() + 2 * timer_hz();
    unsigned count;

    do {
        count = 0;
        for (unsigned i = 1; i < board.cpu_count; i++) {
            count += done(i);
        }
    } while (count < board.cpu_count - 1 && timer_now() < end);
    return count;
}

static bool has_arrived(unsigned cpu)
{
    return arrived[cpu];
}

static bool has_raced(unsigned cpu)
{
    return raced[cpu];
}

static bool has_interrupt(unsigned cpu)
{
    return interrupts[cpu] == 1;
}

static bool is_off(unsigned cpu)
{
    return arrived[cpu] &&
           psci_affinity_info(board.cpus[cpu].mpidr) == PSCI_OFF;
}

void smp_visit(struct smp_result *result)
{
    *result = (struct smp_result){0};
    go = leave = false;
    counter = 0;
    gic_handle(SGI, on_sgi);
    for (unsigned i = 1; i < board.cpu_count; i++) {
        int status;

        arrived[i] = raced[i] = false;
        interrupts[i] = 0;
        barrier_dsb();
        status = psci_cpu_on(board.cpus[i].mpidr, i);
        if (status) {
            result->error = status;
            result->error_cpu = i;
        }
    }
    result->arrived = wait_for(has_arrived);
    go = true;
    race();
    wait_for(has_raced);
    for (unsigned i = 1; i < board.cpu_count; i++) {
        if (arrived[i]) {
            gic_send(SGI, i, board.cpus[i].mpidr);
        }
    }
    result->interrupted = wait_for(has_interrupt);
    leave = true;
    result->off = wait_for(is_off);
    result->count = counter;
    result->expected = (uint64_t)SMP_ROUNDS * (result->arrived + 1);
}
