// SM4: the example of GB/T 32907, key schedule and all rounds.
// in: v0.4s={0x01234567,0x89abcdef,0xfedcba98,0x76543210}
//     v1.4s={0xa292ffa1,0xdf01febf,0x99a12b0f,0xc42410cc}
// out: v0.4s={0x536e4246,0x86b3e94f,0xd206965e,0x681edf34} q1=? q2=? x0=?
    adr x0, constants
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    ld1 {v2.4s}, [x0], #16
    sm4ekey v1.4s, v1.4s, v2.4s
    sm4e v0.4s, v1.4s
    brk #0
constants:
    .word 0x00070e15, 0x1c232a31, 0x383f464d, 0x545b6269
    .word 0x70777e85, 0x8c939aa1, 0xa8afb6bd, 0xc4cbd2d9
    .word 0xe0e7eef5, 0xfc030a11, 0x181f262d, 0x343b4249
    .word 0x50575e65, 0x6c737a81, 0x888f969d, 0xa4abb2b9
    .word 0xc0c7ced5, 0xdce3eaf1, 0xf8ff060d, 0x141b2229
    .word 0x30373e45, 0x4c535a61, 0x686f767d, 0x848b9299
    .word 0xa0a7aeb5, 0xbcc3cad1, 0xd8dfe6ed, 0xf4fb0209
    .word 0x10171e25, 0x2c333a41, 0x484f565d, 0x646b7279
