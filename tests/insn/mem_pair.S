// LDP, STP, LDPSW in their three forms.
// in: x1=page x2=0x1111 x3=0x2222 mem.2d[page+32]={-5,6}
//     mem.4s[page+48]={0x80000000,5,0xffffffff,7}
// out: mem.2d[page-16]={0x1111,0x2222} mem.2d[page]={0x222200001111,0} x4=-5
//     x5=6 x6=0xffffffff80000000 x7=5 w8=0xffffffff w9=7 x1=page+48 x10=0x2222
//     x11=0x1111
    stp x2, x3, [x1, #-16]
    stp w2, w3, [x1]
    stp wzr, wzr, [x1, #8]
    ldp x11, x10, [x1, #-16]!
    ldp x4, x5, [x1, #48]
    add x1, x1, #64
    ldpsw x6, x7, [x1], #8
    ldp w8, w9, [x1], #-8
