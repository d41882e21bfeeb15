/*
 * void el0_enter(pc, x0, x1): go to EL0 and return when el0_leave is
 * returned to, with the callee-saved registers as they were.
 */
    .text
    .globl  el0_enter
el0_enter:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    msr     elr_el1, x0
    mov     x0, #0x3c0              /* EL0t, all masked */
    msr     spsr_el1, x0
    mov     x0, x1
    mov     x1, x2
    eret

    .globl  el0_leave
el0_leave:
    ldp     x27, x28, [sp, #80]
    ldp     x25, x26, [sp, #64]
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #96
    ret
