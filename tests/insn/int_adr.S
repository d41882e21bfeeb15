// ADR and ADRP: relative to the instruction, ADRP to its page.
// in: x0=0
// out: x0=code x2=near x3=far x4=code+0x1000 x5=far x6=code-0xfffec
1:  adr x0, 1b
    adr x2, near
    adr x3, far
    adrp x4, far
    add x5, x4, :lo12:far
    adr x6, . - 0x100000
    b near
    .space 64
near:
    b far
    .space 4096
far:
    nop
