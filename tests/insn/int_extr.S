// EXTR takes from two registers, ROR from one; amounts 0 and the most.
// in: x1=0x0123456789abcdef x2=0xfedcba9876543210
// out: x3=0xfedcba9876543210 x4=0x02468acf13579bdf x5=0xdeffedcba9876543
//     x6=0xef0123456789abcd w7=0xef765432 w8=0x76543210 w9=0x13579bdf
    extr x3, x1, x2, #0
    extr x4, x1, x2, #63
    extr x5, x1, x2, #12
    ror x6, x1, #8
    extr w7, w1, w2, #8
    extr w8, w1, w2, #0
    extr w9, w1, w1, #31
