// Shifts by immediates, up to the whole width; accumulating, inserting,
// rounding, saturating.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q9=0x0180ff7f7fff8001ff01800000010001
//     q10=0x0180ff7f7fff8001ff01800000010001
//     q11=0x0180ff7f7fff8001ff01800000010001
//     q12=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x80008080008080800080000080800080
//     q5=0x0000ffffffff00000000ffffffff0000
//     q6=0x00000000000000000000000000000000
//     q7=0x00000000000000000000000000000000
//     q8=0x00010100010000010001010001010000
//     q9=0x1170ff5f6fff9000ff20700000000001
//     q10=0x41417f0040004001ff81400080008002
//     q11=0x0ff01f7f17fff001f8000000f0001001
//     q12=0x0f90ff6070e08f1fe01f90001f1f0000
//     q13=0x7f80fe0280027ffe00fe8000fefe0002
//     q14=0xffffffffffffffff0ff0ffffffff0010
//     q15=0xffffffff0000000007fc000000000000 fpsr=qc
    shl v4.16b, v1.16b, #7
    sshr v5.8h, v1.8h, #16
    ushr v6.4s, v1.4s, #32
    srshr v7.2d, v1.2d, #64
    urshr v8.16b, v1.16b, #8
    ssra v9.8h, v1.8h, #3
    ursra v10.2d, v1.2d, #1
    sli v11.4s, v1.4s, #12
    sri v12.16b, v1.16b, #3
    sqshl v13.16b, v1.16b, #1
    uqshl v14.8h, v1.8h, #4
    sqshlu v15.4s, v1.4s, #3
