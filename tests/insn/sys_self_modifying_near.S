// The instruction behind the ISB is the one that was written; a branch in
// the same line of the cache, and one written into another page.
// writes code
// in: x1=5
// out: x0=42 x1=5 x2=? x3=? x4=? w5=? x30=?
    adr x2, near
    ldr w3, new
    str w3, [x2]
    adrp x4, other
    add x4, x4, :lo12:other
    ldr w5, back
    str w5, [x4, #4]
    dc cvau, x2
    dc cvau, x4
    dsb ish
    ic ivau, x2
    ic ivau, x4
    dsb ish
    isb
near:
    mov x0, #1
    bl other
    brk #0
new:
    mov x0, #40
back:
    ret
    .balign 4096
other:
    add x0, x0, #2
    brk #1
