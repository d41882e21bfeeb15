/*
 * Vector tables for events.c: as little of a handler as each event needs.
 * Besides x9 and x10 they change what is said below.
 */

    .macro  empty count
    .rept   \count
    .balign 128
    eret
    .endr
    .endm

    .text

/* Returns at once. */
    .balign 2048
    .globl  return_vectors
return_vectors:
    empty   16

/* Same exception level: skips the instruction; interrupts of the timer stop
   it (GICv2) and count in x12. */
    .balign 2048
    .globl  skip_vectors
skip_vectors:
    empty   4
    .balign 128
    mrs     x9, elr_el1
    add     x9, x9, #4
    msr     elr_el1, x9
    eret
    .balign 128
    mov     x10, #0x08010000
    ldr     w9, [x10, #0x0c]
    msr     cntv_ctl_el0, xzr
    isb
    str     w9, [x10, #0x10]
    add     x12, x12, #1
    eret
    .balign 128
    eret
    .balign 128
    eret
    empty   8

/* The same for GICv3. */
    .balign 2048
    .globl  icc_vectors
icc_vectors:
    empty   5
    .balign 128
    mrs     x9, S3_0_C12_C12_0
    msr     cntv_ctl_el0, xzr
    isb
    msr     S3_0_C12_C12_1, x9
    add     x12, x12, #1
    eret
    empty   10

/* From EL0: x0 system calls, then leave. */
    .balign 2048
    .globl  call_vectors
call_vectors:
    empty   8
    .balign 128
    subs    x0, x0, #1
    b.eq    1f
    eret
1:  b       el0_leave
    empty   7

/*
 * From EL0: an abort enters the descriptor x3 for the page into the table x4;
 * a system call empties the table's first 64 entries and their translations,
 * x0 times, then leaves.
 */
    .balign 2048
    .globl  page_vectors
page_vectors:
    empty   8
    .balign 128
    mrs     x9, esr_el1
    lsr     w9, w9, #26
    cmp     w9, #0x15
    b.eq    page_call
    mrs     x9, far_el1
    ubfx    x9, x9, #12, #9
    str     x3, [x4, x9, lsl #3]
    dsb     ishst
    isb
    eret
    empty   7

page_call:
    mov     x9, #63
1:  str     xzr, [x4, x9, lsl #3]
    subs    x9, x9, #1
    b.pl    1b
    dsb     ishst
    tlbi    vmalle1
    dsb     nsh
    isb
    subs    x0, x0, #1
    b.eq    2f
    eret
2:  b       el0_leave

/* What runs at EL0: x0 is the handler's, x1 where to store. */
    .balign 4096
    .globl  user_code
user_code:
1:  svc     #0
    b       1b

    .globl  user_stores
user_stores:
1:  mov     x6, x1
    mov     x5, #64
2:  str     xzr, [x6]
    add     x6, x6, #4096
    subs    x5, x5, #1
    b.ne    2b
    svc     #0
    b       1b
    .balign 4096
