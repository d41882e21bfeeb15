// ADDV, SADDLV, UADDLV, SMAXV, UMAXV, SMINV, UMINV.
// in: q1=0x7f80ff0180017fff00ff8000ffff0001
// out: b4=0x7c h5=0x80ff s6=0x80ff01 h7=0xff7c s8=0x3ff80 d9=0x20080ff01
//     b10=0x7f h11=0xffff s12=0x80017fff b13=0x0
    addv b4, v1.16b
    addv h5, v1.4h
    addv s6, v1.4s
    saddlv h7, v1.16b
    uaddlv s8, v1.8h
    uaddlv d9, v1.4s
    smaxv b10, v1.16b
    umaxv h11, v1.8h
    sminv s12, v1.4s
    uminv b13, v1.8b
