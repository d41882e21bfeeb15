// Keys without a modifier, and as hints; XPACI, XPACLRI.
// in: x0=0x50000123 x1=77 sp=page
// out: x2=0x50000123 x3=0x50000123 x4=0x50000123 x5=0x50000123 x6=0x50000123
//     x16=77 x17=0x50000123 x30=0x50000123 x10=1 nzcv=?
    mov x2, x0
    paciza x2
    autiza x2
    mov x3, x0
    pacizb x3
    autizb x3
    mov x4, x0
    pacdzb x4
    autdzb x4
    mov x5, x0
    pacib x5, x1
    xpaci x5
    mov x16, x1
    mov x17, x0
    pacia1716
    autia1716
    pacib1716
    autib1716
    mov x30, x0
    paciaz
    autiaz
    pacibz
    autibz
    pacibz
    xpaclri
    // The same key: without a modifier is with a modifier of zero.
    mov x6, x0
    paciza x6
    mov x10, xzr
    autia x6, x10
    cmp x6, x0
    cset x10, eq
