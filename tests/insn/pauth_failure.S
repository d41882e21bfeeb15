// A changed pointer, another modifier, another key: the address becomes one
// that faults; stripped, it is the old one.
// in: x0=0x50000120 x1=77 x2=78
// out: x3=0x50000120 x4=1 x5=0x50000121 x6=1 x7=? x8=0x50000120 x9=1 nzcv=?
    mov x3, x0
    pacia x3, x1
    autia x3, x2
    cmp x3, x0
    cset x4, ne
    xpaci x3
    mov x5, x0
    pacda x5, x1
    eor x5, x5, #1
    autda x5, x1
    add x7, x0, #1
    cmp x5, x7
    cset x6, ne
    xpacd x5
    mov x8, x0
    pacib x8, x1
    autdb x8, x1
    cmp x8, x0
    cset x9, ne
    xpaci x8
