// SHA256: the digest of "abc" (FIPS 180), all sixty-four rounds.
// in: v0.4s={0x6a09e667,0xbb67ae85,0x3c6ef372,0xa54ff53a}
//     v1.4s={0x510e527f,0x9b05688c,0x1f83d9ab,0x5be0cd19}
//     v4.4s={0x61626380,0x00000000,0x00000000,0x00000000}
//     v5.4s={0x00000000,0x00000000,0x00000000,0x00000000}
//     v6.4s={0x00000000,0x00000000,0x00000000,0x00000000}
//     v7.4s={0x00000000,0x00000000,0x00000000,0x00000018}
// out: v0.4s={0xba7816bf,0x8f01cfea,0x414140de,0x5dae2223}
//     v1.4s={0xb00361a3,0x96177a9c,0xb410ff61,0xf20015ad} q2=? q3=? q4=? q5=?
//     q6=? q7=? q16=? q17=? q20=? x0=?
    adr x0, constants
    mov v2.16b, v0.16b
    mov v3.16b, v1.16b
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v4.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v4.4s, v5.4s
    sha256su1 v4.4s, v6.4s, v7.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v5.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v5.4s, v6.4s
    sha256su1 v5.4s, v7.4s, v4.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v6.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v6.4s, v7.4s
    sha256su1 v6.4s, v4.4s, v5.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v7.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v7.4s, v4.4s
    sha256su1 v7.4s, v5.4s, v6.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v4.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v4.4s, v5.4s
    sha256su1 v4.4s, v6.4s, v7.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v5.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v5.4s, v6.4s
    sha256su1 v5.4s, v7.4s, v4.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v6.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v6.4s, v7.4s
    sha256su1 v6.4s, v4.4s, v5.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v7.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v7.4s, v4.4s
    sha256su1 v7.4s, v5.4s, v6.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v4.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v4.4s, v5.4s
    sha256su1 v4.4s, v6.4s, v7.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v5.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v5.4s, v6.4s
    sha256su1 v5.4s, v7.4s, v4.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v6.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v6.4s, v7.4s
    sha256su1 v6.4s, v4.4s, v5.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v7.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    sha256su0 v7.4s, v4.4s
    sha256su1 v7.4s, v5.4s, v6.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v4.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v5.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v6.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    ld1 {v16.4s}, [x0], #16
    add v20.4s, v7.4s, v16.4s
    mov v17.16b, v0.16b
    sha256h q0, q1, v20.4s
    sha256h2 q1, q17, v20.4s
    add v0.4s, v0.4s, v2.4s
    add v1.4s, v1.4s, v3.4s
    brk #0
constants:
    .word 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5
    .word 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5
    .word 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3
    .word 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174
    .word 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc
    .word 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da
    .word 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7
    .word 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967
    .word 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13
    .word 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85
    .word 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3
    .word 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070
    .word 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5
    .word 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3
    .word 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208
    .word 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
