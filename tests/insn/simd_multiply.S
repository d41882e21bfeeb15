// MUL, SQDMULH, SQRDMULH (the most negative times itself saturates), PMUL.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x7f00017f80ff80ff00ff000000ff0001
//     q5=0x000000000000000001ff0000ffff0001
//     q6=0x4080807f4001ffff4000000000000001
//     q7=0x017e000180018001fffe7fffffff0000
//     q8=0x017f817f8001fffdfffe03fffffffffe
//     q9=0x7f00557f80ff80ff00ff000000ff0001 fpsr=qc
    mul v4.16b, v1.16b, v2.16b
    mul v5.4h, v1.4h, v2.4h
    mul v6.4s, v1.4s, v2.4s
    sqdmulh v7.8h, v1.8h, v2.8h
    sqrdmulh v8.4s, v1.4s, v2.4s
    pmul v9.16b, v1.16b, v2.16b
