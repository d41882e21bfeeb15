// Code that is replaced, cleaned, invalidated, and run again.
// writes code
// in: x1=0
// out: x0=55 x1=10 x2=? x3=? x4=? x30=? nzcv=0110
    mov x0, #0
1:  bl victim
    adr x2, victim
    ldr w3, [x2]
    add w3, w3, #1 << 10
    str w3, [x2]
    dc cvau, x2
    dsb ish
    ic ivau, x2
    dsb ish
    isb
    add x1, x1, #1
    cmp x1, #10
    b.ne 1b
    brk #0
    .balign 64
victim:
    add x0, x0, #1
    ret
