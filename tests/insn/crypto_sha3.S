// EOR3, BCAX, RAX1, XAR.
// in: v1.2d={0x123456789abcdef,0xfedcba9876543210}
//     v2.2d={0xfedcba9876543210,0xf0f0f0f00f0f0f0f}
//     v3.2d={0xf0f0f0f00f0f0f0f,0x123456789abcdef}
// out: v4.2d={0xf0f0f0ff0f0f0f0,0xf0f0f0ff0f0f0f0}
//     v5.2d={0xf2f4f6ff9fbfdff,0xe0c0a0870503010}
//     v6.2d={0xfc9a30576503a9ce,0x1f3d5b78684a2c0f}
//     v7.2d={0xffffffffffffffff,0x1c5894d0f2b67a3e}
//     v8.2d={0xffffffffffffffff,0xe2c4a68795b3d1f}
    eor3 v4.16b, v1.16b, v2.16b, v3.16b
    bcax v5.16b, v1.16b, v2.16b, v3.16b
    rax1 v6.2d, v1.2d, v2.2d
    xar v7.2d, v1.2d, v2.2d, #63
    xar v8.2d, v1.2d, v2.2d, #0
