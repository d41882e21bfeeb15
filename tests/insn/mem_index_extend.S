// Offsets in registers: extended, with and without the scale.
// in: x1=page x2=0x1234567800000004 x3=0xffffffff x4=-4
//     mem[page-4]=#0a0b0c0d000102030405060708090a0b
//     mem[page+12]=#0c0d0e0f101112131415161718191a1b
// out: x5=4 x6=0x0908 x7=0x13121110 x8=0x0d x9=0x0d x10=0x0a w11=0x03020100
    ldrb w5, [x1, w2, uxtw]
    ldrh w6, [x1, w2, uxtw #1]
    ldr w7, [x1, w2, uxtw #2]
    ldrb w8, [x1, w3, sxtw]
    ldrb w9, [x1, w3, sxtw #0]
    ldrb w10, [x1, x4]
    ldr w11, [x1, xzr, lsl #2]
