/*
 * For tests/cli/walks: turns the MMU on, reads where nothing is mapped and
 * where a page may not be written, and has the TLB forget.
 */
    .text
    .globl  _start
_start:
    adr     x0, vectors
    msr     vbar_el1, x0
    mov     x0, #0xff
    msr     mair_el1, x0
    ldr     x0, =0x200803519            // 40 bits, EPD1, cacheable, 39 bits
    msr     tcr_el1, x0
    ldr     x0, =one + (7 << 48)
    msr     ttbr0_el1, x0
    isb
    mrs     x0, sctlr_el1
    mov     x1, #0x1005                 // I, C, M
    orr     x0, x0, x1
    msr     sctlr_el1, x0
    isb
    mov     x1, #0x80000000
    ldr     x2, [x1, #8]
    str     x2, [x1, #0x1010]
    ldr     x0, =0x80001 + (7 << 48)
    tlbi    vae1is, x0
    tlbi    vale1, x0
    tlbi    aside1, x0
    tlbi    vmalle1
    dsb     sy
    mov     w0, #0x84000000             // SYSTEM_OFF
    add     w0, w0, #8
    hvc     #0

    .balign 2048
vectors:
    .space  512                         // from EL1: go on behind it
    mrs     x9, elr_el1
    add     x9, x9, #4
    msr     elr_el1, x9
    eret

    .data
    .balign 4096
one:
    .quad   0, 0x40000701, two + 3      // 1 GiB; a table
    .balign 4096
two:
    .quad   three + 3
    .balign 4096
three:
    .quad   0, 0x40000f83               // a page, read-only, nG
    .balign 4096
