// LD2, LD3, LD4 take elements apart, ST2 to ST4 put them together.
// in: x1=page x2=page-64 mem[page]=#000102030405060708090a0b0c0d0e0f
//     mem[page+16]=#101112131415161718191a1b1c1d1e1f
// out: v4.16b=#0001040508090c0d1011141518191c1d
//     v5.16b=#020306070a0b0e0f121316171a1b1e1f d6=0x15120f0c09060300
//     d7=0x1613100d0a070401 d8=0x1714110e0b080502
//     v16.2d={0x1312111003020100,0} v17.2d={0x1716151407060504,0}
//     v18.2d={0x1b1a19180b0a0908,0} v19.2d={0x1f1e1d1c0f0e0d0c,0}
//     mem[page-64]=#000102030405060708090a0b0c0d0e0f
//     mem[page-48]=#101112131415161718191a1b1c1d1e1f
    ld2 {v4.8h, v5.8h}, [x1]
    ld3 {v6.8b, v7.8b, v8.8b}, [x1]
    ld4 {v16.2s - v19.2s}, [x1]
    st4 {v16.2s - v19.2s}, [x2]
