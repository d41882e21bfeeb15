// Long, wide and narrow: the lower and the upper half, signs, rounding.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0xffff0000ff000000ffff000000000002
//     q5=0x00007e00ffffff8200000002fffffffe
//     q6=0xffff01ff40000000ffffffff00000001
//     q7=0x007f4000fe01007f3f8000ff3f8000ff
//     q8=0x0000fe02000000000000fffe00000000
//     q9=0x7f80ff0181827f7e00ff80017ffe8002
//     q10=0x7e81ff007f817fff00ff7fffffff0000
//     q11=0x000000000000000081fe000000000000
//     q12=0x00000000000000008102000100010000
//     q13=0x00000000000000007dffff8201fe0000
//     q14=0x00000000000000007e00000002000000
    saddl v4.8h, v1.8b, v2.8b
    usubl2 v5.4s, v1.8h, v2.8h
    smull v6.2d, v1.2s, v2.2s
    umull2 v7.8h, v1.16b, v2.16b
    uabdl v8.4s, v1.4h, v2.4h
    saddw2 v9.2d, v1.2d, v2.4s
    usubw v10.8h, v1.8h, v2.8b
    addhn v11.8b, v1.8h, v2.8h
    raddhn v12.4h, v1.4s, v2.4s
    subhn v13.2s, v1.2d, v2.2d
    rsubhn v14.8b, v1.8h, v2.8h
