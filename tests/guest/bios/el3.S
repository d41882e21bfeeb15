/*
 * Firmware at EL3 (-bios): goes to EL2 and EL1, Non-secure, and to Secure
 * EL1; each calls back by SMC, whose vector, ESR_EL3, SPSR_EL3 and SCR_EL3
 * are printed.  Traps of SCR_EL3, CPTR_EL3 and illegal returns likewise.
 *
 * run: -M virt,secure=on,virtualization=on -cpu cortex-a72
 * run: -M virt,secure=on,virtualization=on,gic-version=3 -cpu cortex-a57
 */
#define UART 0x09000000
#define NS 0x531 /* SCR_EL3: RW, HCE, RES1, NS */
#define SECURE 0x530

    .text
    b       start

    .balign 2048
vectors:
    .rept 16
    .balign 128
    b       leave
    .endr

    .balign 2048
start:
    adr     x0, vectors
    msr     vbar_el3, x0
    mrs     x0, currentel
    bl      number
    bl      newline
    msr     cptr_el3, xzr
    mov     x0, #(1 << 31)
    msr     hcr_el2, x0
    mov     x0, #0x33ff
    msr     cptr_el2, x0

    .macro try scr, spsr, code
    mov     x0, #\scr
    mov     x1, #\spsr
    adr     x2, \code
    bl      enter
    .endm
    try     NS, 0x3c9, call
    try     NS, 0x3c5, call
    try     SECURE, 0x3c5, call
    try     SECURE, 0x3c9, call     /* no Secure EL2: illegal */
    try     NS, 0x3cd, call         /* EL3 itself */
    try     (NS | 1 << 13), 0x3c5, wait_event
    try     (NS | 1 << 12), 0x3c9, wait
    mov     x0, #(1 << 31)
    msr     cptr_el3, x0            /* TCPAC */
    try     NS, 0x3c5, cpacr
    try     NS, 0x3c9, cptr
    mov     x0, #(1 << 10)
    msr     cptr_el3, x0            /* TFP */
    try     NS, 0x3c9, float
    try     NS, 0x3cd, float
    adr     x0, text
    bl      print
    mov     w0, #0x18               /* SYS_EXIT by semihosting */
    adr     x1, exit_reason
    hlt     #0xf000
    b       .

call:
    smc     #0x42
wait_event:
    wfe
    wfe
    smc     #0x43
wait:
    wfi
    smc     #0x44
cpacr:
    mrs     x0, cpacr_el1
    smc     #0x45
cptr:
    mrs     x0, cptr_el2
    smc     #0x46
float:
    fmov    d0, x0
    smc     #0x47

/* Run x2 with SPSR x1 and SCR x0; print what comes of it. */
enter:
    mov     x28, x30
    mov     x27, x2
    msr     scr_el3, x0
    msr     spsr_el3, x1
    msr     elr_el3, x2
    isb
    eret
leave:
    mrs     x0, esr_el3
    bl      number
    mrs     x0, elr_el3
    sub     x0, x0, x27
    bl      number
    mrs     x0, spsr_el3
    bl      number
    mrs     x0, scr_el3
    bl      number
    bl      newline
    br      x28

/* x0 as eight hexadecimal digits and a blank. */
number:
    mov     x4, #UART
    mov     x5, #28
1:  lsr     x6, x0, x5
    and     x6, x6, #15
    add     x7, x6, #'0'
    add     x8, x6, #('a' - 10)
    cmp     x6, #10
    csel    x7, x7, x8, lo
    strb    w7, [x4]
    subs    x5, x5, #4
    b.pl    1b
    mov     w7, #' '
    strb    w7, [x4]
    ret
newline:
    mov     x4, #UART
    mov     w7, #'\n'
    strb    w7, [x4]
    ret
print:
    mov     x4, #UART
1:  ldrb    w7, [x0], #1
    cbz     w7, 2f
    strb    w7, [x4]
    b       1b
2:  ret

    .balign 8
exit_reason:
    .quad   0x20026, 0              /* ADP_Stopped_ApplicationExit */
text:
    .asciz  "end\n"
