// SQSHL, UQSHL, SQRSHL, UQRSHL: a left shift that loses bits saturates.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x7fffff7f800000fe00feff00fffe0002
//     q5=0x0000ffff4000fffe01fe8000ffff0002
//     q6=0x7fffffff8000000000ff8000fffe0002
//     q7=0xff01fe030002fffe01ff0001fffe0002
//     q8=0x000000000000000000ff0000ffff0002 fpsr=qc
    sqshl v4.16b, v1.16b, v2.16b
    uqshl v5.8h, v1.8h, v2.8h
    sqrshl v6.4s, v1.4s, v2.4s
    uqrshl v7.2d, v1.2d, v2.2d
    uqshl v8.8b, v1.8b, v2.8b
