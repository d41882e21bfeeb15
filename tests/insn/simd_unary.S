// ABS, NEG, SQABS, SQNEG (the most negative one), CNT, CLZ, CLS, RBIT,
// REV, NOT, SUQADD, USQADD.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q16=0x0180ff7f7fff8001ff01800000010001
//     q17=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x7f80010180017f010001800001010001
//     q5=0x807f00fe7ffe8001ff007fff0000ffff
//     q6=0x7f8000ff7fff7fff00ff7fff00010001
//     q7=0x817f01ff7fff810100017f00010100ff
//     q8=0x07010801010107080008010008080001
//     q9=0x00000001000000000000000800000000
//     q10=0x000000070000000000070000000f000e
//     q11=0x000000000000000000ff0100ffff0080
//     q12=0x807f00fe7ffe8000ff007fff0000fffe
//     q13=0x7fff8001ff017f800001ffff800000ff
//     q14=0x01ff807fff7f01800080ff000100ffff
//     q15=0x807f01ff0180ff7fff000080ffff0100
//     q16=0x7f007f7f7f00ff7fff7f00007f7f0002
//     q17=0x8100fe800000ffffffff000000000002 fpsr=qc
    abs v4.16b, v1.16b
    neg v5.2d, v1.2d
    sqabs v6.8h, v1.8h
    sqneg v7.16b, v1.16b
    cnt v8.16b, v1.16b
    clz v9.4s, v1.4s
    cls v10.8h, v1.8h
    rbit v11.8b, v1.8b
    not v12.16b, v1.16b
    rev64 v13.8h, v1.8h
    rev32 v14.16b, v1.16b
    rev16 v15.16b, v1.16b
    suqadd v16.16b, v1.16b
    usqadd v17.8h, v1.8h
