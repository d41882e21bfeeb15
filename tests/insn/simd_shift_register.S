// SSHL, USHL, SRSHL, URSHL: by the signed low byte, either way, and by
// more than the width.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0xfeffff00000000fe00feff00fffe0002
//     q5=0x000000004000fffe01fe8000fffe0002
//     q6=0x000000000002fffe00ff8000fffe0002
//     q7=0xff01fe030002fffe01ff0001fffe0002
//     q8=0xff01fe030002fffe01ff0001fffe0002
//     q9=0x000000000000000000fe0000fffe0002
    sshl v4.16b, v1.16b, v2.16b
    ushl v5.8h, v1.8h, v2.8h
    srshl v6.4s, v1.4s, v2.4s
    urshl v7.2d, v1.2d, v2.2d
    sshl v8.2d, v1.2d, v2.2d
    ushl v9.8b, v1.8b, v2.8b
