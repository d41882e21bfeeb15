// A pointer that is signed and authenticated by the same key and modifier.
// in: x0=0x50000123 x1=77 sp=page
// out: x2=0x50000123 x3=0x50000123 x4=0x50000123 x5=0x50000123 x30=0x50000123
//     x6=0x50000123
    mov x2, x0
    pacia x2, x1
    autia x2, x1
    mov x3, x0
    pacib x3, sp
    autib x3, sp
    mov x4, x0
    pacdza x4
    autdza x4
    mov x5, x0
    pacdb x5, x1
    autdb x5, x1
    mov x30, x0
    paciasp
    autiasp
    mov x6, x0
    pacda x6, x1
    xpacd x6
