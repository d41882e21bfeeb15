// Sixteen bytes and pairs across a page border.
// in: x1=page-4 x2=0x1122 q3=0x0f0e0d0c0b0a09080706050403020100
// out: mem[page-4]=#000102030405060708090a0b0c0d0e0f
//     x4=0x0706050403020100 x5=0x0f0e0d0c0b0a0908
//     mem[page-20]=#221100000000000008090a0b0c0d0e0f
// in: x1=page-8 x2=0x1122 q3=0x0f0e0d0c0b0a09080706050403020100
// out: mem[page-8]=#000102030405060708090a0b0c0d0e0f
//     x4=0x0706050403020100 x5=0x0f0e0d0c0b0a0908
//     mem[page-24]=#221100000000000008090a0b0c0d0e0f
    str q3, [x1]
    ldp x4, x5, [x1]
    stp x2, x5, [x1, #-16]
