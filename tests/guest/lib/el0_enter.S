/*
 * void el0_enter(pc, x0, x1): go to EL0 and return when el0_leave is
 * returned to, with the callee-saved registers as they were.
 */
#include "tests/guest/lib/frame.h"

    .text
    .globl  el0_enter
el0_enter:
    frame_push
    msr     elr_el1, x0
    mov     x0, #0x3c0              /* EL0t, all masked */
    msr     spsr_el1, x0
    mov     x0, x1
    mov     x1, x2
    eret

    .globl  el0_leave
el0_leave:
    frame_pop
    ret
