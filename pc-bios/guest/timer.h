/* The generic timer of the calling CPU: virtual counter, virtual timer. */
#ifndef PC_BIOS_GUEST_TIMER_H
#define PC_BIOS_GUEST_TIMER_H

#include <stdint.h>

#include "pc-bios/guest/sysreg.h"

static inline uint64_t timer_hz(void)
{
    return sysreg_read(cntfrq_el0);
}

static inline uint64_t timer_now(void)
{
    barrier_isb();
    return sysreg_read(cntvct_el0);
}

/* Arm the timer to interrupt (PPI `intid`) when the counter reaches `when`;
   its handler disarms it and notes when it ran. */
void timer_start(unsigned intid, uint64_t when);

/* Counter value at the last interrupt since timer_start(), 0 for none. */
uint64_t timer_fired(void);

#endif
