/*
 * A CPU at EL2 with the MMU off, and what it runs below itself (level.h).
 * level_start comes from PSCI CPU_ON with x0 = the stack's end.
 */
#define FRAME_SAVED 96

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
    stp     x29, x30, [sp, #-FRAME_SAVED]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
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
    ldp     x27, x28, [sp, #80]
    ldp     x25, x26, [sp, #64]
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #FRAME_SAVED
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
