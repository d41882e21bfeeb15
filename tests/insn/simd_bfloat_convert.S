// BFMLALB, BFMLALT and conversions obey FPCR and set flags.
// in: v1.8h={0x3f80,0x4000,0x4040,0x3f00,0x3f80,0x3f80,0x7f80,0x3f80}
//     v2.8h={0x4000,0x4040,0x4080,0x4000,0x3f80,0xbf80,0,0x3f80}
//     v3.4s={1.0,1.0,1.0,1.0} v4.4s={1.0,1.0,1.0,1.0} v5.4s={1.0,1.0,1.0,1.0}
//     v6.4s={0x3f808000,0x3f818000,0x7f800001,0x7f7fffff} v8.8h={1,2,3,4,5,6,7,8}
// out: v3.4s={3.0,13.0,2.0,0x7fc00000} v4.4s={7.0,2.0,0.0,2.0}
//     v5.4s={9.0,3.0,5.0,5.0} v7.4h={0x3f80,0x3f82,0x7fc0,0x7f80}
//     v8.8h={1,2,3,4,0x3f80,0x3f82,0x7fc0,0x7f80} v9.4h={0x3f80,0,0,0}
//     fpsr=ioc+ofc+ixc
    bfmlalb v3.4s, v1.8h, v2.8h
    bfmlalt v4.4s, v1.8h, v2.8h
    bfmlalt v5.4s, v1.8h, v2.h[2]
    bfcvtn v7.4h, v6.4s
    bfcvtn2 v8.8h, v6.4s
    bfcvt h9, s6
