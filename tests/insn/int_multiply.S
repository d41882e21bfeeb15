// MADD, MSUB, the long forms, and the upper halves of products.
// in: x1=0xffffffff80000000 x2=-1 x3=5
// out: x4=0x80000005 x5=0xffffffff80000005 w6=0x80000005 x7=0x80000005
//     x8=0x7fffffff80000005 x9=0xffffffff80000005 x10=0xffffffff7fffffff x11=0
//     w12=0x80000000
    madd x4, x1, x2, x3
    msub x5, x1, x2, x3
    madd w6, w1, w2, w3
    smaddl x7, w1, w2, x3
    umaddl x8, w1, w2, x3
    smsubl x9, w1, w2, x3
    umulh x10, x1, x2
    smulh x11, x1, x2
    mneg w12, w1, w2
    neg w12, w12
