// SQADD, UQADD, SQSUB, UQSUB: the sums that do not fit, and QC.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x7f80fe7fff00ff00ff008000ff000002
//     q5=0x7fffffffffffffff0001000100000002
//     q6=0x8100ffffffffffffffffffffffff0002
//     q7=0x0000000000000000ffffffffffffffff
//     q8=0x8101fe8100010000ffffffffffffffff
//     q9=0x7e00ff8280007fff01fe0000fffe0000
//     q10=0x7dffff828000000001fe0000fffe0000
//     q11=0x000000000000000000fe0000fffe0000
//     q12=0x7dffff820001fffe0000000000000000 fpsr=qc
    sqadd v4.16b, v1.16b, v2.16b
    sqadd v5.2d, v1.2d, v2.2d
    uqadd v6.8h, v1.8h, v2.8h
    uqadd v7.2s, v1.2s, v2.2s
    uqadd v8.2d, v1.2d, v2.2d
    sqsub v9.8h, v1.8h, v2.8h
    sqsub v10.4s, v1.4s, v2.4s
    uqsub v11.8b, v1.8b, v2.8b
    uqsub v12.2d, v1.2d, v2.2d
