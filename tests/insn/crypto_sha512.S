// SHA512: the digest of "abc" (FIPS 180), all eighty rounds.
// in: x1=0 v0.2d={0x6a09e667f3bcc908,0xbb67ae8584caa73b}
//     v1.2d={0x3c6ef372fe94f82b,0xa54ff53a5f1d36f1}
//     v2.2d={0x510e527fade682d1,0x9b05688c2b3e6c1f}
//     v3.2d={0x1f83d9abfb41bd6b,0x5be0cd19137e2179}
//     v16.2d={0x6162638000000000,0x0} v17.2d={0x0,0x0} v18.2d={0x0,0x0}
//     v19.2d={0x0,0x0} v20.2d={0x0,0x0} v21.2d={0x0,0x0} v22.2d={0x0,0x0}
//     v23.2d={0x0,0x18}
// out: v0.2d={0xddaf35a193617aba,0xcc417349ae204131}
//     v1.2d={0x12e6fa4e89a97ea2,0x0a9eeee64b55d39a}
//     v2.2d={0x2192992a274fc1a8,0x36ba3c23a3feebbd}
//     v3.2d={0x454d4423643ce80e,0x2a9ac94fa54ca49f} q4=? q5=? q6=? q7=? q24=?
//     q25=? q26=? q27=? q28=? q29=? q30=? x0=? q16=? q17=? q18=? q19=? q20=?
//     q21=? q22=? q23=?
    adr x0, constants
    mov v4.16b, v0.16b
    mov v5.16b, v1.16b
    mov v6.16b, v2.16b
    mov v7.16b, v3.16b
    mov v24.16b, v0.16b
    mov v25.16b, v1.16b
    mov v26.16b, v2.16b
    mov v27.16b, v3.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v16.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v16.2d, v17.2d
    ext v29.16b, v20.16b, v21.16b, #8
    sha512su1 v16.2d, v23.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v17.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v17.2d, v18.2d
    ext v29.16b, v21.16b, v22.16b, #8
    sha512su1 v17.2d, v16.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v18.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v18.2d, v19.2d
    ext v29.16b, v22.16b, v23.16b, #8
    sha512su1 v18.2d, v17.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v19.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v19.2d, v20.2d
    ext v29.16b, v23.16b, v16.16b, #8
    sha512su1 v19.2d, v18.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v20.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v20.2d, v21.2d
    ext v29.16b, v16.16b, v17.16b, #8
    sha512su1 v20.2d, v19.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v21.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v21.2d, v22.2d
    ext v29.16b, v17.16b, v18.16b, #8
    sha512su1 v21.2d, v20.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v22.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v22.2d, v23.2d
    ext v29.16b, v18.16b, v19.16b, #8
    sha512su1 v22.2d, v21.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v23.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v23.2d, v16.2d
    ext v29.16b, v19.16b, v20.16b, #8
    sha512su1 v23.2d, v22.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v16.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v16.2d, v17.2d
    ext v29.16b, v20.16b, v21.16b, #8
    sha512su1 v16.2d, v23.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v17.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v17.2d, v18.2d
    ext v29.16b, v21.16b, v22.16b, #8
    sha512su1 v17.2d, v16.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v18.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v18.2d, v19.2d
    ext v29.16b, v22.16b, v23.16b, #8
    sha512su1 v18.2d, v17.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v19.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v19.2d, v20.2d
    ext v29.16b, v23.16b, v16.16b, #8
    sha512su1 v19.2d, v18.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v20.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v20.2d, v21.2d
    ext v29.16b, v16.16b, v17.16b, #8
    sha512su1 v20.2d, v19.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v21.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v21.2d, v22.2d
    ext v29.16b, v17.16b, v18.16b, #8
    sha512su1 v21.2d, v20.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v22.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v22.2d, v23.2d
    ext v29.16b, v18.16b, v19.16b, #8
    sha512su1 v22.2d, v21.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v23.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v23.2d, v16.2d
    ext v29.16b, v19.16b, v20.16b, #8
    sha512su1 v23.2d, v22.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v16.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v16.2d, v17.2d
    ext v29.16b, v20.16b, v21.16b, #8
    sha512su1 v16.2d, v23.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v17.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v17.2d, v18.2d
    ext v29.16b, v21.16b, v22.16b, #8
    sha512su1 v17.2d, v16.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v18.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v18.2d, v19.2d
    ext v29.16b, v22.16b, v23.16b, #8
    sha512su1 v18.2d, v17.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v19.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v19.2d, v20.2d
    ext v29.16b, v23.16b, v16.16b, #8
    sha512su1 v19.2d, v18.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v20.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v20.2d, v21.2d
    ext v29.16b, v16.16b, v17.16b, #8
    sha512su1 v20.2d, v19.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v21.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v21.2d, v22.2d
    ext v29.16b, v17.16b, v18.16b, #8
    sha512su1 v21.2d, v20.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v22.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v22.2d, v23.2d
    ext v29.16b, v18.16b, v19.16b, #8
    sha512su1 v22.2d, v21.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v23.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v23.2d, v16.2d
    ext v29.16b, v19.16b, v20.16b, #8
    sha512su1 v23.2d, v22.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v16.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v16.2d, v17.2d
    ext v29.16b, v20.16b, v21.16b, #8
    sha512su1 v16.2d, v23.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v17.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v17.2d, v18.2d
    ext v29.16b, v21.16b, v22.16b, #8
    sha512su1 v17.2d, v16.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v18.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v18.2d, v19.2d
    ext v29.16b, v22.16b, v23.16b, #8
    sha512su1 v18.2d, v17.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v19.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v19.2d, v20.2d
    ext v29.16b, v23.16b, v16.16b, #8
    sha512su1 v19.2d, v18.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v20.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    sha512su0 v20.2d, v21.2d
    ext v29.16b, v16.16b, v17.16b, #8
    sha512su1 v20.2d, v19.2d, v29.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v21.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    sha512su0 v21.2d, v22.2d
    ext v29.16b, v17.16b, v18.16b, #8
    sha512su1 v21.2d, v20.2d, v29.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v22.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    sha512su0 v22.2d, v23.2d
    ext v29.16b, v18.16b, v19.16b, #8
    sha512su1 v22.2d, v21.2d, v29.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v23.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    sha512su0 v23.2d, v16.2d
    ext v29.16b, v19.16b, v20.16b, #8
    sha512su1 v23.2d, v22.2d, v29.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v16.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v17.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v18.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v19.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    mov v26.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v20.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v26.16b, v27.16b, #8
    ext v30.16b, v25.16b, v26.16b, #8
    add v27.2d, v27.2d, v28.2d
    sha512h q27, q29, v30.2d
    add v30.2d, v25.2d, v27.2d
    sha512h2 q27, q25, v24.2d
    mov v25.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v21.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v25.16b, v26.16b, #8
    ext v30.16b, v24.16b, v25.16b, #8
    add v26.2d, v26.2d, v28.2d
    sha512h q26, q29, v30.2d
    add v30.2d, v24.2d, v26.2d
    sha512h2 q26, q24, v27.2d
    mov v24.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v22.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v24.16b, v25.16b, #8
    ext v30.16b, v27.16b, v24.16b, #8
    add v25.2d, v25.2d, v28.2d
    sha512h q25, q29, v30.2d
    add v30.2d, v27.2d, v25.2d
    sha512h2 q25, q27, v26.2d
    mov v27.16b, v30.16b
    ld1 {v28.2d}, [x0], #16
    add v28.2d, v28.2d, v23.2d
    ext v28.16b, v28.16b, v28.16b, #8
    ext v29.16b, v27.16b, v24.16b, #8
    ext v30.16b, v26.16b, v27.16b, #8
    add v24.2d, v24.2d, v28.2d
    sha512h q24, q29, v30.2d
    add v30.2d, v26.2d, v24.2d
    sha512h2 q24, q26, v25.2d
    mov v26.16b, v30.16b
    add v0.2d, v24.2d, v4.2d
    add v1.2d, v25.2d, v5.2d
    add v2.2d, v26.2d, v6.2d
    add v3.2d, v27.2d, v7.2d
    brk #0
