/*
 * For tests/cli/registers: goes to the level and state that the word at
 * 0x44000000 asks for, fills registers, and says so on the serial line.
 * Bits: 3..0 PSTATE.M, 4 FP, 5 SVE, 15..12 ZCR_ELx.LEN, 17 SCR_EL3.NS.
 */
    .arch armv8-a+sve2
    .text
    .globl  _start
_start:
    mov     x9, #0x44000000
    ldr     w9, [x9]
    ubfx    x10, x9, #12, #4
    mrs     x11, currentel
    lsr     x11, x11, #2
    ubfx    x12, x9, #4, #1             // CPACR_EL1.FPEN, ZEN
    ubfx    x13, x9, #5, #1
    add     x12, x12, x12, lsl #1
    add     x13, x13, x13, lsl #1
    lsl     x13, x13, #16
    orr     x12, x13, x12, lsl #20
    cmp     x11, #3
    b.ne    2f
    tbz     w9, #5, 1f
    mov     x13, #0x100                 // CPTR_EL3.EZ
    msr     cptr_el3, x13
    isb
    msr     s3_6_c1_c2_0, x10           // ZCR_EL3
1:  ubfx    x14, x9, #17, #1
    mov     x13, #0x530                 // SCR_EL3: RW, HCE, RES1
    orr     x13, x13, x14
    msr     scr_el3, x13
    isb
2:  cmp     x11, #2
    b.ne    3f
    mov     x13, #1 << 31               // HCR_EL2.RW
    msr     hcr_el2, x13
    mov     x13, #0x32ff                // CPTR_EL2: nothing trapped
    msr     cptr_el2, x13
    isb
3:  msr     cpacr_el1, x12
    isb
    tbz     w9, #5, 5f
    cmp     x11, #2
    b.ne    4f
    msr     s3_4_c1_c2_0, x10           // ZCR_EL2
4:  msr     s3_0_c1_c2_0, x10           // ZCR_EL1
5:  and     x13, x9, #15
    orr     x13, x13, #0x3c0
    adr     x14, fill
    cmp     x11, #2
    b.lt    6f
    b.eq    7f
    msr     spsr_el3, x13
    msr     elr_el3, x14
    eret
6:  msr     spsr_el1, x13
    msr     elr_el1, x14
    eret
7:  msr     spsr_el2, x13
    msr     elr_el2, x14
    eret

fill:
    mov     x0, #0x1234
    tbz     w9, #4, 1f
    fmov    d5, x0
    movi    v7.16b, #0x77
    mov     x1, #1 << 24                // FZ
    msr     fpcr, x1
    mov     x1, #0x9f
    msr     fpsr, x1
    tbz     w9, #5, 1f
    ptrue   p3.s
    ptrue   p15.b
    wrffr   p3.b
    index   z9.b, #1, #3
    dup     z31.d, x0
1:  subs    x1, x0, #0x2000
    ldr     x2, =0x123456789abcdef0
    mov     sp, x2
    mov     w3, #'!'
    mov     x4, #0x09000000
    str     w3, [x4]
2:  b       2b
