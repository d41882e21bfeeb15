// SHADD, UHADD, SRHADD, URHADD, SHSUB, UHSUB keep the carry.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x4080ff40ff00ff00ff008000ff000001
//     q5=0x4080ff40800080008000800080000001
//     q6=0x4080ff40000080000000800000000001
//     q7=0x00000000000000008080800080800001
//     q8=0x3f00ffc180017fff00ff0000ffff0000
//     q9=0x3effffc10000ffff80ff00007fff0000
    shadd v4.16b, v1.16b, v2.16b
    uhadd v5.8h, v1.8h, v2.8h
    srhadd v6.4s, v1.4s, v2.4s
    urhadd v7.8b, v1.8b, v2.8b
    shsub v8.8h, v1.8h, v2.8h
    uhsub v9.4s, v1.4s, v2.4s
