// SHA1: the digest of "abc" (FIPS 180), all eighty rounds.
// in: v0.4s={0x67452301,0xefcdab89,0x98badcfe,0x10325476} s1=0xc3d2e1f0
//     v4.4s={0x61626380,0x00000000,0x00000000,0x00000000}
//     v5.4s={0x00000000,0x00000000,0x00000000,0x00000000}
//     v6.4s={0x00000000,0x00000000,0x00000000,0x00000000}
//     v7.4s={0x00000000,0x00000000,0x00000000,0x00000018} x0=0x5a827999
//     x1=0x6ed9eba1 x2=0x8f1bbcdc x3=0xca62c1d6
// out: v0.4s={0xa9993e36,0x4706816a,0xba3e2571,0x7850c26c} s1=0x9cd0d89d q2=?
//     q3=? q4=? q5=? q6=? q7=? q16=? q17=? q18=? q19=? q20=? q21=?
    mov v2.16b, v0.16b
    mov v3.16b, v1.16b
    dup v16.4s, w0
    dup v17.4s, w1
    dup v18.4s, w2
    dup v19.4s, w3
    add v20.4s, v4.4s, v16.4s
    sha1h s21, s0
    sha1c q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v4.4s, v5.4s, v6.4s
    sha1su1 v4.4s, v7.4s
    add v20.4s, v5.4s, v16.4s
    sha1h s21, s0
    sha1c q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v5.4s, v6.4s, v7.4s
    sha1su1 v5.4s, v4.4s
    add v20.4s, v6.4s, v16.4s
    sha1h s21, s0
    sha1c q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v6.4s, v7.4s, v4.4s
    sha1su1 v6.4s, v5.4s
    add v20.4s, v7.4s, v16.4s
    sha1h s21, s0
    sha1c q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v7.4s, v4.4s, v5.4s
    sha1su1 v7.4s, v6.4s
    add v20.4s, v4.4s, v16.4s
    sha1h s21, s0
    sha1c q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v4.4s, v5.4s, v6.4s
    sha1su1 v4.4s, v7.4s
    add v20.4s, v5.4s, v17.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v5.4s, v6.4s, v7.4s
    sha1su1 v5.4s, v4.4s
    add v20.4s, v6.4s, v17.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v6.4s, v7.4s, v4.4s
    sha1su1 v6.4s, v5.4s
    add v20.4s, v7.4s, v17.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v7.4s, v4.4s, v5.4s
    sha1su1 v7.4s, v6.4s
    add v20.4s, v4.4s, v17.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v4.4s, v5.4s, v6.4s
    sha1su1 v4.4s, v7.4s
    add v20.4s, v5.4s, v17.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v5.4s, v6.4s, v7.4s
    sha1su1 v5.4s, v4.4s
    add v20.4s, v6.4s, v18.4s
    sha1h s21, s0
    sha1m q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v6.4s, v7.4s, v4.4s
    sha1su1 v6.4s, v5.4s
    add v20.4s, v7.4s, v18.4s
    sha1h s21, s0
    sha1m q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v7.4s, v4.4s, v5.4s
    sha1su1 v7.4s, v6.4s
    add v20.4s, v4.4s, v18.4s
    sha1h s21, s0
    sha1m q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v4.4s, v5.4s, v6.4s
    sha1su1 v4.4s, v7.4s
    add v20.4s, v5.4s, v18.4s
    sha1h s21, s0
    sha1m q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v5.4s, v6.4s, v7.4s
    sha1su1 v5.4s, v4.4s
    add v20.4s, v6.4s, v18.4s
    sha1h s21, s0
    sha1m q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v6.4s, v7.4s, v4.4s
    sha1su1 v6.4s, v5.4s
    add v20.4s, v7.4s, v19.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    sha1su0 v7.4s, v4.4s, v5.4s
    sha1su1 v7.4s, v6.4s
    add v20.4s, v4.4s, v19.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    add v20.4s, v5.4s, v19.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    add v20.4s, v6.4s, v19.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    add v20.4s, v7.4s, v19.4s
    sha1h s21, s0
    sha1p q0, s1, v20.4s
    mov v1.16b, v21.16b
    add v0.4s, v0.4s, v2.4s
    add v1.2s, v1.2s, v3.2s
