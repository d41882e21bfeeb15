// XTN, SQXTN, UQXTN, SQXTUN, and the narrowing shifts: what does not
// fit saturates; the second forms keep the lower half.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001 q3=-1
// out: q4=0x0000000000000000800101ffff00ff01
//     q5=0x00000000000000007fff80007fff8000
//     q6=0x0000000000000000ffffffffffffffff
//     q7=0x0000000000000000ff0000ffff000001
//     q8=0x000000000000000007f80bfffc00f800
//     q9=0x0000000000000000f0e0000020000000
//     q10=0x00000000000000007fffffff7fffffff
//     q11=0x00000000000000007f8180010100ffff
//     q12=0x0000000000000000ff0000ff10000000
//     q3=0x7f807f8080800101ffffffffffffffff fpsr=qc
    xtn v4.8b, v1.8h
    sqxtn v5.4h, v1.4s
    uqxtn v6.2s, v1.2d
    sqxtun v7.8b, v1.8h
    shrn v8.4h, v1.4s, #5
    rshrn v9.8b, v1.8h, #3
    sqshrn v10.2s, v1.2d, #20
    uqrshrn v11.4h, v1.4s, #16
    sqrshrun v12.8b, v1.8h, #4
    sqxtn2 v3.16b, v2.8h
