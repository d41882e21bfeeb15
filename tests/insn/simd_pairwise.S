// ADDP, SMAXP, UMINP and the pairwise forms of one register.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x817e7e8100800101ff00817eff80fe01
//     q5=0x00827f7f8000800280807f0280008000
//     q6=0x01807fffff0100017f807fff00ff0001
//     q7=0x0180ff7f000100017f80ff0100ff8000
//     q8=0x0000000000000000ff800000ff80ff00
//     q9=0xffff0000ff81007effffff80fffe0001
//     q10=0x00017e8100010000000080ff00010000
//     q11=0x00000000ff827f000000000100fe8001
//     q12=0x00007e8100000000ffff80ff00000000
    addp v4.16b, v1.16b, v2.16b
    addp v5.2d, v1.2d, v2.2d
    smaxp v6.8h, v1.8h, v2.8h
    uminp v7.4s, v1.4s, v2.4s
    sminp v8.8b, v1.8b, v2.8b
    saddlp v9.8h, v1.16b
    uaddlp v10.4s, v1.8h
    uaddlp v11.2d, v1.4s
    saddlp v12.4s, v1.8h
