// ADD and SUB of every element size; 64-bit forms clear the upper half.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x8000fe80ff00ff00ff000000ff000002
//     q5=0x00000000000000000000000000000002
//     q6=0x8101fe80000100000001000000000002
//     q7=0x8101fe81000100000001000100000002
//     q8=0x000000000000000001fe0000fffe0000
//     q9=0x7e00ff820002fffe01fe0000fffe0000
//     q10=0x000000000000000001fe0000fffe0000
//     q11=0x7dffff820001fffe01fe0000fffe0000
    add v4.16b, v1.16b, v2.16b
    add v5.4h, v1.4h, v2.4h
    add v6.4s, v1.4s, v2.4s
    add v7.2d, v1.2d, v2.2d
    sub v8.8b, v1.8b, v2.8b
    sub v9.8h, v1.8h, v2.8h
    sub v10.2s, v1.2s, v2.2s
    sub v11.2d, v1.2d, v2.2d
