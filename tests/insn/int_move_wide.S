// MOVZ, MOVN and MOVK at every place; MOVK of 32 bits clears the upper.
// in: x0=0x1111222233334444 x1=0x1111222233334444
// out: x0=0xabcd222256784444 w1=0x3333abcd x2=0xabcd0000 x3=0xffff5432ffffffff
//     w4=0x5432ffff x5=-1 w6=0xffffffff
    movk x0, #0x5678, lsl #16
    movk x0, #0xabcd, lsl #48
    movk w1, #0xabcd
    movz x2, #0xabcd, lsl #16
    movn x3, #0xabcd, lsl #32
    movn w4, #0xabcd, lsl #16
    movn x5, #0
    movn w6, #0
