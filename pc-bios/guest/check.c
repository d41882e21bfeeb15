#include "pc-bios/guest/check.h"

#include <stddef.h>
#include <stdint.h>

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/check_memory.h"
#include "pc-bios/guest/exception.h"
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/note.h"
#include "pc-bios/guest/print.h"
#include "pc-bios/guest/rtc.h"
#include "pc-bios/guest/smp.h"
#include "pc-bios/guest/sysreg.h"
#include "pc-bios/guest/timer.h"
#include "pc-bios/guest/uart.h"

enum { OWN_SGI = 5 };

static char detail[100];
static volatile unsigned own_interrupts;

bool note(bool ok, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_list(detail, sizeof(detail), format, list);
    va_end(list);
    return ok;
}

static bool caught_is(const char *what, unsigned class, unsigned iss)
{
    const struct exception_frame *frame = exception_caught();

    if (!frame) {
        return note(false, "%s did nothing", what);
    }
    return exception_class(frame) == class && (frame->esr & 0xffff) == iss
               ? true
               : note(false, "%s gave ESR %lx", what, frame->esr);
}

static bool check_exceptions(void)
{
    exception_expect();
    __asm__ volatile("svc #0x1234" ::: "memory");
    if (!caught_is("SVC", EC_SVC64, 0x1234)) {
        return false;
    }
    exception_expect();
    __asm__ volatile("brk #0x55" ::: "memory");
    if (!caught_is("BRK", EC_BRK, 0x55)) {
        return false;
    }
    exception_expect();
    __asm__ volatile(".inst 0" ::: "memory");
    if (!caught_is("UDF", EC_UNKNOWN, 0)) {
        return false;
    }
    return note(true, "SVC, BRK and an undefined instruction");
}

/* The timer and its interrupt: not early, and within a second. */
static bool check_timer(void)
{
    uint64_t hz = timer_hz(), start, when;

    if (hz < 1000000 || hz > 10000000000) {
        return note(false, "CNTFRQ says %lu Hz", hz);
    }
    start = timer_now();
    when = start + hz / 100;
    timer_start(board.timer_intid, when);
    while (!timer_fired() && timer_now() < when + hz) {
    }
    if (!timer_fired()) {
        return note(false, "no interrupt after 1 s");
    }
    return note(timer_fired() >= when, "%s after 10 ms",
                timer_fired() >= when ? "interrupt" : "too early");
}

static void on_own_sgi(unsigned intid)
{
    (void)intid;
    own_interrupts++;
}

static bool check_gic(void)
{
    uint64_t end = timer_now() + timer_hz();

    own_interrupts = 0;
    gic_handle(OWN_SGI, on_own_sgi);
    gic_send(OWN_SGI, 0, sysreg_read(mpidr_el1));
    while (!own_interrupts && timer_now() < end) {
    }
    if (own_interrupts != 1) {
        return note(false, "%u interrupts after sending one",
                    own_interrupts);
    }
    return note(true, "version %u, an interrupt to ourselves",
                gic_place.version);
}

static bool check_uart(void)
{
    return note(uart_transmit_interrupts('\r'), "interrupt %u after sending",
                board.uart_intid);
}

static bool check_cpus(void)
{
    struct smp_result r;
    unsigned others = board.cpu_count - 1;
    bool ok;

    if (!others) {
        return note(true, "only this one");
    }
    smp_visit(&r);
    if (r.error) {
        return note(false, "CPU_ON of cpu %u gave %d", r.error_cpu, r.error);
    }
    ok = r.arrived == others && r.interrupted == others &&
         r.off == others && r.count == r.expected;
    return note(ok, "%u of %u started, %u interrupted, %u stopped; counted "
                "%lu of %lu", r.arrived, others, r.interrupted, r.off,
                r.count, r.expected);
}

static bool check_rtc(void)
{
    uint32_t then = rtc_seconds(), now;
    uint64_t end = timer_now() + 2 * timer_hz();

    if (!board.rtc) {
        return note(true, "none");
    }
    do {
        now = rtc_seconds();
    } while (now == then && timer_now() < end);
    return note(now == then + 1, "ticks from %u to %u", then, now);
}

static const struct {
    const char *name;
    bool (*run)(void);
} checks[] = {
    {"memory", check_memory},   {"exceptions", check_exceptions},
    {"mmu", check_mmu},         {"gic", check_gic},
    {"timer", check_timer},     {"uart", check_uart},
    {"cpus", check_cpus},       {"rtc", check_rtc},
};

bool check_all(void)
{
    unsigned failed = 0;

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        bool ok;

        detail[0] = 0;
        ok = checks[i].run();
        failed += !ok;
        print("  %-11s %s  %s\n", checks[i].name, ok ? "ok    " : "FAILED",
              detail);
    }
    return failed == 0;
}
