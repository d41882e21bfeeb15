// Multiplication by one element: index 0 and the last, accumulating, long,
// saturating.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
//     q5=0x00010002000300048000000000000001
//     q6=0x00010002000300048000000000000001
//     q8=0x00010002000300048000000000000001
//     q9=0x00010002000300048000000000000001
//     q13=0x00010002000300048000000000000001
// out: q4=0x400081800180fe807e800000fe800180
//     q5=0x40818081fdc080857f4080000201ff80
//     q6=0x80810101800280057f01800000010000
//     q7=0xffff01ff007f8000000000ffffffff01
//     q8=0x3fc13fc280037f05c0007fff40020000
//     q9=0x0001fe02c00300047fffff0180fe8001
//     q10=0x0000ffffffff00000000ffffffff0000
//     q11=0x7f807f818001fffd00ff7f01ffff0002
//     q12=0xff0101fe7fff00000000fffeffff0002
//     q13=0x0004007ffe8400048000000000000000 fpsr=?
    mul v4.8h, v1.8h, v2.h[7]
    mla v5.4s, v1.4s, v2.s[3]
    mls v6.8h, v1.8h, v2.h[0]
    smull v7.4s, v1.4h, v2.h[3]
    umlal2 v8.2d, v1.4s, v2.s[2]
    smlsl v9.2d, v1.2s, v2.s[1]
    sqdmulh v10.8h, v1.8h, v2.h[1]
    sqrdmulh v11.4s, v1.4s, v2.s[2]
    sqdmull v12.4s, v1.4h, v2.h[4]
    sqdmlal v13.2d, v1.2s, v2.s[3]
