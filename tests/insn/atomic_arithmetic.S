// LDADD, LDCLR, LDEOR, LDSET, SWP: the old value comes back.
// in: x1=page x2=0xff x3=3 mem.2d[page]={0xfffffffffffffff0,0}
// out: x4=0xfffffffffffffff0 w5=0xef w6=0xee x7=0x11 w8=0x13 x9=0x10
//     mem.2d[page]={3,0} x10=3
    ldadd x2, x4, [x1]
    ldaddb w2, w5, [x1]
    ldeorh w2, w6, [x1]
    ldset x3, x7, [x1]
    ldclral w3, w8, [x1]
    swpal x3, x9, [x1]
    ldaddl xzr, x10, [x1]
