#include "pc-bios/guest/timer.h"

#include "pc-bios/guest/gic.h"

static volatile uint64_t fired;

static void on_interrupt(unsigned intid)
{
    (void)intid;
    sysreg_write(cntv_ctl_el0, 0);
    barrier_isb();
    fired = timer_now();
}

void timer_start(unsigned intid, uint64_t when)
{
    fired = 0;
    gic_handle(intid, on_interrupt);
    sysreg_write(cntv_cval_el0, when);
    sysreg_write(cntv_ctl_el0, 1);
    barrier_isb();
    gic_enable(intid);
}

uint64_t timer_fired(void)
{
    return fired;
}
