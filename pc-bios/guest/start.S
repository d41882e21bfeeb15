/*
 * Entry of bare-metal programs: the arm64 Image header (Linux's
 * Documentation/arm64/booting), the way down to EL1, self-relocation, stacks.
 *
 * The boot CPU arrives with x0 = the device tree and goes to guest_main();
 * others arrive from PSCI CPU_ON with x0 = their number and go to
 * guest_secondary().  Both have the MMU off.  Neither function returns.
 */
#include "pc-bios/guest/limits.h"

    .section .head, "ax"
    .globl _start
_start:
    b       start
    nop
    .quad   0                       /* at the start of any 2 MiB page */
    .quad   image_end - _start
    .quad   0xa                     /* little endian, 4 KiB pages, anywhere */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

    .text
start:
    mov     x20, x0
    bl      drop_to_el1

    /* Linked at 0: apply the R_AARCH64_RELATIVE entries. */
    adrp    x0, _start
    add     x0, x0, :lo12:_start
    adrp    x1, rela_start
    add     x1, x1, :lo12:rela_start
    adrp    x2, rela_end
    add     x2, x2, :lo12:rela_end
1:  cmp     x1, x2
    b.hs    2f
    ldp     x3, x4, [x1], #16
    ldr     x5, [x1], #8
    cmp     w4, #1027
    b.ne    1b
    add     x5, x5, x0
    str     x5, [x0, x3]
    b       1b

2:  adrp    x1, bss_start
    add     x1, x1, :lo12:bss_start
    adrp    x2, bss_end
    add     x2, x2, :lo12:bss_end
3:  cmp     x1, x2
    b.hs    4f
    stp     xzr, xzr, [x1], #16
    b       3b

4:  mov     x19, #0
    bl      prepare_cpu
    mov     x0, x20
    bl      guest_main
    b       halt

    .globl  secondary_start
secondary_start:
    mov     x20, x0
    bl      drop_to_el1
    mov     x19, x20
    bl      prepare_cpu
    mov     x0, x20
    bl      guest_secondary
halt:
    wfi
    b       halt

/* x19: number of this CPU.  Sets its stack, vectors and TPIDR_EL1. */
prepare_cpu:
    adrp    x1, stacks
    add     x1, x1, :lo12:stacks
    add     x2, x19, #1
    mov     x3, #STACK_SIZE
    madd    x1, x2, x3, x1
    mov     sp, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el1, x1
    msr     tpidr_el1, x19
    isb
    ret

/* At EL2 (board with virtualization=on): give all to EL1 and go there. */
drop_to_el1:
    msr     spsel, #1
    msr     daifset, #15
    mrs     x0, currentel
    cmp     x0, #0x8
    b.ne    2f
    mov     x0, #1 << 31            /* HCR_EL2.RW */
    msr     hcr_el2, x0
    mov     x0, #3                  /* counter and timer belong to EL1 */
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    mov     x0, #0x33ff             /* no FP or trace traps */
    msr     cptr_el2, x0
    msr     hstr_el2, xzr
    msr     vttbr_el2, xzr
    mrs     x0, midr_el1
    msr     vpidr_el2, x0
    mrs     x0, mpidr_el1
    msr     vmpidr_el2, x0
    mrs     x0, id_aa64pfr0_el1
    ubfx    x0, x0, #24, #4
    cbz     x0, 1f
    mov     x0, #9                  /* ICC_SRE_EL2: SRE, Enable */
    msr     s3_4_c12_c9_5, x0
    isb
1:  mov     x0, #0x3c5              /* EL1h, all masked */
    msr     spsr_el2, x0
    msr     elr_el2, x30
    mov     x0, #0x0800
    movk    x0, #0x30d0, lsl #16    /* SCTLR_EL1: its RES1 bits */
    msr     sctlr_el1, x0
    eret
2:  ret

    .bss
    .balign 16
stacks:
    .space  STACK_SIZE * MAX_CPUS
