// SMAX, UMAX, SMIN, UMIN, SABD, UABD.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
//     q2=0x0180ff7f7fff8001ff01800000010001
// out: q4=0x7f80ff7f7f017f010001800000010001
//     q5=0x7f80ff7f80018001ff018000ffff0001
//     q6=0x0180ff7f80017fffff018000ffff0001
//     q7=0x00000000000000000001800000010001
//     q8=0x7e00007efffefffe01fe000000020000
//     q9=0x7dffff820001fffefe020000fffe0000
    smax v4.16b, v1.16b, v2.16b
    umax v5.8h, v1.8h, v2.8h
    smin v6.4s, v1.4s, v2.4s
    umin v7.8b, v1.8b, v2.8b
    sabd v8.8h, v1.8h, v2.8h
    uabd v9.4s, v1.4s, v2.4s
