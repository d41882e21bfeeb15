// Extended registers: every extension, with and without a shift.
// in: x1=0x1000 x2=0xfedcba98fedcba98
// out: x3=0x1098 x4=0xca98 x5=0xfedcca98 x6=0xfedcba98fedcca98 x7=0xf98
//     x8=-0x3568 x9=0xfffffffffedcca98 x10=0xf6e5d4c7f6e5e4c0 w11=0x1260
//     w12=0x1680
    add x3, x1, w2, uxtb
    add x4, x1, w2, uxth
    add x5, x1, w2, uxtw
    add x6, x1, x2, uxtx
    add x7, x1, w2, sxtb
    add x8, x1, w2, sxth
    add x9, x1, w2, sxtw
    add x10, x1, x2, sxtx #3
    add w11, w1, w2, uxtb #2
    sub w12, w1, w2, sxtb #4
