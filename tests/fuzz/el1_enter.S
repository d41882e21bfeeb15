/*
 * void words_enter(struct state *): what runs below EL2 for one exception to
 * EL2 (el1_words.c).
 * ORDER state: x0 to x30, pc, spsr; esr, far, hpfar, vector; v0 to v31, FPCR,
 * FPSR.
 */
#include "tests/guest/lib/frame.h"

#define PC 248
#define ESR 264
#define HPFAR 280
#define FP 304

    .arch armv8-a+fp

/* x2 to x29, with x0 = the state. */
    .macro  general op
    \op     x2, x3, [x0, #16]
    \op     x4, x5, [x0, #32]
    \op     x6, x7, [x0, #48]
    \op     x8, x9, [x0, #64]
    \op     x10, x11, [x0, #80]
    \op     x12, x13, [x0, #96]
    \op     x14, x15, [x0, #112]
    \op     x16, x17, [x0, #128]
    \op     x18, x19, [x0, #144]
    \op     x20, x21, [x0, #160]
    \op     x22, x23, [x0, #176]
    \op     x24, x25, [x0, #192]
    \op     x26, x27, [x0, #208]
    \op     x28, x29, [x0, #224]
    .endm

/* v0 to v31; x1 is behind them then. */
    .macro  vectors op
    add     x1, x0, #FP
    \op     q0, q1, [x1], #32
    \op     q2, q3, [x1], #32
    \op     q4, q5, [x1], #32
    \op     q6, q7, [x1], #32
    \op     q8, q9, [x1], #32
    \op     q10, q11, [x1], #32
    \op     q12, q13, [x1], #32
    \op     q14, q15, [x1], #32
    \op     q16, q17, [x1], #32
    \op     q18, q19, [x1], #32
    \op     q20, q21, [x1], #32
    \op     q22, q23, [x1], #32
    \op     q24, q25, [x1], #32
    \op     q26, q27, [x1], #32
    \op     q28, q29, [x1], #32
    \op     q30, q31, [x1], #32
    .endm

    .text
    .globl  words_enter
words_enter:
    frame_push
    msr     tpidr_el2, x0
    vectors ldp
    ldp     x2, x3, [x1]
    msr     fpcr, x2
    msr     fpsr, x3
    ldp     x2, x3, [x0, #PC]
    msr     elr_el2, x2
    msr     spsr_el2, x3
    general ldp
    ldr     x30, [x0, #240]
    ldp     x0, x1, [x0]
    isb
    eret

    .macro  entry number
    .balign 128
    stp     x0, x1, [sp, #-16]!
    mov     x1, #\number
    b       leave
    .endm

    .balign 2048
    .globl  words_vectors
words_vectors:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    entry   \number
    .endr
leave:
    mrs     x0, tpidr_el2
    general stp
    mrs     x2, hpfar_el2
    stp     x2, x1, [x0, #HPFAR]
    ldp     x2, x3, [sp], #16
    stp     x2, x3, [x0]
    str     x30, [x0, #240]
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x2, x3, [x0, #PC]
    mrs     x2, esr_el2
    mrs     x3, far_el2
    stp     x2, x3, [x0, #ESR]
    vectors stp
    mrs     x2, fpcr
    mrs     x3, fpsr
    stp     x2, x3, [x1]
    frame_pop
    ret
