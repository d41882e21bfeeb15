/*
 * A CPU at EL2 with the MMU off, and what it runs below itself (level.h).
 * level_start comes from PSCI CPU_ON with x0 = the stack's end.
 */
#include "tests/guest/lib/frame.h"

    .text
    .globl  level_start
level_start:
    msr     spsel, #1
    msr     daifset, #15
    mov     sp, x0
    adrp    x1, level_vectors
    add     x1, x1, :lo12:level_vectors
    msr     vbar_el2, x1
    adrp    x1, level_vectors_el1
    add     x1, x1, :lo12:level_vectors_el1
    msr     vbar_el1, x1
    isb
    bl      level_main
1:  wfi
    b       1b

/* void level_enter(spsr, pc): until an exception comes to EL2. */
    .globl  level_enter
level_enter:
    frame_push
    msr     spsr_el2, x0
    msr     elr_el2, x1
    isb
    eret

    .macro to_el2 number
    .balign 128
    mov     x1, #\number
    b       leave
    .endm

    .balign 2048
level_vectors:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    to_el2  \number
    .endr
leave:
    adrp    x2, level_vector
    add     x2, x2, :lo12:level_vector
    str     x1, [x2]
    frame_pop
    ret

/* EL1's, which tell EL2 by an HVC of 0x100 and the vector. */
    .macro to_el1 number
    .balign 128
    hvc     #(0x100 + \number)
    .endm

    .balign 2048
level_vectors_el1:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    to_el1  \number
    .endr
