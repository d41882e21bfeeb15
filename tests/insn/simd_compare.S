// CMxx and CMTST: all ones or zero, by element.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x00ffff00000000000000ffff0000ffff
//     q5=0xffff00000000ffffffff000000000000
//     q6=0xffffffffffffffffffffffffffffffff
//     q7=0xffffffffffffffff00000000ffffffff
//     q8=0x000000000000000000ffffffffffffff
//     q9=0xffffffffffffffffffffffffffffffff
//     q10=0xffffffffffffffff0000000000000000
//     q11=0x0000000000000000ffffffff00000000
    cmeq v4.16b, v1.16b, v2.16b
    cmgt v5.8h, v1.8h, v2.8h
    cmge v6.2d, v1.2d, v2.2d
    cmhi v7.4s, v1.4s, v2.4s
    cmhs v8.8b, v1.8b, v2.8b
    cmtst v9.8h, v1.8h, v2.8h
    cmhi v10.2d, v1.2d, v2.2d
    cmgt v11.2s, v1.2s, v2.2s
