// Pairs from and to registers of all kinds: the host has few for its own
// comparison of two words.
// in: x0=page x2=5 x30=page+32 mem.2d[page]={1,2}
//     mem.2d[page+32]={0x8000000000000000,7}
// out: x5=1 x6=2 x7=6 w8=0 x9=6 x10=0 w11=1 x0=0x8000000000000000 x19=7
//     w3=0 x20=7 w4=0 mem.2d[page]={6,0}
//     mem.2d[page+32]={7,0x8000000000000000}
    ldxp x5, x6, [x0]
    add x7, x2, #1
    stxp w8, x7, xzr, [x0]
    ldxp x9, x10, [x0]
    clrex
    stxp w11, x2, x2, [x0]
    ldxp x0, x19, [x30]
    stlxp w3, x0, x19, [x30]
    ldaxp xzr, x20, [x30]
    stxp w4, x20, x0, [x30]
