/*
 * For assembler: the registers that a function keeps for its caller (AAPCS64),
 * on the stack while something else runs.
 */
#ifndef TESTS_GUEST_LIB_FRAME_H
#define TESTS_GUEST_LIB_FRAME_H

    .macro  frame_push
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    .endm

    .macro  frame_pop
    ldp     x27, x28, [sp, #80]
    ldp     x25, x26, [sp, #64]
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #96
    .endm

#endif
