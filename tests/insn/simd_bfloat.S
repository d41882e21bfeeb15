// BFDOT and BFMMLA know no FPCR and set no flags: infinity times zero is the
// default NaN, denormals are zero.
// in: v1.8h={0x3f80,0x4000,0x4040,0x3f00,0x3f80,0x3f80,0x7f80,0x3f80}
//     v2.8h={0x4000,0x4040,0x4080,0x4000,0x3f80,0xbf80,0,0x3f80}
//     v3.4s={1.0,1.0,1.0,1.0} v4.4s={1.0,1.0,1.0,1.0}
//     v5.4s={1.0,1.0,1.0,1.0} fpcr=rz
// out: v3.4s={9.0,14.0,1.0,0x7fc00000} v4.4s={9.0,8.5,0,0}
//     v5.4s={22.0,0.5,0x7f800000,0x7fc00000}
// in: v1.8h={1,0x3f80,1,0x3f80,0,0,0,0} v2.8h={0x3f80,0x3f80,0x3f80,1,0,0,0,0}
//     v3.4s={1.0,1,0,0} v4.4s={0,0,0,0} v5.4s={0,0,0,0}
// out: v3.4s={2.0,0,0,0} v4.4s={1.0,1.0,0,0} v5.4s={1.0,0,0,0}
    bfdot v3.4s, v1.8h, v2.8h
    bfdot v4.2s, v1.4h, v2.2h[0]
    bfmmla v5.4s, v1.8h, v2.8h
