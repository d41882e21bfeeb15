// The logical instructions with shifted and inverted operands.
// in: x1=0xff00ff00ff00ff00 x2=0x0f0f0f0f0f0f0f0f
// out: x3=0xf000f000f000f000 x4=0xf000f000f000f000 x5=-1 w6=0x0ff00ff0
//     x7=0xf00ff00ff00ff00f w8=0xf00ff00f w9=0xff0f0f0f
    and x3, x1, x2, lsl #4
    bic x4, x1, x2
    orn x5, x1, x1
    eon w6, w1, w2
    eor x7, x1, x2
    eor w8, w1, w2
    orn w9, wzr, w2, lsr #4
