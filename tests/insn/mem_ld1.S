// LD1 and ST1 of one to four registers, with write-back.
// in: x1=page x2=24 x3=page-64 mem[page]=#000102030405060708090a0b0c0d0e0f
//     mem[page+16]=#101112131415161718191a1b1c1d1e1f
//     mem[page+32]=#202122232425262728292a2b2c2d2e2f
// out: v4.16b=#000102030405060708090a0b0c0d0e0f x1=page+40
//     v5.16b=#101112131415161718191a1b1c1d1e1f d6=0x1716151413121110
//     d7=0x1f1e1d1c1b1a1918 d8=0x2726252423222120 x3=page-32
//     mem[page-64]=#000102030405060708090a0b0c0d0e0f
//     mem[page-48]=#101112131415161718191a1b1c1d1e1f
    ld1 {v4.16b, v5.16b}, [x1]
    add x1, x1, #16
    ld1 {v6.8b, v7.8b, v8.8b}, [x1], x2
    st1 {v4.2d, v5.2d}, [x3], #32
