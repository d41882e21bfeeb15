// CCMN adds, and immediates are unsigned; AL and NV always compare.
// in: x1=-31 nzcv=0000
// out: x0=6 x2=11 nzcv=0110
// in: x1=0x7fffffff nzcv=0100
// out: x0=8 x2=2 nzcv=1001
    ccmn x1, #31, #8, ne
    mrs x0, nzcv
    lsr x0, x0, #28
    ccmp x1, #0, #11, mi
    mrs x2, nzcv
    lsr x2, x2, #28
    ccmn w1, #31, #0, al
