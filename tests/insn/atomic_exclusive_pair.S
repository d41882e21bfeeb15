// LDXP and STXP of both widths; the pair is one access.
// in: x1=page x2=5 x3=6 mem.2d[page]={0x1111111122222222,3}
// out: x4=0x1111111122222222 x5=3 w6=0 x7=5 x8=0 w9=0
//     mem.2d[page]={0x600000005,6}
    ldxp x4, x5, [x1]
    stxp w6, x2, x3, [x1]
    ldaxp w7, w8, [x1]
    stlxp w9, w2, w3, [x1]
