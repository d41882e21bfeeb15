// DUP, INS, UMOV, SMOV, MOVI, MVNI, FMOV, EXT.
// in: v1.16b=#000182838485868788898a8b8c8d8e8f x2=0x1122334455667788 q9=0
// out: v3.8h={0x8382,0x8382,0x8382,0x8382,0x8382,0x8382,0x8382,0x8382}
//     v4.2d={0x1122334455667788,0x1122334455667788} w5=0x8f
//     x6=0xffffffffffffff8f w7=0xffff8584 x8=0x8f8e8d8c8b8a8988
//     v9.4s={0,0x55667788,0,0x8b8a8988} d10=0x00ff00ffff0000ff
//     v11.4s={0xffffaaff,0xffffaaff,0xffffaaff,0xffffaaff}
//     v12.8h={0xab00,0xab00,0xab00,0xab00,0xab00,0xab00,0xab00,0xab00}
//     v13.4s={0x00abffff,0x00abffff,0x00abffff,0x00abffff}
//     v14.16b=#8d8e8f000182838485868788898a8b8c d15=0x0100878685848382
//     b16=0x8f
    dup v3.8h, v1.h[1]
    dup v4.2d, x2
    umov w5, v1.b[15]
    smov x6, v1.b[15]
    smov w7, v1.h[2]
    mov x8, v1.d[1]
    mov v9.s[1], w2
    mov v9.s[3], v1.s[2]
    movi d10, #0x00ff00ffff0000ff
    mvni v11.4s, #0x55, lsl #8
    movi v12.8h, #0xab, lsl #8
    movi v13.4s, #0xab, msl #16
    ext v14.16b, v1.16b, v1.16b, #13
    ext v15.8b, v1.8b, v1.8b, #2
    mov b16, v1.b[15]
