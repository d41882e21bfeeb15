// REV, REV16, REV32 of both widths.
// in: x1=0x0123456789abcdef
// out: x2=0xefcdab8967452301 x3=0x23016745ab89efcd w4=0xefcdab89 w5=0xab89efcd
//     x6=0x67452301efcdab89
    rev x2, x1
    rev16 x3, x1
    rev w4, w1
    rev16 w5, w1
    rev32 x6, x1