constants:
    .quad 0x428a2f98d728ae22, 0x7137449123ef65cd
    .quad 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc
    .quad 0x3956c25bf348b538, 0x59f111f1b605d019
    .quad 0x923f82a4af194f9b, 0xab1c5ed5da6d8118
    .quad 0xd807aa98a3030242, 0x12835b0145706fbe
    .quad 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2
    .quad 0x72be5d74f27b896f, 0x80deb1fe3b1696b1
    .quad 0x9bdc06a725c71235, 0xc19bf174cf692694
    .quad 0xe49b69c19ef14ad2, 0xefbe4786384f25e3
    .quad 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65
    .quad 0x2de92c6f592b0275, 0x4a7484aa6ea6e483
    .quad 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5
    .quad 0x983e5152ee66dfab, 0xa831c66d2db43210
    .quad 0xb00327c898fb213f, 0xbf597fc7beef0ee4
    .quad 0xc6e00bf33da88fc2, 0xd5a79147930aa725
    .quad 0x06ca6351e003826f, 0x142929670a0e6e70
    .quad 0x27b70a8546d22ffc, 0x2e1b21385c26c926
    .quad 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df
    .quad 0x650a73548baf63de, 0x766a0abb3c77b2a8
    .quad 0x81c2c92e47edaee6, 0x92722c851482353b
    .quad 0xa2bfe8a14cf10364, 0xa81a664bbc423001
    .quad 0xc24b8b70d0f89791, 0xc76c51a30654be30
    .quad 0xd192e819d6ef5218, 0xd69906245565a910
    .quad 0xf40e35855771202a, 0x106aa07032bbd1b8
    .quad 0x19a4c116b8d2d0c8, 0x1e376c085141ab53
    .quad 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8
    .quad 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb
    .quad 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3
    .quad 0x748f82ee5defb2fc, 0x78a5636f43172f60
    .quad 0x84c87814a1f0ab72, 0x8cc702081a6439ec
    .quad 0x90befffa23631e28, 0xa4506cebde82bde9
    .quad 0xbef9a3f7b2c67915, 0xc67178f2e372532b
    .quad 0xca273eceea26619c, 0xd186b8c721c0c207
    .quad 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178
    .quad 0x06f067aa72176fba, 0x0a637dc5a2c898a6
    .quad 0x113f9804bef90dae, 0x1b710b35131c471b
    .quad 0x28db77f523047d84, 0x32caab7b40c72493
    .quad 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c
    .quad 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a
    .quad 0x5fcb6fab3ad6faec, 0x6c44198c4a475817
