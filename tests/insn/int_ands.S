// ANDS, BICS and TST: N and Z of the result, C and V cleared.
// in: x1=0x80000000 x2=-1 nzcv=0011
// out: x3=0x80000000 x4=0 w5=0x80000000 x6=8 w7=0 x8=4 nzcv=0000
    ands x3, x1, x2
    mrs x4, nzcv
    ands w5, w1, w2
    mrs x6, nzcv
    lsr x6, x6, #28
    bics w7, w1, w2, asr #31
    mrs x8, nzcv
    lsr x8, x8, #28
    tst x1, #0xffffffff
