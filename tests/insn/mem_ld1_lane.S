// One lane, and one value to all lanes.
// in: x1=page x2=3 q0=0 q1=-1 q2=0 q3=0
//     mem[page]=#000102030405060708090a0b0c0d0e0f
// out: v0.16b=#00000000000000000000000000050000
//     v1.16b=#ffffffff06070809ffffffffffffffff x4=0 x1=page+16
//     v4.16b=#05060506050605060506050605060506
//     v5.16b=#07080708070807080708070807080708 d6=0x0b0a09080b0a0908
//     mem[page+5]=#05 mem[page+13]=#06070809 v2.8h={0,0,0x0a09,0,0,0,0,0}
//     v3.8h={0,0,0x0c0b,0,0,0,0,0}
    add x1, x1, #5
    ld1 {v0.b}[13], [x1]
    ld2r {v4.8h, v5.8h}, [x1]
    add x4, x1, #4
    ld2 {v2.h, v3.h}[2], [x4]
    sub x4, x1, x1
    add x1, x1, #1
    ld1 {v1.s}[1], [x1], #4
    sub x1, x1, #2
    ld1r {v6.2s}, [x1], x2
    sub x1, x1, #6
    st1 {v0.b}[13], [x1], #1
    add x1, x1, #7
    st1 {v1.s}[1], [x1], x2
