// PMULL of 64 bits, lower and upper half, and of bytes.
// in: v1.2d={0xffffffffffffffff,0x8000000000000001}
//     v2.2d={0xffffffffffffffff,0xc200000000000003}
//     v3.8b={255,128,1,2,83,202,0,7} v4.8b={255,128,255,3,202,83,9,7}
// out: q5=0x55555555555555555555555555555555
//     q6=0x61000000000000014200000000000003
//     v7.8h={0x5555,0x4000,0xff,0x6,0x3f7e,0x3f7e,0x0,0x15}
    pmull v5.1q, v1.1d, v2.1d
    pmull2 v6.1q, v1.2d, v2.2d
    pmull v7.8h, v3.8b, v4.8b
