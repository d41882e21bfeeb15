// Shifted second operands, by 0 and by the most.
// in: x1=1 x2=0x8000000080000000
// out: x3=0x8000000080000001 x4=1 x5=2 x6=0 w7=0x80000001 w8=2 w9=0
//     w10=0x40000001
    add x3, x1, x2, lsl #0
    add x4, x1, x2, lsl #63
    add x5, x1, x2, lsr #63
    add x6, x1, x2, asr #63
    add w7, w1, w2, lsl #0
    add w8, w1, w2, lsr #31
    add w9, w1, w2, asr #31
    add w10, w1, w2, lsr #1
