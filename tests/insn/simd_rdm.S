// SQRDMLAH and SQRDMLSH: one rounding, saturation at the end.
// in: v1.4h={0x4000,0x8000,1,0x7fff} v2.4h={0x4000,0x8000,1,0x7fff}
//     v3.8h={1,1,-1,0x7fff,0,0,0,0} v4.8h={1,1,-1,0,0,0,0,0}
// out: v3.8h={0x2001,0x7fff,0xffff,0x7fff,0,0,0,0}
//     v4.8h={0xe001,0x8001,0xffff,0x8002,0,0,0,0} fpsr=qc
    sqrdmlah v3.4h, v1.4h, v2.4h
    sqrdmlsh v4.4h, v1.4h, v2.4h
